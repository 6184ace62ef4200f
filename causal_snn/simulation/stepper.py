"""One step of a network, many replicas at once, and free runs made of such steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.models.network import Network
from causal_snn.models.step import StepMap

Floats = NDArray[np.float64]
Rng = np.random.Generator | int | None


@dataclass(frozen=True, slots=True)
class State:
    """The micro state of every unit in every lane; arrays of shape (n, lanes).

    Attributes
    ----------
    v : array
        Membrane potential before reset (mV).
    i : array
        Synaptic current (nA); 0 for neurons without one.
    spiked : array of bool
        Whether the unit spikes in this step.
    hold : array of int
        Steps for which the unit will still be held at V_reset.
    """

    v: Floats
    i: Floats
    spiked: NDArray[np.bool_]
    hold: NDArray[np.int64]


def micro_state(network: Network, v: ArrayLike, i: ArrayLike = 0.0) -> State:
    """Return the state set by the intervention do(v, i): no unit is refractory.

    Parameters
    ----------
    network : Network
    v : array, shape (n,) or (n, lanes)
        Potentials before reset (mV); at or above threshold means "just spiked".
    i : array, same shape or scalar
        Synaptic currents (nA).

    Returns
    -------
    State
    """
    potentials = np.array(v, dtype=float)
    if potentials.ndim == 1:
        potentials = potentials[:, None]
    if potentials.ndim != 2 or len(potentials) != network.n:
        raise bad("v", f"array of shape {potentials.shape}", f"shape ({network.n}, lanes)")
    currents = np.asarray(i, dtype=float)
    if currents.ndim == 1:
        currents = currents[:, None]
    step = network.step().column()
    spiked = np.asarray(step.spikes(potentials), dtype=bool)
    return State(
        v=potentials,
        i=np.broadcast_to(currents, potentials.shape).copy(),
        spiked=spiked,
        hold=np.where(spiked, step.refractory, 0),
    )


def advance(step: StepMap, weights: Floats, state: State, noise: Floats) -> State:
    """Return the state one step later.

    Parameters
    ----------
    step : StepMap
        The network's step map with fields of shape (n, 1), `StepMap.column`.
    weights : array, shape (n, n)
        Row = target.
    state : State
    noise : array, shape (n, lanes)
        Independent standard normal numbers.
    """
    mean, current = step.mean(state.v, state.i, state.spiked, weights @ state.spiked)
    held = state.hold > 0
    v = np.where(held, step.V_reset, mean + step.sigma * noise)
    spiked = np.asarray(step.spikes(v), dtype=bool) & ~held
    hold = np.where(spiked, step.refractory, np.maximum(state.hold - 1, 0))
    return State(v=v, i=current, spiked=spiked, hold=hold)


def run(network: Network, state: State, steps: int, *, rng: Rng = None) -> Iterator[State]:
    """Yield the states after 1, 2, ..., `steps` steps from `state`.

    Parameters
    ----------
    network : Network
    state : State
        Where to start, see `micro_state`.
    steps : int
        How many steps to take.
    rng : numpy.random.Generator or int, optional
        Source of the noise (SPEC 7).
    """
    generator = np.random.default_rng(rng)
    step, weights = network.step().column(), network.weights
    for _ in range(steps):
        state = advance(step, weights, state, generator.standard_normal(state.v.shape))
        yield state


def rest_state(network: Network, lanes: int) -> State:
    """Return every unit at its resting potential, without current, in every lane."""
    step: Any = network.step()
    below = np.minimum(step.rest, step.V_reset)  # E may lie above threshold (a pacemaker)
    return micro_state(network, np.repeat(below[:, None], lanes, axis=1))
