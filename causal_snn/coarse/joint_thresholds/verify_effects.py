"""Effects of one unit for the checker of mean-regret certificates: closed form, quadrature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Piece(NamedTuple):
    """Potentials start..stop, (K,), with p = P(mean + slope v + noise > 0), mean (K, C)."""

    start: Floats
    stop: Floats
    slope: float
    mean: Floats
    strict: Floats


def pieces(u: Any, inputs: Sequence[float], a: Floats, b: Floats, *, macro: bool) -> list[Piece]:
    """Return the potentials below a, from a to b, from b to theta, and after a spike.

    `macro`: the effect is that the next potential reaches a, rather than theta.
    """
    weights, d = np.array(inputs), len(inputs)
    c = np.array([math.fsum(weights * s) for s in product((0.0, 1.0), repeat=d)])
    target = (a if macro else np.full_like(a, u.theta))[:, None]
    strict, low, theta = u.strict & (target >= u.theta), 0 * a + u.low, 0 * a + u.theta
    quiet, after = u.offset + c - target, u.spiked_offset + c * u.hears - target
    if u.silent:  # held at the reset potential: on for certain, or not
        after = np.where(after >= 0, math.inf, -math.inf)
    ends = ((low, a), (a, b), (b, theta))
    return [
        *(Piece(x, y, u.decay, quiet, strict) for x, y in ends),
        Piece(theta, 0 * a + u.high, u.spiked_decay, after, strict),
    ]


def integral(u: Any, piece: Piece) -> Floats:
    """Return the integral of p over a piece, shape (K, C)."""
    x, y, slope, mean, strict = _columns(piece)
    if slope == 0:
        return np.asarray((y - x) * _p(u, mean, strict))
    if u.sigma == 0:
        return np.asarray(y - np.clip(-mean / slope, x, y))
    z = [(mean + slope * v) / u.sigma for v in (x, y)]
    tail = [np.exp(-t * t / 2.0) / math.sqrt(2.0 * math.pi) for t in z]
    low, high = (t * _p(u, t * u.sigma, strict) + e for t, e in zip(z, tail, strict=True))
    return np.asarray((high - low) * u.sigma / slope)


def squared(u: Any, piece: Piece) -> Floats:
    """Return the integral of p^2: panels of half a width; beyond nine widths p is 0 or 1."""
    x, y, slope, mean, strict = _columns(piece)
    if slope == 0:
        return np.asarray((y - x) * _p(u, mean, strict) ** 2)
    if u.sigma == 0:
        return integral(u, piece)
    nodes, weights = np.polynomial.legendre.leggauss(10)
    edges = [np.clip((u.sigma * z - mean) / slope, x, y) for z in np.linspace(-9, 9, 37)]
    total = y - edges[-1]
    for start, stop in pairwise(edges):
        v = (start + stop)[..., None] / 2 + (stop - start)[..., None] / 2 * nodes
        p = _p(u, mean[..., None] + slope * v, strict)
        total = total + (stop - start) / 2 * (p**2 @ weights)
    return np.asarray(total)


def _columns(piece: Piece) -> tuple[Any, ...]:
    return (piece.start[:, None], piece.stop[:, None], *piece[2:])


def _p(u: Any, mean: Floats, strict: Any) -> Floats:
    from scipy.special import erfc

    if u.sigma == 0:
        return np.where(strict, mean > 0, mean >= 0).astype(float)
    return np.asarray(0.5 * erfc(-mean / u.sigma / math.sqrt(2.0)))
