"""Factors: how much of each unit's effect the macro states of it and its sources tell.

The micro states are independent and uniform on the declared ranges. The regret of unit i,
the mean squared difference between p_i(u_i, s) and its prediction from macro states, is
E[p_i^2] - E[Q_i^2] (theory/11_joint.py J3), and with the spikes of the sources expanded in
orthonormal functions (J4)

    E[Q_i^2] = sum over sets S of sources of  F_iS(T_i) prod_{j in S} rho_j(T_j),

F_iS >= 0, and rho_j in [0, 1] the correlation ratio of the spike of j given its macro state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds.integrals import (
    Cell,
    expand,
    mean_square,
    patterns,
    quiet_cell,
    spiking_cell,
)
from causal_snn.coarse.joint_thresholds.unit_step import UnitStep
from causal_snn.coarse.partition import Alphabet

Floats = NDArray[np.float64]
Effect = Literal["spike", "macro"]


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """The joint problem over finitely many labels of each unit: maximise what is told.

    A label is a candidate threshold, or an interval of thresholds; of an interval `told`
    and `most` are upper bounds, `least` is a lower one (J5).

    Attributes
    ----------
    told : tuple of array, each shape (L_i, 2^d_i)
        F_iS of every label; bit k of the column says whether source k is in S. The column
        of the empty set also holds -E[p_i^2], so that the sum is minus the regret.
    least, most : tuple of array, each shape (L_i,)
        rho of every label; equal for candidate thresholds.
    sources : tuple of array of int, each shape (d_i,)
    """

    told: tuple[Floats, ...]
    least: tuple[Floats, ...]
    most: tuple[Floats, ...]
    sources: tuple[NDArray[np.int64], ...]

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.told)

    @property
    def labels(self) -> tuple[int, ...]:
        """Number of labels of each unit."""
        return tuple(len(table) for table in self.told)


def factors(
    units: Sequence[UnitStep],
    first: Sequence[Floats],
    last: Sequence[Floats],
    *,
    alphabet: Alphabet,
    effect: Effect,
) -> Factors:
    """Return the factors of labels that reach from threshold `first` to `last` (mV).

    Equal ends make candidate thresholds. An interval is judged by the partition that has
    it as a cell of its own, which refines the partition of every threshold in it (J5).
    """
    told, sources = [], []
    for unit, a, b in zip(units, first, last, strict=True):
        who, inputs, shares = talkers(unit, units)
        cells = _cells(unit, a, b, patterns(inputs), effect)
        if alphabet == "binary":
            cells = [*cells[:2], cells[2].join(cells[3])]
        table = np.zeros_like(cells[0].effect)
        for cell in cells:
            # A cell of no mass tells nothing: its integral is 0 too.
            table += expand(cell.effect, shares) ** 2 / np.where(cell.mass > 0, cell.mass, 1.0)
        # The next spike does not depend on the label, the next macro state does.
        target = a if effect == "macro" else np.array([unit.theta])
        table[:, 0] -= expand(mean_square(unit, target, patterns(inputs)), shares)[:, 0]
        told.append(table)
        sources.append(who)
    known = alphabet == "ternary"  # the macro state tells the spike
    least, most = (
        tuple(
            np.ones_like(cut) if known else ratio(unit, cut)
            for unit, cut in zip(units, cuts, strict=True)
        )
        for cuts in (first, last)
    )
    return Factors(tuple(told), least, most, tuple(sources))


def ratio(unit: UnitStep, cut: Floats) -> Floats:
    """Return rho(T) = pi (1 - m)/((1 - pi) m), m = P(on), the correlation ratio (J4)."""
    pi = unit.spiking_share
    if pi == 0.0:
        return np.zeros_like(cut)
    on = (unit.high - cut) / unit.length
    return np.asarray(np.clip(pi * (1.0 - on) / ((1.0 - pi) * on), 0.0, 1.0))


def variance(unit: UnitStep, units: Sequence[UnitStep]) -> float:
    """Return the variance of p_i: the regret of macro states that tell nothing."""
    _, inputs, shares = talkers(unit, units)
    c, low, theta = patterns(inputs), np.array([unit.low]), np.array([unit.theta])
    cells = _cells(unit, low, low, c, "spike")
    mean = expand(np.sum([cell.effect for cell in cells], axis=0), shares)[0, 0]
    return float(expand(mean_square(unit, theta, c), shares)[0, 0] - mean**2)


def feasible(
    unit: UnitStep,
    units: Sequence[UnitStep],
    cuts: Floats,
    *,
    alphabet: Alphabet,
    effect: Effect,
) -> tuple[Floats, Floats]:
    """Return the least cell mass and the separation of each candidate threshold.

    The separation is the absolute difference of the mean effects of the quiet cell and of
    the next one (primed, or on); 0 if either is empty.
    """
    _, inputs, shares = talkers(unit, units)
    cells = _cells(unit, cuts, cuts, patterns(inputs), effect)
    quiet, other = cells[0], cells[2] if alphabet == "ternary" else cells[2].join(cells[3])
    means = [
        expand(cell.effect, shares)[:, 0] / np.where(cell.mass > 0, cell.mass, 1.0)[:, 0]
        for cell in (quiet, other)
    ]
    mass = np.minimum(quiet.mass, other.mass)[:, 0]
    return mass, np.where(mass > 0, np.abs(means[1] - means[0]), 0.0)


def talkers(unit: UnitStep, units: Sequence[UnitStep]) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return the sources that spike under the law: who, their inputs (mV), P(spike)."""
    shares = np.array([units[j].spiking_share for j in unit.sources])
    kept = np.flatnonzero(shares > 0)
    return np.array(unit.sources, dtype=np.int64)[kept], np.array(unit.inputs)[kept], shares[kept]


def _cells(unit: UnitStep, first: Floats, last: Floats, c: Floats, effect: Effect) -> list[Cell]:
    """Return the cells below the label, inside it, above it, and just spiked."""
    low, theta = np.full_like(first, unit.low), np.full_like(first, unit.theta)
    target = first if effect == "macro" else theta
    ends = ((low, first), (first, last), (last, theta))
    quiet = [quiet_cell(unit, a, b, target, c) for a, b in ends]
    return [*quiet, spiking_cell(unit, target, c)]
