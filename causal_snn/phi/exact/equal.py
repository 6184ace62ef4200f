"""When two values count as equal: to 13 digits, as in PyPhi."""

from __future__ import annotations

EQUAL = 1e-13
"""Relative and absolute difference at which two values count as equal."""


def slack(value: float) -> float:
    """Return how far another value may be from this one, 0 or more, and count as equal to it."""
    return EQUAL * max(1.0, value)
