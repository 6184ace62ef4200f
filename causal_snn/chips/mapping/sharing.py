"""Sharing: how many cores a network takes, and what the neurons of a core have to share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.parameters import Parameters

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Cores:
    """Which core each neuron is on.

    Attributes
    ----------
    of : array of int, shape (n,)
        Core of each neuron.
    neurons, in_axons, synapse_bits : array of int, shape (cores,)
        What each core uses; an axon is a source with a target on the core. Circuits that are
        joined to one neuron count each.
    copies : int
        Neurons that must be there again, since they have targets on more cores than they have
        output axons. A copy has the inputs of its original, and so does the same at the same
        time; it is counted here and not simulated.
    shared : mapping of str to (int, int)
        For settings of which a core holds only so many different values: the most on any core,
        and how many there can be.
    beyond : tuple of str
        What is too much for a core or for one chip, as sentences.
    """

    of: Ints
    neurons: Ints
    in_axons: Ints
    synapse_bits: Ints
    copies: int
    shared: Mapping[str, tuple[int, int]]
    beyond: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of cores."""
        return len(self.neurons)


def cores(
    chip: Chip,
    parameters: Parameters,
    *,
    groups: Ints | None = None,
    circuits: Ints | None = None,
) -> Cores:
    """Return the cores that parameters take.

    Parameters
    ----------
    chip : Chip
    parameters : Parameters
    groups : array of int, shape (n,), optional
        Only neurons of one group can share a core (those for which an axon has one type).
    circuits : array of int, shape (n,), optional
        How many neuron circuits each neuron takes; default one.
    """
    table = _inputs_of(parameters)
    configurations = {name: _configurations(name, parameters) for name in chip.core.shared}
    of = np.zeros(parameters.n, dtype=np.int64)
    used: list[tuple[int, int, int]] = []
    most, crowded = dict.fromkeys(configurations, 0), set()
    for own in _members(groups, parameters.n):
        parts = {name: numbers[own] for name, numbers in configurations.items()}
        sizes = None if circuits is None else circuits[own]
        place, more, shared, beyond = pack(chip, table[own], parts, sizes)
        of[own] = place + len(used)
        used += more
        crowded |= beyond
        most = {name: max(most[name], shared[name]) for name in most}
    neurons, axons, memory = (
        np.array(column, dtype=np.int64) for column in zip(*used, strict=True)
    )
    return Cores(
        of=of,
        neurons=neurons,
        in_axons=axons,
        synapse_bits=memory,
        copies=_copies(chip, parameters, of, len(used)),
        shared={name: (most[name], limit) for name, limit in chip.core.shared.items()},
        beyond=_beyond_chip(chip, len(used), crowded),
    )


def _beyond_chip(chip: Chip, count: int, crowded: set[str]) -> tuple[str, ...]:
    found = [f"a neuron alone exceeds the {name} of a core" for name in sorted(crowded)]
    most = chip.core.count
    if most is not None and count > most:
        has = "one core" if most == 1 else f"{most} cores"
        found.append(f"{count} cores, and one chip has {has}: links between chips are not modelled")
    return tuple(found)


def _members(groups: Ints | None, n: int) -> list[Ints]:
    """Return the neurons of each group."""
    if groups is None:
        return [np.arange(n)]
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def pack(
    chip: Chip,
    table: Any,
    configurations: Mapping[str, Ints] | None = None,
    circuits: Ints | None = None,
) -> tuple[Ints, list[tuple[int, int, int]], dict[str, int], set[str]]:
    """Return the core of each neuron, what each core uses, the most it shares, what one exceeds.

    To a core comes next the neuron that adds the fewest axons (the first of such), until it would
    exceed the core's neurons, axons, synapse bits or shared settings. This is greedy: a better
    order may take fewer cores.

    Parameters
    ----------
    chip : Chip
    table : scipy.sparse.csr_array, shape (n, sources)
        Who hears whom.
    configurations : mapping of str to array of int, shape (n,), optional
        For each shared setting, a number that tells its values apart.
    circuits : array of int, shape (n,), optional
        Neuron circuits that each neuron takes; default one.
    """
    configurations = configurations or {}
    if circuits is None:
        circuits = np.ones(table.shape[0], dtype=np.int64)
    core = _Core(chip, table, configurations, circuits)
    of = np.full(table.shape[0], -1, dtype=np.int64)
    used: list[tuple[int, int, int]] = []
    columns = scipy.sparse.csc_array(table)
    sizes = np.diff(table.indptr).astype(np.int64)
    missing = sizes.copy()  # axons that each neuron would add to the core
    for _ in range(table.shape[0]):
        waiting = of < 0
        k = int(np.argmin(np.where(waiting, missing, _NEVER)))
        if core.size and not core.takes(k):
            used.append(core.use)
            core.empty()
            missing = sizes.copy()
            k = int(np.argmax(waiting))  # the first that waits begins the next core
        for axon in core.add(k):
            missing[columns.indices[columns.indptr[axon] : columns.indptr[axon + 1]]] -= 1
        of[k] = len(used)
    used.append(core.use)
    return of, used, core.most, core.crowded


_NEVER = np.iinfo(np.int64).max


class _Core:
    """A core that is being filled."""

    def __init__(
        self, chip: Chip, table: Any, configurations: Mapping[str, Ints], circuits: Ints
    ) -> None:
        self.limits, self.table, self.configurations = chip.core, table, configurations
        self.circuits = circuits
        self.bits = _synapse_bits(chip)
        self.most = dict.fromkeys(configurations, 0)
        self.crowded: set[str] = set()
        self.empty()

    def empty(self) -> None:
        """Begin the next core."""
        self.axons: set[int] = set()
        self.held: dict[str, set[int]] = {name: set() for name in self.configurations}
        self.size = self.synapses = 0

    @property
    def use(self) -> tuple[int, int, int]:
        """Neurons, axons and synapse bits."""
        return self.size, len(self.axons), self.synapses * self.bits

    def takes(self, k: int) -> bool:
        """Return whether a neuron still fits."""
        own = self._own(k)
        synapses = self.synapses + len(own)
        size = self.size + int(self.circuits[k])
        if _beyond(self.limits, size, len(self.axons | own), synapses * self.bits):
            return False
        return all(
            len(self.held[name] | {int(values[k])}) <= self.limits.shared[name]
            for name, values in self.configurations.items()
        )

    def add(self, k: int) -> set[int]:
        """Put a neuron on the core; return its axons that were not there."""
        own = self._own(k)
        size = int(self.circuits[k])
        self.crowded |= _beyond(self.limits, size, len(own), len(own) * self.bits)
        new = own - self.axons
        self.axons |= own
        self.size, self.synapses = self.size + size, self.synapses + len(own)
        for name, values in self.configurations.items():
            self.held[name].add(int(values[k]))
            self.most[name] = max(self.most[name], len(self.held[name]))
        return new

    def _own(self, k: int) -> set[int]:
        first, last = self.table.indptr[k : k + 2]
        return set(self.table.indices[first:last].tolist())


def _beyond(core: Any, neurons: int, axons: int, bits: int) -> set[str]:
    found = (
        ("neurons", neurons, core.neurons),
        ("input axons", axons, core.in_axons),
        ("synapse memory", bits, core.synapse_bits),
    )
    return {name for name, value, limit in found if limit is not None and value > limit}


def _inputs_of(parameters: Parameters) -> Any:
    """Return which sources each neuron hears, neurons first and then input channels."""
    parts = [parameters.weights, parameters.input_weights]
    return scipy.sparse.csr_array(
        scipy.sparse.hstack([scipy.sparse.csr_array(part != 0) for part in parts])
    )


def _configurations(names: str, parameters: Parameters) -> Ints:
    """Return a number for the values that each neuron has of some settings together."""
    rows = np.stack([parameters.neuron[name] for name in names.split("+")], axis=1)
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel()


def _synapse_bits(chip: Chip) -> int:
    """Return bits of one synapse: its mantissa, or one where the value belongs to the neuron."""
    return 1 if chip.weight.values is not None else chip.weight.mantissa.bits


def _copies(chip: Chip, parameters: Parameters, of: Ints, count: int) -> int:
    if chip.fan_out is None or count == 1:
        return 0
    weights = scipy.sparse.coo_array(parameters.weights)
    kept = weights.data != 0
    pairs = np.unique(weights.col[kept].astype(np.int64) * count + of[weights.row[kept]])
    cores_heard = np.bincount(pairs // count)
    return int(np.maximum(-(-cores_heard // chip.fan_out) - 1, 0).sum())
