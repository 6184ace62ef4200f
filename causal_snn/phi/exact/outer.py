"""Bounds on phi_s for every TPM in a box of probabilities, by interval evaluation.

Every formula is bounded where it depends on independent intervals, and exactly so: a ratio
p/(p + R) rises with p and falls with R. Cuts and specified states that no TPM of the box can
select are left out; over all others the union is taken, since phi_s jumps where they change.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.phi.exact.all_cuts import all_cuts
from causal_snn.phi.exact.equal import EQUAL
from causal_snn.phi.exact.kept import kept_inputs
from causal_snn.phi.result import State

Floats = NDArray[np.float64]
Interval = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Lower and upper probabilities of each unit's next states, shapes (*sizes, k_i)."""

    lower: tuple[Floats, ...]
    upper: tuple[Floats, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of states of each unit."""
        return tuple(int(table.shape[-1]) for table in self.lower)


@dataclass(frozen=True, slots=True)
class OuterReading:
    """A pair of specified states that some TPM of a box may select.

    Attributes
    ----------
    cause, effect : tuple of int
    phi_s : (float, float)
        Bounds on phi_s where they are selected (ibit).
    cuts : int
        Cuts that may be the minimum there.
    """

    cause: State
    effect: State
    phi_s: tuple[float, float]
    cuts: int


def outer_readings(box: Box, state: State, *, capped: bool) -> tuple[OuterReading, ...]:
    """Return every pair of specified states that may be selected, with bounds on phi_s."""
    effects, causes = _effects(box, state), _causes(box, state)
    found = []
    for cause in _admissible(causes.information):
        for effect in _admissible(effects.information):
            found.append(_bounds(box, state, causes, int(cause), effects, int(effect), capped))
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """Bounds of intrinsic information and of selectivity for every state, each (S,)."""

    information: Interval
    selectivity: Interval


def _effects(box: Box, state: State) -> _Side:
    n, now = len(state), order.number(state, box.sizes)
    low, high = (
        order.product([order.flat(table, n) for table in tables])
        for tables in (box.lower, box.upper)
    )
    p = low[now], high[now]
    rest = low.sum(axis=0) - p[0], high.sum(axis=0) - p[1]
    count = float(len(low))

    def value(p: Floats, r: Floats) -> Floats:
        """Return p log2(p / ((p + r)/S)): convex in p, falling in r."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(p > 0, p * np.log2(count * p / (p + r)), 0.0)

    top = np.maximum(value(p[0], rest[0]), value(p[1], rest[0]))
    # The derivative vanishes where ln(S t) + 1 - t = 0, t = p/(p + r).
    least = _root(count)
    inner = np.clip(least * rest[1] / (1.0 - least), p[0], p[1])
    bottom = np.minimum(
        np.minimum(value(p[0], rest[1]), value(p[1], rest[1])), value(inner, rest[1])
    )
    return _Side((bottom, top), p)


def _causes(box: Box, state: State) -> _Side:
    n = len(state)
    low, high = (
        np.prod([order.flat(t[..., x], n) for t, x in zip(tables, state, strict=True)], axis=0)
        for tables in (box.lower, box.upper)
    )
    count = float(len(low))
    share = _share(low, high.sum() - high), _share(high, low.sum() - low)

    def value(t: Floats) -> Floats:
        """Return t log2(S t): convex in t, least at 1/(e S)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(t > 0, t * np.log2(count * t), 0.0)

    top = np.maximum(value(share[0]), value(share[1]))
    inner = np.clip(np.full_like(low, np.exp(-1.0) / count), *share)
    bottom = np.minimum(np.minimum(value(share[0]), value(share[1])), value(inner))
    return _Side((bottom, top), share)


def _share(part: Floats, rest: Floats) -> Floats:
    whole = part + np.maximum(rest, 0.0)
    return np.asarray(np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 0.0))


def _root(count: float) -> float:
    """Return t in (0, 1) with ln(S t) + 1 - t = 0, below the trivial root near 1."""
    from scipy.special import lambertw

    return float(-lambertw(-np.exp(-1.0) / count).real)


def _admissible(information: Interval) -> NDArray[np.int64]:
    """Return the states whose information may be the largest."""
    low, high = information
    return np.flatnonzero(high >= low.max() - EQUAL)


def _bounds(
    box: Box, state: State, causes: _Side, cause: int, effects: _Side, effect: int, capped: bool
) -> OuterReading:
    sizes = box.sizes
    past, future = order.state(cause, sizes), order.state(effect, sizes)
    sides = (
        _loss(box, state, past, tuple(b[cause] for b in causes.selectivity)),
        _loss(box, future, state, tuple(b[effect] for b in effects.selectivity)),
    )
    low = np.maximum(np.minimum(sides[0][0], sides[1][0]), 0.0)
    high = np.maximum(np.minimum(sides[0][1], sides[1][1]), 0.0)
    kept = all_cuts(len(state))
    size = np.maximum(1, (len(state) - np.bitwise_count(kept)).sum(axis=1))
    ratio = float((high / size).min())
    selected = low / size <= ratio + EQUAL
    least = float(low[selected].min())
    most = float(np.minimum(high, ratio * size)[selected].max())
    information = [(causes, cause), (effects, effect)]
    if capped:
        most = min([most, *(_cap(side, k, 1) for side, k in information)])
        least = min([least, *(_cap(side, k, 0) for side, k in information)])
    if min(float(side.information[0][k]) for side, k in information) <= EQUAL:
        least = 0.0  # a system that specifies nothing
    return OuterReading(past, future, (max(0.0, least), max(0.0, most)), int(selected.sum()))


def _cap(side: _Side, k: int, end: int) -> float:
    """Return an end of min(intrinsic information, surprise) of a state."""
    chance = float(side.selectivity[1 - end][k])
    surprise = -np.log2(chance) if chance > 0 else np.inf
    return float(min(side.information[end][k], surprise))


def _loss(box: Box, events: State, at: State, selectivity: tuple[float, ...]) -> Interval:
    """Return bounds on what every cut loses in one direction, each (cuts,)."""
    kept = all_cuts(len(at))
    masks = np.arange(2 ** len(at))
    averaged = np.array(
        [prod(size for i, size in enumerate(box.sizes) if not mask >> i & 1) for mask in masks]
    )
    low = np.zeros(len(kept))
    high = np.zeros(len(kept))
    for k, x in enumerate(events):
        some, most = (kept_inputs(tables[k][..., x], at) for tables in (box.lower, box.upper))
        p = some[-1], most[-1]  # all inputs kept
        rest = averaged * some - p[0], averaged * most - p[1]
        with np.errstate(divide="ignore"):
            least = np.log2(averaged * _share(np.full_like(some, p[0]), rest[1]))
            top = np.log2(averaged * _share(np.full_like(some, p[1]), rest[0]))
        low += least[kept[:, k]]
        high += top[kept[:, k]]
    small, large = selectivity
    with np.errstate(invalid="ignore"):
        low = np.where(low < 0, large * low, small * low)
        high = np.where(high < 0, small * high, large * high)
    return np.nan_to_num(low, nan=-np.inf), np.nan_to_num(high, nan=0.0)
