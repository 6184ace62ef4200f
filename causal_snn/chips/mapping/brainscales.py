"""BrainScaleS-2: analog settings in hardware time, 6-bit weights with a sign for each row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from causal_snn.chips.engine.continuous import response
from causal_snn.chips.mapping.demand import Demand
from causal_snn.chips.mapping.draft import Draft, Job, common_differences, settle_reset
from causal_snn.chips.mapping.quantise import Quantised, quantise
from causal_snn.chips.mapping.settings import delay_table
from causal_snn.errors import bad
from causal_snn.models.network_checks import is_sparse

Floats = NDArray[np.float64]

REST, THRESHOLD = 80.0, 125.0
"""The vendor's working point, in LSB of the converter (calix)."""


def map_brainscales(job: Job) -> Draft:
    r"""Return a network as BrainScaleS-2's settings.

    A step of the network is the chip's dt on the hardware; time constants are those whose decay
    over it is the network's. A spike of weight w adds gain · w · r to the potential by the end
    of its step, r the response of the membrane to a decaying current; the gain of each neuron
    is such that its largest weight is the chip's largest.
    """
    chip, demand = job.chip, job.demand
    subtract, said = settle_reset(job, ("value",))
    dt = chip.setting("dt").default
    tau, decay = _time(job, demand.decay, "tau_mem", dt)
    syn, current_decay = _time(job, demand.current_decay, "tau_syn_exc", dt)
    if np.any(demand.decay == 1):
        said.append(f"the leak cannot be switched off: tau is {float(tau.max()):g} us on the chip")
    if np.any(~demand.has_current):
        said.append("spikes act through a short current, not at once")
    scale = _scale(job)
    origin = demand.rest - REST / scale
    level = {
        "rest": np.full(demand.n, REST),
        "threshold": (demand.theta - origin) * scale,
        "reset": (demand.V_reset - origin) * scale,
    }
    for name, values in level.items():
        setting = chip.setting(name)
        if np.any((values < setting.low) | (values > setting.high)):
            raise bad(
                "scale",
                float(scale.max()),
                f"{name} at {float(values.min()):.4g} to {float(values.max()):.4g} LSB, and "
                f"{chip.title} has {setting.low:g} to {setting.high:g}",
                "Give a smaller scale (LSB per mV).",
            )
    # mV by the end of the step, per LSB/us of current.
    per_current = response(1.0 / tau, 1.0 / syn, dt) / scale
    found, per_unit = _weights(job)
    gain = per_unit / per_current
    drift = (1.0 - decay) * tau  # what a constant current adds in a step
    held = np.clip(demand.held * dt, chip.setting("refractory").low, None)
    said += common_differences(job, subtract)
    said.append("a held neuron is clamped, and after that for part of a step it is free")
    if np.any(demand.held == 0):
        said.append(f"a spike clamps the neuron for {chip.setting('refractory').low:g} us at least")
    both, rows = _rows(found.tables)
    if both:
        said.append(f"{both} sources have both signs and take two synapse rows each")
    circuits = np.maximum(-(-rows // (chip.fan_in or 1)), 1)
    most = int(circuits.max())
    if most > 1:
        said.append(f"up to {most} neuron circuits are joined to one neuron for its fan-in")
    return Draft(
        scale=scale,
        rest=origin,
        neuron={
            **level,
            "tau_mem": tau,
            "tau_syn_exc": syn,
            "tau_syn_inh": syn,
            "gain_exc": gain,
            "gain_inh": gain,
            "refractory": held,
            "bias": demand.constant * scale / drift,
        },
        weights=found,
        per_unit=per_unit,
        delays=delay_table(chip, demand),
        decay=decay,
        current_decay=current_decay,
        threshold=demand.theta,
        constant=demand.constant,
        wanted_weights=list(demand.tables),
        differences=said,
        extra={"two_rows": both, "circuits": most},
        circuits=circuits,
        # The chip's sign is a row's; a source that drives two rows can have both.
        chip=chip.replace(weight=replace(chip.weight, signs="mixed")) if both else None,
    )


def _time(job: Job, factor: Floats, name: str, dt: float) -> tuple[Floats, Floats]:
    """Return time constants (hardware us) in the chip's range, and their decays over a step."""
    setting = job.chip.setting(name)
    with np.errstate(divide="ignore"):
        tau = np.where(factor <= 0, 0.0, dt / np.abs(np.log(np.clip(factor, 1e-300, 1.0))))
    tau = np.clip(tau, setting.low, setting.high)
    return tau, np.exp(-dt / tau)


def _scale(job: Job) -> Floats:
    demand = job.demand
    if job.scale is None or job.scale == "largest":
        height = float(np.max(demand.theta - demand.rest))
        if height <= 0:
            raise bad("theta", height, "above rest, in mV", "The chip's working point needs it.")
        return np.full(demand.n, (THRESHOLD - REST) / height)
    scale = np.broadcast_to(np.asarray(job.scale, dtype=np.float64), (demand.n,)).copy()
    if not np.all(np.isfinite(scale) & (scale > 0)):
        raise bad("scale", job.scale, "positive LSB per mV")
    return scale


def _weights(job: Job) -> tuple[Quantised, Floats]:
    """Return weights, each neuron's largest as the chip's largest, and mV of a weight of 1."""
    demand: Demand = job.demand
    largest = np.zeros(demand.n)
    for table in demand.tables:
        if table.shape[1]:
            row = abs(table).max(axis=1)
            largest = np.maximum(largest, row.toarray().ravel() if is_sparse(row) else row)
    per_unit = np.where(largest > 0, largest, 1.0) / job.chip.weight.mantissa.most
    scaled = demand.tables_at(1.0 / per_unit)
    return quantise(job.chip, scaled, job.rounding, job.rng), per_unit


def _rows(tables: list[Any]) -> tuple[int, NDArray[np.int64]]:
    """Return how many sources have both signs, and the synapse rows of each neuron.

    Rows run past all neurons, so that a source with both signs takes two of everyone who hears it.
    """
    both, rows = 0, np.zeros(tables[0].shape[0], dtype=np.int64)
    for table in tables:
        sparse = scipy.sparse.csr_array(table)
        mixed = np.asarray((sparse > 0).sum(axis=0) > 0) & np.asarray((sparse < 0).sum(axis=0) > 0)
        both += int(mixed.sum())
        rows += np.asarray((sparse != 0) @ (1 + mixed.astype(np.int64))).ravel()
    return both, rows
