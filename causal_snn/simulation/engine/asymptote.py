"""Exponential Euler about the asymptote: x' = q + (x - q) exp(-s dt) with q = f(0)/s.

For a state that is linear in its own equation, f = f(0) - s x. It is the same number as
x + f (1 - exp(-s dt))/s in half the operations; but where s is near 0 the asymptote q runs away,
so it is used only for states whose s is well above 0 all over their domain.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from causal_snn.models.rates import linoid_array
from causal_snn.models.schemes import DT
from causal_snn.simulation.engine.layout import Group

LEAST = 1e-4
"""Least rate s (1/ms) for which the asymptote is used; rounding is then below 1e-12 of f(0)."""
POINTS = 2000


def about_asymptote(group: Group, formulas: tuple[Any, ...], first: int) -> tuple[Any, ...]:
    """Return a group's formulas of new states, from state `first` on about their asymptotes.

    States of constant s are left as they are: their exponential is a constant anyway.
    """
    import sympy as sp

    equations = group.equations
    dt = sp.Symbol(DT, real=True)
    found = list(formulas)
    for k in range(first, len(formulas)):
        x, rate = equations.states[k], equations.drift[k]
        slope = _slope(equations, k)
        if slope is None or not slope.free_symbols & set(equations.states):
            continue
        if _largest(group, k) < -LEAST:
            q = sp.Dummy("q", real=True)
            form = q + (x - q) * sp.exp(dt * slope)
            found[k] = form.xreplace({q: rate.xreplace({x: sp.Integer(0)}) / -slope})
    return tuple(found)


@cache
def _slope(equations: Any, k: int) -> Any:
    """Return df/dx of a state that is linear in its own equation, else None."""
    import sympy as sp

    x = equations.states[k]
    slope = sp.expand(equations.drift[k].diff(x))
    return None if x in slope.free_symbols else equations.drift[k].diff(x)


def _largest(group: Group, k: int) -> float:
    """Return the largest df/dx at points all over the domain, for up to 50 units of the group."""
    equations, names = group.equations, sorted(group.parameters)
    function = _slope_function(equations, k, tuple(names))
    rng = np.random.default_rng(0)
    points = [rng.uniform(low, high, POINTS)[:, None] for low, high in equations.domain]
    some = np.unique(np.linspace(0, group.size - 1, 50).astype(int))
    distinct = np.array([group.parameters[name][some] for name in names])  # (names, sets)
    with np.errstate(all="ignore"):
        found = np.asarray(function(*points, *distinct))
    return float(np.max(found)) if np.all(np.isfinite(found)) else np.inf


@cache
def _slope_function(equations: Any, k: int, names: tuple[str, ...]) -> Any:
    import sympy as sp

    symbols = [sp.Symbol(name, real=True) for name in names]
    modules: list[Any] = [{"linoid": linoid_array}, "numpy"]
    return sp.lambdify([*equations.states, *symbols], _slope(equations, k), modules=modules)
