"""Binary thresholds with the least worst-case diameter, exactly.

A binary unit cut at theta tells its spikes; cut lower it leaves them open while it is on
(it is *open*). The diameter of unit i depends on its own cut and on which sources are
open, and grows with that set (J9). So the units that must be open for a cost below a
level form a least set, found by adding what is forced until nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds.integrals import patterns
from causal_snn.coarse.joint_thresholds.unit_step import UnitStep
from causal_snn.kernel.normal import above

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Worst:
    """A choice of binary thresholds and the worst diameters it leaves.

    Attributes
    ----------
    labels : tuple of int
        Candidate of each unit.
    diameters : array, shape (n,)
        Worst diameter of each unit.
    """

    labels: tuple[int, ...]
    diameters: Floats

    @property
    def cost(self) -> float:
        """Worst diameter of all."""
        return float(self.diameters.max())


def least_worst(units: Sequence[UnitStep], candidates: Sequence[Floats]) -> Worst:
    """Return the choice of candidates whose worst diameter is least.

    Starting from no open units, every unit that is no better than the best cost when cut
    at theta is opened. A cost below it needs at least these open units (J9), so when the
    least set that is forced is no better either, the best cost is optimal.
    """
    opened: frozenset[int] = frozenset(
        i for i, cuts in enumerate(candidates) if cuts[-1] < units[i].theta
    )
    best = _choice(units, candidates, opened)
    while True:
        while forced := _forced(units, candidates, opened, best.cost):
            opened |= forced
        found = _choice(units, candidates, opened)
        if not found.cost < best.cost:
            return best
        best = found


def worst_of(
    units: Sequence[UnitStep], candidates: Sequence[Floats], labels: Sequence[int]
) -> Worst:
    """Return the worst diameters of a choice of candidates."""
    cuts = [cut[t] for cut, t in zip(candidates, labels, strict=True)]
    opened = frozenset(i for i, cut in enumerate(cuts) if cut < units[i].theta)
    found = [
        diameters(unit, np.array([cut]), opened)[0] for unit, cut in zip(units, cuts, strict=True)
    ]
    return Worst(tuple(labels), np.array(found))


def alone(units: Sequence[UnitStep], candidates: Sequence[Floats]) -> tuple[int, ...]:
    """Return the candidates that are best for each unit if the spikes of others are known."""
    tables = (
        diameters(unit, cuts, frozenset()) for unit, cuts in zip(units, candidates, strict=True)
    )
    return tuple(int(np.argmin(table)) for table in tables)


def diameters(unit: UnitStep, cuts: Floats, opened: frozenset[int]) -> Floats:
    """Return the worst diameter of a unit's two cells at each cut, given the open sources.

    The largest difference of P(spike next) between two micro states that share the macro
    states of the unit and of its sources; shape (K,).
    """
    free = np.array([j in opened for j in unit.sources], dtype=bool)
    inputs = np.array(unit.inputs)
    base = patterns(inputs[~free])
    # While all open sources are on, their spikes give any input between these.
    least = base + np.minimum(inputs[free], 0.0).sum()
    most = base + np.maximum(inputs[free], 0.0).sum()
    t = cuts[:, None]

    def effect(v: Floats | float, c: Floats, *, limit: bool = False) -> Floats:
        mean = unit.offset + unit.decay * v + c
        # The limit from below: without noise a state at the midpoint itself is not included.
        return above(mean, unit.sigma, unit.theta, strict=unit.strict or limit)

    spiked = [_after_spike(unit, v, c) for v in (unit.theta, unit.high) for c in (least, most)]
    top, bottom = np.maximum.reduce(spiked), np.minimum.reduce(spiked)
    off = np.where(t > unit.low, effect(t, most, limit=True) - effect(unit.low, least), 0.0)
    primed = t < unit.theta
    on = np.where(
        primed,
        np.maximum(effect(unit.theta, most, limit=True), top)
        - np.minimum(effect(t, least), bottom),
        top - bottom,
    )
    return np.asarray(np.maximum(off, on).max(axis=1))


def _after_spike(unit: UnitStep, v: float, c: Floats) -> Floats:
    if unit.silent:
        return np.zeros_like(c)
    mean = unit.spiked_offset + unit.spiked_decay * v + (c if unit.hears else np.zeros_like(c))
    return above(mean, unit.sigma, unit.theta, strict=unit.strict)


def _choice(
    units: Sequence[UnitStep], candidates: Sequence[Floats], opened: frozenset[int]
) -> Worst:
    """Return the best candidates with these open units."""
    labels, found = [], []
    for i, (unit, cuts) in enumerate(zip(units, candidates, strict=True)):
        table = diameters(unit, cuts, opened)
        allowed = cuts < unit.theta if i in opened else cuts == unit.theta
        label = int(np.argmin(np.where(allowed, table, np.inf)))
        labels.append(label)
        found.append(table[label] if allowed[label] else np.inf)
    return Worst(tuple(labels), np.array(found))


def _forced(
    units: Sequence[UnitStep], candidates: Sequence[Floats], opened: frozenset[int], level: float
) -> frozenset[int]:
    """Return the units that are not below `level` when cut at theta."""
    return frozenset(
        i
        for i, (unit, cuts) in enumerate(zip(units, candidates, strict=True))
        if i not in opened and diameters(unit, cuts[-1:], opened)[0] >= level
    )
