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
    """What each unit sends.

    Attributes
    ----------
    places : array of int
        Places of the targets, source after source.
    weights : array, or array of shape (n, n)
        Jumps, in the same order; a table by source where `full`.
    ends : list of int
        Where the targets of each source begin, and at last where they end.
    single : number, optional
        The weight of every connection, where they are all the same.
    full : bool
        Every unit has every unit as target, in order: `places` and `ends` are not needed.
    """

    places: NDArray[np.intp]
    weights: Any
    ends: list[int]
    single: Any
    full: bool

    def targets(self, source: int) -> Any:
        """Return the places of a unit's targets."""
        return self.places[self.ends[source] : self.ends[source + 1]]

    def jumps(self, source: int) -> Any:
        """Return the weights of a unit's targets."""
        return self.weights[self.ends[source] : self.ends[source + 1]]


def fan(table: Any, dtype: Any) -> Fan:
    """Return a table of weights by source."""
    n = table.shape[0]
    if not is_sparse(table):
        columns = np.ascontiguousarray(table.T, dtype=dtype)
        if np.count_nonzero(columns) > n * n // 2:
            return Fan(np.zeros(0, np.intp), columns, [], None, full=True)
        from scipy.sparse import csr_array

        table = csr_array(table)
    by_source = table.tocsc()
    data = by_source.data.astype(dtype)
    same = data.size > 0 and bool(np.all(data == data[0]))
    return Fan(
        places=by_source.indices.astype(np.intp),
        weights=data,
        ends=by_source.indptr.tolist(),
        single=data[0] if same else None,
        full=False,
    )
