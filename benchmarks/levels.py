"""Exact levels of a tabulated kernel: time by number of cells, contexts and objective.

Goal: 20,000 cells, k = 8, under 0.2 s for the worst-case and for the mean objectives. Run
``python -m benchmarks.levels``. Times are the least of several runs on one thread: of finding the
levels, and of all of `levels` (bounds, description, certificate).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from benchmarks.table import say, show
from causal_snn import kernel, models
from causal_snn.coarse.leveling.levels import levels
from causal_snn.coarse.leveling.minimax import minimax
from causal_snn.coarse.leveling.sum_cost import Objective, best_runs, sum_cost
from causal_snn.coarse.leveling.width import width
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models import Network

GOAL = 0.2
MEANS: tuple[Objective, ...] = ("brier", "kl")


def table(cells: int, contexts: int) -> TabulatedKernel:
    """Return the next-spike kernel of a unit with evenly spaced inputs."""
    net = Network(neuron=models.lif(), weights=[[0.0]], drive=20.0, noise=4.0, dt=1.0)
    inputs = np.linspace(0.0, 3.0, contexts).tolist()
    return kernel.next_spike(net, 0, contexts=inputs).tabulate(cells)


def timed(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the least wall-clock and processor time of some runs (s)."""
    walls, processors = [], []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return min(walls), min(processors)


def row(t: TabulatedKernel, k: int, objective: str, repeats: int) -> tuple[str, ...]:
    """Time one objective on one table."""
    order = np.arange(t.n)
    if objective == "minimax":

        def find() -> object:
            return [minimax(width(t, order, "tv", side), k) for side in ("outer", "inner")]

    else:
        mean: Objective = "brier" if objective == "brier" else "kl"

        def find() -> object:
            return best_runs(sum_cost(t, order, mean), k)

    def everything() -> object:
        return levels(t, k, objective=objective)  # type: ignore[arg-type]

    wall, processor = timed(find, repeats)
    whole, _ = timed(everything, repeats)
    return (
        objective,
        f"{t.n}",
        f"{len(t.inputs)}",
        f"{k}",
        f"{wall * 1e3:.0f}",
        f"{processor * 1e3:.0f}",
        f"{whole * 1e3:.0f}",
        "yes" if wall < GOAL else "no",
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    header = ("objective", "cells", "contexts", "k", "find ms", "cpu ms", "levels() ms", "< 0.2 s")
    rows: list[tuple[str, ...]] = [header]
    for cells, contexts in ((2_000, 1), (20_000, 1), (20_000, 2), (20_000, 8)):
        t = table(cells, contexts)
        rows += [row(t, 8, objective, repeats) for objective in ("minimax", *MEANS)]
    show(rows)
    say("minimax: outer and inner bound, each exact on the grid; means: exact on the rows.")


if __name__ == "__main__":
    main()
