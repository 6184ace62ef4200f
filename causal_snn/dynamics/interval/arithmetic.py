"""Interval: arithmetic on sets of reals whose results are proven to contain the truth.

An operation on intervals returns an interval that holds every value the operation takes on
their members, rounding included. Arrays of intervals are worked on at once.
Source: Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), ch. 2-5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LARGEST = float(np.finfo(float).max)
quiet = np.errstate(all="ignore")
"""Overflow is part of the arithmetic here: a bound becomes infinite, never wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """An array of closed intervals [lo, hi].

    ``+ - * /`` and integer powers round outward by one unit in the last place, which covers the
    half unit that IEEE arithmetic may be off. Where a formula is nowhere defined (the logarithm
    of a negative interval), the result is empty: both ends NaN, which spreads like any NaN. Bounds
    may be infinite; division by an interval with zero inside gives the whole line.

    Attributes
    ----------
    lo, hi : arrays of one shape
        Lower and upper ends; lo is never +inf and hi never -inf.
    """

    lo: Floats
    hi: Floats

    __array_ufunc__ = None  # so that array + interval is left to the interval

    @classmethod
    def of(cls, value: Any) -> Interval:
        """Return `value` itself if it is an interval, else the intervals [value, value]."""
        if isinstance(value, Interval):
            return value
        point = np.asarray(value, dtype=float)
        return cls(point, point)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return np.shape(self.lo)

    @property
    @quiet
    def mid(self) -> Floats:
        """A float inside each interval, near its middle; NaN if an end is infinite."""
        middle = 0.5 * self.lo + 0.5 * self.hi
        return np.where(np.isfinite(middle), np.clip(middle, self.lo, self.hi), np.nan)

    @property
    @quiet
    def width(self) -> Floats:
        """Upper bounds of hi - lo."""
        return np.nextafter(self.hi - self.lo, np.inf)

    @property
    def mag(self) -> Floats:
        """Largest absolute values."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))

    @property
    def mig(self) -> Floats:
        """Smallest absolute values; 0 where the interval holds zero."""
        return np.maximum(np.maximum(self.lo, -self.hi), 0.0)

    def __getitem__(self, key: Any) -> Interval:
        return Interval(self.lo[key], self.hi[key])

    def __contains__(self, value: Any) -> bool:
        return bool(np.all((self.lo <= value) & (value <= self.hi)))

    def within(self, other: Interval) -> NDArray[np.bool_]:
        """Whether each interval lies in the interior of `other`."""
        return (other.lo < self.lo) & (self.hi < other.hi)

    def meet(self, other: Interval) -> Interval:
        """Return the intersections; lo > hi where there is none."""
        return Interval(np.maximum(self.lo, other.lo), np.minimum(self.hi, other.hi))

    def hull(self, other: Interval) -> Interval:
        """Return the smallest intervals that hold both."""
        return Interval(np.minimum(self.lo, other.lo), np.maximum(self.hi, other.hi))

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo)

    def __pos__(self) -> Interval:
        return self

    @quiet
    def __add__(self, other: Any) -> Interval:
        if isinstance(other, Interval):
            return _outward(self.lo + other.lo, self.hi + other.hi)
        return _outward(self.lo + other, self.hi + other)

    __radd__ = __add__

    @quiet
    def __sub__(self, other: Any) -> Interval:
        if isinstance(other, Interval):
            return _outward(self.lo - other.hi, self.hi - other.lo)
        return _outward(self.lo - other, self.hi - other)

    @quiet
    def __rsub__(self, other: Any) -> Interval:
        return _outward(other - self.hi, other - self.lo)

    @quiet
    def __mul__(self, other: Any) -> Interval:
        other = Interval.of(other)
        a, b, c, d = self.lo, self.hi, other.lo, other.hi
        if other.lo is other.hi:  # numbers, the frequent case
            ends = (a * c, b * c)
            lo, hi = np.minimum(*ends), np.maximum(*ends)
        else:
            ac, ad, bc, bd = a * c, a * d, b * c, b * d
            lo = np.minimum(np.minimum(ac, ad), np.minimum(bc, bd))
            hi = np.maximum(np.maximum(ac, ad), np.maximum(bc, bd))
        if np.isnan(lo).any():
            lo, hi = _ends_with_infinities(self, other)
        positive = (a >= 0) & (c >= 0)  # stays so, which rounding of 0 would spoil
        product = _outward(lo, hi)
        return Interval(np.where(positive, np.maximum(product.lo, 0.0), product.lo), product.hi)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Interval:
        return self * _reciprocal(Interval.of(other))

    def __rtruediv__(self, other: Any) -> Interval:
        return Interval.of(other) * _reciprocal(self)

    @quiet
    def __pow__(self, n: int) -> Interval:
        if n == 0:
            return Interval.of(np.where(np.isnan(self.lo), np.nan, 1.0))
        if n < 0:
            return _reciprocal(self ** (-n))
        if n % 2:
            return widen(_product(self.lo, n), _product(self.hi, n), ulps=n)
        return floor_at(widen(_product(self.mig, n), _product(self.mag, n), ulps=n), 0.0)

    def __abs__(self) -> Interval:
        return Interval(self.mig, self.mag)


def stack(parts: list[Any], shape: tuple[int, ...]) -> Interval:
    """Return intervals (numbers among them) broadcast to `shape` and stacked on a last axis."""
    lo, hi = np.empty((*shape, len(parts))), np.empty((*shape, len(parts)))
    for i, part in enumerate(parts):
        one = Interval.of(part)
        lo[..., i], hi[..., i] = one.lo, one.hi
    return Interval(lo, hi)


def matmul(a: Any, b: Any) -> Interval:
    """Return the matrix product; shapes (..., m, k) and (..., k, n), one of them intervals."""
    a, b = Interval.of(a), Interval.of(b)
    total: Interval = a[..., :, 0, None] * b[..., None, 0, :]
    for k in range(1, a.shape[-1]):
        total = total + a[..., :, k, None] * b[..., None, k, :]
    return total


def widen(lo: Floats, hi: Floats, *, ulps: float) -> Interval:
    """Return [lo, hi] widened by a relative error of `ulps` units in the last place.

    Results that underflow may be off by more; 1e-300, far above the subnormal numbers, is added
    for them.
    """
    by = (ulps + 2) * 2.0**-52  # 2 more for the rounding of this line
    lo = lo * np.where(lo > 0, 1 - by, 1 + by) - 1e-300
    hi = hi * np.where(hi > 0, 1 + by, 1 - by) + 1e-300
    return Interval(np.minimum(lo, LARGEST), np.maximum(hi, -LARGEST))


def floor_at(x: Interval, least: float) -> Interval:
    """Return x cut below at a value that the truth is known not to be under."""
    return Interval(np.maximum(x.lo, least), np.maximum(x.hi, least))


def _outward(lo: Any, hi: Any) -> Interval:
    return Interval(np.nextafter(lo, -np.inf), np.nextafter(hi, np.inf))


def _ends_with_infinities(a: Interval, b: Interval) -> tuple[Floats, Floats]:
    """Return the ends of a*b where 0*inf = 0: an infinite end stands for unbounded numbers."""
    ends = np.array([x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)])
    empty = np.isnan(a.lo) | np.isnan(b.lo)
    ends[np.isnan(ends)] = 0.0
    ends[:, empty] = np.nan
    return ends.min(axis=0), ends.max(axis=0)


@quiet
def _reciprocal(x: Interval) -> Interval:
    """Return 1/x; a half line where x ends at zero, the whole line where zero is inside."""
    up, down = x.lo >= 0, x.hi <= 0
    below, above = np.nextafter(1.0 / x.hi, -np.inf), np.nextafter(1.0 / x.lo, np.inf)
    lo = np.where(up, np.maximum(below, 0.0), np.where(down & (x.hi < 0), below, -np.inf))
    hi = np.where(down, np.minimum(above, 0.0), np.where(up & (x.lo > 0), above, np.inf))
    empty = np.isnan(x.lo) | (up & down)  # 1/0 has no value
    return Interval(np.where(empty, np.nan, lo), np.where(empty, np.nan, hi))


def _product(t: Floats, n: int) -> Floats:
    """Return t to the power n >= 1 by at most n - 1 products, so within n/2 ulps."""
    result, square = None, t
    while n:
        if n % 2:
            result = square if result is None else result * square
        n //= 2
        if n:
            square = square * square
    assert result is not None
    return result
