"""Every distinct directed cut of a system, for what must look at all of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.exact.mechanism_cut import set_partitions

Masks = NDArray[np.int64]


@lru_cache(maxsize=4)
def all_cuts(n: int) -> Masks:
    """Return the inputs that each unit keeps under every cut, as masks, shape (cuts, n).

    3, 22, 150, 1061, 7896, 61888 cuts for n = 2 to 7; one, which keeps nothing, for a single
    unit. Given the units R of parts cut at their inputs, a part outside R keeps itself or itself
    and R (theory/15_minimum_partition.py P2).
    """
    if n == 1:
        return np.zeros((1, 1), dtype=np.int64)
    units = range(n)
    rows = []
    for inputs in range(2**n):
        inside = [k for k in units if inputs >> k & 1]
        outside = [k for k in units if not inputs >> k & 1]
        for first in _parts(inside):
            for second in _parts(outside):
                if len(first) + len(second) < 2:
                    continue
                for opened in range(2 ** len(second)):
                    kept = [0] * n
                    for part in first:
                        _keep(kept, part, part)
                    for place, part in enumerate(second):
                        _keep(kept, part, part | inputs if opened >> place & 1 else part)
                    rows.append(kept)
    return np.unique(np.array(rows, dtype=np.int64), axis=0)


def _parts(units: list[int]) -> Iterator[list[int]]:
    """Yield every set partition of some units, as masks of the whole system."""
    if not units:
        yield []
        return
    for row in set_partitions(len(units)):
        yield [sum(1 << units[k] for k in range(len(units)) if m >> k & 1) for m in row if m]


def _keep(kept: list[int], part: int, inputs: int) -> None:
    for k in range(len(kept)):
        if part >> k & 1:
            kept[k] = inputs
