"""Program: formulas as a list of array operations, made once, bound to buffers of any shape.

Everything that depends on parameters alone is a *constant*: it is worked out before the run and
again when an intervention changes a parameter, never in the step. What is left is a straight line
of NumPy calls that write into a few registers, chosen by liveness so that they stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.models.rates import linoid_array
from causal_snn.simulation.engine.share_exponentials import FROM, share_exponentials

if TYPE_CHECKING:
    import sympy as sp

type Op = Callable[[], Any]
type Ref = tuple[str, int]
"""A value: ("in", k) an input array, ("const", k) a constant, ("reg", k) an earlier result."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One operation: `name` is a NumPy ufunc, or one of `_SPECIAL`; "call" calls `function`."""

    name: str
    args: tuple[Ref, ...]
    function: Callable[..., Any] = np.copyto


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Formulas of several outputs, as operations on arrays; made by `compile_program`.

    Attributes
    ----------
    inputs : tuple of str
        Names of the arrays that vary from step to step.
    constants : tuple of sympy.Expr
        Formulas of the parameters alone.
    instructions : tuple of Instruction
        Result k is the register k of `Ref`.
    outputs : tuple of Ref
        Where the value of each formula is found.
    """

    inputs: tuple[str, ...]
    constants: tuple[sp.Expr, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[Ref, ...]


@cache
def compile_program(formulas: tuple[sp.Expr, ...], inputs: tuple[str, ...]) -> Program:
    """Return formulas as operations on the arrays named by `inputs`; all else is constant."""
    import sympy as sp

    given = [_exponents(sp.sympify(formula)) for formula in formulas]
    powers, given = share_exponentials(given, inputs)
    shared, rest = sp.cse(given)
    writer = _Writer(inputs)
    for symbol, formula in powers:
        writer.define(symbol, formula)
    for symbol, formula in shared:
        writer.define(symbol, formula)
    outputs = tuple(writer.ref(formula) for formula in rest)
    return Program(inputs, tuple(writer.constants), tuple(writer.instructions), outputs)


def evaluate_constants(program: Program, values: Mapping[str, Any]) -> list[Any]:
    """Return the numbers (or arrays, by broadcasting) of a program's constants."""
    names = tuple(sorted({str(s) for c in program.constants for s in c.free_symbols}))
    function = _constant_function(program.constants, names)
    with np.errstate(all="ignore"):
        found: list[Any] = function(*(values[name] for name in names))
    return found


@cache
def _constant_function(constants: tuple[Any, ...], names: tuple[str, ...]) -> Callable[..., Any]:
    import sympy as sp

    symbols = [sp.Symbol(name, real=True) for name in names]
    modules = [{"linoid": linoid_array}, "numpy"]
    function: Callable[..., Any] = sp.lambdify(symbols, list(constants), modules=modules, cse=True)
    return function


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


def _exponents(formula: Any) -> Any:
    """Fold a positive factor into an exponential: c exp(x) = exp(x + log c)."""
    import sympy as sp

    def fold(product: Any) -> Any:
        exponentials = [a for a in product.args if isinstance(a, sp.exp)]
        numbers = [a for a in product.args if a.is_number and a.is_positive]
        if len(exponentials) != 1 or not numbers:
            return product
        rest = [a for a in product.args if a not in exponentials and a not in numbers]
        return sp.Mul(*rest, sp.exp(exponentials[0].args[0] + sp.log(sp.Mul(*numbers))))

    return formula.replace(lambda e: isinstance(e, sp.Mul), fold)


_FUNCTIONS = {
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "Abs": "absolute",
    "sign": "sign",
    "floor": "floor",
    "Max": "maximum",
    "Min": "minimum",
}
_SPECIAL = ("linoid", "relexp", FROM, "call")


class _Writer:
    """Turn formulas into instructions; equal subformulas are written once."""

    def __init__(self, inputs: tuple[str, ...]) -> None:
        import sympy as sp

        self.sp = sp
        self.constants: list[Any] = []
        self.instructions: list[Instruction] = []
        self.known: dict[Any, Ref] = {
            sp.Symbol(name, real=True): ("in", k) for k, name in enumerate(inputs)
        }
        self.varying = set(self.known)
        self.fixed: dict[Any, Any] = {}  # cse symbols of parameters alone

    def define(self, symbol: Any, formula: Any) -> None:
        if self.is_constant(formula):
            self.fixed[symbol] = formula.xreplace(self.fixed)
        else:
            self.varying.add(symbol)
            self.known[symbol] = self.ref(formula)

    def is_constant(self, formula: Any) -> bool:
        return not formula.free_symbols & self.varying

    def constant(self, formula: Any) -> Ref:
        value = formula.xreplace(self.fixed)
        if value not in self.constants:
            self.constants.append(value)
        return ("const", self.constants.index(value))

    def ref(self, formula: Any) -> Ref:
        if self.is_constant(formula):
            return self.constant(formula)
        if formula not in self.known:
            self.known[formula] = self._write(formula)
        return self.known[formula]

    def emit(self, name: str, *args: Ref, function: Any = np.copyto) -> Ref:
        self.instructions.append(Instruction(name, args, function))
        return ("reg", len(self.instructions) - 1)

    def _write(self, formula: Any) -> Ref:
        sp = self.sp
        if isinstance(formula, sp.Add):
            return self._sum(formula)
        if isinstance(formula, sp.Mul | sp.Pow):
            return self._product(formula)
        name = type(formula).__name__
        if name == "linoid" and formula.args[1] == 0:
            return self.emit("linoid", self.ref(formula.args[0]))
        if name == FROM:
            return self.emit(FROM, *(self.ref(argument) for argument in formula.args))
        if name in _FUNCTIONS:
            result = self.ref(formula.args[0])
            if len(formula.args) == 1:
                return self.emit(_FUNCTIONS[name], result)
            for other in formula.args[1:]:
                result = self.emit(_FUNCTIONS[name], result, self.ref(other))
            return result
        return self._call(formula)

    def _call(self, formula: Any) -> Ref:
        """Leave a formula that is no chain of ufuncs (Piecewise, say) to sympy's own printer."""
        symbols = sorted(formula.free_symbols, key=str)
        modules = [{"linoid": linoid_array}, "numpy"]
        function = self.sp.lambdify(symbols, formula, modules=modules)
        return self.emit("call", *(self.ref(s) for s in symbols), function=function)

    def _sum(self, formula: Any) -> Ref:
        varying = [term for term in formula.args if not self.is_constant(term)]
        fixed = self.sp.Add(*(term for term in formula.args if self.is_constant(term)))
        negative = [term for term in varying if _negated(term)]
        terms = [term for term in varying if not _negated(term)]
        if terms:
            result = self.ref(terms[0])
            for term in terms[1:]:
                result = self.emit("add", result, self.ref(term))
            if fixed != 0:
                result = self.emit("add", result, self.constant(fixed))
        elif fixed != 0:
            result = self.constant(fixed)
        else:
            result = self.ref(negative.pop(0))  # with its own sign
        for term in negative:
            result = self.emit("subtract", result, self.ref(-term))
        return result

    def _product(self, formula: Any) -> Ref:
        sp = self.sp
        factors = sp.Mul.make_args(formula)
        fixed = sp.Mul(*(factor for factor in factors if self.is_constant(factor)))
        above: list[Ref] = []
        below: list[Ref] = []
        for factor in factors:
            if self.is_constant(factor):
                continue
            base, power = factor.as_base_exp() if isinstance(factor, sp.Pow) else (factor, sp.S.One)
            if power.is_Integer and power < 0:
                if type(base).__name__ == "linoid" and base.args[1] == 0:
                    inverse = self.emit("relexp", self.ref(base.args[0]))
                    above += [inverse] * int(-power)
                else:
                    below.append(self._power(base, int(-power)))
            elif power.is_Integer:
                above.append(self._power(base, int(power)))
            elif power == sp.Rational(1, 2):
                above.append(self.emit("sqrt", self.ref(base)))
            else:
                above.append(self.emit("power", self.ref(base), self.ref(power)))
        return self._quotient(fixed, above, below)

    def _quotient(self, fixed: Any, above: list[Ref], below: list[Ref]) -> Ref:
        if not above:
            denominator = self._times(below)
            return self.emit("divide", self.constant(fixed), denominator)
        result = self._times(above)
        if fixed == -1:
            result = self.emit("negative", result)
        elif fixed != 1:
            result = self.emit("multiply", result, self.constant(fixed))
        return self.emit("divide", result, self._times(below)) if below else result

    def _times(self, refs: list[Ref]) -> Ref:
        result = refs[0]
        for other in refs[1:]:
            result = self.emit("multiply", result, other)
        return result

    def _power(self, base: Any, power: int) -> Ref:
        """Return base**power by squaring."""
        key = (base, power)
        if power == 1:
            return self.ref(base)
        if key not in self.known:
            half = self._power(base, power // 2)
            square = self.emit("multiply", half, half)
            odd = power % 2
            self.known[key] = self.emit("multiply", square, self.ref(base)) if odd else square
        return self.known[key]


def _negated(term: Any) -> bool:
    """Return whether a term is written with the factor -1 itself."""
    return bool(term.is_Mul and term.args[0] == -1)


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
        at_once = instruction.name not in _SPECIAL
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
