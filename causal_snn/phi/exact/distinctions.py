"""Distinctions: what each mechanism of a system specifies, irreducibly.

Equations are those of Albantakis et al., PLOS Comput Biol 19:e1011465 (2023), Eqs. 24-50.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.phi.exact.equal import EQUAL, slack
from causal_snn.phi.exact.factors import Factors
from causal_snn.phi.exact.kept import kept_inputs
from causal_snn.phi.exact.mechanism_cut import least_loss
from causal_snn.progress import track

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


class Tables:
    """What mechanisms and purviews of one system have in common, worked out once."""

    def __init__(self, system: Factors) -> None:
        self.system = system
        self.sizes = system.sizes
        self.n = len(system.sizes)
        # P(every unit's present state | past), one row for each unit.
        self.present = np.stack(
            [factor[..., x] for factor, x in zip(system.cause, system.state, strict=True)]
        )
        self._given: dict[Units, Floats] = {}
        self._kept: dict[tuple[Units, tuple[int, ...]], Floats] = {}

    def given(self, purview: Units) -> Floats:
        """Return P(a unit's present state | past of a purview), other inputs averaged, (n, S)."""
        if purview not in self._given:
            table = self._averaged(purview)
            flat = np.moveaxis(table, 0, -1)
            self._given[purview] = np.ascontiguousarray(order.flat(flat, len(purview)).T)
        return self._given[purview]

    def kept(self, purview: Units, state: tuple[int, ...]) -> Floats:
        """Return log2 of `given` at a state, with the inputs of every mask kept, (n, 2^|Z|)."""
        key = purview, state
        if key not in self._kept:
            with np.errstate(divide="ignore"):  # of units for which the state is no cause
                self._kept[key] = np.log2(kept_inputs(self._averaged(purview), state))
        return self._kept[key]

    def _averaged(self, purview: Units) -> Floats:
        hidden = tuple(k + 1 for k in range(self.n) if k not in purview)
        return np.asarray(self.present.mean(axis=hidden))


def candidate(tables: Tables, mechanism: Units) -> Candidate | None:
    """Return what a mechanism specifies, or None where it is reducible."""
    causes = _most_irreducible(_causes(tables, mechanism), split_rows=True)
    if not causes:
        return None
    effects = _most_irreducible(_effects(tables, mechanism), split_rows=False)
    return Candidate(mechanism, causes, effects) if effects else None


def every_candidate(system: Factors, *, progress: bool = False) -> list[Candidate]:
    """Return what every irreducible mechanism of a system specifies."""
    tables = Tables(system)
    each = track(mechanisms(tables.n), label="mechanisms", show=progress)
    return [one for units in each if (one := candidate(tables, units)) is not None]


@dataclass(frozen=True, slots=True, eq=False)
class _Specified:
    """A purview in a specified state, before its cuts are searched.

    No partition has a lesser ratio of loss to cuts than the minimum, which cuts all connections
    at most; so phi is at most `bound`, what some partitions lose at that rate, and a purview with
    less than what another has need not be searched (theory/15_minimum_partition.py P6).
    """

    units: Units
    state: tuple[int, ...]
    bound: float
    losses: Callable[[], Floats]


def _most_irreducible(found: Iterator[_Specified], *, split_rows: bool) -> tuple[Purview, ...]:
    purviews: list[Purview] = []
    top = EQUAL
    for one in sorted(found, key=lambda one: -one.bound):
        if one.bound < top - slack(top):
            break
        phi = least_loss(one.losses(), split_rows=split_rows)
        top = max(top, phi)
        purviews.append(Purview(one.units, one.state, phi))
    if top <= EQUAL:
        return ()
    return tuple(p for p in purviews if abs(p.phi - top) <= slack(top))


def _tops(selectivity: Floats, given: Floats, mean: Floats) -> NDArray[np.int64]:
    """Return the states of largest intrinsic information (Eqs. 33 and 39), tied ones too."""
    if given.min() > 0:
        value = selectivity * np.log2(given / mean)
    else:
        value = np.zeros_like(given)
        some = given > 0
        value[some] = selectivity[some] * np.log2(given[some] / mean[some])
    top = value.max()
    if top <= EQUAL:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.abs(value - top) <= slack(top))


def _causes(tables: Tables, mechanism: Units) -> Iterator[_Specified]:
    rows = list(mechanism)
    for units in mechanisms(tables.n):
        given = tables.given(units)[rows].prod(axis=0)
        if not given.any():
            continue
        selectivity = given / given.sum()
        for row in _tops(selectivity, given, np.full_like(given, given.mean())):
            state = order.state(int(row), [tables.sizes[k] for k in units])
            kept, weight = tables.kept(units, state)[rows], float(selectivity[row])
            # Cut everything; or one unit of several from the whole purview.
            each = weight * (kept[:, -1] - kept[:, 0])
            least = len(each) * each.min() if len(each) > 1 else np.inf
            yield _specified(units, state, kept, weight, min(each.sum(), least))


def _effects(tables: Tables, mechanism: Units) -> Iterator[_Specified]:
    hidden = tuple(k for k in range(tables.n) if k not in mechanism)
    now = tuple(tables.system.state[k] for k in mechanism)
    present = order.number(now, [tables.sizes[k] for k in mechanism])
    # What every unit does, given each state of the mechanism, other inputs averaged.
    averaged = [factor.mean(axis=hidden) for factor in tables.system.effect]
    rows = [order.flat(table, len(mechanism)) for table in averaged]
    with np.errstate(divide="ignore"):  # of states that no mechanism specifies
        kept = [np.log2(kept_inputs(np.moveaxis(table, -1, 0), now)) for table in averaged]
    full = 2 ** len(mechanism) - 1
    without = [0, *(full ^ 1 << k for k in range(len(mechanism)))]
    for units in mechanisms(tables.n):
        joint = order.product([rows[k] for k in units])
        given = joint[present]
        for row in _tops(given, given, joint.mean(axis=0)):
            state = order.state(int(row), [tables.sizes[k] for k in units])
            each = np.stack([kept[k][x] for k, x in zip(units, state, strict=True)])
            # Cut everything; or one unit of several from all of the purview.
            lost = given[row] * (each[:, [-1]] - each[:, without]).sum(axis=0)
            least = len(mechanism) * lost[1:].min() if len(mechanism) > 1 else np.inf
            yield _specified(units, state, each, float(given[row]), min(lost[0], least))


def _specified(
    units: Units, state: tuple[int, ...], kept: Floats, selectivity: float, bound: float
) -> _Specified:
    return _Specified(units, state, float(bound), lambda: selectivity * (kept[:, -1:] - kept))
