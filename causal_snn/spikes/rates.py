"""Rates: how often units spike, how irregularly, and how much together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.spikes.checks import check_inside, check_positive, check_span, check_times

Floats = NDArray[np.float64]


def rate(times: ArrayLike, *, start: float = 0.0, stop: float) -> float:
    """Return the mean rate of a spike train (Hz): spikes over the span that was watched.

    Parameters
    ----------
    times : array
        Spike times (ms).
    start, stop : float
        Span that was watched (ms).

    Raises
    ------
    InputError
        If a time is not finite or outside the span, or the span is empty.
    """
    span = check_span(start, stop)
    train = check_times("times", times)
    check_inside("times", train, span)
    return float(train.size / (span[1] - span[0]) * 1000.0)


def cv(times: ArrayLike) -> float:
    """Return the coefficient of variation of a train's intervals: standard deviation over mean.

    0 for a clock, 1 for a Poisson process (Softky and Koch, J Neurosci 13:334, 1993). The
    standard deviation is that of the intervals themselves (divisor: their number).

    Parameters
    ----------
    times : array
        Spike times (ms).

    Returns
    -------
    float
        Not a number with fewer than two intervals, or if all spikes coincide.
    """
    gaps = np.diff(check_times("times", times))
    if gaps.size < 2 or gaps.mean() == 0.0:
        return float("nan")
    return float(gaps.std() / gaps.mean())


def binned(
    trains: Sequence[ArrayLike], *, width: float, start: float = 0.0, stop: float
) -> NDArray[np.int64]:
    """Return how many spikes each train has in each bin.

    Bin k is [start + k width, start + (k + 1) width), the last one closed where it ends at
    `stop`; a rest shorter than a bin is left out.

    Parameters
    ----------
    trains : sequence of array
        Spike times of each unit (ms).
    width : float
        Width of a bin (ms).
    start, stop : float
        Span that was watched (ms).

    Returns
    -------
    array of int, shape (n, bins)

    Raises
    ------
    InputError
        If a time is outside the span, or the span has no whole bin.
    """
    first, last = check_span(start, stop)
    size = check_positive("width", width, "ms")
    # A whole number of bins may fall short of itself by rounding.
    length = (last - first) / size
    bins = int(np.floor(length * (1.0 + 1e-12)))
    closed = length - bins < 1e-9 * length  # the last bin ends at `stop`
    if bins < 1:
        raise bad("width", width, f"at most the span, {last - first:g} ms")
    counts = np.zeros((len(trains), bins), dtype=np.int64)
    for k, times in enumerate(trains):
        train = check_times(f"trains[{k}]", times)
        check_inside(f"trains[{k}]", train, (first, last))
        place = np.floor((train - first) / size * (1.0 + 1e-12)).astype(np.int64)
        if closed:
            place = np.minimum(place, bins - 1)
        counts[k] = np.bincount(place[place < bins], minlength=bins)
    return counts


def correlation(
    trains: Sequence[ArrayLike], *, width: float, start: float = 0.0, stop: float
) -> Floats:
    """Return Pearson's correlation of the binned counts of every pair of trains.

    Parameters
    ----------
    trains, width, start, stop
        See `binned`.

    Returns
    -------
    array, shape (n, n)
        Symmetric, 1 on the diagonal; not a number for a train whose counts never vary.
    """
    counts = binned(trains, width=width, start=start, stop=stop).astype(float)
    apart = counts - counts.mean(axis=1, keepdims=True)
    spread = np.sqrt((apart**2).sum(axis=1))
    unit = np.divide(
        apart, spread[:, None], out=np.full_like(apart, np.nan), where=spread[:, None] > 0
    )
    found = np.clip(unit @ unit.T, -1.0, 1.0)
    varying = spread > 0
    found[varying, varying] = 1.0
    return np.asarray(found)
