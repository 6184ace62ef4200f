"""An independent checker of minimax levels on a table: it shares no code with the solver.

Upper bound: the widest pair of effects that enclosures of one level allow. Lower bound, of levels
that cover all cells: k + 1 witnesses, two of which share a level. If every two of them are `lower`
apart for sure it bounds any partition (`any_shape`); else the runs between neighbours hold such
pairs, and it bounds contiguous ones. Of levels that leave cells out: the shortest heavy runs,
one after the other, do not fit below `lower`.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from causal_snn.coarse.leveling.verify_effects import Enclosures, Floats, Whole, coins


def witnessed(table: Enclosures, witnesses: tuple[int, ...], k: int, *, any_shape: bool) -> float:
    """Return what k + 1 witnesses prove; 0 without them, infinity if they are not what they are."""
    if not witnesses:
        return 0.0
    n = table.rows.shape[1]
    if len(set(witnesses)) != k + 1 or not all(0 <= x < n for x in witnesses):
        return math.inf
    if any_shape:
        rest = [np.array(witnesses[at + 1 :]) for at in range(k)]
        return min(
            float(table.pair(x, others)[0].max(0).min())
            for x, others in zip(witnesses, rest, strict=False)
        )
    if list(witnesses) != sorted(witnesses):
        return math.inf
    return min(table.run(a, b) for a, b in pairwise(witnesses))


def fits(table: Enclosures, mass: Floats, k: int, least: float, gap: float, epsilon: float) -> bool:
    """Return whether k heavy runs, cut anywhere, could be below epsilon and `gap` apart.

    For effects that rise or fall with the cell: the widths and gaps of runs are those of ends.
    """
    low, high = table.low, table.high
    fall = low[:, -1] < low[:, 0]
    n, end, placed, first = len(mass), -1, 0, 0
    total = np.concatenate([[0.0], np.cumsum(mass)])
    while first < n:
        if placed:  # the first cell whose effects may be `gap` away from those of `end`
            near = np.where(fall, low[:, first], low[:, end])
            far = np.where(fall, high[:, end], high[:, first])
            if coins(near, far, table.name).min() < gap:
                first += 1
                continue
        stop = max(int(np.searchsorted(total, total[first] + least - 1e-12)) - 1, first)
        if stop >= n:
            return False
        a = np.where(fall, high[:, stop], high[:, first])
        b = np.where(fall, low[:, first], low[:, stop])
        if coins(a, b, table.name).max() <= epsilon:
            placed, end, first = placed + 1, stop, stop
            if placed == k:
                return True
        else:
            first += 1
    return False


def rises(table: Enclosures) -> bool:
    """Return whether the enclosures rise or fall with the cell in every context."""
    steps = np.diff(table.low, axis=1), np.diff(table.high, axis=1)
    up, down = (np.all([side * step >= 0 for step in steps], axis=(0, 2)) for side in (1, -1))
    return bool(np.all(up | down))


def separated(table: Enclosures, cells: Whole) -> float:
    """Return how far levels keep apart in every context."""
    if cells.max() < 1:
        return 0.0
    least = math.inf
    border = np.flatnonzero(np.diff(cells, append=cells[-1]) != 0)  # the likely ones first
    for i in (*border, *range(len(cells))):
        others = np.flatnonzero((cells >= 0) & (cells != cells[i]))
        if cells[i] >= 0 and others.size and least > 0:
            least = min(least, float(table.pair(int(i), others)[0].min()))
    return least


def check(
    table: Enclosures,
    mass: Floats,
    cells: Whole,
    *,
    k: int,
    upper: float,
    lower: float,
    separation: float,
    min_mass: float,
    least_separation: float,
    witnesses: tuple[int, ...],
    any_shape: bool,
    tolerance: float,
) -> bool:
    """Return whether the cells have these properties, and no k levels a width below `lower`."""
    used = cells[cells >= 0]
    if not (used.size and set(used.tolist()) == set(range(int(used.max()) + 1)) and used.max() < k):
        return False
    weights = np.bincount(used, weights=mass[cells >= 0])
    apart = separated(table, cells)
    if weights.min() < min_mass - tolerance or apart < least_separation - tolerance:
        return False
    if not (_same(table.widest(cells), upper, tolerance) and _same(apart, separation, tolerance)):
        return False
    if least_separation == 0:
        proved = witnessed(table, witnesses, k, any_shape=any_shape)
        return bool(used.size == cells.size and _same(proved, lower, tolerance))
    if witnesses:
        return False
    question = (table, mass, k, min_mass, least_separation)
    if lower == 0 and not rises(table):  # ends do not tell the widths of runs: nothing is proved
        return True
    below = lower <= tolerance or not fits(*question, lower - tolerance)
    return below and fits(*question, lower + tolerance) and lower <= upper + tolerance


def _same(a: float, b: float, tolerance: float) -> bool:
    # Roots of numbers that cancel to nothing (Jensen-Shannon) keep half of their digits.
    return a == b or abs(a - b) <= tolerance or (max(a, b) < 1e-7 and abs(a * a - b * b) < 1e-15)
