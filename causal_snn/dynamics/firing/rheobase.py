"""rheobase: the least current that makes a neuron fire, from rest and once it fires."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import numpy as np

from causal_snn.dynamics.field import Field, field
from causal_snn.dynamics.firing.one_dimensional import Line, line
from causal_snn.dynamics.firing.rest_end import current_scale, rest_ends
from causal_snn.dynamics.firing.sustained import Edge, lowest_firing
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.models.neuron import NeuronModel
from causal_snn.progress import working
from causal_snn.provenance import provenance

SAMPLES = 2001


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rheobase:
    """Least constant currents at which a neuron fires.

    Attributes
    ----------
    from_rest : float
        Current at which rest ceases to be stable as the current rises slowly; inf if it never
        does within the currents looked at.
    loss : {"fold", "Hopf", "threshold", "none"}
        How rest ends there: in a saddle-node of equilibria, by losing stability to an
        oscillation, by reaching the spike threshold, or not at all.
    sustained : float
        Least current of a stable repetitive firing, found by lowering the current from where
        the neuron fires; below `from_rest` the neuron may do either. inf if none was found.
    end : {"fold of cycles", "period doubling", "infinite period", "with rest", "reset", "none"}
        How firing ends there: in a fold of the firing pattern (its multiplier tends to 1), by
        losing stability to alternating intervals (it tends to -1) that do not last, by an
        ever longer interval (a saddle on its way), at the current where rest ends, when the
        reset meets an equilibrium, or not at all.
    error : float
        Uncertainty of `sustained`.
    reason : str
        Both in words.
    point : SpecialPoint, optional
        The bifurcation at `from_rest`, unless it has a closed form.
    input, unit : str
        Name and unit of the current.
    model : NeuronModel
        The neuron.
    provenance : mapping
        How it was computed.
    """

    from_rest: float
    loss: str
    sustained: float
    end: str
    error: float
    reason: str
    point: SpecialPoint | None
    input: str
    unit: str
    model: NeuronModel = attribute(repr=False)
    provenance: Mapping[str, Any] = attribute(repr=False)

    def __float__(self) -> float:
        return self.from_rest

    @property
    def bistable(self) -> bool:
        """Whether there are currents at which the neuron may rest or fire."""
        return self.from_rest - self.sustained > 2 * self.error


def rheobase(model: NeuronModel, *, progress: bool = False, **params: float) -> Rheobase:
    r"""Return the least constant current that makes a neuron fire.

    With one moving state, V' = f(V) + g(V) I, the neuron fires if the drift is positive all the
    way: from rest

    .. math:: I_\mathrm{rh} = \max_{V \le \theta} \bigl(-f(V)/g(V)\bigr)

    (lif: theta - E, qif: 0, eif: g_L (V_T - E_L - Delta_T)) and, once it fires, the maximum from
    the reset on. Any other neuron's rest is continued in the current until it loses stability,
    in a fold or Hopf bifurcation, or reaches the threshold; then the current is lowered again
    until firing stops, and a fold of cycles is extrapolated from the multiplier, which comes
    to 1 with the square root of the distance.

    Parameters
    ----------
    model : NeuronModel
        The neuron; the value of its own current does not matter.
    progress : bool
        Whether a sign of life may appear on stderr.
    **params
        Parameter values to change.

    Returns
    -------
    Rheobase

    Raises
    ------
    InputError
        If a parameter is unknown or outside its meaning.

    Examples
    --------
    >>> from causal_snn.models import eif
    >>> round(rheobase(eif()).from_rest, 9)
    546.0
    """
    of = field(model, **params)
    of = of.at(**{of.model.input: 0.0})
    moving = line(of)
    if moving is not None and _additive(moving):
        return _of_line(of, moving)
    with working("rheobase", show=progress):
        value, loss, point, start = rest_ends(of)
        scale = current_scale(of, start)
        edge = lowest_firing(of, value if math.isfinite(value) else start, scale)
    return _result(of, value, loss, point, edge, "continuation of rest; currents lowered by halves")


def _result(
    of: Field, value: float, loss: str, point: SpecialPoint | None, edge: Edge, how: str
) -> Rheobase:
    words = {
        "fold": "rest ends in a saddle-node",
        "Hopf": "rest loses stability in a Hopf bifurcation",
        "threshold": "rest reaches the threshold",
        "none": "rest stays stable, or there is none,",
    }
    name = of.model.input
    reason = f"{words[loss]} at {name} = {value:.10g}; {edge.reason}"
    return Rheobase(
        from_rest=value,
        loss=loss,
        sustained=edge.value,
        end=edge.kind,
        error=edge.error,
        reason=reason,
        point=point,
        input=name,
        unit="mV" if name not in of.model.parameters else of.model.parameters[name].unit,
        model=of.model,
        provenance=provenance(how),
    )


def _additive(moving: Line) -> bool:
    return moving.gain(0.5 * (moving.reset + moving.threshold)) > 0


def _of_line(of: Field, moving: Line) -> Rheobase:
    """Return the rheobase of a one-dimensional neuron whose current adds to the drift."""
    value, where = _needed(moving, moving.low)
    loss = "threshold" if where >= moving.threshold else "fold"
    if where >= moving.reset:
        edge = Edge(value, "with rest", 0.0, "firing stops there too")
    else:
        sustained, bottleneck = _needed(moving, moving.reset)
        kind = "reset" if bottleneck <= moving.reset else "infinite period"
        reason = f"firing goes on down to {sustained:.10g}, where it meets an equilibrium"
        edge = Edge(sustained, kind, 0.0, reason)
    return _result(of, value, loss, None, edge, "closed form: the largest current that rest needs")


def _needed(moving: Line, start: float) -> tuple[float, float]:
    """Return max over V >= start of the current that keeps the drift at 0, and where it is."""
    from scipy.optimize import minimize_scalar

    def holding(v: float) -> float:
        gain = moving.gain(v)
        return 0.0 - moving.drift(v) / gain if gain > 0 else -math.inf

    grid = np.linspace(start, moving.threshold, SAMPLES)
    values = [holding(float(v)) for v in grid]
    k = int(np.nanargmax(values))
    if k in (0, len(grid) - 1):
        return values[k], float(grid[k])
    best = minimize_scalar(
        lambda v: -holding(v),
        bounds=(grid[k - 1], grid[k + 1]),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return -float(best.fun), float(best.x)
