"""Weights against what a chip holds: range, different values of a neuron, signs of a source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.errors import bad

Numbers = NDArray[Any]


def entries(table: Any) -> tuple[Any, Any, Numbers]:
    """Return rows, columns and values of what is not 0 in a table of weights, dense or sparse."""
    rows, columns = table.nonzero()
    values: Any = table[rows, columns] if len(rows) else np.zeros(0, table.dtype)
    return rows, columns, values if isinstance(values, np.ndarray) else values.toarray().ravel()


def weight_range(chip: Chip, exponent: int = 0) -> tuple[int, int]:
    """Return the least and the greatest number that a table of weights may hold.

    Where the exponent belongs to each weight, the table may contain it, so that the range is
    that of the mantissa at the greatest exponent, less the exponent that still follows.
    """
    form = chip.weight
    shift = max(form.exponents[1] - exponent, 0) if form.exponent_stage == "per_weight" else 0
    return form.mantissa.least << shift, form.mantissa.most << shift


def check_weights(
    chip: Chip,
    tables: Mapping[str, Any],
    *,
    exponent: int = 0,
    stochastic: Mapping[str, Any] | None = None,
) -> None:
    """Raise `InputError` where tables of weights are not what a chip can hold.

    Parameters
    ----------
    chip : Chip
    tables : mapping of str to array or scipy.sparse array
        Tables by the name of their argument, row = target, column = source.
    exponent : int
        Exponent that follows, see `Parameters`.
    stochastic : mapping of str to array of bool, optional
        Which synapses are stochastic: the same number is then another value.

    Notes
    -----
    That mantissas are multiples of `WeightFormat.step` is not asked for: on Loihi the last bit
    is lost only where synapses of both signs share a format.
    """
    found = {name: entries(table) for name, table in tables.items()}
    for name, (_, columns, values) in found.items():
        _check_range(chip, name, values, exponent)
        if chip.weight.signs == "by_column":
            _check_signs(chip, name, columns, values)
    if chip.weight.values is not None:
        flags = {} if stochastic is None else stochastic
        _check_values(chip, found, flags)


def _check_range(chip: Chip, name: str, values: Numbers, exponent: int) -> None:
    if np.any(values != np.rint(values)):
        worst = values[np.argmax(values != np.rint(values))]
        raise bad(
            name,
            worst.item(),
            f"whole numbers on {chip.title}",
            "`map` turns a network into a chip's integers.",
        )
    low, high = weight_range(chip, exponent)
    outside = (values < low) | (values > high)
    if np.any(outside):
        raise bad(
            name,
            values[np.argmax(outside)].item(),
            f"whole numbers from {low} to {high} on {chip.title}",
            _what_fits(chip, values, (low, high), exponent),
        )


def _what_fits(chip: Chip, values: Numbers, ends: tuple[int, int], exponent: int) -> str:
    low, high = ends
    least, most = int(values.min()), int(values.max())
    if (least < 0 and low >= 0) or (most > 0 and high <= 0):
        return "The chip, as described, holds weights of one sign."
    over = max(most / high if most > 0 else 0.0, least / low if least < 0 else 0.0)
    digits = 10.0 ** (3 - math.floor(math.log10(1 / over)))
    text = f"Times {math.floor(digits / over) / digits:.4g} they fit"
    shift = math.ceil(math.log2(over))
    if chip.weight.exponent_stage == "after_sum" and exponent + shift <= chip.weight.exponents[1]:
        text += f", or divided by {1 << shift} and with exponent = {exponent + shift}"
    return f"{text}; `map` finds a scale, and cuts weights off only when asked (`clip`)."


def _check_signs(chip: Chip, name: str, columns: Any, values: Numbers) -> None:
    both = np.intersect1d(columns[values > 0], columns[values < 0])
    if len(both):
        raise bad(
            name,
            f"column {both[0]} with both signs",
            f"one sign for all that leaves a source of {chip.title}",
            "Give the source a twin of the other sign.",
        )


def _check_values(
    chip: Chip, found: Mapping[str, tuple[Any, Any, Numbers]], flags: Mapping[str, Any]
) -> None:
    rows = np.concatenate([np.asarray(at) for at, _, _ in found.values()])
    values = np.concatenate([values for _, _, values in found.values()])
    drawn = np.concatenate(
        [
            np.zeros(len(at), bool) if flags.get(name) is None else flags[name][at, columns]
            for name, (at, columns, _) in found.items()
        ]
    )
    different = np.unique(np.stack([rows, values, drawn]).astype(np.int64), axis=1)
    counts = np.bincount(different[0], minlength=1)
    most = chip.weight.values
    assert most is not None
    if counts.max() > most:
        neuron = int(np.argmax(counts))
        raise bad(
            " and ".join(found),
            f"{counts[neuron]} different values into neuron {neuron}",
            f"at most {most} for a neuron of {chip.title}, one for each type of axon",
            "`map` finds the values that represent the weights best.",
        )
