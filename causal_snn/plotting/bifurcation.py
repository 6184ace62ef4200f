"""Figures: equilibria and cycles along a parameter, with their special points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causal_snn.dynamics.continuation.branch import Branch
from causal_snn.dynamics.cycle.branch import CycleBranch
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.errors import bad, check_choice, suggest
from causal_snn.plotting.dynamics_text import quantity
from causal_snn.plotting.marks import Mark, draw_marks, mark_of, told_apart
from causal_snn.plotting.pieces import Joint, Piece, cut, draw_pieces
from causal_snn.plotting.style import (
    COLUMN,
    axes_or_new,
    new_figure,
    tidy,
)

Floats = NDArray[np.float64]


def plot_bifurcation(
    *branches: Branch | CycleBranch,
    state: str | None = None,
    below: Literal["period", "frequency"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot equilibria and cycles against a parameter, with their special points.

    Stable branches are solid and thick, unstable ones dashed and thin; a cycle is shown by the
    largest and smallest value of the state.

    Parameters
    ----------
    *branches : Branch or CycleBranch
        What to draw; all along the same parameter of the same model.
    state : str, optional
        State on the vertical axis; default the first, the membrane potential.
    below : {"period", "frequency"}, optional
        What a second panel below shows of the cycles (ms or Hz); needs a new figure, whose
        second Axes it is.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The panel of the state.

    Raises
    ------
    InputError
        If there is nothing to draw, something is no branch, the branches do not belong together,
        or the state is unknown.
    """
    first = _checked(branches, (Branch, CycleBranch))
    names = first.model.states
    if state is not None and state not in names:
        raise bad("state", state, "a state of the model", suggest(state, names))
    cycles = [branch for branch in branches if isinstance(branch, CycleBranch)]
    lower: Axes | None = None
    if below is not None:
        check_choice("below", below, ("period", "frequency"))
        if ax is not None:
            raise bad("below", below, "no ax", "Draw the second panel with plot_periods.")
        if not cycles:
            raise bad("below", below, "a branch of cycles among those to draw")
        ax, lower = new_figure(COLUMN, 4.2).subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": (2, 1)}
        )
    ax = axes_or_new(ax)
    column = 0 if state is None else names.index(state)
    pieces: list[Piece] = []
    marks: list[Mark] = []
    for branch in branches:
        if isinstance(branch, CycleBranch):
            found, points = _cycles(branch, column)
        else:
            found, points = _equilibria(branch, column)
        pieces += found
        marks += points
    draw_pieces(ax, pieces)
    unit = first.model.equations.units[column]
    tidy(ax, xlabel=quantity(first.parameter, first.unit), ylabel=quantity(names[column], unit))
    draw_marks(ax, told_apart(marks), avoid=[(piece.x, piece.y) for piece in pieces])
    if lower is not None:
        plot_periods(*cycles, frequency=below == "frequency", ax=lower)
        ax.set_xlabel("")
    return ax


def plot_periods(*cycles: CycleBranch, frequency: bool = False, ax: Axes | None = None) -> Axes:
    """Plot the periods of cycles, or their frequencies, against the parameter.

    Parameters
    ----------
    *cycles : CycleBranch
        What to draw.
    frequency : bool
        Whether to show 1000/period (Hz) in place of the period (ms).
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is nothing to draw, or the branches are not of cycles that belong together.
    """
    first = _checked(cycles, (CycleBranch,))
    ax = axes_or_new(ax)
    pieces: list[Piece] = []
    marks: list[Mark] = []
    for branch in cycles:
        y = 1000.0 / branch.period if frequency else branch.period
        kinds = _stability(branch.stable, "cycles")
        periods = [
            _last(branch.period, p) if p.period is None else p.period for p in branch.special
        ]
        heights = [1000.0 / period if frequency else period for period in periods]
        pieces += cut(branch.values, y, kinds, _between(branch.special, heights))
        marks += [mark_of(*pair) for pair in zip(branch.special, heights, strict=True)]
    draw_pieces(ax, pieces, legend=False)
    ylabel = "frequency (Hz)" if frequency else "period (ms)"
    tidy(ax, xlabel=quantity(first.parameter, first.unit), ylabel=ylabel)
    draw_marks(ax, told_apart(marks), avoid=[(piece.x, piece.y) for piece in pieces])
    return ax


def _checked[T: Branch | CycleBranch](branches: Sequence[T], kinds: tuple[type, ...]) -> T:
    """Return the first of some branches that belong together."""
    if not branches:
        raise bad("branches", branches, "one branch or more")
    first = branches[0]
    for branch in branches:
        if not isinstance(branch, kinds):
            allowed = " or ".join(f"a {kind.__name__}" for kind in kinds)
            fix = "Unpack several: *branches, or *found.named().values() of a Diagram."
            raise bad("branches", branch, allowed, fix)
    for branch in branches:
        if branch.parameter != first.parameter or branch.model.states != first.model.states:
            raise bad("branches", branch, f"branches of {first.model.name} in {first.parameter}")
    return first


def _equilibria(branch: Branch, column: int) -> tuple[list[Piece], list[Mark]]:
    y = branch.states[:, column]
    kinds = _stability(branch.stable, "equilibria")
    if branch.model.spikes_by_reset:
        virtual = "equilibria above threshold"
        pairs = zip(kinds, branch.admissible, strict=True)
        kinds = [kind if admissible else virtual for kind, admissible in pairs]
    heights = [float(point.state[column]) for point in branch.special]
    marks = [mark_of(*pair) for pair in zip(branch.special, heights, strict=True)]
    return cut(branch.values, y, kinds, _between(branch.special, heights)), marks


def _cycles(branch: CycleBranch, column: int) -> tuple[list[Piece], list[Mark]]:
    kinds = _stability(branch.stable, "cycles")
    pieces: list[Piece] = []
    marks: list[Mark] = []
    for extreme, pick in ((branch.maxima, np.max), (branch.minima, np.min)):
        y = extreme[:, column]
        heights = []
        for point in branch.special:
            orbit = point.details.get("orbit")  # none at a limit of infinite period
            heights.append(float(_last(y, point) if orbit is None else pick(orbit.x[column])))
        at = _between(branch.special, heights)
        pieces += cut(branch.values, y, kinds, at)
        for point, height in zip(branch.special, heights, strict=True):
            mark = mark_of(point, height)
            marks.append(mark if pick is np.max else mark._replace(label=""))
    return pieces, marks


def _last(y: Floats, point: SpecialPoint) -> float:
    return float(y[min(point.index, len(y) - 1)])


def _between(special: Sequence[SpecialPoint], heights: Sequence[float]) -> list[Joint]:
    return [Joint(p.index, p.value, y) for p, y in zip(special, heights, strict=True)]


def _stability(stable: NDArray[np.bool_], what: str) -> list[str]:
    return [f"stable {what}" if flag else f"unstable {what}" for flag in stable]
