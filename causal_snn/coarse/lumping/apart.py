"""Separation: how far apart the macro rows of a lumping can be.

A cell may have many Chebyshev centres; the macro rows are those that are farthest apart. The
separation of a lumping is the largest s such that, in every context, centres can be chosen whose
pairwise total variations are all at least s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.lumping.problem import Floats, Labels, Problem
from causal_snn.coarse.lumping.radius import (
    CLOSED_FORM,
    batches,
    cell_radii,
    centre,
    lumped,
    maxima,
    radii_of,
    subsets,
)

MET = 1e-9
"""How far below the demanded separation still counts as met: the accuracy of the programs."""


def least_distance(macro: Floats) -> float:
    """Return the least total variation between two rows in any context; 1 for a single cell.

    Parameters
    ----------
    macro : array, shape (C, k, k)
    """
    k = macro.shape[1]
    if k == 1:
        return 1.0
    first, second = np.triu_indices(k, 1)
    distances = 0.5 * np.abs(macro[:, first] - macro[:, second]).sum(axis=-1)
    return float(distances.min())


def macro_rows(task: Problem, labels: Labels) -> Floats:
    """Return the macro rows in every context, shape (C, k, k), as far apart as centres can be.

    With more than five cells and no separation demanded, any centres.
    """
    sizes = cell_radii(task.matrices, labels[None], task.k)[0]
    effects = lumped(task.matrices, labels[None], task.k)[0]
    spread = task.k >= 3 and (task.k <= CLOSED_FORM or task.separation > 0)
    return np.stack(
        [
            _farthest(rows, labels, radius) if spread else _centres(rows, labels, task.k)
            for rows, radius in zip(effects, sizes, strict=True)
        ]
    )


def separable(task: Problem, labels: Labels) -> bool:
    """Return whether a lumping has macro rows as far apart as the problem demands."""
    if task.separation == 0 or task.k == 1:
        return True
    return least_distance(macro_rows(task, labels)) >= task.separation - MET


def may_be_separable(task: Problem, labels: Labels) -> NDArray[np.bool_]:
    """Return which of N labellings an upper bound of their separation does not exclude, (N,)."""
    if task.separation == 0 or task.k == 1 or not len(labels):
        return np.ones(len(labels), dtype=bool)
    if task.k <= CLOSED_FORM:
        parts = batches(task.matrices, labels, task.k)
        reach = np.concatenate([_reach(maxima(task.matrices, part, task.k)) for part in parts])
    else:
        reach = np.array([_reach_of_parts(task, label) for label in labels])
    return np.asarray(reach >= task.separation - MET)


def _reach(most: Floats) -> Floats:
    """Return an upper bound on separations, shape (N,); exact for pairs of up to three cells.

    Every centre has q(B) >= M_B - r, and q(B) is the sum of its parts: so q(B) is at least
    low(B) = max(M_B - r, sum over b in B of (M_b - r)+), and at most 1 - low(the rest).
    """
    k = most.shape[2]
    slack = most - radii_of(most)[..., None]
    parts = slack[..., 2 ** np.arange(k) - 1].clip(0.0)  # the sets of a single macro state
    low = np.maximum(slack, parts @ subsets(k).T)
    high = 1.0 - low[..., ::-1]  # the complement of the first set is the last
    first, second = np.triu_indices(k, 1)
    return np.asarray((high[:, :, first] - low[:, :, second]).max(axis=-1).min(axis=(1, 2)))


def _reach_of_parts(task: Problem, labels: Labels) -> float:
    """Return the same for many cells: TV is the sum of the positive parts of a difference."""
    sizes = cell_radii(task.matrices, labels[None], task.k)[0]
    effects = lumped(task.matrices, labels[None], task.k)[0]
    first, second = np.triu_indices(task.k, 1)
    worst = 1.0
    for rows, radius in zip(effects, sizes, strict=True):
        cells = [rows[labels == a] for a in range(task.k)]
        low = np.array([x.max(axis=0) for x in cells]) - radius[:, None]
        high = np.array([x.min(axis=0) for x in cells]) + radius[:, None]
        for a, b in ((first, second), (second, first)):
            worst = min(worst, float((high[a] - low[b]).clip(0.0).sum(axis=1).min()))
    return worst


def _centres(rows: Floats, labels: Labels, k: int) -> Floats:
    return np.array([centre(rows[labels == a])[0] for a in range(k)])


def _farthest(rows: Floats, labels: Labels, radius: Floats) -> Floats:
    """Return the centres that are farthest apart, by a small mixed-integer program.

    Variables: q (k, k), excess t (n, k) of the rows over their centre, for each pair of cells
    and macro state a part w of their distance and a choice z of the set it is taken on, and s.
    """
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp
    from scipy.sparse import csr_array, eye_array, hstack, kron, vstack

    n, k = rows.shape
    first, second = np.triu_indices(k, 1)
    pairs = len(first)
    parts = pairs * k
    cell = csr_array((np.ones(n), (np.arange(n), labels)), shape=(n, k))
    sign = np.zeros((pairs, k))
    sign[np.arange(pairs), first], sign[np.arange(pairs), second] = 1.0, -1.0
    ones = np.ones((1, k))

    def blocks(*given: object) -> csr_array:
        return csr_array(hstack(given))

    def none(height: int, width: int) -> csr_array:
        return csr_array((height, width))

    macro = kron(cell, eye_array(k))
    same = eye_array(parts)
    matrix = vstack(
        [
            blocks(macro, eye_array(n * k), none(n * k, 2 * parts + 1)),  # q + t >= x
            blocks(none(n, k * k), kron(eye_array(n), ones), none(n, 2 * parts + 1)),  # sum t <= r
            blocks(kron(eye_array(k), ones), none(k, n * k + 2 * parts + 1)),  # sum q = 1
            blocks(-kron(sign, eye_array(k)), none(parts, n * k), same, same, none(parts, 1)),
            blocks(none(parts, k * k + n * k), same, -same, none(parts, 1)),  # w <= z
            blocks(
                none(pairs, k * k + n * k),
                kron(eye_array(pairs), ones),
                none(pairs, parts),
                -np.ones((pairs, 1)),
            ),  # sum w >= s
        ]
    )
    inf = np.inf
    sizes = (n * k, n, k, parts, parts, pairs)
    lows = np.repeat([0, -inf, 1.0, -inf, -inf, 0.0], sizes)
    lows[: n * k] = rows.ravel()
    highs = np.repeat([inf, 0, 1.0, 1.0, 0.0, inf], sizes)  # w - (q_a - q_b) + z <= 1
    excess = slice(n * k, n * k + n)
    highs[excess] = radius[labels] + 1e-7  # room for the tolerance of the integer program
    total = matrix.shape[1]
    cost = np.zeros(total)
    cost[-1] = -1.0
    choice = slice(total - 1 - parts, total - 1)
    whole = np.zeros(total)
    whole[choice] = 1
    lower, upper = np.zeros(total), np.ones(total)
    rules = matrix.tocsr()
    limits = Bounds(lower, upper)
    solved = milp(
        cost, constraints=LinearConstraint(rules, lows, highs), bounds=limits, integrality=whole
    )
    if solved.x is not None:  # again with the choices fixed, as a linear program: more digits
        lower[choice] = upper[choice] = solved.x[choice].round()
        highs[excess] = radius[labels]
        above, below = highs < inf, lows > -inf
        solved = linprog(
            cost,
            A_ub=vstack([rules[above], -rules[below]]),
            b_ub=np.concatenate([highs[above], -lows[below]]),
            bounds=np.column_stack([lower, upper]),
            options={"primal_feasibility_tolerance": 1e-10},
        )
    if solved.x is None:
        return _centres(rows, labels, k)
    return np.asarray(solved.x[: k * k].reshape(k, k))
