"""Rounds: what a machine's cells do from tick to tick, by exhaustion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.chips.schedule.micro import Micro
from causal_snn.chips.schedule.unfold import Machine
from causal_snn.errors import bad
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
MOST_STARTS = 1 << 14
"""Starting states that are all gone through."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether a round of a machine is the target's tick.

    Attributes
    ----------
    equal : bool
        From every start the cells follow the target's law, and the counter is back at its
        first micro-step.
    largest_gap : float
        Greatest total variation between the law of the cells and the target's; 0 or 1 for
        deterministic ones.
    starts : int
        Starting states gone through: every state of the cells with every one of the others.
    every_hidden : bool
        Whether buffer and accumulator took all their states, or only all off and all on.
    differing : tuple of tuple of int
        States of the target whose tick is not reproduced.
    returns : bool
        Whether the counter is back after each round.
    provenance : mapping
    """

    equal: bool
    largest_gap: float
    starts: int
    every_hidden: bool
    differing: tuple[tuple[int, ...], ...]
    returns: bool
    provenance: Mapping[str, Any]


def propagate(micro: Micro, starts: ArrayLike, steps: int) -> tuple[Whole, Floats, Whole]:
    """Return every state that some starts lead to, with the probabilities.

    Parameters
    ----------
    micro : Micro
    starts : array, shape (S, n)
    steps : int
        Micro-steps.

    Returns
    -------
    states : array, shape (L, n)
    weight : array, shape (L,)
    origin : array, shape (L,)
        The start that it comes from.
    """
    states = np.atleast_2d(np.asarray(starts, dtype=np.int64))
    weight, origin = np.ones(len(states)), np.arange(len(states))
    for _ in range(steps):
        chance = micro.probability(states)
        states = (chance == 1.0).astype(np.int64)
        for unit in range(micro.n):
            p = chance[:, unit]
            open_ = np.flatnonzero((p > 0.0) & (p < 1.0))
            if not len(open_):
                continue
            on = states[open_]
            on[:, unit] = 1
            states = np.concatenate([states, on])
            weight = np.concatenate([weight, weight[open_] * p[open_]])
            weight[open_] *= 1.0 - p[open_]
            origin = np.concatenate([origin, origin[open_]])
            chance = np.concatenate([chance, chance[open_]])
    return states, weight, origin


def equivalence(machine: Machine) -> Equivalence:
    """Return whether a round, from any state in step with the tick, is the target's tick.

    Every state of the cells is started from with every state of buffer and accumulator, up to
    16,384 starts; beyond that with those all off and all on.
    """
    n = machine.target.n
    hidden = len(machine.buffer) + len(machine.accumulator)
    every = 2 ** (n + hidden) <= MOST_STARTS
    starts = _starts(machine, phase=0, every=every)
    states, weight, origin = propagate(machine.micro, starts, machine.steps)
    cells = list(machine.cells)
    found = np.zeros((len(starts), 2**n))
    np.add.at(found, (origin, _numbers(states[:, cells])), weight)
    now = _numbers(starts[:, cells])
    gap = 0.5 * np.abs(found - machine.target.law[now]).sum(axis=1)
    returns = bool((states[:, list(machine.counter)] == machine.codes[0]).all())
    wrong = sorted(set(now[gap > 1e-12].tolist()))
    return Equivalence(
        equal=not wrong and returns,
        largest_gap=float(gap.max()),
        starts=len(starts),
        every_hidden=every,
        differing=tuple(order.state(k, (2,) * n) for k in wrong),
        returns=returns,
        provenance=provenance(
            "every start followed through a round", grain="cells over a whole round"
        ),
    )


def round_law(machine: Machine, *, phase: int | None = 0, rounds: int = 1) -> Floats:
    """Return the law of the cells after whole rounds, shape (2^n, 2^n), little-endian.

    Parameters
    ----------
    machine : Machine
    phase : int or None
        Where the counter starts: 0 is in step with the tick. None for each micro-step of a
        round alike, as if nothing were known of the counter.
    rounds : int

    Returns
    -------
    array
        Buffer and accumulator start in each of their states alike.
    """
    if phase is not None and not 0 <= phase < machine.steps:
        raise bad("phase", phase, f"0 to {machine.steps - 1}, or None for all of them")
    n = machine.target.n
    phases = range(machine.steps) if phase is None else [phase]
    found = np.zeros((2**n, 2**n))
    cells = list(machine.cells)
    for one in phases:
        starts = _starts(machine, phase=one, every=True)
        states, weight, origin = propagate(machine.micro, starts, rounds * machine.steps)
        rows = _numbers(starts[:, cells])
        np.add.at(found, (rows[origin], _numbers(states[:, cells])), weight)
    return found / found.sum(axis=1, keepdims=True)


def _starts(machine: Machine, *, phase: int, every: bool) -> Whole:
    """Return states with the counter at a phase: all cells, and all or two of the others."""
    n, rest = machine.target.n, [*machine.buffer, *machine.accumulator]
    hidden = order.states((2,) * len(rest)) if every else np.array([[0], [1]])
    cells = order.states((2,) * n)
    found = np.zeros((len(cells), len(hidden), machine.n), dtype=np.int64)
    found[..., list(machine.cells)] = cells[:, None]
    found[..., rest] = np.broadcast_to(hidden, (len(hidden), len(rest)))
    found[..., list(machine.counter)] = machine.codes[phase]
    return found.reshape(-1, machine.n)


def _numbers(states: Whole) -> Whole:
    return order.numbers(list(states.T), (2,) * states.shape[1])
