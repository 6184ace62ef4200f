"""From an approximate period doubling or Neimark-Sacker point to one exact to rounding."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from causal_snn.dynamics.continuation.defining import Setting
from causal_snn.dynamics.continuation.polish import FARTHEST, Polished, newton
from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.implementation.discretised import by_modulus
from causal_snn.dynamics.implementation.points import (
    critical_pair,
    details,
    flip,
    flip_form,
    flip_start,
    neimark_sacker,
    neimark_sacker_form,
    neimark_sacker_start,
    time_step,
)
from causal_snn.models.neuron import DRIVE, NeuronModel
from causal_snn.models.schemes import DT


def polish_flip(fld: Field, index: int, scale: Floats, x: Floats, value: float) -> Polished:
    """Solve `flip` for one parameter; unknowns (x, q, parameter)."""
    n = fld.n
    q = flip_start(fld, fld.with_p(index, value), scale[:n], x)
    system = partial(flip, Setting(fld, (index,), scale[:n]))
    return newton(system, np.concatenate([x, q, [value]]), np.concatenate([scale[:n], scale]))


def polish_neimark_sacker(
    fld: Field, index: int, scale: Floats, x: Floats, value: float
) -> Polished:
    """Solve `neimark_sacker` for one parameter; unknowns (x, v, w, kappa, parameter)."""
    n, p = fld.n, fld.with_p(index, value)
    pair = critical_pair(np.linalg.eigvals(fld.jac(x, p)).astype(complex), time_step(fld, p))
    across, z, sizes = neimark_sacker_start(fld, p, scale[:n], x, pair)
    system = partial(neimark_sacker, Setting(fld, (index,), scale[:n]), across)
    return newton(system, np.append(z, value), np.append(sizes, scale[-1]))


def special_point(
    label: str,
    plain: NeuronModel,
    fld: Field,
    scheme: str,
    parameter: str,
    scale: Floats,
    z: Floats,
    width: float,
) -> dict[str, Any]:
    """Return the fields of a special point, all but its name and index.

    Parameters
    ----------
    label : {"PD", "NS"}
        Which.
    plain : NeuronModel
        The neuron.
    fld : Field
        Increment of the scheme.
    scheme, parameter : str
        Name of the scheme and of the continued parameter.
    scale : array, shape (n + 1,)
        Scales of the states and the parameter.
    z : array, shape (n + 1,)
        Approximate states and parameter.
    width : float
        Scaled uncertainty of `z`; what is kept where polishing fails.
    """
    n, index = fld.n, fld.index(parameter)
    solve = polish_flip if label == "PD" else polish_neimark_sacker
    done = solve(fld, index, scale, z[:n], float(z[n]))
    moved = np.abs((np.append(done.z[:n], done.z[-1]) - z) / scale).max()
    ok = done.converged and bool(moved < FARTHEST)
    x, value = (done.z[:n], float(done.z[-1])) if ok else (z[:n], float(z[n]))
    at = fld.at(**{parameter: value})
    dt = time_step(at, at.p)
    form = flip_form(at, x) if label == "PD" else neimark_sacker_form(at, x)
    omega = form.theta / dt
    return {
        "label": label,
        "parameter": parameter,
        "value": value,
        "state": x,
        "model": with_value(plain, parameter, value),
        "residual": done.residual if ok else float(np.abs(at.f(x)).max()),
        "tolerance": abs(float(done.correction[-1])) if ok else width * float(scale[n]),
        "converged": ok,
        "eigenvalues": by_modulus((np.eye(n) + dt * at.jac(x))[None])[0],
        "period": 2.0 * math.pi / omega,
        "omega": omega,
        "l1": form.coefficient / form.theta if label == "NS" else None,
        "criticality": form.criticality,
        "details": details(form, dt, scheme, newton=done.history),
    }


def with_value(plain: NeuronModel, parameter: str, value: float) -> NeuronModel:
    """Return the neuron at a value of the continued parameter, if it is one of the neuron's."""
    if parameter in (DT, DRIVE):
        return plain
    return plain.with_parameters(**{parameter: value})
