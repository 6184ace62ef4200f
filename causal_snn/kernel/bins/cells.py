"""The cells of a table over the micro states of one unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.kernel.intervention_range import InterventionRange
from causal_snn.models.step import StepMap
from causal_snn.simulation.quadrature.unit import Micro

Floats = NDArray[np.float64]
Coordinate = Literal["post_reset", "pre_reset"]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Neighbouring intervals of the potential, then one cell for each refractory age.

    Attributes
    ----------
    edges : array, shape (m + 1,)
        Ends of the m intervals (mV).
    spiked : array of bool, shape (m + r,)
        Whether the states of a cell have just spiked.
    hold : array of int, shape (m + r,)
        Steps for which the states of a cell stay held at V_reset.
    V_reset : float
        Potential of a held unit (mV).
    """

    edges: Floats
    spiked: NDArray[np.bool_]
    hold: NDArray[np.int64]
    V_reset: float

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.spiked)

    @property
    def widths(self) -> Floats:
        """Widths of the cells (mV); 0 for a refractory age."""
        return np.concatenate([np.diff(self.edges), np.zeros(self.ages)])

    @property
    def ages(self) -> int:
        """Number of cells that are a refractory age, r."""
        return self.n - len(self.edges) + 1

    @property
    def runs(self) -> tuple[slice, slice]:
        """The intervals below threshold and those above, along which a spike gets likelier."""
        above = int(self.spiked[: len(self.edges) - 1].sum())
        below = len(self.edges) - 1 - above
        return slice(0, below), slice(below, below + above)

    @property
    def mass(self) -> Floats:
        """Reference law: uniform over the range; each age counts as much as a mean cell."""
        share = self.widths / (self.edges[-1] - self.edges[0])
        share[len(self.edges) - 1 :] = 1.0 / max(len(self.edges) - 1, 1)
        return np.asarray(share / share.sum())

    @property
    def middles(self) -> Floats:
        """A potential of each cell (mV)."""
        return np.concatenate(
            [(self.edges[:-1] + self.edges[1:]) / 2.0, np.full(self.ages, self.V_reset)]
        )

    def points(self, parts: int, *, inside: bool = False) -> Micro:
        """Return `parts` + 1 equally spaced micro states from end to end of each cell.

        Arrays are flat, (n (parts + 1),). The upper end is the limit from below, or with `inside`
        the last number below it.
        """
        fractions = np.linspace(0.0, 1.0, parts + 1)
        v = self.edges[:-1, None] + np.diff(self.edges)[:, None] * fractions
        v[:, -1] = np.nextafter(self.edges[1:], -np.inf) if inside else self.edges[1:]
        held = np.full((self.ages, parts + 1), self.V_reset)
        return Micro(
            np.concatenate([v, held]).ravel(),
            np.repeat(self.spiked, parts + 1),
            np.repeat(self.hold, parts + 1),
        )


def cells_of(
    step: StepMap, found: InterventionRange, count: int, coordinate: Coordinate, ages: bool
) -> Cells:
    """Return equal cells of the declared range, cut at the threshold.

    Parameters
    ----------
    step : StepMap
        Of the unit, fields as scalars.
    found : InterventionRange
    count : int
        Number of intervals.
    coordinate : {"post_reset", "pre_reset"}
        Potentials without a spike, or those and the potentials of a unit that has just spiked.
    ages : bool
        Whether refractory ages get a cell each.

    Raises
    ------
    InputError
        If the count is no whole number of 1 or more, or of 2 where both sides need a cell.
    """
    check_choice("coordinate", coordinate, ("post_reset", "pre_reset"))
    count = check_whole("cells", count)
    low, theta, high = found.v_low, found.theta, found.v_high
    above = 0
    if coordinate == "pre_reset" and high > theta:
        if count < 2:
            raise bad("cells", count, "2 or more: one below threshold and one above")
        above = int(np.clip(round(count * (high - theta) / (high - low)), 1, count - 1))
    edges = np.linspace(low, theta, count - above + 1)
    if above:
        edges = np.concatenate([edges, np.linspace(theta, high, above + 1)[1:]])
    refractory = int(step.refractory)
    # The oldest age is the unit that has just spiked; a cell above threshold holds it already.
    steps = np.arange(1, (refractory if ages else 0) + (0 if above else 1))
    spiked = np.arange(count + len(steps)) >= count - above
    spiked[count:] = steps == refractory
    hold = np.where(spiked, refractory, 0)
    hold[count:] = steps
    return Cells(edges, spiked, hold, float(step.V_reset))
