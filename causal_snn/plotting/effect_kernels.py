"""Figure: the effect kernels of all units of a report, one panel each."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.effect_kernel import plot_effect_kernel, score_label
from causal_snn.plotting.style import BLUE, COLUMN, GREY, PAGE, SMALL, VERMILLION, new_figure
from causal_snn.report.result import Report

NAMES = {
    "causal-threshold": "causal threshold T*",
    "theta": "biophysical threshold θ",
    "band": "abstain band",
    "outside": "outside the declared range",
    BLUE: "least input",
    VERMILLION: "greatest input",
    GREY: "inputs between",
    "contexts-between": "all inputs between",
}
"""Legend of what the panels share, by the gid of an artist or the colour of a curve."""


def plot_effect_kernels(report: Report) -> Figure:
    """Plot the effect kernel of every unit, with its thresholds and band.

    Parameters
    ----------
    report : Report
        From `causal_snn.analyze`.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each unit, in order, with one legend; a single unit gets the figure
        of `plot_effect_kernel`.

    Raises
    ------
    InputError
        If `report` is none.
    """
    check_kind("report", report, Report, "causal_snn.analyze")
    n = len(report.kernels)
    if n == 1:
        figure = new_figure(COLUMN, 3.05)
        plot_effect_kernel(report.kernels[0], report.thresholds[0], ax=figure.add_subplot())
        return figure
    columns = n if n <= 3 else 2 if n == 4 else 3 if n <= 9 else 4
    rows = ceil(n / columns)
    figure = new_figure(PAGE if columns > 2 else 0.72 * PAGE, 1.85 * rows + 0.45)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    panels: list[Axes] = list(grid[:n])
    for unused in grid[n:]:
        unused.remove()
    for kernel, threshold, ax in zip(report.kernels, report.thresholds, panels, strict=True):
        plot_effect_kernel(kernel, threshold, ax=ax, legend=False)
    same = len({score_label(kernel) for kernel in report.kernels}) == 1
    for k, ax in enumerate(panels):
        if k % columns:
            ax.set_ylabel("")
        if same and k + columns < n:
            ax.set_xlabel("")
    handles = _handles(panels)
    figure.legend(
        handles=list(handles.values()),
        labels=list(handles),
        loc="outside lower center",
        ncols=4 if columns > 2 else 3,
        fontsize=SMALL,
        frameon=False,
        handlelength=2.0,
        columnspacing=1.5,
    )
    return figure


def _handles(panels: Sequence[Axes]) -> dict[str, Artist]:
    """Return one artist of each kind that some panel shows, by its name in the legend."""
    found: dict[str, Artist] = {}
    for ax in panels:
        for handle in ax.get_legend_handles_labels()[0]:
            key = str(handle.get_gid())
            if isinstance(handle, Line2D) and key not in NAMES:
                key = str(handle.get_color())
            found.setdefault(NAMES[key], handle)
    return {name: found[name] for name in NAMES.values() if name in found}
