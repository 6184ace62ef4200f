"""The k runs of cells whose widest is least, by greedy covering and bisection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn.coarse.leveling.enclosure import Whole
from causal_snn.coarse.leveling.width import Width

MOST_STEPS = 500
"""Steps of bisection: 60 do for widths up to 1, some more if they may be infinite."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The least worst width of k runs that cover all cells, and its proof.

    Attributes
    ----------
    value : float
        The least worst width.
    starts : tuple of int
        First cells of the runs, at most k.
    witnesses : tuple of int
        k + 1 cells x_0 < ... < x_k such that each run x_i ... x_{i+1} is `value` wide or more:
        k - 1 cuts leave one of them whole (theory/09_levels.py N2). Empty if `value` is that of
        a single cell.
    """

    value: float
    starts: tuple[int, ...]
    witnesses: tuple[int, ...]


def cover(runs: Width, epsilon: float, most: int) -> tuple[list[int], float, float]:
    """Cover the cells with as few runs as possible, none wider than epsilon.

    Each run is as long as it can be; no cover has fewer runs (theory/09_levels.py N1).

    Returns
    -------
    starts : list of int
        First cells of the runs, and of the run that would be too many if more than `most`.
    worst : float
        Width of the widest run.
    next : float
        The least epsilon at which a run would have been longer.
    """
    starts, start, worst, following = [0], 0, 0.0, np.inf
    while True:
        end = max(runs.reach(start, epsilon), start)
        worst = max(worst, runs.cost(start, end))
        if end + 1 >= runs.n:
            return starts, worst, following
        following = min(following, runs.cost(start, end + 1))
        start = end + 1
        starts.append(start)
        if len(starts) > most:
            return starts, worst, following


def minimax(runs: Width, k: int) -> Cover:
    """Return the k runs whose widest is as narrow as can be.

    The optimum is the width of some run. Bisection keeps it between `low` and `high`, both
    widths of runs; a greedy cover that fails says how much more it needs at least. So the
    bracket closes on the very number: exact on the grid, O(k log n) widths a step if sorted.
    """
    low = runs.alone()
    starts, high, following = cover(runs, low, k)
    if len(starts) > k:
        low, high = following, runs.cost(0, runs.n - 1)
        starts = [0]
    else:
        low = high
    for _ in range(MOST_STEPS):
        if not low < high:
            break
        middle = 2.0 * low + 1.0 if np.isinf(high) else low + (high - low) / 2.0
        if np.isinf(middle):
            break
        found, worst, following = cover(runs, middle, k)
        if len(found) > k:
            low = max(following, np.nextafter(middle, np.inf))
        else:
            starts, high = found, min(worst, middle)
    return Cover(high, tuple(starts), _witnesses(runs, high, k))


def _witnesses(runs: Width, value: float, k: int) -> tuple[int, ...]:
    """Return the starts of a greedy cover that just fails."""
    if not value > 0:
        return ()
    starts, _, _ = cover(runs, float(np.nextafter(value, 0.0)), k)
    return tuple(starts) if len(starts) == k + 1 else ()


def split(runs: Width, starts: tuple[int, ...], k: int) -> tuple[int, ...]:
    """Cut runs into k where their rows differ, the widest first, each into halves of like width.

    Parameters
    ----------
    runs : Width
        Widths of the table's rows: runs of width 0 are not cut.
    starts : tuple of int
    k : int

    Returns
    -------
    tuple of int
        First cells of k runs, or of fewer if there are no more different rows.
    """
    found = list(starts)
    while len(found) < k:
        ends = [*(start - 1 for start in found[1:]), runs.n - 1]
        widths = [runs.cost(a, b) for a, b in zip(found, ends, strict=True)]
        worst = int(np.argmax(widths))
        if widths[worst] == 0:
            break
        found.append(_halve(runs, found[worst], ends[worst]))
        found.sort()
    return tuple(found)


def _halve(runs: Width, first: int, last: int) -> int:
    low, high = first, last  # the left run to `low` is the narrower one, that to `high` is not
    while high - low > 1:
        middle = (low + high) // 2
        if runs.cost(first, middle) < runs.cost(middle + 1, last):
            low = middle
        else:
            high = middle
    return min((low, high - 1), key=lambda j: max(runs.cost(first, j), runs.cost(j + 1, last))) + 1


def labels(starts: tuple[int, ...], order: Whole) -> Whole:
    """Return the run of every cell, shape (n,)."""
    cells = np.empty(len(order), dtype=np.int64)
    cells[order] = np.searchsorted(starts, np.arange(len(order)), side="right") - 1
    return cells
