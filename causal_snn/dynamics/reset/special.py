"""Special points of a reset map's branch: where its orbits double, fold, or meet an edge."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from causal_snn.dynamics.continuation.normal_form import fold_normal_form
from causal_snn.dynamics.flight import flow
from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.reset.curve import Curve, Point
from causal_snn.dynamics.reset.reset_map import ResetMap
from causal_snn.dynamics.special import SpecialPoint

SLOW_CROSSING = 0.02  # of the branch's fastest crossing: a tangency if so slow at the edge
CLIFF = 1e5  # slope of Phi beyond which rounding hides the graph
ROUNDING = 1e-14  # relative; what the parameter must move between two folds to tell them apart
TANGENCY, STEEP, SEPARATRIX, GHOST, GAP = (
    "threshold tangency",
    "Phi is too steep to follow",
    "stable manifold of a saddle",
    "saddle-node on the flight",
    "Phi jumps or is undefined",
)


def between(
    curve: Curve, before: Point, here: Point, index: int, labels: Sequence[str]
) -> list[SpecialPoint]:
    """Return the special points between two neighbours, in order along the branch."""
    found = []
    folds = before.tangent[-1] * here.tangent[-1] < 0.0
    if folds:
        found.append(("LP", _locate(curve, before, here, lambda point: float(point.tangent[-1]))))
    elif (before.multiplier - 1.0) * (here.multiplier - 1.0) < 0.0:
        found.append(("BP", _locate(curve, before, here, lambda point: point.multiplier - 1.0)))
    if (before.multiplier + 1.0) * (here.multiplier + 1.0) < 0.0:
        found.append(("PD", _locate(curve, before, here, lambda point: point.multiplier + 1.0)))
    found.sort(key=lambda row: float((row[1][0].x - before.x) @ before.tangent))
    points: list[SpecialPoint] = []
    for label, (point, tolerance) in found:
        number = [*labels, *(known.label for known in points)].count(label) + 1
        points.append(_special(curve, label, f"{label}{number}", point, index, tolerance))
    return points


def edge(
    curve: Curve, points: Sequence[Point], trail: Sequence[Point], size: float
) -> SpecialPoint:
    """Return the special point at the edge of Phi that a branch's last point has come to.

    `trail` are all steps up to it, `size` the one that was too long.
    """
    here = points[-1]
    fastest = max(float(point.speeds.max()) for point in points)
    beyond = here.x + 1e3 * size * here.tangent
    value = float(beyond[-1] * curve.length)
    statuses = {
        curve.map.flight(w, curve.p(value)).status
        for w in (beyond[:-1] * curve.width).tolist()
    }  # fmt: skip
    tolerance = size * abs(curve.length)
    at, w, kind = here.value, here.w, GAP
    if here.speeds.min() < SLOW_CROSSING * fastest:
        kind = TANGENCY
        at, w, tolerance = _touching(trail, fastest)
    elif np.abs(here.slopes).max() > CLIFF:
        kind = STEEP
    elif statuses - {flow.SPIKE, flow.BLOW_UP}:
        fold = _ghost(curve, here)
        if fold is None:
            kind = SEPARATRIX
        else:
            kind, tolerance, at = GHOST, 1e-10 * abs(curve.length), fold
    name = curve.map.field.names[curve.index]
    label = {SEPARATRIX: "HC", GHOST: "SNIC"}.get(kind, "BC")
    return SpecialPoint(
        label=label,
        name=f"{label}1",
        parameter=name,
        value=at,
        state=w,
        model=curve.map.at(**{name: at}).model,
        index=len(points) - 1,
        residual=here.residual,
        tolerance=tolerance,
        converged=kind != GAP,
        eigenvalues=np.array([here.multiplier], dtype=complex),
        period=math.inf if label in {"HC", "SNIC"} else float(here.isi.sum()),
        details={
            "edge": kind,
            "longest isi": float(here.isi.max()),
            "slowest crossing": float(here.speeds.min()),
        },
    )


def _touching(trail: Sequence[Point], fastest: float) -> tuple[float, Floats, float]:
    """Return parameter, w and error at a tangency, where the crossing speed G is 0.

    Parameter and w are smooth in G although Phi is not smooth in them, so polynomials through
    the last steps with G well above rounding are taken to G = 0.
    """
    rows: list[Point] = []
    for point in reversed(trail):  # each 1.2 times the last, so that rounding is not magnified
        lowest = rows[-1].speeds.min() * 1.2 if rows else 1e-3 * fastest
        if point.speeds.min() > lowest and len(rows) < 7:
            rows.append(point)
    rows.reverse()
    speeds = np.array([point.speeds.min() for point in rows])
    values = np.array([[point.value, *point.w] for point in rows])
    ends = [_at_zero(speeds[k:], values[k:]) for k in (0, 1)]
    error = float(abs(ends[0][0] - ends[1][0])) + 1e-12 * abs(float(ends[0][0]))
    return float(ends[0][0]), ends[0][1:], error


def _at_zero(x: Floats, y: Floats) -> Floats:
    """Return at x = 0 the polynomials through the points (x, y[:, k])."""
    weights = [np.prod([b / (b - a) for b in x if b != a]) for a in x]
    return np.asarray(np.array(weights) @ y)


def _locate(
    curve: Curve, before: Point, here: Point, test: Callable[[Point], float]
) -> tuple[Point, float]:
    """Return the point where a test function is 0 between two neighbours, and the value's error."""
    from scipy.optimize import brentq

    reach = float((here.x - before.x) @ before.tangent)
    best = [before if abs(test(before)) < abs(test(here)) else here]
    rest = (before.value, here.value)

    def at(size: float) -> float:
        point = before if size == 0.0 else here if size == reach else None
        for shift in (0.0, 1e-9, -1e-9):  # the equations are singular on a branch point itself
            point = point or curve.at(before, size + shift * reach)
        if point is None:
            return math.nan
        if abs(test(point)) <= abs(test(best[0])):
            best[0] = point
        return test(point)

    try:
        brentq(at, 0.0, reach, xtol=1e-14, rtol=1e-13, maxiter=60)
    except (RuntimeError, ValueError):
        return best[0], abs(rest[1] - rest[0])
    slope = (test(here) - test(before)) / reach
    return best[0], abs(test(best[0]) / slope * curve.length) + 1e-12 * abs(best[0].value)


def _special(
    curve: Curve, label: str, name: str, point: Point, index: int, tolerance: float
) -> SpecialPoint:
    found = curve.map_at(point)
    residual = max(
        point.residual,
        abs(point.multiplier + 1.0) if label == "PD" else abs(float(point.tangent[-1])),
    )
    details: dict[str, object] = {"map": found}
    criticality = ""
    if label == "PD":
        cubic = doubling_coefficient(found, point.w)
        details["normal_form"] = cubic
        if math.isfinite(cubic):
            criticality = "supercritical" if cubic > 0.0 else "subcritical"
    return SpecialPoint(
        label=label,
        name=name,
        parameter=found.field.names[curve.index],
        value=point.value,
        state=point.w,
        model=found.model,
        index=index,
        residual=residual,
        tolerance=tolerance,
        converged=tolerance < 1e-6 * abs(curve.length),
        eigenvalues=np.array([point.multiplier], dtype=complex),
        period=float(point.isi.sum()),
        criticality=criticality,
        details=details,
    )


def doubling_coefficient(reset_map: ResetMap, w: Floats) -> float:
    """Return G''^2/4 + G'''/6 of G = Phi^k at a point of an orbit with multiplier -1.

    Kuznetsov, Elements of Applied Bifurcation Theory, eq. 4.11: positive if the orbit of twice
    the period is stable. G' is exact, its two derivatives are central differences.
    """
    size = 1e-4 * (reset_map.window[1] - reset_map.window[0])
    slopes = []
    for shift in (-size, 0.0, size):
        point, slope = float(w[0]) + shift, 1.0
        for _ in range(len(w)):
            flight = reset_map.flight(point)
            if not flight.spiked or flight.d_after is None:
                return math.nan
            point = float(flight.after[reset_map.index])
            slope *= float(flight.d_after[reset_map.index, 0])
        slopes.append(slope)
    second = (slopes[2] - slopes[0]) / (2.0 * size)
    third = (slopes[2] - 2.0 * slopes[1] + slopes[0]) / size**2
    return second**2 / 4.0 + third / 6.0


def told_apart(points: Sequence[SpecialPoint]) -> list[SpecialPoint]:
    """Return the points without pairs of folds between which the parameter stands still.

    Next to a homoclinic orbit the parameter is pinned to its last digit while the multiplier
    runs through 1, so that rounding can turn the branch several times where it turns once.
    """
    kept: list[SpecialPoint] = []
    for point in points:
        both_folds = bool(kept) and kept[-1].label == point.label == "LP"
        if both_folds and abs(point.value - kept[-1].value) <= ROUNDING * abs(point.value):
            kept.pop()
        else:
            kept.append(point)
    folds = iter(range(1, len(kept) + 1))
    return [
        replace(point, name=f"LP{next(folds)}") if point.label == "LP" else point for point in kept
    ]


def _ghost(curve: Curve, here: Point) -> float | None:
    """Return the saddle-node that holds up the last flight, or None if a saddle does.

    At a saddle-node on the flight the branch comes from the side without equilibria.
    """
    slowest = _slowest(curve.map_at(here), here.w[int(np.argmax(here.isi))])
    found = _saddle_node(curve, slowest, here.value)
    if found is None or abs(found[-1] - here.value) > 1e-3 * abs(curve.length):
        return None
    name, value = curve.map.field.names[curve.index], float(found[-1])
    form = fold_normal_form(curve.map.field.at(**{name: value}), found[:-1], name)
    beyond = (here.value - value) * form.a * form.b < 0.0  # where 0 = b dp + a x^2 has solutions
    return None if beyond and abs(here.value - value) > 1e-9 * abs(curve.length) else value


def _slowest(reset_map: ResetMap, w: float) -> Floats:
    """Return the state of a flight where it dwells: at the middle of its time."""
    flight = reset_map.flight(w)
    start = [reset_map.reset_potential] * reset_map.field.n
    start[reset_map.index] = w
    atol = flow.tolerances(reset_map.field, 1e-8, None)
    half = flow.fly(reset_map.field, start, [], None, atol, 1e-8, 0.5 * flight.time)
    return half.before


def _saddle_node(curve: Curve, x: Floats, value: float) -> Floats | None:
    """Return state and parameter of the saddle-node near a state: F = 0 and det J = 0."""
    fld = curve.map.field
    n = fld.n
    y = np.append(x, value)

    def equations(z: Floats) -> Floats:
        drift, jacobian = fld.f_jac(z[:n], curve.p(float(z[n])))
        return np.append(drift, np.linalg.det(jacobian))

    for _ in range(30):
        right = equations(y)
        columns = []
        for j in range(n + 1):
            shift = 1e-6 * max(abs(y[j]), 1.0)
            moved = y.copy()
            moved[j] += shift
            other = y.copy()
            other[j] -= shift
            columns.append((equations(moved) - equations(other)) / (2.0 * shift))
        try:
            change = np.linalg.solve(np.array(columns).T, right)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(change).all():
            return None
        y = y - change
        if np.abs(change / np.maximum(np.abs(y), 1.0)).max() < 1e-12:
            return y
    return None
