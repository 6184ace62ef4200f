"""phi_s and Phi: the exact engine beside PyPhi, in one run.

The network: n logistic units, all to all, weights |N(0, 1)|, all on; phi_s > 0 at every size.
PyPhi runs with PARALLEL off, its substrate made before the clock starts; ours starts from the
table of probabilities. Every row first checks that both sides return the same number.

    python benchmarks/phi.py                 phi_s at n = 4 and 5, Phi at n = 4 against PyPhi
    python benchmarks/phi.py --six           n = 6 too (three minutes of PyPhi for each repeat)
    python benchmarks/phi.py --large 14      how the exact engine grows, up to n = 14
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import say, show
from causal_snn import order, phi
from causal_snn.tpm import TPM

FORMALISM = "IIT_4_0_2023"


def network(n: int, *, seed: int = 0) -> TPM:
    """Return the TPM of the benchmark's network."""
    weights = np.abs(np.random.default_rng(seed).normal(size=(n, n)))
    spins = 2 * order.states((2,) * n) - 1
    return TPM.from_state_by_node(1 / (1 + np.exp(-1.2 * spins @ weights.T / np.sqrt(n))))


def timed(call: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the median CPU time of some calls, and what the last returned."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        value = call()
        times.append(time.process_time() - start)
    return statistics.median(times), value


def beside_pyphi(sizes: list[int], repeats: int) -> None:
    """Print phi_s and Phi of both engines."""
    rows: list[tuple[str, ...]] = [("work", "PyPhi", "exact", "ratio", "goal", "difference")]
    goals = {4: 50, 5: 100, 6: 300}
    from causal_snn.phi.adapter import Substrate

    for n in sizes:
        tpm, state = network(n), (1,) * n
        substrate, units = Substrate(tpm), tuple(range(n))
        ours, one = timed(partial(phi.system, tpm, state, formalism=FORMALISM), max(3, repeats))
        theirs, other = timed(
            partial(substrate.system, state, formalism=FORMALISM, units=units), repeats
        )
        rows.append(_row(f"phi_s, n = {n}", theirs, ours, goals[n], one.phi_s - other.phi_s))
    tpm = network(4)
    ours, whole = timed(partial(phi.structure, tpm, (1,) * 4, formalism=FORMALISM), repeats)
    theirs, peer = timed(
        partial(Substrate(tpm).structure, (1,) * 4, formalism=FORMALISM, units=(0, 1, 2, 3)), 1
    )
    rows.append(_row("Phi, n = 4", theirs, ours, 50, whole.big_phi - peer.big_phi))
    show(rows)


def _row(name: str, theirs: float, ours: float, goal: int, difference: float) -> tuple[str, ...]:
    return (
        name,
        f"{theirs:.3g} s",
        f"{ours:.3g} s",
        f"{theirs / ours:.0f}x",
        f"{goal}x",
        f"{difference:.1e}",
    )


def alone(largest: int, structures: int, repeats: int) -> None:
    """Print how the exact engine grows: time, its exponent, and peak memory."""
    rows: list[tuple[str, ...]] = [("work", "seconds", "growth per unit", "peak memory", "value")]
    before = None
    for n in range(6, largest + 1, 2):
        tpm = network(n)
        call = partial(phi.system, tpm, (1,) * n, formalism=FORMALISM, force=True)
        seconds, found = timed(call, repeats if n < 12 else 1)
        tracemalloc.start()
        if n <= 12:
            call()
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        growth = "" if before is None else f"{(seconds / before) ** 0.5:.2f}x (theory 4)"
        memory = f"{peak:.0f} MB" if n <= 12 else "-"
        rows.append((f"phi_s, n = {n}", f"{seconds:.3g}", growth, memory, f"{found.phi_s:.6g}"))
        before = seconds
    before = None
    for n in range(4, structures + 1):
        tpm = network(n)
        build = partial(phi.structure, tpm, (1,) * n, formalism=FORMALISM, force=True)
        seconds, whole = timed(build, 1)
        growth = "" if before is None else f"{seconds / before:.2f}x"
        rows.append((f"Phi, n = {n}", f"{seconds:.3g}", growth, "-", f"{whole.big_phi:.6g}"))
        before = seconds
    show(rows)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--six", action="store_true", help="phi_s at n = 6 against PyPhi too")
    parser.add_argument("--large", type=int, default=10, help="largest system (even, up to 14)")
    parser.add_argument("--structures", type=int, default=5, help="largest structure")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    beside_pyphi([4, 5, 6] if options.six else [4, 5], options.repeats)
    say()
    alone(options.large, options.structures, options.repeats)


if __name__ == "__main__":
    main()
