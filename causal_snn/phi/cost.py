"""What exact integrated information costs, before it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import comb, prod

SECONDS_PER_PARTITION = 1.5e-3
"""PyPhi 2.0.0rc4, one core, measured at n = 4, 5 and 6 (1.2 to 1.9 ms); an order of magnitude."""
SECONDS_PER_STRUCTURE = {1: 0.01, 2: 0.03, 3: 0.3, 4: 2.5}
"""Cause-effect structures, same machine; each further unit costs about 20 times more."""


@cache
def _stirling(m: int, k: int) -> int:
    if m == k:
        return 1
    if k == 0 or k > m:
        return 0
    return k * _stirling(m - 1, k) + _stirling(m - 1, k - 1)


def partitions(n: int) -> int:
    """Return the number of distinct directed set partitions of n units.

    Bell(n) - 1 + sum_r C(n, r) Bell(r) (T2(n-r) - Bell(n-r)) with T2(m) = sum_k S(m, k) 2^k:
    set partitions whose parts lose their inputs, their outputs or both, counted by cut.
    1, 3, 22, 150, 1061, 7896, ... as PyPhi generates them.
    """
    if n == 1:
        return 1  # only the total cut

    def bell(m: int) -> int:
        return sum(_stirling(m, k) for k in range(m + 1))

    def doubled(m: int) -> int:
        return sum(_stirling(m, k) * 2**k for k in range(m + 1))

    return (
        bell(n)
        - 1
        + sum(comb(n, r) * bell(r) * (doubled(n - r) - bell(n - r)) for r in range(1, n))
    )


def seconds(
    sizes: Sequence[int], *, states: int = 1, structure: bool = False, complexes: bool = True
) -> float:
    """Return roughly how many seconds PyPhi needs for systems of units with these alphabets."""
    n = len(sizes)
    counted = sum(comb(n, m) * partitions(m) for m in range(1, n + 1)) if complexes else 0
    counted += partitions(n)
    per_state = counted * SECONDS_PER_PARTITION * max(1.0, prod(sizes) / 3.0**n)
    if structure:
        known = SECONDS_PER_STRUCTURE.get(n)
        per_state += known if known is not None else 2.5 * 20.0 ** (n - 4)
    return states * per_state


def largest_feasible(
    size: int, limit: float, *, states_of_all: bool = False, complexes: bool = True
) -> int:
    """Return the most units of one alphabet size that stay within `limit` seconds."""
    n = 1
    while n < 16:
        count = size ** (n + 1) if states_of_all else 1
        if seconds((size,) * (n + 1), states=count, complexes=complexes) > limit:
            break
        n += 1
    return n


def in_words(duration: float) -> str:
    """Return a duration as a person would say it."""
    for limit, unit, name in (
        (120, 1, "seconds"),
        (7200, 60, "minutes"),
        (172_800, 3600, "hours"),
        (63_072_000, 86_400, "days"),
    ):
        if duration < limit:
            return f"{duration / unit:.2g} {name}"
    return f"{duration / 31_536_000:.2g} years"
