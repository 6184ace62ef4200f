"""Continuation of limit cycles: how a neuron's repetitive firing changes with a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from causal_snn.dynamics.continuation.branch import Branch
from causal_snn.dynamics.continuation.continuation import checked_span
from causal_snn.dynamics.continuation.options import check_options
from causal_snn.dynamics.cycle.assembly import assemble
from causal_snn.dynamics.cycle.branch import CycleBranch
from causal_snn.dynamics.cycle.collocation import Loop, curve, times_of
from causal_snn.dynamics.cycle.corrector import correct
from causal_snn.dynamics.cycle.ends import near_saddle
from causal_snn.dynamics.cycle.find_cycle import check_scheme, limit_cycle
from causal_snn.dynamics.cycle.mesh import equidistribute
from causal_snn.dynamics.cycle.orbit import Orbit
from causal_snn.dynamics.cycle.problem import Problem, sizes_of
from causal_snn.dynamics.cycle.start import (
    critical_pair,
    crossing_speed,
    first_amplitude,
    hopf_loop,
    threshold_border,
    typical_change,
)
from causal_snn.dynamics.cycle.trace import Limits, follow
from causal_snn.dynamics.field import Field, field
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.errors import bad
from causal_snn.models.neuron import DRIVE
from causal_snn.progress import working
from causal_snn.provenance import provenance

__all__ = ["CycleBranch", "Orbit", "continue_cycles", "limit_cycle"]

FIRST = 0.35
"""First step: a cycle of the size at which the drift begins to bend."""
LATER = 0.1
"""First step from a known cycle, relative to its size."""
METHOD = (
    "orthogonal collocation at Gauss points on an adaptive mesh, pseudo-arclength continuation "
    "(Doedel, Keller and Kernevez, Int J Bifurc Chaos 1:745, 1991); multipliers by periodic QR"
)


def continue_cycles(
    source: Branch | SpecialPoint | Orbit,
    start: str | None = None,
    *,
    parameter: str | None = None,
    span: tuple[float, float] | None = None,
    intervals: int = 50,
    degree: int = 4,
    max_period: float | None = None,
    max_points: int = 500,
    tolerance: float = 1e-10,
    stop_after: Mapping[str, int] | None = None,
    progress: bool = False,
) -> CycleBranch:
    """Follow limit cycles from a Hopf point or a known cycle, past folds, and find changes.

    The branch ends where it leaves the span, where the period exceeds `max_period` (the limit,
    a saddle-node or a saddle, is then identified), where it shrinks to another Hopf point, where
    it reaches the spike threshold of a neuron with reset, or after `max_points`.

    Parameters
    ----------
    source : Branch, SpecialPoint or Orbit
        A branch of equilibria, a Hopf point of one, or a cycle (as `limit_cycle` finds).
    start : str, optional
        Name of the branch's Hopf point, as ``"HB2"``; default the first.
    parameter : str, optional
        Parameter to vary; default that of the source.
    span : tuple of (float, float), optional
        Range of the parameter; default that of the branch, and no limit from a point. From an
        orbit it is needed: the branch goes towards the second value first.
    intervals : int
        Mesh intervals, 5 or more.
    degree : int
        Degree of the collocation polynomials, 2 to 7.
    max_period : float, optional
        Longest period (ms); default 100 times that of the start.
    max_points : int
        Most cycles.
    tolerance : float
        Relative error of each cycle that Newton's method may leave.
    stop_after : mapping of str to int, optional
        ``{"LPC": 3}`` ends the branch after its third fold.
    progress : bool
        Show that work goes on.

    Returns
    -------
    CycleBranch

    Raises
    ------
    InputError
        If the source is not a Hopf point, or an option is out of its range.
    """
    check_scheme(intervals, degree)
    check_options(tolerance=tolerance, max_points=max_points, least=3)
    if isinstance(source, Orbit) and start is not None:
        raise bad("start", start, "nothing beside an Orbit, which is the start itself")
    origin = source if isinstance(source, Orbit) else _hopf_point(source, start)
    name = origin.parameter if parameter is None else parameter
    own = {DRIVE: origin.value} if origin.parameter == DRIVE else {}
    of = field(origin.model, **own)
    index = of.index(name)
    value = origin.value if name == origin.parameter else of.p[index]
    limits = _limits(source, of, name, value, span, max_points, stop_after)
    with working(f"Following cycles of {of.model.name}", show=progress):
        if isinstance(origin, Orbit):
            towards = _towards(span, value)
            begin = _from_orbit(of, index, origin, value, intervals, degree, tolerance, towards)
        else:
            begin = _from_hopf(of, index, origin, value, intervals, degree, tolerance)
        problem, loop, tangent = begin
        most = 100 * loop.period if max_period is None else float(max_period)
        if not most > loop.period:
            raise bad("max_period", max_period, f"above the first period, {loop.period:.6g} ms")
        limits = replace(limits, period=most)
        hopf = isinstance(origin, SpecialPoint)
        trace = follow(problem, loop, tangent, FIRST if hopf else LATER, limits, hopf=hopf)
        made = provenance(
            METHOD,
            parameters=of.values(),
            start=value,
            intervals=intervals,
            degree=degree,
            span=[limits.low, limits.high],
            max_period=most,
            max_points=max_points,
            tolerance=tolerance,
        )
        return assemble(problem, trace, name, limits, made)


def _hopf_point(source: Branch | SpecialPoint, start: str | None) -> SpecialPoint:
    if not isinstance(start, str | None):
        raise bad("start", start, "the name of a Hopf point, as 'HB2'")
    if isinstance(source, Branch):
        found = source.special.of("HB")
        if start is None and not found:
            names = [point.name for point in source.special]
            raise bad("source", source, f"a branch with a Hopf point; this one has {names}")
        point = found[0] if start is None else source.special[start]
    elif isinstance(source, SpecialPoint):
        point = source
    else:
        raise bad("source", source, "a Branch of continue_equilibria, its Hopf point, or an Orbit")
    if point.label != "HB":
        raise bad("start", point.name, "the name of a Hopf point", "Cycles are born at HB points.")
    return point


def _limits(
    source: Branch | SpecialPoint | Orbit,
    of: Field,
    name: str,
    value: float,
    span: tuple[float, float] | None,
    points: int,
    stop_after: Mapping[str, int] | None,
) -> Limits:
    low, high = -np.inf, np.inf
    if span is not None:
        low, high = sorted(checked_span(span))
    elif isinstance(source, Branch) and name == source.parameter:
        low, high = float(source.values.min()), float(source.values.max())
    if span is not None:
        for end in span:
            of.at(**{name: end})  # refuses values that have no meaning
    sign = "any" if name == DRIVE else of.model.parameters[name].sign
    if sign != "any":
        low = max(low, 0.0 if sign == "non-negative" else 1e-9 * value)
    if not low <= value <= high:
        raise bad("span", span, f"a range that holds the start, {name} = {value:.8g}")
    if not isinstance(stop_after, Mapping | None):
        raise bad("stop_after", stop_after, "{'LPC': number of cycle folds}")
    wanted = dict(stop_after or {})
    folds = wanted.pop("LPC", None)
    if wanted or (folds is not None and folds < 1):
        raise bad("stop_after", stop_after, "{'LPC': number of cycle folds}")
    return Limits(low, high, np.inf, points, folds, near_saddle, threshold_border(of, name))


def _from_hopf(
    of: Field,
    index: int,
    point: SpecialPoint,
    value: float,
    intervals: int,
    degree: int,
    tolerance: float,
) -> tuple[Problem, Loop, Loop]:
    """Return the problem, the Hopf point as a loop and the direction of the branch."""
    p = of.with_p(index, value)
    eigenvalue, q = critical_pair(of.jac(point.state, p), point.omega)
    omega = eigenvalue.imag
    if not omega > 0 or abs(eigenvalue.real) > 1e-3 * omega:
        raise bad("start", point.name, f"a Hopf point; its eigenvalue is {eigenvalue:.6g} per ms")
    speed = abs(crossing_speed(of, point.state, value, index).real)
    reach = omega / speed if speed > 1e-6 * omega / (1 + abs(value)) else 1 + abs(value)
    size = 2 * first_amplitude(of, point.state, p, q)
    scale = size * np.maximum(np.abs(q), 1e-6 * np.abs(q).max())
    problem = Problem(of, index, degree, scale, reach, tolerance)
    loop, tangent = hopf_loop(point.state, q, omega, value, intervals, degree)
    norm = problem.inner(tangent, tangent, loop.period) ** 0.5
    return problem, loop, tangent.times(1 / norm)


def _towards(span: tuple[float, float] | None, value: float) -> float:
    """Return the sign of the parameter's first change."""
    if span is None or span[1] == value:
        raise bad("span", span, "two numbers, the second of them where to go from this orbit")
    return float(np.sign(span[1] - value))


def _from_orbit(
    of: Field,
    index: int,
    orbit: Orbit,
    value: float,
    intervals: int,
    degree: int,
    tolerance: float,
    towards: float,
) -> tuple[Problem, Loop, Loop]:
    """Return the problem, the orbit on a mesh of its own and the direction of the branch."""
    loop = orbit.loop
    scale = sizes_of(loop)
    mesh = equidistribute(loop, scale, intervals)
    values = loop.evaluate(times_of(mesh, degree).ravel()).reshape(intervals, degree + 1, -1)
    loop = curve(mesh, degree, values, orbit.period, value)
    problem = Problem(of, index, degree, scale, 1.0, tolerance)
    problem = replace(problem, reach=typical_change(problem, loop))
    across = Loop(mesh, 0 * loop.u, 0 * loop.y, 0.0, 1.0)
    found = correct(problem, loop, phase=problem.velocity(loop), along=across)
    if not found.converged or found.tangent is None:
        raise bad("source", orbit, "a cycle from which Newton's method converges")
    sign = towards * np.sign(found.tangent.value)
    return problem, found.loop, found.tangent.times(float(sign) or 1.0)
