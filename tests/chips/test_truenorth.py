"""TrueNorth: reset modes, leak modes, negative threshold and the exact laws of its randomness."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Branched, Sampled
from causal_snn.chips.engine.step import Arrivals, build_update, columns_of, update
from causal_snn.chips.engine.truenorth_stages import submasks
from causal_snn.chips.parameters import Parameters, parameters
from causal_snn.chips.run import run
from causal_snn.chips.truenorth import truenorth
from causal_snn.errors import InputError

Law = dict[tuple[int, int], Fraction]


def sign(x: int) -> int:
    return (x > 0) - (x < 0)


def clip(x: int, limit: int) -> int:
    return max(-limit - 1, min(limit, x))


def oracle(start: int, synapses: list[tuple[int, bool]], limit: int, **s: int) -> Law:
    """Return the law of (V, spike) after one tick, by listing every draw of every random number.

    Written from the equations of Cassidy et al. 2013 as chips.md has them, one synapse and one
    draw at a time; a draw makes F = 1 in |s| of 256 cases (one more if it counts equality).
    """

    def coin(value: int) -> list[tuple[int, Fraction]]:
        hits = Fraction(abs(value) + s["inclusive"] if value else 0, 256)
        return [(sign(value), hits), (0, 1 - hits)]

    law: dict[int, Fraction] = {start: Fraction(1)}

    def spread(step: Any) -> None:
        nonlocal law
        new: dict[int, Fraction] = {}
        for v, p in law.items():
            for w, q in step(v):
                new[w] = new.get(w, Fraction(0)) + p * q
        law = {v: p for v, p in new.items() if p}

    for value, stochastic in synapses:
        moves = coin(value) if stochastic else [(value, Fraction(1))]
        spread(lambda v, m=moves: [(v + d, q) for d, q in m])
    spread(lambda v: [(clip(v, limit), Fraction(1))])
    leak = coin(s["leak"]) if s["leak_stochastic"] else [(s["leak"], Fraction(1))]
    spread(
        lambda v: [
            (clip(v + (sign(v) if s["leak_reversal"] else 1) * d, limit), q) for d, q in leak
        ]
    )
    etas = Counter(
        rho & s["threshold_mask"] for rho in range(2 ** s["threshold_mask"].bit_length())
    )
    found: Law = {}
    for (v, p), (eta, count) in product(law.items(), etas.items()):
        after = fire(v, eta, **s)
        key = (clip(after[0], limit), after[1])
        found[key] = found.get(key, Fraction(0)) + p * Fraction(count, etas.total())
    return found


def fire(v: int, eta: int, **s: int) -> tuple[int, int]:
    alpha, beta, gamma = s["threshold"], s["negative_threshold"], s["reset_mode"]
    if v >= alpha + eta:
        return (s["reset"], v - (alpha + eta), v)[gamma], 1
    if v < -(beta if s["negative_saturation"] else beta + eta):
        if s["negative_saturation"]:
            return -beta, 0
        return (-s["reset"], v + beta + eta, v)[gamma], 0
    return v, 0


def law_of(chip: Chip, loaded: Parameters, start: int) -> Law:
    """Return the exact law of one neuron's tick in which every input channel spikes once."""
    chance = Branched()
    arrivals = Arrivals(chip, loaded)
    work = arrivals(np.zeros((1, 1, 1), int), np.ones((loaded.inputs, 1), int))
    work |= {"v": np.array([[start]]), "s": np.zeros((1, 1), int)}
    work["weight"] = np.ones((1, 1), int)
    update(build_update(chip, columns_of(chip, loaded)), work, chance)
    found: Law = {}
    for v, s, weight in zip(work["v"][0], work["s"][0], work["weight"][0], strict=True):
        key = (int(v), int(s))
        found[key] = found.get(key, Fraction(0)) + Fraction(int(weight), chance.denominator)
    return found


SETTINGS = st.fixed_dictionaries(
    {
        "threshold": st.integers(0, 40),
        "negative_threshold": st.integers(0, 40),
        "leak": st.one_of(st.integers(-3, 3), st.integers(-255, 255)),
        "reset": st.integers(-30, 30),
        "reset_mode": st.integers(0, 2),
        "negative_saturation": st.integers(0, 1),
        "leak_reversal": st.integers(0, 1),
        "leak_stochastic": st.integers(0, 1),
        "threshold_mask": st.sampled_from([0, 1, 5, 7, 31, 40]),
        "inclusive": st.integers(0, 1),
    }
)
SYNAPSES = st.lists(
    st.tuples(st.sampled_from([-255, -20, 0, 3, 255]), st.booleans()), min_size=1, max_size=5
).filter(lambda synapses: len({pair for pair in synapses if pair[0]}) <= 4)  # types of axons


@settings(max_examples=100)
@given(st.integers(-60, 60), SYNAPSES, SETTINGS, st.sampled_from([50, 393_216, (1 << 19) - 1]))
def test_every_mode_has_the_exact_law_of_its_equations(
    start: int, synapses: list[tuple[int, bool]], settings: dict[str, Any], limit: int
) -> None:
    chip = truenorth(limit=limit)
    loaded = parameters(
        chip,
        input_weights=[[value for value, _ in synapses]],
        stochastic_inputs=[[flag for _, flag in synapses]],
        **settings,
    )
    start = clip(start, limit)
    assert law_of(chip, loaded, start) == oracle(start, synapses, limit, **settings)


@settings(max_examples=50)
@given(st.integers(-60, 60), SETTINGS)
def test_neurons_side_by_side_are_as_each_alone(start: int, settings: dict[str, Any]) -> None:
    chip = truenorth()
    quiet = {**settings, "leak_stochastic": 0, "threshold_mask": 0}
    other = {**quiet, "reset_mode": 2 - quiet["reset_mode"], "threshold": 7, "leak": 1}
    both: dict[str, Any] = {key: [quiet[key], other[key]] for key in quiet}
    found = run(chip, parameters(chip, input_weights=[[start], [start]], **both), [1, 0, 1, 1, 0])
    for k, alone in enumerate((quiet, other)):
        v = 0
        for step, active in enumerate([1, 0, 1, 1, 0]):
            ((v, spike),) = oracle(v, [(start, False)] * active, (1 << 19) - 1, **alone)
            assert (found.v[step, k], found.spikes[step, k]) == (v, spike)


@pytest.mark.parametrize(
    ("gamma", "after"),
    [("value", [3, -3]), ("subtract", [2, -2]), ("none", [12, -12])],
)
def test_reset_modes_on_both_sides(gamma: Any, after: list[int]) -> None:
    chip = truenorth(reset=gamma)
    loaded = parameters(
        chip, input_weights=[[12], [-12]], threshold=10, negative_threshold=10, reset=3
    )
    assert run(chip, loaded, [1]).v.tolist() == [after]


def test_the_threshold_counts_and_the_negative_threshold_does_not() -> None:
    weights = [[10], [9], [-10], [-11]]
    kinds: list[tuple[str, dict[str, Any]]]
    kinds = [("cassidy", {}), ("ranc", {}), ("ranc", {"symmetric": 1})]
    for convention, closed in kinds:
        chip = truenorth(convention=convention)
        loaded = parameters(
            chip, input_weights=weights, threshold=10, negative_threshold=10, reset=1, **closed
        )
        found = run(chip, loaded, [1])
        assert found.spikes.tolist() == [[1, 0, 0, 0]]
        assert found.v.tolist() == [[1, 9, -1 if closed else -10, -1]]


def test_a_reversed_leak_leaves_zero_alone_and_may_overshoot() -> None:
    chip = truenorth()
    loaded = parameters(
        chip,
        input_weights=np.eye(3, dtype=int) * [[2], [-2], [0]],
        leak=-3,
        leak_reversal=1,
        threshold=100,
    )
    assert run(chip, loaded, [[1, 1, 1], [0, 0, 0]]).v.tolist() == [[-1, 1, 0], [2, -2, 0]]


def test_a_stochastic_synapse_is_a_coin_of_its_magnitude() -> None:
    chip = truenorth()
    steps, lanes = 20, 2_000
    loaded = parameters(
        chip, input_weights=[[64, -100]], stochastic_inputs=[[True, True]], threshold=1 << 17
    )
    spikes = np.zeros((lanes, steps, 2), int)
    spikes[:, :, 0] = 1
    up = run(chip, loaded, spikes, rng=3).v[:, -1, 0]
    # A closed form: the sum of 20 coins.
    expected = stats.binom.pmf(np.arange(21), steps, 64 / 256) * lanes
    seen = np.bincount(up, minlength=21)
    big = expected > 5
    pooled = ([*seen[big], seen[~big].sum()], [*expected[big], expected[~big].sum()])
    assert stats.chisquare(*pooled).pvalue > 0.001


@settings(max_examples=15)
@given(st.integers(-20, 20), SYNAPSES, SETTINGS, st.integers(0, 1000))
def test_draws_follow_the_exact_law(
    start: int, synapses: list[tuple[int, bool]], settings: dict[str, Any], seed: int
) -> None:
    chip = truenorth()
    lanes = 4_000
    loaded = parameters(
        chip,
        input_weights=[[value for value, _ in synapses]],
        stochastic_inputs=[[flag for _, flag in synapses]],
        **settings,
    )
    law = law_of(chip, loaded, start)
    work = Arrivals(chip, loaded)(
        np.zeros((1, 1, lanes), int), np.ones((loaded.inputs, lanes), int)
    )
    work |= {"v": np.full((1, lanes), start), "s": np.zeros((1, lanes), int)}
    update(build_update(chip, columns_of(chip, loaded)), work, Sampled(np.random.default_rng(seed)))
    seen = Counter(zip(work["v"][0].tolist(), work["s"][0].tolist(), strict=True))
    assert set(seen) <= set(law)
    for outcome, p in law.items():
        # Six standard deviations: one false alarm in 10^9.
        spread = 6 * float(p * (1 - p) / lanes) ** 0.5
        assert abs(seen[outcome] / lanes - float(p)) <= spread + 6 / lanes


@given(st.integers(0, 4095))
def test_masked_draws_are_the_values_of_rho_and_mask(mask: int) -> None:
    assert submasks(mask).tolist() == sorted({rho & mask for rho in range(4096)})


def test_stochastic_recurrent_synapses_wait_for_their_delay() -> None:
    chip = truenorth()
    loaded = parameters(
        chip,
        input_weights=[[10], [0]],
        weights=[[0, 0], [255, 0]],
        stochastic_weights=[[False, False], [True, False]],
        delays=[[1, 1], [4, 1]],
        threshold=[10, 100],
        inclusive=1,  # 256 of 256 cases: a synapse that is certain
    )
    found = run(chip, loaded, [1, 0, 0, 0, 0, 0], rng=0)
    assert found.spikes[:, 0].tolist() == [1, 0, 0, 0, 0, 0]
    assert found.v[:, 1].tolist() == [0, 0, 0, 0, 1, 1]


def test_the_potential_saturates_at_the_limit() -> None:
    for limit in (1000, 393_216):
        chip = truenorth(limit=limit)
        loaded = parameters(
            chip,
            input_weights=[[255, 0], [0, -255]],
            threshold=(1 << 18) - 1,
            negative_threshold=(1 << 18) - 1,
            reset_mode=2,
        )
        v = run(chip, loaded, np.full((2, 2), 1500)).v[-1]
        assert v.tolist() == [min(limit, 255 * 3000), max(-limit - 1, -255 * 3000)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: truenorth(convention="nemo"), "convention = 'nemo': one of 'cassidy', 'ranc'"),
        (lambda: truenorth(limit=0), "limit = 0: 1 or more"),
        (lambda: parameters(truenorth(), leak=256), "leak = 256: -255 to 255"),
        (lambda: parameters(truenorth(), threshold=-1), "threshold = -1: 0 to 262143"),
        (
            lambda: parameters(truenorth(stochastic=False), threshold_mask=3),
            "threshold_mask = 3: 0 to 0 on truenorth",
        ),
        (
            lambda: parameters(
                truenorth(stochastic=False), input_weights=[[1]], stochastic_inputs=[[True]]
            ),
            "none: truenorth (cassidy) has no stochastic synapses",
        ),
        (
            lambda: parameters(truenorth(), weights=[[1]], delays=16),
            "delays = 16: 1 to 15 steps on truenorth",
        ),
    ],
)
def test_what_the_chip_cannot_do_is_refused(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        call()
