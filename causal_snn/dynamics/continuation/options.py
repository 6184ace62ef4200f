"""Options that all continuations share, and their checks."""

from __future__ import annotations

from typing import Any

from causal_snn.dynamics.floats import is_number
from causal_snn.errors import bad


def check_options(
    *, tolerance: Any, max_step: Any = 0.02, max_points: Any = 2, least: int = 2
) -> None:
    """Raise `InputError` unless the options of a continuation are usable numbers.

    Parameters
    ----------
    tolerance : float
        Between 0 and 0.01.
    max_step : float
        Above 0, at most 1.
    max_points : int
        `least` or more.
    least : int
        Fewest points that make a branch.
    """
    if not (is_number(max_step) and 0 < max_step <= 1):
        raise bad("max_step", max_step, "a fraction of the ranges, above 0 and at most 1")
    if not (is_number(tolerance) and 0 < tolerance <= 0.01):
        raise bad("tolerance", tolerance, "a number above 0, at most 0.01")
    if not (is_number(max_points) and max_points == int(max_points) and max_points >= least):
        raise bad("max_points", max_points, f"a whole number, {least} or more")
