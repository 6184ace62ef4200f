"""Closure of a grouping: what micro states tell about the next macro state beyond their cell.

The closure rate is the information that is lost by seeing cells only: 0 where the macro chain
is its own cause in the sense of informational closure (Rosas et al., arXiv 2402.09090, 2024),
here over one step. The gap is the same question asked of the worst pair of states (Kemeny and
Snell, Finite Markov Chains, 1960). Derivations: theory/12_information.py I5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.provenance import provenance
from causal_snn.tpm.emergence import Cells, cell_labels
from causal_snn.tpm.information import entropy, state_law, transition_rows
from causal_snn.tpm.stationary import long_run
from causal_snn.tpm.tpm import TPM

Floats = NDArray[np.float64]
type Law = Literal["uniform", "stationary"] | ArrayLike


@dataclass(frozen=True, slots=True)
class Closure:
    """How far a grouping of states is from a chain of its own.

    Attributes
    ----------
    rate : float
        I(U_t; X_{t+1} | X_t) in bits per step, U the micro and X the macro state, under
        the law. 0 if and only if states of a cell that the law visits have the same effects
        on cells. Not monotone in the number of cells: compare at equal separation.
    of_cell : tuple of float
        What each cell adds to the rate (bits per step).
    gap : float
        Largest total variation between the effects on cells of two states of one cell,
        whatever the law: 0 if and only if the grouping is (strongly) lumpable.
    worst_states : (int, int)
        The two states; equal if no cell has two.
    cells : tuple of int
        Cell of each state.
    provenance : mapping
    """

    rate: float
    of_cell: tuple[float, ...]
    gap: float
    worst_states: tuple[int, int]
    cells: tuple[int, ...]
    provenance: Mapping[str, Any]


def closure(P: ArrayLike | TPM, cells: Cells, *, law: Law = "uniform") -> Closure:
    """Return closure rate and lumpability gap of a grouping of states.

    With r_u the law on cells after state u, and q_x its mean over the states of cell x,
    the rate is sum_u law_u KL(r_u || q_x(u)) (I5).

    Parameters
    ----------
    P : array, shape (n, n), or TPM
    cells : labels or groups
        See `causal_snn.tpm.emergence.cell_labels`.
    law : {"uniform", "stationary"} or array, shape (n,)
        Law of the micro state now: all set equally often, as the free chain has it in the
        long run, or given.

    Raises
    ------
    InputError
        If the cells do not fit or the law is none.
    """
    rows = transition_rows(P)
    labels = cell_labels(cells, len(rows))
    now = _law(law, rows)
    k = int(labels.max()) + 1
    member = np.eye(k)[labels]
    effects = rows @ member
    # Chain rule per cell: mass times (entropy of the mean effect - mean entropy of effects).
    mass = member.T @ now
    mean = np.divide(
        (member * now[:, None]).T @ effects, mass[:, None], out=np.zeros((k, k)),
        where=mass[:, None] > 0,
    )  # fmt: skip
    of_cell = mass * entropy(mean) - member.T @ (now * entropy(effects))
    alone = np.bincount(labels) == 1
    of_cell = np.where(alone, 0.0, np.maximum(of_cell, 0.0))
    gap, worst = _worst_pair(effects, labels)
    return Closure(
        float(of_cell.sum()),
        tuple(float(rate) for rate in of_cell),
        gap,
        worst,
        tuple(labels.tolist()),
        provenance(
            "exact: conditional mutual information over one step",
            law=law if isinstance(law, str) else "given",
            distance="total variation",
            unit="bits per step",
        ),
    )


def closure_rate(P: ArrayLike | TPM, cells: Cells, *, law: Law = "uniform") -> float:
    """Return I(U_t; X_{t+1} | X_t) in bits per step, see `closure`."""
    return closure(P, cells, law=law).rate


def lumpability_gap(P: ArrayLike | TPM, cells: Cells) -> float:
    """Return the largest total variation between effects on cells within a cell, see `closure`.

    The largest Chebyshev radius of a cell's effects, which is how far the best macro row is
    from the worst micro row, lies between half of it and all of it.
    """
    rows = transition_rows(P)
    labels = cell_labels(cells, len(rows))
    return _worst_pair(rows @ np.eye(int(labels.max()) + 1)[labels], labels)[0]


def _worst_pair(effects: Floats, labels: NDArray[np.int64]) -> tuple[float, tuple[int, int]]:
    gap, worst = 0.0, (0, 0)
    for cell in range(int(labels.max()) + 1):
        states = np.flatnonzero(labels == cell)
        for k, state in enumerate(states[:-1]):  # row by row: memory stays n x cells
            apart = 0.5 * np.abs(effects[states[k + 1 :]] - effects[state]).sum(axis=1)
            far = int(np.argmax(apart))
            if apart[far] > gap:
                gap, worst = float(apart[far]), (int(state), int(states[k + 1 + far]))
    return min(gap, 1.0), worst


def _law(law: Law, rows: Floats) -> Floats:
    if isinstance(law, str):
        if law == "stationary":
            return long_run(rows)
        if law == "uniform":
            return state_law(None, len(rows), "law")
        raise bad("law", law, "'uniform', 'stationary' or one probability for each state")
    return state_law(law, len(rows), "law")
