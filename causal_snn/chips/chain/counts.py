"""Counts: how many register values one step takes into each cell, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.lanes import Lanes, Spans, lanes_of
from causal_snn.chips.chain.limits import MOST_LISTED, too_many
from causal_snn.chips.chain.monotone import first_where, monotone, unwrapped
from causal_snn.chips.chain.unit import UnitLaw

if TYPE_CHECKING:
    from causal_snn.chips.chain.kernel import Step

Numbers = NDArray[Any]
Ints = NDArray[np.int64]
LISTED = 1 << 10
"""Values of a span up to which it is listed and not bisected."""
_CHUNK = 1 << 18
_INT64 = 1 << 62


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """How many values go to each of Y cells, in units of 1/denominator, for I lanes.

    Attributes
    ----------
    counts : array of Python int, shape (I, Y)
    least, most : array of Python int, shape (I, Y)
        Bounds of the counts of one value: equal where all values of the lane have one law.
    denominator : int
    """

    counts: Numbers
    least: Numbers
    most: Numbers
    denominator: int


@dataclass(frozen=True, slots=True, eq=False)
class CellRows:
    """Laws of the next cell under A arrivals.

    Attributes
    ----------
    rows : array, shape (A, Y)
        Exact rationals (`fractions.Fraction`), or floats where there is noise.
    constant : bool
        Whether every value of the spans has the law of its row: then the cell says all about
        the next one.
    error : float
        Numerical error of the rows; 0 without noise.
    """

    rows: Numbers
    constant: bool
    error: float = 0.0


def cell_of(cuts: Numbers, v: Numbers, spikes: Numbers) -> Ints:
    """Return cells: the number of cuts at or below v, and the last cell for a spike."""
    return np.where(spikes > 0, len(cuts) + 1, np.searchsorted(cuts, v, side="right"))


def next_cells(
    step: Step, spans: Spans, arriving: Mapping[str, Numbers], cuts: Numbers
) -> CellRows:
    """Return the law of the next cell under each arrival, by exact counts.

    Parameters
    ----------
    step : UnitStep or SerialStep
    spans : Spans
    arriving : mapping of str to array, shape (A,)
    cuts : array of int
        Where the levels of the potential after the step begin; a spike is the cell above them.

    Raises
    ------
    InputError
        If the step is not monotone and there are more values than can be listed.
    """
    lanes = lanes_of(step, spans, arriving)
    if int(spans.sizes.max()) <= LISTED:
        found = listed(lanes, cuts)
    else:
        parent, pieces = unwrapped(lanes)
        rises = monotone(pieces, levels=len(cuts) > 0)
        found = bisected(pieces, cuts) if rises else listed(pieces, cuts)
        found = _gathered(found, parent, len(lanes.low))
    shape = (spans.n, -1, len(cuts) + 2)
    counts, least, most = (x.reshape(shape) for x in (found.counts, found.least, found.most))
    shares: dict[Fraction, list[int]] = {}
    for p, (w, size) in enumerate(zip(spans.weight, spans.sizes.tolist(), strict=True)):
        shares.setdefault(w / size / found.denominator, []).append(p)
    rows = sum(counts[members].sum(axis=0) * share for share, members in shares.items())
    return CellRows(
        rows=np.asarray(rows),
        constant=bool(np.all(least.min(axis=0) == most.max(axis=0))),
    )


def _gathered(found: Counted, parent: Ints, lanes: int) -> Counted:
    """Return the counts of lanes whose pieces were counted apart."""
    if len(parent) == lanes:
        return found
    starts = np.flatnonzero(np.diff(parent, prepend=-1))
    return Counted(
        np.add.reduceat(found.counts, starts, axis=0),
        np.minimum.reduceat(found.least, starts, axis=0),
        np.maximum.reduceat(found.most, starts, axis=0),
        found.denominator,
    )


def listed(lanes: Lanes, cuts: Numbers) -> Counted:
    """Count by trying every value."""
    sizes = lanes.high - lanes.low + 1
    total, cells = int(sizes.sum()), len(cuts) + 2
    if total > MOST_LISTED:
        raise too_many(lanes.step.chip.title, total)
    denominator, parts = 1, []
    for some in np.array_split(np.arange(total), max(1, -(-total // _CHUNK))):
        ends = np.cumsum(sizes)
        lane = np.searchsorted(ends, some, side="right")
        v = lanes.low[lane] + some - (ends - sizes)[lane]
        law = lanes.law(v, lane)
        denominator = law.denominator
        weight = law.weight.astype(object if denominator * total >= _INT64 else np.int64)
        own = np.zeros((len(some), cells), dtype=weight.dtype)
        np.add.at(own, (law.lane, cell_of(cuts, law.registers["v"], law.spikes)), weight)
        parts.append((lane, own))
    lane, own = (np.concatenate(x) for x in zip(*parts, strict=True))
    starts = np.flatnonzero(np.diff(lane, prepend=-1))
    counts, least, most = (
        f.reduceat(own, starts, axis=0) for f in (np.add, np.minimum, np.maximum)
    )
    return Counted(counts.astype(object), least.astype(object), most.astype(object), denominator)


def bisected(lanes: Lanes, cuts: Numbers) -> Counted:
    """Count from the ends of the runs of each cell, found by bisection.

    With chance, the lowest and the highest cell that a value can get to both rise with it;
    where they are the same, that cell is certain, and only the values between are listed.
    """
    n, top = len(lanes.low), len(cuts) + 1
    index = np.repeat(np.arange(n), top)
    target = np.tile(np.arange(1, top + 1), n)
    wide = lanes.take(index)
    sure = lanes.law(lanes.low).denominator == 1

    def reached(which: int) -> Ints:
        def test(v: Ints) -> NDArray[np.bool_]:
            return extremes(wide.law(v), cuts, len(index))[which] >= target

        return first_where(test, wide.low, wide.high).reshape(n, top)

    surely = reached(0)
    perhaps = surely if sure else reached(1)
    denominator = lanes.law(lanes.low).denominator
    shape = (n, top + 1)
    counts, least, most = np.zeros(shape, object), np.zeros(shape, object), np.zeros(shape, object)
    for i in range(n):
        ends = {int(lanes.low[i]), int(lanes.high[i]) + 1}
        marks = sorted(ends | set(surely[i].tolist()) | set(perhaps[i].tolist()))
        for start, stop in pairwise(marks):
            cell = int((surely[i] <= start).sum())
            if cell == int((perhaps[i] <= start).sum()):
                counts[i, cell] += (stop - start) * denominator
                continue
            part = listed(lanes.take(np.array([i]), np.array([start]), np.array([stop - 1])), cuts)
            counts[i] += part.counts[0]
        whole = counts[i].sum()
        least[i] = np.where(counts[i] == whole, denominator, 0)
        most[i] = np.where(counts[i] > 0, denominator, 0)
    return Counted(counts, least, most, denominator)


def extremes(law: UnitLaw, cuts: Numbers, lanes: int) -> tuple[Ints, Ints]:
    """Return the lowest and the highest cell that each lane can get to."""
    cells = cell_of(cuts, law.registers["v"], law.spikes)
    if law.sure:
        return cells, cells
    least, most = np.full(lanes, len(cuts) + 1), np.zeros(lanes, dtype=np.int64)
    np.minimum.at(least, law.lane, cells)
    np.maximum.at(most, law.lane, cells)
    return least, most
