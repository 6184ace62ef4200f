"""What exact integrated information costs, before it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import comb, prod

from causal_snn.errors import bad

SECONDS_PER_PARTITION = 1.5e-3
"""PyPhi 2.0.0rc4, one core, measured at n = 4, 5 and 6 (1.2 to 1.9 ms); an order of magnitude."""
SECONDS_PER_STRUCTURE = {1: 0.01, 2: 0.03, 3: 0.3, 4: 2.5}
"""Cause-effect structures, same machine; each further unit costs about 20 times more."""
SECONDS_IIT_3 = {1: 0.02, 2: 0.1, 3: 1.2, 4: 20.0}
"""Systems under IIT 3.0 (earth mover's distance), likewise; a complex search doubles it."""


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
    n = min(n, 60)  # beyond, 1e64 partitions are as out of reach as any number

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
    sizes: Sequence[int],
    *,
    formalism: str = "IIT_4_0_2026",
    states: int = 1,
    structure: bool = False,
    complexes: bool = True,
) -> float:
    """Return roughly how many seconds PyPhi needs for systems of units with these alphabets."""
    n = min(len(sizes), 60)
    # More macro states make each partition slower, by less than their number (measured).
    larger: float = prod((size / 2.0) ** 0.4 for size in sizes[:n])
    if formalism == "IIT_3_0":
        one = SECONDS_IIT_3.get(n, SECONDS_IIT_3[4] * 20.0 ** (n - 4))
        return float(states * one * larger * (2.0 if complexes else 1.0))
    counted = sum(comb(n, m) * partitions(m) for m in range(1, n + 1)) if complexes else 0
    counted += partitions(n)
    per_state = counted * SECONDS_PER_PARTITION * larger
    if structure:
        per_state += SECONDS_PER_STRUCTURE.get(n, SECONDS_PER_STRUCTURE[4] * 20.0 ** (n - 4))
    return float(states * per_state)


def check_feasible(
    sizes: Sequence[int],
    *,
    formalism: str = "IIT_4_0_2026",
    states: int = 1,
    structure: bool = False,
    complexes: bool = True,
    max_seconds: float,
) -> float:
    """Return the estimate of `seconds`, or raise `InputError` if it exceeds `max_seconds`.

    The message says what it would cost and the most units that are feasible.
    """
    if not max_seconds > 0:
        raise bad("max_seconds", max_seconds, "a positive number of seconds")
    n = len(sizes)

    def cost(of: Sequence[int], count: int) -> float:
        return seconds(
            of, formalism=formalism, states=count, structure=structure, complexes=complexes
        )

    estimate = cost(sizes, states)
    if estimate <= max_seconds:
        return estimate
    size = max(sizes)
    feasible = 1
    while feasible < n - 1:
        count = size ** (feasible + 1) if states > 1 else 1
        if cost((size,) * (feasible + 1), count) > max_seconds:
            break
        feasible += 1
    what = f"{states:,} states" if states > 1 else "one state"
    fixes = [f"Choose at most {feasible} units (as units='auto:{feasible}')"]
    if states > 1:
        fixes.append("one state")
    if structure:
        fixes.append("structure=False")
    raise bad(
        "network",
        f"{n} units of {size} macro states",
        f"{what} would take {in_words(estimate)} ({_count(n)} partitions of the whole), "
        f"more than max_seconds = {max_seconds:g}",
        ", or ".join(fixes) + ", or raise max_seconds.",
    )


def _count(n: int) -> str:
    found = partitions(n)
    return f"{found:,}" if found < 10**9 else f"{float(found):.1e}"


def in_words(duration: float) -> str:
    """Return a duration as a person would say it."""
    for limit, unit, name in (
        (120, 1, "seconds"),
        (7200, 60, "minutes"),
        (172_800, 3600, "hours"),
        (63_072_000, 86_400, "days"),
    ):
        if duration < limit:
            return f"about {duration / unit:.2g} {name}"
    years = duration / 31_536_000
    return f"about {years:.2g} years" if years < 1e9 else "more than a billion years"
