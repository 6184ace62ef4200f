"""The Gaussian chain nearest to another in which each part depends on its own past only.

With x' = B x + e, B zero between parts, and e of covariance C, the relative entropy is least at
C = noise + (A - B) S (A - B)^T, where it is log(|C|/|noise|)/2 (Oizumi, Tsuchiya and Amari, PNAS
113:14817, 2016). What is left is a smooth function of the blocks of B, which may have several local
minima: with two units that only drive each other there are two once b^2 > 1/2
(theory/16_integration_measures.py G7).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.measures.chains import GaussianChain

Floats = NDArray[np.float64]


def nearest_gaussian_split(
    chain: GaussianChain,
    parts: Sequence[Sequence[int]],
    *,
    restarts: int,
    rng: np.random.Generator,
) -> tuple[float, bool]:
    """Return the least relative entropy found, in nats, and whether it is a stationary point.

    Quasi-Newton descent from the parts' own regressions, from the blocks of A, from 0, and
    from random points about the first.
    """
    from scipy.optimize import minimize

    objective = _Objective(chain, parts)
    best, settled = np.inf, False
    for start in _starts(objective, restarts, rng):
        found = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-9})
        if found.fun < best - 1e-13:
            best = float(found.fun)
            settled = float(np.abs(found.jac).max()) < 1e-6
    return max(best, 0.0), settled


def own_information_gap(chain: GaussianChain, units: Sequence[int]) -> float:
    """Return I(X_k'; all others now | X_k) of a part in nats: no split chain is nearer."""
    at = np.ix_(units, units)
    across = (chain.A @ chain.covariance)[at]
    left = chain.next_covariance[at] - across @ np.linalg.solve(chain.covariance[at], across.T)
    found = np.linalg.slogdet(np.stack([left, chain.noise[at]])).logabsdet
    return max(float(found[0] - found[1]) / 2, 0.0)


class _Objective:
    """log(|C|/|noise|)/2 and its gradient -[C^-1 (A - B) S] in the blocks of B.

    Coordinates in which S and the noise are the identity within parts make steps alike.
    """

    def __init__(self, chain: GaussianChain, parts: Sequence[Sequence[int]]) -> None:
        n = chain.n
        left, right = np.zeros((n, n)), np.zeros((n, n))
        self.inside = np.zeros((n, n), dtype=bool)
        for part in parts:
            at = np.ix_(part, part)
            left[at] = np.linalg.cholesky(chain.noise[at])
            right[at] = np.linalg.cholesky(chain.covariance[at])
            self.inside[at] = True
        self.A = np.linalg.solve(left, chain.A @ right)
        self.noise = np.linalg.solve(left, np.linalg.solve(left, chain.noise).T)
        self.S = np.linalg.solve(right, np.linalg.solve(right, chain.covariance).T)
        self.least = np.linalg.slogdet(self.noise).logabsdet

    def __call__(self, blocks: Floats) -> tuple[float, Floats]:
        rest = self.A.copy()
        rest[self.inside] -= blocks
        driven = rest @ self.S
        C = self.noise + driven @ rest.T
        gradient = -np.linalg.solve(C, driven)[self.inside]
        return float(np.linalg.slogdet(C).logabsdet - self.least) / 2, gradient

    def regression(self) -> Floats:
        """Return the blocks that predict each part from its own past alone."""
        # In these coordinates S is the identity within a part.
        return np.asarray((self.A @ self.S)[self.inside])


def _starts(objective: _Objective, restarts: int, rng: np.random.Generator) -> Iterator[Floats]:
    alone = objective.regression()
    yield alone
    yield objective.A[objective.inside]
    yield np.zeros_like(alone)
    scale = float(np.abs(objective.A).max())
    for _ in range(restarts):
        yield alone + scale * rng.standard_normal(alone.shape)
