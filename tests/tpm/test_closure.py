"""Closure rate and lumpability gap: joint laws by brute force, closed forms, bounds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from causal_snn.errors import InputError
from causal_snn.tpm import TPM
from causal_snn.tpm.closure import closure, closure_rate, lumpability_gap
from causal_snn.tpm.emergence import cell_labels

Floats = NDArray[np.float64]
seeds = st.integers(0, 2**31)


@st.composite
def chains(draw: st.DrawFn) -> tuple[Floats, list[int], Floats]:
    """Draw a matrix, a cell for each state, and a law."""
    n, rng = draw(st.integers(1, 7)), np.random.default_rng(draw(seeds))
    labels = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    labels = [sorted(set(labels)).index(label) for label in labels]
    return rng.dirichlet(np.full(n, 0.4), n), labels, rng.dirichlet(np.ones(n))


def information(joint: Floats) -> float:
    """Return the mutual information of a joint law in bits, by scipy's relative entropy."""
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    return float(stats.entropy(joint.ravel(), apart.ravel(), base=2))


@given(chain=chains())
def test_rate_is_what_the_micro_state_adds(chain: tuple[Floats, list[int], Floats]) -> None:
    """I(U; X') - I(X; X'), both from joint laws."""
    P, labels, law = chain
    A = np.eye(max(labels) + 1)[labels]
    micro = law[:, None] * P @ A
    found = closure(P, labels, law=law)
    assert found.rate == pytest.approx(information(micro) - information(A.T @ micro), abs=1e-12)
    assert sum(found.of_cell) == pytest.approx(found.rate, abs=1e-15)
    assert min(found.of_cell) >= 0


@given(chain=chains())
def test_gap_is_the_worst_pair(chain: tuple[Floats, list[int], Floats]) -> None:
    P, labels, _ = chain
    effects = P @ np.eye(max(labels) + 1)[labels]
    pairs = [(i, j) for i, j in combinations(range(len(P)), 2) if labels[i] == labels[j]]
    distances = [np.abs(effects[i] - effects[j]).sum() / 2 for i, j in pairs]
    found = closure(P, labels)
    assert found.gap == pytest.approx(max(distances, default=0.0), abs=1e-15)
    assert found.gap == lumpability_gap(P, labels)
    i, j = found.worst_states
    assert labels[i] == labels[j]
    assert np.abs(effects[i] - effects[j]).sum() / 2 == pytest.approx(found.gap, abs=1e-15)


@given(chain=chains())
def test_pinsker(chain: tuple[Floats, list[int], Floats]) -> None:
    """The rate is at least (2/ln 2) sum law TV^2, so that no rate hides a common gap."""
    P, labels, law = chain
    A = np.eye(max(labels) + 1)[labels]
    effects = P @ A
    mean = (A * law[:, None]).T @ effects / (A.T @ law)[:, None]
    apart = np.abs(effects - mean[labels]).sum(axis=1) / 2
    assert closure_rate(P, labels, law=law) >= 2 / np.log(2) * law @ apart**2 - 1e-12


@given(n=st.integers(2, 8), seed=seeds)
def test_lumpable_chains_are_closed_under_every_law(n: int, seed: int) -> None:
    """Spread a macro matrix over cells, each state in its own way: lumpable by construction."""
    rng = np.random.default_rng(seed)
    labels = cell_labels(rng.integers(0, 3, n).tolist(), n)
    k = int(labels.max()) + 1
    macro, P = rng.dirichlet(np.ones(k), k), np.zeros((n, n))
    for state in range(n):
        for cell in range(k):
            inside = np.flatnonzero(labels == cell)
            P[state, inside] = macro[labels[state], cell] * rng.dirichlet(np.ones(len(inside)))
    law = rng.dirichlet(np.ones(n))
    for chosen in ("uniform", "stationary", law):
        assert closure_rate(P, labels, law=chosen) == pytest.approx(0.0, abs=1e-13)
    assert lumpability_gap(P, labels) == pytest.approx(0.0, abs=1e-14)


def test_rate_is_not_monotone_in_the_number_of_cells() -> None:
    """Three bits: a stays, b becomes c, c is drawn anew. Rates 0, 1, 0 for 2, 4, 8 cells."""
    P = np.zeros((8, 8))
    for number in range(8):
        a, c = number & 1, number >> 2
        for drawn in (0, 1):
            P[number, a + 2 * c + 4 * drawn] = 0.5
    rates = [closure_rate(P, [u % cells for u in range(8)]) for cells in (1, 2, 4, 8)]
    assert rates == pytest.approx([0, 0, 1, 0], abs=1e-15)
    assert closure(P, [u % 4 for u in range(8)]).of_cell == pytest.approx([0.25] * 4)
    tpm = TPM.from_state_by_state(P)  # joint rows, first unit fastest
    assert closure_rate(tpm, [u % 4 for u in range(8)]) == pytest.approx(1)


def test_law_decides_what_counts() -> None:
    """States 0 and 1 differ, but the free chain never comes back to 1."""
    P = np.array([[0.5, 0, 0.5], [1, 0, 0], [1, 0, 0]])
    cells = [0, 0, 1]
    assert closure_rate(P, cells, law="stationary") == pytest.approx(0, abs=1e-15)
    # Uniform law, by hand: 2/3 (h(1/4) - h(1/2)/2).
    h = stats.entropy([0.25, 0.75], base=2)
    assert closure_rate(P, cells) == pytest.approx(2 / 3 * (h - 0.5))
    found = closure(P, cells, law="stationary")
    assert (found.gap, found.worst_states) == (0.5, (0, 1))
    assert closure_rate(P, cells, law=[0, 0, 1]) == 0  # an empty cell adds nothing
    assert found.provenance["law"] == "stationary"


def test_one_cell_and_cells_of_one() -> None:
    P = np.random.default_rng(0).dirichlet(np.ones(5), 5)
    for cells in ([0] * 5, range(5)):
        found = closure(P, list(cells))
        assert found.rate == pytest.approx(0, abs=1e-15)
        assert found.gap == pytest.approx(0, abs=1e-15)
    assert closure([[1.0]], [0]).rate == 0


def test_certain_opposites() -> None:
    """Two states of a cell with opposite certain effects: 1 bit, gap 1."""
    P = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    found = closure(P, [0, 0, 1, 1], law=[0.5, 0.5, 0, 0])
    assert found.rate == pytest.approx(1)
    assert (found.gap, found.worst_states) == (1.0, (0, 1))


@pytest.mark.parametrize("law", ["observed", [0.5, 0.5], [2, -1, 0], [np.nan, 0.5, 0.5]])
def test_bad_laws_are_named(law: str | list[float]) -> None:
    with pytest.raises(InputError, match="law"):
        closure(np.eye(3), [0, 0, 1], law=law)
    with pytest.raises(InputError, match="cells"):
        closure(np.eye(3), [0, 1])
