"""Figure: integrated information of every macro state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.phi import PhiByState, PhiResult
from causal_snn.plotting.checks import one_or_more
from causal_snn.plotting.style import (
    BLUE,
    COLUMN,
    FONT,
    GREY,
    PAGE,
    SMALL,
    VERMILLION,
    new_figure,
    tidy,
)
from causal_snn.plotting.text import ZERO, code_key, state_code, tick_step, unit_order

MOST_LABELS = 40
"""States up to which each one is labelled."""
State = tuple[int, ...]


def plot_phi_states(
    results: PhiByState | Sequence[PhiResult],
    *,
    chosen: Sequence[int] | None = None,
    cells: Sequence[Sequence[str]] | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Axes:
    """Plot phi_s of every macro state, and below it Phi where that was computed.

    Parameters
    ----------
    results : PhiByState, or sequence of PhiResult
        From `causal_snn.phi.analyze`. Unreachable states, which have no value, are crosses.
    chosen : sequence of int, optional
        A state to highlight.
    cells : sequence of sequence of str, optional
        Names of each unit's macro states, as `TPM.cells`; states are then labelled by
        initials, otherwise by numbers.
    ax : matplotlib.axes.Axes or two of them, optional
        Where to draw phi_s and Phi; one Axes gets phi_s alone. Default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        That of phi_s; the one of Phi comes next in its figure. States are in row order, the
        first unit fastest.

    Raises
    ------
    InputError
        If a result is of another kind, or `chosen` is none of their states.
    """
    found = one_or_more("results", results, PhiResult, "phi.analyze")
    unreachable = results.unreachable if isinstance(results, PhiByState) else ()
    every = sorted([r.state for r in found] + list(unreachable), key=lambda state: state[::-1])
    position = {state: k for k, state in enumerate(every)}
    panels = _panels(ax, len(every), two=_has_structure(found))
    values = [np.array([r.phi_s for r in found])]
    if len(panels) > 1:
        values.append(np.array([np.nan if r.big_phi is None else r.big_phi for r in found]))
    x = np.array([position[r.state] for r in found])
    wanted = None if chosen is None else position.get(tuple(int(k) for k in chosen))
    if chosen is not None and wanted is None:
        raise bad("chosen", tuple(chosen), "one of the states in results")
    for panel, heights, name in zip(panels, values, _names(found[0].formalism), strict=False):
        _lollipops(panel, x, heights, wanted)
        if unreachable:  # an empty line, unclipped, counts as a point at the figure's corner
            panel.plot(
                [position[s] for s in unreachable],
                np.zeros(len(unreachable)),
                "x",
                color=GREY,
                ms=3.5,
                mew=0.9,
                zorder=3,
                clip_on=False,
                gid="unreachable",
            )
        tidy(panel, ylabel=name)
        panel.set_xlim(-0.6, len(every) - 0.4)
        _scale(panel, heights)
        if len(every) > MOST_LABELS and np.nanmax(heights) > ZERO:
            _name_highest(panel, found, heights, position, cells)
    _label_states(panels, every, found[0].labels, cells)
    _explain(panels[0], wanted is not None, bool(unreachable))
    first: Axes = panels[0]
    return first


def _has_structure(results: Sequence[PhiResult]) -> bool:
    """Return whether Phi was computed and says more than phi_s (in IIT 3.0 they are one)."""
    return any(r.big_phi is not None and r.formalism != "IIT_3_0" for r in results)


def _names(formalism: str) -> tuple[str, str]:
    if formalism == "IIT_3_0":
        return "system Φ (earth mover's\ndistance)", ""
    return r"system $\varphi_s$ (ibit)", "structure Φ (ibit)"


def _panels(ax: Axes | Sequence[Axes] | None, states: int, *, two: bool) -> NDArray[np.object_]:
    if ax is None:
        rows = 2 if two else 1
        width = COLUMN if states <= 27 else PAGE
        figure = new_figure(width, 1.15 + 1.15 * rows)
        return np.asarray(figure.subplots(rows, 1, sharex=True, squeeze=False)).ravel()
    given = np.array([ax] if isinstance(ax, Axes) else list(ax), dtype=object)
    return given if two else given[:1]


def _lollipops(
    ax: Axes, x: NDArray[np.int64], heights: NDArray[np.float64], wanted: int | None
) -> None:
    thin = len(x) > MOST_LABELS
    mine = x == (-1 if wanted is None else wanted)
    for some, colour, name, marker in (
        (~mine, BLUE, "states", "o"),
        (mine, VERMILLION, "chosen", "D"),
    ):
        if some.any():
            ax.vlines(x[some], 0.0, heights[some], color=colour, lw=0.6 if thin else 1.2, zorder=2)
            ax.plot(
                x[some],
                heights[some],
                marker,
                color=colour,
                ms=2.2 if thin else 4.0,
                zorder=3,
                clip_on=False,
                gid=name,
            )


def _scale(ax: Axes, heights: NDArray[np.float64]) -> None:
    top = float(np.nanmax(heights)) if np.isfinite(heights).any() else 0.0
    if top < ZERO:
        ax.set_ylim(0.0, 1.0)
        ax.text(
            0.5,
            0.5,
            "0 in every state",
            transform=ax.transAxes,
            ha="center",
            va="center",
            fontsize=FONT,
            color=GREY,
        )
    else:
        ax.set_ylim(0.0, 1.1 * top)
    ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))


def _name_highest(
    ax: Axes,
    results: Sequence[PhiResult],
    heights: NDArray[np.float64],
    position: Mapping[State, int],
    cells: Sequence[Sequence[str]] | None,
) -> None:
    """Name the state with the largest value where not every state has a label."""
    top = int(np.nanargmax(heights))
    state = results[top].state
    ax.annotate(
        state_code(state, cells),
        (position[state], heights[top]),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        family="monospace",
    )


def _label_states(
    panels: NDArray[np.object_],
    every: Sequence[State],
    labels: Sequence[str],
    cells: Sequence[Sequence[str]] | None,
) -> None:
    sizes = [max(column) + 1 for column in zip(*every, strict=True)]
    step = 1
    if len(every) > MOST_LABELS and prod(sizes) == len(every):
        step = tick_step(sizes, MOST_LABELS)
    elif len(every) > MOST_LABELS:
        step = -(-len(every) // MOST_LABELS)
    ticks = range(0, len(every), step)
    crowded = len(ticks) > 12
    last: Axes = panels[-1]
    names = [state_code(every[k], cells) for k in ticks]
    upright = len(ticks) * len(names[0]) <= 36
    last.set_xticks(
        ticks,
        names,
        rotation=0 if upright else 90,
        fontsize=5.5 if crowded else SMALL,
        family="monospace",
    )
    key = "" if cells is None else code_key(cells)
    note = unit_order(labels) + (f"; {key}" if key else "")
    last.set_xlabel(f"macro state\n({note})", fontsize=FONT if len(note) < 52 else SMALL)


def _explain(ax: Axes, chosen: bool, unreachable: bool) -> None:
    shown = []
    if chosen:
        shown.append(
            Line2D([], [], marker="D", ms=4, ls="", color=VERMILLION, label="chosen state")
        )
    if unreachable:
        shown.append(Line2D([], [], marker="x", ms=4, ls="", color=GREY, label="unreachable"))
    if shown:
        ax.legend(
            handles=shown,
            loc="lower right",
            bbox_to_anchor=(1.0, 0.99),
            ncols=2,
            fontsize=SMALL,
            frameon=False,
            handletextpad=0.2,
            borderaxespad=0.1,
        )
