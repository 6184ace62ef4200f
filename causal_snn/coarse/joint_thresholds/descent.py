"""Good labels: the cost of a choice, unit by unit choices, and coordinate descent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds.factors import Factors

Floats = NDArray[np.float64]
Labels = tuple[int, ...]


def told(problem: Factors, i: int, rho: Sequence[float] | Floats) -> Floats:
    """Return what unit i's macro states tell at every label of it, given rho of its sources.

    Shape (L_i,): the multilinear polynomial J4, one source after the other.
    """
    found = problem.told[i]
    for r in rho:
        pair = found.reshape(len(found), -1, 2)
        found = pair[:, :, 0] + r * pair[:, :, 1]
    return found[:, 0]


def regrets(problem: Factors, labels: Sequence[int]) -> Floats:
    """Return the regret of every unit at a choice of candidate thresholds, shape (n,)."""
    rho = np.array([r[t] for r, t in zip(problem.most, labels, strict=True)])
    return -np.array(
        [told(problem, i, rho[problem.sources[i]])[labels[i]] for i in range(problem.n)]
    )


def alone(problem: Factors) -> Labels:
    """Return the labels that are best for each unit by itself.

    As if it were known which sources spike, which the macro states do not tell.
    """
    return tuple(
        int(np.argmax(told(problem, i, np.ones(len(problem.sources[i]))))) for i in range(problem.n)
    )


def descend(problem: Factors, labels: Sequence[int]) -> tuple[float, Labels]:
    """Return the cost and the labels of a choice that no change of one unit improves."""
    now = list(labels)
    best = float(regrets(problem, now).sum())
    targets = [[i for i in range(problem.n) if j in problem.sources[i]] for j in range(problem.n)]
    while True:
        before = best
        for j in range(problem.n):
            costs = _costs(problem, now, j, targets[j])
            choice = int(np.argmin(costs))
            if costs[choice] < costs[now[j]]:
                now[j] = choice
        best = float(regrets(problem, now).sum())
        if not best < before - 1e-15 * max(1.0, abs(before)):
            return best, tuple(now)


def search(problem: Factors, rng: np.random.Generator, *, restarts: int) -> tuple[float, Labels]:
    """Return the best of several descents: from `alone`, from the ends, from random labels."""
    counts = np.array(problem.labels)
    starts: list[Sequence[int]] = [alone(problem), (counts - 1).tolist()]
    starts += [rng.integers(counts).tolist() for _ in range(restarts)]
    return min(descend(problem, start) for start in starts)


def _costs(problem: Factors, labels: Sequence[int], j: int, targets: Sequence[int]) -> Floats:
    """Return the part of the cost that depends on unit j, for every label of it."""
    rho = np.array([r[t] for r, t in zip(problem.most, labels, strict=True)])
    costs = -told(problem, j, rho[problem.sources[j]])
    for i in targets:
        ends = []
        for value in (0.0, 1.0):  # linear in the rho of one source
            rho[j] = value
            ends.append(told(problem, i, rho[problem.sources[i]])[labels[i]])
        costs -= ends[0] + (ends[1] - ends[0]) * problem.most[j]
    return costs
