"""Bogdanov-Takens points: a double zero eigenvalue, where a fold meets a Hopf curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn.dynamics.continuation.defining import Setting, hopf
from causal_snn.dynamics.continuation.polish import newton
from causal_snn.dynamics.field import Floats


@dataclass(frozen=True, slots=True, eq=False)
class BogdanovTakens:
    r"""A polished point and its normal form :math:`\dot\xi = \eta, \dot\eta = a \xi^2 + b \xi\eta`.

    Attributes
    ----------
    state : array, shape (n,)
        The equilibrium.
    values : array, shape (2,)
        The two parameters.
    a, b : float
        Normal-form coefficients; the point is degenerate where one of them is 0.
    residual, error : float
        Largest residual, and last correction of the first parameter.
    converged : bool
        Whether Newton reached rounding level.
    """

    state: Floats
    values: Floats
    a: float
    b: float
    residual: float
    error: float
    converged: bool


def bogdanov_takens(setting: Setting, x: Floats, values: Floats) -> BogdanovTakens:
    r"""Return the Bogdanov-Takens point near a fold whose null vectors are nearly orthogonal.

    Solves the Hopf system at kappa = 0 for (x, v, w, p1, p2). The coefficients are
    :math:`a = p_1 B(q_0, q_0)/2`, :math:`b = p_0 B(q_0, q_0) + p_1 B(q_0, q_1)` with
    J q_0 = 0, J q_1 = q_0, p_1 J = 0, p_0 J = p_1 and p_0 q_0 = p_1 q_1 = 1, p_0 q_1 = 0,
    ||q_0|| = 1.
    Source: Kuznetsov, Elements of Applied Bifurcation Theory (2004), section 8.4.

    Parameters
    ----------
    setting : Setting
        With two free parameters.
    x, values : array
        Approximate equilibrium and parameters.
    """
    n, s = setting.field.n, setting.scale
    w, v = _chain(setting.field.jac(x, setting.at(values)) * s / s[:, None])
    across = w / s
    fixed = 3 * n  # kappa, which stays 0

    def system(u: Floats) -> tuple[Floats, Floats]:
        residual, matrix = hopf(setting, across, np.insert(u, fixed, 0.0))
        return residual, np.delete(matrix, fixed, axis=1)

    start = np.concatenate([x, v * s, w * s, values])
    sizes = [s, s * max(1.0, float(np.abs(v).max())), s, np.maximum(np.abs(values), 1e-3)]
    scale = np.concatenate(sizes)
    done = newton(system, start, scale)
    x, values = done.z[:n], done.z[-2:]
    p = setting.at(values)
    q1, q0 = done.z[n : 2 * n], done.z[2 * n : 3 * n]
    # a and b are proportional to q0: make it a unit vector that points up
    size = np.linalg.norm(q0) * (1.0 if q0[np.abs(q0).argmax()] > 0 else -1.0)
    q0, q1 = q0 / size, q1 / size
    a, b = _coefficients(setting.field.jac(x, p), setting.field.second(x, p), q0, q1)
    error = abs(float(done.correction[-2]))
    return BogdanovTakens(x, values, a, b, done.residual, error, done.converged)


def _chain(jacobian: Floats) -> tuple[Floats, Floats]:
    """Return the null vector w and the v at right angles to it with J v = w, approximately."""
    left, sizes, right = np.linalg.svd(jacobian)
    w = right[-1]
    v = right[:-1].T @ ((left[:, :-1].T @ w) / sizes[:-1])
    return w, v


def _coefficients(jacobian: Floats, second: Floats, q0: Floats, q1: Floats) -> tuple[float, float]:
    left, sizes, right = np.linalg.svd(jacobian.T)
    p1 = right[-1]
    p1 = p1 / (p1 @ q1)
    p0 = right[:-1].T @ ((left[:, :-1].T @ p1) / sizes[:-1])  # p0 J = p1, up to multiples of p1
    p0 = p0 - (p0 @ q1) * p1
    curvature = second @ q0
    a = 0.5 * float(p1 @ curvature @ q0)
    return a, float(p0 @ curvature @ q0 + p1 @ curvature @ q1)
