"""Elementary functions of intervals.

Values come from NumPy's float64 functions. NumPy holds them to under 4 units in the last place
(its vectorised routines, Intel's SVML among them, are chosen for that bound; the C libraries are
better), so every result is widened by `ULPS` = 4 and then some, see `interval.widen`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from causal_snn.dynamics.interval.arithmetic import Floats, Interval, floor_at, quiet, widen

ULPS = 4.0


@quiet
def exp(x: Any) -> Interval:
    """Return e^x."""
    x = Interval.of(x)
    return floor_at(widen(np.exp(x.lo), np.exp(x.hi), ulps=ULPS), 0.0)


@quiet
def log(x: Any) -> Interval:
    """Return the logarithm of the part of x that is positive; empty if there is none."""
    x = Interval.of(x)
    hi = np.log(x.hi)  # NaN below zero
    hi = np.where(x.hi == 0, np.nan, hi)
    lo = np.where(np.isnan(hi), np.nan, np.log(np.maximum(x.lo, 0.0)))
    return widen(lo, hi, ulps=ULPS)


@quiet
def sqrt(x: Any) -> Interval:
    """Return the root of the part of x that is not negative; empty if there is none."""
    x = Interval.of(x)
    hi = np.sqrt(x.hi)
    lo = np.where(np.isnan(hi), np.nan, np.sqrt(np.maximum(x.lo, 0.0)))
    return floor_at(widen(lo, hi, ulps=1), 0.0)


def power(x: Any, exponent: Any) -> Interval:
    """Return x to a real power, where x is positive."""
    return exp(log(x) * exponent)


@quiet
def tanh(x: Any) -> Interval:
    """Return the hyperbolic tangent."""
    x = Interval.of(x)
    y = widen(np.tanh(x.lo), np.tanh(x.hi), ulps=ULPS)
    return Interval(np.clip(y.lo, -1.0, 1.0), np.clip(y.hi, -1.0, 1.0))


@quiet
def sinh(x: Any) -> Interval:
    """Return the hyperbolic sine."""
    x = Interval.of(x)
    return widen(np.sinh(x.lo), np.sinh(x.hi), ulps=ULPS)


@quiet
def cosh(x: Any) -> Interval:
    """Return the hyperbolic cosine."""
    x = Interval.of(x)
    return floor_at(widen(np.cosh(x.mig), np.cosh(x.mag), ulps=ULPS), 1.0)


@quiet
def atan(x: Any) -> Interval:
    """Return the arc tangent."""
    x = Interval.of(x)
    return widen(np.arctan(x.lo), np.arctan(x.hi), ulps=ULPS)


def cos(x: Any) -> Interval:
    """Return the cosine."""
    return _wave(Interval.of(x), np.cos, 0.0)


def sin(x: Any) -> Interval:
    """Return the sine."""
    return _wave(Interval.of(x), np.sin, 0.5 * math.pi)


def tan(x: Any) -> Interval:
    """Return the tangent; the whole line where x may hold a pole."""
    return sin(x) / cos(x)


@quiet
def _wave(x: Interval, f: Callable[[Floats], Floats], peak: float) -> Interval:
    """Return a wave with value 1 at `peak` + 2 pi k and -1 half way between."""
    slack = 1e-14 * (1.0 + x.mag)  # far above the rounding of the turns counted here
    first, last = f(x.lo), f(x.hi)

    def passes(at: float) -> Any:
        turns = 2 * math.pi
        inside = np.floor((x.hi + slack - at) / turns) >= np.ceil((x.lo - slack - at) / turns)
        return inside | ~np.isfinite(slack)  # an unbounded interval holds every phase

    # 8e-16 absolute: 4 units in the last place of numbers up to 1
    lo = np.where(passes(peak + math.pi), -1.0, np.minimum(first, last) - 8e-16)
    hi = np.where(passes(peak), 1.0, np.maximum(first, last) + 8e-16)
    empty = np.isnan(x.lo)
    lo, hi = np.clip(lo, -1.0, 1.0), np.clip(hi, -1.0, 1.0)
    return Interval(np.where(empty, np.nan, lo), np.where(empty, np.nan, hi))


def maximum(x: Any, *others: Any) -> Interval:
    """Return the largest of several intervals' members."""
    most = Interval.of(x)
    for other in map(Interval.of, others):
        most = Interval(np.maximum(most.lo, other.lo), np.maximum(most.hi, other.hi))
    return most


def minimum(x: Any, *others: Any) -> Interval:
    """Return the smallest of several intervals' members."""
    return -maximum(*(-Interval.of(other) for other in (x, *others)))


def sign(x: Any) -> Interval:
    """Return the sign, [-1, 1] where zero is inside: the slopes of |x|."""
    x = Interval.of(x)
    return Interval(np.where(x.lo > 0, 1.0, -1.0), np.where(x.hi < 0, -1.0, 1.0))


def heaviside(x: Any, _at_zero: Any = None) -> Interval:
    """Return the step from 0 to 1, [0, 1] where zero is inside: the slopes of max(0, x)."""
    x = Interval.of(x)
    return Interval(np.where(x.lo > 0, 1.0, 0.0), np.where(x.hi < 0, 0.0, 1.0))


def delta(x: Any, _order: Any = 0) -> Interval:
    """Return the slope of a jump: the whole line where zero is inside, else 0."""
    x = Interval.of(x)
    apart = x.mig > 0
    return Interval(np.where(apart, 0.0, -np.inf), np.where(apart, 0.0, np.inf))


def choose(x: Any, positive: Any, negative: Any) -> Interval:
    """Return `positive` where x > 0, `negative` where x < 0, their hull where x may be both."""
    x, a, b = Interval.of(x), Interval.of(positive), Interval.of(negative)
    up, down = x.lo > 0, x.hi < 0
    both = a.hull(b)
    return Interval(
        np.where(up, a.lo, np.where(down, b.lo, both.lo)),
        np.where(up, a.hi, np.where(down, b.hi, both.hi)),
    )


@quiet
def linoid(x: Any, order: int) -> Interval:
    """Return the `order`-th derivative (0 to 4) of x/(1 - exp(-x)).

    The function increases and is convex, so orders 0 and 1 follow from the ends. For the others
    the mean value theorem is used, with |f^(m)| <= 2 m! zeta(m)/(2 pi)^m for m >= 2: f(x) - x/2 is
    a sum over k of 2 x^2/(x^2 + (2 pi k)^2) and 1/(x^2 + c^2) is a cosine transform of exp(-c t)/c.
    """
    from causal_snn.models.rates import linoid_array

    x = Interval.of(x)
    if order == 0:
        return floor_at(widen(*_linoid(np.stack([x.lo, x.hi])), ulps=ULPS + 1), 0.0)
    if order == 1:
        slope = widen(*_slope(np.stack([x.lo, x.hi])), ulps=4 * ULPS)
        return Interval(np.clip(slope.lo, 0.0, 1.0), np.clip(slope.hi, 0.0, 1.0))
    unbounded = ~np.isfinite(x.mag)
    middle = np.where(unbounded, 0.0, x.mid)
    half = np.where(unbounded, np.inf, np.maximum(x.hi - middle, middle - x.lo))
    reach = _LARGEST[order + 1] * half * (1 + 1e-15) + 2.0**-44  # linoid_array's rounding
    value, most = linoid_array(middle, order), _LARGEST[order]
    lo, hi = np.clip(value - reach, -most, most), np.clip(value + reach, -most, most)
    empty = np.isnan(x.lo)
    return Interval(np.where(empty, np.nan, lo), np.where(empty, np.nan, hi))


# 2 m! zeta(m)/(2 pi)^m, rounded up, for m = 2 to 5
_LARGEST = {2: 0.1666666666666667, 3: 0.0581533, 4: 0.0333333333333334, 5: 0.0254137}


@quiet
def _linoid(x: Floats) -> Floats:
    value = x / -np.expm1(-x)
    value = np.where(x == 0, 1.0, value)
    return np.where(x == -np.inf, 0.0, np.where(x == np.inf, np.inf, value))


def _slope(x: Floats) -> Floats:
    from causal_snn.models.rates import linoid_array

    far = np.clip(x, -800.0, 800.0)  # 0 and 1 to the last bit from there on
    return np.where(np.isnan(x), np.nan, linoid_array(far, 1))


def strict(function: Callable[..., Interval]) -> Callable[..., Interval]:
    """Return `function` with the whole line where its first argument is not all positive."""

    def on_all(x: Any, *others: Any) -> Interval:
        x = Interval.of(x)
        y, leaves = function(x, *others), x.lo < 0
        return Interval(np.where(leaves, -np.inf, y.lo), np.where(leaves, np.inf, y.hi))

    return on_all


VALUES: dict[str, Any] = {
    **{"exp": exp, "log": log, "sqrt": sqrt, "sinh": sinh, "cosh": cosh, "tanh": tanh},
    **{"sin": sin, "cos": cos, "tan": tan, "atan": atan, "Abs": abs, "Max": maximum},
    **{"Min": minimum, "sign": sign, "Heaviside": heaviside, "DiracDelta": delta},
    **{"linoid": linoid, "choose": choose, "power": power},
}
"""Interval versions of sympy's functions, by name."""
SLOPES: dict[str, Any] = {
    **VALUES,
    "log": strict(log),
    "sqrt": strict(sqrt),
    "power": strict(power),
}
"""The same for derivatives, where a point at which the formula is undefined must be seen."""
