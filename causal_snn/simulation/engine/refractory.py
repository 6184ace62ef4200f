"""Holds: what refractoriness does to the units of a group, counted in whole steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from causal_snn.simulation.engine.group_lanes import GroupLanes
from causal_snn.simulation.engine.layout import is_lif_family
from causal_snn.simulation.engine.program import Op


class Hold:
    """The spikes of a group and its refractory units; the base for lanes and for events."""

    def __init__(self, group: GroupLanes) -> None:
        self.group = group
        self.steps = group.group.convention.refractory_steps
        self.value: Any = None
        self.kept = np.zeros_like(group.states[0]) if self._keeps() else None
        self.clamps: list[Op] = []  # clamped potentials, which are not held
        self.forced: dict[int, bool] = {}  # spikes set from outside, which nothing suppresses

    def _keeps(self) -> bool:
        """Return whether the held potential is what the reset left, unit by unit."""
        known = is_lif_family(self.group.group.model) or self.group.fixed_reset() is not None
        return self.steps > 0 and not self.group.level and not known

    def build(self) -> None:
        """Take over the parameters in force."""
        if is_lif_family(self.group.group.model):
            self.value = self.group.number(self.group.parameters["V_reset"])
        elif self.steps and not self.group.level and self.kept is None:
            self.value = self.group.number(self.group.fixed_reset())

    def spikes(self) -> Any:
        """Return the flat positions of the units that spiked in the latest step."""
        return np.flatnonzero(self.group.spiked)

    def keep(self) -> None:
        """Remember the potential that a reset left."""
        if self.kept is not None:
            where = self.spikes()
            self.kept.reshape(-1)[where] = self.group.states[0].reshape(-1)[where]

    def _set_from_outside(self) -> None:
        for unit, on in self.forced.items():
            self.group.spiked[:, unit] = on

    def _with_kept(self, counts: Any) -> Any:
        """Return what is saved: counts, and where it is kept the potential to be held."""
        if self.kept is None:
            return counts
        return np.stack([counts.reshape(-1), self.kept.reshape(-1)]).astype(float)

    def _take_kept(self, saved: Any) -> Any:
        """Put the kept potential back; return the counts of what `_with_kept` gave."""
        if self.kept is None:
            return saved
        self.kept.reshape(-1)[...] = saved[1]
        return saved[0]


class LaneHold(Hold):
    """A counter for every unit in every lane."""

    def __init__(self, group: GroupLanes) -> None:
        super().__init__(group)
        size = group.shape if self.steps else (0,)
        self.left = np.zeros(size, np.int32)
        self.held = np.zeros(size, bool)

    def apply(self) -> None:
        """Hold the potential of refractory units."""
        if self.steps:
            np.greater(self.left, 0, out=self.held)
            if self.kept is not None:
                np.copyto(self.group.states[0], self.kept, where=self.held)
            elif not self.group.level:
                np.copyto(self.group.states[0], self.value, where=self.held)
            for clamp in self.clamps:
                clamp()

    def mask(self) -> Any:
        """Return which units are held, shape (rows, m, lanes)."""
        return self.held if self.steps else np.zeros(self.group.shape, bool)

    def update(self) -> None:
        """Let no refractory unit spike; count down, and start anew where one spiked."""
        if self.steps:
            spiked = self.group.spiked
            np.greater(spiked, self.held, out=spiked)
            self._set_from_outside()
            np.subtract(self.left, self.held, out=self.left)
            np.copyto(self.left, self.steps, where=spiked)

    def start(self) -> None:
        """Begin with the units that have just spiked."""
        if self.steps:
            self.left[...] = np.where(self.group.spiked, self.steps, 0)

    def release(self, unit: int) -> None:
        """Make a unit free of its refractoriness, unless it has just spiked."""
        if self.steps:
            self.left[:, unit] = np.where(self.group.spiked[:, unit], self.steps, 0)

    def restart(self, unit: int, before: Any) -> None:
        """Take over that a unit's latest spike was set; `before` says whether it had spiked."""
        if self.steps:
            left = np.where(before, 0, self.left[:, unit])
            self.left[:, unit] = np.where(self.group.spiked[:, unit], self.steps, left)

    def save(self) -> Any:
        """Return a copy of what is remembered."""
        return self._with_kept(self.left.copy())

    def load(self, saved: Any) -> None:
        """Put back what `save` gave."""
        self.left[...] = self._take_kept(saved).reshape(self.left.shape)


class EventHold(Hold):
    """The spikes of the latest steps, one list after the other: the refractory window."""

    def __init__(self, group: GroupLanes) -> None:
        super().__init__(group)
        self.latest = np.zeros(0, np.intp)
        self.log = np.zeros(1024, np.intp)
        self.ends = [0] * (self.steps + 1)

    def spikes(self) -> Any:
        """Return the flat positions of the units that spiked in the latest step."""
        return self.latest

    def _window(self) -> Any:
        return self.log[self.ends[0] : self.ends[-1]]

    def apply(self) -> None:
        """Hold the potential of refractory units."""
        if self.steps and not self.group.level:
            where = self._window()
            if where.size:
                flat = self.group.flat[0]
                if self.kept is not None:
                    flat[where] = self.kept.reshape(-1)[where]
                elif np.ndim(self.value):
                    held = np.broadcast_to(self.value, self.group.shape).reshape(-1)
                    flat[where] = held[where]
                else:
                    flat[where] = self.value
                for clamp in self.clamps:
                    clamp()

    def mask(self) -> Any:
        """Return which units are held, shape (rows, m, lanes)."""
        held = np.zeros(self.group.shape, bool)
        if self.steps:
            held.reshape(-1)[self._window()] = True
        return held

    def update(self) -> None:
        """List the spikes of this step."""
        spiked = self.group.flat_spiked
        if self.steps:
            spiked[self._window()] = False
            self._set_from_outside()
        self.latest = spiked.nonzero()[0]
        if self.steps:
            self._append(self.latest)

    def _append(self, places: Any) -> None:
        end = self.ends[-1]
        if end + places.size > self.log.size:
            window = self._window().copy()
            first = self.ends[0]
            self.log = np.zeros(max(2 * (window.size + places.size), 1024), np.intp)
            self.log[: window.size] = window
            self.ends = [e - first for e in self.ends]
            end = self.ends[-1]
        self.log[end : end + places.size] = places
        self.ends = [*self.ends[1:], end + places.size]

    def start(self) -> None:
        """Begin with the units that have just spiked."""
        self.latest = np.flatnonzero(self.group.spiked.reshape(-1))
        self.ends = [0] * (self.steps + 1)
        if self.steps:
            self._append(self.latest)

    def release(self, unit: int) -> None:
        """Make a unit free of its refractoriness, unless it has just spiked."""
        rows, m, _ = self.group.shape
        freed = np.arange(rows) * m + unit
        self.latest = np.flatnonzero(self.group.spiked.reshape(-1))
        if self.steps:
            pieces = [self.log[a:b] for a, b in zip(self.ends[:-1], self.ends[1:], strict=True)]
            pieces = [piece[~np.isin(piece, freed)] for piece in pieces]
            self._set([*pieces[:-1], self.latest])

    def restart(self, unit: int, before: Any) -> None:  # noqa: ARG002
        """Take over that a unit's latest spike was set from outside."""
        self.latest = np.flatnonzero(self.group.spiked.reshape(-1))
        if self.steps:
            ends = zip(self.ends[:-2], self.ends[1:-1], strict=True)
            self._set([*(self.log[a:b].copy() for a, b in ends), self.latest])

    def _set(self, pieces: Any) -> None:
        self.ends = [0] * (self.steps + 1)
        for piece in pieces:
            self._append(piece)

    def save(self) -> Any:
        """Return a copy of what is remembered: for each place, steps since its latest spike."""
        age = np.zeros(self.group.states[0].size, np.int32)
        for back, (a, b) in enumerate(zip(self.ends[:-1], self.ends[1:], strict=True)):
            age[self.log[a:b]] = back + 1
        return self._with_kept(age)

    def load(self, saved: Any) -> None:
        """Put back what `save` gave."""
        self.latest = np.flatnonzero(self.group.spiked.reshape(-1))
        age = self._take_kept(saved)
        self._set([np.flatnonzero(age == back + 1) for back in range(self.steps)])


def make_hold(group: GroupLanes) -> LaneHold | EventHold:
    """Return the hold that fits the group's lanes."""
    return LaneHold(group) if group.shape[2] > 1 else EventHold(group)
