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

from causal_snn.phi.exact.specified import EQUAL

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
        if loss / size >= ratio - EQUAL * max(1.0, ratio):
            break
        best, ratio = loss, loss / size
        if ratio <= EQUAL:
            return best
    loss, size = _cheapest(losses, cuts, choices, ratio + NEAR, split_rows)
    tied = abs(loss / size - ratio) <= EQUAL * max(1.0, ratio)
    if tied:
        best = max(best, loss)
    if abs(total / (rows * others) - ratio) <= EQUAL * max(1.0, ratio):
        best = max(best, total)
    return best


def _cheapest(
    losses: Floats, cuts: Floats, choices: Masks, weight: float, split_rows: bool
) -> tuple[float, float]:
    """Return loss and cuts of the partition with the least loss - weight * cuts."""
    cost = losses - weight * cuts
    options = cost[:, choices]  # (r, partitions, parts + nothing)
    pick = options.argmin(axis=2)
    least = np.take_along_axis(options, pick[:, :, None], axis=2)[:, :, 0]
    total = least.sum(axis=0)
    if split_rows:
        total = total + _penalty(options, pick, least, choices)
    place = int(total.argmin())
    picked = pick[:, place]
    kept = choices[place]
    if split_rows and kept[picked[0]] and np.all(picked == picked[0]):
        picked = picked.copy()
        row, column = _deviation(options[:, place], int(picked[0]))
        picked[row] = column
    masks = kept[picked]
    return float(losses[np.arange(len(losses)), masks].sum()), float(cuts[masks].sum())


def _penalty(options: Floats, pick: Masks, least: Floats, choices: Masks) -> Floats:
    """Return what it costs to split the mechanism where all its units chose the same part."""
    kept = np.take_along_axis(choices, pick.T, axis=1).T  # (r, partitions)
    whole = np.flatnonzero((kept[0] != 0) & np.all(pick == pick[0], axis=0))
    penalty = np.zeros(len(choices))
    if len(whole):
        some = options[:, whole].copy()
        np.put_along_axis(some, pick[:, whole][:, :, None], np.inf, axis=2)
        penalty[whole] = (some.min(axis=2) - least[:, whole]).min(axis=0)
    return penalty


def _deviation(options: Floats, common: int) -> tuple[int, int]:
    """Return which unit leaves the common part most cheaply, and for what."""
    rise = options - options[:, [common]]
    rise[:, common] = np.inf
    row, column = divmod(int(rise.argmin()), rise.shape[1])
    return row, column
