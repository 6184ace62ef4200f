"""levels: the best k macro states of one unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from causal_snn.coarse.leveling.assemble import from_cuts, from_table
from causal_snn.coarse.leveling.closed import closed_levels, fewest_closed
from causal_snn.coarse.leveling.constrained import greatest_separation, least_width, terrain
from causal_snn.coarse.leveling.minimax import cover
from causal_snn.coarse.leveling.result import LevelsResult, LevelsStatus
from causal_snn.coarse.leveling.solve import Solved, best_order, different, solve
from causal_snn.coarse.leveling.task import Objective, Task, check_task
from causal_snn.coarse.leveling.width import width
from causal_snn.errors import bad
from causal_snn.kernel.distance import Distance
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel

NEAREST_STEPS = 65
"""Separations tried on the way to the point of the front nearest to an infeasible one."""


def levels(
    kernel: EffectKernel | TabulatedKernel,
    k: int | None = None,
    *,
    epsilon: float | None = None,
    objective: Objective = "minimax",
    distance: Distance = "tv",
    min_mass: float = 0.0,
    separation: float = 0.0,
    contiguous: bool = True,
    cells: int = 2000,
) -> LevelsResult:
    """Return the best k levels of a unit's effects, or the fewest that are good enough.

    ``"minimax"`` makes the worst distance D of two effects of one level, in any context, least:
    greedy covering inside a bisection over the finitely many widths of runs, exact on the table
    (theory/09_levels.py N1-N3). The closed-form kernel is cut anywhere, not on a grid, if
    nothing but k or epsilon is asked. ``"brier"`` and ``"kl"`` make the mean squared error, or
    the information about the effect that the level loses (bits), least: dynamic programming,
    O(k n log n) by the quadrangle inequality where the columns are sorted, else O(k n^2) (N8).
    What effects vary within a cell (`TabulatedKernel.spread`) counts: epsilon is never
    under-reported, and `lower` holds wherever the continuum is cut.

    Parameters
    ----------
    kernel : EffectKernel or TabulatedKernel
    k : int, optional
        Number of levels. Fewer are returned where no more effects are distinguishable.
    epsilon : float, optional
        Greatest objective allowed; without k the fewest levels are sought (two if a separation
        is asked).
    objective : {"minimax", "brier", "kl"}
    distance : {"tv", "hellinger", "js", "kl"}
        Between effects, for ``"minimax"`` and for the separation.
    min_mass : float
        Least mass of a level under the kernel's reference law.
    separation : float
        Least distance, in every context, of effects of two levels. Levels of a continuum touch
        unless cells between them belong to none: with a separation cells may abstain, and
        `min_mass` is what keeps levels from shrinking to nothing.
    contiguous : bool
        Whether levels must be runs of neighbouring cells. If not, levels gather like effects
        wherever they lie: before reset the cells that cause a spike are a band [T, theta).
        Cells with several coordinates have no order; for them it does not apply.
    cells : int
        Number of cells for an EffectKernel.

    Returns
    -------
    LevelsResult
        Its status says if it is optimal, bounded, of fewer levels, or the nearest feasible
        point to an infeasible question.

    Raises
    ------
    InputError
        If neither k nor epsilon is given, a number is out of range, or a separation is asked of
        a mean cost or of more than two outcomes.
    """
    if k is None and epsilon is None:
        raise bad("k", None, "a number of levels, or an epsilon")
    task = Task(
        1 if k is None else k, objective, distance, float(min_mass), float(separation), contiguous
    )
    check_task(task, epsilon)
    plain = (objective, distance, min_mass, separation) == ("minimax", "tv", 0, 0)
    if isinstance(kernel, EffectKernel) and plain:
        count = fewest_closed(kernel, epsilon) if k is None and epsilon is not None else task.k
        return from_cuts(kernel, closed_levels(kernel, count), count, epsilon, cells)
    table = kernel.tabulate(cells) if isinstance(kernel, EffectKernel) else kernel
    if len(table.coordinates) > 1:
        task = replace(task, contiguous=False)
    if k is None and epsilon is not None:
        task = replace(task, k=_fewest(table, task, epsilon))
    return _answer(table, task, epsilon)


def _answer(table: TabulatedKernel, task: Task, epsilon: float | None) -> LevelsResult:
    found = solve(table, task)
    feasible = found is not None and (epsilon is None or found.upper <= epsilon)
    if not feasible and task.separation > 0:
        task, found = _nearest(table, task, epsilon)
    while found is None:  # levels that heavy do not fit: the most that do
        task = replace(task, k=task.k - 1)
        found = solve(table, task)
    if not feasible:
        status = LevelsStatus.INFEASIBLE
    elif found.cells.max() + 1 < min(task.k, table.n) or task.k > table.n:
        status = LevelsStatus.FEWER if _few(table, task) else LevelsStatus.BOUNDED
    else:
        status = LevelsStatus.OPTIMAL if found.exact else LevelsStatus.BOUNDED
    return from_table(table, task, found, status)


def _few(table: TabulatedKernel, task: Task) -> bool:
    return different(table, best_order(table, contiguous=task.contiguous)) < task.k


def _fewest(table: TabulatedKernel, task: Task, epsilon: float) -> int:
    """Return the fewest levels that reach epsilon, or as many as help to come near it."""
    if task.separation > 0:
        return 2  # to leave cells out is easier with few levels
    order = best_order(table, contiguous=task.contiguous)
    most = different(table, order)
    if task.objective == "minimax" and task.contiguous and task.min_mass == 0:
        runs = width(table, order, task.distance)
        return min(len(cover(runs, max(epsilon, runs.alone()), table.n)[0]), most)
    best, least = 1, np.inf
    for k in range(1, most + 1):
        found = solve(table, replace(task, k=k))
        if found is None:
            break
        if found.upper <= epsilon:
            return k
        if found.upper < least:
            best, least = k, found.upper
        elif k > 2 * best:  # the table's own spread is what remains
            break
    return best


def _nearest(
    table: TabulatedKernel, task: Task, epsilon: float | None
) -> tuple[Task, Solved | None]:
    """Return the task on the front (epsilon, separation) that comes nearest to what was asked."""
    order = best_order(table, contiguous=task.contiguous)
    field = terrain(table, order, task.distance, min_mass=task.min_mass)
    limit = np.inf if epsilon is None else epsilon
    best, least = replace(task, separation=0.0), np.inf
    widest = greatest_separation(field, task.k, np.inf)
    asked = {float(x) for x in np.linspace(0.0, task.separation, NEAREST_STEPS)}
    for apart in sorted(asked | ({widest.separation} if widest is not None else set())):
        found = least_width(field, task.k, min(apart, task.separation))
        if found is None:
            break
        missing = max(task.separation - apart, 0.0), max(found.worst - limit, 0.0)
        if np.hypot(*missing) < least:
            best, least = replace(task, separation=min(apart, task.separation)), np.hypot(*missing)
    return best, solve(table, best)
