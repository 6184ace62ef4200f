"""Moves: every state with every outcome of a step, as columns of which some are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.counts import cell_of
from causal_snn.chips.chain.kernel import ChipKernel, MicroState
from causal_snn.chips.chain.limits import too_large
from causal_snn.chips.chain.reachable import neuron_states

Numbers = NDArray[Any]
Ints = NDArray[np.int64]
Columns = Mapping[str, Sequence[Numbers]]
"""By name, columns that are kept or dropped together."""
SEEN = "seen"
"""What is always known: levels and last spikes."""


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """N states and B outcomes.

    Attributes
    ----------
    neuron : str
        Whose, or ``"network"``.
    now : mapping of str to sequence of array, shape (N,)
        Of each state.
    after : mapping of str to sequence of array, shape (B,)
        Of each outcome, by the same names.
    state : array of int, shape (B,)
        Which state an outcome belongs to.
    weight : array of int, Python int or Fraction, shape (B,)
        Its probability, in one unit for all.
    shifted : mapping of str to str
        Of the other neurons' spikes under way: which ones come to a name in the next step.
    """

    neuron: str
    now: Columns
    after: Columns
    state: Ints
    weight: Numbers
    shifted: Mapping[str, str]

    @property
    def n(self) -> int:
        """Number of states."""
        return len(self.now[SEEN][0])

    @property
    def hidden(self) -> tuple[str, ...]:
        """Names of what may be dropped."""
        return tuple(name for name in self.now if name != SEEN)

    def clash(self, kept: Iterable[str]) -> tuple[str, Any, Any, Any] | None:
        """Return two states that agree in what is kept and lead to different laws of it."""
        names = [SEEN, *(name for name in kept if name in self.now)]
        rest = [name for name in self.now if name not in names]
        for older, newer in self.shifted.items():
            if older in names and newer not in names:
                # What is under way comes to `older` next, so that it cannot be left out.
                return self.neuron, {}, {newer: 0}, {newer: 1}
        here = numbered([column for name in names for column in self.now[name]])
        law = self._laws(numbered([column for name in names for column in self.after[name]]))
        order = np.lexsort([law, here])
        differ = (np.diff(here[order]) == 0) & (np.diff(law[order]) != 0)
        if not np.any(differ):
            return None
        first = int(np.argmax(differ))
        a, b = order[first], order[first + 1]
        return self.neuron, self._at(a, names), self._at(a, rest), self._at(b, rest)

    def _at(self, state: Any, names: Sequence[str]) -> dict[str, Any]:
        found = {}
        for name in names:
            values = tuple(column[state].item() for column in self.now[name])
            found[name] = values[0] if len(values) == 1 else values
        return found

    def _laws(self, outcome: Ints) -> Ints:
        """Return numbers of the laws of each state: equal exactly where the laws are."""
        if len(outcome) == self.n:  # one outcome each
            found = np.empty(self.n, dtype=np.int64)
            found[self.state] = outcome
            return found
        order = np.lexsort([outcome, self.state])
        state, to, weight = self.state[order], outcome[order], self.weight[order]
        starts = np.flatnonzero((np.diff(state, prepend=-1) != 0) | (np.diff(to, prepend=-1) != 0))
        total = np.add.reduceat(weight, starts)
        ends = np.searchsorted(state[starts], np.arange(self.n + 1))
        pairs = list(zip(to[starts].tolist(), total.tolist(), strict=True))
        numbers: dict[Any, int] = {}
        return np.array(
            [numbers.setdefault(tuple(pairs[a:b]), len(numbers)) for a, b in pairwise(ends)]
        )


def numbered(columns: Sequence[Numbers]) -> Ints:
    """Return a number for each row of columns, the same for equal rows."""
    found = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        _, place = np.unique(column, return_inverse=True)
        _, found = np.unique(found * (int(place.max()) + 1) + place.ravel(), return_inverse=True)
        found = found.ravel()
    return found


def neuron_moves(chain: ChipKernel, k: int, cuts: Ints, max_states: int) -> Moves:
    """Return the moves of one neuron over its reachable states and all that can arrive.

    What arrives with a delay of d steps belongs to ``"spikes d"``; with a delay of one it is
    known, being the last spikes of the others.
    """
    states = neuron_states(chain, k, chain.start, max_states)
    incoming = chain.incoming[k]
    contexts = incoming.contexts(without=k, most=max_states)
    label = chain.mapped.parameters.labels[k]
    total = states.n * contexts.n
    if total > max_states:
        raise too_large(f"neuron {label}, with what can arrive,", total, max_states)
    rows = np.repeat(states.table, contexts.n, axis=0)
    context = np.tile(np.arange(contexts.n), states.n)
    law = chain.steps[k](
        {name: rows[:, i] for i, name in enumerate(chain.registers)},
        incoming.arrive(incoming.with_own(contexts.sums[context], rows, k, len(chain.registers))),
    )
    width = len(chain.registers)
    where = chain.registers.index("v")
    others = {d: slot[context] for d, slot in contexts.slots.items()}
    last, before = rows[:, width], rows[law.lane]
    now = {SEEN: [cell_of(cuts, rows[:, where], last), last, others.get(1, 0 * last)]}
    after = {SEEN: [cell_of(cuts, law.registers["v"], law.spikes), law.spikes]}
    for i, name in enumerate(chain.registers):
        now[name], after[name] = [rows[:, i]], [law.registers[name]]
    own = rows.shape[1] - width
    depth = max([own, *others])
    for d in range(2, depth + 1):
        parts = [rows[:, width + d - 1]] if d <= own else []
        now[f"spikes {d}"] = [*parts, *([others[d]] if d in others else [])] or [0 * last]
        after[f"spikes {d}"] = [before[:, width + d - 2] if d <= own else 0 * law.spikes]
    most = max(others, default=1)
    return Moves(
        neuron=label,
        now=now,
        after=after,
        state=law.lane,
        weight=law.weight,
        shifted={f"spikes {d}": f"spikes {d - 1}" for d in range(3, most + 1)},
    )


def network_moves(chain: ChipKernel, states: tuple[MicroState, ...], cuts: Sequence[Ints]) -> Moves:
    """Return the moves of the network over the states that it can be in."""
    outcomes = [(i, p, after) for i, s in enumerate(states) for p, after in chain.successors(s)]
    return Moves(
        neuron="network",
        now=_of_network(chain, states, cuts),
        after=_of_network(chain, [after for _, _, after in outcomes], cuts),
        state=np.array([i for i, _, _ in outcomes]),
        weight=np.array([p for _, p, _ in outcomes], dtype=object),
        shifted={},
    )


def _of_network(
    chain: ChipKernel, states: Sequence[MicroState], cuts: Sequence[Ints]
) -> dict[str, list[Numbers]]:
    values = np.array([state.registers for state in states])  # (N, n, registers)
    spikes = np.array([state.history for state in states])  # (N, depth, n)
    v = values[:, :, chain.registers.index("v")]
    found = {
        SEEN: [
            *(cell_of(cuts[k], v[:, k], spikes[:, 0, k]) for k in range(chain.n)),
            *spikes[:, 0].T,
        ]
    }
    for i, name in enumerate(chain.registers):
        found[name] = list(values[:, :, i].T)
    for d in range(2, chain.depth + 1):
        found[f"spikes {d}"] = list(spikes[:, d - 1].T)
    return found
