"""nullclines: where one state of a planar neuron stands still, as curves.

A drift that is linear in one of the two states gives its nullcline as an explicit function of
the other; any other is traced on a grid, and each vertex moved onto the curve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.field import BATCH, Field, Floats, compile_expressions
from causal_snn.dynamics.plane.explicit_curve import explicit_curve, zeros
from causal_snn.models.neuron import Equations

if TYPE_CHECKING:
    import sympy as sp

type Window = tuple[tuple[float, float], tuple[float, float]]
"""((low, high) of the first state, (low, high) of the second)."""

SAMPLES = 800
"""First samples of an explicit curve; `explicit_curve` puts in more."""
GRID = 400
"""Cells per axis of the grid on which other curves are traced. Closed curves smaller than a
cell can be missed."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Nullcline:
    """The set where a state's drift is zero, within a window.

    Attributes
    ----------
    state : str
        The state that stands still.
    pieces : tuple of array, shape (2, N)
        Curves, in the order of the model's two states.
    methods : tuple of str
        How the pieces were found: for each factor of the drift, an explicit formula as
        ``"w = a*(V - E_L)"``, ``"zeros in V"``, or ``"contour and Newton"``.
    residual : float
        Largest |drift| at a vertex (per ms), evaluated from the model's own formula.
    dropped : int
        Vertices of a traced curve that Newton's method could not move onto it.
    """

    state: str
    pieces: tuple[Floats, ...]
    methods: tuple[str, ...]
    residual: float
    dropped: int


def nullclines(field: Field, window: Window) -> tuple[Nullcline, Nullcline]:
    """Return the nullclines of a model with two states.

    Parameters
    ----------
    field : Field
        Its vector field; n = 2.
    window : ((float, float), (float, float))
        Range of each state.

    Returns
    -------
    tuple of Nullcline
        One for each state. Without pieces where the drift has no zero in the window, or is zero
        everywhere.
    """
    first, second = (_nullcline(field, index, window) for index in (0, 1))
    return first, second


def _nullcline(field: Field, index: int, window: Window) -> Nullcline:
    pieces: list[Floats] = []
    methods: list[str] = []
    dropped = 0
    for factor in _factors(field.model.equations, field.names, index):
        if factor.solved is None:
            traced, lost = _trace(factor, field.p, window)
            dropped += lost
        else:
            traced = _explicit(factor, field.p, window)
        pieces += traced
        methods.append(factor.method)
    residual = max((float(np.abs(field.batch(p)[index]).max()) for p in pieces), default=0.0)
    return Nullcline(
        state=field.states[index],
        pieces=tuple(pieces),
        methods=tuple(methods),
        residual=residual,
        dropped=dropped,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Factor:
    """One factor of a drift, compiled.

    `solved` is the index of the state in which it is linear, a + b z; `value` gives (a, b) as
    functions of both states, or the factor and its two derivatives if it is not linear.
    """

    method: str
    solved: int | None
    value: Callable[..., Any]


@cache
def _factors(equations: Equations, names: tuple[str, ...], index: int) -> tuple[_Factor, ...]:
    """Return the factors of a drift that can be zero where the states are."""
    import sympy as sp

    numerator = sp.factor_terms(equations.drift[index])
    made = []
    for part in sp.Mul.make_args(numerator):
        base = part.base if part.is_Pow and part.exp.is_positive else part
        if base.free_symbols.isdisjoint(equations.states) or base.is_positive:
            continue
        if part.is_Pow and not part.exp.is_positive:
            continue  # a denominator
        made.append(_compile(equations, names, base))
    return tuple(made)


def _compile(equations: Equations, names: tuple[str, ...], part: sp.Expr) -> _Factor:
    import sympy as sp

    states = equations.states
    for solved in (1, 0):
        z = states[solved]
        slope = part.diff(z)
        if slope == 0 or z in slope.free_symbols:
            continue
        rest = part.xreplace({z: sp.Integer(0)})
        value = compile_expressions(equations, names, [rest, slope], BATCH)
        return _Factor(f"{z} = {sp.signsimp(-rest / slope)}", solved, value)
    for absent in (1, 0):
        if states[absent] not in part.free_symbols:
            value = compile_expressions(equations, names, [part, 0], BATCH)
            return _Factor(f"zeros in {states[1 - absent]}", absent, value)
    entries = [part, *(part.diff(state) for state in states)]
    return _Factor(
        "contour and Newton", None, compile_expressions(equations, names, entries, BATCH)
    )


def _values(factor: _Factor, p: tuple[float, ...], points: Floats) -> Floats:
    with np.errstate(all="ignore"):
        rows = factor.value(*points, *p)
    return np.array([np.broadcast_to(row, points.shape[1:]) for row in rows], dtype=float)


def _explicit(factor: _Factor, p: tuple[float, ...], window: Window) -> list[Floats]:
    """Return the curve z = -a(u)/b(u) and the lines u = const on which a and b are both zero."""
    z, u = factor.solved, 1 - (factor.solved or 0)
    low, high = window[z or 0]

    def a_and_b(at: Floats) -> Floats:
        points = np.empty((2, len(at)))
        points[u], points[1 - u] = at, 0.5 * (low + high)
        return _values(factor, p, points)

    def curve(at: Floats) -> Floats:
        a, b = a_and_b(at)
        with np.errstate(all="ignore"):
            return np.asarray(-a / b)

    start = np.linspace(*window[u], SAMPLES + 1)
    a, b = a_and_b(start)
    pieces = []
    if np.any(b != 0):
        pieces += explicit_curve(curve, start, low, high)
        poles = zeros(lambda at: a_and_b(at)[1], start, b)
        lines = [r for r in poles if abs(a_and_b(np.array([r]))[0, 0]) <= 1e-9 * np.abs(a).max()]
    else:
        lines = zeros(lambda at: a_and_b(at)[0], start, a)
    pieces += [np.array([[r, r], [low, high]]) for r in lines]
    return [piece[::-1] if u == 1 else piece for piece in pieces]


def _trace(factor: _Factor, p: tuple[float, ...], window: Window) -> tuple[list[Floats], int]:
    """Return the zero set of a factor by contour lines, and how many vertices were lost."""
    from contourpy import contour_generator

    axes = [np.linspace(low, high, GRID + 1) for low, high in window]
    points = np.array(np.meshgrid(*axes))
    height = _values(factor, p, points.reshape(2, -1))[0].reshape(points.shape[1:])
    size = np.abs(height)
    typical = float(np.median(size[np.isfinite(size)])) if np.isfinite(size).any() else 0.0
    if typical == 0.0:
        return [], 0
    with np.errstate(invalid="ignore"):
        bounded = np.ma.masked_invalid(height / (typical + size))  # zero where height is
    cell = np.array([(high - low) / GRID for low, high in window])
    pieces, dropped = [], 0
    for line in contour_generator(axes[0], axes[1], bounded).lines(0.0):
        vertices, on = _onto(factor, p, np.asarray(line).T, cell)
        dropped += int((~on).sum())
        cuts = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(int)))
        pieces += [
            vertices[:, i:j] for i, j in zip(cuts[::2], cuts[1::2], strict=True) if j > i + 1
        ]
    return pieces, dropped


def _onto(
    factor: _Factor, p: tuple[float, ...], start: Floats, cell: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return vertices moved onto the zero set along the gradient, and which ones arrived."""
    points, unit = start.copy(), cell[:, None]
    step = np.zeros_like(points)
    for _ in range(30):
        value, *gradient = _values(factor, p, points)
        slope = np.array(gradient) * unit  # per cell
        with np.errstate(all="ignore"):
            step = -value * slope / np.sum(slope**2, axis=0)
        length = np.sqrt(np.sum(step**2, axis=0))
        with np.errstate(all="ignore"):
            step *= np.minimum(1.0, 0.5 / length)
        step = np.where(value == 0, 0.0, step)
        points = points + np.nan_to_num(step) * unit
        if np.all(~(length > 1e-13)):
            break
    moved = np.sqrt(np.sum(((points - start) / unit) ** 2, axis=0))
    near = np.sqrt(np.sum(step**2, axis=0)) <= 1e-9
    return points, near & (moved <= 2.0)
