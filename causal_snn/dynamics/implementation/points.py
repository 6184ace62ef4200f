"""Period doubling and Neimark-Sacker points of a step: defining systems and normal forms.

A step is the map x -> x + dt g(x); A is the Jacobian of g, M = 1 + dt A that of the map. Written
in A, everything tends to its counterpart for the flow as dt -> 0, where g is the drift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.continuation.defining import Setting
from causal_snn.dynamics.continuation.normal_form import DEGENERATE
from causal_snn.dynamics.field import Field, Floats
from causal_snn.models.schemes import DT

RESONANT = 1e-6
"""|mu^k - 1| below which a multiplier is called a k-th root of one."""


def time_step(fld: Field, p: tuple[float, ...]) -> float:
    """Return dt among the parameter values of an increment."""
    return p[fld.index(DT)]


def flip(setting: Setting, z: Floats) -> tuple[Floats, Floats]:
    r"""Return residuals and Jacobian of a period doubling, unknowns (x, q, parameters).

    .. math:: g = 0, \qquad dt\, A q + 2 q = 0, \qquad |q|^2 = 1

    which is M q = -q, in the norm of scaled states.
    """
    fld = setting.field
    n = fld.n
    x, q, p = z[:n], z[n : 2 * n], setting.at(z[2 * n :])
    dt = time_step(fld, p)
    g, a = fld.f_jac(x, p)
    weighted = q / setting.scale**2
    residual = np.concatenate([g, dt * (a @ q) + 2.0 * q, [0.5 * (weighted @ q - 1.0)]])
    matrix = np.zeros((2 * n + 1, z.size))
    matrix[:n, :n] = a
    matrix[n : 2 * n, :n] = dt * (fld.second(x, p) @ q)
    matrix[n : 2 * n, n : 2 * n] = dt * a + 2.0 * np.eye(n)
    matrix[2 * n, n : 2 * n] = weighted
    for k, index in enumerate(setting.free, start=2 * n):
        matrix[:n, k] = fld.f_jac_dp(x, p, index)[2]
        matrix[n : 2 * n, k] = dt * (fld.jac_dp(x, p, index) @ q)
        if fld.names[index] == DT:
            matrix[n : 2 * n, k] += a @ q
    return residual, matrix


def neimark_sacker(setting: Setting, across: Floats, z: Floats) -> tuple[Floats, Floats]:
    r"""Return residuals and Jacobian of a Neimark-Sacker point.

    .. math:: g = 0, \quad A v = w, \quad A w = -\kappa (v + dt\, w), \quad c \cdot v = 0,
        \quad |w|^2 = 1

    Unknowns (x, v, w, kappa, parameters), c = `across`. On the plane of v and w the multipliers
    solve mu^2 - (2 - kappa dt^2) mu + 1 = 0: they are exp(+-i theta) with
    kappa dt^2 = 2 - 2 cos(theta) if 0 < kappa dt^2 < 4, else a real pair with product 1, a
    neutral saddle. At dt = 0 this is the Hopf system of `defining`, kappa = omega^2. It is
    regular at both ends of the Neimark-Sacker range, the strong resonances 1:1 and 1:2.
    """
    fld = setting.field
    n = fld.n
    x, v, w, kappa, p = z[:n], z[n : 2 * n], z[2 * n : 3 * n], z[3 * n], setting.at(z[3 * n + 1 :])
    dt = time_step(fld, p)
    g, jac = fld.f_jac(x, p)
    second = fld.second(x, p)
    weighted = w / setting.scale**2
    turned = v + dt * w
    residual = np.concatenate(
        [g, jac @ v - w, jac @ w + kappa * turned, [across @ v, 0.5 * (weighted @ w - 1.0)]]
    )
    a, b, c = slice(0, n), slice(n, 2 * n), slice(2 * n, 3 * n)
    matrix = np.zeros((3 * n + 2, z.size))
    matrix[a, a] = matrix[b, b] = jac
    matrix[c, c] = jac + kappa * dt * np.eye(n)
    matrix[b, a], matrix[c, a] = second @ v, second @ w
    matrix[b, c], matrix[c, b] = -np.eye(n), kappa * np.eye(n)
    matrix[c, 3 * n] = turned
    matrix[3 * n, b], matrix[3 * n + 1, c] = across, weighted
    for k, index in enumerate(setting.free, start=3 * n + 1):
        by = fld.jac_dp(x, p, index)
        matrix[a, k] = fld.f_jac_dp(x, p, index)[2]
        matrix[b, k], matrix[c, k] = by @ v, by @ w
        if fld.names[index] == DT:
            matrix[c, k] += kappa * w
    return residual, matrix


def flip_start(fld: Field, p: tuple[float, ...], scale: Floats, x: Floats) -> Floats:
    """Return an approximate q, the eigenvector whose multiplier is closest to -1."""
    values, vectors = np.linalg.eig(fld.jac(x, p) * scale / scale[:, None])
    k = int(np.abs(time_step(fld, p) * values + 2.0).argmin())
    q: Floats = vectors[:, k].real
    return q / np.linalg.norm(q) * scale


def neimark_sacker_start(
    fld: Field, p: tuple[float, ...], scale: Floats, x: Floats, pair: complex
) -> tuple[Floats, Floats, Floats]:
    """Return c, approximate (x, v, w, kappa) and their scales.

    Parameters
    ----------
    fld, p, x
        Increment, its parameter values, and the approximate fixed point.
    scale : array, shape (n,)
        Scales of the states.
    pair : complex
        Approximate eigenvalue of A of the critical pair, with positive imaginary part.
    """
    a = fld.jac(x, p) * scale / scale[:, None]
    values, vectors = np.linalg.eig(a)
    q = vectors[:, np.abs(values - pair).argmin()]
    plane = np.linalg.qr(np.column_stack([q.real, q.imag]))[0]
    left, size, right = np.linalg.svd(plane.T @ a @ plane)
    # A right_1 = size_1 left_1: with these v and w both stay regular where kappa = 0
    v, w = plane @ right[0] / size[0], plane @ left[:, 0]
    across = w - (w @ v) * v / (v @ v)
    if not np.linalg.norm(across) > 1e-9:
        across = plane @ [-right[0][1], right[0][0]]
    kappa = abs(pair) ** 2  # (mu - 1)^2 = -kappa dt^2 mu with |mu| = 1
    z = np.concatenate([x, v * scale, w * scale, [kappa]])
    sizes = np.concatenate([scale, scale / size[0], scale, [size[0] ** 2]])
    return across / np.linalg.norm(across) / scale, z, sizes


@dataclass(frozen=True, slots=True, eq=False)
class MapNormalForm:
    r"""What branches off a period doubling or Neimark-Sacker point.

    Attributes
    ----------
    theta : float
        Angle of the critical multiplier exp(i theta); pi at a period doubling.
    coefficient : float
        Neimark-Sacker: d = Re(exp(-i theta) c) of z -> exp(i theta) z + c z |z|^2 per step.
        Period doubling: c of the flip's xi -> -xi + c xi^3. For ||q|| = 1.
    resonance : str
        ``"1:1"`` to ``"1:4"`` where exp(i k theta) = 1 for k <= 4 and the Neimark-Sacker form
        does not hold, else "".
    criticality : str
        ``"supercritical"``: what branches off, a closed curve or an orbit of period 2, is
        stable; ``"subcritical"``; ``"degenerate"``; "" at a strong resonance.
    """

    theta: float
    coefficient: float
    resonance: str
    criticality: str


def neimark_sacker_form(fld: Field, state: Floats) -> MapNormalForm:
    r"""Return the normal form at a Neimark-Sacker point.

    .. math:: d = \tfrac12 \Re\, e^{-i\theta} \langle p, C(q, q, \bar q)
        + 2 B(q, (1 - M)^{-1} B(q, \bar q)) + B(\bar q, (e^{2i\theta} - M)^{-1} B(q, q)) \rangle

    with B and C the derivatives of the map. The closed curve is stable if d < 0.
    Source: Kuznetsov, Elements of Applied Bifurcation Theory (2004), section 5.4.
    """
    dt = time_step(fld, fld.p)
    a = fld.jac(state)
    m = np.eye(fld.n) + dt * a
    values, vectors = np.linalg.eig(m)
    k = min(range(fld.n), key=lambda j: abs(abs(values[j]) - 1) if values[j].imag > 0 else math.inf)
    theta, q = float(np.angle(values[k])), vectors[:, k]
    turn = np.exp(1j * theta)
    left_values, left = np.linalg.eig(m.T)
    p = left[:, np.abs(left_values - np.conj(values[k])).argmin()]
    p = p / np.conj(np.vdot(p, q))  # <p, q> = 1, conjugate-linear in p
    second, third = dt * fld.second(state), dt * fld.third(state)
    mean = _solve(-dt * a, second @ q.conj() @ q)
    double = _solve(turn**2 * np.eye(fld.n) - m, second @ q @ q)
    terms = (
        np.vdot(p, third @ q.conj() @ q @ q),
        2.0 * np.vdot(p, second @ mean @ q),
        np.vdot(p, second @ double @ q.conj()),
    )
    d = float((sum(terms) / turn).real / 2.0)
    resonance = next((f"1:{k}" for k in (1, 2, 3, 4) if abs(turn**k - 1) < RESONANT), "")
    kind = "" if resonance else _criticality(d, max(map(abs, terms)) / 2.0)
    return MapNormalForm(theta, d, resonance, kind)


def flip_form(fld: Field, state: Floats) -> MapNormalForm:
    r"""Return the normal form at a period doubling.

    .. math:: c = \tfrac16 \langle p, C(q, q, q) \rangle
        + \tfrac12 \langle p, B(q, (1 - M)^{-1} B(q, q)) \rangle

    The orbit of period 2 is stable if c > 0.
    Source: Kuznetsov, Elements of Applied Bifurcation Theory (2004), section 5.4.
    """
    dt = time_step(fld, fld.p)
    a = fld.jac(state)
    left, _, right = np.linalg.svd(dt * a + 2.0 * np.eye(fld.n))
    q, p = right[-1], left[:, -1]
    p = p / (p @ q)
    second, third = dt * fld.second(state), dt * fld.third(state)
    mean = _solve(-dt * a, second @ q @ q)
    terms = (p @ (third @ q @ q @ q) / 6.0, p @ (second @ mean @ q) / 2.0)
    c = float(sum(terms))
    return MapNormalForm(math.pi, c, "", _criticality(-c, max(map(abs, terms))))


def _solve(matrix: Any, right: Any) -> Any:
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:  # another multiplier is critical too
        return np.full_like(right, math.nan)


def _criticality(growth: float, size: float) -> str:
    if not abs(growth) > DEGENERATE * size:  # or no number
        return "degenerate"
    return "subcritical" if growth > 0 else "supercritical"


def critical_pair(eigenvalues: NDArray[np.complex128], dt: float) -> complex:
    """Return the eigenvalue of A (n,) whose multiplier is closest to the unit circle, upper half.

    Only complex ones are looked at; NaN if there is none.
    """
    upper = eigenvalues[eigenvalues.imag > 0]
    if not upper.size:
        return complex(math.nan, math.nan)
    # (|mu| - 1)/dt, without the loss of digits at small dt
    excess = upper.real + 0.5 * dt * np.abs(upper) ** 2
    return complex(upper[np.abs(excess).argmin()])


def details(form: MapNormalForm, dt: float, scheme: str, **more: Any) -> dict[str, Any]:
    """Return what a special point of a map keeps beside the standard fields."""
    return {
        "scheme": scheme,
        "dt": dt,
        "theta": form.theta,
        "coefficient": form.coefficient,
        "resonance": form.resonance,
        **more,
    }
