"""Lower bounds on the variance within cells: the Peng-Wei relaxation and its repaired dual.

With s_i = sqrt(m_i) and G_ij = s_i s_j <f_i, f_j> (effects centred on their mean), the error of a
partition is tr G - tr GZ, where Z, the sum over cells of u u^T/(u^T u) with u = s on the cell, is
positive semidefinite and nonnegative, Z s = s, tr Z = k and Z <= 1. So for every symmetric
N >= 0 (entry by entry)

    tr GZ <= tr (G + N)Z <= s^T (G + N) s + (k - 1 largest eigenvalues of H (G + N) H),

H = 1 - s s^T (theory/10_lumping.py M6). The semidefinite program only proposes N; N = 0 is the
spectral bound.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from causal_snn.coarse.lumping.problem import Floats


def gram(rows: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Return G and s, shapes (m, m) and (m,)."""
    s = np.sqrt(mass)
    centred = (rows - mass @ rows) * s[:, None]
    return centred @ centred.T, s


def lower_bound(rows: Floats, mass: Floats, k: int, dual: Floats) -> float:
    """Return the bound that a nonnegative symmetric matrix proves, less its rounding.

    Parameters
    ----------
    rows : array, shape (m, Y)
    mass : array, shape (m,)
    k : int
    dual : array, shape (m, m)
        N; 0 for the spectral bound.
    """
    G, s = gram(rows, mass)
    H = np.eye(len(s)) - np.outer(s, s)
    total = G + dual
    projected = H @ total @ H
    values = np.linalg.eigvalsh((projected + projected.T) / 2)
    top = float(np.sum(np.sort(values.clip(0.0))[::-1][: k - 1]))
    scale = float(np.linalg.norm(total)) + float(np.abs(rows).max()) ** 2
    slack = 64 * np.finfo(float).eps * len(s) * k * scale
    return max(0.0, float(np.trace(G) - s @ total @ s) - top - slack)


def dual_matrix(rows: Floats, mass: Floats, k: int) -> Floats:
    """Return a good N, shape (m, m): the multiplier of Z >= 0, made symmetric and nonnegative."""
    import warnings

    import cvxpy

    program: Any = cvxpy  # its own types are incomplete
    G, s = gram(rows, mass)
    scale = max(float(np.trace(G)), 1e-300)
    m = len(s)
    Z = program.Variable((m, m), PSD=True)
    positive = Z >= 0
    rules = [positive, Z @ s == s, program.trace(Z) == k]
    relaxed = program.Problem(program.Maximize(program.trace((G / scale) @ Z)), rules)
    with warnings.catch_warnings():
        # An inaccurate multiplier costs some of the bound, never its truth.
        warnings.simplefilter("ignore")
        try:
            relaxed.solve(solver=cvxpy.CLARABEL)
        except cvxpy.SolverError:
            return np.zeros((m, m))
    if positive.dual_value is None:
        return np.zeros((m, m))
    found = np.asarray(positive.dual_value, dtype=float) * scale
    return np.maximum((found + found.T) / 2, 0.0)
