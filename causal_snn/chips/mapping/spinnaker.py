"""SpiNNaker 1: potentials in mV as s16.15, a membrane that relaxes toward E + R I."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.mapping.demand import Demand
from causal_snn.chips.mapping.draft import Draft, Job, common_differences, settle_reset
from causal_snn.chips.mapping.quantise import Quantised, quantise
from causal_snn.chips.mapping.scale import input_bounds
from causal_snn.chips.mapping.settings import (
    decay_setting,
    delay_table,
    held_setting,
    threshold_setting,
)
from causal_snn.errors import InputError, bad

Floats = NDArray[np.float64]


def map_spinnaker(job: Job) -> Draft:
    r"""Return a network as SpiNNaker's integers.

    The membrane :math:`v \leftarrow \alpha - f (\alpha - v)`, :math:`\alpha = I R + E`, adds
    (1 - f) R I to v, so a weight of W mV is a current of W / ((1 - f) R g), g the synapse's
    gain. R is 1 MOhm here: only the product with the currents counts.
    """
    chip, demand = job.chip, job.demand
    unit = float(1 << chip.voltage.frac)
    if job.scale is not None and job.scale != "largest" and np.any(np.asarray(job.scale) != unit):
        raise bad("scale", job.scale, f"{unit:g} per mV, the unit of {chip.title}")
    subtract, said = settle_reset(job, ("value",))
    assert chip.voltage_decay is not None
    value, decay = decay_setting(chip.voltage_decay, demand.decay, chip.setting("decay_v"))
    if np.any(decay >= 1):
        raise InputError(
            f"{chip.title} cannot do without a leak: its membrane relaxes to E + R I. Use lif "
            "neurons with a long tau, or a chip that adds currents up (truenorth, loihi)"
        )
    reach = 1.0 - decay
    gain, settings, current_decay = _synapses(chip, demand)
    amperes = unit / (reach * gain)  # register units of weight per mV
    found, more = _weights(job, amperes)
    said += more
    scale = np.full(demand.n, unit)
    threshold = threshold_setting(chip, demand.theta * unit, demand.strict)
    bias = np.rint(demand.constant / reach * unit)
    held = held_setting(chip, demand)
    neuron: dict[str, Any] = {
        **settings,
        "decay_v": value,
        "resistance": np.full(demand.n, unit),
        "rest": np.rint(demand.rest * unit),
        "threshold": threshold,
        "reset": np.rint(demand.V_reset * unit),
        "bias": bias,
        "refractory": held,
    }
    for name in ("rest", "threshold", "reset", "bias"):
        if np.any(np.abs(neuron[name]) > chip.setting(name).high):
            raise bad(name, float(np.max(np.abs(neuron[name])) / unit), "below 65536 in s16.15")
    said += common_differences(job, subtract)
    said += _reach(chip, demand, reach, bias / unit)
    if np.any(demand.held > 0):
        said.append("the threshold is tested while a neuron is held")
    return Draft(
        scale=scale,
        rest=np.zeros(demand.n),
        neuron=neuron,
        weights=found,
        per_unit=2.0**found.exponent / amperes,
        delays=delay_table(chip, demand),
        decay=decay,
        current_decay=current_decay,
        threshold=threshold / unit,
        constant=bias * reach / unit,
        wanted_weights=list(demand.tables),
        differences=said,
    )


def _synapses(chip: Chip, demand: Demand) -> tuple[Floats, dict[str, Any], Floats]:
    """Return gain, settings and decay of the synapses.

    With the gain (1 - d) tau/dt a weight is the mean current of its first step, as sPyNNaker
    has it; a current that lives for one step only takes all of it.
    """
    assert chip.current_decay is not None
    unit = 2.0**chip.current_decay.bits
    wanted = demand.current_decay
    value, found = decay_setting(chip.current_decay, wanted, chip.setting("decay_exc"))
    with np.errstate(divide="ignore", invalid="ignore"):
        natural = (1.0 - found) / -np.log(found)
    gain = np.rint(np.where(found > 0, natural, 1.0) * unit)
    gain = np.clip(gain, 1, chip.setting("gain_exc").high)
    settings: dict[str, Any] = {}
    for name in chip.receptors:
        settings |= {f"decay_{name}": value, f"gain_{name}": gain}
    return gain / unit, settings, found


def _weights(job: Job, amperes: Floats) -> tuple[Quantised, list[str]]:
    """Return weights at the least shift at which no sum of one step saturates."""
    chip, demand = job.chip, job.demand
    tables = demand.tables_at(amperes)
    most = float(chip.weight.mantissa.most)
    up, down = input_bounds(demand)
    largest = float(np.max(np.maximum(up, down) * amperes))
    low, high = chip.weight.exponents
    shift = low if largest <= most else int(np.ceil(np.log2(largest / most)))
    said = []
    if shift > high:
        shift = high
        said.append("the ring buffer saturates if most sources spike at once")
    single = max(
        (float(np.max(np.abs(t.data if hasattr(t, "tocsr") else t), initial=0.0)) for t in tables),
        default=0.0,
    )
    if single > most * 2.0**high and not job.clip:
        size = float(single / np.max(amperes))
        raise bad(
            "weights",
            size,
            f"up to {most * 2.0**high / np.max(amperes):g} mV on {chip.title}",
            "Scale the network down, or give clip=True.",
        )
    found = quantise(chip.replace(weight=_at(chip, shift)), tables, job.rounding, job.rng)
    said.append(
        f"weights are shifted by {shift} so that no sum of a step saturates; sPyNNaker takes the "
        "shift from expected rates, mean and 5 standard deviations"
    )
    return found, said


def _at(chip: Chip, shift: int) -> Any:
    from dataclasses import replace

    return replace(chip.weight, exponents=(shift, shift))


def _reach(chip: Chip, demand: Demand, reach: Floats, bias: Floats) -> list[str]:
    up, down = input_bounds(demand)
    lost = 1.0 - demand.current_decay
    most = np.maximum(up, down) / lost / reach + np.abs(bias) + np.abs(demand.rest)
    if np.any(most * 2.0**chip.voltage.frac > chip.voltage.most):
        return ["sums overflow s16.15, and wrap, if most sources keep spiking"]
    return []
