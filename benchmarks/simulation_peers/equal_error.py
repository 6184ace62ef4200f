"""The sweep (a) at equal error of its rows: seconds x squared error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.simulation_peers import goals
from benchmarks.simulation_peers.process import Missing, Side, start
from benchmarks.simulation_peers.workloads import Floats, Sweep


def sizes_of(work: str, replicas: int) -> tuple[float, ...]:
    """Return replicas, steps and lowest start of (a) or `tpm`, whose units begin near theta."""
    spec = Sweep()
    return (replicas, 1, spec.theta - 2) if work == "tpm" else (replicas, spec.steps, spec.low)


def sampling_variance(rows: Floats, replicas: int) -> float:
    """Return the mean over all entries of p (1 - p)/replicas: plain Monte Carlo's squared error."""
    return float(np.mean(rows * (1 - rows)) / replicas)


def squared_error(estimates: Sequence[Floats], reference: Floats, replicas: int) -> float:
    """Return the mean squared error per entry of estimated rows.

    E|x - ref|^2 is the error of x plus that of the reference, which is plain Monte Carlo with
    `replicas` replicas and known: it is subtracted. What the reference cannot resolve counts as a
    tenth of its own error.
    """
    apart = float(np.mean([np.mean((rows - reference) ** 2) for rows in estimates]))
    own = sampling_variance(reference, replicas)
    return max(apart - own, 0.1 * own)


def equal_error(
    measured: Mapping[goals.Key, Side], *, python: str, replicas: int, long: int
) -> tuple[list[tuple[str, ...]], str]:
    """Return seconds x squared error of the rows of (a) for every side.

    The squared error of plain Monte Carlo is p (1 - p)/replicas. Ours is measured, against a long
    run of a fast peer: halve it and the same error is reached in half the time.

    Parameters
    ----------
    measured : mapping
        Sides by work, name and precision; those of (a) are used.
    python : str
        Interpreter for the long run.
    replicas, long : int
        Replicas of the measured runs and of the long one.

    Returns
    -------
    rows : list of tuple of str
        A table.
    gain : str
        What Brian 2 needs to reach the same error, as a multiple of ours, against the goal.
    """
    reference = long_run(python, long)
    plain = sampling_variance(reference, replicas)
    rows: list[tuple[str, ...]] = [("side", "precision", "CPU s", "rms error", "s x MSE", "/ours")]
    products: dict[tuple[str, str], float] = {}
    for (work, name, dtype), side in measured.items():
        if work != "a":
            continue
        own = name.partition(":")[0] == "ours"
        found = [np.array(run["rows"]) for run in side.runs[1:]]
        error = squared_error(found, reference, long) if own else plain
        products[name, dtype] = goals.median(side) * error
        rows.append(
            (
                name,
                dtype,
                f"{goals.median(side):.4f}",
                f"{error**0.5:.2e}",
                f"{products[name, dtype]:.3e}",
            )
        )
    best = min(  # rows under shared noise err together, so they are not meant here
        (
            x
            for (name, _), x in products.items()
            if name.startswith("ours") and "shared" not in name
        ),
        default=None,
    )
    out = [rows[0]]
    for row in rows[1:]:
        gain = f"{products[row[0], row[1]] / best:.2f}" if best else "-"
        out.append((*row, gain))
    theirs = min((x for (name, _), x in products.items() if name == "brian2"), default=None)
    if not (best and theirs):
        return out, "equal error: not judged without ours and brian2"
    met = "met" if theirs / best >= goals.EQUAL_ERROR else "NOT MET"
    return (
        out,
        f"brian2/ours at equal error: {theirs / best:.1f}, goal {goals.EQUAL_ERROR:g}: {met}",
    )


def long_run(python: str, replicas: int, chunk: int = 100_000) -> Floats:
    """Return the rows of (a) from many replicas of independent noise."""
    for name, dtype in (("numba_simd", "float32"), ("numba", "float64"), ("numpy", "float64")):
        try:
            side = start(python, name, "a", dtype, sizes_of("a", chunk))
        except Missing:
            continue
        parts = [side.run(1000 + k)["rows"] for k in range(max(1, replicas // chunk))]
        side.close()
        mean: Floats = np.mean(parts, axis=0)
        return mean
    raise SystemExit("no side could run the long reference")
