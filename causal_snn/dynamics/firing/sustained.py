"""Edge: where a neuron that fires stops firing as its current is lowered."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.cycle.cycles import continue_cycles
from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.firing.spike_train import UNDECIDED, Train
from causal_snn.dynamics.firing.spiking_start import (
    around,
    equilibria_at,
    spiker_at,
    starts,
    train_from,
)

MOST_SPIKES = 100
FAR = 5.0  # current scales below the end of rest at which Hopf points are looked for
LOOKS = 12
COARSE, FINE = 1e-4, 1e-10  # widths of brackets, relative to the current's scale
NEAR_FOLD = 0.6  # multiplier from which on an edge is taken for a fold
ORDER, LEAST, ROUNDING = 5, 2e-3, 1e-12
MEETS = 1e-6  # distance, relative to the scale, at which firing ends where rest does
RTOL, LONGEST = 1e-11, 1e5


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """The lowest current of sustained firing.

    Attributes
    ----------
    value, error : float
        The current, and its uncertainty.
    kind : str
        As `end` of `Rheobase`.
    reason : str
        In words.
    """

    value: float
    kind: str
    error: float
    reason: str


def lowest_firing(of: Field, top: float, scale: float) -> Edge:
    """Return where firing stops as the current goes down from `top`, where rest ends.

    Parameters
    ----------
    of : Field
        The neuron.
    top : float
        Current at which rest ends.
    scale : float
        A current that matters to the neuron.
    """
    firing = _firing_at(of, top, scale)
    if firing is None:
        return Edge(math.inf, "none", 0.0, "no sustained firing was found")
    (high, state), width, kick = firing, COARSE * scale, True
    while width > FINE * scale:
        # look below anew at each width: from a state too far away a pattern may have been missed
        bracket = _silent_below(of, high, state, width, kick=kick)
        if bracket is None:
            return Edge(-math.inf, "none", 0.0, "firing goes on at all currents looked at")
        low, high, train = _halve(of, *bracket, width)
        if abs(high - top) <= 2 * width and abs(low - top) <= 2 * width and width < MEETS * scale:
            return Edge(top, "with rest", high - low, "firing stops there too")
        if train.spikes and train.multiplier > NEAR_FOLD:
            value, error = _bifurcation(of, low, high, train)
            kind = "period doubling" if train.flips else "fold of cycles"
            return Edge(value, kind, error, f"firing ends in a {kind} at {value:.10g}")
        assert train.state is not None
        state, width, kick = train.state, 0.1 * width, False
    if any(point.kind.startswith("saddle") for point in equilibria_at(of, high)):
        reason = f"firing ends at {high:.10g} with an ever longer interval, at a saddle"
        return Edge(high, "infinite period", high - low, reason)
    reason = f"firing ends at {high:.10g} in a fold of cycles too sharp to extrapolate"
    return Edge(high, "fold of cycles", high - low, reason)


def _train(of: Field, current: float, state: Floats | None, *, kick: bool = False) -> Train:
    """Return the train at a current, from a state of firing if one is known, or from kicks."""
    here = of.at(**{of.model.input: current})
    spiker = spiker_at(here, refractory=0.0, level=None, rtol=RTOL, longest=LONGEST)
    begin = [] if state is None else [state]
    begin += starts(of, "spiking") + around(here, "spiking") if kick else []
    return train_from(spiker, begin, MOST_SPIKES, free=True)


def _firing_at(of: Field, top: float, scale: float) -> tuple[float, Floats] | None:
    """Return a current at which the neuron fires, and a state.

    Above the end of rest first. Where the cycles are gone before rest ends, on the branches of
    cycles from the Hopf points, which need not come near rest.
    """
    above: list[tuple[float, Floats | None]] = [
        (top + part * scale, None) for part in (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0)
    ]
    for current, state in chain(above, _stable_cycles(of, top, scale)):
        train = _train(of, current, state, kick=state is None)
        if train.state is not None:
            return current, train.state
    return None


def _stable_cycles(of: Field, top: float, scale: float) -> Iterator[tuple[float, Floats]]:
    """Yield currents and states on stable cycles from Hopf points near and below `top`."""
    name, span = of.model.input, (top - FAR * scale, top + scale)
    if of.model.spikes_by_reset or not len(equilibria_at(of, span[0])):
        return
    branch = continue_equilibria(of.at(**{name: span[0]}).model, name, span)
    for point in branch.special.of("HB"):
        cycles = continue_cycles(point, span=span)
        stable = np.flatnonzero(cycles.stable & cycles.reliable)
        if stable.size:
            swing = cycles.maxima[stable, 0] - cycles.minima[stable, 0]
            # the largest may be next to the end of the branch, the middle one too small
            for k in (int(stable[len(stable) // 2]), int(stable[np.argmax(swing)])):
                yield float(cycles.values[k]), cycles.orbit(k).x[:, 0]


def _silent_below(
    of: Field, high: float, state: Floats, step: float, *, kick: bool
) -> tuple[float, float, Floats] | None:
    """Return a silent current, a firing one above it, and a state of firing."""
    for _ in range(LOOKS):
        train = _train(of, high - step, state, kick=kick)
        if train.state is None or train.status.startswith(UNDECIDED):
            return high - step, high, state
        high, state, step = high - step, train.state, 3 * step
    return None


def _halve(
    of: Field, low: float, high: float, state: Floats, width: float
) -> tuple[float, float, Train]:
    """Return a narrower bracket of the edge of firing, and the train at its upper end."""
    train = _train(of, high, state)
    while high - low > max(width, 4e-16 * abs(high)):
        middle = 0.5 * (low + high)
        there = _train(of, middle, train.state)
        if there.state is None or there.status.startswith(UNDECIDED):
            low = middle
        else:
            high, train = middle, there
    return low, high, train


def _bifurcation(of: Field, low: float, high: float, train: Train) -> tuple[float, float]:
    """Return where the multiplier of a pattern comes to 1 or -1, and the uncertainty of that.

    Along a branch of cycles s = 1 - multiplier goes through 0 at a fold while the current turns
    round: I = I_c + c2 s^2 + c3 s^3 + ...; through a period doubling it goes straight on, with a
    term c1 s. The polynomial through the last currents gives I_c, and the current of half the
    distance s to go on with.
    """
    above = high + (high - low)
    points = [(1.0 - _train(of, above, train.state).multiplier, above)]
    points.append((1.0 - train.multiplier, high))
    value, error = high, high - low
    for _ in range(LOOKS):
        s, currents = np.array(points[-ORDER:]).T
        if not (np.diff(s) < 0).all():
            break
        powers = np.array([0, *range(2, len(s) + 1)]) - train.flips * (np.arange(len(s)) > 0)
        fit = np.linalg.solve(s[:, None] ** powers, currents)
        change = abs(float(fit[0]) - value)
        if len(points) > 3 and change > error:
            break
        value, error = float(fit[0]), max(change, ROUNDING * abs(value))
        if s[-1] < LEAST:
            break
        current = float((0.5 * s[-1]) ** powers @ fit)
        there = _train(of, current, train.state)
        for _ in range(LOOKS):
            if there.spikes == train.spikes:
                break
            current = 0.5 * (current + float(currents[-1]))  # that was beyond the fold
            there = _train(of, current, train.state)
        else:
            break
        train = there
        points.append((1.0 - there.multiplier, current))
    return value, error
