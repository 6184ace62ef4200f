"""Reset and threshold of a neuron as functions of arrays, from its equations."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from causal_snn.models.rates import linoid_array

_MODULES: list[Any] = [{"linoid": linoid_array}, "numpy"]


@cache
def reset_function(equations: Any) -> tuple[list[int], Callable[..., Any], list[int], list[str]]:
    """Return the states that a reset changes, and their new values as a function.

    Its arguments are some states, then some parameters: their numbers and names come last.
    """
    import sympy as sp

    pairs = zip(equations.states, equations.reset, strict=True)
    changes = [k for k, (state, new) in enumerate(pairs) if new != state]
    formulas = [equations.reset[k] for k in changes]
    used = {s for formula in formulas for s in formula.free_symbols}
    states = [k for k, state in enumerate(equations.states) if state in used]
    names = sorted(str(s) for s in used - set(equations.states))
    symbols = [sp.Symbol(name, real=True) for name in names]
    arguments = [*(equations.states[k] for k in states), *symbols]
    return changes, sp.lambdify(arguments, formulas, modules=_MODULES), states, names


@cache
def threshold_function(equations: Any) -> tuple[Callable[..., Any], list[int], list[str]]:
    """Return the threshold as a function of some states and parameters."""
    import sympy as sp

    formula = sp.S.Zero if equations.threshold is None else equations.threshold
    states = [k for k, state in enumerate(equations.states) if state in formula.free_symbols]
    names = sorted(str(s) for s in formula.free_symbols - set(equations.states))
    symbols = [sp.Symbol(name, real=True) for name in names]
    arguments = [*(equations.states[k] for k in states), *symbols]
    return sp.lambdify(arguments, formula, modules=_MODULES), states, names
