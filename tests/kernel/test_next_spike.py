"""The closed-form effect kernel against simulated interventions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn import kernel, models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.simulation import micro_state, run

LANES = 40_000


def simulated(net: Network, unit: int, v: float, i: float, pattern: np.ndarray) -> float:
    """Return how often the unit spikes next when all micro states are set."""
    step = net.step()
    potentials = np.where(pattern == 1, step.theta + 3.0, step.V_min)
    potentials[unit] = v
    currents = np.zeros(net.n)
    currents[unit] = i
    start = micro_state(
        net, np.repeat(potentials[:, None], LANES, 1), np.repeat(currents[:, None], LANES, 1)
    )
    return float(next(run(net, start, 1, rng=7)).spiked[unit].mean())


NETWORKS = {
    "lif": Network(
        neuron=models.lif(), weights=[[0, 3, -2], [1, 0, 0], [2, 2, 0]], drive=16, noise=4, dt=2.0
    ),
    "euler, unit gain": Network(
        neuron=models.lif(step="euler", input_gain="unit"),
        weights=[[0, 3, -2], [1, 0, 0], [2, 2, 0]],
        drive=1.5,
        noise=3,
        dt=2.0,
    ),
    "synaptic current": Network(
        neuron=models.cuba_lif(R=2.0),
        weights=[[0, 30, -20], [10, 0, 0], [20, 20, 0]],
        drive=14,
        noise=3,
        dt=2.0,
        bias=1.0,
    ),
    "per-unit neurons": Network(
        neuron=[models.lif(tau=10, theta=-52), models.lif(), models.cuba_lif()],
        weights=[[0, 3, -2], [1, 0, 0], [2, 2, 0]],
        drive=[14, 15, 16],
        noise=[2, 3, 4],
        dt=2.0,
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_context_agrees_with_the_simulated_intervention(name: str) -> None:
    net = NETWORKS[name]
    for unit in range(net.n):
        k = kernel.next_spike(net, unit)
        assert k.contexts.patterns is not None
        current = 0.3 * k.range.i_high
        for v in (-58.0, -53.0, k.theta - 0.5):
            expected = k.probability(v, current)
            for p, pattern in zip(expected, k.contexts.patterns, strict=True):
                error = 4 * np.sqrt(p * (1 - p) / LANES) + 1e-4
                assert simulated(net, unit, v, current, pattern) == pytest.approx(p, abs=error)


@pytest.mark.parametrize("reset", ["value", "subtract"])
@pytest.mark.parametrize("timing", ["immediate", "delayed"])
@pytest.mark.parametrize("refractory", [0, 2])
def test_after_a_spike_agrees_with_the_simulation(reset: str, timing: str, refractory: int) -> None:
    net = Network(
        neuron=models.lif(
            reset=reset, reset_timing=timing, refractory_steps=refractory, V_reset=-53.0
        ),
        weights=[[2.0, 3.0], [0.0, 0.0]],
        drive=16,
        noise=4,
        dt=2.0,
    )
    k = kernel.next_spike(net, 0)
    for v in (-50.0, -47.0):
        for p, pattern in zip(k.after_spike(v), k.contexts.patterns, strict=True):  # type: ignore[arg-type]
            error = 4 * np.sqrt(p * (1 - p) / LANES) + 1e-4
            assert simulated(net, 0, v, 0.0, pattern) == pytest.approx(p, abs=error)


def test_the_readme_example_in_closed_form() -> None:
    net = Network(neuron=models.lif(), weights=[[0, 3], [3, 0]], drive=16.0, noise=4.0, dt=1.0)
    k = kernel.next_spike(net, 0)
    a = np.exp(-1 / 20)
    expected = -65 + (15 - (1 - a) * 16 - np.array([0.0, 3.0])) / a
    assert k.midpoints == pytest.approx(expected)
    assert k.scale == pytest.approx(4 * np.sqrt(1 - a**2) / a)
    assert np.diag(k.probability(k.midpoints)) == pytest.approx([0.5, 0.5])


@given(v=st.floats(-90.0, -50.1), i=st.floats(0.0, 50.0), shift=st.floats(-5.0, 5.0))
def test_the_effect_depends_on_the_score_alone(v: float, i: float, shift: float) -> None:
    k = kernel.next_spike(NETWORKS["synaptic current"], 0)
    moved = k.probability(v - k.score_coefficient * shift, i + shift)
    assert moved == pytest.approx(k.probability(v, i), abs=1e-12)


def test_without_noise_the_kernel_is_a_step() -> None:
    net = Network(neuron=models.lif(), weights=[[0, 3], [3, 0]], drive=16.0, dt=1.0)
    k = kernel.next_spike(net, 1)
    assert k.scale == 0
    m = k.midpoints[1]
    assert np.array_equal(k.probability([m - 1e-9, m + 1e-9])[1], [0.0, 1.0])


def test_contexts_are_every_pattern_extremes_or_an_interval() -> None:
    net = Network(neuron=models.lif(), weights=[[0, 3, 3, -1]] + [[0] * 4] * 3, dt=1.0)
    every = kernel.next_spike(net, 0).contexts
    assert list(every.inputs) == [-1, 0, 2, 3, 5, 6]  # equal inputs are one context
    assert np.array_equal(every.patterns @ [0, 3, 3, -1], every.inputs)  # type: ignore[operator]
    assert list(kernel.next_spike(net, 0, contexts="extremes").contexts.inputs) == [-1, 6]
    assert kernel.next_spike(net, 0, contexts=[1.5, 0.5]).contexts.kind == "given"
    assert list(kernel.next_spike(net, 1).contexts.inputs) == [0]
    near = Network(neuron=models.lif(), weights=[[0.0, 3.0, 3.0001], [0.0] * 3, [0.0] * 3], dt=1.0)
    assert len(kernel.next_spike(near, 0).contexts.inputs) == 4
    assert len(kernel.next_spike(near, 1, contexts="interval").contexts.inputs) == 1
    wide = Network(neuron=models.lif(), weights=np.ones((20, 20)), dt=1.0)
    assert kernel.next_spike(wide, 0).contexts.kind == "interval"
    with pytest.raises(InputError, match="at most 16 presynaptic units"):
        kernel.next_spike(wide, 0, contexts="states")
    with pytest.raises(InputError, match="contexts = 'all'"):
        kernel.next_spike(net, 0, contexts="all")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("potentials", "message"),
    [
        ((-85.0, -55.0), "contains the threshold theta = -50.0"),
        ((-50.0, -85.0), "lower one first"),
        ((-50.0, -40.0), "contains the threshold"),
    ],
)
def test_ranges_must_contain_the_threshold(potentials: tuple[float, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        kernel.next_spike(NETWORKS["lif"], 0, potentials=potentials)


def test_currents_range_over_all_that_spike_trains_reach() -> None:
    net = NETWORKS["synaptic current"]
    r = kernel.intervention_range(net, 0)
    rng = np.random.default_rng(0)
    step = net.step().unit(0)
    i = 0.0
    for _ in range(3000):
        _, i = step.mean(-60.0, i, False, rng.integers(0, 2, 3) @ net.weights[0])
        assert r.i_low - 1e-9 <= float(i) <= r.i_high + 1e-9
    assert r.i_high == pytest.approx(step.gain_current * 31.0 / (1 - step.current_decay))


def test_to_xarray_has_units() -> None:
    data = kernel.next_spike(NETWORKS["lif"], 0).to_xarray(11)
    assert data.dims == ("input", "score")
    assert data.coords["score"].attrs["units"] == "mV"
