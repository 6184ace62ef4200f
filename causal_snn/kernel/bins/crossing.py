r"""One step of a unit with noise: where it is afterwards if it has not spiked.

A bridge step is Brownian motion with constant drift and threshold as its absorbing boundary
(theory/08_effect_kernels.py K5). Before the jump of the inputs at its end, y has the density

    N(y; m, sigma^2) (1 - exp(-2 a (theta - v)(theta - y)/sigma^2)),   y < theta,

with m the mean and v the potential at the start, after any reset: free paths, less an image.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.bins.task import Bin
from causal_snn.kernel.normal import above
from causal_snn.simulation.quadrature.legendre import REACH, gauss, legendre_of_values
from causal_snn.simulation.quadrature.unit import Element, Micro, mean_next

Floats = NDArray[np.float64]
WINDOW = 2 * REACH
"""Widest element (standard deviations) that is integrated by one rule for all rows."""


def pull(task: Bin, start: Micro) -> Floats:
    """Return a (theta - v), the gap that the image mirrors (mV), shape (M,).

    Infinite where crossings between steps do not count: an image infinitely far away. That is the
    step after a spike of a delayed reset too, which stays above threshold up to its end.
    """
    step = task.step
    gap = step.decay * (step.theta - step.after_reset(start.v, start.spiked))
    delayed = bool(step.restart) or step.reset_jump > step.theta - step.V_reset
    counts = task.bridge & ~(start.spiked & delayed)
    return np.where(counts, np.maximum(gap, 0.0), np.inf)


def spike_next(task: Bin, start: Micro, c: Floats | float) -> Floats:
    """Return P(spike in one step) of micro states under inputs c of the others, in closed form.

    P = Phi((m - theta)/sigma), and for a bridge step what K5 adds.
    """
    step = task.step
    mean, held = mean_next(step, start, task.input(start, c))
    spikes = above(mean, step.sigma, step.theta, strict=bool(step.strict))
    jump, gap = task.jump(start, c), pull(task, start)
    top = step.theta + np.minimum(jump, 0.0)
    near = np.isfinite(gap)
    if step.sigma == 0:
        spikes = np.where(near & (mean - jump >= step.theta), 1.0, spikes)
    elif task.bridge:
        from scipy.special import log_ndtr, ndtr

        mirror = np.where(near, gap, 0.0)
        end = step.theta + jump
        log_image = -2.0 * mirror * (end - mean - mirror) / step.sigma**2 + log_ndtr(
            (top - mean - 2.0 * mirror) / step.sigma
        )
        missed = ndtr((step.theta - mean) / step.sigma) - ndtr((top - mean) / step.sigma)
        spikes = np.where(near, spikes + missed + np.exp(log_image), spikes)
    return np.where(held, 0.0, np.clip(spikes, 0.0, 1.0))


def free_mass(mean: Floats, sigma: float, element: Element, top: float) -> Floats:
    """Return the integral of N(y; m, sigma^2) l_j(y) over the element up to `top`, (M, count)."""
    last = np.full(len(mean), min(element[1], top))
    return image_mass(mean, np.zeros(len(mean)), last, sigma, element, top)


def image_mass(
    mean: Floats, mirror: Floats, end: Floats, sigma: float, element: Element, top: float
) -> Floats:
    r"""Return the integral of exp(-((y - m)^2 + 4 k (e - y))/(2 sigma^2)) l_j(y), (M, count).

    Over the element up to `top` <= e, divided by sigma sqrt(2 pi): the image of a gap k that
    `pull` gives and paths absorbed at e, before a jump that moved them. l_j are the Lagrange
    polynomials of the element.
    """
    lo, hi, count = element
    last = min(hi, top)
    found = np.zeros((len(mean), count))
    if last <= lo:
        return found
    peak = mean + 2.0 * mirror
    highest = _exponent(np.clip(peak, lo, last), mean, mirror, end, sigma)
    near = np.flatnonzero(highest > -(REACH**2) / 2.0)
    if not len(near):
        return found
    mean, mirror, end, peak = mean[near], mirror[near], end[near], peak[near]
    columns = mean[:, None], mirror[:, None], end[:, None]
    if last - lo <= WINDOW * sigma and np.all(peak - last <= WINDOW * sigma):
        # One rule for all rows, with enough nodes for the furthest peak.
        x, w = gauss(count // 2 + 16 + int(4.0 * (last - lo) / sigma))
        y = (lo + last) / 2.0 + (last - lo) / 2.0 * x
        rule = (w * (last - lo) / 2.0)[:, None] * _values(y, element)
        found[near] = np.exp(_exponent(y, *columns, sigma)) @ rule
    else:
        # The exponent is a parabola about the peak: stay within REACH^2/2 of its top.
        left = np.maximum(lo, np.minimum(peak, last) - _width(peak - last, sigma))
        right = np.minimum(last, np.maximum(peak, lo) + _width(lo - peak, sigma))
        x, w = gauss(32 + count)
        half = (right - left)[:, None] / 2.0
        y = (right + left)[:, None] / 2.0 + half * x
        density = np.exp(_exponent(y, *columns, sigma)) * half * w
        found[near] = np.einsum("mq,mqj->mj", density, _values(y, element))
    return np.asarray(found / (sigma * np.sqrt(2.0 * np.pi)))


def _values(y: Floats, element: Element) -> Floats:
    """Return the Lagrange polynomials of an element at y, shape (..., count)."""
    lo, hi, count = element
    relative = (2.0 * y - lo - hi) / (hi - lo)
    return np.asarray(np.polynomial.legendre.legvander(relative, count - 1)) @ legendre_of_values(
        count
    )


def _exponent(y: Floats, mean: Floats, mirror: Floats, end: Floats, sigma: float) -> Floats:
    return np.asarray(-((y - mean) ** 2 + 4.0 * mirror * (end - y)) / (2.0 * sigma**2))


def _width(beyond: Floats, sigma: float) -> Floats:
    """Return how far a Gaussian whose peak lies `beyond` an end reaches in from that end."""
    d = np.maximum(beyond, 0.0)
    return np.asarray((REACH * sigma) ** 2 / (d + np.hypot(d, REACH * sigma)))
