"""Points of the fronts of `pareto`: levels that no others of as many are better than in both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, islice
from math import comb

import numpy as np

from causal_snn.coarse.leveling.assemble import from_table
from causal_snn.coarse.leveling.constrained import (
    ROUNDING,
    Blocks,
    Terrain,
    cells_of,
    fill,
    greatest_separation,
    least_width,
    terrain,
)
from causal_snn.coarse.leveling.describe import effective_information
from causal_snn.coarse.leveling.enclosure import Floats, Whole
from causal_snn.coarse.leveling.heavy import heavy
from causal_snn.coarse.leveling.minimax import labels
from causal_snn.coarse.leveling.result import LevelsResult, LevelsStatus
from causal_snn.coarse.leveling.scattered import widest
from causal_snn.coarse.leveling.solve import Solved, by_effect, different, first_ends, solve
from causal_snn.coarse.leveling.sum_cost import best_runs, sum_cost
from causal_snn.coarse.leveling.task import Task
from causal_snn.coarse.leveling.width import Width, width
from causal_snn.kernel.tabulated import TabulatedKernel

MOST_CUTS = 20_000
"""Sets of cuts up to which all are looked at for the front with effective information."""


@dataclass(frozen=True, slots=True, eq=False)
class ParetoPoint:
    """One compromise: no levels of as many are better in both.

    Attributes
    ----------
    k : int
        Number of levels.
    epsilon : float
        Worst total variation of effects of one level (closure), at most.
    separation : float
        Least distance, in every context, of effects of two levels.
    effective_information : float
        Of the macro channel (bits).
    levels : LevelsResult
        The levels themselves, with their certificate.
    """

    k: int
    epsilon: float
    separation: float
    effective_information: float
    levels: LevelsResult


def _point(table: TabulatedKernel, task: Task, solved: Solved) -> ParetoPoint:
    result = from_table(
        table, task, solved, LevelsStatus.OPTIMAL if solved.exact else LevelsStatus.BOUNDED
    )
    return ParetoPoint(
        result.k, result.epsilon, result.separation, result.effective_information, result
    )


def separations(
    table: TabulatedKernel, task: Task, order: Whole, field: Terrain, points: int
) -> tuple[list[ParetoPoint], bool]:
    """Return the front (epsilon, separation) of k levels, and whether it is complete."""
    most = greatest_separation(field, task.k, np.inf) if task.k > 1 else None
    if most is None:
        return [], True
    found = list(islice(_follow(field, task.k, None), points + 1))
    complete = len(found) <= points
    if not complete:
        found = list(_follow(field, task.k, np.linspace(0.0, most.separation, points + 1)[1:]))
    inner = terrain(table, order, "tv", min_mass=task.min_mass, side="inner")
    bounded = field.sorted and bool(np.all(np.diff(order) == 1))
    some = []
    for blocks in found:
        best = least_width(inner, task.k, blocks.separation) if bounded else None
        cells = cells_of(fill(field, blocks, blocks.worst, blocks.separation), order)
        cells = cells if task.contiguous else by_effect(table, cells)
        solved = Solved(
            cells,
            widest(table, cells, "tv"),
            0.0 if best is None else best.worst,
            (),
            False,
            field.sorted,
            "shortest heavy runs, each as early as it can be, and bisection",
        )
        some.append(_point(table, replace(task, separation=blocks.separation), solved))
    return some, complete


def _follow(field: Terrain, k: int, asked: Floats | None) -> Iterator[Blocks]:
    """Yield the points of the front from the least epsilon on: all, or from asked separations.

    Levels that leave cells out and yet touch are no point: their separation is 0.
    """
    apart = float(np.nextafter(0.0, 1.0)) if asked is None else float(asked[0])
    while True:
        narrow = least_width(field, k, apart)
        if narrow is None:
            return
        best = greatest_separation(field, k, narrow.worst)
        if best is None:
            return
        yield best
        if asked is None:
            apart = float(np.nextafter(best.separation, np.inf))
            continue
        later = asked[asked > best.separation]
        if not later.size:
            return
        apart = float(later[0])


def informations(
    table: TabulatedKernel, task: Task, order: Whole
) -> tuple[list[ParetoPoint], bool]:
    """Return the front (epsilon, effective information) of k levels that cover everything."""
    runs = width(table, order, "tv")
    k = min(task.k, different(table, order))
    complete = comb(table.n - 1, k - 1) <= MOST_CUTS
    if complete:
        tried = [(0, *cuts) for cuts in combinations(range(1, table.n), k - 1)]
    else:
        tried = _candidates(table, replace(task, k=k), order, runs)
    total = np.concatenate([[0.0], np.cumsum(table.mass[order])])
    sums = np.zeros((*table.rows.shape[::2], table.n + 1))
    sums[:, :, 1:] = np.cumsum(np.moveaxis(table.rows[:, order], 2, 1) * table.mass[order], -1)
    cost = cache(runs.cost)
    front: list[tuple[float, float, tuple[int, ...]]] = []
    for starts in tried:
        ends = (*starts[1:], table.n)
        mass = total[list(ends)] - total[list(starts)]
        if mass.min() < max(task.min_mass - ROUNDING, ROUNDING):
            continue
        means = (sums[:, :, list(ends)] - sums[:, :, list(starts)]) / mass
        information = effective_information(np.moveaxis(means, 2, 0), table.context_law)
        epsilon = max(cost(a, b - 1) for a, b in zip(starts, ends, strict=True))
        front.append((epsilon, -information, starts))
    some, least = [], np.inf
    for epsilon, negative, starts in sorted(front):
        if negative < least:
            least = negative
            some.append(_covering(table, replace(task, k=k), order, starts, epsilon))
    return some, complete


def _candidates(
    table: TabulatedKernel, task: Task, order: Whole, runs: Width
) -> list[tuple[int, ...]]:
    """Return the starts of good levels: narrow, of least squares, and most informative ones."""
    ends = first_ends(table.mass[order], task.min_mass)
    least = ends if task.min_mass > 0 else None
    found = [best_runs(sum_cost(table, order, kind), task.k, least) for kind in ("brier", "kl")]
    narrow = heavy(runs, table.mass[order], task.k, task.min_mass)
    return [starts for starts in (narrow, *found) if starts]


def _covering(
    table: TabulatedKernel, task: Task, order: Whole, starts: tuple[int, ...], epsilon: float
) -> ParetoPoint:
    free = solve(table, replace(task, min_mass=0.0))
    if free is None:
        raise AssertionError
    cells = labels(starts, order)
    cells = cells if task.contiguous else by_effect(table, cells)
    return _point(table, task, replace(free, cells=cells, upper=epsilon, exact=True))
