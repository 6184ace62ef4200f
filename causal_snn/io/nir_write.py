"""Networks out to NIR: the float model, and beside it the integers of a chip.

The scales of `nir_network` are undone, so that a file reads back as the network was:

    lif                  LIF, r = 1          weight / (1 - a)
    cuba_lif             CubaLIF, w_in = 1   weight / (1 - a_syn)
    integrate_and_fire   IF, r = 1           weight

A delay of d steps is a Delay node of (d - 1) dt, since every connection takes one step. The
constant drive of lif and the current of integrate_and_fire become part of the bias, that of
cuba_lif moves v_leak.

NIR says nothing of dt, step, reset, refractoriness and noise, nor that a threshold is v >= theta.
They are written as `metadata`, for the reader to see; no code should rely on it (NIR's rule).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import __version__
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.errors import InputError, bad
from causal_snn.io.files import naming, require_file, write_atomically
from causal_snn.io.nir_nodes import Population, node_of, populations_of
from causal_snn.io.sidecar import digest, sidecar_path, sidecar_text
from causal_snn.models import Network
from causal_snn.models.network_checks import is_sparse

Floats = NDArray[np.float64]

_MOST = 1 << 27
"""Most entries of one matrix: NIR's are dense (1 GiB)."""


def write_nir(
    path: str | PathLike[str],
    network: Network,
    *,
    mapped: Mapped | None = None,
    input_weights: ArrayLike | None = None,
) -> None:
    """Write a network as a ``.nir`` file, and a mapping of it as a JSON sidecar.

    Writing is atomic: what is interrupted leaves what was there before.

    Parameters
    ----------
    path : path-like
        Ends in ``.nir``.
    network : Network
        Of lif, cuba_lif and integrate_and_fire neurons.
    mapped : Mapped, optional
        A mapping of this network; it is written to ``<name>.chip.json`` (see `read_sidecar`), whose
        sha256 the NIR file's metadata holds.
    input_weights : array, shape (n, m), optional
        Weights of m input channels, in the unit of the network's weights: an Input node.

    Raises
    ------
    InputError
        If NIR has no node for a neuron or an input, the mapping is of another network, or the
        file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".nir":
        raise InputError(f"{path}: NIR files end in .nir, not {path.suffix!r}")
    with naming(path):
        if mapped is not None and (mapped.network is None or mapped.network != network):
            raise InputError("mapped: a mapping of another network; map this one")
        text = None if mapped is None else sidecar_text(mapped)
        graph = _graph(network, input_weights, _metadata(network, path, text))
    with _replacing(path) as draft:
        import nir

        nir.write(str(draft), graph)
        if text is not None:
            write_atomically(sidecar_path(path), text)


def recorded_digest(path: Path) -> str:
    """Return the sha256 of the sidecar that a NIR file was written with.

    Raises
    ------
    InputError
        If the file is missing or has no such record.
    """
    import h5py

    require_file(path)
    try:
        with h5py.File(path, "r") as file:
            return str(file["node/metadata/sidecar_sha256"][()].decode())
    except (OSError, KeyError, AttributeError):
        raise InputError(f"{path}: it was written without a sidecar") from None


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a draft beside the file, which takes its place at the end."""
    draft = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path}: cannot be written: {reason}") from None
    finally:
        draft.unlink(missing_ok=True)


def _metadata(network: Network, path: Path, text: str | None) -> dict[str, str]:
    conventions = [asdict(model.convention) for model in dict.fromkeys(network.neurons)]
    shared = [one for k, one in enumerate(conventions) if one not in conventions[:k]]
    found = {
        "written_by": f"causal_snn {__version__}",
        "dt_ms": repr(network.dt),
        "conventions": json.dumps(shared),
        "noise_mV": json.dumps(sorted(set(network.noise.tolist()))),
        "labels": json.dumps(list(network.labels)),
    }
    if text is not None:
        found |= {"sidecar": sidecar_path(path).name, "sidecar_sha256": digest(text)}
    return found


def _graph(network: Network, input_weights: ArrayLike | None, metadata: dict[str, str]) -> Any:
    try:
        import nir
    except ImportError as error:
        raise InputError(
            f".nir files need the package {error.name}: pip install 'causal-snn[io]'"
        ) from None
    if network.synapses or network.inputs:
        raise InputError(
            "NIR has no random inputs, and one synaptic state per neuron: a network with `inputs` "
            "or `synapses` cannot be written"
        )
    parts = populations_of(network)
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    for target in parts:
        scale, constant, nodes[target.name] = node_of(network, target)
        constant = constant / scale
        for source, steps, weights in _connections(network, target, parts):
            name = f"w_{source.name}_{target.name}" + (f"_{steps}" if steps > 1 else "")
            matrix = weights / scale[:, None]
            biased = np.any(constant)
            nodes[name] = nir.Affine(matrix, constant) if biased else nir.Linear(matrix)
            constant = np.zeros_like(constant)  # once for each population
            edges.append((name, target.name))
            if steps > 1:
                late = np.full(
                    source.units.stop - source.units.start, 1e-3 * network.dt * (steps - 1)
                )
                nodes[f"d_{name}"] = nir.Delay(late)
                edges += [(source.name, f"d_{name}"), (f"d_{name}", name)]
            else:
                edges.append((source.name, name))
        nodes[f"output_{target.name}"] = nir.Output({"output": np.array([len(scale)])})
        edges.append((target.name, f"output_{target.name}"))
        if input_weights is not None:
            _add_input(
                nodes, edges, target, _rows(input_weights, network.n, target) / scale[:, None]
            )
    if "input" not in nodes:
        # nir.read wants a way in; this one has no weight, and reading leaves it out.
        nodes["input"] = nir.Input({"input": np.array([1])})
        size = parts[0].units.stop - parts[0].units.start
        nodes["w_input"] = nir.Linear(np.zeros((size, 1)))
        edges += [("input", "w_input"), ("w_input", parts[0].name)]
    return nir.NIRGraph(nodes, edges, metadata=metadata, type_check=False)


def _add_input(nodes: dict[str, Any], edges: list[Any], target: Population, matrix: Floats) -> None:
    import nir

    if not np.any(matrix):
        return
    nodes["input"] = nir.Input({"input": np.array([matrix.shape[1]])})
    nodes[f"w_input_{target.name}"] = nir.Linear(matrix)
    edges += [("input", f"w_input_{target.name}"), (f"w_input_{target.name}", target.name)]


def _rows(table: Any, n: int, target: Population) -> Floats:
    if not is_sparse(table):
        table = np.asarray(table, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != n:
        raise bad("input_weights", f"shape {table.shape}", f"shape ({n}, m), row = target")
    return _dense(table.tocsr()[target.units] if is_sparse(table) else table[target.units])


def _dense(table: Any) -> Floats:
    if table.shape[0] * table.shape[1] > _MOST:
        raise InputError(
            f"a matrix of {table.shape[0]} x {table.shape[1]} weights: NIR's are dense, and at "
            f"most {_MOST} entries are written"
        )
    return np.asarray(table.toarray() if is_sparse(table) else table, dtype=np.float64)


def _connections(
    network: Network, target: Population, parts: list[Population]
) -> Iterator[tuple[Population, int, Floats]]:
    """Yield source, delay and weights of what enters a population; at least one, for its bias."""
    count = 0
    for source in parts:
        table: Any = network.weights[target.units, source.units]
        if is_sparse(table) and table.nnz == 0:
            continue
        weights = _dense(table)
        delays = network.delays
        if np.ndim(delays):
            delays = np.asarray(delays)[target.units, source.units]
        delays = np.broadcast_to(delays, weights.shape)
        for steps in np.unique(delays[weights != 0]):
            yield source, int(steps), np.where(delays == steps, weights, 0.0)
            count += 1
    if not count:
        size = target.units.stop - target.units.start
        yield target, 1, np.zeros((size, size))
