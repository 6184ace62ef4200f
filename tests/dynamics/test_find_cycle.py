"""limit_cycle: closed forms, published periods, and runs that have no cycle."""

from typing import Any

import numpy as np
import pytest

from causal_snn.dynamics.cycle.cycles import Orbit, limit_cycle
from causal_snn.errors import InputError
from causal_snn.models import (
    define,
    fitzhugh_nagumo,
    hodgkin_huxley,
    izhikevich,
    morris_lecar,
    qif,
)

STUART_LANDAU = define(
    "stuart_landau",
    drift={"x": "mu*x - w*y - x*(x**2 + y**2)", "y": "w*x + mu*y - y*(x**2 + y**2)"},
    parameters={"mu": 0.5, "w": 1.0},
    domain={"x": (-2, 2), "y": (-2, 2)},
)


# Periods by LSODA at rtol 1e-11, and T(150) by AUTO-07p with 200 intervals.
@pytest.mark.parametrize(
    ("current", "period"),
    [
        (6.5, 18.1628949),
        (7.0, 17.1446999),
        (8.0, 16.0077128),
        (10.0, 14.63621),
        (20.0, 11.5646975),
        (50.0, 8.5443804),
        (100.0, 6.7902707),
        (150.0, 5.9575738351),
    ],
)
def test_hodgkin_huxley_fires_with_the_known_period(current: Any, period: Any) -> None:
    orbit = limit_cycle(hodgkin_huxley(), I=current)
    assert orbit.period == pytest.approx(period, abs=1.5e-7)  # the digits of the reference
    assert orbit.stable
    assert orbit.value == current
    assert orbit.model.parameters["I"] == current
    assert orbit.parameter == "I"
    assert orbit.frequency == pytest.approx(1000 / period, rel=1e-8)


@pytest.mark.parametrize("mu", [1e-3, 0.3, 4.0])
def test_stuart_landau_is_a_circle(mu: Any) -> None:
    orbit = limit_cycle(STUART_LANDAU, mu=mu, w=2.0, guess=[1.0, 0.2])
    assert orbit.period == pytest.approx(np.pi, rel=1e-11)
    np.testing.assert_allclose(np.hypot(*orbit.x), np.sqrt(mu), rtol=1e-10)
    assert orbit.multipliers[1] == pytest.approx(np.exp(-2 * mu * np.pi), rel=1e-9)


def test_states_between_mesh_points_are_accurate() -> None:
    orbit = limit_cycle(STUART_LANDAU, mu=1.0)
    times = np.linspace(-3, 30, 201)
    states = orbit.at(times)
    np.testing.assert_allclose(np.hypot(*states), 1, atol=1e-9)
    angle = np.unwrap(np.arctan2(states[1], states[0]))
    np.testing.assert_allclose(np.diff(angle), np.diff(times), atol=1e-9)
    assert orbit.x.shape == (2, orbit.intervals * 5 + 1)
    assert orbit.t[-1] == pytest.approx(orbit.period, abs=1e-12)
    np.testing.assert_array_equal(orbit.x[:, 0], orbit.x[:, -1])
    assert "stable cycle" in repr(orbit)


def test_intervals_and_degree_change_the_discretisation_not_the_orbit() -> None:
    periods = [
        limit_cycle(fitzhugh_nagumo(I=0.8), intervals=n, degree=m).period
        for n, m in ((50, 4), (150, 3), (60, 5))
    ]
    assert np.ptp(periods) < 2e-7


def test_a_run_past_an_unstable_cycle_goes_on_to_the_stable_one() -> None:
    # r' = mu r + 2 r^3 - r^5 at mu = -3/4: cycles at r^2 = 1/2, unstable, and 3/2, stable.
    terms = "mu + 2*(x**2 + y**2) - (x**2 + y**2)**2"
    model = define(
        "bautin",
        drift={"x": f"x*({terms}) - 20*y", "y": f"y*({terms}) + 20*x"},
        parameters={"mu": -0.75},
        domain={"x": (-2, 2), "y": (-2, 2)},
    )
    orbit = limit_cycle(model, guess=[np.sqrt(0.5) + 1e-4, 0.0])
    np.testing.assert_allclose(np.hypot(*orbit.x), np.sqrt(1.5), rtol=1e-9)


def test_a_known_orbit_is_a_guess_at_other_parameters() -> None:
    first = limit_cycle(hodgkin_huxley(), I=10.0)
    near = limit_cycle(hodgkin_huxley(), I=10.5, guess=first)
    assert near.period == pytest.approx(limit_cycle(hodgkin_huxley(), I=10.5).period, rel=1e-8)


def test_stiff_relaxation_cycle() -> None:
    # Van der Pol: T = (3 - 2 ln 2) mu + 7.014 mu^(-1/3) - ..., Dorodnicyn (1947).
    van_der_pol = define(
        "van_der_pol",
        drift={"x": "y", "y": "mu*(1 - x**2)*y - x"},
        parameters={"mu": 100.0},
        domain={"x": (-2, 2), "y": (-2, 2)},
    )
    mu = 100.0
    orbit = limit_cycle(van_der_pol, guess=[2.0, 0.0], intervals=150)
    series = (3 - 2 * np.log(2)) * mu + 7.01432 * mu ** (-1 / 3) - 2 * np.log(mu) / (3 * mu)
    assert orbit.period == pytest.approx(series - 1.3233 / mu, rel=2e-5)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        (izhikevich(), {}, "reset"),
        (qif(), {}, "reset"),
        (hodgkin_huxley(), {"I": 0.0}, "goes to rest"),
        (morris_lecar("hopf"), {"I": 50.0}, "goes to rest"),
        (STUART_LANDAU, {"mu": -0.5}, "goes to rest"),
        (STUART_LANDAU, {"mu": -1e-6, "guess": [1e-5, 0.0]}, "goes to rest|settles neither"),
        (STUART_LANDAU, {"guess": [0.0, 0.0], "duration": 100.0}, "settles neither"),
        (STUART_LANDAU, {"guess": [1.0]}, "guess"),
        (STUART_LANDAU, {"guess": [np.nan, 1.0]}, "guess"),
        (STUART_LANDAU, {"intervals": 2}, "intervals"),
        (STUART_LANDAU, {"degree": 9}, "degree"),
        (STUART_LANDAU, {"mue": 1.0}, "mu"),
        (hodgkin_huxley(), {"I": 10.0, "duration": 1.0}, "settles neither"),
    ],
)
def test_what_has_no_cycle_says_why(model: Any, options: Any, words: Any) -> None:
    with pytest.raises(InputError, match=words):
        limit_cycle(model, **options)


def test_runs_that_blow_up_or_have_one_state_are_refused() -> None:
    away = define("away", drift={"x": "x**2 + 1", "y": "-y"}, parameters={"a": 1.0})
    with pytest.raises(InputError, match="infinity"):
        limit_cycle(away)
    line = define("line", drift={"x": "-x"}, parameters={"a": 1.0})
    with pytest.raises(InputError, match="one state"):
        limit_cycle(line)


def test_an_orbit_of_another_model_is_no_guess() -> None:
    orbit = limit_cycle(STUART_LANDAU)
    assert isinstance(orbit, Orbit)
    with pytest.raises(InputError, match="4 states"):
        limit_cycle(hodgkin_huxley(), I=10.0, guess=orbit)
