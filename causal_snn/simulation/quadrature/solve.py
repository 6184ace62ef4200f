"""What `quadrature` asks for, as a problem; its grids, and its rows on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.errors import bad
from causal_snn.models.step import StepMap
from causal_snn.simulation.quadrature.mesh import Mesh, refined, spans
from causal_snn.simulation.quadrature.operator import operator
from causal_snn.simulation.quadrature.unit import (
    Micro,
    UnitSpace,
    next_point,
    noisy_space,
    outcome,
    point_space,
)

Floats = NDArray[np.float64]
REFINEMENTS = (1.0, 1.4, 2.0, 2.8, 4.0, 5.6)
"""Nodes per element of the successive grids, relative to the first."""
COARSEST = 0.3
"""Largest error to which the first grid resolves features, where `nodes` allows no better."""
CHUNK = 4_000_000
"""Doubles of the largest temporary array over states."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Rows from starts (S states of each unit) to cells after `steps` steps.

    Attributes
    ----------
    labels : tuple of str
    weights : array, shape (n, n)
    units : tuple of StepMap
        One for each unit, fields as scalars.
    starts : tuple of Micro
    steps : int
    edges : tuple of array or None
    """

    labels: tuple[str, ...]
    weights: Floats
    units: tuple[StepMap, ...]
    starts: tuple[Micro, ...]
    steps: int
    edges: tuple[Floats | None, ...]

    def inputs(self, k: int) -> list[tuple[int, float]]:
        """Return what unit k may receive, together with its own spike."""
        patterns = order.states([2] * len(self.units))
        pairs = zip(patterns[:, k], patterns @ self.weights[k], strict=True)
        return sorted({(int(bit), float(c)) for bit, c in pairs})


class Grids:
    """The grids of a task, coarse to fine, for probabilities to about `tolerance`."""

    def __init__(self, task: Task, nodes: int, tolerance: float) -> None:
        self._task, self._most = task, nodes
        self._points = {
            k: point_space(step, task.labels[k], task.starts[k], task.inputs(k), task.steps - 1)
            for k, step in enumerate(task.units)
            if step.sigma == 0
        }
        # Standard deviations beyond the means: a Gaussian holds less than `tolerance` outside.
        tails = max(4.5, np.sqrt(-2 * np.log(tolerance)))
        self._spans = [
            spans(task.units, task.weights, task.starts, task.steps, tails + level / 2)
            for level in range(len(REFINEMENTS))
        ]
        meshes = {
            k: Mesh(step, task.inputs(k), self._spans[0][k], task.steps, task.edges[k])
            for k, step in enumerate(task.units)
            if step.sigma > 0
        }
        # The rows are products and sums over steps of features, and converge faster.
        sharp, fits = np.sqrt(tolerance), False
        while not fits:
            sharp = min(COARSEST, sharp)
            self._elements = {k: mesh.elements(sharp) for k, mesh in meshes.items()}
            fits = self.fits(1)
            if sharp == COARSEST:
                break
            sharp *= 10
        if fits:
            return
        least = prod(space.size for space in self.spaces(1))
        raise bad(
            "nodes",
            nodes,
            f"at least {least:,}, the grid that an error estimate needs here",
            "Allow more, ask for a larger tolerance, or use Monte Carlo.",
        )

    def spaces(self, level: int) -> list[UnitSpace]:
        """Return the spaces of the units on grid number `level`."""
        return [
            self._points[k]
            if k in self._points
            else noisy_space(
                step,
                refined(self._elements[k], REFINEMENTS[level], self._spans[level][k], step.theta),
            )
            for k, step in enumerate(self._task.units)
        ]

    def fits(self, level: int) -> bool:
        """Return whether there is such a grid and it is not too large."""
        if level >= len(REFINEMENTS):
            return False
        return prod(space.size for space in self.spaces(level)) <= self._most


def solve(task: Task, spaces: Sequence[UnitSpace]) -> Floats:
    """Return the rows on one grid as they come, not normalised; `steps` >= 2.

    rows = a A^(steps - 2) o, from the side that has fewer lanes.
    """
    step = operator(task.weights, spaces)
    ends = step.outcomes(task.edges)
    size, between = prod(step.shape), task.steps - 2
    count = len(task.starts[0].v)
    forward = count < len(ends)
    if not forward:
        ends = step.power(ends, between, forward=False)
    rows = np.empty((count, len(ends)))
    for first in range(0, count, max(1, CHUNK // size)):
        here = slice(first, first + max(1, CHUNK // size))
        lanes = step.arrivals([start[here] for start in task.starts])
        if forward:
            lanes = step.power(lanes, between, forward=True)
        rows[here] = lanes.reshape(-1, size) @ ends.reshape(-1, size).T
    return rows


def closed_form(task: Task) -> Floats:
    """Return the rows of one step, or of any number of steps if no unit has noise."""
    starts = list(task.starts)
    for remaining in range(task.steps, 0, -1):
        inputs = task.weights @ np.array([start.spiked for start in starts], dtype=float)
        if remaining > 1:
            starts = [
                next_point(step, start, c)
                for step, start, c in zip(task.units, starts, inputs, strict=True)
            ]
    return order.product(
        [
            outcome(step, start, c, cuts)
            for step, start, c, cuts in zip(task.units, starts, inputs, task.edges, strict=True)
        ]
    )
