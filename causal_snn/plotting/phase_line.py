"""Figure: the phase line of a neuron with one state."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from causal_snn.dynamics.plane.phase_line import PhaseLine
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.dynamics_text import few_ticks, legend_above, quantity, rate
from causal_snn.plotting.equilibria import equilibrium_marker
from causal_snn.plotting.style import BLUE, COLUMN, DIM, GREY, axes_or_new, tidy

TALL = 3.0
"""A drift that exceeds most of itself by more than this factor is cut off."""


def plot_phase_line(line: PhaseLine, *, ax: Axes | None = None) -> Axes:
    """Plot the drift of a neuron against its potential.

    Equilibria are filled if stable, open if unstable, half for saddle-nodes; arrows on the zero
    line show where the potential goes; threshold dashed, reset dotted.

    Parameters
    ----------
    line : PhaseLine
        From `causal_snn.dynamics.plane.phase_line.phase_line`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry gids: ``drift``, ``equilibrium``, ``flow``, ``threshold``, ``reset``.

    Raises
    ------
    InputError
        If `line` is no PhaseLine.
    """
    check_kind("line", line, PhaseLine, "dynamics.phase_plane of a neuron with one state")
    ax = axes_or_new(ax, width=COLUMN, height=2.6)
    state, unit = line.model.equations.states[0], line.model.equations.units[0]
    tidy(ax, xlabel=quantity(str(state), unit), ylabel=f"{rate(state)} ({unit}/ms)")
    few_ticks(ax)
    ax.axhline(0.0, color=GREY, linewidth=0.6, zorder=1)
    ax.plot(line.v, line.drift, color=BLUE, linewidth=1.3, gid="drift", zorder=3)
    ax.set_xlim(*line.window)
    ax.set_ylim(*_height(line))
    low, high = line.window
    marks = (("threshold", line.threshold, (0, (4, 2))), ("reset", line.reset, (0, (1, 1.5))))
    for name, at, style in marks:
        if at is not None and low <= at <= high:
            ax.axvline(
                at, color=DIM, linewidth=0.9, linestyle=style, gid=name, label=name, zorder=2
            )
    for point in line.equilibria:
        v = float(point.state[0])
        if point.admissible and low <= v <= high:
            equilibrium_marker(ax, v, 0.0, kind=point.kind, stable=point.stable)
    _flow(ax, line)
    legend_above(ax, columns=4)
    return ax


def _height(line: PhaseLine) -> tuple[float, float]:
    """Return a range of drift that a spike's upswing does not dwarf."""
    drift = line.drift[np.isfinite(line.drift)]
    if not drift.size:
        return -1.0, 1.0
    usual = float(np.percentile(np.abs(drift), 75))
    high = float(drift.max()) if drift.max() <= TALL * usual else 1.2 * usual
    low = float(drift.min()) if drift.min() >= -TALL * usual else -1.2 * usual
    low, high = min(low, 0.0), max(high, 0.0)
    space = 0.08 * (high - low) or 1.0
    return low - space, high + space


def _flow(ax: Axes, line: PhaseLine) -> None:
    """Put an arrowhead on the zero line in the middle of every stretch between equilibria."""
    low, high = line.window
    top = high if line.threshold is None else min(high, line.threshold)
    rests = [float(p.state[0]) for p in line.equilibria if low < p.state[0] < top]
    ends = [low, *rests, top]
    for a, b in pairwise(ends):
        if b - a < 0.06 * (high - low):
            continue
        middle = 0.5 * (a + b)
        rate = float(np.interp(middle, line.v, line.drift))
        if not np.isfinite(rate) or rate == 0:
            continue
        (mark,) = ax.plot([middle], [0.0], ">" if rate > 0 else "<", color=DIM, markersize=4.5)
        mark.set_gid("flow")
        mark.set_label("_flow")
