"""State order, tables in and out, independence and its projection."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn import order
from causal_snn.errors import InputError
from causal_snn.tpm import TPM

sizes_ = st.lists(st.integers(2, 3), min_size=1, max_size=4)


def random_joint(sizes: list[int], seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).random((int(np.prod(sizes)),) * 2) ** 3
    return rows / rows.sum(axis=1, keepdims=True)


def test_little_endian_as_in_pyphi() -> None:
    assert [tuple(s) for s in order.states((2, 2))] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert order.number((1, 2, 0), (2, 3, 2)) == 1 + 2 * 2


def test_many_states_at_once_and_columns_follow_the_same_order() -> None:
    sizes = (2, 3, 2)
    table = order.states(sizes)
    assert order.numbers(list(table.T), sizes).tolist() == list(range(len(table)))
    factors = [np.random.default_rng(k).random((size, 5)) for k, size in enumerate(sizes)]
    rows = order.product([factor.T for factor in factors])
    assert np.array_equal(order.product_of_columns(factors), rows.T)


def test_order_agrees_with_pyphi_itself() -> None:
    from pyphi import Substrate

    table = np.random.default_rng(0).random((8, 3))
    ours = TPM.from_state_by_node(table)
    theirs = Substrate(table)
    for k, marginal in enumerate(ours.marginals):
        assert np.asarray(theirs.factored_tpm.factor(k)) == pytest.approx(marginal)


@given(sizes=sizes_)
def test_numbers_and_states_are_inverse(sizes: list[int]) -> None:
    table = order.states(sizes)
    assert [order.number(state, sizes) for state in table] == list(range(len(table)))
    grid = np.random.default_rng(0).random((*sizes, 2))
    assert np.array_equal(order.unflat(order.flat(grid, len(sizes)), sizes), grid)
    rows = order.flat(grid, len(sizes))
    for number, state in enumerate(table):
        assert np.array_equal(rows[number], grid[tuple(state)])


@given(n=st.integers(1, 4), seed=st.integers(0, 2**31))
def test_state_by_node_round_trip(n: int, seed: int) -> None:
    table = np.random.default_rng(seed).random((2**n, n))
    matrix = TPM.from_state_by_node(table)
    assert matrix.state_by_node == pytest.approx(table)
    assert matrix.independence_gap == 0.0
    again = TPM.from_state_by_node(table.reshape((2,) * n + (n,), order="F"))
    assert again.state_by_node == pytest.approx(table)
    joint = TPM.from_state_by_state(matrix.state_by_state)
    assert joint.state_by_node == pytest.approx(table)
    assert joint.independence_gap == pytest.approx(0.0, abs=1e-12)


@given(sizes=sizes_, seed=st.integers(0, 2**31))
def test_the_gap_is_the_worst_distance_to_the_projection(sizes: list[int], seed: int) -> None:
    joint = random_joint(sizes, seed)
    matrix = TPM.from_state_by_state(joint, sizes=sizes)
    # Independent of the library: marginals and products by explicit loops.
    product = np.ones_like(joint)
    table = order.states(sizes)
    for k in range(len(sizes)):
        for column, state in enumerate(table):
            same = table[:, k] == state[k]
            product[:, column] *= joint[:, same].sum(axis=1)
    distance = 0.5 * np.abs(joint - product).sum(axis=1)
    assert matrix.independence_gap == pytest.approx(distance.max(), abs=1e-12)
    assert matrix.independence.mean == pytest.approx(distance.mean(), abs=1e-12)
    projected = matrix.project()
    assert projected.state_by_state == pytest.approx(product, abs=1e-12)
    assert projected.independence_gap == 0.0
    assert projected.projection_distance == pytest.approx(distance.max(), abs=1e-12)
    assert matrix.projection_distance is None


def test_perfectly_correlated_units_have_the_gap_of_one_bit() -> None:
    joint = np.tile([0.5, 0.0, 0.0, 0.5], (4, 1))
    assert TPM.from_state_by_state(joint).independence_gap == pytest.approx(0.5)


@given(sizes=sizes_, seed=st.integers(0, 2**31))
def test_stationary_is_invariant(sizes: list[int], seed: int) -> None:
    matrix = TPM.from_state_by_state(random_joint(sizes, seed), sizes=sizes)
    law = matrix.stationary()
    assert law.sum() == pytest.approx(1.0)
    assert law @ matrix.state_by_state == pytest.approx(law, abs=1e-9)


def test_stationary_of_a_cycle_is_uniform() -> None:
    assert TPM.from_state_by_state(np.roll(np.eye(4), 1, axis=1)).stationary() == pytest.approx(
        np.full(4, 0.25)
    )


def test_each_closed_class_counts_with_the_chance_of_ending_in_it() -> None:
    rows = np.zeros((8, 8))
    rows[0, 0] = 1.0  # absorbing
    rows[1, 2], rows[2, 1] = 1.0, 1.0  # a cycle of two
    rows[3, [0, 1]] = 0.25, 0.75
    rows[4, [3, 4]] = 0.5, 0.5  # ends like 3, later
    rows[[5, 6, 7], [0, 0, 1]] = 1.0
    law = TPM.from_state_by_state(rows).stationary()
    first = (1 + 0.25 + 0.25 + 2) / 8
    assert law == pytest.approx([first, (1 - first) / 2, (1 - first) / 2, 0, 0, 0, 0, 0])
    powers = np.linalg.matrix_power(0.5 * (rows + np.eye(8)), 4096)
    assert law == pytest.approx(powers.mean(axis=0), abs=1e-9)


def test_reachable_states_are_those_something_leads_to() -> None:
    matrix = TPM.from_state_by_node([[0, 0], [1, 0], [0, 0], [1, 0]])  # B is never on
    assert list(matrix.reachable()) == [True, True, False, False]


def test_state_names_and_xarray() -> None:
    matrix = TPM.from_state_by_node(np.full((4, 2), 0.5), labels=("L", "R"))
    assert matrix.state_name((1, 0)) == "L on, R off"
    data = matrix.to_xarray()
    assert data["R"].sel({"L now": "on", "R now": "off", "R next": "on"}).item() == 0.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TPM.from_state_by_node(np.full((4, 3), 0.5)), r"shape \(2\^n, n\)"),
        (lambda: TPM.from_state_by_node([[0.5], [1.8]]), r"unit A at state \(1,\).*sum to 1"),
        (lambda: TPM.from_state_by_node([[0.5], [np.nan]]), "unit A at state"),
        (lambda: TPM.from_state_by_state(np.eye(3)), "sizes with product 3"),
        (lambda: TPM.from_state_by_state(np.ones((2, 3))), "a square table"),
        (lambda: TPM.from_state_by_state(np.full((4, 4), 0.3)), "the joint row at state"),
        (lambda: TPM.from_state_by_node([[0.5], [0.5]], labels=("A", "B")), "1 names that differ"),
        (lambda: TPM.from_state_by_state(np.eye(9), sizes=(3, 3)).state_by_node, "binary units"),
        (lambda: order.number((0, 3), (2, 3)), "0 to 2 for unit 1, not 3"),
        (lambda: order.number((0,), (2, 3)), "2 numbers, one for each unit"),
        (lambda: order.number("00", (2, 3)), "2 numbers"),  # type: ignore[arg-type]
        (lambda: order.number((0.5, 1), (2, 3)), "whole numbers"),  # type: ignore[arg-type]
    ],
)
def test_bad_tables_name_the_fault(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=message):
        make()


def test_transitions_of_any_smallness_count() -> None:
    both = TPM.from_state_by_state([[1.0, 1e-20], [1e-20, 1.0]])
    assert both.stationary() == pytest.approx([0.5, 0.5])
    assert TPM.from_state_by_state([[1.0, 1e-20], [0.0, 1.0]]).stationary() == pytest.approx([0, 1])


def test_what_underflows_is_unreachable_as_it_is_for_pyphi() -> None:
    rare = TPM.from_state_by_node(np.full((4, 2), 1e-200))
    assert list(rare.reachable()) == [True, True, True, False]


def test_no_joint_goes_without_its_gap() -> None:
    product = TPM.from_state_by_node(np.full((4, 2), 0.5))
    joint = np.tile([0.5, 0.0, 0.0, 0.5], (4, 1))
    correlated = TPM(product.marginals, product.labels, product.cells, joint=joint)
    assert correlated.independence_gap == pytest.approx(0.5)
    joint[0, 0] = 9.0
    assert correlated.state_by_state[0, 0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        correlated.state_by_state[0, 0] = 9.0
    with pytest.raises(InputError, match="2 labels"):
        TPM(product.marginals, ("A",), product.cells)
    with pytest.raises(InputError, match=r"joint = 'shape \(2, 2\)'"):
        TPM(product.marginals, product.labels, product.cells, joint=np.eye(2))
