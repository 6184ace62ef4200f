"""Bifurcations of implementations, against closed forms, brute force and direct iteration."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.continuation.defining import Setting
from causal_snn.dynamics.field import field
from causal_snn.dynamics.implementation.continuation import continue_map
from causal_snn.dynamics.implementation.critical_step import critical_step
from causal_snn.dynamics.implementation.discretised import discretise
from causal_snn.dynamics.implementation.fixed_points import fixed_points
from causal_snn.dynamics.implementation.implementations import compare_implementations
from causal_snn.dynamics.implementation.iterate import iterate
from causal_snn.dynamics.implementation.points import flip, neimark_sacker
from causal_snn.errors import InputError
from causal_snn.models.define import define
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.schemes import PUBLISHED, SCHEMES, increment_model

EULERS = [name for name, scheme in SCHEMES.items() if scheme.keeps_equilibria]
A, B = 0.02, 0.2
I_HOPF = 4.0 - (B - A) ** 2 / 0.16


# --- the schemes themselves ---------------------------------------------------------------------


def hh_rates(V: float) -> list[tuple[float, float]]:
    """Hodgkin and Huxley's alpha and beta, written again from the 1952 paper."""
    return [
        (0.1 * (V + 40) / (1 - math.exp(-(V + 40) / 10)), 4 * math.exp(-(V + 65) / 18)),
        (0.07 * math.exp(-(V + 65) / 20), 1 / (1 + math.exp(-(V + 35) / 10))),
        (0.01 * (V + 55) / (1 - math.exp(-(V + 55) / 10)), 0.125 * math.exp(-(V + 65) / 80)),
    ]


def hh_drift(x: Any, current: float) -> Any:
    V, m, h, n = x
    ionic = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.387)
    gates = [a * (1 - g) - b * g for (a, b), g in zip(hh_rates(V), (m, h, n), strict=True)]
    return np.array([current - ionic, *gates])


def hh_gates(x: Any, dt: float) -> list[float]:
    """Gates after a step of exponential Euler: relaxation to alpha/(alpha + beta)."""
    out = []
    for (a, b), gate in zip(hh_rates(x[0]), x[1:], strict=True):
        steady = a / (a + b)
        out.append(steady + (gate - steady) * math.exp(-dt * (a + b)))
    return out


def hh_exponential(x: Any, current: float, dt: float) -> Any:
    V, m, h, n = x
    g = 120 * m**3 * h + 36 * n**4 + 0.3
    steady = (current + 120 * m**3 * h * 50 - 36 * n**4 * 77 - 0.3 * 54.387) / g
    return np.array([steady + (V - steady) * math.exp(-dt * g), *hh_gates(x, dt)])


def hh_rush_larsen(x: Any, current: float, dt: float) -> Any:
    return np.array([x[0] + dt * hh_drift(x, current)[0], *hh_gates(x, dt)])


def izhikevich_2003(v: float, u: float, current: float) -> tuple[float, float]:
    """One turn of the loop of the 2003 paper, between two tests for spikes."""
    v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
    v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
    return v, u + A * (B * v - u)


ALL_MODELS = [
    models.izhikevich(I=2.0),
    models.hodgkin_huxley(I=7.0),
    models.morris_lecar(I=50.0),
    models.fitzhugh_nagumo(I=0.5),
    models.adex(I=300.0),
    models.lif(),
    models.cuba_lif(),
    models.glif(I=0.3),
    models.qif(),
]


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("scheme", [*SCHEMES, "published"])
def test_increment_tends_to_the_drift(model: NeuronModel, scheme: str) -> None:
    if scheme == "published" and model.name not in PUBLISHED:
        return
    x = np.array([low + 0.4 * (high - low) for low, high in model.equations.domain or [(-70, -60)]])
    x = np.resize(x, len(model.states))
    drift = field(model).f(x)
    np.testing.assert_allclose(field(increment_model(model, scheme, 0.0)).f(x), drift, rtol=1e-13)
    errors = [
        np.abs(field(increment_model(model, scheme, dt)).f(x) - drift).max() for dt in (2e-6, 1e-6)
    ]
    assert errors[1] <= 1e-3 * (1 + np.abs(drift).max())
    assert errors[1] <= 0.51 * errors[0] + 1e-12 * (1 + np.abs(drift).max())


@pytest.mark.parametrize("V", [-70.0, -40.0, -20.0])
def test_exponential_schemes_are_the_usual_formulas(V: float) -> None:
    x = np.array([V + 1e-9, 0.1, 0.5, 0.4])  # the rates written above are 0/0 at -40
    neuron = models.hodgkin_huxley(I=8.0)
    step = discretise(neuron, "exponential_euler", 0.07)
    np.testing.assert_allclose(step.step(x), hh_exponential(x, 8.0, 0.07), rtol=1e-7)
    step = discretise(neuron, "rush_larsen", 0.07)
    np.testing.assert_allclose(step.step(x), hh_rush_larsen(x, 8.0, 0.07), rtol=1e-7)


def test_exponential_euler_of_a_linear_neuron_is_its_flow() -> None:
    step = discretise(models.lif(tau=10.0, E=-65.0), "exponential_euler", 3.0, drive=4.0)
    assert step.step([-60.0])[0] == pytest.approx(-61.0 + math.exp(-0.3), rel=1e-14)


def test_exponential_euler_is_smooth_where_the_rate_vanishes() -> None:
    neuron = define("m", drift={"x": "1 - k*x", "y": "k*x*y + 1"}, parameters={"k": 0.0})
    step = discretise(neuron, "exponential_euler", 0.5)
    np.testing.assert_allclose(step.step([3.0, 4.0]), [3.5, 4.5], rtol=1e-15)
    near = step.at(k=1e-9)
    np.testing.assert_allclose(near.jac([3.0, 4.0]), step.jac([3.0, 4.0]), atol=1e-8)


def test_published_izhikevich_is_the_program_of_2003() -> None:
    step = discretise(models.izhikevich(I=10.0), "published", 1.0)
    for v, u in ((-65.0, -13.0), (-50.0, 3.0), (25.0, -5.0)):
        np.testing.assert_allclose(step.step([v, u]), izhikevich_2003(v, u, 10.0), rtol=1e-14)


def test_sequential_euler_uses_new_values() -> None:
    x = discretise(models.izhikevich(I=10.0), "sequential_euler", 0.25).step([-60.0, -10.0])
    v = -60.0 + 0.25 * (0.04 * 3600 - 300 + 140 + 10 + 10)
    np.testing.assert_allclose(x, [v, -10.0 + 0.25 * A * (B * v + 10.0)], rtol=1e-14)


@pytest.mark.parametrize("scheme", [*SCHEMES, "published"])
def test_jacobian_is_that_of_the_map(scheme: str) -> None:
    step, x = discretise(models.izhikevich(I=3.0), scheme, 0.5), np.array([-61.0, -11.0])
    h = 1e-4
    columns = [(step.step(x + h * e) - step.step(x - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(step.jac(x), np.transpose(columns), rtol=1e-7, atol=1e-9)
    many = np.random.default_rng(1).normal(x[:, None], 5.0, (2, 7))
    rows = [step.step(one) for one in many.T]
    np.testing.assert_allclose(step.batch(many), np.transpose(rows), rtol=1e-13)
    np.testing.assert_allclose(step.batch_jac(many)[..., 3], step.jac(many[:, 3]), rtol=1e-13)
    moduli = np.abs(step.multipliers(x))
    assert moduli[0] >= moduli[1]
    assert moduli.prod() == pytest.approx(abs(np.linalg.det(step.jac(x))), rel=1e-12)


def test_undefined_states_give_nan() -> None:
    step = discretise(models.adex(), "euler", 0.1)
    assert np.isnan(step.step([1e6, 0.0])).all()
    assert np.isnan(step.multipliers([1e6, 0.0])).all()


# --- fixed points ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", EULERS)
def test_euler_schemes_have_the_equilibria_of_the_neuron(scheme: str) -> None:
    found = fixed_points(discretise(models.morris_lecar("snlc", I=20.0), scheme, 0.3))
    assert found.complete
    assert len(found) == 3
    assert not any(point.spurious for point in found)
    assert max(point.residual for point in found) < 1e-12


def test_two_half_steps_have_spurious_fixed_points() -> None:
    # v + v1 = S and v1 - v = D with g(v1) = -g(v): S = -225, 0.02 D^2 = 2 u - 2 I - 167.5 at dt = 1
    current = -150.0
    found = fixed_points(discretise(models.izhikevich(I=current), "published", 1.0))
    D = np.roots([0.02, B, 225 * B + 167.5 + 2 * current])
    expected = np.sort((-225.0 - D.real) / 2)
    spurious = [point.state[0] for point in found if point.spurious]
    np.testing.assert_allclose(spurious, expected, rtol=1e-10)
    assert found.complete
    assert [p.kind for p in found if p.spurious] == ["attracting", "saddle"]
    assert found.points[0].stable
    for point in found:
        once = izhikevich_2003(point.state[0], point.state[1], current)
        np.testing.assert_allclose(once, point.state, rtol=1e-12)


def test_midpoint_has_spurious_fixed_points_that_half_steps_lead_to_rest() -> None:
    neuron = models.izhikevich()
    found = fixed_points(discretise(neuron, "midpoint", 1.0))
    assert found.complete
    spurious = [point for point in found if point.spurious]
    assert len(spurious) == 2
    for point in spurious:
        end = point.state + 0.5 * field(neuron).f(point.state)
        assert np.abs(field(neuron).f(end)).max() < 1e-9
        assert np.abs(field(neuron).f(point.state)).max() > 1.0


@pytest.mark.slow
def test_spurious_fixed_points_of_hodgkin_huxley_are_all_found() -> None:
    found = fixed_points(discretise(models.hodgkin_huxley(), "midpoint", 0.5))
    assert found.complete
    assert "3 spurious" in found.message
    assert sum(point.spurious for point in found) == 3


# --- the longest stable step ----------------------------------------------------------------------


def test_lif_overshoots_beyond_tau_and_explodes_beyond_two_tau() -> None:
    found = critical_step(models.lif(tau=12.5))
    assert (found.label, found.dt, found.overshoot) == ("PD", 25.0, 12.5)
    several = critical_step(models.glif())  # rates 1/20, 1/50 and 1/100 per ms
    assert several.label == "PD"
    assert several.dt == pytest.approx(40.0)
    assert several.overshoot == pytest.approx(20.0)
    exact = critical_step(models.lif(tau=12.5), "exponential_euler")
    assert (exact.label, exact.dt, exact.overshoot) == ("", math.inf, math.inf)
    assert "every step" in exact.message


@pytest.mark.parametrize("scheme", EULERS)
def test_critical_step_separates_decay_from_growth(scheme: str) -> None:
    neuron = models.fitzhugh_nagumo(I=0.2)
    found = critical_step(neuron, scheme)
    sizes = []
    for factor in (0.98, 1.02):
        step = discretise(neuron, scheme, factor * found.dt)
        x = found.state + 1e-9
        for _ in range(3000):
            x = step.step(x)
        sizes.append(np.abs(x - found.state).max())
    assert sizes[0] < 1e-9 < 1e-7 < sizes[1] or not np.isfinite(sizes[1])


def test_critical_step_of_euler_is_that_of_its_eigenvalues() -> None:
    neuron = models.hodgkin_huxley(I=5.0)
    found = critical_step(neuron)
    radius = [
        np.abs(np.linalg.eigvals(np.eye(4) + dt * field(neuron).jac(found.state))).max()
        for dt in (found.dt * (1 - 1e-9), found.dt * (1 + 1e-9))
    ]
    assert radius[0] < 1 < radius[1]
    assert found.label == "PD"


def test_bisection_agrees_with_the_closed_form_for_a_scheme_equal_to_euler() -> None:
    # without a state that is linear in its own equation, exponential Euler is forward Euler
    neuron = define("n", drift={"x": "-x - x**3 - y", "y": "x - y - y**3"}, parameters={})
    euler = critical_step(neuron)
    other = critical_step(neuron, "exponential_euler")
    assert euler.dt == pytest.approx(1.0, rel=1e-14)  # -2 Re/|lambda|^2 of -1 +- i
    assert other.dt == pytest.approx(1.0, rel=1e-9)
    assert (euler.label, other.label) == ("NS", "NS")


def test_critical_step_next_to_the_hopf_point() -> None:
    # the larger root of |1 + dt lambda(dt)| = 1 at a fixed I is where the NS curve passes that I
    neuron = models.izhikevich()
    for scheme, dt in (("euler", 1e-4), ("exponential_euler", 1e-2), ("exponential_euler", 0.3)):
        slope = critical_slope(scheme, dt, A, B)
        found = critical_step(neuron, scheme, I=izhikevich_current(slope, A, B))
        assert found.label == "NS"
        assert found.dt == pytest.approx(dt, rel=1e-6)


def test_two_half_steps_go_through_a_spurious_fixed_point() -> None:
    # the multiplier of a half step is 1 + dt L/2 = -1, and the whole step has a multiplier 1
    found = critical_step(models.izhikevich(), "published")
    slope = 0.08 * -70.0 + 5.0
    assert found.label == "BP"
    assert found.dt == pytest.approx(-4.0 / slope, rel=1e-12)


# --- continuation ---------------------------------------------------------------------------------


def izhikevich_current(slope: float, a: float, b: float) -> float:
    """I of the equilibrium at which dv'/dv = slope."""
    return (5 - b) ** 2 / 0.16 - 140 - (b - slope) ** 2 / 0.16


def critical_slope(scheme: str, dt: float, a: float, b: float) -> float:
    """dv'/dv at which the determinant of the map's Jacobian is 1, by hand."""
    if scheme == "euler":
        return a * (1 - dt * b) / (1 - dt * a)
    if scheme == "sequential_euler":
        return a / (1 - dt * a)
    if scheme == "published":
        return 2 * (1 / math.sqrt(1 - dt * a) - 1) / dt
    decay = math.exp(-a * dt)
    return ((1 - dt * b * (1 - decay)) / decay - 1) / dt


@settings(max_examples=15)
@given(
    a=st.floats(0.01, 0.15),
    ratio=st.floats(1.3, 6.0),
    dt=st.floats(0.02, 1.5),
    scheme=st.sampled_from(["euler", "sequential_euler", "exponential_euler", "published"]),
)
def test_izhikevich_neimark_sacker_closed_forms(
    a: float, ratio: float, dt: float, scheme: str
) -> None:
    b = a * ratio
    slope = critical_slope(scheme, dt, a, b)
    assume(slope < 0.95 * b)
    fold, expected = izhikevich_current(b, a, b), izhikevich_current(slope, a, b)
    branch = continue_map(
        models.izhikevich(a=a, b=b), scheme, "I", (expected - 5.0, fold + 1.0), dt=dt
    )
    (point,) = branch.special.of("NS")
    assert point.value == pytest.approx(expected, abs=1e-9)
    assert point.converged
    assert point.residual < 1e-10
    turn = branch.special["LP1"]
    assert turn.value == pytest.approx(fold, abs=1e-9)
    assert np.abs(turn.eigenvalues - 1.0).min() < 1e-7
    assert turn.eigenvalues.prod() == pytest.approx(  # as by hand, at dv'/dv = b
        np.linalg.det(discretise(turn.model, scheme, dt).jac(turn.state)), rel=1e-9
    )
    np.testing.assert_allclose(np.abs(point.eigenvalues), 1.0, atol=1e-12)


def test_no_neimark_sacker_at_a_neutral_saddle() -> None:
    branch = continue_map(models.izhikevich(a=0.2, b=0.1), "euler", "I", (0, 11), dt=0.5)
    assert branch.special.of("NS") == ()
    assert [point.label for point in branch.special] == ["LP"]
    assert len(branch.provenance["neutral_saddles"]) == 1


def test_fitzhugh_nagumo_closed_form() -> None:
    eps, a, b, dt = 0.08, 0.7, 0.8, 1.3
    slope = (eps * b - dt * eps) / (1 - dt * eps * b)  # (1 + dt L)(1 - dt eps b) + dt^2 eps = 1
    v = -math.sqrt(1 - slope)
    branch = continue_map(models.fitzhugh_nagumo(), "euler", "I", (0, 2), dt=dt)
    low, high = branch.special.of("NS")
    assert low.value == pytest.approx((v + a) / b - v + v**3 / 3, abs=1e-11)
    assert low.value + high.value == pytest.approx(2 * a / b, abs=1e-10)


def hh_equilibrium(V: float) -> tuple[Any, float]:
    gates = [a / (a + b) for a, b in hh_rates(V)]
    return np.array([V, *gates]), -float(hh_drift([V, *gates], 0.0)[0])


def numeric_jacobian(function: Any, x: Any) -> Any:
    columns = []
    for k in range(4):
        h = np.zeros(4)
        h[k] = 1e-3 if k == 0 else 1e-4
        five = [function(x + j * h) for j in (-2, -1, 1, 2)]
        columns.append((five[0] - 8 * five[1] + 8 * five[2] - five[3]) / (12 * h[k]))
    return np.transpose(columns)


def hh_brute_force(step: Any, low: float, high: float) -> float:
    """Bisect |mu| = 1 along the equilibria, Jacobian by differences of a step written here."""

    def excess(V: float) -> float:
        x, current = hh_equilibrium(V)
        values = np.linalg.eigvals(numeric_jacobian(lambda y: step(y, current), x))
        return float(np.abs(values[values.imag != 0]).max() - 1)

    ends = (excess(low), excess(high))
    assert ends[0] * ends[1] < 0
    for _ in range(60):
        V = 0.5 * (low + high)
        low, high = (V, high) if excess(V) * ends[0] > 0 else (low, V)
    return hh_equilibrium(low)[1]


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.1])
def test_hodgkin_huxley_against_brute_force(dt: float) -> None:
    def euler(x: Any, current: float) -> Any:
        return x + dt * hh_drift(x, current)

    def exponential(x: Any, current: float) -> Any:
        return hh_exponential(x, current, dt)

    for scheme, step in (("euler", euler), ("exponential_euler", exponential)):
        branch = continue_map(models.hodgkin_huxley(), scheme, "I", (0, 200), dt=dt)
        first, second = branch.special
        assert first.value == pytest.approx(hh_brute_force(step, -60.5, -58.5), abs=2e-7)
        assert second.value == pytest.approx(hh_brute_force(step, -44.0, -42.0), abs=2e-5)
        assert (first.criticality, second.criticality) == ("subcritical", "supercritical")
        assert first.value < 9.7754379953931 < 154.52243366581 < second.value
        inside = (branch.values > first.value) & (branch.values < second.value)
        np.testing.assert_array_equal(branch.stable, ~inside)


def test_direct_iteration_around_the_point_of_the_published_scheme() -> None:
    neuron = models.izhikevich()
    branch = continue_map(neuron, "published", "I", (0, 4), dt=1.0)
    point = branch.special["NS1"]
    assert point.value == pytest.approx(3.79818586874, abs=1e-10)
    assert point.value > I_HOPF
    growth = []
    for current in (point.value - 2e-3, point.value + 2e-3):
        v, u = (-(5 - B) - math.sqrt((5 - B) ** 2 - 0.16 * (140 + current))) / 0.08, 0.0
        u = B * v
        rest, v, sizes = (v, u), v + 1e-5, []
        for _ in range(3000):
            v, u = izhikevich_2003(v, u, current)
            sizes.append(math.hypot(v - rest[0], (u - rest[1]) / 0.06))
        growth.append(max(sizes[2800:]) / max(sizes[100:300]))
    assert growth[0] < 0.8
    assert growth[1] > 1.25


def test_the_step_as_the_parameter() -> None:
    branch = continue_map(models.lif(tau=20.0), "euler", "dt", (1.0, 60.0))
    assert [point.name for point in branch.special] == ["PD1"]
    assert branch.special[0].value == pytest.approx(40.0, abs=1e-12)
    branch = continue_map(models.izhikevich(), "published", "dt", (10.0, 0.1))
    assert branch.special["BP1"].value == pytest.approx(20 / 3, abs=1e-9)
    assert branch.values[0] == pytest.approx(10.0)
    assert (branch.dts == branch.values).all()
    neuron = models.fitzhugh_nagumo(I=0.2)
    branch = continue_map(neuron, "euler", "dt", (0.1, 8.0), dt=1.0)
    assert branch.special["NS1"].value == pytest.approx(critical_step(neuron).dt, rel=1e-11)
    assert branch.values.min() == pytest.approx(0.1)


def test_branch_point_of_the_half_steps_in_the_current() -> None:
    # 1 + dt L/2 = -1 at L = -0.4, dt = 10: v = -67.5
    branch = continue_map(models.izhikevich(), "published", "I", (0, 4), dt=10.0)
    assert [point.name for point in branch.special] == ["BP1", "NS1", "LP1"]
    assert branch.special[0].value == pytest.approx(izhikevich_current(-0.4, A, B), abs=1e-8)
    assert branch.provenance["unresolved"] == []
    other = continue_map(
        models.izhikevich(), "published", "I", (0, 4), dt=10.0, start=branch.special["BP1"]
    )
    drift = [
        np.abs(field(models.izhikevich(), I=float(other.values[k])).f(other.states[k])).max()
        for k in (0, -1)
    ]
    assert min(drift) > 1e-2  # spurious fixed points


def test_span_may_be_reversed_and_begin_inside() -> None:
    neuron = models.izhikevich()
    forward = continue_map(neuron, "euler", "I", (0, 3.9), dt=1.0)
    start = [(-4.8 - math.sqrt(23.04 - 0.16 * 143.9)) / 0.08, 0.0]
    start[1] = B * start[0]
    back = continue_map(neuron, "euler", "I", (3.9, 0), dt=1.0, start=start)
    inside = continue_map(neuron, "euler", "I", (0, 3.9), dt=1.0, I=2.0)
    values = [branch.special["NS1"].value for branch in (forward, back, inside)]
    np.testing.assert_allclose(values, values[0], atol=1e-11)


def test_neutral_saddle_beside_a_complex_pair() -> None:
    # (1 + dt m)(1 - dt) = 1 at m = 1/(1 - dt)
    rates = {"x": "m*x", "y": "-y", "z": "-z/2 - w", "w": "z - w/2"}
    branch = continue_map(
        define("four", drift=rates, parameters={"m": 1.0}), "euler", "m", (0.5, 2.0), dt=0.1
    )
    assert branch.special == ()
    assert branch.provenance["neutral_saddles"] == pytest.approx([1 / 0.9], abs=1e-6)


def test_of_two_complex_pairs_the_critical_one_is_followed() -> None:
    # 2 m + dt (m^2 + 1) = 0 for the pair m +- i, another stays inside
    rates = {"x": "m*x - y", "y": "x + m*y", "z": "-z/20 - w/10", "w": "z/10 - w/20"}
    neuron = define("two pairs", drift=rates, parameters={"m": -1.0})
    (point,) = continue_map(neuron, "euler", "m", (-0.8, 0.5), dt=0.5).special
    assert point.label == "NS"
    assert point.value == pytest.approx(-2 + math.sqrt(3), abs=1e-12)
    assert point.converged


@pytest.mark.parametrize("label", ["PD", "NS"])
@pytest.mark.parametrize("scheme", ["euler", "exponential_euler"])
def test_defining_systems_have_exact_jacobians(label: str, scheme: str) -> None:
    fld = discretise(models.morris_lecar(I=90.0), scheme, 2.0).increment
    setting = Setting(fld, (fld.index("I"), fld.index("dt")), np.array([10.0, 0.1]))
    rng = np.random.default_rng(3)
    x, vectors = np.array([-25.0, 0.15]), rng.normal(size=(2, 2)) * [10.0, 0.1]
    if label == "PD":
        z, system = np.concatenate([x, vectors[0], [90.0, 2.0]]), partial(flip, setting)
    else:
        z = np.concatenate([x, *vectors, [0.01, 90.0, 2.0]])
        system = partial(neimark_sacker, setting, np.array([0.3, 20.0]))
    exact, columns = system(z)[1], []
    for k in range(z.size):
        h = np.zeros(z.size)
        h[k] = 1e-4 * max(abs(z[k]), 1e-3)
        columns.append((system(z + h)[0] - system(z - h)[0]) / (2 * h[k]))
    np.testing.assert_allclose(exact, np.transpose(columns), rtol=1e-6, atol=1e-6)


# --- normal forms ---------------------------------------------------------------------------------


def logistic() -> NeuronModel:
    return define("logistic", drift={"x": "r*x*(1 - x) - x"}, parameters={"r": 2.0})


def delayed_logistic() -> NeuronModel:
    return define("delayed", drift={"x": "r*x*(1 - y) - x", "y": "x - y"}, parameters={"r": 1.5})


def test_logistic_map_doubles_its_period_at_three() -> None:
    branch = continue_map(logistic(), "euler", "r", (2.0, 3.5), dt=1.0, start=[0.5])
    (point,) = branch.special
    assert (point.name, point.criticality) == ("PD1", "supercritical")
    assert point.value == pytest.approx(3.0, abs=1e-12)
    # f^2 has third derivative -12 c; f'' = -2 r = -6, f''' = 0: c = (f''/2)^2 + f'''/6 = 9
    assert point.details["coefficient"] == pytest.approx(9.0, rel=1e-10)


def test_delayed_logistic_map() -> None:
    branch = continue_map(delayed_logistic(), "euler", "r", (1.5, 2.5), dt=1.0, start=[0.33, 0.33])
    (point,) = branch.special
    assert (point.name, point.criticality) == ("NS1", "supercritical")
    assert point.value == pytest.approx(2.0, abs=1e-12)
    assert point.details["theta"] == pytest.approx(math.pi / 3, abs=1e-12)
    assert point.period == pytest.approx(6.0, abs=1e-10)


def planar_coefficient(step: Any, x: Any, theta: float, h: float) -> float:
    """a(0) of Kuznetsov's planar formula (4.26), derivatives of the map by differences."""
    turn = np.exp(1j * theta)

    def along(q: Any) -> Any:
        """First to third derivative of s -> step(x + s q), q real."""
        f = [step(x + j * h * q) for j in (-3, -2, -1, 0, 1, 2, 3)]
        two = 2 * f[0] - 27 * f[1] + 270 * f[2] - 490 * f[3] + 270 * f[4] - 27 * f[5] + 2 * f[6]
        three = (f[0] - 8 * f[1] + 13 * f[2] - 13 * f[4] + 8 * f[5] - f[6]) / 8
        one = (-f[0] + 9 * f[1] - 45 * f[2] + 45 * f[4] - 9 * f[5] + f[6]) / 60
        return one / h, two / (180 * h**2), three / h**3

    e = np.eye(2)
    a = np.column_stack([along(e[0])[0], along(e[1])[0]])
    values, vectors = np.linalg.eig(a)
    q = vectors[:, np.abs(values - turn).argmin()]
    values, vectors = np.linalg.eig(a.T)
    p = vectors[:, np.abs(values - np.conj(turn)).argmin()]
    p = p / np.conj(np.vdot(p, q))

    def quadratic(u: Any, v: Any) -> Any:
        """B(u, v) of real vectors by polarisation."""
        return (along(u + v)[1] - along(u - v)[1]) / 4

    def cubic(u: Any, v: Any) -> Any:
        """C(u, u, v) of real vectors by polarisation."""
        return (along(u + v)[2] - along(u - v)[2] - 2 * along(v)[2]) / 6

    r, s = q.real, q.imag
    rr, ss, rs = quadratic(r, r), quadratic(s, s), quadratic(r, s)
    g20 = np.vdot(p, rr - ss + 2j * rs)
    g11 = np.vdot(p, rr + ss)
    g02 = np.vdot(p, rr - ss - 2j * rs)
    g21 = np.vdot(p, along(r)[2] + cubic(s, r) + 1j * (cubic(r, s) + along(s)[2]))
    first = np.exp(-1j * theta) * g21 / 2
    second = (1 - 2 * turn) * turn**-2 / (2 * (1 - turn)) * g20 * g11
    return float(first.real - second.real - abs(g11) ** 2 / 2 - abs(g02) ** 2 / 4)


@pytest.mark.parametrize(
    ("neuron", "scheme", "high", "dt", "h"),
    [
        (models.izhikevich(), "euler", 4, 2.0, 1.0),
        (models.izhikevich(), "published", 4, 12.0, 1.0),
        (models.fitzhugh_nagumo(), "euler", 1, 0.7, 1e-2),
        (models.fitzhugh_nagumo(), "exponential_euler", 1, 2.0, 1e-2),
        (models.morris_lecar(), "rush_larsen", 150, 1.0, 1e-2),
    ],
)
def test_coefficient_is_kuznetsovs_planar_one(
    neuron: NeuronModel, scheme: str, high: float, dt: float, h: float
) -> None:
    point = continue_map(neuron, scheme, "I", (0, high), dt=dt).special.of("NS")[0]
    step = discretise(point.model, scheme, dt)
    theta = point.details["theta"]
    expected = planar_coefficient(step.step, point.state, theta, h)
    assert point.details["coefficient"] == pytest.approx(expected, rel=2e-5)
    assert point.l1 == pytest.approx(point.details["coefficient"] / theta, rel=1e-12)


# --- iteration and comparison ---------------------------------------------------------------------


def test_iteration_spikes_as_the_program_of_2003_does() -> None:
    v, u, spikes = -65.0, -13.0, []
    for k in range(400):
        if v >= 30:
            spikes.append(k)
            v, u = -65.0, u + 8.0
        v, u = izhikevich_2003(v, u, 10.0)
    orbit = iterate(discretise(models.izhikevich(I=10.0), "published", 1.0), [-65, -13], 399)
    assert orbit.spikes.tolist() == spikes
    assert len(spikes) > 5
    assert (np.diff(orbit.spike_times) > 20).all()
    assert orbit.x.shape == (2, 400)


def test_iteration_says_when_it_diverges() -> None:
    orbit = iterate(
        discretise(models.hodgkin_huxley(I=10.0), "euler", 2.0), [-65, 0.05, 0.6, 0.3], 500
    )
    assert "not finite" in orbit.message
    assert np.isfinite(orbit.x).all()
    assert orbit.t.size == orbit.x.shape[1] < 501


def test_comparison_names_what_changes() -> None:
    result = compare_implementations(
        models.izhikevich(), "I", (0, 4), ["euler", "published"], [1.0, 10.0]
    )
    assert result.changed == (("euler", 10.0), ("published", 10.0))
    assert result.pictures["euler", 10.0] == ("PD supercritical", "NS supercritical", "LP")
    assert result.pictures["published", 1.0] == ("NS subcritical", "LP")
    row = next(row for row in result.rows if row.point.label == "NS")
    assert row.of == "HB1"
    assert row.shift == pytest.approx(3.78915035402 - I_HOPF, abs=1e-9)
    assert result.table().count("euler") == 5
    assert len(result.to_dataframe()) == len(result.rows)


def test_comparison_takes_the_nearest_point_of_the_flow() -> None:
    result = compare_implementations(models.fitzhugh_nagumo(), "I", (0, 2), ["euler"], [1.0])
    assert [row.of for row in result.rows] == ["HB1", "HB2"]
    assert result.rows[0].shift == pytest.approx(-result.rows[1].shift, abs=1e-9)
    assert result.changed == (("euler", 1.0),)  # supercritical now


def test_period_doubling_by_hand_in_euler() -> None:
    # det(M + 1) = (2 + dt L)(2 - dt a) + dt^2 a b = 0
    dt = 4.0
    slope = (-(dt**2) * A * B / (2 - dt * A) - 2) / dt
    branch = continue_map(models.izhikevich(), "euler", "I", (0, 4), dt=dt)
    assert branch.special["PD1"].value == pytest.approx(izhikevich_current(slope, A, B), abs=1e-10)
    stable = branch.stable[branch.values < branch.special["PD1"].value - 1e-6]
    assert not stable.any()


def test_special_points_are_in_the_order_of_the_branch() -> None:
    branch = continue_map(models.hodgkin_huxley(), "euler", "I", (0, 200), dt=0.25)
    assert [point.name for point in branch.special] == ["NS1", "PD1", "NS2"]
    for point in branch.special:
        low, high = sorted(branch.values[[point.index - 1, point.index]])
        assert low <= point.value <= high
    assert all(one.index <= other.index for one, other in pairwise(branch.special))
    assert "NS1" in branch.table()
    table = branch.to_dataframe()
    assert table.attrs["units"]["I"] == "uA/cm2"
    assert "NS" in repr(branch)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [0, -0.1, math.inf, math.nan, "1", None])
def test_bad_steps(dt: Any) -> None:
    with pytest.raises(InputError, match="positive number of ms"):
        discretise(models.lif(), "euler", dt)
    with pytest.raises(InputError, match="positive number of ms"):
        continue_map(models.izhikevich(), "euler", "I", (0, 1), dt=dt)


def test_bad_input_is_named() -> None:
    neuron = models.izhikevich()
    with pytest.raises(InputError, match="did you mean 'exponential_euler'"):
        discretise(neuron, "exponential_eulr")
    with pytest.raises(InputError, match=r"paper of morris_lecar.*'euler'"):
        discretise(models.morris_lecar(), "published")
    with pytest.raises(InputError, match="rename"):
        discretise(define("m", drift={"x": "-dt*x"}, parameters={"dt": 1.0}))
    with pytest.raises(InputError, match="not stable"):
        critical_step(neuron, start=[-50.0, -10.0])
    with pytest.raises(InputError, match="no stable equilibrium"):
        critical_step(neuron, I=10.0)
    with pytest.raises(InputError, match="span"):
        continue_map(neuron, "euler", "I", 4, dt=1.0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="span"):
        continue_map(neuron, "euler", "dt", (0.0, 1.0))
    with pytest.raises(InputError, match="states v, u"):
        iterate(discretise(neuron), [1.0], 3)
    with pytest.raises(InputError, match="steps"):
        iterate(discretise(neuron), [-65.0, -13.0], 0)
    with pytest.raises(InputError, match="at least one"):
        compare_implementations(neuron, "I", (0, 4), [], [1.0])


@pytest.mark.slow
def test_flow_branch_has_the_same_states_as_euler() -> None:
    flow = continue_equilibria(models.hodgkin_huxley(), "I", (0, 200))
    euler = continue_map(models.hodgkin_huxley(), "euler", "I", (0, 200), dt=0.05)
    V = np.interp(flow.values, euler.values, euler.states[:, 0])
    np.testing.assert_allclose(V, flow.states[:, 0], atol=0.05)
