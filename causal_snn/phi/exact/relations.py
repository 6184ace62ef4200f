"""Relations among distinctions: their number and the sum of their phi, in closed form.

A relation binds distinctions whose purviews overlap congruently; its phi is the number of shared
units times the least phi per unit among the distinctions bound. Summed over all sets of
distinctions, the least of a set depends on the order of densities alone (Albantakis et al.,
PLOS Comput Biol 19:e1011465, 2023, S3 Appendix; theory/15_minimum_partition.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_snn.phi.exact.distinctions import Purview, Units

Atom = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bound:
    """A distinction with its cause and effect settled.

    Attributes
    ----------
    mechanism : tuple of int
    cause, effect : Purview
    """

    mechanism: Units
    cause: Purview
    effect: Purview

    @property
    def phi(self) -> float:
        """phi_d (ibit)."""
        return min(self.cause.phi, self.effect.phi)

    @property
    def sides(self) -> tuple[frozenset[Atom], frozenset[Atom]]:
        """The units of cause and effect, each with its state."""
        return frozenset(zip(self.cause.units, self.cause.state, strict=True)), frozenset(
            zip(self.effect.units, self.effect.state, strict=True)
        )

    @property
    def density(self) -> float:
        """phi_d for each unit of cause and effect together."""
        cause, effect = self.sides
        return self.phi / len(cause | effect)


def sum_of_relations(distinctions: Sequence[Bound]) -> float:
    """Return the sum of phi over all relations, self-relations included (ibit)."""
    total = 0.0
    for group in _atoms(distinctions).values():
        densities = sorted(distinctions[k].density for k in group)
        # A set of two or more whose least is the k-th takes any of the larger ones.
        total += sum(x * (2 ** (len(densities) - 1 - k) - 1) for k, x in enumerate(densities))
    for one in distinctions:
        cause, effect = one.sides
        total += one.density * len(cause & effect)
    return total


def count_relations(distinctions: Sequence[Bound]) -> int:
    """Return the number of relations, by inclusion and exclusion over shared units."""
    groups = _atoms(distinctions)
    members: dict[Atom, int] = {atom: sum(1 << k for k in group) for atom, group in groups.items()}
    # Sets of distinctions that share all of some atoms, signed by how many atoms these are.
    signed: dict[int, int] = {}
    for mask in members.values():
        for known, sign in list(signed.items()):
            both = known & mask
            signed[both] = signed.get(both, 0) - sign
        signed[mask] = signed.get(mask, 0) + 1
    larger: int = sum(
        sign * (2 ** mask.bit_count() - mask.bit_count() - 1) for mask, sign in signed.items()
    )
    return larger + sum(bool(one.sides[0] & one.sides[1]) for one in distinctions)


def _atoms(distinctions: Sequence[Bound]) -> dict[Atom, list[int]]:
    """Return which distinctions contain each unit in a state."""
    groups: dict[Atom, list[int]] = {}
    for k, one in enumerate(distinctions):
        cause, effect = one.sides
        for atom in cause | effect:
            groups.setdefault(atom, []).append(k)
    return groups
