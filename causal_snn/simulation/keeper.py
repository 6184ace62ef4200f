"""Keeper: the places where spikes and states are kept while a run goes on."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np

from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.record import Plan

NEVER = 2**63


class Keeper:
    """The arrays that a run fills."""

    def __init__(self, plan: Plan, engine: Engine) -> None:
        self.plan, self.engine = plan, engine
        rows = engine.rows
        self.states = {
            state: np.empty((len(plan.steps), len(plan.units(state)), rows), engine.dtype)
            for state in plan.where
        }
        self.taps = []  # for each state of each group: where it goes, where it is, which units
        for state, places in plan.where.items():
            for group, inside, units in places:
                lanes = engine.groups[group]
                values = lanes.states[lanes.group.states.index(state)][:, :, 0].T
                columns = np.searchsorted(plan.units(state), units)
                self.taps.append((self.states[state], _run(columns), values, _run(inside)))
        self.taken = 0
        self.places: list[Any] = []
        self.at: list[int] = []
        self.early: list[Any] = []
        self.whole: list[tuple[Any, Any, Any]] = []  # what was kept before these three
        self.total = 0
        self.wanted, self.interpolate = plan.record.spikes, plan.record.interpolate
        self.first = engine.step_number

    @property
    def full(self) -> bool:
        """Whether there are more spikes than may be kept."""
        return self.total > self.plan.record.most_spikes

    def left(self) -> int:
        """Return how many more spikes may be kept."""
        return self.plan.record.most_spikes - self.total if self.wanted else NEVER - 1

    def next_step(self) -> int:
        """Return the next step after which states are to be kept; a far one if there is none."""
        return self.plan.steps[self.taken] if self.taken < len(self.plan.steps) else NEVER

    def keep_states(self) -> None:
        """Keep the states of this moment."""
        for kept, columns, values, inside in self.taps:
            kept[self.taken, columns] = values[inside]
        self.taken += 1

    def keep_spikes(self) -> None:
        """Keep the spikes of the latest step."""
        if not self.wanted:
            return
        latest = self.engine.traffic.latest()
        if latest.size:
            if self.interpolate:
                self.early.append(self._early())
            self.keep(latest, self.engine.step_number)

    def set_spikes(self, before: Any) -> None:
        """Bring what was kept of this moment up to date; `before` are the spikes so far.

        Spikes that were set are at the end of their step.
        """
        latest = self.engine.traffic.latest()
        if not self.wanted or np.array_equal(before, latest):
            return
        step = self.engine.step_number
        places, early = np.zeros(0, np.intp), np.zeros(0)
        if self.at and self.at[-1] == step:
            places = self.places.pop()
            self.at.pop()
            self.total -= places.size
            early = self.early.pop() if self.early else np.zeros(places.size)
        stay = np.isin(places, latest)
        new = latest[~np.isin(latest, before)]
        places = np.concatenate([places[stay], new])
        if places.size and self.interpolate:
            self.early.append(np.concatenate([early[stay], np.zeros(new.size)]))
        self.keep(places, step)

    def keep(self, places: Any, step: int) -> None:
        """Keep the spikes of a step, at flat positions."""
        if places.size and self.wanted:
            self.places.append(places)
            self.at.append(step)
            self.total += places.size

    def keep_many(self, places: Any, ends: Any, step: int) -> None:
        """Keep the spikes of the steps after `step`, one after the other; `ends` is where."""
        if places.size and self.wanted:
            self._close()
            counts = ends.copy()
            counts[1:] -= ends[:-1]
            steps = np.repeat(np.arange(step + 1, step + 1 + ends.size), counts)
            self.whole.append((places, steps, np.zeros(0)))
            self.total += places.size

    def _close(self) -> None:
        """Put what was kept step by step together."""
        if self.places:
            steps = np.repeat(np.array(self.at), [places.size for places in self.places])
            early = np.concatenate(self.early) if self.early else np.zeros(0)
            self.whole.append((np.concatenate(self.places), steps, early))
            self.places, self.at, self.early = [], [], []

    def forget_after(self, step: int) -> None:
        """Forget what was kept after a step."""
        self._close()
        found = []
        for places, steps, early in self.whole:
            count = np.searchsorted(steps, step, side="right")
            found.append((places[:count], steps[:count], early[:count]))
        self.whole = found
        self.total = sum(places.size for places, *_ in found)
        self.taken = min(self.taken, bisect_right(self.plan.steps, step))

    def _early(self) -> Any:
        """Return how long before the end of the step each spike was, as a part of the step."""
        if self.engine.step_number == self.first:  # nothing was before
            return np.zeros(self.engine.traffic.latest().size)
        found = []
        for lanes, hold in zip(self.engine.groups, self.engine.holds, strict=True):
            where = hold.spikes()
            now = lanes.states[0].reshape(-1)[where].astype(float)
            threshold = np.broadcast_to(lanes.threshold_now(), lanes.shape).reshape(-1)[where]
            rise = now - lanes.before.reshape(-1)[where]
            part = (now - threshold) / np.where(rise > 0, rise, np.inf)
            # a potential that grew beyond all numbers did so at once
            found.append(np.clip(np.nan_to_num(part, nan=1.0), 0.0, 1.0))
        return np.concatenate(found)

    def spikes(self, dt: float) -> tuple[Any, Any, Any]:
        """Return units, times (ms) and replicas of the spikes that were kept, in order of time."""
        self._close()
        if not self.total:
            return np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)
        columns = zip(*self.whole, strict=True)
        places, steps, early = (np.concatenate(column) for column in columns)
        rows, place = divmod(places, self.engine.n)
        units, times = self.engine.layout.order[place], steps.astype(float)
        if early.size:
            times -= early
            order = np.lexsort((units, rows, times))
        else:  # by step already: quicker than as three keys
            number = ((steps - steps[0]) * self.engine.rows + rows) * self.engine.n + units
            order = np.argsort(number, stable=True)
        return units[order], (times * dt)[order], rows[order]


def _run(places: Any) -> Any:
    """Return places that follow one another as a slice, which is quicker."""
    first, last = int(places[0]), int(places[-1])
    return slice(first, last + 1) if last - first + 1 == len(places) else places
