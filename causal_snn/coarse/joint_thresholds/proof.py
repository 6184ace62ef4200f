"""Trees of boxes: why no choice of labels costs less than a bound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Split:
    """A box cut in two: labels of `unit` below `cut`, and from `cut` on."""

    unit: int
    cut: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A box bounded by prices, one for each source of each unit in order (J6)."""

    prices: tuple[float, ...]


type Tree = tuple[Split | Leaf, ...]
"""Boxes in pre-order: a split is followed by its low part, then by its high part."""
