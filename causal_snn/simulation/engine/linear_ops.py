"""The flow of linear neurons as array operations: a product if units are alike, else in place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.simulation.engine.linear import LinearStep
from causal_snn.simulation.engine.program import Op

if TYPE_CHECKING:
    from causal_snn.simulation.engine.group_lanes import GroupLanes

Floats = NDArray[np.float64]


def product_ops(lanes: GroupLanes, step: LinearStep) -> list[Op] | None:
    """Return x <- M x + k as one product for each coupled state, where units are alike.

    Fewer calls than `matrix_ops`, which counts where a step is short: in single runs.
    """
    size = lanes.count
    table = np.concatenate([step.matrix, step.constant[:, None]], axis=1)
    if size < 2 or lanes.shape[2] > 1 or np.any(table != table[..., :1, :1]):
        return None
    numbers = table[..., 0, 0].astype(lanes.dtype)
    flat = lanes.block.reshape(size + 1, -1)
    coupled = [k for k in range(size) if np.any(np.delete(numbers[k], k))]
    results: dict[int, Any] = {}
    if coupled == [0]:
        from scipy.linalg.blas import get_blas_funcs

        # v <- a v + (the other states and the ones) b, in place
        gemv = get_blas_funcs("gemv", dtype=lanes.dtype)
        others, b = flat[1:].T, numbers[0, 1:].copy()
        ops: list[Op] = [partial(gemv, 1.0, others, b, numbers[0, 0], flat[0], overwrite_y=1)]
    else:
        results = {k: np.empty(flat.shape[1], lanes.dtype) for k in coupled}
        ops = [partial(np.dot, numbers[k], flat, out=results[k]) for k in coupled]
    for k in range(size):
        if k in results:
            ops.append(partial(np.copyto, flat[k], results[k]))
        elif k not in coupled:
            ops.append(partial(np.multiply, flat[k], np.array(numbers[k, k]), out=flat[k]))
    return ops


def matrix_ops(lanes: GroupLanes, matrix: Floats) -> list[Op]:
    """Return the operations of x <- M x, in an order that needs no copies if there is one."""
    size = len(lanes.states)
    used = [[bool(np.any(matrix[s, r])) for r in range(size)] for s in range(size)]
    ops: list[Op] = []
    left = list(range(size))
    old = list(lanes.states)
    while left:
        free = [s for s in left if not any(used[r][s] for r in left if r != s)]
        if not free:  # a cycle: keep the old values
            old = [np.empty_like(x) if s in left else x for s, x in enumerate(lanes.states)]
            ops += [partial(np.copyto, old[s], lanes.states[s]) for s in left]
            free = list(left)
        for s in free:
            state = lanes.states[s]
            ops.append(partial(np.multiply, state, lanes.number(matrix[s, s]), out=state))
            for r in range(size):
                if r != s and used[s][r]:
                    ops += lanes.add_scaled(state, old[r], matrix[s, r])
            left.remove(s)
    return ops
