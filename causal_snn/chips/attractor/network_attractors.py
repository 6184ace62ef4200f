"""Attractors of a network on a deterministic chip: cycles of all registers together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.attractor.functional_graph import functional_graph
from causal_snn.chips.attractor.neuron_attractors import NoChance
from causal_snn.chips.chain.arguments import constant_inputs
from causal_snn.chips.engine.step import ChipState
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.chips.run import engine
from causal_snn.errors import InputError, bad
from causal_snn.provenance import provenance

Numbers = NDArray[Any]
MOST_STARTS = 4096
LEVELS = 4
"""Potentials of a unit that the default starts combine."""
OVERHEAD = 200
"""Memory of a listed state beside its registers, about (bytes)."""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkAttractors:
    """Cycles that a network falls into under constant input.

    Attributes
    ----------
    labels : tuple of str
    period : array of int, shape (C,)
        Steps of each cycle, largest basin first; 1 is a state that stays.
    spikes : array of int, shape (C, n)
        Spikes of each unit in one period.
    basin : array of int, shape (C,)
        How many of the starts end in it.
    reached : int
        Joint states of all registers that were reached.
    transient : int
        Most steps from a start until the state repeats.
    starts : int
    provenance : mapping
    """

    labels: tuple[str, ...]
    period: NDArray[np.int64]
    spikes: NDArray[np.int64]
    basin: NDArray[np.int64]
    reached: int
    transient: int
    starts: int
    provenance: Mapping[str, Any]

    @property
    def count(self) -> int:
        """Number of attractors."""
        return len(self.period)


def network_attractors(
    mapped: Mapped,
    *,
    starts: ArrayLike | None = None,
    inputs: Sequence[int] | None = None,
    most: int = 100_000,
) -> NetworkAttractors:
    """Return the attractors that a mapped network reaches, by its joint register states.

    Parameters
    ----------
    mapped : Mapped
        On a deterministic chip.
    starts : array, shape (K, n), optional
        Potentials to start from (mV), with no spikes or currents under way. Default: every
        combination of four evenly spaced potentials from reset to just below threshold.
    inputs : sequence of int, optional
        Spikes of each input channel in every step; default none.
    most : int
        Joint states up to which the search goes on.

    Returns
    -------
    NetworkAttractors

    Raises
    ------
    InputError
        If the chip is stochastic or continuous, a shape is wrong, or more than `most` joint
        states are reached.
    """
    chip, settings = mapped.chip, mapped.parameters
    if chip.schedule == "continuous" or chip.number != "integer":
        raise bad("mapped", chip.title, "a chip with registers of whole numbers")
    given = constant_inputs(inputs, settings.inputs)
    first = _starting(mapped, starts)
    tick = engine(chip, settings)
    state = tick.start(settings, len(first))
    registers = dict(state.registers)
    registers["v"] = registers["v"].copy()
    registers["v"][mapped.place] = first.T
    rows = _pack(ChipState(registers, state.history, state.inputs + given[None, :, None]))
    walk = _Walk(mapped, tick, given, most)
    place = walk.run(rows)
    graph = functional_graph(walk.successor())
    ending = graph.cycle[place]
    order = np.argsort(-np.bincount(ending, minlength=len(graph.period)), kind="stable")
    kept = [k for k in order if np.any(ending == k)]
    fired = walk.spikes()
    spikes = [fired[_cycle(walk.successor(), int(graph.start[k]))].sum(axis=0) for k in kept]
    return NetworkAttractors(
        labels=mapped.labels,
        period=graph.period[kept],
        spikes=np.array(spikes)[:, mapped.place],
        basin=np.bincount(ending, minlength=len(graph.period))[kept],
        reached=len(graph.cycle),
        transient=int(graph.transient[place].max()),
        starts=len(first),
        provenance=provenance(
            "functional graph of the joint registers that are reached from the starts",
            chip=chip.title,
            starts="grid of potentials" if starts is None else "given",
            inputs=given.tolist(),
            grain="tick",
        ),
    )


class _Walk:
    """Breadth-first search over joint states, many at a time."""

    def __init__(self, mapped: Mapped, tick: Any, given: Numbers, most: int) -> None:
        self.mapped, self.tick, self.given, self.most = mapped, tick, given, most
        self.number: dict[bytes, int] = {}
        self.next: dict[int, int] = {}
        self.fired: list[Numbers] = []
        self.width = 0

    def run(self, rows: Numbers) -> NDArray[np.int64]:
        """Follow every row until all states are known; return the numbers of the rows."""
        place, fresh = self._enter(rows)
        self.width = rows.shape[1]
        starts = len(rows)
        while len(fresh):
            state = self._unpack(fresh)
            spikes = np.repeat(self.given[:, None], len(fresh), axis=1)
            following = _pack(self.tick(state, spikes, NoChance()))
            now = [self.number[row.tobytes()] for row in fresh]
            ends, fresh = self._enter(following)
            self.next.update(zip(now, ends.tolist(), strict=True))
            if len(self.number) > self.most:
                raise self._too_many(starts)
        return place

    def _too_many(self, starts: int) -> InputError:
        found = len(self.number)
        memory = found * (2 * 8 * self.width + OVERHEAD) / 1e6
        return bad(
            "most",
            self.most,
            f"state space too large: {starts:,} starts have led to {found:,} joint states so far, "
            f"about {memory:,.1f} MB",
            "Allow more with most=..., give fewer starts=, or sample the chip instead "
            "(causal_snn.chips.run), or take its macro TPM (causal_snn.chips.tpm).",
        )

    def successor(self) -> NDArray[np.int64]:
        """Return the successor of every state."""
        return np.array([self.next[k] for k in range(len(self.number))])

    def spikes(self) -> Numbers:
        """Return the spikes with which each state was entered, shape (S, n of the chip)."""
        return np.array(self.fired)

    def _enter(self, rows: Numbers) -> tuple[NDArray[np.int64], Numbers]:
        fresh, place = [], np.empty(len(rows), np.int64)
        n, registers = self.mapped.parameters.n, len(self.mapped.chip.registers)
        for k, row in enumerate(rows):
            key = row.tobytes()
            if key not in self.number:
                self.number[key] = len(self.number)
                self.fired.append(row[registers * n : (registers + 1) * n])
                fresh.append(row)
            place[k] = self.number[key]
        return place, np.array(fresh)

    def _unpack(self, rows: Numbers) -> ChipState:
        columns = np.ascontiguousarray(rows.T)
        n, lanes = self.mapped.parameters.n, len(rows)
        registers = {}
        for k, name in enumerate(self.mapped.chip.registers):
            registers[name] = columns[k * n : (k + 1) * n]
        late, channels = self.mapped.chip.input_latency, len(self.given)
        used, end = len(registers) * n, len(columns) - late * channels
        return ChipState(
            registers=registers,
            history=columns[used:end].reshape((end - used) // n, n, lanes),
            inputs=columns[end:].reshape(late, channels, lanes),
        )


def _pack(state: ChipState) -> Numbers:
    """Return joint states as rows: registers, then spikes under way, then inputs under way."""
    lanes = state.history.shape[2]
    parts = [*state.registers.values(), state.history.reshape(-1, lanes)]
    return np.ascontiguousarray(np.concatenate([*parts, state.inputs.reshape(-1, lanes)]).T)


def _cycle(successor: NDArray[np.int64], start: int) -> list[int]:
    found, at = [start], int(successor[start])
    while at != start:
        found.append(at)
        at = int(successor[at])
    return found


def _starting(mapped: Mapped, starts: ArrayLike | None) -> Numbers:
    """Return potentials in register units, shape (K, n)."""
    chip = mapped.chip
    if starts is not None:
        table = np.asarray(starts, dtype=float)
        if table.ndim != 2 or table.shape[1] != mapped.n or not np.isfinite(table).all():
            raise bad("starts", f"shape {table.shape}", f"shape (K, {mapped.n}), finite, in mV")
        whole = np.rint((table - mapped.rest) * mapped.scale).astype(np.int64)
        return chip.voltage.fit(whole)
    levels = LEVELS
    while levels > 2 and levels**mapped.n > MOST_STARTS:
        levels -= 1
    if levels**mapped.n > MOST_STARTS:
        raise bad(
            "starts", None, f"potentials to start from: {mapped.n} units have too many combinations"
        )
    settings = mapped.parameters.neuron
    grids = []
    for k in mapped.place:
        low = int(settings["reset"][k]) if "reset" in settings else 0
        grids.append(np.linspace(low, int(settings["threshold"][k]) - 1, levels).astype(np.int64))
    numbers = np.unravel_index(np.arange(prod([levels] * mapped.n)), [levels] * mapped.n, "F")
    return np.stack([grid[k] for grid, k in zip(grids, numbers, strict=True)], axis=1)
