"""Locate a special point between two cycles of a branch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Loop
from causal_snn.dynamics.cycle.corrector import correct
from causal_snn.dynamics.cycle.mesh import equidistribute
from causal_snn.dynamics.cycle.problem import Problem
from causal_snn.dynamics.cycle.trace import Trace, hermite

Floats = NDArray[np.float64]
Test = Callable[[Loop, Loop, Floats | None], float]
"""What is zero at a special point: from a cycle, the direction and, if known, the transfer."""
FINE = 1e-8
"""Value of the test function, relative to that at the ends, that counts as zero."""
EXACT = 1e-10
SHARE = 1e-4
"""Last correction of a cycle, or its share of the smallest value so far, that is exact enough."""
MOST = 60
"""Most cycles solved to find one special point."""
NARROW = 1e-11
FARTHEST = 1.0
"""Largest first correction, relative to the cycle's size, of a cycle between two neighbours."""


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """A special point found between two cycles of a branch.

    Attributes
    ----------
    label : str
    index : int
        Number of the cycle after it.
    place : float
        Where it is between its neighbours, from 0 to 1.
    loop, tangent : Loop
    residual : float
        What is left of the defining equation.
    tolerance : float
        Last change of the parameter.
    converged : bool
    multipliers : array, shape (n,)
        Filled in for all points of a branch together.
    """

    label: str
    index: int
    place: float
    loop: Loop
    tangent: Loop
    residual: float
    tolerance: float
    converged: bool
    multipliers: NDArray[np.complex128] = field(default_factory=lambda: np.empty(0, complex))


class _NoCycle(ArithmeticError):
    """Newton's method found no cycle between two neighbours."""


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A piece of the branch by its position s from 0 to 1, with the cycles solved so far."""

    problem: Problem
    test: Test
    length: float
    cycles: dict[float, tuple[Loop, Loop]]
    values: dict[float, float]

    def guess(self, s: float, low: float = 0.0, high: float = 1.0) -> Loop:
        """Return the cubic through the cycles at `low` and `high`."""
        (a, ta), (b, tb) = self.cycles[low], self.cycles[high]
        width = high - low
        return hermite(a, ta, b, tb, (s - low) / width, width * self.length)

    def value(self, s: float) -> float:
        """Return the test function at s, solving for the cycle there.

        s is where the cycle lies along the cubic through both ends; the cycles solved before
        only make the guess better.
        """
        if s in self.values:
            return self.values[s]
        along = self.cycles[0.0][1].times(1 - s).plus(s, self.cycles[1.0][1])
        near = self.guess(
            s, max(t for t in self.cycles if t < s), min(t for t in self.cycles if t > s)
        )
        shift = self.guess(s).plus(-1.0, near)
        size = self.problem.inner(along, along, near.period)
        near = near.plus(self.problem.inner(shift, along, near.period) / size, along)
        phase = self.problem.velocity(near)
        # The direction is as exact as the cycle it was computed at: enough for the next guess.
        small = max(EXACT, SHARE * min(abs(self.even(t)) for t in self.values))
        found = correct(self.problem, near, phase=phase, along=along, most=15, small=small)
        if not found.converged or found.tangent is None or found.first > FARTHEST:
            raise _NoCycle
        self.cycles[s] = found.loop, found.tangent
        self.values[s] = self.test(found.loop, found.tangent, found.transfer)
        return self.values[s]

    def even(self, s: float) -> float:
        """Return the test function within -1 and 1, so that no end outweighs the other.

        Near the zero it is proportional to the test function, and 0 where that is small enough.
        """
        value, least = self.value(s), min(abs(self.values[0.0]), abs(self.values[1.0]))
        return 0.0 if abs(value) < FINE * least else value / (least + abs(value))


def locate(
    problem: Problem, trace: Trace, k: int, label: str, test: Test, ends: tuple[float, float]
) -> Located:
    """Locate a zero of `test` between cycles k - 1 and k, on a mesh adapted to it.

    `ends` are its values there.
    """
    problem = replace(problem.rescaled(trace.loops[k]), tolerance=0.0)  # until rounding
    piece = _piece(problem, trace, k, test, ends)
    try:
        converged = _find_zero(piece)
    except _NoCycle:
        converged = False
    inside = [s for s in piece.cycles if 0 < s < 1]
    best = min(inside or [0.0, 1.0], key=lambda s: abs(piece.values[s]))
    loop, tangent = piece.cycles[best]
    return Located(
        label=label,
        index=k,
        place=best,
        loop=loop,
        tangent=tangent,
        residual=abs(piece.values[best]),
        tolerance=_error(piece, best) if converged else np.nan,
        converged=converged,
    )


def _find_zero(piece: _Piece) -> bool:
    """Solve for cycles of the piece until one is at the zero; False if there is none.

    Chandrupatla's method (Adv Eng Software 28:145, 1997), begun with the secant: inverse
    quadratic interpolation where that is safe, and bisection where not.
    """
    new, other = 1.0, 0.0
    at_new, at_other = piece.even(new), piece.even(other)
    old, at_old = other, at_other
    part = at_new / (at_new - at_other)
    for _ in range(MOST):
        s = new + part * (other - new)
        value = piece.even(s)
        if value == 0.0 or abs(other - new) < NARROW:
            return True
        if value * at_new > 0:
            old, at_old = new, at_new
        else:
            old, at_old, other, at_other = other, at_other, new, at_new
        new, at_new = s, value
        x, y = (new - other) / (old - other), (at_new - at_other) / (at_old - at_other)
        part = 0.5
        if y * y < x and (1 - y) ** 2 < 1 - x:
            part = at_new / (at_other - at_new) * at_old / (at_other - at_old)
            part += (
                (old - new)
                / (other - new)
                * at_new
                / (at_old - at_new)
                * at_other
                / (at_old - at_other)
            )
    return False


def _error(piece: _Piece, s: float) -> float:
    """Estimate the error of a point's parameter by solving again on a mesh twice as fine."""
    problem = piece.problem
    loop, along = piece.cycles[s]
    other = min((t for t in piece.cycles if t != s), key=lambda t: abs(t - s) < 1e-6)
    slope = (piece.values[other] - piece.values[s]) / (other - s)
    mesh = equidistribute(loop, problem.scale, 2 * len(loop.u))
    guess, along = loop.on(mesh), along.on(mesh)
    found = correct(problem, guess, phase=problem.velocity(guess), along=along, small=np.inf)
    if found.tangent is None:
        return np.nan
    moved = -piece.test(found.loop, found.tangent, None) / slope * piece.length
    return abs(found.loop.value - loop.value) + abs(moved * along.value)


def _piece(problem: Problem, trace: Trace, k: int, test: Test, ends: tuple[float, float]) -> _Piece:
    """Return the piece between cycles k - 1 and k, on a mesh adapted to the zero inside."""

    def on(mesh: Floats) -> _Piece:
        a, b = trace.loops[k - 1].on(mesh), trace.loops[k].on(mesh)
        change = b.plus(-1.0, a)
        tangents = []
        for tangent in (trace.tangents[k - 1].on(mesh), trace.tangents[k].on(mesh)):
            size = problem.inner(tangent, tangent, b.period) ** 0.5
            tangents.append(tangent.times(1 / size))
        length = problem.inner(change, change, b.period) ** 0.5
        cycles = {0.0: (a, tangents[0]), 1.0: (b, tangents[1])}
        return _Piece(problem, test, length, cycles, {0.0: ends[0], 1.0: ends[1]})

    between = on(trace.loops[k].mesh).guess(ends[0] / (ends[0] - ends[1]))
    return on(equidistribute(between, problem.scale))
