"""An independent checker of mean-regret certificates; it shares no code with the solver.

The cost of the thresholds is recomputed from its definition, macro state by macro state.
A tree of boxes is walked from the root, so that its leaves cover every choice, and the
bound of each leaf is recomputed from its prices (theory/11_joint.py J3-J6).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds.verify_effects import Piece, integral, pieces, squared

Floats = NDArray[np.float64]


class Checker:
    """Costs and bounds of one network; `macro` is the effect, `ternary` the alphabet."""

    def __init__(self, units: Sequence[Any], *, ternary: bool, macro: bool) -> None:
        self.units, self.ternary, self.macro = units, ternary, macro
        self.pi = [(u.high - u.theta) / (u.high - u.low) for u in units]
        # Sources that never spike under the law have nothing to tell.
        self.who = [[j for j in u.sources if self.pi[j] > 0] for u in units]

    def cost(self, thresholds: Sequence[float]) -> float:
        """Return sum_i E[p_i^2] - E[Q_i^2], with Q_i(x) averaged in every macro state x."""
        total = []
        for i, who in enumerate(self.who):
            cut = np.array([thresholds[i]])
            weights, given = [], []
            for j in who:
                on = self.pi[j] if self.ternary else float(self._on(j, thresholds[j]))
                weights.append(np.array([1.0 - on, on]))
                given.append(np.array([[1.0, 0.0], [1.0 - self.pi[j] / on, self.pi[j] / on]]))
            total.append(float(self._square(i, cut)[0]))
            for mass, p in self._cells(i, cut, cut):
                if mass[0] > 0:
                    total.append(-float(_along(_along(p, given) ** 2, weights)[0] / mass[0]))
        return math.fsum(total)

    def lower(self, labels: Sequence[Sequence[tuple[float, float]]], tree: Sequence[Any]) -> float:
        """Return the bound that a tree proves for every choice of thresholds in the labels."""
        ends = [np.array(found, dtype=float) for found in labels]
        tables = [self._told(i, found[:, 0], found[:, 1]) for i, found in enumerate(ends)]
        rho = [self._rho(j, found) for j, found in enumerate(ends)]
        stack, worst = [tuple((0, len(found)) for found in labels)], math.inf
        for item in tree:
            if not stack:
                return -math.inf
            box = stack.pop()
            if hasattr(item, "prices"):
                worst = min(worst, -self._leaf(tables, rho, box, item.prices))
                continue
            first, last = box[item.unit]
            if not first < item.cut < last:
                return -math.inf
            for part in ((item.cut, last), (first, item.cut)):  # the low part is next
                stack.append((*box[: item.unit], part, *box[item.unit + 1 :]))
        return -math.inf if stack else worst

    def _leaf(self, tables: Any, rho: Any, box: Any, prices: Sequence[float]) -> float:
        """Return the sum of maxima J6 over the corners of a box."""
        if len(prices) != sum(map(len, self.who)) or not all(map(math.isfinite, prices)):
            return math.inf
        earned, start, total = [0.0] * len(tables), 0, 0.0
        for price, j in zip(prices, (j for who in self.who for j in who), strict=True):
            earned[j] += price
        for i, who in enumerate(self.who):
            (first, last), paid = box[i], np.array(prices[start : start + len(who)])
            start += len(who)
            ends = [(rho[j][box[j][0], 0], rho[j][box[j][1] - 1, 1]) for j in who]
            corner = np.reshape([*product(*ends)], (-1, len(who))) @ paid if who else np.zeros(1)
            value = _along(tables[i][first:last], [np.array([[1, x], [1, y]]) for x, y in ends])
            own = earned[i] * rho[i][first:last, 1 if earned[i] >= 0 else 0]
            total += float(np.max(value.reshape(last - first, -1) - corner + own[:, None]))
        return total

    def _told(self, i: int, a: Floats, b: Floats) -> Floats:
        """Return the squares J4 of the partitions that refine every threshold from a to b."""
        pis = [self.pi[j] for j in self.who[i]]
        roots = [math.sqrt(p * (1.0 - p)) for p in pis]
        basis = [np.array([[1 - p, p], [-r, r]]) for p, r in zip(pis, roots, strict=True)]
        found = np.zeros((len(a), *(2 for _ in pis)))
        for mass, p in self._cells(i, a, b):
            share = np.where(mass > 0, mass, math.inf).reshape(-1, *(1 for _ in pis))
            found += _along(p, basis) ** 2 / share
        found.reshape(len(a), -1)[:, 0] -= self._square(i, a)
        return found

    def _cells(self, i: int, a: Floats, b: Floats) -> list[tuple[Floats, Floats]]:
        """Return mass, shape (K,), and integral of p, shape (K, 2, ..., 2), of every cell."""
        u = self.units[i]
        found = [
            ((piece.stop - piece.start) / (u.high - u.low), integral(u, piece))
            for piece in self._pieces(i, a, b)
        ]
        if not self.ternary:
            found[2:] = [(found[2][0] + found[3][0], found[2][1] + found[3][1])]
        shape = (len(a), *(2 for _ in self.who[i]))
        return [(mass, p.reshape(shape) / (u.high - u.low)) for mass, p in found]

    def _square(self, i: int, cut: Floats) -> Floats:
        """Return E[p^2], shape (K,), by quadrature."""
        u, pis = self.units[i], [self.pi[j] for j in self.who[i]]
        weights = [np.array([1.0 - p, p]) for p in pis]
        cuts = cut if self.macro else cut[:1]  # the next spike does not depend on the cut
        total = np.sum([squared(u, piece) for piece in self._pieces(i, cuts, cuts)], axis=0)
        found = _along(total.reshape(len(cuts), *(2 for _ in pis)), weights) / (u.high - u.low)
        return np.broadcast_to(found, cut.shape)

    def _pieces(self, i: int, a: Floats, b: Floats) -> list[Piece]:
        u, who = self.units[i], self.who[i]
        return pieces(u, [u.inputs[u.sources.index(j)] for j in who], a, b, macro=self.macro)

    def _on(self, j: int, cut: Any) -> Any:
        return (self.units[j].high - cut) / (self.units[j].high - self.units[j].low)

    def _rho(self, j: int, cut: Floats) -> Floats:
        odds = self.pi[j] / (1.0 - self.pi[j])
        on = self._on(j, cut) if odds > 0 else np.ones_like(cut)
        return np.ones_like(cut) if self.ternary else np.asarray(odds * (1.0 - on) / on)


def _along(values: Floats, matrices: Sequence[Floats]) -> Floats:
    """Apply a matrix or a vector to each axis but the first, in turn."""
    for matrix in matrices:  # the axis goes, what comes of it is put last
        values = np.tensordot(values, matrix, axes=(1, matrix.ndim - 1))
    return values
