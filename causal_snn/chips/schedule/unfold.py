"""Unfold: one tick of a network as the micro-steps of hardware that is shared in time.

A synchronous chip updates its neurons one after the other between two ticks (TrueNorth's cores
evaluate 256 neurons on one set of gates, for example); at tick grain this cannot be seen. Here
it is spelled out: memory cells, an accumulator that all units share, and a program counter are
units of a binary causal network of their own, updated all at once in each micro-step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.chips.schedule.layout import Layout
from causal_snn.chips.schedule.micro import Micro
from causal_snn.chips.schedule.program import Step, by_synapse, by_unit
from causal_snn.chips.schedule.target import Target
from causal_snn.chips.schedule.target import target as as_target
from causal_snn.errors import bad, check_choice
from causal_snn.provenance import provenance

Whole = NDArray[np.int64]
SCHEDULES = ("shared_accumulator", "per_synapse")
MEMORIES = ("double_buffer", "in_place")
COUNTERS = ("binary", "ring")


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """Hardware that runs a target unit by unit, as a network of binary units.

    Attributes
    ----------
    micro : Micro
        The units, their wiring and their mechanisms.
    target : Target
    schedule, memory, counter_kind : str
    program : tuple of Step
        One micro-step each; a round is all of them.
    cells : tuple of int
        Units that hold the target's states, in its order.
    buffer : tuple of int
        Units that hold new states until the round ends: of every unit but the last.
    accumulator : tuple of int
        The unit that all share, or the bits of the sum, little-endian (two's complement).
    counter : tuple of int
        The program counter.
    codes : array, shape (steps, bits)
        The counter's state in each micro-step.
    provenance : mapping
    """

    micro: Micro
    target: Target
    schedule: str
    memory: str
    counter_kind: str
    program: tuple[Step, ...]
    cells: tuple[int, ...]
    buffer: tuple[int, ...]
    accumulator: tuple[int, ...]
    counter: tuple[int, ...]
    codes: Whole
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of units of the machine."""
        return self.micro.n

    @property
    def steps(self) -> int:
        """Micro-steps of a round."""
        return len(self.program)

    def state(
        self, cells: Sequence[int], *, phase: int = 0, hidden: Sequence[int] | None = None
    ) -> tuple[int, ...]:
        """Return a state of the machine by that of its cells.

        Parameters
        ----------
        cells : sequence of int
            State of the target.
        phase : int
            Micro-step that comes next; 0 is a machine in step with the tick.
        hidden : sequence of int, optional
            States of buffer and accumulator, in that order; default 0.
        """
        if not 0 <= phase < self.steps:
            raise bad("phase", phase, f"0 to {self.steps - 1}, the micro-steps of a round")
        rest = (*self.buffer, *self.accumulator)
        found = np.zeros(self.n, dtype=np.int64)
        found[list(self.cells)] = order.check_state(cells, (2,) * self.target.n)
        if hidden is not None:
            found[list(rest)] = order.check_state(hidden, (2,) * len(rest))
        found[list(self.counter)] = self.codes[phase]
        return tuple(int(x) for x in found)

    def told(self) -> tuple[str, ...]:
        """Return the program, a line for each micro-step."""
        buffered = self.memory == "double_buffer"
        return tuple(step.told(self.target, buffered=buffered) for step in self.program)


def unfold(
    target: Target | ArrayLike | Any,
    *,
    schedule: Literal["shared_accumulator", "per_synapse"] = "shared_accumulator",
    memory: Literal["double_buffer", "in_place"] = "double_buffer",
    counter: Literal["binary", "ring"] = "binary",
) -> Machine:
    """Return the machine that runs a network one unit, or one synapse, at a time.

    With a double buffer n units take n + 1 micro-steps on 2n units and the counter: results
    go from the accumulator to the buffer while the next is worked out, and the last
    micro-step makes all new states the states at once. It reproduces the target's tick for
    every target (theory/20_schedules.py T1). In place, later units already see the new states
    of earlier ones, which is another map in general: ask `equivalence`.

    Parameters
    ----------
    target : Target, array of shape (2^n, n), or TPM
        See `causal_snn.chips.schedule.target`. Where it is stochastic, the accumulator is.
    schedule : {"shared_accumulator", "per_synapse"}
        Whether one micro-step evaluates a whole unit, or adds one synapse of threshold units.
    memory : {"double_buffer", "in_place"}
    counter : {"binary", "ring"}
        A program counter of log2(steps) units, or a ring of as many units as micro-steps
        with one of them on.

    Returns
    -------
    Machine

    Raises
    ------
    InputError
        If the target is none, has no weights to add up, or makes a unit's table too large.
    """
    check_choice("schedule", schedule, SCHEDULES)
    check_choice("memory", memory, MEMORIES)
    check_choice("counter", counter, COUNTERS)
    found = as_target(target)
    compile_ = by_unit if schedule == "shared_accumulator" else by_synapse
    program = compile_(found, in_place=memory == "in_place")
    layout = Layout(found, program, schedule, memory, counter)
    return Machine(
        micro=layout.build(),
        target=found,
        schedule=schedule,
        memory=memory,
        counter_kind=counter,
        program=program,
        cells=layout.cells,
        buffer=layout.buffer,
        accumulator=layout.accumulator,
        counter=layout.counter,
        codes=layout.codes,
        provenance=provenance(
            "units, wiring and mechanisms of a clocked machine, made from the target's tables",
            schedule=schedule,
            memory=memory,
            counter=counter,
            micro_steps=len(program),
            grain="micro",
        ),
    )
