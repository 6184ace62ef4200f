"""Orbits: spike times against closed forms, states against another integrator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad, solve_ivp
from scipy.linalg import expm

from causal_snn import models
from causal_snn.dynamics.field import field
from causal_snn.dynamics.plane.smooth_flow import smooth_flow
from causal_snn.dynamics.plane.trajectory import MESSAGES, trajectory
from causal_snn.errors import InputError

Floats = NDArray[np.float64]
OSCILLATOR: dict[str, str] = {"v": "w", "w": "-v"}


def well_formed(run: Any) -> None:
    assert np.all(np.isfinite(run.t))
    assert np.all(np.isfinite(run.x))
    assert np.all(np.diff(run.t) >= 0)
    assert run.t[0] == 0.0
    assert run.message == MESSAGES[run.status]
    assert [part.start for part in run.segments] == [0, *(p.stop for p in run.segments[:-1])]
    assert run.segments[-1].stop == len(run.t) == run.x.shape[1]
    # a spike's time stands before and after its reset
    for spike, before, after in zip(run.spikes, run.segments, run.segments[1:], strict=False):
        assert run.t[before.stop - 1] == spike == run.t[after.start]


@settings(max_examples=20)
@given(
    tau=st.floats(1.0, 50.0),
    above=st.floats(0.5, 30.0),
    reset=st.floats(-80.0, -51.0),
)
def test_spike_times_of_lif_are_the_closed_form(tau: float, above: float, reset: float) -> None:
    # T = tau ln((E + drive - V_reset)/(E + drive - theta))
    target = -50.0 + above
    period = tau * math.log((target - reset) / above)
    model = models.lif(tau=tau, E=-65.0, theta=-50.0, V_reset=reset)
    run = trajectory(model, [reset], 3.5 * period, drive=target + 65.0)
    well_formed(run)
    # a spike is late by the error of v (a few 1e-11 of 65 mV) over the slope at threshold
    late = 1e-10 + 3e-9 / (above / tau)
    np.testing.assert_allclose(run.spikes, period * np.arange(1, 4), rtol=0, atol=late)


def test_lif_stays_accurate_over_many_spikes() -> None:
    run = trajectory(models.lif(tau=10.0), {"v": -65.0}, 500.0, drive=20.0)
    period = 10.0 * math.log(20.0 / 5.0)
    assert len(run.spikes) == 36
    assert np.abs(run.spikes - period * np.arange(1, 37)).max() < 1e-9


def test_lif_from_another_start_and_at_rest() -> None:
    run = trajectory(models.lif(tau=10.0), [-60.0], 20.0, drive=20.0)
    assert run.spikes[0] == pytest.approx(10.0 * math.log(15.0 / 5.0), abs=1e-9)
    quiet = trajectory(models.lif(tau=10.0), [-60.0], 30.0, drive=5.0)
    assert quiet.spikes.size == 0
    assert quiet.x[0, -1] == pytest.approx(-60.0, abs=1e-9)


@pytest.mark.parametrize("drive", [0.3, 2.0, 40.0])
def test_quadratic_neuron_and_its_angle(drive: float) -> None:
    root = math.sqrt(drive)
    period = 2.0 * math.atan(100.0 / root) / root
    run = trajectory(models.qif(I=drive), [-100.0], 6.5 * period)
    np.testing.assert_allclose(run.spikes, period * np.arange(1, 7), rtol=1e-10)
    turn = trajectory(models.theta_neuron(I=drive), [-math.pi], 6.5 * math.pi / root)
    np.testing.assert_allclose(turn.spikes, math.pi / root * np.arange(1, 7), rtol=1e-10)
    # V = tan(theta/2), so v = 100 at theta = 2 atan 100
    well_formed(turn)


@pytest.mark.parametrize("cutoff", [-20.0, 20.0, 100.0])
def test_exponential_neuron_through_an_upswing_no_clock_resolves(cutoff: float) -> None:
    # T = integral of dV/f(V) from V_r to the cutoff, where f = 2e19 mV/ms at +20 mV
    C, g, E, VT, D, current = 281.0, 30.0, -70.6, -50.4, 2.0, 700.0

    def slowness(v: float) -> float:
        return C / (-g * (v - E) + g * D * math.exp((v - VT) / D) + current)

    period = sum(
        quad(slowness, a, b, epsabs=1e-13, epsrel=1e-13, limit=500)[0]
        for a, b in ((-70.6, -52.0), (-52.0, -45.0), (-45.0, cutoff))
    )
    run = trajectory(models.eif(I=current, v_peak=cutoff), [-70.6], 3.5 * period)
    well_formed(run)
    np.testing.assert_allclose(run.spikes, period * np.arange(1, 4), rtol=1e-10)


def test_moving_threshold_against_the_matrix_exponential() -> None:
    C, g, E, I, a, b, k, far = 1.0, 0.05, -70.0, 1.8, 0.004, 0.01, 0.2, -50.0  # noqa: E741
    model = models.glif(C=C, g_L=g, E_L=E, I=I, a=a, b=b, k=k, Theta_inf=far, A=0.3)
    run = trajectory(model, {"V": -70.0, "Theta": -50.0, "J": 0.0}, 200.0)
    matrix = np.array([[-g, 0.0, 1.0], [a, -b, 0.0], [0.0, 0.0, -k]]) / [[C], [1.0], [1.0]]
    push = np.array([(g * E + I) / C, -a * E + b * far, 0.0])
    rest = np.linalg.solve(matrix, -push)
    assert len(run.spikes) > 5
    state, then = np.array([-70.0, -50.0, 0.0]), 0.0
    for spike in run.spikes:
        gaps = [
            float((x := rest + expm(matrix * s) @ (state - rest))[0] - x[1])
            for s in np.linspace(0.0, spike - then, 12)
        ]
        assert max(gaps[:-1]) < 0
        assert gaps[-1] == pytest.approx(0.0, abs=1e-9)
        end = rest + expm(matrix * (spike - then)) @ (state - rest)
        state, then = np.array([-70.0, max(-60.0, end[1]), end[2] + 0.3]), spike


@pytest.mark.parametrize(
    ("model", "start", "duration", "tolerance"),
    [
        (models.hodgkin_huxley(I=10.0), [-60.0, 0.05, 0.6, 0.3], 40.0, 1e-6),
        (models.morris_lecar("hopf", I=100.0), [-20.0, 0.1], 200.0, 1e-6),
        (models.fitzhugh_nagumo(I=0.5), [-1.0, -0.5], 100.0, 1e-8),
    ],
)
def test_smooth_orbits_against_another_integrator(
    model: Any, start: list[float], duration: float, tolerance: float
) -> None:
    run = trajectory(model, start, duration)
    well_formed(run)
    flow = field(model)
    other = solve_ivp(
        lambda _t, x: flow.f(x), (0, duration), start, "LSODA", rtol=1e-12, atol=1e-13
    )
    assert run.status == "finished"
    assert run.t[-1] == duration
    np.testing.assert_allclose(run.x[:, -1], other.y[:, -1], rtol=tolerance, atol=tolerance)
    assert run.spikes.size == 0
    assert len(run.segments) == 1


def test_first_spikes_of_izhikevich_against_another_integrator() -> None:
    a, b, c, d, current = 0.02, 0.2, -65.0, 8.0, 10.0

    def drift(_t: float, x: Floats) -> list[float]:
        v, u = x
        return [0.04 * v * v + 5 * v + 140 - u + current, a * (b * v - u)]

    def peak(_t: float, x: Floats) -> float:
        return float(x[0] - 30.0)

    peak.terminal = True  # type: ignore[attr-defined]
    now, state, spikes = 0.0, np.array([-70.0, -14.0]), []
    for _ in range(4):
        part = solve_ivp(drift, (0, 100), state, "Radau", events=peak, rtol=1e-11, atol=1e-11)
        now += float(part.t_events[0][0])
        spikes.append(now)
        state = np.array([c, part.y[1, -1] + d])
    run = trajectory(models.izhikevich(I=current), {"v": -70.0, "u": -14.0}, 120.0)
    well_formed(run)
    np.testing.assert_allclose(run.spikes[:4], spikes, atol=1e-6)
    second = run.segments[1]
    assert run["v"][second.start] == c
    assert run["u"][second.start] - run["u"][second.start - 1] == pytest.approx(d, abs=1e-12)
    assert run["v"][second.start - 1] == pytest.approx(30.0, abs=1e-9)


def test_energy_of_a_pendulum_is_conserved() -> None:
    model = models.define("pendulum", drift={"v": "w", "w": "-sin(v)"}, parameters={})
    run = trajectory(model, [2.5, 0.0], 200.0)
    energy = 0.5 * run["w"] ** 2 - np.cos(run["v"])
    # at every point that is kept, those of the dense output too
    assert np.abs(energy - energy[0]).max() < 2e-8


@settings(max_examples=15)
@given(gap=st.floats(1e-7, 0.3))
def test_shallow_crossings_within_a_step_are_found(gap: float) -> None:
    # v = sin t rises to 1: it passes 1 - gap only for a moment, and never 1 + gap
    for threshold, expected in ((1 - gap, math.asin(1 - gap)), (1 + gap, None)):
        model = models.define(
            "wave",
            drift=OSCILLATOR,
            parameters={"th": threshold},
            threshold="th",
            reset={"v": "0", "w": "0"},
        )
        run = trajectory(model, [0.0, 1.0], 20.0)
        if expected is None:
            assert run.spikes.size == 0
        else:
            assert run.spikes[0] == pytest.approx(expected, abs=1e-9 / math.sqrt(gap))


def test_every_early_end_is_a_status() -> None:
    def run(drift: dict[str, str], start: list[float], duration: float, **more: Any) -> Any:
        keep = {"max_spikes": more.pop("max_spikes")} if "max_spikes" in more else {}
        model = models.define("m", drift=drift, parameters={}, **more)
        result = trajectory(model, start, duration, **keep)
        well_formed(result)
        return result

    blown = run({"v": "v**2"}, [1.0], 5.0)
    assert blown.status == "blow-up"
    assert blown.t[-1] == pytest.approx(1.0, abs=1e-9)  # v = 1/(1 - t)
    exponential = run({"v": "exp(v)"}, [0.0], 5.0)
    assert exponential.status == "no drift"
    assert exponential.t[-1] == pytest.approx(1.0, abs=1e-9)  # v = -ln(1 - t)
    assert run({"v": "log(v)"}, [-1.0], 5.0).status == "no drift"
    ended = run({"v": "-1/sqrt(v)"}, [0.5], 5.0)
    assert ended.status in {"step size", "no drift"}
    assert ended.t[-1] == pytest.approx(2 / 3 * 0.5**1.5, abs=1e-8)
    stuck = run({"v": "v"}, [0.5], 5.0, threshold="1", reset={"v": "v + 1"})
    assert stuck.status == "stuck"
    assert stuck.t[-1] == pytest.approx(math.log(2), abs=1e-9)
    many = run({"v": "1"}, [0.5], 5.0, threshold="1", reset={"v": "0.999"}, max_spikes=7)
    assert many.status == "spike limit"
    assert len(many.spikes) == 7
    assert not many.success
    stiff = field(models.define("stiff", drift={"v": "-1e8*v"}, parameters={}))
    assert smooth_flow(stiff, np.array([1.0]), 10.0, most_steps=50).ended == "step limit"


def test_start_at_or_above_threshold_spikes_at_once() -> None:
    for start in (-50.0, -40.0):
        run = trajectory(models.lif(), [start], 5.0)
        well_formed(run)
        assert run.spikes.tolist() == [0.0]
        assert run.x[0, :2].tolist() == [start, -65.0]


def test_a_spike_at_the_very_end_counts() -> None:
    period = 10.0 * math.log(20.0 / 5.0)
    run = trajectory(models.lif(tau=10.0), [-65.0], period * (1 + 1e-12), drive=20.0)
    well_formed(run)
    assert len(run.spikes) <= 1
    assert run.status == "finished"


@pytest.mark.parametrize(
    ("start", "duration", "options", "words"),
    [
        ([-65.0, 1.0], 1.0, {}, "start"),
        ({"V": -65.0}, 1.0, {}, "allowed: 'v'"),
        ({}, 1.0, {}, "Give 'v' too"),
        ([math.nan], 1.0, {}, "finite"),
        ("rest", 1.0, {}, "finite numbers"),
        ([-65.0], 0.0, {}, "duration"),
        ([-65.0], math.inf, {}, "duration"),
        ([-65.0], "10", {}, "duration"),
        ([-65.0], 1.0, {"rtol": 1.0}, "rtol"),
        ([-65.0], 1.0, {"max_spikes": 0}, "max_spikes"),
        ([-65.0], 1.0, {"max_spikes": 1.5}, "max_spikes"),
        ([-65.0], 1.0, {"taw": 3.0}, "did you mean 'tau'"),
    ],
)
def test_bad_input(start: Any, duration: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        trajectory(models.lif(), start, duration, **options)


def test_states_by_name() -> None:
    run = trajectory(models.fitzhugh_nagumo(), {"w": 0.1, "v": 0.2}, 1.0)
    assert run.x[:, 0].tolist() == [0.2, 0.1]
    with pytest.raises(InputError, match="no state 'u'"):
        _ = run["u"]
