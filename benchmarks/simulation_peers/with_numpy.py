"""The plain NumPy reference: the physics of `workloads` written out, without any trick."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.simulation_peers.side import Task
from benchmarks.simulation_peers.workloads import Cortex, Cuba, Floats, Squid, Sweep


def versions() -> str:
    """Return what the side runs on."""
    return f"NumPy {np.__version__}"


def prepare(work: str, spec: Any, dtype: str) -> Task:
    """Return the task of a workload."""
    if work == "a":
        return Task(lambda seed: sweep(spec, seed, dtype), lambda rows: {"rows": rows.tolist()})
    if work == "b":
        first, targets = spec.csr()
        start = spec.start()
        return Task(
            lambda _: cuba(spec, first, targets, start, dtype), lambda count: {"spikes": count}
        )
    if work == "c":
        return Task(lambda _: squid(spec, dtype), lambda count: {"spikes": count})
    table, weights = spec.parameters(), spec.weights()
    return Task(
        lambda seed: cortex(spec, table, weights, seed, dtype), lambda count: {"spikes": count}
    )


def sweep(spec: Sweep, seed: int, dtype: str) -> Floats:
    """Return the transition rows of (a), one state after the other."""
    rng = np.random.Generator(np.random.SFC64(seed))
    kind: Any = np.dtype(dtype).type
    across = spec.weights.astype(dtype)
    patterns = np.empty((spec.states, spec.replicas), dtype=np.int64)
    for k, start in enumerate(spec.starts.astype(dtype)):
        v = np.repeat(start[:, None], spec.replicas, axis=1)
        for _ in range(spec.steps):
            s = v >= kind(spec.theta)
            v = np.where(s, kind(spec.V_reset), v) * kind(spec.decay) + kind(spec.push)
            v += across @ s.astype(dtype)
            v += kind(spec.sigma) * rng.standard_normal(v.shape, dtype=kind)
        patterns[k] = (1 << np.arange(spec.n)) @ (v >= kind(spec.theta))
    return spec.rows(patterns)


def cuba(spec: Cuba, first: Any, targets: Any, start: Floats, dtype: str) -> int:
    """Return the number of spikes of (b)."""
    a, b, c, from_e, from_i = (np.dtype(dtype).type(x) for x in spec.propagator)
    v = (start - spec.E_L).astype(dtype)  # measured from E_L
    theta, reset = (np.dtype(dtype).type(x - spec.E_L) for x in (spec.V_t, spec.V_r))
    g_e, g_i = np.zeros_like(v), np.zeros_like(v)
    held = np.zeros(spec.n, dtype=np.int64)
    before = np.array([], dtype=np.int64)
    count = 0
    for _ in range(spec.steps):
        free = held == 0
        v = np.where(free, a * v + from_e * g_e + from_i * g_i, v)
        held = np.maximum(held - 1, 0)
        g_e, g_i = b * g_e, c * g_i
        for source in before:
            target = targets[first[source] : first[source + 1]]
            if source < spec.excitatory:
                g_e[target] += spec.w_e
            else:
                g_i[target] += spec.w_i
        before = np.flatnonzero((v > theta) & free)
        v[before] = reset
        held[before] = spec.refractory
        count += len(before)
    return count


def linoid(x: Any) -> Any:
    """x/(1 - exp(-x)), 1 at 0."""
    zero = x == 0
    return np.where(zero, 1, x / -np.expm1(np.where(zero, -1, -x)))


def squid(spec: Squid, dtype: str) -> int:
    """Return the number of upward crossings of 0 mV of (c)."""
    dt = np.dtype(dtype).type(spec.dt)
    current = spec.current.astype(dtype)
    v, m, h, n = (np.full(spec.n, x, dtype=dtype) for x in spec.rest)
    count = 0
    for _ in range(spec.steps):
        alpha = (linoid((v + 40) / 10), 0.07 * np.exp(-(v + 65) / 20), 0.1 * linoid((v + 55) / 10))
        beta = (
            4 * np.exp(-(v + 65) / 18),
            1 / (1 + np.exp(-(v + 35) / 10)),
            0.125 * np.exp(-(v + 65) / 80),
        )
        g_na, g_k = 120 * m**3 * h, 36 * n**4
        total = g_na + g_k + 0.3
        goal = (g_na * 50 - g_k * 77 - 0.3 * 54.387 + current) / total
        new = goal + (v - goal) * np.exp(-dt * total)
        m, h, n = (
            up / (up + down) + (x - up / (up + down)) * np.exp(-dt * (up + down))
            for x, up, down in zip((m, h, n), alpha, beta, strict=True)
        )
        count += int(np.count_nonzero((new > 0) & (v <= 0)))
        v = new
    return count


def cortex(spec: Cortex, table: dict[str, Floats], weights: Floats, seed: int, dtype: str) -> int:
    """Return the number of spikes of (d)."""
    rng = np.random.Generator(np.random.SFC64(seed))
    kind: Any = np.dtype(dtype).type
    a, b, c, d, noise = (table[key].astype(dtype) for key in ("a", "b", "c", "d", "noise"))
    by_source = np.ascontiguousarray(weights.T.astype(dtype))
    v = np.full(spec.n, -65, dtype=dtype)
    u = b * v
    count = 0
    for _ in range(spec.steps):
        current = noise * rng.standard_normal(spec.n, dtype=kind)
        fired = np.flatnonzero(v >= 30)
        v[fired] = c[fired]
        u[fired] += d[fired]
        current += by_source[fired].sum(axis=0)
        for _half in range(2):
            v += kind(0.5) * (kind(0.04) * v * v + 5 * v + 140 - u + current)
        u += a * (b * v - u)
        count += len(fired)
    return count
