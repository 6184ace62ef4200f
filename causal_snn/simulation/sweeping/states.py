"""The states that a sweep sets: micro states, or cells from which micro states are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.network import Network
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.intervention_checks import check_state
from causal_snn.simulation.engine.layout import Layout, is_lif_family
from causal_snn.simulation.start import rest_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Macro states as boxes: each replica starts at a potential drawn uniformly from its cell.

    Attributes
    ----------
    low, high : array, shape (S, n)
        Ends of each unit's cell (mV) in each of S macro states.
    """

    low: Floats
    high: Floats


def macro_states(edges: Sequence[ArrayLike]) -> Cells:
    """Return every macro state of units whose potentials are cut into cells.

    Parameters
    ----------
    edges : sequence of array
        For each unit the ends of its cells (mV), ascending: k + 1 numbers make k cells.

    Returns
    -------
    Cells
        In little-endian order: the first unit's cell changes fastest.
    """
    allowed = "two or more finite potentials (mV), ascending"
    try:
        found = [np.array(each, dtype=float) for each in edges]
    except (TypeError, ValueError):
        raise bad("edges", edges, f"for each unit {allowed}") from None
    for k, each in enumerate(found):
        good = each.ndim == 1 and len(each) > 1 and np.all(np.isfinite(each))
        if not good or not np.all(np.diff(each) > 0):
            raise bad(f"edges[{k}]", each.tolist(), allowed)
    states = order.states([len(each) - 1 for each in found])
    pairs = [np.array(list(pairwise(each))) for each in found]
    low = np.stack([pairs[k][states[:, k], 0] for k in range(len(found))], axis=1)
    high = np.stack([pairs[k][states[:, k], 1] for k in range(len(found))], axis=1)
    return Cells(low, high)


def spiking_states(network: Network) -> Floats:
    """Return all 2^n states of "has just spiked" (at threshold) and "rests", shape (2^n, n).

    In little-endian order; rest is the lower of E and V_reset. For networks of the LIF family.
    """
    if not all(is_lif_family(model) for model in dict.fromkeys(network.neurons)):
        names = sorted({model.name for model in network.neurons})
        raise bad("network", names, "neurons with E, theta and V_reset (lif, cuba_lif)")
    p = [model.parameters for model in network.neurons]
    off = np.array([min(float(each["E"]), float(each["V_reset"])) for each in p])
    # Just above threshold in single precision too, which a strict threshold needs.
    theta = np.array([float(each["theta"]) for each in p], np.float32)
    on = np.nextafter(theta, np.float32(np.inf)).astype(float)
    return np.where(order.states((2,) * network.n) == 1, on, off)


@dataclass(frozen=True, slots=True, eq=False)
class StartStates:
    """States of a sweep, checked; made by `check_states`.

    Attributes
    ----------
    count : int
        How many, S.
    values : dict of (int, int) to array, shape (S, m)
        Values of the units of a group, by (group, state); for `Cells` the lower ends.
    width : array, shape (S, n), optional
        Width of the cells.
    """

    count: int
    values: dict[tuple[int, int], Floats]
    width: Floats | None = None


def check_states(states: Any, layout: Layout) -> StartStates:
    """Return the states of a sweep.

    Raises
    ------
    InputError
        If the shape is wrong or a value lies outside the declared range.
    """
    n, potential = layout.n, layout.groups[0].states[0]
    width = None
    if isinstance(states, Cells):
        low, high = _table(states.low, "low", n), _table(states.high, "high", n)
        if low.shape != high.shape or not np.all(low <= high):
            raise bad("states", states, "cells whose `low` lies nowhere above their `high`")
        tables, width = {potential: low}, high - low
        _resolve({potential: high}, layout)
    else:
        named = states if isinstance(states, Mapping) else {potential: states}
        tables = {str(k): _table(v, f"states[{k!r}]", n) for k, v in named.items()}
    counts = sorted({len(table) for table in tables.values()})
    if len(counts) > 1:
        raise bad("states", f"{counts} rows", "as many states for each variable")
    if not counts or counts[0] == 0:
        raise bad("states", states, "at least one state")
    return StartStates(counts[0], _resolve(tables, layout), width)


def _resolve(tables: Mapping[str, Floats], layout: Layout) -> dict[tuple[int, int], Floats]:
    """Return tables by (group, state). Potentials are one thing: a group's own name is best."""
    potentials = {group.states[0] for group in layout.groups}
    given = [name for name in tables if name in potentials]
    found, used = {}, set()
    for g, group in enumerate(layout.groups):
        for k, own in enumerate(group.states):
            name = given[0] if k == 0 and own not in tables and given else own
            if name in tables:
                used.add(name)
                found[g, k] = tables[name][:, group.units]
                check_state(group, own, found[g, k], None, "states")
    for name in tables:
        if name not in used:
            known = sorted({state for group in layout.groups for state in group.states})
            raise InputError(f"states: no state {name!r}; {suggest(name, known)}")
    return found


def _table(values: Any, name: str, n: int) -> Floats:
    try:
        table = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise bad(name, values, f"numbers of shape (states, {n})") from None
    if table.ndim != 2 or table.shape[1] != n:
        raise bad(name, f"array of shape {table.shape}", f"shape (states, {n})")
    if not np.all(np.isfinite(table)):
        raise bad(name, values, "finite numbers")
    return table


def set_states(engine: Engine, states: StartStates, rows: Any) -> None:
    """Put rows of an engine into their states: row k into state rows[k].

    Variables that are not named are at rest. Within cells a row's own stream draws, the first
    thing that it does; antithetic rows, half the rows apart, draw mirror images.
    """
    for g, lanes in enumerate(engine.groups):
        rest = rest_of(lanes.group)
        for k, state in enumerate(lanes.states):
            values = states.values.get((g, k))
            state[...] = (rest[None, k] if values is None else values[rows])[:, :, None]
    if states.width is not None:
        drawn = engine.uniforms()
        for lanes in engine.groups:
            width = states.width[rows][:, lanes.group.units, None]
            _draw(lanes.states[0], width, drawn[:, lanes.group.span])
    for source in engine.ou:
        source.start()
    engine.settle()


def _draw(potential: Any, width: Floats, drawn: Any) -> None:
    """Add width times uniform numbers to the lower ends; rounding never reaches the upper end."""
    high = (potential + width).astype(potential.dtype)
    below = np.nextafter(high, potential.dtype.type(-np.inf))
    value = (potential + width * drawn).astype(potential.dtype)
    potential[...] = np.maximum(potential, np.minimum(value, below))
