"""Macro TPMs against Monte Carlo of the same interventions, and against quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad

from causal_snn import coarse, kernel, models, tpm
from causal_snn.coarse import Partition
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.simulation import micro_state, run, sample_stationary
from causal_snn.tpm import TPM
from causal_snn.tpm.laws.uniform import UniformLaw
from causal_snn.tpm.within_cell import PRIMED, QUIET, SPIKING

LANES = 60_000


def thresholds(net: Network, alphabet: coarse.Alphabet) -> list[coarse.ThresholdResult]:
    return [coarse.threshold(kernel.next_spike(net, k), alphabet=alphabet) for k in range(net.n)]


def partition(net: Network, alphabet: coarse.Alphabet) -> Partition:
    return Partition(tuple(r.partition for r in thresholds(net, alphabet)))


def uniform_states(
    net: Network, cells: Partition, state: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw micro states of a macro state, uniform on the declared range, by rejection."""
    v, i = np.empty((net.n, LANES)), np.empty((net.n, LANES))
    for k, unit in enumerate(cells.units):
        r = kernel.intervention_range(net, k)
        kept: list[np.ndarray] = []
        for _ in range(6000):  # an empty cell must fail, not loop for ever
            if sum(part.shape[1] for part in kept) >= LANES:
                break
            draw = np.array(
                [rng.uniform(r.v_low, r.v_high, LANES), rng.uniform(r.i_low, r.i_high, LANES)]
            )
            kept.append(draw[:, unit.classify(draw[0], draw[1], draw[0] >= r.theta) == state[k]])
        v[k], i[k] = np.concatenate(kept, axis=1)[:, :LANES]  # fails if the cell is empty
    return v, i


def monte_carlo(net: Network, cells: Partition, v: np.ndarray, i: np.ndarray) -> np.ndarray:
    """Return how often each macro state follows, by simulation."""
    after = next(run(net, micro_state(net, v, i), 1, rng=11))
    macro = [
        unit.classify(after.v[k], after.i[k], after.spiked[k]) for k, unit in enumerate(cells.units)
    ]
    number = np.ravel_multi_index(tuple(macro), cells.sizes, order="F")
    return np.bincount(number, minlength=int(np.prod(cells.sizes))) / LANES


def ring(n: int, **options: object) -> Network:
    rng = np.random.default_rng(n)
    weights = rng.normal(scale=4.0, size=(n, n))
    given_ = {"neuron": models.lif(), "drive": 16.0, "noise": 3.0, "dt": 5.0, **options}
    return Network(weights=weights, **given_)  # type: ignore[arg-type]


NETWORKS = {
    "N=2": ring(2),
    "N=3": ring(3),
    "N=4": ring(4),
    "subtractive reset": ring(2, neuron=models.lif(reset="subtract")),
    "delayed resets": ring(
        2,
        neuron=[
            models.lif(reset="subtract", reset_timing="delayed"),
            models.lif(reset_timing="delayed"),
        ],
    ),
    "refractory": ring(2, neuron=models.lif(refractory_steps=2, V_reset=-53.0)),
    "refractory, held primed": ring(2, neuron=models.lif(refractory_steps=2, V_reset=-50.5)),
    "refractory, with a current": Network(
        neuron=models.cuba_lif(tau_syn=10.0, refractory_steps=1, V_reset=-53.0),
        weights=[[0, 30], [30, 0]],
        drive=14,
        noise=2,
        dt=2.0,
    ),
    "synaptic current": Network(
        neuron=models.cuba_lif(), weights=[[2, -20], [30, 0]], drive=14, noise=2, dt=2.0
    ),
    "synaptic current, no noise": Network(
        neuron=models.cuba_lif(step="euler"), weights=[[2, -8], [10, 0]], drive=14, dt=2.0
    ),
    "arrival at the end": Network(
        neuron=models.cuba_lif(arrival="end"), weights=[[0, -8], [10, 2]], drive=15, noise=1, dt=2
    ),
    "no noise": ring(2, noise=0.0),
    "one unit": Network(neuron=models.lif(), weights=[[2.0]], drive=16, noise=3, dt=5.0),
}


@pytest.mark.parametrize("alphabet", ["ternary", "binary"])
@pytest.mark.parametrize("name", NETWORKS)
def test_rows_agree_with_monte_carlo(name: str, alphabet: coarse.Alphabet) -> None:
    net = NETWORKS[name]
    cells = partition(net, alphabet)
    matrix = tpm.build(net, cells)
    rng = np.random.default_rng(5)
    rows = matrix.state_by_state
    assert rows.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-12)
    chosen = range(len(rows)) if len(rows) <= 27 else rng.choice(len(rows), 12, replace=False)
    compared = [
        (rows[k], monte_carlo(net, cells, *uniform_states(net, cells, matrix.states[k], rng)))
        for k in chosen
    ]
    expected, found = (np.array(part) for part in zip(*compared, strict=True))
    error = np.sqrt(np.clip(expected * (1 - expected), 1.0 / LANES, None) / LANES)
    assert np.max(np.abs(found - expected) / error) < 4.8  # Bonferroni: up to 729 entries
    beyond = np.abs(found - expected) > 2 * error
    assert beyond.mean() < 0.05 + 4 * np.sqrt(0.05 / beyond.size)


@pytest.mark.parametrize("name", ["N=2", "N=3", "synaptic current", "refractory"])
@pytest.mark.parametrize("alphabet", ["ternary", "binary"])
def test_stationary_rows_agree_with_resampled_units(name: str, alphabet: coarse.Alphabet) -> None:
    net = NETWORKS[name]
    cells = partition(net, alphabet)
    matrix = tpm.build(net, cells, law="stationary", rng=0)
    seen = sample_stationary(net, rng=0)  # the law's own samples, drawn unit by unit
    rng = np.random.default_rng(2)
    macro = [u.classify(seen.v[k], seen.i[k], seen.spiked[k]) for k, u in enumerate(cells.units)]
    step = net.step().column()
    from causal_snn.simulation import State, advance

    for number in (0, 1, len(matrix.states) - 1):
        picked = [
            rng.choice(np.flatnonzero(macro[k] == x), LANES)
            for k, x in enumerate(matrix.states[number])
        ]
        start = State(
            *(
                np.stack([getattr(seen, name)[k, p] for k, p in enumerate(picked)])
                for name in ("v", "i", "spiked", "hold")
            )
        )
        after = advance(step, net.weights, start, rng.standard_normal((net.n, LANES)))
        next_macro = tuple(
            u.classify(after.v[k], after.i[k], after.spiked[k]) for k, u in enumerate(cells.units)
        )
        found = np.bincount(
            np.ravel_multi_index(next_macro, cells.sizes, order="F"), minlength=len(matrix.states)
        )
        row = matrix.state_by_state[number]
        error = np.sqrt(np.clip(row * (1 - row), 1.0 / LANES, None) / LANES)
        assert np.max(np.abs(found / LANES - row) / error) < 4.5


@settings(max_examples=25)
@given(
    threshold=st.floats(-62.0, -48.0),
    tau_syn=st.floats(1.0, 20.0),
    noise=st.one_of(st.just(0.0), st.floats(0.5, 4.0)),
    cell=st.sampled_from([QUIET, PRIMED, SPIKING]),
    c=st.floats(-5.0, 15.0),
)
def test_uniform_law_with_a_current_is_the_double_integral(
    threshold: float, tau_syn: float, noise: float, cell: int, c: float
) -> None:
    net = Network(
        neuron=models.cuba_lif(tau_syn=tau_syn, R=2.0, reset="subtract"),
        weights=[[1.0, 12.0], [0.0, 0.0]],
        drive=14.0,
        noise=noise,
        dt=2.0,
    )
    cells = Partition.from_thresholds(net, threshold)
    r = kernel.intervention_range(net, 0)
    law = UniformLaw(net.step().unit(0), cells.units[0], r)
    found, error = law.next_cell(cell, np.array([c]))
    rows = found[0]
    assert error < 1e-9
    assert rows.sum() == pytest.approx(1.0, abs=1e-12)
    # Midpoint sums on a fine grid: first order at jumps, hence the tolerance.
    edges = np.linspace(r.v_low, r.v_high, 2401), np.linspace(r.i_low, r.i_high, 401)
    v, i = np.meshgrid(*((e[1:] + e[:-1]) / 2 for e in edges))
    member = cells.units[0].classify(v, i, v >= r.theta) == cell
    if not member.any():
        return
    from scipy.stats import norm

    step = net.step().unit(0)
    mean, current = step.mean(v[member], i[member], cell == SPIKING, c)
    score_cut = np.minimum(threshold - cells.units[0].score_coefficient * current, step.theta)
    if noise:
        spike = norm.sf(step.theta, mean, step.sigma)
        over = np.maximum(norm.sf(score_cut, mean, step.sigma), spike)
    else:
        spike, over = (mean >= step.theta) * 1.0, (mean >= score_cut) * 1.0
    expected = [1 - over.mean(), (over - spike).mean(), spike.mean()]
    assert rows == pytest.approx(expected, abs=6e-3)


def test_a_held_unit_turns_primed_at_a_kink_that_the_quadrature_knows() -> None:
    net = NETWORKS["refractory, with a current"]
    r, step = kernel.intervention_range(net, 0), net.step().unit(0)
    middle = step.current_decay * (r.i_low + r.i_high) / 2 + step.gain_current * 30.0
    cut = step.V_reset + float(step.score_coefficient) * middle
    cells = Partition.from_thresholds(net, cut)
    rows, error = UniformLaw(step, cells.units[0], r).next_cell(SPIKING, np.array([30.0]))
    assert error < 1e-12
    i = np.linspace(r.i_low, r.i_high, 2_000_001)
    _, current = step.mean(step.theta, (i[1:] + i[:-1]) / 2, True, 30.0)
    primed = step.V_reset + cells.units[0].score_coefficient * current >= cut
    assert 0.1 < primed.mean() < 0.9
    assert rows[0] == pytest.approx([1 - primed.mean(), primed.mean(), 0.0], abs=1e-6)


def test_just_spiked_averages_over_currents_even_where_no_step_reaches_theta() -> None:
    net = Network(neuron=models.cuba_lif(), weights=[[0, 2.0], [2.0, 0]], drive=2.0, dt=1.0)
    cells = Partition.from_thresholds(net, -60.0, alphabet="binary")
    r, step = kernel.intervention_range(net, 0), net.step().unit(0)
    assert r.v_high == r.theta
    law = UniformLaw(step, cells.units[0], r)
    found = law.next_cell(SPIKING, np.array([0.0]))[0][0, PRIMED]
    i = np.linspace(r.i_low, r.i_high, 200_001)
    mean, current = step.mean(step.theta, (i[1:] + i[:-1]) / 2, True, 0.0)
    primed = mean + cells.units[0].score_coefficient * current >= -60.0
    assert found == pytest.approx(primed.mean(), abs=1e-4)
    assert any("never sends a spike" in note for note in law.notes())


def test_an_empty_primed_cell_stands_for_the_corner_nearest_to_it() -> None:
    net = NETWORKS["synaptic current"]
    r, step = kernel.intervention_range(net, 0), net.step().unit(0)
    top = r.score(float(step.score_coefficient))[1]
    law = UniformLaw(step, Partition.from_thresholds(net, top + 1.0).units[0], r)
    corner, _ = step.mean(r.theta, r.i_high, False, 0.0)
    from scipy.stats import norm

    expected = norm.sf(step.theta, corner, step.sigma)
    assert law.next_cell(PRIMED, np.array([0.0]))[0][0, SPIKING] == pytest.approx(expected)


def test_one_row_against_adaptive_quadrature() -> None:
    net = NETWORKS["synaptic current"]
    cells = partition(net, "ternary")
    unit, r, step = cells.units[1], kernel.intervention_range(net, 1), net.step().unit(1)
    from scipy.stats import norm

    def cut(i: float) -> float:
        return float(np.clip(unit.threshold - unit.score_coefficient * i, r.v_low, r.theta))

    def density(v: float, i: float) -> float:
        return float(norm.sf(step.theta, step.mean(v, i, False, 30.0)[0], step.sigma))

    area, _ = dblquad(lambda v, i: 1.0, r.i_low, r.i_high, cut, r.theta, epsabs=1e-10)
    total, _ = dblquad(density, r.i_low, r.i_high, cut, r.theta, epsabs=1e-9)
    found = UniformLaw(step, unit, r).next_cell(PRIMED, np.array([30.0]))[0][0, SPIKING]
    assert found == pytest.approx(total / area, abs=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_alphabets_that_refine_the_spike_factorise(name: str) -> None:
    assert tpm.build(NETWORKS[name], partition(NETWORKS[name], "ternary")).independence_gap == 0.0


def test_binary_cells_below_theta_do_not_factorise_and_theta_itself_does() -> None:
    net = NETWORKS["N=2"]
    gaps = [
        tpm.build(net, Partition.from_thresholds(net, cut, alphabet="binary")).independence_gap
        for cut in (-50.0, -52.0, -54.0)
    ]
    assert gaps[0] == pytest.approx(0.0, abs=1e-12)
    assert gaps[1] > 0.05
    assert gaps[2] > 0.05


def test_a_feed_forward_chain_depends_on_its_past_only() -> None:
    net = models.zoo.feed_forward(3)
    matrix = tpm.build(net, partition(net, "ternary"))
    first = matrix.marginals[0]
    assert np.all(first == first[:, :1, :1])  # unit A ignores B and C
    assert np.any(matrix.marginals[2] != matrix.marginals[2][:, :1])


def test_the_declared_range_is_part_of_the_result() -> None:
    net = NETWORKS["N=2"]
    cells = Partition.from_thresholds(net, -52.0)
    chance = [
        tpm.build(net, cells, potentials=(low, -50.0)).marginals[0][0, 0, PRIMED:].sum()
        for low in (-55.0, -65.0, -85.0, -200.0)
    ]
    assert np.all(np.diff(chance) < 0)  # "uniform over the cell" has no limit of its own


def test_cells_that_nothing_can_be_in_are_said_to_be_empty() -> None:
    net = NETWORKS["N=2"]
    matrix = tpm.build(net, Partition.from_thresholds(net, -50.0))
    assert any("no admissible state is primed" in note for note in matrix.provenance["notes"])
    assert matrix.marginals[0][..., PRIMED].max() == 0.0
    assert matrix.reachable().sum() == 4


def test_sub_cells_never_visited_are_said_to_be_filled_in() -> None:
    net = Network(neuron=models.lif(), weights=[[0.0]], drive=0.0, noise=0.5, dt=1.0)
    matrix = tpm.build(net, partition(net, "ternary"), law="stationary")
    assert any("spiking was never visited" in note for note in matrix.provenance["notes"])


@pytest.mark.parametrize("alphabet", ["binary", "ternary"])
def test_results_repeat_and_say_how_they_were_made(alphabet: coarse.Alphabet) -> None:
    net = NETWORKS["N=2"]
    results = thresholds(net, alphabet)
    one, two = (tpm.build(net, results, law="stationary", rng=4) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one.marginals, two.marginals, strict=True))
    assert one.provenance["seed"] == 4
    assert one.provenance["law"] == one.law == "stationary"
    assert one.provenance["thresholds"] == [r.threshold for r in results]
    ranges = [kernel.intervention_range(net, k) for k in range(2)]
    assert [r["v_high"] for r in one.provenance["ranges"]] == [r.v_high for r in ranges]
    assert one.provenance["dt"] == net.dt


def test_bad_questions_name_the_fault() -> None:
    net = NETWORKS["N=2"]
    cells = partition(net, "ternary")
    with pytest.raises(InputError, match="law = 'gaussian'"):
        tpm.build(net, cells, law="gaussian")  # type: ignore[call-overload]
    with pytest.raises(InputError, match="one partition for each of"):
        tpm.build(net, cells.units[:1])
    with pytest.raises(InputError, match="potentials"):
        tpm.build(net, cells, potentials=[(-85.0, -50.0)] * 3)
    big = ring(8)
    with pytest.raises(InputError, match=r"8 units with 6,561 macro states.*at most 4,096"):
        tpm.build(big, Partition.from_thresholds(big, -52.0))


@pytest.mark.slow
def test_ten_binary_units() -> None:
    net = ring(10)
    matrix = tpm.build(net, partition(net, "binary"))
    assert isinstance(matrix, TPM)
    assert matrix.state_by_node.shape == (1024, 10)
    assert matrix.state_by_state.sum(axis=1) == pytest.approx(np.ones(1024))
