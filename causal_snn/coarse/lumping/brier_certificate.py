"""Certificate of a partition with a small mean squared error, and its independent checker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn.coarse.lumping.problem import Floats, Labels


@dataclass(frozen=True, slots=True, eq=False)
class BrierCertificate:
    """Bounds on the least mass-weighted variance within k cells of given effects.

    Attributes
    ----------
    rows : array, shape (m, Y)
        The effects.
    mass : array, shape (m,)
        Their probabilities.
    k : int
        Number of cells.
    cells : array, shape (m,)
        The partition certified.
    upper : float
        Its error.
    lower : float
        No partition into k cells has a smaller error.
    method : str
        How both were found.
    dual : array, shape (m, m)
        Nonnegative symmetric matrix that proves `lower`.
    """

    rows: Floats
    mass: Floats
    k: int
    cells: Labels
    upper: float
    lower: float
    method: str
    dual: Floats

    @property
    def gap(self) -> float:
        """How far this partition can be from the best, upper - lower."""
        return self.upper - self.lower

    def verify(self, *, tolerance: float = 1e-9) -> bool:
        """Return whether the bounds hold, recomputed without the solver's code.

        `upper` as the mass-weighted squared distances of pairs within a cell; `lower` from an
        eigenvalue decomposition whose residual is added to every eigenvalue (Weyl). The time
        is that of one decomposition.

        Parameters
        ----------
        tolerance : float
            Rounding allowed in the bounds.
        """
        try:
            return self._well_formed() and self._as_stated(tolerance) and self._proved(tolerance)
        except (IndexError, TypeError, ValueError):
            return False

    def _well_formed(self) -> bool:
        m = len(self.mass)
        return bool(
            all(np.all(np.isfinite(x)) for x in (self.rows, self.mass, self.dual, self.upper))
            and self.rows.shape[0] == m
            and self.dual.shape == (m, m)
            and np.array_equal(self.dual, self.dual.T)
            and self.dual.min() >= 0
            and self.mass.min() >= 0
            and abs(self.mass.sum() - 1) < 1e-9
            and list(dict.fromkeys(self.cells.tolist())) == list(range(self.k))
            and 0 <= self.lower <= self.upper
        )

    def _as_stated(self, tolerance: float) -> bool:
        error = 0.0
        for cell in range(self.k):  # sum_ij m_i m_j |f_i - f_j|^2 / (2 m)
            rows, mass = self.rows[self.cells == cell], self.mass[self.cells == cell]
            squares = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
            error += float(mass @ squares @ mass) / (2 * mass.sum())
        return abs(error - self.upper) <= tolerance

    def _proved(self, tolerance: float) -> bool:
        s = np.sqrt(self.mass)
        away = self.rows - self.mass @ self.rows
        G = s[:, None] * (away @ away.T) * s
        total = G + self.dual
        inside = total @ s
        # (1 - s s^T) total (1 - s s^T), entry by entry
        M = total - np.outer(s, inside) - np.outer(inside, s) + (s @ inside) * np.outer(s, s)
        values, vectors = np.linalg.eigh((M + M.T) / 2)
        residual = float(np.linalg.norm(M - (vectors * values) @ vectors.T))
        skew = float(np.linalg.norm(vectors.T @ vectors - np.eye(len(s))))
        top = np.sort(np.maximum(values, 0))[::-1][: self.k - 1] * (1 + skew) + residual
        proved = float(self.mass @ (away**2).sum(axis=1)) - float(s @ inside) - float(top.sum())
        return self.lower <= max(0.0, proved) + tolerance
