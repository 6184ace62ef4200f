"""Flights end where closed forms, scipy and Liouville's formula say they end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from causal_snn.dynamics.field import field
from causal_snn.dynamics.flight.flow import Flight, spike
from causal_snn.dynamics.flight.lanes import spikes
from causal_snn.errors import InputError
from causal_snn.models import adex, define, glif, hodgkin_huxley, izhikevich, lif, qif
from causal_snn.models.eif import eif
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.qif import theta_neuron

TOUBOUL: dict[str, Any] = {
    **{"C": 281, "g_L": 30, "E_L": -70.6, "V_T": -50.4, "Delta_T": 2, "tau_w": 40},
    **{"a": 4, "b": 80, "I": 800, "V_r": -48.7, "v_peak": -30},
}


def by_scipy(model: NeuronModel, start: Any, threshold: Any = None) -> tuple[float, Any]:
    """Time and state of the crossing by another integrator and its event location."""
    fld = field(model)
    level = threshold or (lambda _: model.parameters["v_peak"])

    def event(_: float, x: Any) -> float:
        return float(x[0] - level(x))

    event.terminal, event.direction = True, 1  # type: ignore[attr-defined]
    options = {"method": "DOP853", "rtol": 3e-14, "atol": 1e-13}
    run = solve_ivp(lambda _, x: fld.f(x), (0, 1e3), start, events=event, **options)
    assert run.status == 1
    return float(run.t[-1]), run.y[:, -1]


# closed forms


@given(
    tau=st.floats(1.0, 50.0),
    start=st.floats(-90.0, -51.0),
    drive=st.floats(15.5, 100.0),
)
@settings(max_examples=30)
def test_lif_time_and_its_derivatives_are_the_logarithm(
    tau: float, start: float, drive: float
) -> None:
    model, top = lif(tau=tau), -65.0 + drive
    flight = spike(model, [start], variational=True, parameter="theta", drive=drive)
    exact = tau * math.log((top - start) / (top + 50.0))
    assert flight.time == pytest.approx(exact, rel=2e-11)
    assert flight.before[0] == pytest.approx(-50.0, abs=1e-12)
    assert flight.after[0] == -65.0
    assert flight.d_time is not None
    assert flight.d_after is not None
    assert flight.d_time[0] == pytest.approx(-tau / (top - start), rel=1e-9)
    assert flight.d_after[0, 0] == 0.0  # the reset forgets
    assert flight.p_time == pytest.approx(tau / (top + 50.0), rel=1e-9)
    assert flight.p_before == pytest.approx([1.0], abs=1e-12)
    assert flight.speed == pytest.approx((top + 50.0) / tau, rel=1e-10)


@given(
    current=st.floats(1e-4, 100.0),
    start=st.floats(-1e3, 5.0),
    peak=st.floats(10.0, 1e4),
)
@settings(max_examples=30)
def test_qif_time_is_the_arc_tangent(current: float, start: float, peak: float) -> None:
    root = math.sqrt(current)
    flight = spike(qif(I=current, v_peak=peak, V_r=-2e3), [start])
    exact = (math.atan(peak / root) - math.atan(start / root)) / root
    assert flight.time == pytest.approx(exact, rel=5e-11)
    assert flight.before[0] == pytest.approx(peak, rel=1e-13)


def test_theta_neuron_has_the_period_of_the_circle() -> None:
    for current in (1e-4, 0.25, 30.0):
        flight = spike(theta_neuron(I=current), [-math.pi + 1e-15])
        assert flight.time == pytest.approx(math.pi / math.sqrt(current), rel=1e-10)
        assert flight.after[0] == pytest.approx(-math.pi, abs=1e-12)


def test_time_is_a_quadrature_in_one_dimension() -> None:
    model = eif(I=560.0, v_peak=-20.0)
    fld = field(model)
    exact = sum(
        quad(lambda v: 1.0 / fld.f([v])[0], a, b, epsabs=1e-12, epsrel=1e-13, limit=200)[0]
        for a, b in ((-70.6, -55.0), (-55.0, -45.0), (-45.0, -20.0))
    )
    assert spike(model, [-70.6]).time == pytest.approx(exact, rel=1e-11)


# against scipy, and conservation laws


@pytest.mark.parametrize(
    ("model", "start"),
    [
        (adex(**TOUBOUL), (-48.7, 302.1)),  # sets out along the nullcline
        (adex(**TOUBOUL), (-48.7, 500.0)),  # falls first
        (adex(**TOUBOUL), (-48.7, 0.0)),  # explodes at once
        (adex("irregular", v_peak=-30.0), (-48.0, 100.0)),
        (izhikevich("chattering", I=10.0), (-50.0, 0.0)),
        (izhikevich("regular_spiking", I=4.01), (-65.0, -8.0)),  # through a bottleneck
    ],
    ids=lambda value: value.name if isinstance(value, NeuronModel) else str(value),
)
def test_flights_agree_with_scipy(model: NeuronModel, start: Any) -> None:
    time, before = by_scipy(model, start)
    flight = spike(model, start)
    assert flight.time == pytest.approx(time, rel=1e-10)
    assert flight.before[0] == pytest.approx(float(model.parameters["v_peak"]), rel=1e-14)
    assert flight.before[1] == pytest.approx(before[1], rel=1e-10, abs=1e-10)


def test_a_high_cutoff_costs_few_steps() -> None:
    # the explosion is integrated in the potential: in time it would take hundreds of steps
    low, high = (spike(adex(**{**TOUBOUL, "v_peak": v}), (-48.7, 302.1)) for v in (-30.0, 300.0))
    assert high.steps < 1.5 * low.steps < 150
    assert high.time > low.time


def test_threshold_that_is_a_state_is_met() -> None:
    model = glif(I=1.5, a=0.005, A=-1.0)
    start = (-70.0, -50.0, -0.3)
    time, before = by_scipy(model, start, lambda x: x[1])
    flight = spike(model, start, variational=True)
    assert flight.time == pytest.approx(time, rel=1e-11)
    np.testing.assert_allclose(flight.before, before, rtol=1e-11)
    np.testing.assert_allclose(flight.after, [-70.0, max(-60.0, before[1]), before[2] - 1.0])
    assert_derivatives(model, start, flight)


def assert_derivatives(model: NeuronModel, start: Any, flight: Flight) -> None:
    """Compare derivatives by the start with central differences of scipy's flights."""
    assert flight.d_before is not None
    assert flight.d_time is not None
    theta = (lambda x: x[1]) if model.name == "glif" else None
    for j in range(len(start)):
        step = 1e-4 * np.eye(len(start))[j]
        (t1, x1), (t0, x0) = (by_scipy(model, start + s, theta) for s in (step, -step))
        assert flight.d_time[j] == pytest.approx((t1 - t0) / 2e-4, rel=1e-5, abs=1e-6)
        np.testing.assert_allclose(flight.d_before[:, j], (x1 - x0) / 2e-4, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("model", [adex(**TOUBOUL), izhikevich("chattering", I=10.0)])
def test_derivatives_are_differences_of_another_integrator(model: NeuronModel) -> None:
    start = np.array([-48.7, 250.0]) if model.name == "adex" else np.array([-50.0, -1.0])
    assert_derivatives(model, start, spike(model, start, variational=True))


@pytest.mark.parametrize("name", ["I", "v_peak", "a", "b"])
def test_derivatives_by_a_parameter(name: str) -> None:
    model, start = adex(**TOUBOUL), (-48.7, 250.0)
    flight = spike(model, start, parameter=name)
    value = float(model.parameters[name])
    step = 1e-5 * max(abs(value), 1.0)
    one, two = (spike(model.with_parameters(**{name: value + s}), start) for s in (step, -step))
    assert flight.p_after is not None
    assert flight.p_time == pytest.approx((one.time - two.time) / (2 * step), rel=1e-6, abs=1e-10)
    np.testing.assert_allclose(
        flight.p_after, (one.after - two.after) / (2 * step), rtol=1e-6, atol=1e-8
    )


def test_slope_on_the_reset_line_is_liouvilles() -> None:
    # dw/dw0 between two lines of constant V = (V'0/V'1) exp(integral of the divergence)
    model, start = adex(**TOUBOUL), (-48.7, 290.0)
    fld = field(model)

    def with_divergence(_: float, y: Any) -> Any:
        return np.append(fld.f(y[:2]), np.trace(fld.jac(y[:2])))

    flight = spike(model, start, variational=True)
    run = solve_ivp(
        with_divergence, (0, flight.time), (*start, 0.0), method="DOP853", rtol=1e-12, atol=1e-12
    )
    slope = fld.f(start)[0] / fld.f(run.y[:2, -1])[0] * math.exp(run.y[2, -1])
    assert flight.d_after is not None
    assert flight.d_after[1, 1] == pytest.approx(slope, rel=1e-7)


# what else can happen


def test_why_there_is_no_spike() -> None:
    assert spike(adex(), [-60.0, 0.0]).status == "no spike: converged to rest"
    focus = spike(izhikevich(I=3.7), [-62.0, -12.0])  # I_Hopf = 3.7975: slow spiral in
    assert focus.status == "no spike: converged to rest"
    late = spike(lif(), [-65.0], max_time=5.0, drive=16.0)
    assert late.status == "no spike within max_time"
    assert late.time == 5.0
    assert np.isnan(late.after).all()
    saddle = define("saddle", drift={"v": "v"}, threshold="1", reset={"v": "-1"}, parameters={})
    assert spike(saddle, [0.0], max_time=50.0).status == "no spike within max_time"
    assert spike(saddle, [-1.0]).status == "blow-up"
    falls = define("falls", drift={"v": "-v**2"}, threshold="1", reset={"v": "0"}, parameters={})
    assert spike(falls, [-1.0]).status == "blow-up"


def test_rest_above_threshold_is_no_rest() -> None:
    just = spike(lif(), [-65.0], drive=15.0 + 1e-9)
    assert just.status == "spike"
    assert just.time == pytest.approx(20.0 * math.log((15.0 + 1e-9) / 1e-9), rel=1e-6)
    assert spike(lif(), [-65.0], drive=15.0 - 1e-3).status == "no spike: converged to rest"


@pytest.mark.parametrize("over", [1e-3, 1e-6, 1e-9, -1e-9, -1e-3])
def test_a_top_near_threshold_is_not_stepped_over(over: float) -> None:
    # V = e^-t - e^-2t tops at 1/4, at t = ln 2
    model = define(
        "bump",
        drift={"v": "-2*v + w", "w": "-w"},
        threshold="th",
        reset={"v": "0"},
        parameters={"th": 0.25 - over},
        domain={"v": (-1.0, 1.0), "w": (-1.0, 1.0)},
    )
    flight = spike(model, [0.0, 1.0])
    if over < 0:
        assert flight.status == "no spike: converged to rest"
    else:
        root = 0.5 + math.sqrt(over)  # of e^-t - e^-2t = 1/4 - over, the earlier
        assert flight.status == "spike"
        assert flight.time == pytest.approx(-math.log(root), rel=1e-8)


def test_falling_before_crossing_takes_the_right_crossing() -> None:
    model = define(
        "ring",
        drift={"v": "w", "w": "-v"},
        threshold="th",
        reset={"v": "-1"},
        parameters={"th": 0.5},
        domain={"v": (-2.0, 2.0), "w": (-2.0, 2.0)},
    )  # v = r sin(t + phase)
    phase = math.pi - math.asin(0.499)  # just below threshold, on the way down
    flight = spike(model, [0.499, math.cos(phase)])
    exact = 2.0 * math.pi + math.asin(0.5) - phase
    assert flight.time == pytest.approx(exact, rel=1e-10)


# many lanes


@pytest.mark.parametrize(
    "model",
    [adex(**TOUBOUL), izhikevich("chattering", I=10.0), glif(I=1.5, a=0.005, A=-1.0), qif(I=0.1)],
    ids=lambda model: str(model.name),
)
def test_lanes_are_the_flights_one_by_one(model: NeuronModel) -> None:
    rng = np.random.default_rng(3)
    low, high = np.array(model.equations.domain).T
    starts = low[:, None] + rng.random((len(low), 40)) * (high - low)[:, None]
    starts[0] = float(model.parameters["c" if "c" in model.parameters else "V_r"])
    many = spikes(model, starts, variational=True)
    assert many.d_after is not None
    for lane in range(40):
        one = spike(model, starts[:, lane], variational=True)
        assert many.status[lane] == one.status
        if not one.spiked:
            continue
        assert one.d_after is not None
        assert many.time[lane] == pytest.approx(one.time, rel=1e-11)
        np.testing.assert_allclose(many.after[:, lane], one.after, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(many.d_after[:, :, lane], one.d_after, rtol=1e-7, atol=1e-9)


def test_lanes_with_and_without_spikes() -> None:
    model = adex(I=500.0)
    starts = np.stack([np.full(60, -60.0), np.linspace(-500.0, 300.0, 60)])
    many = spikes(model, starts)
    one = [spike(model, starts[:, lane]).status for lane in range(60)]
    assert many.status.tolist() == one
    assert set(one) == {"spike", "no spike: converged to rest"}
    assert np.isnan(many.after[:, ~many.spiked]).all()
    assert spikes(model, np.empty((2, 0))).time.shape == (0,)


def test_lanes_do_not_step_over_a_top() -> None:
    model = define(
        "bump",
        drift={"v": "-2*v + w", "w": "-w"},
        threshold="0.25",
        reset={"v": "0"},
        parameters={},
        domain={"v": (-1.0, 1.0), "w": (-1.0, 1.0)},
    )
    over = np.concatenate([-np.geomspace(1e-9, 1e-2, 15), np.geomspace(1e-9, 1e-2, 15)])
    many = spikes(model, np.stack([np.zeros(30), 1.0 + over]))
    np.testing.assert_array_equal(many.spiked, over > 0)


# bad input


def test_bad_input_says_what_and_why() -> None:
    with pytest.raises(InputError, match=r"model = 'hodgkin_huxley'.*threshold and reset"):
        spike(hodgkin_huxley(), [-65.0, 0.05, 0.6, 0.3])
    with pytest.raises(InputError, match=r"start = \[-60.0\].*2 finite numbers.*'V', 'w'"):
        spike(adex(), [-60.0])
    with pytest.raises(InputError, match="finite numbers"):
        spike(adex(), [-60.0, math.nan])
    with pytest.raises(InputError, match="below threshold, not 5 above"):
        spike(adex(), [25.0, 0.0])
    with pytest.raises(InputError, match="below threshold"):
        spikes(adex(), [[-60.0, 20.0], [0.0, 0.0]])
    with pytest.raises(InputError, match=r"starts.*shape \(2, N\)"):
        spikes(adex(), [[-60.0, 20.0]])
    with pytest.raises(InputError, match="no such parameter; did you mean 'V_r'"):
        spike(adex(), [-60.0, 0.0], parameter="V_R")
    with pytest.raises(InputError, match="'Vr'"):
        spike(adex(), [-60.0, 0.0], Vr=-60.0)
    wrong: list[dict[str, Any]] = [{"rtol": 0.0}, {"rtol": 1.0}, {"atol": -1.0}]
    for options in (*wrong, {"max_time": math.inf}):
        with pytest.raises(InputError, match=next(iter(options))):
            spike(adex(), [-60.0, 0.0], **options)
