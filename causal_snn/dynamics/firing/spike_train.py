"""Train: how the spikes of a neuron under constant current go on for ever.

The map from one spike to the next is iterated until its intervals repeat, then Newton's method
finds the repeating orbit exactly; if they never repeat, the mean interval has a standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.firing.crossing import Oscillation, Spiker, at_rest
from causal_snn.dynamics.flight.flow import BLOW_UP, REST, Flight, widths

SPIKING, SILENT, UNDECIDED = "spiking", "silent", "not converged"
MOST_PER_PERIOD = 16
REPEATS = 1e-4  # relative difference of intervals from which on Newton is tried
JUMP = 0.02  # furthest Newton may go from the simulated orbit, relative
NEWTON_STEPS, ROUNDING = 12, 1e-12
SAME = 1e-6  # relative difference of intervals that are the same after Newton's method
PATIENCE = 1.2  # factor on the number of intervals before Newton is tried again
BATCHES = 10
DRIFT = 0.2  # largest step of a slow drift, as a share of all of it


@dataclass(frozen=True, slots=True, eq=False)
class Train:
    """Spikes under constant current.

    Attributes
    ----------
    status : str
        ``"spiking"`` (the pattern repeats), ``"silent..."`` (the spikes end, or there are none),
        ``"irregular: ..."`` or ``"not converged: ..."``.
    intervals : array
        Intervals from the first spike on, transient included (ms).
    spikes : int
        Spikes per period of the pattern; 0 if silent or if no period was found.
    period : float
        Period (ms); inf if silent, the mean interval if no period was found.
    error : float
        Standard error of the mean interval (ms) of an irregular train, the last Newton
        correction (ms) of a repeating one.
    state : array or None
        A state just after a spike of the final pattern.
    multiplier : float
        Largest modulus of a multiplier of the repeating pattern; NaN without one.
    swing : (float, float), optional
        Lowest and highest potential of an oscillation that is too low to spike.
    flips : bool
        Whether that multiplier is negative: intervals come to their limit from both sides.
    """

    status: str
    intervals: Floats
    spikes: int
    period: float
    error: float
    state: Floats | None
    multiplier: float
    swing: tuple[float, float] | None = None
    flips: bool = False

    @property
    def spiking(self) -> bool:
        """Whether spikes go on for ever."""
        return self.state is not None

    @property
    def mean_interval(self) -> float:
        """Mean interval of the final pattern (ms)."""
        return self.period / max(self.spikes, 1)


def settle(spiker: Spiker, start: Floats, *, most: int) -> Train:
    """Follow a neuron from a state until its spikes end or their pattern is known.

    Parameters
    ----------
    spiker : Spiker
        The neuron.
    start : array, shape (n,)
        First state.
    most : int
        Intervals after which a train that does not repeat is called irregular.
    """
    flight = spiker.next_spike(start)
    intervals: list[float] = []
    states: list[Floats] = []
    width, next_try = widths(spiker.fld), 0
    while flight.spiked and len(intervals) < most:
        states.append(flight.after)
        flight = spiker.next_spike(flight.after)
        if not flight.spiked:
            break
        intervals.append(flight.time)
        k = _repeats(intervals, states, width) if len(intervals) >= next_try else 0
        if k:
            found = _polish(spiker, states[-k:], intervals[-k:])
            if found is not None:
                return replace(found, intervals=np.array(intervals))
            next_try = math.ceil(PATIENCE * len(intervals))
    if not flight.spiked:
        return _ended(spiker.fld, flight, intervals, len(states))
    return _without_period(np.array(intervals), states[-1])


def _ended(fld: Field, flight: Flight, intervals: list[float], spikes: int) -> Train:
    after = f" after {spikes} spike{'s' if spikes > 1 else ''}" if spikes else ""
    swing = flight.swing if isinstance(flight, Oscillation) else None
    if flight.status == BLOW_UP:
        where = ", ".join(f"{v:.6g}" for v in flight.before)
        status = f"{UNDECIDED}: {BLOW_UP}{after}, at ({where})"
    elif swing is not None:
        between = f"between {swing[0]:.4g} and {swing[1]:.4g}"
        status = f"{SILENT}{after}: oscillates {between}, below the level of a spike"
    elif at_rest(fld, flight.before):
        status = f"{SILENT}{after}: rests at {flight.before[0]:.6g}"
    elif flight.status == REST:
        where = f"{flight.before[0]:.6g}"
        status = f"{UNDECIDED}: too slow near {where} to be told from rest{after}"
    else:
        status = f"{SILENT}{after}: no spike for {flight.time:g} ms"
    return Train(status, np.array(intervals), 0, math.inf, 0.0, None, math.nan, swing)


def _repeats(intervals: list[float], states: list[Floats], width: Floats) -> int:
    """Return the smallest number of intervals that repeat, 0 if none do yet."""
    n = len(intervals)
    for k in range(1, min(MOST_PER_PERIOD, (n - 1) // 2) + 1):
        new, old = np.array(intervals[-k:]), np.array(intervals[-2 * k : -k])
        if (np.abs(new - old) <= REPEATS * old).all():
            apart = np.abs(states[-1] - states[-1 - k]) / width
            if (apart < JUMP).all():
                return k
    return 0


def _polish(spiker: Spiker, states: list[Floats], intervals: list[float]) -> Train | None:
    """Return the stable repeating orbit near a stretch of spikes, or None."""
    x, width, last = states[0], widths(spiker.fld), math.inf
    for _ in range(NEWTON_STEPS):
        around = _around(spiker, x, len(states))
        if around is None:
            return None
        after, jacobian, times, d_period = around
        if (np.abs(times - intervals) > JUMP * np.array(intervals) + 1e-9).any():
            return None
        try:
            step = np.linalg.solve(np.eye(len(x)) - jacobian, after - x)
        except np.linalg.LinAlgError:
            return None
        size = float(np.max(np.abs(step) / width))
        if not size < JUMP:
            return None
        if size < ROUNDING or (size < 1e-8 and size >= 0.5 * last):
            found = np.linalg.eigvals(jacobian)
            largest = complex(found[np.argmax(np.abs(found))])
            error = abs(float(d_period @ step))
            if not abs(largest) < 1.0:
                return None
            once = _pattern(x, times, error, largest)
            if once.spikes == len(states):
                return once
            # taken several times its multiplier has lost its sign
            return _polish(spiker, [x] * once.spikes, times[: once.spikes].tolist()) or once
        if size > last:
            return None
        x, last = x + step, size
    return None


def _pattern(x: Floats, times: Floats, error: float, multiplier: complex) -> Train:
    """Return a repeating train, by the smallest number of its intervals that repeat."""
    k = len(times)
    for d in range(1, k + 1):
        if k % d == 0 and np.ptp(times.reshape(-1, d), axis=0).max() <= SAME * times.max():
            break
    period, share = float(times[:d].sum()), d / k
    flips = d == k and multiplier.real < 0 == multiplier.imag
    size = abs(multiplier) ** share
    return Train(SPIKING, times, d, period, error * share, x, size, flips=flips)


def _around(spiker: Spiker, x: Floats, k: int) -> tuple[Floats, Floats, Floats, Floats] | None:
    """Return the state after k spikes, the intervals, and the derivatives of state and period."""
    jacobian, d_period, times = np.eye(len(x)), np.zeros(len(x)), []
    for _ in range(k):
        flight = spiker.next_spike(x, tangents=True)
        if not flight.spiked or flight.d_after is None or flight.d_time is None:
            return None
        d_period = d_period + flight.d_time @ jacobian
        jacobian, x = flight.d_after @ jacobian, flight.after
        times.append(flight.time)
    return x, jacobian, np.array(times), d_period


def _without_period(intervals: Floats, state: Floats) -> Train:
    late = intervals[len(intervals) // 2 :]
    mean = float(late.mean())
    steps = np.abs(np.diff(late)).max()
    if steps < DRIFT * np.ptp(late) or np.ptp(late) < 100 * REPEATS * mean:
        change = float(late[-1] - late[0])
        status = f"{UNDECIDED}: the last {len(late)} intervals changed by {change:.1e} ms"
        return Train(status, intervals, 0, mean, abs(change), state, math.nan)
    batches = [float(part.mean()) for part in np.array_split(late, BATCHES)]
    error = float(np.std(batches, ddof=1) / math.sqrt(BATCHES))
    status = f"irregular: mean of {len(late)} intervals, standard error {error:.2g} ms"
    return Train(status, intervals, 0, mean, error, state, math.nan)
