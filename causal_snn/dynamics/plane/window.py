"""plane_window: the part of a plane worth looking at, when nobody says which.

It is the model's domain, widened to hold what belongs in the picture at these parameter values:
equilibria, knees of the nullclines, and the orbits asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from causal_snn.dynamics.equilibrium.equilibria import Equilibria, equilibria
from causal_snn.dynamics.equilibrium.equilibrium import Equilibrium
from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.plane.nullclines import nullclines
from causal_snn.dynamics.plane.trajectory import apply_reset, threshold_of
from causal_snn.models.neuron import NeuronModel

MARGIN = 0.06
"""Space left beside what the window is widened for, in windows."""
GATE = (0.0, 1.0)
"""Domain of a probability; what its nullclines do outside has no meaning."""
FAR = 3.0
"""Windows from the domain beyond which nothing is shown for its own sake."""

type Range = tuple[float, float]
"""(low, high) of a state."""


def find_equilibria(model: NeuronModel, asked: Mapping[str, Range], **options: Any) -> Equilibria:
    """Return the equilibria in the default box, widened to hold the window asked for."""
    found = equilibria(model, **options)
    box = {
        name: (min(low, asked[name][0]), max(high, asked[name][1]))
        for name, (low, high) in found.box.items()
        if name in asked
    }
    if all(found.box[name] == ends for name, ends in box.items()):
        return found
    return equilibria(model, box=box, **options)


def choose_window(
    field: Field,
    asked: Mapping[str, Range],
    equilibria: Iterable[Equilibrium],
    orbits: Iterable[Floats] = (),
) -> dict[str, Range]:
    """Return the range of each state to show.

    Parameters
    ----------
    field : Field
        Of a model with one or two states.
    asked : mapping
        Ranges that are given, by state.
    equilibria : iterable of Equilibrium
        Shown if they are below threshold and not far from the domain.
    orbits : iterable of array, shape (n, N)
        Shown as far as the potential is below the top of its own range: the upswing of a spike
        that is cut off would dwarf everything else.

    Returns
    -------
    dict
        (low, high) of each state.
    """
    points = [p.state[:, None] for p in equilibria if p.admissible]
    potential = field.states[0]
    ranges = dict(asked)
    first = _base(field, 0)
    if potential not in ranges:
        inside = [*points, *(_below(orbit, first, field) for orbit in orbits)]
        ranges[potential] = _widened(first, [p[0] for p in inside])
    if field.n == 1 or field.states[1] in ranges:
        return ranges
    low, high = ranges[potential]
    second = _base(field, 1)
    shown = [
        p[1, (p[0] >= low) & (p[0] <= high)]
        for p in [*points, *orbits, *([] if second == GATE else _knees(field, (low, high), second))]
    ]
    ranges[field.states[1]] = _widened(second, shown)
    return {name: ranges[name] for name in field.states}


def _below(orbit: Floats, base: Range, field: Field) -> Floats:
    """Return an orbit without the upswing of its spikes, if these are cut off."""
    top = base[1] - MARGIN * (base[1] - base[0])
    return orbit if field.model.threshold is None else orbit[:, orbit[0] < top]


def _widened(base: Range, values: Iterable[Floats]) -> Range:
    low, high = base
    reach = FAR * (high - low)
    shown = np.concatenate([np.empty(0), *values])
    shown = shown[(shown >= low - reach) & (shown <= high + reach)]
    if not shown.size:
        return base
    least, most = float(shown.min()), float(shown.max())
    space = MARGIN * (max(high, most) - min(low, least))
    # What lies on the border is widened for too: it would be half cut off.
    return min(low, least - space), max(high, most + space)


def _knees(field: Field, first: Range, second: Range) -> list[Floats]:
    """Return the local extremes of the first state's nullcline, near the second's domain."""
    reach = FAR * (second[1] - second[0])
    wide = (second[0] - reach, second[1] + reach)
    knees = []
    for piece in nullclines(field, (first, wide))[0].pieces:
        rise = np.sign(np.diff(piece[1]))
        knees.append(piece[:, 1:-1][:, rise[:-1] * rise[1:] < 0])
    return knees


def _base(field: Field, index: int) -> Range:
    """Return a state's domain; without one, what threshold and reset span."""
    if field.model.equations.domain:
        return field.model.equations.domain[index]
    if index == 0:
        threshold = threshold_of(field, np.zeros((field.n, 1)))[0]
        marks = [threshold, apply_reset(field, np.array([threshold, *[0.0] * (field.n - 1)]))[0]]
        space = 0.25 * (max(marks) - min(marks))
        return float(min(marks) - space), float(max(marks) + space)
    return _driving(field)


def _driving(field: Field) -> Range:
    """Return the values of the second state that hold the first between threshold and reset."""
    low, high = _base(field, 0)
    values: list[Any] = [0.0]
    for v in (low, high):
        at_0, at_1 = field.f([v, 0.0])[0], field.f([v, 1.0])[0]
        if at_0 != at_1:
            values.append(at_0 / (at_0 - at_1))
    least, most = float(min(values)), float(max(values))
    return (least, most) if least < most else (-1.0, 1.0)
