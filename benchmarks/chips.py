"""Chips: neuron-steps per second, and the exact analysis against its goals.

    python benchmarks/chips.py               the step of every chip, exact TPM, a sweep over bits
    python benchmarks/chips.py --step        the step alone
    python benchmarks/chips.py --sizes       how the step goes with neurons, lanes and density

Goals: 20 million neuron-steps/s on one core for LIF in lanes; the exact TPM of 4 neurons of 8 bits
in 10 s; 10 precisions of 4 neurons, with phi_s, in 120 s. Beside each figure is its ratio to the
goal, or to the emulators' loop: above 1 is better. Times are processor time, medians of several
runs (--repeats; the sweep is run once); BLAS has one thread. The vendors' and emulators' own
packages need older versions of Python or NumPy and are not installed here: "emulator loop" is their
update equation, written out in plain NumPy as they do it, one run at a time. Its spikes and
potentials are compared first.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy loads its BLAS
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import say, show
from causal_snn import chips, models
from causal_snn.chips import Chip, Parameters
from causal_snn.models import Network
from causal_snn.studies import critical_precision

STEP_GOAL, TPM_GOAL, SWEEP_GOAL = 20.0, 10.0, 120.0
LOIHI = {"decay_u": 409, "decay_v": 128, "threshold": 900 << 6}
CASES: tuple[tuple[str, Mapping[str, Any], int, Mapping[str, Any]], ...] = (
    ("loihi2", {"convention": "lava"}, 60, LOIHI),
    ("loihi2", {"convention": "nengo"}, 60, LOIHI),
    ("loihi2", {"convention": "brian2"}, 60, LOIHI),
    ("truenorth", {}, 60, {"threshold": 500, "leak": -3}),
    ("xylo", {}, 60, {"decay_u": 3, "decay_v": 4, "threshold": 900}),
    ("spinnaker1", {}, 60, {"bias": 1 << 15}),
    ("spinnaker1", {"rounding": "stochastic"}, 60, {"bias": 1 << 15}),
    ("spinnaker2", {}, 60, {"decay_v": 0.96, "threshold": 300.0}),
    ("fixed", {"bits": 16, "frac": 4}, 60, {"decay_v": 205, "threshold": 300}),
    ("fixed", {"bits": 16, "frac": 4, "rounding": "stochastic"}, 60,
     {"decay_v": 205, "threshold": 300}),
    ("odin", {}, 7, {"threshold": 20, "leak": 2}),
    ("brainscales2", {}, 30, {}),
)  # fmt: skip
"""Name, options, the largest weight, settings."""


def network(
    chip: Chip, n: int, density: float, most: int, settings: Mapping[str, Any]
) -> Parameters:
    """Return parameters with random weights of both signs, as the chip allows."""
    rng = np.random.default_rng(0)
    values = rng.integers(-most, most + 1, (n, n))
    step = chip.weight.step
    if chip.weight.signs == "by_column":
        values = abs(values) * rng.choice([-1, 1], n)
    if chip.weight.values:  # one for each axon type
        values = np.sign(values) * most
    made = values // step * step * (rng.random((n, n)) < density)
    return chips.parameters(
        chip, weights=made, input_weights=np.full((n, 1), most // step * step), **settings
    )


def median_time(work: Callable[[], Any], repeats: int) -> float:
    """Return the median processor time (s) of some calls, after one that is not timed."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def rate(
    chip: Chip, p: Parameters, lanes: int, steps: int, repeats: int, *, record: bool
) -> tuple[float, float]:
    """Return million neuron-steps/s of `run`, and spikes per neuron and step."""
    spikes = np.random.default_rng(1).integers(0, 2, (lanes, steps, 1))
    found = chips.run(chip, p, spikes, rng=0, record=False)
    seconds = median_time(lambda: chips.run(chip, p, spikes, rng=0, record=record), repeats)
    return p.n * lanes * steps / seconds / 1e6, float(found.spikes.mean())


def loop(p: Parameters, spikes: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """Return potentials and spikes of Loihi's compartment, as an emulator computes them.

    One NumPy expression for each line of the update, in int64; wrapping as in Lava.
    """
    weights: Any = p.weights
    into: Any = p.input_weights
    keep_u = 4096 - (p.neuron["decay_u"] + 1)
    keep_v = 4096 - p.neuron["decay_v"]
    threshold, limit = p.neuron["threshold"], (1 << 23) - 1
    u, v, s = (np.zeros(p.n, np.int64) for _ in range(3))
    late = np.zeros(into.shape[1], np.int64)
    path, fired = [], []
    for row in spikes:
        a = (weights @ s + into @ late) << 6
        u = np.sign(u) * ((np.abs(u) * keep_u) >> 12) + a
        u = np.where(u > limit + 1, u - (1 << 24), u)
        u = np.where(u <= -limit - 1, u + (1 << 24), u)
        v = np.sign(v) * ((np.abs(v) * keep_v) >> 12) + u + p.neuron["bias"]
        v = np.clip(v, -limit, limit)
        s = (v > threshold).astype(np.int64)
        v = np.where(s > 0, 0, v)
        late = row
        path.append(v)
        fired.append(s)
    return np.array(path), np.array(fired)


def beside_emulator(repeats: int) -> None:
    """Print Loihi's step beside the emulators' equation, for runs alone and 1000 at once."""
    chip = chips.loihi(convention="lava")
    rows: list[tuple[str, ...]] = [
        ("Loihi, lava", "emulator loop", "run, 1 lane", "/ loop", "1000 lanes", "/ loop")
    ]
    for n in (1, 10, 100, 1000):
        p = network(chip, n, 0.1, 60, LOIHI)
        spikes = np.random.default_rng(1).integers(0, 2, (200, 1))
        path, fired = loop(p, spikes)
        ours = chips.run(chip, p, spikes)
        if not (np.array_equal(path, ours.v) and np.array_equal(fired, ours.spikes)):
            msg = "the emulator loop and the chip differ"
            raise AssertionError(msg)
        theirs = n * 200 / median_time(partial(loop, p, spikes), repeats) / 1e6
        alone, _ = rate(chip, p, 1, 200, repeats, record=True)
        steps = 50 if n <= 100 else 5
        many, _ = rate(chip, p, 1000, steps, repeats, record=True)
        rows.append(
            (f"n = {n}", f"{theirs:.3g}", f"{alone:.3g}", ratio(alone, theirs), f"{many:.3g}",
             ratio(many, theirs))
        )  # fmt: skip
    show(rows)
    say("million neuron-steps/s, u, v and spikes of every step kept; same potentials and spikes")


def every_chip(repeats: int) -> None:
    """Print the step of every chip: 100 neurons, 10 % of the synapses."""
    rows: list[tuple[str, ...]] = [
        ("chip", "1 lane", "1000 lanes", "/ goal", "1000, recorded", "spikes/step")
    ]
    for name, options, most, settings in CASES:
        chip = chips.by_name(name, **options)
        p = network(chip, 100, 0.1, most, settings)
        slow = chip.schedule != "synchronous"
        lanes, steps = (100, 10) if slow else (1000, 50)
        alone, _ = rate(chip, p, 1, 20 if slow else 200, repeats, record=False)
        many, spikes = rate(chip, p, lanes, steps, repeats, record=False)
        kept, _ = rate(chip, p, lanes, steps, repeats, record=True)
        goal = "-" if slow else ratio(many, STEP_GOAL)
        title = chip.title
        if options.get("rounding") == "stochastic" and "stochastic" not in title:
            title += ", stochastic"
        rows.append((title, f"{alone:.3g}", f"{many:.3g}", goal, f"{kept:.3g}", f"{spikes:.2f}"))
    show(rows)
    say(f"million neuron-steps/s, goal {STEP_GOAL:g}; odin and brainscales2: 100 lanes, engines of")
    say("their own, no goal")


def sizes(repeats: int) -> None:
    """Print how Loihi's step goes with the size of the network."""
    chip = chips.loihi(convention="lava")
    rows: list[tuple[str, ...]] = [("neurons", "density", "lanes", "M neuron-steps/s", "spikes")]
    for n, density, lanes in (
        (4, 1.0, 10_000), (10, 1.0, 10_000), (100, 0.02, 1000), (100, 0.1, 1000), (100, 1.0, 1000),
        (1000, 0.01, 100), (1000, 0.1, 100), (1000, 1.0, 100), (1000, 0.1, 1), (3000, 0.03, 1),
    ):  # fmt: skip
        p = network(chip, n, density, 60, LOIHI)
        found, spikes = rate(chip, p, lanes, 20, repeats, record=False)
        rows.append((f"{n}", f"{density:g}", f"{lanes}", f"{found:.3g}", f"{spikes:.2f}"))
    show(rows)


def ring() -> Network:
    """Return four excitatory neurons in a ring with a chord."""
    weights = [[0, 0, 0, 8.0], [9.0, 0, 0, 0], [0, 7.0, 0, 5.0], [0, 0, 8.0, 0]]
    return Network(neuron=models.lif(), weights=weights, drive=13.0, noise=3.0, dt=5.0)


def ratio(ours: float, other: float) -> str:
    """Return how many times one figure is the other."""
    return f"{ours / other:.3g}x"


def analysis(repeats: int) -> None:
    """Print the time of exact TPMs, and of a sweep over the bits of the weights."""
    rows: list[tuple[str, ...]] = [("exact analysis, 4 neurons", "seconds", "goal", "goal /", "")]
    eight = chips.fixed_point(8, 2)
    for title, chip, noise in (
        ("TPM, 8 bits", eight, None),
        ("TPM, 8 bits, noise", eight, "network"),
        ("TPM, 8 bits, stochastic rounding", chips.fixed_point(8, 2, rounding="stochastic"), None),
        ("TPM, Loihi, 24 bits", chips.loihi(convention="lava"), "network"),
    ):
        mapped = chips.map(ring(), chip)
        found = chips.tpm(mapped, noise=noise)
        seconds = median_time(partial(chips.tpm, mapped, noise=noise), repeats)
        off = abs(found.state_by_state.sum(axis=1) - 1).max()
        rows.append((title, f"{seconds:.3g}", f"{TPM_GOAL:g}", ratio(TPM_GOAL, seconds),
                     f"rows sum to 1 within {off:.0e}"))  # fmt: skip
    start = time.process_time()
    sweep = critical_precision(ring(), chip="loihi2", bits=range(2, 12), progress=False)
    seconds = time.process_time() - start
    rows.append(("sweep over 10 bit widths, phi_s", f"{seconds:.3g}", f"{SWEEP_GOAL:g}",
                 ratio(SWEEP_GOAL, seconds), f"{len(sweep.points)} settings"))  # fmt: skip
    show(rows)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--step", action="store_true", help="the step alone")
    parser.add_argument("--sizes", action="store_true", help="by neurons, lanes and density")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    if options.sizes:
        sizes(options.repeats)
        return
    every_chip(options.repeats)
    say()
    beside_emulator(options.repeats)
    if not options.step:
        say()
        analysis(options.repeats)


if __name__ == "__main__":
    main()
