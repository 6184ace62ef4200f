"""The closed forms of theory/03 to 05 against the numeric code, and against scipy."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad, solve_ivp

from causal_snn import models
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.field import Field, field
from causal_snn.dynamics.firing.firing import firing_rate
from causal_snn.dynamics.implementation.critical_step import critical_step
from causal_snn.dynamics.implementation.discretised import discretise
from causal_snn.dynamics.implementation.fixed_points import fixed_points
from causal_snn.models import NeuronModel

Numbers = dict[str, float]
Load = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def proved(load_theory: Load) -> dict[str, dict[str, Any]]:
    """Every formula of the three files, by label."""
    stems = ("03_firing", "04_bifurcations", "05_discretised")
    return {
        label: derive() for stem in stems for label, derive in load_theory(stem).RESULTS.items()
    }


def values(formulas: dict[str, Any], numbers: Numbers) -> Numbers:
    """Evaluate proved formulas at named numbers, those that need no others, to 25 digits."""
    known = {}
    for name, formula in formulas.items():
        if all(symbol.name in numbers for symbol in formula.free_symbols):
            at = {symbol: numbers[symbol.name] for symbol in formula.free_symbols}
            known[name] = float(formula.subs(at).evalf(25))
    return known


def lyapunov(f: Field, x: NDArray[np.float64], omega: float) -> float:
    """First Lyapunov coefficient from numbers only: Kuznetsov (2004), sec. 5.4, ||q|| = 1."""
    jacobian, second, third = f.jac(x), f.second(x), f.third(x)
    eigenvalues, right = np.linalg.eig(jacobian)
    q = right[:, np.argmin(abs(eigenvalues - 1j * omega))]
    q = q / np.linalg.norm(q)
    adjoint, left = np.linalg.eig(jacobian.T)
    p = left[:, np.argmin(abs(adjoint + 1j * omega))]
    p = p / np.conj(np.vdot(p, q))

    def b(y: Any, z: Any) -> Any:
        return np.einsum("ijk,j,k", second, y, z)

    c = np.einsum("ijkl,j,k,l", third, q, q, q.conj())
    slow = np.linalg.solve(jacobian, b(q, q.conj()))
    fast = np.linalg.solve(2j * omega * np.eye(f.n) - jacobian, b(q, q))
    inside = c - 2 * b(q, slow) + b(q.conj(), fast)
    return float(np.vdot(p, inside).real / (2 * omega))


def check_planar(model: NeuronModel, formulas: Numbers, w: Callable[[float], float]) -> None:
    """f = 0 and det J = 0 at the fold; f = 0, trace J = 0, det J = omega^2 and l1 at the Hopf."""
    for name in ("SN", "H"):
        if f"I_{name}" not in formulas:
            continue
        v = formulas[f"v_{name}"]
        x = np.array([v, w(v)])
        f = field(model, I=formulas[f"I_{name}"])
        drift, jacobian = f.f_jac(x)
        # rounding of the largest term that cancels
        assert abs(drift[0]) < 1e-12 * (1 + np.abs(jacobian * x).max() + abs(f.at(I=0.0).f(x)[0]))
        assert abs(drift[1]) < 1e-12 * (1 + abs(jacobian[1] * x).max())
        size = np.abs(jacobian[0, 0] * jacobian[1, 1]) + np.abs(jacobian[0, 1] * jacobian[1, 0])
        if name == "SN":
            assert np.linalg.det(jacobian) == pytest.approx(0.0, abs=1e-12 * size)
        else:
            # v is rounded, and the slope moves with it
            rounding = 4e-16 * abs(f.second(x)[0, 0, 0] * v)
            assert abs(np.trace(jacobian)) < 1e-12 * abs(jacobian[1, 1]) + rounding
            omega = formulas["omega"]
            assert np.linalg.det(jacobian) == pytest.approx(omega**2, abs=1e-12 * size)
            l1 = lyapunov(f, x, omega)
            assert l1 == pytest.approx(formulas["l1"], rel=1e-8)


# Bifurcations ---------------------------------------------------------------------------------

FEW = settings(max_examples=30)  # each example is several quadratures
RATE = st.floats(0.005, 1.0)
RATIO = st.floats(1.05, 20.0)


@given(a=RATE, ratio=RATIO)
def test_izhikevich_everywhere(proved: Any, a: float, ratio: float) -> None:
    b = a * ratio
    numbers = values(proved["D8"], {"a": a, "b": b})
    assert numbers["l1"] > 0
    assert numbers["I_H"] < numbers["I_SN"]
    check_planar(models.izhikevich(a=a, b=b), numbers, lambda v: b * v)


@given(
    C=st.floats(50.0, 500.0),
    g_L=st.floats(2.0, 40.0),
    tau_w=st.floats(10.0, 500.0),
    Delta_T=st.floats(0.5, 5.0),
    ratio=RATIO,
)
def test_adex_everywhere(
    proved: Any, C: float, g_L: float, tau_w: float, Delta_T: float, ratio: float
) -> None:
    given = {"C": C, "g_L": g_L, "tau_w": tau_w, "Delta_T": Delta_T, "E_L": -70.6, "V_T": -50.4}
    a = ratio * C / tau_w
    numbers = values(proved["D10"], {**given, "a": a})
    assert numbers["a_BT"] == pytest.approx(C / tau_w)
    assert numbers["l1"] > 0
    check_planar(models.adex(**given, a=a), numbers, lambda v: a * (v + 70.6))


@given(
    b=st.floats(0.2, 3.0), fraction=st.floats(0.02, 0.9), a=st.floats(-1.0, 1.0), sign=st.booleans()
)
def test_fitzhugh_nagumo_everywhere(
    proved: Any, b: float, fraction: float, a: float, sign: bool
) -> None:
    epsilon = fraction * min(1 / b, 1 / b**2)  # where there is a Hopf point
    numbers = values(proved["D11"], {"a": a, "b": b, "epsilon": epsilon})
    if sign:  # the other Hopf point, by the symmetry v, w, I -> -v, 2a/b - w, 2a/b - I
        numbers = {**numbers, "v_H": -numbers["v_H"], "I_H": numbers["I_H2"]}
    if abs(2 * b - 1 - epsilon * b * b) < 1e-3:
        return  # l1 crosses zero, a generalised Hopf point: only its absolute error is small
    model = models.fitzhugh_nagumo(a=a, b=b, epsilon=epsilon)
    check_planar(model, numbers, lambda v: (v + a) / b)
    assert (numbers["l1"] > 0) == (2 * b - 1 > epsilon * b * b)


def test_dimensionless_adex_is_the_dimensional_one_rescaled(proved: Any) -> None:
    # C = g_L = Delta_T = 1, E_L = V_T = 0, tau_w = 1/a: w' = a (b v - w)
    plain = values(proved["D9"], {"a": 0.1, "b": 0.5})
    unit = {"C": 1.0, "g_L": 1.0, "Delta_T": 1.0, "E_L": 0.0, "V_T": 0.0, "tau_w": 10.0, "a": 0.5}
    scaled = values(proved["D10"], unit)
    for name in ("v_SN", "v_H", "I_SN", "I_H", "omega", "l1"):
        assert scaled[name] == pytest.approx(plain[name], rel=1e-14)


def test_bogdanov_takens_point_is_nondegenerate(proved: Any) -> None:
    C, tau_w, g_L, Delta_T = 281.0, 144.0, 30.0, 2.0
    a = C / tau_w
    where = {"C": C, "tau_w": tau_w, "g_L": g_L, "Delta_T": Delta_T, "E_L": -70.6, "V_T": -50.4}
    numbers = values({k: proved["D10"][k] for k in ("I_SN", "I_H", "v_SN")}, {**where, "a": a})
    assert numbers["I_SN"] == pytest.approx(numbers["I_H"], rel=1e-13)
    assert numbers["I_SN"] == pytest.approx(585.542320212, rel=1e-11)
    f = field(models.adex(a=a), I=numbers["I_SN"])
    jacobian = f.jac([numbers["v_SN"], a * (numbers["v_SN"] + 70.6)])
    np.testing.assert_allclose(np.linalg.matrix_power(jacobian, 2), 0.0, atol=1e-13)
    assert np.abs(jacobian).max() > 0.01
    # chains by least squares; a2 and b2 from numbers
    second = f.second([numbers["v_SN"], a * (numbers["v_SN"] + 70.6)])
    q0 = np.linalg.svd(jacobian)[2][-1]
    q0 = q0 / q0[0]
    q1 = np.linalg.lstsq(jacobian, q0, rcond=None)[0]
    q1 = q1 - q1[0] * q0
    p0, p1 = np.linalg.inv(np.array([q0, q1]).T)
    b = np.einsum("ijk,j,k->i", second, q0, q0), np.einsum("ijk,j,k->i", second, q0, q1)
    expected = values(
        {k: proved["D6"][k] for k in ("a2", "b2")}, {"alpha": 1 / tau_w, "F2": second[0, 0, 0]}
    )
    assert 0.5 * p1 @ b[0] == pytest.approx(expected["a2"], rel=1e-9)
    assert p0 @ b[0] + p1 @ b[1] == pytest.approx(expected["b2"], rel=1e-9)


def test_known_numbers(proved: Any) -> None:
    """Values found before, by continuation in 30 digits or by AUTO-07p."""
    izhikevich = values(proved["D8"], {"a": 0.02, "b": 0.2})
    expected = {"I_SN": 4.0, "v_SN": -60.0, "I_H": 3.7975, "v_H": -62.25, "omega": 0.06}
    assert izhikevich == pytest.approx({**expected, "l1": 0.1475579165}, rel=1e-9)
    dimensionless = values(proved["D9"], {"a": 0.1, "b": 0.5})
    assert dimensionless["I_SN"] == pytest.approx(-0.89180233783775, rel=1e-13)
    assert dimensionless["I_H"] == pytest.approx(-0.95703473029351, rel=1e-13)
    brette_gerstner = {name: float(p) for name, p in models.adex().parameters.items()}
    adex = values(proved["D10"], brette_gerstner)
    for name, value in {
        "I_SN": 627.31109372087,
        "v_SN": -50.14967371,
        "I_H": 627.1824645086,
        "v_H": -50.27396346,
        "omega": 0.00711533506,
        "l1": 1.882481489,
        "a_BT": 1.951388889,
    }.items():
        assert adex[name] == pytest.approx(value, rel=1e-9)
    fhn = values(proved["D11"], {"a": 0.7, "b": 0.8, "epsilon": 0.08})
    assert fhn["I_H"] == pytest.approx(0.3312813374547458, rel=1e-14)
    assert fhn["I_H2"] == pytest.approx(1.418718662545254, rel=1e-14)
    assert fhn["v_H"] == pytest.approx(-0.96747092979583, rel=1e-13)
    assert fhn["omega"] == pytest.approx(0.275506805724, rel=1e-11)
    assert fhn["l1"] == pytest.approx(0.971971082, rel=1e-9)
    euler = values(proved["D15"], {"a": 0.02, "b": 0.2, "dt": 0.5})
    s = 0.02 * (1 - 0.5 * 0.2) / (1 - 0.5 * 0.02)
    assert euler["I_NS"] == pytest.approx(4.0 - (0.2 - s) ** 2 / 0.16, rel=1e-14)


def test_leak_shift_moves_hodgkin_huxley(proved: Any) -> None:
    shift = values(proved["D12"], {"g_L": 0.3, "x": -0.013})["shift"]
    x = [-60.0, 0.1, 0.5, 0.4]
    here = field(models.hodgkin_huxley(), I=9.7754379953931)
    there = field(models.hodgkin_huxley(E_L=-54.4), I=9.7754379953931 + shift)
    np.testing.assert_allclose(here.f(x), there.f(x), rtol=1e-13)
    assert 9.7754379953931 + shift == pytest.approx(9.7793379953931, abs=1e-13)


# Firing ---------------------------------------------------------------------------------------


def time_between(model: NeuronModel, low: float, high: float, **params: float) -> float:
    """Time from one potential to another by quadrature of the model's own drift."""
    f = field(model, **params)
    found, _ = quad(lambda v: 1 / f.f([v])[0], low, high, epsabs=1e-13, epsrel=1e-12, limit=500)
    return float(found)


@FEW
@given(above=st.floats(0.1, 100.0), tau=st.floats(1.0, 50.0), reset=st.floats(-90.0, -51.0))
def test_lif_rate_and_response(proved: Any, above: float, tau: float, reset: float) -> None:
    where = {"E": -65.0, "theta": -50.0, "V_r": reset, "tau": tau, "t_ref": 2.0}
    rheobase = values({"r": proved["D1"]["rheobase"]}, where)["r"]
    assert rheobase == 15.0
    drive = rheobase + above
    model = models.lif(tau=tau, V_reset=reset, V_min=-100.0)
    numbers = values(proved["D1"], {**where, "drive": drive})
    assert numbers["T"] - 2.0 == pytest.approx(
        time_between(model, reset, -50.0, drive=drive), rel=1e-9
    )
    # A kick of x at time t, followed to the spike: the response is the slope of the advance.
    interval = numbers["T"] - 2.0
    for part in (0.1, 0.5, 0.9):
        t = part * interval
        v = -65.0 + drive + (reset + 65.0 - drive) * math.exp(-t / tau)
        x = 1e-5 * (-50.0 - v)
        late = time_between(model, v - x, -50.0, drive=drive)
        early = time_between(model, v + x, -50.0, drive=drive)
        z = values(proved["D2"], {**where, "drive": drive, "t": t})["Z"]
        assert z == pytest.approx((late - early) / (2 * x), rel=1e-4)


@FEW
@given(current=st.floats(0.05, 50.0), tau=st.floats(0.5, 20.0))
def test_qif_period(proved: Any, current: float, tau: float) -> None:
    for reset, peak in ((-3.0, 5.0), (0.5, 8.0), (-100.0, 100.0)):
        where = {"I": current, "tau": tau, "V_r": reset, "V_p": peak}
        numbers = values(proved["D3"], where)
        expected = time_between(models.qif(tau=tau), reset, peak, I=current)
        assert numbers["T"] == pytest.approx(expected, rel=1e-9)
        assert numbers["T"] < numbers["T_infinite"]
    theta = time_between(models.theta_neuron(tau=tau), -math.pi, math.pi, I=current)
    assert theta == pytest.approx(values(proved["D4"], {"I": current, "tau": tau})["T"], rel=1e-10)


@FEW
@given(k=st.floats(0.2, 4.0), reset=st.floats(0.05, 3.0))
def test_qif_fires_below_its_fold_if_reset_beyond_threshold(
    proved: Any, k: float, reset: float
) -> None:
    where = {"k": k, "tau": 2.0, "V_r": k + reset, "V_p": k + reset + 10.0}
    expected = time_between(models.qif(tau=2.0), where["V_r"], where["V_p"], I=-k * k)
    assert values(proved["D3"], where)["T_bistable"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("phase", [0.02, 0.3, 0.5, 0.81])
def test_qif_response_is_the_adjoint(proved: Any, phase: float) -> None:
    """On the theta neuron, whose spike is finite: a kick of V is d theta = 2 dV/(1 + V^2)."""
    current, tau = 0.7, 3.0
    numbers = values(proved["D4"], {"I": current, "tau": tau, "phase": phase})
    v = -math.sqrt(current) / math.tan(math.pi * phase)
    model = models.theta_neuron(tau=tau)

    def left(kick: float) -> float:
        return time_between(model, 2 * math.atan(v + kick), math.pi, I=current)

    assert left(0.0) == pytest.approx((1 - phase) * numbers["T"], rel=1e-9)
    assert numbers["Z"] == pytest.approx((left(-1e-4) - left(1e-4)) / 2e-4, rel=1e-6)


def test_eif_rheobase_and_scaling(proved: Any) -> None:
    where = {name: float(p) for name, p in models.eif().parameters.items()}
    rheobase = values(proved["D5"], where)["rheobase"]
    assert rheobase == pytest.approx(546.0, rel=1e-14)
    f = field(models.eif(), I=rheobase)
    drift, jacobian = f.f_jac([where["V_T"]])
    assert abs(drift[0]) < 1e-13
    assert abs(jacobian[0, 0]) < 1e-14
    errors = []
    for x in (1e-2, 1e-4):
        near = values(proved["D5"], {**where, "x": x})["T_near"]
        f = field(models.eif(), I=rheobase + x)
        # the peak at V_T needs its own pieces
        ends = [where["V_r"], -52.0, -50.4, -49.0, -40.0, where["v_peak"]]
        whole = sum(
            quad(lambda v, f=f: 1 / f.f([v])[0], low, high, limit=500)[0]
            for low, high in pairwise(ends)
        )
        errors.append(abs(whole / near - 1))
    assert errors[1] < 0.02
    assert errors[1] < errors[0] / 5  # as sqrt(x)


# Steps ----------------------------------------------------------------------------------------


@given(a=st.floats(0.01, 0.5), ratio=RATIO, dt=st.floats(0.01, 1.5))
def test_euler_steps_of_izhikevich_lose_stability_at_d15(
    proved: Any, a: float, ratio: float, dt: float
) -> None:
    b = a * ratio
    numbers = values(proved["D15"], {"a": a, "b": b, "dt": dt})
    if not -0.99 < numbers["cosine"] < 0.99999:
        return  # no pair of complex multipliers
    v = numbers["v_NS"]
    f = field(models.izhikevich(a=a, b=b), I=numbers["I_NS"])
    drift, jacobian = f.f_jac([v, b * v])
    np.testing.assert_allclose(drift, 0.0, atol=1e-12 * (v * v + 140))
    multipliers = np.linalg.eigvals(np.eye(2) + dt * jacobian)
    np.testing.assert_allclose(abs(multipliers), 1.0, rtol=1e-12)
    assert multipliers[0].real == pytest.approx(numbers["cosine"], abs=1e-9)
    assert numbers["I_NS"] < values(proved["D8"], {"a": a, "b": b})["I_H"]


def test_euler_leaves_rest_before_the_neuron_does(proved: Any) -> None:
    """Between the Neimark-Sacker and the Hopf current the neuron rests, its Euler steps fire."""
    where = {"a": 0.02, "b": 0.2, "dt": 1.0}
    lost = values(proved["D15"], where)["I_NS"]
    kept = values(proved["D8"], where)["I_H"]
    model = models.izhikevich()
    for current, leaves in ((lost - 0.005, False), ((lost + 2 * kept) / 3, True)):
        assert current < kept
        f = field(model, I=current)
        v = (-4.8 - math.sqrt(4.8**2 - 0.16 * (140 + current))) / 0.08
        rest = np.array([v, 0.2 * v])
        kicked = x = rest + np.array([1e-4, 0.0])
        for _ in range(20_000):
            x = x + f.f(x)
            if x[0] > 30:
                break
        assert (x[0] > 30) == leaves
        run = solve_ivp(lambda t, y, f=f: f.f(y), (0, 6000), kicked, rtol=1e-9)
        assert np.abs(run.y[:, -1] - rest).max() < 1e-4


def test_largest_stable_step(proved: Any) -> None:
    f = field(models.hodgkin_huxley())
    x = np.array([-65.0, 0.053, 0.596, 0.318])
    for _ in range(20):
        drift, jacobian = f.f_jac(x)
        x = x - np.linalg.solve(jacobian, drift)
    eigenvalues = np.linalg.eigvals(f.jac(x))
    largest = min(
        values(proved["D13"], {"sigma": value.real, "omega": value.imag})["largest_dt"]
        for value in eigenvalues
    )
    for factor, stable in ((0.999, True), (1.001, False)):
        step = np.eye(4) + factor * largest * f.jac(x)
        assert (np.abs(np.linalg.eigvals(step)).max() < 1) == stable


@pytest.mark.parametrize("dt", [0.05, 0.5, 2.0])
def test_exponential_steps_of_adex_lose_stability_at_d17(proved: Any, dt: float) -> None:
    numbers = {name: float(p) for name, p in models.adex().parameters.items()}
    alpha, kappa, beta = 1 / numbers["tau_w"], 1 / numbers["C"], numbers["a"]
    known = {"alpha": alpha, "kappa": kappa, "beta": beta, "dt": dt}
    slope = values({"slope": proved["D17"]["slope"]}, known)["slope"]
    v = numbers["V_T"] + 2.0 * math.log(1 + numbers["C"] * slope / numbers["g_L"])
    w = beta * (v - numbers["E_L"])
    current = -numbers["C"] * field(models.adex()).f([v, w])[0]
    f = field(models.adex(), I=current)

    def step(x: NDArray[np.float64]) -> NDArray[np.float64]:
        target = beta * (x[0] - numbers["E_L"])
        return np.array(
            [x[0] + dt * f.f(x)[0], target + (x[1] - target) * math.exp(-dt / numbers["tau_w"])]
        )

    rest = np.array([v, w])
    np.testing.assert_allclose(step(rest), rest, rtol=1e-13)
    columns = [
        (step(rest + h) - step(rest - h)) / (2 * np.abs(h).max()) for h in np.diag([1e-4, 1e-2])
    ]
    multipliers = np.linalg.eigvals(np.array(columns).T)
    np.testing.assert_allclose(abs(multipliers), 1.0, rtol=1e-7)
    assert abs(multipliers[0].imag) > 1e-4


def test_one_step_errors(proved: Any) -> None:
    """A gate while the potential ramps: halving the step shows the proved leading terms."""

    def r(t: float) -> float:
        return 1.0 + 0.3 * t

    def target(t: float) -> float:
        return 0.5 + 0.2 * math.sin(t)

    t0, y0 = 0.4, 0.9
    g = r(t0) * (target(t0) - y0)
    g_t = 0.3 * (target(t0) - y0) + r(t0) * 0.2 * math.cos(t0)
    for dt in (1e-2, 1e-3):
        run = solve_ivp(
            lambda t, y: r(t) * (target(t) - y), (t0, t0 + dt), [y0], rtol=1e-13, atol=1e-15
        )
        exact = run.y[0, -1]
        euler = y0 + dt * g
        frozen = target(t0) + (y0 - target(t0)) * math.exp(-dt * r(t0))
        known = {"dt": dt, "g_t": g_t, "g_y": -r(t0), "g": g}
        expected = values(proved["D16"], known)
        assert exact - euler == pytest.approx(expected["euler"], rel=3 * dt)
        assert exact - frozen == pytest.approx(expected["exponential"], rel=3 * dt)


# The package ----------------------------------------------------------------------------------


def test_continuation_finds_the_closed_forms(proved: Any) -> None:
    brette_gerstner = {name: float(p) for name, p in models.adex().parameters.items()}
    cases = [
        (models.izhikevich(), (0.0, 10.0), values(proved["D8"], {"a": 0.02, "b": 0.2})),
        (models.adex(), (0.0, 800.0), values(proved["D10"], brette_gerstner)),
    ]
    for model, span, expected in cases:
        special = continue_equilibria(model, "I", span).special
        fold, hopf = special["LP1"], special["HB1"]
        assert fold.value == pytest.approx(expected["I_SN"], rel=1e-12)
        assert fold.state[0] == pytest.approx(expected["v_SN"], rel=1e-8)
        assert hopf.value == pytest.approx(expected["I_H"], rel=1e-12)
        assert hopf.state[0] == pytest.approx(expected["v_H"], rel=1e-11)
        assert hopf.omega == pytest.approx(expected["omega"], rel=1e-10)
        assert hopf.l1 == pytest.approx(expected["l1"], rel=1e-8)
        assert hopf.criticality == "subcritical"
    fhn = values(proved["D11"], {"a": 0.7, "b": 0.8, "epsilon": 0.08})
    special = continue_equilibria(models.fitzhugh_nagumo(), "I", (-1.0, 3.0)).special
    assert [point.value for point in special.of("HB")] == pytest.approx(
        [fhn["I_H"], fhn["I_H2"]], rel=1e-12
    )
    assert [point.l1 for point in special.of("HB")] == pytest.approx([fhn["l1"]] * 2, rel=1e-9)


def test_firing_rate_is_the_closed_form(proved: Any) -> None:
    where = {"E": -65.0, "theta": -50.0, "V_r": -65.0, "tau": 10.0, "t_ref": 2.0}
    for drive, rate in ((16.0, 33.64071163), (20.0, 63.04000219), (30.0, 111.96362949)):
        expected = 1e3 * values(proved["D1"], {**where, "drive": drive})["f"]
        assert expected == pytest.approx(rate, rel=1e-9)
        found = firing_rate(models.lif(tau=10.0), drive, refractory=2.0)
        assert float(found) == pytest.approx(expected, rel=1e-12)
    for current in (0.05, 1.0, 9.0):
        numbers = {"I": current, "tau": 2.0, "V_r": -5.0, "V_p": 30.0}
        expected = 1e3 / values(proved["D3"], numbers)["T"]
        model = models.qif(tau=2.0, V_r=-5.0, v_peak=30.0)
        assert float(firing_rate(model, current)) == pytest.approx(expected, rel=1e-11)
        expected = 1e3 / values(proved["D4"], numbers)["T"]
        theta = firing_rate(models.theta_neuron(tau=2.0), current)
        assert float(theta) == pytest.approx(expected, rel=1e-11)
    assert float(firing_rate(models.eif(), 545.999)) == 0.0
    assert float(firing_rate(models.eif(), 546.001)) > 0.0


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_discretised_neurons_are_the_proved_maps(proved: Any, dt: float) -> None:
    """Multipliers of the package's map at the proved Neimark-Sacker point lie on the circle."""
    numbers = values(proved["D15"], {"a": 0.02, "b": 0.2, "dt": dt})
    step = discretise(models.izhikevich(), "euler", dt, I=numbers["I_NS"])
    found = fixed_points(step)
    assert found.complete
    rest = found[0]
    assert rest.state[0] == pytest.approx(numbers["v_NS"], rel=1e-12)
    np.testing.assert_allclose(abs(rest.multipliers), 1.0, rtol=1e-11)
    assert rest.multipliers[0].real == pytest.approx(numbers["cosine"], rel=1e-11)

    longest = critical_step(models.izhikevich(), "euler", I=numbers["I_NS"])
    assert longest.label == "NS"
    assert longest.dt == pytest.approx(dt, rel=1e-9)

    known = {"alpha": 0.02, "kappa": 1.0, "beta": 0.2, "dt": dt}
    v = (values({"slope": proved["D17"]["slope"]}, known)["slope"] - 5) / 0.08
    current = 0.2 * v - (0.04 * v * v + 5 * v + 140)
    step = discretise(models.izhikevich(), "rush_larsen", dt, I=current)
    multipliers = step.multipliers([v, 0.2 * v])
    np.testing.assert_allclose(abs(multipliers), 1.0, rtol=1e-13)
    assert abs(multipliers[0].imag) > 1e-3
    longest = critical_step(models.izhikevich(), "rush_larsen", I=current)
    assert longest.dt == pytest.approx(dt, rel=1e-9)
    np.testing.assert_allclose(step.step([v, 0.2 * v]), [v, 0.2 * v], rtol=1e-14)
