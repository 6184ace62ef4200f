"""The compiled loops of a sweep (Numba): random numbers and steps of lif units, in vector lanes.

The loops over lanes are free of calls and branches and run over contiguous float32 or uint64, so
that LLVM makes vector instructions of them. This module imports Numba: import it when asked to.

A function and those that it calls are in one file, as the cache that Numba keeps on disk knows when
a function's own file has changed, and not when that of a function that it calls has.

Random bits are SFC64, the algorithm of NumPy's generator of that name (C. Doty-Humphrey,
PractRand), one state to a vector lane. Normal numbers are Box and Muller's (Ann Math Stat 29:610,
1958), with the polynomials of Cephes' logf, sinf and cosf (S. Moshier) for single precision.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

GROUP = 6
"""Presynaptic units whose input is added at a time; arrays of spikes are padded to whole groups."""
STREAMS = 32
"""States of SFC64 side by side."""
ROUNDS = 12
"""Numbers that NumPy, too, discards after it has seeded SFC64."""
FUSED = {"contract"}
"""The liberty that steps of neurons have: a product and a sum may become one instruction."""
f32, u32, i32, u64 = np.float32, np.uint32, np.int32, np.uint64


def compiled(function: Any, *, fastmath: Any) -> Any:
    """Compile a function when it is first called; keep the result on disk where that can be."""
    try:
        return numba.njit(function, cache=True, error_model="numpy", fastmath=fastmath)
    except RuntimeError:  # there is no folder to write to
        return numba.njit(function, error_model="numpy", fastmath=fastmath)


_LOG = (
    *(f32(7.0376836292e-2), f32(-1.1514610310e-1), f32(1.1676998740e-1)),
    *(f32(-1.2420140846e-1), f32(1.4249322787e-1), f32(-1.6668057665e-1)),
    *(f32(2.0000714765e-1), f32(-2.4999993993e-1), f32(3.3333331174e-1)),
)
_SIN = (f32(-1.9515295891e-4), f32(8.3321608736e-3), f32(-1.6666654611e-1))
_COS = (f32(2.443315711809948e-5), f32(-1.388731625493765e-3), f32(4.166664568298827e-2))
_LN2, _ROOT = f32(math.log(2)), f32(math.sqrt(0.5))
_HALF, _ONE, _ZERO, _TWO = f32(0.5), f32(1), f32(0), f32(2)
_EIGHTH = f32(math.pi / 4 * 2.0**-31)
_FINE = f32(2.0**-23)


def _next_words(a: Any, b: Any, c: Any, counter: Any, words: Any) -> Any:
    """Take the next words of all lanes, round after round: SFC64 of states (a, b, c, counter).

    The counter is the same in all lanes; return it.
    """
    for first in range(0, words.size, STREAMS):
        for k in range(STREAMS):
            word = a[k] + b[k] + counter
            a[k] = b[k] ^ (b[k] >> u64(11))
            b[k] = c[k] + (c[k] << u64(3))
            c[k] = ((c[k] << u64(24)) | (c[k] >> u64(40))) + word
            words[first + k] = word
        counter += u64(1)
    return counter


def _log_of(x: Any) -> Any:
    """Return the natural logarithm of a positive, normal number."""
    c0, c1, c2, c3, c4, c5, c6, c7, c8 = _LOG
    bits = f32(x).view(u32)
    exponent = i32(bits >> u32(23)) - i32(126)
    m = u32((bits & u32(0x007FFFFF)) | u32(0x3F000000)).view(f32)  # x = m 2^exponent
    low = m < _ROOT
    exponent -= i32(low)
    m = m + (m if low else _ZERO) - _ONE
    y = ((((c0 * m + c1) * m + c2) * m + c3) * m + c4) * m + c5
    y = ((y * m + c6) * m + c7) * m + c8
    square = m * m
    return m + (y * m * square - _HALF * square) + f32(exponent) * _LN2


def _normals(bits: Any, z: Any) -> None:
    """Make normal numbers z (2k,) of k words, read as `bits` (2k,) of int32.

    The first k are radii: u = |bits| 2^-31, never 0. The others are angles: two bits for the
    quarter turn and thirty for an angle within 45 degrees.
    """
    s0, s1, s2 = _SIN
    c0, c1, c2 = _COS
    count = bits.size // 2
    for k in range(count):
        size = abs(f32(bits[k]))
        size = size if size > _HALF else _HALF
        radius = math.sqrt(-_TWO * (log_of(size * f32(2.0**-31))))
        turn = u32(bits[count + k])
        w = f32(i32(turn << u32(2))) * _EIGHTH
        w2 = w * w
        sine = ((s0 * w2 + s1) * w2 + s2) * w2 * w + w
        cosine = ((c0 * w2 + c1) * w2 + c2) * w2 * w2 - _HALF * w2 + _ONE
        quarter = (turn & u32(0x40000000)) != u32(0)
        radius = -radius if (turn & u32(0x80000000)) != u32(0) else radius
        z[k] = radius * (-sine if quarter else cosine)
        z[count + k] = radius * (cosine if quarter else sine)


def _start(bits: Any, unit: Any, mirror: bool, v: Any) -> None:
    """Draw v uniformly from low to low + width, at most `top`; or its mirror image."""
    low, width, top = unit[0], unit[1], unit[2]
    for k in range(v.size):
        u = (f32(i32(u32(bits[k]) >> u32(9))) + _HALF) * _FINE  # exact, and so is 1 - u
        u = _ONE - u if mirror else u
        x = low + width * u
        x = x if x < top else top
        v[k] = x if x > low else low


def _flow(v: Any, on: Any, h: int, units: Any, weights: Any) -> None:
    """Reset where it spiked, v <- keep v + put; flow; add the input of all units."""
    n, lanes = v.shape[1:]
    for i in range(n):
        for j in range(0, weights.shape[1], GROUP):
            w0, w1, w2 = weights[i, j], weights[i, j + 1], weights[i, j + 2]
            w3, w4, w5 = weights[i, j + 3], weights[i, j + 4], weights[i, j + 5]
            if j == 0:
                keep, put, decay, constant = units[i, 0], units[i, 1], units[i, 2], units[i, 3]
            else:  # nothing but input is left to be added
                keep, put, decay, constant = _ONE, _ZERO, _ONE, _ZERO
            for k in range(lanes):
                one = w0 * on[h, j, k] + w1 * on[h, j + 1, k] + w2 * on[h, j + 2, k]
                two = w3 * on[h, j + 3, k] + w4 * on[h, j + 4, k] + w5 * on[h, j + 5, k]
                x = v[h, i, k] * keep + put if on[h, i, k] > _ZERO else v[h, i, k]
                v[h, i, k] = x * decay + constant + (one + two)


def _hold(v: Any, mask: Any, h: int, units: Any) -> None:
    """Put the potential of some units at V_reset."""
    n, lanes = v.shape[1:]
    for i in range(n):
        value = units[i, 6]
        for k in range(lanes):
            v[h, i, k] = value if mask[h, i, k] > _ZERO else v[h, i, k]


def _fire(v: Any, on: Any, h: int, i: int, z: Any, sigma: Any, theta: Any) -> None:
    """Add noise and detect spikes."""
    for k in range(z.size):
        x = v[h, i, k] + sigma * z[k]
        v[h, i, k] = x
        on[h, i, k] = _ONE if x >= theta else _ZERO


def _fire_if_free(
    v: Any, on: Any, left: Any, h: int, i: int, z: Any, sigma: Any, unit: Any, steps: Any
) -> None:
    """Add noise, hold refractory units, detect spikes, count down."""
    theta, value = unit[5], unit[6]
    for k in range(z.size):
        free = left[h, i, k] <= _ZERO
        x = v[h, i, k] + sigma * z[k] if free else value
        spike = _ONE if x >= theta else _ZERO
        spike = spike if free else _ZERO
        rest = _ZERO if free else left[h, i, k] - _ONE
        v[h, i, k], on[h, i, k] = x, spike
        left[h, i, k] = steps if spike > _ZERO else rest


def _run_row(
    state: Any,
    steps: int,
    smooth: bool,
    begin: Any,
    units: Any,
    weights: Any,
    refractory: int,
    restart: bool,
    v: Any,
    on: Any,
    left: Any,
) -> None:
    """Run one row, tile after tile, from its start to its last step.

    Parameters
    ----------
    state : array of uint64, shape (3, STREAMS)
        SFC64, freshly seeded; changed.
    steps, smooth
        Steps to take, and whether the last one is without noise.
    begin : array, shape (n, 3)
        Lower end, width and highest value of the potential to start from.
    units : array, shape (n, 7)
        keep, put (the reset), decay, constant (the flow), sigma, theta, V_reset of each unit.
    weights : array, shape (n, n padded to whole groups)
    refractory, restart
        Refractory steps, and whether a reset takes the place of the step's flow and input.
    v, on, left : array, shape (tiles, halves, n or n padded, lanes)
        Potentials, spikes, refractory steps left; filled. The second half mirrors the first.
    """
    tiles, halves, n, lanes = v.shape
    words = np.empty(lanes // 2, u64)
    bits = words.view(i32)
    z = np.zeros(lanes, f32)
    noisy = units[:, 4].max() > _ZERO
    wide = begin[:, 1].max() > _ZERO
    a, b, c = state[0], state[1], state[2]
    counter = next_words(a, b, c, u64(1), np.empty(ROUNDS * STREAMS, u64))
    for tile in range(tiles):
        x, s, r = v[tile], on[tile], left[tile]
        for i in range(n):
            if wide:
                counter = next_words(a, b, c, counter, words)
            for h in range(halves):
                start(bits, begin[i], h == 1, x[h, i])
                fire(x, s, h, i, z, _ZERO, units[i, 5])
                for k in range(lanes):
                    r[h, i, k] = f32(refractory) * s[h, i, k]
        for step in range(steps):
            last = smooth and step == steps - 1
            for h in range(halves):
                flow(x, s, h, units, weights)
                if restart:
                    hold(x, s, h, units)
                if last and refractory:
                    hold(x, r, h, units)
            if last:
                break
            for i in range(n):
                if noisy:
                    counter = next_words(a, b, c, counter, words)
                    normals(bits, z)
                for h in range(halves):
                    sigma = -units[i, 4] if h == 1 else units[i, 4]
                    if refractory:
                        fire_if_free(x, s, r, h, i, z, sigma, units[i], f32(refractory))
                    else:
                        fire(x, s, h, i, z, sigma, units[i, 5])


# The normal numbers may be computed with any liberty: they are finite, and their error is tested.
log_of = compiled(_log_of, fastmath=True)
next_words = compiled(_next_words, fastmath=False)
normals = compiled(_normals, fastmath=True)
start = compiled(_start, fastmath=False)
flow = compiled(_flow, fastmath=FUSED)
hold = compiled(_hold, fastmath=False)
fire = compiled(_fire, fastmath=FUSED)
fire_if_free = compiled(_fire_if_free, fastmath=FUSED)
run_row = compiled(_run_row, fastmath=False)
