"""Directed partitions of a system, and how much each cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Cut(StrEnum):
    """Which connections between a part and the rest are cut."""

    CAUSE = "cause"
    """Those that enter the part."""
    EFFECT = "effect"
    """Those that leave it."""
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class DirectedPartition:
    """A partition of n units into parts, each with the direction in which it is cut.

    Attributes
    ----------
    parts : tuple of tuple of int
        The units of each part.
    cuts : tuple of Cut
        The direction of each part's cut.
    """

    parts: tuple[tuple[int, ...], ...]
    cuts: tuple[Cut, ...]

    @property
    def n(self) -> int:
        """Number of units."""
        return sum(map(len, self.parts))

    @property
    def kept(self) -> tuple[int, ...]:
        """Mask of the inputs that each unit keeps, shape (n,).

        A unit keeps the inputs from its own part and, unless its part's inputs are cut, from
        the parts whose outputs are not. A single part is cut through: it keeps nothing.
        """
        if len(self.parts) == 1:
            return (0,) * self.n
        masks = [sum(1 << k for k in part) for part in self.parts]
        sending = sum(m for m, cut in zip(masks, self.cuts, strict=True) if cut is Cut.CAUSE)
        kept = [0] * self.n
        for part, mask, cut in zip(self.parts, masks, self.cuts, strict=True):
            for k in part:
                kept[k] = mask | sending if cut is Cut.EFFECT else mask
        return tuple(kept)

    @property
    def connections(self) -> tuple[tuple[int, int], ...]:
        """The (source, target) pairs that are cut."""
        return tuple(
            (j, i) for i, mask in enumerate(self.kept) for j in range(self.n) if not mask >> j & 1
        )

    @property
    def size(self) -> int:
        """Number of connections cut."""
        return sum(self.n - mask.bit_count() for mask in self.kept)

    def loss(self, losses: Floats) -> Floats:
        """Return what the partition loses in each direction, given `losses` (2, n, 2^n)."""
        return np.asarray(losses[:, range(self.n), self.kept].sum(axis=1))


def directed(parts: Sequence[int], cuts: Sequence[Cut]) -> DirectedPartition:
    """Return a partition from masks of units, parts in the order of their first unit."""
    rows = sorted(
        (
            (tuple(k for k in range(m.bit_length()) if m >> k & 1), c)
            for m, c in zip(parts, cuts, strict=True)
        )
    )
    return DirectedPartition(tuple(part for part, _ in rows), tuple(cut for _, cut in rows))
