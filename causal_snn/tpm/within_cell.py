"""What all within-cell laws share: the sub-cells of a unit and the rows of its micro states.

Each unit's micro states fall into three *sub-cells*, quiet, primed and just spiked, since what
a unit sends depends on the last alone; binary macro states are mixtures of them.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse import UnitPartition
from causal_snn.kernel.normal import above
from causal_snn.models.step import StepMap

Floats = NDArray[np.float64]
LawName = Literal["uniform", "stationary", "stationary_joint", "maximum_entropy"]
"""Laws that give a TPM; ``"worst"`` gives an interval of them."""
LAW_NAMES: tuple[str, ...] = get_args(LawName)
QUIET, PRIMED, SPIKING = 0, 1, 2


class CellLaw(Protocol):
    """The law of one unit's micro state within each of its sub-cells."""

    def next_cell(self, cell: int, inputs: Floats) -> tuple[Floats, float]:
        """Return P(next sub-cell | sub-cell, input) for inputs W s, and its numeric error.

        The inputs have shape (C,), the rows shape (C, 3).
        """

    def spiking_weight(self) -> float:
        """Return the weight of "just spiked" within "primed or just spiked"."""

    def notes(self) -> list[str]:
        """Return what a reader must know: sub-cells that had to be filled in."""


def next_rows(
    step: StepMap,
    partition: UnitPartition,
    v: Floats,
    i: Floats,
    spiked: Any,
    hold: Any,
    c: Any,
) -> Floats:
    """Return P(next sub-cell | micro state, input), shape (..., 3), in closed form.

    Normal distribution functions of the distance from the mean next potential to the next
    cut and to theta (theory/01_lif.py L3). A unit that is still held goes to V_reset.
    """
    mean, current = step.mean(v, i, spiked, c)
    cut = partition.threshold - partition.score_coefficient * current
    spike = above(mean, step.sigma, step.theta, strict=bool(step.strict))
    rows = three(above(mean, step.sigma, np.minimum(cut, step.theta)), spike)
    held = np.asarray(hold) > 0
    if not held.any():
        return rows
    return np.where(held[..., None], one_hot(step.V_reset >= cut), rows)


def sub_cell(partition: UnitPartition, v: Floats, i: Floats, spiked: Any) -> NDArray[np.int64]:
    """Return the sub-cell of micro states, whatever the alphabet."""
    primed = v + partition.score_coefficient * i >= partition.threshold
    return np.where(spiked, SPIKING, np.where(primed, PRIMED, QUIET))


def three(over: Floats, spike: Floats) -> Floats:
    """Return (quiet, primed, spiking) from P(not quiet) and P(spiking), free of rounding."""
    spike = np.clip(spike, 0.0, 1.0)
    over = np.clip(over, spike, 1.0)
    return np.stack([1.0 - over, over - spike, spike], axis=-1)


def one_hot(primed: NDArray[np.bool_]) -> Floats:
    """Return rows of a unit held at V_reset: primed or quiet for certain, never spiking."""
    certain = np.asarray(primed, dtype=float)
    return np.stack([1.0 - certain, certain, np.zeros_like(certain)], axis=-1)
