"""Figure: the phase plane of a neuron."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causal_snn.dynamics.plane.manifolds import Manifold
from causal_snn.dynamics.plane.phase_line import PhaseLine
from causal_snn.dynamics.plane.phase_plane import PhasePlane
from causal_snn.dynamics.plane.trajectory import Trajectory
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.dynamics_text import few_ticks, legend_above, math, quantity, rate
from causal_snn.plotting.equilibria import equilibrium_marker
from causal_snn.plotting.phase_line import plot_phase_line
from causal_snn.plotting.style import (
    BLACK,
    BLUE,
    COLUMN,
    DIM,
    GREEN,
    LIGHT,
    PURPLE,
    VERMILLION,
    axes_or_new,
    tidy,
)

Floats = NDArray[np.float64]
NULLCLINES = (BLUE, VERMILLION)
"""Colours of the nullclines of the x and of the y state."""
ARROW = 0.6
"""Length of an arrow of the direction field, in grid cells."""


def plot_phase_plane(plane: PhasePlane | PhaseLine, *, ax: Axes | None = None) -> Axes:
    """Plot the phase plane of a neuron, or its phase line if it has one state.

    Nullclines in blue (x state) and vermillion (y state); equilibria filled if stable, open if
    unstable, half for saddles; stable manifolds of saddles in green, unstable ones in purple;
    orbits in black, their resets as thin dotted jumps, a square where they start; threshold
    dashed and reset dotted in grey. The arrows show the direction of the drift only.

    Parameters
    ----------
    plane : PhasePlane or PhaseLine
        From `causal_snn.dynamics.plane.phase_plane.phase_plane`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry gids: ``field``, ``nullcline-V``, ``equilibrium``, ``manifold-stable``,
        ``orbit``, ``jump``, ``threshold``, ``reset``.

    Raises
    ------
    InputError
        If `plane` is neither.
    """
    if isinstance(plane, PhaseLine):
        return plot_phase_line(plane, ax=ax)
    check_kind("plane", plane, PhasePlane, "dynamics.phase_plane")
    ax = axes_or_new(ax, width=COLUMN, height=3.4)
    ax.set_xlim(*plane.window[plane.x])
    ax.set_ylim(*plane.window[plane.y])
    tidy(
        ax,
        xlabel=quantity(plane.x, plane.unit(plane.x)),
        ylabel=quantity(plane.y, plane.unit(plane.y)),
    )
    few_ticks(ax)
    _field(ax, plane)
    _events(ax, plane)
    _nullclines(ax, plane)
    for branch in plane.manifolds:
        _manifold(ax, plane, branch)
    for orbit in plane.trajectories:
        _orbit(ax, plane, orbit)
    for point in plane.equilibria:
        if point.admissible and plane.holds(point.state):
            equilibrium_marker(ax, *plane.xy(point.state), kind=point.kind, stable=point.stable)
    legend_above(ax)
    return ax


def _field(ax: Axes, plane: PhasePlane) -> None:
    """Draw arrows of one length on the page, whatever the units of the axes."""
    x, y = plane.xy(plane.grid)
    u, v = plane.xy(plane.drift)
    box = ax.get_window_extent()
    (x0, x1), (y0, y1) = plane.window[plane.x], plane.window[plane.y]
    across, up = box.width / (x1 - x0), box.height / (y1 - y0)
    cell = ARROW * min(box.width / x.shape[1], box.height / x.shape[0])
    with np.errstate(all="ignore"):
        size = np.hypot(u * across, v * up)
        shown = np.isfinite(size) & (size > 0)
        scale = np.where(shown, cell / size, 0.0)
    arrows = ax.quiver(
        x[shown],
        y[shown],
        (u * scale)[shown],
        (v * scale)[shown],
        angles="xy",
        scale_units="xy",
        scale=1.0,
        pivot="mid",
        color=LIGHT,
        width=0.0024,
        headwidth=3.6,
        headlength=4.0,
        headaxislength=3.4,
        zorder=1,
    )
    arrows.set_gid("field")


def _events(ax: Axes, plane: PhasePlane) -> None:
    if plane.threshold is None or plane.reset is None:
        return
    state, after = plane.model.equations.states[1], plane.model.equations.reset[1]
    jump = after - state
    # u -> u + d has room in a legend; longer formulas have not.
    label = f"reset, {math(state)} → {math(state)} + {math(jump)}" if jump.is_Symbol else "reset"
    for gid, points, style, text in (
        ("threshold", plane.threshold, (0, (4, 2)), "threshold"),
        ("reset", plane.reset, (0, (1, 1.5)), label),
    ):
        x, y = plane.xy(points)
        (line,) = ax.plot(x, y, color=DIM, linewidth=0.9, linestyle=style, gid=gid, zorder=2)
        if _visible(plane, points):
            line.set_label(text)


def _nullclines(ax: Axes, plane: PhasePlane) -> None:
    for curve, state in zip(plane.nullclines, plane.model.equations.states, strict=True):
        color = NULLCLINES[0 if curve.state == plane.x else 1]
        for k, piece in enumerate(curve.pieces):
            ax.plot(
                *plane.xy(piece),
                color=color,
                linewidth=1.6,
                gid=f"nullcline-{curve.state}",
                label=f"{rate(state)} = 0" if k == 0 else "",
                zorder=3,
            )


def _manifold(ax: Axes, plane: PhasePlane, branch: Manifold) -> None:
    color = GREEN if branch.kind == "stable" else PURPLE
    x, y = plane.xy(branch.x)
    ax.plot(
        x,
        y,
        color=color,
        linewidth=0.9,
        gid=f"manifold-{branch.kind}",
        label=f"{branch.kind} manifold",
        zorder=4,
    )
    _arrowhead(ax, plane, x, y, color=color, backwards=branch.kind == "stable")


def _orbit(ax: Axes, plane: PhasePlane, orbit: Trajectory) -> None:
    x, y = plane.xy(orbit.x, orbit.model.states)
    for k, part in enumerate(orbit.segments):
        ax.plot(
            x[part],
            y[part],
            color=BLACK,
            linewidth=0.9,
            gid="orbit",
            label="orbit" if k == 0 else "",
            zorder=5,
        )
        if k:
            ends = [part.start - 1, part.start]
            style = (0, (1, 2))
            ax.plot(x[ends], y[ends], color=BLACK, lw=0.5, linestyle=style, gid="jump", zorder=4)
    ax.plot(x[:1], y[:1], "s", color=BLACK, markersize=2.5, gid="orbit-start", zorder=5)
    for part in {orbit.segments[0], orbit.segments[len(orbit.segments) // 2]}:
        _arrowhead(ax, plane, x[part], y[part], color=BLACK)


def _arrowhead(
    ax: Axes, plane: PhasePlane, x: Floats, y: Floats, *, color: str, backwards: bool = False
) -> None:
    """Put an arrowhead halfway along the part of a curve that is in the window."""
    (x0, x1), (y0, y1) = plane.window[plane.x], plane.window[plane.y]
    inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    out = np.flatnonzero(~inside)
    end = len(x) if inside.all() else int(out[0])  # the first stretch inside
    length = np.hypot(np.diff(x[:end]) / (x1 - x0), np.diff(y[:end]) / (y1 - y0))
    if length.sum() < 0.08:
        return
    along = np.concatenate([[0.0], np.cumsum(length)])
    at = 0.5 * along[-1]
    step = 0.01 * (1 if not backwards else -1)
    tail, head = (
        (float(np.interp(s, along, x[:end])), float(np.interp(s, along, y[:end])))
        for s in (at, at + step)
    )
    ax.annotate(
        "",
        xy=(head[0], head[1]),
        xytext=(tail[0], tail[1]),
        arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 0.0, "mutation_scale": 8},
        zorder=4,
    )


def _visible(plane: PhasePlane, points: Floats) -> bool:
    return any(plane.holds(point) for point in points.T)
