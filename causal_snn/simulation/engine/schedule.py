"""Schedule: interventions as actions on an engine, at the steps where they begin and end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from causal_snn.errors import bad
from causal_snn.simulation.engine.clock import whole_steps
from causal_snn.simulation.engine.controls import Controls
from causal_snn.simulation.engine.intervention_checks import values_of
from causal_snn.simulation.engine.layout import Layout
from causal_snn.simulation.intervention import (
    Change,
    Clamp,
    ClampSpikes,
    Cut,
    Do,
    Inject,
    Intervention,
)

type Action = Callable[[Controls], None]


def needs_current(interventions: Iterable[Intervention]) -> bool:
    """Return whether a current has to be a buffer of its own."""
    return any(isinstance(one, Inject) for one in interventions)


def is_forceful(interventions: Iterable[Intervention]) -> bool:
    """Return whether spikes are set from outside."""
    return any(isinstance(one, ClampSpikes) for one in interventions)


class Schedule:
    """Actions by step. `lanes` says which lane (of the caller's) each row of the engine is."""

    def __init__(
        self, interventions: Iterable[Intervention], layout: Layout, end: int, lanes: Any
    ) -> None:
        self.layout, self.dt, self.end = layout, layout.network.dt, end
        self.lanes = np.asarray(lanes)
        self.actions: dict[int, list[tuple[Action, bool]]] = {}
        for name, one in enumerate(interventions):
            self._add(name, one)

    def steps(self) -> list[int]:
        """Return the steps before which something is to be done."""
        return sorted(self.actions)

    def act(self, controls: Controls, step: int) -> None:
        """Do what is to be done before a step."""
        for action, _ in self.actions.get(step, ()):
            action(controls)

    def resume(self, controls: Controls, step: int) -> None:
        """Bring back what was in force before a step; states are to be put back after it."""
        for earlier in self.steps():
            if earlier < step:
                for action, lasts in self.actions[earlier]:
                    if lasts:
                        action(controls)

    def _at(self, step: int, action: Action, *, lasts: bool = True) -> None:
        self.actions.setdefault(step, []).append((action, lasts))

    def _rows(self, value: Any) -> Any:
        """Return a value for rows of the engine: a number, or one for each row, (rows, 1)."""
        return value if np.ndim(value) == 0 else np.asarray(value)[self.lanes][:, None]

    def _span(self, one: Any) -> tuple[int, int | None]:
        """Return the steps at which something begins and ends; None: not within the run."""
        stop = None if one.stop is None else whole_steps("stop", one.stop, self.dt)
        return whole_steps("start", one.start, self.dt), stop

    def _add(self, name: int, one: Intervention) -> None:
        if isinstance(one, Do):
            group, unit = self.layout.locate(one.unit)
            values = {
                state: self._rows(value)
                for state, value in values_of(one, self.layout.groups[group].states).items()
            }
            step = whole_steps("at", one.at, self.dt)
            self._at(step, lambda c: c.put(group, unit, values), lasts=False)
        elif isinstance(one, Change):
            self._at(whole_steps("at", one.at, self.dt), partial(self._change, one))
        elif isinstance(one, Clamp):
            self._clamp(name, one)
        elif isinstance(one, ClampSpikes):
            self._clamp_spikes(name, one)
        elif isinstance(one, Cut):
            start, stop = self._span(one)
            source, target = (self._place(u) for u in (one.source, one.target))
            rows = None if one.lanes is None else np.flatnonzero(one.lanes[self.lanes])
            self._at(start, lambda c: c.cut(name, source, target, rows))
            if stop is not None:
                self._at(stop, lambda c: c.mend(name))
        else:
            self._inject(name, one)

    def _place(self, unit: int | str) -> int:
        return int(self.layout.place[self.layout.network.index(unit)])

    def _change(self, one: Change, controls: Controls) -> None:
        for k, group in enumerate(self.layout.groups):
            if one.parameter not in group.parameters:
                continue
            if one.unit is None:
                units: Any = slice(None)
            else:
                owner, unit = self.layout.locate(one.unit)
                if owner != k:
                    continue
                units = slice(unit, unit + 1)
            controls.change(k, one.parameter, units, self._rows(one.value))

    def _clamp(self, name: int, one: Clamp) -> None:
        group, unit = self.layout.locate(one.unit)
        states = self.layout.groups[group].states
        state = one.state or states[0]
        value = self._rows(one.value)
        start, stop = self._span(one)
        key = (group, states.index(state), unit)
        self._at(start, lambda c: c.put(group, unit, {state: value}), lasts=False)
        self._at(start, lambda c: c.hold_state(name, key, value))
        if stop is not None:  # the step that ends at `stop` is free; so the hold ends before it
            self._at(max(stop - 1, start), lambda c: c.free_state(name))

    def _clamp_spikes(self, name: int, one: ClampSpikes) -> None:
        key = self.layout.locate(one.unit)
        start, stop = self._span(one)
        if isinstance(one.spikes, bool):
            on: Any = one.spikes
        else:
            on = {whole_steps("spikes", float(t), self.dt) for t in one.spikes}
        self._at(start, lambda c: c.force(name, key, on))
        if stop is not None:
            self._at(max(stop - 1, start), lambda c: c.unforce(name))

    def _inject(self, name: int, one: Inject) -> None:
        start, stop = self._span(one)
        place, current = self._place(one.unit), one.current
        if np.ndim(current) > 0 and not callable(current):
            stop = start + len(current)
        if callable(current) or np.ndim(current) > 0:
            series = self._series(current, start)
            self._at(start, lambda c: c.inject_series(name, place, series))
        else:
            self._at(start, lambda c: c.inject(name, place, current))
        if stop is not None:
            self._at(stop, lambda c: c.end_injection(name))

    def _series(self, current: Any, start: int) -> Callable[[int], Any]:
        if not callable(current):
            return lambda step: self._rows(current[step - start])
        return partial(self._called, current)

    def _called(self, current: Callable[[float], Any], step: int) -> Any:
        """Return what a function gives at a step, or raise `InputError` if that is no current."""
        what = f"inject: current({step * self.dt:g} ms)"
        given = current(step * self.dt)
        try:
            value = np.asarray(given, dtype=float)
        except (TypeError, ValueError):
            raise bad(what, given, "a number, or an array of one for each lane") from None
        lanes = int(self.lanes.max(initial=0)) + 1
        if value.ndim > 1 or (value.ndim == 1 and len(value) < lanes):
            raise bad(what, f"array of shape {value.shape}", "one number, or one for each lane")
        if not np.all(np.isfinite(value)):
            raise bad(what, given, "finite numbers")
        return self._rows(value)
