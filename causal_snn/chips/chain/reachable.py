"""Reachable states: what a neuron's registers can be, and what a whole network can be in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.chain.kernel import ChipKernel, MicroState, OnChip, kernel
from causal_snn.chips.chain.limits import MOST_STATES, too_large
from causal_snn.chips.chain.transitions import micro_states, transitions
from causal_snn.errors import bad, check_choice
from causal_snn.provenance import provenance

Numbers = NDArray[Any]
LANES = 1 << 18
"""States times contexts that are stepped side by side."""


@dataclass(frozen=True, slots=True, eq=False)
class NeuronStates:
    """What one neuron can be in, whatever spikes arrive.

    Attributes
    ----------
    names : tuple of str
        The chip's registers, then ``"spikes"`` of the last step, ``"spikes 2"`` of the one
        before, as far back as some synapse delivers them.
    table : array, shape (N, len(names))
    """

    names: tuple[str, ...]
    table: Numbers

    @property
    def n(self) -> int:
        """Number of states."""
        return len(self.table)

    def column(self, name: str) -> Numbers:
        """Return a register in every state, shape (N,)."""
        return np.asarray(self.table[:, self.names.index(name)])


@dataclass(frozen=True, slots=True, eq=False)
class Reachable:
    """States that the chain can be in.

    Attributes
    ----------
    scope : {"network", "neurons"}
    neurons : tuple of NeuronStates
        For ``"network"`` what occurs in its states; for ``"neurons"`` each neuron by itself
        under every spike pattern of the others, which contains that.
    states : tuple of MicroState or None
        The network's, the start first; None for ``"neurons"``.
    provenance : mapping
    """

    scope: str
    neurons: tuple[NeuronStates, ...]
    states: tuple[MicroState, ...] | None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of states of the network, or of all neurons together."""
        return len(self.states) if self.states is not None else sum(x.n for x in self.neurons)

    def __repr__(self) -> str:
        return f"<Reachable: {self.n} states, {self.scope}>"


def reachable(
    mapped: OnChip | ChipKernel,
    *,
    scope: Literal["network", "neurons"] = "network",
    start: MicroState | None = None,
    inputs: ArrayLike | None = None,
    max_states: int = MOST_STATES,
) -> Reachable:
    """Return every state that a start leads to with a positive probability.

    Parameters
    ----------
    mapped : Mapped, (Chip, Parameters) or ChipKernel
    scope : {"network", "neurons"}
        The network as a whole, exactly; or each neuron by itself, given whatever spikes can
        arrive from the others: more than can occur, and far less to list.
    start : MicroState, optional
        Default at rest.
    inputs : array, optional
        See `kernel`.
    max_states : int
        Most states (of the network, or of one neuron).

    Returns
    -------
    Reachable

    Raises
    ------
    InputError
        If there are more, with how many were found, their memory and what else to do.
    """
    check_choice("scope", scope, ("network", "neurons"))
    if isinstance(mapped, ChipKernel):
        if inputs is not None:
            raise bad("inputs", inputs, "None for a ChipKernel, which has its own")
        chain = mapped
    else:
        chain = kernel(mapped, inputs=inputs, max_states=max_states)
    first = chain.start if start is None else start
    _check_start(chain, first)
    if scope == "network":
        states = network_states(chain, first, max_states)
        neurons = tuple(_occurring(chain, k, states) for k in range(chain.n))
    else:
        states = None
        neurons = tuple(neuron_states(chain, k, first, max_states) for k in range(chain.n))
    return Reachable(
        scope=scope,
        neurons=neurons,
        states=states,
        provenance=provenance(
            "breadth-first closure under steps of positive probability",
            chip=chain.mapped.chip.title,
            scope=scope,
            states=len(states) if states is not None else [x.n for x in neurons],
            inputs=chain.inputs.tolist(),
        ),
    )


def network_states(chain: ChipKernel, start: MicroState, max_states: int) -> tuple[MicroState, ...]:
    """Return the states that the network can be in, the start first."""
    found = transitions(chain, start, max_states, bound=size_bound(chain))
    return micro_states(chain, found.rows)


def neuron_states(chain: ChipKernel, k: int, start: MicroState, max_states: int) -> NeuronStates:
    """Return what one neuron can be in, given whatever arrives."""
    names = (*chain.registers, *_spike_names(sent_depth(chain, k)))
    own = start.registers[k] + tuple(spikes[k] for spikes in start.history)
    frontier = np.array([own[: len(names)]])
    found = {tuple(frontier[0].tolist())}
    rows = [frontier]
    while len(frontier):
        after = _step_all(chain, k, frontier)
        new = [row for row in map(tuple, after.tolist()) if row not in found]
        found.update(new)
        if len(found) > max_states:
            label = chain.mapped.parameters.labels[k]
            raise too_large(f"neuron {label}", len(found), max_states, size_bound(chain, 1))
        frontier = np.array(new, dtype=frontier.dtype).reshape(len(new), len(names))
        rows.append(frontier)
    table = np.concatenate(rows)
    return NeuronStates(names, table[np.lexsort(table.T[::-1])])


def _step_all(chain: ChipKernel, k: int, table: Numbers) -> Numbers:
    """Return the different states one step after those of a table, under every context."""
    incoming, width = chain.incoming[k], len(chain.registers)
    contexts = incoming.contexts(without=k, most=chain.max_states)
    parts = []
    some = max(1, LANES // contexts.n)
    for first in range(0, len(table), some):
        rows = np.repeat(table[first : first + some], contexts.n, axis=0)
        sums = np.tile(contexts.sums, (len(rows) // contexts.n, 1))
        sums = incoming.with_own(sums, rows, k, width)  # what it sends itself is in its state
        law = chain.steps[k](
            {name: rows[:, c] for c, name in enumerate(chain.registers)}, incoming.arrive(sums)
        )
        after = np.stack([*law.registers.values(), law.spikes], axis=1)
        older = rows[law.lane, width:-1]
        parts.append(np.unique(np.concatenate([after, older], axis=1), axis=0))
    return np.unique(np.concatenate(parts), axis=0)


def sent_depth(chain: ChipKernel, k: int) -> int:
    """Return for how many steps a neuron's spikes matter to some neuron."""
    delays = [
        delay
        for incoming in chain.incoming
        for delay, weights in incoming.weights.items()
        if np.any(weights[:, k])
    ]
    return max(delays, default=1)


def _spike_names(depth: int) -> tuple[str, ...]:
    return ("spikes", *(f"spikes {d}" for d in range(2, depth + 1)))


def _occurring(chain: ChipKernel, k: int, states: tuple[MicroState, ...]) -> NeuronStates:
    """Return what one neuron is in, in any of the network's states."""
    depth = sent_depth(chain, k)
    rows = {
        state.registers[k] + tuple(spikes[k] for spikes in state.history[:depth])
        for state in states
    }
    return NeuronStates((*chain.registers, *_spike_names(depth)), np.array(sorted(rows)))


def size_bound(chain: ChipKernel, neurons: int | None = None) -> str:
    """Return the number of all register values as a power of 2, in words."""
    neurons = chain.n if neurons is None else neurons
    chip = chain.mapped.chip
    bits = chip.voltage.bits
    if chip.current is not None:
        bits += chip.current.bits * len(chip.receptors)
    return f"2^{bits * neurons} values of potentials and currents"


def _check_start(chain: ChipKernel, start: MicroState) -> None:
    seen = (len(start.registers), {len(x) for x in start.registers})
    if seen != (chain.n, {len(chain.registers)}):
        raise bad("start", start.registers, f"{chain.n} neurons with registers {chain.registers}")
    if len(start.history) != chain.depth or {len(x) for x in start.history} != {chain.n}:
        raise bad("start", start.history, f"spikes of {chain.n} neurons in {chain.depth} steps")
