"""Effective information and what is made of it: published values, other software, closed forms."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize, stats

from causal_snn.errors import InputError
from causal_snn.tpm import TPM
from causal_snn.tpm.capacity import CapacityStatus, causal_capacity
from causal_snn.tpm.closure import lumpability_gap
from causal_snn.tpm.emergence import (
    causal_emergence,
    cell_labels,
    coarse_network,
    coarse_tpm,
    unit_cells,
)
from causal_snn.tpm.grouping import merge_path
from causal_snn.tpm.information import (
    degeneracy,
    determinism,
    effective_information,
    effective_information_from_counts,
    measures,
)
from causal_snn.tpm.primitives import apportion, causal_primitives

Floats = NDArray[np.float64]
BLOCKS = np.kron(np.eye(2), np.full((4, 4), 0.17)) + 0.04
HALVES = [[0, 1, 2, 3], [4, 5, 6, 7]]
AND = (0, 0, 0, 1)
seeds = st.integers(0, 2**31)


def random_rows(n: int, seed: int, concentration: float = 0.4) -> Floats:
    return np.random.default_rng(seed).dirichlet(np.full(n, concentration), n)


def and_pairs() -> TPM:
    """The example of Hoel, Albantakis and Tononi 2013, fig. 2: A, B and C, D drive each other."""
    table = np.full((2, 2, 2, 2, 4), 0.3)  # axes A, B, C, D
    table[:, :, 1, 1, :2] = 1.0
    table[1, 1, :, :, 2:] = 1.0
    return TPM.from_state_by_node(table)


# Published values


def test_hoel_2013_figure_2() -> None:
    micro, tpm = measures(and_pairs()), and_pairs()
    assert micro.n == 16
    assert micro.effective_information == pytest.approx(1.148579, abs=1e-6)  # printed 1.15
    assert micro.determinism == pytest.approx(0.339032, abs=1e-6)
    assert micro.degeneracy == pytest.approx(0.051887, abs=1e-6)
    macro = measures(coarse_network(tpm, [[0, 1], [2, 3]], [AND, AND]))
    assert macro.effective_information == pytest.approx(1.551829, abs=1e-6)  # printed 1.55
    assert macro.determinism == pytest.approx(0.781765, abs=1e-6)
    assert macro.degeneracy == pytest.approx(0.005851, abs=1e-6)
    assert lumpability_gap(tpm, unit_cells(tpm.sizes, [[0, 1], [2, 3]], [AND, AND])) < 1e-15


def test_grouping_of_units_agrees_with_pyphi() -> None:
    """Marshall et al.'s macro units, which PyPhi builds its own way from the same mapping."""
    from pyphi import examples, macro

    substrate = examples.macro_substrate()
    micro = TPM.from_state_by_state(
        TPM(
            marginals=tuple(np.asarray(substrate.factored_tpm.factor(k)) for k in range(4)),
            labels=tuple("ABCD"),
            cells=(("off", "on"),) * 4,
        ).state_by_state
    )
    assert effective_information(micro) == pytest.approx(effective_information(and_pairs()))
    xor = (0, 1, 1, 0)
    for mappings in ([AND, AND], [AND, xor]):
        units = [
            macro.MacroUnit(group, 1, mapping)
            for group, mapping in zip([(0, 1), (2, 3)], mappings, strict=True)
        ]
        effect = macro.macro_tpms(substrate, units, [(0, 0, 0, 0)])[1]  # type: ignore[no-untyped-call]
        ours = coarse_network(micro, [[0, 1], [2, 3]], mappings)
        assert ours.labels == ("AB", "CD")
        assert ours.independence_gap < 1e-12
        for k, marginal in enumerate(ours.marginals):
            assert np.asarray(effect.factor(k)) == pytest.approx(marginal, abs=1e-12)


def test_causal_emergence_2_block_model_ties_in_bits() -> None:
    found = causal_emergence(BLOCKS, HALVES)
    assert found.micro.effective_information == pytest.approx(0.365690, abs=1e-6)
    assert found.micro.determinism == pytest.approx(0.121897, abs=1e-6)
    assert found.micro.degeneracy == pytest.approx(0.0, abs=1e-15)
    assert found.causal_emergence == pytest.approx(0.0, abs=1e-14)
    assert causal_primitives(BLOCKS) == pytest.approx(0.1219, abs=5e-5)
    assert causal_primitives(coarse_tpm(BLOCKS, HALVES)) == pytest.approx(0.3657, abs=5e-5)


def test_karate_club() -> None:
    """The value in the README of Klein and Hoel's einet: random walk, no weights."""
    links = nx.to_numpy_array(nx.karate_club_graph(), weight=None)
    walk = links / links.sum(axis=1, keepdims=True)
    assert effective_information(walk) == pytest.approx(2.35009509, abs=1e-8)


def test_hoel_2025_figure_2() -> None:
    """Four states that stay, four uniform among themselves: CP .66 to 1, a total gain of .33."""
    P = np.eye(8)
    P[4:, 4:] = 0.25
    grouped = [0, 1, 2, 3, 4, 4, 4, 4]
    path = [range(8), [*range(7), 6], [*range(6), 5, 5], grouped, [0, 1, 2, 3, 3, 3, 3, 3]]
    found = apportion(P, [list(scale) for scale in path])
    assert found.primitives[0] == pytest.approx(2 / 3)
    assert found.primitives[3:] == pytest.approx((1, 1))  # then no gain
    assert found.causal_emergence == pytest.approx(1 / 3)
    assert all(gain > 0 for gain in found.gains[:3])
    assert 0 < found.emergent_complexity < np.log2(3)


def test_sufficiency_and_necessity_of_two_closed_blocks() -> None:
    """Hoel 2025, S3: the gain is sigma_2 less the mean of all but the first singular value."""
    P = np.kron(np.eye(2), np.full((4, 4), 0.25))
    gain = apportion(
        P, [list(range(8)), HALVES], convention="sufficiency-necessity"
    ).causal_emergence
    sigma = np.linalg.svd(P, compute_uv=False)
    assert gain == pytest.approx(sigma[1] - sigma[1:].mean(), abs=1e-12)


# Measures of one matrix


@given(n=st.integers(2, 8), seed=seeds, uniform=st.booleans())
def test_effective_information_is_mutual_information(n: int, seed: int, uniform: bool) -> None:
    P = random_rows(n, seed)
    p = np.full(n, 1 / n) if uniform else np.random.default_rng(seed + 1).dirichlet(np.ones(n))
    joint = p[:, None] * P
    apart = p[:, None] * joint.sum(axis=0)
    expected = stats.entropy(joint.ravel(), apart.ravel(), base=2)
    found = measures(P, intervention=None if uniform else p)
    assert found.effective_information == pytest.approx(expected, abs=1e-12)
    assert found.effectiveness * np.log2(n) == pytest.approx(expected, abs=1e-12)
    assert -1e-15 <= found.effectiveness <= 1 + 1e-15
    assert found.determinism == determinism(P, intervention=None if uniform else p)
    assert found.degeneracy == degeneracy(P, intervention=None if uniform else p)


@given(n=st.integers(1, 4), m=st.integers(1, 4), seed=seeds)
def test_independent_systems_add_up(n: int, m: int, seed: int) -> None:
    P, Q = random_rows(n, seed), random_rows(m, seed + 1)
    total = effective_information(P) + effective_information(Q)
    assert effective_information(np.kron(P, Q)) == pytest.approx(total, abs=1e-12)


@given(n=st.integers(2, 6), seed=seeds)
def test_names_of_states_do_not_matter(n: int, seed: int) -> None:
    P, rng = random_rows(n, seed), np.random.default_rng(seed)
    before, after = rng.permutation(n), rng.permutation(n)
    assert effective_information(P[before][:, after]) == pytest.approx(
        effective_information(P), abs=1e-13
    )


@pytest.mark.parametrize(
    ("P", "bits", "certain", "degenerate"),
    [
        (np.eye(5)[[1, 2, 3, 4, 0]], np.log2(5), 1, 0),  # a permutation
        (np.eye(4)[[3, 3, 3, 3]], 0, 1, 1),  # a sink
        (np.full((4, 4), 0.25), 0, 0, 0),  # pure noise
        (np.eye(4)[[0, 0, 2, 2]], 1, 1, 0.5),  # two states have no cause
    ],
)
def test_extremes(P: Floats, bits: float, certain: float, degenerate: float) -> None:
    found = measures(P)
    assert found.effective_information == pytest.approx(bits, abs=1e-14)
    assert found.determinism == pytest.approx(certain, abs=1e-14)
    assert found.degeneracy == pytest.approx(degenerate, abs=1e-14)


def test_one_state() -> None:
    one = measures([[1.0]])
    assert (one.determinism, one.degeneracy, one.effective_information) == (1.0, 1.0, 0.0)
    assert causal_primitives([[1.0]]) == 0.0
    assert causal_primitives([[1.0]], convention="sufficiency-necessity") == 0.0
    capacity = causal_capacity([[1.0]])
    assert (capacity.lower, capacity.upper, capacity.success) == (0.0, 0.0, True)


def test_intervention_may_leave_states_out() -> None:
    P = np.array([[1, 0, 0], [0, 1, 0], [0.2, 0.3, 0.5]])
    assert effective_information(P, intervention=[0.5, 0.5, 0]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("P", "words"),
    [
        ([[0.5, 0.5], [0.5, 0.6]], "P at row 1"),
        ([[0.5, 0.5], [np.nan, 1]], "P at row 1"),
        ([[np.inf, -np.inf], [0, 1]], "P at row 0"),
        ([[1.5, -0.5], [0, 1]], "P at row 0"),
        ([[0.5, 0.5]], "square"),
        ([], "square"),
        (np.ones((1, 1, 1)), "square"),
    ],
)
def test_bad_matrices_are_named(P: list[list[float]], words: str) -> None:
    for measure in (effective_information, determinism, degeneracy, causal_capacity):
        with pytest.raises(InputError, match=words):
            measure(P)


@pytest.mark.parametrize("law", [[0.5, 0.6], [1.5, -0.5], [np.nan, 1], [1.0], [[0.5, 0.5]]])
def test_bad_interventions_are_named(law: list[float]) -> None:
    with pytest.raises(InputError, match="intervention"):
        effective_information(np.eye(2), intervention=law)


# Causal capacity


def test_capacity_of_a_symmetric_channel() -> None:
    """1 - h(e) for a binary one, with the uniform law."""
    found = causal_capacity([[0.9, 0.1], [0.1, 0.9]])
    assert found.lower == pytest.approx(1 - stats.entropy([0.1, 0.9], base=2), abs=1e-14)
    assert found.intervention == pytest.approx([0.5, 0.5])


@given(a=st.floats(0, 1), b=st.floats(0, 1))
def test_capacity_of_two_states_by_search(a: float, b: float) -> None:
    P = np.array([[a, 1 - a], [b, 1 - b]])

    def lost(p: float) -> float:
        joint = np.array([p, 1 - p])[:, None] * P
        apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        return -float(stats.entropy(joint.ravel(), apart.ravel(), base=2))

    best = -optimize.minimize_scalar(lost, bounds=(0.01, 0.99), method="bounded").fun
    found = causal_capacity(P)
    assert found.success
    assert best <= found.upper + 1e-12
    assert found.lower == pytest.approx(best, abs=1e-6)


@given(n=st.integers(2, 12), seed=seeds, concentration=st.sampled_from([0.02, 0.1, 1.0, 20.0]))
def test_capacity_bounds_hold_and_meet(n: int, seed: int, concentration: float) -> None:
    P = random_rows(n, seed, concentration)
    found = causal_capacity(P)
    assert found.success
    assert found.lower <= found.upper <= np.log2(n) + 1e-12
    assert found.upper - found.lower <= 1e-9
    # Each bound from its own law: what is attained, and what other laws reach.
    attained = effective_information(P, intervention=found.intervention / found.intervention.sum())
    assert attained == pytest.approx(found.lower, abs=1e-12)
    for law in np.random.default_rng(seed).dirichlet(np.full(n, 0.5), 20):
        assert effective_information(P, intervention=law) <= found.upper + 1e-12
    assert effective_information(P) <= found.upper + 1e-12


def test_capacity_without_convergence_keeps_true_bounds() -> None:
    P = random_rows(20, 0)
    found = causal_capacity(P, tolerance=1e-300, iterations=2)
    assert found.status is CapacityStatus.ITERATIONS or found.upper == found.lower
    exact = causal_capacity(P)
    assert found.lower <= exact.upper + 1e-12
    assert found.upper >= exact.lower - 1e-12
    with pytest.raises(InputError, match="tolerance"):
        causal_capacity(P, tolerance=0)
    with pytest.raises(InputError, match="iterations"):
        causal_capacity(P, iterations=0)


# From counts


def test_estimate_and_its_error_from_counts() -> None:
    """Many experiments: the mean within 4 of its standard errors, the spread as predicted."""
    rng = np.random.default_rng(3)
    P = np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    visits = [300, 450, 1000]
    draws = [rng.multinomial(visits[k], P[k], size=2000) for k in range(3)]
    found = [effective_information_from_counts(np.stack(rows)) for rows in zip(*draws, strict=True)]
    values = np.array([one.value for one in found])
    plug_in = np.array([one.plug_in for one in found])
    error, truth = values.std() / np.sqrt(len(values)), effective_information(P)
    assert values.mean() == pytest.approx(truth, abs=4 * error)
    assert plug_in.mean() > truth + 4 * error  # the correction is not idle
    predicted = np.mean([one.standard_error for one in found])
    assert plug_in.std() == pytest.approx(predicted, rel=0.05)


def test_many_counts_need_no_correction() -> None:
    found = effective_information_from_counts(np.round(BLOCKS * 1e12))
    assert found.value == pytest.approx(effective_information(BLOCKS), abs=1e-10)
    assert found.standard_error < 1e-5


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([[0, 0], [1, 2]], "no transition from state 0"),
        ([[1, -1], [1, 2]], "whole numbers"),
        ([[0.5, 1], [1, 2]], "whole numbers"),
        ([[np.inf, 1], [1, 2]], "whole numbers"),
        ([[1, 2]], "square"),
    ],
)
def test_bad_counts_are_named(counts: list[list[float]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        effective_information_from_counts(counts)


# Groupings and scales


def test_two_ways_to_write_cells() -> None:
    assert cell_labels([5, 5, 2], 3).tolist() == [0, 0, 1]
    assert cell_labels([[2], [0, 1]], 3).tolist() == [1, 1, 0]
    assert cell_labels(np.array([1, 0, 1]), 3).tolist() == [0, 1, 0]


@pytest.mark.parametrize("cells", [[0, 1], [[0], [1]], [[0, 1], [1, 2]], [[0, 1, 2], []], []])
def test_cells_that_do_not_fit_are_named(cells: list[int]) -> None:
    with pytest.raises(InputError, match="cells"):
        cell_labels(cells, 3)


@given(n=st.integers(1, 7), seed=seeds)
def test_coarse_matrix_by_hand(n: int, seed: int) -> None:
    P, rng = random_rows(n, seed), np.random.default_rng(seed)
    labels = cell_labels(rng.integers(0, 3, n).tolist(), n)
    law = rng.random(n) + 0.01
    macro = coarse_tpm(P, labels, law=law)
    for x in range(len(macro)):
        for y in range(len(macro)):
            flow = sum(
                law[i] * P[i, j]
                for i in range(n)
                for j in range(n)
                if labels[i] == x and labels[j] == y
            )
            assert macro[x, y] == pytest.approx(flow / law[labels == x].sum())


def test_a_cell_without_weight_is_named() -> None:
    with pytest.raises(InputError, match="no weight in cell 1"):
        coarse_tpm(np.eye(3), [0, 0, 1], law=[1, 1, 0])
    assert coarse_tpm(np.eye(3), [0, 0, 1], law=[1, 0, 1]).tolist() == [[1, 0], [0, 1]]
    for law in ([1, -1, 1], [1, 1], [np.nan, 1, 1]):
        with pytest.raises(InputError, match="law"):
            coarse_tpm(np.eye(3), [0, 0, 1], law=law)


def test_units_with_more_than_two_states() -> None:
    """A ternary unit read as on or off, beside a binary one that stays as it is."""
    labels = unit_cells((3, 2), [[1], [0]], [(0, 1), (0, 1, 1)])
    # Little-endian: the ternary unit, first in the micro order, is second in the macro order.
    assert labels.tolist() == [0, 2, 2, 1, 3, 3]


@pytest.mark.parametrize(
    ("groups", "mappings", "words"),
    [
        ([[0, 1]], [AND], "groups"),
        ([[0, 1], [1, 2]], [AND, AND], "groups"),
        ([[0, 1], [2]], [AND], "one mapping for each"),
        ([[0, 1], [2]], [AND, (0, 1, 1)], r"mappings\[1\]"),
        ([[0, 1], [2]], [AND, (0, 2)], r"mappings\[1\]"),
    ],
)
def test_bad_unit_groupings_are_named(
    groups: list[list[int]], mappings: list[tuple[int, ...]], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        unit_cells((2, 2, 2), groups, mappings)


@given(n=st.integers(2, 6), seed=seeds)
def test_primitives_by_hand(n: int, seed: int) -> None:
    P = random_rows(n, seed)
    sufficiency = necessity = 0.0
    for c in range(n):
        for e in range(n):
            elsewhere = np.mean([P[other, e] for other in range(n) if other != c])
            sufficiency += P[c, e] * P[c, e] / n
            necessity += P[c, e] * (1 - elsewhere) / n
    found = causal_primitives(P, convention="sufficiency-necessity")
    assert found == pytest.approx(sufficiency + necessity - 1, abs=1e-13)
    average = (determinism(P) + 1 - degeneracy(P)) / 2
    assert causal_primitives(P, convention="mean") == pytest.approx(average, abs=1e-14)


def test_apportionment_adds_up_and_checks_its_path() -> None:
    P = random_rows(6, 1)
    found = apportion(P, merge_path(P))
    assert sum(found.gains) == pytest.approx(found.causal_emergence)
    halved = apportion(P, merge_path(P), convention="mean")
    assert halved.gains[:-1] == pytest.approx([gain / 2 for gain in found.gains[:-1]])
    assert apportion(P, [range(6)]).gains == ()
    assert apportion(P, [range(6)]).emergent_complexity == 0.0
    with pytest.raises(InputError, match=r"path\[1\]"):
        apportion(P, [[0, 0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1]])
    with pytest.raises(InputError, match="path"):
        apportion(P, [])
    with pytest.raises(InputError, match="convention"):
        apportion(P, [range(6)], convention="product")  # type: ignore[arg-type]


def test_complexity_of_given_gains() -> None:
    """Shares of the gains by hand: 1/4 and 3/4; a loss between them counts as none."""
    made = replace(apportion(np.eye(2), [[0, 1]]), primitives=(0.0, 0.1, 0.05, 0.35))
    assert made.emergent_complexity == pytest.approx(stats.entropy([0.25, 0.75], base=2))
    assert replace(made, primitives=(0.0, 0.2, 0.4)).emergent_complexity == pytest.approx(1.0)
