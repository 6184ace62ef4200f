"""Let a neuron run until its trajectory closes on itself, or comes to rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Loop, curve, times_of
from causal_snn.dynamics.field import Field

Floats = NDArray[np.float64]
CLOSE = 1e-3
"""Two passages this near each other, relative to the cycle's size, close it."""
SAMPLES = 200
"""Intervals on which a run is handed to collocation."""


def settle(
    of: Field, index: int, start: Floats, duration: float | None, degree: int
) -> Iterator[Loop | str]:
    """Run, and yield each stretch that closes on itself; at the end why there are no more."""
    from scipy.integrate import solve_ivp

    with np.errstate(all="ignore"):
        jacobian = of.jac(start)
    rates = np.abs(np.linalg.eigvals(jacobian)) if np.isfinite(jacobian).all() else np.ones(1)
    pace = 1.0 / max(float(rates.min()), 1e-4 * float(rates.max()), 1e-6)
    piece, state, spent = 20.0 * pace, start, 0.0
    limit = 3e3 * pace if duration is None else duration
    while spent < limit:
        piece = min(piece, limit - spent)
        run = solve_ivp(
            lambda _, x: of.f(x),
            (0.0, piece),
            state,
            method="LSODA",
            rtol=1e-7,
            atol=1e-9,
            dense_output=True,
        )
        if run.status != 0 or not np.isfinite(run.y).all() or np.abs(run.y).max() > 1e12:
            yield "runs away to infinity"
            return
        spent, state = spent + piece, run.y[:, -1]
        late = run.y[:, run.t > piece / 2]
        size = np.ptp(late, axis=1)
        if _rests(of, state):
            yield "goes to rest"
            return
        period = _return_time(of, run, np.maximum(size, 1e-12))
        if period is not None:
            mesh = _step_mesh(run.t, piece - period)
            times = piece - period + period * times_of(mesh, degree)
            values = run.sol(times.ravel()).T.reshape(*times.shape, -1)
            yield curve(mesh, degree, values, period, of.p[index])
        piece *= 2
    yield f"settles neither at rest nor on a cycle within {limit:.4g} ms"


def _step_mesh(t: Floats, begin: float) -> Floats:
    """Return a mesh from `begin` on that is fine where the integrator took short steps."""
    own = np.concatenate([[begin], t[t > begin]])
    steps = np.linspace(0.0, len(own) - 1.0, SAMPLES + 1)
    mesh = np.interp(steps, np.arange(len(own)), own) - begin
    return np.asarray(mesh / mesh[-1])


def _rests(of: Field, state: Floats) -> bool:
    """Tell whether a state is at a stable equilibrium, by the length of Newton's step to it."""
    f, jacobian = of.f_jac(state)
    if not np.isfinite(jacobian).all() or np.linalg.eigvals(jacobian).real.max() >= 0:
        return False
    return bool((np.abs(np.linalg.solve(jacobian, f)) < 1e-6 * (np.abs(state) + 1e-6)).all())


def _return_time(of: Field, run: Any, size: Floats) -> float | None:
    """Return how long ago the run last passed where it ended, or None if it did not."""
    from scipy.optimize import brentq

    end = run.y[:, -1]
    normal = of.f(end) / size**2

    def section(t: float) -> float:
        return float((run.sol(t) - end) @ normal)

    side = (run.y - end[:, None]).T @ normal
    for k in range(len(side) - 3, -1, -1):
        if side[k] < 0 <= side[k + 1]:
            t = brentq(section, run.t[k], run.t[k + 1], xtol=1e-12)
            if (np.abs(run.sol(t) - end) < CLOSE * size).all():
                return float(run.t[-1] - t)
    return None
