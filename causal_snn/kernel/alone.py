"""One unit of a network by itself, under an input that is the same in every step."""

from __future__ import annotations

import numpy as np

from causal_snn.errors import InputError
from causal_snn.models.inputs import WhiteNoise
from causal_snn.models.network import Network
from causal_snn.models.network_checks import is_sparse


def alone(network: Network, unit: int, constant: float = 0.0) -> Network:
    """Return the network of one unit, which keeps its effect on itself.

    Parameters
    ----------
    network : Network
    unit : int
    constant : float
        Synaptic input that the others give in every step, in the unit of the weights.

    Raises
    ------
    InputError
        If inputs from the others act on several states, so that no one number says them.
    """
    check_dense(network)
    for state, table in network.synapses.items():
        own = np.asarray(table.toarray() if is_sparse(table) else table)[unit].copy()
        own[unit] = 0.0
        if np.any(own):
            raise InputError(
                f"unit {network.labels[unit]!r} gets input on {state!r} beside that of the "
                "weights, so that one number does not tell its context; "
                "use kernel.from_sweep with context_over_time='free'"
            )
    one = network.subset([unit])
    return Network(
        neuron=one.neurons,
        weights=one.weights,
        delays=one.delays,
        synapses=one.synapses,
        inputs=one.inputs,
        drive=one.drive,
        noise=one.noise,
        bias=one.bias + constant,
        dt=one.dt,
        labels=one.labels,
        name=one.name,
        source=one.source,
    )


def check_dense(network: Network) -> None:
    """Raise `InputError` for a network of sparse weights, which contexts do not enumerate."""
    if is_sparse(network.weights):
        raise InputError(
            "kernels take dense weights; give Network(weights=...) an array, as W.toarray()"
        )


def check_one_step(network: Network, unit: int) -> None:
    """Raise `InputError` unless a step's noise is Gaussian and inputs arrive after one step."""
    for source in network.inputs:
        if not isinstance(source, WhiteNoise):
            raise InputError(
                f"{type(source).__name__}: closed forms know white noise alone; "
                "use kernel.from_sweep"
            )
    delays = np.broadcast_to(network.delays, (network.n, network.n))[unit]
    if np.any((delays != 1) & (network.weights[unit] != 0)):
        raise InputError(
            f"unit {network.labels[unit]!r} has delays of more than one step: what arrives next "
            "is no function of the present state of the others; use kernel.from_sweep"
        )
