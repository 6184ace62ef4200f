"""Levels against brute force, dynamic programming, closed forms and the continuum itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr
from scipy.stats import norm

from causal_snn import kernel, models
from causal_snn.coarse.diameter import diameter
from causal_snn.coarse.leveling.levels import levels
from causal_snn.coarse.leveling.result import LevelsStatus
from causal_snn.coarse.leveling.sum_cost import best_runs, sum_cost
from causal_snn.coarse.result import Verdict
from causal_snn.coarse.threshold import threshold
from causal_snn.errors import InputError
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models import Network

Array = np.ndarray[Any, np.dtype[np.float64]]
Cells = np.ndarray[Any, np.dtype[np.int64]]


def table(
    rows: Any, spread: Any = 0.0, *, edges: Any = "even", mass: Any = None
) -> TabulatedKernel:
    """Return a table of effects (C, n, Y), or of spike probabilities (C, n)."""
    rows = np.asarray(rows, dtype=float)
    rows = np.stack([1.0 - rows, rows], axis=-1) if rows.ndim == 2 else rows
    contexts, n, outcomes = rows.shape
    weights = np.full(n, 1.0 / n) if mass is None else np.asarray(mass, dtype=float)
    return TabulatedKernel(
        label="A",
        rows=rows,
        spread=np.broadcast_to(spread, (contexts, n)).astype(float),
        states=np.arange(n)[:, None] + 0.5,
        mass=weights / weights.sum(),
        inputs=np.arange(contexts, dtype=float),
        context_law=np.full(contexts, 1.0 / contexts),
        edges=np.arange(n + 1.0) if isinstance(edges, str) else edges,
        outcomes=tuple(str(y) for y in range(outcomes)),
    )


def pair(dt: float, sd: float, drive: float, w: float, **options: Any) -> EffectKernel:
    net = Network(neuron=models.lif(), weights=[[0, w], [w, 0]], drive=drive, noise=sd, dt=dt)
    return kernel.next_spike(net, 0, **options)


def apart(p: Array, q: Array, name: str) -> float:
    """Return a distance of two laws by other formulas than the library's."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "tv":
            return 1.0 - float(np.minimum(p, q).sum())
        if name == "hellinger":
            return float(np.sqrt(max(0.0, 1.0 - np.sqrt(p * q).sum())))
        if name == "js":
            return float(np.nan_to_num(jensenshannon(p, q, base=2)))
        one, other = (np.where(a > 0, a * np.log2(a / b), 0.0).sum() for a, b in ((p, q), (q, p)))
        return float(max(one, other))


def worst(k: TabulatedKernel, members: Sequence[int], name: str) -> float:
    """Return the greatest distance of the rows of some cells."""
    pairs = list(combinations(members, 2))
    return max((apart(rows[i], rows[j], name) for rows in k.rows for i, j in pairs), default=0.0)


def contiguous_cells(n: int, k: int) -> Iterator[Cells]:
    for cuts in combinations(range(1, n), k - 1):
        yield np.searchsorted(cuts, np.arange(n), side="right")


def any_cells(n: int, k: int) -> Iterator[Cells]:
    for cells in product(range(k), repeat=n):
        yield np.array(cells)


def groups(cells: Cells) -> list[list[int]]:
    used = sorted(set(cells.tolist()) - {-1})
    return [np.flatnonzero(cells == level).tolist() for level in used]


def best_width(k: TabulatedKernel, count: int, name: str, every: Callable[..., Any]) -> float:
    return min(
        max(worst(k, members, name) for members in groups(cells)) for cells in every(k.n, count)
    )


tables = st.builds(
    lambda seed, contexts, n, outcomes: np.random.default_rng(seed).dirichlet(
        np.full(outcomes, 0.7), (contexts, n)
    ),
    st.integers(0, 2**32 - 1),
    st.integers(1, 3),
    st.integers(2, 6),
    st.integers(2, 4),
)
sorted_tables = st.builds(
    lambda seed, contexts, n: (
        np.sort(np.random.default_rng(seed).random((contexts, n)), axis=1)
        ** np.random.default_rng(seed).integers(1, 5)
    ),
    st.integers(0, 2**32 - 1),
    st.integers(1, 3),
    st.integers(2, 8),
)
names = st.sampled_from(["tv", "hellinger", "js", "kl"])


@settings(max_examples=60)
@given(rows=tables, k=st.integers(1, 4), name=names)
def test_contiguous_minimax_is_that_of_every_set_of_cuts(rows: Array, k: int, name: str) -> None:
    t = table(rows)
    r = levels(t, min(k, t.n), distance=name)  # type: ignore[arg-type]
    assert r.epsilon == pytest.approx(best_width(t, min(k, t.n), name, contiguous_cells), abs=2e-7)
    assert r.epsilon == pytest.approx(r.lower, abs=1e-12)
    assert r.epsilon == pytest.approx(max(worst(t, g, name) for g in groups(r.cells)), abs=2e-7)
    assert r.k == min(k, t.n)
    assert r.contiguous
    assert r.certificate.verify(t)


@settings(max_examples=40)
@given(rows=tables, k=st.integers(1, 3), name=names)
def test_bounds_hold_for_every_partition_of_any_shape(rows: Array, k: int, name: str) -> None:
    t = table(rows[:, :6])
    r = levels(t, k, distance=name, contiguous=False)  # type: ignore[arg-type]
    best = best_width(t, k, name, any_cells)
    assert r.lower <= best + 2e-7
    assert best <= r.epsilon + 2e-7
    assert r.epsilon == pytest.approx(max(worst(t, g, name) for g in groups(r.cells)), abs=2e-7)
    if t.binary and len(t.inputs) == 1:
        assert r.epsilon == pytest.approx(best, abs=2e-7)
        assert r.lower == pytest.approx(best, abs=2e-7)
    assert r.certificate.verify(t)


@settings(max_examples=40)
@given(p=sorted_tables, k=st.integers(1, 3))
def test_sorted_effects_need_no_other_shape_than_runs(p: Array, k: int) -> None:
    t = table(p[:, :7])
    r = levels(t, k)
    assert r.epsilon == pytest.approx(best_width(t, k, "tv", any_cells), abs=1e-12)
    certificate = r.certificate
    assert getattr(certificate, "any_shape") or r.epsilon == 0  # noqa: B009


def run_width(p: Array, i: int, j: int) -> float:
    return float(np.ptp(p[:, i:j], axis=1).max())


def quadratic(cost: Callable[[int, int], float], n: int, k: int, join: Any) -> float:
    """Return the least cost of k runs by the plain recursion; `join` is max or sum of two."""
    best = [0.0 if j == 0 else np.inf for j in range(n + 1)]
    for _ in range(k):
        best = [
            min((join(best[i], cost(i, j)) for i in range(j)), default=np.inf) for j in range(n + 1)
        ]
    return best[n]


@pytest.mark.parametrize("seed", range(3))
def test_minimax_equals_dynamic_programming(seed: int) -> None:
    random = np.random.default_rng(seed)
    rising = np.sort(random.random((2, 50)), axis=1)
    mixed = np.stack([rising[0], rising[1][::-1]])  # one context rises, one falls
    noisy = rising + random.normal(0, 0.05, rising.shape)
    for p in (rising, mixed, np.clip(noisy, 0, 1)):
        t = table(p)
        for k in (2, 5):
            found = quadratic(partial(run_width, p), 50, k, max)
            assert levels(t, k).epsilon == pytest.approx(found, abs=1e-15)


def mean_cost(t: TabulatedKernel, cells: Cells, objective: str) -> float:
    found = 0.0
    for members in groups(cells):
        w = t.mass[members]
        if w.sum() == 0:
            continue
        for law, rows in zip(t.context_law, t.rows[:, members], strict=True):
            mean = w @ rows / w.sum()
            if objective == "brier":
                found += law * float(w @ (0.5 * ((rows - mean) ** 2).sum(1)))
            else:
                found += law * float(w @ rel_entr(rows, mean).sum(1)) / np.log(2)
    return found


@settings(max_examples=40)
@given(
    rows=st.one_of(tables, sorted_tables.map(lambda p: np.stack([1 - p, p], -1))),
    k=st.integers(1, 4),
    objective=st.sampled_from(["brier", "kl"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_mean_costs_are_those_of_every_set_of_cuts(
    rows: Array, k: int, objective: str, seed: int
) -> None:
    t = table(rows, mass=np.random.default_rng(seed).dirichlet(np.ones(rows.shape[1])))
    k = min(k, t.n)
    r = levels(t, k, objective=objective)  # type: ignore[arg-type]
    best = min(mean_cost(t, cells, objective) for cells in contiguous_cells(t.n, k))
    assert r.value == pytest.approx(best, abs=1e-12)
    assert r.lower - 1e-12 <= best <= r.epsilon + 1e-12
    assert r.lower == pytest.approx(best, abs=1e-7)  # a table of points leaves nothing open
    assert mean_cost(t, r.cells, objective) == pytest.approx(best, abs=1e-12)
    assert r.certificate.verify(t)


@settings(max_examples=40)
@given(rows=tables, k=st.integers(1, 3), objective=st.sampled_from(["brier", "kl"]))
def test_mean_costs_of_any_shape_are_bounded(rows: Array, k: int, objective: str) -> None:
    t = table(rows[:, :6])
    r = levels(t, k, objective=objective, contiguous=False)  # type: ignore[arg-type]
    best = min(mean_cost(t, cells, objective) for cells in any_cells(t.n, k))
    assert r.lower <= best + 1e-9
    assert best <= r.epsilon + 1e-9
    if t.binary and len(t.inputs) == 1:
        assert r.epsilon == pytest.approx(best, abs=1e-9)
        assert r.status is LevelsStatus.OPTIMAL or r.k < k
    assert r.certificate.verify(t)


@pytest.mark.parametrize("objective", ["brier", "kl"])
@pytest.mark.parametrize("shape", ["rising", "opposite", "scrambled", "three outcomes"])
def test_divide_and_conquer_equals_every_run_compared(objective: str, shape: str) -> None:
    random = np.random.default_rng(7)
    rising = np.sort(random.beta(0.3, 0.3, (2, 60)), axis=1)
    rows: Array = np.stack([1 - rising, rising], -1)
    if shape == "opposite":
        rows[1] = rows[1, ::-1]
    if shape == "scrambled":
        rows = rows[:, random.permutation(60)]
    if shape == "three outcomes":
        rows = np.stack([1 - rising, rising * 0.7, rising * 0.3], -1)
    t = table(rows, mass=random.dirichlet(np.ones(60)))
    costs = sum_cost(t, np.arange(60), objective)  # type: ignore[arg-type]
    assert costs.monge == (shape != "scrambled")

    def cost(i: int, j: int) -> float:
        inside = (np.arange(60) >= i) & (np.arange(60) < j)
        return mean_cost(t, np.where(inside, 0, -1), objective)

    held = {(i, j): cost(i, j) for i in range(60) for j in range(i + 1, 61)}
    for k in (2, 4):
        starts = best_runs(costs, k)
        found = sum(held[i, j] for i, j in zip(starts, [*starts[1:], 60], strict=True))
        plain = quadratic(lambda i, j: held[i, j], 60, k, lambda a, b: a + b)
        assert found == pytest.approx(plain, abs=1e-12)


@pytest.mark.parametrize("contexts", [None, "interval"])
def test_closed_form_levels_are_optimal_to_the_last_digits(contexts: Any) -> None:
    k = pair(1, 4, 16, 3, contexts=contexts)
    for count in (1, 2, 3, 5, 8):
        r = levels(k, count)
        assert r.certificate.gap < 1e-12
        assert r.certificate.verify(k)
        on_table = levels(k.tabulate(400), count)
        assert on_table.lower - 1e-12 <= r.epsilon <= on_table.epsilon + 1e-12
        assert r.status is LevelsStatus.OPTIMAL
    fine = k.tabulate(20_000)
    if contexts is None:
        found = levels(fine, 5)
        assert found.epsilon - found.lower < 2e-3
        assert found.edges == pytest.approx(levels(k, 5).edges, abs=0.02)


@settings(max_examples=40)
@given(
    dt=st.sampled_from([0.5, 1.0, 5.0]),
    sd=st.floats(0.5, 6),
    drive=st.floats(0, 25),
    w=st.floats(-6, 6),
)
def test_two_levels_are_the_threshold(dt: float, sd: float, drive: float, w: float) -> None:
    k = pair(dt, sd, drive, w)
    r, t = levels(k, 2), threshold(k)
    assert r.epsilon == pytest.approx(t.epsilon, abs=1e-12)
    # One context may cap the width, or it may underflow: then a range of thresholds is as good.
    low, high = k.domain
    beside = [
        max(diameter(k, low, t.threshold + d), diameter(k, t.threshold + d, high))
        for d in (-1e-3, 1e-3)
    ]
    if r.k == 2 and min(beside) > t.epsilon + 1e-6:
        assert r.threshold == pytest.approx(t.threshold, abs=1e-6)
    assert r.certificate.verify(k)
    grid = k.tabulate(300)
    on_grid = levels(grid, 2)
    assert on_grid.lower - 1e-12 <= t.epsilon <= on_grid.epsilon + 1e-12
    fewest = levels(k, epsilon=0.2)
    assert fewest.epsilon <= 0.2 + 1e-12
    assert fewest.k == 1 or levels(k, fewest.k - 1).lower > 0.2 - 1e-9


REFERENCE = [
    ((1, 4, 0, 0), -50.642, 0.138),
    ((1, 4, 20, 0), -50.977, 0.289),
    ((5, 1, 20, 3), -53.863, 0.960),
]


@pytest.mark.parametrize(("setting", "cut", "diameter"), REFERENCE)
def test_reference_table_by_levels(
    setting: tuple[float, float, float, float], cut: float, diameter: float
) -> None:
    """Values of the research table for theta = -50, E = -65, tau = 20 on [-85, theta)."""
    k = pair(*setting, potentials=(-85.0, -50.0))
    r = levels(k, 2)
    assert r.threshold == pytest.approx(cut, abs=6e-4)
    assert r.epsilon == pytest.approx(diameter, abs=6e-4)
    on_table = threshold(k.tabulate(1000))
    assert on_table.threshold == pytest.approx(cut, abs=0.036)
    assert on_table.epsilon == pytest.approx(diameter, abs=0.02)
    assert on_table.lower <= diameter + 6e-4


FLOORS = {2: 0.4999, 3: 0.3332, 4: 0.2499, 5: 0.1998, 8: 0.1248}


def test_reference_floors() -> None:
    """Points of a grid under-report the floor 1/k by their steps; enclosed cells never do."""
    grid = np.linspace(-85, -40, 20_001)
    points = norm.cdf((grid[:-1] + 0.00112 + 50.256) / 1.297)
    k = pair(1, 4, 20, 0, potentials=(-85.0, -40.0))
    wide = replace(k, range=replace(k.range, theta=-40.0))
    assert np.ptp(wide.probability(np.array(wide.domain))) == pytest.approx(1.0, abs=1e-9)
    for count, value in FLOORS.items():
        assert levels(table(points[None]), count).epsilon == pytest.approx(value, abs=2e-4)
        assert levels(table(points[None]), count).epsilon < 1 / count
        enclosed = levels(wide.tabulate(2000), count)
        assert enclosed.lower < 1 / count < enclosed.epsilon
        assert levels(wide, count).epsilon == pytest.approx(1 / count, abs=1e-9)


@settings(max_examples=20)
@given(
    n=st.integers(3, 60), k=st.integers(2, 4), seed=st.integers(0, 2**32 - 1), w=st.floats(-4, 4)
)
def test_no_cuts_of_the_continuum_beat_lower_and_none_is_wider_than_epsilon(
    n: int, k: int, seed: int, w: float
) -> None:
    source = pair(1, 3, 19, w)
    t = source.tabulate(n)
    grid = np.linspace(*source.domain, 1001)[:-1]
    p = source.probability(grid)
    random = np.random.default_rng(seed)
    for objective in ("minimax", "brier", "kl"):
        r = levels(t, k, objective=objective)
        mine = np.searchsorted(np.asarray(r.edges), grid, side="right")
        cuts = np.sort(random.uniform(*source.domain, k - 1))
        other = np.searchsorted(cuts, grid, side="right")
        values = [
            max(float(np.ptp(p[:, c == level], axis=1).max()) for level in np.unique(c))
            if objective == "minimax"
            else mean_cost(table(p), c, objective)
            for c in (mine, other)
        ]
        slack = float(np.abs(np.diff(p, axis=1)).max())  # of the finer grid
        assert values[0] <= r.epsilon + 1e-9
        assert values[1] >= r.lower - slack


def test_the_information_objective_loses_the_least_information() -> None:
    t = pair(1, 4, 16, 0).tabulate(300)
    cuts = [np.arange(300) >= cut for cut in range(1, 300)]
    lost = [mean_cost(t, cells.astype(int), "kl") for cells in cuts]
    r = levels(t, 2, objective="kl")
    assert r.threshold == t.edges[1 + int(np.argmin(lost))]  # type: ignore[index]
    assert r.value == pytest.approx(min(lost), abs=1e-12)


def heavy_enough(t: TabulatedKernel, cells: Cells, least: float) -> bool:
    return all(float(t.mass[g].sum()) >= least - 1e-12 for g in groups(cells))


@settings(max_examples=50)
@given(rows=tables, k=st.integers(1, 3), seed=st.integers(0, 2**32 - 1), least=st.floats(0, 0.4))
def test_least_mass(rows: Array, k: int, seed: int, least: float) -> None:
    t = table(rows, mass=np.random.default_rng(seed).dirichlet(np.ones(rows.shape[1])))
    r = levels(t, k, min_mass=least)
    possible = [c for c in contiguous_cells(t.n, k) if heavy_enough(t, c, least)]
    if not possible:
        assert r.status is LevelsStatus.INFEASIBLE or t.n < k
        return
    best = min(max(worst(t, g, "tv") for g in groups(c)) for c in possible)
    assert r.epsilon == pytest.approx(best, abs=1e-12)
    assert r.lower <= best + 1e-12
    assert float(r.masses.min()) >= least - 1e-12
    assert r.certificate.verify(t)
    for objective in ("brier", "kl"):
        mean = levels(t, k, objective=objective, min_mass=least)
        least_cost = min(mean_cost(t, c, objective) for c in possible)
        assert mean.value == pytest.approx(least_cost, abs=1e-12)
        assert mean.certificate.verify(t)


def blocks(n: int, k: int) -> Iterator[Cells]:
    """Yield k runs with cells of -1 between them."""
    for ends in combinations(range(n + k), 2 * k):
        runs = [(ends[2 * i] - i, ends[2 * i + 1] - i) for i in range(k)]
        if all(a < b for a, b in runs):
            cells = np.full(n, -1)
            for level, (a, b) in enumerate(runs):
                cells[a:b] = level
            yield cells


def gap(p: Array, cells: Cells) -> float:
    parts = [p[:, members] for members in groups(cells)]
    return min(
        (float(np.abs(a[:, :, None] - b[:, None, :]).min()) for a, b in combinations(parts, 2)),
        default=np.inf,
    )


@settings(max_examples=40)
@given(
    p=sorted_tables,
    k=st.integers(2, 3),
    asked=st.floats(0.01, 0.6),
    least=st.sampled_from([0.0, 0.2, 0.3]),
    flip=st.booleans(),
)
def test_separated_levels(p: Array, k: int, asked: float, least: float, flip: bool) -> None:
    if flip:
        p = np.stack([row[::-1] if c else row for c, row in enumerate(p)])
    t = table(p)
    r = levels(t, k, separation=asked, min_mass=least)
    possible = [
        max(worst(t, g, "tv") for g in groups(c))
        for c in blocks(t.n, k)
        if heavy_enough(t, c, least) and gap(p, c) >= asked
    ]
    if not possible:
        assert r.status is LevelsStatus.INFEASIBLE
        return
    assert r.epsilon == pytest.approx(min(possible), abs=1e-12)
    assert r.lower <= min(possible) + 1e-12
    assert r.separation >= asked
    assert r.separation == pytest.approx(gap(p, r.cells), abs=1e-15)
    assert float(r.masses.min()) >= least - 1e-12
    assert r.certificate.verify(t)


def test_an_infeasible_pair_returns_the_nearest_point() -> None:
    t = table(np.linspace(0, 1, 11)[None])
    r = levels(t, 2, epsilon=0.05, separation=0.8, min_mass=0.3)
    assert r.status is LevelsStatus.INFEASIBLE
    assert not r.success
    assert "nearest" in r.message
    # Of levels of 4 cells each (width .3) 3 cells are left: a separation of .4.
    assert (r.epsilon, r.separation) == pytest.approx((0.3, 0.4))
    assert levels(t, 2, epsilon=0.35, separation=0.4, min_mass=0.3).status is LevelsStatus.OPTIMAL
    too_narrow = levels(t, 2, epsilon=0.1)
    assert (too_narrow.status, too_narrow.k) == (LevelsStatus.INFEASIBLE, 2)
    assert too_narrow.epsilon == pytest.approx(0.5)
    assert levels(t, 3, min_mass=0.4).status is LevelsStatus.INFEASIBLE


def test_more_levels_than_effects() -> None:
    t = table([[0.1, 0.1, 0.4, 0.4, 0.9]])
    for objective in ("minimax", "brier", "kl"):
        r = levels(t, 5, objective=objective)
        assert (r.k, r.status) == (3, LevelsStatus.FEWER)
        assert r.epsilon == pytest.approx(0.0, abs=1e-15)
        assert r.certificate.verify(t)
        assert levels(t, 9, objective=objective, contiguous=False).k == 3
    # Four steps make two levels as narrow as three can be, but three were asked for.
    assert levels(table([[0.0, 1 / 3, 2 / 3, 1.0]]), 3).k == 3


def test_one_cell_and_one_level() -> None:
    one = table([[0.3], [0.6]], 0.05)
    r = levels(one, 2)
    assert (r.k, r.lower) == (1, 0.0)
    assert r.epsilon == pytest.approx(0.1)
    assert r.certificate.verify(one)
    assert levels(pair(1, 4, 16, 0), 1).effective_information == 0.0


def test_fewest_levels_for_an_epsilon() -> None:
    t = table(np.linspace(0, 1, 101)[None])
    assert [levels(t, epsilon=e).k for e in (1.0, 0.5, 0.3, 0.099)] == [1, 2, 4, 11]
    assert levels(t, epsilon=0.0).k == 101
    kl = levels(t, epsilon=0.05, objective="kl")
    assert kl.epsilon <= 0.05 < levels(t, kl.k - 1, objective="kl").epsilon
    spread = table(np.linspace(0, 1, 11)[None], 0.05)
    r = levels(spread, epsilon=0.01)
    assert r.status is LevelsStatus.INFEASIBLE
    assert r.epsilon == pytest.approx(0.1)


def test_without_noise_levels_are_cut_at_the_jumps() -> None:
    k = pair(1, 0, 20, 3, potentials=(-85.0, -50.0))
    assert len(k.midpoints) == 2
    exact = levels(k, 3)
    inside = [m for m in k.midpoints if -85 < m < -50]
    assert list(exact.edges) == sorted(inside)  # type: ignore[arg-type]
    assert exact.epsilon == 0.0
    assert levels(k, 9).status is (LevelsStatus.FEWER)
    few = levels(k, len(inside))
    assert (few.epsilon, few.lower) == (1.0, 1.0)
    every = levels(pair(1, 0, 20, 3, contexts="interval"), 4)
    assert (every.epsilon, every.lower) == (1.0, 1.0)
    for r in (exact, few, every):
        assert r.certificate.verify()
    alone = levels(pair(1, 0, 20, 0), 2)
    assert (alone.separation, alone.effective_information) == (1.0, 1.0)
    assert levels(k.tabulate(100), 3).epsilon == 1.0  # cells that hold a jump
    assert levels(k.tabulate(100), 3).lower == 0.0


# Before reset: u at or above theta has just spiked and acts like V_r, so the cells that cause a
# spike are the band [T, theta).
THETA, RESET = -50.0, -65.0


def pre_reset(contexts: Sequence[float], s: float = 1.3, step: float = 0.25) -> TabulatedKernel:
    edges = np.arange(-70.0, -40.0 + step / 2, step)
    after = [np.where(x >= THETA, RESET, x) for x in (edges[:-1], edges[1:] - 1e-12)]
    ends = [norm.cdf((x - np.array(contexts)[:, None]) / s) for x in after]
    p, spread = (ends[0] + ends[1]) / 2, np.abs(ends[1] - ends[0]) / 2
    return replace(table(p, spread), edges=edges, states=((edges[1:] + edges[:-1]) / 2)[:, None])


@pytest.mark.parametrize("contexts", [[-52.0], [-52.0, -53.5]])
def test_before_reset_the_on_cell_is_a_band(contexts: list[float]) -> None:
    t = pre_reset(contexts)
    assert t.direction == 0
    r = threshold(t)
    assert len(r.on) == 1
    assert r.on[0][1] == THETA
    free = [x for x in t.edges if x <= THETA]  # type: ignore[union-attr]
    below = replace(
        t,
        rows=t.rows[:, : len(free) - 1],
        spread=t.spread[:, : len(free) - 1],
        states=t.states[: len(free) - 1],
        mass=np.full(len(free) - 1, 1 / (len(free) - 1)),
        edges=np.array(free),
    )
    assert r.threshold == pytest.approx(levels(below, 2).threshold, abs=0.26)
    assert r.epsilon == pytest.approx(levels(below, 2).epsilon, abs=1e-9)
    assert levels(t, 2).epsilon > 0.9  # runs of u cannot tell
    assert levels(t, 3).epsilon <= r.epsilon + 1e-9
    assert levels(t, 3).status is LevelsStatus.OPTIMAL
    for found in (r, levels(t, 2), levels(t, 3)):
        assert found.certificate.verify(t)
    assert r.levels.intervals(0) == ((-70.0, r.threshold), (THETA, -40.0))


def test_threshold_of_a_table_says_what_it_cannot_do() -> None:
    quiet = threshold(pair(1, 4, 0, 0).tabulate(200))
    assert quiet.on_cell_empty
    assert quiet.provenance["effect"] == "own next spike"
    assert threshold(pair(1, 4, 20, 0).tabulate(200)).verdict is Verdict.GRADED
    assert threshold(pair(5, 1, 20, 3).tabulate(400)).verdict is Verdict.CONTEXT
    assert threshold(table([[0.01, 0.02, 0.98, 1.0]])).verdict is Verdict.SUFFICIENT
    assert threshold(table([[0.48, 0.5, 0.51]])).verdict is Verdict.INDISTINCT
    assert threshold(table([[0.6, 0.8]])).verdict is Verdict.OFF_EMPTY
    falling = threshold(table([[0.99, 0.98, 0.4, 0.02]]))
    assert falling.on == ((0.0, 2.0),)
    assert falling.band == ((2.0, 3.0),)
    assert falling.separation == pytest.approx(0.96)
    closed, tab = threshold(pair(1, 4, 20, 1)), threshold(pair(1, 4, 20, 1).tabulate(2000))
    assert tab.contrast == pytest.approx(closed.contrast, abs=1e-2)
    assert tab.floor == pytest.approx(closed.floor, abs=1e-2)


ONE = pair(1, 4, 20, 0)


@settings(max_examples=1000)
@given(
    dt=st.floats(0.1, 10),
    sd=st.floats(0.2, 8),
    h=st.floats(1e-3, 30),
    low=st.floats(-90, -50.1),
    drive=st.floats(0, 30),
)
def test_a_priori_bound_of_a_cell(dt: float, sd: float, h: float, low: float, drive: float) -> None:
    """eps <= 2 Phi(a h/(4 sigma)) - 1 around the middle of a cell of width h (theory N7)."""
    a = np.exp(-dt / 20.0)
    sigma = sd * np.sqrt(1 - a**2)
    middle = -65.0 + (15.0 - (1 - a) * drive) / a
    k = replace(ONE, midpoints=np.array([middle]), scale=sigma / a)
    bound = 2 * norm.cdf(a * h / (4 * sigma)) - 1
    half = low + h / 2
    assert max(diameter(k, low, half), diameter(k, half, low + h)) <= bound + 1e-12
    assert diameter(k, low, low + h) / 2 <= bound + 1e-12  # of the level's middle effect


def test_two_coordinates_have_no_order() -> None:
    random = np.random.default_rng(0)
    p = random.random((1, 30))
    t = replace(
        table(p, edges=None), states=random.random((30, 2)), coordinates=("v (mV)", "w (nA)")
    )
    r = levels(t, 3)
    assert r.edges is None
    assert r.epsilon == pytest.approx(levels(table(np.sort(p)), 3).epsilon)
    assert r.intervals(0) == ()
    assert np.isnan(r.threshold)


def test_effects_and_information_of_levels() -> None:
    p = np.array([[0.0, 0.2, 0.7, 1.0], [0.1, 0.1, 0.5, 0.9]])
    t = table(p, 0.01)
    r = levels(t, 2)
    assert list(r.cells) == [0, 0, 1, 1]
    assert r.effects[:, :, 1] == pytest.approx(np.array([[0.105, 0.1], [0.845, 0.7]]))
    assert r.means[:, :, 1] == pytest.approx(np.array([[0.1, 0.1], [0.85, 0.7]]))
    assert r.radius == pytest.approx(0.21)
    assert r.epsilon == pytest.approx(0.42)

    def h(x: float) -> float:
        return float(-x * np.log2(x) - (1 - x) * np.log2(1 - x))

    each = [h((a + b) / 2) - (h(a) + h(b)) / 2 for a, b in ((0.1, 0.85), (0.1, 0.7))]
    assert r.effective_information == pytest.approx(float(np.mean(each)))
    closed = levels(pair(1, 4, 20, 1), 3)
    on_table = levels(pair(1, 4, 20, 1).tabulate(4000), 3)
    assert closed.effective_information == pytest.approx(on_table.effective_information, abs=1e-3)
    assert closed.masses == pytest.approx(on_table.masses, abs=1e-3)
    assert closed.effects == pytest.approx(on_table.effects, abs=5e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "k = None: a number of levels, or an epsilon"),
        ({"k": 0}, "k = 0: a whole number of 1 or more"),
        ({"k": 2, "epsilon": -0.1}, "epsilon = -0.1"),
        ({"k": 2, "objective": "mse"}, "objective = 'mse': one of"),
        ({"k": 2, "distance": "l2"}, "distance = 'l2': one of"),
        ({"k": 2, "min_mass": 1.5}, "min_mass = 1.5"),
        ({"k": 2, "separation": np.nan}, "separation = nan"),
        ({"k": 2, "separation": 0.1, "objective": "kl"}, "separation = 0.1: 0 with objective"),
        ({"k": 2, "distance": "js", "objective": "kl"}, "distance = 'js'"),
    ],
)
def test_bad_questions(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        levels(table([[0.1, 0.9]]), **options)


def test_bad_kernels() -> None:
    three = table(np.full((1, 5, 3), 1 / 3))
    with pytest.raises(InputError, match="3 outcomes"):
        levels(three, 2, separation=0.1)
    with pytest.raises(InputError, match="two outcomes"):
        threshold(three)
    with pytest.raises(InputError, match="None for a tabulated kernel"):
        threshold(table([[0.1, 0.9]]), domain=(0.0, 1.0))
    with pytest.raises(InputError, match="takes 4096 levels"):
        levels(pair(1, 4, 20, 0), epsilon=1e-9)


@pytest.mark.slow
def test_bounds_are_never_crossed_in_ten_thousand_tables() -> None:
    """Whatever the micro states of the cells do within the spread: lower <= optimum <= epsilon."""
    random = np.random.default_rng(11)
    cuts = [np.arange(6) >= cut for cut in range(1, 6)]
    every = [np.array(cells) == 1 for cells in product((0, 1), repeat=6)]
    for instance in range(10_000):
        contexts = int(random.integers(1, 3))
        p = random.random((contexts, 6)) ** random.uniform(0.3, 3)
        p = np.sort(p, axis=1) if instance % 2 else p
        spread = random.random(p.shape) * random.choice([0.0, 0.01, 0.2])
        free = bool(instance % 3 == 0)
        r = levels(table(p, spread), 2, contiguous=not free)
        real = np.clip(p + spread * random.uniform(-1, 1, p.shape), 0, 1)
        best = min(
            max(
                float(np.ptp(part, axis=1).max()) for part in (real[:, c], real[:, ~c]) if part.size
            )
            for c in (every if free else cuts)
        )
        mine = max(float(np.ptp(real[:, g], axis=1).max()) for g in groups(r.cells))
        assert r.lower <= best + 1e-12
        assert best <= mine + 1e-12
        assert mine <= r.epsilon + 1e-12
