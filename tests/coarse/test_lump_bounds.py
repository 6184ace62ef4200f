"""Bounds of lumpings never cross the optimum; packing and variance bounds against enumeration."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from causal_snn.coarse.lumping.apart import least_distance
from causal_snn.coarse.lumping.branching import branching_order
from causal_snn.coarse.lumping.brier import BrierResult, brier_lump
from causal_snn.coarse.lumping.brier_bound import lower_bound
from causal_snn.coarse.lumping.lump import lump
from causal_snn.coarse.lumping.packing import packing
from causal_snn.coarse.lumping.problem import problem
from causal_snn.coarse.lumping.radius import balanced, centre, radii
from causal_snn.coarse.lumping.search import search
from causal_snn.errors import InputError

Array = NDArray[np.float64]


def partitions(n: int, k: int) -> NDArray[np.int64]:
    """Every partition of n states into k nonempty cells, shape (S(n, k), n)."""
    every = np.array(list(itertools.product(range(k), repeat=n)))
    top = np.maximum.accumulate(every, axis=1)
    fresh = np.column_stack([np.full(len(every), -1), top[:, :-1]]) + 1
    return np.asarray(every[(every <= fresh).all(axis=1) & (top[:, -1] == k - 1)])


def least_epsilon(P: Array, k: int, labels: NDArray[np.int64]) -> float:
    """The optimum for k = 2 or 3, from the ranges and sums of the coordinates."""
    effects = np.stack([(labels == b) @ P.T for b in range(k)], axis=2)  # (partitions, n, k)
    worst = np.zeros(len(labels))
    for a in range(k):
        inside = (labels == a)[:, :, None]
        high = np.where(inside, effects, -np.inf).max(axis=1)
        low = np.where(inside, effects, np.inf).min(axis=1)
        half, total = ((high - low) / 2).max(axis=1), np.maximum(high.sum(1) - 1, 1 - low.sum(1))
        worst = np.maximum(worst, np.maximum(half, total / k))
    return float(worst.min())


def random_chain(rng: np.random.Generator, n: int) -> Array:
    kind = rng.integers(4)
    if kind == 0:
        return rng.multinomial(3, np.full(n, 1 / n), size=n) / 3
    return rng.dirichlet(np.full(n, [0.1, 0.5, 2.0][kind - 1]), size=n)


@pytest.mark.parametrize("count", [150, pytest.param(10_000, marks=pytest.mark.slow)])
def test_bounds_never_cross(count: int) -> None:
    """lower <= optimum <= upper, for every share of the search that time allows."""
    every = {(n, k): partitions(n, k) for n in range(3, 9) for k in (2, 3)}
    rng = np.random.default_rng(count)
    for _ in range(count):
        n, k = int(rng.integers(3, 9)), int(rng.integers(2, 4))
        P = random_chain(rng, n)
        r = lump(P, k, restarts=1, time_limit=[60.0, 0.01][rng.integers(2)])
        if r.k < k:
            assert r.epsilon == pytest.approx(0, abs=1e-12)
            continue
        best = least_epsilon(P, k, every[n, k])
        assert r.certificate.lower <= best + 1e-12
        assert best <= r.certificate.upper + 1e-12
        if r.success:
            assert r.certificate.gap <= 1e-11


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(4, 8), st.integers(2, 3), st.floats(0.01, 1.5))
def test_refutation_is_the_optimum(seed: int, n: int, k: int, share: float) -> None:
    """A search below a limit finds nothing if and only if the optimum is not below it."""
    P = random_chain(np.random.default_rng(seed), n)
    best = least_epsilon(P, k, partitions(n, k))
    task = problem(
        P, k, contexts=(), separation=0, min_mass=0, min_size=1, contiguous=False, law=None
    )
    below = share * best
    outcome = search(task, None, order=branching_order(task.matrices), below=below)
    assert outcome.complete
    if outcome.best is None:
        assert best >= below - 1e-11
    else:
        assert outcome.best.radius == pytest.approx(best, abs=1e-11)
        assert best < below


def test_search_stopped_at_once_claims_nothing() -> None:
    P = np.random.default_rng(0).dirichlet(np.ones(8), 8)
    task = problem(
        P, 3, contexts=(), separation=0, min_mass=0, min_size=1, contiguous=False, law=None
    )
    order = branching_order(task.matrices)
    outcome = search(task, None, order=order, deadline=time.monotonic() - 1)
    assert (outcome.best, outcome.complete) == (None, False)
    assert sorted(order.tolist()) == list(range(8))


@pytest.mark.parametrize(("k", "count"), [(2, 1), (3, 5), (4, 41), (5, 1291)])
def test_minimal_balanced_collections(k: int, count: int) -> None:
    """Their published numbers (Shapley, 1967; Peleg, 1965), without the whole set."""
    weights, sums = balanced(k)
    assert len(weights) == count
    member = np.array([[s >> b & 1 for b in range(k)] for s in range(1, 2**k - 1)])
    assert weights @ member == pytest.approx(np.ones((count, k)))
    assert weights.sum(axis=1) == pytest.approx(sums)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(2, 7))
def test_closed_form_equals_program(seed: int, k: int, m: int) -> None:
    """Radii by balanced collections against the linear program, which `centre` solves."""
    rows = np.random.default_rng(seed).dirichlet(np.full(k, 0.5), m)
    P = np.zeros((m + k, m + k))  # the cell: states 0..m-1, and m which acts as the first
    P[:, m:] = np.vstack([rows, np.tile(rows[0], (k, 1))])
    labels = np.r_[np.zeros(m, dtype=np.int64), np.arange(k)]
    middle, radius = centre(rows)
    assert radii(P[None], labels[None], k)[0] == pytest.approx(radius, abs=1e-8)
    assert middle.sum() == pytest.approx(1)
    assert middle.min() >= 0
    diameter = np.abs(rows[:, None] - rows).sum(axis=2).max() / 2
    assert diameter / 2 - 1e-9 <= radius <= (1 - 1 / k) * diameter + 1e-9


def test_unit_laws_have_the_largest_radius() -> None:
    assert centre(np.eye(4))[1] == pytest.approx(3 / 4)
    assert least_distance(np.eye(4)[None]) == 1


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 3), st.integers(1, 2))
def test_packing_encloses_the_least_diameter(seed: int, m: int, k: int, contexts: int) -> None:
    k = min(k, m)
    rng = np.random.default_rng(seed)
    effects = rng.dirichlet(np.ones(3), (contexts, m))
    if m > 2:
        effects[:, 1] = effects[:, 0]  # a tie
    tv = np.abs(effects[:, :, None] - effects[:, None]).sum(axis=3).max(axis=0) / 2
    best = min(
        max(float(tv[np.ix_(labels == a, labels == a)].max()) for a in range(k))
        for labels in partitions(m, k)
    )
    found = packing(effects, k)
    assert found.lower <= best + 1e-12
    assert best <= found.upper + 1e-12
    assert found.upper <= 2 * found.lower + 1e-12
    between = tv[np.ix_(found.points, found.points)]
    assert between[~np.eye(k + 1, dtype=bool)].min() == pytest.approx(found.lower)


@pytest.mark.parametrize(
    ("effects", "k", "message"),
    [
        (np.eye(3), 4, "k = 4: at most the number of effects, 3"),
        (np.eye(3), 0, "k = 0"),
        (np.ones(3), 1, "effects"),
        (np.ones((2, 2)), 1, r"effects\[0\].sum\(\) = 2.0"),
        (np.full((2, 2), np.nan), 1, "effects"),
        (np.zeros((0, 2)), 1, "effects"),
    ],
)
def test_packing_bad_input(effects: Any, k: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        packing(effects, k)


def least_error(rows: Array, mass: Array, k: int) -> float:
    best = np.inf
    for labels in partitions(len(rows), k):
        error = 0.0
        for a in range(k):
            inside = labels == a
            mean = np.average(rows[inside], axis=0, weights=mass[inside])
            error += float(mass[inside] @ ((rows[inside] - mean) ** 2).sum(axis=1))
        best = min(best, error)
    return best


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.integers(2, 7), st.integers(1, 3), st.booleans())
def test_brier_bounds_enclose_the_least_error(seed: int, m: int, k: int, sdp: bool) -> None:
    k = min(k, m)
    rng = np.random.default_rng(seed)
    rows, mass = rng.dirichlet(np.ones(3), m), rng.dirichlet(np.ones(m))
    best = least_error(rows, mass, k)
    r = brier_lump(rows, k, mass=mass, relaxation="sdp" if sdp else "spectral")
    assert r.certificate.lower <= best + 1e-12
    assert r.error == pytest.approx(best, abs=1e-9)
    assert r.certificate.verify()


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 3), st.floats(0, 10))
def test_any_nonnegative_matrix_proves_a_bound(seed: int, k: int, size: float) -> None:
    """The bound needs no good dual to be true."""
    rng = np.random.default_rng(seed)
    rows, mass = rng.normal(size=(6, 2)), rng.dirichlet(np.ones(6))
    dual = size * rng.random((6, 6))
    assert lower_bound(rows, mass, k, dual + dual.T) <= least_error(rows, mass, k) + 1e-12


def gaussian_kernel(n: int) -> Array:
    from scipy.stats import norm

    p = norm.cdf((np.linspace(-85, -50, n) + 52) / 4)
    return np.column_stack([p, 1 - p])


def test_relaxation_is_near_the_optimum_of_a_threshold_kernel() -> None:
    """Binary effects sorted by p: the optimum is a partition into runs, found by enumeration."""
    rows = gaussian_kernel(30)
    mass = np.full(30, 1 / 30)
    runs = (
        np.arange(30)[:, None] >= np.array(list(itertools.combinations(range(1, 30), 2)))[:, None]
    )
    best = np.inf
    for labels in runs.sum(axis=2):
        means = np.array([rows[labels == a].mean(axis=0) for a in range(3)])
        best = min(best, float(mass @ ((rows - means[labels]) ** 2).sum(axis=1)))
    r = brier_lump(rows, 3)
    spectral = brier_lump(rows, 3, relaxation="spectral")
    assert r.error == pytest.approx(best, abs=1e-12)
    assert 0.9 * best < r.certificate.lower <= best
    assert spectral.certificate.lower <= r.certificate.lower
    assert r.certificate.verify()
    assert spectral.certificate.verify()


def brier_case() -> BrierResult:
    rng = np.random.default_rng(4)
    return brier_lump(rng.dirichlet(np.ones(3), 9), 3, mass=rng.dirichlet(np.ones(9)))


BRIER_TAMPERED: list[tuple[str, Any]] = [
    ("upper", lambda c: c.upper * 0.99),
    ("upper", lambda c: c.upper * 1.01),
    ("upper", lambda c: np.nan),
    ("lower", lambda c: c.lower + 0.5 * c.gap),
    ("lower", lambda c: c.upper),
    ("lower", lambda c: -1.0),
    ("k", lambda c: 2),
    ("k", lambda c: 4),
    ("cells", lambda c: np.roll(c.cells, 1)),
    ("cells", lambda c: c.cells[:-1]),
    ("rows", lambda c: np.roll(c.rows, 1, axis=0)),
    ("rows", lambda c: c.rows * 0.9),
    ("rows", lambda c: c.rows[:-1]),
    ("mass", lambda c: np.full(9, 1 / 9)),
    ("mass", lambda c: c.mass * 2),
    ("dual", lambda c: c.dual * 0),
    ("dual", lambda c: c.dual * 3),
    ("dual", lambda c: -c.dual),
    ("dual", lambda c: np.triu(c.dual)),
    ("dual", lambda c: c.dual * np.nan),
]


@pytest.mark.parametrize(
    ("name", "change"), BRIER_TAMPERED, ids=[f"{n}-{i}" for i, (n, _) in enumerate(BRIER_TAMPERED)]
)
def test_brier_tampering_is_seen(name: str, change: Any) -> None:
    c = brier_case().certificate
    assert c.verify()
    assert 0 < c.lower < c.upper
    assert not replace(c, **{name: change(c)}).verify()


def test_brier_edges() -> None:
    rows = np.array([[1.0, 0], [1.0, 0], [0, 1.0]])
    r = brier_lump(rows, 2)
    assert (r.error, r.cells.tolist()) == (0.0, [0, 0, 1])
    assert r.centres == pytest.approx(np.eye(2))
    whole = brier_lump(rows, 1, mass=[0.25, 0.25, 0.5])
    assert whole.error == pytest.approx(0.5)  # all mass half way from the mean
    assert whole.certificate.lower == pytest.approx(0.5)
    light = brier_lump(rows, 2, mass=[0.5, 0, 0.5])
    assert light.cells.tolist() == [0, 0, 1]
    assert light.certificate.verify()
    assert brier_lump(rows, 3).certificate.verify()


@pytest.mark.parametrize(
    ("rows", "k", "options", "message"),
    [
        (np.eye(2), 3, {}, "k = 3: at most the number of effects with mass, 2"),
        (np.eye(2), 2, {"mass": [1, 0]}, "k = 2: at most the number of effects with mass, 1"),
        (np.ones(2), 1, {}, "rows"),
        (np.full((2, 2), np.inf), 1, {}, "rows"),
        (np.eye(2), 1, {"mass": [1]}, "mass"),
        (np.eye(2), 1, {"relaxation": "lp"}, "relaxation = 'lp'"),
        (np.eye(2), 1, {"restarts": 0}, "restarts = 0"),
    ],
)
def test_brier_bad_input(rows: Any, k: int, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        brier_lump(rows, k, **options)
