"""Figure: how wrong a macro model is over time, with its bounds and its verdict."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import (
    BAND,
    BLACK,
    BLUE,
    DIM,
    LIGHT,
    SMALL,
    VERMILLION,
    axes_or_new,
    legend_under,
    tidy,
)
from causal_snn.plotting.text import typeset
from causal_snn.tpm.prediction.result import PredictionError

Floats = NDArray[np.float64]
DECADES = 30.0
"""Ratio of the greatest to the smallest error from which the axis is logarithmic."""
WIDTH = 58
"""Characters in a line of the title."""


def plot_prediction_error(
    error: PredictionError, *, log: bool | None = None, ax: Axes | None = None, legend: bool = True
) -> Axes:
    """Plot the error of a macro model over time: exact, posterior and prior bound.

    Parameters
    ----------
    error : PredictionError
        From `causal_snn.tpm.network_prediction`.
    log : bool, optional
        Whether errors are on a logarithmic axis; default if they span more than a factor of
        30. Errors of 0 have no place there and are not drawn on it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.
    legend : bool
        Whether to add the legend, below the axes.

    Returns
    -------
    matplotlib.axes.Axes
        The background is shaded up to the time to which the model predicts.

    Raises
    ------
    InputError
        If `error` is none.
    """
    check_kind("error", error, PredictionError, "tpm.network_prediction")
    ax = axes_or_new(ax, height=2.9 if legend else 2.4)
    curves: list[tuple[str, Floats | None, str, str, Any, str]] = [
        ("exact", error.exact, "exact error", BLUE, "-", "o"),
        ("posterior", error.posterior, "posterior bound", VERMILLION, (0, (5, 1.5)), "s"),
        ("prior", error.prior, "prior bound", BLACK, (0, (1, 1.3)), "^"),
    ]
    marked = len(error.times) <= 40
    for gid, values, label, colour, dashes, marker in curves:
        if values is not None:
            ax.plot(
                error.times,
                values,
                color=colour,
                lw=1.3,
                ls=dashes,
                marker=marker if marked else "",
                ms=2.8,
                mew=0,
                label=label,
                gid=gid,
                zorder=4 if gid == "exact" else 3,
            )
    _draw_units(ax, error)
    ax.axhline(
        error.tolerance,
        color=DIM,
        lw=0.9,
        label=f"tolerance {typeset(error.tolerance)}",
        gid="tolerance",
        zorder=2,
    )
    if error.steps:
        box = ax.axvspan(0.0, error.horizon, color=BAND, alpha=0.6, lw=0, zorder=0, gid="horizon")
        least = "at least " if error.steps == len(error.times) else ""
        box.set_label(f"predicts to {least}{typeset(error.horizon)} ms")
    tidy(ax, xlabel="time ahead (ms)", ylabel="error (total variation)")
    ax.set_xlim(0.0, 1.02 * float(error.times[-1]))
    _scale(ax, error, [values for _, values, *_ in curves if values is not None], log)
    ax.set_title(textwrap.fill(error.verdict, WIDTH), loc="left", fontsize=SMALL)
    if legend:
        legend_under(ax, drop=0.2, ncols=2, handlelength=2.2)
    return ax


def _draw_units(ax: Axes, error: PredictionError) -> None:
    """Draw the bound of each unit's own macro state, thin."""
    if error.by_unit is None:
        return
    for k, values in enumerate(error.by_unit.T):
        label = "bound of each unit alone" if k == 0 else None
        ax.plot(error.times, values, color=LIGHT, lw=0.8, label=label, gid=f"unit-{k}", zorder=2)


def _scale(ax: Axes, error: PredictionError, shown: list[Floats], log: bool | None) -> None:
    values = np.concatenate([*shown, [error.tolerance]])
    positive = values[values > 0]
    if log is None:
        log = len(positive) == len(values) and positive.max() > DECADES * positive.min()
    top = min(1.0, float(values[np.isfinite(values)].max()))
    if not log:
        ax.set_ylim(0.0, 1.08 * top)
        return
    ax.set_yscale("log")
    # Below the numeric error there is nothing to read.
    bottom = max(float(positive.min()), 0.5 * error.numeric)
    ax.set_ylim(0.6 * bottom, 1.6 * top)
    if error.numeric > 0.6 * bottom:
        span = ax.axhspan(0.0, error.numeric, color=LIGHT, alpha=0.5, lw=0, gid="numeric")
        span.set_label("numeric error")
