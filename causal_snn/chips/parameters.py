"""Parameters: the numbers that a chip is loaded with, checked against what it can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.weight_check import check_weights
from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.network_checks import is_sparse

Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameters:
    """What a chip is loaded with, for n neurons and m input channels. Made by `parameters`.

    Attributes
    ----------
    weights : array, shape (n, n), or scipy.sparse array
        What one spike adds to the sum that arrives, row = target, column = source.
    input_weights : array, shape (n, m)
        The same for the input channels.
    exponent : int
        Shift of the sum (to the right where negative), besides the chip's `align`.
    delays : array of int, shape (n, n)
        Steps from a spike to its arrival.
    neuron : mapping of str to array, shape (n,)
        The chip's settings by name.
    stochastic_weights, stochastic_inputs : array of bool or None
        Which synapses are stochastic, where the chip has such.
    labels : tuple of str
    """

    weights: Numbers
    input_weights: Numbers
    exponent: int
    delays: NDArray[np.int64]
    neuron: Mapping[str, Numbers]
    stochastic_weights: NDArray[np.bool_] | None = None
    stochastic_inputs: NDArray[np.bool_] | None = None
    labels: tuple[str, ...] = field(default_factory=tuple)

    def __repr__(self) -> str:
        return f"<Parameters: {self.n} neurons, {self.inputs} input channels>"

    @property
    def n(self) -> int:
        """Number of neurons."""
        return int(self.weights.shape[0])

    @property
    def inputs(self) -> int:
        """Number of input channels."""
        return int(self.input_weights.shape[1])


def parameters(
    chip: Chip,
    *,
    weights: ArrayLike | None = None,
    input_weights: ArrayLike | None = None,
    exponent: int = 0,
    delays: ArrayLike | None = None,
    stochastic_weights: ArrayLike | None = None,
    stochastic_inputs: ArrayLike | None = None,
    labels: Sequence[str] | None = None,
    **neuron: ArrayLike,
) -> Parameters:
    """Return parameters of a chip, every number checked against what it can hold.

    Parameters
    ----------
    chip : Chip
    weights : array or scipy.sparse array, shape (n, n), optional
        Recurrent weights (default none), as the chip adds them up: mantissas, and with their
        exponent where it belongs to each weight (`WeightFormat.exponent_stage`).
    input_weights : array or scipy.sparse array, shape (n, m), optional
        Weights of input channels (default none).
    exponent : int
        Common exponent of the weights.
    delays : int or array, shape (n, n), optional
        Steps to arrival; default the chip's least.
    stochastic_weights, stochastic_inputs : array of bool, optional
    labels : sequence of str, optional
        Names of the neurons; default 0, 1, 2, ...
    **neuron
        Settings of `chip.settings`: one number for all neurons, or one for each.

    Raises
    ------
    InputError
        If a shape is wrong, a setting unknown, or a number outside what the chip holds: for
        weights the message names the scale that fits. A neuron with more different weights than
        the chip has for one, and a source with both signs where it has one, are errors too.
    """
    n = _count(weights, input_weights, neuron)
    recurrent = _table("weights", weights, (n, n), chip)
    arriving = _table("input_weights", input_weights, (n, None), chip)
    least, most = chip.weight.exponents
    if not least <= exponent <= most:
        raise bad("exponent", exponent, f"{least} to {most} on {chip.title}")
    steps = _delays(chip.delay[0] if delays is None else delays, n, chip)
    known = [setting.name for setting in chip.settings]
    for name in neuron:
        if name not in known:
            raise InputError(f"{chip.title} has no setting {name!r}; {suggest(name, known)}")
    found = {
        setting.name: _setting(chip, setting.name, neuron.get(setting.name, setting.default), n)
        for setting in chip.settings
    }
    random = {
        "weights": _flags("stochastic_weights", stochastic_weights, recurrent.shape, chip),
        "input_weights": _flags("stochastic_inputs", stochastic_inputs, arriving.shape, chip),
    }
    tables = {"weights": recurrent, "input_weights": arriving}
    check_weights(chip, tables, exponent=int(exponent), stochastic=random)
    return Parameters(
        weights=recurrent,
        input_weights=arriving,
        exponent=int(exponent),
        delays=steps,
        neuron=found,
        stochastic_weights=random["weights"],
        stochastic_inputs=random["input_weights"],
        labels=tuple(labels) if labels is not None else tuple(map(str, range(n))),
    )


def _count(weights: Any, input_weights: Any, neuron: Mapping[str, Any]) -> int:
    for table in (weights, input_weights):
        if table is not None:
            return int(np.shape(table)[0]) if np.ndim(table) else 1
    return max((int(np.size(value)) for value in neuron.values()), default=1)


def _table(name: str, given: Any, shape: tuple[int, int | None], chip: Chip) -> Numbers:
    if given is None:
        return np.zeros((shape[0], shape[1] or 0), dtype=_dtype(chip))
    table = _sparse(name, given, chip) if is_sparse(given) else as_numbers(name, given, chip)
    if table.ndim != 2 or table.shape[0] != shape[0] or shape[1] not in (None, table.shape[1]):
        wanted = f"({shape[0]}, {'m' if shape[1] is None else shape[1]})"
        raise bad(name, f"shape {table.shape}", f"shape {wanted}, row = target")
    return table


def _sparse(name: str, given: Any, chip: Chip) -> Any:
    import scipy.sparse

    table = scipy.sparse.csr_array(given)
    numbers = as_numbers(name, table.data, chip)
    return scipy.sparse.csr_array((numbers, table.indices, table.indptr), shape=table.shape)


def _dtype(chip: Chip) -> Any:
    return {"integer": np.int64, "float32": np.float32, "float64": np.float64}[chip.number]


def as_numbers(name: str, given: Any, chip: Chip) -> Numbers:
    """Return numbers in the chip's type, or raise `InputError` where that would change them."""
    values = np.asarray(given)
    if values.dtype == bool:
        values = values.astype(np.int64)
    if chip.number != "integer":
        return values.astype(_dtype(chip))
    try:
        whole = values.astype(np.int64)
    except (TypeError, ValueError, OverflowError):
        raise bad(name, given, "whole numbers") from None
    if np.any(whole != values):
        where = values.ravel()[np.argmax((whole != values).ravel())]
        raise bad(
            name, where.item(), "whole numbers", "`map` turns a network into a chip's integers."
        )
    return whole


def _setting(chip: Chip, name: str, given: Any, n: int) -> Numbers:
    setting = chip.setting(name)
    if setting.step == 0:
        values = np.asarray(given, dtype=np.float64)
    else:
        values = as_numbers(name, given, chip)
    if values.ndim > 1 or values.size not in (1, n):
        raise bad(name, f"shape {values.shape}", f"one number, or one for each of {n} neurons")
    values = np.broadcast_to(values.ravel(), (n,)).copy()
    outside = (values < setting.low) | (values > setting.high)
    if setting.step > 1:
        outside |= values % setting.step != 0
    if np.any(outside):
        steps = f" in steps of {setting.step}" if setting.step > 1 else ""
        raise bad(
            name,
            values[np.argmax(outside)].item(),
            f"{setting.low} to {setting.high}{steps} on {chip.title} ({setting.meaning})",
        )
    return values


def _delays(given: ArrayLike, n: int, chip: Chip) -> NDArray[np.int64]:
    table = np.asarray(given)
    if table.shape not in ((), (n, n)) or np.any(table != table.astype(np.int64)):
        raise bad("delays", given, f"a whole number of steps, or shape {(n, n)}")
    low, high = chip.delay
    if np.any((table < low) | (table > high)):
        raise bad(
            "delays",
            int(table.ravel()[np.argmax(((table < low) | (table > high)).ravel())]),
            f"{low} to {high} steps on {chip.title}",
        )
    # One delay for all takes no memory: a large network has sparse weights, and delays are dense.
    return np.broadcast_to(table.astype(np.int64), (n, n))


def _flags(
    name: str, given: ArrayLike | None, shape: tuple[int, ...], chip: Chip
) -> NDArray[np.bool_] | None:
    if given is None or not np.any(given):
        return None
    if "synapse" not in chip.stochastic:
        raise bad(name, given, f"none: {chip.title} has no stochastic synapses")
    return np.broadcast_to(np.asarray(given, dtype=bool), shape).copy()
