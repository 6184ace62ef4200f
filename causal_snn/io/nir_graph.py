"""NIR files as spiking populations joined by matrices: what the nodes between them amount to.

Between populations a graph may hold any arrangement of Affine and Linear nodes. What arrives
at a population is then one affine function of all spikes and inputs, sum_k M_k s_k + c,
found by composing the nodes backwards from it: matrices of a chain multiply, paths add, and
the bias of a node counts once however many paths lead into it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.io.nir_file import LINEAR, SPIKING, kind_of, load, splice

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Signal:
    """An affine function of spikes: ``sum over sources of matrix @ spikes, plus constant``."""

    constant: Floats
    matrices: dict[str, Floats] = field(default_factory=dict)

    def __add__(self, other: Signal) -> Signal:
        """Return the sum of two paths into one node."""
        matrices = dict(self.matrices)
        for source, matrix in other.matrices.items():
            matrices[source] = matrices[source] + matrix if source in matrices else matrix
        return Signal(self.constant + other.constant, matrices)

    def through(self, weight: Floats, bias: Floats) -> Signal:
        """Return ``weight @ self + bias``."""
        return Signal(
            weight @ self.constant + bias,
            {source: weight @ matrix for source, matrix in self.matrices.items()},
        )


@dataclass(frozen=True, slots=True)
class Population:
    """Spiking units of one NIR node, with times still in seconds.

    Attributes
    ----------
    name, kind : str
        Name and type of the node.
    parameters : dict of str to array, shape (size,)
        As NIR names them.
    arriving : Signal
        What reaches the units, as a function of the spikes of populations and inputs.
    """

    name: str
    kind: str
    parameters: dict[str, Floats]
    arriving: Signal

    @property
    def size(self) -> int:
        """Number of units."""
        return len(self.parameters["v_threshold"])


@dataclass(frozen=True, slots=True)
class Graph:
    """The populations of a NIR file in file order, and the number of channels of each Input."""

    populations: tuple[Population, ...]
    inputs: dict[str, int]


def read_graph(path: Path) -> Graph:
    """Return the populations of a NIR file and what joins them.

    Raises
    ------
    InputError
        If the file is not NIR, a node is not supported (all of them are named), shapes do
        not fit, a value is not finite, or a loop of nodes has no population in it.
    """
    nodes, edges = splice(load(path))
    before: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        for end in (source, target):
            if end not in nodes:
                raise InputError(f"edge {source!r} to {target!r}: there is no node {end!r}")
        if source in before[target]:
            raise InputError(f"edge {source!r} to {target!r} is there twice")
        before[target].append(source)
    compose = _Composer(nodes, before)
    inputs, populations = {}, []
    for name, node in nodes.items():
        match kind_of(node):
            case "Input":
                inputs[name] = compose.size(name)
            case "Affine" | "Linear":
                compose.leaving(name)  # so that a node no population hears is checked too
            case "LIF" | "CubaLIF" as kind:
                parameters = {key: _finite(name, key, getattr(node, key)) for key in SPIKING[kind]}
                populations.append(Population(name, kind, parameters, compose.arriving(name)))
    if not populations:
        raise InputError(f"no spiking population in it (supported: {', '.join(SPIKING)})")
    return Graph(tuple(populations), inputs)


class _Composer:
    """Composes the affine functions of nodes backwards to the spikes and inputs they hear."""

    def __init__(self, nodes: dict[str, Any], before: dict[str, list[str]]) -> None:
        self.nodes, self.before = nodes, before
        self.known: dict[str, Signal] = {}
        self.trail: list[str] = []

    def size(self, name: str) -> int:
        """Return the number of channels that enter a node."""
        shape = np.atleast_1d(self.nodes[name].input_type["input"])
        if len(shape) > 1:
            raise InputError(
                f"node {name!r} ({kind_of(self.nodes[name])}) has shape "
                f"{tuple(map(int, shape))}; only one-dimensional nodes are supported"
            )
        return int(shape[0]) if len(shape) else 1

    def arriving(self, name: str) -> Signal:
        """Return what enters a node: the sum over the edges into it."""
        total = Signal(np.zeros(self.size(name)))
        for source in self.before[name]:
            signal = self.leaving(source)
            if len(signal.constant) != len(total.constant):
                raise InputError(
                    f"edge {source!r} to {name!r} joins {len(signal.constant)} channels "
                    f"to {len(total.constant)}"
                )
            total = total + signal
        return total

    def leaving(self, name: str) -> Signal:
        """Return what a node sends."""
        if name in self.known:
            return self.known[name]
        node, kind = self.nodes[name], kind_of(self.nodes[name])
        if kind in SPIKING or kind == "Input":
            n = self.size(name)
            return Signal(np.zeros(n), {name: np.eye(n)})
        if name in self.trail:
            loop = [*self.trail[self.trail.index(name) :], name]
            raise InputError(
                f"the loop {' -> '.join(map(repr, loop))} has no spiking population in it"
            )
        self.trail.append(name)
        signal = self.arriving(name)
        self.trail.pop()
        if kind in LINEAR:
            weight = _finite(name, "weight", node.weight)
            bias = _finite(name, "bias", node.bias) if kind == "Affine" else np.zeros(len(weight))
            if bias.shape != weight.shape[:1]:
                raise InputError(
                    f"node {name!r} ({kind}): bias of shape {bias.shape} with weight of shape "
                    f"{weight.shape}"
                )
            signal = signal.through(weight, bias)
        self.known[name] = signal
        return signal


def _finite(name: str, key: str, values: Any) -> Floats:
    found = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if not np.all(np.isfinite(found)):
        place = "".join(f"[{k[0]}]" for k in np.nonzero(~np.isfinite(found)))
        raise InputError(f"node {name!r}: {key}{place} is not a finite number")
    return found
