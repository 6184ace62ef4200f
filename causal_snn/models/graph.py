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
    if not network.plain:
        raise InputError(
            "a graph holds one dense table of weights with delays of one step; this network has "
            "more (sparse weights, delays, synapses or inputs) and would lose it"
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
        weights[position[target], position[source]] += weight  # parallel edges add

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
    A subset can only be strongly connected inside a strongly connected component, so only
    those are searched: every subset where there are at most `EXHAUSTIVE_LIMIT`; otherwise
    greedy starts from each unit and from each cycle, improved by single swaps until none
    helps, which need not find the best.

    Raises
    ------
    InputError
        If `size` is out of range, or no such subset is found; the message says whether
        there is none or the search gave up.
    """
    if not 1 <= size <= network.n:
        raise bad("units", f"auto:{size}", f"auto:K with K from 1 to {network.n}")
    coupling = np.abs(network.weights).copy()
    np.fill_diagonal(coupling, 0.0)
    found: list[tuple[int, ...]] = []
    exhaustive = True
    for members in _components(coupling, size):
        inside = coupling[np.ix_(members, members)]
        every = comb(len(members), size) <= EXHAUSTIVE_LIMIT
        exhaustive &= every
        ranked = _ranked_exhaustively(inside, size) if every else _ranked_by_search(inside, size)
        for subset in ranked:
            if strongly_connected(inside[np.ix_(subset, subset)]):
                found.append(tuple(sorted(int(members[k]) for k in subset)))
                break
    if found:
        return max(found, key=lambda subset: float(coupling[np.ix_(subset, subset)].sum()))
    raise InputError(
        f"units = 'auto:{size}': "
        + (
            f"no {size} units of {network.name!r} are strongly connected"
            if exhaustive
            else f"the search found no {size} strongly connected units of {network.name!r}"
        )
        + ". Choose another K, or name the units."
    )


def _components(coupling: NDArray[np.float64], size: int) -> list[NDArray[np.int64]]:
    """Return the strongly connected components of `size` units or more."""
    from scipy.sparse.csgraph import connected_components

    count, member = connected_components(coupling, directed=True, connection="strong")
    parts = [np.flatnonzero(member == k) for k in range(count)]
    return [part for part in parts if len(part) >= size]


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


def _ranked_by_search(coupling: NDArray[np.float64], size: int) -> Iterator[tuple[int, ...]]:
    """Yield local optima by strength, then subsets grown from cycles, which stay connected."""
    symmetric = coupling + coupling.T
    found: dict[tuple[int, ...], float] = {}
    for start in range(len(symmetric)):
        subset = _swapped(symmetric, _grown(symmetric, [start], size))
        found[subset] = float(symmetric[np.ix_(subset, subset)].sum())
    yield from sorted(found, key=lambda key: (-found[key], key))
    grown = [_grown_connected(coupling, start, size) for start in range(len(symmetric))]
    yield from sorted(
        {subset for subset in grown if subset},
        key=lambda key: -float(symmetric[np.ix_(key, key)].sum()),
    )


def _grown(symmetric: NDArray[np.float64], subset: list[int], size: int) -> list[int]:
    """Return a subset grown by the unit with the strongest coupling to it, again and again."""
    while len(subset) < size:
        gain = symmetric[:, subset].sum(axis=1)
        gain[subset] = -1.0
        subset = [*subset, int(np.argmax(gain))]
    return subset


def _swapped(symmetric: NDArray[np.float64], subset: list[int]) -> tuple[int, ...]:
    """Return the subset after swapping single units for stronger ones until none is."""
    subset = list(subset)
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
    return tuple(sorted(subset))


def _grown_connected(coupling: NDArray[np.float64], start: int, size: int) -> tuple[int, ...]:
    """Return a strongly connected subset grown from a unit by whole cycles; () if none fits."""
    import networkx as nx

    graph = nx.from_numpy_array((coupling > 0).T, create_using=nx.DiGraph)
    subset = {start}
    while len(subset) < size:
        # A way out of the subset and back into it keeps it strongly connected.
        outside = graph.subgraph(set(graph) - subset)
        firsts = {t for s in subset for t in graph.successors(s)} - subset
        ways = [
            path
            for first in firsts
            for end, path in nx.single_source_shortest_path(outside, first).items()
            if len(path) <= size - len(subset) and any(graph.has_edge(end, s) for s in subset)
        ]
        if not ways:
            return ()
        best = min(
            ways,
            key=lambda path: (len(path), -float(coupling[np.ix_(path, list(subset))].sum())),
        )
        subset |= set(best)
    return tuple(sorted(subset))
