"""The cause-effect structure of a system, and the choice between tied specified states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from causal_snn.phi.exact.congruence import Chosen, congruent
from causal_snn.phi.exact.distinctions import Candidate, Purview
from causal_snn.phi.exact.equal import slack
from causal_snn.phi.exact.evaluate import Evaluation, Reading
from causal_snn.phi.exact.relations import Bound, count_relations, sum_of_relations

NONUNIQUE = "tied specified states give different structures of the same Phi: none is specified"
DIGITS = 11
"""Digits to which two structures are compared."""


@dataclass(frozen=True, slots=True)
class Structure:
    """The distinctions of a system under one reading of its specified states, and their sums.

    Attributes
    ----------
    reading : Reading
    chosen : Chosen
        The distinctions.
    sum_phi_distinctions, sum_phi_relations : float
        In ibit.
    relations : int
        Their number.
    """

    reading: Reading
    chosen: Chosen
    sum_phi_distinctions: float
    sum_phi_relations: float
    relations: int

    @property
    def big_phi(self) -> float:
        """Structure integrated information Phi (ibit)."""
        return self.sum_phi_distinctions + self.sum_phi_relations


def structure_of(reading: Reading, candidates: Sequence[Candidate]) -> Structure:
    """Return the structure that a reading of the specified states leaves."""
    chosen = congruent(candidates, reading.cause.state, reading.effect.state)
    return Structure(
        reading=reading,
        chosen=chosen,
        sum_phi_distinctions=sum(one.phi for one in chosen.distinctions),
        sum_phi_relations=sum_of_relations(chosen.distinctions),
        relations=count_relations(chosen.distinctions),
    )


def settle(readings: Sequence[Reading], candidates: Sequence[Candidate]) -> tuple[Structure, bool]:
    """Return the structure of largest Phi among tied readings, and whether it is the only one.

    Structures that differ by the names of their units only count as one; of others that tie the
    system specifies none, and is no complex (Albantakis et al., PLOS Comput Biol 19:e1011465,
    2023, S1 Text).
    """
    found = [structure_of(reading, candidates) for reading in readings]
    top = max(one.big_phi for one in found)
    best = [one for one in found if abs(one.big_phi - top) <= slack(top)]
    return best[0], all(_isomorphic(best[0], other) for other in best[1:])


def settled(found: Evaluation, candidates: Sequence[Candidate]) -> tuple[Structure, Evaluation]:
    """Return the structure of an evaluation, and the evaluation with its reading first.

    Where tied readings specify different structures of the same Phi, the system specifies none.
    """
    best, unique = settle(found.readings, candidates)
    if unique or best.reading.phi_s == 0.0:
        return best, found.settled(best.reading)
    return best, found.refused(NONUNIQUE)


def _isomorphic(one: Structure, other: Structure) -> bool:
    units = range(len(one.reading.cause.state))
    target = _signature(other.chosen.distinctions, {k: k for k in units})
    if len(target) != len(one.chosen.distinctions):
        return False
    return any(
        _signature(one.chosen.distinctions, dict(zip(units, names, strict=True))) == target
        for names in permutations(units)
    )


def _signature(
    distinctions: Sequence[Bound], names: Mapping[int, int]
) -> frozenset[tuple[object, ...]]:
    def renamed(purview: Purview) -> frozenset[tuple[int, int]]:
        return frozenset((names[k], x) for k, x in zip(purview.units, purview.state, strict=True))

    return frozenset(
        (
            frozenset(names[k] for k in one.mechanism),
            renamed(one.cause),
            renamed(one.effect),
            round(one.phi, DIGITS),
        )
        for one in distinctions
    )
