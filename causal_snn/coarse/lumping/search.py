"""Exact search: branch and bound over the cell of one micro state after the other.

Nodes of one depth are handled together, depth first in blocks, so that the work is a few matrix
products for each thousand of nodes and memory stays small.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import batched, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.lumping.apart import may_be_separable, separable
from causal_snn.coarse.lumping.node_tests import (
    Assigned,
    Pairs,
    Rows,
    other_cells,
    pairs_of,
    same_cell,
    too_near,
    too_wide,
)
from causal_snn.coarse.lumping.problem import ROUNDING, Labels, Problem
from causal_snn.coarse.lumping.radius import CLOSED_FORM, radii

_BLOCK = 200_000  # numbers in the arrays of a block: they stay in the cache
_LEAVES = 4096
_CUTS = 50_000  # partitions into runs up to which they are all listed


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A lumping and its epsilon."""

    labels: Labels
    radius: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found out.

    Attributes
    ----------
    best : Found or None
        The best lumping met, the one given included.
    complete : bool
        Whether no lumping is better: none has an epsilon below both `best` and the limit.
    nodes : int
        Partial lumpings looked at.
    """

    best: Found | None
    complete: bool
    nodes: int


def search(
    task: Problem,
    best: Found | None,
    *,
    order: NDArray[np.int64],
    below: float = np.inf,
    deadline: float = np.inf,
    any_will_do: bool = False,
) -> Outcome:
    """Return the best lumping with an epsilon below a limit.

    Parameters
    ----------
    task : Problem
    best : Found or None
        The best lumping known.
    order : array, shape (n,)
        Order in which the states get their cells, see `branching.branching_order`.
    below : float
        Only lumpings with a smaller epsilon are looked for.
    deadline : float
        When to stop, in the time of `time.monotonic`.
    any_will_do : bool
        Stop at the first lumping that satisfies the problem.
    """
    if task.contiguous and task.k <= CLOSED_FORM and comb(task.n - 1, task.k - 1) <= _CUTS:
        return _every_cut(task, best, below, deadline, any_will_do)
    tests = _Tests(task, order, min(below, np.inf if best is None else best.radius))
    nothing = np.zeros((0, 1), dtype=np.min_scalar_type(task.k))
    stack: list[tuple[int, Assigned]] = [(0, nothing)]
    nodes = 0
    while stack and tests.radius > ROUNDING:
        if time.monotonic() > deadline:
            return Outcome(best, False, nodes)
        d, parents = stack.pop()
        children = _children(task, parents, d)
        nodes += children.shape[1]
        kept = tests.passed(children[:, _room(task, children, order)])
        if not kept.shape[1]:
            continue
        if d + 1 == task.n:
            better = _best_leaf(task, kept, order, tests.radius, deadline)
            if time.monotonic() > deadline:  # some leaves may not have been judged
                return Outcome(better or best, False, nodes)
            if better is not None:
                best = better
                if any_will_do:
                    return Outcome(best, False, nodes)
                tests = _Tests(task, order, better.radius, tests.pairs)
            continue
        stack.extend((d + 1, block) for block in tests.blocks(kept))
    return Outcome(best, True, nodes)


def _every_cut(
    task: Problem, best: Found | None, below: float, deadline: float, any_will_do: bool
) -> Outcome:
    """Return the same for runs of consecutive states, when all cuts can be listed."""
    order, nodes = np.arange(task.n), 0
    radius = min(below, np.inf if best is None else best.radius)
    for cuts in batched(combinations(range(1, task.n), task.k - 1), _LEAVES, strict=False):
        if time.monotonic() > deadline:
            return Outcome(best, False, nodes)
        above = order[:, None] >= np.array(cuts, dtype=np.int64)[:, None, :]
        leaves = above.sum(axis=2).T
        nodes += leaves.shape[1]
        better = _best_leaf(task, leaves[:, _room(task, leaves, order)], order, radius, deadline)
        if better is not None:
            best, radius = better, better.radius
            if any_will_do:
                return Outcome(best, False, nodes)
    return Outcome(best, time.monotonic() <= deadline, nodes)


@dataclass(slots=True)
class _Tests:
    """The tests of every depth for one radius, made when first needed."""

    task: Problem
    order: NDArray[np.int64]
    radius: float
    pairs: Pairs | None = None
    made: dict[int, tuple[list[Rows], list[Rows]]] = field(default_factory=dict)

    def at(self, d: int) -> tuple[list[Rows], list[Rows]]:
        if d not in self.made:
            if self.pairs is None:
                self.pairs = pairs_of(self.task.matrices[:, self.order[:, None], self.order])
            radius = min(self.radius, 1.0)
            apart = self.task.separation
            self.made[d] = (
                same_cell(self.pairs, d, radius),
                other_cells(self.pairs, d, radius, apart) if apart > 2 * radius else [],
            )
        return self.made[d]

    def passed(self, nodes: Assigned) -> Assigned:
        within, between = self.at(len(nodes))
        for test, many in ((too_wide, within), (too_near, between)):
            for rows in many:
                if not nodes.shape[1]:
                    return nodes
                nodes = nodes[:, ~test(nodes, rows, self.task.k)]
        return nodes

    def blocks(self, nodes: Assigned) -> Iterator[Assigned]:
        d = len(nodes) + 1
        within, between = self.at(d)
        rows = max(20, sum(len(some.bound) for some in (*within, *between)))
        size = max(16, _BLOCK // rows)
        if d == self.task.n:
            size = min(size, _LEAVES)
        for start in range(0, nodes.shape[1], size):
            yield np.ascontiguousarray(nodes[:, start : start + size])


def _children(task: Problem, parents: Assigned, d: int) -> Assigned:
    """Return every way to place the next state; a new cell takes the next free number."""
    used = parents.max(axis=0) + 1 if d else np.zeros(parents.shape[1], dtype=parents.dtype)
    found = []
    for cell in range(task.k):
        fits = (used >= cell) & (task.k - np.maximum(used, cell + 1) < task.n - d)
        if task.contiguous:
            fits &= used <= cell + 1
        some = parents[:, fits]
        found.append(np.vstack([some, np.full((1, some.shape[1]), cell, parents.dtype)]))
    return np.concatenate(found, axis=1)


def _room(task: Problem, nodes: Assigned, order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which nodes have enough states left to fill every cell, shape (N,)."""
    d = len(nodes)
    keep = np.ones(nodes.shape[1], dtype=bool)
    if task.min_size == 1 and task.min_mass == 0:
        return keep
    law = task.law[order[:d]]
    few, light = np.zeros(len(keep)), np.zeros(len(keep))
    for cell in range(task.k):
        inside = nodes == cell
        few += np.maximum(task.min_size - inside.sum(axis=0), 0)
        light += np.maximum(task.min_mass - law @ inside, 0)
    return (few <= task.n - d) & (light <= 1 - law.sum() + ROUNDING * task.n)


def _best_leaf(
    task: Problem, leaves: Assigned, order: NDArray[np.int64], radius: float, deadline: float
) -> Found | None:
    """Return the leaf of least epsilon below `radius` that satisfies the problem."""
    labels = np.empty((leaves.shape[1], task.n), dtype=np.int64)
    labels[:, order] = leaves.T
    if task.k > CLOSED_FORM:
        return _by_programs(task, labels, radius, deadline)
    labels = labels[may_be_separable(task, labels)]
    sizes = radii(task.matrices, labels, task.k)
    for index in np.argsort(sizes, kind="stable"):
        if not sizes[index] < radius - ROUNDING:
            return None
        if separable(task, labels[index]):
            return Found(labels[index], float(sizes[index]))
        if time.monotonic() > deadline:
            return None
    return None


def _by_programs(task: Problem, labels: Labels, radius: float, deadline: float) -> Found | None:
    best = None
    for label in labels:
        size = float(radii(task.matrices, label[None], task.k)[0])
        if size < radius - ROUNDING and may_be_separable(task, label[None])[0]:
            if not separable(task, label):
                continue
            best, radius = Found(label, size), size
        if time.monotonic() > deadline:
            break
    return best
