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
from causal_snn.chips.words.vocabulary import Vocabulary
from causal_snn.chips.xylo import MOST_EVENTS
from causal_snn.errors import bad


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
        In the layout of the emulator's traces, see `replay`; (T, m) or (L, T, m) with the
        keywords of `parameters`.

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
    spikes, _ = inputs_in_words(known, input_spikes)
    reading = known.read(words, spikes.shape[1], chip)[0]
    return run(reading.chip, reading.parameters, spikes, start=start, rng=rng, record=record)


def inputs_in_words(
    known: Vocabulary, given: ArrayLike
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return input spikes as (T, m), and notes, from the layout of an emulator's traces.

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
    if known.name == "xylosim" and np.any(table > MOST_EVENTS):
        return np.minimum(table, MOST_EVENTS), (
            f"events of a channel above {MOST_EVENTS} in one step dropped, as xylosim does",
        )
    return table, ()


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
