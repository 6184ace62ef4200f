"""The maximum-entropy law: micro states that the network makes itself, one step after do().

Set every macro state with the same chance, its micro states uniform on the declared range, and
let the network take one step. A cell's law is what each unit then does within the cell,
independently of the other units. It weights no micro state that a step cannot reach, and needs
no simulation: a uniform potential after a noisy step has the density
(Phi((u - m_low)/sigma) - Phi((u - m_high)/sigma)) / (m_high - m_low), theory/13_prediction.py Q10.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.kernel.normal import mass
from causal_snn.tpm.laws.empirical import EmpiricalLaw
from causal_snn.tpm.laws.uniform import NODES, WEIGHTS, UniformLaw
from causal_snn.tpm.within_cell import PRIMED, QUIET, SPIKING

Floats = NDArray[np.float64]
TAILS = 8.5
"""Standard deviations beyond which a Gaussian holds no mass that a double can show."""
PANEL = 2.0
"""Width of a panel of nodes in standard deviations of the step's noise."""
TOLERANCE = 1e-9
MOST_PANELS = 2048
"""Panels for hardly any noise; the next refinement has more, so that the error shows."""
MOST_INPUTS = 32
"""Inputs up to which a synaptic current, one more dimension, is integrated over."""
PROBES = 32
"""Inputs, of many, at which two refinements are compared."""
MOST_EVALUATIONS = 60_000_000
"""Closed forms (nodes times inputs) that a further refinement may cost."""
ABSENT = "is not reached in one step"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs W s of one unit from the others: values (C,) and their chances (C,)."""

    values: Floats
    chances: Floats
    own: float


@dataclass(frozen=True, slots=True)
class _Source:
    """A uniform piece of micro states before the step: it ends as one smeared interval.

    Means m_low <= m_high of the next potential at its ends, the next current, its weight.
    """

    m_low: float
    m_high: float
    current: float
    weight: float


def relaxed_law(uniform: UniformLaw, cell_weights: Sequence[float], inputs: Inputs) -> EmpiricalLaw:
    """Return the law of one unit one step after a uniformly chosen macro state was set.

    Parameters
    ----------
    uniform : UniformLaw
        Where it starts in each cell.
    cell_weights : (float, float, float)
        Chances of the three sub-cells.
    inputs : Inputs

    Raises
    ------
    InputError
        If a synaptic current and many inputs make it too expensive.
    """
    r = uniform.range
    if r.i_low < r.i_high and len(inputs.values) > MOST_INPUTS:
        raise bad(
            "law",
            "maximum_entropy",
            f"at most {MOST_INPUTS} synaptic inputs of a unit with a synaptic current (unit "
            f"{uniform.partition.label} has {len(inputs.values):,})",
            "Use law='stationary', or fewer units.",
        )
    some = inputs.values[:: max(1, len(inputs.values) // PROBES)]
    probes = np.concatenate([some, some + inputs.own])
    law = _law(uniform, cell_weights, inputs, 1)
    rows, error = _rows(law, probes), np.inf
    for fineness in (2, 4, 8, 16):
        if fineness > 2 and 2 * len(law.v) * len(probes) > MOST_EVALUATIONS:
            break
        law = _law(uniform, cell_weights, inputs, fineness)
        coarser, rows = rows, _rows(law, probes)
        error = float(np.abs(rows - coarser).max())
        if error < TOLERANCE:
            break
    return replace(law, error=error)


def _rows(law: EmpiricalLaw, probes: Floats) -> Floats:
    return np.stack([law.next_cell(cell, probes)[0] for cell in (QUIET, PRIMED, SPIKING)])


def _law(
    uniform: UniformLaw, cell_weights: Sequence[float], inputs: Inputs, fineness: int
) -> EmpiricalLaw:
    step, sources, held = uniform.step, list[_Source](), list[_Source]()
    for cell in (QUIET, PRIMED, SPIKING):
        resting = cell == SPIKING and step.refractory > 0
        totals = inputs.values + inputs.own * (cell == SPIKING)
        weights = cell_weights[cell] * inputs.chances
        if uniform.range.i_low == uniform.range.i_high:
            i = np.full_like(totals, uniform.range.i_low)
            made = _slices(uniform, cell, totals, i, weights)
            (held if resting else sources).extend(made)
            continue
        for c, weight in zip(totals, weights, strict=True):
            i, share = _currents(uniform, cell, float(c), inputs, fineness)
            made = _slices(uniform, cell, np.full_like(i, c), i, weight * share)
            (held if resting else sources).extend(made)
    parts = [_points(uniform, group, inputs, fineness) for group in _grouped(uniform, sources)]
    v, current, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    spiked = np.asarray(step.spikes(v), dtype=bool)
    hold = np.where(spiked, step.refractory, 0)
    return EmpiricalLaw(
        step=step,
        partition=uniform.partition,
        v=np.append(v, np.full(len(held), step.V_reset)),
        i=np.append(current, [source.current for source in held]),
        spiked=np.append(spiked, np.zeros(len(held), dtype=bool)),
        hold=np.append(hold, np.full(len(held), max(step.refractory - 1, 0))),
        weight=np.append(weight, [source.weight for source in held]),
        fallback=uniform,
        absent=ABSENT,
    )


def _edges(uniform: UniformLaw, cell: int, c: float, inputs: Inputs) -> Floats:
    """Return the currents between which all is smooth, in this step and in the next one.

    The next step has kinks where the cut after it passes theta, or V_reset for a held unit.
    """
    step, p, r = uniform.step, uniform.partition, uniform.range
    edges = uniform.kinks(cell, c)
    if p.score_coefficient == 0 or step.current_decay == 0:
        return edges
    totals = np.concatenate([inputs.values, inputs.values + inputs.own])
    found = []
    for v in {step.theta, step.V_reset if step.refractory > 0 else step.theta}:
        after = (p.threshold - v) / p.score_coefficient
        for later in (totals, c):  # one step back, and another one
            after = (after - step.gain_current * (later + step.bias)) / step.current_decay
        found.append(after)
    return np.unique(np.concatenate([edges, np.clip(np.concatenate(found), r.i_low, r.i_high)]))


def _currents(
    uniform: UniformLaw, cell: int, c: float, inputs: Inputs, fineness: int
) -> tuple[Floats, Floats]:
    """Return nodes over the currents of a cell, and the share of the cell that each stands for."""
    edges = _edges(uniform, cell, c, inputs)
    if cell != SPIKING and uniform.area(cell) == 0.0:
        return uniform.corner(cell, edges), np.ones(1)
    parts = np.linspace(edges[:-1], edges[1:], fineness + 1).T
    low, high = parts[:, :-1].ravel(), parts[:, 1:].ravel()
    i = ((low + high)[:, None] / 2 + (high - low)[:, None] / 2 * NODES).ravel()
    share = ((high - low)[:, None] / 2 * WEIGHTS).ravel()
    if cell != SPIKING:  # "just spiked" is as wide at every current
        v_low, v_high = uniform.potentials(cell, i)
        share = share * (v_high - v_low)
    return i, share / share.sum()


def _slices(
    uniform: UniformLaw, cell: int, c: Floats, i: Floats, weight: Floats
) -> Iterator[_Source]:
    """Yield slices of the cell at currents i, with inputs c and weights, all of one shape."""
    low, high = uniform.potentials(cell, i)
    first, current = uniform.step.mean(low, i, cell == SPIKING, c)
    last, _ = uniform.step.mean(high, i, cell == SPIKING, c)
    ends = np.minimum(first, last), np.maximum(first, last), current
    columns = [np.broadcast_to(each, weight.shape).tolist() for each in (*ends, weight)]
    for m_low, m_high, after, part in zip(*columns, strict=True):
        if part > 0:
            yield _Source(m_low, m_high, after, part)


def _grouped(uniform: UniformLaw, sources: list[_Source]) -> list[list[_Source]]:
    """Return sources that can share nodes: all of them, unless currents tell them apart."""
    if uniform.range.i_low == uniform.range.i_high:
        return [sources]
    return [[source] for source in sources]


def _points(
    uniform: UniformLaw, sources: list[_Source], inputs: Inputs, fineness: int
) -> tuple[Floats, Floats, Floats]:
    """Return potentials, currents and weights of nodes for sources with one next current."""
    step, current = uniform.step, sources[0].current
    low, high = (np.array([getattr(s, name) for s in sources]) for name in ("m_low", "m_high"))
    weight = np.array([s.weight for s in sources])
    cut = uniform.partition.threshold - uniform.partition.score_coefficient * current
    if step.sigma == 0:
        return _noiseless(uniform, low, high, weight, cut, current, inputs)
    start, stop = low.min() - TAILS * step.sigma, high.max() + TAILS * step.sigma
    marks = np.unique(np.clip([start, min(cut, step.theta), step.theta, stop], start, stop))
    if uniform.range.i_low < uniform.range.i_high:
        fineness = 1  # these panels are fine enough; those over currents may not be
    nodes, measure = [], []
    for a, b in itertools.pairwise(marks):
        panels = max(1, int(np.ceil(fineness * (b - a) / (PANEL * step.sigma))))
        edges = np.linspace(a, b, min(panels, MOST_PANELS * fineness) + 1)
        half = np.diff(edges)[:, None] / 2
        nodes.append((edges[:-1, None] + half + half * NODES).ravel())
        measure.append((half * WEIGHTS).ravel())
    v, dv = np.concatenate(nodes), np.concatenate(measure)
    density = np.zeros_like(v)
    for m_low, m_high, share in zip(low, high, weight, strict=True):
        density += share * smeared(v, m_low, m_high, step.sigma)
    return v, np.full_like(v, current), density * dv


def smeared(u: Floats, m_low: float, m_high: float, sigma: float) -> Floats:
    """Return the density at u of a uniform mean plus noise; a normal density for one mean."""
    if m_high - m_low > 1e-4 * sigma:
        return mass((u - m_high) / sigma, (u - m_low) / sigma) / (m_high - m_low)
    # So short an interval changes the density by 1e-9 of it at most.
    z = (u - (m_low + m_high) / 2) / sigma
    return np.asarray(np.exp(-0.5 * z * z) / (sigma * np.sqrt(2 * np.pi)))


def _noiseless(
    uniform: UniformLaw,
    low: Floats,
    high: Floats,
    weight: Floats,
    cut: float,
    current: float,
    inputs: Inputs,
) -> tuple[Floats, Floats, Floats]:
    """Return one node for each piece of potentials on which the next step does the same."""
    step, partition = uniform.step, uniform.partition
    marks = [np.array([cut, step.theta])]
    for spiked, own in ((False, 0.0), (True, inputs.own)):
        totals = inputs.values + own
        at_zero, after = step.mean(0.0, current, spiked, totals)
        slope = step.mean(1.0, current, spiked, totals)[0] - at_zero
        for level in (step.theta, partition.threshold - partition.score_coefficient * after):
            moving = slope != 0
            marks.append((np.broadcast_to(level, slope.shape) - at_zero)[moving] / slope[moving])
    borders = np.unique(np.concatenate(marks))
    v, share = [], []
    for a, b, w in zip(low, high, weight, strict=True):
        edges = np.concatenate([[a], borders[(borders > a) & (borders < b)], [b]])
        v.append((edges[:-1] + edges[1:]) / 2)
        share.append(w * np.diff(edges) / (b - a) if b > a else np.array([w]))
    nodes = np.concatenate(v)
    return nodes, np.full_like(nodes, current), np.concatenate(share)
