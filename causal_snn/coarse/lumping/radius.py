"""Chebyshev radii in total variation: how far a cell's effects are from one macro effect.

TV(x, q) = max over sets B of macro states of x(B) - q(B). So q is within r of every row of a
cell when q(B) >= M_B - r for every B, M_B the largest x(B) in the cell: the centres are the core
of a game, and by linear duality

    radius = max over balanced collections of (sum_B w_B M_B - 1)/sum_B w_B,

w >= 0 with sum_{B holds b} w_B = 1 for every b (Bondareva, 1963; Shapley, 1967). The maximum is
at a minimal collection, of which there are 1, 5, 41 and 1291 for 2, 3, 4 and 5 macro states
(without the whole set), so up to five the radius is a closed form (theory/10_lumping.py M2, M3).
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.lumping.problem import Floats, Labels, frozen

CLOSED_FORM = 5
"""Macro states up to which the radius is a closed form."""
_ELEMENTS = 4_000_000  # of the largest array of a batch


@cache
def subsets(k: int) -> Floats:
    """Return the proper nonempty subsets of k macro states as rows of 0 and 1."""
    numbers = np.arange(1, 2**k - 1)
    return frozen(((numbers[:, None] >> np.arange(k)) & 1).astype(float))


@cache
def balanced(k: int) -> tuple[Floats, Floats]:
    """Return the minimal balanced collections: weights, shape (m, 2^k - 2), and their sums."""
    sets = subsets(k)
    chosen = np.array(list(combinations(range(len(sets)), k)))
    bases = np.moveaxis(sets[chosen], 1, 2)
    regular = np.abs(np.linalg.det(bases)) > 0.5  # whole numbers
    chosen = chosen[regular]
    solved = np.linalg.solve(bases[regular], np.ones((len(chosen), k, 1)))[..., 0]
    feasible = np.all(solved > -1e-9, axis=1)
    weights = np.zeros((int(feasible.sum()), len(sets)))
    np.put_along_axis(weights, chosen[feasible], solved[feasible].clip(0), axis=1)
    _, first = np.unique(weights.round(9), axis=0, return_index=True)
    weights = weights[first]
    return frozen(weights), frozen(weights.sum(axis=1))


def lumped(matrices: Floats, labels: Labels, k: int) -> Floats:
    """Return P summed over the columns of each cell, shape (N, C, n, k), of N labellings."""
    member = (labels[:, None, :, None] == np.arange(k)).astype(float)
    return np.asarray(matrices[None] @ member)


def maxima(matrices: Floats, labels: Labels, k: int) -> Floats:
    """Return M_B of every cell, shape (N, C, k, 2^k - 2): its largest x(B) for every set B."""
    values = lumped(matrices, labels, k) @ subsets(k).T  # (N, C, n, 2^k - 2)
    found = np.empty((len(labels), len(matrices), k, values.shape[-1]))
    for cell in range(k):
        inside = (labels == cell)[:, None, :, None]
        found[:, :, cell] = np.where(inside, values, -1.0).max(axis=2)
    return found


def radii_of(most: Floats) -> Floats:
    """Return the radius of every cell, shape (N, C, k), from `maxima`."""
    weights, sums = balanced(most.shape[2])
    return np.asarray(((most @ weights.T - 1.0) / sums).max(axis=-1).clip(0.0))


def batches(matrices: Floats, labels: Labels, k: int) -> list[Labels]:
    """Return the labellings in parts for which `maxima` takes little memory."""
    size = max(1, _ELEMENTS // (len(matrices) * labels.shape[1] * 2**k))
    return [labels[start : start + size] for start in range(0, max(1, len(labels)), size)]


def cell_radii(matrices: Floats, labels: Labels, k: int) -> Floats:
    """Return the radius of every cell in every context, shape (N, C, k).

    Parameters
    ----------
    matrices : array, shape (C, n, n)
    labels : array, shape (N, n)
        Labellings of the micro states by cells 0 to k - 1.
    """
    if k == 1:
        return np.zeros((len(labels), len(matrices), 1))
    if k > CLOSED_FORM:
        return np.array([_by_programs(matrices, label, k) for label in labels])
    parts = batches(matrices, labels, k)
    return np.concatenate([radii_of(maxima(matrices, part, k)) for part in parts])


def radii(matrices: Floats, labels: Labels, k: int) -> Floats:
    """Return the epsilon of N lumpings, shape (N,): the largest radius of any cell."""
    return np.asarray(cell_radii(matrices, labels, k).max(axis=(1, 2)))


def centre(rows: Floats) -> tuple[Floats, float]:
    """Return a Chebyshev centre of effects, shape (k,), and their radius.

    Parameters
    ----------
    rows : array, shape (m, k)
        Laws of the next macro state, one for each micro state of the cell.
    """
    m, k = rows.shape
    if m == 1:
        return rows[0].copy(), 0.0
    if m == 2:
        middle = rows.mean(axis=0)
    elif k == 2:  # the middle of the range
        middle = (rows.min(axis=0) + rows.max(axis=0)) / 2.0
    else:
        middle = _program(rows)
    return middle, float(np.max(np.maximum(rows - middle, 0.0).sum(axis=1)))


def centres(rows: Floats, labels: Labels, k: int) -> Floats:
    """Return a centre of each of k cells of lumped rows, shape (k, k)."""
    return np.array([centre(rows[labels == cell])[0] for cell in range(k)])


def _by_programs(matrices: Floats, label: NDArray[np.int64], k: int) -> Floats:
    effects = lumped(matrices, label[None], k)[0]
    return np.array(
        [
            [centre(rows[label == cell])[1] if np.any(label == cell) else 0.0 for cell in range(k)]
            for rows in effects
        ]
    )


def _program(rows: Floats) -> Floats:
    """Return a centre by linear programming: min r, sum_b t_vb <= r, t_vb >= x_vb - q_b."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack, kron, vstack

    m, k = rows.shape
    over = hstack(  # variables: q (k), t (m, k), r
        [kron(np.ones((m, 1)), -eye_array(k)), -eye_array(m * k), csr_array((m * k, 1))]
    )
    total = hstack([csr_array((m, k)), kron(eye_array(m), np.ones((1, k))), -np.ones((m, 1))])
    cost = np.zeros(k + m * k + 1)
    cost[-1] = 1.0
    one = np.zeros((1, len(cost)))
    one[0, :k] = 1.0
    solved = linprog(
        cost,
        A_ub=vstack([over, total]).tocsr(),
        b_ub=np.concatenate([-rows.ravel(), np.zeros(m)]),
        A_eq=one,
        b_eq=[1.0],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solved.x is None:  # a middle is a centre of a larger radius: still an upper bound
        return np.asarray(rows.mean(axis=0))
    found = np.maximum(solved.x[:k], 0.0)
    return np.asarray(found / found.sum())
