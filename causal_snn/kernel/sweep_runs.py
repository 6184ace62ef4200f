"""What is simulated for an effect kernel: a network and its start states for each context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad, check_choice, suggest
from causal_snn.kernel.alone import alone
from causal_snn.kernel.contexts import Contexts
from causal_snn.models.network import Network
from causal_snn.models.rates import linoid_array
from causal_snn.simulation.engine.layout import Group, Layout, lay_out
from causal_snn.simulation.engine.reset_formulas import threshold_function
from causal_snn.simulation.simulate import simulate
from causal_snn.simulation.start import rest_of

Floats = NDArray[np.float64]
CONSTANT, FREE = "constant", "free"
MOST_LANES = 100_000
"""Replicas that are simulated at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Networks and start states; made by `make_runs`.

    Attributes
    ----------
    label : str
        The unit.
    unit : int
        Its number in the networks.
    networks : list of Network
        One for each context.
    states : list of dict of str to array, shape (m, units)
        Start states by name, one dict for each context.
    coordinates : array, shape (d, m)
        Values that are set on the unit.
    names : tuple of str
        Their names and units.
    wanted_scheme : str, optional
    scheme : str
        Of the unit.
    """

    label: str
    unit: int
    networks: list[Network]
    states: list[dict[str, Floats]]
    coordinates: Floats
    names: tuple[str, ...]
    wanted_scheme: str | None
    scheme: str

    def word_counts(self, context: int, steps: int, replicas: int, seed: int) -> Floats:
        """Return how often each start leads to each spike word of the unit, (m, 2^steps)."""
        network, states = self.networks[context], self.states[context]
        count = self.coordinates.shape[1]
        most = max(1, MOST_LANES // count)
        parts = [most] * (replicas // most) + ([replicas % most] if replicas % most else [])
        generator = np.random.default_rng(seed)
        found = np.zeros((count, 2**steps))
        for part in parts:
            start = {name: np.tile(table, (part, 1)).T for name, table in states.items()}
            run = simulate(
                network,
                steps * network.dt,
                start=start,
                replicas=count * part,
                rng=int(generator.integers(2**63)),
                scheme=self.wanted_scheme,
                progress=False,
            )
            if not run.success:
                raise InputError(f"from_sweep: {run.message}")
            trains = run.trains
            when = np.rint(trains.times / network.dt).astype(np.int64)
            own = (trains.units == self.unit) & (when > 0)  # a state set as a spike is no effect
            words = np.bincount(
                trains.replicas[own], weights=2.0 ** (when[own] - 1), minlength=count * part
            ).astype(np.int64)
            np.add.at(found, (np.tile(np.arange(count), part), words), 1.0)
        return found


def make_runs(
    network: Network,
    unit: int,
    states: Any,
    contexts: Contexts,
    over_time: str,
    unnamed: str,
    scheme: str | None,
) -> Runs:
    """Return what is to be simulated; raise `InputError` for what makes no sense."""
    check_choice("context_over_time", over_time, (CONSTANT, FREE))
    check_choice("unnamed", unnamed, ("rest", "steady"))
    layout = lay_out(network, scheme)
    index, place = layout.locate(unit)
    group = layout.groups[index]
    set_on, m = _values(states, group)
    if unnamed == "steady":
        set_on = {**steady_states(group, place, set_on[group.states[0]], set_on), **set_on}
    if over_time == CONSTANT:
        networks = [alone(network, unit, float(c)) for c in contexts.inputs]
        rests = [_rest(lay_out(networks[0], scheme), m)] * len(networks)
        number = 0
    else:
        if contexts.patterns is None:
            raise bad(
                "contexts", contexts.kind, "spike patterns, as 'states' gives, for the free network"
            )
        networks = [network] * len(contexts.inputs)
        rests = [_rest(layout, m, pattern) for pattern in contexts.patterns]
        number = unit
    starts = []
    for rest in rests:
        tables = {name: table.copy() for name, table in rest.items()}
        for name, values in set_on.items():
            tables[name][:, number] = values
        starts.append(tables)
    shown = [name for name in group.states if name in set_on]
    units = dict(zip(group.states, group.equations.units, strict=True))
    return Runs(
        label=network.labels[unit],
        unit=number,
        networks=networks,
        states=starts,
        coordinates=np.stack([set_on[name] for name in shown]),
        names=tuple(f"{name} ({units[name]})" for name in shown),
        wanted_scheme=scheme,
        scheme=group.scheme,
    )


def _values(states: Any, group: Group) -> tuple[dict[str, Floats], int]:
    """Return what is set on the unit, by name, and how many states that are."""
    given = states if isinstance(states, Mapping) else {group.states[0]: states}
    found = {}
    for name, value in given.items():
        if name not in group.states:
            raise bad("states", name, "a state variable", suggest(str(name), group.states))
        try:
            array = np.array(value, dtype=float)
        except (TypeError, ValueError):
            raise bad(f"states[{name!r}]", value, "finite numbers, shape (n,)") from None
        if array.ndim > 1 or not np.all(np.isfinite(array)):
            raise bad(f"states[{name!r}]", value, "finite numbers, shape (n,)")
        found[name] = np.atleast_1d(array)
    m = max((len(value) for value in found.values()), default=0)
    if m == 0 or any(len(value) not in (1, m) for value in found.values()):
        raise bad("states", {k: len(v) for k, v in found.items()}, "as many values for each name")
    if group.states[0] not in found:
        raise bad("states", sorted(found), f"the potential {group.states[0]!r} among them")
    return {name: np.broadcast_to(value, (m,)).copy() for name, value in found.items()}, m


def _rest(layout: Layout, m: int, pattern: Any = None) -> dict[str, Floats]:
    """Return m rows of the resting network by name; units of the pattern have just spiked."""
    names = dict.fromkeys(name for group in layout.groups for name in group.states)
    tables = {name: np.zeros((m, layout.n)) for name in names}
    for group in layout.groups:
        rest = rest_of(group)
        for k, name in enumerate(group.states):
            tables[name][:, group.units] = rest[k]
        on = [] if pattern is None else [j for j, u in enumerate(group.units) if pattern[u]]
        if not on:
            continue
        if group.equations.threshold is None:
            raise InputError(
                f"contexts: {group.model.name} cannot be set as having just spiked, as its spikes "
                "are made by its flow; use context_over_time='constant'"
            )
        function, states, parameters = threshold_function(group.equations)
        own = [rest[k] for k in states] + [group.parameters[name] for name in parameters]
        theta = np.broadcast_to(function(*own), (group.size,)).astype(float)
        if group.convention.strict_threshold:
            theta = np.nextafter(theta, np.inf)
        tables[group.states[0]][:, group.units[on]] = theta[on]
    return tables


def steady_states(
    group: Group, place: int, potential: ArrayLike, known: Mapping[str, Any]
) -> dict[str, Floats]:
    """Return where the other states of a unit settle while its potential is held.

    States that are linear in their own equation, and depend on the potential and known states
    alone: gates, adaptation, synaptic currents. In the order of the equations.

    Raises
    ------
    InputError
        If a state does not settle so.
    """
    import sympy as sp

    equations = group.equations
    values: dict[str, Any] = {name: float(value[place]) for name, value in group.parameters.items()}
    values |= dict(known) | {group.states[0]: np.asarray(potential, dtype=float)}
    found = {}
    for state, rate in zip(equations.states[1:], equations.drift[1:], strict=True):
        if str(state) in values:
            continue
        slope = sp.expand(rate.diff(state))
        needed = {str(s) for s in rate.free_symbols} - {str(state)}
        if slope == 0 or state in slope.free_symbols or not needed <= values.keys():
            raise InputError(
                f"unnamed = 'steady': {state} of {group.model.name} does not settle at a fixed "
                "potential; name it in `states`"
            )
        formula = rate.xreplace({state: sp.Integer(0)}) / -rate.diff(state)
        names = sorted(needed)
        function = sp.lambdify(
            [sp.Symbol(name, real=True) for name in names],
            formula,
            modules=[{"linoid": linoid_array}, "numpy"],
        )
        settled = function(*(values[name] for name in names))
        found[str(state)] = np.broadcast_to(settled, np.shape(potential)).astype(float)
        values[str(state)] = found[str(state)]
    return found
