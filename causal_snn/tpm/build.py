"""From a network and a partition to its macro TPM, without Monte Carlo over transitions.

Given what every unit sends in this step (the pattern s of spikes), the next states of the
units are independent. An alphabet that refines the emission boundary fixes s, so its rows
are exact products (theory/01_lif.py L13 for the homogeneous spiking cell); a binary
alphabet leaves s open, so its rows are mixtures over the patterns, and the gap between
mixture and product is what integrated information would misread as causation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import product as every

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.coarse import Partition, ThresholdResult, UnitPartition
from causal_snn.errors import bad, check_choice
from causal_snn.kernel import InterventionRange, intervention_range
from causal_snn.models.network import Network
from causal_snn.provenance import provenance
from causal_snn.simulation import sample_stationary
from causal_snn.tpm.tpm import TPM, marginalise
from causal_snn.tpm.within_cell import SPIKING, CellLaw, EmpiricalLaw, LawName, UniformLaw

Floats = NDArray[np.float64]
MOST_STATES = 4096
"""Macro states up to which a TPM is built (12 binary units, 7 ternary ones)."""
CONVERGED = 1e-9
"""Quadrature error above which a note in the provenance says so."""
Cells = Partition | Sequence[UnitPartition | ThresholdResult]


def build(
    network: Network,
    partition: Cells,
    *,
    law: LawName = "uniform",
    potentials: Sequence[tuple[float, float]] | tuple[float, float] | None = None,
    samples: int = 40_000,
    rng: np.random.Generator | int | None = 0,
) -> TPM:
    """Return the macro transition matrix of a network under do(macro state).

    Parameters
    ----------
    network : Network
    partition : Partition, or sequence of UnitPartition or ThresholdResult
        The macro states, one partition for each unit in the network's order.
    law : {"uniform", "stationary"}
        Micro states that stand for a macro state. ``"uniform"``: uniform on the declared
        range within the cell (no unit refractory unless it has just spiked).
        ``"stationary"``: what each unit of the freely running network does within the
        cell, independently of the other units.
    potentials : (float, float), or one for each unit, optional
        Declared range of potentials (mV), see `causal_snn.kernel.intervention_range`.
    samples : int
        States to sample for the stationary law.
    rng : numpy.random.Generator or int, optional
        Source of noise for the stationary law; the default seed makes results repeat.

    Returns
    -------
    TPM
        Its rows are exact given the law. `independence_gap` is measured on the joint rows of
        a binary alphabet; those of a ternary one are products by construction, gap 0.

    Raises
    ------
    InputError
        If the partition does not fit the network, or there are too many macro states.
    """
    check_choice("law", law, ("uniform", "stationary"))
    units = _unit_partitions(network, partition)
    sizes = tuple(len(unit.cells) for unit in units)
    if np.prod([float(size) for size in sizes]) > MOST_STATES:
        raise bad(
            "partition",
            f"{len(units)} units with {int(np.prod([float(s) for s in sizes])):,} macro states",
            f"at most {MOST_STATES:,} (12 binary or 7 ternary units)",
            "Choose fewer units, the others become background.",
        )
    ranges = [
        intervention_range(network, k, potentials=given)
        for k, given in enumerate(_per_unit_ranges(potentials, network.n))
    ]
    laws = _laws(network, units, law, ranges, samples, rng)
    tables = [_Unit(network, k, laws[k]) for k in range(network.n)]
    if len(units[0].cells) == 3:
        # What is sent is part of the state: rows are products, the gap is 0 by construction.
        marginals, joint = _refined_rows(tables, sizes), None
    else:
        joint = _mixed_rows(tables)
        marginals = marginalise(joint, sizes)
    notes = [note for cell_law in laws for note in cell_law.notes()]
    notes += [
        f"unit {unit.label}: quadrature over currents converged to {table.error:.1g} only"
        for unit, table in zip(units, tables, strict=True)
        if table.error > CONVERGED
    ]
    return TPM(
        marginals=tuple(order.unflat(rows, sizes) for rows in marginals),
        labels=tuple(unit.label for unit in units),
        cells=tuple(unit.cells for unit in units),
        joint=joint,
        law=law,
        provenance=provenance(
            "exact rows: closed form over potentials, quadrature over currents"
            if law == "uniform"
            else "exact rows given a simulated within-cell law, independent across units",
            law=law,
            network=network.name,
            dt=network.dt,
            thresholds=[unit.threshold for unit in units],
            ranges=[asdict(r) for r in ranges],
            spiking_weights=[table.spiking_weight for table in tables],
            alphabet=units[0].alphabet,
            notes=notes,
            quadrature_error=max(table.error for table in tables),
            **({"samples": samples, "seed": _seed(rng)} if law == "stationary" else {}),
        ),
    )


class _Unit:
    """One unit's rows for every sub-cell and every spike pattern of the network."""

    def __init__(self, network: Network, k: int, law: CellLaw) -> None:
        row = network.weights[k].copy()
        own = row[k]
        row[k] = 0.0
        patterns = order.states((2,) * network.n)
        inputs, self._of_pattern = np.unique(np.round(patterns @ row, 12), return_inverse=True)
        found = [
            law.next_cell(cell, inputs + (own if cell == SPIKING else 0.0)) for cell in range(3)
        ]
        self._rows = np.stack([rows for rows, _ in found])
        self.error = max(error for _, error in found)
        self.spiking_weight = law.spiking_weight()

    def rows(self, cells: NDArray[np.int64], patterns: NDArray[np.int64]) -> Floats:
        """Return P(next sub-cell) for sub-cells and pattern numbers, shape (P, 3)."""
        return np.asarray(self._rows[cells, self._of_pattern[patterns]])


def _refined_rows(tables: Sequence[_Unit], sizes: Sequence[int]) -> list[Floats]:
    """Return the marginals of a ternary alphabet: what is sent is part of the state."""
    states = order.states(sizes)
    sent = (states == SPIKING).astype(int)
    numbers = sent @ (2 ** np.arange(len(tables)))
    return [table.rows(states[:, k], numbers) for k, table in enumerate(tables)]


def _mixed_rows(tables: Sequence[_Unit]) -> Floats:
    """Return joint rows of a binary alphabet: mixtures over what the "on" units send."""
    n = len(tables)
    weight = np.array([table.spiking_weight for table in tables])
    joint = np.empty((2**n, 2**n))
    for number, state in enumerate(order.states((2,) * n)):
        sent = np.array(list(every(*[(0, 1) if x else (0,) for x in state])))
        on = state.astype(bool)
        weights = np.prod(np.where(sent, weight, 1.0 - weight), axis=1, where=on)
        numbers = sent @ (2 ** np.arange(n))
        factors = []
        for k, table in enumerate(tables):
            rows = table.rows(state[k] + sent[:, k], numbers)
            factors.append(np.stack([rows[:, 0], rows[:, 1] + rows[:, 2]], axis=1))
        joint[number] = order.product(factors, weights).sum(axis=0)
    return joint


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


def _laws(
    network: Network,
    units: Sequence[UnitPartition],
    law: LawName,
    ranges: Sequence[InterventionRange],
    samples: int,
    rng: np.random.Generator | int | None,
) -> list[CellLaw]:
    step = network.step()
    uniform = [
        UniformLaw(step=step.unit(k), partition=unit, range=ranges[k])
        for k, unit in enumerate(units)
    ]
    if law == "uniform":
        return list(uniform)
    seen = sample_stationary(network, samples=samples, rng=rng)
    return [
        EmpiricalLaw(
            step=step.unit(k),
            partition=unit,
            v=seen.v[k],
            i=seen.i[k],
            spiked=seen.spiked[k],
            hold=seen.hold[k],
            fallback=uniform[k],
        )
        for k, unit in enumerate(units)
    ]


def _per_unit_ranges(
    potentials: Sequence[tuple[float, float]] | tuple[float, float] | None, n: int
) -> list[tuple[float, float] | None]:
    if potentials is None:
        return [None] * n
    table = np.asarray(potentials, dtype=float)
    if table.shape == (2,):
        table = np.tile(table, (n, 1))
    if table.shape != (n, 2):
        raise bad("potentials", potentials, f"(low, high), or {n} such pairs")
    return [(float(low), float(high)) for low, high in table]


def _seed(rng: np.random.Generator | int | None) -> int | str:
    return rng if isinstance(rng, int) else "generator given by the caller"
