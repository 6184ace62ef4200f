"""The law of one unit's next macro state, from boxes of micro states or averaged over a cell.

Given its micro state and what arrives, a linear unit's next potential is normal, so that with
cut = min(T - kappa i', theta) it is spiking with probability s = P(v' >= theta), primed or
spiking with probability o = P(v' >= cut) (theory/14_two_variables.py V9).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.intervention_range import InterventionRange
from causal_snn.kernel.normal import above, mean_above
from causal_snn.models.step import StepMap

Floats = NDArray[np.float64]
QUIET, PRIMED, SPIKING = 0, 1, 2
PANELS, NODES = 64, 8


@dataclass(frozen=True, slots=True)
class MacroUnit:
    """One unit with the cut of its score.

    Attributes
    ----------
    step : StepMap
        As scalars.
    threshold : float
        Causal threshold T on the score (mV).
    range : InterventionRange
    cells : int
        Macro states: 2 (off; on = primed or spiking) or 3 (quiet, primed, spiking).
    """

    step: StepMap
    threshold: float
    range: InterventionRange
    cells: int

    def boxes(
        self, low: Floats, high: Floats, spiked: bool, arrives: float
    ) -> tuple[Floats, Floats]:
        """Return laws of the next cell, (n, cells), and how far states of a box keep from them.

        Parameters
        ----------
        low, high : array, shape (2, n)
            Ends of boxes of potential (mV) and synaptic current (nA).
        spiked : bool
            Whether the states have just spiked.
        arrives : float
            Synaptic input W s, the unit's own included.
        """
        u = self.step
        if spiked and u.refractory > 0:
            return self._held(low[1], high[1], arrives)
        corners = [
            u.mean(v, i, spiked, arrives) for v in (low[0], high[0]) for i in (low[1], high[1])
        ]
        means, currents = (
            np.stack([np.broadcast_to(c[k], low[0].shape) for c in corners]) for k in (0, 1)
        )
        m_low, m_high = means.min(axis=0), means.max(axis=0)
        cut_low, cut_high = self._cuts(currents)
        sigma, theta, strict = u.sigma, u.theta, bool(u.strict)
        over = above(m_low, sigma, cut_high), above(m_high, sigma, cut_low)
        if self.cells == 2:
            return _middle(np.stack(over)[:, :, None])
        spike = (
            above(m_low, sigma, theta, strict=strict),
            above(m_high, sigma, theta, strict=strict),
        )
        o, s = (over[0] + over[1]) / 2.0, (spike[0] + spike[1]) / 2.0
        best = np.clip((cut_low + theta) / 2.0, m_low, m_high)  # where primed is likeliest
        primed_high = above(best, sigma, cut_low) - above(best, sigma, theta, strict=strict)
        primed_low = np.minimum(
            *(
                above(m, sigma, cut_high) - above(m, sigma, theta, strict=strict)
                for m in (m_low, m_high)
            )
        )
        keeps = [(over[1] - over[0]) / 2.0, (spike[1] - spike[0]) / 2.0]
        keeps += [primed_high - (o - s), (o - s) - primed_low]
        return self._law(o, s), np.maximum(np.max(keeps, axis=0), 0.0)

    def average(self, cell: int, arrives: float) -> tuple[Floats, float]:
        """Return the law of the next cell, (cells,), averaged over a sub-cell, and its error.

        Uniform over the part of the declared range that is quiet, primed or just spiked: in closed
        form over potentials, composite Gauss-Legendre over currents.
        """
        if self.range.i_low == self.range.i_high:
            return self._quadrature(cell, arrives, np.array([self.range.i_low]), np.ones(1)), 0.0
        fine, coarse = (
            self._quadrature(cell, arrives, *_composite(self.range, panels))
            for panels in (PANELS, PANELS // 2)
        )
        return fine, float(np.abs(fine - coarse).max())

    def weights(self) -> Floats:
        """Return the areas of the quiet, primed and just-spiked parts of the declared range."""
        one = self.range.i_low == self.range.i_high
        i, weight = (
            (np.array([self.range.i_low]), np.ones(1)) if one else _composite(self.range, PANELS)
        )
        return np.array(
            [float(weight @ np.subtract(*self._ends(cell, i)[::-1])) for cell in range(3)]
        )

    def _ends(self, cell: int, i: Floats) -> tuple[Floats, Floats]:
        """Return the potentials between which a sub-cell lies at each current."""
        r = self.range
        if cell == SPIKING:
            return np.full_like(i, r.theta), np.full_like(i, r.v_high)
        cut = np.clip(self.threshold - self.step.score_coefficient * i, r.v_low, r.theta)
        return (np.full_like(i, r.v_low), cut) if cell == QUIET else (cut, np.full_like(i, r.theta))

    def _quadrature(self, cell: int, arrives: float, i: Floats, weight: Floats) -> Floats:
        u, spiked = self.step, cell == SPIKING
        low, high = self._ends(cell, i)
        weight = weight * (high - low if np.any(high > low) else 1.0)
        if spiked and u.refractory > 0:
            laws = self._held(i, i, arrives)[0]
        else:
            first, current = u.mean(low, i, spiked, arrives)
            last, _ = u.mean(high, i, spiked, arrives)
            cut, _ = self._cuts(np.asarray(current)[None])
            over = mean_above(first, last, u.sigma, cut)
            spike = mean_above(first, last, u.sigma, u.theta, strict=bool(u.strict))
            laws = self._law(np.broadcast_to(over, i.shape), np.broadcast_to(spike, i.shape))
        return np.asarray(weight @ laws / weight.sum())

    def _cuts(self, currents: Floats) -> tuple[Floats, Floats]:
        """Return least and greatest potential at which the next state is no longer quiet."""
        cuts = np.minimum(self.threshold - self.step.score_coefficient * currents, self.step.theta)
        return cuts.min(axis=0), cuts.max(axis=0)

    def _held(self, i_low: Floats, i_high: Floats, arrives: float) -> tuple[Floats, Floats]:
        """Return the law of a unit that stays at V_reset: quiet or primed for certain."""
        u = self.step
        currents = np.stack([u.mean(u.V_reset, i, True, arrives)[1] for i in (i_low, i_high)])
        currents = np.stack([np.broadcast_to(c, i_low.shape) for c in currents])
        low, high = self._cuts(currents)
        primed = np.stack([u.V_reset >= high, u.V_reset >= low]).astype(float)
        law, keeps = _middle(primed[:, :, None])
        zero = np.zeros((len(law), self.cells - 2))
        return np.concatenate([law, zero], axis=1), keeps

    def _law(self, over: Floats, spike: Floats) -> Floats:
        spike = np.clip(spike, 0.0, 1.0)
        over = np.clip(over, spike, 1.0)
        if self.cells == 2:
            return np.stack([1.0 - over, over], axis=-1)
        return np.stack([1.0 - over, over - spike, spike], axis=-1)


def _middle(ends: Floats) -> tuple[Floats, Floats]:
    """Return laws of two outcomes and their spreads, from the ends (2, n, 1) of the second."""
    p = ends.mean(axis=0)
    return np.concatenate([1.0 - p, p], axis=1), np.asarray(np.ptp(ends, axis=0)[:, 0] / 2.0)


def _composite(r: InterventionRange, panels: int) -> tuple[Floats, Floats]:
    """Return Gauss-Legendre nodes and weights on the declared range of currents."""
    at, mass = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(r.i_low, r.i_high, panels + 1)
    half = np.diff(edges)[:, None] / 2.0
    nodes = (edges[1:] + edges[:-1])[:, None] / 2.0 + half * at
    return nodes.ravel(), (half * mass).ravel()
