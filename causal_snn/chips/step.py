"""Step: one tick of a synchronous chip, put together from its description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from causal_snn.chips.chance import Chance, Work
from causal_snn.chips.chip import Chip
from causal_snn.chips.parameters import Parameters
from causal_snn.chips.stages import STAGES, Stage, arriving
from causal_snn.errors import InputError, bad, suggest

Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class ChipState:
    """What a chip's neurons keep between two steps, for L lanes side by side.

    Attributes
    ----------
    registers : mapping of str to array, shape (n, L)
        By name, see `Chip.registers`.
    history : array, shape (D, n, L)
        Spikes of the last D steps, the newest first; D is the longest delay.
    inputs : array, shape (latency, m, L)
        Input spikes that have not arrived yet, the newest first.
    """

    registers: Mapping[str, Numbers]
    history: Numbers
    inputs: Numbers


def columns_of(chip: Chip, parameters: Parameters, unit: int | None = None) -> dict[str, Numbers]:
    """Return the settings as columns (n, 1), or (1, 1) for one unit."""
    kept = slice(None) if unit is None else slice(unit, unit + 1)
    return {setting.name: parameters.neuron[setting.name][kept, None] for setting in chip.settings}


def build_update(chip: Chip, columns: Mapping[str, Numbers]) -> list[Stage]:
    """Return the stages of one step, in the chip's order."""
    for name in chip.order:
        if name not in STAGES:
            raise bad("order", name, "stages of a step", suggest(name, STAGES))
    return [STAGES[name](chip, columns) for name in chip.order]


def update(stages: list[Stage], work: Work, chance: Chance) -> None:
    """Take the registers one step on: ``work`` holds them, and what arrives."""
    work["before"] = work["v"]
    for stage in stages:
        stage(work, chance)
    del work["before"]


class Arrivals:
    """Sums of what arrives at each receptor, from spikes under way and input channels."""

    def __init__(self, chip: Chip, parameters: Parameters) -> None:
        self.chip = chip
        self.shift = parameters.exponent
        self.parts: dict[str, list[tuple[int, Any]]] = {}
        self.inputs: dict[str, Any] = {}
        used = np.unique(parameters.delays[parameters.weights != 0])
        self.depth = max((int(d) for d in used), default=1)
        one = len(chip.receptors) == 1
        for name, sign in chip.receptors.items():
            recurrent = _of_sign(parameters.weights, sign, one)
            self.parts[name] = [
                (int(d), scipy.sparse.csr_array(np.where(parameters.delays == d, recurrent, 0)))
                for d in used
            ]
            self.inputs[name] = scipy.sparse.csr_array(
                _of_sign(parameters.input_weights, sign, one)
            )
        self.stochastic = [
            flags
            for flags in (parameters.stochastic_weights, parameters.stochastic_inputs)
            if flags is not None
        ]

    def __call__(self, history: Numbers, spikes: Numbers) -> Work:
        """Return what arrives, by receptor: history (D, n, L), spikes of the inputs (m, L)."""
        work: Work = {}
        for name in self.chip.receptors:
            total = self.inputs[name] @ spikes
            for delay, table in self.parts[name]:
                total = total + table @ history[delay - 1]
            work[arriving(name)] = self.aligned(total)
        return work

    def aligned(self, total: Numbers) -> Numbers:
        """Return sums shifted by exponent and alignment, as the accumulator holds them."""
        if self.shift > 0:
            total = total << self.shift
        elif self.shift < 0:
            total = total >> -self.shift
        if self.chip.align:
            total = total << self.chip.align
        return total if self.chip.accumulator is None else self.chip.accumulator.fit(total)


def _of_sign(table: Numbers, sign: int, one: bool) -> Numbers:
    return table if one else np.maximum(sign * table, 0)


class Tick:
    """One step of a whole synchronous chip."""

    def __init__(self, chip: Chip, parameters: Parameters) -> None:
        if chip.schedule != "synchronous":
            raise InputError(
                f"{chip.title} is {chip.schedule}; this engine executes synchronous chips"
            )
        self.chip = chip
        self.stages = build_update(chip, columns_of(chip, parameters))
        self.arrivals = Arrivals(chip, parameters)

    def start(self, parameters: Parameters, lanes: int) -> ChipState:
        """Return the state at rest: registers at 0 (or at the settings `start_*`), no spikes."""
        n, m = parameters.n, parameters.inputs
        kind = parameters.weights.dtype
        registers = {}
        for name in self.chip.registers:
            given = parameters.neuron.get("rest") if name == "v" else None
            column = np.zeros(n, kind) if given is None else given
            registers[name] = np.repeat(column[:, None], lanes, axis=1)
        return ChipState(
            registers=registers,
            history=np.zeros((self.arrivals.depth, n, lanes), kind),
            inputs=np.zeros((self.chip.input_latency, m, lanes), kind),
        )

    def __call__(self, state: ChipState, spikes: Numbers, chance: Chance) -> ChipState:
        """Return the state one step on, given the input spikes (m, L) of this step."""
        late = self.chip.input_latency
        work = self.arrivals(state.history, state.inputs[late - 1] if late else spikes)
        work |= state.registers
        work["s"] = state.history[0]
        update(self.stages, work, chance)
        return ChipState(
            registers={name: work[name] for name in self.chip.registers},
            history=np.concatenate([work["s"][None], state.history[:-1]]),
            inputs=np.concatenate([spikes[None], state.inputs[:-1]]) if late else state.inputs,
        )
