"""The states that a sweep sets: micro states, or cells from which micro states are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import bad
from causal_snn.models.network import Network
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.layout import Layout
from causal_snn.simulation.engine.linear import is_lif_family
from causal_snn.simulation.engine.schedule import check_state
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
    found = [np.asarray(each, dtype=float) for each in edges]
    for k, each in enumerate(found):
        if each.ndim != 1 or len(each) < 2 or not np.all(np.diff(each) > 0):
            raise bad(f"edges[{k}]", each.tolist(), "two or more potentials (mV), ascending")
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
    # Just above threshold, which a strict threshold needs.
    on = np.nextafter([float(each["theta"]) for each in p], np.inf)
    return np.where(order.states((2,) * network.n) == 1, on, off)


@dataclass(frozen=True, slots=True, eq=False)
class StartStates:
    """States of a sweep, checked; made by `check_states`.

    Attributes
    ----------
    count : int
        How many.
    values : dict of str to array, shape (S, n)
        By name of the state variable, for `Cells` the lower ends.
    width : array, shape (S, n), optional
        Width of the cells.
    """

    count: int
    values: dict[str, Floats]
    width: Floats | None = None


def check_states(states: Any, layout: Layout) -> StartStates:
    """Return the states of a sweep.

    Raises
    ------
    InputError
        If the shape is wrong or a value lies outside the declared range.
    """
    potential = layout.groups[0].states[0]
    if isinstance(states, Cells):
        found = StartStates(
            len(states.low),
            {potential: _table(states.low, "low", layout.n)},
            _table(states.high, "high", layout.n) - states.low,
        )
    else:
        named = states if isinstance(states, Mapping) else {potential: states}
        tables = {str(k): _table(v, f"states[{k!r}]", layout.n) for k, v in named.items()}
        counts = {len(table) for table in tables.values()}
        if len(counts) != 1:
            raise bad("states", f"{sorted(counts)} rows", "as many states for each variable")
        found = StartStates(counts.pop(), tables)
    if found.count == 0:
        raise bad("states", states, "at least one state")
    for name, table in found.values.items():
        known = False
        for group in layout.groups:
            if name in group.states or (name == potential and not known):
                check_state(
                    group, _own(group, name, potential), table[:, group.units], None, "states"
                )
                known = True
        if not known:
            check_state(layout.groups[0], name, 0.0, None, "states")
    return found


def _own(group: Any, name: str, potential: str) -> str:
    """Return a group's own name of a state: potentials are one thing under any name."""
    own: str = group.states[0] if name == potential else name
    return own


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
    names = list(states.values)
    for lanes in engine.groups:
        units = lanes.group.units
        rest = rest_of(lanes.group)
        for k, own in enumerate(lanes.group.states):
            name = names[0] if k == 0 else own
            if name in states.values:
                lanes.states[k][...] = states.values[name][rows][:, units, None]
            else:
                lanes.states[k][...] = rest[k][None, :, None]
    if states.width is not None:
        drawn = engine.uniforms()
        for lanes in engine.groups:
            width = states.width[rows][:, lanes.group.units, None]
            lanes.states[0][...] += (width * drawn[:, lanes.group.span]).astype(engine.dtype)
    for source in engine.ou:
        source.start()
    engine.settle()
