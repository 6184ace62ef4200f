"""linoid, its derivatives and its symbol against mpmath at 40 digits."""

from __future__ import annotations

import math
import pickle
from importlib import import_module

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from causal_snn.models import hodgkin_huxley, linoid
from causal_snn.models.rates import HIGHEST, NEAR, linoid_array, linoid_scalar

mpmath = import_module("mpmath")  # has no types

ORDERS = range(HIGHEST + 1)
EDGE = [math.nextafter(NEAR, 0.0), NEAR, math.nextafter(NEAR, 9.0)]
POINTS = [0.0, 5e-324, 1e-300, 1e-8, 0.5, *EDGE, 3.0, 12.0, 37.0, 100.0, 700.0, 746.0]


def truth(x: float, order: int) -> float:
    """The `order`-th derivative of x/(1 - exp(-x)) at 40 digits, by its own route.

    Near 0 from the Taylor coefficients that mpmath finds on a circle; elsewhere by mpmath's
    numerical derivative.
    """
    with mpmath.workdps(40):
        if abs(x) < 0.01:
            b = [mpmath.bernoulli(n) * (-1) ** n / mpmath.factorial(n) for n in range(40)]
            terms = (
                b[n] * mpmath.ff(n, order) * mpmath.mpf(x) ** (n - order) for n in range(order, 40)
            )
            return float(mpmath.fsum(terms))
        with mpmath.workdps(120):
            return float(mpmath.diff(lambda t: t / -mpmath.expm1(-t), mpmath.mpf(x), order))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("x", [*POINTS, *(-x for x in POINTS)])
def test_every_derivative_to_rounding(x: float, order: int) -> None:
    expected = truth(x, order)
    # The derivatives pass through zero, where only an absolute error can be asked for.
    assert linoid_scalar(x, order) == pytest.approx(expected, rel=2e-14, abs=2e-15)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("x", [-15.0, -40.0, -100.0, -700.0])
def test_the_small_rates_keep_their_digits(x: float, order: int) -> None:
    expected = truth(x, order)
    assert 0 < abs(expected) < 1e-3
    assert linoid_scalar(x, order) == pytest.approx(expected, rel=1e-13, abs=0.0)
    assert float(linoid_array(x, order)) == pytest.approx(expected, rel=1e-13, abs=0.0)


@given(st.floats(-60.0, 60.0), st.sampled_from(ORDERS))
def test_derivatives_everywhere(x: float, order: int) -> None:
    assert linoid_scalar(x, order) == pytest.approx(truth(x, order), rel=3e-14, abs=3e-15)


@pytest.mark.parametrize("order", ORDERS)
def test_value_at_zero_is_the_bernoulli_number(order: int) -> None:
    # x/(1 - exp(-x)) = 1 + x/2 + x^2/12 - x^4/720 + ...
    expected = [1.0, 0.5, 1 / 6, 0.0, -1 / 30][order]
    assert linoid_scalar(0.0, order) == pytest.approx(expected, rel=1e-16)
    assert float(linoid_array(0.0, order)) == pytest.approx(expected, rel=1e-16)
    derivative = linoid(sp.Symbol("x")).diff(sp.Symbol("x"), order) if order else linoid("x")
    assert float(derivative.subs(sp.Symbol("x"), 0)) == pytest.approx(expected, rel=1e-16)


@pytest.mark.parametrize("order", ORDERS)
def test_arrays_equal_scalars_entry_by_entry(order: int) -> None:
    mixed = np.array([[*POINTS], [-x for x in POINTS]])
    found = linoid_array(mixed, order)
    assert found.shape == mixed.shape
    scalars = np.vectorize(lambda x: linoid_scalar(x, order), otypes=[float])(mixed)
    np.testing.assert_allclose(found, scalars, rtol=4e-15, atol=1e-16)
    assert linoid_array(np.empty((2, 0)), order).shape == (2, 0)


@pytest.mark.parametrize("x", [-700.0, 700.0, -740.0, 740.0, -1e6, 1e6, 1e300, -1e300])
@pytest.mark.parametrize("order", ORDERS)
def test_no_overflow_far_out(x: float, order: int) -> None:
    with np.errstate(all="raise", under="ignore"):
        value = linoid_array(x, order)
    assert np.isfinite(value)
    # x and its derivatives on the right, 0 on the left
    far = [max(x, 0.0), float(x > 0), 0.0, 0.0, 0.0][order]
    assert float(value) == pytest.approx(far, rel=1e-15, abs=1e-250)
    assert linoid_scalar(x, order) == pytest.approx(far, rel=1e-15, abs=1e-250)


def test_nan_stays_nan() -> None:
    for order in ORDERS:
        assert math.isnan(linoid_scalar(math.nan, order))
        assert np.isnan(linoid_array(math.nan, order))


@given(st.floats(-50.0, 50.0))
def test_reflection(x: float) -> None:
    # f(x) - f(-x) = x
    assert linoid_scalar(x, 0) - linoid_scalar(-x, 0) == pytest.approx(x, rel=1e-14, abs=1e-15)


def test_a_derivative_beyond_the_highest_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 4"):
        linoid_scalar(5.0, HIGHEST + 1)


def test_the_symbol_differentiates_evaluates_prints_and_pickles() -> None:
    x = sp.Symbol("x", real=True)
    f = linoid(x / 10)
    assert f.is_real
    assert f.diff(x, 2) == linoid(x / 10).func(x / 10, 2) / 100
    for order in range(4):
        assert float(f.diff(x, order).subs(x, 7).evalf(30)) == pytest.approx(
            truth(0.7, order) / 10**order, rel=1e-14
        )
    assert sp.simplify(f.rewrite(sp.exp) - (x / 10) / (1 - sp.exp(-x / 10))) == 0
    assert pickle.loads(pickle.dumps(f)) == f
    model = hodgkin_huxley()
    assert pickle.loads(pickle.dumps(model)) == model
