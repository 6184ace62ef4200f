"""Gauss collocation of a periodic orbit: the tables, the polynomials and the unknowns.

On each of N intervals the orbit is a polynomial of degree m through its value at the left mesh
point and at the m Gauss points, where it satisfies the differential equation. At mesh points the
error is of order h^(2m) (superconvergence), between them of order h^(m+1).
Source: de Boor and Swartz, SIAM J Numer Anal 10:582 (1973); Ascher, Mattheij and Russell,
Numerical Solution of Boundary Value Problems for ODEs (SIAM, 1995), ch. 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """Tables of the collocation polynomial of degree m, in the local time s = 0 to 1.

    Attributes
    ----------
    points : array, shape (m + 1,)
        0 and the Gauss points.
    weights : array, shape (m,)
        Gauss weights.
    slope : array, shape (m, m + 1)
        Derivative at the Gauss points, from the values at `points`.
    end : array, shape (m + 1,)
        Value at s = 1, from the values at `points`.
    coefficients : array, shape (m + 1, m + 1)
        Coefficients of 1, s, s^2, ..., from the values at `points`.
    """

    points: Floats
    weights: Floats
    slope: Floats
    end: Floats
    coefficients: Floats

    @property
    def degree(self) -> int:
        """Number of Gauss points."""
        return len(self.weights)

    @property
    def top(self) -> Floats:
        """The m-th derivative by local time, from the values at `points`, shape (m + 1,)."""
        return np.asarray(self.coefficients[-1] * math.factorial(self.degree))


@cache
def scheme(degree: int) -> Scheme:
    """Return the tables for `degree` Gauss points."""
    nodes, weights = np.polynomial.legendre.leggauss(degree)
    points = np.concatenate([[0.0], (nodes + 1) / 2])
    others = [np.delete(points, k) for k in range(degree + 1)]
    basis = [np.poly(rest)[::-1] / np.prod(points[k] - rest) for k, rest in enumerate(others)]
    inverse = np.array(basis).T  # coefficients of the Lagrange polynomials
    # Slopes and the value at 1 from products of distances: sums of the coefficients cancel.
    apart = points[:, None] - points + np.eye(degree + 1)
    barycentric = 1 / apart.prod(axis=1)
    slope = barycentric / barycentric[:, None] / apart
    np.fill_diagonal(slope, (1 / apart).sum(axis=1) - 1)
    ends = [np.prod((1 - rest) / (points[k] - rest)) for k, rest in enumerate(others)]
    return Scheme(
        points=points,
        weights=weights / 2,
        slope=slope[1:],
        end=np.array(ends),
        coefficients=inverse,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A closed curve as collocation sees it, or a change of one (then also a vector).

    Attributes
    ----------
    mesh : array, shape (N + 1,)
        Mesh points, from 0 to 1 (time in units of the period).
    u : array, shape (N, n)
        Values at the mesh points but the last, which is the first again.
    y : array, shape (N, m, n)
        Values at the Gauss points.
    period : float
    value : float
        The continued parameter.
    """

    mesh: Floats
    u: Floats
    y: Floats
    period: float
    value: float

    @property
    def widths(self) -> Floats:
        """Lengths of the intervals, shape (N,)."""
        return np.diff(self.mesh)

    @property
    def table(self) -> Floats:
        """Values at the points of the scheme, shape (N, m + 1, n)."""
        return np.concatenate([self.u[:, None], self.y], axis=1)

    def plus(self, factor: float, change: Loop) -> Loop:
        """Return the curve moved by `factor` times a change on the same mesh."""
        return Loop(
            self.mesh,
            self.u + factor * change.u,
            self.y + factor * change.y,
            self.period + factor * change.period,
            self.value + factor * change.value,
        )

    def times(self, factor: float) -> Loop:
        """Return the change multiplied by a number."""
        return Loop(
            self.mesh, factor * self.u, factor * self.y, factor * self.period, factor * self.value
        )

    def size(self) -> Floats:
        """Return the range of each state over the Gauss points, shape (n,)."""
        return np.ptp(self.y.reshape(-1, self.y.shape[2]), axis=0)

    def evaluate(self, tau: Floats) -> Floats:
        """Return the curve at times in units of the period (taken modulo 1), shape (K, n)."""
        tau = np.mod(tau, 1.0)
        where = np.clip(np.searchsorted(self.mesh, tau, side="right") - 1, 0, len(self.u) - 1)
        s = (tau - self.mesh[where]) / self.widths[where]
        tables = scheme(self.y.shape[1])
        basis = np.vander(s, tables.degree + 1, increasing=True) @ tables.coefficients
        values: Floats = np.matmul(basis[:, None, :], self.table[where])[:, 0]
        return values

    def on(self, mesh: Floats) -> Loop:
        """Return the curve on another mesh, by evaluating its polynomials."""
        tables = scheme(self.y.shape[1])
        times = mesh[:-1, None] + np.diff(mesh)[:, None] * tables.points
        values = self.evaluate(times.ravel()).reshape(*times.shape, -1)
        return Loop(mesh, values[:, 0].copy(), values[:, 1:].copy(), self.period, self.value)


def curve(mesh: Floats, degree: int, values: Floats, period: float, value: float) -> Loop:
    """Return the loop with these `values`, shape (N, m + 1, n), at the scheme's points."""
    return Loop(mesh, values[:, 0].copy(), values[:, 1 : degree + 1].copy(), period, value)


def times_of(mesh: Floats, degree: int) -> Floats:
    """Return the times of the scheme's points on a mesh, shape (N, m + 1)."""
    return np.asarray(mesh[:-1, None] + np.diff(mesh)[:, None] * scheme(degree).points)
