"""A branch that begins on a fold at the edge of its span."""

from __future__ import annotations

from typing import Any

from causal_snn.dynamics.continuation.arclength import Point, Problem, solution
from causal_snn.dynamics.continuation.polish import special_point
from causal_snn.dynamics.field import Field

OUT = "the branch folds back out of the span at its start"
STEEP = 1e-3
"""Part of the parameter in the scaled tangent above which a point is not near a fold."""
SAME = 1e-10
"""Distance of a fold from the start that is rounding, relative to the parameter and its span."""


def fold_at(fld: Field, parameter: str, problem: Problem, first: Point) -> dict[str, Any] | None:
    """Return the fold that the first point is, to rounding; None if it is not one."""
    if abs(first.tangent[-1]) > STEEP:
        return None
    z = first.y * problem.scale
    row = special_point("LP", fld, parameter, problem.scale, z, 0.0, first.tangent)
    near = SAME * (abs(float(z[-1])) + float(problem.scale[-1]))
    return row if row["converged"] and abs(row["value"] - z[-1]) <= near else None


def enters(problem: Problem, first: Point, step: float, inwards: float) -> bool:
    """Return whether the arms of a fold go the way of the sign `inwards` of the parameter."""
    while step > 1e-6:
        point = solution(problem, first.y + step * first.tangent, first.tangent)
        if point is not None:
            return bool((point.y[-1] - first.y[-1]) * inwards > 0)
        step *= 0.5
    return True
