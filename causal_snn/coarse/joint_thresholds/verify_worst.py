"""An independent checker of worst-case certificates of binary thresholds.

It shares no code with the solver. The diameters of a choice are recomputed from their
definition: every macro state of the sources, every spike pattern within it. For the lower
bound it opens every unit whose cut at theta is no better than the bound, until none is
left (J9); then some open unit must be no better than the bound at any cut.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any


def _effect(u: Any, mean: float, *, limit: bool = False) -> float:
    """Return P(mean + noise reaches theta); `limit` takes it from below."""
    if u.sigma == 0:
        return float(mean > u.theta if u.strict or limit else mean >= u.theta)
    return 0.5 * math.erfc((u.theta - mean) / u.sigma / math.sqrt(2.0))


def _ends(u: Any, cut: float, c: float) -> tuple[list[float], list[float]]:
    """Return the extreme effects of the cells off and on when the input is c."""

    def quiet(v: float, limit: bool = False) -> float:
        return _effect(u, u.offset + u.decay * v + c, limit=limit)

    off = [quiet(u.low), quiet(cut, True)] if cut > u.low else []
    on = [quiet(cut), quiet(u.theta, True)] if cut < u.theta else []
    for v in (u.theta, u.high):
        after = u.spiked_offset + u.spiked_decay * v + (c if u.hears else 0.0)
        on.append(0.0 if u.silent else _effect(u, after))
    return off, on


def diameter(u: Any, cut: float, opened: set[int]) -> float:
    """Return the worst difference of effects between micro states of one macro state."""
    worst = 0.0
    for x in product((False, True), repeat=len(u.sources)):
        # On and open: spikes or not. On and not open: spikes. Off: does not.
        choices = [
            ((0, 1) if j in opened else (1,)) if on else (0,)
            for j, on in zip(u.sources, x, strict=True)
        ]
        # The effect grows with the input, so the two extreme patterns are enough.
        inputs = [[s * w for s in some] for some, w in zip(choices, u.inputs, strict=True)]
        cells = [_ends(u, cut, math.fsum(map(pick, inputs))) for pick in (min, max)]
        for cell in (0, 1):
            found = [p for ends in cells for p in ends[cell]]
            worst = max(worst, max(found, default=0.0) - min(found, default=0.0))
    return worst


def cost(units: Sequence[Any], thresholds: Sequence[float]) -> float:
    """Return the worst diameter of all units."""
    opened = {i for i, (u, t) in enumerate(zip(units, thresholds, strict=True)) if t < u.theta}
    return max(diameter(u, t, opened) for u, t in zip(units, thresholds, strict=True))


def unbeatable(units: Sequence[Any], candidates: Sequence[Sequence[float]], level: float) -> bool:
    """Return whether no choice of candidates has a cost below `level`."""
    opened: set[int] = set()
    while True:
        forced = {
            i
            for i, (u, cuts) in enumerate(zip(units, candidates, strict=True))
            if i not in opened and (u.theta not in cuts or diameter(u, u.theta, opened) >= level)
        }
        if not forced:
            break
        opened |= forced
    return any(
        all(
            diameter(units[i], cut, opened) >= level
            for cut in candidates[i]
            if cut < units[i].theta
        )
        for i in opened
    )
