"""What the spread of a table can change about mean costs: bounds for every micro state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from causal_snn.coarse.leveling.enclosure import Floats, Whole
from causal_snn.coarse.leveling.sum_cost import Objective, SumCost, best_runs, sum_cost
from causal_snn.kernel.tabulated import TabulatedKernel


def enclose(
    kernel: TabulatedKernel,
    value: float,
    best: float,
    brier: Callable[[], float],
    objective: Objective,
) -> tuple[float, float]:
    """Return the upper bound of a partition's cost and the lower bound of every partition's.

    The root of the mean Brier cost is a seminorm of the effects, and the spread a vector of
    length S, S^2 = sum nu_c w_j s_cj^2: (sqrt(best) - S)^2 and (sqrt(value) + S)^2. KL costs
    are differences of entropies, each of which the spread changes by a bounded amount; they
    are also at least 2/ln 2 times the Brier cost (Pinsker) (theory/09_levels.py N9).

    Parameters
    ----------
    kernel : TabulatedKernel
    value : float
        Cost of the partition on the table's rows.
    best : float
        No partition of the table's rows costs less.
    brier : callable
        Returns the same for the Brier cost; asked where the entropies leave less than half.
    objective : {"brier", "kl"}

    Returns
    -------
    upper, lower : float
    """
    value, best = max(value, 0.0), max(best, 0.0)
    law = kernel.context_law[:, None] * kernel.mass
    length = float(np.sqrt(np.sum(law * kernel.spread**2)))

    def squares(least: float) -> float:
        return max(float(np.sqrt(max(least, 0.0))) - length, 0.0) ** 2

    if objective == "brier":
        return (float(np.sqrt(value)) + length) ** 2, squares(best)
    count = len(kernel.outcomes)
    modulus = kernel.context_law @ _modulus(kernel.spread @ kernel.mass, count)
    slack = float(modulus + np.sum(law * _entropy_slack(kernel)))
    lower = max(best - slack, 0.0)
    if lower < best / 2.0:
        lower = max(lower, 2.0 / float(np.log(2.0)) * squares(brier()))
    return value + slack, lower


def _entropy_slack(kernel: TabulatedKernel) -> Floats:
    """Return how far the entropy of an effect can be from that of its row (bits), shape (C, n)."""
    if not kernel.binary:
        return _modulus(kernel.spread, len(kernel.outcomes))
    low, high, middle = (
        _binary(x) for x in (kernel.lower, kernel.upper, np.clip(kernel.probability, 0.0, 1.0))
    )
    peak = np.where((kernel.lower <= 0.5) & (kernel.upper >= 0.5), 1.0, np.maximum(low, high))
    return np.asarray(np.maximum(peak - middle, middle - np.minimum(low, high)))


def _modulus(spread: Floats, count: int) -> Floats:
    """Return h(s) + s log2(Y - 1): entropies of laws within s in total variation differ by less."""
    s = np.minimum(spread, 1.0 - 1.0 / count)
    return np.asarray(_binary(s) + s * np.log2(count - 1.0))


def _binary(p: Floats) -> Floats:
    """Return the entropy of a coin (bits)."""
    found = np.zeros_like(p)
    for x in (p, 1.0 - p):
        found -= x * np.log2(np.where(x > 0, x, 1.0))
    return found


def relaxed(kernel: TabulatedKernel, k: int, objective: Objective) -> float:
    """Return a lower bound on the cost of any k levels, contiguous or not, on the table's rows.

    Each context may choose its own levels; of more than two outcomes only one is looked at.
    With one context and two outcomes levels are intervals of the effect, and the bound is the
    optimum (Burshtein et al., IEEE Trans Inf Theory 38:111, 1992; theory/09_levels.py N8).
    """
    return float(
        sum(
            weight * max(_one_column(kernel, c, y, k, objective) for y in _outcomes(kernel))
            for c, weight in enumerate(kernel.context_law)
        )
    )


def _outcomes(kernel: TabulatedKernel) -> range:
    return range(1, 2) if kernel.binary else range(len(kernel.outcomes))


def _one_column(kernel: TabulatedKernel, c: int, y: int, k: int, objective: Objective) -> float:
    """Return the least cost of telling one outcome from the rest in one context."""
    p = np.clip(kernel.rows[c, :, y], 0.0, 1.0)
    order = np.argsort(p, kind="stable")
    costs = _column_cost(p[order], kernel.mass[order], objective)
    runs = best_runs(costs, min(k, len(p)))
    found = total(costs, runs)
    if objective == "kl" or kernel.binary:
        return found
    # |d|^2/2 is least, given d_y, where the other outcomes share -d_y evenly
    return found * (1.0 + 1.0 / (len(kernel.outcomes) - 1)) / 2.0


def _column_cost(p: Floats, mass: Floats, objective: Objective) -> SumCost:
    n = len(p)
    column = TabulatedKernel(
        label="",
        rows=np.stack([1.0 - p, p], axis=-1)[None],
        spread=np.zeros((1, n)),
        states=np.zeros((n, 1)),
        mass=mass,
        inputs=np.zeros(1),
        context_law=np.ones(1),
    )
    return sum_cost(column, np.arange(n), objective)


def total(costs: SumCost, starts: tuple[int, ...]) -> float:
    """Return the total cost of runs, given their first cells."""
    ends = np.array([*starts[1:], costs.n])
    return float(costs.cost(np.array(starts), ends).sum())


def cost_of(kernel: TabulatedKernel, cells: Whole, objective: Objective) -> float:
    """Return the cost of any partition on the table's rows, level by level."""
    from scipy.special import rel_entr

    found = 0.0
    for level in np.unique(cells):
        inside = cells == level
        weight, rows = kernel.mass[inside], np.clip(kernel.rows[:, inside], 0.0, 1.0)
        if weight.sum() > 0:
            mean = np.einsum("cjy,j->cy", rows, weight / weight.sum())[:, None]
            each = (rows - mean) ** 2 / 2.0 if objective == "brier" else rel_entr(rows, mean)
            scale = 1.0 if objective == "brier" else 1.0 / float(np.log(2.0))
            found += scale * float(kernel.context_law @ each.sum(axis=-1) @ weight)
    return found
