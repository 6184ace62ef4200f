"""Single runs take short cuts: each gives what the long way gives, written apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from causal_snn import models
from causal_snn.models import Network
from causal_snn.models.inputs import OUCurrent
from causal_snn.simulation import Record, clamp, cut, simulate
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.layout import lay_out
from causal_snn.simulation.engine.noise import stream


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), dt=st.sampled_from([0.01, 0.5, 1.0]))
def test_published_izhikevich_is_two_half_steps(seed: int, dt: float) -> None:
    """v += dt/2 (0.04 v^2 + 5 v + 140 - u + I), twice; then u += dt a (b v - u)."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0.01, 0.2), rng.uniform(0.1, 0.3)
    net = Network(neuron=models.izhikevich(a=a, b=b, I=4.0), weights=np.zeros((7, 7)), dt=dt)
    v, u = rng.uniform(-80, 20, 7), rng.uniform(-20, 10, 7)
    found = simulate(net, dt, start={"v": v, "u": u}, scheme="published", record=("v", "u"))
    for _ in range(2):
        v = v + dt / 2 * (0.04 * v**2 + 5 * v + 140 - u + 4.0)
    u = u + dt * a * (b * v - u)
    assert found.states["v"][-1, :, 0] == pytest.approx(v, rel=1e-12, abs=1e-11)
    assert found.states["u"][-1, :, 0] == pytest.approx(u, rel=1e-12, abs=1e-11)


@pytest.mark.parametrize("make", [models.izhikevich, models.fitzhugh_nagumo, models.qif])
@pytest.mark.parametrize("scheme", ["euler", "sequential_euler"])
def test_powers_of_a_state_against_the_drift_as_it_is_written(make: Any, scheme: str) -> None:
    neuron, dt = make(), 0.05
    net = Network(neuron=neuron, weights=np.zeros((5, 5)), dt=dt)
    low, high = np.array(neuron.equations.domain).T
    x = np.random.default_rng(1).uniform(low, high, (5, len(low))).T
    found = simulate(
        net,
        dt,
        start=dict(zip(neuron.states, x, strict=True)),
        scheme=scheme,
        record=neuron.states,
    )
    values = {sp.Symbol(k, real=True): float(p) for k, p in neuron.parameters.items()}
    values[sp.Symbol("drive", real=True)] = 0.0
    old, new = list(x), list(x)
    for k, (name, rate) in enumerate(zip(neuron.states, neuron.equations.drift, strict=True)):
        function = sp.lambdify(neuron.equations.states, rate.xreplace(values))
        new[k] = x[k] + dt * function(*(new if scheme == "sequential_euler" else old))
        assert found.states[name][-1, :, 0] == pytest.approx(new[k], rel=1e-12, abs=1e-12)


def busy(seed: int, n: int = 12) -> tuple[Network, Network, tuple[int, int]]:
    """Return a network, the same without one connection, and that connection (target, source).

    Two synapses, the weights on one of their states too, and delays of 1 to 3 steps.
    """
    rng = np.random.default_rng(seed)
    tables = [np.where(rng.random((n, n)) < 0.3, rng.normal(2.0, 4.0, (n, n)), 0.0) for _ in "ab"]
    alike = np.where(rng.random((n, n)) < 0.4, -1.5, 0.0)
    neuron, delays = models.zoo.vogels_abbott(10).neurons[0], rng.integers(1, 4, (n, n))
    tables[0][3, 0] = 2.5

    def made() -> Network:
        synapses = {"g_i": csr_array(alike), "g_e": csr_array(tables[1])}
        weights = csr_array(tables[0])
        return Network(neuron=neuron, weights=weights, synapses=synapses, delays=delays, dt=0.5)

    whole = made()
    for table in (*tables, alike):
        table[3, 0] = 0.0
    return whole, made(), (3, 0)


@settings(max_examples=6)
@given(seed=st.integers(0, 2**31), how_many=st.integers(2, 12))
def test_one_row_of_events_is_many_rows_and_lanes(seed: int, how_many: int) -> None:
    net, less, (target, source) = busy(seed)
    names = net.neurons[0].states
    v = np.full(net.n, -60.0)
    v[:how_many] = -49.0  # spikes one by one, and many at once
    alone = simulate(net, 50.0, start={"v": v}, record=names)
    rows = simulate(net, 50.0, start={"v": v}, record=names, replicas=2)
    engine = Engine(lay_out(net), rows=1, lanes=2, dtype=float, streams=[stream(0)])
    for x, value in zip(engine.groups[0].states, (v, 0.0 * v, 0.0 * v), strict=True):
        x[...] = value[:, None]
    engine.settle()
    assert len(alone.trains) >= how_many
    for k in range(1, len(alone.times)):
        engine.step()
        for name, x in zip(names, engine.groups[0].states, strict=True):
            seen = alone.states[name][k, :, 0]
            assert x[0, :, 1] == pytest.approx(seen, rel=1e-9, abs=1e-9)
            for row in range(2):
                assert rows.states[name][k, :, row] == pytest.approx(seen, rel=1e-12, abs=1e-12)
    without = simulate(less, 50.0, start={"v": v}, record=names)
    own = simulate(net, 50.0, start={"v": v}, record=names, interventions=[cut(source, target)])
    for name in names:
        assert own.states[name] == pytest.approx(without.states[name], rel=1e-12, abs=1e-12)


def test_a_row_of_a_full_network_does_not_depend_on_other_rows() -> None:
    rng = np.random.default_rng(5)
    net = Network(
        neuron=models.izhikevich(I=10.0),
        weights=rng.normal(0.0, 6.0, (15, 15)),
        synapses={"I": rng.normal(1.0, 3.0, (15, 15))},
        dt=0.5,
        delays=2,
    )
    v = np.linspace(-70.0, 40.0, 45).reshape(15, 3)
    alone = simulate(net, 60.0, start={"v": v[:, 0], "u": -13.0}, record=("v", "u"))
    rows = simulate(net, 60.0, start={"v": v, "u": -13.0}, replicas=3, record=("v", "u"))
    assert len(alone.trains) > 15
    for name in ("v", "u"):
        assert np.array_equal(rows.states[name][:, :, 0], alone.states[name][:, :, 0])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("lanes", [1, 3])
def test_a_current_without_memory_is_drawn_anew(dtype: Any, lanes: int) -> None:
    sd = np.array([2.0, 5.0])
    net = Network(
        neuron=models.izhikevich(),
        weights=np.zeros((2, 2)),
        inputs=[OUCurrent(sd=sd, tau=0.01)],
        dt=1.0,
    )
    engine = Engine(lay_out(net), rows=1, lanes=lanes, dtype=dtype, streams=[stream(4)])
    engine.settle()
    twin = Engine(lay_out(net), rows=1, lanes=lanes, dtype=dtype, streams=[stream(4)])
    normals, z = twin.new_normals()
    for _ in range(5):
        engine.step()
        normals.draw()
        assert engine.current == pytest.approx(sd[:, None] * z, rel=1e-6)


def test_a_refractory_unit_that_is_clamped_above_threshold_is_silent() -> None:
    net = Network(neuron=models.lif(refractory_steps=4), weights=[[0.0]], dt=1.0)
    found = simulate(net, 30.0, interventions=[clamp("0", -30.0, start=2.0)])
    assert np.diff(found.spike_times(0)).tolist() == [5.0] * (len(found.trains) - 1)
    assert len(found.trains) == 6


def test_compiled_runs_end_where_plain_ones_do() -> None:
    pytest.importorskip("numba")
    net = models.zoo.vogels_abbott(200, connections=0.1)
    start = {"v": np.random.default_rng(3).uniform(-60, -50, 200)}
    most = simulate(net, 60.0, start=start).trains.times.size
    few = Record(most_spikes=most // 2)
    one, other = (
        simulate(net, 60.0, start=start, record=few, accelerate=how) for how in (None, "numba")
    )
    assert one.status == other.status == "full"
    assert one.message == other.message
    assert np.array_equal(one.trains.times, other.trains.times)
    assert np.array_equal(one.trains.units, other.trains.units)

    # The first spike comes late; then the current grows beyond all numbers.
    wild = Network(neuron=models.cuba_lif(), weights=[[1e308]], drive=[15.00001], dt=1.0)
    one, other = (simulate(wild, 600.0, accelerate=how) for how in (None, "numba"))
    assert one.status == other.status == "not finite"
    assert one.message == other.message
    assert 200.0 < one.trains.times[0] < one.trains.stop < 400.0
    assert np.array_equal(one.trains.times, other.trains.times)
