"""Samples of the free-running network, for within-cell laws that describe what it does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.models.network import Network
from causal_snn.simulation.stepper import Rng, State, rest_state, run

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StationarySamples:
    """States visited by the free network; arrays of shape (n, samples).

    The fields are those of `State`. `steps`, `lanes` and `burn_in` say how they were made.
    """

    v: Floats
    i: Floats
    spiked: NDArray[np.bool_]
    hold: NDArray[np.int64]
    steps: int
    lanes: int
    burn_in: int


def sample_stationary(
    network: Network,
    *,
    samples: int = 40_000,
    lanes: int = 200,
    burn_in: int | None = None,
    rng: Rng = None,
) -> StationarySamples:
    """Run the network freely and return the states it visits.

    Parameters
    ----------
    network : Network
    samples : int
        States to keep (rounded up to whole steps of all lanes). States of one lane at
        successive steps are correlated.
    lanes : int
        Independent replicas.
    burn_in : int, optional
        Steps to discard first; default ten of the longest time constant, at least 100.
    rng : numpy.random.Generator or int, optional
        Source of the noise.

    Returns
    -------
    StationarySamples
    """
    if samples < 1 or lanes < 1:
        raise bad("samples, lanes", (samples, lanes), "1 or more of each")
    if burn_in is None:
        slowest = max(
            float(p[name])
            for p in (model.parameters for model in network.neurons)
            for name in ("tau", "tau_syn")
            if name in p
        )
        burn_in = max(100, int(np.ceil(10 * slowest / network.dt)))
    steps = -(-samples // lanes)
    kept: list[State] = []
    for k, state in enumerate(run(network, rest_state(network, lanes), burn_in + steps, rng=rng)):
        if k >= burn_in:
            kept.append(state)
    return StationarySamples(
        v=np.concatenate([state.v for state in kept], axis=1),
        i=np.concatenate([state.i for state in kept], axis=1),
        spiked=np.concatenate([state.spiked for state in kept], axis=1),
        hold=np.concatenate([state.hold for state in kept], axis=1),
        steps=steps,
        lanes=lanes,
        burn_in=burn_in,
    )
