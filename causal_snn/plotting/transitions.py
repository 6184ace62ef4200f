"""Figures: sampled transition rows with their standard errors, and contrasts of two rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from causal_snn.errors import bad
from causal_snn.plotting.checks import check_kind, one_or_more
from causal_snn.plotting.raster import COLOURS
from causal_snn.plotting.style import (
    BLACK,
    COLUMN,
    FONT,
    GREY,
    PAGE,
    SMALL,
    axes_or_new,
    new_figure,
    tidy,
)
from causal_snn.plotting.text import state_code, typeset, unit_order
from causal_snn.simulation.sweeping.result import SweepResult
from causal_snn.simulation.transitions import CLOSED, MONTE_CARLO, QUADRATURE, Transitions

MOST_LABELS = 16
METHODS = {CLOSED: "closed form", QUADRATURE: "quadrature", MONTE_CARLO: "Monte Carlo"}


def plot_transitions(
    result: SweepResult | Transitions,
    *,
    states: Sequence[str] | None = None,
    outcomes: Sequence[str] | None = None,
    errors: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Plot transition rows as a heat map, and their errors beside it.

    Parameters
    ----------
    result : SweepResult or Transitions
        From `causal_snn.simulation.sweeping.sweep` or `transitions`.
    states, outcomes : sequence of str, optional
        Names of the rows and columns; default their numbers, and of a SweepResult's columns what
        the units do.
    errors : bool
        Whether a second panel shows the standard errors, where they differ; with `ax` there is
        none.
    ax : matplotlib.axes.Axes, optional
        Where to draw the rows; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The panel of the rows.

    Raises
    ------
    InputError
        If `result` is neither, or the number of names is wrong.
    """
    if not isinstance(result, Transitions):
        allowed = "simulation.sweep, or Transitions, from simulation.transitions"
        check_kind("result", result, SweepResult, allowed)
    error, method = (
        (result.error, result.method)
        if isinstance(result, Transitions)
        else (result.standard_error, MONTE_CARLO)
    )
    across, words = _columns(result, outcomes)
    along = _names("states", states, len(error))
    one_error = float(np.nanmin(error)) == float(np.nanmax(error))
    beside: Axes | None = None
    if ax is None and errors and not one_error:
        ax, beside = new_figure(PAGE, 3.2).subplots(1, 2, sharey=True)
    ax = axes_or_new(ax, width=COLUMN, height=3.2)
    _heat_map(ax, result.rows, "probability", "Blues")
    _label(ax, across, along, words)
    ax.set_ylabel("state set by intervention", fontsize=FONT)
    if beside is not None:
        _heat_map(beside, error, "standard error", "Oranges")
        _label(beside, across, along, words)
    largest = float(np.nanmax(error))
    exact = "exact" if not largest else f"error up to {typeset(largest, 2)}"
    ax.set_title(f"{METHODS[method]}, {exact}", fontsize=SMALL)
    return ax


def plot_contrast(
    results: SweepResult | Sequence[SweepResult],
    state: int,
    other: int,
    *,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot what one state makes rather than another, with two standard errors each way.

    Parameters
    ----------
    results : SweepResult or sequence of SweepResult
        From `causal_snn.simulation.sweeping.sweep`, of the same outcomes.
    state, other : int
        Numbers of the states, as in `SweepResult.contrast`.
    labels : sequence of str, optional
        Names of the results; default their noise.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        For ``units="apart"`` of two outcomes the probability of the spike of each unit.

    Raises
    ------
    InputError
        If a result is no SweepResult, or outcomes differ.
    """
    several = one_or_more("results", results, SweepResult, "simulation.sweep")
    first = several[0]
    for k, result in enumerate(several):
        if (result.sizes, result.joint, result.labels) != (first.sizes, first.joint, first.labels):
            raise bad(f"results[{k}]", result, "a result of the same units and outcomes")
    names = [str(one.provenance["noise"]) for one in several] if labels is None else list(labels)
    if len(names) != len(several):
        raise bad("labels", names, f"{len(several)} of them, one for each result")
    keep, ticks, words = _shown(first)
    contrasts = [result.contrast(state, other) for result in several]
    ax = axes_or_new(ax)
    ax.axhline(0.0, color=GREY, lw=0.6, zorder=0)
    for k, (found, name) in enumerate(zip(contrasts, names, strict=True)):
        shift = 0.16 * (k - 0.5 * (len(several) - 1))
        ax.errorbar(
            np.arange(len(keep)) + shift,
            found.difference[keep],
            2.0 * found.standard_error[keep],
            fmt="o",
            ms=3.0,
            lw=1.0,
            capsize=2.0,
            color=BLACK if len(several) == 1 else COLOURS[k % len(COLOURS)],
            label=name,
        )
    tidy(ax, xlabel=words, ylabel="difference of probabilities")
    _name_columns(ax, ticks)
    ax.set_xlim(-0.5, len(keep) - 0.5)
    if len(several) > 1 or labels is not None:
        ax.legend(fontsize=SMALL, frameon=False, loc="best")
    return ax


def _shown(result: SweepResult) -> tuple[list[int], list[str], str]:
    """Return which outcomes a contrast shows, their names, and what they are."""
    outcomes = result.outcomes()
    if result.joint:
        names = [state_code(each) for each in outcomes]
        return list(range(len(outcomes))), names, f"outcome ({unit_order(result.labels)})"
    two = set(result.sizes) == {2}
    keep = [k for k, (_, cell) in enumerate(outcomes) if cell or not two]
    names = [result.labels[outcomes[k][0]] + ("" if two else f" {outcomes[k][1]}") for k in keep]
    return keep, names, "unit" if two else "unit and cell"


def _columns(result: SweepResult | Transitions, given: Any) -> tuple[list[str], str]:
    """Return the names of the columns, and what they are."""
    count = result.rows.shape[1]
    if given is not None or isinstance(result, Transitions):
        return _names("outcomes", given, count), "outcome"
    if not result.joint:
        return [
            f"{result.labels[unit]} {cell}" for unit, cell in result.outcomes()
        ], "unit and cell"
    names = [state_code(each) for each in result.outcomes()]
    return names, f"outcome\n({unit_order(result.labels)})"


def _names(argument: str, given: Any, count: int) -> list[str]:
    if given is None:
        return [str(k) for k in range(count)]
    if isinstance(given, str) or len(given) != count:
        raise bad(argument, given, f"{count} names")
    return [str(each) for each in given]


def _heat_map(ax: Axes, values: Any, label: str, colours: str) -> None:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    most = float(np.nanmax(values, initial=0.0)) or 1.0
    image = ax.imshow(
        values, cmap=colours, vmin=0.0, vmax=most, interpolation="nearest", aspect="auto"
    )
    tidy(ax)
    for spine in ax.spines.values():
        spine.set_visible(True)
    bar = figure.colorbar(image, ax=ax, aspect=24)
    bar.set_label(label, fontsize=FONT)
    bar.locator = MaxNLocator(5)
    bar.update_ticks()
    bar.ax.tick_params(labelsize=SMALL, width=0.6, length=2.5)
    bar.ax.yaxis.get_offset_text().set_fontsize(SMALL)
    bar.outline.set_linewidth(0.6)


def _label(ax: Axes, across: list[str], along: list[str], words: str) -> None:
    _name_columns(ax, across)
    step = -(-len(along) // MOST_LABELS)
    ax.set_yticks(range(0, len(along), step), along[::step], fontsize=SMALL)
    ax.set_xlabel(words, fontsize=FONT)


def _name_columns(ax: Axes, names: list[str]) -> None:
    """Name as many columns as there is room for, upright where the names are long."""
    step = -(-len(names) // MOST_LABELS)
    shown = names[::step]
    turn = 90 if sum(map(len, shown)) > 36 else 0
    ax.set_xticks(range(0, len(names), step), shown, rotation=turn, fontsize=SMALL)
