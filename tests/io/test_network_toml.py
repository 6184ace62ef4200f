"""Networks written as TOML read back equal, to the last bit."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.errors import InputError, StageWarning
from causal_snn.io import read_network, write_network
from causal_snn.io.network_toml import network_from_toml
from causal_snn.io.toml_writer import network_to_toml
from causal_snn.models import BY_NAME, Network, NeuronModel, cuba_lif, lif, zoo


def test_defaults_are_those_of_the_library() -> None:
    text = 'format = "causal_snn-network/1"\ndt = 1\n[neuron]\nmodel = "cuba_lif"\n'
    network = network_from_toml(text + "[network]\nweights = [[0, 3], [3, 0]]\n")
    assert network == Network(neuron=cuba_lif(), weights=[[0, 3], [3, 0]], dt=1.0)
    assert network.neurons[0] is network.neurons[1]


POTENTIAL = st.floats(-1e3, 1e3)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def neuron_models(draw: st.DrawFn) -> NeuronModel:
    name = draw(st.sampled_from(["cuba_lif", "lif"]))  # those with a time constant
    reset = draw(POTENTIAL)
    theta = reset + draw(st.floats(1e-3, 1e3))
    options: dict[str, Any] = {
        "tau": draw(st.floats(1e-3, 1e6)),
        "E": draw(POTENTIAL),
        "V_reset": reset,
        "theta": theta,
        "V_min": draw(st.none() | st.just(reset - 1.0)),
        "step": draw(st.sampled_from(["exact", "euler"])),
        "reset": draw(st.sampled_from(["value", "subtract"])),
        "reset_timing": draw(st.sampled_from(["immediate", "delayed"])),
        "input_gain": draw(st.sampled_from(["exact", "unit"])),
        "strict_threshold": draw(st.booleans()),
        "refractory_steps": draw(st.integers(0, 9)),
        "arrival": draw(st.sampled_from(["start", "end"])),
    }
    if name == "cuba_lif":
        options |= {"tau_syn": draw(st.floats(1e-3, 1e6)), "R": draw(st.floats(1e-6, 1e6))}
    return BY_NAME[name](**options)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    n = draw(st.integers(1, 4))
    palette = draw(st.lists(neuron_models(), min_size=1, max_size=3))
    neurons = [draw(st.sampled_from(palette)) for _ in range(n)]

    def numbers(values: st.SearchStrategy[float]) -> float | list[float]:
        return draw(values | st.lists(values, min_size=n, max_size=n))

    row = st.lists(FINITE, min_size=n, max_size=n)
    return Network(
        neuron=neurons,
        weights=draw(st.lists(row, min_size=n, max_size=n)),
        dt=min(float(model.parameters["tau"]) for model in neurons) * draw(st.floats(1e-9, 1.0)),
        drive=numbers(FINITE),
        noise=numbers(st.floats(0.0, 1e300)),
        bias=numbers(FINITE),
        labels=draw(st.none() | st.lists(st.text(), min_size=n, max_size=n, unique=True)),
        name=draw(st.text()),
        source=draw(st.text()),
        background=draw(st.dictionaries(st.text(), st.sampled_from([0, 1]), max_size=3)),
    )


@settings(deadline=None, max_examples=200)
@given(networks())
def test_any_network_reads_back_equal(network: Network) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "network.toml")
        write_network(network, path)
        again = read_network(path)
    assert again == network
    assert_same_bits(again, network)


def assert_same_bits(a: Network, b: Network) -> None:
    """Check what equality does not, for it takes -0.0 for 0.0."""
    for name in ("weights", "drive", "noise", "bias"):
        assert np.asarray(getattr(a, name)).tobytes() == np.asarray(getattr(b, name)).tobytes()
    for one, other in zip(a.neurons, b.neurons, strict=True):
        assert repr(one.parameters) == repr(other.parameters)


def test_the_sign_of_zero_survives(tmp_path: Path) -> None:
    network = Network(
        neuron=[lif(E=0.0), lif(E=-0.0), lif(E=0.0, theta=-0.0)],
        weights=np.full((3, 3), -0.0),
        dt=1.0,
        drive=[-0.0, 0.0, 0.0],
        bias=-0.0,
    )
    write_network(network, tmp_path / "a.toml")
    assert_same_bits(read_network(tmp_path / "a.toml"), network)


@pytest.mark.parametrize(
    "label",
    [
        'say "hi"',
        "back\\slash",
        "new\nline",
        "tab\t",
        "café",
        "神経",
        "\U0001d538",
        "\x00\x07\x7f\x9f",
        "",
    ],
)
def test_awkward_labels_survive(label: str, tmp_path: Path) -> None:
    network = Network(
        neuron=lif(), weights=[[0.0]], dt=1.0, labels=[label], background={f"x{label}": 1}
    )
    write_network(network, tmp_path / "a.toml")
    again = read_network(tmp_path / "a.toml")
    assert again.labels == (label,)
    assert again.background == {f"x{label}": 1}


def test_units_that_agree_are_written_once_and_those_that_differ_as_lists() -> None:
    network = Network(
        neuron=[lif(tau=10.0), lif(tau=30.0)], weights=np.zeros((2, 2)), dt=1.0, drive=[1.0, 2.0]
    )
    table = tomllib.loads(network_to_toml(network))
    assert table["neuron"]["tau"] == [10.0, 30.0]
    assert table["neuron"]["theta"] == -50.0
    assert table["network"]["drive"] == [1.0, 2.0]
    assert table["network"]["noise"] == 0.0


def test_a_subset_of_a_network_round_trips_with_its_background(tmp_path: Path) -> None:
    part = zoo.pyloric().subset(["PY", "AB/PD"], background=1)
    write_network(part, tmp_path / "part.toml")
    assert read_network(tmp_path / "part.toml") == part
    assert part.background == {"LP": 1}


def test_long_dt_warns_when_read() -> None:
    text = 'format = "causal_snn-network/1"\ndt = 30.0\n[neuron]\nmodel = "lif"\n'
    with pytest.warns(StageWarning, match="dt = 30.0 ms is longer"):
        network_from_toml(text + "[network]\nweights = [[0.0]]\n")


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "network.toml"
    write_network(zoo.pyloric(), path)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_network(zoo.half_centre(), path)
    assert read_network(path) == zoo.pyloric()
    assert list(tmp_path.iterdir()) == [path]


def test_a_label_that_utf8_cannot_hold_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    network = Network(neuron=lif(), weights=[[0.0]], dt=1.0, labels=["\ud800"])
    with pytest.raises(InputError, match="UTF-8"):
        write_network(network, tmp_path / "a.toml")
    assert not list(tmp_path.iterdir())


def test_what_a_file_cannot_hold_is_not_written(tmp_path: Path) -> None:
    from dataclasses import replace

    for neuron, message in (
        (replace(lif(), name="liff"), "did you mean 'lif'"),
        (replace(cuba_lif(), name="lif"), "lif.. takes no 'tau_syn'"),
        (replace(cuba_lif(), equations=lif().equations), "not what models.cuba_lif"),
    ):
        with pytest.raises(InputError, match=message):
            write_network(Network(neuron=neuron, weights=[[0.0]], dt=1.0), tmp_path / "a.toml")
    assert not list(tmp_path.iterdir())


def test_write_needs_a_toml_name_in_a_folder_that_exists(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must end in \.toml, not '\.nir'"):
        write_network(zoo.pyloric(), tmp_path / "a.nir")
    with pytest.raises(InputError, match="cannot be written"):
        write_network(zoo.pyloric(), tmp_path / "none" / "a.toml")


def test_importing_loads_no_file_library() -> None:
    code = "import sys, causal_snn.io; print({'nir', 'h5py', 'tomllib', 'sympy'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
