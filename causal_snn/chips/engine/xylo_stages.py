"""Stages of Xylo's neuron."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance, Work


def settle_v(chip: Chip, columns: Mapping[str, Any]) -> Callable[[Work, Chance], None]:
    """Build: v <- sat(v + sat(sat(u - loss) + bias)), loss = v >> d, or sgn(v) where that is 0.

    The change of the potential is summed in a register of 16 bits and saturates by itself.
    """
    shift, bias, form = columns["decay_v"], columns["bias"], chip.voltage

    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        v = work["v"]
        loss = v >> shift
        loss = np.where(loss == 0, np.sign(v), loss)
        work["v"] = form.fit(v + form.fit(form.fit(work["u"] - loss) + bias))

    return act


XYLO = {"settle_v": settle_v}
"""Stages by name."""
