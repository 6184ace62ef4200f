"""One table, one number of levels: choose the method, and prove what it found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from causal_snn.coarse.leveling import sum_bounds
from causal_snn.coarse.leveling.constrained import (
    ROUNDING,
    cells_of,
    fill,
    greatest_separation,
    least_width,
    terrain,
)
from causal_snn.coarse.leveling.enclosure import Whole
from causal_snn.coarse.leveling.heavy import heavy
from causal_snn.coarse.leveling.minimax import labels, minimax, split
from causal_snn.coarse.leveling.scattered import orders, packing, scattered, widest
from causal_snn.coarse.leveling.sum_cost import Objective as MeanCost
from causal_snn.coarse.leveling.sum_cost import best_runs, sum_cost
from causal_snn.coarse.leveling.task import Task
from causal_snn.coarse.leveling.width import monotone, width
from causal_snn.kernel.tabulated import TabulatedKernel


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """Levels of a table and the bound on all others.

    Attributes
    ----------
    cells : array of int, shape (n,)
    upper, lower : float
        Of the objective, for every micro state.
    witnesses : tuple of int
    any_shape : bool
        Whether `lower` bounds levels of any shape.
    exact : bool
        Whether upper and lower differ only by what the table's spread leaves open.
    method : str
    """

    cells: Whole
    upper: float
    lower: float
    witnesses: tuple[int, ...]
    any_shape: bool
    exact: bool
    method: str


def solve(kernel: TabulatedKernel, task: Task) -> Solved | None:
    """Return the best k levels, or None if no k levels meet the constraints."""
    order = best_order(kernel, contiguous=task.contiguous)
    if task.separation > 0:
        return _separated(kernel, task, order)
    if task.objective != "minimax":
        return _mean_cost(kernel, task, task.objective)
    if task.min_mass > 0:
        return _heavy(kernel, task)
    if not task.contiguous:
        found = scattered(kernel, task.k, task.distance)
        exact = sorts(kernel, order) or found.upper == found.lower
        cells = by_effect(kernel, found.cells)
        return Solved(cells, found.upper, found.lower, found.witnesses, True, exact, found.method)
    outer = minimax(width(kernel, order, task.distance, "outer"), task.k)
    inner = minimax(width(kernel, order, task.distance, "inner"), task.k)
    starts = split(width(kernel, order, task.distance, "table"), outer.starts, task.k)
    apart = packing(kernel, inner.witnesses, task.distance)
    any_shape = apart >= inner.value - ROUNDING
    return Solved(
        labels(starts, order),
        outer.value,
        apart if any_shape else inner.value,
        inner.witnesses,
        any_shape,
        True,
        "greedy covering and bisection over the widths of all runs",
    )


def best_order(kernel: TabulatedKernel, *, contiguous: bool) -> Whole:
    """Return the order of cells in which levels are runs: the table's, or that of the effects."""
    given = np.arange(kernel.n)
    return given if contiguous or sorts(kernel, given) else list(orders(kernel).values())[-1]


def sorts(kernel: TabulatedKernel, order: Whole) -> bool:
    """Return whether in this order two-outcome effects rise or fall in every context."""
    p = kernel.probability[:, order]
    return kernel.binary and bool(np.all(np.logical_or(*monotone(p, p))))


def by_effect(kernel: TabulatedKernel, cells: Whole) -> Whole:
    """Return the levels numbered from the least mean effect up, without gaps; -1 stays."""
    used = np.unique(cells[cells >= 0])
    effect = kernel.context_law @ kernel.probability
    mean = [float(effect[cells == level].mean()) for level in used]
    renumbered = np.full(kernel.n, -1, dtype=np.int64)
    for number, level in enumerate(used[np.argsort(mean, kind="stable")]):
        renumbered[cells == level] = number
    return renumbered


def different(kernel: TabulatedKernel, order: Whole) -> int:
    """Return how many runs of cells with different rows there are in an order."""
    rows = kernel.rows[:, order]
    return 1 + int(np.any(np.diff(rows, axis=1) != 0, axis=(0, 2)).sum())


def _separated(kernel: TabulatedKernel, task: Task, order: Whole) -> Solved | None:
    field = terrain(kernel, order, task.distance, min_mass=task.min_mass)
    found = least_width(field, task.k, task.separation)
    if found is None:
        return None
    epsilon = found.worst
    apart = greatest_separation(field, task.k, epsilon)
    found = apart if apart is not None else found
    cells = cells_of(fill(field, found, epsilon, found.separation), order)
    lower = 0.0
    if field.sorted and np.all(np.diff(order) == 1):  # the checker takes cells as they come
        inner = terrain(kernel, order, task.distance, min_mass=task.min_mass, side="inner")
        best = least_width(inner, task.k, task.separation)
        lower = 0.0 if best is None else best.worst
    cells = cells if task.contiguous else by_effect(kernel, cells)
    upper = widest(kernel, cells, task.distance)
    method = "shortest heavy runs, each as early as it can be, and bisection"
    return Solved(cells, upper, lower, (), False, field.sorted, method)


def _heavy(kernel: TabulatedKernel, task: Task) -> Solved | None:
    """Return levels that are heavy enough; the bound is that of levels of any mass."""
    tried = []
    choices = {"": np.arange(kernel.n)} if task.contiguous else orders(kernel)
    for order in choices.values():
        runs = width(kernel, order, task.distance)
        k = min(task.k, different(kernel, order))
        starts = heavy(runs, kernel.mass[order], k, task.min_mass)
        if starts is not None:
            tried.append(labels(starts, order))
    free = solve(kernel, replace(task, min_mass=0.0))
    if not tried or free is None:
        return None
    upper, at = min((widest(kernel, cells, task.distance), x) for x, cells in enumerate(tried))
    cells = tried[at] if task.contiguous else by_effect(kernel, tried[at])
    method = "reachable ends of heavy runs and bisection"
    return replace(free, cells=cells, upper=upper, method=method)


def _mean_cost(kernel: TabulatedKernel, task: Task, objective: MeanCost) -> Solved | None:
    tried: list[tuple[float, Whole]] = []
    choices = {"": np.arange(kernel.n)} if task.contiguous else orders(kernel)
    monge = True
    for order in choices.values():
        costs = sum_cost(kernel, order, objective)
        monge = monge and costs.monge
        k = min(task.k, different(kernel, order))
        least = first_ends(kernel.mass[order], task.min_mass) if task.min_mass > 0 else None
        starts = best_runs(costs, k, least)
        if starts:
            tried.append((sum_bounds.total(costs, starts), labels(starts, order)))
    if not tried:
        return None
    least_cost, cells = tried[min(range(len(tried)), key=lambda x: tried[x][0])]
    value = sum_bounds.cost_of(kernel, cells, objective)
    any_shape = not task.contiguous or (kernel.binary and len(kernel.inputs) == 1 and monge)
    # One column that is sorted: the best runs are the best of any shape (N8).
    known = least_cost if task.contiguous and not task.min_mass else None
    best = _bound(kernel, task, any_shape, objective) if known is None else known
    brier = partial(_bound, kernel, task, any_shape, "brier")
    upper, lower = sum_bounds.enclose(kernel, value, best, brier, objective)
    how = "divide and conquer" if monge and not task.min_mass else "every run compared"
    exact = task.contiguous or value <= best + ROUNDING
    cells = cells if task.contiguous else by_effect(kernel, cells)
    return Solved(cells, upper, lower, (), any_shape, exact, f"dynamic programming, {how}")


def _bound(kernel: TabulatedKernel, task: Task, any_shape: bool, objective: MeanCost) -> float:
    """Return the least cost of k levels of any mass on the table's rows, or a bound on it."""
    if any_shape:
        return sum_bounds.relaxed(kernel, task.k, objective)
    order = np.arange(kernel.n)
    costs = sum_cost(kernel, order, objective)
    k = min(task.k, different(kernel, order))
    return sum_bounds.total(costs, best_runs(costs, k))


def first_ends(mass: np.ndarray[tuple[int], np.dtype[np.float64]], least: float) -> Whole:
    """Return for each start the first end (not included) of a run heavy enough, n + 1 if none."""
    total = np.concatenate([[0.0], np.cumsum(mass)])
    return np.append(np.searchsorted(total, total[:-1] + least - ROUNDING), len(total))
