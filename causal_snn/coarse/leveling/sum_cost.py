r"""The k runs of cells with the least mean cost, by dynamic programming.

The cost of a run A is the mean error, over contexts and over its micro states, of predicting the
effect by the mean effect of A:

    Brier  sum_c nu_c sum_{j in A} w_j |p_cj - mean_cA|^2 / 2      (two outcomes: of the spike)
    KL     sum_c nu_c sum_{j in A} w_j KL(p_cj, mean_cA)           in bits

Its sum over levels is for KL the information about the effect that the levels lose,
I(effect; cell | context) - I(effect; level | context): the least KL is the most information.

If every outcome's column is sorted in every context, w(i, j) satisfies the quadrangle inequality
(theory/09_levels.py N8) and divide and conquer takes O(k n log n); if not, O(k n^2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from causal_snn.coarse.leveling.enclosure import Floats, Whole
from causal_snn.kernel.tabulated import TabulatedKernel

Objective = Literal["brier", "kl"]


@dataclass(frozen=True, slots=True, eq=False)
class SumCost:
    """Costs of runs [i, j) by cumulative sums.

    Attributes
    ----------
    total : array, shape (n + 1,)
        Cumulative sum over contexts of what each cell contributes by itself.
    mass : array, shape (n + 1,)
        Cumulative mass.
    sums : array, shape (K, n + 1)
        Cumulative mass times probability of each context and outcome that counts.
    weights : array, shape (K,)
        Law on the contexts.
    objective : {"brier", "kl"}
    monge : bool
        Whether every column is sorted, so that the quadrangle inequality holds.
    """

    total: Floats
    mass: Floats
    sums: Floats
    weights: Floats
    objective: Objective
    monge: bool

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.mass) - 1

    def concave(self, i: Whole | int, j: Whole | int) -> Floats:
        """Return what the mean of the run [i, j) explains: w = total_j - total_i - concave."""
        mass = self.mass[j] - self.mass[i]
        if self.objective == "brier":
            found = np.zeros_like(mass)
            for weight, sums in zip(self.weights, self.sums, strict=True):
                found += weight * (sums[j] - sums[i]) ** 2
            return np.divide(found, mass, out=np.zeros_like(mass), where=mass > 0)
        found = -_xlogx(mass)
        for weight, sums in zip(self.weights, self.sums, strict=True):
            found += weight * _xlogx(sums[j] - sums[i])
        return found

    def cost(self, i: Whole | int, j: Whole | int) -> Floats:
        """Return the cost of the run [i, j), at least 0 but for rounding."""
        return np.asarray(self.total[j] - self.total[i] - self.concave(i, j))


def sum_cost(kernel: TabulatedKernel, order: Whole, objective: Objective) -> SumCost:
    """Return the costs of runs of cells taken in an order, shape (n,)."""
    rows = np.clip(kernel.rows[:, order], 0.0, 1.0)
    mass, law = kernel.mass[order], kernel.context_law
    steps = np.diff(rows, axis=1)
    monge = bool(np.all(np.all(steps >= 0, axis=1) | np.all(steps <= 0, axis=1)))
    if objective == "kl":
        columns, weights = rows, law
        each = _xlogx(rows)
    elif kernel.binary:  # half the squares of two opposite columns is the square of one
        columns, weights = rows[:, :, 1:], law
        each = columns**2
    else:
        columns, weights = rows, law / 2.0
        each = rows**2
    alone = mass * np.einsum("c,cjy->j", weights, each)
    count = columns.shape[2]
    flat = np.moveaxis(columns, 2, 1).reshape(-1, len(mass))
    return SumCost(
        _cumulative(alone),
        _cumulative(mass),
        _cumulative(flat * mass),
        np.repeat(weights, count),
        objective,
        monge,
    )


def best_runs(costs: SumCost, k: int, least: Whole | None = None) -> tuple[int, ...]:
    """Return the first cells of the k runs of least total cost.

    Parameters
    ----------
    costs : SumCost
    k : int
        At most n.
    least : array, shape (n + 1,), optional
        For each start the first end that makes a run heavy enough.
    """
    n = costs.n
    if k == 1:
        return (0,)
    if not costs.monge or least is not None:
        return _quadratic(costs, k, least)
    before = np.append(np.inf, costs.cost(0, np.arange(1, n + 1)))
    chosen: list[Whole] = []
    for t in range(2, k):
        before, arg = _layer(costs, before, t)
        chosen.append(arg)
    starts = np.arange(k - 1, n)
    stop = int(starts[np.argmin(before[starts] + costs.cost(starts, n))])
    found = [stop]
    for arg in reversed(chosen):
        stop = int(arg[stop])
        found.append(stop)
    return (0, *reversed(found))


def _layer(costs: SumCost, before: Floats, t: int) -> tuple[Floats, Whole]:
    """Return the least cost of t runs up to each j, and where the last of them starts.

    The best start rises with j (N8): all middles of the open ranges are settled at once, then
    those of their halves.
    """
    n = costs.n
    found, arg = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=np.int64)
    base = before - costs.total
    low, high = np.array([t]), np.array([n])  # ranges of j, ends included
    first, last = np.array([t - 1]), np.array([n - 1])  # ranges of the start
    while low.size:
        middle = (low + high) // 2
        stop = np.minimum(last, middle - 1)
        size = stop - first + 1
        offset = np.concatenate([[0], np.cumsum(size)[:-1]])
        starts = np.arange(size.sum()) + np.repeat(first - offset, size)
        values = base[starts] - costs.concave(starts, np.repeat(middle, size))
        least = np.minimum.reduceat(values, offset)
        at = np.flatnonzero(values == np.repeat(least, size))
        range_of = np.searchsorted(offset, at, side="right") - 1
        best = np.empty(len(low), dtype=np.int64)
        best[range_of[::-1]] = starts[at[::-1]]  # the first of equals
        found[middle], arg[middle] = least + costs.total[middle], best
        low, high = np.concatenate([low, middle + 1]), np.concatenate([middle - 1, high])
        first, last = np.concatenate([first, best]), np.concatenate([best, last])
        keep = low <= high
        low, high, first, last = low[keep], high[keep], first[keep], last[keep]
    return found, arg


def _quadratic(costs: SumCost, k: int, least: Whole | None) -> tuple[int, ...]:
    """Return the same by comparing every start of every run."""
    n = costs.n
    best = np.full((k + 1, n + 1), np.inf)
    best[0, 0] = 0.0
    arg = np.zeros((k + 1, n + 1), dtype=np.int64)
    for j in range(1, n + 1):
        starts = np.arange(j)
        column = costs.cost(starts, np.full(j, j))
        if least is not None:
            column = np.where(least[:j] <= j, column, np.inf)
        values = best[:-1, :j] + column
        arg[1:, j] = np.argmin(values, axis=1)
        best[1:, j] = values[np.arange(k), arg[1:, j]]
    found, stop = [], n
    if not np.isfinite(best[k, n]):
        return ()
    for t in range(k, 0, -1):
        stop = int(arg[t, stop])
        found.append(stop)
    return tuple(reversed(found))


def _cumulative(values: Floats) -> Floats:
    start = np.zeros((*values.shape[:-1], 1))
    return np.concatenate([start, np.cumsum(values, axis=-1)], axis=-1)


def _xlogx(x: Floats) -> Floats:
    """Return x log2 x, 0 at 0."""
    return np.asarray(x * np.log2(np.maximum(x, 1e-300)))
