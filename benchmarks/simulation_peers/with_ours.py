"""The library's own side, the only file of the benchmark that calls `causal_snn.simulation`.

Options (written after a colon in the harness, "ours:shared"):
``shared``, ``antithetic``  noise mode of the sweep (a)
``exact``                   one-step rows of (a) in closed form
``numba``                   with the accelerator, for (b), and for (a) in float32
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.simulation_peers.side import Task
from benchmarks.simulation_peers.workloads import Cortex, Cuba, Squid, Sweep


def versions() -> str:
    """Return what the side runs on."""
    return f"causal_snn {import_module('causal_snn').__version__}, NumPy {np.__version__}"


def prepare(work: str, spec: Any, dtype: str, option: str = "") -> Task:
    """Return the task of a workload, or raise NotImplementedError with what is missing."""
    if work == "a" and option == "exact":
        return one_step(spec)
    if work == "a":
        if option == "numba" and dtype != "float32":
            raise NotImplementedError("the compiled sweep is in float32 only")
        return sweep(spec, dtype, option or "independent")
    if work == "b" and option in ("", "numba"):
        return cuba(spec, dtype, option or None)
    if work == "c" and not option:
        return squid(spec, dtype)
    if work == "d" and not option:
        return cortex(spec, dtype)
    raise NotImplementedError(f"with_ours.py does not run work {work!r} with option {option!r}")


def network(spec: Sweep) -> Any:
    """Return the network of (a), after a check that its step is that of the workload."""
    models = import_module("causal_snn.models")
    neuron = models.lif(tau=spec.tau, E=spec.E, theta=spec.theta, V_reset=spec.V_reset)
    made = models.Network(
        neuron=neuron, weights=spec.weights, dt=spec.dt, drive=spec.drive, noise=spec.noise
    )
    step = made.step()
    push = step.rest * (1 - step.decay) + step.drive
    for name, found, wanted in (
        ("decay", step.decay, spec.decay),
        ("push", push, spec.push),
        ("sigma", step.sigma, spec.sigma),
    ):
        if not np.allclose(found, wanted, rtol=1e-14, atol=0):
            raise ValueError(f"{name} of the library's step is {found}, the workload's is {wanted}")
    return made


def sweep(spec: Sweep, dtype: str, option: str) -> Task:
    """Return the task of (a); all of `sweep`, checks and counting included, is timed."""
    simulation, made = import_module("causal_snn.simulation"), network(spec)
    compiled = option == "numba"
    if not hasattr(simulation, "sweep"):
        raise NotImplementedError("causal_snn.simulation has no sweep yet")

    def run(seed: int) -> Any:
        return simulation.sweep(
            made,
            states=spec.starts,
            steps=spec.steps,
            replicas=spec.replicas,
            rng=seed,
            noise="independent" if compiled else option,
            dtype=dtype,
            accelerate="numba" if compiled else None,
            progress=False,
        )

    def outcome(result: Any) -> dict[str, Any]:
        return {"rows": np.asarray(result.rows, dtype=float).tolist()}

    return Task(run, outcome)


def one_step(spec: Sweep) -> Task:
    """Rows of one step from known potentials: products of Gaussian tails, exact."""
    ndtr, made = import_module("scipy.special").ndtr, network(spec)
    starts = spec.starts

    def run(_: int) -> Any:
        step = made.step()
        spiked = step.spikes(starts)
        mean, _current = step.mean(starts, 0.0, spiked, spiked @ made.weights.T)
        tails = ndtr((mean - step.theta) / step.sigma)
        rows = np.ones((len(starts), 1))
        for unit in tails.T:  # the first unit changes fastest
            rows = (np.stack([1 - unit, unit], axis=1)[:, :, None] * rows[:, None, :]).reshape(
                len(starts), -1
            )
        return rows

    return Task(run, lambda rows: {"rows": rows.tolist()})


NOTE = "ours without set-up, as Brian2's and NEST's: a run less a run of one step"


def bare(simulate: Any, network: Any, duration: float, **options: Any) -> Task:
    """Return a task that times the steps alone, as some peers do: set-up is taken off.

    Laying a network out takes some tens of milliseconds, which the column "first" includes.
    """

    def run(seed: int) -> tuple[Any, float]:
        times = []
        for length in (network.dt, duration):
            before = time.process_time()
            found = simulate(network, length, rng=seed, progress=False, **options)
            times.append(time.process_time() - before)
        return found, times[1] - times[0]

    return Task(run, lambda raw: {"spikes": len(raw[0].trains), "cpu": raw[1]}, NOTE)


def cuba(spec: Cuba, dtype: str, accelerate: str | None) -> Task:
    """Return the task of (b); all of `simulate` is timed, its layout and start included."""
    models, simulation = import_module("causal_snn.models"), import_module("causal_snn.simulation")
    sparse = import_module("scipy.sparse")
    first, targets = spec.csr()
    made = models.zoo.vogels_abbott(spec.n, dt=spec.dt)
    source = np.repeat(np.arange(spec.n), np.diff(first))
    tables = []
    for weight, keep in (
        (spec.w_e, source < spec.excitatory),
        (spec.w_i, source >= spec.excitatory),
    ):
        values = np.full(int(keep.sum()), weight)
        shape = (spec.n, spec.n)
        tables.append(sparse.csr_array((values, (targets[keep], source[keep])), shape=shape))
    net = models.Network(
        neuron=made.neurons[0],
        weights=tables[0],
        synapses={"g_i": tables[1]},
        delays=spec.delay,
        dt=spec.dt,
    )
    start = {"v": spec.start(), "g_e": 0.0, "g_i": 0.0}

    options = {"start": start, "dtype": dtype, "accelerate": accelerate}
    return bare(simulation.simulate, net, spec.duration, **options)


def squid(spec: Squid, dtype: str) -> Task:
    """Return the task of (c)."""
    models, simulation = import_module("causal_snn.models"), import_module("causal_snn.simulation")
    sparse = import_module("scipy.sparse")
    net = models.Network(
        neuron=[models.hodgkin_huxley(I=float(current)) for current in spec.current],
        weights=sparse.csr_array((spec.n, spec.n)),
        dt=spec.dt,
    )
    start = dict(zip(("V", "m", "h", "n"), spec.rest, strict=True))

    # the scheme of the peers
    options = {"start": start, "scheme": "exponential_euler", "dtype": dtype}
    return bare(simulation.simulate, net, spec.duration, **options)


def cortex(spec: Cortex, dtype: str) -> Task:
    """Return the task of (d)."""
    models, simulation = import_module("causal_snn.models"), import_module("causal_snn.simulation")
    inputs = import_module("causal_snn.models.inputs")
    values = spec.parameters()
    net = models.Network(
        neuron=[
            models.izhikevich(**{name: float(values[name][k]) for name in "abcd"})
            for k in range(spec.n)
        ],
        weights=np.zeros((spec.n, spec.n)),
        synapses={"I": spec.weights()},
        inputs=[inputs.OUCurrent(sd=values["noise"], tau=0.01)],  # drawn anew in each step
        dt=1.0,
    )
    start = {"v": -65.0, "u": -65.0 * values["b"]}

    options = {"start": start, "scheme": "published", "dtype": dtype}
    return bare(simulation.simulate, net, float(spec.steps), **options)
