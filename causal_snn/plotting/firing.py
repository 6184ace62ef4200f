"""Figures: the f-I curve and the phase response curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from causal_snn.dynamics.firing.prc import PhaseResponse
from causal_snn.dynamics.firing.result import FiringRate
from causal_snn.errors import bad
from causal_snn.plotting.checks import one_or_more
from causal_snn.plotting.dynamics_text import in_unit, quantity
from causal_snn.plotting.style import (
    BLACK,
    BLUE,
    FONT,
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

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
TIMES_APART = 1.02
"""Initial and steady rate are drawn apart if they differ by more than this factor."""


def plot_fi(
    results: FiringRate | Sequence[FiringRate],
    *,
    ax: Axes | None = None,
    labels: Sequence[str] | None = None,
) -> Axes:
    """Plot the firing rate against the current.

    Parameters
    ----------
    results : FiringRate or sequence of FiringRate
        From `causal_snn.dynamics.firing_rate` at many currents of one unit.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.
    labels : sequence of str, optional
        Names of the curves; default the names of the models.

    Returns
    -------
    matplotlib.axes.Axes
        Steady rate with a line and dots, the rate of the first interval dotted where it
        differs; an irregular train with its standard error; crosses where nothing converged.
        A line is broken where firing starts or stops: the rate may jump there.

    Raises
    ------
    InputError
        If a result is no FiringRate, or they do not belong on one axis.
    """
    several = one_or_more("results", results, FiringRate, "dynamics.firing_rate")
    units = {(result.input, result.unit) for result in several}
    if len(units) > 1:
        shown = ", ".join(sorted(f"{name} ({unit})" for name, unit in units))
        raise bad("results", shown, "results of one current and unit", "Draw them on two axes.")
    names = [result.model.name for result in several] if labels is None else list(labels)
    if len(names) != len(several):
        raise bad("labels", names, f"{len(several)} of them, one for each result")
    ax = axes_or_new(ax)
    slowing = False
    for k, (result, name) in enumerate(zip(several, names, strict=True)):
        slowing |= _curve(ax, result, COLOURS[k % len(COLOURS)], name)
    name, unit = units.pop()
    tidy(ax, xlabel=_current(name, unit), ylabel="firing rate (Hz)")
    ax.set_ylim(bottom=0.0)
    if slowing:
        ax.plot([], [], ":", color=GREY, lw=1.0, label="first interval")
    if len(several) > 1 or slowing or labels is not None:
        ax.legend(fontsize=SMALL, frameon=False, loc="best")
    return ax


def _curve(ax: Axes, result: FiringRate, colour: str, name: str) -> bool:
    """Draw one curve; return whether it shows an initial rate of its own."""
    order = np.argsort(np.ravel(result.current), kind="stable")
    current, rate, first, error = (
        np.ravel(getattr(result, part)).astype(float)[order]
        for part in ("current", "rate", "first", "error")
    )
    status = np.ravel(result.status)[order]
    lost = np.array([str(text).startswith("not converged") for text in status])
    irregular = np.array([str(text).startswith("irregular") for text in status])
    label = name
    for part in np.split(np.arange(len(rate)), np.flatnonzero(np.diff(rate > 0)) + 1):
        mark = "." if len(part) <= 40 else ""
        ax.plot(
            current[part],
            rate[part],
            mark + "-",
            color=colour,
            lw=1.2,
            ms=3.5,
            label=label,
            clip_on=False,  # silence lies on the axis
        )
        label = "_nolegend_"
    if irregular.any():
        at = irregular
        ax.errorbar(
            current[at], rate[at], error[at], fmt="none", ecolor=colour, lw=0.8, capsize=1.5
        )
    if lost.any():
        ax.plot(current[lost], rate[lost], "x", color=colour, ms=4.0)
    apart = (rate > 0) & (first > TIMES_APART * rate)
    if apart.any():
        ax.plot(current, np.where(rate > 0, first, np.nan), ":", color=colour, lw=1.0)
    return bool(apart.any())


def _current(name: str, unit: str) -> str:
    return f"drive R·I{in_unit(unit)}" if name == "drive" else f"current {quantity(name, unit)}"


def plot_prc(
    results: PhaseResponse | Sequence[PhaseResponse],
    *,
    ax: Axes | None = None,
    state: str | None = None,
    labels: Sequence[str] | None = None,
) -> Axes:
    """Plot the phase response: the advance of the spikes against the phase of a small kick.

    Parameters
    ----------
    results : PhaseResponse or sequence of PhaseResponse
        From `causal_snn.dynamics.firing.prc`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.
    state : str, optional
        Which state is kicked; default the potential.
    labels : sequence of str, optional
        Names of the curves; default the names of the models.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If a result is no PhaseResponse, or they do not belong on one axis.
    """
    several = one_or_more("results", results, PhaseResponse, "dynamics.prc")
    names = [result.model.name for result in several] if labels is None else list(labels)
    if len(names) != len(several):
        raise bad("labels", names, f"{len(several)} of them, one for each result")
    rows = [_row(result, state) for result in several]
    units = {result.model.equations.units[row] for result, row in zip(several, rows, strict=True)}
    if len(units) > 1:
        raise bad("results", sorted(units), "kicks of one unit", "Draw them on two axes.")
    ax = axes_or_new(ax)
    ax.axhline(0.0, color=GREY, lw=0.6, zorder=0)
    for k, (result, row, name) in enumerate(zip(several, rows, names, strict=True)):
        ax.plot(
            result.phases, result.values[row], color=COLOURS[k % len(COLOURS)], lw=1.2, label=name
        )
    unit = units.pop()
    per = "ms" if unit == "1" else f"ms/({unit})" if "/" in unit else f"ms/{unit}"
    tidy(ax, xlabel="phase of the kick (period)", ylabel=f"advance of the spike ({per})")
    ax.set_xlim(0.0, 1.0)
    if len(several) > 1 or labels is not None:
        ax.legend(fontsize=SMALL, frameon=False, loc="best")
    elif several[0].spikes == 1:
        kind = f"type {several[0].type}" if rows[0] == 0 else f"kick of {state}"
        ax.set_title(f"{kind}, T = {several[0].period:.5g} ms", fontsize=FONT)
    return ax


def _row(result: PhaseResponse, state: str | None) -> int:
    states = result.model.states
    if state is None:
        return 0
    if state not in states:
        raise bad("state", state, "one of " + ", ".join(map(repr, states)))
    return states.index(state)
