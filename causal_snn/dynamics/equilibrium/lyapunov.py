"""The first Lyapunov coefficient of a Hopf point in interval arithmetic.

Source: Kuznetsov, Elements of Applied Bifurcation Theory (2004), eq. 5.39.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations_with_replacement, permutations
from typing import Any

import numpy as np

from causal_snn.dynamics.field import Field
from causal_snn.dynamics.interval.arithmetic import Interval, matmul
from causal_snn.dynamics.interval.compile import IntervalFunction, interval_function, without_pieces
from causal_snn.dynamics.interval.verify import solve
from causal_snn.models.neuron import Equations

Complex = tuple[Interval, Interval]
"""Real and imaginary part."""


def lyapunov_interval(
    f: Field,
    index: int,
    others: Sequence[float],
    *,
    x: Interval,
    q: Complex,
    omega: Interval,
    value: Interval,
) -> Interval | None:
    """Return an enclosure of l1 for q of unit length, or None if a linear system may be singular.

    l1 = Re(<p, C(q, q, q~)> - 2 <p, B(q, A^-1 B(q, q~))> + <p, B(q~, (2 i w - A)^-1 B(q, q))>)
    / (2 w), with A q = i w q, A^T p = -i w p, <p, q> = 1.

    Parameters
    ----------
    f : Field
        The neuron.
    index : int
        Place of the parameter that was continued.
    others : sequence of float
        Values of all the other parameters.
    x, q, omega, value : Interval
        State (n,), eigenvector (n,), angular frequency and parameter value.
    """
    n = f.n
    jacobian, second, third = (_tensor(f, index, others, x, value, order) for order in (1, 2, 3))
    p = _adjoint(jacobian, q, omega)
    a, b = q
    resting = solve(jacobian, _form(second, a, a) + _form(second, b, b))  # A^-1 B(q, q~)
    turning = _resolvent(jacobian, omega, _bilinear(second, q, q))
    if p is None or resting is None or turning is None:
        return None
    cubic = (
        _form(third, a, a, a) + _form(third, a, b, b),
        _form(third, a, a, b) + _form(third, b, b, b),
    )  # C(q, q, q~)
    zero = Interval.of(np.zeros(n))
    still = _bilinear(second, q, (resting, zero))
    double = _bilinear(second, (a, -b), turning)
    total = _inner(p, cubic) - 2 * _inner(p, still) + _inner(p, double)
    length = _dot(a, a) + _dot(b, b)  # l1 is of degree 2 in q
    return total / (2 * omega * length)


def _adjoint(jacobian: Interval, q: Complex, omega: Interval) -> Complex | None:
    """Return p with A^T p = -i w p and <p, q> = 1.

    Solved with a border: (A^T + i w) p + s d = 0 has s = 0 because i w is an eigenvalue.
    """
    a, b = q
    n = a.shape[0]
    lo, hi = np.zeros((2 * n + 2, 2 * n + 2)), np.zeros((2 * n + 2, 2 * n + 2))
    matrix = Interval(lo, hi)

    def put(rows: slice | int, columns: slice | int, block: Interval) -> None:
        matrix.lo[rows, columns], matrix.hi[rows, columns] = block.lo, block.hi

    turned = Interval(jacobian.lo.T, jacobian.hi.T)
    first, last = slice(0, n), slice(n, 2 * n)
    put(first, first, turned)
    put(last, last, turned)
    rotation = Interval.of(np.eye(n)) * omega
    put(first, last, -rotation)
    put(last, first, rotation)
    real, imaginary = Interval.of(a.mid), Interval.of(b.mid)  # d, about q
    put(first, 2 * n, real)
    put(last, 2 * n, imaginary)
    put(first, 2 * n + 1, -imaginary)
    put(last, 2 * n + 1, real)
    put(2 * n, first, a)  # Re <p, q>
    put(2 * n, last, b)
    put(2 * n + 1, first, b)  # Im <p, q>
    put(2 * n + 1, last, -a)
    right = np.zeros(2 * n + 2)
    right[2 * n] = 1.0
    p = solve(matrix, Interval.of(right))
    return None if p is None else (p[:n], p[n : 2 * n])


def _resolvent(jacobian: Interval, omega: Interval, right: Complex) -> Complex | None:
    """Return (2 i w - A)^-1 applied to a vector."""
    n = jacobian.shape[0]
    turn = Interval.of(np.eye(n)) * (2 * omega)
    rows = (-jacobian, -turn), (turn, -jacobian)
    matrix = Interval(
        np.block([[block.lo for block in row] for row in rows]),
        np.block([[block.hi for block in row] for row in rows]),
    )
    both = Interval(
        np.concatenate([right[0].lo, right[1].lo]), np.concatenate([right[0].hi, right[1].hi])
    )
    y = solve(matrix, both)
    return None if y is None else (y[:n], y[n:])


def _form(tensor: Interval, *vectors: Interval) -> Interval:
    """Return a symmetric form applied to vectors, shape (n,)."""
    for vector in vectors:
        tensor = matmul(tensor, vector[:, None])[..., 0]
    return tensor


def _bilinear(tensor: Interval, u: Complex, v: Complex) -> Complex:
    return (
        _form(tensor, u[0], v[0]) - _form(tensor, u[1], v[1]),
        _form(tensor, u[0], v[1]) + _form(tensor, u[1], v[0]),
    )


def _dot(u: Interval, v: Interval) -> Interval:
    return matmul(u[None, :], v[:, None])[0, 0]


def _inner(p: Complex, v: Complex) -> Interval:
    """Return the real part of <p, v>."""
    return _dot(p[0], v[0]) + _dot(p[1], v[1])


def _tensor(
    f: Field, index: int, others: Sequence[float], x: Interval, value: Interval, order: int
) -> Interval:
    function, where = _derivatives(f.model.equations, f.names, index, order)
    shape = (f.n,) * (order + 1)
    lo, hi = np.zeros(shape), np.zeros(shape)
    entries = function.at(others)(*(x[i] for i in range(f.n)), value)
    for entry, places in zip(map(Interval.of, entries), where, strict=True):
        for place in places:
            lo[place], hi[place] = entry.lo, entry.hi
    return Interval(lo, hi)


@cache
def _derivatives(
    equations: Equations, names: tuple[str, ...], index: int, order: int
) -> tuple[IntervalFunction, list[list[tuple[int, ...]]]]:
    """Return the distinct non-zero derivatives of an order, and their places in the tensor."""
    import sympy as sp

    parameters = [sp.Symbol(name, real=True) for name in names]
    varied = parameters.pop(index)
    expressions: list[Any] = []
    where = []
    for i, rate in enumerate(map(without_pieces, equations.drift)):
        for which in combinations_with_replacement(range(len(equations.states)), order):
            entry = rate.diff(*(equations.states[j] for j in which))
            if entry != 0:
                expressions.append(entry)
                where.append([(i, *place) for place in set(permutations(which))])
    variables = [*equations.states, varied]
    return interval_function(expressions, variables, parameters, slopes=True), where
