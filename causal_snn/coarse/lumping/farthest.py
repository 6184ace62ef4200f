"""Chebyshev centres as far apart as they can be: a small mixed-integer program.

Variables: q (k, k), the macro rows; t (n, k), what a row exceeds its centre by; for each pair of
cells and macro state a part w of their distance, and the choice z whether that state is in the set
on which the distance is taken; and s, the least distance. All from 0 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from causal_snn.coarse.lumping.problem import Floats, Labels
from causal_snn.coarse.lumping.radius import centres

_ROOM = 1e-7  # for the tolerance of the integer program


def farthest(rows: Floats, labels: Labels, radius: Floats) -> Floats:
    """Return one centre of each cell, shape (k, k), with the largest least distance.

    Parameters
    ----------
    rows : array, shape (n, k)
        Lumped rows of the micro states.
    labels : array, shape (n,)
        Their cells.
    radius : array, shape (k,)
        Radii of the cells.
    """
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp
    from scipy.sparse import vstack

    n, k = rows.shape
    parts = k * k * (k - 1) // 2
    rules, lows, highs = _rules(rows, labels, radius)
    total = rules.shape[1]
    cost = np.zeros(total)
    cost[-1] = -1.0
    choice, excess = slice(total - 1 - parts, total - 1), slice(n * k, n * k + n)
    whole = np.zeros(total)
    whole[choice] = 1
    lower, upper = np.zeros(total), np.ones(total)
    loose = highs.copy()
    loose[excess] += _ROOM
    solved = milp(
        cost,
        constraints=LinearConstraint(rules, lows, loose),
        bounds=Bounds(lower, upper),
        integrality=whole,
    )
    if solved.x is not None:  # again with the choices fixed, as a linear program: more digits
        lower[choice] = upper[choice] = solved.x[choice].round()
        above, below = np.isfinite(highs), np.isfinite(lows)
        solved = linprog(
            cost,
            A_ub=vstack([rules[above], -rules[below]]),
            b_ub=np.concatenate([highs[above], -lows[below]]),
            bounds=np.column_stack([lower, upper]),
            options={"primal_feasibility_tolerance": 1e-10},
        )
    if solved.x is None:
        return centres(rows, labels, k)
    return np.asarray(solved.x[: k * k].reshape(k, k))


def _rules(rows: Floats, labels: Labels, radius: Floats) -> tuple[Any, Floats, Floats]:
    """Return the constraints lows <= A x <= highs; those on the excess are the second block."""
    from scipy.sparse import block_array, csr_array, eye_array, kron

    n, k = rows.shape
    first, second = np.triu_indices(k, 1)
    pairs = len(first)
    parts, ones, same = pairs * k, np.ones((1, k)), eye_array(pairs * k)
    cell = csr_array((np.ones(n), (np.arange(n), labels)), shape=(n, k))
    sign = np.eye(k)[second] - np.eye(k)[first]
    A = block_array(
        [
            [kron(cell, eye_array(k)), eye_array(n * k), None, None, None],  # q + t >= x
            [None, kron(eye_array(n), ones), None, None, None],  # sum t <= r
            [kron(eye_array(k), ones), None, None, None, None],  # sum q = 1
            [kron(sign, eye_array(k)), None, same, same, None],  # w <= q_a - q_b + 1 - z
            [None, None, same, -same, None],  # w <= z
            [None, None, kron(eye_array(pairs), ones), None, -np.ones((pairs, 1))],  # sum w >= s
        ]
    )
    sizes, inf = (n * k, n, k, parts, parts, pairs), np.inf
    lows = np.repeat([0.0, -inf, 1.0, -inf, -inf, 0.0], sizes)
    highs = np.repeat([inf, 0.0, 1.0, 1.0, 0.0, inf], sizes)
    lows[: n * k] = rows.ravel()
    highs[n * k : n * k + n] = radius[labels]
    return csr_array(A), lows, highs
