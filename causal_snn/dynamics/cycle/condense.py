"""Solve the linear system of one Newton step in time linear in the number of intervals.

The unknowns at the Gauss points of each interval are eliminated within the interval, all
intervals at once. What is left, C0_i u_i + C1_i u_(i+1) + G_i s + g_i = 0 around the circle with
a few scalars s (period, parameter) and as many bordering rows, is halved again and again: QR of
the two blocks that touch every second mesh point removes it. The orthogonal reduction stays
stable where the flow both contracts and expands strongly, as forward products of transfer
matrices do not.
Source: Ascher, Mattheij and Russell (SIAM, 1995), secs 5.6 and 7.2; Wright, SIAM J Sci Stat
Comput 13:742 (1992).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.cycle.collocation import Scheme, scheme

Floats = NDArray[np.float64]
DENSE = 56
"""Below this many unknowns an ordinary dense solve is faster than another halving."""


class Interior(NamedTuple):
    """The unknowns at Gauss points by what they depend on, and what that leaves.

    Attributes
    ----------
    inner : array, shape (N, m n, n + c + 1)
        Gauss values = inner (u_i, s, 1).
    c0, c1 : array, shape (N, n, n)
    g : array, shape (N, n, c + 1)
        What follows: c0 u_i + c1 u_(i+1) + g (s, 1) = 0.
    """

    inner: Floats
    c0: Floats
    c1: Floats
    g: Floats


class Level(NamedTuple):
    """One halving: every second mesh value = values (left, right, s, 1)."""

    values: Floats
    odd: bool


@dataclass(frozen=True, slots=True, eq=False)
class Condensed:
    """The reduced system with the way back."""

    interior: Interior
    levels: tuple[Level, ...]
    matrix: Floats
    constant: Floats


def eliminate(
    tables: Scheme, jacobian: Floats, width: Floats, columns: Floats, ends: Floats
) -> Interior:
    """Eliminate the Gauss points of every interval.

    The equations are slope (u_i, y_i) - width_i J y + columns (s, 1) = 0 at each Gauss point and
    end (u_i, y_i) - u_(i+1) + ends = 0.

    Parameters
    ----------
    tables : Scheme
    jacobian : array, shape (..., N, m, n, n)
    width : array, shape (..., N)
        Interval length in time.
    columns : array, shape (..., N, m, n, c + 1)
    ends : array, shape (..., N, n)
    """
    m, n = tables.degree, jacobian.shape[-1]
    lead = jacobian.shape[:-3]
    own, left = _without_drift(m, n)
    matrix = np.empty((*lead, m, n, m, n))
    matrix[:] = own
    diagonal = np.einsum("...jajb->...jab", matrix)
    diagonal -= width[..., None, None, None] * jacobian
    right = np.empty((*lead, m, n, n + columns.shape[-1]))
    right[..., :n] = left
    np.negative(columns, out=right[..., n:])
    right = right.reshape(*lead, m * n, -1)
    inner = np.linalg.solve(matrix.reshape(*lead, m * n, m * n), right)
    leave = (tables.end[1:] @ inner.reshape(*lead, m, -1)).reshape(*lead, n, -1)
    c0 = leave[..., :n] + tables.end[0] * np.eye(n)
    g = leave[..., n:].copy()
    g[..., -1] += ends
    return Interior(inner, c0, np.broadcast_to(-np.eye(n), c0.shape), g)


@cache
def _without_drift(m: int, n: int) -> tuple[Floats, Floats]:
    """Return the blocks of the differentiation matrix, on y (m, n, m, n) and on u (m, n, n)."""
    slope = scheme(m).slope
    return (
        np.einsum("jk,ab->jakb", slope[:, 1:], np.eye(n)),
        -np.einsum("j,ab->jab", slope[:, 0], np.eye(n)),
    )


def halve(c0: Floats, c1: Floats, g: Floats) -> tuple[Floats, Floats, Floats, Level]:
    """Remove every second mesh point; arrays may have leading axes before (N, n, ...).

    An odd last interval is passed on as it is.
    """
    count, n = c0.shape[-3], c0.shape[-1]
    pairs = count // 2
    width = g.shape[-1]
    block = np.zeros((*c0.shape[:-3], pairs, 2 * n, 3 * n + width))
    a, b = slice(0, 2 * pairs, 2), slice(1, 2 * pairs, 2)
    block[..., :n, :n] = c1[..., a, :, :]
    block[..., n:, :n] = c0[..., b, :, :]
    block[..., :n, n : 2 * n] = c0[..., a, :, :]
    block[..., n:, 2 * n : 3 * n] = c1[..., b, :, :]
    block[..., :n, 3 * n :] = g[..., a, :, :]
    block[..., n:, 3 * n :] = g[..., b, :, :]
    block = np.linalg.qr(block, mode="r")
    values = -np.linalg.solve(block[..., :n, :n], block[..., :n, n:])
    low = block[..., n:, n:]
    new = (low[..., :n], low[..., n : 2 * n], low[..., 2 * n :])
    odd = count % 2 == 1
    if odd:
        old = (c0, c1, g)
        new = tuple(  # type: ignore[assignment]
            np.concatenate([x, y[..., -1:, :, :]], axis=-3) for x, y in zip(new, old, strict=True)
        )
    return (*new, Level(values, odd))


def condense(interior: Interior, rows: Floats, corner: Floats, rest: Floats) -> Condensed:
    """Reduce the bordered system to a small dense one.

    Parameters
    ----------
    interior : Interior
    rows : array, shape (N, c, m n)
        Bordering rows, on the values at Gauss points.
    corner : array, shape (c, c)
        Their part on the scalars.
    rest : array, shape (c,)
        Their constants: rows y + corner s + rest = 0.
    """
    inner, c0, c1, g = interior
    n, c = c0.shape[-1], len(rest)
    on = np.matmul(rows, inner)
    border = on[..., :n]
    tail = on[..., n:].sum(axis=0)
    tail[:, :c] += corner
    tail[:, c] += rest
    levels = []
    while len(c0) * n > DENSE and len(c0) > 1:
        c0, c1, g, level = halve(c0, c1, g)
        levels.append(level)
        border, tail = _border(border, tail, level)
    return Condensed(interior, tuple(levels), *_dense(c0, c1, g, border, tail))


def _dense(
    c0: Floats, c1: Floats, g: Floats, border: Floats, tail: Floats
) -> tuple[Floats, Floats]:
    """Return matrix and constants of the system with the blocks that are left."""
    count, n, _ = c0.shape
    size, c = count * n, len(tail)
    matrix = np.zeros((size + c, size + c))
    constant = np.empty(size + c)
    blocks = np.zeros((count, n, count, n))
    here = np.arange(count)
    blocks[here, :, here] += c0
    blocks[here, :, (here + 1) % count] += c1  # of a single block, the same one again
    matrix[:size, :size] = blocks.reshape(size, size)
    matrix[size:, :size] = border.swapaxes(0, 1).reshape(c, size)
    matrix[:size, size:] = g[..., :c].reshape(size, c)
    constant[:size] = g[..., c].ravel()
    matrix[size:, size:] = tail[:, :c]
    constant[size:] = tail[:, c]
    return matrix, constant


def _border(border: Floats, tail: Floats, level: Level) -> tuple[Floats, Floats]:
    """Take the removed mesh points out of the bordering rows."""
    n = border.shape[-1]
    pairs = len(level.values)
    on = np.matmul(border[1 : 2 * pairs : 2], level.values)
    kept = border[0::2].copy()
    kept[:pairs] += on[..., :n]
    right = np.arange(1, pairs + 1) % len(kept)
    kept[right] += on[..., n : 2 * n]  # each index once
    return kept, tail + on[..., 2 * n :].sum(axis=0)


def back(system: Condensed, small: Floats, unit: float) -> tuple[Floats, Floats, Floats]:
    """Return mesh values (N, n), Gauss values (N, m n) and scalars from the small solution.

    `unit` multiplies the constants: 1 for a Newton step, 0 for a null vector.
    """
    n = system.interior.c0.shape[-1]
    c = system.interior.g.shape[-1] - 1
    scalars = small[len(small) - c :]
    s = np.concatenate([scalars, [unit]])
    u = small[: len(small) - c].reshape(-1, n)
    for level in reversed(system.levels):
        pairs = len(level.values)
        left, right = u[:pairs], u[np.arange(1, pairs + 1) % len(u)]
        known = np.concatenate([left, right, np.broadcast_to(s, (pairs, len(s)))], axis=1)
        middle = np.matmul(level.values, known[:, :, None])[:, :, 0]
        out = np.empty((2 * pairs + level.odd, n))
        out[0::2] = u
        out[1 : 2 * pairs : 2] = middle
        u = out
    known = np.concatenate([u, np.broadcast_to(s, (len(u), len(s)))], axis=1)
    y = np.matmul(system.interior.inner, known[:, :, None])[:, :, 0]
    return u, y, scalars
