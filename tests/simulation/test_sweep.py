"""Rows of a sweep against closed forms and against Monte Carlo written here in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import norm

from causal_snn import kernel, models, order
from causal_snn import simulation as sim
from causal_snn.models import Network
from causal_snn.models.inputs import OUCurrent, PoissonInput, WhiteNoise

Floats = NDArray[np.float64]


def mixed(n: int = 3, *, seed: int = 0, **convention: Any) -> Network:
    """Return a network whose units alternate between lif and cuba_lif, parameters all apart."""
    rng = np.random.default_rng(seed)
    makers = [models.lif, models.cuba_lif]
    return Network(
        neuron=[makers[k % 2](tau=12.0 + k, theta=-50.0 - k, **convention) for k in range(n)],
        weights=rng.normal(scale=4.0, size=(n, n)),
        drive=rng.uniform(8.0, 14.0, n),
        noise=rng.uniform(2.0, 5.0, n),
        bias=rng.normal(scale=0.3, size=n),
        dt=1.0,
    )


def by_loop(
    net: Network,
    v: Floats,
    steps: int,
    seed: int,
    *,
    xi: Callable[[int, tuple[int, ...]], Floats] | None = None,
    before: Callable[[int, dict[str, Any]], None] = lambda step, w: None,
    after: Callable[[int, dict[str, Any]], None] = lambda step, w: None,
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return last potentials, last spikes and all spikes (steps, R, n) of R lanes from v (R, n).

    Exact steps, immediate resets. `before` may change parameters, states and weights (`w`) before
    a step, `after` the potentials at its end.
    """
    rng = np.random.default_rng(seed)

    def parameter(name: str) -> Floats:
        own = [m.parameters for m in net.neurons]
        return np.array([float(each[name]) if name in each else np.nan for each in own])

    p = {name: parameter(name) for name in ("tau", "E", "theta", "V_reset", "R")}
    ts = parameter("tau_syn")
    cuba, c = ~np.isnan(ts), net.neurons[0].convention
    w: dict[str, Any] = {**p, "v": v.copy(), "i": np.zeros_like(v), "weights": net.weights.copy(),
         "drive": net.drive.copy(), "forced": {}}  # fmt: skip

    def reached() -> Any:
        return w["v"] > w["theta"] if c.strict_threshold else w["v"] >= w["theta"]

    w["spiked"] = reached()
    w["hold"] = np.where(w["spiked"], c.refractory_steps, 0)
    history = []
    for step in range(steps):
        before(step, w)
        a, e = np.exp(-net.dt / w["tau"]), np.exp(-net.dt / np.where(cuba, ts, 1.0))
        arrived = w["spiked"] @ w["weights"].T + net.bias
        low = w["V_reset"] if c.reset == "value" else w["v"] - (w["theta"] - w["V_reset"])
        v = np.where(w["spiked"], low, w["v"])
        current = np.where(cuba, w["i"] + arrived, 0.0)
        felt = w["R"] * ts / (ts - w["tau"]) * (e - a) * current
        v = w["E"] + a * (v - w["E"]) + (1 - a) * w["drive"] + np.where(cuba, felt, arrived)
        numbers = rng.standard_normal(v.shape) if xi is None else xi(step, v.shape)
        v = v + net.noise * np.sqrt(1 - a**2) * numbers
        w["v"], w["i"] = v, np.where(cuba, e * current, 0.0)
        after(step, w)
        w["v"] = np.where(w["hold"] > 0, w["V_reset"], w["v"])
        w["spiked"] = reached() & (w["hold"] == 0)
        for unit, on in w["forced"].items():
            w["spiked"][:, unit] = on
        w["hold"] = np.where(w["spiked"], c.refractory_steps, np.maximum(w["hold"] - 1, 0))
        history.append(w["spiked"])
    return w["v"], w["spiked"], np.array(history)


def frequencies(cells: Any, sizes: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return frequencies of joint outcomes from cells (R, n), and how well they are known."""
    codes = np.ravel_multi_index(tuple(np.asarray(cells, int).T), sizes, order="F")
    p = np.bincount(codes, minlength=int(np.prod(sizes))) / len(codes)
    return p, np.sqrt(np.maximum(p * (1 - p), 1 / len(codes)) / len(codes))


def agree(result: Any, row: int, p: Floats, error: Floats, bound: float = 4.5) -> None:
    """Assert that a row is within `bound` standard errors of independent frequencies."""
    # A count of 0 has no error of its own, and is well below 4.5 for a true count of 1 or so.
    own = np.maximum(result.standard_error[row], 1.0 / result.replicas[row])
    assert np.max(np.abs(result.rows[row] - p) / np.hypot(own, error)) < bound


def start_states(net: Network, count: int, seed: int = 3) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.uniform(-70.0, -45.0, (count, net.n))


CONVENTIONS: list[dict[str, Any]] = [
    {},
    {"reset": "subtract"},
    {"strict_threshold": True},
    {"refractory_steps": 2},
    {"refractory_steps": 1, "reset": "subtract"},
]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_one_step_is_the_product_of_normal_cdfs(convention: dict[str, Any]) -> None:
    net = mixed(4, **convention)
    states = start_states(net, 6)
    exact = sim.sweep(net, states=states, steps=1, replicas=40, rng=1, dtype=float)
    assert np.nanmax(exact.standard_error) < 1e-12
    sampled = sim.sweep(net, states=states, steps=1, replicas=40_000, rng=1, smooth=False)
    for k, state in enumerate(states):
        spikes = np.array([v >= float(m.parameters["theta"])
                           for v, m in zip(state, net.neurons, strict=True)])  # fmt: skip
        marginals = []
        for unit in range(net.n):
            total = float(net.weights[unit] @ spikes)
            own = float(net.weights[unit, unit]) * spikes[unit]
            effect = kernel.next_spike(net, unit, contexts=[total - own])
            of = effect.after_spike if spikes[unit] else effect.probability
            p = float(of(state[unit])[0])
            marginals.append(np.array([[1 - p, p]]))
        truth = order.product(marginals)[0]
        assert exact.rows[k] == pytest.approx(truth, abs=1e-12)
        agree(sampled, k, truth, np.zeros_like(truth), 4.0)


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("steps", [2, 5, 10])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_rows_agree_with_monte_carlo(convention: dict[str, Any], steps: int, smooth: bool) -> None:
    net = mixed(3, seed=steps, **convention)
    states = start_states(net, 3)
    result = sim.sweep(net, states=states, steps=steps, replicas=6000, rng=2, smooth=smooth)
    assert result.rows.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
    for k, state in enumerate(states):
        _, spiked, _ = by_loop(net, np.tile(state, (20_000, 1)), steps, seed=k)
        agree(result, k, *frequencies(spiked, (2,) * net.n))


@pytest.mark.parametrize("noise", ["independent", "shared", "antithetic"])
@pytest.mark.parametrize("n", [1, 10])
def test_one_unit_and_ten(n: int, noise: str) -> None:
    net = mixed(n, seed=4)
    states = start_states(net, 2)
    result = sim.sweep(net, states=states, steps=4, replicas=6000, rng=5, noise=noise)
    assert result.rows.shape == (2, 2**n)
    for k, state in enumerate(states):
        _, spiked, _ = by_loop(net, np.tile(state, (20_000, 1)), 4, seed=k)
        agree(result, k, *frequencies(spiked, (2,) * n))


def test_without_noise_a_row_is_one_outcome() -> None:
    for convention in ({}, {"strict_threshold": True}):
        net = mixed(3, **convention)
        net = Network(neuron=net.neurons, weights=net.weights, drive=16.0, dt=1.0)
        states = start_states(net, 8)
        for smooth in (True, False):
            result = sim.sweep(
                net, states=states, steps=7, replicas=3, rng=1, smooth=smooth, dtype=float
            )
            _, spiked, _ = by_loop(net, states, 7, seed=0)
            codes = order.states((2,) * 3)[np.argmax(result.rows, axis=1)]
            assert np.array_equal(codes, spiked)
            assert np.array_equal(np.unique(result.rows), [0.0, 1.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_states_at_a_strict_threshold_have_spiked(dtype: Any) -> None:
    """The default precision is single: the next number above theta has to be one of its own."""
    net = Network(
        neuron=models.lif(strict_threshold=True, theta=-50.3),
        weights=[[0.0, 0.0], [40.0, 0.0]],
        dt=1.0,
    )
    states = sim.spiking_states(net)
    result = sim.sweep(net, states=states, steps=1, replicas=2, rng=1, dtype=dtype)
    assert np.array_equal(np.argmax(result.rows, axis=1), [0, 2, 0, 2])


@pytest.mark.parametrize("smooth", [True, False])
def test_cells_of_the_last_potential(smooth: bool) -> None:
    net = mixed(3, seed=6, refractory_steps=1)
    edges = [[-60.0, -52.0], [], [-58.0]]
    states = start_states(net, 3)
    result = sim.sweep(
        net, states=states, steps=3, replicas=6000, rng=2, edges=edges, smooth=smooth
    )
    assert result.sizes == (3, 1, 2)
    for k, state in enumerate(states):
        v, _, _ = by_loop(net, np.tile(state, (20_000, 1)), 3, seed=k)
        cells = np.stack([np.digitize(v[:, j], edges[j]) for j in range(3)], axis=1)
        agree(result, k, *frequencies(cells, (3, 1, 2)))


def test_cells_of_a_sharp_potential_are_the_same_smooth_or_not() -> None:
    """A potential at an edge belongs to the cell above, whatever the threshold's convention."""
    net = Network(neuron=models.lif(strict_threshold=True), weights=[[0.0]], dt=1.0)
    call: dict[str, Any] = {"states": [[-65.0]], "steps": 2, "replicas": 2, "edges": [[-65.0]]}
    for smooth in (True, False):
        result = sim.sweep(net, **call, smooth=smooth, dtype=float)
        assert np.array_equal(result.rows, [[0.0, 1.0]])


def test_a_window_counts_spikes_of_its_steps() -> None:
    net = mixed(3, seed=7)
    states = start_states(net, 3)
    for window in (2, 5):
        result = sim.sweep(net, states=states, steps=5, replicas=6000, rng=2, window=window)
        for k, state in enumerate(states):
            _, _, history = by_loop(net, np.tile(state, (20_000, 1)), 5, seed=k)
            agree(result, k, *frequencies(history[-window:].any(axis=0), (2, 2, 2)))


@pytest.mark.parametrize("smooth", [True, False])
def test_units_apart_are_the_marginals_of_units_together(smooth: bool) -> None:
    net = mixed(4, seed=8)
    call: dict[str, Any] = {"states": start_states(net, 3), "steps": 4, "replicas": 500, "rng": 3}
    together = sim.sweep(net, **call, smooth=smooth)
    apart = sim.sweep(net, **call, smooth=smooth, units="apart")
    cells = order.states((2,) * 4)
    for column, (unit, cell) in enumerate(apart.outcomes()):
        marginal = together.rows[:, cells[:, unit] == cell].sum(axis=1)
        assert apart.rows[:, column] == pytest.approx(marginal, abs=1e-12)


@pytest.mark.parametrize("noise", ["independent", "shared", "antithetic"])
def test_replicas_start_anywhere_in_their_cell(noise: str) -> None:
    net = mixed(2, seed=9)
    cells = sim.macro_states([[-70.0, -58.0, -50.0], [-75.0, -51.0]])
    result = sim.sweep(net, states=cells, steps=2, replicas=6000, rng=4, noise=noise)
    rng = np.random.default_rng(0)
    for k, (low, high) in enumerate(zip(cells.low, cells.high, strict=True)):
        start = rng.uniform(low, high, (40_000, 2))
        _, spiked, _ = by_loop(net, start, 2, seed=k)
        agree(result, k, *frequencies(spiked, (2, 2)))


def test_no_replica_starts_outside_its_cell() -> None:
    """Rounding to single precision must not lift a potential to threshold."""
    net = Network(neuron=models.lif(), weights=[[0.0]], noise=1.0, dt=1.0)
    below = np.nextafter(np.float32(-50.0), np.float32(-60.0))
    cells = sim.Cells(np.array([[float(below)]]), np.array([[-50.0]]))
    for noise in ("independent", "antithetic"):
        for replica in range(0, 60, 7):
            lane = sim.sweep_lane(
                net, states=cells, steps=1, replicas=64, rng=1, noise=noise, state=0,
                replica=replica,
            )  # fmt: skip
            assert lane.potentials[0, 0] == below
            assert not lane.spikes[0, 0]


def test_states_by_name_in_any_order() -> None:
    """The first name of a mapping is not the potential: both orders are the same sweep."""
    net = mixed(3, seed=10)
    v, i = start_states(net, 3), np.random.default_rng(1).uniform(0, 20, (3, 3))
    call: dict[str, Any] = {"steps": 3, "replicas": 64, "rng": 1}
    one = sim.sweep(net, states={"v": v, "i": i}, **call)
    two = sim.sweep(net, states={"i": i, "v": v}, **call)
    assert np.array_equal(one.sums, two.sums)
    only = sim.sweep(net, states={"i": i}, **call)
    rest = np.full((3, 3), -65.0)
    assert np.array_equal(only.sums, sim.sweep(net, states={"v": rest, "i": i}, **call).sums)
    lane = sim.sweep_lane(net, states={"i": i, "v": v}, state=1, replica=5, **call)
    assert lane.potentials[0] == pytest.approx(v[1], abs=1e-5)
    assert lane.states["i"][0] == pytest.approx([np.nan, i[1, 1], np.nan], nan_ok=True)


def test_potentials_of_any_neurons_are_in_the_networks_order() -> None:
    """Three groups, two of which call their potential v and one V."""
    makers: list[Any] = [models.adex, models.lif, models.izhikevich]
    net = Network(
        neuron=[makers[k % 3]() for k in range(6)],
        weights=np.zeros((6, 6)),
        inputs=[WhiteNoise(amplitude=np.arange(6.0))],
        dt=0.1,
    )
    v = np.array([np.arange(-70.0, -64.0), np.arange(-60.0, -54.0)])
    call: dict[str, Any] = {"steps": 3, "replicas": 50, "rng": 1, "units": "apart"}
    edges = [[x] for x in v.mean(axis=0)]
    one = sim.sweep(net, states=v, edges=edges, **call)
    for named in ({"V": v}, {"v": v}, {"v": v, "V": v}):
        two = sim.sweep(net, states=named, edges=edges, **call)
        assert np.array_equal(one.sums, two.sums)
        lane = sim.sweep_lane(net, states=named, state=1, replica=3, **call)
        assert lane.potentials[0] == pytest.approx(v[1], abs=1e-4)
    mixed_up = sim.sweep_lane(net, states={"V": v, "v": v - 5.0}, state=0, replica=0, **call)
    assert mixed_up.potentials[0] == pytest.approx(v[0] - [0, 5, 5, 0, 5, 5], abs=1e-4)


@pytest.mark.parametrize("smooth", [True, False])
def test_izhikevich_against_a_loop(smooth: bool) -> None:
    n, dt, amplitude = 3, 0.5, 3.0
    rng = np.random.default_rng(3)
    weights = rng.normal(scale=6.0, size=(n, n))
    net = Network(
        neuron=models.izhikevich(I=4.0),
        weights=weights,
        inputs=[WhiteNoise(amplitude=amplitude)],
        dt=dt,
    )
    p = {k: float(x) for k, x in net.neurons[0].parameters.items()}
    states = {"v": rng.uniform(-70, 35, (2, n)), "u": rng.uniform(-14, -8, (2, n))}
    steps = 8
    result = sim.sweep(
        net, states=states, steps=steps, replicas=6000, rng=1, scheme="euler", smooth=smooth
    )
    for k in range(2):
        v, u = (np.tile(states[name][k], (20_000, 1)) for name in ("v", "u"))
        spiked = v >= p["v_peak"]
        for _ in range(steps):
            arrived = spiked @ weights.T
            v, u = np.where(spiked, p["c"], v), np.where(spiked, u + p["d"], u)
            dv = 0.04 * v * v + 5 * v + 140 - u + p["I"]
            v, u = v + dt * dv + arrived, u + dt * p["a"] * (p["b"] * v - u)
            v = v + amplitude * np.sqrt(dt) * rng.standard_normal(v.shape)
            spiked = v >= p["v_peak"]
        agree(result, k, *frequencies(spiked, (2,) * n))


@pytest.mark.parametrize("name", ["adex", "hodgkin_huxley"])
def test_nonlinear_neurons_in_lanes_against_simulate(name: str) -> None:
    current = {"adex": 1.0, "hodgkin_huxley": 9.0}[name]
    steps, dt, n = {"adex": (60, 0.1), "hodgkin_huxley": (150, 0.02)}[name] + (2,)
    model = getattr(models, name)()
    model = model.with_parameters(**{model.input: current})
    net = Network(
        neuron=model,
        weights=np.array([[0.0, 6.0], [-6.0, 0.0]]) if name == "adex" else np.zeros((2, 2)),
        inputs=[WhiteNoise(amplitude=4.0)],
        dt=dt,
    )
    edges = [[-58.0, -40.0], [-60.0]]
    states = {model.states[0]: [[-55.0, -52.0]]}
    call: dict[str, Any] = {"states": states, "steps": steps, "replicas": 2000, "rng": 1}
    count = 2000
    start = {model.states[0]: np.repeat(np.array(states[model.states[0]]).T, count, axis=1)}
    free = sim.simulate(
        net, steps * dt, rng=2, start=start, replicas=count, record=(model.states[0],)
    )
    data = free.to_xarray()[model.states[0]]
    last = data.isel(time=-1).transpose("replica", "unit").to_numpy()
    cells = np.stack([np.digitize(last[:, j], edges[j]) for j in range(n)], axis=1)
    p, error = frequencies(cells, (3, 2))
    for smooth in (True, False):
        agree(sim.sweep(net, **call, edges=edges, smooth=smooth), 0, p, error)


@pytest.mark.parametrize("noise", ["independent", "shared", "antithetic"])
def test_random_inputs_reach_every_lane(noise: str) -> None:
    """Poisson spikes and an OU current: means of the potential and its variance, in one unit."""
    rate, weight, sd, tau = 400.0, 1.5, 4.0, 6.0
    net = Network(
        neuron=models.lif(theta=1000.0),
        weights=[[0.0]],
        inputs=[PoissonInput(rate=rate, weight=weight), OUCurrent(sd=sd, tau=tau)],
        noise=1.0,
        dt=1.0,
    )
    steps, count = 6, 6000
    rng = np.random.default_rng(0)
    a, e = np.exp(-1 / 20.0), np.exp(-1 / tau)
    v, eta = np.full(20_000, -65.0), sd * rng.standard_normal(20_000)
    for _ in range(steps):
        eta = e * eta + sd * np.sqrt(1 - e**2) * rng.standard_normal(len(v))
        v = -65.0 + a * (v + 65.0) + (1 - a) * eta + weight * rng.poisson(rate / 1000, len(v))
        v = v + np.sqrt(1 - a**2) * rng.standard_normal(len(v))
    edges = [np.quantile(v, [0.1, 0.3, 0.5, 0.7, 0.9])]
    p, error = frequencies(np.digitize(v, edges[0])[:, None], (6,))
    for smooth in (True, False):
        result = sim.sweep(
            net, states=[[-65.0]], steps=steps, replicas=count, rng=3, edges=edges, noise=noise,
            smooth=smooth,
        )  # fmt: skip
        agree(result, 0, p, error)


def test_sparse_networks_agree_with_dense_lanes() -> None:
    """Events (sparse weights) and matrix products (dense) of the same network."""
    rng = np.random.default_rng(2)
    n = 12
    weights = np.where(rng.random((n, n)) < 0.3, rng.normal(scale=5.0, size=(n, n)), 0.0)
    delays = np.where(weights != 0, rng.integers(1, 4, (n, n)), 1)
    for neuron in (models.lif(refractory_steps=1), [models.lif(), models.cuba_lif()] * (n // 2)):
        call: dict[str, Any] = {"neuron": neuron, "drive": 13.0, "noise": 4.0, "dt": 1.0}
        states = np.where(rng.random((2, n)) < 0.4, -40.0, -60.0)
        found: list[Any] = []
        for table in (weights, csr_array(weights)):
            net = Network(weights=table, delays=delays, **call)
            found.append(
                sim.sweep(net, states=states, steps=6, replicas=2000, rng=len(found), units="apart")
            )
        error = np.maximum(np.hypot(*(r.standard_error for r in found)), 1e-4)
        assert np.abs(found[0].rows - found[1].rows).max() > 0.0
        assert (np.abs(found[0].rows - found[1].rows) / error).max() < 4.5


def test_wide_networks_agree_with_a_loop() -> None:
    rng = np.random.default_rng(4)
    n = 300
    net = Network(
        neuron=models.lif(),
        weights=rng.normal(scale=0.6, size=(n, n)),
        drive=15.0,
        noise=6.0,
        dt=1.0,
    )
    states = np.where(rng.random((1, n)) < 0.1, -40.0, -54.0)
    result = sim.sweep(net, states=states, steps=5, replicas=640, rng=1, units="apart")
    _, spiked, _ = by_loop(net, np.tile(states[0], (4000, 1)), 5, seed=1)
    p = spiked.mean(axis=0)
    error = np.sqrt(p * (1 - p) / 4000)
    z = (result.rows[0, 1::2] - p) / np.hypot(result.standard_error[0, 1::2], error)
    assert np.abs(z).max() < 4.5
    assert 0.85 < np.std(z) < 1.15
    assert norm.sf(abs(z.mean()) * np.sqrt(n)) > 1e-5
