"""Speed of the simulator, side by side with Brian 2, numba, JAX, NEST and BrainPy.

    python benchmarks/simulation.py [--work a b c d error tpm memory] [--repeats 5]
                                    [--peers brian2 numba numba_simd jax nest brainpy]
                                    [--python PATH] [--check]

(a) sweep of 64 do-states x 20,000 replicas x 50 steps of six LIF units; (b) CUBA network of 4,000;
(c) 10,000 Hodgkin-Huxley neurons; (d) Izhikevich's network of 2003; ``error``: (a) at equal error
of its rows; ``tpm``: one step in closed form against Monte Carlo; ``memory``: what (a) takes.

Every side is a process of its own with one thread. It builds once; then all sides of a work run in
turn, once to warm up and then `repeats` times. Figures are CPU seconds (user + system), medians;
a ratio is the median over the repeats of peer/ours. "first" has import, build and the first run.
`--python` is the interpreter that has the peers and this library; what is not installed is left
out and said. `--check` only compares the physics of all sides, on less work.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.simulation_peers import goals, physics
from benchmarks.simulation_peers.equal_error import equal_error, sizes_of
from benchmarks.simulation_peers.process import Missing, Side, start
from benchmarks.simulation_peers.workloads import TITLES, Sweep
from benchmarks.table import say, show

OURS = {
    "a": ("ours", "ours:shared", "ours:antithetic", "ours:numba"),
    "b": ("ours", "ours:numba"),
    "c": ("ours",),
    "d": ("ours",),
    "tpm": ("ours:exact", "ours"),
}
DOES = {
    "numpy": "abcd",
    "brian2": "abcd",
    "numba": "abcd",
    "numba_simd": "a",
    "jax": "acd",
    "nest": "b",
    "brainpy": "b",
}
"""The workloads that are written for each peer; `tpm` is (a) with one step."""
ONLY = {"numba_simd": ("float32",), "nest": ("float64",), "brainpy": ("float32",)}
"""Peers with one precision."""
Measured = dict[goals.Key, Side]


def sides_of(work: str, peers: list[str]) -> list[tuple[str, str]]:
    """Return the sides of a work with their precisions, the NumPy reference first."""
    letter = "a" if work == "tpm" else work
    names = ["numpy", *OURS[work], *(peer for peer in peers if letter in DOES[peer])]
    both = ("float64",) if work == "tpm" else ("float64", "float32")
    return [
        (name, dtype)
        for dtype in both
        for name in names
        if dtype in ONLY.get(name, both)
        and not (work == "a" and ":" in name and dtype[-2:] == "64")
    ]


def measure(work: str, options: Any) -> tuple[Measured, dict[str, str]]:
    """Run all sides of a work in turn; return them and why others are missing."""
    letter = "a" if work == "tpm" else work
    sizes: tuple[float, ...] = sizes_of(work, options.replicas) if letter == "a" else ()
    running: Measured = {}
    missing: dict[str, str] = {}
    try:
        for name, dtype in sides_of(work, options.peers):
            try:
                running[work, name, dtype] = start(options.python, name, letter, dtype, sizes)
            except Missing as why:
                missing[f"{name} {dtype}"] = str(why)
        for seed in range(options.repeats + 1):
            for key, side in list(running.items()):
                try:
                    side.run(seed)
                except Missing as why:
                    missing[f"{key[1]} {key[2]}"] = str(why)
                    running.pop(key).close()
    finally:
        for side in running.values():
            side.close()
    return running, missing


def compare(work: str, measured: Measured, replicas: int) -> list[tuple[str, ...]]:
    """Return the table of a work, with whether each side agrees with the reference."""
    head = ("side", "precision", "CPU s", "min", "max", "wall s", "first", "/ours", "physics")
    rows: list[tuple[str, ...]] = [head]
    for (_, name, dtype), side in measured.items():
        runs = side.runs[1:]
        cpu = [run["cpu"] for run in runs]
        truth = goals.find(measured, (work, "numpy", dtype))
        ours = goals.find(measured, (work, OURS[work][0], dtype))
        agrees = "?" if name != "numpy" else "the reference"
        if truth is None or truth is side:
            pass
        elif work in ("a", "tpm"):
            agrees = physics.rows_agree(runs, truth.runs[1:], replicas)
        else:
            agrees = physics.counts_agree(work, runs, truth.runs[1:], dtype, name)
        first = side.ready["build_cpu"] + side.runs[0]["whole_cpu"]
        rows.append(
            (
                name,
                dtype,
                f"{goals.median(side):.4f}",
                f"{min(cpu):.4f}",
                f"{max(cpu):.4f}",
                f"{np.median([run['wall'] for run in runs]):.4f}",
                f"{first:.2f}",
                f"{goals.ratio(side, ours):.2f}" if ours else "-",
                agrees,
            )
        )
    return rows


def memory(options: Any) -> None:
    """Print the peak memory of a fresh process of ours after (a) in float32."""
    try:
        side = start(options.python, "ours", "a", "float32", sizes_of("a", options.replicas))
        peak = side.run(1)["peak_mb"]
        side.close()
        met = "met" if peak < goals.MEMORY else "NOT MET"
        say(f"  ours: {peak:.0f} MB resident at most, goal below {goals.MEMORY:g} MB: {met}")
    except Missing as why:
        say(f"  ours: {why}")


def parse() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    works = ["a", "b", "c", "d", "error", "tpm", "memory"]
    peers = [peer for peer in DOES if peer != "numpy"]
    parser.add_argument("--work", nargs="+", choices=works, default=works)
    parser.add_argument("--peers", nargs="*", choices=peers, default=peers)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--replicas", type=int, default=Sweep().replicas, help="of (a)")
    parser.add_argument(
        "--reference", type=int, default=1_000_000, help="replicas of the long run of `error`"
    )
    parser.add_argument("--python", default=sys.executable, help="interpreter with the peers")
    parser.add_argument("--check", action="store_true", help="compare the physics, quickly")
    options = parser.parse_args()
    if options.check:
        options.repeats, options.replicas = 2, 2_000
        options.work = [work for work in options.work if work not in ("error", "memory")]
    return options


def main() -> None:
    """Run the benchmark."""
    options = parse()
    measured: Measured = {}
    differ = False
    for work in options.work:
        title = TITLES.get("a" if work in ("tpm", "memory", "error") else work, "")
        steps = 1 if work == "tpm" else Sweep().steps
        say(f"\n{work}: " + title.format(replicas=options.replicas, steps=steps))
        if work == "memory":
            memory(options)
            continue
        if work == "error":
            if not any(key[0] == "a" for key in measured):
                measured |= measure("a", options)[0]
            rows, gain = equal_error(
                measured, python=options.python, replicas=options.replicas, long=options.reference
            )
            show(rows, indent="  ")
            say(f"  {gain}")
            continue
        found, missing = measure(work, options)
        measured |= found
        rows = compare(work, found, options.replicas)
        show(rows, indent="  ")
        differ |= any("DIFFERS" in row[-1] for row in rows)
        for name, why in missing.items():
            say(f"  without {name}: {why}")
    judged = goals.judge(measured, tuple(options.work))
    if judged:
        say("\nGoals (ratio of CPU seconds, peer/ours)")
        show([("work", "peer", "goal", "found", ""), *judged], indent="  ")
    say("\n" + "\n".join(sorted({side.ready["versions"] for side in measured.values()})))
    if differ:
        raise SystemExit("A side does not do the same work: see DIFFERS above.")


if __name__ == "__main__":
    main()
