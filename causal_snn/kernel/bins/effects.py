"""Effect spaces of a bin, one step at a time backwards: spike or none, counts, words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.errors import bad
from causal_snn.kernel.bins.task import Effect

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
EFFECTS: tuple[str, ...] = ("spike", "count", "word")
LONGEST_WORD = 10
"""Steps of the longest word: 1,024 outcomes."""


def check_word(effect: Effect, steps: int) -> None:
    """Raise `InputError` if words of so many steps have too many outcomes."""
    if effect == "word" and steps > LONGEST_WORD:
        raise bad(
            "steps",
            steps,
            f"at most {LONGEST_WORD} for words (2^steps outcomes)",
            "Ask for effect='count', or for fewer steps.",
        )


def outcomes(effect: Effect, steps: int) -> tuple[str, ...]:
    """Return the names of the outcomes; a word is written in the order of time."""
    if effect == "spike":
        return ("quiet", "spike")
    if effect == "count":
        return tuple(str(count) for count in range(steps + 1))
    return tuple("".join(map(str, bits)) for bits in order.states((2,) * steps))


def start(count: int) -> Floats:
    """Return the law of the effect of no step at all, shape (1, count, 1)."""
    return np.ones((1, count, 1))


def earlier(effect: Effect, quiet: Floats, spike: Floats) -> Floats:
    """Return the effect with one step more in front, shape (C, M, Y').

    Parameters
    ----------
    quiet, spike : array, shape (C, M, Y)
        What the later steps give if this one has no spike, and if it has one, both weighted with
        its probability. For "spike" a law is kept as P(no spike) alone, and Y = 1.
    """
    if effect == "spike":
        return quiet
    if effect == "count":
        none = np.zeros((*quiet.shape[:2], 1))
        parts = np.concatenate([quiet, none], axis=2), np.concatenate([none, spike], axis=2)
        return np.asarray(parts[0] + parts[1])
    # The first step is the first letter, which changes fastest.
    letters = np.stack([np.moveaxis(part, 2, 0) for part in (quiet, spike)])
    return np.moveaxis(order.flat(letters, 2), 0, 2)


def laws(effect: Effect, values: Floats) -> Floats:
    """Return laws over the outcomes from what `earlier` ends with, without rounding errors."""
    if effect == "spike":
        none = np.clip(values, 0.0, 1.0)
        return np.concatenate([none, 1.0 - none], axis=-1)
    values = np.maximum(values, 0.0)
    return np.asarray(values / values.sum(axis=-1, keepdims=True))


def of_train(effect: Effect, train: Whole) -> Whole:
    """Return the number of the outcome of spike trains, shape (steps, ...) of 0 and 1."""
    if effect == "spike":
        return train.any(axis=0).astype(np.int64)
    if effect == "count":
        return train.sum(axis=0).astype(np.int64)
    return order.numbers(list(train), (2,) * len(train))


def first_spike(train: Whole) -> Whole:
    """Return the steps without a spike before the first one, shape (...)."""
    return np.asarray(np.cumsum(train, axis=0) == 0).sum(axis=0)
