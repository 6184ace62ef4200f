"""What a decoder reads of the present state if it takes parts for independent.

With q(x' | x) = prod_k p(M_k' | M_k) for the chain, it reads I* = max_beta I~(beta),
I~(beta) = -<log2 sum_x p(x) q(x' | x)^beta> + beta <log2 q(x' | x)> (Merhav, Kaplan, Lapidoth and
Shamai, IEEE Trans Inf Theory 40:1953, 1994). I~ is concave and I~(0) = 0
(theory/16_integration_measures.py G8, G9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.measures.chains import FiniteChain, GaussianChain, grouped_law
from causal_snn.tpm.information import log2_or_zero

Floats = NDArray[np.float64]
LARGEST_EXPONENT = 2.0**20
"""Exponents beyond are not tried."""
_FLAT = 1e-12  # slopes below are rounding (bits)
_PRODUCTS = 4.0  # exponents up to which powers of probabilities do not underflow
type _Curve = Callable[[float], tuple[float, float]]  # I~ and its slope, in bits


@dataclass(frozen=True, slots=True)
class Decoded:
    """Information that a mismatched decoder reads.

    Attributes
    ----------
    bits : float
    exponent : float
        The best beta.
    attained : bool
        Whether I~ is flat there, so that no other beta gives more.
    """

    bits: float
    exponent: float
    attained: bool


def decoded_information(
    chain: FiniteChain | GaussianChain, parts: Sequence[Sequence[int]]
) -> Decoded:
    """Return I* of the decoder that takes the parts for independent.

    The slope of I~ falls, so its zero is bracketed by doubling or halving beta from 1.
    """
    from scipy.optimize import brentq

    curve = _Gaussian(chain, parts) if isinstance(chain, GaussianChain) else _Finite(chain, parts)
    low = high = 1.0
    _, slope = start = curve(1.0)
    if abs(slope) <= _FLAT:
        return Decoded(max(start[0], 0.0), 1.0, True)
    if slope > 0:
        while curve(high)[1] > _FLAT:
            low, high = high, 2 * high
            if high > LARGEST_EXPONENT:
                return Decoded(max(curve(low)[0], 0.0), low, False)
    else:
        while curve(low)[1] < -_FLAT:
            low, high = low / 2, low
            if low < _FLAT:  # q with zeros: I~ may jump at 0 and fall from there
                return Decoded(max(curve(low)[0], 0.0), low, True)
    ends = curve(low), curve(high)
    for beta, (found, slope) in zip((low, high), ends, strict=True):
        if abs(slope) <= _FLAT:
            return Decoded(max(found, 0.0), beta, True)
    best = float(brentq(lambda beta: curve(beta)[1], low, high, xtol=1e-14, rtol=1e-14))
    return Decoded(max(curve(best)[0], 0.0), best, True)


class _Finite:
    """I~ of a finite chain.

    The sum over x factorises: it is p contracted with q_k^beta along the axis of each part.
    For large beta it is taken over all pairs of states instead, with logarithms.
    """

    def __init__(self, chain: FiniteChain, parts: Sequence[Sequence[int]]) -> None:
        self.now, self.next = (grouped_law(law, parts) for law in (chain.now, chain.next))
        self.logs: list[Floats] = []
        self.mean = 0.0
        for part in parts:
            law = chain.part_law(part)
            q = np.divide(law, law.sum(axis=1)[:, None], out=np.zeros_like(law), where=law > 0)
            log = log2_or_zero(q)
            # Over the largest of its column: powers stay large, and I~ is the same.
            log -= log.max(axis=0, where=q > 0, initial=-np.inf, keepdims=True).clip(-1e300)
            self.mean += float((law * log)[law > 0].sum())
            self.logs.append(np.where(q > 0, log, -np.inf))
        self.seen = self.next > 0
        self.weights = self.next[self.seen]

    def __call__(self, beta: float) -> tuple[float, float]:
        """Return I~ and its slope."""
        if beta <= _PRODUCTS:
            total, change = self._products(beta)
            if (total[self.seen] > 0).all():
                slopes = change[self.seen] / total[self.seen]
                return self._curve(beta, np.log2(total[self.seen]), slopes)
        return self._curve(beta, *self._pairs(beta))

    def _curve(self, beta: float, logs: Floats, slopes: Floats) -> tuple[float, float]:
        information = beta * self.mean - float(self.weights @ logs)
        return information, self.mean - float(self.weights @ slopes)

    def _products(self, beta: float) -> tuple[Floats, Floats]:
        """Return sum_x p q^beta for every x', and its derivative."""
        powers = [np.exp2(beta * log) for log in self.logs]
        total = _contracted(self.now, powers)
        change = np.zeros_like(total)
        for k, log in enumerate(self.logs):
            weighted = powers[k] * np.where(np.isfinite(log), log, 0.0)
            change += _contracted(self.now, [*powers[:k], weighted, *powers[k + 1 :]])
        return total, change

    def _pairs(self, beta: float) -> tuple[Floats, Floats]:
        """Return log2 sum_x p q^beta for every x' that occurs, and its derivative."""
        joint = np.zeros((1, 1))
        for log in self.logs:
            joint = (joint[:, None, :, None] + log[None, :, None, :]).reshape(
                joint.shape[0] * log.shape[0], -1
            )
        occurs = self.now.ravel() > 0
        joint = joint[np.ix_(occurs, self.seen.ravel())]
        exponents = np.log2(self.now.ravel()[occurs])[:, None] + beta * joint
        top = exponents.max(axis=0)
        weights = np.exp2(exponents - top)
        total = weights.sum(axis=0)
        slopes = (weights * np.where(np.isfinite(joint), joint, 0.0)).sum(axis=0) / total
        return top + np.log2(total), slopes


def _contracted(tensor: Floats, matrices: Sequence[Floats]) -> Floats:
    """Return sum over x of tensor[x_1, ...] prod_k matrix_k[x_k, y_k], one axis per y_k."""
    for matrix in matrices:  # the axis in front goes, the new one comes last
        tensor = np.tensordot(tensor, matrix, axes=(0, 0))
    return tensor


class _Gaussian:
    """I~ of a Gaussian chain (theory G9).

    With the decoder's mean B x and noise D, in coordinates where D is the identity and B S B^T
    diagonal: I~ = (sum_j log(1 + beta l_j) + beta s_j/(1 + beta l_j) - beta)/2 nats, l_j the
    eigenvalues and s_j the next state's variances there.
    """

    def __init__(self, chain: GaussianChain, parts: Sequence[Sequence[int]]) -> None:
        from scipy.linalg import eigh

        S, following = chain.covariance, chain.next_covariance
        across = chain.A @ S
        B, D = np.zeros_like(S), np.zeros_like(S)
        for part in parts:
            at = np.ix_(part, part)
            B[at] = np.linalg.solve(S[at], across[at].T).T
            D[at] = following[at] - B[at] @ across[at].T
        found, vectors = eigh(B @ S @ B.T, D)
        self.sizes = np.maximum(found, 0.0)
        self.spread = np.einsum("ij,ik,kj->j", vectors, following, vectors)

    def __call__(self, beta: float) -> tuple[float, float]:
        """Return I~ and its slope."""
        scale = 1 + beta * self.sizes
        nats = (np.log(scale) + beta * self.spread / scale - beta).sum() / 2
        slope = (self.sizes / scale + self.spread / scale**2 - 1).sum() / 2
        return float(nats / np.log(2)), float(slope / np.log(2))
