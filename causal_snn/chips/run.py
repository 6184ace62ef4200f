"""Run: a chip executes its parameters on input spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.chance import Sampled
from causal_snn.chips.chip import Chip
from causal_snn.chips.parameters import Parameters
from causal_snn.chips.step import ChipState, Tick
from causal_snn.errors import bad
from causal_snn.provenance import provenance

Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class ChipRun:
    """What a chip's registers went through. Leading axis (L) only where inputs had lanes.

    Attributes
    ----------
    u : array, shape (T, n) or (L, T, n)
        Synaptic current after each step (exc - inh where there are two); 0 where spikes act
        on the potential.
    v : array, same shape
        Potential after each step, after reset.
    spikes : array, same shape
        Spikes in each step, 0 or 1 (more on chips that spike several times in a step).
    state : ChipState
        The state after the last step, from which `run(start=...)` goes on.
    provenance : mapping
    """

    u: Numbers
    v: Numbers
    spikes: NDArray[np.int64]
    state: ChipState
    provenance: Mapping[str, Any] = field(default_factory=dict)


_BLOCK = 1 << 14
"""Neurons times lanes that run side by side: their registers then stay in the cache."""


def run(
    chip: Chip,
    parameters: Parameters | Mapping[str, Any],
    input_spikes: ArrayLike,
    *,
    start: ChipState | None = None,
    rng: np.random.Generator | int | None = None,
    record: bool = True,
) -> ChipRun:
    """Execute a chip, bit for bit.

    Parameters
    ----------
    chip : Chip
    parameters : Parameters or mapping
        What `map` or `parameters` made; or parameters in the words of the chip's emulator, as
        in a trace (see `replay`), whose `input_spikes` then have the trace's layout.
    input_spikes : array of int, shape (T, m) or (L, T, m)
        Spikes of the m input channels in each of T steps (shape (T,) for one channel), for one
        lane or for L.
    start : ChipState, optional
        Where to start; default at rest.
    rng : numpy.random.Generator or int, optional
        For chips whose arithmetic is stochastic (SPEC 7).
    record : bool
        Whether u and v are kept for every step; otherwise only spikes are, and u and v hold the
        last step (T = 1).

    Returns
    -------
    ChipRun

    Raises
    ------
    InputError
        If the inputs do not fit the parameters, or a register with ``overflow="error"`` does.
    """
    if not isinstance(parameters, Parameters):
        from causal_snn.chips.trace import run_in_words

        return run_in_words(chip, parameters, input_spikes, start=start, rng=rng, record=record)
    spikes, single = as_inputs(input_spikes, parameters.inputs)
    tick = engine(chip, parameters)
    generator = np.random.default_rng(rng)
    lanes = spikes.shape[2]
    block = max(1, _BLOCK // parameters.n)
    pieces = []
    for first in range(0, lanes, block):
        window = slice(first, min(first + block, lanes))
        state = (
            tick.start(parameters, window.stop - first) if start is None else _part(start, window)
        )
        pieces.append(_run_block(tick, state, spikes[:, :, window], Sampled(generator), record))
    u, v, fired = (np.concatenate([p[k] for p in pieces], axis=2) for k in range(3))
    layout = (lambda a: a[:, :, 0]) if single else (lambda a: np.moveaxis(a, 2, 0))
    return ChipRun(
        u=layout(u),
        v=layout(v),
        spikes=layout(fired).astype(np.int64, copy=False),
        state=_joined([p[3] for p in pieces]),
        provenance=provenance(
            f"{chip.schedule} {chip.number} arithmetic, step by step",
            chip=chip.title,
            steps=len(spikes),
            lanes=lanes,
            stochastic=list(chip.stochastic),
            seed=rng if isinstance(rng, int) else None,
        ),
    )


def engine(chip: Chip, parameters: Parameters) -> Tick:
    """Return what takes the chip one step on, by its schedule."""
    return Tick(chip, parameters)


def as_inputs(given: ArrayLike, channels: int) -> tuple[Numbers, bool]:
    """Return input spikes as (T, m, L), and whether there was no lane axis."""
    spikes = np.asarray(given)
    if spikes.ndim == 1:
        spikes = spikes[:, None]
    if spikes.ndim not in (2, 3) or spikes.shape[-1] != channels:
        raise bad(
            "input_spikes",
            f"shape {np.shape(given)}",
            f"shape (T, {channels}) or (L, T, {channels}), one column per input channel",
        )
    if np.any(spikes < 0) or np.any(spikes != spikes.astype(np.int64)):
        raise bad("input_spikes", given, "counts of spikes, 0 or more")
    whole = spikes.astype(np.int64)
    return (whole[:, :, None], True) if whole.ndim == 2 else (np.moveaxis(whole, 0, 2), False)


def _run_block(
    tick: Tick, state: ChipState, spikes: Numbers, chance: Sampled, record: bool
) -> tuple[Numbers, Numbers, Numbers, ChipState]:
    chip = tick.chip
    u, v, fired = [], [], []
    for step in range(len(spikes)):
        state = tick(state, spikes[step], chance)
        fired.append(state.history[0])
        if record or step == len(spikes) - 1:
            u.append(_current(chip, state))
            v.append(state.registers["v"])
    shape = state.registers["v"].shape
    stacked = [np.stack(x) if x else np.zeros((0, *shape), np.int64) for x in (u, v, fired)]
    return stacked[0], stacked[1], stacked[2], state


def _current(chip: Chip, state: ChipState) -> Numbers:
    if chip.current is None:
        return np.zeros_like(state.registers["v"])
    total: Numbers = np.asarray(
        sum(sign * state.registers[name] for name, sign in chip.receptors.items())
    )
    return total


def _part(state: ChipState, window: slice) -> ChipState:
    return ChipState(
        registers={name: value[:, window] for name, value in state.registers.items()},
        history=state.history[:, :, window],
        inputs=state.inputs[:, :, window],
    )


def _joined(states: list[ChipState]) -> ChipState:
    if len(states) == 1:
        return states[0]
    first = states[0].registers
    return ChipState(
        registers={
            name: np.concatenate([s.registers[name] for s in states], axis=1) for name in first
        },
        history=np.concatenate([s.history for s in states], axis=2),
        inputs=np.concatenate([s.inputs for s in states], axis=2),
    )
