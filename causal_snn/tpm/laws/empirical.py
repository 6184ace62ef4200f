"""Laws made of micro states with weights: samples of a run, or the nodes of a quadrature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse import UnitPartition
from causal_snn.models.step import StepMap
from causal_snn.tpm.within_cell import (
    PRIMED,
    QUIET,
    SPIKING,
    CellLaw,
    next_rows,
    sub_cell,
)

Floats = NDArray[np.float64]
NAMES = ("quiet", "primed", "spiking")
CHUNK = 200_000
"""Closed forms at a time."""


@dataclass(frozen=True, slots=True)
class EmpiricalLaw:
    """Given micro states, alike or weighted; sub-cells without any fall back to `fallback`.

    Attributes
    ----------
    v, i, spiked, hold : array, shape (M,)
        Micro states of one unit, see `causal_snn.simulation.State`.
    weight : array, shape (M,), or None
        Weights, 0 or more; None where all count alike.
    error : float
        Numeric error of the rows, as far as the weights have one.
    absent : str
        What is said of a sub-cell without micro states.
    """

    step: StepMap
    partition: UnitPartition
    v: Floats
    i: Floats
    spiked: NDArray[np.bool_]
    hold: NDArray[np.int64]
    fallback: CellLaw
    weight: Floats | None = None
    error: float = 0.0
    absent: str = "was never visited"

    def next_cell(self, cell: int, inputs: Floats) -> tuple[Floats, float]:
        """Return P(next sub-cell | sub-cell, input), shape (C, 3), exact for the micro states."""
        members = self._members(cell)
        if not len(members):
            return self.fallback.next_cell(cell, inputs)
        v, i, hold = self.v[members, None], self.i[members, None], self.hold[members, None]
        share = None
        if self.weight is not None:
            # Divided by the largest first: chances that are all tiny keep their digits.
            share = self.weight[members] / self.weight[members].max()
            share = share / share.sum()
        found, some = [], max(1, CHUNK // len(members))
        for first in range(0, len(inputs), some):
            c = inputs[first : first + some]
            rows = next_rows(self.step, self.partition, v, i, cell == SPIKING, hold, c)
            found.append(rows.mean(axis=0) if share is None else np.tensordot(share, rows, axes=1))
        return np.concatenate(found), self.error

    def spiking_weight(self) -> float:
        """Return how much of "primed or just spiked" is "just spiked"."""
        weight = np.ones(len(self.v)) if self.weight is None else self.weight
        spiking, primed = (float(weight[self._members(cell)].sum()) for cell in (SPIKING, PRIMED))
        total = spiking + primed
        return spiking / total if total > 0 else self.fallback.spiking_weight()

    def notes(self) -> list[str]:
        """Return which sub-cells have no micro states."""
        label = self.partition.label
        return [
            f"unit {label}: {NAMES[cell]} {self.absent}; the uniform law is used"
            for cell in (QUIET, PRIMED, SPIKING)
            if not len(self._members(cell))
        ]

    def _members(self, cell: int) -> NDArray[np.int64]:
        inside = sub_cell(self.partition, self.v, self.i, self.spiked) == cell
        return np.flatnonzero(inside if self.weight is None else inside & (self.weight > 0))
