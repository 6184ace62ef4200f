"""discretise: the map that an implementation of a neuron iterates, below threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.dynamics.field import Field, Floats, field
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.schemes import DT, increment_model, scheme


@dataclass(frozen=True, slots=True, eq=False)
class StepModel:
    """One time step of a neuron as a map x -> x + dt g(x, dt); made by `discretise`.

    Attributes
    ----------
    model : NeuronModel
        The neuron.
    scheme : str
        How it is stepped, see `causal_snn.models.schemes.SCHEMES`.
    dt : float
        Time step (ms).
    increment : Field
        g (per ms) as a field with the further parameter ``dt``; its Jacobian is exact.
    """

    model: NeuronModel
    scheme: str
    dt: float
    increment: Field

    @property
    def n(self) -> int:
        """Number of states."""
        return self.increment.n

    @property
    def source(self) -> str:
        """What the scheme does and who uses it."""
        return scheme(self.model, self.scheme).source

    def at(self, **params: float) -> StepModel:
        """Return the map with some parameters, or ``dt``, changed."""
        values = {**self.increment.values(), **params}
        return discretise(self.model, self.scheme, values.pop(DT), **values)

    def step(self, x: ArrayLike) -> Floats:
        """Return the next state (n,), without threshold and reset; NaN where undefined."""
        return np.asarray(x, dtype=float) + self.dt * self.increment.f(x)

    def jac(self, x: ArrayLike) -> Floats:
        """Return the Jacobian of the map, shape (n, n)."""
        return np.eye(self.n) + self.dt * self.increment.jac(x)

    def batch(self, x: Floats) -> Floats:
        """Return the next states of N states (n, N)."""
        return x + self.dt * self.increment.batch(x)

    def batch_jac(self, x: Floats) -> Floats:
        """Return the Jacobians at N states (n, N), shape (n, n, N)."""
        jacobians = self.increment.batch_jac_dp(x, self.increment.p, None)[1]
        return np.eye(self.n)[:, :, None] + self.dt * jacobians

    def multipliers(self, x: ArrayLike) -> NDArray[np.complex128]:
        """Return the eigenvalues of the map's Jacobian, the largest modulus first, shape (n,)."""
        values: NDArray[np.complex128] = by_modulus(self.jac(x)[None])[0]
        return values


def discretise(
    model: NeuronModel, scheme: str = "euler", dt: float = 0.1, **params: float
) -> StepModel:
    """Return what a program does to a neuron in one time step.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    scheme : str
        ``"euler"``, ``"sequential_euler"``, ``"exponential_euler"``, ``"rush_larsen"``,
        ``"midpoint"``, or ``"published"``, the program in the model's own paper.
    dt : float
        Time step (ms), positive.
    **params
        Parameter values to change.

    Returns
    -------
    StepModel

    Raises
    ------
    InputError
        If the scheme or a parameter is unknown, or dt is not a positive number.

    Examples
    --------
    >>> from causal_snn.models import izhikevich
    >>> discretise(izhikevich(), "published", 1.0, I=10).step([-65, -13]).round(5).tolist()
    [-58.105, -12.97242]
    """
    dt = checked_step(dt)
    drive = {key: params.pop(key) for key in ("drive",) if key in params}
    plain = field(model, **params).model
    return StepModel(plain, scheme, dt, field(increment_model(plain, scheme, dt), **drive))


def check_step_model(value: object) -> None:
    """Raise `InputError` unless the value is a step of a neuron."""
    if not isinstance(value, StepModel):
        raise bad("step", value, "a StepModel, from dynamics.discretise")


def checked_step(dt: Any, argument: str = "dt") -> float:
    """Return a time step as a float, or raise `InputError`."""
    if isinstance(dt, int | float | np.integer | np.floating) and 0 < dt < math.inf:
        return float(dt)
    raise bad(argument, dt, "a positive number of ms")


def by_modulus(matrices: Floats) -> NDArray[np.complex128]:
    """Return the eigenvalues of N matrices (N, n, n), largest modulus first, shape (N, n).

    NaN for a matrix that is not finite.
    """
    finite = np.isfinite(matrices).all(axis=(1, 2))
    values = np.full(matrices.shape[:2], np.nan, dtype=complex)
    values[finite] = np.linalg.eigvals(matrices[finite])
    return sorted_by_modulus(values)


def sorted_by_modulus(values: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return spectra (..., n) with the largest modulus first, the upper of a pair first."""
    order = np.lexsort((-values.imag, -values.real, -np.abs(values).round(12)))
    return np.take_along_axis(values, order, axis=-1)
