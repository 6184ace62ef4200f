"""The observational law: what the network as a whole does while it is in a macro state.

No intervention: the units keep the correlations of the free run, so that a row is an average of
products and no product. Where it differs from the row of do(macro state), the macro state is
confounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.coarse import UnitPartition
from causal_snn.models.network import Network
from causal_snn.simulation import StationarySamples
from causal_snn.tpm.within_cell import next_rows, sub_cell

Floats = NDArray[np.float64]
GROUPS = 25
"""Groups of independent replicas whose spread gives the standard errors."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Joint rows of the free network.

    Attributes
    ----------
    rows : array, shape (S, S)
        P(next macro state | macro state) in the long run, exact given the samples; of states
        that were never visited 0.
    visits : array of int, shape (S,)
        Samples in each macro state.
    standard_error : array, shape (S, S)
        From the spread between groups of independent replicas; not finite where too few groups
        visited the state to tell.
    """

    rows: Floats
    visits: NDArray[np.int64]
    standard_error: Floats


def observe(
    network: Network,
    units: tuple[UnitPartition, ...],
    seen: StationarySamples,
    *,
    spread: bool = False,
) -> Observed:
    """Return the joint rows of the free network; `spread` asks for their standard errors."""
    sizes = tuple(len(unit.cells) for unit in units)
    step = network.step()
    inputs = network.weights @ seen.spiked
    factors, macro = [], []
    for k, unit in enumerate(units):
        v, i, spiked = seen.v[k], seen.i[k], seen.spiked[k]
        rows = next_rows(step.unit(k), unit, v, i, spiked, seen.hold[k], inputs[k])
        cells = sub_cell(unit, v, i, spiked)
        if len(unit.cells) == 2:
            rows = np.stack([rows[:, 0], rows[:, 1] + rows[:, 2]], axis=1)
            cells = np.minimum(cells, 1)
        factors.append(rows)
        macro.append(cells)
    number = order.numbers(macro, sizes)
    count = len(order.states(sizes))
    # Samples of all lanes follow each other step by step.
    group = np.tile(np.arange(seen.lanes) * GROUPS // max(seen.lanes, GROUPS), seen.steps)
    table = np.zeros((count, count))
    error = np.full((count, count), np.nan)
    visits = np.bincount(number, minlength=count)
    for state in np.flatnonzero(visits):
        here = np.flatnonzero(number == state)
        table[state] = _mean_product([rows[here] for rows in factors])
        if spread:
            error[state] = _ratio_error([rows[here] for rows in factors], group[here], table[state])
    return Observed(table, visits, error)


def _mean_product(factors: list[Floats]) -> Floats:
    """Return the mean over samples of products over units, (S,): one product of two halves."""
    half = len(factors) // 2
    ones = np.ones((len(factors[0]), 1))
    first, last = (
        order.product(part) if part else ones for part in (factors[:half], factors[half:])
    )
    return np.asarray((last.T @ first).ravel() / len(first))  # the first units change fastest


def _ratio_error(factors: list[Floats], group: NDArray[np.int64], mean: Floats) -> Floats:
    """Return the standard error of a mean over visits, visits of one group being dependent.

    The mean is a ratio of two sums over groups, hence the linearised variance
    G/(G - 1) sum_g m_g^2 (row_g - row)^2 / (sum_g m_g)^2, m_g visits in group g.
    """
    present, sizes = np.unique(group, return_counts=True)
    if len(present) < 2:
        return np.full(len(mean), np.inf)
    spread = np.zeros(len(mean))
    for g, size in zip(present, sizes, strict=True):
        row = _mean_product([rows[group == g] for rows in factors])
        spread += (size * (row - mean)) ** 2
    return np.asarray(np.sqrt(spread * len(present) / (len(present) - 1)) / sizes.sum())
