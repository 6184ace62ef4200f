"""Numbers that describe a spike train: intervals, their variation, adaptation, bursts.

Each takes spike times in ms, rising. A train too short for a number raises an error that says
how many spikes it needs: there is no value that could stand for "unknown".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.floats import floats, is_number
from causal_snn.errors import bad


def isi(spike_times: ArrayLike) -> Floats:
    """Return the intervals between spikes.

    Parameters
    ----------
    spike_times : array, shape (N,)
        Times of spikes (ms), rising.

    Returns
    -------
    array, shape (N - 1,)
        Intervals (ms); empty for fewer than two spikes.

    Raises
    ------
    InputError
        If a time is not finite, or they do not rise.
    """
    times = floats(spike_times)
    if times.ndim != 1 or not np.isfinite(times).all():
        raise bad("spike_times", spike_times, "finite times in ms, shape (N,)")
    intervals = np.diff(times)
    if (intervals <= 0).any():
        k = int(np.argmax(intervals <= 0))
        seen = f"{times[k]:g}, {times[k + 1]:g}"
        raise bad("spike_times", seen, "rising times", "Sort them, one train at a time.")
    return intervals


def coefficient_of_variation(spike_times: ArrayLike) -> float:
    r"""Return CV, the standard deviation of the intervals over their mean.

    .. math:: C_V = \sqrt{\tfrac1n \sum_i (I_i - \bar I)^2} \,/\, \bar I

    0 for a clock, 1 on average for a long Poisson train; it counts slow changes of the rate too.
    Source: Gabbiani and Koch, in Koch and Segev, Methods in Neuronal Modeling (1998), ch. 9.

    Parameters
    ----------
    spike_times : array, shape (N,)
        Times of 3 or more spikes (ms), rising.

    Raises
    ------
    InputError
        If the times are no train, or too few.
    """
    intervals = _intervals(spike_times, 3)
    return float(intervals.std() / intervals.mean())


def local_variation(spike_times: ArrayLike, *, refractory: float = 0.0) -> float:
    r"""Return LV, or LvR: how much successive intervals differ.

    .. math:: L = \frac{3}{n-1} \sum_{i=1}^{n-1}
        \left(\frac{I_i - I_{i+1}}{I_i + I_{i+1}}\right)^2
        \left(1 + \frac{4 R}{I_i + I_{i+1}}\right)

    0 for a clock, 1 on average for a Poisson train, and blind to slow changes of the rate.
    Source: Shinomoto, Shima and Tanji, Neural Comput 15:2823 (2003) for R = 0; Shinomoto et
    al., PLoS Comput Biol 5:e1000433 (2009) for LvR (they use R = 5 ms).

    Parameters
    ----------
    spike_times : array, shape (N,)
        Times of 3 or more spikes (ms), rising.
    refractory : float
        R (ms), 0 or more.

    Raises
    ------
    InputError
        If the times are no train, or too few, or R is negative.
    """
    if not (is_number(refractory) and refractory >= 0):
        raise bad("refractory", refractory, "a time in ms, 0 or more")
    intervals = _intervals(spike_times, 3)
    total = intervals[:-1] + intervals[1:]
    contrast = np.diff(intervals) / total
    return float(3.0 * np.mean(contrast**2 * (1.0 + 4.0 * refractory / total)))


def adaptation_index(spike_times: ArrayLike) -> float:
    r"""Return the mean relative growth of successive intervals.

    .. math:: A = \frac{1}{n-1} \sum_{i=1}^{n-1} \frac{I_{i+1} - I_i}{I_{i+1} + I_i}

    Positive if firing slows down, negative if it accelerates, between -1 and 1.
    Source: Druckmann et al., Front Neurosci 1:7 (2007).

    Parameters
    ----------
    spike_times : array, shape (N,)
        Times of 3 or more spikes (ms), rising.

    Raises
    ------
    InputError
        If the times are no train, or too few.
    """
    intervals = _intervals(spike_times, 3)
    return float(np.mean(np.diff(intervals) / (intervals[:-1] + intervals[1:])))


def burst_index(spike_times: ArrayLike, *, longest: float = 10.0, fewest: int = 2) -> float:
    """Return the share of spikes that belong to bursts.

    A burst is a run of at least `fewest` spikes whose intervals are at most `longest`. A fast
    but regular train is one long burst by this definition: `longest` has to separate intervals
    within bursts from those between them.
    Source: the maximum-interval definition, reviewed by Cotterill and Eglen, Adv Neurobiol
    22:185 (2019).

    Parameters
    ----------
    spike_times : array, shape (N,)
        Times of 1 or more spikes (ms), rising.
    longest : float
        Longest interval within a burst (ms), positive.
    fewest : int
        Fewest spikes of a burst, 2 or more.

    Raises
    ------
    InputError
        If the times are no train or there are none, or an option is out of range.
    """
    if not (is_number(longest) and longest > 0):
        raise bad("longest", longest, "a positive time in ms")
    if not (is_number(fewest) and fewest >= 2):
        raise bad("fewest", fewest, "2 or more spikes")
    inside = _intervals(spike_times, 1) <= longest
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False])).astype(int)))
    spikes = edges[1::2] - edges[::2] + 1  # of each run of short intervals
    return float(spikes[spikes >= fewest].sum() / (len(inside) + 1))


def _intervals(spike_times: ArrayLike, fewest: int) -> Floats:
    times = floats(spike_times)
    count = times.size
    if times.ndim and count < fewest:
        raise bad("spike_times", f"{count} spikes", f"{fewest} or more spikes")
    return isi(spike_times)
