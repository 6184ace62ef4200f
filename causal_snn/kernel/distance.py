"""Distances between effects: how differently two micro states act."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import check_choice

Floats = NDArray[np.float64]
Distance = Literal["tv", "hellinger", "js", "kl"]
DISTANCES: tuple[str, ...] = ("tv", "hellinger", "js", "kl")
NAMES: dict[str, str] = {
    "tv": "total variation",
    "hellinger": "Hellinger",
    "js": "Jensen-Shannon",
    "kl": "Kullback-Leibler",
}


def distance(p: ArrayLike, q: ArrayLike, name: Distance = "tv") -> Floats:
    r"""Return the distance between laws along the last axis.

    ==============  ======================================================  ==============
    name            formula                                                 range
    ==============  ======================================================  ==============
    ``tv``          sum \|p - q\| / 2                                        [0, 1]
    ``hellinger``   sqrt(sum (sqrt p - sqrt q)^2 / 2)                       [0, 1]
    ``js``          sqrt(KL(p, m)/2 + KL(q, m)/2), m = (p + q)/2, in bits   [0, 1]
    ``kl``          sum p log2(p/q), in bits; not symmetric                 [0, inf]
    ==============  ======================================================  ==============

    Total variation is what a bet on the effect can win; 1 - h^2 multiplies over independent
    effects; KL adds up over time. ``js`` is the square root of the divergence, which is a
    metric (Endres & Schindelin, IEEE Trans Inf Theory 49:1858, 2003).

    Parameters
    ----------
    p, q : array, shape (..., Y)
        Laws; broadcast against each other.
    name : {"tv", "hellinger", "js", "kl"}

    Returns
    -------
    array, shape (...)

    Raises
    ------
    InputError
        If the name is unknown.
    """
    check_choice("distance", name, DISTANCES)
    a, b = np.broadcast_arrays(np.asarray(p, dtype=float), np.asarray(q, dtype=float))
    if name == "tv":
        return np.asarray(0.5 * np.abs(a - b).sum(axis=-1))
    if name == "hellinger":
        return np.asarray(np.sqrt(0.5 * ((np.sqrt(a) - np.sqrt(b)) ** 2).sum(axis=-1)))
    if name == "kl":
        return _divergence(a, b)
    middle = (a + b) / 2.0
    divergence = (_divergence(a, middle) + _divergence(b, middle)) / 2.0
    return np.asarray(np.sqrt(np.clip(divergence, 0.0, 1.0)))


def _divergence(p: Floats, q: Floats) -> Floats:
    """Return KL(p, q) in bits; infinite where p allows what q excludes."""
    from scipy.special import rel_entr

    return np.asarray(np.maximum(rel_entr(p, q).sum(axis=-1), 0.0) / np.log(2.0))
