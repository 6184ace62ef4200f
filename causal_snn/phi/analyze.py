"""From a macro TPM to integrated information, for one state or all reachable ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from causal_snn import order
from causal_snn.errors import check_choice
from causal_snn.phi.adapter import FORMALISMS, Substrate
from causal_snn.phi.checks import as_tpm, check_gap
from causal_snn.phi.cost import check_feasible, in_words, seconds
from causal_snn.phi.result import PhiByState, PhiResult
from causal_snn.progress import track, working
from causal_snn.tpm import TOLERANCE, TPM

STRUCTURE_SECONDS = 20.0
"""Cause-effect structures are computed unasked while they cost less than this."""
SPINNER_SECONDS = 2.0
"""A single state that is expected to take longer shows what is expected and what has passed."""


@overload
def analyze(
    tpm: TPM | ArrayLike,
    state: Sequence[int],
    *,
    formalism: str = ...,
    structure: bool | None = ...,
    complexes: bool = ...,
    strict: bool = ...,
    tolerance: float = ...,
    max_seconds: float = ...,
    progress: bool = ...,
) -> PhiResult: ...
@overload
def analyze(
    tpm: TPM | ArrayLike,
    state: None = ...,
    *,
    formalism: str = ...,
    structure: bool | None = ...,
    complexes: bool = ...,
    strict: bool = ...,
    tolerance: float = ...,
    max_seconds: float = ...,
    progress: bool = ...,
) -> PhiByState: ...
def analyze(
    tpm: TPM | ArrayLike,
    state: Sequence[int] | None = None,
    *,
    formalism: str = "IIT_4_0_2026",
    structure: bool | None = None,
    complexes: bool = True,
    strict: bool = False,
    tolerance: float = TOLERANCE,
    max_seconds: float = 600.0,
    progress: bool = False,
) -> PhiResult | PhiByState:
    """Return integrated information, computed by PyPhi from the factored TPM.

    Parameters
    ----------
    tpm : TPM, or array of shape (2^n, n)
        An array is a little-endian state-by-node table, see `TPM.from_state_by_node`.
    state : sequence of int, optional
        Macro state, one number for each unit; None for every reachable state.
    formalism : {"IIT_4_0_2026", "IIT_4_0_2023", "IIT_3_0"}
        PyPhi's default is the first: IIT 4.0 with the intrinsic-information requirement.
        "IIT_4_0_2023" is Albantakis et al., PLOS Comput Biol 19:e1011465 (2023);
        "IIT_3_0" is Oizumi et al., PLOS Comput Biol 10:e1003588 (2014).
    structure : bool, optional
        Whether to compute the cause-effect structure and with it Phi (`big_phi`). Default:
        while it costs seconds (up to four units in one state).
    complexes : bool
        Whether to search all subsets of units for complexes.
    strict : bool
        Refuse a TPM whose independence gap exceeds `tolerance`, rather than warn.
    tolerance : float
        Largest independence gap at which integrated information means what it says.
    max_seconds : float
        Refuse work that would take longer than this, by a rough estimate.
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    PhiResult or PhiByState
        One result for a state, all of them for None.

    Raises
    ------
    InputError
        For an unknown formalism, a state of the wrong length or unreachable, too many
        units, or (with `strict`) a TPM that is not conditionally independent.

    Warns
    -----
    StageWarning
        If the independence gap exceeds `tolerance`: integration would be read into what
        is correlation within a macro state.
    """
    check_choice("formalism", formalism, FORMALISMS)
    tpm = as_tpm(tpm)
    check_gap(tpm, strict=strict, tolerance=tolerance)
    states, unreachable = _states(tpm, state)
    if structure is None:
        asked = seconds(
            tpm.sizes, formalism=formalism, states=len(states), structure=True, complexes=False
        )
        structure = asked <= STRUCTURE_SECONDS
    work = check_feasible(
        tpm.sizes,
        formalism=formalism,
        states=len(states),
        structure=structure,
        complexes=complexes,
        max_seconds=max_seconds,
    )
    long_one = progress and len(states) == 1 and work > SPINNER_SECONDS
    substrate = Substrate(tpm)
    with working(f"integrated information, {in_words(work)}", show=long_one):
        results = tuple(
            substrate.evaluate(each, formalism=formalism, structure=structure, complexes=complexes)
            for each in track(states, label="integrated information", show=progress)
        )
    return PhiByState(results, unreachable) if state is None else results[0]


def _states(
    tpm: TPM, state: Sequence[int] | None
) -> tuple[list[tuple[int, ...]], tuple[tuple[int, ...], ...]]:
    if state is not None:
        return [order.check_state(state, tpm.sizes)], ()
    every = [tuple(int(x) for x in row) for row in tpm.states]
    possible = tpm.reachable()
    return (
        [s for s, ok in zip(every, possible, strict=True) if ok],
        tuple(every[int(k)] for k in np.flatnonzero(~possible)),
    )
