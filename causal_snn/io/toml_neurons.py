"""The [neuron] part of a TOML network file: a model for each unit."""

from __future__ import annotations

from typing import Any

from causal_snn.errors import InputError, bad, suggest
from causal_snn.io.files import naming
from causal_snn.io.toml_values import (
    CONVENTION_KEYS,
    check_keys,
    numbers,
    parameter_names,
    require,
    strings,
    table,
    text,
)
from causal_snn.models import BY_NAME, NeuronModel


def read_neurons(value: Any, n: int, labels: list[str] | None) -> list[NeuronModel]:
    """Return the model of each of `n` units from one [neuron] table, or several.

    Parameters
    ----------
    value : dict or list of dict
        The value of the key `neuron`: one table for all units, or tables that name theirs.
    n : int
        Number of units.
    labels : list of str or None
        Their names, if the file gives them.

    Raises
    ------
    InputError
        If a table is wrong, or a unit is in none or in two.
    """
    if not isinstance(value, list):
        group = table(value, "neuron")
        if "units" in group:
            raise InputError("[neuron]: units are for several [[neuron]]; one is for all units")
        return _read_group(group, labels or [str(k) for k in range(n)], "[neuron]")
    if labels is None:
        raise InputError("[network]: missing key 'labels', by which [[neuron]] names units")
    models: dict[str, NeuronModel] = {}
    for k, group in enumerate(value):
        section = f"[[neuron]] number {k + 1}"
        units = strings(require(table(group, "neuron"), "units", section), "units")
        for unit in units:
            if unit not in labels:
                raise bad(f"{section}: units", unit, "no such label", suggest(unit, labels))
            if unit in models or units.count(unit) > 1:
                raise bad(f"{section}: units", unit, "this unit has a model already")
        models.update(zip(units, _read_group(group, units, section), strict=True))
    left = [label for label in labels if label not in models]
    if left:
        raise bad("[[neuron]] units", left, "no model: each unit must be in one of the tables")
    return [models[label] for label in labels]


def _read_group(group: dict[str, Any], units: list[str], section: str) -> list[NeuronModel]:
    name = require(group, "model", section)
    with naming(section):
        if text(name, "model") not in BY_NAME:
            raise bad("model", name, "not a model of this library", suggest(name, BY_NAME))
    parameters = parameter_names(name)
    check_keys(group, ("model", "units", *parameters, "convention"), section)
    options = _read_convention(group.get("convention", {}))
    with naming(section):
        columns = {key: _column(group[key], key, units) for key in parameters if key in group}
        varied = any(isinstance(group[key], list) for key in columns)
        # Equal units share one object; equal to the last bit, so by their digits.
        made: dict[str, NeuronModel] = {}
        models = []
        for k, unit in enumerate(units):
            values = tuple(column[k] for column in columns.values())
            digits = repr(values)
            if digits not in made:
                with naming(f"unit {unit!r}" if varied else f"model {name!r}"):
                    given = dict(zip(columns, values, strict=True))
                    made[digits] = BY_NAME[name](**given, **options)
            models.append(made[digits])
    return models


def _column(value: Any, key: str, units: list[str]) -> list[float]:
    found = numbers(value, key)
    if isinstance(found, float):
        return [found] * len(units)
    if len(found) != len(units):
        raise bad(key, found, f"one number, or a list of {len(units)}, one for each unit")
    return found


def _read_convention(value: Any) -> dict[str, Any]:
    options = table(value, "neuron.convention")
    check_keys(options, CONVENTION_KEYS, "[neuron.convention]")
    strict = options.get("strict_threshold", False)
    if not isinstance(strict, bool):
        raise bad("strict_threshold", strict, "true or false")
    return options
