"""prc: how a small kick moves the next spikes, the infinitesimal phase response curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.dynamics.field import Floats, field
from causal_snn.dynamics.firing.crossing import Spiker, flow_for
from causal_snn.dynamics.firing.spike_train import SPIKING
from causal_snn.dynamics.firing.spiking_start import (
    around,
    check_way,
    spiker_at,
    starts,
    train_from,
)
from causal_snn.dynamics.flight.flow import tolerances
from causal_snn.dynamics.flight.variational import systems
from causal_snn.dynamics.floats import floats
from causal_snn.errors import InputError, bad
from causal_snn.models.neuron import NeuronModel
from causal_snn.provenance import provenance

PHASES = 201
MOST_SPIKES = 400
TYPE_I = 0.05
"""Largest share of the area under a curve that may be negative in type I."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseResponse:
    """Infinitesimal phase response of a neuron that fires repetitively; n states, M phases.

    Attributes
    ----------
    phases : array, shape (M,)
        Fractions of the period since the spike; at 1 the next spike is about to come.
    values : array, shape (n, M)
        Advance of all later spikes per kick of each state (ms per unit of the state; for the
        potential ms/mV). Negative: a delay.
    period : float
        Period (ms).
    spikes : int
        Spikes per period.
    states : array, shape (n, M)
        The orbit at these phases.
    normalisation : float
        Largest departure of Z . f from 1, which holds exactly along any orbit.
    multiplier : float
        Largest modulus of a multiplier of the orbit: kicks die out by this factor per period.
    model : NeuronModel
        The neuron.
    provenance : mapping
        How it was computed.
    """

    phases: Floats
    values: Floats
    period: float
    spikes: int
    states: Floats
    normalisation: float
    multiplier: float
    model: NeuronModel = attribute(repr=False)
    provenance: Mapping[str, Any] = attribute(repr=False)

    @property
    def voltage(self) -> Floats:
        """Response to kicks of the potential, shape (M,), ms/mV."""
        return np.asarray(self.values[0])

    @property
    def negative_share(self) -> float:
        """Share of the area between `voltage` and 0 that is negative."""
        area = float(np.trapezoid(np.abs(self.voltage), self.phases))
        return float(np.trapezoid(np.maximum(-self.voltage, 0.0), self.phases)) / area

    @property
    def type(self) -> Literal["I", "II"]:
        """I if kicks that depolarise only advance spikes, to within `TYPE_I` of the area; else II.

        Source: Hansel, Mato and Meunier, Neural Comput 7:307 (1995).
        """
        return "I" if self.negative_share <= TYPE_I else "II"


def prc(
    model: NeuronModel,
    *,
    phases: ArrayLike | int = PHASES,
    start: Literal["rest", "spiking"] | ArrayLike = "spiking",
    holding: float = 0.0,
    level: float | None = None,
    rtol: float = 1e-12,
    longest: float = 1e4,
    **params: float,
) -> PhaseResponse:
    r"""Return the infinitesimal phase response curve of a neuron's repetitive firing.

    A kick dx at phase phi moves all later spikes forward by Z(phi) . dx ms. Z solves the
    adjoint equation

    .. math:: \dot Z = -J^\top Z, \qquad Z \cdot f = 1, \qquad
        Z^- = (\partial x^+ / \partial x^-)^\top Z^+ - \nabla t

    the last where a neuron resets: x+ is the state after the spike and t the time of the spike,
    both as functions of the state before. It is solved without integrating backwards: the
    derivatives of the flow from phase to phase are multiplied from the right, and Z after the
    spike solves the linear equation of one period. With one state, Z = 1/f(V).
    Source: Ermentrout and Terman, Mathematical Foundations of Neuroscience (2010), sec. 8.2; with
    resets, Coombes, Thul and Wedgwood, Physica D 241:2042 (2012).

    Parameters
    ----------
    model : NeuronModel
        The neuron; give its current among `params`.
    phases : int or array of shape (M,)
        Rising phases within 0 to 1, or how many, evenly spaced, both ends included. Phase 0 is
        just after the spike: the reset, or the upward crossing of `level`.
    start, holding, level, longest
        What firing is looked for, as in `firing_rate`.
    rtol : float
        Relative tolerance of an integration step.
    **params
        Parameter values to change.

    Returns
    -------
    PhaseResponse

    Raises
    ------
    InputError
        If an argument is out of range or unknown, or the neuron does not fire periodically.
    """
    of = field(model, **params)
    at = _check_phases(phases)
    tolerances(of, rtol, None)
    way = check_way(of, start)
    current = {of.model.input: holding} if of.model.input in of.names else {}
    begin = of.at(**current)
    spiker = spiker_at(of, refractory=0.0, level=level, rtol=rtol, longest=longest)
    train = train_from(
        spiker, starts(begin, way) + around(of, way), MOST_SPIKES, free=level is None
    )
    if train.status != SPIKING or train.state is None:
        given = {name: of.values()[name] for name in current}
        raise InputError(
            f"{of.model.name} with {given} is {train.status}: only repeating spikes have a phase. "
            "Give another current, or a `start` from which it fires."
        )
    spiker = spiker.with_level(float(train.state[0]))  # of a neuron without reset
    flights = _flights(spiker, train.state, train.spikes)
    states, values = _along(spiker, flights, at * train.period)
    drift = np.array([of.f(x) for x in states.T]).T
    return PhaseResponse(
        phases=at,
        values=values,
        period=train.period,
        spikes=train.spikes,
        states=states,
        normalisation=float(np.abs((values * drift).sum(axis=0) - 1.0).max()),
        multiplier=train.multiplier,
        model=of.model,
        provenance=provenance(
            "phase response by the adjoint of the flow from spike to spike", rtol=rtol
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Flight:
    """From just after one spike to the next: first state, times, Z just after the next."""

    state: Floats
    begins: float
    ends: float
    z_next: Floats


def _flights(spiker: Spiker, state: Floats, spikes: int) -> list[_Flight]:
    """Return the flights of one period, with Z just after each spike."""
    x, n = state, len(state)
    clock, total, d_period = [0.0], np.eye(n), np.zeros(n)
    states, steps = [], []
    for _ in range(spikes):
        flight = spiker.next_spike(x, tangents=True)
        assert flight.d_after is not None
        assert flight.d_time is not None
        states.append(x)
        steps.append((flight.d_after, flight.d_time))
        d_period = d_period + flight.d_time @ total
        total, x = flight.d_after @ total, flight.after
        clock.append(clock[-1] + flight.time)
    # Z = D' Z - dT after one period, D and dT the derivatives of state and time
    z = [np.linalg.solve(np.eye(n) - total.T, -d_period)]
    for d_after, d_time in reversed(steps):
        z.append(d_after.T @ z[-1] - d_time)
    z = z[::-1]
    return [_Flight(states[j], clock[j], clock[j + 1], z[j + 1]) for j in range(spikes)]


def _along(spiker: Spiker, flights: Sequence[_Flight], times: Floats) -> tuple[Floats, Floats]:
    """Return states and Z at times within the period, both of shape (n, M)."""
    n, period = len(flights[0].state), flights[-1].ends
    states, values = np.empty((n, len(times))), np.empty((n, len(times)))
    last = times >= period * (1 - 1e-12)
    for flight in flights:
        inside = np.flatnonzero((times >= flight.begins) & (times < flight.ends) & ~last)
        if inside.size:
            states[:, inside], values[:, inside] = _within(
                spiker, flight, times[inside] - flight.begins
            )
    if last.any():
        x, z = _before_spike(spiker, flights[-1])
        states[:, last], values[:, last] = x[:, None], z[:, None]
    return states, values


def _within(spiker: Spiker, flight: _Flight, times: Floats) -> tuple[Floats, Floats]:
    """Return states and Z at times since one spike, by the flow from each to the next."""
    n = len(flight.state)
    eye: list[list[float]] = np.eye(n).tolist()
    x, at, states, maps = flight.state, 0.0, [], []
    for t in times.tolist():
        step = np.eye(n)
        if t > at:
            new, columns = flow_for(spiker.fld, x, eye, t - at, spiker.rtol)
            x, step, at = np.array(new), np.array(columns).T, t
        states.append(x)
        maps.append(step)
    to_spike = spiker.next_spike(x, tangents=True)
    assert to_spike.d_after is not None
    assert to_spike.d_time is not None
    z = to_spike.d_after.T @ flight.z_next - to_spike.d_time
    values = []
    for step in reversed(maps):
        values.append(z)
        z = step.T @ z
    return np.array(states).T, np.array(values[::-1]).T


def _before_spike(spiker: Spiker, flight: _Flight) -> tuple[Floats, Floats]:
    """Return state and Z at the end of the period, before any reset."""
    of = spiker.fld
    if not of.model.spikes_by_reset:
        return spiker.next_spike(flight.state).after, flight.z_next
    n, x = of.n, spiker.next_spike(flight.state).before
    compiled = systems(of.model.equations, of.names, 0, None, False)
    surface = np.array(compiled.surface(tuple(x.tolist()), of.p), dtype=float)
    drift, gradient = surface[:n], surface[n : 2 * n]
    reset = np.array(compiled.reset(tuple(x.tolist()), of.p)[n:], dtype=float).reshape(n, n)
    d_time = -gradient / (gradient @ drift)
    d_after = reset @ (np.eye(n) + np.outer(drift, d_time))
    return x, d_after.T @ flight.z_next - d_time


def _check_phases(phases: ArrayLike | int) -> Floats:
    if isinstance(phases, int) and not isinstance(phases, bool):
        if phases < 2:
            raise bad("phases", phases, "2 or more of them, or an array of phases")
        return np.linspace(0.0, 1.0, phases)
    at = floats(phases)
    if at.ndim != 1 or not at.size or not ((at >= 0) & (at <= 1)).all() or (np.diff(at) < 0).any():
        raise bad("phases", phases, "rising numbers from 0 to 1")
    return at
