"""Checks of a network's fields: each returns its field as stored, or raises `InputError`."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad, suggest
from causal_snn.models.neuron import NeuronModel

Floats = NDArray[np.float64]


def check_time_step(dt: float) -> float:
    """Return a positive, finite time step (ms)."""
    if isinstance(dt, bool) or not np.isfinite(dt) or dt <= 0:
        raise bad("dt", dt, "a positive time step in ms")
    return float(dt)


def _read_only(values: ArrayLike) -> Floats:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def is_sparse(table: Any) -> bool:
    """Return whether a table is a sparse array, without importing scipy."""
    return hasattr(table, "tocsr")


def scaled_rows(table: Any, factor: Any) -> Any:
    """Return a table, dense or sparse, with every row multiplied by its factor."""
    if is_sparse(table):
        import scipy.sparse

        return scipy.sparse.csr_array(scipy.sparse.diags_array(factor) @ table)
    return np.asarray(table) * factor[:, None]


def check_weights(values: Any, name: str = "weights") -> Any:
    """Return a square table of finite weights: a read-only array, or a sparse array (CSR)."""
    if is_sparse(values):
        return _sparse_weights(values, name)
    try:
        weights = _read_only(values)
    except (ValueError, TypeError):
        raise bad(name, values, "a square table of numbers, row = target") from None
    _check_square(name, weights)
    if not np.all(np.isfinite(weights)):
        row, column = (int(k[0]) for k in np.nonzero(~np.isfinite(weights)))
        raise bad(f"{name}[{row}][{column}]", float(weights[row, column]), "a finite number of mV")
    return weights


def _sparse_weights(values: Any, name: str) -> Any:
    from scipy.sparse import csr_array

    _check_square(name, values)
    weights = csr_array(values, dtype=np.float64, copy=True)
    weights.sum_duplicates()
    if not np.all(np.isfinite(weights.data)):
        raise bad(name, "a sparse array with entries that are not finite", "finite numbers")
    return weights


def _check_square(name: str, table: Any) -> None:
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.shape[0]:
        seen = f"array of shape {table.shape}"
        raise bad(name, seen, "shape (n, n), row = target, column = source")


def check_delays(delays: Any, n: int) -> Any:
    """Return delays in steps: an int, or a read-only array of int, shape (n, n)."""
    array = np.asarray(delays)
    if array.shape not in ((), (n, n)):
        raise bad("delays", f"array of shape {array.shape}", f"a number, or shape ({n}, {n})")
    whole = np.asarray(delays, dtype=float)
    if array.dtype == bool or not np.all(whole == np.floor(whole)) or np.any(whole < 1):
        wrong = whole if whole.ndim == 0 else whole[(whole != np.floor(whole)) | (whole < 1)][0]
        raise bad(
            "delays",
            float(wrong),
            "whole numbers of steps, 1 or more",
            "A spike acts in the next step at the earliest; divide a time in ms by dt.",
        )
    if array.ndim == 0:
        return int(array)
    steps = array.astype(np.int64)
    steps.setflags(write=False)
    return steps


def check_synapses(synapses: Mapping[str, Any], neurons: Sequence[NeuronModel]) -> dict[str, Any]:
    """Return the tables of further connections, by the state they act on."""
    if not isinstance(synapses, Mapping):
        raise bad("synapses", synapses, "a mapping of state to weights, as {'g_i': W}")
    found = {}
    for state, table in synapses.items():
        if not all(state == model.input for model in dict.fromkeys(neurons)):
            _check_state("synapses", state, neurons)
        weights = check_weights(table, f"synapses[{state!r}]")
        if weights.shape[0] != len(neurons):
            n = len(neurons)
            raise bad(f"synapses[{state!r}]", f"shape {weights.shape}", f"shape ({n}, {n})")
        found[state] = weights
    return found


def check_inputs(inputs: Any, neurons: Sequence[NeuronModel]) -> tuple[Any, ...]:
    """Return random inputs whose values fit the number of units, and whose states exist."""
    from causal_snn.models.inputs import OUCurrent, PoissonInput, WhiteNoise

    found = tuple(inputs) if isinstance(inputs, list | tuple) else (inputs,)
    for source in found:
        if not isinstance(source, WhiteNoise | OUCurrent | PoissonInput):
            raise bad("inputs", source, "WhiteNoise, OUCurrent or PoissonInput")
        if isinstance(source, PoissonInput) and source.state is not None:
            _check_state("PoissonInput.state", source.state, neurons)
        source.check(len(neurons))
    return found


def _check_state(argument: str, state: Any, neurons: Sequence[NeuronModel]) -> None:
    for model in dict.fromkeys(neurons):
        if state not in model.states:
            raise bad(
                argument,
                state,
                f"a state of every neuron ({model.name})",
                suggest(str(state), model.states),
            )


def same_table(one: Any, other: Any) -> bool:
    """Return whether two arrays, dense or sparse, hold the same numbers."""
    if is_sparse(one) or is_sparse(other):
        return is_sparse(one) and is_sparse(other) and abs(one - other).nnz == 0
    return np.array_equal(one, other)


def check_neurons(models: NeuronModel | Sequence[NeuronModel], n: int) -> tuple[NeuronModel, ...]:
    """Return one neuron for each of n units."""
    found = (models,) * n if isinstance(models, NeuronModel) else tuple(models)
    if len(found) != n or not all(isinstance(model, NeuronModel) for model in found):
        raise bad("neuron", models, f"one NeuronModel, or one for each of the {n} units")
    known: dict[NeuronModel, NeuronModel] = {}
    return tuple(known.setdefault(model, model) for model in found)  # equal ones are one object


def check_per_unit(name: str, values: ArrayLike, n: int) -> Floats:
    """Return one finite number for each of n units."""
    try:
        array = _read_only(np.broadcast_to(np.asarray(values, dtype=float), (n,)))
    except (ValueError, TypeError):
        raise bad(name, values, f"one number, or one for each of the {n} units") from None
    if not np.all(np.isfinite(array)):
        raise bad(name, array.tolist(), "finite numbers")
    return array


def check_labels(labels: Sequence[str] | None, n: int) -> tuple[str, ...]:
    """Return n names that differ; A, B, C, ... where none are given."""
    if labels is None:
        letters = string.ascii_uppercase
        return tuple(letters[:n]) if n <= len(letters) else tuple(f"n{k}" for k in range(n))
    if isinstance(labels, str):
        raise bad("labels", labels, f"a list of {n} names", "A string is one name.")
    found = tuple(str(label) for label in labels)
    if len(found) != n:
        raise bad("labels", list(found), f"{n} names, one for each unit")
    repeated = sorted({label for label in found if found.count(label) > 1})
    if repeated:
        raise bad("labels", repeated, "names that differ", "Rename the repeated units.")
    return found


def check_background(
    state: Mapping[str, int] | Sequence[int] | int, rest: Sequence[str]
) -> dict[str, int]:
    """Return the clamped state, 0 or 1, of each unit outside a subset."""
    if isinstance(state, Mapping):
        for label in state:
            if label not in rest:
                raise bad("background", label, "a unit outside the subset", suggest(label, rest))
        values = [state.get(label, 0) for label in rest]
    elif isinstance(state, int | np.integer):
        values = [state] * len(rest)
    else:
        values = list(state)
    if len(values) != len(rest) or any(value not in (0, 1) for value in values):
        raise bad("background", state, f"0 or 1 for each of the {len(rest)} clamped units")
    return {label: int(value) for label, value in zip(rest, values, strict=True)}
