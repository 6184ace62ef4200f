"""NIR files as spiking populations joined by matrices: what the nodes between them amount to.

Between populations a graph may hold any arrangement of linear nodes: Affine and Linear,
convolutions, pooling, Delay. What arrives at a population is then one affine function of all
spikes and inputs, sum_k M_k s_k + c, found by composing the nodes backwards from it: matrices
of a chain multiply, paths add, and the bias of a node counts once however many paths lead into
it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.io.nir_file import LINEAR, SPIKING, kind_of, load, splice
from causal_snn.io.nir_layers import LAYERS, Shape, unrolled

Floats = NDArray[np.float64]

LARGE = 1000
"""Units of a node from which on its matrices are sparse."""


@dataclass(frozen=True, slots=True)
class Signal:
    """An affine function of spikes: ``sum over sources of matrix @ spikes, plus constant``.

    Attributes
    ----------
    constant : array, shape (size,)
    shape : tuple of int
        What the nodes take the size to be.
    matrices : dict of (str, float) to array or scipy.sparse array
        By source and by the time (s) that Delay nodes add on the way.
    """

    constant: Floats
    shape: Shape
    matrices: dict[tuple[str, float], Any] = field(default_factory=dict)

    @property
    def sources(self) -> set[str]:
        """Names of the sources."""
        return {source for source, _ in self.matrices}

    def __add__(self, other: Signal) -> Signal:
        """Return the sum of two paths into one node."""
        matrices = dict(self.matrices)
        for source, matrix in other.matrices.items():
            matrices[source] = matrices[source] + matrix if source in matrices else matrix
        return Signal(self.constant + other.constant, self.shape, matrices)

    def through(self, weight: Any, bias: Floats, shape: Shape) -> Signal:
        """Return ``weight @ self + bias``."""
        return Signal(
            weight @ self.constant + bias,
            shape,
            {source: weight @ matrix for source, matrix in self.matrices.items()},
        )

    def later(self, delays: Floats) -> Signal:
        """Return the signal with each channel later by its delay (s)."""
        matrices: dict[tuple[str, float], Any] = {}
        for (source, late), matrix in self.matrices.items():
            for delay in np.unique(delays):
                kept = (delays == delay).astype(np.float64)
                part = (
                    matrix.multiply(kept[:, None]).tocsr()
                    if hasattr(matrix, "tocsr")
                    else matrix * kept[:, None]
                )
                key = (source, late + float(delay))
                matrices[key] = matrices[key] + part if key in matrices else part
        return Signal(self.constant, self.shape, matrices)


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
            case kind if kind in SPIKING:
                parameters = {
                    key: _finite(name, key, getattr(node, key)).ravel() for key in SPIKING[kind]
                }
                populations.append(Population(name, kind, parameters, compose.arriving(name)))
            case "Output":
                pass
            case _:
                compose.leaving(name)  # so that a node no population hears is checked too
    if not populations:
        raise InputError(f"no spiking population in it (supported: {', '.join(SPIKING)})")
    return Graph(tuple(populations), {k: n for k, n in inputs.items() if not _idle(k, populations)})


def _idle(name: str, populations: list[Population]) -> bool:
    """Return whether an input has weights, all of them 0: a way in that some writers need."""
    found = [
        matrix
        for population in populations
        for (source, _), matrix in population.arriving.matrices.items()
        if source == name
    ]
    return bool(found) and not any(abs(matrix).max() > 0 for matrix in found)


class _Composer:
    """Composes the affine functions of nodes backwards to the spikes and inputs they hear."""

    def __init__(self, nodes: dict[str, Any], before: dict[str, list[str]]) -> None:
        self.nodes, self.before = nodes, before
        self.known: dict[str, Signal] = {}
        self.trail: list[str] = []

    def shape(self, name: str) -> Shape:
        """Return the shape of what a population, an input or an output has."""
        return tuple(int(k) for k in np.atleast_1d(self.nodes[name].input_type["input"])) or (1,)

    def size(self, name: str) -> int:
        """Return the number of channels of a population or an input."""
        return int(np.prod(self.shape(name)))

    def arriving(self, name: str) -> Signal:
        """Return what enters a node: the sum over the edges into it."""
        signals = [(source, self.leaving(source)) for source in self.before[name]]
        size = self._expected(name)
        if size is None:
            if not signals:
                raise InputError(f"nothing enters node {name!r} ({kind_of(self.nodes[name])})")
            size = len(signals[0][1].constant)
        total = Signal(np.zeros(size), signals[0][1].shape if signals else (size,))
        for source, signal in signals:
            if len(signal.constant) != size:
                raise InputError(
                    f"edge {source!r} to {name!r} joins {len(signal.constant)} channels to {size}"
                )
            total = total + signal
        return total

    def _expected(self, name: str) -> int | None:
        """Return how many channels a node takes; None for layers, which take what enters."""
        node, kind = self.nodes[name], kind_of(self.nodes[name])
        if kind in LAYERS:
            return None
        if kind in LINEAR:
            return int(np.shape(node.weight)[-1])
        if kind == "Delay":
            return int(np.size(node.delay))
        return self.size(name)

    def leaving(self, name: str) -> Signal:
        """Return what a node sends."""
        if name in self.known:
            return self.known[name]
        node, kind = self.nodes[name], kind_of(self.nodes[name])
        if kind in SPIKING or kind == "Input":
            n = self.size(name)
            return Signal(np.zeros(n), self.shape(name), {(name, 0.0): _identity(n)})
        if name in self.trail:
            loop = [*self.trail[self.trail.index(name) :], name]
            raise InputError(
                f"the loop {' -> '.join(map(repr, loop))} has no spiking population in it"
            )
        self.trail.append(name)
        signal = self._through(name, kind, node, self.arriving(name))
        self.trail.pop()
        self.known[name] = signal
        return signal

    def _through(self, name: str, kind: str, node: Any, signal: Signal) -> Signal:
        """Return what a node makes of what enters it."""
        if kind in LAYERS:
            for key in ("weight", "bias", "scale"):
                if getattr(node, key, None) is not None:
                    _finite(name, key, getattr(node, key))
            return signal.through(*unrolled(name, kind, node, signal.shape))
        if kind == "Delay":
            delays = _finite(name, "delay", node.delay).ravel()
            if np.any(delays < 0):
                raise InputError(f"node {name!r}: a delay of {delays.min()} s: 0 or more")
            return signal.later(delays)
        if kind not in LINEAR:
            return signal
        weight = _finite(name, "weight", node.weight)
        bias = _finite(name, "bias", node.bias) if kind == "Affine" else np.zeros(len(weight))
        if weight.ndim != 2 or len(signal.shape) > 1:
            raise InputError(
                f"node {name!r} ({kind}): weight of shape {weight.shape} and what enters of shape "
                f"{signal.shape}; both are flat in what is supported (put a Flatten before it)"
            )
        if bias.shape != weight.shape[:1]:
            raise InputError(
                f"node {name!r} ({kind}): bias of shape {bias.shape} with weight of shape "
                f"{weight.shape}"
            )
        return signal.through(weight, bias, (len(weight),))


def _identity(n: int) -> Any:
    if n < LARGE:
        return np.eye(n)
    import scipy.sparse

    return scipy.sparse.eye_array(n, format="csr")


def _finite(name: str, key: str, values: Any) -> Floats:
    found = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if not np.all(np.isfinite(found)):
        place = "".join(f"[{k[0]}]" for k in np.nonzero(~np.isfinite(found)))
        raise InputError(f"node {name!r}: {key}{place} is not a finite number")
    return found
