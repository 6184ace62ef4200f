"""SystemResult: how irreducible a system is, and where it comes apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from causal_snn.phi.result import MinimumPartition, State


@dataclass(frozen=True, slots=True)
class SystemResult:
    """System integrated information of some units in a state, whatever engine computed it.

    Attributes
    ----------
    state : tuple of int
        State of the system's units.
    labels : tuple of str
        The units.
    formalism : str
    phi_s : float
        System integrated information (ibit).
    partition : MinimumPartition or None
        The partition that makes least difference; None where none was needed, see `reasons`.
    cause_state, effect_state : tuple of int or None
        The states that the system specifies.
    intrinsic_information : float or None
        ii(s), the cap of IIT 4.0 as of 2026 (ibit); None where it was not computed.
    ties : int
        Pairs of specified cause and effect states that tie for the largest phi_s.
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
    partition: MinimumPartition | None
    cause_state: State | None
    effect_state: State | None
    intrinsic_information: float | None
    ties: int
    reasons: tuple[str, ...]
    independence_gap: float
    provenance: Mapping[str, Any]
