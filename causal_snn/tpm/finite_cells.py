"""Macro cells of a chip's neurons: a partition in mV, as cuts of integer registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.coarse import Partition, TableThresholdResult, ThresholdResult, UnitPartition
from causal_snn.coarse.partition import CELLS
from causal_snn.errors import InputError, bad

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
QUIET_OR_SPIKE = ("quiet", "spike")
_SNAP = 1e-9
"""How far below a whole number an edge may be and still be that number, relatively."""


@dataclass(frozen=True, slots=True, eq=False)
class ChipCells:
    """The macro states of one neuron.

    Attributes
    ----------
    names : tuple of str
    macro : array of int, shape (levels + 1,)
        Macro state of each level of the potential and, last, of a spike.
    edges : array, shape (levels - 1,)
        Where levels begin, in register units, not rounded.
    cuts : array of int, same shape
        The least integer of each level but the first.
    """

    names: tuple[str, ...]
    macro: Ints
    edges: Floats
    cuts: Ints


def chip_cells(mapped: Mapped, partition: Any) -> tuple[list[ChipCells], list[str]]:
    """Return the macro cells of every neuron of the network, and what a reader must know.

    Raises
    ------
    InputError
        If the partition does not fit the network.
    """
    n, labels = mapped.n, mapped.labels
    if partition is None:
        none = np.zeros(0)
        plain = ChipCells(QUIET_OR_SPIKE, np.array([0, 1]), none, none.astype(np.int64))
        return [plain] * n, []
    units: Sequence[Any]
    if isinstance(partition, Partition):
        units = partition.units
    else:
        try:
            units = tuple(partition)
        except TypeError:
            raise _wrong(partition, n) from None
    if len(units) != n:
        raise _wrong(partition, n)
    notes: list[str] = []
    found = []
    for k, given in enumerate(units):
        unit = given.partition if isinstance(given, ThresholdResult) else given
        if isinstance(unit, UnitPartition):
            _check_label(unit.label, labels[k])
            if unit.score_coefficient != 0:
                notes.append(
                    f"unit {unit.label}: its threshold acts on the potential register; the "
                    "current's part in the score is left out"
                )
            names = CELLS[unit.alphabet]
            macro = np.array([0, 1, len(names) - 1])
            thresholds = [unit.threshold]
        elif isinstance(unit, TableThresholdResult):
            _check_label(unit.label, labels[k])
            names, macro, thresholds = CELLS["ternary"], np.arange(3), [unit.threshold]
        else:
            thresholds = _numbers(unit, partition, n)
            names = (*(f"level {x}" for x in range(len(thresholds) + 1)), "spike")
            macro = np.arange(len(names))
        edges = (np.array(thresholds) - mapped.rest[k]) * mapped.scale[k]
        found.append(ChipCells(names, macro, edges, _cuts(edges)))
    return found, notes


def _cuts(edges: Floats) -> Ints:
    """Return the least integers at or above the edges; infinite ones far outside any register."""
    snapped = np.ceil(edges - _SNAP * np.maximum(1.0, np.abs(edges)))
    return np.clip(snapped, -(2.0**61), 2.0**61).astype(np.int64)


def _numbers(given: Any, partition: Any, n: int) -> list[float]:
    try:
        values = np.atleast_1d(np.asarray(given, dtype=float))
    except (TypeError, ValueError):
        raise _wrong(partition, n) from None
    if values.ndim != 1 or np.any(np.isnan(values)) or np.any(np.diff(values) <= 0):
        raise bad("partition", given, "increasing thresholds of a neuron (mV)")
    return [float(x) for x in values]


def _check_label(label: str, wanted: str) -> None:
    if label != wanted:
        raise bad("partition", label, f"the partition of unit {wanted!r} at its place")


def _wrong(partition: Any, n: int) -> InputError:
    return bad(
        "partition",
        partition,
        f"None (quiet or spike), a Partition, or for each of {n} units a UnitPartition, a "
        "threshold result, or thresholds in mV",
    )
