"""The worst case: the least and the greatest chance of each next cell within a cell.

Given the input, the mean next potential m is linear in the potential v and the current i, and
so is the next cut. P(quiet) and P(spiking) are monotone functions of the larger or the one of two
linear functions: their extremes lie at corners of the cell, cut where the next cut meets theta.
P(primed) = P(cut <= u' < theta) is not monotone: it is log-concave in (m, cut), so its least
value is at a corner too, and its greatest where m is nearest to the middle of cut and theta
(theory/13_prediction.py Q8).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.tpm.laws.uniform import UniformLaw
from causal_snn.tpm.within_cell import PRIMED, QUIET, SPIKING, next_rows, one_hot

Floats = NDArray[np.float64]
Inputs = float | Floats
GOLDEN_STEPS = 80
"""Halvings of a bracket by the golden ratio: to rounding."""
_SNAP = 1e-9


@dataclass(frozen=True, slots=True)
class Extremes:
    """Bounds of P(next sub-cell) over the micro states of each sub-cell and each input.

    Attributes
    ----------
    lower, upper : array, shape (3, C, 3)
        By sub-cell, input, next sub-cell; of an empty sub-cell those of the nearest state.
    empty : tuple of bool
        Whether the declared range leaves the sub-cell empty.
    """

    lower: Floats
    upper: Floats
    empty: tuple[bool, bool, bool]


def extremes(law: UniformLaw, inputs: Floats, own: float) -> Extremes:
    """Return the bounds over the declared range, refractory micro states included.

    Parameters
    ----------
    law : UniformLaw
        The unit's declared range and partition.
    inputs : array, shape (C,)
        Inputs W s from the other units.
    own : float
        The unit's weight on itself, added to the inputs where it has just spiked.
    """
    lower, upper = np.empty((3, len(inputs), 3)), np.empty((3, len(inputs), 3))
    for cell in (QUIET, PRIMED, SPIKING):
        totals = inputs + own * (cell == SPIKING)
        if law.range.i_low == law.range.i_high:
            rows = _without_current(law, cell, totals)
            lower[cell], upper[cell] = rows.min(axis=0), rows.max(axis=0)
            continue
        for k, c in enumerate(totals):
            rows = _candidates(law, cell, float(c))
            lower[cell, k], upper[cell, k] = rows.min(axis=0), rows.max(axis=0)
    thin = (law.area(QUIET) == 0.0, law.area(PRIMED) == 0.0, False)
    held = law.step.refractory > 0 and _held_cells(law)
    empty = tuple(t and not (held and held[cell]) for cell, t in enumerate(thin))
    return Extremes(lower, upper, (empty[0], empty[1], empty[2]))


def _without_current(law: UniformLaw, cell: int, c: Floats) -> Floats:
    """Return the candidates of a unit with one current for all inputs (C,), shape (M, C, 3)."""
    i = np.full_like(c, law.range.i_low)
    hold = law.step.refractory if cell == SPIKING else 0
    found = [_at(law, cell, v, i, c, hold) for v in law.potentials(cell, i)]
    if hold == 0:
        found.append(_most_primed(law, cell, i, c)[0])
    if cell != SPIKING and law.step.refractory > 0 and _held_cells(law)[cell]:
        found.append(np.broadcast_to(_held(law, cell, 0.0)[:1], (len(c), 3)))
    return np.stack(found)


def _candidates(law: UniformLaw, cell: int, c: float) -> Floats:
    """Return rows of P(next sub-cell) among which are all extremes, shape (M, 3)."""
    step = law.step
    i = _currents(law, cell, c)
    low, high = law.potentials(cell, i)
    hold = step.refractory if cell == SPIKING else 0
    found = [_at(law, cell, v, i, c, hold) for v in (low, high)]
    if hold == 0:
        found.append(_most_primed(law, cell, i, c)[0])
        if step.sigma > 0:
            found.append(_search(law, cell, i, c))
    if cell != SPIKING and step.refractory > 0 and _held_cells(law)[cell]:
        found.append(_held(law, cell, c))
    return np.concatenate(found)


def _at(law: UniformLaw, cell: int, v: Floats, i: Floats, c: Inputs, hold: int) -> Floats:
    return next_rows(law.step, law.partition, v, i, cell == SPIKING, np.full(i.shape, hold), c)


def _currents(law: UniformLaw, cell: int, c: float) -> Floats:
    """Return the currents of the cell's corners and kinks; the nearest one of an empty cell."""
    p, r = law.partition, law.range
    kinks = law.kinks(cell, c)
    if cell == SPIKING:
        return kinks
    if law.area(cell) == 0.0:
        return law.corner(cell, kinks)
    cut = p.threshold - p.score_coefficient * kinks
    inside = cut >= r.v_low - _SNAP if cell == QUIET else cut <= r.theta + _SNAP
    return kinks[inside]


def _most_primed(law: UniformLaw, cell: int, i: Floats, c: Inputs) -> tuple[Floats, Floats]:
    """Return for each current the row with the most "primed", and how far m is from that cell."""
    step, p = law.step, law.partition
    spiked = cell == SPIKING
    low, high = law.potentials(cell, i)
    first, current = step.mean(low, i, spiked, c)
    last, _ = step.mean(high, i, spiked, c)
    first, last, current = np.broadcast_arrays(first, last, current)
    cut = p.threshold - p.score_coefficient * current
    # The mean is linear in v: the part of the way at which it is nearest to the middle.
    span = last - first
    part = ((cut + step.theta) / 2 - first) / np.where(span == 0, 1.0, span)
    part = np.clip(np.where(span == 0, 0.0, part), 0.0, 1.0)
    mean = first + part * span
    away = np.maximum(np.maximum(cut - mean, mean - step.theta), 0.0)
    return _at(law, cell, low + part * (high - low), i, c, 0), away


def _search(law: UniformLaw, cell: int, kinks: Floats, c: float) -> Floats:
    """Return the row with the most "primed" over all currents: log-concave, so golden section.

    Where it underflows, the (convex) distance of m from the cell tells where to go.
    """
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    a, b = float(kinks.min()), float(kinks.max())
    for _ in range(GOLDEN_STEPS):
        pair = np.array([b - golden * (b - a), a + golden * (b - a)])
        rows, away = _most_primed(law, cell, pair, c)
        left, right = zip(rows[:, PRIMED], -away, strict=True)
        if left >= right:
            b = float(pair[1])
        else:
            a = float(pair[0])
    return _most_primed(law, cell, np.array([(a + b) / 2]), c)[0]


def _held_cells(law: UniformLaw) -> NDArray[np.bool_]:
    """Return whether a unit held at V_reset can be quiet, and primed."""
    r, p = law.range, law.partition
    score = law.step.V_reset + p.score_coefficient * np.array([r.i_low, r.i_high])
    primed = score >= p.threshold
    return np.array([not primed.all(), bool(primed.any())])


def _held(law: UniformLaw, cell: int, c: float) -> Floats:
    """Return the rows of a unit that is held at V_reset for at least one more step."""
    r, p, step = law.range, law.partition, law.step
    i = np.array([r.i_low, r.i_high])
    if p.score_coefficient != 0:  # where the held unit changes its cell
        border = (p.threshold - step.V_reset) / p.score_coefficient
        i = np.unique(np.clip([*i, border], r.i_low, r.i_high))
        score = step.V_reset + p.score_coefficient * i
        i = i[score <= p.threshold + _SNAP if cell == QUIET else score >= p.threshold - _SNAP]
    _, current = step.mean(step.V_reset, i, False, c)
    after = step.V_reset + p.score_coefficient * np.broadcast_to(current, i.shape)
    return one_hot(after >= p.threshold)
