"""Rewrite exponentials of one potential at rates that are doubles of each other as powers of one.

Rates of channels are full of exp(-(V + 65)/20), exp(-(V + 65)/80), (V + 40)/10/(1 - exp(-(V +
40)/10)): one exponential and three squarings give them all.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

FROM = "linoid_from"
"""Name of x/(1 - e) where e = exp(-x) is known from elsewhere."""
DOUBLINGS = 3


def share_exponentials(
    formulas: list[Any], inputs: tuple[str, ...]
) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """Return definitions (symbol, formula), to be used in order, and the formulas with them.

    A power of two at most eight, so that an exponential loses at most three bits.
    """
    import sympy as sp

    symbols = {sp.Symbol(name, real=True) for name in inputs}
    found: dict[Any, dict[Any, None]] = defaultdict(dict)  # (symbol, sign) -> rates
    for formula in formulas:
        for node in _nodes(formula):
            rate = _rate(node, symbols)
            if rate is not None:
                symbol, value = rate
                found[symbol, value > 0][abs(value)] = None
    definitions: list[tuple[Any, Any]] = []
    power_of: dict[tuple[Any, Any], Any] = {}
    for (symbol, positive), rates in found.items():
        sign = 1 if positive else -1
        for base, members in _families(sorted(rates)):
            power = sp.Dummy("e", real=True)
            definitions.append((power, sp.exp(sign * base * symbol)))
            reached = base
            power_of[symbol, sign * base] = power
            while reached < members[-1]:
                square = sp.Dummy("e", real=True)
                definitions.append((square, power**2))
                power, reached = square, 2 * reached
                power_of[symbol, sign * reached] = power
    if not power_of:
        return [], formulas

    def known(node: Any) -> bool:
        rate = _rate(node, symbols)
        return rate is not None and rate in power_of

    def rewrite(node: Any) -> Any:
        found_rate = _rate(node, symbols)
        assert found_rate is not None  # `known` has said so
        symbol, value = found_rate
        e = power_of[symbol, value]
        argument = node.args[0]
        if isinstance(node, sp.exp):
            return sp.exp(sp.expand(argument - value * symbol)) * e
        rest = sp.expand(-argument - value * symbol)  # exp(-x) = exp(rest) e
        return sp.Function(FROM)(argument, sp.exp(rest) * e)

    return definitions, [formula.replace(known, rewrite) for formula in formulas]


def _nodes(formula: Any) -> list[Any]:
    import sympy as sp

    return [
        node
        for node in sp.preorder_traversal(formula)
        if isinstance(node, sp.exp) or type(node).__name__ == "linoid"
    ]


def _rate(node: Any, symbols: set[Any]) -> tuple[Any, Any] | None:
    """Return (symbol, c) of exp(c symbol + d), or of the exponential within linoid, else None."""
    import sympy as sp

    if type(node).__name__ == "linoid":
        if node.args[1] != 0:
            return None
        argument = -node.args[0]
    elif isinstance(node, sp.exp):
        argument = node.args[0]
    else:
        return None
    used = argument.free_symbols & symbols
    if len(used) != 1:
        return None
    (symbol,) = used
    value = sp.diff(argument, symbol)
    return (symbol, value) if value.is_Rational and value != 0 else None


def _families(rates: list[Any]) -> list[tuple[Any, list[Any]]]:
    """Return (base, members): rates that are doubles of a base; families of one are left out."""
    left, found = list(rates), []
    while left:
        base = left[0]
        members = [rate for rate in left if rate / base in {2**k for k in range(DOUBLINGS + 1)}]
        left = [rate for rate in left if rate not in members]
        found.append((base, members))
    return [(base, members) for base, members in found if len(members) > 1]
