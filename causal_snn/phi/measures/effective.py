"""Integrated effective information: what a network's state says of its cause beyond its parts.

The measure of the second version of integrated information theory (Balduzzi and Tononi, PLOS
Comput Biol 4:e1000091, 2008). All states are set equally often. A part's repertoire is what its
state says of its own previous state when all inputs from outside are noise, independent for each
unit that they enter. Derivations: theory/16_integration_measures.py G3-G5.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import InputError, bad
from causal_snn.phi.checks import as_tpm, check_gap
from causal_snn.phi.measures.additive import MOST_UNITS, AdditiveLoss, Split
from causal_snn.phi.measures.chains import MOST_STATES
from causal_snn.phi.measures.partitions import Partitions, given_partition, in_order
from causal_snn.phi.measures.result import TIE, MeasureStatus, PartitionMeasure
from causal_snn.phi.measures.subsets import subset_states, subset_sums
from causal_snn.provenance import provenance
from causal_snn.tpm.independence import TOLERANCE
from causal_snn.tpm.information import entropy, log2_or_zero
from causal_snn.tpm.tpm import TPM

Floats = NDArray[np.float64]


def integrated_effective_information(
    tpm: TPM | ArrayLike,
    state: Sequence[int] | None = None,
    *,
    partitions: Partitions = "all",
    tolerance: float = TOLERANCE,
) -> PartitionMeasure:
    """Return integrated effective information across the minimum information partition.

    ei(x' / P) = KL(p(X | x') || prod_k p(M_k | m_k')), at the partition P with the least
    ei/N, N = (m - 1) min_k log2 |M_k| for m parts. The total partition takes part too, with
    ei = KL(p(X | x') || uniform) and N = log2 |X|. Of partitions that tie the smaller ei counts.

    Parameters
    ----------
    tpm : TPM, or array of shape (2^n, n)
        An array is a little-endian state-by-node table.
    state : sequence of int, optional
        The state entered, x'. Default: the mean over x', as it follows from states that are
        set equally often.
    partitions : {"all", "bipartitions", "atomic"} or sequence of sequences of int or str
        Search over all set partitions or all splits in two, both with the total partition;
        each unit its own part; or the parts.
    tolerance : float
        Largest independence gap (total variation): units with common noise are no elements.

    Returns
    -------
    PartitionMeasure
        In bits.

    Raises
    ------
    InputError
        If the state cannot be entered, the partition is none, there are too many states, or
        the TPM's independence gap exceeds `tolerance`.
    """
    matrix = as_tpm(tpm)
    check_gap(matrix, strict=True, tolerance=tolerance)
    total = prod(matrix.sizes)
    if total > MOST_STATES:
        raise bad("tpm", f"{total} states", f"at most {MOST_STATES} states")
    masks = given_partition(partitions, matrix.labels, ("all", "bipartitions"))
    if masks is None and partitions == "all" and matrix.n > MOST_UNITS:
        raise bad("partitions", partitions, f"at most {MOST_UNITS} units, not {matrix.n}")
    now = None if state is None else order.check_state(state, matrix.sizes)
    costs = _mean_costs(matrix) if now is None else _state_costs(matrix, now)
    sizes = np.log2(subset_states(matrix.sizes))
    # H of the uniform law less that of the repertoire, or its mean.
    whole = Split((len(costs) - 1,), max(float(sizes[-1] - costs[-1]), 0.0), float(sizes[-1]))
    best = _least(AdditiveLoss(costs, sizes), whole, masks, partitions == "bipartitions")
    return PartitionMeasure(
        measure="integrated effective information",
        value=best.loss,
        lower=best.loss,
        partition=in_order(best.masks),
        labels=matrix.labels,
        normalization=best.normalization,
        information=whole.loss,
        status=MeasureStatus.EXACT,
        evaluated=1 if masks is not None else 0,
        provenance=provenance(
            "relative entropy of the cause repertoire from the product of the parts'",
            source="Balduzzi and Tononi 2008",
            state="mean over states entered" if now is None else now,
            intervention="uniform; inputs from outside a part independent noise",
            partitions=partitions if isinstance(partitions, str) else "given",
            normalization="(m - 1) times the least log2 number of states of a part",
            independence_tolerance=tolerance,
            tie_tolerance=TIE,
            unit="bits",
        ),
    )


def _least(loss: AdditiveLoss, whole: Split, masks: list[int] | None, in_two: bool) -> Split:
    if masks is not None:
        return loss.split(masks) if len(masks) > 1 else whole
    if loss.n == 1:
        return whole
    best = loss.least_in_two() if in_two else loss.least()
    if abs(whole.ratio - best.ratio) <= TIE:
        return min(whole, best, key=lambda split: split.loss)
    return min(whole, best, key=lambda split: split.ratio)


def _state_costs(tpm: TPM, state: Sequence[int]) -> Floats:
    """Return -sum p(m | x') log2 p(m | m') of every subset M, shape (2^n,) (theory G3)."""
    chances = np.stack([m[..., x] for m, x in zip(tpm.marginals, state, strict=True)])
    likelihood = chances.prod(axis=0)
    if not likelihood.sum() > 0:
        raise InputError(
            f"state = {tuple(state)}: a state that some state leads to. "
            "See TPM.reachable for those."
        )
    tables = np.concatenate([likelihood[None] / likelihood.sum(), chances])
    costs = np.zeros(1 << tpm.n)
    for mask, sums in subset_sums(tables, tpm.sizes):
        units = [k for k in range(tpm.n) if mask >> k & 1]
        product = (sums[1:] * (sums.shape[1] / chances[0].size))[units].prod(axis=0)
        # -p log2(product / sum of it), and p sums to 1
        costs[mask] = np.log2(product.sum()) - sums[0] @ log2_or_zero(product)
    return costs


def _mean_costs(tpm: TPM) -> Floats:
    """Return the mean of that over x', from all states alike, shape (2^n,) (theory G4).

    It is sum_i H(X_i' | M) + sum_m' p(m') log2 sum_m prod_i p(x_i' | m) over units i of M.
    """
    size, n = prod(tpm.sizes), tpm.n
    law = order.unflat(tpm.state_by_state.mean(axis=0)[:, None], tpm.sizes)[..., 0]
    next_laws = {mask: sums[0] for mask, sums in subset_sums(law[None], tpm.sizes)}
    tables = np.concatenate([np.moveaxis(m, -1, 0) for m in tpm.marginals])
    ends = np.cumsum(tpm.sizes)
    costs = np.zeros(1 << n)
    for mask, sums in subset_sums(tables, tpm.sizes):
        states = sums.shape[1]
        rows = (sums * (states / size)).T  # given the part's state, the others averaged out
        of_units = [rows[:, end - k : end] for end, k in zip(ends, tpm.sizes, strict=True)]
        # The last unit first: columns then run as the marginal's states do.
        chosen = [of_units[k] for k in reversed(range(n)) if mask >> k & 1]
        noise = sum(float(entropy(unit).mean()) for unit in chosen)
        reach = order.product(chosen).sum(axis=0) if chosen else np.ones(1)
        costs[mask] = noise + float(next_laws[mask] @ log2_or_zero(reach))
    return costs
