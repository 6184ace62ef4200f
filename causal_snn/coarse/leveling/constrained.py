"""Runs of cells with a least mass and a least separation: what is left between them abstains.

A level is a run of cells; levels follow each other, and cells between them may belong to none.
The shortest run from a cell that is heavy enough is the narrowest, so a level may be taken to be
one of n runs, and the least worst width is one of n numbers (theory/09_levels.py N6).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np

from causal_snn.coarse.leveling.enclosure import Floats, Whole, span
from causal_snn.coarse.leveling.width import monotone
from causal_snn.errors import bad
from causal_snn.kernel.distance import Distance
from causal_snn.kernel.tabulated import TabulatedKernel

ROUNDING = 1e-12
"""How much lighter than asked a level may be: sums of masses round."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Levels that leave cells out between them.

    Attributes
    ----------
    runs : tuple of (int, int)
        First and last position of each level in the order of the cells.
    worst : float
        Width of the widest level.
    separation : float
        Least distance, in every context, of effects of two levels; infinite for one level.
    """

    runs: tuple[tuple[int, int], ...]
    worst: float
    separation: float


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """What blocks are made of: effects that rise or fall in every context, and masses.

    Attributes
    ----------
    low, high : array, shape (n, C)
        Least and greatest effect of each cell; those of falling contexts negated for total
        variation, exchanged with 1 minus the effect otherwise, so that all rise.
    ends : array of int, shape (n,)
        Last cell of the shortest run from each cell that is heavy enough; n if there is none.
    costs : array, shape (n,)
        Width of that run; infinite if there is none.
    name : str
        The distance.
    shared : bool
        Whether two levels may share a cell, as cuts within cells would let them.
    sorted : bool
        Whether the table's enclosures rise or fall themselves; if not, they were widened.
    """

    low: Floats
    high: Floats
    ends: Whole
    costs: Floats
    name: Distance
    shared: bool
    sorted: bool

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.low)

    def width(self, i: int, j: int) -> float:
        """Return the width of the run from i to j."""
        if self.name == "tv":
            return max(float((self.high[j] - self.low[i]).max()), 0.0)
        return float(span(self.low[i], self.high[j], self.name).max())

    def apart(self, i: int, j: int) -> float:
        """Return how far, in every context, effects up to i keep from those from j on."""
        if self.name == "tv":
            return max(float((self.low[j] - self.high[i]).min()), 0.0)
        return float(span(self.high[i], self.low[j], self.name).min())


def terrain(
    kernel: TabulatedKernel,
    order: Whole,
    name: Distance,
    *,
    min_mass: float,
    side: Literal["outer", "inner"] = "outer",
) -> Terrain:
    """Return what blocks of at least `min_mass` can be made of.

    Parameters
    ----------
    kernel : TabulatedKernel
        Of two outcomes.
    order : array of int, shape (n,)
    name : {"tv", "hellinger", "js", "kl"}
    min_mass : float
        Least mass of a level.
    side : {"outer", "inner"}
        ``"outer"``: widths at most, separations at least, levels of whole cells. ``"inner"``:
        the other way round and cuts within cells: what no levels of the continuum can beat.

    Raises
    ------
    InputError
        If the kernel has more than two outcomes.
    """
    if not kernel.binary:
        raise bad(
            "separation",
            f"asked of {len(kernel.outcomes)} outcomes",
            "a kernel of two outcomes",
            "Leave separation at 0 and read the one that is reached.",
        )
    low, high = kernel.lower[:, order], kernel.upper[:, order]
    rising, falling = monotone(low, high)
    fall = falling & ~rising | ~(rising | falling) & (low[:, -1] < low[:, 0])
    one = 0.0 if name == "tv" else 1.0
    low, high = (
        np.where(fall[:, None], one - high, low).T,
        np.where(fall[:, None], one - low, high).T,
    )
    is_sorted = bool(np.all(rising | falling))
    if not is_sorted:
        low = np.minimum.accumulate(low[::-1])[::-1]
        high = np.maximum.accumulate(high)
    if side == "inner":
        low, high = high, low
    ends = _ends(kernel.mass[order], min_mass)
    found = ends < kernel.n
    costs = np.full(kernel.n, np.inf)
    costs[found] = span(low[found], high[ends[found]], name).max(axis=1)
    return Terrain(
        np.ascontiguousarray(low),
        np.ascontiguousarray(high),
        ends,
        costs,
        name,
        side == "inner",
        is_sorted,
    )


def _ends(mass: Floats, least: float) -> Whole:
    """Return the last cell of the shortest run from each cell that has the least mass."""
    total = np.concatenate([[0.0], np.cumsum(mass)])
    after = np.searchsorted(total, total[:-1] + least - ROUNDING)
    return np.maximum(after - 1, np.arange(len(mass)))


def fit(field: Terrain, k: int, epsilon: float, separation: float) -> Blocks | None:
    """Return k levels no wider than epsilon and at least `separation` apart, or None.

    Each level ends as early as it can; that leaves the most to the following ones.
    """
    n = field.n
    allowed = np.where((field.costs <= epsilon) & (field.ends < n), np.arange(n), n)
    following = np.append(np.minimum.accumulate(allowed[::-1])[::-1], n)
    runs: list[tuple[int, int]] = []
    start = int(following[0])
    while start < n:
        end = int(field.ends[start])
        runs.append((start, end))
        if len(runs) == k:
            return _blocks(field, runs)
        first = end if field.shared else end + 1
        at = bisect_left(range(first, n), separation, key=partial(field.apart, end))
        start = int(following[first + at])
    return None


def least_width(field: Terrain, k: int, separation: float) -> Blocks | None:
    """Return k levels with the least worst width at a separation, or None if there are none."""
    numbers = np.unique(field.costs[field.ends < field.n])
    at = bisect_left(
        numbers, True, key=lambda epsilon: fit(field, k, epsilon, separation) is not None
    )
    return fit(field, k, float(numbers[at]), separation) if at < len(numbers) else None


def greatest_separation(field: Terrain, k: int, epsilon: float) -> Blocks | None:
    """Return the k levels no wider than epsilon that keep the farthest apart, or None."""
    best = fit(field, k, epsilon, 0.0)
    if best is None or k == 1:
        return best
    low, high = best.separation, field.apart(0, field.n - 1)
    while True:
        # The end of the bracket first, as the optimum may be there.
        found = fit(field, k, epsilon, high)
        if found is not None:
            return found
        middle = low + (high - low) / 2.0 if np.isfinite(high) else 2.0 * low + 1.0
        if not low < middle < high or np.isinf(middle):
            return best
        found = fit(field, k, epsilon, middle)
        if found is None:
            high = middle
        else:
            best, low = found, found.separation


def fill(field: Terrain, found: Blocks, epsilon: float, separation: float) -> Blocks:
    """Return the blocks grown over cells left out, as far as epsilon and separation let them."""
    runs = list(found.runs)
    first, end = runs[0]
    grown = bisect_left(range(first), True, key=lambda i: field.width(i, end) <= epsilon)
    runs[0] = (grown, end)
    for t, (start, last) in enumerate(runs):
        stop = runs[t + 1][0] if t + 1 < len(runs) else field.n
        grow = bisect_right(range(last + 1, stop), epsilon, key=partial(field.width, start))
        if t + 1 < len(runs):
            grow = min(grow, _clear(field, last, stop, separation))
        runs[t] = (start, last + grow)
    return _blocks(field, runs)


def _clear(field: Terrain, last: int, stop: int, separation: float) -> int:
    """Return by how many cells a level may grow and stay `separation` apart from the next."""
    low, high = 0, stop - 1 - last
    while low < high:
        middle = (low + high + 1) // 2
        if field.apart(last + middle, stop) >= separation:
            low = middle
        else:
            high = middle - 1
    return low


def _blocks(field: Terrain, runs: list[tuple[int, int]]) -> Blocks:
    apart = [field.apart(a[1], b[0]) for a, b in pairwise(runs)]
    return Blocks(tuple(runs), max(field.width(*run) for run in runs), min(apart, default=np.inf))


def cells_of(found: Blocks, order: Whole) -> Whole:
    """Return the level of every cell, -1 for those left out, shape (n,)."""
    cells = np.full(len(order), -1, dtype=np.int64)
    for level, (start, end) in enumerate(found.runs):
        cells[order[start : end + 1]] = level
    return cells
