"""The one-step map against the differential equations, other codes, and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.simulation import State, micro_state, rest_state, run

UNIT = {"tau": 20.0, "E": 0.0, "theta": 1.0, "V_reset": 0.0}
potentials = st.floats(-90.0, -51.0)
times = st.floats(0.5, 50.0)


def single(
    model: models.NeuronModel, *, dt: float = 1.0, drive: float = 0.0, noise: float = 0.0
) -> Network:
    return Network(neuron=model, weights=[[0.0]], dt=dt, drive=drive, noise=noise)


def trace(net: Network, v: float, steps: int) -> list[State]:
    return list(run(net, micro_state(net, [v]), steps, rng=0))


@given(v=potentials, tau=times, drive=st.floats(0.0, 12.0), dt=st.floats(0.05, 10.0))
def test_exact_step_solves_the_equation(v: float, tau: float, drive: float, dt: float) -> None:
    net = single(models.lif(tau=tau), drive=drive, dt=min(dt, tau))
    stop = solve_ivp(
        lambda _, y: (-65.0 - y + drive) / tau, (0, net.dt), [v], rtol=1e-10, atol=1e-10
    )
    mean, _ = net.step().unit(0).mean(v, 0.0, False, 0.0)
    assert float(mean) == pytest.approx(stop.y[0, -1], abs=1e-7)


@given(
    v=potentials,
    i=st.floats(-5.0, 5.0),
    tau=times,
    tau_syn=st.one_of(st.floats(0.5, 50.0), st.just(20.0)),
    c=st.floats(-5.0, 5.0),
    arrival=st.sampled_from(["start", "end"]),
)
def test_exact_synaptic_step_solves_the_equations(
    v: float, i: float, tau: float, tau_syn: float, c: float, arrival: str
) -> None:
    model = models.cuba_lif(tau=tau, tau_syn=tau_syn, R=2.0, arrival=arrival)
    net = single(model, drive=3.0, dt=min(1.0, tau))
    start = i + (c if arrival == "start" else 0.0)
    stop = solve_ivp(
        lambda _, y: [(-65.0 - y[0] + 2.0 * y[1] + 3.0) / tau, -y[1] / tau_syn],
        (0, net.dt),
        [v, start],
        rtol=1e-10,
        atol=1e-10,
    )
    mean, current = net.step().unit(0).mean(v, i, False, c)
    assert float(mean) == pytest.approx(stop.y[0, -1], abs=1e-7)
    after = stop.y[1, -1] + (c if arrival == "end" else 0.0)
    assert float(current) == pytest.approx(after, abs=1e-7)


@pytest.mark.parametrize("drive", [1.05, 1.2, 2.0, 4.0])
def test_interspike_interval_is_the_rounded_up_closed_form(drive: float) -> None:
    # Hard-reset LIF: T = tau ln(RI / (RI - theta)); Gerstner et al. 2014, ch. 1.
    expected = math.ceil(20.0 * math.log(drive / (drive - 1.0)))
    assert interval(single(models.lif(**UNIT), drive=drive)) == expected


@pytest.mark.parametrize(("drive", "expected"), [(1.05, 60), (1.2, 35), (2.0, 14), (4.0, 6)])
def test_euler_is_another_neuron(drive: float, expected: int) -> None:
    assert interval(single(models.lif(**UNIT, step="euler"), drive=drive)) == expected


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_refractory_steps_add_to_the_interval(steps: int) -> None:
    free = interval(single(models.lif(**UNIT), drive=2.0))
    assert interval(single(models.lif(**UNIT, refractory_steps=steps), drive=2.0)) == free + steps


def test_a_held_unit_does_not_spike_even_under_noise() -> None:
    model = models.lif(**UNIT, refractory_steps=4)
    net = single(model, drive=2.0, noise=2.0)
    spikes = np.array([s.spiked[0, 0] for s in run(net, micro_state(net, [1.5]), 4000, rng=3)])
    gaps = np.diff(np.flatnonzero(spikes))
    assert gaps.min() >= 5
    assert (gaps == 5).any()  # and no longer than it must be


@pytest.mark.parametrize(
    ("timing", "expected"), [("immediate", [1.95, 2.355]), ("delayed", [1.85, 2.165])]
)
def test_subtractive_resets_of_published_codes(timing: str, expected: list[float]) -> None:
    # beta = .9, theta = 1, input 1.5: V' = beta (V - S theta) + I, and snnTorch 1.0.0's
    # V' = beta V + I - S theta, both from V = 1.5.
    model = models.lif(
        **{**UNIT, "tau": -1.0 / math.log(0.9)},
        reset="subtract",
        reset_timing=timing,
        input_gain="unit",
    )
    net = single(model, drive=1.5)
    assert [s.v[0, 0] for s in trace(net, 1.5, 2)] == pytest.approx(expected)


def test_delayed_reset_to_a_value_loses_the_input() -> None:
    net = single(models.lif(**UNIT, reset_timing="delayed"), drive=0.5)
    state = next(run(net, micro_state(net, [1.2]), 1))
    assert state.v[0, 0] == 0.0


def test_threshold_may_be_strict() -> None:
    for strict, spikes in ((False, True), (True, False)):
        net = single(models.lif(**UNIT, strict_threshold=strict))
        assert micro_state(net, [1.0]).spiked[0, 0] == spikes


@pytest.mark.parametrize("step", ["exact", "euler"])
def test_noise_has_the_stationary_deviation_it_names(step: str) -> None:
    net = single(models.lif(theta=1e6, step=step), noise=4.0, dt=2.0)
    a = math.exp(-0.1) if step == "exact" else 0.9
    assert net.noise_per_step[0] == pytest.approx(4.0 * math.sqrt(1 - a**2))
    *_, last = run(net, rest_state(net, 40_000), 150, rng=1)
    assert last.v.std() == pytest.approx(4.0, rel=0.015)  # 4 standard errors


def test_snntorch_order_of_the_synaptic_step() -> None:
    # syn' = alpha syn + x; mem' = beta mem + syn', the order of snnTorch's Synaptic.
    model = models.cuba_lif(
        tau=1 / 1.5, tau_syn=0.4, R=1 / 0.15, E=0, theta=1, V_reset=0, step="euler"
    )
    step = Network(neuron=model, weights=[[0.0]], dt=0.1).step().unit(0)
    mean, current = step.mean(0.3, 0.2, False, 0.7)
    assert float(current) == pytest.approx(0.75 * 0.2 + 0.7)
    assert float(mean) == pytest.approx(0.85 * 0.3 + 0.75 * 0.2 + 0.7)


def test_euler_without_memory_is_refused() -> None:
    net = single(models.lif(step="euler"), dt=20.0)
    with pytest.raises(InputError, match=r"dt = 20\.0.*choose dt below tau = 20\.0"):
        net.step()


def interval(net: Network) -> int:
    spikes = [k for k, s in enumerate(trace(net, 0.0, 400)) if s.spiked[0, 0]]
    return spikes[2] - spikes[1]
