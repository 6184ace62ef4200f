"""Words of lava-nc: LIF and Dense processes, bit-accurate with Loihi."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.chip import Chip
from causal_snn.chips.loihi import loihi
from causal_snn.chips.loihi_weights import SignMode, effective_weights, sign_mode_of
from causal_snn.chips.parameters import parameters
from causal_snn.chips.words.vocabulary import (
    Reading,
    Vocabulary,
    Words,
    as_rows_of_targets,
    integers,
    notes,
    one_each,
    prefer,
    shift,
    whole,
)
from causal_snn.errors import bad

_MODES: dict[Any, SignMode | None] = {
    None: None,
    0: None,
    "null": None,
    1: "mixed",
    2: "excitatory",
    3: "inhibitory",
    "mixed": "mixed",
    "excitatory": "excitatory",
    "inhibitory": "inhibitory",
}


def sign_mode(given: Any) -> SignMode | None:
    """Return a sign mode from its number or name (1 mixed, 2 excitatory, 3 inhibitory)."""
    key = given.rsplit(".", 1)[-1].lower() if isinstance(given, str) else given
    if isinstance(key, float | np.integer):
        key = int(key)
    if key not in _MODES:
        raise bad("sign_mode", given, "1 (mixed), 2 (excitatory), 3 (inhibitory), or the name")
    return _MODES[key]


def _read(words: Words, channels: int, chip: Chip | None) -> list[Reading]:
    lif: Words = words.get("lif", words)
    for key in ("du", "dv", "vth"):
        if key not in lif:
            raise LAVA.missing(f"lif[{key!r}]" if "lif" in words else key)
    sizes = [np.size(lif[key]) for key in lif if np.ndim(lif[key])]
    several = max(sizes, default=1)
    return [
        _reading(words, lif, table, note, chip)
        for table, note in as_rows_of_targets(
            "weights",
            words["weights"],
            several if several > 1 else None,
            channels,
            sources_first=False,
        )
    ]


def _reading(
    words: Words, lif: Words, table: NDArray[np.int64], note: str, chip: Chip | None
) -> Reading:
    n = len(table)
    bits = whole("num_weight_bits", words.get("num_weight_bits", 8))
    exponent = whole("weight_exp", words.get("weight_exp", 0))
    weights, differs = _weights(words, table, bits)
    if chip is None:
        chip = loihi(convention="lava", refractory_offset=0 if "refractory_period" in lif else -1)
        chip = chip.replace(
            current_decay=Decay("multiply", offset=whole("ds_offset", words.get("ds_offset", 1))),
            voltage_decay=Decay("multiply", offset=whole("dm_offset", words.get("dm_offset", 0))),
        )
    bias = shift(
        one_each("bias_mant", lif.get("bias_mant", 0), n),
        one_each("bias_exp", lif.get("bias_exp", 0), n),
    )
    return Reading(
        chip=chip,
        parameters=parameters(
            chip,
            input_weights=weights,
            exponent=exponent,
            decay_u=one_each("du", lif["du"], n),
            decay_v=one_each("dv", lif["dv"], n),
            threshold=one_each("vth", lif["vth"], n) << 6,
            bias=bias,
            refractory=one_each("refractory_period", lif.get("refractory_period", 1), n),
        ),
        notes=notes(note, differs),
    )


def _weights(words: Words, table: NDArray[np.int64], bits: int) -> tuple[NDArray[np.int64], str]:
    mode = sign_mode(words.get("sign_mode")) or sign_mode_of(table)
    # Lava clips mantissas before it truncates them.
    ends = {"mixed": (-256, 255), "excitatory": (0, 255), "inhibitory": (-255, 0)}[mode]
    kept = effective_weights(
        np.clip(table, *ends), convention="lava", weight_bits=bits, sign_mode=mode
    )
    if "weights_after_truncation" not in words:
        return kept, ""
    given = integers("weights_after_truncation", words["weights_after_truncation"])
    if given.shape != kept.shape and given.T.shape == kept.shape:
        given = given.T
    if given.size != kept.size:
        raise bad("weights_after_truncation", f"shape {given.shape}", f"shape {kept.shape}")
    given = given.reshape(kept.shape)
    if np.array_equal(given.T, kept):
        return kept, ""
    return prefer("weights_after_truncation", kept, given)


LAVA = Vocabulary(
    name="lava",
    chips=("loihi (lava)", "loihi2 (lava)"),
    required=("weights",),
    optional=(
        "lif",
        "weight_exp",
        "num_weight_bits",
        "sign_mode",
        "weights_after_truncation",
        "ds_offset",
        "dm_offset",
        "du",
        "dv",
        "vth",
    ),
    hint="lava-nc",
    steps_first=False,
    read=_read,
)
