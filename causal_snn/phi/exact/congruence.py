"""Which distinctions belong to a structure, and in which of their tied readings.

A reading must agree with the states that the system specifies. Of several that do, those are
taken that make the structure's Phi largest, jointly over distinctions (Albantakis et al., PLOS
Comput Biol 19:e1011465, 2023, S1 Text).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from causal_snn.phi.exact.distinctions import Candidate, Purview
from causal_snn.phi.exact.equal import slack
from causal_snn.phi.exact.relations import Bound, sum_of_relations
from causal_snn.phi.result import State

MOST_COMBINATIONS = 4096
"""Combinations of tied readings that are compared one by one; beyond, one at a time."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The distinctions of a structure.

    Attributes
    ----------
    distinctions : tuple of Bound
    combinations : int
        Combinations of tied readings there were to choose from.
    exact : bool
        Whether all of them were compared.
    """

    distinctions: tuple[Bound, ...]
    combinations: int
    exact: bool


def congruent(candidates: Sequence[Candidate], cause: State, effect: State) -> Chosen:
    """Return the distinctions congruent with a system's specified states."""
    options = [found for c in candidates if (found := _readings(c, cause, effect))]
    combinations = prod(map(len, options))
    if combinations <= MOST_COMBINATIONS:
        return Chosen(_best(options), combinations, exact=True)
    now = [found[0] for found in options]
    for k, found in enumerate(options):
        best = sum_of_relations(now)
        for reading in found[1:]:
            other = [*now[:k], reading, *now[k + 1 :]]
            value = sum_of_relations(other)
            if value > best + slack(best):
                now, best = other, value
    return Chosen(tuple(now), combinations, exact=False)


def _readings(one: Candidate, cause: State, effect: State) -> list[Bound]:
    causes = sorted(_agree(one.causes, cause), key=_lexicographic)
    effects = sorted(_agree(one.effects, effect), key=_lexicographic)
    return [Bound(one.mechanism, c, e) for c in causes for e in effects]


def _agree(purviews: Sequence[Purview], state: State) -> list[Purview]:
    return [
        p for p in purviews if all(state[k] == x for k, x in zip(p.units, p.state, strict=True))
    ]


def _lexicographic(purview: Purview) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return purview.units, purview.state


def _best(options: Sequence[Sequence[Bound]]) -> tuple[Bound, ...]:
    best: tuple[Bound, ...] = ()
    top = -1.0
    for combination in product(*options):  # in lexicographic order: the first of ties stays
        value = sum_of_relations(combination)
        if value > top + slack(top):
            best, top = combination, value
    return best
