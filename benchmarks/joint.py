"""Joint thresholds: time and gap on rings and random networks, 23 candidates for each unit.

Run `python -m benchmarks.joint`. "units alone" is what thresholds chosen unit by unit cost
together, relative to the joint choice; "all thresholds" is how far the joint choice can be
from the best thresholds off the candidate grid; "verified" is the independent checker.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from benchmarks.table import say, show
from causal_snn import models
from causal_snn.coarse.joint_thresholds.joint import joint
from causal_snn.models import Network
from causal_snn.models.zoo import excitatory_ring

GOALS = (
    ("ring of 3", "gap 0 in 2 s"),
    ("8 units, in-degree 3", "gap below 5 % in 60 s"),
    ("8 units, all to all", "gap below 5 % in 60 s"),
)


def recurrent(seed: int, degree: int, *, n: int = 8, scale: float, dt: float) -> Network:
    """Return a random network: `degree` sources for each unit, normal weights (mV)."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((n, n))
    for i in range(n):
        others = [j for j in range(n) if j != i]
        weights[i, rng.choice(others, degree, replace=False)] = rng.normal(0.0, scale, degree)
    drive = rng.uniform(5.0, 20.0, n)
    noise = 1.0 if dt < 2.0 else 3.0
    return Network(neuron=models.lif(), weights=weights, drive=drive, noise=noise, dt=dt)


def measure(name: str, networks: list[Network]) -> tuple[str, ...]:
    """Return one row: the slowest and the median run, the largest gaps, the checker."""
    seconds, checks, results = [], [], []
    for network in networks:
        start = time.perf_counter()
        result = joint(network, alphabet="binary")
        seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
        if not result.certificate.verify(network):
            msg = f"{name}: the certificate is not accepted"
            raise SystemExit(msg)
        checks.append(time.perf_counter() - start)
        results.append(result)
    alone = [result.separate.epsilon / result.epsilon for result in results]
    off = [1.0 - result.certificate.everywhere / result.epsilon for result in results]
    return (
        name,
        str(len(networks)),
        f"{statistics.median(seconds):.2f} s",
        f"{max(seconds):.2f} s",
        f"{max(result.certificate.relative_gap for result in results):.1e}",
        f"{100 * max(off):.1f} %",
        f"{statistics.median(alone):.2f}x",
        str(max(result.provenance["boxes"] for result in results)),
        f"{max(checks):.2f} s",
    )


def main() -> None:
    """Print the table."""
    joint(excitatory_ring(3), alphabet="binary", cells=3)  # imports are not counted
    rows = [
        (
            "network",
            "runs",
            "median",
            "slowest",
            "gap",
            "all thresholds",
            "units alone",
            "boxes",
            "verified",
        ),
        measure("ring of 3", [excitatory_ring(3, weight=w) for w in (4.0, 8.0, 20.0)]),
        measure("ring of 20", [excitatory_ring(20)]),
    ]
    for degree, name in ((3, "in-degree 3"), (7, "all to all")):
        networks = [
            recurrent(seed, degree, scale=scale, dt=dt)
            for seed in range(3)
            for scale, dt in ((3.0, 1.0), (4.0, 5.0), (10.0, 5.0))
        ]
        rows.append(measure(f"8 units, {name}", networks))
    show(rows)
    for name, goal in GOALS:
        say(f"goal, {name}: {goal}")


if __name__ == "__main__":
    main()
