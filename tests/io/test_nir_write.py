"""Networks written as NIR read back as they were, and a sidecar holds the chip's integers."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips import loihi
from causal_snn.chips.mapping.map import map_network
from causal_snn.chips.run import run
from causal_snn.chips.truenorth import truenorth
from causal_snn.errors import InputError
from causal_snn.io import (
    read_input_weights,
    read_network,
    read_sidecar,
    write_network,
    write_nir,
)
from causal_snn.models import Network, adex, cuba_lif, integrate_and_fire, lif
from causal_snn.models.inputs import WhiteNoise

nir = pytest.importorskip("nir", reason="needs the extra io: pip install 'causal-snn[io]'")

WEIGHTS = np.array([[0.0, 2.5, -1.0], [1.5, 0.0, 0.25], [0.125, -3.0, 0.5]])


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 2**31),
    step=st.sampled_from(["exact", "euler"]),
    kinds=st.lists(
        st.sampled_from(["lif", "cuba_lif", "integrate_and_fire"]), min_size=1, max_size=4
    ),
    delayed=st.booleans(),
)
def test_a_network_reads_back(
    tmp_path_factory: Any, seed: int, step: Any, kinds: list[str], delayed: bool
) -> None:
    rng = np.random.default_rng(seed)
    n = len(kinds)
    usual: dict[str, Any] = {"step": step, "strict_threshold": True}
    membrane = {"tau": rng.uniform(2, 30), "E": rng.uniform(-70, -60)}
    synapse = {"tau_syn": rng.uniform(2, 9), "R": rng.uniform(0.5, 4)}
    makers = {
        "lif": lambda: lif(**membrane, **usual),
        "cuba_lif": lambda: cuba_lif(**membrane, **synapse, **usual),
        "integrate_and_fire": lambda: integrate_and_fire(theta=rng.uniform(1, 9), **usual),
    }
    network = Network(
        neuron=[makers[kind]() for kind in kinds],
        weights=rng.normal(size=(n, n)),
        dt=0.5,
        bias=rng.normal(size=n),
        delays=rng.integers(1, 4, (n, n)) if delayed else 1,
    )
    path = tmp_path_factory.mktemp("nir") / "a.nir"
    write_nir(path, network)
    again = read_network(path, dt=0.5, reset="value", step=step, populations="all")
    np.testing.assert_allclose(again.weights, network.weights, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(again.bias, network.bias, rtol=1e-13)
    assert not again.background
    np.testing.assert_array_equal(
        np.broadcast_to(again.delays, (n, n)), np.broadcast_to(network.delays, (n, n))
    )
    for one, other in zip(again.neurons, network.neurons, strict=True):
        assert one.name == other.name
        assert one.convention == other.convention
        for key in set(one.parameters) - {"V_min"}:  # which NIR has no place for
            assert one.parameters[key] == pytest.approx(other.parameters[key], rel=1e-14)


def test_drives_become_what_nir_has(file: Path) -> None:
    """Of lif the bias, of cuba_lif the leak potential: the step map is the same."""
    neurons = [lif(), cuba_lif(), lif(input_gain="unit")]
    network = Network(neuron=neurons, weights=WEIGHTS, dt=1.0, drive=[5.0, 7.0, 0.3], bias=0.5)
    write_nir(file, network)
    again = read_network(file, dt=1.0, reset="value", step="exact", populations="all")
    assert not again.drive.any()
    v, i, s = (
        np.array([-60.0, -55.0, -58.0]),
        np.array([0.0, 2.0, 0.0]),
        np.array([False, True, False]),
    )
    old = network.step().mean(v, i, s, WEIGHTS @ s)
    new = again.step().mean(v, i, s, np.asarray(again.weights) @ s)
    np.testing.assert_allclose(new[0], old[0], rtol=1e-12)
    np.testing.assert_allclose(new[1], old[1], rtol=1e-12)


def test_the_weight_in_the_file_is_the_pulse_of_one_step(file: Path) -> None:
    """In NIR's own equation, tau v' = -v + r I, a pulse of one step moves v by the weight."""
    write_nir(
        file, Network(neuron=lif(tau=3.0, E=0.0, theta=9.0, V_reset=0.0), weights=[[0.75]], dt=1.0)
    )
    nodes = nir.read(file).nodes
    (node,) = (node for node in nodes.values() if isinstance(node, nir.LIF))
    table = nodes["w_p0_p0"]
    current = float(node.r[0]) * float(table.weight[0, 0])
    v = current * (1 - math.exp(-1e-3 / float(node.tau[0])))
    assert v == pytest.approx(0.75)


def test_input_channels_are_written(file: Path) -> None:
    arriving = np.array([[1.0, 0.0], [0.0, 2.0], [-0.5, 0.25]])
    write_nir(file, Network(neuron=cuba_lif(), weights=WEIGHTS, dt=1.0), input_weights=arriving)
    _, table = read_input_weights(file, dt=1.0)
    np.testing.assert_allclose(table, arriving, rtol=1e-14)
    with pytest.raises(InputError, match=r"input_weights = 'shape \(1, 2\)'"):
        write_nir(file, Network(neuron=lif(), weights=WEIGHTS, dt=1.0), input_weights=[[1.0, 2.0]])


def test_what_nir_does_not_say_is_told_in_the_metadata(file: Path) -> None:
    neuron = lif(refractory_steps=3, reset="subtract")
    write_nir(file, Network(neuron=neuron, weights=WEIGHTS, dt=0.25, noise=1.5))
    found = nir.read(file).metadata
    told = {
        key: value.decode() if isinstance(value, bytes) else str(value)
        for key, value in found.items()
    }
    assert told["dt_ms"] == "0.25"
    (convention,) = json.loads(told["conventions"])
    assert convention["refractory_steps"] == 3
    assert convention["reset"] == "subtract"
    assert json.loads(told["noise_mV"]) == [1.5]


# The sidecar ---------------------------------------------------------------------------------


def same(one: Any, other: Any) -> bool:
    """Return whether two values, dataclasses and arrays in them too, are equal in every part."""
    if is_dataclass(one) and not isinstance(one, type):
        return type(one) is type(other) and all(
            same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one)
        )
    if hasattr(one, "tocsr"):
        return hasattr(other, "tocsr") and one.dtype == other.dtype and abs(one - other).nnz == 0
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(
            one, other, equal_nan=one.dtype.kind == "f"
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(x, other[k]) for k, x in one.items())
    if isinstance(one, tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def test_a_sidecar_reads_back_equal(file: Path) -> None:
    network = Network(
        neuron=[cuba_lif(), lif(), cuba_lif(tau=9.0)],
        weights=WEIGHTS,
        dt=1.0,
        drive=[9.0, 0.0, 2.0],
        noise=0.5,
        labels=["x", "y", "z"],
        delays=[[1, 2, 3], [1, 1, 1], [4, 1, 1]],
    )
    mapped = map_network(network, loihi(), input_weights=np.eye(3))
    write_nir(file, network, mapped=mapped)
    for path in (file, file.with_name("graph.chip.json")):
        again = read_sidecar(path)
        assert again.network == network
        for name in ("chip", "parameters", "scale", "rest", "place", "report", "provenance"):
            assert same(getattr(mapped, name), getattr(again, name)), name
    spikes = np.random.default_rng(0).integers(0, 2, (50, 3))
    old, new = (run(m.chip, m.parameters, spikes) for m in (mapped, again))
    np.testing.assert_array_equal(old.v, new.v)
    assert sorted(p.name for p in file.parent.iterdir()) == ["graph.chip.json", "graph.nir"]
    content = json.loads(file.with_name("graph.chip.json").read_text())
    assert content["format"] == "causal_snn-chip/1"
    assert (
        content["parameters"]["neuron"]["threshold"]["$array"]
        == mapped.parameters.neuron["threshold"].tolist()
    )


def test_axon_types_and_sparse_tables_too(file: Path) -> None:
    import scipy.sparse

    neuron = integrate_and_fire(theta=10.0, reset="subtract")
    network = Network(neuron=neuron, weights=scipy.sparse.csr_array(WEIGHTS), dt=1.0)
    mapped = map_network(network, truenorth())
    write_nir(file, network, mapped=mapped)
    again = read_sidecar(file)
    assert again.network == network
    assert same(mapped.parameters, again.parameters)
    assert same(mapped.report, again.report)


def test_a_sidecar_of_another_run_is_noticed(file: Path) -> None:
    network = Network(neuron=cuba_lif(), weights=WEIGHTS, dt=1.0)
    write_nir(file, network, mapped=map_network(network, loihi()))
    sidecar = file.with_name("graph.chip.json")
    text = sidecar.read_text()
    sidecar.write_text(text.replace('"lava"', '"nengo"'))
    with pytest.raises(InputError, match="not the sidecar that the NIR file beside it"):
        read_sidecar(file)
    sidecar.write_text("{}")
    with pytest.raises(InputError, match=r"graph\.chip\.json: not a sidecar of a chip"):
        read_sidecar(sidecar)
    sidecar.write_text(text.replace("causal_snn-chip/1", "causal_snn-chip/9"))
    with pytest.raises(InputError, match="this version reads 'causal_snn-chip/1'"):
        read_sidecar(sidecar)
    write_nir(file, network)
    with pytest.raises(InputError, match="it was written without a sidecar"):
        read_sidecar(file)
    with pytest.raises(InputError, match="there is no such file"):
        read_sidecar(file.with_name("none.chip.json"))


def test_what_cannot_be_written_leaves_the_old_file(file: Path, monkeypatch: Any) -> None:
    network = Network(neuron=lif(), weights=WEIGHTS, dt=1.0)
    write_nir(file, network)
    before = file.read_bytes()
    refused: list[tuple[Network, dict[str, Any], str]] = [
        (network.replace(neuron=adex()), {}, "neuron = 'adex': a model that NIR has"),
        (network.replace(inputs=[WhiteNoise(amplitude=1.0)]), {}, "NIR has no random inputs"),
        (
            network.replace(bias=1.0),
            {"mapped": map_network(network, loihi())},
            "of another network",
        ),
    ]
    for wrong, options, says in refused:
        with pytest.raises(InputError, match=says):
            write_nir(file, wrong, **options)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nir, "write", fail)
    with pytest.raises(InputError, match="cannot be written: No space left"):
        write_nir(file, network)
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == [file.name]
    with pytest.raises(InputError, match=r"NIR files end in \.nir, not '\.h5'"):
        write_nir(file.with_suffix(".h5"), network)


def test_perfect_integrators_are_networks_that_toml_holds_too(tmp_path: Path) -> None:
    neuron = integrate_and_fire(C=2.0, I=0.25, theta=3.0, reset="subtract")
    network = Network(neuron=neuron, weights=WEIGHTS, dt=1.0)
    write_network(network, tmp_path / "a.toml")
    assert read_network(tmp_path / "a.toml") == network
    write_nir(tmp_path / "a.nir", network)
    again = read_network(tmp_path / "a.nir", dt=1.0, reset="subtract", step="exact")
    np.testing.assert_allclose(again.bias, 0.125)  # I/C dt


def test_a_perfect_integrator_says_what_it_is() -> None:
    model = integrate_and_fire(C=2.0, I=0.5)
    assert [str(rate) for rate in model.drift] == ["I/C"]
    with pytest.raises(InputError, match=r"C = 0.0: a positive membrane capacitance"):
        integrate_and_fire(C=0.0)
    with pytest.raises(InputError, match=r"V_reset = 2.0: below the threshold theta"):
        integrate_and_fire(V_reset=2.0)
    with pytest.raises(InputError, match=r"takes no 'tau'"):
        integrate_and_fire(tau=3.0)
    network = Network(neuron=model, weights=WEIGHTS, dt=1.0)
    with pytest.raises(InputError, match="closed-form"):
        network.step()
