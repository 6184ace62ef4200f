"""One look for every figure: sizes, colours and fresh axes, without any global state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causal_snn.errors import bad

COLUMN, PAGE = 3.5, 7.2
"""Width of a paper's column and of its page (inches)."""
FONT, SMALL = 8.0, 7.0
"""Type sizes of labels, and of ticks and legends (points)."""
DPI = 220

# Okabe and Ito's palette, which readers with any colour vision can tell apart.
BLACK, DIM, GREY, LIGHT = "#000000", "#454545", "#6E6E6E", "#B8B8B8"
BLUE, VERMILLION, ORANGE = "#0072B2", "#D55E00", "#E69F00"
SKY, GREEN, PURPLE = "#56B4E9", "#009E73", "#CC79A7"
BAND = "#F6E3B4"


def new_figure(width: float = COLUMN, height: float = 2.6) -> Figure:
    """Return an empty figure that belongs to no window and no pyplot state."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def axes_or_new(ax: Axes | None, *, width: float = COLUMN, height: float = 2.6) -> Axes:
    """Return the Axes given, or the only Axes of a new figure."""
    if ax is None:
        return new_figure(width, height).add_subplot()
    if not isinstance(ax, Axes):
        raise bad("ax", ax, "the matplotlib Axes to draw on, or None for a new figure")
    return ax


def tidy(ax: Axes, *, xlabel: str = "", ylabel: str = "") -> None:
    """Label the axes and set the type sizes and lines that all figures share."""
    ax.set_xlabel(xlabel, fontsize=FONT)
    ax.set_ylabel(ylabel, fontsize=FONT)
    ax.tick_params(labelsize=SMALL, width=0.6, length=2.5)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for spine in ax.spines.values():
        spine.set_linewidth(0.6)


def legend_under(
    ax: Axes,
    *,
    handles: Sequence[Any] | None = None,
    drop: float,
    ncols: int,
    handlelength: float,
) -> None:
    """Write the legend under the axes' label, `drop` axes heights below the axes."""
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, -drop),
        ncols=ncols,
        fontsize=SMALL - 0.5,
        frameon=False,
        handlelength=handlelength,
        columnspacing=1.2,
    )
