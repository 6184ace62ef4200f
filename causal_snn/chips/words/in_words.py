"""A run with parameters, and input spikes, as an emulator has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.step import ChipState
from causal_snn.chips.parameters import parameters
from causal_snn.chips.run import ChipRun, run
from causal_snn.chips.words.known import vocabulary
from causal_snn.chips.words.vocabulary import Reading, Vocabulary, Words
from causal_snn.errors import InputError, bad


def run_in_words(
    chip: Chip,
    mapping: Mapping[str, Any],
    input_spikes: ArrayLike,
    *,
    start: ChipState | None = None,
    rng: np.random.Generator | int | None = None,
    record: bool = True,
) -> ChipRun:
    """Execute a chip with parameters in an emulator's words. See `run`.

    Parameters
    ----------
    chip : Chip
        Of the words' convention; it may differ from the emulator's in other fields.
    mapping : mapping
        As ``params`` of a trace (or the whole trace), or the keywords of `parameters`.
    input_spikes : array of int
        In the layout of the emulator's traces, see `replay`, or in the other where only that
        has as many channels as the weights; (T, m) or (L, T, m) with the keywords of
        `parameters`.

    Returns
    -------
    ChipRun
        With u, v and spikes of shape (T, n) whatever the layout of the inputs.

    Raises
    ------
    InputError
        If the words are of no known emulator, or of another chip than this.
    """
    words = mapping.get("params", mapping)
    if _is_plain(chip, words):
        loaded = parameters(chip, **words)
        return run(chip, loaded, input_spikes, start=start, rng=rng, record=record)
    known = vocabulary(words, str(mapping.get("source", "")))
    if chip.title not in known.chips:
        raise bad(
            "chip",
            chip.title,
            f"{' or '.join(known.chips)}, for parameters in the words of {known.name}",
        )
    spikes, readings = read_in_words(known, words, input_spikes, chip)
    first = readings[0]
    return run(first.chip, first.parameters, spikes, start=start, rng=rng, record=record)


def read_in_words(
    known: Vocabulary, words: Words, input_spikes: ArrayLike, chip: Chip | None
) -> tuple[NDArray[np.int64], list[Reading]]:
    """Return input spikes as (T, m), and every reading of the words.

    The emulator's own layout of the spikes is tried first. Where its number of channels does
    not fit the weights and that of the other layout does, the spikes are in the other.

    Raises
    ------
    InputError
        If the words do not fit the spikes in either layout.
    """
    spikes = inputs_in_words(known, input_spikes)
    try:
        return spikes, known.read(words, spikes.shape[1], chip)
    except InputError:
        if np.ndim(input_spikes) != 2:
            raise
        try:
            return spikes.T, known.read(words, len(spikes), chip)
        except InputError:
            pass  # what was wrong in the emulator's own layout is said
        raise


def inputs_in_words(known: Vocabulary, given: ArrayLike) -> NDArray[np.int64]:
    """Return input spikes as (T, m), from the layout of an emulator's traces.

    Raises
    ------
    InputError
        If they are no counts, or not in two dimensions (one for one channel).
    """
    try:
        spikes = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise bad("input_spikes", given, "rows of equal length") from None
    if spikes.ndim not in (1, 2):
        layout = "(steps, channels)" if known.steps_first else "(channels, steps)"
        raise bad(
            "input_spikes",
            f"shape {spikes.shape}",
            f"{layout} in the words of {known.name}, or (steps,) for one channel",
        )
    if np.any(spikes < 0) or np.any(spikes != np.rint(spikes)):
        raise bad("input_spikes", given, "counts of spikes, 0 or more")
    table = spikes.astype(np.int64)
    if table.ndim == 1:
        table = table[:, None]
    elif not known.steps_first:
        table = table.T
    return table


def _is_plain(chip: Chip, words: Any) -> bool:
    own = {setting.name for setting in chip.settings} | {
        "weights",
        "input_weights",
        "exponent",
        "delays",
        "stochastic_weights",
        "stochastic_inputs",
        "labels",
    }
    return isinstance(words, Mapping) and set(words) <= own
