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
        stay = np.eye(int(transient.sum())) - rows[np.ix_(transient, transient)]
        leave = np.stack([rows[np.ix_(transient, s)].sum(axis=1) for s in closed], axis=1)
        inside += np.linalg.solve(stay, leave).sum(axis=0)
    return np.asarray(inside / size)


def _stationary(rows: Floats) -> Floats:
    """Return the stationary law of an irreducible chain: pi (P - 1) = 0, sum 1."""
    system = rows.T - np.eye(len(rows))
    system[-1] = 1.0  # one balance equation follows from the others
    law = np.linalg.solve(system, np.eye(len(rows))[-1])
    law = np.clip(law, 0.0, None)
    return np.asarray(law / law.sum())
