"""Resets: what happens to the states of units that spiked, as operations on their lanes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.simulation.engine.layout import is_lif_family
from causal_snn.simulation.engine.program import Op
from causal_snn.simulation.engine.reset_formulas import reset_function

if TYPE_CHECKING:
    from causal_snn.simulation.engine.group_lanes import GroupLanes


def reset_ops(lanes: GroupLanes, spikes: Callable[[], Any]) -> list[Op]:
    """Return the operations that reset the units that spiked; `spikes` gives their places."""
    if lanes.level:
        return []
    state = lanes.states[0]
    if lanes.group.convention.reset == "subtract":
        if lanes.linear is None or not is_lif_family(lanes.group.model):
            return [partial(_subtract_at, lanes, _reset_at(lanes), spikes)]
        jump = lanes.number(lanes.linear.jump)
        return [
            partial(np.multiply, lanes.spiked, jump, out=lanes.scratch),
            partial(np.subtract, state, lanes.scratch, out=state),
        ]
    if lanes.shape[2] > 1 and is_lif_family(lanes.group.model):
        return _blend(lanes, lanes.number(lanes.parameters["V_reset"]))
    fixed = fixed_reset(lanes)
    changes = reset_function(lanes.group.equations)[0]
    if changes == [0] and fixed is not None and np.all(fixed == fixed.flat[0]):
        flat, value = lanes.flat[0], np.array(fixed.flat[0], lanes.dtype)
        return [lambda: flat.__setitem__(spikes(), value)]
    reset = _reset_at(lanes)
    return [lambda: reset(spikes())]


def fixed_reset(lanes: GroupLanes) -> Any:
    """Return the potential after a spike, (R, m), where it depends on parameters alone."""
    equations = lanes.group.equations
    if lanes.level or lanes.group.convention.reset == "subtract":
        return None
    if equations.reset[0].free_symbols & set(equations.states):
        return None
    changes, function, states, names = reset_function(equations)
    value = function(*(0.0 for _ in states), *(lanes.parameters[name] for name in names))
    new = value[changes.index(0)]
    return np.broadcast_to(new, np.broadcast_shapes(np.shape(new), (1, lanes.group.size)))


def _reset_at(lanes: GroupLanes) -> Callable[[Any], None]:
    """Return what resets the units at flat positions that spiked."""
    changes, function, states, names = reset_function(lanes.group.equations)
    _, m, per_row = lanes.shape
    read = [lanes.flat[k] for k in states]
    written = [lanes.flat[k] for k in changes]
    values = [lanes.parameters[name] for name in names]
    tables = [np.broadcast_to(value, (len(value), m)).reshape(-1) for value in values]
    alone = lanes.states[0].size == m  # one lane: a unit's place is its number
    whole = [len(value) > 1 for value in values]  # other numbers in every row

    def reset(where: Any) -> None:
        if not where.size:
            return
        arguments = [x[where] for x in read]
        if alone:
            arguments += [table[where] for table in tables]
        else:
            row = where // per_row
            arguments += [t[row if w else row % m] for t, w in zip(tables, whole, strict=True)]
        for x, new in zip(written, function(*arguments), strict=True):
            x[where] = new

    return reset


def _blend(lanes: GroupLanes, reset: Any) -> list[Op]:
    """Return the operations v <- v (1 - s) + V_reset s: exact, and without a branch.

    A masked copy branches at every value, which costs more than these five together.
    """
    state, scratch = lanes.states[0], lanes.scratch
    one, spikes = lanes.dtype.type(1), np.empty_like(state)
    return [
        partial(np.copyto, spikes, lanes.spiked),
        partial(np.subtract, one, spikes, out=scratch),
        partial(np.multiply, state, scratch, out=state),
        partial(np.multiply, spikes, reset, out=scratch),
        partial(np.add, state, scratch, out=state),
    ]


def _subtract_at(
    lanes: GroupLanes, reset: Callable[[Any], None], spikes: Callable[[], Any]
) -> None:
    """Lower the potential by threshold minus reset value; the other states reset as usual."""
    where = spikes()
    if where.size:
        old = lanes.flat[0][where].copy()
        reset(where)
        threshold = np.broadcast_to(lanes.threshold_now(), lanes.shape).reshape(-1)[where]
        lanes.flat[0][where] += old - threshold
