"""The error of each unit's macro state, by Dobrushin's comparison: no joint state is needed.

Couple network and macro chain unit by unit. With e_i(t) the chance that unit i differs after t
steps, e(t + 1) <= C e(t) + eps, where C_ij is how much the state of unit j alone can change the row
of unit i, and eps_i the worst one-step error of unit i (theory/13_prediction.py Q6).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.tpm.tpm import TPM

Floats = NDArray[np.float64]


def influence(tpm: TPM) -> Floats:
    """Return C (n, n): C_ij is the largest change of unit i's row by unit j's state alone.

    Rows must be products of the marginals.

    Raises
    ------
    InputError
        If the TPM has joint rows.
    """
    if tpm.joint is not None:
        raise bad("tpm", "joint rows", "a TPM whose rows are products", "Use TPM.project().")
    found = np.zeros((tpm.n, tpm.n))
    for i, marginal in enumerate(tpm.marginals):
        for j, size in enumerate(tpm.sizes):
            rows = np.moveaxis(marginal, j, 0)
            pairs = [
                0.5 * np.abs(rows[a] - rows[b]).sum(axis=-1).max()
                for a in range(size)
                for b in range(a)
            ]
            found[i, j] = max(pairs, default=0.0)
    return found


def unit_errors(matrix: Floats, epsilon: Floats, steps: int) -> Floats:
    """Return e(t) for t = 1 to `steps`, shape (steps, n), each at most 1; e(0) = 0.

    Parameters
    ----------
    matrix : array, shape (n, n)
        C, from `influence`.
    epsilon : array, shape (n,)
        Worst one-step error of each unit.
    """
    found = np.empty((steps, len(epsilon)))
    now = np.zeros(len(epsilon))
    for t in range(steps):
        now = np.minimum(matrix @ now + epsilon, 1.0)
        found[t] = now
    return found
