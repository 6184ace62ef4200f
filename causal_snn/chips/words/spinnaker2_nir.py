"""Words of the SpiNNaker 2 recording that the NIR paper published."""

from __future__ import annotations

import re

import numpy as np

from causal_snn.chips.chip import Chip
from causal_snn.chips.parameters import parameters
from causal_snn.chips.words.vocabulary import Reading, Vocabulary, Words
from causal_snn.errors import bad


def _read(words: Words, channels: int, chip: Chip | None) -> list[Reading]:
    if chip is None:
        from causal_snn.chips.spinnaker import spinnaker2

        chip = spinnaker2()
    # The recording is divided by this scale, in whose units the weight was whole.
    found = re.search(r"1/([0-9.]+[0-9])", str(words.get("v_unit", "")))
    scale = float(found[1]) if found else 1.0
    weight = np.atleast_2d(np.asarray(words["weight"], dtype=np.float64)) * scale
    if found:
        weight = np.rint(weight)
    if weight.ndim != 2 or weight.shape[1] != channels:
        raise bad(
            "weight",
            f"shape {np.shape(words['weight'])}",
            f"shape (n, {channels}), as there are {channels} channels",
        )
    return [
        Reading(
            chip=chip,
            parameters=parameters(
                chip,
                input_weights=weight,
                decay_v=words["decay"],
                threshold=float(words["v_th"]) * scale,
            ),
            notes=("v agrees to the last bits of float32, not in every bit",),
            scale=scale,
        )
    ]


SPINNAKER2_NIR = Vocabulary(
    name="spinnaker2-nir",
    chips=("spinnaker2 (NIR import)",),
    required=("decay", "weight", "v_th"),
    optional=("dt", "tau", "v_unit"),
    hint="spinnaker2",
    steps_first=False,
    read=_read,
    layouts={"u": "steps", "v": "steps", "spikes": "steps"},
)
