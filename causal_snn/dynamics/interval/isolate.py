"""Every zero of a system of equations in a box, each proven to exist and to be alone.

Boxes are excluded by interval evaluation, contracted and decided by the interval Newton operator,
and split when neither helps; all boxes of a level at once.
Source: Neumaier, Interval Methods for Systems of Equations (1990), ch. 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from causal_snn.dynamics.interval.arithmetic import Floats, Interval
from causal_snn.dynamics.interval.newton import Function, holds_zero, inflate, newton, tighten

GRID = 256  # boxes to begin with, about: a level costs hardly more than one box
INFLATE = 0.01  # overlap of boxes, so that a zero on a common edge is inside of one
SMALLEST = 2.0**-34  # of the whole box, or of 1000 max(1, |x|): smaller boxes are given up
NEAR = 2.0**10  # times that: given-up boxes so close form one region


@dataclass(frozen=True, slots=True, eq=False)
class Isolation:
    """What is proven about the zeros in a box.

    Attributes
    ----------
    zeros : Interval, shape (K, n)
        Each holds exactly one zero.
    undecided : Interval, shape (M, n)
        Small regions that may hold any number of zeros. Elsewhere there is none.
    evaluations : int
        Boxes looked at.
    exhausted : bool
        Whether the budget ended the search; then `undecided` is all that was left.
    """

    zeros: Interval
    undecided: Interval
    evaluations: int
    exhausted: bool


def isolate(f: Function, slopes: Function, box: Interval, *, budget: int) -> Isolation:
    """Return boxes that each hold exactly one zero of f, and what is left undecided.

    Parameters
    ----------
    f : callable
        From intervals of shape (N, n) to the function's values, (N, n).
    slopes : callable
        From intervals of shape (N, n) to the Jacobian, (N, n, n).
    box : Interval, shape (n,)
        Where to look; bounded.
    budget : int
        Number of boxes that may be looked at.
    """
    pending, evaluations = _grid(box), 0
    known: list[tuple[Interval, Interval]] = []  # where zeros are alone, and smaller boxes
    stuck: list[Interval] = []
    while pending.shape[0] and evaluations < budget:
        evaluations += pending.shape[0]
        smallest = _smallest(pending, box)
        outer = inflate(pending, INFLATE, smallest)
        may = holds_zero(f(outer)).all(axis=-1)
        pending, outer, smallest = pending[may], outer[may], smallest[may]
        image, proven, excluded = newton(f, slopes, outer)
        met = pending.meet(image)
        alive = ~excluded & (met.lo <= met.hi).all(axis=-1)
        known.append((outer[alive & proven], image[alive & proven]))
        rest = alive & ~proven
        before, met, smallest = pending[rest].width, met[rest], smallest[rest]
        small = (before <= smallest).all(axis=-1)  # and so looked at once at that size
        stuck.append(met[small])
        shrunk = (met.width < 0.5 * before).any(axis=-1) | (met.width <= smallest).all(axis=-1)
        pending = _join(met[~small & shrunk], _split(met[~small & ~shrunk], box.width))
    exhausted = pending.shape[0] > 0
    alone, near = (_join(*boxes, like=box) for boxes in zip(*known, strict=True))
    alone, zeros = _distinct(alone, tighten(f, slopes, near))
    doubtful = _join(*stuck, like=box)
    left = [pending, doubtful] if exhausted else []
    for cluster in () if exhausted else _clusters(_outside(doubtful, alone), box):
        outer, zero, none = _decide(f, slopes, cluster[None])
        if zero is not None:
            alone, zeros = _distinct(_join(alone, outer), _join(zeros, zero))
        elif not none:
            left.append(cluster[None])
    return Isolation(
        zeros=zeros,
        undecided=_join(*left, like=box),
        evaluations=evaluations,
        exhausted=exhausted,
    )


def _grid(box: Interval) -> Interval:
    n = box.shape[0]
    pieces = max(2, round(GRID ** (1 / n)))
    cuts = [np.linspace(lo, hi, pieces + 1) for lo, hi in zip(box.lo, box.hi, strict=True)]
    lo = np.stack(np.meshgrid(*(cut[:-1] for cut in cuts), indexing="ij"), axis=-1)
    hi = np.stack(np.meshgrid(*(cut[1:] for cut in cuts), indexing="ij"), axis=-1)
    return Interval(lo.reshape(-1, n), hi.reshape(-1, n))


def _split(x: Interval, scale: Floats) -> Interval:
    """Return each box cut in 4 along its widest side, widths counted in units of the whole box."""
    widest = (x.width / scale).argmax(axis=-1)
    rows = np.arange(x.shape[0])
    lo, hi = x.lo[rows, widest], x.hi[rows, widest]
    cuts = lo + (hi - lo) * np.array([0.0, 0.25, 0.5, 0.75, 1.0])[:, None]
    cuts[0], cuts[-1] = lo, hi
    parts = []
    for left, right in pairwise(cuts):
        new_lo, new_hi = x.lo.copy(), x.hi.copy()
        new_lo[rows, widest], new_hi[rows, widest] = left, right
        parts.append(Interval(new_lo, new_hi))
    return _join(*parts)


def _join(*parts: Interval, like: Interval | None = None) -> Interval:
    if like is not None:  # the shape of a box, if there may be none
        parts = (*parts, Interval(np.empty((0, *like.shape)), np.empty((0, *like.shape))))
    return Interval(np.concatenate([x.lo for x in parts]), np.concatenate([x.hi for x in parts]))


def _distinct(alone: Interval, zeros: Interval) -> tuple[Interval, Interval]:
    """Return one row for each zero: two are the same if one lies where the other is alone."""
    kept: list[int] = []
    for i in np.lexsort(zeros.lo.T[::-1]):
        if not (_inside(zeros[i], alone[kept]) | _inside(zeros[kept], alone[i])).any():
            kept.append(int(i))
    return alone[kept], zeros[kept]


def _inside(x: Interval, outer: Interval) -> Any:
    return ((outer.lo <= x.lo) & (x.hi <= outer.hi)).all(axis=-1)


def _outside(x: Interval, alone: Interval) -> Interval:
    """Return the boxes that are not wholly inside a region where a known zero is alone."""
    keep = np.ones(x.shape[0], dtype=bool)
    for i in range(alone.shape[0]):
        keep &= ~_inside(x, alone[i])
    return x[keep]


def _smallest(x: Interval, box: Interval) -> Floats:
    fraction = SMALLEST * np.minimum(box.width, 1000.0 * np.maximum(1.0, x.mag))
    return np.maximum(fraction, 4.0 * np.spacing(x.mag))


def _clusters(x: Interval, box: Interval) -> list[Interval]:
    """Return the hulls of groups of boxes that nearly touch."""
    clusters: list[Interval] = []
    for i in np.lexsort(x.lo.T[::-1]):
        one = x[i]
        gap = NEAR * _smallest(one, box)
        near = [c for c in clusters if ((one.lo <= c.hi + gap) & (c.lo - gap <= one.hi)).all()]
        for cluster in near:
            one = one.hull(cluster)
        clusters = [c for c in clusters if not any(c is other for other in near)] + [one]
    return clusters


def _decide(
    f: Function, slopes: Function, cluster: Interval
) -> tuple[Interval, Interval | None, bool]:
    """Return the zero of a region (1, n) if it proves to be alone around it, or that none is."""
    for factor in (1.0, 8.0, 64.0):
        outer = inflate(cluster, factor, cluster.width)
        image, proven, excluded = newton(f, slopes, outer)
        if proven[0]:
            return outer, tighten(f, slopes, image), False
        if excluded[0] or not holds_zero(f(outer)).all():
            return outer, None, True
    return outer, None, False
