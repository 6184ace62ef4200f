"""What interventions may set: the declared range of micro states of one unit.

A result about "all micro states of a cell" means nothing without it: the average over an
unbounded cell is ill-posed, and a certificate holds on the range it was computed for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn.errors import bad
from causal_snn.models.network import Network


@dataclass(frozen=True, slots=True)
class InterventionRange:
    """Potentials and currents that do() may set on one unit.

    Attributes
    ----------
    v_low, theta : float
        Potentials without a spike: v_low <= v < theta (mV).
    v_high : float
        Potentials from theta to v_high are those of a unit that has just spiked (mV).
    i_low, i_high : float
        Synaptic currents (nA); both 0 for neurons without one.
    """

    v_low: float
    theta: float
    v_high: float
    i_low: float
    i_high: float

    def score(self, coefficient: float) -> tuple[float, float]:
        """Return the range of the causal score v + coefficient * i without a spike (mV)."""
        ends = (coefficient * self.i_low, coefficient * self.i_high)
        return self.v_low + min(ends), self.theta + max(ends)


def input_range(network: Network, unit: int, *, own: bool = False) -> tuple[float, float]:
    """Return the least and greatest recurrent input W s to a unit over all spike patterns.

    `own` includes the unit's effect on itself.
    """
    row = network.weights[unit]
    others = row if own else np.delete(row, unit)
    return float(np.minimum(others, 0.0).sum()), float(np.maximum(others, 0.0).sum())


def intervention_range(
    network: Network, unit: int | str, *, potentials: tuple[float, float] | None = None
) -> InterventionRange:
    """Return the declared range of one unit.

    Parameters
    ----------
    network : Network
    unit : int or str
    potentials : (float, float), optional
        Lowest and highest potential to set (mV). It must contain the threshold; what lies
        at or above the threshold are potentials of a unit that has just spiked. Default:
        from the model's `V_min`; where the range stops at the threshold (as the default
        does), just-spiked potentials reach up to the highest mean that one step can reach
        from it plus two standard deviations of the step's noise.

    Returns
    -------
    InterventionRange
        Synaptic currents range over what spike trains can reach: the steady currents under
        the least and the greatest constant input.

    Raises
    ------
    InputError
        If the range is not increasing or excludes the threshold.
    """
    k = network.index(unit)
    step = network.step().unit(k)
    low, high = potentials if potentials is not None else (step.V_min, step.theta)
    if not -np.inf < low < high < np.inf:
        raise bad("range", (low, high), "two finite potentials, the lower one first (mV)")
    if not low < step.theta <= high:
        raise bad(
            "range",
            (low, high),
            f"a range that contains the threshold theta = {step.theta} mV of unit "
            f"{network.labels[k]!r}",
            "Without the threshold no intervention separates quiet from spiking.",
        )
    least, greatest = (c + step.bias for c in input_range(network, k, own=True))
    settle = step.gain_current / (1.0 - step.current_decay)
    i_low, i_high = sorted((settle * least, settle * greatest))
    if high == step.theta:
        top, _ = step.mean(step.theta, i_high, False, greatest - step.bias)
        high = max(step.theta, float(top) + 2.0 * step.sigma)
    return InterventionRange(
        v_low=float(low), theta=step.theta, v_high=float(high), i_low=i_low, i_high=i_high
    )
