"""Effective information of a transition matrix: how much its states do to the next state.

Effective information (EI) is the mutual information between the state that is set and the next
state, when all states are set equally often (Hoel, Albantakis and Tononi, PNAS 110:19790, 2013;
Hoel, Entropy 19:188, 2017). All is in bits. Derivations: theory/12_information.py I1, I2, I9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, log2
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.provenance import provenance
from causal_snn.tpm.tpm import ROUNDING, TPM

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measures:
    """Information measures of one transition matrix.

    Attributes
    ----------
    n : int
        Number of states.
    effective_information : float
        I(state set; next state) in bits, from 0 to log2 n.
    determinism : float
        1 - <H(row)>/log2 n: 1 if every next state is certain.
    degeneracy : float
        1 - H(mean row)/log2 n: 0 if all next states are equally likely overall.
    """

    n: int
    effective_information: float
    determinism: float
    degeneracy: float

    @property
    def effectiveness(self) -> float:
        """Determinism - degeneracy: effective information is this times log2 n (I1)."""
        return self.determinism - self.degeneracy

    @property
    def specificity(self) -> float:
        """1 - degeneracy."""
        return 1.0 - self.degeneracy


def measures(P: ArrayLike | TPM, *, intervention: ArrayLike | None = None) -> Measures:
    """Return effective information, determinism and degeneracy of a transition matrix.

    With the law p of the states that are set and the mean row q = p P,
    EI = H(q) - sum_i p_i H(P_i) = sum_i p_i KL(P_i || q).

    Parameters
    ----------
    P : array, shape (n, n), or TPM
        Row-stochastic matrix, row = present state; of a TPM its joint rows, little-endian.
    intervention : array, shape (n,), optional
        Law p of the states that are set; default uniform.

    Returns
    -------
    Measures
        One state alone: determinism 1 (its next state is certain), degeneracy 1 (every state
        leads to the same one), effective information 0. Published formulas are 0/0 there.

    Raises
    ------
    InputError
        If `P` is not row-stochastic or `intervention` is not a law on its states.
    """
    rows = transition_rows(P)
    law = state_law(intervention, len(rows), "intervention")
    n = len(rows)
    noise = float(law @ entropy(rows))
    spread = float(entropy(law @ rows))
    if n == 1:
        return Measures(1, 0.0, 1.0, 1.0)
    # Both differ by rounding only where all rows agree.
    information = min(max(spread - noise, 0.0), log2(n))
    return Measures(n, information, 1.0 - noise / log2(n), 1.0 - spread / log2(n))


def effective_information(P: ArrayLike | TPM, *, intervention: ArrayLike | None = None) -> float:
    """Return the effective information in bits, see `measures`."""
    return measures(P, intervention=intervention).effective_information


def determinism(P: ArrayLike | TPM, *, intervention: ArrayLike | None = None) -> float:
    """Return 1 - <H(row)>/log2 n, see `measures`."""
    return measures(P, intervention=intervention).determinism


def degeneracy(P: ArrayLike | TPM, *, intervention: ArrayLike | None = None) -> float:
    """Return 1 - H(mean row)/log2 n, see `measures`."""
    return measures(P, intervention=intervention).degeneracy


@dataclass(frozen=True, slots=True)
class InformationEstimate:
    """Effective information estimated from counted transitions.

    Attributes
    ----------
    value : float
        Estimate in bits, first-order bias removed; may fall below 0 where there is none.
    plug_in : float
        Effective information of the observed frequencies (bits): too high on average.
    bias : float
        What was removed, plug_in - value (bits).
    standard_error : float
        Of either estimate to first order, by the delta method (bits): too small where
        there is hardly any information.
    provenance : mapping
    """

    value: float
    plug_in: float
    bias: float
    standard_error: float
    provenance: Mapping[str, Any]


def effective_information_from_counts(counts: ArrayLike) -> InformationEstimate:
    """Estimate effective information from transitions counted under do(state).

    The bias of each row's entropy is that of Miller and Madow; the mean row is a mixture of
    rows that were sampled apart, so its bias differs. Second order in 1/visits is left (I9).

    Parameters
    ----------
    counts : array, shape (n, n)
        Times that state i was set and state j followed.

    Raises
    ------
    InputError
        If counts are negative or not whole, or a state was never set.
    """
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
        raise bad("counts", f"shape {table.shape}", "a square table, one row per state")
    if not np.isfinite(table).all() or (table < 0).any() or (table != np.floor(table)).any():
        raise bad("counts", counts, "whole numbers of 0 or more")
    visits = table.sum(axis=1)
    if (visits == 0).any():
        unset = int(np.argmin(visits))
        raise bad(
            "counts", f"no transition from state {unset}", "every state set at least once",
            "Set that state too, or drop it from rows and columns.",
        )  # fmt: skip
    rows = table / visits[:, None]
    mean, n = rows.mean(axis=0), len(rows)
    plug_in = effective_information(rows)
    # I9: E of the plug-in is too high by the rows' bias and too low by that of the mean row.
    of_rows = float((((rows > 0).sum(axis=1) - 1) / visits).sum() / n)
    variance = (rows * (1.0 - rows) / visits[:, None]).sum(axis=0) / n**2
    of_mean = float((variance[mean > 0] / mean[mean > 0]).sum())
    bias = (of_rows - of_mean) / (2.0 * log(2.0))
    surprise = log2_or_zero(rows) - log2_or_zero(mean)
    spread = (rows * surprise**2).sum(axis=1) - (rows * surprise).sum(axis=1) ** 2
    error = float(np.sqrt(np.maximum(spread / visits, 0.0).sum())) / n
    return InformationEstimate(
        plug_in - bias,
        plug_in,
        bias,
        error,
        provenance(
            "plug-in effective information less its first-order bias; delta-method error",
            intervention="uniform",
            fewest_visits=int(visits.min()),
            unit="bits",
        ),
    )


def entropy(p: Floats) -> Floats:
    """Return the entropy of laws along the last axis, in bits; 0 log 0 = 0."""
    return np.asarray(-(p * log2_or_zero(p)).sum(axis=-1))


def log2_or_zero(p: Floats) -> Floats:
    """Return log2 p, and 0 where p is 0: what p log2 p needs."""
    return np.asarray(np.log2(p, out=np.zeros_like(p), where=p > 0))


def transition_rows(P: ArrayLike | TPM) -> Floats:
    """Return the rows of a transition matrix, shape (n, n), or raise `InputError`."""
    rows = P.state_by_state if isinstance(P, TPM) else np.asarray(P, dtype=float)
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1] or not rows.size:
        raise bad("P", f"shape {rows.shape}", "a square table, one row per state")
    fine = np.isfinite(rows).all(axis=1) & (rows >= -ROUNDING).all(axis=1)
    fine[fine] = np.abs(rows[fine].sum(axis=1) - 1.0) <= ROUNDING
    if not fine.all():
        k = int(np.argmin(fine))
        raise bad(
            f"P at row {k}", [float(p) for p in rows[k]], "probabilities from 0 to 1 that sum to 1"
        )
    return np.asarray(np.maximum(rows, 0.0))


def state_law(law: ArrayLike | None, n: int, argument: str) -> Floats:
    """Return a law on n states, uniform if None, or raise `InputError`."""
    if law is None:
        return np.full(n, 1.0 / n)
    p = np.asarray(law, dtype=float)
    if p.shape != (n,):
        raise bad(argument, f"shape {p.shape}", f"shape {(n,)}, one probability per state")
    if not np.isfinite(p).all() or (p < 0).any() or abs(p.sum() - 1.0) > ROUNDING:
        raise bad(argument, law, "probabilities from 0 to 1 that sum to 1")
    return p
