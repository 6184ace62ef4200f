"""shape: the graph of a reset map, with its maximum, its gaps and its jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.reset.reset_map import MapValues, ResetMap, check_window

FINE = 2e-3  # of the window: how far a straight line between samples may be from the graph
POINTS, ROUNDS = 65, 14
JUMP = 1e-2  # of the window: a step of Phi this large over the narrowest interval is a jump


@dataclass(frozen=True, slots=True, eq=False)
class MapShape:
    """Samples of Phi, closer together where it bends, and what stands out.

    Attributes
    ----------
    values : MapValues
        The samples in order of w.
    nullcline : array
        Where the reset line meets the nullcline of the potential: Phi' = 0 there.
    maximum : (float, float) or None
        The highest of these points: w and Phi(w).
    undefined : tuple of (float, float)
        Intervals of w from which no spike follows; their ends to 1e-10 of the window.
    jumps : tuple of float
        Where Phi changes by more than 1% of the window within 2e-6 of it: a discontinuity, on
        the stable manifold of a saddle, or a slope too steep to tell from one.
    """

    values: MapValues
    nullcline: Floats
    maximum: tuple[float, float] | None
    undefined: tuple[tuple[float, float], ...]
    jumps: tuple[float, ...]


def shape(reset_map: ResetMap, *, window: tuple[float, float] | None = None) -> MapShape:
    """Return the graph of Phi over a window.

    Parameters
    ----------
    reset_map : ResetMap
        The map.
    window : (float, float), optional
        Range of w; default that of the map.

    Returns
    -------
    MapShape
    """
    low, high = reset_map.window if window is None else check_window(window)
    width = high - low
    crossing = crossings(reset_map, (low, high))
    values = reset_map.evaluate(np.union1d(np.linspace(low, high, POINTS), crossing))
    for _ in range(ROUNDS):
        middle = _rough(values, width)
        if not len(middle):
            break
        values = _merge(values, reset_map.evaluate(middle))
    values = _edges(reset_map, values, width)
    maximum = None
    if len(crossing):
        at = np.isin(values.w, crossing) & values.defined
        if at.any():
            best = int(np.nanargmax(np.where(at, values.next, -np.inf)))
            maximum = (float(values.w[best]), float(values.next[best]))
    return MapShape(values, crossing, maximum, _gaps(values), _jumps(values, width))


def crossings(reset_map: ResetMap, window: tuple[float, float]) -> Floats:
    """Return the w in a window where dV/dt = 0 on the reset line, in order."""
    from scipy.optimize import brentq

    fld, potential = reset_map.field, reset_map.reset_potential

    def rate(w: float) -> float:
        return float(fld.f((potential, w))[0])

    grid = np.linspace(*window, 201)
    rates = fld.batch(np.stack([np.full_like(grid, potential), grid]))[0]
    found = grid[rates == 0.0].tolist()
    for i in np.flatnonzero(rates[:-1] * rates[1:] < 0.0):
        found.append(brentq(rate, grid[i], grid[i + 1], xtol=1e-13, rtol=1e-14))
    return np.array(sorted(found))


def _rough(values: MapValues, width: float) -> Floats:
    """Return the middles of intervals where the samples do not show the graph yet."""
    gap = np.diff(values.w)
    bend = np.abs(np.diff(values.slope)) * gap / 8.0  # of a parabola from its chord
    step = np.abs(np.diff(values.next) - 0.5 * gap * (values.slope[1:] + values.slope[:-1]))
    with np.errstate(invalid="ignore"):
        rough = (bend > FINE * width) | (step > FINE * width)
    split = rough & (gap > 1e-6 * width)
    return np.asarray(0.5 * (values.w[1:] + values.w[:-1])[split])


def _edges(reset_map: ResetMap, values: MapValues, width: float) -> MapValues:
    """Return the samples with the ends of undefined intervals found by bisection."""
    low, high = [], []
    for i in np.flatnonzero(values.defined[:-1] != values.defined[1:]):
        left, right = float(values.w[i]), float(values.w[i + 1])
        spiked = bool(values.defined[i])
        while right - left > 1e-10 * width:
            middle = 0.5 * (left + right)
            if reset_map.flight(middle).spiked == spiked:
                left = middle
            else:
                right = middle
        low.append(left)
        high.append(right)
    return _merge(values, reset_map.evaluate(np.array(low + high))) if low else values


def _merge(one: MapValues, two: MapValues) -> MapValues:
    w, first = np.unique(np.concatenate((one.w, two.w)), return_index=True)
    return MapValues(
        w=w,
        next=np.concatenate((one.next, two.next))[first],
        isi=np.concatenate((one.isi, two.isi))[first],
        slope=np.concatenate((one.slope, two.slope))[first],
        status=np.concatenate((one.status, two.status))[first],
    )


def _gaps(values: MapValues) -> tuple[tuple[float, float], ...]:
    inside = np.concatenate(([False], ~values.defined, [False])).astype(int)
    ends = np.flatnonzero(np.diff(inside))
    return tuple(
        (float(values.w[a]), float(values.w[b - 1]))
        for a, b in zip(ends[::2], ends[1::2], strict=True)
    )


def _jumps(values: MapValues, width: float) -> tuple[float, ...]:
    gap = np.diff(values.w)
    straight = 0.5 * gap * (values.slope[1:] + values.slope[:-1])
    with np.errstate(invalid="ignore"):
        far = np.abs(np.diff(values.next) - straight) > JUMP * width
    at = np.flatnonzero(far & (gap < 2e-6 * width))
    return tuple(float(0.5 * (values.w[i] + values.w[i + 1])) for i in at)
