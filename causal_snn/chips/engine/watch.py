"""Watch: a run that also keeps what a step holds only while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance, Sampled, Work
from causal_snn.chips.engine.stages import arriving
from causal_snn.chips.engine.step import Tick
from causal_snn.chips.parameters import Parameters

Numbers = NDArray[Any]


def watch(
    chip: Chip, parameters: Parameters, spikes: Numbers, rng: np.random.Generator
) -> dict[str, Numbers]:
    """Return everything that a chip goes through, by name, each of shape (T, n).

    Parameters
    ----------
    chip, parameters
    spikes : array of int, shape (T, m)
    rng : numpy.random.Generator

    Returns
    -------
    dict
        The registers after each step, ``"spikes"``, ``"before"`` (the potential at the
        threshold test) and what arrives at each receptor.
    """
    tick = Tick(chip, parameters)
    arrive = [arriving(name) for name in chip.receptors]
    seen: dict[str, list[Numbers]] = {name: [] for name in (*arrive, "before")}
    fires = next(k for k, name in enumerate(chip.order) if name.startswith("fire"))
    tick.stages = [
        _keeping(arrive, seen),
        *tick.stages[:fires],
        _keeping(["v"], {"v": seen["before"]}),
        *tick.stages[fires:],
    ]
    state, chance = tick.start(parameters, 1), Sampled(rng)
    registers: dict[str, list[Numbers]] = {name: [] for name in (*chip.registers, "spikes")}
    for row in spikes:
        state = tick(state, row[:, None], chance)
        for name in chip.registers:
            registers[name].append(state.registers[name])
        registers["spikes"].append(state.history[0])
    found = seen | registers
    empty = np.zeros((0, parameters.n), dtype=np.int64)
    return {name: np.stack(x)[:, :, 0] if x else empty for name, x in found.items()}


def _keeping(names: list[str], seen: dict[str, list[Numbers]]) -> Callable[[Work, Chance], None]:
    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        for name in names:
            seen[name].append(np.array(work[name]))

    return act
