"""One step of Dormand and Prince's order 8, compiled for one set of equations.

The twelve stages are written out with every coefficient as a number, so that a step costs a few
tens of microseconds in plain Python. The same text runs on floats and on arrays of many lanes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.models.rates import linoid_array, linoid_scalar

if TYPE_CHECKING:
    import sympy as sp

SHRINK, GROW, SAFETY, ORDER = 0.2, 8.0, 0.9, 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Stepper:
    """Compiled functions of an autonomous system y' = rates(y, p) with outputs(y, p).

    Attributes
    ----------
    prepare : callable
        Parameters (a sequence) to the constants `c` that the other two take.
    begin : callable
        ``(y, c) -> (k, outputs)``: rates and outputs at a point.
    step : callable
        ``(y, k, h, c, atol, rtol) -> (y, k, outputs, error)``: the point a step of h further,
        rates and outputs there, and the estimated error in units of the tolerance, in the root
        mean square over variables: accept if at most 1.
    """

    prepare: Callable[..., Any]
    begin: Callable[..., Any]
    step: Callable[..., Any]


def compile_stepper(
    variables: Sequence[sp.Symbol],
    rates: Sequence[sp.Expr],
    outputs: Sequence[sp.Expr],
    names: Sequence[str],
    *,
    lanes: bool,
) -> Stepper:
    """Return the compiled step of a system.

    Parameters
    ----------
    variables, rates : sequences
        Symbols, and their derivatives as formulas of variables and parameters.
    outputs : sequence
        Further formulas to be known at every point reached.
    names : sequence of str
        Parameters, in the order that `prepare` takes them.
    lanes : bool
        Whether numbers are arrays, one entry per lane.

    Notes
    -----
    The pair of orders 8 and 5(3) is that of Hairer, Norsett and Wanner, Solving Ordinary
    Differential Equations I, 2nd ed. (1993), section II.10; coefficients as in scipy's `DOP853`.
    """
    space = _execute(_source(variables, rates, outputs, names, lanes=lanes), lanes)
    return Stepper(space["prepare"], space["begin"], space["step"])


def compile_values(
    variables: Sequence[sp.Symbol],
    formulas: Sequence[sp.Expr],
    names: Sequence[str],
    *,
    lanes: bool,
) -> Callable[..., Any]:
    """Return ``f(y, p)`` that gives the values of formulas, with arguments as above."""
    import sympy as sp

    rename = _rename(variables, names)
    shared, reduced = sp.cse(
        [sp.sympify(formula).xreplace(rename) for formula in formulas],
        symbols=sp.numbered_symbols("_t"),
    )
    text = _printer(lanes)
    lines = [
        "def values(_y, _p):",
        f"    {_tuple('_y', len(variables))} = _y",
        f"    {_tuple('_p', len(names))} = _p",
        *(f"    {symbol} = {text(formula)}" for symbol, formula in shared),
        f"    return ({''.join(text(formula) + ', ' for formula in reduced)})",
    ]
    space = _execute(lines, lanes)
    values: Callable[..., Any] = space["values"]
    return values


def next_factor(error: float) -> float:
    """Return the factor by which the next step should be longer."""
    if not error > 0.0:
        return GROW if error == 0.0 else SHRINK
    return float(min(GROW, max(SHRINK, SAFETY * error ** (-1.0 / ORDER))))


def _execute(lines: Iterable[str], lanes: bool) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<a neuron's flow>", "exec"), _namespace(lanes), space)
    return space


def _namespace(lanes: bool) -> dict[str, Any]:
    if not lanes:
        return {**vars(math), "linoid": linoid_scalar}
    return {**vars(np), "linoid": linoid_array, "reduce": reduce}


def _source(
    variables: Sequence[sp.Symbol],
    rates: Sequence[sp.Expr],
    outputs: Sequence[sp.Expr],
    names: Sequence[str],
    *,
    lanes: bool,
) -> Iterable[str]:
    """Yield the lines of the three functions."""
    import sympy as sp
    from scipy.integrate import DOP853

    n = len(variables)
    rename = _rename(variables, names)
    fixed, temps, formulas = _split(
        [sp.sympify(formula).xreplace(rename) for formula in (*rates, *outputs)], n
    )
    text = _printer(lanes)
    used = {str(symbol) for formula in (*formulas, *(e for _, e in temps)) for symbol in
            formula.free_symbols}  # fmt: skip
    needed = [j for j in range(n) if f"_y{j}" in used]

    yield "def prepare(_p):"
    yield f"    {_tuple('_p', len(names))} = _p"
    yield from (f"    {symbol} = {text(formula)}" for symbol, formula in fixed)
    constants = [f"_p{i}" for i in range(len(names))] + [str(symbol) for symbol, _ in fixed]
    constants = [name for name in constants if name in used]
    packed = "(" + "".join(f"{name}, " for name in constants) + ")"
    yield f"    return {packed}"

    def evaluate(stage: str) -> Iterable[str]:
        yield from (f"    {symbol} = {text(formula)}" for symbol, formula in temps)
        yield from (f"    {stage}_{j} = {text(formulas[j])}" for j in range(n))

    results = [f"    _o{i} = {text(formula)}" for i, formula in enumerate(formulas[n:])]
    unpack = [f"    {packed} = _c"] if constants else []
    yield "def begin(_y, _c):"
    yield from (*unpack, f"    {_tuple('_y', n)} = _y", *evaluate("_k0"), *results)
    yield f"    return {_tuple('_k0_', n)}, {_tuple('_o', len(outputs))}"

    yield "def step(_y, _k, _h, _c, _atol, _rtol):"
    yield from (*unpack, f"    {_tuple('_x', n)} = _y", f"    {_tuple('_k0_', n)} = _k")
    yield f"    {_tuple('_a', n)} = _atol"
    stages = len(DOP853.B)
    for s in range(1, stages):
        yield from (f"    _y{j} = _x{j} + _h*({_sum(DOP853.A[s, :s], j)})" for j in needed)
        yield from evaluate(f"_k{s}")
    yield from (f"    _y{j} = _x{j} + _h*({_sum(DOP853.B, j)})" for j in range(n))
    yield "    _e5 = _e3 = 0.0"
    for j in range(n):
        yield f"    _s = _a{j} + _rtol*0.5*(abs(_x{j}) + abs(_y{j}))"
        yield f"    _d = ({_sum(DOP853.E5[:stages], j)})/_s"
        yield "    _e5 = _e5 + _d*_d"
        yield f"    _d = ({_sum(DOP853.E3[:stages], j)})/_s"
        yield "    _e3 = _e3 + _d*_d"
    yield f"    _e = abs(_h)*_e5/sqrt((_e5 + 0.01*_e3)*{float(n)} + 1e-300)"
    yield from (*evaluate("_k0"), *results)
    yield f"    return {_tuple('_y', n)}, {_tuple('_k0_', n)}, {_tuple('_o', len(outputs))}, _e"


def _rename(variables: Sequence[sp.Symbol], names: Sequence[str]) -> dict[sp.Symbol, sp.Symbol]:
    """Return names for the symbols that cannot clash with a function or a Python word."""
    import sympy as sp

    states = {symbol: sp.Symbol(f"_y{j}", real=True) for j, symbol in enumerate(variables)}
    return states | {
        sp.Symbol(name, real=True): sp.Symbol(f"_p{i}", real=True) for i, name in enumerate(names)
    }


def _split(formulas: list[sp.Expr], n: int) -> tuple[list[Any], list[Any], list[sp.Expr]]:
    """Return common subexpressions of the parameters alone, of the rest, and the formulas."""
    import sympy as sp

    shared, reduced = sp.cse(formulas, symbols=sp.numbered_symbols("_t"))
    changing = {sp.Symbol(f"_y{j}", real=True) for j in range(n)}
    fixed, temps = [], []
    for symbol, formula in shared:
        if formula.free_symbols & changing:
            changing.add(symbol)
            temps.append((symbol, formula))
        else:
            fixed.append((symbol, formula))
    return fixed, temps, reduced


def _printer(lanes: bool) -> Callable[[Any], str]:
    from sympy.printing.numpy import NumPyPrinter
    from sympy.printing.pycode import PythonCodePrinter

    printer = NumPyPrinter if lanes else PythonCodePrinter
    settings = {"fully_qualified_modules": False, "allow_unknown_functions": True}
    text: Callable[[Any], str] = printer(settings).doprint
    return text


def _tuple(prefix: str, n: int) -> str:
    return "(" + "".join(f"{prefix}{j}, " for j in range(n)) + ")"


def _sum(weights: Iterable[float], j: int) -> str:
    terms = [f"{float(a)!r}*_k{s}_{j}" for s, a in enumerate(weights) if a != 0.0]
    return " + ".join(terms)
