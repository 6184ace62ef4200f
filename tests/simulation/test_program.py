"""Compiled formulas against sympy's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.models.rates import linoid, linoid_array
from causal_snn.simulation.engine.binding import bind
from causal_snn.simulation.engine.program import compile_program, evaluate_constants

NAMES = ("x", "y", "z")
x, y, z, a, b = (sp.Symbol(name, real=True) for name in (*NAMES, "a", "b"))
PARAMETERS = {"a": 1.75, "b": -0.6}


def run(formulas: tuple[Any, ...], values: Mapping[str, Any], dtype: Any = np.float64) -> list[Any]:
    """Return what a program makes of its inputs; outputs are the inputs' own buffers."""
    buffers = [np.array(values[name], dtype) for name in NAMES]
    program = compile_program(formulas, NAMES)
    constants = [
        np.asarray(c, dtype) if np.ndim(c) else dtype(c)
        for c in evaluate_constants(program, PARAMETERS)
    ]
    outputs = buffers[: len(formulas)]
    with np.errstate(all="ignore"):
        for op in bind(program, buffers, constants, outputs):
            op()
    return outputs


def exact(formulas: tuple[Any, ...], values: Mapping[str, Any]) -> list[Any]:
    modules: list[Any] = [{"linoid": linoid_array}, "numpy"]
    with np.errstate(all="ignore"):
        found = [sp.lambdify((x, y, z, a, b), f, modules=modules) for f in formulas]
        arguments = [*(values[name] for name in NAMES), PARAMETERS["a"], PARAMETERS["b"]]
        return [f(*arguments) + 0 * values["x"] for f in found]


def values(seed: int, size: int = 40) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(scale=2.0, size=(2, 3, size)) for name in NAMES}


ATOMS = st.sampled_from([x, y, z, a, b, sp.Integer(2), sp.Rational(1, 3), sp.Integer(-1)])
# Functions that stay finite and whose slope is bounded where the numbers are.
ONE = st.sampled_from(
    [sp.sin, sp.cos, sp.tanh, sp.Abs, lambda e: sp.exp(-(e**2)), lambda e: 1 / (1 + e**2)]
)
FORMULAS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] - p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * sp.tanh(p[1])),
        st.tuples(inner, inner).map(lambda p: sp.Max(*p)),
        st.tuples(inner, ONE).map(lambda p: p[1](p[0])),
        st.tuples(inner, st.integers(2, 4)).map(lambda p: sp.tanh(p[0]) ** p[1]),
        inner.map(lambda e: linoid(sp.tanh(e))),
        inner.map(lambda e: 1 / linoid(sp.tanh(e))),
    ),
    max_leaves=6,
)


@settings(max_examples=25)
@given(formulas=st.lists(FORMULAS, min_size=1, max_size=3), seed=st.integers(0, 99))
def test_any_formulas(formulas: list[Any], seed: int) -> None:
    """Several at once, in the buffers that they read."""
    inputs = values(seed)
    for one, other in zip(
        run(tuple(formulas), inputs), exact(tuple(formulas), inputs), strict=True
    ):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "formulas",
    [
        (y, x),  # each in the other's buffer
        (y, z, x),
        (x + y, x),
        (sp.sin(y), x, x),
        (x, y, z),
        (a, x * 0 + b, y),
        (x + y, x + y, x + y),
        (-x, -y - z, -x * y),
        (a - x, 1 - x - y, -2 * x - 3),
        (x**2, x**3, x**7),
        (1 / x**2, a / x, x**a / y),
        (sp.sqrt(sp.Abs(x)), 1 / sp.sqrt(1 + x**2), 2**x),
        (sp.sign(x), sp.floor(x), sp.Min(x, a, y)),
        (sp.Piecewise((x, x > 0), (a * y, True)), sp.atan(x), sp.Heaviside(x)),
        (3 * sp.exp(x), sp.exp(x) * sp.exp(y) / 7, sp.exp(-x / 2) * a),
        (linoid(x), linoid(x).diff(x), 1 / linoid(x)),
        (sp.log(1 + x**2), sp.tan(x), sp.cosh(x) / sp.sinh(y)),
    ],
    ids=str,
)
def test_each_kind(formulas: tuple[Any, ...]) -> None:
    inputs = values(3)
    for one, other in zip(run(formulas, inputs), exact(formulas, inputs), strict=True):
        assert one == pytest.approx(other, rel=1e-11, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 4e-16), (np.float32, 3e-7)])
def test_linoid_near_its_removable_singularity(dtype: Any, close: float) -> None:
    """x/(1 - exp(-x)) and its inverse are smooth through 0, in both precisions."""
    points = [0.0, *(s * 10.0**-k for k in range(20) for s in (1.0, -1.0)), 30.0, -5.0]
    given_ = np.array(points, dtype)
    inputs = {name: given_.reshape(1, 1, -1) for name in NAMES}
    one, inverse = run((linoid(x), 1 / linoid(y)), inputs, dtype)
    for k, point in enumerate(given_.tolist()):
        p = sp.Float(point, 60)
        true = 1.0 if point == 0 else float(p / (1 - sp.exp(-p)))
        # single precision: absolute below -1, where it is a small part of 1 + tanh
        assert float(one.flat[k]) == pytest.approx(true, rel=close, abs=close * (point < -1))
        assert float(inverse.flat[k]) == pytest.approx(
            1 / true, rel=close * (10 if point < -1 else 1)
        )


def test_far_from_zero_nothing_overflows_into_nan() -> None:
    far = np.array([-1e5, -800.0, 800.0, 1e5]).reshape(1, 1, -1)
    for dtype in (np.float64, np.float32):
        (one,) = run((linoid(x),), dict.fromkeys(NAMES, far), dtype)
        assert one.ravel().tolist() == pytest.approx([0.0, 0.0, 800.0, 1e5], rel=1e-6)


def test_parameters_by_unit_and_row() -> None:
    """Constants may be arrays: (1, m, 1), (rows, m, 1), of one shape or several."""
    program = compile_program((a * x + sp.exp(b) * y, b - x), NAMES[:2])
    shape = (3, 4, 5)
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=shape) for _ in range(2)]
    own = {"a": rng.normal(size=(1, 4, 1)), "b": rng.normal(size=(3, 4, 1))}
    buffers = [each.copy() for each in inputs]
    for op in bind(program, buffers, evaluate_constants(program, own), buffers):
        op()
    assert buffers[0] == pytest.approx(own["a"] * inputs[0] + np.exp(own["b"]) * inputs[1])
    assert buffers[1] == pytest.approx(own["b"] - inputs[0])


def test_what_is_constant_is_not_in_the_step() -> None:
    """exp(a) b x: one multiplication; equal parts are written once."""
    program = compile_program((sp.exp(a) * b * x,), ("x",))
    assert [i.name for i in program.instructions] == ["multiply"]
    twice = compile_program((sp.exp(x) + y, sp.exp(x) - y), ("x", "y"))
    assert sum(i.name == "exp" for i in twice.instructions) == 1
