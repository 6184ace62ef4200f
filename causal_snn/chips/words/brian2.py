"""Words of brian2-loihi."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.loihi import loihi
from causal_snn.chips.loihi_weights import effective_weights, sign_mode_of
from causal_snn.chips.parameters import parameters
from causal_snn.chips.words.lava import sign_mode
from causal_snn.chips.words.vocabulary import (
    Reading,
    Vocabulary,
    Words,
    as_rows_of_targets,
    integers,
    notes,
    one_each,
    prefer,
    whole,
)
from causal_snn.errors import bad


def _read(words: Words, channels: int, chip: Chip | None) -> list[Reading]:
    listed = _listed(words, channels)
    n = len(listed) if listed is not None else None
    found = []
    for table, note in as_rows_of_targets("w", words["w"], n, channels, sources_first=True):
        weights, differs = _weights(words, table, listed)
        if listed is not None and not differs:
            return [_reading(words, weights, "", chip)]  # the list settles the orientation
        found.append(_reading(words, weights, differs or note, chip))
    return found[:1] if listed is not None else found


def _listed(words: Words, channels: int) -> NDArray[np.int64] | None:
    """Return the effective weights of the file, (neurons, channels), in units of 2^6."""
    if "w_act" not in words:
        return None
    values = integers("w_act", words["w_act"])
    if "w_act_pre" not in words or "w_act_post" not in words:
        return (
            None
            if values.ndim != 2
            else as_rows_of_targets("w_act", values, None, channels, sources_first=True)[0][0] >> 6
        )
    pre = integers("w_act_pre", words["w_act_pre"]).ravel()
    post = integers("w_act_post", words["w_act_post"]).ravel()
    values = values.ravel()
    if not len(values) == len(pre) == len(post):
        raise bad("w_act", f"{len(values)} values", f"one for each of {len(pre)} synapses")
    if np.any((pre < 0) | (pre >= channels)):
        raise bad("w_act_pre", pre.tolist(), f"0 to {channels - 1}, the input channels")
    n = max(int(post.max(initial=0)) + 1, integers("w", words["w"]).size // channels)
    table = np.zeros((n, channels), dtype=np.int64)
    np.add.at(table, (post, pre), values)
    return table >> 6


def _weights(
    words: Words, table: NDArray[np.int64], listed: NDArray[np.int64] | None
) -> tuple[NDArray[np.int64], str]:
    found = effective_weights(
        table,
        convention="brian2",
        exponent=whole("w_exp", words.get("w_exp", 0)),
        weight_bits=whole("num_weight_bits", words.get("num_weight_bits", 8)),
        sign_mode=sign_mode(words.get("sign_mode")) or sign_mode_of(table),
    )
    return (found, "") if listed is None else prefer("w_act / 64", found, listed)


def _reading(words: Words, weights: NDArray[np.int64], note: str, chip: Chip | None) -> Reading:
    n = len(weights)
    chip = loihi(convention="brian2") if chip is None else chip
    return Reading(
        chip=chip,
        parameters=parameters(
            chip,
            input_weights=weights,
            decay_u=one_each("decay_I", words["decay_I"], n),
            decay_v=one_each("decay_v", words["decay_v"], n),
            threshold=one_each("threshold_v_mant", words["threshold_v_mant"], n) << 6,
            refractory=one_each("refractory", words.get("refractory", 1), n),
        ),
        notes=notes(note),
    )


BRIAN2 = Vocabulary(
    name="brian2-loihi",
    chips=("loihi (brian2)", "loihi2 (brian2)"),
    required=("w", "decay_I", "decay_v", "threshold_v_mant"),
    optional=(
        "w_exp",
        "num_weight_bits",
        "sign_mode",
        "refractory",
        "w_act",
        "w_act_pre",
        "w_act_post",
    ),
    hint="brian2",
    steps_first=False,
    read=_read,
)
