"""Integrated information of a TPM over some of its states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from causal_snn import order, phi
from causal_snn.errors import bad
from causal_snn.tpm import TOLERANCE, TPM

State = tuple[int, ...]
MOST_STATES = 81
"""Macro states up to which phi_s of every reachable one is computed."""


@dataclass(frozen=True, slots=True)
class StateFigures:
    """What integrated information says of one state; all 0 where nothing leads to it."""

    phi_s: float = 0.0
    big_phi: float = 0.0
    mip: tuple[str, frozenset[Any]] = ("none", frozenset())
    major: frozenset[str] = frozenset()


def state_weights(matrix: TPM, asked: Any) -> dict[State, float]:
    """Return states with their weights, which sum to 1."""
    if not isinstance(asked, str):
        found = {order.check_state(state, matrix.sizes) for state in asked}
        if not found:
            raise bad("states", asked, "at least one macro state")
        return {state: 1.0 / len(found) for state in sorted(found)}
    if asked not in ("long_run", "all"):
        raise bad("states", asked, "'long_run', 'all', or a list of macro states")
    if len(matrix.states) > MOST_STATES:
        raise bad(
            "states",
            asked,
            f"at most {MOST_STATES} macro states, and these are {len(matrix.states):,}",
            "Name the states, as states=[(0, 0, 0, 0, 0)].",
        )
    possible = np.flatnonzero(matrix.reachable())
    chance = matrix.stationary()[possible] if asked == "long_run" else np.ones(len(possible))
    return {
        order.state(int(row), matrix.sizes): float(w)
        for row, w in zip(possible, chance / chance.sum(), strict=True)
        if w > 0
    }


def by_state(
    matrix: TPM, states: Mapping[State, float], names: set[str], formalism: str
) -> dict[State, StateFigures]:
    """Return what integrated information says of each state of a TPM.

    A TPM whose units are not conditionally independent is projected first.
    """
    if not states:
        return {}
    causal = matrix.project() if matrix.independence_gap > TOLERANCE else matrix
    possible = causal.reachable()
    return {
        state: _figures(causal, state, names, formalism)
        if possible[order.number(state, causal.sizes)]
        else StateFigures()
        for state in states
    }


def _figures(matrix: TPM, state: State, names: set[str], formalism: str) -> StateFigures:
    big = 0.0
    if "Phi" in names:
        whole = phi.structure(matrix, state, formalism=formalism)
        system, big = whole.system, whole.big_phi
    else:
        system = phi.system(matrix, state, formalism=formalism)
    major = None
    if "complex" in names:
        major = phi.complexes(matrix, state, formalism=formalism).major
    cut = system.partition
    return StateFigures(
        phi_s=system.phi_s,
        big_phi=big,
        mip=("none", frozenset()) if cut is None else (cut.description, frozenset(cut.cut)),
        major=frozenset() if major is None else frozenset(major.labels),
    )
