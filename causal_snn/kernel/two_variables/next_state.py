"""The deterministic part of one unit's step: where a state goes without noise, enclosed on boxes.

The *margin* is how far the next potential lies above the next threshold (mV). A step adds
Gaussian noise to the potential alone, so the unit spikes with probability Phi(margin/sigma):
the margin is the causal score of the micro state (theory/14_two_variables.py V2).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.models.network import Network
from causal_snn.models.schemes import DT
from causal_snn.simulation.engine.layout import EXACT, Group, is_linear
from causal_snn.simulation.engine.linear import LinearStep, linear_step
from causal_snn.simulation.engine.stages import stages

Floats = NDArray[np.float64]
PIECES = 16
INPUT = "synaptic_input"
"""Name of the input of the other units in formulas."""


class NextState(ABC):
    """Margin and next states as functions of the states and the input c of the other units.

    Outputs are numbered: 0 the margin, 1 + k the next value of state k. Arguments are numbered
    by state; the last one is c.
    """

    @abstractmethod
    def at(self, x: Floats) -> Floats:
        """Return the outputs, shape (1 + d, ...), at arguments of shape (d + 1, ...)."""

    @abstractmethod
    def bounds(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return least and greatest outputs, shape (1 + d, n), on n boxes of arguments."""

    @abstractmethod
    def slopes(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return least and greatest derivatives, shape (1 + d, d + 1, n), on n boxes."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearNext(NextState):
    """Outputs of a linear neuron: matrix x + constant.

    Attributes
    ----------
    matrix : array, shape (1 + d, d + 1)
    constant : array, shape (1 + d,)
    """

    matrix: Floats
    constant: Floats

    def at(self, x: Floats) -> Floats:
        """Return the outputs at some arguments."""
        shape = (-1,) + (1,) * (x.ndim - 1)
        return np.tensordot(self.matrix, x, axes=1) + self.constant.reshape(shape)

    def bounds(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the outputs at the corners where they are least and greatest: exact."""
        up, down = np.maximum(self.matrix, 0.0), np.minimum(self.matrix, 0.0)
        return (
            up @ low + down @ high + self.constant[:, None],
            up @ high + down @ low + self.constant[:, None],
        )

    def slopes(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:  # noqa: ARG002
        """Return the matrix: derivatives are the same everywhere."""
        whole = np.broadcast_to(self.matrix[:, :, None], (*self.matrix.shape, low.shape[1]))
        return whole, whole


@dataclass(frozen=True, slots=True, eq=False)
class FormulaNext(NextState):
    """Outputs by formulas, enclosed by interval arithmetic.

    A box is first reduced to its ends in every argument in which the output is monotone, as the
    interval of its derivative proves; what is left is enclosed by the formula on intervals and
    by the mean-value form, whichever is narrower (Moore, Kearfott and Cloud, Introduction to
    Interval Analysis, 2009, ch. 6). A box in which an output may turn with the potential is cut
    into `PIECES` first.
    """

    values: Any
    enclosures: Any
    derivatives: Any
    outputs: int

    def at(self, x: Floats) -> Floats:
        """Return the outputs at some arguments."""
        with np.errstate(over="ignore"):
            found = self.values(*x)
        return np.stack([np.broadcast_to(each, x.shape[1:]) for each in found])

    def bounds(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return bounds of the outputs; see the class."""
        least, most = self.slopes(low, high)
        found = self._bounds(low, high, least, most)
        turns = np.flatnonzero(np.any((least[:, 0] < 0) & (most[:, 0] > 0), axis=0))
        if turns.size:
            shares = np.arange(PIECES + 1)[:, None] / PIECES
            ends = low[0, turns] + shares * (high[0, turns] - low[0, turns])
            ends[-1] = high[0, turns]
            first, last = (np.tile(x[:, turns], PIECES) for x in (low, high))
            first[0], last[0] = ends[:-1].ravel(), ends[1:].ravel()
            least, most = self.slopes(first, last)
            parts = self._bounds(first, last, least, most)
            shape = (self.outputs, PIECES, turns.size)
            found[0][:, turns] = parts[0].reshape(shape).min(axis=1)
            found[1][:, turns] = parts[1].reshape(shape).max(axis=1)
        return found

    def _bounds(
        self, low: Floats, high: Floats, least: Floats, most: Floats
    ) -> tuple[Floats, Floats]:
        from causal_snn.dynamics.interval.arithmetic import Interval

        middle = (low + high) / 2.0
        at_centre = self.enclosures(*map(Interval.of, middle))
        found_low = np.empty((self.outputs, low.shape[1]))
        found_high = np.empty_like(found_low)
        for k in range(self.outputs):
            rising, falling = least[k] >= 0, most[k] <= 0
            ends = []
            for up, down in ((low, high), (high, low)):
                first = np.where(rising, up, np.where(falling, down, low))
                last = np.where(rising, up, np.where(falling, down, high))
                box = [Interval(a, b) for a, b in zip(first, last, strict=True)]
                ends.append(Interval.of(self.enclosures(*box)[k]))
            mean: Any = Interval.of(at_centre[k])
            for j in range(len(low)):
                away = Interval.of(low[j]).hull(Interval.of(high[j])) - Interval.of(middle[j])
                mean = mean + Interval(least[k, j], most[k, j]) * away
            with np.errstate(invalid="ignore"):
                found_low[k] = np.fmax(ends[0].lo, mean.lo)
                found_high[k] = np.fmin(ends[1].hi, mean.hi)
        return found_low, found_high

    def slopes(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return bounds of the derivatives."""
        from causal_snn.dynamics.interval.arithmetic import Interval

        box = [Interval(a, b) for a, b in zip(low, high, strict=True)]
        count, size = len(low), low.shape[1]
        found = [Interval.of(each) for each in self.derivatives(*box)]
        least = np.stack([np.broadcast_to(each.lo, (size,)) for each in found])
        most = np.stack([np.broadcast_to(each.hi, (size,)) for each in found])
        shape = (self.outputs, count, size)
        return least.reshape(shape), most.reshape(shape)


def next_state(one: Network, group: Group) -> NextState:
    """Return the step of a network of one unit, which the engine's own formulas define.

    Parameters
    ----------
    one : Network
        Of one unit, see `causal_snn.kernel.alone`.
    group : Group
        Its layout.
    """
    if group.scheme in (EXACT, "euler") and is_linear(group.equations):
        return _linear(one, group)
    values = {name: float(value[0]) for name, value in group.parameters.items()}
    values[DT] = float(one.dt)
    names = tuple(sorted(values))
    numeric, interval, slopes, count = _compiled(
        group.equations, tuple(stages(group)), group.convention.arrival == "start", names
    )
    numbers = [values[name] for name in names]
    bias = float(one.bias[0])

    def shifted(function: Any) -> Any:
        return lambda *x: function(*x[:-1], x[-1] + bias)

    return FormulaNext(
        values=shifted(lambda *x: numeric(*x, *numbers)),
        enclosures=shifted(interval.at(numbers)),
        derivatives=shifted(slopes.at(numbers)),
        outputs=count,
    )


def linear_numbers(one: Network, group: Group) -> LinearStep:
    """Return the engine's numbers of a linear unit's step."""
    parameters = {name: value[None] for name, value in group.parameters.items()}
    return linear_step(group, one.dt, parameters, one.bias, (group.equations.synapse,))


def _linear(one: Network, group: Group) -> LinearNext:
    step = linear_numbers(one, group)
    matrix = np.concatenate([step.matrix[:, :, 0, 0], step.gains[0, :, 0, 0][:, None]], axis=1)
    constant = step.constant[:, 0, 0]
    threshold: Any = group.equations.threshold
    if threshold in group.equations.states:
        k = group.equations.states.index(threshold)
        first, offset = matrix[0] - matrix[k], constant[0] - constant[k]
    elif threshold.free_symbols & set(group.equations.states):
        raise InputError(
            f"{group.model.name}: a threshold that is a formula of states has no linear margin; "
            "use kernel.from_sweep"
        )
    else:
        numbers = {s: float(group.parameters[str(s)][0]) for s in threshold.free_symbols}
        first, offset = matrix[0], constant[0] - float(threshold.subs(numbers))
    return LinearNext(np.vstack([first, matrix]), np.concatenate([[offset], constant]))


@cache
def _compiled(equations: Any, steps: Any, early: bool, names: tuple[str, ...]) -> Any:
    """Return margin and next states as functions of numbers, of intervals, and derivatives.

    `early`: whether the input of a state beside the potential arrives before the flow; that of
    the potential arrives after it.
    """
    import sympy as sp

    from causal_snn.dynamics.interval.compile import interval_function, without_pieces
    from causal_snn.models.rates import linoid_array

    states = equations.states
    c = sp.Symbol(INPUT, real=True)
    k = equations.synapse
    before = early and k != 0
    now = dict(zip(states, states, strict=True))
    if before:
        now[states[k]] = states[k] + c
    for renewed, formulas in steps:
        new = [formula.xreplace(now) for formula in formulas]
        now |= {states[j]: each for j, each in zip(renewed, new, strict=True)}
    if not before:
        now[states[k]] = now[states[k]] + c
    margin = now[states[0]] - equations.threshold.xreplace(now)
    outputs = [without_pieces(each) for each in (margin, *(now[s] for s in states))]
    variables = [*states, c]
    parameters = [sp.Symbol(name, real=True) for name in names]
    modules: list[Any] = [{"linoid": linoid_array}, "numpy"]
    numeric = sp.lambdify(
        [*variables, *parameters], [margin, *(now[s] for s in states)], modules=modules, cse=True
    )
    slopes = [each.diff(x) for each in outputs for x in variables]
    return (
        numeric,
        interval_function(outputs, variables, parameters),
        interval_function(slopes, variables, parameters, slopes=True),
        len(outputs),
    )
