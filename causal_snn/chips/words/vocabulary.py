"""Vocabulary: what an emulator calls its parameters, and how they become a chip's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.parameters import Parameters
from causal_snn.errors import InputError, bad

Words = Mapping[str, Any]
Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A chip and its parameters, as the words can be read.

    Attributes
    ----------
    chip : Chip
    parameters : Parameters
    notes : tuple of str
        What the words left open or contradicted, and what was taken.
    scale : float
        Potentials of the emulator are those of the chip divided by it.
    """

    chip: Chip
    parameters: Parameters
    notes: tuple[str, ...] = ()
    scale: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """One emulator's words.

    Attributes
    ----------
    name : str
    chips : tuple of str
        Titles of the chips that take these parameters, see `Chip.title`.
    required, optional : tuple of str
        Keys.
    hint : str
        What the source of a trace contains, in small letters.
    steps_first : bool
        Layout of the input spikes: (steps, channels), or (channels, steps).
    read : callable
        ``read(words, channels, chip)`` returns every reading, the most likely first; `chip` is
        the caller's, or None for the one that the words describe.
    layouts : mapping of str to str
        Recorded arrays that are not (steps, neurons): ``"neurons"`` for (neurons, steps),
        ``"steps"`` for (steps,) where there is one neuron.
    """

    name: str
    chips: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    hint: str
    steps_first: bool
    read: Callable[[Words, int, Chip | None], list[Reading]]
    layouts: Mapping[str, str] = field(default_factory=dict)

    def missing(self, key: str) -> InputError:
        """Return the error for words without a key."""
        return InputError(
            f"parameters in the words of {self.name} have no {key!r}; expected "
            f"{', '.join(self.required)}; optional {', '.join(self.optional) or 'nothing'}"
        )

    def check(self, words: Words) -> None:
        """Raise `InputError` if a required key is missing."""
        for key in self.required:
            if key not in words:
                raise self.missing(key)


def integers(name: str, given: Any) -> NDArray[np.int64]:
    """Return whole numbers in the shape given, or raise `InputError`."""
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise bad(name, given, "numbers, in rows of equal length") from None
    if not np.all(np.isfinite(values)) or np.any(values != np.rint(values)):
        raise bad(name, given, "whole numbers")
    return values.astype(np.int64)


def one_each(name: str, given: Any, n: int) -> NDArray[np.int64]:
    """Return a whole number for each neuron, from one number or a list (nested or not)."""
    values = integers(name, given).ravel()
    if values.size not in (1, n):
        raise bad(name, given, f"one number, or one for each of {n} neurons")
    return np.broadcast_to(values, (n,)).copy()


def whole(name: str, given: Any) -> int:
    """Return one whole number, from a number or a list of one."""
    values = np.unique(integers(name, given))
    if values.size != 1:
        raise bad(name, given, "one whole number")
    return int(values[0])


def shift(values: NDArray[np.int64], by: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """Return values shifted to the left, or to the right where `by` is negative."""
    left, right = np.maximum(by, 0), np.maximum(-np.asarray(by), 0)
    return np.asarray((values << left) >> right)


def unaligned(chip: Chip) -> Chip:
    """Return the chip for tables of weights that contain its align shift and the exponent."""
    low, high = chip.weight.exponents
    return chip.replace(
        align=0,
        weight=replace(
            chip.weight,
            exponents=(low + chip.align, high + chip.align),
            exponent_stage="per_weight",
        ),
    )


def as_rows_of_targets(
    name: str, given: Any, n: int | None, channels: int, *, sources_first: bool
) -> list[tuple[NDArray[np.int64], str]]:
    """Return a table of weights as (neurons, channels), in every way that its shape allows.

    Parameters
    ----------
    name : str
    given : array
    n : int or None
        Number of neurons where something else tells it.
    channels : int
    sources_first : bool
        Whether the emulator's own order is (channels, neurons), which is then the first way.

    Returns
    -------
    list of (table, note)
    """
    table = integers(name, given)
    if table.ndim < 2:
        table = table.reshape(-1, channels) if n is None or n > 1 else table.reshape(1, -1)
    ways = [(table.T, "(channels, neurons)"), (table, "(neurons, channels)")]
    if not sources_first:
        ways.reverse()
    found = [
        (way, text)
        for way, text in ways
        if way.ndim == 2 and way.shape[1] == channels and n in (None, way.shape[0])
    ]
    if not found:
        wanted = f"({'n' if n is None else n}, {channels}) or its transpose"
        raise bad(name, f"shape {table.shape}", f"shape {wanted}, as there are {channels} channels")
    if len(found) == 1 or np.array_equal(found[0][0], found[1][0]):
        return [(found[0][0], "")]
    return [(way, f"{name} read as {text}") for way, text in found]


def prefer(
    name: str, computed: NDArray[np.int64], given: NDArray[np.int64]
) -> tuple[NDArray[np.int64], str]:
    """Return what the file says weights are, with a note where the emulator's rule disagrees."""
    if np.array_equal(computed, given):
        return computed, ""
    return given, (
        f"{name} of the file used: by the emulator's rule they are {computed.tolist()}, "
        f"the file has {given.tolist()}"
    )


def notes(*texts: str) -> tuple[str, ...]:
    """Return the notes that say something."""
    return tuple(text for text in texts if text)
