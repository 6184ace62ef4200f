"""Micro: a network of binary units, each with its own inputs and its own table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import bad

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
type Mechanism = Callable[[Mapping[int, Whole]], ArrayLike]
MOST_ROWS = 1 << 20
"""States of a table that are worked out unasked."""


@dataclass(frozen=True, slots=True, eq=False)
class Micro:
    """A binary causal network by its mechanisms, all units updated at once.

    The whole state-by-node table has 2^n rows; the mechanisms need far fewer.

    Attributes
    ----------
    labels : tuple of str
    inputs : tuple of tuple of int
        For each unit the units that it reads, only those that make a difference.
    tables : tuple of array
        For each unit P(on next | its inputs), shape (2^inputs,), little-endian.
    """

    labels: tuple[str, ...]
    inputs: tuple[tuple[int, ...], ...]
    tables: tuple[Floats, ...]

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.labels)

    @property
    def deterministic(self) -> bool:
        """Whether every probability is 0 or 1."""
        return all(bool(np.isin(table, (0.0, 1.0)).all()) for table in self.tables)

    @property
    def wiring(self) -> NDArray[np.bool_]:
        """Whether unit j acts on unit i, [i, j]."""
        found = np.zeros((self.n, self.n), dtype=bool)
        for i, mine in enumerate(self.inputs):
            found[i, list(mine)] = True
        return found

    def probability(self, states: ArrayLike) -> Floats:
        """Return P(on next) of every unit in some states, shape (..., n) for (..., n)."""
        now = np.asarray(states, dtype=np.int64)
        if now.shape[-1:] != (self.n,):
            raise bad("states", f"shape {now.shape}", f"{self.n} units on the last axis")
        columns = [
            table[order.numbers([now[..., j] for j in mine], (2,) * len(mine))]
            if mine
            else np.broadcast_to(table[0], now.shape[:-1])
            for mine, table in zip(self.inputs, self.tables, strict=True)
        ]
        return np.stack(columns, axis=-1)

    def step(self, states: ArrayLike) -> Whole:
        """Return the states one micro-step later, shape (..., n); deterministic units only.

        Raises
        ------
        InputError
            If a unit is stochastic.
        """
        if not self.deterministic:
            raise bad("states", "a stochastic network", "units whose tables hold 0 and 1 only")
        return self.probability(states).astype(np.int64)

    def state_by_node(
        self, units: Sequence[int] | None = None, *, state: Sequence[int] | None = None
    ) -> Floats:
        """Return P(on next) of some units by their states, the others held, shape (2^m, m).

        Parameters
        ----------
        units : sequence of int, optional
            Default: all.
        state : sequence of int, optional
            State of all n units, at which those outside `units` are held; needed for them.
        """
        chosen = list(range(self.n)) if units is None else [int(k) for k in units]
        if 2 ** len(chosen) > MOST_ROWS:
            raise bad(
                "units",
                f"{len(chosen)} units",
                f"at most {MOST_ROWS.bit_length() - 1} units, {MOST_ROWS:,} rows",
                "Choose fewer units; the mechanisms themselves are in `tables`.",
            )
        if state is None and len(chosen) < self.n:
            raise bad("state", state, "the state of all units, to hold the others at")
        rows = np.zeros((2 ** len(chosen), self.n), dtype=np.int64)
        if state is not None:
            rows[:] = order.check_state(state, (2,) * self.n)
        rows[:, chosen] = order.states((2,) * len(chosen))
        return self.probability(rows)[:, chosen]

    def held(self, units: Sequence[int], state: Sequence[int]) -> NDArray[np.bool_]:
        """Return which of some units act on which while the others hold a state, [i, j]."""
        places = {int(k): p for p, k in enumerate(units)}
        found = np.zeros((len(places), len(places)), dtype=bool)
        for i, p in places.items():
            mine, table = self.inputs[i], self.tables[i]
            grid = table.reshape((2,) * len(mine), order="F")
            grid = grid[tuple(slice(None) if j in places else int(state[j]) for j in mine)]
            for axis, j in enumerate(j for j in mine if j in places):
                found[p, places[j]] = bool(np.diff(grid, axis=axis).any())
        return found


class Builder:
    """Units one by one; a mechanism is a function of its inputs, made into a table."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self.inputs: dict[int, tuple[int, ...]] = {}
        self.tables: dict[int, Floats] = {}

    def add(self, unit: int, inputs: Sequence[int], mechanism: Mechanism) -> None:
        """Set a unit's mechanism: P(on next) for its inputs' values, each an array."""
        mine = [int(k) for k in dict.fromkeys(inputs)]
        values = order.states((2,) * len(mine)) if mine else np.zeros((1, 0), dtype=np.int64)
        table = np.asarray(mechanism(dict(zip(mine, values.T, strict=True))), dtype=float)
        table = np.array(np.broadcast_to(table, (len(values),)))
        self.inputs[unit], self.tables[unit] = _pruned(mine, table)

    def build(self) -> Micro:
        """Return the network."""
        units = range(len(self.labels))
        return Micro(
            self.labels,
            tuple(self.inputs[k] for k in units),
            tuple(self.tables[k] for k in units),
        )


def _pruned(inputs: Sequence[int], table: Floats) -> tuple[tuple[int, ...], Floats]:
    """Return inputs and table without the inputs that make no difference."""
    grid = table.reshape((2,) * len(inputs), order="F")
    kept = []
    for k in reversed(range(len(inputs))):
        if bool(np.diff(grid, axis=k).any()):
            kept.append(inputs[k])
        else:
            grid = np.asarray(grid.take(0, axis=k))
    found = np.array(grid.ravel(order="F"))
    found.setflags(write=False)
    return tuple(reversed(kept)), found


def components(wiring: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Return the sets of units that reach one another, [i, j] meaning j acts on i."""
    reach = np.array(wiring, dtype=bool) | np.eye(len(wiring), dtype=bool)
    for k in range(len(reach)):  # Warshall: paths by way of unit k
        reach |= reach[:, k, None] & reach[None, k, :]
    both = reach & reach.T
    found: list[tuple[int, ...]] = []
    for i in range(len(both)):
        mine = tuple(int(j) for j in np.flatnonzero(both[i]))
        if mine[0] == i:
            found.append(mine)
    return found
