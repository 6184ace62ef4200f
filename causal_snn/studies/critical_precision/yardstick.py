"""Yardstick: the float network's causal structure and statistics, and how far a chip is off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn import tpm
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.coarse import Partition
from causal_snn.errors import bad
from causal_snn.models.network import Network
from causal_snn.studies.chip_fidelity import chip_side
from causal_snn.studies.chip_fidelity.figures import EXACT, edge_figures, row_figures
from causal_snn.studies.chip_fidelity.reference import (
    default_partition,
    potential_cells,
    reference_tpm,
)
from causal_snn.studies.critical_precision.measures import Measure
from causal_snn.studies.critical_precision.states import (
    State,
    StateFigures,
    by_state,
    state_weights,
)
from causal_snn.studies.critical_precision.statistics import Runs, Statistics
from causal_snn.tpm import TPM

Floats = NDArray[np.float64]
SAMPLES = 4000
"""Micro states of a macro state, where a chip's TPM is sampled."""
INTEGRATED = frozenset({"phi_s", "Phi", "mip", "complex"})
OBSERVED = frozenset({"rate", "cv", "correlation"})


@dataclass(frozen=True, slots=True, eq=False)
class Yardstick:
    """The question of a sweep, and the float network's answers to it.

    Attributes
    ----------
    network : Network
        With the noise of the question.
    sd : array, shape (n,)
        Noise per step (mV).
    seed : int
    partition : Partition
    matrix : TPM
        Of the float network.
    law, formalism : str
    measures : tuple of Measure
    weights : mapping of state to float
        Of the states over which integrated information is averaged; they sum to 1.
    states : mapping of state to StateFigures
    runs : Runs or None
    seen : Statistics or None
    task : function or None
    values : mapping of str to float
        By measure.
    """

    network: Network
    sd: Floats
    seed: int
    partition: Partition
    matrix: TPM
    law: str
    formalism: str
    measures: tuple[Measure, ...]
    weights: Mapping[State, float]
    states: Mapping[State, StateFigures]
    runs: Runs | None
    seen: Statistics | None
    task: Callable[[Mapped], float] | None
    values: dict[str, float] = field(default_factory=dict)


def yardstick(
    network: Network,
    *,
    sd: Floats,
    partition: Any,
    law: str,
    states: Any,
    formalism: str,
    measures: tuple[Measure, ...],
    steps: int,
    seed: int,
    task: Callable[[Mapped], float] | None,
    reference: TPM | None,
) -> Yardstick:
    """Return what the float network answers to a question."""
    cells = _cells(network, partition)
    matrix = (
        reference_tpm(network, cells.units, law=law, rng=seed) if reference is None else reference
    )
    if matrix.sizes != cells.sizes or matrix.labels != network.labels:
        raise bad("reference", matrix.sizes, f"a TPM of {network.labels} with cells {cells.sizes}")
    names = {one.name for one in measures}
    weights = state_weights(matrix, states) if INTEGRATED & names else {}
    runs = Runs(network, sd, steps, seed) if OBSERVED & names else None
    stick = Yardstick(
        network=network,
        sd=sd,
        seed=seed,
        partition=cells,
        matrix=matrix,
        law=law,
        formalism=formalism,
        measures=measures,
        weights=weights,
        states=by_state(matrix, weights, names, formalism),
        runs=runs,
        seen=None if runs is None else runs.of_network(),
        task=task,
    )
    stick.values.update(_values(stick, matrix, stick.states, stick.seen))
    return stick


def measured(stick: Yardstick, mapped: Mapped) -> tuple[dict[str, float], dict[str, float]]:
    """Return values and deviations of a mapped network."""
    matrix = chip_matrix(stick, mapped)
    names = {one.name for one in stick.measures}
    states = by_state(matrix, stick.weights, names, stick.formalism)
    seen = None if stick.runs is None else stick.runs.of_chip(mapped)
    values = _values(stick, matrix, states, seen)
    if stick.task is not None:
        values["task"] = float(stick.task(mapped))
    deviations = {
        one.name: _deviation(stick, one, values[one.name], states, seen) for one in stick.measures
    }
    return values, deviations


def chip_matrix(stick: Yardstick, mapped: Mapped) -> TPM:
    """Return the macro TPM of a mapped network: exact, or sampled where the chip has no step."""
    return chip_side.chip_matrix(
        mapped,
        stick.network,
        stick.partition.units,
        noise=stick.sd,
        inputs=np.zeros(mapped.parameters.inputs, dtype=np.int64),
        law=stick.law,
        samples=SAMPLES,
        rng=stick.seed,
    )


def _cells(network: Network, partition: Any) -> Partition:
    if partition is None:
        return default_partition(network)
    units = partition.units if isinstance(partition, Partition) else partition
    return Partition(potential_cells(units))


def _values(
    stick: Yardstick,
    matrix: TPM,
    states: Mapping[State, StateFigures],
    seen: Statistics | None,
) -> dict[str, float]:
    """Return the value of every measure, of the reference or of a chip."""
    information = tpm.measures(matrix)
    rows = row_figures(stick.matrix, matrix)
    # A sampled TPM cannot tell a faint effect from none.
    error = float(matrix.provenance.get("largest_standard_error", 0.0))
    edges = edge_figures(stick.matrix, matrix, tolerance=max(EXACT, 4.0 * error))
    share = stick.weights
    values = {
        "tv": float(rows.tv.max()),
        "mean_tv": float(rows.tv.mean()),
        "ei": information.effective_information,
        "determinism": information.determinism,
        "degeneracy": information.degeneracy,
        "phi_s": sum(w * states[s].phi_s for s, w in share.items()),
        "Phi": sum(w * states[s].big_phi for s, w in share.items()),
        "mip": sum(w for s, w in share.items() if states[s].mip == stick.states[s].mip),
        "complex": sum(w for s, w in share.items() if states[s].major == stick.states[s].major),
        "edges": float(len({*edges.flipped, *edges.silenced, *edges.created})),
    }
    if seen is not None:
        values["rate"] = float(seen.rate.mean())
        values["cv"] = _mean(seen.cv)
        values["correlation"] = _mean(_pairs(seen.correlation))
    return {one.name: float(values[one.name]) for one in stick.measures if one.name in values}


def _deviation(
    stick: Yardstick,
    one: Measure,
    value: float,
    states: Mapping[State, StateFigures],
    seen: Statistics | None,
) -> float:
    reference = stick.values.get(one.name, float("nan"))
    if one.name in ("phi_s", "Phi"):
        # State by state, so that a gain in one does not make up for a loss in another.
        part = "phi_s" if one.name == "phi_s" else "big_phi"
        gap = sum(
            w * abs(getattr(states[s], part) - getattr(stick.states[s], part))
            for s, w in stick.weights.items()
        )
        return one.deviation(reference + gap, reference)
    if seen is not None and stick.seen is not None:
        match one.name:
            case "rate":
                pairs = zip(seen.rate, stick.seen.rate, strict=True)
                return max(one.deviation(float(a), float(b)) for a, b in pairs)
            case "cv":
                return _worst(seen.cv, stick.seen.cv)
            case "correlation":
                return _worst(_pairs(seen.correlation), _pairs(stick.seen.correlation))
    return one.deviation(value, reference)


def _pairs(table: Floats) -> Floats:
    return np.asarray(table[np.triu_indices(len(table), 1)])


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _worst(values: Floats, reference: Floats) -> float:
    """Return the largest difference; infinite where only one of the two is defined."""
    both = np.isnan(values) & np.isnan(reference)
    gap = np.where(both, 0.0, np.abs(values - reference))
    return float(np.nan_to_num(gap, nan=np.inf).max(initial=0.0))
