"""NEST: `iaf_psc_exp` with the wiring and the initial potentials of `workloads`."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.simulation_peers.side import Task
from benchmarks.simulation_peers.workloads import Cuba


def versions() -> str:
    """Return what the side runs on."""
    return f"NEST {import_module('nest').__version__}"


def prepare(work: str, spec: Cuba, dtype: str) -> Task:
    """Return the task of (b): every run builds the network anew, only Simulate is timed."""
    if work != "b" or dtype != "float64":
        raise NotImplementedError("only (b), in double precision, is written for NEST")
    nest: Any = import_module("nest")
    nest.verbosity = nest.VerbosityLevel.ERROR
    state: dict[str, Any] = {}
    build(nest, spec, state)

    def run(_: int) -> None:
        if state["used"]:
            build(nest, spec, state)
        before = time.process_time()
        nest.Simulate(spec.duration)
        state.update(used=True, cpu=time.process_time() - before)

    def outcome(_: Any) -> dict[str, Any]:
        return {"cpu": state["cpu"], "spikes": int(state["recorder"].n_events)}

    return Task(run, outcome)


def build(nest: Any, spec: Cuba, state: dict[str, Any]) -> None:
    """Make the network; with C_m = tau_m a weight in pA is a jump of g in mV."""
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": spec.dt, "local_num_threads": 1})
    neurons = nest.Create(
        "iaf_psc_exp",
        spec.n,
        {
            "C_m": spec.tau_m,
            "tau_m": spec.tau_m,
            "tau_syn_ex": spec.tau_e,
            "tau_syn_in": spec.tau_i,
            "E_L": spec.E_L,
            "V_th": spec.V_t,
            "V_reset": spec.V_r,
            "t_ref": spec.refractory * spec.dt,
        },
    )
    neurons.V_m = spec.start()
    first, targets = spec.csr()
    sources = np.repeat(np.arange(spec.n), np.diff(first))
    nest.Connect(
        sources + 1,
        targets + 1,
        "one_to_one",
        {
            "weight": np.where(sources < spec.excitatory, spec.w_e, spec.w_i),
            "delay": np.full(len(sources), spec.delay * spec.dt),
        },
    )
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    nest.Prepare()
    nest.Cleanup()
    state.update(recorder=recorder, used=False)
