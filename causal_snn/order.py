"""State order: little-endian, as in PyPhi, and handled only here.

State number k of units with alphabet sizes (k_0, k_1, ...) is x_0 + k_0 (x_1 + k_1 (x_2 + ...)):
the first unit changes fastest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad

Floats = NDArray[np.float64]
State = tuple[int, ...]


def states(sizes: Sequence[int]) -> NDArray[np.int64]:
    """Return every state, shape (prod(sizes), n), in little-endian order."""
    numbers = np.arange(prod(sizes))
    return np.stack(np.unravel_index(numbers, tuple(sizes), order="F"), axis=1)


def number(state: Sequence[int], sizes: Sequence[int]) -> int:
    """Return the row of a state.

    Raises
    ------
    InputError
        If the state has the wrong length or an entry its unit cannot take.
    """
    return int(np.ravel_multi_index(check_state(state, sizes), tuple(sizes), order="F"))


def state(number: int, sizes: Sequence[int]) -> State:
    """Return the state of a row, what `number` undoes."""
    return tuple(int(x) for x in np.unravel_index(number, tuple(sizes), order="F"))


def check_state(state: Sequence[int], sizes: Sequence[int]) -> State:
    """Return the state as a tuple of int, or raise `InputError`."""
    given: object = state
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise bad("state", given, f"{len(sizes)} numbers, one for each unit")
    found = tuple(int(x) for x in given)
    if any(whole != x for whole, x in zip(found, state, strict=True)):
        raise bad("state", tuple(state), "whole numbers, one for each unit")
    if len(found) != len(sizes):
        raise bad("state", found, f"{len(sizes)} numbers, one for each unit")
    for k, (x, size) in enumerate(zip(found, sizes, strict=True)):
        if not 0 <= x < size:
            raise bad("state", found, f"0 to {size - 1} for unit {k}, not {x}")
    return found


def flat(array: Floats, n: int) -> Floats:
    """Return an array with one axis per unit, (*sizes, ...), as rows of states, (S, ...)."""
    rest = array.shape[n:]
    return array.reshape((prod(array.shape[:n]), *rest), order="F") if rest else array.ravel("F")


def unflat(rows: Floats, sizes: Sequence[int]) -> Floats:
    """Return rows of states, (S, k), as an array with one axis per unit, (*sizes, k)."""
    return rows.reshape((*sizes, rows.shape[1]), order="F")


def numbers(units: Sequence[Any], sizes: Sequence[int]) -> NDArray[np.int64]:
    """Return the rows of many states at once: units[i] holds the states of unit i, any shape."""
    rows: NDArray[np.int64] = np.ravel_multi_index(tuple(units), tuple(sizes), order="F")
    return rows


def product_of_columns(factors: Sequence[Floats]) -> Floats:
    """Return joint columns from independent units: factors[i] is (k_i, P), the result (S, P).

    As `product`, for many cases that lie side by side in memory.
    """
    columns = factors[0]
    for factor in factors[1:]:
        columns = (factor[:, None] * columns[None]).reshape(-1, columns.shape[1])
    return columns


def product(factors: Sequence[Floats], weights: Floats | None = None) -> Floats:
    """Return joint rows from independent units: factors[i] is (P, k_i), the result (P, S)."""
    rows = np.ones((len(factors[0]), 1)) if weights is None else weights[:, None]
    for factor in factors:
        rows = (factor[:, :, None] * rows[:, None, :]).reshape(len(rows), -1)
    return rows
