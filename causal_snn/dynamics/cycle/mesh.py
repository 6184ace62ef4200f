"""Adaptive mesh: put the mesh points where the orbit needs them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Loop, scheme

Floats = NDArray[np.float64]
FLOOR = 0.1
"""Every interval counts at least as this fraction of the mean one, or of a sine's."""


def uniform(intervals: int) -> Floats:
    """Return the mesh with equal intervals."""
    return np.linspace(0.0, 1.0, intervals + 1)


def equidistribute(loop: Loop, scale: Floats, intervals: int | None = None) -> Floats:
    """Return the mesh on which every interval contributes the same local error.

    The error of degree m is governed by the derivative of order m + 1, here the divided
    difference of the piecewise constant m-th derivatives; the mesh equidistributes its
    (m + 1)-th root. Source: Russell and Christiansen, SIAM J Numer Anal 15:59 (1978).

    Parameters
    ----------
    loop : Loop
    scale : array, shape (n,)
        Typical size of each state.
    intervals : int, optional
        Number of intervals; default that of the loop.
    """
    tables = scheme(loop.y.shape[1])
    h = loop.widths
    highest = (tables.top @ loop.table) / h[:, None] ** tables.degree / scale
    jumps = np.abs(highest - np.roll(highest, 1, axis=0)).sum(axis=1)
    at_nodes = jumps / ((h + np.roll(h, 1)) / 2)
    monitor = (np.maximum(at_nodes, np.roll(at_nodes, -1))) ** (1 / (tables.degree + 1))
    mean = float(monitor @ h)
    monitor += FLOOR * max(mean, 1.0)
    cumulative = np.concatenate([[0.0], np.cumsum(monitor * h)])
    count = len(h) if intervals is None else intervals
    mesh = np.interp(np.linspace(0.0, cumulative[-1], count + 1), cumulative, loop.mesh)
    mesh[0], mesh[-1] = 0.0, 1.0
    return mesh
