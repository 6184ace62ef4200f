"""firing_rate: how fast a neuron fires under constant current, its f-I curve."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.dynamics.field import Field, Floats, field
from causal_snn.dynamics.firing.crossing import Spiker
from causal_snn.dynamics.firing.one_dimensional import interval, line, lowest
from causal_snn.dynamics.firing.result import FiringRate
from causal_snn.dynamics.firing.spike_train import SILENT, SPIKING, Train
from causal_snn.dynamics.firing.spiking_start import (
    around,
    check_way,
    spiker_at,
    starts,
    train_from,
)
from causal_snn.dynamics.flight.flow import tolerances
from causal_snn.dynamics.floats import floats, is_number
from causal_snn.errors import bad, check_choice
from causal_snn.models.neuron import DRIVE, NeuronModel
from causal_snn.progress import track
from causal_snn.provenance import provenance

Method = Literal["auto", "closed form", "quadrature", "integration"]
METHODS = ("auto", "closed form", "quadrature", "integration")
FEWEST_SPIKES = 10


def firing_rate(
    model: NeuronModel,
    current: ArrayLike,
    *,
    refractory: float = 0.0,
    method: Method = "auto",
    start: Literal["rest", "spiking"] | ArrayLike = "rest",
    holding: float = 0.0,
    level: float | None = None,
    rtol: float = 1e-11,
    most_spikes: int = 400,
    longest: float = 1e4,
    progress: bool = False,
    **params: float,
) -> FiringRate:
    r"""Return the firing rate of a neuron under constant current: points of its f-I curve.

    For a neuron with one moving state the interval between spikes is

    .. math:: T = t_\mathrm{ref} + \int_{V_r}^{\theta} \frac{dV}{f(V)},

    in closed form if f is linear (`lif`, `cuba_lif`, `conductance_lif`) or quadratic (`qif`),
    else by quadrature to rounding level (`eif`, `theta_neuron`). Any other neuron is followed
    from spike to spike by a method of order 8 until its intervals repeat; Newton's method on the
    map from one spike to the next then gives the pattern exactly, if it is stable.

    A current may allow both rest and firing. What happens then depends on the past, so the
    protocol is part of the question: by default the neuron rests at `holding` and the current
    steps from there to its value.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    current : float or array
        The value, or values, of `model.input`: `I`, or ``drive`` = R·I (mV).
    refractory : float
        Time after a spike during which the potential is held at its reset (ms) while other
        states move on; for neurons with threshold and reset only.
    method : {"auto", "closed form", "quadrature", "integration"}
        "auto" is the first of the others that applies.
    start : {"rest", "spiking"} or array of shape (n,)
        "rest": at the stable equilibrium of the `holding` current with the lowest potential, or
        just after a spike if there is none. "spiking": where firing is sustained if it can be:
        just after a spike with the other states at rest, or for neurons without reset the
        first of several displacements of the potential from rest that does not die out.
    holding : float
        Current before the step.
    level : float, optional
        For neurons without reset: a spike is an upward crossing of this potential. Default: the
        middle of the potential's domain, or the middle of a lower oscillation that still swings
        by a tenth of the domain; smaller ones are not spikes.
    rtol : float
        Relative tolerance of an integration step.
    most_spikes : int
        Spikes after which a train that does not repeat is called irregular.
    longest : float
        Longest wait for a spike (ms).
    progress : bool
        Whether a bar may appear on stderr.
    **params
        Parameter values to change.

    Returns
    -------
    FiringRate

    Raises
    ------
    InputError
        If an argument is out of range or a parameter unknown.

    Examples
    --------
    >>> from causal_snn.models import lif
    >>> round(firing_rate(lif(tau=10), 16.0, refractory=2.0).rate, 6)
    33.640712
    """
    of = _field(model, params)
    currents = _check_currents(current)
    _check_options(of, refractory, holding, level, most_spikes, longest)
    tolerances(of, rtol, None)
    chosen = _choose(of, method)
    way = check_way(of, start)
    begin = of.at(**{of.model.input: holding})
    spiker = spiker_at(of, refractory=refractory, level=level, rtol=rtol, longest=longest)

    states = starts(begin, way)
    rows = []
    for value in track(currents.ravel().tolist(), label="firing rate", show=progress):
        here = spiker.at(of.at(**{of.model.input: value}))
        if chosen == "integration":
            rows.append(
                _row(
                    train_from(
                        here, states + around(here.fld, way), most_spikes, free=level is None
                    )
                )
            )
        else:
            rows.append(_on_a_line(here, states[0][0], quadrature=chosen == "quadrature"))

    columns = [_shaped(list(part), currents.shape) for part in zip(*rows, strict=True)]
    rate, first, period, spikes, error, status = columns or [currents.copy() for _ in range(6)]
    how = {"rtol": rtol, "longest": longest, "level": spiker.level, "most_spikes": most_spikes}
    return FiringRate(
        current=_shaped(currents.ravel().tolist(), currents.shape),
        rate=rate,
        first=first,
        period=period,
        spikes=spikes,
        error=error,
        status=status,
        method=chosen,
        input=of.model.input,
        unit=_input_unit(of),
        model=of.model,
        provenance=provenance(
            f"firing rate by {chosen}",
            refractory=refractory,
            start=way if isinstance(way, str) else way.tolist(),
            holding=holding,
            **(how if chosen == "integration" else {}),
        ),
    )


def _on_a_line(spiker: Spiker, start: float, *, quadrature: bool) -> tuple[Any, ...]:
    """Return rate, first rate, period, spikes, error and status of a one-dimensional neuron."""
    moving = line(spiker.fld)
    assert moving is not None
    where, least = lowest(moving, min(start, moving.reset), moving.threshold)
    if not least > 0:
        reason = "the drift is undefined" if math.isnan(least) else "the drift is not positive"
        return 0.0, 0.0, math.inf, 0, 0.0, f"{SILENT}: {reason} at {where:.6g}"
    flight, error = interval(moving, quadrature=quadrature)
    period = flight + spiker.refractory
    rate = 1000.0 / period
    return rate, rate, period, 1, rate * error * flight / period, SPIKING


def _row(train: Train) -> tuple[Any, ...]:
    """Return rate, first rate, period, spikes, error and status of a train."""
    mean = train.mean_interval
    first = 1000.0 / float(train.intervals[0]) if len(train.intervals) else 0.0
    error = 1000.0 * train.error / mean**2 if train.spiking else 0.0
    return 1000.0 / mean, first, train.period, train.spikes, error, train.status


def _shaped(values: list[Any], shape: tuple[int, ...]) -> Any:
    return np.array(values).reshape(shape) if shape else values[0]


def _choose(of: Field, method: str) -> str:
    """Return the method to use, or raise `InputError` if it does not apply."""
    check_choice("method", method, METHODS)
    moving = line(of)
    able = ["integration"]
    if moving is not None:
        able = ["quadrature", *able]
        if moving.closed_form:
            able = ["closed form", *able]
    if method == "auto":
        return able[0]
    if method not in able:
        allowed = "one of " + ", ".join(map(repr, ("auto", *able))) + f" for {of.model.name}"
        raise bad("method", method, allowed)
    return method


def _field(model: NeuronModel, params: dict[str, float]) -> Field:
    of = field(model, **params)
    if of.model.input in params:
        fix = "Give it as `current`, and the current before it as `holding`."
        raise bad(of.model.input, params[of.model.input], "not a further parameter", fix)
    return of


def _check_currents(current: ArrayLike) -> Floats:
    values = floats(current)
    if not np.isfinite(values).all():
        raise bad("current", current, "a finite number or an array of them")
    return values


def _check_options(
    of: Field,
    refractory: float,
    holding: float,
    level: float | None,
    most_spikes: int,
    longest: float,
) -> None:
    resets = of.model.spikes_by_reset
    if not (is_number(refractory) and refractory >= 0):
        raise bad("refractory", refractory, "a time in ms, 0 or more")
    if refractory and not resets:
        fix = f"{of.model.name} has no reset: its own flow makes it refractory."
        raise bad("refractory", refractory, "0 for a neuron without reset", fix)
    if not is_number(holding):
        raise bad("holding", holding, "a finite current")
    if level is not None and (resets or not is_number(level)):
        fix = f"{of.model.name} spikes at its threshold." if resets else ""
        raise bad("level", level, "a potential, for neurons without reset", fix)
    if not (is_number(most_spikes) and most_spikes >= FEWEST_SPIKES):
        raise bad("most_spikes", most_spikes, f"a whole number, {FEWEST_SPIKES} or more")
    if not (is_number(longest) and longest > 0):
        raise bad("longest", longest, "a positive finite time (ms)")


def _input_unit(of: Field) -> str:
    name = of.model.input
    return "mV" if name == DRIVE else str(of.model.parameters[name].unit)
