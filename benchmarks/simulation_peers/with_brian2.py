"""Brian 2, C++ standalone: built once, its binary run for each repeat.

The CPU seconds are those of the bare run loop, read by the binary itself, so neither reading the
initial arrays nor writing results counts against it. `whole_cpu` is all of the process.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.simulation_peers.side import Task
from benchmarks.simulation_peers.workloads import Cortex, Cuba, Squid, Sweep

LOOP = "loop_cpu.txt"
BEFORE = "const std::clock_t _loop_begun = std::clock();"
AFTER = f"""{{
    std::ofstream _loop("{LOOP}");
    _loop << (double)(std::clock() - _loop_begun) / CLOCKS_PER_SEC;
}}"""


def versions() -> str:
    """Return what the side runs on."""
    return f"Brian2 {import_module('brian2').__version__} C++ standalone"


def prepare(work: str, spec: Any, dtype: str) -> Task:
    """Build the binary of a workload and return its task."""
    b = import_module("brian2")
    folder = tempfile.mkdtemp(prefix="brian2-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    b.set_device("cpp_standalone", build_on_run=False, directory=folder)
    b.prefs.core.default_float_dtype = np.dtype(dtype).type
    b.prefs.devices.cpp_standalone.openmp_threads = 0
    make: Any = {"a": sweep, "b": cuba, "c": squid, "d": cortex}[work]
    b.seed()  # a new seed for every run of the binary
    parts, milliseconds, read = make(b, spec)
    network = b.Network(*parts)
    b.device.insert_code("before_network_run", BEFORE)
    b.device.insert_code("after_network_run", AFTER)
    network.run(milliseconds * b.ms)
    b.device.build(directory=folder, compile=True, run=False, with_output=False)

    def outcome(_: Any) -> dict[str, Any]:
        return {"cpu": float((Path(folder) / LOOP).read_text()), **read()}

    return Task(lambda _: b.device.run(directory=folder, with_output=False), outcome)


def sweep(b: Any, spec: Sweep) -> tuple[list[Any], float, Any]:
    """Return (a) in the expert form: all units of a lane are one neuron of six variables."""
    names = [f"v{k}" for k in range(spec.n)]
    code = [f"s{k} = int(v{k} >= theta)" for k in range(spec.n)]
    for k, row in enumerate(spec.weights):
        jumps = "".join(f" + ({w!r})*s{j}" for j, w in enumerate(row.tolist()) if w)
        code.append(f"v{k} = (v{k} + s{k}*(V_reset - v{k}))*decay + push{jumps} + sigma*randn()")
    values = {key: getattr(spec, key) for key in ("theta", "V_reset", "decay", "push", "sigma")}
    lanes = b.NeuronGroup(
        spec.states * spec.replicas,
        "\n".join(f"{name} : 1" for name in names),
        namespace=values,
        dt=spec.dt * b.ms,
    )
    lanes.run_regularly("\n".join(code))
    for name, start in zip(names, spec.starts.T, strict=True):
        setattr(lanes, name, np.repeat(start, spec.replicas))

    def read() -> dict[str, Any]:
        bits = [
            (np.asarray(getattr(lanes, name)[:]) >= spec.theta).astype(np.int64) << k
            for k, name in enumerate(names)
        ]
        patterns = np.sum(bits, axis=0).reshape(spec.states, spec.replicas)
        return {"rows": spec.rows(patterns).tolist()}

    return [lanes], spec.steps * spec.dt, read


def cuba(b: Any, spec: Cuba) -> tuple[list[Any], float, Any]:
    """Return (b), the example CUBA of Brian 2 with a delay of one step and wiring from arrays."""
    b.defaultclock.dt = spec.dt * b.ms
    values = {
        "taum": spec.tau_m * b.ms,
        "taue": spec.tau_e * b.ms,
        "taui": spec.tau_i * b.ms,
        **{key: getattr(spec, key) for key in ("V_t", "V_r", "E_L", "w_e", "w_i")},
    }
    neurons = b.NeuronGroup(
        spec.n,
        """dv/dt = (ge + gi - (v - E_L))/taum : 1 (unless refractory)
        dge/dt = -ge/taue : 1
        dgi/dt = -gi/taui : 1""",
        threshold="v > V_t",
        reset="v = V_r",
        # Brian 2 holds a neuron for one step less than refractory/dt.
        refractory=(spec.refractory + 1) * spec.dt * b.ms,
        method="exact",
        namespace=values,
    )
    neurons.v = spec.start()
    first, onto = spec.csr()
    origin = np.repeat(np.arange(spec.n), np.diff(first))
    synapses = []
    for effect, chosen in (
        ("ge += w_e", origin < spec.excitatory),
        ("gi += w_i", origin >= spec.excitatory),
    ):
        delay = spec.delay * spec.dt * b.ms
        made = b.Synapses(neurons, neurons, on_pre=effect, delay=delay, namespace=values)
        made.connect(i=origin[chosen], j=onto[chosen])
        synapses.append(made)
    return counted(b, [neurons, *synapses], neurons, spec.duration)


def squid(b: Any, spec: Squid) -> tuple[list[Any], float, Any]:
    """Return (c), Hodgkin and Huxley by exponential Euler; a crossing counts once."""
    b.defaultclock.dt = spec.dt * b.ms
    neurons = b.NeuronGroup(
        spec.n,
        """dv/dt = (I - 120*m**3*h*(v - 50) - 36*n**4*(v + 77) - 0.3*(v + 54.387))/ms : 1
        dm/dt = (1/exprel(-(v + 40)/10)*(1 - m) - 4*exp(-(v + 65)/18)*m)/ms : 1
        dh/dt = (0.07*exp(-(v + 65)/20)*(1 - h) - 1/(1 + exp(-(v + 35)/10))*h)/ms : 1
        dn/dt = (0.1/exprel(-(v + 55)/10)*(1 - n) - 0.125*exp(-(v + 65)/80)*n)/ms : 1
        I : 1 (constant)""",
        threshold="v > 0",
        refractory="v > 0",
        method="exponential_euler",
    )
    neurons.I = spec.current
    neurons.v, neurons.m, neurons.h, neurons.n = spec.rest
    return counted(b, [neurons], neurons, spec.duration)


def cortex(b: Any, spec: Cortex) -> tuple[list[Any], float, Any]:
    """Return (d), the published program; a spike found in one step acts in the next."""
    b.defaultclock.dt = 1 * b.ms
    neurons = b.NeuronGroup(
        spec.n,
        """v : 1
        u : 1
        Isyn : 1
        a : 1 (constant)
        b : 1 (constant)
        c : 1 (constant)
        d : 1 (constant)
        noise : 1 (constant)""",
        threshold="v >= 30",
        reset="v = c; u += d",
    )
    neurons.run_regularly(
        """I = Isyn + noise*randn()
        v += 0.5*(0.04*v**2 + 5*v + 140 - u + I)
        v += 0.5*(0.04*v**2 + 5*v + 140 - u + I)
        u += a*(b*v - u)
        Isyn = 0""",
        when="groups",
    )
    table = spec.parameters()
    for key, value in table.items():
        setattr(neurons, key, value)
    neurons.v, neurons.u = -65, table["b"] * -65
    synapses = b.Synapses(neurons, neurons, "w : 1", on_pre="Isyn += w")
    onto, origin = np.divmod(np.arange(spec.n**2), spec.n)
    synapses.connect(i=origin, j=onto)
    synapses.w = spec.weights().ravel()
    return counted(b, [neurons, synapses], neurons, float(spec.steps))


def counted(
    b: Any, parts: list[Any], neurons: Any, duration: float
) -> tuple[list[Any], float, Any]:
    """Return the parts with a monitor that counts spikes, the duration and its reader."""
    monitor = b.SpikeMonitor(neurons, record=False)
    return [*parts, monitor], duration, lambda: {"spikes": int(np.sum(monitor.count[:]))}
