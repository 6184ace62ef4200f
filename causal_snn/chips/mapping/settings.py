"""Settings: decays, thresholds and held steps as the integers that a chip's neurons take."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.chip import Chip, Setting
from causal_snn.chips.mapping.demand import Demand
from causal_snn.errors import InputError, bad

Floats = NDArray[np.float64]


def decay_setting(decay: Decay, factor: Floats, setting: Setting) -> tuple[Floats, Floats]:
    """Return the setting nearest to each factor, and the factor that it is.

    Of shifts, the one whose time constant -1/ln(1 - 2^-d) is nearest by ratio.
    """
    match decay.kind:
        case "multiply":
            unit = float(1 << decay.bits)
            loss = decay.coding == "loss"
            wanted = unit * (1.0 - factor) - decay.offset if loss else unit * factor
            value = np.clip(np.rint(wanted), setting.low, setting.high)
            kept = (unit - value - decay.offset) / unit if loss else value / unit
            return value, kept
        case "shift":
            shifts = np.arange(int(setting.low), int(setting.high) + 1)
            kept = np.asarray(1.0 - 0.5**shifts, dtype=np.float64)
            lost = -np.log(np.maximum(kept, 1e-300))
            wanted = -np.log(np.clip(factor, 1e-300, 1.0 - 1e-15))
            # Ratios of time constants; where nothing decays the longest shift is nearest.
            best = np.argmin(np.abs(np.log(lost) - np.log(wanted)[:, None]), axis=1)
            return shifts[best].astype(float), kept[best]
        case _:
            return factor, factor


def tau_error(wanted: Floats, found: Floats) -> Floats:
    """Return the relative error of the time constant of each decay; nan where there is none."""
    inside = (wanted > 0) & (wanted < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(wanted) / np.log(found)  # tau_found / tau_wanted
    ratio = np.where(found <= 0, 0.0, np.where(found >= 1, np.inf, ratio))
    return np.where(inside, ratio - 1.0, np.nan)


def threshold_setting(chip: Chip, threshold: Floats, strict: NDArray[np.bool_]) -> Floats:
    """Return the register's threshold for a wanted one, in register units.

    Where the register counts in steps of 1, > and >= are the same rule one apart, and the
    threshold is taken so that the chip's spikes are exactly those of the real threshold.
    """
    setting = chip.setting("threshold")
    if chip.number != "integer" or setting.step == 0:
        return threshold
    if setting.step > 1:
        least = float(setting.step) * max(1, int(np.ceil(setting.low / setting.step)))
        found = np.rint(threshold / setting.step) * setting.step
        return np.where(threshold > 0, np.maximum(found, least), found)
    # The least integer v that spikes.
    first = np.where(strict, np.floor(threshold) + 1, np.ceil(threshold))
    first = np.where(threshold > 0, np.maximum(first, 1), first)
    return first - 1 if chip.threshold == ">" else first


def held_setting(chip: Chip, demand: Demand) -> Floats | None:
    """Return the refractory setting, or None where the chip has none and none is asked for.

    Raises
    ------
    InputError
        If the chip cannot hold a neuron for so long, or at all.
    """
    most = int(demand.held.max())
    if not chip.has("refractory"):
        if most > 0:
            raise InputError(
                f"refractory_steps = {most}: {chip.title} has no refractory period; use "
                "refractory_steps=0, or a chip that has one (loihi, spinnaker1)"
            )
        return None
    setting = chip.setting("refractory")
    value = (demand.held - chip.refractory_offset).astype(float)
    if np.any(value > setting.high):
        allowed = int(setting.high) + chip.refractory_offset
        raise bad("refractory_steps", most, f"at most {allowed} steps on {chip.title}")
    found: Floats = np.maximum(value, setting.low)
    return found


def delay_table(chip: Chip, demand: Demand) -> NDArray[np.int64] | int:
    """Return delays in the chip's steps.

    Raises
    ------
    InputError
        If a delay is shorter or longer than the chip's.
    """
    low, high = chip.delay
    table = np.asarray(demand.delays, dtype=np.int64)
    if table.ndim:
        used = table[np.nonzero(demand.weights)]
        table = np.where(np.asarray(demand.weights != 0), table, low)
    else:
        used = table[None]
    if used.size and not low <= used.min() <= used.max() <= high:
        wrong = int(used.max() if used.max() > high else used.min())
        raise bad(
            "network.delays",
            wrong,
            f"{low} to {high} steps on {chip.title}",
            "A longer delay takes relay neurons; a coarser dt makes it fewer steps.",
        )
    return int(table) if table.ndim == 0 else table
