"""The contexts of a bin: inputs from the others, or pieces that cover an interval of inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.kernel.context_law import context_law as law_of
from causal_snn.kernel.contexts import Contexts
from causal_snn.kernel.effect import CONTEXT_PIECES
from causal_snn.models.network import Network

Floats = NDArray[np.float64]
Rng = np.random.Generator | int | None


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Contexts as intervals of input, points but where an interval is covered by pieces.

    Attributes
    ----------
    low, high : array, shape (C,)
        Ends of each context, in the unit of the weights.
    law : array, shape (C,)
        Law on the contexts.
    """

    low: Floats
    high: Floats
    law: Floats

    @property
    def middle(self) -> Floats:
        """The input that stands for each context, shape (C,)."""
        return np.where(self.low == self.high, self.low, (self.low + self.high) / 2.0)

    @property
    def widths(self) -> Floats:
        """Width of each context, shape (C,)."""
        return self.high - self.low

    @property
    def points(self) -> bool:
        """Whether each context is one input."""
        return bool(np.all(self.low == self.high))


def inputs_of(
    network: Network, unit: int, found: Contexts, law: str | ArrayLike, rng: Rng
) -> Inputs:
    """Return the contexts of a bin with their law.

    Raises
    ------
    InputError
        If the law is none on these contexts; only the uniform one is for an interval.
    """
    inputs = found.inputs
    if found.kind != "interval" or len(inputs) == 1:
        weights = law_of(network, unit, law, contexts=found, rng=rng)
        return Inputs(inputs, inputs, weights)
    if not isinstance(law, str) or law != "uniform":
        raise bad(
            "context_law",
            law,
            "'uniform' for an interval of contexts",
            "Give contexts='states' or a list of inputs.",
        )
    pieces = np.linspace(inputs.min(), inputs.max(), CONTEXT_PIECES + 1)
    return Inputs(pieces[:-1], pieces[1:], np.full(CONTEXT_PIECES, 1.0 / CONTEXT_PIECES))
