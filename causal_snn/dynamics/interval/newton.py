"""The interval Newton operator of Hansen and Sengupta, on many boxes at once.

Source: Neumaier, Interval Methods for Systems of Equations (1990), ch. 5.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.interval.arithmetic import Floats, Interval, matmul

Function = Callable[[Interval], Interval]


def newton(
    f: Function, slopes: Function, x: Interval
) -> tuple[Interval, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the Hansen-Sengupta image of boxes (N, n), which are proven, which excluded.

    Every zero in a box is in its image. A box is proven to hold exactly one zero if its image
    lies inside it and the preconditioned Jacobian A is strictly diagonally dominant in the
    measure of the box: then x -> c - (Y f(c) + sum over j != i of A_ij (x_j - c_j))/A_ii has a
    fixed point by Brouwer's theorem, and A x = 0 only at zero makes it the only one.
    """
    c = x.mid
    matrix = slopes(x)
    y = _preconditioner(matrix.mid)
    a = matmul(y, matrix)
    b = matmul(y, f(Interval.of(c))[..., None])[..., 0]
    n = c.shape[-1]
    own = np.arange(n)
    diagonal = a[..., own, own]
    apart = a * Interval.of(1.0 - np.eye(n))
    r = x - c
    off = matmul(apart, r[..., None])[..., 0] + b
    total = off + diagonal * r
    excluded = ~holds_zero(total).all(axis=-1)
    image = c - off / diagonal
    use = (diagonal.mig > 0) & np.isfinite(image.lo) & np.isfinite(image.hi)
    reach = r.mag
    with np.errstate(invalid="ignore", over="ignore"):
        others = (apart.mag * reach[..., None, :]).sum(axis=-1) * (1 + 1e-12)
        dominant = diagonal.mig * reach > others
    proven = (use & dominant & image.within(x)).all(axis=-1)
    image = Interval(np.where(use, image.lo, x.lo), np.where(use, image.hi, x.hi))
    return image, proven, excluded & ~np.isnan(total.lo).any(axis=-1)


def none_beyond(f: Function, slopes: Function, box: Interval) -> bool:
    """Return whether a function of one variable provably has no zero outside its box.

    Beyond each end it keeps away from zero, or it is monotone and moves away from zero.
    """
    for end, outward in ((box.hi, 1.0), (box.lo, -1.0)):
        far = np.full(1, outward * np.inf)
        ray = Interval(np.minimum(end, far)[None], np.maximum(end, far)[None])
        value = f(ray)
        if (value.mig > 0).all():
            continue
        start, slope = f(Interval.of(end[None])), slopes(ray)[..., 0] * outward
        rising = (start.lo > 0) & (slope.lo > 0)
        falling = (start.hi < 0) & (slope.hi < 0)
        if not (rising | falling).all():
            return False
    return True


def inflate(x: Interval, by: float, least: Floats) -> Interval:
    """Return boxes made wider by a fraction of their width and at least by `least`/4."""
    more = np.maximum(by * x.width, 0.25 * least)
    return Interval(x.lo - more, x.hi + more)


def holds_zero(x: Interval) -> NDArray[np.bool_]:
    """Return where intervals hold zero."""
    return (x.lo <= 0) & (x.hi >= 0)  # False where empty: no zero where f has no value


def _preconditioner(middle: Floats) -> Floats:
    n = middle.shape[-1]
    usable = np.isfinite(middle).all(axis=(-2, -1))
    middle = np.where(usable[..., None, None], middle, np.eye(n))
    with np.errstate(all="ignore"):
        usable &= np.isfinite(1.0 / np.linalg.det(middle))
        middle = np.where(usable[..., None, None], middle, np.eye(n))
        inverse = np.linalg.inv(middle)
    return np.where(np.isfinite(inverse).all(axis=(-2, -1))[..., None, None], inverse, np.eye(n))


def tighten(f: Function, slopes: Function, x: Interval) -> Interval:
    """Return boxes (K, n) of one zero each made as small as rounding allows."""
    for _ in range(20):
        before = x.width
        last = bool((before <= 1e-8 * x.mag).all())  # a step squares the relative width
        image, _, _ = newton(f, slopes, x)
        x = x.meet(image)
        if last or not (x.width < 0.9 * before).any():
            break
    return x
