"""Threshold crossings that a simulation in steps does not see."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad

Floats = NDArray[np.float64]


def missed_crossing(
    before: ArrayLike,
    after: ArrayLike,
    *,
    threshold: ArrayLike,
    decay: ArrayLike,
    sigma: ArrayLike,
) -> Floats:
    r"""Return the probability that a noisy linear potential crossed threshold within a step.

    .. math:: p = \exp\left(-\frac{2 a (\theta - v_0)(\theta - v_1)}{\sigma^2}\right),
        \qquad v_0, v_1 < \theta

    given both ends of the step. Exact for Brownian motion (a = 1) and, for the leaky potential,
    when the threshold is where the potential would settle without noise; else ln p is off by
    O(dt^{3/2}) at distances of the size of the noise: p is too high if the potential settles
    below threshold, too low if above. Derived in theory/06_simulation.py (S3, S4, with bounds).

    Parameters
    ----------
    before : array
        Potential at the start of the step, after any reset and jump (mV).
    after : array
        Potential at its end, before any reset, and before the jumps of spikes that arrive
        then (mV).
    threshold : array
        Spike threshold (mV).
    decay : array
        a, what the step keeps of the potential, in (0, 1].
    sigma : array
        Standard deviation of the noise of the step (mV), `Network.noise_per_step`; without
        noise nothing is missed.

    Returns
    -------
    array
        Of the shape that the arguments broadcast to; 1 where an end is at or above threshold.

    Raises
    ------
    InputError
        If a decay lies outside (0, 1], sigma is negative, or a value is not a number.

    Notes
    -----
    Source: Karatzas and Shreve, Brownian Motion and Stochastic Calculus (1991), sec. 2.8;
    Gobet, Stoch Proc Appl 87:167 (2000).
    """
    v0, v1, theta, a, sd = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (before, after, threshold, decay, sigma))
    )
    for name, values in (("before", v0), ("after", v1), ("threshold", theta)):
        if np.any(np.isnan(values)):
            raise bad(name, values[np.isnan(values)][0], "potentials (mV), no NaN")
    outside = ~((a > 0) & (a <= 1))
    if np.any(outside):
        raise bad("decay", a[outside][0], "above 0 and at most 1", "exp(-dt/tau), or 1.")
    wrong = ~(sd >= 0)
    if np.any(wrong):
        raise bad("sigma", sd[wrong][0], "a standard deviation (mV), 0 or more")
    below = (v0 < theta) & (v1 < theta)
    # Divide twice: sigma squared may vanish where sigma does not.
    with np.errstate(divide="ignore", over="ignore"):
        gaps = (np.where(below, theta - v0, 1.0) / sd) * (np.where(below, theta - v1, 1.0) / sd)
        return np.asarray(np.where(below, np.exp(-2.0 * a * gaps), 1.0))
