"""shift_of_hopf: where the time step moves a Hopf point of the neuron."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.field import Floats, field
from causal_snn.dynamics.implementation.discretised import checked_step
from causal_snn.dynamics.implementation.hopf_shift import HopfShift, changes_stability
from causal_snn.dynamics.implementation.neimark_sacker_curve import (
    Curve,
    Solution,
    begin,
    bisect,
    walk,
)
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.errors import InputError, bad
from causal_snn.models.neuron import DRIVE, NeuronModel
from causal_snn.models.schemes import increment_model
from causal_snn.models.schemes import scheme as named_scheme
from causal_snn.progress import working
from causal_snn.provenance import provenance


def shift_of_hopf(
    model: NeuronModel,
    scheme: str,
    parameter: str,
    span: tuple[float, float],
    dts: float | Iterable[float],
    *,
    hopf: str = "HB1",
    start: Any = None,
    progress: bool = False,
    **params: float,
) -> HopfShift:
    """Return where an implementation has the Neimark-Sacker point that a Hopf point turns into.

    The curve of Neimark-Sacker points in (parameter, dt) is followed from the Hopf point, which
    is its end at dt = 0. It ends where the pair of multipliers meets at -1 or at 1.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    scheme : str
        How it is stepped, as in `discretise`.
    parameter : str
        Parameter that passes the bifurcation.
    span : tuple of (float, float)
        Range in which the Hopf point is looked for.
    dts : float or iterable of float
        Time steps (ms), positive.
    hopf : str
        Name of the Hopf point on the branch, ``"HB1"`` the first.
    start
        The equilibrium the branch begins with, as in `continue_equilibria`.
    progress : bool
        Show that it works if it takes long: derivatives are compiled at the first use.
    **params
        Values of other parameters to change.

    Returns
    -------
    HopfShift

    Raises
    ------
    InputError
        If a name or value is wrong, or there is no such Hopf point in the span.

    Examples
    --------
    >>> from causal_snn import models
    >>> shift = shift_of_hopf(models.izhikevich(), "euler", "I", (0, 4), [0.5, 1.0])
    >>> shift.values.round(6).tolist()
    [3.793388, 3.78915]
    """
    steps = np.unique([checked_step(dt, "dts") for dt in np.atleast_1d(np.asarray(dts, object))])
    if not steps.size:
        raise bad("dts", [], "at least one time step")
    named_scheme(model, scheme)
    point = _hopf_point(model, parameter, span, hopf, start, params)
    drive = {key: params[key] for key in (DRIVE,) if key in params}
    with working("Following Neimark-Sacker points", show=progress):
        fld = field(increment_model(point.model, scheme, 0.0), **drive)
        started = begin(fld, parameter, point, abs(float(span[1]) - float(span[0])))
        if started is None:
            raise InputError(
                f"hopf = {hopf!r}: the Hopf point at {parameter} = {point.value:.10g} is too "
                "degenerate to be followed in dt; choose another"
            )
        curve, first = started
        found, end, message = walk(curve, first, steps)
        rows = [_row(curve, done) for done in found]
        chenciner, flips = _changes(curve, first, point, found, rows)
    rows += [_Row(math.nan, np.full(fld.n, math.nan), math.nan, math.nan, "", False)] * (
        steps.size - len(rows)
    )
    return HopfShift(
        model=model.with_parameters(**{k: v for k, v in params.items() if k != DRIVE}),
        scheme=scheme,
        parameter=parameter,
        hopf=point,
        dts=steps,
        values=np.array([row.value for row in rows]),
        states=np.array([row.state for row in rows]),
        theta=np.array([row.theta for row in rows]),
        l1=np.array([row.l1 for row in rows]),
        criticality=tuple(row.criticality for row in rows),
        boundary=np.array([row.boundary for row in rows]),
        slope=float(curve.derivative(first)[-1]),
        chenciner=chenciner,
        flips=flips,
        end=end,
        message=message,
        tolerance=max((done.tolerance for done in found), default=0.0),
        provenance=provenance(
            "Newton on the defining system of Neimark-Sacker points, regular down to dt = 0, "
            "followed in dt from the Hopf point",
            scheme=scheme,
            parameters=fld.values(),
        ),
    )


def _hopf_point(
    model: NeuronModel,
    parameter: str,
    span: tuple[float, float],
    name: str,
    start: Any,
    params: Any,
) -> SpecialPoint:
    branch = continue_equilibria(model, parameter, span, start=start, **params)
    hopfs = branch.special.of("HB")
    for point in hopfs:
        if point.name == name:
            return point
    names = [f"{point.name} at {point.value:.6g}" for point in hopfs]
    raise InputError(
        f"hopf = {name!r}: on the branch of equilibria over span = {tuple(span)} {model.name} has "
        + (", ".join(names) if names else "no Hopf point; change the span or the parameters")
    )


class _Row(NamedTuple):
    value: float
    state: Floats
    theta: float
    l1: float
    criticality: str
    boundary: bool


def _row(curve: Curve, at: Solution) -> _Row:
    form = curve.normal_form(at)
    return _Row(
        value=float(at.z[-1]),
        state=curve.state(at),
        theta=form.theta,
        l1=form.coefficient / form.theta,
        criticality=f"resonance {form.resonance}" if form.resonance else form.criticality,
        boundary=_outside(curve, at) < 0,
    )


def _outside(curve: Curve, at: Solution) -> float:
    """Return by how much another multiplier is outside the unit circle."""
    return float(np.abs(curve.others(at)).max(initial=0.0) - 1.0)


def _changes(
    curve: Curve, first: Solution, point: SpecialPoint, found: list[Solution], rows: list[_Row]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the time steps at which l1, and at which another multiplier, passes its bound."""
    ends = [first, *found]
    sign = [(point.l1 or 0.0) > 0, *(row.l1 > 0 for row in rows)]
    inside = [changes_stability(point), *(row.boundary for row in rows)]

    def l1_changed(k: int, at: Solution) -> bool:
        return (curve.normal_form(at).coefficient > 0) != sign[k]

    def crossed(k: int, at: Solution) -> bool:
        return (_outside(curve, at) < 0) != inside[k]

    def places(values: list[bool], happened: Callable[[int, Solution], bool]) -> tuple[float, ...]:
        return tuple(
            bisect(curve, ends[k], ends[k + 1].dt, partial(happened, k))
            for k in range(len(found))
            if values[k] != values[k + 1]
        )

    return places(sign, l1_changed), places(inside, crossed)
