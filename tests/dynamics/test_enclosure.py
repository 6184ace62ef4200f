"""Enclosures of folds and Hopf points: they hold closed forms and published proofs."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.dynamics.equilibrium.enclosure import Enclosure, enclose
from causal_snn.dynamics.equilibrium.equilibria import equilibria
from causal_snn.dynamics.interval.arithmetic import Interval, matmul
from causal_snn.dynamics.interval.verify import krawczyk, solve
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.errors import InputError
from causal_snn.models import (
    NeuronModel,
    adex,
    define,
    fitzhugh_nagumo,
    hodgkin_huxley,
    izhikevich,
    morris_lecar,
    qif,
)

mp = importlib.import_module("mpmath").mp.clone()  # has no types
mp.dps = 40


def special(
    label: str, model: NeuronModel, parameter: str, value: float, state: Any = None
) -> SpecialPoint:
    model = model.with_parameters(**{parameter: value})
    if state is None:
        state = equilibria(model)[0].state
    return SpecialPoint(
        label=label,
        name=f"{label}1",
        parameter=parameter,
        value=value,
        state=np.asarray(state, dtype=float),
        model=model,
        index=1,
    )


def holds(pair: tuple[float, float] | None, truth: Any) -> bool:
    assert pair is not None
    return bool(mp.mpf(pair[0]) <= truth <= mp.mpf(pair[1]))


def relative_width(pair: tuple[float, float] | None) -> float:
    assert pair is not None
    return (pair[1] - pair[0]) / abs(pair[0])


# --- Hodgkin-Huxley: Hendrick's computer-assisted proof at the 1952 parameters


@pytest.mark.parametrize(
    ("value", "proven", "l1", "kind"),
    [
        (9.77543799, ("9.775437995393", "9.775437995394"), "0.01479364813", "subcritical"),
        (154.5224336, ("154.522433665808", "154.522433665809"), "-0.0047285027", "supercritical"),
    ],
)
def test_hodgkin_huxley_agrees_with_a_published_proof(
    value: float, proven: tuple[str, str], l1: str, kind: str
) -> None:
    found = enclose(special("HB", hodgkin_huxley(), "I", value))
    assert found.verified
    assert found.value is not None
    assert found.l1 is not None
    lo, hi = map(mp.mpf, proven)
    assert mp.mpf(found.value[0]) <= hi  # two proofs of one number must overlap
    assert lo <= mp.mpf(found.value[1])
    assert relative_width(found.value) < 1e-12
    assert found.criticality == kind
    assert abs(found.l1[0] - float(l1)) < 1e-11
    assert abs(found.l1[1] - found.l1[0]) < 1e-12
    assert found.omega is not None
    assert "Hopf" in found.reason


# --- closed forms, evaluated to 40 digits for the floats in use


@settings(max_examples=10)
@given(b=st.floats(0.1, 0.4), a=st.floats(0.01, 0.09))
def test_izhikevich_closed_forms(a: float, b: float) -> None:
    s, t = mp.mpf(a), mp.mpf(b)
    v_sn, i_sn = -(5 - t) / mp.mpf("0.08"), (5 - t) ** 2 / mp.mpf("0.16") - 140
    v_h, i_h = (s - 5) / mp.mpf("0.08"), i_sn - (t - s) ** 2 / mp.mpf("0.16")
    model = izhikevich(a=a, b=b)
    fold = enclose(special("LP", model, "I", float(i_sn), [float(v_sn), b * float(v_sn)]))
    assert holds(fold.value, i_sn)
    assert fold.state is not None
    assert holds(tuple(fold.state[0]), v_sn)
    assert holds(tuple(fold.state[1]), t * v_sn)
    assert (fold.omega, fold.l1, fold.criticality) == (None, None, "")
    hopf = enclose(special("HB", model, "I", float(i_h), [float(v_h), b * float(v_h)]))
    assert holds(hopf.value, i_h)
    assert holds(hopf.omega, mp.sqrt(s * (t - s)))
    assert hopf.criticality == "subcritical"  # F''' = 0 and F'' > 0
    for found in (fold, hopf):
        assert found.verified
        assert found.value is not None
        assert found.value[1] - found.value[0] < 1e-11


def test_izhikevich_first_lyapunov_coefficient() -> None:
    """By the formula for planar systems: +0.1475579165 at a = 0.02, b = 0.2."""
    found = enclose(special("HB", izhikevich(), "I", 3.7975, [-62.25, -12.45]))
    assert found.l1 is not None
    assert abs(found.l1[0] - 0.1475579165) < 1e-10
    assert found.l1[1] - found.l1[0] < 1e-12


def test_rotational_cubic_has_minus_two() -> None:
    """Convention: x' = m x - y - x(x^2 + y^2), y' = x + m y - y(x^2 + y^2) has l1 = -2."""
    drift = {"x": "m*x - y - x*(x**2 + y**2)", "y": "x + m*y - y*(x**2 + y**2)"}
    model = define("turn", drift=drift, parameters={"m": 0.0})
    found = enclose(special("HB", model, "m", 1e-9, [1e-9, 0.0]))
    assert found.verified
    assert holds(found.value, 0)
    assert holds(found.omega, 1)
    assert holds(found.l1, -2)
    assert found.criticality == "supercritical"


def test_fitzhugh_nagumo_hopf() -> None:
    """v = -sqrt(1 - epsilon b), omega = sqrt(epsilon - (epsilon b)^2)."""
    a, b, e = mp.mpf(0.7), mp.mpf(0.8), mp.mpf(0.08)
    v = -mp.sqrt(1 - e * b)
    current = (v + a) / b - v + v**3 / 3
    found = enclose(special("HB", fitzhugh_nagumo(), "I", float(current)))
    assert holds(found.value, current)
    assert holds(found.omega, mp.sqrt(e - (e * b) ** 2))
    assert found.l1 is not None
    assert abs(found.l1[0] - 0.971971082) < 1e-9
    assert relative_width(found.value) < 1e-12


def test_adex_closed_forms() -> None:
    """Touboul and Brette 2008, for the parameters of Brette and Gerstner 2005."""
    capacity, leak, rest, foot, slope = (mp.mpf(x) for x in (281.0, 30.0, -70.6, -50.4, 2.0))
    a, tau = mp.mpf(4.0), mp.mpf(144.0)
    base, ratio = (leak + a) * (foot - rest - slope), capacity / leak / tau
    i_sn = base + (leak + a) * slope * mp.log(1 + a / leak)
    i_h = base + (leak + a) * slope * mp.log(1 + ratio) + slope * leak * (a / leak - ratio)
    v_sn, v_h = foot + slope * mp.log(1 + a / leak), foot + slope * mp.log(1 + ratio)
    for label, current, v in (("LP", i_sn, v_sn), ("HB", i_h, v_h)):
        state = [float(v), float(a * (v - rest))]
        found = enclose(special(label, adex(), "I", float(current), state))
        assert found.verified
        assert holds(found.value, current)
        assert relative_width(found.value) < 1e-13
    assert found.l1 is not None
    assert abs(found.l1[0] - 1.882481489) < 1e-8


def test_adex_fold_in_another_parameter() -> None:
    """At I = 546 pA + the drive of a: the rheobase in V_T, with a = 0."""
    found = enclose(special("LP", adex(a=0.0, I=600.0), "V_T", -48.6, [-48.6, 0.0]))
    assert found.verified
    # I = g_L (V_T - E_L - Delta_T), so V_T = I/g_L + E_L + Delta_T
    assert holds(found.value, mp.mpf(600) / 30 + mp.mpf(-70.6) + 2)


@pytest.mark.parametrize(
    ("regime", "current", "l1"),
    [
        ("hopf", 93.857618373725, 6.543186722e-3),
        ("hopf", 212.01881610037, 3.668292046e-3),
        ("snlc", 97.787888964024, 2.109001622e-3),
    ],
)
def test_morris_lecar_hopf_points(regime: str, current: float, l1: float) -> None:
    found = enclose(special("HB", morris_lecar(regime), "I", current))
    assert found.verified
    assert found.value is not None
    assert found.value[0] - 1e-12 * current < current < found.value[1] + 1e-12 * current
    assert found.l1 is not None
    assert abs(found.l1[0] - l1) < 1e-11
    assert found.criticality == "subcritical"


def test_morris_lecar_folds() -> None:
    for current, v in ((39.963153092745, -29.3897774), (-9.9490393226231, -4.0485178)):
        w = 0.5 * (1 + np.tanh((v - 12.0) / 17.4))
        found = enclose(special("LP", morris_lecar("snlc"), "I", current, [v, w]))
        assert found.verified
        assert found.value is not None
        assert found.value[0] - 5e-13 < current < found.value[1] + 5e-13


def test_one_state() -> None:
    found = enclose(special("LP", qif(), "I", 1e-7, [1e-5]))
    assert found.verified
    assert holds(found.value, 0)
    assert found.state is not None
    assert holds(tuple(found.state[0]), 0)


# --- no false proofs


@pytest.mark.parametrize(
    "point",
    [
        # no Hopf point: a node, and no complex pair anywhere near
        special(
            "HB", define("node", drift={"x": "-x", "y": "-2*y"}, parameters={"m": 0.0}), "m", 0.0
        ),
        # a neutral saddle: eigenvalues +1 and -1 sum to zero
        special(
            "HB",
            define("saddle", drift={"x": "x + m*y", "y": "-y"}, parameters={"m": 0.0}),
            "m",
            0.0,
        ),
        # no fold: transcritical points and cusps are not quadratic folds
        special(
            "LP", define("cross", drift={"x": "m*x - x**2"}, parameters={"m": 0.0}), "m", 0.0, [0.0]
        ),
        special(
            "LP", define("cusp", drift={"x": "m - x**3"}, parameters={"m": 0.0}), "m", 0.0, [0.0]
        ),
        # a centre for every value: nothing crosses
        special(
            "HB", define("still", drift={"x": "-y", "y": "x"}, parameters={"m": 0.0}), "m", 0.0
        ),
        # touches the axis without crossing it
        special(
            "HB",
            define("touch", drift={"x": "-m**2*x - y", "y": "x - m**2*y"}, parameters={"m": 0.0}),
            "m",
            0.0,
            [0.0, 0.0],
        ),
        # nowhere near an equilibrium
        special(
            "LP", define("none", drift={"x": "1 + x**2"}, parameters={"m": 0.0}), "m", 0.0, [0.0]
        ),
        special("HB", izhikevich(), "I", 3.7975, [np.nan, 0.0]),
    ],
    ids=lambda point: point.model.name,
)
def test_nothing_is_proven_where_nothing_is(point: SpecialPoint) -> None:
    found = enclose(point)
    assert not found.verified
    assert found.reason.startswith("no proof")
    assert (found.value, found.state, found.l1, found.criticality) == (None, None, None, "")


def test_bogdanov_takens_point_is_no_hopf_point() -> None:
    """At b = a omega is zero."""
    found = enclose(special("HB", izhikevich(a=0.25, b=0.25), "I", 1.015625, [-59.375, -14.84375]))
    assert not found.verified


def test_other_kinds_are_refused() -> None:
    with pytest.raises(InputError, match=r"point = 'PD1': a fold \(LP\) or a Hopf point"):
        enclose(special("PD", qif(), "I", 0.0, [0.0]))


def test_unknown_parameter_is_refused() -> None:
    point = special("LP", qif(), "I", 0.0, [0.0])
    wrong = SpecialPoint(
        label="LP", name="LP1", parameter="J", value=0.0, state=point.state, model=qif(), index=1
    )
    with pytest.raises(InputError, match="no such parameter"):
        enclose(wrong)


def test_sign_of_l1_is_claimed_only_if_proven() -> None:
    undecided = Enclosure("HB1", "I", True, "", l1=(-1e-9, 1e-9))
    assert undecided.criticality == ""
    assert Enclosure("HB1", "I", True, "", l1=(1e-9, 2e-9)).criticality == "subcritical"
    assert Enclosure("HB1", "I", True, "", l1=(-2e-9, -1e-9)).criticality == "supercritical"


# --- Krawczyk's operator itself


def test_krawczyk_encloses_and_refuses() -> None:
    def g(z: Interval) -> Interval:
        return z**2 - 2

    def slopes(z: Interval) -> Interval:
        return (2 * z)[:, None]

    found = krawczyk(g, slopes, np.array([1.3]))
    assert found is not None
    assert holds((float(found.lo[0]), float(found.hi[0])), mp.sqrt(2))
    assert found.width[0] < 1e-14
    assert krawczyk(lambda z: z**2 + 1, slopes, np.array([0.3])) is None
    assert krawczyk(lambda z: z**2, slopes, np.array([1e-3])) is None  # double zero
    assert krawczyk(lambda z: z**2, slopes, np.array([0.0])) is None


def test_linear_systems_are_enclosed() -> None:
    rng = np.random.default_rng(5)
    matrix, x = rng.normal(size=(6, 6)), rng.integers(-9, 9, 6).astype(float)
    exact = mp.matrix(matrix.tolist()) * mp.matrix(x.tolist())
    lo = np.array([float(v) for v in exact])
    right = Interval(np.nextafter(lo, -np.inf), np.nextafter(lo, np.inf))
    found = solve(Interval(matrix, matrix), right)
    assert found is not None
    assert (found.lo <= x).all()
    assert (x <= found.hi).all()
    assert found.width.max() < 1e-11
    assert not np.any(matmul(Interval.of(matrix), found[:, None])[:, 0].lo > right.hi)
    singular = np.ones((2, 2))
    assert solve(Interval(singular - 0.1, singular + 0.1), Interval.of(np.ones(2))) is None
