"""The grouping of states with the most effective information.

Exhaustive over all set partitions of a few states; beyond that merging, clustering and local
moves, judged by a bound that no grouping can pass: the causal capacity of the micro matrix
(theory/12_information.py I4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.errors import bad, check_choice
from causal_snn.provenance import provenance
from causal_snn.tpm.capacity import causal_capacity
from causal_snn.tpm.closure import lumpability_gap
from causal_snn.tpm.emergence import coarse_tpm
from causal_snn.tpm.grouping_search import TIE, Objective, Search, merges
from causal_snn.tpm.information import measures, transition_rows
from causal_snn.tpm.tpm import TPM

EXHAUSTIVE = 10
"""States up to which "auto" tries every grouping (115,975 of them)."""
MOST_EXHAUSTIVE = 13
"""States up to which every grouping can be tried at all (27,644,437 of them)."""
_SEEDS = ("generator given by the caller", "drawn from the system")  # where there is no number


@dataclass(frozen=True, slots=True)
class Grouping:
    """A grouping of states and how good it is known to be.

    Attributes
    ----------
    cells : tuple of int
        Cell of each state, numbered in order of appearance.
    objective : str
        What was maximised.
    value : float
        Its value here (bits, or none for effectiveness).
    micro_value : float
        Its value with every state its own cell.
    upper : float
        No grouping has a larger value: the causal capacity, or 1 for effectiveness.
    optimal : bool
        Whether no grouping that was allowed is better: all were tried, or `value` meets
        `upper`.
    lumpability_gap : float
        Largest total variation between effects on cells within a cell.
    method : str
        "exhaustive" or "heuristic".
    evaluated : int
        Groupings whose value was computed.
    provenance : mapping
    """

    cells: tuple[int, ...]
    objective: str
    value: float
    micro_value: float
    upper: float
    optimal: bool
    lumpability_gap: float
    method: str
    evaluated: int
    provenance: Mapping[str, Any]

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """States of each cell."""
        return tuple(
            tuple(state for state, found in enumerate(self.cells) if found == cell)
            for cell in range(max(self.cells) + 1)
        )

    @property
    def gain(self) -> float:
        """How much the value rises by grouping: causal emergence, as the objective has it."""
        return self.value - self.micro_value


def best_grouping(
    P: ArrayLike | TPM,
    *,
    objective: Objective = "effective_information",
    max_gap: float | None = None,
    method: Literal["auto", "exhaustive", "heuristic"] = "auto",
    restarts: int = 4,
    rng: np.random.Generator | int | None = 0,
    progress: bool = False,
) -> Grouping:
    """Return the grouping of states whose macro matrix U P A has the most effective information.

    The law within cells is uniform. Of groupings that tie the one with most cells is taken.

    Parameters
    ----------
    P : array, shape (n, n), or TPM
    objective : {"effective_information", "effectiveness"}
        Bits, or determinism - degeneracy, the causal primitives of version 2.0.
    max_gap : float, optional
        Allow only groupings whose lumpability gap (total variation) is at most this; 0
        leaves the lumpable ones. Without it a macro matrix may owe its information to the
        averaging within cells.
    method : {"auto", "exhaustive", "heuristic"}
        ``"auto"`` is exhaustive up to 10 states. The heuristic improves the best scales
        of a merge path and of two clusterings of the rows by moving single states and
        merging cells, until neither helps.
    restarts : int
        Random starts of the heuristic besides.
    rng : numpy.random.Generator, int or None
        Source of the random starts; the default seed makes results repeat, None draws one.
    progress : bool
        Show a bar on long searches.

    Returns
    -------
    Grouping

    Raises
    ------
    InputError
        If `P` is not row-stochastic, or has too many states for "exhaustive".
    """
    check_choice("objective", objective, ("effective_information", "effectiveness"))
    check_choice("method", method, ("auto", "exhaustive", "heuristic"))
    rows = transition_rows(P)
    n = len(rows)
    if max_gap is not None and not max_gap >= 0:
        raise bad("max_gap", max_gap, "a total variation, 0 or more")
    if restarts < 0 or restarts != int(restarts):
        raise bad("restarts", restarts, "a whole number of 0 or more")
    if method == "auto":
        method = "exhaustive" if n <= EXHAUSTIVE else "heuristic"
    if method == "exhaustive" and n > MOST_EXHAUSTIVE:
        raise bad(
            "method", method, f"at most {MOST_EXHAUSTIVE} states for this method, not {n}",
            "Use method='heuristic'.",
        )  # fmt: skip
    search = Search(rows, objective, max_gap)
    if method == "exhaustive":
        search.all(progress)
    else:
        search.heuristic(restarts, np.random.default_rng(rng), progress)
    found = measures(coarse_tpm(rows, search.labels))
    value = float(getattr(found, objective))
    upper = 1.0 if objective == "effectiveness" else min(causal_capacity(rows).upper, log2(n))
    return Grouping(
        cells=tuple(int(cell) for cell in search.labels),
        objective=objective,
        value=value,
        micro_value=float(getattr(measures(rows), objective)),
        upper=upper,
        optimal=method == "exhaustive" or value >= upper - TIE,
        lumpability_gap=lumpability_gap(rows, search.labels),
        method=method,
        evaluated=search.evaluated,
        provenance=provenance(
            "all set partitions"
            if method == "exhaustive"
            else "merge path, clustering of rows, local moves; bound by causal capacity",
            objective=objective,
            within_cell="uniform",
            max_gap=max_gap,
            tie_tolerance=TIE,
            **(
                {"restarts": restarts, "seed": rng if isinstance(rng, int) else _SEEDS[rng is None]}
                if method == "heuristic"
                else {}
            ),
        ),
    )


def merge_path(P: ArrayLike | TPM) -> tuple[tuple[int, ...], ...]:
    """Return the path from all states apart to all in one, each merge the best at its step.

    The best merge leaves the most effective information, and so the most effectiveness: at
    a given number of cells they rank alike. Ties take the first pair.

    Parameters
    ----------
    P : array, shape (n, n), or TPM

    Returns
    -------
    tuple of tuple of int
        Cell of each state for n, n - 1, ..., 1 cells.
    """
    return tuple(tuple(labels.tolist()) for labels in merges(transition_rows(P)))
