"""SerialStep: the law of one neuron of an event-driven chip, given which neurons spiked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.contexts import Contexts
from causal_snn.chips.chain.limits import too_large
from causal_snn.chips.chain.unit import UnitLaw
from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Branched
from causal_snn.chips.engine.serial import Serial
from causal_snn.chips.engine.step import ChipState, columns_of
from causal_snn.chips.parameters import Parameters

Numbers = NDArray[Any]
Ints = NDArray[np.int64]
_SPIKES = "spikes of "
"""Start of the names under which the spikes of each source are handed over."""


class SerialStep:
    """One step of one neuron: its events, in the chip's order. Deterministic.

    The counterpart of `UnitStep`; what arrives is which neurons spiked and how often, since the
    order of events counts and not only their sum.
    """

    def __init__(self, chip: Chip, parameters: Parameters, unit: int, inputs: Ints) -> None:
        self.chip = chip
        self.columns = columns_of(chip, parameters, unit)
        self.names = chip.registers
        self.kind = parameters.weights.dtype
        self.inputs = inputs
        # The chip's own engine, of which this neuron alone is a target.
        self.engine = Serial(chip, parameters)
        one = slice(unit, unit + 1)
        self.engine.weights = self.engine.weights[one]
        self.engine.input_weights = self.engine.input_weights[one]
        self.engine.threshold = self.engine.threshold[one]
        self.engine.leak = self.engine.leak[one]

    def __call__(self, registers: Mapping[str, Any], arriving: Mapping[str, Any]) -> UnitLaw:
        """Return the next registers; every lane has one outcome."""
        v = np.atleast_1d(registers["v"])
        lanes = max([len(v), *(np.size(x) for x in arriving.values())])
        fired = np.stack([np.broadcast_to(x, (lanes,)) for x in arriving.values()])
        state = ChipState(
            registers={"v": np.array(np.broadcast_to(v, (1, lanes)))},
            history=fired[None],
            inputs=np.zeros((0, len(self.inputs), lanes), dtype=np.int64),
        )
        after = self.engine(state, np.repeat(self.inputs[:, None], lanes, axis=1), Branched())
        return self._law(after.registers["v"][0], after.history[0][0])

    def fired(self, v: Numbers) -> UnitLaw:
        """Return what the threshold alone makes of potentials, (L,)."""
        spikes = (v >= self.columns["threshold"].item()).astype(np.int64)
        return self._law(np.where(spikes > 0, 0, v), spikes)

    def _law(self, v: Numbers, spikes: Ints) -> UnitLaw:
        # An event-driven neuron is tested after every event: no one potential decides.
        potential = np.where(spikes > 0, self.columns["threshold"].item(), v)
        return UnitLaw(
            lane=np.arange(len(v)),
            weight=np.ones(len(v), dtype=np.int64),
            denominator=1,
            registers={"v": v},
            spikes=spikes,
            potential=potential,
            mean=potential,
            wrapped=np.zeros_like(v),
        )


class SerialIncoming:
    """Which neurons spike, as what arrives at a neuron of an event-driven chip.

    The counterpart of `Incoming`. `contexts` lists patterns of single spikes; bursts can occur in
    the network's own states.
    """

    def __init__(self, parameters: Parameters, unit: int) -> None:
        self.n = parameters.n
        self.row = parameters.weights[unit]
        self.sources = np.flatnonzero(self.row)
        self.weights = {1: np.where(np.arange(self.n) == self.sources[:, None], 1, 0)}
        self.names = [f"{_SPIKES}{j}" for j in range(self.n)]

    def contexts(self, *, without: int | None = None, most: int = 1 << 20) -> Contexts:
        """Return every pattern of spikes of the sources, once each."""
        free = [j for j in self.sources.tolist() if j != without]
        if 1 << len(free) > most:
            raise too_large("what arrives at one neuron", 1 << len(free), most)
        number = np.arange(1 << len(free))
        sums = np.zeros((len(number), self.n), dtype=np.int64)
        for bit, j in enumerate(free):
            sums[:, j] = number >> bit & 1
        return Contexts(
            sums=sums,
            arriving=self.arrive(sums),
            patterns=np.ones(len(number), dtype=np.int64),
            slots={1: number},
        )

    def arrive(self, sums: Numbers) -> dict[str, Numbers]:
        """Return spikes (C, n), by source."""
        return {name: sums[:, j] for j, name in enumerate(self.names)}

    def of_spikes(self, history: Sequence[Numbers]) -> Numbers:
        """Return the spikes of the last step, (P, n), those that count."""
        counts = np.zeros(self.n, dtype=np.int64)
        counts[self.sources] = 1
        return np.asarray(history[0] * counts)

    def signed(self, contexts: Contexts) -> Numbers:
        """Return the weights of the sources that spike, added up, (C,)."""
        return np.asarray(contexts.sums @ self.row).astype(float)

    def with_own(self, sums: Numbers, rows: Numbers, unit: int, width: int) -> Numbers:
        """Return spikes (L, n) with the neuron's own."""
        found = sums.copy()
        found[:, unit] = np.where(unit in self.sources, rows[:, width], 0)
        return found
