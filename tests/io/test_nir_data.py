"""Trained networks and recorded traces of the NIR paper (Pedersen et al. 2024), as networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from causal_snn.io import read_network
from causal_snn.models import Network

nir = pytest.importorskip("nir", reason="needs the extra io: pip install 'causal-snn[io]'")

Case = tuple[str, str, int, float, float]

# file, reset, recurrent units, decay of the current, decay of the potential
BRAILLE: list[Case] = [
    ("braille_noDelay_noBias_subtract.nir", "subtract", 40, 0.75, 0.85),
    ("braille_noDelay_bias_zero.nir", "value", 38, 0.55, 0.90),
]


def read(path: Path, **options: Any) -> Network:
    """Return the network of a file; options are not checked for their types."""
    return read_network(path, **options)


def raw(path: Path) -> tuple[Any, Any, Any]:
    """Return the recurrent weights of a Braille file and the constant input to each unit."""
    nodes = nir.read(path).nodes
    bias = sum(np.asarray(getattr(nodes[name], "bias", 0.0)) for name in ("fc1", "lif1.w_rec"))
    return nodes["lif1.w_rec"].weight, nodes["fc1"].weight, bias


@pytest.mark.parametrize("case", BRAILLE)
def test_braille_steps_as_it_was_trained(nir_data: Path, case: Case) -> None:
    """Check the training step, i' = alpha i + W s + b, v' = beta v + i'."""
    name, reset, n, alpha, beta = case
    network = read(nir_data / name, dt=0.1, reset=reset, step="euler")
    step = network.step()
    assert network.n == n
    np.testing.assert_allclose(step.current_decay, alpha, rtol=1e-6)
    np.testing.assert_allclose(step.decay, beta, rtol=1e-6)
    np.testing.assert_allclose(step.current_to_potential / step.current_decay, 1.0, rtol=1e-6)
    weights, _, bias = raw(nir_data / name)
    np.testing.assert_allclose(step.gain_current[:, None] * network.weights, weights, rtol=1e-6)
    np.testing.assert_allclose(step.gain_current * step.bias, np.broadcast_to(bias, n), rtol=1e-5)

    rng = np.random.default_rng(1)
    v, i, s = rng.normal(size=n), rng.normal(size=n), rng.random(n) < 0.3
    after = np.where(s, v - 1.0 if reset == "subtract" else 0.0, v)
    next_v, next_i = step.mean(v, i, s, network.weights @ s)
    np.testing.assert_allclose(next_i, alpha * i + weights @ s + bias, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(next_v, beta * after + next_i, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", BRAILLE)
def test_braille_inputs_and_read_outs(nir_data: Path, case: Case) -> None:
    name, reset, n, _, _ = case
    options = {"dt": 0.1, "reset": reset, "step": "euler"}
    _, w_in, bias = raw(nir_data / name)
    state = {f"input.{k}": k % 2 for k in range(12)}
    network = read(nir_data / name, inputs=state, **options)
    expected = bias + w_in @ (np.arange(12) % 2)
    np.testing.assert_allclose(network.bias, expected, rtol=1e-5, atol=1e-6)
    assert network.background == state
    assert "left out, never heard by a recurrent one: lif2 (7)" in network.source
    whole = read(nir_data / name, populations="all", **options)
    assert whole.n == n + 7
    np.testing.assert_array_equal(
        np.asarray(whole.weights)[:n, :n], read(nir_data / name, **options).weights
    )


def test_lif_of_norse_spikes_when_the_exact_solution_does(nir_data: Path) -> None:
    """Input spike, v and output spike of the exact continuous solution, sampled each 0.1 ms."""
    pulses, potential, spikes = np.loadtxt(nir_data / "lif_exact.csv", delimiter=",").T
    quiet, pulsed = (
        read(nir_data / "lif_norse.nir", inputs=state, dt=0.1, reset="value", step="exact").step()
        for state in (0, 1)
    )
    v, spiked = np.zeros(1), np.array([False])
    trace, found = [], []
    for pulse in pulses:
        v, _ = (pulsed if pulse else quiet).mean(v, 0.0, spiked, 0.0)
        spiked = pulsed.spikes(v)
        trace.append(v[0])
        found.append(bool(spiked[0]))
    assert np.flatnonzero(found).tolist() == np.flatnonzero(spikes).tolist()
    assert sum(found) == 4
    # Up to the first spike the two are the same function; later the exact one resets within
    # a step, at the crossing, and the rest of that step's pulse remains.
    first = found.index(True)
    np.testing.assert_allclose(trace[:first], potential[:first], atol=1e-7)
