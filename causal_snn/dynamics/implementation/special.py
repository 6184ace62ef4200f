"""The special points of a branch of fixed points, in order."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from causal_snn.dynamics.continuation.arclength import Problem
from causal_snn.dynamics.continuation.branch import Branch
from causal_snn.dynamics.continuation.locate import NEUTRAL, numbered
from causal_snn.dynamics.field import Field
from causal_snn.dynamics.implementation.detect import (
    FLIP,
    PAIR,
    UNIT,
    Trail,
    consistent,
    crossings,
    locate,
)
from causal_snn.dynamics.implementation.points import critical_pair
from causal_snn.dynamics.implementation.polish import special_point, with_value
from causal_snn.dynamics.special import SpecialPoint, SpecialPoints
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.schemes import DT


def special_points(
    plain: NeuronModel,
    fld: Field,
    scheme: str,
    parameter: str,
    problem: Problem,
    found: Trail,
    branch: Branch,
) -> tuple[SpecialPoints, dict[str, Any]]:
    """Return folds and branch points of the branch with its flips and Neimark-Sacker points."""
    rows = [
        _of_branch(plain, scheme, parameter, problem, branch, found, point)
        for point in branch.special
        if point.label in ("LP", "BP")
    ]
    neutral: list[float] = []
    unresolved: list[list[float]] = []
    cross, clear = crossings(found), consistent(found)
    steps = math.nan if parameter == DT else float(found.dts[0])
    known = np.array([row["place"] for row in rows])
    for k in np.flatnonzero(cross.any(axis=1) | ~clear).tolist():
        left, right = found.points[k], found.points[k + 1]
        made = [
            _located(plain, fld, scheme, parameter, problem, left, right, kind, steps)
            for kind in (FLIP, PAIR)
            if cross[k, kind]
        ]
        low, high = found.places[k] - 0.5, found.places[k + 1] + 0.5
        lost = cross[k, UNIT] and not ((known > low) & (known < high)).any()
        if not clear[k] or lost:
            unresolved.append([float(end.y[-1] * problem.scale[-1]) for end in (left, right)])
        for row in made:
            if row["label"] == NEUTRAL:
                neutral.append(row["value"])
            else:
                part = row.pop("part")
                place = (1 - part) * found.places[k] + part * found.places[k + 1]
                rows.append({**row, "place": place})
    rows.sort(key=lambda row: row["place"])
    for row in rows:
        row["index"] = int(np.searchsorted(found.places, row.pop("place")))
    return numbered(rows), {"neutral_saddles": neutral, "unresolved": unresolved}


def _of_branch(
    plain: NeuronModel,
    scheme: str,
    parameter: str,
    problem: Problem,
    branch: Branch,
    found: Trail,
    point: SpecialPoint,
) -> dict[str, Any]:
    """Return a fold or branch point of the increment as one of the map."""
    k = point.index
    ends = np.column_stack([branch.states[k - 1 : k + 1], branch.values[k - 1 : k + 1]])
    chord = (ends[1] - ends[0]) / problem.scale
    along = (np.append(point.state, point.value) - ends[0]) / problem.scale @ chord
    dt = point.value if parameter == DT else float(found.dts[0])
    changed = replace(
        point,
        model=with_value(plain, parameter, point.value),
        eigenvalues=1.0 + dt * point.eigenvalues,
        details={**point.details, "scheme": scheme, "dt": dt},
    )
    own = {key: getattr(changed, key) for key in SpecialPoint.__slots__}
    own.pop("name")
    return {**own, "place": k - 1 + float(np.clip(along / (chord @ chord), 0.0, 1.0))}


def _located(
    plain: NeuronModel,
    fld: Field,
    scheme: str,
    parameter: str,
    problem: Problem,
    left: Any,
    right: Any,
    kind: int,
    steps: float,
) -> dict[str, Any]:
    """Return the special point on a segment, or a neutral saddle."""
    point, width = locate(problem, left, right, kind, steps)
    z = point.y * problem.scale
    dt = float(z[-1]) if math.isnan(steps) else steps
    values = np.linalg.eigvals(point.jacobian[:, :-1])
    if kind == PAIR and not _complex_pair(values, dt):
        return {"label": NEUTRAL, "value": float(z[-1])}
    label = "PD" if kind == FLIP else "NS"
    row = special_point(label, plain, fld, scheme, parameter, problem.scale, z, width)
    chord = right.y - left.y
    return {**row, "part": float(np.clip((point.y - left.y) @ chord / (chord @ chord), 0, 1))}


def _complex_pair(values: Any, dt: float) -> bool:
    """Return whether the two multipliers whose product is closest to 1 are complex."""
    upper = critical_pair(values, dt)
    real = values[values.imag == 0].real
    products = [abs(a + b + dt * a * b) for i, a in enumerate(real) for b in real[i + 1 :]]
    mine = abs(2.0 * upper.real + dt * abs(upper) ** 2)
    return not math.isnan(mine) and mine <= min(products, default=math.inf)
