"""Program: formulas as a list of array operations, made once, bound to buffers of any shape.

Everything that depends on parameters alone is a *constant*: it is worked out before the run and
again when an intervention changes a parameter, never in the step. What is left is a straight line
of operations; `binding` makes NumPy calls of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
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
    """One operation: `name` is a NumPy ufunc, or one of `SPECIAL`; "call" calls `function`."""

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
    negative: dict[Any, Any] = {}  # -x is no work of its own where x is subtracted
    for symbol, formula in shared:
        if _negated(formula) and len(formula.args) == 2:
            negative[symbol] = formula.xreplace(negative)
        else:
            writer.define(symbol, formula.xreplace(negative))
    outputs = tuple(writer.ref(formula.xreplace(negative)) for formula in rest)
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
SPECIAL = ("linoid", "relexp", FROM, "call")
"""Operations that are no ufuncs: they write their result before they have read all they need."""


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
