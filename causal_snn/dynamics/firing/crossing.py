"""crossing: the flight of a neuron from one spike to the next, whatever its spikes are.

A neuron with threshold and reset spikes by them (`flow`); the spike of any other is the upward
crossing of a level by its potential. Both come back as a `Flight`, so that the map from one
spike to the next is the same thing for every neuron.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.firing.swing import Swings, top
from causal_snn.dynamics.flight.flow import (
    BLOW_UP,
    LATE,
    REST,
    SPIKE,
    Flight,
    column_tolerances,
    fly,
    tolerances,
    widths,
)
from causal_snn.dynamics.flight.runge_kutta import Stepper, compile_stepper, next_factor
from causal_snn.models.neuron import Equations

BELOW = "no spike: oscillates below the level of a spike"
MOST_STEPS = 500_000
LOOK_EVERY = 16  # steps between looks for rest
NEAR = 1e-6  # of a state's range: well inside the basin of a stable equilibrium
_TROUBLE = (OverflowError, ValueError, ZeroDivisionError, TypeError)


@dataclass(frozen=True, slots=True, eq=False)
class Oscillation(Flight):
    """A flight that ended in an oscillation below the level of a spike.

    Attributes
    ----------
    swing : (float, float)
        Its lowest and highest potential.
    """

    swing: tuple[float, float] = (math.nan, math.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Spiker:
    """A neuron, what counts as its spike, and how accurately it is followed.

    Attributes
    ----------
    fld : Field
        The neuron's vector field.
    level : float
        Potential whose upward crossing is a spike, of a neuron without reset.
    refractory : float
        Time after a spike during which the potential is held (ms); neurons with reset only.
    rtol : float
        Relative tolerance of a step.
    longest : float
        Longest wait for a spike (ms).
    """

    fld: Field
    level: float
    refractory: float
    rtol: float
    longest: float

    def next_spike(self, start: Floats, *, tangents: bool = False) -> Flight:
        """Return the flight to the next spike, with its derivatives by the start on request.

        `start` is a state just after a spike, or anywhere below threshold or level.
        """
        atol = tolerances(self.fld, self.rtol, None)
        columns: list[list[float]] = np.eye(self.fld.n).tolist() if tangents else []
        if not self.fld.model.spikes_by_reset:
            return _to_level(self, start, columns, atol)
        if self.refractory == 0.0:
            return fly(self.fld, start.tolist(), columns, None, atol, self.rtol, self.longest)
        held, columns = self.hold(start, columns)
        flight = fly(self.fld, held, columns, None, atol, self.rtol, self.longest)
        return replace(flight, time=flight.time + self.refractory)

    def with_level(self, level: float) -> Spiker:
        """Return the same neuron with another level of a spike."""
        return replace(self, level=level)

    def at(self, fld: Field) -> Spiker:
        """Return the same neuron with other parameter values."""
        return replace(self, fld=fld)

    def hold(
        self, start: Floats, columns: list[list[float]]
    ) -> tuple[list[float], list[list[float]]]:
        """Return the state, and tangent vectors, after the refractory time."""
        held = replace(self.fld, model=_clamped(self.fld))
        return flow_for(held, start, columns, self.refractory, self.rtol)


def _clamped(fld: Field) -> Any:
    import sympy as sp

    model = fld.model
    drift = (sp.Integer(0), *model.equations.drift[1:])
    return replace(model, equations=replace(model.equations, drift=drift))


@cache
def _stepper(equations: Equations, names: tuple[str, ...], columns: int) -> Stepper:
    """Return the step of the flow, with tangent vectors behind the states: y' = J y."""
    import sympy as sp

    x = list(equations.states)
    symbols, rates = list(x), list(equations.drift)
    jacobian = sp.Matrix(rates).jacobian(sp.Matrix(x))
    for j in range(columns):
        tangent = [sp.Symbol(f"_d{j}_{i}", real=True) for i in range(len(x))]
        symbols += tangent
        rates += list(jacobian * sp.Matrix(tangent))
    return compile_stepper(symbols, rates, [], names, lanes=False)


def flow_for(
    fld: Field, start: Any, columns: list[list[float]], duration: float, rtol: float
) -> tuple[list[float], list[list[float]]]:
    """Return the state, and tangent vectors, after a given time; events are not looked for."""
    n = fld.n
    stepper = _stepper(fld.model.equations, fld.names, len(columns))
    constants = stepper.prepare(fld.p)
    atol = _atols(fld, columns, tolerances(fld, rtol, None), rtol)
    y = (*map(float, start), *(value for column in columns for value in column))
    k, _ = stepper.begin(y, constants)
    t, dt = 0.0, _first_step(k[:n], widths(fld))
    while t < duration:
        dt = min(dt, duration - t)
        new, k_new, _, error = stepper.step(y, k, dt, constants, atol, rtol)
        if error <= 1.0:
            t, y, k = t + dt if t + dt < duration else duration, new, k_new
        elif dt < 1e-14 * max(t, 1e-3) or not error > 0:
            raise ArithmeticError("the flow has no steps small enough")
        dt *= next_factor(error)
    return list(y[:n]), [list(y[n * (j + 1) : n * (j + 2)]) for j in range(len(columns))]


def _atols(fld: Field, columns: list[list[float]], atol: Floats, rtol: float) -> tuple[float, ...]:
    scale = column_tolerances(fld, atol, rtol, columns, None)
    return (*atol.tolist(), *(value for column in scale for value in column))


def _first_step(k: Any, width: Floats) -> float:
    return float(0.02 * np.min(width / (np.abs(k) + 1e-6 * width)))


def _to_level(spiker: Spiker, start: Floats, columns: list[list[float]], atol: Floats) -> Flight:
    """Return the flight of a neuron without reset to the next upward crossing of the level."""
    fld, level, rtol = spiker.fld, spiker.level, spiker.rtol
    n, width = fld.n, widths(fld)
    stepper = _stepper(fld.model.equations, fld.names, len(columns))
    constants = stepper.prepare(fld.p)
    atols = _atols(fld, columns, atol, rtol)
    y = (*start.tolist(), *(value for column in columns for value in column))
    t, armed, swings, status = 0.0, start[0] < level, Swings(level), LATE
    try:
        k, _ = stepper.begin(y, constants)
    except _TROUBLE:
        return _given_up(BLOW_UP, 0.0, y[:n], 0)
    dt = _first_step(k[:n], width)
    for steps in range(1, MOST_STEPS + 1):
        dt = min(dt, spiker.longest - t)
        try:
            new, k_new, _, error = stepper.step(y, k, dt, constants, atols, rtol)
        except _TROUBLE:
            error = math.nan
        if not error <= 1.0:
            dt *= next_factor(error)
            if dt < 1e-14 * max(t, 1e-3):
                status = BLOW_UP
                break
            continue
        if armed and new[0] < level and top(y[0], k[0], new[0], k_new[0], dt) > level:
            dt *= 0.5  # a top between the two points: come closer
            continue
        if armed and new[0] >= level:
            dt, new, k_new = _meet(stepper, constants, atols, rtol, y, k, dt, new, k_new, level)
            return _landed(n, t + dt, new, k_new, len(columns), steps)
        if swings.settled(y[0], k[0], new[0], k_new[0], dt):
            lost = np.full(n, math.nan)
            swing = (swings.bottom, swings.top)
            return Oscillation(BELOW, t, np.array(y[:n]), lost, math.nan, steps, swing=swing)
        armed = armed or new[0] < level
        t, y, k = t + dt, new, k_new
        dt *= next_factor(error)
        if not abs(y[0]) < 1e9 * width[0]:
            status = BLOW_UP
            break
        late = t >= spiker.longest
        if (late or steps % LOOK_EVERY == 0) and at_rest(fld, y[:n]):
            status = REST
            break
        if late:
            break
    return _given_up(status, t, y[:n], steps)


def _given_up(status: str, t: float, x: Any, steps: int) -> Flight:
    lost = np.full(len(x), math.nan)
    return Flight(status, t, np.array(x), lost, math.nan, steps)


def _meet(
    stepper: Stepper,
    constants: Any,
    atols: Any,
    rtol: float,
    y: Any,
    k: Any,
    dt: float,
    new: Any,
    k_new: Any,
    level: float,
) -> tuple[float, Any, Any]:
    """Return the step that ends on the level: the last step is taken again, by Newton."""
    low, high = 0.0, dt
    for _ in range(60):
        rest = new[0] - level
        low, high = (low, dt) if rest >= 0 else (dt, high)
        guess = dt - rest / k_new[0] if k_new[0] > 0 else math.nan
        if not low <= guess <= high:
            guess = 0.5 * (low + high)
        if abs(guess - dt) <= 4e-16 * high:
            break
        dt = guess
        new, k_new, _, _ = stepper.step(y, k, dt, constants, atols, rtol)
    return dt, (level, *new[1:]), k_new


def _landed(n: int, time: float, y: Any, k: Any, columns: int, steps: int) -> Flight:
    x, speed = np.array(y[:n]), float(k[0])
    flight = Flight(SPIKE, time, x, x, speed, steps)
    if not columns:
        return flight
    tangents = np.array(y[n:]).reshape(columns, n).T
    d_time = -tangents[0] / speed
    d_after = tangents + np.outer(k[:n], d_time)
    return replace(flight, d_before=d_after, d_after=d_after, d_time=d_time)


def at_rest(fld: Field, x: Any) -> bool:
    """Return whether x is in the linear surroundings of a stable equilibrium.

    Newton's second step must be far shorter than its first: where a fold has just swept the
    equilibria away, it is half as long.
    """
    first, jacobian = _newton(fld, np.asarray(x))
    if not (np.abs(first) < NEAR * widths(fld)).all():
        return False
    second, _ = _newton(fld, np.asarray(x) - first)
    size = float(np.max(np.abs(first) / widths(fld)))
    closer = float(np.max(np.abs(second) / widths(fld))) <= 0.01 * size + 1e-14
    return closer and bool((np.linalg.eigvals(jacobian).real < 0.0).all())


def _newton(fld: Field, x: Floats) -> tuple[Floats, Floats]:
    """Return the distance to the equilibrium by one step of Newton's method, and the Jacobian."""
    drift, jacobian = fld.f_jac(x)
    try:
        return np.linalg.solve(jacobian, drift), jacobian
    except np.linalg.LinAlgError:
        return np.full(len(x), np.inf), jacobian
