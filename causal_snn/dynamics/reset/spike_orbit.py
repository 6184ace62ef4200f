"""SpikeOrbit: spikes that repeat, a periodic orbit of a reset map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np

from causal_snn.dynamics.flight.flow import Floats


@dataclass(frozen=True, slots=True, eq=False)
class SpikeOrbit:
    """A periodic orbit of the reset map: k spikes that repeat (k = 1: tonic, more: a burst).

    Attributes
    ----------
    w : array, shape (k,)
        Adaptation after each spike.
    isi : array, shape (k,)
        Time from each spike to the next (ms).
    slopes : array, shape (k,)
        Phi' at each.
    residual : float
        Largest ``|Phi(w_i) - w_(i+1)|`` left.
    """

    w: Floats
    isi: Floats
    slopes: Floats
    residual: float

    @property
    def spikes(self) -> int:
        """Number of spikes of one round, k."""
        return len(self.w)

    @property
    def period(self) -> float:
        """Duration of one round (ms)."""
        return float(self.isi.sum())

    @property
    def multiplier(self) -> float:
        """Derivative of Phi^k: the product of the slopes."""
        return float(np.prod(self.slopes))

    @property
    def stable(self) -> bool:
        """Whether spiking settles on it: |multiplier| < 1."""
        return abs(self.multiplier) < 1.0

    def __repr__(self) -> str:
        kind = "stable" if self.stable else "unstable"
        return (
            f"<{kind} orbit of {self.spikes} spikes, T = {self.period:.8g} ms, "
            f"multiplier {self.multiplier:.6g}>"
        )


@dataclass(frozen=True, slots=True, eq=False)
class SpikeOrbits(Sequence[SpikeOrbit]):
    """Periodic orbits in order of their smallest w; empty with a reason in `message`.

    Attributes
    ----------
    orbits : tuple of SpikeOrbit
        What was found.
    message : str
        What was searched, and what was found.
    provenance : dict
        How.
    """

    orbits: tuple[SpikeOrbit, ...]
    message: str
    provenance: dict[str, Any] = field(default_factory=dict)

    @overload
    def __getitem__(self, key: int) -> SpikeOrbit: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[SpikeOrbit, ...]: ...
    def __getitem__(self, key: Any) -> Any:
        return self.orbits[key]

    def __len__(self) -> int:
        return len(self.orbits)

    def __iter__(self) -> Iterator[SpikeOrbit]:
        return iter(self.orbits)

    def __repr__(self) -> str:
        return f"<{self.message}>"
