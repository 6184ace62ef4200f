"""Lumpings against enumeration by programs written apart, by integer programming, and tampering."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from causal_snn.coarse.lumping.certificate import LumpCertificate
from causal_snn.coarse.lumping.lump import lump
from causal_snn.coarse.lumping.result import LumpResult, LumpStatus
from causal_snn.errors import InputError

Array = NDArray[np.float64]
SHARP = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def partitions(n: int, k: int) -> Iterator[tuple[int, ...]]:
    """Yield every partition of n states into k nonempty cells, as labels."""
    if n == 0:
        if k == 0:
            yield ()
        return
    for labels in partitions(n - 1, k):
        yield from ((*labels, cell) for cell in range(k))
    if k > 0:
        yield from ((*labels, k - 1) for labels in partitions(n - 1, k - 1))


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
    one = np.kron(np.eye(k), np.ones(k))
    base, bound = [], []
    for a, x in enumerate(rows):
        radius = program_radius(x)
        for s in sets:  # q(s) >= x(s) - radius
            row = np.zeros((k, k))
            row[a, list(s)] = -1
            base.append(row.ravel())
            bound.append(radius + 1e-10 - x[:, list(s)].sum(axis=1).max())

    def far(choice: Any) -> bool:
        """Whether q_a(s) - q_b(s) >= demanded is possible for all the (a, b), s chosen."""
        extra = []
        for (a, b), s in choice:
            row = np.zeros((k, k))
            row[a, list(s)], row[b, list(s)] = -1, 1
            extra.append(row.ravel())
        least = [1e-9 - demanded] * len(extra)
        return bool(linprog(np.zeros(k * k), base + extra, bound + least, one, np.ones(k)).success)

    possible = [[(pair, s) for s in sets if far([(pair, s)])] for pair in pairs]
    return any(far(choice) for choice in itertools.product(*possible))


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


@settings(max_examples=40)
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


@pytest.mark.parametrize(
    ("n", "k", "kind"),
    [
        (7, 2, "ties"),
        (7, 5, "general"),
        (8, 3, "general"),
        (8, 3, "sparse"),
        (8, 3, "ties"),
        (8, 4, "general"),
        (9, 2, "sparse"),
        (10, 2, "general"),
        *(
            pytest.param(n, k, kind, marks=pytest.mark.slow)
            for n, k in [(7, 6), (8, 5), (9, 3), (9, 4), (9, 6), (10, 3), (10, 4), (10, 5)]
            for kind in KINDS[:3]
        ),
    ],
)
def test_equals_enumeration_of_more_states(n: int, k: int, kind: str) -> None:
    P = random_matrix(np.random.default_rng(n * 10 + k), n, kind)
    r = lump(P, k)
    assert r.epsilon == pytest.approx(brute_force([P], r.k), abs=1e-9)
    assert r.certificate.verify()


@settings(max_examples=30)
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


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 9))]
)
@pytest.mark.parametrize(("n", "k"), [(6, 2), (5, 3)])
@pytest.mark.parametrize("kind", ["sparse", "ties"])
def test_separation_equals_enumeration(n: int, k: int, kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrices = [random_matrix(rng, n, kind) for _ in range(1 + seed % 2)]
    if len(np.unique(np.hstack(matrices), axis=0)) < k:
        pytest.skip("fewer effects than cells")
    demanded = [0.5, 0.2, 0.35][seed % 3]

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


def test_nearest_separation_is_the_largest() -> None:
    """Two cells: the macro rows are the middles of the ranges, so separations can be listed."""
    P = random_matrix(np.random.default_rng(7), 8, "general")
    found = []
    for labels in partitions(8, 2):
        x = lumped(P, labels, 2)[:, 0]
        middles = [
            (x[np.equal(labels, a)].min() + x[np.equal(labels, a)].max()) / 2 for a in (0, 1)
        ]
        found.append((abs(middles[0] - middles[1]), epsilon([P], labels, 2)))
    r = lump(P, 2, separation=0.9)
    assert r.status is LumpStatus.INFEASIBLE
    assert not r.success
    assert max(found)[0] - 1e-3 <= r.separation <= max(found)[0] + 1e-9
    least = min(size for apart, size in found if apart >= r.separation - 1e-9)
    assert r.epsilon == pytest.approx(least, abs=1e-9)
    assert r.certificate.separation == pytest.approx(r.separation)
    assert r.certificate.verify()


def integer_program(P: Array, k: int) -> float:
    """The least epsilon for k = 2 or 3 by HiGHS: TV is the largest |x(b) - q(b)| there."""
    n = len(P)
    total = n * k + k * k + 1
    cell = np.arange(n * k).reshape(n, k)
    macro = n * k + np.arange(k * k).reshape(k, k)
    rows, lows, highs = [], [], []

    def rule(terms: dict[int, float], low: float, high: float) -> None:
        row = np.zeros(total)
        row[list(terms)] = list(terms.values())
        rows.append(row)
        lows.append(low)
        highs.append(high)

    for v in range(n):
        rule(dict.fromkeys(cell[v].tolist(), 1.0), 1, 1)
    for a in range(k):
        rule(dict.fromkeys(cell[:, a].tolist(), 1.0), 1, n)
        rule(dict.fromkeys(macro[a].tolist(), 1.0), 1, 1)
    for v, a, b, sign in itertools.product(range(n), range(k), range(k), (1, -1)):
        terms = {int(cell[u, b]): sign * P[v, u] for u in range(n)}
        terms[int(macro[a, b])] = -sign
        terms[int(cell[v, a])] = terms.get(int(cell[v, a]), 0.0) + 1
        terms[total - 1] = -1
        rule(terms, -np.inf, 1)  # sign (x_v(b) - q_a(b)) <= eps + 1 - [v in a]
    upper = np.ones(total)
    for v in range(k):
        upper[cell[v, v + 1 :]] = 0  # cells are numbered as they appear
    whole = np.arange(total) < n * k
    solved = milp(
        np.eye(total)[-1],
        constraints=LinearConstraint(np.array(rows), lows, highs),
        bounds=Bounds(0, upper),
        integrality=whole,
        options={"mip_rel_gap": 0},
    )
    return float(solved.fun)


@pytest.mark.parametrize(
    ("n", "k"), [(12, 2), (11, 3), pytest.param(16, 3, marks=pytest.mark.slow)]
)
def test_equals_integer_program(n: int, k: int) -> None:
    P = np.random.default_rng(n).dirichlet(np.ones(n), n)
    assert lump(P, k).epsilon == pytest.approx(integer_program(P, k), abs=1e-6)


def test_lumpable_chain_is_found_exact() -> None:
    """Hoel's four-unit network (2013) is lumpable into the states of its two AND pairs."""
    states = np.array(list(itertools.product([0, 1], repeat=4)))  # A B C D, each pair joint
    on = np.stack([states[:, 2] & states[:, 3]] * 2 + [states[:, 0] & states[:, 1]] * 2, axis=1)
    p = np.where(on, 1.0, 0.3)
    P = np.prod(np.where(states[None], p[:, None], 1 - p[:, None]), axis=2)
    pairs = 2 * (states[:, 0] & states[:, 1]) + (states[:, 2] & states[:, 3])
    r = lump(P, 4)
    assert r.epsilon == pytest.approx(0, abs=1e-12)
    assert np.array_equal(r.cells, pairs)
    # a pair is on with .3^2 unless the other pair is on; published macro TPM, CD changing first
    a, b = np.array([0.91, 0.09]), np.array([0.0, 1.0])
    rows = [np.outer(x, y).ravel() for x, y in ((a, a), (b, a), (a, b), (b, b))]
    assert r.macro[0] == pytest.approx(np.array(rows), abs=1e-9)
    assert r.status is LumpStatus.OPTIMAL
    assert r.certificate.verify()


def test_more_cells_than_effects() -> None:
    P = np.array([[0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], [0.1, 0.1, 0.4, 0.4], [0.1, 0.1, 0.4, 0.4]])
    r = lump(P, 3)
    assert r.status is LumpStatus.FEWER_CELLS
    assert r.cells.tolist() == [0, 0, 1, 1]
    assert r.epsilon == pytest.approx(0, abs=1e-12)
    assert r.success
    assert "2 cells instead of 3" in r.provenance["notes"][0]
    assert r.macro[0] == pytest.approx(np.array([[1, 0], [0.2, 0.8]]))
    # in a second context the same states differ, so three cells are possible
    other = np.eye(4)
    assert lump(P, 3, contexts=[other]).status is LumpStatus.OPTIMAL


@pytest.mark.parametrize("k", [1, 5])
def test_one_cell_and_as_many_as_states(k: int) -> None:
    P = np.random.default_rng(0).dirichlet(np.ones(5), 5)
    r = lump(P, k)
    assert r.epsilon == pytest.approx(0, abs=1e-12)
    assert r.k == k
    assert r.certificate.verify()
    if k == 1:
        assert r.separation == 1
        assert r.macro.tolist() == [[[1.0]]]
    else:
        assert r.macro[0] == pytest.approx(P)


def test_one_state() -> None:
    r = lump([[1.0]], 1, separation=0.5)
    assert (r.epsilon, r.cells.tolist(), r.status) == (0.0, [0], LumpStatus.OPTIMAL)


def test_giant_cell_without_separation() -> None:
    """Closure alone joins nearly everything; with a separation the macro rows differ."""
    P = np.random.default_rng(1).dirichlet(np.full(12, 0.3), 12)
    P[:, 0] = 0.01  # hardly ever entered, and equally often from everywhere
    P /= P.sum(axis=1, keepdims=True)
    free, apart = lump(P, 2), lump(P, 2, separation=0.4)
    assert free.epsilon < apart.epsilon
    assert apart.separation >= 0.4
    assert np.bincount(free.cells).min() == 1
    assert apart.certificate.separation == 0.4


def test_time_limit_keeps_true_bounds() -> None:
    P = np.random.default_rng(0).dirichlet(np.ones(22), 22)
    short, full = lump(P, 3, time_limit=0.05), lump(P, 3)
    assert full.status is LumpStatus.OPTIMAL
    assert short.status is LumpStatus.TIME_LIMIT
    assert not short.success
    assert short.certificate.lower <= full.epsilon <= short.epsilon
    assert short.epsilon == pytest.approx(epsilon([P], short.cells, 3), abs=1e-9)


def test_sums_of_rows_are_made_exact() -> None:
    P = np.random.default_rng(3).dirichlet(np.ones(6), 6)
    assert lump(P * (1 + 5e-9), 2).epsilon == pytest.approx(lump(P, 2).epsilon, abs=1e-8)


def test_provenance_and_fixed_data() -> None:
    P = np.random.default_rng(3).dirichlet(np.ones(6), 6)
    r = lump(P, 2, separation=0.1)
    assert r.provenance["distance"] == "total variation"
    assert r.provenance["separation"] == 0.1
    assert r.provenance["context_count"] == 1
    for array in (r.cells, r.macro, r.certificate.matrices, r.certificate.law):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    P[0, 0] = 5.0  # the certificate is about its own copy
    assert r.certificate.verify()


GOOD = np.full((3, 3), 1 / 3)


@pytest.mark.parametrize(
    ("P", "k", "options", "message"),
    [
        (np.ones((2, 3)), 2, {}, r"P = \(2, 3\): a square matrix"),
        (np.ones(3), 2, {}, "square"),
        ([["a"]], 1, {}, "square matrix of probabilities"),
        (np.zeros((0, 0)), 1, {}, "square"),
        ([[1, 0], [0.5, 0.4]], 2, {}, r"P\[1\].sum\(\) = 0.9"),
        ([[1, 0], [np.nan, 1]], 2, {}, r"P\[1\] = nan"),
        ([[1, 0], [np.inf, 1]], 2, {}, r"P\[1\] = inf"),
        ([[1.5, -0.5], [0, 1]], 2, {}, r"P\[0\] = -0.5"),
        (GOOD, 0, {}, "k = 0"),
        (GOOD, 4, {}, "k = 4: at most the number of micro states, 3"),
        (GOOD, 2.0, {}, "k = 2.0"),
        (GOOD, True, {}, "k = True"),
        (GOOD, 2, {"separation": -0.1}, "separation = -0.1"),
        (GOOD, 2, {"separation": 1.1}, "separation = 1.1"),
        (GOOD, 2, {"separation": np.nan}, "separation = nan"),
        (GOOD, 2, {"min_size": 2}, "min_size = 2: at most 1"),
        (GOOD, 2, {"min_size": 0}, "min_size = 0"),
        (GOOD, 2, {"min_mass": 0.6}, "min_mass = 0.6: at most 1/k = 0.5"),
        (GOOD, 2, {"law": [1, 0]}, "law"),
        (GOOD, 2, {"law": [0.5, 0.5, 0.5]}, r"law.sum\(\) = 1.5"),
        (GOOD, 2, {"contexts": [np.eye(2)]}, r"contexts\[0\] = \(2, 2\)"),
        (GOOD, 2, {"contexts": [np.zeros((3, 3))]}, r"contexts\[0\]\[0\].sum\(\) = 0.0"),
        (GOOD, 2, {"distance": "kl"}, "distance = 'kl'"),
        (GOOD, 2, {"time_limit": 0}, "time_limit = 0"),
        (GOOD, 2, {"time_limit": np.nan}, "time_limit = nan"),
        (GOOD, 2, {"restarts": 0}, "restarts = 0"),
    ],
)
def test_bad_input(P: Any, k: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        lump(P, k, **options)


@cache
def certificate(**options: Any) -> LumpCertificate:
    P = np.random.default_rng(5).dirichlet(np.full(7, 0.5), 7)
    other = np.random.default_rng(6).dirichlet(np.full(7, 0.5), 7)
    return lump(P, 3, contexts=[other], **options).certificate


TAMPERED: list[tuple[str, Any]] = [
    ("upper", lambda c: c.upper - 1e-4),
    ("upper", lambda c: c.upper + 1e-4),
    ("upper", lambda c: np.nan),
    ("upper", lambda c: 1.5),
    ("lower", lambda c: c.lower + 1e-4),
    ("lower", lambda c: c.upper + 1e-6),
    ("lower", lambda c: -0.1),
    ("lower", lambda c: np.nan),
    ("k", lambda c: 2),
    ("k", lambda c: 4),
    ("cells", lambda c: np.roll(c.cells, 1)),
    ("cells", lambda c: c.cells + 1),
    ("cells", lambda c: c.cells[::-1]),
    ("cells", lambda c: c.cells[:-1]),
    ("cells", lambda c: np.zeros(7, dtype=int)),
    ("matrices", lambda c: np.roll(c.matrices, 1, axis=2)),
    ("matrices", lambda c: c.matrices[:1]),
    ("matrices", lambda c: c.matrices * 1.01),
    ("matrices", lambda c: c.matrices * np.nan),
    ("matrices", lambda c: c.matrices[:, :6, :6]),
    ("macro", lambda c: c.macro[::-1]),
    ("macro", lambda c: c.macro[:, ::-1]),
    ("macro", lambda c: c.macro[:1]),
    ("macro", lambda c: c.macro * np.nan),
    ("macro", lambda c: np.full_like(c.macro, 1 / 3)),
    ("separation", lambda c: 0.9),
    ("separation", lambda c: np.nan),
    ("min_mass", lambda c: 0.3),
    ("min_size", lambda c: 3),
    ("law", lambda c: np.eye(7)[0]),
    ("law", lambda c: c.law * 2),
    ("order", lambda c: c.order[:-1]),
    ("order", lambda c: np.zeros(7, dtype=int)),
    ("contiguous", lambda c: True),
    ("distance", lambda c: "Hellinger"),
]


@pytest.mark.parametrize(
    ("name", "change"), TAMPERED, ids=[f"{name}-{i}" for i, (name, _) in enumerate(TAMPERED)]
)
def test_tampering_is_seen(name: str, change: Any) -> None:
    c = certificate(separation=0.3, min_size=2, min_mass=0.2)
    assert c.verify()
    assert c.lower > 0.1
    changed = change(c)
    assert not replace(c, **{name: changed}).verify()


def test_weaker_claims_are_true() -> None:
    c = certificate(separation=0.3, min_size=2)
    assert replace(c, lower=0.0).verify()
    assert replace(c, lower=c.lower / 2).verify()
    assert replace(c, order=c.order[::-1]).verify()
    assert replace(c, method="otherwise").verify()


def test_dropped_constraints_are_seen() -> None:
    """Without the constraints a better lumping exists, so the lower bound is false."""
    c = certificate(separation=0.3)
    assert certificate().upper < c.lower
    assert not replace(c, separation=0.0).verify()
    size = certificate(min_size=2)
    assert certificate().upper < size.lower
    assert not replace(size, min_size=1).verify()
    runs = certificate(contiguous=True)
    assert certificate().upper < runs.lower
    assert not replace(runs, contiguous=False).verify()


@pytest.mark.slow
def test_general_kernel_of_24_states() -> None:
    P = np.random.default_rng(0).dirichlet(np.ones(24), 24)
    r = lump(P, 3)
    assert r.status is LumpStatus.OPTIMAL
    assert r.certificate.gap <= 1e-11
    assert r.certificate.verify()
    assert not replace(r.certificate, lower=r.epsilon * 1.001, upper=r.epsilon * 1.001).verify()
