"""The equations of a cycle: what its collocation unknowns have to satisfy, and how they scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Loop, Scheme, scheme
from causal_snn.dynamics.cycle.condense import Interior, eliminate
from causal_snn.dynamics.field import Field

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What stays the same along a branch of cycles.

    Attributes
    ----------
    field : Field
    index : int
        Position of the continued parameter.
    degree : int
    scale : array, shape (n,)
        Typical size of each state, so that no unit matters.
    reach : float
        Typical change of the parameter.
    tolerance : float
        Relative error at which Newton's method stops.
    """

    field: Field
    index: int
    degree: int
    scale: Floats
    reach: float
    tolerance: float

    @property
    def tables(self) -> Scheme:
        """Tables of the collocation scheme."""
        return scheme(self.degree)

    def rescaled(self, loop: Loop) -> Problem:
        """Return the problem with scales that cover this cycle."""
        return replace(self, scale=np.maximum(self.scale, loop.size()))

    def weigh(self, a: Loop) -> Floats:
        """Return a change times the weights of the inner product, shape (N, m, n)."""
        measure = a.widths[:, None] * self.tables.weights
        return np.asarray(a.y * measure[:, :, None] / self.scale**2)

    def inner(self, a: Loop, b: Loop, period: float) -> float:
        """Return the inner product of two changes.

        The integral of the states relative to `scale`, plus the relative change of the period
        and the change of the parameter relative to `reach`.
        """
        return float(
            np.vdot(self.weigh(a), b.y)
            + a.period * b.period / period**2
            + a.value * b.value / self.reach**2
        )

    def velocity(self, loop: Loop) -> Floats:
        """Return the time derivative of the polynomials at the Gauss points, (N, m, n)."""
        steps = loop.widths[:, None, None] * loop.period
        return np.asarray((self.tables.slope @ loop.table) / steps)

    def drift(self, loop: Loop) -> Floats:
        """Return f at the Gauss points, shape (N, m, n)."""
        points = np.ascontiguousarray(loop.y.reshape(-1, self.field.n).T)
        rates = self.field.batch(points, self.field.with_p(self.index, loop.value))
        return np.ascontiguousarray(rates.T).reshape(loop.y.shape)

    def linearised(self, loop: Loop) -> tuple[Floats, Floats, Floats]:
        """Return f (N, m, n), its Jacobian (N, m, n, n) and df/dp (N, m, n)."""
        count, m, n = loop.y.shape
        points = np.ascontiguousarray(loop.y.reshape(-1, n).T)
        p = self.field.with_p(self.index, loop.value)
        f, jacobian, by_p = self.field.batch_jac_dp(points, p, self.index)
        assert by_p is not None  # an index was given
        return (
            np.ascontiguousarray(f.T).reshape(count, m, n),
            np.ascontiguousarray(jacobian.transpose(2, 0, 1)).reshape(count, m, n, n),
            np.ascontiguousarray(by_p.T).reshape(count, m, n),
        )

    def eliminated(self, loop: Loop, free: bool) -> Interior:
        """Linearise around a curve and eliminate its Gauss points; `free`: p is an unknown."""
        tables = self.tables
        f, jacobian, by_p = self.linearised(loop)
        h = loop.widths
        width = h * loop.period
        table = loop.table
        columns = np.empty((*f.shape, 3 if free else 2))
        columns[..., 0] = -h[:, None, None] * f
        if free:
            columns[..., 1] = -width[:, None, None] * by_p
        columns[..., -1] = tables.slope @ table - width[:, None, None] * f
        ends = tables.end @ table - np.roll(loop.u, -1, axis=0)
        return eliminate(tables, jacobian, width, columns, ends)


def sizes_of(loop: Loop) -> Floats:
    """Return the range of each state, with a floor for states that stand still, shape (n,)."""
    size = loop.size()
    return np.maximum(size, 1e-9 * max(float(size.max()), 1e-300))
