"""One side at work: a process that prepares a workload, then repeats it when told to.

    python -m benchmarks.simulation_peers.side SIDE[:OPTION] WORK DTYPE [REPLICAS STEPS LOW]

Writes one line of JSON when it is ready and one for each line (a seed) that it reads.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

MARK = "@@"
"""Begins the lines that are meant for the harness; peers print what they like."""


SHORT = 0.02
"""CPU seconds below which one run is too short to time."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a side makes of a workload.

    Attributes
    ----------
    run : callable
        The timed part, given a seed.
    outcome : callable
        From what `run` returned to a dictionary with `rows` or `spikes`; not timed. A key `cpu`
        replaces the measured CPU seconds, by a peer that can time its bare loop.
    note : str
        What a reader of the figures should know.
    """

    run: Callable[[int], Any]
    outcome: Callable[[Any], dict[str, Any]]
    note: str = ""


def clock() -> tuple[float, float]:
    """Return CPU seconds (user + system) of this process with its children, and wall time."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used), time.perf_counter()


def peak_megabytes() -> float:
    """Return the peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(channel: Any, **facts: Any) -> None:
    """Write one line for the harness."""
    channel.write(MARK + json.dumps(facts) + "\n")
    channel.flush()


def timed(task: Task, seed: int) -> tuple[Any, float, float]:
    """Return the result, CPU seconds and wall time of a run; a short one is the mean of many."""
    times, raw = 1, None
    while True:
        before = clock()
        for _ in range(times):
            raw = task.run(seed)
        after = clock()
        cpu, wall = after[0] - before[0], after[1] - before[1]
        if times > 1 or cpu >= SHORT:
            return raw, cpu / times, wall / times
        times = max(2, min(200, int(10 * SHORT / max(cpu, 1e-4))))


def main() -> None:
    """Prepare one workload and run it for every seed that comes in."""
    side, work, dtype, *sizes = sys.argv[1:]
    begun = clock()
    from benchmarks.simulation_peers.workloads import WORK

    spec = WORK[work]
    if sizes:
        spec = replace(spec, replicas=int(sizes[0]), steps=int(sizes[1]), low=float(sizes[2]))
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the peer prints goes to standard error
    name, _, option = side.partition(":")
    module = importlib.import_module(f"benchmarks.simulation_peers.with_{name}")
    task: Task = module.prepare(work, spec, dtype, *([option] if option else []))
    ready = clock()
    say(
        channel,
        ready=True,
        build_cpu=ready[0] - begun[0],
        build_wall=ready[1] - begun[1],
        versions=module.versions(),
        note=task.note,
    )
    for line in sys.stdin:
        raw, cpu, wall = timed(task, int(line))
        facts = {"cpu": cpu, "whole_cpu": cpu, "wall": wall}
        say(channel, **facts | {"peak_mb": peak_megabytes()} | task.outcome(raw))


if __name__ == "__main__":
    main()
