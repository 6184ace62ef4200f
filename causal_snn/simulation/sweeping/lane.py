"""sweep_lane: one replica of a sweep again, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad
from causal_snn.models.network import Network
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.sweeping.block import Block, engine_for, run_block
from causal_snn.simulation.sweeping.task import Task, make_task

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SweepLane:
    """One replica of a sweep; made by `sweep_lane`.

    Attributes
    ----------
    times : array, shape (T,)
        Times (ms), from 0, a step apart.
    potentials : array, shape (T, n)
        Potentials before reset (mV) at these times. Where the last step is in closed form
        (`smooth`), the last row holds means: its noise is never drawn.
    states : mapping of str to array, shape (T, n)
        Values of each state variable, by name; NaN for units that have no such state.
    spikes : array of bool, shape (T or T - 1, n)
        Who spikes at these times, first those that have just spiked in the state that is set;
        without a last row where the last step is in closed form.
    outcome : array, shape (K,)
        What the replica adds to its row of the sweep: 1 for what it did and 0 for all else, or
        the probabilities of the last step.
    key : mapping of str to int
        Seed, state and replica.
    """

    times: Floats
    potentials: NDArray[Any]
    states: Mapping[str, NDArray[Any]]
    spikes: NDArray[np.bool_]
    outcome: Floats
    key: Mapping[str, int]

    def __repr__(self) -> str:
        return f"<SweepLane: {len(self.times) - 1} steps of {dict(self.key)}>"


def sweep_lane(network: Network, *, state: int, replica: int, rng: int, **call: Any) -> SweepLane:
    """Run one replica of a sweep again, bit for bit, and keep every step of it.

    Parameters
    ----------
    network : Network
    state : int
        Number of the state, from 0.
    replica : int
        Number of the replica, from 0. For antithetic noise the mirror image of replica r is
        replica r + replicas/2.
    rng : int
        The sweep's seed: what it was given, or ``result.provenance["seed"]``.
    **call
        The other arguments of `sweep` that say what is computed: ``states``, ``steps``,
        ``replicas``, ``interventions``, ``noise``, ``edges``, ``window``, ``units``, ``smooth``,
        ``scheme``, ``dtype``.

    Returns
    -------
    SweepLane

    Raises
    ------
    InputError
        If an argument makes no sense, or there is no such state or replica.

    Notes
    -----
    The replicas that share the replica's random stream, at most 4,096, run along.
    """
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer):
        raise bad("rng", rng, "the sweep's seed", "It is `result.provenance['seed']`.")
    if call.pop("accelerate", None) is not None:
        raise InputError("sweep_lane: a lane of a compiled sweep is not run again; see `simulate`")
    task = make_task(network, rng=int(rng), **call)
    count = sum(task.cut.chunks)
    most = (2 if task.antithetic else 1) * count
    _check_number("state", state, task.states.count)
    _check_number("replica", replica, most)
    mirrored, pair = divmod(int(replica), count)
    chunk, lane = divmod(pair, task.cut.chunks[0])
    block = Block(((int(state), chunk),), task.cut.chunks[chunk])
    row, lane = (mirrored * block.replicas + lane, 0) if task.cut.wide else (mirrored, lane)
    seen = _Seen(task, row, lane)
    halves = run_block(task, block, engine_for(task, block), seen)
    place = row % block.replicas if task.cut.wide else lane
    steps = len(seen.potentials)
    return SweepLane(
        times=np.arange(steps, dtype=float) * task.layout.network.dt,
        potentials=np.array(seen.potentials),
        states={name: np.array(values) for name, values in seen.states.items()},
        spikes=np.array(seen.spikes[: steps - task.outcome.smooth]),
        outcome=halves[mirrored][0].lane(place, task.outcome.count),
        key={"seed": task.seed, "state": int(state), "replica": int(replica)},
    )


class _Seen:
    """Keeps what one lane of an engine does."""

    def __init__(self, task: Task, row: int, lane: int) -> None:
        self.n, self.at = task.layout.n, (row, slice(None), lane)
        names = dict.fromkeys(name for group in task.layout.groups for name in group.states)
        self.states: dict[str, list[Any]] = {name: [] for name in names}
        self.potentials: list[Any] = []
        self.spikes: list[Any] = []

    def __call__(self, engine: Engine) -> None:
        """Keep the lane's states."""
        spikes = np.zeros(self.n, bool)
        potentials = np.empty(self.n, engine.dtype)
        now = {name: np.full(self.n, np.nan, engine.dtype) for name in self.states}
        for lanes in engine.groups:
            for name, values in zip(lanes.group.states, lanes.states, strict=True):
                now[name][lanes.group.units] = values[self.at]
            potentials[lanes.group.units] = lanes.states[0][self.at]
            spikes[lanes.group.units] = lanes.spiked[self.at]
        for name, values in now.items():
            self.states[name].append(values)
        self.potentials.append(potentials)
        self.spikes.append(spikes)


def _check_number(name: str, value: Any, count: int) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not 0 <= value < count:
        raise bad(name, value, f"a whole number from 0 to {count - 1}")
