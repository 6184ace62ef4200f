"""GroupLanes: the buffers of one group of units, and the array operations of its step.

Arrays have shape (rows, m, lanes). One step is, in this order: reset of the units that spiked,
input that arrives before the flow, the flow, input that arrives after it, noise, hold of
refractory units, detection of spikes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.models.schemes import DT
from causal_snn.simulation.engine.binding import bind
from causal_snn.simulation.engine.layout import EXACT, Group, is_linear
from causal_snn.simulation.engine.linear import LinearStep, linear_step, noise_gain
from causal_snn.simulation.engine.linear_ops import matrix_ops, product_ops
from causal_snn.simulation.engine.program import Op, compile_program, evaluate_constants
from causal_snn.simulation.engine.reset_formulas import threshold_function
from causal_snn.simulation.engine.stages import stages

Floats = NDArray[np.float64]
BEFORE, AFTER = "before", "after"


class GroupLanes:
    """One group of units in every row and lane; see the module.

    Attributes
    ----------
    states : list of array
        One for each state variable. The first is the potential *before* reset.
    spiked : array of bool
        Which units spiked in the latest step.
    before : array
        The potential after reset at the start of the latest step, where it is kept.
    parameters : dict of str to array, shape (R, m)
        Values in force; R is 1, or the number of rows where they differ.
    """

    def __init__(self, group: Group, rows: int, lanes: int, dtype: Any, dt: float) -> None:
        self.group, self.dt, self.dtype = group, dt, np.dtype(dtype)
        shape = (rows, group.size, lanes)
        self.shape = shape
        # One block, with a row of ones at its end, so that a linear flow can be a product.
        self.block = np.zeros((len(group.states) + 1, *shape), dtype)
        self.block[-1] = 1
        self.states = list(self.block[:-1])
        self.spiked = np.zeros(shape, bool)
        self.flat = [x.reshape(-1) for x in self.states]
        self.flat_spiked = self.spiked.reshape(-1)
        self.level = group.equations.threshold is None
        self.above = np.zeros(shape, bool) if self.level else None
        self.parameters = {name: value[None] for name, value in group.parameters.items()}
        self.scratch = np.empty(shape, dtype)
        self.before = np.zeros(shape, dtype)
        self.linear: LinearStep | None = None

    @property
    def count(self) -> int:
        """Number of state variables."""
        return len(self.states)

    # --- what an array of one number per unit looks like next to the lanes

    def number(self, values: Any) -> Any:
        """Return values (R, m) for use beside (rows, m, lanes): one number if all agree.

        The number is an array of shape (), which a ufunc need not convert at every call.
        """
        array = np.asarray(values, dtype=self.dtype)
        first = array.flat[0] if array.size else self.dtype.type(0)
        if np.all(array == first):
            return np.array(first, self.dtype)
        shape = np.broadcast_shapes(array.shape, (1, self.group.size))
        return np.ascontiguousarray(np.broadcast_to(array, shape))[:, :, None]

    def values(self) -> dict[str, Any]:
        """Return the parameters for formulas: one number where all units agree, else (R, m, 1)."""
        found: dict[str, Any] = {DT: self.dt}
        for name, value in self.parameters.items():
            same = bool(np.all(value == value.flat[0]))
            found[name] = float(value.flat[0]) if same else value[:, :, None]
        return found

    # --- the parts of a step

    def flow(
        self, targets: tuple[int, ...], bias: Floats, current: Any
    ) -> tuple[list[Op], list[str | Floats]]:
        """Return the flow's operations, and how the input of each target is to be added.

        `current` is the buffer of the part of the current that varies, or None. An input is added
        before or after the flow, or after it with gains, shape (states, R, m).
        """
        if self.is_linear():
            return self._linear_flow(targets, bias, current)
        arrives = AFTER if self.group.convention.arrival == "end" else BEFORE
        places: list[str | Floats] = [AFTER if k == 0 else arrives for k in targets]
        ops = self._program_flow(current)
        if np.any(bias):  # as a spike that arrives in every step
            synapse = self.group.equations.synapse
            state = self.states[synapse]
            add: list[Op] = [partial(np.add, state, self.number(bias[None]), out=state)]
            ops = ops + add if synapse == 0 or arrives == AFTER else add + ops
        return ops, places

    def is_linear(self) -> bool:
        """Return whether the step is one matrix."""
        return self.group.scheme in (EXACT, "euler") and is_linear(self.group.equations)

    def _program_flow(self, current: Any) -> list[Op]:
        names = self.group.states
        inputs = list(self.states)
        ops: list[Op] = []
        if current is not None:
            own = self.group.model.input
            names = (*names, own)
            if np.any(self.parameters[own]):  # beside the constant part
                whole = np.empty(self.shape, self.dtype)
                base = self.number(self.parameters[own])
                ops.append(partial(np.add, current, base, out=whole))
                current = whole
            inputs.append(current)
        for renewed, formulas in stages(self.group):
            program = compile_program(formulas, names)
            constants = [
                np.asarray(c, self.dtype) for c in evaluate_constants(program, self.values())
            ]
            ops += bind(program, inputs, constants, [self.states[k] for k in renewed])
        return ops

    def _linear_flow(
        self, targets: tuple[int, ...], bias: Floats, current: Any
    ) -> tuple[list[Op], list[str | Floats]]:
        step = self.linear = linear_step(self.group, self.dt, self.parameters, bias, targets)
        product = product_ops(self, step)
        ops = matrix_ops(self, step.matrix) if product is None else product
        for k, state in enumerate(self.states):
            if product is None and np.any(step.constant[k]):
                ops.append(partial(np.add, state, self.number(step.constant[k]), out=state))
            if current is not None and np.any(step.current[k]):
                ops += self.add_scaled(state, current, step.current[k])
        return ops, [self._place(step, k, p) for p, k in enumerate(targets)]

    def restart_ops(self) -> list[Op]:
        """Return the delayed reset to a value: the step after a spike ends there, input lost."""
        if self.linear is None or not self.linear.restart:
            return []
        reset = self.number(self.parameters["V_reset"])
        return [partial(np.copyto, self.states[0], reset, where=self.spiked)]

    def add_scaled(self, state: Any, other: Any, factor: Any) -> list[Op]:
        """Return the operations state <- state + factor * other, factor (R, m)."""
        return [
            partial(np.multiply, other, self.number(factor), out=self.scratch),
            partial(np.add, state, self.scratch, out=state),
        ]

    def _place(self, step: LinearStep, state: int, projection: int) -> str | Floats:
        gains: Floats = step.gains[projection]
        unit = np.zeros_like(gains)
        unit[state] = 1.0
        if np.array_equal(gains, unit):
            return AFTER
        if np.allclose(gains, step.matrix[:, state], rtol=1e-14, atol=0.0):
            return BEFORE  # G = M e: as if the state jumped before the flow
        return gains

    def add_input(self, arrived: Any, state: int, place: str | Floats, when: str) -> list[Op]:
        """Return the operations that add what arrived (rows, m, lanes) to a state."""
        if isinstance(place, str):
            x = self.states[state]
            return [partial(np.add, x, arrived, out=x)] if place == when else []
        if when == BEFORE:
            return []
        ops: list[Op] = []
        for k, gain in enumerate(place):
            if np.any(gain):
                ops += self.add_scaled(self.states[k], arrived, gain)
        return ops

    def noise_scale(self, noise: Floats, white: Floats) -> Floats:
        """Return the standard deviation of a step's noise on the potential, shape (R, m).

        Parameters
        ----------
        noise : array, shape (m,)
            Stationary standard deviation of the free potential (mV).
        white : array, shape (m,)
            Sum of squares of the amplitudes of white noise (mV^2/ms).
        """
        variance = white * noise_gain(self.group, self.dt, self.parameters) ** 2
        if np.any(noise):
            decay = _decay(self.group.scheme, self.dt / self.parameters["tau"])
            variance = variance + noise**2 * (1.0 - decay**2)
        result: Floats = np.sqrt(variance)
        return result

    # --- threshold

    def threshold_now(self) -> Any:
        """Return the threshold in force: a number, (R, m, 1), or as many as there are lanes."""
        function, states, names = threshold_function(self.group.equations)
        if self.level:
            return self.dtype.type(self.group.equations.level)
        values = self.values()
        result = function(*(self.states[k] for k in states), *(values[name] for name in names))
        return result if states else np.asarray(result, self.dtype)[()]

    def threshold(self) -> tuple[list[Op], Any]:
        """Return the operations that find the threshold, and where its value is."""
        if self.level or not threshold_function(self.group.equations)[1]:
            return [], np.asarray(self.threshold_now())
        if self.group.equations.threshold in self.group.equations.states:
            equations = self.group.equations
            return [], self.states[equations.states.index(equations.threshold)]
        buffer = np.empty(self.shape, self.dtype)
        return [lambda: np.copyto(buffer, self.threshold_now())], buffer

    def detect_ops(self) -> list[Op]:
        """Return the operations that find the spikes of a step."""
        ops, threshold = self.threshold()
        state = self.states[0]
        compare = np.greater if self.group.convention.strict_threshold else np.greater_equal
        if self.above is None:
            return [*ops, partial(compare, state, threshold, out=self.spiked)]
        now = np.empty(self.shape, bool)
        return [
            *ops,
            partial(compare, state, threshold, out=now),
            partial(np.greater, now, self.above, out=self.spiked),  # now and not before
            partial(np.copyto, self.above, now),
        ]


def _decay(scheme: str, z: Any) -> Any:
    """Return what a scheme's step of z = dt/tau keeps of a leaky potential."""
    if scheme in (EXACT, "exponential_euler"):
        return np.exp(-z)
    return 1.0 - z + 0.5 * z**2 if scheme == "midpoint" else 1.0 - z
