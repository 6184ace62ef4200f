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
    """What is set from outside at the moment. Values are numbers, or arrays (rows, 1)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.held: dict[tuple[int, int, int], Op] = {}
        self.forced: dict[tuple[int, int], Any] = {}
        self.cuts: list[tuple[int, int, Any]] = []
        self.series: dict[tuple[int, int], Callable[[int], Any]] = {}
        self.changed: list[str] = []

    def put(self, group: int, unit: int, values: Mapping[str, Any]) -> None:
        """Set states of a unit; whether it has just spiked follows from its potential."""
        lanes = self.engine.groups[group]
        for name, value in values.items():
            lanes.states[lanes.group.states.index(name)][:, unit] = value
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

    def hold_state(self, key: tuple[int, int, int], value: Any) -> None:
        """Hold a state (group, state, unit) at a value at the end of every step."""
        group, state, unit = key
        x = self.engine.groups[group].states[state][:, unit]
        self.held[key] = partial(np.copyto, x, np.asarray(value, x.dtype))
        self.engine.clamps[:] = self.held.values()

    def free_state(self, key: tuple[int, int, int]) -> None:
        """Hold a state no longer."""
        self.held.pop(key, None)
        self.engine.clamps[:] = self.held.values()

    def force(self, key: tuple[int, int], spikes: Any) -> None:
        """Set the spikes of a unit (group, unit) from outside: True, False, or steps."""
        self.forced[key] = spikes
        self.apply_forced(self.engine.step_number)
        self.engine.holds[key[0]].release(key[1])
        self.engine.traffic.refresh()

    def unforce(self, key: tuple[int, int]) -> None:
        """Leave the spikes of a unit to itself."""
        self.forced.pop(key, None)

    def apply_forced(self, step: int | None = None) -> None:
        """Write the spikes that are set from outside."""
        step = self.engine.step_number + 1 if step is None else step
        for (group, unit), spikes in self.forced.items():
            on = spikes if isinstance(spikes, bool) else step in spikes
            self.engine.groups[group].spiked[:, unit] = on

    def cut(self, source: int, target: int, rows: Any) -> None:
        """Take the connections source -> target out, in some rows or in all (None)."""
        self.cuts.append((source, target, rows))
        self.engine.traffic.cut(source, target, rows)

    def mend(self, source: int, target: int, rows: Any) -> None:
        """Put connections back that `cut` took out."""
        keep = [one for one in self.cuts if one[:2] != (source, target) or one[2] is not rows]
        self.cuts = keep
        self.engine.traffic.restore_weights()
        for one in keep:
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

    def inject(self, place: int, current: Any) -> None:
        """Add to the current that flows into a unit from now on."""
        self.engine.injected[:, place] += np.asarray(current, self.engine.dtype)

    def inject_series(self, key: tuple[int, int], series: Callable[[int], Any]) -> None:
        """Add a current that is another in every step; key = (place, first step)."""
        self.series[key] = series

    def end_series(self, key: tuple[int, int]) -> None:
        """End what `inject_series` began."""
        self.series.pop(key, None)

    def add_series(self) -> None:
        """Add this step's values to the current."""
        engine = self.engine
        for (place, _), series in self.series.items():
            engine.current[:, place] += np.asarray(series(engine.step_number), engine.dtype)
