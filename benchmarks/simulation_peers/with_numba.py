"""numba as a careful user writes it: scalar loops, xoshiro128+ and Box-Muller by libm.

A lane stays in registers for all of its steps. uint32 arithmetic is cast back at every operation,
because numba promotes it to 64 bits.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.simulation_peers.side import Task
from benchmarks.simulation_peers.workloads import Cortex, Cuba, Squid, Sweep


def versions() -> str:
    """Return what the side runs on."""
    return f"numba {import_module('numba').__version__}"


def prepare(work: str, spec: Any, dtype: str) -> Task:
    """Compile the loops of a workload and return its task."""
    njit = import_module("numba").njit(fastmath=True, error_model="numpy")
    make: Any = {"a": sweep, "b": cuba, "c": squid, "d": cortex}[work]
    task: Task = make(njit, spec, np.dtype(dtype).type)
    return task


def seeds(seed: int, lanes: int = 1) -> Any:
    """Return states of xoshiro128+, shape (4, lanes)."""
    return np.random.SeedSequence(seed).generate_state(4 * lanes).reshape(4, lanes)


def generator(njit: Any, real: Any) -> Any:
    """Return the compiled function (state,) -> two standard normals."""
    scale, turn = real(2.0**-32), real(2 * math.pi * 2.0**-32)
    u32 = np.uint32

    def draw(s: Any) -> Any:
        result = u32(s[0] + s[3])
        shifted = u32(s[1] << u32(9))
        s[2] = u32(s[2] ^ s[0])
        s[3] = u32(s[3] ^ s[1])
        s[1] = u32(s[1] ^ s[2])
        s[0] = u32(s[0] ^ s[3])
        s[2] = u32(s[2] ^ shifted)
        s[3] = u32((s[3] << u32(11)) | (s[3] >> u32(21)))
        return result

    word = njit(draw)

    def pair(s: Any) -> Any:
        radius = math.sqrt(real(-2) * math.log((real(word(s)) + real(0.5)) * scale))
        angle = real(word(s)) * turn
        return real(radius * math.cos(angle)), real(radius * math.sin(angle))

    return njit(pair)


def sweep(njit: Any, spec: Sweep, real: Any) -> Task:
    """Return the task of (a), lane after lane."""
    pair = generator(njit, real)
    n, steps, replicas = spec.n, spec.steps, spec.replicas
    decay, push, theta = real(spec.decay), real(spec.push), real(spec.theta)
    reset, sigma = real(spec.V_reset), real(spec.sigma)

    def lanes(starts: Any, by_source: Any, s: Any, counts: Any) -> None:
        v, new = np.empty(n, dtype=starts.dtype), np.empty(n, dtype=starts.dtype)
        for k in range(len(starts)):
            for _ in range(replicas):
                v[:] = starts[k]
                for _t in range(steps):
                    for i in range(0, n, 2):
                        one, two = pair(s)
                        new[i] = push + sigma * one
                        new[i + 1] = push + sigma * two
                    for j in range(n):
                        if v[j] >= theta:
                            v[j] = reset
                            for i in range(n):
                                new[i] += by_source[j, i]
                    for i in range(n):
                        v[i] = decay * v[i] + new[i]
                pattern = 0
                for i in range(n):
                    if v[i] >= theta:
                        pattern |= 1 << i
                counts[k, pattern] += 1

    loop = njit(lanes)
    starts, by_source = spec.starts.astype(real), spec.weights.T.astype(real).copy()

    def run(seed: int) -> Any:
        counts = np.zeros((spec.states, spec.states), dtype=np.int64)
        loop(starts, by_source, seeds(seed)[:, 0].copy(), counts)
        return counts

    loop(starts[:0], by_source, seeds(0)[:, 0].copy(), np.zeros((1, 1), dtype=np.int64))
    return Task(run, lambda counts: {"rows": (counts / replicas).tolist()})


def cuba(njit: Any, spec: Cuba, real: Any) -> Task:
    """Return the task of (b); spikes follow compressed rows of targets."""
    a, b, c, from_e, from_i = (real(x) for x in spec.propagator)
    theta, reset = real(spec.V_t - spec.E_L), real(spec.V_r - spec.E_L)
    w_e, w_i = real(spec.w_e), real(spec.w_i)
    n, excitatory, refractory, zero = spec.n, spec.excitatory, spec.refractory, real(0)

    def network(v: Any, g_e: Any, g_i: Any, first: Any, targets: Any, steps: int) -> int:
        held = np.zeros(n, dtype=np.int32)
        spikes = np.empty((2, n), dtype=np.int32)
        found = 0
        count = 0
        for step in range(steps):
            now, before = spikes[step % 2], spikes[1 - step % 2]
            for i in range(n):
                moved = a * v[i] + from_e * g_e[i] + from_i * g_i[i]
                v[i] = moved if held[i] == 0 else reset
                held[i] = max(held[i] - 1, 0)
                g_e[i] *= b
                g_i[i] *= c
            arrived, found = found, 0
            for k in range(arrived):
                source = before[k]
                if source < excitatory:
                    for m in range(first[source], first[source + 1]):
                        g_e[targets[m]] += w_e
                else:
                    for m in range(first[source], first[source + 1]):
                        g_i[targets[m]] += w_i
            for i in range(n):
                if v[i] > theta:  # never while held: theta is above reset
                    now[found] = i
                    found += 1
                    v[i] = reset
                    held[i] = refractory
            count += found
        return count

    loop = njit(network)
    first, targets = (x.astype(np.int32) for x in spec.csr())
    start = (spec.start() - spec.E_L).astype(real)

    def run(steps: int) -> int:
        g_e, g_i = np.full(n, zero), np.full(n, zero)
        return int(loop(start.copy(), g_e, g_i, first, targets, steps))

    run(0)
    return Task(lambda _: run(spec.steps), lambda count: {"spikes": count})


def squid(njit: Any, spec: Squid, real: Any) -> Task:
    """Return the task of (c); a neuron stays in registers for all of its steps."""
    dt, one = real(spec.dt), real(1)

    def linoid(x: Any) -> Any:
        return x / (one - math.exp(-x)) if abs(x) > real(1e-3) else one + real(0.5) * x

    smooth = njit(linoid)

    def decayed(x: Any, up: Any, down: Any) -> Any:
        total = up + down
        goal = up / total
        return goal + (x - goal) * math.exp(-dt * total)

    toward = njit(decayed)
    tenth, leak = real(0.1), real(0.3)

    def neurons(current: Any, v: Any, m: Any, h: Any, n: Any, steps: int) -> int:
        rest = (v, m, h, n)
        count = 0
        for k in range(len(current)):
            v, m, h, n = rest
            for _ in range(steps):
                g_na, g_k = real(120) * m * m * m * h, real(36) * n * n * n * n
                total = g_na + g_k + leak
                goal = (g_na * real(50) - g_k * real(77) - leak * real(54.387) + current[k]) / total
                new = goal + (v - goal) * math.exp(-dt * total)
                x = v + real(65)
                m = toward(m, smooth((v + real(40)) * tenth), real(4) * math.exp(-x / real(18)))
                h = toward(
                    h,
                    real(0.07) * math.exp(-x / real(20)),
                    one / (one + math.exp(-(v + real(35)) * tenth)),
                )
                n = toward(
                    n,
                    tenth * smooth((v + real(55)) * tenth),
                    real(0.125) * math.exp(-x / real(80)),
                )
                if new > 0 and v <= 0:
                    count += 1
                v = real(new)
                m, h, n = real(m), real(h), real(n)
        return count

    loop = njit(neurons)
    current = spec.current.astype(real)
    rest = tuple(real(x) for x in spec.rest)
    loop(current[:1], *rest, 1)
    return Task(lambda _: int(loop(current, *rest, spec.steps)), lambda count: {"spikes": count})


def cortex(njit: Any, spec: Cortex, real: Any) -> Task:
    """Return the task of (d); dense rows of the sources that fired are added up."""
    pair = generator(njit, real)
    half, n = real(0.5), spec.n

    def network(table: Any, by_source: Any, s: Any, steps: int) -> int:
        a, b, c, d, noise = table
        v = np.full(n, real(-65))
        u, current = b * v, np.empty_like(v)
        count = 0
        for _ in range(steps):
            for i in range(0, n, 2):
                one, two = pair(s)
                current[i] = noise[i] * one
                current[i + 1] = noise[i + 1] * two
            for j in range(n):
                if v[j] >= 30:
                    v[j] = c[j]
                    u[j] += d[j]
                    count += 1
                    for i in range(n):
                        current[i] += by_source[j, i]
            for i in range(n):
                for _half in range(2):
                    square = real(0.04) * v[i] * v[i]
                    v[i] += half * (square + real(5) * v[i] + real(140) - u[i] + current[i])
                u[i] += a[i] * (b[i] * v[i] - u[i])
        return count

    loop = njit(network)
    values = spec.parameters()
    table = np.array([values[key] for key in ("a", "b", "c", "d", "noise")], dtype=real)
    by_source = np.ascontiguousarray(spec.weights().T.astype(real))

    def run(seed: int, steps: int) -> int:
        return int(loop(table, by_source, seeds(seed)[:, 0].copy(), steps))

    run(0, 1)
    return Task(lambda seed: run(seed, spec.steps), lambda count: {"spikes": count})
