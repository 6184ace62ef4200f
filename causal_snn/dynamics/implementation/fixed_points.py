"""fixed_points: every state that an implementation leaves unchanged, the spurious ones too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.implementation.discretised import StepModel, check_step_model
from causal_snn.models.neuron import DRIVE, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters
from causal_snn.models.schemes import DT, scheme
from causal_snn.provenance import provenance

if TYPE_CHECKING:
    from causal_snn.dynamics.equilibrium.equilibrium import Equilibria, Equilibrium

SAME = 1e-7
"""Two fixed points closer than this, as a fraction of the states' size, are one."""


@dataclass(frozen=True, slots=True, eq=False)
class FixedPoint:
    """A state that a step does not change.

    Attributes
    ----------
    state : array, shape (n,)
        The states.
    multipliers : complex array, shape (n,)
        Eigenvalues of the map's Jacobian, the largest modulus first.
    kind : str
        ``"attracting"``, ``"saddle"`` or ``"repelling"``.
    spurious : bool
        Whether it is no equilibrium of the neuron.
    admissible : bool
        Whether it is below the spike threshold; without a threshold, always.
    residual : float
        Largest change in one step that is left over.
    """

    state: Floats
    multipliers: NDArray[np.complex128]
    kind: str
    spurious: bool
    admissible: bool
    residual: float

    @property
    def stable(self) -> bool:
        """Whether every multiplier is inside the unit circle."""
        return self.kind == "attracting"


@dataclass(frozen=True, slots=True, eq=False)
class FixedPoints:
    """The fixed points of a step, ordered by their first state.

    Attributes
    ----------
    points : tuple of FixedPoint
        The fixed points.
    complete : bool
        Whether they are proven to be all in the searched box.
    message : str
        What is proven.
    provenance : mapping
        How they were found.
    """

    points: tuple[FixedPoint, ...]
    complete: bool
    message: str
    provenance: Mapping[str, Any] = attribute(repr=False)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, key: int) -> FixedPoint:
        return self.points[key]

    def __iter__(self) -> Iterator[FixedPoint]:
        return iter(self.points)


def fixed_points(
    step: StepModel, *, box: Mapping[str, tuple[float, float]] | None = None
) -> FixedPoints:
    """Return every fixed point of a step in a box, the spurious ones among them.

    The increment of every scheme vanishes at the equilibria of the neuron. That of the Euler
    schemes vanishes nowhere else: it is the drift times a positive factor or, state after state,
    the drift itself. Schemes with stages can have further, spurious fixed points (Iserles, IMA J
    Numer Anal 10:1, 1990). Those of ``"midpoint"`` are the states whose half step ends at an
    equilibrium; those of ``"published"`` are found as zeros of the increment.

    Parameters
    ----------
    step : StepModel
        From `discretise`.
    box : mapping, optional
        As in `equilibria`.

    Returns
    -------
    FixedPoints

    Raises
    ------
    InputError
        As `equilibria`.
    """
    from causal_snn.dynamics.equilibrium.equilibria import equilibria

    check_step_model(step)
    values: dict[str, Any] = {k: v for k, v in step.increment.values().items() if k != DT}
    found = equilibria(step.model, box=box, **values)
    points = [_fixed_point(step, point, False) for point in found]
    complete, message = found.complete, found.message
    if not scheme(step.model, step.scheme).keeps_equilibria:
        drive = {key: values[key] for key in (DRIVE,) if key in values}
        searched = [equilibria(model, box=box, **drive) for model in _searches(step, found)]
        for point in (point for result in searched for point in result):
            state = _polished(step, point.state)
            if not any(_same(state, known.state) for known in points):
                points.append(_fixed_point(step, replace(point, state=state), True))
        complete = complete and all(result.complete for result in searched)
        spurious = sum(point.spurious for point in points)
        proven = "proven to be all" if complete else "there may be more"
        message = f"{message}; {spurious} spurious fixed points of the map, {proven}"
    return FixedPoints(
        points=tuple(sorted(points, key=lambda point: tuple(point.state))),
        complete=complete,
        message=message,
        provenance=provenance(
            "equilibria by interval Newton branch and prune; multipliers of the exact Jacobian",
            scheme=step.scheme,
            dt=step.dt,
            parameters=values,
        ),
    )


def _searches(step: StepModel, found: Equilibria) -> list[NeuronModel]:
    """Return neurons whose equilibria are the fixed points of the step."""
    if step.scheme != "midpoint":
        return [step.increment.model]
    return [_half_steps_to(step, point.state) for point in found]


def _half_steps_to(step: StepModel, target: Floats) -> NeuronModel:
    """Return a neuron that rests where x + dt/2 f(x) = target: its drift is f + (x - target) 2/dt.

    In this form the states that are linear in f stay linear, and can be eliminated.
    """
    import sympy as sp

    model = step.model
    names = [f"{name}_target" for name in model.states]
    rates = tuple(
        rate + (state - sp.Symbol(name, real=True)) * 2 / sp.Symbol(DT, real=True)
        for state, rate, name in zip(model.equations.states, model.drift, names, strict=True)
    )
    targets = zip(names, target.tolist(), strict=True)
    extra = {name: Parameter(value, "1", "end of the half step") for name, value in targets}
    parameters = {**step.increment.model.parameters, **extra}
    return replace(
        model,
        equations=replace(step.increment.model.equations, drift=rates),
        parameters=Parameters(parameters),
    )


def _polished(step: StepModel, state: Floats) -> Floats:
    from causal_snn.dynamics.equilibrium.equilibrium import polish

    return polish(step.increment, state)[0]


def _same(one: Floats, other: Floats) -> bool:
    return bool((np.abs(one - other) <= SAME * (1.0 + np.abs(other))).all())


def _fixed_point(step: StepModel, point: Equilibrium, spurious: bool) -> FixedPoint:
    multipliers = step.multipliers(point.state)
    outside = int((np.abs(multipliers) >= 1).sum())
    kind = {0: "attracting", step.n: "repelling"}.get(outside, "saddle")
    residual = float(np.abs(step.dt * step.increment.f(point.state)).max())
    return FixedPoint(point.state, multipliers, kind, spurious, point.admissible, residual)
