"""Populations of a network as the spiking nodes of NIR, and the scale of their weights."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad, suggest
from causal_snn.models import Network, NeuronModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Population:
    """Neighbouring units of one kind: a node of the file."""

    name: str
    kind: str
    units: slice
    models: tuple[NeuronModel, ...]

    def column(self, key: str, unit: float = 1.0) -> Floats:
        """Return a parameter of every unit."""
        return np.array([unit * float(model.parameters[key]) for model in self.models])

    def lost(self, key: str, dt: float) -> Floats:
        """Return what one step forgets: 1 - exp(-dt/tau), or dt/tau by Euler."""
        tau = self.column(key)
        exact = np.array([model.convention.step == "exact" for model in self.models])
        return np.where(exact, -np.expm1(-dt / tau), dt / tau)


_KINDS = {"lif": "LIF", "cuba_lif": "CubaLIF", "integrate_and_fire": "IF"}


def populations_of(network: Network) -> list[Population]:
    """Return the populations: units that follow each other, of one model and one layer."""
    for model in dict.fromkeys(network.neurons):
        if model.name not in _KINDS:
            raise bad("neuron", model.name, "a model that NIR has", suggest(model.name, _KINDS))

    def group(k: int) -> tuple[str, str]:
        # Units of a layer are labelled layer.0, layer.1, ... where a file had several.
        head, _, tail = network.labels[k].rpartition(".")
        return network.neurons[k].name, head if tail.isdigit() else ""

    groups = [list(units) for _, units in groupby(range(network.n), group)]
    digits = len(str(len(groups) - 1))  # nodes of a file are read in the order of their names
    return [
        Population(
            name=f"p{k:0{digits}d}",
            kind=_KINDS[network.neurons[units[0]].name],
            units=slice(units[0], units[-1] + 1),
            models=network.neurons[units[0] : units[-1] + 1],
        )
        for k, units in enumerate(groups)
    ]


def node_of(network: Network, part: Population) -> tuple[Floats, Floats, Any]:
    """Return the scale of weights, the constant input in their unit, and the node."""
    import nir

    dt, ms = network.dt, 1e-3
    one = np.ones(part.units.stop - part.units.start)
    bias, drive = network.bias[part.units], network.drive[part.units]
    theta, reset = part.column("theta"), part.column("V_reset")
    if part.kind == "IF":
        constant = bias + dt * part.column("I") / part.column("C")
        return one, constant, nir.IF(r=one, v_threshold=theta, v_reset=reset)
    lost = part.lost("tau", dt)
    unit = np.array([model.convention.input_gain == "unit" for model in part.models])
    # A drive of "unit" gain adds all of itself in a step, and one of "exact" gain 1 - a of it.
    drive = np.where(unit, drive / lost, drive)
    leak = part.column("E")
    if part.kind == "LIF":
        node = nir.LIF(
            tau=part.column("tau", ms), r=one, v_leak=leak, v_threshold=theta, v_reset=reset
        )
        return lost, bias + lost * drive, node
    node = nir.CubaLIF(
        tau_syn=part.column("tau_syn", ms),
        tau_mem=part.column("tau", ms),
        r=part.column("R"),
        v_leak=leak + drive,
        v_threshold=theta,
        v_reset=reset,
        w_in=one,
    )
    return part.lost("tau_syn", dt), bias, node
