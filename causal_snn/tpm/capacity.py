"""Causal capacity: the most information that interventions on a state can send to the next.

It bounds the effective information of every grouping of the states. All is in bits.
Derivations: theory/12_information.py I3, I4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log, log2
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad, check_whole
from causal_snn.provenance import provenance
from causal_snn.tpm.information import entropy, log2_or_zero, transition_rows
from causal_snn.tpm.tpm import TPM

Floats = NDArray[np.float64]


class CapacityStatus(StrEnum):
    """How a capacity was settled; the members are the messages."""

    CONVERGED = "converged: the bounds agree within the tolerance"
    ITERATIONS = "not converged: out of iterations, the bounds still hold"


@dataclass(frozen=True, slots=True, eq=False)
class Capacity:
    """Causal capacity: the largest effective information under any law of interventions.

    Attributes
    ----------
    lower, upper : float
        Bounds in bits, each proved by the law it was computed from (I3), up to rounding.
    intervention : array, shape (n,)
        Law of the states set that attains `lower`.
    status : CapacityStatus
    iterations : int
    provenance : mapping
    """

    lower: float
    upper: float
    intervention: Floats
    status: CapacityStatus
    iterations: int
    provenance: Mapping[str, Any]

    @property
    def success(self) -> bool:
        """Whether the bounds agree within the tolerance."""
        return self.status is CapacityStatus.CONVERGED


def causal_capacity(
    P: ArrayLike | TPM, *, tolerance: float = 1e-9, iterations: int = 5000
) -> Capacity:
    """Return the Shannon capacity of a transition matrix read as a channel, with bounds.

    No grouping of the states has more effective information than `upper` (I4). Found by
    alternating maximisation (Blahut, IEEE Trans Inf Theory 18:460, 1972; Arimoto, 18:14),
    with Newton steps on the states in use. For every law p with mean row q
    sum_i p_i KL(P_i || q) <= C <= max_i KL(P_i || q), whatever found it.

    Parameters
    ----------
    P : array, shape (n, n), or TPM
    tolerance : float
        Gap between the bounds to stop at (bits).
    iterations : int
        Most iterations; without convergence the bounds are wide but true.
    """
    rows = transition_rows(P)
    iterations = check_whole("iterations", iterations)
    if not tolerance > 0:
        raise bad("tolerance", tolerance, "a number above 0 (bits)")
    law = np.full(len(rows), 1.0 / len(rows))
    best, lower, upper = law, 0.0, log2(len(rows))
    count = 0
    while count < iterations and upper - lower > tolerance:
        for trial in (law, _newton(rows, law)) if count % 25 == 0 else (law,):
            gain = _divergences(rows, trial @ rows)
            upper = min(upper, float(gain.max()))
            if (found := float(trial @ np.where(trial > 0, gain, 0.0))) > lower:
                best, lower = trial, found
        gain = _divergences(rows, law @ rows)
        top = gain[np.isfinite(gain)].max()
        law = law * np.exp2(np.minimum(gain - top, 50.0))
        law /= law.sum()
        count += 1
    upper = max(upper, lower)  # they may cross by rounding
    done = upper - lower <= tolerance
    return Capacity(
        lower,
        upper,
        best,
        CapacityStatus.CONVERGED if done else CapacityStatus.ITERATIONS,
        count,
        provenance(
            "Blahut-Arimoto with Newton steps, bounds by the duality of capacity",
            tolerance=tolerance,
            unit="bits",
        ),
    )


def _divergences(rows: Floats, mean: Floats) -> Floats:
    """Return KL(row || mean) in bits; infinite where the mean misses what a row can do."""
    found = -entropy(rows) - rows @ log2_or_zero(mean)
    # Entries that underflow in the mean are worth nothing, whatever their ratio.
    return np.where(rows @ (mean == 0) > 1e-200, np.inf, np.maximum(found, 0.0))


def _newton(rows: Floats, law: Floats, *, steps: int = 60) -> Floats:
    """Solve KL(P_i || q) = C for the states in use, which come and go (an active set).

    A state that a step would take below 0 leaves; one that tells more than C returns.
    """
    used = law > 1e-2 / len(law)
    p: Floats = np.where(used, law, 0.0) / law[used].sum()
    for _ in range(steps):
        mean = p @ rows
        gain = _divergences(rows, mean)
        inside = rows[used] / np.sqrt(np.where(mean > 0, mean, 1.0))
        size = len(inside)
        system = np.ones((size + 1, size + 1))
        # A little is added to the curvature: between states that nearly agree there is none, and
        # the step should then run until one of them is out of use.
        system[:size, :size] = inside @ inside.T / log(2.0) + 1e-9 * np.eye(size)
        system[size, size] = 0.0
        solved = np.linalg.solve(system, np.append(gain[used], 0.0))
        step = np.zeros_like(p)
        step[used] = solved[:size]
        reach = np.divide(-p, step, out=np.full_like(p, np.inf), where=step < -1e-99)
        first = int(np.argmin(reach))
        p = np.maximum(p + min(1.0, reach[first]) * step, 0.0)
        if reach[first] <= 1.0:
            p[first], used[first] = 0.0, False
        elif np.ptp(gain[used]) < 1e-11:
            more = int(np.argmax(gain))
            if gain[more] <= gain[used].max() + 1e-11:
                break
            used[more], p[more] = True, 1e-12  # not 0, where its divergence may be infinite
        p /= p.sum()
    return p
