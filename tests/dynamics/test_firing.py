"""Firing rates against closed forms in 40 digits, other integrators and published periods."""

from __future__ import annotations

import math
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.cycle.cycles import continue_cycles
from causal_snn.dynamics.field import field
from causal_snn.dynamics.firing.firing import firing_rate
from causal_snn.errors import InputError

mp.mp.dps = 40
# Touboul and Brette 2008, figure 8B
TOUBOUL = {"tau_w": 40.0, "a": 4.0, "b": 80.0, "v_peak": -20.0}


def lif_rate(tau: float, E: float, V_r: float, theta: float, drive: float, t_ref: float) -> mp.mpf:
    tau, E, V_r, theta, drive = (mp.mpf(x) for x in (tau, E, V_r, theta, drive))
    return 1000 / (t_ref + tau * mp.log((drive + E - V_r) / (drive + E - theta)))


@pytest.mark.parametrize(
    ("drive", "rate"), [(16.0, 33.64071163), (20.0, 63.04000219), (30.0, 111.96362949)]
)
def test_lif_reference_values(drive: float, rate: float) -> None:
    result = firing_rate(models.lif(tau=10, E=-65, V_reset=-65, theta=-50), drive, refractory=2.0)
    assert isinstance(result.rate, float)
    assert float(result) == result.rate == pytest.approx(rate, abs=6e-9)
    exact = lif_rate(10, -65, -65, -50, drive, 2)
    assert result.rate == pytest.approx(float(exact), rel=1e-13)
    assert result.period == pytest.approx(1000 / float(exact), rel=1e-13)
    assert (result.status, result.spikes, result.method) == ("spiking", 1, "closed form")


@given(
    tau=st.floats(1, 100),
    E=st.floats(-80, -40),
    V_r=st.floats(-90, -55),
    above=st.floats(1e-3, 100),
    t_ref=st.floats(0, 10),
)
@settings(max_examples=60)
def test_lif_by_three_methods(tau: float, E: float, V_r: float, above: float, t_ref: float) -> None:
    model = models.lif(tau=tau, E=E, V_reset=V_r, theta=-50.0)
    drive = -50.0 - E + above
    exact = float(lif_rate(tau, E, V_r, -50.0, drive, t_ref))
    # E - v + drive is the difference of numbers near 100, so `above` is known to 1e-14 only
    rel = 1e-13 + 1e-13 / above
    methods: Any = (("closed form", 1.0), ("quadrature", 1.0), ("integration", 1e3))
    for method, more in methods:
        found = firing_rate(model, drive, refractory=t_ref, method=method, start="spiking")
        assert found.rate == pytest.approx(exact, rel=more * rel), method


@pytest.mark.parametrize("name", ["cuba_lif", "conductance_lif"])
@pytest.mark.parametrize("method", ["closed form", "integration"])
def test_synapses_without_input_leave_a_lif(name: str, method: Any) -> None:
    model = {
        "cuba_lif": models.cuba_lif(tau=20.0, E=-60.0, V_reset=-60.0, theta=-50.0),
        "conductance_lif": models.conductance_lif(),
    }[name]
    current = 15.0 if model.input == "drive" else 150.0  # R·I = 15 mV in both
    exact = float(lif_rate(20, -60, -60, -50, 15, 0))
    assert firing_rate(model, current, method=method).rate == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("I", [1e-8, 0.3, 4.0, 0.0, -1.0, -3.9])
@pytest.mark.parametrize("method", ["closed form", "quadrature", "integration"])
def test_qif_with_finite_reset_and_cutoff(I: float, method: Any) -> None:  # noqa: E741
    V_r = 2.0 if I <= 0 else -7.0
    exact = mp.quad(
        lambda v: 3 / (v * v + mp.mpf(I)), [V_r, *([-1, -1e-5, 0, 1e-5, 1] if I > 0 else []), 50]
    )
    found = firing_rate(
        models.qif(tau=3.0, V_r=V_r, v_peak=50.0), I, method=method, start="spiking", longest=1e8
    )
    # an error of V near the bottleneck costs it over the drift there; the flow allows 2e-12
    late = 2e-12 * 3.0 / abs(I) if I > 0 and method == "integration" else 0.0
    rel = 1e-10 if method == "integration" else 1e-13
    assert found.period == pytest.approx(float(exact), rel=rel, abs=late)


@given(I=st.floats(1e-4, 1e3), tau=st.floats(0.1, 50))
@settings(max_examples=40)
def test_theta_neuron_has_period_pi_tau_over_root_I(I: float, tau: float) -> None:  # noqa: E741
    found = firing_rate(models.theta_neuron(tau=tau), I)
    assert found.period == pytest.approx(math.pi * tau / math.sqrt(I), rel=1e-11)
    assert found.method == "quadrature"


@pytest.mark.parametrize("I", [546.01, 600.0, 2000.0])
def test_eif_against_quadrature_in_40_digits(I: float) -> None:  # noqa: E741
    def slowness(v: mp.mpf) -> mp.mpf:
        drift = -30 * (v + mp.mpf("70.6")) + 60 * mp.exp((v + mp.mpf("50.4")) / 2) + mp.mpf(I)
        return 281 / drift

    near = [mp.mpf("-50.4") + x for x in (-1, -0.1, -0.01, 0, 0.01, 0.1, 1, 10)]
    exact = float(mp.quad(slowness, [mp.mpf("-70.6"), -60, *near, 20]))
    # at 546.01 the least drift is 4e-5, the difference of numbers near 2
    rel = 1e-10 if I < 547 else 1e-13
    assert firing_rate(models.eif(), I).period == pytest.approx(exact, rel=rel)
    by_flow = firing_rate(models.eif(), I, method="integration").period
    assert by_flow == pytest.approx(exact, rel=1e-9)


def test_a_perfect_integrator_of_your_own() -> None:
    model = models.define(
        "pif", drift={"V": "I/C"}, parameters={"I": 0.0, "C": 4.0}, threshold=10, reset={"V": -2}
    )
    found = firing_rate(model, [3.0, -1.0, 0.0])
    np.testing.assert_allclose(found.rate, [1000 / 16, 0, 0], rtol=1e-15)
    assert found.method == "closed form"
    assert list(found.spikes) == [1, 0, 0]


def test_what_is_possible_and_what_happens_depend_on_the_start() -> None:
    model = models.qif(V_r=2.0)
    assert firing_rate(model, -1.0).rate == 0.0
    assert "silent" in firing_rate(model, -1.0).status
    assert firing_rate(model, -1.0, start="spiking").rate > 1000
    assert firing_rate(model, -1.0, start=[1.5]).rate > 1000
    assert firing_rate(model, -1.0, start=[0.5]).rate == 0.0
    assert firing_rate(model, -5.0, start="spiking").rate == 0.0  # below -V_r^2
    homoclinic = models.morris_lecar("homoclinic")
    assert firing_rate(homoclinic, 38.0).rate == 0.0
    assert firing_rate(homoclinic, 38.0, start="spiking").rate > 30.0


@pytest.mark.parametrize(
    ("I", "period"),
    [
        (6.5, 18.1628949),
        pytest.param(7.0, 17.1446999, marks=pytest.mark.slow),
        pytest.param(8.0, 16.0077128, marks=pytest.mark.slow),
        (10.0, 14.63621),
        pytest.param(20.0, 11.5646975, marks=pytest.mark.slow),
        (50.0, 8.5443804),
        (100.0, 6.7902707),
    ],
)
def test_hodgkin_huxley_periods(I: float, period: float) -> None:  # noqa: E741
    found = firing_rate(models.hodgkin_huxley(), I)
    assert found.period == pytest.approx(period, abs=1e-7 if I != 10 else 5e-6)
    assert found.status == "spiking"
    assert found.rate == pytest.approx(1000 / period, rel=1e-6)


def test_hodgkin_huxley_against_lsoda_and_auto() -> None:
    from scipy.integrate import solve_ivp

    of = field(models.hodgkin_huxley(), I=30.0)

    def up(_: float, x: Any) -> float:
        return float(x[0])

    up.direction = 1.0  # type: ignore[attr-defined]
    run = solve_ivp(
        lambda _, x: of.f(x),
        (0, 150),
        [-65, 0.05, 0.6, 0.3],
        "LSODA",
        events=up,
        rtol=1e-11,
        atol=1e-12,
    )
    last = np.diff(run.t_events[0])[-1]
    assert firing_rate(of.model, 30.0).period == pytest.approx(last, rel=1e-8)
    # the supercritical side: too low to be spikes unless asked for; AUTO at NTST=200
    low = firing_rate(of.model, 150.0)
    assert low.rate == 0.0
    assert "below the level of a spike" in low.status
    counted = firing_rate(of.model, 150.0, level=-43.0)
    assert counted.period == pytest.approx(5.9575738351, abs=2e-10)


def test_hodgkin_huxley_is_bistable_below_the_hopf_point() -> None:
    found = firing_rate(models.hodgkin_huxley(), [0.0, 6.2, 6.3, 9.0])
    assert [text[:6] for text in found.status] == ["silent", "silent", "spikin", "spikin"]
    assert (found.rate[2:] > 50).all()
    # held just below the Hopf point, the neuron stays at rest
    assert firing_rate(models.hodgkin_huxley(), 9.0, holding=8.9).rate == 0.0


def adex_spikes(I: float, stop: float, t_ref: float = 0.0, **values: float) -> list[float]:  # noqa: E741
    """Spike times by scipy with a cutoff event, the adaptation relaxing during `t_ref`."""
    from scipy.integrate import solve_ivp

    of = field(models.adex(**values), I=I)
    p = of.values()

    def cut(_: float, x: Any) -> float:
        return float(x[0] - p["v_peak"])

    cut.terminal = True  # type: ignore[attr-defined]
    x, t, times = np.array([p["E_L"], 0.0]), 0.0, []
    while t < stop:
        run = solve_ivp(
            lambda _, y: of.f(y), (t, stop), x, "DOP853", events=cut, rtol=1e-11, atol=1e-11
        )
        if not run.t_events[0].size:
            break
        t = float(run.t_events[0][0])
        times.append(t)
        w = run.y[1, -1] + p["b"]
        target = p["a"] * (p["V_r"] - p["E_L"])
        x = np.array([p["V_r"], target + (w - target) * math.exp(-t_ref / p["tau_w"])])
        t += t_ref
    return times


@pytest.mark.parametrize("t_ref", [0.0, 3.0])
def test_adex_against_scipy(t_ref: float) -> None:
    times = adex_spikes(800.0, 600.0, t_ref, tau_w=40.0, v_peak=-30.0)
    model = models.adex(tau_w=40.0, v_peak=-30.0)
    found = firing_rate(model, 800.0, refractory=t_ref)
    assert found.first == pytest.approx(1000 / (times[1] - times[0]), rel=1e-6)
    assert found.period == pytest.approx(times[-1] - times[-2], rel=1e-7)
    assert found.first > 1.05 * found.rate
    assert 0 < found.adaptation < 1


def test_adex_period_doubling_of_touboul_and_brette() -> None:
    def at(V_r: float) -> Any:
        return firing_rate(models.adex(V_r=V_r, **TOUBOUL), 800.0)

    before, after, chaos = at(-48.7399), at(-48.5), at(-48.0)
    assert before.spikes == 1
    assert before.period == pytest.approx(18.96164, abs=1e-3)
    assert after.spikes == 2
    assert after.rate == pytest.approx(2000 / after.period)
    assert chaos.spikes == 0
    assert "irregular" in chaos.status
    assert 0 < chaos.error < 0.1 * chaos.rate


def test_standard_error_of_a_chaotic_train() -> None:
    model = models.adex(V_r=-48.0, **TOUBOUL)
    runs = [
        firing_rate(model, 800.0, start=[-48.0, w], most_spikes=400)
        for w in (100.0, 150.0, 200.0, 230.0, 260.0, 300.0, 330.0, 370.0)
    ]
    spread = float(np.std([run.rate for run in runs], ddof=1))
    claimed = float(np.mean([run.error for run in runs]))
    # short and long intervals alternate, so that short batches err on the safe side
    assert 0.5 < claimed / spread < 6.0


def test_an_unstable_pattern_is_not_what_the_neuron_settles_on() -> None:
    from scipy.optimize import brentq

    from causal_snn.dynamics.flight.flow import spike

    model = models.adex(V_r=-48.5, I=800.0, **TOUBOUL)
    fixed = brentq(lambda w: spike(model, [-48.5, w]).after[1] - w, 250.0, 350.0, xtol=1e-10)
    found = firing_rate(model, 800.0, start=[-48.5, fixed + 1e-6])
    assert found.spikes == 2


def test_bursts_count_their_spikes() -> None:
    found = firing_rate(models.izhikevich("chattering"), 10.0)
    assert found.spikes > 2
    assert found.rate == pytest.approx(1000 * found.spikes / found.period)
    assert found.first > 3 * found.rate


def test_a_train_that_ends_says_so() -> None:
    found = firing_rate(models.adex("transient"), 180.0)
    assert (found.rate, found.period, found.spikes) == (0.0, math.inf, 0)
    assert found.status.startswith("silent after 1 spike: rests at -55.9")
    assert firing_rate(models.adex(), 0.0).status.startswith("silent: rests at -70.5999")


def test_glif_with_a_moving_threshold_against_its_exact_solution() -> None:
    # a = A = 0: V and Theta relax as exponentials, and the threshold ends above its reset
    found = firing_rate(models.glif(A=0.0, a=0.0), 2.0)
    # Theta stays at its resting value, so V from -70 to -50 with target -30 and tau = 20
    assert found.period == pytest.approx(20 * math.log(2.0), rel=1e-9)


def test_shapes_and_xarray() -> None:
    currents = np.array([[10.0, 16.0], [20.0, 30.0]])
    found = firing_rate(models.lif(), currents)
    for part in ("current", "rate", "first", "period", "spikes", "error", "status"):
        assert np.shape(getattr(found, part)) == (2, 2)
    assert found.rate[0, 0] == 0.0
    assert found.period[0, 0] == np.inf
    flat = firing_rate(models.lif(), [16.0, 20.0])
    data = flat.to_xarray()
    assert data["rate"].attrs["units"] == "Hz"
    np.testing.assert_array_equal(data["drive"], [16.0, 20.0])
    assert firing_rate(models.lif(), []).rate.shape == (0,)
    with pytest.raises(TypeError, match="many currents"):
        float(flat)


@given(st.lists(st.floats(0, 200), min_size=2, max_size=8, unique=True))
@settings(max_examples=30)
def test_rates_rise_with_the_current(currents: list[float]) -> None:
    found = firing_rate(models.lif(), sorted(currents), refractory=1.0)
    assert (np.diff(found.rate) >= 0).all()
    assert (found.rate < 1000).all()


BAD = [
    (models.lif, {"current": math.nan}, "current = nan: a finite number"),
    (models.lif, {"current": [1.0, math.inf]}, "current"),
    (models.lif, {"current": "much"}, "current = 'much'"),
    (models.lif, {"current": 20.0, "refractory": -1.0}, "refractory = -1.0: a time in ms"),
    (models.lif, {"current": 20.0, "refractory": math.nan}, "refractory"),
    (models.hodgkin_huxley, {"current": 10.0, "refractory": 1.0}, "no reset"),
    (models.lif, {"current": 20.0, "level": -20.0}, "level = -20.0"),
    (models.adex, {"current": 20.0, "method": "quadrature"}, "'auto', 'integration' for adex"),
    (models.eif, {"current": 20.0, "method": "closed form"}, "'quadrature', 'integration'"),
    (models.lif, {"current": 20.0, "method": "exact"}, "method = 'exact'"),
    (models.lif, {"current": 20.0, "start": "resting"}, "start = 'resting'"),
    (models.lif, {"current": 20.0, "start": [-40.0]}, "below threshold"),
    (models.adex, {"current": 20.0, "start": [-60.0]}, "2 finite numbers"),
    (models.hodgkin_huxley, {"current": 20.0, "start": [1.0]}, "4 finite numbers"),
    (models.lif, {"current": 20.0, "taum": 5.0}, "did you mean 'tau'"),
    (models.lif, {"current": 20.0, "tau": -5.0}, "tau"),
    (models.adex, {"current": 20.0, "I": 5.0}, "Give it as `current`"),
    (models.adex, {"current": 20.0, "rtol": 1.0}, "rtol"),
    (models.adex, {"current": 20.0, "most_spikes": 2}, "most_spikes"),
    (models.adex, {"current": 20.0, "longest": 0.0}, "longest"),
    (models.adex, {"current": 20.0, "holding": math.inf}, "holding"),
]


@pytest.mark.parametrize(("model", "kwargs", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_named(model: Any, kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        firing_rate(model(), **kwargs)
    assert message in str(caught.value)


def test_provenance_names_the_method() -> None:
    assert firing_rate(models.lif(), 20.0).provenance["method"] == "firing rate by closed form"
    made = firing_rate(models.adex(), 800.0).provenance
    assert made["start"] == "rest"
    assert made["rtol"] == 1e-11


@pytest.mark.parametrize("current", [35.05, 35.5, 38.0, 40.0])
def test_sustained_firing_in_a_small_basin_is_found(current: float) -> None:
    # Cycles are stable from the homoclinic orbit at 35.00673 to their fold at 40.59335; rest is
    # stable too. Displacing the potential alone misses their basin.
    model = models.morris_lecar("homoclinic")
    found = firing_rate(model, current, start="spiking")
    branch = continue_equilibria(model, "I", (-50.0, 300.0))
    stable = [orbit for orbit in continue_cycles(branch).at(current) if orbit.stable]
    assert len(stable) == 1
    assert found.rate == pytest.approx(1000.0 / stable[0].period, rel=1e-4)
