"""Where a run stops being numbers: the step, the unit and what caused it."""

from __future__ import annotations

from typing import Any

import numpy as np

from causal_snn.simulation.engine.core import Engine, Snapshot
from causal_snn.simulation.engine.group_lanes import GroupLanes
from causal_snn.simulation.engine.schedule import Schedule


def is_finite(engine: Engine) -> bool:
    """Return whether all states are finite; the potential of a spike that is reset may be inf."""
    return not any(_faulty(lanes, k).any() for lanes in engine.groups for k in range(lanes.count))


def _faulty(lanes: GroupLanes, k: int) -> Any:
    """Return where state k is not finite."""
    x = lanes.states[k]
    resets = k == 0 and not lanes.level and lanes.group.convention.reset == "value"
    return np.isnan(x) | np.isneginf(x) if resets else ~np.isfinite(x)


def find_fault(engine: Engine, saved: Snapshot, schedule: Schedule) -> str:
    """Go back to a snapshot, step until a state is not finite, and say where and why.

    The engine is left in its last good state.
    """
    late = engine.step_number
    engine.controls.clear()
    schedule.resume(engine.controls, saved[0])
    engine.restore(saved)
    while engine.step_number < late:
        schedule.act(engine.controls, engine.step_number)
        before = engine.snapshot()
        engine.step()
        if not is_finite(engine):
            text = _sentence(engine, before)
            engine.restore(before)
            return text
    return f"a state is not finite by step {late}; repeating the steps did not show where"


def _sentence(engine: Engine, before: Snapshot) -> str:
    for k, lanes in enumerate(engine.groups):
        for j, name in enumerate(lanes.group.states):
            faulty = _faulty(lanes, j)
            if faulty.any():
                row, unit, lane = (int(where[0]) for where in np.nonzero(faulty))
                label = engine.layout.network.labels[int(lanes.group.units[unit])]
                was = {
                    state: float(before[1][f"{k}.{state}"][row, unit, lane])
                    for state in lanes.group.states
                }
                step = engine.step_number
                return (
                    f"step {step} ({step * engine.dt:g} ms): {name} of unit {label!r} is not a "
                    f"finite number. Before: {_listed(was)}. "
                    + _cause(engine, k, row, unit, name, was)
                )
    raise AssertionError("all states are finite")


def _cause(engine: Engine, k: int, row: int, unit: int, state: str, was: dict[str, float]) -> str:
    lanes = engine.groups[k]
    if any((group, place) == (k, unit) for group, place, _ in engine.controls.forced.values()):
        return (
            "Its spikes are set from outside (clamp_spikes), so its own do not reset it; hold its "
            "potential instead (clamp), or cut its connections."
        )
    changed = [name for name in dict.fromkeys(engine.controls.changed) if name in lanes.parameters]
    if changed:
        now = {name: _own(lanes.parameters[name], row, unit) for name in changed}
        return f"Parameters changed in this run: {_listed(now)}; look there first."
    name, share = _strongest(engine, k, row, unit, state, was)
    value = _own(lanes.parameters[name], row, unit)
    return (
        f"{name} = {value:g} moves {state} by {share:.3g} in one step of dt = {engine.dt:g} ms, "
        f"the most of all parameters: too much for scheme {lanes.group.scheme!r}. Make dt "
        f"smaller, or look at {name}."
    )


def _strongest(
    engine: Engine, k: int, row: int, unit: int, state: str, was: dict[str, float]
) -> tuple[str, float]:
    """Return the parameter p of largest |p df/dp| dt for the rate f of a state, and that number."""
    import sympy as sp

    lanes = engine.groups[k]
    rate = lanes.group.equations.drift[lanes.group.states.index(state)]
    values = {name: _own(value, row, unit) for name, value in lanes.parameters.items()}
    numbers = {sp.Symbol(name, real=True): value for name, value in {**values, **was}.items()}
    shares = {}
    for name in lanes.group.model.parameters:
        slope = rate.diff(sp.Symbol(name, real=True)).xreplace(numbers)
        share = abs(complex(slope.doit().evalf())) * abs(values[name]) * engine.dt
        shares[name] = share if np.isfinite(share) else np.inf
    name = max(shares, key=lambda key: shares[key])
    return name, shares[name]


def _own(values: Any, row: int, unit: int) -> float:
    return float(values[row if len(values) > 1 else 0, unit])


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in values.items())
