"""Gaussian noise on top of a chip: normal probabilities averaged over register values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.counts import CellRows, next_cells
from causal_snn.chips.chain.lanes import Lanes, Spans, lanes_of
from causal_snn.chips.chain.limits import MOST_LISTED, too_many
from causal_snn.chips.chain.monotone import monotone, unwrapped
from causal_snn.chips.chain.unit import UnitLaw

if TYPE_CHECKING:
    from causal_snn.chips.chain.kernel import Step

Numbers = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SUMMED = 100_000
"""Values of a span up to which the mean is their exact sum."""
NODES = 1 << 12
"""Nodes of the mean over longer spans."""
_CHUNK = 1 << 18
_STEEPEST, _BENT = 0.3990, 0.2420
"""Greatest slope and greatest curvature of the normal distribution function, rounded up."""
_OFF = 2.0
"""Registers that a rounded potential keeps at most from the line between two nodes."""


def noisy_cells(
    step: Step,
    spans: Spans,
    arriving: Mapping[str, Numbers],
    edges: Floats,
    theta: float,
    sigma: float,
    cuts: Numbers,
) -> CellRows:
    """Return the law of the next cell if Gaussian noise joins the potential before threshold.

    P(potential >= x) = Phi((m - x)/sigma), averaged over the spans. m is the register that is
    compared with the threshold; where it saturates, the sum before it does, so that a threshold
    near its end keeps its meaning. Held neurons have no noise.

    Parameters
    ----------
    step, spans, arriving, cuts
        As in `next_cells`.
    edges : array, shape (L,)
        Where levels begin, in register units, not rounded.
    theta, sigma : float
        Threshold and standard deviation, in register units.
    """
    held = _held(step, spans)
    share = float(sum(w for w, h in zip(spans.weight, held, strict=True) if h))
    if share == 1.0:
        found = next_cells(step, spans, arriving, cuts)
        return CellRows(found.rows.astype(float), found.constant)
    limits = np.append(np.minimum(edges, theta), theta)
    free = _part(spans, ~held)
    rows, constant, error = _free(lanes_of(step, free, arriving), free, limits, sigma)
    if share > 0.0:
        still = next_cells(step, _part(spans, held), arriving, cuts)
        rows = (1.0 - share) * rows + share * still.rows.astype(float)
        constant = False
    return CellRows(rows, constant, error)


def spike_probability(law: UnitLaw, limits: Floats, sigma: float, lanes: int) -> Floats:
    """Return P(next potential >= each limit), shape (lanes, limits), chance averaged out."""
    from scipy.special import ndtr

    over = ndtr((law.mean[:, None].astype(float) - limits) / sigma)
    if law.sure:
        return np.asarray(over)
    found = np.zeros((lanes, len(limits)))
    share = law.weight.astype(float) / law.denominator
    np.add.at(found, law.lane, over * share[:, None])
    return found


def _held(step: Step, spans: Spans) -> NDArray[np.bool_]:
    if "r" not in spans.registers or "hold" not in step.chip.order:
        return np.zeros(spans.n, dtype=bool)
    return np.asarray(spans.registers["r"] > 0)


def _part(spans: Spans, kept: NDArray[np.bool_]) -> Spans:
    weight = [w for w, k in zip(spans.weight, kept, strict=True) if k]
    total = sum(weight)
    return Spans(
        {name: x[kept] for name, x in spans.registers.items()},
        spans.low[kept],
        spans.high[kept],
        tuple(w / total for w in weight),
    )


def _free(lanes: Lanes, spans: Spans, limits: Floats, sigma: float) -> tuple[Floats, bool, float]:
    n = len(lanes.low)
    over, error = np.zeros((n, len(limits))), 0.0
    small = lanes.high - lanes.low < SUMMED
    if np.any(small):
        some = np.flatnonzero(small)
        over[some] = _summed(lanes.take(some), limits, sigma)
    if not np.all(small):
        some = np.flatnonzero(~small)
        over[some], error = _integrated(lanes.take(some), limits, sigma)
    ends = [
        spike_probability(lanes.law(v), limits, sigma, n).reshape(spans.n, -1, len(limits))
        for v in (lanes.low, lanes.high)
    ]
    constant = bool(np.all(ends[0] == ends[0][:1]) and np.all(ends[1] == ends[0][:1]))
    weight = np.array([float(w) for w in spans.weight])
    mean = np.tensordot(weight, over.reshape(spans.n, -1, len(limits)), axes=1)
    mean = np.minimum.accumulate(np.clip(mean, 0.0, 1.0), axis=1)
    rows = -np.diff(mean, axis=1, prepend=1.0, append=0.0)
    return rows, constant, error


def _summed(lanes: Lanes, limits: Floats, sigma: float) -> Floats:
    """Return means over every value."""
    sizes = lanes.high - lanes.low + 1
    total, ends = int(sizes.sum()), np.cumsum(sizes)
    if total > MOST_LISTED:
        raise too_many(lanes.step.chip.title, total)
    found = np.zeros((len(sizes), len(limits)))
    for some in np.array_split(np.arange(total), max(1, -(-total // _CHUNK))):
        lane = np.searchsorted(ends, some, side="right")
        v = lanes.low[lane] + some - (ends - sizes)[lane]
        part = spike_probability(lanes.law(v, lane), limits, sigma, len(some))
        starts = np.flatnonzero(np.diff(lane, prepend=-1))
        found[lane[starts]] += np.add.reduceat(part, starts, axis=0)
    return np.asarray(found / sizes[:, None])


def _integrated(lanes: Lanes, limits: Floats, sigma: float) -> tuple[Floats, float]:
    """Return means over long spans from equally spaced values, and a bound of their error.

    Between two nodes the potential is monotone, and off the line between them by `_OFF` at most
    unless it is clipped. So the sum over a stretch lies between those that take its lower and its
    upper node everywhere; and off the trapezoid by what the normal curve bends within the stretch
    and by its slope times `_OFF`. The smaller bound of each stretch counts.
    """
    parent, pieces = unwrapped(lanes)
    if len(parent) != len(lanes.low) or not monotone(pieces, levels=False):
        raise too_many(lanes.step.chip.title, int((lanes.high - lanes.low + 1).sum()))
    found, worst = np.zeros((len(lanes.low), len(limits))), 0.0
    for i in range(len(lanes.low)):
        low, high = int(lanes.low[i]), int(lanes.high[i])
        nodes = low + (np.arange(NODES + 1) * (high - low)) // NODES
        law = lanes.law(nodes, np.full(len(nodes), i))
        over = spike_probability(law, limits, sigma, len(nodes))
        # Each stretch holds the values from its first node up to, not with, its last one.
        width = np.diff(nodes)
        size = high - low + 1
        # Sum over v0 <= v < v1 of a line: its mean lies half a step below the trapezoid's.
        step = np.diff(over, axis=0) / width[:, None]
        total = width @ ((over[1:] + over[:-1]) / 2.0 - step / 2.0) + over[-1]
        found[i] = total / size
        worst = max(worst, _bound(law, over, width, sigma) / size + 1.0 / size)
    return found, worst


def _bound(law: UnitLaw, over: Floats, width: Ints, sigma: float) -> float:
    """Return how far the sum over all stretches may be off, the worst of the limits."""
    clipped = np.zeros(len(over), dtype=bool)
    clipped[law.lane[law.mean != law.potential - law.wrapped]] = True
    bend = width / sigma
    smooth = np.where(
        clipped[1:] | clipped[:-1], np.inf, _BENT * bend**2 / 8.0 + _STEEPEST * _OFF / sigma
    )
    rough = np.abs(np.diff(over, axis=0)) / 2.0
    return float((width @ np.minimum(rough, smooth[:, None])).max())
