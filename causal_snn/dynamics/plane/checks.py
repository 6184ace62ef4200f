"""Input checks of `phase_plane` and `phase_line`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from causal_snn.dynamics.plane.projection import Fixed
from causal_snn.dynamics.plane.window import Range
from causal_snn.errors import bad, suggest
from causal_snn.models.neuron import NeuronModel


def check_window(window: Mapping[str, Range] | None, states: tuple[str, ...]) -> dict[str, Range]:
    """Return the ranges asked for, as floats.

    Raises
    ------
    InputError
        If a name is not a state of the plane or a range not (low, high) with low < high.
    """
    if window is not None and not isinstance(window, Mapping):
        raise bad("window", window, "a mapping of state to (low, high)")
    checked = {}
    for name, value in (window or {}).items():
        if name not in states:
            raise bad(f"window[{name!r}]", value, "a state on an axis", suggest(str(name), states))
        allowed = "(low, high) with two finite numbers, low < high"
        try:
            low, high = (float(end) for end in value)
        except (TypeError, ValueError):
            raise bad(f"window[{name!r}]", value, allowed) from None
        if not (np.isfinite([low, high]).all() and low < high):
            raise bad(f"window[{name!r}]", value, allowed)
        checked[name] = (low, high)
    return checked


def check_line(model: NeuronModel, x: str | None, y: str | None, fixed: Fixed) -> None:
    """Refuse a second axis, and ties, for a neuron with one state."""
    for argument, name in (("x", x), ("y", y)):
        if name not in ((None, *model.states) if argument == "x" else (None,)):
            raise bad(argument, name, f"nothing: {model.name} has one state, {model.states[0]}")
    if fixed != "steady state" and fixed:
        raise bad("fixed", fixed, f"nothing: {model.name} has one state")


def check_axes(model: NeuronModel, x: str | None, y: str | None) -> tuple[str, str]:
    """Return the states on the axes; the first two that are free where none is asked for."""
    for argument, name in (("x", x), ("y", y)):
        if name is not None and name not in model.states:
            raise bad(argument, name, "a state", suggest(str(name), model.states))
    if x is None:
        x = next(name for name in model.states if name != y)
    if y is None:
        y = next(name for name in model.states if name != x)
    if x == y:
        raise bad("y", y, "another state than x", suggest("", [s for s in model.states if s != x]))
    return x, y


def check_grid(grid: Any) -> tuple[int, int]:
    """Return columns and rows of the direction field."""
    try:
        columns, rows = grid
    except (TypeError, ValueError):
        columns = rows = None
    for number in (columns, rows):
        if isinstance(number, bool) or not isinstance(number, int) or not 2 <= number <= 1000:
            raise bad("grid", grid, "(columns, rows), two whole numbers from 2 to 1000")
    assert isinstance(columns, int)
    assert isinstance(rows, int)
    return columns, rows
