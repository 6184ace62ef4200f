"""The causal threshold of a tabulated kernel: its two levels, the band between, and a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from causal_snn.coarse.leveling.assemble import runs_of
from causal_snn.coarse.leveling.certificate import CutsCertificate, LevelsCertificate
from causal_snn.coarse.leveling.enclosure import separation
from causal_snn.coarse.leveling.levels import levels
from causal_snn.coarse.leveling.result import LevelsResult
from causal_snn.coarse.leveling.solve import sorts
from causal_snn.coarse.result import Verdict
from causal_snn.errors import bad
from causal_snn.kernel.tabulated import TabulatedKernel

Intervals = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TableThresholdResult:
    """The causal threshold of one unit on a table, how sufficient it is, and the proof.

    Attributes
    ----------
    label : str
        The unit.
    threshold : float
        Where the ON cell begins (mV); not a number if the table has no edges or ON is empty.
    epsilon : float
        Worst total variation between effects of one cell, at most.
    lower : float
        No two cells have a smaller one.
    on : tuple of (float, float)
        Intervals (mV) of the cell with the greater effects: before reset a band [T, theta).
    band : tuple of (float, float)
        Intervals (mV) that are neither almost certain to cause a spike in every context nor
        almost certain not to.
    band_level : float
        What "almost" means.
    separation : float
        Least effect difference between almost certain states; 0 if either kind is missing.
    contrast : float
        Least difference over contexts of the mean effects of the two cells.
    floor : float
        (p_max - p_min)/2 of what the effects are for sure: no two cells do better if the effect
        is continuous in the state (theory/02_threshold.py L8).
    verdict : Verdict
    levels : LevelsResult
    """

    label: str
    threshold: float
    epsilon: float
    lower: float
    on: Intervals
    band: Intervals
    band_level: float
    separation: float
    contrast: float
    floor: float
    verdict: Verdict
    levels: LevelsResult

    @property
    def certificate(self) -> LevelsCertificate | CutsCertificate:
        """What was proved about the two cells."""
        return self.levels.certificate

    @property
    def on_cell_empty(self) -> bool:
        """Whether no admissible state causes a spike with p > 1/2 in any context."""
        return self.verdict is Verdict.ON_EMPTY

    @property
    def provenance(self) -> Mapping[str, Any]:
        """How it was made."""
        return self.levels.provenance


def table_threshold(
    kernel: TabulatedKernel, *, band_level: float = 0.05, contiguous: bool | None = None
) -> TableThresholdResult:
    """Return the two minimax cells of a tabulated two-outcome kernel.

    Parameters
    ----------
    kernel : TabulatedKernel
    band_level : float
        Level of the abstain band, between 0 and 1/2.
    contiguous : bool, optional
        Whether the cells must be runs of neighbours. Default: only if the effects rise or fall.

    Returns
    -------
    TableThresholdResult

    Raises
    ------
    InputError
        If there are more than two outcomes, or the level is out of range.
    """
    if not kernel.binary:
        raise bad("kernel", kernel.outcomes, "two outcomes", "Use levels(kernel, 2) instead.")
    if not 0.0 < band_level < 0.5:
        raise bad("band_level", band_level, "a probability between 0 and 1/2, as 0.05")
    if contiguous is None:
        contiguous = sorts(kernel, np.arange(kernel.n))
    found = levels(kernel, 2, contiguous=contiguous)
    low, high = kernel.lower, kernel.upper
    on, off = low.min(axis=0) >= 1.0 - band_level, high.max(axis=0) <= band_level
    certain = np.where(on, 1, np.where(off, 0, -1))
    apart = separation(kernel, certain, "tv") if np.any(on) and np.any(off) else 0.0
    active = int(np.argmax(kernel.context_law @ found.means[:, :, 1].T))
    means = found.means[:, :, 1]
    contrast = float(np.min(means[active] - means[1 - active])) if found.k == 2 else 0.0
    where = runs_of(kernel, found.cells == active) if found.k == 2 else ()
    return TableThresholdResult(
        label=kernel.label,
        threshold=where[0][0] if where else float("nan"),
        epsilon=found.epsilon,
        lower=found.lower,
        on=where,
        band=runs_of(kernel, certain == -1),
        band_level=band_level,
        separation=apart,
        contrast=contrast,
        floor=max(0.0, float(np.max(low.max(axis=1) - high.min(axis=1)))) / 2.0,
        verdict=_verdict(kernel, found.epsilon, max(contrast, apart), band_level),
        levels=found,
    )


def _verdict(kernel: TabulatedKernel, epsilon: float, power: float, level: float) -> Verdict:
    if np.all(kernel.upper <= 0.5):
        return Verdict.ON_EMPTY
    if np.all(kernel.lower >= 0.5):
        return Verdict.OFF_EMPTY
    if epsilon <= level:
        return Verdict.SUFFICIENT if power >= 1.0 - 2.0 * level else Verdict.INDISTINCT
    # A state that almost surely causes a spike in one context and almost never in another.
    sure, never = kernel.lower.max(axis=0) >= 1.0 - level, kernel.upper.min(axis=0) <= level
    return Verdict.CONTEXT if np.any(sure & never) else Verdict.GRADED
