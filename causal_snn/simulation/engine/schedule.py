"""Schedule: interventions as actions on an engine, at the steps where they begin and end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.neuron import DRIVE
from causal_snn.simulation.engine.clock import whole_steps
from causal_snn.simulation.engine.controls import Controls
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


def check_interventions(
    interventions: Any, layout: Layout, steps: int, lanes: int, *, first: int = 0
) -> tuple[Intervention, ...]:
    """Return interventions that fit the network and a run of steps `first` to `first + steps`.

    Raises
    ------
    InputError
        If something is no intervention, names an unknown unit, state, parameter or connection,
        has as many values as there are no lanes, lies outside the run or its range.
    """
    if isinstance(interventions, Do | Clamp | ClampSpikes | Cut | Change | Inject):
        interventions = (interventions,)
    found = tuple(interventions)
    for one in found:
        if not isinstance(one, Do | Clamp | ClampSpikes | Cut | Change | Inject):
            raise bad(
                "interventions",
                one,
                "made by do, clamp, clamp_spikes, cut, change or inject (causal_snn.simulation)",
            )
        _check(one, layout, lanes)
        _check_times(one, layout.network.dt, first, first + steps)
    return found


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
        for one in interventions:
            self._add(one)

    def steps(self) -> list[int]:
        """Return the steps before which something is to be done."""
        return sorted(self.actions)

    def act(self, controls: Controls, step: int) -> None:
        """Do what is to be done before a step."""
        for action, _ in self.actions.get(step, ()):
            action(controls)

    def resume(self, controls: Controls, step: int) -> None:
        """Bring back what was in force before a step; states that were set stay as they are."""
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

    def _span(self, one: Any) -> tuple[int, int]:
        start = whole_steps("start", one.start, self.dt)
        stop = self.end if one.stop is None else whole_steps("stop", one.stop, self.dt)
        return start, stop

    def _add(self, one: Intervention) -> None:
        if isinstance(one, Do):
            group, unit = self.layout.locate(one.unit)
            values = {
                name: self._rows(value)
                for name, value in _values(one, self.layout.groups[group].states).items()
            }
            step = whole_steps("at", one.at, self.dt)
            self._at(step, lambda c: c.put(group, unit, values), lasts=False)
        elif isinstance(one, Change):
            step = whole_steps("at", one.at, self.dt)
            self._at(step, partial(self._change, one))
        elif isinstance(one, Clamp):
            self._clamp(one)
        elif isinstance(one, ClampSpikes):
            self._clamp_spikes(one)
        elif isinstance(one, Cut):
            start, stop = self._span(one)
            source, target = (
                self.layout.place[self.layout.network.index(u)] for u in (one.source, one.target)
            )
            rows = None if one.lanes is None else np.flatnonzero(one.lanes[self.lanes])
            key = (int(source), int(target), rows)
            self._at(start, lambda c: c.cut(*key))
            if stop < self.end:
                self._at(stop, lambda c: c.mend(*key))
        else:
            self._inject(one)

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

    def _clamp(self, one: Clamp) -> None:
        group, unit = self.layout.locate(one.unit)
        states = self.layout.groups[group].states
        name = one.state or states[0]
        value = self._rows(one.value)
        start, stop = self._span(one)
        key = (group, states.index(name), unit)
        self._at(start, lambda c: c.put(group, unit, {name: value}), lasts=False)
        self._at(start, lambda c: c.hold_state(key, value))
        # The step that ends at `stop` is free; so the hold ends before that step.
        if stop - 1 > start:
            self._at(stop - 1, lambda c: c.free_state(key))
        else:
            self._at(start, lambda c: c.free_state(key))

    def _clamp_spikes(self, one: ClampSpikes) -> None:
        group, unit = self.layout.locate(one.unit)
        start, stop = self._span(one)
        key = (group, unit)
        if isinstance(one.spikes, bool):
            on: Any = one.spikes
        else:
            on = {whole_steps("spikes", float(t), self.dt) for t in one.spikes}
        self._at(start, lambda c: c.force(key, on))
        if stop < self.end:
            self._at(max(stop - 1, start), lambda c: c.unforce(key))

    def _inject(self, one: Inject) -> None:
        start, stop = self._span(one)
        place = int(self.layout.place[self.layout.network.index(one.unit)])
        current = one.current
        if np.ndim(current) > 0 and not callable(current):
            stop = min(stop, start + len(current))
        if callable(current) or np.ndim(current) > 0:
            self._at(start, lambda c: c.inject_series((place, start), self._series(current, start)))
            end: Action = lambda c: c.end_series((place, start))  # noqa: E731
        else:
            self._at(start, lambda c: c.inject(place, current))
            end = lambda c: c.inject(place, -current)  # noqa: E731
        if stop < self.end:
            self._at(stop, end)

    def _series(self, current: Any, start: int) -> Callable[[int], Any]:
        if callable(current):
            return lambda step: self._rows(np.asarray(current(step * self.dt), dtype=float))
        return lambda step: self._rows(current[step - start])


def _values(one: Do, states: tuple[str, ...]) -> dict[str, Any]:
    return dict(one.values) if isinstance(one.values, dict) else {states[0]: one.values}


def _check(one: Intervention, layout: Layout, lanes: int) -> None:
    """Raise `InputError` unless names are known and values fit the lanes and their range."""
    if isinstance(one, Cut):
        source, target = (layout.network.index(u) for u in (one.source, one.target))
        tables = (layout.network.weights, *layout.network.synapses.values())
        if not any(table[target, source] for table in tables):
            raise InputError(
                f"cut({one.source!r}, {one.target!r}): there is no such connection (source, target)"
            )
        if one.lanes is not None and len(one.lanes) != lanes:
            raise bad("lanes", one.lanes, f"{lanes} values, one for each lane")
        return
    if isinstance(one, Change):
        _check_change(one, layout, lanes)
        return
    group = layout.groups[layout.locate(one.unit)[0]]
    if isinstance(one, Do):
        for name, value in _values(one, group.states).items():
            check_state(group, name, value, lanes, f"do({one.unit!r}, ...)")
    elif isinstance(one, Clamp):
        check_state(group, one.state or group.states[0], one.value, lanes, f"clamp({one.unit!r})")
    elif isinstance(one, Inject) and not callable(one.current) and np.ndim(one.current) > 1:
        _check_lanes("current", one.current[0], lanes)


def check_state(group: Any, name: str, value: Any, lanes: int | None, what: str) -> None:
    """Raise `InputError` unless a state variable is known and its values are in its range."""
    if name not in group.states:
        raise InputError(f"{what}: no state {name!r}; {suggest(name, group.states)}")
    if lanes is not None:
        _check_lanes(what, value, lanes)
    low, high = state_range(group, name)
    values = np.asarray(value, dtype=float)
    outside = ~((values >= low) & (values <= high))
    if outside.any():
        worst = float(values[outside].flat[0])
        raise bad(
            f"{what}, {name}",
            worst,
            f"a value of {group.model.name} from {low:g} to {high:g}",
            "That is its declared range: V_min of the neuron, or `domain` of its definition.",
        )


def state_range(group: Any, name: str) -> tuple[float, float]:
    """Return the lowest and highest value that a state may be set to."""
    k = group.states.index(name)
    if "V_min" in group.parameters:
        return (float(group.parameters["V_min"].min()), np.inf) if k == 0 else (-np.inf, np.inf)
    domain = group.equations.domain
    gate = bool(domain) and domain[k] == (0.0, 1.0)
    return domain[k] if domain and (k == 0 or gate) else (-np.inf, np.inf)


def _check_lanes(name: str, value: Any, lanes: int) -> None:
    if np.ndim(value) > 1 or (np.ndim(value) == 1 and len(value) != lanes):
        raise bad(name, f"array of shape {np.shape(value)}", f"one number, or {lanes}, one a lane")


def _check_change(one: Change, layout: Layout, lanes: int) -> None:
    known = {name for group in layout.groups for name in group.parameters}
    if one.unit is not None:
        known = set(layout.groups[layout.locate(one.unit)[0]].parameters)
    if one.parameter not in known:
        raise InputError(
            f"change({one.parameter!r}): no such parameter; {suggest(one.parameter, sorted(known))}"
        )
    _check_lanes("value", one.value, lanes)
    for group in layout.groups:
        if one.parameter in group.model.parameters and one.parameter != DRIVE:
            for value in np.unique(one.value):
                group.model.with_parameters(**{one.parameter: float(value)})


def _check_times(one: Intervention, dt: float, first: int, last: int) -> None:
    name = "at" if isinstance(one, Do | Change) else "start"
    begin = whole_steps(name, getattr(one, name), dt)
    if not 0 <= begin < last:
        span = f"from {first * dt:g} to before {last * dt:g} ms, within the run"
        raise bad(f"{type(one).__name__.lower()}: {name}", begin * dt, span)
    stop = getattr(one, "stop", None)
    if stop is not None:
        end = whole_steps("stop", stop, dt)
        if not begin < end <= last:
            span = f"after start = {begin * dt:g} and up to {last * dt:g} ms, the end of the run"
            raise bad(f"{type(one).__name__.lower()}: stop", stop, span)
