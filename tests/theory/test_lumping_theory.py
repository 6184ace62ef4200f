"""The derivations about lumping against numbers, and against the package."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import linprog

from causal_snn.coarse.lumping.brier import brier_lump
from causal_snn.coarse.lumping.lump import lump
from causal_snn.coarse.lumping.radius import balanced, cell_radii, subsets

Load = Callable[[str], ModuleType]
Evaluate = Callable[..., float]


@pytest.fixture(scope="module")
def theory(load_theory: Load) -> ModuleType:
    return load_theory("10_lumping")


@pytest.fixture(scope="module")
def proved(theory: ModuleType) -> dict[str, dict[str, sp.Expr]]:
    return {label: derive() for label, derive in theory.RESULTS.items()}


def test_partial_lumpings_enclose_every_completion(
    proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate
) -> None:
    """M1: the distance of two lumped rows, for every way to place the columns to come."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = rng.dirichlet(np.ones(6), 2)
        d = x - y
        placed = rng.integers(0, 3, 3)
        D = float(sum(max(d[:3][placed == b].sum(), 0) for b in range(3)))
        lower = evaluate(proved["M1"]["lower"], D=D, N=float(np.maximum(-d[3:], 0).sum()))
        upper = evaluate(proved["M1"]["upper"], D=D, N_up=float(np.maximum(d[3:], 0).sum()))
        for rest in np.ndindex(3, 3, 3):
            labels = np.r_[placed, rest]
            tv = sum(abs(d[labels == b].sum()) for b in range(3)) / 2
            assert lower - 1e-12 <= tv <= upper + 1e-12


@pytest.mark.parametrize("k", [2, 3])
def test_radius_of_three_cells(
    k: int, proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate
) -> None:
    """M2 against a linear program over all sets of macro states."""
    formulas = proved["M2"]
    sets = subsets(k)
    rng = np.random.default_rng(k)
    for size in (2, 3, 6):
        x = rng.dirichlet(np.full(k, 0.5), size)
        high, low = x.max(axis=0), x.min(axis=0)
        found = [
            evaluate(formulas["range"], M_1=float(a), m_1=float(b))
            for a, b in zip(high, low, strict=True)
        ]
        found.append(evaluate(formulas["over"], total=float(high.sum()), k=k))
        found.append(evaluate(formulas["under"], total=float(low.sum()), k=k))
        solved = linprog(
            np.r_[np.zeros(k), 1],
            np.column_stack([-sets, -np.ones(len(sets))]),
            -(x @ sets.T).max(axis=0),
            [np.r_[np.ones(k), 0]],
            [1],
        )
        assert max(found) == pytest.approx(solved.fun, abs=1e-9)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_package_has_the_balanced_collections(k: int, theory: ModuleType) -> None:
    """M3, exact fractions against the package's table."""
    exact = set()
    for collection in theory.balanced(k):
        weights = np.zeros(2**k - 2)
        for members, weight in collection.items():
            weights[sum(2**b for b in members) - 1] = float(weight)
        exact.add(tuple(weights.round(9)))
    assert exact == {tuple(row) for row in balanced(k)[0].round(9)}


def test_radius_and_diameter_of_unit_laws(
    proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate
) -> None:
    """M4 is attained by a cell whose states go to k different cells for certain."""
    k = 3
    P = np.eye(5)[[0, 3, 4, 0, 0]]  # the first three states go to cells 0, 1 and 2
    radius = cell_radii(P[None], np.array([[0, 0, 0, 1, 2]]), k)[0, 0, 0]
    assert radius == pytest.approx(evaluate(proved["M4"]["most"], D=1.0, k=k))


def test_variance_bound(proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate) -> None:
    """M6 with N = 0: trace less the k - 1 largest eigenvalues is the package's spectral bound."""
    rng = np.random.default_rng(1)
    rows, mass = rng.dirichlet(np.ones(4), 9), rng.dirichlet(np.ones(9))
    away = np.sqrt(mass)[:, None] * (rows - mass @ rows)
    values = np.linalg.svd(away, compute_uv=False) ** 2
    bound = evaluate(
        proved["M6"]["lower"], trace=float(values.sum()), along=0.0, top=float(values[:2].sum())
    )
    r = brier_lump(rows, 3, mass=mass, relaxation="spectral")
    assert r.certificate.lower == pytest.approx(bound, abs=1e-10)


def test_closure_alone_is_degenerate(
    proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate
) -> None:
    """M7 bounds the optimum by the ranges of any two columns."""
    P = np.random.default_rng(2).dirichlet(np.ones(9), 9)
    best = lump(P, 3).epsilon
    for a in range(9):
        for b in range(a):
            rest = [v for v in range(9) if v not in (a, b)]
            widths = np.ptp(P[rest], axis=0)
            assert best <= evaluate(proved["M7"]["eps"], c_1=float(widths[a]), c_2=float(widths[b]))
