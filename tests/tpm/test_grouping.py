"""The search for the best grouping: enumeration by other software, bounds, published optima."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sympy import bell
from sympy.utilities.iterables import multiset_partitions

from causal_snn.errors import InputError
from causal_snn.tpm import TPM
from causal_snn.tpm.closure import lumpability_gap
from causal_snn.tpm.emergence import coarse_tpm
from causal_snn.tpm.grouping import best_grouping, merge_path
from causal_snn.tpm.information import measures

Floats = NDArray[np.float64]
seeds = st.integers(0, 2**31)
type Objective = Literal["effective_information", "effectiveness"]
OBJECTIVES: list[Objective] = ["effective_information", "effectiveness"]


def one_block(m: int) -> Floats:
    """Return m states uniform among themselves and one that stays (Hoel 2017)."""
    P = np.zeros((m + 1, m + 1))
    P[:m, :m], P[m, m] = 1 / m, 1
    return P


def noisy_map(n: int, seed: int) -> Floats:
    """Return a random map of states to few others, with noise: groupings pay there."""
    rng = np.random.default_rng(seed)
    P = np.eye(n)[rng.integers(0, min(n, max(2, n // 2)), n)]
    P = 0.9 * P + 0.1 * rng.dirichlet(np.ones(n), n)
    return np.asarray(P / P.sum(axis=1, keepdims=True))


def all_values(P: Floats, objective: Objective, max_gap: float | None) -> Iterator[float]:
    """Yield the objective of every allowed grouping, enumerated by sympy."""
    for groups in multiset_partitions(list(range(len(P)))):
        if max_gap is None or lumpability_gap(P, groups) <= max_gap:
            yield getattr(measures(coarse_tpm(P, groups)), objective)


def test_eight_states_of_hoel_2017() -> None:
    """Of all 4,140 groupings {0..6}, {7} is best, with 1 bit; no grouping can have more."""
    found = best_grouping(one_block(7))
    assert found.groups == (tuple(range(7)), (7,))
    assert found.value == pytest.approx(1.0, abs=1e-12)
    assert found.micro_value == pytest.approx(0.543564, abs=1e-6)
    assert found.gain == pytest.approx(1 - 0.543564, abs=1e-6)
    assert (found.method, found.optimal, found.evaluated) == ("exhaustive", True, 4140)
    assert found.upper == pytest.approx(1.0, abs=1e-9)
    assert found.lumpability_gap < 1e-15


def test_capacity_proves_what_the_heuristic_found() -> None:
    found = best_grouping(one_block(15))
    assert found.groups == (tuple(range(15)), (15,))
    assert (found.method, found.optimal) == ("heuristic", True)


def test_and_pairs_of_hoel_2013() -> None:
    """The published grouping, found among those of 16 states: its four cells by hand."""
    table = np.full((2, 2, 2, 2, 4), 0.3)
    table[:, :, 1, 1, :2] = 1.0
    table[1, 1, :, :, 2:] = 1.0
    tpm = TPM.from_state_by_node(table)
    found = best_grouping(tpm)
    on = [int(s[0] & s[1]) + 2 * int(s[2] & s[3]) for s in tpm.states]
    assert len({*zip(on, found.cells, strict=True)}) == len(set(found.cells)) == 4
    assert found.value == pytest.approx(1.551829, abs=1e-6)
    assert found.lumpability_gap < 1e-15


@settings(max_examples=15)
@given(
    n=st.integers(1, 5),
    seed=seeds,
    objective=st.sampled_from(OBJECTIVES),
    max_gap=st.sampled_from([None, 0.0, 0.1, 0.5]),
)
def test_exhaustive_is_the_maximum(
    n: int, seed: int, objective: Objective, max_gap: float | None
) -> None:
    P = noisy_map(n, seed)
    found = best_grouping(P, objective=objective, max_gap=max_gap)
    best = max(all_values(P, objective, max_gap))
    assert found.value == pytest.approx(best, abs=1e-11)
    assert found.value == getattr(measures(coarse_tpm(P, found.cells)), objective)
    assert found.evaluated == bell(n)
    assert found.optimal
    assert found.value <= found.upper + 1e-12
    assert found.lumpability_gap == lumpability_gap(P, found.cells)
    assert max_gap is None or found.lumpability_gap <= max_gap


@settings(max_examples=15)
@given(n=st.integers(1, 6), seed=seeds, objective=st.sampled_from(OBJECTIVES))
def test_heuristic_never_passes_the_maximum(n: int, seed: int, objective: Objective) -> None:
    P = noisy_map(n, seed)
    best = best_grouping(P, objective=objective)
    found = best_grouping(P, objective=objective, method="heuristic")
    assert found.value == getattr(measures(coarse_tpm(P, found.cells)), objective)
    assert best.micro_value <= found.value + 1e-12
    assert found.value <= best.value + 1e-12


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_heuristic_hardly_misses_the_maximum(objective: Objective) -> None:
    hits = groups = 0
    for seed in range(20):
        P = noisy_map(7, seed)
        best = best_grouping(P, objective=objective)
        found = best_grouping(P, objective=objective, method="heuristic")
        hits += found.value >= best.value - 1e-10
        groups += len(best.groups) < 7
    assert hits >= 19
    assert groups >= 15  # a grouping was to be found


@settings(max_examples=10)
@given(seed=seeds)
def test_heuristic_keeps_to_a_closure_bound(seed: int) -> None:
    P = noisy_map(7, seed)
    found = best_grouping(P, max_gap=0.2, method="heuristic")
    assert found.lumpability_gap <= 0.2
    assert found.micro_value - 1e-12 <= found.value
    assert found.value <= best_grouping(P, max_gap=0.2).value + 1e-12


def test_ties_keep_most_cells() -> None:
    """The block model ties in bits at every even grouping, so that nothing is joined."""
    P = np.kron(np.eye(2), np.full((3, 3), 0.2)) + 1 / 15
    methods: list[Literal["exhaustive", "heuristic"]] = ["exhaustive", "heuristic"]
    for method in methods:
        found = best_grouping(P, method=method)
        assert found.cells == tuple(range(6))
        assert found.gain == pytest.approx(0, abs=1e-14)
        found = best_grouping(P, method=method, objective="effectiveness")
        assert found.groups == ((0, 1, 2), (3, 4, 5))


def test_many_states_in_planted_blocks() -> None:
    """Five blocks of six alike states, shuffled; the closed form log n/log k for the gain."""
    rng = np.random.default_rng(5)
    macro = 0.8 * np.eye(5)[[1, 2, 3, 4, 0]] + 0.2 / 5
    shuffled = rng.permutation(30)
    P = np.kron(macro, np.full((6, 6), 1 / 6))[shuffled][:, shuffled]
    found = best_grouping(P, objective="effectiveness")
    blocks = (shuffled // 6).tolist()
    assert len({*zip(blocks, found.cells, strict=True)}) == len(found.groups) == 5
    ratio = np.log(30) / np.log(5)
    assert found.value == pytest.approx(ratio * found.micro_value, abs=1e-12)
    assert not found.optimal  # the bound 1 of effectiveness proves nothing here


def test_one_and_two_states() -> None:
    methods: list[Literal["exhaustive", "heuristic"]] = ["exhaustive", "heuristic"]
    for method in methods:
        one = best_grouping([[1.0]], method=method)
        assert (one.cells, one.value, one.optimal) == ((0,), 0.0, True)
        two = best_grouping(np.eye(2), method=method)
        assert (two.cells, two.optimal) == ((0, 1), True)
        assert two.value == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_grouping() -> None:
    P = noisy_map(14, 2)
    first, second = (best_grouping(P, rng=7, restarts=3) for _ in range(2))
    assert first == second
    generator = best_grouping(P, rng=np.random.default_rng(7), restarts=3)
    assert (generator.cells, generator.provenance["seed"]) == (
        first.cells,
        "generator given by the caller",
    )
    assert first.provenance["seed"] == 7


@given(n=st.integers(1, 7), seed=seeds)
def test_each_merge_of_the_path_is_the_best(n: int, seed: int) -> None:
    P = noisy_map(n, seed)
    path = merge_path(P)
    assert [max(cells) + 1 for cells in path] == list(range(n, 0, -1))
    for fine, coarse in pairwise(path):
        k = max(fine) + 1
        merges = [
            tuple(a if cell == b else cell for cell in fine) for b in range(k) for a in range(b)
        ]
        best = max(measures(coarse_tpm(P, cells)).effective_information for cells in merges)
        found = measures(coarse_tpm(P, coarse)).effective_information
        assert found == pytest.approx(best, abs=1e-11)
        assert len({*zip(fine, coarse, strict=True)}) == k  # joins, never splits


@pytest.mark.slow
def test_ten_states_are_still_exhausted() -> None:
    found = best_grouping(noisy_map(10, 0))
    assert (found.method, found.evaluated) == ("exhaustive", 115_975)
    assert best_grouping(noisy_map(10, 0), method="heuristic").value <= found.value + 1e-12


def test_bad_input_is_named() -> None:
    P = np.eye(14)
    with pytest.raises(InputError, match="method='heuristic'"):
        best_grouping(P, method="exhaustive")
    for wrong in (
        {"method": "greedy"},
        {"objective": "phi"},
        {"max_gap": -1},
        {"restarts": -1},
        {"restarts": 1.5},
    ):
        with pytest.raises(InputError, match=next(iter(wrong))):
            best_grouping(P, **wrong)
    with pytest.raises(InputError, match="max_gap"):
        best_grouping(P, max_gap=float("nan"))
    with pytest.raises(InputError, match="P at row 0"):
        best_grouping(np.zeros((3, 3)))
