"""Exact weights: rounded to a grid, so that sums of what spikes bring are exact in any order."""

from __future__ import annotations

from copy import copy
from typing import Any

from causal_snn.models.network import Network
from causal_snn.models.network_checks import is_sparse
from causal_snn.simulation.engine.fold import on_grid as grid_table


def on_grid(network: Network, dtype: Any) -> Network:
    """Return the network with weights whose sums are exact, in whatever order they are added.

    A matrix product adds in an order that depends on the number of threads. Multiples of g add
    without rounding as long as the sum stays below 2^digits g; so the weights of each unit are
    rounded to multiples of a power of two, by as much as rounding moves their sum anyway.
    """
    found = copy(network)
    synapses = {state: _on_grid(table, dtype) for state, table in network.synapses.items()}
    object.__setattr__(found, "weights", _on_grid(network.weights, dtype))
    object.__setattr__(found, "synapses", synapses)
    return found


def _on_grid(table: Any, dtype: Any) -> Any:
    if is_sparse(table):
        from scipy.sparse import csr_array

        return csr_array(_on_grid(table.toarray(), dtype))
    return grid_table(table, dtype)
