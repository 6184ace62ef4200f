"""Chips that leak a fixed amount in each step: TrueNorth and ODIN."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.mapping.axon_types import Types, axon_types
from causal_snn.chips.mapping.demand import Demand
from causal_snn.chips.mapping.draft import (
    Draft,
    Job,
    common_differences,
    origin_of,
    refuse_constant,
    settle_current,
    settle_reset,
)
from causal_snn.chips.mapping.quantise import Quantised, optimal_values, quantise
from causal_snn.chips.mapping.scale import Limit, Shifted, choose_scale, limits, shifted
from causal_snn.chips.mapping.settings import delay_table, held_setting, threshold_setting
from causal_snn.chips.mapping.sharing import pack

Floats = NDArray[np.float64]
SMALL = 4096
"""Entries up to which the optimum with free types is worked out for comparison."""


def map_truenorth(job: Job) -> Draft:
    """Return a network as TrueNorth's integers: linear leak, four values for each neuron."""
    demand, said = settle_current(job, has_current=False)
    chip, job = job.chip, replace(job, demand=demand)
    subtract, more = settle_reset(job, ("value", "subtract"))
    where = shifted(demand, origin_of(job, subtract, resets_to=True))
    held_setting(chip, demand)  # refuses what the chip cannot do, before what does not fit
    delays = delay_table(chip, demand)
    drift, reversal, leaks = _leak(demand, where)
    scale, chosen = _scale(job, demand, where, np.abs(drift))
    wanted = demand.tables_at(scale)
    found, groups, extra = _typed(chip, wanted)
    threshold = threshold_setting(chip, where.theta * scale, demand.strict)
    neuron = {
        "threshold": threshold,
        "leak": np.rint(drift * scale),
        "leak_reversal": reversal.astype(float),
        "reset_mode": subtract.astype(float),
        "reset": np.where(subtract, 0.0, np.rint(where.reset * scale)),
    }
    said += more + leaks + chosen + common_differences(job, subtract)
    # The leak carries the constant input where it has one direction.
    constant = np.where(reversal, 0.0, neuron["leak"] / scale - (drift - demand.constant))
    return Draft(
        scale=scale,
        rest=where.origin,
        neuron=neuron,
        weights=found,
        per_unit=1.0 / scale,
        delays=delays,
        decay=np.where(demand.decay == 1, 1.0, np.nan),
        current_decay=np.full(demand.n, np.nan),
        threshold=where.origin + threshold / scale,
        constant=constant,
        wanted_weights=list(job.demand.tables),
        differences=said,
        extra=extra,
        groups=groups,
    )


def _leak(demand: Demand, where: Shifted) -> tuple[Floats, NDArray[np.bool_], list[str]]:
    """Return the leak (mV per step), where it turns with the sign of V, and what that changes.

    The decay v <- beta v + b drifts by b - (1 - beta) v. A constant leak takes that drift at
    half the threshold; without b it always leads toward 0.
    """
    loss = (1.0 - demand.decay) * np.maximum(where.theta, 0.0) / 2.0
    reversal = (where.constant == 0) & (loss > 0)
    drift = np.where(reversal, -loss, where.constant - loss)
    said = []
    if np.any(loss > 0):
        said.append(
            "the leak is a constant, not a fraction of v: it is right at half the threshold, too "
            "large below and too small above"
        )
    if np.any(reversal):
        said.append("near rest the leak overshoots 0 and v rings by up to one leak")
    if np.any(~reversal & (loss > 0)):
        said.append("constant input and leak are one constant drift, which does not stop at rest")
    return drift, reversal, said


def _scale(job: Job, demand: Demand, where: Shifted, leak: Floats) -> tuple[Floats, list[str]]:
    most = float(job.chip.setting("leak").high)
    more = [Limit("leak", leak, most)] if np.any(leak > 0) else []
    return choose_scale(
        demand, job.chip, where, job.scale, job.clip, [*limits(demand, job.chip, where), *more]
    )


def _typed(chip: Chip, wanted: list[Any]) -> tuple[Quantised, NDArray[np.int64], dict[str, Any]]:
    """Return tables in which every axon has one type on its core, the cores, and the types."""
    assert chip.weight.values is not None
    n, own = wanted[0].shape[0], wanted[0].shape[1]
    joint = scipy.sparse.csr_array(scipy.sparse.hstack([scipy.sparse.csr_array(t) for t in wanted]))
    most = chip.weight.mantissa.most
    clipped = abs(joint) > most + 0.5
    of = pack(chip, joint)[0]
    rows, columns, data = [], [], []
    types, squares = [], 0.0
    known: dict[tuple[Any, bytes], Types] = {}
    values = np.zeros((n, chip.weight.values), dtype=np.int64)
    for core in range(int(of.max()) + 1):
        units = np.flatnonzero(of == core)
        block = joint[units]
        sources = np.unique(block.indices)
        dense = block[:, sources].toarray()
        key = (dense.shape, dense.tobytes())  # patches of a convolution repeat
        if key not in known:
            known[key] = axon_types(dense, chip.weight.values, most)
        best = known[key]
        r, c = np.nonzero(best.table)
        rows.append(units[r])
        columns.append(sources[c])
        data.append(best.table[r, c].astype(float))
        values[units] = best.values
        types.append(
            {int(source): int(kind) for source, kind in zip(sources, best.types, strict=True)}
        )
        squares += best.error
    table = scipy.sparse.csr_array(
        (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))), shape=joint.shape
    )
    tables, cuts = [table[:, :own], table[:, own:]], [clipped[:, :own], clipped[:, own:]]
    for k, original in enumerate(wanted):
        if isinstance(original, np.ndarray):
            tables[k], cuts[k] = tables[k].toarray(), cuts[k].toarray()
    extra: dict[str, Any] = {
        "axon_types": tuple(types),
        "axon_values": values,
        "squared_error": squares,
    }
    if n * joint.shape[1] <= SMALL:
        # Types of its own for each neuron, and 0: what sharing axon types costs is the rest.
        free = [
            optimal_values(joint[[k]].toarray().ravel(), chip.weight.values + 1)[1]
            for k in range(n)
        ]
        extra["squared_error_free_types"] = float(np.sum(free))
    return Quantised(tables, 0, 1.0, cuts), of, extra


def map_odin(job: Job) -> Draft:
    """Return a network as ODIN's integers: linear leak, 3-bit weights, potentials of 0 or more."""
    demand, said = settle_current(job, has_current=False)
    chip, job = job.chip, replace(job, demand=demand)
    subtract, more = settle_reset(job, ("value",))
    where = shifted(demand, origin_of(job, subtract, resets_to=False))
    refuse_constant(chip, where.constant)
    held_setting(chip, demand)  # refuses what the chip cannot do, before what does not fit
    delays = delay_table(chip, demand)
    leak = (1.0 - demand.decay) * np.maximum(where.theta, 0.0) / 2.0
    scale, chosen = _scale(job, demand, where, leak)
    found = quantise(
        chip,
        demand.tables_at(scale),
        job.rounding,
        job.rng,
    )
    threshold = threshold_setting(chip, where.theta * scale, demand.strict)
    said += more + chosen + common_differences(job, subtract)
    if np.any(leak > 0):
        said.append(
            "the leak is a constant, not a fraction of v: it is right at half the threshold"
        )
    said += [
        "potentials below rest are cut off: the register has no sign",
        "events act one after another, and the threshold is tested after each",
    ]
    return Draft(
        scale=scale,
        rest=where.origin,
        neuron={"threshold": threshold, "leak": np.rint(leak * scale)},
        weights=found,
        per_unit=1.0 / scale,
        delays=delays,
        decay=np.where(demand.decay == 1, 1.0, np.nan),
        current_decay=np.full(demand.n, np.nan),
        threshold=where.origin + threshold / scale,
        constant=np.zeros(demand.n),
        wanted_weights=list(job.demand.tables),
        differences=said,
    )
