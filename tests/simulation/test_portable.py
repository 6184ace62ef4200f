"""One step as a pure function of arrays of any library, against the engine and the stepper."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.models.inputs import OUCurrent, WhiteNoise
from causal_snn.simulation import micro_state, portable_step, simulate
from causal_snn.simulation.stepper import advance

strict = pytest.importorskip("array_api_strict")

CURRENT = {
    "adex": 900.0,
    "conductance_lif": 250.0,
    "eif": 900.0,
    "fitzhugh_nagumo": 0.5,
    "glif": 1.5,
    "hodgkin_huxley": 10.0,
    "izhikevich": 10.0,
    "morris_lecar": 100.0,
    "qif": 1.0,
}


@pytest.mark.parametrize(
    ("name", "xp"),
    [*((name, np) for name in sorted(CURRENT)), ("hodgkin_huxley", strict), ("adex", strict)],
)
def test_every_neuron_does_what_it_does_in_the_engine(name: str, xp: ModuleType) -> None:
    neuron = models.NEURONS[name](I=CURRENT[name])
    weights = np.random.default_rng(1).normal(scale=0.3, size=(4, 4))
    net = Network(neuron=neuron, weights=weights, dt=0.05)
    step = portable_step(net, xp=xp)
    state = step.start(1)
    zero = xp.zeros((4, 1), dtype=xp.float64)
    spikes = []
    for k in range(1, 801):
        state = step(state, zero)
        spikes += [(k * 0.05, unit) for unit in np.flatnonzero(np.asarray(state[1])[:, 0])]
    run = simulate(net, 40.0, progress=False)
    assert len(spikes) == len(run.trains) > 0
    assert_allclose([t for t, _ in spikes], run.trains.times)
    for k, x in enumerate(state[0]):
        expected = run.final.arrays[f"0.{neuron.states[k]}"][0, :, 0]
        assert_allclose(np.asarray(x)[:, 0], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("reset", ["value", "subtract"])
@pytest.mark.parametrize("timing", ["immediate", "delayed"])
@pytest.mark.parametrize("refractory", [0, 2])
@pytest.mark.parametrize("maker", [models.lif, models.cuba_lif])
def test_conventions_with_noise(maker: Any, reset: str, timing: str, refractory: int) -> None:
    neuron = maker(reset=reset, reset_timing=timing, refractory_steps=refractory)
    rng = np.random.default_rng(2)
    weights = rng.normal(scale=4.0, size=(3, 3))
    net = Network(neuron=neuron, weights=weights, drive=17.0, bias=0.2, noise=3.0, dt=2.0)
    step = portable_step(net, xp=np)
    state = step.start(50)
    reference = micro_state(net, np.repeat([[-65.0]] * 3, 50, axis=1))
    column = net.step().column()
    spiked = 0
    for _ in range(40):
        normals = rng.standard_normal((3, 50))
        state = step(state, normals)
        reference = advance(column, net.weights, reference, normals)
        assert_allclose(state[0][0], reference.v, atol=1e-9)
        assert np.array_equal(state[1], reference.spiked)
        spiked += int(reference.spiked.sum())
    assert spiked > 50


def test_white_noise_is_scaled_and_single_precision_stays_single() -> None:
    net = Network(
        neuron=models.qif(I=-1.0), weights=[[0.0]], dt=0.01, inputs=[WhiteNoise(amplitude=0.5)]
    )
    step = portable_step(net, xp=np, dtype=np.float32)
    state = step.start(2)
    moved = step(state, np.array([[1.0, 0.0]], np.float32))
    assert float(moved[0][0][0, 0] - moved[0][0][0, 1]) == pytest.approx(0.5 * 0.1, rel=1e-5)
    assert moved[0][0].dtype == np.float32


def test_jax_compiles_it() -> None:
    jax = pytest.importorskip("jax")
    net = Network(neuron=models.izhikevich(I=10.0), weights=[[0.0]], dt=0.5)
    step = portable_step(net, xp=jax.numpy, dtype=jax.numpy.float32)
    fast = jax.jit(step.advance)
    state, zero = step.start(3), jax.numpy.zeros((1, 3))
    for _ in range(20):
        state = fast(state, zero)
    assert np.isfinite(np.asarray(state[0][0])).all()


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (
            Network(neuron=models.lif(), weights=[[0.0, 1.0], [0.0, 0.0]], delays=2, dt=1.0),
            "delays",
        ),
        (
            Network(
                neuron=models.lif(), weights=[[0.0]], dt=1.0, inputs=[OUCurrent(sd=1.0, tau=5.0)]
            ),
            "currents",
        ),
        (
            Network(neuron=[models.lif(), models.cuba_lif()], weights=np.zeros((2, 2)), dt=1.0),
            "several kinds",
        ),
    ],
)
def test_what_it_does_not_do_is_said(net: Network, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        portable_step(net, xp=np)
