"""Krawczyk's operator: proof that a system of equations has one zero near a computed one.

Source: Rump, Verification methods, Acta Numerica 19:287 (2010), section 13.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from causal_snn.dynamics.interval.arithmetic import Floats, Interval, matmul

Function = Callable[[Interval], Interval]


def krawczyk(g: Function, slopes: Function, z: Floats) -> Interval | None:
    """Return an enclosure of the zero of g near z, proven to be the only one in it, or None.

    With Y about the inverse of the Jacobian at z and X a box around z,
    K = z - Y g(z) + (1 - Y Dg(X))(X - z) inside X proves that X holds exactly one zero, that it
    is in K, and that the Jacobian is regular there.

    Parameters
    ----------
    g, slopes : callable
        From intervals of shape (m,) to g, (m,), and to its Jacobian, (m, m).
    z : array, shape (m,)
        A computed zero; it is improved by Newton's method first.
    """
    for _ in range(4):
        y = _inverse(slopes(Interval.of(z)).mid)
        if y is None:
            return None
        z = z - y @ g(Interval.of(z)).mid
        if not np.isfinite(z).all():
            return None
    assert y is not None
    shift = matmul(y, g(Interval.of(z))[:, None])[:, 0]
    ball = shift.mag
    for _ in range(12):
        ball = 1.1 * ball + 1e-15 * np.abs(z) + 1e-300
        x = Interval(z - ball, z + ball)
        image = _image(slopes, y, z, shift, x)
        if image.within(x).all():
            for _ in range(3):
                image = image.meet(_image(slopes, y, z, shift, image))
            return image
        ball = np.maximum(np.abs(image.lo - z), np.abs(image.hi - z))
        if not np.isfinite(ball).all():
            return None
    return None


def solve(matrix: Interval, right: Interval) -> Interval | None:
    """Return an enclosure of the solutions of matrix x = right, or None if one may be singular.

    Parameters
    ----------
    matrix : Interval, shape (m, m)
        Matrices.
    right : Interval, shape (m,)
        Right sides.
    """
    inverse = _inverse(matrix.mid)
    if inverse is None:
        return None
    return krawczyk(
        lambda x: matmul(matrix, x[:, None])[:, 0] - right,
        lambda _: matrix,
        inverse @ right.mid,
    )


def _image(slopes: Function, y: Floats, z: Floats, shift: Interval, x: Interval) -> Interval:
    rest = Interval.of(np.eye(len(z))) - matmul(y, slopes(x))
    return z - shift + matmul(rest, (x - z)[:, None])[:, 0]


def _inverse(matrix: Floats) -> Floats | None:
    if not np.isfinite(matrix).all():
        return None
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return None
    return inverse if np.isfinite(inverse).all() else None
