"""What is known about the best lumping of a chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from causal_snn.coarse.lumping.certificate import LumpCertificate
from causal_snn.coarse.lumping.problem import Floats, Labels


class LumpStatus(StrEnum):
    """How a search for a lumping ended; the members are the messages."""

    OPTIMAL = "optimal: no lumping that satisfies the constraints has a smaller epsilon"
    FEWER_CELLS = "optimal with fewer cells: the micro states have fewer distinguishable effects"
    TIME_LIMIT = "time limit: the best lumping found, with the bounds proved so far"
    INFEASIBLE = "infeasible: no lumping is that separated; the nearest separation is returned"
    UNDECIDED = "time limit: no lumping that separated was found; the nearest found is returned"


@dataclass(frozen=True, slots=True, eq=False)
class LumpResult:
    """A lumping of a finite chain, how nearly closed it is, and the proof.

    Attributes
    ----------
    cells : array, shape (n,)
        Macro state of every micro state; macro states are numbered as they appear.
    epsilon : float
        The largest Chebyshev radius of any cell: in every context the next macro state of every
        micro state has a law within this total variation of its cell's macro row.
    macro : array, shape (C, k, k)
        The macro rows in every context: a Chebyshev centre of each cell's lumped rows.
    separation : float
        Least total variation between two macro rows in any context; 1 for a single cell.
    status : LumpStatus
    certificate : LumpCertificate
        What was proved, about the separation that was met.
    provenance : mapping
        Method, options, work done; ``notes`` says what is unusual.
    """

    cells: Labels
    epsilon: float
    macro: Floats
    separation: float
    status: LumpStatus
    certificate: LumpCertificate
    provenance: Mapping[str, Any]

    @property
    def k(self) -> int:
        """Number of cells."""
        return int(np.max(self.cells)) + 1

    @property
    def success(self) -> bool:
        """Whether the lumping satisfies what was demanded and is proved best."""
        return self.status in (LumpStatus.OPTIMAL, LumpStatus.FEWER_CELLS)
