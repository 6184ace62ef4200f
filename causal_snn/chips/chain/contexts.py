"""What can arrive at a neuron: the sums of every spike pattern, each with how many give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.limits import too_large
from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.stages import arriving
from causal_snn.chips.engine.step import Arrivals
from causal_snn.chips.engine.truenorth_stages import STOCHASTIC
from causal_snn.chips.parameters import Parameters

Numbers = NDArray[Any]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Contexts:
    """C different things that can arrive at a neuron in one step.

    Attributes
    ----------
    sums : array, shape (C, R)
        Before the accumulator: a column for each receptor (and each value of a stochastic
        synapse).
    arriving : mapping of str to array, shape (C,)
        By receptor, as the accumulator holds it.
    patterns : array of int, shape (C,)
        How many spike patterns give it.
    slots : mapping of int to array of int, shape (C,)
        By delay, which of the sums of that delay's spikes it is.
    """

    sums: Numbers
    arriving: Mapping[str, Numbers]
    patterns: Ints
    slots: Mapping[int, Ints]

    @property
    def n(self) -> int:
        """Number of contexts."""
        return len(self.patterns)


class Incoming:
    """Everything that arrives at one neuron, as sums over spikes.

    Parameters
    ----------
    arrivals : Arrivals
    parameters : Parameters
    unit : int
    inputs : array of int, shape (m,)
        Spikes of the input channels, the same in every step.
    """

    def __init__(self, arrivals: Arrivals, parameters: Parameters, unit: int, inputs: Ints) -> None:
        self.arrivals = arrivals
        self.most_spikes = arrivals.chip.max_spikes
        own = _table(parameters, unit, recurrent=True)
        fixed = _table(parameters, unit, recurrent=False)
        chip = arrivals.chip
        rows = _channels(chip, *own), _channels(chip, *fixed)
        self.receptors = [arriving(name) for name in chip.receptors]
        self.names = [*self.receptors, *sorted({*rows[0], *rows[1]} - set(self.receptors))]
        zero = np.zeros(parameters.n, dtype=own[0].dtype)
        table = np.stack([rows[0].get(name, zero) for name in self.names])  # (R, n)
        empty = np.zeros(parameters.inputs, dtype=own[0].dtype)
        self.constant = np.stack([rows[1].get(name, empty) for name in self.names]) @ inputs
        delays = parameters.delays[unit]
        self.weights = {
            int(d): np.where(delays == d, table, 0)
            for d in np.unique(delays[np.any(table, axis=0)])
        }
        """By delay, what a spike of each neuron adds to each sum, (R, n)."""

    def sums(
        self, delay: int, *, without: int | None = None, most: int = 1 << 20
    ) -> tuple[Numbers, Ints]:
        """Return the different sums (C, R) of one delay's spikes, and their patterns (C,)."""
        rows = self.weights[delay]
        sums, count = np.zeros((1, len(rows)), dtype=rows.dtype), np.ones(1, dtype=np.int64)
        counts = np.arange(self.most_spikes + 1)[:, None, None]
        for source in np.flatnonzero(np.any(rows, axis=0)):
            if source == without:
                continue
            every = (sums + counts * rows[:, source]).reshape(-1, len(rows))
            sums, where = np.unique(every, axis=0, return_inverse=True)
            if len(sums) > most:
                raise too_large("what arrives at one neuron", len(sums), most)
            count = np.bincount(where.ravel(), np.tile(count, len(counts))).astype(np.int64)
        return sums, count

    def contexts(self, *, without: int | None = None, most: int = 1 << 20) -> Contexts:
        """Return everything that can arrive; `without` leaves out a neuron's spikes."""
        delays = sorted(self.weights)
        tables = [self.sums(d, without=without, most=most) for d in delays]
        sizes = [len(sums) for sums, _ in tables]
        total = int(np.prod([float(size) for size in sizes])) if sizes else 1
        if total > most:
            raise too_large("what arrives at one neuron", total, most)
        index = np.unravel_index(np.arange(total), sizes) if sizes else ()
        sums = np.repeat(self.constant[None], total, axis=0)
        patterns = np.ones(total, dtype=np.int64)
        for (table, count), k in zip(tables, index, strict=True):
            sums = sums + table[k]
            patterns = patterns * count[k]
        return Contexts(
            sums=sums,
            arriving=self.arrive(sums),
            patterns=patterns,
            slots={d: np.asarray(k) for d, k in zip(delays, index, strict=True)},
        )

    def arrive(self, sums: Numbers) -> dict[str, Numbers]:
        """Return sums (C, R), as the accumulator holds them, by name."""
        return {
            name: self.arrivals.aligned(sums[:, r]) if name in self.receptors else sums[:, r]
            for r, name in enumerate(self.names)
        }

    def signed(self, contexts: Contexts) -> Numbers:
        """Return what the receptors together add, with their signs, (C,)."""
        total = np.zeros(contexts.n)
        for name, sign in self.arrivals.chip.receptors.items():
            total = total + sign * contexts.arriving[arriving(name)]
        return total

    def with_own(self, sums: Numbers, rows: Numbers, unit: int, width: int) -> Numbers:
        """Return sums (L, R) with what a neuron's own spikes add: columns `width`... of `rows`."""
        for delay, weights in self.weights.items():
            if np.any(weights[:, unit]):
                sums = sums + rows[:, width + delay - 1, None].astype(np.int64) * weights[:, unit]
        return sums

    def of_spikes(self, history: Sequence[Numbers]) -> Numbers:
        """Return the sums (P, R) of spikes: history[d - 1] has shape (P, n)."""
        lanes = len(history[0])
        sums = np.repeat(self.constant[None], lanes, axis=0)
        for delay, rows in self.weights.items():
            sums = sums + history[delay - 1] @ rows.T
        return sums


def _table(
    parameters: Parameters, unit: int, *, recurrent: bool
) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return a neuron's weights and which of them are stochastic."""
    weights = parameters.weights if recurrent else parameters.input_weights
    flags = parameters.stochastic_weights if recurrent else parameters.stochastic_inputs
    row = weights[unit]
    return row, np.zeros(row.shape, dtype=bool) if flags is None else flags[unit]


def _channels(chip: Chip, row: Numbers, chancy: NDArray[np.bool_]) -> dict[str, Numbers]:
    """Return what a spike adds to each sum: by receptor, and by value of chancy synapses."""
    sure = np.where(chancy, 0, row)
    one = len(chip.receptors) == 1
    found = {
        arriving(name): sure if one else np.maximum(sign * sure, 0)
        for name, sign in chip.receptors.items()
    }
    for value in np.unique(row[chancy]):
        found[f"{STOCHASTIC}{int(value)}"] = ((row == value) & chancy).astype(row.dtype)
    return found


def merged(contexts: Contexts) -> Contexts:
    """Return the contexts that differ after the accumulator, with their patterns added up."""
    table = np.stack(list(contexts.arriving.values()), axis=1)
    rows, where = np.unique(table, axis=0, return_inverse=True)
    patterns = np.zeros(len(rows), dtype=np.int64)
    np.add.at(patterns, where.ravel(), contexts.patterns)
    _, first = np.unique(where.ravel(), return_index=True)
    return Contexts(
        sums=contexts.sums[first],
        arriving={name: rows[:, r] for r, name in enumerate(contexts.arriving)},
        patterns=patterns,
        slots={},
    )
