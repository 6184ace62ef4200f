"""The confounding meter against simulations, and where there is nothing to measure."""

from __future__ import annotations

import numpy as np
import pytest

from causal_snn import kernel, models, order
from causal_snn.coarse import Partition
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.simulation import State, advance, micro_state, rest_state, run
from causal_snn.tpm.confounding import confounding

COUPLED = Network(neuron=models.lif(), weights=[[0, 4], [6, 1]], drive=16, noise=3, dt=5.0)
CELLS = Partition.from_thresholds(COUPLED, -53.0, alphabet="binary")


def macro(cells: Partition, state: State) -> np.ndarray:
    units = [u.classify(state.v[k], state.i[k], state.spiked[k]) for k, u in enumerate(cells.units)]
    return order.numbers(units, cells.sizes)


def test_the_gap_is_that_of_counted_transitions() -> None:
    found = confounding(COUPLED, CELLS, samples=100_000)
    # Seeing: transitions counted in a free run.
    count, before = np.zeros((4, 4)), None
    for k, state in enumerate(run(COUPLED, rest_state(COUPLED, 5000), 160, rng=9)):
        now = macro(CELLS, state)
        if before is not None and k > 60:
            np.add.at(count, (before, now), 1)
        before = now
    seen = count / count.sum(axis=1, keepdims=True)
    # Doing: micro states of each macro state, uniform on the declared range, by rejection.
    rng = np.random.default_rng(1)
    ranges = [kernel.intervention_range(COUPLED, k) for k in range(2)]
    v = np.stack([rng.uniform(r.v_low, r.v_high, 2_000_000) for r in ranges])
    start = micro_state(COUPLED, v)
    after = advance(COUPLED.step().column(), COUPLED.weights, start, rng.standard_normal(v.shape))
    doing = np.zeros((4, 4))
    np.add.at(doing, (macro(CELLS, start), macro(CELLS, after)), 1)
    doing /= doing.sum(axis=1, keepdims=True)
    gap = 0.5 * np.abs(seen - doing).sum(axis=1)
    assert found.gap == pytest.approx(gap, abs=0.015)
    assert found.worst == found.gap.max() > 0.2
    assert order.number(found.worst_state, (2, 2)) == int(np.argmax(gap))
    assert found.clear.all()
    share = count.sum(axis=1) / count.sum()
    assert found.mean == pytest.approx(share @ gap, abs=0.015)
    assert np.all(found.unit_gap.max(axis=1) <= found.gap + 1e-12)


def test_units_without_connections_are_not_confounded() -> None:
    apart = Network(neuron=models.lif(), weights=np.zeros((2, 2)), drive=16, noise=3, dt=5.0)
    found = confounding(apart, CELLS, law="stationary")
    assert not found.clear.any()
    assert found.worst < 0.03
    # The uniform law differs from what the units do, connections or not.
    assert confounding(apart, CELLS, law="uniform").clear.any()


def test_one_unit_has_nothing_to_be_correlated_with() -> None:
    one = Network(neuron=models.lif(), weights=[[2.0]], drive=16, noise=3, dt=5.0)
    cells = Partition.from_thresholds(one, -53.0)
    assert confounding(one, cells, law="stationary").gap == pytest.approx(np.zeros(3), abs=1e-12)


def test_the_sampling_error_is_what_another_seed_makes() -> None:
    runs = [confounding(COUPLED, CELLS, samples=10_000, rng=seed) for seed in range(12)]
    rows = np.array([each.observed_rows for each in runs])
    spread = rows.std(axis=0, ddof=1).sum(axis=1) / 2
    stated = np.mean([each.sampling for each in runs], axis=0)
    assert np.all(stated > 0.6 * spread)
    assert np.all(stated < 1.7 * spread)


def test_states_never_seen_have_no_gap() -> None:
    quiet = Network(neuron=models.lif(), weights=np.zeros((2, 2)), drive=0.0, noise=0.5, dt=1.0)
    found = confounding(quiet, Partition.from_thresholds(quiet, -55.0))
    never = found.visits == 0
    assert never.any()
    assert np.isnan(found.gap[never]).all()
    assert np.isnan(found.unit_gap[never]).all()
    assert not found.clear[never].any()
    assert np.isfinite(found.worst)
    assert found.mean == pytest.approx(np.average(found.gap[~never], weights=found.visits[~never]))


def test_bad_questions_name_the_fault() -> None:
    with pytest.raises(InputError, match="law = 'stationary_joint'"):
        confounding(COUPLED, CELLS, law="stationary_joint")
    with pytest.raises(InputError, match="one partition for each of"):
        confounding(COUPLED, CELLS.units[:1])
