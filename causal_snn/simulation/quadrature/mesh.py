"""Where the nodes of one unit go: the coarsest elements that resolve what the operator acts on.

Some steps backwards in time, the probability of an outcome is a normal distribution function of
the potential wherever an input takes the unit to a threshold: of width sigma/a one step back,
wider and further away for each step more. Their Legendre coefficients say how many nodes an
interval needs, and halving it is worth it when its halves need fewer nodes together.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from causal_snn.models.step import StepMap
from causal_snn.simulation.quadrature.legendre import gauss, legendre_of_values
from causal_snn.simulation.quadrature.unit import (
    Element,
    Micro,
    forgets,
    mean_next,
)

Floats = NDArray[np.float64]
Inputs = Sequence[tuple[int, float]]
"""Synaptic inputs that go with a unit being silent (0) or spiking (1)."""
SAMPLES = 32
MOST_PER_ELEMENT = 24
DEEPEST = 14
MOST_REPEATS = 12
"""Spikes in a row, of a subtractive reset, whose features are resolved."""


class Mesh:
    """Chooses elements for one unit with noise.

    Parameters
    ----------
    step : StepMap
        Of the unit, fields as scalars.
    inputs : sequence of (int, float)
    span : (float, float)
        Range of potentials to hold (mV).
    steps : int
    edges : array or None
        Cells of the outcome.
    """

    def __init__(
        self,
        step: StepMap,
        inputs: Inputs,
        span: tuple[float, float],
        steps: int,
        edges: Floats | None,
    ) -> None:
        self._step, self._span = step, span
        self._inputs = sorted(set(inputs))
        self._cuts = np.unique([step.theta, *([] if edges is None else edges)])
        self._steps = [2**j for j in range((steps - 1).bit_length()) if 2**j < steps]
        self._repeats = range(2, min(steps, MOST_REPEATS + 1))
        self._tails: dict[tuple[float, float, int], Floats] = {}

    def elements(self, tolerance: float) -> tuple[Element, ...]:
        """Return elements that resolve every feature to `tolerance`."""
        lo, hi = self._span
        theta = self._step.theta
        found = self._best(lo, theta, 0, tolerance, DEEPEST)[1]
        if not forgets(self._step):
            found = found + self._best(theta, hi, 1, tolerance, DEEPEST)[1]
        return found

    def _best(
        self, lo: float, hi: float, spiking: int, tolerance: float, depth: int
    ) -> tuple[float, tuple[Element, ...]]:
        """Return the number of nodes and the elements of the cheapest dyadic division."""
        tail = self._tail(lo, hi, spiking)
        enough = np.flatnonzero(tail[: MOST_PER_ELEMENT + 1] <= tolerance)
        needed = float(max(4, enough[0])) if len(enough) else np.inf
        whole = ((lo, hi, int(min(needed, MOST_PER_ELEMENT))),)
        if depth == 0 or needed <= 6:
            return whole[0][2], whole
        middle = (lo + hi) / 2
        left, first = self._best(lo, middle, spiking, tolerance, depth - 1)
        if left < needed:
            right, second = self._best(middle, hi, spiking, tolerance, depth - 1)
            if left + right < needed:
                return left + right, first + second
        return needed, whole

    def _tail(self, lo: float, hi: float, spiking: int) -> Floats:
        """Return the sum of |Legendre coefficients| from each degree on, the worst feature's."""
        key = (lo, hi, spiking)
        if key not in self._tails:
            x = (lo + hi) / 2 + (hi - lo) / 2 * gauss(SAMPLES)[0]
            size = np.abs(self._features(x, spiking) @ legendre_of_values(SAMPLES).T)
            self._tails[key] = np.cumsum(size[:, ::-1], axis=1)[:, ::-1].max(axis=0)
        return self._tails[key]

    def _features(self, x: Floats, spiking: int) -> Floats:
        """Return the features at potentials x, shape (features, len(x)).

        P(v_j > cut | v_0 = x) if the unit does not spike after the first step: an input of that
        step, then another one at every step; after high potentials, if it spikes at every step.
        """
        from scipy.special import ndtr

        step, decay = self._step, self._step.decay
        here = Micro(x, np.full(x.shape, bool(spiking)), np.zeros(x.shape, np.int64))
        first = np.array([mean_next(step, here, c)[0] for bit, c in self._inputs if bit == spiking])
        found = []
        for bit, counts in ((0, self._steps), (1, self._repeats if spiking else [])):
            # Every step maps v to decay v + shift: where it would lead if it went on.
            origin = Micro(np.zeros(1), np.full(1, bool(bit)), np.zeros(1, np.int64))
            shifts = [mean_next(step, origin, c)[0] for own, c in self._inputs if own == bit]
            rest = (np.array(shifts) / (1 - decay))[:, :, None]
            for j in counts:
                mean = rest + decay ** (j - 1) * (first - rest) if j > 1 else first[None]
                sd = step.sigma * np.sqrt((1 - decay ** (2 * j)) / (1 - decay**2))
                found.append(ndtr((mean[..., None, :] - self._cuts[:, None]) / sd))
        return np.concatenate([f.reshape(-1, len(x)) for f in found])


def refined(
    elements: Sequence[Element], factor: float, span: tuple[float, float], theta: float
) -> tuple[Element, ...]:
    """Return the elements with more nodes each, the outer ones stretched to hold `span`."""
    grown = [(lo, hi, ceil(count * factor)) for lo, hi, count in elements]
    grown[0] = (min(span[0], grown[0][0]), *grown[0][1:])
    lo, hi, count = grown[-1]
    if hi > theta:
        grown[-1] = (lo, max(hi, span[1]), count)
    return tuple(grown)


def spans(
    steps_of: Sequence[StepMap], weights: Floats, starts: Sequence[Micro], steps: int, tails: float
) -> list[tuple[float, float]]:
    """Return the range of potentials (mV) that the grid of each unit must hold.

    A unit that has spiked needs a number of steps to get back to threshold, even with every
    excitation in every step and `tails` standard deviations of luck. So the inhibition it
    sends adds up to a geometric series at most, and that bounds the potentials from below.
    """
    highs, periods = [], []
    for k, (step, start) in enumerate(zip(steps_of, starts, strict=True)):
        most = float(np.maximum(weights[k], 0).sum())
        high = _highest(step, start, most, steps, tails)
        highs.append(high)
        periods.append(_fastest(step, most, high, steps, tails))
    found = []
    for k, (step, start) in enumerate(zip(steps_of, starts, strict=True)):
        decay = step.decay
        rest = float(mean_next(step, _one(0.0), 0.0)[0][0]) / (1 - decay)
        begin = step.after_reset(start.v, start.spiked).min()
        pull = sum(
            min(float(w), 0.0) / (1 - decay**period)
            for w, period in zip(weights[k], periods, strict=True)
        )
        low = min(rest, begin, step.V_reset) + step.gain_potential * pull
        spread = step.sigma * np.sqrt((1 - decay ** (2 * steps)) / (1 - decay**2))
        found.append((min(float(low - tails * spread), step.theta - step.sigma), highs[k]))
    return found


def _highest(step: StepMap, start: Micro, most: float, steps: int, tails: float) -> float:
    """Return the highest potential before reset: from threshold, or still up after a spike."""
    tail = float(tails * step.sigma)
    high = float(mean_next(step, start, most)[0].max()) + tail
    for _ in range(steps - 1):
        ends = Micro(
            np.array([step.theta, max(high, step.theta)]),
            np.array([False, True]),
            np.zeros(2, np.int64),
        )
        higher = max(high, float(mean_next(step, ends, most)[0].max()) + tail)
        if higher == high:
            break
        high = higher
    return max(high, float(step.theta + step.sigma))


def _fastest(step: StepMap, most: float, high: float, steps: int, tails: float) -> int:
    """Return the fewest steps between two spikes of a unit."""
    held = int(step.refractory)
    start = Micro(
        np.array([step.V_reset if held else high]), np.array([not held]), np.zeros(1, int)
    )
    variance = 0.0
    for j in range(1, steps + 1):
        mean = mean_next(step, start, most)[0]
        variance = step.decay**2 * variance + step.sigma**2
        if mean[0] + tails * np.sqrt(variance) >= step.theta:
            return held + j
        start = _one(mean[0])
    return held + steps


def _one(v: float) -> Micro:
    return Micro(np.array([v]), np.zeros(1, bool), np.zeros(1, np.int64))
