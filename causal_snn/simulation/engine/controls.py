"""Controls: the levers of an engine that interventions pull."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.simulation.engine.program import Op

if TYPE_CHECKING:
    from causal_snn.simulation.engine.core import Engine


class Controls:
    """What is set from outside at the moment. Values are numbers, or arrays (rows, 1).

    What lasts bears the name (a number) of its intervention: it is taken back alone, whatever
    else acts on the same unit, and of two that act on the same thing the later one is obeyed.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.held: dict[int, tuple[int, int, Op]] = {}
        self.forced: dict[int, tuple[int, int, Any]] = {}
        self.cuts: dict[int, tuple[int, int, Any]] = {}
        self.currents: dict[int, tuple[int, Any]] = {}
        self.series: dict[int, tuple[int, Callable[[int], Any]]] = {}
        self.changed: list[str] = []

    def clear(self) -> None:
        """Let go of everything: parameters and connections are the network's own again."""
        for kept in (self.held, self.forced, self.cuts, self.currents, self.series):
            kept.clear()
        self._write_clamps()
        self._write_currents()
        for hold in self.engine.holds:
            hold.forced.clear()
        self.engine.traffic.restore_weights()
        if self.changed:
            self.changed.clear()
            for lanes in self.engine.groups:
                own = lanes.group.parameters
                lanes.parameters = {name: value[None] for name, value in own.items()}
            self.engine.build()

    def put(self, group: int, unit: int, values: Mapping[str, Any]) -> None:
        """Set states of a unit; whether it has just spiked follows from its potential."""
        lanes = self.engine.groups[group]
        for name, value in values.items():
            lanes.states[lanes.group.states.index(name)][:, unit] = value
        if lanes.group.states[0] not in values:
            return
        v = lanes.states[0][:, unit]
        threshold = np.broadcast_to(lanes.threshold_now(), lanes.shape)[:, unit]
        strict = lanes.group.convention.strict_threshold
        reached = v > threshold if strict else v >= threshold
        if lanes.above is not None:
            lanes.above[:, unit] = reached
            reached = np.zeros_like(reached)
        lanes.spiked[:, unit] = reached
        self.engine.holds[group].release(unit)
        self.engine.traffic.refresh()

    def hold_state(self, name: int, key: tuple[int, int, int], value: Any) -> None:
        """Hold a state (group, state, unit) at a value at the end of every step."""
        group, state, unit = key
        x = self.engine.groups[group].states[state][:, unit]
        self.held[name] = (group, state, partial(np.copyto, x, np.asarray(value, x.dtype)))
        self._write_clamps()

    def free_state(self, name: int) -> None:
        """Hold a state no longer."""
        self.held.pop(name, None)
        self._write_clamps()

    def _write_clamps(self) -> None:
        held = list(self.held.values())
        self.engine.clamps[:] = [op for *_, op in held]
        for k, hold in enumerate(self.engine.holds):  # a clamp is obeyed in refractory steps too
            hold.clamps[:] = [op for group, state, op in held if (group, state) == (k, 0)]

    def force(self, name: int, key: tuple[int, int], spikes: Any) -> None:
        """Set the spikes of a unit (group, unit) from outside: True, False, or steps."""
        group, unit = key
        before = self.engine.groups[group].spiked[:, unit].copy()
        self.forced[name] = (group, unit, spikes)
        self.apply_forced(self.engine.step_number)
        self.engine.holds[group].restart(unit, before)
        self.engine.traffic.refresh()

    def unforce(self, name: int) -> None:
        """Leave the spikes of a unit to itself."""
        self.forced.pop(name, None)

    def apply_forced(self, step: int | None = None) -> None:
        """Write the spikes that are set from outside."""
        step = self.engine.step_number + 1 if step is None else step
        for hold in self.engine.holds:
            hold.forced.clear()
        for group, unit, spikes in self.forced.values():
            on = spikes if isinstance(spikes, bool) else step in spikes
            self.engine.groups[group].spiked[:, unit] = on
            self.engine.holds[group].forced[unit] = on

    def cut(self, name: int, source: int, target: int, rows: Any) -> None:
        """Take the connections source -> target out, in some rows or in all (None)."""
        self.cuts[name] = (source, target, rows)
        self.engine.traffic.cut(source, target, rows)

    def mend(self, name: int) -> None:
        """Put connections back that `cut` took out, unless another cut keeps them out."""
        self.cuts.pop(name, None)
        self.engine.traffic.restore_weights()
        for one in self.cuts.values():
            self.engine.traffic.cut(*one)

    def change(self, group: int, parameter: str, units: slice, value: Any) -> None:
        """Change a parameter of some units of a group."""
        lanes = self.engine.groups[group]
        old = lanes.parameters[parameter]
        rows = self.engine.rows if np.ndim(value) else len(old)
        new = np.array(np.broadcast_to(old, (rows, lanes.group.size)))
        new[:, units] = value
        lanes.parameters = {**lanes.parameters, parameter: new}
        self.changed.append(parameter)
        self.engine.build()

    def inject(self, name: int, place: int, current: Any) -> None:
        """Add to the current that flows into a unit from now on."""
        self.currents[name] = (place, np.asarray(current, self.engine.dtype))
        self._write_currents()

    def end_injection(self, name: int) -> None:
        """End what `inject` or `inject_series` began."""
        self.series.pop(name, None)
        if self.currents.pop(name, None) is not None:
            self._write_currents()

    def _write_currents(self) -> None:
        """Sum up anew: what is taken away leaves no rounding behind."""
        injected = self.engine.injected
        if injected is not None:
            injected.fill(0)
            for place, current in self.currents.values():
                injected[:, place] += current

    def inject_series(self, name: int, place: int, series: Callable[[int], Any]) -> None:
        """Add a current that is another in every step."""
        self.series[name] = (place, series)

    def add_series(self) -> None:
        """Add this step's values to the current."""
        engine = self.engine
        for place, series in self.series.values():
            engine.current[:, place] += np.asarray(series(engine.step_number), engine.dtype)
