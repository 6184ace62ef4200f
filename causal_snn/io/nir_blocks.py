"""Blocks of weights between populations, put together as one table with one delay per pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.models.network_checks import is_sparse

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Weights from one population to another.

    Attributes
    ----------
    rows, columns : slice
        Where in the whole table.
    table : array or scipy.sparse array
    late : float
        Time (s) that Delay nodes add.
    """

    rows: slice
    columns: slice
    table: Any
    late: float


def one_table(blocks: list[Block], shape: tuple[int, int]) -> Any:
    """Return the sum of blocks: sparse if one of them is, else dense."""
    if not any(is_sparse(block.table) for block in blocks):
        whole = np.zeros(shape)
        for block in blocks:
            whole[block.rows, block.columns] += block.table
        return whole
    import scipy.sparse

    rows, columns, values = [], [], []
    for block in blocks:
        part = scipy.sparse.coo_array(block.table)
        rows.append(part.row + block.rows.start)
        columns.append(part.col + block.columns.start)
        values.append(part.data)
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    whole = scipy.sparse.csr_array(entries, shape=shape)
    whole.sum_duplicates()
    return whole


def joined(blocks: list[Block], n: int, dt: float) -> tuple[Any, Any]:
    """Return weights and delays (steps) of a network; a connection takes one step and its Delay.

    Raises
    ------
    InputError
        If a delay is no whole number of steps, or one pair has two delays.
    """
    by_delay: dict[int, list[Block]] = {}
    for block in blocks:
        by_delay.setdefault(_steps(block.late, dt), []).append(block)
    if len(by_delay) <= 1:
        return one_table(blocks, (n, n)), next(iter(by_delay), 1)
    delays = np.ones((n, n), dtype=np.int64)
    taken = np.zeros((n, n), dtype=bool)
    for steps, own in by_delay.items():
        pairs = one_table(own, (n, n))
        used = (pairs.toarray() if is_sparse(pairs) else pairs) != 0
        if np.any(used & taken):
            target, source = (int(k[0]) for k in np.nonzero(used & taken))
            raise InputError(
                f"unit {source} acts on unit {target} at two delays; a network has one per pair"
            )
        taken |= used
        delays[used] = steps
    return one_table(blocks, (n, n)), delays


def _steps(late: float, dt: float) -> int:
    steps = 1e3 * late / dt
    if abs(steps - round(steps)) > 1e-6 * max(1.0, steps):
        raise InputError(
            f"a Delay of {1e3 * late:g} ms is {steps:g} steps of dt = {dt} ms; only whole steps "
            "are supported"
        )
    return 1 + round(steps)
