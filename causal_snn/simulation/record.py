"""Record: what a run keeps, and its plan for one run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.errors import InputError, bad, check_whole, suggest
from causal_snn.simulation.engine.clock import whole_steps
from causal_snn.simulation.engine.intervention_checks import check_unit
from causal_snn.simulation.engine.layout import Layout

SPIKES = "spikes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What `simulate` keeps.

    Parameters
    ----------
    states : sequence of str
        State variables whose values are kept. The potential is the one before reset.
    every : float, optional
        Time between the kept values (ms), counted from time 0; default every step.
    times : array, optional
        The times to keep instead (ms).
    units : sequence of int or str, optional
        Units whose states are kept; default all that have the state.
    spikes : bool
        Whether spikes are kept: those that the units send. One that an intervention sets is kept
        too, one that it takes away is not.
    interpolate : bool
        Place a spike between two steps, by a straight line through the potential, instead of at
        the end of its step. This changes what is reported, not the dynamics.
    most_spikes : int
        Spikes to keep at most; a run that has more stops at the end of that step and says so.
    """

    states: tuple[str, ...] = ()
    every: float | None = None
    times: ArrayLike | None = None
    units: tuple[int | str, ...] | None = None
    spikes: bool = True
    interpolate: bool = False
    most_spikes: int = 50_000_000


def as_record(record: Any) -> Record:
    """Return what to keep, from a `Record` or from names of states."""
    if isinstance(record, Record):
        return record
    if record is None:
        return Record()
    names = (record,) if isinstance(record, str) else record
    if isinstance(names, bytes) or not isinstance(names, Iterable):
        raise bad("record", record, "names of states, 'spikes', or a simulation.Record")
    return Record(states=tuple(name for name in names if name != SPIKES))


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A `Record` worked out for one run.

    Attributes
    ----------
    record : Record
    steps : range or list of int
        Steps after which states are kept (0 is the start).
    where : dict of str to list of (int, array, array)
        For each state: group, positions within it, and units of the network.
    """

    record: Record
    steps: Sequence[int]
    where: dict[str, list[tuple[int, Any, Any]]]

    def units(self, state: str) -> Any:
        """Return the units whose `state` is kept, in the network's order."""
        return np.sort(np.concatenate([units for *_, units in self.where[state]]))

    def bytes(self, replicas: int, item: int) -> int:
        """Return the memory that the kept states take, of `item` bytes each."""
        values = sum(len(self.units(state)) for state in self.where)
        return item * values * len(self.steps) * replicas


def plan_record(record: Record, layout: Layout, first: int, steps: int) -> Plan:
    """Return where and when to keep what; raise `InputError` for what is not there."""
    if record.every is not None and record.times is not None:
        raise InputError("Record: give `every` or `times`, not both")
    _check(record)
    states = record.states
    dt, last = layout.network.dt, first + steps
    kept: Sequence[int]
    if record.times is not None:
        kept = _steps_of(record.times, first, last, dt)
    else:
        apart = 1 if record.every is None else whole_steps("every", record.every, dt)
        if apart < 1:
            raise bad("every", record.every, f"a time of at least dt = {dt} ms")
        kept = range(-(-first // apart) * apart, last + 1, apart)
    where = {state: _where(state, record, layout) for state in states}
    return Plan(record, kept if states else kept[:0], where)


def _check(record: Record) -> None:
    states: Any = record.states
    if isinstance(states, str) or not isinstance(states, Sequence):
        raise bad("states", states, "a tuple of names of states, as ('v',)")
    units: Any = record.units
    if isinstance(units, str) or not isinstance(units, Sequence | np.ndarray | None):
        raise bad("units", units, "a sequence of indices or labels, or None for all")
    for name in ("spikes", "interpolate"):
        if not isinstance(getattr(record, name), bool):
            raise bad(name, getattr(record, name), "True or False")
    check_whole("most_spikes", record.most_spikes)


def _steps_of(given: Any, first: int, last: int, dt: float) -> list[int]:
    try:
        times = np.atleast_1d(np.asarray(given, dtype=float))
    except (TypeError, ValueError):
        raise bad("times", given, "times in ms") from None
    if times.ndim > 1:
        raise bad("times", f"array of shape {times.shape}", "one row of times in ms")
    kept = [whole_steps("times", float(t), dt) for t in times]
    if kept and (min(kept) < first or max(kept) > last):
        span = f"times from {first * dt:g} to {last * dt:g} ms, within the run"
        raise bad("times", given, span)
    return sorted(set(kept))


def _where(state: str, record: Record, layout: Layout) -> list[tuple[int, Any, Any]]:
    known = {name for group in layout.groups for name in group.states}
    if state not in known:
        raise InputError(f"record: no state {state!r}; {suggest(str(state), sorted(known))}")
    wanted = None
    if record.units is not None:
        for unit in record.units:
            check_unit(unit, layout.n)
        wanted = {layout.network.index(unit) for unit in record.units}
    found = []
    for k, group in enumerate(layout.groups):
        if state in group.states:
            inside = [j for j, u in enumerate(group.units) if wanted is None or int(u) in wanted]
            if inside:
                found.append((k, np.array(inside), group.units[inside]))
    if not found:
        raise InputError(f"record: none of units = {record.units!r} has the state {state!r}")
    return found
