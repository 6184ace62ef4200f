"""How far apart the effects of two cells are at least and at most, whatever their micro states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.distance import Distance, distance
from causal_snn.kernel.tabulated import TabulatedKernel

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def span(low: Floats, high: Floats, name: Distance) -> Floats:
    """Return the distance of a spike with probability `low` from one with `high`.

    The greater of both orders; 0 where `high` is not above `low`. All four distances grow as
    the interval [low, high] does, so a set of two-outcome effects is as wide as its hull
    (theory/09_levels.py N3).

    Parameters
    ----------
    low, high : array, shape (...)
        Probabilities.
    name : {"tv", "hellinger", "js", "kl"}

    Returns
    -------
    array, shape (...)
    """
    if name == "tv":
        return np.maximum(high - low, 0.0)
    p, q = (np.stack([1.0 - x, x], axis=-1) for x in (low, high))
    far = distance(p, q, name)
    if name == "kl":
        far = np.maximum(far, distance(q, p, name))
    return np.where(high > low, far, 0.0)


def between(
    kernel: TabulatedKernel, cell: int, others: Whole | slice, name: Distance
) -> tuple[Floats, Floats]:
    """Return the least and the greatest distance of effects of a cell and of other cells.

    Total variation of effects in two cells lies within the sum of their spreads of that of
    their rows; so do the square roots for Hellinger and Jensen-Shannon, which are metrics and
    at most the root of total variation; for two outcomes the ends of the probabilities are
    used, and for Kullback-Leibler bounds of each outcome (theory/09_levels.py N4).

    Parameters
    ----------
    kernel : TabulatedKernel
    cell : int
    others : array of int, shape (m,), or slice
    name : {"tv", "hellinger", "js", "kl"}

    Returns
    -------
    least, greatest : array, shape (C, m)
        The greater of both orders for Kullback-Leibler.
    """
    if kernel.binary:
        low, high = kernel.lower, kernel.upper
        a, b, x, y = low[:, [cell]], high[:, [cell]], low[:, others], high[:, others]
        least = np.maximum(span(b, x, name), span(y, a, name))
        return least, span(np.minimum(a, x), np.maximum(b, y), name)
    p, q = kernel.rows[:, [cell]], kernel.rows[:, others]
    s, t = kernel.spread[:, [cell]], kernel.spread[:, others]
    if name == "kl":
        return _relative(p, q, s, t)
    slack = s + t if name == "tv" else np.sqrt(s) + np.sqrt(t)
    apart = distance(p, q, name)
    return np.maximum(apart - slack, 0.0), np.minimum(apart + slack, 1.0)


def _relative(p: Floats, q: Floats, s: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Enclose Kullback-Leibler: Pinsker from below, each outcome's greatest term from above."""
    from scipy.special import rel_entr

    tv = np.maximum(distance(p, q, "tv") - s - t, 0.0)
    least = 2.0 * tv**2 / np.log(2.0)
    exact = np.maximum(distance(p, q, "kl"), distance(q, p, "kl"))
    sharp = (s + t) == 0
    greatest = np.zeros_like(exact)
    for x, y, u, v in ((p, q, s, t), (q, p, t, s)):
        few = np.clip(y - v[..., None], 0.0, 1.0)
        # x log(x/y) is convex in x and falls in y: its greatest value is at an end of x.
        ends = [np.clip(x + side * u[..., None], 0.0, 1.0) for side in (-1.0, 1.0)]
        terms = np.maximum(rel_entr(ends[0], few), rel_entr(ends[1], few))
        greatest = np.maximum(greatest, terms.sum(axis=-1) / np.log(2.0))
    return np.where(sharp, exact, least), np.where(sharp, exact, greatest)


def separation(kernel: TabulatedKernel, cells: Whole, name: Distance) -> float:
    """Return how far apart, in every context, any effects of two different levels are at least.

    Parameters
    ----------
    kernel : TabulatedKernel
    cells : array of int, shape (n,)
        Level of each cell; -1 for cells of no level.
    name : {"tv", "hellinger", "js", "kl"}
        For Kullback-Leibler the greater of both orders.

    Returns
    -------
    float
        0 if there are fewer than two levels.
    """
    numbers = [int(k) for k in np.unique(cells[cells >= 0])]
    least = np.inf
    for position, level in enumerate(numbers):
        for other in numbers[position + 1 :]:
            least = min(least, _apart(kernel, cells == level, cells == other, name))
    return float(least) if len(numbers) > 1 else 0.0


def _apart(
    kernel: TabulatedKernel, one: NDArray[np.bool_], other: NDArray[np.bool_], name: Distance
) -> float:
    if not kernel.binary:
        rest = np.flatnonzero(other)
        return min(float(between(kernel, int(j), rest, name)[0].min()) for j in np.flatnonzero(one))
    low, high = kernel.lower, kernel.upper
    ends = [(low[:, part].min(1), high[:, part].max(1)) for part in (one, other)]
    (a, b), (x, y) = ends
    clear = np.maximum(span(b, x, name), span(y, a, name))
    if np.all(clear > 0):
        return float(clear.min())
    # The hulls meet in some context; the effects may still keep apart there.
    least = np.inf
    for c in range(len(kernel.inputs)):
        least = min(least, _gap(low[c], high[c], one, other, name))
    return float(least)


def _gap(
    low: Floats,
    high: Floats,
    one: NDArray[np.bool_],
    other: NDArray[np.bool_],
    name: Distance,
) -> float:
    """Return the least distance of intervals of two sets: sorted by `low`, neighbours decide."""
    least = np.inf
    for left, right in ((one, other), (other, one)):
        starts = np.sort(low[right])
        ends = high[left]
        # An interval is nearest to the first that begins at or after where it begins itself.
        begins = low[left]
        at = np.searchsorted(starts, begins)
        inside = at < len(starts)
        if np.any(inside):
            least = min(least, float(span(ends[inside], starts[at[inside]], name).min()))
    return least
