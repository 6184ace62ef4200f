"""StepMap: what one time step does to every unit, in numbers.

With r(v) the potential after reset, s the spikes of this step and c = W s + bias,

    v' = E + A00 (r(v) - E) + A01 i + D + B0 c + sigma xi,      i' = A11 i + B1 c,

the one linear form that all conventions of `Convention` share. Time never appears as a
float: refractoriness and delay are whole steps.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad

if TYPE_CHECKING:
    from causal_snn.models.network import Network
    from causal_snn.models.neuron import NeuronModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StepMap:
    """One step of every unit. Arrays have shape (n,); `unit` gives one unit's scalars.

    Attributes
    ----------
    decay : array
        A00, what a step keeps of the potential.
    current_to_potential : array
        A01, mV of the next potential per nA of synaptic current.
    current_decay : array
        A11, what a step keeps of the current; 0 for neurons without one.
    gain_potential, gain_current : array
        B0 and B1, what one unit of synaptic input adds to v' and i'.
    rest : array
        E (mV).
    drive : array
        D, what the constant drive adds per step (mV).
    bias : array
        Constant synaptic input per step, in the unit of the weights.
    theta, V_reset, V_min : array
        Threshold, reset and lowest admissible potential (mV).
    reset_jump : array
        For subtractive resets, how far the potential falls (mV); 0 where reset is to a value.
    restart : array of bool
        Delayed reset to a value: the step after a spike starts from V_reset, input lost.
    sigma : array
        Standard deviation of the noise of one step (mV).
    strict : array of bool
        Spike when v > theta rather than v >= theta.
    refractory : array of int
        Steps a unit is held at V_reset after a spike.
    """

    decay: Any
    current_to_potential: Any
    current_decay: Any
    gain_potential: Any
    gain_current: Any
    rest: Any
    drive: Any
    bias: Any
    theta: Any
    V_reset: Any
    V_min: Any
    reset_jump: Any
    restart: Any
    sigma: Any
    strict: Any
    refractory: Any

    def unit(self, index: int) -> StepMap:
        """Return the map of one unit, fields as scalars."""
        return StepMap(*(getattr(self, field.name)[index].item() for field in fields(self)))

    def column(self) -> StepMap:
        """Return the map with fields of shape (n, 1), to act on (n, lanes) arrays."""
        return StepMap(*(getattr(self, field.name)[:, None] for field in fields(self)))

    @property
    def score_coefficient(self) -> Any:
        """A01/A00: the causal score is v + coefficient * i (mV per nA)."""
        return self.current_to_potential / self.decay

    def spikes(self, v: Any) -> Any:
        """Return whether potentials v are spikes."""
        return np.where(self.strict, v > self.theta, v >= self.theta)

    def after_reset(self, v: Any, spiked: Any) -> Any:
        """Return r(v), the potential that the step's decay acts on (mV)."""
        lowered = np.where(self.reset_jump > 0, v - self.reset_jump, self.V_reset)
        return np.where(spiked, lowered, v)

    def mean(self, v: Any, i: Any, spiked: Any, c: Any) -> tuple[Any, Any]:
        """Return the mean next potential and the next current, given this state and input.

        Parameters
        ----------
        v, i : array
            Potential before reset (mV) and synaptic current (nA).
        spiked : array of bool
            Whether the unit spikes in this step.
        c : array
            Recurrent synaptic input, W s, without the bias.
        """
        total = c + self.bias
        potential = (
            self.rest
            + self.decay * (self.after_reset(v, spiked) - self.rest)
            + self.current_to_potential * i
            + self.drive
            + self.gain_potential * total
        )
        potential = np.where(np.logical_and(self.restart, spiked), self.V_reset, potential)
        return potential, self.current_decay * i + self.gain_current * total


def step_map(network: Network) -> StepMap:
    """Return the one-step map of a network.

    The matrix comes from the symbolic drift: exp(J dt) for ``step="exact"``, 1 + J dt for
    ``"euler"``. The noise of a step is sd sqrt(1 - A00^2), which gives the free potential
    the stationary standard deviation sd (Gillespie, Phys Rev E 54:2084, 1996).

    Raises
    ------
    InputError
        If a neuron is not linear below threshold, or forward Euler with this dt has no
        memory of the potential or inverts it (dt >= tau).
    """
    if not network.plain:
        raise InputError(
            "closed forms take networks with dense weights, delays of one step, spikes that act "
            "on one state and no random inputs but `noise`; simulate this one "
            "(causal_snn.simulation)"
        )
    rows = [
        unit_row(model, network.dt, float(drive), float(bias), float(noise))
        for model, drive, bias, noise in zip(
            network.neurons,
            network.drive,
            network.bias,
            network.noise,
            strict=True,
        )
    ]
    return StepMap(*(np.array(column) for column in zip(*rows, strict=True)))


def unit_row(
    model: NeuronModel, dt: float, drive: float, bias: float, noise: float
) -> tuple[Any, ...]:
    """Return the fields of one unit's `StepMap`, in their order; see `step_map`."""
    p, convention = model.parameters, model.convention
    if not {"E", "theta", "V_reset", "V_min"} <= p.keys():
        raise InputError(
            f"{model.name} has no closed-form step (it needs E, theta, V_reset and V_min); "
            "closed-form kernels take lif and cuba_lif"
        )
    decay, coupling, current_decay = _matrix(model, dt)
    if not 0.0 < decay < 1.0:
        raise bad(
            "dt",
            dt,
            f"a step that keeps some of the potential (here a fraction {decay:.3g} is kept)",
            f"With step={convention.step!r} choose dt below tau = {float(p['tau'])} ms"
            + (", or step='exact'." if convention.step == "euler" else "."),
        )
    if current_decay < 0.0:
        raise bad(
            "dt",
            dt,
            "a step that does not turn the synaptic current round",
            f"With step='euler' choose dt below tau_syn = {float(p['tau_syn'])} ms, "
            "or step='exact'.",
        )
    # A spike enters the state `synapse`; arrival at the start of the step lets the step act
    # on it, arrival at its end does not.
    if model.equations.synapse == 0:
        gains = (1.0, 0.0)
    elif convention.arrival == "end":
        gains = (0.0, 1.0)
    elif convention.step == "euler":
        # i' = A11 i + c first, then the membrane sees i' (semi-implicit, as snnTorch).
        gains = (coupling, 1.0)
        coupling *= current_decay
    else:
        gains = (coupling, current_decay)
    height = float(p["theta"] - p["V_reset"])
    jump = height if convention.reset == "subtract" else 0.0
    delayed = convention.reset_timing == "delayed"
    if delayed:
        jump /= decay  # the reset is taken after the decay, so it is not decayed itself
    return (
        decay,
        coupling,
        current_decay,
        *gains,
        float(p["E"]),
        drive * (1.0 if convention.input_gain == "unit" else 1.0 - decay),
        bias,
        float(p["theta"]),
        float(p["V_reset"]),
        float(p["V_min"]),
        jump,
        delayed and convention.reset == "value",
        noise * np.sqrt(1.0 - decay**2),
        convention.strict_threshold,
        convention.refractory_steps,
    )


@lru_cache(maxsize=1024)
def _matrix(model: NeuronModel, dt: float) -> tuple[float, float, float]:
    """Return A00, A01 and A11 of the one-step matrix."""
    flow = model.jacobian() * dt
    if model.convention.step == "euler":
        matrix = np.eye(len(flow)) + flow
    elif len(flow) == 1:
        matrix = np.exp(flow)
    else:
        from scipy.linalg import expm

        matrix = expm(flow)
    if len(matrix) == 1:
        return float(matrix[0, 0]), 0.0, 0.0
    return float(matrix[0, 0]), float(matrix[0, 1]), float(matrix[1, 1])
