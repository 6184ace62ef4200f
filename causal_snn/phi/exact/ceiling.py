"""An upper bound on phi_s that costs no search, to leave systems unsearched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.exact.connectivity import connections, strongly_connected
from causal_snn.phi.exact.equal import EQUAL
from causal_snn.phi.exact.factors import Factors
from causal_snn.phi.exact.kept import losses
from causal_snn.phi.exact.specified import specified_causes, specified_effects

Floats = NDArray[np.float64]


def ceiling(system: Factors, *, capped: bool) -> float:
    """Return a number that phi_s does not exceed.

    The minimum partition has the least ratio of loss to cuts, and cuts n (n - 1) connections at
    most; so phi_s <= n (n - 1) loss/cuts of any partition, here of each unit's inputs and each
    unit's outputs. It is 0 where the system is not strongly connected, and at most ii(s) in the
    formalism of 2026 (theory/15_minimum_partition.py).
    """
    if not strongly_connected(connections(system.effect) | connections(system.cause)):
        return 0.0
    causes, effects = specified_causes(system), specified_effects(system)
    if min(causes[0].information, effects[0].information) <= EQUAL:
        return 0.0
    highest = 0.0
    for cause in causes:
        for effect in effects:
            bound = _one_unit_cuts(losses(system, cause, effect))
            if capped:
                sides = (cause, effect)
                bound = min([bound, *(min(s.information, s.differentiation) for s in sides)])
            highest = max(highest, bound)
    return highest


def _one_unit_cuts(table: Floats) -> float:
    n: int = table.shape[1]
    if n == 1:
        return max(0.0, float(table[:, 0, 0].min()))
    full = 2**n - 1
    alone = [table[:, k, 1 << k].min() for k in range(n)]  # unit k keeps only itself
    silent = [
        min(sum(table[d, i, full ^ 1 << k] for i in range(n) if i != k) for d in (0, 1))
        for k in range(n)
    ]
    least = float(np.min([*alone, *silent]))
    return max(0.0, n * least)
