"""Phi*: what a decoder that ignores the links between parts cannot read of the present state.

Oizumi, Amari, Yanagawa, Fujii and Tsuchiya, PLOS Comput Biol 12:e1004654 (2016). Derivations:
theory/16_integration_measures.py G8, G9.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from causal_snn.errors import bad, check_choice
from causal_snn.phi.measures.chains import GaussianChain, Law, as_chain, law_name
from causal_snn.phi.measures.decoders import decoded_information
from causal_snn.phi.measures.partitions import (
    Partitions,
    bipartitions,
    given_partition,
    in_order,
    units_of,
)
from causal_snn.phi.measures.result import TIE, MeasureStatus, PartitionMeasure
from causal_snn.phi.measures.stochastic import NORMALIZATIONS, Normalization, check_gaussian
from causal_snn.phi.measures.subsets import part_entropy
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.tpm.tpm import TPM

MOST_UNITS = 16
"""Units of a Gaussian chain up to which every split in two is tried."""


def phi_star(
    chain: TPM | GaussianChain | ArrayLike,
    *,
    partitions: Partitions = "bipartitions",
    law: Law = "stationary",
    normalization: Normalization = "none",
    progress: bool = False,
) -> PartitionMeasure:
    """Return Phi* = I - I* of a chain, at the split in two where it is least.

    I is the information I(X; X') and I* = max_beta I~(beta) what a decoder reads that takes
    q = prod_k p(M_k' | M_k) for the chain,
    I~(beta) = -<log2 sum_x p(x) q(x' | x)^beta> + beta <log2 q(x' | x)>, which is concave.
    Phi* is from 0 to I(X; X') and at most the stochastic interaction (theory G8).

    Parameters
    ----------
    chain : TPM, GaussianChain, or array of shape (2^n, n)
        An array is a little-endian state-by-node table.
    partitions : {"bipartitions", "atomic"} or sequence of sequences of int or str
        All splits in two, each unit its own part, or the parts.
    law : {"stationary", "uniform"} or array, shape (S,)
        Law of the present state of a finite chain.
    normalization : {"none", "entropy"}
        See `stochastic_interaction`.
    progress : bool
        Show a bar on long searches.

    Returns
    -------
    PartitionMeasure
        In bits per step. Its status is LIMIT where I~ still rises at the largest beta.

    Raises
    ------
    InputError
        If the chain, law or partition is none, or there are too many units or states.
    """
    check_choice("normalization", normalization, NORMALIZATIONS)
    found = as_chain(chain, law)
    if isinstance(found, GaussianChain):
        check_gaussian(found, normalization, MOST_UNITS)
    masks = given_partition(partitions, found.labels, ("bipartitions",))
    if masks is not None and len(masks) == 1:
        raise bad("partitions", partitions, "two parts or more")
    full = (1 << found.n) - 1
    tried = [masks] if masks else [[int(m), int(full ^ m)] for m in bipartitions(found.n)]
    information, best = found.information, None
    for parts in track(tried, label="partitions", show=progress):
        decoded = decoded_information(found, [units_of(mask) for mask in parts])
        value = max(information - decoded.bits, 0.0)
        divisor = 1.0
        if normalization == "entropy":
            divisor = (len(parts) - 1) * min(part_entropy(found, units_of(m)) for m in parts)
        one = PartitionMeasure(
            measure="Phi*",
            value=value,
            lower=value,
            partition=in_order(parts),
            labels=found.labels,
            normalization=divisor,
            information=information,
            status=MeasureStatus.EXACT if decoded.attained else MeasureStatus.LIMIT,
            evaluated=len(tried),
            provenance=provenance(
                "information less that of a mismatched decoder, at its best exponent",
                source="Oizumi et al. 2016",
                exponent=decoded.exponent,
                law=law_name(chain, law),
                partitions=partitions if isinstance(partitions, str) else "given",
                normalization=normalization,
                unit="bits per step",
            ),
        )
        if best is None or one.normalized < best.normalized - TIE:
            best = one
    assert best is not None  # there is at least one partition
    return best
