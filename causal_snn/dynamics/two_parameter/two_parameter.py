"""Two parameters: follow a fold or a Hopf point, and find its points of codimension two."""

from __future__ import annotations

from typing import Any

import numpy as np

from causal_snn.dynamics.continuation.arclength import Edge, Point, Problem, null_vector
from causal_snn.dynamics.continuation.options import check_options
from causal_snn.dynamics.continuation.path import follow
from causal_snn.dynamics.continuation.spectrum import sorted_eigenvalues
from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.special import SpecialPoint, check_point
from causal_snn.dynamics.two_parameter.codim_one import Kind, kind_of
from causal_snn.dynamics.two_parameter.codim_two import codim_two_points
from causal_snn.dynamics.two_parameter.curve import CodimOneCurve
from causal_snn.errors import bad
from causal_snn.models.neuron import DRIVE
from causal_snn.provenance import provenance

METHOD = {
    "LP": "pseudo-arclength continuation of Moore and Spence's fold system",
    "HB": "pseudo-arclength continuation of a Hopf system that is regular at omega = 0",
}


def continue_special(
    point: SpecialPoint,
    second: str,
    span: tuple[float, float],
    *,
    within: tuple[float, float] | None = None,
    max_step: float = 0.02,
    max_points: int = 2000,
    tolerance: float = 1e-12,
) -> CodimOneCurve:
    """Follow a fold (LP) or Hopf point (HB) in two parameters.

    The curve goes both ways from the point, until the second parameter leaves the span, the first
    one leaves `within`, the curve closes, or a Hopf curve ends at a Bogdanov-Takens point.

    Parameters
    ----------
    point : SpecialPoint
        Where to begin; its parameter is the first one.
    second : str
        The second parameter.
    span : tuple of (float, float)
        Range of the second parameter; its value at the point must be in it.
    within : tuple of (float, float), optional
        Range of the first parameter; default without limit.
    max_step : float
        Longest step, as a fraction of the span and of the ranges of the other unknowns.
    max_points : int
        Most points each way.
    tolerance : float
        Error of each point that Newton's method may leave, as a fraction of those ranges.

    Returns
    -------
    CodimOneCurve

    Raises
    ------
    InputError
        If the point is of another kind, a name is unknown, or a range does not hold the point.

    Examples
    --------
    >>> from causal_snn import models
    >>> from causal_snn.dynamics.continuation.continuation import continue_equilibria
    >>> branch = continue_equilibria(models.morris_lecar("snlc"), "I", (0, 200))
    >>> curve = continue_special(branch.special["LP1"], "phi", (0.005, 0.5))
    >>> [point.name for point in curve.special]
    ['BT1']
    """
    check_point("point", point)
    check_options(tolerance=tolerance, max_step=max_step, max_points=max_points)
    kind, begin = kind_of(point, second)
    low, high = _range("span", span, begin, f"{second} at the point")
    if begin == high:
        low, high = high, low
    kind.setting.field.at(**{second: low})
    kind.setting.field.at(**{second: high})
    limits = _limits(point, within)
    problem, first = _begin(kind, (low, high), limits, tolerance)
    problem, points, why = follow(
        problem, first, both_ways=begin != low, max_step=max_step, max_points=max_points
    )
    z = np.array([point.y for point in points]) * problem.scale
    tests = [kind.tests(row) for row in z]
    n = kind.setting.field.n
    hopf_curve = kind.kappa is not None
    nowhere = np.full(len(z), np.nan)
    return CodimOneCurve(
        model=point.model,
        label=point.label,
        parameters=(point.parameter, second),
        values=z[:, -2:],
        states=z[:, :n],
        eigenvalues=sorted_eigenvalues(np.array([point.jacobian[:n, :n] for point in points])),
        omega=np.sqrt(np.maximum(z[:, kind.kappa], 0.0)) if hopf_curve else nowhere,
        l1=np.array([zeros[0] for zeros, _ in tests]) if hopf_curve else nowhere,
        special=codim_two_points(kind, (point.parameter, second), problem, points, tests, why),
        stopped=(_words(kind, why[0], second, z[0]), _words(kind, why[1], second, z[-1])),
        provenance=provenance(
            METHOD[point.label] + "; points of codimension two bracketed by test functions",
            parameters=kind.setting.field.values(),
            start=[point.value, begin],
            span=[low, high],
            within=None if within is None else list(limits),
            max_step=max_step,
            max_points=max_points,
            tolerance=tolerance,
        ),
    )


def _range(name: str, given: Any, inside: float, what: str) -> tuple[float, float]:
    try:
        low, high = (float(end) for end in given)
    except (TypeError, ValueError):
        raise bad(name, given, "two numbers") from None
    if not (np.isfinite(low) and np.isfinite(high) and low != high):
        raise bad(name, given, "two different finite numbers")
    if not min(low, high) <= inside <= max(low, high):
        raise bad(name, given, f"a range that holds {what}, {inside!r}")
    return low, high


def _limits(point: SpecialPoint, within: tuple[float, float] | None) -> tuple[float, float]:
    """Return the range of the first parameter: as given, else what its meaning allows."""
    if within is not None:
        low, high = _range("within", within, point.value, f"{point.parameter} at the point")
        return min(low, high), max(low, high)
    own = point.model.parameters
    free = point.parameter == DRIVE or own[point.parameter].sign == "any"
    return (-np.inf if free else 0.0), np.inf


def _begin(
    kind: Kind, span: tuple[float, float], limits: tuple[float, float], tolerance: float
) -> tuple[Problem, Point]:
    """Return the scaled problem and its first point, directed towards ``span[1]``."""
    n, width = kind.setting.field.n, abs(span[1] - span[0])
    value = float(kind.z[-2])
    size = min(limits[1] - limits[0], max(10.0 * abs(value), 1.0))
    usual = np.concatenate([kind.scale, [limits[1] - limits[0], width]])
    usual[n:-2] = np.inf
    jacobian = kind.system(kind.z)[1]
    scale = np.concatenate([kind.scale, [size, width]])
    direction = null_vector(jacobian * scale)
    # How far the states and the first parameter would go along the whole span.
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.clip(np.nan_to_num(np.abs(direction / direction[-1]), nan=1.0), 1e-3, 1.0)
    scale[:n] *= reach[:n]
    scale[-2] *= reach[-2]
    lower, upper = np.full(scale.size, -np.inf), np.full(scale.size, np.inf)
    lower[-2:], upper[-2:] = (limits[0], min(span)), (limits[1], max(span))
    if kind.kappa is not None:
        lower[kind.kappa] = 0.0
    direction = null_vector(jacobian * scale)
    if direction[-1] * (span[1] - span[0]) < 0:
        direction = -direction
    problem = Problem(kind.system, scale, lower, upper, usual, tolerance)
    return problem, Point(kind.z / scale, jacobian, direction)


def _words(kind: Kind, why: str | Edge, second: str, z: Floats) -> str:
    """Return why a curve ended, in words."""
    first = kind.setting.field.names[kind.setting.free[0]]
    if isinstance(why, str):
        return why.format(f"{first} = {z[-2]:.6g}, {second} = {z[-1]:.6g}")
    if why.which == kind.kappa:
        return "Bogdanov-Takens point: omega = 0"
    name, value = ((first, z[-2]), (second, z[-1]))[why.which - (z.size - 2)]
    return f"left its range at {name} = {value:.6g}"
