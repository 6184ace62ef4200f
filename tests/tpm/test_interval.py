"""What an interval TPM promises, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn import order
from causal_snn.errors import InputError
from causal_snn.tpm import TPM
from causal_snn.tpm.interval import IntervalTPM


def random_bounds(sizes: tuple[int, ...], seed: int) -> tuple[IntervalTPM, list[TPM]]:
    """Return the hull of some random TPMs, and these."""
    rng = np.random.default_rng(seed)
    names = tuple(tuple(str(x) for x in range(k)) for k in sizes)
    labels = tuple("ABCD"[: len(sizes)])
    some = [
        TPM(tuple(rng.dirichlet(np.ones(k), size=sizes) for k in sizes), labels, names)
        for _ in range(3)
    ]
    columns = list(zip(*(each.marginals for each in some), strict=True))
    lower = tuple(np.min(column, axis=0) for column in columns)
    upper = tuple(np.max(column, axis=0) for column in columns)
    return IntervalTPM(lower, upper, labels, names), some


sizes_ = st.lists(st.integers(2, 3), min_size=1, max_size=3).map(tuple)


@given(sizes=sizes_, seed=st.integers(0, 2**31))
def test_a_hull_contains_what_it_is_made_of_and_its_centre(
    sizes: tuple[int, ...], seed: int
) -> None:
    box, inside = random_bounds(sizes, seed)
    assert all(box.contains(each, tolerance=0.0) for each in inside)
    assert box.contains(box.centre())
    outside, _ = random_bounds(sizes, seed + 1)
    far = outside.centre()
    gaps = [
        max(np.max(low - row), np.max(row - high), 0.0)
        for low, high, row in zip(box.lower, box.upper, far.marginals, strict=True)
    ]
    assert box.excess(far) == pytest.approx(max(gaps))


@given(n=st.integers(1, 3), seed=st.integers(0, 2**31))
def test_bounds_by_node_are_little_endian(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.random((2**n, n)) * 0.5
    high = low + rng.random((2**n, n)) * 0.5
    box = IntervalTPM.from_state_by_node(low, high)
    assert box.lower_by_node == pytest.approx(low)
    assert box.upper_by_node == pytest.approx(high)
    for row, state in enumerate(order.states((2,) * n)):
        for k in range(n):
            # P(off) is the complement: its bounds change places.
            assert box.lower[k][tuple(state)] == pytest.approx([1 - high[row, k], low[row, k]])
    assert box.width == pytest.approx(high - low)
    size, where, label = box.widest
    assert size == pytest.approx((high - low).max())
    assert size == pytest.approx((high - low)[order.number(where, box.sizes), "ABC".index(label)])
    assert box.contains(TPM.from_state_by_node((low + high) / 2))


def test_a_point_is_an_interval_of_no_width() -> None:
    table = np.array([[0.2], [0.9]])
    box = IntervalTPM.from_state_by_node(table, table)
    assert box.centre().state_by_node == pytest.approx(table)
    assert box.widest[0] == 0.0
    assert not box.contains(TPM.from_state_by_node(table + 1e-6))


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ([[0.5], [0.6]], [[0.5], [0.4]], r"bounds of unit A at state \(1,\)"),
        ([[0.5], [0.5]], [[0.5], [1.5]], r"bounds of unit A at state \(1,\)"),
        ([[0.5], [0.5]], [[np.nan], [0.5]], r"bounds of unit A at state \(0,\)"),
        ([[0.5], [0.5]], [[0.5]], "the shape"),
        ([[0.5]], [[0.5]], r"shape \(2\^n, n\)"),
    ],
)
def test_bad_bounds_name_the_fault(
    low: list[list[float]], high: list[list[float]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        IntervalTPM.from_state_by_node(low, high)


def test_bounds_that_no_law_can_fulfil_are_refused() -> None:
    three = (("a", "b", "c"),)
    low = (np.full((3, 3), 0.4),)
    with pytest.raises(InputError, match="the lower ones summing to at most 1"):
        IntervalTPM(low, (np.ones((3, 3)),), ("A",), three)
    with pytest.raises(InputError, match="binary units"):
        _ = IntervalTPM((np.zeros((3, 3)),), (np.ones((3, 3)),), ("A",), three).lower_by_node
    with pytest.raises(InputError, match=r"upper\[0\]"):
        IntervalTPM((np.zeros((3, 3)),), (np.ones((3, 2)),), ("A",), three)
    with pytest.raises(InputError, match="units with"):
        IntervalTPM((np.zeros((3, 3)),), (np.ones((3, 3)),), ("A",), three).contains(
            TPM.from_state_by_node([[0.5], [0.5]])
        )


def test_bounds_cannot_be_changed() -> None:
    box = IntervalTPM.from_state_by_node([[0.2], [0.3]], [[0.4], [0.5]])
    with pytest.raises(ValueError, match="read-only"):
        box.lower[0][0] = 0.0
