"""The k minimax levels of the closed-form kernel, cut anywhere, not only on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from causal_snn.coarse.diameter import diameter
from causal_snn.errors import bad
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.normal import above

MOST_LEVELS = 4096
"""Levels up to which the fewest for an epsilon are counted."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Cuts of the score into levels, and the scores that bound every partition.

    Attributes
    ----------
    cuts : tuple of float
        Where the levels meet (mV), increasing.
    upper : float
        Worst total variation within a level.
    witnesses : tuple of float
        k + 1 scores (mV), every two of which differ by `lower` in some context; k levels of any
        shape put two of them into one. None if `lower` is 0.
    lower : float
    method : str
    """

    cuts: tuple[float, ...]
    upper: float
    witnesses: tuple[float, ...]
    lower: float
    method: str


def closed_levels(kernel: EffectKernel, k: int) -> Cuts:
    """Return the k levels of the score with the least worst diameter.

    A greedy level reaches from a to the least over contexts of the score where
    p_c = p_c(a) + epsilon; epsilon is bisected to adjacent floats. The starts of the levels
    that just fail are the witnesses (theory/09_levels.py N2, N7). Fewer levels are returned if
    the effects are the same in double precision.
    """
    low, high = kernel.domain
    if kernel.scale == 0:
        return _noiseless(kernel, k)
    least, most = 0.0, diameter(kernel, low, high)
    starts, failed = [low], []
    while True:
        middle = 0.5 * (least + most)
        if not least < middle < most:
            break
        found = _cover(kernel, middle, k)
        if len(found) > k:
            least, failed = middle, found
        else:
            most, starts = middle, found
    cuts = _fill(kernel, starts[1:], k)
    ends = [low, *cuts, high]
    lower = min((diameter(kernel, a, b) for a, b in pairwise(failed)), default=0.0)
    return Cuts(
        tuple(cuts),
        max(diameter(kernel, a, b) for a, b in pairwise(ends)),
        tuple(failed) if lower > 0 else (),
        lower,
        "greedy covering in closed form and bisection to adjacent floats",
    )


def reach(kernel: EffectKernel, a: float, epsilon: float) -> float:
    """Return the score up to which effects differ from those at `a` by epsilon at most (mV).

    In context c it is m_c + s Phi^-1(p_c(a) + epsilon), taken from the upper tail where that is
    the smaller number. Over an interval of contexts the worst one is the middle of a and the
    result, or the end nearest to it (theory/02_threshold.py L7i).
    """
    from scipy.special import ndtri

    m = kernel.midpoints
    if kernel.contexts.kind != "interval":
        return float(np.min(_reach_each(kernel, a, epsilon, m)))
    first, last = _reach_each(kernel, a, epsilon, np.array([m.min(), m.max()]))
    if (a + first) / 2.0 <= m.min():
        return float(first)
    if (a + last) / 2.0 >= m.max():
        return float(last)
    return float(a + 2.0 * kernel.scale * ndtri((1.0 + epsilon) / 2.0))


def _reach_each(
    kernel: EffectKernel, a: float, epsilon: float, m: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    from scipy.special import ndtri

    below = above(a, kernel.scale, m) + epsilon
    over = above(m, kernel.scale, a) - epsilon  # 1 - p_c(a) - epsilon, with its digits
    z = np.where(over < 0.5, -ndtri(np.clip(over, 0.0, 1.0)), ndtri(np.clip(below, 0.0, 1.0)))
    return np.asarray(m + kernel.scale * z)


def _cover(kernel: EffectKernel, epsilon: float, k: int) -> list[float]:
    """Return the starts of greedy levels, k + 1 of them if k do not reach the upper end."""
    low, high = kernel.domain
    starts = [low]
    while len(starts) <= k:
        following = reach(kernel, starts[-1], epsilon)
        if following >= high:
            break
        # A step too short for floats still moves on; the bounds are worked out afterwards.
        starts.append(max(following, float(np.nextafter(starts[-1], np.inf))))
    return starts


def _fill(kernel: EffectKernel, cuts: list[float], k: int) -> list[float]:
    """Add cuts until there are k levels: in the middle of the widest of them, while it is one."""
    low, high = kernel.domain
    found = list(cuts)
    while len(found) + 1 < k:
        ends = [low, *found, high]
        widths = [diameter(kernel, a, b) for a, b in pairwise(ends)]
        worst = int(np.argmax(widths))
        a, b = ends[worst], ends[worst + 1]
        if not widths[worst] > 0:
            break
        middle = _middle(kernel, a, b)
        if not a < middle < b:
            break
        found = sorted([*found, middle])
    return found


def _middle(kernel: EffectKernel, a: float, b: float) -> float:
    """Return the score where both sides are equally wide."""
    low, high = a, b
    while True:
        middle = 0.5 * (low + high)
        if not low < middle < high:
            return middle
        if diameter(kernel, a, middle) < diameter(kernel, middle, b):
            low = middle
        else:
            high = middle


def _noiseless(kernel: EffectKernel, k: int) -> Cuts:
    """Return the levels of effects that jump from 0 to 1 at every m_c."""
    low, high = kernel.domain
    method = "cuts at the jumps (no noise)"
    m = np.unique(kernel.midpoints)
    if kernel.contexts.kind == "interval":
        first, last = max(float(m[0]), low), min(float(m[-1]), high)
        if first < last:  # jumps everywhere between: k levels contain some of them
            cuts = np.linspace(first, last, k + 1)
            return Cuts(tuple(cuts[1:-1].tolist()), 1.0, tuple(cuts.tolist()), 1.0, method)
        m = m[:1]
    jumps = m[(m > low) & (m < high)]
    if len(jumps) < k:
        return Cuts(tuple(jumps.tolist()), 0.0, (), 0.0, method)
    chosen = jumps[np.arange(1, k) * len(jumps) // k]
    return Cuts(tuple(chosen.tolist()), 1.0, (low, *jumps[:k].tolist()), 1.0, method)


def fewest_closed(kernel: EffectKernel, epsilon: float) -> int:
    """Return the fewest levels no wider than epsilon.

    Raises
    ------
    InputError
        If that takes more than `MOST_LEVELS`.
    """
    low, high = kernel.domain
    if kernel.scale == 0:
        if epsilon >= 1:
            return 1
        m = np.unique(kernel.midpoints)
        inside = int(np.sum((m > low) & (m < high)))
        return inside + 1  # an interval of contexts jumps everywhere: no number of levels will do
    if epsilon >= diameter(kernel, low, high):
        return 1
    count = len(_cover(kernel, epsilon, MOST_LEVELS))
    if count > MOST_LEVELS:
        raise bad(
            "epsilon",
            epsilon,
            f"no less than {diameter(kernel, low, high) / MOST_LEVELS:.2g} here, "
            f"which takes {MOST_LEVELS} levels",
        )
    return count
