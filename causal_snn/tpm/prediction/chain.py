"""The error over time of a macro chain of a finite micro chain."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad, check_whole
from causal_snn.provenance import provenance
from causal_snn.tpm.prediction.bounds import posterior, prior
from causal_snn.tpm.prediction.contraction import contractions
from causal_snn.tpm.prediction.result import PredictionError, check_tolerance

Floats = NDArray[np.float64]
ROUNDING = 1e-9
"""How far a sum of probabilities may be from 1."""


def chain_prediction(
    P: ArrayLike,
    cells: ArrayLike,
    *,
    Q: ArrayLike | None = None,
    initial: ArrayLike | None = None,
    steps: int = 20,
    dt: float = 1.0,
    tolerance: float = 0.05,
) -> PredictionError:
    """Return how wrong a macro chain is about a finite micro chain, over time.

    Parameters
    ----------
    P : array, shape (n, n)
        Micro transition probabilities, row = present state.
    cells : array of int, shape (n,)
        Macro state of each micro state.
    Q : array, shape (k, k), optional
        Macro transition probabilities; default the mean of the rows in each cell.
    initial : array, shape (n,) or (L, n), optional
        Initial laws. Default: every micro state, which is the worst over all laws since the
        error is convex in the law (theory/13_prediction.py Q1).
    steps : int
    dt : float
        Length of a step (ms).
    tolerance : float
        Error up to which the model counts as predicting.

    Returns
    -------
    PredictionError
        `exact` <= `posterior` <= `prior`.

    Raises
    ------
    InputError
        If the tables do not fit each other, or are no probabilities.
    """
    micro = check_chain("P", P)
    macro = np.asarray(cells)
    if macro.shape != (len(micro),) or macro.dtype.kind not in "iu" or macro.min() < 0:
        raise bad("cells", macro, f"a cell number, 0 or more, of each of {len(micro)} states")
    count = int(macro.max()) + 1
    if Q is None:
        missing = np.setdiff1d(np.arange(count), macro)
        if len(missing):
            raise bad("cells", missing.tolist(), "no empty cells", "Number them 0, 1, 2 ...")
    else:
        count = len(np.asarray(Q))
        if macro.max() >= count:
            raise bad("cells", int(macro.max()), f"cells 0 to {count - 1}, the rows of Q")
    member = np.eye(count)[macro]
    effects = micro @ member  # Lambda P(u, .)
    rows = check_chain("Q", Q) if Q is not None else (member.T @ effects)
    if Q is None:
        rows = rows / member.sum(axis=0)[:, None]
    steps, tolerance = check_whole("steps", steps), check_tolerance(tolerance)
    if not 0 < dt < np.inf:
        raise bad("dt", dt, "a time above 0 (ms)")
    laws = np.eye(len(micro)) if initial is None else _laws(initial, len(micro))
    defect = 0.5 * np.abs(effects - rows[macro]).sum(axis=1)
    tau = contractions(rows, steps)
    exact, defects = np.empty((steps, len(laws))), np.empty((steps, len(laws)))
    ahead, power, expected = effects, rows, defect
    for t in range(steps):
        exact[t] = 0.5 * np.abs(laws @ (ahead - power[macro])).sum(axis=1)
        defects[t] = laws @ expected
        ahead, power, expected = micro @ ahead, rows @ power, micro @ expected
    epsilon = float(defect.max())
    return PredictionError(
        times=np.arange(1.0, steps + 1.0) * float(dt),
        exact=exact.max(axis=1),
        posterior=posterior(defects, tau).max(axis=1),
        prior=prior(epsilon, tau),
        epsilon=epsilon,
        contraction=tau,
        tolerance=tolerance,
        provenance=provenance(
            "exact evolution of a finite chain; telescoped bounds with contraction coefficients",
            states=len(micro),
            cells=count,
            initial="every micro state" if initial is None else f"{len(laws)} given laws",
            distance="total variation",
            dt=float(dt),
        ),
    )


def check_chain(name: str, table: ArrayLike) -> Floats:
    """Return a square table of probabilities, or raise `InputError`."""
    rows = np.array(table, dtype=float)
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1] or not len(rows):
        raise bad(name, f"shape {rows.shape}", "a square table, one row for each state")
    return _check_laws(name, rows)


def _laws(initial: ArrayLike, n: int) -> Floats:
    laws = np.atleast_2d(np.array(initial, dtype=float))
    if laws.ndim != 2 or laws.shape[1] != n or not len(laws):
        raise bad("initial", f"shape {laws.shape}", f"laws on {n} states, shape (L, {n})")
    return _check_laws("initial", laws)


def _check_laws(name: str, rows: Floats) -> Floats:
    wrong = ~(rows >= 0.0).all(axis=1) | ~(np.abs(rows.sum(axis=1) - 1.0) <= ROUNDING)
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        raise bad(f"{name}[{k}]", rows[k].tolist(), "probabilities that sum to 1")
    return rows
