"""phase_plane: everything a picture of a planar neuron shows, computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causal_snn.dynamics.equilibrium.equilibria import Equilibria
from causal_snn.dynamics.field import Field, Floats, field
from causal_snn.dynamics.plane.checks import (
    check_axes,
    check_grid,
    check_line,
    check_starts,
    check_window,
    warn_undefined,
)
from causal_snn.dynamics.plane.manifolds import Manifold, manifolds
from causal_snn.dynamics.plane.nullclines import Nullcline, Window, nullclines
from causal_snn.dynamics.plane.phase_line import PhaseLine, phase_line
from causal_snn.dynamics.plane.projection import Fixed, project
from causal_snn.dynamics.plane.trajectory import (
    Trajectory,
    apply_reset,
    as_state,
    threshold_of,
    trajectory,
)
from causal_snn.dynamics.plane.window import Range, choose_window, find_equilibria
from causal_snn.errors import InputError
from causal_snn.models.neuron import NeuronModel
from causal_snn.provenance import provenance

LINE = 201
"""Points on the threshold and on its image."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhasePlane:
    """A plane of two states of a neuron; made by `phase_plane`.

    Arrays hold the states in the order of ``model.states``; `xy` puts them on the axes.

    Attributes
    ----------
    model : NeuronModel
        The neuron in the plane: two states, the others replaced as in `ties`.
    source : NeuronModel
        The neuron it was made from.
    x, y : str
        States on the axes.
    window : mapping of str to (float, float)
        Range of each state.
    ties : mapping of str to str
        Formula of each state that is not on an axis.
    nullclines : tuple of Nullcline
        One for each state of `model`, within the window.
    equilibria : Equilibria
        All that were found, also outside the window.
    manifolds : tuple of Manifold
        Four branches for each saddle in the window.
    grid : array, shape (2, ny, nx)
        States at which the drift was taken.
    drift : array, shape (2, ny, nx)
        Time derivative of each state there (per ms); NaN or infinite where the formula has no
        value, which is warned of.
    trajectories : tuple of Trajectory
        Orbits asked for: of `model`, or of `source` if the start had all its states.
    threshold : array, shape (2, N), or None
        States at which a spike is emitted, across the window and one more on each side.
    reset : array, shape (2, N), or None
        Where each of these is reset to.
    provenance : mapping
        How it was made.
    """

    model: NeuronModel
    source: NeuronModel
    x: str
    y: str
    window: Mapping[str, Range]
    ties: Mapping[str, str]
    nullclines: tuple[Nullcline, Nullcline]
    equilibria: Equilibria
    manifolds: tuple[Manifold, ...]
    grid: Floats
    drift: Floats
    trajectories: tuple[Trajectory, ...]
    threshold: Floats | None
    reset: Floats | None
    provenance: Mapping[str, Any]

    def xy(self, points: Floats, states: Sequence[str] | None = None) -> Floats:
        """Return the rows of an array of states that are on the x and on the y axis.

        Parameters
        ----------
        points : array, shape (n, ...)
            States.
        states : sequence of str, optional
            What the rows are; default ``model.states``.
        """
        names = tuple(states or self.model.states)
        return np.stack([points[names.index(self.x)], points[names.index(self.y)]])

    def unit(self, state: str) -> str:
        """Return the unit of a state."""
        return self.model.equations.units[self.model.states.index(state)]

    def holds(self, state: Floats) -> bool:
        """Return whether a state of `model`, shape (2,), is in the window."""
        ranges = [self.window[name] for name in self.model.states]
        return all(low <= v <= high for v, (low, high) in zip(state, ranges, strict=True))

    def __repr__(self) -> str:
        kinds = ", ".join(point.kind for point in self.equilibria) or "no equilibrium"
        return f"<PhasePlane of {self.source.name}, {self.y} against {self.x}: {kinds}>"


def phase_plane(
    model: NeuronModel,
    *,
    x: str | None = None,
    y: str | None = None,
    window: Mapping[str, Range] | None = None,
    fixed: Fixed = "steady state",
    trajectories: Sequence[Mapping[str, float] | Sequence[float]] = (),
    duration: float = 200.0,
    grid: tuple[int, int] = (24, 18),
    progress: bool = False,
    **params: float,
) -> PhasePlane | PhaseLine:
    """Return the phase plane of a neuron, or its phase line if it has one state.

    Nullclines are explicit where the drift is linear in one of the states, and traced to
    rounding otherwise; equilibria come with their proof of completeness; the manifolds of
    saddles are integrated from their eigenvectors; orbits are timed to their events.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    x, y : str, optional
        States on the axes; default the first two.
    window : mapping of str to (float, float), optional
        Range of a state on an axis. Default: the model's domain, widened to hold equilibria,
        knees of nullclines and orbits.
    fixed : mapping or "steady state"
        What to do with the other states of a larger model: a number or a formula for some, as
        ``{"h": "0.8 - n"}``; the others take the values at which they would rest, given the two
        on the axes (see `causal_snn.dynamics.plane.projection.project`).
    trajectories : sequence of mapping or sequence
        Where orbits start: two values, in the order x, y or by name, for the neuron in the
        plane; or all states of the larger model, whose orbit is then seen from this plane.
    duration : float
        How long to follow them (ms).
    grid : (int, int)
        Columns and rows of the direction field.
    progress : bool
        Whether to show that it works, where somebody watches.
    **params
        Parameter values to change.

    Returns
    -------
    PhasePlane or PhaseLine
        The latter for a neuron with one state.

    Raises
    ------
    InputError
        If a name is unknown, a range reversed, or an option makes no sense for this neuron.

    Warns
    -----
    StageWarning
        If the drift is undefined, or overflows, in a part of the window.

    Examples
    --------
    >>> from causal_snn.models import fitzhugh_nagumo
    >>> phase_plane(fitzhugh_nagumo(), I=0.8)
    <PhasePlane of fitzhugh_nagumo, w against v: unstable node>
    """
    source = field(model, **params).model
    if len(source.states) == 1:
        check_line(source, x, y, fixed)
        return phase_line(
            model,
            window=window,
            trajectories=trajectories,
            duration=duration,
            progress=progress,
            **params,
        )
    x, y = check_axes(source, x, y)
    check_starts(trajectories)
    plane, ties = project(source, x, y, fixed)
    drive: dict[str, Any] = {k: v for k, v in params.items() if k not in source.parameters}
    flow = field(plane, **drive)
    columns, rows = check_grid(grid)
    asked = check_window(window, plane.states)
    orbits = tuple(
        _orbit(f"trajectories[{k}]", start, (x, y), plane, source, duration, progress, drive)
        for k, start in enumerate(trajectories)
    )
    points = find_equilibria(plane, asked, progress=progress, **drive)
    places = [np.stack([o[name] for name in plane.states]) for o in orbits]
    ranges = choose_window(flow, asked, points, places)
    box: Window = (ranges[plane.states[0]], ranges[plane.states[1]])
    where, drift = _drift(flow, box, columns, rows, swapped=x != plane.states[0])
    warn_undefined(plane, where, drift)
    threshold, reset = _events(flow, box)
    curves = nullclines(flow, box)
    return PhasePlane(
        model=plane,
        source=source,
        x=x,
        y=y,
        window=ranges,
        ties=ties,
        nullclines=curves,
        equilibria=points,
        manifolds=tuple(
            branch
            for point in points
            if all(lo <= v <= hi for v, (lo, hi) in zip(point.state, box, strict=True))
            for branch in manifolds(flow, point, box, others=points)
        ),
        grid=where,
        drift=drift,
        trajectories=orbits,
        threshold=threshold,
        reset=reset,
        provenance=provenance(
            "explicit or Newton-polished nullclines; interval-certified equilibria; manifolds and "
            "orbits by DOP853",
            nullclines=[method for state in curves for method in state.methods],
            window={name: list(ends) for name, ends in ranges.items()},
        ),
    )


def _orbit(
    argument: str,
    start: Any,
    axes: tuple[str, str],
    plane: NeuronModel,
    source: NeuronModel,
    duration: float,
    progress: bool,
    drive: Mapping[str, Any],
) -> Trajectory:
    size = len(start) if isinstance(start, (Mapping, Sequence, np.ndarray)) else 0
    if size == len(source.states) > 2:
        state = as_state(argument, start, source.states)
        return trajectory(source, state, duration, progress=progress, **drive)
    if size != 2:
        raise InputError(
            f"{argument} = {start!r}: values of {axes[0]} and {axes[1]}"
            + (f", or of all of {', '.join(source.states)}" if len(source.states) > 2 else "")
        )
    at = as_state(argument, start, axes)
    values = dict(zip(axes, at.tolist(), strict=True))
    return trajectory(plane, values, duration, progress=progress, **drive)


def _drift(
    flow: Field, box: Window, columns: int, rows: int, *, swapped: bool
) -> tuple[Floats, Floats]:
    counts = (rows, columns) if swapped else (columns, rows)
    axes = [
        low + (high - low) * (np.arange(count) + 0.5) / count
        for (low, high), count in zip(box, counts, strict=True)
    ]
    grid = np.array(np.meshgrid(*axes, indexing="ij" if swapped else "xy"))
    return grid, flow.batch(grid.reshape(2, -1)).reshape(grid.shape)


def _events(flow: Field, box: Window) -> tuple[Floats | None, Floats | None]:
    """Return the threshold across the window and what the reset makes of it, point by point."""
    threshold = flow.model.threshold
    if threshold is None or flow.model.equations.states[0] in threshold.free_symbols:
        return None, None
    low, high = box[1]
    points = np.zeros((2, LINE))
    points[1] = np.linspace(2 * low - high, 2 * high - low, LINE)
    points[0] = threshold_of(flow, points)
    return points, np.array([apply_reset(flow, point) for point in points.T]).T
