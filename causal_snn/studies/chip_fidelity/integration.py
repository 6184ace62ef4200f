"""Integrated information of two TPMs in the same state: how much, where it parts, and of what."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from causal_snn import phi
from causal_snn.errors import InputError
from causal_snn.phi.result import MinimumPartition
from causal_snn.progress import track
from causal_snn.tpm import TOLERANCE, TPM

Floats = NDArray[np.float64]
MOST_STATES = 81
"""Macro states up to which phi_s of every one is computed."""
TIE = 1e-9
"""Relative difference up to which complexes tie."""
MOST_UNITS = 6
"""Units up to which Phi and complexes are."""


@dataclass(frozen=True, slots=True, eq=False)
class Integrated:
    """Integrated information of one TPM.

    Attributes
    ----------
    reachable : bool
        Whether some state leads to the state; otherwise there is no integrated information
        to speak of, and the figures are not numbers.
    phi_s : float
        System integrated information of all units in the state (ibit).
    big_phi : float
        Structure integrated information Phi of all units in the state (ibit); not a number
        where it was not asked for.
    mip : MinimumPartition or None
        The partition that makes least difference.
    reasons : tuple of str
        Why phi_s is 0 without a partition.
    main_complexes : tuple of tuple of str
        Units of the complex of largest phi_s; several where they tie, none if nothing is
        irreducible.
    complex_phi_s : float
        Their phi_s (ibit).
    by_state : array, shape (S,)
        phi_s of all units in each state, not a number where unreachable (or not computed).
    projected : float
        Independence gap that was projected away first: 0 for ternary units.
    """

    reachable: bool
    phi_s: float
    big_phi: float
    mip: MinimumPartition | None
    reasons: tuple[str, ...]
    main_complexes: tuple[tuple[str, ...], ...]
    complex_phi_s: float
    by_state: Floats
    projected: float


def choose_state(reference: TPM, chip: TPM) -> tuple[int, ...]:
    """Return the float network's most probable state in the long run that both can be in.

    Of states that only the float network can be in, where there is no common one.
    """
    chance, possible = reference.stationary(), reference.reachable()
    both = possible & chip.reachable()
    kept = both if both.any() else possible
    return tuple(int(x) for x in reference.states[int(np.argmax(np.where(kept, chance, -1.0)))])


def integrated(
    matrix: TPM,
    state: tuple[int, ...],
    *,
    formalism: str,
    structure: bool,
    every_state: bool = True,
    progress: bool = False,
) -> Integrated:
    """Return integrated information of a TPM in a state, and phi_s in every state."""
    gap = matrix.independence_gap
    causal = matrix.project() if gap > TOLERANCE else matrix
    possible = causal.reachable()
    by_state = np.full(len(possible), np.nan)
    if every_state and prod(causal.sizes) <= MOST_STATES:
        for row in track(list(np.flatnonzero(possible)), label="phi_s by state", show=progress):
            at = tuple(int(x) for x in causal.states[row])
            by_state[row] = phi.system(causal, at, formalism=formalism).phi_s
    projected = gap if causal is not matrix else 0.0
    place = int(np.flatnonzero((causal.states == state).all(axis=1))[0])
    if not possible[place]:
        none = ("the state is unreachable",)
        return Integrated(False, np.nan, np.nan, None, none, (), np.nan, by_state, projected)
    whole = phi.system(causal, state, formalism=formalism)
    first, big = None, np.nan
    top: tuple[tuple[str, ...], ...] = ()
    if structure and causal.n <= MOST_UNITS:
        found = phi.complexes(causal, state, formalism=formalism, progress=progress)
        first, top = found.major, _tied(found)
        try:
            big = phi.structure(causal, state, formalism=formalism, progress=progress).big_phi
        except InputError:  # too many mechanisms for this machine: the rest still stands
            big = np.nan
    return Integrated(
        reachable=True,
        phi_s=whole.phi_s,
        big_phi=big,
        mip=whole.partition,
        reasons=whole.reasons,
        main_complexes=top,
        complex_phi_s=np.nan if first is None else first.phi_s,
        by_state=by_state,
        projected=projected,
    )


def _tied(found: phi.Complexes) -> tuple[tuple[str, ...], ...]:
    if found.major is None:
        return ()
    least = found.major.phi_s * (1.0 - TIE)
    return tuple(one.labels for one in found.complexes if one.phi_s >= least)


def same_partition(a: Integrated, b: Integrated) -> bool | None:
    """Return whether both come apart the same way; None where either has no partition."""
    if a.mip is None or b.mip is None:
        return None
    return (a.mip.description, set(a.mip.cut)) == (b.mip.description, set(b.mip.cut))


def same_complex(a: Integrated, b: Integrated) -> bool | None:
    """Return whether a main complex of one is one of the other; None where either has none."""
    if not a.main_complexes or not b.main_complexes:
        return None
    tops = ({frozenset(units) for units in one.main_complexes} for one in (a, b))
    return not set.isdisjoint(*tops)
