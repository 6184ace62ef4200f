"""PartitionMeasure: what a measure of integration found, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

TIE = 1e-12
"""Ratios and losses (bits) that differ by less tie, and a loss of less is none."""


class MeasureStatus(StrEnum):
    """How a value was settled; the members are the messages."""

    EXACT = "exact: a closed form, least over the partitions asked for"
    CONVERGED = "converged: within the tolerance of a lower bound that is proved"
    STATIONARY = "least of several local minima: not proved to be the global one"
    ITERATIONS = "not converged: the bounds still hold"
    LIMIT = "the best decoding exponent is not finite: the value at the largest one tried"


@dataclass(frozen=True, slots=True)
class PartitionMeasure:
    """A measure of integration at the partition where it is least.

    Attributes
    ----------
    measure : str
        Its name.
    value : float
        The measure at `partition`, not normalised (bits).
    lower : float
        Proved lower bound on the measure at `partition`, up to rounding (bits); `value`
        where there is a closed form.
    partition : tuple of tuple of int
        Units of each part, each part and the parts in ascending order; one part alone is
        the total partition.
    labels : tuple of str
        Names of the units.
    normalization : float
        What the value is divided by where partitions are compared; 1 for none.
    information : float
        What the whole has (bits): I(X; X'), or the effective information of a state.
    status : MeasureStatus
    evaluated : int
        Partitions whose value was computed; 0 where a dynamic programme went through all.
    provenance : mapping
    """

    measure: str
    value: float
    lower: float
    partition: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]
    normalization: float
    information: float
    status: MeasureStatus
    evaluated: int
    provenance: Mapping[str, Any]

    @property
    def success(self) -> bool:
        """Whether the value is settled within the tolerance."""
        return self.status in (MeasureStatus.EXACT, MeasureStatus.CONVERGED)

    @property
    def normalized(self) -> float:
        """The value over its normalization."""
        return ratio(self.value, self.normalization)

    @property
    def named_partition(self) -> tuple[tuple[str, ...], ...]:
        """The partition in the units' names."""
        return tuple(tuple(self.labels[k] for k in part) for part in self.partition)


def ratio(loss: float, normalization: float) -> float:
    """Return a loss over its normalization: 0 where nothing is lost, else x/0 is infinite."""
    if loss <= TIE:
        return 0.0
    return loss / normalization if normalization > 0 else float("inf")
