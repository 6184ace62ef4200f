"""An independent checker of cuts of the closed-form kernel: plain loops over `math.erfc`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from causal_snn.coarse.verify import worst


def check_cuts(
    *,
    cuts: Sequence[float],
    witnesses: Sequence[float],
    k: int,
    upper: float,
    lower: float,
    domain: tuple[float, float],
    midpoints: Sequence[float],
    interval: bool,
    scale: float,
    tolerance: float,
) -> bool:
    """Return whether the cuts' worst cell is `upper` and the witnesses prove `lower`."""
    low, high = domain
    if not all(map(math.isfinite, (low, high, upper, lower, scale, *midpoints))):
        return False
    ends = [low, *cuts, high]
    if not (midpoints and scale >= 0 and len(cuts) < k):
        return False
    if any(not a < b for a, b in pairwise(ends)):
        return False

    def widest(points: Sequence[float], choose: object) -> float:
        pairs = pairwise(points)
        widths = [worst(a, b, midpoints, interval, scale) for a, b in pairs]
        return max(widths) if choose is max else min(widths)

    if abs(widest(ends, max) - upper) > tolerance:
        return False
    if not witnesses:
        return lower == 0
    if len(witnesses) != k + 1 or not low <= witnesses[0] or not witnesses[-1] <= high:
        return False
    # A jump at the upper of two scores tells them apart: look just beyond it.
    points = [x if scale else math.nextafter(x, math.inf) for x in witnesses]
    if any(not a < b for a, b in pairwise(points)):
        return False
    return abs(widest(points, min) - lower) <= tolerance
