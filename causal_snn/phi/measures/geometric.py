"""Geometric integrated information Phi_G: how far a chain is from one without cross influences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad, check_choice
from causal_snn.phi.measures.chains import FiniteChain, GaussianChain, Law, as_chain, law_name
from causal_snn.phi.measures.partitions import (
    Partitions,
    bipartitions,
    given_partition,
    in_order,
    units_of,
)
from causal_snn.phi.measures.result import TIE, MeasureStatus, PartitionMeasure, ratio
from causal_snn.phi.measures.split_finite import nearest_split
from causal_snn.phi.measures.split_gaussian import nearest_gaussian_split, own_information_gap
from causal_snn.phi.measures.stochastic import NORMALIZATIONS, Normalization, check_gaussian
from causal_snn.phi.measures.subsets import part_entropy
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.tpm.information import entropy
from causal_snn.tpm.tpm import TPM

Floats = NDArray[np.float64]
MOST_STATES = 256
"""States of a finite chain: the nearest split one has their square for unknowns."""
MOST_GAUSSIAN_UNITS = 14
STEPS = 100
"""Newton steps for one partition of a finite chain; some 10 to 30 are used."""
RESTARTS = 4
"""Random starts for one partition of a Gaussian chain, besides three that are not."""
_NATS = float(np.log(2))  # in a bit


def geometric_phi(
    chain: TPM | GaussianChain | ArrayLike,
    *,
    partitions: Partitions = "bipartitions",
    law: Law = "stationary",
    normalization: Normalization = "none",
    tolerance: float = 1e-7,
    rng: np.random.Generator | int | None = 0,
    progress: bool = False,
) -> PartitionMeasure:
    """Return Phi_G of a chain, at the split in two where it is least.

    Phi_G = min KL(p || q) over chains q with q(M_k' | X) = q(M_k' | M_k) for every part
    (Oizumi, Tsuchiya and Amari, PNAS 113:14817, 2016): next states of parts may still depend on
    each other, so common noise is not counted. 0 <= Phi_G <= I(X; X'), and Phi_G is at most the
    stochastic interaction and at least any part's I(M_k'; X | M_k) (theory G6). It is not the
    variant with an undirected graph, which is also met under this name (Amari, Tsuchiya and
    Oizumi, in Information Geometry and Its Applications, 2018).

    Parameters
    ----------
    chain : TPM, GaussianChain, or array of shape (2^n, n)
        An array is a little-endian state-by-node table.
    partitions : {"bipartitions", "atomic"} or sequence of sequences of int or str
        All splits in two, each unit its own part, or the parts. A finer partition of a
        finite chain does not always have a larger Phi_G (theory G6).
    law : {"stationary", "uniform"} or array, shape (S,)
        Law of the present state of a finite chain.
    normalization : {"none", "entropy"}
        See `stochastic_interaction`.
    tolerance : float
        Gap between the bounds of a finite chain to stop at (bits).
    rng : numpy.random.Generator, int or None
        Source of the random starts for Gaussian chains.
    progress : bool
        Show a bar on long searches.

    Returns
    -------
    PartitionMeasure
        In bits per step. For a finite chain `lower` and `value` are bounds on Phi_G of the
        partition, proved up to rounding. For a Gaussian chain, among Gaussian split ones,
        `lower` is only the largest I(M_k'; X | M_k), and `value` the best local minimum.

    Raises
    ------
    InputError
        If the chain, law or partition is none, or there are too many units or states.
    """
    check_choice("normalization", normalization, NORMALIZATIONS)
    if not tolerance > 0:
        raise bad("tolerance", tolerance, "a number above 0 (bits)")
    found = as_chain(chain, law)
    if isinstance(found, GaussianChain):
        check_gaussian(found, normalization, MOST_GAUSSIAN_UNITS)
    elif prod(found.sizes) > MOST_STATES:
        raise bad("chain", f"{prod(found.sizes)} states", f"at most {MOST_STATES} states")
    masks = given_partition(partitions, found.labels, ("bipartitions",))
    if masks is not None and len(masks) == 1:
        raise bad("partitions", partitions, "two parts or more")
    full = (1 << found.n) - 1
    tried = [masks] if masks else [[int(m), int(full ^ m)] for m in bipartitions(found.n)]
    search = _Search(found, normalization, tolerance, np.random.default_rng(rng))
    for _ in track(search.run(tried), label="partitions", show=progress):
        pass
    return search.result(
        provenance(
            "interior-point method with dual bounds"
            if isinstance(found, FiniteChain)
            else "quasi-Newton descent from several starts",
            source="Oizumi, Tsuchiya and Amari 2016",
            law=law_name(chain, law),
            partitions=partitions if isinstance(partitions, str) else "given",
            normalization=normalization,
            tolerance=tolerance,
            restarts=RESTARTS if isinstance(found, GaussianChain) else 0,
            seed=rng if isinstance(rng, int) else "drawn or given by the caller",
            unit="bits per step",
        )
    )


@dataclass(frozen=True, slots=True)
class _Found:
    masks: Sequence[int]
    lower: float  # bits, as `upper`
    upper: float
    divisor: float
    stationary: bool

    @property
    def ratio(self) -> float:
        """What partitions are compared by."""
        return ratio(self.upper, self.divisor)


class _Search:
    """Partitions from the smallest lower bound on; no more once that passes the best value."""

    def __init__(
        self,
        chain: FiniteChain | GaussianChain,
        normalization: str,
        tolerance: float,
        rng: np.random.Generator,
    ) -> None:
        self.chain, self.normalization = chain, normalization
        self.tolerance, self.rng = tolerance, rng
        self.found: list[_Found] = []
        self.gaps: dict[int, float] = {}

    def run(self, tried: Sequence[Sequence[int]]) -> Iterator[None]:
        """Evaluate partitions one by one."""
        bounds = [self.bound(masks) for masks in tried]
        divisors = [self.divisor(masks) for masks in tried]
        least = [b / d if d > 0 else 0.0 for b, d in zip(bounds, divisors, strict=True)]
        best = np.inf
        for k in np.argsort(least, kind="stable"):
            if least[k] > best + TIE:
                return
            lower, upper, stationary = self.evaluate(tried[k])
            one = _Found(tried[k], max(lower, bounds[k]), upper, divisors[k], stationary)
            self.found.append(one)
            best = min(best, one.ratio)
            yield

    def divisor(self, masks: Sequence[int]) -> float:
        """Return the normalization of a partition."""
        if self.normalization == "none":
            return 1.0
        entropies = [part_entropy(self.chain, units_of(mask)) for mask in masks]
        return (len(masks) - 1) * min(entropies)

    def bound(self, masks: Sequence[int]) -> float:
        """Return the largest I(M_k'; X | M_k) of the parts in bits."""
        for mask in masks:
            if mask not in self.gaps:
                self.gaps[mask] = self._gap(units_of(mask))
        return max(self.gaps[mask] for mask in masks)

    def _gap(self, units: Sequence[int]) -> float:
        if isinstance(self.chain, GaussianChain):
            return own_information_gap(self.chain, units) / _NATS
        own = self.chain.part_law(units)
        n, others = self.chain.n, [k for k in range(self.chain.n) if k not in units]
        known = self.chain.joint.sum(axis=tuple(n + k for k in others))
        # H(M_k' | M_k) - H(M_k' | X)
        less = float(entropy(own.ravel()) - entropy(own.sum(axis=1)))
        more = float(entropy(known.ravel()) - entropy(self.chain.now.ravel()))
        return max(less - more, 0.0)

    def evaluate(self, masks: Sequence[int]) -> tuple[float, float, bool]:
        """Return bounds on one partition's Phi_G, and whether the upper is a local minimum."""
        parts = [units_of(mask) for mask in masks]
        if isinstance(self.chain, GaussianChain):
            nats, stationary = nearest_gaussian_split(
                self.chain, parts, restarts=RESTARTS, rng=self.rng
            )
            return 0.0, nats / _NATS, stationary
        joint = self.chain.grouped(parts)
        law = joint.sum(axis=1)
        rows = np.divide(joint, law[:, None], out=np.zeros_like(joint), where=law[:, None] > 0)
        sizes = [prod(self.chain.sizes[k] for k in part) for part in parts]
        bounds = nearest_split(rows, law, sizes, tolerance=self.tolerance * _NATS, steps=STEPS)
        lower, upper = bounds.lower / _NATS, min(bounds.upper / _NATS, self.chain.information)
        return lower, upper, False

    def result(self, how: dict[str, object]) -> PartitionMeasure:
        """Return the partition with the least value."""
        best = min(self.found, key=lambda one: (one.ratio, one.upper))
        if all(one.upper - one.lower <= self.tolerance for one in self.found):
            status = MeasureStatus.CONVERGED
        elif all(one.stationary for one in self.found):
            status = MeasureStatus.STATIONARY
        else:
            status = MeasureStatus.ITERATIONS
        return PartitionMeasure(
            measure="Phi_G",
            value=best.upper,
            lower=min(best.lower, best.upper),
            partition=in_order(best.masks),
            labels=self.chain.labels,
            normalization=best.divisor,
            information=self.chain.information,
            status=status,
            evaluated=len(self.found),
            provenance=how,
        )
