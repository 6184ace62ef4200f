"""The long run of a chip's exact chain, and what its macro states then lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import spsolve

from causal_snn import order
from causal_snn.chips.chain.counts import cell_of
from causal_snn.chips.chain.kernel import ChipKernel
from causal_snn.chips.chain.reachable import size_bound
from causal_snn.chips.chain.transitions import transitions
from causal_snn.tpm.finite_laws import UnitGroups
from causal_snn.tpm.stationary import long_run

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DENSE = 600
"""States of a recurrent class up to which its law is found by dense elimination."""


@dataclass(frozen=True, slots=True, eq=False)
class LongRun:
    """What the chain does in the long run, started at rest.

    Attributes
    ----------
    rows : array, shape (S, S)
        P(next macro state | macro state); 0 for those that have no long-run probability.
    law : array, shape (S,)
        Long-run probability of each macro state.
    states, classes : int
        Micro states that can be reached, and recurrent classes among them.
    """

    rows: Floats
    law: Floats
    states: int
    classes: int


def long_run_rows(chain: ChipKernel, units: Sequence[UnitGroups], max_states: int) -> LongRun:
    """Return the rows of the macro states, micro states weighted as in the long run.

    Raises
    ------
    InputError
        If the network reaches too many states, or has Gaussian noise.
    """
    found = transitions(chain, chain.start, max_states, bound=size_bound(chain))
    table = scipy.sparse.csr_array((found.chance, (found.now, found.after)), shape=(found.n,) * 2)
    law, classes = stationary_from(table)
    macro = _macro(chain, units, found.rows)
    sizes = tuple(len(unit.cells.names) for unit in units)
    count = prod(sizes)
    belongs = scipy.sparse.csr_array(
        (np.ones(found.n), (np.arange(found.n), macro)), shape=(found.n, count)
    )
    weighted = scipy.sparse.diags_array(law) @ table
    flow = (belongs.T @ weighted @ belongs).toarray()
    mass = flow.sum(axis=1)
    rows = np.divide(flow, mass[:, None], out=np.zeros_like(flow), where=mass[:, None] > 0)
    return LongRun(rows, np.bincount(macro, law, minlength=count), found.n, classes)


def stationary_from(table: Any) -> tuple[Floats, int]:
    """Return the time-averaged law of a chain started in state 0, and its recurrent classes."""
    from scipy.sparse.csgraph import connected_components

    count, member = connected_components(table, directed=True, connection="strong")
    edges = table.tocoo()
    leaves = np.zeros(count, dtype=bool)
    leaves[member[edges.row[member[edges.row] != member[edges.col]]]] = True
    law = np.zeros(table.shape[0])
    closed = np.flatnonzero(~leaves)
    chances = _ending(table, member, leaves, closed)
    for c, chance in zip(closed, chances, strict=True):
        members = np.flatnonzero(member == c)
        law[members] = chance * _recurrent(table[members][:, members])
    return np.asarray(law / law.sum()), len(closed)


def _ending(table: Any, member: Ints, leaves: NDArray[np.bool_], closed: Ints) -> Floats:
    """Return the probability that a chain started in state 0 ends in each closed class."""
    if len(closed) == 1:
        return np.ones(1)
    transient = np.flatnonzero(leaves[member])
    if member[0] in closed:
        return np.asarray(closed == member[0], dtype=float)
    inside = table[transient][:, transient]
    start = np.zeros(len(transient))
    start[np.searchsorted(transient, 0)] = 1.0
    matrix = scipy.sparse.eye_array(len(transient), format="csc") - inside.T.tocsc()
    visits = spsolve(matrix, start)
    into = table[transient]
    return np.array([float((visits @ into[:, np.flatnonzero(member == c)]).sum()) for c in closed])


def _recurrent(table: Any) -> Floats:
    """Return the stationary law of an irreducible chain."""
    n = table.shape[0]
    if n <= DENSE:
        return long_run(table.toarray())
    if table.nnz == n:  # a cycle
        return np.full(n, 1.0 / n)
    # pi (P - 1) = 0, the first state's being 1. Elimination and no iteration: states that are
    # hardly ever visited keep their digits, and rows of rare macro states are made of these.
    matrix = (table.T - scipy.sparse.eye_array(n)).tocsc()
    found = np.append(1.0, spsolve(matrix[1:, 1:], -matrix[1:, :1].toarray().ravel()))
    found = np.clip(found, 0.0, None)
    return np.asarray(found / found.sum())


def _macro(chain: ChipKernel, units: Sequence[UnitGroups], rows: Any) -> Ints:
    """Return the number of the macro state that each micro state is in."""
    width, where = len(chain.registers), chain.registers.index("v")
    found = []
    for unit in units:
        v = rows[:, unit.place * width + where]
        spikes = rows[:, chain.n * width + unit.place]
        found.append(unit.cells.macro[cell_of(unit.cells.cuts, v, spikes)])
    return order.numbers(found, tuple(len(unit.cells.names) for unit in units))
