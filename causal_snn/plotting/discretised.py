"""Figure: where the time step moves a Hopf point."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.implementation.hopf_shift import HopfShift
from causal_snn.errors import bad
from causal_snn.models.schemes import parameter_unit
from causal_snn.plotting.checks import one_or_more
from causal_snn.plotting.dynamics_text import quantity
from causal_snn.plotting.style import (
    BLACK,
    BLUE,
    COLUMN,
    DIM,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    axes_or_new,
    tidy,
)

COLOURS = {
    "euler": VERMILLION,
    "sequential_euler": ORANGE,
    "exponential_euler": BLUE,
    "rush_larsen": SKY,
    "midpoint": GREEN,
    "published": PURPLE,
}
LOST, SUBCRITICAL = "unstable on both sides", "subcritical"
CHANGE, END = "criticality changes", "end of the points"
STYLES: dict[str, dict[str, Any]] = {
    "supercritical": {"linestyle": "-"},
    SUBCRITICAL: {"linestyle": "--"},
}
REMARKS: dict[str, dict[str, Any]] = {
    SUBCRITICAL: {"color": DIM, "linestyle": "--", "linewidth": 1.4},
    LOST: {"color": GREY, "linestyle": ":", "linewidth": 1.0},
    CHANGE: {"color": DIM, "marker": "x", "markersize": 5, "linestyle": "none", "zorder": 3},
    END: {"color": DIM, "marker": "|", "markersize": 9, "linestyle": "none", "zorder": 3},
}
"""What the legend explains: styles that are not a scheme's own."""


def plot_hopf_shift(result: HopfShift | Sequence[HopfShift], *, ax: Axes | None = None) -> Axes:
    """Plot the parameter at the Neimark-Sacker point against the time step.

    Lines are solid where the closed curve that branches off is stable (supercritical), dashed
    where it is unstable, dotted grey where another multiplier has left the unit circle, so that
    the fixed point is unstable on both sides. A cross marks a change of criticality, a bar the
    step at which the points end.

    Parameters
    ----------
    result : HopfShift or sequence of HopfShift
        From `shift_of_hopf`; several schemes of one Hopf point share the axes.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If a result is no HopfShift, or they are of different Hopf points.
    """
    results = one_or_more("result", result, HopfShift, "dynamics.shift_of_hopf")
    first = results[0]
    for other in results[1:]:
        if other.parameter != first.parameter or other.hopf.value != first.hopf.value:
            raise bad("result", other.hopf, f"shifts of one Hopf point, {first.hopf!r}")
    ax = axes_or_new(ax, width=COLUMN, height=2.8)
    name = f"{first.hopf.name} of the flow"
    ax.axhline(first.hopf.value, color=BLACK, linewidth=0.8, zorder=1, label=name)
    drawn = {kind for shift in results for kind in _draw(ax, shift)}
    for kind in sorted(drawn & REMARKS.keys()):
        ax.plot([], [], label=kind, **REMARKS[kind])
    ax.set_xlim(0.0, None)
    unit = parameter_unit(first.model, first.parameter)
    tidy(ax, xlabel="time step dt (ms)", ylabel=quantity(first.parameter, unit, " at NS"))
    ax.legend(fontsize=SMALL, frameon=False, handlelength=2.0)
    return ax


def _draw(ax: Axes, shift: HopfShift) -> set[str]:
    """Draw one scheme; return what there is to explain."""
    colour = COLOURS[shift.scheme]
    dts, values = _with_changes(shift)
    kinds = [_kind(shift, 0.5 * (left + right)) for left, right in pairwise(dts)]
    at = 0
    for kind, run in groupby(kinds):
        end = at + len(list(run))
        style = REMARKS[kind] if kind == LOST else {"linewidth": 1.4, **STYLES[kind]}
        ax.plot(dts[at : end + 1], values[at : end + 1], **{"color": colour, **style})
        at = end
    ax.plot([], [], color=colour, linewidth=1.4, label=shift.scheme.replace("_", " "))
    seen = set(kinds)
    for place in shift.chenciner:
        height = np.interp(place, dts, values)
        ax.plot(place, height, **{**REMARKS[CHANGE], "color": colour})
        seen.add(CHANGE)
    if np.isfinite(shift.end):
        ax.plot(shift.end, values[-1], **{**REMARKS[END], "color": colour})
        seen.add(END)
    return seen


def _with_changes(shift: HopfShift) -> tuple[Floats, Floats]:
    """Return time steps and values from the Hopf point on, with the places of change put in."""
    there = np.isfinite(shift.values)
    dts = np.concatenate([[0.0], shift.dts[there]])
    values = np.concatenate([[shift.hopf.value], shift.values[there]])
    places = np.union1d(dts, [*shift.chenciner, *shift.flips])
    return places, np.interp(places, dts, values)


def _kind(shift: HopfShift, dt: float) -> str:
    """Return what the point at a time step is; kinds hold between two changes."""
    if shift.boundary_of_flow == (sum(place < dt for place in shift.flips) % 2 == 1):
        return LOST
    below = shift.hopf.criticality == "subcritical"
    changed = sum(place < dt for place in shift.chenciner) % 2 == 1
    return SUBCRITICAL if below != changed else "supercritical"
