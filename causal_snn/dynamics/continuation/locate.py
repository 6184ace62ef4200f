"""Locate: the special points of a branch of equilibria, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from causal_snn.dynamics.continuation.arclength import Point, Problem
from causal_snn.dynamics.continuation.detect import KINDS, Indicators, consistent, crossings, locate
from causal_snn.dynamics.continuation.polish import special_point
from causal_snn.dynamics.field import Field
from causal_snn.dynamics.special import SpecialPoint, SpecialPoints

NEUTRAL = "neutral saddle"
NO_ROTATION = 1e-12
"""omega^2 below which a double zero eigenvalue is taken as such, relative to the Jacobian."""


def special_points(
    fld: Field, parameter: str, problem: Problem, points: list[Point], values: Indicators
) -> tuple[SpecialPoints, dict[str, Any]]:
    """Return the special points in order, and what else was found.

    Parameters
    ----------
    fld : Field
        The vector field.
    parameter : str
        The continued parameter.
    problem, points, values
        The refined branch.

    Returns
    -------
    special : SpecialPoints
        Folds, Hopf points and branch points.
    notes : dict
        ``neutral_saddles`` and ``unresolved``, see `Branch`.
    """
    cross, clear = crossings(values), consistent(values)
    rows: list[dict[str, Any]] = []
    neutral: list[float] = []
    unresolved: list[list[float]] = []
    for k in np.flatnonzero(cross.any(axis=1) | ~clear).tolist():
        left, right = points[k], points[k + 1]
        fold, _, branch = cross[k]
        kinds = [i for i in range(3) if cross[k, i] and not (KINDS[i] == "LP" and fold and branch)]
        found = [_located(fld, parameter, problem, left, right, kind) for kind in kinds]
        if not clear[k] or None in found:
            ends = (left.y[-1], right.y[-1])
            unresolved.append([float(end * problem.scale[-1]) for end in ends])
        for row in sorted((row for row in found if row), key=lambda row: row["along"]):
            if row["label"] == NEUTRAL:
                if not any(row and row["label"] == "BT" for row in found):
                    neutral.append(row["value"])
            else:
                rows.append({**row, "index": k + 1})
    return numbered(rows), {"neutral_saddles": neutral, "unresolved": unresolved}


def numbered(rows: Iterable[dict[str, Any]]) -> SpecialPoints:
    """Return rows as special points named by label and number."""
    points: list[SpecialPoint] = []
    for row in rows:
        number = 1 + sum(point.label == row["label"] for point in points)
        own = {key: value for key, value in row.items() if key != "along"}
        points.append(SpecialPoint(name=f"{row['label']}{number}", **own))
    return SpecialPoints(points)


def _located(
    fld: Field, parameter: str, problem: Problem, left: Point, right: Point, kind: int
) -> dict[str, Any] | None:
    """Return the fields of the special point on a segment; None if there is none after all."""
    point, at, width = locate(problem, left, right, kind)
    z = point.y * problem.scale
    along = float((point.y - left.y) @ (right.y - left.y))
    if KINDS[kind] == "HB" and at.product[0] <= NO_ROTATION * np.abs(point.jacobian).max() ** 2:
        return {"label": NEUTRAL, "value": float(z[-1]), "along": along}
    row = special_point(KINDS[kind], fld, parameter, problem.scale, z, width, right.y - left.y)
    if row["label"] == "BP" and not row["converged"]:
        return None
    return {**row, "along": along}
