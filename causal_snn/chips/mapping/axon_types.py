"""Axon types: weights of which each axon has one type and each neuron one value per type.

A TrueNorth synapse is a bit; its value is the neuron's, chosen by the axon's type, and an axon
has one type for all neurons of the core. So a table W (target, source) is approximated by

    W[i, j] ~ B[i, j] S[i, G[j]],   B binary, S whole numbers, G one of a few types.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 60
_STARTS = 6
_SMALL = 4096
"""Entries up to which random starts are worth their time."""


@dataclass(frozen=True, slots=True, eq=False)
class Types:
    """An approximation by axon types.

    Attributes
    ----------
    table : array of int, shape (n, m)
        B S, what each synapse adds.
    types : array of int, shape (m,)
        G, type of each axon.
    values : array of int, shape (n, types)
        S.
    error : float
        Sum of squared errors.
    """

    table: Ints
    types: Ints
    values: Ints
    error: float


def axon_types(wanted: Floats, count: int, most: int) -> Types:
    """Return the best approximation that alternating minimisation finds.

    Given the types, values and bits are optimal (`best_values`); given the values, so is each
    axon's type. Neither step can raise the error; several starts are taken, since the end
    depends on it. The same table always gives the same result.

    Parameters
    ----------
    wanted : array, shape (n, m)
        Weights in register units.
    count : int
        Number of types.
    most : int
        Largest magnitude of a value.
    """
    m = wanted.shape[1]
    rng = np.random.default_rng(0)
    order = np.argsort(np.argsort(wanted.sum(axis=0), kind="stable"), kind="stable")
    starts = [order * count // max(m, 1)]
    # Where sources are alike (one target each, or a palette of weights), the largest tell them.
    starts.append(np.digitize(_typical(wanted), np.unique(_typical(wanted))[1:]) % count)
    if wanted.size <= _SMALL:
        starts += [rng.integers(0, count, m) for _ in range(_STARTS)]
    found = [_descend(wanted, start.astype(np.int64), count, most) for start in starts]
    return min(found, key=lambda one: one.error)


def _typical(wanted: Floats) -> Floats:
    """Return the weight of each source that is largest in size."""
    if not wanted.size:
        return np.zeros(wanted.shape[1])
    largest = np.argmax(np.abs(wanted), axis=0)
    return np.round(wanted[largest, np.arange(wanted.shape[1])], 9)


def _descend(wanted: Floats, types: Ints, count: int, most: int) -> Types:
    error = np.inf
    for _ in range(_ROUNDS):
        values = np.stack(
            [best_values(wanted[:, types == kind], most) for kind in range(count)], axis=1
        )
        # (n, m, types) of what each synapse would miss, its bit chosen best.
        missed = np.minimum(wanted[:, :, None] ** 2, (wanted[:, :, None] - values[:, None]) ** 2)
        costs = missed.sum(axis=0)
        types = np.argmin(costs, axis=1).astype(np.int64)
        now = float(np.take_along_axis(costs, types[:, None], axis=1).sum())
        if now >= error * (1.0 - 1e-4):
            break
        error = now
    values = np.stack(
        [best_values(wanted[:, types == kind], most) for kind in range(count)], axis=1
    )
    chosen = values[:, types]
    table = np.where(np.abs(wanted - chosen) < np.abs(wanted), chosen, 0).astype(np.int64)
    return Types(table, types, values, float(((wanted - table) ** 2).sum()))


def best_values(wanted: Floats, most: int) -> Ints:
    """Return for each row the whole number that, used or not used, represents it best.

    A value a > 0 is used where the weight is above a/2, so used weights are the largest k of
    the row for some k, and the value for them is their mean, rounded: all k are tried, and
    likewise the smallest k for a < 0.
    """
    n, m = wanted.shape
    if not m:
        return np.zeros(n, dtype=np.int64)
    best, value = np.zeros(n), np.zeros(n)
    sizes = np.arange(1, m + 1)
    ascending = np.sort(wanted, axis=1)
    for ordered in (ascending[:, ::-1], ascending):
        sums = np.cumsum(ordered, axis=1)
        means = np.clip(np.rint(sums / sizes), -most, most)
        gains = 2.0 * means * sums - sizes * means**2  # what the squared errors fall by
        k = np.argmax(gains, axis=1)
        gain = gains[np.arange(n), k]
        value = np.where(gain > best, means[np.arange(n), k], value)
        best = np.maximum(gain, best)
    return value.astype(np.int64)
