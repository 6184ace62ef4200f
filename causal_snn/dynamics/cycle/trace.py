"""Follow a branch of cycles by pseudo-arclength continuation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Loop
from causal_snn.dynamics.cycle.corrector import Solved, correct
from causal_snn.dynamics.cycle.mesh import equidistribute
from causal_snn.dynamics.cycle.problem import Problem
from causal_snn.dynamics.cycle.start import shrunk_through

Floats = NDArray[np.float64]
EVERY = 3
"""Steps between two adaptations of the mesh."""
AIM = 0.02
"""First Newton correction, relative to the cycle's size, that the step length aims at."""
LONGEST = 0.8
SHORTEST = 1e-7
"""Longest and shortest step, in units of the cycle's size."""
SHARE = 0.025
"""Largest part of the parameter's range that one step passes, so that a curve looks like one."""
STRAIGHT = 0.6
"""Least cosine between the branch's directions at both ends of a step."""
FLAT = 1e-12
"""Below this the parameter's share of a direction is rounding."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a branch stops.

    Attributes
    ----------
    low, high : float
        Range of the parameter.
    period : float
        Longest period (ms).
    points : int
        Most points.
    folds : int or None
        Number of cycle folds to pass.
    done : function
        Whether, with the cycles so far, the branch has come to a homoclinic orbit.
    border : function, optional
        How far a cycle is beyond the spike threshold.
    """

    low: float
    high: float
    period: float
    points: int
    folds: int | None = None
    done: Callable[[Problem, list[Loop]], bool] = lambda _problem, _loops: False
    border: Callable[[Loop], float] | None = None


@dataclass(slots=True)
class Trace:
    """The cycles of a branch in order, with its directions; grows while it is followed.

    `hopf` tells whether the first one is a Hopf point, a cycle of size 0.
    """

    hopf: bool
    loops: list[Loop] = field(default_factory=list)
    tangents: list[Loop] = field(default_factory=list)
    end: str = ""

    def add(self, loop: Loop, tangent: Loop) -> None:
        """Append a cycle."""
        self.loops.append(loop)
        self.tangents.append(tangent)

    def end_by(self, problem: Problem, limits: Limits, folds: int) -> bool:
        """Tell whether the last cycle is beyond a limit, and note which."""
        last = self.loops[-1]
        if limits.border is not None and limits.border(last) > 0:
            self.end = "border"
        elif last.period > limits.period:
            self.end = "period"
        elif limits.done(problem, self.loops):
            self.end = "saddle"
        elif limits.folds is not None and folds >= limits.folds:
            self.end = "folds"
        return bool(self.end)


def hermite(a: Loop, ta: Loop, b: Loop, tb: Loop, s: float, length: float) -> Loop:
    """Return the cubic through two cycles with given directions at s from 0 to 1."""
    out = a.times((1 + 2 * s) * (1 - s) ** 2)
    out = out.plus(s * (1 - s) ** 2 * length, ta)
    out = out.plus(s**2 * (3 - 2 * s), b)
    return out.plus(s**2 * (s - 1) * length, tb)


def turned(before: Loop, after: Loop) -> bool:
    """Tell whether the parameter turns round between two directions: a fold of cycles."""
    return before.value * after.value < 0 and min(abs(before.value), abs(after.value)) > 0


def follow(
    problem: Problem, loop: Loop, tangent: Loop, step: float, limits: Limits, *, hopf: bool
) -> Trace:
    """Follow a branch from a point and a direction until a limit is reached.

    Steps are predicted by a parabola through the last two directions, and as long as Newton's
    first correction stays near `AIM`. The end is one of "span", "period", "points", "folds",
    "hopf", "saddle", "border", "step".
    """
    trace = Trace(hopf)
    trace.add(loop, tangent)
    old: Loop | None = None
    last = step
    folds = 0
    most = SHARE * (limits.high - limits.low)
    while True:
        if len(trace.loops) >= limits.points:
            trace.end = "points"
            return trace
        step = min(step, most / max(abs(tangent.value), 1e-300))
        found, used = _advance(problem, loop, tangent, old, last, step)
        if found is None or found.tangent is None:
            trace.end = "step"
            return trace
        new, direction = found.loop, found.tangent
        if not (hopf and len(trace.loops) == 1) and shrunk_through(problem, loop, new):
            trace.end = "hopf"
            return trace
        if not limits.low <= new.value <= limits.high:
            bound = limits.low if new.value < limits.low else limits.high
            landed = land(problem, (loop, tangent), (new, direction), bound)
            if landed is not None:
                trace.add(landed, direction)
            trace.end = "span"
            return trace
        if old is not None and turned(tangent, direction) and _clear(problem, tangent, direction):
            folds += 1
        trace.add(new, direction)
        if trace.end_by(problem, limits, folds):
            return trace
        grow = (AIM / max(found.first, 1e-300)) ** 0.5
        step = min(used * min(max(grow, 0.4), 1.8), LONGEST)
        due = len(trace.loops) % EVERY == 0
        problem, old, loop, tangent, factor = _adapt(problem, tangent, new, direction, due)
        step, last = step * factor, used * factor


def _clear(problem: Problem, before: Loop, after: Loop) -> bool:
    return min(abs(before.value), abs(after.value)) > FLAT * problem.reach


def _advance(
    problem: Problem, loop: Loop, tangent: Loop, old: Loop | None, last: float, step: float
) -> tuple[Solved | None, float]:
    """Take one step, shortened until Newton's method converges on a cycle further on."""
    while step > SHORTEST:
        guess = loop.plus(step, tangent)
        if old is not None:
            bend = step * step / (2 * last)
            guess = guess.plus(bend, tangent).plus(-bend, old)
        if guess.period > 0:
            phase = problem.velocity(guess)
            found = correct(problem, guess, phase=phase, along=tangent, strict=True)
            if found.converged and found.tangent is not None and found.first < 20 * AIM:
                cosine = problem.inner(found.tangent, tangent, loop.period)
                if old is None or cosine > STRAIGHT:
                    return found, step
        step /= 2
    return None, step


def _adapt(
    problem: Problem, old: Loop, loop: Loop, tangent: Loop, mesh_too: bool
) -> tuple[Problem, Loop, Loop, Loop, float]:
    """Move to the scales, and the mesh, of the present cycle; also the factor on step lengths."""
    problem = problem.rescaled(loop)
    if mesh_too:
        mesh = equidistribute(loop, problem.scale)
        loop, tangent, old = loop.on(mesh), tangent.on(mesh), old.on(mesh)
    factor = problem.inner(tangent, tangent, loop.period) ** 0.5
    return problem, old.times(1 / factor), loop, tangent.times(1 / factor), factor


def land(
    problem: Problem, before: tuple[Loop, Loop], after: tuple[Loop, Loop], value: float
) -> Loop | None:
    """Return the cycle at a parameter value between two neighbours, or None."""
    a, ta = before
    b, tb = (part.on(a.mesh) for part in after)
    change = b.plus(-1.0, a)
    length = problem.inner(change, change, b.period) ** 0.5
    ta, tb = (t.times(problem.inner(t, t, b.period) ** -0.5) for t in (ta, tb))

    def off(s: float) -> float:
        return hermite(a, ta, b, tb, s, length).value - value

    from scipy.optimize import brentq

    s = (
        float(brentq(off, 0.0, 1.0))
        if off(0.0) * off(1.0) < 0
        else float(abs(off(0)) > abs(off(1)))
    )
    guess = hermite(a, ta, b, tb, s, length)
    guess = Loop(guess.mesh, guess.u, guess.y, guess.period, value)
    found = correct(problem, guess, phase=problem.velocity(guess), most=12)
    if not found.converged:
        return None
    return found.loop
