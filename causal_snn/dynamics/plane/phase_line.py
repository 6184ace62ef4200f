"""phase_line: a neuron with one state, its drift against its potential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causal_snn.dynamics.equilibrium.equilibria import Equilibria
from causal_snn.dynamics.field import Floats, field
from causal_snn.dynamics.plane.checks import check_starts, check_window, warn_undefined
from causal_snn.dynamics.plane.trajectory import (
    Trajectory,
    apply_reset,
    as_state,
    threshold_of,
    trajectory,
)
from causal_snn.dynamics.plane.window import Range, choose_window, find_equilibria
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel
from causal_snn.provenance import provenance

SAMPLES = 1001


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseLine:
    """The phase line of a neuron with one state; made by `phase_line` or `phase_plane`.

    Attributes
    ----------
    model : NeuronModel
        The neuron with its parameter values.
    window : (float, float)
        Range of the state.
    v : array, shape (N,)
        The state across the window.
    drift : array, shape (N,)
        Its time derivative (per ms); NaN or infinite where the formula has no value,
        which is warned of.
    equilibria : Equilibria
        All that were found, also outside the window.
    threshold, reset : float or None
        Where a spike is emitted, and the state after it.
    trajectories : tuple of Trajectory
        Orbits asked for.
    provenance : mapping
        How it was made.
    """

    model: NeuronModel
    window: Range
    v: Floats
    drift: Floats
    equilibria: Equilibria
    threshold: float | None
    reset: float | None
    trajectories: tuple[Trajectory, ...]
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        kinds = ", ".join(point.kind for point in self.equilibria) or "no equilibrium"
        return f"<PhaseLine of {self.model.name}: {kinds}>"


def phase_line(
    model: NeuronModel,
    *,
    window: Mapping[str, Range] | None = None,
    trajectories: Sequence[Mapping[str, float] | Sequence[float]] = (),
    duration: float = 200.0,
    progress: bool = False,
    **params: float,
) -> PhaseLine:
    """Return the phase line of a neuron with one state.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    window : mapping of str to (float, float), optional
        Range of its state. Default: the model's domain, or what threshold and reset span,
        widened to hold the equilibria.
    trajectories : sequence of mapping or sequence
        Where orbits start.
    duration : float
        How long to follow them (ms).
    progress : bool
        Whether to show that it works, where somebody watches.
    **params
        Parameter values to change.

    Returns
    -------
    PhaseLine

    Raises
    ------
    InputError
        If the neuron has more states, a name is unknown or a range reversed.

    Warns
    -----
    StageWarning
        If the drift is undefined, or overflows, in a part of the window.
    """
    options: dict[str, Any] = {"progress": progress, **params}
    flow = field(model, **params)
    if flow.n != 1:
        raise bad("model", flow.model.name, "a neuron with one state", "Use phase_plane.")
    check_starts(trajectories)
    orbits = tuple(
        trajectory(model, as_state(f"trajectories[{k}]", start, flow.states), duration, **options)
        for k, start in enumerate(trajectories)
    )
    asked = check_window(window, flow.states)
    points = find_equilibria(model, asked, **options)
    ranges = choose_window(flow, asked, points, [orbit.x for orbit in orbits])
    low, high = ranges[flow.states[0]]
    v = np.linspace(low, high, SAMPLES)
    drift = flow.batch(v[None, :])[0]
    warn_undefined(flow.model, v[None, :], drift[None, :])
    threshold = reset = None
    if flow.model.threshold is not None:
        threshold = float(threshold_of(flow, np.zeros((1, 1)))[0])
        reset = float(apply_reset(flow, np.array([threshold]))[0])
    return PhaseLine(
        model=flow.model,
        window=(low, high),
        v=v,
        drift=drift,
        equilibria=points,
        threshold=threshold,
        reset=reset,
        trajectories=orbits,
        provenance=provenance("drift on a grid; interval-certified equilibria", window=[low, high]),
    )
