"""Mapped: a network as a chip's integers, with what the mapping cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.parameters import Parameters

if TYPE_CHECKING:
    from causal_snn.chips.mapping.report import MappingReport
    from causal_snn.models.network import Network

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mapped:
    """Integers of a chip that stand for a network.

    Potentials correspond by ``v (mV) = rest + v (register) / scale``.

    Attributes
    ----------
    chip : Chip
    parameters : Parameters
        Neuron k of the network is neuron ``place[k]`` of the chip.
    network : Network or None
        What was mapped; None for parameters made by hand.
    scale : array, shape (n,)
        Register units per mV of each neuron of the network.
    rest : array, shape (n,)
        Potential (mV) at which the register is 0.
    place : array of int, shape (n,)
        Where each neuron of the network is; a chip has more neurons than the network where
        fan-in had to be split.
    report : MappingReport or None
        Clipped weights, errors, silenced and created edges, splits, shared settings.
    provenance : mapping
    """

    chip: Chip
    parameters: Parameters
    network: Network | None = None
    scale: Floats
    rest: Floats
    place: NDArray[np.int64]
    report: MappingReport | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        what = "parameters" if self.network is None else repr(self.network.name)
        return f"<Mapped: {what} on {self.chip.title}, {self.n} neurons>"

    @property
    def n(self) -> int:
        """Number of neurons of the network."""
        return len(self.place)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the network's neurons."""
        if self.network is not None:
            return self.network.labels
        return tuple(self.parameters.labels[k] for k in self.place)


def by_hand(chip: Chip, parameters: Parameters) -> Mapped:
    """Return parameters made by hand as a `Mapped` without a network: scale 1, rest 0."""
    n = parameters.n
    return Mapped(
        chip=chip,
        parameters=parameters,
        scale=np.ones(n),
        rest=np.zeros(n),
        place=np.arange(n),
    )
