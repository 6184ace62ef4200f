"""Where the units, connections and complexes of a network figure lie, in data coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BEND = 0.2
"""How far the middle of a connection with a way back lies off the chord, over its length."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A connection: the points of its shaft, the tip, and the direction in which it arrives."""

    shaft: Floats
    tip: Floats
    direction: Floats


def positions(n: int) -> Floats:
    """Return the centres of n units on a circle, the first on top, clockwise; shape (n, 2)."""
    if n == 1:
        return np.zeros((1, 2))
    if n == 2:
        return np.array([[-0.7, 0.0], [0.7, 0.0]])
    angle = np.pi / 2 - 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def radius(n: int) -> float:
    """Return the radius of a unit."""
    return 0.22 if n < 6 else 0.42 * float(np.sin(np.pi / n))


def connection(
    start: Floats, stop: Floats, r: float, *, bent: bool, head: float, gap: float
) -> Curve:
    """Return a connection between the rims of two units of radius `r`.

    The tip keeps `gap` from the rim, and the shaft ends `head` before it. Bent connections
    keep to the left of their direction, so that a pair of them never overlaps.
    """
    chord = stop - start
    normal = np.array([-chord[1], chord[0]])
    control = (start + stop) / 2.0 + (BEND * normal if bent else 0.0)
    t = np.linspace(0.0, 1.0, 401)[:, None]
    points = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * stop
    return _trimmed(points, start, stop, r, head, gap)


def self_loop(centre: Floats, outward: Floats, r: float, *, head: float, gap: float) -> Curve:
    """Return a connection from a unit to itself, on its outer side."""
    middle = centre + 1.35 * r * outward
    q = 0.75 * r
    away = np.arctan2(outward[1], outward[0])
    angle = away + np.linspace(np.pi, -np.pi, 401)
    points = middle + q * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _trimmed(points, centre, centre, r, head, gap)


def _trimmed(
    points: Floats, start: Floats, stop: Floats, r: float, head: float, gap: float
) -> Curve:
    half = len(points) // 2
    from_start = np.hypot(*(points - start).T)
    from_stop = np.hypot(*(points - stop).T)
    first = int(np.flatnonzero(from_start[:half] <= r + 0.05 * r)[-1]) + 1
    end = half + int(np.flatnonzero(from_stop[half:] >= r + gap)[-1])
    tip = points[end]
    last = end
    while last > first and np.hypot(*(points[last] - tip)) < head:
        last -= 1
    way = tip - points[last] if last < end else points[end] - points[end - 1]
    return Curve(points[first : last + 1], tip, way / np.hypot(*way))


def triangle(curve: Curve, length: float, width: float) -> Floats:
    """Return the corners of an arrow head at the tip of a connection, shape (3, 2)."""
    back = curve.tip - length * curve.direction
    side = width / 2.0 * np.array([-curve.direction[1], curve.direction[0]])
    return np.array([curve.tip, back + side, back - side])


def bar(curve: Curve, centre: Floats, width: float) -> Floats:
    """Return the ends of a bar at the tip of a connection, along the rim of the target."""
    inwards = (centre - curve.tip) / np.hypot(*(centre - curve.tip))
    side = width / 2.0 * np.array([-inwards[1], inwards[0]])
    return np.array([curve.tip - side, curve.tip + side])


def hull(points: Floats) -> Floats:
    """Return the corners of the convex hull of points in the plane (Andrew's monotone chain)."""
    ordered = sorted({(float(x), float(y)) for x, y in points})
    if len(ordered) < 3:
        return np.array(ordered)

    def chain(sequence: list[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for p in sequence:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], p) <= 0:
                kept.pop()
            kept.append(p)
        return kept[:-1]

    return np.array(chain(ordered) + chain(ordered[::-1]))


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def outline(members: Floats, margin: float) -> Floats:
    """Return the hull of the members' centres grown by `margin`, rounded at the corners."""
    angle = np.linspace(0.0, 2 * np.pi, 48, endpoint=False)
    rim = margin * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return hull((members[:, None, :] + rim).reshape(-1, 2))
