"""Defining systems: equations whose solutions are folds, Hopf points and branch points.

Each system takes its unknowns in one vector that ends with one or more parameters, so that the
same equations polish a point in one parameter and are followed in two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from causal_snn.dynamics.field import SCALAR, Field, Floats, compile_expressions
from causal_snn.models.neuron import Equations


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A field, the positions of the free parameters, and the scales of the states (n,)."""

    field: Field
    free: tuple[int, ...]
    scale: Floats

    def at(self, values: Floats) -> tuple[float, ...]:
        """Return all parameter values with those of the free ones put in."""
        p = self.field.p
        for index, value in zip(self.free, values.tolist(), strict=True):
            p = (*p[:index], value, *p[index + 1 :])
        return p


def fold(setting: Setting, z: Floats) -> tuple[Floats, Floats]:
    r"""Return residuals and Jacobian of Moore and Spence's system, unknowns (x, v, parameters).

    .. math:: f = 0, \qquad J v = 0, \qquad |v|^2 = 1

    The norm is that of scaled states. Source: SIAM J Numer Anal 17:567 (1980).
    """
    n = setting.field.n
    x, v, p = z[:n], z[n : 2 * n], setting.at(z[2 * n :])
    f, jac = setting.field.f_jac(x, p)
    weighted = v / setting.scale**2
    residual = np.concatenate([f, jac @ v, [0.5 * (weighted @ v - 1.0)]])
    matrix = np.zeros((2 * n + 1, z.size))
    matrix[:n, :n] = matrix[n : 2 * n, n : 2 * n] = jac
    matrix[n : 2 * n, :n] = setting.field.second(x, p) @ v
    matrix[2 * n, n : 2 * n] = weighted
    for k, index in enumerate(setting.free, start=2 * n):
        matrix[:n, k] = setting.field.f_jac_dp(x, p, index)[2]
        matrix[n : 2 * n, k] = setting.field.jac_dp(x, p, index) @ v
    return residual, matrix


def hopf(setting: Setting, across: Floats, z: Floats) -> tuple[Floats, Floats]:
    r"""Return residuals and Jacobian of a Hopf system, unknowns (x, v, w, kappa, parameters).

    .. math:: f = 0, \quad J v = w, \quad J w = -\kappa v, \quad c \cdot v = 0, \quad |w|^2 = 1

    with kappa = omega^2, the norm of scaled states and c = `across`. This is J^2 v = -kappa v
    (Roose and Hlavacek, SIAM J Appl Math 45:879, 1985) without the squared matrix. It is regular
    at a Bogdanov-Takens point too, where kappa = 0 and w is the null vector, and goes on to the
    neutral saddles, kappa < 0.
    """
    n = setting.field.n
    x, v, w, kappa, p = z[:n], z[n : 2 * n], z[2 * n : 3 * n], z[3 * n], setting.at(z[3 * n + 1 :])
    f, jac = setting.field.f_jac(x, p)
    second = setting.field.second(x, p)
    weighted = w / setting.scale**2
    residual = np.concatenate(
        [f, jac @ v - w, jac @ w + kappa * v, [across @ v, 0.5 * (weighted @ w - 1.0)]]
    )
    a, b, c = slice(0, n), slice(n, 2 * n), slice(2 * n, 3 * n)
    matrix = np.zeros((3 * n + 2, z.size))
    matrix[a, a] = matrix[b, b] = matrix[c, c] = jac
    matrix[b, a], matrix[c, a] = second @ v, second @ w
    matrix[b, c], matrix[c, b] = -np.eye(n), kappa * np.eye(n)
    matrix[c, 3 * n] = v
    matrix[3 * n, b], matrix[3 * n + 1, c] = across, weighted
    for k, index in enumerate(setting.free, start=3 * n + 1):
        by = setting.field.jac_dp(x, p, index)
        matrix[a, k] = setting.field.f_jac_dp(x, p, index)[2]
        matrix[b, k], matrix[c, k] = by @ v, by @ w
    return residual, matrix


def branch_point(setting: Setting, z: Floats) -> tuple[Floats, Floats]:
    r"""Return residuals and Jacobian of a branch point, unknowns (x, phi, b, parameter).

    .. math:: f + b \phi = 0, \quad J^T \phi = 0, \quad f_p \cdot \phi = 0, \quad |\phi|^2 = 1

    where b = 0 at the solution: without it there is one equation too many.
    Source: Moore, SIAM J Numer Anal 17:567 (1980), section 4.
    """
    n, index = setting.field.n, setting.free[0]
    x, phi, b, p = z[:n], z[n : 2 * n], z[2 * n], setting.at(z[2 * n + 1 :])
    f, jac, by = setting.field.f_jac_dp(x, p, index)
    jac_by = setting.field.jac_dp(x, p, index)
    residual = np.concatenate([f + b * phi, jac.T @ phi, [by @ phi, 0.5 * (phi @ phi - 1.0)]])
    matrix = np.zeros((2 * n + 2, 2 * n + 2))
    matrix[:n, :n], matrix[:n, n : 2 * n] = jac, b * np.eye(n)
    matrix[:n, 2 * n], matrix[:n, 2 * n + 1] = phi, by
    matrix[n : 2 * n, :n] = np.tensordot(phi, setting.field.second(x, p), 1)
    matrix[n : 2 * n, n : 2 * n], matrix[n : 2 * n, 2 * n + 1] = jac.T, jac_by.T @ phi
    matrix[2 * n, :n], matrix[2 * n, n : 2 * n] = jac_by.T @ phi, by
    matrix[2 * n, 2 * n + 1] = parameter_second(setting.field, x, p, index) @ phi
    matrix[2 * n + 1, n : 2 * n] = phi
    return residual, matrix


def parameter_second(field: Field, x: Floats, p: tuple[float, ...], index: int) -> Floats:
    """Return the second derivative of the drift by a parameter, shape (n,)."""
    function = _parameter_second(field.model.equations, field.names, index)
    return np.array(function(*x.tolist(), *p), dtype=float)


@cache
def _parameter_second(
    equations: Equations, names: tuple[str, ...], index: int
) -> Callable[..., Any]:
    import sympy as sp

    symbol = sp.Symbol(names[index], real=True)
    entries = [rate.diff(symbol, 2) for rate in equations.drift]
    return compile_expressions(equations, names, entries, SCALAR)
