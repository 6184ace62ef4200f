"""Results of integrated information: phi_s, Phi, the minimum partition, the complexes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError

State = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MinimumPartition:
    """The partition that makes least difference (MIP).

    Attributes
    ----------
    description : str
        In words, as PyPhi prints it.
    cut : tuple of (str, str)
        Connections cut, source and target labels.
    normalized_phi : float or None
        Integrated information over the number of connections cut; None where the
        formalism does not define it.
    """

    description: str
    cut: tuple[tuple[str, str], ...]
    normalized_phi: float | None


@dataclass(frozen=True, slots=True)
class Complex:
    """A set of units that exists as one: a local maximum of phi_s under exclusion."""

    units: tuple[str, ...]
    phi_s: float


@dataclass(frozen=True, slots=True)
class PhiResult:
    """Integrated information of a network in one state.

    Attributes
    ----------
    state : tuple of int
        Macro state, one number for each unit.
    labels : tuple of str
    formalism : str
    phi_s : float
        System integrated information of all units together. IIT 3.0 has one system-level
        quantity, its Phi, by which systems are compared as IIT 4.0 compares them by phi_s;
        it is given here and in `big_phi`.
    big_phi : float or None
        Structure integrated information: the sum over distinctions and relations. None
        where it was not asked for.
    mip : MinimumPartition or None
        None where no partition was evaluated, see `reasons`.
    complexes : tuple of Complex or None
        In order of phi_s; None where not asked for.
    distinctions : int or None
        Number of distinctions of the cause-effect structure.
    sum_phi_distinctions, sum_phi_relations : float or None
        The two parts of `big_phi`.
    cause_state, effect_state : tuple of int or None
        The states the system specifies.
    reasons : tuple of str
        Why phi_s is 0 without a partition having been evaluated.
    independence_gap : float
        Gap of the TPM the value comes from: above 1e-6 the value is spurious.
    provenance : mapping
    """

    state: State
    labels: tuple[str, ...]
    formalism: str
    phi_s: float
    big_phi: float | None
    mip: MinimumPartition | None
    complexes: tuple[Complex, ...] | None
    distinctions: int | None
    sum_phi_distinctions: float | None
    sum_phi_relations: float | None
    cause_state: State | None
    effect_state: State | None
    reasons: tuple[str, ...]
    independence_gap: float
    provenance: Mapping[str, Any]

    @property
    def major_complex(self) -> Complex | None:
        """The complex with the largest phi_s; None if nothing is irreducible."""
        return self.complexes[0] if self.complexes else None


@dataclass(frozen=True, slots=True)
class PhiByState:
    """Integrated information over the reachable states of a network.

    Attributes
    ----------
    results : tuple of PhiResult
        In row order.
    unreachable : tuple of State
        States that nothing leads to, which IIT leaves undefined.
    """

    results: tuple[PhiResult, ...]
    unreachable: tuple[State, ...]

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[PhiResult]:
        return iter(self.results)

    def __getitem__(self, state: Sequence[int]) -> PhiResult:
        wanted = tuple(int(x) for x in state)
        for result in self.results:
            if result.state == wanted:
                return result
        raise InputError(f"state {wanted} has no result: it is unreachable or was not analysed")

    @property
    def states(self) -> tuple[State, ...]:
        """The states analysed."""
        return tuple(result.state for result in self.results)

    @property
    def phi_s(self) -> NDArray[np.float64]:
        """System integrated information of each state."""
        return np.array([result.phi_s for result in self.results])

    @property
    def big_phi(self) -> NDArray[np.float64]:
        """Structure integrated information of each state; NaN where not computed."""
        return np.array(
            [np.nan if result.big_phi is None else result.big_phi for result in self.results]
        )
