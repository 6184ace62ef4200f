"""Branch and bound over boxes of labels: the best choice and a proof that it is one."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds.bound import Box, Edges, Relaxation, tighten
from causal_snn.coarse.joint_thresholds.descent import Labels, descend
from causal_snn.coarse.joint_thresholds.factors import Factors
from causal_snn.coarse.joint_thresholds.proof import Leaf, Split, Tree

Floats = NDArray[np.float64]
_FIRST_ROUNDS, _ROUNDS = 300, 40


@dataclass(slots=True, eq=False)
class _Node:
    box: Box
    prices: Floats
    lower: float
    split: Split | None = None
    parts: tuple[_Node, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What branch and bound found.

    Attributes
    ----------
    cost : float
        Of the best labels seen.
    labels : tuple of int
    lower : float
        No choice costs less, by `tree`.
    tree : Tree
    nodes : int
        Boxes looked at.
    """

    cost: float
    labels: Labels
    lower: float
    tree: Tree
    nodes: int


def branch_and_bound(
    problem: Factors,
    cost: float,
    labels: Labels,
    *,
    improve: bool,
    tolerance: float,
    until: float,
    most_nodes: int,
) -> Search:
    """Return a lower bound on the cost of every choice, splitting the worst box first.

    Parameters
    ----------
    problem : Factors
    cost, labels
        The best choice known.
    improve : bool
        Whether labels are candidates, whose cost can be taken; else they are intervals.
    tolerance : float
        Boxes whose bound comes this near to the cost are not split.
    until, most_nodes : float, int
        When to stop, by `time.monotonic` or boxes; what is open then counts with its bound.
    """
    edges = Edges.of(problem)
    box: Box = tuple((0, count - 1) for count in problem.labels)
    root = _bounded(
        problem, edges, box, np.zeros(len(edges.source)), cost - tolerance, _FIRST_ROUNDS, until
    )
    heap, nodes = [(root.lower, 0, root)], 1
    while heap[0][0] < cost - tolerance and nodes < most_nodes and time.monotonic() < until:
        node = heapq.heappop(heap)[2]
        value = Relaxation(problem, edges, node.box)(node.prices)
        if improve:
            cost, labels = min((cost, labels), descend(problem, value.labels))
        node.split = _cut(problem, edges, node, value.slope)
        if node.split is None:
            break  # the least bound of all is attained
        for box in _parts(node.split, node.box):
            part = _bounded(problem, edges, box, node.prices, cost - tolerance, _ROUNDS, until)
            node.parts = (*node.parts, part)
            heapq.heappush(heap, (part.lower, nodes, part))
            nodes += 1
    tree, lower = _flatten(root)
    return Search(cost, labels, min(lower, cost), tree, nodes)


def _bounded(
    problem: Factors,
    edges: Edges,
    box: Box,
    prices: Floats,
    goal: float,
    rounds: int,
    until: float,
) -> _Node:
    """Return the box with prices that prove a cost of `goal` or more, or nearly so."""
    relaxation = Relaxation(problem, edges, box)
    none = np.zeros_like(prices)
    plain = relaxation(none).bound  # exact where one choice is left, or nothing couples
    if -plain >= goal:
        return _Node(box, none, -plain)
    best, kept = tighten(relaxation, prices, target=-goal, rounds=rounds, until=until)
    return _Node(box, kept, -best) if best < plain else _Node(box, none, -plain)


def _cut(problem: Factors, edges: Edges, node: _Node, slope: Floats) -> Split | None:
    """Return where to cut: the unit whose rho and what its targets take it for differ most.

    None where they agree: the bound is then attained and no cut improves it.
    """
    weight = np.abs(slope) * (np.abs(node.prices) + 1e-9)
    score = np.bincount(edges.source, weights=weight, minlength=problem.n)
    score[[first == last for first, last in node.box]] = 0.0
    unit = int(np.argmax(score))
    if score[unit] == 0.0:
        return None
    first, last = node.box[unit]
    rho = problem.most[unit][first : last + 1]
    inside = int(np.searchsorted(rho, (rho[0] + rho[-1]) / 2.0))
    return Split(unit, first + min(max(inside, 1), last - first))


def _parts(split: Split, box: Box) -> tuple[Box, Box]:
    first, last = box[split.unit]
    low, high = list(box), list(box)
    low[split.unit], high[split.unit] = (first, split.cut - 1), (split.cut, last)
    return tuple(low), tuple(high)


def _flatten(root: _Node) -> tuple[Tree, float]:
    """Return the tree in pre-order, and the least bound of its leaves."""
    found: list[Split | Leaf] = []
    lower, stack = np.inf, [root]
    while stack:
        node = stack.pop()
        if node.split is None:
            found.append(Leaf(tuple(node.prices.tolist())))
            lower = min(lower, node.lower)
        else:
            found.append(node.split)
            stack += reversed(node.parts)
    return tuple(found), float(lower)
