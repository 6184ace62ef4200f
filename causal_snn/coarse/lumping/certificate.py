"""Certificate: what was proved about a lumping, in a form another program can check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.lumping.problem import Floats, Labels
from causal_snn.coarse.lumping.verify import check


@dataclass(frozen=True, slots=True, eq=False)
class LumpCertificate:
    """Bounds on the least epsilon of any lumping with k cells that satisfies the constraints.

    Attributes
    ----------
    cells : array, shape (n,)
        The lumping certified.
    upper : float
        Its epsilon: the largest Chebyshev radius, in total variation, of a cell's lumped rows.
    lower : float
        No lumping that satisfies the constraints has a smaller epsilon.
    method : str
        How both were found.
    matrices : array, shape (C, n, n)
        The transition matrix in every context.
    k : int
        Number of cells.
    macro : array, shape (C, k, k)
        Macro rows: Chebyshev centres that differ by `separation` or more.
    separation, min_mass : float
    min_size : int
    contiguous : bool
        The constraints, see `causal_snn.coarse.lump`.
    law : array, shape (n,)
        The law that `min_mass` is about.
    order : array, shape (n,)
        Order of the states in which the lower bound is proved again; any order is right, a
        good one is fast.
    distance : str
        The distance between effects.
    """

    cells: Labels
    upper: float
    lower: float
    method: str
    matrices: Floats
    k: int
    macro: Floats
    separation: float
    min_mass: float
    min_size: int
    contiguous: bool
    law: Floats
    order: NDArray[np.int64]
    distance: str = "total variation"

    @property
    def gap(self) -> float:
        """How far this lumping can be from the best, upper - lower."""
        return self.upper - self.lower

    def verify(self, *, tolerance: float = 1e-9) -> bool:
        """Return whether the bounds hold, recomputed by an independent checker.

        It shares no code with the solver: it recomputes `upper`, checks the constraints and
        the macro rows, and proves `lower` again by enumerating all lumpings, leaving out only
        branches that cannot come below it. That costs about twice the search itself: well
        under a second for n = 16, of the order of 10 s for n = 24 and k = 3 (general kernels).

        Parameters
        ----------
        tolerance : float
            Rounding allowed in the bounds.
        """
        return self.distance == "total variation" and check(
            cells=self.cells,
            upper=self.upper,
            lower=self.lower,
            matrices=self.matrices,
            k=self.k,
            macro=self.macro,
            separation=self.separation,
            min_mass=self.min_mass,
            min_size=self.min_size,
            contiguous=self.contiguous,
            law=self.law,
            order=self.order,
            tolerance=tolerance,
        )
