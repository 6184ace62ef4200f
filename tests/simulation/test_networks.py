"""Whole networks against programs written apart, and against Brian2 where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_snn import models
from causal_snn.simulation import simulate

N, STEPS = 1000, 4000  # of 0.1 ms
NET: Any = models.zoo.vogels_abbott(N, connections=0.05)
START = np.random.default_rng(5).uniform(-60.0, -50.0, N)


def cuba_by_hand(steps: int) -> list[tuple[int, int]]:
    """Return (step, unit) of every spike of the current-based network, from its equations."""
    a, b, c = (np.exp(-0.1 / tau) for tau in (20.0, 5.0, 10.0))
    to_e, to_i = (a - b) * 5.0 / (20.0 - 5.0), (a - c) * 10.0 / (20.0 - 10.0)
    excitation, inhibition = NET.weights.toarray(), NET.synapses["g_i"].toarray()
    v, g_e, g_i = START.copy(), np.zeros(N), np.zeros(N)
    held = np.zeros(N, int)
    spikes: list[tuple[int, int]] = []
    fired: NDArray[Any] = np.zeros(0, int)
    for k in range(1, steps + 1):
        v[fired] = -60.0
        v = -49.0 + a * (v + 49.0) + to_e * g_e + to_i * g_i
        g_e, g_i = b * g_e, c * g_i
        for source in fired:
            g_e += excitation[:, source]
            g_i += inhibition[:, source]
        v[held > 0] = -60.0
        above = (v >= -50.0) & (held == 0)
        held = np.where(above, 50, np.maximum(held - 1, 0))
        fired = np.flatnonzero(above)
        spikes += [(k, int(unit)) for unit in fired]
    return spikes


def test_current_based_network_spike_for_spike() -> None:
    """Every spike of the first 100 ms, unit and step; then the network is chaotic."""
    expected = cuba_by_hand(1000)
    found = simulate(NET, 100.0, start={"v": START}, rng=0, progress=False)
    steps = np.rint(found.trains.times / 0.1).astype(int).tolist()
    assert list(zip(steps, found.trains.units.tolist(), strict=True)) == expected
    assert len(expected) > 400


@pytest.mark.slow
def test_current_based_network_against_brian2() -> None:
    """The same connections, start and arithmetic: the same number of spikes."""
    b2 = pytest.importorskip("brian2")
    b2.prefs.codegen.target = "numpy"
    b2.start_scope()
    b2.defaultclock.dt = 0.1 * b2.ms
    # Brian2 holds a neuron one step less than refractory/dt.
    group = b2.NeuronGroup(
        N,
        """dv/dt = (g_e + g_i - (v + 49*mV))/(20*ms) : volt (unless refractory)
           dg_e/dt = -g_e/(5*ms) : volt
           dg_i/dt = -g_i/(10*ms) : volt""",
        threshold="v >= -50*mV",
        reset="v = -60*mV",
        refractory=5.1 * b2.ms,
        method="exact",
        namespace={"mV": b2.mV, "ms": b2.ms},
    )
    group.v = START * b2.mV
    parts = []
    for table, action in ((NET.weights, "g_e += 1.62*mV"), (NET.synapses["g_i"], "g_i -= 9*mV")):
        target, source = table.nonzero()
        synapses = b2.Synapses(group, group, on_pre=action, delay=0.1 * b2.ms)
        synapses.connect(i=source, j=target)
        parts.append(synapses)
    monitor = b2.SpikeMonitor(group)
    b2.Network(group, monitor, *parts).run(STEPS * 0.1 * b2.ms)
    found = simulate(NET, STEPS * 0.1, start={"v": START}, rng=0, progress=False)
    assert len(found.trains) == int(monitor.num_spikes)


def izhikevich_by_hand(net: Any, steps: int, seed: int) -> int:
    """Return the number of spikes of the published program, net.m."""
    rng = np.random.default_rng(seed)
    p = {name: np.array([float(m.parameters[name]) for m in net.neurons]) for name in "abcd"}
    weights, n = net.synapses["I"], net.n
    thalamic = np.where(np.arange(n) < n * 4 // 5, 5.0, 2.0)
    v, u, count = np.full(n, -65.0), -65.0 * p["b"], 0
    for _ in range(steps):
        current = thalamic * rng.standard_normal(n)
        fired = np.flatnonzero(v >= 30.0)
        count += len(fired)
        v[fired] = p["c"][fired]
        u[fired] += p["d"][fired]
        current += weights[:, fired].sum(axis=1)
        v += 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
        v += 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
        u += p["a"] * (p["b"] * v - u)
    return count


def test_izhikevich_network_has_the_published_statistics() -> None:
    """Numbers of spikes over 8 seeds, by our run and by the program: means within 4 errors."""
    net = models.zoo.izhikevich_2003()
    start = {"v": -65.0, "u": [-65.0 * float(m.parameters["b"]) for m in net.neurons]}
    runs = [
        simulate(net, 500.0, rng=seed, scheme="published", start=start, progress=False)
        for seed in range(8)
    ]
    # The program counts a spike in the step after the one that ends above the cutoff.
    ours = [int(np.count_nonzero(run.trains.times < 500.0)) for run in runs]
    theirs = [izhikevich_by_hand(net, 500, 100 + seed) for seed in range(8)]
    error = np.hypot(np.std(ours, ddof=1), np.std(theirs, ddof=1)) / np.sqrt(8)
    assert abs(np.mean(ours) - np.mean(theirs)) < 4 * error
    rate = np.mean(ours) / 1000 / 0.5
    assert 4.0 < rate < 12.0  # Hz; near 8 in the paper's figure 3
