"""Layout: the units of a machine, and what each of them does, from its program."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.chips.schedule.micro import Builder, Micro
from causal_snn.chips.schedule.program import Step
from causal_snn.chips.schedule.target import Target
from causal_snn.errors import bad

Whole = NDArray[np.int64]
Values = Mapping[int, Whole]
MOST_INPUTS = 20
"""Inputs of one unit whose table is made."""


class Layout:
    """Where everything is, and what each unit does."""

    def __init__(
        self, target: Target, program: tuple[Step, ...], schedule: str, memory: str, counter: str
    ) -> None:
        self.target, self.program, self.ring = target, program, counter == "ring"
        self.sums = schedule == "per_synapse"
        n, steps = target.n, len(program)
        bits = steps if self.ring else max((steps - 1).bit_length(), 1)
        sizes = (n, n - 1 if memory == "double_buffer" else 0, self._width(), bits)
        ends = np.cumsum((0, *sizes)).tolist()
        self.cells, self.buffer, self.accumulator, self.counter = (
            tuple(range(a, b)) for a, b in pairwise(ends)
        )
        self.codes = np.eye(steps, dtype=np.int64) if self.ring else order.states((2,) * bits)
        self.codes = self.codes[:steps]
        reads = bits + n + (self._width() if self.sums else 0)
        if reads > MOST_INPUTS:
            raise bad(
                "target",
                f"{n} units, whose accumulator would have {reads} inputs",
                f"at most {MOST_INPUTS} inputs of one unit",
                "Use fewer units, or counter='binary'." if self.ring else "Use fewer units.",
            )
        names = target.labels
        self.labels = (
            *names,
            *(f"{names[i]}'" for i in range(sizes[1])),
            *(["acc"] if sizes[2] == 1 else [f"acc{k}" for k in range(sizes[2])]),
            *(["pc"] if bits == 1 else [f"pc{k}" for k in range(bits)]),
        )
        if len(set(self.labels)) < len(self.labels):
            raise bad("labels", names, "other names than those of the machine's own units")

    def _width(self) -> int:
        """Return the bits of the accumulator: two's complement, wide enough for any sum."""
        if not self.sums:
            return 1
        assert self.target.weights is not None
        weights = self.target.weights
        low = int(np.minimum(weights, 0).sum(axis=1).min())
        high = int(np.maximum(weights, 0).sum(axis=1).max())
        return 1 + max(high.bit_length(), (-low - 1).bit_length() if low else 0)

    def build(self) -> Micro:
        """Return the network of mechanisms."""
        builder = Builder(self.labels)
        n, pc, acc = self.target.n, self.counter, self.accumulator
        copying = self.program[-1].copy
        for i, unit in enumerate(self.buffer):
            builder.add(unit, (unit, *acc, *pc), partial(self._written, unit, i))
        for i, unit in enumerate(self.cells):
            if copying:
                source = (self.buffer[i],) if i < n - 1 else acc
                builder.add(unit, (unit, *source, *pc), partial(self._copied, unit, i))
            else:
                builder.add(unit, (unit, *acc, *pc), partial(self._written, unit, i))
        reads = (*self.cells, *pc, *(acc if self.sums else ()))
        for bit, unit in enumerate(acc):
            builder.add(unit, reads, partial(self._accumulated, bit))
        for bit, unit in enumerate(pc):
            builder.add(unit, pc, partial(self._counted, bit))
        return builder.build()

    def _phase(self, x: Values) -> Whole:
        """Return the micro-step that the counter tells, or -1 for a state it never takes."""
        bits = np.stack([x[k] for k in self.counter])
        if self.ring:  # of several that are on, the first counts
            return np.where(bits.any(axis=0), bits.argmax(axis=0), -1)
        phase = order.numbers(list(bits), (2,) * len(bits))
        return np.asarray(np.where(phase < len(self.program), phase, -1))

    def _counted(self, bit: int, x: Values) -> Whole:
        if self.ring:
            return x[self.counter[bit - 1]]
        phase = self._phase(x)
        following = (phase + 1) % len(self.program)  # from -1 too: it finds its way back
        return np.asarray(self.codes[following, bit])

    def _sum(self, x: Values) -> Whole:
        """Return the number in the accumulator."""
        bits = np.stack([x[k] for k in self.accumulator])
        value = order.numbers(list(bits), (2,) * len(bits))
        return np.where(bits[-1] == 1, value - (1 << len(bits)), value)

    def _result(self, x: Values, unit: int) -> Whole:
        """Return the next state of a unit as the accumulator has it."""
        if not self.sums:
            return x[self.accumulator[0]]
        assert self.target.thresholds is not None
        return np.asarray(self._sum(x) >= self.target.thresholds[unit]).astype(np.int64)

    def _written(self, place: int, unit: int, x: Values) -> Whole:
        now = np.isin(self._phase(x), [k for k, s in enumerate(self.program) if s.write == unit])
        return np.where(now, self._result(x, unit), x[place])

    def _copied(self, place: int, unit: int, x: Values) -> Whole:
        last = unit == self.target.n - 1
        new = self._result(x, unit) if last else x[self.buffer[unit]]
        return np.where(self._phase(x) == len(self.program) - 1, new, x[place])

    def _accumulated(self, bit: int, x: Values) -> NDArray[np.float64]:
        """Return P(a bit of the accumulator is on next)."""
        phase = self._phase(x)
        cells = order.numbers([x[k] for k in self.cells], (2,) * self.target.n)
        found = np.zeros(phase.shape)  # cleared where there is nothing to work out
        for k, step in enumerate(self.program):
            if step.evaluate is not None:
                value = self.target.state_by_node[cells, step.evaluate]
            elif step.add is not None:
                value = (self._added(x, step) >> bit & 1).astype(float)
            else:
                continue
            found = np.where(phase == k, value, found)
        return found

    def _added(self, x: Values, step: Step) -> Whole:
        assert step.add is not None
        assert self.target.weights is not None
        i, j = step.add
        term = self.target.weights[i, j] * x[self.cells[j]]
        return np.asarray(term if step.fresh else self._sum(x) + term)
