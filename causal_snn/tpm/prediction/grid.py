"""The error over time of a macro chain of a network, by the joint transfer operator.

Functions of the micro state go back in time: the chance of each macro state, and the one-step error
delta. Their nodes are the simulator's composite Gauss-Legendre elements, cut at the causal
thresholds as well, where delta jumps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product as every
from math import prod

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.coarse import UnitPartition
from causal_snn.kernel import InterventionRange
from causal_snn.models.network import Network
from causal_snn.models.step import StepMap
from causal_snn.simulation.quadrature.mesh import Mesh, refined, spans
from causal_snn.simulation.quadrature.operator import operator
from causal_snn.simulation.quadrature.solve import Task, closed_form
from causal_snn.simulation.quadrature.unit import (
    Element,
    Micro,
    UnitSpace,
    forgets,
    noisy_space,
)
from causal_snn.tpm.prediction.bounds import posterior, prior
from causal_snn.tpm.prediction.contraction import contractions

Floats = NDArray[np.float64]
MOST_UNITS = 3
MOST_NODES = 100_000
"""Joint states up to which the grid is refined."""
STARTS = {1: 201, 2: 33, 3: 7}
"""Potentials below threshold that each of N units starts from."""
SHARP = {1: 1e-4, 2: 1e-3, 3: 1e-2}
"""To which the features of each of N units are resolved on the first grid."""
REFINEMENTS = (1.0, 1.4, 2.0, 2.8)
TAILS = 5.5
"""Standard deviations beyond the means that the grid holds."""
CHUNK = 4_000_000
"""Doubles of the largest temporary array over starts."""


@dataclass(frozen=True, slots=True, eq=False)
class GridErrors:
    """Worst errors over starts, after 1 to T steps, and how far to trust them.

    Attributes
    ----------
    exact, posterior, prior, contraction : array, shape (T,)
    epsilon : float
        Worst one-step error over starts and nodes.
    numeric : float
        Largest change of `exact` and `posterior` from the next coarser grid.
    nodes : tuple of int
        States of each unit on the grid.
    starts : int
    """

    exact: Floats
    posterior: Floats
    prior: Floats
    contraction: Floats
    epsilon: float
    numeric: float
    nodes: tuple[int, ...]
    starts: int


def unfit(network: Network) -> str:
    """Return why there is no grid for a network; empty if there is."""
    step = network.step()
    if np.any(step.gain_current) or np.any(step.current_to_potential):
        return "a synaptic current is one more dimension for each unit"
    if network.n > MOST_UNITS:
        return f"{network.n} units: the grid grows as G^{network.n}"
    if not np.all(step.sigma > 0):
        return "a unit without noise has no density"
    return ""


def grid_errors(
    network: Network,
    units: Sequence[UnitPartition],
    ranges: Sequence[InterventionRange],
    rows: Floats,
    steps: int,
    *,
    nodes: int = MOST_NODES,
    tolerance: float = 5e-4,
) -> GridErrors | None:
    """Return the errors of macro rows (S, S) over `steps` steps; None if no grid is small enough.

    The starts are potentials of the declared ranges: a grid, and both sides of every border.
    """
    problem = _Problem(network, units, ranges, rows, steps)
    before: tuple[Floats, Floats] | None = None
    found: GridErrors | None = None
    for factor in REFINEMENTS:
        spaces = problem.spaces(factor)
        if prod(space.size for space in spaces) > nodes:
            break
        exact, bound, epsilon = problem.solve(spaces)
        numeric = np.inf
        if before is not None:
            pairs = zip(before, (exact, bound), strict=True)
            numeric = max(float(np.abs(a - b).max()) for a, b in pairs)
        before = exact, bound
        found = GridErrors(
            exact=exact,
            posterior=bound,
            prior=prior(epsilon, problem.tau),
            contraction=problem.tau,
            epsilon=epsilon,
            numeric=numeric,
            nodes=tuple(space.size for space in spaces),
            starts=problem.count,
        )
        if numeric <= tolerance:
            break
    return found if found is not None and np.isfinite(found.numeric) else None


class _Problem:
    """What stays the same from grid to grid."""

    def __init__(
        self,
        network: Network,
        units: Sequence[UnitPartition],
        ranges: Sequence[InterventionRange],
        rows: Floats,
        steps: int,
    ) -> None:
        step = network.step()
        self._units, self._rows, self._horizon = units, rows, steps
        self._sizes = tuple(len(unit.cells) for unit in units)
        maps = tuple(step.unit(k) for k in range(network.n))
        cuts = tuple(_cuts(unit) for unit in units)
        singles = [
            _starts(each, unit, r, STARTS[network.n])
            for each, unit, r in zip(maps, units, ranges, strict=True)
        ]
        picks = np.array(list(every(*[range(len(s.v)) for s in singles]))).T
        starts = tuple(single[pick] for single, pick in zip(singles, picks, strict=True))
        self._task = Task(network.labels, network.weights, maps, starts, 1, cuts)
        self._spans = spans(maps, network.weights, singles, steps, TAILS)
        meshes = [
            Mesh(each, self._task.inputs(k), self._spans[k], steps, cuts[k])
            for k, each in enumerate(maps)
        ]
        self._elements = [
            _split(mesh.elements(SHARP[network.n]), unit.threshold)
            for mesh, unit in zip(meshes, units, strict=True)
        ]
        local = [_local_cells(unit) for unit in units]
        self._to_macro = np.zeros((prod(map(len, local)), len(rows)))
        numbers = order.numbers(list(np.array(_little_endian(local)).T), self._sizes)
        self._to_macro[np.arange(len(numbers)), numbers] = 1.0
        self._macro = order.numbers(
            [_macro(unit, start) for unit, start in zip(units, starts, strict=True)], self._sizes
        )
        self.tau = contractions(rows, steps)
        self.count = len(self._macro)

    def spaces(self, factor: float) -> list[UnitSpace]:
        """Return the spaces of the units, with `factor` times the first grid's nodes."""
        return [
            noisy_space(step, refined(elements, factor, span, step.theta))
            for step, elements, span in zip(
                self._task.units, self._elements, self._spans, strict=True
            )
        ]

    def solve(self, spaces: Sequence[UnitSpace]) -> tuple[Floats, Floats, float]:
        """Return the worst exact error and posterior bound (T,), and the worst one-step error."""
        step = operator(self._task.weights, spaces)
        effects = np.tensordot(self._to_macro.T, step.outcomes(self._task.edges), axes=1)
        macro = [_macro(unit, space.nodes) for unit, space in zip(self._units, spaces, strict=True)]
        here = order.numbers(np.meshgrid(*macro, indexing="ij"), self._sizes)
        defect = 0.5 * np.abs(effects - np.moveaxis(self._rows[here], -1, 0)).sum(axis=0)
        arrivals = self._arrivals(spaces)
        first = closed_form(self._task) @ self._to_macro
        defects = np.empty((self._horizon, self.count))
        defects[0] = 0.5 * np.abs(first - self._rows[self._macro]).sum(axis=1)
        epsilon = min(1.0, max(float(defect.max()), float(defects[0].max())))
        exact = np.empty(self._horizon)
        exact[0] = defects[0].max()
        lanes, power = np.concatenate([effects, defect[None]]), self._rows
        for t in range(1, self._horizon):
            power = self._rows @ power
            found = _at_starts(arrivals, lanes)
            defects[t] = np.clip(found[:, -1], 0.0, epsilon)
            exact[t] = 0.5 * np.abs(found[:, :-1] - power[self._macro]).sum(axis=1).max()
            if t + 1 < self._horizon:
                lanes = step.backward(lanes)
        return exact, posterior(defects, self.tau).max(axis=1), epsilon

    def _arrivals(self, spaces: Sequence[UnitSpace]) -> list[Floats]:
        """Return the law of each unit one step after each start, (starts, g) for each unit."""
        starts, weights = self._task.starts, self._task.weights
        inputs = weights @ np.array([start.spiked for start in starts], dtype=float)
        return [
            space.transition(start, c)
            for space, start, c in zip(spaces, starts, inputs, strict=True)
        ]


def _at_starts(arrivals: Sequence[Floats], lanes: Floats) -> Floats:
    """Return the expectations of functions (lanes, *shape) under products of laws (starts, g)."""
    size = prod(lanes.shape[1:])
    table = lanes.reshape(len(lanes), size).T
    count = len(arrivals[0])
    found = np.empty((count, len(lanes)))
    some = max(1, CHUNK // size)
    for first in range(0, count, some):
        rows = np.ones((len(arrivals[0][first : first + some]), 1))
        for factor in arrivals:  # the last unit changes fastest, as in `shape`
            rows = np.einsum("si,sj->sij", rows, factor[first : first + some])
            rows = rows.reshape(len(rows), -1)
        found[first : first + some] = rows @ table
    return found


def _cuts(unit: UnitPartition) -> Floats:
    """Return the potentials that cut a unit's macro states."""
    if not unit.threshold < unit.theta:
        return np.array([unit.theta])
    return np.array([unit.threshold, unit.theta][: len(unit.cells) - 1])


def _local_cells(unit: UnitPartition) -> list[int]:
    """Return the macro state of each interval between the cuts."""
    top = len(unit.cells) - 1
    return list(range(top + 1)) if unit.threshold < unit.theta else [0, top]


def _little_endian(choices: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """Return every combination, the first choice changing fastest."""
    return [pick[::-1] for pick in every(*reversed(choices))]


def _macro(unit: UnitPartition, micro: Micro) -> NDArray[np.int64]:
    return unit.classify(micro.v, 0.0, micro.spiked)


def _split(elements: Sequence[Element], at: float) -> tuple[Element, ...]:
    """Return the elements, the one that holds `at` divided there."""
    found: list[Element] = []
    for lo, hi, count in elements:
        found += [(lo, at, count), (at, hi, count)] if lo < at < hi else [(lo, hi, count)]
    return tuple(found)


def _starts(step: StepMap, unit: UnitPartition, r: InterventionRange, count: int) -> Micro:
    """Return the micro states that a unit is set to: potentials, the spike, refractory ages."""
    v = np.linspace(r.v_low, np.nextafter(r.theta, -np.inf), count)
    if r.v_low < unit.threshold < r.theta:
        v = np.sort(np.append(v, [np.nextafter(unit.threshold, -np.inf), unit.threshold]))
    spiking = np.array([r.theta]) if forgets(step) else np.linspace(r.theta, r.v_high, 5)
    ages = np.arange(1, max(1, int(step.refractory)))
    potentials = np.concatenate([v, np.full(len(ages), step.V_reset), spiking])
    spiked = np.arange(len(potentials)) >= len(potentials) - len(spiking)
    hold = np.zeros(len(potentials), dtype=np.int64)
    hold[len(v) : len(v) + len(ages)] = ages
    hold[spiked] = int(step.refractory)
    return Micro(potentials, spiked, hold)
