"""Where a run starts: at rest, unless states are given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.neuron import DRIVE
from causal_snn.models.rates import linoid_array
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.intervention_checks import check_state
from causal_snn.simulation.engine.layout import Group, Layout, is_lif_family

Floats = NDArray[np.float64]


def check_start(start: Any, layout: Layout, replicas: int) -> dict[str, Any]:
    """Return the states that a run starts from, by name; {} is rest everywhere.

    Raises
    ------
    InputError
        If a state is unknown, has the wrong shape or lies outside its declared range.
    """
    if start is None:
        return {}
    if not isinstance(start, Mapping):
        raise InputError(
            f"start = {start!r}: a mapping of state to values, as {{'v': -65.0}}, or the `final` "
            "state of a recording"
        )
    known = {name for group in layout.groups for name in group.states}
    for name, value in start.items():
        if name not in known:
            raise InputError(f"start: no state {name!r}; {suggest(str(name), sorted(known))}")
        values = _numbers(f"start[{name!r}]", value)
        if values.shape not in ((), (layout.n,), (layout.n, replicas)):
            raise InputError(
                f"start[{name!r}] = array of shape {values.shape}: one number, or one for each "
                f"unit, shape ({layout.n},) or ({layout.n}, {replicas} replicas)"
            )
        for group in layout.groups:
            if name in group.states:
                own = values if values.ndim == 0 else values[group.units].T
                check_state(group, name, own, None, "start")
    return dict(start)


def _numbers(name: str, value: Any) -> Floats:
    try:
        given = np.asarray(value)
    except (TypeError, ValueError):
        raise bad(name, value, "numbers") from None
    if given.dtype.kind not in "iuf" or not np.all(np.isfinite(given)):
        raise bad(name, value, "finite numbers")
    return given.astype(float)


def set_start(engine: Engine, start: Mapping[str, Any]) -> None:
    """Put an engine at rest, and then into the states that are given.

    Values have shape (), (n,) or (n, rows), in the network's order.
    """
    for lanes in engine.groups:
        missing = [name for name in lanes.group.states if name not in start]
        rest = rest_of(lanes.group) if missing else np.zeros((lanes.count, 1))
        for k, name in enumerate(lanes.group.states):
            value: Any = rest[k][None, :, None]
            if name in start:
                value = np.asarray(start[name], dtype=float)
                if value.ndim:
                    value = value[lanes.group.units]
                    value = value[None, :, None] if value.ndim == 1 else value.T[:, :, None]
            lanes.states[k][...] = value
    for source in engine.ou:
        source.start()
    engine.settle()


def rest_of(group: Group) -> Floats:
    """Return where each unit of a group rests, shape (states, m).

    Without current: for neurons of the LIF family the lower of E and V_reset, for others the
    equilibrium, stable or not, that Newton's method finds from the lower end of the
    potential's domain; where it finds none, the middle of each state's domain.
    """
    shape = (len(group.states), group.size)
    if is_lif_family(group.model):
        p = group.parameters
        potential = np.minimum(p["E"], p["V_reset"])
        return np.concatenate([potential[None], np.zeros((shape[0] - 1, group.size))])
    domain = group.equations.domain or ((-100.0, 100.0),) * shape[0]
    middle = np.array([(low + high) / 2.0 for low, high in domain])
    low, high = (np.array(ends)[:, None] for ends in zip(*domain, strict=True))
    first = middle.copy()
    first[0] = domain[0][0]
    wide = high - low
    names, parameters = _idle_parameters(group)
    if names:
        alike, back = np.unique(parameters, axis=1, return_inverse=True)
    else:
        alike, back = np.zeros((0, 1)), np.zeros(group.size, np.intp)
    begin = np.repeat(first[:, None], alike.shape[1], axis=1)
    found = _newton(group, dict(zip(names, alike, strict=True)), begin, 0.1 * wide)
    found = found[:, back.ravel()]
    good = np.all(np.isfinite(found) & (found >= low - wide) & (found <= high + wide), axis=0)
    return np.where(good, found, middle[:, None])


def _idle_parameters(group: Group) -> tuple[list[str], Floats]:
    """Return names and values (names, m) of the parameters of the drift, without current."""
    names = _drift_and_jacobian(group.equations)[1]
    idle = (group.model.input, DRIVE)
    zero = np.zeros(group.size)
    values = [zero if name in idle else group.parameters[name] for name in names]
    return names, np.array(values).reshape(len(names), group.size)


def _newton(group: Group, values: dict[str, Floats], x: Floats, limit: Floats) -> Floats:
    """Return equilibria by damped Newton steps for all sets at once; NaN where none is found."""
    function, names = _drift_and_jacobian(group.equations)
    parameters = [values[name] for name in names]
    size = len(x)
    with np.errstate(all="ignore"):
        for _ in range(60):
            found = [np.broadcast_to(v, x.shape[1:]) for v in function(*x, *parameters)]
            f = np.array(found[:size])
            jacobian = np.array(found[size:]).reshape(size, size, -1)
            matrices = np.moveaxis(jacobian, 2, 0)
            try:
                step = np.linalg.solve(matrices, -f.T[:, :, None])[:, :, 0].T
            except np.linalg.LinAlgError:  # one is singular: a little beside it none is
                beside = matrices + 1e-9 * np.eye(size)
                step = np.linalg.solve(beside, -f.T[:, :, None])[:, :, 0].T
            # no farther at a time than `limit`, a tenth of the domain, so that Newton stays near
            scale = np.minimum(1.0, (limit / np.maximum(np.abs(step), 1e-300)).min(axis=0))
            x = x + scale * step
            if np.all(np.abs(scale * step) <= 1e-12 * (1.0 + np.abs(x))):
                return x
    return np.where(np.abs(f).max(axis=0) < 1e-9, x, np.nan)


@cache
def _drift_and_jacobian(equations: Any) -> tuple[Any, list[str]]:
    import sympy as sp

    states = equations.states
    used = {s for rate in equations.drift for s in rate.free_symbols} - set(states)
    names = sorted({str(s) for s in used} - {DRIVE}) + ([DRIVE] if DRIVE in map(str, used) else [])
    entries = [rate.diff(state) for rate in equations.drift for state in states]
    arguments = [*states, *(sp.Symbol(name, real=True) for name in names)]
    modules: list[Any] = [{"linoid": linoid_array}, "numpy"]
    return sp.lambdify(arguments, [*equations.drift, *entries], modules=modules, cse=True), names
