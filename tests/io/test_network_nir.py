"""NIR graphs as networks: scale of weights, paths between populations, what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from causal_snn.io import read_network, write_network
from causal_snn.models import Network, cuba_lif, lif

nir = pytest.importorskip("nir", reason="needs the extra io: pip install 'causal-snn[io]'")

EXACT: dict[str, Any] = {"dt": 0.1, "reset": "value", "step": "exact"}
EULER: dict[str, Any] = {"dt": 0.1, "reset": "subtract", "step": "euler"}


def lif_node(
    n: int = 1, *, tau: Any = 1e-3, r: Any = 1.0, leak: float = 0.0, theta: float = 1.0
) -> Any:
    """Return a LIF node of n units; times in seconds."""
    fill = [np.broadcast_to(np.array(value, float), (n,)) for value in (tau, r, leak)]
    return nir.LIF(*fill, v_threshold=np.full(n, theta), v_reset=np.zeros(n))


def cuba_node(n: int = 1, *, r: float = 1.0, w_in: float = 1.0) -> Any:
    """Return a CubaLIF node of n units; its time constants are 1 ms and 0.4 ms."""
    one = np.ones(n)
    return nir.CubaLIF(
        tau_syn=4e-4 * one,
        tau_mem=1e-3 * one,
        r=r * one,
        v_leak=0 * one,
        v_threshold=one,
        w_in=w_in * one,
    )


def linear(*rows: Any) -> Any:
    return nir.Linear(np.array(rows, float))


def affine(rows: Any, bias: Any) -> Any:
    return nir.Affine(np.array(rows, float), np.array(bias, float))


def channels(n: int) -> Any:
    return nir.Input({"input": np.array([n])})


def save(path: Path, edges: list[str], **nodes: Any) -> None:
    """Write a graph; edges as "a>b" with the names of nodes."""
    graph = nir.NIRGraph(nodes, [tuple(edge.split(">")) for edge in edges], type_check=False)
    nir.write(path, graph)


def test_lif_in_seconds_becomes_ms_and_weights_become_jumps(file: Path) -> None:
    save(file, ["p>w", "w>p"], p=lif_node(2, tau=[1e-3, 2e-3], r=[1.0, 3.0], leak=-0.5),
         w=linear([0, 5], [7, 0]))  # fmt: skip
    network = read_network(file, noise=0.25, **EXACT)
    decay = np.exp([-0.1, -0.05])
    expected = Network(
        neuron=[
            lif(tau=tau, E=-0.5, theta=1.0, V_reset=0.0, strict_threshold=True)
            for tau in (1.0, 2.0)
        ],
        weights=[[0, (1 - decay[0]) * 5], [(1 - decay[1]) * 3 * 7, 0]],
        dt=0.1,
        noise=0.25,
    )
    assert network.neurons == expected.neurons
    np.testing.assert_allclose(network.weights, np.asarray(expected.weights), rtol=1e-14)
    assert network.noise.tolist() == [0.25, 0.25]
    assert network.labels == ("n0", "n1")
    assert network.name == "graph"
    assert "p (2 LIF)" in network.source


def test_a_spike_moves_the_potential_as_a_pulse_of_one_step(file: Path) -> None:
    """The jump is what integrating tau v' = -v + r w over the step gives from v = 0."""
    save(file, ["p>w", "w>p"], p=lif_node(1, tau=3e-4, r=2.0), w=linear([0.7]))
    network = read_network(file, **EXACT)
    v, substeps = 0.0, 100_000
    for _ in range(substeps):
        v += (0.1 / substeps) * (-v + 2.0 * 0.7) / 0.3
    assert network.weights[0, 0] == pytest.approx(v, rel=1e-5)


@pytest.mark.parametrize(("step", "lost"), [("euler", 0.25), ("exact", 1 - np.exp(-0.25))])
def test_cuba_lif_weights_are_jumps_of_the_current(file: Path, step: Any, lost: float) -> None:
    save(file, ["p>w", "w>p"], p=cuba_node(1, r=10.0, w_in=4.0), w=affine([[3.0]], [0.5]))
    network = read_network(file, dt=0.1, reset="subtract", step=step, arrival="start")
    assert network.neurons[0] == cuba_lif(
        tau=1.0, tau_syn=0.4, R=10.0, E=0.0, theta=1.0, V_reset=0.0,
        step=step, reset="subtract", strict_threshold=True,
    )  # fmt: skip
    assert network.weights[0, 0] == pytest.approx(4.0 * lost * 3.0)
    assert network.bias[0] == pytest.approx(4.0 * lost * 0.5)


def test_conventions_are_passed_on(file: Path) -> None:
    save(file, ["p>w", "w>p"], p=cuba_node(), w=linear([1.0]))
    options: dict[str, Any] = {"reset_timing": "delayed", "refractory_steps": 2, "arrival": "end"}
    convention = read_network(file, **EULER, **options).neurons[0].convention
    assert convention.strict_threshold
    for name, value in {**options, "step": "euler", "reset": "subtract"}.items():
        assert getattr(convention, name) == value


def test_equal_units_share_one_model(file: Path) -> None:
    save(file, ["p>w", "w>p"], p=lif_node(3, tau=[1e-3, 1e-3, 2e-3]), w=linear(*np.eye(3)))
    first, second, third = read_network(file, **EXACT).neurons
    assert first is second
    assert first != third


def test_absent_reset_potential_is_zero(file: Path) -> None:
    one = np.ones(1)
    node = nir.LIF(tau=1e-3 * one, r=one, v_leak=0 * one, v_threshold=one)
    save(file, ["p>w", "w>p"], p=node, w=linear([1.0]))
    assert read_network(file, **EXACT).neurons[0].parameters["V_reset"] == 0.0


def test_chains_multiply_and_carry_their_biases(file: Path) -> None:
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, -1.0], [2.0, 0.0]])
    save(file, ["p>a", "a>b", "b>p"], p=lif_node(2), a=affine(a, [1, -1]), b=affine(b, [10, 20]))
    network = read_network(file, **EXACT)
    scale = 1 - np.exp(-0.1)
    np.testing.assert_allclose(network.weights, scale * b @ a)
    np.testing.assert_allclose(network.bias, scale * (b @ [1, -1] + [10, 20]))


def test_paths_add_and_a_bias_behind_their_junction_counts_once(file: Path) -> None:
    save(file, ["p>a", "p>b", "a>c", "b>c", "c>p", "b>p"], p=lif_node(),
         a=affine([[2.0]], [1.0]), b=linear([3.0]), c=affine([[10.0]], [7.0]))  # fmt: skip
    network = read_network(file, **EXACT)
    scale = 1 - np.exp(-0.1)
    assert network.weights[0, 0] == pytest.approx(scale * (10 * (2 + 3) + 3))
    assert network.bias[0] == pytest.approx(scale * (10 * 1 + 7))


def test_populations_may_be_joined_without_weights(file: Path) -> None:
    save(file, ["p>q", "q>p"], p=lif_node(2), q=cuba_node(2))
    network = read_network(file, **EULER)
    assert {model.name for model in network.neurons} == {"lif", "cuba_lif"}
    np.testing.assert_allclose(network.weights[:2, 2:], 0.1 * np.eye(2))
    np.testing.assert_allclose(network.weights[2:, :2], 0.25 * np.eye(2))
    assert not network.weights[:2, :2].any()


def test_rows_of_the_weights_are_targets(file: Path) -> None:
    save(file, ["p>w", "w>q", "q>v", "v>p"], p=lif_node(1), q=lif_node(2),
         w=linear([5.0], [6.0]), v=linear([7.0, 8.0]))  # fmt: skip
    network = read_network(file, **EXACT)
    assert network.labels == ("p.0", "q.0", "q.1")
    scale = 1 - np.exp(-0.1)
    np.testing.assert_allclose(network.weights / scale, [[0, 7, 8], [5, 0, 0], [6, 0, 0]])


LAYERS = ["input>w", "w>first", "first>x", "x>mid", "mid>y", "y>mid", "mid>z", "z>last",
          "last>output"]  # fmt: skip


def layers() -> dict[str, Any]:
    return {
        "input": channels(2),
        "w": affine([[1.0, 2.0]], [0.5]),
        "first": lif_node(),
        "x": linear([1.0]),
        "mid": lif_node(),
        "y": linear([1.0]),
        "z": linear([1.0]),
        "last": lif_node(),
        "output": nir.Output({"output": np.array([1])}),
    }


def test_read_outs_are_left_out_and_named(file: Path) -> None:
    save(file, LAYERS, **layers())
    network = read_network(file, **EXACT)
    assert network.labels == ("first.0", "mid.0")
    assert network.source.endswith("left out, never heard by a recurrent one: last (1)")


def test_all_populations_keeps_the_read_out(file: Path) -> None:
    save(file, LAYERS, **layers())
    network = read_network(file, populations="all", **EXACT)
    assert network.labels == ("first.0", "last.0", "mid.0")
    assert "left out" not in network.source
    assert network.weights[1, 2] > 0  # last <- mid


def test_without_recurrence_everything_is_kept(file: Path) -> None:
    edges = [edge for edge in LAYERS if edge not in ("mid>y", "y>mid")]
    save(file, edges, **layers())
    assert read_network(file, **EXACT).labels == ("first.0", "last.0", "mid.0")


@pytest.mark.parametrize(
    ("inputs", "arriving", "recorded"),
    [
        (None, 0.5, (0, 0)),
        (0, 0.5, (0, 0)),
        (1, 3.5, (1, 1)),
        ([0, 1], 2.5, (0, 1)),
        (np.array([1, 0]), 1.5, (1, 0)),
        ({"input.0": 1}, 1.5, (1, 0)),
    ],
)
def test_inputs_are_clamped_into_the_bias(
    file: Path, inputs: Any, arriving: float, recorded: tuple[int, int]
) -> None:
    save(file, LAYERS, **layers())
    network = read_network(file, inputs=inputs, **EXACT)
    np.testing.assert_allclose(network.bias, [(1 - np.exp(-0.1)) * arriving, 0.0])
    assert network.background == dict(zip(("input.0", "input.1"), recorded, strict=True))


def test_graphs_inside_the_graph_unfold(file: Path) -> None:
    inner = nir.NIRGraph(
        {
            "in": channels(1),
            "cell": lif_node(),
            "w_rec": linear([2.0]),
            "out": nir.Output({"output": np.array([1])}),
        },
        [("in", "cell"), ("cell", "w_rec"), ("w_rec", "cell"), ("cell", "out")],
    )
    save(file, ["input>w", "w>net", "net>v", "v>last"], input=channels(1), w=linear([3.0]),
         net=inner, v=linear([5.0]), last=lif_node())  # fmt: skip
    network = read_network(file, inputs=1, populations="all", **EXACT)
    scale = 1 - np.exp(-0.1)
    assert network.labels == ("last.0", "net.cell.0")
    np.testing.assert_allclose(network.weights / scale, [[0, 5], [0, 2]])
    np.testing.assert_allclose(network.bias / scale, [0, 3])


def test_what_is_read_from_nir_can_be_kept_as_toml(file: Path, tmp_path: Path) -> None:
    save(file, LAYERS, **layers())
    network = read_network(file, noise=0.1, inputs=1, **EULER)
    write_network(network, tmp_path / "network.toml")
    assert read_network(tmp_path / "network.toml") == network
