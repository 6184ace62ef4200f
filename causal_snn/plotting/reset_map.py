"""Figures: the adaptation map of a neuron that resets, and the spikes it settles on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causal_snn.dynamics.continuation.branch import parameter_unit
from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.reset.branch import ResetBranch
from causal_snn.dynamics.reset.orbit_diagram import OrbitDiagram
from causal_snn.dynamics.reset.reset_map import ResetMap, check_window
from causal_snn.dynamics.reset.shape import MapShape, shape
from causal_snn.dynamics.reset.spike_orbit import SpikeOrbit
from causal_snn.dynamics.reset.train import SpikeTrain
from causal_snn.plotting.dynamics_text import quantity
from causal_snn.plotting.style import (
    BAND,
    BLACK,
    BLUE,
    COLUMN,
    DIM,
    GREEN,
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
    """
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


def plot_orbit_diagram(
    diagram: OrbitDiagram,
    branches: ResetBranch | Sequence[ResetBranch] = (),
    *,
    isi: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Plot the spikes that a reset map settles on against a parameter.

    Parameters
    ----------
    diagram : OrbitDiagram
        From `causal_snn.dynamics.reset.orbit_diagram`.
    branches : ResetBranch or sequence of them
        Branches of orbits to draw over it: solid where stable, dashed where not, their special
        points labelled.
    isi : bool
        Whether to show the times between spikes in place of the adaptation.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Values of the parameter at which spiking stops are shaded.
    """
    ax = axes_or_new(ax, width=1.4 * COLUMN, height=2.9)
    points = diagram.isi if isi else diagram.states
    silent = diagram.status != "spike"
    across = np.repeat(diagram.values, points.shape[1])
    keep = np.repeat(~silent, points.shape[1])
    alpha = float(np.clip(60.0 / points.shape[1], 0.15, 0.9))
    ax.plot(
        across[keep],
        points.ravel()[keep],
        ".",
        ms=1.6,
        mew=0,
        color=DIM,
        alpha=alpha,
        zorder=2,
        rasterized=True,
    )
    _silent(ax, diagram.values, np.asarray(silent, dtype=bool))
    drawn = (branches,) if isinstance(branches, ResetBranch) else tuple(branches)
    for k, branch in enumerate(drawn):
        _branch(ax, branch, isi, (BLUE, VERMILLION, GREEN)[k % 3])
    model = diagram.model
    state = diagram.state
    of_state = model.equations.units[model.states.index(state)]
    tidy(
        ax,
        xlabel=quantity(diagram.parameter, parameter_unit(model, diagram.parameter)),
        ylabel="interval between spikes (ms)"
        if isi
        else quantity(state, of_state, " after a spike"),
    )
    ax.set_xlim(float(diagram.values.min()), float(diagram.values.max()))
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


def _branch(ax: Axes, branch: ResetBranch, isi: bool, color: str) -> None:
    rows = branch.isi if isi else branch.states
    stable = np.asarray(branch.stable)
    for k in range(branch.spikes):
        for part, style, width in ((stable, "-", 1.4), (~stable, "--", 0.9)):
            shown = part.copy()
            shown[:-1] |= part[1:]  # a line reaches the next point of its kind
            ax.plot(
                branch.values,
                np.where(shown, rows[:, k], np.nan),
                color=color,
                ls=style,
                lw=width,
                zorder=3,
            )
    for point in branch.special:
        nearest = int(np.argmin(np.abs(branch.values - point.value)))
        height = float((rows[nearest] if isi else point.state)[0])
        ax.plot([point.value], [height], "o", ms=3.5, color=BLACK, zorder=5)
        ax.annotate(
            point.label,
            (point.value, height),
            (-3, 4),
            textcoords="offset points",
            ha="right",
            fontsize=SMALL,
            color=BLACK,
        )


def _silent(ax: Axes, values: Floats, silent: NDArray[np.bool_]) -> None:
    if not silent.any():
        return
    order = np.argsort(values)
    x, off = values[order], silent[order]
    edges = np.concatenate(([x[0]], 0.5 * (x[1:] + x[:-1]), [x[-1]]))
    for k in np.flatnonzero(off):
        ax.axvspan(edges[k], edges[k + 1], color=BAND, lw=0, zorder=0)


def _legend(ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    ax.legend(
        list(unique.values()), list(unique), fontsize=SMALL, loc="best", handlelength=1.6,
        framealpha=0.85, edgecolor="none", facecolor="white",
    )  # fmt: skip
