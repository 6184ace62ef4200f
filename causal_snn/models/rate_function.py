"""The symbol of `rates.linoid`. A module of its own, because it imports sympy and pickles."""

from __future__ import annotations

from typing import Any

import sympy as sp


class linoid(sp.Function):  # type: ignore[misc]
    """The `order`-th derivative of x/(1 - exp(-x))."""

    nargs = 2

    @classmethod
    def eval(cls, x: Any, order: Any) -> Any:
        """Return the value at 0, B_order, where x/(1 - exp(-x)) = sum of B_n x^n/n!, B_1 = 1/2."""
        if x.is_zero:
            return sp.Rational(1, 2) if order == 1 else sp.bernoulli(order)
        return None

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002
        """Return the derivative by x."""
        x, order = self.args
        return type(self)(x, order + 1)

    def _eval_is_real(self) -> Any:
        return self.args[0].is_real

    def _eval_evalf(self, prec: int) -> Any:
        return self.rewrite(sp.exp)._eval_evalf(prec)

    def _eval_rewrite_as_exp(self, x: Any, order: Any, **_: Any) -> Any:
        t = sp.Dummy("t", real=True)
        return (t / (1 - sp.exp(-t))).diff(t, int(order)).subs(t, x)

    def _latex(self, printer: Any, **_: Any) -> str:
        x, order = self.args
        inner = printer._print(x)
        if order == 0:
            minus = printer._print(sp.Mul(-1, x, evaluate=False))
            return rf"\frac{{{inner}}}{{1 - e^{{{minus}}}}}"
        return rf"\mathrm{{linoid}}^{{({order})}}\left({inner}\right)"
