"""Continuation of equilibria: how a neuron's resting states change with a parameter."""

from __future__ import annotations

from typing import Any

import numpy as np

from causal_snn.dynamics.continuation.arclength import Edge, Point, Problem, System, null_vector
from causal_snn.dynamics.continuation.branch import Branch
from causal_snn.dynamics.continuation.detect import indicators, refine
from causal_snn.dynamics.continuation.fold_start import OUT, enters, fold_at
from causal_snn.dynamics.continuation.locate import numbered, special_points
from causal_snn.dynamics.continuation.options import check_options
from causal_snn.dynamics.continuation.path import follow
from causal_snn.dynamics.continuation.start import start_state, widths
from causal_snn.dynamics.field import Field, Floats, field
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel
from causal_snn.provenance import provenance

METHOD = (
    "pseudo-arclength continuation (Keller 1977) with exact Jacobians; special points bracketed "
    "by test functions and polished by Newton on their defining systems"
)


def continue_equilibria(
    model: NeuronModel,
    parameter: str,
    span: tuple[float, float],
    *,
    start: Any = None,
    max_step: float = 0.02,
    max_points: int = 2000,
    tolerance: float = 1e-12,
    **params: float,
) -> Branch:
    """Follow an equilibrium along a parameter, past folds, and find where its stability changes.

    The branch begins at ``span[0]`` and ends where it leaves the span at either end, where it
    closes, or after `max_points`. If `params` gives the continued parameter a value inside the
    span, the branch begins there and is followed both ways, as from a fold at ``span[0]`` whose
    arms go into the span; if they go out of it, the branch is that one point.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    parameter : str
        Parameter to change; ``drive`` for neurons whose current is set by their network.
    span : tuple of (float, float)
        Where to begin, and how far to go; the second may be the smaller one.
    start : array, Equilibrium, int or SpecialPoint, optional
        The equilibrium to begin with: a state near it, the object or its index in what
        `equilibria` returns; default the one of lowest first state. A branch point (BP) starts
        the other branch through it, followed both ways.
    max_step : float
        Longest step, as a fraction of the span and of the ranges of the states.
    max_points : int
        Most points in each direction.
    tolerance : float
        Error of each point that Newton's method may leave, as a fraction of those ranges.
    **params
        Values of other parameters to change.

    Returns
    -------
    Branch

    Raises
    ------
    InputError
        If a name is unknown, a value outside its meaning, or there is no equilibrium to begin
        with.

    Examples
    --------
    >>> from causal_snn import models
    >>> branch = continue_equilibria(models.hodgkin_huxley(), "I", (0, 200))
    >>> [point.name for point in branch.special]
    ['HB1', 'HB2']
    """
    low, high = checked_span(span)
    check_options(tolerance=tolerance, max_step=max_step, max_points=max_points)
    if isinstance(start, SpecialPoint):
        _check_point(model, parameter, start, params)
        begin = start.value
    else:
        begin = params.pop(parameter, low)
    field(model).index(parameter)  # unknown names are refused here
    fld = field(model, **{**params, parameter: begin})
    index = fld.index(parameter)
    for end in (low, high):
        fld.at(**{parameter: end})
    if not min(low, high) <= begin <= max(low, high):
        raise bad(parameter, begin, f"a value in the span {span}")
    state = start_state(fld, start, parameter, high)
    problem, first = _begin(fld, index, state, float(begin), (low, high), tolerance)
    if isinstance(start, SpecialPoint) and start.label == "BP":
        first = _switched(problem, first, start)
    both = begin not in (low, high)
    turn = None if both else fold_at(fld, parameter, problem, first)
    inwards = high - low if begin == low else low - high
    why: tuple[str | Edge, str | Edge] = (OUT, OUT)
    if turn is not None and not enters(problem, first, 0.25 * max_step, inwards):
        points, values = [first], indicators(problem, [first])
        special = numbered([{**turn, "index": 0}])
        notes: dict[str, Any] = {"neutral_saddles": [], "unresolved": []}
    else:
        both = both or turn is not None
        problem, points, why = follow(
            problem, first, both_ways=both, max_step=max_step, max_points=max_points
        )
        points, values = refine(problem, points)
        special, notes = special_points(fld, parameter, problem, points, values)
    z = np.array([point.y for point in points]) * problem.scale
    return Branch(
        model=fld.model,
        parameter=parameter,
        values=z[:, -1],
        states=z[:, :-1],
        eigenvalues=values.eigenvalues,
        special=special,
        stopped=(_words(why[0], parameter, z[0, -1]), _words(why[1], parameter, z[-1, -1])),
        provenance=provenance(
            METHOD,
            parameters=fld.values(),
            span=[low, high],
            max_step=max_step,
            max_points=max_points,
            tolerance=tolerance,
            **notes,
        ),
    )


def _check_point(
    model: NeuronModel, parameter: str, start: SpecialPoint, params: dict[str, float]
) -> None:
    """Raise `InputError` unless a branch of this model along this parameter can start there."""
    # By name and states: a point of an implementation belongs to the neuron, whose drift differs.
    if (start.model.name, start.model.states) != (model.name, model.states):
        raise bad("start", start, f"a special point of {model.name}, not of {start.model.name}")
    if parameter in params:
        fix = f"The branch begins at the point, {parameter} = {start.value:.8g}; leave it out."
        raise bad(parameter, params[parameter], "nothing beside a special point as start", fix)


def checked_span(span: tuple[float, float]) -> tuple[float, float]:
    """Return the span as two different finite numbers, or raise `InputError`."""
    try:
        low, high = (float(end) for end in span)
    except (TypeError, ValueError):
        raise bad("span", span, "two numbers: where to begin and how far to go") from None
    if not (np.isfinite(low) and np.isfinite(high) and low != high):
        raise bad("span", span, "two different finite numbers")
    return low, high


def equilibrium_system(fld: Field, index: int) -> System:
    """Return the drift and its Jacobian as functions of (x, parameter)."""
    n = fld.n

    def system(z: Floats) -> tuple[Floats, Floats]:
        f, jacobian, by = fld.f_jac_dp(z[:n], fld.with_p(index, float(z[n])), index)
        matrix = np.empty((n, n + 1))
        matrix[:, :n], matrix[:, n] = jacobian, by
        return f, matrix

    return system


def _begin(
    fld: Field, index: int, state: Floats, begin: float, span: tuple[float, float], tolerance: float
) -> tuple[Problem, Point]:
    """Return the scaled problem and its first point, directed towards ``span[1]``."""
    n, width = fld.n, abs(span[1] - span[0])
    system = equilibrium_system(fld, index)
    z = np.append(state, begin)
    jacobian = system(z)[1]
    usual = widths(fld)
    direction = null_vector(jacobian * np.append(usual, width))
    # How far each state would go along the whole span, but no wider than its usual range.
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.nan_to_num(np.abs(direction[:n] / direction[n]), nan=1.0)
    scale = np.append(usual * np.clip(reach, 1e-3, 1.0), width)
    unbounded = np.full(n, np.inf)
    problem = Problem(
        system=system,
        scale=scale,
        lower=np.append(-unbounded, min(span)),
        upper=np.append(unbounded, max(span)),
        usual=np.append(unbounded, width),  # a state may go beyond the range that figures show
        tolerance=tolerance,
    )
    direction = null_vector(jacobian * scale)
    if direction[n] * (span[1] - span[0]) < 0:
        direction = -direction
    return problem, Point(z / scale, jacobian, direction)


def _switched(problem: Problem, first: Point, start: SpecialPoint) -> Point:
    """Return the first point of the other branch through a branch point."""
    directions = start.details["tangents"] / problem.scale
    if not len(directions):
        raise bad("start", start, "a branch point that another branch leaves; this one is isolated")
    return first._replace(tangent=directions[1] / np.linalg.norm(directions[1]))


def _words(why: str | Edge, parameter: str, value: float) -> str:
    """Return why a branch ended at a value, in words."""
    if isinstance(why, str):
        return why.format(f"{parameter} = {value:.6g}")
    return f"left the span at {parameter} = {value:.6g}"
