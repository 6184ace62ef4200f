"""Quantise: real weights as whole multiples of a step, and optimal small sets of values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.errors import check_choice
from causal_snn.models.network_checks import is_sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDINGS = ("nearest", "nearest_away", "zero", "floor", "stochastic")


def rounded(values: Floats, rounding: str, rng: np.random.Generator) -> Floats:
    """Return whole numbers: ties of ``"nearest"`` go to even, as IEEE 754 does.

    ``"stochastic"`` rounds up with the probability of the fraction, so that the mean of the
    weights is kept (Dasbach et al., Front Neurosci 15:757790, 2021, on why that matters).
    """
    check_choice("rounding", rounding, ROUNDINGS)
    match rounding:
        case "nearest":
            return np.rint(values)
        case "nearest_away":
            return np.sign(values) * np.floor(np.abs(values) + 0.5)
        case "zero":
            return np.trunc(values)
        case "floor":
            return np.floor(values)
        case _:
            return np.floor(values + rng.random(values.shape))


@dataclass(frozen=True, slots=True, eq=False)
class Quantised:
    """Weights as a chip adds them up, and what they stand for.

    Attributes
    ----------
    tables : list of array
        Whole numbers (float64), one table for each that was given.
    exponent : int
        Exponent of `Parameters`.
    unit : float
        Register units of one step.
    clipped : list of array of bool
        Which were cut off.
    """

    tables: list[Any]
    exponent: int
    unit: float
    clipped: list[Any]


def exponent_for(chip: Chip, tables: list[Any]) -> int:
    """Return the least exponent at which every weight (register units) has a mantissa.

    A negative exponent that acts on each weight would only cut bits off, so it is not taken.
    """
    least, most = chip.weight.exponents
    if chip.weight.exponent_stage == "per_weight":
        least = min(max(least, 0), most)
    high = max((float(np.max(_values(table), initial=0.0)) for table in tables), default=0.0)
    low = min((float(np.min(_values(table), initial=0.0)) for table in tables), default=0.0)
    up, down = mantissa_range(chip)
    for exponent in range(least, most):
        unit = 2.0 ** (exponent + chip.align)
        if high <= up * unit * (1 + 1e-12) and low >= down * unit * (1 + 1e-12):
            return exponent
    return most


def mantissa_range(chip: Chip) -> tuple[int, int]:
    """Return the greatest and least multiple of the step among the mantissas."""
    form = chip.weight
    most, least = form.mantissa.most, form.mantissa.least
    if len(chip.receptors) > 1:
        least = -most
    return most // form.step * form.step, -(-least // form.step * form.step)


def quantise(chip: Chip, tables: list[Any], rounding: str, rng: np.random.Generator) -> Quantised:
    """Return weights (register units, dense or sparse) as the chip's whole numbers."""
    exponent = exponent_for(chip, tables)
    step = chip.weight.step
    unit = step * 2.0 ** (exponent + chip.align)
    most, least = mantissa_range(chip)
    found, clipped = [], []
    for table in tables:
        ratio = _values(table) / unit
        # A weight at the very end may come out a rounding of floats above it.
        steps = rounded(
            np.where(np.isclose(ratio, np.rint(ratio), rtol=1e-13, atol=0), np.rint(ratio), ratio),
            rounding,
            rng,
        )
        kept = np.clip(steps, least // step, most // step)
        found.append(_like(table, kept * step))
        clipped.append(_like(table, kept != steps))
    if chip.weight.exponent_stage == "per_weight" and exponent > 0:
        found, exponent = [table * float(1 << exponent) for table in found], 0
    return Quantised(found, exponent, unit, clipped)


def _values(table: Any) -> Any:
    return table.data if is_sparse(table) else table


def _like(table: Any, values: Any) -> Any:
    if not is_sparse(table):
        return values
    import scipy.sparse

    return scipy.sparse.csr_array((values, table.indices, table.indptr), shape=table.shape)


def optimal_values(numbers: Floats, count: int) -> tuple[Floats, float]:
    """Return the `count` values that represent numbers best, and the sum of squared errors.

    The optimum of 1-D k-means by dynamic programming: clusters of sorted numbers are intervals.
    Source: Wang and Song, R Journal 3(2):29 (2011); the plain O(k n^2) recursion.

    Parameters
    ----------
    numbers : array, shape (m,)
    count : int
        How many values, 1 or more.

    Returns
    -------
    values : array, shape (min(count, m),)
        Ascending; fewer where there are fewer different numbers.
    error : float
    """
    ordered = np.sort(np.asarray(numbers, dtype=np.float64))
    m = len(ordered)
    if m == 0:
        return np.zeros(0), 0.0
    first = np.concatenate([[0.0], np.cumsum(ordered)])
    second = np.concatenate([[0.0], np.cumsum(ordered**2)])
    ends = np.arange(m + 1)

    def cost(start: Any, stop: int) -> Any:
        """Return the squared errors of ordered[start:stop] about its mean."""
        size = np.maximum(stop - start, 1)
        total = first[stop] - first[start]
        return np.maximum(second[stop] - second[start] - total**2 / size, 0.0)

    best = np.full((count + 1, m + 1), np.inf)
    best[0, 0] = 0.0
    split = np.zeros((count + 1, m + 1), dtype=np.int64)
    for k in range(1, count + 1):
        for stop in range(1, m + 1):
            totals = best[k - 1, :stop] + cost(ends[:stop], stop)
            split[k, stop] = int(np.argmin(totals))
            best[k, stop] = totals[split[k, stop]]
    k = int(np.argmin(best[:, m]))
    cuts = [m]
    for level in range(k, 0, -1):
        cuts.append(int(split[level, cuts[-1]]))
    means = [ordered[a:b].mean() for a, b in pairwise(reversed(cuts))]
    values = np.unique(means)
    error = float(np.min((ordered[:, None] - values[None]) ** 2, axis=1).sum())
    return values, error
