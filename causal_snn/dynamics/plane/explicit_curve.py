"""explicit_curve: the graph of a function within a window, as polylines a figure can use."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from causal_snn.dynamics.field import Floats

FINEST, ROUNDS = 0.004, 24
"""Longest chord, in windows, and most halvings on the way to it."""


def explicit_curve(
    curve: Callable[[Floats], Floats], u: Floats, low: float, high: float
) -> list[Floats]:
    """Return the pieces of z = curve(u) with low <= z <= high, each of shape (2, N).

    Samples are put in until no chord is longer than FINEST windows. A piece ends exactly on the
    border; poles and jumps separate pieces.
    """
    step = FINEST * (high - low)
    z = curve(u)
    for _ in range(ROUNDS):
        # Just outside is as good as far outside, so that poles are not chased.
        seen = np.clip(np.nan_to_num(z, nan=np.inf), low - step, high + step)
        wide = np.flatnonzero(np.abs(np.diff(seen)) > step)
        if not wide.size:
            break
        between = 0.5 * (u[wide] + u[wide + 1])
        u = np.insert(u, wide + 1, between)
        z = np.insert(z, wide + 1, curve(between))
    inside = (z >= low) & (z <= high)
    linked = np.zeros(len(u) + 1, dtype=bool)
    with np.errstate(invalid="ignore"):
        linked[1:-1] = inside[1:] & inside[:-1] & (np.abs(np.diff(z)) <= 2 * step)
    starts = np.flatnonzero(inside & ~linked[:-1])
    ends = np.flatnonzero(inside & ~linked[1:])
    pieces = []
    for i, j in zip(starts.tolist(), ends.tolist(), strict=True):
        before = _border(curve, u, z, i, i - 1, low, high, step)
        after = _border(curve, u, z, j, j + 1, low, high, step)
        inner = np.array([u[i : j + 1], z[i : j + 1]])
        piece = np.concatenate([before, inner, after], axis=1)
        if piece.shape[1] > 1:
            pieces.append(piece)
    return pieces


def _border(
    curve: Callable[[Floats], Floats],
    u: Floats,
    z: Floats,
    last: int,
    out: int,
    low: float,
    high: float,
    step: float,
) -> Floats:
    """Return the point, shape (2, 1), where the curve leaves the window; (2, 0) if it does not."""
    from scipy.optimize import brentq

    if not 0 <= out < len(u) or not np.isfinite(z[out]):
        return np.empty((2, 0))
    border = high if z[out] > high else low
    if abs(z[last] - border) > 2 * step or z[last] == border or low <= z[out] <= high:
        return np.empty((2, 0))
    at = brentq(lambda v: curve(np.array([v]))[0] - border, u[last], u[out], xtol=1e-15)
    return np.array([[at], [border]])


def zeros(g: Callable[[Floats], Floats], at: Floats, values: Floats) -> list[float]:
    """Return zeros between samples: changes of sign, and touching zeros."""
    from scipy.optimize import brentq, minimize_scalar

    def one(v: float) -> float:
        return float(g(np.array([v]))[0])

    found = [float(v) for v in at[values == 0]]
    signs = np.sign(values)
    found += [
        float(brentq(one, at[k], at[k + 1], xtol=1e-15))
        for k in np.flatnonzero(signs[:-1] * signs[1:] < 0)
    ]
    size = np.abs(values)
    dips = np.flatnonzero((size[1:-1] < size[:-2]) & (size[1:-1] < size[2:])) + 1
    for k in dips[(signs[dips - 1] == signs[dips]) & (signs[dips] == signs[dips + 1])]:
        best = minimize_scalar(
            lambda v: abs(one(v)),
            bounds=(at[k - 1], at[k + 1]),
            method="bounded",
            options={"xatol": 1e-12 * (at[-1] - at[0])},
        )
        if best.fun <= 1e-12 * size.max():
            found.append(float(best.x))
    return sorted(found)
