"""The tops and bottoms of a potential between the points of its integration."""

from __future__ import annotations

import math

import numpy as np

STEADY, LOOKS = 1e-6, 4
"""Relative change per swing, and number of swings, of an oscillation that has settled."""


def top(v: float, slope: float, v_new: float, slope_new: float, dt: float) -> float:
    """Return an upper estimate of a potential between two points, by their tangents."""
    if not (slope > 0.0 > slope_new):
        return max(v, v_new)
    # where the two tangents meet: a concave arc stays below
    meet = (v_new - v - slope_new * dt) / (slope - slope_new)
    return v + slope * min(max(meet, 0.0), dt)


class Swings:
    """The tops and bottoms of a potential, to see when an oscillation no longer changes."""

    def __init__(self, level: float) -> None:
        self.level = level
        self.top = self.bottom = self.size = math.nan
        self.steady = 0

    def settled(self, v: float, slope: float, v_new: float, slope_new: float, dt: float) -> bool:
        """Take a step into account; return whether the oscillation has settled."""
        if slope == 0.0 or (slope > 0) == (slope_new > 0):
            return False
        extreme = vertex(v, slope, v_new, slope_new, dt)
        if slope < 0:
            self.bottom = extreme
            return False
        self.top = extreme
        size = self.top - self.bottom
        change = abs(size - self.size) / size if size > 0 else math.inf
        self.steady = self.steady + 1 if change < STEADY else 0
        self.size = size
        return self.steady >= LOOKS and self.top < self.level


def vertex(v: float, slope: float, v_new: float, slope_new: float, dt: float) -> float:
    """Return the extreme value of the cubic through two points with opposite slopes."""
    mean = (v_new - v) / dt
    a = 3.0 * (slope + slope_new - 2.0 * mean)
    b = 2.0 * (3.0 * mean - 2.0 * slope - slope_new)
    roots = np.roots([a, b, slope]) if a else np.array([-slope / b])
    inside = [float(s.real) for s in roots if abs(s.imag) < 1e-12 and 0.0 <= s.real <= 1.0]
    s = inside[0] if inside else 0.5
    return v + dt * s * (slope + s * (0.5 * b + s * a / 3.0))
