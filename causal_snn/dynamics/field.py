"""Field: a neuron's vector field and its derivatives as fast numeric functions.

Everything comes from the one symbolic definition: the Jacobian and the higher derivatives are
differentiated by sympy, compiled once per set of equations, and exact to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.neuron import DRIVE, Equations, NeuronModel
from causal_snn.models.parameters import as_number
from causal_snn.models.rates import linoid_array, linoid_scalar

if TYPE_CHECKING:
    import sympy as sp

Floats = NDArray[np.float64]
# DiracDelta, the slope of a step, is 0 off the step.
SCALAR: list[Any] = [
    {"linoid": linoid_scalar, "Max": max, "Min": min, "DiracDelta": lambda x, *_: 0.0 * x},
    "math",
]
BATCH: list[Any] = [{"linoid": linoid_array, "DiracDelta": lambda x, *_: 0.0 * x}, "numpy"]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """The vector field of a neuron with its parameter values; made by `field`.

    States have shape (n,) for one point, (n, N) for a batch; `p` is a vector of parameter
    values in the order of `names`. Where a formula overflows or is undefined, values are NaN.

    Attributes
    ----------
    model : NeuronModel
        The neuron, its parameters replaced by those of this field.
    names : tuple of str
        Parameters, in the order of `p`; ``drive`` among them if the equations use it.
    p : tuple of float
        Parameter values.
    """

    model: NeuronModel
    names: tuple[str, ...]
    p: tuple[float, ...]

    @property
    def n(self) -> int:
        """Number of states."""
        return len(self.model.equations.states)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return self.model.states

    def index(self, parameter: str) -> int:
        """Return the position of a parameter; unknown names raise with a suggestion."""
        if not isinstance(parameter, str):
            raise bad("parameter", parameter, "the name of a parameter, as 'I'")
        if parameter not in self.names:
            raise InputError(
                f"parameter = {parameter!r}: {self.model.name} has no such parameter; "
                + suggest(parameter, self.names)
            )
        return self.names.index(parameter)

    def at(self, **params: float) -> Field:
        """Return the field with some parameters changed (checked as the model checks them)."""
        return field(self.model, **{**self.values(), **params})

    def values(self) -> dict[str, float]:
        """Return the parameter values by name."""
        return dict(zip(self.names, self.p, strict=True))

    def with_p(self, index: int, value: float) -> tuple[float, ...]:
        """Return `p` with one value changed; no check, for inner loops."""
        return (*self.p[:index], value, *self.p[index + 1 :])

    def f(self, x: ArrayLike, p: tuple[float, ...] | None = None) -> Floats:
        """Return the drift at one state, shape (n,), per ms."""
        function = _drift(self.model.equations, self.names)
        return _call(function, x, self.p if p is None else p, (self.n,))

    def f_jac(self, x: ArrayLike, p: tuple[float, ...] | None = None) -> tuple[Floats, Floats]:
        """Return the drift (n,) and its Jacobian (n, n) at one state."""
        n = self.n
        function = _drift_and_jacobian(self.model.equations, self.names)
        flat = _call(function, x, self.p if p is None else p, (n + n * n,))
        return flat[:n], flat[n:].reshape(n, n)

    def jac(self, x: ArrayLike, p: tuple[float, ...] | None = None) -> Floats:
        """Return the Jacobian at one state, shape (n, n)."""
        return self.f_jac(x, p)[1]

    def f_jac_dp(
        self, x: ArrayLike, p: tuple[float, ...], index: int
    ) -> tuple[Floats, Floats, Floats]:
        """Return drift (n,), Jacobian (n, n) and derivative by parameter `index` (n,)."""
        n = self.n
        function = _with_parameter(self.model.equations, self.names, index)
        flat = _call(function, x, p, (n + n * n + n,))
        return flat[:n], flat[n : n + n * n].reshape(n, n), flat[n + n * n :]

    def batch(self, x: Floats, p: Any = None) -> Floats:
        """Return the drift at N states, shape (n, N). Entries of `p` may have shape (N,)."""
        function = _drift_batch(self.model.equations, self.names)
        return _call_batch(function, x, self.p if p is None else p)

    def batch_jac_dp(
        self, x: Floats, p: Any, index: int | None
    ) -> tuple[Floats, Floats, Floats | None]:
        """Return drift (n, N), Jacobian (n, n, N) and derivative by a parameter (n, N) or None."""
        n = self.n
        if index is None:
            flat = _call_batch(_jacobian_batch(self.model.equations, self.names), x, p)
            return flat[:n], flat[n:].reshape(n, n, -1), None
        flat = _call_batch(_parameter_batch(self.model.equations, self.names, index), x, p)
        return flat[:n], flat[n : n + n * n].reshape(n, n, -1), flat[n + n * n :]

    def second(self, x: ArrayLike, p: tuple[float, ...] | None = None) -> Floats:
        """Return the second derivatives B[i, j, k] = d2 f_i / dx_j dx_k, shape (n, n, n)."""
        return self._tensor(x, p, 2)

    def third(self, x: ArrayLike, p: tuple[float, ...] | None = None) -> Floats:
        """Return the third derivatives C[i, j, k, l], shape (n, n, n, n)."""
        return self._tensor(x, p, 3)

    def jac_dp(self, x: ArrayLike, p: tuple[float, ...], index: int) -> Floats:
        """Return the derivative of the Jacobian by a parameter, shape (n, n)."""
        function = _jacobian_parameter(self.model.equations, self.names, index)
        return _call(function, x, p, (self.n * self.n,)).reshape(self.n, self.n)

    def _tensor(self, x: ArrayLike, p: tuple[float, ...] | None, order: int) -> Floats:
        function, where = _derivatives(self.model.equations, self.names, order)
        values = _call(function, x, self.p if p is None else p, (len(where),))
        tensor = np.zeros((self.n,) * (order + 1))
        for value, places in zip(values, where, strict=True):
            for place in places:
                tensor[place] = value
        return tensor


def field(model: NeuronModel, **params: float) -> Field:
    """Return the numeric vector field of a model.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    **params
        Parameter values to change. Neurons whose current is set by their network (lif,
        cuba_lif) take ``drive``, R·I in mV, here; its default is 0.

    Returns
    -------
    Field

    Raises
    ------
    InputError
        If a name is unknown or a value outside its meaning.
    """
    if not isinstance(model, NeuronModel):
        raise InputError(
            f"model = {model!r}: a NeuronModel, as causal_snn.models.izhikevich() or "
            "models.define(...) return"
        )
    own = _own_names(model.equations, tuple(model.parameters))
    drive = _finite(DRIVE, params.pop(DRIVE)) if DRIVE in params and DRIVE in own else 0.0
    if params:
        for name in params:
            if name not in own and name not in model.parameters:
                hint = "its current is drive (R*I, mV)" if name == "I" and DRIVE in own else ""
                hint = hint or suggest(name, own)
                raise InputError(f"{model.name} has no parameter {name!r}; {hint}")
        model = replace(model, parameters=model.parameters.replace(**params))
    values: Mapping[str, float] = {**model.parameters, DRIVE: drive}
    return Field(model=model, names=own, p=tuple(float(values[name]) for name in own))


def _finite(name: str, value: float) -> float:
    value = as_number(name, value)
    if not math.isfinite(value):
        raise InputError(f"{name} = {value!r}: a finite number")
    return float(value)


@cache
def _own_names(equations: Equations, parameters: tuple[str, ...]) -> tuple[str, ...]:
    """Return the model's parameters, with ``drive`` at the end if a formula uses it."""
    used = {str(symbol) for rate in equations.drift for symbol in rate.free_symbols}
    return (*parameters, DRIVE) if DRIVE in used else parameters


def _call(
    function: Callable[..., Any], x: ArrayLike, p: tuple[float, ...], shape: tuple[int, ...]
) -> Floats:
    try:
        return np.array(function(*np.asarray(x, dtype=float).tolist(), *p), dtype=float)
    except (OverflowError, ValueError, ZeroDivisionError, TypeError):
        return np.full(shape, np.nan)  # TypeError: a power of a negative number is complex


def _call_batch(function: Callable[..., Any], x: Floats, p: Any) -> Floats:
    with np.errstate(all="ignore"):
        rows = function(*x, *p)
    out = np.empty((len(rows), x.shape[1]))
    for row, value in zip(out, rows, strict=True):
        row[:] = value
    return out


def compile_expressions(
    equations: Equations, names: tuple[str, ...], expressions: Any, modules: Any
) -> Callable[..., Any]:
    """Return a function of (states, parameters) that gives a list of values.

    Common subexpressions are computed once. `modules` is `SCALAR`, `BATCH`, or a name space
    of another arithmetic.
    """
    import sympy as sp

    arguments = [*equations.states, *(sp.Symbol(name, real=True) for name in names)]
    function: Callable[..., Any] = sp.lambdify(
        arguments, list(expressions), modules=modules, cse=True
    )
    return function


def jacobian_entries(equations: Equations) -> list[sp.Expr]:
    """Return the entries of the symbolic Jacobian, row by row."""
    return [rate.diff(state) for rate in equations.drift for state in equations.states]


def parameter_derivatives(equations: Equations, name: str) -> list[sp.Expr]:
    """Return the derivative of each drift by a parameter."""
    import sympy as sp

    return [rate.diff(sp.Symbol(name, real=True)) for rate in equations.drift]


@cache
def _drift(equations: Equations, names: tuple[str, ...]) -> Callable[..., Any]:
    return compile_expressions(equations, names, equations.drift, SCALAR)


@cache
def _drift_and_jacobian(equations: Equations, names: tuple[str, ...]) -> Callable[..., Any]:
    expressions = [*equations.drift, *jacobian_entries(equations)]
    return compile_expressions(equations, names, expressions, SCALAR)


@cache
def _with_parameter(equations: Equations, names: tuple[str, ...], index: int) -> Callable[..., Any]:
    by_parameter = parameter_derivatives(equations, names[index])
    expressions = [*equations.drift, *jacobian_entries(equations), *by_parameter]
    return compile_expressions(equations, names, expressions, SCALAR)


@cache
def _drift_batch(equations: Equations, names: tuple[str, ...]) -> Callable[..., Any]:
    return compile_expressions(equations, names, equations.drift, BATCH)


@cache
def _jacobian_batch(equations: Equations, names: tuple[str, ...]) -> Callable[..., Any]:
    expressions = [*equations.drift, *jacobian_entries(equations)]
    return compile_expressions(equations, names, expressions, BATCH)


@cache
def _parameter_batch(
    equations: Equations, names: tuple[str, ...], index: int
) -> Callable[..., Any]:
    by_parameter = parameter_derivatives(equations, names[index])
    expressions = [*equations.drift, *jacobian_entries(equations), *by_parameter]
    return compile_expressions(equations, names, expressions, BATCH)


@cache
def _jacobian_parameter(
    equations: Equations, names: tuple[str, ...], index: int
) -> Callable[..., Any]:
    import sympy as sp

    parameter = sp.Symbol(names[index], real=True)
    entries = [entry.diff(parameter) for entry in jacobian_entries(equations)]
    return compile_expressions(equations, names, entries, SCALAR)


@cache
def _derivatives(
    equations: Equations, names: tuple[str, ...], order: int
) -> tuple[Callable[..., Any], list[list[tuple[int, ...]]]]:
    """Return a function to the distinct non-zero derivatives of an order, and their places."""
    from itertools import combinations_with_replacement, permutations

    expressions, where = [], []
    for i, rate in enumerate(equations.drift):
        for which in combinations_with_replacement(range(len(equations.states)), order):
            entry = rate
            for j in which:
                entry = entry.diff(equations.states[j])
            if entry != 0:
                expressions.append(entry)
                where.append([(i, *place) for place in set(permutations(which))])
    return compile_expressions(equations, names, expressions, SCALAR), where
