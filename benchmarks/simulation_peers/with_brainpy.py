"""BrainPy: `LifRef` and exponential synapses with event-driven CSR, one compiled loop.

Its own integrators hold the current over a step, so the spike count is near that of the exact
step, not equal to it. Single precision, which is BrainPy's default.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.simulation_peers.side import Task
from benchmarks.simulation_peers.workloads import Cuba


def versions() -> str:
    """Return what the side runs on."""
    return f"BrainPy {import_module('brainpy').__version__}, JAX {import_module('jax').__version__}"


def prepare(work: str, spec: Cuba, dtype: str) -> Task:
    """Compile the loop of (b) and return its task."""
    if work != "b" or dtype != "float32":
        raise NotImplementedError("only (b), in BrainPy's default precision, is written")
    bp, bm = import_module("brainpy"), import_module("brainpy.math")
    bm.set_platform("cpu")
    bm.set_dt(spec.dt)
    net = network(bp, spec)
    start = bm.asarray(spec.start(), dtype=np.float32)
    steps = np.arange(spec.steps)

    def whole() -> Any:
        return bm.for_loop(net.step_run, steps, progress_bar=False).sum()

    compiled = bm.jit(whole)

    def run(_: int) -> int:
        bp.reset_state(net)
        net.neurons.V.value = start
        return int(compiled())

    run(0)
    return Task(run, lambda count: {"spikes": count})


def network(bp: Any, spec: Cuba) -> Any:
    """Return the network as a BrainPy system."""
    first, targets = spec.csr()
    cut = first[spec.excitatory]

    def projection(rows: Any, onto: Any, weight: float, tau: float, post: Any) -> Any:
        shape = (len(rows) - 1, spec.n)
        matrix = import_module("scipy.sparse").csr_matrix((np.ones(len(onto)), onto, rows), shape)
        link = bp.dnn.EventCSRLinear(bp.conn.SparseMatConn(matrix), weight)
        kernel, effect = bp.dyn.Expon.desc(spec.n, tau=tau), bp.dyn.CUBA.desc()
        return bp.dyn.HalfProjAlignPostMg(comm=link, syn=kernel, out=effect, post=post)

    def update(self: Any) -> Any:
        before = self.neurons.spike.value
        self.excite(before[: spec.excitatory])
        self.inhibit(before[spec.excitatory :])
        self.neurons(0.0)
        return self.neurons.spike.sum()

    system = type("System", (bp.DynSysGroup,), {"update": update})()
    system.neurons = bp.dyn.LifRef(
        spec.n,
        V_rest=spec.E_L,
        V_th=spec.V_t,
        V_reset=spec.V_r,
        tau=spec.tau_m,
        tau_ref=spec.refractory * spec.dt,
    )
    system.excite = projection(
        first[: spec.excitatory + 1], targets[:cut], spec.w_e, spec.tau_e, system.neurons
    )
    system.inhibit = projection(
        first[spec.excitatory :] - cut, targets[cut:], spec.w_i, spec.tau_i, system.neurons
    )
    return system
