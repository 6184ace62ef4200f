"""Every neuron: its formulas against hand-written ones, its parameters, its spikes."""

from __future__ import annotations

import doctest
import importlib
import inspect
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.dynamics.field import Field, field
from causal_snn.errors import InputError
from causal_snn.models import NEURONS, NeuronModel, define
from causal_snn.models.latex import _tidy, symbol

mpmath = importlib.import_module("mpmath")  # has no types

BY_NAME = pytest.mark.parametrize("name", NEURONS)
FIELD = {name: field(maker()) for name, maker in NEURONS.items()}
FIELD |= {name: field(NEURONS[name](), drive=17.0) for name in ("lif", "cuba_lif")}


# Written from the papers, with numbers, not symbols; each is called with the state.
def hh_1952(V: float, m: float, h: float, n: float) -> list[float]:
    """The paper's own variables: v is minus the depolarisation from rest (mV), rest at -65."""
    v = -(V + 65.0)
    alpha_n = 0.01 * (v + 10) / (math.exp((v + 10) / 10) - 1)
    beta_n = 0.125 * math.exp(v / 80)
    alpha_m = 0.1 * (v + 25) / (math.exp((v + 25) / 10) - 1)
    beta_m = 4 * math.exp(v / 18)
    alpha_h = 0.07 * math.exp(v / 20)
    beta_h = 1 / (math.exp((v + 30) / 10) + 1)
    # Outward current is positive in the paper after the sign change: V_Na = -115, V_K = 12.
    i_na = 120 * m**3 * h * (v + 115)
    i_k = 36 * n**4 * (v - 12)
    i_l = 0.3 * (v + 10.613)
    return [
        (i_na + i_k + i_l) / 1.0,
        alpha_m * (1 - m) - beta_m * m,
        alpha_h * (1 - h) - beta_h * h,
        alpha_n * (1 - n) - beta_n * n,
    ]


def ml_hopf(V: float, w: float) -> list[float]:
    # 1 + tanh x = 2/(1 + exp(-2 x))
    m = 1 / (1 + math.exp(-2 * (V + 1.2) / 18))
    rest = 1 / (1 + math.exp(-(V - 2) / 15))
    rate = 0.02 * (math.exp((V - 2) / 60) + math.exp(-(V - 2) / 60))
    current = -4.4 * m * (V - 120) - 8 * w * (V + 84) - 2 * (V + 60)
    return [current / 20, rate * (rest - w)]


BY_HAND: dict[str, Callable[..., list[float]]] = {
    "lif": lambda v: [(-65 - v + 17) / 20],
    "cuba_lif": lambda v, i: [(-65 - v + i + 17) / 20, -i / 5],
    "conductance_lif": lambda v, e, i: [
        (10 * (-60 - v) + e * (0 - v) + i * (-80 - v)) / 200,
        -e / 5,
        -i / 10,
    ],
    "glif": lambda v, th, j: [0.05 * (-70 - v) + j, 0.01 * (-50 - th), -0.02 * j],
    "qif": lambda v: [v * v],
    "theta_neuron": lambda th: [2 * math.sin(th / 2) ** 2],
    "eif": lambda v: [(30 * (-70.6 - v) + 60 * math.exp((v + 50.4) / 2)) / 281],
    "adex": lambda v, w: [
        (30 * (-70.6 - v) + 60 * math.exp((v + 50.4) / 2) - w) / 281,
        (4 * (v + 70.6) - w) / 144,
    ],
    "izhikevich": lambda v, u: [0.04 * v * v + 5 * v + 140 - u, 0.02 * (0.2 * v - u)],
    "fitzhugh_nagumo": lambda v, w: [v - v**3 / 3 - w, 0.08 * (v + 0.7 - 0.8 * w)],
    "morris_lecar": ml_hopf,
    "hodgkin_huxley": hh_1952,
}


def test_every_neuron_has_a_formula_by_hand() -> None:
    assert set(BY_HAND) == set(NEURONS)
    assert all(models.__dict__[name] is maker for name, maker in NEURONS.items())


@BY_NAME
@given(data=st.data())
def test_drift_is_the_published_formula(name: str, data: st.DataObject) -> None:
    model = FIELD[name].model
    lows_highs = model.equations.domain or ((-90.0, 0.0),) * len(model.states)
    state = [data.draw(st.floats(low, high)) for low, high in lows_highs]
    if name == "hodgkin_huxley" and min(abs(state[0] + 40), abs(state[0] + 55)) < 1e-3:
        return  # 0/0 in the paper's form; see below
    expected = np.array(BY_HAND[name](*state))
    size = 1e-12 * (1 + np.abs(expected).max()) + 1e-10 * (name == "hodgkin_huxley")
    np.testing.assert_allclose(FIELD[name].f(state), expected, rtol=1e-11, atol=size)


@BY_NAME
def test_definition_is_complete(name: str) -> None:
    model = NEURONS[name]()
    assert model.name == name
    assert all(p.unit and p.meaning for p in model.parameters.values())
    assert len(model.equations.units) == len(model.states) == len(model.drift)
    assert all(model.equations.units)
    doc = inspect.getdoc(NEURONS[name]) or ""
    assert "Source:" in doc
    assert any(year in doc for year in ("19", "20"))
    assert model.spikes_by_reset == (model.threshold is not None)
    assert len(model.reset) == (len(model.states) if model.spikes_by_reset else 0)
    documented = [key for key in inspect.signature(NEURONS[name]).parameters if key in doc]
    assert set(inspect.signature(NEURONS[name]).parameters) == set(documented)


@BY_NAME
def test_pickle_hash_and_equality(name: str) -> None:
    model = NEURONS[name]()
    again = pickle.loads(pickle.dumps(model))
    assert again == model
    assert hash(again) == hash(model)
    key = next(iter(model.parameters))
    changed = model.with_parameters(**{key: float(model.parameters[key]) + 0.125})
    assert changed != model
    assert changed.parameters[key].unit == model.parameters[key].unit


@BY_NAME
def test_every_value_must_be_finite_and_named(name: str) -> None:
    model = NEURONS[name]()
    for key, value in model.parameters.items():
        for wrong in (math.nan, math.inf):
            with pytest.raises(InputError, match=rf"{key} = "):
                model.with_parameters(**{key: wrong})
        if value.sign != "any":
            with pytest.raises(InputError, match=rf"{key} = -1.0: a {value.sign}"):
                model.with_parameters(**{key: -1.0})
    with pytest.raises(InputError, match="no parameter 'bogus'"):
        model.with_parameters(bogus=1.0)


@pytest.mark.parametrize("name", ["conductance_lif", "glif", "eif", "adex", "morris_lecar"])
def test_capacitance_is_positive(name: str) -> None:
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(InputError, match="C = "):
            NEURONS[name](C=wrong)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: models.qif(V_r=3.0, v_peak=2.0), "V_r = 3.0: below the threshold v_peak = 2.0"),
        (lambda: models.izhikevich(c=30.0), "c = 30.0: below the threshold v_peak"),
        (lambda: models.conductance_lif(V_r=-50.0), "V_r = -50.0: below the threshold V_th"),
        (lambda: models.adex("tonc"), "did you mean 'tonic'"),
        (lambda: models.izhikevich("bursting"), "pattern = 'bursting'"),
        (lambda: models.morris_lecar("snic"), "regime = 'snic'"),
        (lambda: models.adex(tau=3.0), "did you mean 'tau_w'"),
    ],
)
def test_bad_sets_are_refused(make: Callable[[], NeuronModel], says: str) -> None:
    with pytest.raises(InputError, match=says):
        make()


def test_presets_can_be_overridden_and_share_their_equations() -> None:
    model = models.adex("tonic", I=510.0)
    assert [float(model.parameters[key]) for key in ("I", "C", "b")] == [510.0, 200.0, 0.0]
    assert model.equations is models.adex().equations
    assert models.morris_lecar("snlc").parameters["phi"] == pytest.approx(1 / 15)
    assert models.izhikevich("chattering").parameters["c"] == -50.0
    # The EIF neuron is the AdEx neuron without adaptation.
    v = np.linspace(-80, -40, 9)
    adex = field(models.adex(), a=0.0)
    found = [adex.f([x, 0.0])[0] for x in v]
    np.testing.assert_allclose([FIELD["eif"].f([x])[0] for x in v], found, rtol=1e-15)


def test_theta_is_the_qif_on_a_circle() -> None:
    qif, theta = field(models.qif(), I=0.7), field(models.theta_neuron(), I=0.7)
    for angle in np.linspace(-3.0, 3.0, 13):
        v = math.tan(angle / 2)
        # d theta = 2 dV/(1 + V^2)
        assert theta.f([angle])[0] == pytest.approx(2 * qif.f([v])[0] / (1 + v * v), rel=1e-13)


# Hodgkin-Huxley through the removable singularities ------------------------------------------

HH = FIELD["hodgkin_huxley"]


def hh_rate(V: Any, half: int) -> Any:
    """10 (V - half)/10/(1 - exp(-(V - half)/10)) is alpha_m (half = -40) or 100 alpha_n/... ."""
    x = (V - half) / 10
    return mpmath.mpf(1) if x == 0 else x / (1 - mpmath.exp(-x))


def hh_mp(V: Any, m: Any, n: Any) -> list[Any]:
    """The drifts of m and n at high precision, singularities removed by the limit."""
    v = V + 65
    alpha_m, beta_m = hh_rate(V, -40), 4 * mpmath.exp(-v / 18)
    alpha_n, beta_n = hh_rate(V, -55) / 10, mpmath.exp(-v / 80) / 8
    return [alpha_m * (1 - m) - beta_m * m, alpha_n * (1 - n) - beta_n * n]


def hh_derivatives(V: float, m: float, n: float, order: int) -> list[float]:
    """Derivatives by V from the values on a circle around it (Cauchy), so never at 0/0."""
    with mpmath.workdps(40):
        points, radius = 64, mpmath.mpf(3)
        sums = [mpmath.mpc(0), mpmath.mpc(0)]
        for k in range(points):
            z = mpmath.expjpi(mpmath.mpf(2 * k) / points + mpmath.mpf(1) / points)
            for row, value in enumerate(hh_mp(V + radius * z, mpmath.mpf(m), mpmath.mpf(n))):
                sums[row] += value / z**order
        scale = mpmath.factorial(order) / radius**order / points
        return [float((scale * total).real) for total in sums]


@pytest.mark.parametrize("V", [-40.0, -55.0])
@pytest.mark.parametrize("offset", [0.0, 1e-12, -1e-12, 1e-6, -1e-6, 0.1, -19.999, 20.001])
def test_hodgkin_huxley_is_smooth_where_its_rates_are_0_over_0(V: float, offset: float) -> None:
    m, h, n = 0.3, 0.45, 0.55
    x = [V + offset, m, h, n]
    rows = {1: HH.jac(x)[:, 0], 2: HH.second(x)[:, 0, 0], 3: HH.third(x)[:, 0, 0, 0]}
    rows[0] = HH.f(x)
    for order, found in rows.items():
        expected = hh_derivatives(V + offset, m, n, order)
        assert [found[1], found[3]] == pytest.approx(expected, rel=1e-12, abs=1e-15)
    batch, jacobian, by_i = HH.batch_jac_dp(np.array([x, x]).T, HH.p, HH.index("I"))
    np.testing.assert_allclose(batch[:, 0], rows[0], rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(jacobian[:, :, 1], HH.jac(x), rtol=1e-13, atol=1e-16)
    assert by_i is not None
    np.testing.assert_array_equal(by_i[:, 0], [1.0, 0.0, 0.0, 0.0])


def test_blocking_a_channel_is_scaling_its_conductance() -> None:
    x = [-50.0, 0.2, 0.5, 0.4]
    for ion in ("Na", "K", "L"):
        full = float(HH.model.parameters[f"g_{ion}"])
        blocked, fewer = HH.at(**{f"scale_{ion}": 0.3}), HH.at(**{f"g_{ion}": 0.3 * full})
        np.testing.assert_allclose(blocked.f(x), fewer.f(x), rtol=1e-14)
        assert HH.at(**{f"scale_{ion}": 0.0}).f(x)[0] != HH.f(x)[0]
        # and halfway is the mean: the scale is a straight path from blocked to whole
        ends = [HH.at(**{f"scale_{ion}": s}).f(x)[0] for s in (0.0, 0.5, 1.0)]
        assert ends[1] == pytest.approx((ends[0] + ends[2]) / 2, rel=1e-12)
    np.testing.assert_allclose(HH.at(phi=3.0).f(x)[1:], 3 * HH.f(x)[1:], rtol=1e-14)


def test_hodgkin_huxley_rests_near_minus_65() -> None:
    # E_L was chosen in 1952 so that no current flows at rest; with their other constants to the
    # last digit it would be 10.5989 mV above rest, not 10.613.
    rates = {"m": (2.5 / (math.exp(2.5) - 1), 4.0), "h": (0.07, 1 / (math.exp(3) + 1))}
    rates["n"] = (0.1 / (math.exp(1) - 1), 0.125)
    m, h, n = (a / (a + b) for a, b in rates.values())
    drift = HH.f([-65.0, m, h, n])
    assert -54.387 - drift[0] / 0.3 == pytest.approx(-65 + 10.5989, abs=5e-5)
    np.testing.assert_allclose(drift[1:], 0.0, atol=1e-15)


# LaTeX ----------------------------------------------------------------------------------------


@BY_NAME
def test_latex_is_drawn_by_mathtext(name: str) -> None:
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("path")
    text = NEURONS[name]().latex()
    assert text.startswith("\\begin{aligned}\n")
    assert text.endswith("\n\\end{aligned}")
    lines = text.splitlines()[1:-1]
    model = NEURONS[name]()
    assert len(lines) == len(model.states) + model.spikes_by_reset
    for line in lines:
        assert line.count("&") == 1
        assert line.count("{") == line.count("}")
        assert line.count(r"\left") - line.count(r"\leftarrow") == line.count(r"\right")
        parser.parse(f"${line.removesuffix(chr(92) * 2).replace('&', '')}$")


def test_latex_reads_like_the_paper() -> None:
    adex = models.adex().latex()
    assert r"C\, \dot{V} &= \Delta_{T} g_{L} e^{\frac{V - V_{T}}{\Delta_{T}}} + I" in adex
    assert r"\tau_{w}\, \dot{w} &= a \left(V - E_{L}\right) - w" in adex
    assert r"V \geq v_{\mathrm{peak}} &\Rightarrow V \leftarrow V_{r},\; w \leftarrow w + b" in adex
    hh = models.hodgkin_huxley().latex()
    assert r"\mathrm{scale}_{\mathrm{Na}} g_{\mathrm{Na}} m^{3} h \left(V - E_{\mathrm{Na}}" in hh
    assert r"0.07 \left(1 - h\right) e^{- \frac{V + 65}{20}}" in hh
    assert r"- 0.125 n e^{- \frac{V + 65}{80}}" in hh
    assert r"\frac{\frac{V + 40}{10}}{1 - e^{- \frac{V + 40}{10}}}" in hh
    assert r"0.04 v^{2} + 5 v + I + 140 - u" in models.izhikevich().latex()
    # states that a spike leaves alone are not listed
    assert r"\leftarrow g" not in models.conductance_lif().latex()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("V", "V"),
        ("tau_w", r"\tau_{w}"),
        ("g_Na", r"g_{\mathrm{Na}}"),
        ("scale_Na", r"\mathrm{scale}_{\mathrm{Na}}"),
        ("Delta_T", r"\Delta_{T}"),
        ("v_peak", r"v_{\mathrm{peak}}"),
        ("Theta_inf", r"\Theta_{\infty}"),
        ("V1", "V_{1}"),
        ("lambda_", r"\lambda"),
        ("tau_syn_e", r"\tau_{\mathrm{syn},e}"),
        ("drive", r"\mathrm{drive}"),
    ],
)
def test_names_become_symbols(name: str, text: str) -> None:
    assert symbol(name) == text


@BY_NAME
def test_tidying_keeps_the_value(name: str) -> None:
    eq = NEURONS[name]().equations
    for rate in eq.drift:
        names: dict[sp.Symbol, str] = {}
        tidy = _tidy(rate, names)
        decimals = {new: sp.Rational(text) for new, text in names.items()}
        numbers = {
            s: sp.Rational(k + 3, 7) for k, s in enumerate(sorted(rate.free_symbols, key=str))
        }
        tidied = tidy.subs(decimals).subs(numbers).rewrite(sp.exp)
        assert float((tidied - rate.subs(numbers).rewrite(sp.exp)).evalf(30)) == pytest.approx(
            0.0, abs=1e-25
        )


def test_a_state_stays_in_the_denominator() -> None:
    model = define("m", drift={"v": "1/(tau*w)", "w": "-w"}, parameters={"tau": 2.0}, threshold=3)
    lines = model.latex().splitlines()
    assert lines[1] == r"\tau\, \dot{v} &= \frac{1}{w} \\"
    assert lines[3] == r"v \geq 3 &\Rightarrow \mathrm{spike}"


def test_latex_equals_the_drift() -> None:
    """Numbers put into the LaTeX text give the drift: nothing is lost in the printing."""
    text = models.izhikevich().latex().splitlines()[1]
    formula = text.split("&=")[1].removesuffix(r"\\").replace("v^{2}", "v**2")
    python = " ".join(formula.split()).replace(" v", "*v").replace("+*v", "+ v")
    value = eval(python, {"v": -60.5, "u": -12.0, "I": 3.0})
    assert value == pytest.approx(FIELD["izhikevich"].at(I=3.0).f([-60.5, -12.0])[0], rel=1e-13)


@pytest.mark.parametrize("module", ["define", "latex"])
def test_docstring_examples(module: str) -> None:
    found = importlib.import_module(f"causal_snn.models.{module}")
    result = doctest.testmod(found, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0
    assert result.failed == 0


def test_field_of_every_neuron_is_finite_on_its_domain() -> None:
    for f in FIELD.values():
        middle = [(low + high) / 2 for low, high in f.model.equations.domain or ((-60.0, -50.0),)]
        assert isinstance(f, Field)
        if len(middle) == f.n:
            assert np.isfinite(f.f(middle)).all()
            assert np.isfinite(f.jac(middle)).all()
            assert np.isfinite(f.third(middle)).all()
