"""Detect: where along a branch eigenvalues cross, without missing two that cross close together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from causal_snn.dynamics.continuation.arclength import Point, Problem, solution
from causal_snn.dynamics.continuation.spectrum import closest_pair, sorted_eigenvalues
from causal_snn.dynamics.field import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

type Kind = Literal["LP", "HB", "BP"]
KINDS: tuple[Kind, ...] = ("LP", "HB", "BP")

CLOSEST = 1e-6
"""Segments are not halved below this length, in scaled unknowns."""

ROUNDING = 1e-8
"""Test functions below this, in units of their usual size, have no reliable sign."""
ACCURACY = 1e-7
"""Width at which a bracket is handed on to polishing, as a fraction of its segment."""


@dataclass(frozen=True, slots=True, eq=False)
class Indicators:
    """Functions along a branch whose zeros are special points.

    Attributes
    ----------
    eigenvalues : complex array, shape (N, n)
    zeros : array, shape (N, 3)
        For the `KINDS`: the parameter's part of the tangent; the sum of the pair of eigenvalues
        closest to the imaginary axis; the determinant bordered by the tangent.
    product : array, shape (N,)
        Product of that pair of eigenvalues.
    """

    eigenvalues: NDArray[np.complex128]
    zeros: Floats
    product: Floats


def indicators(problem: Problem, points: list[Point]) -> Indicators:
    """Evaluate the test functions at points of a branch of equilibria."""
    jacobians = np.array([point.jacobian for point in points])
    tangents = np.array([point.tangent for point in points])
    n = jacobians.shape[1]
    eigenvalues = sorted_eigenvalues(jacobians[:, :, :n])
    total, product = closest_pair(eigenvalues)
    bordered = np.concatenate([jacobians * problem.scale, tangents[:, None]], axis=1)
    zeros = np.column_stack([tangents[:, -1], total, np.linalg.det(bordered)])
    return Indicators(eigenvalues, zeros, product)


def refine(problem: Problem, points: list[Point]) -> tuple[list[Point], Indicators]:
    """Insert points until every segment's change of stability is explained by one crossing.

    A segment is halved if more than one test function changes sign on it, if the number of
    unstable eigenvalues changes by another number than the crossing explains, or if an
    eigenvalue could touch zero between its ends, judged by second differences.
    """
    values = indicators(problem, points)
    keep = np.flatnonzero(~_lone(_rounding(values)))
    points = [points[k] for k in keep]
    values = Indicators(values.eigenvalues[keep], values.zeros[keep], values.product[keep])
    stuck: set[int] = set()  # segments (by the identity of their left point) that cannot be halved
    while True:
        y = np.array([point.y for point in points])
        length = np.linalg.norm(np.diff(y, axis=0), axis=1)
        doubtful = np.flatnonzero(_doubtful(values, length) & (length > CLOSEST))
        halve = [int(k) for k in doubtful if id(points[k]) not in stuck]
        if not halve:
            return points, values
        new = {k: middle(problem, points[k], points[k + 1], 0.5) for k in halve}
        stuck |= {id(points[k]) for k, point in new.items() if point is None}
        places = [k + 1 for k, point in new.items() if point is not None]
        added = [point for point in new.values() if point is not None]
        if not added:
            return points, values
        points, values = _insert(problem, points, values, places, added)


def _insert(
    problem: Problem, points: list[Point], values: Indicators, places: list[int], added: list[Point]
) -> tuple[list[Point], Indicators]:
    more = indicators(problem, added)
    points = list(points)
    for place, point in zip(reversed(places), reversed(added), strict=True):
        points.insert(place, point)
    return points, Indicators(
        np.insert(values.eigenvalues, places, more.eigenvalues, axis=0),
        np.insert(values.zeros, places, more.zeros, axis=0),
        np.insert(values.product, places, more.product),
    )


def crossings(values: Indicators) -> NDArray[np.bool_]:
    """Return whether each test function changes sign on each segment, shape (N - 1, 3)."""
    positive = values.zeros >= 0
    return np.asarray(positive[1:] != positive[:-1])


def consistent(values: Indicators) -> NDArray[np.bool_]:
    """Return whether the crossings on each segment explain its change of stability, (N - 1,).

    A fold or branch point moves one eigenvalue across zero, a Hopf point two, a neutral saddle
    none.
    """
    fold, hopf, branch = crossings(values).T.astype(int)
    change = np.abs(np.diff((values.eigenvalues.real > 0).sum(axis=1)))
    one = fold + branch
    return np.asarray((change <= one + 2 * hopf) & ((change - one) % 2 == 0))


def _doubtful(values: Indicators, length: Floats) -> NDArray[np.bool_]:
    watched = np.column_stack([values.eigenvalues.real, values.zeros[:, 0]])
    positive = watched > 0
    same = positive[1:] == positive[:-1]
    slope = np.diff(watched, axis=0) / length[:, None]
    bend = np.zeros_like(watched)
    if len(slope) > 1:
        bend[1:-1] = 2.0 * np.diff(slope, axis=0) / (length[1:] + length[:-1])[:, None]
        bend[0], bend[-1] = bend[1], bend[-2]
    # |error of linear interpolation| <= length^2/8 |second derivative|, times 2 to be safe
    dip = length[:, None] ** 2 / 4.0 * np.maximum(np.abs(bend[1:]), np.abs(bend[:-1]))
    touches = same & (np.minimum(np.abs(watched[1:]), np.abs(watched[:-1])) < dip)
    return np.asarray(
        ~consistent(values) | (crossings(values).sum(axis=1) > 1) | touches.any(axis=1)
    )


def middle(problem: Problem, left: Point, right: Point, fraction: float) -> Point | None:
    """Return the point of the branch over a point of the chord from `left` to `right`."""
    chord = right.y - left.y
    length = float(np.linalg.norm(chord))
    if length == 0.0:
        return None
    guess = left.y + fraction * chord
    point = solution(problem, guess, chord / length)
    if point is None or float(np.linalg.norm(point.y - guess)) > 0.5 * length:
        return None
    return point


def _rounding(values: Indicators) -> NDArray[np.bool_]:
    """Return at which points a test function is zero but for rounding, shape (N,)."""
    size = np.abs(values.eigenvalues)
    near = np.abs(values.eigenvalues.real).min(axis=1) < ROUNDING * size.max(axis=1)
    return np.asarray(near | (np.abs(values.zeros[:, 0]) < ROUNDING))


def _lone(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which flags are up between two that are down."""
    lone = np.zeros_like(flags)
    lone[1:-1] = flags[1:-1] & ~flags[2:] & ~flags[:-2]
    return lone


def locate(
    problem: Problem, left: Point, right: Point, kind: int
) -> tuple[Point, Indicators, float]:
    """Return the zero of a test function on a segment, by bracketing.

    Parameters
    ----------
    problem : Problem
        The branch.
    left, right : Point
        Ends of the segment; the test function differs in sign.
    kind : int
        Position in `KINDS`.

    Returns
    -------
    (point, tests, width)
        Next to a branch point, where the branch cannot be computed, the nearest that can be.
    """
    best = [(point, indicators(problem, [point])) for point in (left, right)]

    def value(fraction: float) -> float:
        point = middle(problem, left, right, fraction)
        if point is None:
            return np.nan
        best.append((point, indicators(problem, [point])))
        return float(best[-1][1].zeros[0, kind])

    ends = [float(at.zeros[0, kind]) for _, at in best]
    length = float(np.linalg.norm(right.y - left.y))
    width = bracket(value, ends[0], ends[1], ACCURACY)
    point, at = min(best, key=lambda pair: abs(pair[1].zeros[0, kind]))
    return point, at, width * length


def bracket(value: Callable[[float], float], low: float, high: float, accuracy: float) -> float:
    """Narrow the bracket [0, 1] of a zero by the Illinois rule; return the width left.

    `low` and `high` are the values at 0 and 1, which differ in sign.
    """
    a, b, side, size = 0.0, 1.0, 0, max(abs(low), abs(high))
    for _ in range(60):
        c = b - high * (b - a) / (high - low)
        c = min(max(c, a + 0.01 * (b - a)), b - 0.01 * (b - a))
        at = value(c)
        if not np.isfinite(at):  # next to a branch point: what is known is enough to polish
            return b - a
        if abs(at) <= accuracy * size or b - a <= accuracy:
            return min(b - a, accuracy)
        if (at >= 0) == (high >= 0):
            b, high = c, at
            low *= 0.5 if side == 1 else 1.0
            side = 1
        else:
            a, low = c, at
            high *= 0.5 if side == -1 else 1.0
            side = -1
    return b - a
