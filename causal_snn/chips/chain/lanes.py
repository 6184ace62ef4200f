"""Spans: runs of neighbouring register values; Lanes: spans under one arrival each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.unit import UnitLaw

if TYPE_CHECKING:
    from causal_snn.chips.chain.kernel import Step

Numbers = NDArray[Any]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """P runs of potentials low..high, each with fixed other registers.

    Attributes
    ----------
    registers : mapping of str to array, shape (P,)
        All registers but the potential.
    low, high : array of int, shape (P,)
        The values between them count alike.
    weight : tuple of Fraction
        Share of each span; sums to 1.
    """

    registers: Mapping[str, Numbers]
    low: Ints
    high: Ints
    weight: tuple[Fraction, ...]

    @property
    def n(self) -> int:
        """Number of spans."""
        return len(self.low)

    @property
    def sizes(self) -> Ints:
        """Number of values of each span, shape (P,)."""
        return np.asarray(self.high - self.low + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """I spans under one arrival each, side by side."""

    step: Step
    registers: Mapping[str, Numbers]
    arriving: Mapping[str, Numbers]
    low: Ints
    high: Ints

    def take(self, index: Numbers, low: Ints | None = None, high: Ints | None = None) -> Lanes:
        """Return some lanes, with other ends if given."""
        return Lanes(
            self.step,
            {name: x[index] for name, x in self.registers.items()},
            {name: x[index] for name, x in self.arriving.items()},
            self.low[index] if low is None else low,
            self.high[index] if high is None else high,
        )

    def law(self, v: Ints, index: Numbers | None = None) -> UnitLaw:
        """Return the law at potentials v, one for each lane (or for those of `index`)."""
        part = self if index is None else self.take(index)
        return self.step({**part.registers, "v": v}, part.arriving)


def lanes_of(step: Step, spans: Spans, arriving: Mapping[str, Numbers]) -> Lanes:
    """Return every span under every arrival, (P A,), the arrivals fastest."""
    arrivals = len(next(iter(arriving.values())))
    p = np.repeat(np.arange(spans.n), arrivals)
    a = np.tile(np.arange(arrivals), spans.n)
    return Lanes(
        step,
        {name: value[p] for name, value in spans.registers.items()},
        {name: np.asarray(value)[a] for name, value in arriving.items()},
        spans.low[p],
        spans.high[p],
    )
