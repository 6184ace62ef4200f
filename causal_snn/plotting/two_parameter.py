"""Figure: folds and Hopf points in two parameters."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from causal_snn.dynamics.continuation.branch import parameter_unit
from causal_snn.dynamics.two_parameter.curve import CodimOneCurve
from causal_snn.errors import bad
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.dynamics_text import quantity
from causal_snn.plotting.marks import Mark, draw_marks, mark_of, told_apart
from causal_snn.plotting.pieces import Piece, cut, draw_pieces
from causal_snn.plotting.style import axes_or_new, tidy


def plot_two_parameter(*curves: CodimOneCurve, ax: Axes | None = None) -> Axes:
    """Plot folds and Hopf points in the plane of two parameters, with points of codimension two.

    Folds are black; Hopf points are red, solid where the cycle is born stable and dashed where
    it is born unstable.

    Parameters
    ----------
    *curves : CodimOneCurve
        What to draw; all in the same two parameters, of which the first curve's first is
        horizontal.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is nothing to draw, or a curve is none or in other parameters.
    """
    if not curves:
        raise bad("curves", curves, "one curve or more, from continue_special")
    for k, curve in enumerate(curves):
        check_kind(f"curves[{k}]", curve, CodimOneCurve, "dynamics.continue_special")
    names = curves[0].parameters
    ax = axes_or_new(ax)
    pieces: list[Piece] = []
    marks: list[Mark] = []
    for curve in curves:
        if set(curve.parameters) != set(names):
            raise bad("curves", curve.parameters, f"curves in {names[0]} and {names[1]}")
        order = [curve.parameters.index(name) for name in names]
        x, y = curve.values[:, order].T
        kinds = ["folds"] * len(x)
        if curve.label == "HB":
            kinds = ["subcritical Hopf" if l1 > 0 else "supercritical Hopf" for l1 in curve.l1]
        pieces += cut(x, y, kinds, [])
        for point in curve.special:
            pair = np.array([point.value, point.details[curve.parameters[1]]])[order]
            mark = mark_of(point, float(pair[1]))
            marks.append(mark._replace(x=float(pair[0]), label=point.label))
    draw_pieces(ax, pieces, margin=0.05)
    model = curves[0].model
    labels = [quantity(name, parameter_unit(model, name)) for name in names]
    tidy(ax, xlabel=labels[0], ylabel=labels[1])
    draw_marks(ax, told_apart(marks), avoid=[(piece.x, piece.y) for piece in pieces])
    return ax
