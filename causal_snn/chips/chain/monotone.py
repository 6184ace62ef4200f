"""Monotone steps: a greater potential before a step is no smaller one after it.

Decays, sums, clips and thresholds keep the order of potentials. So the values that a step takes
into one macro cell are a run, whose ends bisection finds exactly, however wide the register is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.unit import UnitLaw

if TYPE_CHECKING:
    from causal_snn.chips.chain.kernel import Step
    from causal_snn.chips.chain.lanes import Lanes

Ints = NDArray[np.int64]

MONOTONE = {
    "decay_u",
    "gain_u",
    "add_u",
    "single",
    "decay_v",
    "add_v",
    "drive",
    "add_drive",
    "noise_drive",
    "noise_arriving",
    "relax_v",
    "settle_v",
    "clip_v",
    "hold",
    "fire",
    "count",
}
"""Stages that keep the order of potentials; with chance, of the least and greatest outcome."""
WRAPS = ("wrap", "wrap_once")


def keeps_order(step: Step, levels: bool) -> bool:
    """Whether the cell after a step cannot fall while the potential before it rises.

    `levels` says whether cells tell levels of the potential apart, or spikes only.
    """
    chip, left = step.chip, set(step.chip.order) - MONOTONE
    if chip.number != "integer" or not left:
        return chip.number == "integer"
    columns = step.columns
    if left <= {"synapse", "leak", "fire_truenorth"}:
        # A leak that turns with the sign of V may jump over 0; a reset from below may jump up.
        turns = bool(columns["leak_reversal"].item()) if "leak_reversal" in columns else False
        clips = bool(columns["negative_saturation"].item())
        return not turns and (clips or not levels)
    return False


def monotone(lanes: Lanes, *, levels: bool = True) -> bool:
    """Whether the cell after a step rises with the potential, along what `unwrapped` left."""
    chip = lanes.step.chip
    if not keeps_order(lanes.step, levels):
        return False
    if chip.voltage.overflow not in WRAPS or (
        "clip_v" in chip.order and lanes.law(lanes.low).sure  # `unwrapped` has cut there
    ):
        return True
    # No step is steeper than the identity, so that a wrap on the way shows at the ends.
    size = lanes.high - lanes.low
    if np.any(size >= (1 << chip.voltage.bits) - 4):
        return False
    low, high = (_bounds(lanes.law(v), len(v)) for v in (lanes.low, lanes.high))
    rises = [high[k] - low[k] for k in (0, 1)]
    return all(bool(np.all((rise >= -1) & (rise <= size + 2))) for rise in rises)


def _bounds(law: UnitLaw, lanes: int) -> tuple[Any, Any]:
    """Return the least and greatest potential that each lane is compared with the threshold at."""
    if law.sure:
        return law.potential, law.potential
    least = np.full(lanes, np.iinfo(np.int64).max)
    most = np.full(lanes, np.iinfo(np.int64).min)
    np.minimum.at(least, law.lane, law.potential)
    np.maximum.at(most, law.lane, law.potential)
    return least, most


def unwrapped(lanes: Lanes) -> tuple[Ints, Lanes]:
    """Return pieces along which the potential's register does not wrap, and whose they are.

    The sum that is brought into the register rises with the potential, so what wrapping takes
    off changes at a few values only, which bisection finds.
    """
    everything = np.arange(len(lanes.low))
    chip = lanes.step.chip
    if chip.voltage.overflow not in WRAPS or not lanes.law(lanes.low).sure:
        return everything, lanes
    if "clip_v" not in chip.order or not set(chip.order) <= MONOTONE:
        return everything, lanes
    parents, lows, highs = [], [], []
    index, low, high = everything, lanes.low, lanes.high
    while len(index):
        part = lanes.take(index, low, high)
        first = part.law(low).wrapped
        stop = first_where(_differs(part, first), low, high)
        parents.append(index)
        lows.append(low)
        highs.append(stop - 1)
        left = stop <= high
        index, low, high = index[left], stop[left], high[left]
    parent, low, high = (np.concatenate(x) for x in (parents, lows, highs))
    order = np.lexsort([low, parent])
    return parent[order], lanes.take(parent[order], low[order], high[order])


def _differs(lanes: Lanes, wrapped: Ints) -> Callable[[Ints], NDArray[np.bool_]]:
    return lambda v: np.asarray(lanes.law(v).wrapped != wrapped)


def first_where(test: Callable[[Ints], NDArray[np.bool_]], low: Ints, high: Ints) -> Ints:
    """Return the least value from which on a test holds, or high + 1, by bisection."""
    below, above = low.copy(), high + 1
    while np.any(below < above):
        middle = (below + above) // 2
        inside = test(np.minimum(middle, high))
        unsettled = below < above
        above = np.where(unsettled & inside, middle, above)
        below = np.where(unsettled & ~inside, middle + 1, below)
    return below
