"""Distinctions: what each mechanism of a system specifies, irreducibly.

Equations are those of Albantakis et al., PLOS Comput Biol 19:e1011465 (2023), Eqs. 24-50.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.phi.exact.factors import Factors
from causal_snn.phi.exact.kept import kept_inputs
from causal_snn.phi.exact.mechanism_cut import least_loss
from causal_snn.phi.exact.specified import EQUAL

Floats = NDArray[np.float64]
Units = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Purview:
    """A purview in a state, and how irreducibly a mechanism specifies it.

    Attributes
    ----------
    units, state : tuple of int
    phi : float
        Integrated information (ibit).
    """

    units: Units
    state: tuple[int, ...]
    phi: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mechanism with the causes and the effects that it specifies equally irreducibly.

    Attributes
    ----------
    mechanism : tuple of int
    causes, effects : tuple of Purview
        Every purview and state tied for the largest phi.
    """

    mechanism: Units
    causes: tuple[Purview, ...]
    effects: tuple[Purview, ...]

    @property
    def phi(self) -> float:
        """phi_d, the lesser of cause and effect (ibit)."""
        return min(self.causes[0].phi, self.effects[0].phi)


def mechanisms(n: int) -> list[Units]:
    """Return every set of units, by its mask."""
    return [tuple(k for k in range(n) if mask >> k & 1) for mask in range(1, 2**n)]


def candidate(system: Factors, mechanism: Units) -> Candidate | None:
    """Return what a mechanism specifies, or None where it is reducible."""
    causes = _most_irreducible(_causes(system, mechanism))
    if not causes:
        return None
    effects = _most_irreducible(_effects(system, mechanism))
    return Candidate(mechanism, causes, effects) if effects else None


def _most_irreducible(purviews: Iterator[Purview]) -> tuple[Purview, ...]:
    found = list(purviews)
    top = max((purview.phi for purview in found), default=0.0)
    if top <= EQUAL:
        return ()
    return tuple(p for p in found if abs(p.phi - top) <= EQUAL * max(1.0, top))


def _tops(selectivity: Floats, given: Floats, mean: Floats) -> NDArray[np.int64]:
    """Return the states of largest intrinsic information (Eqs. 33 and 39), tied ones too."""
    value = np.zeros_like(given)
    some = given > 0
    value[some] = selectivity[some] * np.log2(given[some] / mean[some])
    top = value.max()
    if top <= EQUAL:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.abs(value - top) <= EQUAL * np.maximum(1.0, top))


def _causes(system: Factors, mechanism: Units) -> Iterator[Purview]:
    n = len(system.state)
    present = [system.cause[j][..., system.state[j]] for j in mechanism]
    for units in mechanisms(n):
        hidden = tuple(k for k in range(n) if k not in units)
        tables = [table.mean(axis=hidden) for table in present]  # other inputs averaged
        sizes = tables[0].shape
        given = order.flat(np.asarray(reduce(np.multiply, tables)), len(units))
        if not given.any():
            continue
        selectivity = given / given.sum()
        mean = np.full_like(given, given.mean())
        states = order.states(sizes)
        for row in _tops(selectivity, given, mean):
            state = tuple(int(x) for x in states[row])
            kept = np.log2([kept_inputs(table, state) for table in tables])
            losses = selectivity[row] * (kept[:, -1:] - kept)
            yield Purview(units, state, max(0.0, least_loss(losses, split_rows=True)))


def _effects(system: Factors, mechanism: Units) -> Iterator[Purview]:
    n = len(system.state)
    hidden = tuple(k for k in range(n) if k not in mechanism)
    now = tuple(system.state[k] for k in mechanism)
    # What every unit does, given each state of the mechanism, other inputs averaged.
    tables = [factor.mean(axis=hidden) for factor in system.effect]
    rows = [order.flat(table, len(mechanism)) for table in tables]
    present = order.number(now, [system.sizes[k] for k in mechanism])
    kept = [
        np.stack([kept_inputs(table[..., x], now) for x in range(table.shape[-1])])
        for table in tables
    ]
    for units in mechanisms(n):
        joint = order.product([rows[k] for k in units])
        given, mean = joint[present], joint.mean(axis=0)
        states = order.states([system.sizes[k] for k in units])
        for row in _tops(given, given, mean):
            state = tuple(int(x) for x in states[row])
            each = np.log2([kept[k][x] for k, x in zip(units, state, strict=True)])
            losses = given[row] * (each[:, -1:] - each)
            yield Purview(units, state, max(0.0, least_loss(losses, split_rows=False)))
