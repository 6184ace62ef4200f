"""Record: what a run keeps; and the places where it is kept while the run goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.errors import InputError, bad, suggest
from causal_snn.simulation.engine.clock import whole_steps
from causal_snn.simulation.engine.core import Engine
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
        Time between the kept values (ms); default every step.
    times : array, optional
        The times to keep instead (ms).
    units : sequence of int or str, optional
        Units whose states are kept; default all that have the state.
    spikes : bool
        Whether spikes are kept. A spike that an intervention sets is kept too.
    interpolate : bool
        Place a spike between two steps, by a straight line through the potential, instead of at
        the end of its step. This changes what is reported, not the dynamics.
    most_spikes : int
        Spikes to keep at most; a run that has more stops there and says so.
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
    if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
        raise bad("record", record, "names of states, 'spikes', or a simulation.Record")
    return Record(states=tuple(name for name in names if name != SPIKES))


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A `Record` worked out for one run.

    Attributes
    ----------
    record : Record
    steps : array of int
        Steps after which states are kept (0 is the start).
    where : dict of str to list of (int, array, array)
        For each state: group, positions within it, and units of the network.
    """

    record: Record
    steps: Any
    where: dict[str, list[tuple[int, Any, Any]]]

    def units(self, state: str) -> Any:
        """Return the units whose `state` is kept, in the order of the arrays."""
        return np.concatenate([units for *_, units in self.where[state]])

    def bytes(self, replicas: int) -> int:
        """Return the memory that the kept states take."""
        values = sum(len(self.units(state)) for state in self.where)
        return 8 * values * len(self.steps) * replicas


def plan_record(record: Record, layout: Layout, first: int, steps: int) -> Plan:
    """Return where and when to keep what; raise `InputError` for what is not there."""
    if record.every is not None and record.times is not None:
        raise InputError("Record: give `every` or `times`, not both")
    dt = layout.network.dt
    if record.most_spikes < 1:
        raise bad("most_spikes", record.most_spikes, "a whole number of 1 or more")
    if record.times is not None:
        times = np.atleast_1d(np.asarray(record.times, dtype=float))
        kept = np.array([whole_steps("times", float(t), dt) for t in times], dtype=np.int64)
        if len(kept) and (kept.min() < first or kept.max() > first + steps):
            span = f"times from {first * dt:g} to {(first + steps) * dt:g} ms, within the run"
            raise bad("times", record.times, span)
        kept = np.unique(kept)
    else:
        apart = 1 if record.every is None else whole_steps("every", record.every, dt)
        if apart < 1:
            raise bad("every", record.every, f"a time of at least dt = {dt} ms")
        kept = np.arange(first, first + steps + 1, apart)
    where = {state: _where(state, record, layout) for state in record.states}
    return Plan(record, kept if record.states else kept[:0], where)


def _where(state: str, record: Record, layout: Layout) -> list[tuple[int, Any, Any]]:
    known = {name for group in layout.groups for name in group.states}
    if state not in known:
        raise InputError(f"record: no state {state!r}; {suggest(state, sorted(known))}")
    wanted = None if record.units is None else {layout.network.index(u) for u in record.units}
    found = []
    for k, group in enumerate(layout.groups):
        if state in group.states:
            inside = [j for j, u in enumerate(group.units) if wanted is None or int(u) in wanted]
            if inside:
                found.append((k, np.array(inside), group.units[inside]))
    if not found:
        raise InputError(f"record: none of units = {record.units!r} has the state {state!r}")
    return found


class Keeper:
    """The arrays that a run fills."""

    def __init__(self, plan: Plan, engine: Engine) -> None:
        self.plan, self.engine = plan, engine
        rows = engine.rows
        self.states = {
            state: np.empty((len(plan.steps), len(plan.units(state)), rows), engine.dtype)
            for state in plan.where
        }
        self.taken = 0
        self.places: list[Any] = []
        self.at: list[int] = []
        self.early: list[Any] = []
        self.total = 0
        self.wanted = plan.record.spikes

    @property
    def full(self) -> bool:
        """Whether there are more spikes than may be kept."""
        return self.total >= self.plan.record.most_spikes

    def keep_states(self) -> None:
        """Keep the states of this moment."""
        for state, places in self.plan.where.items():
            start = 0
            for group, inside, _ in places:
                lanes = self.engine.groups[group]
                values = lanes.states[lanes.group.states.index(state)][:, inside, 0]
                stop = start + len(inside)
                self.states[state][self.taken, start:stop] = values.T
                start = stop
        self.taken += 1

    def keep_spikes(self, but: Any = None) -> None:
        """Keep the spikes of the latest step, except those at the places `but`."""
        latest = self.engine.traffic.latest()
        if latest.size and self.wanted:
            early = self._early() if self.plan.record.interpolate else None
            if but is not None:
                new = ~np.isin(latest, but)
                latest, early = latest[new], None if early is None else 0.0 * early[new]
            self.places.append(latest)
            self.at.append(self.engine.step_number)
            self.total += latest.size
            if early is not None:
                self.early.append(early)

    def forget_after(self, step: int) -> None:
        """Forget what was kept after a step."""
        count = sum(at <= step for at in self.at)
        del self.places[count:], self.at[count:], self.early[count:]
        self.taken = min(self.taken, int(np.count_nonzero(self.plan.steps <= step)))

    def _early(self) -> Any:
        """Return how long before the end of the step each spike was, as a part of the step."""
        found = []
        for lanes, hold in zip(self.engine.groups, self.engine.holds, strict=True):
            where = hold.spikes()
            now = lanes.states[0].reshape(-1)[where].astype(float)
            threshold = np.broadcast_to(lanes.threshold_now(), lanes.shape).reshape(-1)[where]
            rise = now - lanes.before.reshape(-1)[where]
            part = (now - threshold) / np.where(rise > 0, rise, np.inf)
            found.append(np.clip(part, 0.0, 1.0))
        return np.concatenate(found)

    def spikes(self, dt: float) -> tuple[Any, Any, Any]:
        """Return units, times (ms) and replicas of the spikes that were kept, in order of time."""
        if not self.places:
            return np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)
        sizes = [places.size for places in self.places]
        rows, place = divmod(np.concatenate(self.places), self.engine.n)
        units = self.engine.layout.order[place]
        times = np.repeat(np.array(self.at), sizes).astype(float)
        if self.early:
            times -= np.concatenate(self.early)
        order = np.lexsort((units, rows, times))
        return units[order], (times * dt)[order], rows[order]
