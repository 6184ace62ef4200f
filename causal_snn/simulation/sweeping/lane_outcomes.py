"""LaneOutcomes: what each lane of one row of a sweep did, and its sums over batches of lanes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn import order

Floats = NDArray[np.float64]
SMALL = 200_000
"""Multiplications of a matrix product that OpenBLAS leaves to one thread."""


@dataclass(frozen=True, slots=True, eq=False)
class LaneOutcomes:
    """The outcomes of the lanes of one row.

    Attributes
    ----------
    low : array, shape (K1, lanes) or (lanes,)
        Probabilities of the outcomes of the first units; or the number of each lane's outcome.
    high : array, shape (K2, lanes), optional
        Probabilities of the outcomes of the other units: those of all units together are the
        products, which are never made lane by lane: their sum over lanes is a matrix product.
    """

    low: Any
    high: Any = None

    def take(self, count: int) -> LaneOutcomes:
        """Return those of the first lanes."""
        return LaneOutcomes(self.low[..., :count], _some(self.high, count))

    def sums(self, batch: int, count: int) -> Floats:
        """Return sums over batches of lanes, shape (batches, count)."""
        lanes = self.low.shape[-1]
        if self.low.ndim == 1:
            codes = np.arange(lanes) // batch * count + self.low
            batches = -(-lanes // batch)
            counts = np.bincount(codes, minlength=batches * count)
            return counts.reshape(batches, count).astype(float)
        if self.high is None:
            ends = np.arange(0, lanes, batch)
            added: Floats = np.add.reduceat(self.low, ends, axis=1, dtype=np.float64).T
            return added
        whole = lanes // batch * batch
        found = [_products_of(self.low[:, :whole], self.high[:, :whole], batch)]
        if whole < lanes:
            found.append(_products_of(self.low[:, whole:], self.high[:, whole:], lanes - whole))
        result: Floats = np.concatenate(found)
        return result

    def lane(self, number: int, count: int) -> Floats:
        """Return what one lane adds to the sums, shape (count,)."""
        one = LaneOutcomes(
            self.low[..., number : number + 1],
            None if self.high is None else self.high[:, number : number + 1],
        )
        result: Floats = one.sums(1, count)[0]
        return result


def _products_of(low: Floats, high: Floats, batch: int) -> Floats:
    """Return sums over batches of lanes of high x low, shape (batches, K2 K1)."""
    count = len(low) * len(high)
    # BLAS shares large products among threads, and the number of threads changes the rounding.
    piece = batch
    while piece % 2 == 0 and piece * count > SMALL:
        piece //= 2
    parts = (x.reshape(len(x), -1, piece) for x in (low, high))
    first, second = (part.transpose(1, 0, 2) for part in parts)
    products: Any = np.matmul(second, first.transpose(0, 2, 1))
    added: Floats = products.reshape(-1, batch // piece, count).sum(axis=1)
    return added


def _some(values: Any, count: int) -> Any:
    return None if values is None else values[:, :count]


def join(parts: Sequence[LaneOutcomes]) -> LaneOutcomes:
    """Return the outcomes of several rows as those of one."""
    low = np.concatenate([part.low for part in parts], axis=-1)
    if parts[0].high is None:
        return LaneOutcomes(low)
    return LaneOutcomes(low, np.concatenate([part.high for part in parts], axis=-1))


def together(factors: Sequence[Floats]) -> LaneOutcomes:
    """Return joint outcomes of units that are independent in each lane.

    `factors[i]` has shape (k_i, lanes); the first unit's outcome changes fastest.
    """
    half = (len(factors) + 1) // 2
    low, rest = order.product_of_columns(factors[:half]), factors[half:]
    return LaneOutcomes(low, order.product_of_columns(rest) if rest else np.ones((1, low.shape[1])))
