"""Names of states, and the legend, as the figures of dynamics print them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from causal_snn.models.latex import symbol
from causal_snn.plotting.style import SMALL

if TYPE_CHECKING:
    import sympy as sp

ORDER = ("nullcline", "equilibrium", "manifold", "orbit", "threshold", "reset")
"""Order of the entries of a legend, by the first part of their gid."""


def math(formula: sp.Expr) -> str:
    """Return a formula as matplotlib's math text."""
    import sympy as sp

    return f"${sp.latex(formula)}$"


def quantity(name: str, unit: str, after: str = "") -> str:
    """Return a state or parameter, what it is, and its unit, as an axis is labelled."""
    return f"${symbol(name)}${after}{in_unit(unit)}"


def in_unit(unit: str) -> str:
    """Return a unit in brackets as print has it: uA/cm2 becomes µA/cm²; nothing for "1"."""
    if unit == "1":
        return ""
    unit = unit.replace("cm2", "cm²").replace("uA", "µA").replace("uF", "µF").replace("uS", "µS")
    return f" ({unit})"


def rate(state: sp.Symbol) -> str:
    """Return the time derivative of a state."""
    return f"d{math(state)}/dt"


def few_ticks(ax: Axes) -> None:
    """Leave room between the numbers of a figure as wide as a column."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))


def legend_above(ax: Axes, *, columns: int = 3) -> None:
    """Put the labelled lines above the axes, each label once, in the order of `ORDER`."""
    handles: dict[str, Any] = {}
    for line in sorted(ax.lines, key=_place):
        label = str(line.get_label())
        if label and not label.startswith("_"):
            handles.setdefault(label, line)
    if not handles:
        return
    ax.legend(
        list(handles.values()),
        list(handles),
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2 if len(handles) == 4 > columns else columns,
        frameon=False,
        fontsize=SMALL,
        handlelength=1.6,
        columnspacing=1.0,
        handletextpad=0.5,
        labelspacing=0.3,
        borderaxespad=0.3,
    )


def _place(line: Any) -> int:
    kind = str(line.get_gid()).split("-")[0]
    return ORDER.index(kind) if kind in ORDER else len(ORDER)
