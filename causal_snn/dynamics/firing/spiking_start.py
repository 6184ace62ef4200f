"""Where a neuron stands before its current steps on: at rest, just after a spike, or displaced."""

from __future__ import annotations

from typing import Any

import numpy as np

from causal_snn.dynamics.equilibrium.equilibria import Equilibria, equilibria
from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.firing.crossing import Spiker
from causal_snn.dynamics.firing.one_dimensional import line, settles_at
from causal_snn.dynamics.firing.spike_train import Train, settle
from causal_snn.dynamics.flight.flow import check_start, widths
from causal_snn.dynamics.flight.variational import systems
from causal_snn.dynamics.floats import floats
from causal_snn.errors import bad

KICKS = (0.6, 0.75, 0.9, 0.45, 0.05)  # where in its domain the potential is displaced to
ASIDE = {"unstable node": (0.01,), "unstable focus": (0.01,), "stable focus": (0.04, 0.07)}
"""How far from an equilibrium to start, in domains; off a stable one beyond its own basin."""
LEVEL = 0.5
SWING = 0.1  # of the domain: a smaller oscillation has no spikes


def spiker_at(
    of: Field, *, refractory: float, level: float | None, rtol: float, longest: float
) -> Spiker:
    """Return the neuron with what counts as its spike; `level` defaults to mid-domain."""
    if level is None:
        low, high = _domain(of)[0]
        level = low + LEVEL * (high - low)
    return Spiker(fld=of, level=level, refractory=refractory, rtol=rtol, longest=longest)


def train_from(spiker: Spiker, begin: list[Floats], most: int, *, free: bool) -> Train:
    """Return the train from the first start that leads to sustained spikes, or from the last.

    With `free`, the level may come down to a lower oscillation that is large enough to count.
    """
    for start in begin:
        train = settle(spiker, start, most=most)
        if free and train.swing is not None:
            bottom, top = train.swing
            if top - bottom >= SWING * widths(spiker.fld)[0]:
                lower = spiker.with_level(0.5 * (bottom + top))
                train = settle(lower, start, most=most)
        if train.spiking:
            break
    return train


def starts(begin: Field, start: Any) -> list[Floats]:
    """Return the states that a way to start means, at the holding current."""
    if not isinstance(start, str):
        return [np.asarray(start, dtype=float)]
    rest = resting_state(begin)
    if begin.model.spikes_by_reset:
        after = after_spike(begin, rest)
        return [after if start == "spiking" or rest is None else rest]
    low, high = _domain(begin)[0]
    base = relaxed(begin, 0.75 * low + 0.25 * high) if rest is None else rest
    if start == "rest":
        return [base]
    return [np.array([low + part * (high - low), *base[1:]]) for part in KICKS]


def around(of: Field, way: Any) -> list[Floats]:
    """Return states from which the flow winds onto a cycle, if firing is looked for.

    A neuron without reset may fire only in a small basin around a node or focus, which
    displacements of the potential from rest jump over (Morris-Lecar's homoclinic regime).
    """
    if not (isinstance(way, str) and way == "spiking") or of.model.spikes_by_reset:
        return []
    along = widths(of)[0] * np.eye(of.n)[0]
    return [
        point.state + aside * along
        for point in equilibria(of.model, **_given(of))
        for aside in ASIDE.get(point.kind, ())
    ]


def _given(of: Field) -> dict[str, Any]:
    return dict(of.values())


def check_way(of: Field, start: Any) -> Any:
    """Return a way to start after checking it."""
    if isinstance(start, str):
        if start not in ("rest", "spiking"):
            raise bad("start", start, "'rest', 'spiking' or a state")
        return start
    if of.model.spikes_by_reset:
        return np.array(check_start(of, start))
    state = floats(start)
    if state.shape != (of.n,) or not np.isfinite(state).all():
        raise bad("start", start, f"{of.n} finite numbers, one for each of {of.states}")
    return state


def resting_state(of: Field) -> Floats | None:
    """Return the stable equilibrium with the lowest potential below threshold, or None."""
    moving = line(of)
    if moving is not None:
        v = settles_at(moving)
        return None if v is None else np.array([v, *[0.0] * (of.n - 1)])
    for point in equilibria(of.model, **_given(of)):
        if point.stable and point.admissible:
            return point.state
    return None


def equilibria_at(of: Field, current: float) -> Equilibria:
    """Return the equilibria at a value of the input current."""
    values: dict[str, Any] = {**of.values(), of.model.input: current}
    return equilibria(of.model, **values)


def after_spike(of: Field, rest: Floats | None) -> Floats:
    """Return the state just after a spike that met the other states at rest."""
    low, high = _domain(of)[0]
    x = relaxed(of, 0.5 * (low + high)) if rest is None else rest.copy()
    compiled = systems(of.model.equations, of.names, 0, None, False)
    height = compiled.by_time.begin(tuple(x.tolist()), compiled.by_time.prepare(of.p))[1][0]
    x[0] -= height
    return np.array(compiled.reset(tuple(x.tolist()), of.p)[: of.n], dtype=float)


def relaxed(of: Field, v: float) -> Floats:
    """Return the state whose other variables have come to rest at a fixed potential."""
    x = np.array([v, *(0.5 * (low + high) for low, high in _domain(of)[1:])])
    for _ in range(50):
        drift, jacobian = of.f_jac(x)
        try:
            step = np.linalg.solve(jacobian[1:, 1:], drift[1:])
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all():
            break
        x[1:] -= step
        if (np.abs(step) <= 1e-12 * widths(of)[1:]).all():
            break
    return x


def _domain(of: Field) -> tuple[tuple[float, float], ...]:
    return of.model.equations.domain or ((-100.0, 100.0),) * of.n
