"""A sweep of lif units in compiled loops (Numba); optional and never needed.

A row of lanes has SFC64, NumPy's algorithm, in vector lanes: 32 states side by side, seeded by
SeedSequence from the row's key, so that the result is the same bit for bit for any block and any
workers. The law is that of the array operations of the engine, the numbers are others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.models.inputs import WhiteNoise
from causal_snn.models.lif import lif
from causal_snn.models.network_checks import is_sparse
from causal_snn.simulation.accelerated import check_numba
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.layout import Group
from causal_snn.simulation.engine.noise import stream
from causal_snn.simulation.engine.schedule import Schedule
from causal_snn.simulation.start import rest_of
from causal_snn.simulation.sweeping.block import Block, fault, key_of, rows_of
from causal_snn.simulation.sweeping.lane_outcomes import LaneOutcomes, together
from causal_snn.simulation.sweeping.outcome import Watch
from causal_snn.simulation.sweeping.task import Task

Floats = NDArray[np.float64]
COMPILED = 2
"""First number of the keys of these streams; those of the engine begin with 0 or 1."""
MOST_UNITS = 16
TILE, ALIGNED = 512, 64
"""Most lanes that are stepped together (their buffers fit the fastest cache), and a divisor."""
f32 = np.float32


def check_compiled(task: Task) -> None:
    """Raise `InputError` where the compiled sweep does not do what is asked."""
    network, groups = task.layout.network, task.layout.groups
    reasons = {
        "neurons other than lif": any(one.equations != lif().equations for one in groups),
        "several kinds of neurons": len(groups) > 1,
        "schemes other than 'exact' and 'euler'": groups[0].scheme not in ("exact", "euler"),
        f"more than {MOST_UNITS} units": task.layout.n > MOST_UNITS,
        "sparse weights": is_sparse(network.weights),
        "delays of more than one step": _longest(network.delays) > 1,
        "connections to a current (synapses)": bool(network.synapses),
        "inputs other than WhiteNoise": len(task.layout.inputs(WhiteNoise)) < len(network.inputs),
        "interventions": bool(task.interventions),
        "a window of several steps": task.outcome.window > 1,
        "dtypes other than float32": task.dtype != "float32",
    }
    check_numba(reasons)


def _longest(delays: Any) -> int:
    return int((delays.data if is_sparse(delays) else np.asarray(delays)).max(initial=1))


def run_compiled(task: Task, portion: Sequence[Block]) -> list[Floats]:
    """Return the sums of outcomes of every (state, chunk), as `block.run_portion` does."""
    numbers, found = numbers_of(task), []
    batch, count = task.cut.batch, task.outcome.count
    for state, chunk in rows_of(portion):
        ended = run_row(task, numbers, state, chunk)
        if not np.isfinite(ended.v).all():
            raise InputError(_fault(task, state, chunk))
        sums = [each.sums(batch, count) for each in outcomes_of(task, numbers, ended)]
        found.append(sum(sums[1:], sums[0]))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """The numbers of a network's step, as the compiled loops take them.

    Attributes
    ----------
    units : array, shape (n, 7)
        keep, put (a reset is v <- keep v + put), decay, constant (the flow), sigma, theta (the
        least potential that is a spike) and V_reset of each unit.
    weights : array, shape (n, n padded to whole groups)
    refractory : int
    restart : bool
        Whether a reset takes the place of the flow and the input of its step.
    sigma, threshold : array, shape (1, n)
        As the engine has them.
    begin : array, shape (S, n, 3)
        Lower end, width and highest value of the potential that each state starts from.
    """

    units: NDArray[np.float32]
    weights: NDArray[np.float32]
    refractory: int
    restart: bool
    sigma: Floats
    threshold: NDArray[np.float32]
    begin: NDArray[np.float32]


def numbers_of(task: Task) -> Numbers:
    """Return the numbers of a task, taken from the engine that they stand in for."""
    from causal_snn.simulation.sweeping.compiled_loops import GROUP

    n, group = task.layout.n, task.layout.groups[0]
    engine = Engine(task.layout, rows=1, lanes=2, dtype=f32, streams=[stream(task.seed)])
    step: Any = engine.groups[0].linear
    convention, p = group.convention, group.parameters
    theta, subtract = p["theta"].astype(f32), convention.reset == "subtract"
    columns = (
        np.full(n, float(subtract)),
        -step.jump[0] if subtract else p["V_reset"],
        step.matrix[0, 0, 0],
        step.constant[0, 0],
        engine.sigma[0],
        np.nextafter(theta, f32(np.inf)) if convention.strict_threshold else theta,
        p["V_reset"],
    )
    weights = np.zeros((n, -(-n // GROUP) * GROUP), f32)
    weights[:, :n] = task.layout.network.weights
    return Numbers(
        units=np.stack(columns, axis=1).astype(f32),
        weights=weights,
        refractory=convention.refractory_steps,
        restart=step.restart,
        sigma=engine.sigma,
        threshold=theta[None],
        begin=_begin(task, group),
    )


def _begin(task: Task, group: Group) -> NDArray[np.float32]:
    """Return where states start; rounding never reaches the upper end of a cell."""
    shape = (task.states.count, task.layout.n)
    low = np.broadcast_to(task.states.values.get((0, 0), rest_of(group)[0]), shape).astype(f32)
    width = np.zeros(shape) if task.states.width is None else task.states.width
    top = np.nextafter((low + width).astype(f32), f32(-np.inf))
    return np.stack([low, width.astype(f32), top], axis=-1)


def seed_row(task: Task, state: int, chunk: int) -> NDArray[np.uint64]:
    """Return fresh states of SFC64 for a row, (3, STREAMS), before their first rounds."""
    from causal_snn.simulation.sweeping.compiled_loops import STREAMS

    key = (COMPILED, *key_of(task.noise, state, chunk))
    sequence = np.random.SeedSequence(task.seed, spawn_key=key)
    words: Any = sequence.generate_state(3 * STREAMS, np.uint64)
    return np.reshape(words, (3, STREAMS))


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """A row after its last step, in tiles of lanes.

    Attributes
    ----------
    v, on, left : array, shape (tiles, halves, n, lanes)
        Potentials, spikes (0 or 1), and refractory steps left.
    replicas : int
        Lanes that count; those beyond them fill the last tile.
    """

    v: NDArray[np.float32]
    on: NDArray[np.float32]
    left: NDArray[np.float32]
    replicas: int

    def whole(self, tiled: Any) -> Any:
        """Return tiles side by side, (halves, n, replicas)."""
        beside = np.moveaxis(tiled, 0, 2)
        return beside.reshape(*beside.shape[:2], -1)[:, :, : self.replicas]


def run_row(task: Task, numbers: Numbers, state: int, chunk: int) -> Ended:
    """Run the replicas of a chunk from a state; tiles of lanes are as even as can be."""
    from causal_snn.simulation.sweeping import compiled_loops

    n, padded = numbers.weights.shape
    replicas = task.cut.chunks[chunk]
    tiles = -(-replicas // TILE)
    lanes = -(-replicas // (tiles * ALIGNED)) * ALIGNED
    shape = (tiles, 2 if task.antithetic else 1)
    v, left = (np.zeros((*shape, n, lanes), f32) for _ in range(2))
    on = np.zeros((*shape, padded, lanes), f32)
    compiled_loops.run_row(
        seed_row(task, state, chunk),
        task.steps,
        task.outcome.smooth,
        numbers.begin[state],
        numbers.units,
        numbers.weights,
        numbers.refractory,
        numbers.restart,
        v,
        on,
        left,
    )
    return Ended(v, on[:, :, :n], left, replicas)


def outcomes_of(task: Task, numbers: Numbers, ended: Ended) -> list[LaneOutcomes]:
    """Return the outcomes of a row, or of a row and its mirror image."""
    outcome = task.outcome
    if not outcome.smooth or outcome.edges is not None:
        engine: Any = _as_engine(task, numbers, ended)
        return Watch(outcome, engine).outcomes()
    from causal_snn.simulation.sweeping.compiled_tails import last_step

    tiles, halves, n, lanes = ended.v.shape
    p = np.empty((halves, n, 2, tiles * lanes))
    last_step(ended.v, ended.left, numbers.units, numbers.threshold[0], p)
    both = p[..., : ended.replicas]
    if outcome.joint:
        return [together(list(half)) for half in both]
    return [LaneOutcomes(half.reshape(2 * n, -1)) for half in both]


def _as_engine(task: Task, numbers: Numbers, ended: Ended) -> SimpleNamespace:
    """Return what `outcome.Watch` asks of an engine and its only group."""
    v, on, left = (ended.whole(x) for x in (ended.v, ended.on, ended.left))
    halves, n, lanes = v.shape
    group = SimpleNamespace(
        group=task.layout.groups[0],
        states=[v],
        spiked=on > 0,
        shape=v.shape,
        threshold_now=lambda: numbers.threshold[:, :, None],
    )
    return SimpleNamespace(
        rows=halves,
        n=n,
        lanes=lanes,
        groups=[group],
        sigma=numbers.sigma,
        held_now=lambda: np.moveaxis(left > 0, 1, 0),
    )


def _fault(task: Task, state: int, chunk: int) -> str:
    rows = np.full(2 if task.antithetic else 1, state)
    block = Block(((state, chunk),), task.cut.chunks[chunk])
    return fault(task, block, Schedule((), task.layout, task.steps, rows), rows)
