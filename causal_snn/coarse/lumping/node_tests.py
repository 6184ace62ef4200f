"""The tests that cut branches: what the states placed so far already imply.

Once the cells of the first d states are known, the lumped rows of two of them differ by
D_b = sum of (P_iu - P_ju) over the placed states u of cell b, and the columns of the other states
can take back no more than N = sum of (P_ju - P_iu)+ over them. Hence in the end

    sum_b (D_b)+ - N  <=  TV(i, j)  <=  sum_b (D_b)+ + sum_u (P_iu - P_ju)+,

u over the other states (theory/10_lumping.py M1). Two states of one cell must have TV <= 2 radius
(M4); states v, w of two cells must have TV(v, w) >= separation - 2 radius.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.lumping.problem import ROUNDING, Floats

Assigned = NDArray[np.integer]
"""Cells of the first d states of many nodes, shape (d, N)."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """All pairs of states i < j in all contexts, in the order in which they become known.

    Attributes
    ----------
    i, j : array, shape (p,)
        The first d(d - 1)/2 pairs are those of the first d states.
    differences : array, shape (C, p, n)
        P_iu - P_ju for every context, pair and column u.
    """

    i: NDArray[np.int64]
    j: NDArray[np.int64]
    differences: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some pairs in some context, with the bound that sum_b (D_b)+ is held against."""

    i: NDArray[np.int64]
    j: NDArray[np.int64]
    differences: Floats  # (rows, d)
    bound: Floats  # (rows,)


def pairs_of(matrices: Floats) -> Pairs:
    """Return the pairs of states, those of the first states first."""
    n = matrices.shape[1]
    j, i = np.tril_indices(n, -1)
    return Pairs(i, j, matrices[:, i] - matrices[:, j])


def same_cell(pairs: Pairs, d: int, radius: float) -> list[Rows]:
    """Return the tests of pairs in one cell, in three parts, the sharpest first.

    A node that fails one holds no lumping with an epsilon below `radius`.
    """
    known, rest = _known(pairs, d)
    bound = 2 * (radius - ROUNDING) + np.maximum(-rest, 0).sum(axis=2)
    slack = np.maximum(known, 0).sum(axis=2) - bound
    context, pair = np.nonzero(slack > 0)  # the others cannot fail yet
    best = np.argsort(-slack[context, pair], kind="stable")
    cuts = [len(best) // 8, len(best) // 2] if len(best) > 20 else []
    chosen = [part for part in np.split(best, cuts) if len(part)]
    return [_rows(pairs, d, context[part], pair[part], bound) for part in chosen]


def other_cells(pairs: Pairs, d: int, radius: float, separation: float) -> list[Rows]:
    """Return the tests of pairs in different cells, for lumpings with epsilon below `radius`."""
    _, rest = _known(pairs, d)
    bound = separation - 2 * radius - np.maximum(rest, 0).sum(axis=2)
    context, pair = np.nonzero(bound > 0)
    return [_rows(pairs, d, context, pair, bound)] if len(pair) else []


def too_wide(assigned: Assigned, rows: Rows, k: int) -> NDArray[np.bool_]:
    """Return which nodes put two states into one cell that are too far apart, shape (N,).

    In single precision, and again in double where that does not decide.
    """
    together = assigned[rows.i] == assigned[rows.j]
    excess = _spread(assigned, rows, k, np.float32) - rows.bound[:, None].astype(np.float32)
    margin = 1e-6 + 1.2e-7 * len(assigned)  # rounding of sums whose terms add up to at most 2
    found = ((excess > margin) & together).any(axis=0)
    unclear = ((excess > -margin) & together).any(axis=0) & ~found
    if unclear.any():
        some = assigned[:, unclear]
        exact = _spread(some, rows, k, np.float64) > rows.bound[:, None]
        found[unclear] = (exact & together[:, unclear]).any(axis=0)
    return np.asarray(found)


def too_near(assigned: Assigned, rows: Rows, k: int) -> NDArray[np.bool_]:
    """Return which nodes have states of two cells that are too near each other, shape (N,)."""
    apart = assigned[rows.i] != assigned[rows.j]
    short = _spread(assigned, rows, k, np.float64) < rows.bound[:, None] - 1e-8
    return np.asarray((short & apart).any(axis=0))


def _known(pairs: Pairs, d: int) -> tuple[Floats, Floats]:
    """Return the differences of pairs of the first d states, columns known and to come."""
    known = pairs.differences[:, : d * (d - 1) // 2]
    return known[:, :, :d], known[:, :, d:]


def _rows(
    pairs: Pairs, d: int, context: NDArray[np.int64], pair: NDArray[np.int64], bound: Floats
) -> Rows:
    return Rows(
        pairs.i[pair], pairs.j[pair], pairs.differences[context, pair, :d], bound[context, pair]
    )


def _spread(
    assigned: Assigned, rows: Rows, k: int, kind: type[np.floating]
) -> NDArray[np.floating]:
    """Return sum_b (D_b)+, shape (rows, N)."""
    weights = rows.differences.astype(kind)
    total = np.zeros((len(weights), assigned.shape[1]), dtype=kind)
    for cell in range(k):
        part = weights @ (assigned == cell).astype(kind)
        total += np.maximum(part, 0, out=part)
    return total
