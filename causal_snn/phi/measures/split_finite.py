"""The chain nearest to a finite one in which each part depends on its own past only.

Minimise sum_x p(x) sum_y P(y|x) log(P(y|x)/q(y|x)) over q whose marginal of every part's next
state is a law r_k(y_k | x_k) that x outside the part does not change. Mass of q where P is 0 only
fills up marginals, so the constraints are that q, where P is above 0, has marginals of at most
r_k. They are linear and the objective is convex: there is one minimum, found by a primal-dual
interior-point method. Any prices of the constraints give a lower bound, and the point itself is an
upper one, so the gap is proved whatever the path (theory/16_integration_measures.py G6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BACK = 0.99  # share of the way to the boundary that a step goes
_SHRINK = 0.1  # what a step aims to leave of u s
# Chances that the search leaves out: times the log of any ratio of two floats below 1e-15, so
# no more than rounding to either bound.
_NEGLIGIBLE = 1e-18
_TRACE = 1e-13  # share of the parts on their own in the chain of the upper bound


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds on the least relative entropy, in nats.

    Attributes
    ----------
    lower, upper : float
    steps : int
        Newton steps.
    """

    lower: float
    upper: float
    steps: int


def nearest_split(
    rows: Floats, law: Floats, sizes: Sequence[int], *, tolerance: float, steps: int
) -> Bounds:
    """Return bounds on the relative entropy from a chain to the nearest split one.

    Parameters
    ----------
    rows : array, shape (S, S)
        P(y | x), states in C order of the parts.
    law : array, shape (S,)
        p(x).
    sizes : sequence of int
        Number of states of each part.
    tolerance : float
        Gap between the bounds to stop at (nats).
    steps : int
        Most Newton steps.
    """
    search = _Split(rows, law, sizes)
    lower, upper = 0.0, search.divergence(search.apart)
    for count in range(steps):
        if upper - lower <= tolerance or not search.step():
            return Bounds(lower, upper, count)
        upper = min(upper, search.divergence(search.q))
        lower = min(max(lower, search.lower_bound()), upper)  # they may cross by rounding
    return Bounds(lower, upper, steps)


class _Split:
    """The point (q, r), slacks s = r - A q of its constraints, and their prices u.

    A row of A sums q over the y with one state of one part; r has a law for each state of each
    part. At the optimum q v = P with v = A^T u, sum_x p u is the same for all states that r_k
    allows, and u s = 0; on the way u s = t, which falls.
    """

    def __init__(self, rows: Floats, law: Floats, sizes: Sequence[int]) -> None:
        present = law > _NEGLIGIBLE
        self.rows, self.law = rows[present], law[present]
        self.seen = self.rows > _NEGLIGIBLE
        states = np.stack(np.unravel_index(np.arange(len(law)), tuple(sizes)))
        now = states[:, present]
        self.member = np.concatenate(
            [np.arange(k)[:, None] == part for k, part in zip(sizes, states, strict=True)]
        ).astype(float)
        # The laws r one after the other: `group` is the law of an entry, `entry` where the
        # constraints of a row are.
        starts = np.cumsum([0, *(k * k for k in sizes)])
        ends = np.cumsum([0, *sizes])
        self.group = np.repeat(np.arange(ends[-1]), np.repeat(sizes, sizes))
        self.entry = np.concatenate(
            [
                start + part[:, None] * k + np.arange(k)
                for start, part, k in zip(starts, now, sizes, strict=False)
            ],
            axis=1,
        )
        self.apart = np.ones_like(self.rows)  # parts that evolve on their own
        alone = self._own_laws(self.rows, int(starts[-1]))
        for k, part in enumerate(states):
            self.apart *= alone[self.entry[:, ends[k] : ends[k + 1]]][:, part]
        # Where no state of the part leads, r may as well be 0 (G6).
        self.r = self._own_laws(np.where(self.seen, self.rows, 0.0), int(starts[-1]))
        self.active = (self.r > 0)[self.entry]
        self.basis = self._simplex()
        self.q = np.where(self.seen, 0.9 * self.apart, 0.0)
        self.prices = np.where(self.active, 1.0 / len(sizes), 0.0)

    def _own_laws(self, rows: Floats, size: int) -> Floats:
        """Return the laws of the parts' next states given their present ones."""
        joint = np.zeros(size)
        np.add.at(joint, self.entry, self.law[:, None] * (rows @ self.member.T))
        mass = np.bincount(self.group, weights=joint)[self.group]
        return np.asarray(np.divide(joint, mass, out=np.zeros_like(joint), where=mass > 0))

    def _simplex(self) -> Any:
        """Return the directions in which the laws r move: an entry up, the likeliest one down."""
        from scipy.sparse import coo_array

        top = np.lexsort((self.r, self.group))[np.cumsum(np.bincount(self.group)) - 1]
        free = self.r > 0
        free[top] = False
        up = np.flatnonzero(free)
        rows = np.concatenate([up, top[self.group[up]]])
        columns = np.tile(np.arange(len(up)), 2)
        values = np.repeat([1.0, -1.0], len(up))
        return coo_array((values, (rows, columns)), shape=(len(self.r), len(up))).tocsr()

    def divergence(self, q: Floats) -> float:
        """Return the relative entropy to a chain q in nats.

        A trace of the parts on their own is mixed in, which the constraints allow, so that
        what was negligible has its place.
        """
        mixed = (1 - _TRACE) * q + _TRACE * self.apart
        ratio = np.divide(self.rows, mixed, out=np.ones_like(q), where=self.rows > 0)
        return max(float(self.law @ (self.rows * np.log(ratio)).sum(axis=1)), 0.0)

    def lower_bound(self) -> float:
        """Return the bound of the prices, sum p P log A^T u - log Z, in nats.

        By Jensen it holds for every q, Z the most that sum p q A^T u is on the constraints.
        """
        mixed = np.where(self.seen, self.prices @ self.member, 1.0)
        worth = np.zeros(len(self.r))
        np.add.at(worth, self.entry, self.law[:, None] * self.prices)
        best = np.zeros(int(self.group[-1]) + 1)
        np.maximum.at(best, self.group, worth)
        gain = self.law @ (np.where(self.seen, self.rows, 0.0) * np.log(mixed)).sum(axis=1)
        return max(float(gain - np.log(best.sum())), 0.0)

    def step(self) -> bool:
        """Take one Newton step; return whether it was numerically possible."""
        slack = self._slack(self.r, self.q)
        gap = float(self.law @ (self.prices * slack).sum(axis=1))
        toward = np.where(self.active, _SHRINK * gap / self.active.sum(axis=1).mean() / slack, 0.0)
        # Newton on q v = P and u s = t, with D = q/v and K = A D A^T + s/u.
        v = np.where(self.seen, self.prices @ self.member, 1.0)
        inverse = self.q / v
        K = (self.member * inverse[:, None, :]) @ self.member.T
        at = np.arange(K.shape[1])
        K[:, at, at] += slack / np.where(self.active, self.prices, 1.0)
        try:
            solved = np.linalg.inv(K)
        except np.linalg.LinAlgError:
            return False
        rows = np.where(self.seen, self.rows, 0.0)
        lack = (rows / v - inverse * (toward @ self.member)) @ self.member.T
        pull = toward + np.einsum("xij,xj->xi", solved, np.where(self.active, lack, 0.0))
        law_step = self._law_step(solved, pull)
        prices = pull - np.einsum(
            "xij,xj->xi", solved, np.where(self.active, law_step[self.entry], 0.0)
        )
        step = rows / v - inverse * (np.where(self.active, prices, 0.0) @ self.member)
        return self._move(law_step, step, np.where(self.active, prices - self.prices, 0.0))

    def _law_step(self, solved: Floats, pull: Floats) -> Floats:
        """Return the step of the laws r, from (sum p K^-1) dr = sum p (pull) on the simplex."""
        from scipy.sparse import coo_array
        from scipy.sparse.linalg import spsolve

        if not self.basis.shape[1]:
            return np.zeros(len(self.r))
        right = np.zeros(len(self.r))
        np.add.at(right, self.entry, self.law[:, None] * pull)
        rows = np.broadcast_to(self.entry[:, :, None], solved.shape)
        columns = np.broadcast_to(self.entry[:, None, :], solved.shape)
        system = coo_array(
            ((self.law[:, None, None] * solved).ravel(), (rows.ravel(), columns.ravel())),
            shape=(len(self.r),) * 2,
        ).tocsr()
        reduced = (self.basis.T @ system @ self.basis).tocsc()
        return np.asarray(self.basis @ spsolve(reduced, self.basis.T @ right))

    def _move(self, law_step: Floats, step: Floats, price_step: Floats) -> bool:
        """Go along a step, short of where q, a slack or a price would be 0."""
        slack = self._slack(self.r, self.q)
        slack_step = np.where(self.active, law_step[self.entry] - step @ self.member.T, 0.0)
        if not (np.isfinite(step).all() and np.isfinite(price_step).all()):
            return False
        length = min(_reach(self.q, step), _reach(slack, slack_step))
        self.q = np.where(self.seen, self.q + length * step, 0.0)
        self.r = self.r + length * law_step
        self.prices = self.prices + _reach(self.prices, price_step) * price_step
        return bool((self._slack(self.r, self.q) > 0).all()) and bool((self.q >= 0).all())

    def _slack(self, r: Floats, q: Floats) -> Floats:
        """Return r - A q, shape (x, constraints); 1 where nothing is constrained."""
        return np.where(self.active, r[self.entry] - q @ self.member.T, 1.0)


def _reach(value: Floats, step: Floats) -> float:
    """Return how far to go along a step so that all values stay above 0, at most 1."""
    falling = step < 0
    if not falling.any():
        return 1.0
    return min(1.0, _BACK * float((value[falling] / -step[falling]).min()))
