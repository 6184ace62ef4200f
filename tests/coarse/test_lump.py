"""Lumpings against enumeration by programs written apart, by integer programming, and tampering."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from causal_snn.coarse.lumping.lump import lump
from causal_snn.coarse.lumping.result import LumpResult, LumpStatus
from causal_snn.errors import InputError

Array = NDArray[np.float64]
SHARP = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def partitions(n: int, k: int) -> Iterator[tuple[int, ...]]:
    """Yield every partition of n states into k nonempty cells, as labels."""
    for labels in itertools.product(range(k), repeat=n):
        if list(dict.fromkeys(labels)) == list(range(k)):
            yield labels


def lumped(P: Array, labels: Any, k: int) -> Array:
    return np.stack([P[:, np.equal(labels, b)].sum(axis=1) for b in range(k)], axis=1)


def program_radius(rows: Array) -> float:
    """Chebyshev radius by a program over the positive and negative parts of x - q."""
    m, k = rows.shape
    A_eq, b_eq, A_ub = [np.r_[np.ones(k), np.zeros(2 * m * k + 1)]], [1.0], []
    for v in range(m):
        total = np.zeros(k + 2 * m * k + 1)
        total[-1] = -1
        for b in range(k):
            row = np.zeros(len(total))
            at = k + 2 * (v * k + b)
            row[[b, at, at + 1]] = 1, 1, -1
            total[[at, at + 1]] = 0.5
            A_eq.append(row)
            b_eq.append(rows[v, b])
        A_ub.append(total)
    cost = np.eye(k + 2 * m * k + 1)[-1]
    return float(linprog(cost, A_ub, np.zeros(m), A_eq, b_eq, options=SHARP).fun)


def epsilon(matrices: list[Array], labels: Any, k: int) -> float:
    return max(
        program_radius(lumped(P, labels, k)[np.equal(labels, a)])
        for P in matrices
        for a in range(k)
    )


def half_diameter(matrices: list[Array], labels: Any, k: int) -> float:
    worst = 0.0
    for P in matrices:
        x = lumped(P, labels, k)
        tv = np.abs(x[:, None] - x[None]).sum(axis=2) / 2
        worst = max(worst, float(tv[np.equal.outer(labels, labels)].max()))
    return worst / 2


def brute_force(matrices: list[Array], k: int, allowed: Any = lambda labels: True) -> float:
    """The least epsilon of all partitions; half a diameter is at most a radius, so it sorts."""
    best = np.inf
    every = [labels for labels in partitions(len(matrices[0]), k) if allowed(labels)]
    order = sorted((half_diameter(matrices, labels, k), labels) for labels in every)
    for least, labels in order:
        if least >= best:
            break
        best = min(best, epsilon(matrices, labels, k))
    return best


def centres_apart(rows: list[Array], demanded: float) -> bool:
    """Whether centres can be that far apart: one program for each choice of a set per pair."""
    k = len(rows)
    sets = [s for size in range(1, k) for s in itertools.combinations(range(k), size)]
    pairs = list(itertools.combinations(range(k), 2))
    base, bound = [], []
    for a, x in enumerate(rows):
        radius = program_radius(x)
        for s in sets:  # q(s) >= x(s) - radius
            row = np.zeros((k, k))
            row[a, list(s)] = -1
            base.append(row.ravel())
            bound.append(radius + 1e-10 - x[:, list(s)].sum(axis=1).max())
    one = np.kron(np.eye(k), np.ones(k))
    for choice in itertools.product(sets, repeat=len(pairs)):
        extra, least = [], []
        for (a, b), s in zip(pairs, choice, strict=True):
            row = np.zeros((k, k))
            row[a, list(s)], row[b, list(s)] = -1, 1
            extra.append(row.ravel())
            least.append(1e-9 - demanded)
        solved = linprog(np.zeros(k * k), base + extra, bound + least, one, np.ones(k))
        if solved.success:
            return True
    return False


def random_matrix(rng: np.random.Generator, n: int, kind: str) -> Array:
    if kind == "ties":  # entries are multiples of 1/4
        return rng.multinomial(4, np.full(n, 1 / n), size=n) / 4
    if kind == "deterministic":
        return np.eye(n)[rng.integers(0, n, n)]
    return rng.dirichlet(np.full(n, 0.2 if kind == "sparse" else 1.0), size=n)


KINDS = ["general", "sparse", "ties", "deterministic"]


def check_result(r: LumpResult, matrices: list[Array], k: int) -> None:
    """The lumping is one of k cells with the epsilon stated, and its macro rows are centres."""
    assert list(dict.fromkeys(r.cells.tolist())) == list(range(k))
    assert r.epsilon == pytest.approx(epsilon(matrices, r.cells, k), abs=1e-9)
    for P, macro in zip(matrices, r.macro, strict=True):
        x = lumped(P, r.cells, k)
        for a in range(k):
            inside = x[np.equal(r.cells, a)]
            away = np.abs(inside - macro[a]).sum(axis=1).max() / 2
            assert away <= program_radius(inside) + 1e-9


@given(st.data())
def test_equals_enumeration(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 6))
    k = data.draw(st.integers(1, n))
    kind = data.draw(st.sampled_from(KINDS))
    contexts = data.draw(st.integers(1, 2))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    matrices = [random_matrix(rng, n, kind) for _ in range(contexts)]
    r = lump(matrices[0], k, contexts=matrices[1:])
    cells = min(k, len({tuple(np.hstack(matrices)[v]) for v in range(n)}))
    assert r.epsilon == pytest.approx(brute_force(matrices, cells), abs=1e-9)
    assert r.status is (LumpStatus.OPTIMAL if cells == k else LumpStatus.FEWER_CELLS)
    assert r.certificate.gap <= 1e-11
    check_result(r, matrices, cells)
    assert r.certificate.verify()


@pytest.mark.parametrize(("n", "k"), [(7, 2), (7, 5), (7, 6), (8, 3), (8, 4), (9, 2), (10, 2)])
@pytest.mark.parametrize("kind", KINDS[:3])
def test_equals_enumeration_of_more_states(n: int, k: int, kind: str) -> None:
    P = random_matrix(np.random.default_rng(n * 10 + k), n, kind)
    r = lump(P, k)
    assert r.epsilon == pytest.approx(brute_force([P], r.k), abs=1e-9)
    assert r.certificate.verify()


@given(st.data())
def test_constraints_equal_enumeration(data: st.DataObject) -> None:
    n = data.draw(st.integers(4, 7))
    k = data.draw(st.integers(2, 3))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    P = random_matrix(rng, n, data.draw(st.sampled_from(KINDS)))
    law = rng.dirichlet(np.ones(n))
    size = data.draw(st.integers(1, n // k))
    mass = data.draw(st.sampled_from([0.0, 0.1, 0.2]))
    runs = data.draw(st.booleans())

    def allowed(labels: tuple[int, ...]) -> bool:
        return (
            bool(np.bincount(labels).min() >= size)
            and bool(np.bincount(labels, law).min() >= mass)
            and not (runs and list(labels) != sorted(labels))
        )

    best = np.inf
    if len(np.unique(P, axis=0)) >= k:
        best = brute_force([P], k, allowed)
        options: dict[str, Any] = {"min_size": size, "min_mass": mass, "law": law}
        if np.isinf(best):
            with pytest.raises(InputError, match="min_mass"):
                lump(P, k, contiguous=runs, **options)
            return
        r = lump(P, k, contiguous=runs, **options)
        assert allowed(tuple(r.cells.tolist()))
        assert r.epsilon == pytest.approx(best, abs=1e-9)
        assert r.certificate.verify()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("n", "k"), [(7, 2), (5, 3)])
@pytest.mark.parametrize("kind", ["sparse", "ties"])
def test_separation_equals_enumeration(n: int, k: int, kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrices = [random_matrix(rng, n, kind) for _ in range(1 + seed % 2)]
    if len(np.unique(np.hstack(matrices), axis=0)) < k:
        pytest.skip("fewer effects than cells")
    demanded = [0.2, 0.35, 0.5][seed % 3]

    def apart(labels: Any) -> bool:
        cells = [np.flatnonzero(np.equal(labels, a)) for a in range(k)]
        return all(
            centres_apart([lumped(P, labels, k)[cell] for cell in cells], demanded)
            for P in matrices
        )

    sizes = sorted((epsilon(matrices, labels, k), labels) for labels in partitions(n, k))
    best = next((size for size, labels in sizes if apart(labels)), np.inf)
    r = lump(matrices[0], k, contexts=matrices[1:], separation=demanded)
    if np.isinf(best):
        assert r.status is LumpStatus.INFEASIBLE
        assert r.separation < demanded
        assert "not met" in r.provenance["notes"][0]
    else:
        assert r.status is LumpStatus.OPTIMAL
        assert r.epsilon == pytest.approx(best, abs=1e-8)
        assert r.separation >= demanded - 1e-8
    check_result(r, matrices, k)
    assert r.certificate.verify()
