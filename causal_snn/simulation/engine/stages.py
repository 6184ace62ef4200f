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
    return tuple(x + dt * rate for x, rate in zip(equations.states, rates, strict=True))
