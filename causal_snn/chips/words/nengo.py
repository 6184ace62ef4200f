"""Words of nengo-loihi's emulator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chip import Chip
from causal_snn.chips.loihi import loihi
from causal_snn.chips.parameters import parameters
from causal_snn.chips.words.vocabulary import (
    Reading,
    Vocabulary,
    Words,
    as_rows_of_targets,
    notes,
    one_each,
    unaligned,
    whole,
)


def _read(words: Words, channels: int, chip: Chip | None) -> list[Reading]:
    n = whole("n", words["n"]) if "n" in words else None
    return [
        _reading(words, table, note, chip)
        for table, note in as_rows_of_targets(
            "weights_effective", words["weights_effective"], n, channels, sources_first=True
        )
    ]


def _reading(words: Words, table: NDArray[np.int64], note: str, chip: Chip | None) -> Reading:
    n = len(table)
    if chip is None:
        chip = _chip(words)
    # Effective weights contain the 6 bits of the align shift, unless they are finer.
    if np.any(table % 64):
        chip, weights = unaligned(chip), table
    else:
        weights = table >> 6
    return Reading(
        chip=chip,
        parameters=parameters(
            chip,
            input_weights=weights,
            decay_u=one_each("decay_u", words["decay_u"], n),
            decay_v=one_each("decay_v", words["decay_v"], n),
            threshold=one_each("vth", words["vth"], n),
            bias=one_each("bias", words.get("bias", 0), n),
            refractory=one_each("refract_delay", words.get("refract_delay", 1), n),
        ),
        notes=notes(note),
    )


def _chip(words: Words) -> Chip:
    found = loihi(convention="nengo")
    bits = whole("decay_bits", words.get("decay_bits", 12))
    return found.replace(
        current_decay=Decay(
            "multiply",
            bits=bits,
            offset=whole("decay_u_offset", words.get("decay_u_offset", 1)),
        ),
        voltage_decay=Decay("multiply", bits=bits),
        accumulator=Fixed(whole("Q_BITS", words.get("Q_BITS", 21)) + 1, overflow="wrap"),
        current=Fixed(whole("U_BITS", words.get("U_BITS", 23)) + 1, overflow="wrap"),
        voltage=Fixed(
            24,
            low=whole("vmin", words.get("vmin", found.voltage.least)),
            high=whole("vmax", words.get("vmax", found.voltage.most)),
        ),
    )


NENGO = Vocabulary(
    name="nengo-loihi",
    chips=("loihi (nengo)", "loihi2 (nengo)"),
    required=("weights_effective", "decay_u", "decay_v", "vth"),
    optional=(
        "n",
        "bias",
        "refract_delay",
        "decay_bits",
        "decay_u_offset",
        "vmin",
        "vmax",
        "Q_BITS",
        "U_BITS",
    ),
    hint="nengo",
    steps_first=False,
    read=_read,
)
