"""Certificates of levels: what was proved, with all that is needed to check it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn.coarse.leveling import verify_sum
from causal_snn.coarse.leveling.enclosure import Floats, Whole
from causal_snn.coarse.leveling.task import OBJECTIVES, Objective
from causal_snn.coarse.leveling.verify import check
from causal_snn.coarse.leveling.verify_cuts import check_cuts
from causal_snn.coarse.leveling.verify_effects import Enclosures
from causal_snn.kernel.distance import DISTANCES
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel


@dataclass(frozen=True, slots=True, eq=False)
class LevelsCertificate:
    """Bounds on the objective of levels of a tabulated kernel.

    Attributes
    ----------
    upper : float
        The objective of these levels is at most this for every micro state of the cells.
    lower : float
        No k levels have a smaller one, wherever the continuum is cut.
    any_shape : bool
        Whether `lower` bounds levels of any shape, or only contiguous ones.
    separation : float
        Effects of two levels are at least this far apart, in every context.
    cells : array of int, shape (n,)
        Level of each cell, -1 for cells left out.
    k : int
        Number of levels that was allowed.
    objective : {"minimax", "brier", "kl"}
    distance : str
        Of the width and of the separation; ``"tv"`` with mean costs.
    min_mass, least_separation : float
        What was asked for.
    witnesses : tuple of int
        k + 1 cells that prove `lower` (minimax), or none.
    rows : array, shape (C, n, Y)
    spread : array, shape (C, n)
    mass : array, shape (n,)
    context_law : array, shape (C,)
        The table that it is about.
    """

    upper: float
    lower: float
    any_shape: bool
    separation: float
    cells: Whole
    k: int
    objective: Objective
    distance: str
    min_mass: float
    least_separation: float
    witnesses: tuple[int, ...]
    rows: Floats
    spread: Floats
    mass: Floats
    context_law: Floats

    @property
    def gap(self) -> float:
        """How far these levels can be from the best, upper - lower."""
        return self.upper - self.lower if self.upper != self.lower else 0.0

    def verify(
        self, kernel: TabulatedKernel | EffectKernel | None = None, *, tolerance: float = 1e-9
    ) -> bool:
        """Return whether everything stated holds, recomputed by an independent checker.

        Parameters
        ----------
        kernel : TabulatedKernel or EffectKernel, optional
            Also check that the certificate is about this kernel.
        tolerance : float
            Rounding allowed in the numbers.
        """
        if kernel is not None and not self._about(kernel):
            return False
        if not self._well_formed():
            return False
        table = Enclosures(self.rows, self.spread, self.distance)
        bounds = {"upper": self.upper, "lower": self.lower, "tolerance": tolerance}
        if self.objective == "minimax":
            return check(
                table,
                self.mass,
                self.cells,
                k=self.k,
                separation=self.separation,
                min_mass=self.min_mass,
                least_separation=self.least_separation,
                witnesses=self.witnesses,
                any_shape=self.any_shape,
                **bounds,
            )
        return (
            self.distance == "tv"
            and verify_sum.check(
                table,
                self.mass,
                self.cells,
                law=self.context_law,
                k=self.k,
                objective=self.objective,
                separation=self.separation,
                min_mass=self.min_mass,
                any_shape=self.any_shape,
                **bounds,
            )
            and not (self.witnesses or self.least_separation)
        )

    def _about(self, kernel: TabulatedKernel | EffectKernel) -> bool:
        if isinstance(kernel, EffectKernel):
            kernel = kernel.tabulate(len(self.cells))
        return all(
            np.array_equal(getattr(self, name), getattr(kernel, name))
            for name in ("rows", "spread", "mass", "context_law")
        )

    def _well_formed(self) -> bool:
        if self.objective not in OBJECTIVES or self.distance not in DISTANCES or self.k < 1:
            return False
        numbers = (self.rows, self.spread, self.mass, self.context_law)
        if self.rows.ndim != 3 or not all(np.all(np.isfinite(part)) for part in numbers):
            return False
        contexts, n, _ = self.rows.shape
        shapes = [np.shape(part) for part in (self.spread, self.mass, self.context_law, self.cells)]
        laws = (self.rows.sum(-1), self.mass.sum(), self.context_law.sum())
        return (
            shapes == [(contexts, n), (n,), (contexts,), (n,)]
            and all(bool(np.all(np.abs(total - 1.0) < 1e-6)) for total in laws)
            and all(float(np.min(part)) >= -1e-9 for part in numbers)
            and self.min_mass >= 0
            and self.least_separation >= 0
            and not np.isnan([self.upper, self.lower, self.separation]).any()
        )


@dataclass(frozen=True, slots=True)
class CutsCertificate:
    """Bounds on the worst diameter of levels of the closed-form kernel, cut anywhere.

    Attributes
    ----------
    upper : float
        The worst total variation within a level is at most this.
    lower : float
        No k levels of any shape have a smaller one.
    cuts : tuple of float
        Where the levels meet (mV).
    witnesses : tuple of float
        k + 1 scores (mV) of which every two differ by `lower` or more in some context: all p_c
        rise, so neighbours decide. Two of them share a level. Empty if `lower` is 0.
    k : int
        Number of levels that was allowed.
    domain : (float, float)
        Range of scores covered (mV).
    midpoints : tuple of float
        m_c of every context covered (mV).
    interval : bool
        Whether every context between the least and the greatest midpoint is covered too.
    scale : float
        Width s of the transition (mV).
    distance : str
        Always ``"tv"``.
    """

    upper: float
    lower: float
    cuts: tuple[float, ...]
    witnesses: tuple[float, ...]
    k: int
    domain: tuple[float, float]
    midpoints: tuple[float, ...]
    interval: bool
    scale: float
    distance: str = "tv"

    @property
    def gap(self) -> float:
        """How far these cuts can be from the best, upper - lower."""
        return self.upper - self.lower

    def verify(
        self, kernel: EffectKernel | TabulatedKernel | None = None, *, tolerance: float = 1e-12
    ) -> bool:
        """Return whether the bounds hold, recomputed by an independent checker.

        Parameters
        ----------
        kernel : EffectKernel, optional
            Also check that the certificate is about this kernel: its contexts, width, domain
            (never those of a table).
        tolerance : float
            Rounding allowed in the bounds.
        """
        if kernel is not None and not (
            isinstance(kernel, EffectKernel)
            and sorted(self.midpoints) == sorted(float(m) for m in kernel.midpoints)
            and self.scale == kernel.scale
            and self.interval == (kernel.contexts.kind == "interval")
            and self.domain == kernel.domain
        ):
            return False
        return self.distance == "tv" and check_cuts(
            cuts=self.cuts,
            witnesses=self.witnesses,
            k=self.k,
            upper=self.upper,
            lower=self.lower,
            domain=self.domain,
            midpoints=self.midpoints,
            interval=self.interval,
            scale=self.scale,
            tolerance=tolerance,
        )
