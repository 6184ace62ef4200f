"""Random inputs while they run: Ornstein-Uhlenbeck currents and Poisson spikes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.models.inputs import OUCurrent, PoissonInput

if TYPE_CHECKING:
    from causal_snn.simulation.engine.core import Engine


FORGOTTEN = 1e-40
"""What a step keeps of the current, below which rounding loses it: its noise is far larger."""


class OrnsteinUhlenbeck:
    """An OU current of every unit in every lane; `value` has shape (rows, n, lanes)."""

    def __init__(self, source: OUCurrent, engine: Engine) -> None:
        n, dt = engine.n, engine.dt
        order = engine.layout.order
        sd = source.per_unit("sd", n)[order]
        decay = np.exp(-dt / source.per_unit("tau", n)[order])
        self.sd = sd.astype(engine.dtype)[None, :, None]
        self.decay = decay.astype(engine.dtype)[None, :, None]
        self.spread = (sd * np.sqrt(1.0 - decay**2)).astype(engine.dtype)[None, :, None]
        self.value = np.zeros((engine.rows, n, engine.lanes), engine.dtype)
        self.half = engine.rows // 2 if engine.antithetic else None
        self.white = self.half is None and bool(np.all(decay < FORGOTTEN))
        self.normals, self.z = engine.new_normals()

    def start(self) -> None:
        """Draw from the stationary law."""
        self.normals.draw()
        self.value.fill(0)
        self._add(self.z * self.sd)

    def advance(self) -> None:
        """Take one exact step."""
        self.normals.draw()
        if self.white:  # drawn anew in each step
            np.multiply(self.z, self.spread, out=self.value)
            return
        np.multiply(self.value, self.decay, out=self.value)
        np.multiply(self.z, self.spread, out=self.z)
        self._add(self.z)

    def _add(self, change: Any) -> None:
        if self.half is None:
            self.value += change
        else:
            self.value[: self.half] += change
            self.value[self.half :] -= change


class PoissonSource:
    """Poisson spikes of every unit in every lane."""

    def __init__(self, source: PoissonInput, engine: Engine) -> None:
        n, order = engine.n, engine.layout.order
        self.state, self.engine = source.state, engine
        self.expected = source.per_unit("rate", n)[order] * engine.dt / 1000.0  # Hz, ms
        self.weight = source.per_unit("weight", n)[order].astype(engine.dtype)[:, None]

    def deliver(self) -> None:
        """Add the spikes of this step to what arrives."""
        engine = self.engine
        buffer = engine.traffic.buffers[self.state]
        if engine.shared:
            buffer += self._counts(engine.streams[0], 1) * self.weight
            return
        for k, generator in enumerate(engine.streams):
            # Antithetic rows lie half the rows apart; their spikes from outside are independent.
            rows = buffer[k :: len(engine.streams)]
            rows += self._counts(generator, len(rows)) * self.weight

    def _counts(self, generator: np.random.Generator, rows: int) -> Any:
        shape = (rows, self.engine.n, self.engine.lanes)
        return generator.poisson(self.expected[:, None], size=shape).astype(self.engine.dtype)
