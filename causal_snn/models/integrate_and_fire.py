"""The perfect integrate-and-fire neuron: no leak."""

from __future__ import annotations

from functools import cache
from typing import Any

from causal_snn.models.convention import convention as as_convention
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters


def integrate_and_fire(
    *,
    C: float = 1.0,
    I: float = 0.0,  # noqa: E741
    theta: float = 1.0,
    V_reset: float = 0.0,
    **convention: Any,
) -> NeuronModel:
    r"""Return a perfect integrate-and-fire neuron: a leaky one that does not leak.

    .. math:: C \dot v = I, \qquad v \ge \theta \Rightarrow v \leftarrow V_\mathrm{reset}

    A presynaptic spike jumps v by its weight (mV), which stays until the next spike. Nothing
    draws v anywhere: runs start at 0 mV. Without a leak there is no stationary noise and no
    closed-form kernel; networks of this neuron are simulated, or mapped to chips.
    Source: Lapicque 1907 without the leak; Gerstner, Kistler, Naud and Paninski, Neuronal
    Dynamics (2014), ch. 1; NIR's IF.

    Parameters
    ----------
    C : float
        Membrane capacitance (nF), positive.
    I : float
        Constant current (nA).
    theta, V_reset : float
        As in `lif` (mV).
    **convention
        Discrete conventions, see `Convention`; `step` and `arrival` are without effect.

    Returns
    -------
    NeuronModel

    Raises
    ------
    InputError
        If a value is not finite, C <= 0, or V_reset >= theta.
    """
    parameters = Parameters(
        {
            "C": Parameter(C, "nF", "membrane capacitance", "positive"),
            "I": Parameter(I, "nA", "constant current"),
            "theta": Parameter(theta, "mV", "biophysical spike threshold"),
            "V_reset": Parameter(V_reset, "mV", "potential after a spike"),
        }
    )
    return NeuronModel(
        name="integrate_and_fire",
        equations=_equations(),
        parameters=parameters,
        convention=as_convention("integrate_and_fire", parameters, convention),
    )


@cache
def _equations() -> Equations:
    import sympy as sp

    v, C, current, theta, v_reset = sp.symbols("v C I theta V_reset", real=True)
    return Equations(
        states=(v,),
        units=("mV",),
        drift=(current / C,),
        threshold=theta,
        reset=(v_reset,),
        synapse=0,
        domain=((0.0, 1.0),),  # runs start at its lower end, for there is no equilibrium
    )
