"""What every computation of integrated information asks of its TPM."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from numpy.typing import ArrayLike

from causal_snn.errors import InputError, StageWarning, bad, suggest
from causal_snn.tpm import TPM


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
    warnings.warn(message, StageWarning, stacklevel=4)


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
