"""Checks of spike times that the statistics share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad

Floats = NDArray[np.float64]


def check_times(argument: str, times: Any) -> Floats:
    """Return spike times (ms) in order, or raise `InputError`."""
    try:
        given = np.atleast_1d(np.asarray(times))
        if given.dtype.kind in "cb":
            raise TypeError
        row = given.astype(float)
    except (TypeError, ValueError):
        raise bad(argument, times, "a row of finite spike times in ms") from None
    if row.ndim > 1 or not np.isfinite(row).all():
        raise bad(argument, times, "a row of finite spike times in ms")
    return np.sort(row)


def check_span(start: Any, stop: Any) -> tuple[float, float]:
    """Return a span of time (ms), or raise `InputError`."""
    first, last = _number("start", start, "a time in ms"), _number("stop", stop, "a time in ms")
    if not np.isfinite(first):
        raise bad("start", start, "a finite time in ms")
    if not (np.isfinite(last) and first < last):
        raise bad("stop", stop, f"a time after start = {first:g} ms")
    return first, last


def check_positive(argument: str, value: Any, unit: str, *, zero: bool = False) -> float:
    """Return a positive number (0 and infinity only with `zero`), or raise `InputError`."""
    allowed = f"a number of {unit}, {'0 or more' if zero else 'above 0'}"
    number = _number(argument, value, allowed)
    if zero and number >= 0.0:
        return number
    if not (np.isfinite(number) and number > 0.0):
        raise bad(argument, value, allowed)
    return number


def _number(argument: str, value: Any, allowed: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise bad(argument, value, allowed) from None


def check_inside(argument: str, times: Floats, span: tuple[float, float]) -> None:
    """Raise `InputError` unless all times lie in the span, ends included."""
    if times.size and not (span[0] <= times[0] and times[-1] <= span[1]):
        outside = times[0] if times[0] < span[0] else times[-1]
        raise bad(argument, float(outside), f"times from {span[0]:g} to {span[1]:g} ms")
