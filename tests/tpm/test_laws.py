"""Within-cell laws against counts of simulations, adaptive quadrature and brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.stats import norm

from causal_snn import coarse, kernel, models, order
from causal_snn.coarse import Partition
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.simulation import State, advance, micro_state, rest_state, run, sample_stationary
from causal_snn.tpm.build import build
from causal_snn.tpm.interval import IntervalTPM
from causal_snn.tpm.laws.uniform import UniformLaw
from causal_snn.tpm.laws.worst import extremes

LANES = 60_000
CUBA: dict[str, Any] = {"drive": 14.0, "noise": 2.0, "dt": 2.0}
NETWORKS = {
    "one unit": Network(neuron=models.lif(), weights=[[2.0]], drive=16, noise=3, dt=5.0),
    "two units": Network(neuron=models.lif(), weights=[[0, 4], [6, 1]], drive=16, noise=3, dt=5.0),
    "refractory": Network(
        neuron=models.lif(refractory_steps=2, V_reset=-53.0),
        weights=[[0, 4], [6, 0]],
        drive=16,
        noise=3,
        dt=5.0,
    ),
    "subtractive": Network(
        neuron=models.lif(reset="subtract"), weights=[[0, -4], [6, 2]], drive=18, noise=3, dt=5.0
    ),
    "current": Network(neuron=models.cuba_lif(), weights=[[2, -20], [30, 0]], **CUBA),
    "current, refractory": Network(
        neuron=models.cuba_lif(tau_syn=10.0, refractory_steps=1, V_reset=-53.0),
        weights=[[0, 30], [30, 0]],
        **CUBA,
    ),
    "no noise": Network(neuron=models.lif(), weights=[[0, 4], [6, 1]], drive=18, dt=5.0),
}
CUT = -53.0


def cells_of(net: Network, alphabet: coarse.Alphabet) -> Partition:
    return Partition.from_thresholds(net, CUT, alphabet=alphabet)


def macro_of(cells: Partition, state: State) -> np.ndarray:
    """Return the macro state of every unit, (n, lanes)."""
    return np.array(
        [u.classify(state.v[k], state.i[k], state.spiked[k]) for k, u in enumerate(cells.units)]
    )


def counted(cells: Partition, state: State) -> np.ndarray:
    number = order.numbers(list(macro_of(cells, state)), cells.sizes)
    return np.asarray(np.bincount(number, minlength=int(np.prod(cells.sizes))) / LANES)


def agree(row: np.ndarray, found: np.ndarray, samples: float) -> bool:
    error = np.sqrt(np.clip(row * (1 - row), 1.0 / samples, None) / samples)
    return bool(np.max(np.abs(found - row) / error) < 4.8)


def uniform_micro(
    net: Network, cells: Partition, macro: np.ndarray, rng: np.random.Generator
) -> State:
    """Draw micro states of macro states (n, lanes), uniform on the declared range."""
    v, i = np.empty(macro.shape), np.zeros(macro.shape)
    for k, unit in enumerate(cells.units):
        r = kernel.intervention_range(net, k)
        todo = np.arange(macro.shape[1])
        for _ in range(20_000):
            if not len(todo):
                break
            draw = rng.uniform(r.v_low, r.v_high, len(todo))
            current = rng.uniform(r.i_low, r.i_high, len(todo))
            v[k, todo], i[k, todo] = draw, current
            done = unit.classify(draw, current, draw >= r.theta) == macro[k, todo]
            todo = todo[~done]
        assert not len(todo)
    return micro_state(net, v, i)


@pytest.mark.parametrize("alphabet", ["ternary", "binary"])
@pytest.mark.parametrize("name", ["two units", "refractory", "current"])
def test_stationary_joint_rows_are_the_frequencies_of_a_free_run(
    name: str, alphabet: coarse.Alphabet
) -> None:
    net = NETWORKS[name]
    cells = cells_of(net, alphabet)
    matrix = build(net, cells, law="stationary_joint", samples=200_000, rng=1)
    size = len(matrix.states)
    lanes, steps, burn = 4000, 160, 100
    count, before = np.zeros((size, size)), None
    for k, state in enumerate(run(net, rest_state(net, lanes), burn + steps, rng=7)):
        number = order.numbers(list(macro_of(cells, state)), cells.sizes)
        if before is not None and k > burn:
            np.add.at(count, (before, number), 1)
        before = number
    visits = count.sum(axis=1)
    seen = visits > 5000
    assert seen.sum() >= 3
    rows = count[seen] / visits[seen, None]
    # Both are samples, correlated in time: 0.02 is five errors of the rarest state.
    assert matrix.state_by_state[seen] == pytest.approx(rows, abs=0.02)
    assert np.all((np.array(matrix.provenance["visits"]) > 0)[seen])


def test_stationary_joint_rows_are_no_products_even_of_a_ternary_alphabet() -> None:
    net = NETWORKS["two units"]
    joint = build(net, cells_of(net, "ternary"), law="stationary_joint")
    assert joint.joint is not None
    assert joint.independence_gap > 1e-3
    assert build(net, cells_of(net, "ternary"), law="stationary").independence_gap == 0.0


def test_one_unit_is_alone_with_its_stationary_law() -> None:
    net = NETWORKS["one unit"]
    cells = cells_of(net, "ternary")
    joint = build(net, cells, law="stationary_joint", rng=3)
    alone = build(net, cells, law="stationary", rng=3)
    assert joint.state_by_state == pytest.approx(alone.state_by_state, abs=1e-12)


def test_macro_states_never_visited_together_are_products_and_said() -> None:
    net = Network(neuron=models.lif(), weights=np.zeros((2, 2)), drive=0.0, noise=0.5, dt=1.0)
    cells = Partition.from_thresholds(net, -55.0)
    joint = build(net, cells, law="stationary_joint")
    product = build(net, cells, law="stationary")
    never = np.array(joint.provenance["visits"]) == 0
    assert never.sum() >= 5
    assert joint.state_by_state[never] == pytest.approx(product.state_by_state[never], abs=1e-15)
    assert any("macro states of the network were never" in n for n in joint.provenance["notes"])


@pytest.mark.parametrize("alphabet", ["ternary", "binary"])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_maximum_entropy_rows_agree_with_two_simulated_steps(
    name: str, alphabet: coarse.Alphabet
) -> None:
    net = NETWORKS[name]
    cells = cells_of(net, alphabet)
    matrix = build(net, cells, law="maximum_entropy")
    rng = np.random.default_rng(3)
    macro = np.array([rng.integers(0, size, LANES) for size in cells.sizes])
    step = net.step().column()
    noise = rng.standard_normal(macro.shape)
    relaxed = advance(step, net.weights, uniform_micro(net, cells, macro, rng), noise)
    after = macro_of(cells, relaxed)
    fields = ("v", "i", "spiked", "hold")
    compared = 0
    for row, x in zip(matrix.state_by_state, matrix.states, strict=True):
        pools = [np.flatnonzero(after[k] == x[k]) for k in range(net.n)]
        smallest = min(len(pool) for pool in pools)
        if smallest < 4000:
            continue
        compared += 1
        # Every unit by itself: draws of different units come from different lanes.
        picks = [rng.choice(pool, LANES) for pool in pools]
        start = State(
            *(np.stack([getattr(relaxed, f)[k, p] for k, p in enumerate(picks)]) for f in fields)
        )
        found = counted(cells, advance(step, net.weights, start, rng.standard_normal(macro.shape)))
        assert agree(row, found, smallest / 2)  # few micro states, drawn again and again
    assert compared >= 2


def test_one_maximum_entropy_row_against_adaptive_quadrature() -> None:
    net = NETWORKS["one unit"]
    cells = cells_of(net, "ternary")
    r, step = kernel.intervention_range(net, 0), net.step().unit(0)
    sigma, decay = step.sigma, step.decay

    def mean(v: float, spiked: bool) -> float:
        base = step.V_reset if spiked else v
        return float(step.rest + decay * (base - step.rest) + step.drive + 2.0 * spiked)

    def density(u: float) -> float:
        quiet, primed = (
            integrate.quad(lambda v: norm.pdf(u, mean(v, False), sigma), a, b)[0] / (b - a)
            for a, b in ((r.v_low, CUT), (CUT, r.theta))
        )
        return float(quiet + primed + norm.pdf(u, mean(r.theta, True), sigma)) / 3

    def chance(u: float) -> float:
        return float(norm.sf(r.theta, mean(u, False), sigma))

    total = integrate.quad(density, CUT, r.theta, epsabs=1e-11)[0]
    spikes = integrate.quad(lambda u: density(u) * chance(u), CUT, r.theta, epsabs=1e-11)[0]
    found = build(net, cells, law="maximum_entropy")
    assert found.marginals[0][1, 2] == pytest.approx(spikes / total, abs=1e-9)
    assert found.provenance["quadrature_error"] < 1e-9


def test_maximum_entropy_weights_no_state_that_a_step_cannot_reach() -> None:
    # A range down to -500 mV: one step brings a unit a quarter of the way back.
    net = NETWORKS["one unit"]
    cells = cells_of(net, "ternary")
    wide, uniform = (
        build(net, cells, law=law, potentials=(-500.0, -50.0)).marginals[0][0, 2]
        for law in ("maximum_entropy", "uniform")
    )
    narrow = build(net, cells, law="maximum_entropy").marginals[0][0, 2]
    assert uniform < wide < narrow


def test_maximum_entropy_says_what_a_step_does_not_reach() -> None:
    net = Network(neuron=models.lif(), weights=[[0.0]], drive=0.0, dt=1.0)
    matrix = build(net, Partition.from_thresholds(net, -66.0), law="maximum_entropy")
    assert any("spiking is not reached in one step" in n for n in matrix.provenance["notes"])


def test_many_inputs_to_a_current_are_refused() -> None:
    rng = np.random.default_rng(0)
    net = Network(neuron=models.cuba_lif(), weights=rng.normal(size=(7, 7)), **CUBA)
    with pytest.raises(InputError, match=r"at most 32 synaptic inputs.*unit A has 64"):
        build(net, cells_of(net, "ternary"), law="maximum_entropy")


Window = tuple[float, float]
WHOLE: Window = (0.0, 1.0)


def brute_rows(
    net: Network,
    cells: Partition,
    k: int,
    cell: int,
    c: float,
    *,
    points: int = 81,
    along_i: Window = WHOLE,
    along_v: Window = WHOLE,
) -> np.ndarray:
    """Return P(next sub-cell) on a grid of micro states that holds the borders of a sub-cell.

    Written with scipy's normal distribution; none if the sub-cell is empty. The windows are
    parts of the way through the cell's currents and, at each of them, its potentials.
    """
    r, step, unit = kernel.intervention_range(net, k), net.step().unit(k), cells.units[k]
    kappa, i_low, i_high = unit.score_coefficient, r.i_low, r.i_high
    if cell < 2 and kappa > 0:  # where T - kappa i meets v_low (quiet) or theta (primed)
        border = (unit.threshold - (r.v_low if cell == 0 else r.theta)) / kappa
        i_low, i_high = (i_low, min(i_high, border)) if cell == 0 else (max(i_low, border), i_high)
    if i_low > i_high:
        return np.empty((0, 3))
    many = points if i_low < i_high else 1
    i = (i_low + np.linspace(*along_i, many) * (i_high - i_low))[:, None]
    cut = np.clip(unit.threshold - kappa * i, r.v_low, r.theta)
    low = np.full_like(i, r.theta) if cell == 2 else np.full_like(i, r.v_low) if not cell else cut
    high = np.full_like(i, r.v_high) if cell == 2 else cut if not cell else np.full_like(i, r.theta)
    if cell < 2 and not np.any(high - low > 0):
        return np.empty((0, 3))
    v, i = np.broadcast_arrays(low + np.linspace(*along_v, points) * (high - low), i)
    reset = v - step.reset_jump if step.reset_jump > 0 else np.full_like(v, step.V_reset)
    base = reset if cell == 2 else v
    total = c + step.bias
    mean = (
        step.rest
        + step.decay * (base - step.rest)
        + step.current_to_potential * i
        + step.drive
        + step.gain_potential * total
    )
    after = step.current_decay * i + step.gain_current * total
    cut = np.minimum(unit.threshold - unit.score_coefficient * after, step.theta)
    if step.sigma > 0:
        spike, over = norm.sf(step.theta, mean, step.sigma), norm.sf(cut, mean, step.sigma)
    else:
        spike, over = (mean >= step.theta) * 1.0, (mean >= cut) * 1.0
    return np.stack([1 - over, over - spike, spike], axis=-1).reshape(-1, 3)


def extreme(net: Network, cells: Partition, cell: int, c: float, column: int, sign: int) -> float:
    """Return the largest sign * P(next sub-cell) by zooming in on the best point of a grid."""
    points, along_i, along_v = 81, WHOLE, WHOLE
    best = -np.inf
    for _ in range(4):
        rows = brute_rows(net, cells, 0, cell, c, points=points, along_i=along_i, along_v=along_v)
        at = int(np.argmax(sign * rows[:, column]))
        best = max(best, float(sign * rows[at, column]))
        centre = np.array(divmod(at, points)) / (points - 1)
        windows = []
        for part, (low, high) in zip(centre, (along_i, along_v), strict=True):
            middle, reach = low + part * (high - low), 2 * (high - low) / (points - 1)
            windows.append((max(middle - reach, 0.0), min(middle + reach, 1.0)))
        along_i, along_v = windows
    return sign * best


@settings(max_examples=60, deadline=None)
@given(
    threshold=st.floats(-64.0, -48.0),
    noise=st.one_of(st.just(0.0), st.floats(0.05, 4.0)),
    current=st.booleans(),
    tau_syn=st.floats(1.0, 20.0),
    subtract=st.booleans(),
    cell=st.integers(0, 2),
    weight=st.sampled_from([30.0, -30.0]),
    c=st.floats(-30.0, 30.0),
)
def test_worst_case_bounds_hold_and_are_reached(
    threshold: float,
    noise: float,
    current: bool,
    tau_syn: float,
    subtract: bool,
    cell: int,
    weight: float,
    c: float,
) -> None:
    options: dict[str, Any] = {"reset": "subtract"} if subtract else {}
    neuron = models.cuba_lif(tau_syn=tau_syn, **options) if current else models.lif(**options)
    net = Network(
        neuron=neuron, weights=[[1.0, weight], [0.0, 0.0]], drive=14.0, noise=noise, dt=2.0
    )
    cells = Partition.from_thresholds(net, threshold)
    law = UniformLaw(net.step().unit(0), cells.units[0], kernel.intervention_range(net, 0))
    found = extremes(law, np.array([c]), own=0.0)
    rows = brute_rows(net, cells, 0, cell, c)
    assume(len(rows) > 0)
    assert np.all(rows >= found.lower[cell, 0] - 1e-12)
    assert np.all(rows <= found.upper[cell, 0] + 1e-12)
    if noise >= 0.5:
        for column in range(3):
            for sign, bound in ((-1, found.lower), (1, found.upper)):
                reached = extreme(net, cells, cell, c, column, sign)
                assert reached == pytest.approx(bound[cell, 0, column], abs=1e-6)


def test_primed_is_most_likely_inside_the_cell_not_at_its_ends() -> None:
    net = NETWORKS["one unit"]
    law = UniformLaw(
        net.step().unit(0), cells_of(net, "ternary").units[0], kernel.intervention_range(net, 0)
    )
    found = extremes(law, np.array([0.0]), own=2.0)
    # P(T <= u' < theta) at the middle mean: both borders are 1.5 mV away.
    middle = 1 - 2 * norm.sf(1.5 / law.step.sigma)
    assert found.upper[1, 0, 1] == pytest.approx(middle, abs=1e-12)
    means, _ = law.step.mean(np.array([CUT, -50.0]), 0.0, False, 0.0)
    ends = norm.sf(CUT, means, law.step.sigma) - norm.sf(-50.0, means, law.step.sigma)
    assert ends.max() < middle - 0.01


LAWS = ("uniform", "maximum_entropy", "stationary", "stationary_joint")


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(1, 3),
    noise=st.floats(1.0, 4.0),
    threshold=st.floats(-58.0, -50.5),
    kind=st.sampled_from(["lif", "refractory", "subtract"]),
    binary=st.booleans(),
)
def test_the_worst_case_contains_every_law(
    seed: int, n: int, noise: float, threshold: float, kind: str, binary: bool
) -> None:
    options: dict[str, dict[str, Any]] = {
        "lif": {},
        "refractory": {"refractory_steps": 2, "V_reset": -55.0},
        "subtract": {"reset": "subtract"},
    }
    weights = np.random.default_rng(seed).normal(scale=4.0, size=(n, n))
    net = Network(
        neuron=models.lif(**options[kind]), weights=weights, drive=16.0, noise=noise, dt=5.0
    )
    cells = Partition.from_thresholds(net, threshold, alphabet="binary" if binary else "ternary")
    # As wide as what the sampled and relaxed laws weight: theirs is no declared range.
    seen = sample_stationary(net, samples=4000, rng=0).v
    wide = (min(float(seen.min()), -85.0) - 60.0, max(float(seen.max()), -50.0) + 60.0)
    worst = build(net, cells, law="worst", potentials=wide)
    assert isinstance(worst, IntervalTPM)
    for law in LAWS:
        matrix = build(net, cells, law=law, samples=4000)  # type: ignore[call-overload]
        assert worst.excess(matrix) < 1e-9


def test_the_worst_case_of_a_binary_alphabet_is_over_what_is_sent_too() -> None:
    net = NETWORKS["two units"]
    worst = build(net, cells_of(net, "binary"), law="worst")
    low, high = worst.lower_by_node, worst.upper_by_node
    # Unit A at (off, on): B may be primed (sends nothing) or have just spiked (4 mV).
    rows = [
        brute_rows(net, cells_of(net, "binary"), 0, 0, c, points=2001)[:, 0] for c in (0.0, 4.0)
    ]
    state = order.number((0, 1), (2, 2))
    assert low[state, 0] == pytest.approx(1 - max(r.max() for r in rows), abs=1e-3)
    assert high[state, 0] == pytest.approx(1 - min(r.min() for r in rows), abs=1e-3)


def test_refractory_ages_are_micro_states_of_the_worst_case() -> None:
    net = NETWORKS["refractory"]  # held at -53 = T: primed, whatever the noise
    worst = build(net, cells_of(net, "ternary"), law="worst")
    assert worst.upper[0][1, 0, 1] == 1.0
    free = build(
        Network(neuron=models.lif(V_reset=-53.0), weights=net.weights, drive=16, noise=3, dt=5.0),
        cells_of(net, "ternary"),
        law="worst",
    )
    assert free.upper[0][1, 0, 1] < 1.0


def test_a_cell_without_states_has_the_bounds_of_the_nearest_one() -> None:
    net = NETWORKS["two units"]
    worst = build(net, Partition.from_thresholds(net, -50.0), law="worst")
    uniform = build(net, Partition.from_thresholds(net, -50.0))
    assert worst.contains(uniform)
    assert any("no admissible state is primed" in note for note in worst.provenance["notes"])
