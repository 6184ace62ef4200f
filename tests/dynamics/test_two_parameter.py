"""Folds and Hopf points in two parameters: published and closed-form points of codimension two."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from causal_snn import models
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.field import field
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.dynamics.two_parameter.curve import CodimOneCurve
from causal_snn.dynamics.two_parameter.two_parameter import continue_special
from causal_snn.errors import InputError
from causal_snn.models.define import define


@cache
def snlc(name: str) -> SpecialPoint:
    return continue_equilibria(models.morris_lecar("snlc"), "I", (-50, 300)).special[name]


@pytest.mark.parametrize(
    ("name", "value", "phi"),
    [("LP1", 39.963153092745, 0.0118103680496), ("LP2", -9.9490393226231, 0.390961956183)],
)
def test_bogdanov_takens_on_the_folds_of_morris_lecar(name: str, value: float, phi: float) -> None:
    curve = continue_special(snlc(name), "phi", (0.005, 0.5))
    # phi changes no equilibrium, so the folds stay where they are
    assert curve.values[:, 0] == pytest.approx(value, rel=1e-10)
    (point,) = curve.special
    assert (point.label, point.converged) == ("BT", True)
    assert point.value == pytest.approx(value, rel=1e-12)
    assert point.details["phi"] == pytest.approx(phi, rel=1e-11)
    assert np.abs(point.eigenvalues).max() < 1e-7
    assert float(point.model.parameters["phi"]) == point.details["phi"]


def test_hopf_curve_ends_in_the_same_bogdanov_takens_point() -> None:
    curve = continue_special(snlc("HB1"), "phi", (0.005, 0.5))
    fold = continue_special(snlc("LP2"), "phi", (0.005, 0.5)).special["BT"]
    end = curve.special["BT"]
    assert "Bogdanov-Takens point: omega = 0" in curve.stopped
    assert end.value == pytest.approx(fold.value, rel=1e-13)
    assert end.details["phi"] == pytest.approx(fold.details["phi"], rel=1e-12)
    for key in ("bt_a", "bt_b"):
        assert end.details[key] == pytest.approx(fold.details[key], rel=1e-6)
    assert curve.omega.min() == 0
    _pure_imaginary(curve)


def _pure_imaginary(curve: CodimOneCurve) -> None:
    f = field(curve.model)
    for values, state, omega in zip(curve.values, curve.states, curve.omega, strict=True):
        own = dict(zip(curve.parameters, values.tolist(), strict=True))
        rates, jacobian = f.f_jac(state, tuple(own.get(n, v) for n, v in f.values().items()))
        reach = (np.abs(jacobian) @ np.maximum(np.abs(state), 1e-3)).max()
        assert np.abs(rates).max() < 1e-9 * reach
        # det(J - i omega) = 0, and omega = sqrt(det J) with trace J = 0 for two states
        shifted = jacobian - 1j * omega * np.eye(len(state))
        assert np.linalg.svd(shifted)[1][-1] < 1e-9 * np.abs(jacobian).max()


@pytest.mark.parametrize("parameter", ["g_K", "phi", "E_K"])
def test_hodgkin_huxley_curves_are_hopf_points(parameter: str) -> None:
    """Each crossing of a line of constant second parameter is what one-parameter work finds."""
    span = {"g_K": (5, 60), "phi": (0.1, 5), "E_K": (-90, -60)}[parameter]
    model = models.hodgkin_huxley()
    start = continue_equilibria(model, "I", (0, 200)).special["HB1"]
    curve = continue_special(start, parameter, span)
    _pure_imaginary(curve)
    level = float(np.mean(span)) + 0.123
    side = curve.values[:, 1] > level
    crossed = np.flatnonzero(side[1:] != side[:-1])
    there = model.with_parameters(**{parameter: level})
    branch = continue_equilibria(there, "I", (-20, 250))
    assert len(crossed) >= 1
    for k in crossed:
        (a, b), (c, d) = curve.values[k : k + 2]
        between = a + (c - a) * (level - b) / (d - b)
        assert min(abs(p.value - between) for p in branch.special.of("HB")) < 0.05
    for point in curve.special.of("GH"):
        own = continue_equilibria(
            point.model,
            "I",
            (point.value - 3, point.value + 3),
        ).special
        l1 = min((p for p in own.of("HB")), key=lambda p: abs(p.value - point.value)).l1
        assert l1 == pytest.approx(0, abs=1e-9)


def test_bogdanov_takens_of_izhikevich_and_adex() -> None:
    """At b = a, I = I_SN(a) (quadratic); at a = C/tau_w with g_L + a = g_L exp(...) (AdEx)."""
    izhikevich = continue_equilibria(models.izhikevich(), "I", (-50, 10)).special
    for name in ("LP1", "HB1"):
        point = continue_special(izhikevich[name], "b", (0.01, 1.0)).special["BT"]
        assert point.details["b"] == pytest.approx(0.02, rel=1e-11)
        assert point.value == pytest.approx((5 - 0.02) ** 2 / 0.16 - 140, rel=1e-12)
    adex = continue_equilibria(models.adex(), "I", (0, 1000)).special
    for name in ("LP1", "HB1"):
        point = continue_special(adex[name], "a", (-2, 10)).special["BT"]
        assert point.details["a"] == pytest.approx(281 / 144, rel=1e-11)
        assert point.value == pytest.approx(585.542320212, abs=1e-9)
    hopf = continue_special(adex["HB1"], "a", (-2, 10))
    # Touboul and Brette 2008: exp((V - V_T)/Delta_T) = 1 + tau_m/tau_w at every Hopf point
    expected = -50.4 + 2 * np.log(1 + 281 / 30 / 144)
    assert hopf.states[:, 0] == pytest.approx(expected, rel=1e-10)
    assert np.nanmin(hopf.l1) > 0


def test_normal_form_of_bogdanov_takens() -> None:
    """x' = y, y' = b1 + b2 x + 3 x^2 + s x y at the origin: a = 3, b = s."""
    for s in (-1.0, 2.0):
        model = define(
            "bt",
            drift={"x": "y", "y": "b1 + b2*x + 3*x**2 + s*x*y"},
            parameters={"b1": -1.0, "b2": -0.5, "s": s},
            domain={"x": (-3, 3), "y": (-3, 3)},
        )
        special = continue_equilibria(model, "b1", (-1, 1)).special
        for name in ("LP1", "HB1"):
            (point,) = continue_special(special[name], "b2", (-1, 1)).special
            assert point.label == "BT"
            assert (point.value, point.details["b2"]) == pytest.approx((0, 0), abs=1e-12)
            found = point.details["bt_a"], point.details["bt_b"]
            assert found == pytest.approx((3, s), rel=1e-9)


def test_normal_form_of_bogdanov_takens_in_other_coordinates() -> None:
    """The same flow seen in u, v with x = u + v/2, y = u/2 + v: a and b times 1/|q0|."""
    rate = "(b1 + b2*(u + v/2) + 3*(u + v/2)**2 - (u + v/2)*(u/2 + v))"
    model = define(
        "sheared",
        drift={"u": f"4/3*(u/2 + v - {rate}/2)", "v": f"4/3*({rate} - (u/2 + v)/2)"},
        parameters={"b1": -1.0, "b2": -0.5},
        domain={"u": (-3, 3), "v": (-20, 40)},
    )
    fold = continue_equilibria(model, "b1", (-1, 1)).special["LP1"]
    (point,) = continue_special(fold, "b2", (-1, 1)).special
    size = 4 / 3 * np.hypot(1, 0.5)  # x = 1, y = 0 is u = 4/3, v = -2/3
    found = point.details["bt_a"], point.details["bt_b"]
    assert found == pytest.approx((3 / size, -1 / size), rel=1e-9)


def test_cusp_in_closed_form() -> None:
    """x' = r + s x - x^3 folds on 27 r^2 = 4 s^3; the two folds meet in the cusp."""
    model = define(
        "cusp",
        drift={"x": "r + s*x - x**3"},
        parameters={"r": 0.0, "s": 1.0},
        domain={"x": (-2, 2)},
    )
    fold = continue_equilibria(model, "r", (-2, 2)).special["LP1"]
    curve = continue_special(fold, "s", (-1, 1))
    r, s = curve.values.T
    assert 27 * r**2 == pytest.approx(4 * s**3, abs=1e-10)
    (point,) = curve.special
    assert point.label == "CP"
    assert (point.value, point.details["s"]) == pytest.approx((0, 0), abs=1e-12)
    assert r[0] == pytest.approx(-r[-1], rel=1e-9)  # it went through the cusp and out again
    assert s[0] == s[-1] == 1


def test_bautin_in_closed_form() -> None:
    """z' = (m + i) z + s z|z|^2 - z|z|^4 has l1 = 2 s: generalised Hopf at s = 0."""
    model = define(
        "bautin",
        drift={
            "x": "m*x - y + (s - 0.3)*x*(x**2 + y**2) - x*(x**2 + y**2)**2",
            "y": "x + m*y + (s - 0.3)*y*(x**2 + y**2) - y*(x**2 + y**2)**2",
        },
        parameters={"m": 0.0, "s": -0.5},
    )
    start = continue_equilibria(model, "m", (-1, 1)).special["HB"]
    curve = continue_special(start, "s", (-1, 1))
    assert curve.l1 == pytest.approx(2 * (curve.values[:, 1] - 0.3), abs=1e-12)
    assert curve.omega == pytest.approx(1, abs=1e-12)
    (point,) = curve.special
    assert (point.label, point.details["s"]) == ("GH", pytest.approx(0.3, abs=1e-12))


def test_zero_hopf_from_both_sides() -> None:
    """x' = m1 + x^2 + rho^2 with rotation growth m2 + x: fold x = 0, Hopf x = -m2."""
    model = define(
        "zh",
        drift={
            "x": "m1 + x**2 + y**2 + z**2",
            "y": "(m2 + x)*y - z",
            "z": "y + (m2 + x)*z",
        },
        parameters={"m1": -1.0, "m2": 0.3},
        domain={"x": (-2, 2), "y": (-2, 2), "z": (-2, 2)},
    )
    special = continue_equilibria(model, "m1", (-1, 1)).special
    for name in ("LP1", "HB1"):
        curve = continue_special(special[name], "m2", (-1, 1))
        (point,) = curve.special  # the pole of l1 is no generalised Hopf point
        assert point.label == "ZH"
        assert (point.value, point.details["m2"]) == pytest.approx((0, 0), abs=1e-10)


def test_neutral_saddle_on_a_fold_is_no_zero_hopf() -> None:
    """Other eigenvalues m2 and -1: their sum vanishes at m2 = 1, without rotation."""
    model = define(
        "fold3",
        drift={"x": "m1 + x**2", "y": "m2*y", "z": "-z"},
        parameters={"m1": -1.0, "m2": 0.5},
        domain={"x": (-2, 2), "y": (-2, 2), "z": (-2, 2)},
    )
    fold = continue_equilibria(model, "m1", (-1, 1), start=[-1.0, 0, 0]).special["LP1"]
    curve = continue_special(fold, "m2", (0.1, 2))
    assert not curve.special


def test_hopf_hopf() -> None:
    model = define(
        "hh",
        drift={"x": "m*x - y", "y": "x + m*y", "u": "(k - 0.2)*u - 3*w", "w": "3*u + (k - 0.2)*w"},
        parameters={"m": -0.5, "k": -0.5},
    )
    start = continue_equilibria(model, "m", (-1, 1)).special["HB1"]
    (point,) = continue_special(start, "k", (-1, 1)).special
    assert (point.label, point.details["k"]) == ("HH", pytest.approx(0.2, abs=1e-12))


def test_limits_and_reasons() -> None:
    curve = continue_special(snlc("HB1"), "phi", (0.005, 0.5), within=(0, 110))
    assert curve.stopped[0] != curve.stopped[1]
    assert all(why.startswith("left its range at I = ") for why in curve.stopped)
    assert sorted(curve.values[[0, -1], 0]) == [0.0, 110.0]
    short = continue_special(snlc("HB1"), "phi", (0.005, 0.5), max_points=4)
    assert all(why.startswith("max_points = 4 reached at I = ") for why in short.stopped)
    phi = float(snlc("HB1").model.parameters["phi"])
    one_way = continue_special(snlc("HB1"), "phi", (0.005, phi))
    assert one_way.stopped[0] == "the start of the span"
    assert one_way.values[-1, 1] == 0.005


def test_tables() -> None:
    curve = continue_special(snlc("HB1"), "phi", (0.005, 0.5))
    lines = curve.table().splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["EP", "GH1", "BT1", "EP"]
    frame = curve.to_dataframe()
    assert list(frame.columns) == ["I", "phi", "V", "w", "omega", "l1"]
    assert frame.attrs["units"]["phi"] == "1/ms"
    assert repr(curve).startswith("<CodimOneCurve of morris_lecar:")
    assert curve.provenance["span"] == [0.005, 0.5]


def test_bad_input_is_named() -> None:
    point = snlc("HB1")
    with pytest.raises(InputError, match="second = 'I': a parameter other than I"):
        continue_special(point, "I", (0, 100))
    with pytest.raises(InputError, match="did you mean 'phi'"):
        continue_special(point, "phy", (0, 100))
    with pytest.raises(InputError, match=r"a range that holds phi at the point, 0\.0666"):
        continue_special(point, "phi", (0.1, 0.5))
    with pytest.raises(InputError, match=r"within = .*holds I at the point"):
        continue_special(point, "phi", (0.01, 0.5), within=(0, 10))
    with pytest.raises(InputError, match=r"phi = -1\.0: a positive"):
        continue_special(point, "phi", (-1, 0.5))
    fork = define("pf", drift={"x": "r*x - x**3"}, parameters={"r": 0.0, "s": 0.0})
    with pytest.raises(InputError, match=r"point = .*a fold \(LP\) or a Hopf point"):
        continue_special(continue_equilibria(fork, "r", (-1, 1)).special["BP1"], "s", (-1, 1))
