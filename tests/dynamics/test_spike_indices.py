"""Indices of spike trains: hand counts, known limits, invariances."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn.dynamics.firing.spike_indices import (
    adaptation_index,
    burst_index,
    coefficient_of_variation,
    isi,
    local_variation,
)
from causal_snn.errors import InputError

trains = st.lists(st.floats(0.1, 1e3), min_size=2, max_size=30).map(
    lambda intervals: np.concatenate([[0.0], np.cumsum(intervals)])
)
INDICES = (coefficient_of_variation, local_variation, adaptation_index)


def test_intervals() -> None:
    np.testing.assert_array_equal(isi([1.0, 3.0, 7.5]), [2.0, 4.5])
    assert isi([]).shape == isi([5.0]).shape == (0,)


def test_hand_values() -> None:
    times = [0.0, 10.0, 30.0, 60.0]  # intervals 10, 20, 30
    assert coefficient_of_variation(times) == pytest.approx(math.sqrt(200 / 3) / 20)
    assert local_variation(times) == pytest.approx(3 / 2 * (1 / 9 + 1 / 25))
    assert adaptation_index(times) == pytest.approx((1 / 3 + 1 / 5) / 2)
    # Shinomoto 2009, equation for LvR, in its first form
    pairs = ((10.0, 20.0), (20.0, 30.0))
    exact = sum(3 / 2 * (1 - 4 * a * b / (a + b) ** 2) * (1 + 4 * 5 / (a + b)) for a, b in pairs)
    assert local_variation(times, refractory=5.0) == pytest.approx(exact)


def test_a_clock_has_no_variation() -> None:
    for index in INDICES:
        assert index(np.arange(10.0)) == pytest.approx(0.0, abs=1e-15)


def test_a_poisson_train_has_both_variations_near_1() -> None:
    times = np.cumsum(np.random.default_rng(1).exponential(20.0, 40_000))
    assert coefficient_of_variation(times) == pytest.approx(1.0, abs=0.02)
    assert local_variation(times) == pytest.approx(1.0, abs=0.02)
    assert adaptation_index(times) == pytest.approx(0.0, abs=0.01)
    # P(two spikes within 10 ms) = 1 - exp(-1/2); a spike is lonely if neither side is
    assert burst_index(times) == pytest.approx(1 - math.exp(-1.0), abs=0.01)


def test_gamma_trains_have_known_variations() -> None:
    # Gamma intervals of shape k: CV = 1/sqrt(k), LV = 3/(2 k + 1) (Shinomoto 2003, eq. 4)
    times = np.cumsum(np.random.default_rng(2).gamma(3.0, 10.0, 40_000))
    assert coefficient_of_variation(times) == pytest.approx(1 / math.sqrt(3), abs=0.01)
    assert local_variation(times) == pytest.approx(3 / 7, abs=0.01)


def test_slow_changes_of_rate_move_cv_and_not_lv() -> None:
    times = np.cumsum(np.concatenate([np.full(200, 5.0), np.full(200, 50.0)]))
    assert coefficient_of_variation(times) > 0.8
    assert local_variation(times) < 0.01


def test_bursts_by_hand() -> None:
    times = [0.0, 3.0, 6.0, 50.0, 100.0, 104.0]  # a triplet, one alone, a pair
    assert burst_index(times) == pytest.approx(5 / 6)
    assert burst_index(times, fewest=3) == pytest.approx(3 / 6)
    assert burst_index(times, fewest=4) == 0.0
    assert burst_index(times, longest=3.5) == pytest.approx(3 / 6)
    assert burst_index(times, longest=50.0) == 1.0
    assert burst_index([7.0]) == 0.0
    assert burst_index([0.0, 10.0]) == 1.0  # the longest interval belongs


@given(trains, st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_scale_and_shift_change_nothing(times: Any, scale: float, shift: float) -> None:
    for index in INDICES:
        assert index(scale * times + shift) == pytest.approx(index(times), abs=1e-6)
    moved = burst_index(times * 4.0, longest=40.0)
    assert moved == burst_index(times)


@given(trains)
def test_ranges_and_reversal(times: Any) -> None:
    assert -1 <= adaptation_index(times) <= 1
    assert 0 <= local_variation(times) <= 3
    assert 0 <= burst_index(times) <= 1
    back = times[-1] - times[::-1]
    assert adaptation_index(back) == pytest.approx(-adaptation_index(times), abs=1e-9)
    assert local_variation(back) == pytest.approx(local_variation(times), abs=1e-9)


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("times", [[], [1.0], [1.0, 2.0]], ids=["none", "one", "two"])
def test_too_few_spikes_say_how_many(index: Callable[..., float], times: list[float]) -> None:
    with pytest.raises(InputError, match=f"'{len(times)} spikes': 3 or more spikes"):
        index(times)


def test_bad_trains_and_options_are_named() -> None:
    with pytest.raises(InputError, match="'3, 2': rising times"):
        isi([1.0, 3.0, 2.0])
    with pytest.raises(InputError, match="finite"):
        isi([1.0, math.nan])
    with pytest.raises(InputError, match="shape"):
        isi(np.zeros((2, 2)))
    with pytest.raises(InputError, match="1 or more spikes"):
        burst_index([])
    with pytest.raises(InputError, match="longest = 0"):
        burst_index([1.0, 2.0], longest=0)
    with pytest.raises(InputError, match="fewest = 1"):
        burst_index([1.0, 2.0], fewest=1)
    with pytest.raises(InputError, match="refractory = -1"):
        local_variation([1.0, 2.0, 3.0], refractory=-1)
