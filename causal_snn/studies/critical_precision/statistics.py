"""Statistics of spikes that a sweep sets beside causal measures: rate, CV, correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.engine.chance import Sampled
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.models.network import Network
from causal_snn.studies.chip_fidelity.driven import noisy_engine

Floats = NDArray[np.float64]
Raster = NDArray[np.bool_]
LANES = 64
"""Independent runs side by side."""
WARM_UP = 200
"""Steps that are not counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Spike statistics of n units.

    Attributes
    ----------
    rate : array, shape (n,)
        Spikes per second (Hz).
    cv : array, shape (n,)
        Standard deviation over mean of the intervals; not a number with fewer than two.
    correlation : array, shape (n, n)
        Pearson's, of spikes in the same step; not a number for units that never vary.
    """

    rate: Floats
    cv: Floats
    correlation: Floats


def statistics(raster: Raster, dt: float) -> Statistics:
    """Return the statistics of spikes in T steps of `dt` ms, shape (T, n, L), over L runs."""
    steps, n, lanes = raster.shape
    spread = np.full(n, np.nan)
    for k in range(n):
        lane, when = np.nonzero(raster[:, k].T)
        gaps = np.diff(when)[np.diff(lane) == 0]  # no interval from one run to the next
        if gaps.size > 1:
            spread[k] = gaps.std() / gaps.mean()
    flat = np.moveaxis(raster, 1, 0).reshape(n, steps * lanes).astype(float)
    apart = flat - flat.mean(axis=1, keepdims=True)
    size = np.sqrt((apart**2).sum(axis=1))
    product = np.outer(size, size)
    correlation = np.divide(
        apart @ apart.T, product, out=np.full((n, n), np.nan), where=product > 0
    )
    return Statistics(
        rate=raster.mean(axis=(0, 2)) / dt * 1000.0, cv=spread, correlation=correlation
    )


class Runs:
    """Runs of a float network and of chips on the very same noise.

    So that what differs between them is arithmetic, not chance.
    """

    def __init__(self, network: Network, sd: Floats, steps: int, seed: int) -> None:
        self.network, self.sd, self.steps, self.seed = network, sd, steps + WARM_UP, seed

    def kicks(self) -> np.random.Generator:
        """Return the source of the noise, from its start."""
        return np.random.default_rng(self.seed)

    def of_network(self) -> Statistics:
        """Return the statistics of the float network, started at rest."""
        step = self.network.step().column()
        shape = (self.network.n, LANES)
        v, i = np.broadcast_to(np.asarray(step.rest, dtype=float), shape), np.zeros(shape)
        spiked, held = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int64)
        draw, fired = self.kicks(), []
        for _ in range(self.steps):
            held = np.where(spiked, step.refractory, np.maximum(held - 1, 0))
            following, i = step.mean(v, i, spiked, self.network.weights @ spiked)
            following = following + self.sd[:, None] * draw.standard_normal(shape)
            v = np.where(held > 0, step.V_reset, following)
            spiked = np.asarray(step.spikes(v)) & (held == 0)
            fired.append(spiked)
        return statistics(np.stack(fired[WARM_UP:]), self.network.dt)

    def of_chip(self, mapped: Mapped) -> Statistics:
        """Return the statistics of a chip without input, started at rest.

        Raises
        ------
        InputError
            If there is noise and the chip has no step to add it to.
        """
        tick, noise = noisy_engine(mapped, self.sd)
        shape, n = (self.network.n, LANES), mapped.parameters.n
        state = tick.start(mapped.parameters, LANES)
        silent = np.zeros((mapped.parameters.inputs, LANES), dtype=np.int64)
        amplitude = (self.sd * mapped.scale)[:, None]
        draw, fired = self.kicks(), []
        chance = Sampled(np.random.default_rng((self.seed, 1)))  # apart from the noise
        for _ in range(self.steps):
            column = np.zeros((n, LANES))
            column[mapped.place] = amplitude * draw.standard_normal(shape)
            noise["kick"] = column
            state = tick(state, silent, chance)
            fired.append(state.history[0][mapped.place] > 0)
        return statistics(np.stack(fired[WARM_UP:]), self.network.dt)
