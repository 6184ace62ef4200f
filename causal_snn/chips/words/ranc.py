"""Words of RANC's simulator: a TrueNorth-like neuron block."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from causal_snn.chips.chip import Chip
from causal_snn.chips.parameters import parameters
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.words.vocabulary import (
    Reading,
    Vocabulary,
    Words,
    integers,
    one_each,
)
from causal_snn.errors import bad


def _read(words: Words, channels: int, chip: Chip | None) -> list[Reading]:
    types = integers("axon_types", words["axon_types"]).ravel()
    if len(types) != channels:
        raise bad("axon_types", types.tolist(), f"a type for each of {channels} axons")
    by_type = np.atleast_2d(integers("weights", words["weights"]))
    if np.any((types < 0) | (types >= by_type.shape[1])):
        raise bad("axon_types", types.tolist(), f"0 to {by_type.shape[1] - 1}, columns of weights")
    table = by_type[:, types]
    if "connections" in words:
        table = table * np.atleast_2d(integers("connections", words["connections"]))
    n = len(table)
    own = chip is None
    if chip is None:
        chip = truenorth(convention="ranc")
        # The simulator has as many types of axons as its file says.
        chip = chip.replace(weight=replace(chip.weight, values=max(by_type.shape[1], 1)))
    modes = one_each("reset_mode", words["reset_mode"], n)
    if np.any((modes < 0) | (modes > 1)):
        raise bad("reset_mode", words["reset_mode"], "0 (absolute) or 1 (linear)")
    symmetric = one_each("reset_type", words.get("reset_type", 1), n)
    extra: dict[str, Any] = {"symmetric": symmetric} if own or chip.has("symmetric") else {}
    if not extra and np.any(symmetric):
        raise bad(
            "reset_type",
            words.get("reset_type", 1),
            f"0 on {chip.title}, whose negative threshold itself is not crossed",
            "Use truenorth(convention='ranc').",
        )
    return [
        Reading(
            chip=chip,
            parameters=parameters(
                chip,
                input_weights=table,
                leak=one_each("leak", words["leak"], n),
                threshold=one_each("pos_threshold", words["pos_threshold"], n),
                negative_threshold=-one_each("neg_threshold", words["neg_threshold"], n),
                reset=one_each("reset_potential", words["reset_potential"], n),
                reset_mode=modes,
                **extra,
            ),
        )
    ]


RANC = Vocabulary(
    name="ranc",
    chips=("truenorth (ranc)", "truenorth (cassidy)"),
    required=(
        "weights",
        "axon_types",
        "leak",
        "pos_threshold",
        "neg_threshold",
        "reset_potential",
        "reset_mode",
    ),
    optional=("reset_type", "connections"),
    hint="ranc",
    steps_first=True,
    read=_read,
    layouts={"u": "steps", "v": "steps", "spikes": "steps", "v_before_threshold": "steps"},
)
