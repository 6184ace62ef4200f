"""The formulas of theory/12 against the package, simulation and published values."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from causal_snn.tpm import TPM
from causal_snn.tpm.capacity import causal_capacity
from causal_snn.tpm.closure import closure
from causal_snn.tpm.emergence import causal_emergence, coarse_network, coarse_tpm
from causal_snn.tpm.information import (
    effective_information,
    effective_information_from_counts,
    measures,
)

Evaluate = Callable[..., float]
Load = Callable[[str], ModuleType]
Proved = dict[str, dict[str, sp.Expr]]
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def proved(load_theory: Load) -> Proved:
    """Every formula of the file, by label."""
    return {label: derive() for label, derive in load_theory("12_information").RESULTS.items()}


def test_every_result_is_listed(proved: Proved) -> None:
    assert list(proved) == [f"I{n}" for n in range(1, 11)]
    assert all(proved.values())


@pytest.mark.parametrize(("m", "published"), [(3, 0.811278), (7, 0.543564)])
def test_one_block_and_one_state_that_stays(
    m: int, published: float, proved: Proved, evaluate: Evaluate
) -> None:
    """I6: the 4- and 8-state examples of Hoel 2017."""
    P = np.zeros((m + 1, m + 1))
    P[:m, :m], P[m, m] = 1 / m, 1
    found = causal_emergence(P, [0] * m + [1])
    assert found.micro.effective_information == pytest.approx(published, abs=1e-6)
    assert found.micro.effective_information == pytest.approx(
        evaluate(proved["I6"]["micro"], m=m), abs=1e-14
    )
    assert found.micro.determinism == pytest.approx(
        evaluate(proved["I6"]["determinism"], m=m), abs=1e-14
    )
    assert found.macro.effective_information == pytest.approx(1.0, abs=1e-14)


@given(s=st.floats(0.02, 0.98), k=st.integers(2, 4), m=st.integers(2, 4))
def test_equal_blocks_tie_in_bits_and_gain_in_effectiveness(s: float, k: int, m: int) -> None:
    """I7 for any number of blocks, which the derivation has in words."""
    macro = np.full((k, k), (1 - s) / (k - 1))
    np.fill_diagonal(macro, s)
    P = np.kron(macro, np.full((m, m), 1 / m))
    found = causal_emergence(P, np.repeat(np.arange(k), m))
    assert found.causal_emergence == pytest.approx(0.0, abs=1e-13)
    gain = np.log(k * m) / np.log(k)
    assert found.macro.effectiveness == pytest.approx(gain * found.micro.effectiveness, abs=1e-12)


def test_two_blocks_of_four(proved: Proved, evaluate: Evaluate) -> None:
    """I7 at the numbers of the CE 2.0 block model."""
    P = np.kron(np.eye(2), np.full((4, 4), 0.17)) + 0.04
    assert effective_information(P) == pytest.approx(
        evaluate(proved["I7"]["effective_information"], s=0.84), abs=1e-14
    )
    assert evaluate(proved["I7"]["gain"], k=2, m=4) == pytest.approx(3)


@pytest.mark.parametrize("r", [0.05, 0.3, 0.8])
def test_noisy_and_pairs(r: float, proved: Proved, evaluate: Evaluate) -> None:
    """I8 against the matrix built unit by unit."""
    table = np.full((16, 4), r)
    for number in range(16):
        a, b, c, d = ((number >> bit) & 1 for bit in range(4))
        table[number] = [1 if c and d else r] * 2 + [1 if a and b else r] * 2
    tpm = TPM.from_state_by_node(table)
    macro = coarse_network(tpm, [[0, 1], [2, 3]], [(0, 0, 0, 1)] * 2)
    for scale, name in ((tpm, "micro"), (macro, "macro")):
        found = measures(scale)
        formulas = {key: evaluate(expr, r=r) for key, expr in proved["I8"].items()}
        assert found.effective_information == pytest.approx(formulas[name], abs=1e-12)
        assert found.determinism == pytest.approx(formulas[f"{name}_determinism"], abs=1e-12)
        assert found.degeneracy == pytest.approx(formulas[f"{name}_degeneracy"], abs=1e-12)


@pytest.mark.parametrize("e", [0.01, 0.4, 0.95])
def test_z_channel(e: float, proved: Proved, evaluate: Evaluate) -> None:
    """I3: a capacity in closed form."""
    found = causal_capacity(np.array([[1, 0], [e, 1 - e]]))
    assert found.success
    exact = evaluate(proved["I3"]["z_channel"], e=e)
    assert found.lower - 1e-14 <= exact <= found.upper + 1e-14


def information(joint: Floats) -> float:
    """Return the mutual information of a joint law of two variables, in bits."""
    of_x, of_y = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
    at = joint > 0
    return float((joint[at] * np.log2((joint / (of_x * of_y))[at])).sum())


@given(n=st.integers(2, 7), seed=st.integers(0, 2**31), data=st.data())
def test_macro_information_is_micro_less_closure_less_detail(
    n: int, seed: int, data: st.DataObject
) -> None:
    """I4 in numbers, every part from a joint law; and the bound by capacity."""
    P = np.random.default_rng(seed).dirichlet(np.full(n, 0.4), n)
    labels = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    labels = np.unique(labels, return_inverse=True)[1]
    k = labels.max() + 1
    law = 1.0 / (k * np.bincount(labels)[labels])
    joint = law[:, None] * P
    A = np.eye(k)[labels]
    detail = 0.0  # I(U; U' | X')
    for cell in range(k):
        inside = joint[:, labels == cell]
        if inside.sum() > 0:
            detail += inside.sum() * information(inside / inside.sum())
    micro, macro = information(joint), effective_information(coarse_tpm(P, labels))
    rate = closure(P, labels, law=law).rate
    assert macro == pytest.approx(micro - rate - detail, abs=1e-12)
    assert macro == pytest.approx(information(A.T @ joint @ A), abs=1e-12)
    assert macro <= causal_capacity(P).upper + 1e-12


def test_closure_of_a_binary_cell(proved: Proved) -> None:
    """I5 and its bound from below, on three states of which two share a cell."""
    part = sp.lambdify(["w", "a", "b"], proved["I5"]["of_cell"])
    pinsker = sp.lambdify(["a", "c"], proved["I5"]["pinsker"])
    law = np.array([0.15, 0.45, 0.4])
    for a, b in np.random.default_rng(0).random((200, 2)):
        P = np.array([[a, 0, 1 - a], [0, b, 1 - b], [0.5, 0.5, 0]])
        rate = closure(P, [0, 0, 1], law=law).rate
        assert rate == pytest.approx(0.6 * part(0.25, a, b), abs=1e-12)
        mean = 0.25 * a + 0.75 * b
        assert rate >= 0.15 * pinsker(a, mean) + 0.45 * pinsker(b, mean) - 1e-12


def test_bias_of_counts(proved: Proved, evaluate: Evaluate) -> None:
    """I9: the bias of a matrix without information, against the mean of many experiments."""
    visits, rng = 50, np.random.default_rng(0)
    ones = rng.binomial(visits, 0.5, size=(4000, 2))
    found = [effective_information_from_counts(np.column_stack([visits - k, k])) for k in ones]
    plug_in = np.array([one.plug_in for one in found])
    error = plug_in.std() / np.sqrt(len(plug_in))
    bias = evaluate(proved["I9"]["fair_bias"], N=visits)
    assert plug_in.mean() == pytest.approx(bias, abs=4 * error)
    assert bias > 20 * error
    assert np.mean([one.value for one in found]) == pytest.approx(0.0, abs=4 * error)


@given(n=st.integers(2, 6), seed=st.integers(0, 2**31))
def test_parts_of_causal_emergence(n: int, seed: int) -> None:
    """I10 on random matrices and groupings."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(n, 0.5), n)
    found = causal_emergence(P, rng.integers(0, 3, n).tolist())
    total = found.effectiveness_gain + found.size_gain
    assert total == pytest.approx(found.causal_emergence, abs=1e-12)
    assert found.size_gain <= 1e-15
