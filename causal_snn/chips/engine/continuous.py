"""Continuous: an analog chip, whose neurons run in continuous time between spike arrivals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance, Sampled
from causal_snn.chips.engine.serial import check_loaded
from causal_snn.chips.engine.step import ChipState
from causal_snn.chips.parameters import Parameters
from causal_snn.errors import InputError, bad

Floats = NDArray[np.float64]
Known = Mapping[str, Floats]

_STEEP = 20.0
"""Cap of the spike current's exponent: far above any threshold, and e^20 is still finite."""


class Continuous:
    r"""One step of an analog chip: the same protocol as `step.Tick`.

    A step is a time `dt` on the hardware, cut into `substeps`. Spikes arrive at its start. In
    each piece the membrane is solved exactly (LIF) or by one Runge-Kutta step of order 4 (AdEx),
    and the comparator is read at the end of the piece. Registers: the potential `membrane`, the
    currents, `r` (time still clamped), `w` (adaptation), and `v`, what the converter reads.

    .. math::
        \dot V = -(V - E)/\tau_m + I_\mathrm{exc} - I_\mathrm{inh} + b,
        \qquad \dot I_r = -I_r/\tau_r

    and with adaptation, as in `brainscales.brainscales2`.

    Raises
    ------
    InputError
        If the chip is not continuous, or a weight is not one that it holds.
    """

    def __init__(self, chip: Chip, parameters: Parameters) -> None:
        if chip.schedule != "continuous":
            raise InputError(
                f"{chip.title} is {chip.schedule}; this engine executes continuous chips"
            )
        check_loaded(chip, parameters)
        self.chip = chip
        self.settings = {name: value[:, None] for name, value in parameters.neuron.items()}
        self.pieces = int(parameters.neuron["substeps"][0])
        self.piece = float(parameters.neuron["dt"][0]) / self.pieces
        self.adaptive = "adapt" in chip.order
        table = np.concatenate([parameters.weights, parameters.input_weights], axis=1)
        self.tables = {
            name: self.settings[f"gain_{name}"] * np.maximum(sign * table, 0)
            for name, sign in chip.receptors.items()
        }
        self.noisy = bool(np.any(parameters.neuron["noise"]))

    def start(self, parameters: Parameters, lanes: int) -> ChipState:
        """Return the state at rest: potentials at `rest`, no currents, no spikes."""
        n = parameters.n
        names = [*self.chip.receptors, "r", *(["w"] if self.adaptive else [])]
        membrane = np.repeat(self.settings["rest"], lanes, axis=1)
        return ChipState(
            registers={
                **{name: np.zeros((n, lanes)) for name in names},
                "membrane": membrane,
                "v": self._read(membrane),
            },
            history=np.zeros((1, n, lanes), np.int64),
            inputs=np.zeros((0, parameters.inputs, lanes), np.int64),
        )

    def __call__(self, state: ChipState, spikes: Any, chance: Chance) -> ChipState:
        """Return the state one step on, given the input spikes (m, L) of this step."""
        now = {name: value for name, value in state.registers.items() if name != "v"}
        sources = np.concatenate([state.history[0], spikes]).astype(np.float64)
        for name, table in self.tables.items():
            now[name] = now[name] + table @ sources
        fired = np.zeros(now["membrane"].shape, np.int64)
        for _ in range(self.pieces):
            fired += self._advance(now, chance)
        now["v"] = self._read(now["membrane"])
        return ChipState(registers=now, history=fired[None], inputs=state.inputs)

    def _read(self, membrane: Floats) -> Floats:
        """Return what the 8-bit converter reads, in its LSB."""
        form = self.chip.voltage
        return np.clip(np.rint(membrane), form.least, form.most)

    def _advance(self, now: dict[str, Floats], chance: Chance) -> NDArray[np.bool_]:
        """Take the registers one piece on, in place; return who spikes at its end."""
        known, clamp = self.settings, now["r"]
        v, w = self._solve(now, known, 0.0, self.piece)
        held = clamp > 0
        if np.any(held):  # those are free for the rest of the piece only, or not at all
            rows = np.nonzero(held)[0]
            own = {name: column[rows, 0] for name, column in known.items()}
            clamped = np.minimum(clamp[held], self.piece)
            part = {name: value[held] for name, value in now.items()}
            v[held], left = self._solve(part, own, clamped, self.piece - clamped)
            if self.adaptive:
                w[held] = left
        if self.noisy:
            free = np.maximum(self.piece - clamp, 0)
            # What an Ornstein-Uhlenbeck process of that stationary sd gathers in the free time.
            spread = known["noise"] * np.sqrt(-np.expm1(-2 * free / known["tau_mem"]))
            v = v + spread * _generator(chance).standard_normal(v.shape)
        for name in self.chip.receptors:
            now[name] = now[name] * np.exp(-self.piece / known[f"tau_syn_{name}"])
        spike = (v >= known["threshold"]) & (clamp < self.piece)
        now["membrane"] = np.where(spike, known["reset"], v)
        now["r"] = np.where(spike, known["refractory"], np.maximum(clamp - self.piece, 0))
        if self.adaptive:
            now["w"] = w + known["b"] * spike
        return np.asarray(spike)

    def _solve(self, now: Known, known: Known, clamped: Any, free: Any) -> tuple[Floats, Floats]:
        """Return potential and adaptation after a piece, clamped first and then free."""
        if self.adaptive:
            return self._adapt(now, known, clamped, free)
        rate = 1 / known["tau_mem"]
        far = known["rest"] + known["bias"] / rate
        v: Floats = far + (now["membrane"] - far) * np.exp(-rate * free)
        for name, sign in self.chip.receptors.items():
            fall = 1 / known[f"tau_syn_{name}"]
            v += sign * (np.exp(-fall * clamped) * response(rate, fall, free)) * now[name]
        return v, v

    def _adapt(self, now: Known, known: Known, clamped: Any, free: Any) -> tuple[Floats, Floats]:
        """Return the same for the adaptive membrane, by one Runge-Kutta step."""
        rest, rate, slope = known["rest"], 1 / known["tau_mem"], known["slope"]

        def slopes(v: Floats, w: Floats, time: Any) -> tuple[Floats, Floats]:
            drive = sum(
                sign * np.exp(-(clamped + time) / known[f"tau_syn_{name}"]) * now[name]
                for name, sign in self.chip.receptors.items()
            )
            steep = np.exp(np.minimum((v - known["exp_threshold"]) / slope, _STEEP))
            dv = rate * (rest - v + slope * steep) - w + drive + known["bias"]
            return dv, (known["a"] * (v - rest) - w) / known["tau_w"]

        held = known["a"] * (known["reset"] - rest)  # where w goes while V is clamped
        v, w = now["membrane"], held + (now["w"] - held) * np.exp(-clamped / known["tau_w"])
        half = free / 2
        v1, w1 = slopes(v, w, 0.0)
        v2, w2 = slopes(v + half * v1, w + half * w1, half)
        v3, w3 = slopes(v + half * v2, w + half * w2, half)
        v4, w4 = slopes(v + free * v3, w + free * w3, free)
        return (
            v + free / 6 * (v1 + 2 * v2 + 2 * v3 + v4),
            w + free / 6 * (w1 + 2 * w2 + 2 * w3 + w4),
        )


def response(rate: Any, fall: Any, time: Any) -> Any:
    r"""Return what a current :math:`e^{-b t}` adds to a membrane of rate a in a time h.

    .. math:: \int_0^h e^{-a (h-s)} e^{-b s} ds = h\, e^{-\min(a, b) h}
              \frac{1 - e^{-x}}{x}, \qquad x = |a - b| h

    Symmetric in both rates, and exact where they are equal.
    """
    x = np.abs(rate - fall) * time
    small = x < 1e-8
    ratio = np.where(small, 1 - x / 2, -np.expm1(-x) / np.where(small, 1, x))
    return time * np.exp(-np.minimum(rate, fall) * time) * ratio


def _generator(chance: Chance) -> np.random.Generator:
    if not isinstance(chance, Sampled):
        raise bad("noise", "exact outcomes", "sampled runs, since its noise is continuous")
    return chance.rng
