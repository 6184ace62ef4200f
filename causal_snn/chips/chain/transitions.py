"""Transitions: a network's reachable states and all its moves, many states side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.kernel import ChipKernel, MicroState
from causal_snn.chips.chain.limits import too_large

Numbers = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LANES = 1 << 12
"""States that are stepped side by side."""
MOVES = 1 << 20
"""Moves that are made side by side."""


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """The states that a start leads to, and the moves between them.

    Attributes
    ----------
    rows : array, shape (N, width)
        Each state: all registers neuron by neuron, then the spikes under way, latest first. The
        start is the first.
    now, after : array of int, shape (E,)
        Numbers of the states of each move; a pair may occur more than once.
    chance : array, shape (E,)
        Probability of each move (a product of exact ones, in floating point).
    """

    rows: Numbers
    now: Ints
    after: Ints
    chance: Floats

    @property
    def n(self) -> int:
        """Number of states."""
        return len(self.rows)


def transitions(
    chain: ChipKernel, start: MicroState, max_states: int, *, bound: str = ""
) -> Transitions:
    """Return every state that a start leads to, breadth first, and every move between them.

    Raises
    ------
    InputError
        If the kernel has Gaussian noise, or there are more than `max_states` states, or next
        states of one state.
    """
    chain.check_finite()
    first = _row(chain, start)
    number = {first.tobytes(): 0}
    rows, moves, frontier = [first[None]], [], first[None]
    done = 0
    while len(frontier):
        fresh = []
        for part in np.array_split(frontier, -(-len(frontier) // LANES)):
            now, after, chance = _step(chain, part, max_states)
            known, place = np.unique(_keys(after), return_inverse=True)
            at, new = np.empty(len(known), dtype=np.int64), []
            _, example = np.unique(place, return_index=True)
            for k, row in enumerate(after[example]):
                key = row.tobytes()
                if key not in number:
                    number[key] = len(number)
                    new.append(row)
                at[k] = number[key]
            if len(number) > max_states:
                raise too_large("the network", len(number), max_states, bound)
            moves.append((now + done, at[place], chance))
            done += len(part)
            if new:
                fresh.append(np.array(new))
        frontier = np.concatenate(fresh) if fresh else first[:0].reshape(0, len(first))
        rows.append(frontier)
    now, after, chance = (np.concatenate(x) for x in zip(*moves, strict=True))
    return Transitions(np.concatenate(rows), now, after, chance)


def micro_states(chain: ChipKernel, rows: Numbers) -> tuple[MicroState, ...]:
    """Return rows of `Transitions` as states."""
    width, n = len(chain.registers), chain.n
    found = []
    for row in rows.tolist():
        registers = tuple(tuple(row[k * width : (k + 1) * width]) for k in range(n))
        spikes = [int(s) for s in row[n * width :]]
        history = tuple(tuple(spikes[d * n : (d + 1) * n]) for d in range(chain.depth))
        found.append(MicroState(registers, history))
    return tuple(found)


def _row(chain: ChipKernel, state: MicroState) -> Numbers:
    values = [x for unit in state.registers for x in unit]
    values += [x for spikes in state.history for x in spikes]
    kind = np.int64 if chain.mapped.chip.number == "integer" else np.float64
    return np.array(values, dtype=kind) + 0  # of floats, -0 is 0


def _keys(rows: Numbers) -> Numbers:
    """Return each row as one item."""
    whole = np.ascontiguousarray(rows)
    return whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1]))).ravel()


def _step(chain: ChipKernel, rows: Numbers, most: int) -> tuple[Ints, Numbers, Floats]:
    """Return the moves of some states: from which of them, to what, with what probability."""
    width, n = len(chain.registers), chain.n
    spikes = rows[:, n * width :].astype(np.int64)
    history = [spikes[:, d * n : (d + 1) * n] for d in range(chain.depth)]
    laws = [_unit(chain, k, rows, history) for k in range(n)]
    counts = [np.bincount(lane, minlength=len(rows)) for lane, _, _ in laws]
    ways_on = np.prod([c.astype(float) for c in counts], axis=0)
    if ways_on.max() > most:
        raise too_large("the set of next states", int(ways_on.max()), most)
    if ways_on.sum() > MOVES and len(rows) > 1:
        half = len(rows) // 2
        a, b = _step(chain, rows[:half], most), _step(chain, rows[half:], most)
        return (
            np.concatenate([a[0], b[0] + half]),
            np.concatenate([a[1], b[1]]),
            np.concatenate([a[2], b[2]]),
        )
    now, chance = np.arange(len(rows)), np.ones(len(rows))
    picked: list[Ints] = []
    for (_, _, share), count in zip(laws, counts, strict=True):
        # Every move so far goes on in each way that the neuron has, of this state.
        ways = count[now]
        place = np.repeat(np.arange(len(now)), ways)
        within = np.arange(len(place)) - np.repeat(np.cumsum(ways) - ways, ways)
        outcome = (np.cumsum(count) - count)[now[place]] + within
        picked = [*(x[place] for x in picked), outcome]
        now, chance = now[place], chance[place] * share[outcome]
    units = [values[outcome] for (_, values, _), outcome in zip(laws, picked, strict=True)]
    after = [*(unit[:, :-1] for unit in units), *(unit[:, -1:] for unit in units)]
    older = rows[now, n * width : rows.shape[1] - n]
    return now, np.concatenate([*after, older], axis=1).astype(rows.dtype) + 0, chance


def _unit(
    chain: ChipKernel, k: int, rows: Numbers, history: list[Ints]
) -> tuple[Ints, Numbers, Floats]:
    """Return one neuron's outcomes, by state: state, registers and spikes, probability."""
    width, incoming = len(chain.registers), chain.incoming[k]
    given = rows[:, k * width : (k + 1) * width]
    sums = np.asarray(incoming.of_spikes(history))
    # States in which the neuron is and gets the same have the same law.
    both = np.concatenate([given, sums.reshape(len(rows), -1)], axis=1)
    _, example, same = np.unique(_keys(both), return_index=True, return_inverse=True)
    registers = {name: given[example, c] for c, name in enumerate(chain.registers)}
    law = chain.steps[k](registers, incoming.arrive(sums[example]))
    kept = law.weight > 0
    values = np.stack([*(x[kept] for x in law.registers.values()), law.spikes[kept]], axis=1)
    lane = law.lane[kept]
    share = (law.weight[kept] / law.denominator).astype(float)
    keys = _keys(np.concatenate([lane[:, None].astype(values.dtype), values], axis=1))
    _, one, merged = np.unique(keys, return_index=True, return_inverse=True)
    share = np.bincount(merged, share)
    order = np.argsort(lane[one], kind="stable")
    lane, values, share = lane[one][order], values[one][order], share[order]
    ways = np.bincount(lane, minlength=len(example))
    first = np.cumsum(ways) - ways
    count = ways[same]
    state = np.repeat(np.arange(len(rows)), count)
    within = np.arange(len(state)) - np.repeat(np.cumsum(count) - count, count)
    outcome = first[same[state]] + within
    return state, values[outcome], share[outcome]
