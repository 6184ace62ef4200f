"""Draft: a mapping under way, what every family of chips turns a demand into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.mapping.demand import Demand
from causal_snn.chips.mapping.quantise import Quantised
from causal_snn.errors import InputError, bad

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What is to be mapped, and how.

    Attributes
    ----------
    demand : Demand
    chip : Chip
    scale : float, array, "largest" or None
    clip : bool
    rounding : str
        Of the weights.
    origin : {"rest", "reset"}
    approximate : tuple of str
    labels : tuple of str
    rng : numpy.random.Generator
    """

    demand: Demand
    chip: Chip
    scale: Any
    clip: bool
    rounding: str
    origin: str
    approximate: tuple[str, ...]
    labels: tuple[str, ...]
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draft:
    """Integers of a chip and what they stand for, before they are checked and counted.

    Attributes
    ----------
    scale, rest : array, shape (n,)
        Register units per mV; potential at which the register is 0 (mV).
    neuron : mapping of str to array, shape (n,)
    weights : Quantised
        Recurrent and input weights.
    per_unit : array, shape (n,)
        mV that a weight of 1 adds to the potential of its target.
    delays : int or array
    decay, current_decay : array, shape (n,)
        Factors per step that the chip realises; nan where it has no such factor.
    threshold : array, shape (n,)
        The threshold realised (mV).
    constant : array, shape (n,)
        The constant input realised (mV per step), beyond what the leak makes of the origin.
    wanted_weights : list of array
        What the weights should be (mV), in the order of `weights.tables`.
    differences : list of str
    extra : mapping
        Further findings of a family (axon types, rows for two signs).
    chip : Chip or None
        The chip as it is used, where that is not the one asked for.
    groups : array of int, shape (n,), or None
        Neurons that can share a core, where not all can.
    circuits : array of int, shape (n,), or None
        Neuron circuits that are joined to each neuron, where more than one can be.
    """

    scale: Floats
    rest: Floats
    neuron: Mapping[str, Any]
    weights: Quantised
    per_unit: Floats
    delays: Any
    decay: Floats
    current_decay: Floats
    threshold: Floats
    constant: Floats
    wanted_weights: list[Any]
    differences: list[str] = field(default_factory=list)
    extra: Mapping[str, Any] = field(default_factory=dict)
    chip: Chip | None = None
    groups: NDArray[np.int64] | None = None
    circuits: NDArray[np.int64] | None = None


APPROXIMATIONS = {
    "reset": "the chip's own reset stands in for the network's",
    "current": "what a spike sends at once, or in an exponential current, keeps its total charge",
}
"""What `map_network` can be allowed to approximate, and how."""


def settle_reset(job: Job, resets: tuple[str, ...]) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which neurons reset by subtraction on the chip, and what was approximated.

    Raises
    ------
    InputError
        If a neuron needs a reset that the chip has not.
    """
    wanted = job.demand.jump > 0
    title = job.chip.title
    for subtract, name, other in ((True, "subtract", "value"), (False, "value", "subtract")):
        if name in resets or not np.any(wanted == subtract):
            continue
        if "reset" not in job.approximate:
            raise InputError(
                f"reset = {name!r}: {title} resets by {', '.join(map(repr, resets)) or 'nothing'} "
                f"only. Train with reset={other!r}, take another chip, or let the chip's reset "
                "stand in with approximate=('reset',)"
            )
        said = f"neurons reset by {other!r} on the chip, by {name!r} in the network"
        return np.full(job.demand.n, not subtract), [said]
    return wanted, []


def settle_current(job: Job, has_current: bool) -> tuple[Demand, list[str]]:
    """Return the demand as a chip without, or with nothing but, a current can meet it.

    Raises
    ------
    InputError
        If neurons have a synaptic current and the chip has none.
    """
    demand = job.demand
    if has_current or not np.any(demand.has_current & (demand.current_decay > 0)):
        return demand, []
    if "current" not in job.approximate:
        raise InputError(
            f"cuba_lif: {job.chip.title} has no synaptic current; use lif neurons, another chip, "
            "or let a jump of the same charge stand in with approximate=('current',)"
        )
    gain = 1.0 / (1.0 - demand.current_decay)
    changed = replace(
        demand.times(gain),
        current_decay=np.zeros(demand.n),
        has_current=np.zeros(demand.n, dtype=bool),
    )
    most = float(np.max(gain))
    return changed, [
        "the chip has no synaptic current: a spike delivers its whole charge at once, up to "
        f"{most:.3g} times the first step of the network's current"
    ]


def refuse_constant(chip: Chip, constant: Floats) -> None:
    """Raise `InputError` if there is constant input (mV per step), on a chip without a bias."""
    if np.any(constant != 0):
        raise bad(
            "drive",
            float(f"{constant[np.argmax(np.abs(constant))]:.6g}"),
            f"no constant input (mV per step) on {chip.title}, which has no bias",
            "Send it as spikes of an input channel: input_weights, and input_spikes of the run.",
        )


def origin_of(job: Job, subtract: NDArray[np.bool_], *, resets_to: bool) -> Floats:
    """Return the potential at which registers are 0 (mV), shape (n,).

    Raises
    ------
    InputError
        If the chip can reset only to 0, or by its threshold, and rest is no such origin.
    """
    demand = job.demand
    height = np.where(demand.jump > 0, demand.jump, demand.theta - demand.V_reset)
    if job.origin == "reset":
        return np.where(subtract, demand.theta - height, demand.V_reset)
    # A subtraction takes the threshold off, counted from the origin.
    fits = np.where(
        subtract,
        np.isclose(demand.theta - demand.rest, height, rtol=1e-9),
        resets_to | np.isclose(demand.V_reset, demand.rest, rtol=1e-9, atol=1e-9),
    )
    if not np.all(fits):
        k = int(np.argmin(fits))
        rest, label, title = float(demand.rest[k]), job.labels[k], job.chip.title
        fix = (
            "Give origin='reset', which counts registers from there and adds what the leak then "
            "misses to the bias"
        )
        if subtract[k]:
            raise InputError(
                f"{label} falls by {height[k]:g} mV when it spikes, and theta is "
                f"{float(demand.theta[k]) - rest:g} mV above E = {rest:g} mV: {title} subtracts "
                f"its threshold, counted from rest. {fix}"
            )
        raise InputError(
            f"V_reset = {float(demand.V_reset[k]):g} mV with E = {rest:g} mV ({label}): {title} "
            f"resets to 0 only, which is rest. {fix}"
        )
    return demand.rest.copy()


def common_differences(job: Job, subtract: NDArray[np.bool_]) -> list[str]:
    """Return sentences about conventions that differ whatever the numbers are."""
    demand, chip = job.demand, job.chip
    found = []
    if demand.noisy:
        found.append("the network's membrane noise is not on the chip")
    if demand.ramps:
        found.append("constant synaptic input acts at its steady state from the first step")
    exact = (
        chip.number == "integer" and chip.has("threshold") and chip.setting("threshold").step == 1
    )
    strict = chip.threshold == ">"
    if np.any(demand.strict != strict) and not exact:
        other = ">" if not strict else ">="
        found.append(f"the chip spikes at v {chip.threshold} threshold, the network at v {other}")
    if np.any((demand.held > 0) & subtract):
        found.append(
            "a held neuron keeps what its reset left, in the network it is held at V_reset"
        )
    if chip.max_spikes > 1:
        found.append(
            f"a neuron may spike up to {chip.max_spikes} times in a step, in the network once"
        )
    return found
