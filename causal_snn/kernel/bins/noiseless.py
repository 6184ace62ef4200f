"""A bin of a unit without noise: states are followed, effects are certain but at cell ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.bins import effects
from causal_snn.kernel.bins.cells import Cells
from causal_snn.kernel.bins.inputs import Inputs
from causal_snn.kernel.bins.task import Bin
from causal_snn.simulation.quadrature.unit import Micro, forgets, next_point

Floats = NDArray[np.float64]


def followed(task: Bin, start: Micro, c: float) -> NDArray[np.int64]:
    """Return the spike train of micro states under constant input, shape (steps, M)."""
    step, found = task.step, []
    for _ in range(task.steps):
        after = next_point(step, start, task.input(start, c))
        if task.bridge:
            after = _crossed(task, start, after, c)
        found.append(after.spiked.astype(np.int64))
        start = after
    return np.array(found)


def enclosed(task: Bin, cells: Cells, inputs: Inputs) -> tuple[Floats, Floats]:
    """Return rows (C, n, Y) and spread (C, n).

    Order is kept: a state that starts between two others under an input between theirs stays
    between them as long as those two spike in the same steps (theory/08_effect_kernels.py K10).
    So a cell whose ends act the same is certain. Where they differ by one in what is monotone
    (whether, when the first time, or after a reset to a value how often the unit spikes) its
    states do as one end or the other; else they may do anything.
    """
    ends = cells.points(1, inside=True)
    rows, spread = [], []
    for low, high in zip(inputs.low, inputs.high, strict=True):
        first = followed(task, ends[slice(0, None, 2)], float(low))
        last = followed(task, ends[slice(1, None, 2)], float(high))
        laws = np.array([_law(task, first), _law(task, last)])
        rows.append(laws.mean(axis=0))
        spread.append(_spread(task, first, last, same=low == high))
    return np.array(rows), np.array(spread)


def _law(task: Bin, train: NDArray[np.int64]) -> Floats:
    count = len(effects.outcomes(task.effect, task.steps))
    return np.asarray(np.eye(count)[effects.of_train(task.effect, train)])


def _spread(task: Bin, first: NDArray[np.int64], last: NDArray[np.int64], *, same: bool) -> Floats:
    """Return how far states between two ends are from the ends' mean; `same` input for both."""
    if task.effect == "spike" or task.steps == 1:
        ranks = [train.any(axis=0).astype(np.int64) for train in (first, last)]
    elif not forgets(task.step) or (task.effect == "word" and not same):
        return np.where(np.all(first == last, axis=0), 0.0, 1.0)
    elif task.effect == "count":
        ranks = [train.sum(axis=0) for train in (first, last)]
    else:
        ranks = [effects.first_spike(train) for train in (first, last)]
    return np.asarray(np.choose(np.minimum(np.abs(ranks[1] - ranks[0]), 2), [0.0, 0.5, 1.0]))


def _crossed(task: Bin, start: Micro, after: Micro, c: float) -> Micro:
    """Return the state after a step in which crossings before the inputs' jump count."""
    step = task.step
    delayed = bool(step.restart) or step.reset_jump > step.theta - step.V_reset
    before = after.v - task.jump(start, c)
    also = (before >= step.theta) & (start.hold == 0) & ~(start.spiked & delayed) & ~after.spiked
    return Micro(
        np.where(also, step.theta, after.v),
        after.spiked | also,
        np.where(also, step.refractory, after.hold),
    )
