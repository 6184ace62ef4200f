"""Interventions: what is set from outside, where and when.

Each is a frozen description; nothing happens until a run takes it. Values are one number, or one
for each *lane*: each replica of `simulate`, each state of `sweep`. Times are in ms and must be
whole steps. Interventions that begin at the same time act in the order in which they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.errors import bad

type Unit = int | str


class _Described:
    """Interventions tell what they are, for the provenance of results."""

    __slots__ = ()

    def describe(self) -> dict[str, Any]:
        """Return the intervention as plain values."""
        kind = "clamp_spikes" if isinstance(self, ClampSpikes) else type(self).__name__.lower()
        own = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]
        return {"kind": kind, **own}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist() if value.size <= 64 else f"array of shape {value.shape}"
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    return getattr(value, "__name__", repr(value)) if callable(value) else value


@dataclass(frozen=True, slots=True)
class Do(_Described):
    """States of one unit set at one time; made by `do`."""

    unit: Unit
    values: Mapping[str, Any] | Any
    at: float


@dataclass(frozen=True, slots=True)
class Clamp(_Described):
    """A state variable of one unit held at a value for some time; made by `clamp`."""

    unit: Unit
    value: Any
    state: str | None
    start: float
    stop: float | None


@dataclass(frozen=True, slots=True)
class ClampSpikes(_Described):
    """The spikes of one unit set from outside for some time; made by `clamp_spikes`."""

    unit: Unit
    spikes: Any
    start: float
    stop: float | None


@dataclass(frozen=True, slots=True)
class Cut(_Described):
    """A connection taken out for some time; made by `cut`."""

    source: Unit
    target: Unit
    start: float
    stop: float | None
    lanes: Any


@dataclass(frozen=True, slots=True)
class Change(_Described):
    """A parameter changed from a time on; made by `change`."""

    parameter: str
    value: Any
    unit: Unit | None
    at: float


@dataclass(frozen=True, slots=True)
class Inject(_Described):
    """A current added for some time; made by `inject`."""

    unit: Unit
    current: Any
    start: float
    stop: float | None


type Intervention = Do | Clamp | ClampSpikes | Cut | Change | Inject


def do(unit: Unit, state: ArrayLike | Mapping[str, Any], *, at: float = 0.0) -> Do:
    """Set the state of a unit at one time.

    Parameters
    ----------
    unit : int or str
        Index or label.
    state : float, array or mapping of str to float or array
        The potential before reset (mV), one for all lanes or one for each; or values by name
        of the state variable. What is not named stays as it is. A potential at or above
        threshold means that the unit has just spiked; below, that it has not and is not
        refractory. A neuron without threshold (Hodgkin-Huxley and its kin) spikes only when its
        own flow crosses its level.
    at : float
        When (ms).

    Returns
    -------
    Do

    Raises
    ------
    InputError
        If a value is not a finite number.
    """
    if isinstance(state, Mapping):
        if not state:
            raise bad("state", state, "at least one state variable, as {'v': -55.0}")
        return Do(unit, {str(k): _numbers(f"state[{k!r}]", v) for k, v in state.items()}, at)
    return Do(unit, _numbers("state", state), at)


def clamp(
    unit: Unit,
    value: ArrayLike,
    *,
    state: str | None = None,
    start: float = 0.0,
    stop: float | None = None,
) -> Clamp:
    """Hold a state variable of a unit at a value, from `start` until before `stop`.

    Parameters
    ----------
    unit : int or str
        Index or label.
    value : float or array
        Value for all lanes, or one for each.
    state : str, optional
        State variable; default the potential (mV). A potential held at or above threshold
        spikes in every step in which the unit is not refractory.
    start, stop : float
        Times (ms); the value at `stop` is free again. None: through the end of the run. Of two
        clamps that overlap the one that began later is obeyed.

    Returns
    -------
    Clamp
    """
    return Clamp(unit, _numbers("value", value), state, start, stop)


def clamp_spikes(
    unit: Unit, spikes: bool | ArrayLike, *, start: float = 0.0, stop: float | None = None
) -> ClampSpikes:
    """Set what a unit sends, from `start` until before `stop`.

    Parameters
    ----------
    unit : int or str
        Index or label.
    spikes : bool or array
        True: it spikes in every step; False: it is silent, and what would have been a spike
        neither acts nor resets (a neuron whose potential then runs away, as quadratic and
        exponential ones do, is silenced by `clamp` or `cut`); or the times of its spikes (ms).
        Spikes that are set are not kept back by refractoriness, and begin it anew.
    start, stop : float
        Times (ms); a spike at `stop` is the unit's own again. None: through the end of the run.

    Returns
    -------
    ClampSpikes
    """
    if isinstance(spikes, bool | np.bool_):
        return ClampSpikes(unit, bool(spikes), start, stop)
    times = np.atleast_1d(_numbers("spikes", spikes))
    if times.ndim > 1:
        raise bad("spikes", f"array of shape {times.shape}", "True, False, or a list of times (ms)")
    return ClampSpikes(unit, times, start, stop)


def cut(
    source: Unit,
    target: Unit,
    *,
    start: float = 0.0,
    stop: float | None = None,
    lanes: ArrayLike | None = None,
) -> Cut:
    """Take the connections from one unit to another out, from `start` until before `stop`.

    Spikes that are under way are lost with the connection.

    Parameters
    ----------
    source, target : int or str
        Index or label.
    start, stop : float
        Times (ms); `stop` None is the end of the run.
    lanes : array of bool, optional
        Lanes in which it is cut; default all.

    Returns
    -------
    Cut
    """
    where = None if lanes is None else np.atleast_1d(np.asarray(lanes))
    if where is not None and (where.dtype != bool or where.ndim > 1):
        raise bad("lanes", lanes, "True or False for each lane")
    return Cut(source, target, start, stop, where)


def change(
    parameter: str, value: ArrayLike, *, unit: Unit | None = None, at: float = 0.0
) -> Change:
    """Change a parameter of a unit, or of all units that have it, from a time on.

    Parameters
    ----------
    parameter : str
        Name of the parameter, or ``drive``.
    value : float or array
        New value for all lanes, or one for each.
    unit : int or str, optional
        Index or label; default every unit.
    at : float
        When (ms).

    Returns
    -------
    Change
    """
    return Change(str(parameter), _numbers("value", value), unit, at)


def inject(
    unit: Unit,
    current: float | ArrayLike | Callable[[float], Any],
    *,
    start: float = 0.0,
    stop: float | None = None,
) -> Inject:
    """Add a current to a unit, from `start` until before `stop`.

    Parameters
    ----------
    unit : int or str
        Index or label.
    current : float, array or callable
        In the unit of the neuron's current (``I``, or ``drive`` in mV): a number; an array of
        one value for each step from `start`, shape (steps,), or (steps, lanes); or a function
        from the time at which a step begins (ms) to a number or an array of one value for
        each lane.
    start, stop : float
        Times (ms); `stop` None is the end of the run, or of the array.

    Returns
    -------
    Inject
    """
    if callable(current):
        return Inject(unit, current, start, stop)
    values = _numbers("current", current)
    if np.size(values) == 0:
        raise bad("current", current, "at least one value")
    return Inject(unit, values, start, stop)


def _numbers(name: str, value: Any) -> Any:
    """Return a number, or a read-only array of finite numbers."""
    try:
        given = np.asarray(value)
        if given.size and given.dtype.kind not in "iuf":  # no text, no True, no complex numbers
            raise TypeError
        array = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise bad(name, value, "a number, or an array of numbers") from None
    if not np.all(np.isfinite(array)):
        raise bad(name, value, "finite numbers")
    if array.ndim == 0:
        return float(array)
    array.setflags(write=False)
    return array
