"""1 models: what a network is. Frozen and symbolic."""

from collections.abc import Callable

from causal_snn.models import zoo
from causal_snn.models.adex import adex
from causal_snn.models.conductance_lif import conductance_lif
from causal_snn.models.convention import Convention
from causal_snn.models.cuba_lif import cuba_lif
from causal_snn.models.define import define
from causal_snn.models.eif import eif
from causal_snn.models.fitzhugh_nagumo import fitzhugh_nagumo
from causal_snn.models.glif import glif
from causal_snn.models.hodgkin_huxley import hodgkin_huxley
from causal_snn.models.integrate_and_fire import integrate_and_fire
from causal_snn.models.izhikevich import izhikevich
from causal_snn.models.lif import lif
from causal_snn.models.morris_lecar import morris_lecar
from causal_snn.models.network import Network
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.parameters import Parameter
from causal_snn.models.qif import qif, theta_neuron
from causal_snn.models.rates import linoid

BY_NAME: dict[str, Callable[..., NeuronModel]] = {
    "lif": lif,
    "cuba_lif": cuba_lif,
    "integrate_and_fire": integrate_and_fire,
}
"""Makers of the neurons that networks are made of, by the name that network files use."""

NEURONS: dict[str, Callable[..., NeuronModel]] = {
    "lif": lif,
    "cuba_lif": cuba_lif,
    "conductance_lif": conductance_lif,
    "glif": glif,
    "qif": qif,
    "theta_neuron": theta_neuron,
    "eif": eif,
    "adex": adex,
    "izhikevich": izhikevich,
    "fitzhugh_nagumo": fitzhugh_nagumo,
    "morris_lecar": morris_lecar,
    "hodgkin_huxley": hodgkin_huxley,
}
"""Every neuron with dynamics to analyse, by name, as the command line takes it.

`integrate_and_fire` has none between its spikes.
"""

__all__ = [
    "BY_NAME",
    "NEURONS",
    "Convention",
    "Network",
    "NeuronModel",
    "Parameter",
    "adex",
    "conductance_lif",
    "cuba_lif",
    "define",
    "eif",
    "fitzhugh_nagumo",
    "glif",
    "hodgkin_huxley",
    "integrate_and_fire",
    "izhikevich",
    "lif",
    "linoid",
    "morris_lecar",
    "qif",
    "theta_neuron",
    "zoo",
]
