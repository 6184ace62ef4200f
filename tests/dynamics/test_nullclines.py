"""Nullclines: on the curve by formulas written here by hand, complete along scan lines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq

from causal_snn import models
from causal_snn.dynamics.field import field
from causal_snn.dynamics.plane.nullclines import Nullcline, nullclines

Floats = NDArray[np.float64]
SQUARE = {"v": (-2.0, 2.0), "w": (-3.0, 3.0)}


def of(v: str, w: str = "1", domain: Any = SQUARE, **parameters: float) -> Nullcline:
    model = models.define("plane", drift={"v": v, "w": w}, parameters=parameters, domain=domain)
    return nullclines(field(model), model.equations.domain)[0]  # type: ignore[arg-type]


def ml(V: Floats, w: Floats, I: float) -> tuple[Floats, Floats]:  # noqa: E741
    m = 0.5 * (1 + np.tanh((V + 1.2) / 18))
    n = 0.5 * (1 + np.tanh((V - 2) / 30))
    dV = (I - 4.4 * m * (V - 120) - 8 * w * (V + 84) - 2 * (V + 60)) / 20
    return dV, 0.04 * (n - w) * np.cosh((V - 2) / 60)


def adex(V: Floats, w: Floats, I: float) -> tuple[Floats, Floats]:  # noqa: E741
    dV = (-30 * (V + 70.6) + 60 * np.exp((V + 50.4) / 2) - w + I) / 281
    return dV, (4 * (V + 70.6) - w) / 144


CASES = [
    (models.morris_lecar("hopf", I=90.0), lambda x, y: ml(x, y, 90.0)),
    (models.adex(I=500.0), lambda x, y: adex(x, y, 500.0)),
    (
        models.fitzhugh_nagumo(I=0.5),
        lambda x, y: (x - x**3 / 3 - y + 0.5, 0.08 * (x + 0.7 - 0.8 * y)),
    ),
    (
        models.izhikevich(I=3.0),
        lambda x, y: (0.04 * x**2 + 5 * x + 143 - y, 0.02 * (0.2 * x - y)),
    ),
]


@pytest.mark.parametrize(("model", "formula"), CASES, ids=lambda c: getattr(c, "name", ""))
def test_vertices_are_on_the_curve(model: Any, formula: Any) -> None:
    window = model.equations.domain
    for index, curve in enumerate(nullclines(field(model), window)):
        assert curve.state == model.states[index]
        assert curve.pieces
        assert curve.dropped == 0
        for piece in curve.pieces:
            assert np.abs(formula(*piece)[index]).max() < 1e-10
            for row, (low, high) in zip(piece, window, strict=True):
                assert row.min() >= low
                assert row.max() <= high
            # fine enough to draw
            widths = np.array([[high - low] for low, high in window])
            assert np.abs(np.diff(piece, axis=1) / widths).max() < 0.01
        assert curve.residual < 1e-10


def test_explicit_curves_end_on_the_border() -> None:
    v, _ = nullclines(field(models.fitzhugh_nagumo(I=0.5)), ((-2.5, 2.5), (-1.5, 2.5)))
    (piece,) = v.pieces
    assert v.methods == ("w = I - v**3/3 + v",)
    first = brentq(lambda x: x - x**3 / 3 + 0.5 - 2.5, -2.5, -2.0, xtol=1e-14)
    last = brentq(lambda x: x - x**3 / 3 + 0.5 + 1.5, 2.0, 2.5, xtol=1e-14)
    np.testing.assert_allclose(piece[:, 0], [first, 2.5], atol=1e-12)
    np.testing.assert_allclose(piece[:, -1], [last, -1.5], atol=1e-12)


def test_traced_curve_is_the_circle() -> None:
    for formula in ("v**2 + w**2 - 1", "(v**2 + w**2 - 1)*exp(v)/(2 + w**2)"):
        curve = of(formula)
        (ring,) = curve.pieces
        assert curve.methods == ("contour and Newton",)
        assert np.abs(np.hypot(*ring) - 1).max() < 1e-14
        assert ring[:, 0] == pytest.approx(ring[:, -1])
        length = np.hypot(*np.diff(ring, axis=1)).sum()
        assert length == pytest.approx(2 * math.pi, rel=1e-4)


def test_curves_break_at_poles() -> None:
    left, right = of("v*w - 1").pieces
    assert left[0].max() < 0 < right[0].min()
    assert np.abs(np.concatenate([left, right], axis=1).prod(axis=0) - 1).max() < 1e-12
    assert left[1].min() == -3.0  # followed to the border
    assert right[1].max() == 3.0
    branches = of("cos(3*v)*w - sin(3*v)").pieces
    assert len(branches) == 5
    for piece in branches:
        assert np.all(np.diff(piece[1]) > 0)


def test_factors_each_have_their_curves() -> None:
    curve = of("(v - 1)*(w - 2)*exp(v)/(1 + w**2)")
    assert sorted(curve.methods) == ["v = 1", "w = 2"]
    assert sorted(tuple(np.ptp(piece, axis=1) > 0) for piece in curve.pieces) == [
        (False, True),
        (True, False),
    ]
    # a common zero of a(v) + b(v) w that is no factor: v = 0 solves it for every w
    line = of("sin(v) + v*w")
    assert any(np.abs(piece[0]).max() < 1e-12 for piece in line.pieces)


def test_drift_of_one_state_only() -> None:
    across = of("v**3 - v")
    assert across.methods == ("zeros in v",) or len(across.methods) > 1
    found = sorted(float(piece[0, 0]) for piece in across.pieces)
    np.testing.assert_allclose(found, [-1.0, 0.0, 1.0], atol=1e-12)
    touching = of("1 - cos(w)")
    np.testing.assert_allclose([p[1] for p in touching.pieces], 0.0, atol=1e-7)
    between = of("1 - cos(w - 1/7)")  # not on a sample
    np.testing.assert_allclose([p[1] for p in between.pieces], [[1 / 7, 1 / 7]], atol=1e-7)
    assert of("1 + v**2").pieces == ()
    assert of("0").pieces == ()
    assert of("c - 1", c=2.0).pieces == ()


def test_a_jump_is_no_curve() -> None:
    low, high = of("Heaviside(v - 1/7, 1) - w").pieces
    assert np.all(low[1] == 0.0)
    assert np.all(high[1] == 1.0)
    assert low[0].max() == pytest.approx(1 / 7, abs=1e-8)
    assert high[0].min() == pytest.approx(1 / 7, abs=1e-8)


def test_steep_curves_are_followed() -> None:
    (step,) = of("w - 1000*tanh(200*v)").pieces
    assert np.abs(step[1] - 1000 * np.tanh(200 * step[0])).max() < 1e-9
    assert step[1, 0] == -3.0
    assert step[1, -1] == 3.0


@settings(max_examples=25)
@given(
    c=st.lists(st.floats(-2, 2), min_size=6, max_size=6).filter(
        lambda c: abs(c[3]) > 0.1 and abs(c[5]) > 0.1
    ),
    lines=st.lists(st.floats(-0.95, 0.95), min_size=4, max_size=4),
)
def test_no_crossing_of_a_scan_line_is_missed(c: list[float], lines: list[float]) -> None:
    # every conic that crosses a line transversally has a vertex near the crossing
    names: dict[str, Any] = dict(zip("abcdef", c, strict=True))
    curve = of("a + b*v + c*w + d*v**2 + e*v*w + f*w**2", **names)
    points = np.concatenate([np.empty((2, 0)), *curve.pieces], axis=1)

    def g(v: float, w: float) -> float:
        a, b, c_, d, e, f = c
        return a + b * v + c_ * w + d * v * v + e * v * w + f * w * w

    for scan in lines:
        v = 2.0 * scan
        w = np.linspace(-2.99, 2.99, 60)
        values = np.array([g(v, s) for s in w])
        for k in np.flatnonzero(values[:-1] * values[1:] < 0):
            root = brentq(lambda s: g(v, s), w[k], w[k + 1])  # noqa: B023
            assert np.hypot(points[0] - v, points[1] - root).min() < 0.05
    if points.size:
        assert max(abs(g(*p)) for p in points.T) < 1e-12
