"""The curve of Neimark-Sacker points of a scheme in a parameter and the time step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.continuation.defining import Setting
from causal_snn.dynamics.continuation.polish import newton
from causal_snn.dynamics.continuation.start import widths
from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.implementation.points import (
    MapNormalForm,
    neimark_sacker,
    neimark_sacker_form,
    neimark_sacker_start,
)
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.models.schemes import DT

FARTHEST = 0.05
"""Most that Newton may correct a prediction, in scaled unknowns; else the step is halved."""
SHORTEST = 1e-7
"""Step at which the curve is given up, as a fraction of the longest time step."""
ENDS = ((4.0, "-1 (resonance 1:2)"), (0.0, "1 (resonance 1:1)"))
"""Bounds of 2 - 2 cos(theta), and where the pair of multipliers meets there."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A point of the curve.

    Attributes
    ----------
    dt : float
        Time step (ms).
    z : array, shape (3 n + 2,)
        The unknowns (x, v, w, kappa, parameter) of `map_points.neimark_sacker`.
    tolerance : float
        Last Newton correction of the parameter.
    """

    dt: float
    z: Floats
    tolerance: float

    @property
    def kappa(self) -> float:
        """(2 - 2 cos(theta))/dt^2; omega^2 at dt = 0."""
        return float(self.z[-2])

    def beyond(self, bound: float) -> bool:
        """Return whether 2 - 2 cos(theta) is at or past its upper (4) or lower (0) bound."""
        return self.kappa * self.dt**2 >= bound if bound else self.kappa <= 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The Neimark-Sacker system that a Hopf point turns into, with dt as the last unknown.

    Attributes
    ----------
    fld : Field
        Increment of the scheme.
    index : int
        Position of the parameter.
    setting : Setting
        Of `neimark_sacker`, with the parameter and dt free.
    across : array, shape (n,)
        Its vector c.
    sizes : array, shape (3 n + 2,)
        Scales of the unknowns.
    """

    fld: Field
    index: int
    setting: Setting
    across: Floats
    sizes: Floats

    def derivative(self, at: Solution) -> Floats:
        """Return the derivative of the unknowns by dt; NaN where there is none."""
        _, matrix = neimark_sacker(self.setting, self.across, np.append(at.z, at.dt))
        try:
            change: Floats = -np.linalg.solve(matrix[:, :-1], matrix[:, -1])
        except np.linalg.LinAlgError:
            return np.full_like(at.z, math.nan)
        return change

    def solve(self, dt: float, guess: Floats) -> Solution | None:
        """Return the solution at a time step, if Newton finds one close to the guess."""
        setting = Setting(self.fld.at(**{DT: dt}), (self.index,), self.setting.scale)
        done = newton(partial(neimark_sacker, setting, self.across), guess, self.sizes)
        if not done.converged or np.abs((done.z - guess) / self.sizes).max() > FARTHEST:
            return None
        return Solution(dt, done.z, abs(float(done.correction[-1])))

    def reach(self, last: Solution, dt: float, shortest: float) -> Solution | None:
        """Return the solution at a longer time step, or the farthest one on the way there."""
        slope, target = np.nan_to_num(self.derivative(last)), dt
        while target - last.dt > shortest:
            found = self.solve(target, last.z + (target - last.dt) * slope)
            if found is not None:
                return found
            target = 0.5 * (last.dt + target)
        return None

    def state(self, at: Solution) -> Floats:
        """Return the fixed point, shape (n,)."""
        return at.z[: self.fld.n]

    def normal_form(self, at: Solution) -> MapNormalForm:
        """Return the normal form, for dt > 0."""
        return neimark_sacker_form(self._at(at), self.state(at))

    def others(self, at: Solution) -> NDArray[np.complex128]:
        """Return the multipliers, without those on the unit circle; shape (n - 2,)."""
        values = np.linalg.eigvals(self._at(at).jac(self.state(at))).astype(complex)
        lam = 0.5 * (-at.kappa * at.dt + 1j * math.sqrt(at.kappa * (4 - at.kappa * at.dt**2)))
        for own in (lam, np.conj(lam)):  # lambda^2 + kappa dt lambda + kappa = 0
            values = np.delete(values, np.abs(values - own).argmin())
        return np.asarray(1.0 + at.dt * values)

    def _at(self, at: Solution) -> Field:
        return self.fld.at(**{DT: at.dt, self.fld.names[self.index]: float(at.z[-1])})


def begin(
    fld: Field, parameter: str, point: SpecialPoint, width: float
) -> tuple[Curve, Solution] | None:
    """Return the system and its solution at dt = 0, a Hopf point; None if that is degenerate.

    Parameters
    ----------
    fld : Field
        Increment of the scheme at dt = 0.
    parameter : str
        The parameter.
    point : SpecialPoint
        The Hopf point of the flow.
    width : float
        What counts as a large change of the parameter.
    """
    assert point.omega is not None
    fld = fld.at(**{parameter: point.value})
    index, scale = fld.index(parameter), widths(fld)
    across, z, sizes = neimark_sacker_start(fld, fld.p, scale, point.state, 1j * point.omega)
    setting = Setting(fld, (index, fld.index(DT)), scale)
    curve = Curve(fld, index, setting, across, np.append(sizes, width))
    first = curve.solve(0.0, np.append(z, point.value))
    return None if first is None else (curve, first)


def walk(curve: Curve, first: Solution, dts: Floats) -> tuple[list[Solution], float, str]:
    """Return the solutions at rising time steps, the step at which they end, and why."""
    found: list[Solution] = []
    last, shortest = first, SHORTEST * float(dts[-1])
    for dt in dts.tolist():
        while last.dt < dt:
            reached = curve.reach(last, dt, shortest)
            if reached is None:
                return found, last.dt, f"the curve turns back or is lost at dt = {last.dt:.8g} ms"
            for bound, where in ENDS:
                if reached.beyond(bound):
                    end = _end(curve, last, reached, bound)
                    why = f"at dt = {end:.10g} ms the pair of multipliers meets at {where}"
                    return found, end, why
            last = reached
        found.append(last)
    return found, math.inf, f"there is a Neimark-Sacker point for every step up to {dts[-1]:g} ms"


def _end(curve: Curve, inside: Solution, outside: Solution, bound: float) -> float:
    """Return the time step at which 2 - 2 cos(theta) reaches a bound."""
    return bisect(curve, inside, outside.dt, lambda found: found.beyond(bound))


def bisect(
    curve: Curve, left: Solution, right: float, happened: Callable[[Solution], bool]
) -> float:
    """Return the time step between a solution and a longer one from which on `happened` holds."""
    low, high = left, right
    while high - low.dt > 1e-13 * high:
        found = curve.reach(low, 0.5 * (low.dt + high), 1e-15 * high)
        if found is None:
            break
        if happened(found):
            high = found.dt
        else:
            low = found
    return high
