"""Exact weights: rounded to a grid, so that sums of what spikes bring are exact in any order."""

from __future__ import annotations

from copy import copy
from typing import Any

from causal_snn.models.network import Network
from causal_snn.models.network_checks import is_sparse
from causal_snn.simulation.engine.exact_sums import on_grid


def with_exact_weights(network: Network, dtype: Any) -> Network:
    """Return the network with weights whose sums are exact, in whatever order they are added."""
    found = copy(network)
    synapses = {state: _rounded(table, dtype) for state, table in network.synapses.items()}
    object.__setattr__(found, "weights", _rounded(network.weights, dtype))
    object.__setattr__(found, "synapses", synapses)
    return found


def _rounded(table: Any, dtype: Any) -> Any:
    if is_sparse(table):
        from scipy.sparse import csr_array

        return csr_array(_rounded(table.toarray(), dtype))
    return on_grid(table, dtype)
