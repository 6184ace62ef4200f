"""limit_cycle: a stable limit cycle found by letting the neuron run, then polished."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.dynamics.continuation.options import check_options
from causal_snn.dynamics.cycle.collocation import Loop, curve, times_of
from causal_snn.dynamics.cycle.corrector import correct
from causal_snn.dynamics.cycle.floquet import cycle_multipliers
from causal_snn.dynamics.cycle.mesh import equidistribute
from causal_snn.dynamics.cycle.orbit import Orbit, as_orbit
from causal_snn.dynamics.cycle.problem import Problem, sizes_of
from causal_snn.dynamics.cycle.settle import CLOSE, settle
from causal_snn.dynamics.field import Field, field
from causal_snn.dynamics.floats import floats, is_number
from causal_snn.errors import InputError, bad

if TYPE_CHECKING:
    from causal_snn.models.neuron import NeuronModel

Floats = NDArray[np.float64]
ROUNDS = 3
"""Newton solves with a mesh adapted between."""


def limit_cycle(
    model: NeuronModel,
    *,
    guess: Orbit | ArrayLike | None = None,
    intervals: int = 50,
    degree: int = 4,
    duration: float | None = None,
    tolerance: float = 1e-10,
    **params: float,
) -> Orbit:
    """Return a limit cycle of a neuron without reset.

    The neuron runs until it comes back to where it crossed a section before; collocation with
    an adapted mesh then makes the cycle exact. From an `Orbit` as guess (of nearby parameter
    values) collocation starts at once, which also finds unstable cycles.

    Parameters
    ----------
    model : NeuronModel
    guess : Orbit, or array of shape (n,), optional
        A nearby cycle, or a state to start running from; default: several states of the domain.
    intervals : int
        Mesh intervals.
    degree : int
        Degree of the collocation polynomials, 2 to 7.
    duration : float, optional
        Longest run (ms) from one start; default: until the run has settled or 3000 times
        the slowest time scale at the start has gone by.
    tolerance : float
        Relative error of the collocation equations' solution.
    **params
        Parameter values to change.

    Returns
    -------
    Orbit
        Its `parameter` is the neuron's input current, or else its first parameter.

    Raises
    ------
    InputError
        If the neuron spikes by reset, goes to rest from every start, or its run does not settle
        on a cycle.
    """
    of = field(model, **params)
    if model.spikes_by_reset:
        one = len(model.states) == 1
        raise InputError(
            f"{model.name} spikes by reset, so its repetitive firing is "
            + ("no smooth cycle. " if one else "a fixed point of its reset map, no smooth cycle. ")
            + f"Use dynamics.{'firing_rate' if one else 'reset_map'}."
        )
    check_scheme(intervals, degree)
    check_options(tolerance=tolerance)
    if duration is not None and not (is_number(duration) and duration > 0):
        raise bad("duration", duration, "a positive finite time (ms)")
    if of.n < 2:
        raise InputError(f"{model.name} has one state: a flow on a line has no cycles.")
    index = _input_index(of)
    if isinstance(guess, Orbit):
        loop = guess.loop
        if loop.u.shape[1] != of.n:
            raise bad("guess", guess, f"an orbit with {of.n} states")
        loop = Loop(loop.mesh, loop.u, loop.y, loop.period, of.p[index])
        found = polish(of, index, loop, intervals, tolerance)
        if found is None:
            raise InputError(
                f"guess = {guess!r}: Newton's method finds no cycle of {model.name} from it. "
                "Come in smaller parameter steps, or leave guess out."
            )
        return found
    return _run(of, index, _starts(of, guess), duration, intervals, degree, tolerance)


def check_scheme(intervals: int, degree: int) -> None:
    """Raise `InputError` unless a mesh can have so many intervals of this degree."""
    if not (is_number(intervals) and intervals >= 5 and intervals == int(intervals)):
        raise bad("intervals", intervals, "a whole number, 5 or more")
    if not (is_number(degree) and 2 <= degree <= 7 and degree == int(degree)):
        raise bad("degree", degree, "a whole number from 2 to 7")


def _input_index(of: Field) -> int:
    name = of.model.input if of.model.input in of.names else of.names[0]
    return of.index(name)


def _starts(of: Field, guess: ArrayLike | None) -> list[Floats]:
    if guess is not None:
        state = floats(guess)
        if state.shape != (of.n,) or not np.isfinite(state).all():
            raise bad("guess", guess, f"an Orbit, or {of.n} finite numbers: a state")
        return [state]
    domain = of.model.equations.domain or ((-1.0, 1.0),) * of.n
    low, high = np.array(domain, dtype=float).T
    return [low + np.array(part) * (high - low) for part in _fractions(of.n)]


def _fractions(n: int) -> list[list[float]]:
    # Depolarised with the rest low, hyperpolarised, and two in between.
    return [[0.6, *[0.3] * (n - 1)], [0.1, *[0.1] * (n - 1)], [0.4, *[0.5] * (n - 1)], [0.5] * n]


def _run(
    of: Field,
    index: int,
    starts: list[Floats],
    duration: float | None,
    intervals: int,
    degree: int,
    tolerance: float,
) -> Orbit:
    reasons = []
    for start in starts:
        for rough in settle(of, index, start, duration, degree):
            if isinstance(rough, str):
                reasons.append(rough)
                continue
            found = polish(of, index, rough, intervals, tolerance)
            if found is not None and found.stable:  # a run may pass by an unstable cycle
                return found
    told = "; ".join(dict.fromkeys(reasons))
    values = ", ".join(f"{name} = {value:g}" for name, value in of.values().items())
    raise InputError(
        f"{of.model.name} ({values}) {told}. Give `guess`, a state near the cycle, a longer "
        "`duration`, or take the cycle from dynamics.cycles.continue_cycles."
    )


def polish(of: Field, index: int, loop: Loop, intervals: int, tolerance: float) -> Orbit | None:
    """Return the cycle near a loop on its own adapted mesh, or None if Newton fails."""
    problem = Problem(of, index, loop.y.shape[1], sizes_of(loop), 1.0, tolerance)
    last = np.inf
    for k in range(ROUNDS):
        loop = loop.on(equidistribute(loop, problem.scale, intervals))
        found = correct(problem, loop, phase=problem.drift(loop), most=15)
        collapsed = (found.loop.size() < 0.1 * problem.scale).all()
        if not found.converged or collapsed:
            return None
        loop, last = found.loop, found.last
        if k == 0:
            loop = _once_round(problem, loop)
    return as_orbit(
        loop,
        parameter=of.names[index],
        model=of.model,
        multipliers=cycle_multipliers(problem, [loop])[0],
        residual=last,
    )


def _once_round(problem: Problem, loop: Loop) -> Loop:
    """Return one round of a loop that goes round its cycle several times."""
    for rounds in (2, 3, 5, 7):
        later = loop.evaluate(loop.mesh[:-1] + 1 / rounds)
        if (np.abs(later - loop.u) < CLOSE * problem.scale).all():
            own = loop.mesh[loop.mesh < (1 - 1e-9) / rounds]
            mesh = np.append(own * rounds, 1.0)
            times = times_of(mesh, problem.degree) / rounds
            values = loop.evaluate(times.ravel()).reshape(*times.shape, -1)
            once = curve(mesh, problem.degree, values, loop.period / rounds, loop.value)
            return _once_round(problem, once)
    return loop
