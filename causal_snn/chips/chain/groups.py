"""Groups: which registers stand for a neuron's macro cell, and what the neuron then sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.counts import cell_of
from causal_snn.chips.chain.fired import Range, after_spike
from causal_snn.chips.chain.kernel import Step
from causal_snn.chips.chain.lanes import Spans
from causal_snn.chips.chain.reachable import NeuronStates

Numbers = NDArray[Any]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Micro states of one neuron that are in one cell and send the same.

    Attributes
    ----------
    cell : int
        Number of the level, or the one above them for a spike.
    sent : tuple of int
        The neuron's spikes in the last step and in those before, as far as they are under way.
    mass : Fraction
        How many micro states (before reset) there are, against other groups of a macro state.
    spans : Spans
    """

    cell: int
    sent: tuple[int, ...]
    mass: Fraction
    spans: Spans


def declared_groups(
    step: Step,
    cuts: Ints,
    ends: Range,
    hidden: Mapping[int, list[tuple[Mapping[str, Any], tuple[int, ...], Ints | None]]],
) -> tuple[list[Group], list[int]]:
    """Return the groups of every cell over a declared range, and the cells that are empty.

    Parameters
    ----------
    step : UnitStep or SerialStep
    cuts : array of int
    ends : Range
    hidden : mapping of int to list
        For each cell the registers besides the potential, the spikes sent before the last
        step, and (for held neurons) the potentials they are held at; each entry counts alike.
    """
    top = len(cuts) + 1
    lows = [ends.low, *cuts.tolist()]
    highs = [*(cuts - 1).tolist(), ends.top]
    found, empty = [], []
    for cell in range(top):
        low, high = max(lows[cell], ends.low), min(highs[cell], ends.top)
        if low > high:  # the limit of a shrinking cell: the nearest value that may be set
            empty.append(cell)
            low = high = min(max(lows[cell], ends.low), ends.top)
        pieces = [
            (older, registers, (low, high) if held is None else held, None)
            for registers, older, held in hidden[cell]
        ]
        found += _by_sent(cell, (0,), pieces, nothing=cell in empty)
    for s, r, low, high, mass in after_spike(step, ends.top + 1, max(ends.high, ends.top + 1)):
        spiked = [
            (older, {**registers, **({"r": r} if "r" in step.names else {})}, (low, high), mass)
            for registers, older, _ in hidden[top]
        ]
        found += _by_sent(top, (s,), spiked)
    return _joined(found), empty


def reachable_groups(states: NeuronStates, registers: int, cuts: Ints) -> list[Group]:
    """Return the groups of the states that a neuron can be in, which all count alike."""
    names, table = states.names[:registers], states.table
    sent = table[:, registers:].astype(np.int64)
    cells = cell_of(cuts, states.column("v"), sent[:, 0])
    keys, where = np.unique(
        np.concatenate([cells[:, None], sent], axis=1), axis=0, return_inverse=True
    )
    found = []
    for g, key in enumerate(keys.tolist()):
        rows = table[where.ravel() == g]
        v = rows[:, names.index("v")]
        found.append(
            Group(
                cell=key[0],
                sent=tuple(key[1:]),
                mass=Fraction(len(rows)),
                spans=Spans(
                    {name: rows[:, c] for c, name in enumerate(names) if name != "v"},
                    v,
                    v,
                    (Fraction(1, len(rows)),) * len(rows),
                ),
            )
        )
    return found


_Piece = tuple[tuple[int, ...], Mapping[str, Any], Any, Fraction | None]
"""Spikes sent before, registers, potentials (ends, or a list), and the mass if not their count."""


def _by_sent(
    cell: int, newest: tuple[int, ...], pieces: Sequence[_Piece], *, nothing: bool = False
) -> list[Group]:
    """Return one group for each sequence of spikes sent."""
    found = []
    for older in dict.fromkeys(piece[0] for piece in pieces):
        members = [piece for piece in pieces if piece[0] == older]
        lows, highs, weights, registers, mass = [], [], [], [], Fraction(0)
        for _, values, v, before in members:
            spans = [v] if isinstance(v, tuple) else [(x, x) for x in v.tolist()]
            lows += [low for low, _ in spans]
            highs += [high for _, high in spans]
            registers += [values] * len(spans)
            weights += [Fraction(1, len(members) * len(spans))] * len(spans)
            mass += sum(b - a + 1 for a, b in spans) if before is None else before
        found.append(
            Group(
                cell,
                (*newest, *older),
                Fraction(0) if nothing else mass,
                Spans(
                    {name: np.array([r[name] for r in registers]) for name in registers[0]},
                    np.array(lows),
                    np.array(highs),
                    tuple(weights),
                ),
            )
        )
    return found


def _joined(groups: list[Group]) -> list[Group]:
    """Return groups of the same cell that send the same as one."""
    found: dict[tuple[int, tuple[int, ...]], Group] = {}
    for group in groups:
        key = (group.cell, group.sent)
        other = found.get(key)
        found[key] = group if other is None else _union(other, group)
    return list(found.values())


def _union(a: Group, b: Group) -> Group:
    total = a.mass + b.mass
    share = a.mass / total
    spans = Spans(
        {
            name: np.concatenate([a.spans.registers[name], b.spans.registers[name]])
            for name in a.spans.registers
        },
        np.concatenate([a.spans.low, b.spans.low]),
        np.concatenate([a.spans.high, b.spans.high]),
        (*(w * share for w in a.spans.weight), *(w * (1 - share) for w in b.spans.weight)),
    )
    return Group(a.cell, a.sent, total, spans)
