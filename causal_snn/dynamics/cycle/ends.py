"""Where cycles end: at a saddle-node, at a saddle, or shrunk to a Hopf point.

Near a saddle-node on the invariant circle T = c/sqrt|p - p0|, so 1/T^2 is linear in p. Near a
homoclinic orbit to a saddle T = a - ln|p - p0|/lambda, with lambda the smaller in modulus of the
saddle's leading eigenvalues on both sides of 0.
Source: Kuznetsov, Elements of Applied Bifurcation Theory (2004), secs 6.2 and 7.1; Izhikevich,
Dynamical Systems in Neuroscience (2007), sec. 6.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.continuation.polish import polish_fold, polish_hopf
from causal_snn.dynamics.cycle.collocation import Loop
from causal_snn.dynamics.cycle.corrector import correct
from causal_snn.dynamics.cycle.mesh import equidistribute
from causal_snn.dynamics.cycle.problem import Problem

Floats = NDArray[np.float64]
NEAR = 0.05
"""Farthest that the cycle may pass by the equilibrium it ends at, relative to its size."""
LONG = 4.0
"""A cycle that ends at an equilibrium has a period so many times the branch's shortest."""
DEEP = 14.0
"""Rate times period beyond which a cycle near a saddle is as good as the homoclinic orbit."""
FINER = 4
TAIL = 0.05
"""The laws hold where the parameter is this near its limit, relative to its typical change."""


class End(NamedTuple):
    """The limit of a branch of cycles.

    Attributes
    ----------
    label : str
        ``"SNIC"``, ``"HC"`` or ``"HB"``.
    value : float
        The parameter there.
    state : array, shape (n,)
        The equilibrium.
    residual, tolerance : float
    eigenvalues : array, shape (n,)
    details : mapping
        The evidence.
    """

    label: str
    value: float
    state: Floats
    residual: float
    tolerance: float
    eigenvalues: NDArray[np.complex128]
    details: Mapping[str, Any]


def near_saddle(problem: Problem, loops: list[Loop]) -> bool:
    """Tell whether the last cycle is so near a saddle that a longer one would be no nearer."""
    if not _grows(loops):
        return False
    saddle = _equilibrium(problem, _slowest(problem, loops[-1]), loops[-1].value)
    if saddle is None or _distance(problem, loops[-1], saddle) > NEAR:
        return False
    return _rate(_eigenvalues(problem, saddle, loops[-1].value)) * loops[-1].period > DEEP


def infinite_period(problem: Problem, loops: list[Loop], tangents: list[Loop]) -> End | None:
    """Recognise the equilibrium that a branch of growing period ends at, or return None."""
    if not _grows(loops):
        return None
    of, index, last = problem.field, problem.index, loops[-1]
    slow = _slowest(problem, last)
    scale = np.append(problem.scale, problem.reach)
    fold = polish_fold(of, index, scale, slow, last.value)
    saddle = _equilibrium(problem, slow, last.value)
    at_fold = _distance(problem, last, fold.z[: of.n]) if fold.converged else np.inf
    at_saddle = np.inf if saddle is None else _distance(problem, last, saddle)
    if saddle is not None and at_saddle < min(NEAR, at_fold):
        return _homoclinic(problem, loops, tangents, saddle, at_saddle)
    if at_fold < NEAR and abs(fold.z[-1] - last.value) < TAIL * problem.reach:
        value, state = float(fold.z[-1]), fold.z[: of.n]
        correction = float(abs(fold.correction[-1]))
        return _saddle_node(problem, loops, state, value, at_fold, (fold.residual, correction))
    return None


def _grows(loops: list[Loop]) -> bool:
    """Tell whether the period has become long and is still growing."""
    if len(loops) < 4 or loops[-1].period < loops[-2].period:
        return False
    return loops[-1].period > LONG * min(loop.period for loop in loops)


def _slowest(problem: Problem, loop: Loop) -> Floats:
    """Return the state at which a cycle is slowest, relative to its size."""
    speed = np.linalg.norm(problem.drift(loop) / problem.scale, axis=2)
    slow: Floats = loop.y[np.unravel_index(int(np.argmin(speed)), speed.shape)]
    return slow


def _eigenvalues(problem: Problem, x: Floats, value: float) -> NDArray[np.complex128]:
    jacobian = problem.field.jac(x, problem.field.with_p(problem.index, value))
    return np.asarray(np.linalg.eigvals(jacobian).astype(complex))


def _rate(eigenvalues: NDArray[np.complex128]) -> float:
    """Return the modulus of a saddle's real part nearest to 0."""
    return float(np.abs(eigenvalues.real).min())


def _distance(problem: Problem, loop: Loop, x: Floats) -> float:
    """Return the least distance of a cycle to a state, in units of the cycle's size."""
    return float(np.abs((loop.table - x) / problem.scale).max(axis=2).min())


def _equilibrium(problem: Problem, x: Floats, value: float) -> Floats | None:
    """Return the saddle near a state by Newton's method, or None."""
    of, p = problem.field, problem.field.with_p(problem.index, value)
    begin = x
    for _ in range(20):
        f, jacobian = of.f_jac(x, p)
        try:
            change = np.linalg.solve(jacobian, f)
        except np.linalg.LinAlgError:
            return None
        x = x - change
        if not np.abs((x - begin) / problem.scale).max() < 2 * NEAR:
            return None
        if np.abs(change / problem.scale).max() < 1e-12:
            real = np.linalg.eigvals(of.jac(x, p)).real
            return x if real.min() < 0 < real.max() else None
    return None


def _saddle_node(
    problem: Problem,
    loops: list[Loop],
    x: Floats,
    value: float,
    distance: float,
    errors: tuple[float, float],
) -> End | None:
    """Confirm the law T = c/sqrt|p - p0| on the last cycles; p0 comes from the fold itself."""
    tail = _tail(problem, loops, value)
    if len(tail) < 2:
        return None
    (p1, t1), (p2, t2) = tail[-2:]
    extrapolated = (p1 * t1**2 - p2 * t2**2) / (t1**2 - t2**2)
    if abs(extrapolated - value) > 0.2 * abs(p2 - value):
        return None
    slope = np.polyfit(np.log(np.abs(tail[:, 0] - value)), np.log(tail[:, 1]), 1)[0]
    details = {
        "distance": distance,
        "constant": float(t2 * np.sqrt(abs(p2 - value))),
        "exponent": float(slope),
        "extrapolated": float(extrapolated),
        "longest_period": loops[-1].period,
    }
    return End("SNIC", value, x, *errors, _eigenvalues(problem, x, value), details)


def _homoclinic(
    problem: Problem, loops: list[Loop], tangents: list[Loop], x: Floats, distance: float
) -> End:
    """Extrapolate the law T = a - ln|p - p0|/lambda from the last two cycles, on fine meshes."""
    last = loops[-1]
    eigenvalues = _eigenvalues(problem, x, last.value)
    real, rate = eigenvalues.real, _rate(eigenvalues)
    quantity = real[real > 0].min() + real[real < 0].max()
    (p1, t1), (p2, t2) = (
        _refined(problem, loop, tangent)
        for loop, tangent in zip(loops[-2:], tangents[-2:], strict=True)
    )
    ratio = np.exp(-rate * (t2 - t1))
    value = float((p2 - ratio * p1) / (1 - ratio))
    details: dict[str, Any] = {
        "distance": distance,
        "rate": rate,
        "saddle_quantity": float(quantity),
        "longest_period": last.period,
    }
    tail = _tail(problem, loops, value)
    if len(tail) > 1:
        details["fitted_rate"] = float(
            -np.polyfit(tail[:, 1], np.log(np.abs(tail[:, 0] - value)), 1)[0]
        )
    here = _equilibrium(problem, x, value)
    state = x if here is None else here
    residual = float(
        np.abs(problem.field.f(state, problem.field.with_p(problem.index, value))).max()
    )
    # The next term of the law is as small again as the one extrapolated.
    tolerance = abs(value - p2) * float(np.exp(-rate * t2 / 2)) + abs(p2 - last.value)
    return End("HC", value, state, residual, tolerance, eigenvalues, details)


def _refined(problem: Problem, loop: Loop, tangent: Loop) -> tuple[float, float]:
    """Return parameter and period of a cycle solved again on a mesh `FINER` times as fine."""
    mesh = equidistribute(loop, problem.scale, FINER * len(loop.u))
    loop, tangent = loop.on(mesh), tangent.on(mesh)
    found = correct(problem, loop, phase=problem.velocity(loop), along=tangent)
    best = found.loop if found.converged else loop
    return best.value, best.period


def _tail(problem: Problem, loops: list[Loop], limit: float) -> Floats:
    """Return (parameter, period) of the last cycles that obey a law, above rounding, (K, 2)."""
    found: list[tuple[float, float]] = []
    for loop in reversed(loops):
        off = abs(loop.value - limit) / problem.reach
        if off > TAIL or (found and loop.period > found[-1][1]):
            break
        if off > 1e-9:
            found.append((loop.value, loop.period))
    return np.array(found[::-1][-8:]).reshape(-1, 2)


def shrunk_to_hopf(problem: Problem, loop: Loop) -> End | None:
    """Return the Hopf point at which a small cycle ends, or None if none is near."""
    of = problem.field
    x = np.einsum("i,j,ijk->k", loop.widths, problem.tables.weights, loop.y)
    scale = np.append(problem.scale, problem.reach)
    found = polish_hopf(of, problem.index, scale, x, loop.value)
    kappa, value = found.z[3 * of.n], float(found.z[-1])
    if not found.converged or kappa <= 0 or abs(value - loop.value) > problem.reach:
        return None
    state = found.z[: of.n]
    eigenvalues = _eigenvalues(problem, state, value)
    correction = float(abs(found.correction[-1]))
    details = {"omega": float(np.sqrt(kappa))}
    return End("HB", value, state, found.residual, correction, eigenvalues, details)
