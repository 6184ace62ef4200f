"""define: a neuron of your own in a few lines."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.convention import convention as as_convention
from causal_snn.models.neuron import DRIVE, Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters

if TYPE_CHECKING:
    import sympy as sp


def define(
    name: str,
    *,
    drift: Mapping[str, Any],
    parameters: Mapping[str, float],
    threshold: Any = None,
    reset: Mapping[str, Any] | None = None,
    units: Mapping[str, str] | None = None,
    domain: Mapping[str, tuple[float, float]] | None = None,
    synapse: str | None = None,
    level: float | None = None,
    **convention: Any,
) -> NeuronModel:
    """Return a neuron model from formulas.

    Parameters
    ----------
    name : str
        What to call it.
    drift : mapping of str to str or sympy.Expr
        Time derivative (per ms) of each state, the membrane potential first. Text is read by
        sympy, where every state and parameter name means itself (``E`` and ``I`` too), decimals
        are exact rationals, and ``linoid(x)`` is x/(1 - exp(-x)). Text is evaluated: take it
        from people you trust.
    parameters : mapping of str to float or Parameter
        Values; a plain number is a dimensionless `Parameter` of any sign.
    threshold : str or sympy.Expr, optional
        A spike is emitted when the first state reaches this; leave it out when the flow alone
        makes the spikes.
    reset : mapping, optional
        The states that a spike changes, and to what; needs `threshold`.
    units : mapping, optional
        Unit of each state; default "1".
    domain : mapping, optional
        Range of each state that figures show; default (-100, 100).
    synapse : str, optional
        State that an arriving spike jumps; default the first.
    level : float, optional
        Potential whose upward crossing counts as a spike, for a neuron without threshold.
    **convention
        Discrete conventions, see `Convention`.

    Returns
    -------
    NeuronModel

    Raises
    ------
    InputError
        If a formula cannot be read, uses an unknown symbol, or a name is not a state.

    Examples
    --------
    >>> model = define("cubic", drift={"v": "v - v**3/3 - w + I", "w": "eps*(v - b*w)"},
    ...                parameters={"I": 0.0, "eps": 0.1, "b": 0.5})
    >>> model.states
    ('v', 'w')
    """
    if not isinstance(parameters, Mapping):
        raise bad("parameters", parameters, "a mapping of name to value, as {'I': 0.0}")
    values = Parameters(
        {
            key: value if isinstance(value, Parameter) else Parameter(_number(key, value), "1", key)
            for key, value in parameters.items()
        }
    )
    return NeuronModel(
        name=name,
        equations=equations(
            drift=drift,
            parameters=values,
            threshold=threshold,
            reset=reset,
            units=units,
            domain=domain,
            synapse=synapse,
            level=level,
        ),
        parameters=values,
        convention=as_convention(name, values, convention),
    )


def equations(
    *,
    drift: Mapping[str, Any],
    parameters: Iterable[str],
    threshold: Any = None,
    reset: Mapping[str, Any] | None = None,
    units: Mapping[str, str] | None = None,
    domain: Mapping[str, tuple[float, float]] | None = None,
    synapse: str | None = None,
    level: float | None = None,
) -> Equations:
    """Return the symbols of a model from formulas; arguments as in `define`."""
    reset, units, domain = reset or {}, units or {}, domain or {}
    by_state: dict[str, Any] = {"drift": drift, "reset": reset, "units": units, "domain": domain}
    for argument, given in by_state.items():
        if not isinstance(given, Mapping):
            raise bad(argument, given, "a mapping by state, as {'v': ...}")
    if not drift:
        raise bad("drift", dict(drift), "at least one state")
    names = tuple(drift)
    for key, ends in domain.items():
        if not _is_range(ends):
            raise bad(f"domain[{key!r}]", ends, "a pair (low, high), finite, with low < high")
    for argument, mapping in (("reset", reset), ("units", units), ("domain", domain)):
        for key in mapping:
            if key not in names:
                raise bad(f"{argument}[{key!r}]", mapping[key], "a state", suggest(key, names))
    if reset and threshold is None:
        raise bad("reset", dict(reset), "nothing without a threshold", "Give threshold as well.")
    if synapse is not None and synapse not in names:
        raise bad("synapse", synapse, "a state", suggest(synapse, names))
    symbols = (*names, *parameters)
    for symbol in symbols:
        _check_name(symbol)
    if len(set(symbols)) < len(symbols):
        twice = next(key for key in names if symbols.count(key) > 1)
        raise bad("parameters", twice, "names that are not states", "Rename one of the two.")
    return Equations(
        states=tuple(_symbol(key) for key in names),
        units=tuple(units.get(key, "1") for key in names),
        drift=tuple(read(drift[key], symbols, f"d{key}/dt") for key in names),
        threshold=None if threshold is None else read(threshold, symbols, "threshold"),
        reset=()
        if threshold is None
        else tuple(read(reset.get(key, key), symbols, f"reset of {key}") for key in names),
        synapse=0 if synapse is None else names.index(synapse),
        domain=tuple(domain.get(key, (-100.0, 100.0)) for key in names),
        level=None if level is None else _number("level", level),
    )


def _is_range(ends: Any) -> bool:
    try:
        low, high = map(float, ends)
    except (TypeError, ValueError):
        return False
    return math.isfinite(low) and math.isfinite(high) and low < high


def read(formula: Any, symbols: Iterable[str], place: str) -> sp.Expr:
    """Return a formula as a sympy expression of real symbols.

    Parameters
    ----------
    formula : str, float or sympy.Expr
        What to read. The symbols of an expression are matched by name.
    symbols : iterable of str
        Names of states and parameters.
    place : str
        Where the formula stands, for the error message.
    """
    import sympy as sp

    from causal_snn.models.rates import linoid

    if isinstance(formula, str):
        names = {
            name: _symbol(name) for name in {*symbols, DRIVE, *_NAME.findall(formula)} - _PYTHON
        }
        if "pi" not in symbols:
            names.pop("pi", None)
        try:
            expression = sp.sympify(
                formula, locals={"linoid": linoid, **names}, rational=True, convert_xor=True
            )
        # whatever sympy, or evaluating the text, raises: no other text can be told apart
        except Exception as error:
            raise InputError(f"{place} = {formula!r}: cannot be read as a formula") from error
    else:
        expression = sp.sympify(formula)
    _check_expression(expression, formula, place)
    return expression.xreplace({symbol: _symbol(str(symbol)) for symbol in expression.free_symbols})


# A name that is not called: a symbol, even where sympy has a constant or function of that name.
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*(?!\w|\s*\()")
_PYTHON = frozenset(keyword.kwlist)


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name.isidentifier() or name in _PYTHON:
        fix = f"Call it {name + '_'!r}." if name in _PYTHON else "As 'g_Na'."
        raise bad("name", name, "letters, digits and _, and no word of Python", fix)


def _check_expression(expression: Any, formula: Any, place: str) -> None:
    import sympy as sp
    from sympy.core.function import AppliedUndef

    if not isinstance(expression, sp.Expr) or expression.has(sp.nan, sp.zoo, sp.oo, sp.I):
        raise bad(place, formula, "a formula with a real number as its value")
    for function in expression.atoms(AppliedUndef):
        name = function.func.__name__
        raise InputError(f"{place} = {str(formula)!r}: no function {name!r} is known")


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise bad(name, value, "a number") from None


@cache
def _symbol(name: str) -> sp.Symbol:
    import sympy as sp

    return sp.Symbol(name, real=True)
