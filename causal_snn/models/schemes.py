"""Schemes: what a program computes in one time step, as symbols.

A scheme is the map x -> x + dt g(x, dt). Its increment g is written so that it is smooth at
dt = 0, where it is the drift. Then g is a vector field with one more parameter, dt, and all that
`Field` and the continuation of equilibria do for a drift they do for the map: zeros of g are its
fixed points, 1 + dt (eigenvalues of dg/dx) its multipliers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from causal_snn.errors import InputError, suggest
from causal_snn.models.neuron import DRIVE, Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters

if TYPE_CHECKING:
    import sympy as sp

DT = "dt"
"""Name of the time step (ms), a parameter of the increment."""

type Increment = Callable[[Equations, Any], tuple[sp.Expr, ...]]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to step a neuron.

    Attributes
    ----------
    name : str
        What it is called.
    increment : callable
        From the equations and the symbol dt to g, one expression per state.
    keeps_equilibria : bool
        Whether the fixed points of the map are exactly the equilibria of the neuron; if not,
        there are spurious ones beside them.
    source : str
        Who uses it.
    """

    name: str
    increment: Increment
    keeps_equilibria: bool
    source: str


def _euler(equations: Equations, dt: Any) -> tuple[Any, ...]:  # noqa: ARG001
    return equations.drift


def _sequential_euler(equations: Equations, dt: Any) -> tuple[Any, ...]:
    new: dict[Any, Any] = {}
    rates = []
    for state, rate in zip(equations.states, equations.drift, strict=True):
        rates.append(rate.xreplace(new))  # with the new values of the states before it
        new[state] = state + dt * rates[-1]
    return tuple(rates)


def _exponential_euler(equations: Equations, dt: Any) -> tuple[Any, ...]:
    return _decays(equations, dt, range(len(equations.states)))


def _rush_larsen(equations: Equations, dt: Any) -> tuple[Any, ...]:
    return _decays(equations, dt, range(1, len(equations.states)))


def _decays(equations: Equations, dt: Any, which: Any) -> tuple[Any, ...]:
    """Return f_i (e^z - 1)/z, z = dt df_i/dx_i: the exact step of a linear x_i, others held."""
    import sympy as sp

    from causal_snn.models.rates import linoid

    rates = list(equations.drift)
    for i in which:
        slope = rates[i].diff(equations.states[i])
        if sp.expand(slope.diff(equations.states[i])) == 0:
            rates[i] = rates[i] / linoid(-dt * slope)  # (e^z - 1)/z = 1/linoid(-z), smooth at 0
    return tuple(rates)


def _midpoint(equations: Equations, dt: Any) -> tuple[Any, ...]:
    pairs = zip(equations.states, equations.drift, strict=True)
    half = {state: state + dt * rate / 2 for state, rate in pairs}
    return tuple(rate.xreplace(half) for rate in equations.drift)


def _two_half_steps(equations: Equations, dt: Any) -> tuple[Any, ...]:
    potential, rate = equations.states[0], equations.drift[0]
    first = (rate + rate.xreplace({potential: potential + dt * rate / 2})) / 2
    new = {potential: potential + dt * first}
    return (first, *(other.xreplace(new) for other in equations.drift[1:]))


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        scheme.name: scheme
        for scheme in (
            Scheme(
                "euler",
                _euler,
                True,
                "forward Euler, all states at once; NEST's izhikevich with consistent_integration",
            ),
            Scheme(
                "sequential_euler",
                _sequential_euler,
                True,
                "forward Euler in the order of the equations, each state with the new values of "
                "those before it; figure1.m of Izhikevich, IEEE Trans Neural Netw 15:1063 (2004)",
            ),
            Scheme(
                "exponential_euler",
                _exponential_euler,
                True,
                "every state that is linear in its own equation decays exactly with the others "
                "held, all at once, any other takes an Euler step; GENESIS, Brian 2",
            ),
            Scheme(
                "rush_larsen",
                _rush_larsen,
                True,
                "the same, but the potential takes an Euler step; Rush and Larsen, IEEE Trans "
                "Biomed Eng 25:389 (1978)",
            ),
            Scheme("midpoint", _midpoint, False, "Runge-Kutta of order 2 (rk2 in Brian 2)"),
        )
    }
)
"""The schemes that apply to every neuron."""

PUBLISHED: Mapping[str, Scheme] = MappingProxyType(
    {
        "izhikevich": Scheme(
            "published",
            _two_half_steps,
            False,
            "two steps of dt/2 for v with u held, then u with the new v; the program of "
            "Izhikevich, IEEE Trans Neural Netw 14:1569 (2003), where dt = 1 ms",
        )
    }
)
"""The program in a model's own paper, by name of the model."""


def scheme(model: NeuronModel, name: str) -> Scheme:
    """Return a scheme of `SCHEMES`, or ``"published"``, the one of the model's own paper.

    Raises
    ------
    InputError
        If there is no such scheme, or the model's paper has no program.
    """
    if name == "published":
        if model.name not in PUBLISHED:
            raise InputError(
                f"scheme = 'published': the paper of {model.name} has no program that is known "
                f"here (only that of {', '.join(PUBLISHED)} is); choose one of "
                + ", ".join(repr(key) for key in SCHEMES)
            )
        return PUBLISHED[model.name]
    if name not in SCHEMES:
        raise InputError(f"scheme = {name!r}: {suggest(str(name), [*SCHEMES, 'published'])}")
    return SCHEMES[name]


def increment_model(model: NeuronModel, name: str, dt: float) -> NeuronModel:
    """Return the increment g of a scheme as a neuron with the parameter dt (ms).

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    name : str
        Scheme, see `scheme`.
    dt : float
        Time step (ms), not negative; 0 gives the drift.

    Raises
    ------
    InputError
        As `scheme`, or if dt is negative, or the neuron has a state or parameter of that name.
    """
    chosen = scheme(model, name)
    if DT in model.parameters or DT in model.states:
        raise InputError(
            f"{model.name} has a state or parameter 'dt', the name of the time step; rename it"
        )
    parameters = {**model.parameters, DT: Parameter(dt, "ms", "time step", "non-negative")}
    return replace(
        model,
        equations=_increments(model.equations, chosen),
        parameters=Parameters(parameters),
    )


@cache
def _increments(equations: Equations, chosen: Scheme) -> Equations:
    import sympy as sp

    return replace(equations, drift=chosen.increment(equations, sp.Symbol(DT, real=True)))


def parameter_unit(model: NeuronModel, parameter: str) -> str:
    """Return the unit of a parameter, of the drive (mV) or of the time step (ms)."""
    if parameter in (DT, DRIVE):
        return "ms" if parameter == DT else "mV"
    return model.parameters[parameter].unit
