"""Outcome: what is asked of a network at the end of a sweep's steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from causal_snn import order
from causal_snn.errors import InputError, bad, check_choice
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.group_lanes import GroupLanes
from causal_snn.simulation.engine.layout import Layout

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
    edges: Sequence[ArrayLike] | None,
    window: int,
    units: str,
    smooth: bool | None,
    layout: Layout,
    steps: int,
    *,
    clamped: bool = False,
) -> Outcome:
    """Return what is asked of a sweep; raise `InputError` for what makes no sense."""
    n = layout.n
    cells = None
    if edges is not None:
        if len(edges) != n:
            raise bad(
                "edges", f"{len(edges)} lists", f"one list of potentials for each of {n} units"
            )
        cells = tuple(np.atleast_1d(np.asarray(each, dtype=float)) for each in edges)
        for k, each in enumerate(cells):
            if not np.all(np.isfinite(each)) or not np.all(np.diff(each) > 0):
                raise bad(f"edges[{k}]", each.tolist(), "finite potentials (mV), ascending")
        if window != 1:
            raise InputError("edges cut the last potential: `window` has to be 1")
    if isinstance(window, bool) or int(window) != window or not 1 <= window <= steps:
        raise bad("window", window, f"a number of steps from 1 to {steps}")
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
    against = "a unit is clamped in the last step" if clamped else _not_smooth(layout, window)
    if smooth and against:
        raise bad("smooth", True, f"False here: {against}")
    return Outcome(sizes, cells, int(window), together, not against if smooth is None else smooth)


def _not_smooth(layout: Layout, window: int) -> str:
    """Return why the last step's probabilities have no closed form, or ''."""
    if window > 1:
        return "a window of several steps has no closed form"
    for group in layout.groups:
        equations = group.equations
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

    def outcomes(self) -> list[Any]:
        """Return the outcomes of the lanes of each row.

        Numbers of joint cells, (lanes,); or probabilities or indicators, (lanes, K).
        """
        parts = self._smooth() if self.outcome.smooth else self._sampled()
        sizes, found = self.outcome.sizes, []
        for row in range(self.engine.rows):
            factors = [part[row] for part in parts]
            if self.outcome.smooth and self.outcome.joint:
                found.append(order.product([factor.T for factor in factors]))
            elif self.outcome.joint:
                found.append(np.ravel_multi_index(tuple(factors), sizes, order="F"))
            else:
                found.append(np.concatenate(factors).T)
        return found

    def _each_unit(self) -> list[tuple[GroupLanes, int, int]]:
        """Return (lanes, position, unit) in the network's order."""
        found = [
            (lanes, j, int(unit))
            for lanes in self.engine.groups
            for j, unit in enumerate(lanes.group.units)
        ]
        return sorted(found, key=lambda entry: entry[2])

    def _sampled(self) -> list[Any]:
        """Return each unit's cell, (rows, lanes); indicators (rows, k, lanes) where apart."""
        found = []
        for lanes, j, unit in self._each_unit():
            if self.outcome.edges is not None:
                cell = np.digitize(lanes.states[0][:, j], self.outcome.edges[unit])
            elif self.since is not None:
                place = lanes.group.start + j
                cell = (self.since[:, place] < self.outcome.window).astype(np.int64)
            else:
                cell = lanes.spiked[:, j].astype(np.int64)
            if not self.outcome.joint:
                values = np.arange(self.outcome.sizes[unit])
                found.append((cell[:, None] == values[:, None]).astype(np.float32))
            else:
                found.append(cell)
        return found

    def _smooth(self) -> list[Any]:
        """Return each unit's probabilities of its outcomes in the last step, (rows, k, lanes).

        The engine has taken the last step's flow, without its noise: with mean m and standard
        deviation sigma the potential stays below x with probability Phi((x - m)/sigma).
        """
        from scipy.special import ndtr

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
            below = [
                _below(edge, mean, sigma, lanes.group.convention.strict_threshold, ndtr)
                for edge in edges
            ]
            for k, edge in enumerate(edges):  # refractory units neither move nor spike
                still = 1.0 if self.outcome.edges is None else (mean < edge)
                below[k] = np.where(held[place], still, below[k])
            ends = [np.zeros_like(mean), *below, np.ones_like(mean)]
            found.append(np.stack([b - a for a, b in pairwise(ends)], axis=1))
        return found


def _below(edge: Any, mean: Any, sigma: Any, strict: bool, ndtr: Any) -> Any:
    """Return the probability of a potential below an edge (or at it, if spikes are strict)."""
    sharp = mean <= edge if strict else mean < edge
    smooth = ndtr((edge - mean) / np.where(sigma > 0, sigma, 1.0))
    return np.where(sigma > 0, smooth, sharp)
