"""What is asked about one unit over a bin of whole steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn.models.step import StepMap
from causal_snn.simulation.quadrature.unit import Micro

Floats = NDArray[np.float64]
Effect = Literal["spike", "count", "word"]
Crossing = Literal["end_of_step", "bridge"]


@dataclass(frozen=True, slots=True)
class Bin:
    """One unit and the bin.

    Attributes
    ----------
    step : StepMap
        The unit's step, fields as scalars.
    own_weight : float
        Input that its own spike gives it one step later, in the unit of the weights.
    steps : int
        Length of the bin.
    effect : {"spike", "count", "word"}
    crossing : {"end_of_step", "bridge"}
        Where a spike is looked for.
    """

    step: StepMap
    own_weight: float
    steps: int
    effect: Effect
    crossing: Crossing = "end_of_step"

    @property
    def bridge(self) -> bool:
        """Whether crossings between steps count."""
        return self.crossing == "bridge"

    def input(self, start: Micro, c: Floats | float) -> Floats:
        """Return the input of micro states, c from the others and the unit's own, (M,)."""
        return np.asarray(c + self.own_weight * start.spiked, dtype=float)

    def jump(self, start: Micro, c: Floats | float) -> Floats:
        """Return how far the potential jumps at the end of the step (mV), shape (M,)."""
        moved = self.step.gain_potential * (self.input(start, c) + self.step.bias)
        return np.where(start.spiked & self.step.restart, 0.0, moved)
