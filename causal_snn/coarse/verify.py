"""An independent checker of threshold certificates: plain loops over `math.erfc`.

It shares no code with the solver. Given a bracket a <= b inside the domain, any threshold
t <= a has an upper cell at least [a, hi), any t >= b a lower cell at least [lo, b), and any
t between has both [lo, a) and [b, hi); so no threshold beats
min(R(a), L(b), max(L(a), R(b))).
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def _difference(x: float, y: float, m: float, s: float) -> float:
    """Return p(y) - p(x) in the context with midpoint m."""
    if not x < y:
        return 0.0
    if s == 0.0:
        return 1.0 if x < m < y else 0.0
    root = math.sqrt(2.0)
    if x > m:  # upper tail: subtract the small numbers
        return 0.5 * (math.erfc((x - m) / s / root) - math.erfc((y - m) / s / root))
    return 0.5 * (math.erfc((m - y) / s / root) - math.erfc((m - x) / s / root))


def worst(x: float, y: float, midpoints: Sequence[float], interval: bool, s: float) -> float:
    """Return the worst total variation of effects of two scores in [x, y), over contexts."""
    if interval:
        centre = (x + y) / 2.0
        if math.isnan(centre):  # the whole line: every context is as wide
            centre = midpoints[0]
        return _difference(x, y, min(max(centre, min(midpoints)), max(midpoints)), s)
    return max(_difference(x, y, m, s) for m in midpoints)


def check(
    *,
    threshold: float,
    upper: float,
    lower: float,
    domain: tuple[float, float],
    midpoints: Sequence[float],
    interval: bool,
    scale: float,
    bracket: tuple[float, float],
    tolerance: float,
) -> bool:
    """Return whether `upper` and `lower` are what `threshold` and `bracket` prove on `domain`.

    A bound that is worse than what is proved is refused too: it was not the solver's.
    """
    low, high = domain
    a, b = bracket
    if not all(map(math.isfinite, (threshold, upper, lower, scale, *midpoints))):
        return False
    if not (low <= a <= threshold <= b <= high and midpoints and scale >= 0 and lower <= upper):
        return False

    def left(t: float) -> float:
        return worst(low, t, midpoints, interval, scale)

    def right(t: float) -> float:
        return worst(t, high, midpoints, interval, scale)

    achieved = max(left(threshold), right(threshold))
    unbeatable = min(right(a), left(b), max(left(a), right(b)))
    return abs(achieved - upper) <= tolerance and abs(unbeatable - lower) <= tolerance
