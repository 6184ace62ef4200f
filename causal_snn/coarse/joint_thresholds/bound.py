"""Bounds on the best labels within a box, by prices on what sources tell.

With prices a_ij the price of rho_j is paid by target i and earned by source j, so they
cancel for every choice of labels, and for any prices (theory/11_joint.py J6)

    max J <= sum_i max [ told_i(t_i, r) - sum_j a_ij r_j + (sum_c a_ci) rho_i(t_i) ],

each maximum over labels t_i of the box and over r, the rho of the sources, anywhere
between its bounds: told is multilinear in r, so a corner is worst. It is the dual of the
relaxation of the local polytope that keeps the means of rho.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds.factors import Factors

Floats = NDArray[np.float64]
Box = tuple[tuple[int, int], ...]
"""First and last label of each unit."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Which price belongs to which connection: prices are sorted by target.

    Attributes
    ----------
    start : array of int, shape (n + 1,)
        Prices start[i]:start[i + 1] are paid by unit i.
    source : array of int, shape (E,)
        The unit that earns each price.
    """

    start: NDArray[np.int64]
    source: NDArray[np.int64]

    @classmethod
    def of(cls, problem: Factors) -> Edges:
        """Return the connections of a problem."""
        sizes = [len(who) for who in problem.sources]
        return cls(
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate([np.zeros(0, dtype=np.int64), *problem.sources]),
        )


class Value(NamedTuple):
    """The bound at given prices.

    Attributes
    ----------
    bound : float
    slope : array, shape (E,)
        A subgradient with respect to the prices.
    labels : tuple of int
        The label that attains each unit's maximum.
    """

    bound: float
    slope: Floats
    labels: tuple[int, ...]


class Relaxation:
    """The bound over one box as a function of the prices."""

    def __init__(self, problem: Factors, edges: Edges, box: Box) -> None:
        self.edges = edges
        self.box = box
        self.tables = [_corners(problem, i, box) for i in range(problem.n)]
        self.least = [r[a : b + 1] for r, (a, b) in zip(problem.least, box, strict=True)]
        self.most = [r[a : b + 1] for r, (a, b) in zip(problem.most, box, strict=True)]

    def __call__(self, prices: Floats) -> Value:
        """Return the bound at these prices, shape (E,)."""
        n, edges = len(self.tables), self.edges
        earned = np.bincount(edges.source, weights=prices, minlength=n)
        slope = np.zeros(len(prices))
        told = np.zeros(n)
        bound, labels = 0.0, []
        for i, (table, corners) in enumerate(self.tables):
            paid = slice(edges.start[i], edges.start[i + 1])
            own = self.most[i] if earned[i] >= 0 else self.least[i]
            values = table - corners @ prices[paid] + (earned[i] * own)[:, None]
            label, corner = np.unravel_index(int(np.argmax(values)), values.shape)
            bound += float(values[label, corner])
            slope[paid] -= corners[corner]
            told[i] = own[label]
            labels.append(int(label) + self.box[i][0])
        slope += told[edges.source]
        return Value(bound, slope, tuple(labels))


def tighten(
    relaxation: Relaxation, prices: Floats, *, target: float, rounds: int, until: float
) -> tuple[float, Floats]:
    """Return a smaller bound and its prices: subgradient steps towards `target`.

    Polyak's step length, shortened when the bound stalls; ends early below the target or
    at the time `until`.
    """
    best, kept, factor, stall = np.inf, prices, 1.0, 0
    for _ in range(rounds):
        value = relaxation(prices)
        if value.bound < best:
            best, kept, stall = value.bound, prices, 0
        else:
            stall += 1
            if stall > 5:
                factor, stall, prices = 0.6 * factor, 0, kept
                value = relaxation(kept)
        size = float(value.slope @ value.slope)
        if best <= target or size < 1e-24 or time.monotonic() > until:
            break
        prices = prices - factor * (value.bound - target) / size * value.slope
    return best, kept


def _corners(problem: Factors, i: int, box: Box) -> tuple[Floats, Floats]:
    """Return what is told at every corner of the sources' rho, (L, 2^d), and the corners."""
    first, last = box[i]
    who = problem.sources[i]
    found = problem.told[i][first : last + 1]
    shape = found.shape
    ends = np.array([[problem.least[j][box[j][0]], problem.most[j][box[j][1]]] for j in who])
    for k, (low, high) in enumerate(ends):
        pair = found.reshape(shape[0], -1, 2, 2**k)
        without, within = pair[:, :, 0], pair[:, :, 1]
        found = np.stack((without + low * within, without + high * within), axis=2)
    bits = (np.arange(shape[1])[:, None] >> np.arange(len(who))) & 1
    corners = np.take_along_axis(ends, bits.T, axis=1).T if len(who) else np.zeros((1, 0))
    return found.reshape(shape), corners
