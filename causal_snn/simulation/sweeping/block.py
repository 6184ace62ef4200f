"""One block of a sweep: some rows of lanes, from their states to their outcomes.

What a row does depends on its key (state, chunk) and the seed alone, never on the block that it
is computed in; a row's outcomes are summed by batches of lanes, for standard errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.noise import stream
from causal_snn.simulation.engine.schedule import Schedule, is_forceful, needs_current
from causal_snn.simulation.intervention import Change, Intervention
from causal_snn.simulation.not_finite import find_fault, is_finite
from causal_snn.simulation.sweeping.lane_outcomes import LaneOutcomes, join
from causal_snn.simulation.sweeping.states import set_states
from causal_snn.simulation.sweeping.task import SHARED, Task

Floats = NDArray[np.float64]
VALUES = 100_000
"""Default size of a block, in values of one state variable: its buffers fit a cache."""
PORTION = 20_000_000
"""Values times steps that a worker takes at a time: some tenths of a second."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows to compute together: (state, chunk) pairs with as many replicas each."""

    rows: tuple[tuple[int, int], ...]
    replicas: int


def portions_of(task: Task, done: NDArray[np.bool_], block: int | None) -> list[tuple[Block, ...]]:
    """Return what is left to do, in blocks that fit a cache, in portions that a worker takes."""
    cut, n = task.cut, task.layout.n
    values = VALUES if block is None else block * n
    if block is None and task.noise == SHARED:
        values *= 4  # the noise of a block is drawn once for all its states
    alike: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for chunk in range(len(cut.chunks)):
        for state in range(task.states.count):
            if not done[state, cut.place(chunk)].all():
                alike.setdefault(_alike(task, state, chunk), []).append((state, chunk))
    blocks = []
    for rows in alike.values():
        replicas = cut.chunks[rows[0][1]]
        most = 1 if cut.wide else max(1, values // (replicas * n))
        cuts = range(0, len(rows), most)
        blocks += [Block(tuple(rows[k : k + most]), replicas) for k in cuts]
    most = max((len(each.rows) * each.replicas for each in blocks), default=1)
    together = max(1, PORTION // (task.steps * most * n))
    return [tuple(blocks[k : k + together]) for k in range(0, len(blocks), together)]


def _alike(task: Task, state: int, chunk: int) -> tuple[int, int]:
    """Return what the rows of one block have in common.

    As many replicas, and one random stream where noise is shared; one state where parameters
    change from state to state, as an engine's numbers are rounded the same way only for units
    of the same parameters.
    """
    one_state = any(isinstance(one, Change) and _varies(one) for one in task.interventions)
    which = chunk if task.noise == SHARED else -task.cut.chunks[chunk]
    return (state if one_state else -1, which)


def _varies(one: Change) -> bool:
    return np.ndim(one.value) > 0


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
        engine = engine_for(task, block, engine)
        halves = run_block(task, block, engine)
        batch, count = task.cut.batch, task.outcome.count
        sums = [[each.sums(batch, count) for each in half] for half in halves]
        found += [sum(each[1:], each[0]) for each in zip(*sums, strict=True)]
    return found


def engine_for(task: Task, block: Block, earlier: Engine | None = None) -> Engine:
    """Return an engine for a block: the earlier one if it fits and nothing has changed it."""
    keys = [key_of(task.noise, *row) for row in block.rows]
    streams = [stream(task.seed, *key) for key in dict.fromkeys(keys)]
    wide = task.cut.wide
    rows = block.replicas if wide else len(block.rows)
    # Two lanes at least: with one an engine would sum its inputs in another order.
    rows, lanes = (2 if task.antithetic else 1) * rows, 1 if wide else max(2, block.replicas)
    if earlier is not None and not task.interventions and earlier.fits(rows, lanes):
        earlier.begin(streams)
        return earlier
    return Engine(
        task.layout,
        rows=rows,
        lanes=lanes,
        dtype=task.dtype,
        streams=streams,
        shared=task.noise == SHARED and not wide,
        antithetic=task.antithetic,
        varying=needs_current(task.interventions),
        forceful=is_forceful(task.interventions),
        fold=not task.interventions,
    )


def run_block(
    task: Task, block: Block, engine: Engine, see: Callable[[Engine], None] | None = None
) -> list[list[LaneOutcomes]]:
    """Run a block; return the outcomes of its rows, or of its rows and their mirror images.

    Parameters
    ----------
    task : Task
    block : Block
    engine : Engine
        Made by `engine_for`.
    see : callable, optional
        Is shown the engine at the start and after every step.

    Returns
    -------
    list of list of LaneOutcomes
        Of each row; two lists for antithetic noise.
    """
    rows = np.array([state for state, _ in block.rows])
    if task.cut.wide:
        rows = np.repeat(rows, block.replicas)
    if task.antithetic:
        rows = np.tile(rows, 2)
    schedule = Schedule(_own(task, block), task.layout, task.steps, rows)
    with np.errstate(all="ignore"):
        set_states(engine, task.states, rows)
        outcomes = _run(engine, schedule, task, see)
    if outcomes is None:
        raise InputError(fault(task, block, schedule, rows))
    half = len(outcomes) // 2
    halves = [outcomes[:half], outcomes[half:]] if task.antithetic else [outcomes]
    if task.cut.wide:  # one lane to a row: the rows of the block are the replicas of its chunk
        return [[join(half)] for half in halves]
    return [[each.take(block.replicas) for each in half] for half in halves]


def _own(task: Task, block: Block) -> list[Intervention]:
    """Return the interventions; changes that vary from state to state with the block's value."""
    found: list[Intervention] = []
    for one in task.interventions:
        if isinstance(one, Change) and _varies(one):
            one = replace(one, value=float(one.value[block.rows[0][0]]))
        found.append(one)
    return found


def _run(
    engine: Engine, schedule: Schedule, task: Task, see: Callable[[Engine], None] | None
) -> list[LaneOutcomes] | None:
    """Return the outcomes of an engine's rows; None if a state is not finite."""
    watch = task.outcome.watch(engine)
    steps = task.steps - 1 if task.outcome.smooth else task.steps
    ends = [*(s for s in schedule.steps() if 0 < s < steps), steps]
    begin = 0
    for end in ends if steps else []:
        schedule.act(engine.controls, begin)
        if see is not None and begin == 0:
            see(engine)
        for _ in range(end - begin):
            engine.step()
            watch.after_step()
            if see is not None:
                see(engine)
        begin = end
    if task.outcome.smooth:
        schedule.act(engine.controls, steps)
        if see is not None and steps == 0:
            see(engine)
        engine.flow_only()
        if see is not None:
            see(engine)
    return watch.outcomes() if is_finite(engine) else None


def fault(task: Task, block: Block, schedule: Schedule, rows: Any) -> str:
    """Return where and why a state is not finite, by running the block again."""
    engine = engine_for(task, block)
    with np.errstate(all="ignore"):
        set_states(engine, task.states, rows)
        start = engine.snapshot()
        engine.step_number = task.steps
        text = find_fault(engine, start, schedule)
    numbers = sorted({state for state, _ in block.rows})
    which = f"state {numbers[0]}" if len(numbers) == 1 else f"one of states {numbers}"
    return f"sweep, from {which}: {text}"
