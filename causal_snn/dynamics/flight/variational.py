"""The flow of a hybrid neuron to its threshold, with the derivatives of where and when.

Two systems are integrated. Below threshold the variable is time. In the last part of the flight
it is the height h(x) = V - threshold(x) itself (Henon, Physica D 5:412, 1982), so that the spike
is hit exactly and the explosion of the potential is slow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from causal_snn.dynamics.flight.runge_kutta import Stepper, compile_stepper, compile_values
from causal_snn.models.neuron import Equations

if TYPE_CHECKING:
    import sympy as sp


@dataclass(frozen=True, slots=True, eq=False)
class Systems:
    """The compiled flow of a neuron with threshold and reset.

    Variables of `by_time` are the states x and then each tangent column (n entries); those of
    `by_height` are x, the time t, and then for each column the n entries and the derivative of
    t. Outputs of both are h, dh/dt and d2h/dt2.

    Attributes
    ----------
    by_time, by_height : Stepper
        d/dt, and d/dh = (d/dt)/(dh/dt).
    surface : callable
        ``(x, p)`` to the drift F (n), grad h (n), and dh/dp if a parameter is followed.
    reset : callable
        ``(x, p)`` to the state after reset R (n), dR/dx (n*n, by rows), and dR/dp (n) if a
        parameter is followed.
    """

    by_time: Stepper
    by_height: Stepper
    surface: Callable[..., Any]
    reset: Callable[..., Any]


@cache
def systems(
    equations: Equations, names: tuple[str, ...], columns: int, parameter: int | None, lanes: bool
) -> Systems:
    """Return the compiled systems.

    Parameters
    ----------
    equations : Equations
        The neuron; it has a threshold.
    names : tuple of str
        Its parameters, in the order in which values come.
    columns : int
        Number of tangent vectors that the flow carries, for derivatives by the start.
    parameter : int, optional
        Index of the parameter whose derivative is the last column.
    lanes : bool
        Whether to compile for arrays.
    """
    import sympy as sp

    x = list(equations.states)
    drift = sp.Matrix(equations.drift)
    height = x[0] - equations.threshold
    speed = _along(height, x, drift)
    outputs = [height, speed, _along(speed, x, drift)]
    by = None if parameter is None else sp.Symbol(names[parameter], real=True)
    t = sp.Symbol("_time", real=True)

    flow = _with_tangents(x, drift, columns, by, "_d")
    # d/dh: every rate, that of time (1) too, over the speed of h
    crossing = _with_tangents([*x, t], sp.Matrix([*drift, 1]) / speed, columns, by, "_e")
    gradient = [height.diff(symbol) for symbol in x]
    surface = [*drift, *gradient, *([] if by is None else [height.diff(by)])]
    after = sp.Matrix(equations.reset)
    reset = [*after, *after.jacobian(sp.Matrix(x)), *([] if by is None else after.diff(by))]
    return Systems(
        by_time=compile_stepper(*flow, outputs, names, lanes=lanes),
        by_height=compile_stepper(*crossing, outputs, names, lanes=lanes),
        surface=compile_values(x, surface, names, lanes=lanes),
        reset=compile_values(x, reset, names, lanes=lanes),
    )


def _along(formula: sp.Expr, x: list[sp.Symbol], drift: sp.Matrix) -> sp.Expr:
    """Return the derivative of a formula along the flow."""
    return sum(formula.diff(symbol) * rate for symbol, rate in zip(x, drift, strict=True))


def _with_tangents(
    variables: list[sp.Symbol],
    rates: sp.Matrix,
    columns: int,
    by: sp.Symbol | None,
    prefix: str,
) -> tuple[list[sp.Symbol], list[sp.Expr]]:
    """Return variables and rates with the variational equations y' = J y (+ df/dp) behind."""
    import sympy as sp

    jacobian = rates.jacobian(sp.Matrix(variables))
    symbols, formulas = list(variables), list(rates)
    for j in range(columns + (by is not None)):
        tangent = [sp.Symbol(f"{prefix}{j}_{i}", real=True) for i in range(len(variables))]
        growth = jacobian * sp.Matrix(tangent)
        if j == columns:
            growth += rates.diff(by)
        symbols += tangent
        formulas += list(growth)
    return symbols, formulas
