"""Joint thresholds against quadrature, exhaustive search, the units alone and tampering."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from causal_snn import coarse, kernel, models
from causal_snn.coarse.joint_thresholds import descent, minimax
from causal_snn.coarse.joint_thresholds.bound import Edges, Relaxation, tighten
from causal_snn.coarse.joint_thresholds.branch import branch_and_bound
from causal_snn.coarse.joint_thresholds.certificate import JointCertificate
from causal_snn.coarse.joint_thresholds.factors import Factors, factors
from causal_snn.coarse.joint_thresholds.joint import joint
from causal_snn.coarse.joint_thresholds.proof import Leaf, Split
from causal_snn.coarse.joint_thresholds.result import JointResult, JointStatus
from causal_snn.coarse.joint_thresholds.unit_step import unit_step
from causal_snn.errors import InputError
from causal_snn.kernel.intervention_range import intervention_range
from causal_snn.models import Network
from causal_snn.models.zoo import excitatory_ring, half_centre, inhibition_stabilised, pyloric

NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


def network(weights: Any, **options: Any) -> Network:
    settings = {"neuron": models.lif(), "drive": 12.0, "noise": 3.0, "dt": 5.0, **options}
    return Network(weights=weights, **settings)


def random_network(seed: int, n: int, *, scale: float = 6.0, **options: Any) -> Network:
    rng = np.random.default_rng(seed)
    weights = rng.normal(0.0, scale, (n, n)) * (rng.random((n, n)) < 0.7)
    return network(weights, drive=rng.uniform(8, 20, n), **options)


def panels(low: float, high: float, kinks: list[float], pieces: int) -> tuple[Any, Any]:
    """Return potentials and weights that sum to high - low, panels ending at the kinks."""
    inside = [k for k in kinks if low < k < high]
    edges = np.unique([*np.linspace(low, high, pieces + 1), *inside])
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + NODES)).ravel(), (half * WEIGHTS).ravel()


def reference(
    net: Network,
    thresholds: Any,
    *,
    alphabet: coarse.Alphabet = "binary",
    effect: str = "spike",
    pieces: int = 30,
    potentials: tuple[float, float] | None = None,
) -> np.ndarray:
    """Return each unit's regret from its definition: micro states sorted into macro states."""
    partition = coarse.Partition.from_thresholds(net, thresholds, alphabet=alphabet)
    step, found = net.step(), []
    for i in range(net.n):
        u, r = step.unit(i), intervention_range(net, i, potentials=potentials)
        sources = [j for j in range(net.n) if j != i and net.weights[i, j] != 0]
        # Sources: a state of each sub-cell, quiet, primed and just spiked, with its mass.
        states = []
        for j in sources:
            rj, cut = (
                intervention_range(net, j, potentials=potentials),
                partition.units[j].threshold,
            )
            ends = [(rj.v_low, cut, False), (cut, rj.theta, False), (rj.theta, rj.v_high, True)]
            states.append(
                [
                    ((b - a) / (rj.v_high - rj.v_low), (a + b) / 2, spiked)
                    for a, b, spiked in ends
                    if b > a
                ]
            )
        cells: dict[Any, list[np.ndarray]] = {}
        for chosen in itertools.product(*states):
            mass = math.prod(share for share, _, _ in chosen)
            c = sum(net.weights[i, j] * s for j, (_, _, s) in zip(sources, chosen, strict=True))
            x = tuple(
                int(partition.units[j].classify(v, 0.0, s))
                for j, (_, v, s) in zip(sources, chosen, strict=True)
            )
            for low, high, spiked in ((r.v_low, r.theta, False), (r.theta, r.v_high, True)):
                if not high > low:
                    continue
                target = partition.units[i].threshold if effect == "macro" else r.theta
                at = (target - u.mean(0.0, 0.0, False, c)[0]) / u.decay
                v, w = panels(low, high, [partition.units[i].threshold, float(at)], pieces)
                mean, _ = u.mean(v, 0.0, spiked, c + net.weights[i, i] * spiked)
                mean = np.broadcast_to(mean, v.shape)
                if spiked and u.refractory > 0:
                    p = np.full(v.shape, float(target < r.theta and u.V_reset >= target))
                elif u.sigma > 0:
                    p = norm.cdf((mean - target) / u.sigma)
                else:
                    p = (mean >= target).astype(float)
                own = partition.units[i].classify(v, 0.0, np.full(v.shape, spiked))
                for cell in np.unique(own):
                    k = own == cell
                    weight = mass * w[k] / (r.v_high - r.v_low)
                    cells.setdefault((cell, *x), []).append(np.stack([weight, p[k]]))
        total = 0.0
        for parts in cells.values():
            w, p = np.concatenate(parts, axis=1)
            total += float(w @ (p - w @ p / w.sum()) ** 2)
        found.append(total)
    return np.array(found)


def grid_costs(net: Network, result: JointResult) -> float:
    """Return the least cost of all combinations of candidates."""
    c = result.certificate
    cuts = [np.array(some) for some in c.candidates]
    problem = factors(c.units, cuts, cuts, alphabet=c.alphabet, effect=c.effect)
    return min(
        float(descent.regrets(problem, labels).sum())
        for labels in itertools.product(*(range(len(some)) for some in cuts))
    )


NETWORKS = {
    "ring": excitatory_ring(3),
    "strong ring": excitatory_ring(3, weight=20.0),
    "inhibitory": pyloric(),
    "self weights": inhibition_stabilised(),
    "one unit": network([[0.0]]),
    "one unit that inhibits itself": network([[-8.0]]),
    "no connections": network(np.zeros((3, 3)), drive=[5.0, 12.0, 20.0]),
    "subtract": network([[2, 5], [-6, 0]], neuron=models.lif(reset="subtract")),
    "delayed": network([[2, 5], [-6, 0]], neuron=models.lif(reset_timing="delayed")),
    "refractory": network([[2, 5], [-6, 0]], neuron=models.lif(refractory_steps=2)),
    "euler": network([[2, 5], [-6, 0]], neuron=models.lif(step="euler"), dt=1.0),
    "little noise": network([[0, 9], [9, 0]], noise=0.3, drive=16.0),
    "no noise": network([[0, 9], [9, 0]], noise=0.0, drive=16.0),
    "a silent source": network([[0, 9], [9, 0]], noise=[3.0, 0.0], drive=[16.0, -40.0]),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("alphabet", ["binary", "ternary"])
def test_cost_is_the_regret_of_macro_states(name: str, alphabet: coarse.Alphabet) -> None:
    net = NETWORKS[name]
    result = joint(net, alphabet=alphabet, cells=6)
    expected = reference(net, result.thresholds, alphabet=alphabet)
    assert result.per_unit == pytest.approx(expected, abs=1e-9)
    assert result.epsilon == pytest.approx(expected.sum(), abs=1e-9)
    alone = reference(net, result.separate.thresholds, alphabet=alphabet)
    assert result.separate.per_unit == pytest.approx(alone, abs=1e-9)


@pytest.mark.parametrize("name", ["ring", "self weights", "refractory", "no noise", "subtract"])
def test_next_macro_state_as_the_effect(name: str) -> None:
    net = NETWORKS[name]
    result = joint(net, alphabet="binary", effect="macro", cells=7, min_mass=0.1)
    expected = reference(net, result.thresholds, effect="macro")
    assert result.per_unit == pytest.approx(expected, abs=1e-9)
    assert result.epsilon == pytest.approx(grid_costs(net, result), abs=1e-12)
    assert result.certificate.verify(net)
    for unit, cut in zip(result.certificate.units, result.thresholds, strict=True):
        shares = ((cut - unit.low) / unit.length, (unit.high - cut) / unit.length)
        assert min(shares) >= 0.1


def test_variance_is_the_cost_of_macro_states_that_tell_nothing() -> None:
    # Cut at the low end every state is on.
    net = network([[-8.0]])
    result = joint(net, alphabet="binary", cells=5)
    low = result.certificate.units[0].low
    assert result.variance == pytest.approx(reference(net, low).sum(), abs=1e-10)
    pair = half_centre()
    lows = [unit.low for unit in joint(pair, alphabet="binary").certificate.units]
    assert joint(pair).variance == pytest.approx(reference(pair, lows).sum(), abs=1e-10)


def test_regret_by_sampling() -> None:
    """Spikes drawn from the step, predicted by their mean in each macro state."""
    net = excitatory_ring(3, weight=20.0)
    result = joint(net, alphabet="binary", cells=9)
    cuts = result.separate.thresholds
    units, step = result.certificate.units, net.step()
    rng = np.random.default_rng(5)
    u = np.array([rng.uniform(unit.low, unit.high, 400_000) for unit in units])
    spiked = step.column().spikes(u)
    mean, _ = step.column().mean(u, 0.0, spiked, net.weights @ spiked)
    p = norm.cdf((mean - step.theta[:, None]) / step.sigma[:, None])
    x = (u >= cuts[:, None]).astype(int)
    total = 0.0
    for i in range(3):
        state = x[i] + 2 * x[i - 1]
        prediction = np.bincount(state, p[i], 4) / np.bincount(state, minlength=4)
        total += np.mean((p[i] - prediction[state]) ** 2)
    assert total == pytest.approx(result.separate.epsilon, rel=0.01)


@pytest.mark.parametrize("seed", range(12))
def test_joint_optimum_equals_exhaustive_search(seed: int) -> None:
    n = 2 + seed % 2
    options = [{}, {"dt": 1.0, "noise": 1.0}, {"noise": 0.0}][seed % 3]
    net = random_network(seed, n, scale=4.0 + 2.0 * seed, **options)
    for alphabet in ("binary", "ternary"):
        result = joint(net, alphabet=alphabet, cells=7 if n == 2 else 6)
        best = grid_costs(net, result)
        assert result.status is JointStatus.OPTIMAL
        assert result.epsilon == pytest.approx(best, abs=1e-12)
        c = result.certificate
        assert c.lower <= best + 1e-13 <= c.upper + 2e-13
        assert c.everywhere <= best
        assert c.gap <= 1e-12
        assert c.verify(net)


def random_factors(seed: int, n: int, labels: int) -> Factors:
    """Any problem of the form, with signs that no network gives."""
    rng = np.random.default_rng(seed)
    sources = [np.flatnonzero((rng.random(n) < 0.7) & (np.arange(n) != i)) for i in range(n)]
    told = tuple(rng.normal(size=(labels, 2 ** len(who))) for who in sources)
    rho = tuple(np.sort(rng.random(labels)) for _ in range(n))
    return Factors(told, rho, rho, tuple(sources))


@given(seed=st.integers(0, 10_000), n=st.integers(1, 4), labels=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_bounds_are_never_crossed(seed: int, n: int, labels: int) -> None:
    problem = random_factors(seed, n, labels)
    every = [
        (float(descent.regrets(problem, some).sum()), some)
        for some in itertools.product(range(labels), repeat=n)
    ]
    best = min(every)[0]
    rng = np.random.default_rng(seed)
    edges = Edges.of(problem)
    box = tuple(tuple(sorted(rng.integers(labels, size=2).tolist())) for _ in range(n))
    inside = [
        cost
        for cost, some in every
        if all(a <= t <= b for t, (a, b) in zip(some, box, strict=True))
    ]
    relaxation = Relaxation(problem, edges, box)
    prices = rng.normal(size=len(edges.source))
    assert -relaxation(prices).bound <= min(inside) + 1e-12
    tight, kept = tighten(relaxation, prices, target=-min(inside), rounds=20, until=math.inf)
    assert tight <= relaxation(prices).bound + 1e-12
    assert tight == pytest.approx(relaxation(kept).bound, abs=1e-12)
    assert -tight <= min(inside) + 1e-12

    start = descent.search(problem, rng, restarts=1)
    assert start[0] >= best - 1e-12
    found = branch_and_bound(
        problem, *start, improve=True, tolerance=1e-12, until=math.inf, most_nodes=5000
    )
    assert found.cost == pytest.approx(best, abs=1e-11)
    assert found.lower == pytest.approx(best, abs=1e-11)
    early = branch_and_bound(
        problem, *start, improve=True, tolerance=1e-12, until=math.inf, most_nodes=3
    )
    assert early.lower <= best + 1e-12 <= early.cost + 2e-12


def test_subgradient_steps_tighten_the_bound() -> None:
    problem = random_factors(3, 4, 4)
    edges, box = Edges.of(problem), ((0, 3),) * 4
    relaxation, none = Relaxation(problem, edges, box), np.zeros(len(Edges.of(problem).source))
    best = descent.search(problem, np.random.default_rng(0), restarts=5)[0]
    few, _ = tighten(relaxation, none, target=-best, rounds=1, until=math.inf)
    many, _ = tighten(relaxation, none, target=-best, rounds=200, until=math.inf)
    assert few == pytest.approx(relaxation(none).bound)
    assert many < few - 0.3 * (few + best)


@pytest.mark.parametrize("name", ["ring", "strong ring", "inhibitory", "little noise", "delayed"])
@pytest.mark.parametrize("alphabet", ["binary", "ternary"])
def test_no_threshold_off_the_grid_is_below_the_bound(name: str, alphabet: coarse.Alphabet) -> None:
    net = NETWORKS[name]
    c = joint(net, alphabet=alphabet, cells=45).certificate
    assert 0.8 * c.lower < c.everywhere <= c.lower
    rng = np.random.default_rng(1)
    # Some anywhere, some near the best candidates.
    anywhere = [np.sort(rng.uniform(u.low, u.theta, 7)) for u in c.units]
    near = [
        np.sort(np.clip(t + rng.normal(0, 0.5, 7), u.low, u.theta))
        for t, u in zip(c.thresholds, c.units, strict=True)
    ]
    for cuts in (anywhere, near):
        problem = factors(c.units, cuts, cuts, alphabet=c.alphabet, effect="spike")
        _, labels = descent.search(problem, rng, restarts=5)
        best = [cut[t] for cut, t in zip(cuts, labels, strict=True)]
        cost = reference(net, best, alphabet=c.alphabet, pieces=40).sum()
        assert cost >= c.everywhere - 1e-9


def test_joint_is_strictly_better_than_neuron_by_neuron() -> None:
    """A ring with strong weights: what the others send must be told."""
    net = excitatory_ring(3, weight=20.0)
    result = joint(net, alphabet="binary")
    assert result.epsilon < 0.5 * result.separate.epsilon
    # By themselves units are cut where a spike becomes likely, together at theta.
    assert np.all(result.separate.thresholds < result.certificate.units[0].theta - 10.0)
    assert result.thresholds == pytest.approx([-50.0] * 3)
    assert result.epsilon == pytest.approx(reference(net, result.thresholds).sum(), abs=1e-9)
    assert result.certificate.gap <= 1e-12
    # A third cell tells the spike and the drive apart, and nothing is lost by separating.
    ternary = joint(net)
    assert ternary.epsilon < 0.1 * result.epsilon
    assert np.array_equal(ternary.thresholds, ternary.separate.thresholds)


def test_ternary_thresholds_separate() -> None:
    net = random_network(4, 4)
    whole = joint(net)
    assert whole.provenance["boxes"] == 1
    for i in range(4):
        # Moving the others does not change what the best threshold of a unit costs.
        cuts = np.array([np.linspace(u.low, u.theta, 23) for u in whole.certificate.units])
        moved = [list(whole.thresholds) for _ in range(2)]
        for j in range(4):
            if j != i:
                moved[1][j] = cuts[j][7]
        costs = [reference(net, t, alphabet="ternary", pieces=30)[i] for t in moved]
        assert costs[0] == pytest.approx(costs[1], abs=1e-12)
        assert costs[0] == pytest.approx(whole.per_unit[i], abs=1e-9)


@pytest.mark.parametrize("contexts", [None, "extremes", "interval"])
def test_ternary_worst_case_is_unit_by_unit(contexts: Any) -> None:
    net = random_network(2, 3, neuron=models.lif(reset="subtract"))
    result = joint(net, objective="minimax", contexts=contexts)
    for i in range(3):
        one = coarse.threshold(kernel.next_spike(net, i, contexts=contexts))
        assert result.thresholds[i] == one.threshold
        assert result.per_unit[i] == max(one.cell_diameters)
    assert result.epsilon == result.per_unit.max()
    assert result.total_variation <= result.per_unit.sum()
    assert result.certificate.verify(net)
    assert result.certificate.everywhere == result.certificate.lower


def test_joint_total_variation_bounds_pairs_of_micro_states() -> None:
    net = network([[0, 3], [-4, 0]], noise=6.0)
    result = joint(net, objective="minimax")
    step, rng = net.step(), np.random.default_rng(3)
    units = [intervention_range(net, i) for i in range(2)]
    worst = 0.0
    for cells in itertools.product((0, 1, 2), repeat=2):
        laws = []
        for _ in range(60):
            ends = [
                [(r.v_low, t, False), (t, r.theta, False), (r.theta, r.v_high, True)][cell]
                for r, t, cell in zip(units, result.thresholds, cells, strict=True)
            ]
            # The ends of cells are where effects differ most.
            v = np.array([rng.choice([a, b, rng.uniform(a, b)]) for a, b, _ in ends])
            s = np.array([spiked for _, _, spiked in ends])
            mean, _ = step.mean(v, 0.0, s, net.weights @ s)
            p = norm.cdf((mean - step.theta) / step.sigma)
            laws.append(np.outer([1 - p[0], p[0]], [1 - p[1], p[1]]).ravel())
        for a, b in itertools.combinations(laws, 2):
            worst = max(worst, np.abs(a - b).sum() / 2)
    assert result.epsilon < worst <= result.total_variation + 1e-12


@pytest.fixture(scope="module")
def certified() -> tuple[Network, JointCertificate]:
    net = excitatory_ring(3)
    return net, joint(net, alphabet="binary", cells=12).certificate


def test_a_true_certificate_is_accepted(certified: tuple[Network, JointCertificate]) -> None:
    net, c = certified
    assert c.verify()
    assert c.verify(net)
    assert c.gap == c.upper - c.lower
    assert 0 <= c.relative_gap < 1e-11
    assert any(isinstance(item, Split) for item in c.tree)
    # A weaker claim is true too.
    assert replace(c, lower=c.lower - 0.01, everywhere=c.everywhere - 0.01).verify(net)


def without_a_leaf(c: JointCertificate) -> JointCertificate:
    return replace(c, tree=c.tree[:-1])


def with_a_leaf(c: JointCertificate) -> JointCertificate:
    return replace(c, tree=(*c.tree, c.tree[-1]))


def other_prices(c: JointCertificate) -> JointCertificate:
    changed = [
        Leaf(tuple(p + 0.05 for p in item.prices)) if isinstance(item, Leaf) else item
        for item in c.tree
    ]
    return replace(c, tree=tuple(changed))


def cut_outside(c: JointCertificate) -> JointCertificate:
    changed = [Split(item.unit, 0) if isinstance(item, Split) else item for item in c.tree]
    return replace(c, tree=tuple(changed))


def not_covered(c: JointCertificate) -> JointCertificate:
    return replace(c, edges=tuple(ends[:-1] for ends in c.edges))


def no_prices(c: JointCertificate) -> JointCertificate:
    return replace(c, tree=(Leaf((math.nan,) * 3),))


def other_unit(c: JointCertificate) -> JointCertificate:
    return replace(c, units=(replace(c.units[0], sigma=c.units[0].sigma * 1.01), *c.units[1:]))


TAMPERED: dict[str, Callable[[JointCertificate], JointCertificate]] = {
    "upper lowered": lambda c: replace(c, upper=c.upper - 1e-6, lower=c.lower - 1e-6),
    "upper raised": lambda c: replace(c, upper=c.upper + 1e-6),
    "lower raised": lambda c: replace(c, lower=c.lower + 1e-6),
    "everywhere raised": lambda c: replace(c, everywhere=c.lower),
    "both raised": lambda c: replace(c, upper=c.upper + 1e-6, lower=c.lower + 1e-6),
    "another threshold": lambda c: replace(c, thresholds=(c.candidates[0][3], *c.thresholds[1:])),
    "a threshold off the grid": lambda c: replace(
        c, thresholds=(c.thresholds[0] - 0.01, *c.thresholds[1:])
    ),
    "not a number": lambda c: replace(c, lower=math.nan),
    "infinite": lambda c: replace(c, upper=math.inf),
    "everywhere not a number": lambda c: replace(c, everywhere=math.nan),
    "another alphabet": lambda c: replace(c, alphabet="ternary"),
    "another effect": lambda c: replace(c, effect="macro"),
    "another objective": lambda c: replace(c, objective="minimax"),
    "a box left out": without_a_leaf,
    "a box too many": with_a_leaf,
    "other prices": other_prices,
    "a cut outside its box": cut_outside,
    "intervals that do not cover": not_covered,
    "prices that are no numbers": no_prices,
    "another unit": other_unit,
    "fewer units": lambda c: replace(c, units=c.units[:-1]),
    "a better candidate, the bound unchanged": lambda c: replace(
        c, candidates=(tuple(sorted((*c.candidates[0], -60.3))), *c.candidates[1:])
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_certificate_is_rejected(
    name: str, certified: tuple[Network, JointCertificate]
) -> None:
    assert not TAMPERED[name](certified[1]).verify()


def test_a_certificate_is_about_one_network(certified: tuple[Network, JointCertificate]) -> None:
    _, c = certified
    assert not c.verify(excitatory_ring(3, weight=8.001))
    assert not c.verify(excitatory_ring(4))
    assert not c.verify(excitatory_ring(3, drive=10.01))


def worst_by_definition(net: Network, thresholds: Any) -> float:
    """Return the worst diameter from many micro states of every joint macro state."""
    step, worst = net.step(), 0.0
    cuts = np.asarray(thresholds, dtype=float)
    for i in range(net.n):
        u = step.unit(i)
        spans = [intervention_range(net, j) for j in range(net.n)]
        r = spans[i]
        sources = [j for j in range(net.n) if j != i and net.weights[i, j] != 0]
        quiet = [*np.linspace(r.v_low, np.nextafter(r.theta, -1e9), 100).tolist()]
        quiet += [v for v in (float(cuts[i]), float(np.nextafter(cuts[i], -1e9))) if v < r.theta]
        own = [(v, False) for v in quiet]
        own += [(v, True) for v in (r.theta, r.v_high)]
        effects: dict[Any, list[float]] = {}
        for kinds in itertools.product((0, 1, 2), repeat=len(sources)):
            # A source is quiet, primed or just spiked; primed states exist below theta only.
            if any(
                k == 1 and cuts[j] >= spans[j].theta for j, k in zip(sources, kinds, strict=True)
            ):
                continue
            if any(
                k == 0 and cuts[j] <= spans[j].v_low for j, k in zip(sources, kinds, strict=True)
            ):
                continue
            x = tuple(int(k > 0) for k in kinds)
            c = sum(net.weights[i, j] for j, k in zip(sources, kinds, strict=True) if k == 2)
            for v, spiked in own:
                mean = float(u.mean(v, 0.0, spiked, c + net.weights[i, i] * spiked)[0])
                p = (
                    float(norm.cdf((mean - u.theta) / u.sigma))
                    if u.sigma
                    else float(mean >= u.theta)
                )
                if spiked and u.refractory > 0:
                    p = 0.0
                effects.setdefault((spiked or v >= cuts[i], x), []).append(p)
        worst = max(worst, *(max(ps) - min(ps) for ps in effects.values()))
    return worst


WORST = ["ring", "inhibitory", "self weights", "one unit", "no connections", "subtract", "delayed",
         "refractory", "no noise"]  # fmt: skip


@pytest.mark.parametrize("name", WORST)
def test_binary_worst_case_by_definition_and_exhaustive_search(name: str) -> None:
    net = NETWORKS[name]
    result = joint(net, alphabet="binary", objective="minimax", cells=5)
    assert result.epsilon == pytest.approx(worst_by_definition(net, result.thresholds), abs=1e-9)
    c = result.certificate
    cuts = [np.array(some) for some in c.candidates]
    every = (
        minimax.worst_of(c.units, cuts, labels).cost
        for labels in itertools.product(range(5), repeat=net.n)
    )
    assert result.epsilon == min(every)
    assert result.epsilon <= result.separate.epsilon
    assert c.gap == 0
    assert c.verify(net)


@pytest.mark.parametrize("seed", range(8))
def test_binary_worst_case_of_random_networks(seed: int) -> None:
    # High lowest potentials make both ways of cutting cost, so that some units are opened.
    net = random_network(seed, 3, scale=3.0, noise=5.0, neuron=models.lif(V_min=-66.0))
    result = joint(net, alphabet="binary", objective="minimax", cells=6)
    c = result.certificate
    cuts = [np.array(some) for some in c.candidates]
    costs = {
        labels: minimax.worst_of(c.units, cuts, labels).cost
        for labels in itertools.product(range(6), repeat=3)
    }
    assert result.epsilon == min(costs.values())
    assert c.verify(net)
    for bad in (
        replace(c, lower=c.lower + 1e-6),
        replace(c, upper=c.upper + 1e-6),
        replace(c, upper=c.upper + 1e-6, lower=c.lower + 1e-6),
        replace(c, upper=c.upper - 1e-6, lower=c.lower - 1e-6),
        replace(c, everywhere=c.lower),
    ):
        assert not bad.verify()
    worse = max(costs, key=lambda labels: costs[labels])
    if costs[worse] > result.epsilon + 1e-9:
        moved = tuple(cut[t] for cut, t in zip(c.candidates, worse, strict=True))
        assert not replace(c, thresholds=moved).verify()


def test_opening_a_unit_can_pay() -> None:
    """A spike that causes the next one belongs with the primed states, not by itself."""
    net = network([[20.0, 0.0], [0.0, 0.0]], noise=5.0, drive=[20.0, 12.0])
    result = joint(net, alphabet="binary", objective="minimax")
    assert result.thresholds[0] < -50.0
    at_theta = worst_by_definition(net, [-50.0, result.thresholds[1]])
    assert result.epsilon < at_theta - 0.01


def test_worst_case_is_flat_where_a_context_tells_spikes_from_silence() -> None:
    """Whatever the thresholds, some cell holds certain spikes and certain silence (J8)."""
    ring = [[0, 0, 8], [8, 0, 0], [0, 8, 0]]
    net = network(ring, noise=1.0, drive=10.0)
    units = [unit_step(net, i) for i in range(3)]
    cuts = [np.linspace(unit.low, unit.theta, 5) for unit in units]
    for labels in itertools.product(range(5), repeat=3):
        assert minimax.worst_of(units, cuts, labels).cost / 2 == pytest.approx(0.5, abs=1e-6)
    assert worst_by_definition(net, [-60.0, -55.0, -50.0]) / 2 == pytest.approx(0.5, abs=1e-6)
    # Not where an input is so strong that every state spikes: there cuts at theta are better.
    strong = network(np.multiply(ring, 5.0), noise=3.0, drive=10.0)
    costs = [worst_by_definition(strong, [cut] * 3) for cut in (-60.0, -50.0)]
    assert costs[1] < 0.5 < 0.99 < costs[0]


def test_tampered_ternary_worst_case() -> None:
    net = pyloric()
    c = joint(net, objective="minimax").certificate
    assert c.verify(net)
    one = c.separate[0]
    for wrong in (
        replace(c, upper=c.upper + 1e-6),
        replace(c, lower=c.lower + 1e-6),
        replace(c, everywhere=c.everywhere + 1e-6),
        replace(c, upper=c.upper - 1e-6, lower=c.lower - 1e-5, everywhere=c.lower - 1e-5),
        replace(c, thresholds=(c.thresholds[0] + 0.1, *c.thresholds[1:])),
        replace(c, separate=(replace(one, upper=one.upper - 1e-6), *c.separate[1:])),
        replace(c, separate=c.separate[:-1]),
        replace(c, alphabet="binary"),
        replace(c, objective="brier"),
    ):
        assert not wrong.verify()
    assert not c.verify(pyloric(dt=4.0))


def test_time_limit_keeps_an_honest_gap() -> None:
    net = random_network(11, 6, scale=4.0)
    result = joint(net, alphabet="binary", time_limit=1e-6)
    assert result.status is JointStatus.BOUNDED
    c = result.certificate
    assert c.gap > 0
    assert c.verify(net)
    full = joint(net, alphabet="binary")
    assert full.status is JointStatus.OPTIMAL
    assert c.lower <= full.epsilon + 1e-13 <= c.upper + 2e-13


def test_the_seed_decides() -> None:
    net = excitatory_ring(3)
    results = [joint(net, alphabet="binary", rng=seed) for seed in (0, 0, 7)]
    assert results[0].certificate == results[1].certificate
    assert results[0].epsilon == pytest.approx(results[2].epsilon, abs=1e-13)
    assert joint(net, rng=np.random.default_rng(1)).provenance["seed"] is None


def test_declared_range() -> None:
    net = half_centre()
    potentials = (-70.0, -45.0)
    result = joint(net, alphabet="binary", potentials=potentials, cells=6)
    assert {(u.low, u.high) for u in result.certificate.units} == {potentials}
    expected = reference(net, result.thresholds, potentials=potentials)
    assert result.per_unit == pytest.approx(expected, abs=1e-9)
    assert result.provenance["domain"] == [list(potentials)] * 2
    assert result.certificate.verify(net)


def test_separation_and_mass_restrict_the_candidates() -> None:
    net = excitatory_ring(3)
    free = joint(net, alphabet="binary")
    bound = joint(net, alphabet="binary", min_mass=0.3)
    assert bound.epsilon > free.epsilon
    for unit, cut in zip(bound.certificate.units, bound.thresholds, strict=True):
        assert 0.3 <= (cut - unit.low) / unit.length <= 0.7
    apart = joint(net, alphabet="ternary", min_separation=0.3)
    assert max(len(c) for c in apart.certificate.candidates) < 23
    with pytest.raises(InputError, match=r"min_separation = 0.999: at most 0\.\d+ for unit 'A'"):
        joint(net, min_separation=0.999)
    with pytest.raises(InputError, match="min_mass"):
        joint(net, min_mass=0.6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alphabet": "unary"}, "alphabet"),
        ({"objective": "mean"}, "objective"),
        ({"effect": "words"}, "effect"),
        ({"effect": "macro", "alphabet": "binary"}, "never changes"),
        ({"effect": "macro", "min_mass": 0.1}, "effect"),
        ({"cells": 1}, "cells"),
        ({"cells": 2.5}, "cells"),
        ({"time_limit": 0.0}, "time_limit"),
        ({"time_limit": math.nan}, "time_limit"),
        ({"min_mass": -0.1}, "min_mass"),
        ({"min_separation": math.nan}, "min_separation"),
        ({"contexts": "extremes"}, "contexts"),
        ({"contexts": [0.0, 1.0]}, "contexts"),
        ({"objective": "minimax", "min_mass": 0.1}, "min_mass"),
        ({"potentials": (-80.0, -60.0)}, "range"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        joint(excitatory_ring(3), **options)


def test_networks_that_do_not_fit() -> None:
    pair = Network(neuron=models.cuba_lif(), weights=[[0, 1], [1, 0]], dt=1.0, noise=1.0)
    with pytest.raises(InputError, match="threshold"):
        joint(pair)
    # Their worst cases separate all the same.
    assert joint(pair, objective="minimax").certificate.verify(pair)
    crowd = network(np.ones((14, 14)) - np.eye(14))
    with pytest.raises(InputError, match="13 presynaptic units"):
        joint(crowd)


def test_two_candidates_and_equal_units() -> None:
    """The fewest cells, and ties: a symmetric ring has equally good rotations."""
    net = excitatory_ring(4)
    two = joint(net, alphabet="binary", cells=2)
    assert two.epsilon == pytest.approx(grid_costs(net, two), abs=1e-12)
    result = joint(net, alphabet="binary", cells=5)
    assert result.epsilon == pytest.approx(grid_costs(net, result), abs=1e-12)
    rotated = reference(net, np.roll(result.thresholds, 1)).sum()
    assert rotated == pytest.approx(result.epsilon, abs=1e-9)
    assert result.partition.thresholds.tolist() == result.thresholds.tolist()
    assert result.partition.alphabet == "binary"


@pytest.mark.slow
def test_eight_units_close_the_gap() -> None:
    for density in (3, 7):
        rng = np.random.default_rng(density)
        weights = np.zeros((8, 8))
        for i in range(8):
            others = rng.choice([j for j in range(8) if j != i], density, replace=False)
            weights[i, others] = rng.normal(0.0, 4.0, density)
        net = network(weights, drive=rng.uniform(5, 20, 8))
        result = joint(net, alphabet="binary")
        assert result.certificate.relative_gap < 0.05
        assert result.certificate.verify(net)
