"""Rows of a table with what effects vary within a cell, never under-reported.

Either the effect is monotone, so that the ends of a cell enclose it, or the curvature of the
first step's law bounds how far effects bulge between points where they are known
(theory/08_effect_kernels.py K3, K4, K6).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.bins.cells import Cells
from causal_snn.kernel.bins.task import Bin
from causal_snn.simulation.quadrature.unit import forgets

Floats = NDArray[np.float64]
PEAK = float(1.0 / np.sqrt(2.0 * np.pi))
BEND = float(4.0 * PEAK * np.exp(-0.5))
"""E|xi^2 - 1| = 4 phi(1), the L1 norm of the second derivative of the normal density."""
BULGE = 1e-3
"""Total variation between known points that is let stand."""
MOST_PARTS = 8


def between(low: Floats, high: Floats, runs: Sequence[slice]) -> tuple[Floats, Floats]:
    """Return rows (C, n, 2) and spread (C, n) of a spike probability that rises within cells.

    Parameters
    ----------
    low, high : array, shape (C, n)
        Its least and greatest values in each cell.
    runs : sequence of slice
        Cells along which it rises too. There rounding must not make it fall: a running maximum
        is no further from what rises than the values are.
    """
    low, high = low.copy(), high.copy()
    for run in runs:
        for ends in (low, high):
            ends[:, run] = np.maximum.accumulate(ends[:, run], axis=1)
    high = np.maximum(low, high)
    p = (low + high) / 2.0
    return np.stack([1.0 - p, p], axis=-1), (high - low) / 2.0


def curvature(task: Bin) -> float:
    """Return the largest total variation of the second derivative of effects in v (per mV^2).

    End of step: (a/sigma)^2 2 phi(1) (K4). Bridge: (a/sigma)^2 (8 phi(1) + 4 d^2 + 4 d E|xi|)
    with d = max(theta - mean(theta), 0)/sigma (K6).
    """
    step = task.step
    rate = (step.decay / step.sigma) ** 2
    if not task.bridge:
        return float(rate * BEND / 2.0)
    settled = step.rest + step.decay * (step.theta - step.rest) + step.drive
    d = max(float(step.theta - settled), 0.0) / step.sigma
    return float(rate * (2.0 * BEND + 4.0 * d**2 + 8.0 * PEAK * d))


def parts_of(task: Bin, cells: Cells) -> int:
    """Return into how many parts to divide the cells, for `bulging`."""
    widest = float(cells.widths.max())
    return int(np.clip(np.ceil(widest * np.sqrt(curvature(task) / 8.0 / BULGE)), 1, MOST_PARTS))


def bulging(task: Bin, cells: Cells, laws: Floats) -> tuple[Floats, Floats]:
    """Return rows (C, n, Y) and spread (C, n) from laws at points of each cell, (C, n, p, Y).

    On a part of width w the effect is within w^2/8 of the curvature of the chord (K4), and the
    chord no further from the row than its ends.
    """
    from scipy.special import ndtr

    step, parts = task.step, laws.shape[2] - 1
    rows = (laws[:, :, 0] + laws[:, :, -1]) / 2.0
    widest = np.array(
        [
            0.5 * np.abs(a - b[:, None]).sum(axis=-1).max(axis=1)
            for a, b in zip(laws, rows, strict=True)
        ]
    )
    slope = _slopes(task, cells)
    spread = widest + (slope * cells.widths / parts) ** 2 / 8.0 * curvature(task)
    if not task.bridge:  # K3: the first step alone, of a state that is half a cell away
        shift = slope * step.decay * cells.widths / (4.0 * step.sigma)
        spread = np.minimum(spread, 2.0 * ndtr(shift) - 1.0)
    if task.bridge and not forgets(step):
        # Where a spike gets so high that the reset leaves it above threshold the effect has a kink.
        kink = step.theta + step.reset_jump
        here = (cells.edges[:-1] < kink) & (kink < cells.edges[1:])
        spread = np.where(here & cells.spiked, 1.0, spread)
    return rows, np.minimum(spread, 1.0)


def between_inputs(task: Bin, widths: Floats, times: int) -> Floats:
    """Return how far effects vary within a context of a given width, shape (C,).

    The input of a step moves the law after it by half the width at most, in total variation
    (width/2) phi(0)/sigma; it does so in `times` steps (K9). Where a bridge step keeps apart the
    paths that end above threshold and those that crossed it, each of four parts does.
    """
    moved = task.step.gain_potential * widths / 2.0 * PEAK / task.step.sigma
    parts = 4 if task.bridge and not forgets(task.step) else 1
    return np.asarray(np.minimum(times * parts * moved, 1.0))


def _slopes(task: Bin, cells: Cells) -> Floats:
    """Return how far the effective potential moves with the coordinate: 0 after a reset to V_r."""
    still = cells.spiked & (forgets(task.step) or bool(task.step.restart))
    return np.where(still | (cells.widths == 0), 0.0, 1.0)
