"""One step of a unit on the states of its space, under each of many inputs of the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.bins.crossing import free_mass, image_mass, pull
from causal_snn.kernel.bins.space import Space
from causal_snn.kernel.bins.task import Bin
from causal_snn.simulation.quadrature.legendre import end_values
from causal_snn.simulation.quadrature.unit import Micro, mean_next

Floats = NDArray[np.float64]


def tables(task: Bin, space: Space, inputs: Floats) -> Floats:
    """Return the transition of every state under each input of the others, shape (C, g, g)."""
    from scipy.special import ndtr

    step, size = task.step, space.size
    begin = space.nodes[np.tile(np.arange(size), len(inputs))]
    c = np.repeat(inputs, size)
    mean, held = mean_next(step, begin, task.input(begin, c))
    found = np.zeros((len(c), size))
    places = space.places
    for rows, mirror, end, top in _pieces(task, begin, c, ~held):
        for element, columns, spiking in places:
            # Above threshold it does not matter how a path came there.
            here = free_mass(mean[rows], step.sigma, element, np.inf if spiking else top)
            if mirror is not None and not spiking:
                here -= image_mass(mean[rows], mirror, end, step.sigma, element, top)
            found[slice(None) if len(rows) == len(c) else rows, columns] = here
    free = np.flatnonzero(~held)
    m = mean[free]
    lo, _, count = places[0][0]
    found[free, :count] += np.outer(ndtr((lo - m) / step.sigma), end_values(count)[::-1])
    (_, hi, count), columns, spiking = places[-1]
    if spiking:
        found[free, columns] += np.outer(ndtr((m - hi) / step.sigma), end_values(count))
    if not spiking or task.bridge:  # what is neither below threshold nor above it spikes at it
        found[free, -1] = np.maximum(1.0 - found[free, :-1].sum(axis=1), 0.0)
    found[held, space.held + begin.hold[held] - 1] = 1.0
    return found.reshape(len(inputs), size, size)


def _pieces(
    task: Bin, start: Micro, c: Floats, free: NDArray[np.bool_]
) -> list[tuple[NDArray[np.int64], Floats | None, Floats, float]]:
    """Return rows that stay up to the same potential: numbers, mirrors, ends and top (mV)."""
    if not task.bridge:
        return [(np.flatnonzero(free), None, np.zeros(0), float(task.step.theta))]
    mirror, jump = pull(task, start), task.jump(start, c)
    counts = np.isfinite(mirror)
    tops = task.step.theta + np.where(counts, np.minimum(jump, 0.0), 0.0)
    found: list[tuple[NDArray[np.int64], Floats | None, Floats, float]] = []
    for top in np.unique(tops[free]):
        for mirrored in (True, False):
            rows = np.flatnonzero(free & (tops == top) & (counts == mirrored))
            ends = task.step.theta + jump[rows]
            found.append((rows, mirror[rows] if mirrored else None, ends, float(top)))
    return [piece for piece in found if len(piece[0])]
