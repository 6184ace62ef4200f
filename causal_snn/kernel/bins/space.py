"""The states of one unit that a bin is solved on, and functions of them.

As `causal_snn.simulation.quadrature.unit`: nodes of intervals below threshold, refractory ages, and
the unit that spikes, which is one state where the reset forgets the potential. Functions on the
intervals are polynomials; a step is exact on those, so what they miss is all the error there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.bins.task import Bin
from causal_snn.simulation.quadrature.legendre import legendre_of_values
from causal_snn.simulation.quadrature.unit import Element, Micro, forgets, noisy_space

Floats = NDArray[np.float64]
Place = tuple[Element, slice, bool]


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """The states; made by `space_of`.

    Attributes
    ----------
    nodes : Micro
        Every state, those that do not spike first.
    quiet : int
        How many do not spike.
    held : int
        The state that is held for no more step, at V_reset; the ages follow it.
    places : tuple of (element, slice, bool)
        The intervals (mV), ascending, the states that are their nodes, and whether they spike.
    atom : bool
        Whether the last state stands for every spike: the reset forgets the potential.
    """

    nodes: Micro
    quiet: int
    held: int
    places: tuple[Place, ...]
    atom: bool

    @property
    def size(self) -> int:
        """Number of states, g."""
        return len(self.nodes.v)

    def at(self, values: Floats, points: Micro) -> Floats:
        """Return functions on the states, (C, g, Y), at micro states, (C, M, Y)."""
        found = np.empty((len(values), len(points.v), values.shape[2]))
        states = self._states(points)
        found[:, states >= 0] = values[:, states[states >= 0]]
        for (lo, hi, count), columns, spiking in self.places:
            here = (states < 0) & (points.spiked == spiking) & (lo <= points.v) & (points.v <= hi)
            if np.any(here):
                relative = (2.0 * points.v[here] - lo - hi) / (hi - lo)
                basis = np.polynomial.legendre.legvander(relative, count - 1)
                found[:, here] = (basis @ legendre_of_values(count)) @ values[:, columns]
        return found

    def last_coefficients(self, values: Floats) -> Floats:
        """Return the last two Legendre coefficients on each interval, (intervals, C, 2, Y).

        They tell what polynomials miss: those of an analytic function fall geometrically.
        """
        return np.array(
            [
                legendre_of_values(count)[-2:] @ values[:, columns]
                for (_, _, count), columns, _ in self.places
            ]
        )

    def _states(self, points: Micro) -> NDArray[np.int64]:
        """Return the state that a point is, or -1 where it lies on an interval."""
        found = np.where(~points.spiked & (points.hold > 0), self.held + points.hold, -1)
        if self.atom:
            found[points.spiked] = self.size - 1
        return found


def space_of(task: Bin, elements: tuple[Element, ...]) -> Space:
    """Return the states of the unit: with bridges, one that spikes exactly at threshold too."""
    unit = noisy_space(task.step, elements)
    nodes, atom = unit.nodes, forgets(task.step)
    if task.bridge and not atom:
        nodes = Micro(
            np.append(nodes.v, task.step.theta),
            np.append(nodes.spiked, True),
            np.append(nodes.hold, 0),
        )
    found, below, above = [], 0, unit.quiet
    for element in elements:
        spiking = element[1] > task.step.theta
        first = above if spiking else below
        found.append((element, slice(first, first + element[2]), spiking))
        above, below = above + element[2] * spiking, below + element[2] * (not spiking)
    return Space(nodes, unit.quiet, unit.quiet - int(task.step.refractory), tuple(found), atom)
