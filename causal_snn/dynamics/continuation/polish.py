"""Polish: from an approximate special point to one that is exact to rounding."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from causal_snn.dynamics.continuation.defining import (
    Setting,
    branch_point,
    fold,
    hopf,
    parameter_second,
)
from causal_snn.dynamics.continuation.normal_form import fold_normal_form, hopf_normal_form
from causal_snn.dynamics.continuation.spectrum import sorted_eigenvalues
from causal_snn.dynamics.field import Field, Floats

ROUNDING = 1e-9
"""Scaled correction below which Newton may stop because it no longer shrinks."""
MOST = 15
"""Most Newton iterations."""
DOUBLE_ZERO = 1e-6
"""<p, q> of unit null vectors below which a fold is a Bogdanov-Takens point."""
FARTHEST = 0.02
"""Farthest that polishing may move a point, in scaled unknowns."""


@dataclass(frozen=True, slots=True, eq=False)
class Polished:
    """What Newton's method ended with.

    Attributes
    ----------
    z : array
        Unknowns.
    residual : float
        Largest residual.
    correction : array
        Last change of the unknowns.
    history : tuple of float
        Scaled size of every correction.
    converged : bool
        Whether the corrections fell to rounding level.
    """

    z: Floats
    residual: float
    correction: Floats
    history: tuple[float, ...]
    converged: bool


def newton(system: Callable[[Floats], tuple[Floats, Floats]], z: Floats, scale: Floats) -> Polished:
    """Solve a square system from `z` until rounding stops the corrections."""
    history: list[float] = []
    correction = np.zeros_like(z)
    residual, matrix = system(z)
    while len(history) < MOST:
        try:
            correction = np.linalg.solve(matrix * scale, residual) * scale
        except np.linalg.LinAlgError:
            break
        size = float(np.abs(correction / scale).max())
        if not math.isfinite(size):
            break
        if history and history[-1] < ROUNDING and size >= 0.5 * history[-1]:
            break  # rounding: keep the point before
        z = z - correction
        history.append(size)
        residual, matrix = system(z)
        if size < 1e-15:
            break
    done = bool(history) and history[-1] < ROUNDING and bool(np.isfinite(residual).all())
    return Polished(z, float(np.abs(residual).max()), correction, tuple(history), done)


def polish_fold(fld: Field, index: int, scale: Floats, x: Floats, value: float) -> Polished:
    """Solve Moore and Spence's system; unknowns (x, v, parameter)."""
    n = fld.n
    jac = fld.jac(x, fld.with_p(index, value))
    v = np.linalg.svd(jac * scale[:n])[2][-1] * scale[:n]
    system = partial(fold, Setting(fld, (index,), scale[:n]))
    return newton(system, np.concatenate([x, v, [value]]), np.concatenate([scale[:n], scale]))


def polish_hopf(fld: Field, index: int, scale: Floats, x: Floats, value: float) -> Polished:
    """Solve the Hopf system; unknowns (x, v, w, kappa, parameter)."""
    across, z, sizes = hopf_start(fld, fld.with_p(index, value), scale[: fld.n], x)
    system = partial(hopf, Setting(fld, (index,), scale[: fld.n]), across)
    return newton(system, np.append(z, value), np.append(sizes, scale[-1]))


def hopf_start(
    fld: Field, p: tuple[float, ...], scale: Floats, x: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return c, approximate (x, v, w, kappa) and their scales, for the Hopf system."""
    n = fld.n
    scaled = fld.jac(x, p) * scale / scale[:, None]
    values, vectors = np.linalg.eig(scaled)
    k = min(range(n), key=lambda j: abs(values[j].real) if values[j].imag > 0 else math.inf)
    omega, q = float(values[k].imag), vectors[:, k]
    # Turn q's phase until its real and imaginary parts are at right angles, the real one longer.
    q = q * np.exp(-0.5j * np.angle(q @ q))
    w = q.real / np.linalg.norm(q.real)
    # J q = i omega q: with v = Im q/(omega |Re q|), J v = Re q/|Re q| = w.
    v = q.imag / (omega * np.linalg.norm(q.real))
    across = w - (w @ v) * v / (v @ v) if v @ v else w
    z = np.concatenate([x, v * scale, w * scale, [omega**2]])
    sizes = np.concatenate([scale, scale / omega, scale, [omega**2]])
    return across / scale, z, sizes


def polish_branch_point(fld: Field, index: int, scale: Floats, x: Floats, value: float) -> Polished:
    """Solve for a branch point; unknowns (x, phi, b, parameter)."""
    n = fld.n
    _, jac, by = fld.f_jac_dp(x, fld.with_p(index, value), index)
    phi = np.linalg.svd(np.column_stack([jac * scale[:n], by * scale[-1]]))[0][:, -1]
    system = partial(branch_point, Setting(fld, (index,), scale[:n]))
    sizes = np.concatenate([scale[:n], np.ones(n), [1.0, scale[-1]]])
    return newton(system, np.concatenate([x, phi, [0.0, value]]), sizes)


POLISH = {"LP": polish_fold, "HB": polish_hopf, "BP": polish_branch_point}


def special_point(
    label: str,
    fld: Field,
    parameter: str,
    scale: Floats,
    z: Floats,
    width: float,
    along: Floats,
) -> dict[str, Any]:
    """Return the fields of a special point, all but its name and index.

    Parameters
    ----------
    label : {"LP", "HB", "BP"}
        Which.
    fld : Field
        The vector field.
    parameter : str
        The continued parameter.
    scale : array, shape (n + 1,)
        Scales of the states and the parameter.
    z : array, shape (n + 1,)
        Approximate states and parameter.
    width : float
        Scaled uncertainty of `z`; what is kept where polishing fails.
    along : array, shape (n + 1,)
        Scaled tangent of the branch.
    """
    n = fld.n
    x, value = z[:n], float(z[n])
    done = POLISH[label](fld, fld.index(parameter), scale, x, value)
    moved = np.abs((np.append(done.z[:n], done.z[-1]) - z) / scale).max()
    ok = done.converged and moved < FARTHEST
    if ok and label == "BP":
        # Near an imperfect branch point the system has a solution with b != 0, no equilibrium.
        p = fld.with_p(fld.index(parameter), float(done.z[-1]))
        usual = np.abs(fld.f(done.z[:n] + 0.01 * scale[:n], p)).max()
        ok = bool(abs(done.z[2 * n]) <= ROUNDING * usual)
    if ok:
        x, value = done.z[:n], float(done.z[-1])
    fld = fld.at(**{parameter: value})
    return {
        "label": label,
        "parameter": parameter,
        "value": value,
        "state": x,
        "model": fld.model,
        "residual": max(done.residual if ok else 0.0, float(np.abs(fld.f(x)).max())),
        "tolerance": max(abs(float(done.correction[-1])), np.spacing(abs(value)))
        if ok
        else width * float(scale[n]),
        "converged": bool(ok),
        "eigenvalues": sorted_eigenvalues(fld.jac(x)[None])[0],
        **_normal_form(label, fld, parameter, x, scale, along, done.history),
    }


def _normal_form(
    label: str,
    fld: Field,
    parameter: str,
    x: Floats,
    scale: Floats,
    along: Floats,
    history: tuple[float, ...],
) -> dict[str, Any]:
    if label == "LP":
        form = fold_normal_form(fld, x, parameter)
        if abs(form.pq) < DOUBLE_ZERO:
            return {"label": "BT", "details": {"newton": history}}
        return {"details": {"newton": history, "a": form.a, "b": form.b}}
    if label == "BP":
        ways = directions(fld, parameter, x, scale)
        ways = ways[np.argsort(-np.abs(ways / scale @ along))]
        return {"details": {"newton": history, "tangents": ways}}
    hopf_form = hopf_normal_form(fld, x)
    return {
        "omega": hopf_form.omega,
        "period": 2.0 * math.pi / hopf_form.omega,
        "l1": hopf_form.l1(),
        "criticality": hopf_form.criticality,
        "details": {"newton": history},
    }


def directions(fld: Field, parameter: str, x: Floats, scale: Floats) -> Floats:
    """Return the two directions (dx, dp) in which branches leave a branch point, (2, n + 1).

    They solve the algebraic bifurcation equation, the second derivative of the equations
    projected on the left null vector (Keller 1977, section 5); empty (0, n + 1) if it has no
    real solution, where the point is isolated.
    """
    n, index = fld.n, fld.index(parameter)
    _, jac, by = fld.f_jac_dp(x, fld.p, index)
    left, _, right = np.linalg.svd(np.column_stack([jac, by]) * scale)
    phi, basis = left[:, -1], right[-2:]
    hessian = np.empty((n + 1, n + 1))
    hessian[:n, :n] = np.tensordot(phi, fld.second(x), 1)
    hessian[n, :n] = hessian[:n, n] = fld.jac_dp(x, fld.p, index).T @ phi
    hessian[n, n] = parameter_second(fld, x, fld.p, index) @ phi
    form = basis @ (hessian * np.outer(scale, scale)) @ basis.T
    values, vectors = np.linalg.eigh(form)
    if values[0] * values[1] > 0:
        return np.empty((0, n + 1))
    # values[0] u^2 + values[1] v^2 = 0 in the form's own axes
    u, v = math.sqrt(abs(values[1])), math.sqrt(abs(values[0]))
    found = np.array([[u, v], [u, -v]]) @ vectors.T @ basis
    return found / np.linalg.norm(found, axis=1)[:, None] * scale
