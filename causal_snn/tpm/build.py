"""From a network and a partition to its macro TPM, without Monte Carlo over transitions.

An alphabet that refines the emission boundary has rows that are exact products
(theory/01_lif.py L13 for the homogeneous spiking cell); a binary alphabet has not, and the gap
between its rows and products is what integrated information would misread as causation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal, overload

import numpy as np

from causal_snn import order
from causal_snn.coarse import UnitPartition
from causal_snn.errors import bad, check_choice
from causal_snn.models.network import Network
from causal_snn.provenance import provenance
from causal_snn.simulation import StationarySamples, sample_stationary
from causal_snn.tpm.declared import CURRENTS, Cells, Currents, Potentials, prepare
from causal_snn.tpm.interval import IntervalTPM
from causal_snn.tpm.laws.empirical import EmpiricalLaw
from causal_snn.tpm.laws.observed import observe
from causal_snn.tpm.laws.relaxed import Inputs, relaxed_law
from causal_snn.tpm.laws.uniform import UniformLaw
from causal_snn.tpm.laws.worst import extremes
from causal_snn.tpm.rows import UnitRows, bounds, inputs_from_others, mixed_rows, refined_rows
from causal_snn.tpm.tpm import TPM, marginalise
from causal_snn.tpm.within_cell import LAW_NAMES, SPIKING, CellLaw, LawName

CONVERGED = 1e-9
"""Quadrature error above which a note in the provenance says so."""
WORST = "worst"
METHODS = {
    "uniform": "exact rows: closed form over potentials, quadrature over currents",
    "stationary": "exact rows given a simulated within-cell law, independent across units",
    "stationary_joint": "exact rows given simulated joint micro states of the free network",
    "maximum_entropy": "exact rows: quadrature over the density one step after do(macro state)",
    WORST: "exact bounds: extremes of the closed form over the micro states of a cell",
}
Rng = np.random.Generator | int | None


@overload
def build(
    network: Network,
    partition: Cells,
    *,
    law: LawName = ...,
    potentials: Potentials = ...,
    currents: Currents = ...,
    samples: int = ...,
    rng: Rng = ...,
) -> TPM: ...
@overload
def build(
    network: Network,
    partition: Cells,
    *,
    law: Literal["worst"],
    potentials: Potentials = ...,
    currents: Currents = ...,
    samples: int = ...,
    rng: Rng = ...,
) -> IntervalTPM: ...
def build(
    network: Network,
    partition: Cells,
    *,
    law: LawName | Literal["worst"] = "uniform",
    potentials: Potentials = None,
    currents: Currents = "declared",
    samples: int = 40_000,
    rng: Rng = 0,
) -> TPM | IntervalTPM:
    """Return the macro transition matrix of a network under do(macro state).

    Parameters
    ----------
    network : Network
    partition : Partition, or sequence of UnitPartition or ThresholdResult
        The macro states, one partition for each unit in the network's order.
    law : {"uniform", "stationary", "stationary_joint", "maximum_entropy", "worst"}
        Micro states that stand for a macro state. ``"uniform"``: uniform on the declared
        range within the cell (no unit refractory unless it has just spiked).
        ``"stationary"``: what each unit of the freely running network does within the
        cell, independently of the other units (the product of stationary laws).
        ``"stationary_joint"``: what the units do together while the network is in the macro
        state; observational, not do(): rows are not products, whatever the alphabet.
        ``"maximum_entropy"``: set every macro state with the same chance and ``"uniform"``
        micro states, let the network take one step (once, not repeatedly), and take what
        each unit then does within the cell, independently of the other units.
        ``"worst"``: all of the declared range, each micro state by itself.
    potentials : (float, float), or one for each unit, optional
        Declared range of potentials (mV), see `causal_snn.kernel.intervention_range`.
    currents : {"declared", "rest"}
        Synaptic currents of the law ``"uniform"``: all of their declared range, or 0, as
        `causal_snn.chips.tpm` leaves a chip's; the potentials stay those of the whole range.
    samples : int
        States to sample for the stationary laws.
    rng : numpy.random.Generator or int, optional
        Source of noise for the stationary laws; the default seed makes results repeat.

    Returns
    -------
    TPM, or for law="worst" IntervalTPM
        Rows of a TPM are exact given the law. `independence_gap` is measured on the joint rows
        of a binary alphabet and of ``"stationary_joint"``; the others of a ternary one are
        products by construction, gap 0. An IntervalTPM contains the TPM of every law on the
        declared range.

    Raises
    ------
    InputError
        If the partition does not fit the network, or there are too many macro states.
    """
    check_choice("law", law, (*LAW_NAMES, WORST))
    check_choice("currents", currents, CURRENTS)
    if currents == "rest" and law != "uniform":
        raise bad("currents", currents, f"'declared' with law={law!r}, which sets them itself")
    units, uniform = prepare(network, partition, potentials, currents)
    facts: dict[str, Any] = {
        "law": law,
        "network": network.name,
        "dt": network.dt,
        "thresholds": [unit.threshold for unit in units],
        "ranges": [asdict(each.range) for each in uniform],
        "alphabet": units[0].alphabet,
    }
    if law == WORST:
        return _interval(network, units, uniform, facts)
    laws: Sequence[CellLaw] = uniform
    if law == "maximum_entropy":
        laws = _relaxed(network, units, uniform)
    seen = None
    if law in ("stationary", "stationary_joint"):
        seen = sample_stationary(network, samples=samples, rng=rng)
        laws = _sampled(uniform, seen)
        facts |= {"samples": samples, "seed": seed_of(rng)}
    tables = [UnitRows(network, k, laws[k]) for k in range(network.n)]
    sizes = tuple(len(unit.cells) for unit in units)
    joint = mixed_rows(tables) if len(units[0].cells) == 2 else None
    # What a ternary unit sends is part of the state: rows are products, the gap is 0.
    marginals = refined_rows(tables, sizes) if joint is None else marginalise(joint, sizes)
    notes = [note for cell_law in laws for note in cell_law.notes()]
    if law == "stationary_joint" and seen is not None:
        observed = observe(network, units, seen)
        never = observed.visits == 0
        rows = order.product(marginals) if joint is None else joint
        joint = np.where(never[:, None], rows, observed.rows)
        marginals = marginalise(joint, sizes)
        facts["visits"] = observed.visits.tolist()
        if never.any():
            notes.append(
                f"{int(never.sum())} of {len(never)} macro states of the network were never "
                "visited; the product of the units' stationary laws is used"
            )
    notes += [
        f"unit {unit.label}: quadrature converged to {table.error:.1g} only"
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
            METHODS[law],
            **facts,
            spiking_weights=[table.spiking_weight for table in tables],
            notes=notes,
            quadrature_error=max(table.error for table in tables),
        ),
    )


def seed_of(rng: Rng) -> int | str:
    """Return a seed for the record."""
    return rng if isinstance(rng, int) else "generator given by the caller"


def _sampled(uniform: Sequence[UniformLaw], seen: StationarySamples) -> list[CellLaw]:
    return [
        EmpiricalLaw(
            step=each.step,
            partition=each.partition,
            v=seen.v[k],
            i=seen.i[k],
            spiked=seen.spiked[k],
            hold=seen.hold[k],
            fallback=each,
        )
        for k, each in enumerate(uniform)
    ]


def _relaxed(
    network: Network, units: Sequence[UnitPartition], uniform: Sequence[UniformLaw]
) -> list[CellLaw]:
    """Return the laws one step after every macro state was set with the same chance."""
    third = 1.0 / 3.0
    weights = [(third, third, third)] * len(units)
    if len(units[0].cells) == 2:
        shares = [each.spiking_weight() for each in uniform]
        weights = [(0.5, 0.5 * (1.0 - share), 0.5 * share) for share in shares]
    sends = np.array([weight[SPIKING] for weight in weights])
    patterns = order.states((2,) * network.n)
    found: list[CellLaw] = []
    for k, each in enumerate(uniform):
        inputs, of_pattern, own = inputs_from_others(network, k)
        chance = np.where(patterns, sends, 1.0 - sends)
        chance[:, k] = 0.5  # both patterns of the unit itself give the same input
        chances = np.bincount(of_pattern, np.prod(chance, axis=1), minlength=len(inputs))
        found.append(relaxed_law(each, weights[k], Inputs(inputs, chances, own)))
    return found


def _interval(
    network: Network,
    units: Sequence[UnitPartition],
    uniform: Sequence[UniformLaw],
    facts: dict[str, Any],
) -> IntervalTPM:
    sizes = tuple(len(unit.cells) for unit in units)
    found = []
    for k, each in enumerate(uniform):
        inputs, _, own = inputs_from_others(network, k)
        found.append(extremes(each, inputs, own))
    lower, upper = bounds(network, found, sizes)
    notes = [note for each in uniform for note in each.notes()]
    return IntervalTPM(
        lower=tuple(order.unflat(rows, sizes) for rows in lower),
        upper=tuple(order.unflat(rows, sizes) for rows in upper),
        labels=tuple(unit.label for unit in units),
        cells=tuple(unit.cells for unit in units),
        law=WORST,
        provenance=provenance(METHODS[WORST], **facts, notes=notes),
    )
