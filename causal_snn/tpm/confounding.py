"""The confounding meter: how far seeing a macro state differs from setting it.

The rows of do(macro state) against the long-run frequencies of the free network. They differ
where what brought the network into a state also brings about what follows: units that are
driven together, and micro states that a cell holds together but the free network does not visit
alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.errors import check_choice
from causal_snn.models.network import Network
from causal_snn.provenance import provenance
from causal_snn.simulation import sample_stationary
from causal_snn.tpm.build import Rng, build, seed_of
from causal_snn.tpm.declared import Cells, Potentials, prepare
from causal_snn.tpm.laws.observed import observe
from causal_snn.tpm.tpm import marginalise
from causal_snn.tpm.within_cell import LawName

Floats = NDArray[np.float64]
DO_LAWS = ("uniform", "stationary", "maximum_entropy")
CLEAR = 3.0
"""Sampling errors that a gap must exceed to be more than chance."""


@dataclass(frozen=True, slots=True, eq=False)
class Confounding:
    """Rows of do(macro state) against rows of the free network, in total variation.

    Attributes
    ----------
    gap : array, shape (S,)
        For each macro state the distance of the joint rows; NaN if it was never visited.
    unit_gap : array, shape (S, n)
        The same of the marginal of each unit, never larger.
    sampling : array, shape (S,)
        What sampling of the free network alone may make of `gap`: half the sum of the
        standard errors of a row. NaN if never visited, infinite if visited by too few replicas.
    visits : array of int, shape (S,)
        Samples of the free network in each macro state.
    do_rows, observed_rows : array, shape (S, S)
        Little-endian; the second 0 in rows of states that were never visited.
    labels : tuple of str
    states : array, shape (S, n)
    law : str
        Within-cell law of do(macro state).
    provenance : mapping
    """

    gap: Floats
    unit_gap: Floats
    sampling: Floats
    visits: NDArray[np.int64]
    do_rows: Floats
    observed_rows: Floats
    labels: tuple[str, ...]
    states: NDArray[np.int64]
    law: str
    provenance: Mapping[str, Any]

    @property
    def worst(self) -> float:
        """The largest gap of a state that was visited."""
        return float(np.nanmax(self.gap))

    @property
    def worst_state(self) -> tuple[int, ...]:
        """The state with the largest gap."""
        return tuple(int(x) for x in self.states[int(np.nanargmax(self.gap))])

    @property
    def mean(self) -> float:
        """The gap averaged over the time that the free network spends in each state."""
        seen = self.visits > 0
        return float(self.gap[seen] @ self.visits[seen] / self.visits.sum())

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Whether a gap exceeds three times its sampling error, shape (S,)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.gap > CLEAR * self.sampling)


def confounding(
    network: Network,
    partition: Cells,
    *,
    law: LawName = "uniform",
    potentials: Potentials = None,
    samples: int = 40_000,
    rng: Rng = 0,
) -> Confounding:
    """Return how far the free network's transitions are from those under intervention.

    Parameters
    ----------
    network : Network
    partition : Partition, or sequence of UnitPartition or ThresholdResult
    law : {"uniform", "stationary", "maximum_entropy"}
        Within-cell law of do(macro state), see `causal_snn.tpm.build`. ``"stationary"``
        differs from seeing by the correlations between units alone.
    potentials : optional
        Declared range, see `causal_snn.tpm.build`.
    samples : int
        States of the free network to sample.
    rng : numpy.random.Generator or int, optional

    Returns
    -------
    Confounding

    Raises
    ------
    InputError
        If the partition does not fit the network or `law` is no intervention.
    """
    check_choice("law", law, DO_LAWS)
    units, _ = prepare(network, partition, potentials)
    do = build(network, partition, law=law, potentials=potentials, samples=samples, rng=rng)
    seen = sample_stationary(network, samples=samples, rng=rng)
    observed = observe(network, units, seen, spread=True)
    rows, never = do.state_by_state, observed.visits == 0
    distance = 0.5 * np.abs(rows - observed.rows)
    pairs = zip(marginalise(rows, do.sizes), marginalise(observed.rows, do.sizes), strict=True)
    by_unit = np.stack([0.5 * np.abs(a - b).sum(axis=1) for a, b in pairs], axis=1)
    return Confounding(
        gap=np.where(never, np.nan, distance.sum(axis=1)),
        unit_gap=np.where(never[:, None], np.nan, by_unit),
        sampling=0.5 * observed.standard_error.sum(axis=1),
        visits=observed.visits,
        do_rows=rows,
        observed_rows=observed.rows,
        labels=do.labels,
        states=order.states(do.sizes),
        law=law,
        provenance=provenance(
            "rows of do(macro state) against exact rows averaged over samples of the free network",
            law=law,
            network=network.name,
            dt=network.dt,
            distance="total variation",
            samples=samples,
            burn_in=seen.burn_in,
            seed=seed_of(rng),
            ranges=do.provenance["ranges"],
            notes=do.provenance["notes"],
        ),
    )
