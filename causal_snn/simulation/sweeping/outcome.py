"""Outcome: what is asked of a network at the end of a sweep's steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.errors import InputError, bad, check_choice
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.group_lanes import GroupLanes
from causal_snn.simulation.engine.layout import Layout
from causal_snn.simulation.sweeping.lane_outcomes import LaneOutcomes, together

MOST_JOINT = 4096
"""Most joint outcomes that are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What is asked at the end; made by `check_outcome`.

    Attributes
    ----------
    sizes : tuple of int
        Number of outcomes of each unit.
    edges : tuple of array, optional
        Potentials that cut each unit's last potential into cells; None asks for spikes.
    window : int
        A unit is "on" if it spiked in any of the last `window` steps.
    joint : bool
        Outcomes of all units together (K = product of sizes), or of each alone (K = sum).
    smooth : bool
        Whether probabilities of the last step are used in place of samples (Rao-Blackwell).
    """

    sizes: tuple[int, ...]
    edges: tuple[Any, ...] | None
    window: int
    joint: bool
    smooth: bool

    @property
    def count(self) -> int:
        """Number of outcomes, K."""
        return prod(self.sizes) if self.joint else sum(self.sizes)

    def watch(self, engine: Engine) -> Watch:
        """Return what looks on while an engine runs."""
        return Watch(self, engine)


def check_outcome(
    edges: Any,
    window: Any,
    units: str,
    smooth: Any,
    layout: Layout,
    steps: int,
    *,
    clamped: bool = False,
) -> Outcome:
    """Return what is asked of a sweep; raise `InputError` for what makes no sense."""
    n = layout.n
    cells = None
    if edges is not None:
        allowed = f"one list of potentials (mV) for each of {n} units"
        if not isinstance(edges, Sequence | np.ndarray) or isinstance(edges, str):
            raise bad("edges", edges, allowed)
        if len(edges) != n:
            raise bad("edges", f"{len(edges)} lists", allowed)
        cells = tuple(_edges(f"edges[{k}]", each) for k, each in enumerate(edges))
        if window != 1:
            raise InputError("edges cut the last potential: `window` has to be 1")
    whole = isinstance(window, int | np.integer) and not isinstance(window, bool)
    if not whole or not 1 <= window <= steps:
        raise bad("window", window, f"a number of steps from 1 to {steps}")
    if smooth not in (None, True, False):
        raise bad("smooth", smooth, "True, False or None")
    check_choice("units", units, ("together", "apart"))
    sizes = (2,) * n if cells is None else tuple(len(each) + 1 for each in cells)
    together = units == "together"
    if together and prod(sizes) > MOST_JOINT:
        raise bad(
            "units",
            "together",
            f"at most {MOST_JOINT} joint outcomes, and {n} units have {prod(sizes):,}",
            "Use units='apart' for the outcomes of each unit alone, or a subset of the network.",
        )
    against = _not_smooth(layout, window, cells is not None, clamped)
    if smooth and against:
        raise bad("smooth", True, f"False here: {against}")
    return Outcome(sizes, cells, int(window), together, not against if smooth is None else smooth)


def _edges(name: str, values: Any) -> NDArray[np.float64]:
    """Return potentials that cut one unit's last potential."""
    allowed = "finite potentials (mV), ascending"
    try:
        found = np.atleast_1d(np.array(values, dtype=float))
    except (TypeError, ValueError):
        raise bad(name, values, allowed) from None
    if found.ndim != 1 or not np.all(np.isfinite(found)) or not np.all(np.diff(found) > 0):
        raise bad(name, found.tolist(), allowed)
    return found


def _not_smooth(layout: Layout, window: int, cells: bool, clamped: bool) -> str:
    """Return why the last step's probabilities have no closed form, or ''."""
    if clamped:
        return "a unit is clamped in the last step"
    if window > 1:
        return "a window of several steps has no closed form"
    for group in layout.groups:
        equations = group.equations
        if cells:  # the last potential is normal about its mean, whatever a spike is
            continue
        if equations.threshold is None:
            return f"{group.model.name} spikes by its flow, without a threshold"
        if equations.threshold.free_symbols & set(equations.states):
            return f"the threshold of {group.model.name} is a state"
    return ""


class Watch:
    """Looks on while an engine runs, and tells the outcomes at the end."""

    def __init__(self, outcome: Outcome, engine: Engine) -> None:
        self.outcome, self.engine = outcome, engine
        shape = (engine.rows, engine.n, engine.lanes)
        # steps since the latest spike, where a window asks for it
        self.since = np.full(shape, outcome.window, np.int64) if outcome.window > 1 else None

    def after_step(self) -> None:
        """See who spiked."""
        if self.since is not None:
            self.since += 1
            for lanes in self.engine.groups:
                self.since[:, lanes.group.span][lanes.spiked] = 0

    def outcomes(self) -> list[LaneOutcomes]:
        """Return the outcomes of the lanes of each row."""
        if self.outcome.smooth:
            units = self._probabilities()
        else:
            cells = self._cells()
            if self.outcome.joint:
                codes = order.numbers(cells, self.outcome.sizes)
                return [LaneOutcomes(each) for each in codes]
            units = [
                (cell[:, None] == np.arange(size)[:, None]).astype(np.float32)
                for cell, size in zip(cells, self.outcome.sizes, strict=True)
            ]
        rows = [[unit[row] for unit in units] for row in range(self.engine.rows)]
        if self.outcome.joint:
            return [together(each) for each in rows]
        return [LaneOutcomes(np.concatenate(each)) for each in rows]

    def _each_unit(self) -> list[tuple[GroupLanes, int, int]]:
        """Return (lanes, position, unit) in the network's order."""
        found = [
            (lanes, j, int(unit))
            for lanes in self.engine.groups
            for j, unit in enumerate(lanes.group.units)
        ]
        return sorted(found, key=lambda entry: entry[2])

    def _cells(self) -> list[Any]:
        """Return each unit's cell, (rows, lanes)."""
        found = []
        for lanes, j, unit in self._each_unit():
            if self.outcome.edges is not None:
                cell = np.digitize(lanes.states[0][:, j], self.outcome.edges[unit])
            elif self.since is not None:
                place = lanes.group.start + j
                cell = (self.since[:, place] < self.outcome.window).astype(np.int64)
            else:
                cell = lanes.spiked[:, j].astype(np.int64)
            found.append(cell)
        return found

    def _probabilities(self) -> list[Any]:
        """Return each unit's probabilities of its outcomes in the last step, (rows, k, lanes).

        The engine has taken the last step's flow, without its noise: with mean m and standard
        deviation sigma the potential stays below x with probability Phi((x - m)/sigma).
        """
        engine, found = self.engine, []
        held = engine.held_now()
        for lanes, j, unit in self._each_unit():
            mean = lanes.states[0][:, j].astype(float)
            place = lanes.group.start + j
            sigma = engine.sigma[:, place][:, None]
            if self.outcome.edges is None:
                edges: list[Any] = [np.broadcast_to(lanes.threshold_now(), lanes.shape)[:, j]]
            else:
                edges = list(self.outcome.edges[unit])
            # A potential at an edge is in the upper cell; at a strict threshold it is no spike.
            strict = self.outcome.edges is None and lanes.group.convention.strict_threshold
            below = [_below(edge, mean, sigma, strict) for edge in edges]
            for k, edge in enumerate(edges):  # refractory units neither move nor spike
                if held[place].any():
                    still = 1.0 if self.outcome.edges is None else (mean < edge)
                    below[k] = np.where(held[place], still, below[k])
            parts = np.empty((len(mean), len(edges) + 1, mean.shape[1]))
            last: Any = 0.0
            for k, each in enumerate([*below, 1.0]):
                np.subtract(each, last, out=parts[:, k])
                last = each
            found.append(parts)
        return found


def _below(edge: Any, mean: Any, sigma: Any, strict: bool) -> Any:
    """Return the probability of a potential below an edge (or at it, if spikes are strict)."""
    from scipy.special import ndtr

    if np.all(sigma > 0):
        z = np.subtract(edge, mean)
        z /= sigma
        return ndtr(z, out=z)
    sharp = mean <= edge if strict else mean < edge
    smooth = ndtr((edge - mean) / np.where(sigma > 0, sigma, 1.0))
    return np.where(sigma > 0, smooth, sharp)
