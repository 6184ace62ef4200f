"""P(at least one spike in a bin of steps) of boxes of micro states, enclosed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.normal import above
from causal_snn.kernel.two_variables.grid import Grid
from causal_snn.kernel.two_variables.unit import PlaneUnit

Floats = NDArray[np.float64]


class Later(Protocol):
    """What is known of the steps after the first one."""

    @property
    def error(self) -> float:
        """How much values may be off beyond the bounds."""

    def spike(self, low: Floats, high: Floats, steps: int) -> tuple[Floats, Floats]:
        """Return least and greatest P(spike in `steps` steps) of boxes after the first flow.

        Boxes have shape (1 + d, n): the margin and the states that the first step leads to.
        """


@dataclass(frozen=True, slots=True)
class OneStep:
    """The bin of one step, in closed form: Phi(margin/sigma)."""

    one: PlaneUnit
    error: float = 0.0

    def spike(self, low: Floats, high: Floats, steps: int) -> tuple[Floats, Floats]:  # noqa: ARG002
        """Return least and greatest P(spike): it rises with the margin."""
        one = self.one
        found = [above(m, one.sigma, 0.0, strict=one.strict) for m in (low[0], high[0])]
        return found[0], found[1]


def enclose(
    one: PlaneUnit, grid: Grid, inputs: tuple[float, float], steps: int, later: Later
) -> tuple[Floats, Floats]:
    """Return least and greatest P(spike in the bin) of each cell, shape (n,).

    Parameters
    ----------
    one : PlaneUnit
    grid : Grid
    inputs : (float, float)
        Least and greatest input from the others, the same in every step of the bin.
    steps : int
        Length of the bin.
    later : Later
        For the same inputs.
    """
    lower, upper = np.full(len(grid.area), np.inf), np.full(len(grid.area), -np.inf)
    for mask, spiked in ((grid.quiet, False), (grid.spiked, True), (grid.hold > 0, False)):
        for left in np.unique(grid.hold[mask]):
            cells = np.flatnonzero(mask & (grid.hold == left))
            low, high = _states(one, grid, cells, spiked)
            found = _from(one, low, high, inputs, steps, later, int(left), spiked)
            lower[cells] = np.minimum(lower[cells], found[0])
            upper[cells] = np.maximum(upper[cells], found[1])
    return lower, upper


def _states(
    one: PlaneUnit, grid: Grid, cells: NDArray[np.int64], spiked: bool
) -> tuple[Floats, Floats]:
    """Return boxes of all states, shape (d, n): the part of each cell that is meant."""
    low, high = (one.points(*ends[:, cells]) for ends in (grid.low, grid.high))
    if one.threshold_is_state:  # the part on one side of the threshold
        k = one.second
        if spiked:
            low[0] = np.maximum(low[0], low[k])
            high[k] = np.minimum(high[k], high[0])
        else:
            high[0] = np.minimum(high[0], high[k])
            low[k] = np.maximum(low[k], low[0])
    return low, high


def _from(
    one: PlaneUnit,
    low: Floats,
    high: Floats,
    inputs: tuple[float, float],
    steps: int,
    later: Later,
    hold: int,
    spiked: bool,
) -> tuple[Floats, Floats]:
    """Return bounds of P(spike in the bin) of boxes that are all quiet, spiked or held."""
    first = inputs
    if spiked:
        low, high = one.reset(low, high)
        hold, first = one.refractory, (inputs[0] + one.own_weight, inputs[1] + one.own_weight)
    if hold >= steps:
        return np.zeros(low.shape[1]), np.zeros(low.shape[1])
    for _ in range(hold):  # the potential stands still, the rest flows on
        held = one.held_at(low, high)
        moved = flow(one, *held, first)
        low, high = moved[0][1:], moved[1][1:]
        low[0], high[0] = held[0][0], held[1][0]
        first = inputs
    low, high = flow(one, low, high, first)
    if spiked and one.restart is not None and one.refractory == 0:
        low[0] = high[0] = one.restart
        low[1] = high[1] = one.parameters["V_reset"]
    return later.spike(low, high, steps - hold)


def flow(
    one: PlaneUnit, low: Floats, high: Floats, inputs: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Return boxes of margins and next states, shape (1 + d, n), of boxes of states."""
    ends = [
        np.concatenate([x, np.full((1, x.shape[1]), c)])
        for x, c in zip((low, high), inputs, strict=True)
    ]
    return one.step.bounds(*ends)
