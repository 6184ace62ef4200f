"""Step: one tick of a synchronous chip, put together from its description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance, Work
from causal_snn.chips.engine.stages import STAGES, Stage, arriving
from causal_snn.chips.engine.sums import Sums
from causal_snn.chips.parameters import Parameters
from causal_snn.chips.weight_check import entries
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
    """Sums of what arrives at each receptor, from spikes under way and input channels.

    One table: a row for each receptor and neuron, a column for each delay in use and neuron, then
    one for each input channel. Stochastic synapses add nothing but are counted, by value, as if
    each value were a receptor (`kinds`).
    """

    def __init__(self, chip: Chip, parameters: Parameters) -> None:
        self.chip = chip
        self.n = parameters.n
        self.shift = parameters.exponent
        targets, sources, own = entries(parameters.weights)
        delays = parameters.delays[targets, sources]
        used, place = np.unique(delays, return_inverse=True)
        self.delays = tuple(int(d) for d in used)
        self.depth = max(self.delays, default=1)
        to, channels, arriving_weights = entries(parameters.input_weights)
        weights = np.concatenate([own, arriving_weights])
        rows = np.concatenate([targets, to])
        columns = np.concatenate(
            [place * parameters.n + sources, len(used) * parameters.n + channels]
        )
        if len(chip.receptors) > 1:  # each takes the weights of its sign, as magnitudes
            signs = np.array(list(chip.receptors.values()))
            rows = rows + parameters.n * np.argmax(signs[:, None] == np.sign(weights), axis=0)
            weights = abs(weights)
        drawn = _drawn(parameters, (targets, sources), (to, channels))
        values, kind = np.unique(weights[drawn], return_inverse=True)
        rows[drawn] += self.n * (len(chip.receptors) + kind)
        weights[drawn] = 1  # how many are active, for each value that a stochastic synapse has
        self.kinds = (*chip.receptors, *(f"stochastic {value}" for value in values))
        shape = (len(self.kinds) * self.n, len(used) * self.n + parameters.inputs)
        table = scipy.sparse.csr_array((weights, (rows, columns)), shape=shape)
        self.sums = Sums(table, most=chip.max_spikes, whole=chip.number == "integer")
        self.room = self._room()
        heaviest = float(abs(table).sum(axis=1, dtype=np.float64).max(initial=0))
        self.most = self.room / max(heaviest * chip.max_spikes, 1.0)

    def __call__(self, history: Numbers, spikes: Numbers) -> Work:
        """Return what arrives, by receptor: history (D, n, L), spikes of the inputs (m, L).

        Raises
        ------
        InputError
            If so many spikes arrive that 64 bits would not hold what they add.
        """
        counts = [*(history[delay - 1] for delay in self.delays), spikes]
        peak = int(spikes.max(initial=0))
        if peak > self.most:
            self._check(counts)
        total = self.aligned(self.sums(counts, peak))
        return {
            arriving(name): total[k * self.n : (k + 1) * self.n]
            for k, name in enumerate(self.kinds)
        }

    def _room(self) -> float:
        """Return how much can arrive, before shifts, so that int64 holds it and its decay."""
        chip, bits = self.chip, 62 - max(self.shift, 0) - self.chip.align
        if chip.number != "integer":
            return np.inf
        if (chip.current or chip.voltage).overflow in ("wrap_once", "none"):
            # What is brought back once, or not at all, goes into a product as it is.
            decays = (chip.current_decay, chip.voltage_decay)
            bits -= max((d.bits for d in decays if d and d.kind == "multiply"), default=0)
        return 2.0**bits

    def _check(self, counts: list[Numbers]) -> None:
        sizes = abs(self.sums.table).astype(np.float64)
        if (sizes @ np.concatenate(counts)).max(initial=0) > self.room:
            raise bad(
                "input_spikes",
                int(counts[-1].max()),
                f"with these weights 64 bits of {self.chip.title} do not hold what so many spikes "
                f"of a step add; {int(self.most)} of each channel they always hold",
            )

    def aligned(self, total: Numbers) -> Numbers:
        """Return sums shifted by exponent and alignment, as the accumulator holds them."""
        form = self.chip.accumulator
        if form is not None and self.chip.accumulates == "unshifted":
            total, form = form.fit(total), None
        if self.shift > 0:
            total = total << self.shift
        elif self.shift < 0:
            total = total >> -self.shift
        if self.chip.align:
            total = total << self.chip.align
        return total if form is None else form.fit(total)


def _drawn(
    parameters: Parameters, recurrent: tuple[Any, Any], inputs: tuple[Any, Any]
) -> NDArray[np.bool_]:
    """Return which synapses are stochastic: they have one receptor, and are counted by value."""
    pairs = [
        (parameters.stochastic_weights, recurrent),
        (parameters.stochastic_inputs, inputs),
    ]
    return np.concatenate(
        [np.zeros(len(at[0]), bool) if flags is None else flags[at] for flags, at in pairs]
    )


class Tick:
    """One step of a whole synchronous chip."""

    def __init__(self, chip: Chip, parameters: Parameters) -> None:
        if chip.schedule != "synchronous":
            raise InputError(
                f"{chip.title} is {chip.schedule}; this engine executes synchronous chips"
            )
        self.chip = chip
        columns = columns_of(chip, parameters)
        same = {name: bool(np.all(value == value[0])) for name, value in columns.items()}
        # A setting that is the same for all neurons as one number: faster than by rows.
        columns = {name: value[:1] if same[name] else value for name, value in columns.items()}
        self.stages = build_update(chip, columns)
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
            history=np.zeros((self.arrivals.depth, n, lanes), np.int64),
            inputs=np.zeros((self.chip.input_latency, m, lanes), np.int64),
        )

    def __call__(self, state: ChipState, spikes: Numbers, chance: Chance) -> ChipState:
        """Return the state one step on, given the input spikes (m, L) of this step."""
        late, most = self.chip.input_latency, self.chip.max_inputs
        if most is not None:
            spikes = np.minimum(spikes, most)
        work = self.arrivals(state.history, state.inputs[late - 1] if late else spikes)
        work |= state.registers
        work["s"] = state.history[0]
        update(self.stages, work, chance)
        return ChipState(
            registers={name: work[name] for name in self.chip.registers},
            history=np.concatenate([work["s"][None], state.history[:-1]]),
            inputs=np.concatenate([spikes[None], state.inputs[:-1]]) if late else state.inputs,
        )
