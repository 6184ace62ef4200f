"""Figure: what closure costs, one front for each number of levels."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from causal_snn.coarse.pareto import ParetoFront
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import (
    BLACK,
    BLUE,
    DIM,
    FONT,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    axes_or_new,
    legend_under,
    tidy,
)
from causal_snn.plotting.text import typeset

COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK, GREY)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
NAMES = {
    "separation": "separation of the levels (total variation)",
    "effective_information": "effective information (bit)",
}


def plot_pareto(front: ParetoFront, *, ax: Axes | None = None, legend: bool = True) -> Axes:
    """Plot the closure error of levels against what they tell apart.

    Parameters
    ----------
    front : ParetoFront
        From `causal_snn.coarse.pareto`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.
    legend : bool
        Whether to add the legend, below the axes.

    Returns
    -------
    matplotlib.axes.Axes
        Down and to the right is better. Steps join the points of a front: solid where these
        are all of the table's, dashed where they are some. Dotted at the left is the floor
        below which no k levels get that leave nothing out.

    Raises
    ------
    InputError
        If `front` is none.
    """
    check_kind("front", front, ParetoFront, "coarse.pareto")
    ax = axes_or_new(ax, height=3.2 if legend else 2.6)
    most = max((getattr(point, front.second) for point in front.points), default=0.0)
    right = most * 1.06 if most > 0 else 1.0
    handles = []
    for place, k in enumerate(sorted(front.floor)):
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        points = front.of(k)
        x = np.array([getattr(point, front.second) for point in points])
        y = np.array([point.epsilon for point in points])
        (line,) = ax.plot(
            x,
            y,
            color=colour,
            marker=marker,
            ms=3.2,
            mew=0,
            lw=0.8,
            ls="-" if front.complete[k] else (0, (3, 1.5)),
            drawstyle="steps-pre",
            clip_on=False,
            zorder=3,
            label=f"k = {k}" if points else f"k = {k} (none)",
            gid=f"front-{k}",
        )
        ax.axhline(front.floor[k], color=colour, lw=0.8, ls=":", zorder=1, gid=f"floor-{k}")
        handles.append(line)
    tidy(ax, xlabel=NAMES[front.second], ylabel="closure error ε (total variation)")
    ax.set_xlim(0.0, right)
    ax.locator_params(axis="x", nbins=5)
    highest = [*front.floor.values(), *(point.epsilon for point in front.points)]
    top = max(highest, default=0.0)
    ax.set_ylim(0.0, 1.06 * top if top > 0 else 1.0)
    ax.set_title(front.label, loc="left", fontsize=FONT, fontweight="bold")
    ax.set_title(f"mass of a level ≥ {typeset(front.min_mass)}", loc="right", fontsize=SMALL)
    if legend:
        covering = "floor if all is covered"
        handles.append(Line2D([], [], color=DIM, lw=0.8, ls=":", label=covering))
        legend_under(
            ax, handles=handles, drop=0.18, ncols=3 if len(handles) > 4 else 2, handlelength=2.0
        )
    return ax
