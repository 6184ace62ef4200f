"""The joint transfer operator: given which units spike, units move independently.

Each term of the sum over spike patterns is a product of one-unit transitions, applied axis by
axis: a step costs g^(N+1), not g^(2N).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.simulation.quadrature.unit import Micro, UnitSpace, outcome

Floats = NDArray[np.float64]
Tables = tuple[tuple[Floats, ...], ...]
"""For each spike pattern and unit, rows for the states that the unit may be in."""
CACHED = 300_000
"""Doubles to work on at a time, so that they stay in cache."""
STILL = 1e-15
"""A step that changes nothing by more than this is followed by steps that change less."""


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One step of the network on the product of the units' spaces.

    Attributes
    ----------
    weights : array, shape (n, n)
    spaces : tuple of UnitSpace
    parts : tuple
        For each pattern of spikes, where its states are: a slice for each unit.
    tables : tuple
        For each pattern and unit, the transition of those states, (part, g).
    """

    weights: Floats
    spaces: tuple[UnitSpace, ...]
    parts: tuple[tuple[slice, ...], ...]
    tables: Tables

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of states of each unit."""
        return tuple(space.size for space in self.spaces)

    def forward(self, lanes: Floats) -> Floats:
        """Return the measures (lanes, *shape) one step later."""
        after = np.zeros_like(lanes)
        for parts, tables in zip(self.parts, self.tables, strict=True):
            block = lanes[:, *parts]
            for k in sorted(range(len(tables)), key=lambda k: -len(tables[k])):
                block = along(block, tables[k].T, k + 1)  # what grows most comes last
            after += block
        return after

    def backward(self, lanes: Floats) -> Floats:
        """Return the expectations of functions (lanes, *shape) one step earlier."""
        before = np.empty_like(lanes)
        for parts, tables in zip(self.parts, self.tables, strict=True):
            block = lanes
            for k in sorted(range(len(tables)), key=lambda k: len(tables[k])):
                block = along(block, tables[k], k + 1)  # what shrinks most comes first
            before[:, *parts] = block
        return before

    def power(self, lanes: Floats, steps: int, *, forward: bool) -> Floats:
        """Return `lanes` after `steps` steps in one direction."""
        move = self.forward if forward else self.backward
        some = max(1, CACHED // prod(self.shape))
        done = []
        for first in range(0, len(lanes), some):
            now = lanes[first : first + some]
            for _ in range(steps):
                before, now = now, move(now)
                if np.abs(now - before).max() <= STILL:
                    break
            done.append(now)
        return np.concatenate(done)

    def arrivals(self, starts: Sequence[Micro]) -> Floats:
        """Return the measures one step after joint starts (S of each unit), (S, *shape)."""
        inputs = self.weights @ np.array([start.spiked for start in starts], dtype=float)
        rows = np.ones((inputs.shape[1], 1))
        for space, start, c in zip(self.spaces, starts, inputs, strict=True):
            factor = space.transition(start, c)
            rows = (rows[:, :, None] * factor[:, None, :]).reshape(len(rows), -1)
        return rows.reshape(-1, *self.shape)

    def outcomes(self, edges: Sequence[Floats | None]) -> Floats:
        """Return the probability of each joint cell after one step, (K, *shape)."""
        cells = [
            lambda start, c, step=space.step, cuts=cuts: outcome(step, start, c, cuts)
            for space, cuts in zip(self.spaces, edges, strict=True)
        ]
        tables = by_pattern(self.weights, self.spaces, cells)
        values = np.empty((*self.shape, prod(table.shape[1] for table in tables[0])))
        for parts, factors in zip(self.parts, tables, strict=True):
            # One row for each joint state, the last unit changing fastest as in `shape`.
            rows = np.indices([len(factor) for factor in factors]).reshape(len(factors), -1)
            joint = order.product([f[row] for f, row in zip(factors, rows, strict=True)])
            values[parts] = joint.reshape(*(len(factor) for factor in factors), -1)
        return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def operator(weights: Floats, spaces: Sequence[UnitSpace]) -> Operator:
    """Return the operator of a network whose units have these spaces."""
    parts = tuple(
        tuple(space.part(bit) for space, bit in zip(spaces, pattern, strict=True))
        for pattern in patterns_of(spaces)
    )
    tables = by_pattern(weights, spaces, [space.transition for space in spaces])
    return Operator(weights, tuple(spaces), parts, tables)


def patterns_of(spaces: Sequence[UnitSpace]) -> NDArray[np.int64]:
    """Return the spike patterns that there are states of, (P, n); noiseless units may lack some."""
    patterns = order.states([2] * len(spaces))
    some = [np.array([space.quiet > 0, space.quiet < space.size]) for space in spaces]
    kept = np.all([row[bits] for row, bits in zip(some, patterns.T, strict=True)], axis=0)
    return np.asarray(patterns[kept])


def by_pattern(
    weights: Floats, spaces: Sequence[UnitSpace], functions: Sequence[Callable[..., Floats]]
) -> Tables:
    """Return functions[k](states, inputs) of unit k for every pattern, one call for each unit."""
    patterns = patterns_of(spaces)
    inputs = patterns @ weights.T
    columns = []
    for k, (space, function) in enumerate(zip(spaces, functions, strict=True)):
        places = [np.arange(space.size)[space.part(bit)] for bit in patterns[:, k]]
        sizes = [len(place) for place in places]
        rows = function(space.nodes[np.concatenate(places)], np.repeat(inputs[:, k], sizes))
        columns.append(np.split(rows, np.cumsum(sizes)[:-1]))
    return tuple(zip(*columns, strict=True))


def along(array: Floats, matrix: Floats, axis: int) -> Floats:
    """Return sum_j matrix[i, j] array[..., j, ...] over one axis.

    As a stack of small products: BLAS then starts no threads, which on a busy machine wait for
    each other longer than they work.
    """
    if axis == array.ndim - 1:
        return array @ matrix.T
    moved = np.empty((*array.shape[:axis], len(matrix), *array.shape[axis + 1 :]))
    np.matmul(matrix, np.moveaxis(array, axis, -2), out=np.moveaxis(moved, axis, -2))
    return moved
