"""Run: a chip executes its parameters on input spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Sampled
from causal_snn.chips.engine.continuous import Continuous
from causal_snn.chips.engine.serial import Serial
from causal_snn.chips.engine.step import ChipState, Tick
from causal_snn.chips.parameters import Parameters
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

    def __repr__(self) -> str:
        return f"<ChipRun on {self.provenance.get('chip')}: spikes {self.spikes.shape}>"


_MOST = 1 << 31
"""Most spikes of an input channel in one step."""

_BLOCK = 1 << 15
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
        in a trace, whose `input_spikes` then have the layouts that `replay` takes.
    input_spikes : array of int, shape (T, m) or (L, T, m)
        Spikes of the m input channels in each of T steps (shape (T,) for one channel), for one
        lane or for L.
    start : ChipState, optional
        Where to start; default at rest.
    rng : numpy.random.Generator or int, optional
        For chips whose arithmetic is stochastic (SPEC 7). A run that is cut in two, the second
        part with the same generator, draws the same numbers as one run.
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
    chance = Sampled(np.random.default_rng(rng))
    steps, _, lanes = spikes.shape
    state = tick.start(parameters, lanes)
    if start is not None:
        state = _fitting(chip, start, state)
    kept = _Record(chip, state, steps, record)
    block = max(1, _BLOCK // parameters.n)
    windows = [slice(k, min(k + block, lanes)) for k in range(0, max(lanes, 1), block)]
    parts = [_part(state, window) for window in windows]

    def advance(k: int, step: int) -> None:
        parts[k] = tick(parts[k], spikes[step, :, windows[k]], chance)
        kept.take(parts[k], step, windows[k])

    if chip.stochastic:
        # Step by step, so that a run that goes on from `state` draws what one run would have.
        for step in range(steps):
            for k in range(len(parts)):
                advance(k, step)
    else:
        for k in range(len(parts)):
            for step in range(steps):
                advance(k, step)

    def layout(name: str) -> Numbers:
        array = kept.arrays[name]
        return array[:, :, 0] if single else np.moveaxis(array, 2, 0)

    return ChipRun(
        u=layout("u"),
        v=layout("v"),
        spikes=layout("spikes"),
        state=_joined(parts),
        provenance=provenance(
            f"{chip.schedule} {chip.number} arithmetic, step by step",
            chip=chip.title,
            steps=steps,
            lanes=lanes,
            stochastic=list(chip.stochastic),
            seed=rng if isinstance(rng, int) else None,
        ),
    )


def engine(chip: Chip, parameters: Parameters) -> Tick | Serial | Continuous:
    """Return what takes the chip one step on, by its schedule."""
    match chip.schedule:
        case "serial":
            return Serial(chip, parameters)
        case "continuous":
            return Continuous(chip, parameters)
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
    counts = spikes.dtype.kind in "biuf" and np.all((spikes >= 0) & (spikes <= _MOST))
    if not counts or np.any(spikes != np.floor(spikes)):
        raise bad("input_spikes", given, "counts of spikes, 0 or more")
    whole = spikes.astype(np.int64)
    if whole.ndim == 2:
        return whole[:, :, None], True
    # Lanes last and next to each other, as in the registers.
    return np.ascontiguousarray(np.moveaxis(whole, 0, 2)), False


class _Record:
    """Arrays (T, n, L) that are written in place, a step of some lanes at a time."""

    def __init__(self, chip: Chip, state: ChipState, steps: int, every: bool) -> None:
        shape = state.registers["v"].shape
        self.chip = chip
        self.every = every
        self.last = steps - 1
        rows = {"u": steps if every else min(steps, 1), "spikes": steps}
        rows["v"] = rows["u"]
        self.arrays = {name: np.zeros((rows[name], *shape), np.int64) for name in rows}

    def take(self, state: ChipState, step: int, window: slice) -> None:
        """Write what the neurons of some lanes have after a step."""
        self.arrays["spikes"][step, :, window] = state.history[0]
        if self.every or step == self.last:
            row = step if self.every else 0
            self._put("v", row, window, state.registers["v"])
            if self.chip.current is not None:
                self._put("u", row, window, _current(self.chip, state))

    def _put(self, name: str, row: int, window: slice, values: Numbers) -> None:
        if values.dtype != self.arrays[name].dtype:  # at the first step of a chip with floats
            self.arrays[name] = self.arrays[name].astype(values.dtype)
        self.arrays[name][row, :, window] = values


def _current(chip: Chip, state: ChipState) -> Numbers:
    total, *others = (
        state.registers[name] if sign > 0 else -state.registers[name]
        for name, sign in chip.receptors.items()
    )
    return np.asarray(sum(others, start=total))


def _fitting(chip: Chip, start: ChipState, rest: ChipState) -> ChipState:
    """Return the start, if it has the shape of the state at rest."""
    for name, value in rest.registers.items():
        seen = start.registers[name].shape if name in start.registers else "none"
        if seen != value.shape:
            raise bad("start", f"{name} of shape {seen}", f"(neurons, lanes) = {value.shape}")
    for name in ("history", "inputs"):
        seen, wanted = np.shape(getattr(start, name)), np.shape(getattr(rest, name))
        if seen != wanted:
            raise bad("start", f"{name} of shape {seen}", f"{wanted}, as on this chip at rest")
    fits = (start.history >= 0) & (start.history <= chip.max_spikes)
    if chip.schedule == "synchronous" and not np.all(fits):
        raise bad("start", start.history, f"spikes in a step, 0 to {chip.max_spikes}")
    return start


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
