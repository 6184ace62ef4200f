"""The package against the expressions that theory/ proves."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from causal_snn import coarse, kernel, models
from causal_snn.kernel.normal import mean_above
from causal_snn.models import Network


@pytest.fixture(scope="module")
def results(load_theory: Callable[[str], ModuleType]) -> dict[str, Callable[[], dict[str, Any]]]:
    return load_theory("01_lif").RESULTS  # type: ignore[no-any-return]


NET = Network(neuron=models.lif(), weights=[[0.0, 2.0], [0.0, 0.0]], drive=17.0, noise=3.0, dt=2.0)
A = math.exp(-0.1)
SIGMA = 3.0 * math.sqrt(1 - A**2)


def test_step(results: Any, evaluate: Any) -> None:
    step = NET.step().unit(0)
    proved = results["L1"]()
    numbers = {"tau": 20.0, "dt": 2.0, "v": -60.0, "E": -65.0, "drive": 17.0, "a": A}
    assert evaluate(proved["a"], **numbers) == pytest.approx(step.decay)
    assert evaluate(proved["v_next"], **numbers) == pytest.approx(
        float(step.mean(-60.0, 0.0, False, 0.0)[0])
    )
    euler = NET.neurons[0].with_convention(step="euler")
    assert evaluate(proved["a_euler"], **numbers) == pytest.approx(
        Network(neuron=euler, weights=[[0.0]], dt=2.0).step().unit(0).decay
    )


def test_noise_per_step(results: Any, evaluate: Any) -> None:
    proved = results["L2"]()
    numbers = {"sd": 3.0, "a": A, "tau": 20.0, "dt": 2.0}
    assert evaluate(proved["sigma_dt"], **numbers) == pytest.approx(NET.noise_per_step[0])


def test_kernel(results: Any, evaluate: Any) -> None:
    proved = results["L3"]()
    k = kernel.next_spike(NET, 0)
    for c, m in zip(k.contexts.inputs, k.midpoints, strict=True):
        numbers = {
            "theta": -50.0, "E": -65.0, "a": A, "D": (1 - A) * 17.0, "c": float(c),
            "sigma": SIGMA, "sigma_dt": SIGMA, "v": -52.0,
        }  # fmt: skip
        assert evaluate(proved["m"], **numbers) == pytest.approx(m)
        assert evaluate(proved["s"], **numbers) == pytest.approx(k.scale)


def test_synaptic_score(results: Any, evaluate: Any) -> None:
    proved = results["L11"]()
    model = models.cuba_lif(tau=20, tau_syn=5, R=3)
    step = Network(neuron=model, weights=[[0.0]], dt=2.0).step().unit(0)
    numbers = {"tau": 20.0, "tau_s": 5.0, "tau_syn": 5.0, "R": 3.0, "dt": 2.0}
    assert evaluate(proved["a01"], **numbers) == pytest.approx(step.current_to_potential)
    equal = models.cuba_lif(tau=20, tau_syn=20, R=3)
    step = Network(neuron=equal, weights=[[0.0]], dt=2.0).step().unit(0)
    assert evaluate(proved["a01_equal_taus"], **numbers) == pytest.approx(step.current_to_potential)


def test_ramp_mean(results: Any, evaluate: Any) -> None:
    mean = results["L10"]()["mean"]
    numbers = {"b": 51.0, "k": 0.95, "sigma": 1.3, "l": -60.0, "h": -50.0, "lo": -60.0, "hi": -50.0}
    expected = evaluate(mean, **numbers)
    found = mean_above(51.0 + 0.95 * -60.0, 51.0 + 0.95 * -50.0, 1.3, 0.0)
    assert float(found) == pytest.approx(expected, abs=1e-12)


def test_threshold_on_the_line_and_on_a_domain(results: Any, evaluate: Any) -> None:
    k = kernel.next_spike(NET, 0)
    m_min, m_max = float(k.midpoints.min()), float(k.midpoints.max())
    line = coarse.threshold(k, domain=(-math.inf, math.inf))
    proved = results["L5"]()
    numbers = {"m_min": m_min, "m_max": m_max, "s": k.scale}
    assert evaluate(proved["T"], **numbers) == pytest.approx(line.threshold)
    assert evaluate(proved["diameter"], **numbers) == pytest.approx(line.epsilon)
    alone = kernel.next_spike(NET, 1)
    one = coarse.threshold(alone, domain=(-85.0, -50.0))
    proved = results["L6"]()
    numbers = {"m": float(alone.midpoints[0]), "s": alone.scale, "lo": -85.0, "hi": -50.0}
    assert evaluate(proved["T"], **numbers) == pytest.approx(one.threshold, abs=1e-9)
    assert evaluate(proved["diameter"], **numbers) == pytest.approx(one.epsilon, abs=1e-12)


def test_floor_and_band(results: Any, evaluate: Any) -> None:
    alone = kernel.next_spike(NET, 1)
    r = coarse.threshold(alone, domain=(-85.0, -50.0))
    p_min, p_max = (float(p) for p in alone.probability(np.array([-85.0, -50.0]))[0])
    floor = evaluate(results["L8"]()["floor"], p_min=p_min, p_max=p_max, k=2)
    assert r.floor == pytest.approx(floor)
    proved = results["L9"]()
    m = float(alone.midpoints[0])
    numbers = {"eps": 0.05, "m_min": m, "m_max": m, "s": alone.scale}
    edges = (evaluate(proved["off_edge"], **numbers), evaluate(proved["on_edge"], **numbers))
    assert r.band == pytest.approx(edges)
