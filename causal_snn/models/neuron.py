"""NeuronModel: one symbolic definition of a spiking neuron."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad
from causal_snn.models.convention import Convention
from causal_snn.models.parameters import Parameters

if TYPE_CHECKING:
    import sympy as sp


@dataclass(frozen=True, slots=True)
class Equations:
    """The symbols of a neuron: ``states' = drift`` until the first state reaches `threshold`.

    Attributes
    ----------
    states : tuple of sympy.Symbol
        State variables, the membrane potential first.
    units : tuple of str
        Unit of each state.
    drift : tuple of sympy.Expr
        Time derivative of each state, per ms.
    threshold : sympy.Expr
        Potential at which a spike is emitted (mV).
    reset : tuple of sympy.Expr
        Each state right after a spike, for ``reset="value"``.
    synapse : int
        Index of the state that an arriving spike jumps by its weight.
    """

    states: tuple[sp.Symbol, ...]
    units: tuple[str, ...]
    drift: tuple[sp.Expr, ...]
    threshold: sp.Expr
    reset: tuple[sp.Expr, ...]
    synapse: int


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
        if not {"theta", "V_reset", "V_min"} <= self.parameters.keys():
            return  # no threshold and reset of the integrate-and-fire kind
        theta, reset = self.parameters["theta"], self.parameters["V_reset"]
        if reset >= theta:
            raise bad(
                "V_reset",
                float(reset),
                f"below the threshold theta = {float(theta)} mV",
                "A reset at or above threshold spikes for ever.",
            )
        if self.parameters["V_min"] >= theta:
            raise bad(
                "V_min",
                float(self.parameters["V_min"]),
                f"below the threshold theta = {float(theta)} mV",
                "V_min is the lowest potential that interventions may set.",
            )

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the state variables, the membrane potential first."""
        return tuple(str(symbol) for symbol in self.equations.states)

    @property
    def drift(self) -> tuple[sp.Expr, ...]:
        """Symbolic time derivatives (per ms), one for each state."""
        return self.equations.drift

    @property
    def threshold(self) -> sp.Expr:
        """Symbolic spike threshold (mV)."""
        return self.equations.threshold

    @property
    def reset(self) -> tuple[sp.Expr, ...]:
        """Symbolic states right after a spike (``reset="value"``)."""
        return self.equations.reset

    def with_parameters(self, **values: float) -> NeuronModel:
        """Return the same neuron with some parameter values changed."""
        return replace(self, parameters=self.parameters.replace(**values))

    def with_convention(self, **options: Any) -> NeuronModel:
        """Return the same neuron with some discrete conventions changed."""
        return replace(self, convention=replace(self.convention, **options))

    def latex(self) -> str:
        """Return the equations as a LaTeX ``aligned`` block."""
        import sympy as sp

        eq = self.equations
        lines = [
            rf"\dot{{{sp.latex(state)}}} &= {sp.latex(rate)}"
            for state, rate in zip(eq.states, eq.drift, strict=True)
        ]
        resets = ",\\; ".join(
            rf"{sp.latex(state)} \leftarrow {sp.latex(after)}"
            for state, after in zip(eq.states, eq.reset, strict=True)
        )
        lines.append(
            rf"{sp.latex(eq.states[0])} \ge {sp.latex(eq.threshold)} &\Rightarrow {resets}"
        )
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def jacobian(self) -> NDArray[np.float64]:
        """Return the Jacobian of the drift (per ms), shape (states, states).

        Raises
        ------
        InputError
            If the drift is not linear in the states, so that no single matrix exists.
        """
        return np.array(_linear_part(self.equations)(self.parameters), dtype=float)


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
