"""The order in which a search places the micro states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.lumping.problem import Floats


def branching_order(matrices: Floats, *, contiguous: bool = False) -> NDArray[np.int64]:
    """Return an order of the states in which branches are cut early.

    Backwards: of the states left, the one goes last whose row and column differ least from
    the others' on what is left, since only the rows and columns of placed states count.
    """
    n = matrices.shape[1]
    if contiguous:
        return np.arange(n)
    sizes = np.abs(matrices[:, :, None, :] - matrices[:, None, :, :]).sum(axis=0)  # (v, w, u)
    columns, rows = sizes.sum(axis=(0, 1)), sizes.sum(axis=(1, 2))
    left = np.ones(n, dtype=bool)
    order = []
    for _ in range(n):
        last = int(np.argmin(np.where(left, columns + rows, np.inf)))
        left[last] = False
        order.append(last)
        columns -= 2 * left @ sizes[:, last, :]  # what its row takes from the columns
        rows -= sizes[:, last, :] @ left + sizes[:, :, last] @ left
    return np.array(order[::-1])
