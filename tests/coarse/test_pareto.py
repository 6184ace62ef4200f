"""Fronts of closure against separation and information, against brute force on small tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import kernel, models
from causal_snn.coarse.pareto import ParetoFront, pareto
from causal_snn.coarse.threshold import threshold
from causal_snn.errors import InputError
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models import Network

Array = np.ndarray[Any, np.dtype[np.float64]]


def table(p: Any, spread: float = 0.0) -> TabulatedKernel:
    p = np.asarray(p, dtype=float)
    contexts, n = p.shape
    return TabulatedKernel(
        label="A",
        rows=np.stack([1.0 - p, p], axis=-1),
        spread=np.full((contexts, n), spread),
        states=np.arange(n)[:, None] + 0.5,
        mass=np.full(n, 1.0 / n),
        inputs=np.arange(contexts, dtype=float),
        context_law=np.full(contexts, 1.0 / contexts),
        edges=np.arange(n + 1.0),
    )


def unit(w: float = 0.0) -> EffectKernel:
    net = Network(neuron=models.lif(), weights=[[0, w], [w, 0]], drive=22.0, noise=4.0, dt=1.0)
    return kernel.next_spike(net, 0)


def blocks(n: int, k: int, size: int) -> Iterator[list[tuple[int, int]]]:
    """Yield k runs [a, b) of at least `size` cells, with any cells left out."""
    for ends in combinations(range(n + k), 2 * k):
        found = [(ends[2 * i] - i, ends[2 * i + 1] - i) for i in range(k)]
        if all(b - a >= size for a, b in found):
            yield found


def objectives(p: Array, runs: list[tuple[int, int]]) -> tuple[float, float]:
    parts = [p[:, a:b] for a, b in runs]
    epsilon = max(float(np.ptp(part, axis=1).max()) for part in parts)
    gaps = [np.abs(a[:, :, None] - b[:, None, :]).min() for a, b in combinations(parts, 2)]
    return epsilon, float(min(gaps))


def non_dominated(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    front: list[tuple[float, float]] = []
    for epsilon, second in sorted(points, key=lambda x: (x[0], -x[1])):
        if not front or second > front[-1][1] + 1e-12:
            front.append((epsilon, second))
    return front


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    contexts=st.integers(1, 2),
    n=st.integers(4, 8),
    k=st.integers(2, 3),
    flip=st.booleans(),
)
def test_the_front_is_that_of_every_choice_of_runs(
    seed: int, contexts: int, n: int, k: int, flip: bool
) -> None:
    p = np.sort(np.random.default_rng(seed).random((contexts, n)), axis=1)
    p[0] = p[0, ::-1] if flip else p[0]
    least = 2 / n
    front = pareto(table(p), levels=[k], min_mass=least, points=200)
    expected = non_dominated([objectives(p, runs) for runs in blocks(n, k, 2)])
    expected = [point for point in expected if point[1] > 0]
    found = [(point.epsilon, point.separation) for point in front.points]
    assert front.complete == {k: True}
    assert len(found) == len(expected)
    assert np.ravel(found) == pytest.approx(np.ravel(expected), abs=1e-12)
    for point in front.points:
        assert point.levels.masses.min() >= least - 1e-12
        assert point.levels.certificate.verify()
        assert point.levels.lower == pytest.approx(point.epsilon, abs=1e-12)


def information(p: Array, cells: Any) -> float:
    found = []
    for row in p:
        q = np.array([row[cells == level].mean() for level in np.unique(cells)])
        laws = np.stack([1 - q, q], -1)
        mean = laws.mean(0)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(laws > 0, laws * np.log2(laws / mean), 0.0)
        found.append(terms.sum() / len(q))
    return float(np.mean(found))


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(4, 9), k=st.integers(2, 3))
def test_the_front_with_information_is_that_of_every_set_of_cuts(seed: int, n: int, k: int) -> None:
    p = np.sort(np.random.default_rng(seed).random((2, n)), axis=1)
    front = pareto(table(p), levels=[k], second="effective_information", min_mass=0.0)
    tried = []
    for cuts in combinations(range(1, n), k - 1):
        cells = np.searchsorted(cuts, np.arange(n), side="right")
        epsilon = max(float(np.ptp(p[:, cells == c], axis=1).max()) for c in range(k))
        tried.append((epsilon, information(p, cells)))
    expected = non_dominated(tried)
    found = [(x.epsilon, x.effective_information) for x in front.points]
    assert np.array(found) == pytest.approx(np.array(expected), abs=1e-9)
    assert all(point.levels.certificate.verify() for point in front.points)


@pytest.fixture(scope="module")
def front() -> ParetoFront:
    return pareto(unit(), min_mass=0.05, cells=120, points=5)


def test_points_of_a_unit_do_not_dominate_each_other(front: ParetoFront) -> None:
    assert sorted({point.k for point in front.points}) == list(range(2, 9))
    for k in range(2, 9):
        some = front.of(k)
        assert np.all(np.diff([x.epsilon for x in some]) > 0)
        assert np.all(np.diff([x.separation for x in some]) > 0)
        assert all(x.levels.certificate.verify() for x in some)
        assert all(0 <= x.levels.lower <= x.epsilon for x in some)
    # More levels leave less room: the widest separation of k + 1 is less than that of k.
    widest = [max(x.separation for x in front.of(k)) for k in range(2, 9)]
    assert np.all(np.diff(widest) < 0)


def test_the_floor_is_what_levels_without_abstaining_need(front: ParetoFront) -> None:
    closed = threshold(unit())
    wide = 2 * float(unit().tabulate(120).spread.max())  # what the two end cells may hide
    assert front.floor[2] <= closed.floor <= front.floor[2] + wide
    assert front.floor[8] == pytest.approx(front.floor[2] / 4)
    whole = pareto(unit(), levels=[2, 4], second="effective_information", min_mass=0.0, cells=300)
    for point in whole.points:
        assert point.levels.abstained == 0.0
        assert point.epsilon >= front.floor[point.k]


def test_nearest(front: ParetoFront) -> None:
    easy = front.nearest(1.0, 0.0)
    assert easy.epsilon == min(point.epsilon for point in front.points)
    hard = front.nearest(0.0, 1.0, k=2)
    misses = [np.hypot(x.epsilon, 1 - x.separation) for x in front.of(2)]
    assert np.hypot(hard.epsilon, 1 - hard.separation) == min(misses)
    with pytest.raises(InputError, match="k = 20: one of"):
        front.nearest(0.1, 0.1, k=20)


def test_levels_by_effect_where_they_are_no_runs() -> None:
    p = np.array([[0.0, 0.1, 0.9, 1.0, 0.05, 0.95]])
    scattered = pareto(table(p), levels=[2], min_mass=0.5, contiguous=False)
    (point,) = scattered.points
    assert (point.epsilon, point.separation) == pytest.approx((0.1, 0.8))
    assert list(scattered.points[0].levels.cells) == [0, 0, 1, 1, 0, 1]
    assert scattered.points[0].levels.certificate.verify()
    runs = pareto(table(p), levels=[2], min_mass=0.3)
    assert all(x.levels.certificate.verify() for x in runs.points)
    assert runs.points == () or runs.points[0].levels.lower == 0.0


def test_candidates_where_cuts_are_too_many() -> None:
    big = pareto(unit(1.0), levels=[2, 5], second="effective_information", cells=300)
    assert big.complete == {2: True, 5: False}
    assert len(big.of(5)) >= 1
    assert all(x.levels.masses.min() >= 0.05 - 1e-12 for x in big.points)
    assert all(x.levels.certificate.verify() for x in big.points)


def test_levels_that_do_not_fit() -> None:
    assert pareto(table([[0.1, 0.5, 0.9]]), levels=[4], min_mass=0.3).points == ()
    assert pareto(table([[0.1, 0.5, 0.9]]), levels=[1]).points == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"second": "phi"}, "second = 'phi': one of"),
        ({"min_mass": -0.1}, "min_mass = -0.1"),
        ({"levels": [0]}, "levels = 0: a whole number"),
        ({"points": 0}, "points = 0: a whole number"),
    ],
)
def test_bad_questions(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        pareto(table([[0.1, 0.9]]), **options)
