"""The folded step is the step: against the plain one, with the same noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.models import Network
from causal_snn.models.inputs import OUCurrent
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.layout import lay_out
from causal_snn.simulation.engine.noise import stream


def engines(net: Network, v: Any, dtype: Any) -> list[Engine]:
    found = []
    for fold in (False, True):
        engine = Engine(
            lay_out(net), rows=2, lanes=8, dtype=dtype, streams=[stream(3), stream(4)], fold=fold
        )
        engine.groups[0].states[0][...] = v
        engine.settle()
        found.append(engine)
    return found


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**31),
    step=st.sampled_from(["exact", "euler"]),
    gain=st.sampled_from(["exact", "unit"]),
    strict=st.booleans(),
    n=st.integers(1, 7),
)
def test_the_same_potentials_and_spikes(
    seed: int, step: str, gain: str, strict: bool, n: int
) -> None:
    rng = np.random.default_rng(seed)
    conventions: dict[str, Any] = {"step": step, "input_gain": gain, "strict_threshold": strict}
    net = Network(
        neuron=[models.lif(tau=float(t), **conventions) for t in rng.uniform(10, 30, n)],
        weights=rng.normal(scale=4.0, size=(n, n)),
        drive=(0.1 if gain == "unit" else 1.0) * rng.uniform(14, 30, n),
        bias=rng.normal(scale=0.3, size=n),
        noise=rng.uniform(0, 4, n),
        dt=2.0,
    )
    plain, folded = engines(net, rng.uniform(-80, -45, (2, n, 8)), np.float64)
    assert folded.fold is not None
    for _ in range(40):
        plain.step()
        folded.step()
        one, other = plain.groups[0], folded.groups[0]
        assert np.allclose(one.states[0], other.states[0], rtol=0, atol=1e-9)
        assert np.array_equal(one.spiked, other.spiked)


def test_single_precision_stays_within_its_rounding() -> None:
    net = models.zoo.excitatory_ring()
    plain, folded = engines(net, -60.0, np.float32)
    for _ in range(3):  # before a rounding decides a spike
        plain.step()
        folded.step()
    assert np.allclose(plain.groups[0].states[0], folded.groups[0].states[0], rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"neuron": models.lif(refractory_steps=1)},
        {"neuron": models.lif(reset="subtract")},
        {"neuron": models.lif(reset_timing="delayed")},
        {"neuron": models.cuba_lif()},
        {"neuron": [models.lif(), models.cuba_lif()]},
        {"delays": 2},
        {"inputs": [OUCurrent(sd=1.0, tau=5.0)]},
    ],
)
def test_only_the_plainest_networks_are_folded(options: dict[str, Any]) -> None:
    given: dict[str, Any] = {"neuron": models.lif(), "weights": np.ones((2, 2)), "dt": 1.0}
    plain = Engine(
        lay_out(Network(**{**given, **options})),
        rows=1,
        lanes=4,
        dtype=np.float64,
        streams=[stream(0)],
        fold=True,
    )
    assert plain.fold is None
