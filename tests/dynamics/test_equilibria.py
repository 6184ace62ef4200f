"""Every equilibrium is found: counted against Sturm's theorem, monotone pieces and algebra."""

from __future__ import annotations

import importlib
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from causal_snn.dynamics.equilibrium.equilibria import equilibria
from causal_snn.dynamics.equilibrium.equilibrium import Equilibria, classify, polish
from causal_snn.dynamics.field import field
from causal_snn.errors import InputError
from causal_snn.models import (
    NEURONS,
    adex,
    define,
    eif,
    fitzhugh_nagumo,
    glif,
    hodgkin_huxley,
    izhikevich,
    lif,
    morris_lecar,
    qif,
    theta_neuron,
)

mp = importlib.import_module("mpmath").mp.clone()  # has no types
mp.dps = 40


# --- counting against independent methods


def cubic(a: float, b: float, current: float) -> sp.Poly:
    """Return the exact polynomial of FitzHugh-Nagumo equilibria in v."""
    v = sp.Symbol("v")
    a, b, current = (sp.Rational(x) for x in (a, b, current))
    return sp.Poly(b * (v - v**3 / 3 + current) - v - a, v)


def test_fitzhugh_nagumo_counts_agree_with_sturm() -> None:
    rng = np.random.default_rng(11)
    counts = []
    for _ in range(200):
        a, b, current = rng.uniform((-1, 0.05, -1.5), (1, 4, 1.5)).tolist()
        found = equilibria(fitzhugh_nagumo(a=a, b=b), I=current)
        expected = cubic(a, b, current).count_roots(*map(sp.Rational, found.box["v"]))
        assert len(found) == expected, (a, b, current)
        assert found.complete
        assert found.everywhere
        counts.append(expected)
    assert counts.count(3) > 20  # both cases occur
    assert counts.count(1) > 20


def morris_lecar_current(p: dict[str, float], v: Any) -> tuple[Any, Any]:
    """Return the steady current at V and its derivative, written out for this test."""
    m = 0.5 * (1 + np.tanh((v - p["V1"]) / p["V2"]))
    w = 0.5 * (1 + np.tanh((v - p["V3"]) / p["V4"]))
    dm, dw = 2 * m * (1 - m) / p["V2"], 2 * w * (1 - w) / p["V4"]
    calcium, potassium = v - p["V_Ca"], v - p["V_K"]
    f = p["I"] - p["g_Ca"] * m * calcium - p["g_K"] * w * potassium - p["g_L"] * (v - p["V_L"])
    df = -p["g_Ca"] * (m + dm * calcium) - p["g_K"] * (w + dw * potassium) - p["g_L"]
    return f, df


def count_by_monotone_pieces(p: dict[str, float], lo: float, hi: float) -> int | None:
    """Count the zeros between consecutive turning points; None if one is nearly a fold."""
    from scipy.optimize import brentq

    grid = np.arange(-200.0, 200.0, 0.05)  # beyond, m and w are constant and f is a line
    slope = morris_lecar_current(p, grid)[1]
    turns = [
        brentq(lambda v: morris_lecar_current(p, v)[1], grid[i], grid[i + 1], xtol=1e-12)
        for i in np.flatnonzero(slope[:-1] * slope[1:] < 0)
    ]
    values = [float(morris_lecar_current(p, v)[0]) for v in (lo, *turns, hi)]
    if min(map(abs, values)) < 1e-9:
        return None
    return sum(a * b < 0 for a, b in pairwise(values))


def test_morris_lecar_counts_agree_with_monotone_pieces() -> None:
    rng = np.random.default_rng(12)
    names = ("g_Ca", "g_K", "g_L", "V3", "V4", "phi", "I")
    counts = []
    for i in range(200):
        regime = ("hopf", "snlc", "homoclinic")[i % 3]
        low, high = (2, 3, 0.5, -10, 5, 0.01, -100), (10, 16, 4, 30, 40, 1, 400)
        values = dict(zip(names, rng.uniform(low, high).tolist(), strict=True))
        model = morris_lecar(regime, **values)
        found = equilibria(model)
        expected = count_by_monotone_pieces(dict(model.parameters), *found.box["V"])
        assert expected is not None
        assert len(found) == expected, values
        assert found.complete
        counts.append(expected)
    assert counts.count(3) > 20
    assert counts.count(1) > 20


def test_hodgkin_huxley_has_one_equilibrium_from_0_to_200() -> None:
    """Proven for the 1952 parameters by Hendrick; the currents follow from V in closed form."""
    for current in np.linspace(0.0, 200.0, 21).tolist():
        found = equilibria(hodgkin_huxley(), I=current)
        assert len(found) == 1
        assert found.complete
        assert found.everywhere
        assert_allclose(steady_current(found[0].state[0]), current, atol=1e-11)


def steady_current(v: float) -> float:
    a_m, b_m = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18)
    a_h, b_h = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
    a_n, b_n = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80)
    m, h, n = a_m / (a_m + b_m), a_h / (a_h + b_h), a_n / (a_n + b_n)
    return float(120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387))


@settings(max_examples=30)
@given(
    roots=st.lists(st.integers(-400, 400), min_size=1, max_size=7, unique=True),
    shift=st.floats(-1, 1),
)
def test_polynomials_with_known_roots(roots: list[int], shift: float) -> None:
    exact = sp.Rational(shift)
    text = "*".join(f"(v - ({sp.Rational(r, 8) + exact}))" for r in roots)
    found = equilibria(define("product", drift={"v": text}, parameters={}))
    assert found.complete
    assert len(found) == len(roots)
    for point, root in zip(found, sorted(roots), strict=True):
        assert point.enclosure is not None
        truth = sp.Rational(root, 8) + exact
        lo, hi = map(sp.Rational, point.enclosure[0].tolist())
        assert lo <= truth <= hi


@settings(max_examples=15)
@given(
    first=st.lists(st.integers(-40, 40), min_size=1, max_size=3, unique=True),
    second=st.lists(st.integers(-40, 40), min_size=2, max_size=3, unique=True),
)
def test_two_unknowns_with_known_roots(first: list[int], second: list[int]) -> None:
    """In v + 2w and v - w the two equations part, so the equilibria are a grid."""
    drift = {
        "v": "*".join(f"(v + 2*w - ({a})/2)" for a in first) + "*(1 + v**2)",
        "w": "*".join(f"(v - w - ({b})/2)" for b in second) + "*(3 + sin(w))",
    }
    found = equilibria(define("grid", drift=drift, parameters={}))
    assert found.complete
    expected = [((a / 2 + b) / 3, (a / 2 - b / 2) / 3) for a in first for b in second]
    assert len(found) == len(expected)
    states = np.array([point.state for point in found])
    for root in expected:  # not in order: two roots may share a v, up to rounding
        assert np.abs(states - root).max(axis=1).min() < 1e-12


def test_three_unknowns() -> None:
    drift = {
        "x": "x*(1 - x**2) + sin(y*z)/100",
        "y": "sin(3*y) - y**3 + sin(z)/50",
        "z": "z - z**3/4 + sin(x)/9",
    }
    model = define("three", drift=drift, parameters={}, domain=dict.fromkeys("xyz", (-2.0, 2.0)))
    found = equilibria(model)
    assert found.complete
    assert found.provenance["unknowns"] == ["x", "y", "z"]
    assert not found.everywhere  # nothing is claimed outside the box of several unknowns
    assert len(found) == 27  # three zeros each, moved a little by the weak coupling
    assert max(point.residual for point in found) < 1e-14


# --- folds, near and at


def test_two_equilibria_a_millionth_from_the_fold() -> None:
    """Distance sqrt(1e-6/0.04) from v = -60 on each side."""
    fold = 1.015625  # (5 - b)^2/0.16 - 140 at b = 1/4
    near = equilibria(izhikevich(b=0.25, a=0.02), I=fold - 1e-6)
    assert near.complete
    distance = np.sqrt(1e-6 / 0.04)
    assert_allclose([p.state[0] + 59.375 for p in near], [-distance, distance], rtol=1e-7)
    assert [p.kind for p in near] == ["unstable node", "saddle"]
    beyond = equilibria(izhikevich(b=0.25), I=fold + 1e-6)
    assert (len(beyond), beyond.complete) == (0, True)
    assert beyond.message == "no equilibrium with v in [-1390, 1340]: proven, none outside either"


@pytest.mark.parametrize("fold", [39.963153092745, -9.9490393226231])
def test_morris_lecar_next_to_its_folds(fold: float) -> None:
    counts = [len(equilibria(morris_lecar("snlc"), I=fold + d)) for d in (-1e-6, 1e-6)]
    assert sorted(counts) == [1, 3]


def test_exact_fold_is_reported_not_decided() -> None:
    """The fold I = (5 - b)^2/0.16 - 140 is a float for b = 1/4."""
    found = equilibria(izhikevich(b=0.25), I=1.015625)
    assert not found.complete
    assert not found.everywhere
    (point,) = found
    assert point.kind == "saddle-node"
    assert not point.stable
    assert point.enclosure is None
    assert_allclose(point.state, [-59.375, -59.375 / 4], rtol=1e-12)
    assert point.residual < 1e-13
    assert "holds a saddle-node point to rounding, two, one or none equilibria" in found.message


@pytest.mark.parametrize(("off", "count"), [(-1e-6, 2), (-1e-12, 2), (1e-12, 0), (1e-6, 0)])
def test_fold_of_the_default_izhikevich_neuron_is_resolved(off: float, count: int) -> None:
    """Two equilibria 1e-5 mV apart are told from none by the mean value theorem."""
    found = equilibria(izhikevich(), I=4.0 + off)
    assert (len(found), found.complete) == (count, True)
    assert found.provenance["boxes"] < 700


def test_fold_of_the_default_izhikevich_neuron() -> None:
    (point,) = equilibria(izhikevich(), I=4.0)
    assert_allclose(point.state, [-60.0, -12.0], rtol=1e-12)


def test_fold_beside_a_regular_equilibrium() -> None:
    found = equilibria(define("double", drift={"v": "(v - 1)**2*(v + 2)"}, parameters={}))
    assert [p.kind for p in found] == ["unstable node", "saddle-node"]
    assert_allclose([p.state[0] for p in found], [-2.0, 1.0], atol=1e-9)
    assert found[0].enclosure is not None


def test_cusp_is_degenerate() -> None:
    found = equilibria(fitzhugh_nagumo(a=0.5, b=1.0), I=0.5)  # v^3 = 0
    assert not found.complete
    (point,) = found
    assert point.kind == "degenerate"
    assert_allclose(point.state, [0.0, 0.5], atol=1e-5)


def test_fold_in_two_unknowns() -> None:
    drift = {"v": "(v - 1)**2 + sin(w)**2*(1 + v**2)/4 - w", "w": "w*exp(w) + w**3"}
    found = equilibria(define("flat", drift=drift, parameters={}, domain={"w": (-1.0, 1.0)}))
    assert not found.complete
    assert any(p.kind == "saddle-node" and np.allclose(p.state, [1, 0], atol=1e-8) for p in found)


# --- what is reported of each


@pytest.mark.parametrize("name", NEURONS)
def test_every_model(name: str) -> None:
    model = NEURONS[name]()
    if name in ("qif", "theta_neuron"):  # at their fold by default
        model = model.with_parameters(I=-1.0)
    found = equilibria(model)
    assert found.complete
    assert found.everywhere
    f = field(found.model)
    for point in found:
        assert_allclose(point.residual, np.abs(f.f(point.state)).max(), atol=1e-15)
        assert point.residual < 1e-12
        assert point.enclosure is not None
        assert (point.enclosure[:, 0] <= point.state).all()
        assert (point.state <= point.enclosure[:, 1]).all()
        assert (np.diff(point.enclosure)[:, 0] <= 1e-10 * (1 + np.abs(point.state))).all()
        assert_allclose(np.sort_complex(point.eigenvalues), eigenvalues(f, point.state))
        assert point.stable == (point.eigenvalues.real.max() < 0)
        assert (np.diff(point.eigenvalues.real) <= 0).all()


def eigenvalues(f: Any, state: Any) -> Any:
    return np.sort_complex(np.linalg.eigvals(f.jac(state)))


def test_enclosure_holds_the_zero_to_40_digits() -> None:
    found = equilibria(hodgkin_huxley(), I=10.0)
    enclosure = found[0].enclosure
    assert enclosure is not None
    drift = found.model.equations.drift
    names = {
        sp.Symbol(k, real=True): sp.Rational(float(v)) for k, v in found.model.parameters.items()
    }
    states = found.model.equations.states
    exact = [rate.subs(names).rewrite(sp.exp) for rate in drift]
    f = sp.lambdify(states, exact, modules="mpmath")
    library = importlib.import_module("mpmath")
    with library.workdps(40):
        zero = library.findroot(lambda *x: f(*x), [float(v) for v in found[0].state])
        for value, (lo, hi) in zip(zero, enclosure.tolist(), strict=True):
            assert lo <= value <= hi


def test_closed_forms() -> None:
    v_minus, v_plus = (p.state[0] for p in equilibria(qif(), I=-4.0))
    assert_allclose([v_minus, v_plus], [-2, 2], rtol=1e-14)
    angles = [p.state[0] for p in equilibria(theta_neuron(), I=-4.0)]
    assert_allclose(angles, [-2 * np.arctan(2.0), 2 * np.arctan(2.0)], rtol=1e-14)
    assert len(equilibria(theta_neuron(), I=0.1)) == 0
    assert_allclose(equilibria(lif(), drive=7.0)[0].state, [-58.0], rtol=1e-14)
    (rest,) = equilibria(glif(a=0.01), I=0.5)  # V = E_L + I/g_L, Theta = Theta_inf + a/b (V - E_L)
    assert_allclose(rest.state, [-60.0, -40.0, 0.0], atol=1e-12)
    assert len(equilibria(eif(), I=545.9)) == 2  # rheobase 546 pA
    assert len(equilibria(eif(), I=546.1)) == 0
    assert len(equilibria(adex(), I=627.31)) == 2
    assert len(equilibria(adex(), I=627.3112)) == 0
    (point,) = equilibria(fitzhugh_nagumo(b=0.0), I=0.3)
    assert_allclose(point.state, [-0.7, -0.7 + 0.343 / 3 + 0.3], rtol=1e-14)


def test_admissible_is_below_the_threshold() -> None:
    above = equilibria(lif(), drive=30.0)
    assert not above[0].admissible
    assert "above threshold" in above.table()
    assert equilibria(lif(), drive=10.0)[0].admissible
    low, high = equilibria(adex(v_peak=-46.0))
    assert (low.admissible, high.admissible) == (True, False)
    # glif's threshold is a state: V = -50 is below Theta = -30, but not below Theta = -50
    assert equilibria(glif(a=0.01), I=1.0)[0].admissible
    assert not equilibria(glif(a=0.0), I=1.0)[0].admissible
    assert equilibria(hodgkin_huxley(), I=1e4)[0].admissible


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([-1.0], "stable node"),
        ([0.3], "unstable node"),
        ([0.0], "degenerate"),
        ([-1, -2], "stable node"),
        ([1, 2], "unstable node"),
        ([-1, 2], "saddle"),
        ([-1 + 1j, -1 - 1j], "stable focus"),
        ([1 + 1j, 1 - 1j], "unstable focus"),
        ([1j, -1j], "centre"),
        ([1e-14 + 1j, 1e-14 - 1j], "centre"),
        ([-1, 0], "degenerate"),
        ([0, 0], "degenerate"),
        ([-3, -1 + 1j, -1 - 1j], "stable focus"),
        ([3, -1 + 1j, -1 - 1j], "saddle-focus"),
        ([-3, 1 + 1j, 1 - 1j], "saddle-focus"),
        ([-3, 1, 2], "saddle"),
        ([-3, 1j, -1j], "centre"),
        ([np.nan, 1], "degenerate"),
    ],
)
def test_types(values: list[complex], kind: str) -> None:
    assert classify(values) == kind


def test_newton_converges_quadratically() -> None:
    """|e_new| <= C |e|^2 with C = |F''|/(2 |F'|) for the cubic; here F' = -1.25, F'' = 1."""
    f = field(define("cubic", drift={"v": "v - v**3/3 - 7/24 + (v + 1/2)/9"}, parameters={}))
    root = float(mp.findroot(lambda v: v - v**3 / 3 - mp.mpf(7) / 24 + (v + 0.5) / 9, 0.2))
    x, errors = np.array([root + 0.02]), []
    for _ in range(3):
        errors.append(abs(x[0] - root))
        x, _ = polish(f, x, steps=1)
    ratios = [new / old**2 for old, new in pairwise(errors)]
    limit = abs(root) / (1 - root**2 + 1 / 9)  # |F''|/(2|F'|) with F'' = -2 v
    assert_allclose(ratios[-1], limit, rtol=0.01)
    x, residual = polish(f, np.array([0.8]))
    assert residual < 1e-16
    assert_allclose(x[0], root, rtol=1e-15)


def test_order_does_not_depend_on_the_search() -> None:
    found = equilibria(morris_lecar("snlc"), I=20.0)
    first = [p.state[0] for p in found]
    assert len(first) == 3
    assert first == sorted(first)
    assert isinstance(found[:2], tuple)
    assert found.table().splitlines()[-1] == found.message


# --- the box


def test_box_restricts_and_says_so() -> None:
    everything = equilibria(morris_lecar("snlc"), I=20.0)
    low = equilibria(morris_lecar("snlc"), I=20.0, box={"V": (-60, -20)})
    assert [p.state[0] for p in low] == [p.state[0] for p in everything if -60 < p.state[0] < -20]
    assert low.box == {"V": (-60.0, -20.0)}
    assert not low.everywhere
    gate = equilibria(morris_lecar("snlc"), I=20.0, box={"w": (0.1, 1)})
    assert len(gate) == sum(p.state[1] > 0.1 for p in everything) == 1
    assert set(gate.box) == {"V", "w"}
    assert not gate.everywhere  # others were left out on purpose
    assert equilibria(morris_lecar("snlc"), I=20.0, box={"V": (-100, 90)}).everywhere
    assert not equilibria(theta_neuron(), I=-1.0, box={"theta": (-1, 1)}).everywhere
    none = equilibria(morris_lecar(), box={"V": (0, 100)})
    assert (len(none), none.complete) == (0, True)
    assert none.message == "no equilibrium with V in [0, 100]: proven"


def test_equilibrium_on_the_edge_of_the_box_counts() -> None:
    model = define("edge", drift={"v": "v*(v - 1)*(v - 2)"}, parameters={})
    assert [round(p.state[0]) for p in equilibria(model, box={"v": (0, 1)})] == [0, 1]


def test_box_of_a_few_floats() -> None:
    """Smaller boxes than floats can tell apart are not asked for."""
    model = define("far", drift={"v": "v**2 - 10**12"}, parameters={})
    found = equilibria(model, box={"v": (1e6 - 1e-9, 1e6 + 1e-9)})
    assert [p.state[0] for p in found] == [1e6]
    assert found.complete
    assert found.provenance["boxes"] < 1000


def test_enormous_box() -> None:
    found = equilibria(fitzhugh_nagumo(), I=0.5, box={"v": (-1e100, 1e90)})
    assert found.complete
    assert_allclose(found[0].state, equilibria(fitzhugh_nagumo(), I=0.5)[0].state, rtol=1e-14)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ({"W": (0, 1)}, r"box\['W'\] = \(0, 1\): a state. allowed: 'V', 'w'"),
        ({"V": (1, 0)}, r"box\['V'\] = \(1, 0\): \(low, high\) with low < high"),
        ({"V": (0, 0)}, "low < high"),
        ({"V": (0, np.inf)}, "finite"),
        ({"V": (np.nan, 1)}, "finite"),
        ({"V": 3}, "low < high"),
        ({"V": ("a", "b")}, "low < high"),
    ],
)
def test_bad_boxes(box: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        equilibria(morris_lecar(), box=box)


def test_bad_parameters() -> None:
    with pytest.raises(InputError, match="did you mean"):
        equilibria(morris_lecar(), g_ca=1.0)
    with pytest.raises(InputError, match=r"C = 0\.0"):
        equilibria(morris_lecar(), C=0.0)


# --- formulas of all sorts


def found_states(drift: dict[str, str]) -> tuple[Equilibria, list[float]]:
    found = equilibria(define("own", drift=drift, parameters={}))
    return found, [float(p.state[0]) for p in found]


def test_partly_undefined_formulas() -> None:
    found, states = found_states({"v": "sqrt(v) - 2 + log(v)/8"})
    assert found.complete
    root = float(mp.findroot(lambda v: mp.sqrt(v) - 2 + mp.log(v) / 8, 3))
    assert_allclose(states, [root], rtol=1e-14)
    found, states = found_states({"v": "v**1.5 + 1"})  # 1 at the edge, undefined beyond
    assert states == []


def test_pieces_and_kinks() -> None:
    found, states = found_states({"v": "Piecewise((v - 1, v > 0), (-v - 1, True))"})
    assert found.complete
    assert_allclose(states, [-1, 1], rtol=1e-14)
    found, states = found_states({"v": "Max(v, 0) - 1/2 + Abs(v)/4"})
    assert_allclose(states, [0.4, -2.0][::-1] if len(states) == 2 else [0.4], rtol=1e-14)


@pytest.mark.parametrize(
    "jump", ["Heaviside(v - 0.3) - 1/2", "Piecewise((v + 1, v > 0.3), (v - 1, True))"]
)
def test_a_jump_over_zero_is_no_equilibrium(jump: str) -> None:
    """The drift changes sign at 0.3 without being zero: nothing may be certified there."""
    found, _ = found_states({"v": jump})
    assert not any(abs(p.state[0] - 0.3) < 1e-3 for p in found)
    assert "not decided: v in [0.3" in found.message or "0.29999" in found.message


def test_steep_gates_that_overflow() -> None:
    """A gate with slope 0.1 mV: exp(15000) at the edge of the box."""
    gate = "1/(1 + exp(-(v + 40)/0.1))"
    drift = {"v": "10*w*(40 - v) - (v + 70)", "w": f"({gate} - w)*cosh((v + 40)/0.2)"}
    found, states = found_states(drift)
    assert found.complete
    assert len(states) == 3


def test_a_line_of_equilibria_ends_with_a_status() -> None:
    found = equilibria(define("line", drift={"v": "w*(1 - v)", "w": "0*v"}, parameters={}))
    assert not found.complete
    assert "narrow the box" in found.message


def test_coefficient_that_vanishes_is_not_divided_by() -> None:
    """w' = (v - 1) w: for v = 1 any w will do, and v' picks w = 2 there."""
    found = equilibria(define("own", drift={"v": "w - v**2 - 1", "w": "(v - 1)*w"}, parameters={}))
    assert found.complete
    assert_allclose([p.state for p in found], [[1.0, 2.0]], atol=1e-12)


def test_everywhere_is_claimed_only_if_proven() -> None:
    found, states = found_states({"v": "sin(v)"})
    assert found.complete
    assert len(states) == 2 * int(2100 / np.pi) + 1
    assert not found.everywhere
    far, states = found_states({"v": "(v - 1)*(v - 1e5)"})
    assert states == [1.0]
    assert far.complete
    assert not far.everywhere
    assert "outside" not in far.message


def test_unsupported_function_is_named() -> None:
    with pytest.raises(InputError, match=r"erf.*functions with an interval version"):
        equilibria(define("own", drift={"v": "erf(v) - 1/2"}, parameters={}))
