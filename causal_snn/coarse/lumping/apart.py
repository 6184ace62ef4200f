"""Separation: how far apart the macro rows of a lumping can be.

A cell may have many Chebyshev centres; the macro rows are those that are farthest apart. The
separation of a lumping is the largest s such that, in every context, centres can be chosen whose
pairwise total variations are all at least s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.lumping.farthest import farthest
from causal_snn.coarse.lumping.problem import Floats, Labels, Problem
from causal_snn.coarse.lumping.radius import (
    CLOSED_FORM,
    batches,
    cell_radii,
    centres,
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
            farthest(rows, labels, radius) if spread else centres(rows, labels, task.k)
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
