"""Transfer operators on nodes against closed forms, an Ulam matrix and Monte Carlo."""

from __future__ import annotations

from itertools import product as every
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr

from causal_snn import kernel, models, order
from causal_snn.errors import InputError
from causal_snn.models import Network, zoo
from causal_snn.simulation.quadrature.legendre import basis_mass, gauss
from causal_snn.simulation.quadrature.rows import Quadrature, quadrature_rows
from causal_snn.simulation.stepper import micro_state, run

Floats = NDArray[np.float64]


def network(n: int = 2, **options: Any) -> Network:
    """Return n units that fire irregularly, with couplings of both signs."""
    weights = np.array([[0.5, 5.0, -3.0], [7.0, 0.0, 2.0], [-4.0, 3.0, 0.0]])[:n, :n]
    noise = options.pop("noise", 4.0)
    drive = options.pop("drive", [14.0, 12.0, 15.0][:n])
    dt = options.pop("dt", 2.0)
    return Network(neuron=models.lif(**options), weights=weights, dt=dt, drive=drive, noise=noise)


def all_states(n: int, low: float = -60.0, high: float = -48.0) -> Floats:
    """Return a potential for every pattern of silent and spiking units, (2^n, n)."""
    return np.where(order.states([2] * n) == 1, high, low)


def monte_carlo(
    net: Network, states: Floats, steps: int, lanes: int, edges: list[list[float]] | None = None
) -> Floats:
    """Return frequencies of the outcomes of `lanes` runs from each state."""
    state = micro_state(net, np.repeat(states.T, lanes, axis=1))
    for last in run(net, state, steps, rng=20):
        state = last
    if edges is None:
        cells, sizes = state.spiked.astype(int), [2] * net.n
    else:
        cells = np.array([np.digitize(v, cuts) for v, cuts in zip(state.v, edges, strict=True)])
        sizes = [len(cuts) + 1 for cuts in edges]
    numbers = np.ravel_multi_index(tuple(cells), tuple(sizes), order="F").reshape(-1, lanes)
    return np.array([np.bincount(row, minlength=int(np.prod(sizes))) for row in numbers]) / lanes


def check_z(found: Floats, exact: Floats, lanes: int, bound: float = 4.0) -> None:
    """Settle that frequencies lie within `bound` standard errors (one count allowed for)."""
    error = np.sqrt(exact * (1 - exact) / lanes)
    assert np.all(np.abs(found - exact) <= bound * error + 1.5 / lanes)


def ulam(net: Network, v: float, steps: int, bins: int = 3000) -> float:
    """Return P(spike at the last step) of one unit that resets to a value, from bin averages.

    The density below threshold is constant on `bins` bins; a spike is an atom. Written from
    v' = E + a (r - E) + (1 - a) drive + w s + sigma xi.
    """
    p = {name: float(value) for name, value in net.neurons[0].parameters.items()}
    a = np.exp(-net.dt / p["tau"])
    sigma = float(net.noise[0]) * np.sqrt(1 - a * a)
    cuts = np.linspace(-110.0, p["theta"], bins + 1)
    middle = (cuts[:-1] + cuts[1:]) / 2

    def mean(r: Any, spike: int) -> Any:
        return p["E"] + a * (r - p["E"]) + (1 - a) * net.drive[0] + net.weights[0, 0] * spike

    def law(m: Floats) -> Floats:
        edges = (cuts - m[:, None]) / sigma
        return np.concatenate([np.diff(ndtr(edges), axis=1), ndtr(-edges[:, -1:])], axis=1)

    after_spike = mean(p["V_reset"], 1)
    matrix = law(np.append(mean(middle, 0), after_spike))
    row = law(np.array([after_spike if v >= p["theta"] else mean(v, 0)]))[0]
    for _ in range(steps - 1):
        row = row @ matrix
    return float(row[-1])


CONVENTIONS = [
    {},
    {"reset": "subtract"},
    {"reset_timing": "delayed"},
    {"reset": "subtract", "reset_timing": "delayed", "input_gain": "unit", "drive": 1.3},
    {"refractory_steps": 3},
    {"reset": "subtract", "refractory_steps": 1, "strict_threshold": True},
    {"step": "euler"},
]


def test_gaussian_moments_of_polynomials() -> None:
    """P_j sums to the mass; against x^3 it is the truncated third moment, far tails included."""
    mean = np.array([-60.0, -3.0, 0.2, 1.1, 40.0])
    for sigma in (1e-3, 0.5, 30.0):
        table = basis_mass(mean, sigma, -1.0, 2.0, 6)
        z = (np.array([[-1.0], [2.0]]) - mean) / sigma
        assert table.sum(axis=1) == pytest.approx(ndtr(z[1]) - ndtr(z[0]), abs=1e-12)
        x = 0.5 + 1.5 * gauss(6)[0]
        dense = np.linspace(-1.0, 2.0, 400_001)
        density = np.exp(-0.5 * ((dense - mean[:, None]) / sigma) ** 2)
        density /= sigma * np.sqrt(2 * np.pi)
        third = np.trapezoid(dense**3 * density, dense, axis=1)
        assert table @ x**3 == pytest.approx(third, abs=1e-8)


def kernel_chance(net: Network, k: int, state: Floats) -> float:
    """Return P(unit k spikes next) from its effect kernel."""
    spiking = state >= -50.0
    effect = kernel.next_spike(net, k)
    inputs = float(net.weights[k] @ spiking - net.weights[k, k] * spiking[k])
    context = int(np.argmin(np.abs(effect.contexts.inputs - inputs)))
    assert effect.contexts.inputs[context] == pytest.approx(inputs)
    chances = effect.after_spike(state[k]) if spiking[k] else effect.probability(state[k])
    return float(chances[context])


@pytest.mark.parametrize("options", CONVENTIONS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_one_step_is_the_kernel(options: dict[str, Any], n: int) -> None:
    net = network(n, **options)
    states = all_states(n, low=-53.0)
    found = quadrature_rows(net, states, 1)
    for row, state in zip(found.rows, states, strict=True):
        chance = [kernel_chance(net, k, state) for k in range(n)]
        expected = [
            np.prod([p if bit else 1 - p for p, bit in zip(chance, bits, strict=True)])
            for bits in order.states([2] * n)
        ]
        assert row == pytest.approx(expected, abs=1e-12)
    assert (found.error, found.defect, found.nodes, found.success) == (0.0, 0.0, (), True)


def test_one_step_of_twelve_units() -> None:
    rng = np.random.default_rng(3)
    net = Network(
        neuron=models.lif(), weights=rng.normal(0, 3, (12, 12)), dt=5.0, drive=15.0, noise=3.0
    )
    state = np.where(rng.random(12) < 0.5, -45.0, -52.0)
    row = quadrature_rows(net, [state], 1).rows[0]
    assert len(row) == 4096
    for k in range(12):
        marginal = row[order.states([2] * 12)[:, k] == 1].sum()
        assert marginal == pytest.approx(kernel_chance(net, k, state), abs=1e-12)


@pytest.mark.parametrize("steps", [2, 3, 20])
@pytest.mark.parametrize("v", [-62.0, -51.0, -49.0])
def test_one_unit_against_an_ulam_matrix(steps: int, v: float) -> None:
    """3000 bins are right to about 1e-6."""
    net = network(1)
    found = quadrature_rows(net, [[v]], steps, tolerance=1e-7)
    assert found.success
    assert found.rows[0, 1] == pytest.approx(ulam(net, v, steps), abs=3e-6)


@pytest.mark.parametrize("options", CONVENTIONS)
def test_two_units_against_monte_carlo(options: dict[str, Any]) -> None:
    net, lanes = network(2, **options), 20_000
    found = quadrature_rows(net, all_states(2), 12, tolerance=1e-5)
    assert found.success, found.message
    check_z(monte_carlo(net, all_states(2), 12, lanes), found.rows, lanes)


@pytest.mark.parametrize(
    "options", [{}, {"noise": [4.0, 0.0, 2.0], "drive": [14.0, 18.0, 15.0], "refractory_steps": 2}]
)
def test_three_units_against_monte_carlo(options: dict[str, Any]) -> None:
    net, lanes, steps = network(3, **options), 20_000, 6
    found = quadrature_rows(net, all_states(3), steps)
    assert found.success, found.message
    check_z(monte_carlo(net, all_states(3), steps, lanes), found.rows, lanes)


@pytest.mark.slow
@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_three_units_over_fifty_steps(reset: str) -> None:
    """Error estimates hold: against a grid of 100 times less error, and Monte Carlo."""
    net, lanes = network(3, reset=reset, dt=1.0), 20_000
    found = quadrature_rows(net, all_states(3), 50)
    finer = quadrature_rows(net, all_states(3), 50, tolerance=1e-6)
    assert found.success, found.message
    assert np.abs(found.rows - finer.rows).max() <= found.error + finer.error
    check_z(monte_carlo(net, all_states(3), 50, lanes), finer.rows, lanes)


@pytest.mark.parametrize("options", [{}, {"reset": "subtract"}, {"refractory_steps": 2}])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_cells_of_the_potential(options: dict[str, Any], steps: int) -> None:
    net, lanes = network(2, **options), 20_000
    edges = [[-60.0, -53.0, -50.0], [-55.0]]
    found = quadrature_rows(net, all_states(2), steps, edges=edges)
    assert found.rows.shape == (4, 8)
    check_z(monte_carlo(net, all_states(2), steps, lanes, edges), found.rows, lanes)


def test_threshold_as_edge_is_the_spike() -> None:
    """Without refractoriness a cell from theta on is spiking; an unit without edges sums out."""
    net = network(2)
    spikes = quadrature_rows(net, all_states(2), 6, tolerance=1e-8).rows
    cells = quadrature_rows(net, all_states(2), 6, edges=[[-50.0], [-50.0]], tolerance=1e-8).rows
    assert cells == pytest.approx(spikes, abs=1e-8)
    first = quadrature_rows(net, all_states(2), 6, edges=[[-50.0], []], tolerance=1e-8).rows
    assert first == pytest.approx(spikes[:, :2] + spikes[:, 2:], abs=1e-8)


def test_far_from_threshold() -> None:
    """Many spikes in a row after a potential far above, and a long way up from far below."""
    net, lanes = network(2, reset="subtract"), 20_000
    states = np.array([[60.0, -250.0], [-250.0, 20.0]])
    found = quadrature_rows(net, states, 10)
    assert found.success, found.message
    check_z(monte_carlo(net, states, 10, lanes), found.rows, lanes)


@pytest.mark.parametrize("options", [{}, {"reset": "subtract"}])
def test_chapman_kolmogorov(options: dict[str, Any]) -> None:
    """Five steps = four steps after one, the first law cut into cells that are resolved.

    P5(v) = integral of P1(v, dv') P4(v'), by 4,000 midpoints in v' below and above threshold.
    """
    net = network(1, **options)
    cuts = np.linspace(-95.0, -20.0, 4001)
    one = quadrature_rows(net, [[-56.0], [-49.0]], 1, edges=[cuts]).rows[:, 1:-1]
    middle = (cuts[:-1] + cuts[1:]) / 2
    four = quadrature_rows(net, middle[:, None], 4, tolerance=1e-8).rows
    five = quadrature_rows(net, [[-56.0], [-49.0]], 5, tolerance=1e-8).rows
    assert one @ four == pytest.approx(five, abs=2e-6)


def test_both_directions_agree() -> None:
    """One state goes forward, many go backward."""
    net = network(2)
    many = np.repeat(all_states(2), 3, axis=0)
    back = quadrature_rows(net, many, 10, tolerance=1e-6).rows
    for k in (0, 5, 9):
        alone = quadrature_rows(net, many[[k]], 10, tolerance=1e-6).rows[0]
        assert alone == pytest.approx(back[k], abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(
    w=st.floats(-12, 12),
    back=st.floats(-12, 12),
    dt=st.sampled_from([0.5, 2.0, 8.0]),
    noise=st.floats(0.5, 6.0),
    drive=st.floats(0, 25),
    reset=st.sampled_from(["value", "subtract"]),
    steps=st.integers(2, 12),
)
def test_rows_are_laws(
    w: float, back: float, dt: float, noise: float, drive: float, reset: str, steps: int
) -> None:
    net = Network(
        neuron=models.lif(reset=reset),
        weights=[[0, w], [back, 0]],
        dt=dt,
        drive=drive,
        noise=noise,
    )
    found = quadrature_rows(net, all_states(2), steps)
    assert found.rows.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
    assert np.all(found.rows >= 0)
    assert found.defect <= 1e-4
    finer = quadrature_rows(net, all_states(2), steps, tolerance=1e-6)
    assert found.success
    # Noise much narrower than what it acts on may need a finer grid than there is, and says so.
    assert finer.success or (finer.error > 1e-6 and "not converged" in finer.message)
    assert np.abs(found.rows - finer.rows).max() <= found.error + finer.error


# Without noise ------------------------------------------------------------------------------


@pytest.mark.parametrize("options", CONVENTIONS)
def test_no_noise_is_the_deterministic_run(options: dict[str, Any]) -> None:
    drive = 1.3 if options.get("input_gain") == "unit" else 17.0
    net = network(3, noise=0.0, **{**options, "drive": drive})
    states = np.array(list(every((-58.0, -50.0), (-55.0, -48.0), (-70.0, -50.5))))
    for steps in (1, 2, 25):
        found = quadrature_rows(net, states, steps)
        assert np.array_equal(found.rows, monte_carlo(net, states, steps, 1))
        assert found.success


def test_one_noiseless_unit_beside_a_noisy_one() -> None:
    """The noiseless unit gets no input: it is a clock, and its exact period shows."""
    clock = Network(
        neuron=models.lif(), weights=[[0, 0], [4, 0]], dt=2.0, drive=[20.0, 12.0], noise=[0.0, 4.0]
    )
    alone = clock.subset([0])
    for steps in (2, 5, 30):
        rows = quadrature_rows(clock, [[-60.0, -60.0]], steps).rows
        exact = quadrature_rows(alone, [[-60.0]], steps).rows
        assert rows[:, :2] + rows[:, 2:] == pytest.approx(exact, abs=1e-12)
    lanes = 20_000
    states = np.array([[-60.0, -60.0]])
    check_z(monte_carlo(clock, states, 30, lanes), rows, lanes)


def test_too_many_potentials_without_noise() -> None:
    net = network(2, noise=[0.0, 4.0], reset="subtract")
    with pytest.raises(InputError, match=r"unit A without noise.*Give it noise"):
        quadrature_rows(net, all_states(2), 50)


# What is not reached, and bad input ---------------------------------------------------------


def test_a_cap_on_nodes_is_told() -> None:
    net = network(2)
    capped = quadrature_rows(net, all_states(2), 20, tolerance=1e-10, nodes=500)
    assert isinstance(capped, Quadrature)
    assert not capped.success
    assert "not converged" in capped.message
    assert capped.error > 1e-10
    assert np.prod(capped.nodes) <= 500
    assert capped.provenance["converged"] is False
    exact = quadrature_rows(net, all_states(2), 20, tolerance=1e-8).rows
    assert np.abs(capped.rows - exact).max() <= capped.error
    with pytest.raises(InputError, match=r"nodes = 20: at least"):
        quadrature_rows(net, all_states(2), 20, nodes=20)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, r"steps = 0"),
        ({"steps": 2.0}, r"steps = 2.0"),
        ({"nodes": -1}, r"nodes = -1"),
        ({"tolerance": 0.0}, r"tolerance = 0.0"),
        ({"tolerance": float("nan")}, r"tolerance = nan"),
        ({"states": [-60.0, -60.0]}, r"states = 'array of shape \(2,\)': shape \(S, 2\)"),
        ({"states": [[-60.0, float("nan")]]}, r"states = .*finite potentials"),
        ({"edges": [[-50.0]]}, r"edges = '1 arrays': 2"),
        ({"edges": [[-50.0, -60.0], []]}, r"edges of unit A = .*ascending"),
    ],
)
def test_bad_input(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"states": all_states(2), "steps": 2, **change}
    with pytest.raises(InputError, match=message):
        quadrature_rows(network(2), **arguments)


def test_networks_it_does_not_take() -> None:
    four = zoo.excitatory_ring(4)
    with pytest.raises(InputError, match=r"4 units over 2 step.*at most 3 units"):
        quadrature_rows(four, all_states(4), 2)
    synaptic = Network(neuron=models.cuba_lif(), weights=[[0.0]], dt=1.0, noise=3.0)
    with pytest.raises(InputError, match=r"network = 'cuba_lif'.*without a synaptic current"):
        quadrature_rows(synaptic, [[-60.0]], 2)
