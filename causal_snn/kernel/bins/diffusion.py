r"""Backward equation of the leaky integrator with an absorbing threshold.

S(v, t) = P(theta not reached within t | v) solves (theory/08_effect_kernels.py K7)

    S_t = (mu - v)/tau S_v + (sd^2/tau) S_vv,   S(theta, t) = 0,  S(v, 0) = 1.

In space by spectral elements (Galerkin on Gauss-Lobatto nodes). In time by an L-stable Pade
approximant of exp, in steps that double their length with the time: the corner at (theta, 0), where
the two conditions disagree, looks the same at every scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial, legendre
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DEGREE = 14
"""Polynomial degree of an element."""
OCTAVES = 9
"""Halvings of the time before the first steps."""
STEPS = 12
"""Steps in which the time doubles."""
MOST_STEPS = 200
WATCHED = 6
"""Halvings of the time at which the solution must be resolved."""
TAIL = 8.5
"""Standard deviations below which the potential does not get."""
MOST_ELEMENTS = 256


@dataclass(frozen=True, slots=True)
class Membrane:
    """A leaky integrator under constant drive.

    Attributes
    ----------
    mu : float
        Where it settles without noise and threshold (mV).
    sd : float
        Stationary standard deviation without threshold (mV), positive.
    tau : float
        Time constant (ms).
    theta : float
        Absorbing threshold (mV).
    """

    mu: float
    sd: float
    tau: float
    theta: float


def survival(
    membrane: Membrane, v: Floats, t: float, tolerance: float, edges: Floats | None = None
) -> tuple[Floats, float, Floats]:
    """Return P(theta not reached within t | do(v)), an estimate of its error, and the elements.

    Elements are halved until the solution at t, t/2, ... t/2^WATCHED is resolved. Then every
    element gets two more degrees and the time half as many more steps, until the change that
    this makes is within the tolerance, or could not be for want of elements. The last change is
    the error.

    Parameters
    ----------
    membrane : Membrane
    v : array, shape (M,)
        Starting potentials, at most theta (mV).
    t : float
        Time (ms), positive.
    tolerance : float
    edges : array, optional
        Elements to begin with, those of a similar membrane.

    Returns
    -------
    S : array, shape (M,)
    error : float
    edges : array
    """
    first = _first(membrane, float(v.min()), t)
    edges = first if edges is None else np.unique(np.append(first[0], edges[edges > first[0]]))
    steps = STEPS
    while True:
        times = _solve(membrane, edges, t, DEGREE, steps)
        coarse = _missed(edges, times[-1 - WATCHED :]) > tolerance
        if not np.any(coarse) or len(edges) - 1 + coarse.sum() > MOST_ELEMENTS:
            break
        edges = np.sort(np.append(edges, ((edges[:-1] + edges[1:]) / 2.0)[coarse]))
    found = _at(edges, times[-1], v)
    while True:
        steps += steps // 2
        coarser, found = found, _at(edges, _solve(membrane, edges, t, DEGREE + 2, steps)[-1], v)
        error = float(np.abs(found - coarser).max())
        if error <= tolerance or np.any(coarse) or 3 * steps > 2 * MOST_STEPS:
            return np.clip(found, 0.0, 1.0), error, edges


def deterministic(membrane: Membrane, v: Floats, t: float) -> Floats:
    """Return 1 where theta is not reached without noise, else 0: the flow is monotone."""
    end = membrane.mu + (v - membrane.mu) * np.exp(-t / membrane.tau)
    return np.where((end >= membrane.theta) | (v >= membrane.theta), 0.0, 1.0)


def _first(membrane: Membrane, low: float, t: float) -> Floats:
    """Return elements from below all reachable potentials to theta, halving towards theta."""
    spread = membrane.sd * np.sqrt(-np.expm1(-2.0 * t / membrane.tau))
    bottom = min(low, membrane.mu, membrane.theta) - TAIL * spread
    width = membrane.theta - bottom
    finest = min(width, spread / 4.0)  # twice the width of the corner at t/2^WATCHED
    count = int(np.ceil(np.log2(width / finest))) + 1
    return np.append(membrane.theta - width * 0.5 ** np.arange(count), membrane.theta)


def _solve(membrane: Membrane, edges: Floats, t: float, degree: int, steps: int) -> Floats:
    """Return S at t/2^OCTAVES, ..., t/2, t on all nodes, shape (OCTAVES + 1, nodes)."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    generator = _generator(membrane, edges, degree)
    eye = eye_array(generator.shape[0], format="csc")
    poles, residues = _pade()
    now = np.ones(generator.shape[0])
    found = np.zeros((OCTAVES + 1, len(now) + 1))  # theta itself is the last node: S = 0
    for k in range(OCTAVES + 1):
        length = t / 2.0 ** min(OCTAVES, OCTAVES + 1 - k)
        factors = [splu(generator * (length / steps) - pole * eye) for pole in poles]
        for _ in range(steps):  # each pole stands for a conjugate pair
            now = sum(
                2.0 * (residue * factor.solve(now.astype(complex))).real
                for residue, factor in zip(residues, factors, strict=True)
            )
        found[k, :-1] = now
    return found


def _generator(membrane: Membrane, edges: Floats, degree: int) -> Any:
    """Return the discrete operator on the nodes below theta, a sparse array."""
    from scipy.sparse import coo_array

    x, w, derive = _lobatto(degree)
    size = degree * (len(edges) - 1) + 1
    half = np.diff(edges)[:, None, None] / 2.0
    nodes = (edges[:-1, None] + edges[1:, None]) / 2.0 + half[:, :, 0] * x
    drift = (membrane.mu - nodes) / membrane.tau
    blocks = (w * drift)[:, :, None] * derive - membrane.sd**2 / membrane.tau / half * (
        (derive.T * w) @ derive
    )
    places = degree * np.arange(len(edges) - 1)[:, None] + np.arange(degree + 1)
    mass = np.zeros(size)
    np.add.at(mass, places, half[:, :, 0] * w)
    rows = np.broadcast_to(places[:, :, None], blocks.shape)
    columns = np.broadcast_to(places[:, None, :], blocks.shape)
    whole = coo_array(
        ((blocks / mass[rows]).ravel(), (rows.ravel(), columns.ravel())), shape=(size, size)
    )
    return whole.tocsr()[:-1, :-1].tocsc()


@lru_cache(maxsize=1)
def _pade() -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return poles with positive imaginary part and residues of the (3, 4) approximant of exp.

    4 (210 + 90 z + 15 z^2 + z^3)/(840 - 480 z + 120 z^2 - 16 z^3 + z^4), of order 7:
    Hairer and Wanner, Solving Ordinary Differential Equations II (1996), sec. IV.3.
    """
    top, bottom = Polynomial([840, 360, 60, 4]), Polynomial([840, -480, 120, -16, 1])
    roots = np.asarray(bottom.roots(), dtype=complex)
    poles = roots[roots.imag > 0]
    for _ in range(2):  # Newton: what is off in one step adds up over all of them
        poles = poles - bottom(poles) / bottom.deriv()(poles)
    residues = np.asarray(top(poles) / bottom.deriv()(poles))
    return poles, residues / (-2.0 * (residues / poles).real.sum())  # the value at 0 is 1


@lru_cache(maxsize=8)
def _nodes(degree: int) -> Floats:
    """Return Gauss-Lobatto nodes on [-1, 1]: the ends, and where P_degree is flat."""
    inner = legendre.Legendre.basis(degree).deriv().roots().real
    return np.concatenate([[-1.0], np.sort(inner), [1.0]])


@lru_cache(maxsize=8)
def _lobatto(degree: int) -> tuple[Floats, Floats, Floats]:
    """Return Gauss-Lobatto nodes and weights on [-1, 1], and the differentiation matrix."""
    x = _nodes(degree)
    w = 2.0 / (degree * (degree + 1) * legendre.Legendre.basis(degree)(x) ** 2)
    slopes = np.array([legendre.Legendre.basis(d).deriv()(x) for d in range(degree + 1)]).T
    return x, w, np.asarray(slopes @ _coefficients(degree))


@lru_cache(maxsize=8)
def _coefficients(degree: int) -> Floats:
    """Return the matrix from values at Gauss-Lobatto nodes to Legendre coefficients."""
    return np.asarray(np.linalg.inv(legendre.legvander(_nodes(degree), degree)))


def _missed(edges: Floats, times: Floats) -> Floats:
    """Return the last two Legendre coefficients of each element, at the worst of the times."""
    last = _coefficients(DEGREE)[-2:]
    return np.array(
        [
            np.abs(times[:, DEGREE * k : DEGREE * (k + 1) + 1] @ last.T).sum(axis=1).max()
            for k in range(len(edges) - 1)
        ]
    )


def _at(edges: Floats, values: Floats, v: Floats) -> Floats:
    """Return the solution at potentials v."""
    count = len(edges) - 1
    degree = (len(values) - 1) // count
    place = np.clip(np.searchsorted(edges, v, side="right") - 1, 0, count - 1)
    lo, hi = edges[place], edges[place + 1]
    here = values[degree * place[:, None] + np.arange(degree + 1)] @ _coefficients(degree).T
    basis = legendre.legvander((2.0 * v - lo - hi) / (hi - lo), degree)
    return np.asarray((here * basis).sum(axis=1))
