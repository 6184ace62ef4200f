"""Elements that resolve the effects of a bin: halved where polynomials still miss something."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.bins.solve import Solution, solve
from causal_snn.kernel.bins.task import Bin
from causal_snn.simulation.quadrature.mesh import spans
from causal_snn.simulation.quadrature.unit import Element, Micro, forgets

Floats = NDArray[np.float64]
NODES = 24
"""Nodes of an element."""
TAIL = 8.5
"""Standard deviations of luck that the elements leave room for."""
FAR = 2.0**NODES
"""Halving an element divides what it misses by this, once it resolves the effect at all."""
MOST_NODES = 2400
FINEST = 1e-13
"""What a double can show of a probability, summed over a row."""


def resolve(
    task: Bin,
    starts: Micro,
    inputs: Floats,
    drawn: Floats,
    law: Floats | None,
    tolerance: float,
) -> Solution:
    """Return the effects of the bin with an error below `tolerance`, if the nodes suffice.

    Parameters
    ----------
    task : Bin
    starts : Micro
        States at which the effects are wanted.
    inputs, drawn, law : array
        See `solve.solve`.
    tolerance : float
    """
    share = max(tolerance / task.steps, FINEST)
    elements = _first(task, starts, inputs if law is None else np.append(inputs, drawn))
    while True:
        found = solve(task, elements, inputs, drawn, law)
        parts = np.where(found.missed > share, np.where(found.missed > FAR * share, 4, 2), 1)
        if np.all(parts == 1) or NODES * parts.sum() > MOST_NODES:
            return found
        elements = _divided(elements, parts)


def _first(task: Bin, starts: Micro, inputs: Floats) -> tuple[Element, ...]:
    """Return wide elements over all potentials that matter, smaller ones next to threshold."""
    step, theta = task.step, task.step.theta
    ends = [
        spans([replace(step, bias=step.bias + c)], np.array([[task.own_weight]]), [starts],
              task.steps, TAIL)[0]
        for c in (inputs.min(), inputs.max())
    ]  # fmt: skip
    low, high = min(lo for lo, _ in ends), max(hi for _, hi in ends)
    width, cuts = theta - low, [theta]
    part = min(4.0 * step.sigma / step.decay, width)
    while part < width / 2.0:
        cuts.append(theta - part)
        part *= 2.0
    cuts = [low, *cuts[::-1]]
    if not forgets(step):
        cuts.append(max(high, float(starts.v.max())))
    return tuple((a, b, NODES) for a, b in pairwise(cuts))


def _divided(elements: tuple[Element, ...], parts: NDArray[np.int64]) -> tuple[Element, ...]:
    found: list[Element] = []
    for (lo, hi, count), some in zip(elements, parts, strict=True):
        cuts = np.linspace(lo, hi, some + 1).tolist()
        found += [(a, b, count) for a, b in pairwise(cuts)]
    return tuple(found)
