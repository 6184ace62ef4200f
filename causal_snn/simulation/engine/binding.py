"""bind: a program's instructions as NumPy calls, bound to buffers.

Registers are chosen by liveness, so that a step touches few buffers and they stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from causal_snn.simulation.engine.program import SPECIAL, Instruction, Op, Program, Ref
from causal_snn.simulation.engine.share_exponentials import FROM


def bind(
    program: Program,
    inputs: Sequence[Any],
    constants: Sequence[Any],
    outputs: Sequence[Any],
) -> list[Op]:
    """Return the calls of one step, bound to their buffers.

    Parameters
    ----------
    program : Program
    inputs : sequence of array
        One for each name of `program.inputs`, all of the shape and type of the outputs.
    constants : sequence of array
        Values of the constants; they may be written to between steps.
    outputs : sequence of array
        Where each formula's value goes; may be an input: it is written once nothing reads it.
    """
    return _Binder(program, inputs, constants, outputs).ops


class _Binder:
    """Give each result a buffer: an output where that is safe, else a register from a pool."""

    def __init__(
        self, program: Program, inputs: Sequence[Any], constants: Sequence[Any], outputs: Any
    ) -> None:
        self.program, self.like = program, outputs[0]
        self.inputs, self.constants = inputs, constants
        self.last = self._last_uses()
        self.kept = {ref for ref in program.outputs if ref[0] == "reg"}
        self.free: list[Any] = []
        self.place: dict[int, Any] = {}
        self.ops: list[Op] = []
        homes = {ref[1]: outputs[k] for k, ref in enumerate(program.outputs) if ref[0] == "reg"}
        for k, instruction in enumerate(program.instructions):
            self._write(k, instruction, homes.get(k))
        values = [self._value(ref) for ref in program.outputs]
        for k, (out, ref) in enumerate(zip(outputs, program.outputs, strict=True)):
            if ref[0] == "in" and values[k] is not out and any(values[k] is x for x in outputs):
                values[k] = np.empty_like(self.like)  # another output may be written over it
                self.ops.append(partial(np.copyto, values[k], self._value(ref)))
        for out, value in zip(outputs, values, strict=True):
            if value is not out:
                self.ops.append(partial(np.copyto, out, value))

    def _write(self, k: int, instruction: Instruction, home: Any) -> None:
        args = [self._value(ref) for ref in instruction.args]
        dying = [
            self.place[ref[1]]
            for ref in dict.fromkeys(instruction.args)
            if ref[0] == "reg" and self.last[ref] == k and ref not in self.kept
        ]
        # A ufunc may write over what it reads; the others write before they have read it all.
        at_once = instruction.name not in SPECIAL
        if at_once:
            self.free += dying
        # An output that is also an input may be written only when nothing reads it any more.
        safe = home is not None and self._last_read(home) <= (k if at_once else k - 1)
        out = home if safe else self._register()
        self.place[k] = out
        if instruction.name == "call":
            self.ops.append(partial(_store, instruction.function, tuple(args), out))
        elif instruction.name == FROM:
            scratch = self._register()
            self.ops.append(partial(_linoid_from, args[0], args[1], out, scratch))
            self.free.append(scratch)
        elif instruction.name in ("linoid", "relexp"):
            scratch = self._register()
            self.ops += _linoid_ops(instruction.name, args[0], out, scratch)
            self.free.append(scratch)
        else:
            self.ops.append(partial(getattr(np, instruction.name), *args, out=out))
        if not at_once:
            self.free += dying

    def _last_uses(self) -> dict[Ref, int]:
        last: dict[Ref, int] = {}
        for k, instruction in enumerate(self.program.instructions):
            last |= dict.fromkeys(instruction.args, k)
        return last | dict.fromkeys(self.program.outputs, len(self.program.instructions))

    def _last_read(self, buffer: Any) -> int:
        reads = (self.last.get(("in", k), -1) for k, x in enumerate(self.inputs) if x is buffer)
        return max(reads, default=-1)

    def _value(self, ref: Ref) -> Any:
        kind, k = ref
        if kind == "in":
            return self.inputs[k]
        return self.constants[k] if kind == "const" else self.place[k]

    def _register(self) -> Any:
        return self.free.pop() if self.free else np.empty_like(self.like)


def _store(function: Callable[..., Any], args: Iterable[Any], out: Any) -> None:
    out[...] = function(*args)


def _linoid_from(x: Any, e: Any, out: Any, scratch: Any) -> None:
    """Write x/(1 - e), e = exp(-x); near 0, where that cancels, the power series.

    The exponential is known to some eight roundings, so the quotient to 8 eps/|x|.
    """
    np.subtract(1, e, out=scratch)
    np.divide(x, scratch, out=out)
    np.absolute(x, out=scratch)
    near = scratch < (_NEAR_SINGLE if out.dtype == np.float32 else _NEAR_DOUBLE)
    if near.any():
        z = x[near]
        out[near] = 1 + z * (0.5 + z / 12 * (1 - z * z / 60))


_NEAR_SINGLE, _NEAR_DOUBLE = 0.3, 0.01
"""Below these |x| the series, whose next term is x^6/30240, is the more accurate."""


def _linoid_ops(name: str, x: Any, out: Any, scratch: Any) -> list[Op]:
    """Return x/(1 - exp(-x)), or its inverse, without a branch and exact to rounding near 0.

    A number far below rounding keeps 0/0 away. In double precision by expm1; in single
    precision, where tanh is much the faster, as (h/t)(1 + t) with h = x/2, t = tanh(h).
    """
    tiny = out.dtype.type(1e-30)
    if out.dtype == np.float64:
        pair = (out, scratch) if name == "linoid" else (scratch, out)
        return [
            partial(np.negative, x, out=out),
            partial(np.add, out, tiny, out=out),
            partial(np.expm1, out, out=scratch),
            partial(np.divide, *pair, out=out),
        ]
    half, one = out.dtype.type(0.5), out.dtype.type(1.0)
    ops: list[Op] = [
        partial(np.multiply, x, half, out=out),
        partial(np.add, out, tiny, out=out),
        partial(np.tanh, out, out=scratch),
        partial(np.divide, out, scratch, out=out),
        partial(np.add, scratch, one, out=scratch),
        partial(np.multiply, out, scratch, out=out),
    ]
    return ops if name == "linoid" else [*ops, partial(np.reciprocal, out, out=out)]
