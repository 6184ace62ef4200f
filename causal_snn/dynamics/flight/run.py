"""One flight to the threshold: which steps to take, in time and then in height."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.field import Field
from causal_snn.dynamics.flight.runge_kutta import next_factor
from causal_snn.dynamics.flight.variational import Systems

Floats = NDArray[np.float64]
SPIKE, REST, LATE, BLOW_UP = (
    "spike",
    "no spike: converged to rest",
    "no spike within max_time",
    "blow-up",
)
MAX_STEPS = 200_000
NEAR_REST = 1e-6  # of a state's range: well inside the basin of a stable equilibrium
LOOK_EVERY = 8  # steps between looks for rest
EXPLODES = (0.2, 1.3)  # 1/m of an explosion 1/(t* - t)^m: 1/2 if quadratic, 1 if exponential
HURRY = 3.0  # growth rate of dh/dt times the time left, from which on h is the variable
FIRST = 0.1  # first step over the length on which rates change
TROUBLE = (OverflowError, ValueError, ZeroDivisionError, TypeError)


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """How a flight ended: variables of `by_height` at a spike, of `by_time` without one."""

    status: str
    time: float
    variables: tuple[float, ...]
    speed: float
    steps: int


@dataclass(slots=True)
class Run:
    """One flight under way."""

    fld: Field
    system: Systems
    width: Floats
    atol: Floats
    rtol: float
    max_time: float
    columns: int
    parameter: int | None
    scale: list[list[float]]
    steps: int = 0
    time: float = 0.0

    def go(self, y: tuple[float, ...]) -> End:
        """Alternate between time and height from variables of `by_time` to an end."""
        longest = math.inf  # time steps are kept short after a crossing that did not happen
        while True:
            status, y, reach = self._by_time(y, longest)
            if status != SPIKE:
                return self._end(status, y)
            met, z, speed = self._by_height(y, reach)
            if met and z[self.fld.n] <= self.max_time:
                return End(SPIKE, z[self.fld.n], z, speed, self.steps)
            if met:
                return self._end(LATE, y)
            longest = 0.5 * reach
            if longest < 1e-13 * max(self.time, 1e-3):
                return self._end(BLOW_UP, y)

    def _by_time(
        self, y: tuple[float, ...], longest: float
    ) -> tuple[str, tuple[float, ...], float]:
        """Step in time until a spike is near: status, variables and the last step tried."""
        n, step = self.fld.n, self.system.by_time.step
        constants = self.system.by_time.prepare(self.fld.p)
        atol = (*self.atol.tolist(), *(value for column in self.scale for value in column))
        try:
            k, (h, speed, _) = self.system.by_time.begin(y, constants)
        except TROUBLE:
            return BLOW_UP, y, 0.0
        dt = min(self._first_step(y, k, constants), longest, self.max_time)
        bound = 1e9 * float(self.width[0])
        free, rate = longest == math.inf, 0.0
        while True:
            dt = min(dt, self.max_time - self.time)
            self.steps += 1
            try:
                new, k_new, (h_new, speed_new, push), error = step(
                    y, k, dt, constants, atol, self.rtol
                )
                fine = error <= 1.0
            except TROUBLE:
                fine, error = False, math.nan
            if not fine:
                dt *= next_factor(error)
                if not dt > 1e-14 * max(self.time, 1e-3) or self.steps > MAX_STEPS:
                    return BLOW_UP, y, dt
                continue
            if h_new >= 0.0:
                if speed > 0.0 and (free or dt <= longest):
                    return SPIKE, y, dt
                dt *= 0.5  # the potential falls first: come closer
                continue
            peak = _peak(h, speed, h_new, speed_new, dt)
            if peak > 0.0:
                dt = peak  # look at the top that this step would have passed
                continue
            self.time += dt
            y, k, h, speed = new, k_new, h_new, speed_new
            before, rate = rate, push / speed if speed > 0.0 else 0.0
            if free and min(before, rate) > 0.0 and -h * rate > HURRY * speed:
                # an explosion 1/(t* - t)^m has (rate - before)/(rate before dt) = 1/m
                order = (rate - before) / (rate * before * dt)
                if EXPLODES[0] < order < EXPLODES[1]:
                    return SPIKE, y, dt
            dt *= next_factor(error)
            if self.time >= self.max_time:
                return LATE, y, dt
            if not abs(y[0]) < bound or self.steps > MAX_STEPS:
                return BLOW_UP, y, dt
            if self.steps % LOOK_EVERY == 0 and self._at_rest(y[:n], h):
                return REST, y, dt

    def _first_step(self, y: tuple[float, ...], k: tuple[float, ...], constants: object) -> float:
        """Return a step that is short against the time in which the rates change.

        From a step far too long, the error estimate may pass by accident.
        """
        n, width = self.fld.n, self.width
        rates = np.array(k[:n]) / width
        fastest = float(np.abs(rates).max()) + 1e-9
        short = 0.01 / fastest
        near = (*(a + short * b for a, b in zip(y[:n], k[:n], strict=True)), *y[n:])
        try:
            later = self.system.by_time.begin(near, constants)[0][:n]
        except TROUBLE:
            return 1e-3 * short
        change = float(np.abs(np.array(later) / width - rates).max()) / short
        return min(2.0 * short, FIRST * fastest / max(change, 1e-300))

    def _by_height(
        self, y: tuple[float, ...], reach: float
    ) -> tuple[bool, tuple[float, ...], float]:
        """Go from h < 0 to h = 0: whether met, the variables, and dh/dt there."""
        z = self._turned(y)
        stepper = self.system.by_height
        constants = stepper.prepare(self.fld.p)
        k, (h, speed, push) = stepper.begin(z, constants)
        passed = max(self.time, -h / speed)
        atol = [*self.atol.tolist(), 0.01 * self.rtol * passed]
        for column in self.scale:
            atol += [*column, max(column) / max(self.width) * passed]
        dh = min(-h, speed * reach, FIRST * speed * speed / max(abs(push), 1e-300))
        while True:
            last = dh >= -h
            dh = -h if last else dh
            self.steps += 1
            try:
                new, k_new, (_, speed_new, _), error = stepper.step(
                    z, k, dh, constants, atol, self.rtol
                )
                fine = error <= 1.0 and speed_new > 0.0
            except TROUBLE:
                fine, error = False, math.nan
            if fine:
                z, k, h, speed = new, k_new, h + dh, speed_new
                if last:
                    return True, z, speed
                dh *= next_factor(error)
                continue
            dh *= min(next_factor(error), 0.5)
            if dh < 1e-15 * max(abs(z[0]), 1.0):
                return False, z, speed

    def _turned(self, y: tuple[float, ...]) -> tuple[float, ...]:
        """Return variables of `by_height` from those of `by_time`: tangents at equal h."""
        n = self.fld.n
        x = y[:n]
        values = self.system.surface(x, self.fld.p)
        drift, gradient = values[:n], values[n : 2 * n]
        speed = sum(g * f for g, f in zip(gradient, drift, strict=True))
        z = [*x, self.time]
        for j in range(self.columns):
            column = y[n * (j + 1) : n * (j + 2)]
            rise = sum(g * c for g, c in zip(gradient, column, strict=True))
            if self.parameter is not None and j == self.columns - 1:
                rise += values[2 * n]
            later = -rise / speed
            z += [c + f * later for c, f in zip(column, drift, strict=True)] + [later]
        return tuple(z)

    def _at_rest(self, x: tuple[float, ...], h: float) -> bool:
        """Return whether x is in the linear surroundings of a stable rest below threshold."""
        n = self.fld.n
        drift, jacobian = self.fld.f_jac(x)
        try:
            away = np.linalg.solve(jacobian, drift)
        except np.linalg.LinAlgError:
            return False
        if not (np.abs(away) < NEAR_REST * self.width).all():
            return False
        if not self._newton_contracts(np.array(x) - away, away):
            return False
        gradient = self.system.surface(x, self.fld.p)[n : 2 * n]
        below = h - float(np.dot(gradient, away)) < 0.0
        return below and bool((np.linalg.eigvals(jacobian).real < 0.0).all())

    def _newton_contracts(self, x: Floats, first: Floats) -> bool:
        """Return whether the second Newton step is far shorter than the first.

        Where a fold has just swept the equilibria away, it is half as long.
        """
        drift, jacobian = self.fld.f_jac(x)
        try:
            second = np.linalg.solve(jacobian, drift)
        except np.linalg.LinAlgError:
            return False
        size = float(np.max(np.abs(first) / self.width))
        return float(np.max(np.abs(second) / self.width)) <= 0.01 * size + 1e-14

    def _end(self, status: str, y: tuple[float, ...]) -> End:
        return End(status, self.time, y, math.nan, self.steps)


def _peak(h: float, speed: float, h_new: float, speed_new: float, dt: float) -> float:
    """Return when, in a step between two points below threshold, h would come above; or 0.

    The step's cubic Hermite polynomial is asked for its top.
    """
    if not (speed > 0.0 > speed_new):
        return 0.0
    slope = (h_new - h) / dt
    a = 3.0 * (speed + speed_new - 2.0 * slope)
    b = 2.0 * (3.0 * slope - 2.0 * speed - speed_new)
    root = math.sqrt(max(b * b - 4.0 * a * speed, 0.0))
    s = 2.0 * speed / (-b + root) if root > b else 0.5  # of a s^2 + b s + speed, the first
    if not 0.0 < s < 1.0 - 1e-9:  # the step ends on the top
        return 0.0
    top = h + dt * s * (speed + s * (0.5 * b + s * a / 3.0))
    doubt = 0.25 * (top - max(h, h_new))  # of a cubic on a step of order 8
    return s * dt if top > -doubt else 0.0
