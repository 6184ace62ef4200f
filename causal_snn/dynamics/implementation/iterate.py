"""iterate: run an implementation of a neuron, spikes and all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.dynamics.field import SCALAR, Floats, compile_expressions
from causal_snn.dynamics.floats import floats
from causal_snn.dynamics.implementation.discretised import StepModel, check_step_model
from causal_snn.errors import bad
from causal_snn.models.neuron import Equations
from causal_snn.progress import track
from causal_snn.provenance import provenance


@dataclass(frozen=True, slots=True, eq=False)
class MapOrbit:
    """States of an implementation, step by step; made by `iterate`.

    Attributes
    ----------
    t : array, shape (K + 1,)
        Times (ms).
    x : array, shape (n, K + 1)
        States; at a spike, those after the reset.
    spikes : int array, shape (S,)
        Steps that ended with a spike.
    message : str
        Why it ended.
    provenance : mapping
        How it was computed.
    """

    t: Floats
    x: Floats
    spikes: NDArray[np.int64]
    message: str
    provenance: Mapping[str, Any] = attribute(repr=False)

    @property
    def spike_times(self) -> Floats:
        """Times of the spikes (ms), shape (S,)."""
        return self.t[self.spikes]


def iterate(step: StepModel, start: ArrayLike, steps: int, *, progress: bool = False) -> MapOrbit:
    """Iterate a time step with threshold and reset.

    After each step the first state is compared with the threshold; at or above it a spike is
    counted and the states are reset. (The program of Izhikevich 2003 tests at the beginning of
    the next step, which gives the same states, seen before the reset.) Conventions of networks,
    as a refractory time, are not applied.

    Parameters
    ----------
    step : StepModel
        From `discretise`.
    start : array_like, shape (n,)
        First state.
    steps : int
        How many steps to take.
    progress : bool
        Show a bar if it takes long.

    Returns
    -------
    MapOrbit
        Ends early, with the reason in `message`, if a state is no longer a finite number.

    Raises
    ------
    InputError
        If `start` has the wrong shape or `steps` is not a positive whole number.
    """
    check_step_model(step)
    state = floats(start)
    if state.shape != (step.n,) or not np.isfinite(state).all():
        allowed = f"finite values of the states {', '.join(step.model.states)}, in this order"
        raise bad("start", start, allowed)
    count: object = steps
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
        raise bad("steps", steps, "a positive whole number")
    fld, spiking = step.increment, step.model.spikes_by_reset
    event = _event(fld.model.equations, fld.names) if spiking else None
    x = np.empty((step.n, int(steps) + 1))
    x[:, 0] = state
    spikes = []
    message, last = f"{steps} steps", int(steps)
    for k in track(range(1, int(steps) + 1), label="Stepping", show=progress):
        state = state + step.dt * fld.f(state)
        if not np.isfinite(state).all():
            message, last = f"step {k} of {steps} is not finite: the map diverges", k - 1
            break
        if event is not None:
            threshold, *after = event(*state.tolist(), *fld.p)
            if state[0] >= threshold:
                spikes.append(k)
                state = np.array(after, dtype=float)
        x[:, k] = state
    return MapOrbit(
        t=step.dt * np.arange(last + 1.0),
        x=x[:, : last + 1],
        spikes=np.array(spikes, dtype=np.int64),
        message=message,
        provenance=provenance(
            "iteration of the scheme, threshold tested after each step",
            scheme=step.scheme,
            dt=step.dt,
            parameters=fld.values(),
        ),
    )


@cache
def _event(equations: Equations, names: tuple[str, ...]) -> Callable[..., Any]:
    return compile_expressions(equations, names, [equations.threshold, *equations.reset], SCALAR)
