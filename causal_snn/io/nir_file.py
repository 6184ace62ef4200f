"""NIR files opened: what is supported is checked first, then graphs inside the graph unfold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from causal_snn.errors import InputError
from causal_snn.io.nir_layers import LAYERS

LINEAR = ("Affine", "Linear")
SPIKING = {
    "IF": ("r", "v_threshold", "v_reset"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
}
"""Types of spiking nodes, and the parameters of each."""
SUPPORTED = ("Input", "Output", *LINEAR, *SPIKING, *LAYERS, "Delay", "NIRGraph")


def load(path: Path) -> Any:
    """Return the `nir.NIRGraph` of a file whose nodes are all supported."""
    try:
        import h5py
        import nir
    except ImportError as error:
        raise InputError(
            f".nir files need the package {error.name}: pip install 'causal-snn[io]'"
        ) from None
    if not h5py.is_hdf5(path):
        raise InputError("not an HDF5 file, which every .nir file is")
    try:
        with h5py.File(path, "r") as file:
            kinds = dict(_kinds(file["node"]))
    except (OSError, KeyError, AttributeError, TypeError) as error:
        raise InputError(f"an HDF5 file without a NIR graph in it ({error})") from None
    unknown = [f"{name} ({kind})" for name, kind in kinds.items() if kind not in SUPPORTED]
    if unknown:
        raise InputError(
            f"nodes not supported: {', '.join(unknown)}. Supported: {', '.join(SUPPORTED)}."
        )
    try:
        return nir.read(path, type_check=False)
    except Exception as error:  # whatever nir makes of a malformed graph
        reason = str(error) or type(error).__name__
        raise InputError(f"a NIR graph that nir cannot read: {reason}") from None


def _kinds(group: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield name and type of every node in the file, those of inner graphs as outer.inner."""
    for name, node in group["nodes"].items():
        kind = node["type"][()].decode()
        yield prefix + name, kind
        if kind == "NIRGraph":
            yield from _kinds(node, f"{prefix}{name}.")


def splice(graph: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return nodes and edges with inner graphs unfolded; their Input and Output pass through."""
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    gates: dict[tuple[str, str], list[str]] = {}
    for name, node in graph.nodes.items():
        if kind_of(node) != "NIRGraph":
            nodes[name] = node
            continue
        inner, inner_edges = splice(node)
        for kind in ("Input", "Output"):
            gates[name, kind] = [f"{name}.{k}" for k, v in inner.items() if kind_of(v) == kind]
        for key, value in inner.items():
            passes = kind_of(value) in ("Input", "Output")
            nodes[f"{name}.{key}"] = Pass(value) if passes else value
        edges += [(f"{name}.{a}", f"{name}.{b}") for a, b in inner_edges]
    edges += [
        (_gate(source, "Output", gates), _gate(target, "Input", gates))
        for source, target in graph.edges
    ]
    return nodes, edges


def _gate(name: str, kind: str, gates: dict[tuple[str, str], list[str]]) -> str:
    """Return the node that an edge to or from `name` means: for an inner graph, its gate."""
    found = gates.get((name, kind), [name])
    if len(found) != 1:
        raise InputError(
            f"graph {name!r} inside the graph has {len(found)} {kind} nodes where an edge "
            "needs exactly 1"
        )
    return found[0]


class Pass:
    """The Input or Output of an inner graph, which hands on what it gets."""

    def __init__(self, node: Any) -> None:
        self.input_type, self.output_type = node.input_type, node.output_type


def kind_of(node: Any) -> str:
    """Return the type of a node, by name."""
    return type(node).__name__
