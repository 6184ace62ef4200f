"""Holds: what refractoriness does to the units of a group, counted in whole steps."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from causal_snn.simulation.engine.group_lanes import GroupLanes
from causal_snn.simulation.engine.layout import is_lif_family
from causal_snn.simulation.engine.program import Op
from causal_snn.simulation.engine.resets import fixed_reset


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
        known = is_lif_family(self.group.group.model) or fixed_reset(self.group) is not None
        return self.steps > 0 and not self.group.level and not known

    def build(self) -> None:
        """Take over the parameters in force."""
        if is_lif_family(self.group.group.model):
            self.value = self.group.number(self.group.parameters["V_reset"])
        elif self.steps and not self.group.level and self.kept is None:
            self.value = self.group.number(fixed_reset(self.group))

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

    def ops(self) -> list[Op]:
        """Return the operations that hold potentials."""
        return [self.apply] if self.steps else []

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
        self.ends = self._no_ends()  # of each step's spikes in the log
        self.flat = group.flat[0]
        self.where_held: Any = None  # the held potential of each place, where they differ
        self.silent = False  # a held potential is below threshold by itself

    def _no_ends(self) -> deque[int]:
        return deque([0] * (self.steps + 1), maxlen=self.steps + 1)

    def build(self) -> None:
        """Take over the parameters in force."""
        super().build()
        group, held = self.group, self.value
        if self.kept is not None:
            self.where_held = self.kept.reshape(-1)
        elif held is not None:
            spread = np.broadcast_to(held, group.shape).reshape(-1)
            self.where_held = spread if np.ndim(held) else None
            threshold = group.threshold_now()
            fixed = not group.level and np.shape(threshold) != group.shape
            self.silent = fixed and bool(np.all(held < threshold))

    def ops(self) -> list[Op]:
        """Return the operations that hold potentials."""
        return [self.apply] if self.steps and not self.group.level else []

    def spikes(self) -> Any:
        """Return the flat positions of the units that spiked in the latest step."""
        return self.latest

    def _window(self) -> Any:
        return self.log[self.ends[0] : self.ends[-1]]

    def apply(self) -> None:
        """Hold the potential of refractory units."""
        where = self.log[self.ends[0] : self.ends[-1]]
        if where.size:
            self.flat[where] = self.value if self.where_held is None else self.where_held[where]
            for clamp in self.clamps:
                clamp()

    def mask(self) -> Any:
        """Return which units are held, shape (rows, m, lanes)."""
        held = np.zeros(self.group.shape, bool)
        held.reshape(-1)[self._window()] = True
        return held

    def update(self) -> None:
        """List the spikes of this step."""
        spiked = self.group.flat_spiked
        if self.steps:
            if self.clamps or not self.silent:
                spiked[self._window()] = False
            if self.forced:
                self._set_from_outside()
        self.latest = latest = spiked.nonzero()[0]
        if self.steps:
            begin = self.ends[-1]
            end = begin + latest.size
            if end > self.log.size:
                self._make_room(latest.size)
                begin = self.ends[-1]
                end = begin + latest.size
            self.log[begin:end] = latest
            self.ends.append(end)  # the oldest goes

    def _make_room(self, more: int) -> None:
        """Move the window to the beginning of a log with room for more spikes."""
        window, first = self._window(), self.ends[0]
        log = np.zeros(max(2 * (window.size + more), 1024), np.intp)
        log[: window.size] = window
        self.log = log
        self.ends.extend([end - first for end in self.ends])

    def start(self) -> None:
        """Begin with the units that have just spiked."""
        self.latest = np.flatnonzero(self.group.spiked.reshape(-1))
        self._set([self.latest] if self.steps else [])

    def _pieces(self) -> list[Any]:
        """Return the spikes of each step of the window, the oldest first."""
        return np.split(self._window(), np.subtract(list(self.ends)[1:-1], self.ends[0]))

    def release(self, unit: int) -> None:
        """Make a unit free of its refractoriness, unless it has just spiked."""
        rows, m, _ = self.group.shape
        freed = np.arange(rows) * m + unit
        self.latest = np.flatnonzero(self.group.spiked.reshape(-1))
        if self.steps:
            pieces = [piece[~np.isin(piece, freed)] for piece in self._pieces()]
            self._set([*pieces[:-1], self.latest])

    def restart(self, unit: int, before: Any) -> None:  # noqa: ARG002
        """Take over that a unit's latest spike was set from outside."""
        self.latest = np.flatnonzero(self.group.spiked.reshape(-1))
        if self.steps:
            self._set([*self._pieces()[:-1], self.latest])

    def _set(self, pieces: list[Any]) -> None:
        if pieces:
            self._fill(np.concatenate(pieces), [piece.size for piece in pieces])

    def _fill(self, window: Any, counts: Any) -> None:
        """Begin a new log with the spikes of the latest steps, `counts` of each."""
        self.log = np.zeros(max(2 * window.size, 1024), np.intp)
        self.log[: window.size] = window
        self.ends = self._no_ends()
        self.ends.extend(np.cumsum(counts).tolist())

    def save(self) -> Any:
        """Return a copy of what is remembered: for each place, steps since its latest spike."""
        age = np.zeros(self.group.states[0].size, np.int32)
        counts = np.diff(self.ends)
        # the oldest first: where a unit has two spikes, as one was set, the later one counts
        age[self._window()] = np.repeat(np.arange(1, self.steps + 1), counts)
        return self._with_kept(age)

    def load(self, saved: Any) -> None:
        """Put back what `save` gave."""
        self.latest = np.flatnonzero(self.group.spiked.reshape(-1))
        age = self._take_kept(saved)
        held = np.flatnonzero(age)
        order = np.argsort(age[held], kind="stable")
        counts = np.bincount(age[held].astype(np.intp), minlength=self.steps + 1)[1:]
        self._fill(held[order], counts)


def make_hold(group: GroupLanes) -> LaneHold | EventHold:
    """Return the hold that fits the group's lanes."""
    return LaneHold(group) if group.shape[2] > 1 else EventHold(group)
