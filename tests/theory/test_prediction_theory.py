"""The package computes what the derivations of macro prediction prove."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, optimize, stats

from causal_snn.tpm.laws.relaxed import smeared
from causal_snn.tpm.prediction.bounds import by_cells, posterior, prior
from causal_snn.tpm.prediction.contraction import contractions
from causal_snn.tpm.prediction.influence import unit_errors

Evaluate = Callable[..., float]
Load = Callable[[str], ModuleType]
Proved = dict[str, dict[str, sp.Expr]]


@pytest.fixture(scope="module")
def proved(load_theory: Load) -> Proved:
    """Every formula of the derivation, by label."""
    return {label: derive() for label, derive in load_theory("13_prediction").RESULTS.items()}


def test_every_result_is_listed(proved: Proved) -> None:
    """Q1 to Q10, none of them empty."""
    assert {f"Q{n}" for n in range(1, 11)} == set(proved)
    assert all(proved.values())


def test_contraction_of_powers(proved: Proved, evaluate: Evaluate) -> None:
    """The package's coefficients of the chain of Q5."""
    rows = np.array([[6, 2, 0], [2, 4, 2], [0, 3, 5]]) / 8
    expected = [1.0, evaluate(proved["Q5"]["one"]), evaluate(proved["Q5"]["two"])]
    assert contractions(rows, 3) == pytest.approx(expected, abs=1e-14)


def test_bounds_are_sums_of_the_proved_terms(proved: Proved, evaluate: Evaluate) -> None:
    """Term by term: Q3 for the posterior and the prior, Q4 for the bound by cells."""
    tau, defects, eps = np.array([1.0, 0.5, 0.3]), np.array([0.04, 0.02, 0.06]), 0.06
    terms = [evaluate(proved["Q3"]["term"], defect=defects[s], tau=tau[2 - s]) for s in range(3)]
    assert posterior(defects[:, None], tau)[2, 0] == pytest.approx(sum(terms))
    priors = [evaluate(proved["Q3"]["prior_term"], eps=eps, tau=each) for each in tau]
    assert prior(eps, tau)[2] == pytest.approx(sum(priors))
    # Two cells that change places: the second step is made from the other cell.
    swap, by_cell = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0.02, 0.06])
    excess = evaluate(proved["Q4"]["excess"], b=0.06, spread=0.04)
    assert by_cells(by_cell, swap, np.ones(2)) == pytest.approx([0.06, 0.08 + excess])


def test_unit_errors_end_at_the_fixed_point(proved: Proved, evaluate: Evaluate) -> None:
    """Q6: the recursion settles at (1 - C)^(-1) eps."""
    matrix, eps = np.array([[0.3, 0.2], [0.1, 0.4]]), np.array([0.02, 0.05])
    names = {"c00": 0.3, "c01": 0.2, "c10": 0.1, "c11": 0.4, "eps0": 0.02, "eps1": 0.05}
    limit = [evaluate(proved["Q6"][f"limit_{k}"], **names) for k in range(2)]
    found = unit_errors(matrix, eps, 200)
    assert found[-1] == pytest.approx(limit, rel=1e-12)
    assert np.all(np.diff(found, axis=0) >= -1e-15)


def test_most_primed_is_found_by_a_minimiser(proved: Proved, evaluate: Evaluate) -> None:
    """Q8 against a search that knows the normal distribution only."""
    cut, theta, sigma = -53.0, -50.0, 1.2

    def chance(m: float) -> float:
        return float(stats.norm.cdf(theta, m, sigma) - stats.norm.cdf(cut, m, sigma))

    found = optimize.minimize_scalar(lambda m: -chance(m), bounds=(-60, -45), method="bounded")
    where = {"cut": cut, "theta": theta}
    middle = evaluate(proved["Q8"]["m"], **where)
    assert middle == pytest.approx(found.x, abs=1e-4)
    value = evaluate(proved["Q8"]["chance"], m=middle, sigma=sigma, **where)
    assert value == pytest.approx(chance(middle), abs=1e-12)


def test_two_units_together(proved: Proved, evaluate: Evaluate) -> None:
    """Q9 is reached by units whose laws do not overlap in what they differ by."""
    p, q = np.array([1.0, 0.0]), np.array([0.7, 0.3])
    other = np.array([1.0, 0.0]), np.array([0.4, 0.6])
    joint = 0.5 * np.abs(np.outer(p, other[0]) - np.outer(q, other[1])).sum()
    assert evaluate(proved["Q9"]["together"], a=0.3, b=0.6) == pytest.approx(joint)


@pytest.mark.parametrize("width", [1e-6, 0.3, 5.0])
def test_smeared_interval(width: float, proved: Proved, evaluate: Evaluate) -> None:
    """Q10, the package and numerical integration give one density."""
    low, sigma = -1.0, 0.8
    for u in (-3.0, -0.5, 2.0):
        integral, _ = integrate.quad(lambda m, u=u: stats.norm.pdf(u, m, sigma), low, low + width)
        ours = float(smeared(np.array([u]), low, low + width, sigma)[0])
        assert ours == pytest.approx(integral / width, rel=1e-6)
        if width > 1e-3:  # the formula itself loses its digits
            formula = evaluate(proved["Q10"]["density"], u=u, low=low, width=width, sigma=sigma)
            assert ours == pytest.approx(formula, rel=1e-12)
