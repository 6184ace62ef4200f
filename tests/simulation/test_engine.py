"""The engine against the reference stepper, and its layouts against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from causal_snn import models
from causal_snn.models import Network
from causal_snn.simulation import (
    change,
    clamp,
    clamp_spikes,
    cut,
    do,
    inject,
    micro_state,
    run,
    simulate,
)
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.layout import lay_out
from causal_snn.simulation.engine.schedule import Schedule
from causal_snn.simulation.start import set_start

CONVENTIONS = st.fixed_dictionaries(
    {
        "step": st.sampled_from(["exact", "euler"]),
        "reset": st.sampled_from(["value", "subtract"]),
        "reset_timing": st.sampled_from(["immediate", "delayed"]),
        "input_gain": st.sampled_from(["exact", "unit"]),
        "strict_threshold": st.booleans(),
        "refractory_steps": st.integers(0, 3),
        "arrival": st.sampled_from(["start", "end"]),
    }
)


def neurons(kind: str, n: int, convention: dict[str, Any]) -> list[models.NeuronModel]:
    makers = {"lif": [models.lif], "cuba_lif": [models.cuba_lif]}
    cycle = makers.get(kind, [models.lif, models.cuba_lif])
    return [cycle[k % len(cycle)](tau=14.0 + k % 3, **convention) for k in range(n)]


def engine_of(net: Network, v: Any, i: Any, rows: int, lanes: int) -> Engine:
    """Return an engine in the states v, i of shape (n, rows * lanes)."""
    engine = Engine(
        lay_out(net), rows=rows, lanes=lanes, dtype=float, streams=[np.random.default_rng(0)]
    )
    for group in engine.groups:
        units = group.group.units
        for state, values in zip(group.states, (v, i), strict=False):
            state[...] = values[units].reshape(len(units), rows, lanes).transpose(1, 0, 2)
    engine.settle()
    return engine


def flat(array: Any) -> Any:
    """Return (rows, m, lanes) as (m, rows * lanes)."""
    return array.transpose(1, 0, 2).reshape(array.shape[1], -1)


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["lif", "cuba_lif", "mixed"]),
    convention=CONVENTIONS,
    shape=st.sampled_from([(1, 12), (4, 3), (12, 1), (6, 2)]),
    pause=st.integers(0, 30),
    seed=st.integers(0, 2**31),
)
def test_every_convention_and_layout_is_the_reference_stepper(
    kind: str, convention: dict[str, Any], shape: tuple[int, int], pause: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    n, steps = 4, 30
    gain = 0.1 if convention["input_gain"] == "unit" else 1.0
    net = Network(
        neuron=neurons(kind, n, convention),
        weights=rng.normal(scale=5, size=(n, n)),
        drive=gain * rng.uniform(10, 30, n),
        bias=rng.normal(scale=0.3, size=n),
        dt=2.0,
    )
    v = rng.uniform(-80, -45, (n, 12))
    i = rng.normal(size=(n, 12)) * [[len(m.states) > 1] for m in net.neurons]
    engine = engine_of(net, v, i, *shape)
    for k, state in enumerate(run(net, micro_state(net, v, i), steps)):
        if k == pause:  # everything that matters is in the snapshot
            other = engine_of(net, v, i, *shape)
            other.restore(engine.snapshot())
            engine = other
        engine.step()
        for group in engine.groups:
            units = group.group.units
            assert np.array_equal(flat(group.spiked), state.spiked[units])
            assert flat(group.states[0]) == pytest.approx(state.v[units], abs=1e-9)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**31),
    kind=st.sampled_from(["lif", "cuba_lif", "mixed"]),
    refractory=st.integers(0, 2),
    density=st.sampled_from([0.1, 0.3, 1.0]),
    replicas=st.integers(1, 3),
)
def test_delays_and_sparse_weights_against_a_loop(
    seed: int, kind: str, refractory: int, density: float, replicas: int
) -> None:
    """Heterogeneous delays, dense and sparse, in lanes and as events, against one another."""
    rng = np.random.default_rng(seed)
    n, steps = 9, 40
    weights = rng.normal(scale=6, size=(n, n)) * (rng.random((n, n)) < density)
    delays = rng.integers(1, 6, (n, n))
    convention: dict[str, Any] = {"refractory_steps": refractory}
    own: dict[str, Any] = {
        "neuron": neurons(kind, n, convention),
        "drive": rng.uniform(12, 25, n),
        "dt": 1.0,
        "delays": delays,
    }
    dense = Network(weights=weights, **own)
    sparse = Network(weights=csr_array(weights), **own)
    fortran = Network(weights=np.asfortranarray(weights), **own)
    v = rng.uniform(-75, -45, (n, replicas))
    i = np.zeros_like(v)
    expected, spikes = by_hand(dense, v, steps)
    for net in (dense, sparse, fortran):
        for rows, lanes in ((1, replicas), (replicas, 1)):
            engine = engine_of(net, v, i, rows, lanes)
            for k in range(steps):
                engine.step()
                for group in engine.groups:
                    units = group.group.units
                    assert flat(group.states[0]) == pytest.approx(expected[k][units], abs=1e-9)
                    assert np.array_equal(flat(group.spiked), spikes[k + 1][units])


def by_hand(net: Network, v: Any, steps: int) -> tuple[list[Any], list[Any]]:
    """Return potentials and spikes of LIF and CubaLIF units with delays, from the equations."""
    n = len(v)
    p = [m.parameters for m in net.neurons]
    two = np.array([len(m.states) == 2 for m in net.neurons])[:, None]
    tau, E, theta, reset = (
        np.array([float(each[name]) for each in p])[:, None]
        for name in ("tau", "E", "theta", "V_reset")
    )
    tau_s = np.array([float(each["tau_syn"]) if "tau_syn" in each else 5.0 for each in p])[:, None]
    a, b = np.exp(-net.dt / tau), np.exp(-net.dt / tau_s)
    # the response of the membrane to a decaying current: integral of e^-(dt-s)/tau e^-s/tau_s
    coupling = (b - a) * tau_s / (tau_s - tau)
    refractory = net.neurons[0].convention.refractory_steps
    i = np.zeros_like(v)
    spikes = [v >= theta]
    held = np.where(spikes[0], refractory, 0)
    potentials = []
    for k in range(steps):
        c = np.zeros_like(v)
        for target in range(n):
            for source in range(n):
                back = k + 1 - net.delays[target, source]
                if back >= 0:
                    c[target] += net.weights[target, source] * spikes[back][source]
        i = np.where(two, i + c, 0.0)  # a spike enters the current before the step
        start = np.where(spikes[-1], reset, v)
        v = E + a * (start - E) + (1 - a) * net.drive[:, None]
        v = v + np.where(two, coupling * i, c)
        v = np.where(held > 0, reset, v)
        fired = (v >= theta) & (held == 0)
        held = np.where(fired, refractory, np.maximum(held - 1, 0))
        i = b * i
        potentials.append(v)
        spikes.append(fired)
    return potentials, spikes


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_of_lanes_do_not_change_a_unit(dtype: Any) -> None:
    """One row of 6 lanes, 6 rows of one, and 6 runs alone give the same, noise apart."""
    net = models.zoo.pyloric()
    net = Network(neuron=net.neurons, weights=net.weights, drive=net.drive, dt=1.0)
    v = np.linspace(-84, -40, 18).reshape(3, 6)
    together = simulate(net, 60.0, start={"v": v}, replicas=6, record="v", dtype=dtype)
    for k in range(6):
        alone = simulate(net, 60.0, start={"v": v[:, k]}, record="v", dtype=dtype)
        assert np.array_equal(alone.states["v"][..., 0], together.states["v"][..., k])
        for unit in range(3):
            assert np.array_equal(alone.spike_times(unit), together.spike_times(unit, replica=k))


def test_a_lane_of_the_engine_has_refractoriness_of_its_own() -> None:
    """Izhikevich units held where the reset left them, in rows and in lanes."""
    base = models.izhikevich(I=12.0).with_convention(refractory_steps=5)
    net = Network(neuron=base, weights=[[0.0]], dt=0.5)
    starts = np.array([-65.0, 31.0, -50.0, 20.0])
    engines = [
        Engine(lay_out(net), rows=rows, lanes=lanes, dtype=float, streams=[np.random.default_rng()])
        for rows, lanes in ((1, 4), (4, 1), (2, 2))
    ]
    for engine in engines:
        v, u = engine.groups[0].states
        v[...] = starts.reshape(v.shape[0], 1, v.shape[2])
        u[...] = -13.0
        engine.settle()
    for _ in range(200):
        seen = []
        for engine in engines:
            engine.step()
            seen.append([flat(x) for x in (*engine.groups[0].states, engine.groups[0].spiked)])
        for other in seen[1:]:
            assert all(np.array_equal(a, b) for a, b in zip(seen[0], other, strict=True))


@pytest.mark.parametrize("kind", ["lif", "izhikevich", "hodgkin_huxley"])
def test_interventions_in_lanes_are_those_of_single_runs(kind: str) -> None:
    """Rows of two lanes, with dense weights and counters, against one lane to a row."""
    neuron, t = {
        "lif": (models.lif(refractory_steps=3), 1.0),
        "izhikevich": (models.izhikevich(I=9.0).with_convention(refractory_steps=6), 0.5),
        "hodgkin_huxley": (models.hodgkin_huxley(I=9.0).with_convention(refractory_steps=9), 0.02),
    }[kind]
    lif = kind == "lif"
    net = Network(
        neuron=neuron,
        weights=[[0.0, 4.0, 0.0], [6.0, 0.0, -7.0], [0.0, 8.0, 5.0]],
        delays=[[1, 3, 1], [4, 1, 2], [1, 4, 5]],
        drive=20.0 if lif else 0.0,
        dt=t,
    )
    values = np.array([-60.0, -45.0, -52.0])
    current = neuron.input
    own: list[Any] = [
        do("B", values, at=5 * t),
        clamp("A", values, start=30 * t, stop=60 * t),
        clamp_spikes("B", [44 * t, 45 * t], start=42 * t, stop=(95 if lif else 46) * t),
        clamp_spikes("C", True, start=60 * t, stop=70 * t),
        clamp_spikes("A", False, start=100 * t, stop=(150 if lif else 102) * t),
        cut("B", "C", start=50 * t, stop=110 * t, lanes=[True, False, True]),
        cut("A", "B", start=80 * t),
        change(current, 11.0 + values / 10, unit="A", at=55 * t),
        inject("C", np.linspace(0, 5, 300).reshape(100, 3), start=25 * t),
        inject("B", lambda time: values / 20 + time, start=66 * t, stop=120 * t),
    ]
    steps, names = 150, neuron.states
    single = simulate(net, steps * t, interventions=own, replicas=3, record=names)
    assert single.success
    layout = lay_out(net)
    engine = Engine(
        layout,
        rows=3,
        lanes=2,
        dtype=float,
        streams=[np.random.default_rng(0)],
        varying=True,
        forceful=True,
    )
    schedule = Schedule(own, layout, steps, np.arange(3))
    set_start(engine, {})
    group = engine.groups[0]
    spikes = np.zeros((3, 3), int)
    for k in range(steps):
        schedule.act(engine.controls, k)
        if k in (43, 71):  # everything is in the snapshot, and in what is in force
            other = Engine(
                layout,
                rows=3,
                lanes=2,
                dtype=float,
                streams=[np.random.default_rng(0)],
                varying=True,
                forceful=True,
            )
            schedule.resume(other.controls, k + 1)
            other.restore(engine.snapshot())
            engine, group = other, other.groups[0]
        for name, state in zip(names, group.states, strict=True):
            wanted = single.states[name][k].T[:, :, None]
            assert state == pytest.approx(np.repeat(wanted, 2, axis=2), rel=1e-9, abs=1e-9), k
        spikes += group.spiked[:, :, 0]
        engine.step()
    spikes += group.spiked[:, :, 0]
    counts = [[single.spike_times(u, replica=r).size for u in range(3)] for r in range(3)]
    assert spikes.tolist() == counts
    assert spikes.sum() > 30
