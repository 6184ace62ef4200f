"""Extended systems whose regular zeros are the folds and Hopf points of equilibria.

Source: Moore and Spence, SIAM J Numer Anal 17:567 (1980); Griewank and Reddien, IMA J Numer Anal
3:295 (1983).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.field import Field
from causal_snn.dynamics.interval.compile import IntervalFunction, interval_function, without_pieces
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.models.neuron import Equations

Floats = NDArray[np.float64]
Start = tuple[Floats, Floats]
"""A computed zero, and the vector c of the normalisation; the zero is NaN if there is none."""


def fold_start(f: Field, point: SpecialPoint, p: tuple[float, ...]) -> Start:
    """Return x, q and the parameter at a fold."""
    jacobian = f.jac(point.state, p)
    if not np.isfinite(jacobian).all():
        return np.full(2 * f.n + 1, np.nan), np.zeros(f.n)
    q = np.linalg.svd(jacobian)[2][-1]
    return np.concatenate([point.state, q, [point.value]]), q


def hopf_start(f: Field, point: SpecialPoint, p: tuple[float, ...]) -> Start:
    """Return x, a, b, omega and the parameter at a Hopf point, with q = a + ib."""
    none = np.full(3 * f.n + 2, np.nan), np.zeros(f.n)
    jacobian = f.jac(point.state, p)
    if not np.isfinite(jacobian).all():
        return none
    values, vectors = np.linalg.eig(jacobian)
    off = np.where(values.imag > 0, np.abs(values.real), np.inf)
    if point.omega is not None:
        off = off + np.abs(values.imag - point.omega)
    k = int(np.argmin(off))
    if not np.isfinite(off[k]):  # all eigenvalues are real
        return none
    q = vectors[:, k] / vectors[np.argmax(np.abs(vectors[:, k])), k]
    c = q.real / (q.real @ q.real)
    q = q / (c @ q)
    return np.concatenate([point.state, q.real, q.imag, [values[k].imag, point.value]]), c


@cache
def fold_system(
    equations: Equations, names: tuple[str, ...], index: int
) -> tuple[IntervalFunction, IntervalFunction]:
    """Return f = 0, J q = 0, <c, q> = 1 and its Jacobian; parameters are the others, then c."""
    drift, varied, parameters, jacobian, (q, c) = _symbols(equations, names, index, "qc")
    system = [*drift, *(jacobian * q), c.dot(q) - 1]
    return _compiled(system, [*equations.states, *q, varied], [*parameters, *c])


@cache
def hopf_system(
    equations: Equations, names: tuple[str, ...], index: int
) -> tuple[IntervalFunction, IntervalFunction]:
    """Return f = 0, J (a + ib) = i omega (a + ib), <c, a + ib> = 1 and its Jacobian."""
    import sympy as sp

    drift, varied, parameters, jacobian, (a, b, c) = _symbols(equations, names, index, "abc")
    omega = sp.Dummy("omega", real=True)
    rotation = [*(jacobian * a + omega * b), *(jacobian * b - omega * a)]
    system = [*drift, *rotation, c.dot(a) - 1, c.dot(b)]
    return _compiled(system, [*equations.states, *a, *b, omega, varied], [*parameters, *c])


def _symbols(equations: Equations, names: tuple[str, ...], index: int, letters: str) -> Any:
    import sympy as sp

    n = len(equations.states)
    parameters = [sp.Symbol(name, real=True) for name in names]
    varied = parameters.pop(index)
    drift = sp.Matrix([without_pieces(rate) for rate in equations.drift])
    jacobian = drift.jacobian(sp.Matrix(equations.states))
    vectors = [
        sp.Matrix([sp.Dummy(f"{letter}{i}", real=True) for i in range(n)]) for letter in letters
    ]
    return drift, varied, parameters, jacobian, vectors


def _compiled(
    system: list[Any], variables: list[Any], parameters: list[Any]
) -> tuple[IntervalFunction, IntervalFunction]:
    slopes = [row.diff(variable) for row in system for variable in variables]
    return (
        interval_function(system, variables, parameters),
        interval_function(slopes, variables, parameters, slopes=True),
    )
