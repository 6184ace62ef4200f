"""Orbit: one limit cycle, as accurate between its points as at them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.dynamics.cycle.collocation import Loop, curve, scheme, times_of
from causal_snn.dynamics.floats import floats
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Orbit:
    """One periodic orbit of a neuron, by Gauss collocation.

    Attributes
    ----------
    t : array, shape (K,)
        Times (ms) from 0 to the period: the mesh points with the Gauss points between them,
        K = N (m + 1) + 1.
    x : array, shape (n, K)
        States at these times; the last is the first again.
    period : float
        Period (ms).
    parameter : str
        Name of the parameter that was varied.
    value : float
        Its value.
    model : NeuronModel
        The neuron with that value.
    degree : int
        Degree m of the collocation polynomials.
    multipliers : array, shape (n,)
        Floquet multipliers; the first is the trivial one, the others by falling modulus.
    residual : float
        Last Newton correction, relative to the cycle's size.
    """

    t: Floats
    x: Floats
    period: float
    parameter: str
    value: float
    model: NeuronModel
    degree: int
    multipliers: NDArray[np.complex128] = field(default_factory=lambda: np.empty(0, complex))
    residual: float = 0.0

    @property
    def intervals(self) -> int:
        """Number of mesh intervals."""
        return (len(self.t) - 1) // (self.degree + 1)

    @property
    def frequency(self) -> float:
        """Cycles per second (Hz), the period being in ms."""
        return 1000.0 / self.period

    @property
    def stable(self) -> bool:
        """Whether all multipliers but the trivial one lie inside the unit circle."""
        return bool((np.abs(self.multipliers[1:]) < 1).all())

    @property
    def loop(self) -> Loop:
        """The orbit as the collocation equations see it."""
        values = self.x[:, :-1].T.reshape(self.intervals, self.degree + 1, -1)
        mesh = self.t[:: self.degree + 1] / self.period
        return curve(mesh, self.degree, values, self.period, self.value)

    def at(self, times: ArrayLike) -> Floats:
        """Return the states at any times (ms), shape (n, len(times)), by the polynomials."""
        given = np.atleast_1d(floats(times))
        if given.ndim != 1 or not np.isfinite(given).all():
            raise bad("times", times, "finite times (ms)")
        return self.loop.evaluate(given / self.period).T

    def __repr__(self) -> str:
        kind = "stable" if self.stable else "unstable"
        return f"<{kind} cycle at {self.parameter} = {self.value:.10g}, T = {self.period:.8g} ms>"


def extremes(loops: list[Loop]) -> tuple[Floats, Floats]:
    """Return the largest and the smallest value of each state on each cycle, (P, n) twice.

    These are extremes of the collocation polynomials, found from samples by Newton's method.
    """
    values = np.stack([loop.table for loop in loops])  # (P, N, m + 1, n)
    return _largest(values), -_largest(-values)


def _largest(values: Floats) -> Floats:
    """Return the maximum over all intervals, from the largest sample of each, (P, n)."""
    tables = scheme(values.shape[2] - 1)
    s = np.linspace(0.0, 1.0, 2 * tables.degree + 1)
    powers = np.arange(tables.degree + 1)
    sampled = (s[:, None] ** powers @ tables.coefficients) @ values  # (P, N, S, n)
    c = np.moveaxis(tables.coefficients @ values, 2, 3)  # (P, N, n, m + 1)
    at = s[sampled.argmax(axis=2)]
    low, high = np.maximum(at - s[1], 0.0), np.minimum(at + s[1], 1.0)
    for _ in range(4):
        power = at[..., None] ** powers
        first = (c[..., 1:] * powers[1:] * power[..., :-1]).sum(axis=-1)
        second = (c[..., 2:] * powers[2:] * powers[1:-1] * power[..., :-2]).sum(axis=-1)
        change = np.divide(first, second, out=np.zeros_like(first), where=second < 0)
        at = np.clip(at - change, low, high)
    refined = (c * at[..., None] ** powers).sum(axis=-1)
    largest: Floats = np.maximum(refined.max(axis=1), sampled.max(axis=(1, 2)))
    return largest


def as_orbit(
    loop: Loop,
    *,
    parameter: str,
    model: NeuronModel,
    multipliers: NDArray[np.complex128],
    residual: float,
) -> Orbit:
    """Return the public form of a converged loop; `model` has the loop's parameter value."""
    degree = loop.y.shape[1]
    t = np.append(times_of(loop.mesh, degree).ravel(), 1.0) * loop.period
    points = loop.table.reshape(-1, loop.u.shape[1])
    return Orbit(
        t=t,
        x=np.ascontiguousarray(np.concatenate([points, points[:1]]).T),
        period=loop.period,
        parameter=parameter,
        value=loop.value,
        model=model,
        degree=degree,
        multipliers=multipliers,
        residual=residual,
    )
