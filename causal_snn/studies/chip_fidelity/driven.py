"""Driven: a float network and its chip run on the same noise, for the controls.

Equal noise makes spike trains comparable spike by spike; with noise of their own two runs of the
very same network differ, by how much is the baseline.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.engine.chance import Sampled, Work
from causal_snn.chips.engine.stages import Stage
from causal_snn.chips.engine.step import ChipState, Tick
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.chips.run import engine
from causal_snn.errors import InputError, bad
from causal_snn.models.network import Network
from causal_snn.simulation import SpikeTrains

Floats = NDArray[np.float64]
NOISE_BEFORE = ("hold", "fire")
"""Noise enters a potential before the first of these stages, as in the float step."""


def noise_of(mapped: Mapped, network: Network, noise: ArrayLike | str | None) -> Floats:
    """Return the standard deviation of a step's noise (mV), shape (n,).

    Raises
    ------
    InputError
        If it is negative, or not one number or one for each unit.
    """
    if noise is None:
        return np.zeros(mapped.n)
    if isinstance(noise, str):
        if noise != "network":
            raise bad("noise", noise, "'network', None, or standard deviations in mV")
        return np.asarray(network.noise_per_step, dtype=float)
    values = np.asarray(noise, dtype=float)
    if values.shape not in ((), (mapped.n,)) or not (np.isfinite(values) & (values >= 0)).all():
        raise bad("noise", noise, f"one standard deviation (mV), or {mapped.n}, 0 or more")
    return np.broadcast_to(values, (mapped.n,)).copy()


def float_spikes(network: Network, kicks: Floats, start: Floats) -> NDArray[np.bool_]:
    """Return the spikes of a float network under given noise.

    Parameters
    ----------
    network : Network
        With a closed-form step.
    kicks : array, shape (T, n)
        What the noise of each step adds to the potential (mV).
    start : array, shape (n,)
        First potentials (mV); no currents, no spikes.

    Returns
    -------
    array of bool, shape (T, n)
    """
    step = network.step()
    v, i = np.asarray(start, dtype=float), np.zeros(network.n)
    spiked = np.zeros(network.n, dtype=bool)
    held = np.zeros(network.n, dtype=np.int64)
    found = np.zeros(kicks.shape, dtype=bool)
    for t, kick in enumerate(kicks):
        held = np.where(spiked, step.refractory, np.maximum(held - 1, 0))
        following, i = step.mean(v, i, spiked, network.weights @ spiked)
        v = np.where(held > 0, step.V_reset, following + kick)
        spiked = np.asarray(step.spikes(v)) & (held == 0)
        found[t] = spiked
    return found


def noisy_engine(mapped: Mapped, noise: Floats) -> tuple[Any, Work]:
    """Return a chip's engine, and the dictionary whose ``"kick"`` its noise is read from.

    Kicks have shape (n of the chip, lanes), in register units; registers of whole numbers add
    them rounded. A continuous chip draws noise of that size by itself, in its own time.

    Raises
    ------
    InputError
        If there is noise and the chip handles events one by one, with no step to add it to.
    """
    chip, given = mapped.chip, mapped.parameters
    kicks: Work = {}
    if chip.schedule == "continuous" and np.any(noise > 0):
        own = dict(given.neuron)
        step, tau = own["dt"][mapped.place], own["tau_mem"][mapped.place]
        own["noise"] = np.array(own["noise"], dtype=float)
        own["noise"][mapped.place] = noise * mapped.scale / np.sqrt(-np.expm1(-2.0 * step / tau))
        given = replace(given, neuron=own)
    tick = engine(chip, given)
    if isinstance(tick, Tick):
        place = next(k for k, name in enumerate(chip.order) if name.startswith(NOISE_BEFORE))
        tick.stages = [*tick.stages[:place], _kick(mapped, kicks), *tick.stages[place:]]
    elif chip.schedule == "serial" and np.any(noise > 0):
        raise InputError(
            f"{chip.title} is serial: it tests the threshold after every event, so that noise of "
            "a step has no place. Give noise=None."
        )
    return tick, kicks


def _kick(mapped: Mapped, kicks: Work) -> Stage:
    whole, form = mapped.chip.number == "integer", mapped.chip.voltage

    def act(work: Work, chance: Any) -> None:  # noqa: ARG001
        kick = kicks.get("kick")
        if kick is None:
            return
        if whole:
            work["v"] = form.fit(work["v"] + np.rint(kick).astype(np.int64))
        else:
            work["v"] = (work["v"] + kick).astype(work["v"].dtype)

    return act


def chip_spikes(
    mapped: Mapped,
    kicks: Floats,
    noise: Floats,
    inputs: ArrayLike | None,
    rng: np.random.Generator,
) -> tuple[NDArray[np.bool_], Floats]:
    """Return the spikes of a chip under given noise, and the potentials (mV) it started from.

    Parameters
    ----------
    mapped : Mapped
    kicks : array, shape (T, n)
        What the noise of each step adds (mV); a continuous chip draws its own.
    noise : array, shape (n,)
        Standard deviation of the kicks (mV).
    inputs : array of int, shape (m,), optional
        Spikes of the input channels in every step.
    rng : numpy.random.Generator
        For chips that draw by themselves.
    """
    given = constant_inputs(mapped, inputs)
    tick, shared = noisy_engine(mapped, noise)
    state: ChipState = tick.start(mapped.parameters, 1)
    start = mapped.rest + potentials(state)[mapped.place, 0] / mapped.scale
    chance = Sampled(rng)
    found = np.zeros((len(kicks), mapped.n), dtype=bool)
    for t, kick in enumerate(kicks):
        column = np.zeros((mapped.parameters.n, 1))
        column[mapped.place, 0] = kick * mapped.scale
        shared["kick"] = column
        state = tick(state, given[:, None], chance)
        found[t] = state.history[0][mapped.place, 0] > 0
    return found, start


def potentials(state: ChipState) -> NDArray[Any]:
    """Return the potentials of a state in register units; before conversion, where analog."""
    return state.registers.get("membrane", state.registers["v"])


def constant_inputs(mapped: Mapped, inputs: ArrayLike | None) -> NDArray[np.int64]:
    """Return the spikes of the input channels in a step, or raise `InputError`."""
    channels = mapped.parameters.inputs
    given = np.zeros(channels, np.int64) if inputs is None else np.asarray(inputs)
    given = np.broadcast_to(given, (channels,)) if given.ndim == 0 else given
    if given.shape != (channels,) or np.any(given < 0) or np.any(given != np.rint(given)):
        raise bad("inputs", inputs, f"spikes, 0 or more, of each of {channels} input channels")
    return given.astype(np.int64)


def trains(spikes: NDArray[np.bool_], labels: tuple[str, ...], dt: float) -> SpikeTrains:
    """Return spikes (T, n) as trains; a spike of step t is at (t + 1/2) dt."""
    return SpikeTrains.from_times(
        {label: (np.flatnonzero(spikes[:, k]) + 0.5) * dt for k, label in enumerate(labels)},
        stop=len(spikes) * dt,
    )
