"""Convolutions and pooling of NIR files, unrolled: against scipy, a loop, and the trained CNN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.errors import InputError
from causal_snn.io import read_input_weights, read_network
from causal_snn.io.nir_layers import convolve, unrolled
from causal_snn.models import integrate_and_fire

nir = pytest.importorskip("nir", reason="needs the extra io: pip install 'causal-snn[io]'")

Floats = np.ndarray[Any, Any]
OPTIONS: dict[str, Any] = {"dt": 1.0, "reset": "subtract", "step": "euler"}


def by_loop(
    x: Floats, weight: Floats, stride: Any, padding: Any, dilation: Any, groups: int
) -> Floats:
    """Return a convolution as PyTorch's documentation defines it, entry by entry."""
    channels, height, width = x.shape
    padded = np.zeros((channels, height + 2 * padding[0], width + 2 * padding[1]))
    padded[:, padding[0] : padding[0] + height, padding[1] : padding[1] + width] = x
    n_out, per_group, kh, kw = weight.shape
    out_h = (padded.shape[1] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    out_w = (padded.shape[2] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    out = np.zeros((n_out, out_h, out_w))
    for o in range(n_out):
        group = o // (n_out // groups)
        for i in range(out_h):
            for j in range(out_w):
                for c in range(per_group):
                    for a in range(kh):
                        for b in range(kw):
                            row = i * stride[0] + a * dilation[0]
                            column = j * stride[1] + b * dilation[1]
                            source = padded[group * per_group + c, row, column]
                            out[o, i, j] += weight[o, c, a, b] * source
    return out


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**31),
    groups=st.sampled_from([1, 1, 2, 3]),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    space=st.tuples(st.integers(5, 7), st.integers(5, 8)),
)
def test_convolutions_are_those_of_a_loop(
    seed: int, groups: int, stride: Any, padding: Any, dilation: Any, kernel: Any, space: Any
) -> None:
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(2 * groups, 2, *kernel))
    x = rng.normal(size=(2 * groups, *space))
    matrix, shape = convolve(weight, x.shape, stride, (padding, padding), dilation, groups)
    wanted = by_loop(x, weight, stride, padding, dilation, groups)
    assert shape == wanted.shape
    np.testing.assert_allclose((matrix @ x.ravel()).reshape(shape), wanted, atol=1e-12)


def test_a_convolution_is_a_sum_of_scipys_correlations() -> None:
    rng = np.random.default_rng(1)
    x, weight, bias = rng.normal(size=(3, 9, 7)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
    node = nir.Conv2d((9, 7), weight, (1, 1), (0, 0), (1, 1), 1, bias)
    matrix, constant, shape = unrolled("c", "Conv2d", node, x.shape)
    wanted = [
        sum(scipy.signal.correlate2d(x[c], weight[o, c], mode="valid") for c in range(3)) + bias[o]
        for o in range(4)
    ]
    np.testing.assert_allclose((matrix @ x.ravel() + constant).reshape(shape), wanted)
    same = nir.Conv2d((9, 7), weight[:, :, :, :1], (1, 1), "same", (1, 1), 1, bias)
    matrix, constant, shape = unrolled("c", "Conv2d", same, x.shape)
    wanted = [
        sum(scipy.signal.correlate2d(x[c], weight[o, c, :, :1], mode="same") for c in range(3))
        for o in range(4)
    ]
    np.testing.assert_allclose((matrix @ x.ravel()).reshape(shape), wanted)


def test_pooling_in_one_and_two_dimensions() -> None:
    x = np.arange(2 * 6 * 6, dtype=float).reshape(2, 6, 6)
    two = np.array([2, 2])
    blocks = x.reshape(2, 3, 2, 3, 2)
    for kind, wanted in (("SumPool2d", blocks.sum((2, 4))), ("AvgPool2d", blocks.mean((2, 4)))):
        node = getattr(nir, kind)(two, two, np.array([0, 0]))
        matrix, constant, shape = unrolled("p", kind, node, x.shape)
        np.testing.assert_allclose((matrix @ x.ravel()).reshape(shape), wanted)
        assert not constant.any()
    # Padding counts as zeros in a mean.
    node = nir.AvgPool2d(two, two, np.array([1, 1]))
    matrix, _, shape = unrolled("p", "AvgPool2d", node, x.shape)
    assert shape == (2, 4, 4)
    assert (matrix @ x.ravel()).reshape(shape)[0, 0, 0] == x[0, 0, 0] / 4
    line = nir.Conv1d(6, np.ones((1, 2, 3)), 2, 1, 1, 1, np.zeros(1))
    matrix, _, shape = unrolled("l", "Conv1d", line, (2, 6))
    signal = np.pad(x[:, 0], ((0, 0), (1, 1))).sum(0)
    sums = [signal[k : k + 3].sum() for k in (0, 2, 4)]
    np.testing.assert_allclose((matrix @ x[:, 0].ravel()).reshape(shape)[0], sums)


def save(path: Path, edges: list[str], **nodes: Any) -> Path:
    pairs = [tuple(edge.split(">")) for edge in edges]
    nir.write(path, nir.NIRGraph(nodes, pairs, type_check=False))
    return path


def if_node(*shape: int) -> Any:
    return nir.IF(r=np.full(shape, 2.0), v_threshold=np.ones(shape))


def test_layers_between_populations_become_weights(file: Path) -> None:
    rng = np.random.default_rng(2)
    weight, full = rng.normal(size=(2, 1, 3, 3)), rng.normal(size=(5, 8))
    save(
        file,
        ["input>a", "a>c", "c>b", "b>s", "s>flat", "flat>full", "full>z"],
        input=nir.Input({"input": np.array([1, 4, 4])}),
        a=if_node(1, 4, 4),
        c=nir.Conv2d((4, 4), weight, 1, 1, 1, 1, np.array([0.5, -0.25])),
        b=if_node(2, 4, 4),
        s=nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        flat=nir.Flatten({"input": np.array([2, 2, 2])}, start_dim=0),
        full=nir.Linear(full),
        z=if_node(5),
    )
    network = read_network(file, **OPTIONS)
    assert network.n == 16 + 32 + 5
    assert {model.name for model in network.neurons} == {"integrate_and_fire"}
    assert network.neurons[0] == integrate_and_fire(
        theta=1.0, reset="subtract", step="euler", strict_threshold=True
    )
    x = rng.integers(0, 2, 16).astype(float)
    to_b = network.weights[16:48, :16] @ x + network.bias[16:48]
    wanted = by_loop(x.reshape(1, 4, 4), weight, (1, 1), (1, 1), (1, 1), 1)
    wanted += np.array([0.5, -0.25])[:, None, None]
    np.testing.assert_allclose(to_b, 2.0 * wanted.ravel())
    spikes = rng.integers(0, 2, (2, 4, 4)).astype(float)
    pooled = spikes.reshape(2, 2, 2, 2, 2).sum((2, 4)).ravel()
    to_z = network.weights[48:, 16:48] @ spikes.ravel()
    np.testing.assert_allclose(to_z, 2.0 * full @ pooled)
    channels, table = read_input_weights(file, dt=1.0, reset="subtract", step="euler")
    assert channels[:2] == ("input.0", "input.1")
    np.testing.assert_array_equal(table[:16], 2.0 * np.eye(16))
    assert not table[16:].any()
    timed = read_network(file, if_pulse="time", **OPTIONS)  # 1 ms is 0.001 s
    np.testing.assert_allclose(timed.weights, 1e-3 * np.asarray(network.weights), rtol=1e-12)


def test_delays_add_to_the_step_of_a_connection(file: Path) -> None:
    save(
        file,
        ["p>late", "late>w", "w>p", "p>now", "now>p"],
        p=if_node(2),
        late=nir.Delay(np.array([3e-3, 5e-3])),
        w=nir.Linear(np.array([[0.0, 1.0], [1.0, 0.0]])),
        now=nir.Linear(np.array([[1.0, 0.0], [0.0, 0.0]])),
    )
    network = read_network(file, **OPTIONS)
    assert network.delays[0, 1] == 6
    assert network.delays[1, 0] == 4
    assert network.delays[0, 0] == 1
    with pytest.raises(InputError, match=r"a Delay of 3 ms is 1.5 steps of dt = 2.0 ms"):
        read_network(file, **{**OPTIONS, "dt": 2.0})


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (
            nir.Conv2d((4, 4), np.ones((1, 3, 2, 2)), 1, 0, 1, 1, np.zeros(1)),
            r"node 'x': what enters has shape \(2, 4, 4\), and its weight of shape",
        ),
        (
            nir.Conv2d((5, 4), np.ones((1, 2, 2, 2)), 1, 0, 1, 1, np.zeros(1)),
            r"input_shape \(5, 4\), and what enters has \(4, 4\)",
        ),
        (
            nir.Conv2d((4, 4), np.ones((1, 2, 2, 2)), 2, "same", 1, 1, np.zeros(1)),
            r"padding 'same' is defined for a stride of 1 only",
        ),
        (
            nir.Conv2d((4, 4), np.ones((1, 2, 7, 7)), 1, 0, 1, 1, np.zeros(1)),
            r"its kernel is larger than what enters",
        ),
        (
            nir.Conv2d((4, 4), np.full((1, 2, 1, 1), np.nan), 1, 0, 1, 1, np.zeros(1)),
            r"weight\[0\]\[0\]\[0\]\[0\] is not a finite number",
        ),
    ],
)
def test_layers_that_do_not_fit_are_named(file: Path, node: Any, says: str) -> None:
    save(file, ["p>x", "x>q"], p=if_node(2, 4, 4), x=node, q=if_node(1))
    with pytest.raises(InputError, match=says):
        read_network(file, **OPTIONS)


def test_the_spiking_cnn_of_sinabs(nir_data: Path) -> None:
    """Its third layer hears the second through a convolution, as a loop has it."""
    options = {**OPTIONS, "populations": "all"}
    path = nir_data / "cnn_sinabs.nir"
    network = read_network(path, **options)
    assert network.n == 2 * 4096 + 512 + 256 + 10
    where: dict[str, list[int]] = {name: [] for name in ("1", "10", "12", "3", "6")}
    for k, label in enumerate(network.labels):
        where[label.split(".")[0]].append(k)
    assert [len(units) for units in where.values()] == [4096, 256, 10, 4096, 512]
    node = nir.read(path, type_check=False).nodes["2"]
    x = np.random.default_rng(0).integers(0, 2, (16, 16, 16)).astype(float)
    block = network.weights[where["3"]][:, where["1"]]
    kernel = np.asarray(node.weight, dtype=float)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    wanted = [
        sum(scipy.signal.correlate2d(padded[c], kernel[o, c], mode="valid") for c in range(16))
        for o in range(16)
    ]
    np.testing.assert_allclose(block @ x.ravel(), np.ravel(wanted), atol=1e-9)
    channels, table = read_input_weights(path, **options)
    assert len(channels) == 2 * 34 * 34
    assert np.diff(table.indptr).max() == 50  # two channels of 5 x 5
