"""The chip's side of the comparison: its TPM, its causal thresholds, its copies with mismatch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.brainscales import mismatched
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.coarse import Partition, UnitPartition, threshold
from causal_snn.errors import InputError, bad
from causal_snn.kernel.finite import finite
from causal_snn.models.network import Network
from causal_snn.studies.chip_fidelity.reference import CELLS, table_threshold
from causal_snn.studies.chip_fidelity.sampled import sampled_tpm
from causal_snn.tpm import TPM
from causal_snn.tpm.finite import chip_tpm

Floats = NDArray[np.float64]
Rng = np.random.Generator | int | None


def chip_matrix(
    mapped: Mapped,
    network: Network,
    units: Sequence[UnitPartition],
    *,
    noise: Floats,
    inputs: NDArray[np.int64],
    law: str,
    samples: int,
    rng: Rng,
) -> TPM:
    """Return a digital chip's macro TPM by exact counts, a continuous one's from samples."""
    if has_table(mapped):
        own: Any = law
        return chip_tpm(
            mapped, partition=Partition(tuple(units)), law=own, inputs=inputs, noise=noise
        )
    if law != "uniform":
        raise bad("law", law, f"'uniform' on {mapped.chip.title}, which has no finite chain")
    return sampled_tpm(mapped, network, units, noise=noise, inputs=inputs, samples=samples, rng=rng)


def has_table(mapped: Mapped) -> bool:
    """Whether one step of the chip has an exact law (of floats: on a grid of potentials)."""
    return mapped.chip.schedule != "continuous"


def causal_thresholds(
    mapped: Mapped, network: Network, *, noise: Floats, inputs: NDArray[np.int64]
) -> tuple[Floats, list[str]]:
    """Return causal thresholds (mV) of the float network and of the chip, shape (2, n).

    Both are those of tables of effects, currents at rest; where no potential makes a difference
    they are not numbers, nor where there is no table of the chip, and then a note says why.
    """
    found, notes = np.full((2, network.n), np.nan), []
    for k in range(network.n):
        found[0, k] = table_threshold(network, k)
        try:
            if not has_table(mapped):
                raise bad("mapped", mapped.chip.title, "a digital chip, whose registers count")
            table = finite(mapped, k, inputs=inputs, noise=noise, cells=CELLS)
            found[1, k] = threshold(table).threshold
        except InputError as error:
            notes.append(f"causal threshold of {network.labels[k]}: {error}")
    return found, notes


def realised(mapped: Mapped, seed: int) -> Mapped:
    """Return a mapped network as the chip of a seed realises it, with its fixed pattern."""
    return replace(mapped, parameters=mismatched(mapped.chip, mapped.parameters, seed=seed))
