"""UnitStep: the numbers that the joint problem needs from one unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn.errors import bad
from causal_snn.kernel.intervention_range import intervention_range
from causal_snn.models.network import Network

MOST_SOURCES = 12
"""Presynaptic units up to which every pattern of their spikes is enumerated (4,096)."""


@dataclass(frozen=True, slots=True)
class UnitStep:
    """One unit's step and declared range, as plain numbers that a certificate can carry.

    A state v that is not a spike has the mean next potential offset + decay v + sum of the
    inputs of the sources that spike; a state that has just spiked has
    spiked_offset + spiked_decay v + the same inputs (if it `hears` them).

    Attributes
    ----------
    low, theta, high : float
        Interventions set v in [low, theta) without a spike, in [theta, high] just spiked (mV).
    decay, offset : float
        Mean next potential without a spike (1, mV).
    spiked_decay, spiked_offset : float
        The same after a spike, with the unit's effect on itself (1, mV).
    hears : bool
        Whether inputs arrive in the step after a spike.
    silent : bool
        Whether a unit that has just spiked is held, without noise, at `spiked_offset`
        (refractory).
    sigma : float
        Noise of a step (mV).
    strict : bool
        Spike at v > theta rather than v >= theta.
    sources : tuple of int
        Presynaptic units, without the unit itself.
    inputs : tuple of float
        What a spike of each source adds to the next potential (mV).
    """

    low: float
    theta: float
    high: float
    decay: float
    offset: float
    spiked_decay: float
    spiked_offset: float
    hears: bool
    silent: bool
    sigma: float
    strict: bool
    sources: tuple[int, ...]
    inputs: tuple[float, ...]

    @property
    def length(self) -> float:
        """Length of the declared range (mV)."""
        return self.high - self.low

    @property
    def spiking_share(self) -> float:
        """Return P(s = 1) under the uniform law on the declared range, pi (J2)."""
        return (self.high - self.theta) / self.length


def unit_step(
    network: Network, unit: int, *, potentials: tuple[float, float] | None = None
) -> UnitStep:
    """Return the numbers of one unit.

    Raises
    ------
    InputError
        If the unit has a synaptic current or more than `MOST_SOURCES` presynaptic units,
        or the range excludes theta.
    """
    step = network.step().unit(unit)
    if step.current_to_potential != 0 or step.gain_current != 0:
        raise bad(
            "network",
            network.neurons[unit].name,
            "neurons whose micro state is the potential alone, as lif",
            "Choose thresholds unit by unit with causal_snn.coarse.threshold.",
        )
    weights = network.weights[unit].copy()
    own = float(weights[unit])
    weights[unit] = 0.0
    # A weight that does not reach the potential within the step has no effect on it.
    arriving = step.gain_potential * weights
    sources = np.flatnonzero(arriving)
    if len(sources) > MOST_SOURCES:
        raise bad(
            "network",
            f"unit {network.labels[unit]!r} with {len(sources)} presynaptic units",
            f"at most {MOST_SOURCES} presynaptic units for each unit",
            "Take a subset of the network, or thresholds unit by unit (alphabet='ternary').",
        )
    span = intervention_range(network, unit, potentials=potentials)
    silent = step.refractory > 0
    return UnitStep(
        low=span.v_low,
        theta=span.theta,
        high=span.v_high,
        decay=float(step.decay),
        offset=float(step.mean(0.0, 0.0, False, 0.0)[0]),
        spiked_decay=0.0 if silent or step.reset_jump == 0 else float(step.decay),
        spiked_offset=float(step.V_reset if silent else step.mean(0.0, 0.0, True, own)[0]),
        hears=not (silent or step.restart),
        silent=silent,
        sigma=float(step.sigma),
        strict=bool(step.strict),
        sources=tuple(int(j) for j in sources),
        inputs=tuple(float(x) for x in arriving[sources]),
    )
