"""Hopf points: where a branch of cycles begins, and where it may end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Loop, scheme, times_of
from causal_snn.dynamics.cycle.mesh import uniform
from causal_snn.dynamics.cycle.orbit import extremes
from causal_snn.dynamics.cycle.problem import Problem
from causal_snn.dynamics.field import Field

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
COLLAPSED = 0.02
"""Fraction to which no step shrinks a cycle, so that what is left is an equilibrium."""
BEND = 0.05
"""Largest nonlinear part of the drift on the first cycle, relative to its linear part."""


def critical_pair(jacobian: Floats, omega: float | None) -> tuple[complex, Complexes]:
    """Return the eigenvalue nearest to i omega, and its eigenvector of norm 1.

    Without omega the one nearest to the imaginary axis, apart from real ones.
    """
    values, vectors = np.linalg.eig(jacobian)
    if omega is None:
        off = np.where(values.imag > 0, np.abs(values.real), np.inf)
    else:
        off = np.abs(values - 1j * omega)
    k = int(np.argmin(off))
    return complex(values[k]), np.asarray(vectors[:, k], complex)


def crossing_speed(of: Field, x: Floats, value: float, index: int) -> complex:
    """Return d lambda/dp of the critical eigenvalue along the equilibria, by differences."""
    step = 1e-5 * (1.0 + abs(value))
    _, jacobian, by_p = of.f_jac_dp(x, of.with_p(index, value), index)
    slope = -np.linalg.solve(jacobian, by_p)
    here, _ = critical_pair(jacobian, None)
    ends = [
        critical_pair(of.jac(x + s * slope, of.with_p(index, value + s)), here.imag)[0]
        for s in (-step, step)
    ]
    return (ends[1] - ends[0]) / (2 * step)


def first_amplitude(of: Field, x: Floats, p: tuple[float, ...], q: Complexes) -> float:
    """Return how far along q the drift is still linear up to the fraction `BEND`."""
    jacobian = of.jac(x, p)
    weight = np.where(np.abs(q) > 1e-9, 1.0 / np.maximum(np.abs(q), 1e-9), 0.0)
    around = [(q * np.exp(1j * angle)).real for angle in np.arange(4) * np.pi / 4]
    size = 1e-6 * (1.0 + float(np.abs(x).max()))
    for _ in range(60):
        for way in around:
            linear = size * (jacobian @ way)
            rest = of.f(x + size * way, p) - linear
            if not np.linalg.norm(weight * rest) < BEND * np.linalg.norm(weight * linear):
                return size / 1.5
        size *= 1.5
    return size


def hopf_loop(
    x: Floats, q: Complexes, omega: float, value: float, intervals: int, degree: int
) -> tuple[Loop, Loop]:
    """Return the equilibrium as a loop, and the direction in which cycles grow from it."""
    mesh = uniform(intervals)
    turn = np.exp(2j * np.pi * times_of(mesh, degree))
    wave = (turn[:, :, None] * q).real
    still = np.broadcast_to(x, wave.shape)
    period = 2 * np.pi / omega
    return (
        Loop(mesh, still[:, 0].copy(), still[:, 1:].copy(), period, value),
        Loop(mesh, wave[:, 0].copy(), wave[:, 1:].copy(), 0.0, 0.0),
    )


def typical_change(problem: Problem, loop: Loop) -> float:
    """Return the change of the parameter that changes the drift by its own size."""
    f, _, by_p = problem.linearised(loop)
    size = np.linalg.norm(by_p / problem.scale)
    return float(np.linalg.norm(f / problem.scale) / size) if size > 0 else 1.0 + abs(loop.value)


def shrunk_through(problem: Problem, before: Loop, after: Loop) -> bool:
    """Tell whether the cycle has shrunk to a point, or through it and turned inside out."""
    if (after.size() < COLLAPSED * before.size()).all():
        return True
    weights = scheme(problem.degree).weights

    def deviation(loop: Loop) -> Floats:
        mean = np.einsum("i,j,ijk->k", loop.widths, weights, loop.y)
        return np.asarray(loop.y - mean)

    a, b = deviation(before), deviation(after)
    measure = before.widths[:, None, None] * weights[:, None] / problem.scale**2
    return bool(np.vdot(a * measure, b) < 0)


def threshold_border(of: Field, name: str) -> Callable[[Loop], float] | None:
    """Return how far a cycle goes beyond the spike threshold, or None if there is none.

    The cycles of a neuron with reset are those of its flow only below threshold.
    """
    threshold = of.model.threshold
    if threshold is None:
        return None
    import sympy as sp

    own = of.values()
    symbols = [*of.model.equations.states, *(sp.Symbol(key, real=True) for key in own)]
    level = sp.lambdify(symbols, threshold, "numpy")

    def beyond(loop: Loop) -> float:
        states = np.moveaxis(loop.table, 2, 0)
        above = states[0] - level(*states, *{**own, name: loop.value}.values())
        height = Loop(loop.mesh, above[:, :1], above[:, 1:, None], loop.period, loop.value)
        return float(extremes([height])[0][0, 0])

    return beyond
