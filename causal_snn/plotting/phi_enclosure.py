"""Figure: what phi_s can be while TPMs are known to within bounds only, against a parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.phi import Enclosure
from causal_snn.plotting.checks import one_or_more
from causal_snn.plotting.phi_path import legend_below
from causal_snn.plotting.style import BLUE, COLUMN, GREY, SKY, VERMILLION, axes_or_new, tidy
from causal_snn.plotting.text import ZERO

Floats = NDArray[np.float64]


def plot_enclosures(
    found: Enclosure | Sequence[Enclosure],
    at: float | Sequence[float] | Floats,
    *,
    phi_s: Sequence[float] | Floats | None = None,
    xlabel: str = "parameter",
    legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Plot the outer band of phi_s and the values found in it, against a parameter.

    Parameters
    ----------
    found : Enclosure, or sequence of Enclosure
        From `causal_snn.phi.enclosure`.
    at : float, or sequence of float, shape (len(found),)
        The parameter of each, increasing: a threshold, a weight, the radius of the box.
    phi_s : sequence of float, optional
        phi_s of the TPM in the middle of each box.
    xlabel : str
        The parameter and its unit, as ``"threshold (mV)"``.
    legend : bool
        Say below what the bars and the squares stand for.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Bounds hold at the values given; between them the band is drawn straight and vouches
        for nothing. Above, a square tells whether a box is irreducible for certain,
        reducible for certain, or undecided.

    Raises
    ------
    InputError
        If a result is of another kind, or numbers are not as many, or do not increase.
    """
    boxes = one_or_more("found", found, Enclosure, "phi.enclosure")
    x = np.atleast_1d(np.asarray(at, dtype=float))
    if x.shape != (len(boxes),) or not np.all(np.diff(x) > 0) or not np.all(np.isfinite(x)):
        raise bad(
            "at", np.asarray(at).tolist(), f"increasing numbers, one for each of {len(boxes)}"
        )
    middle = None if phi_s is None else np.atleast_1d(np.asarray(phi_s, dtype=float))
    if middle is not None and middle.shape != x.shape:
        raise bad("phi_s", f"shape {middle.shape}", f"shape {x.shape}, one for each enclosure")
    outer, inner = (
        np.array([getattr(box, name) for box in boxes], dtype=float) for name in ("outer", "inner")
    )
    ax = axes_or_new(ax, width=COLUMN, height=3.1)
    ax.fill_between(x, *outer.T, color=SKY, alpha=0.3, lw=0, zorder=1, gid="band")
    ax.vlines(x, *outer.T, color=SKY, lw=1.2, zorder=2, gid="outer")
    for side in outer.T:
        ax.plot(x, side, "_", color=SKY, ms=5, mew=1.4, zorder=2, clip_on=False)
    ax.vlines(x, *inner.T, color=BLUE, lw=2.2, zorder=3, gid="inner")
    for side in inner.T:
        ax.plot(x, side, "o", color=BLUE, ms=3.2, mew=0, zorder=3.2, clip_on=False, gid="found")
    if middle is not None:
        ax.plot(x, middle, "o", color=VERMILLION, ms=2.6, zorder=3.4, clip_on=False, gid="middle")
    tidy(ax, xlabel=xlabel, ylabel=r"system $\varphi_s$ (ibit)")
    top = float(max(outer.max(), inner.max()))
    ax.set_ylim(0.0, 1.08 * top if top > ZERO else 1.0)
    ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    if len(x) == 1:
        ax.set_xticks(x)
    else:
        ax.set_xlim(x[0] - 0.04 * (x[-1] - x[0]), x[-1] + 0.04 * (x[-1] - x[0]))
    entries = _entries(middle is not None) + _verdicts(ax, x, boxes)
    if legend:
        legend_below(ax, entries)
    return ax


def _entries(middle: bool) -> list[Artist]:
    shown: list[Artist] = [
        Patch(fc=SKY, alpha=0.45, ec="none", label="outer: nothing in the box lies outside"),
        Line2D(
            [],
            [],
            color=BLUE,
            lw=2.2,
            marker="o",
            ms=3.4,
            label="inner: least to greatest value found",
        ),
    ]
    if middle:
        shown.append(
            Line2D([], [], color=VERMILLION, ls="", marker="o", ms=3, label="middle of the box")
        )
    return shown


def _verdicts(ax: Axes, x: Floats, boxes: Sequence[Enclosure]) -> list[Artist]:
    """Mark above the axes what each enclosure decides; return the legend entries."""
    shown: list[Artist] = []
    for colour, label, gid, holds in (
        (BLUE, "irreducible for certain", "irreducible", lambda b: b.outer[0] > 0.0),
        (GREY, "reducible for certain", "reducible", lambda b: b.outer[1] == 0.0),
        ("white", "undecided: 0 or not", "undecided", lambda b: not b.certain),
    ):
        mine = np.array([holds(box) for box in boxes])
        if mine.any():
            mark = Line2D(
                x[mine],
                np.full(mine.sum(), 1.02),
                ls="",
                marker="s",
                ms=3.6,
                mfc=colour,
                mec=GREY,
                mew=0.6,
                transform=ax.get_xaxis_transform(),
                clip_on=False,
                label=label,
                gid=gid,
            )
            ax.add_line(mark)
            shown.append(mark)
    return shown
