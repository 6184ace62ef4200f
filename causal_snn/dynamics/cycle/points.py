"""Special points of cycle branches: folds, period doublings, tori and branch points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Loop
from causal_snn.dynamics.cycle.floquet import TRUSTED, cycle_multipliers, multipliers
from causal_snn.dynamics.cycle.locate import Located, Test, locate
from causal_snn.dynamics.cycle.problem import Problem
from causal_snn.dynamics.cycle.trace import FLAT, Trace, turned

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
CHANGE = 1e-6
"""Least value of a function of the multipliers; below, as in a family of centres, it is noise."""
NOISE = 1e-8
"""Folds nearer to each other than this, relative to the parameter's typical change, are one."""
FEW = 4.0
"""Points are told apart only if this many times farther from each other than their errors."""
COARSE = 1e-5
"""Largest error, relative to the parameter's typical change, that lets two folds be one."""
VAGUE = 1e-3
"""An error of the parameter above this, relative to its typical change, locates nothing."""


def special_points(problem: Problem, trace: Trace, found: Complexes) -> list[Located]:
    """Locate every special point of a branch, in its order.

    A fold of cycles is where the parameter's share of the tangent changes sign; the others are
    where a function of the multipliers does.
    """
    points: list[Located] = []
    flat = FLAT * problem.reach
    for k in range(2 if trace.hopf else 1, len(trace.loops)):
        before, after = trace.tangents[k - 1], trace.tangents[k]
        fold = turned(before, after) and min(abs(before.value), abs(after.value)) > flat
        here: list[Located] = []
        if fold:
            ends = before.value, after.value
            here.append(locate(problem, trace, k, "LPC", lambda _, way, __: way.value, ends))
        for label, function in FUNCTIONS.items():
            if label == "BP" and fold:
                continue
            if label == "NS" and not (found[k - 1 : k + 1].imag != 0).any():
                continue  # real multipliers mu and 1/mu
            if not _trusted(found[k - 1 : k + 1]):
                continue
            ends = function(found[k - 1]), function(found[k])
            if ends[0] * ends[1] < 0 and max(np.abs(ends)) > CHANGE:
                test = _test(problem, function)
                here.append(locate(problem, trace, k, label, test, ends))
        points += sorted(here, key=lambda point: point.place)
    if not points:
        return []
    found = cycle_multipliers(problem, [point.loop for point in points])
    points = [
        replace(
            point,
            multipliers=mu,
            residual=DISTANCES.get(point.label, _own)(point, mu),
            converged=point.converged and point.tolerance < VAGUE * problem.reach,
        )
        for point, mu in zip(points, found, strict=True)
        if point.label == "LPC" or _trusted(mu[None])
    ]
    points = [point for point in points if point.label != "NS" or _rotates(point.multipliers)]
    return _settled(problem, points)


def _trusted(mu: Complexes) -> bool:
    """Tell whether the trivial multipliers of some cycles are near enough to 1."""
    return bool((np.abs(mu[:, 0] - 1) < TRUSTED).all())


def unlike_end(points: list[Located], values: Floats, end: float, error: float) -> list[Located]:
    """Leave out the points that cannot be told from the homoclinic orbit at the branch's end.

    From there on the parameter stays nearer to that of the homoclinic orbit than the errors of
    both, so that rounding turns it round.
    """
    return [
        point
        for point in points
        if not (
            np.abs(np.append(values[point.index :], point.loop.value) - end).max()
            <= FEW * (error + np.nan_to_num(point.tolerance))
        )
    ]


def _settled(problem: Problem, points: list[Located]) -> list[Located]:
    """Drop folds that rounding makes, and branch points that are folds seen a step apart.

    Where the branch is vertical to within the error of the discretisation, as on a canard
    explosion, the parameter turns round at random: of folds in a row closer than that, one is
    real if their number is odd, and none if it is even.
    """
    rows: list[list[Located]] = []
    for point in points:
        if point.label != "LPC":
            continue
        if rows and _one(problem, rows[-1][-1], point):
            rows[-1].append(point)
        else:
            rows.append([point])
    folds = [_chosen(row) for row in rows if len(row) % 2]
    others = [
        point
        for point in points
        if point.label != "LPC" and not (point.label == "BP" and _near_fold(problem, point, rows))
    ]
    return sorted(folds + others, key=lambda point: (point.index, point.place))


def _one(problem: Problem, a: Located, b: Located) -> bool:
    """Tell whether two folds in a row are nearer to each other than their errors."""
    error = np.nan_to_num(a.tolerance) + np.nan_to_num(b.tolerance)
    margin = min(max(FEW * error, NOISE * problem.reach), COARSE * problem.reach)
    return bool(abs(a.loop.value - b.loop.value) < margin)


def _chosen(row: list[Located]) -> Located:
    """Return the fold with a multiplier nearest to 1; its error covers the others."""

    def off(point: Located) -> float:
        sizes = np.maximum(np.abs(point.multipliers[1:]), np.finfo(float).tiny)
        return float(np.abs(np.log(sizes)).min())

    best = min(row, key=off)
    spread = max(abs(point.loop.value - best.loop.value) for point in row)
    return replace(best, tolerance=max(best.tolerance, spread))


def _near_fold(problem: Problem, point: Located, rows: list[list[Located]]) -> bool:
    return any(
        abs(fold.loop.value - point.loop.value)
        < max(1e-6 * problem.reach, FEW * np.nan_to_num(fold.tolerance))
        or (not point.converged and abs(fold.index - point.index) < 3)
        for row in rows
        for fold in row
    )


def _doubling(mu: Complexes) -> float:
    """Zero where a multiplier is -1."""
    return float(np.prod(mu[1:] + 1).real)


def _branching(mu: Complexes) -> float:
    """Zero where a multiplier besides the trivial one is 1."""
    return float(np.prod(mu[1:] - 1).real)


def _torus(mu: Complexes) -> float:
    """Zero where two multipliers have product 1: a pair on the unit circle, or mu and 1/mu."""
    i, j = np.triu_indices(len(mu) - 1, 1)
    return float(np.prod(mu[1:][i] * mu[1:][j] - 1).real)


FUNCTIONS: dict[str, Callable[[Complexes], float]] = {
    "PD": _doubling,
    "NS": _torus,
    "BP": _branching,
}

DISTANCES: dict[str, Callable[[Located, Complexes], float]] = {
    "PD": lambda _, mu: float(np.abs(mu[1:] + 1).min()),
    "NS": lambda _, mu: float(np.abs(np.abs(mu[1:][mu[1:].imag != 0]) - 1).min(initial=np.inf)),
    "BP": lambda _, mu: float(np.abs(mu[1:] - 1).min()),
}
"""What is left of each condition on the multipliers."""


def _own(point: Located, _: Complexes) -> float:
    return point.residual


def _rotates(mu: Complexes) -> bool:
    """Tell whether the multipliers of product 1 are a complex pair."""
    rest = mu[1:]
    i, j = np.triu_indices(len(rest), 1)
    k = int(np.argmin(np.abs(rest[i] * rest[j] - 1)))
    return bool(abs(rest[i[k]].imag) > 1e-6)


def _test(problem: Problem, function: Callable[[Complexes], float]) -> Test:
    def test(loop: Loop, _: Loop, transfer: Floats | None) -> float:
        if transfer is None:
            return function(cycle_multipliers(problem, [loop], relative=False)[0])
        p = problem.field.with_p(problem.index, loop.value)
        flow = np.broadcast_to(problem.field.f(loop.u[0], p), loop.u.shape)
        return function(multipliers(transfer[None], flow[None], relative=False)[0])

    return test
