"""Figure: the adaptation map of a neuron that resets."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.reset.reset_map import ResetMap, check_window
from causal_snn.dynamics.reset.shape import MapShape, shape
from causal_snn.dynamics.reset.spike_orbit import SpikeOrbit
from causal_snn.dynamics.reset.train import SpikeTrain
from causal_snn.errors import bad
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.dynamics_text import quantity
from causal_snn.plotting.style import (
    BAND,
    BLACK,
    BLUE,
    COLUMN,
    GREY,
    LIGHT,
    SMALL,
    VERMILLION,
    axes_or_new,
    tidy,
)


def plot_reset_map(
    reset_map: ResetMap,
    *,
    orbit: SpikeTrain | SpikeOrbit | None = None,
    window: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot Phi with the diagonal, its fixed points, gaps, and an orbit as a cobweb.

    Parameters
    ----------
    reset_map : ResetMap
        From `causal_snn.dynamics.reset.reset_map`.
    orbit : SpikeTrain or SpikeOrbit, optional
        Spikes to draw between the graph and the diagonal.
    window : (float, float), optional
        Range of the adaptation; default the orbit's surroundings, or the map's window.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Fixed points are filled if stable and open if not; the dotted line is where the reset
        meets the nullcline of the potential; from shaded w no spike follows.

    Raises
    ------
    InputError
        If the map or the orbit is of another kind, or the window is empty.
    """
    check_kind("reset_map", reset_map, ResetMap, "dynamics.reset_map")
    if not isinstance(orbit, SpikeTrain | SpikeOrbit | None):
        raise bad("orbit", orbit, "a SpikeTrain or a SpikeOrbit, from a ResetMap")
    ax = axes_or_new(ax, width=COLUMN, height=COLUMN)
    low, high = _window(reset_map, orbit) if window is None else check_window(window)
    graph = shape(reset_map, window=(low, high))
    ax.plot((low, high), (low, high), color=LIGHT, lw=0.8, zorder=1)
    _graph(ax, graph, reset_map)
    if orbit is not None:
        _cobweb(ax, orbit)
    fixed = reset_map.fixed_points((low, high))
    for one in fixed:
        ax.plot(
            one.w,
            one.w,
            marker="o",
            ms=5.0,
            mew=1.1,
            color=BLACK,
            mfc=BLACK if one.stable else "white",
            ls="none",
            zorder=6,
            label=f"fixed point, {'stable' if one.stable else 'unstable'}",
        )
    name, unit = reset_map.state, reset_map.unit
    tidy(
        ax,
        xlabel=quantity(name, unit, " after a spike"),
        ylabel=quantity(name, unit, " after the next spike"),
    )
    ax.set_xlim(low, high)
    _height(ax, graph, (low, high), np.empty(0) if orbit is None else orbit.w)
    _legend(ax)
    return ax


def _graph(ax: Axes, graph: MapShape, reset_map: ResetMap) -> None:
    """Draw Phi, broken at its jumps, with the nullcline and the gaps."""
    values = graph.values
    cuts = np.searchsorted(values.w, graph.jumps)
    w, after = np.insert(values.w, cuts, np.nan), np.insert(values.next, cuts, np.nan)
    for at, k in zip(graph.jumps, cuts, strict=True):
        ax.plot((at, at), values.next[k - 1 : k + 1], color=BLUE, lw=0.6, ls=":", zorder=2)
    ax.plot(w, after, color=BLUE, lw=1.4, zorder=3, label=rf"$\Phi$({reset_map.state})")
    for at in graph.nullcline:
        ax.axvline(at, color=GREY, lw=0.8, ls=":", zorder=1)
    if len(graph.nullcline):
        ax.plot([], [], color=GREY, lw=0.8, ls=":", label=f"{reset_map.field.states[0]}-nullcline")
    for k, (left, right) in enumerate(graph.undefined):
        label = "no spike follows" if k == 0 else None
        ax.axvspan(left, right, color=BAND, lw=0, zorder=0, label=label)


def _cobweb(ax: Axes, orbit: SpikeTrain | SpikeOrbit) -> None:
    w = np.append(orbit.w, orbit.w[0]) if isinstance(orbit, SpikeOrbit) else orbit.w
    across = np.repeat(w, 2)[:-1]
    up = np.repeat(w, 2)[1:]
    start = int(isinstance(orbit, SpikeTrain))  # a train comes from the axis, an orbit closes
    label = f"{len(w) - 1} spikes"
    ax.plot(across, up, color=VERMILLION, lw=0.7, zorder=4, label=label)
    if start:
        ax.plot(across[:1], up[:1], marker="s", ms=3.0, color=VERMILLION, zorder=5, ls="none")


def _window(reset_map: ResetMap, orbit: SpikeTrain | SpikeOrbit | None) -> tuple[float, float]:
    """Return twice the orbit's range, within the window; the window if there is none."""
    low, high = reset_map.window
    if orbit is None or not np.ptp(orbit.w) > 1e-3 * (high - low):
        return low, high
    margin = 0.5 * float(np.ptp(orbit.w))
    return float(orbit.w.min()) - margin, float(orbit.w.max()) + margin


def _height(ax: Axes, graph: MapShape, window: tuple[float, float], orbit: Floats) -> None:
    """Show Phi and the orbit as far as they are in the window."""
    after = np.concatenate((graph.values.next[graph.values.defined], orbit))
    low, high = window
    if len(after):
        low, high = max(low, float(after.min())), min(high, float(after.max()))
    margin = 0.06 * (high - low) or 1.0
    ax.set_ylim(low - margin, high + margin)


def _legend(ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    ax.legend(
        list(unique.values()), list(unique), fontsize=SMALL, loc="best", handlelength=1.6,
        framealpha=0.85, edgecolor="none", facecolor="white",
    )  # fmt: skip
