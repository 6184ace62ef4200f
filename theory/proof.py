"""What every derivation shares: the Gaussian, the ways to settle a claim, and the report.

A claim is settled by algebra (`equal`) or by sign (`positive`); both raise with what is left over,
also under ``python -O``. Limits of the Gaussian are taken in its own argument: sympy 1.14 returns
``limit(erf(x - m), x, -oo) == 1`` for a symbolic ``m``.
"""

from collections.abc import Callable

import sympy as sp

type Formulas = dict[str, sp.Expr]
type Results = dict[str, Callable[[], Formulas]]


def cdf(x: sp.Expr) -> sp.Expr:
    """Phi(x), the standard normal distribution function."""
    return (1 + sp.erf(x / sp.sqrt(2))) / 2


def pdf(x: sp.Expr) -> sp.Expr:
    """phi(x), the standard normal density."""
    return sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)


def quantile(q: sp.Expr) -> sp.Expr:
    """Phi^-1(q), the standard normal quantile."""
    return sp.sqrt(2) * sp.erfinv(2 * q - 1)


def equal(left: sp.Expr | int, right: sp.Expr | int) -> None:
    """Settle left = right: the difference simplifies to zero."""
    rest = sp.simplify(sp.sympify(left - right).rewrite(sp.erf))
    if rest != 0:
        msg = f"not shown: {left} = {right}; the difference is {rest}"
        raise AssertionError(msg)


def positive(expr: sp.Expr) -> None:
    """Settle expr > 0: it follows from the signs of the symbols."""
    simpler = sp.factor(sp.simplify(expr))
    if not (expr.is_positive or simpler.is_positive):
        msg = f"not shown: {expr} > 0; simplified it is {simpler}"
        raise AssertionError(msg)


def report(results: Results) -> None:
    """Run every derivation and print its label and statement."""
    for label, derive in results.items():
        derive()
        statement = (derive.__doc__ or "").strip().splitlines()[0]
        print(f"{label:4s} proved  {statement}")
