"""project: a neuron seen in a plane, as a model of its own with two states."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.define import read
from causal_snn.models.neuron import Equations, NeuronModel

if TYPE_CHECKING:
    import sympy as sp

type Fixed = Mapping[str, float | str] | Literal["steady state"]
"""What the other states are: numbers or formulas by name; those left out, steady states."""


def project(
    model: NeuronModel, x: str, y: str, fixed: Fixed = "steady state"
) -> tuple[NeuronModel, dict[str, str]]:
    """Return the model that is left when all states but two are tied to these two.

    A state in `fixed` is replaced by its number or formula. The others are replaced by their
    quasi-steady values: the solution of their equations of motion set to zero, which must be
    linear in them (as the gates of a conductance-based neuron are at a given potential).

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    x, y : str
        The states that are kept.
    fixed : mapping or "steady state"
        Number or formula for each state to tie in another way, as ``{"h": "0.8 - n"}``.

    Returns
    -------
    model : NeuronModel
        With states x and y, in the order of the original. It has a threshold only if the first
        state of the original is among them.
    ties : dict
        Formula of every state that was replaced.

    Raises
    ------
    InputError
        If a name is no state, a formula uses one of the replaced states, or the quasi-steady
        values have no unique closed form.
    """
    states = model.states
    for argument, name in (("x", x), ("y", y)):
        if name not in states:
            raise bad(argument, name, "a state", suggest(str(name), states))
    others = tuple(name for name in states if name not in (x, y))
    if fixed == "steady state":
        fixed = {}
    if not isinstance(fixed, Mapping):
        raise bad("fixed", fixed, '"steady state", or a mapping of state to number or formula')
    for name, value in fixed.items():
        if name not in states:
            raise bad(f"fixed[{name!r}]", value, "a state", suggest(name, others or states))
        if name not in others:
            raise bad(f"fixed[{name!r}]", value, "a state that is not on an axis")
        if not isinstance(value, str) and not math.isfinite(value):
            raise bad(f"fixed[{name!r}]", value, "a finite number or a formula")
    if not others:
        return model, {}
    asked = tuple((name, str(value)) for name, value in fixed.items())
    kept = tuple(name for name in states if name in (x, y))
    equations, ties = _project(model.equations, tuple(model.parameters), kept, asked)
    return replace(model, equations=equations), dict(ties)


@cache
def _project(
    equations: Equations,
    parameters: tuple[str, ...],
    kept: tuple[str, ...],
    asked: tuple[tuple[str, str], ...],
) -> tuple[Equations, tuple[tuple[str, str], ...]]:
    names = tuple(str(symbol) for symbol in equations.states)
    allowed = {*kept, *parameters}
    tied: dict[Any, Any] = {}
    for name, text in asked:
        formula = read(text, (*names, *parameters), f"fixed[{name!r}]")
        for symbol in sorted(map(str, formula.free_symbols)):
            if symbol not in allowed:
                raise bad(
                    f"fixed[{name!r}]", text, f"a formula of {', '.join(kept)} and parameters"
                )
        tied[equations.states[names.index(name)]] = formula
    free = [i for i, name in enumerate(names) if name not in kept and name not in dict(asked)]
    tied |= _quasi_steady(
        [equations.states[i] for i in free], [equations.drift[i].xreplace(tied) for i in free]
    )
    keep = [names.index(name) for name in kept]
    spikes = 0 in keep and equations.threshold is not None
    plane = Equations(
        states=tuple(equations.states[i] for i in keep),
        units=tuple(equations.units[i] for i in keep),
        drift=tuple(equations.drift[i].xreplace(tied) for i in keep),
        threshold=equations.threshold.xreplace(tied) if spikes else None,  # type: ignore[union-attr]
        reset=tuple(equations.reset[i].xreplace(tied) for i in keep) if spikes else (),
        domain=tuple(equations.domain[i] for i in keep) if equations.domain else (),
    )
    return plane, tuple((str(state), str(formula)) for state, formula in tied.items())


def _quasi_steady(states: list[sp.Symbol], drift: list[sp.Expr]) -> dict[Any, Any]:
    import sympy as sp
    from sympy.solvers.solveset import NonlinearError

    if not states:
        return {}
    names = ", ".join(map(str, states))
    try:
        matrix, rest = sp.linear_eq_to_matrix(drift, states)
    except NonlinearError as error:
        raise InputError(_no_tie(names, "do not enter linearly")) from error
    if matrix.det() == 0:
        raise InputError(_no_tie(names, "are not determined by the two axes"))
    values = (sp.signsimp(value) for value in matrix.LUsolve(rest))
    return dict(zip(states, values, strict=True))


def _no_tie(names: str, why: str) -> str:
    return (
        f"fixed: the quasi-steady values of {names} {why}. Give each a number or a formula, as "
        "fixed={'h': '0.8 - n'}, or choose other axes"
    )
