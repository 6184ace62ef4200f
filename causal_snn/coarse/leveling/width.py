"""Width of a run of cells: the worst distance of effects in it, by three means.

A run's width grows with the run; that is all that `minimax` needs. `inner` widths are those that
micro states of the cells have for sure, `outer` widths those that they can have at most, `table`
widths those of the table's rows.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.leveling.enclosure import Floats, Whole, between, span
from causal_snn.errors import bad
from causal_snn.kernel.distance import Distance, distance
from causal_snn.kernel.tabulated import TabulatedKernel

Side = Literal["outer", "inner", "table"]
MOST_CELLS = 4000
"""Cells up to which the distances of all pairs are held (128 MB)."""


class Width(Protocol):
    """Widths of runs of cells i, i + 1, ..., j."""

    @property
    def n(self) -> int:
        """Number of cells."""

    def cost(self, i: int, j: int) -> float:
        """Return the width of the run from i to j, both included."""

    def reach(self, i: int, epsilon: float) -> int:
        """Return the last j for which the run from i is no wider than epsilon, or i - 1."""

    def alone(self) -> float:
        """Return the greatest width of a single cell."""


def width(kernel: TabulatedKernel, order: Whole, name: Distance, side: Side = "outer") -> Width:
    """Return the widths of runs of cells taken in an order.

    Parameters
    ----------
    kernel : TabulatedKernel
    order : array of int, shape (n,)
    name : {"tv", "hellinger", "js", "kl"}
    side : {"outer", "inner", "table"}

    Raises
    ------
    InputError
        If there are more than two outcomes and more than `MOST_CELLS` cells.
    """
    if not kernel.binary:
        return HullWidth(_matrix(kernel, order, name, side))
    low, high = kernel.lower[:, order], kernel.upper[:, order]
    if side == "table":
        low = high = np.clip(kernel.probability[:, order], 0.0, 1.0)
    rising, falling = monotone(low, high)
    if side == "inner":
        low, high = high, low
    if not np.all(rising | falling):
        return RangeWidth(low, high, name)
    fall = ~rising
    if name == "tv":  # negative numbers fall where the numbers rise, with the same differences
        first, last = np.where(fall[:, None], -high, low), np.where(fall[:, None], -low, high)
    else:
        first, last = low, high
    return SortedWidth(np.ascontiguousarray(first.T), np.ascontiguousarray(last.T), fall, name)


def monotone(low: Floats, high: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return in which contexts the effects rise, and in which they fall, shapes (C,)."""
    steps = np.diff(low, axis=1), np.diff(high, axis=1)
    rising = np.all(steps[0] >= 0, axis=1) & np.all(steps[1] >= 0, axis=1)
    falling = np.all(steps[0] <= 0, axis=1) & np.all(steps[1] <= 0, axis=1)
    return rising, falling


@dataclass(frozen=True, slots=True, eq=False)
class SortedWidth:
    """Every context rises or falls: a run is as wide as its ends; `reach` bisects.

    `first` and `last`, shape (n, C), are the probabilities to start and to end with; `fall`,
    shape (C,), tells contexts whose effects fall (already negated for total variation).
    """

    first: Floats
    last: Floats
    fall: NDArray[np.bool_]
    name: Distance

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.first)

    def cost(self, i: int, j: int) -> float:
        """Return the width of the run from i to j."""
        if self.name == "tv":
            return max(float((self.last[j] - self.first[i]).max()), 0.0)
        low = np.where(self.fall, self.first[j], self.first[i])
        high = np.where(self.fall, self.last[i], self.last[j])
        return float(span(low, high, self.name).max())

    def reach(self, i: int, epsilon: float) -> int:
        """Return the last j whose run from i is no wider than epsilon."""
        return i + bisect_right(range(i, self.n), epsilon, key=lambda j: self.cost(i, j)) - 1

    def alone(self) -> float:
        """Return the greatest width of a single cell."""
        return float(span(self.first, self.last, self.name).max())


@dataclass(frozen=True, slots=True, eq=False)
class RangeWidth:
    """Two outcomes in any order: a run is as wide as its range; `reach` extends it in chunks.

    `low` and `high`, shape (C, n): a run's width is that of [min low, max high].
    """

    low: Floats
    high: Floats
    name: Distance

    @property
    def n(self) -> int:
        """Number of cells."""
        return int(self.low.shape[1])

    def cost(self, i: int, j: int) -> float:
        """Return the width of the run from i to j."""
        part = slice(i, j + 1)
        return float(span(self.low[:, part].min(1), self.high[:, part].max(1), self.name).max())

    def reach(self, i: int, epsilon: float) -> int:
        """Return the last j whose run from i is no wider than epsilon."""
        low = np.full((len(self.low), 1), np.inf)
        high = -low
        start, size = i, 64
        while start < self.n:
            part = slice(start, start + size)
            lows = np.minimum(np.minimum.accumulate(self.low[:, part], axis=1), low)
            highs = np.maximum(np.maximum.accumulate(self.high[:, part], axis=1), high)
            wide = np.flatnonzero(span(lows, highs, self.name).max(axis=0) > epsilon)
            if wide.size:
                return start + int(wide[0]) - 1
            low, high = lows[:, -1:], highs[:, -1:]
            start, size = start + size, 2 * size
        return self.n - 1

    def alone(self) -> float:
        """Return the greatest width of a single cell."""
        return float(span(self.low, self.high, self.name).max())


@dataclass(frozen=True, slots=True, eq=False)
class HullWidth:
    """Any number of outcomes: the widths of all runs, shape (n, n), worked out once."""

    runs: Floats

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.runs)

    def cost(self, i: int, j: int) -> float:
        """Return the width of the run from i to j."""
        return float(self.runs[i, j])

    def reach(self, i: int, epsilon: float) -> int:
        """Return the last j whose run from i is no wider than epsilon."""
        return i + int(np.searchsorted(self.runs[i, i:], epsilon, side="right")) - 1

    def alone(self) -> float:
        """Return the greatest width of a single cell."""
        return float(np.diagonal(self.runs).max())


def _matrix(kernel: TabulatedKernel, order: Whole, name: Distance, side: Side) -> Floats:
    """Return the width of every run: the greatest distance of two of its cells."""
    n = len(order)
    if n > MOST_CELLS:
        raise bad(
            "kernel",
            f"{n} cells with {len(kernel.outcomes)} outcomes",
            f"at most {MOST_CELLS} cells if there are more than two outcomes",
            "Tabulate it on fewer cells.",
        )
    pairs = np.zeros((n, n))
    for i, cell in enumerate(order):
        rest = order[i:]
        if side == "table":
            p, q = kernel.rows[:, [cell]], kernel.rows[:, rest]
            apart = np.maximum(distance(p, q, name), distance(q, p, name))
        else:
            apart = between(kernel, int(cell), rest, name)[0 if side == "inner" else 1]
        pairs[i, i:] = apart.max(axis=0)
    # max over i <= a <= b <= j: first over b, then over a
    pairs = np.maximum.accumulate(pairs, axis=1)
    return np.asarray(np.maximum.accumulate(pairs[::-1], axis=0)[::-1])
