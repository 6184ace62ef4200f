"""The partition of a mechanism over a purview that makes least difference.

A partition pairs parts of the mechanism with parts of the purview; what it loses is a sum over
the units whose probabilities the repertoire multiplies. For effects these are the purview's
units, and each keeps one part of the mechanism or nothing; for causes these are the mechanism's
units, and each keeps one part of the purview or nothing. So once the other side is partitioned
every unit chooses by itself, and only the set partitions of one side are gone through
(theory/15_minimum_partition.py).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.exact.equal import EQUAL, slack

Floats = NDArray[np.float64]
Masks = NDArray[np.int64]
NEAR = 1e-12
"""Weight of the number of cuts that singles out, of tied partitions, one with most cuts."""


@lru_cache(maxsize=16)
def set_partitions(n: int) -> Masks:
    """Return every set partition of n units as masks of its parts, (Bell(n), n), 0 where none.

    The partition into one part comes first.
    """
    rows = [[1]] if n else [[]]
    for k in range(1, n):
        grown = []
        for row in rows:
            grown += [
                [part | 1 << k if p == place else part for p, part in enumerate(row)]
                for place in range(len(row))
            ]
            grown.append([*row, 1 << k])
        rows = grown
    table = np.zeros((len(rows), max(n, 1)), dtype=np.int64)
    for place, row in enumerate(sorted(rows, key=len)):
        table[place, : len(row)] = row
    return table


def least_loss(losses: Floats, *, split_rows: bool) -> float:
    """Return the loss of the partition with the least loss over connections cut.

    Parameters
    ----------
    losses : array, shape (r, 2^b)
        What each of the r units loses if it keeps the inputs of a mask of the b others.
    split_rows : bool
        Whether the r units are the mechanism, which a partition must split (causes), or the
        purview, so that the b others are what must be split (effects). Only the partition that
        cuts everything leaves the mechanism whole.

    Returns
    -------
    float
        The loss (signed), of tied partitions the largest.
    """
    rows, count = losses.shape
    others = count.bit_length() - 1
    cuts = others - np.bitwise_count(np.arange(count)).astype(float)
    total = float(losses[:, 0].sum())
    best, ratio = total, total / (rows * others)
    if ratio <= EQUAL:
        return best
    table = set_partitions(others)
    choices = np.concatenate([table, np.zeros((len(table), 1), dtype=np.int64)], axis=1)
    if not split_rows:
        choices = choices[1:]  # in one part the mechanism is whole
    if not len(choices) or (split_rows and rows == 1):
        return best
    while True:
        loss, size = _cheapest(losses, cuts, choices, ratio, split_rows)
        if loss / size >= ratio - slack(ratio):
            break
        best, ratio = loss, loss / size
        if ratio <= EQUAL:
            return best
    loss, size = _cheapest(losses, cuts, choices, ratio + NEAR, split_rows)
    tied = abs(loss / size - ratio) <= slack(ratio)
    if tied:
        best = max(best, loss)
    if abs(total / (rows * others) - ratio) <= slack(ratio):
        best = max(best, total)
    return best


def _cheapest(
    losses: Floats, cuts: Floats, choices: Masks, weight: float, split_rows: bool
) -> tuple[float, float]:
    """Return loss and cuts of the partition with the least loss - weight * cuts."""
    options = (losses - weight * cuts)[:, choices]  # (r, partitions, parts + nothing)
    total = options.min(axis=2).sum(axis=0)
    raised: dict[int, tuple[int, int]] = {}
    while True:
        place = int(total.argmin())
        picked = options[:, place].argmin(axis=1)
        common = int(picked[0])
        whole = split_rows and choices[place, common] != 0 and bool(np.all(picked == common))
        if not whole:
            break
        if place in raised:
            row, column = raised[place]
            picked[row] = column
            break
        # The mechanism must be split: the unit that loses least by it keeps another part.
        rise = options[:, place] - options[:, place, [common]]
        rise[:, common] = np.inf
        raised[place] = row, column = divmod(int(rise.argmin()), rise.shape[1])
        total[place] += rise[row, column]
    masks = choices[place, picked]
    return float(losses[np.arange(len(losses)), masks].sum()), float(cuts[masks].sum())
