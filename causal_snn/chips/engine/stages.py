"""Stages: the pieces of which a chip's step is put together, by name.

A stage is built once from the chip and its settings, and then acts on the registers of a step.
Each acts on neurons apart from each other, so that the law of the next state is a product over
neurons whatever chance a stage takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.rounding import dropped, shift_right
from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance, Work
from causal_snn.chips.engine.fire import FIRING
from causal_snn.chips.engine.loihi_stages import LOIHI
from causal_snn.chips.engine.spinnaker_stages import SPINNAKER
from causal_snn.chips.engine.truenorth_stages import TRUENORTH
from causal_snn.chips.engine.xylo_stages import XYLO

Columns = Mapping[str, Any]
"""Settings of the neurons, each of shape (n, 1), or (1, 1) where it is the same for all."""
Stage = Callable[[Work, Chance], None]
Builder = Callable[[Chip, Columns], Stage]


def arriving(receptor: str) -> str:
    """Return the name under which what arrives at a receptor is kept during a step."""
    return f"arriving {receptor}"


def _both(stages: list[Stage]) -> Stage:
    if len(stages) == 1:
        return stages[0]

    def act(work: Work, chance: Chance) -> None:
        for stage in stages:
            stage(work, chance)

    return act


def scaled(key: str, factor: Any, bits: int, rounding: Any) -> Stage:
    """Return the stage x <- round(x factor / 2^bits) for one register."""
    if rounding == "stochastic":

        def act(work: Work, chance: Chance) -> None:
            product = work[key] * factor
            low, rest = product >> bits, dropped(product, bits)
            chance.choose(work, key, [low, low + 1], [(1 << bits) - rest, rest], 1 << bits)

        return act

    def act_surely(work: Work, chance: Chance) -> None:  # noqa: ARG001
        work[key] = shift_right(work[key] * factor, bits, rounding)

    return act_surely


def _decayed(key: str, decay: Decay, setting: Any) -> Stage:
    """Return the stage by which one register forgets."""
    match decay.kind:
        case "multiply":
            factor = setting
            if decay.coding == "loss":
                factor = (1 << decay.bits) - (setting + decay.offset)
            return scaled(key, factor, decay.bits, decay.rounding)
        case "shift":

            def shift(work: Work, chance: Chance) -> None:  # noqa: ARG001
                x = work[key]
                loss = x >> setting
                # So that a register always comes to 0 (Xylo): 1 where the shift leaves nothing.
                work[key] = x - np.where(loss == 0, np.sign(x), loss)

            return shift
        case _:

            def multiply(work: Work, chance: Chance) -> None:  # noqa: ARG001
                work[key] = work[key] * setting

            return multiply


def decay_u(chip: Chip, columns: Columns) -> Stage:
    """Build: every synaptic current forgets."""
    assert chip.current_decay is not None
    return _both(
        [_decayed(name, chip.current_decay, columns[f"decay_{name}"]) for name in chip.receptors]
    )


def gain_u(chip: Chip, columns: Columns) -> Stage:
    """Build: what arrives is scaled before it enters a current (SpiNNaker's init factor)."""
    assert chip.current_decay is not None
    decay = chip.current_decay
    return _both(
        [
            scaled(arriving(name), columns[f"gain_{name}"], decay.bits, decay.rounding)
            for name in chip.receptors
        ]
    )


def add_u(chip: Chip, columns: Columns) -> Stage:  # noqa: ARG001
    """Build: what arrives enters the currents."""
    assert chip.current is not None
    form = chip.current

    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        for name in chip.receptors:
            work[name] = form.fit(work[name] + work[arriving(name)])

    return act


def decay_v(chip: Chip, columns: Columns) -> Stage:
    """Build: the potential forgets."""
    assert chip.voltage_decay is not None
    return _decayed("v", chip.voltage_decay, columns["decay_v"])


def add_v(chip: Chip, columns: Columns) -> Stage:
    """Build: currents, or what arrives where there are none, and the bias enter the potential."""
    names = [
        (name if chip.current is not None else arriving(name), sign)
        for name, sign in chip.receptors.items()
    ]
    bias = columns.get("bias", 0)
    biased = bool(np.any(bias))

    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        v = work["v"]
        for name, sign in names:
            v = v + work[name] if sign > 0 else v - work[name]
        work["v"] = v + bias if biased else v

    return act


def clip_v(chip: Chip, columns: Columns) -> Stage:  # noqa: ARG001
    """Build: the potential is brought into its register."""
    form = chip.voltage

    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        work["v"] = form.fit(work["v"])

    return act


def hold(chip: Chip, columns: Columns) -> Stage:
    """Build: a refractory neuron keeps the potential that it had."""
    if not np.any(columns["refractory"] + chip.refractory_offset > 0):
        return _nothing

    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        work["v"] = np.where(work["r"] > 0, work["before"], work["v"])

    return act


def count(chip: Chip, columns: Columns) -> Stage:
    """Build: the steps that a neuron is still held are counted."""
    held = np.maximum(columns["refractory"] + chip.refractory_offset, 0)
    if not np.any(held):
        return _nothing

    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        work["r"] = np.where(work["s"] > 0, held, np.maximum(work["r"] - 1, 0))

    return act


def _nothing(work: Work, chance: Chance) -> None:  # noqa: ARG001
    return None


STAGES: dict[str, Builder] = {
    "decay_u": decay_u,
    "gain_u": gain_u,
    "add_u": add_u,
    "decay_v": decay_v,
    "add_v": add_v,
    "clip_v": clip_v,
    "hold": hold,
    "count": count,
    **FIRING,
    **SPINNAKER,
    **LOIHI,
    **TRUENORTH,
    **XYLO,
}
"""Every stage by name."""
