"""Reference: a float network's thresholds and TPM, under the law that a chip's stand on.

A macro state of a chip sets the potential register alone: synaptic currents are at rest, and
their part in a causal score is left out. The library's own law has currents over their declared
range. Compared with that one, a perfect chip of neurons with currents would seem to be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from causal_snn import coarse, tpm
from causal_snn.coarse import Partition, UnitPartition
from causal_snn.errors import check_choice
from causal_snn.kernel import EffectKernel, next_spike
from causal_snn.models.network import Network

LAWS = {"uniform": "uniform", "stationary": "stationary_joint"}
"""Laws within a macro state: the chip's, and the float network's that means the same."""
CELLS = 4096
"""Cells of the float network's table, as many as `causal_snn.kernel.finite.finite` has at most."""
CURRENTS = "at rest, as on the chip; the partition cuts the potential alone"


def check_law(law: str) -> None:
    """Raise `InputError` unless there is such a law of both chip and float network."""
    check_choice("law", law, tuple(LAWS))


def has_currents(network: Network) -> bool:
    """Whether some neuron's synaptic current outlives the step."""
    return bool(np.any(network.step().current_decay))


def resting_kernel(network: Network, unit: int) -> EffectKernel:
    """Return `next_spike` of a unit of the float network with its synaptic current at rest."""
    kernel = next_spike(network, unit)
    return replace(kernel, range=replace(kernel.range, i_low=0.0, i_high=0.0))


def table_threshold(network: Network, unit: int) -> float:
    """Return the causal threshold (mV) of a unit on a table of its potentials, as a chip's is.

    Where several thresholds do equally well (often where inputs matter more than noise), the
    closed form takes another one of them than a table does; so like is compared with like. Not a
    number where no potential makes a difference.
    """
    found = coarse.threshold(resting_kernel(network, unit).tabulate(CELLS))
    return float(found.threshold)


def potential_cells(units: Sequence[Any]) -> tuple[UnitPartition, ...]:
    """Return partitions (or threshold results) as cuts of the potential alone."""
    cells = (getattr(unit, "partition", unit) for unit in units)
    return tuple(replace(cell, score_coefficient=0.0) for cell in cells)


def default_partition(network: Network) -> Partition:
    """Return the ternary partition at the float network's causal thresholds."""
    found = [coarse.threshold(resting_kernel(network, k)) for k in range(network.n)]
    return Partition(potential_cells(found))


def reference_tpm(
    network: Network,
    units: Sequence[UnitPartition],
    *,
    law: str = "uniform",
    rng: np.random.Generator | int | None = 0,
) -> tpm.TPM:
    """Return the macro TPM of the float network that a chip's is compared with, in closed form.

    With law ``"uniform"`` it is `causal_snn.tpm.build` with ``currents="rest"``; without
    synaptic currents the same as without that. A chip's law ``"stationary"`` is observational,
    as is ``"stationary_joint"`` of the float network, which is simulated.

    Parameters
    ----------
    network : Network
    units : sequence of UnitPartition
        Of the potential alone, see `potential_cells`.
    law : {"uniform", "stationary"}
        The chip's.
    rng : numpy.random.Generator or int, optional
        For the simulated law.

    Raises
    ------
    InputError
        If there is no such law, or the partition does not fit.
    """
    check_law(law)
    cells = Partition(potential_cells(units))
    if law == "uniform":
        return tpm.build(network, cells, law="uniform", currents="rest")
    return tpm.build(network, cells, law="stationary_joint", rng=rng)
