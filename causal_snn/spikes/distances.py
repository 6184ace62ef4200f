"""Distances between two spike trains, as metrics."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.spikes.checks import check_positive, check_times


def victor_purpura(a: ArrayLike, b: ArrayLike, *, cost: float) -> float:
    """Return the spike-time distance of Victor and Purpura.

    The least cost of changing one train into the other, where taking out or putting in a spike
    costs 1 and moving one by t ms costs ``cost * t`` (Victor and Purpura, J Neurophysiol
    76:1310, 1996). By dynamic programming in O(len(a) len(b)), a row at a time.

    Parameters
    ----------
    a, b : array
        Spike times (ms).
    cost : float
        Cost of moving a spike (per ms): 0 counts spikes only; at infinity only exact
        coincidences count. Spikes further apart than 2/cost are never paired.

    Returns
    -------
    float
        Without unit; at most ``len(a) + len(b)``.

    Raises
    ------
    InputError
        If a time is not finite, or the cost is negative.
    """
    price = check_positive("cost", cost, "1/ms", zero=True)
    first, second = check_times("a", a), check_times("b", b)
    place = np.arange(second.size + 1, dtype=float)
    row = place.copy()
    for count, time in enumerate(first, start=1):
        gap = np.abs(second - time)
        move = price * gap if math.isfinite(price) else np.where(gap == 0, 0.0, np.inf)
        best = np.concatenate([[float(count)], np.minimum(row[1:] + 1.0, row[:-1] + move)])
        # Putting in the spikes k+1..j costs j - k: a running minimum of best[k] - k.
        row = np.minimum.accumulate(best - place) + place
    return float(row[-1])


def van_rossum(a: ArrayLike, b: ArrayLike, *, tau: float) -> float:
    r"""Return the distance of van Rossum.

    .. math::
        D^2 = \frac{1}{\tau} \int_{-\infty}^{\infty} (f - g)^2 \, dt, \qquad
        f(t) = \sum_i e^{-(t - a_i)/\tau} \, [t \ge a_i]

    (van Rossum, Neural Comput 13:751, 2001), in closed form, with running sums in
    O((m + n) log(m + n)). One spike more or less makes D^2 = 1/2.

    Parameters
    ----------
    a, b : array
        Spike times (ms).
    tau : float
        Time constant (ms).

    Returns
    -------
    float
        Without unit.

    Raises
    ------
    InputError
        If a time is not finite, or the time constant not positive.
    """
    scale = check_positive("tau", tau, "ms")
    first, second = check_times("a", a), check_times("b", b)
    times = np.concatenate([first, second])
    signs = np.concatenate([np.ones(first.size), -np.ones(second.size)])
    # Spikes that coincide in both trains cancel; so that equal trains have distance 0 exactly.
    moments, where = np.unique(times, return_inverse=True)
    weights = np.bincount(where, signs, minlength=moments.size)
    fades = np.exp(-np.diff(moments) / scale)
    past, total = 0.0, 0.0
    for k, weight in enumerate(weights.tolist()):
        if k:
            past *= fades[k - 1]
        total += weight * (0.5 * weight + past)
        past += weight
    return math.sqrt(max(total, 0.0))
