"""Compare: two recordings of the same units, statistic by statistic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.provenance import provenance
from causal_snn.simulation import SpikeTrains
from causal_snn.spikes.distances import van_rossum, victor_purpura
from causal_snn.spikes.rates import correlation, cv

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TrainComparison:
    """Spike-train statistics of two recordings, a and b, of n units.

    Attributes
    ----------
    labels : tuple of str
    rate : array, shape (2, n)
        Mean rates (Hz) of a and b.
    cv : array, shape (2, n)
        Coefficients of variation of the intervals; not a number where there are too few.
    correlation : array, shape (2, n, n)
        Pearson's correlation of binned counts.
    victor_purpura, van_rossum : array, shape (n,)
        Distances between the trains of a unit in a and in b.
    per_spike : array, shape (n,)
        Victor-Purpura distance over the number of spikes of both trains: 0 for equal trains,
        1 where no spike is paired; 0 where there are none.
    provenance : mapping
    """

    labels: tuple[str, ...]
    rate: Floats
    cv: Floats
    correlation: Floats
    victor_purpura: Floats
    van_rossum: Floats
    per_spike: Floats
    provenance: Mapping[str, Any]

    @property
    def mean_correlation(self) -> Floats:
        """Mean correlation of the pairs of different units of a and of b, shape (2,)."""
        return np.array([_mean_of_pairs(table) for table in self.correlation])

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row for each unit."""
        import pandas as pd

        return pd.DataFrame(
            {
                "unit": self.labels,
                "rate a (Hz)": self.rate[0],
                "rate b (Hz)": self.rate[1],
                "CV a": self.cv[0],
                "CV b": self.cv[1],
                "Victor-Purpura": self.victor_purpura,
                "per spike": self.per_spike,
                "van Rossum": self.van_rossum,
            }
        )


def compare(
    a: SpikeTrains, b: SpikeTrains, *, cost: float = 0.1, tau: float = 10.0, width: float = 10.0
) -> TrainComparison:
    """Return rates, irregularity, correlation and distances of two recordings of the same units.

    Parameters
    ----------
    a, b : SpikeTrains
        Same labels and span, one replica each.
    cost : float
        Victor-Purpura cost of moving a spike (per ms).
    tau : float
        Time constant of the van Rossum distance (ms).
    width : float
        Bins of the correlation (ms).

    Returns
    -------
    TrainComparison

    Raises
    ------
    InputError
        If labels or spans differ, or there are several replicas.
    """
    for name, one in (("a", a), ("b", b)):
        if not isinstance(one, SpikeTrains):
            raise bad(name, one, "SpikeTrains", "Make them with SpikeTrains.from_times.")
        if one.count != 1:
            raise bad(name, f"{one.count} replicas", "one replica", "Choose one before.")
    if a.labels != b.labels:
        raise bad("b", f"units {list(b.labels)}", f"those of a, {list(a.labels)}")
    if (a.start, a.stop) != (b.start, b.stop):
        raise bad("b", f"{b.start:g} to {b.stop:g} ms", f"the span of a, {a.start:g} to {a.stop:g}")
    trains = [[one.of(k) for k in range(len(a.labels))] for one in (a, b)]
    pairs = list(zip(*trains, strict=True))
    distance = np.array([victor_purpura(x, y, cost=cost) for x, y in pairs])
    spikes = np.array([x.size + y.size for x, y in pairs])
    return TrainComparison(
        labels=a.labels,
        rate=np.stack([a.rates(), b.rates()]),
        cv=np.array([[cv(train) for train in one] for one in trains]),
        correlation=np.stack(
            [correlation(one, width=width, start=a.start, stop=a.stop) for one in trains]
        ),
        victor_purpura=distance,
        van_rossum=np.array([van_rossum(x, y, tau=tau) for x, y in pairs]),
        per_spike=distance / np.maximum(spikes, 1),
        provenance=provenance(
            "statistics of two recordings, unit by unit",
            victor_purpura_cost_per_ms=cost,
            van_rossum_tau_ms=tau,
            correlation_bin_ms=width,
            span_ms=[a.start, a.stop],
        ),
    )


def _mean_of_pairs(table: Floats) -> float:
    pairs = table[np.triu_indices(len(table), 1)]
    pairs = pairs[np.isfinite(pairs)]
    return float(pairs.mean()) if pairs.size else float("nan")
