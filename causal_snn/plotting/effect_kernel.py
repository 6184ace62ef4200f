"""Figure: what a unit's potential does to its next spike, with theta, T* and the band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causal_snn.coarse import ThresholdResult
from causal_snn.kernel import EffectKernel
from causal_snn.kernel.normal import above
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import (
    BAND,
    BLACK,
    BLUE,
    DIM,
    FONT,
    GREY,
    LIGHT,
    SMALL,
    VERMILLION,
    axes_or_new,
    legend_under,
    tidy,
)
from causal_snn.plotting.text import typeset

MOST_LINES = 24
"""Contexts between the extremes that are drawn one by one; beyond, as a filled envelope."""
LABEL_HEIGHT = 1.115
GIDS = {"T*": "causal-threshold", "θ": "theta"}
"""What the lines of the thresholds are called in an SVG file."""


def plot_effect_kernel(
    kernel: EffectKernel,
    threshold: ThresholdResult | None = None,
    *,
    ax: Axes | None = None,
    legend: bool = True,
) -> Axes:
    """Plot P(spike next | do(micro state)) in every context, and where it is cut.

    Parameters
    ----------
    kernel : EffectKernel
        From `causal_snn.kernel.next_spike`.
    threshold : ThresholdResult, optional
        From `causal_snn.coarse.threshold`: adds T*, the abstain band and epsilon.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.
    legend : bool
        Whether to add the legend, below the axes. Without it the title gives T*.

    Returns
    -------
    matplotlib.axes.Axes
        The horizontal axis covers theta, T*, the band and every transition, whatever the
        domain; potentials outside the domain are hatched.

    Raises
    ------
    InputError
        If the kernel or the threshold is of another kind.
    """
    check_kind("kernel", kernel, EffectKernel, "kernel.next_spike")
    if threshold is not None:
        check_kind("threshold", threshold, ThresholdResult, "coarse.threshold")
    ax = axes_or_new(ax, height=3.05)
    low, high = _window(kernel, threshold)
    _draw_curves(ax, kernel, low, high)
    if threshold is not None:
        first, last = threshold.band
        label = f"abstain band (level {typeset(threshold.band_level)})"
        ax.axvspan(first, last, color=BAND, lw=0, zorder=0, label=label, gid="band")
    _hatch_outside(ax, kernel.domain if threshold is None else threshold.domain, low, high)
    _draw_thresholds(ax, kernel, threshold)
    _frame(ax, kernel, low, high)
    if threshold is not None:
        _title(ax, threshold, with_threshold=not legend)
    if legend:
        legend_under(ax, drop=0.22, ncols=2, handlelength=1.8)
    return ax


def input_unit(kernel: EffectKernel) -> str:
    """Return the unit of synaptic inputs: nA where they drive a current, mV otherwise."""
    return "nA" if kernel.step.gain_current or kernel.score_coefficient else "mV"


def score_label(kernel: EffectKernel) -> str:
    """Return the label of the horizontal axis."""
    return "causal score (mV)" if kernel.score_coefficient else "membrane potential (mV)"


def _window(kernel: EffectKernel, threshold: ThresholdResult | None) -> tuple[float, float]:
    reach = 3.0 * kernel.scale
    shown = [kernel.theta, kernel.midpoints.min() - reach, kernel.midpoints.max() + reach]
    if threshold is not None:
        shown += [threshold.threshold, *threshold.band]
    low, high = float(min(shown)), float(max(shown))
    span = high - low
    if span == 0.0:  # no noise and one context, which acts exactly at theta
        width = kernel.domain[1] - kernel.domain[0]
        span = width if np.isfinite(width) and width > 0 else max(abs(low), 1.0)
    return low - 0.12 * span, high + 0.12 * span


def _grid(
    kernel: EffectKernel, midpoints: NDArray[np.float64], low: float, high: float
) -> NDArray[np.float64]:
    """Return scores dense enough for every transition, and exact at steps."""
    if kernel.scale == 0:
        return np.unique(
            [
                low,
                high,
                *np.nextafter(midpoints, -np.inf),
                *midpoints,
                *np.nextafter(midpoints, np.inf),
            ]
        )
    near = (midpoints[:, None] + kernel.scale * np.linspace(-4.0, 4.0, 33)).ravel()
    grid = np.concatenate([np.linspace(low, high, 201), near])
    return np.unique(np.clip(grid, low, high))


def _draw_curves(ax: Axes, kernel: EffectKernel, low: float, high: float) -> None:
    m, inputs, unit = kernel.midpoints, kernel.contexts.inputs, input_unit(kernel)
    last, first = int(np.argmax(m)), int(np.argmin(m))  # least and greatest effect
    between = [k for k in range(len(m)) if k not in (first, last)]
    filled = kernel.contexts.kind == "interval" or len(between) > MOST_LINES
    drawn = [last, first] if filled else [last, first, *between]
    grid = _grid(kernel, m[drawn], low, high)

    def effect(k: int) -> NDArray[np.float64]:
        return above(grid, kernel.scale, m[k], strict=bool(kernel.step.strict))

    (line,) = ax.plot(grid, effect(last), color=BLUE, lw=1.6, zorder=2.5, gid=f"context-{last}")
    line.set_label(f"input {typeset(inputs[last])} {unit}" + (" (least)" if last != first else ""))
    if first != last:
        label = f"input {typeset(inputs[first])} {unit} (greatest)"
        ax.plot(
            grid,
            effect(first),
            color=VERMILLION,
            lw=1.6,
            ls=(0, (5, 1.2)),
            zorder=2.5,
            gid=f"context-{first}",
            label=label,
        )
    if filled:
        every = kernel.contexts.kind == "interval"
        label = "every input between" if every else f"{len(between):,} inputs between"
        ax.fill_between(
            grid,
            effect(last),
            effect(first),
            color=LIGHT,
            alpha=0.6,
            lw=0,
            zorder=1,
            label=label,
            gid="contexts-between",
        )
        return
    for k in between:
        (line,) = ax.plot(grid, effect(k), color=GREY, lw=0.7, zorder=2, gid=f"context-{k}")
        if k == between[0]:
            line.set_label(f"inputs between ({len(between)})")


def _hatch_outside(ax: Axes, domain: Sequence[float], low: float, high: float) -> None:
    """Fade and hatch what no intervention may set."""
    label: str | None = "outside the declared range"
    for start, stop in ((low, min(domain[0], high)), (max(domain[1], low), high)):
        if start < stop:
            ax.axvspan(
                start,
                stop,
                facecolor=(1, 1, 1, 0.6),
                edgecolor=LIGHT,
                hatch="////",
                lw=0,
                zorder=3,
                label=label,
                gid="outside",
            )
            label = None


def _draw_thresholds(ax: Axes, kernel: EffectKernel, threshold: ThresholdResult | None) -> None:
    """Draw T* and theta; their names stand on the outer sides, so that they never meet."""
    marks: list[tuple[float, str, str, Any, float]] = [(kernel.theta, "θ", DIM, (0, (2, 1.5)), 1.1)]
    if threshold is not None:
        marks.insert(0, (threshold.threshold, "T*", BLACK, "-", 1.3))
    leftmost = min(marks)[1]
    for x, name, colour, dashes, width in marks:
        ax.axvline(
            x,
            color=colour,
            ls=dashes,
            lw=width,
            zorder=4,
            gid=GIDS[name],
            label=f"{name} = {typeset(x)} mV",
        )
        side = "right" if name == leftmost and len(marks) > 1 else "left"
        ax.annotate(
            name,
            (x, LABEL_HEIGHT),
            xytext=(-2 if side == "right" else 2, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=FONT,
            color=colour,
            zorder=5,
            annotation_clip=False,
            bbox={"fc": "white", "ec": "none", "alpha": 0.9, "pad": 0.6},
        )


def _frame(ax: Axes, kernel: EffectKernel, low: float, high: float) -> None:
    state = "v, i" if kernel.score_coefficient else "v"
    tidy(ax, xlabel=score_label(kernel), ylabel=f"P(spike next | do({state}))")
    ax.set_xlim(low, high)
    ax.set_ylim(-0.03, 1.2)  # names of the thresholds stand above probability 1
    ax.set_yticks([0.0, 0.5, 1.0])
    ax.locator_params(axis="x", nbins=5)
    ax.set_title(kernel.label, loc="left", fontsize=FONT, fontweight="bold")


def _title(ax: Axes, threshold: ThresholdResult, *, with_threshold: bool) -> None:
    epsilon = f"ε = {typeset(threshold.epsilon, 3)}"
    if with_threshold:  # no legend says it
        text = f"T* = {typeset(threshold.threshold)}, {epsilon}"
    else:
        text = f"{epsilon}, {threshold.verdict.short}"
    ax.set_title(text, loc="right", fontsize=SMALL)
