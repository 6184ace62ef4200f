"""Time-multiplexed hardware: a network, the machine that runs it, and what is one system.

The argument is that of Findlay et al. (arXiv:2412.04571): a machine may do all that a network
does and yet be no system of the same kind. The machine here is the smallest clocked one that
`causal_snn.chips.schedule` makes of the target, not their stored-program computer of 117 units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from causal_snn import order
from causal_snn.chips.schedule import Machine, Target, equivalence, unfold
from causal_snn.chips.schedule import target as as_target
from causal_snn.errors import bad, check_choice
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.studies.multiplexing.grains import State, macro, micro, tick
from causal_snn.studies.multiplexing.result import Concurrency, Grain, Multiplexing
from causal_snn.studies.multiplexing.targets import FINDLAY, stand_in

MOST_TARGET = 5
"""Units of a target whose Phi is worked out."""


def multiplexing(
    target: Target | ArrayLike | Any | None = None,
    *,
    state: Sequence[int] | None = None,
    schedule: Literal["shared_accumulator", "per_synapse"] = "shared_accumulator",
    memory: Literal["double_buffer", "in_place"] = "double_buffer",
    counter: Literal["binary", "ring"] = "binary",
    phases: Sequence[int] | None = None,
    formalism: str = "IIT_4_0_2023",
    progress: bool = False,
) -> Multiplexing:
    """Return integrated information of a network and of the machine that runs it in time.

    At tick grain: the target itself. At micro grain: the machine in each micro-step, with its
    complexes. At macro grain: its memory cells over a whole round, read with the counter
    known, with it unknown, and as macro units made of the machine's own units.

    Parameters
    ----------
    target : Target, array of shape (2^n, n), or TPM, optional
        Up to 5 binary units; default four of our own, see
        `causal_snn.studies.multiplexing.stand_in`. A mapped chip network enters by its TPM.
    state : sequence of int, optional
        State of the target, one that some state leads to; default 0101 for the default target,
        otherwise the reachable state of largest phi_s.
    schedule, memory, counter
        The machine, see `causal_snn.chips.schedule.unfold`.
    phases : sequence of int, optional
        Micro-steps at which the machine is analysed; default all.
    formalism : {"IIT_4_0_2023", "IIT_4_0_2026"}
        That of 2023 as Findlay et al. use; that of 2026 caps phi_s by a term that is 0 for
        deterministic systems.
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    Multiplexing

    Raises
    ------
    InputError
        If the target is too large, or no state leads to `state`.
    """
    check_choice("formalism", formalism, ("IIT_4_0_2023", "IIT_4_0_2026"))
    found = stand_in() if target is None else as_target(target)
    if found.n > MOST_TARGET:
        raise bad("target", f"{found.n} units", f"at most {MOST_TARGET} units")
    machine = unfold(found, schedule=schedule, memory=memory, counter=counter)
    now = _state(found, state, target is None, formalism)
    places = _places(machine, phases)
    starts = _through_a_round(machine, now)
    of_micro = tuple(
        micro(machine, starts[place], place, formalism)
        for place in track(places, label="micro-steps", show=progress)
    )
    result = Multiplexing(
        target=found,
        machine=machine,
        state=now,
        formalism=formalism,
        equivalence=equivalence(machine),
        tick=tick(found, now, formalism),
        micro=of_micro,
        macro=macro(machine, now, starts[0], formalism),
        concurrency=Concurrency(
            interactions=int(found.wiring.sum()),
            by_step=tuple(len(step.interactions(found)) for step in machine.program),
        ),
        statements=(),
        provenance=provenance(
            "exact integrated information at three grains; equivalence by exhaustion",
            formalism=formalism,
            schedule=schedule,
            memory=memory,
            counter=counter,
            target="stand-in of our own" if target is None else "given by the caller",
            published=f"{FINDLAY} (arXiv:2412.04571, from notes by others)",
        ),
    )
    return _told(result, own=target is None)


def _places(machine: Machine, phases: Sequence[int] | None) -> list[int]:
    """Return the micro-steps asked for."""
    if phases is None:
        return list(range(machine.steps))
    allowed = f"one or more of the micro-steps 0 to {machine.steps - 1}"
    given = np.asarray(phases)
    if given.ndim != 1 or not given.size or given.dtype.kind not in "iu":
        raise bad("phases", phases, allowed)
    if given.min() < 0 or given.max() >= machine.steps:
        raise bad("phases", phases, allowed)
    return [int(place) for place in given]


def _state(
    target: Target, state: Sequence[int] | None, own: bool, formalism: str
) -> tuple[int, ...]:
    """Return the state asked for, one that some state leads to."""
    reached = (target.law > 0).any(axis=0)
    if state is None and own:
        return FINDLAY.state
    if state is not None:
        given = order.check_state(state, (2,) * target.n)
        if not reached[order.number(given, (2,) * target.n)]:
            raise bad("state", given, "a state that some state of the target leads to")
        return given
    grains = [
        tick(target, order.state(int(k), (2,) * target.n), formalism, structure=False)
        for k in np.flatnonzero(reached)
    ]
    return max(grains, key=lambda one: one.phi_s or 0.0).state


def _through_a_round(machine: Machine, cells: State) -> list[State]:
    """Return the machine's states from one tick to the next, the likeliest where chance is.

    It starts as a round leaves it: buffer and cells alike, the accumulator cleared.
    """
    hidden = [*cells[: len(machine.buffer)], *(0 for _ in machine.accumulator)]
    found = [machine.state(cells, hidden=hidden)]
    for _ in range(machine.steps - 1):
        chance = machine.micro.probability(found[-1])
        found.append(tuple(int(p > 0.5) for p in chance))
    return found


def _told(found: Multiplexing, *, own: bool) -> Multiplexing:
    same, machine, tick_ = found.equivalence, found.machine, found.tick
    how = "every state" if same.every_hidden else "all-off and all-on states"
    lines = [
        f"tick: the target ({tick_.what}) has phi_s = {tick_.phi_s:.4g} and Phi = "
        f"{tick_.big_phi:.6g} ibit in state {_bits(tick_.state)}.",
        f"cells over a round: {machine.n} units in {machine.steps} micro-steps do "
        + (
            f"exactly what the target does ({same.starts:,} starts, {how} of what is hidden)."
            if same.equal
            else f"NOT do what the target does: {len(same.differing)} of {2**found.target.n} "
            f"states differ, by up to {same.largest_gap:.3g} (total variation)."
        ),
        _micro_told(found.micro),
        *(_macro_told(one) for one in found.macro),
        f"schedule: of the target's {found.concurrency.interactions} interactions, all in one "
        f"tick, a micro-step carries out at most {max(found.concurrency.by_step)} "
        f"({100 * found.concurrency.most:.0f}%).",
    ]
    if own:
        lines.append(
            "source: the target's phi_s is that printed for PQRS (arXiv:2412.04571), its Phi "
            f"is not ({FINDLAY.big_phi} there); the mechanisms of PQRS were not found, these "
            "are our own, and so is the machine."
        )
    return replace(found, statements=tuple(lines))


def _micro_told(grains: Sequence[Grain]) -> str:
    whole = [one.phi_s for one in grains]
    sizes = [len(c.labels) for one in grains for c in one.complexes]
    count = [len(one.complexes) for one in grains]
    many = f"{min(count)}" if min(count) == max(count) else f"{min(count)} to {max(count)}"
    some = "" if all(one.complete for one in grains) else " (of those that were evaluated)"
    return (
        f"micro: the whole machine has phi_s = {max(v or 0.0 for v in whole):.4g} in every "
        f"micro-step looked at; complexes at a time: {many}{some}, "
        f"the largest of {max(sizes, default=0)} unit(s), with Phi up to "
        f"{max(one.largest for one in grains):.4g} ibit."
    )


def _macro_told(one: Grain) -> str:
    text = f"macro: {one.what}: "
    if one.phi_s is None:
        return text + "; ".join(one.reasons) + "."
    text += f"phi_s = {one.phi_s:.4g}, Phi = {one.big_phi:.6g} ibit"
    if one.distance is not None:
        text += f"; table up to {one.distance:.3g} from the target's"
    if one.independence_gap > 1e-9:
        text += f"; units are not independent (gap {one.independence_gap:.3g}), so of marginals"
    return "; ".join((text, *(r for r in one.reasons if one.reading == "grouping"))) + "."


def _bits(state: Sequence[int]) -> str:
    return "".join(map(str, state))
