"""What is known about a unit's causal threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from causal_snn.coarse.certificate import Certificate
from causal_snn.coarse.partition import UnitPartition


class Verdict(StrEnum):
    """What a threshold can and cannot do; the members are the messages."""

    SUFFICIENT = "sufficient: one threshold tells the effect to within the band level"
    INDISTINCT = "indistinct: both cells cause nearly the same"
    GRADED = "graded: inside the band no threshold tells the effect"
    CONTEXT = "context-dependent: no single threshold is sufficient"
    ON_EMPTY = "ON cell empty: no admissible potential makes a spike likely"
    OFF_EMPTY = "OFF cell empty: every admissible potential makes a spike likely"

    @property
    def short(self) -> str:
        """The verdict without its explanation."""
        return self.value.partition(":")[0]


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """The causal threshold of one unit, how sufficient it is, and the proof.

    Attributes
    ----------
    label : str
        The unit.
    threshold : float
        T on the causal score (mV): minimises the worst within-cell diameter over all
        contexts on the domain.
    epsilon : float
        That worst diameter, in total variation: two micro states that the partition
        calls the same can differ by this much in the probability of the next spike.
    band : (float, float)
        Scores (mV) that are neither almost certain to cause a spike in every context nor
        almost certain not to. May reach beyond the domain, where nothing is admissible.
    band_level : float
        What "almost" means.
    separation : float
        Least effect difference between the domain above and the domain below the band;
        0 if either is empty.
    contrast : float
        Least difference over contexts of the mean effects of the two cells.
    spiking_diameter : float
        Worst diameter of the cell "just spiked": 0 where it is exactly homogeneous.
    cell_diameters : tuple of float
        Worst diameter of each macro state of the alphabet; a binary "on" joins primed
        and just-spiked states and can be wider than `epsilon`.
    floor : float
        (p_max - p_min)/2: no two cells of any shape do better (theory/01_lif.py L8); 0
        without noise, where the effect jumps.
    whole_line : float
        The threshold on the unbounded line, (m_min + m_max)/2 (mV).
    theta : float
        Biophysical threshold (mV).
    epsilon_at_theta : float
        The worst diameter if the cut is at theta, so that all sub-threshold states are one.
    verdict : Verdict
    partition : UnitPartition
    certificate : Certificate
    provenance : mapping
    """

    label: str
    threshold: float
    epsilon: float
    band: tuple[float, float]
    band_level: float
    separation: float
    contrast: float
    spiking_diameter: float
    cell_diameters: tuple[float, ...]
    floor: float
    whole_line: float
    theta: float
    epsilon_at_theta: float
    verdict: Verdict
    partition: UnitPartition
    certificate: Certificate
    provenance: Mapping[str, Any]

    @property
    def domain(self) -> tuple[float, float]:
        """Range of scores covered (mV)."""
        return self.certificate.domain

    @property
    def on_cell_empty(self) -> bool:
        """Whether no admissible potential causes a spike with p >= 1/2 in any context."""
        return self.verdict is Verdict.ON_EMPTY

    @property
    def shift(self) -> float:
        """How far the causal threshold lies from the biophysical one, T - theta (mV)."""
        return self.threshold - self.theta
