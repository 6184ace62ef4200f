"""A unit whose micro state is a point of a plane: its step, threshold and reset, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad, suggest
from causal_snn.kernel.alone import alone, check_one_step
from causal_snn.kernel.two_variables.next_state import NextState, linear_numbers, next_state
from causal_snn.models.inputs import WhiteNoise
from causal_snn.models.network import Network
from causal_snn.simulation.engine.group_lanes import GroupLanes
from causal_snn.simulation.engine.layout import EXACT, Group, is_lif_family, lay_out
from causal_snn.simulation.start import rest_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PlaneUnit:
    """One unit of a network; made by `plane_unit`. Boxes of states have shape (d, n).

    Attributes
    ----------
    label : str
    names, units : tuple of str
        State variables and their units, the potential first.
    second : int
        The state that spans the plane with the potential.
    rest : array, shape (d,)
        Values of the states that stay as they are.
    step : NextState
    sigma : float
        Standard deviation of a step's noise on the potential (mV).
    strict : bool
        Spike above the threshold only, not at it.
    refractory : int
        Steps for which it is held after a spike.
    own_weight : float
        Input that its spike gives itself one step later.
    group : Group
        Its layout, with the equations.
    restart : float, optional
        Delayed reset to a value: the mean margin one step after a spike.
    jump : float, optional
        Subtractive reset of the LIF family: how far the potential falls (mV).
    scheme : str
    """

    label: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    second: int
    rest: Floats
    step: NextState
    sigma: float
    strict: bool
    refractory: int
    own_weight: float
    group: Group
    restart: float | None
    jump: float | None
    scheme: str

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters by name."""
        return {name: float(value[0]) for name, value in self.group.parameters.items()}

    @property
    def coordinates(self) -> tuple[str, str]:
        """Names and units of the plane's coordinates."""
        pairs = [(self.names[k], self.units[k]) for k in (0, self.second)]
        return tuple(f"{name} ({unit})" for name, unit in pairs)  # type: ignore[return-value]

    @property
    def threshold_is_state(self) -> bool:
        """Whether the threshold is the plane's second coordinate."""
        return bool(self.group.equations.threshold == self.group.equations.states[self.second])

    def threshold(self, second: Floats) -> Floats:
        """Return the threshold (mV) at values of the second coordinate."""
        if self.threshold_is_state:
            return np.asarray(second, dtype=float)
        formula: Any = self.group.equations.threshold
        values = {s: self.parameters[str(s)] for s in formula.free_symbols}
        return np.full(np.shape(second), float(formula.subs(values)))

    def points(self, v: Floats, second: Floats) -> Floats:
        """Return states, shape (d, ...), from the two coordinates."""
        v, second = np.broadcast_arrays(v, second)
        found = np.empty((len(self.names), *v.shape))
        found[...] = self.rest.reshape((-1,) + (1,) * v.ndim)
        found[0], found[self.second] = v, second
        return found

    def reset(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return boxes that enclose what a spike makes of boxes of states."""
        if self.jump is not None:
            fall = np.zeros((len(self.names), 1))
            fall[0] = self.jump
            return low - fall, high - fall
        from causal_snn.dynamics.interval.arithmetic import Interval
        from causal_snn.dynamics.interval.compile import interval_function

        equations, values = self.group.equations, self.parameters
        names = sorted({str(s) for each in equations.reset for s in each.free_symbols})
        names = [name for name in names if name in values]
        function = interval_function(equations.reset, equations.states, _symbols(names))
        bound = function.at([values[name] for name in names])
        box = [Interval(a, b) for a, b in zip(low, high, strict=True)]
        found = [Interval.of(each) for each in bound(*box)]
        first = np.stack([np.broadcast_to(each.lo, low.shape[1:]) for each in found])
        last = np.stack([np.broadcast_to(each.hi, low.shape[1:]) for each in found])
        if self.group.convention.reset == "subtract":  # lowered by threshold - reset
            theta = self.threshold(low[self.second]), self.threshold(high[self.second])
            first[0], last[0] = first[0] + low[0] - theta[1], last[0] + high[0] - theta[0]
        return first, last

    def held_at(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the boxes (after reset) with the potential at which refractory units are held."""
        if is_lif_family(self.group.model):
            low, high = low.copy(), high.copy()
            low[0] = high[0] = self.parameters["V_reset"]
        return low, high


def plane_unit(
    network: Network,
    unit: int | str,
    *,
    second: str | None = None,
    at: Mapping[str, float] | None = None,
    scheme: str | None = None,
) -> PlaneUnit:
    """Return a unit of a network for kernels on a plane of states.

    Parameters
    ----------
    network : Network
    unit : int or str
    second : str, optional
        The state beside the potential; default a threshold that is a state, else the second.
    at : mapping of str to float, optional
        Values of further states; default at rest.
    scheme : str, optional
        As in `causal_snn.simulation.sweep`.

    Raises
    ------
    InputError
        If the neuron has one state or no threshold, its input is no single number one step
        back, or a name is unknown.
    """
    k = network.index(unit)
    one = alone(network, k)
    check_one_step(network, k)
    group = lay_out(one, scheme).groups[0]
    names, equations = group.states, group.equations
    if len(names) < 2:
        raise InputError(
            f"{group.model.name} has one state; use kernel.next_spike or kernel.operator"
        )
    if equations.threshold is None:
        raise InputError(
            f"{group.model.name} spikes by its flow, without a threshold; use kernel.from_sweep"
        )
    if second is None:
        own = equations.threshold in equations.states[1:]
        second = str(equations.threshold) if own else names[1]
    if second not in names[1:]:
        raise bad("ranges", second, "a state beside the potential", suggest(second, names[1:]))
    rest = rest_of(group)[:, 0].copy()
    for name, value in dict(at or {}).items():
        if name not in names or name in (names[0], second):
            rest_names = [each for each in names[1:] if each != second]
            raise bad("at", name, "a state that does not span the plane", suggest(name, rest_names))
        rest[names.index(name)] = float(value)
    lanes = GroupLanes(group, 1, 2, np.float64, one.dt)
    white = sum(
        (s.per_unit("amplitude", 1) ** 2 for s in one.inputs if isinstance(s, WhiteNoise)),
        start=np.zeros(1),
    )
    convention, step = group.convention, next_state(one, group)
    restart = jump = None
    if is_lif_family(group.model) and group.scheme in (EXACT, "euler"):
        numbers = linear_numbers(one, group)
        jump = float(numbers.jump.flat[0]) or None
        p = group.parameters
        restart = float(p["V_reset"][0] - p["theta"][0]) if numbers.restart else None
    return PlaneUnit(
        label=one.labels[0],
        names=names,
        units=equations.units,
        second=names.index(second),
        rest=rest,
        step=step,
        sigma=float(lanes.noise_scale(one.noise, white).flat[0]),
        strict=convention.strict_threshold,
        refractory=convention.refractory_steps,
        own_weight=float(network.weights[k, k]),
        group=group,
        restart=restart,
        jump=jump,
        scheme=group.scheme,
    )


def _symbols(names: list[str]) -> list[Any]:
    import sympy as sp

    return [sp.Symbol(name, real=True) for name in names]
