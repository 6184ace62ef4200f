"""What a step computes, as formulas in stages: within a stage all at once, stage after stage."""

from __future__ import annotations

from functools import cache
from typing import Any

from causal_snn.models.schemes import DT, scheme
from causal_snn.simulation.engine.asymptote import about_asymptote
from causal_snn.simulation.engine.layout import EXACT, STAGGERED, Group

type Stage = tuple[tuple[int, ...], tuple[Any, ...]]
"""Numbers of the states that a stage renews, and their formulas."""


def stages(group: Group) -> list[Stage]:
    """Return the formulas of a group's scheme, stage by stage.

    All schemes but ``"staggered"`` have one stage.
    """
    name = "exponential_euler" if group.scheme in (EXACT, STAGGERED) else group.scheme
    formulas = _formulas(group.equations, scheme(group.model, name))
    first = {"exponential_euler": 0, "rush_larsen": 1}.get(name)
    if first is not None:
        formulas = about_asymptote(group, formulas, first)
    if group.scheme != STAGGERED:
        return [(tuple(range(len(formulas))), formulas)]
    found: list[list[int]] = []
    for k, formula in enumerate(formulas):
        needed = {j for j in range(k) if group.equations.states[j] in formula.free_symbols}
        if not found or needed & set(found[-1]):
            found.append([])
        found[-1].append(k)
    return [(tuple(stage), tuple(formulas[k] for k in stage)) for stage in found]


@cache
def _formulas(equations: Any, chosen: Any) -> tuple[Any, ...]:
    import sympy as sp

    dt = sp.Symbol(DT, real=True)
    rates = chosen.increment(equations, dt)
    pairs = list(zip(equations.states, rates, strict=True))
    return _two_halves(equations, rates, dt) or tuple(x + dt * _horner(f, x) for x, f in pairs)


def _two_halves(equations: Any, rates: Any, dt: Any) -> tuple[Any, ...]:
    """Return two half steps of the potential, then what follows from it, if that is the scheme.

    x + dt (f(x) + f(x_1))/2 with x_1 = x + dt f(x)/2 is x_1 + dt f(x_1)/2.
    """
    import sympy as sp

    x, f = equations.states[0], equations.drift[0]
    mean = (f + f.xreplace({x: x + dt * f / 2})) / 2
    late = [rate.xreplace({x: x + dt * mean}) for rate in equations.drift[1:]]
    if (mean, *late) != tuple(rates):
        return ()
    short, half = _horner(f, x), dt / 2
    middle = x + sp.Mul(half, short)
    new = middle + sp.Mul(half, short.xreplace({x: middle}))
    pairs = zip(equations.states[1:], equations.drift[1:], strict=True)
    return (new, *(y + dt * rate.xreplace({x: new}) for y, rate in pairs))


def _horner(rate: Any, x: Any) -> Any:
    """Return a sum of powers of x as (.. x + ..) x + ..: fewer products; other rates as given.

    Products are not multiplied out: their differences would be lost in rounding.
    """
    import sympy as sp

    if not (rate.is_Add and rate.is_polynomial(x) and sp.expand(rate) == rate):
        return rate
    coefficients = sp.Poly(rate, x).all_coeffs()
    result = sp.Integer(0)
    for coefficient in coefficients:
        result = result * x + coefficient
    return result if len(coefficients) > 2 else rate
