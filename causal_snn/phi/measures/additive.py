"""Losses that are sums over parts, at the partition where they are least.

What a partition loses is sum_k c(M_k) - c(all). Where it is divided by (m - 1) min_k H(M_k), m the
number of parts, the least ratio is found without enumeration: for each value h that the smallest
part may have, parts below h are left out and sum_k (c(M_k) - lambda h) is least by dynamic
programming over subsets, with lambda from Dinkelbach's iteration (Management Science 13:492,
1967). All h go through one pass. Proof: theory/16_integration_measures.py G5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.exact.search import splits
from causal_snn.phi.measures.partitions import bipartitions
from causal_snn.phi.measures.result import TIE, ratio

Floats = NDArray[np.float64]
MOST_UNITS = 13
"""Units up to which all partitions can be gone through: 3^13 steps for each size of part."""
_ENTRIES = 1 << 23  # of a table of the dynamic programme


@dataclass(frozen=True, slots=True)
class Split:
    """A partition, what it loses (bits) and what that is divided by."""

    masks: tuple[int, ...]
    loss: float
    normalization: float

    @property
    def ratio(self) -> float:
        """Loss over normalization."""
        return ratio(self.loss, self.normalization)


class AdditiveLoss:
    """sum_k c(M_k) - c(all), over (m - 1) min_k H(M_k) or over nothing.

    Parameters
    ----------
    costs : array, shape (2^n,)
        c of every subset (bits).
    entropies : array, shape (2^n,), or None
        H of every subset (bits); None compares losses as they are.
    """

    def __init__(self, costs: Floats, entropies: Floats | None = None) -> None:
        self.costs, self.entropies = costs, entropies
        self.full = len(costs) - 1
        self.n = self.full.bit_length()

    def split(self, masks: Sequence[int]) -> Split:
        """Return one partition of two parts or more, with its loss."""
        loss = float(self.costs[list(masks)].sum() - self.costs[self.full])
        if self.entropies is None:
            return Split(tuple(masks), max(loss, 0.0), 1.0)
        smallest = float(self.entropies[list(masks)].min())
        return Split(tuple(masks), max(loss, 0.0), (len(masks) - 1) * smallest)

    def least_in_two(self) -> Split:
        """Return the best of all splits in two parts."""
        one = bipartitions(self.n)
        other = self.full ^ one
        loss = np.maximum(self.costs[one] + self.costs[other] - self.costs[self.full], 0.0)
        ratios = loss
        if self.entropies is not None:
            smallest = np.minimum(self.entropies[one], self.entropies[other])
            ratios = np.divide(loss, smallest, out=np.full_like(loss, np.inf), where=smallest > 0)
            ratios[loss <= TIE] = 0.0
        tied = np.flatnonzero(ratios <= ratios.min() + TIE)
        best = tied[int(loss[tied].argmin())]
        return self.split((int(one[best]), int(other[best])))

    def least(self) -> Split:
        """Return the best of all partitions of two parts or more."""
        now = self.least_in_two()
        if now.ratio <= TIE:
            return now
        sizes = np.zeros(1)
        if self.entropies is not None:
            sizes = np.unique(np.round(self.entropies[1:-1], 12))
        at_once = max(_ENTRIES >> self.n, 1)
        chunks = [sizes[k : k + at_once] for k in range(0, len(sizes), at_once)]
        best = now
        while True:  # ratios fall strictly, and there are finitely many
            found = [self._solve(chunk, min(now.ratio, 1e9)) for chunk in chunks]
            best = min(found, key=lambda split: split.ratio)
            if best.ratio >= now.ratio - TIE:
                break
            now = best  # 1e9 stands for infinity: any finite ratio is found with it
        if now.ratio == np.inf:
            return now
        # A little less weight on the normalization singles out the smaller loss of a tie.
        lower = [self._solve(chunk, now.ratio * (1 - 1e-9)) for chunk in chunks]
        tied = [split for split in (*lower, best, now) if split.ratio <= now.ratio + TIE]
        return min(tied, key=lambda split: split.loss)

    def _solve(self, sizes: Floats, weight: float) -> Split:
        """Return the partition with least loss - weight (m - 1) h over all h of some sizes."""
        cost = self.costs[:, None] - weight * sizes
        if self.entropies is not None:
            cost[self.entropies[:, None] < sizes - 1e-11] = np.inf
        least = np.zeros_like(cost)
        for subset, (parts, rest) in enumerate(splits(self.n)[1:], start=1):
            if subset == self.full:
                parts, rest = parts[:-1], rest[:-1]  # all in one part is no partition
            least[subset] = (cost[parts] + least[rest]).min(axis=0)
        column = int((least[-1] + weight * sizes).argmin())
        return self.split(self._trace(cost[:, column], least[:, column]))

    def _trace(self, cost: Floats, least: Floats) -> list[int]:
        """Return the parts behind a minimum, by going back through the choices."""
        found, subset = [], self.full
        while subset:
            parts, rest = splits(self.n)[subset]
            if subset == self.full:
                parts, rest = parts[:-1], rest[:-1]
            choice = int((cost[parts] + least[rest]).argmin())
            found.append(int(parts[choice]))
            subset = int(rest[choice])
        return found
