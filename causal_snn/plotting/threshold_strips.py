"""Figure: what it costs to cut each unit of a network elsewhere than at its causal threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from causal_snn.coarse.diameter import diameter
from causal_snn.coarse.result import ThresholdResult
from causal_snn.errors import bad, check_whole
from causal_snn.kernel.effect import EffectKernel
from causal_snn.plotting.checks import one_or_more
from causal_snn.plotting.effect_kernel import score_label
from causal_snn.plotting.style import (
    DIM,
    FONT,
    SMALL,
    VERMILLION,
    axes_or_new,
    tidy,
)
from causal_snn.plotting.text import typeset

Floats = NDArray[np.float64]
HALF = 0.36
"""Half the height of a strip; strips are 1 apart."""


def plot_threshold_strips(
    kernels: EffectKernel | Sequence[EffectKernel],
    thresholds: ThresholdResult | Sequence[ThresholdResult],
    *,
    points: int = 240,
    ax: Axes | None = None,
) -> Axes:
    """Plot the worst within-cell diameter of each unit, by where its potential is cut.

    The cost of a cut T on the domain [a, b) is max(d(a, T), d(T, b)), d the worst total
    variation between effects of two scores of an interval (theory/01_lif.py L7).

    Parameters
    ----------
    kernels : EffectKernel, or sequence of them
        From `causal_snn.kernel.next_spike`.
    thresholds : ThresholdResult, or sequence of them
        From `causal_snn.coarse.threshold`, one for each kernel.
    points : int
        Cuts tried for each unit.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure. The colour bar takes its space from it.

    Returns
    -------
    matplotlib.axes.Axes
        One strip for each unit, the first on top, dark where cells are homogeneous, with T* and
        theta. A strip covers what of the domain lies near the transitions and thresholds.

    Raises
    ------
    InputError
        If an argument is of another kind, or thresholds are of other units.
    """
    given = one_or_more("kernels", kernels, EffectKernel, "kernel.next_spike")
    found = one_or_more("thresholds", thresholds, ThresholdResult, "coarse.threshold")
    check_whole("points", points)
    names = [kernel.label for kernel in given]
    if names != [result.label for result in found]:
        raise bad("thresholds", [result.label for result in found], f"those of units {names}")
    ax = axes_or_new(ax, height=1.25 + 0.38 * len(given))
    windows = [_window(kernel, result) for kernel, result in zip(given, found, strict=True)]
    meshes: list[QuadMesh] = []
    for row, (kernel, result, window) in enumerate(zip(given, found, windows, strict=True)):
        edges = np.linspace(*window, points + 1)
        cuts = (edges[:-1] + edges[1:]) / 2.0
        cost = cut_cost(kernel, result.domain, cuts)
        mesh = ax.pcolormesh(
            edges, [row - HALF, row + HALF], cost[None, :], cmap="viridis", gid=f"strip-{row}"
        )
        meshes.append(mesh)
        _mark(ax, row, result)
    values = np.concatenate([np.asarray(mesh.get_array()).ravel() for mesh in meshes])
    norm = Normalize(0.0, max(1e-12, float(values.max())))
    for mesh in meshes:
        mesh.set_norm(norm)
    _frame(ax, given, found, windows)
    _add_bar(ax, meshes[0])
    return ax


def cut_cost(kernel: EffectKernel, domain: tuple[float, float], cuts: Floats) -> Floats:
    """Return the worst within-cell diameter for each of some cuts (mV), shape of `cuts`."""
    low, high = domain
    return np.array(
        [max(diameter(kernel, low, float(c)), diameter(kernel, float(c), high)) for c in cuts]
    )


def _window(kernel: EffectKernel, result: ThresholdResult) -> tuple[float, float]:
    """Return what of a unit's domain is drawn."""
    reach = 4.0 * kernel.scale
    near = [
        result.threshold,
        kernel.theta,
        float(kernel.midpoints.min()) - reach,
        float(kernel.midpoints.max()) + reach,
    ]
    low, high = max(result.domain[0], min(near)), min(result.domain[1], max(near))
    if not low < high:  # transitions lie outside, or nothing varies
        low, high = result.domain
    if not (np.isfinite(low) and np.isfinite(high)):
        low, high = result.threshold - 1.0, result.threshold + 1.0
    return low, high


def _mark(ax: Axes, row: int, result: ThresholdResult) -> None:
    """Mark theta, then T* on top of it, both on white so that no colour hides them."""
    marks: list[tuple[float, str, Any, str, float]] = [
        (result.theta, DIM, (0, (2, 1.2)), f"theta-{row}", 1.2),
        (result.threshold, VERMILLION, "-", f"causal-threshold-{row}", 1.8),
    ]
    for x, colour, dashes, gid, width in marks:
        y = [row - HALF - 0.07, row + HALF + 0.07]
        ax.plot([x, x], y, color="white", lw=width + 1.6, zorder=3, solid_capstyle="butt")
        ax.plot([x, x], y, color=colour, lw=width, ls=dashes, zorder=4, gid=gid)


def _frame(
    ax: Axes,
    kernels: Sequence[EffectKernel],
    results: Sequence[ThresholdResult],
    windows: Sequence[tuple[float, float]],
) -> None:
    labels = {score_label(kernel) for kernel in kernels}
    tidy(ax, xlabel=labels.pop() if len(labels) == 1 else "potential or causal score (mV)")
    shown = [*sum(windows, ()), *(r.threshold for r in results), *(r.theta for r in results)]
    low, high = float(min(shown)), float(max(shown))
    pad = 0.02 * (high - low or 1.0)
    ax.set_xlim(low - pad, high + pad)
    ax.set_ylim(len(kernels) - 0.5, -0.5)
    ax.set_yticks(
        range(len(kernels)),
        [f"{r.label}\nε = {typeset(r.epsilon, 3)}" for r in results],
    )
    ax.tick_params(axis="y", length=0.0)
    ax.spines["left"].set_visible(False)
    ax.locator_params(axis="x", nbins=6, steps=[1, 2, 5, 10])
    ax.legend(
        handles=[
            Line2D([], [], color=VERMILLION, lw=1.8, label="causal threshold T*"),
            Line2D([], [], color=DIM, lw=1.2, ls=(0, (2, 1.2)), label="biophysical threshold θ"),
        ],
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
        fontsize=SMALL,
        frameon=False,
        columnspacing=1.2,
    )


def _add_bar(ax: Axes, mesh: QuadMesh) -> None:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    bar = figure.colorbar(mesh, ax=ax, aspect=18)
    bar.set_label("worst diameter of a cell", fontsize=FONT)
    bar.ax.tick_params(labelsize=SMALL, width=0.6, length=2.5)
    bar.outline.set_linewidth(0.6)
