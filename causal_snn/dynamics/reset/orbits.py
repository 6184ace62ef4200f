"""Periodic orbits of a reset map: tonic spiking and bursts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.reset.reset_map import MapValues, ResetMap, check_window
from causal_snn.dynamics.reset.shape import shape
from causal_snn.dynamics.reset.spike_orbit import SpikeOrbit, SpikeOrbits
from causal_snn.errors import bad
from causal_snn.provenance import provenance

NEWTON = 25
SAME = 1e-7  # of the window: orbits closer than this are one


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """Phi at each point of a would-be orbit: residuals and derivatives, shape (k,)."""

    residual: Floats
    slopes: Floats
    by_parameter: Floats
    isi: Floats
    speeds: Floats


def periodic(
    reset_map: ResetMap, period: int, *, window: tuple[float, float] | None = None
) -> SpikeOrbits:
    """Return the orbits of a period of a reset map, found from its graph and then polished.

    The graph of Phi is sampled and interpolated by cubics, zeros of Phi^k(w) - w and its near
    misses are candidates, and Newton's method on all k spikes at once polishes each. Orbits of
    high period may be missed where Phi^k swings faster than the samples.

    Parameters
    ----------
    reset_map : ResetMap
        The map.
    period : int
        Number of spikes k of one round; orbits of a divisor of k are left out.
    window : (float, float), optional
        Range that must hold every w of the orbit; default that of the map.

    Returns
    -------
    SpikeOrbits

    Raises
    ------
    InputError
        If the period is not a positive whole number, or the window empty.
    """
    check_count("period", period)
    low, high = reset_map.window if window is None else check_window(window)
    graph = shape(reset_map, window=(low, high)).values
    found: list[SpikeOrbit] = []
    for candidate in _candidates(graph, period, (low, high)):
        solved = polish(reset_map, candidate)
        if solved is None or not (low <= solved.w.min() and solved.w.max() <= high):
            continue
        if lower_period(solved.w, SAME * (high - low)) or any(
            same(solved.w, other.w, high - low) for other in found
        ):
            continue
        found.append(solved)
    found.sort(key=lambda item: float(item.w[0]))
    what = "fixed point" if period == 1 else f"orbit of {period} spikes"
    if len(found) > 1:
        what = what.replace("point", "points").replace("orbit", "orbits")
    many = f"{len(found) or 'no'} {what}"
    message = f"{many} of the reset map for {reset_map.state} in [{low:.6g}, {high:.6g}]"
    if not found:
        message += _why_none(graph, period, reset_map.state)
    return SpikeOrbits(
        tuple(found),
        message,
        provenance(
            "zeros of the interpolated iterate, polished by Newton's method",
            samples=len(graph.w),
            step_tolerance=reset_map.rtol,
        ),
    )


def polish(reset_map: ResetMap, w: Sequence[float] | Floats) -> SpikeOrbit | None:
    """Return the orbit near k values of w by Newton's method on all of them, or None."""
    points = np.array(w, dtype=float)
    width = reset_map.window[1] - reset_map.window[0]
    smallest = math.inf
    for _ in range(NEWTON):
        shot = shoot(reset_map, points, reset_map.field.p)
        if shot is None:
            return None
        jacobian = orbit_jacobian(shot.slopes)
        try:
            change = np.linalg.solve(jacobian, shot.residual)
        except np.linalg.LinAlgError:
            return None
        size = float(np.abs(change).max())
        if size < 1e-9 * width and (size >= 0.3 * smallest or size < 1e-14 * width):
            residual = float(np.abs(shot.residual).max())
            first = int(np.argmin(points))
            return SpikeOrbit(
                np.roll(points, -first),
                np.roll(shot.isi, -first),
                np.roll(shot.slopes, -first),
                residual,
            )
        smallest = min(smallest, size)
        points = points - change * min(1.0, 0.1 * width / size)
    return None


def shoot(
    reset_map: ResetMap,
    w: Floats,
    p: tuple[float, ...],
    parameter: int | None = None,
) -> Shot | None:
    """Return Phi(w_i) - w_(i+1) and derivatives for parameter values p, or None if undefined."""
    index, rows = reset_map.index, []
    for i, value in enumerate(w.tolist()):
        if not math.isfinite(value):
            return None
        flight = reset_map.flight(value, p, parameter)
        if not flight.spiked or flight.d_after is None:
            return None
        by_parameter = 0.0 if flight.p_after is None else flight.p_after[index]
        after = flight.after[index] - w[(i + 1) % len(w)]
        rows.append((after, flight.d_after[index, 0], by_parameter, flight.time, flight.speed))
    return Shot(*np.array(rows, dtype=float).T)


def orbit_jacobian(slopes: Floats) -> Floats:
    """Return the derivatives of Phi(w_i) - w_(i+1) by the w_j, shape (k, k)."""
    k = len(slopes)
    jacobian = np.diag(slopes)
    for i in range(k):
        jacobian[i, (i + 1) % k] -= 1.0
    return jacobian


def check_count(argument: str, value: Any, least: int = 1) -> None:
    """Raise `InputError` unless a value is a whole number, at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise bad(argument, value, f"a whole number, at least {least}")


def _candidates(graph: MapValues, period: int, window: tuple[float, float]) -> list[Floats]:
    """Return starts for Newton's method: trains of the interpolated map that nearly close."""
    grid = np.unique(np.concatenate((graph.w, np.linspace(*window, 2000 * period + 1))))
    train = [grid]
    for _ in range(period):
        train.append(_interpolate(graph, train[-1]))
    trains = np.array(train)
    with np.errstate(invalid="ignore"):
        gap = trains[-1] - grid
        hit = gap[:-1] * gap[1:] <= 0.0
        size = np.abs(gap)
        near = (size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:])
        near &= size[1:-1] < 0.02 * (window[1] - window[0])
    picks = set((np.flatnonzero(hit) + (size[1:] < size[:-1])[hit]).tolist())
    picks |= set((np.flatnonzero(near) + 1).tolist())
    return [trains[:-1, i] for i in sorted(picks)]


def _interpolate(graph: MapValues, w: Floats) -> Floats:
    """Return the cubic Hermite interpolant of Phi; NaN outside and next to undefined samples."""
    i = np.clip(np.searchsorted(graph.w, w) - 1, 0, len(graph.w) - 2)
    width = graph.w[i + 1] - graph.w[i]
    s = (w - graph.w[i]) / width
    left, right = graph.next[i], graph.next[i + 1]
    up, down = graph.slope[i] * width, graph.slope[i + 1] * width
    value = (
        left * (1 + 2 * s) * (1 - s) ** 2
        + up * s * (1 - s) ** 2
        + right * s**2 * (3 - 2 * s)
        + down * s**2 * (s - 1)
    )
    return np.where((s >= 0) & (s <= 1), value, np.nan)


def lower_period(w: Floats, distance: float) -> bool:
    """Return whether k points are an orbit of fewer spikes, repeated."""
    k = len(w)
    return any(k % d == 0 and np.abs(w - np.roll(w, d)).max() < distance for d in range(1, k))


def same(one: Floats, two: Floats, width: float) -> bool:
    """Return whether two orbits are one, whichever spike comes first."""
    return any(np.abs(np.roll(one, shift) - two).max() < SAME * width for shift in range(len(one)))


def _why_none(graph: MapValues, period: int, state: str) -> str:
    if not graph.defined.any():
        return ": no spike follows from any w there (" + "; ".join(sorted(set(graph.status))) + ")"
    if period > 1:
        return ""
    where, also = graph.w[graph.defined], ""
    if not graph.defined.all():
        also = (
            f" where a spike follows ({len(where)} of {len(graph.w)} samples, {state} from "
            f"{where.min():.6g} to {where.max():.6g})"
        )
    above = graph.next[graph.defined] > where
    for all_there, sign, end, advice in ((above, ">", -1, "higher"), (~above, "<", 0, "lower")):
        if all_there.all():
            reason = f": Phi({state}) {sign} {state} {also.strip() or 'throughout'}"
            # beyond an end without spikes there is nothing to look for
            return reason + (f", look at {advice} {state}" if graph.defined[end] else "")
    return f": Phi passes the diagonal only where it jumps or is undefined{also}"
