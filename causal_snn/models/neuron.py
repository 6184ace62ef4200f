"""NeuronModel: one symbolic definition of a spiking neuron."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.convention import Convention
from causal_snn.models.parameters import Parameters

if TYPE_CHECKING:
    import sympy as sp

DRIVE = "drive"
"""The symbol of R·I (mV) in neurons whose current is set by their network, not a parameter."""


@dataclass(frozen=True, slots=True)
class Equations:
    """The symbols of a neuron: ``states' = drift`` until the first state reaches `threshold`.

    A neuron without threshold and reset (Hodgkin-Huxley and its kin) makes its spikes by its
    flow alone.

    Attributes
    ----------
    states : tuple of sympy.Symbol
        State variables, the membrane potential first.
    units : tuple of str
        Unit of each state.
    drift : tuple of sympy.Expr
        Time derivative of each state, per ms.
    threshold : sympy.Expr, optional
        Potential at which a spike is emitted (mV); may depend on the other states.
    reset : tuple of sympy.Expr
        Each state right after a spike, for ``reset="value"``; empty without a threshold.
    synapse : int
        Index of the state that an arriving spike jumps by its weight.
    domain : tuple of (float, float)
        For each state, the range that figures show and searches start from.
    level : float, optional
        Potential whose upward crossing counts as a spike, for neurons without threshold (mV).
    """

    states: tuple[sp.Symbol, ...]
    units: tuple[str, ...]
    drift: tuple[sp.Expr, ...]
    threshold: sp.Expr | None = None
    reset: tuple[sp.Expr, ...] = ()
    synapse: int = 0
    domain: tuple[tuple[float, float], ...] = ()
    level: float | None = None


@dataclass(frozen=True, slots=True)
class NeuronModel:
    """A spiking neuron: equations, parameter values with units, discrete conventions.

    Made by `causal_snn.models.lif` and its siblings.

    Attributes
    ----------
    name : str
        Name of the model, as network files spell it.
    equations : Equations
        The symbolic definition.
    parameters : Parameters
        Mapping of name to value; each value carries `unit` and `meaning`.
    convention : Convention
        What one time step means.
    """

    name: str
    equations: Equations
    parameters: Parameters
    convention: Convention = field(default_factory=Convention)

    def __post_init__(self) -> None:
        _check_closed(self.name, self.equations, tuple(self.parameters))
        for reset, cutoff in (
            ("V_reset", "theta"),
            ("V_r", "v_peak"),
            ("V_r", "V_th"),
            ("c", "v_peak"),
        ):
            self._check_below(reset, cutoff, "A reset at or above threshold spikes for ever.")
        self._check_below(
            "V_min", "theta", "V_min is the lowest potential that interventions may set."
        )

    def _check_below(self, low: str, high: str, fix: str) -> None:
        if not {low, high} <= self.parameters.keys():
            return
        below, above = self.parameters[low], self.parameters[high]
        if below >= above:
            allowed = f"below the threshold {high} = {float(above)} {above.unit}"
            raise bad(low, float(below), allowed, fix)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the state variables, the membrane potential first."""
        return tuple(str(symbol) for symbol in self.equations.states)

    @property
    def drift(self) -> tuple[sp.Expr, ...]:
        """Symbolic time derivatives (per ms), one for each state."""
        return self.equations.drift

    @property
    def threshold(self) -> sp.Expr | None:
        """Symbolic spike threshold (mV); None if the flow alone makes the spikes."""
        return self.equations.threshold

    @property
    def reset(self) -> tuple[sp.Expr, ...]:
        """Symbolic states right after a spike (``reset="value"``)."""
        return self.equations.reset

    @property
    def spikes_by_reset(self) -> bool:
        """Whether a spike is a threshold crossing followed by a reset."""
        return self.equations.threshold is not None

    @property
    def input(self) -> str:
        """Name of the parameter through which current enters: ``I``, or ``drive`` (R·I, mV)."""
        return "I" if "I" in self.parameters else DRIVE

    def with_parameters(self, **values: float) -> NeuronModel:
        """Return the same neuron with some parameter values changed."""
        return replace(self, parameters=self.parameters.replace(**values))

    def with_convention(self, **options: Any) -> NeuronModel:
        """Return the same neuron with some discrete conventions changed."""
        return replace(self, convention=replace(self.convention, **options))

    def latex(self) -> str:
        """Return the equations as a LaTeX ``aligned`` block."""
        from causal_snn.models.latex import equations

        return equations(self.equations)

    def symbolic_jacobian(self) -> sp.Matrix:
        """Return the Jacobian of the drift as symbols, shape (states, states)."""
        import sympy as sp

        return sp.Matrix(self.equations.drift).jacobian(sp.Matrix(self.equations.states))

    def jacobian(self) -> NDArray[np.float64]:
        """Return the Jacobian of the drift (per ms), shape (states, states).

        Raises
        ------
        InputError
            If the drift is not linear in the states, so that no single matrix exists.
        """
        return np.array(_linear_part(self.equations)(self.parameters), dtype=float)


@cache
def _check_closed(name: str, equations: Equations, parameters: tuple[str, ...]) -> None:
    known = {str(symbol) for symbol in equations.states} | set(parameters) | {DRIVE}
    formulas = {
        **{
            f"d{state}/dt": rate
            for state, rate in zip(equations.states, equations.drift, strict=True)
        },
        # no reset without a threshold
        **{
            f"reset of {state}": after
            for state, after in zip(equations.states, equations.reset, strict=False)
        },
    }
    if equations.threshold is not None:
        formulas["threshold"] = equations.threshold
    for place, formula in formulas.items():
        for symbol in sorted(map(str, formula.free_symbols)):
            if symbol not in known:
                raise InputError(
                    f"{name}: {symbol!r} in {place} is neither a state nor a parameter; "
                    + suggest(symbol, sorted(known - {DRIVE}))
                )


@cache
def _linear_part(equations: Equations) -> Any:
    """Return a function from parameters to the constant Jacobian of a linear drift."""
    import sympy as sp

    jacobian = sp.Matrix(equations.drift).jacobian(sp.Matrix(equations.states))
    if jacobian.free_symbols & set(equations.states):
        raise InputError(
            "this neuron is not linear below threshold, so its step has no closed form; "
            "closed-form kernels take lif and cuba_lif"
        )
    symbols = sorted(jacobian.free_symbols, key=str)
    numeric = sp.lambdify(symbols, jacobian.tolist(), modules="math")

    def evaluate(parameters: Mapping[str, float]) -> Any:
        return numeric(*(float(parameters[str(symbol)]) for symbol in symbols))

    return evaluate
