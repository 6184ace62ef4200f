"""The formulas of theory/08 against integration, simulation and the package."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp
from numpy.typing import NDArray
from scipy import integrate, stats

from causal_snn import models
from causal_snn.kernel.absorbing import absorbing
from causal_snn.kernel.bins.enclosure import curvature
from causal_snn.kernel.bins.task import Bin
from causal_snn.kernel.operator import operator
from causal_snn.models import Network

Evaluate = Callable[..., float]
Load = Callable[[str], ModuleType]
Proved = dict[str, dict[str, sp.Expr]]
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def proved(load_theory: Load) -> Proved:
    """Every formula of the file, by label."""
    return {label: derive() for label, derive in load_theory("08_effect_kernels").RESULTS.items()}


def network(sd: float = 4.0, dt: float = 1.0, drive: float = 16.0, **neuron: Any) -> Network:
    return Network(
        neuron=models.lif(**neuron), weights=[[0.0, 2.0], [0.0, 0.0]], drive=drive, noise=sd, dt=dt
    )


def test_every_result_is_listed(proved: Proved) -> None:
    assert list(proved) == [f"K{n}" for n in range(1, 12)]
    assert all(proved.values())


def test_the_free_path_of_a_bin(proved: Proved, evaluate: Evaluate) -> None:
    """K1: mean and covariance of simulated paths, and an orthant against the operator."""
    a, sigma, mu, v = np.exp(-0.05), 1.3, -49.0, -55.0
    where = {"a": a, "sigma": sigma}
    rng = np.random.default_rng(0)
    paths, now = [], np.full(200_000, v)
    for _ in range(4):
        now = mu + a * (now - mu) + sigma * rng.standard_normal(len(now))
        paths.append(now)
    sampled = np.cov(paths)
    for j in range(4):
        mean = evaluate(proved["K1"]["mean"], a=a, mu=mu, v=v, k=j + 1)
        assert abs(np.mean(paths[j]) - mean) < 4 * sigma * 2 / np.sqrt(len(now))
        for k in range(j, 4):
            found = evaluate(proved["K1"]["covariance"], j=j + 1, k=k + 1, **where)
            scale = np.sqrt(sampled[j, j] * sampled[k, k] + sampled[j, k] ** 2)
            assert abs(sampled[j, k] - found) < 4 * scale / np.sqrt(len(now))


@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_words_are_told_by_their_first_spike(reset: Any) -> None:
    """K2: between cells, TV of words is that of first-spike times; not so where resets remember."""
    net = network(reset=reset, V_reset=-53.0, drive=20.0)
    word = operator(net, 1, steps=4, effect="word", cells=30)
    count = operator(net, 1, steps=4, effect="count", cells=30)
    first = np.array([name.find("1") for name in word.outcomes])
    times = np.stack([word.rows[0][:, first == k].sum(axis=1) for k in range(-1, 4)], axis=1)

    def apart(laws: Floats) -> Floats:
        return 0.5 * np.abs(laws[:, None] - laws).sum(axis=-1)

    between = apart(times)
    if reset == "value":
        assert apart(word.rows[0]) == pytest.approx(between, abs=1e-9)
        assert np.all(apart(count.rows[0]) <= between + 1e-9)
    else:
        assert np.max(apart(word.rows[0]) - between) > 1e-4


def test_first_step_bound(proved: Proved, evaluate: Evaluate) -> None:
    """K3 is the total variation of two Gaussians, and holds for words from end to end."""
    a, sigma, h = 0.9, 1.2, 1.5
    names = {"a": a, "sigma": sigma, "h": h}
    integral, _ = integrate.quad(
        lambda y: abs(stats.norm.pdf(y, 0, sigma) - stats.norm.pdf(y, a * h, sigma)),
        -15, 15, points=[a * h / 2], epsabs=1e-12,
    )  # fmt: skip
    assert evaluate(proved["K3"]["apart"], **names) == pytest.approx(integral / 2, abs=1e-9)
    net = network()
    decay = np.exp(-0.05)
    where = {"a": decay, "sigma": 4 * np.sqrt(1 - decay**2), "h": 0.7}
    word = operator(net, 0, steps=5, effect="word", cells=50, contexts=[0.0])  # cells of 0.7 mV
    neighbours = 0.5 * np.abs(np.diff(word.rows[0], axis=0)).sum(axis=-1)
    assert np.all(neighbours <= evaluate(proved["K3"]["apart"], **where))
    assert neighbours.max() > 0.3 * evaluate(proved["K3"]["apart"], **where)
    assert np.all(word.spread <= evaluate(proved["K3"]["centre"], **where) + 1e-8)


@pytest.mark.parametrize("drift", [-3.0, -0.6, 0.0, 0.4, 2.5])
def test_curvature_of_one_step(drift: float, proved: Proved, evaluate: Evaluate) -> None:
    """K4 and K6 bound half the L1 norm of the second difference of a step's law; K5 its mass."""
    z = np.linspace(0, 22, 4401)
    x, e = np.linspace(0.01, 9, 100), 1e-3

    def law(x: Floats) -> Floats:
        free = stats.norm.pdf(z - x[:, None] - drift)
        return np.asarray(free * -np.expm1(-2 * x[:, None] * z))

    here = law(x)
    survivors = integrate.simpson(here, z, axis=1)
    formula = sp.lambdify(("x", "d"), proved["K5"]["survivors"], modules=["scipy", "numpy"])
    near = x < 2.5  # further off exp(-2 x d) magnifies the rounding of Phi
    assert survivors[near] == pytest.approx(formula(x[near], drift), abs=1e-8)
    density = sp.lambdify(("x", "z", "d"), proved["K5"]["density"], modules=["scipy", "numpy"])
    assert density(x[:, None], z[::50], drift) == pytest.approx(here[:, ::50], abs=1e-12)
    assert np.all(np.diff(survivors) > -1e-12)
    bend = (law(x + e) - 2 * here + law(x - e)) / e**2
    lost = integrate.simpson(bend, z, axis=1)
    norm = 0.5 * (integrate.simpson(np.abs(bend), z, axis=1) + np.abs(lost))
    bound = evaluate(proved["K6"]["norm"], a=1.0, sigma=1.0, down=max(drift, 0.0))
    assert np.all(norm <= bound)
    assert norm.max() > bound / 12  # of the right size
    free = 0.5 * integrate.quad(lambda y: abs(y * y - 1) * stats.norm.pdf(y), -12, 12)[0]
    assert evaluate(proved["K4"]["norm"], a=1.0, sigma=1.0) == pytest.approx(free, abs=1e-7)


def test_the_packages_bounds_are_those_proved(proved: Proved, evaluate: Evaluate) -> None:
    for drive in (0.0, 10.0, 30.0):
        step = network(drive=drive).step().unit(0)
        names = {"a": step.decay, "sigma": step.sigma}
        plain = curvature(Bin(step, 0.0, 4, "word"))
        assert plain == pytest.approx(evaluate(proved["K4"]["norm"], **names))
        settled = -65 + drive
        down = max((1 - step.decay) * (-50 - settled) / step.sigma, 0.0)
        bridged = curvature(Bin(step, 0.0, 4, "word", "bridge"))
        assert bridged == pytest.approx(evaluate(proved["K6"]["norm"], down=down, **names))


def test_one_bridged_step(proved: Proved, evaluate: Evaluate) -> None:
    """K5 in millivolts is the package's kernel of one step."""
    step = network().step().unit(1)
    found = operator(network(), 1, steps=1, cells=60, crossing="bridge")
    assert found.edges is not None
    x = step.decay * (-50 - found.edges) / step.sigma
    d = (1 - step.decay) * (-50 - -49.0) / step.sigma
    formula = sp.lambdify(("x", "d"), proved["K5"]["survivors"], modules=["scipy", "numpy"])
    spikes = 1 - formula(x, d)
    assert found.lower[0] == pytest.approx(spikes[:-1], abs=1e-12)
    assert found.upper[0] == pytest.approx(spikes[1:], abs=1e-12)


def test_reflection_and_short_bins(proved: Proved, evaluate: Evaluate) -> None:
    """K7 and K8 against the backward equation."""
    for t in (0.05, 2.0):
        found = absorbing(network(drive=15.0), 1, t, cells=50, potentials=(-58.0, -50.0))
        assert found.edges is not None
        where = {"t": t, "tau": 20.0, "sd": 4.0}
        for place in (5, 30, 48):
            g = evaluate(proved["K7"]["g"], gap=-50 - found.edges[place], **where)
            assert found.lower[0, place] == pytest.approx(g, abs=1e-9)
        gap = evaluate(proved["K8"]["gap_at_rest"], **where)
        at = absorbing(network(drive=15.0), 1, t, cells=1, potentials=(-50.0 - gap, -50.0))
        assert at.lower[0, 0] == pytest.approx(0.5, abs=1e-9)
        assert evaluate(proved["K8"]["gap"], **where) == pytest.approx(gap, rel=0.06 * t)


def test_width_of_contexts(proved: Proved, evaluate: Evaluate) -> None:
    """K9 bounds what a shift of the input changes in three steps."""
    net, width = network(), 0.2
    peak = evaluate(proved["K9"]["peak"], sigma=float(net.noise_per_step[0]))
    for crossing in ("end_of_step", "bridge"):
        some = operator(
            net, 0, steps=3, effect="word", cells=40, contexts=[0.0, width], crossing=crossing
        )  # fmt: skip
        apart = 0.5 * np.abs(some.rows[0] - some.rows[1]).sum(axis=-1)
        assert np.all(apart <= 3 * width * peak)
        assert apart.max() > 0.2 * 3 * width * peak


def test_opposite_shifts(proved: Proved, evaluate: Evaluate) -> None:
    """K11: half-way potentials of one tested step and of the same time unbroken."""
    step = network(drive=5.0).step().unit(1)
    shift = evaluate(proved["K11"]["shift"], below=10.0, a=step.decay)
    assert shift == pytest.approx(
        step.rest + (step.theta - step.rest - step.drive) / step.decay + 50
    )
    found = absorbing(network(drive=5.0), 1, 1.0, cells=700)
    place = int(np.searchsorted(found.probability[0], 0.5))
    assert found.states[place, 0] < -50 < -50 + shift
