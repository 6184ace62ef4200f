"""Upper bounds: good lumpings by moving one micro state at a time, from many starts."""

from __future__ import annotations

import time
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.lumping.apart import separable
from causal_snn.coarse.lumping.problem import Floats, Labels, Problem
from causal_snn.coarse.lumping.radius import CLOSED_FORM, lumped, radii
from causal_snn.coarse.lumping.search import Found

_STARTS = 1000
_BATCH = 2048


def descend(
    task: Problem, rng: np.random.Generator, *, restarts: int, deadline: float
) -> tuple[Found | None, list[Labels]]:
    """Return the best lumping found that satisfies the problem, and the ends of all descents.

    Steepest descent of epsilon plus a penalty for what is violated. It starts from the best of:
    k - 1 cells of a single state and the rest, which is where the optimum without a separation
    tends to be; random lumpings; cuts of the order into runs.
    """
    starts = _starts(task, rng)
    scores = _scores(task, starts)
    best: Found | None = None
    ends: list[Labels] = []
    for index in np.argsort(scores, kind="stable")[: max(1, restarts)]:
        if time.monotonic() > deadline and ends:
            break
        end = _descent(task, starts[index], float(scores[index]), deadline)
        ends.append(end)
        size = float(radii(task.matrices, end[None], task.k)[0])
        if (best is None or size < best.radius) and allowed(task, end):
            best = Found(end, size)
    return best, ends


def allowed(task: Problem, labels: Labels) -> bool:
    """Return whether a lumping satisfies everything that the problem demands."""
    return float(_violation(task, labels[None])[0]) == 0 and separable(task, labels)


def fits(task: Problem, labels: Labels) -> bool:
    """Return whether a lumping satisfies everything but the separation."""
    return float(_violation(task, labels[None])[0]) == 0


def _descent(task: Problem, labels: Labels, score: float, deadline: float) -> Labels:
    n, k = task.n, task.k
    states, cells = np.repeat(np.arange(n), k), np.tile(np.arange(k), n)
    while time.monotonic() <= deadline:
        moved = np.tile(labels, (n * k, 1))
        moved[np.arange(n * k), states] = cells
        scores = _scores(task, moved)
        best = int(np.argmin(scores))
        if not scores[best] < score - 1e-12:
            break
        labels, score = moved[best], float(scores[best])
    return labels


def _scores(task: Problem, labels: NDArray[np.int64]) -> Floats:
    parts = [labels[start : start + _BATCH] for start in range(0, len(labels), _BATCH)]
    return np.concatenate([_score(task, part) for part in parts])


def _score(task: Problem, labels: NDArray[np.int64]) -> Floats:
    """Return epsilon (for many cells a bound on it) plus what is violated, shape (N,)."""
    demanding = task.separation > 0 and task.k > 1
    if demanding or task.k > CLOSED_FORM:
        middles, size = _middles(task, labels)
    if task.k <= CLOSED_FORM:
        size = radii(task.matrices, labels, task.k)
    score = size + 4 * _violation(task, labels)
    if demanding:
        first, second = np.triu_indices(task.k, 1)
        apart = 0.5 * np.abs(middles[:, :, first] - middles[:, :, second]).sum(axis=-1)
        score += 2 * np.maximum(task.separation - apart.min(axis=(1, 2)), 0)
    return np.asarray(score)


def _violation(task: Problem, labels: NDArray[np.int64]) -> Floats:
    """Return how much size, mass and runs are short of what is demanded, shape (N,)."""
    member = labels[:, :, None] == np.arange(task.k)
    few = np.maximum(task.min_size - member.sum(axis=1), 0).sum(axis=1)
    mass = np.einsum("u,nub->nb", task.law, member)
    light = np.maximum(task.min_mass - mass - 1e-12, 0).sum(axis=1)
    breaks = np.zeros(len(labels))
    if task.contiguous:
        breaks = (labels[:, 1:] != labels[:, :-1]).sum(axis=1) - (task.k - 1.0)
    return np.asarray(few + light + np.abs(breaks))


def _middles(task: Problem, labels: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the middle of each cell's rows, (N, C, k, k), and the epsilon it would have, (N,)."""
    effects = lumped(task.matrices, labels, task.k)
    middles = np.empty((len(labels), len(task.matrices), task.k, task.k))
    wide = np.zeros(len(labels))
    for cell in range(task.k):
        inside = (labels == cell)[:, None, :, None]
        low = np.where(inside, effects, 2.0).min(axis=2)
        high = np.where(inside, effects, -1.0).max(axis=2)
        middle = (low + high) / 2
        middle += (1 - middle.sum(axis=-1, keepdims=True)) / task.k
        middles[:, :, cell] = middle
        away = np.abs(effects - middle[:, :, None]).sum(axis=-1) / 2
        wide = np.maximum(wide, np.where(inside[..., 0], away, 0.0).max(axis=(1, 2)))
    return middles, wide


def _starts(task: Problem, rng: np.random.Generator) -> NDArray[np.int64]:
    n, k, some = task.n, task.k, _STARTS // 4
    cuts = np.sort(_draws(rng, n - 1, k - 1, some) + 1, axis=1)
    cuts = np.vstack([np.arange(1, k) * n // k, cuts])
    runs = (np.arange(n)[:, None] >= cuts[:, None, :]).sum(axis=2)
    if task.contiguous:
        return runs
    if comb(n, k - 1) > _STARTS:
        singles = _draws(rng, n, k - 1, _STARTS)
    else:
        singles = np.array(list(combinations(range(n), k - 1)), dtype=np.int64)
    bins = np.zeros((len(singles), n), dtype=np.int64)
    np.put_along_axis(bins, singles, np.arange(1, k)[None], axis=1)
    mixed = rng.integers(0, k, (some, n))
    np.put_along_axis(mixed, _draws(rng, n, k, some), np.arange(k)[None], axis=1)  # none is empty
    return np.concatenate([bins, mixed, runs])


def _draws(rng: np.random.Generator, n: int, size: int, count: int) -> NDArray[np.int64]:
    """Return `count` draws of `size` of the numbers below n, without repeats."""
    every = np.tile(np.arange(n), (count, 1))
    return np.asarray(rng.permuted(every, axis=1)[:, :size])
