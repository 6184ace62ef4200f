"""phi_s of one system: specified states, minimum partition, intrinsic information."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from causal_snn.phi.exact.connectivity import connections, strongly_connected
from causal_snn.phi.exact.equal import EQUAL, slack
from causal_snn.phi.exact.factors import Factors
from causal_snn.phi.exact.kept import losses
from causal_snn.phi.exact.search import Minimum, minimum
from causal_snn.phi.exact.specified import Specified, specified_causes, specified_effects

ROUNDING = 1e-12
"""Values of phi smaller than this are the rounding of sums of probabilities."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One pair of specified states, and how irreducible the system is under it.

    Attributes
    ----------
    cause, effect : Specified
    minimum : Minimum or None
        None where the system is reducible without a partition having been evaluated.
    information : float
        ii(s) = min over directions of the lesser of intrinsic information and differentiation
        (Mayner et al. 2026, Eq. 23).
    phi_s : float
    """

    cause: Specified
    effect: Specified
    minimum: Minimum | None
    information: float
    phi_s: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The readings of largest phi_s, the first of which stands for all, and why phi_s is 0.

    Attributes
    ----------
    readings : tuple of Reading
        One or more, tied to 13 digits.
    reasons : tuple of str
        Why the system is reducible without a partition having been evaluated.
    """

    readings: tuple[Reading, ...]
    reasons: tuple[str, ...] = ()

    def settled(self, reading: Reading) -> Evaluation:
        """Return the evaluation with one of the tied readings in first place."""
        others = tuple(other for other in self.readings if other is not reading)
        return Evaluation((reading, *others), self.reasons)

    def refused(self, reason: str) -> Evaluation:
        """Return the evaluation of a system that specifies no state: phi_s = 0."""
        readings = tuple(replace(one, minimum=None, phi_s=0.0) for one in self.readings)
        return Evaluation(readings, (*self.reasons, reason))


def evaluate(system: Factors, *, capped: bool) -> Evaluation:
    """Return the pairs of specified states for which phi_s is largest.

    Parameters
    ----------
    system : Factors
    capped : bool
        Whether phi_s may not exceed ii(s), as in the formalism of 2026.
    """
    causes, effects = specified_causes(system), specified_effects(system)
    reasons = []
    if not strongly_connected(connections(system.effect) | connections(system.cause)):
        reasons.append("the system is not strongly connected")
    reasons += [
        f"the system specifies no {side}"
        for side, found in (("cause", causes), ("effect", effects))
        if found[0].information <= EQUAL
    ]
    if reasons:
        nothing = Reading(causes[0], effects[0], None, _information(causes[0], effects[0]), 0.0)
        return Evaluation((nothing,), tuple(reasons))
    readings = [_read(system, c, e, capped) for c in causes for e in effects]
    top = max(reading.phi_s for reading in readings)
    return Evaluation(tuple(r for r in readings if abs(r.phi_s - top) <= slack(top)))


def _read(system: Factors, cause: Specified, effect: Specified, capped: bool) -> Reading:
    found = minimum(losses(system, cause, effect))
    information = _information(cause, effect)
    phi = min(found.loss, information) if capped else found.loss
    return Reading(cause, effect, found, information, phi if phi > ROUNDING else 0.0)


def _information(cause: Specified, effect: Specified) -> float:
    sides = [min(s.information, s.differentiation) for s in (cause, effect)]
    return float(np.min(sides))
