"""Serial: a chip that handles its events one after another, so that their order counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance
from causal_snn.chips.engine.step import ChipState
from causal_snn.chips.parameters import Parameters
from causal_snn.chips.weight_check import check_weights
from causal_snn.errors import InputError, bad

Numbers = NDArray[Any]


class Serial:
    """One step of an event-driven chip: the same protocol as `step.Tick`.

    A step is what happens between two time references. Its events are the input spikes, the
    spikes of the step before, and the time reference, in the order of `Chip.order`. Each event
    acts on all neurons (which do not see each other within an event) and is followed by the
    threshold test. A neuron can spike several times in a step; each spike is an event of
    the next step.

    Raises
    ------
    InputError
        If the chip is not serial, or a weight, a delay or a source's signs are not what it holds.
    """

    def __init__(self, chip: Chip, parameters: Parameters) -> None:
        if chip.schedule != "serial":
            raise InputError(f"{chip.title} is {chip.schedule}; this engine executes serial chips")
        check_loaded(chip, parameters)
        self.chip = chip
        self.weights = parameters.weights
        self.input_weights = parameters.input_weights
        self.served = np.argsort(parameters.neuron["rank"], kind="stable")
        self.threshold = parameters.neuron["threshold"][:, None]
        self.leak = parameters.neuron["leak"][:, None]

    def start(self, parameters: Parameters, lanes: int) -> ChipState:
        """Return the state at rest: potentials 0, no spikes."""
        n = parameters.n
        return ChipState(
            registers={"v": np.zeros((n, lanes), np.int64)},
            history=np.zeros((1, n, lanes), np.int64),
            inputs=np.zeros((0, parameters.inputs, lanes), np.int64),
        )

    def __call__(self, state: ChipState, spikes: Numbers, chance: Chance) -> ChipState:  # noqa: ARG002
        """Return the state one step on, given the input spikes (m, L) of this step."""
        v = state.registers["v"]
        fired = np.zeros(v.shape, np.int64)
        for change, lanes in self._events(state.history[0], spikes):
            v = self.chip.voltage.fit(v + change)
            spike = (v >= self.threshold) & lanes
            fired += spike
            v = np.where(spike, 0, v)
        return ChipState(registers={"v": v}, history=fired[None], inputs=state.inputs)

    def _events(self, spikes: Numbers, inputs: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield for each event what it adds (n, L), and in which lanes it happens (L,)."""
        for name in self.chip.order:
            match name:
                case "inputs":
                    yield from _each(inputs, self.input_weights, range(len(inputs)))
                case "spikes":
                    yield from _each(spikes, self.weights, self.served)
                case "reference":
                    yield -self.leak, np.ones(spikes.shape[1], dtype=bool)


def _each(
    counts: Numbers, weights: Numbers, order: Iterable[int]
) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield the events of sources in order, a source's spikes in a row."""
    for source in order:
        for spike in range(int(counts[source].max(initial=0))):
            lanes = counts[source] > spike
            yield weights[:, source, None] * lanes, lanes


def check_loaded(chip: Chip, parameters: Parameters) -> None:
    """Raise `InputError` where parameters, perhaps made for another chip, do not fit this one."""
    least, most = chip.delay
    if np.any((parameters.delays < least) | (parameters.delays > most)):
        raise bad("delays", parameters.delays.max(), f"{least} to {most} on {chip.title}")
    tables = {"weights": parameters.weights, "input_weights": parameters.input_weights}
    check_weights(chip, tables, exponent=parameters.exponent)
