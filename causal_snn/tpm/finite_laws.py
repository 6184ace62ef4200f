"""Registers that stand for the macro cells of a chip's neurons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.counts import cell_of
from causal_snn.chips.chain.fired import Range
from causal_snn.chips.chain.groups import Group, declared_groups, reachable_groups
from causal_snn.chips.chain.kernel import ChipKernel
from causal_snn.chips.chain.memory import hidden_registers
from causal_snn.chips.chain.reachable import NeuronStates, neuron_states, sent_depth
from causal_snn.kernel.chip_range import declared_range
from causal_snn.tpm.finite_cells import ChipCells

Ints = NDArray[np.int64]
Hidden = str | Mapping[str, Any]
_Choice = tuple[Mapping[str, Any], tuple[int, ...], Ints | None]


@dataclass(frozen=True, slots=True, eq=False)
class UnitGroups:
    """The groups of one neuron, what they are of, and what a reader must know of them."""

    place: int
    cells: ChipCells
    groups: tuple[Group, ...]
    range: Range
    notes: tuple[str, ...]

    @property
    def macro(self) -> Ints:
        """Macro state of each group."""
        return np.array([self.cells.macro[group.cell] for group in self.groups])

    @property
    def share(self) -> NDArray[np.float64]:
        """Share of each group in its macro state."""
        mass = np.array([float(group.mass) for group in self.groups])
        total = np.bincount(self.macro, mass, minlength=len(self.cells.names))
        count = np.bincount(self.macro, minlength=len(self.cells.names))
        macro = self.macro
        alike = 1.0 / count[macro]
        return np.where(total[macro] > 0, mass / np.where(total == 0, 1.0, total)[macro], alike)


def unit_groups(
    chain: ChipKernel,
    k: int,
    cells: ChipCells,
    *,
    hidden: Hidden,
    potentials: tuple[float, float] | None,
    law: str,
) -> UnitGroups:
    """Return the registers that stand for the macro cells of unit k of the network."""
    place = int(chain.mapped.place[k])
    label = chain.mapped.labels[k]
    ends = declared_range(chain, k, potentials)
    cuts = cells.cuts
    states = None
    if hidden == "reachable" or law == "reachable":
        states = neuron_states(chain, place, chain.start, chain.max_states)
    found, empty = declared_groups(
        chain.steps[place], cuts, ends, _choices(chain, place, cuts, hidden, states)
    )
    notes = [
        f"unit {label}: no admissible potential is in cell {cell}; the nearest one is used"
        for cell in empty
    ]
    if ends.top >= chain.mapped.chip.voltage.most:
        notes.append(f"unit {label}: its register ends below the threshold, so it never spikes")
    if law == "reachable" and states is not None:
        seen = reachable_groups(states, len(chain.registers), cuts)
        visited = {int(cells.macro[group.cell]) for group in seen}
        never = [g for g in found if int(cells.macro[g.cell]) not in visited]
        notes = [
            f"unit {label}: {cells.names[macro]} is never reached; the uniform law is used"
            for macro in range(len(cells.names))
            if macro not in visited
        ]
        found = [*seen, *never]
    return UnitGroups(place, cells, tuple(found), ends, tuple(notes))


def _choices(
    chain: ChipKernel, place: int, cuts: Ints, hidden: Hidden, states: NeuronStates | None
) -> dict[int, list[_Choice]]:
    """Return, for each cell, the hidden registers and the spikes under way."""
    depth = sent_depth(chain, place)
    cells = range(len(cuts) + 2)
    if hidden == "reachable" and states is not None:
        found = _reached(chain, cuts, states)
        rest = _at_rest(chain, place, {}, depth)
        return {cell: found.get(cell) or [rest] for cell in cells}
    given = hidden if isinstance(hidden, Mapping) else {}
    return {cell: [_at_rest(chain, place, given, depth)] for cell in cells}


def _at_rest(chain: ChipKernel, place: int, given: Mapping[str, Any], depth: int) -> _Choice:
    return hidden_registers(chain, place, given), (0,) * (depth - 1), None


def _reached(chain: ChipKernel, cuts: Ints, states: NeuronStates) -> dict[int, list[_Choice]]:
    """Return the hidden registers that occur in each cell, each different choice once."""
    names, width = chain.registers, len(chain.registers)
    v = states.column("v")
    cells = cell_of(cuts, v, states.column("spikes"))
    others = [c for c, name in enumerate(states.names) if name not in ("v", "spikes")]
    found: dict[int, dict[tuple[Any, ...], list[int]]] = {}
    for cell, value, row in zip(
        cells.tolist(), v.tolist(), states.table[:, others].tolist(), strict=True
    ):
        found.setdefault(cell, {}).setdefault(tuple(row), []).append(value)
    free = [name for name in names if name != "v"]
    top = len(cuts) + 1
    result: dict[int, list[_Choice]] = {}
    for cell, choices in found.items():
        entries: dict[tuple[Any, ...], _Choice] = {}
        for row, values in choices.items():
            registers = dict(zip(free, row[: width - 1], strict=True))
            older = tuple(int(s) for s in row[width - 1 :])
            held = registers.get("r", 0) > 0 and cell != top
            if cell == top:  # the counter after a spike is set by the spike
                registers = {name: x for name, x in registers.items() if name != "r"}
            key = (*registers.values(), *older)
            entries[key] = (registers, older, np.array(sorted(set(values))) if held else None)
        result[cell] = list(entries.values())
    return result
