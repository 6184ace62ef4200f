"""Where rest ends as the current rises: at a fold, in a Hopf bifurcation, at the threshold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.firing.spiking_start import relaxed, resting_state
from causal_snn.dynamics.flight.flow import widths
from causal_snn.dynamics.flight.variational import systems
from causal_snn.dynamics.special import SpecialPoint

if TYPE_CHECKING:
    from causal_snn.dynamics.continuation.branch import Branch

EXPANSIONS = 5
SPREAD = 4.0
BELOW = 0.25  # of the domain: where the slope is taken without rest


def rest_ends(of: Field) -> tuple[float, str, SpecialPoint | None, float]:
    """Return where and how rest ends as the current rises, and the current it begins at."""
    from causal_snn.dynamics.continuation.continuation import continue_equilibria

    name = of.model.input
    start, rest = _some_rest(of)
    if rest is None:
        return -math.inf, "none", None, start
    span = current_scale(of, start)
    for _ in range(EXPANSIONS):
        values = {k: v for k, v in of.values().items() if k != name}
        branch = continue_equilibria(
            of.model,
            name,
            (start, start + span),
            start=rest,
            **values,  # type: ignore[arg-type]
        )
        found = _first_loss(of, branch)
        if found is not None:
            return (*found, start)
        span *= SPREAD
    return math.inf, "none", None, start


def _some_rest(of: Field) -> tuple[float, Floats | None]:
    """Return a current with a stable equilibrium, 0 or below, and the equilibrium."""
    start = 0.0
    for _ in range(EXPANSIONS):
        here = of.at(**{of.model.input: start})
        rest = resting_state(here)
        if rest is not None:
            return start, rest
        start = min(SPREAD * start, start - current_scale(of, start))
    return 0.0, None


def current_scale(of: Field, current: float) -> float:
    """Return the current that would move the potential across its domain, by the slope near rest.

    The slope is taken somewhat below rest, since at the end of rest itself it is infinite.
    """
    here = of.at(**{of.model.input: current})
    rest, width = resting_state(here), widths(of)
    low = of.model.equations.domain[0][0] if of.model.equations.domain else -0.5 * width[0]
    v = low + BELOW * width[0] if rest is None else float(rest[0]) - 0.2 * BELOW * width[0]
    _, jacobian, by = here.f_jac_dp(relaxed(here, v), here.p, here.index(of.model.input))
    try:
        slope = abs(float(np.linalg.solve(jacobian, by)[0]))
    except np.linalg.LinAlgError:
        slope = 0.0
    return float(width[0] / slope) if slope > 0 else 1.0


def _first_loss(of: Field, branch: Branch) -> tuple[float, str, SpecialPoint | None] | None:
    ends = [point for point in branch.special if point.label in ("LP", "HB")]
    last = ends[0].index if ends else len(branch.values)
    if of.model.spikes_by_reset:
        heights = np.array([_height(of, x) for x in branch.states[:last]])
        over = np.flatnonzero(heights >= 0)
        if over.size and over[0] > 0:
            return _meets_threshold(of, branch, int(over[0])), "threshold", None
    if not ends:
        return None
    return ends[0].value, "fold" if ends[0].label == "LP" else "Hopf", ends[0]


def _height(of: Field, x: Floats) -> float:
    compiled = systems(of.model.equations, of.names, 0, None, False)
    state = tuple(x.tolist())
    return float(compiled.by_time.begin(state, compiled.by_time.prepare(of.p))[1][0])


def _meets_threshold(of: Field, branch: Branch, k: int) -> float:
    """Return the current at which the equilibrium comes up to the threshold."""
    from scipy.optimize import brentq

    def height(current: float) -> float:
        here = of.at(**{of.model.input: current})
        x = branch.states[k - 1].copy()
        for _ in range(20):
            drift, jacobian = here.f_jac(x)
            step = np.linalg.solve(jacobian, drift)
            x = x - step
            if (np.abs(step) <= 1e-13 * widths(of)).all():
                break
        return _height(here, x)

    low, high = float(branch.values[k - 1]), float(branch.values[k])
    return float(brentq(height, low, high, xtol=1e-14, rtol=1e-14))
