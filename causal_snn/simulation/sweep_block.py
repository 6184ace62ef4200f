"""One block of a sweep: some rows of lanes, from their states to their outcomes.

What a row does depends on its key (state, chunk) and the seed alone, never on the block that it
is computed in; a row's outcomes are summed by batches of lanes, for standard errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.layout import Layout
from causal_snn.simulation.engine.noise import stream
from causal_snn.simulation.engine.schedule import Schedule, is_forceful, needs_current
from causal_snn.simulation.intervention import Intervention
from causal_snn.simulation.not_finite import is_finite
from causal_snn.simulation.outcome import Outcome
from causal_snn.simulation.sweep_states import StartStates, set_states

Floats = NDArray[np.float64]
INDEPENDENT, SHARED, ANTITHETIC = "independent", "shared", "antithetic"
LANES, WIDE_LANES = 1024, 32
"""Replicas that share a random stream: side by side, or one to a row where spikes are events."""
VALUES = 24_000
"""Default size of a block, in values of one state variable: its buffers fit a cache."""
PORTION = 20_000_000
"""Values times steps that a worker takes at a time: some tenths of a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """The replicas of a state, in chunks and batches; made by `cut_up`.

    Attributes
    ----------
    chunks : tuple of int
        Replicas in each chunk.
    batches : array of int
        Replicas in each batch, chunk after chunk.
    batch : int
        Replicas in a full batch.
    per_chunk : int
        Batches in a full chunk.
    wide : bool
        One replica to a row of lanes.
    """

    chunks: tuple[int, ...]
    batches: NDArray[np.int64]
    batch: int
    per_chunk: int
    wide: bool

    def place(self, chunk: int) -> slice:
        """Return where the batches of a chunk are."""
        first = chunk * self.per_chunk
        return slice(first, first + -(-self.chunks[chunk] // self.batch))


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What all blocks of a sweep have in common; it travels to workers.

    Attributes
    ----------
    layout : Layout
    states : StartStates
    steps : int
    interventions : tuple
        Their lanes are the states.
    noise : {"independent", "shared", "antithetic"}
    dtype : str
    seed : int
    outcome : Outcome
    cut : Cut
    """

    layout: Layout
    states: StartStates
    steps: int
    interventions: tuple[Intervention, ...]
    noise: str
    dtype: str
    seed: int
    outcome: Outcome
    cut: Cut


def cut_up(replicas: int, *, wide: bool) -> Cut:
    """Return the replicas of a state in chunks that share a stream, and batches within them.

    The cut depends on the number of replicas alone, so results do not depend on blocks. There
    are 32 batches or more where there are enough replicas.
    """
    lanes = WIDE_LANES if wide else LANES
    batch = min(lanes, 128)
    while batch > 1 and batch * 32 > replicas:
        batch //= 2
    chunks = [lanes] * (replicas // lanes) + ([replicas % lanes] if replicas % lanes else [])
    batches = [size for chunk in chunks for size in _pieces(chunk, batch)]
    return Cut(tuple(chunks), np.array(batches), batch, lanes // batch, wide)


def _pieces(total: int, size: int) -> list[int]:
    return [size] * (total // size) + ([total % size] if total % size else [])


@dataclass(frozen=True, slots=True)
class Block:
    """Rows to compute together: (state, chunk) pairs with as many lanes each."""

    rows: tuple[tuple[int, int], ...]
    lanes: int


def portions_of(task: Task, done: NDArray[np.bool_], block: int | None) -> list[tuple[Block, ...]]:
    """Return what is left to do, in blocks that fit a cache, in portions that a worker takes."""
    cut, count = task.cut, task.states.count
    values = VALUES if block is None else block * task.layout.n
    blocks = []
    for chunk, lanes in enumerate(cut.chunks):
        left = [(s, chunk) for s in range(count) if not done[s, cut.place(chunk)].all()]
        most = 1 if cut.wide else max(1, values // (lanes * task.layout.n))
        blocks += [Block(tuple(left[k : k + most]), lanes) for k in range(0, len(left), most)]
    work = task.steps * values
    together = max(1, PORTION // max(work, 1))
    return [tuple(blocks[k : k + together]) for k in range(0, len(blocks), together)]


def rows_of(portion: Sequence[Block]) -> list[tuple[int, int]]:
    """Return the (state, chunk) pairs of a portion, in order."""
    return [row for block in portion for row in block.rows]


def key_of(noise: str, state: int, chunk: int) -> tuple[int, ...]:
    """Return the key of a row's stream; shared noise is the same in every state."""
    return (1, chunk) if noise == SHARED else (0, state, chunk)


def run_portion(task: Task, portion: Sequence[Block]) -> list[Floats]:
    """Return the sums of outcomes of every (state, chunk), shape (batches, K) each.

    For antithetic noise the outcomes of two mirrored replicas are added up.
    """
    found: list[Floats] = []
    engine = None
    for block in portion:
        engine = _engine(task, block, engine)
        found += _run_block(task, block, engine)
    return found


def _engine(task: Task, block: Block, earlier: Engine | None) -> Engine:
    """Return an engine for a block: the earlier one if it fits and nothing has changed it."""
    keys = [key_of(task.noise, *row) for row in block.rows]
    streams = [stream(task.seed, *key) for key in dict.fromkeys(keys)]
    antithetic = task.noise == ANTITHETIC
    rows = block.lanes if task.cut.wide else len(block.rows)
    rows, lanes = (2 if antithetic else 1) * rows, 1 if task.cut.wide else block.lanes
    if earlier is not None and not task.interventions and earlier.fits(rows, lanes):
        earlier.begin(streams)
        return earlier
    return Engine(
        task.layout,
        rows=rows,
        lanes=lanes,
        dtype=task.dtype,
        streams=streams,
        shared=task.noise == SHARED and not task.cut.wide,
        antithetic=antithetic,
        varying=needs_current(task.interventions),
        forceful=is_forceful(task.interventions),
    )


def _run_block(task: Task, block: Block, engine: Engine) -> list[Floats]:
    states = np.array([state for state, _ in block.rows])
    if task.cut.wide:
        states = np.repeat(states, block.lanes)
    rows = np.tile(states, 2) if engine.antithetic else states
    schedule = Schedule(task.interventions, task.layout, task.steps, rows)
    with np.errstate(all="ignore"):
        set_states(engine, task.states, rows)
        outcomes = _run(engine, schedule, task)
    if task.cut.wide:  # one lane to a row: the rows of the block are the lanes of its chunk
        halves = [outcomes[: block.lanes], outcomes[block.lanes :]]
        outcomes = [np.concatenate(half) for half in halves if half]
    sums = [_by_batch(each, task.cut.batch, task.outcome.count) for each in outcomes]
    if engine.antithetic:
        half = len(sums) // 2
        sums = [a + b for a, b in zip(sums[:half], sums[half:], strict=True)]
    return sums


def _run(engine: Engine, schedule: Schedule, task: Task) -> list[Any]:
    watch = task.outcome.watch(engine)
    begin = 0
    last = task.steps - 1 if task.outcome.smooth else task.steps
    for end in sorted({*(s for s in schedule.steps() if 0 < s < last), last}):
        schedule.act(engine.controls, begin)
        for _ in range(end - begin):
            engine.step()
            watch.after_step()
        begin = end
    if not is_finite(engine):
        raise InputError(
            f"sweep: a state is not finite within {task.steps} steps; run `simulate` from the same "
            "states to see which, when and why, or make dt smaller"
        )
    if task.outcome.smooth:
        if last in schedule.actions:
            schedule.act(engine.controls, last)
        engine.flow_only()
    return watch.outcomes()


def _by_batch(outcomes: Any, batch: int, count: int) -> Floats:
    """Return sums over batches of lanes, (batches, K), of what `Watch.outcomes` gave for a row."""
    lanes = len(outcomes)
    if outcomes.ndim == 1:
        codes = np.arange(lanes) // batch * count + outcomes
        batches = -(-lanes // batch)
        return np.bincount(codes, minlength=batches * count).reshape(batches, count).astype(float)
    added: Floats = np.add.reduceat(outcomes, np.arange(0, lanes, batch), dtype=np.float64)
    return added
