"""The long-run distribution of a macro chain, exactly, also where it falls apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def long_run(rows: Floats) -> Floats:
    """Return the time-averaged distribution of a chain started from all states alike.

    Each closed class has one stationary law, found by a linear solve; of several classes
    each counts with the probability that the uniform start ends in it. Periodic classes
    have a time average too.

    Parameters
    ----------
    rows : array, shape (S, S)
        Transition probabilities, row = present state.

    Returns
    -------
    array, shape (S,)
    """
    from scipy.sparse.csgraph import connected_components

    size = len(rows)
    count, member = connected_components(rows > 0, directed=True, connection="strong")
    classes = [np.flatnonzero(member == k) for k in range(count)]
    outside = np.ones(size, dtype=bool)
    closed = []
    for states in classes:
        outside[:] = True
        outside[states] = False
        if not rows[np.ix_(states, outside)].any():
            closed.append(states)
    absorbed = _absorption(rows, closed)
    law = np.zeros(size)
    for states, share in zip(closed, absorbed, strict=True):
        law[states] = share * _stationary(rows[np.ix_(states, states)])
    return law / law.sum()


def _absorption(rows: Floats, closed: list[NDArray[np.int64]]) -> Floats:
    """Return the probability that the uniform start ends in each closed class."""
    size = len(rows)
    transient = np.ones(size, dtype=bool)
    for states in closed:
        transient[states] = False
    inside = np.array([len(states) for states in closed], dtype=float)
    if transient.any():
        stay = -rows[np.ix_(transient, transient)]
        # 1 - P(stay) as the sum of what leaves: a small chance of leaving keeps its digits.
        np.fill_diagonal(stay, 0.0)
        outgoing = rows[transient].copy()
        outgoing[np.arange(len(stay)), np.flatnonzero(transient)] = 0.0
        np.fill_diagonal(stay, outgoing.sum(axis=1))
        leave = np.stack([rows[np.ix_(transient, s)].sum(axis=1) for s in closed], axis=1)
        inside += np.linalg.solve(stay, leave).sum(axis=0)
    return np.asarray(inside / size)


def _stationary(rows: Floats) -> Floats:
    """Return the stationary law of an irreducible chain: pi P = pi, sum 1.

    Elimination without subtraction (Grassmann, Taksar and Heyman, Oper Res 33:1107, 1985),
    so that transitions of any smallness keep their digits.
    """
    work = rows.copy()
    size = len(work)
    for k in range(size - 1, 0, -1):
        work[:k, k] /= work[k, :k].sum()
        work[:k, :k] += np.outer(work[:k, k], work[k, :k])
    law = np.zeros(size)
    law[0] = 1.0
    for k in range(1, size):
        law[k] = law[:k] @ work[:k, k]
    return np.asarray(law / law.sum())
