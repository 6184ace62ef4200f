"""NIR files that cannot become a network: each message says which node, and what would do."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from causal_snn.errors import InputError, StageWarning
from causal_snn.io import read_network

nir = pytest.importorskip("nir", reason="needs the extra io: pip install 'causal-snn[io]'")
h5py = importlib.import_module("h5py")

Save = Callable[..., Path]

OPTIONS: dict[str, Any] = {"dt": 0.1, "reset": "value", "step": "exact"}


def lif_node(n: int | tuple[int, int] = 1, **values: float) -> Any:
    """Return a LIF node of n units whose values may be overridden."""
    one = np.ones(n)
    fields = {"tau": 1e-3, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0, **values}
    return nir.LIF(**{key: value * one for key, value in fields.items()})


def linear(*rows: list[float]) -> Any:
    """Return a Linear node."""
    return nir.Linear(np.array(rows, float))


def message(path: Path, **options: Any) -> str:
    """Return the error of reading `path`, without the path that it must start with."""
    with pytest.raises(InputError) as caught:
        read_network(path, **{**OPTIONS, **options})
    found = str(caught.value)
    assert found.startswith(f"{path}: ")
    assert "\n" not in found
    return found.removeprefix(f"{path}: ")


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Return a function that writes a graph and gives its path."""

    def write(edges: Sequence[str] = ("p>w", "w>p"), **nodes: Any) -> Path:
        nodes = {"p": lif_node(), "w": linear([1.0]), **nodes}
        pairs = [tuple(edge.split(">")) for edge in edges]
        path = tmp_path / "graph.nir"
        nir.write(path, nir.NIRGraph(nodes, pairs, type_check=False))
        return path

    return write


@pytest.mark.parametrize(
    ("given", "named", "unnamed"),
    [
        ({}, ["dt (", "reset (", "step ("], []),
        ({"dt": 0.1}, ["reset ('value' or 'subtract')", "step ('exact' or 'euler')"], ["dt ("]),
        ({"dt": 0.1, "reset": "value"}, ["step ("], ["dt (", "reset ("]),
        ({"reset": "value", "step": "exact"}, ["dt (the time step, ms)"], ["reset (", "step ("]),
    ],
)
def test_what_nir_does_not_carry_is_asked_for_at_once(
    save: Save, given: dict[str, Any], named: list[str], unnamed: list[str]
) -> None:
    found = message(save(), **{**dict.fromkeys(OPTIONS), **given})
    assert "NIR describes neurons in continuous time and carries neither" in found
    assert all(word in found for word in named)
    assert not any(word in found for word in unnamed)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dt": 0.0}, ["dt = 0.0", "positive time step"]),
        ({"dt": -1.0}, ["dt = -1.0", "positive time step"]),
        ({"dt": float("nan")}, ["dt = nan", "positive time step"]),
        ({"dt": "0.1"}, ["dt = '0.1'", "positive time step"]),
        ({"reset": "zero"}, ["reset = 'zero'", "'value', 'subtract'"]),
        ({"step": "Euler"}, ["step = 'Euler'", "'exact', 'euler'"]),
        ({"noise": -0.1}, ["noise", "0 or more"]),
        ({"noise": [0.1, 0.1]}, ["noise", "one for each of the 1 units"]),
        ({"populations": "some"}, ["populations = 'some'", "'recurrent', 'all'"]),
        ({"refractory_steps": -1}, ["refractory_steps = -1", "whole number"]),
        ({"step": "euler", "dt": 1.0}, ["node 'p': dt = 1.0: below tau = 1 ms", "step='exact'"]),
        ({"inputs": [0, 1]}, ["inputs = [0, 1]", "each of the 1 input channels"]),
        ({"inputs": 2}, ["inputs = 2", "0 or 1"]),
        ({"inputs": "1"}, ["inputs = '1'", "0 or 1"]),
        ({"inputs": {"inpt.0": 1}}, ["inputs = 'inpt.0'", "did you mean 'input.0'?"]),
    ],
)
def test_bad_options(save: Save, options: dict[str, Any], words: list[str]) -> None:
    path = save(["input>p", "p>w", "w>p"], input=nir.Input({"input": np.array([1])}))
    found = message(path, **options)
    assert all(word in found for word in words)


def test_dt_longer_than_tau_warns(save: Save) -> None:
    with pytest.warns(StageWarning, match=r"dt = 2.0 ms is longer"):
        read_network(save(), **{**OPTIONS, "dt": 2.0})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"tau": 0.0}, ["node 'p': tau = 0.0", "a positive time"]),
        ({"tau": -1e-3}, ["node 'p': tau = -1.0", "a positive time"]),
        ({"v_reset": 2.0}, ["node 'p': unit 0: V_reset = 2.0", "below the threshold"]),
        ({"r": np.nan}, ["node 'p': r[0] is not a finite number"]),
        ({"v_threshold": np.inf}, ["node 'p': v_threshold[0] is not a finite number"]),
    ],
)
def test_bad_parameters(save: Save, values: dict[str, Any], words: list[str]) -> None:
    found = message(save(p=lif_node(**values)))
    assert all(word in found for word in words)


def test_bad_resistance(save: Save) -> None:
    one = np.ones(1)
    node = nir.CubaLIF(4e-4 * one, 1e-3 * one, r=0 * one, v_leak=0 * one, v_threshold=one)
    assert "node 'p': unit 0: R = 0.0: a positive resistance" in message(save(p=node))


def test_bad_weight(save: Save) -> None:
    path = save(p=lif_node(2), w=linear([1.0, 2.0], [np.nan, 4.0]))
    assert message(path) == "node 'w': weight[1][0] is not a finite number"


def test_shapes_that_do_not_fit(save: Save) -> None:
    path = save(w=linear([1.0, 2.0]))
    assert message(path) == "edge 'p' to 'w' joins 1 channels to 2"


def test_bias_that_does_not_fit(save: Save) -> None:
    path = save(w=nir.Affine(np.ones((1, 1)), np.ones(3)))
    assert "node 'w' (Affine): bias of shape (3,)" in message(path)


def test_flat_weights_of_a_population_in_two_dimensions(save: Save) -> None:
    found = message(save(p=lif_node((2, 3)), w=linear([1.0] * 6)))
    assert "node 'w' (Linear): weight of shape (1, 6) and what enters of shape (2, 3)" in found
    assert "put a Flatten before it" in found


def test_unsupported_nodes_are_all_named(save: Save) -> None:
    one = np.ones(1)
    path = save(a=nir.LI(one, one, one), b=nir.I(one), c=nir.Scale(one), d=nir.Threshold(one))
    found = message(path)
    assert "a (LI), b (I), d (Threshold)" in found
    assert "Supported: Input, Output, Affine, Linear, IF, LIF, CubaLIF" in found
    assert "w (" not in found


def test_unsupported_nodes_of_an_inner_graph_and_of_no_known_type_are_named(save: Save) -> None:
    inner = nir.NIRGraph({"x": nir.Threshold(np.ones(1))}, [], type_check=False)
    path = save(net=inner)
    with h5py.File(path, "r+") as file:
        del file["node/nodes/w/type"]
        file["node/nodes/w"].create_dataset("type", data="Wormhole", dtype=h5py.string_dtype())
    assert "net.x (Threshold), w (Wormhole)" in message(path)


def test_loop_without_a_population(save: Save) -> None:
    path = save(["p>w", "w>x", "x>y", "y>x", "x>p"], x=linear([1.0]), y=linear([1.0]))
    assert message(path) == "the loop 'x' -> 'y' -> 'x' has no spiking population in it"


def test_loop_that_no_population_hears(save: Save) -> None:
    path = save(["p>w", "w>p", "x>y", "y>x"], x=linear([1.0]), y=linear([1.0]))
    assert message(path) == "the loop 'x' -> 'y' -> 'x' has no spiking population in it"


def test_edge_to_nowhere(save: Save) -> None:
    found = message(save(["p>w", "w>q"]))
    assert found == "edge 'w' to 'q': there is no node 'q'"


def test_repeated_edge(save: Save) -> None:
    assert message(save(["p>w", "p>w", "w>p"])) == "edge 'p' to 'w' is there twice"


def test_inner_graph_with_two_ways_in(save: Save) -> None:
    ways = {name: nir.Input({"input": np.array([1])}) for name in ("left", "right")}
    inner = nir.NIRGraph(
        {**ways, "x": lif_node(), "out": nir.Output({"output": np.array([1])})},
        [("left", "x"), ("right", "x"), ("x", "out")],
    )
    found = message(save(["p>net"], net=inner))
    assert "graph 'net' inside the graph has 2 Input nodes where an edge needs exactly 1" in found


def test_no_population(tmp_path: Path) -> None:
    path = tmp_path / "graph.nir"
    nir.write(path, nir.NIRGraph({"w": linear([1.0])}, [], type_check=False))
    assert "no spiking population" in message(path)


def test_not_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "graph.nir"
    for content in (b"", b"dt = 0.1\n", b"\x89HDF"):
        path.write_bytes(content)
        assert message(path) == "not an HDF5 file, which every .nir file is"


def test_damaged_hdf5(save: Save) -> None:
    path = save()
    path.write_bytes(path.read_bytes()[:600])
    assert "an HDF5 file without a NIR graph" in message(path)


def test_hdf5_without_a_graph(tmp_path: Path) -> None:
    path = tmp_path / "graph.nir"
    with h5py.File(path, "w") as file:
        file["data"] = np.arange(3)
    assert "an HDF5 file without a NIR graph" in message(path)
    nir.write(path, lif_node())  # one node, and no graph around it
    assert "an HDF5 file without a NIR graph" in message(path)


def test_graph_that_nir_cannot_read(save: Save) -> None:
    path = save()
    with h5py.File(path, "r+") as file:
        del file["node/nodes/p/tau"]
    assert "a NIR graph that nir cannot read" in message(path)


@pytest.mark.parametrize("package", ["nir", "h5py"])
def test_without_the_extra(save: Save, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    path = save()
    monkeypatch.setitem(sys.modules, package, None)
    assert "pip install 'causal-snn[io]'" in message(path)


def test_missing_file_and_directory(tmp_path: Path) -> None:
    assert "there is no such file" in message(tmp_path / "none.nir")
    (tmp_path / "folder.nir").mkdir()
    assert "this is a directory" in message(tmp_path / "folder.nir")
