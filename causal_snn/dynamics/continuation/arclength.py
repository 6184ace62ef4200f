"""Pseudo-arclength: follow the solutions of m equations in m + 1 unknowns past any fold.

Unknowns are divided by their scales, so that mV, pA and gates weigh alike. Each step predicts
along the unit tangent and corrects by Newton on the hyperplane through the prediction (Keller,
in Applications of Bifurcation Theory, Academic Press 1977, p. 359).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from causal_snn.dynamics.field import Floats

type System = Callable[[Floats], tuple[Floats, Floats]]
"""From the unknowns (m + 1,) to the residuals (m,) and their Jacobian (m, m + 1)."""

TURN, SHARPEST = 0.15, 0.4
"""Angle between successive tangents (rad): what steps aim at, and what they may not exceed."""
SHORTEST = 1e-9
"""Step at which a trace gives up, in scaled unknowns."""
CAREFUL = 1e-5
"""Step with which a branch point is crossed; branches that are closer together are one."""
NEWTON = 10
"""Most Newton iterations of a corrector."""
CLOSED = "the branch is closed"
"""Why a trace ended that came back to where it began."""


class Point(NamedTuple):
    """A solution: scaled unknowns, Jacobian by the unscaled unknowns, scaled unit tangent."""

    y: Floats
    jacobian: Floats
    tangent: Floats


class Edge(NamedTuple):
    """Which unknown reached the end of its range, and whether the upper end."""

    which: int
    above: bool


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Equations, the scales of their unknowns, and where to stop.

    Attributes
    ----------
    system : callable
        Residuals and Jacobian, see `System`.
    scale : array, shape (m + 1,)
        What counts as a change of 1 in each unknown.
    lower, upper : array, shape (m + 1,)
        Range of each unknown; a trace lands on the edge that it would cross.
    usual : array, shape (m + 1,)
        Largest scale of each unknown; smaller scales grow when an unknown goes far.
    tolerance : float
        Error left by the corrector, in scaled unknowns.
    """

    system: System
    scale: Floats
    lower: Floats
    upper: Floats
    usual: Floats
    tolerance: float


def correct(problem: Problem, y: Floats, row: Floats) -> tuple[Floats, Floats] | None:
    """Return the solution on the hyperplane through `y` normal to `row`, and the Jacobian there.

    None if Newton does not converge.
    """
    m = y.size - 1
    matrix, right = np.empty((m + 1, m + 1)), np.zeros(m + 1)
    matrix[m] = row
    before = 0.0
    for _ in range(NEWTON):
        right[:m], jacobian = problem.system(y * problem.scale)
        matrix[:m] = jacobian * problem.scale
        step = _solve(matrix, right)
        if step is None:
            return None
        y = y - step
        size = math.sqrt(float(step @ step))
        if not size < (2.0 * before or math.inf):  # diverges, or is not a number
            return None
        # Newton squares the error: the next correction is about size^2 times what it was before.
        if size * size * (size / before**2 if before else 1.0) < problem.tolerance:
            residual, jacobian = problem.system(y * problem.scale)
            return (y, jacobian) if np.isfinite(residual).all() else None
        before = size
    return None


def tangent(problem: Problem, jacobian: Floats, towards: Floats) -> Floats:
    """Return the scaled unit tangent that points as `towards` does."""
    m = towards.size - 1
    matrix, right = np.empty((m + 1, m + 1)), np.zeros(m + 1)
    matrix[:m], matrix[m], right[m] = jacobian * problem.scale, towards, 1.0
    vector = _solve(matrix, right)
    if vector is None or not vector @ towards > 0:
        return towards
    unit: Floats = vector / math.sqrt(float(vector @ vector))
    return unit


def null_vector(matrix: Floats) -> Floats:
    """Return the right singular vector of the smallest singular value."""
    vector: Floats = np.linalg.svd(matrix)[2][-1]
    return vector


def solution(problem: Problem, y: Floats, row: Floats) -> Point | None:
    """Return the solution on a hyperplane with its tangent along the plane's normal."""
    found = correct(problem, y, row)
    return None if found is None else Point(*found, tangent(problem, found[1], row))


def trace(
    problem: Problem, points: list[Point], *, max_step: float, max_points: int
) -> tuple[list[Point], str | Edge]:
    """Follow the curve on from the last of `points`, along its tangent.

    Parameters
    ----------
    problem : Problem
        What to follow.
    points : list of Point
        The curve so far, at least its first point.
    max_step : float
        Longest step, in scaled unknowns.
    max_points : int
        Most points, with those so far.

    Returns
    -------
    points : list of Point
        The curve so far and from here.
    stopped : str or Edge
        Why the trace ended, ``{}`` standing for where; or the edge on which it landed.
    """
    points, step = list(points), 0.25 * max_step
    while len(points) < max_points:
        last = points[-1]
        point = _advance(problem, last, step)
        crossed = None if point is None else _crossed(problem, point)
        if point is not None and crossed is not None:
            end = _land(problem, last, point, crossed)
            if end is not None:
                same = len(points) > 1 and np.abs(end.y - last.y).max() < SHORTEST
                return [*(points[:-1] if same else points), end], crossed
            point = None
        if point is None:
            step *= 0.5
            if step < SHORTEST:
                return points, "no convergence beyond {}, however small the step"
            continue
        points.append(point)
        if len(points) > 4 and _closes(points[0], point, step):
            return [*points, points[0]], CLOSED
        turned = math.acos(min(1.0, float(point.tangent @ last.tangent)))
        step = min(max_step, step * min(1.6, max(0.5, TURN / max(turned, 1e-9))))
    return points, f"max_points = {max_points} reached at {{}}"


def rescaled(problem: Problem, scale: Floats, points: list[Point]) -> list[Point]:
    """Return points of a problem in the units of other scales."""
    ratio = problem.scale / scale
    return [
        Point(y * ratio, jacobian, tangent * ratio / np.linalg.norm(tangent * ratio))
        for y, jacobian, tangent in points
    ]


def _advance(problem: Problem, last: Point, step: float) -> Point | None:
    point = solution(problem, last.y + step * last.tangent, last.tangent)
    if point is None or point.tangent @ last.tangent < math.cos(SHARPEST):
        return None
    moved = point.y - last.y
    if moved @ moved > (1.5 * step) ** 2:  # another branch
        return None
    # The orientation changes at branch points only: with a long step, it is another branch.
    jumped = orientation(problem, point) != orientation(problem, last)
    return None if jumped and step > CAREFUL else point


def orientation(problem: Problem, point: Point) -> bool:
    """Return the sign of the determinant bordered by the tangent."""
    return bool(np.linalg.det(np.vstack([point.jacobian * problem.scale, point.tangent])) >= 0)


def _closes(start: Point, point: Point, step: float) -> bool:
    gap = point.y - start.y
    return bool(gap @ gap < (0.6 * step) ** 2 and point.tangent @ start.tangent > 0.8)


def _crossed(problem: Problem, point: Point) -> Edge | None:
    """Return which unknown is out of range, and whether above."""
    z = point.y * problem.scale
    out = np.maximum(problem.lower - z, z - problem.upper) / problem.scale
    worst = int(out.argmax())
    return Edge(worst, bool(z[worst] > problem.upper[worst])) if out[worst] > 0 else None


def _land(problem: Problem, last: Point, point: Point, edge: Edge) -> Point | None:
    """Return the point of the curve on the edge that was crossed."""
    which, above = edge
    bound = (problem.upper if above else problem.lower)[which] / problem.scale[which]
    chord = point.y - last.y
    fraction = (bound - last.y[which]) / chord[which] if chord[which] else 0.0
    guess = last.y + fraction * chord
    guess[which] = bound
    normal = np.zeros_like(guess)
    normal[which] = 1.0
    found = correct(problem, guess, normal)
    if found is None or np.abs(found[0] - guess).max() > math.sqrt(float(chord @ chord)):
        return None
    y = found[0]
    y[which] = bound
    return Point(y, found[1], tangent(problem, found[1], last.tangent))


def _solve(matrix: Floats, right: Floats) -> Floats | None:
    step: Floats
    try:
        step = np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:  # exactly on a branch point: the shortest step
        if not np.isfinite(matrix).all():
            return None
        step = np.linalg.lstsq(matrix, right)[0]
    return step
