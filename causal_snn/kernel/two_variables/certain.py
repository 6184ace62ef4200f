"""A bin of several steps without noise: boxes that are followed, enclosed in every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.two_variables.bin_effect import flow
from causal_snn.kernel.two_variables.unit import PlaneUnit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Certain:
    """What a deterministic unit does after its first step.

    Attributes
    ----------
    one : PlaneUnit
    inputs : (float, float)
        Least and greatest input of every step.
    error : float
        None: bounds are rigorous.
    """

    one: PlaneUnit
    inputs: tuple[float, float]
    error: float = 0.0

    def spike(self, low: Floats, high: Floats, steps: int) -> tuple[Floats, Floats]:
        """Return whether all states of a box spike, and whether any may; 0 or 1, shape (n,).

        A box that is above threshold as a whole has spiked in all its states; of one that lies
        on both sides the quiet part goes on.
        """
        surely = np.zeros(low.shape[1], bool)
        maybe = surely.copy()
        quiet = ~surely
        for step in range(steps):
            if step:
                low, high = flow(self.one, low[1:], high[1:], self.inputs)
            above, touches = (x > 0 if self.one.strict else x >= 0 for x in (low[0], high[0]))
            surely |= quiet & above
            maybe |= quiet & touches
            quiet &= ~above
            low, high = self._below(low, high)
        return surely.astype(float), maybe.astype(float)

    def _below(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the part of boxes that has not spiked."""
        high = high.copy()
        top = self.one.threshold(high[1 + self.one.second])
        high[1] = np.maximum(np.minimum(high[1], top), low[1])
        return low, high
