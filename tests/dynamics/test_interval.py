"""Interval arithmetic must contain the truth: compared with mpmath at 50 digits."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from causal_snn.dynamics.interval.arithmetic import Interval, matmul, stack
from causal_snn.dynamics.interval.compile import (
    enclose_number,
    interval_function,
    without_pieces,
)
from causal_snn.dynamics.interval.functions import ULPS, VALUES, linoid
from causal_snn.errors import InputError
from causal_snn.models.define import read
from causal_snn.models.rates import linoid_array

mp = importlib.import_module("mpmath").mp.clone()  # has no types
mp.dps = 50

moderate = st.floats(-30, 30)
wide = st.floats(allow_nan=False, allow_infinity=False)
fractions = st.floats(0, 1)


def interval(a: float, b: float) -> Interval:
    return Interval(np.array([min(a, b)]), np.array([max(a, b)]))


def holds(result: Interval, truth: Any) -> bool:
    """Whether the truth, known to 50 digits, is between the ends."""
    return bool(mp.mpf(float(result.lo[0])) <= truth <= mp.mpf(float(result.hi[0])))


def member(x: Interval, fraction: float) -> float:
    lo, hi = float(x.lo[0]), float(x.hi[0])
    return min(max(lo + fraction * (hi - lo), lo), hi) if math.isfinite(hi - lo) else lo


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
}


@pytest.mark.parametrize("operation", ARITHMETIC)
@given(a=wide, b=wide, c=wide, d=wide, s=fractions, t=fractions)
def test_arithmetic_contains_the_truth(
    operation: str, a: float, b: float, c: float, d: float, s: float, t: float
) -> None:
    f = ARITHMETIC[operation]
    x, y = interval(a, b), interval(c, d)
    u, v = member(x, s), member(y, t)
    if operation == "divide" and v == 0:
        return
    truth = f(mp.mpf(u), mp.mpf(v))
    assert holds(f(x, y), truth)
    assert holds(f(x, v), truth) or operation == "divide"
    assert holds(f(u, y), truth)


@given(a=moderate, b=moderate, s=fractions, n=st.integers(-6, 9))
def test_integer_powers_contain_the_truth(a: float, b: float, s: float, n: int) -> None:
    x = interval(a, b)
    u = member(x, s)
    if u != 0 or n >= 0:
        assert holds(x**n, mp.mpf(u) ** n)


def mp_linoid(order: int) -> Callable[[Any], Any]:
    """Return a derivative of x/(1 - exp(-x)) by Cauchy's integral, far from the poles 2 pi i k."""

    def derivative(x: Any) -> Any:
        def f(z: Any) -> Any:
            return 1 / mp.one if z == 0 else z / -mp.expm1(-z)

        if order == 0:
            return f(mp.mpf(x))
        points = 48  # the trapezoid rule converges as (radius/distance)^points
        turn = [mp.expjpi(mp.mpf(2 * k) / points) for k in range(points)]
        total = mp.fsum(f(mp.mpf(x) + 2 * w) / (2 * w) ** order for w in turn)
        return (mp.factorial(order) * total / points).real

    return derivative


ELEMENTARY: dict[str, tuple[Any, Any]] = {
    "exp": (moderate, mp.exp),
    "log": (st.floats(1e-300, 1e300), mp.log),
    "sqrt": (st.floats(0, 1e300), mp.sqrt),
    "tanh": (moderate, mp.tanh),
    "sinh": (moderate, mp.sinh),
    "cosh": (moderate, mp.cosh),
    "atan": (wide, mp.atan),
    "sin": (st.floats(-1e4, 1e4), mp.sin),
    "cos": (st.floats(-1e4, 1e4), mp.cos),
    "Abs": (wide, abs),
    "sign": (wide, mp.sign),
}


@pytest.mark.parametrize("name", ELEMENTARY)
@settings(max_examples=60)
@given(data=st.data())
def test_functions_contain_the_truth(name: str, data: Any) -> None:
    ends, truth = ELEMENTARY[name]
    x = interval(data.draw(ends), data.draw(ends))
    inner = interval(member(x, data.draw(fractions)), member(x, data.draw(fractions)))
    y, z = VALUES[name](x), VALUES[name](inner)
    assert holds(y, truth(mp.mpf(float(inner.lo[0]))))
    assert holds(y, truth(mp.mpf(float(inner.hi[0]))))
    # inclusion is monotone: a smaller argument never gives a wider result
    assert y.lo[0] <= z.lo[0]
    assert z.hi[0] <= y.hi[0]


@pytest.mark.parametrize("order", range(5))
@settings(max_examples=40)
@given(a=st.floats(-40, 40), width=st.floats(0, 3), s=fractions)
def test_linoid_and_its_derivatives_contain_the_truth(
    order: int, a: float, width: float, s: float
) -> None:
    x = interval(a, a + width)
    assert holds(linoid(x, order), mp_linoid(order)(member(x, s)))


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "tanh", "sinh", "cosh", "atan"])
def test_numpy_is_as_accurate_as_assumed(name: str) -> None:
    """The proofs rest on NumPy's error being under 4 units in the last place."""
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(0.01, 20, 1000), 10.0 ** rng.uniform(-8, 2.5, 1000)])
    y = getattr(np, {"atan": "arctan"}.get(name, name))(x)
    truth = [getattr(mp, name)(mp.mpf(v)) for v in x.tolist()]
    ulps = [
        abs(mp.mpf(a) - b) / float(np.spacing(abs(a)))
        for a, b in zip(y.tolist(), truth, strict=True)
    ]
    assert max(ulps) < ULPS


@pytest.mark.parametrize("order", range(1, 5))
def test_linoid_is_as_accurate_as_assumed(order: int) -> None:
    x = np.concatenate([np.linspace(-30, 30, 121), [-2.0, 2.0, np.nextafter(2, 3)]])
    truth = np.array([float(mp_linoid(order)(v)) for v in x.tolist()])
    error = np.abs(linoid_array(x, order) - truth)
    assumed = 4 * ULPS * 2.0**-52 * truth if order == 1 else 2.0**-44
    assert (error <= assumed / 2).all()


def test_linoid_at_extremes() -> None:
    x = Interval(np.array([-np.inf, -1e4, 0.0, 1e4]), np.array([-1e4, -800.0, 0.0, np.inf]))
    value, slope = linoid(x, 0), linoid(x, 1)
    assert_array_equal(value.lo[:2], 0.0)
    assert (value.hi[:2] < 1e-290).all()
    assert value.lo[2] <= 1.0 <= value.hi[2]
    assert value.hi[3] == np.inf
    assert slope.lo[2] <= 0.5 <= slope.hi[2]
    assert 1 - 1e-13 < slope.lo[3] <= 1.0


def test_overflow_keeps_a_finite_lower_bound() -> None:
    big = VALUES["exp"](Interval(np.array([1000.0]), np.array([2000.0])))
    assert 1e308 < big.lo[0] < np.inf
    assert big.hi[0] == np.inf
    small = VALUES["exp"](Interval(np.array([-2000.0]), np.array([-1000.0])))
    assert small.lo[0] == 0.0
    assert 0.0 < small.hi[0] < 1e-290
    product = big * small  # inf*0 says nothing
    assert product.lo[0] == 0.0
    assert product.hi[0] == np.inf


def test_infinite_ends_stand_for_finite_numbers() -> None:
    """0 times an unbounded number is 0, so [0, 0]*[-inf, inf] = 0 and [0, 1]*[2, inf] >= 0."""
    zero, line = interval(0.0, 0.0), Interval(np.array([-np.inf]), np.array([np.inf]))
    assert (zero * line).mag[0] < 1e-300
    assert (line * zero).mag[0] < 1e-300
    half = interval(0.0, 1.0) * interval(2.0, np.inf)
    assert (half.lo[0], half.hi[0]) == (0.0, np.inf)
    assert (line + line).hi[0] == np.inf
    assert np.isnan(line.mid[0])


def test_division_near_zero() -> None:
    one = Interval.of(np.ones(1))
    inside = one / interval(-1.0, 1.0)
    assert (inside.lo[0], inside.hi[0]) == (-np.inf, np.inf)
    touching = one / interval(0.0, 2.0)
    assert 0.49 < touching.lo[0] <= 0.5
    assert touching.hi[0] == np.inf
    below = one / interval(-2.0, 0.0)
    assert -0.5 <= below.hi[0] < -0.49
    assert below.lo[0] == -np.inf
    assert np.isnan((one / interval(0.0, 0.0)).lo[0])  # nowhere defined: empty


def test_undefined_is_empty_and_spreads() -> None:
    for name in ("log", "sqrt"):
        nothing = VALUES[name](interval(-2.0, -1.0))
        assert np.isnan(nothing.lo[0])
        assert np.isnan((nothing * interval(0.0, 0.0) + 1.0).hi[0])
        assert np.isnan(VALUES["cos"](nothing).lo[0])
        part = VALUES[name](interval(-1.0, 4.0))
        assert holds(part, getattr(mp, name)(mp.mpf(3)))


@given(a=moderate, b=moderate, c=moderate, d=moderate, s=fractions, t=fractions)
def test_largest_smallest_and_choice(
    a: float, b: float, c: float, d: float, s: float, t: float
) -> None:
    x, y = interval(a, b), interval(c, d)
    u, v = member(x, s), member(y, t)
    assert holds(VALUES["Max"](x, y, -31.0), max(u, v))
    assert holds(VALUES["Min"](x, y, 31.0), min(u, v))
    assert holds(VALUES["Heaviside"](x), float(u > 0)) or u == 0
    assert holds(VALUES["choose"](x, y, 7.0), v if u > 0 else 7.0) or u == 0


def test_matrix_product_contains_the_exact_one() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(3, 4, 5)), rng.normal(size=(3, 5, 2))
    product = matmul(Interval(a, a), Interval(b, b))
    for i, j, k in np.ndindex(3, 4, 2):
        exact = mp.fsum(mp.mpf(x) * mp.mpf(y) for x, y in zip(a[i, j], b[i, :, k], strict=True))
        assert mp.mpf(float(product.lo[i, j, k])) <= exact <= mp.mpf(float(product.hi[i, j, k]))
    assert product.width.max() < 1e-14


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (sp.Rational(1, 10), mp.mpf(1) / 10),
        (sp.Rational(-7, 3), mp.mpf(-7) / 3),
        (sp.pi, mp.pi),
        (sp.E, mp.e),
        (sp.sqrt(2).evalf(40), mp.sqrt(2)),
    ],
)
def test_numbers_that_no_float_holds_are_enclosed(number: Any, value: Any) -> None:
    x = enclose_number(number)
    assert mp.mpf(float(x.lo)) < value < mp.mpf(float(x.hi))
    assert x.hi <= np.nextafter(np.nextafter(x.lo, np.inf), np.inf)


def test_dyadic_numbers_are_points() -> None:
    for number, value in ((sp.Rational(3, 1024), 3 / 1024), (sp.Float(0.1), 0.1)):
        x = enclose_number(number)
        assert float(x.lo) == float(x.hi) == value


FORMULAS = {
    "x**2/10 - x/3 + a": lambda x, a: x**2 / 10 - x / 3 + a,
    "(1 + tanh((x - a)/7))/2*x": lambda x, a: (1 + mp.tanh((x - a) / 7)) / 2 * x,
    "(1 - tanh(x/3))*exp(-a/10)*pi": lambda x, a: (1 - mp.tanh(x / 3)) * mp.exp(-a / 10) * mp.pi,
    "cosh(x/9)**(-3) + sqrt(x**2 + 0.3)": lambda x, a: (
        mp.cosh(x / 9) ** (-3) + mp.sqrt(x**2 + mp.mpf(3) / 10)
    ),
    "(x**2 + 1)**0.3 - (x**2 + 2)**(-1.5)": lambda x, a: (
        (x**2 + 1) ** (mp.mpf(3) / 10) - (x**2 + 2) ** mp.mpf(-1.5)
    ),
    "Piecewise((x - 0.1, x > 0.1), (a*(x - 0.1), (x > -5) & (x < 3)), (2, True))": lambda x, a: (
        x - mp.mpf(1) / 10 if 10 * x > 1 else a * (x - mp.mpf(1) / 10) if x > -5 else mp.mpf(2)
    ),
    "Max(x, a)*Min(x, 1) + Abs(x - a)": lambda x, a: max(x, a) * min(x, 1) + abs(x - a),
    "linoid((x + 40)/10)": lambda x, a: ((x + 40) / 10) / (1 - mp.exp(-(x + 40) / 10)),
}


@pytest.mark.parametrize("formula", FORMULAS)
@settings(max_examples=40)
@given(lo=moderate, width=st.floats(0, 5), a=moderate, s=fractions)
def test_compiled_formulas_contain_the_truth(
    formula: str, lo: float, width: float, a: float, s: float
) -> None:
    x = interval(lo, lo + width)
    expression = without_pieces(read(formula, ("x", "a"), "formula"))
    (y,) = _compiled_once(expression).at([a])(x)
    u = member(x, s)
    assert holds(Interval.of(y), FORMULAS[formula](mp.mpf(u), mp.mpf(a)))


@cache
def _compiled_once(expression: Any) -> Any:
    return compiled(expression)


def compiled(expression: Any, *, slopes: bool = False) -> Any:
    x, a = sp.symbols("x a", real=True)
    return interval_function([expression], [x], [a], slopes=slopes)


def test_parameters_alone_are_computed_with_outward_rounding() -> None:
    """0.1 + 0.2 as floats is not the float 0.3, and rounds: the sum must be an interval."""
    x, a, b = sp.symbols("x a b", real=True)
    (y,) = interval_function([x * (a + b)], [x], [a, b]).at([0.1, 0.2])(Interval.of(np.ones(1)))
    exact = mp.mpf(0.1) + mp.mpf(0.2)
    assert mp.mpf(float(y.lo[0])) < exact < mp.mpf(float(y.hi[0]))


def test_slopes_see_jumps_and_edges_of_definition() -> None:
    x = sp.Symbol("x", real=True)
    around = interval(-0.5, 0.5)
    step = without_pieces(sp.Piecewise((x, x > 0), (x - 1, True)))
    for expression in (step.diff(x), sp.sqrt(x) * x, sp.Heaviside(x).diff(x)):
        (y,) = compiled(expression, slopes=True).at([0.0])(around)
        assert np.isinf(y.lo[0])
        assert np.isinf(y.hi[0])
    (away,) = compiled(step.diff(x), slopes=True).at([0.0])(interval(0.1, 0.5))
    assert Interval.of(away).width.max() < 1e-15


def test_functions_without_interval_version_are_refused() -> None:
    x = sp.Symbol("x", real=True)
    with pytest.raises(InputError, match=r"erf\(x\)': functions with an interval version: Abs"):
        compiled(sp.erf(x))
    with pytest.raises(InputError, match="conditions made of"):
        without_pieces(sp.Piecewise((x, sp.Eq(x, 1)), (0, True)))


def test_stack_broadcasts_numbers() -> None:
    both = stack([Interval.of(np.arange(3.0)), 2], (3,))
    assert both.shape == (3, 2)
    assert_array_equal(both.lo[:, 1], 2.0)
