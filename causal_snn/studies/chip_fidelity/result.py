"""Fidelity: what a chip keeps of a network's causal structure, figure by figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.spikes import TrainComparison
from causal_snn.studies.chip_fidelity.figures import EdgeFigures, RowFigures
from causal_snn.studies.chip_fidelity.integration import Integrated, same_complex, same_partition
from causal_snn.studies.chip_fidelity.listing import (
    Figure,
    causal_figures,
    control_figures,
    register_figures,
    threshold_figures,
)
from causal_snn.studies.chip_fidelity.registers import RegisterFigures
from causal_snn.tpm import TPM, Measures

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fidelity:
    """A chip beside its float reference: separate figures, and no single score.

    Attributes
    ----------
    labels : tuple of str
    chip : str
        Chip and convention.
    state : tuple of int
        Macro state of the integrated information; `provenance["state_chosen_by"]` says whose
        choice it was.
    tpms : (TPM, TPM)
        Of the float network and of the chip.
    rows : RowFigures
    information : (Measures, Measures)
    integration : (Integrated, Integrated)
    edges : EdgeFigures
    threshold : array, shape (2, n)
        Causal thresholds (mV) of both, on tables of about 4000 potentials; not a number where no
        potential makes a difference, or the chip has no table (`provenance["notes"]`).
    registers : RegisterFigures
    controls : TrainComparison
        Spike trains of the float network (a) and the chip (b) under the same noise; an analog
        chip draws noise of its own, so that its distances are to be held against `baseline`.
    baseline : TrainComparison
        The float network under that noise (a) and under other noise (b).
    seeds : tuple of int
    seed_figures : array, shape (number of seeds, number of figures)
        Each figure of the chip with the fixed pattern of each seed, in the order of `figures`;
        attractors of the network are not sought again.
    provenance : mapping
    """

    labels: tuple[str, ...]
    chip: str
    state: tuple[int, ...]
    tpms: tuple[TPM, TPM]
    rows: RowFigures
    information: tuple[Measures, Measures]
    integration: tuple[Integrated, Integrated]
    edges: EdgeFigures
    threshold: Floats
    registers: RegisterFigures
    controls: TrainComparison
    baseline: TrainComparison
    seeds: tuple[int, ...]
    seed_figures: Floats
    provenance: Mapping[str, Any]

    @property
    def same_partition(self) -> bool | None:
        """Whether both come apart at the same partition; None where one has none."""
        return same_partition(*self.integration)

    @property
    def same_complex(self) -> bool | None:
        """Whether both have a main complex in common (ties count); None where one has none."""
        return same_complex(*self.integration)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every number of the comparison, group by group."""
        return (
            *causal_figures(self.rows, self.information, self.integration, self.edges),
            *threshold_figures(self.threshold),
            *register_figures(self.registers),
            *control_figures(self.controls, self.baseline),
        )

    def __repr__(self) -> str:
        return f"<Fidelity of {', '.join(self.labels)} on {self.chip}: {len(self.figures)} figures>"

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row for each figure; with seeds, their median and 5-95 % quantiles."""
        import pandas as pd

        table = pd.DataFrame(self.figures)
        table["difference"] = [one.difference for one in self.figures]
        table["grain"] = "tick"
        if self.seeds:
            low, middle, high = self.quantiles
            table["seeds median"], table["seeds 5 %"], table["seeds 95 %"] = middle, low, high
        return table

    @property
    def quantiles(self) -> Floats:
        """5 %, 50 % and 95 % quantile over the seeds of every figure, shape (3, F)."""
        found = np.full((3, len(self.figures)), np.nan)
        for k, column in enumerate(self.seed_figures.T):
            kept = column[~np.isnan(column)]
            if kept.size:
                # Between infinite values there is nothing to interpolate.
                how: Any = "linear" if np.isfinite(kept).all() else "nearest"
                found[:, k] = np.quantile(kept, [0.05, 0.5, 0.95], method=how)
        return found

    def table(self) -> str:
        """Return the figures as a text table, with what is not a number in words below."""
        quantiles = self.quantiles
        lines = [f"{self.chip}, state {self.state}, grain: tick"]
        lines.append(f"{'figure':<44}{'unit':>8}{'float':>12}{'chip':>12}" + _head(self.seeds))
        group = ""
        for k, one in enumerate(self.figures):
            if one.group != group:
                group = one.group
                lines.append(f"-- {group}")
            row = f"{one.name:<44}{one.unit:>8}{_show(one.reference):>12}{_show(one.chip):>12}"
            if self.seeds:
                row += "".join(f"{_show(value):>12}" for value in quantiles[[1, 0, 2], k])
            lines.append(row)
        return "\n".join([*lines, *self._sentences()])

    def to_xarray(self) -> xr.Dataset:
        """Return what has an axis - states, units, edges - as an `xarray.Dataset`."""
        import xarray as xr

        who = ["float", "chip"]
        names = [self.tpms[0].state_name(tuple(int(x) for x in s)) for s in self.rows.states]
        by_state = np.stack([one.by_state for one in self.integration])
        return xr.Dataset(
            {
                "row_tv": ("state", self.rows.tv, {"units": "1"}),
                "row_kl": ("state", self.rows.kl, {"units": "bit"}),
                "unit_tv": (("unit", "state"), self.rows.unit_tv, {"units": "1"}),
                "phi_s": (("who", "state"), by_state, {"units": "ibit"}),
                "effect": (("who", "target", "source"), self.edges.effect, {"units": "1"}),
                "threshold": (("who", "unit"), self.threshold, {"units": "mV"}),
                "rate": (("who", "unit"), self.controls.rate, {"units": "Hz"}),
                "cv": (("who", "unit"), self.controls.cv, {"units": "1"}),
            },
            coords={
                "state": names,
                "unit": list(self.labels),
                "target": list(self.labels),
                "source": list(self.labels),
                "who": who,
            },
            attrs={"chip": self.chip, "grain": "tick"},
        )

    def _sentences(self) -> list[str]:
        a, b = self.integration
        lines = [
            f"minimum partition: float {_parts(a)}; chip {_parts(b)}",
            f"main complex: float {_units(a)}; chip {_units(b)}",
        ]
        for word in ("flipped", "silenced", "created"):
            edges = getattr(self.edges, word)
            if edges:
                lines.append(f"{word}: " + ", ".join(f"{j} -> {i}" for j, i in edges))
        return [*lines, *self.provenance["notes"], *self.registers.notes]


def _head(seeds: tuple[int, ...]) -> str:
    return f"{'median':>12}{'5 %':>12}{'95 %':>12}" if seeds else ""


def _show(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.5g}"


def _parts(one: Integrated) -> str:
    return "; ".join(one.reasons) or "none" if one.mip is None else one.mip.description


def _units(one: Integrated) -> str:
    tied = [", ".join(units) for units in one.main_complexes]
    return " | ".join(tied) if tied else "none"
