"""Bad network files: every message names the file, the place and what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from causal_snn.errors import InputError
from causal_snn.io import read_network

GOOD = """\
format = "causal_snn-network/1"
name = "two"
dt = 1.0

[neuron]
model = "lif"
tau = 20.0
V_reset = -65.0

[neuron.convention]
reset = "value"

[network]
labels = ["A", "B"]
weights = [[0.0, 3.0], [3.0, 0.0]]
drive = 16.0
noise = 4.0
"""

GROUPS = """\
format = "causal_snn-network/1"
dt = 1.0

[[neuron]]
model = "lif"
units = ["A"]

[[neuron]]
model = "cuba_lif"
units = ["B"]

[network]
labels = ["A", "B"]
connections = [{from = "A", to = "B", weight = 2.0}]
"""


def message(tmp_path: Path, text: str, **options: Any) -> str:
    """Return the error that reading `text` gives, without the name of the file."""
    path = tmp_path / "net.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_network(path, **options)
    found = str(caught.value)
    assert found.startswith(f"{path}: ")
    assert found.count("\n") <= 1
    return found.removeprefix(f"{path}: ")


def test_the_good_files_are_good(tmp_path: Path) -> None:
    for text in (GOOD, GROUPS):
        path = tmp_path / "net.toml"
        path.write_text(text, encoding="utf-8")
        assert read_network(path).labels == ("A", "B")


WRONG = [
    # (text to replace, replacement, words of the message)
    ("dt = 1.0", "dt = ", ["line 3", "not valid TOML"]),
    ("noise = 4.0\n", "noise = [4.0,\n", ["line 17", "not valid TOML"]),
    ('format = "causal_snn-network/1"\n', "", ["missing key 'format'", "causal_snn-network/1"]),
    ("network/1", "network/2", ["'causal_snn-network/2'", "reads 'causal_snn-network/1' only"]),
    ('"causal_snn-network/1"', "1", ["format = 1", "not a network format"]),
    ("name =", "nmae =", ["top level: unknown key 'nmae'", "did you mean 'name'?"]),
    ("tau =", "taw =", ["[neuron]: unknown key 'taw'", "did you mean 'tau'?"]),
    ("tau =", "tau_syn =", ["[neuron]: unknown key 'tau_syn'", "did you mean 'tau'?"]),
    ("\nreset =", "\nrest =", ["[neuron.convention]: unknown key 'rest'", "did you mean 'reset'?"]),
    ("noise =", "nose =", ["[network]: unknown key 'nose'", "did you mean 'noise'?"]),
    ("tau =", "noise =", ["[neuron]: unknown key 'noise'", "it belongs in [network]"]),
    ("tau =", "step =", ["[neuron]: unknown key 'step'", "it belongs in [neuron.convention]"]),
    ("noise =", "dt =", ["[network]: unknown key 'dt'", "it belongs in the top level"]),
    ("dt = 1.0\n", "", ["top level: missing key 'dt'"]),
    ('model = "lif"\n', "", ["[neuron]: missing key 'model'"]),
    ("[network]", "[net]", ["top level: unknown key 'net'", "did you mean 'network'?"]),
    (GOOD[GOOD.index("[network]") :], "", ["top level: missing key 'network'"]),
    (GOOD[GOOD.index("[neuron]") : GOOD.index("[network]")], "", ["missing key 'neuron'"]),
    ("[network]", "[[network]]", ["network = [", "a table, as [network]"]),
    ("weights = [[0.0, 3.0], [3.0, 0.0]]\n", "", ["[network]", "neither of weights"]),
    ('"lif"', '"lift"', ["model = 'lift'", "did you mean 'lif'?"]),
    ('"lif"', "3", ["model = 3", "a string in quotes"]),
    ("dt = 1.0", 'dt = "1.0"', ["dt = '1.0'", "a number"]),
    ("dt = 1.0", "dt = true", ["dt = True", "a number"]),
    ("dt = 1.0", "dt = 0", ["dt = 0.0", "positive time step"]),
    ("dt = 1.0", "dt = -1.0", ["dt = -1.0", "positive time step"]),
    ("dt = 1.0", "dt = nan", ["dt = nan", "a finite number"]),
    ("tau = 20.0", 'tau = "20"', ["[neuron]: tau = '20'", "a number, or a list"]),
    ("tau = 20.0", "tau = 0.0", ["[neuron]", "tau = 0.0", "a positive time in ms"]),
    ("tau = 20.0", "tau = [20.0, -1]", ["unit 'B'", "tau = -1.0", "a positive time in ms"]),
    ("tau = 20.0", "tau = [20.0]", ["tau = [20.0]", "a list of 2"]),
    ("V_reset = -65.0", "V_reset = -40.0", ["V_reset = -40.0", "below the threshold"]),
    ('"value"', '"volue"', ["reset = 'volue'", "one of 'value', 'subtract'"]),
    ('reset = "value"', "refractory_steps = 1.5", ["refractory_steps = 1.5", "whole number"]),
    ('reset = "value"', "strict_threshold = 1", ["strict_threshold = 1", "true or false"]),
    ("3.0], [3.0", "nan], [3.0", ["weights[0][1] = nan", "a finite number"]),
    ("3.0], [3.0", "3.0], [-inf", ["weights[1][0] = -inf", "a finite number"]),
    ("3.0], [3.0", '3.0], ["x"', ["weights[1][0] = 'x'", "a number"]),
    ("3.0], [3.0", f"3.0], [1{'0' * 400}", ["weights[1][0]", "a finite number"]),
    ("3.0], [3.0", "3.0], [3.0, 1.0", ["weights[1]", "a row of 2 numbers"]),
    (", [3.0, 0.0]]", "]", ["weights[0]", "a row of 1 numbers", "Row = target"]),
    ("[[0.0, 3.0], [3.0, 0.0]]", "[0.0, 3.0]", ["weights", "a list of rows"]),
    ("drive = 16.0", "drive = [1.0, 2.0, 3.0]", ["drive", "one for each of the 2 units"]),
    ("drive = 16.0", "drive = [1.0, inf]", ["drive[1] = inf", "a finite number"]),
    ("drive = 16.0", "drive = {A = 1.0}", ["drive", "a number, or a list of numbers"]),
    ("noise = 4.0", "noise = -4.0", ["noise", "a standard deviation (mV), 0 or more"]),
    ('["A", "B"]', '["A", "A"]', ["labels = ['A']", "names that differ"]),
    ('["A", "B"]', '["A", "B", "C"]', ["labels", "2 names, one for each row"]),
    ('["A", "B"]', '["A", 2]', ["labels", "a list of names in quotes"]),
    ("noise = 4.0", "background = {C = 2}", ["background.C = 2", "0 or 1"]),
    ("noise = 4.0", "background = {C = true}", ["background.C = True", "0 or 1"]),
    ("noise = 4.0", "connections = []", ["both of weights and connections"]),
    ('model = "lif"', 'model = "lif"\nunits = ["A"]', ["[neuron]: units are for several"]),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG)
def test_bad_file(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert old in GOOD
    found = message(tmp_path, GOOD.replace(old, new, 1))
    for word in words:
        assert word in found


WRONG_GROUPS = [
    ('units = ["B"]', 'units = ["b"]', ["[[neuron]] number 2: units = 'b'", "allowed: 'A', 'B'"]),
    ('units = ["B"]', 'units = ["A", "B"]', ["units = 'A'", "has a model already"]),
    ('units = ["B"]', 'units = ["B", "B"]', ["units = 'B'", "has a model already"]),
    ('units = ["B"]', "units = []", ["['B']", "no model"]),
    ('units = ["B"]\n', "", ["[[neuron]] number 2: missing key 'units'"]),
    ('units = ["B"]', 'units = ["B"]\ntau_sin = 1.0', ["number 2: unknown key", "'tau_syn'?"]),
    ('labels = ["A", "B"]\n', "", ["[network]: missing key 'labels'"]),
    ('to = "B"', 'to = "C"', ["connections[0]: to = 'C'", "allowed: 'A', 'B'"]),
    ('to = "B", ', "", ["connections[0]: missing key 'to'"]),
    ("weight =", "wieght =", ["connections[0]: unknown key 'wieght'", "did you mean 'weight'?"]),
    ("weight = 2.0", "weight = nan", ["connections[0]: weight = nan", "a finite number"]),
    ("2.0}]", '2.0}, {from = "A", to = "B", weight = 1.0}]', ["connections[1]", "given twice"]),
    ('[{from = "A", to = "B", weight = 2.0}]', "3", ["connections = 3", "a list of {from"]),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG_GROUPS)
def test_bad_groups_and_connections(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert old in GROUPS
    found = message(tmp_path, GROUPS.replace(old, new, 1))
    for word in words:
        assert word in found


@pytest.mark.parametrize(
    ("option", "home"),
    [
        ({"dt": 1.0}, "dt at the top level"),
        ({"reset": "value"}, "reset in [neuron.convention]"),
        ({"noise": 0.0}, "noise in [network]"),
        ({"inputs": 0}, "bias in [network]"),
    ],
)
def test_options_of_nir_are_refused_for_toml(
    tmp_path: Path, option: dict[str, Any], home: str
) -> None:
    found = message(tmp_path, GOOD, **option)
    assert f"option {next(iter(option))} is for .nir files only" in found
    assert home in found


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: there is no such file"):
        read_network(tmp_path / "none.toml")
    with pytest.raises(InputError, match=r"nor the directory .*nowhere"):
        read_network(tmp_path / "nowhere" / "none.toml")


def test_directory(tmp_path: Path) -> None:
    (tmp_path / "net.toml").mkdir()
    with pytest.raises(InputError, match=r"net\.toml: this is a directory"):
        read_network(tmp_path / "net.toml")


@pytest.mark.parametrize(("name", "hint"), [("net.tml", "did you mean '.toml'?"), ("net", "''")])
def test_unknown_suffix(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(InputError, match=r"end in \.toml or \.nir") as caught:
        read_network(tmp_path / name)
    assert hint in str(caught.value)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_bytes(b"format = \xff")
    with pytest.raises(InputError, match=r"net\.toml: not a text file in UTF-8 \(byte 9\)"):
        read_network(tmp_path / "net.toml")
