"""StructureResult: the cause-effect structure of a system and its Phi."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from causal_snn.phi.result import State
from causal_snn.phi.system_result import SystemResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Distinction:
    """A mechanism with its maximally irreducible cause and effect.

    Attributes
    ----------
    mechanism : tuple of str
        Its units.
    phi : float
        phi_d, the lesser of `phi_cause` and `phi_effect` (ibit).
    cause, effect : tuple of str
        Units of the purviews.
    cause_state, effect_state : tuple of int
        Their states.
    phi_cause, phi_effect : float
        In ibit.
    """

    mechanism: tuple[str, ...]
    phi: float
    cause: tuple[str, ...]
    cause_state: State
    phi_cause: float
    effect: tuple[str, ...]
    effect_state: State
    phi_effect: float


@dataclass(frozen=True, slots=True)
class StructureResult:
    """The cause-effect structure of a system in a state, whatever engine computed it.

    Attributes
    ----------
    system : SystemResult
        The system and its phi_s.
    distinctions : tuple of Distinction
    sum_phi_distinctions, sum_phi_relations : float
        The two parts of Phi (ibit).
    relations : int or None
        Number of relations; None where the engine does not say.
    reading_combinations : int
        Combinations of tied readings of distinctions that the choice was made from.
    provenance : mapping
    """

    system: SystemResult
    distinctions: tuple[Distinction, ...]
    sum_phi_distinctions: float
    sum_phi_relations: float
    relations: int | None
    reading_combinations: int
    provenance: Mapping[str, Any]

    @property
    def big_phi(self) -> float:
        """Structure integrated information Phi (ibit)."""
        return self.sum_phi_distinctions + self.sum_phi_relations

    @property
    def phi_s(self) -> float:
        """System integrated information phi_s (ibit)."""
        return self.system.phi_s

    def to_pandas(self) -> pd.DataFrame:
        """Return the distinctions as a table, one row each."""
        import pandas as pd

        rows = [
            {
                "mechanism": "".join(one.mechanism),
                "phi": one.phi,
                "cause": " ".join(
                    f"{u}={x}" for u, x in zip(one.cause, one.cause_state, strict=True)
                ),
                "phi_cause": one.phi_cause,
                "effect": " ".join(
                    f"{u}={x}" for u, x in zip(one.effect, one.effect_state, strict=True)
                ),
                "phi_effect": one.phi_effect,
            }
            for one in self.distinctions
        ]
        return pd.DataFrame(rows)
