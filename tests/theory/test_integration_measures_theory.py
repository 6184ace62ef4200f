"""The formulas of theory/16 against the package."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import sympy as sp

from causal_snn.phi.measures import (
    GaussianChain,
    geometric_phi,
    integrated_effective_information,
    phi_star,
    stochastic_interaction,
)
from causal_snn.phi.measures.decoders import decoded_information

Evaluate = Callable[..., float]
Load = Callable[[str], ModuleType]
Proved = dict[str, dict[str, sp.Expr]]


@pytest.fixture(scope="module")
def proved(load_theory: Load) -> Proved:
    """Every formula of the file, by label."""
    results = load_theory("16_integration_measures").RESULTS
    return {label: derive() for label, derive in results.items()}


def test_every_result_is_listed(proved: Proved) -> None:
    assert list(proved) == [f"G{n}" for n in range(1, 11)]
    assert all(proved.values())


def swap(e: float) -> list[list[float]]:
    """Two units that copy each other, each wrong with chance e."""
    return [[e, e], [e, 1 - e], [1 - e, e], [1 - e, 1 - e]]


@pytest.mark.parametrize("e", [1e-6, 0.1, 0.3])
def test_noisy_swap(e: float, proved: Proved, evaluate: Evaluate) -> None:
    """G1, G4, G6, G8, G10; its long run is uniform."""
    table = swap(e)
    assert stochastic_interaction(table).value == pytest.approx(
        evaluate(proved["G1"]["noisy_swap"], e=e), abs=1e-12
    )
    geometric = geometric_phi(table)
    expected = evaluate(proved["G6"]["noisy_swap"], e=e)
    assert geometric.value == pytest.approx(expected, abs=1e-7)
    assert geometric.lower == pytest.approx(expected, abs=1e-7)
    assert geometric.lower > evaluate(proved["G6"]["part"], e=e) - 1e-12
    assert phi_star(table).value == pytest.approx(
        evaluate(proved["G8"]["noisy_swap"], e=e), abs=1e-12
    )
    mean = integrated_effective_information(table)
    state = integrated_effective_information(table, (0, 1))
    for found in (mean, state):
        assert found.value == pytest.approx(evaluate(proved["G10"]["information"], e=e), abs=1e-12)
        assert found.normalized == pytest.approx(evaluate(proved["G10"]["ratio"], e=e), abs=1e-12)
        assert found.partition == ((0, 1),)
    apart = integrated_effective_information(table, partitions="atomic")
    assert apart.value == pytest.approx(evaluate(proved["G4"]["noisy_swap"], e=e), abs=1e-12)


def test_swap_without_noise() -> None:
    """The limit of G6 at e = 0: one bit of the two."""
    assert geometric_phi(swap(0.0), law="uniform").value == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize(
    ("b", "branch"), [(0.3, "weak"), (0.7, "weak"), (0.75, "strong"), (0.9, "strong")]
)
def test_units_that_drive_each_other(
    b: float, branch: str, proved: Proved, evaluate: Evaluate
) -> None:
    """G7: beyond b^2 = 1/2 the least is at one of two minima, and below I."""
    chain = GaussianChain(np.array([[0, b], [b, 0]]), np.eye(2))
    found = geometric_phi(chain)
    assert found.value == pytest.approx(evaluate(proved["G7"][branch], b=b), abs=1e-9)
    assert found.lower == pytest.approx(evaluate(proved["G7"]["part"], b=b), abs=1e-12)
    assert chain.information == pytest.approx(evaluate(proved["G7"]["weak"], b=b), abs=1e-12)
    # Diagonals that differ are no better.
    one, other = np.meshgrid(np.linspace(-1.5, 1.5, 151), np.linspace(-1.5, 1.5, 151))
    s = 1 / (1 - b**2)
    size = (1 + s * (one**2 + b**2)) * (1 + s * (other**2 + b**2)) - (s * b * (one + other)) ** 2
    assert found.value <= np.log2(size.min()) / 2 + 1e-12


@pytest.mark.parametrize("a", [0.2, 0.9])
def test_decoder_of_units_apart(a: float, proved: Proved, evaluate: Evaluate) -> None:
    """G9 in one coordinate twice: the curve at its best exponent 1."""
    chain = GaussianChain(a * np.eye(2), np.eye(2))
    level = a**2 / (1 - a**2)
    found = decoded_information(chain, [[0], [1]])
    expected = 2 * evaluate(proved["G9"]["bits"], l=level, s=1 + level, beta=1.0)
    assert found.exponent == pytest.approx(1, abs=1e-9)
    assert found.bits == pytest.approx(expected, abs=1e-12)
    assert phi_star(chain).value == pytest.approx(0, abs=1e-12)
