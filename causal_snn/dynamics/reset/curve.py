"""The curve of a reset map's orbits in (w_1 ... w_k, parameter), and steps along it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.reset.orbits import lower_period, orbit_jacobian, shoot
from causal_snn.dynamics.reset.reset_map import ResetMap

CORRECTIONS = 12
BEND = 0.3  # largest correction over the step


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """An orbit on the curve.

    Attributes
    ----------
    x : array, shape (k + 1,)
        w over the window's width, and the parameter over the span's.
    w : array, shape (k,)
    value : float
        The parameter.
    slopes, isi, speeds : array, shape (k,)
    tangent : array, shape (k + 1,)
        Unit tangent in the scaled variables, towards the end of the branch.
    residual : float
        Largest equation left over, in units of w.
    corrections : int
        Newton steps taken.
    """

    x: Floats
    w: Floats
    value: float
    slopes: Floats
    isi: Floats
    speeds: Floats
    tangent: Floats
    residual: float
    corrections: int

    @property
    def multiplier(self) -> float:
        """Derivative of Phi^k."""
        return float(np.prod(self.slopes))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Orbits of k spikes of a map over a span of one parameter."""

    map: ResetMap
    index: int
    span: tuple[float, float]
    k: int

    @property
    def width(self) -> float:
        """Unit of w."""
        return self.map.window[1] - self.map.window[0]

    @property
    def length(self) -> float:
        """Unit of the parameter; its sign is the direction of the span."""
        return self.span[1] - self.span[0]

    def p(self, value: float) -> tuple[float, ...]:
        """Return the parameter values with the continued one changed."""
        return self.map.field.with_p(self.index, value)

    def map_at(self, point: Point) -> ResetMap:
        """Return the map at a point."""
        return self.map.at(**{self.map.field.names[self.index]: point.value})

    def start(self, w: Floats) -> list[Point]:
        """Return the first point, heading into the span."""
        x = np.append(w / self.width, self.span[0] / self.length)
        ahead = np.zeros(self.k + 1)
        ahead[-1] = 1.0
        point = self._correct(x, ahead, x)
        return [] if point is None else [point]

    def start_doubled(self, w: Floats, value: float, size: float) -> list[Point]:
        """Return a PD orbit taken twice, and an orbit of twice the spikes close by.

        `self.k` is the new number of spikes. The new orbit alternates along the eigenvector of
        the multiplier -1; its amplitude is at most `size`.
        """
        twice = np.concatenate((w, w))
        shot = shoot(self.map, twice, self.p(value), self.index)
        if shot is None:
            return []
        along = np.append(np.cumprod(np.append(1.0, shot.slopes[: self.k - 1])), 0.0)
        along /= np.linalg.norm(along)
        x = np.append(twice / self.width, value / self.length)
        corner = Point(
            x, twice, value, shot.slopes, shot.isi, shot.speeds, along,
            float(np.abs(shot.residual).max()), 0,
        )  # fmt: skip
        for _ in range(12):
            near = self.step(corner, size)
            if near is not None:
                return [corner, near]
            size *= 0.5
        return []

    def at(self, here: Point, size: float) -> Point | None:
        """Return the orbit in the hyperplane a distance along the tangent, or None."""
        guess = here.x + size * here.tangent
        return self._correct(guess, here.tangent, guess)

    def step(self, here: Point, size: float) -> Point | None:
        """Return the point a step further on the curve, or None if the step is too long.

        Orbits of other branches may be close: the new point must be near the tangent,
        have a multiplier like the last, and not be an orbit of fewer spikes.
        """
        guess = here.x + size * here.tangent
        new = self.at(here, size)
        if new is None or np.linalg.norm(new.x - guess) > BEND * size:
            return None
        change = abs(new.multiplier - here.multiplier)
        if change > 0.5 * max(1.0, abs(here.multiplier), abs(new.multiplier)):
            return None
        return None if lower_period(new.x[:-1], 1e-3 * size) else new

    def at_limit(self, here: Point, beyond: Point) -> Point | None:
        """Return the orbit where the curve leaves the span, between two points."""
        limit = self.span[1] if (beyond.value - self.span[1]) * self.length > 0 else self.span[0]
        share = (limit - here.value) / (beyond.value - here.value)
        x = here.x + share * (beyond.x - here.x)
        x[-1] = limit / self.length
        fixed = np.zeros(self.k + 1)
        fixed[-1] = 1.0
        return self._correct(x, fixed, x, towards=here.tangent)

    def inside(self, point: Point) -> bool:
        """Return whether a point is in the span."""
        share = (point.value - self.span[0]) / self.length
        return -1e-12 <= share < 1.0 - 1e-12

    def limit_name(self, point: Point) -> str:
        """Return ``"V_r = -48"``."""
        return f"{self.map.field.names[self.index]} = {point.value:.10g}"

    def distance(self, one: Point, two: Point) -> float:
        """Return the distance of two points in scaled variables."""
        return float(np.linalg.norm(one.x - two.x))

    def growth(self, point: Point) -> float:
        """Return the factor for the next step: longer if Newton's method had it easy."""
        return {0: 2.0, 1: 2.0, 2: 1.6, 3: 1.3, 4: 1.0}.get(point.corrections, 0.7)

    def _correct(
        self, guess: Floats, normal: Floats, origin: Floats, towards: Floats | None = None
    ) -> Point | None:
        """Return the orbit in the hyperplane through `origin` with that normal, or None."""
        x, smallest = guess.copy(), math.inf
        scale = np.append(np.full(self.k, self.width), self.length)
        for count in range(CORRECTIONS):
            y = x * scale
            shot = shoot(self.map, y[:-1], self.p(float(y[-1])), self.index)
            if shot is None:
                return None
            jacobian = np.empty((self.k, self.k + 1))
            jacobian[:, :-1] = orbit_jacobian(shot.slopes)
            jacobian[:, -1] = shot.by_parameter * self.length / self.width
            rows = np.vstack((jacobian, normal))
            right = np.append(shot.residual / self.width, normal @ (x - origin))
            try:
                change = np.linalg.solve(rows, right)
                last = np.append(np.zeros(self.k), 1.0)
                ahead = np.linalg.solve(
                    np.vstack((jacobian, normal if towards is None else towards)), last
                )
            except np.linalg.LinAlgError:
                return None
            size = float(np.abs(change).max())
            if not math.isfinite(size) or (count > 1 and size > 2.0 * smallest > 1e-9):
                return None
            if size < 1e-9 and (size < 1e-12 or size > 0.3 * smallest):
                return Point(
                    x=x,
                    w=y[:-1],
                    value=float(y[-1]),
                    slopes=shot.slopes,
                    isi=shot.isi,
                    speeds=shot.speeds,
                    tangent=ahead / np.linalg.norm(ahead),
                    residual=float(np.abs(shot.residual).max()),
                    corrections=count,
                )
            smallest = min(smallest, size)
            x = x - change
        return None
