"""The effects of a table of micro states in every context, as curves with their bands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.plotting.effect_kernel import MOST_LINES, input_unit
from causal_snn.plotting.style import BLUE, GREY, VERMILLION
from causal_snn.plotting.text import typeset

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def draw_contexts(
    ax: Axes,
    kernel: EffectKernel | TabulatedKernel,
    table: TabulatedKernel,
    order: Whole,
    edges: Floats,
) -> None:
    """Draw the contexts with the least and the greatest effect in bold, those between thin.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    kernel : EffectKernel or TabulatedKernel
    table : TabulatedKernel
        The kernel on its cells.
    order : array of int, shape (n,)
        Cells as they stand from left to right.
    edges : array, shape (n + 1,)
        Ends of their places on the axis.
    """
    ends = _ends(kernel, table)
    unit = input_unit(kernel) if isinstance(kernel, EffectKernel) else ""
    x = (edges[:-1] + edges[1:]) / 2.0
    joined = ends.edges is not None  # else cells are points, with nothing between them

    def draw(c: int, colour: str, width: float, label: str | None, dashes: Any = "-") -> None:
        _fill(ax, edges, ends.lower[c, order], ends.upper[c, order], colour, f"spread-{c}")
        style: dict[str, Any] = {"lw": width, "ls": dashes}
        if not joined:
            style = {"ls": "", "marker": "o" if dashes == "-" else "s", "ms": 2.4 * width, "mew": 0}
        (line,) = ax.plot(
            x, ends.probability[c, order], color=colour, zorder=2.5, gid=f"context-{c}", **style
        )
        if label is not None:
            line.set_label(label)

    def name(c: int, which: str) -> str:
        text = f"input {typeset(float(ends.inputs[c]))} {unit}".strip()
        return f"{text} ({which})" if len(ends.inputs) > 1 else text

    mean = ends.probability @ ends.mass
    least, most = int(np.argmin(mean)), int(np.argmax(mean))
    draw(least, BLUE, 1.5, name(least, "least effect"))
    if most != least:
        draw(most, VERMILLION, 1.5, name(most, "greatest effect"), (0, (5, 1.2)))
    between = [c for c in range(len(ends.inputs)) if c not in (least, most)]
    if ends is not table or len(between) > MOST_LINES:
        low, high = table.lower[:, order].min(axis=0), table.upper[:, order].max(axis=0)
        some = "every input between" if ends is not table else f"{len(between):,} inputs between"
        _fill(ax, edges, low, high, GREY, "contexts-between", some)
        return
    for k, c in enumerate(between):
        draw(c, GREY, 0.7, f"inputs between ({len(between)})" if k == 0 else None)


def _fill(
    ax: Axes, edges: Floats, low: Floats, high: Floats, colour: str, gid: str, label: str = ""
) -> None:
    """Fill between what the effect is at least and at most in each cell."""
    low, high = np.append(low, low[-1]), np.append(high, high[-1])
    style: dict[str, Any] = {"alpha": 0.25, "lw": 0, "zorder": 2, "gid": gid}
    ax.fill_between(edges, low, high, step="post", color=colour, label=label or None, **style)


def _ends(kernel: EffectKernel | TabulatedKernel, table: TabulatedKernel) -> TabulatedKernel:
    """Return the table, or for an interval of contexts the one of its ends."""
    if not isinstance(kernel, EffectKernel) or table.rows.shape[0] == len(kernel.midpoints):
        return table
    return replace(kernel, contexts=replace(kernel.contexts, kind="given")).tabulate(table.n)
