"""Rows of a chip's macro transitions, from the groups of micro states of its neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.chips.chain.copies import copies
from causal_snn.chips.chain.counts import CellRows, next_cells
from causal_snn.chips.chain.kernel import ChipKernel
from causal_snn.chips.chain.noise import noisy_cells
from causal_snn.errors import bad
from causal_snn.tpm.declared import MOST_STATES
from causal_snn.tpm.finite_laws import UnitGroups

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_COMBINATIONS = 1 << 18
"""Combinations of groups of all neurons."""
_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class MacroRows:
    """Rows of all units.

    Attributes
    ----------
    marginals : list of array, shape (S, k_i)
    joint : array, shape (S, S), or None
        Where what the units send is not settled by their macro states, so that rows are
        mixtures and no products.
    constant : bool
        Whether the law of the next macro state is the same all over each macro state.
    error : float
    """

    marginals: list[Floats]
    joint: Floats | None
    constant: bool
    error: float


def macro_rows(chain: ChipKernel, units: Sequence[UnitGroups]) -> MacroRows:
    """Return the rows given every macro state, units being independent within it.

    Raises
    ------
    InputError
        If there are too many macro states, or too many ways to be in them.
    """
    sizes = tuple(len(unit.cells.names) for unit in units)
    check_states(sizes)
    counts = tuple(len(unit.groups) for unit in units)
    total = prod(counts)
    if total > MOST_COMBINATIONS:
        raise bad(
            "max_states",
            chain.max_states,
            f"state space too large: the neurons' cells, with the spikes under way, are in "
            f"{total:,} combinations, more than {MOST_COMBINATIONS:,}",
            "Take fewer units or hidden='rest', or sample the chip (causal_snn.chips.run).",
        )
    index = order.states(counts)  # (G, n)
    history = _history(chain, units, index)
    macro = [unit.macro[index[:, k]] for k, unit in enumerate(units)]
    number = order.numbers(macro, sizes)
    weight = np.prod([unit.share[index[:, k]] for k, unit in enumerate(units)], axis=0)
    states = prod(sizes)
    marginals, laws, constant, error = [], [], True, 0.0
    for k, unit in enumerate(units):
        rows, same, off = _unit_rows(chain, unit, index[:, k], history)
        law = np.zeros((states, sizes[k]))
        np.add.at(law, number, weight[:, None] * rows)
        marginals.append(law)
        laws.append(rows)
        constant, error = constant and same, max(error, off)
    alone = np.bincount(number, weight > 0, minlength=states) <= 1
    joint = None if np.all(alone) else _joint(number, weight, laws, states)
    return MacroRows(marginals, joint, constant and bool(np.all(alone)), error)


def check_states(sizes: Sequence[int]) -> None:
    """Raise `InputError` if there are too many macro states for a TPM."""
    count = prod(sizes)
    if count > MOST_STATES:
        raise bad(
            "partition",
            f"{len(sizes)} units with {count:,} macro states",
            f"at most {MOST_STATES:,} (12 binary or 7 ternary units)",
            "Take fewer units, or sample the chip (causal_snn.chips.run).",
        )


def _history(chain: ChipKernel, units: Sequence[UnitGroups], index: Ints) -> list[Ints]:
    """Return the spikes under way in each combination, by age, each (G, neurons)."""
    found = [np.zeros((len(index), chain.n), dtype=np.int64) for _ in range(chain.depth)]
    for k, unit in enumerate(units):
        sent = np.zeros((len(unit.groups), chain.depth), dtype=np.int64)
        for g, group in enumerate(unit.groups):
            sent[g, : len(group.sent)] = group.sent[: chain.depth]
        for age in range(chain.depth):
            found[age][:, unit.place] = sent[index[:, k], age]
    for extra, place in copies(chain).items():
        for spikes in found:
            spikes[:, extra] = spikes[:, place]
    return found


def _unit_rows(
    chain: ChipKernel, unit: UnitGroups, group_of: Ints, history: Sequence[Ints]
) -> tuple[Floats, bool, float]:
    """Return the law of a unit's next macro state in each combination, (G, k)."""
    incoming = chain.incoming[unit.place]
    sums = incoming.of_spikes(history)
    rows = np.zeros((len(group_of), len(unit.cells.names)))
    constant, error = True, 0.0
    for g, group in enumerate(unit.groups):
        members = np.flatnonzero(group_of == g)
        different, where = np.unique(sums[members], axis=0, return_inverse=True)
        found = _cells(chain, unit, group.spans, incoming.arrive(different))
        merged = np.zeros((len(different), len(unit.cells.names)), dtype=found.rows.dtype)
        for cell, macro in enumerate(unit.cells.macro):
            merged[:, macro] += found.rows[:, cell]
        rows[members] = merged.astype(float)[where.ravel()]
        constant, error = constant and found.constant, max(error, found.error)
    return rows, constant, error


def _cells(chain: ChipKernel, unit: UnitGroups, spans: Any, arriving: Any) -> CellRows:
    step, cells = chain.steps[unit.place], unit.cells
    sd = float(chain.noise[unit.place])
    if sd == 0.0:
        return next_cells(step, spans, arriving, cells.cuts)
    where = int(np.flatnonzero(chain.mapped.place == unit.place)[0])
    return noisy_cells(
        step,
        spans,
        arriving,
        edges=cells.edges,
        theta=float(step.columns["threshold"].item()),
        sigma=sd * float(chain.mapped.scale[where]),
        cuts=cells.cuts,
    )


def _joint(number: Ints, weight: Floats, laws: list[Floats], states: int) -> Floats:
    """Return joint rows, mixtures of products over the combinations of each macro state."""
    joint = np.zeros((states, states))
    some = max(1, _CHUNK // states)
    for first in range(0, len(number), some):
        part = slice(first, first + some)
        np.add.at(joint, number[part], order.product([law[part] for law in laws], weight[part]))
    return joint
