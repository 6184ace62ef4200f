"""Numbers and macro states as a reader wants them; shared by the figures and the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

ZERO = 1e-12
"""Magnitude below which a printed number is 0: the rounding of sums of probabilities."""


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with `digits` significant digits; words where there is none."""
    if value is None:
        return "not computed"
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return "0" if abs(value) < ZERO else f"{value:.{digits}g}"


def typeset(value: float, digits: int = 4) -> str:
    """Return a number as `number` does, with the minus sign of print."""
    return number(value, digits).replace("-", "−")


def codes(names: Sequence[str]) -> tuple[str, ...]:
    """Return one character for each macro state: its initial where these differ, or its number.

    >>> codes(("quiet", "primed", "spiking")), codes(("off", "on"))
    (('Q', 'P', 'S'), ('0', '1'))
    """
    initials = tuple(name[:1].upper() for name in names)
    unique = len(set(initials)) == len(names) and "" not in initials
    return initials if unique else tuple(str(k) for k in range(len(names)))


def state_code(state: Sequence[int], cells: Sequence[Sequence[str]] | None = None) -> str:
    """Return a macro state as one character for each unit, as ``QPS``.

    >>> state_code((0, 2), [("quiet", "primed", "spiking")] * 2), state_code((0, 2))
    ('QS', '02')
    """
    if cells is None:
        parts = [str(int(x)) for x in state]
    else:
        parts = [codes(names)[int(x)] for x, names in zip(state, cells, strict=True)]
    return ("" if all(len(part) == 1 for part in parts) else ".").join(parts)


def code_key(cells: Sequence[Sequence[str]]) -> str:
    """Return what the characters of `state_code` mean, as ``Q quiet, P primed, S spiking``."""
    alphabets = dict.fromkeys(tuple(names) for names in cells)
    keys = [
        ", ".join(f"{code} {name}" for code, name in zip(codes(names), names, strict=True))
        for names in alphabets
        if codes(names) != names
    ]
    return "; ".join(keys)


def unit_order(labels: Sequence[str]) -> str:
    """Return in which order a state code names the units, shortened for many of them."""
    if len(labels) == 1:
        return f"unit {labels[0]}"
    if len(labels) > 6:
        return f"units in order {labels[0]}, {labels[1]}, …, {labels[-1]}"
    return "units in order " + ", ".join(labels)


def tick_step(sizes: Sequence[int], most: int) -> int:
    """Return a step between labelled states that leaves at most `most` labels.

    It is 1, or a product of the first units' sizes, so that at the labelled states those
    units are all in their first macro state.
    """
    total, step = math.prod(sizes), 1
    for size in sizes:
        if total / step <= most:
            break
        step *= size
    return step
