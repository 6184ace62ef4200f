"""Thresholds that depend on the context, and what the context is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from causal_snn import kernel, models
from causal_snn.coarse.context_thresholds import context_thresholds
from causal_snn.coarse.threshold import threshold
from causal_snn.kernel.effect import EffectKernel
from causal_snn.models import Network


def unit(w: float, sd: float = 3.0, **options: Any) -> EffectKernel:
    net = Network(neuron=models.lif(), weights=[[0, w], [w, 0]], drive=22.0, noise=sd, dt=1.0)
    return kernel.next_spike(net, 0, **options)


def joint(k: EffectKernel, cut: Any, grid: Any) -> Any:
    """Return P(context, cell, effect) on a grid of states; `cut` is one T or one for each."""
    p = norm.cdf((grid - k.midpoints[:, None]) / k.scale)
    above = grid >= np.reshape(np.broadcast_to(cut, len(p)), (-1, 1))
    cells = np.stack([~above, above], axis=1) / grid.size / len(p)
    return np.stack([cells * (1 - p)[:, None], cells * p[:, None]], -1).sum(axis=2)


def entropy(law: Any) -> float:
    law = law[law > 0]
    return float(-(law * np.log2(law)).sum())


def information(law: Any, *, context_known: bool) -> float:
    """I(effect; cell, context), or I(effect; cell), from the joint law."""
    table = law.reshape(-1, 2) if context_known else law.sum(axis=0)
    return entropy(table.sum(0)) + entropy(table.sum(1)) - entropy(table.ravel())


@settings(max_examples=20)
@given(w=st.floats(-8, 8), sd=st.floats(1, 6))
def test_thresholds_and_values_against_the_joint_law(w: float, sd: float) -> None:
    k = unit(w, sd)
    r = context_thresholds(k, cells=200)
    grid = np.linspace(*k.domain, 20_001)
    grid = (grid[:-1] + grid[1:]) / 2
    own = information(joint(k, r.informative, grid), context_known=True)
    one = joint(k, r.informative_shared, grid)
    assert r.value == pytest.approx(own - information(one, context_known=True), abs=1e-6)
    total = own - information(one, context_known=False)
    assert r.total_value == pytest.approx(total, abs=1e-6)
    assert r.value >= 0
    assert r.context_information >= 0
    for c in range(len(k.midpoints)):  # closed form of one context: the middle of the end effects
        low, high = norm.cdf((np.array(k.domain) - k.midpoints[c]) / k.scale)
        assert r.epsilons[c] == pytest.approx((high - low) / 2, abs=1e-12)
        if high - low > 1e-6 and low + high < 2 - 1e-6:
            closed = k.midpoints[c] + k.scale * norm.ppf((low + high) / 2)
            assert r.thresholds[c] == pytest.approx(closed, abs=1e-6)
    assert r.shared == threshold(k).threshold
    assert r.epsilon <= r.shared_epsilon + 1e-12
    assert r.spread == pytest.approx(np.ptp(r.thresholds))


def test_no_other_thresholds_tell_more() -> None:
    k = unit(6.0)
    r = context_thresholds(k, cells=400)
    grid = np.linspace(*k.domain, 4001)
    random = np.random.default_rng(0)
    for _ in range(200):
        cuts = random.uniform(-60, -50, len(k.midpoints))
        assert (
            information(joint(k, cuts, grid), context_known=True)
            - information(joint(k, r.informative_shared, grid), context_known=True)
            <= r.value + 2e-4
        )
    assert r.value > 0.01


def test_one_context_has_no_value() -> None:
    r = context_thresholds(unit(0.0))
    assert (len(r.inputs), r.value, r.spread) == (1, 0.0, 0.0)
    assert r.context_information == pytest.approx(0.0, abs=1e-12)


def test_strong_synapses_make_the_context_worth_more() -> None:
    values = [context_thresholds(unit(w)).value for w in (0.5, 2.0, 6.0)]
    assert values == sorted(values)
    strong = context_thresholds(unit(6.0))
    assert strong.shared_epsilon - strong.epsilon > 0.1
    assert strong.spread > 4.0


def test_an_interval_of_contexts() -> None:
    few, every = (context_thresholds(unit(5.0, contexts=c)) for c in ("extremes", "interval"))
    assert every.spread == pytest.approx(few.spread)
    assert every.inputs[[0, -1]] == pytest.approx(few.inputs)
    assert every.thresholds[[0, -1]] == pytest.approx(few.thresholds)
    assert np.all(np.diff(every.thresholds) < 0)  # the more input, the lower the threshold


def test_a_table_agrees_with_the_closed_form() -> None:
    k = unit(5.0)
    closed, table = context_thresholds(k), context_thresholds(k.tabulate(2000))
    assert table.thresholds == pytest.approx(closed.thresholds, abs=0.02)
    assert table.epsilons == pytest.approx(closed.epsilons, abs=0.01)
    assert table.value == pytest.approx(closed.value, abs=1e-4)
    assert table.context_information == pytest.approx(closed.context_information, abs=1e-4)
    assert table.shared == pytest.approx(closed.shared, abs=0.02)


def test_without_noise_each_context_is_certain() -> None:
    k = unit(1.0, 0.0)
    r = context_thresholds(k)
    inside = (k.midpoints > k.domain[0]) & (k.midpoints < k.domain[1])
    assert r.thresholds[inside] == pytest.approx(k.midpoints[inside])
    assert r.epsilon == 0.0
    assert r.shared_epsilon == 1.0
