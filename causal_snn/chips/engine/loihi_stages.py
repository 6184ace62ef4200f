"""Stages of nengo-loihi's compartment: the drive of the potential in a register of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance, Work

_ARRIVING = "arriving u"


def drive(chip: Chip, columns: Mapping[str, Any]) -> Callable[[Work, Chance], None]:  # noqa: ARG001
    """Build: current and bias are summed."""
    bias = columns["bias"]
    biased = bool(np.any(bias))

    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        work["drive"] = work["u"] + bias if biased else work["u"]

    return act


def add_drive(chip: Chip, columns: Mapping[str, Any]) -> Callable[[Work, Chance], None]:  # noqa: ARG001
    """Build: the sum, in a register as wide as the current, enters the potential."""
    assert chip.current is not None
    form = chip.current

    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        work["v"] = work["v"] + form.fit(work.pop("drive"))

    return act


def noise_table(columns: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return the noise of each of 255 equally likely draws, shape (n, 255).

    A draw x of -127 to 127 becomes (x + 64 offset) 2^(exponent - 7), truncated toward zero.
    """
    draws = np.arange(-127, 128) + 64 * columns["noise_offset"]
    exponent = columns["noise_exponent"]
    up, down = np.maximum(exponent - 7, 0), np.maximum(7 - exponent, 0)
    return np.asarray(np.sign(draws) * ((np.abs(draws) << up) >> down) * columns["noise"])


def _noise(key: str, columns: Mapping[str, Any]) -> Callable[[Work, Chance], None]:
    table = noise_table(columns)

    def act(work: Work, chance: Chance) -> None:
        work["noise"] = np.zeros_like(work[key])
        chance.pick(work, "noise", table)
        work[key] = work[key] + work.pop("noise")

    return act


def noise_drive(chip: Chip, columns: Mapping[str, Any]) -> Callable[[Work, Chance], None]:  # noqa: ARG001
    """Build: noise joins current and bias."""
    return _noise("drive", columns)


def noise_arriving(chip: Chip, columns: Mapping[str, Any]) -> Callable[[Work, Chance], None]:
    """Build: noise joins what arrives, in the accumulator."""
    stage = _noise(_ARRIVING, columns)

    def act(work: Work, chance: Chance) -> None:
        stage(work, chance)
        if chip.accumulator is not None:
            work[_ARRIVING] = chip.accumulator.fit(work[_ARRIVING])

    return act


LOIHI = {
    "drive": drive,
    "add_drive": add_drive,
    "noise_drive": noise_drive,
    "noise_arriving": noise_arriving,
}
"""Stages by name."""
