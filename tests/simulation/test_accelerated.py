"""The compiled loop does what the engine does, and says what it does not do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.models.inputs import OUCurrent, WhiteNoise
from causal_snn.simulation import Record, do, simulate

pytest.importorskip("numba")

NEURONS = {
    "lif": (models.lif(refractory_steps=3), 1.0),
    "cuba_lif": (models.cuba_lif(arrival="end"), 1.0),
    "izhikevich": (models.izhikevich(I=8.0), 0.05),
    "hodgkin_huxley": (models.hodgkin_huxley(I=10.0), 0.05),
    "adex": (models.adex(I=800.0).with_convention(refractory_steps=20), 0.05),
}


@pytest.mark.parametrize("name", sorted(NEURONS))
def test_same_spikes_as_the_engine(name: str) -> None:
    neuron, dt = NEURONS[name]
    rng = np.random.default_rng(0)
    net = Network(
        neuron=neuron,
        weights=rng.normal(scale=0.5, size=(30, 30)),
        delays=rng.integers(1, 4, (30, 30)),
        drive=18.0 if name.endswith("lif") else 0.0,
        noise=2.0 if name.endswith("lif") else 0.0,
        inputs=() if name.endswith("lif") else (WhiteNoise(amplitude=0.5),),
        dt=dt,
    )
    plain = simulate(net, 100 * dt / 0.05 / 4, rng=1, progress=False)
    quick = simulate(net, 100 * dt / 0.05 / 4, rng=1, accelerate="numba", progress=False)
    assert len(plain.trains) > 20
    assert np.array_equal(plain.trains.times, quick.trains.times)
    assert np.array_equal(plain.trains.units, quick.trains.units)
    for state in neuron.states:
        one, other = (run.final.arrays[f"0.{state}"] for run in (plain, quick))
        assert np.allclose(one, other, rtol=1e-7, atol=1e-7)


def test_sparse_networks_and_a_change_of_horses() -> None:
    net = models.zoo.vogels_abbott(400, connections=0.1)
    start = {"v": np.random.default_rng(3).uniform(-60, -50, 400)}
    whole = simulate(net, 60.0, start=start, record=Record(states=("v",), every=20.0))
    first = simulate(net, 25.0, start=start, accelerate="numba", progress=False)
    rest = simulate(net, 35.0, start=first.final, progress=False)
    times = np.concatenate([first.trains.times, rest.trains.times])
    assert len(times) > 50
    assert np.array_equal(whole.trains.times, times)


@pytest.mark.parametrize(
    ("options", "extra", "match"),
    [
        ({"inputs": [OUCurrent(sd=1.0, tau=5.0)]}, {}, "from outside"),
        ({}, {"interventions": [do(0, -55.0)]}, "interventions"),
        ({}, {"replicas": 2}, "replicas"),
        ({}, {"record": Record(interpolate=True)}, "interpolated"),
        ({"neuron": models.glif(I=1.0)}, {}, "threshold that is a state"),
        ({"neuron": models.lif(reset="subtract")}, {}, "resets"),
        ({"neuron": [models.lif(), models.cuba_lif()]}, {}, "several kinds"),
    ],
)
def test_what_it_does_not_do(options: dict[str, Any], extra: dict[str, Any], match: str) -> None:
    given: dict[str, Any] = {"neuron": models.lif(), "weights": np.zeros((2, 2)), "dt": 1.0}
    with pytest.raises(InputError, match=match):
        simulate(Network(**{**given, **options}), 5.0, accelerate="numba", **extra)


def test_an_unknown_accelerator() -> None:
    with pytest.raises(InputError, match="one of 'numba'"):
        simulate(models.zoo.half_centre(), 5.0, accelerate="cuda")
