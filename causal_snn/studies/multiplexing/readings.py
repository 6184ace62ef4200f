"""Readings: the machine's memory cells as macro units over a whole round.

Marshall, Findlay, Albantakis and Tononi (Intrinsic units, bioRxiv 2024.04.12.589163) take a macro
unit's update from its own constituents: connections among them are kept over the window, other
units act on them once, at its start, and are noise from then on; background units can be
apportioned to one macro unit, never to two. The rules here follow that construction on the effect
side, and integrated information is computed from the effect table alone. PyPhi's implementation
gives the same tables (tests/studies/test_multiplexing.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.chips.schedule import Machine

Floats = NDArray[np.float64]
Units = tuple[int, ...]
MOST_UNITS = 12
"""Units of a machine whose groupings are evaluated: 4^12 pairs of states."""
MOST_GROUPINGS = 1000
"""Groupings that are all gone through; of more, only the natural ones."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Micro units as macro units; the state of each is that of its memory cell.

    Attributes
    ----------
    constituents : tuple of tuple of int
        Units of each macro unit, its memory cell first.
    background : tuple of tuple of int
        Background units apportioned to each.
    """

    constituents: tuple[Units, ...]
    background: tuple[Units, ...]


def natural_groupings(machine: Machine) -> tuple[Grouping, ...]:
    """Return the groupings with every cell and its buffer together, by who gets what is shared.

    Accumulator and counter belong to no macro unit, or to one of them: both as constituents,
    both as its background, or the accumulator as constituent and the counter, whose state is
    then known at the start, as background.
    """
    n = machine.target.n
    own = [(machine.cells[i], *machine.buffer[i : i + 1]) for i in range(n)]
    shared = (*machine.accumulator, *machine.counter)
    nothing: tuple[Units, ...] = ((),) * n
    found = [Grouping(tuple(own), nothing)]
    for i in range(n):
        found.append(Grouping((*own[:i], own[i] + shared, *own[i + 1 :]), nothing))
        found.append(Grouping(tuple(own), (*nothing[:i], shared, *nothing[i + 1 :])))
        with_sum = (*own[:i], own[i] + machine.accumulator, *own[i + 1 :])
        found.append(Grouping(with_sum, (*nothing[:i], machine.counter, *nothing[i + 1 :])))
    return tuple(found)


def every_grouping(machine: Machine) -> Iterator[Grouping]:
    """Yield every grouping whose macro units have the memory cells as their states."""
    n = machine.target.n
    others = [k for k in range(machine.n) if k not in machine.cells]
    for places in product(range(2 * n + 1), repeat=len(others)):
        put = [[k for k, p in zip(others, places, strict=True) if p == one] for one in range(2 * n)]
        yield Grouping(
            tuple((machine.cells[i], *put[i]) for i in range(n)),
            tuple(tuple(put[n + i]) for i in range(n)),
        )


def grouping_count(machine: Machine) -> int:
    """Return the number of groupings that `every_grouping` yields."""
    return int((2 * machine.target.n + 1) ** (machine.n - machine.target.n))


def groupings(machine: Machine) -> tuple[tuple[Grouping, ...], bool]:
    """Return the groupings to evaluate, and whether these are all there are.

    Where the wiring excludes every one, or they are too many, these are the natural ones.
    """
    if grouping_count(machine) <= MOST_GROUPINGS and not excluded(machine):
        return tuple(every_grouping(machine)), True
    return natural_groupings(machine), False


def excluded(machine: Machine) -> bool:
    """Return whether the wiring alone says that no grouping has the target's table.

    So it is if only one unit reads the memory cells of others, and two or more units of the
    target hang on others: one macro unit at most can have that unit as a constituent, and
    every other one's cell then follows from its own state and noise (theory/20_schedules.py T6).
    """
    wiring, cells = machine.micro.wiring, list(machine.cells)
    reads = wiring[:, cells].copy()
    reads[cells, range(len(cells))] = False
    acting = machine.target.wiring.copy()
    np.fill_diagonal(acting, False)
    return int(reads.any(axis=1).sum()) == 1 and int(acting.any(axis=1).sum()) > 1


def macro_table(
    machine: Machine, grouping: Grouping, state: Sequence[int], *, table: Floats | None = None
) -> Floats:
    """Return P(macro unit on after a round | macro state), shape (2^n, n).

    Parameters
    ----------
    machine : Machine
        Of up to 12 units.
    grouping : Grouping
    state : sequence of int
        State of all micro units; background starts there, other constituents anywhere alike.
    table : array, shape (2^N, N), optional
        The machine's state-by-node table, if it is at hand.
    """
    now = machine.micro.state_by_node() if table is None else table
    columns = [
        _after(machine, grouping, unit, now).reshape((2,) * machine.n, order="F")
        for unit in range(machine.target.n)
    ]
    inside = {k for units in grouping.constituents for k in units}
    at = tuple(slice(None) if k in inside else int(state[k]) for k in range(machine.n))
    kept = sorted(inside)
    free = tuple(p for p, k in enumerate(kept) if k not in machine.cells)
    # The cells are the machine's first units, so their axes stay in the target's order.
    return np.stack([order.flat(c[at].mean(axis=free), machine.target.n) for c in columns], axis=1)


def _after(machine: Machine, grouping: Grouping, unit: int, table: Floats) -> Floats:
    """Return P(a macro unit's cell is on after a round) by the micro state, shape (2^N,)."""
    chance = _discounted(machine.n, grouping, unit, table)
    found = chance[:, machine.cells[unit]]
    for _ in range(machine.steps - 1):
        found = _expected(chance, found)
    return found


def _discounted(n: int, grouping: Grouping, unit: int, table: Floats) -> Floats:
    """Return the table with all noise but what the macro unit may keep, shape (2^N, N)."""
    whole = table.reshape((*(2,) * n, n), order="F")
    patron = {
        k: mine + extra
        for mine, extra in zip(grouping.constituents, grouping.background, strict=True)
        for k in extra
    }
    columns = []
    for k in range(n):
        column = whole[..., k]
        if k not in grouping.constituents[unit]:
            kept = patron.get(k, ())
            away = tuple(j for j in range(n) if j not in kept)
            column = column.mean(axis=away, keepdims=True)
        columns.append(np.broadcast_to(column, (2,) * n).ravel(order="F"))
    return np.stack(columns, axis=1)


def _expected(chance: Floats, later: Floats) -> Floats:
    """Return E[later(next state) | state], units being independent given the state."""
    n = chance.shape[1]
    grid = later.reshape((2,) * n, order="F")
    noise = (chance == chance[0]).all(axis=0)
    for k in np.flatnonzero(noise)[::-1]:  # what does not hang on the state goes first
        off, on = grid.take(0, axis=k), grid.take(1, axis=k)
        grid = (1.0 - chance[0, k]) * off + chance[0, k] * on
    found = np.broadcast_to(grid.ravel(order="F"), (len(chance), grid.size))
    for k in np.flatnonzero(~noise)[::-1]:  # the last unit has the widest stride
        half = found.shape[1] // 2
        p = chance[:, k, None]
        found = (1.0 - p) * found[:, :half] + p * found[:, half:]
    return np.array(found[:, 0])
