"""Chance: what a stochastic stage does with its outcomes - draw one, or follow every one.

A stage names the outcomes of each lane and how many of `total` equally likely draws lead to
each. `Sampled` draws; `Branched` splits the lane and keeps exact integer weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Work = dict[str, NDArray[Any]]
"""The registers of a step while it runs, each of shape (n, lanes)."""

_INT64 = 1 << 62


class Chance(Protocol):
    """Decides between outcomes."""

    def choose(
        self, work: Work, key: str, outcomes: Sequence[Any], counts: Sequence[Any], total: int
    ) -> None:
        """Set ``work[key]`` to outcome k in counts[k] of `total` equally likely cases."""


class Sampled:
    """One draw for each neuron and lane."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def choose(
        self, work: Work, key: str, outcomes: Sequence[Any], counts: Sequence[Any], total: int
    ) -> None:
        """Draw an outcome for every entry."""
        draw = self.rng.integers(0, total, size=work[key].shape)
        found = np.array(np.broadcast_to(outcomes[-1], draw.shape))
        edge = np.zeros(draw.shape, dtype=np.int64)
        for outcome, count in zip(outcomes[:-1], counts[:-1], strict=True):
            inside = (draw >= edge) & (draw < edge + count)
            found = np.where(inside, outcome, found)
            edge = edge + count
        work[key] = found


class Branched:
    """Every outcome, as lanes of their own. ``work["weight"] / denominator`` is exact.

    Registers must have shape (1, lanes): a neuron at a time.
    """

    def __init__(self) -> None:
        self.denominator = 1

    def choose(
        self, work: Work, key: str, outcomes: Sequence[Any], counts: Sequence[Any], total: int
    ) -> None:
        """Split every lane by its outcomes of positive count."""
        self.denominator *= total
        if self.denominator >= _INT64:
            work["weight"] = work["weight"].astype(object)
        shape = work[key].shape
        pieces = []
        for outcome, count in zip(outcomes, counts, strict=True):
            chance = np.broadcast_to(count, shape)
            kept = np.flatnonzero(chance[0])
            piece = {name: value[:, kept] for name, value in work.items()}
            piece[key] = np.broadcast_to(outcome, shape)[:, kept]
            piece["weight"] = piece["weight"] * chance[:, kept]
            pieces.append(piece)
        for name in work:
            work[name] = np.concatenate([piece[name] for piece in pieces], axis=1)
