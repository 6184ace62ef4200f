"""Checks of a network's fields: each returns its field as stored, or raises `InputError`."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

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


def check_weights(values: ArrayLike) -> Floats:
    """Return a read-only square table of finite weights."""
    try:
        weights = _read_only(values)
    except (ValueError, TypeError):
        raise bad("weights", values, "a square table of numbers, row = target") from None
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or not weights.size:
        raise bad(
            "weights",
            f"array of shape {weights.shape}",
            "shape (n, n), row = target, column = source",
        )
    if not np.all(np.isfinite(weights)):
        row, column = (int(k[0]) for k in np.nonzero(~np.isfinite(weights)))
        raise bad(f"weights[{row}][{column}]", float(weights[row, column]), "a finite number of mV")
    return weights


def check_neurons(models: NeuronModel | Sequence[NeuronModel], n: int) -> tuple[NeuronModel, ...]:
    """Return one neuron for each of n units."""
    found = (models,) * n if isinstance(models, NeuronModel) else tuple(models)
    if len(found) != n or not all(isinstance(model, NeuronModel) for model in found):
        raise bad("neuron", models, f"one NeuronModel, or one for each of the {n} units")
    return found


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
