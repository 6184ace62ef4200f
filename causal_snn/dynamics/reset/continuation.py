"""continue_reset_map: tonic spiking and bursts of a reset map followed in any parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.floats import floats, is_number
from causal_snn.dynamics.reset import special as reset_special
from causal_snn.dynamics.reset.branch import ResetBranch
from causal_snn.dynamics.reset.curve import Curve, Point
from causal_snn.dynamics.reset.orbits import periodic, polish
from causal_snn.dynamics.reset.reset_map import ResetMap, reset_map
from causal_snn.dynamics.reset.spike_orbit import SpikeOrbit
from causal_snn.dynamics.special import SpecialPoint, SpecialPoints
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel
from causal_snn.progress import track
from causal_snn.provenance import provenance

PATIENCE, CRAWL = 40, 1e-8  # steps, and the least distance that they must cover together
TOUCH = 1e-5  # slowest crossing over the fastest, at which the threshold is only touched
SMALLEST = 1e-10  # step, as a fraction of window and span, at which an edge is located


def continue_reset_map(
    source: ResetMap | NeuronModel | SpecialPoint,
    parameter: str,
    span: tuple[float, float],
    *,
    period: int = 1,
    start: float | Sequence[float] | SpikeOrbit | None = None,
    step: float = 0.02,
    max_points: int = 500,
    progress: bool = False,
    **params: float,
) -> ResetBranch:
    r"""Follow an orbit of a reset map in a parameter, past its folds.

    Pseudo-arclength continuation of w_1 ... w_k and the parameter, with k equations
    Phi(w_i) = w_(i+1) whose derivatives come from the variational equation. On the way are
    located

    * **PD**, multiplier -1: an orbit of 2k spikes branches off. ``criticality`` is from the
      cubic coefficient c = (Phi^k)''^2/4 + (Phi^k)'''/6 (Kuznetsov, Elements of Applied
      Bifurcation Theory, section 4.5); supercritical (the new orbit is stable) if c > 0.
    * **LP**, multiplier +1 where the parameter turns; **BP**, multiplier +1 where it does not.

    The branch ends where Phi does, and the special point says at which edge:

    * **BC**, border collision: a flight touches the threshold without crossing it
      (dV/dt = 0 at the spike). Phi' grows without bound towards it and Phi jumps behind it.
    * **HC**: a reset point reaches the stable manifold of a saddle, so that the interval to the
      next spike tends to infinity; behind it the flight goes to rest.
    * **SNIC**: equilibria appear on the flight by a saddle-node, and the interval tends to
      infinity. `value` is then polished on the saddle-node's own equations.

    The reset point's crossing of the potential's nullcline is no edge: Phi is smooth there, with
    Phi' = 0 (the orbit is superstable).

    Parameters
    ----------
    source : ResetMap, NeuronModel or SpecialPoint
        What to follow; a PD point of a branch gives the orbit with twice the spikes.
    parameter : str
        Name of any parameter: reset, jump, current, cutoff, time constants.
    span : (float, float)
        Parameter values to begin at and to go towards; either may be the larger. From a PD
        point: the limits.
    period : int
        Number of spikes k of the orbit; not for a PD point.
    start : float, sequence of k floats or SpikeOrbit, optional
        Where the orbit is at ``span[0]``. Default: the first stable one in the map's window,
        else the first.
    step : float
        Largest step along the branch, as a fraction of the window and the span.
    max_points : int
        Number of points after which to stop.
    progress : bool
        Whether to show a bar.
    **params
        Parameter values to change.

    Returns
    -------
    ResetBranch
        Empty, with the reason in `stopped`, if there is no orbit to start from.

    Raises
    ------
    InputError
        If the model has no reset map, a name is unknown, a value is outside its meaning, or
        the span is empty.
    """
    found, first = _source(source, params)
    index = found.field.index(parameter)
    low, high = _check_span(found, parameter, span)
    if not (is_number(step) and 0 < step <= 0.5):
        raise bad("step", step, "a fraction between 0 and 0.5")
    if not (is_number(max_points) and max_points >= 2):
        raise bad("max_points", max_points, "at least 2")
    if first is None:
        found = found.at(**{parameter: low})
        begin, why = _begin(found, period, start)
        if begin is None:
            return _empty(found, parameter, period, why)
        curve = Curve(found, index, (low, high), begin.spikes)
        points = curve.start(begin.w)
    else:
        value = found.field.p[index]
        if not min(low, high) < value < max(low, high):
            raise bad("span", span, f"around {parameter} = {value:.10g}, where the orbit doubles")
        curve, why = Curve(found, index, (low, high), 2 * len(first)), "period doubling"
        points = curve.start_doubled(first, value, 0.5 * step)
    if not points:
        return _empty(found, parameter, curve.k, f"Newton's method finds no orbit ({why})")
    return _branch(curve, parameter, _walk(curve, points, step, max_points, progress), why)


@dataclass(slots=True)
class _Walk:
    """A branch as far as it has come: its points, and every step since they were thinned."""

    curve: Curve
    points: list[Point]
    trail: list[Point]
    special: list[SpecialPoint]
    stopped: str = ""

    def to(self, new: Point, apart: float) -> None:
        """Go on to a point; keep it if it is so far from the last one kept."""
        labels = [point.label for point in self.special]
        count = len(self.points)
        self.special += reset_special.between(self.curve, self.trail[-1], new, count, labels)
        self.trail.append(new)
        if self.curve.distance(self.points[-1], new) > apart:
            self.points.append(new)

    def meet_edge(self, size: float) -> None:
        """End at the edge of Phi."""
        if self.trail[-1] is not self.points[-1]:
            self.points.append(self.trail[-1])
        found = reset_special.edge(self.curve, self.points, self.trail, size)
        self.special.append(found)
        self.stopped = f"{found.name}: {found.details['edge']}"


def _walk(curve: Curve, first: list[Point], step: float, most: int, progress: bool) -> _Walk:
    """Step along the curve with a step that adapts, until an end."""
    walk = _Walk(curve, list(first), list(first), [])
    size, good, fastest = 0.5 * step, 0, max(float(point.speeds.max()) for point in first)
    for count in track(range(20 * most), label="continuation", show=progress):
        here = walk.trail[-1]
        crawls = count >= PATIENCE and len(walk.trail) > PATIENCE and (
            curve.distance(walk.trail[-PATIENCE], here) < CRAWL
        )  # fmt: skip
        if size < SMALLEST or crawls or here.speeds.min() < TOUCH * fastest:
            walk.meet_edge(max(size, SMALLEST))
            return walk
        new, ends = curve.step(here, size), False
        if new is not None and not curve.inside(new):
            new, ends = curve.at_limit(here, new), True
        if new is None:
            size, good = 0.5 * size, 0
            continue
        walk.to(new, 0.0 if ends else 0.02 * step)
        if ends:
            walk.stopped = f"the end of the span, {curve.limit_name(new)}"
            return walk
        if len(walk.points) >= most:
            break
        good, fastest = good + 1, max(fastest, float(new.speeds.max()))
        if good > 2:
            size = min(step, size * curve.growth(new))
    walk.stopped = f"max_points = {most} reached"
    return walk


def _source(
    source: ResetMap | NeuronModel | SpecialPoint, params: dict[str, Any]
) -> tuple[ResetMap, Floats | None]:
    """Return the map, and the orbit to double if the source is a PD point."""
    if isinstance(source, SpecialPoint):
        if source.label != "PD" or not isinstance(source.details.get("map"), ResetMap):
            raise bad(
                "source", source.name, "a PD point of a branch of a reset map",
                "New orbits branch off at those only.",
            )  # fmt: skip
        if params:
            raise bad("params", params, "nothing, from a PD point")
        found: ResetMap = source.details["map"]
        return found, np.asarray(source.state)
    if isinstance(source, ResetMap):
        return source.at(**params) if params else source, None
    return reset_map(source, **params), None


def _check_span(found: ResetMap, parameter: str, span: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = (float(value) for value in span)
    except (TypeError, ValueError):
        raise bad("span", span, "two numbers (from, to)") from None
    if not np.isfinite([low, high]).all() or low == high:
        raise bad("span", span, "two different finite numbers")
    for value in (low, high):
        found.field.at(**{parameter: value})  # the model's own checks
    return low, high


def _begin(
    found: ResetMap, period: int, start: float | Sequence[float] | SpikeOrbit | None
) -> tuple[SpikeOrbit | None, str]:
    """Return the orbit to start from, or None, and a word about it."""
    if start is None:
        orbits = periodic(found, period)
        best = [orbit for orbit in orbits if orbit.stable] or list(orbits)
        return (best[0] if best else None), "the start of the span" if best else orbits.message
    guess = start.w if isinstance(start, SpikeOrbit) else np.atleast_1d(floats(start))
    if guess.ndim != 1 or not np.isfinite(guess).all():
        raise bad("start", start, f"a value of {found.state}, or one for each of k spikes")
    if len(guess) == 1 and period > 1:
        train = found.orbit(float(guess[0]), period - 1)
        guess = train.w
    if not isinstance(start, SpikeOrbit) and len(guess) != period:
        raise bad("start", start, f"{period} values, one for each spike of the period")
    orbit = polish(found, guess)
    if orbit is None:
        return None, f"no orbit near start = {start!r}"
    return orbit, "the start of the span"


def _empty(found: ResetMap, parameter: str, period: int, why: str) -> ResetBranch:
    return ResetBranch(
        model=found.model,
        parameter=parameter,
        state=found.state,
        values=np.empty(0),
        states=np.empty((0, period)),
        isi=np.empty((0, period)),
        multipliers=np.empty(0),
        special=SpecialPoints(),
        stopped=(why, why),
        provenance=provenance("pseudo-arclength continuation of a reset map"),
    )


def _branch(curve: Curve, parameter: str, walk: _Walk, why: str) -> ResetBranch:
    return ResetBranch(
        model=curve.map_at(walk.points[0]).model,
        parameter=parameter,
        state=curve.map.state,
        values=np.array([point.value for point in walk.points]),
        states=np.array([point.w for point in walk.points]),
        isi=np.array([point.isi for point in walk.points]),
        multipliers=np.array([point.multiplier for point in walk.points]),
        special=SpecialPoints(reset_special.told_apart(walk.special)),
        stopped=(why, walk.stopped),
        provenance=provenance(
            "pseudo-arclength continuation of a reset map, slopes by the variational equation",
            step_tolerance=curve.map.rtol,
            largest_residual=max(point.residual for point in walk.points),
        ),
    )
