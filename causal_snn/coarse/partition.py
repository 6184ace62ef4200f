"""Partitions: which micro states count as one macro state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad, check_choice
from causal_snn.models.network import Network

Alphabet = Literal["binary", "ternary"]
CELLS: dict[str, tuple[str, ...]] = {
    "binary": ("off", "on"),
    "ternary": ("quiet", "primed", "spiking"),
}
"""Names of the macro states of a unit, in the order of their numbers."""


@dataclass(frozen=True, slots=True)
class UnitPartition:
    """The macro states of one unit.

    ``ternary``: 0 quiet (score below `threshold`), 1 primed (score at or above it, not
    spiking), 2 spiking. It refines the emission boundary, so what the unit sends is a
    function of its macro state. ``binary``: 0 off = quiet, 1 on = primed or spiking.

    Attributes
    ----------
    label : str
        The unit.
    threshold : float
        Causal threshold T on the score (mV).
    theta : float
        Biophysical threshold (mV).
    score_coefficient : float
        Weight of the synaptic current in the score (mV per nA).
    alphabet : {"binary", "ternary"}
    """

    label: str
    threshold: float
    theta: float
    score_coefficient: float = 0.0
    alphabet: Alphabet = "ternary"

    def __post_init__(self) -> None:
        check_choice("alphabet", self.alphabet, tuple(CELLS))
        if np.isnan(self.threshold):
            raise bad("threshold", self.threshold, "a potential in mV")

    @property
    def cells(self) -> tuple[str, ...]:
        """Names of the macro states."""
        return CELLS[self.alphabet]

    def classify(self, v: ArrayLike, i: ArrayLike, spiked: ArrayLike) -> NDArray[np.int64]:
        """Return the macro state of micro states (potential, current, whether it spikes)."""
        score = np.add(v, np.multiply(self.score_coefficient, i))
        primed = (score >= self.threshold).astype(np.int64)
        top = len(self.cells) - 1
        return np.where(spiked, top, primed)


@dataclass(frozen=True, slots=True)
class Partition:
    """The macro states of a network: one `UnitPartition` for each unit, in order."""

    units: tuple[UnitPartition, ...]

    def __post_init__(self) -> None:
        if len({unit.alphabet for unit in self.units}) != 1:
            raise bad(
                "alphabet",
                [unit.alphabet for unit in self.units],
                "the same alphabet for every unit, and at least one unit",
            )

    @property
    def alphabet(self) -> Alphabet:
        """The alphabet that all units share."""
        return self.units[0].alphabet

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of macro states of each unit."""
        return tuple(len(unit.cells) for unit in self.units)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the units."""
        return tuple(unit.label for unit in self.units)

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """Causal threshold of each unit (mV), shape (n,)."""
        return np.array([unit.threshold for unit in self.units])

    @classmethod
    def from_thresholds(
        cls, network: Network, thresholds: ArrayLike, *, alphabet: Alphabet = "ternary"
    ) -> Partition:
        """Return the partition that cuts each unit's score at a chosen threshold.

        Parameters
        ----------
        network : Network
        thresholds : float or array, shape (n,)
            Thresholds on the causal score (mV); ``network.step().theta`` gives the
            biophysical partition.
        alphabet : {"binary", "ternary"}
        """
        step = network.step()
        values = np.broadcast_to(np.asarray(thresholds, dtype=float), (network.n,))
        labels: Sequence[str] = network.labels
        return cls(
            tuple(
                UnitPartition(
                    label=label,
                    threshold=float(value),
                    theta=float(theta),
                    score_coefficient=float(coefficient),
                    alphabet=alphabet,
                )
                for label, value, theta, coefficient in zip(
                    labels, values, step.theta, np.atleast_1d(step.score_coefficient), strict=True
                )
            )
        )
