"""critical_step: the longest time step at which a resting neuron stays at rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.field import Field, Floats, field
from causal_snn.dynamics.implementation.discretised import StepModel, discretise, sorted_by_modulus
from causal_snn.errors import InputError
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.schemes import DT
from causal_snn.provenance import provenance

PER_DECADE = 400
"""Steps tried per factor of 10."""
ROUNDING = 1e-12
"""A multiplier above minus this is not called negative."""


@dataclass(frozen=True, slots=True, eq=False)
class CriticalStep:
    """Where a longer time step destabilises an equilibrium.

    Attributes
    ----------
    dt : float
        The equilibrium is stable for all shorter steps (ms); inf if for all that were tried.
    label : str
        What happens there: ``"PD"`` (a multiplier -1: the state jumps to and fro), ``"NS"`` (a
        complex pair on the unit circle), ``"BP"`` (a multiplier 1: a spurious fixed point comes
        through), or "" for dt = inf.
    overshoot : float
        Step from which on a multiplier is real and negative (ms): the state approaches rest from
        alternating sides. inf if there is none up to `dt`.
    multipliers : complex array, shape (n,)
        At `dt`; empty for dt = inf.
    state : array, shape (n,)
        The equilibrium.
    eigenvalues : complex array, shape (n,)
        Of the neuron there (per ms).
    message : str
        The same in words.
    provenance : mapping
        How it was computed.
    """

    dt: float
    label: str
    overshoot: float
    multipliers: NDArray[np.complex128]
    state: Floats
    eigenvalues: NDArray[np.complex128]
    message: str
    provenance: Mapping[str, Any] = attribute(repr=False)


def critical_step(
    model: NeuronModel, scheme: str = "euler", *, start: Any = None, **params: float
) -> CriticalStep:
    r"""Return the time step at which a stable equilibrium of a neuron loses its stability.

    For forward Euler it is :math:`\min_\lambda -2 \Re\lambda/|\lambda|^2` over the eigenvalues
    of the neuron. For other schemes it is the first step at which a multiplier is outside
    the unit circle, bracketed on a grid of steps and bisected to rounding.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    scheme : str
        As in `discretise`.
    start : array, int or Equilibrium, optional
        The equilibrium, as in `continue_equilibria`; default the stable one of lowest potential.
    **params
        Parameter values to change.

    Returns
    -------
    CriticalStep

    Raises
    ------
    InputError
        If a name is unknown, or the equilibrium is not stable to begin with.
    """
    fld = field(model, **params)
    state = _stable_state(fld, start)
    values = np.linalg.eigvals(fld.jac(state)).astype(complex)
    if values.real.max() >= 0:
        raise InputError(
            f"start = {state.tolist()}: this equilibrium of {model.name} is not stable, its "
            f"eigenvalues are {np.round(values, 6).tolist()} per ms; choose another"
        )
    step = discretise(model, scheme, 1.0, **params)
    longest = 1e3 / float(np.abs(values).min())
    if scheme == "euler":
        dt = float((-2.0 * values.real / np.abs(values) ** 2).min())
        fast = values[values.imag == 0].real
        overshoot = float((-1.0 / fast).min()) if fast.size else math.inf
    else:
        dt, overshoot, longest = _search(step, state, values, longest)
    label, multipliers = "", np.empty(0, complex)
    if dt < math.inf:
        lam = _eigenvalues(step, state, np.array([dt]))[0]
        label, multipliers = _label(lam, dt), sorted_by_modulus(1.0 + dt * lam)
    return CriticalStep(
        dt=dt,
        label=label,
        overshoot=overshoot if overshoot < dt else math.inf,
        multipliers=multipliers,
        state=state,
        eigenvalues=values,
        message=_message(model.name, scheme, dt, label, longest),
        provenance=provenance(
            "minimum of -2 Re/|lambda|^2 over the eigenvalues of the neuron"
            if scheme == "euler"
            else "bisection after the first step of a grid that has a multiplier outside 1",
            scheme=scheme,
            parameters=fld.values(),
        ),
    )


def _stable_state(fld: Field, start: Any) -> Floats:
    from causal_snn.dynamics.continuation.start import start_state
    from causal_snn.dynamics.equilibrium.equilibria import equilibria

    if start is not None:
        return start_state(fld, start, fld.names[0], fld.p[0])
    values: dict[str, Any] = fld.values()
    stable = [point for point in equilibria(fld.model, **values) if point.stable]
    if not stable:
        raise InputError(
            f"{fld.model.name} has no stable equilibrium at these parameters; change them"
        )
    return stable[0].state


def _eigenvalues(step: StepModel, state: Floats, dts: Floats) -> NDArray[np.complex128]:
    """Return lambda, the multipliers being 1 + dt lambda, at one state for N time steps (N, n).

    Ends early where the map overflows: nothing beyond is a number.
    """
    fld = step.increment
    p = tuple(dts if name == DT else value for name, value in zip(fld.names, fld.p, strict=True))
    x = np.repeat(state[:, None], dts.size, axis=1)
    jacobians = np.moveaxis(fld.batch_jac_dp(x, p, None)[1], -1, 0)
    finite = np.isfinite(jacobians).all(axis=(1, 2))
    return np.linalg.eigvals(jacobians if finite.all() else jacobians[: finite.argmin()]).astype(
        complex
    )


def _search(
    step: StepModel, state: Floats, values: NDArray[np.complex128], longest: float
) -> tuple[float, float, float]:
    """Return the critical step, the step that overshoots, and the longest that was tried."""
    shortest = 1e-2 * float(np.abs(values.real).min() / np.abs(values).max() ** 2)
    dts = np.geomspace(shortest, longest, int(PER_DECADE * math.log10(longest / shortest)) + 2)
    lam = _eigenvalues(step, state, dts)
    dts = dts[: len(lam)]
    critical = _first(step, state, dts, _outside(lam, dts[:, None]), _outside)
    overshoot = _first(step, state, dts, _alternates(lam, dts[:, None]), _alternates)
    return critical, overshoot, float(dts[-1])


def _excess(lam: NDArray[np.complex128], dt: Any) -> Any:
    """Return (|mu|^2 - 1)/dt, in a form that keeps its digits at small dt."""
    return 2.0 * lam.real + dt * np.abs(lam) ** 2


def _outside(lam: NDArray[np.complex128], dt: Any) -> NDArray[np.bool_]:
    return np.asarray((_excess(lam, dt) > 0.0).any(axis=1))


def _alternates(lam: NDArray[np.complex128], dt: Any) -> NDArray[np.bool_]:
    return np.asarray(((lam.imag == 0) & (1.0 + dt * lam.real < -ROUNDING)).any(axis=1))


def _first(
    step: StepModel,
    state: Floats,
    dts: Floats,
    after: NDArray[np.bool_],
    happens: Callable[[NDArray[np.complex128], Any], NDArray[np.bool_]],
) -> float:
    """Return the first step at which something happens to the multipliers, by bisection."""
    if not after.any():
        return math.inf
    k = int(after.argmax())
    low, high = float(dts[max(k - 1, 0)]), float(dts[k])
    while low < (middle := 0.5 * (low + high)) < high:
        if happens(_eigenvalues(step, state, np.array([middle])), middle)[0]:
            high = middle
        else:
            low = middle
    return high


def _label(lam: NDArray[np.complex128], dt: float) -> str:
    critical = lam[np.abs(_excess(lam, dt)).argmin()]
    if critical.imag:
        return "NS"
    return "PD" if dt * critical.real < -1.0 else "BP"


def _message(name: str, scheme: str, dt: float, label: str, longest: float) -> str:
    if dt == math.inf:
        return (
            f"{name} stays at rest with {scheme} and every step that was tried, to {longest:.3g} ms"
        )
    what = {
        "PD": "jumps to and fro (period doubling)",
        "NS": "oscillates (Neimark-Sacker)",
        "BP": "leaves through a spurious fixed point (multiplier 1)",
    }[label]
    return f"{name} stays at rest with {scheme} for dt < {dt:.10g} ms; beyond, it {what}"
