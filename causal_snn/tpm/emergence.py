"""Causal emergence: what a coarse-graining of the states does to effective information.

Causal emergence is EI(macro) - EI(micro), each under uniform interventions at its own scale
(Hoel, Albantakis and Tononi, PNAS 110:19790, 2013; Hoel, Entropy 19:188, 2017). Version 2.0
follows a path of scales instead, see `causal_snn.tpm.primitives`. Derivations:
theory/12_information.py I4, I7, I8, I10.

A uniform law within a cell mixes micro states with different effects, so that a macro matrix
may say more than its micro states do (Eberhardt and Lee, Philosophies 7:30, 2022): read every
number here with the closure of the grouping, `causal_snn.tpm.closure`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import bad
from causal_snn.provenance import provenance
from causal_snn.tpm.information import Measures, measures, transition_rows
from causal_snn.tpm.tpm import TPM

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
type Cells = ArrayLike | Sequence[Sequence[int]]


def cell_labels(cells: Cells, n: int) -> Labels:
    """Return the cell of each state, shape (n,), cells numbered from 0 in order of appearance.

    Parameters
    ----------
    cells : sequence of int, or sequence of sequences of int
        The cell of each state, as ``[0, 0, 1]``; or the states of each cell, as
        ``[[0, 1], [2]]``, whose order numbers the cells.
    n : int
        Number of states.

    Raises
    ------
    InputError
        If a state is in no cell or in two, or a cell is empty.
    """
    items: list[Any] = list(cells)  # type: ignore[arg-type]
    if items and all(np.ndim(item) == 0 for item in items):
        if len(items) != n:
            raise bad("cells", items, f"{n} labels, one for each state")
        _, first, labels = np.unique(np.asarray(items), return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[labels]
    groups = [[int(state) for state in group] for group in items]
    if sorted(state for group in groups for state in group) != list(range(n)):
        raise bad("cells", groups, f"each state from 0 to {n - 1} in one cell")
    if not all(groups):
        raise bad("cells", groups, "at least one state in every cell")
    labels = np.empty(n, dtype=np.int64)
    for number, group in enumerate(groups):
        labels[group] = number
    return labels


def unit_cells(
    sizes: Sequence[int], groups: Sequence[Sequence[int]], mappings: Sequence[Sequence[int]]
) -> Labels:
    """Return the macro state of each joint state of units that are grouped.

    Parameters
    ----------
    sizes : sequence of int
        Number of states of each unit.
    groups : sequence of sequences of int
        Units of each macro unit; each unit in one group.
    mappings : sequence of sequences of int
        For each group the state of its macro unit, for every joint state of its units in
        little-endian order: ``(0, 0, 0, 1)`` is "on if both are on".

    Returns
    -------
    array, shape (S,)
        Macro states numbered little-endian by the order of groups.
    """
    found = [[int(unit) for unit in group] for group in groups]
    if sorted(unit for group in found for unit in group) != list(range(len(sizes))):
        raise bad("groups", found, f"each unit from 0 to {len(sizes) - 1} in one group")
    if len(mappings) != len(found):
        raise bad("mappings", list(mappings), f"one mapping for each of {len(found)} groups")
    micro = order.states(sizes)
    macro = []
    for k, (group, mapping) in enumerate(zip(found, mappings, strict=True)):
        of_group = [sizes[unit] for unit in group]
        table = np.asarray(mapping)
        if table.shape != (int(np.prod(of_group)),):
            raise bad(f"mappings[{k}]", mapping, f"{int(np.prod(of_group))} macro states")
        if sorted(set(table.tolist())) != list(range(int(table.max()) + 1)):
            raise bad(f"mappings[{k}]", mapping, "macro states 0, 1, ... that all occur")
        macro.append(table[order.numbers([micro[:, unit] for unit in group], of_group)])
    return order.numbers(macro, [int(states.max()) + 1 for states in macro])


def coarse_tpm(P: ArrayLike | TPM, cells: Cells, *, law: ArrayLike | None = None) -> Floats:
    """Return the macro matrix U P A of a grouping of states, shape (k, k).

    A indicates the cell of each state and U weights the states of a cell by the law within it
    (Kemeny and Snell, Finite Markov Chains, 1960, ch. 6).

    Parameters
    ----------
    P : array, shape (n, n), or TPM
    cells : labels or groups
        See `cell_labels`.
    law : array, shape (n,), optional
        Weights of the states within their cells, normalised there; default uniform.
    """
    rows = transition_rows(P)
    labels = cell_labels(cells, len(rows))
    weights = cell_weights(law, labels)
    member = np.eye(int(labels.max()) + 1)[labels]
    return np.asarray((member * weights[:, None]).T @ rows @ member)


def cell_weights(law: ArrayLike | None, labels: Labels) -> Floats:
    """Return the law of states within their cells, summing to 1 in each, or raise `InputError`."""
    weights = np.ones(len(labels)) if law is None else np.asarray(law, dtype=float)
    if weights.shape != labels.shape:
        raise bad("law", f"shape {weights.shape}", f"shape {labels.shape}, one weight per state")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise bad("law", law, "weights of 0 or more")
    mass = np.bincount(labels, weights=weights)
    if (mass == 0).any():
        empty = int(np.argmin(mass))
        raise bad(
            "law", f"no weight in cell {empty}", "some weight in every cell",
            "Use the uniform law, or join the cell to another.",
        )  # fmt: skip
    return np.asarray(weights / mass[labels])


def coarse_network(
    tpm: TPM,
    groups: Sequence[Sequence[int]],
    mappings: Sequence[Sequence[int]],
    *,
    labels: Sequence[str] | None = None,
    law: ArrayLike | None = None,
) -> TPM:
    """Return the TPM of macro units, each a function of the states of a group of units.

    Parameters
    ----------
    tpm : TPM
    groups, mappings
        See `unit_cells`.
    labels : sequence of str, optional
        Names of the macro units; default those of their units, joined.
    law : array, shape (S,), optional
        Weights of the micro states within a macro state; default uniform.

    Returns
    -------
    TPM
        Its independence gap is measured on the macro rows.
    """
    cells = unit_cells(tpm.sizes, groups, mappings)
    sizes = [max(int(state) for state in mapping) + 1 for mapping in mappings]
    names = labels or ["".join(tpm.labels[unit] for unit in group) for group in groups]
    by_number = [np.flatnonzero(cells == cell).tolist() for cell in range(int(np.prod(sizes)))]
    macro = TPM.from_state_by_state(
        coarse_tpm(tpm, by_number, law=law), sizes=sizes, labels=list(names)
    )
    return replace(
        macro,
        law="uniform over micro states" if law is None else "given",
        provenance=provenance(
            "macro rows U P A of grouped units",
            groups=[list(group) for group in groups],
            mappings=[list(mapping) for mapping in mappings],
            micro=dict(tpm.provenance),
        ),
    )


@dataclass(frozen=True, slots=True)
class Emergence:
    """Effective information at two scales.

    Attributes
    ----------
    micro, macro : Measures
        Under uniform interventions at each scale.
    cells : tuple of int
        Cell of each micro state.
    provenance : mapping
    """

    micro: Measures
    macro: Measures
    cells: tuple[int, ...]
    provenance: Mapping[str, Any]

    @property
    def causal_emergence(self) -> float:
        """EI(macro) - EI(micro) in bits; below 0 is causal reduction."""
        return self.macro.effective_information - self.micro.effective_information

    @property
    def effectiveness_gain(self) -> float:
        """Part due to effectiveness, (eff_macro - eff_micro) log2 n_macro, in bits (I10)."""
        return (self.macro.effectiveness - self.micro.effectiveness) * log2(self.macro.n)

    @property
    def size_gain(self) -> float:
        """Part due to size, eff_micro (log2 n_macro - log2 n_micro) <= 0, in bits (I10)."""
        return self.micro.effectiveness * (log2(self.macro.n) - log2(self.micro.n))


def causal_emergence(
    P: ArrayLike | TPM, cells: Cells, *, law: ArrayLike | None = None
) -> Emergence:
    """Return effective information before and after a grouping of the states.

    Parameters
    ----------
    P : array, shape (n, n), or TPM
    cells : labels or groups
        See `cell_labels`.
    law : array, shape (n,), optional
        Weights of the states within their cells; default uniform.
    """
    rows = transition_rows(P)
    labels = cell_labels(cells, len(rows))
    return Emergence(
        measures(rows),
        measures(coarse_tpm(rows, labels, law=law)),
        tuple(labels.tolist()),
        provenance(
            "effective information of P and of U P A",
            intervention="uniform at each scale",
            within_cell="uniform" if law is None else "given",
            unit="bits",
        ),
    )
