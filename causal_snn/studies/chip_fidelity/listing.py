"""Listing: every number of a comparison, with its group and unit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_snn.spikes import TrainComparison
from causal_snn.studies.chip_fidelity.figures import EdgeFigures, RowFigures
from causal_snn.studies.chip_fidelity.integration import Integrated, same_complex, same_partition
from causal_snn.studies.chip_fidelity.registers import RegisterFigures
from causal_snn.tpm import Measures

Floats = NDArray[np.float64]
NAN = float("nan")


class Figure(NamedTuple):
    """One number of the comparison.

    Attributes
    ----------
    group : {"rows", "information", "integration", "edges", "threshold", "registers", "controls"}
    name : str
    unit : str
    reference, chip : float
        Of the float network and of the chip; a distance between them has no reference.
    """

    group: str
    name: str
    unit: str
    reference: float
    chip: float

    @property
    def difference(self) -> float:
        """Chip less reference; not a number for a distance."""
        return self.chip - self.reference


def causal_figures(
    rows: RowFigures,
    information: tuple[Measures, Measures],
    integration: tuple[Integrated, Integrated],
    edges: EdgeFigures,
) -> list[Figure]:
    """Return the figures that come from the two TPMs."""
    a, b = information
    p, q = integration
    return [
        Figure("rows", "total variation of rows, mean", "1", NAN, float(rows.tv.mean())),
        Figure("rows", "total variation of rows, max", "1", NAN, float(rows.tv.max())),
        Figure("rows", "relative entropy of rows, mean", "bit", NAN, float(rows.kl.mean())),
        Figure("rows", "relative entropy of rows, max", "bit", NAN, float(rows.kl.max())),
        Figure(
            "information", "effective information", "bit",
            a.effective_information, b.effective_information,
        ),
        Figure("information", "determinism", "1", a.determinism, b.determinism),
        Figure("information", "degeneracy", "1", a.degeneracy, b.degeneracy),
        Figure("integration", "φₛ of all units", "ibit", p.phi_s, q.phi_s),
        Figure("integration", "φₛ of all units, mean over states", "ibit", *_means(p, q)),
        Figure("integration", "Φ of all units", "ibit", p.big_phi, q.big_phi),
        Figure("integration", "φₛ of the main complex", "ibit", p.complex_phi_s, q.complex_phi_s),
        Figure("integration", "same minimum partition", "0/1", NAN, _truth(same_partition(p, q))),
        Figure("integration", "same main complex", "0/1", NAN, _truth(same_complex(p, q))),
        Figure("edges", "correlation of effects", "1", NAN, edges.correlation),
        Figure("edges", "effects of other sign", "edges", NAN, float(len(edges.flipped))),
        Figure("edges", "silenced", "edges", NAN, float(len(edges.silenced))),
        Figure("edges", "created", "edges", NAN, float(len(edges.created))),
    ]  # fmt: skip


def control_figures(controls: TrainComparison, baseline: TrainComparison) -> list[Figure]:
    """Return the figures of the spike trains; a distance stands beside that of other noise."""
    rate, cv, pairs = controls.rate.mean(axis=1), controls.cv, controls.mean_correlation
    return [
        Figure("controls", "rate, mean over units", "Hz", float(rate[0]), float(rate[1])),
        Figure("controls", "CV of intervals, mean over units", "1", _mean(cv[0]), _mean(cv[1])),
        Figure("controls", "correlation, mean over pairs", "1", float(pairs[0]), float(pairs[1])),
        Figure(
            "controls", "Victor-Purpura per spike (float: other noise)", "1",
            _mean(baseline.per_spike), _mean(controls.per_spike),
        ),
        Figure(
            "controls", "van Rossum (float: other noise)", "1",
            _mean(baseline.van_rossum), _mean(controls.van_rossum),
        ),
    ]  # fmt: skip


def threshold_figures(threshold: Floats) -> list[Figure]:
    """Return the figures of causal thresholds, shape (2, n)."""
    some = ~np.isnan(threshold).all(axis=0)  # units whose potential makes a difference
    shift = np.abs(threshold[1] - threshold[0])[some]
    largest = float(np.max(shift)) if shift.size and np.isfinite(shift).all() else NAN
    return [
        Figure("threshold", "causal threshold, mean over units", "mV", *map(_mean, threshold)),
        Figure("threshold", "largest shift of a causal threshold", "mV", NAN, largest),
    ]


def register_figures(found: RegisterFigures) -> list[Figure]:
    """Return the figures of the registers by themselves."""
    whole = found.network
    return [
        Figure(
            "registers", "bits lost per step, mean", "bit", 0.0, _mean(found.information_lost)
        ),
        Figure("registers", "the same by formula", "bit", 0.0, _mean(found.oracle)),
        Figure("registers", "potentials that stay, most", "states", NAN, _most(found.fixed_points)),
        Figure("registers", "dead zone, widest", "mV", 0.0, _most(found.dead_zone)),
        Figure("registers", "transient, longest", "steps", NAN, _most(found.transient)),
        Figure(
            "registers", "attractors of the network", "cycles", NAN,
            NAN if whole is None else float(whole.count),
        ),
    ]  # fmt: skip


def _means(a: Integrated, b: Integrated) -> tuple[float, float]:
    """Return mean phi_s over the states that both can be in."""
    both = np.isfinite(a.by_state) & np.isfinite(b.by_state)
    return _mean(a.by_state[both]), _mean(b.by_state[both])


def _mean(values: Floats) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if kept.size else NAN


def _most(values: Floats) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.max()) if kept.size else NAN


def _truth(value: bool | None) -> float:
    return NAN if value is None else float(value)
