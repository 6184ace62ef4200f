"""JAX: `lax.scan` over the steps, compiled as a whole, threefry random numbers.

The sweep goes through its 64 states one by one (`lax.map`), so that the lanes of one fit the cache;
that is quicker on a CPU than all lanes at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.simulation_peers.side import Task
from benchmarks.simulation_peers.workloads import Cortex, Squid, Sweep


def versions() -> str:
    """Return what the side runs on."""
    return f"JAX {import_module('jax').__version__}"


def prepare(work: str, spec: Any, dtype: str) -> Task:
    """Compile the program of a workload and return its task."""
    jax = import_module("jax")
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", dtype == "float64")
    if work == "b":
        raise NotImplementedError("event-driven networks are BrainPy's part")
    make: Any = {"a": sweep, "c": squid, "d": cortex}[work]
    key = "rows" if work == "a" else "spikes"
    program = jax.jit(make(jax, spec, np.dtype(dtype)))
    first = jax.random.key(0)
    compiled = program.lower(first).compile()

    def outcome(raw: Any) -> dict[str, Any]:
        return {key: np.asarray(raw, dtype=np.float64).tolist()}

    return Task(lambda seed: compiled(jax.random.key(seed)).block_until_ready(), outcome)


def sweep(jax: Any, spec: Sweep, dtype: Any) -> Any:
    """Return the program of (a), the lanes of one state at a time."""
    jnp, lax = jax.numpy, jax.lax
    weights, starts = jnp.asarray(spec.weights, dtype), jnp.asarray(spec.starts, dtype)
    bits = 2 ** np.arange(spec.n)

    def rows(key: Any) -> Any:
        def one_state(given: Any) -> Any:
            start, own = given

            def step(v: Any, key: Any) -> Any:
                s = v >= spec.theta
                kept = jnp.where(s, spec.V_reset, v) * spec.decay + spec.push
                noise = spec.sigma * jax.random.normal(key, v.shape, dtype)
                return kept + weights @ s.astype(dtype) + noise, None

            v = jnp.repeat(start[:, None], spec.replicas, axis=1)
            v, _ = lax.scan(step, v, jax.random.split(own, spec.steps))
            pattern = bits @ (v >= spec.theta)
            return jnp.bincount(pattern, length=spec.states) / spec.replicas

        return lax.map(one_state, (starts, jax.random.split(key, spec.states)))

    return rows


def squid(jax: Any, spec: Squid, dtype: Any) -> Any:
    """Return the program of (c), all neurons at once."""
    jnp, lax = jax.numpy, jax.lax
    current = jnp.asarray(spec.current, dtype)

    def linoid(x: Any) -> Any:
        zero = x == 0
        return jnp.where(zero, 1, x / (1 - jnp.exp(-jnp.where(zero, 1, x))))

    def decayed(x: Any, up: Any, down: Any) -> Any:
        goal = up / (up + down)
        return goal + (x - goal) * jnp.exp(-spec.dt * (up + down))

    def step(carry: Any, _: Any) -> Any:
        v, m, h, n, count = carry
        g_na, g_k = 120 * m * m * m * h, 36 * n * n * n * n
        total = g_na + g_k + 0.3
        goal = (g_na * 50 - g_k * 77 - 0.3 * 54.387 + current) / total
        new = goal + (v - goal) * jnp.exp(-spec.dt * total)
        m = decayed(m, linoid((v + 40) / 10), 4 * jnp.exp(-(v + 65) / 18))
        h = decayed(h, 0.07 * jnp.exp(-(v + 65) / 20), 1 / (1 + jnp.exp(-(v + 35) / 10)))
        n = decayed(n, 0.1 * linoid((v + 55) / 10), 0.125 * jnp.exp(-(v + 65) / 80))
        return (new, m, h, n, count + ((new > 0) & (v <= 0))), None

    def spikes(_: Any) -> Any:
        rest = tuple(jnp.full(spec.n, x, dtype) for x in spec.rest)
        none = jnp.zeros(spec.n, jnp.int32)
        return lax.scan(step, (*rest, none), length=spec.steps)[0][-1].sum()

    return spikes


def cortex(jax: Any, spec: Cortex, dtype: Any) -> Any:
    """Return the program of (d), a dense product of weights and spikes."""
    jnp, lax = jax.numpy, jax.lax
    table = spec.parameters()
    a, b, c, d, noise = (jnp.asarray(table[key], dtype) for key in ("a", "b", "c", "d", "noise"))
    weights = jnp.asarray(spec.weights(), dtype)

    def step(carry: Any, key: Any) -> Any:
        v, u, count = carry
        fired = v >= 30
        v, u = jnp.where(fired, c, v), u + d * fired
        current = noise * jax.random.normal(key, v.shape, dtype) + weights @ fired.astype(dtype)
        for _half in range(2):
            v = v + 0.5 * (0.04 * v * v + 5 * v + 140 - u + current)
        return (v, u + a * (b * v - u), count + fired.sum(dtype=jnp.int32)), None

    def spikes(key: Any) -> Any:
        v = jnp.full(spec.n, -65, dtype)
        start = (v, b * v, jnp.int32(0))
        return lax.scan(step, start, jax.random.split(key, spec.steps))[0][-1]

    return spikes
