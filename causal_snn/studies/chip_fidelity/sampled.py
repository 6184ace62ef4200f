"""Sampled: the macro TPM of a chip by drawing micro states, for engines without an exact chain.

It is also the slow check of the exact one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.chips.engine.chance import Sampled
from causal_snn.chips.engine.step import ChipState
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.coarse import UnitPartition
from causal_snn.errors import InputError, check_whole
from causal_snn.kernel import InterventionRange, intervention_range
from causal_snn.models.network import Network
from causal_snn.provenance import provenance
from causal_snn.studies.chip_fidelity.driven import constant_inputs, noisy_engine, potentials
from causal_snn.tpm import TPM

Floats = NDArray[np.float64]
THREE = 3  # quiet, primed, spiking


def sampled_tpm(
    mapped: Mapped,
    network: Network,
    partition: Sequence[UnitPartition],
    *,
    noise: Floats,
    inputs: ArrayLike | None = None,
    samples: int = 4000,
    rng: np.random.Generator | int | None = 0,
) -> TPM:
    """Return the ternary macro TPM of a chip from one sampled step of every macro state.

    Potentials are uniform on the declared range of the network within their cell; a unit that
    has just spiked is where its spike left it; synaptic currents are at rest. Units are
    independent given the macro state, so that marginals are all that is counted.

    Parameters
    ----------
    mapped : Mapped
    network : Network
        Whose declared ranges of potentials are sampled.
    partition : sequence of UnitPartition
        Ternary.
    noise : array, shape (n,)
        Standard deviation of a step's noise (mV).
    inputs : array of int, optional
        Spikes of the input channels in the step.
    samples : int
        Micro states for each macro state; errors are about 1/(2 sqrt(samples)).
    rng : numpy.random.Generator or int, optional

    Raises
    ------
    InputError
        If the alphabet is not ternary, or noise is asked of an engine that is not synchronous.
    """
    count = check_whole("samples", samples)
    if any(len(unit.cells) != THREE for unit in partition):
        raise InputError("sampled_tpm needs alphabet='ternary', whose rows are products")
    n, generator = mapped.n, np.random.default_rng(rng)
    sizes = (THREE,) * n
    tick, kicks = noisy_engine(mapped, noise)
    states = np.repeat(order.states(sizes), count, axis=0).T  # (n, S * count)
    lanes = states.shape[1]
    drawn = [
        _draw(states[k], unit, intervention_range(network, k), mapped, k, generator)
        for k, unit in enumerate(partition)
    ]
    state = _placed(mapped, tick.start(mapped.parameters, lanes), np.stack(drawn), states)
    given = constant_inputs(mapped, inputs)
    channels = np.repeat(given[:, None], lanes, axis=1)
    shocks = np.zeros((mapped.parameters.n, lanes))
    spread = (noise * mapped.scale)[:, None]
    shocks[mapped.place] = spread * generator.standard_normal((n, lanes))
    kicks["kick"] = shocks
    after = tick(
        ChipState(state.registers, state.history, state.inputs + given[None, :, None]),
        channels,
        Sampled(generator),
    )
    v = mapped.rest[:, None] + potentials(after)[mapped.place] / mapped.scale[:, None]
    fired = after.history[0][mapped.place] > 0
    marginals = []
    for k, unit in enumerate(partition):
        cells = unit.classify(v[k], np.zeros(lanes), fired[k]).reshape(-1, count)
        share = np.stack([(cells == cell).mean(axis=1) for cell in range(THREE)], axis=1)
        marginals.append(order.unflat(share, sizes))
    return TPM(
        marginals=tuple(marginals),
        labels=mapped.labels,
        cells=tuple(unit.cells for unit in partition),
        law="uniform",
        provenance=provenance(
            "one sampled step of every macro state",
            chip=mapped.chip.title,
            samples=count,
            largest_standard_error=0.5 / np.sqrt(count),
            seed=rng if isinstance(rng, int) else None,
            currents="at rest",
            grain="tick",
        ),
    )


def _draw(
    cells: NDArray[np.int64],
    unit: UnitPartition,
    declared: InterventionRange,
    mapped: Mapped,
    k: int,
    rng: np.random.Generator,
) -> Floats:
    """Return register potentials uniform within cells; those of spikes are after the reset."""
    cut = float(np.clip(unit.threshold, declared.v_low, declared.theta))
    edges = np.array([declared.v_low, cut, declared.theta, declared.v_high])
    drawn = rng.uniform(edges[cells], np.maximum(edges[cells + 1], edges[cells]))
    register = (drawn - mapped.rest[k]) * mapped.scale[k]
    settings = mapped.parameters.neuron
    place = mapped.place[k]
    if mapped.chip.reset == "value":
        fallen = settings["reset"][place] if "reset" in settings else 0
    elif mapped.chip.reset == "subtract":
        fallen = register - settings.get("reset_by", settings["threshold"])[place]
    else:
        fallen = register
    return np.asarray(np.where(cells == THREE - 1, fallen, register))


def _placed(mapped: Mapped, state: ChipState, drawn: Floats, cells: NDArray[np.int64]) -> ChipState:
    registers, history = dict(state.registers), state.history.copy()
    name = "membrane" if "membrane" in registers else "v"
    v = registers[name].copy()
    if mapped.chip.number == "integer":
        v[mapped.place] = mapped.chip.voltage.fit(np.rint(drawn).astype(np.int64))
    else:
        v[mapped.place] = drawn
    history[0][mapped.place] = cells == THREE - 1
    return ChipState({**registers, name: v}, history, state.inputs)
