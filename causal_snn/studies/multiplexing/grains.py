"""Grains: integrated information of a target, its machine, and readings of the machine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causal_snn import phi
from causal_snn.chips.schedule import Machine, Target, round_law
from causal_snn.phi.checks import UnreachableError
from causal_snn.studies.multiplexing.readings import (
    MOST_UNITS,
    Grouping,
    excluded,
    groupings,
    macro_table,
)
from causal_snn.studies.multiplexing.result import SAME, Grain, Small
from causal_snn.studies.multiplexing.sieve import groups
from causal_snn.tpm import TPM

Floats = NDArray[np.float64]
State = tuple[int, ...]
MOST_MICRO = 16
"""Units of a machine whose complexes are evaluated: a table of 65,536 rows."""
MOST_STRUCTURE = 5
"""Units of a system whose Phi is worked out."""
NOT_CONNECTED = "its effects are not strongly connected"
BOTTLENECK = (
    "no grouping by memory cells has the target's table: only one unit reads the cells of others, "
    "and it can be a constituent of one macro unit at most"
)
UNREACHABLE = "no state of these units leads to this one"


def tick(target: Target, state: State, formalism: str, *, structure: bool = True) -> Grain:
    """Return the target itself in a state, which some state must lead to."""
    matrix = TPM.from_state_by_node(target.state_by_node, labels=target.labels)
    blank = Grain("tick", f"{target.n} units, one tick", target.labels, state, None, None)
    return _whole(blank, matrix, formalism, structure=structure)


def micro(machine: Machine, state: State, phase: int, formalism: str) -> Grain:
    """Return the machine in the state that precedes a micro-step, with its complexes.

    What the wiring excludes is not searched (`causal_snn.studies.multiplexing.sieve`).
    """
    n, likely = machine.n, groups(machine.micro, state)
    whole = likely == (tuple(range(n)),)
    blank = Grain(
        grain="micro",
        what=f"{n} units, micro-step {phase} (0 to {machine.steps - 1})",
        labels=machine.micro.labels,
        state=state,
        phi_s=None if whole else 0.0,
        big_phi=None if whole else 0.0,
        reasons=() if whole else (NOT_CONNECTED,),
    )
    if n > MOST_MICRO:
        return replace(blank, complete=not likely)
    matrix = TPM.from_state_by_node(machine.micro.state_by_node(), labels=machine.micro.labels)
    found = [
        one
        for units in likely
        for one in phi.complexes(matrix, state, formalism=formalism, units=units).complexes
    ]
    small = sorted(
        (_small(matrix, state, one.labels, one.phi_s, formalism) for one in found),
        key=lambda one: -one.phi_s,
    )
    return replace(blank, complexes=tuple(small))


def _small(
    matrix: TPM, state: State, labels: tuple[str, ...], phi_s: float, formalism: str
) -> Small:
    if len(labels) > MOST_STRUCTURE:
        return Small(labels, phi_s, None)
    found = phi.structure(matrix, state, formalism=formalism, units=labels)
    return Small(labels, phi_s, found.big_phi)


def macro(machine: Machine, cells: State, state: State, formalism: str) -> tuple[Grain, ...]:
    """Return the readings of the memory cells over a round.

    Parameters
    ----------
    machine : Machine
    cells : tuple of int
        State of the target.
    state : tuple of int
        State of the machine, in step with the tick.
    formalism : str
    """
    labels = machine.target.labels
    clocked = Grain(
        "macro", "cells over a round, counter known", labels, cells, None, None, reading="clocked"
    )
    unclocked = replace(clocked, what="cells over a round, counter unknown", reading="unclocked")
    return (
        _of_law(clocked, machine, round_law(machine, phase=0), formalism),
        _of_law(unclocked, machine, round_law(machine, phase=None), formalism),
        _grouped(replace(clocked, what="grouping", reading="grouping"), machine, state, formalism),
    )


def _grouped(blank: Grain, machine: Machine, state: State, formalism: str) -> Grain:
    """Return the grouping whose table is nearest the target's."""
    proof = (BOTTLENECK,) if excluded(machine) else ()
    if machine.n > MOST_UNITS:
        reason = f"not evaluated: {machine.n} units, at most {MOST_UNITS}"
        return replace(blank, complete=bool(proof), reasons=(reason, *proof))
    micro_table, wanted = machine.micro.state_by_node(), machine.target.state_by_node
    chosen, every = groupings(machine)
    tables = [macro_table(machine, one, state, table=micro_table) for one in chosen]
    off = [np.abs(one - wanted).max(axis=0) for one in tables]
    right = [int((one < SAME).sum()) for one in off]
    best = min(range(len(chosen)), key=lambda k: (-right[k], float(off[k].max())))
    scope = f"all {len(chosen)}" if every else f"{len(chosen)} natural ones"
    what = (
        f"grouping {_named(machine, chosen[best])}, the nearest of {scope}, "
        f"{right[best]} of {machine.target.n} units as in the target"
    )
    matrix = TPM.from_state_by_node(np.clip(tables[best], 0.0, 1.0), labels=blank.labels)
    whole = every or bool(proof)
    found = _whole(
        replace(blank, what=what, distance=float(off[best].max()), complete=whole),
        matrix,
        formalism,
    )
    return replace(found, reasons=(*found.reasons, *proof))


def _named(machine: Machine, one: Grouping) -> str:
    labels = machine.micro.labels
    parts = []
    for units, extra in zip(one.constituents, one.background, strict=True):
        text = " ".join(labels[k] for k in units)
        parts.append(text + (f" ({' '.join(labels[k] for k in extra)})" if extra else ""))
    return " | ".join(parts)


def _of_law(blank: Grain, machine: Machine, law: Floats, formalism: str) -> Grain:
    joint = TPM.from_state_by_state(law, labels=blank.labels)
    matrix = joint.project()
    distance = float(np.abs(matrix.state_by_node - machine.target.state_by_node).max())
    return _whole(
        replace(blank, independence_gap=joint.independence_gap, distance=distance),
        matrix,
        formalism,
    )


def _whole(blank: Grain, matrix: TPM, formalism: str, *, structure: bool = True) -> Grain:
    """Return phi_s, Phi and complexes of all units of a table."""
    try:
        found = phi.system(matrix, blank.state, formalism=formalism)
    except UnreachableError:
        return replace(blank, phi_s=0.0, big_phi=0.0, reasons=(UNREACHABLE,))
    one = replace(blank, phi_s=found.phi_s, reasons=found.reasons)
    if not structure:
        return one
    complexes = phi.complexes(matrix, blank.state, formalism=formalism).complexes
    big = phi.structure(matrix, blank.state, formalism=formalism).big_phi if found.phi_s else 0.0
    small = tuple(_small(matrix, blank.state, c.labels, c.phi_s, formalism) for c in complexes)
    return replace(one, big_phi=big, complexes=small)
