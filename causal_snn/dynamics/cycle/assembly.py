"""Assemble a branch of cycles: multipliers, special points, and why it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.branch import CycleBranch, with_value
from causal_snn.dynamics.cycle.collocation import Loop
from causal_snn.dynamics.cycle.ends import End, infinite_period, shrunk_to_hopf
from causal_snn.dynamics.cycle.floquet import cycle_multipliers
from causal_snn.dynamics.cycle.locate import Located, locate
from causal_snn.dynamics.cycle.orbit import as_orbit, extremes
from causal_snn.dynamics.cycle.points import special_points, unlike_end
from causal_snn.dynamics.cycle.problem import Problem
from causal_snn.dynamics.cycle.trace import Limits, Trace
from causal_snn.dynamics.field import Field
from causal_snn.dynamics.special import SpecialPoint, SpecialPoints

Complexes = NDArray[np.complex128]


def assemble(
    problem: Problem, trace: Trace, name: str, limits: Limits, provenance: Mapping[str, Any]
) -> CycleBranch:
    """Return the public form of a traced branch."""
    of, loops = problem.field, trace.loops
    for loop in loops:
        problem = problem.rescaled(loop)
    if trace.end == "border":
        _cut_at_border(problem, trace, limits)
    mu = np.ones((len(loops), of.n), complex)
    first = 1 if trace.hopf else 0
    if trace.hopf:
        mu[0] = _at_equilibrium(of, problem.index, loops[0])
    if len(loops) > first:
        mu[first:] = cycle_multipliers(problem, loops[first:])
    points = special_points(problem, trace, mu)
    reason, end = _ending(problem, trace, name, limits)
    if end is not None and end.label != "HB":
        values = np.array([loop.value for loop in loops])
        points = unlike_end(points, values, end.value, end.tolerance)
    rows = _numbered(problem, name, points)
    if end is not None and end.label == "HB":
        mu = np.concatenate([mu, _close(problem, trace, end)[None]])
    elif end is not None:
        rows.append(_end_point(problem, name, end, len(loops)))
    stable = (np.abs(mu[:, 1:]) < 1).all(axis=1)
    if trace.hopf:
        stable[0] = stable[min(1, len(stable) - 1)]  # as the cycles that are born there
    maxima, minima = extremes(loops)
    return CycleBranch(
        model=of.model,
        parameter=name,
        values=np.array([loop.value for loop in loops]),
        period=np.array([loop.period for loop in loops]),
        maxima=maxima,
        minima=minima,
        multipliers=mu,
        stable=stable,
        special=SpecialPoints(rows),
        stopped=("the Hopf point" if trace.hopf else "the cycle it began with", reason),
        problem=problem,
        loops=tuple(loops),
        tangents=tuple(trace.tangents),
        provenance=provenance,
    )


def _cut_at_border(problem: Problem, trace: Trace, limits: Limits) -> None:
    """Let the branch end where the cycle touches the spike threshold."""
    border = limits.border
    assert border is not None  # it stopped the trace
    ends = border(trace.loops[-2]), border(trace.loops[-1])
    last = len(trace.loops) - 1
    found = locate(problem, trace, last, "BC", lambda loop, _, __: border(loop), ends)
    trace.loops.pop()
    trace.tangents.pop()
    if found.converged:
        trace.add(found.loop, found.tangent)


def _close(problem: Problem, trace: Trace, end: End) -> Complexes:
    """Add the Hopf point at which the branch shrinks to a point; return its multipliers."""
    last = trace.loops[-1]
    still = Loop(
        last.mesh,
        0 * last.u + end.state,
        0 * last.y + end.state,
        2 * np.pi / end.details["omega"],
        end.value,
    )
    trace.add(still, still.plus(-1.0, last))
    return _at_equilibrium(problem.field, problem.index, still)


def _at_equilibrium(of: Field, index: int, loop: Loop) -> Complexes:
    """Return the multipliers exp(lambda T) of the cycle of size 0, the critical pair first."""
    values = np.linalg.eigvals(of.jac(loop.u[0], of.with_p(index, loop.value))).astype(complex)
    omega = 2 * np.pi / loop.period
    values = values[np.argsort(np.abs(values.real) + np.abs(np.abs(values.imag) - omega))]
    rest = np.exp(values[2:] * loop.period)
    return np.concatenate([[1.0, 1.0], rest[np.argsort(-np.abs(rest))]])


def _numbered(problem: Problem, name: str, located: list[Located]) -> list[SpecialPoint]:
    counts: dict[str, int] = {}
    rows = []
    for found in located:
        counts[found.label] = counts.get(found.label, 0) + 1
        model = with_value(problem.field.model, name, found.loop.value)
        details: dict[str, Any] = {
            "orbit": as_orbit(
                found.loop,
                parameter=name,
                model=model,
                multipliers=found.multipliers,
                residual=found.residual,
            ),
            "tangent": found.tangent,
        }
        if found.label == "NS":
            pair = found.multipliers[1:]
            critical = pair[np.argmin(np.abs(np.abs(pair) - 1) + (pair.imag <= 0))]
            details["angle"] = float(abs(np.angle(critical)))
        rows.append(
            SpecialPoint(
                label=found.label,
                name=f"{found.label}{counts[found.label]}",
                parameter=name,
                value=found.loop.value,
                state=found.loop.u[0],
                model=model,
                index=found.index,
                residual=found.residual,
                tolerance=found.tolerance,
                converged=found.converged,
                eigenvalues=found.multipliers,
                period=found.loop.period,
                details=details,
            )
        )
    return rows


def _ending(problem: Problem, trace: Trace, name: str, limits: Limits) -> tuple[str, End | None]:
    """Return why the branch ends, in words, and the limit of its cycles if it has one."""
    last = trace.loops[-1]
    at = f"{name} = {last.value:.8g}"
    if trace.end == "span":
        return f"left the span at {at}", None
    if trace.end == "border":
        return f"reaches the spike threshold at {at}", None
    if trace.end == "folds":
        return f"passed {limits.folds} cycle folds", None
    if trace.end == "hopf" and (end := shrunk_to_hopf(problem, last)) is not None:
        return f"ends at Hopf point {name} = {end.value:.10g}", end
    if trace.end == "hopf":
        return f"shrinks to an equilibrium near {at}", None
    if trace.end == "points":
        return f"max_points = {limits.points} reached at {at}", None
    long = infinite_period(problem, trace.loops, trace.tangents)
    if trace.end in ("period", "saddle"):
        kinds = {"SNIC": "a saddle-node on the cycle", "HC": "a saddle"}
        toward = "" if long is None else f", towards {kinds[long.label]} at {long.value:.10g}"
        if trace.end == "saddle":
            return f"period grows without end at {at}{toward}", long
        return f"period exceeds max_period = {limits.period:.6g} ms at {at}{toward}", long
    return f"step too small at {at}: Newton's method fails beyond, T = {last.period:.6g} ms", long


def _end_point(problem: Problem, name: str, end: End, index: int) -> SpecialPoint:
    return SpecialPoint(
        label=end.label,
        name=f"{end.label}1",
        parameter=name,
        value=end.value,
        state=end.state,
        model=with_value(problem.field.model, name, end.value),
        index=index,
        residual=end.residual,
        tolerance=end.tolerance,
        eigenvalues=end.eigenvalues,
        details=end.details,
    )
