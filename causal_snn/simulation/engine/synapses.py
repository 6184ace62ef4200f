"""Projections: who sends what to whom, laid out for lanes (dense) or for single runs (events)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.models.network_checks import is_sparse
from causal_snn.simulation.engine.layout import Layout

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Connections onto one state; units in memory order.

    Attributes
    ----------
    state : str or None
        State that jumps; None is the one that each neuron's `Equations.synapse` names.
    by_delay : dict of int to table
        Weights of the connections of each delay (steps), row = target, dense or CSR.
    """

    state: str | None
    by_delay: dict[int, Any]

    @property
    def longest(self) -> int:
        """Longest delay in steps."""
        return max(self.by_delay, default=1)


def projections(layout: Layout) -> tuple[Projection, ...]:
    """Return the network's projections in memory order, those without a connection left out."""
    network = layout.network
    tables: list[tuple[str | None, Any]] = [(None, network.weights), *network.synapses.items()]
    found = []
    for state, table in tables:
        by_delay = _split(_ordered(table, layout), layout)
        if by_delay:
            found.append(Projection(state, by_delay))
    return tuple(found)


def _ordered(table: Any, layout: Layout) -> Any:
    if np.array_equal(layout.order, np.arange(layout.n)):
        return table
    return table[np.ix_(layout.order, layout.order)]


def _split(table: Any, layout: Layout) -> dict[int, Any]:
    delays = layout.network.delays
    nonzero = table.nnz if is_sparse(table) else np.count_nonzero(table)
    if not nonzero:
        return {}
    if np.ndim(delays) == 0:
        return {int(delays): table}
    steps = delays[np.ix_(layout.order, layout.order)]
    if not is_sparse(table):
        values = np.unique(steps[table != 0])
        return {int(d): np.where(steps == d, table, 0.0) for d in values}
    from scipy.sparse import coo_array

    entries = table.tocoo()
    own = steps[entries.row, entries.col]
    found = {}
    for d in np.unique(own):
        keep = own == d
        where = (entries.row[keep], entries.col[keep])
        found[int(d)] = coo_array((entries.data[keep], where), shape=table.shape).tocsr()
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """What each unit sends, padded to the largest number of targets: a spike is one row.

    Attributes
    ----------
    targets : array of int, shape (n, most)
        Places of the targets; unused entries name place 0 and weigh nothing.
    weights : array, shape (n, most)
        Jumps.
    full : bool
        Every unit has every unit as target, in order: `targets` is not needed.
    """

    targets: NDArray[np.intp]
    weights: Any
    full: bool


def fan(table: Any, dtype: Any) -> Fan:
    """Return a table of weights by source."""
    n = table.shape[0]
    if not is_sparse(table):
        columns = np.ascontiguousarray(table.T, dtype=dtype)
        if np.count_nonzero(columns) > n * n // 2:
            return Fan(np.zeros((n, 0), np.intp), columns, full=True)
        from scipy.sparse import csr_array

        table = csr_array(table)
    by_source = table.tocsc()
    counts = np.diff(by_source.indptr)
    most = int(counts.max(initial=0))
    targets, weights = np.zeros((n, most), np.intp), np.zeros((n, most), dtype)
    filled = np.arange(most) < counts[:, None]
    targets[filled], weights[filled] = by_source.indices, by_source.data
    return Fan(targets, weights, full=False)
