"""An independent checker of mean-cost levels on a table: it shares no code with the solver.

The cost of the partition is summed up level by level from its definition. The least cost of any
is worked out anew: rows of starts by a coarse-to-fine scan where the columns are sorted, every run
otherwise. Bounds for the micro states follow from the spread.
"""

from __future__ import annotations

import numpy as np

from causal_snn.coarse.leveling.verify import separated
from causal_snn.coarse.leveling.verify_effects import Enclosures, Floats, Whole


def _log(x: Floats) -> Floats:
    return np.log2(np.where(x > 0, x, 1.0))


def cost(rows: Floats, mass: Floats, law: Floats, cells: Whole, objective: str) -> float:
    """Return the mean cost of predicting every effect by the mean of its level."""
    found = 0.0
    for level in np.unique(cells):
        inside = cells == level
        weight = mass[inside]
        if weight.sum() == 0:
            continue
        p = rows[:, inside]
        mean = np.einsum("cjy,j->cy", p, weight / weight.sum())[:, None]
        if objective == "brier":
            each = ((p - mean) ** 2).sum(-1) / 2
        else:
            each = np.where(p > 0, p * (_log(p) - _log(mean)), 0.0).sum(-1)
        found += float(law @ each @ weight)
    return found


class Runs:
    """Costs of runs of sorted cells from cumulative moments."""

    def __init__(self, rows: Floats, mass: Floats, law: Floats, objective: str) -> None:
        self.objective, self.law = objective, law
        steps = np.diff(rows, axis=1)
        self.sorted = bool(((steps >= 0).all(1) | (steps <= 0).all(1)).all())
        each = (rows**2).sum(-1) / 2 if objective == "brier" else (rows * _log(rows)).sum(-1)
        self.mass = np.append(0.0, np.cumsum(mass))
        self.own = np.append(0.0, np.cumsum(law @ each * mass))
        self.first = np.zeros((rows.shape[0], rows.shape[2], len(mass) + 1))
        self.first[:, :, 1:] = np.cumsum(np.moveaxis(rows, 2, 1) * mass, axis=-1)

    def __call__(self, i: Whole, j: Whole) -> Floats:
        """Return the costs of the runs [i, j)."""
        weight = np.maximum(self.mass[j] - self.mass[i], 1e-300)
        explained = np.zeros(len(weight))
        for share, moments in zip(self.law, self.first, strict=True):
            for moment in moments:
                sums = moment[j] - moment[i]
                means = sums / weight
                part = sums * means / 2 if self.objective == "brier" else sums * _log(means)
                explained += share * part
        return np.asarray(self.own[j] - self.own[i] - explained)


def least(runs: Runs, k: int) -> float:
    """Return the least total cost of k runs."""
    n = len(runs.mass) - 1
    before = np.append(0.0, np.full(n, np.inf))
    for _ in range(min(k, n)):
        before = _one_more(runs, before) if runs.sorted else _plain(runs, before)
    return float(before[n])


def _plain(runs: Runs, before: Floats) -> Floats:
    found = np.full_like(before, np.inf)
    for j in range(1, len(before)):
        found[j] = (before[:j] + runs(np.arange(j), np.full(j, j))).min()
    return found


def _one_more(runs: Runs, before: Floats) -> Floats:
    """Add a run: where it best starts rises with its end, so known ends bracket those between."""
    n = len(before) - 1
    start = np.full(n + 1, -1)
    found = np.full(n + 1, np.inf)
    able = np.flatnonzero(np.isfinite(before))
    low_end, high_end = int(able[0]), int(able[-1])
    stride = 1 << n.bit_length()
    while stride:
        ends = np.arange(stride, n + 1, 2 * stride)
        ends = ends[ends > low_end]
        if ends.size:
            known = np.flatnonzero(start >= 0)
            at = np.searchsorted(known, ends)
            padded = np.concatenate([[low_end], start[known], [high_end]])
            lows, highs = padded[at], np.minimum(padded[at + 1], ends - 1)
            sizes = highs - lows + 1
            group = np.repeat(np.arange(len(ends)), sizes)
            i = lows[group] + np.arange(len(group)) - (np.cumsum(sizes) - sizes)[group]
            values = before[i] + runs(i, ends[group])
            best = np.lexsort((i, values, group))[np.cumsum(sizes) - sizes]
            start[ends], found[ends] = i[best], values[best]
        stride //= 2
    return found


def any_levels(rows: Floats, mass: Floats, law: Floats, k: int, objective: str) -> float:
    """Return a bound on levels of any shape: contexts by themselves, one outcome against the rest.

    With two outcomes and one context it is the optimum: levels are intervals of the effect.
    """
    outcomes = rows.shape[2]
    bound = 0.0
    for share, table in zip(law, rows, strict=True):
        greatest = 0.0
        for p in table.T:
            order = np.argsort(p, kind="stable")
            coins = np.stack([1 - p[order], p[order]], -1)[None]
            found = least(Runs(coins, mass[order], np.ones(1), objective), k)
            if objective == "brier":
                found *= (1 + 1 / (outcomes - 1)) / 2
            greatest = max(greatest, found)
        bound += share * greatest
    return bound


def enclosure(
    spread: Floats, rows: Floats, mass: Floats, law: Floats, value: float, best: float, kind: str
) -> tuple[float, float]:
    """Return the bounds for the micro states: upper of the partition, lower of all partitions."""
    value, best = max(value, 0.0), max(best, 0.0)
    if kind == "brier":
        length = float(np.sqrt(law @ spread**2 @ mass))
        return (value**0.5 + length) ** 2, max(best**0.5 - length, 0.0) ** 2
    outcomes = rows.shape[2]

    def coin(x: Floats) -> Floats:
        return -x * _log(x) - (1 - x) * _log(1 - x)

    def change(s: Floats) -> Floats:
        s = np.minimum(s, 1 - 1 / outcomes)
        return np.asarray(coin(s) + s * np.log2(outcomes - 1))

    each = change(spread)
    if outcomes == 2:
        p = rows[:, :, 1]
        ends = np.clip([p - spread, p + spread, np.clip(0.5, p - spread, p + spread)], 0, 1)
        values = coin(np.asarray(ends))
        each = np.maximum(values.max(0) - coin(p), coin(p) - values.min(0))
    slack = float(law @ change(spread @ mass) + law @ each @ mass)
    return value + slack, max(best - slack, 0.0)


def check(
    table: Enclosures,
    mass: Floats,
    cells: Whole,
    *,
    law: Floats,
    k: int,
    objective: str,
    upper: float,
    lower: float,
    separation: float,
    min_mass: float,
    any_shape: bool,
    tolerance: float,
) -> bool:
    """Return whether the levels cost at most `upper`, and no k levels less than `lower`."""
    if cells.min() < 0 or set(cells.tolist()) != set(range(int(cells.max()) + 1)):
        return False
    if cells.max() >= k or np.bincount(cells, weights=mass).min() < min_mass - tolerance:
        return False
    rows = table.rows
    value = cost(rows, mass, law, cells, objective)

    def bound(kind: str) -> float:
        if any_shape:
            return any_levels(rows, mass, law, k, kind)
        return least(Runs(rows, mass, law, kind), k)

    best = bound(objective)
    most, fewest = enclosure(table.spread, rows, mass, law, value, best, objective)
    if objective == "kl" and fewest < best / 2:  # Pinsker: 2/ln 2 times the squares, or more
        squares = enclosure(table.spread, rows, mass, law, 0.0, bound("brier"), "brier")[1]
        fewest = max(fewest, 2.0 / float(np.log(2.0)) * squares)
    stated = ((most, upper), (fewest, lower), (separated(table, cells), separation))
    return all(abs(found - claim) <= tolerance for found, claim in stated)
