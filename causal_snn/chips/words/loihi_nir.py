"""Words of the recording on a Loihi 2 chip that the NIR paper published."""

from __future__ import annotations

import numpy as np

from causal_snn.chips.chip import Chip
from causal_snn.chips.loihi import loihi
from causal_snn.chips.parameters import parameters
from causal_snn.chips.words.vocabulary import (
    Reading,
    Vocabulary,
    Words,
    as_rows_of_targets,
    one_each,
    unaligned,
    whole,
)


def _read(words: Words, channels: int, chip: Chip | None) -> list[Reading]:
    table, _ = as_rows_of_targets(
        "weight_effective",
        np.atleast_2d(words["weight_effective"]),
        None,
        channels,
        sources_first=False,
    )[0]
    n = len(table)
    if chip is None:
        chip = loihi(convention="lava", generation=2)
        delay = whole("input_delay_steps", words.get("input_delay_steps", 1))
        chip = chip.replace(input_latency=delay)
    weights = table >> 6
    if np.any(table % 64):
        chip, weights = unaligned(chip), table
    return [
        Reading(
            chip=chip,
            parameters=parameters(
                chip,
                input_weights=weights,
                decay_u=one_each("du", words["du"], n),
                decay_v=one_each("dv", words["dv"], n),
                threshold=one_each("vth_mant", words["vth_mant"], n) << 6,
            ),
            notes=(
                "on the chip the probe of v shows 128, not 0, in a step with a spike; "
                "v is compared with the file as it stands",
            ),
        )
    ]


LOIHI_NIR = Vocabulary(
    name="loihi2-nir",
    chips=("loihi (lava)", "loihi2 (lava)"),
    required=("weight_effective", "du", "dv", "vth_mant"),
    optional=("input_delay_steps",),
    hint="loihi_fixed.csv",
    steps_first=False,
    read=_read,
    layouts={"u": "steps", "v": "steps", "spikes": "steps"},
)
