"""One step of linear neurons, in numbers: x' = M x + k + j I(t) + sum_p G_p c_p + sigma xi.

I(t) is the part of the current that varies from step to step, c_p what projection p brings.
Neurons of the LIF family take their numbers from `models.step`, where their conventions are;
any other linear neuron from the exponential of its Jacobian.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.models.neuron import DRIVE, NeuronModel
from causal_snn.models.step import StepMap, unit_row
from causal_snn.simulation.engine.layout import EXACT, Group, is_lif_family

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LinearStep:
    """The numbers of a linear group's step; `R` is 1, or the number of rows of lanes.

    Attributes
    ----------
    matrix : array, shape (states, states, R, m)
        M.
    constant : array, shape (states, R, m)
        k, drive and bias included.
    current : array, shape (states, R, m)
        j, response to the varying part of the current.
    gains : array, shape (projections, states, R, m)
        G.
    restart : bool
        Delayed reset to a value: the step after a spike starts from V_reset, input lost.
    jump : array, shape (R, m)
        For subtractive resets, how far the potential falls (mV).
    """

    matrix: Floats
    constant: Floats
    current: Floats
    gains: Floats
    restart: bool
    jump: Floats


def linear_step(
    group: Group, dt: float, parameters: dict[str, Floats], bias: Floats, targets: tuple[int, ...]
) -> LinearStep:
    """Return the step of a linear group.

    Parameters
    ----------
    group : Group
    dt : float
        Time step (ms).
    parameters : dict of str to array, shape (1, m) or (R, m)
        Values in force.
    bias : array, shape (m,)
        Constant synaptic input per step, on the state of the weights.
    targets : tuple of int
        State that each projection acts on.
    """
    names = list(parameters)
    table = np.stack(np.broadcast_arrays(*(parameters[name] for name in names)), axis=-1)
    rows, back = np.unique(table.reshape(-1, len(names)), axis=0, return_inverse=True)
    of = _lif_family if is_lif_family(group.model) else _any_linear
    found = [
        of(_with(group, dict(zip(names, row, strict=True))), dt, float(row[names.index(DRIVE)]))
        for row in rows
    ]

    def spread(values: list[Any]) -> Floats:
        """Return one value per distinct unit as (..., R, m)."""
        array = np.moveaxis(np.array(values)[back.ravel()], 0, -1)
        return array.reshape((*array.shape[:-1], *table.shape[:2]))

    matrix = spread([one.matrix for one in found])
    synapse = group.equations.synapse
    gains = [spread([one.gains[k] for one in found]) for k in (*targets, synapse)]
    return LinearStep(
        matrix=matrix,
        constant=spread([one.constant for one in found]) + gains[-1] * bias,
        current=spread([one.current for one in found]),
        gains=np.array(gains[:-1]),
        restart=found[0].restart,
        jump=spread([one.jump for one in found]),
    )


def noise_gain(group: Group, dt: float, parameters: dict[str, Floats]) -> Floats:
    """Return sqrt of the integral of exp(2 J s), s = 0..dt, J the potential's own decay.

    White noise of amplitude A adds a normal number of standard deviation A times this to the
    potential in one step; sqrt(dt) for neurons and schemes that are not exact.
    """
    shape = np.broadcast_shapes(*(np.shape(value) for value in parameters.values()))
    if group.scheme != EXACT:
        return np.full(shape, np.sqrt(dt))
    import sympy as sp

    own = group.equations.drift[0].diff(group.equations.states[0])
    names = sorted(str(symbol) for symbol in own.free_symbols)
    function = sp.lambdify([sp.Symbol(name, real=True) for name in names], own, "numpy")
    slope = np.broadcast_to(np.asarray(function(*(parameters[n] for n in names)), float), shape)
    safe = np.where(slope == 0.0, 1.0, slope)
    variance = np.where(slope == 0.0, dt, np.expm1(2.0 * safe * dt) / (2.0 * safe))
    result: Floats = np.sqrt(variance)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Unit:
    """The step of one unit; arrays have shape (states, ...)."""

    matrix: Floats
    constant: Floats
    current: Floats
    gains: Floats
    restart: bool = False
    jump: float = 0.0


def _with(group: Group, values: dict[str, float]) -> NeuronModel:
    values = {name: value for name, value in values.items() if name != DRIVE}
    return group.model.with_parameters(**values).with_convention(step=group.scheme)


def _lif_family(model: NeuronModel, dt: float, drive: float) -> _Unit:
    step = StepMap(*unit_row(model, dt, drive, 0.0, 0.0))
    gain = unit_row(model, dt, 1.0, 0.0, 0.0)[6]  # what one mV of drive adds
    two = len(model.states) == 2
    matrix = np.array([[step.decay, step.current_to_potential], [0.0, step.current_decay]])
    gains = np.array([[1.0, 0.0], [step.gain_potential, step.gain_current]])
    size = 2 if two else 1
    return _Unit(
        matrix=matrix[:size, :size],
        constant=np.array([step.rest * (1.0 - step.decay) + step.drive, 0.0])[:size],
        current=np.array([gain, 0.0])[:size],
        gains=gains[:size, :size],
        restart=bool(step.restart),
        jump=float(step.reset_jump),
    )


def _any_linear(model: NeuronModel, dt: float, drive: float) -> _Unit:
    """Return M = exp(J dt) and its integral from the block exponential (Van Loan 1978)."""
    import sympy as sp
    from scipy.linalg import expm

    equations = model.equations
    values = {**{k: float(v) for k, v in model.parameters.items()}, DRIVE: drive}
    numbers = {sp.Symbol(name, real=True): value for name, value in values.items()}
    at_zero = dict.fromkeys(equations.states, 0.0)
    offset = [float(rate.xreplace(at_zero).subs(numbers)) for rate in equations.drift]
    symbol = sp.Symbol(model.input, real=True)
    slope = [float(rate.diff(symbol).subs(numbers)) for rate in equations.drift]
    size = len(offset)
    if model.convention.step == EXACT:
        block = np.zeros((size + 2, size + 2))
        block[:size, :size] = model.jacobian()
        block[:size, size:] = np.array([offset, slope]).T
        flow = expm(block * dt)
        matrix, rest = flow[:size, :size], flow[:size, size:]
    else:
        matrix = np.eye(size) + model.jacobian() * dt
        rest = np.array([offset, slope]).T * dt
    late = model.convention.arrival == "end"
    gains = np.eye(size) if late else matrix.T.copy()
    gains[0] = np.eye(size)[0]  # a jump of the potential is felt at the end of the step
    return _Unit(matrix=matrix, constant=rest[:, 0], current=rest[:, 1], gains=gains)
