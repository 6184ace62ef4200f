"""How fast a macro chain forgets: Dobrushin's contraction coefficients of its powers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_PAIRWISE = 1000
"""States up to which every pair of rows is compared."""


def contraction(rows: Floats) -> float:
    """Return tau(Q), the largest total variation between two rows of Q (S, S).

    nu Q has at most tau(Q) times the total variation of nu, for every signed measure nu of total
    mass 0 (theory/13_prediction.py Q2). Beyond `MOST_PAIRWISE` states an upper bound: the
    smaller of 1 - sum_j min_i Q_ij and twice the largest distance from the mean row.
    """
    from scipy.spatial.distance import pdist

    if len(rows) < 2:
        return 0.0
    if len(rows) <= MOST_PAIRWISE:
        return min(1.0, float(pdist(rows, "cityblock").max()) / 2)
    doeblin = 1.0 - float(rows.min(axis=0).sum())
    radius = float(np.abs(rows - rows.mean(axis=0)).sum(axis=1).max()) / 2
    return float(np.clip(min(doeblin, 2 * radius), 0.0, 1.0))


def contractions(rows: Floats, steps: int) -> Floats:
    """Return tau(Q^m) for m = 0 to `steps` - 1, shape (steps,).

    Of the powers themselves: tau(Q)^m is larger, often by far (Q5).
    """
    found, power = np.empty(steps), np.eye(len(rows))
    for m in range(steps):
        found[m] = contraction(power)
        if m and found[m] > found[m - 1]:  # rounding: more steps never tell more
            found[m] = found[m - 1]
        power = power @ rows
    return found
