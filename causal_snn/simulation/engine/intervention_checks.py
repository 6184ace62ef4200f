"""Checks of interventions against a network and a run, before the run begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.neuron import DRIVE, NeuronModel
from causal_snn.models.step import unit_row
from causal_snn.simulation.engine.clock import whole_steps
from causal_snn.simulation.engine.layout import EXACT, Group, Layout, is_lif_family
from causal_snn.simulation.intervention import (
    Change,
    Clamp,
    ClampSpikes,
    Cut,
    Do,
    Inject,
    Intervention,
)


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
    made_by = "made by do, clamp, clamp_spikes, cut, change or inject (causal_snn.simulation)"
    if isinstance(interventions, str) or not isinstance(interventions, Iterable):
        raise bad("interventions", interventions, f"a sequence of what is {made_by}")
    found = tuple(interventions)
    for one in found:
        if not isinstance(one, Do | Clamp | ClampSpikes | Cut | Change | Inject):
            raise bad("interventions", one, made_by)
        _check_times(one, layout.network.dt, first, first + steps)
        _check(one, layout, lanes)
    return found


def values_of(one: Do, states: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of a `Do` by state."""
    return dict(one.values) if isinstance(one.values, dict) else {states[0]: one.values}


def _check(one: Intervention, layout: Layout, lanes: int) -> None:
    """Raise `InputError` unless names are known and values fit the lanes and their range."""
    if isinstance(one, Cut):
        _check_cut(one, layout, lanes)
        return
    if isinstance(one, Change):
        _check_change(one, layout, lanes)
        return
    index, unit = _locate(one.unit, layout)
    group = layout.groups[index]
    if isinstance(one, Do):
        for name, value in values_of(one, group.states).items():
            check_state(group, name, value, lanes, f"do({one.unit!r}, ...)", unit)
    elif isinstance(one, Clamp):
        state = group.states[0] if one.state is None else one.state
        check_state(group, state, one.value, lanes, f"clamp({one.unit!r}, ...)", unit)
    elif isinstance(one, Inject):
        if not takes_current(group.model):
            raise InputError(
                f"inject({one.unit!r}, ...): {group.model.name} has no current, neither I nor drive"
            )
        if not callable(one.current) and np.ndim(one.current) > 1:
            _check_lanes("current", one.current[0], lanes)


def _locate(unit: Any, layout: Layout) -> tuple[int, int]:
    """Return the group of a unit and its place within it; raise `InputError` for what is none."""
    check_unit(unit, layout.n)
    return layout.locate(unit)


def check_unit(unit: Any, n: int) -> None:
    """Raise `InputError` unless `unit` is a label or a whole number."""
    if isinstance(unit, bool | np.bool_) or not isinstance(unit, str | int | np.integer):
        raise bad("unit", unit, f"an index from 0 to {n - 1}, or a label")


def takes_current(model: NeuronModel) -> bool:
    """Return whether a current flows into a neuron, as ``I`` or as ``drive``."""
    symbols = {str(s) for rate in model.equations.drift for s in rate.free_symbols}
    return model.input in symbols


def check_state(
    group: Group, name: Any, value: Any, lanes: int | None, what: str, unit: int | None = None
) -> None:
    """Raise `InputError` unless a state variable is known and its values are in its range.

    `unit` is a position within the group; None: values of all its units, along the last axis.
    """
    if name not in group.states:
        raise InputError(f"{what}: no state {name!r}; {suggest(str(name), group.states)}")
    if lanes is not None:
        _check_lanes(what, value, lanes)
    low, high = state_range(group, name)
    low = low if unit is None or np.ndim(low) == 0 else low[unit]
    values = np.asarray(value, dtype=float)
    outside = ~((values >= low) & (values <= high))
    if outside.any():
        worst = float(values[outside].flat[0])
        raise bad(
            f"{what}, {name}",
            worst,
            f"a value of {group.model.name} from {np.min(low):g} to {high:g}",
            "That is its declared range: V_min of the neuron, or `domain` of its definition.",
        )


def state_range(group: Group, name: str) -> tuple[Any, float]:
    """Return the lowest value that a state may be set to, for each unit or all, and the highest.

    A potential at or above a threshold means "just spiked", so nothing bounds it from above.
    """
    k = group.states.index(name)
    if "V_min" in group.parameters:
        low = group.parameters["V_min"]
        return (low if np.any(low != low[0]) else float(low[0]), np.inf) if k == 0 else _EVERYWHERE
    domain = group.equations.domain
    if domain and k == 0:
        return domain[0][0], domain[0][1] if group.equations.threshold is None else np.inf
    return domain[k] if domain and domain[k] == (0.0, 1.0) else _EVERYWHERE  # gates


_EVERYWHERE = (-np.inf, np.inf)


def _check_lanes(name: str, value: Any, lanes: int) -> None:
    if np.ndim(value) > 1 or (np.ndim(value) == 1 and len(value) != lanes):
        raise bad(name, f"array of shape {np.shape(value)}", f"one number, or {lanes}, one a lane")


def _check_cut(one: Cut, layout: Layout, lanes: int) -> None:
    for unit in (one.source, one.target):
        check_unit(unit, layout.n)
    source, target = (layout.network.index(u) for u in (one.source, one.target))
    tables = (layout.network.weights, *layout.network.synapses.values())
    if not any(table[target, source] for table in tables):
        raise InputError(
            f"cut({one.source!r}, {one.target!r}): there is no such connection (source, target)"
        )
    if one.lanes is not None and np.shape(one.lanes) != (lanes,):
        raise bad("lanes", one.lanes, f"{lanes} values, one for each lane")


def _check_change(one: Change, layout: Layout, lanes: int) -> None:
    units: Any = range(layout.n)
    if one.unit is not None:
        check_unit(one.unit, layout.n)
        units = [layout.network.index(one.unit)]
    neurons = layout.network.neurons  # equal ones are one object
    models = {id(neurons[unit]): neurons[unit] for unit in units}.values()
    known = {name for model in models for name in _changeable(model)}
    if one.parameter not in known:
        raise InputError(
            f"change({one.parameter!r}): no such parameter; {suggest(one.parameter, sorted(known))}"
        )
    _check_lanes("value", one.value, lanes)
    if one.parameter == DRIVE:
        return
    schemes = {
        layout.network.neurons[int(group.units[0])].name: group.scheme for group in layout.groups
    }
    for model in models:
        if one.parameter in model.parameters:
            for value in np.unique(one.value):
                new = model.with_parameters(**{one.parameter: float(value)})
                step = schemes[model.name]
                if is_lif_family(new) and step in (EXACT, "euler"):
                    unit_row(new.with_convention(step=step), layout.network.dt, 0.0, 0.0, 0.0)


def _changeable(model: NeuronModel) -> tuple[str, ...]:
    drive = (DRIVE,) if model.input == DRIVE and takes_current(model) else ()
    return (*model.parameters, *drive)


def _check_times(one: Intervention, dt: float, first: int, last: int) -> None:
    kind = one.describe()["kind"]
    name = "at" if isinstance(one, Do | Change) else "start"
    begin = whole_steps(f"{kind}: {name}", getattr(one, name), dt)
    if not 0 <= begin < last:
        span = f"from {first * dt:g} to before {last * dt:g} ms, within the run"
        raise bad(f"{kind}: {name}", getattr(one, name), span)
    stop, end = getattr(one, "stop", None), None
    if stop is not None:
        end = whole_steps(f"{kind}: stop", stop, dt)
        if not begin < end <= last:
            span = f"after start = {begin * dt:g} and up to {last * dt:g} ms, the end of the run"
            raise bad(f"{kind}: stop", stop, span)
    if isinstance(one, ClampSpikes) and not isinstance(one.spikes, bool):
        for time in one.spikes:
            step = whole_steps(f"{kind}: spikes", float(time), dt)
            if not begin <= step < (last + 1 if end is None else end):
                span = "times within the clamp, from `start` until before `stop`"
                raise bad(f"{kind}: spikes", float(time), span)
    if isinstance(one, Inject) and not callable(one.current) and np.ndim(one.current):
        _check_length(len(one.current), begin, end, last)


def _check_length(length: int, begin: int, end: int | None, last: int) -> None:
    if end is not None and length != end - begin:
        raise bad("current", f"{length} values", f"{end - begin}, one for each step until `stop`")
    if begin + length > last:
        raise bad("current", f"{length} values", f"at most {last - begin}, to the end of the run")
