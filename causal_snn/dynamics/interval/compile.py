"""From sympy formulas to functions of intervals.

A number such as 1/10 or pi, which no float holds, becomes the interval around it; what depends on
parameters alone is worked out once. Parameter values are taken to be the floats that they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.dynamics.interval.arithmetic import Interval
from causal_snn.dynamics.interval.functions import SLOPES, VALUES
from causal_snn.errors import bad

if TYPE_CHECKING:
    import sympy as sp

Bound = Callable[..., list[Any]]
"""From one `Interval` per variable to one `Interval` (or number) per formula."""


@dataclass(frozen=True, slots=True, eq=False)
class IntervalFunction:
    """Formulas of variables and parameters, made by `interval_function`.

    Attributes
    ----------
    main, constants : callable
        The formulas; the parts of them that depend on parameters alone.
    numbers : tuple of Interval
        Numbers that formulas name.
    """

    main: Callable[..., list[Any]]
    constants: Callable[..., list[Any]]
    numbers: tuple[Interval, ...]

    def at(self, p: Iterable[Any]) -> Bound:
        """Return the function of the variables, for parameter values (floats or intervals)."""
        values = [Interval.of(value) for value in p]
        fixed = [*values, *map(Interval.of, self.constants(*values, *self.numbers))]

        def bound(*variables: Interval) -> list[Any]:
            return self.main(*variables, *fixed)

        return bound


def interval_function(
    expressions: Sequence[sp.Expr],
    variables: Sequence[sp.Symbol],
    parameters: Sequence[sp.Symbol],
    *,
    slopes: bool = False,
) -> IntervalFunction:
    """Return formulas as a function of intervals.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
        The formulas.
    variables, parameters : sequence of sympy.Symbol
        Arguments that vary from call to call, and those that are fixed by `at`.
    slopes : bool
        Whether the formulas are derivatives, used to prove that an equation has a solution. Then
        a place where they are undefined or may jump gives the whole line.

    Raises
    ------
    InputError
        If a formula uses a function that has no interval version.
    """
    import sympy as sp

    hoist = _Hoist(frozenset(variables))
    main = [hoist.visit(_logistic(sp.sympify(expression))) for expression in expressions]
    numbers = _Numbers()
    constants = [numbers.visit(expression) for expression in hoist.found]
    space = {f"iv_{name}": f for name, f in (SLOPES if slopes else VALUES).items()}
    arguments = [*parameters, *numbers.found.values()]
    return IntervalFunction(
        main=sp.lambdify(
            [*variables, *parameters, *hoist.found.values()], main, modules=[space], cse=True
        ),
        constants=sp.lambdify(arguments, constants, modules=[space], cse=True),
        numbers=tuple(map(enclose_number, numbers.found)),
    )


def enclose_number(number: Any) -> Interval:
    """Return the tightest interval of floats around a sympy number, pi and its kin included."""
    import sympy as sp

    if not isinstance(number, sp.Rational | sp.Float):
        near = float(number.evalf(30))
        return Interval(np.nextafter(near, -np.inf), np.nextafter(near, np.inf))
    rational = sp.Rational(number)
    exact = Fraction(int(rational.p), int(rational.q))
    near = float(exact)
    lo = near if Fraction(near) <= exact else np.nextafter(near, -np.inf)
    hi = near if Fraction(near) >= exact else np.nextafter(near, np.inf)
    return Interval(np.asarray(lo), np.asarray(hi))


def without_pieces(expression: Any) -> Any:
    """Return a formula with `Piecewise` written as choose(x, a, b): a if x > 0, else b.

    Its derivative has DiracDelta(x), unlike that of `Piecewise`, so a jump is not overlooked.
    Use it before a formula is differentiated.
    """
    import sympy as sp

    return expression.replace(sp.Piecewise, lambda *pieces: _pieces(list(pieces)))


def _pieces(pieces: list[Any]) -> Any:
    import sympy as sp

    (value, condition), *rest = pieces
    return value if condition == sp.true or not rest else _choice(condition, value, _pieces(rest))


def _choice(condition: Any, yes: Any, no: Any) -> Any:
    import sympy as sp

    if isinstance(condition, sp.And | sp.Or):
        first, *others = condition.args
        rest = _choice(condition.func(*others), yes, no)
        return (
            _choice(first, rest, no) if isinstance(condition, sp.And) else _choice(first, yes, rest)
        )
    if isinstance(condition, sp.Not):
        return _choice(condition.args[0], no, yes)
    if not isinstance(condition, sp.Ge | sp.Gt | sp.Le | sp.Lt):
        raise bad("drift", str(condition), "conditions made of <, >, and, or, not")
    return _choose()(condition.gts - condition.lts, yes, no)


@cache
def _choose() -> Any:
    import sympy as sp

    class choose(sp.Function):  # type: ignore[misc]
        """The second argument where the first is positive, else the third."""

        nargs = 3

        def fdiff(self, argindex: int = 1) -> Any:
            x, a, b = self.args
            if argindex == 1:
                return sp.DiracDelta(x) * (a - b)
            return type(self)(x, 1, 0) if argindex == 2 else type(self)(x, 0, 1)

    return choose


def _logistic(expression: Any) -> Any:
    """Return c (1 + tanh u) as 2 c/(1 + exp(-2 u)), which no rounding makes negative."""
    import sympy as sp

    def rewrite(total: Any) -> Any:
        c, rest = total.as_coeff_Add()
        for term in sp.Add.make_args(rest) if c else ():
            factor, tanh = term.as_coeff_Mul()
            if isinstance(tanh, sp.tanh) and abs(factor) == abs(c):
                sign = sp.sign(factor) * sp.sign(c)
                return rest - term + 2 * c / (1 + sp.exp(-2 * sign * tanh.args[0]))
        return total

    return expression.replace(lambda e: e.is_Add and e.has(sp.tanh), rewrite)


class _Visitor:
    """Rewrites a formula in the functions of `interval_functions`."""

    def __init__(self) -> None:
        self.found: dict[Any, sp.Symbol] = {}

    def visit(self, e: Any) -> Any:

        if e.is_Symbol:
            return e
        if e.is_Number or e.is_NumberSymbol:
            return self.number(e)
        if e.is_Add or e.is_Mul:
            return e.func(*map(self.visit, e.args))
        if e.is_Pow:
            return self.power(e)
        return self.function(e)

    def number(self, e: Any) -> Any:
        small = e.is_Integer and abs(int(e)) < 2**53
        return e if small else self.name(e)

    def name(self, e: Any) -> sp.Symbol:
        import sympy as sp

        return self.found.setdefault(e, sp.Dummy(f"c{len(self.found)}", real=True))

    def power(self, e: Any) -> Any:
        import sympy as sp

        base, exponent = e.as_base_exp()
        if exponent.is_Integer:
            return self.visit(base) ** exponent
        if (2 * exponent).is_Integer:
            return sp.Function("iv_sqrt")(self.visit(base)) ** (2 * exponent)
        return sp.Function("iv_power")(self.visit(base), self.visit(exponent))

    def function(self, e: Any) -> Any:
        import sympy as sp

        name = e.func.__name__
        if name not in VALUES:
            names = sorted({*VALUES, "Piecewise"} - {"choose", "power"})
            allowed = "functions with an interval version: " + ", ".join(names)
            raise bad("drift", str(e), allowed)
        if name == "linoid":
            return sp.Function("iv_linoid")(self.visit(e.args[0]), e.args[1])
        return sp.Function(f"iv_{name}")(*map(self.visit, e.args))


class _Numbers(_Visitor):
    """Names every number that is not a small integer."""


class _Hoist(_Visitor):
    """Names every part that does not depend on the variables."""

    def __init__(self, variables: frozenset[Any]) -> None:
        super().__init__()
        self.variables = variables

    def visit(self, e: Any) -> Any:
        if not e.free_symbols & self.variables:
            return e if e.is_Symbol else self.number(e)
        if e.is_Add or e.is_Mul:
            fixed = [part for part in e.args if not part.free_symbols & self.variables]
            moving = [self.visit(part) for part in e.args if part.free_symbols & self.variables]
            return e.func(*moving, *([self.visit(e.func(*fixed))] if fixed else []))
        return super().visit(e)
