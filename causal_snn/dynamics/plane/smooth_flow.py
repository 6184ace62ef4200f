"""smooth_flow: one piece of orbit between events, safe through the upswing of a spike.

A quadratic or exponential neuron nears its cutoff in times that a clock no longer resolves. So
the flow is followed in s, with dt/ds = 1/sqrt(1 + |x'|^2), x' counted in `scale` per ms: s is
time where the neuron is slow and path length where it is fast, and t(s) is one more state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causal_snn.dynamics.field import Field, Floats

RTOL = 1e-11
"""Default relative tolerance of a step."""
MOST_STEPS = 50_000
TOO_FAR = 1e30
"""Scales from 0 beyond which an orbit has blown up."""
FEWEST, MOST, CHORD = 4, 64, 0.015
"""Points kept per step: a chord is at most CHORD of the scale, within FEWEST to MOST points."""
TIME_RTOL = 100 * float(np.finfo(float).eps)
"""The least that scipy accepts: the error of t is bounded absolutely, not in proportion to t."""

type Stop = tuple[str, Callable[[Floats, Floats], Floats]]
"""A name and a function of (t, x) for points (K,), (n, K); the flow ends where it reaches 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A smooth piece of orbit.

    Attributes
    ----------
    t : array, shape (N,)
        Time since its start (ms), counted upwards also when the flow runs backwards.
    x : array, shape (n, N)
        States.
    ended : str
        Name of the stop that ended it, ``"duration"``, ``"length"``, ``"blow-up"``,
        ``"step limit"``, ``"no drift"`` (the drift is not a finite number) or ``"step size"``
        (no step is small enough).
    """

    t: Floats
    x: Floats
    ended: str


def scales(field: Field) -> Floats:
    """Return the natural scale of each state, shape (n,): the width of its domain."""
    domain = field.model.equations.domain
    if not domain:
        return np.full(field.n, 100.0)
    return np.array([high - low for low, high in domain])


def smooth_flow(
    field: Field,
    start: Floats,
    duration: float,
    *,
    stops: Sequence[Stop] = (),
    backward: bool = False,
    rtol: float = RTOL,
    scale: Floats | None = None,
    longest: float = math.inf,
    most_steps: int = MOST_STEPS,
) -> Piece:
    """Follow the flow from a state until a stop or for `duration` ms, by DOP853.

    An end is first found on the dense output, then the last step is taken again to that very
    point, so that it is as accurate as the steps are (Henon, Physica D 5:412, 1982).

    Parameters
    ----------
    field : Field
        The vector field.
    start : array, shape (n,)
        Where to start; every stop is negative here.
    duration : float
        Longest time (ms).
    stops : sequence of (str, function)
        What else ends the flow, see `Stop`. A shallow crossing within one step is found too.
    backward : bool
        Whether to follow the flow backwards in time.
    rtol : float
        Relative tolerance; the absolute one is `rtol`/1000 of a state's scale.
    scale : array, shape (n,), optional
        Natural scale of each state; default `scales`.
    longest : float
        Path length, in scales, after which to end.
    most_steps : int
        Steps after which to give up.
    """
    from scipy.integrate import DOP853

    scale = scales(field) if scale is None else scale
    rhs = _slowed(field, scale, -1.0 if backward else 1.0)
    far = TOO_FAR * scale[:, None]
    ends = [
        *stops,
        ("duration", lambda t, _x: t - duration),
        ("blow-up", lambda _t, x: np.max(np.abs(x) / far, axis=0) - 1.0),
    ]
    z = np.append(start, 0.0)
    pieces = [z[:, None]]
    length = 0.0
    with np.errstate(all="ignore"):
        if not np.all(np.isfinite(rhs(0.0, z))):
            return _piece(pieces, "no drift")
        options = {
            "rtol": np.append(np.full(len(start), rtol), TIME_RTOL),
            "atol": np.append(1e-3 * rtol * scale, 1e-3 * rtol),
        }
        solver = DOP853(rhs, 0.0, z, math.inf, **options)
        for _ in range(most_steps):
            before = solver.y.copy()
            solver.step()
            if solver.status == "failed":
                finite = np.all(np.isfinite(rhs(0.0, before * (1 + 1e-12))))
                return _piece(pieces, "step size" if finite else "no drift")
            dense = solver.dense_output()
            s = np.linspace(solver.t_old, solver.t, _points(before, solver.y, scale) + 1)
            found = _first_stop(dense, s, ends)
            if found is None:
                pieces.append(dense(s[1:]))
                length += _length(before, pieces[-1], scale)
                if length > longest:
                    return _piece(pieces, "length")
                continue
            name, g, s_end = found
            last = _retake(rhs, before, s_end - solver.t_old, options)
            last = _polish(rhs, last, g)
            pieces.append(np.column_stack([dense(s[(s > s[0]) & (s < s_end)]), last]))
            return _piece(pieces, name)
    return _piece(pieces, "step limit")


def _slowed(field: Field, scale: Floats, sign: float) -> Callable[[float, Floats], Floats]:
    n = len(scale)

    def rhs(_s: float, z: Floats) -> Floats:
        rate = sign * field.f(z[:n])
        slow = 1.0 / math.hypot(1.0, *(rate / scale).tolist())
        out = np.empty(n + 1)
        out[:n] = rate * slow
        out[n] = slow
        return out

    return rhs


def _points(before: Floats, after: Floats, scale: Floats) -> int:
    chord = float(np.max(np.abs(after - before)[:-1] / scale))
    return int(np.clip(math.ceil(chord / CHORD), FEWEST, MOST)) if math.isfinite(chord) else FEWEST


def _length(before: Floats, points: Floats, scale: Floats) -> float:
    chords = np.diff(np.column_stack([before, points])[:-1], axis=1) / scale[:, None]
    return float(np.sum(np.sqrt(np.sum(chords**2, axis=0))))


def _first_stop(
    dense: Any, s: Floats, ends: Sequence[Stop]
) -> tuple[str, Callable[[Floats], float], float] | None:
    """Return the name, function and place of the first stop within a step."""
    from scipy.optimize import brentq

    z = dense(s)
    first = None
    for name, stop in ends:
        values = stop(z[-1], z[:-1])

        def g(point: Floats, stop: Any = stop) -> float:
            return float(stop(point[-1:], point[:-1, None])[0])

        def along(at: float, g: Any = g) -> float:
            return float(g(dense(at)))

        k = int(np.argmax(values >= 0))
        if values[k] >= 0:
            low, high = s[max(k - 1, 0)], s[k]
        elif (peak := _hidden_peak(along, s, values)) is not None:
            low, high = s[0], peak
        else:
            continue
        root = high if along(low) >= 0 else brentq(along, low, high, xtol=1e-15, rtol=1e-14)
        if first is None or root < first[2]:
            first = (name, g, root)
    return first


def _hidden_peak(along: Callable[[float], float], s: Floats, values: Floats) -> float | None:
    """Return a place between samples where a stop is reached, if it is reached at all there."""
    from scipy.optimize import minimize_scalar

    k = int(np.argmax(values))
    # Between samples a parabola rises by at most half the steepest difference.
    if values[k] + 0.5 * np.max(np.abs(np.diff(values))) < 0:
        return None
    low, high = s[max(k - 1, 0)], s[min(k + 1, len(s) - 1)]
    best = minimize_scalar(lambda at: -along(at), bounds=(low, high), method="bounded")
    return float(best.x) if best.fun <= 0 else None


def _retake(rhs: Any, before: Floats, length: float, options: dict[str, Any]) -> Floats:
    from scipy.integrate import DOP853

    if length <= 0:
        return before
    solver = DOP853(rhs, 0.0, before, length, **options)
    while solver.status == "running":
        solver.step()
    return np.asarray(solver.y)


def _polish(rhs: Any, z: Floats, g: Callable[[Floats], float]) -> Floats:
    """Move along the flow by the last, tiny rest of the stop's function."""
    along = rhs(0.0, z)
    step = 1e-6
    slope = (g(z + step * along) - g(z - step * along)) / (2 * step)
    rest = g(z)
    if slope == 0 or not math.isfinite(slope) or abs(rest / slope) > 1e-3:
        return z
    return np.asarray(z - along * (rest / slope))


def _piece(pieces: list[Floats], ended: str) -> Piece:
    z = np.concatenate(pieces, axis=1)
    # In an upswing t moves by less than its rounding.
    return Piece(t=np.maximum.accumulate(z[-1]), x=z[:-1], ended=ended)
