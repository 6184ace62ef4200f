"""Estimated kernels: do their bands hold, and do they agree with closed forms?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn import kernel, models
from causal_snn.errors import InputError
from causal_snn.kernel.bands import bounded_mean, clopper_pearson, variation_band
from causal_snn.kernel.from_counts import from_counts
from causal_snn.kernel.from_result import from_result
from causal_snn.kernel.from_sweep import from_sweep
from causal_snn.kernel.sweep_runs import steady_states
from causal_snn.kernel.two_variables.plane import plane
from causal_snn.models import Network
from causal_snn.models.inputs import PoissonInput, WhiteNoise
from causal_snn.simulation import sweep
from causal_snn.simulation.engine.layout import lay_out

LIF = Network(
    neuron=models.lif(),
    weights=[[1.0, 3.0, -2.0], [1.0, 0.0, 0.0], [2.0, 2.0, 0.0]],
    drive=16,
    noise=4,
    dt=2.0,
)
V = np.array([-60.0, -55.0, -52.0, -50.5, -50.0])


def truth(net: Network, v: np.ndarray) -> np.ndarray:
    """Return the closed form of the next spike, shape (C, n)."""
    closed = kernel.next_spike(net, 0)
    below = closed.probability(v)
    return np.where(v < closed.theta, below, closed.after_spike(v))


# --- bands


@given(x=st.integers(0, 40), more=st.integers(0, 40), miss=st.floats(1e-8, 0.5))
def test_clopper_pearson_is_what_inverting_binomial_tails_gives(
    x: int, more: int, miss: float
) -> None:
    from scipy.stats import binomtest

    n = x + more
    if n == 0:
        assert [float(end) for end in clopper_pearson(0, 0, miss)] == [0.0, 1.0]
        return
    low, high = clopper_pearson(x, n, miss)
    other = binomtest(x, n).proportion_ci(1.0 - miss, method="exact")
    assert float(low) == pytest.approx(other.low, abs=1e-9)
    assert float(high) == pytest.approx(other.high, abs=1e-9)


@given(
    n=st.integers(1, 60),
    p=st.sampled_from([0.0, 1e-9, 1.0]) | st.floats(1e-6, 1.0 - 1e-6),
    miss=st.floats(0.01, 0.5),
)
def test_both_bands_cover_by_summing_the_binomial_law(n: int, p: float, miss: float) -> None:
    from scipy.stats import binom

    x = np.arange(n + 1)
    law = binom.pmf(x, n, p)
    for low, high in (clopper_pearson(x, n, miss), bounded_mean(x / n, n, miss)):
        inside = (low <= p + 1e-12) & (p <= high + 1e-12)
        assert law[inside].sum() >= 1.0 - miss - 1e-9
    wide, narrow = bounded_mean(x / n, n, miss), clopper_pearson(x, n, miss)
    assert np.all(wide[0] <= narrow[0] + 1e-9)  # Chernoff's bound is above the tail itself
    assert np.all(wide[1] >= narrow[1] - 1e-9)


def test_the_band_of_a_law_covers_every_multinomial_outcome() -> None:
    """Y = 3, n = 12: all 91 outcomes, weighted by their probability."""
    from scipy.stats import multinomial

    n, miss = 12, 0.1
    counts = np.array([(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)], float)
    far = variation_band(counts, miss)
    for p in ([0.2, 0.3, 0.5], [0.9, 0.05, 0.05], [1.0, 0.0, 0.0]):
        distance = 0.5 * np.abs(counts / n - p).sum(axis=1)
        law = multinomial.pmf(counts, n, p)
        assert law[distance <= far + 1e-12].sum() >= 1.0 - miss
    assert np.all(far <= 1.0)


def test_the_band_of_many_outcomes_is_no_wider_than_either_bound() -> None:
    counts = np.zeros((2, 256))
    counts[0, :2] = 5000, 5000  # few words occur: their own bands are narrow
    counts[1] = 40
    far = variation_band(counts, 0.01)
    n = counts.sum(axis=1)
    weissman = np.sqrt((256 * np.log(2) - np.log(0.005)) / (2 * n))
    assert far[0] < 0.8 * weissman[0]
    assert np.all(far <= weissman + 1e-6)


# --- counts


def test_counts_of_an_experiment() -> None:
    counts = np.array([[[90, 10], [50, 50], [0, 0], [0, 20]]])
    k = from_counts(counts, edges=[-60.0, -57, -54, -51, -48], label="cell 3", confidence=0.9)
    assert k.probability[0] == pytest.approx([0.1, 0.5, 0.5, 1.0])
    assert k.spread[0, 2] == 0.5  # nothing was tried: anything may be
    assert (k.lower[0, 2], k.upper[0, 2]) == (0.0, 1.0)
    assert k.provenance["cells_without_trials"] == 1
    assert k.confidence == 0.9
    low, high = clopper_pearson(10, 100, 0.1 / 4)
    assert k.spread[0, 0] == pytest.approx(max(high - 0.1, 0.1 - low))
    assert list(k.states[:, 0]) == [-58.5, -55.5, -52.5, -49.5]
    same = from_counts(counts[0], states=[1.0, 2.0, 3.0, 4.0])
    assert same.rows.shape == (1, 4, 2)


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ([[1.5, 2.0]], {}, "counts = 1.5"),
        ([[-1, 2]], {}, "counts = -1"),
        ([[np.nan, 2]], {}, "counts = nan"),
        ([[1, 2, 3]], {}, "shape"),
        ([1, 2], {}, "shape"),
        ("many", {}, "whole numbers"),
        ([[1, 2]], {"confidence": 1.0}, "confidence"),
        ([[1, 2]], {"confidence": True}, "confidence"),
        ([[1, 2]], {"mass": [0.5]}, "mass"),
        ([[1, 2]], {"states": [1.0, 2.0]}, "states"),
    ],
)
def test_bad_counts(counts: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_counts(counts, **options)


# --- coverage


def test_the_bands_of_sampled_sweeps_hold_together() -> None:
    """In 200 repetitions all cells and contexts are covered at once as often as promised."""
    confidence, kept = 0.8, 0
    closed = kernel.next_spike(LIF, 0)
    assert closed.contexts.patterns is not None
    step = LIF.step()
    v = V[:-1]
    others = np.where(closed.contexts.patterns == 1, step.theta + 1.0, -65.0)
    states = np.repeat(others, len(v), axis=0)
    states[:, 0] = np.tile(v, len(others))
    exact = closed.probability(v)
    for seed in range(200):
        result = sweep(
            LIF,
            states=states,
            steps=1,
            replicas=150,
            rng=seed,
            smooth=False,
            dtype=np.float64,
            progress=False,
        )
        k = from_result(result, 0, inputs=closed.contexts.inputs, confidence=confidence)
        kept += bool(np.all(np.abs(k.probability - exact) <= k.spread))
    assert kept >= 200 * confidence  # conservative: about 190 are seen
    assert kept < 200  # and yet not vacuous


# --- simulated interventions


def test_one_step_with_gaussian_noise_is_the_closed_form() -> None:
    k = from_sweep(LIF, 0, V, replicas=16, rng=1)
    assert k.probability == pytest.approx(truth(LIF, V), abs=1e-12)
    assert k.confidence == 1.0
    free = from_sweep(LIF, 0, V, replicas=16, rng=1, context_over_time="free")
    assert free.probability == pytest.approx(k.probability, abs=1e-12)


def test_bins_lie_in_the_bands_of_the_transfer_operator() -> None:
    """Three steps of cuba_lif: two ways that share no code, at a confidence of 0.999."""
    net = Network(
        neuron=models.cuba_lif(), weights=[[0.0, 20.0], [0.0, 0.0]], drive=14, noise=3, dt=2.0
    )
    states = {"v": [-58.0, -53.0, -50.5], "i": [0.0, 5.0, -3.0]}
    k = from_sweep(net, 0, states, steps=3, replicas=20_000, confidence=0.999, rng=3)
    assert k.coordinates == ("v (mV)", "i (nA)")
    assert np.array_equal(k.inputs, [0.0, 20.0])
    for j in range(3):
        ranges = {name: (x[j], x[j] + 1e-7) for name, x in states.items()}
        p = plane(net, 0, steps=3, cells=(1, 1), ranges=ranges).probability[:, 0]
        assert np.all(np.abs(p - k.probability[:, j]) <= k.spread[:, j])
    assert k.spread.max() < 0.02


def test_the_last_step_in_closed_form_is_banded_by_hoeffding() -> None:
    """P(spike at step 2) of a lif, against quadrature over the first step."""
    from scipy.stats import norm

    alone = LIF.subset([0])
    step = alone.step().unit(0)
    x = np.linspace(-90.0, -20.0, 200_001)
    later = np.where(x < step.theta, step.mean(x, 0.0, False, 0.0)[0], 0.0)
    after = step.mean(x, 0.0, True, alone.weights[0, 0])[0]
    spike = norm.sf((step.theta - np.where(x < step.theta, later, after)) / step.sigma)
    exact = [
        np.trapezoid(norm.pdf(x, step.mean(v, 0.0, False, 0.0)[0], step.sigma) * spike, x)
        for v in V[:4]
    ]
    k = from_sweep(alone, 0, V[:4], steps=2, effect="last", replicas=20_000, rng=2)
    assert np.all(np.abs(k.probability[0] - exact) <= k.spread[0])
    assert k.effect == "own spike in step 2"
    assert "Hoeffding" in k.provenance["bands"]
    # the closed form of the last step makes the estimate far better than its band
    assert np.all(np.abs(k.probability[0] - exact) <= 5 * k.provenance["largest_standard_error"])


def test_edges_enclose_what_lies_between() -> None:
    edges = np.linspace(-60.0, -50.0, 6)
    k = from_sweep(LIF, 0, edges=edges, rng=1, replicas=16)
    assert k.n == 5
    inner = np.linspace(-60.0, -50.0, 101)[:-1]
    cells = np.searchsorted(edges, inner, side="right") - 1
    p = truth(LIF, inner)
    assert np.all(k.lower[:, cells] <= p + 1e-9)
    assert np.all(k.upper[:, cells] >= p - 1e-9)
    assert k.upper - k.lower == pytest.approx(np.diff(truth(LIF, edges - 1e-12)), abs=1e-9)
    assert k.mass == pytest.approx([0.2] * 5)


def test_words_in_order_from_first_to_last_step() -> None:
    """A clock without noise: it spikes in steps 2 and 3 and not in step 1."""
    net = Network(neuron=models.lif(tau=10.0, V_reset=-52.0), weights=[[0.0]], drive=40.0, dt=1.0)
    step = net.step().unit(0)
    v, spikes, word = -54.0, False, ""
    for _ in range(3):
        v = float(step.mean(v, 0.0, spikes, 0.0)[0])
        spikes = v >= step.theta
        word += str(int(spikes))
    assert word == "011"
    k = from_sweep(net, 0, [-54.0], steps=3, effect="word", replicas=50, rng=0)
    assert k.outcomes[k.rows[0, 0].argmax()] == word
    assert k.rows[0, 0].max() == 1.0
    assert k.outcomes[:3] == ("000", "100", "010")


def test_words_agree_with_the_effects_that_they_refine() -> None:
    options: dict[str, Any] = {"steps": 2, "replicas": 8000, "confidence": 0.999}
    words = from_sweep(LIF, 0, V, effect="word", rng=1, **options)
    spike = from_sweep(LIF, 0, V, effect="spike", rng=2, **options)
    last = from_sweep(LIF, 0, V, effect="last", rng=3, **options)
    some = 1.0 - words.rows[:, :, 0]
    assert np.all(np.abs(some - spike.probability) <= words.spread + spike.spread)
    second = words.rows[:, :, 2:].sum(axis=2)
    assert np.all(np.abs(second - last.probability) <= words.spread + last.spread)
    # the first step has a closed form; the potential -50 was set as a spike, which is no effect
    first = words.rows[:, :, [1, 3]].sum(axis=2)
    assert np.all(np.abs(first - truth(LIF, V)) <= words.spread)


def test_free_networks_answer() -> None:
    """Unit 0 excites itself through unit 1, which constant contexts leave out."""
    net = Network(
        neuron=models.lif(), weights=[[0.0, 60.0], [60.0, 0.0]], drive=0.0, noise=0.5, dt=1.0
    )
    options: dict[str, Any] = {"steps": 2, "replicas": 200, "rng": 1}
    held = from_sweep(net, 0, [-50.0], contexts="states", **options)
    free = from_sweep(net, 0, [-50.0], contexts="states", context_over_time="free", **options)
    assert list(held.inputs) == [0.0, 60.0]
    assert held.probability[0, 0] == 0.0
    assert free.probability[0, 0] == 1.0


def test_hodgkin_huxley_with_gates_at_steady_values() -> None:
    net = Network(
        neuron=models.hodgkin_huxley(I=5.0),
        weights=[[0.0, 3.0], [0.0, 0.0]],
        dt=0.05,
        inputs=[WhiteNoise(amplitude=1.0)],
    )
    v = np.array([-65.0, -50.0])
    gates = steady_states(lay_out(net).groups[0], 0, v, {})
    assert list(gates) == ["m", "h", "n"]
    assert gates["n"][0] == pytest.approx(0.3177, abs=1e-4)  # Hodgkin & Huxley at rest
    assert gates["m"][0] == pytest.approx(0.0529, abs=1e-4)
    assert gates["h"][0] == pytest.approx(0.5961, abs=1e-4)
    k = from_sweep(net, 0, v, steps=20, replicas=300, unnamed="steady", rng=1)
    assert k.rows.shape == (2, 2, 2)
    named = from_sweep(net, 0, {"V": v, **gates}, steps=20, replicas=300, rng=1)
    assert np.array_equal(named.rows, k.rows)
    assert named.coordinates == ("V (mV)", "m (1)", "h (1)", "n (1)")
    rest = from_sweep(net, 0, v, steps=20, replicas=300, rng=1)
    assert not np.array_equal(rest.rows, k.rows)  # gates at rest let a clamped -50 mV fire
    with pytest.raises(InputError, match="made by its flow"):
        from_sweep(net, 0, v, context_over_time="free", replicas=10)


def test_random_inputs_are_estimated_and_not_exact() -> None:
    net = Network(
        neuron=models.lif(),
        weights=[[0.0]],
        drive=10,
        noise=3,
        dt=2.0,
        inputs=[PoissonInput(rate=200.0, weight=3.0)],
    )
    k = from_sweep(net, 0, V[:4], replicas=20_000, rng=1)
    assert k.confidence == 0.95
    # a Poisson number of jumps of 3 mV, in closed form
    from scipy.stats import norm, poisson

    step = Network(neuron=models.lif(), weights=[[0.0]], drive=10, noise=3, dt=2.0).step().unit(0)
    jumps = np.arange(40)
    mean = step.mean(V[:4, None], 0.0, False, 0.0)[0] + 3.0 * jumps
    exact = norm.sf((step.theta - mean) / step.sigma) @ poisson.pmf(jumps, 0.4)
    assert np.all(np.abs(k.probability[0] - exact) <= k.spread[0])


def test_results_of_sweeps() -> None:
    states = np.array([[-60.0, -65, -65], [-52, -65, -65]])
    result = sweep(LIF, states=states, steps=2, replicas=500, rng=1, progress=False, smooth=False)
    joint = from_result(result)
    assert joint.rows.shape == (1, 2, 8)
    assert joint.rows[0] == pytest.approx(result.rows, abs=1e-12)
    own = from_result(result, "B", states=[-60.0, -52.0], coordinates=("v (mV)",))
    assert own.probability[0] == pytest.approx(result.rows[:, [2, 3, 6, 7]].sum(axis=1))
    assert own.label == "B"
    apart = sweep(LIF, states=states, steps=2, replicas=500, rng=1, progress=False, units="apart")
    assert from_result(apart, 2).probability[0] == pytest.approx(apart.rows[:, 5])
    with pytest.raises(InputError, match="counted each unit alone"):
        from_result(apart)
    with pytest.raises(InputError, match="divisor"):
        from_result(result, 0, inputs=[0.0, 1.0, 2.0])
    with pytest.raises(InputError, match="options"):
        from_result(result, 0, weights=1)
    with pytest.raises(InputError, match="unit"):
        from_result(result, "Z")
    mirrored = sweep(
        LIF, states=states, steps=2, replicas=500, rng=1, progress=False, noise="antithetic"
    )
    with pytest.raises(InputError, match="independent replicas"):
        from_result(mirrored, 0)


@pytest.mark.parametrize(
    ("states", "options", "message"),
    [
        (None, {}, "or else `edges`"),
        (V, {"edges": V}, "or else `edges`"),
        (V, {"effect": "burst"}, "effect"),
        (V, {"effect": "word", "steps": 11}, "at most 10"),
        (None, {"effect": "word", "edges": V}, "None for words"),
        (V, {"contexts": "interval"}, "one by one"),
        (V, {"contexts": [1.0], "context_over_time": "free"}, "spike patterns"),
        (V, {"context_over_time": "later"}, "context_over_time"),
        (V, {"unnamed": "zero"}, "unnamed"),
        (V, {"confidence": 0.0}, "confidence"),
        ({"u": V}, {}, "did you mean|allowed"),
        ({"v": [np.nan]}, {}, "finite"),
        ({"v": [[1.0]]}, {}, "finite numbers"),
        ([], {}, "as many values"),
        ([-200.0], {}, "declared range"),
        (V, {"replicas": 0}, "replicas"),
    ],
)
def test_bad_input(states: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_sweep(LIF, 0, states, **{"replicas": 10, "rng": 0, **options})
