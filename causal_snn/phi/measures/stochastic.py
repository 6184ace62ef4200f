"""Stochastic interaction: what parts that evolve on their own cannot say of the next state."""

from __future__ import annotations

from typing import Literal

from numpy.typing import ArrayLike

from causal_snn.errors import bad, check_choice
from causal_snn.phi.measures.additive import MOST_UNITS, AdditiveLoss
from causal_snn.phi.measures.chains import GaussianChain, Law, as_chain, law_name
from causal_snn.phi.measures.partitions import Partitions, given_partition, in_order
from causal_snn.phi.measures.result import TIE, MeasureStatus, PartitionMeasure
from causal_snn.phi.measures.subsets import conditional_entropies
from causal_snn.provenance import provenance
from causal_snn.tpm.tpm import TPM

type Normalization = Literal["none", "entropy"]
NORMALIZATIONS = ("none", "entropy")
MOST_GAUSSIAN_UNITS = 18
"""Units of a Gaussian chain up to which the entropies of all subsets are computed."""


def stochastic_interaction(
    chain: TPM | GaussianChain | ArrayLike,
    *,
    partitions: Partitions = "all",
    law: Law = "stationary",
    normalization: Normalization = "none",
) -> PartitionMeasure:
    """Return the stochastic interaction of a chain at the partition where it is least.

    SI = sum_k H(M_k' | M_k) - H(X' | X), the relative entropy from the chain to the nearest one
    whose parts M_k evolve apart (Ay, MPI MIS preprint 95/2001; Ay, Entropy 17:2432, 2015; theory
    G1). It counts what the parts' next states share besides what they cause in each other, so it
    may exceed I(X; X').

    Parameters
    ----------
    chain : TPM, GaussianChain, or array of shape (2^n, n)
        An array is a little-endian state-by-node table.
    partitions : {"all", "bipartitions", "atomic"} or sequence of sequences of int or str
        Search over all set partitions or all splits in two, each unit its own part, or the
        parts. Without normalization a split in two is never beaten (theory G2).
    law : {"stationary", "uniform"} or array, shape (S,)
        Law of the present state of a finite chain.
    normalization : {"none", "entropy"}
        Compare partitions by SI itself, or by SI/((m - 1) min_k H(M_k)) with m parts, as
        Balduzzi and Tononi (2008) and Barrett and Seth (PLOS Comput Biol 7:e1001052, 2011)
        do with their measures. Entropies of Gaussian chains are differential: they depend
        on units and may be negative, so there is none for them.

    Returns
    -------
    PartitionMeasure
        In bits per step.

    Raises
    ------
    InputError
        If the chain, law or partition is none, or there are too many units or states.
    """
    check_choice("normalization", normalization, NORMALIZATIONS)
    found = as_chain(chain, law)
    if isinstance(found, GaussianChain):
        check_gaussian(found, normalization, MOST_GAUSSIAN_UNITS)
    masks = given_partition(partitions, found.labels, ("all", "bipartitions"))
    among_all = masks is None and partitions == "all" and normalization == "entropy"
    if among_all and found.n > MOST_UNITS:
        raise bad("partitions", partitions, f"at most {MOST_UNITS} units, not {found.n}")
    costs, entropies = conditional_entropies(found)
    loss = AdditiveLoss(costs, entropies if normalization == "entropy" else None)
    if masks is not None and len(masks) == 1:
        raise bad("partitions", partitions, "two parts or more")
    if masks is not None:
        best = loss.split(masks)
    else:
        best = loss.least() if among_all else loss.least_in_two()
    return PartitionMeasure(
        measure="stochastic interaction",
        value=best.loss,
        lower=best.loss,
        partition=in_order(best.masks),
        labels=found.labels,
        normalization=best.normalization,
        information=found.information,
        status=MeasureStatus.EXACT,
        evaluated=1 if masks is not None else 0,
        provenance=provenance(
            "sum of the parts' conditional entropies less that of the whole",
            source="Ay 2001, 2015",
            law=law_name(chain, law),
            partitions=partitions if isinstance(partitions, str) else "given",
            normalization=normalization,
            tie_tolerance=TIE,
            unit="bits per step",
        ),
    )


def check_gaussian(chain: GaussianChain, normalization: str, most: int) -> None:
    """Refuse what has no meaning for a Gaussian chain, or would take too long."""
    if normalization != "none":
        raise bad(
            "normalization", normalization, "'none' for a Gaussian chain",
            "Differential entropies depend on units and may be negative.",
        )  # fmt: skip
    if chain.n > most:
        raise bad("chain", f"{chain.n} units", f"at most {most} Gaussian units")
