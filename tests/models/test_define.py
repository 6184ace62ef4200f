"""define: neurons from text and from sympy, and what it says when a formula is wrong."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import sympy as sp

from causal_snn.dynamics.field import field
from causal_snn.errors import InputError
from causal_snn.models import Parameter, define, linoid

CLASHES = [
    *("E", "I", "S", "N", "Q", "O", "C", "beta", "gamma", "zeta", "Lambda", "lambda_", "pi", "oo"),
    *("re", "im", "var", "test", "e", "λ", "τ_m", "exp1", "nan", "Symbol"),
]


@pytest.mark.parametrize("name", CLASHES)
def test_a_parameter_means_itself_whatever_sympy_calls_it(name: str) -> None:
    model = define("m", drift={"v": f"2*{name} - v*{name}**2"}, parameters={name: 3.0})
    assert field(model).f([0.5])[0] == 6.0 - 0.5 * 9.0
    assert field(model, **{name: 2.0}).jac([0.5])[0, 0] == -4.0


@pytest.mark.parametrize("name", ["E", "I", "S", "beta", "gamma", "x"])
def test_a_state_means_itself_too(name: str) -> None:
    model = define("m", drift={name: f"-{name}/tau"}, parameters={"tau": 4.0})
    assert model.states == (name,)
    assert field(model).f([2.0])[0] == -0.5


@pytest.mark.parametrize("name", ["E", "I", "S", "N", "Q", "beta", "gamma", "oo", "nan", "zeta"])
def test_a_missing_parameter_is_never_a_constant_of_sympy(name: str) -> None:
    with pytest.raises(InputError, match=rf"'{name}' in dv/dt is neither a state nor a parameter"):
        define("m", drift={"v": f"{name} - v"}, parameters={"a": 1.0})


def test_pi_and_functions_are_known() -> None:
    model = define(
        "m",
        drift={"v": "sin(pi*a/2) + Max(v, 0)^2 + sqrt(abs(v)) + log(a) + linoid(v)"},
        parameters={"a": 1.0},
    )
    assert field(model).f([4.0])[0] == pytest.approx(1 + 16 + 2 + 4 / (1 - np.exp(-4)))


def test_decimals_are_exact() -> None:
    model = define("m", drift={"v": "0.1*v + 1e-3 + 2.5E2*v**2"}, parameters={})
    v = sp.Symbol("v", real=True)
    assert model.drift == (v / 10 + sp.Rational(1, 1000) + 250 * v**2,)


def test_sympy_expressions_are_matched_by_name() -> None:
    v, w, I = sp.symbols("v w I")  # noqa: E741 - not declared real
    text = define("m", drift={"v": "v - v**3/3 - w + I", "w": "v/9"}, parameters={"I": 0.5})
    formula = define("m", drift={"v": v - v**3 / 3 - w + I, "w": v / 9}, parameters={"I": 0.5})
    assert formula.equations == text.equations
    assert formula == text
    assert hash(formula) == hash(text)
    assert pickle.loads(pickle.dumps(formula)) == text
    rate = linoid((v + 40) / 10)
    assert field(define("m", drift={"v": rate}, parameters={})).f([-40.0])[0] == 1.0
    assert field(define("m", drift={"v": 3}, parameters={})).f([-40.0])[0] == 3.0


def test_threshold_reset_units_domain_and_synapse() -> None:
    model = define(
        "leaky",
        drift={"v": "(drive - v)/tau - g*v", "g": "-g/5"},
        parameters={"tau": Parameter(20.0, "ms", "time constant", "positive"), "th": 15.0},
        threshold="th + g",
        reset={"v": "0"},
        units={"v": "mV"},
        domain={"v": (-5.0, 20.0)},
        synapse="g",
        reset_timing="delayed",
    )
    assert model.parameters["tau"].unit == "ms"
    assert model.parameters["th"].unit == "1"
    assert model.equations.units == ("mV", "1")
    assert model.equations.domain == ((-5.0, 20.0), (-100.0, 100.0))
    assert model.equations.synapse == 1
    assert model.convention.reset_timing == "delayed"
    assert [str(after) for after in model.reset] == ["0", "g"]
    assert str(model.threshold) == "g + th"
    assert field(model, drive=10.0).f([5.0, 0.0])[0] == pytest.approx(0.25)
    with pytest.raises(InputError, match=r"tau = -1\.0: a positive time constant"):
        model.with_parameters(tau=-1.0)


OK: dict[str, Any] = {"drift": {"v": "a - v"}, "parameters": {"a": 1.0}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"drift": {}}, "drift = {}: at least one state"),
        ({"drift": {"v": "aa - v"}}, "'aa' in dv/dt .* did you mean 'a'"),
        ({"drift": {"v": "a -"}}, "dv/dt = 'a -': cannot be read as a formula"),
        ({"drift": {"v": ""}}, "cannot be read"),
        ({"drift": {"v": "a(v)"}}, "cannot be read"),
        ({"drift": {"v": "v.real"}}, "cannot be read"),
        ({"drift": {"v": "lambda*v"}}, "cannot be read"),
        ({"drift": {"v": "m_inf(v) - v"}}, "no function 'm_inf' is known"),
        ({"drift": {"v": "v/0"}}, "dv/dt = 'v/0': a formula with a real number as its value"),
        ({"drift": {"v": "sqrt(-1)*v"}}, "a real number"),
        ({"drift": {"v": "v > a"}}, "a real number"),
        ({"drift": {"v": [1]}}, "a real number"),
        ({"drift": {"v": None}}, "a real number"),
        ({"drift": {"g Na": "1"}}, "name = 'g Na': letters, digits"),
        ({"drift": {"lambda": "1"}}, "name = 'lambda': .* no word of Python. Call it 'lambda_'"),
        ({"parameters": {"a": 1.0, "in": 2.0}}, "name = 'in'"),
        ({"parameters": {"a": "one"}}, "a = 'one': a number"),
        ({"parameters": {"a": None}}, "a = None: a number"),
        ({"parameters": {"a": float("nan")}}, "a = nan: a finite number"),
        ({"parameters": {"a": 1.0, "v": 1.0}}, "parameters = 'v': names that are not states"),
        ({"reset": {"v": "0"}}, "nothing without a threshold"),
        ({"threshold": "a", "reset": {"u": "0"}}, r"reset\['u'\] = '0': a state"),
        ({"threshold": "a", "reset": {"v": "b"}}, "'b' in reset of v is neither"),
        ({"threshold": "theta"}, "'theta' in threshold is neither"),
        ({"units": {"u": "mV"}}, r"units\['u'\]"),
        ({"domain": {"u": (0.0, 1.0)}}, r"domain\['u'\]"),
        ({"domain": {"v": (1.0, 0.0)}}, r"domain\['v'\] = \(1.0, 0.0\): a pair"),
        ({"synapse": "u"}, "synapse = 'u': a state"),
        ({"stepp": "euler"}, "takes no 'stepp'; did you mean 'step'"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        define("m", **{**OK, **change})
