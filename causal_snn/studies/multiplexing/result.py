"""What a study of time-multiplexed hardware finds, each number with its grain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from causal_snn.chips.schedule import Equivalence, Machine, Target

State = tuple[int, ...]
SAME = 1e-9
"""Difference of probabilities up to which two tables are one."""


@dataclass(frozen=True, slots=True)
class Small:
    """A complex.

    Attributes
    ----------
    labels : tuple of str
    phi_s : float
        System integrated information (ibit).
    big_phi : float or None
        Structure integrated information (ibit); None where the complex is too large for it.
    """

    labels: tuple[str, ...]
    phi_s: float
    big_phi: float | None


@dataclass(frozen=True, slots=True)
class Grain:
    """Integrated information at one grain, in one state.

    Attributes
    ----------
    grain : {"tick", "micro", "macro"}
    what : str
        Which units over which time.
    labels : tuple of str
    state : tuple of int
    phi_s : float or None
        Of all these units together (ibit); None where it was not worked out.
    big_phi : float or None
        Their Phi (ibit): 0 where phi_s is.
    complexes : tuple of Small
        In order of phi_s; empty where nothing is irreducible.
    complete : bool
        Whether every complex is among them; of groupings, whether none that was left out can
        have the target's table.
    reasons : tuple of str
        What is known without evaluation: why phi_s is 0, or a table cannot be the target's.
    independence_gap : float
        How far units are from independent given the state (total variation); integrated
        information is then of the product of the marginals.
    reading : {"clocked", "unclocked", "grouping"} or None
        At macro grain, how the machine is read: its cells by somebody who keeps its clock, or
        does not, or macro units made of its units.
    distance : float or None
        At macro grain, the greatest difference of a probability from the target's table.
    """

    grain: Literal["tick", "micro", "macro"]
    what: str
    labels: tuple[str, ...]
    state: State
    phi_s: float | None
    big_phi: float | None
    complexes: tuple[Small, ...] = ()
    complete: bool = True
    reasons: tuple[str, ...] = ()
    independence_gap: float = 0.0
    reading: Literal["clocked", "unclocked", "grouping"] | None = None
    distance: float | None = None

    @property
    def largest(self) -> float:
        """The greatest Phi of a complex (ibit), 0 if there is none."""
        return max((one.big_phi or 0.0 for one in self.complexes), default=0.0)


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many of the target's interactions happen at once.

    A plain count, put by the question of Bennett (arXiv:2601.11620, abstract read) whether
    what a tick has at once may be spread over time; it is not the concurrency-capacity
    defined there.

    Attributes
    ----------
    interactions : int
        Pairs of units of the target, one acting on the other, all of them in every tick.
    by_step : tuple of int
        How many of them each micro-step of the machine carries out.
    """

    interactions: int
    by_step: tuple[int, ...]

    @property
    def most(self) -> float:
        """Greatest share of the interactions in one micro-step; a synchronous tick has 1."""
        return max(self.by_step) / self.interactions if self.interactions else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Multiplexing:
    """A network and the machine that runs it, at three grains.

    Attributes
    ----------
    target : Target
    machine : Machine
    state : tuple of int
        State of the target.
    formalism : str
    equivalence : Equivalence
        Whether the machine does what the target does.
    tick : Grain
        The target itself.
    micro : tuple of Grain
        The machine in each micro-step asked for.
    macro : tuple of Grain
        The machine's cells over a whole round, read in several ways.
    concurrency : Concurrency
    statements : tuple of str
        What was found, each sentence with its grain.
    provenance : mapping
    """

    target: Target
    machine: Machine
    state: State
    formalism: str
    equivalence: Equivalence
    tick: Grain
    micro: tuple[Grain, ...]
    macro: tuple[Grain, ...]
    concurrency: Concurrency
    statements: tuple[str, ...]
    provenance: Mapping[str, Any]

    @property
    def grains(self) -> tuple[Grain, ...]:
        """Every grain: tick, micro, macro."""
        return (self.tick, *self.micro, *self.macro)

    @property
    def recovered(self) -> bool:
        """Whether macro units made of the machine's units have the target's table.

        The cells as read by somebody who keeps the clock do have it: that is what the
        equivalence says. They are no grouping, since each would need the accumulator.
        """
        return any(
            one.distance is not None and one.distance < SAME
            for one in self.macro
            if one.reading == "grouping"
        )

    def __str__(self) -> str:
        """Return the statements, a line each."""
        return "\n".join(self.statements)
