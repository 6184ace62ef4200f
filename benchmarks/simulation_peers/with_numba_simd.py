"""numba as an expert in vector code writes (a): lanes in tiles, polynomials in place of libm.

The loops over a tile are free of calls and branches, so LLVM makes vector instructions of them:
the logarithm, sine and cosine of Box-Muller are Cephes polynomials on the bits of float32, and
every lane has an xoshiro128+ of its own. Only (a), only float32.
Source of the polynomials: Moshier, Cephes logf, sinf, cosf.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.simulation_peers.side import Task
from benchmarks.simulation_peers.with_numba import seeds, versions
from benchmarks.simulation_peers.workloads import Sweep

__all__ = ["prepare", "versions"]

TILE = 1024
LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
f32, u32, i32 = np.float32, np.uint32, np.int32


def prepare(work: str, spec: Sweep, dtype: str) -> Task:
    """Compile the loops of (a) and return its task."""
    if work != "a" or dtype != "float32":
        raise NotImplementedError("hand-vectorised for (a) in float32 only")
    njit = import_module("numba").njit(fastmath=True, error_model="numpy")
    loop = lanes(njit, spec)
    starts, weights = spec.starts.astype(f32), spec.weights.astype(f32)

    def run(seed: int) -> Any:
        counts = np.zeros((spec.states, spec.states), dtype=np.int64)
        loop(starts, weights, seeds(seed, TILE), counts)
        return counts

    loop(starts[:0], weights, seeds(0, TILE), np.zeros((1, 1), dtype=np.int64))
    return Task(run, lambda counts: {"rows": (counts / spec.replicas).tolist()})


def logarithm(njit: Any) -> Any:
    """Return the compiled natural logarithm of a positive float32."""
    c0, c1, c2, c3, c4, c5, c6, c7, c8 = (f32(c) for c in LOG)
    ln2, root, half, one = f32(math.log(2)), f32(math.sqrt(0.5)), f32(0.5), f32(1)

    def log(x: Any) -> Any:
        bits = f32(x).view(u32)
        exponent = i32(bits >> u32(23)) - i32(126)
        m = u32((bits & u32(0x007FFFFF)) | u32(0x3F000000)).view(f32)
        low = m < root
        exponent -= i32(low)
        m = m + (m if low else f32(0)) - one
        y = ((((c0 * m + c1) * m + c2) * m + c3) * m + c4) * m + c5
        y = ((y * m + c6) * m + c7) * m + c8
        return m + y * m * m * m - half * m * m + f32(exponent) * ln2

    return njit(log)


def normals(njit: Any) -> Any:
    """Return the compiled function that fills two rows of a tile with standard normals."""
    log = logarithm(njit)
    s1, s2, s3 = f32(-1.9515295891e-4), f32(8.3321608736e-3), f32(-1.6666654611e-1)
    c1, c2, c3 = f32(2.443315711809948e-5), f32(-1.388731625493765e-3), f32(4.166664568298827e-2)
    half, one, scale, eighth = f32(0.5), f32(1), f32(2.0**-31), f32(math.pi / 4 * 2.0**-31)

    def fill(s: Any, z: Any) -> None:
        for lane in range(TILE):
            a, b, c, d = s[0, lane], s[1, lane], s[2, lane], s[3, lane]
            first = u32(a + d)
            e = u32(b << u32(9))
            c, d = u32(c ^ a), u32(d ^ b)
            b, a, c = u32(b ^ c), u32(a ^ d), u32(c ^ e)
            d = u32((d << u32(11)) | (d >> u32(21)))
            second = u32(a + d)
            e = u32(b << u32(9))
            c, d = u32(c ^ a), u32(d ^ b)
            b, a, c = u32(b ^ c), u32(a ^ d), u32(c ^ e)
            d = u32((d << u32(11)) | (d >> u32(21)))
            s[0, lane], s[1, lane], s[2, lane], s[3, lane] = a, b, c, d
            uniform = (f32(i32(first >> u32(1))) + half) * scale
            radius = f32(math.sqrt(f32(-2) * log(uniform)))
            # An angle within 45 degrees; two spare bits choose the quarter turn.
            w = f32(i32(second)) * eighth
            w2 = w * w
            sine = ((s1 * w2 + s2) * w2 + s3) * w2 * w + w
            cosine = ((c1 * w2 + c2) * w2 + c3) * w2 * w2 - half * w2 + one
            swap = (first & u32(1)) != u32(0)
            sign = -radius if (second & u32(1)) != u32(0) else radius
            z[0, lane] = sign * (sine if swap else cosine)
            z[1, lane] = sign * (cosine if swap else sine)

    return njit(fill)


def lanes(njit: Any, spec: Sweep) -> Any:
    """Return the compiled sweep over tiles of lanes."""
    fill = normals(njit)
    n, steps, replicas = spec.n, spec.steps, spec.replicas
    decay, push, theta = f32(spec.decay), f32(spec.push), f32(spec.theta)
    reset, sigma, zero, one = f32(spec.V_reset), f32(spec.sigma), f32(0), f32(1)

    def sweep(starts: Any, weights: Any, s: Any, counts: Any) -> None:
        v, z = np.empty((n, TILE), dtype=f32), np.empty((n, TILE), dtype=f32)
        on = np.empty((n, TILE), dtype=f32)
        for k in range(len(starts)):
            for done in range(0, replicas, TILE):
                for i in range(n):
                    v[i, :] = starts[k, i]
                for _ in range(steps):
                    for i in range(0, n, 2):
                        fill(s, z[i : i + 2])
                    for j in range(n):
                        for lane in range(TILE):
                            spike = v[j, lane] >= theta
                            on[j, lane] = one if spike else zero
                            kept = reset if spike else v[j, lane]
                            v[j, lane] = kept * decay + push + sigma * z[j, lane]
                    for i in range(n):
                        w0, w1, w2, w3, w4, w5 = weights[i]
                        for lane in range(TILE):
                            v[i, lane] += (
                                w0 * on[0, lane]
                                + w1 * on[1, lane]
                                + w2 * on[2, lane]
                                + w3 * on[3, lane]
                                + w4 * on[4, lane]
                                + w5 * on[5, lane]
                            )
                for lane in range(min(TILE, replicas - done)):
                    pattern = 0
                    for i in range(n):
                        if v[i, lane] >= theta:
                            pattern |= 1 << i
                    counts[k, pattern] += 1

    return njit(sweep)
