"""vary: a chip's description with another precision."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.arithmetic.rounding import ROUNDINGS, Rounding
from causal_snn.chips.chip import Chip, Setting, WeightFormat
from causal_snn.errors import InputError, bad, check_choice


def vary(
    chip: Chip,
    *,
    bits: int | None = None,
    state_bits: int | None = None,
    rounding: Rounding | None = None,
    decay_bits: int | None = None,
) -> Chip:
    """Return a chip that is like another but for its precision.

    The result describes a chip that need not exist; its title says what was changed.

    Parameters
    ----------
    chip : Chip
    bits : int, optional
        Bits of the weights, sign included. Fewer drop the lowest bits of the mantissa, and a
        common exponent keeps its range; more add lower bits.
    state_bits : int, optional
        Bits of the potential's register. Fewer drop the lowest bits of every register, with
        the settings that are in their units; the range in mV stays.
    rounding : {"zero", "floor", "nearest", "nearest_away", "stochastic"}, optional
        Of the products by which potential and currents decay.
    decay_bits : int, optional
        Resolution of the decay factors.

    Raises
    ------
    InputError
        If the chip has no such number, or it is out of range.
    """
    found, changes = chip, []
    if state_bits is not None:
        found = _registers(found, _whole("state_bits", state_bits, 2, 62))
        changes.append(f"{state_bits}-bit state")
    if bits is not None:
        found = found.replace(weight=_weights(found.weight, _whole("bits", bits, 2, 40)))
        changes.append(f"{bits}-bit weights")
    if rounding is not None:
        found = _rounded(found, rounding)
        changes.append(f"rounding {rounding}")
    if decay_bits is not None:
        found = _decays(found, _whole("decay_bits", decay_bits, 1, 32))
        changes.append(f"{decay_bits}-bit decays")
    if not changes:
        return chip
    words = ", ".join(changes)
    return found.replace(convention=f"{chip.convention}, {words}" if chip.convention else words)


def weight_bits(weight: WeightFormat) -> int:
    """Return the bits of a chip's weights, sign included and what `step` drops not."""
    return weight.mantissa.bits - (weight.step.bit_length() - 1)


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or value != int(value) or not low <= value <= high:
        raise bad(name, value, f"a whole number of bits from {low} to {high}")
    return int(value)


def _integer(chip: Chip, what: str) -> None:
    if chip.number != "integer":
        raise InputError(f"{what}: {chip.title} computes in {chip.number}, which has none to vary")


def _weights(weight: WeightFormat, bits: int) -> WeightFormat:
    more = bits - weight_bits(weight)
    low, high = weight.exponents
    if more <= 0:
        # A narrower mantissa, and an exponent that makes up for its range.
        return replace(weight, mantissa=_wider(weight.mantissa, more), exponents=(low, high - more))
    # First the bits that `step` drops, then new ones below the lowest.
    spare = min(more, weight.step.bit_length() - 1)
    new = more - spare
    return replace(
        weight,
        step=weight.step >> spare,
        mantissa=_wider(weight.mantissa, new),
        exponents=(low - new, high),
    )


def _wider(form: Fixed, more: int) -> Fixed:
    """Return a register with `more` bits below its lowest (or less, where negative)."""
    if form.bits + more < 1:
        raise InputError(f"no bit would be left of {form} after {-more} are dropped")

    def end(value: int | None, up: bool) -> int | None:
        if value is None:
            return None
        if more >= 0:
            return ((value + 1) << more) - 1 if up else value << more
        return (value + 1 >> -more) - 1 if up else -(-value >> -more)

    return replace(
        form,
        bits=form.bits + more,
        frac=max(form.frac + more, 0),
        low=end(form.low, False),
        high=end(form.high, True),
    )


def _rounded(chip: Chip, rounding: Rounding) -> Chip:
    check_choice("rounding", rounding, ROUNDINGS)
    _integer(chip, f"rounding = {rounding!r}")
    decays = (chip.voltage_decay, chip.current_decay)
    if not any(decay is not None and decay.kind == "multiply" for decay in decays):
        raise InputError(f"rounding = {rounding!r}: {chip.title} decays without a rounded product")
    changes: dict[str, Any] = {
        name: replace(decay, rounding=rounding)
        for name, decay in zip(("voltage_decay", "current_decay"), decays, strict=True)
        if decay is not None and decay.kind == "multiply"
    }
    if rounding == "stochastic" and "rounding" not in chip.stochastic:
        changes["stochastic"] = (*chip.stochastic, "rounding")
    return chip.replace(**changes)


def _decays(chip: Chip, bits: int) -> Chip:
    changes: dict[str, Any] = {}
    more: dict[str, int] = {}
    currents = tuple(f"decay_{receptor}" for receptor in chip.receptors)
    for name, settings in (("voltage_decay", ("decay_v",)), ("current_decay", currents)):
        decay: Decay | None = getattr(chip, name)
        if decay is None or decay.kind != "multiply":
            continue
        changes[name] = replace(decay, bits=bits)
        more |= dict.fromkeys(settings, bits - decay.bits)
    if not changes:
        raise InputError(f"decay_bits = {bits}: {chip.title} has no decay factors to resolve")
    scaled = [_scaled(one, more[one.name]) if one.name in more else one for one in chip.settings]
    return chip.replace(**changes, settings=tuple(scaled))


def _scaled(setting: Setting, more: int) -> Setting:
    """Return a setting whose unit is 2^-more of what it was; its steps are not made coarser."""

    def wider(value: float) -> float:
        if not math.isfinite(value):
            return value
        # 2^b - 1 stays one less than a power of two; 2^b a power of two.
        whole = int(value)
        odd = whole & 1
        return ((whole + odd) << more) - odd if more >= 0 else ((whole + odd) >> -more) - odd

    high = wider(setting.high)
    return replace(
        setting,
        low=-wider(-setting.low),
        high=high,
        default=min(wider(setting.default), high),
        step=setting.step if more >= 0 or not setting.step else max(1, setting.step >> -more),
    )


IN_REGISTER_UNITS = ("threshold", "negative_threshold", "bias", "leak", "reset", "reset_by", "rest")
"""Settings that are potentials, or what is added to them."""


def _registers(chip: Chip, bits: int) -> Chip:
    _integer(chip, f"state_bits = {bits}")
    more = bits - state_bits(chip)
    changes: dict[str, Any] = {"voltage": _wider(chip.voltage, more)}
    for name in ("current", "accumulator"):
        form: Fixed | None = getattr(chip, name)
        if form is not None and (name == "current" or chip.accumulates == "shifted"):
            changes[name] = _wider(form, more)
    # What arrives is shifted into the registers' unit; below none, a negative exponent does
    # it, or without exponents the weights are as coarse as what they are added to.
    align = chip.align + more
    changes["align"] = max(align, 0)
    low, high = chip.weight.exponents
    if align < 0 and low < high:
        changes["weight"] = replace(chip.weight, exponents=(low + align, high + align))
    elif align < 0:
        changes["weight"] = replace(chip.weight, mantissa=_wider(chip.weight.mantissa, align))
    changes["settings"] = tuple(
        _scaled(setting, more) if setting.name in IN_REGISTER_UNITS else setting
        for setting in chip.settings
    )
    return chip.replace(**changes)


def state_bits(chip: Chip) -> int:
    """Return the bits of a chip's potential; of an emulator that does not check, of thresholds."""
    if chip.voltage.overflow == "none" and chip.has("threshold"):
        return int(chip.setting("threshold").high).bit_length() + 1
    return chip.voltage.bits
