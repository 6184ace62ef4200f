"""What is known about levels of a unit's effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from causal_snn.coarse.leveling.certificate import CutsCertificate, LevelsCertificate
from causal_snn.coarse.leveling.enclosure import Floats, Whole


class LevelsStatus(StrEnum):
    """How good the levels are; the members are the messages."""

    OPTIMAL = "optimal: no levels do better, but for what effects vary within a cell of the table"
    BOUNDED = "bounded: the best levels found; the certificate's gap says how far they may be off"
    FEWER = "fewer levels: there are no more distinguishable effects"
    INFEASIBLE = "infeasible: no levels meet what was asked; these come nearest"


@dataclass(frozen=True, slots=True, eq=False)
class LevelsResult:
    """Levels (macro states) of one unit, how alike the effects in them are, and the proof.

    Attributes
    ----------
    label : str
        The unit.
    k : int
        Number of levels.
    cells : array of int, shape (n,)
        Level of each cell of the table, from the least effect up; -1 if it abstains.
    cell_edges : array, shape (n + 1,), or None
        Ends of the cells (mV), where they are neighbouring intervals.
    edges : array, or None
        Where the level changes (mV), increasing; k - 1 cuts for contiguous levels.
    objective : {"minimax", "brier", "kl"}
        What was made small: the worst distance of effects of one level, or the mean squared
        error or the information lost by knowing only the level.
    distance : str
        Between effects.
    epsilon : float
        The objective of these levels for every micro state of the cells, at most.
    lower : float
        No k levels have a smaller one: any shape or contiguous, see the certificate.
    value : float
        The objective on the table's rows.
    diameter : float
        Worst distance of effects within a level, at most.
    separation : float
        Least distance, in every context, of effects of two levels. 0 where levels touch.
    masses : array, shape (k,)
        Mass of each level.
    effects : array, shape (k, C, Y)
        The macro kernel: of two outcomes the middle of the range of effects (whose worst
        distance to an effect is least in total variation), else the mean.
    radius : float
        Worst total variation between the effect of a micro state and its level's in `effects`.
    means : array, shape (k, C, Y)
        Mean effect of each level under the reference law.
    effective_information : float
        Mean over contexts of I(effect; do(level), levels equally likely), of `means` (bits).
    contiguous : bool
        Whether every level is a run of neighbouring cells.
    status : LevelsStatus
    certificate : LevelsCertificate or CutsCertificate
    provenance : mapping
    """

    label: str
    k: int
    cells: Whole
    cell_edges: Floats | None
    edges: Floats | None
    objective: Literal["minimax", "brier", "kl"]
    distance: str
    epsilon: float
    lower: float
    value: float
    diameter: float
    separation: float
    masses: Floats
    effects: Floats
    radius: float
    means: Floats
    effective_information: float
    contiguous: bool
    status: LevelsStatus
    certificate: LevelsCertificate | CutsCertificate
    provenance: Mapping[str, Any]

    @property
    def threshold(self) -> float:
        """The cut between two levels (mV); not a number unless there is exactly one."""
        one = self.edges is not None and len(self.edges) == 1
        return float(self.edges[0]) if one and self.edges is not None else float("nan")

    @property
    def abstained(self) -> float:
        """Mass of the cells of no level."""
        return 0.0 if self.cells.min() >= 0 else max(0.0, 1.0 - float(self.masses.sum()))

    @property
    def success(self) -> bool:
        """Whether what was asked for was found."""
        return self.status is not LevelsStatus.INFEASIBLE

    @property
    def message(self) -> str:
        """The status in words."""
        return self.status.value

    def intervals(self, level: int) -> tuple[tuple[float, float], ...]:
        """Return the intervals (mV) that make up a level; of -1, those that abstain.

        A level of a kernel before reset may be a band, or two: [T, theta) causes a spike,
        from theta on the unit has just spiked and does not.
        """
        if self.edges is None or self.cell_edges is None:
            return ()
        ends = np.concatenate([[self.cell_edges[0]], self.edges, [self.cell_edges[-1]]])
        middles = (self.cell_edges[:-1] + self.cell_edges[1:]) / 2.0
        found = []
        for a, b in pairwise(ends):
            inside = (middles >= a) & (middles < b)
            # Cuts closer than a cell have no middle between them: the levels count up there.
            here = self.cells[inside][0] if np.any(inside) else self._between(float(a))
            if here == level:
                found.append((float(a), float(b)))
        return tuple(found)

    def _between(self, edge: float) -> int:
        return int(np.searchsorted(self.edges, edge, side="right")) if self.edges is not None else 0
