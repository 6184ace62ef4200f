"""Points of codimension two on a curve of folds or Hopf points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from causal_snn.dynamics.continuation.arclength import Edge, Point, Problem
from causal_snn.dynamics.continuation.detect import bracket, middle
from causal_snn.dynamics.continuation.locate import numbered
from causal_snn.dynamics.continuation.spectrum import sorted_eigenvalues
from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.special import SpecialPoints
from causal_snn.dynamics.two_parameter.bogdanov_takens import bogdanov_takens
from causal_snn.dynamics.two_parameter.codim_one import Kind
from causal_snn.models.neuron import DRIVE

ACCURACY = 1e-13
"""Width at which the bracket of a point of codimension two ends, as a fraction of its segment."""


def codim_two_points(
    kind: Kind,
    names: tuple[str, str],
    problem: Problem,
    points: list[Point],
    tests: list[tuple[Floats, Floats]],
    why: tuple[str | Edge, str | Edge],
) -> SpecialPoints:
    """Return the points of codimension two, in order."""
    zeros = np.array([at for at, _ in tests])
    rows: list[dict[str, Any]] = []
    ends = [isinstance(end, Edge) and end.which == kind.kappa for end in why]
    if ends[0]:
        rows.append(_row(kind, names, "BT", points[0].y * problem.scale, 0, 0.0, 0.0))
    change = (zeros[1:] >= 0) != (zeros[:-1] >= 0)
    change &= np.isfinite(zeros[1:]) & np.isfinite(zeros[:-1])
    for k, which in np.argwhere(change).tolist():
        row = _located(kind, names, problem, points[k], points[k + 1], which, k + 1)
        rows += [] if row is None else [row]
    if ends[1]:
        last = len(points) - 1
        rows.append(_row(kind, names, "BT", points[-1].y * problem.scale, last, 0.0, 0.0))
    return numbered(rows)


def _located(
    kind: Kind,
    names: tuple[str, str],
    problem: Problem,
    left: Point,
    right: Point,
    which: int,
    index: int,
) -> dict[str, Any] | None:
    """Return the row of a zero of a test function; None for real eigenvalues and poles."""
    found: list[tuple[float, float, Floats]] = []

    def value(fraction: float) -> float:
        point = middle(problem, left, right, fraction)
        if point is None:
            return np.nan
        z = point.y * problem.scale
        zeros, products = kind.tests(z)
        found.append((abs(float(zeros[which])), float(products[which]), z))
        return float(zeros[which])

    ends = [float(kind.tests(end.y * problem.scale)[0][which]) for end in (left, right)]
    width = bracket(value, ends[0], ends[1], ACCURACY)
    if not found or not np.isfinite(width):
        return None
    residual, product, z = min(found, key=lambda item: item[0])
    if product <= 0 or residual > 1e-6 * max(map(abs, ends)):  # l1 has a pole at ZH
        return None
    error = width * abs(float(right.y[-2] - left.y[-2])) * float(problem.scale[-2])
    return _row(kind, names, kind.labels[which], z, index, residual, error)


def _row(
    kind: Kind,
    names: tuple[str, str],
    label: str,
    z: Floats,
    index: int,
    residual: float,
    error: float,
) -> dict[str, Any]:
    n = kind.setting.field.n
    x, values, details, converged = z[:n], z[-2:], {}, True
    if label == "BT":
        done = bogdanov_takens(kind.setting, x, values)
        converged, residual, error = done.converged, done.residual, done.error
        if done.converged:
            x, values, details = done.state, done.values, {"bt_a": done.a, "bt_b": done.b}
    p = kind.setting.at(values)
    fld = replace(kind.setting.field, p=p)
    changed = {name: value for name, value in fld.values().items() if name != DRIVE}
    return {
        "label": label,
        "parameter": names[0],
        "value": float(values[0]),
        "state": x,
        "model": fld.model.with_parameters(**changed),
        "index": index,
        "residual": max(residual, float(np.abs(fld.f(x)).max())),
        "tolerance": max(error, float(np.spacing(abs(values[0])))),
        "converged": converged,
        "eigenvalues": sorted_eigenvalues(fld.jac(x)[None])[0],
        "details": {names[1]: float(values[1]), **details},
    }
