"""Projections: who sends what to whom, laid out for lanes (dense) or for single runs (events)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
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
        Places of the targets, source after source; those of one source differ.
    weights : array, or array of shape (n, n)
        Jumps, in the same order; a table by source where `full`.
    ends : list of int
        Where the targets of each source begin, and at last where they end.
    full : bool
        Every unit has every unit as target, in order: `places` and `ends` are not needed.
    targets, jumps : list of array
        For each source its part of `places`, and of `weights`: of shape () where
        they agree.
    """

    places: NDArray[np.intp]
    weights: Any
    ends: list[int]
    full: bool
    targets: list[Any]
    jumps: list[Any]


def is_full(table: Any) -> bool:
    """Return whether a table is dense, and most of its entries are connections."""
    return not is_sparse(table) and np.count_nonzero(table) > table.shape[0] ** 2 // 2


def full_fan(table: Any, dtype: Any) -> Fan:
    """Return a table of weights by source, every unit a target."""
    columns = np.ascontiguousarray(table.T, dtype=dtype)
    return Fan(np.zeros(0, np.intp), columns, [], full=True, targets=[], jumps=[])


def fan(tables: Sequence[Any], offsets: Sequence[int], dtype: Any) -> Fan:
    """Return tables of weights, one after the other, as one by source.

    Parameters
    ----------
    tables : sequence of table
        Dense or sparse, (n, n), row = target.
    offsets : sequence of int
        Place of the first target of each table.
    dtype : numpy dtype
    """
    from scipy.sparse import csr_array, vstack

    n = tables[0].shape[0]
    by_source = vstack([csr_array(table) for table in tables], format="csc")
    which, place = divmod(by_source.indices.astype(np.intp), n)
    places, weights = np.asarray(offsets, np.intp)[which] + place, by_source.data.astype(dtype)
    ends = by_source.indptr.tolist()
    spans = [slice(a, b) for a, b in pairwise(ends)]
    source = np.repeat(np.arange(n), np.diff(ends))
    mixed = set(source[weights != weights[by_source.indptr[source]]].tolist())
    return Fan(
        places=places,
        weights=weights,
        ends=ends,
        full=False,
        targets=[places[span] for span in spans],
        jumps=[
            weights[span]
            if k in mixed or span.start == span.stop
            else weights[span][:1].reshape(())
            for k, span in enumerate(spans)
        ],
    )
