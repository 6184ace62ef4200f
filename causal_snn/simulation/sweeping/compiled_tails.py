"""The compiled last step of a sweep (Numba): probabilities of spikes from mean potentials.

This module imports Numba: import it when asked to.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from causal_snn.simulation.sweeping.compiled_loops import FUSED, compiled

f32, u32, i32 = np.float32, np.uint32, np.int32
_HALF, _ONE, _ZERO = f32(0.5), f32(1), f32(0)
_EXP = (
    f32(1.9875691500e-4),
    f32(1.3981999507e-3),
    f32(8.3334519073e-3),
    f32(4.1665795894e-2),
    f32(1.6666665459e-1),
    f32(5.0000001201e-1),
)
_ERFC = (
    f32(0.254829592),
    f32(-0.284496736),
    f32(1.421413741),
    f32(-1.453152027),
    f32(1.061405429),
)


def _below(v: Any, scale: Any, theta: Any, p: Any) -> None:
    """Set p to Phi((theta - v)/sigma), scale = 1/(sigma sqrt 2): within 4e-7 for the same v.

    Phi(x sqrt 2) = 1 - erfc(x)/2, erfc by Abramowitz and Stegun 1964, Eq. 7.1.26.
    """
    a1, a2, a3, a4, a5 = _ERFC
    c0, c1, c2, c3, c4, c5 = _EXP
    for k in range(v.size):
        x = (theta - v[k]) * scale
        size = abs(x)
        t = _ONE / (_ONE + f32(0.3275911) * size)
        power = size * size
        power = power if power < f32(80) else f32(80)
        whole = i32(power * f32(1 / math.log(2)) + _HALF)  # e^-power = 2^-whole e^y
        y = f32(whole) * f32(0.693359375) - power + f32(whole) * f32(-2.12194440e-4)
        e = ((((c0 * y + c1) * y + c2) * y + c3) * y + c4) * y + c5
        e = (e * y * y + y + _ONE) * u32(i32(127 - whole) << i32(23)).view(f32)
        upper = _HALF * t * ((((a5 * t + a4) * t + a3) * t + a2) * t + a1) * e
        p[k] = upper if x < _ZERO else _ONE - upper


def _last_step(v: Any, left: Any, units: Any, theta: Any, p: Any) -> None:
    """Set p (halves, n, 2, tiles * lanes) to the probabilities of no spike and of a spike.

    The potentials v are the means of the step; the other arguments are those of `run_row`.
    """
    tiles, halves, n, lanes = v.shape
    silent = np.empty(lanes, f32)
    for tile in range(tiles):
        for h in range(halves):
            for i in range(n):
                x, r, sigma, least = v[tile, h, i], left[tile, h, i], units[i, 4], units[i, 5]
                if sigma > _ZERO:
                    below(x, f32(math.sqrt(0.5)) / sigma, theta[i], silent)
                else:
                    for k in range(lanes):
                        silent[k] = _ONE if x[k] < least else _ZERO
                first, second = p[h, i, 0, tile * lanes :], p[h, i, 1, tile * lanes :]
                for k in range(lanes):
                    q = 1.0 if r[k] > _ZERO else np.float64(silent[k])
                    first[k], second[k] = q, 1.0 - q


below = compiled(_below, fastmath=FUSED)
last_step = compiled(_last_step, fastmath=False)
