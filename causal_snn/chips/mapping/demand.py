"""Demand: what a network asks of a chip, in mV per step, before any rounding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad
from causal_snn.models.network_checks import is_sparse, scaled_rows
from causal_snn.models.step import unit_row

if TYPE_CHECKING:
    from causal_snn.models.network import Network
    from causal_snn.models.neuron import NeuronModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    r"""One step of every unit as a chip takes it; arrays of shape (n,) unless said otherwise.

    With r the potential after reset and s the spikes of the last step,

    .. math:: u \leftarrow \lambda u + W s, \qquad
        v - E \leftarrow \beta (r - E) + u + b .

    It is the library's `StepMap` with u = A01 i + B0 c: both obey the same recursion, at once
    for ``arrival="start"`` and a step later for ``"end"``.

    Attributes
    ----------
    decay, current_decay : array
        Beta and lambda; lambda is 0 for neurons without a synaptic current.
    has_current : array of bool
    rest, theta, V_reset, V_min : array
        mV; V_min is the lowest potential that an intervention may set.
    jump : array
        How far a subtractive reset goes (mV); 0 where reset is to a value.
    constant : array
        b (mV per step): drive, and constant synaptic input at its steady state.
    held : array of int
        Steps a neuron is held after a spike.
    strict : array of bool
        Spike when v > theta rather than v >= theta.
    dt : float
        ms.
    weights : array or scipy.sparse array, shape (n, n)
        W (mV), row = target.
    input_weights : array or scipy.sparse array, shape (n, m)
        The same for input channels.
    delays : int or array of int, shape (n, n)
        Steps to arrival.
    ramps : bool
        Whether a constant synaptic input has a current to build up.
    noisy : bool
    """

    decay: Floats
    current_decay: Floats
    has_current: NDArray[np.bool_]
    rest: Floats
    theta: Floats
    V_reset: Floats
    V_min: Floats
    jump: Floats
    constant: Floats
    held: NDArray[np.int64]
    strict: NDArray[np.bool_]
    dt: float
    weights: Any
    input_weights: Any
    delays: Any
    ramps: bool
    noisy: bool

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.decay)

    @property
    def tables(self) -> tuple[Any, Any]:
        """Weights of the network's own connections, and of the input channels."""
        return self.weights, self.input_weights

    def times(self, factor: Floats) -> Demand:
        """Return the demand with what arrives at each unit multiplied by its factor."""
        weights, input_weights = self.tables_at(factor)
        return replace(self, weights=weights, input_weights=input_weights)

    def tables_at(self, scale: Floats) -> list[Any]:
        """Return both tables in register units, at that many of them per mV of each neuron."""
        return [scaled_rows(table, scale) for table in self.tables]


def demand(network: Network, input_weights: ArrayLike | None = None) -> Demand:
    """Return what a network asks of a chip.

    Parameters
    ----------
    network : Network
    input_weights : array or scipy.sparse array, shape (n, m), optional
        Weights of m input channels, in the unit of the network's weights.

    Raises
    ------
    InputError
        If a neuron is not linear below threshold, or spikes act on a second state, or the
        network has random inputs.
    """
    if network.synapses:
        raise bad(
            "network.synapses",
            sorted(network.synapses),
            "none: a chip's spikes act on one state of their target",
            "Put the connections into weights.",
        )
    if network.inputs:
        raise bad(
            "network.inputs",
            [type(one).__name__ for one in network.inputs],
            "none: chips take spikes",
            "Give their trains to chips.run as input_spikes, and input_weights here.",
        )
    rows = _rows(network)
    columns = {
        name: np.array(column) for name, column in zip(_ROW, zip(*rows, strict=True), strict=True)
    }
    # B0, or A01 where a spike enters the current after the membrane's step.
    gain = np.where(columns["late"], columns["coupling"], columns["gain"])
    lost = 1.0 - columns["current_decay"]
    late = columns["late"].astype(np.int64)
    delays = network.delays
    if np.any(late):
        delays = np.asarray(delays) + (late[0] if np.all(late == late[0]) else late[:, None])
    return Demand(
        decay=columns["decay"],
        current_decay=columns["current_decay"],
        has_current=columns["has_current"],
        rest=columns["rest"],
        theta=columns["theta"],
        V_reset=columns["V_reset"],
        V_min=columns["V_min"],
        jump=columns["jump"],
        constant=columns["drive"] + gain * network.bias / lost,
        held=np.maximum(columns["refractory"], columns["restart"]).astype(np.int64),
        strict=columns["strict"],
        dt=network.dt,
        weights=scaled_rows(network.weights, gain),
        input_weights=_inputs(input_weights, gain),
        delays=delays,
        ramps=bool(np.any((network.bias != 0) & (columns["current_decay"] > 0))),
        noisy=bool(np.any(network.noise > 0)),
    )


def _inputs(table: Any, gain: Floats) -> Any:
    if table is None:
        return np.zeros((len(gain), 0))
    if not is_sparse(table):
        table = np.asarray(table, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != len(gain):
        raise bad("input_weights", f"shape {table.shape}", f"shape ({len(gain)}, m), row = target")
    return scaled_rows(table, gain)


_ROW = (
    "decay",
    "coupling",
    "current_decay",
    "gain",
    "late",
    "has_current",
    "rest",
    "drive",
    "theta",
    "V_reset",
    "V_min",
    "jump",
    "restart",
    "strict",
    "refractory",
)


def _rows(network: Network) -> list[tuple[Any, ...]]:
    """Return the fields `_ROW` of each unit; units that are alike are worked out once."""
    known: dict[tuple[int, float], tuple[Any, ...]] = {}
    rows = []
    for model, drive in zip(network.neurons, network.drive.tolist(), strict=True):
        key = (id(model), drive)  # equal models of a network are one object
        if key not in known:
            perfect = model.name == "integrate_and_fire"
            known[key] = _perfect(model, network.dt) if perfect else _leaky(model, network, drive)
        rows.append(known[key])
    return rows


def _leaky(model: NeuronModel, network: Network, drive: float) -> tuple[Any, ...]:
    row = unit_row(model, network.dt, drive, 0.0, 0.0)
    decay, coupling, current_decay, gain_v, gain_i, rest, constant, _, theta, v_reset = row[:10]
    v_min, jump, restart, _, strict, refractory = row[10:]
    two = model.equations.synapse == 1
    if two and model.name != "cuba_lif":
        raise InputError(f"{model.name}: chips take lif, cuba_lif and integrate_and_fire")
    late = two and gain_v == 0.0
    # What one unit of c adds to u: B0; for a late arrival A01 B1.
    return (
        decay, coupling * gain_i, current_decay, gain_v, late, two, rest, constant, theta,
        v_reset, v_min, jump, restart, strict, refractory,
    )  # fmt: skip


def _perfect(model: NeuronModel, dt: float) -> tuple[Any, ...]:
    p, convention = model.parameters, model.convention
    for option, usual in (("reset_timing", "immediate"), ("input_gain", "exact")):
        if getattr(convention, option) != usual:
            raise bad(option, getattr(convention, option), f"{usual!r} for {model.name}")
    height = float(p["theta"] - p["V_reset"])
    jump = height if convention.reset == "subtract" else 0.0
    constant = float(p["I"] / p["C"]) * dt
    return (
        1.0, 0.0, 0.0, 1.0, False, False, 0.0, constant, float(p["theta"]), float(p["V_reset"]),
        float(p["V_reset"]), jump, False, convention.strict_threshold, convention.refractory_steps,
    )  # fmt: skip
