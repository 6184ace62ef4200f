"""Phase responses against closed forms, kicks of other simulations, another adjoint."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.dynamics.field import field
from causal_snn.dynamics.firing.prc import prc
from causal_snn.errors import InputError


@given(drive=st.floats(15.1, 100), tau=st.floats(1, 50))
@settings(max_examples=15)
def test_lif_is_one_over_the_speed(drive: float, tau: float) -> None:
    found = prc(models.lif(tau=tau), drive=drive, phases=21)
    exact = tau / drive * np.exp(found.phases * found.period / tau)  # V' = (drive/tau) e^(-t/tau)
    np.testing.assert_allclose(found.voltage, exact, rtol=1e-9)
    assert found.type == "I"


@given(I=st.floats(0.01, 100), tau=st.floats(0.5, 20))
@settings(max_examples=15)
def test_theta_neuron_is_one_minus_cosine(I: float, tau: float) -> None:  # noqa: E741
    found = prc(models.theta_neuron(tau=tau), I=I, phases=np.linspace(0.05, 0.95, 19))
    per_V = found.voltage * 2 * np.cos(found.states[0] / 2) ** 2  # V = tan(theta/2)
    exact = tau * (1 - np.cos(2 * np.pi * found.phases)) / (2 * I)
    np.testing.assert_allclose(per_V, exact, rtol=1e-9)


def test_qif_tends_to_one_minus_cosine() -> None:
    found = prc(models.qif(V_r=-1e7, v_peak=1e7), I=2.0, phases=41)
    exact = (1 - np.cos(2 * np.pi * found.phases)) / 4
    np.testing.assert_allclose(found.voltage, exact, atol=1e-7)  # V = 1e7 is 1e-7 from infinity


def stuart_landau() -> Any:
    return models.define(
        "stuart_landau",
        drift={
            "x": "x - w*y - (x^2 + y^2)*(x - c*y)",
            "y": "w*x + y - (x^2 + y^2)*(y + c*x)",
        },
        parameters={"w": 2.0, "c": 0.7, "I": 0.0},
        domain={"x": (-2, 2), "y": (-2, 2)},
    )


def test_stuart_landau_in_closed_form() -> None:
    # phase = (angle - c ln r)/(w - c), so Z = (-sin - c cos, cos - c sin)/(w - c) on r = 1
    found = prc(stuart_landau())
    angle = np.arctan2(found.states[1], found.states[0])
    exact = np.array([-np.sin(angle) - 0.7 * np.cos(angle), np.cos(angle) - 0.7 * np.sin(angle)])
    np.testing.assert_allclose(found.values, exact / 1.3, atol=1e-10)
    assert found.period == pytest.approx(2 * math.pi / 1.3, rel=1e-12)
    # phase 0 is the upward crossing of x = 0, where the angle is -pi/2
    assert angle[0] == pytest.approx(-math.pi / 2, abs=1e-10)
    assert found.multiplier == pytest.approx(math.exp(-2 * found.period), abs=1e-10)


CASES: dict[str, tuple[Any, dict[str, float], str]] = {
    "hodgkin_huxley": (models.hodgkin_huxley(), {"I": 10.0}, "II"),
    "morris_lecar snlc": (models.morris_lecar("snlc"), {"I": 40.5}, "I"),
    "morris_lecar hopf": (models.morris_lecar("hopf"), {"I": 100.0}, "II"),
    "fitzhugh_nagumo": (models.fitzhugh_nagumo(), {"I": 0.8}, "II"),
    "adex": (models.adex(), {"I": 1000.0}, "I"),
    "adex burst": (models.adex("regular_bursting"), {"I": 210.0}, "I"),
    "izhikevich": (models.izhikevich(), {"I": 10.0}, "II"),
    "izhikevich burst": (models.izhikevich("chattering"), {"I": 10.0}, "II"),
    "glif": (models.glif(A=-0.5), {"I": 2.0}, "I"),
}


@pytest.mark.parametrize("name", CASES)
def test_normalisation_and_type(name: str) -> None:
    model, params, kind = CASES[name]
    found = prc(model, phases=101, **params)
    assert found.normalisation < 1e-10
    assert found.type == kind
    assert found.values.shape == found.states.shape == (len(model.states), 101)
    if not model.spikes_by_reset:
        np.testing.assert_allclose(found.values[:, 0], found.values[:, -1], rtol=1e-6)
        np.testing.assert_allclose(found.states[:, 0], found.states[:, -1], rtol=1e-9)


def later_spike(model: Any, params: dict[str, float], x: Any, spikes: int, level: float) -> float:
    """Return the time of a later spike by scipy's DOP853 with its own event search."""
    from scipy.integrate import solve_ivp
    from sympy import lambdify

    of = field(model, **params)
    resets = model.spikes_by_reset
    if resets:
        symbols = [*model.equations.states, *(s for s in of.names)]
        reset = lambdify(symbols, model.equations.reset, "math")
        threshold = lambdify(symbols, model.equations.threshold, "math")

    def cut(_: float, y: Any) -> float:
        return float(y[0] - (threshold(*y, *of.p) if resets else level))

    cut.terminal = True  # type: ignore[attr-defined]
    cut.direction = 1.0  # type: ignore[attr-defined]
    t = 0.0
    for _ in range(spikes):
        run = solve_ivp(
            lambda _, y: of.f(y), (t, t + 1e3), x, "DOP853", events=cut, rtol=1e-12, atol=1e-13
        )
        t, x = float(run.t_events[0][0]), run.y_events[0][0]
        if resets:
            x = np.array(reset(*x, *of.p), dtype=float)
        else:
            x = x + 1e-9 * of.f(x)
            t += 1e-9
    return t


@pytest.mark.parametrize(
    ("name", "rel"),
    [
        ("hodgkin_huxley", 2e-4),
        ("morris_lecar hopf", 2e-4),
        ("fitzhugh_nagumo", 2e-4),
        ("izhikevich", 2e-4),
        ("izhikevich burst", 2e-4),
        ("glif", 2e-4),
    ],
)
def test_direct_kicks_of_another_simulation(name: str, rel: float) -> None:
    model, params, _ = CASES[name]
    found = prc(model, phases=[0.05, 0.7], **params)
    level = float(prc(model, phases=[0.0], **params).states[0, 0])
    periods = max(2, math.ceil(math.log(1e-6) / math.log(found.multiplier + 1e-300)))
    spikes = periods * found.spikes  # until the kick has become a shift of time
    scale = np.ptp(found.states, axis=1) + 1e-3 * np.abs(found.states).max(axis=1)
    for k in range(2):
        for j in (0, 1):
            kick = np.zeros(len(model.states))
            kick[j] = 2e-4 * scale[j]
            early, late = (
                later_spike(model, params, found.states[:, k] + sign * kick, spikes, level)
                for sign in (1, -1)
            )
            direct = (late - early) / (2 * kick[j])
            size = np.abs(found.values[j]).max()
            assert direct == pytest.approx(found.values[j, k], rel=rel, abs=rel * size), (k, j)


@pytest.mark.parametrize("name", ["hodgkin_huxley", "morris_lecar hopf", "fitzhugh_nagumo"])
def test_agrees_with_the_adjoint_by_collocation(name: str) -> None:
    from causal_snn.dynamics.cycle.adjoint import adjoint
    from causal_snn.dynamics.cycle.cycles import limit_cycle

    model, params, _ = CASES[name]
    orbit = limit_cycle(model.with_parameters(**params), intervals=100)
    other = adjoint(orbit)
    start = prc(model, phases=[0.0], **params)
    # find where on the orbit phase 0 is
    x0 = start.states[:, 0]
    grid = np.linspace(0, orbit.period, 20001)
    path = orbit.at(grid)
    scale = np.ptp(path, axis=1, keepdims=True)
    zero = grid[np.argmin((((path - x0[:, None]) / scale) ** 2).sum(axis=0))]
    shift = np.linalg.lstsq(field(model, **params).f(x0)[:, None], x0 - orbit.at([zero])[:, 0])[0]
    phases = ((orbit.t - zero - shift[0]) % orbit.period) / orbit.period
    order = np.argsort(phases)
    mine = prc(model, phases=phases[order], **params)
    assert mine.period == pytest.approx(orbit.period, rel=1e-9)
    size = np.abs(other).max(axis=1, keepdims=True)
    np.testing.assert_allclose(mine.values / size, other[:, order] / size, atol=3e-6)


def test_before_the_spike_of_a_reset_neuron() -> None:
    # at threshold a kick dV brings the spike forward by dV/V', and resets the rest of it away
    found = prc(models.adex(v_peak=-30.0), I=1000.0, phases=[1 - 1e-9, 1.0])
    speed = field(models.adex(v_peak=-30.0), I=1000.0).f(found.states[:, 1])[0]
    np.testing.assert_allclose(found.values[:, 0], found.values[:, 1], rtol=1e-3)
    assert found.states[0, 1] == pytest.approx(-30.0, abs=1e-9)
    assert 0 < found.voltage[1] < 1.5 / speed


def test_only_repeating_firing_has_a_phase() -> None:
    with pytest.raises(InputError, match=r"silent.*rests at"):
        prc(models.hodgkin_huxley(), I=2.0)
    with pytest.raises(InputError, match="irregular"):
        prc(models.adex(tau_w=40.0, b=80.0, V_r=-48.0, v_peak=-20.0), I=800.0)
    with pytest.raises(InputError, match=r"'drive': 0\.0"):
        prc(models.lif())


@pytest.mark.parametrize("phases", [1, [0.5, 0.2], [-0.1], [1.1], [[0.1]], [math.nan], []], ids=str)
def test_bad_phases_are_named(phases: Any) -> None:
    with pytest.raises(InputError, match="phases"):
        prc(models.lif(), drive=20.0, phases=phases)


def test_unknown_parameters_and_ways_to_start() -> None:
    with pytest.raises(InputError, match="did you mean"):
        prc(models.hodgkin_huxley(), g_na=3.0)
    with pytest.raises(InputError, match="start"):
        prc(models.lif(), drive=20.0, start="anywhere")


def test_a_neuron_without_a_current_of_that_name_has_a_phase_too() -> None:
    # Stuart-Landau at radius 1: T = 2 pi, and Z = (-sin, cos) of the angle, per unit kick.
    model = models.define(
        "round",
        drift={"x": "mu*x - y - x*(x**2 + y**2)", "y": "x + mu*y - y*(x**2 + y**2)"},
        parameters={"mu": 1.0},
        domain={"x": (-2, 2), "y": (-2, 2)},
    )
    found = prc(model)
    assert found.period == pytest.approx(2 * np.pi, rel=1e-9)
    x, y = found.states
    np.testing.assert_allclose(found.values, [-y, x], atol=1e-7)
