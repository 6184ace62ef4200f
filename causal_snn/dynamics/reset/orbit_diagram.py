"""orbit_diagram: what a reset map's spikes settle on, over many values of a parameter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.dynamics.flight import flow
from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.floats import floats, is_number
from causal_snn.dynamics.reset.reset_map import AT_THRESHOLD, ResetMap, reset_map
from causal_snn.dynamics.reset.train import start_of
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel
from causal_snn.progress import track
from causal_snn.provenance import provenance


@dataclass(frozen=True, slots=True, eq=False)
class OrbitDiagram:
    """Spikes after a transient, for N parameter values.

    Attributes
    ----------
    model : NeuronModel
        The neuron.
    parameter : str
        Name of the parameter.
    state : str
        Name of the adaptation variable.
    values : array, shape (N,)
        Parameter values.
    states, isi : array, shape (N, spikes)
        Adaptation after each spike, and time to the next (ms); NaN once spiking has stopped.
    lyapunov : array, shape (N,)
        Mean of log|Phi'| over these spikes; NaN where spiking stopped.
    status : array of str, shape (N,)
        ``"spike"``, or why spiking stopped.
    provenance : dict
    """

    model: NeuronModel
    parameter: str
    state: str
    values: Floats
    states: Floats
    isi: Floats
    lyapunov: Floats
    status: NDArray[np.object_]
    provenance: dict[str, Any] = field(default_factory=dict)


def orbit_diagram(
    source: ResetMap | NeuronModel,
    parameter: str,
    values: ArrayLike,
    *,
    spikes: int = 100,
    transient: int = 200,
    w: float | None = None,
    rtol: float = 1e-9,
    progress: bool = False,
    **params: float,
) -> OrbitDiagram:
    """Iterate a reset map at many values of a parameter at once.

    Parameters
    ----------
    source : ResetMap or NeuronModel
        The map, or the neuron it is of.
    parameter : str
        Name of any parameter.
    values : array, shape (N,), or (float, float)
        Its values; two numbers are a span that gets 400.
    spikes, transient : int
        Number of spikes to keep for each value, and to let pass first.
    w : float, optional
        Adaptation to start from; default the map's maximum at the first value.
    rtol : float
        Relative tolerance of an integration step. Chaotic trains forget their start, so it
        need not be as small as for a single orbit.
    progress : bool
        Whether to show a bar.
    **params
        Parameter values to change.

    Returns
    -------
    OrbitDiagram

    Raises
    ------
    InputError
        If the model has no reset map, a name is unknown, or a value is outside its meaning.
    """
    found = source if isinstance(source, ResetMap) else reset_map(source)
    grid = floats(values)
    if grid.ndim != 1 or not len(grid) or not np.isfinite(grid).all():
        raise bad("values", values, "a list of finite numbers")
    if len(grid) == 2:
        grid = np.linspace(grid[0], grid[1], 400)
    for name, count, least in (("spikes", spikes, 1), ("transient", transient, 0)):
        if not (is_number(count) and count >= least):
            raise bad(name, count, f"at least {least}")
    found = found.at(**params)
    index = found.field.index(parameter)
    for value in grid.tolist():
        found.field.at(**{parameter: value})  # the model's own checks
    first = found.at(**{parameter: float(grid[0])})
    flow.tolerances(first.field, rtol, None)
    coarse = ResetMap(first.field, first.index, first.window, rtol, first.max_time)
    states = np.full((len(grid), spikes), np.nan)
    isi, logs = states.copy(), states.copy()
    status = np.full(len(grid), flow.SPIKE, dtype=object)
    alive = np.arange(len(grid))
    point = np.full(len(grid), start_of(first, w))
    for i in track(range(-transient, spikes), label="spikes", show=progress):
        p: list[Any] = list(coarse.field.p)
        p[index] = grid[alive]
        flights, above = coarse.lanes(point, p)
        assert flights.d_after is not None
        on = flights.spiked
        if i >= 0:
            states[alive, i], isi[alive, i] = point, np.where(on, flights.time, np.nan)
            with np.errstate(divide="ignore"):
                logs[alive, i] = np.log(np.abs(flights.d_after[coarse.index, 0]))
        status[alive[~on]] = np.where(above, AT_THRESHOLD, flights.status)[~on]
        alive, point = alive[on], flights.after[coarse.index][on]
        if not len(alive):
            break
    return OrbitDiagram(
        model=found.model,
        parameter=parameter,
        state=found.state,
        values=grid,
        states=states,
        isi=isi,
        lyapunov=logs.mean(axis=1),
        status=status,
        provenance=provenance(
            "iteration of the reset map",
            transient=transient,
            spikes=spikes,
            start=start_of(first, w),
            step_tolerance=rtol,
        ),
    )
