"""Random inputs: variances, correlations and counts; delays, synapses and their targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.models.inputs import OUCurrent, PoissonInput, WhiteNoise
from causal_snn.simulation import Record, change, do, simulate, sweep
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.layout import lay_out

QUIET = {"theta": 1e6, "V_reset": -65.0, "V_min": -1e6}


def free(n: int = 1, *, dt: float = 0.5, tau: float = 10.0, **options: Any) -> Network:
    """Return leaky membranes that never spike."""
    return Network(neuron=models.lif(tau=tau, **QUIET), weights=np.zeros((n, n)), dt=dt, **options)


def within_3_errors(samples: Any, mean: float, variance: float) -> None:
    """Independent samples: mean and variance within 3 standard errors of a normal law's."""
    count = samples.size
    assert abs(samples.mean() - mean) < 3 * np.sqrt(variance / count)
    assert abs(samples.var(ddof=1) - variance) < 3 * variance * np.sqrt(2 / (count - 1))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("step", ["exact", "euler"])
def test_stationary_law_of_the_free_membrane(step: str, dtype: str) -> None:
    """noise is the stationary sd, for any dt and both steps; white noise has sd a sqrt(tau/2)."""
    replicas, sd, amplitude = 20_000, 2.5, 0.8
    net = free(dt=4.0, noise=sd, drive=6.0)
    options: dict[str, Any] = {"scheme": step, "replicas": replicas, "dtype": dtype}
    found = simulate(net, 200.0, rng=11, **options).final.arrays["0.v"].ravel().astype(float)
    within_3_errors(found, -59.0, sd**2)
    if step == "exact":
        white = free(dt=4.0, inputs=[WhiteNoise(amplitude=amplitude)])
        found = simulate(white, 200.0, rng=12, **options).final.arrays["0.v"].ravel()
        within_3_errors(found.astype(float), -65.0, amplitude**2 * 10.0 / 2)


def test_transient_of_the_free_membrane() -> None:
    """Ornstein-Uhlenbeck on its way: mean E + (v0 - E) e^-t/tau, variance sd^2 (1 - e^-2t/tau)."""
    net = free(noise=3.0, dt=0.5)
    found = simulate(net, 7.0, start={"v": -50.0}, rng=2, replicas=20_000, record="v")
    for k, t in enumerate(found.times.tolist()):
        if k:
            fade = np.exp(-t / 10.0)
            within_3_errors(found.states["v"][k, 0], -65 + 15 * fade, 9.0 * (1 - fade**2))


@pytest.mark.parametrize("scheme", ["exponential_euler", "midpoint", "sequential_euler"])
def test_noise_is_the_stationary_sd_by_any_scheme(scheme: str) -> None:
    found = simulate(free(dt=4.0, noise=2.0), 200.0, rng=3, replicas=20_000, scheme=scheme)
    within_3_errors(found.final.arrays["0.v"].ravel(), -65.0, 4.0)


def test_white_noise_on_a_neuron_that_is_not_linear() -> None:
    """Variance amplitude^2 dt in one step; sums of squares where there are several."""
    net = Network(
        neuron=models.morris_lecar(),
        weights=[[0.0]],
        inputs=[WhiteNoise(amplitude=0.3), WhiteNoise(amplitude=0.4)],
        dt=0.1,
    )
    still = Network(neuron=models.morris_lecar(), weights=[[0.0]], dt=0.1)
    v = simulate(net, 0.1, rng=1, replicas=20_000).final.arrays["0.V"].ravel()
    mean = float(simulate(still, 0.1).final.arrays["0.V"].ravel()[0])
    within_3_errors(v, mean, 0.25 * 0.1)


def test_noise_of_each_unit_and_independence() -> None:
    net = free(3, noise=[1.0, 0.0, 3.0], inputs=[WhiteNoise(amplitude=[0.0, 0.5, 0.0])])
    found = simulate(net, 100.0, rng=5, replicas=20_000).final.arrays["0.v"][:, :, 0]
    for unit, variance in enumerate((1.0, 0.25 * 5, 9.0)):
        within_3_errors(found[:, unit], -65.0, variance)
    correlations = np.corrcoef(found.T)[np.triu_indices(3, 1)]
    assert np.all(np.abs(correlations) < 4 / np.sqrt(20_000))


@pytest.mark.parametrize(("rows", "lanes"), [(20_000, 1), (1, 20_000), (40, 500)])
def test_ou_current_has_its_law(rows: int, lanes: int) -> None:
    """Stationary from the start; autocorrelation e^-t/tau after k steps, whatever dt."""
    net = free(2, dt=3.0, inputs=[OUCurrent(sd=[2.0, 5.0], tau=[4.0, 30.0])])
    streams = (
        [np.random.default_rng(k) for k in range(rows)]
        if rows == 40
        else [np.random.default_rng(8)]
    )
    engine = Engine(lay_out(net), rows=rows, lanes=lanes, dtype=float, streams=streams)
    (source,) = engine.ou
    source.start()
    first = source.value.copy()
    for steps in (0, 1, 2):
        for _ in range(steps):
            engine.step()
        for unit, (sd, tau) in enumerate(((2.0, 4.0), (5.0, 30.0))):
            then, now = first[:, unit].ravel(), source.value[:, unit].ravel()
            within_3_errors(now, 0.0, sd**2)
            elapsed = 3.0 * {0: 0, 1: 1, 2: 3}[steps]
            wanted = np.exp(-elapsed / tau)
            error = (1 - wanted**2) / np.sqrt(20_000) + 1e-12
            assert abs(np.corrcoef(then, now)[0, 1] - wanted) < 3.5 * error


def test_ou_current_drives_the_membrane() -> None:
    """Held over each step: v' = a v + (1 - a) eta, in the stationary state.

    With eta' = b eta + ..., Var v = (1-a)^2 sd^2 (1 + ab)/((1 - a^2)(1 - ab)), from the AR(1) of
    eta and Cov(v, eta') = (1-a) sd^2 b/(1 - ab).
    """
    dt, tau, slow, sd = 1.0, 10.0, 15.0, 4.0
    net = free(dt=dt, tau=tau, inputs=[OUCurrent(sd=sd, tau=slow)])
    found = simulate(net, 200.0, rng=6, replicas=20_000).final.arrays["0.v"].ravel()
    a, b = np.exp(-dt / tau), np.exp(-dt / slow)
    variance = (1 - a) ** 2 * sd**2 * (1 + a * b) / ((1 - a**2) * (1 - a * b))
    within_3_errors(found, -65.0, variance)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_poisson_counts(dtype: str) -> None:
    """On membranes that hardly forget, potentials count spikes: mean and variance rate t."""
    rates = np.array([0.0, 40.0, 900.0])
    net = free(3, dt=1.0, tau=1e9, inputs=[PoissonInput(rate=rates, weight=[1.0, 2.0, -1.0])])
    found = simulate(net, 50.0, rng=7, replicas=4000, dtype=dtype)
    counts = (found.final.arrays["0.v"][:, :, 0].astype(float) + 65.0) / [1.0, 2.0, -1.0]
    assert counts == pytest.approx(np.rint(counts), abs=1e-3)
    assert np.all(np.rint(counts[:, 0]) == 0)
    for unit in (1, 2):
        expected, samples = rates[unit] * 0.05, np.rint(counts[:, unit])
        assert abs(samples.mean() - expected) < 3 * np.sqrt(expected / 4000)
        spread = np.sqrt((expected + 2 * expected**2) / 4000)
        assert abs(samples.var(ddof=1) - expected) < 3 * spread


def test_poisson_spikes_on_a_state_of_their_own() -> None:
    neuron = models.conductance_lif(g_L=1e-9, tau_i=1e9, V_th=1e6)
    net = Network(
        neuron=neuron,
        weights=[[0.0]],
        inputs=[PoissonInput(rate=500.0, weight=0.25, state="g_i")],
        dt=0.5,
    )
    found = simulate(net, 100.0, rng=4, replicas=2000)
    counts = found.final.arrays["0.g_i"].ravel() / 0.25
    assert np.all(found.final.arrays["0.g_e"] == 0)
    assert counts == pytest.approx(np.rint(counts), abs=1e-3)
    assert abs(counts.mean() - 50.0) < 3 * np.sqrt(50.0 / 2000)


# --- connections


def one_way(neuron: Any, weight: float, **options: Any) -> Network:
    """Return a LIF unit that acts on another neuron."""
    return Network(neuron=[models.lif(), neuron], weights=[[0.0, 0.0], [weight, 0.0]], **options)


def test_synapses_act_on_the_states_they_name() -> None:
    """g_e and g_i each by its own table and time constant, with a delay, dense and sparse."""
    neuron = models.conductance_lif(V_th=1e6)
    table_e, table_i = np.zeros((3, 3)), np.zeros((3, 3))
    table_e[1, 0], table_i[2, 0], table_i[1, 2] = 4.0, 7.0, 1.5
    fire = [do(0, 2e6, at=1.0)]
    for kind in (np.asarray, csr_array):
        net = Network(
            neuron=neuron,
            weights=kind(table_e),
            synapses={"g_i": kind(table_i)},
            delays=4,
            dt=0.5,
        )
        found = simulate(net, 6.0, interventions=fire, record=("V", "g_e", "g_i"))
        late = np.arange(found.times.size)
        # arrives in the step that begins 3 after the spike's, before the flow of that step
        for unit, state, weight, tau in ((1, "g_e", 4.0, 5.0), (2, "g_i", 7.0, 10.0)):
            steps = np.maximum(late - 5, 0)
            wanted = np.where(late >= 6, weight * np.exp(-0.5 * steps / tau), 0.0)
            assert found.state(state, unit) == pytest.approx(wanted, abs=1e-12)
        assert np.all(found.state("g_e", 2) == 0)
        assert np.all(found.state("g_i", 1) == 0)
        assert found.state("V", 1)[-1] > -60.0 > found.state("V", 2)[-1]


@pytest.mark.parametrize("arrival", ["start", "end"])
@pytest.mark.parametrize("replicas", [1, 3])
def test_arrival(arrival: str, replicas: int) -> None:
    """A spike enters a current before the step, whose membrane feels it, or after it."""
    for neuron, state, tau in (
        (models.cuba_lif(arrival=arrival), "i", 5.0),
        (models.conductance_lif().with_convention(arrival=arrival), "g_e", 5.0),
    ):
        net = one_way(neuron, 3.0, dt=0.5)
        found = simulate(
            net,
            1.0,
            interventions=do("A", -40.0),
            record=(state, neuron.states[0]),
            replicas=replicas,
        )
        value = found.state(state, "B", replica=replicas - 1)
        wanted = 3.0 * np.exp(-0.5 / tau) if arrival == "start" else 3.0
        assert value[1] == pytest.approx(wanted, rel=1e-12)
        moved = found.state(neuron.states[0], "B")
        assert (moved[1] > moved[0]) == (arrival == "start")
        assert moved[2] > moved[0]


@pytest.mark.parametrize("name", ["izhikevich", "hodgkin_huxley", "glif", "adex", "qif"])
def test_a_spike_onto_the_potential_is_felt_at_the_end_of_the_step(name: str) -> None:
    neuron = models.NEURONS[name]()
    with_spike, without = (
        simulate(one_way(neuron, weight, dt=0.05), 0.05, interventions=do("A", -40.0), record=v)
        for v in [(neuron.states[0],)]
        for weight in (2.0, 0.0)
    )
    both = [found.state(neuron.states[0], "B")[-1] for found in (with_spike, without)]
    assert both[0] - both[1] == pytest.approx(2.0, abs=1e-9)


def test_groups_in_any_order_and_mixed_delays() -> None:
    """Neurons of two kinds, interleaved, equal the same network with its units sorted."""
    rng = np.random.default_rng(2)
    kinds = [models.lif(), models.izhikevich(I=6.0), models.lif(tau=9.0), models.izhikevich(I=5.0)]
    weights = rng.normal(scale=4.0, size=(4, 4))
    delays = rng.integers(1, 5, (4, 4))
    order = [0, 2, 1, 3]

    def net(at: list[int]) -> Network:
        return Network(
            neuron=[kinds[k] for k in at],
            weights=weights[np.ix_(at, at)],
            delays=delays[np.ix_(at, at)],
            drive=[(20.0 if k % 2 == 0 else 0.0) for k in at],
            dt=0.5,
        )

    one = simulate(net([0, 1, 2, 3]), 150.0, record="v")
    two = simulate(net(order), 150.0, record="v")
    assert len(one.trains) > 10
    assert one.state_units["v"] == ("A", "B", "C", "D")
    for k, unit in enumerate(order):
        assert np.array_equal(one.state("v", unit), two.state("v", k))
        assert np.array_equal(one.spike_times(unit), two.spike_times(k))


@pytest.mark.parametrize("refractory", [1, 5, 40])
@pytest.mark.parametrize("replicas", [1, 2])
def test_refractory_izhikevich_is_held_where_its_reset_left_it(
    refractory: int, replicas: int
) -> None:
    """v stays at c, u goes on, for so many steps; then the flow takes over."""
    neuron = models.izhikevich(I=10.0).with_convention(refractory_steps=refractory)
    net = Network(neuron=neuron, weights=[[0.0]], dt=0.25)
    found = simulate(net, 100.0, record=("v", "u"), replicas=replicas)
    v, u = found.state("v", 0), found.state("u", 0)
    spikes = np.rint(found.spike_times(0) / 0.25).astype(int)
    assert spikes.size > 1
    for k in spikes:
        held = v[k + 1 : k + 1 + refractory]
        assert np.all(held == -65.0)
        if len(held) == refractory and k + refractory + 1 < len(v):
            assert v[k + 1 + refractory] != -65.0
    assert np.all(np.diff(spikes) > refractory)
    assert np.all(np.diff(u[spikes[0] + 1 : spikes[0] + 1 + refractory]) != 0)


def test_hodgkin_huxley_counts_each_action_potential_once() -> None:
    """Noise about the level makes crossings; refractory steps make one spike of them."""
    neuron = models.hodgkin_huxley(I=10.0)
    noisy: dict[str, Any] = {
        "weights": [[0.0]],
        "inputs": [WhiteNoise(amplitude=14.0)],
        "dt": 0.01,
    }
    many = simulate(Network(neuron=neuron, **noisy), 40.0, rng=1, scheme="euler")
    held = neuron.with_convention(refractory_steps=300)
    once = simulate(Network(neuron=held, **noisy), 40.0, rng=1, scheme="euler", record="V")
    assert many.spike_times(0).size > once.spike_times(0).size
    assert np.all(np.diff(once.spike_times(0)) > 3.0)
    v = once.state("V", 0)
    assert 2 <= once.spike_times(0).size <= 5
    assert np.all(v[np.rint(once.spike_times(0) / 0.01).astype(int)] >= 0)


def test_adaptive_threshold_of_glif() -> None:
    """A spike is V reaching Theta; the reset lifts Theta to Theta_r and adds A to J."""
    neuron = models.glif(I=1.5, a=0.004, Theta_r=-48.0, A=0.2)
    net = Network(neuron=neuron, weights=[[0.0]], dt=0.1)
    found = simulate(net, 150.0, record=("V", "Theta", "J"), start={"V": -70.0})
    V, theta, J = (found.state(name, 0) for name in ("V", "Theta", "J"))
    at = np.flatnonzero(theta <= V)
    assert at.size > 3
    assert found.spike_times(0) == pytest.approx(at * 0.1)
    flow = np.exp(-0.02 * 0.1)
    for k in at[at < len(V) - 1]:
        assert J[k + 1] == pytest.approx((J[k] + 0.2) * flow, rel=1e-9)
        assert theta[k + 1] > -48.1
        assert V[k + 1] < -60.0


def test_delays_and_inputs_that_make_no_sense() -> None:
    own: dict[str, Any] = {"neuron": models.lif(), "weights": [[1.0]], "dt": 0.1}
    for delays in (0, -1, 1.5, [[0]], True):
        with pytest.raises(InputError, match="whole numbers of steps, 1 or more"):
            Network(delays=delays, **own)
    with pytest.raises(InputError, match="0 for izhikevich"):
        simulate(Network(neuron=models.izhikevich(), weights=[[0.0]], dt=0.1, drive=3.0), 1.0)
    with pytest.raises(InputError, match="Use inputs="):
        simulate(Network(neuron=models.izhikevich(), weights=[[0.0]], dt=0.1, noise=3.0), 1.0)
    idle = models.define("idle", drift={"v": "-v"}, parameters={}, threshold="1", reset={"v": "0"})
    net = Network(neuron=idle, weights=[[0.0]], dt=0.1, inputs=[OUCurrent(sd=1.0, tau=1.0)])
    with pytest.raises(InputError, match="neither I nor drive"):
        simulate(net, 1.0)
    blind = models.define("blind", drift={"v": "-v"}, parameters={})
    with pytest.raises(InputError, match="neither a threshold nor a level"):
        simulate(Network(neuron=blind, weights=[[0.0]], dt=0.1), 1.0)
    timed = models.define(
        "timed", drift={"v": "-v*dt"}, parameters={"dt": 1.0}, threshold="1", reset={"v": "0"}
    )
    with pytest.raises(InputError, match="the name of the time step"):
        simulate(Network(neuron=timed, weights=[[0.0]], dt=0.1), 1.0)


def test_noise_of_rows_that_differ_and_of_rows_that_agree() -> None:
    """A parameter given lane by lane scales each lane's noise once."""
    net = Network(neuron=models.lif(theta=1e6), weights=[[0.0]], noise=3.0, dt=1.0)
    for tau in (np.full(3000, 20.0), np.repeat([20.0, 20.000001], 1500)):
        run = simulate(
            net,
            200.0,
            rng=1,
            replicas=3000,
            interventions=[change("tau", tau)],
            record=Record(states=("v",), times=[200.0]),
        )
        sd = float(run.states["v"][0, 0].std())
        assert sd == pytest.approx(3.0, abs=4 * 3.0 / np.sqrt(2 * 3000))
    # Antithetic rows with noise that differs: each half is the mirror of the other.
    low = sweep(
        Network(neuron=models.lif(), weights=[[0.0]], drive=15.0, noise=3.0, dt=1.0),
        states=[[-60.0], [-60.0]],
        steps=5,
        replicas=400,
        noise="antithetic",
        interventions=[change("tau", [20.0, 10.0])],
        rng=1,
        progress=False,
    )
    assert low.success
