"""Values of a TOML file, checked: each function returns the value or says what it should be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from inspect import Parameter as Argument
from inspect import signature
from typing import Any

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models import BY_NAME, Convention


def parameter_names(model: str) -> tuple[str, ...]:
    """Return the parameters of a model, as the arguments of its maker."""
    arguments = signature(BY_NAME[model]).parameters.values()
    return tuple(item.name for item in arguments if item.kind is Argument.KEYWORD_ONLY)


CONVENTION_KEYS = tuple(item.name for item in fields(Convention))

# Where a key belongs, for the key that sits in the wrong section.
_HOME = {
    **{key: "[neuron]" for model in BY_NAME for key in ("model", *parameter_names(model))},
    **dict.fromkeys(CONVENTION_KEYS, "[neuron.convention]"),
    **dict.fromkeys(("labels", "weights", "connections", "drive", "noise", "bias"), "[network]"),
    "dt": "the top level, above every [section]",
    "name": "the top level, above every [section]",
    "source": "the top level, above every [section]",
}


def check_keys(values: Iterable[str], allowed: Iterable[str], section: str) -> None:
    """Raise `InputError` for the first unknown key, with where it belongs or the nearest key."""
    known = list(allowed)
    for key in values:
        if key in known:
            continue
        home = _HOME.get(key, section)
        hint = suggest(key, known) if home in section else f"it belongs in {home}"
        raise InputError(f"{section}: unknown key {key!r}; {hint}")


def require(values: dict[str, Any], key: str, section: str) -> Any:
    """Return ``values[key]``, which must be there."""
    if key not in values:
        raise InputError(f"{section}: missing key {key!r}")
    return values[key]


def table(value: Any, name: str) -> dict[str, Any]:
    """Return a TOML table."""
    if not isinstance(value, dict):
        raise bad(name, value, f"a table, as [{name}] and its keys below")
    return value


def text(value: Any, name: str) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise bad(name, value, "a string in quotes")
    return value


def strings(value: Any, name: str) -> list[str]:
    """Return a list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad(name, value, 'a list of names in quotes, as ["A", "B"]')
    return value


def number(value: Any, name: str) -> float:
    """Return a finite number; TOML integers count, booleans and strings do not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad(name, value, "a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise bad(name, found, "a finite number")
    return found


def numbers(value: Any, name: str) -> float | list[float]:
    """Return a number, or a list of numbers, one for each unit."""
    if isinstance(value, list):
        return [number(item, f"{name}[{k}]") for k, item in enumerate(value)]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad(name, value, "a number, or a list of numbers, one for each unit")
    return number(value, name)
