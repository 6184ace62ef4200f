"""UnitStep: the exact law of one neuron's next registers, for many values side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Branched, Work
from causal_snn.chips.engine.stages import Stage
from causal_snn.chips.engine.step import build_update, columns_of
from causal_snn.chips.parameters import Parameters

Numbers = NDArray[Any]
Ints = NDArray[np.int64]
Parts = tuple[list[Stage], list[Stage], list[Stage], list[Stage]]


@dataclass(frozen=True, slots=True, eq=False)
class UnitLaw:
    """Outcomes of one step of a neuron: B branches of L lanes.

    Attributes
    ----------
    lane : array of int, shape (B,)
        Which lane each outcome belongs to.
    weight : array of int, shape (B,)
        Its probability is ``weight / denominator``, exactly.
    denominator : int
    registers : mapping of str to array, shape (B,)
        After the step.
    spikes : array of int, shape (B,)
    potential : array, shape (B,)
        The potential that was compared with the threshold.
    mean : array, shape (B,)
        The potential that noise would join: the sum before its register saturates, else the same.
    wrapped : array, shape (B,)
        What bringing the potential into its register added: a multiple of its period where it
        wraps.
    """

    lane: Ints
    weight: Numbers
    denominator: int
    registers: Mapping[str, Numbers]
    spikes: Ints
    potential: Numbers
    mean: Numbers
    wrapped: Numbers

    @property
    def sure(self) -> bool:
        """Whether every lane has one outcome."""
        return self.denominator == 1

    def outcomes(self, lane: int = 0) -> dict[tuple[Any, ...], Fraction]:
        """Return (registers..., spikes) after the step, with exact probabilities."""
        found: dict[tuple[Any, ...], Fraction] = {}
        for b in np.flatnonzero(self.lane == lane):
            values = tuple(values[b].item() for values in self.registers.values())
            key = (*values, int(self.spikes[b]))
            found[key] = found.get(key, Fraction(0)) + Fraction(
                int(self.weight[b]), self.denominator
            )
        return found


class UnitStep:
    """One step of one neuron of a synchronous chip.

    Parameters
    ----------
    chip : Chip
    parameters : Parameters
    unit : int
        Number of the neuron on the chip.
    """

    def __init__(self, chip: Chip, parameters: Parameters, unit: int) -> None:
        self.chip = chip
        self.columns = columns_of(chip, parameters, unit)
        self.names = chip.registers
        self.kind = parameters.weights.dtype
        stages = build_update(chip, self.columns)
        fires = next(k for k, name in enumerate(chip.order) if name.startswith("fire"))
        clips = max((k for k in range(fires) if chip.order[k] == "clip_v"), default=fires)
        first = min(clips + 1, fires)
        # Up to the last clip, the clip, up to the threshold, threshold and what follows.
        self.parts = (stages[:clips], stages[clips:first], stages[first:fires], stages[fires:])
        between = set(chip.order[first:fires])
        self.loose = chip.voltage.overflow == "saturate" and between <= {"hold"}

    def __call__(self, registers: Mapping[str, Any], arriving: Mapping[str, Any]) -> UnitLaw:
        """Return the law of the next registers.

        Parameters
        ----------
        registers : mapping of str to array, shape (L,)
            Every register of `Chip.registers`.
        arriving : mapping of str to array, shape (L,) or a number
            What arrives, by the names of `causal_snn.chips.engine.step.Arrivals`.
        """
        given = {name: registers[name] for name in self.names} | dict(arriving)
        columns = {name: np.asarray(value, self.kind) for name, value in given.items()}
        lanes = max(value.size for value in columns.values())
        work = {
            name: value.reshape(1, lanes).copy()
            if value.size == lanes
            else np.full((1, lanes), value.item())
            for name, value in columns.items()
        }
        return self._run(work, lanes, self.parts)

    def fired(self, v: Numbers) -> UnitLaw:
        """Return what threshold and reset alone make of potentials, (L,)."""
        work: Work = {name: np.zeros((1, len(v)), self.kind) for name in self.names}
        work["v"] = np.asarray(v, self.kind)[None]
        return self._run(work, len(v), ([], [], [], self.parts[3]))

    def _run(self, work: Work, lanes: int, parts: Parts) -> UnitLaw:
        chance = Branched()
        work["lane"] = np.arange(lanes)[None]
        work["weight"] = np.ones((1, lanes), dtype=np.int64)
        work["before"] = work["v"]
        work["s"] = np.zeros((1, lanes), dtype=np.int64)
        for stages, after in zip(parts, ("loose", "clipped", "potential", "end"), strict=True):
            for stage in stages:
                stage(work, chance)
            work[after] = work["v"]
        shape = work["lane"].shape
        flat = {
            name: value[0] if value.shape == shape else np.broadcast_to(value, shape)[0]
            for name, value in work.items()
        }
        return UnitLaw(
            lane=flat["lane"],
            weight=flat["weight"],
            denominator=chance.denominator,
            registers={name: flat[name] for name in self.names},
            spikes=flat["s"],
            potential=flat["potential"],
            mean=flat["loose" if self.loose else "potential"],
            wrapped=flat["clipped"] - flat["loose"],
        )
