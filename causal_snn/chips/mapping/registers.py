"""Chips whose potential decays by a factor: Loihi, fixed point, Xylo, SpiNNaker 2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
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
from causal_snn.chips.mapping.quantise import quantise
from causal_snn.chips.mapping.scale import choose_scale, input_bounds, shifted
from causal_snn.chips.mapping.settings import (
    decay_setting,
    delay_table,
    held_setting,
    threshold_setting,
)
from causal_snn.errors import InputError

Floats = NDArray[np.float64]


def map_registers(job: Job) -> Draft:
    """Return a network as the integers of a chip whose registers decay by a factor."""
    chip = job.chip
    demand, said = settle_current(job, chip.current is not None)
    job = replace(job, demand=demand)
    subtract, more = settle_reset(job, (chip.reset,))
    said += more
    where = shifted(demand, origin_of(job, subtract, resets_to=chip.has("reset")))
    neuron: dict[str, Any] = {}
    assert chip.voltage_decay is not None
    neuron["decay_v"], decay = decay_setting(
        chip.voltage_decay, demand.decay, chip.setting("decay_v")
    )
    demand, arriving, current_decay, more = _current(job, demand, neuron)
    said += more
    if not chip.has("bias"):
        refuse_constant(chip, where.constant)
    held = held_setting(chip, demand)  # refuses what the chip cannot do, before what does not fit
    delays = delay_table(chip, demand)
    scale, more = choose_scale(demand, chip, where, job.scale, job.clip)
    said += more
    found = quantise(
        chip,
        demand.tables_at(scale),
        job.rounding,
        job.rng,
    )
    threshold = threshold_setting(chip, where.theta * scale, demand.strict)
    _check_threshold(chip, threshold, job.labels)
    neuron["threshold"] = threshold
    whole = np.rint if chip.number == "integer" else np.asarray
    constant = where.constant
    if chip.has("bias"):
        neuron["bias"] = whole(_mantissa(chip, where.constant * scale))
        constant = neuron["bias"] / scale
    if chip.has("reset"):
        neuron["reset"] = whole(where.reset * scale)
    if held is not None:
        neuron["refractory"] = held
    said += common_differences(job, subtract)
    said += _room(chip, demand, scale, where.constant)
    if found.exponent < 0:
        said.append(f"sums of weights are shifted right by {-found.exponent}, cutting bits off")
    return Draft(
        scale=scale,
        rest=where.origin,
        neuron=neuron,
        weights=found,
        # Weights were divided by what the current's own decay takes of them on arrival.
        per_unit=arriving * 2.0 ** (found.exponent + chip.align) / scale,
        delays=delays,
        decay=decay,
        current_decay=current_decay,
        threshold=where.origin + threshold / scale,
        constant=constant - where.constant + job.demand.constant,
        wanted_weights=list(job.demand.tables),
        differences=said,
    )


def _current(
    job: Job, demand: Demand, neuron: dict[str, Any]
) -> tuple[Demand, Floats, Floats, list[str]]:
    """Set the decay of currents; return demand, what is left of an arrival, decay, differences."""
    chip, n = job.chip, demand.n
    if chip.current is None:
        return demand, np.ones(n), np.full(n, np.nan), []
    assert chip.current_decay is not None
    wanted, said = demand.current_decay, []
    kept = np.zeros(n)
    for name in chip.receptors:
        setting = chip.setting(f"decay_{name}")
        value, kept = decay_setting(chip.current_decay, wanted, setting)
        if chip.current_decay.kind == "shift":
            value = np.where(wanted > 0, np.maximum(value, 1), value)
            kept = np.where(wanted > 0, 1.0 - 0.5**value, kept)
        neuron[f"decay_{name}"] = value
    arriving = np.ones(n)
    if chip.order.index("decay_u") > chip.order.index("add_u"):
        # What arrives is decayed before it acts, so that an instant current would never act.
        instant = wanted == 0
        if np.any(instant):
            if "current" not in job.approximate:
                raise InputError(
                    f"lif: spikes enter a synaptic current on {chip.title}, which cannot pass on "
                    "all of it in one step; use cuba_lif neurons, another chip, or let a current "
                    "of the same charge stand in with approximate=('current',)"
                )
            neuron["decay_u"] = np.where(instant, 1, neuron["decay_u"])
            kept = np.where(instant, 0.5, kept)
            said.append("spikes act through a current that halves in each step, with their charge")
        # First step of a current; or, for an instant one, all of 1/2 + 1/4 + ... .
        arriving = np.where(instant, 1.0, kept)
        demand = demand.times(1.0 / arriving)
    return demand, arriving, kept, said


def _mantissa(chip: Chip, bias: Floats) -> Floats:
    """Return biases of Loihi as 13-bit mantissas with an exponent; others as they are."""
    if not chip.name.startswith("loihi"):
        return bias
    # Floor of log2: the least exponent at which the mantissa has 12 bits.
    with np.errstate(divide="ignore"):
        exponent = np.maximum(np.ceil(np.log2(np.abs(bias) / 4095.0)), 0)
    unit = 2.0 ** np.where(np.isfinite(exponent), exponent, 0)
    return np.rint(bias / unit) * unit


def _check_threshold(chip: Chip, threshold: Floats, labels: tuple[str, ...]) -> None:
    setting = chip.setting("threshold")
    low = setting.low
    if np.any(threshold < low):
        k = int(np.argmax(threshold < low))
        raise InputError(
            f"theta of {labels[k]}: {threshold[k]:g} register units above rest, and {chip.title} "
            f"takes {low:g} or more. Give origin='reset', which counts from V_reset"
        )


def _room(chip: Chip, demand: Demand, scale: Floats, constant: Floats) -> list[str]:
    """Return whether registers that saturate can reach their ends."""
    if chip.number != "integer":
        return []
    up, down = input_bounds(demand)
    lost = 1.0 - demand.current_decay
    found = []
    if chip.current is not None and chip.current.overflow == "saturate":
        reach = scale * np.maximum(up / lost, down / lost)
        if np.any(reach > chip.current.most):
            found.append("the current's register saturates if most sources spike at once")
    if chip.voltage.overflow == "saturate":
        with np.errstate(divide="ignore", invalid="ignore"):
            low = (down / lost - np.minimum(constant, 0)) / (1.0 - demand.decay)
        reach = np.where(np.isnan(low), 0.0, low) * scale
        if np.any(reach > -chip.voltage.least):
            found.append("the potential's register saturates under lasting inhibition")
    return found
