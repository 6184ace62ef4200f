"""What every computation of integrated information asks of its TPM."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from causal_snn import order
from causal_snn.errors import InputError, StageWarning, bad, check_choice, suggest
from causal_snn.phi.result import State
from causal_snn.tpm import TPM

FOUR = ("IIT_4_0_2026", "IIT_4_0_2023")
"""The formalisms of IIT 4.0."""


class UnreachableError(InputError):
    """No state of the network leads to the state asked about."""


def unreachable(tpm: TPM, state: State) -> UnreachableError:
    """Return the error that says so."""
    return UnreachableError(
        f"state = {state} ({tpm.state_name(state)}) is unreachable: no state of the network "
        "leads to it. Choose a state with tpm.reachable() true."
    )


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A system in a state: some units of a TPM, the others background.

    Attributes
    ----------
    tpm : TPM
    state : tuple of int
        State of every unit.
    units : tuple of int
        Positions of the system's units.
    formalism : str
    """

    tpm: TPM
    state: State
    units: tuple[int, ...]
    formalism: str

    @property
    def capped(self) -> bool:
        """Whether phi_s may not exceed ii(s), as in the formalism of 2026."""
        return self.formalism == FOUR[0]

    @property
    def sizes(self) -> list[int]:
        """Number of states of each of the system's units."""
        return [self.tpm.sizes[k] for k in self.units]


def ask(
    tpm: TPM | ArrayLike,
    state: Sequence[int],
    units: Sequence[int | str] | None,
    *,
    formalism: str,
    tolerance: float,
) -> Question:
    """Return a question about a system, checked; raise `InputError` for what cannot be asked."""
    check_choice("formalism", formalism, FOUR)
    matrix = as_tpm(tpm)
    check_gap(matrix, strict=True, tolerance=tolerance)
    now = order.check_state(state, matrix.sizes)
    return Question(matrix, now, unit_indices(matrix, units), formalism)


def as_tpm(tpm: TPM | ArrayLike) -> TPM:
    """Return a TPM as it is, or make one of a (2^n, n) little-endian state-by-node array."""
    return tpm if isinstance(tpm, TPM) else TPM.from_state_by_node(tpm)


def check_gap(tpm: TPM, *, strict: bool, tolerance: float) -> None:
    """Warn of a TPM that is not conditionally independent, or refuse it if `strict`."""
    gap = tpm.independence_gap
    if gap <= tolerance:
        return
    message = (
        f"the TPM is not conditionally independent: a joint row is {gap:.3g} (total variation) "
        f"from the product of its marginals, tolerance {tolerance:g}, so integrated information "
        "would be spurious. Use alphabet='ternary', whose rows factorise, or tpm.project() to "
        "accept that distance."
    )
    if strict:
        raise InputError(message)
    warnings.warn(message, StageWarning, stacklevel=3)


def unit_indices(tpm: TPM, units: Sequence[int | str] | None) -> tuple[int, ...]:
    """Return the positions of units named by label or index; all of them for None."""
    if units is None:
        return tuple(range(tpm.n))
    found = []
    for unit in units:
        if isinstance(unit, str):
            if unit not in tpm.labels:
                raise bad("units", unit, "labels of the TPM", suggest(unit, tpm.labels))
            found.append(tpm.labels.index(unit))
        elif isinstance(unit, bool) or unit != int(unit) or not 0 <= unit < tpm.n:
            raise bad("units", unit, f"indices from 0 to {tpm.n - 1}, or labels")
        else:
            found.append(int(unit))
    if not found or len(set(found)) != len(found):
        raise bad("units", list(units), "one unit or more, each once")
    return tuple(found)
