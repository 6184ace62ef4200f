"""Solve the equilibrium equations for the states that enter linearly.

At an equilibrium every gate has its steady value: x' = alpha (1 - x) - beta x gives
x = alpha/(alpha + beta). Hodgkin and Huxley's four equations thus become one in V, and those of
most point neurons one or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.dynamics.interval.arithmetic import Interval
from causal_snn.dynamics.interval.compile import IntervalFunction, interval_function, without_pieces
from causal_snn.models.neuron import Equations

if TYPE_CHECKING:
    import sympy as sp

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """The equilibrium equations in the states that are left.

    Attributes
    ----------
    unknowns, solved : tuple of int
        States that are left, and states written in terms of those.
    pairs : tuple of (int, int)
        Equation and state of each step of the elimination.
    residual, slopes, steady, coefficients : IntervalFunction
        Of the unknowns: what must vanish; its Jacobian, row by row; the solved states; and the
        factors that the elimination divided by, none of which may vanish.
    """

    unknowns: tuple[int, ...]
    solved: tuple[int, ...]
    pairs: tuple[Pair, ...]
    residual: IntervalFunction
    slopes: IntervalFunction
    steady: IntervalFunction
    coefficients: IntervalFunction


def reduce_equations(
    equations: Equations, names: tuple[str, ...], p: tuple[float, ...], box: Interval
) -> Reduced:
    """Return the equilibrium equations with as many states eliminated as is provably right.

    Parameters
    ----------
    equations : Equations
        The symbols.
    names, p : tuple
        Parameters and their values, as in `Field`.
    box : Interval, shape (states,)
        Where equilibria are looked for. A state is eliminated only if its factor does not
        vanish there.
    """
    refused: frozenset[Pair] = frozenset()
    while True:
        reduced = _eliminate(equations, names, refused)
        factors = reduced.coefficients.at(p)(*(box[i] for i in reduced.unknowns))
        bad = {
            pair
            for pair, factor in zip(reduced.pairs, factors, strict=True)
            if not np.all(Interval.of(factor).mig > 0)
        }
        if not bad:
            return reduced
        refused |= bad


@cache
def _eliminate(equations: Equations, names: tuple[str, ...], refused: frozenset[Pair]) -> Reduced:
    import sympy as sp

    states = equations.states
    rates = {i: without_pieces(rate) for i, rate in enumerate(equations.drift)}
    left = set(range(len(states)))
    steady: dict[int, Any] = {}
    factors: list[Any] = []
    pairs: list[Pair] = []
    while step := next(_linear(rates, left, states, refused), None):
        i, k, factor = step
        value = _quotient(factor, rates.pop(i).subs(states[k], 0))
        left.remove(k)
        rates = {j: rate.subs(states[k], value) for j, rate in rates.items()}
        steady = {j: known.subs(states[k], value) for j, known in steady.items()} | {k: value}
        factors = [known.subs(states[k], value) for known in (*factors, factor)]
        pairs.append((i, k))

    unknowns = tuple(sorted(left))
    variables = [states[i] for i in unknowns]
    parameters = [sp.Symbol(name, real=True) for name in names]
    residual = list(rates.values())
    slopes = [rate.diff(state) for rate in residual for state in variables]
    return Reduced(
        unknowns=unknowns,
        solved=tuple(steady),
        pairs=tuple(pairs),
        residual=interval_function(residual, variables, parameters),
        slopes=interval_function(slopes, variables, parameters, slopes=True),
        steady=interval_function(list(steady.values()), variables, parameters),
        coefficients=interval_function(factors, variables, parameters),
    )


def _linear(
    rates: dict[int, Any], left: set[int], states: Any, refused: frozenset[Pair]
) -> Iterator[tuple[int, int, Any]]:
    """Yield equations that are linear in a state, a gate's own first and the potential's last."""
    pairs = [(i, k) for i in rates for k in left if (i, k) not in refused]
    for i, k in sorted(pairs, key=lambda pair: (pair[0] != pair[1], pair[1] == 0, pair)):
        factor = rates[i].diff(states[k])
        if factor != 0 and states[k] not in factor.free_symbols:
            yield i, k, factor


def _quotient(factor: Any, constant: Any) -> sp.Expr:
    """Return -constant/factor, as 1/(1 + beta/alpha) if it is alpha/(alpha + beta).

    In that form interval arithmetic gives the exact range when beta/alpha is monotone.
    """
    import sympy as sp

    if constant == 0:
        return sp.Integer(0)
    parts = sp.Mul.make_args(-factor)
    sums = [part for part in parts if part.is_Add]
    if len(sums) == 1:
        rest = sp.Mul(*(part for part in parts if not part.is_Add))
        terms = [term * rest / constant for term in sums[0].args]
        if any(term.is_number for term in terms):
            return 1 / sp.Add(*terms)
    return -constant / factor
