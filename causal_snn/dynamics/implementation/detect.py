"""Where along a branch of fixed points multipliers cross the unit circle."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.continuation.arclength import Point, Problem, tangent
from causal_snn.dynamics.continuation.detect import ACCURACY, CLOSEST, bracket, middle
from causal_snn.dynamics.continuation.spectrum import sorted_eigenvalues
from causal_snn.dynamics.field import Floats

UNIT, FLIP, PAIR = range(3)
"""Test functions: a multiplier 1, a multiplier -1, two multipliers with product 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """A branch of fixed points with its test functions.

    Attributes
    ----------
    points : list of Point
        Scaled unknowns (x, parameter) with Jacobian and tangent.
    places : array, shape (N,)
        Position on the branch that was given; inserted points lie between two whole numbers.
    eigenvalues : complex array, shape (N, n)
        Of the increment's Jacobian A (per ms); the multipliers are 1 + dt times them.
    dts : array, shape (N,)
        Time steps (ms).
    """

    points: list[Point]
    places: Floats
    eigenvalues: NDArray[np.complex128]
    dts: Floats

    @property
    def multipliers(self) -> NDArray[np.complex128]:
        """Multipliers, in the order of `eigenvalues`."""
        return np.asarray(1.0 + self.dts[:, None] * self.eigenvalues)

    @property
    def zeros(self) -> Floats:
        """Test functions, shape (N, 3)."""
        return tests(self.eigenvalues, self.dts)


def tests(eigenvalues: NDArray[np.complex128], dts: Floats) -> Floats:
    """Return the test functions of N spectra of A (N, n), shape (N, 3).

    With mu = 1 + dt lambda: products of lambda, of mu + 1, and of (mu_i mu_j - 1)/dt, in a form
    that keeps its digits at small dt.
    """
    step = dts[:, None]
    n = eigenvalues.shape[1]
    unit, flip = eigenvalues.prod(axis=1), (2.0 + step * eigenvalues).prod(axis=1)
    pair = np.ones(len(dts), complex)
    if n > 1:
        i, j = np.array(list(combinations(range(n), 2))).T
        first, second = eigenvalues[:, i], eigenvalues[:, j]
        pair = (first + second + step * first * second).prod(axis=1)
    return np.column_stack([unit.real, flip.real, pair.real])


def trail(problem: Problem, y: Floats, dts: Floats | float) -> Trail:
    """Return points of a branch, scaled unknowns (N, n + 1), with their test functions.

    `dts` is the time step, or NaN if it is the continued parameter.
    """
    chords = np.gradient(y, axis=0)
    points = []
    for at, chord in zip(y, chords, strict=True):
        jacobian = problem.system(at * problem.scale)[1]
        towards = chord / np.linalg.norm(chord)
        points.append(Point(at, jacobian, tangent(problem, jacobian, towards)))
    return _trail(problem, points, np.arange(float(len(y))), dts)


def _trail(problem: Problem, points: list[Point], places: Floats, dts: Floats | float) -> Trail:
    jacobians = np.array([point.jacobian for point in points])
    values = np.array([point.y[-1] for point in points]) * problem.scale[-1]
    steps = np.where(np.isnan(dts), values, dts)
    return Trail(points, places, sorted_eigenvalues(jacobians[:, :, :-1]), steps)


def refine(problem: Problem, given: Trail, dts: float) -> Trail:
    """Insert points until every change of stability is explained by one crossing."""
    now, stuck = given, set[int]()
    while True:
        y = np.array([point.y for point in now.points])
        length = np.linalg.norm(np.diff(y, axis=0), axis=1)
        doubtful = np.flatnonzero(_doubtful(now, length) & (length > CLOSEST))
        halve = [int(k) for k in doubtful if id(now.points[k]) not in stuck]
        new = {k: middle(problem, now.points[k], now.points[k + 1], 0.5) for k in halve}
        stuck |= {id(now.points[k]) for k, point in new.items() if point is None}
        added = {k: point for k, point in new.items() if point is not None}
        if not added:
            return now
        points, where = list(now.points), list(added)
        for k in reversed(where):
            points.insert(k + 1, added[k])
        between = 0.5 * (now.places[where] + now.places[np.add(where, 1)])
        places = np.insert(now.places, np.add(where, 1), between)
        now = _trail(problem, points, places, dts)


def crossings(given: Trail) -> NDArray[np.bool_]:
    """Return whether each test function changes sign on each segment, shape (N - 1, 3)."""
    positive = given.zeros >= 0
    return np.asarray(positive[1:] != positive[:-1])


def consistent(given: Trail) -> NDArray[np.bool_]:
    """Return whether the crossings on each segment explain its change of stability, (N - 1,)."""
    cross = crossings(given).astype(int)
    change = np.abs(np.diff((np.abs(given.multipliers) > 1).sum(axis=1)))
    one = cross[:, UNIT] + cross[:, FLIP]
    return np.asarray((change <= one + 2 * cross[:, PAIR]) & ((change - one) % 2 == 0))


def _doubtful(given: Trail, length: Floats) -> NDArray[np.bool_]:
    # (|mu|^2 - 1)/dt: a smooth measure of the distance from the unit circle
    lam, step = given.eigenvalues, given.dts[:, None]
    watched = np.sort(2.0 * lam.real + step * np.abs(lam) ** 2, axis=1)
    positive = watched > 0
    same = positive[1:] == positive[:-1]
    slope = np.diff(watched, axis=0) / length[:, None]
    bend = np.zeros_like(watched)
    if len(slope) > 1:
        bend[1:-1] = 2.0 * np.diff(slope, axis=0) / (length[1:] + length[:-1])[:, None]
        bend[0], bend[-1] = bend[1], bend[-2]
    # |error of linear interpolation| <= length^2/8 |second derivative|, times 2 to be safe
    dip = length[:, None] ** 2 / 4.0 * np.maximum(np.abs(bend[1:]), np.abs(bend[:-1]))
    near = np.minimum(np.abs(watched[1:]), np.abs(watched[:-1])) < dip
    several = crossings(given).sum(axis=1) > 1
    return np.asarray(~consistent(given) | several | (same & near).any(axis=1))


def locate(
    problem: Problem, left: Point, right: Point, kind: int, dts: float
) -> tuple[Point, float]:
    """Return the zero of a test function on a segment and the scaled width of its bracket.

    Next to a branch point, where the branch cannot be computed, the nearest that can be.
    """
    ends: list[float] = _trail(problem, [left, right], np.zeros(2), dts).zeros[:, kind].tolist()
    best = [(ends[0], left), (ends[1], right)]

    def value(fraction: float) -> float:
        point = middle(problem, left, right, fraction)
        if point is None:
            return np.nan
        best.append((float(_trail(problem, [point], np.zeros(1), dts).zeros[0, kind]), point))
        return best[-1][0]

    width = bracket(value, ends[0], ends[1], ACCURACY)
    point = min(best, key=lambda pair: abs(pair[0]))[1]
    return point, width * float(np.linalg.norm(right.y - left.y))
