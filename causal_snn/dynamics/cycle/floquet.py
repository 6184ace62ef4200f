"""Floquet multipliers of cycles from their transfer matrices.

The linearised flow over interval i is A_i, so the multipliers are the eigenvalues of
A_(N-1) ... A_0. That product is never formed: multipliers of neurons differ by tens of orders of
magnitude. The flow direction is taken out first, then periodic QR sweeps make all factors
triangular; the multipliers are products along the diagonals, each to a relative error.
In a plane the only other multiplier is exp of the integral of the divergence (Liouville's
formula), which needs no product at all.
Source: Bojanczyk, Golub and Van Dooren, Proc SPIE 1770:31 (1992); Lust, Int J Bifurc Chaos
11:2389 (2001).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Loop
from causal_snn.dynamics.cycle.condense import eliminate, halve
from causal_snn.dynamics.cycle.problem import Problem

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
APART = 20.0
"""Multipliers whose moduli differ by this factor are told apart by the sweeps."""
CHUNKS = 16
"""Factors that are left after neighbours have been multiplied."""
SWEEPS = 60
SETTLED = 1e-11
TRUSTED = 1e-3
"""Largest error of the trivial multiplier at which the others still tell stability: at a period
doubling or torus a multiplier is located to about that, and a canard's errors are far larger."""
LARGEST = 700.0
"""Largest logarithm of a multiplier that is a finite number."""


def multipliers(transfer: Floats, flow: Floats, *, relative: bool = True) -> Complexes:
    """Return the Floquet multipliers of several cycles.

    Parameters
    ----------
    transfer : array, shape (P, N, n, n)
        Transfer matrices A_i of P cycles: du_(i+1) = A_i du_i.
    flow : array, shape (P, N, n)
        Drift at the mesh points; only the first is used if not `relative`.
    relative : bool
        Whether small and large multipliers are wanted to a relative error as well; those near
        the unit circle are as accurate without.

    Returns
    -------
    array, shape (P, n)
        First the trivial multiplier as computed, whose distance from 1 is the error of the
        discretisation; then the others by falling modulus. The others are those of the flow
        across the orbit, so that a fold of cycles gives one simple multiplier 1 among them.
    """
    factors, flow = _chunks(transfer, flow)
    c0, c1 = _halved(factors)
    trivial = np.array([_along(*one) for one in zip(c0, c1, flow[:, 0], strict=True)])
    if relative:
        frame = np.linalg.qr(flow[..., None], mode="complete")[0]
        across = np.roll(frame, -1, axis=1).swapaxes(-1, -2) @ factors @ frame
        rest = _eigenvalues(across[..., 1:, 1:])
    else:
        rest = np.array([_across(*one) for one in zip(c0, c1, flow[:, 0], strict=True)])
    rest = np.take_along_axis(rest, np.argsort(-np.abs(rest), kind="stable"), axis=1)
    return np.concatenate([trivial[:, None], rest], axis=1)


def cycle_multipliers(problem: Problem, loops: list[Loop], *, relative: bool = True) -> Complexes:
    """Return the `multipliers` of cycles with equally many intervals, shape (P, n).

    In a plane they are 1 and exp of the integral of the divergence over a period.
    """
    of = problem.field
    y = np.stack([loop.y for loop in loops])
    shape = y.shape
    values = np.repeat([loop.value for loop in loops], shape[1] * shape[2])
    p = [*of.p[: problem.index], values, *of.p[problem.index + 1 :]]
    points = np.ascontiguousarray(y.reshape(-1, shape[3]).T)
    _, jacobian, _ = of.batch_jac_dp(points, p, problem.index)  # compiled already
    jacobian = jacobian.transpose(2, 0, 1).reshape(*shape, shape[3])
    width = np.stack([loop.widths * loop.period for loop in loops])
    if of.n == 2:
        divergence = np.einsum("pimkk->pim", jacobian)
        area = np.einsum("pim,pi,m->p", divergence, width, problem.tables.weights)
        rest = np.exp(np.clip(area, -LARGEST, LARGEST))
        return np.stack([np.ones_like(rest), rest], axis=1).astype(complex)
    nothing = np.zeros((*shape, 1))
    transfer = eliminate(problem.tables, jacobian, width, nothing, nothing[:, :, 0, :, 0]).c0
    nodes = np.ascontiguousarray(np.concatenate([loop.u for loop in loops]).T)
    p[problem.index] = np.repeat([loop.value for loop in loops], shape[1])
    flow = of.batch(nodes, p).T.reshape(shape[0], shape[1], shape[3])
    return multipliers(transfer, flow, relative=relative)


def _chunks(transfer: Floats, flow: Floats) -> tuple[Floats, Floats]:
    """Multiply neighbours until few factors are left; also the flow where each begins."""
    while transfer.shape[1] > CHUNKS:
        even = transfer.shape[1] // 2 * 2
        pairs = transfer[:, 1:even:2] @ transfer[:, 0:even:2]
        transfer = np.concatenate([pairs, transfer[:, even:]], axis=1)
        flow = flow[:, ::2]
    return transfer, flow


def _halved(factors: Floats) -> tuple[Floats, Floats]:
    """Return c0 and c1, (P, n, n), with c0 v + mu c1 v = 0 for every multiplier mu.

    Both are of order 1, which does not blow up errors across the orbit; the multipliers have
    an absolute error of rounding (Fairgrieve and Jepson, SIAM J Numer Anal 28:1446, 1991).
    """
    c1 = np.broadcast_to(-np.eye(factors.shape[-1]), factors.shape)
    c0, g = factors, np.empty((*factors.shape[:3], 0))
    while c0.shape[1] > 1:
        c0, c1, g, _ = halve(c0, c1, g)
    return c0[:, 0], c1[:, 0]


def _along(c0: Floats, c1: Floats, flow: Floats) -> float:
    """Return the multiplier of the flow direction."""
    left, right = c0 @ flow, c1 @ flow
    return float(-(right @ left) / (right @ right))


def _across(c0: Floats, c1: Floats, flow: Floats) -> Complexes:
    """Return the multipliers of c0 v + mu c1 v = 0 with the flow direction taken out."""
    from scipy.linalg import eigvals

    basis, others = (
        np.linalg.qr(way[:, None], mode="complete")[0][:, 1:] for way in (flow, c1 @ flow)
    )
    return np.asarray(eigvals(others.T @ c0 @ basis, -others.T @ c1 @ basis))


def _eigenvalues(factors: Floats) -> Complexes:
    """Return the eigenvalues of each product of factors (P, N, k, k), to a relative error."""
    points, count, k = factors.shape[:3]
    q = np.broadcast_to(np.eye(k), (points, k, k))
    triangles = np.empty_like(factors)
    for _ in range(SWEEPS):
        start = q
        for i in range(count):
            q, triangles[:, i] = np.linalg.qr(factors[:, i] @ q)
        turn = start.swapaxes(-1, -2) @ q
        with np.errstate(divide="ignore"):
            logs = np.log(np.abs(np.einsum("pnii->pni", triangles))).sum(axis=1)
        group = np.cumsum(np.diff(logs, axis=1, prepend=logs[:, :1]) < -np.log(APART), axis=1)
        below = np.abs(turn) * (group[:, :, None] > group[:, None, :])
        if below.max(initial=0.0) < SETTLED:
            break
    out = np.empty((points, k), complex)
    for p in range(points):
        out[p] = _blocks(triangles[p], turn[p], group[p])
    return out


def _blocks(triangles: Floats, turn: Floats, group: NDArray[np.int64]) -> Complexes:
    """Return the eigenvalues of turn R_(N-1) ... R_0, block by block of similar modulus."""
    found = np.empty(len(group), complex)
    for number in range(group[-1] + 1):
        where = np.flatnonzero(group == number)
        part = np.ix_(where, where)
        product, log = turn[part], 0.0
        for triangle in triangles[(slice(None), *part)][::-1]:
            product = product @ triangle
            size = np.abs(product).max()
            if size == 0.0:
                break
            product, log = product / size, log + np.log(size)
        found[where] = np.linalg.eigvals(product) * np.exp(log)
    return found
