"""Where quiet states go in a bin of several steps, and how steeply: what a grid has to cover."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.kernel.two_variables.unit import PlaneUnit

Floats = NDArray[np.float64]
REACH = 9.0
"""Standard deviations beyond which noise does not reach (2e-19)."""
PEAK = 1.0 / np.sqrt(2.0 * np.pi)
"""Density of the standard normal law at 0."""


def check_still(one: PlaneUnit, ranges: Floats, constant: float) -> None:
    """Raise `InputError` unless states beside the plane stay as they are."""
    others = [k for k in range(1, len(one.names)) if k != one.second]
    if not others:
        return
    x = one.points(*(np.asarray(r, dtype=float) for r in ranges))
    after = one.reset(x, x)
    moved = one.step.at(np.concatenate([x, np.full((1, 2), constant)]))
    for k in others:
        ends = np.concatenate([moved[1 + k], np.stack(after)[:, k].ravel()])
        if np.any(np.abs(ends - one.rest[k]) > 1e-12 * max(1.0, abs(one.rest[k]))):
            raise InputError(
                f"steps > 1: the state {one.names[k]!r} does not stay at {one.rest[k]:g}, so that "
                "the micro state is no point of a plane; use steps=1 or kernel.from_sweep"
            )


def reached(one: PlaneUnit, ranges: Floats, constant: float, steps: int) -> Floats:
    """Return the margins and second coordinates that quiet states reach in the bin, (2, 2)."""
    w = np.array(ranges[1], dtype=float)
    spike = one.points(one.threshold(w), w)
    after = np.concatenate(
        [*one.reset(spike, spike), *one.held_at(*one.reset(spike, spike))], axis=1
    )
    v, w = np.append(after[0], ranges[0, 0]), np.concatenate([after[one.second], ranges[1]])
    lowest = float(v.min() - np.max(one.threshold(w)))
    region = np.array([[lowest, REACH * one.sigma], [w.min(), w.max()]])
    region[0, 0] -= REACH * one.sigma * np.sqrt(steps)
    for _ in range(steps + one.refractory):
        x = np.linspace(region[0, 0], 0.0, 65)[:, None]
        w = np.linspace(region[1, 0], region[1, 1], 17)[None]
        margins, seconds = moved(one, x, w, constant)
        region[0, 0] = min(region[0, 0], float(margins.min()))
        region[1] = min(region[1, 0], seconds.min()), max(region[1, 1], seconds.max())
    # What is read beyond the region is read at its edge, a kink that has to lie away from use.
    room = 0.25 * (region[1, 1] - region[1, 0]) or 1.0
    region[0, 0] -= 3.0 * one.sigma
    region[1] += [-room, room]
    return region


def slope_bounds(one: PlaneUnit, region: Floats, constant: float, steps: int) -> Floats:
    """Return bounds of abs(dG_k/dw): 0, 0 and then abs(F_w) phi(0)/sigma + abs(g_w) times it."""
    low = one.points(
        *(np.array([e]) for e in (region[0, 0] + one.threshold(region[1]).min(), region[1, 0]))
    )
    high = one.points(*(np.array([e]) for e in (one.threshold(region[1]).max(), region[1, 1])))
    ends = [np.concatenate([x, np.full((1, 1), constant)]) for x in (low, high)]
    least, most = (s[:, :, 0] for s in one.step.slopes(*ends))
    k = one.second
    sums = [least[:, k], most[:, k]]
    if one.threshold_is_state:  # at a fixed margin the potential moves with the threshold
        sums = [least[:, k] + least[:, 0], most[:, k] + most[:, 0]]
    greatest = np.maximum(np.abs(sums[0]), np.abs(sums[1]))
    bounds = [0.0, 0.0]
    for _ in range(1, steps):
        bounds.append(float(greatest[0] * PEAK / one.sigma + greatest[1 + k] * bounds[-1]))
    return np.array(bounds)


def images(one: PlaneUnit, ranges: Floats, constant: float) -> tuple[Floats, Floats]:
    """Return where a grid of the declared ranges, and the resets from it, go in one step."""
    v, w = np.meshgrid(*(np.linspace(a, b, n) for (a, b), n in zip(ranges, (257, 33), strict=True)))
    spike = one.points(one.threshold(w[:, 0]), w[:, 0])
    after = one.held_at(*one.reset(spike, spike))[0]
    v, w = np.append(v, after[0]), np.append(w, after[one.second])
    x = v - one.threshold(w)
    return moved(one, x[x < 0], w[x < 0], constant)


def moved(one: PlaneUnit, x: Floats, w: Floats, constant: float) -> tuple[Floats, Floats]:
    """Return mean margins and second coordinates one step after margins x and coordinates w."""
    x, w = np.broadcast_arrays(x, w)
    states = one.points(one.threshold(w) + x, w)
    found = one.step.at(np.concatenate([states, np.full((1, *x.shape), constant)]))
    return found[0], found[1 + one.second]
