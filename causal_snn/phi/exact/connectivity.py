"""Which unit acts on which, and whether a system hangs together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def connections(factors: Sequence[Floats]) -> NDArray[np.bool_]:
    """Return whether unit j acts on unit i, [i, j]: whether i's probabilities vary with j."""
    n = len(factors)
    return np.array(
        [[bool(np.any(np.diff(factor, axis=j) != 0.0)) for j in range(n)] for factor in factors]
    ).reshape(n, n)


def strongly_connected(graph: NDArray[np.bool_]) -> bool:
    """Return whether every unit reaches every other; a single unit must act on itself.

    Where it does not hold, cutting the outputs of what cannot be reached back loses nothing, so
    phi_s is 0 (theory/15_minimum_partition.py).
    """
    from scipy.sparse.csgraph import connected_components

    if len(graph) == 1:
        return bool(graph[0, 0])
    count, _ = connected_components(graph, directed=True, connection="strong")
    return int(count) == 1
