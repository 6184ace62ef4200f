"""Line: a neuron whose only moving state is its potential, from reset to threshold.

Its interval between spikes is the integral of dV/f(V), a closed form where the drift is linear
or quadratic in V, and a quadrature anywhere else (exponential, theta neuron, your own).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.dynamics.field import (
    BATCH,
    SCALAR,
    Field,
    Floats,
    compile_expressions,
)
from causal_snn.models.neuron import Equations

if TYPE_CHECKING:
    import sympy as sp

SAMPLES = 1001
"""Points at which the drift is looked at when its lowest values are searched."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The drift of a potential between reset and threshold, at fixed parameters.

    Attributes
    ----------
    drift, slope, bend, gain : callable
        f(V), f'(V), f''(V) and df/d(input), per ms, at one potential.
    sample : callable
        f at an array of potentials.
    reset, threshold : float
        Where a flight begins and ends.
    low : float
        Lower end of the range where rest is searched.
    coefficients : tuple of float, optional
        (c0, c1, c2) of f = c0 + c1 V + c2 V^2, if f is such a polynomial.
    """

    drift: Callable[[float], float]
    slope: Callable[[float], float]
    bend: Callable[[float], float]
    gain: Callable[[float], float]
    sample: Callable[[Floats], Floats]
    reset: float
    threshold: float
    low: float
    coefficients: tuple[float, float, float] | None

    @property
    def closed_form(self) -> bool:
        """Whether the interval has a closed form."""
        return self.coefficients is not None


def line(fld: Field) -> Line | None:
    """Return the neuron as a line, or None if more than its potential moves.

    Synaptic states that no spike changes and that rest at 0 (those of cuba_lif and
    conductance_lif without input) do not move.
    """
    if not fld.model.spikes_by_reset:
        return None
    compiled = _compiled(fld.model.equations, fld.names, fld.model.input)
    if compiled is None:
        return None
    one, many, polynomial = compiled
    rest = [0.0] * (fld.n - 1)

    def part(index: int) -> Callable[[float], float]:
        def value(v: float) -> float:
            try:
                return float(one(v, *rest, *fld.p)[index])
            except (OverflowError, ValueError, ZeroDivisionError, TypeError):
                return math.nan

        return value

    def sample(v: Floats) -> Floats:
        with np.errstate(all="ignore"):
            values = many(v, *rest, *fld.p)[0]
        return np.broadcast_to(np.asarray(values, dtype=float), v.shape)

    threshold = part(4)(0.0)
    reset = part(5)(threshold)
    domain = fld.model.equations.domain
    low = min(reset, domain[0][0] if domain else reset - 2 * (threshold - reset))
    return Line(
        drift=part(0),
        slope=part(1),
        bend=part(2),
        gain=part(3),
        sample=sample,
        reset=reset,
        threshold=threshold,
        low=low,
        coefficients=None if polynomial is None else polynomial(*fld.p),
    )


@cache
def _compiled(equations: Equations, names: tuple[str, ...], current: str) -> Any:
    """Return drift, slope, bend, gain, threshold and reset compiled, and coefficients."""
    import sympy as sp

    v, *others = equations.states
    idle: dict[sp.Symbol, int] = {}
    for state, rate, after in zip(others, equations.drift[1:], equations.reset[1:], strict=True):
        alone = rate.free_symbols.isdisjoint({*equations.states} - {state})
        if not (alone and after == state and rate.subs(state, 0) == 0):
            return None
        idle[state] = 0
    drift = equations.drift[0].subs(idle)
    threshold = sp.sympify(equations.threshold).subs(idle)
    reset = equations.reset[0].subs(idle)
    if v in threshold.free_symbols or not reset.is_polynomial(v):
        return None
    by_current = drift.diff(sp.Symbol(current, real=True))
    expressions = [drift, drift.diff(v), drift.diff(v, 2), by_current, threshold, reset]
    polynomial = None
    if drift.is_polynomial(v) and sp.degree(drift, v) <= 2:
        coefficients = sp.Poly(drift, v).all_coeffs()[::-1]
        coefficients += [sp.Integer(0)] * (3 - len(coefficients))
        symbols = [sp.Symbol(name, real=True) for name in names]
        polynomial = sp.lambdify(symbols, coefficients, modules="math")
    return (
        compile_expressions(equations, names, expressions, SCALAR),
        compile_expressions(equations, names, expressions, BATCH),
        polynomial,
    )


def lowest(line: Line, start: float, end: float) -> tuple[float, float]:
    """Return the potential between `start` and `end` where the drift is least, and the drift."""
    points = [start, *minima(line, start, end), end]
    values = [line.drift(v) for v in points]
    k = int(np.argmin(values))
    return points[k], values[k]


def minima(line: Line, start: float, end: float) -> list[float]:
    """Return the local minima of the drift inside an interval.

    They are bracketed on a grid of `SAMPLES` points and polished on f' = 0.
    """
    from scipy.optimize import brentq

    if not start < end:
        return []
    grid = np.linspace(start, end, SAMPLES)
    values = line.sample(grid)
    inner = (values[1:-1] <= values[:-2]) & (values[1:-1] <= values[2:])
    found = []
    for k in np.flatnonzero(inner) + 1:
        a, b = float(grid[k - 1]), float(grid[k + 1])
        if line.slope(a) < 0.0 < line.slope(b):
            found.append(float(brentq(line.slope, a, b, xtol=1e-17 * (end - start), rtol=1e-15)))
        elif values[k] < min(values[k - 1], values[k + 1]):
            found.append(float(grid[k]))
    return found


def interval(line: Line, *, quadrature: bool = False) -> tuple[float, float]:
    """Return the time from reset to threshold (ms), inf if it is never reached, and its error.

    The error is an estimate, relative; 0 for a closed form.
    """
    if not lowest(line, line.reset, line.threshold)[1] > 0:
        return math.inf, 0.0
    if line.coefficients is None or quadrature:
        return _quadrature(line)
    return _closed_form(line, *line.coefficients), 0.0


def _closed_form(line: Line, c0: float, c1: float, c2: float) -> float:
    width = line.threshold - line.reset
    if c2 == 0.0:
        # V' = c0 + c1 V: T = log(f(threshold)/f(reset))/c1, written so that c1 -> 0 is harmless
        ratio = c1 * width / line.drift(line.reset)
        return math.log1p(ratio) / c1 if ratio else width / line.drift(line.reset)
    # V' = c2 (x^2 - m), x = V - V*: atan for m < 0 (no equilibrium), artanh for m > 0
    centre = -c1 / (2 * c2)
    a, b = line.reset - centre, line.threshold - centre
    m = (c1 * c1 / (4 * c2) - c0) / c2
    root = math.sqrt(abs(m))
    if m < 0:
        return math.atan2(root * width, a * b - m) / (c2 * root)
    scaled = root * width / (a * b - m)
    return (math.atanh(scaled) / root if root else width / (a * b)) / c2


def _quadrature(line: Line) -> tuple[float, float]:
    inner = minima(line, line.reset, line.threshold)
    floor = inner or [min((line.reset, line.threshold), key=line.drift)]
    middles = [0.5 * (a + b) for a, b in pairwise(floor)]
    total = error = 0.0
    for base, start, end in zip(
        floor, [line.reset, *middles], [*middles, line.threshold], strict=True
    ):
        for far in (start, end):
            part, wrong = _away_from(line, base, far)
            total, error = total + part, error + wrong
    return total, error / total


def _away_from(line: Line, base: float, far: float) -> tuple[float, float]:
    """Integrate |dV|/f from a minimum of f outwards, with its estimated error.

    V = base + w sinh(s) with w the half-width of the peak of 1/f makes the integrand smooth in
    s, however near to rheobase the neuron is.
    """
    from scipy.integrate import quad

    if base == far:
        return 0.0, 0.0
    f, slope, bend = line.drift(base), abs(line.slope(base)), abs(line.bend(base))
    widths = [abs(far - base), f / slope if slope else math.inf]
    w = min(*widths, math.sqrt(2 * f / bend) if bend else math.inf)
    sign = math.copysign(w, far - base)
    found = quad(
        lambda s: w * math.cosh(s) / line.drift(base + sign * math.sinh(s)),
        0.0,
        math.asinh(abs(far - base) / w),
        epsabs=0,
        epsrel=1e-13,
        limit=500,
        full_output=1,  # a warning's words would be lost; the error is returned
    )
    return float(found[0]), float(found[1])


def settles_at(line: Line) -> float | None:
    """Return where the potential comes to rest from below, or None if it reaches threshold."""
    grid = np.unique([*np.linspace(line.low, line.threshold, SAMPLES), line.reset])
    grid = np.unique([*grid, *minima(line, line.low, line.threshold)])
    stopped = np.flatnonzero(line.sample(grid) <= 0.0)
    return float(grid[stopped[0]]) if stopped.size else None
