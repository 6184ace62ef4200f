"""trajectory: one orbit of a neuron, its spikes timed to the accuracy of the integration."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from causal_snn.dynamics.field import (
    BATCH,
    SCALAR,
    Field,
    Floats,
    compile_expressions,
    field,
)
from causal_snn.dynamics.floats import floats
from causal_snn.dynamics.plane.smooth_flow import RTOL, Piece, Stop, smooth_flow
from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.progress import working
from causal_snn.provenance import provenance

MESSAGES: Mapping[str, str] = {
    "finished": "the whole duration was followed",
    "spike limit": "stopped after max_spikes spikes",
    "stuck": "the reset leaves the neuron at or above its threshold",
    "blow-up": "the state grows without bound",
    "no drift": "the drift is not a finite number at the last state",
    "step size": "the orbit ends in a singularity, or the equations are not smooth there",
    "step limit": "stopped after too many steps (the equations are stiff)",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trajectory:
    """An orbit; made by `trajectory`.

    Attributes
    ----------
    model : NeuronModel
        The neuron with its parameter values.
    t : array, shape (N,)
        Time (ms), from 0. A spike's time stands twice: before the reset and after it.
    x : array, shape (n, N)
        States, dense enough to draw.
    spikes : array, shape (K,)
        Spike times (ms): threshold crossings that were reset. Empty for neurons without a
        threshold, whose spikes are part of the flow.
    segments : tuple of slice
        The smooth pieces of `t` and `x`, one more than resets unless the last reset is the end.
    status : str
        ``"finished"``, or why it ended early: a key of `MESSAGES`.
    message : str
        The same in words.
    provenance : dict
        How it was made.
    """

    model: NeuronModel
    t: Floats
    x: Floats
    spikes: Floats
    segments: tuple[slice, ...]
    status: str
    message: str
    provenance: dict[str, Any]

    @property
    def success(self) -> bool:
        """Whether the whole duration was followed."""
        return self.status == "finished"

    def __getitem__(self, state: str) -> Floats:
        """Return one state by name, shape (N,)."""
        if state not in self.model.states:
            raise InputError(f"no state {state!r}; {suggest(state, self.model.states)}")
        return np.asarray(self.x[self.model.states.index(state)])

    def __repr__(self) -> str:
        return (
            f"<Trajectory of {self.model.name}, {self.t[-1]:.6g} ms, {len(self.spikes)} spikes, "
            f"{self.status}>"
        )


def trajectory(
    model: NeuronModel,
    start: Mapping[str, float] | Sequence[float] | Floats,
    duration: float,
    *,
    max_spikes: int = 1000,
    rtol: float = RTOL,
    progress: bool = False,
    **params: float,
) -> Trajectory:
    """Follow a neuron from a state, reset by reset.

    The flow is integrated by DOP853 (Hairer, Norsett and Wanner 1993). Each threshold crossing
    is located, the last step is taken again to end exactly on it, and the reset is applied. A
    start at or above the threshold spikes at once.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    start : mapping or sequence
        Value of every state, by name or in the model's order.
    duration : float
        How long to follow it (ms), positive.
    max_spikes : int
        Spikes after which to stop, with status ``"spike limit"``.
    rtol : float
        Relative tolerance of a step, 1e-13 to 1e-3.
    progress : bool
        Whether to show that it works, where somebody watches.
    **params
        Parameter values to change, see `causal_snn.dynamics.field.field`.

    Returns
    -------
    Trajectory
        Always finite numbers; `status` tells if and why it ended early.

    Raises
    ------
    InputError
        If a state or parameter is unknown, missing or not finite, or an option out of range.
    """
    flow = field(model, **params)
    state = as_state("start", start, flow.states)
    if not (_number(duration) and 0 < duration < math.inf):
        raise bad("duration", duration, "a positive, finite time in ms")
    if not (_number(rtol) and 1e-13 <= rtol <= 1e-3):
        raise bad("rtol", rtol, "1e-13 to 1e-3")
    if not _number(max_spikes) or max_spikes != int(max_spikes) or max_spikes < 1:
        raise bad("max_spikes", max_spikes, "a whole number of spikes, 1 or more")
    with working("following the orbit", show=progress):
        pieces, spikes, status = _follow(flow, state, float(duration), max_spikes, rtol)
    ends = np.cumsum([len(t) for t, _ in pieces])
    return Trajectory(
        model=flow.model,
        t=np.concatenate([t for t, _ in pieces]),
        x=np.concatenate([x for _, x in pieces], axis=1),
        spikes=np.array(spikes),
        segments=tuple(
            slice(int(end) - len(t), int(end)) for end, (t, _) in zip(ends, pieces, strict=True)
        ),
        status=status,
        message=MESSAGES[status],
        provenance=provenance(
            "DOP853 in a time that slows down where the neuron is fast, steps retaken to events",
            rtol=rtol,
            duration=float(duration),
            start=state.tolist(),
        ),
    )


def _follow(
    flow: Field, state: Floats, duration: float, max_spikes: int, rtol: float
) -> tuple[list[tuple[Floats, Floats]], list[float], str]:
    stops = threshold_stop(flow)
    pieces: list[tuple[Floats, Floats]] = []
    spikes: list[float] = []
    now = 0.0
    while True:
        if stops and stops[0][1](np.zeros(1), state[:, None])[0] >= 0:
            if pieces and pieces[-1][0][-1] == now and len(pieces[-1][0]) == 1:
                return pieces, spikes, "stuck"
            piece = Piece(np.zeros(1), state[:, None], "threshold")
        else:
            piece = smooth_flow(flow, state, duration - now, stops=stops, rtol=rtol)
        pieces.append((np.minimum(now + piece.t, duration), piece.x))
        if piece.ended != "threshold":
            if piece.ended == "duration":
                pieces[-1][0][-1] = duration
                return pieces, spikes, "finished"
            return pieces, spikes, piece.ended
        now = float(pieces[-1][0][-1])
        spikes.append(now)
        state = apply_reset(flow, piece.x[:, -1])
        if len(spikes) == max_spikes or now >= duration:
            pieces.append((np.array([now]), state[:, None]))
            return pieces, spikes, "spike limit" if now < duration else "finished"


def threshold_of(flow: Field, x: Floats) -> Floats:
    """Return the spike threshold at states of shape (n, N); NaN for a neuron without one."""
    if flow.model.threshold is None:
        return np.full(x.shape[1], np.nan)
    threshold = _threshold(flow.model.equations, flow.names)
    return np.broadcast_to(np.asarray(threshold(*x, *flow.p)[0], dtype=float), x.shape[1:])


def threshold_stop(flow: Field) -> tuple[Stop, ...]:
    """Return the stop at which a neuron spikes; none if it has no threshold."""
    if flow.model.threshold is None:
        return ()
    return (("threshold", lambda _t, x: np.asarray(x[0] - threshold_of(flow, x))),)


def apply_reset(flow: Field, x: Floats) -> Floats:
    """Return the state right after a spike at state `x`, shape (n,)."""
    reset = _reset(flow.model.equations, flow.names)
    return np.array(reset(*x.tolist(), *flow.p), dtype=float)


@cache
def _threshold(equations: Equations, names: tuple[str, ...]) -> Callable[..., Any]:
    return compile_expressions(equations, names, [equations.threshold], BATCH)


@cache
def _reset(equations: Equations, names: tuple[str, ...]) -> Callable[..., Any]:
    return compile_expressions(equations, names, equations.reset, SCALAR)


def as_state(argument: str, value: Any, states: Sequence[str]) -> Floats:
    """Return a state given by names or in order as an array, shape (n,)."""
    if isinstance(value, Mapping):
        for name in value:
            if name not in states:
                raise bad(f"{argument}[{name!r}]", value[name], "a state", suggest(name, states))
        missing = [name for name in states if name not in value]
        if missing:
            raise bad(argument, dict(value), "a value for every state", f"Give {missing[0]!r} too.")
        value = [value[name] for name in states]
    state = np.atleast_1d(floats(value))
    if state.shape != (len(states),) or not np.all(np.isfinite(state)):
        raise bad(argument, value, f"{len(states)} finite numbers ({', '.join(states)})")
    return state


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
