"""Figure: phi_s over two parameters, with the borders of its regimes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import ascii_lowercase
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import Normal, withStroke
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.phi import SystemResult
from causal_snn.phi.landscape import PhiLandscape
from causal_snn.plotting.phase_diagram import edges, geometric
from causal_snn.plotting.phi_path import MOST_NAMED, legend_below, regime_entries, text_lines
from causal_snn.plotting.style import BLACK, COLUMN, DIM, FONT, SMALL, axes_or_new, tidy
from causal_snn.plotting.text import ZERO, number, state_code
from causal_snn.tpm import TOLERANCE

Floats = NDArray[np.float64]
Table = PhiLandscape | Sequence[Sequence[SystemResult | None]] | ArrayLike
HATCHES = {"unreachable": ("////", DIM), "spurious": ("....", "white")}


def plot_phi_landscape(
    found: Table,
    *,
    x: Sequence[float] | Floats | None = None,
    y: Sequence[float] | Floats | None = None,
    xlabel: str = "x",
    ylabel: str = "y",
    regimes: bool = True,
    legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Plot phi_s over two parameters.

    Parameters
    ----------
    found : PhiLandscape, or table of SystemResult or of numbers, shape (Y, X)
        From `causal_snn.phi.landscape`; None or NaN where nothing leads to the state.
    x, y : sequence of float, optional
        Increasing parameter values, of a table only; shapes (X,) and (Y,).
    xlabel, ylabel : str
        The parameters and their units, as ``"threshold (mV)"``.
    regimes : bool
        Draw borders between places where other states or another partition are selected, with
        a letter for each regime, widest first. A table of numbers has none.
    legend : bool
        Say below what the letters and the hatching stand for.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure. The colour bar takes its space from it.

    Returns
    -------
    matplotlib.axes.Axes
        Places that are unreachable, or whose TPM has an independence gap over 1e-6, are
        hatched.

    Raises
    ------
    InputError
        If the axes do not fit the table, do not increase, or have a single value.
    """
    grid = _as_landscape(found, x, y)
    values, numbers = (found, None) if grid is None else (grid.phi_s, grid.regime)
    table = np.asarray(values, dtype=float)
    across, up = _axes(table, x if grid is None else grid.x, y if grid is None else grid.y)
    named = () if grid is None or not regimes else grid.regimes
    entries = regime_entries(named, tinted=False) if len(named) > 1 else []
    marks = _masks(table, grid)
    hatched: list[Artist] = [
        Patch(fc="none", ec=DIM, hatch=HATCHES[kind][0], lw=0, label=label)
        for kind, label, mask in marks
        if mask.any()
    ]
    lines = text_lines([*entries, *hatched]) if legend else 0
    ax = axes_or_new(ax, width=COLUMN, height=2.75 + 0.13 * lines)
    frame = edges(across), edges(up)
    top = float(np.nanmax(table)) if np.isfinite(table).any() else 0.0
    mesh = ax.pcolormesh(
        *frame, table, cmap="viridis", norm=Normalize(0.0, top if top > ZERO else 1.0), gid="phi_s"
    )
    for kind, _, mask in marks:
        _hatch(ax, *frame, mask, kind)
    if numbers is not None and len(named) > 1:
        _borders(ax, *frame, numbers)
        _letters(ax, across, up, numbers, len(named))
    tidy(ax, xlabel=xlabel, ylabel=ylabel)
    if top <= ZERO:
        ax.text(
            0.5,
            0.5,
            "0 everywhere",
            transform=ax.transAxes,
            ha="center",
            color="white",
            fontsize=FONT,
        )
    for axis, scale in ((across, ax.set_xscale), (up, ax.set_yscale)):
        if geometric(axis):
            scale("log")
    if grid is not None:
        ax.set_title(_title(grid), fontsize=SMALL)
    _colour_bar(ax, mesh)
    if legend and (entries or hatched):
        legend_below(ax, [*hatched, *entries], keys=bool(hatched))
    return ax


def _as_landscape(
    found: Table, x: Sequence[float] | Floats | None, y: Sequence[float] | Floats | None
) -> PhiLandscape | None:
    """Return results as a landscape; None for a table of numbers."""
    if isinstance(found, PhiLandscape):
        if x is not None or y is not None:
            raise bad("x", x, "no axes beside a PhiLandscape, which has its own")
        return found
    rows: list[Any] = list(found) if isinstance(found, Iterable) else []
    cells = [cell for row in rows if isinstance(row, list | tuple) for cell in row]
    if not any(isinstance(cell, SystemResult) for cell in cells):
        return None
    for cell in cells:
        if cell is not None and not isinstance(cell, SystemResult):
            raise bad("found", cell, "a table of SystemResult and None, or of numbers only")
    if len({len(row) for row in rows}) != 1:
        raise bad("found", [len(row) for row in rows], "rows of one length")
    across, up = (np.asarray([] if one is None else one, dtype=float) for one in (x, y))
    return PhiLandscape(x=across, y=up, results=tuple(map(tuple, rows)), provenance={})


def _axes(
    table: Floats, x: Sequence[float] | Floats | None, y: Sequence[float] | Floats | None
) -> tuple[Floats, Floats]:
    if table.ndim != 2:
        raise bad("found", f"shape {table.shape}", "a PhiLandscape, or a table of shape (Y, X)")
    made = []
    for name, given, size in (("x", x, table.shape[1]), ("y", y, table.shape[0])):
        axis = np.asarray([] if given is None else given, dtype=float)
        if axis.shape != (size,):
            raise bad(name, f"shape {axis.shape}", f"shape ({size},), one value for each place")
        if size < 2 or not np.all(np.diff(axis) > 0):
            raise bad(name, axis.tolist(), "two increasing numbers or more")
        made.append(axis)
    return made[0], made[1]


def _masks(table: Floats, grid: PhiLandscape | None) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Return where phi_s does not exist, and where it does not mean what it says."""
    gap = np.zeros_like(table) if grid is None else np.nan_to_num(grid.independence_gap)
    worst = number(float(gap.max()), 3)
    return [
        ("unreachable", "no value: nothing leads to the state", np.isnan(table)),
        ("spurious", f"units not independent: gap up to {worst}", gap > TOLERANCE),
    ]


def _hatch(ax: Axes, right: Floats, top: Floats, mask: NDArray[np.bool_], kind: str) -> None:
    corners = [
        [
            (right[i], top[j]),
            (right[i + 1], top[j]),
            (right[i + 1], top[j + 1]),
            (right[i], top[j + 1]),
        ]
        for j, i in np.argwhere(mask)
    ]
    if corners:
        ax.add_collection(
            PolyCollection(
                corners,
                facecolor="none",
                edgecolor=HATCHES[kind][1],
                hatch=HATCHES[kind][0],
                lw=0,
                gid=kind,
            ),
            autolim=False,
        )


def _borders(ax: Axes, right: Floats, top: Floats, regime: NDArray[np.int64]) -> None:
    """Draw the lines between neighbouring places of different regimes."""
    upright = [
        [(right[i + 1], top[j]), (right[i + 1], top[j + 1])]
        for j, i in np.argwhere(regime[:, 1:] != regime[:, :-1])
    ]
    level = [
        [(right[i], top[j + 1]), (right[i + 1], top[j + 1])]
        for j, i in np.argwhere(regime[1:] != regime[:-1])
    ]
    lines = LineCollection(upright + level, colors=BLACK, lw=0.8, capstyle="round", gid="borders")
    lines.set_path_effects([withStroke(linewidth=1.8, foreground="white"), Normal()])
    ax.add_collection(lines, autolim=False)


def _letters(ax: Axes, x: Floats, y: Floats, regime: NDArray[np.int64], count: int) -> None:
    """Write each regime's letter deepest inside each of its larger pieces."""
    from scipy.ndimage import distance_transform_edt, label

    for k in range(min(count, MOST_NAMED)):
        pieces, number_of = label(regime == k)
        areas = np.bincount(pieces.ravel())[1:]
        for piece in range(1, number_of + 1):
            if areas[piece - 1] < min(areas.max(), 0.02 * regime.size):
                continue
            depth = distance_transform_edt(np.pad(pieces == piece, 1))[1:-1, 1:-1]
            j, i = np.unravel_index(int(depth.argmax()), depth.shape)
            text = ax.text(
                float(x[i]),
                float(y[j]),
                ascii_lowercase[k],
                ha="center",
                va="center",
                fontsize=FONT,
                color=BLACK,
                gid="regime-name",
            )
            text.set_path_effects([withStroke(linewidth=2.0, foreground="white")])


def _title(grid: PhiLandscape) -> str:
    one = next(result for row in grid.results for result in row if result is not None)
    return f"state {state_code(one.state)} of {', '.join(one.labels)}"


def _colour_bar(ax: Axes, mesh: QuadMesh) -> None:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    bar = figure.colorbar(mesh, ax=ax, shrink=0.9, aspect=22)
    bar.set_label(r"system $\varphi_s$ (ibit)", fontsize=FONT)
    bar.ax.tick_params(labelsize=SMALL, width=0.6, length=2.5)
    bar.outline.set_linewidth(0.6)
