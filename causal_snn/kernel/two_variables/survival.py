r"""No spike in a bin of several steps: Gaussian convolution in the potential, then the flow.

With x the margin, w the second coordinate, F(x, w) the next mean margin and g(x, w) the next w,

    G_1(f, w) = Phi(-f/sigma),
    G_{k+1}(f, w) = integral over x < 0 of N(x; f, sigma) G_k(F(x, w), g(x, w)) dx

is the probability of no spike in k steps when the first of them has mean margin f and leads to w
(theory/14_two_variables.py V4). G is kept on a grid of (f, w) and read by cubic splines: it is
smooth in f at the scale of sigma however steep the flow is. The integral is composite
Gauss-Legendre, with panels that shrink where the flow is steep.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.kernel.two_variables.region import (
    PEAK,
    REACH,
    check_still,
    images,
    moved,
    reached,
    slope_bounds,
)
from causal_snn.kernel.two_variables.unit import PlaneUnit

Floats = NDArray[np.float64]
ORDER = 6
"""Nodes of a panel."""
MOST_PANELS = 4000
FIRST = (4, 16)
"""Points to a sigma, and least number of intervals in w, of the coarsest grid."""
MOST_INTERVALS = 128
"""Most intervals in w of the coarsest grid."""
MARGIN = 12
"""Points by which the grid is wider than the region: an inexact end is then felt by 1e-7."""
MOST_VALUES = 2_000_000
"""Values of the finest grid."""
F_SAMPLES, W_SAMPLES = 17, 9
"""Samples of G in a box, from which its range is enclosed."""
CURVATURE = 2.0 * PEAK * np.exp(-0.5)


@dataclass(eq=False)
class Survival:
    """P(no spike in a bin) by a grid; see the module. `make_survival` refines it.

    Attributes
    ----------
    one : PlaneUnit
    region : array, shape (2, 2)
        Mean margins and second coordinates within which values are read.
    f, w : array
        The grid, wider than the region by `MARGIN` points: ends of splines are inexact.
    slope : array, shape (steps + 1,)
        Bound of abs(dG_k/dw) for k = 0, 1, ... (V4).
    layers : list of array
        Coefficients of cubic splines of G_2, G_3, ... .
    error : float
        How much the values may be off: the change from the grid that is half as fine.
    """

    one: PlaneUnit
    region: Floats
    f: Floats
    w: Floats
    slope: Floats
    layers: list[Floats] = field(default_factory=list)
    error: float = 0.0

    def value(self, f: Floats, w: Floats, steps: int) -> Floats:
        """Return G_steps at mean margins f and second coordinates w."""
        from scipy.ndimage import map_coordinates
        from scipy.special import ndtr

        if steps == 1:
            return np.asarray(ndtr(-f / self.one.sigma))
        f, w = (np.clip(x, *ends) for x, ends in zip((f, w), self.region, strict=True))
        places = [(x - g[0]) / (g[1] - g[0]) for x, g in ((f, self.f), (w, self.w))]
        found = map_coordinates(
            self.layers[steps - 2], np.broadcast_arrays(*places), mode="mirror", prefilter=False
        )
        return np.asarray(np.clip(found, 0.0, 1.0))

    def spike(self, low: Floats, high: Floats, steps: int) -> tuple[Floats, Floats]:
        """Return least and greatest P(spike in `steps` steps) of boxes (1 + d, n).

        G is sampled in each box; between samples it keeps within what its derivatives allow,
        abs(d2G/df2) <= 2 phi(1)/sigma^2 and `slope` in w (V4).
        """
        k = 1 + self.one.second
        f_low, f_high = (np.clip(m, *self.region[0]) for m in (low[0], high[0]))
        f = np.linspace(f_low, f_high, F_SAMPLES)
        if steps == 1:
            ends = self.value(f[[0, -1]], f[[0, -1]], 1)
            return 1.0 - ends[0], 1.0 - ends[1]
        w = np.linspace(low[k], high[k], W_SAMPLES)
        g = self.value(f[:, None], np.broadcast_to(w, (F_SAMPLES, *w.shape)), steps)
        gap = (f_high - f_low) / (F_SAMPLES - 1) / self.one.sigma
        rest = CURVATURE * gap**2 / 8.0
        rest = rest + self.slope[steps] * (high[k] - low[k]) / (W_SAMPLES - 1) / 2.0
        least, most = g.min(axis=(0, 1)) - rest, g.max(axis=(0, 1)) + rest
        return np.clip(1.0 - most, 0.0, 1.0), np.clip(1.0 - least, 0.0, 1.0)


def make_survival(
    one: PlaneUnit, ranges: Floats, constant: float, steps: int, tolerance: float
) -> Survival:
    """Return G_1 ... G_steps under an input that is the same in every step.

    The grid is refined until the values at the images of the declared ranges change by less than
    `tolerance`, or it would have more than `MOST_VALUES`; `error` tells what was reached.

    Raises
    ------
    InputError
        If the noise is so small that the range is more than `MOST_PANELS` of it, or a state
        beside the plane does not stay as it is.
    """
    check_still(one, ranges, constant)
    region = reached(one, ranges, constant, steps)
    panels = (region[0, 1] - region[0, 0]) / one.sigma
    if panels > MOST_PANELS:
        raise InputError(
            f"steps = {steps}: the noise of a step, {one.sigma:.3g} mV, is too small for a grid "
            f"on {panels * one.sigma:.3g} mV; use steps=1, kernel.from_sweep, or noise 0"
        )
    slope = slope_bounds(one, region, constant, steps)
    at = images(one, ranges, constant)
    fine, least = FIRST
    steep = float(slope[steps] * (region[1, 1] - region[1, 0]))
    wide = int(np.clip(np.ceil(2.0 * steep), least, MOST_INTERVALS))
    found = _solve(one, region, constant, steps, slope, (fine, wide))
    while True:
        fine, wide = 2 * fine, 2 * wide
        finer = _solve(one, region, constant, steps, slope, (fine, wide))
        change = [finer.value(*at, k) - found.value(*at, k) for k in range(2, steps + 1)]
        finer.error = float(np.max(np.abs(change)))
        found = finer
        if found.error < tolerance or 4 * len(found.f) * len(found.w) > MOST_VALUES:
            return found


def _solve(
    one: PlaneUnit,
    region: Floats,
    constant: float,
    steps: int,
    slope: Floats,
    size: tuple[int, int],
) -> Survival:
    from scipy.ndimage import spline_filter

    count = int(np.ceil((region[0, 1] - region[0, 0]) / one.sigma * size[0])), size[1]
    f, w = (
        low + (high - low) / n * np.arange(-MARGIN, n + MARGIN + 1)
        for (low, high), n in zip(region, count, strict=True)
    )
    found = Survival(one, region, f, w, slope)
    x, weight = _nodes(one, region, constant, size[0] / FIRST[0])
    margins, seconds = moved(one, x[:, None], w[None], constant)
    convolve = _gaussian(x, weight, f, one.sigma)
    for k in range(1, steps):
        values = convolve @ found.value(margins, seconds, k)
        found.layers.append(spline_filter(values, mode="mirror"))
    return found


def _gaussian(x: Floats, weight: Floats, f: Floats, sigma: float) -> Any:
    """Return the sparse matrix weight N(x; f, sigma), shape (f, x)."""
    from scipy.sparse import csr_array

    first = np.searchsorted(x, f - REACH * sigma)
    count = np.searchsorted(x, f + REACH * sigma) - first
    ends = np.concatenate([[0], np.cumsum(count)])
    column = np.arange(ends[-1]) + np.repeat(first - ends[:-1], count)
    z = (x[column] - np.repeat(f, count)) / sigma
    values = PEAK / sigma * np.exp(-0.5 * z**2) * weight[column]
    return csr_array((values, column, ends), shape=(len(f), len(x)))


def _nodes(one: PlaneUnit, region: Floats, constant: float, finer: float) -> tuple[Floats, Floats]:
    """Return Gauss-Legendre nodes and weights on x_low..0, in panels that resolve the flow.

    A panel is as wide as sigma, less where the flow is steep: G varies at the scale of sigma.
    """
    (x_low, _), (w_low, w_high) = region
    count = max(1, int(np.ceil(-x_low / one.sigma)))
    edges = np.linspace(x_low, 0.0, count + 1)
    fine = np.linspace(x_low, 0.0, 8 * count + 1)
    margins, _ = moved(one, fine[:, None], np.linspace(w_low, w_high, 9)[None], constant)
    a, b = margins[:-1], margins[1:]
    active = np.minimum(a, b) < REACH * one.sigma  # beyond it G is 0
    steep = np.where(active, np.abs(b - a), 0.0).max(axis=1).reshape(count, 8).max(axis=1)
    steep = np.clip(8.0 * steep / (edges[1] - edges[0]), 1.0, 256.0)
    pieces = np.ceil(finer**0.5 * steep).astype(int)
    ends = np.concatenate(
        [
            np.linspace(lo, hi, k, endpoint=False)
            for lo, hi, k in zip(edges, edges[1:], pieces, strict=False)
        ]
        + [np.zeros(1)]
    )
    at, mass = np.polynomial.legendre.leggauss(ORDER)
    half = np.diff(ends) / 2.0
    nodes = (ends[1:] + ends[:-1])[:, None] / 2.0 + half[:, None] * at
    return nodes.ravel(), (half[:, None] * mass).ravel()
