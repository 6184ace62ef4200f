"""Attractors of one undriven neuron: where its potential ends while nothing arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.attractor.functional_graph import functional_graph
from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Work
from causal_snn.chips.engine.stages import arriving
from causal_snn.chips.engine.step import build_update, columns_of, update
from causal_snn.chips.parameters import Parameters
from causal_snn.errors import InputError, bad
from causal_snn.provenance import provenance

Ints = NDArray[np.int64]
MOST_STATES = 1 << 20
"""Potentials of a register that are all gone through."""
MOST_STEPS = 1 << 18
"""Steps up to which an undriven neuron of a wider register is followed."""


class NoChance:
    """Refuses stages that leave something to chance."""

    def choose(self, work: Work, key: str, outcomes: Any, counts: Any, total: int) -> None:
        """Raise: there is more than one outcome."""
        del work, outcomes, counts, total
        raise _chancy(key)

    def pick(self, work: Work, key: str, table: Any) -> None:
        """Raise: there is more than one outcome."""
        del work, table
        raise _chancy(key)

    def merge(self, work: Work) -> None:
        """Leave lanes as they are: each is a state."""


def _chancy(key: str) -> InputError:
    return InputError(
        f"the chip draws {key!r} at random, and attractors are of deterministic chips; "
        "of a stochastic one take the long-run law of its TPM"
    )


@dataclass(frozen=True, slots=True, eq=False)
class NeuronAttractors:
    """Where the potential of an undriven neuron ends; synaptic currents are 0.

    Attributes
    ----------
    label : str
    states : int
        Potentials that the register can hold.
    fixed_points : int
        Potentials that stay as they are, without a spike.
    frozen : (int, int) or None
        The least and the greatest of them.
    cycles : int
        Everything else that repeats: tonic firing, or a leak that overshoots.
    longest_cycle : int
        Steps of the longest of them (steps held after a spike not counted); 0 without one.
    transient : int or None
        Most steps until the potential stays or repeats; None where that takes too long.
    provenance : mapping
    """

    label: str
    states: int
    fixed_points: int
    frozen: tuple[int, int] | None
    cycles: int
    longest_cycle: int
    transient: int | None
    provenance: Mapping[str, Any]

    @property
    def dead_zone(self) -> int:
        """Width of the frozen range in steps of the register; 0 for at most one fixed point."""
        return 0 if self.frozen is None else self.frozen[1] - self.frozen[0]


def neuron_attractors(
    chip: Chip, parameters: Parameters, unit: int = 0, *, most: int = MOST_STATES
) -> NeuronAttractors:
    """Return the attractors of one neuron's potential while nothing arrives.

    Every potential of the register is followed where there are at most `most`. In a wider one
    the map below threshold must rise by 0 or 1 from one potential to the next (decays that
    multiply do); then frozen potentials are an interval, found by bisection.

    Parameters
    ----------
    chip : Chip
        Deterministic, synchronous, with whole numbers.
    parameters : Parameters
    unit : int
    most : int
        Potentials up to which all are followed.

    Returns
    -------
    NeuronAttractors

    Raises
    ------
    InputError
        For a stochastic chip, one in floating point, or a wide register that is not monotone.
    """
    if chip.schedule != "synchronous" or chip.number != "integer":
        raise bad("chip", chip.title, "a synchronous chip with registers of whole numbers")
    if not 0 <= unit < parameters.n:
        raise bad("unit", unit, f"0 to {parameters.n - 1}")
    step = _undriven(chip, parameters, unit)
    least, states = chip.voltage.least, chip.voltage.most - chip.voltage.least + 1
    facts: dict[str, Any] = {"chip": chip.title, "input": "none", "grain": "tick"}
    if states <= most:
        following, spikes = step(np.arange(least, least + states))
        # A register without ends (overflow "none") may leave its own range.
        graph = functional_graph(np.clip(following - least, 0, states - 1))
        still = (graph.period == 1) & (spikes[graph.start] == 0)
        fixed, longer = graph.start[still] + least, graph.period[~still]
        return NeuronAttractors(
            label=parameters.labels[unit],
            states=states,
            fixed_points=fixed.size,
            frozen=(int(fixed[0]), int(fixed[-1])) if fixed.size else None,
            cycles=longer.size,
            longest_cycle=int(longer.max(initial=0)),
            transient=int(graph.transient.max()),
            provenance=provenance("every potential of the register followed", **facts),
        )
    return _wide(chip, parameters, unit, step, facts)


Step = Callable[[Ints], tuple[Ints, Ints]]


def _undriven(chip: Chip, parameters: Parameters, unit: int) -> Step:
    stages = build_update(chip, columns_of(chip, parameters, unit))

    def step(v: Ints) -> tuple[Ints, Ints]:
        zero = np.zeros((1, len(v)), dtype=np.int64)
        work: Work = {arriving(name): zero for name in chip.receptors}
        work |= dict.fromkeys(chip.registers, zero)
        work |= {"v": np.asarray(v, dtype=np.int64)[None], "s": zero}
        update(stages, work, NoChance())
        return work["v"][0], work["s"][0]

    return step


def _wide(
    chip: Chip, parameters: Parameters, unit: int, step: Step, facts: dict[str, Any]
) -> NeuronAttractors:
    low, high = chip.voltage.least, chip.voltage.most
    top = _last(lambda v: step(v)[1] == 0, low, high)  # the greatest that does not spike
    if top is not None:
        _check_slopes(chip, step, low, top)
    first = last = None
    if top is not None:
        last = _last(lambda v: step(v)[0] >= v, low, top)
        below = _last(lambda v: step(v)[0] > v, low, top)
        first = low if below is None else below + 1
    frozen = None if first is None or last is None or last < first else (first, last)
    tonic, transient = 0, None
    ends = [low, *([] if top is None else [top]), high]
    if frozen is not None:
        transient = _settle(step, ends)
    else:
        tonic, transient = _firing(step, ends)
    return NeuronAttractors(
        label=parameters.labels[unit],
        states=high - low + 1,
        fixed_points=0 if frozen is None else frozen[1] - frozen[0] + 1,
        frozen=frozen,
        cycles=int(tonic > 0),
        longest_cycle=tonic,
        transient=transient,
        provenance=provenance(
            "monotone map: frozen range by bisection, transients from the register's ends",
            **facts,
        ),
    )


def _last(holds: Callable[[Ints], NDArray[np.bool_]], low: int, high: int) -> int | None:
    """Return the last value for which something holds that holds up to some value."""
    if not holds(np.array([low]))[0]:
        return None
    if holds(np.array([high]))[0]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if holds(np.array([middle]))[0]:
            low = middle
        else:
            high = middle
    return low


def _check_slopes(chip: Chip, step: Step, low: int, top: int) -> None:
    """Raise unless the map rises by 0 or 1 from value to value, at many places."""
    near = np.arange(-2000, 2000)
    wide = np.linspace(low, top - 1, 20_001).astype(np.int64)
    places = np.unique(np.concatenate([near, wide]))
    places = places[(places >= low) & (places < top)]
    rise = step(places + 1)[0] - step(places)[0]
    if np.any((rise < 0) | (rise > 1)):
        raise bad(
            "chip",
            f"{chip.title} with {chip.voltage}",
            f"a register of at most {MOST_STATES:,} potentials, or a leak that multiplies",
            "Pass most= to go through all potentials of the register.",
        )


def _settle(step: Step, ends: list[int]) -> int | None:
    v = np.array(ends)
    for steps in range(MOST_STEPS):
        following, _ = step(v)
        if np.array_equal(following, v):
            return steps
        v = following
    return None


def _firing(step: Step, ends: list[int]) -> tuple[int, int | None]:
    """Return the period of tonic firing and the longest way to it; 0 if too long."""
    period, transient = 0, 0
    for end in ends:
        v, seen = np.array([end]), {end: 0}
        for steps in range(1, MOST_STEPS):
            v, _ = step(v)
            value = int(v[0])
            if value in seen:
                period = max(period, steps - seen[value])
                transient = max(transient, seen[value])
                break
            seen[value] = steps
        else:
            return 0, None
    return period, transient
