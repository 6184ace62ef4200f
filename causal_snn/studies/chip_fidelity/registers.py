"""What a chip's registers do by themselves: bits forgotten in a step, dead zones, attractors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.attractor.decay_attractors import decay_attractors
from causal_snn.chips.attractor.network_attractors import NetworkAttractors, network_attractors
from causal_snn.chips.attractor.neuron_attractors import neuron_attractors
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.errors import InputError

Floats = NDArray[np.float64]
MOST_STATES = 20_000
"""Joint register states up to which attractors of the network are sought."""


@dataclass(frozen=True, slots=True, eq=False)
class RegisterFigures:
    """Each neuron's register while nothing arrives; not a number where it cannot be counted.

    Attributes
    ----------
    information_lost : array, shape (n,)
        Bits of the potential that the decay of one step forgets, register uniform. A float
        potential forgets none.
    oracle : array, shape (n,)
        The same over one period of the rounding, without the register's ends: 2d/N for
        d <= N/2.
    fixed_points : array, shape (n,)
        Potentials that stay; one in the float network (or none, if it fires by itself).
    dead_zone : array, shape (n,)
        Width of the range of frozen potentials (mV).
    cycles : array, shape (n,)
        Other attractors, as tonic firing.
    transient : array, shape (n,)
        Most steps until the potential stays or repeats.
    network : NetworkAttractors or None
        Attractors of the undriven, noiseless network from a grid of starts.
    notes : tuple of str
        What could not be counted, and why.
    """

    information_lost: Floats
    oracle: Floats
    fixed_points: Floats
    dead_zone: Floats
    cycles: Floats
    transient: Floats
    network: NetworkAttractors | None
    notes: tuple[str, ...]


def register_figures(
    mapped: Mapped,
    inputs: NDArray[np.int64] | None,
    *,
    network: bool = True,
    most: int = MOST_STATES,
) -> RegisterFigures:
    """Return what the registers of a mapped network do by themselves.

    Parameters
    ----------
    mapped : Mapped
    inputs : array of int, optional
        Spikes of the input channels in every step, for the network's attractors.
    network : bool
        Whether the network's attractors are sought.
    most : int
        Joint states up to which they are.
    """
    notes: list[str] = []
    table = np.full((6, mapped.n), np.nan)
    # Nothing arrives, so that neurons of the same settings do the same.
    settings = np.stack([mapped.parameters.neuron[s.name] for s in mapped.chip.settings], axis=1)
    known: dict[tuple[float, ...], tuple[Floats, str]] = {}
    for k, place in enumerate(mapped.place):
        key = tuple(settings[place].tolist())
        if key not in known:
            known[key] = _alone(mapped, int(place))
        table[:, k], error = known[key]
        table[3, k] /= mapped.scale[k]
        if error:
            notes.append(f"{mapped.labels[k]}: {error}")
    whole = None
    try:
        if network:
            given = None if inputs is None else inputs.tolist()
            whole = network_attractors(mapped, inputs=given, most=most)
    except InputError as error:
        notes.append(f"attractors of the network: {error}")
    return RegisterFigures(
        information_lost=table[0],
        oracle=table[1],
        fixed_points=table[2],
        dead_zone=table[3],
        cycles=table[4],
        transient=table[5],
        network=whole,
        notes=tuple(dict.fromkeys(notes)),
    )


def _alone(mapped: Mapped, place: int) -> tuple[Floats, str]:
    """Return the six figures of a neuron, the dead zone in register units, and what hindered."""
    column = np.full(6, np.nan)
    try:
        column[:2] = _decay(mapped, place)
        found = neuron_attractors(mapped.chip, mapped.parameters, place)
    except InputError as error:
        return column, str(error)
    late = np.nan if found.transient is None else found.transient
    column[2:] = found.fixed_points, found.dead_zone, found.cycles, late
    return column, ""


def _decay(mapped: Mapped, place: int) -> tuple[float, float]:
    chip = mapped.chip
    if chip.voltage_decay is None or not chip.has("decay_v"):
        return np.nan, np.nan
    setting = int(mapped.parameters.neuron["decay_v"][place])
    found = decay_attractors(chip.voltage_decay, setting, chip.voltage)
    lost, period = found.information_lost, found.bits_per_period
    return (np.nan if lost is None else lost), (np.nan if period is None else period)
