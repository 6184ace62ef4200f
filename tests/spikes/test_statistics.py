"""Spike-train statistics: against closed forms, brute force and the axioms of a metric."""

from __future__ import annotations

from functools import partial
from itertools import combinations, pairwise, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from causal_snn.errors import InputError
from causal_snn.simulation import SpikeTrains
from causal_snn.spikes import (
    binned,
    compare,
    correlation,
    cv,
    rate,
    van_rossum,
    victor_purpura,
)

TIMES = st.lists(st.floats(0.0, 100.0), max_size=8)
SHORT = st.lists(st.floats(0.0, 20.0), max_size=4)
COST = st.floats(0.0, 3.0)
TAU = st.floats(0.5, 50.0)


def cheapest_matching(a: list[float], b: list[float], cost: float) -> float:
    """Every way to pair some spikes of a with some of b, in any order."""
    best = float(len(a) + len(b))
    for k in range(1, min(len(a), len(b)) + 1):
        for left in combinations(a, k):
            for right in permutations(b, k):
                moved = sum(cost * abs(x - y) for x, y in zip(left, right, strict=True))
                best = min(best, moved + len(a) + len(b) - 2 * k)
    return best


def test_rate() -> None:
    assert rate([1.0, 2.0, 3.0], stop=500.0) == pytest.approx(6.0)
    assert rate([], start=10.0, stop=20.0) == 0.0
    with pytest.raises(InputError, match=r"times = 30.0: times from 0 to 20 ms"):
        rate([1.0, 30.0], stop=20.0)
    with pytest.raises(InputError, match=r"stop = 5.0: a time after start = 5 ms"):
        rate([], start=5.0, stop=5.0)
    with pytest.raises(InputError, match=r"start = 'a': a time in ms"):
        rate([], start="a", stop=5.0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"stop = None: a time in ms"):
        rate([], stop=None)  # type: ignore[arg-type]
    others: tuple[Any, ...] = ([1.0 + 2.0j], [True, False], "abc", [[1.0]], [None])
    for wrong in others:
        with pytest.raises(InputError, match=r"times = .*: a row of finite spike times in ms"):
            rate(wrong, stop=5.0)


def test_cv_of_a_clock_and_of_two_intervals() -> None:
    assert cv(np.arange(10.0)) == pytest.approx(0.0, abs=1e-12)
    assert cv([0.0, 1.0, 4.0]) == pytest.approx(0.5)  # intervals 1 and 3: sd 1, mean 2
    for few in ([0.0, 1.0], [], [2.0, 2.0, 2.0]):
        assert np.isnan(cv(few))


def test_cv_of_poisson_and_gamma_trains() -> None:
    """CV = 1/sqrt(shape) for gamma intervals; its standard error is below 1/sqrt(n) here."""
    rng = np.random.default_rng(0)
    for shape in (1, 4):
        train = np.cumsum(rng.gamma(shape, 5.0 / shape, size=40_000))
        assert cv(train) == pytest.approx(1.0 / np.sqrt(shape), abs=4.0 / np.sqrt(40_000))


def test_binned_counts_every_spike_once() -> None:
    counts = binned([[0.0, 4.9, 5.0, 20.0], []], width=5.0, stop=20.0)
    assert counts.tolist() == [[2, 1, 0, 1], [0, 0, 0, 0]]
    assert binned([[21.0]], width=5.0, stop=22.0).sum() == 0  # the rest is left out
    assert binned([0.1 * np.arange(30)], width=0.1, stop=3.0).tolist() == [[1] * 30]
    # The last bin ends at `stop`: what is less than an ulp of its place before belongs to it.
    assert binned([[100.0 - 1e-11]], width=10.0, stop=100.0).tolist() == [[0] * 9 + [1]]
    # A rest shorter than a bin is left out, however short it is, its end too.
    assert binned([[1000.005]], width=10.0, stop=1000.005).sum() == 0
    assert binned([], width=10.0, stop=100.0).shape == (0, 10)
    with pytest.raises(InputError, match=r"width = 30: at most the span, 20 ms"):
        binned([[]], width=30, stop=20.0)
    with pytest.raises(InputError, match=r"width = 0: a number of ms, above 0"):
        binned([[]], width=0, stop=20.0)


def test_correlation_is_numpys() -> None:
    rng = np.random.default_rng(1)
    trains = [np.sort(rng.uniform(0, 1000, size=80)) for _ in range(3)]
    trains.append(trains[0] + 0.0)
    found = correlation(trains, width=20.0, stop=1000.0)
    edges = np.arange(0.0, 1001.0, 20.0)
    expected = np.corrcoef([np.histogram(t, edges)[0] for t in trains])
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found[0, 3] == pytest.approx(1.0)


def test_correlation_of_a_silent_train_is_not_a_number() -> None:
    found = correlation([[1.0], []], width=1.0, stop=4.0)
    assert found[0, 0] == 1.0
    assert np.isnan(found[1]).all()
    assert np.isnan(found[0, 1])


@given(SHORT, SHORT, COST)
@settings(max_examples=60, deadline=None)
def test_victor_purpura_is_the_cheapest_of_all_pairings(
    a: list[float], b: list[float], cost: float
) -> None:
    assert victor_purpura(a, b, cost=cost) == pytest.approx(cheapest_matching(a, b, cost))


@given(TIMES, TIMES, TIMES, COST, TAU)
@settings(max_examples=80, deadline=None)
def test_distances_are_metrics(
    a: list[float], b: list[float], c: list[float], cost: float, tau: float
) -> None:
    for distance in (partial(victor_purpura, cost=cost), partial(van_rossum, tau=tau)):
        assert distance(a, a) == 0.0
        assert distance(a, b) == pytest.approx(distance(b, a), abs=1e-9)
        # van Rossum's is a root: an error of 1e-15 in the square is 3e-8 here.
        assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-6


def test_victor_purpura_between_its_limits() -> None:
    a, b = [10.0, 20.0, 30.0], [12.0, 20.0]
    assert victor_purpura(a, b, cost=0.0) == 1.0  # difference of counts
    assert victor_purpura(a, b, cost=np.inf) == 3.0  # all but the coincidence
    assert victor_purpura(a, b, cost=0.25) == pytest.approx(0.5 + 1.0)
    assert victor_purpura([0.0], [9.0], cost=0.25) == 2.0  # further apart than 2/cost
    with pytest.raises(InputError, match=r"cost = -1: a number of 1/ms, 0 or more"):
        victor_purpura(a, b, cost=-1)
    with pytest.raises(InputError, match="a row of finite spike times"):
        victor_purpura([np.nan], b, cost=1.0)
    for wrong in (None, "x", np.nan):
        with pytest.raises(InputError, match=r"cost = .*: a number of 1/ms, 0 or more"):
            victor_purpura(a, b, cost=wrong)  # type: ignore[arg-type]


def test_distances_of_long_trains_with_ties_are_those_of_the_definitions() -> None:
    """The recursion of Victor and Purpura cell by cell, and van Rossum's as a sum over pairs."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        a, b = (np.round(rng.uniform(0, 300, rng.integers(0, 60)), 0) for _ in range(2))
        cost, tau = float(rng.choice([0.0, 0.01, 0.3, 5.0])), float(rng.choice([0.1, 10.0, 1e4]))
        least = np.add.outer(np.arange(a.size + 1.0), np.arange(b.size + 1.0))
        one, two = np.sort(a), np.sort(b)
        for i in range(a.size):
            for j in range(b.size):
                shifted = least[i, j] + cost * abs(one[i] - two[j])
                least[i + 1, j + 1] = min(least[i, j + 1] + 1, least[i + 1, j] + 1, shifted)
        assert victor_purpura(a, b, cost=cost) == pytest.approx(least[-1, -1], abs=1e-9)
        pairs = [
            np.exp(-np.abs(np.subtract.outer(x, y)) / tau).sum() / 2
            for x, y in ((a, a), (b, b), (a, b))
        ]
        square = pairs[0] + pairs[1] - 2 * pairs[2]
        assert van_rossum(a, b, tau=tau) ** 2 == pytest.approx(square, abs=1e-9)


def test_spikes_that_coincide_in_one_train_count_each() -> None:
    assert victor_purpura([1.0, 1.0, 1.0], [1.0], cost=1.0) == 2.0
    assert van_rossum([1.0, 1.0], [], tau=3.0) ** 2 == pytest.approx(2.0)  # (2 f)^2
    assert victor_purpura([], [], cost=1.0) == van_rossum([], [], tau=1.0) == 0.0


def test_van_rossum_in_closed_form() -> None:
    assert van_rossum([5.0], [], tau=3.0) ** 2 == pytest.approx(0.5)
    for lag in (0.0, 1.0, 7.0):
        found = van_rossum([5.0], [5.0 + lag], tau=3.0) ** 2
        assert found == pytest.approx(1.0 - np.exp(-lag / 3.0))
    with pytest.raises(InputError, match=r"tau = 0: a number of ms, above 0"):
        van_rossum([1.0], [2.0], tau=0)


@given(SHORT, SHORT)
@settings(max_examples=15, deadline=None)
def test_van_rossum_is_the_integral(a: list[float], b: list[float]) -> None:
    tau = 4.0

    def square(t: float) -> float:
        f = sum(np.exp(-(t - x) / tau) for x in a if t >= x)
        g = sum(np.exp(-(t - x) / tau) for x in b if t >= x)
        return float((f - g) ** 2)

    ends = sorted({0.0, *a, *b, 20.0})
    area = sum(quad(square, x, y)[0] for x, y in pairwise(ends) if y > x)
    area += square(20.0) * tau / 2.0  # the tail decays with 2/tau
    assert van_rossum(a, b, tau=tau) ** 2 == pytest.approx(area / tau, abs=1e-6)


def test_compare() -> None:
    a = SpikeTrains.from_times({"A": [10.0, 20.0, 40.0], "B": []}, stop=100.0)
    b = SpikeTrains.from_times({"A": [10.0, 21.0, 40.0], "B": []}, stop=100.0)
    found = compare(a, b, cost=0.1, tau=10.0, width=10.0)
    assert found.rate.tolist() == [[30.0, 0.0], [30.0, 0.0]]
    assert found.victor_purpura == pytest.approx([0.1, 0.0])
    assert found.per_spike == pytest.approx([0.1 / 6, 0.0])
    assert np.isnan(found.mean_correlation).all()
    assert list(found.to_dataframe()["unit"]) == ["A", "B"]
    assert found.provenance["victor_purpura_cost_per_ms"] == 0.1


def test_compare_refuses_recordings_of_other_things() -> None:
    a = SpikeTrains.from_times({"A": [10.0]}, stop=100.0)
    with pytest.raises(InputError, match=r"units \['B'\]"):
        compare(a, SpikeTrains.from_times({"B": [10.0]}, stop=100.0))
    with pytest.raises(InputError, match="the span of a, 0 to 100"):
        compare(a, SpikeTrains.from_times({"A": [10.0]}, stop=50.0))
    with pytest.raises(InputError, match=r"b = \[10.0\]: SpikeTrains.*from_times"):
        compare(a, [10.0])  # type: ignore[arg-type]
