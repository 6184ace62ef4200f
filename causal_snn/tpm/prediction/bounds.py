"""Bounds on the error of a macro chain after some steps, from its error in one.

With delta(u) = TV(Lambda P(u, .), Q(x(u), .)) the one-step error at micro state u, the error after
t steps is a telescoping sum (theory/13_prediction.py Q3):

    TV(Lambda(mu P^t), (Lambda mu) Q^t) <= sum_(s<t) E_(mu P^s)[delta] tau(Q^(t-1-s)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def posterior(defects: Floats, tau: Floats) -> Floats:
    """Return the bound with the expected one-step errors of each start, at most 1.

    Parameters
    ----------
    defects : array, shape (T, L)
        E_(mu P^s)[delta] for s = 0 to T - 1, for L initial laws mu.
    tau : array, shape (T,)
        Contraction coefficients tau(Q^m), m = 0 to T - 1.

    Returns
    -------
    array, shape (T, L)
        After 1 to T steps.
    """
    found = np.stack([tau[t::-1] @ defects[: t + 1] for t in range(len(tau))])
    return np.minimum(found, 1.0)


def prior(epsilon: float, tau: Floats) -> Floats:
    """Return epsilon sum_(s<t) tau(Q^s), at most 1, with the worst one-step error; shape (T,)."""
    return np.minimum(epsilon * np.cumsum(tau), 1.0)


def by_cells(epsilons: Floats, rows: Floats, tau: Floats) -> Floats:
    """Return a bound that knows delta by macro state only, shape (T,), worst over states.

    E_(mu P^s)[delta] <= E[eps(x)] under the law of the macro state, which the macro chain
    knows up to the bound b_s of the error so far: at most
    E_((Lambda mu) Q^s)[eps] + b_s (max eps - min eps) (Q4).

    Parameters
    ----------
    epsilons : array, shape (S,)
        Worst one-step error of each macro state.
    rows : array, shape (S, S)
        Q.
    tau : array, shape (T,)
    """
    steps, spread = len(tau), float(np.ptp(epsilons))
    worst = prior(float(epsilons.max()), tau)
    bound = np.zeros((steps + 1, len(epsilons)))  # b_0 = 0: both start in the same state
    defects, expected = np.empty((steps, len(epsilons))), epsilons.copy()
    for s in range(steps):
        defects[s] = np.minimum(expected + bound[s] * spread, epsilons.max())
        bound[s + 1] = np.minimum(tau[s::-1] @ defects[: s + 1], worst[s])
        expected = rows @ expected
    return bound[1:].max(axis=1)
