"""Set partitions of units, as masks: given ones, and all ways to split in two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad, suggest

Masks = NDArray[np.int64]
Units = tuple[int, ...]
type Partitions = Literal["all", "bipartitions", "atomic"] | Sequence[Sequence[int | str]]


def bipartitions(n: int) -> Masks:
    """Return the smaller mask of every split of n units in two, shape (2^(n-1) - 1,)."""
    return np.arange(1, 1 << (n - 1), dtype=np.int64)


def units_of(mask: int) -> Units:
    """Return the units of a mask, ascending."""
    return tuple(k for k in range(int(mask).bit_length()) if mask >> k & 1)


def mask_of(units: Sequence[int]) -> int:
    """Return the mask of some units."""
    return sum(1 << k for k in units)


def in_order(masks: Sequence[int]) -> tuple[Units, ...]:
    """Return the parts of some masks, by their first unit."""
    return tuple(sorted(units_of(mask) for mask in masks))


def given_partition(
    partitions: Partitions, labels: Sequence[str], allowed: Sequence[str]
) -> list[int] | None:
    """Return the masks of a partition that was given, or None where one is to be found.

    Parameters
    ----------
    partitions : str, or sequence of sequences of int or str
        A search by name, ``"atomic"`` (every unit its own part), or the parts themselves.
    labels : sequence of str
        Names of the units.
    allowed : sequence of str
        Searches that there are.

    Raises
    ------
    InputError
        If the search is unknown, or the parts are not a partition of the units.
    """
    n = len(labels)
    if isinstance(partitions, str):
        if partitions == "atomic":
            return [1 << k for k in range(n)]
        if partitions not in allowed:
            words = [*allowed, "atomic"]
            raise bad("partitions", partitions, "one of " + ", ".join(map(repr, words)))
        return None
    parts = [[_index(unit, labels) for unit in part] for part in partitions]
    if sorted(unit for part in parts for unit in part) != list(range(n)) or not all(parts):
        raise bad("partitions", parts, f"each unit from 0 to {n - 1} in one part, no part empty")
    return [mask_of(part) for part in parts]


def _index(unit: int | str, labels: Sequence[str]) -> int:
    if isinstance(unit, str):
        if unit not in labels:
            raise bad("partitions", unit, "labels of the units", suggest(unit, labels))
        return list(labels).index(unit)
    if isinstance(unit, bool) or unit != int(unit) or not 0 <= unit < len(labels):
        raise bad("partitions", unit, f"units from 0 to {len(labels) - 1}, or labels")
    return int(unit)
