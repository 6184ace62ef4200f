"""Newton's method for one cycle: at a fixed parameter, or on a hyperplane across the branch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Loop
from causal_snn.dynamics.cycle.condense import back, condense
from causal_snn.dynamics.cycle.problem import Problem

Floats = NDArray[np.float64]
SMALL = 1e-11
"""A correction, relative to the cycle's size, that rounding alone can make."""
STALLED = 1e-8
"""A correction below which one that no longer shrinks is rounding."""


class Solved(NamedTuple):
    """What Newton's method came to.

    Attributes
    ----------
    loop : Loop
    tangent : Loop or None
        Direction of the branch with unit inner product; None at a fixed parameter.
    converged : bool
    first : float
        Size of the first correction: the error of the prediction.
    last : float
        Size of the last correction.
    corrections : tuple of float
        Size of every correction.
    transfer : array, shape (N, n, n), or None
        Transfer matrices of the intervals, before the last correction.
    """

    loop: Loop
    tangent: Loop | None
    converged: bool
    first: float
    last: float
    corrections: tuple[float, ...]
    transfer: Floats | None = None


def correct(
    problem: Problem,
    guess: Loop,
    *,
    phase: Floats,
    along: Loop | None = None,
    most: int = 8,
    small: float = SMALL,
    strict: bool = False,
) -> Solved:
    """Find the cycle near a guess.

    The integral phase condition asks that the change from the guess be orthogonal to `phase`.

    Parameters
    ----------
    problem : Problem
    guess : Loop
    phase : array, shape (N, m, n)
        Time derivative of a reference curve at the Gauss points.
    along : Loop, optional
        Direction in which the guess may not change (pseudo-arclength); without it the parameter
        is fixed.
    most : int
        Most Newton steps.
    small : float
        A correction so small ends the iteration even if the next one would be no smaller.
    strict : bool
        Give up as soon as a correction is not half the one before.
    """
    free = along is not None
    rows, corner = _rows(problem, guess, phase, along)
    loop, sizes = guess, list[float]()
    tangent = None
    for _ in range(most):
        rest = _left_over(rows, corner, guess, loop)
        interior = problem.eliminated(loop, free)
        if not np.isfinite(interior.g).all():
            break
        system = condense(interior, rows.reshape(*rows.shape[:2], -1), corner, rest)
        right = np.zeros((len(system.constant), 2))
        right[:, 0] = -system.constant
        right[-1, 1] = 1.0
        try:
            both = np.linalg.solve(system.matrix, right)
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(both).all():
            break
        change = _as_loop(loop, *back(system, both[:, 0], 1.0), free)
        loop = loop.plus(1.0, change)
        sizes.append(_size(problem, change, loop))
        if loop.period <= 0 or not np.isfinite(sizes[-1]) or sizes[-1] > 1e3:
            break
        if _hopeless(sizes, strict):
            break
        if sizes[-1] < small or _settled(sizes, problem.tolerance):
            if along is not None:
                tangent = _as_loop(loop, *back(system, both[:, 1], 0.0), free)
                tangent = tangent.times(problem.inner(tangent, tangent, loop.period) ** -0.5)
            return Solved(loop, tangent, True, sizes[0], sizes[-1], tuple(sizes), interior.c0)
    first, last = (sizes[0], sizes[-1]) if sizes else (np.inf, np.inf)
    return Solved(loop, None, False, first, last, tuple(sizes))


def _rows(
    problem: Problem, guess: Loop, phase: Floats, along: Loop | None
) -> tuple[Floats, Floats]:
    """Return the bordering rows (N, c, m, n) and their part on (period, parameter)."""
    reference = Loop(guess.mesh, guess.u, phase, 0.0, 0.0)
    row = problem.weigh(reference)
    row /= np.abs(row).sum()
    if along is None:
        return row[:, None], np.zeros((1, 1))
    rows = np.stack([row, problem.weigh(along)], axis=1)
    corner = np.zeros((2, 2))
    corner[1] = along.period / guess.period**2, along.value / problem.reach**2
    return rows, corner


def _left_over(rows: Floats, corner: Floats, guess: Loop, loop: Loop) -> Floats:
    """Return the bordering rows' values; linear, so they are met from the first step on."""
    moved = np.array([loop.period - guess.period, loop.value - guess.value])[: len(corner)]
    on: Floats = np.einsum("icjn,ijn->c", rows, loop.y - guess.y) + corner @ moved
    return on


def _as_loop(loop: Loop, u: Floats, y: Floats, scalars: Floats, free: bool) -> Loop:
    value = float(scalars[1]) if free else 0.0
    return Loop(loop.mesh, u, y.reshape(loop.y.shape), float(scalars[0]), value)


def _size(problem: Problem, change: Loop, loop: Loop) -> float:
    """Return the largest relative change of the states, the period and the parameter."""
    return float(
        max(
            (np.abs(change.y) / problem.scale).max(),
            (np.abs(change.u) / problem.scale).max(),
            abs(change.period / loop.period),
            abs(change.value) / problem.reach,
        )
    )


def _hopeless(sizes: list[float], strict: bool) -> bool:
    """Tell whether the corrections grow, or if `strict` do not shrink as Newton's should."""
    if len(sizes) < 2 or sizes[-1] < STALLED:
        return False
    return sizes[-1] > (0.5 if strict else 2.0) * sizes[-2] and (strict or len(sizes) > 2)


def _settled(sizes: list[float], tolerance: float) -> bool:
    """Tell whether the next correction would be below tolerance.

    Newton's corrections obey d(k+1) = C d(k)^2; C is read off the last two.
    """
    if len(sizes) > 2 and 0.1 * sizes[-2] < sizes[-1] < STALLED:
        return True  # an ill-conditioned system: rounding is larger than SMALL
    if len(sizes) < 2 or sizes[-1] > 0.05 * sizes[-2]:
        return False
    return sizes[-1] ** 3 / sizes[-2] ** 2 < tolerance
