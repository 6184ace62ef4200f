"""Figure: the causal threshold over two of time step, noise and recurrent weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from causal_snn.coarse.phase_diagram import AXES, PhaseDiagram
from causal_snn.coarse.result import Verdict
from causal_snn.errors import bad, check_choice
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import COLUMN, DIM, FONT, SMALL, axes_or_new, tidy
from causal_snn.plotting.text import typeset

Floats = NDArray[np.float64]
NAMES = {"dt": "time step (ms)", "noise": "noise sd (mV)", "weight": "factor on all weights"}
SHORT = {"dt": "dt", "noise": "noise", "weight": "weight"}
SHOWN = {
    "shift": "T* − θ (mV)",
    "epsilon": "worst diameter ε",
    "contrast": "contrast of the cells",
}
HATCHES = {
    Verdict.ON_EMPTY.short: ("\\\\\\\\", "ON cell empty"),
    Verdict.OFF_EMPTY.short: ("....", "OFF cell empty"),
}


def plot_phase_diagram(
    diagram: PhaseDiagram,
    *,
    x: str = "dt",
    y: str = "noise",
    at: Mapping[str, float] | None = None,
    show: Literal["shift", "epsilon", "contrast"] = "shift",
    ax: Axes | None = None,
) -> Axes:
    """Plot how the causal threshold moves over two parameters.

    Parameters
    ----------
    diagram : PhaseDiagram
        From `causal_snn.coarse.phase_diagram`.
    x, y : {"dt", "noise", "weight"}
        The axes of the figure.
    at : mapping of str to float, optional
        Value of the third parameter, one of the diagram's; default its middle one.
    show : {"shift", "epsilon", "contrast"}
        T* - theta, the worst diameter within a cell, or the contrast of the two cells.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure. The colour bar takes its space from it.

    Returns
    -------
    matplotlib.axes.Axes
        Where one cell is empty the field is hatched: there T* separates nothing.

    Raises
    ------
    InputError
        If `diagram` is none, an axis has one value only, or `at` is not on the diagram.
    """
    check_kind("diagram", diagram, PhaseDiagram, "coarse.phase_diagram")
    check_choice("show", show, tuple(SHOWN))
    for argument, name in (("x", x), ("y", y)):
        check_choice(argument, name, tuple(AXES))
        if len(getattr(diagram, name)) < 2:
            raise bad(argument, name, "an axis with two or more values")
    if x == y:
        raise bad("y", y, f"another axis than x = {x!r}")
    third = next(name for name in AXES if name not in (x, y))
    place = _place(diagram, third, at or {})
    field = diagram.threshold - diagram.theta if show == "shift" else diagram.of(show)
    order = [list(AXES).index(name) for name in (y, x, third)]
    values = np.transpose(field, order)[:, :, place]
    verdicts = np.transpose(diagram.verdict, order)[:, :, place]
    ax = axes_or_new(ax, width=COLUMN, height=2.9)
    mesh = ax.pcolormesh(
        *(edges(getattr(diagram, name)) for name in (x, y)),
        values,
        cmap="RdBu_r" if show == "shift" else "viridis",
        norm=_norm(values, show == "shift"),
    )
    _hatch(ax, diagram, x, y, verdicts)
    tidy(ax, xlabel=NAMES[x], ylabel=NAMES[y])
    for name, scale in ((x, ax.set_xscale), (y, ax.set_yscale)):
        if geometric(getattr(diagram, name)):
            scale("log")
    fixed = getattr(diagram, third)[place]
    ax.set_title(diagram.label, loc="left", fontsize=FONT, fontweight="bold")
    ax.set_title(
        f"{SHORT[third]} = {typeset(fixed)}{'' if third == 'weight' else ' ' + AXES[third]}",
        loc="right",
        fontsize=SMALL,
    )
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    bar = figure.colorbar(mesh, ax=ax, shrink=0.9, aspect=22)
    bar.set_label(SHOWN[show], fontsize=FONT)
    bar.ax.tick_params(labelsize=SMALL, width=0.6, length=2.5)
    bar.outline.set_linewidth(0.6)
    return ax


def _place(diagram: PhaseDiagram, third: str, at: Mapping[str, float]) -> int:
    axis: Floats = getattr(diagram, third)
    for name in at:
        if name != third:
            raise bad("at", dict(at), f"a value of {third!r}, the axis that is not drawn")
    if third not in at:
        return len(axis) // 2
    near = int(np.argmin(np.abs(axis - at[third])))
    if not np.isclose(axis[near], at[third]):
        raise bad(f"at[{third!r}]", at[third], f"one of {np.round(axis, 6).tolist()}")
    return near


def geometric(axis: Floats) -> bool:
    """Return whether values are spaced evenly by factors, rather than by differences."""
    if np.any(axis <= 0) or len(axis) < 3:
        return False
    return bool(np.std(np.diff(np.log(axis))) * axis.mean() < np.std(np.diff(axis)))


def edges(axis: Floats) -> Floats:
    """Return the borders between values: their middles, in logarithms where these are even."""
    if geometric(axis):
        return np.asarray(np.exp(edges(np.log(axis))))
    middles = (axis[:-1] + axis[1:]) / 2.0
    return np.concatenate([[2 * axis[0] - middles[0]], middles, [2 * axis[-1] - middles[-1]]])


def _norm(values: Floats, diverging: bool) -> Normalize:
    if not diverging:
        return Normalize(0.0, max(1e-12, float(values.max())))
    reach = max(1e-12, float(np.abs(values).max()))
    return TwoSlopeNorm(0.0, -reach, reach)


def _hatch(ax: Axes, diagram: PhaseDiagram, x: str, y: str, verdicts: NDArray[np.str_]) -> None:
    """Hatch the fields where one of the two cells is empty, and say so below the axes."""
    right, top = edges(getattr(diagram, x)), edges(getattr(diagram, y))
    handles = []
    for verdict, (hatch, label) in HATCHES.items():
        rows, columns = np.nonzero(verdicts == verdict)
        for row, column in zip(rows, columns, strict=True):
            ax.fill_between(
                right[column : column + 2],
                top[row],
                top[row + 1],
                facecolor="none",
                edgecolor=DIM,
                hatch=hatch,
                lw=0,
                gid="empty",
            )
        if len(rows):
            handles.append(Patch(facecolor="none", edgecolor=DIM, hatch=hatch, label=label))
    if handles:
        ax.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0.0, -0.2),
            fontsize=SMALL,
            frameon=False,
            ncols=2,
        )
