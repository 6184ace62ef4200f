"""The example files are the networks of the zoo, and the documented format is the real one."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pytest

from causal_snn.io import network_toml, read_network, write_network
from causal_snn.io.network_toml import network_from_toml
from causal_snn.models import Network, cuba_lif, lif, zoo

ZOO_EXAMPLES = sorted(zoo.NETWORKS)


@pytest.mark.parametrize("name", ZOO_EXAMPLES)
def test_example_is_the_network_of_the_zoo(name: str, examples: Path) -> None:
    assert read_network(examples / f"{name}.toml") == zoo.NETWORKS[name]()


def test_every_example_is_tested_and_round_trips(examples: Path, tmp_path: Path) -> None:
    files = sorted(path.stem for path in examples.glob("*.toml"))
    assert files == sorted([*ZOO_EXAMPLES, "synaptic_current"])
    for name in files:
        network = read_network(examples / f"{name}.toml")
        write_network(network, tmp_path / f"{name}.toml")
        assert read_network(tmp_path / f"{name}.toml") == network


def test_synaptic_current_example_steps_as_its_comment_says(examples: Path) -> None:
    step = read_network(examples / "synaptic_current.toml").step()
    quiet = np.array([False, False])
    v, i = step.mean(np.array([-60.0, -65.0]), np.array([10.0, 0.0]), quiet, np.array([0.0, 30.0]))
    np.testing.assert_allclose(i, [8.0, 30.0])
    np.testing.assert_allclose(v, [-65 + 0.9 * 5 + 0.8 + 1.7, -65 + 3.0 + 1.0])
    assert step.reset_jump.tolist() == [15.0, 15.0]


def blocks_of_the_docstring() -> list[str]:
    blocks: list[list[str]] = []
    for line in network_toml.__doc__.splitlines():
        if line.startswith("    format"):
            blocks.append([])
        if blocks and (line.startswith("    ") or not line):
            blocks[-1].append(line)
    return [textwrap.dedent("\n".join(block)) for block in blocks]


def test_the_documented_format_is_the_format_that_is_read() -> None:
    first, second = (network_from_toml(block) for block in blocks_of_the_docstring())
    assert first == Network(
        neuron=[lif(theta=theta, reset="subtract") for theta in (-50.0, -52.0)],
        weights=[[0, -3], [5, 0]],
        dt=1.0,
        drive=[16, 10],
        noise=4.0,
        name="inhibited follower",
        source="made up",
        background={"C": 0},
    )
    assert second == Network(
        neuron=[
            lif(),
            cuba_lif(tau_syn=5.0, step="euler"),
            cuba_lif(tau_syn=8.0, step="euler"),
        ],
        weights=[[0, -3, 0], [2, 0, 0], [0, 0, 0]],
        dt=0.5,
        labels=["E", "I1", "I2"],
    )
