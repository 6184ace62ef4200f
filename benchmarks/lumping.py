"""Time to the proved optimum of a lumping, for general and for structured chains.

    python benchmarks/lumping.py [--repeats 3] [--mixed-integer 60]

Every chain is solved to gap 0 and its certificate is verified; times are CPU seconds of one
thread. The peer is the same problem as a mixed-integer program, solved by HiGHS with a time limit
(0 leaves it out): min eps such that |x_v(b) - q_a(b)| <= eps + 1 - [v in a], exact for two and
three cells. General chains: rows drawn from Dirichlet laws. Structured: a noisy leaky membrane on
a grid of potentials.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import say, show
from causal_snn.coarse.lumping.lump import lump

Floats = NDArray[np.float64]
WORK = [
    ("general", 16, 2, 0.0),
    ("general", 16, 3, 0.0),
    ("general", 16, 4, 0.0),
    ("general", 20, 3, 0.0),
    ("general", 24, 2, 0.0),
    ("general", 24, 3, 0.0),
    ("sparse", 24, 3, 0.0),
    ("even", 24, 3, 0.0),
    ("membrane", 24, 3, 0.0),
    ("membrane", 24, 2, 0.5),
    ("membrane", 24, 3, 0.3),
]
CONCENTRATION = {"general": 1.0, "sparse": 0.2, "even": 5.0}


def chain(kind: str, n: int, seed: int) -> Floats:
    """Return a row-stochastic matrix, shape (n, n)."""
    if kind in CONCENTRATION:
        return np.random.default_rng(seed).dirichlet(np.full(n, CONCENTRATION[kind]), n)
    from scipy.stats import norm

    v = np.linspace(-75, -50, n)  # mV; tau = 20 ms, dt = 1 ms, stationary sd 4 mV
    a = np.exp(-1 / 20)
    edges = np.r_[-np.inf, (v[1:] + v[:-1]) / 2, np.inf]
    middle = -62 + seed + a * (v + 62 - seed)
    return np.asarray(np.diff(norm.cdf((edges - middle[:, None]) / (4 * np.sqrt(1 - a**2)))))


def mixed_integer(P: Floats, k: int, limit: float) -> tuple[float, float]:
    """Return the epsilon that HiGHS finds and the gap it leaves."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    n = len(P)
    total = n * k + k * k + 1
    cell = np.arange(n * k).reshape(n, k)
    macro = n * k + np.arange(k * k).reshape(k, k)
    rows, lows, highs = [], [], []
    for members in (*cell, *cell.T, *macro):
        row = np.zeros(total)
        row[members] = 1
        rows.append(row)
    lows += [1.0] * len(rows)
    highs += [1.0] * n + [float(n)] * k + [1.0] * k
    for v, a, b, sign in itertools.product(range(n), range(k), range(k), (1, -1)):
        row = np.zeros(total)
        row[cell[:, b]] = sign * P[v]
        row[macro[a, b]] = -sign
        row[cell[v, a]] += 1
        row[-1] = -1
        rows.append(row)
        lows.append(-np.inf)
        highs.append(1.0)
    upper = np.ones(total)
    for v in range(k):
        upper[cell[v, v + 1 :]] = 0
    found = milp(
        np.eye(total)[-1],
        constraints=LinearConstraint(np.array(rows), lows, highs),
        bounds=Bounds(0, upper),
        integrality=np.arange(total) < n * k,
        options={"time_limit": limit, "mip_rel_gap": 0},
    )
    if found.x is None:
        return np.inf, np.inf
    return float(found.fun), float(found.fun - found.mip_dual_bound)


def measure(
    kind: str, n: int, k: int, separation: float, seeds: Sequence[int], limit: float
) -> tuple[str, ...]:
    """Return a row of the table: medians over seeds, the worst time in brackets."""
    ours, checks, peers, gaps, nodes = [], [], [], [], []
    for seed in seeds:
        P = chain(kind, n, seed)
        begun = time.process_time()
        r = lump(P, k, separation=separation, time_limit=600)
        ours.append(time.process_time() - begun)
        begun = time.process_time()
        if not (r.success and r.certificate.verify()):
            say(f"{kind} {n} {k}: {r.status}, or its certificate does not hold")
        checks.append(time.process_time() - begun)
        nodes.append(r.provenance["nodes"])
        if limit and separation == 0 and k <= 3:
            begun = time.process_time()
            fun, gap = mixed_integer(P, k, limit)
            peers.append(time.process_time() - begun)
            gaps.append(gap)
            if fun < r.epsilon - 1e-6:
                say(f"{kind} {n} {k}: HiGHS found {fun}, below {r.epsilon}")
    middle = statistics.median
    return (
        f"{kind} n={n} k={k}" + (f" sep {separation}" if separation else ""),
        f"{middle(ours):.2f} ({max(ours):.2f})",
        f"{middle(nodes):,.0f}",
        f"{middle(checks):.2f}",
        f"{middle(peers):.1f}" if peers else "-",
        f"{max(gaps):.3f}" if gaps else "-",
    )


def main() -> None:
    """Run every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--mixed-integer", type=float, default=60.0)
    options = parser.parse_args()
    rows: list[tuple[str, ...]] = [
        ("chain", "lump s (worst)", "nodes", "verify s", "HiGHS s", "its gap")
    ]
    for work in WORK:
        rows.append(measure(*work, range(options.repeats), options.mixed_integer))
        say(rows[-1][0])
    show(rows)


if __name__ == "__main__":
    main()
