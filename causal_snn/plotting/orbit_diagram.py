"""Figure: the spikes that a reset map settles on, along a parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causal_snn.dynamics.continuation.branch import parameter_unit
from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.reset.branch import ResetBranch
from causal_snn.dynamics.reset.orbit_diagram import OrbitDiagram
from causal_snn.plotting.checks import check_kind, one_or_more
from causal_snn.plotting.dynamics_text import quantity
from causal_snn.plotting.style import (
    BAND,
    BLACK,
    BLUE,
    COLUMN,
    DIM,
    GREEN,
    SMALL,
    VERMILLION,
    axes_or_new,
    tidy,
)


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

    Raises
    ------
    InputError
        If the diagram or a branch is of another kind.
    """
    check_kind("diagram", diagram, OrbitDiagram, "dynamics.orbit_diagram")
    drawn = []
    if branches != ():
        drawn = one_or_more("branches", branches, ResetBranch, "dynamics.continue_reset_map")
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
