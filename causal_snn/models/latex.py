"""latex: the equations of a neuron as a reader expects to see them.

The formulas come from the one symbolic definition; this file only chooses how they look: names
as symbols, the capacitance or time constant on the left, parameters before states in a product,
positive terms first in a sum, and decimals where they are shorter than fractions.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sympy as sp

    from causal_snn.models.neuron import Equations

_GREEK = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma
tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"""
GREEK = frozenset(_GREEK.split())
SPIKE = r"\mathrm{spike}"
"""What happens at a threshold that resets nothing."""
DIGITS = 4
"""A number with more digits than this stays a fraction."""


def symbol(name: str) -> str:
    r"""Return the LaTeX symbol of a state or parameter.

    Examples
    --------
    >>> print(symbol("tau_w"), symbol("g_Na"), symbol("V1"))
    \tau_{w} g_{\mathrm{Na}} V_{1}
    """
    base, *below = name.strip("_").split("_")
    numbered = re.fullmatch(r"([A-Za-z]+)(\d+)", base)
    if numbered:
        base, below = numbered[1], [numbered[2], *below]
    text = _part(base)
    return f"{text}_{{{','.join(_part(part) for part in below)}}}" if below else text


def _part(word: str) -> str:
    if word in GREEK:
        return rf"\{word}"
    if word == "inf":
        return r"\infty"
    return word if len(word) < 2 or word.isdigit() else rf"\mathrm{{{word}}}"


def equations(eq: Equations) -> str:
    """Return equations, threshold and reset as a LaTeX ``aligned`` block."""
    lines = [_derivative(state, rate, eq) for state, rate in zip(eq.states, eq.drift, strict=True)]
    if eq.threshold is not None:
        resets = r",\; ".join(
            rf"{symbol(str(state))} \leftarrow {formula(after, eq)}"
            for state, after in zip(eq.states, eq.reset, strict=True)
            if after != state
        )
        reached = rf"{symbol(str(eq.states[0]))} \geq {formula(eq.threshold, eq)}"
        lines.append(rf"{reached} &\Rightarrow {resets or SPIKE}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _derivative(state: sp.Symbol, rate: sp.Expr, eq: Equations) -> str:
    import sympy as sp

    # C dV/dt = ... reads better than dV/dt = (...)/C.
    divisors = [
        factor.base
        for factor in sp.Mul.make_args(rate)
        if factor.is_Pow and factor.exp == -1 and factor.base.is_Symbol
        if factor.base not in eq.states
    ]
    left = "".join(symbol(str(divisor)) + r"\, " for divisor in divisors)
    for divisor in divisors:
        rate = rate * divisor
    return rf"{left}\dot{{{symbol(str(state))}}} &= {formula(rate, eq)}"


def formula(expression: sp.Expr, eq: Equations) -> str:
    """Return one expression of a model in LaTeX."""
    import sympy as sp

    # sympy orders factors by name, so the names carry the order: n numbers, p parameters, x states.
    names: dict[sp.Symbol, str] = {}
    stand_in: dict[sp.Symbol, sp.Symbol] = {}
    parameters = sorted(expression.free_symbols - set(eq.states), key=_scale_first)
    for letter, group in (("p", parameters), ("x", eq.states)):
        for rank, old in enumerate(group):
            new = stand_in[old] = sp.Symbol(f"{letter}{rank:04d}", real=True)
            names[new] = symbol(str(old))
    tidy = _tidy(expression.xreplace(stand_in), names)
    return str(_printer()({"symbol_names": names, "fold_short_frac": False}).doprint(tidy))


def _scale_first(old: sp.Symbol) -> tuple[bool, str]:
    return not str(old).startswith("scale"), str(old)


def _tidy(expression: sp.Expr, names: dict[sp.Symbol, str]) -> sp.Expr:
    import sympy as sp

    if not expression.args:
        return expression
    if isinstance(expression, sp.exp) or expression.func.__name__ in ("linoid", "tanh", "cosh"):
        # -V/18 - 65/18 is -(V + 65)/18
        inner = expression.args[0]
        if inner.is_Add and inner.could_extract_minus_sign():
            inner = sp.Mul(-1, sp.gcd_terms(-inner, clear=True), evaluate=False)
        else:
            inner = sp.gcd_terms(inner, clear=True)
        return expression.func(inner, *expression.args[1:], evaluate=False)
    parts = [_tidy(part, names) for part in expression.args]
    if expression.is_Mul:
        parts = [piece for part in parts for piece in _decimal(part, names)]
    if parts == list(expression.args):
        return expression
    return expression.func(*parts, evaluate=False)


def _decimal(factor: sp.Expr, names: dict[sp.Symbol, str]) -> list[sp.Expr]:
    """Return factors that print as a short decimal for a number like 7/100; 1/2 stays."""
    import sympy as sp

    if not factor.is_Rational or factor.q in (1, 2):
        return [factor]
    text = f"{float(abs(factor)):.{DIGITS}g}"
    if "e" in text or sp.Rational(text) != abs(factor):
        return [factor]
    new = sp.Symbol(f"n{text}", real=True)
    names[new] = text
    return [sp.Integer(-1), new] if factor < 0 else [new]


@cache
def _printer() -> Any:
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):  # type: ignore[misc]
        def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
            terms = super()._as_ordered_terms(expr, order=order)
            # V - E_L, not -E_L + V; w + b, not b + w. A stable sort, so the rest stays.
            return sorted(
                terms,
                key=lambda term: (
                    term.could_extract_minus_sign(),
                    not any(old.name.startswith("x") for old in term.free_symbols),
                ),
            )

    return Printer
