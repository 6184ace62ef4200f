"""The uniform law: every micro state of the declared range that lies in the cell counts alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse import UnitPartition
from causal_snn.kernel import InterventionRange
from causal_snn.kernel.normal import mean_above
from causal_snn.models.step import StepMap
from causal_snn.tpm.within_cell import PRIMED, QUIET, SPIKING, one_hot, three

Floats = NDArray[np.float64]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
"""Gauss-Legendre on [-1, 1], for one panel."""
_TOLERANCE = 1e-12
_MOST_PANELS = 256


@dataclass(frozen=True, slots=True)
class UniformLaw:
    """Uniform on the part of the declared range that lies in the cell.

    Averages over the potential are in closed form; over the synaptic current they are
    Gauss-Legendre sums on panels that end wherever the integrand has a kink, halved until
    the result is stable to 1e-12.
    """

    step: StepMap
    partition: UnitPartition
    range: InterventionRange

    def next_cell(self, cell: int, inputs: Floats) -> tuple[Floats, float]:
        """Return P(next sub-cell | sub-cell, input), shape (C, 3), and its quadrature error."""
        r = self.range
        if r.i_low == r.i_high:
            low, high = self.potentials(cell, np.array([r.i_low]))
            rows = self._rows(cell, low, high, np.array([r.i_low]), inputs[:, None])
            return np.asarray(rows[:, 0]), 0.0
        found = [self._over_currents(cell, float(c)) for c in inputs]
        return np.stack([row for row, _ in found]), max(error for _, error in found)

    def spiking_weight(self) -> float:
        """Return the share of "just spiked" in the area of "primed or just spiked"."""
        primed = self.area(PRIMED)
        if primed == 0.0:
            return 1.0
        spiking = self.area(SPIKING)
        return spiking / (primed + spiking)

    def notes(self) -> list[str]:
        """Return which sub-cells the declared range leaves empty."""
        found = [
            f"unit {self.partition.label}: no admissible state is {name}; the nearest one is used"
            for cell, name in ((QUIET, "quiet"), (PRIMED, "primed"))
            if self.area(cell) == 0.0
        ]
        if len(self.partition.cells) == 2 and self.spiking_weight() == 0.0:
            found.append(
                f"unit {self.partition.label}: no step from the range reaches theta, "
                "so that its state on never sends a spike"
            )
        return found

    def potentials(self, cell: int, i: Floats) -> tuple[Floats, Floats]:
        """Return the potentials between which a sub-cell lies, at each current."""
        r = self.range
        if cell == SPIKING:
            return np.full_like(i, r.theta), np.full_like(i, r.v_high)
        cut = self.partition.threshold - self.partition.score_coefficient * i
        cut = np.clip(cut, r.v_low, r.theta)
        if cell == QUIET:
            return np.full_like(i, r.v_low), cut
        return cut, np.full_like(i, r.theta)

    def _rows(self, cell: int, low: Floats, high: Floats, i: Floats, c: Floats) -> Floats:
        """Return P(next sub-cell) averaged over potentials low..high; shape (..., 3)."""
        u, spiked = self.step, cell == SPIKING
        first, current = u.mean(low, i, spiked, c)
        last, _ = u.mean(high, i, spiked, c)
        cut = self.partition.threshold - self.partition.score_coefficient * current
        if spiked and u.refractory > 0:
            return one_hot(u.V_reset >= cut)
        cut = np.minimum(cut, u.theta)
        spike = mean_above(first, last, u.sigma, u.theta, strict=bool(u.strict))
        return three(mean_above(first, last, u.sigma, cut), spike)

    def _over_currents(self, cell: int, c: float) -> tuple[Floats, float]:
        edges = self.kinks(cell, c)
        if cell != SPIKING and self.area(cell) == 0.0:
            # The limit of a shrinking cell: the admissible corner nearest to it.
            i = self.corner(cell, edges)
            return self._rows(cell, *self.potentials(cell, i), i, np.array([c]))[0], 0.0
        found, error = self._quadrature(cell, c, edges), np.inf
        while error >= _TOLERANCE and len(edges) < _MOST_PANELS:
            edges = np.unique(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2.0]))
            finer = self._quadrature(cell, c, edges)
            error = float(np.max(np.abs(finer - found)))
            found = finer
        return found, error

    def _quadrature(self, cell: int, c: float, edges: Floats) -> Floats:
        half = np.diff(edges) / 2.0
        i = ((edges[1:] + edges[:-1]) / 2.0)[:, None] + half[:, None] * NODES
        low, high = self.potentials(cell, i)
        # "Just spiked" is as wide at every current, and may be the threshold alone.
        width = np.ones_like(i) if cell == SPIKING else high - low
        weight = (half[:, None] * WEIGHTS) * width
        rows = self._rows(cell, low, high, i, np.full_like(i, c))
        return np.asarray(np.einsum("pq,pqk->k", weight, rows) / weight.sum())

    def corner(self, cell: int, edges: Floats) -> Floats:
        """Return the current nearest to an empty sub-cell, shape (1,)."""
        rising = self.partition.score_coefficient >= 0
        return np.array([edges[-1] if (cell == PRIMED) == rising else edges[0]])

    def area(self, cell: int) -> float:
        """Return how much of the declared range a sub-cell takes (mV, or mV nA)."""
        r = self.range
        if r.i_low == r.i_high:
            low, high = self.potentials(cell, np.array([r.i_low]))
            return float(high[0] - low[0])
        edges = self.kinks(cell, 0.0)
        low, high = self.potentials(cell, edges)  # linear between kinks
        width = high - low
        return float(np.sum((width[1:] + width[:-1]) / 2.0 * np.diff(edges)))

    def kinks(self, cell: int, c: float) -> Floats:
        """Return the currents between which the integrand is smooth (without noise: polynomial).

        Kinks lie where the cell's border T - kappa i meets v_low or theta, where the next
        cut meets theta, and where the mean next potential at a border of the cell crosses
        theta or the next cut.
        """
        u, p, r = self.step, self.partition, self.range
        found = [r.i_low, r.i_high]
        if p.score_coefficient != 0:
            found += [(p.threshold - v) / p.score_coefficient for v in (r.v_low, r.theta)]
            if u.current_decay > 0:
                for v in (r.theta, u.V_reset):  # V_reset: where a held unit turns primed
                    next_current = (p.threshold - v) / p.score_coefficient
                    found.append((next_current - u.gain_current * (c + u.bias)) / u.current_decay)
        edges = np.unique(np.clip(found, r.i_low, r.i_high))
        crossings: list[float] = []
        for border in self.potentials(cell, edges):
            mean, current = u.mean(border, edges, cell == SPIKING, c)
            cut = np.minimum(p.threshold - p.score_coefficient * current, u.theta)
            for level in (np.full_like(edges, u.theta), cut):
                y = np.asarray(mean) - level
                for k in np.flatnonzero(y[:-1] * y[1:] < 0):
                    part = y[k] / (y[k] - y[k + 1])
                    crossings.append(float(edges[k] + part * (edges[k + 1] - edges[k])))
        return np.unique(np.concatenate([edges, crossings]))
