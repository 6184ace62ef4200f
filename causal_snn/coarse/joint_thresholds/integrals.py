"""Integrals of a unit's effect over cells of its micro states, for every spike pattern."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds.unit_step import UnitStep
from causal_snn.kernel.normal import above, mean_above

Floats = NDArray[np.float64]
# Spans of fewer standard deviations are averaged by a sum, where differences lose digits.
_SHORT = 0.5
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_NODES, _WEIGHTS = (_NODES + 1.0) / 2.0, _WEIGHTS / 2.0


class Cell(NamedTuple):
    """A cell of each of K labels under C spike patterns, by the uniform law.

    Attributes
    ----------
    mass : array, shape (K, 1)
        Share of the declared range.
    effect : array, shape (K, C)
        Integral of p over the cell.
    """

    mass: Floats
    effect: Floats

    def join(self, other: Cell) -> Cell:
        """Return the union of two disjoint cells."""
        return Cell(self.mass + other.mass, self.effect + other.effect)


def quiet_cell(unit: UnitStep, first: Floats, last: Floats, target: Floats, c: Floats) -> Cell:
    """Return the cell of potentials first..last without a spike (mV), shapes (K,).

    The effect is u' >= target, shape (K,); the inputs `c` have shape (C,).
    """
    mass = ((last - first) / unit.length)[:, None]
    return Cell(mass, mass * _average(unit, *_quiet_means(unit, first, last, c), target))


def spiking_cell(unit: UnitStep, target: Floats, c: Floats) -> Cell:
    """Return the cell of states that have just spiked; see `quiet_cell`."""
    mass = np.full((len(target), 1), unit.spiking_share)
    if unit.silent:
        return Cell(mass, mass * _held(unit, target, c))
    return Cell(mass, mass * _average(unit, *_spiked_means(unit, target, c), target))


def mean_square(unit: UnitStep, target: Floats, c: Floats) -> Floats:
    """Return the mean of p^2 over the whole declared range, shape (K, C)."""
    low, theta = np.full_like(target, unit.low), np.full_like(target, unit.theta)
    quiet = _average_square(unit, *_quiet_means(unit, low, theta, c), target)
    if unit.silent:
        spiked = _held(unit, target, c)  # 0 or 1, its own square
    else:
        spiked = _average_square(unit, *_spiked_means(unit, target, c), target)
    return (1.0 - unit.spiking_share) * quiet + unit.spiking_share * spiked


def _quiet_means(unit: UnitStep, first: Floats, last: Floats, c: Floats) -> tuple[Floats, Floats]:
    start, stop = (unit.offset + unit.decay * v[:, None] + c for v in (first, last))
    return start, stop


def _spiked_means(unit: UnitStep, target: Floats, c: Floats) -> tuple[Floats, Floats]:
    heard = np.zeros((len(target), 1)) + (c if unit.hears else np.zeros_like(c))
    start, stop = (
        unit.spiked_offset + unit.spiked_decay * v + heard for v in (unit.theta, unit.high)
    )
    return start, stop


def _held(unit: UnitStep, target: Floats, c: Floats) -> Floats:
    """Return whether a unit held after its spike reaches the target, shape (K, C)."""
    return np.where(unit.spiked_offset >= target[:, None], 1.0, 0.0) + np.zeros_like(c)


def _average(unit: UnitStep, first: Floats, last: Floats, target: Floats) -> Floats:
    """Return the average of P(u' reaches the target) while the mean goes from first to last."""
    x = target[:, None]
    found = mean_above(first, last, unit.sigma, x)
    if unit.strict and unit.sigma == 0:  # only the spike itself is strict
        return np.where(x < unit.theta, found, mean_above(first, last, 0.0, x, strict=True))
    return found


def _average_square(unit: UnitStep, first: Floats, last: Floats, target: Floats) -> Floats:
    if unit.sigma == 0:
        return _average(unit, first, last, target)  # 0 or 1, its own square
    return mean_square_above(first, last, unit.sigma, target[:, None])


def mean_square_above(first: Floats, last: Floats, sigma: float, x: Floats) -> Floats:
    """Return the average of P(mean + sigma xi >= x)^2 while the mean goes from first to last.

    With z = (mean - x)/sigma the integral of Phi(z)^2 is
    z Phi(z)^2 + 2 phi(z) Phi(z) - Phi(sqrt(2) z)/sqrt(pi), theory/11_joint.py J7.
    """
    low, high = np.broadcast_arrays((first - x) / sigma, (last - x) / sigma)
    span = high - low
    short = np.abs(span) < _SHORT
    exact = (_primitive(high) - _primitive(low)) / np.where(short, 1.0, span)
    if not np.any(short):
        return np.asarray(exact)
    nodes = low[..., None] + span[..., None] * _NODES
    return np.where(short, above(nodes, 1.0, 0.0) ** 2 @ _WEIGHTS, exact)


def _primitive(z: Floats) -> Floats:
    from scipy.special import ndtr

    density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    phi = ndtr(z)
    return np.asarray(z * phi**2 + 2.0 * density * phi - ndtr(np.sqrt(2.0) * z) / np.sqrt(np.pi))


def patterns(inputs: Floats) -> Floats:
    """Return the input of every spike pattern of d sources, shape (2^d,), source 0 fastest."""
    total = np.zeros(1)
    for added in inputs:
        total = np.concatenate([total, total + added])
    return total


def expand(table: Floats, shares: Floats) -> Floats:
    """Return coefficients in products of (s_j - pi_j)/sqrt(pi_j (1 - pi_j)), same shape (J4).

    The columns of `table`, shape (K, 2^d), are spike patterns of sources that spike with
    the probabilities `shares`; the columns of the result are sets of sources.
    """
    found = table
    for k, pi in enumerate(shares):
        pair = found.reshape(len(table), -1, 2, 2**k)
        quiet, spike = pair[:, :, 0], pair[:, :, 1]
        both = ((1.0 - pi) * quiet + pi * spike, np.sqrt(pi * (1.0 - pi)) * (spike - quiet))
        found = np.stack(both, axis=2)
    return found.reshape(table.shape)
