"""Fire: threshold and reset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance, Work


def fire(chip: Chip, columns: Mapping[str, Any]) -> Callable[[Work, Chance], None]:
    """Build: a neuron above threshold spikes and is reset; with `max_spikes`, several times."""
    threshold = columns["threshold"]
    strict = chip.threshold == ">"
    to = columns.get("reset", 0)
    jump = columns.get("reset_by", threshold)  # how far a subtractive reset goes

    whole = chip.number == "integer"
    to_zero = not np.any(to)

    def once(work: Work, chance: Chance) -> None:  # noqa: ARG001
        v = work["v"]
        spike = v > threshold if strict else v >= threshold
        work["s"] = s = spike.astype(np.int64)
        match chip.reset:
            case "value" if whole:
                # The same as `where(spike, to, v)` in a third of the time: -s has all bits or none.
                kept = v & (s - 1)
                work["v"] = kept if to_zero else kept | (to & -s)
            case "value":
                work["v"] = np.where(spike, to, v)
            case "subtract":
                work["v"] = np.where(spike, v - jump, v)

    def several(work: Work, chance: Chance) -> None:  # noqa: ARG001
        # While v >= threshold: v -= threshold, so the count is a division (threshold > 0).
        v = work["v"]
        over = v - threshold if strict else v - threshold + 1
        spikes = np.clip(-((-over) // threshold), 0, chip.max_spikes)
        work["s"] = spikes
        work["v"] = v - spikes * threshold

    return once if chip.max_spikes == 1 else several


FIRING = {"fire": fire}
