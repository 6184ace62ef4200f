"""One unit of the transfer operator: its states, and where one step takes them.

A unit that does not spike has a density of its potential below threshold, held by its values at
composite Gauss-Legendre nodes; a spiking unit is one atom if the reset forgets the potential, a
density above threshold otherwise; refractory steps are atoms. With l_j the Lagrange polynomial of
node j on its element, the transition to node j is

    P_j(m) = integral over the element of N(y; m, sigma^2) l_j(y) dy,

integrated to rounding: the step is exact on piecewise polynomials, however narrow its noise.
Without noise every state is an atom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.models.step import StepMap
from causal_snn.simulation.quadrature.legendre import basis_mass, end_values, gauss

Floats = NDArray[np.float64]
Element = tuple[float, float, int]
"""Lower end, upper end (mV) and number of nodes."""
MOST_POINTS = 1000
"""Potentials that a unit without noise may visit."""


@dataclass(frozen=True, slots=True, eq=False)
class Micro:
    """Micro states of one unit; arrays of shape (M,): potential (mV), spiking, steps to hold."""

    v: Floats
    spiked: NDArray[np.bool_]
    hold: NDArray[np.int64]

    def __getitem__(self, which: slice | NDArray[np.bool_]) -> Micro:
        return Micro(self.v[which], self.spiked[which], self.hold[which])


@dataclass(frozen=True, slots=True, eq=False)
class UnitSpace:
    """The states of one unit that the operator keeps, those that do not spike first.

    Attributes
    ----------
    step : StepMap
        The unit's step, fields as scalars.
    nodes : Micro
        The g states.
    elements : tuple
        Intervals that the first nodes lie on, in their order (below and above threshold);
        none without noise.
    quiet : int
        How many states do not spike.
    """

    step: StepMap
    nodes: Micro
    elements: tuple[Element, ...]
    quiet: int

    @property
    def size(self) -> int:
        """Number of states, g."""
        return len(self.nodes.v)

    def part(self, spiking: int) -> slice:
        """Return where the states that spike (1) or do not (0) are."""
        return slice(self.quiet, self.size) if spiking else slice(0, self.quiet)

    def transition(self, start: Micro, c: Floats) -> Floats:
        """Return the transition of states under synaptic inputs c (M,), shape (M, g)."""
        mean, held = mean_next(self.step, start, c)
        table = np.zeros((len(mean), self.size))
        if self.step.sigma == 0:
            after = next_point(self.step, start, c)
            keys = {key: j for j, key in enumerate(_keys(self.nodes))}
            for row, key in enumerate(_keys(after)):
                if key in keys:  # else the last step reached it: nothing leaves from there
                    table[row, keys[key]] = 1.0
            return table
        free = np.flatnonzero(~held)
        below = above = 0
        for lo, hi, count in self.elements:
            if hi <= self.step.theta:
                columns, below = slice(below, below + count), below + count
            else:
                columns = slice(self.quiet + above, self.quiet + above + count)
                above += count
            table[free, columns] = basis_mass(mean[free], self.step.sigma, lo, hi, count)
        self._fold(table, free, mean[free], above)
        table[held, below + start.hold[held] - 1] = 1.0
        return table

    def _fold(self, table: Floats, rows: NDArray[np.int64], mean: Floats, above: int) -> None:
        """Add what lies beyond the elements: a potential there does as at their end."""
        from scipy.special import ndtr

        sigma = self.step.sigma
        lo, _, count = self.elements[0]
        table[rows, :count] += np.outer(ndtr((lo - mean) / sigma), end_values(count)[::-1])
        if above:
            _, hi, count = self.elements[-1]
            table[rows, -count:] += np.outer(ndtr((mean - hi) / sigma), end_values(count))
        else:  # one atom for the spike
            table[rows, -1] = ndtr((mean - self.step.theta) / sigma)


def mean_next(step: StepMap, start: Micro, c: Floats | float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the mean next potential (mV) and whether the unit is held instead."""
    mean, _ = step.mean(start.v, 0.0, start.spiked, c)
    return np.broadcast_to(np.asarray(mean, dtype=float), start.v.shape), start.hold > 0


def outcome(step: StepMap, start: Micro, c: Floats | float, edges: Floats | None) -> Floats:
    """Return the probability of each cell of one unit after one step, shape (M, cells).

    Differences of normal distribution functions (theory/01_lif.py L3). Cells are those of
    `numpy.digitize` on the potential before reset; without edges, not spiking and spiking.
    """
    from scipy.special import ndtr

    cuts = np.array([step.theta]) if edges is None else edges
    mean, held = mean_next(step, start, c)
    if step.sigma == 0:
        after = next_point(step, start, c)
        cell = after.spiked.astype(int) if edges is None else np.digitize(after.v, cuts)
        return np.asarray(np.eye(len(cuts) + 1)[cell])
    z = (cuts - mean[:, None]) / step.sigma
    z = np.pad(z, ((0, 0), (1, 1)), constant_values=((0, 0), (-np.inf, np.inf)))
    low, high = z[:, :-1], z[:, 1:]
    upper = low > 0  # in the upper tail take differences from above, where digits survive
    cells = np.where(upper, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    kept = 0 if edges is None else int(np.digitize(step.V_reset, cuts))
    cells[held] = np.eye(len(cuts) + 1)[kept]
    return np.asarray(cells)


def next_point(step: StepMap, start: Micro, c: Floats | float) -> Micro:
    """Return the state one step later of a unit without noise."""
    mean, held = mean_next(step, start, c)
    v = np.where(held, step.V_reset, mean)
    spiked = np.asarray(step.spikes(v), dtype=bool) & ~held
    return Micro(v, spiked, np.where(spiked, step.refractory, np.maximum(start.hold - 1, 0)))


def forgets(step: StepMap) -> bool:
    """Return whether a spike erases the potential: reset to a value, or a hold at V_reset."""
    return bool(step.reset_jump == 0 or step.refractory > 0)


def noisy_space(step: StepMap, elements: Sequence[Element]) -> UnitSpace:
    """Return the space of a unit with noise, given its elements in ascending order."""
    below = [_nodes(e) for e in elements if e[1] <= step.theta]
    above = [_nodes(e) for e in elements if e[1] > step.theta]
    holds = int(step.refractory)
    spiking = np.concatenate(above) if above else np.array([step.theta])
    v = np.concatenate([*below, np.full(holds, step.V_reset), spiking])
    quiet = len(v) - len(spiking)
    spiked = np.arange(len(v)) >= quiet
    hold = np.zeros(len(v), dtype=np.int64)
    hold[quiet - holds : quiet] = np.arange(holds)  # hold 0: just released, at V_reset exactly
    hold[quiet:] = holds
    return UnitSpace(step, Micro(v, spiked, hold), tuple(elements), quiet)


def point_space(
    step: StepMap, label: str, start: Micro, inputs: Sequence[tuple[int, float]], steps: int
) -> UnitSpace:
    """Return the space of a unit without noise: every state it can reach in `steps` steps.

    Parameters
    ----------
    inputs : sequence of (int, float)
        The synaptic inputs that go with being silent (0) and spiking (1).
    """
    seen: dict[tuple[float, bool, int], None] = {}
    front = start
    for _ in range(steps):
        found: dict[tuple[float, bool, int], None] = {}
        for spiking, c in inputs:
            after = next_point(step, front[front.spiked == bool(spiking)], c)
            found |= dict.fromkeys(_keys(after))
        fresh = [key for key in found if key not in seen]
        seen |= dict.fromkeys(fresh)
        if len(seen) > MOST_POINTS:
            raise bad(
                "network",
                f"unit {label} without noise, {len(seen)} potentials within {steps} steps",
                f"at most {MOST_POINTS} potentials for a unit without noise",
                "Give it noise, ask for fewer steps, or use Monte Carlo.",
            )
        if not fresh:
            break
        front = _micro(fresh)
    keys = sorted(seen, key=lambda key: key[1])
    return UnitSpace(step, _micro(keys), (), sum(not key[1] for key in keys))


def _nodes(element: Element) -> Floats:
    lo, hi, count = element
    return np.asarray((lo + hi) / 2 + (hi - lo) / 2 * gauss(count)[0])


def _keys(micro: Micro) -> list[tuple[float, bool, int]]:
    return list(zip(micro.v.tolist(), micro.spiked.tolist(), micro.hold.tolist(), strict=True))


def _micro(keys: Sequence[tuple[float, bool, int]]) -> Micro:
    v, spiked, hold = zip(*keys, strict=True) if keys else ((), (), ())
    return Micro(np.array(v, float), np.array(spiked, bool), np.array(hold, np.int64))
