"""Networks as NetworkX graphs, in and out, and the choice of strongly coupled subsets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad
from causal_snn.models.network import Network

if TYPE_CHECKING:
    import networkx as nx

    from causal_snn.models.neuron import NeuronModel

EXHAUSTIVE_LIMIT = 2_000_000
"""Most subsets that `strongest_units` scores one by one before it searches instead."""


def to_networkx(network: Network) -> nx.DiGraph[Any]:
    """Return a directed graph: nodes are labels, an edge source -> target per non-zero weight."""
    import networkx as nx

    graph: nx.DiGraph[Any] = nx.DiGraph(name=network.name, dt=network.dt)
    labels: tuple[str, ...] = network.labels
    for j, label in enumerate(labels):
        graph.add_node(
            label,
            drive=float(network.drive[j]),
            noise=float(network.noise[j]),
            bias=float(network.bias[j]),
        )
    weights = network.weights
    for target, source in np.argwhere(weights):
        graph.add_edge(labels[source], labels[target], weight=float(weights[target, source]))
    return graph


def from_networkx(graph: nx.DiGraph[Any], *, neuron: NeuronModel, dt: float) -> Network:
    """Return a network from a directed graph; see `Network.from_networkx`.

    Raises
    ------
    InputError
        If the graph is undirected or an edge has no `weight`.
    """
    if not graph.is_directed():
        raise bad("graph", type(graph).__name__, "a directed graph", "Use graph.to_directed().")
    nodes = list(graph.nodes)
    position = {node: k for k, node in enumerate(nodes)}
    weights = np.zeros((len(nodes), len(nodes)))
    for source, target, weight in graph.edges(data="weight"):
        if weight is None:
            raise InputError(f"edge {source!r} -> {target!r} has no weight: give it one in mV")
        weights[position[target], position[source]] = weight

    def column(name: str) -> list[float]:
        return [float(graph.nodes[node].get(name, 0.0)) for node in nodes]

    return Network(
        neuron=neuron,
        weights=weights,
        dt=dt,
        labels=[str(node) for node in nodes],
        name=str(graph.graph.get("name") or "network"),
        drive=column("drive"),
        noise=column("noise"),
        bias=column("bias"),
    )


def strongest_units(network: Network, size: int) -> tuple[int, ...]:
    """Return the strongly connected `size`-unit subset with the strongest recurrent weights.

    Strength is the sum of |weight| over connections between different units of the subset.
    Every subset is scored when there are at most `EXHAUSTIVE_LIMIT`; beyond that, a greedy
    start from each unit is improved by single swaps until none helps, which need not find
    the best.

    Raises
    ------
    InputError
        If `size` is out of range, or no subset of that size is strongly connected.
    """
    if not 1 <= size <= network.n:
        raise bad("units", f"auto:{size}", f"auto:K with K from 1 to {network.n}")
    coupling = np.abs(network.weights).copy()
    np.fill_diagonal(coupling, 0.0)
    ranked = (
        _ranked_exhaustively(coupling, size)
        if comb(network.n, size) <= EXHAUSTIVE_LIMIT
        else _ranked_by_swaps(coupling, size)
    )
    for subset in ranked:
        if strongly_connected(coupling[np.ix_(subset, subset)]):
            return tuple(sorted(int(k) for k in subset))
    raise InputError(
        f"units = 'auto:{size}': no {size} units of {network.name!r} are strongly connected. "
        "Choose a smaller K, or name the units."
    )


def strongly_connected(coupling: NDArray[np.float64]) -> bool:
    """Return whether every unit reaches every other along non-zero entries."""
    from scipy.sparse.csgraph import connected_components

    count, _ = connected_components(coupling, directed=True, connection="strong")
    return int(count) == 1


def _ranked_exhaustively(coupling: NDArray[np.float64], size: int) -> Iterator[tuple[int, ...]]:
    symmetric = coupling + coupling.T
    every = combinations(range(len(coupling)), size)
    scored: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
    while block := list(islice(every, 200_000)):
        subsets = np.array(block)
        score = np.zeros(len(subsets))
        for a, b in combinations(range(size), 2):
            score += symmetric[subsets[:, a], subsets[:, b]]
        scored.append((score, subsets))
    score = np.concatenate([part for part, _ in scored])
    subsets = np.concatenate([part for _, part in scored])
    for k in np.argsort(-score, kind="stable"):
        yield tuple(subsets[k])


def _ranked_by_swaps(coupling: NDArray[np.float64], size: int) -> Iterator[tuple[int, ...]]:
    symmetric = coupling + coupling.T
    n = len(symmetric)
    found: dict[tuple[int, ...], float] = {}
    for start in range(n):
        subset = [start]
        while len(subset) < size:
            gain = symmetric[:, subset].sum(axis=1)
            gain[subset] = -1.0
            subset.append(int(np.argmax(gain)))
        improved = True
        while improved:
            improved = False
            inside = symmetric[:, subset].sum(axis=1)
            for position, old in enumerate(subset):
                gain = inside - symmetric[:, old] - inside[old]
                gain[subset] = -np.inf
                new = int(np.argmax(gain))
                if gain[new] > 1e-12:
                    subset[position] = new
                    improved = True
                    break
        key = tuple(sorted(subset))
        found[key] = float(symmetric[np.ix_(key, key)].sum())
    yield from sorted(found, key=lambda key: (-found[key], key))
