"""Chance: what a stochastic stage does with its outcomes - draw one, or follow every one.

A stage names the outcomes of each lane and how many of `total` equally likely draws lead to
each. `Sampled` draws; `Branched` splits the lane and keeps exact integer weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError

Work = dict[str, NDArray[Any]]
"""The registers of a step while it runs, each of shape (n, lanes)."""

_INT64 = 1 << 62
_LANES = 1 << 24


class Chance(Protocol):
    """Decides between outcomes."""

    def choose(
        self, work: Work, key: str, outcomes: Sequence[Any], counts: Sequence[Any], total: int
    ) -> None:
        """Set ``work[key]`` to outcome k in counts[k] of `total` equally likely cases."""

    def pick(self, work: Work, key: str, table: NDArray[Any]) -> None:
        """Set ``work[key]`` to one of the columns of `table`, shape (n, K), equally likely."""

    def merge(self, work: Work) -> None:
        """Let lanes that agree in everything be one, where lanes are outcomes."""


class Sampled:
    """One draw for each neuron and lane."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def choose(
        self, work: Work, key: str, outcomes: Sequence[Any], counts: Sequence[Any], total: int
    ) -> None:
        """Draw an outcome for every entry."""
        draw = self.rng.integers(0, total, size=work[key].shape)
        found = np.broadcast_to(outcomes[-1], draw.shape)
        edge = total - counts[-1]
        for outcome, count in zip(outcomes[-2::-1], counts[-2::-1], strict=True):
            # What is left below the edge belongs to this outcome or to one before it.
            found = np.where(draw < edge, outcome, found)
            edge = edge - count
        work[key] = found

    def pick(self, work: Work, key: str, table: NDArray[Any]) -> None:
        """Draw a column for every entry."""
        draw = self.rng.integers(0, table.shape[1], size=work[key].shape)
        work[key] = np.take_along_axis(table, draw, axis=1)

    def merge(self, work: Work) -> None:
        """Do nothing: lanes are draws, not outcomes."""


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

    def pick(self, work: Work, key: str, table: NDArray[Any]) -> None:
        """Split every lane by the different entries of the table's one row."""
        values, counts = np.unique(table[0], return_counts=True)
        lanes = work[key].shape[1]
        if lanes * len(values) > _LANES:
            raise InputError(
                f"{lanes} lanes times {len(values)} outcomes of one draw are more than 2^24 exact "
                "branches; use fewer random bits, or sample"
            )
        self.denominator *= table.shape[1]
        if self.denominator >= _INT64:
            work["weight"] = work["weight"].astype(object)
        for name in work:
            work[name] = np.repeat(work[name], len(values), axis=1)
        work[key] = np.tile(values, lanes)[None]
        work["weight"] = work["weight"] * np.tile(counts, lanes)

    def merge(self, work: Work) -> None:
        """Add up the weights of lanes that agree in every register."""
        names = [name for name in work if name != "weight"]
        order = np.lexsort([work[name][0] for name in names])
        if not len(order):
            return
        table = [work[name][:, order] for name in names]
        new = np.concatenate([[True], np.any([np.diff(row[0]) != 0 for row in table], axis=0)])
        starts = np.flatnonzero(new)
        for name, row in zip(names, table, strict=True):
            work[name] = row[:, starts]
        work["weight"] = np.add.reduceat(work["weight"][0, order], starts)[None]
