"""The goals of the simulator, and what a set of measurements says about them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.simulation_peers.process import Side

Key = tuple[str, str, str]
"""Work, side (with its option) and precision."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio of CPU seconds that is to be reached.

    Attributes
    ----------
    title : str
        The work.
    ours, peer : Key
        Whose seconds are compared. A peer without precision stands for its faster one.
    factor : float
        Least ratio peer/ours that is wanted.
    """

    title: str
    ours: Key
    peer: Key
    factor: float


def _goals() -> tuple[Goal, ...]:
    sweep = ("a", "ours", "float32")
    goals = [
        Goal("(a) sweep f32", sweep, ("a", "brian2", ""), 3.0),
        Goal("(a) sweep f32", sweep, ("a", "numba", "float32"), 1.2),
        Goal("(a) sweep f32", sweep, ("a", "jax", "float32"), 1.8),
        Goal("(a) f32, numba", ("a", "ours:numba", "float32"), ("a", "numba", "float32"), 4.0),
        Goal("(a) f32, numba", ("a", "ours:numba", "float32"), ("a", "jax", "float32"), 4.0),
        Goal("(a) sweep f64", ("a", "ours", "float64"), ("a", "brian2", "float64"), 1.5),
        Goal("(a) shared noise f32", ("a", "ours:shared", "float32"), ("a", "brian2", ""), 8.0),
        Goal("(c) HH f32", ("c", "ours", "float32"), ("c", "brian2", ""), 2.0),
        Goal("(c) HH f64", ("c", "ours", "float64"), ("c", "brian2", "float64"), 1.4),
        Goal("(d) Izhikevich f64", ("d", "ours", "float64"), ("d", "brian2", "float64"), 1.2),
        Goal("(d) Izhikevich f32", ("d", "ours", "float32"), ("d", "brian2", ""), 1.2),
        Goal("(b) CUBA f64", ("b", "ours", "float64"), ("b", "brian2", "float64"), 0.5),
    ]
    for name, title in (("ours", "(b) CUBA f64"), ("ours:numba", "(b) CUBA f64, numba")):
        if name != "ours":
            goals.append(Goal(title, ("b", name, "float64"), ("b", "brian2", "float64"), 2.0))
        goals.append(Goal(title, ("b", name, "float64"), ("b", "nest", "float64"), 4.0))
        goals.append(Goal(title, ("b", name, "float64"), ("b", "brainpy", "float32"), 4.0))
    exact = ("tpm", "ours:exact", "float64")
    goals += [
        Goal("one step, exact", exact, ("tpm", name, "float64"), 500.0)
        for name in ("numpy", "ours", "brian2", "numba")
    ]
    return tuple(goals)


GOALS = _goals()
EQUAL_ERROR = 10.0
"""Least ratio of (seconds x squared error) of Brian 2 to ours in (a)."""
MEMORY = 500.0
"""Most megabytes that our sweep of (a) in float32 may take."""


def median(side: Side) -> float:
    """Return the median CPU seconds of a side's counted runs (the first one is not)."""
    return float(statistics.median(run["cpu"] for run in side.runs[1:]))


def ratio(peer: Side, ours: Side) -> float:
    """Return the median over the repeats of peer/ours, each pair run one after the other."""
    pairs = zip(peer.runs[1:], ours.runs[1:], strict=True)
    return float(statistics.median(p["cpu"] / max(o["cpu"], 1e-9) for p, o in pairs))


def find(measured: Mapping[Key, Side], key: Key) -> Side | None:
    """Return a measured side; without a precision, the faster one."""
    if key[2]:
        return measured.get(key)
    found = [side for other, side in measured.items() if other[:2] == key[:2]]
    return min(found, key=median, default=None)


def judge(measured: Mapping[Key, Side], works: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the goals of some works as rows of text."""
    rows: list[tuple[str, ...]] = []
    for goal in GOALS:
        if goal.ours[0] not in works:
            continue
        ours, peer = find(measured, goal.ours), find(measured, goal.peer)
        against = f"{goal.peer[1]} {peer.dtype if peer else goal.peer[2]}".strip()
        if ours is None or peer is None:
            lacking = goal.ours[1] if ours is None else goal.peer[1]
            rows.append((goal.title, against, f">= {goal.factor:g}", "-", f"no {lacking}"))
            continue
        found = ratio(peer, ours)
        met = "met" if found >= goal.factor else "NOT MET"
        rows.append((goal.title, against, f">= {goal.factor:g}", f"{found:.2f}", met))
    return rows
