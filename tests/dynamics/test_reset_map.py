"""Reset maps against maps with closed forms, reference values and another integrator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import fsolve

from causal_snn.dynamics.field import field
from causal_snn.dynamics.reset.continuation import continue_reset_map
from causal_snn.dynamics.reset.orbit_diagram import orbit_diagram
from causal_snn.dynamics.reset.reset_map import ResetMap, reset_map
from causal_snn.errors import InputError
from causal_snn.models import adex, define, glif, hodgkin_huxley, izhikevich, lif
from causal_snn.models.neuron import NeuronModel

# Touboul and Brette 2008, figure 8B
TOUBOUL: dict[str, Any] = {
    **{"C": 281, "g_L": 30, "E_L": -70.6, "V_T": -50.4, "Delta_T": 2, "tau_w": 40},
    **{"a": 4, "b": 80, "I": 800, "V_r": -50, "v_peak": -20},
}


def clock(reset: str, **parameters: float) -> NeuronModel:
    """Return a neuron that spikes once per ms, so that Phi is the formula of its reset."""
    return define(
        "clock",
        drift={"v": "1", "w": "0"},
        threshold="1",
        reset={"v": "0", "w": reset},
        parameters=parameters,
    )


def logistic(r: float) -> ResetMap:
    return reset_map(clock("r*w*(1 - w)", r=r), window=(-0.2, 1.2))


def quadratic(c: float) -> ResetMap:
    return reset_map(clock("c + w**2", c=c), window=(-2.2, 2.2))


# maps with closed forms


@given(
    tau=st.floats(0.5, 100.0),
    jump=st.floats(-5.0, 5.0),
    keep=st.floats(0.1, 1.0),
    current=st.floats(0.1, 10.0),
)
@settings(max_examples=20)
def test_a_perfect_integrator_has_an_affine_map(
    tau: float, jump: float, keep: float, current: float
) -> None:
    model = define(
        "integrator",
        drift={"v": "I", "w": "-w/tau"},
        threshold="1",
        reset={"v": "0", "w": "g*w + d"},
        parameters={"I": current, "tau": tau, "g": keep, "d": jump},
    )
    slope = keep * math.exp(-1.0 / (current * tau))
    fixed = jump / (1.0 - slope)
    found = reset_map(model, window=(fixed - 3.0, fixed + 4.0))
    assert found.map(1.0) == pytest.approx(slope + jump, rel=1e-12)
    assert found.slope(1.0) == pytest.approx(slope, rel=1e-10)
    (orbit,) = found.fixed_points()
    assert orbit.w[0] == pytest.approx(fixed, rel=1e-9, abs=1e-10)
    assert orbit.multiplier == pytest.approx(slope, rel=1e-10)
    assert orbit.isi[0] == pytest.approx(1.0 / current, rel=1e-12)
    assert orbit.stable
    assert not found.periodic(2)


def test_logistic_fixed_points_bursts_and_their_multipliers() -> None:
    zero, other = logistic(2.5).fixed_points()
    assert zero.w[0] == pytest.approx(0.0, abs=1e-12)
    assert zero.multiplier == pytest.approx(2.5)
    assert not zero.stable
    assert other.w[0] == pytest.approx(0.6, rel=1e-13)
    assert other.multiplier == pytest.approx(-0.5)
    r = 3.2
    (two,) = logistic(r).periodic(2)
    root = math.sqrt((r + 1.0) * (r - 3.0))
    np.testing.assert_allclose(two.w, [(r + 1 - root) / (2 * r), (r + 1 + root) / (2 * r)])
    assert two.multiplier == pytest.approx(4.0 + 2.0 * r - r * r, rel=1e-12)
    assert two.period == pytest.approx(2.0)
    assert two.spikes == 2
    settled = logistic(r).attractor()
    assert settled is not None
    np.testing.assert_allclose(np.sort(settled.w), two.w, rtol=1e-12)
    assert logistic(4.0).attractor(0.1234) is None


def test_number_of_orbits_of_each_period() -> None:
    # real c just below -2: 2^k fixed points of the k-th iterate, so these numbers of orbits
    found = quadratic(-2.05)
    assert [len(found.periodic(k)) for k in (1, 2, 3, 4, 5)] == [2, 1, 2, 3, 6]
    # no pair of period 3 above its fold at -7/4
    assert len(quadratic(-1.7501).periodic(3)) == 2
    assert len(quadratic(-1.7499).periodic(3)) == 0


def test_lyapunov_exponents_of_the_logistic_map() -> None:
    chaos = logistic(4.0).lyapunov(2000, 0.1234)
    assert abs(chaos.exponent - math.log(2.0)) < 4.0 * chaos.standard_error
    assert 1e-4 < chaos.standard_error < 0.02
    assert chaos.per_ms == pytest.approx(chaos.exponent)
    order = logistic(3.2).lyapunov(200, 0.3)
    assert order.exponent == pytest.approx(0.5 * math.log(0.16), abs=1e-6)
    with pytest.raises(InputError, match=r"spiking stops after 0 spikes \(no spike: converged"):
        reset_map(adex()).lyapunov(100, 0.0)


def test_logistic_branch_doubles_twice_and_meets_another() -> None:
    found = logistic(2.0)
    branch = continue_reset_map(found, "r", (2.0, 3.6))
    (double,) = branch.special
    assert double.name == "PD1"
    assert double.value == pytest.approx(3.0, abs=1e-11)
    assert double.state[0] == pytest.approx(2.0 / 3.0, abs=1e-11)
    assert double.criticality == "supercritical"
    assert double.details["normal_form"] == pytest.approx(9.0, rel=1e-6)  # r^2
    np.testing.assert_allclose(branch.states[:, 0], 1.0 - 1.0 / branch.values, rtol=1e-10)
    np.testing.assert_allclose(branch.multipliers, 2.0 - branch.values, atol=1e-10)
    np.testing.assert_array_equal(branch.stable, np.abs(2.0 - branch.values) < 1.0)
    assert branch.stopped == ("the start of the span", "the end of the span, r = 3.6")
    twice = continue_reset_map(double, "r", (2.0, 3.6))
    assert twice.spikes == 2
    assert (twice.values > 3.0 - 1e-9).all()
    assert twice.special["PD1"].value == pytest.approx(1.0 + math.sqrt(6.0), abs=1e-10)
    r = twice.values[1:]
    np.testing.assert_allclose(twice.multipliers[1:], 4.0 + 2.0 * r - r * r, atol=1e-8)
    origin = continue_reset_map(found, "r", (0.5, 2.0), start=0.0)
    assert origin.special["BP1"].value == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize(("cubic", "kind"), [(0.5, "supercritical"), (-0.5, "subcritical")])
def test_side_on_which_the_doubled_orbit_lies(cubic: float, kind: str) -> None:
    # w -> -(1 + m) w + s w^3 has w^2 = m/s on its orbit of two spikes
    model = clock("-(1 + m)*w + s*w**3", m=-0.2, s=cubic)
    found = reset_map(model, window=(-1.0, 1.0))
    double = continue_reset_map(found, "m", (-0.2, 0.2), start=0.0).special["PD1"]
    assert double.criticality == kind
    assert double.details["normal_form"] == pytest.approx(cubic, rel=1e-5)
    two = continue_reset_map(double, "m", (-0.2, 0.2))
    np.testing.assert_allclose(two.values[1:], cubic * two.states[1:, 0] ** 2, atol=1e-9)
    np.testing.assert_allclose(two.states[1:, 0], -two.states[1:, 1], atol=1e-9)
    assert two.stable[1:].all() == (kind == "supercritical")


def test_quadratic_branch_turns_at_its_folds() -> None:
    branch = continue_reset_map(quadratic(-0.5), "c", (-0.5, 1.0))
    assert [point.label for point in branch.special] == ["LP"]
    assert branch.special["LP1"].value == pytest.approx(0.25, abs=1e-10)
    assert branch.special["LP1"].state[0] == pytest.approx(0.5, abs=1e-8)
    assert branch.values[-1] == -0.5  # back where it came from, on the other side
    assert branch.multipliers[-1] == pytest.approx(1.0 + math.sqrt(3.0), rel=1e-9)
    other_way = continue_reset_map(quadratic(-0.5), "c", (-0.5, -1.0))
    assert other_way.special["PD1"].value == pytest.approx(-0.75, abs=1e-10)
    start = quadratic(-1.8).periodic(3)[0]
    three = continue_reset_map(quadratic(-1.8), "c", (-1.8, 0.0), period=3, start=start)
    assert three.special["LP1"].value == pytest.approx(-1.75, abs=1e-10)
    assert three.spikes == 3


def test_a_branch_ends_where_the_potential_only_touches_the_threshold() -> None:
    model = define(
        "grazing",
        drift={"v": "-v + I + w", "w": "-w/tau"},
        threshold="1",
        reset={"v": "0", "w": "g*w + d"},
        parameters={"I": 0.5, "tau": 5.0, "g": 0.5, "d": 1.0},
    )

    def closed(unknown: Any) -> list[float]:
        t, w, d = unknown  # linear, so v(t) is a sum of two exponentials
        left = w * math.exp(-t / 5.0)
        v = 0.5 * (1.0 - math.exp(-t)) + 1.25 * (left - w * math.exp(-t))
        return [v - 1.0, -v + 0.5 + left, 0.5 * left + d - w]

    _, w, d = fsolve(closed, [2.5, 0.83, 0.58], xtol=1e-13)
    branch = continue_reset_map(reset_map(model, window=(0.0, 5.0)), "d", (1.0, 0.1))
    assert [point.label for point in branch.special] == ["LP", "BC"]
    edge = branch.special["BC1"]
    assert edge.value == pytest.approx(d, abs=1e-8)
    assert edge.state[0] == pytest.approx(w, abs=1e-4)  # w goes with the root of the distance
    assert edge.details["edge"] == "threshold tangency"
    assert "threshold tangency" in branch.stopped[1]
    assert abs(branch.multipliers[-1]) > 1e3


# neurons


@pytest.mark.parametrize(
    ("model", "doubling"),
    [
        (adex(**TOUBOUL), -48.73978221),
        (adex(**{**TOUBOUL, "v_peak": -30}), -48.73980216),
        (adex(**{**TOUBOUL, "v_peak": -40.4}), -48.74526836),
        (adex("irregular", V_r=-50.0), -48.69557265),
        (adex("irregular", V_r=-50.0, v_peak=-20.0), -48.69557331),
    ],
)
def test_first_period_doubling_in_the_reset_potential(model: NeuronModel, doubling: float) -> None:
    branch = continue_reset_map(model, "V_r", (-50.0, -48.0))
    (point,) = branch.special
    assert point.label == "PD"
    assert point.value == pytest.approx(doubling, abs=1e-8)
    assert point.residual < 1e-8
    assert point.eigenvalues[0].real == pytest.approx(-1.0, abs=1e-9)
    assert point.converged
    assert branch.provenance["largest_residual"] < 1e-8


def test_multiplier_at_the_doubling_is_minus_one_for_another_integrator() -> None:
    point = continue_reset_map(adex(**TOUBOUL), "V_r", (-49.0, -48.5)).special["PD1"]
    fld = field(point.model)

    def after(w: float) -> tuple[float, float]:
        def event(_: float, x: Any) -> float:
            return float(x[0] + 20.0)

        event.terminal = True  # type: ignore[attr-defined]
        options = {"method": "LSODA", "rtol": 1e-12, "atol": 1e-11, "events": event}
        run = solve_ivp(lambda _, x: fld.f(x), (0.0, 100.0), (point.value, w), **options)
        return float(run.y[1, -1] + 80.0), float(run.t[-1])

    w = float(point.state[0])
    assert w == pytest.approx(302.1, abs=0.05)
    following, isi = after(w)
    assert following == pytest.approx(w, abs=1e-6)
    assert isi == pytest.approx(18.96164, abs=5e-6)
    assert point.period == pytest.approx(isi, rel=1e-8)
    (up, _), (down, _) = after(w + 0.02), after(w - 0.02)
    assert (up - down) / 0.04 == pytest.approx(-1.0, abs=2e-5)


def test_cascade_of_the_adaptive_exponential_neuron() -> None:
    span = (-49.0, -48.0)
    one = continue_reset_map(adex(**TOUBOUL), "V_r", span).special["PD1"]
    two = continue_reset_map(one, "V_r", span)
    assert two.special["PD1"].value == pytest.approx(-48.21006, abs=1e-4)
    found = reset_map(adex(**TOUBOUL))
    # what simulation settles on lies on the branch of continuation
    orbit = found.at(V_r=-48.3).attractor()
    assert orbit is not None
    near = int(np.argmin(np.abs(two.values + 48.3)))
    on_branch = [np.interp(-48.3, two.values, two.states[:, k]) for k in range(2)]
    assert abs(two.values[near] + 48.3) < 0.05
    np.testing.assert_allclose(np.sort(on_branch), orbit.w, rtol=2e-3)


@pytest.mark.slow
def test_chaos_of_the_adaptive_exponential_neuron() -> None:
    found = reset_map(adex(**TOUBOUL))
    for potential, exponent in ((-48.0, 0.335), (-47.9, 0.3665)):
        measured = found.at(V_r=potential).lyapunov(2000)
        assert abs(measured.exponent - exponent) < 5.0 * measured.standard_error
        assert measured.exponent > 20.0 * measured.standard_error
    span = (-49.0, -48.0)
    cascade = [continue_reset_map(found, "V_r", span, V_r=-49.0)]
    for _ in range(3):
        cascade.append(continue_reset_map(cascade[-1].special["PD1"], "V_r", span))
    assert [branch.spikes for branch in cascade] == [1, 2, 4, 8]
    values = np.diff([branch.special["PD1"].value for branch in cascade])
    ratios = values[:-1] / values[1:]
    assert abs(ratios[1] - 4.6692) < abs(ratios[0] - 4.6692)  # Feigenbaum's constant
    window = found.at(V_r=-47.8)
    (stable, unstable) = window.periodic(3)
    assert stable.stable
    assert not unstable.stable
    measured = window.lyapunov(600)
    assert measured.exponent == pytest.approx(math.log(abs(stable.multiplier)) / 3, rel=5e-3)
    for potential, spikes in ((-48.6, 2), (-48.15, 4), (-47.8, 3)):
        orbit = found.at(V_r=potential).attractor()
        assert orbit is not None
        assert orbit.spikes == spikes
    # the irregular set of Naud et al. has a stable burst of 10 spikes at this cutoff
    burst = reset_map(adex("irregular")).attractor()
    assert burst is not None
    assert burst.spikes == 10


@given(w=st.floats(-100.0, 550.0))
@settings(max_examples=15)
def test_slope_is_the_difference_of_the_map(w: float) -> None:
    found = reset_map(adex(**TOUBOUL), window=(-200.0, 600.0))
    step = 1e-3
    left, right = found.map(np.array([w - step, w + step]))
    assert found.slope(w) == pytest.approx((right - left) / (2 * step), rel=1e-4, abs=1e-6)


def test_phi_rises_up_to_the_nullcline_and_falls_behind_it() -> None:
    found = reset_map(adex(**TOUBOUL))
    (crossing,) = found.nullcline()
    p = TOUBOUL
    exact = -p["g_L"] * (p["V_r"] - p["E_L"]) + p["I"]
    exact += p["g_L"] * p["Delta_T"] * math.exp((p["V_r"] - p["V_T"]) / p["Delta_T"])
    assert crossing == pytest.approx(exact, rel=1e-13)
    graph = found.shape()
    assert graph.maximum is not None
    assert graph.maximum[0] == crossing
    assert found.slope(crossing) == pytest.approx(0.0, abs=1e-9)
    w, slope = graph.values.w, graph.values.slope
    assert (slope[w < crossing - 1e-9] > 0).all()
    assert (slope[w > crossing + 1e-9] < 0).all()
    assert graph.undefined == ()


def test_phi_is_undefined_in_the_basin_of_rest() -> None:
    model = adex(V_r=-60.0, I=500.0)
    found = reset_map(model, window=(-500.0, 300.0))
    ((left, right),) = found.shape().undefined
    assert right == 300.0
    assert not found.fixed_points()
    message = found.fixed_points().message  # no advice to look where no spike follows
    assert "Phi(w) > w where a spike follows" in message
    assert "look at" not in message
    values = found.evaluate([left - 1e-4, left + 1e-4])
    assert values.defined.tolist() == [True, False]
    assert values.status[1] == "no spike: converged to rest"
    assert math.isnan(found.map(left + 1e-4))
    # the edge is the stable manifold of the saddle: followed backwards it comes to the reset
    fld = field(model)
    saddle = fsolve(lambda x: fld.f(x), [-48.3, 90.0], xtol=1e-14)
    rates, vectors = np.linalg.eig(fld.jac(saddle))
    along = vectors.real[:, int(np.argmin(rates.real))]
    assert rates.real.min() < 0.0 < rates.real.max()

    def event(_: float, x: Any) -> float:
        return float(x[0] + 60.0)

    event.terminal = True  # type: ignore[attr-defined]
    start = saddle - 1e-6 * along * np.sign(along[1])  # w comes from below
    options = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-12, "events": event}
    back = solve_ivp(lambda _, x: -fld.f(x), (0.0, 4e3), start, **options)
    assert back.status == 1
    assert left == pytest.approx(back.y[1, -1], abs=1e-5)


def test_spiking_ends_at_the_saddle_node() -> None:
    # V' = V^2 + I does not heed w: its saddle-node at I = 0 is on the flight from any reset.
    model = define(
        "ghost",
        drift={"v": "v**2 + I", "w": "-w/20"},
        threshold="50",
        reset={"v": "-3", "w": "w + 1/5"},
        parameters={"I": 1.0},
        domain={"v": (-5.0, 50.0), "w": (-3.0, 5.0)},
    )
    branch = continue_reset_map(model, "I", (1.0, -1.0))
    (point,) = branch.special
    assert point.label == "SNIC"
    assert point.value == pytest.approx(0.0, abs=1e-9)
    assert branch.isi.max() > 1e4  # pi/sqrt(I)
    assert (np.diff(branch.values) < 0).all()


@pytest.mark.parametrize(
    ("changed", "labels"),
    [({"tau_w": 40.0, "V_r": -55.0, "v_peak": -47.0}, ["HC"]), ({}, ["LP", "HC"])],
    ids=["multiplier to 0", "multiplier to infinity"],
)
def test_spiking_goes_on_below_the_saddle_node(changed: Any, labels: list[str]) -> None:
    # Rest appears at 627.311 pA; spikes stop lower, where the reset meets the saddle's manifold.
    model = adex(**changed)
    branch = continue_reset_map(model, "I", (800.0, 500.0))
    assert [point.label for point in branch.special] == labels
    end = branch.special["HC1"]
    assert end.value < 34.0 * (-50.4 + 70.6 - 2.0 + 2.0 * math.log(1.0 + 4.0 / 30.0)) - 0.01
    # independent: one interval, from the reset of the last orbit
    q = model.parameters

    def rhs(_: float, x: Any, current: float) -> list[float]:
        v, w = x
        upswing = q["g_L"] * q["Delta_T"] * math.exp((v - q["V_T"]) / q["Delta_T"])
        dv = -q["g_L"] * (v - q["E_L"]) + upswing - w + current
        return [dv / q["C"], (q["a"] * (v - q["E_L"]) - w) / q["tau_w"]]

    def spike(_: float, x: Any, current: float) -> float:
        return float(x[0] - min(q["v_peak"], -40.0))  # from there on the upswing is certain

    spike.terminal = True  # type: ignore[attr-defined]
    for shift, spikes in ((1e-3, 1), (-1e-3, 0)):
        run = solve_ivp(
            rhs,
            (0.0, 6e3),
            [q["V_r"], end.state[0]],
            args=(end.value + shift,),
            method="LSODA",
            rtol=1e-10,
            atol=1e-10,
            events=spike,
        )
        assert len(run.t_events[0]) == spikes


@pytest.mark.slow
def test_spiking_ends_on_the_stable_manifold_of_the_saddle() -> None:
    # u = v^2/25 + beta v + gamma is invariant for beta = 5 + a/2 at one I: v' is linear on it
    # with rate -a/2, so it is the saddle's stable manifold, and unbounded from there on.
    a, b = 0.02, 0.2
    beta = 5.0 + a / 2.0
    k = a * (b - beta / 2.0) / 0.08
    exact = k * (1.0 - beta / a) - 140.0
    branch = continue_reset_map(izhikevich("regular_spiking", I=4.0), "I", (4.0, 3.5))
    point = branch.special["HC1"]
    assert point.value == pytest.approx(exact, abs=1e-8)
    assert point.details["edge"] == "stable manifold of a saddle"
    assert point.period == math.inf


def test_a_burst_of_the_quadratic_neuron_is_an_orbit() -> None:
    found = reset_map(izhikevich("chattering", I=10.0))
    burst = found.attractor()
    assert burst is not None
    assert burst.spikes == 5
    assert burst.isi.max() > 5.0 * burst.isi.min()  # four short intervals and a pause
    train = found.orbit(float(burst.w[0]), 10)
    np.testing.assert_allclose(train.w[5:10], burst.w, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_doubling_depends_on_the_cutoff_of_the_quadratic_neuron_only() -> None:
    found = reset_map(izhikevich("chattering", I=10.0))
    low, high = (
        continue_reset_map(found, "d", (2.0, 0.5), v_peak=cutoff).special["PD1"].value
        for cutoff in (30.0, 60.0)
    )
    assert abs(high - low) > 0.01  # Touboul 2009
    one, two = (
        continue_reset_map(adex(**TOUBOUL), "b", (80.0, 40.0), V_r=-48.6, v_peak=cutoff)
        for cutoff in (-20.0, 10.0)
    )
    assert one.special["PD1"].value == pytest.approx(two.special["PD1"].value, abs=1e-5)


def test_any_parameter_of_the_neuron_can_be_followed() -> None:
    model = adex(**{**TOUBOUL, "V_r": -49.0})
    found = reset_map(model)
    for name, end in (("b", 60.0), ("I", 850.0), ("v_peak", 0.0), ("tau_w", 45.0)):
        span = (float(model.parameters[name]), end)
        branch = continue_reset_map(found, name, span, step=0.1)
        (orbit,) = found.at(**{name: end}).fixed_points()
        assert branch.values[-1] == end
        assert branch.states[-1, 0] == pytest.approx(orbit.w[0], rel=1e-9)
        assert branch.multipliers[-1] == pytest.approx(orbit.multiplier, abs=1e-7)


def test_orbit_diagram_follows_each_value_to_its_attractor() -> None:
    values = np.linspace(2.8, 4.2, 15)
    diagram = orbit_diagram(logistic(2.8), "r", values, spikes=16, transient=300, w=0.3)
    assert diagram.states.shape == (15, 16)
    np.testing.assert_allclose(diagram.states[0], 1.0 - 1.0 / 2.8, rtol=1e-7)
    assert len(np.unique(diagram.states[6].round(6))) == 2  # r = 3.4
    r = values[6]
    assert diagram.lyapunov[6] == pytest.approx(0.5 * math.log(abs(4 + 2 * r - r * r)), abs=1e-6)
    pair = orbit_diagram(logistic(2.8), "r", (2.8, 3.2), spikes=2, transient=0)
    assert pair.values.shape == (400,)  # a pair is a span
    stops = orbit_diagram(adex(V_r=-60.0), "I", [500.0, 700.0, 710.0], spikes=4, transient=20)
    assert stops.status.tolist() == ["no spike: converged to rest", "spike", "spike"]
    assert np.isnan(stops.states[0]).all()
    assert np.isfinite(stops.states[1:]).all()


# bad input


def test_models_without_a_reset_map() -> None:
    with pytest.raises(InputError, match=r"hodgkin_huxley.*threshold and reset.*cycles"):
        reset_map(hodgkin_huxley())
    with pytest.raises(InputError, match=r"lif.*two states, not 1"):
        reset_map(lif())
    with pytest.raises(InputError, match=r"glif.*two states, not 3"):
        reset_map(glif())
    back = define(
        "half",
        drift={"v": "1", "w": "-w"},
        threshold="1",
        reset={"v": "v/2 - w"},
        parameters={},
    )
    with pytest.raises(InputError, match="reset of v depends on v, w"):
        reset_map(back)


def test_bad_input_says_what_and_why() -> None:
    model = adex(**TOUBOUL)
    with pytest.raises(InputError, match=r"window = \(600.0, -200.0\).*Swap them"):
        reset_map(model, window=(600.0, -200.0))
    with pytest.raises(InputError, match=r"window.*two numbers"):
        reset_map(model, window=(1.0,))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"no parameter 'Vr'.*'V_r'"):
        reset_map(model, Vr=-50.0)
    with pytest.raises(InputError, match=r"state = 'V'.*Take 'w'"):
        reset_map(model, state="V")
    with pytest.raises(InputError, match="state = 'u'"):
        reset_map(model, state="u")
    found = reset_map(model, state="w")
    with pytest.raises(InputError, match="w = nan"):
        found.map(math.nan)
    with pytest.raises(InputError, match=r"period = 0.*at least 1"):
        found.periodic(0)
    with pytest.raises(InputError, match=r"spikes = 10.*at least 50"):
        found.lyapunov(10)
    with pytest.raises(InputError, match="no such parameter; did you mean 'V_r'"):
        continue_reset_map(found, "V_R", (-50.0, -48.0))
    with pytest.raises(InputError, match=r"span.*two different"):
        continue_reset_map(found, "V_r", (-50.0, -50.0))
    with pytest.raises(InputError, match=r"V_r = 0.0: below the threshold"):
        continue_reset_map(found, "V_r", (-50.0, 0.0))
    with pytest.raises(InputError, match=r"tau_w = -1.0"):
        continue_reset_map(found, "tau_w", (40.0, -1.0))
    with pytest.raises(InputError, match="step"):
        continue_reset_map(found, "V_r", (-50.0, -48.0), step=0.0)
    with pytest.raises(InputError, match=r"start.*2 values, one for each spike"):
        continue_reset_map(found, "V_r", (-50.0, -48.0), period=2, start=[1.0, 2.0, 3.0])
    branch = continue_reset_map(found, "V_r", (-49.0, -48.5))
    with pytest.raises(InputError, match=r"span.*around V_r = -48.73978"):
        continue_reset_map(branch.special["PD1"], "V_r", (-48.0, -47.0))
    with pytest.raises(InputError, match="values"):
        orbit_diagram(found, "V_r", [])


def test_no_orbit_to_follow_is_an_empty_branch_with_the_reason() -> None:
    quiet = reset_map(adex())
    assert len(quiet.fixed_points()) == 0
    assert "no spike follows from any w" in quiet.fixed_points().message
    branch = continue_reset_map(quiet, "I", (0.0, 100.0))
    assert len(branch) == 0
    assert "no spike follows" in branch.stopped[0]
    assert branch.states.shape == (0, 1)
    assert quiet.attractor() is None
    above = define(
        "above",
        drift={"v": "1", "w": "-w"},
        threshold="1 + w",
        reset={"v": "0", "w": "w"},
        parameters={},
    )
    values = reset_map(above, window=(-2.0, 2.0)).evaluate([-1.5, 0.5])
    assert values.status[0] == "no flight: the reset is at or above threshold"
    assert values.defined.tolist() == [False, True]
