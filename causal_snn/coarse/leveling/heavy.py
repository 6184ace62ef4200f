"""k runs that cover all cells, each with a least mass: reachable ends, and bisection."""

from __future__ import annotations

import numpy as np

from causal_snn.coarse.leveling.constrained import ROUNDING
from causal_snn.coarse.leveling.enclosure import Floats, Whole
from causal_snn.coarse.leveling.minimax import MOST_STEPS
from causal_snn.coarse.leveling.width import SortedWidth, Width


def heavy(runs: Width, mass: Floats, k: int, min_mass: float) -> tuple[int, ...] | None:
    """Return the starts of the k runs of at least `min_mass` whose widest is narrowest, or None.

    Parameters
    ----------
    runs : Width
    mass : array, shape (n,)
        Masses of the cells in the order of the runs.
    k : int
    min_mass : float

    Returns
    -------
    tuple of int, or None
        None if no k runs are heavy enough.
    """
    high = runs.cost(0, runs.n - 1)
    best = _fit(runs, mass, k, min_mass, np.inf)
    if best is None:
        return None
    low, high = 0.0, _worst(runs, best)
    found = _fit(runs, mass, k, min_mass, low)
    if found is not None:
        return found
    for _ in range(MOST_STEPS):
        middle = 2.0 * low + 1.0 if np.isinf(high) else low + (high - low) / 2.0
        if not low < middle < high or np.isinf(middle):
            break
        found = _fit(runs, mass, k, min_mass, middle)
        if found is None:
            low = middle
        else:
            best, high = found, min(_worst(runs, found), middle)
    return best


def _worst(runs: Width, starts: tuple[int, ...]) -> float:
    ends = [*(start - 1 for start in starts[1:]), runs.n - 1]
    return max(runs.cost(a, b) for a, b in zip(starts, ends, strict=True))


def _fit(
    runs: Width, mass: Floats, k: int, min_mass: float, epsilon: float
) -> tuple[int, ...] | None:
    """Return starts of k heavy runs no wider than epsilon, from the ends that t runs can have."""
    n = runs.n
    total = np.concatenate([[0.0], np.cumsum(mass)])
    light = np.searchsorted(total, total[:-1] + min_mass - ROUNDING)
    first = np.maximum(light, np.arange(n) + 1)  # a run from i may stop before `first` ...
    last = reaches(runs, epsilon) + 1  # ... to `last`
    reached = np.zeros((k + 1, n + 1), dtype=bool)
    reached[0, 0] = True
    for t in range(k):
        begins = np.flatnonzero(reached[t, :n] & (first <= last))
        marks = np.zeros(n + 2, dtype=np.int64)
        np.add.at(marks, first[begins], 1)
        np.add.at(marks, last[begins] + 1, -1)
        reached[t + 1] = np.cumsum(marks)[: n + 1] > 0
    if not reached[k, n]:
        return None
    starts, stop = [], n
    for t in range(k, 0, -1):
        begins = np.flatnonzero(reached[t - 1, :n] & (first <= stop) & (stop <= last))
        stop = int(begins[len(begins) // 2])
        starts.append(stop)
    return tuple(reversed(starts))


def reaches(runs: Width, epsilon: float) -> Whole:
    """Return, for every cell, the last one that a run no wider than epsilon has, shape (n,)."""
    n = runs.n
    if np.isinf(epsilon):
        return np.full(n, n - 1)
    if isinstance(runs, SortedWidth) and runs.name == "tv":
        ends = [
            np.searchsorted(runs.last[:, c], runs.first[:, c] + epsilon, side="right")
            for c in range(runs.first.shape[1])
        ]
        return np.asarray(np.min(ends, axis=0) - 1)
    found = np.empty(n, dtype=np.int64)
    end = -1
    for i in range(n):
        end = max(end, i - 1)
        while end + 1 < n and runs.cost(i, end + 1) <= epsilon:
            end += 1
        found[i] = end
    return found
