"""continue_map: how the fixed points of an implementation change with a parameter or the step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from causal_snn.dynamics.continuation.arclength import Problem
from causal_snn.dynamics.continuation.branch import Branch
from causal_snn.dynamics.continuation.continuation import continue_equilibria, equilibrium_system
from causal_snn.dynamics.continuation.start import start_state, widths
from causal_snn.dynamics.field import Field, Floats, field
from causal_snn.dynamics.implementation.branch import MapBranch
from causal_snn.dynamics.implementation.detect import refine, trail
from causal_snn.dynamics.implementation.discretised import by_modulus, checked_step, discretise
from causal_snn.dynamics.implementation.special import special_points
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.schemes import DT
from causal_snn.progress import working
from causal_snn.provenance import provenance

METHOD = (
    "pseudo-arclength continuation of the zeros of the scheme's increment with exact Jacobians; "
    "period doublings and Neimark-Sacker points bracketed by test functions and polished by "
    "Newton on their defining systems"
)


def continue_map(
    model: NeuronModel,
    scheme: str,
    parameter: str,
    span: tuple[float, float],
    *,
    dt: float | None = None,
    start: Any = None,
    max_step: float = 0.02,
    max_points: int = 2000,
    tolerance: float = 1e-12,
    progress: bool = False,
    **params: float,
) -> MapBranch:
    """Follow a fixed point of a neuron's implementation, and find where its stability changes.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    scheme : str
        How it is stepped, as in `discretise`.
    parameter : str
        Parameter to change; ``"dt"`` for the time step.
    span : tuple of (float, float)
        Where to begin, and how far to go.
    dt : float, optional
        Time step (ms). Needed unless the parameter is ``"dt"``; then it is the step to begin
        with, from which the branch is followed both ways, default ``span[0]``.
    start : array, FixedPoint, int or SpecialPoint, optional
        The fixed point to begin with: a state near it, the object, or the number of an
        equilibrium of the neuron; default its equilibrium of lowest first state. A branch point
        (BP) starts the other branch through it.
    max_step, max_points, tolerance
        As in `continue_equilibria`.
    progress : bool
        Show that it works if it takes long: derivatives are compiled at the first use.
    **params
        Values of other parameters to change.

    Returns
    -------
    MapBranch

    Raises
    ------
    InputError
        If a name is unknown, a value outside its meaning, or there is no fixed point to begin
        with.

    Examples
    --------
    >>> from causal_snn import models
    >>> branch = continue_map(models.izhikevich(), "published", "I", (0, 4), dt=1.0)
    >>> [point.name for point in branch.special]
    ['NS1', 'LP1']
    """
    low, high = _ends(span)
    if parameter == DT:
        for end in (low, high):
            checked_step(end, "span (ms)")
        params = params if dt is None else {**params, DT: checked_step(dt)}
    elif dt is None:
        raise bad("dt", None, "a positive number of ms, the time step")
    first = low if dt is None else checked_step(dt)
    own = {key: value for key, value in params.items() if key not in (DT, parameter)}
    step = discretise(model, scheme, first, **own)
    if start is None or isinstance(start, int | np.integer):
        start = _equilibrium(model, parameter, (low, high), start, params)
    with working("Following fixed points", show=progress):
        branch = continue_equilibria(
            step.increment.model,
            parameter,
            (low, high),
            start=start,
            max_step=max_step,
            max_points=max_points,
            tolerance=tolerance,
            **params,
        )
        if len(branch) == 1:
            raise bad("span", span, f"a span that the branch enters; {branch.stopped[1]}")
        fld = (
            step.increment
            if parameter == DT
            else step.increment.at(**{parameter: branch.values[0]})
        )
        problem = _problem(fld, parameter, branch, tolerance)
        steps = math.nan if parameter == DT else first
        z = np.column_stack([branch.states, branch.values])
        found = refine(problem, trail(problem, z / problem.scale, steps), steps)
        special, notes = special_points(step.model, fld, scheme, parameter, problem, found, branch)
    z = np.array([point.y for point in found.points]) * problem.scale
    jacobians = np.array([point.jacobian[:, :-1] for point in found.points])
    return MapBranch(
        model=step.model,
        scheme=scheme,
        parameter=parameter,
        dts=found.dts,
        values=z[:, -1],
        states=z[:, :-1],
        multipliers=by_modulus(np.eye(step.n) + found.dts[:, None, None] * jacobians),
        special=special,
        stopped=branch.stopped,
        provenance=provenance(
            METHOD,
            scheme=scheme,
            parameters=step.increment.values(),
            span=[low, high],
            max_step=max_step,
            max_points=max_points,
            tolerance=tolerance,
            **notes,
        ),
    )


def _ends(span: Any) -> tuple[float, float]:
    try:
        low, high = (float(end) for end in span)
    except (TypeError, ValueError):
        raise bad("span", span, "two numbers: where to begin and how far to go") from None
    return low, high


def _equilibrium(
    model: NeuronModel, parameter: str, span: tuple[float, float], start: Any, params: Any
) -> Floats:
    """Return an equilibrium of the neuron where the branch begins: a fixed point of any scheme."""
    own = {key: value for key, value in params.items() if key != DT}
    if parameter == DT:
        fld = field(model, **own)
        return start_state(fld, start, fld.names[0], fld.p[0])
    fld = field(model, **{parameter: span[0], **own})
    return start_state(fld, start, parameter, span[1])


def _problem(fld: Field, parameter: str, branch: Branch, tolerance: float) -> Problem:
    """Return the equations of the branch, scaled by its extent."""
    extent = np.maximum(np.ptp(branch.states, axis=0), 1e-3 * widths(fld))
    scale = np.append(extent, np.ptp(branch.values))
    unbounded = np.full(fld.n + 1, np.inf)
    system = equilibrium_system(fld, fld.index(parameter))
    return Problem(system, scale, -unbounded, unbounded, scale, tolerance)
