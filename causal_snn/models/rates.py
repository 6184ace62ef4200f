"""linoid: the rate x/(1 - exp(-x)), whose singularity at x = 0 is removable.

Hodgkin and Huxley's alpha_m and alpha_n are this function of a shifted voltage. Written with
`linoid`, a model and all its derivatives are exact at that voltage too.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import sympy as sp

HIGHEST = 4
"""Highest derivative that is implemented."""
NEAR = 2.0
"""Below this |x| the power series is used; it converges for |x| < 2 pi."""
CLOSE, TERMS = 0.25, 7
"""For the first derivative, which loses fewer digits: a smaller |x|, and so fewer terms."""


def linoid(x: Any) -> sp.Expr:
    """Return x/(1 - exp(-x)) as a sympy expression that is 1 at x = 0."""
    import sympy as sp

    from causal_snn.models.rate_function import linoid as function

    return function(sp.sympify(x), sp.Integer(0))


def linoid_scalar(x: float, order: int) -> float:
    """Return the `order`-th derivative (0 to 4) of x/(1 - exp(-x)) at a float."""
    if abs(x) < NEAR:
        y, total = x * x, 0.0
        for coefficient in _even_series(order):
            total = total * y + coefficient
        total *= x if order % 2 else 1.0
        return total + (0.5 * x if order == 0 else 0.5 if order == 1 else 0.0)
    if x > 0:
        s = -1.0 / math.expm1(-x)
        return float(_from_logistic(x, s, -s * math.exp(-x), order))
    q = -1.0 / math.expm1(x)
    return float(_from_logistic(x, -q * math.exp(x), q, order))


def linoid_array(x: Any, order: int) -> Any:
    """Return the `order`-th derivative (0 to 4) of x/(1 - exp(-x)) at an array."""
    x = np.asarray(x, dtype=float)
    if order == 0:  # exact to rounding except at 0 itself
        with np.errstate(over="ignore"):  # far below zero it is 0
            return x / np.where(x == 0.0, -1.0, np.expm1(-x)) * -1.0 + (x == 0.0)
    near = np.abs(x) < (CLOSE if order == 1 else NEAR)
    far = np.where(near, NEAR, x)
    e = np.exp(-np.abs(far))
    head = 1.0 / (1.0 - e)  # s for x > 0, 1 - s for x < 0
    tail = -head * e
    up = far > 0
    out = np.asarray(_from_logistic(far, np.where(up, head, tail), np.where(up, tail, head), order))
    if near.any():
        z = x[near]
        y, total = z * z, 0.0
        for coefficient in _even_series(order)[-TERMS:] if order == 1 else _even_series(order):
            total = total * y + coefficient
        if order % 2:
            total = total * z
        out[near] = total + (0.5 if order == 1 else 0.0)
    return out


def _from_logistic(x: Any, s: Any, q: Any, order: int) -> Any:
    # f = x s with s = 1/(1 - exp(-x)), q = 1 - s and s' = s q, so f^(k) = x s^(k) + k s^(k-1).
    if order == 0:
        return x * s
    first = s * q
    if order == 1:
        return x * first + s
    second = first * (q - s)
    if order == 2:
        return x * second + 2.0 * first
    third = second * (q - s) - 2.0 * first**2
    if order == 3:
        return x * third + 3.0 * second
    if order == HIGHEST:
        return x * (third * (q - s) - 6.0 * first * second) + 4.0 * third
    raise ValueError(f"derivative {order} of linoid: 0 to {HIGHEST} are implemented")


@cache
def _even_series(order: int) -> tuple[float, ...]:
    """Return Horner coefficients in x^2 of the `order`-th derivative, highest power first.

    f = x/2 + sum over even n of B_n x^n/n!; an odd derivative is x times a series in x^2. The
    last term kept is below 1e-17 for |x| < NEAR.
    """
    bernoulli = [Fraction(1)]
    for n in range(1, 44):
        bernoulli.append(
            -sum(math.comb(n + 1, k) * b for k, b in enumerate(bernoulli)) / Fraction(n + 1)
        )
    coefficients = [
        float(bernoulli[n] / math.factorial(n - order)) for n in range(0, 44, 2) if n >= order
    ]
    return tuple(reversed(coefficients))
