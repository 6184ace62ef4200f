"""The noise of a step on every potential: its size, and the operations that add it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.models.inputs import WhiteNoise
from causal_snn.simulation.engine.program import Op

if TYPE_CHECKING:
    from causal_snn.simulation.engine.core import Engine

Floats = NDArray[np.float64]


def noise_scale(engine: Engine) -> Floats:
    """Return the standard deviation of a step's noise on every potential, shape (R, n)."""
    network, rows = engine.layout.network, []
    white = np.zeros(engine.n)
    for source in engine.layout.inputs(WhiteNoise):
        white += source.per_unit("amplitude", engine.n) ** 2
    for group in engine.groups:
        units = group.group.units
        rows.append(group.noise_scale(network.noise[units], white[units]))
    most = max(len(row) for row in rows)
    sigma = np.concatenate([np.broadcast_to(r, (most, r.shape[1])) for r in rows], axis=1)
    return sigma[:1] if np.all(sigma == sigma[:1]) else sigma


def noise_ops(engine: Engine) -> list[Op]:
    """Return the operations that draw the noise of a step and add it; none without noise."""
    sigma, rows = engine.sigma, engine.rows
    if not np.any(sigma):
        return []
    many = len(sigma) > 1
    same = not many and bool(np.all(sigma == sigma.flat[0]))
    normals, z = engine.new_normals(float(sigma.flat[0]) if same else 1.0)
    ops: list[Op] = [normals.draw]
    column = sigma.astype(engine.dtype)[:, :, None]
    if not same and not many:
        ops.append(partial(np.multiply, z, column, out=z))
    half = rows // 2
    parts: list[tuple[slice, np.ufunc]] = [(slice(None), np.add)]
    if engine.antithetic:
        parts = [(slice(half), np.add), (slice(half, None), np.subtract)]
    for group in engine.groups:
        span = group.group.span
        xi = z[:, span]
        for some, combine in parts:
            x = group.states[0][some]
            if many:
                scaled = (xi, column[some, span], group.scratch[some])
                ops.append(partial(_scaled, combine, x, *scaled))
            else:
                ops.append(partial(combine, x, xi, out=x))
    return ops


def _scaled(combine: np.ufunc, x: Any, xi: Any, column: Any, scratch: Any) -> None:
    """Add (or subtract) normal numbers whose standard deviation differs from row to row."""
    np.multiply(xi, column, out=scratch)
    combine(x, scratch, out=x)
