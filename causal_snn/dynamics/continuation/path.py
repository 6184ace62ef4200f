"""Path: a whole curve, one way or both, with scales that grow with what is met."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from causal_snn.dynamics.continuation.arclength import CLOSED, Edge, Point, Problem, rescaled, trace

START = "the start of the span"
"""Why a curve that is followed one way has its first point there."""
WIDER = 4.0
"""Factor by which the scale of an unknown grows that leaves its range of plus or minus 1."""


def follow(
    problem: Problem, first: Point, *, both_ways: bool, max_step: float, max_points: int
) -> tuple[Problem, list[Point], tuple[str | Edge, str | Edge]]:
    """Follow a curve from its first point.

    Parameters
    ----------
    problem : Problem
        What to follow.
    first : Point
        Where to begin; forwards is along its tangent.
    both_ways : bool
        Whether to follow it backwards too; a closed curve is followed once.
    max_step : float
        Longest step, in scaled unknowns.
    max_points : int
        Most points each way.

    Returns
    -------
    problem : Problem
        With the scales in which the points are.
    points : list of Point
        The curve.
    stopped : tuple of (str or Edge, str or Edge)
        Why it ends, at its first and its last point; see `trace`.
    """
    wider, forwards, why = _one_way(problem, first, max_step, max_points)
    if not both_ways or why == CLOSED:
        return wider, forwards, (CLOSED if why == CLOSED else START, why)
    opposite = rescaled(problem, wider.scale, [first])[0]
    opposite = opposite._replace(tangent=-opposite.tangent)
    last, backwards, before = _one_way(wider, opposite, max_step, max_points)
    forwards = rescaled(wider, last.scale, forwards)
    turned = [point._replace(tangent=-point.tangent) for point in reversed(backwards[1:])]
    return last, [*turned, *forwards], (before, why)


def _one_way(
    problem: Problem, first: Point, max_step: float, max_points: int
) -> tuple[Problem, list[Point], str | Edge]:
    points = [first]
    while True:
        narrow = _narrowed(problem, points[-1])
        points, why = trace(narrow, points, max_step=max_step, max_points=max_points)
        if isinstance(why, str) or _is_edge(problem, points[-1], why):
            return problem, points, why
        scale = problem.scale.copy()
        scale[why.which] = min(problem.usual[why.which], WIDER * scale[why.which])
        points = rescaled(problem, scale, points)
        problem = replace(problem, scale=scale)


def _narrowed(problem: Problem, point: Point) -> Problem:
    """Return the problem with each unknown kept within 1 of `point` if its scale may grow."""
    z = point.y * problem.scale
    room = np.where(problem.scale < problem.usual, problem.scale, np.inf)
    return replace(
        problem,
        lower=np.maximum(problem.lower, z - room),
        upper=np.minimum(problem.upper, z + room),
    )


def _is_edge(problem: Problem, point: Point, edge: Edge) -> bool:
    bound = (problem.upper if edge.above else problem.lower)[edge.which]
    return bool(point.y[edge.which] == bound / problem.scale[edge.which])
