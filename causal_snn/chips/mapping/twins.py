"""Twins: a source whose weights have both signs, on a chip where a source has one sign.

A twin has the inputs and settings of its original, and so spikes with it; the original keeps
the positive weights and the twin takes the negative ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.parameters import Parameters, parameters
from causal_snn.errors import bad


def with_twins(chip: Chip, made: Parameters) -> tuple[Parameters, tuple[str, ...]]:
    """Return parameters in which every source has one sign, and the labels of who got a twin.

    Twins come after the network's own neurons.

    Raises
    ------
    InputError
        If an input channel has both signs.
    """
    mixed = _mixed(made.input_weights)
    if len(mixed):
        raise bad(
            "input_weights",
            f"column {mixed[0]} with both signs",
            f"one sign for all that leaves a source of {chip.title}",
            "Give the channel twice, once with its positive and once with its negative weights.",
        )
    both = _mixed(made.weights)
    if not len(both):
        return made, ()
    n = made.n
    order = np.concatenate([np.arange(n), both])
    weights = np.zeros((len(order), len(order)), dtype=made.weights.dtype)
    weights[:, :n] = made.weights[order]
    weights[:, n:] = np.minimum(weights[:, both], 0)
    weights[:, both] = np.maximum(weights[:, both], 0)
    neuron = {name: values[order] for name, values in made.neuron.items()}
    found = parameters(
        chip,
        weights=weights,
        input_weights=made.input_weights[order],
        exponent=made.exponent,
        delays=np.asarray(made.delays)[np.ix_(order, order)],
        labels=[*made.labels, *(f"{made.labels[k]} twin" for k in both)],
        **neuron,
    )
    return found, tuple(made.labels[k] for k in both)


def _mixed(table: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.any(table > 0, axis=0) & np.any(table < 0, axis=0))
