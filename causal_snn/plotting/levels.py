"""Figure: the levels of a unit's effects, as cells behind the effect in every context."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray

from causal_snn.coarse.leveling.result import LevelsResult, LevelsStatus
from causal_snn.errors import bad
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.effect_kernel import score_label
from causal_snn.plotting.level_curves import draw_contexts
from causal_snn.plotting.style import (
    BLACK,
    DIM,
    FONT,
    LIGHT,
    SMALL,
    axes_or_new,
    legend_under,
    tidy,
)
from causal_snn.plotting.text import typeset

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
SHADES = ("#FFFFFF", "#E6EDF3")
"""Backgrounds of even and odd levels."""
ROOM = 0.035
"""Least share of the axis in which the number of a level is written."""
FLAT = 0.005
"""Change of a probability below which the effect counts as flat."""
RUG = (-0.11, -0.04)
COSTS = {"minimax": ("ε", ""), "brier": ("mean squared error", ""), "kl": ("loss", " bit")}
WORDS = {LevelsStatus.FEWER: "fewer levels", LevelsStatus.INFEASIBLE: "infeasible"}


def plot_levels(
    kernel: EffectKernel | TabulatedKernel,
    levels: LevelsResult,
    *,
    ax: Axes | None = None,
    legend: bool = True,
) -> Axes:
    """Plot the effect of a unit's micro state in every context, with its levels behind.

    Parameters
    ----------
    kernel : EffectKernel or TabulatedKernel
        What the levels are of.
    levels : LevelsResult
        From `causal_snn.coarse.levels`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.
    legend : bool
        Whether to add the legend, below the axes.

    Returns
    -------
    matplotlib.axes.Axes
        The horizontal axis covers every cut and where effects vary. Levels have alternating
        backgrounds and their number on top, with a line at each cut; levels of several pieces
        have a rug in the colour of the level instead, and cells of no level are hatched.
        Around each line is the band in which the effects of a cell's micro states lie. The
        title encloses what the levels make small. Cells of several coordinates stand side by
        side, sorted by level and effect.

    Raises
    ------
    InputError
        If an argument is of another kind, or the levels are of another kernel.
    """
    if not isinstance(kernel, EffectKernel | TabulatedKernel):
        raise bad("kernel", kernel, "an EffectKernel or a TabulatedKernel")
    check_kind("levels", levels, LevelsResult, "coarse.levels")
    table = kernel if isinstance(kernel, TabulatedKernel) else kernel.tabulate(len(levels.cells))
    _check_same(table, levels)
    ax = axes_or_new(ax, height=2.7 if legend else 2.3)
    order, edges = _places(table, levels)
    cells = levels.cells[order]
    draw_contexts(ax, kernel, table, order, edges)
    low, high = _window(table, levels, order, edges)
    handles: list[Artist] = []
    if levels.contiguous:
        _draw_cells(ax, levels, cells, edges, (low, high))
    else:
        handles += _draw_rug(ax, levels.k, cells, edges)
    _hatch_abstained(ax, levels, cells, edges)
    _frame(ax, kernel, table, levels, (low, high))
    if legend:
        handles = [*ax.get_legend_handles_labels()[0], *handles]
        legend_under(
            ax,
            handles=handles,
            drop=0.2,
            ncols=min(3, 1 if len(handles) == 1 else 2 + (len(handles) > 4)),
            handlelength=1.8,
        )
    return ax


def _check_same(table: TabulatedKernel, levels: LevelsResult) -> None:
    ends = table.edges, levels.cell_edges
    same = len(levels.cells) == table.n and (ends[0] is None) == (ends[1] is None)
    if same and ends[0] is not None and ends[1] is not None:
        same = np.allclose(ends[0], ends[1], rtol=1e-9, atol=1e-9)
    if not same:
        seen = f"levels of {len(levels.cells)} cells of {levels.label}"
        raise bad("levels", seen, f"levels of this kernel, which has {table.n} on its own range")


def _places(table: TabulatedKernel, levels: LevelsResult) -> tuple[Whole, Floats]:
    """Return the order in which cells stand, and the ends (n + 1,) of their places."""
    order: Whole = np.arange(table.n)
    if table.edges is not None:
        return order, table.edges
    x = table.states[:, 0]
    if len(table.coordinates) == 1 and np.all(np.diff(x) > 0):  # points: each gets what is nearest
        if len(x) == 1:
            return order, np.array([x[0] - 0.5, x[0] + 0.5])
        middles = (x[:-1] + x[1:]) / 2.0
        ends = [2.0 * x[0] - middles[0]], middles, [2.0 * x[-1] - middles[-1]]
        return order, np.asarray(np.concatenate(ends), dtype=np.float64)
    order = np.asarray(np.lexsort((table.context_law @ table.probability, levels.cells)))
    return order, np.arange(0.5, table.n + 1.0)


def _intervals(
    levels: LevelsResult, cells: Whole, edges: Floats, level: int
) -> tuple[tuple[float, float], ...]:
    """Return where a level stands on the axis: its exact cuts, where it has some."""
    if levels.cell_edges is not None and levels.contiguous:
        return levels.intervals(level)
    steps = np.diff((cells == level).astype(np.int8), prepend=0, append=0)
    starts, stops = edges[:-1][steps[:-1] == 1], edges[steps == -1]
    return tuple((float(a), float(b)) for a, b in zip(starts, stops, strict=True))


def _window(
    table: TabulatedKernel, levels: LevelsResult, order: Whole, edges: Floats
) -> tuple[float, float]:
    """Return the part of the range that holds every cut and where effects vary."""
    first, last = float(edges[0]), float(edges[-1])
    if table.edges is None:
        return first, last
    p = table.probability[:, order]
    moved = np.flatnonzero(
        np.any((np.abs(p - p[:, :1]) > FLAT) & (np.abs(p - p[:, -1:]) > FLAT), axis=0)
    )
    shown = [] if levels.edges is None else [float(x) for x in levels.edges]
    shown += [float(x) for x in edges[moved]] + [float(x) for x in edges[moved + 1]]
    if not shown:
        return first, last
    pad = max(0.12 * (max(shown) - min(shown)), 0.02 * (last - first))
    return max(first, min(shown) - pad), min(last, max(shown) + pad)


def _draw_cells(
    ax: Axes, levels: LevelsResult, cells: Whole, edges: Floats, window: tuple[float, float]
) -> None:
    """Shade each level, write its number on top where there is room, and mark the cuts."""
    span = window[1] - window[0]
    cuts: set[float] = set()
    for level in range(levels.k):
        for start, stop in _intervals(levels, cells, edges, level):
            ax.axvspan(start, stop, color=SHADES[level % 2], lw=0, zorder=0, gid=f"level-{level}")
            cuts |= {start, stop}
            ends = max(start, window[0]), min(stop, window[1])
            if ends[1] - ends[0] >= ROOM * span:
                ax.text(
                    sum(ends) / 2.0,
                    1.09,
                    f"{level}",
                    ha="center",
                    va="center",
                    fontsize=SMALL,
                    color=DIM,
                    gid="level-name",
                )
    for k, cut in enumerate(sorted(cuts - {float(edges[0]), float(edges[-1])})):
        line = ax.axvline(cut, color=BLACK, lw=0.8, zorder=3, gid="cut")
        if k == 0:
            line.set_label("cuts")


def _draw_rug(ax: Axes, k: int, cells: Whole, edges: Floats) -> list[Patch]:
    """Colour each cell by its level below the curves; return what the legend says of it."""
    colours = colormaps["viridis"].resampled(max(k, 2))
    shown = np.ma.masked_less(cells[None, :], 0)
    ax.pcolormesh(
        edges, RUG, shown, cmap=colours, vmin=-0.5, vmax=max(k, 2) - 0.5, zorder=1, gid="rug"
    )
    return [Patch(fc=colours(level), label=f"level {level}") for level in range(k)]


def _hatch_abstained(ax: Axes, levels: LevelsResult, cells: Whole, edges: Floats) -> None:
    label: str | None = "no level (abstains)"
    for start, stop in _intervals(levels, cells, edges, -1):
        ax.axvspan(
            start,
            stop,
            facecolor="none",
            edgecolor=LIGHT,
            hatch="//////",
            lw=0,
            zorder=0.5,
            label=label,
            gid="abstained",
        )
        label = None


def _frame(
    ax: Axes,
    kernel: EffectKernel | TabulatedKernel,
    table: TabulatedKernel,
    levels: LevelsResult,
    window: tuple[float, float],
) -> None:
    if isinstance(kernel, EffectKernel):
        xlabel = score_label(kernel)
    elif len(table.coordinates) == 1:
        xlabel = table.coordinates[0]
    else:
        xlabel = "cells, sorted by level and effect"
    tidy(ax, xlabel=xlabel, ylabel=f"P({table.outcomes[-1]} next | do(state))")
    ax.set_xlim(*window)
    ax.set_ylim(-0.03 if levels.contiguous else -0.14, 1.16)
    ax.set_yticks([0.0, 0.5, 1.0])
    ax.locator_params(axis="x", nbins=6, steps=[1, 2, 5, 10])
    ax.set_title(levels.label, loc="left", fontsize=FONT, fontweight="bold")
    ax.set_title(_title(levels), loc="right", fontsize=SMALL)


def _title(levels: LevelsResult) -> str:
    symbol, unit = COSTS[levels.objective]
    low, high = outward(levels.lower, levels.epsilon)
    said = f"k = {levels.k}: {symbol} in [{low}, {high}]{unit}"
    return f"{said}, {WORDS[levels.status]}" if levels.status in WORDS else said


def outward(lower: float, upper: float, digits: int = 3) -> tuple[str, str]:
    """Return an enclosure in print: the lower end rounded down, the upper end up."""
    scale = max(abs(lower), abs(upper))
    if scale == 0 or not math.isfinite(scale):
        return typeset(lower), typeset(upper)
    places = digits - 1 - math.floor(math.log10(scale))
    factor = 10.0**places
    low, high = math.floor(lower * factor) / factor, math.ceil(upper * factor) / factor
    if not 0 <= places <= 6:
        return typeset(low, digits + 1), typeset(high, digits + 1)
    return f"{low:.{places}f}".replace("-", "−"), f"{high:.{places}f}".replace("-", "−")
