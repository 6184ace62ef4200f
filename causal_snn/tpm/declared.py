"""What a macro TPM starts from: each unit's partition and the declared range of its states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from causal_snn.coarse import Partition, ThresholdResult, UnitPartition
from causal_snn.errors import bad
from causal_snn.kernel import intervention_range
from causal_snn.models.network import Network
from causal_snn.tpm.laws.uniform import UniformLaw

Cells = Partition | Sequence[UnitPartition | ThresholdResult]
Potentials = Sequence[tuple[float, float]] | tuple[float, float] | None
Currents = Literal["declared", "rest"]
CURRENTS = ("declared", "rest")
MOST_STATES = 4096
"""Macro states up to which a TPM is built (12 binary units, 7 ternary ones)."""


def prepare(
    network: Network, partition: Cells, potentials: Potentials, currents: Currents = "declared"
) -> tuple[tuple[UnitPartition, ...], list[UniformLaw]]:
    """Return the partition of each unit, and the uniform law on its declared range.

    Raises
    ------
    InputError
        As `build`.
    """
    units = _unit_partitions(network, partition)
    count = np.prod([float(len(unit.cells)) for unit in units])
    if count > MOST_STATES:
        raise bad(
            "partition",
            f"{len(units)} units with {int(count):,} macro states",
            f"at most {MOST_STATES:,} (12 binary or 7 ternary units)",
            "Choose fewer units, the others become background.",
        )
    step = network.step()
    ranges = [
        intervention_range(network, k, potentials=given)
        for k, given in enumerate(per_unit_ranges(potentials, network.n))
    ]
    if currents == "rest":
        ranges = [replace(each, i_low=0.0, i_high=0.0) for each in ranges]
    laws = [
        UniformLaw(step=step.unit(k), partition=unit, range=ranges[k])
        for k, unit in enumerate(units)
    ]
    return units, laws


def _unit_partitions(network: Network, partition: Cells) -> tuple[UnitPartition, ...]:
    if isinstance(partition, Partition):
        units = partition.units
    else:
        units = Partition(
            tuple(p.partition if isinstance(p, ThresholdResult) else p for p in partition)
        ).units
    labels = tuple(unit.label for unit in units)
    if labels != network.labels:
        raise bad("partition", list(labels), f"one partition for each of {network.labels}")
    return units


def per_unit_ranges(potentials: Potentials, n: int) -> list[tuple[float, float] | None]:
    """Return the declared range of each of n units."""
    if potentials is None:
        return [None] * n
    table = np.asarray(potentials, dtype=float)
    if table.shape == (2,):
        table = np.tile(table, (n, 1))
    if table.shape != (n, 2):
        raise bad("potentials", potentials, f"(low, high), or {n} such pairs")
    return [(float(low), float(high)) for low, high in table]
