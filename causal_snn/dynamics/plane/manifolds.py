"""manifolds: the curves that run into a saddle and out of it.

The stable manifold of a saddle is what separates the initial states of a bistable or excitable
neuron; where it leads back into the saddle's unstable manifold there is a homoclinic orbit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from causal_snn.dynamics.equilibrium.equilibrium import Equilibrium
from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.plane.nullclines import Window
from causal_snn.dynamics.plane.smooth_flow import Stop, smooth_flow
from causal_snn.dynamics.plane.trajectory import threshold_stop

OFFSET = 1e-6
"""First step along the eigenvector, in windows; the manifold bends away by about its square."""
MARGIN = 1.0
"""How far outside the window a manifold is followed, in windows: it may come back."""
LONGEST = 12.0
"""Path length at which a manifold that winds (onto a cycle, say) is left, in windows."""
MOST_STEPS = 5000
SLOWEST = 1e-5
"""Rate (per ms) below which nothing is waited for."""
NEAR = 1e-4
"""Distance in windows at which a manifold has arrived at another equilibrium."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Manifold:
    """One of the four branches of a planar saddle's manifolds.

    Attributes
    ----------
    saddle : array, shape (2,)
        The saddle.
    kind : str
        ``"stable"`` (states that run into the saddle) or ``"unstable"``.
    eigenvalue : float
        Of the direction it leaves along (per ms).
    x : array, shape (2, N)
        The curve, from the saddle outwards.
    t : array, shape (N,)
        Time of the flow along it (ms), 0 at its second point: falling on stable branches,
        infinite where it arrives at an equilibrium.
    ended : str
        ``"window"`` (it left the neighbourhood of the window), ``"equilibrium"`` (it arrived
        at another one), ``"threshold"`` (a spike), ``"length"`` (it winds on), or what
        `smooth_flow` says.
    """

    saddle: Floats
    kind: str
    eigenvalue: float
    x: Floats
    t: Floats
    ended: str


def manifolds(
    field: Field,
    saddle: Equilibrium,
    window: Window,
    *,
    others: Iterable[Equilibrium] = (),
) -> tuple[Manifold, ...]:
    """Return the branches of the stable and unstable manifold of a saddle in the plane.

    Each starts a millionth of the window from the saddle on the eigenvector, and is followed
    forwards (unstable) or backwards (stable) in time, without resets.

    Parameters
    ----------
    field : Field
        Vector field of a model with two states.
    saddle : Equilibrium
        The saddle; nothing is returned for other kinds.
    window : ((float, float), (float, float))
        Range of each state.
    others : iterable of Equilibrium
        Equilibria at which a branch may arrive.

    Returns
    -------
    tuple of Manifold
        Two unstable, then two stable branches.
    """
    if saddle.kind != "saddle" or not saddle.admissible:
        return ()
    width = np.array([high - low for low, high in window])
    values, vectors = np.linalg.eig(field.jac(saddle.state))
    others = tuple(others)
    # The offset grows to the size of the window in ln(1/OFFSET)/|rate|.
    slowest = min(float(np.abs(p.eigenvalues.real).min()) for p in (saddle, *others))
    duration = -20.0 * float(np.log(OFFSET)) / max(slowest, SLOWEST)
    found = []
    for index in np.argsort(-values.real):
        rate = float(values[index].real)
        ends = [point.state for point in others if _draws_in(point, forward=rate > 0)]
        direction = vectors[:, index].real
        direction = direction / np.max(np.abs(direction / width))
        for side in (1.0, -1.0):
            start = saddle.state + side * OFFSET * direction
            found.append(_branch(field, saddle.state, rate, start, ends, window, duration))
    return tuple(found)


def _draws_in(point: Equilibrium, *, forward: bool) -> bool:
    rates = point.eigenvalues.real if forward else -point.eigenvalues.real
    return bool(np.all(rates < 0))


def _branch(
    field: Field,
    saddle: Floats,
    rate: float,
    start: Floats,
    ends: list[Floats],
    window: Window,
    duration: float,
) -> Manifold:
    stable = rate < 0
    width = np.array([high - low for low, high in window])
    piece = smooth_flow(
        field,
        start,
        duration,
        stops=_stops(field, window, start, ends),
        backward=stable,
        scale=width,
        longest=LONGEST,
        most_steps=MOST_STEPS,
    )
    x, t = [saddle[:, None], piece.x], [np.zeros(1), piece.t]
    if piece.ended == "equilibrium":
        last = piece.x[:, -1]
        x.append(min(ends, key=lambda end: _gap(end, last, width))[:, None])
        t.append(np.array([np.inf]))
    return Manifold(
        saddle=saddle,
        kind="stable" if stable else "unstable",
        eigenvalue=rate,
        x=np.concatenate(x, axis=1),
        t=np.concatenate(t) * (-1.0 if stable else 1.0),
        ended=piece.ended,
    )


def _stops(field: Field, window: Window, start: Floats, ends: list[Floats]) -> tuple[Stop, ...]:
    low, high = np.array(window).T[..., None]
    width = high - low
    # An end closer than this is the other half of a fold, not a place to arrive at.
    away = [end[:, None] for end in ends if _gap(end, start, width[:, 0]) > 2 * NEAR]

    def outside(_t: Floats, x: Floats) -> Floats:
        return np.asarray(np.max(np.maximum(low - x, x - high) / width, axis=0) - MARGIN)

    def arrived(_t: Floats, x: Floats) -> Floats:
        gaps = [np.max(np.abs(x - end) / width, axis=0) for end in away]
        return np.asarray(NEAR - np.min(gaps, axis=0))

    stops = [*threshold_stop(field), ("window", outside)]
    return (*stops, ("equilibrium", arrived)) if away else tuple(stops)


def _gap(a: Floats, b: Floats, width: Floats) -> float:
    return float(np.max(np.abs(a - b) / width))
