"""Words of xylosim, SynSense's simulator of Xylo."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.parameters import parameters
from causal_snn.chips.words.vocabulary import (
    Reading,
    Vocabulary,
    Words,
    as_rows_of_targets,
    integers,
    notes,
    one_each,
    whole,
)
from causal_snn.chips.xylo import xylo


def _read(words: Words, channels: int, chip: Chip | None) -> list[Reading]:
    chip = xylo() if chip is None else chip
    n = integers("threshold", words["threshold"]).size
    inputs = as_rows_of_targets(
        "W_in", words["W_in"], n if n > 1 else None, channels, sources_first=True
    )
    n = len(inputs[0][0])
    recurrent: list[tuple[NDArray[np.int64], str]] = [(np.zeros((n, n), np.int64), "")]
    if "W_rec" in words:
        recurrent = as_rows_of_targets("W_rec", words["W_rec"], n, n, sources_first=True)
    return [
        _reading(words, chip, table, loop, notes(note, again))
        for (table, note), (loop, again) in product(inputs, recurrent)
    ]


def _reading(
    words: Words,
    chip: Chip,
    inputs: NDArray[np.int64],
    recurrent: NDArray[np.int64],
    texts: tuple[str, ...],
) -> Reading:
    n = len(inputs)
    return Reading(
        chip=chip,
        parameters=parameters(
            chip,
            input_weights=_shifted(words, "weight_shift_inp", inputs),
            weights=_shifted(words, "weight_shift_rec", recurrent),
            decay_u=one_each("dash_syn", words["dash_syn"], n),
            decay_v=one_each("dash_mem", words["dash_mem"], n),
            threshold=one_each("threshold", words["threshold"], n),
            bias=one_each("bias", words.get("bias", 0), n),
        ),
        notes=texts,
    )


def _shifted(words: Words, key: str, table: NDArray[np.int64]) -> NDArray[np.int64]:
    # xylosim keeps a shifted weight in 16 bits.
    return (table << whole(key, words.get(key, 0))).astype(np.int16).astype(np.int64)


XYLOSIM = Vocabulary(
    name="xylosim",
    chips=("xylo (xylosim)",),
    required=("W_in", "threshold", "dash_mem", "dash_syn"),
    optional=("W_rec", "weight_shift_inp", "weight_shift_rec", "bias"),
    hint="xylosim",
    steps_first=True,
    read=_read,
    layouts={"u": "neurons", "i_syn": "neurons", "v": "neurons"},
)
