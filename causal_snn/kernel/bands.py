"""Confidence bands of estimated effects that hold for all cells and contexts together.

Every band here is exact or conservative for every sample size; none relies on a normal limit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad

Floats = NDArray[np.float64]


def check_confidence(confidence: float) -> float:
    """Return a confidence, or raise `InputError`."""
    value: object = confidence
    good = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not good or not 0.0 < confidence < 1.0:
        raise bad("confidence", confidence, "a probability above 0 and below 1, as 0.95")
    return float(confidence)


def clopper_pearson(successes: ArrayLike, trials: ArrayLike, miss: float) -> tuple[Floats, Floats]:
    """Return the exact band of binomial probabilities, missed with probability `miss` at most.

    The lower end p solves P(Bin(n, p) >= x) = miss/2, the upper one P(Bin(n, p) <= x) = miss/2
    (Clopper & Pearson, Biometrika 26:404, 1934; theory/14_two_variables.py V6). No trials: [0, 1].
    """
    from scipy.special import betaincinv

    x, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    with np.errstate(invalid="ignore"):
        low = betaincinv(np.where(x > 0, x, 1.0), n - x + 1.0, miss / 2.0)
        high = betaincinv(x + 1.0, np.where(x < n, n - x, 1.0), 1.0 - miss / 2.0)
    return np.where(x > 0, low, 0.0), np.where(x < n, high, 1.0)


def bounded_mean(means: ArrayLike, trials: ArrayLike, miss: float) -> tuple[Floats, Floats]:
    """Return a band for the means of independent numbers in [0, 1].

    All p with trials kl(mean, p) <= log(2/miss), kl the relative entropy of two coins: Hoeffding's
    inequality in its exact form (J Am Stat Assoc 58:13, 1963, theorem 1; V7). For averages of
    probabilities, as those of the last step in closed form, which are no counts.
    """
    from scipy.special import rel_entr

    m, n = np.broadcast_arrays(np.asarray(means, float), np.asarray(trials, float))
    limit = np.log(2.0 / miss)
    ends = []
    for far in (np.zeros(m.shape), np.ones(m.shape)):
        inside, outside = m.copy(), far
        for _ in range(60):  # kl grows away from the mean
            p = (inside + outside) / 2.0
            beyond = n * (rel_entr(m, p) + rel_entr(1.0 - m, 1.0 - p)) > limit
            inside, outside = np.where(beyond, inside, p), np.where(beyond, p, outside)
        ends.append(outside)
    return ends[0], ends[1]


def variation_band(counts: Floats, miss: float) -> Floats:
    """Return how far in total variation each estimated law may be from the truth, shape (...).

    Of two outcomes: the wider side of the Clopper-Pearson band. Of more: the lesser of two bounds,
    each missed with probability miss/2 at most. Weissman et al. (Hewlett-Packard Labs
    HPL-2003-97): TV >= t has probability <= (2^Y - 2) exp(-2 n t^2); and what the outcomes' own
    exact bands allow, TV <= min(sum of what they may rise, sum of what they may fall) (V8). A law
    without trials may be anything.

    Parameters
    ----------
    counts : array, shape (..., Y)
        How often each outcome was seen.
    miss : float
        Probability that one band fails.
    """
    trials = counts.sum(axis=-1)
    seen = np.where(trials > 0, trials, 1.0)
    outcomes = counts.shape[-1]
    law = np.where((trials > 0)[..., None], counts / seen[..., None], 1.0 / outcomes)
    if outcomes == 2:
        low, high = clopper_pearson(counts[..., 1], trials, miss)
        return np.asarray(np.maximum(high - law[..., 1], law[..., 1] - low))
    low, high = clopper_pearson(counts, trials[..., None], miss / 2.0 / outcomes)
    own = np.minimum((high - law).sum(axis=-1), (law - low).sum(axis=-1))
    subsets = outcomes * np.log(2.0) + np.log1p(-(2.0 ** (1 - outcomes)))  # log(2^Y - 2)
    together = np.sqrt((subsets - np.log(miss / 2.0)) / (2.0 * seen))
    whole = 1.0 - law.min(axis=-1)  # no law is farther away
    return np.where(trials > 0, np.minimum(np.minimum(own, together), whole), whole)
