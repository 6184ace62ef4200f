"""Program: what time-multiplexed hardware does in each micro-step of a round."""

from __future__ import annotations

from dataclasses import dataclass

from causal_snn.chips.schedule.target import Target
from causal_snn.errors import bad


@dataclass(frozen=True, slots=True)
class Step:
    """One micro-step; all it does happens at once, from the state before it.

    Attributes
    ----------
    evaluate : int or None
        Unit whose next state goes into the accumulator.
    add : (int, int) or None
        Target unit i and source unit j of the one synapse that is added to the accumulator.
    fresh : bool
        Whether that addition starts from 0.
    write : int or None
        Unit whose result is taken from the accumulator.
    copy : bool
        Whether all new states become the states, which ends the round.
    """

    evaluate: int | None = None
    add: tuple[int, int] | None = None
    fresh: bool = False
    write: int | None = None
    copy: bool = False

    def interactions(self, target: Target) -> frozenset[tuple[int, int]]:
        """Return the interactions (i, j), j on i, of the target that this micro-step carries out.

        An interaction is carried out where the states it combines are read.
        """
        if self.evaluate is not None:
            sources = target.wiring[self.evaluate].nonzero()[0]
            return frozenset((self.evaluate, int(j)) for j in sources)
        if self.add is None or not target.wiring[self.add]:
            return frozenset()  # a synapse may never make a difference
        return frozenset([self.add])

    def told(self, target: Target, *, buffered: bool) -> str:
        """Return the micro-step in words; ``A'`` is the buffer of ``A``."""
        name = target.labels
        parts = []
        if self.evaluate is not None:
            parts.append(f"acc <- next {name[self.evaluate]}")
        if self.add is not None:
            i, j = self.add
            assert target.weights is not None
            start = "" if self.fresh else "acc "
            parts.append(f"acc <- {start}{target.weights[i, j]:+d} {name[j]}")
        if self.copy:
            parts += [f"{one} <- {one}'" for one in name[:-1]]
        if self.write is not None:
            mark = "'" if buffered and not self.copy else ""
            parts.append(f"{name[self.write]}{mark} <- acc")
        return ", ".join(parts) or "acc <- 0"


def by_unit(target: Target, *, in_place: bool) -> tuple[Step, ...]:
    """Return the round in which the accumulator holds one unit's next state after the other."""
    if in_place:
        pairs = [(Step(evaluate=i), Step(write=i)) for i in range(target.n)]
        return tuple(step for pair in pairs for step in pair)
    # The result of a unit is written while that of the next is worked out.
    steps = [Step(evaluate=i, write=i - 1 if i else None) for i in range(target.n)]
    return (*steps, Step(write=target.n - 1, copy=True))


def by_synapse(target: Target, *, in_place: bool) -> tuple[Step, ...]:
    """Return the round in which synaptic events are added up one at a time.

    Raises
    ------
    InputError
        If the target has no weights.
    """
    if target.weights is None:
        raise bad(
            "target",
            "a network without weights",
            "threshold units for schedule='per_synapse'",
            "Make them with threshold_units(weights, thresholds).",
        )
    steps: list[Step] = []
    waiting: int | None = None
    for i in range(target.n):
        sources = [int(j) for j in target.weights[i].nonzero()[0]]
        for place, j in enumerate(sources):
            steps.append(Step(add=(i, j), fresh=place == 0, write=waiting))
            waiting = None
        if not sources:
            steps.append(Step(write=waiting))  # the empty sum
        waiting = i
        if in_place:
            steps.append(Step(write=i))
            waiting = None
    if in_place:
        return tuple(steps)
    return (*steps, Step(write=target.n - 1, copy=True))
