"""The formulas of theory/14 against the package, simulation and numbers worked out apart."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from causal_snn import models
from causal_snn.kernel.bands import bounded_mean, variation_band
from causal_snn.kernel.two_variables.plane import plane
from causal_snn.kernel.two_variables.region import PEAK
from causal_snn.kernel.two_variables.survival import CURVATURE, make_survival
from causal_snn.kernel.two_variables.unit import PlaneUnit, plane_unit
from causal_snn.models import Network
from causal_snn.models.inputs import WhiteNoise

Evaluate = Callable[..., float]
Proved = dict[str, dict[str, sp.Expr]]
WHITE = (WhiteNoise(amplitude=1.5),)


@pytest.fixture(scope="module")
def proved(load_theory: Callable[[str], ModuleType]) -> Proved:
    """Every formula of the file, by label."""
    return {label: derive() for label, derive in load_theory("14_two_variables").RESULTS.items()}


def unit(model: Any, dt: float) -> PlaneUnit:
    """Return the plane of a lone neuron."""
    return plane_unit(Network(neuron=model, weights=[[0.0]], dt=dt, inputs=WHITE), 0)


def test_every_result_is_listed(proved: Proved) -> None:
    assert list(proved) == [f"V{k}" for k in range(1, 10)]
    assert all(proved.values())


def test_score_over_several_steps_is_the_matrix_power(proved: Proved, evaluate: Evaluate) -> None:
    """V1 against powers of the one-step matrix, and the coefficient of one step."""
    net = Network(neuron=models.cuba_lif(R=3.0), weights=[[0.0]], noise=2.0, dt=2.0)
    step = net.step().unit(0)
    matrix = np.array([[step.decay, step.current_to_potential], [0.0, step.current_decay]])
    for steps in (1, 3, 10):
        power = np.linalg.matrix_power(matrix, steps)
        where = {"a": step.decay, "b": step.current_decay, "d": step.current_to_potential}
        where |= {"T": steps, "sigma": step.sigma}
        kappa = evaluate(proved["V1"]["score_coefficient"], **where)
        assert kappa == pytest.approx(power[0, 1] / power[0, 0])
        kept = [np.linalg.matrix_power(matrix, j)[0, 0] ** 2 for j in range(steps)]
        assert evaluate(proved["V1"]["variance"], **where) == pytest.approx(
            step.sigma**2 * sum(kept)
        )
        if steps == 1:
            assert kappa == pytest.approx(step.score_coefficient)


def test_margin_is_the_score_of_the_package(proved: Proved, evaluate: Evaluate) -> None:
    """V2: rows of a kernel on a point, for a margin written down by hand."""
    net = Network(
        neuron=models.adex(I=700.0), weights=[[0.0, 2.0], [0.0, 0.0]], dt=0.5, inputs=WHITE
    )
    V, w = -36.0, 100.0
    p = net.neurons[0].parameters
    rate = -p["g_L"] * (V - p["E_L"]) + p["g_L"] * p["Delta_T"] * np.exp(
        (V - p["V_T"]) / p["Delta_T"]
    )
    margin = V + 0.5 * (rate - w + 700.0) / p["C"] - p["v_peak"]
    k = plane(net, 0, ranges={"V": (V, V + 1e-9), "w": (w, w)}, cells=(1, 1))
    for c, row in zip((0.0, 2.0), k.probability[:, 0], strict=True):
        where = {"f": margin, "c": c, "B": 1.0, "sigma": 1.5 * np.sqrt(0.5)}
        assert row == pytest.approx(evaluate(proved["V2"]["p_c"], **where), abs=1e-7)


def test_a_bin_has_no_linear_score(proved: Proved, evaluate: Evaluate) -> None:
    """V3: states of equal kappa_2 score, with the first step sure to be quiet or not."""
    net = Network(neuron=models.cuba_lif(), weights=[[0.0]], drive=14.0, noise=3.0, dt=2.0)
    step = net.step().unit(0)
    where = {"a": step.decay, "b": step.current_decay, "d": step.current_to_potential, "T": 2}
    kappa = evaluate(proved["V1"]["score_coefficient"], **where)

    def effect(v: float, i: float) -> float:
        ranges = {"v": (v, v + 1e-8), "i": (i, i)}
        return float(plane(net, 0, steps=2, cells=(1, 1), ranges=ranges).probability[0, 0])

    # far below threshold a spike is one of the second step, and the score of V1 tells it
    assert effect(-58.0, 0.0) == pytest.approx(effect(-58.0 - 8.0 * kappa, 8.0), rel=0.15)
    # near it, it is not: the first step looks at another score
    assert abs(effect(-51.5, 0.0) - effect(-51.5 - 8.0 * kappa, 8.0)) > 0.02


def test_bounds_of_grid_values_hold(proved: Proved, evaluate: Evaluate) -> None:
    """V4: finite differences of G_2 and G_3 of an AdEx neuron never pass their bounds."""
    one = unit(models.adex(I=700.0), 0.5)
    found = make_survival(one, np.array([[-60.0, 20.0], [0.0, 200.0]]), 0.0, 3, 1e-5)
    sigma = one.sigma
    assert PEAK / sigma == pytest.approx(evaluate(proved["V4"]["slope"], sigma=sigma))
    assert CURVATURE / sigma**2 == pytest.approx(evaluate(proved["V4"]["curvature"], sigma=sigma))
    decay = float(np.exp(-0.5 / 144.0))
    steps = {"F_w": 0.5 / 281.0, "g_w": decay, "sigma": sigma}
    f, w = np.meshgrid(np.linspace(-60.0, 2.0, 4001), np.linspace(0.0, 200.0, 41), indexing="ij")
    for k in (2, 3):
        slope_w = evaluate(proved["V4"]["slope_w"], k=k, **steps)
        assert found.slope[k] == pytest.approx(slope_w, rel=1e-9)
        g = found.value(f, w, k)
        df, dw = f[1, 0] - f[0, 0], w[0, 1] - w[0, 0]
        assert np.abs(np.diff(g, axis=0)).max() / df <= PEAK / sigma
        assert np.abs(np.diff(g, 2, axis=0)).max() / df**2 <= CURVATURE / sigma**2
        assert np.abs(np.diff(g, axis=1)).max() / dw <= slope_w


def test_slopes_and_fold(proved: Proved, evaluate: Evaluate) -> None:
    """V5 against the intervals of derivatives of the package."""
    for dt in (0.25, 1.0):
        fold = evaluate(proved["V5"]["fold"], dt=dt)
        one = unit(models.izhikevich(), dt)
        for v, sign in ((fold - 1.0, -1), (fold + 1.0, 1)):
            x = np.array([[v], [-10.0], [0.0]])
            least, most = one.step.slopes(x, x)
            exact = evaluate(proved["V5"]["izhikevich_slope"], v=v, dt=dt)
            assert least[0, 0, 0] <= exact <= most[0, 0, 0]
            assert np.sign(exact) == sign
    adex = unit(models.adex(), 0.5)
    x = np.array([[-52.0], [100.0], [0.0]])
    least, most = adex.step.slopes(x, x)
    where = {"v": -52.0, "share": 0.5 * 30.0 / 281.0, "V_T": -50.4, "D": 2.0}
    exact = evaluate(proved["V5"]["adex_slope"], dt=0.5, C=281.0, **where)
    assert least[0, 0, 0] - 1e-12 <= exact <= most[0, 0, 0] + 1e-12


def test_hoeffdings_band_ends_where_the_entropy_meets_its_limit(
    proved: Proved, evaluate: Evaluate
) -> None:
    """V7: kl(mean, end) = log(2/miss)/n at both ends."""
    low, high = bounded_mean(0.3, 50, 0.01)
    for end in (float(low), float(high)):
        kl = evaluate(proved["V7"]["kl"], m=0.3, p=end)
        assert kl == pytest.approx(np.log(200.0) / 50, rel=1e-9)


def test_weissmans_bound(proved: Proved, evaluate: Evaluate) -> None:
    """V8: where every outcome is as frequent, and many, it is what the package uses."""
    counts = np.full((1, 64), 3.0)
    far = evaluate(proved["V8"]["far"], Y=64, miss=0.01, n=192)
    assert variation_band(counts, 0.02)[0] == pytest.approx(min(far, 1 - 1 / 64), rel=1e-9)


def test_where_primed_is_likeliest(proved: Proved, evaluate: Evaluate) -> None:
    """V9 against a search on a grid of means."""
    where = {"theta": -50.0, "cut": -53.0, "sigma": 1.2}
    means = np.linspace(-60.0, -45.0, 3001)
    primed = stats.norm.cdf((-50 - means) / 1.2) - stats.norm.cdf((-53 - means) / 1.2)
    best = evaluate(proved["V9"]["best"], theta=-50.0, cut=-53.0)
    assert best == pytest.approx(means[primed.argmax()], abs=0.005)
    assert evaluate(proved["V9"]["primed"], m=best, **where) == pytest.approx(
        primed.max(), abs=1e-6
    )
