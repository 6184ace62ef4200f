"""Runs: the float network's spikes under one noise, and any chip's against them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.models.network import Network
from causal_snn.spikes import TrainComparison, compare
from causal_snn.studies.chip_fidelity.driven import chip_spikes, float_spikes, trains

Floats = NDArray[np.float64]
Rng = np.random.Generator | int | None


class Runs:
    """Runs under one noise: the float network's once, then any chip against it."""

    def __init__(
        self,
        network: Network,
        mapped: Mapped,
        sigma: Floats,
        inputs: NDArray[np.int64],
        steps: int,
        rng: Rng,
        cost: float,
        tau: float,
        width: float | None,
    ) -> None:
        self.network, self.sigma, self.inputs = network, sigma, inputs
        self.rng = np.random.default_rng(rng)
        self.options = {
            "cost": cost, "tau": tau, "width": 2.0 * network.dt if width is None else width
        }  # fmt: skip
        shape = (steps, network.n)
        self.kicks = sigma * self.rng.standard_normal(shape)
        other = sigma * self.rng.standard_normal(shape)
        _, start = chip_spikes(mapped, self.kicks[:0], sigma, inputs, self.rng)
        self.reference, elsewhere = (
            trains(float_spikes(network, kicks, start), network.labels, network.dt)
            for kicks in (self.kicks, other)
        )
        self.baseline = compare(self.reference, elsewhere, **self.options)

    def against(self, mapped: Mapped) -> TrainComparison:
        """Return the float network's spikes compared with a chip's, under the same noise."""
        spikes, _ = chip_spikes(mapped, self.kicks, self.sigma, self.inputs, self.rng)
        chip = trains(spikes, self.network.labels, self.network.dt)
        return compare(self.reference, chip, **self.options)
