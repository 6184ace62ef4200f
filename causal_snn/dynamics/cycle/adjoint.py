"""The adjoint of a limit cycle: its infinitesimal phase response curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import scheme
from causal_snn.dynamics.cycle.condense import back, condense, eliminate
from causal_snn.dynamics.cycle.orbit import Orbit
from causal_snn.dynamics.field import field
from causal_snn.errors import bad

Floats = NDArray[np.float64]


def adjoint(orbit: Orbit) -> Floats:
    r"""Return the adjoint Z(t) of a cycle, the gradient of phase as a time.

    .. math:: \dot Z = -J(t)^\top Z, \qquad Z(0) = Z(T), \qquad Z \cdot f = 1

    A perturbation dx at time t advances the cycle by Z(t) . dx ms. Solved by the same Gauss
    collocation on the orbit's own mesh; since Gauss methods keep bilinear invariants, it is the
    exact adjoint of the discretised flow, for stable and unstable cycles alike.
    Source: Ermentrout and Terman, Mathematical Foundations of Neuroscience (2010), sec. 8.2.

    Parameters
    ----------
    orbit : Orbit

    Returns
    -------
    array, shape (n, K)
        Z at the times of `orbit.t`; ms per unit of each state.

    Raises
    ------
    InputError
        If `orbit` is none.
    """
    if not isinstance(orbit, Orbit):
        raise bad("orbit", orbit, "an Orbit, from limit_cycle or a branch of cycles")
    loop, tables = orbit.loop, scheme(orbit.degree)
    count, m, n = loop.y.shape
    of = field(orbit.model)
    points = np.ascontiguousarray(loop.y.reshape(-1, n).T)
    f, jacobian, _ = of.batch_jac_dp(points, of.p, None)
    f = f.T.reshape(count, m, n)
    jacobian = jacobian.transpose(2, 1, 0).reshape(count, m, n, n)
    width = loop.widths * loop.period
    columns = np.zeros((count, m, n, 2))
    # The border column: the adjoint's range is orthogonal to f, so its factor comes out as 0.
    columns[..., 0] = -width[:, None, None] * f / np.vdot(f, f)
    interior = eliminate(tables, -jacobian, width, columns, np.zeros((count, n)))
    rows = loop.widths[:, None, None] * tables.weights[:, None] * f
    system = condense(interior, rows.reshape(count, 1, m * n), np.zeros((1, 1)), np.array([-1.0]))
    small = np.linalg.solve(system.matrix, -system.constant)
    u, y, _ = back(system, small, 1.0)
    z = np.concatenate([u[:, None], y.reshape(count, m, n)], axis=1).reshape(-1, n)
    return np.ascontiguousarray(np.concatenate([z, z[:1]]).T)
