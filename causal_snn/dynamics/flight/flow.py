"""spike: the flight of a neuron from its reset to its next spike, exact to rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.dynamics.field import Field, field
from causal_snn.dynamics.flight import run as flow_run
from causal_snn.dynamics.flight.variational import Systems, systems
from causal_snn.dynamics.floats import floats, is_number
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel

Floats = NDArray[np.float64]
SPIKE, REST, LATE, BLOW_UP = flow_run.SPIKE, flow_run.REST, flow_run.LATE, flow_run.BLOW_UP
"""What may end a flight."""
RTOL, MAX_TIME = 1e-13, 1e5


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """The way of a neuron from a state after reset to its next spike; n states.

    Derivatives follow the change of the crossing time too (the saltation matrix is in them).

    Attributes
    ----------
    status : str
        ``"spike"``, ``"no spike: converged to rest"``, ``"no spike within max_time"`` or
        ``"blow-up"`` (a state leaves all bounds without a spike, or a formula is undefined).
    time : float
        Time to the spike (ms); without one, the time when the flight was given up.
    before, after : array, shape (n,)
        State at the crossing and after the reset; without a spike, the last state and NaN.
    speed : float
        Rate at which the potential crosses the threshold (mV/ms); 0 is a tangency.
    steps : int
        Integration steps taken.
    d_before, d_after : array, shape (n, n), optional
        Derivatives of `before` and `after` by the start.
    d_time : array, shape (n,), optional
        Derivative of `time` by the start.
    p_before, p_after : array, shape (n,), optional
        Derivatives by the parameter that was named, the start held fixed.
    p_time : float, optional
        Derivative of `time` by that parameter.
    """

    status: str
    time: float
    before: Floats
    after: Floats
    speed: float
    steps: int
    d_before: Floats | None = None
    d_after: Floats | None = None
    d_time: Floats | None = None
    p_before: Floats | None = None
    p_after: Floats | None = None
    p_time: float | None = None

    @property
    def spiked(self) -> bool:
        """Whether there was a spike."""
        return self.status == SPIKE


def spike(
    model: NeuronModel | Field,
    start: ArrayLike,
    *,
    rtol: float = RTOL,
    atol: ArrayLike | None = None,
    max_time: float = MAX_TIME,
    variational: bool = False,
    parameter: str | None = None,
    **params: float,
) -> Flight:
    """Follow the flow from a state to the next threshold crossing, and reset.

    The equations are integrated by Dormand and Prince's method of order 8 in time, and in the
    last part in the height of the potential over the threshold, so the crossing is met exactly
    even where the potential explodes. A flight that has come into the linear surroundings of
    a stable equilibrium ends there.

    Parameters
    ----------
    model : NeuronModel or Field
        A neuron with threshold and reset.
    start : array, shape (n,)
        State to start from, below threshold.
    rtol : float
        Relative tolerance of a step, between 3e-14 and 1e-3.
    atol : float or array (n,), optional
        Absolute tolerance; default `rtol` times 1/100 of each state's range in the model.
    max_time : float
        Longest flight (ms).
    variational : bool
        Whether to compute the derivatives by the start.
    parameter : str, optional
        A parameter whose derivatives to compute.
    **params
        Parameter values to change.

    Returns
    -------
    Flight

    Raises
    ------
    InputError
        If the neuron has no threshold, the start is not n finite numbers below threshold, or
        an option is out of range.
    """
    fld = hybrid_field(model, **params)
    x = check_start(fld, start)
    index = None if parameter is None else fld.index(parameter)
    columns = np.eye(fld.n).tolist() if variational else []
    return fly(fld, x, columns, index, tolerances(fld, rtol, atol), rtol, check_time(max_time))


def hybrid_field(model: NeuronModel | Field, **params: float) -> Field:
    """Return the field of a neuron with threshold and reset, or raise `InputError`."""
    if isinstance(model, Field):
        fld = model.at(**params) if params else model
    else:
        fld = field(model, **params)
    if not fld.model.spikes_by_reset:
        raise bad(
            "model",
            fld.model.name,
            "a neuron with threshold and reset",
            "The spikes of this one are part of its flow: follow its cycles instead.",
        )
    return fld


def check_start(fld: Field, start: ArrayLike) -> tuple[float, ...]:
    """Return a start as floats after checking shape, finiteness and threshold."""
    x = floats(start)
    if x.shape != (fld.n,) or not np.isfinite(x).all():
        raise bad("start", start, f"{fld.n} finite numbers, one for each of {fld.states}")
    state = tuple(x.tolist())
    system = systems(fld.model.equations, fld.names, 0, None, False)
    try:
        height = system.by_time.begin(state, system.by_time.prepare(fld.p))[1][0]
    except flow_run.TROUBLE:
        height = math.nan
    if height >= 0:
        raise bad("start", list(state), f"below threshold, not {height:.6g} above it")
    return state


def check_time(max_time: float) -> float:
    """Return a longest time after checking it."""
    if not (is_number(max_time) and max_time > 0):
        raise bad("max_time", max_time, "a positive finite time (ms)")
    return float(max_time)


def tolerances(fld: Field, rtol: float, atol: ArrayLike | None) -> Floats:
    """Return the absolute tolerance of each state, shape (n,)."""
    if not (is_number(rtol) and 3e-14 <= rtol <= 1e-3):
        raise bad("rtol", rtol, "between 3e-14 and 1e-3")
    if atol is None:
        return 0.01 * rtol * widths(fld)
    found = floats(atol)
    if found.shape not in {(), (fld.n,)} or not (found > 0).all():
        raise bad("atol", atol, f"a positive number, or {fld.n} of them")
    return np.broadcast_to(found, fld.n)


def widths(fld: Field) -> Floats:
    """Return the range of each state, shape (n,)."""
    domain = fld.model.equations.domain or ((-100.0, 100.0),) * fld.n
    return np.array([high - low for low, high in domain])


def fly(
    fld: Field,
    start: Sequence[float],
    columns: Sequence[Sequence[float]],
    parameter: int | None,
    atol: Floats,
    rtol: float,
    max_time: float,
    parameter_column: Sequence[float] | None = None,
) -> Flight:
    """Return a flight with tangent vectors `columns`; no checks, for inner loops.

    `parameter_column` is the derivative of the start by the parameter, default 0. The columns
    of `d_before` and `d_after` answer to `columns`.
    """
    seeds = [tuple(column) for column in columns]
    if parameter is not None:
        seeds.append(tuple(parameter_column or (0.0,) * fld.n))
    scale = column_tolerances(fld, atol, rtol, seeds, parameter)
    y = (*start, *(value for seed in seeds for value in seed))
    return fly_on(fld, y, 0.0, len(seeds), parameter, atol, rtol, max_time, scale)


def fly_on(
    fld: Field,
    variables: tuple[float, ...],
    time: float,
    columns: int,
    parameter: int | None,
    atol: Floats,
    rtol: float,
    max_time: float,
    scale: list[list[float]],
) -> Flight:
    """Return a flight that is under way: states and tangents, and the time passed."""
    followed = columns - (parameter is not None)
    system = systems(fld.model.equations, fld.names, followed, parameter, False)
    run = flow_run.Run(
        fld, system, widths(fld), atol, rtol, max_time, columns, parameter, scale, time=time
    )
    end = run.go(variables)
    status = end.status
    if status == SPIKE:
        flight = _landed(fld, system, end, columns, parameter)
        if np.isfinite(flight.after).all():
            return flight
        status = BLOW_UP
    return Flight(
        status=status,
        time=end.time,
        before=np.array(end.variables[: fld.n]),
        after=np.full(fld.n, math.nan),
        speed=math.nan,
        steps=end.steps,
    )


def column_tolerances(
    fld: Field,
    atol: Floats,
    rtol: float,
    seeds: Sequence[Sequence[float]],
    parameter: int | None,
) -> list[list[float]]:
    """Return the absolute tolerance of each tangent vector's entries.

    They are those of a change of the seed's size in units of the states' ranges; for
    a parameter, of a change by its own size.
    """
    width = widths(fld)
    found = []
    for j, seed in enumerate(seeds):
        size = float(np.max(np.abs(seed) / width, initial=0.0))
        if parameter is not None and j == len(seeds) - 1:
            size = max(size, 0.01 / max(abs(fld.p[parameter]), 1e-3))
        found.append((rtol * size * width).tolist() if size else atol.tolist())
    return found


def _landed(
    fld: Field, system: Systems, end: flow_run.End, columns: int, parameter: int | None
) -> Flight:
    """Return the flight that ends in a spike, after its reset."""
    n, z = fld.n, end.variables
    values = system.reset(z[:n], fld.p)
    flight = Flight(
        status=SPIKE,
        time=end.time,
        before=np.array(z[:n]),
        after=np.array(values[:n], dtype=float),
        speed=end.speed,
        steps=end.steps,
    )
    if not columns:
        return flight
    by_state = np.array(values[n : n + n * n], dtype=float).reshape(n, n)
    tangents = np.array(z[n + 1 :]).reshape(columns, n + 1).T
    before, time = tangents[:n], tangents[n]
    after = by_state @ before
    if parameter is None:
        return replace(flight, d_before=before, d_after=after, d_time=time)
    own = after[:, -1] + np.array(values[n + n * n :], dtype=float)
    flight = replace(flight, p_before=before[:, -1], p_after=own, p_time=float(time[-1]))
    if columns == 1:
        return flight
    return replace(flight, d_before=before[:, :-1], d_after=after[:, :-1], d_time=time[:-1])
