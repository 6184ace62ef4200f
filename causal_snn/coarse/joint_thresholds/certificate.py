"""JointCertificate: what was proved about the thresholds of a network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from causal_snn.coarse.certificate import Certificate
from causal_snn.coarse.joint_thresholds.factors import Effect
from causal_snn.coarse.joint_thresholds.proof import Tree
from causal_snn.coarse.joint_thresholds.unit_step import UnitStep, unit_step
from causal_snn.coarse.joint_thresholds.verify import Checker
from causal_snn.coarse.joint_thresholds.verify_worst import cost, unbeatable
from causal_snn.coarse.partition import Alphabet
from causal_snn.kernel.contexts import Kind
from causal_snn.kernel.gaussian import next_spike
from causal_snn.models.network import Network

Objective = Literal["brier", "minimax"]


@dataclass(frozen=True, slots=True)
class JointCertificate:
    """Bounds on the least cost of the thresholds of all units, and what proves them.

    Attributes
    ----------
    objective : {"brier", "minimax"}
    alphabet : {"binary", "ternary"}
    effect : {"spike", "macro"}
    thresholds : tuple of float
        The thresholds certified (mV).
    upper : float
        What they cost.
    lower : float
        No choice from the candidates costs less.
    everywhere : float
        No choice of thresholds at all costs less; -inf where that is not known.
    units : tuple of UnitStep
        The steps and declared ranges it is about.
    candidates : tuple of tuple of float
        Candidate thresholds of each unit (mV). Empty for ternary worst-case thresholds,
        whose `lower` holds for every threshold.
    tree : tuple of Split or Leaf
        Proof of `lower` for the mean objective.
    edges : tuple of tuple of float
        For each unit the ends of the intervals that cover all its thresholds (mV).
    tree_everywhere : tuple of Split or Leaf
        Proof of `everywhere` over these intervals.
    separate : tuple of Certificate
        The certificate of each unit, where thresholds separate and the worst case counts.
    spiking : tuple of float
        Worst diameters of the cells "just spiked", which no threshold changes; with
        `separate`.
    contexts : str, tuple of float or None
        Contexts of these certificates, as `causal_snn.kernel.next_spike` takes them.
    method : str
        How the thresholds were found.
    """

    objective: Objective
    alphabet: Alphabet
    effect: Effect
    thresholds: tuple[float, ...]
    upper: float
    lower: float
    everywhere: float
    units: tuple[UnitStep, ...]
    candidates: tuple[tuple[float, ...], ...]
    tree: Tree
    edges: tuple[tuple[float, ...], ...]
    tree_everywhere: Tree
    separate: tuple[Certificate, ...]
    spiking: tuple[float, ...]
    contexts: Kind | tuple[float, ...] | None
    method: str

    @property
    def gap(self) -> float:
        """How far the thresholds can be from the best candidates, upper - lower."""
        return self.upper - self.lower

    @property
    def relative_gap(self) -> float:
        """The gap in units of the upper bound; 0 if both are 0."""
        return self.gap / self.upper if self.upper > 0 else 0.0

    @property
    def distance(self) -> str:
        """The distance between effects that the bounds are about."""
        return "total variation" if self.objective == "minimax" else "squared difference"

    def verify(self, network: Network | None = None, *, tolerance: float = 1e-12) -> bool:
        """Return whether the bounds hold, recomputed by an independent checker.

        Parameters
        ----------
        network : Network, optional
            Also check that the certificate is about this network. Without it the steps and
            ranges are taken as stated.
        tolerance : float
            Rounding allowed in the bounds.
        """
        numbers = (self.upper, self.lower, *self.thresholds)
        if not all(map(math.isfinite, numbers)) or math.isnan(self.everywhere):
            return False
        if not max(self.lower, self.everywhere) <= self.upper + tolerance:
            return False
        if self.separate:
            return self._separate(network, tolerance)
        return self._covers(network) and (
            self._mean(tolerance) if self.objective == "brier" else self._worst(tolerance)
        )

    def _covers(self, network: Network | None) -> bool:
        """Return whether the pieces fit together, and are about this network."""
        n = len(self.units)
        if not len(self.thresholds) == len(self.candidates) == n > 0:
            return False
        for unit, cuts, chosen in zip(self.units, self.candidates, self.thresholds, strict=True):
            if chosen not in cuts or not unit.low <= min(cuts) <= max(cuts) <= unit.theta:
                return False
        if network is None:
            return True
        return network.n == n and self.units == tuple(
            unit_step(network, i, potentials=(unit.low, unit.high))
            for i, unit in enumerate(self.units)
        )

    def _mean(self, tolerance: float) -> bool:
        checker = Checker(
            self.units, ternary=self.alphabet == "ternary", macro=self.effect == "macro"
        )
        points = [[(t, t) for t in cuts] for cuts in self.candidates]
        if not (
            abs(checker.cost(self.thresholds) - self.upper) <= tolerance
            and self.lower <= checker.lower(points, self.tree) + tolerance
        ):
            return False
        if self.everywhere == -math.inf:
            return True
        if self.effect == "macro" or len(self.edges) != len(self.units):
            return False  # intervals are judged by one effect for all their thresholds
        for unit, ends in zip(self.units, self.edges, strict=True):
            rising = all(a < b for a, b in pairwise(ends))
            if not (rising and ends[0] == unit.low and ends[-1] == unit.theta):
                return False
        parts = [list(pairwise(ends)) for ends in self.edges]
        return self.everywhere <= checker.lower(parts, self.tree_everywhere) + tolerance

    def _worst(self, tolerance: float) -> bool:
        return (
            self.everywhere == -math.inf
            and abs(cost(self.units, self.thresholds) - self.upper) <= tolerance
            and unbeatable(self.units, self.candidates, self.lower - tolerance)
        )

    def _separate(self, network: Network | None, tolerance: float) -> bool:
        """Return whether the bounds are the worst of the units' own (J1)."""
        n = len(self.separate)
        if self.objective != "minimax" or self.alphabet != "ternary":
            return False
        if not len(self.spiking) == len(self.thresholds) == n:
            return False
        if tuple(c.threshold for c in self.separate) != self.thresholds:
            return False
        if network is not None and network.n != n:
            return False
        for i, found in enumerate(self.separate):
            kernel = None
            if network is not None:
                kernel = next_spike(network, i, contexts=self.contexts)
            if not found.verify(kernel, tolerance=tolerance):
                return False
        upper = max(*self.spiking, *(c.upper for c in self.separate))
        lower = max(*self.spiking, *(c.lower for c in self.separate))
        return abs(self.upper - upper) <= tolerance and (
            max(self.lower, self.everywhere) <= lower + tolerance
        )
