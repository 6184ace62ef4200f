"""Grid: equally spaced potentials in place of integers, for chips that compute in floats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chain.kernel import ChipKernel
from causal_snn.chips.chain.unit import UnitLaw, UnitStep

Numbers = NDArray[Any]
BITS = 24
"""A float32 holds every integer of so many bits exactly."""
_MARKS = ("threshold", "rest", "reset")
_ROOM = 4
"""How many times the threshold, the rest or the reset the grid reaches."""


class GridStep(UnitStep):
    """One step of a neuron with float registers, its potential handed over in grid points.

    The step itself is the chip's own, in floats. The point k stands for k/points; what a step
    leads to is known to the point below it.
    """

    def __init__(self, inner: UnitStep, points: float, form: Fixed) -> None:
        self.inner = inner
        self.points = points
        self.chip = inner.chip.replace(number="integer", voltage=form)
        self.names, self.kind = inner.names, inner.kind
        scaled = {name: inner.columns[name] * points for name in _MARKS if name in inner.columns}
        self.columns = {**inner.columns, **scaled}

    def __call__(self, registers: Mapping[str, Any], arriving: Mapping[str, Any]) -> UnitLaw:
        """Return the law of the next registers, the potential in grid points."""
        v = np.asarray(registers["v"]) / self.points
        return self._in_points(self.inner({**registers, "v": v}, arriving))

    def fired(self, v: Numbers) -> UnitLaw:
        """Return what threshold and reset alone make of potentials, (L,)."""
        return self._in_points(self.inner.fired(np.asarray(v) / self.points))

    def _in_points(self, law: UnitLaw) -> UnitLaw:
        registers = {**law.registers, "v": self._below(law.registers["v"])}
        return replace(
            law,
            registers=registers,
            potential=self._below(law.potential),
            mean=law.mean.astype(np.float64) * self.points,
            wrapped=np.zeros(len(law.lane), dtype=np.int64),
        )

    def _below(self, v: Numbers) -> NDArray[np.int64]:
        return np.floor(v.astype(np.float64) * self.points).astype(np.int64)


def on_grid(chain: ChipKernel) -> ChipKernel:
    """Return the chain with potentials as integers: itself, or on a grid for a chip of floats.

    The grid has 2^24 points each way and reaches four times as far as threshold, rest and reset,
    so that a law that counts them alike is the uniform law on potentials to about 2^-22.
    """
    chip = chain.mapped.chip
    if chip.number == "integer" or not isinstance(chain.steps[0], UnitStep):
        return chain
    far = max(
        abs(float(step.columns[name].item()))
        for step in chain.steps
        for name in _MARKS
        if name in step.columns
    )
    points = 2.0 ** (BITS - math.ceil(math.log2(max(far, 1e-30) * _ROOM)))
    form = Fixed(BITS + 1, overflow="none")
    steps = tuple(GridStep(x, points, form) for x in chain.steps if isinstance(x, UnitStep))
    where = chain.registers.index("v")
    rest = tuple(
        tuple(int(x * points) if i == where else x for i, x in enumerate(registers))
        for registers in chain.start.registers
    )
    mapped = replace(chain.mapped, chip=steps[0].chip, scale=chain.mapped.scale * points)
    return replace(chain, mapped=mapped, steps=steps, start=chain.start._replace(registers=rest))
