"""The cells of a plane of micro states: quiet, just spiked, refractory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad, check_whole, suggest
from causal_snn.kernel.intervention_range import intervention_range
from causal_snn.kernel.two_variables.unit import PlaneUnit
from causal_snn.models.network import Network
from causal_snn.simulation.engine.layout import is_lif_family

Floats = NDArray[np.float64]
Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Boxes of the plane, cell by cell; a cell holds its lower ends and not its upper ones.

    Attributes
    ----------
    low, high : array, shape (2, n)
        Ends of each cell in the potential and the second coordinate.
    quiet, spiked : array of bool, shape (n,)
        Whether a cell has states that are below the threshold, and that have just spiked.
    hold : array of int, shape (n,)
        Steps for which a cell's states are still refractory: neither quiet nor just spiked.
    area : array, shape (n,)
        Share of the declared range; sums to 1.
    """

    low: Floats
    high: Floats
    quiet: NDArray[np.bool_]
    spiked: NDArray[np.bool_]
    hold: NDArray[np.int64]
    area: Floats

    @property
    def middle(self) -> Floats:
        """Middle of each cell, shape (2, n)."""
        return (self.low + self.high) / 2.0


def check_ranges(network: Network, unit: int, one: PlaneUnit, ranges: Ranges | None) -> Floats:
    """Return the declared ranges of the plane, shape (2, 2): (coordinate, end).

    Default: what interventions may set and spike trains reach for neurons of the LIF family,
    the `domain` of the equations for others, the potential up to the threshold.

    Raises
    ------
    InputError
        If a name is unknown, a range is not increasing, or starts at or above the threshold.
    """
    names = (one.names[0], one.names[one.second])
    given = dict(ranges or {})
    for name in given:
        if name not in names:
            raise bad(
                "ranges", name, f"ranges of {names[0]!r} and {names[1]!r}", suggest(name, names)
            )
    if is_lif_family(one.group.model):
        own = intervention_range(network, unit)
        found = [(own.v_low, own.theta), (own.i_low, own.i_high)]
    else:
        domain = one.group.equations.domain or ((-100.0, 100.0),) * len(one.names)
        found = [domain[0], domain[one.second]]
        if not one.threshold_is_state:
            found[0] = (domain[0][0], float(one.threshold(np.zeros(()))))
    for k, name in enumerate(names):
        found[k] = given.get(name, found[k])
    table = np.array(found, dtype=float)
    for name, (low, high) in zip(names, table, strict=True):
        if not (
            np.isfinite([low, high]).all() and (low < high or (low == high and name != names[0]))
        ):
            raise bad(
                f"ranges[{name!r}]",
                (float(low), float(high)),
                "two finite numbers, the lower one first",
            )
    highest = float(one.threshold(table[1, 1]))
    if table[0, 0] >= highest:
        raise bad(
            f"ranges[{names[0]!r}]",
            tuple(table[0].tolist()),
            f"potentials that begin below the threshold, {highest} mV",
            "Without a state that is quiet there is nothing to compare.",
        )
    return table


def make_grid(one: PlaneUnit, ranges: Floats, cells: Sequence[int]) -> Grid:
    """Return equal cells of the declared ranges.

    With a fixed threshold the cells fill the range below it; a range that reaches it has, for each
    cell of the second coordinate, one more cell of states that have just spiked, and one for
    every step of refractoriness after that. A moving threshold cuts the range as it is.
    """
    count = [check_whole(f"cells[{k}]", each) for k, each in enumerate(cells)]
    if len(count) != 2:
        raise bad("cells", cells, "two numbers, one for each coordinate")
    (v_low, v_high), (w_low, w_high) = ranges
    w = np.linspace(w_low, w_high, count[1] + 1) if w_low < w_high else np.array([w_low, w_low])
    moving, theta = one.threshold_is_state, float(one.threshold(np.asarray(w_low)))
    v = np.linspace(v_low, v_high if moving else min(v_high, theta), count[0] + 1)
    parts = [_block(v[:-1], v[1:], w)]
    some_spike = v_high > w_low if moving else v_high >= theta
    if some_spike and not moving:
        parts.append(_block(np.array([theta]), np.array([v_high]), w))
    ages = range(one.refractory - 1, 0, -1) if some_spike else range(0)
    parts += [_block(*_held(one, max(v_high, theta), w[0]), w) for _ in ages]
    sizes = [part.shape[2] for part in parts]
    boxes = np.concatenate(parts, axis=2)
    (v0, v1), (w0, w1) = boxes[0], boxes[1]
    hold = np.repeat([0] * (len(parts) - len(ages)) + list(ages), sizes)
    first = np.arange(len(v0)) < sizes[0]
    free = hold == 0
    area = np.where(free, (v1 - v0) * np.where(w_low < w_high, w1 - w0, 1.0), 0.0)
    return Grid(
        low=boxes[:, 0],
        high=boxes[:, 1],
        quiet=free & (v0 < w1) if moving else first,
        spiked=free & (v1 > w0) if moving else free & ~first,
        hold=hold,
        area=area / area.sum(),
    )


def _held(one: PlaneUnit, v: float, w: float) -> tuple[Floats, Floats]:
    """Return the potential at which refractory units are held."""
    state = one.points(np.array([v]), np.array([w]))
    low, high = one.held_at(*one.reset(state, state))
    return low[0], high[0]


def _block(first: Floats, last: Floats, w: Floats) -> Floats:
    """Return boxes (coordinate, end, n): the potential's cells change fastest."""
    n, m = len(first), len(w) - 1
    v = np.stack([np.tile(first, m), np.tile(last, m)])
    return np.stack([v, np.stack([np.repeat(w[:-1], n), np.repeat(w[1:], n)])])
