"""Polynomials on Gauss-Legendre nodes, and their integrals against a Gaussian."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.polynomial.legendre import leggauss, legvander
from numpy.typing import NDArray

Floats = NDArray[np.float64]
REACH = 8.5
"""Standard deviations beyond which a Gaussian holds no mass that a double can show."""


def basis_mass(mean: Floats, sigma: float, lo: float, hi: float, count: int) -> Floats:
    """Return the integral over [lo, hi] of N(y; mean, sigma^2) l_j(y), shape (M, count)."""
    left = np.maximum(lo, mean - REACH * sigma)
    right = np.minimum(hi, mean + REACH * sigma)
    mass = np.zeros((len(mean), count))
    near = np.flatnonzero(left < right)
    x, w = gauss(32 + count)  # 32 nodes integrate a Gaussian over 2 REACH to 1e-12
    half = (right - left)[near, None] / 2
    y = (left + right)[near, None] / 2 + half * x
    z = (y - mean[near, None]) / sigma
    density = half * w * np.exp(-0.5 * z * z) / (sigma * np.sqrt(2 * np.pi))
    moments = np.einsum(
        "mq,mqd->md", density, legvander((2 * y - lo - hi) / (hi - lo), count - 1), optimize=True
    )
    mass[near] = moments @ legendre_of_values(count)
    return mass


@lru_cache(maxsize=128)
def gauss(count: int) -> tuple[Floats, Floats]:
    """Return the nodes and weights of Gauss-Legendre on [-1, 1]."""
    x, w = leggauss(count)
    return x, w


@lru_cache(maxsize=64)
def legendre_of_values(count: int) -> Floats:
    """Return the matrix from values at Gauss-Legendre nodes to Legendre coefficients."""
    x, w = gauss(count)
    degrees = np.arange(count)
    return np.asarray((degrees[:, None] + 0.5) * w * legvander(x, count - 1).T)


@lru_cache(maxsize=64)
def end_values(count: int) -> Floats:
    """Return what the Lagrange polynomials are at the upper end of their element."""
    return np.asarray(legendre_of_values(count).sum(axis=0))  # every P_d(1) = 1
