"""Contexts of a unit: the synaptic inputs that the other units can give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.kernel.intervention_range import input_range
from causal_snn.models.network import Network

Kind = Literal["states", "extremes", "interval", "given"]
MOST_SOURCES = 16
"""Presynaptic units up to which every spike pattern is enumerated (65,536 patterns)."""


@dataclass(frozen=True, slots=True)
class Contexts:
    """The inputs under which an effect must hold.

    Attributes
    ----------
    kind : str
        ``"states"``: every spike pattern of the other units (equal inputs merged);
        ``"extremes"``: the least and the greatest input; ``"interval"``: every input
        between them, a superset of all patterns; ``"given"``: inputs named by the caller.
    inputs : array, shape (C,)
        Recurrent input W s, increasing, in the unit of the weights.
    patterns : array of int8, shape (C, n), or None
        For each input one spike pattern that gives it.
    """

    kind: Kind
    inputs: NDArray[np.float64]
    patterns: NDArray[np.int8] | None


def contexts(network: Network, unit: int, kind: Kind | Sequence[float] | None = None) -> Contexts:
    """Return the contexts of a unit; by default all states of the others.

    With more than `MOST_SOURCES` presynaptic units the default is ``"interval"``.

    Raises
    ------
    InputError
        If `kind` is unknown, or ``"states"`` is asked of too many presynaptic units.
    """
    row = network.weights[unit].copy()
    row[unit] = 0.0
    sources = np.flatnonzero(row)
    if kind is None:
        kind = "states" if len(sources) <= MOST_SOURCES else "interval"
    if not isinstance(kind, str):
        inputs = np.unique(np.asarray(kind, dtype=float))
        if inputs.ndim != 1 or not inputs.size or not np.all(np.isfinite(inputs)):
            raise bad("contexts", kind, "finite inputs in the unit of the weights")
        return Contexts("given", inputs, None)
    if kind == "states":
        if len(sources) > MOST_SOURCES:
            raise bad(
                "contexts",
                kind,
                f"at most {MOST_SOURCES} presynaptic units (this unit has {len(sources)})",
                "Use contexts='interval', which covers every pattern.",
            )
        return _every_pattern(row, sources)
    if kind not in ("extremes", "interval"):
        raise bad("contexts", kind, "'states', 'extremes', 'interval' or a list of inputs")
    least, greatest = input_range(network, unit)
    patterns = np.array([row < 0, row > 0], dtype=np.int8)
    if least == greatest:
        return Contexts("states", np.array([least]), patterns[:1])
    return Contexts(kind, np.array([least, greatest]), patterns)


def _every_pattern(row: NDArray[np.float64], sources: NDArray[np.int64]) -> Contexts:
    codes = np.arange(2 ** len(sources))
    bits = (codes[:, None] >> np.arange(len(sources))) & 1
    inputs = bits @ row[sources]
    # Sums in another order differ in the last digit: the same input is the same context.
    _, first = np.unique(np.round(inputs, 12), return_index=True)
    patterns = np.zeros((len(first), len(row)), dtype=np.int8)
    patterns[:, sources] = bits[first]
    return Contexts("states", inputs[first], patterns)
