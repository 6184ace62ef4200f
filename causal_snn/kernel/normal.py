"""Normal probabilities that stay exact in the tails and at zero noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# Four-point Gauss-Legendre on [0, 1]: the mean over a range too short for differences of G.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_NODES, _WEIGHTS = (_NODES + 1.0) / 2.0, _WEIGHTS / 2.0


def mass(low: ArrayLike, high: ArrayLike) -> Floats:
    """Return Phi(high) - Phi(low), accurate in both tails."""
    from scipy.special import ndtr

    a, b = np.broadcast_arrays(np.asarray(low, dtype=float), np.asarray(high, dtype=float))
    upper = a > 0  # in the upper tail use Phi(-a) - Phi(-b), where digits survive
    return np.asarray(np.where(upper, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a)))


def above(mean: ArrayLike, sigma: float, x: ArrayLike, *, strict: bool = False) -> Floats:
    """Return P(mean + sigma xi >= x), or > x if `strict`; `sigma` may be 0."""
    from scipy.special import ndtr

    distance: Any = np.subtract(mean, x)
    if sigma == 0:
        return np.where(distance > 0 if strict else distance >= 0, 1.0, 0.0)
    return np.asarray(ndtr(distance / sigma))


def mean_above(
    first: ArrayLike, last: ArrayLike, sigma: float, x: ArrayLike, *, strict: bool = False
) -> Floats:
    """Return the average of `above` while the mean goes linearly from `first` to `last`.

    With z = (mean - x)/sigma and G(z) = z Phi(z) + phi(z) it is
    (G(z_last) - G(z_first)) / (z_last - z_first), theory/01_lif.py L10; for sigma = 0 the
    fraction of the way spent above x.
    """
    start, stop = np.broadcast_arrays(np.subtract(first, x), np.subtract(last, x))
    if sigma == 0:
        return _fraction_above(start, stop, strict)
    low, high = start / sigma, stop / sigma
    span = high - low
    short = np.abs(span) < 0.1
    exact = (_primitive(high) - _primitive(low)) / np.where(short, 1.0, span)
    if not np.any(short):
        return np.asarray(exact)
    from scipy.special import ndtr

    nodes = low[..., None] + span[..., None] * _NODES
    return np.where(short, ndtr(nodes) @ _WEIGHTS, exact)


def _primitive(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(z * ndtr(z) + np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi))


def _fraction_above(start: Floats, stop: Floats, strict: bool) -> Floats:
    flat = start == stop
    low, high = np.minimum(start, stop), np.maximum(start, stop)
    ramp = np.clip(high / np.where(flat, 1.0, high - low), 0.0, 1.0)
    return np.where(flat, np.where(low > 0 if strict else low >= 0, 1.0, 0.0), ramp)
