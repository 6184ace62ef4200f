"""Checks of what `phase_plane` and `phase_line` are given, and of what they find."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.plane.projection import Fixed
from causal_snn.dynamics.plane.window import Range
from causal_snn.errors import StageWarning, bad, suggest
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


def check_starts(trajectories: Any) -> None:
    """Refuse what holds no starts."""
    if not isinstance(trajectories, Sequence | np.ndarray):
        raise bad("trajectories", trajectories, "a list of states where orbits start")


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


def warn_undefined(model: NeuronModel, points: Floats, drift: Floats) -> None:
    """Warn if the drift has no finite value at some points of the window.

    Parameters
    ----------
    model : NeuronModel
        Whose drift it is.
    points : array, shape (n, ...)
        States.
    drift : array, shape (n, ...)
        Time derivative of each state there.
    """
    lost = ~np.isfinite(drift).all(axis=0)
    if not lost.any():
        return
    ranges = ", ".join(
        f"{name} in [{values[lost].min():.4g}, {values[lost].max():.4g}]"
        for name, values in zip(model.states, points, strict=True)
    )
    warnings.warn(
        f"the drift of {model.name} is undefined or overflows at {lost.sum()} of {lost.size} "
        f"points of the window, with {ranges}: there it is NaN or infinite, and not drawn. "
        "Choose a window where the formulas hold.",
        StageWarning,
        stacklevel=3,
    )
