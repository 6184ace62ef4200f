"""Distances of effects that enclosures allow, for the checkers alone: no code of the solver."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def apart(p: Floats, q: Floats, name: str) -> Floats:
    """Return the distance of laws along the last axis, the greater of both orders."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "tv":
            return np.asarray(np.maximum(p - q, 0.0).sum(-1) + np.maximum(q - p, 0.0).sum(-1)) / 2
        if name == "hellinger":
            return np.asarray(np.sqrt(np.square(np.sqrt(p) - np.sqrt(q)).sum(-1) / 2))
        pairs = ((p, q), (q, p)) if name == "kl" else ((p, (p + q) / 2), (q, (p + q) / 2))
        bits = [np.where(a > 0, a * (np.log2(a) - np.log2(b)), 0.0).sum(-1) for a, b in pairs]
    if name == "kl":
        return np.asarray(np.maximum(bits[0], bits[1]))
    return np.asarray(np.sqrt(np.maximum((bits[0] + bits[1]) / 2, 0.0)))


def coins(low: Floats, high: Floats, name: str) -> Floats:
    """Return the distance of two coins, 0 unless the second is the more likely one."""
    if name == "tv":
        return np.maximum(high - low, 0.0)
    far = apart(np.stack([1 - low, low], -1), np.stack([1 - high, high], -1), name)
    return np.where(high > low, far, 0.0)


class Enclosures:
    """Least and greatest distances of effects in cells, from the certificate's numbers alone."""

    def __init__(self, rows: Floats, spread: Floats, name: str) -> None:
        self.rows, self.spread, self.name = rows, spread, name
        p = rows[:, :, -1]
        self.low = np.minimum(np.maximum(p - spread, 0.0), 1.0)
        self.high = np.minimum(np.maximum(p + spread, 0.0), 1.0)
        self.coins = rows.shape[2] == 2

    def pair(self, i: int, others: Whole) -> tuple[Floats, Floats]:
        """Return the least and greatest distance of cell i and others, shape (C, m)."""
        if self.coins:
            (a, x), (b, y) = ((side[:, [i]], side[:, others]) for side in (self.low, self.high))
            clear = coins(b, x, self.name) + coins(y, a, self.name)
            return clear, coins(np.minimum(a, x), np.maximum(b, y), self.name)
        s, t = self.spread[:, [i]], self.spread[:, others]
        exact = apart(self.rows[:, [i]], self.rows[:, others], self.name)
        if self.name == "kl":
            tv = np.maximum(apart(self.rows[:, [i]], self.rows[:, others], "tv") - s - t, 0.0)
            most = np.maximum(self._terms(i, others), self._terms(i, others, swap=True))
            sharp = s + t == 0
            return np.where(sharp, exact, 2 * tv**2 / math.log(2)), np.where(sharp, exact, most)
        slack = s + t if self.name == "tv" else np.sqrt(s) + np.sqrt(t)
        return np.maximum(exact - slack, 0.0), np.minimum(exact + slack, 1.0)

    def _terms(self, i: int, others: Whole, *, swap: bool = False) -> Floats:
        """Sum the greatest x log2(x/y) of each outcome over the boxes of x and y."""
        one, other = np.array([i]), others
        if swap:
            one, other = other, one
        p, q = self.rows[:, one], self.rows[:, other]
        s, t = self.spread[:, one], self.spread[:, other]
        y = np.maximum(q - t[..., None], 0.0)
        greatest = np.full(np.broadcast_shapes(p.shape, q.shape), -np.inf)
        for x in (np.maximum(p - s[..., None], 0.0), np.minimum(p + s[..., None], 1.0)):
            with np.errstate(divide="ignore", invalid="ignore"):
                greatest = np.maximum(greatest, np.where(x > 0, x * np.log2(x / y), 0.0))
        return np.asarray(greatest.sum(-1))

    def widest(self, cells: Whole) -> float:
        """Return the greatest distance that a level allows."""
        worst = 0.0
        for level in range(int(cells.max()) + 1):
            inside = np.flatnonzero(cells == level)
            if self.coins:
                low, high = self.low[:, inside].min(1), self.high[:, inside].max(1)
                worst = max(worst, float(coins(low, high, self.name).max()))
                continue
            for at, i in enumerate(inside):
                worst = max(worst, float(self.pair(int(i), inside[at:])[1].max()))
        return worst

    def run(self, i: int, j: int) -> float:
        """Return the greatest distance that effects in cells i to j have for sure."""
        if self.coins:
            low, high = self.high[:, i : j + 1].min(1), self.low[:, i : j + 1].max(1)
            return float(coins(low, high, self.name).max())
        everything = np.arange(i, j + 1)
        return max(float(self.pair(a, everything)[0].max()) for a in range(i, j + 1))
