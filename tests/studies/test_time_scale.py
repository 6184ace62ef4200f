"""Closure, effective and integrated information over the time step, each recomputed apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import entropy

from causal_snn import coarse, kernel, models, phi
from causal_snn.errors import InputError
from causal_snn.models import Network, zoo
from causal_snn.studies import TimeScale, time_scale


@pytest.fixture(scope="module")
def study() -> TimeScale:
    return time_scale(zoo.half_centre(), dt=[1.0, 4.0, 12.0])


def test_curves_are_those_of_the_tpm(study: TimeScale) -> None:
    for k, matrix in enumerate(study.tpms):
        rows = matrix.state_by_state
        mean = rows.mean(axis=0)
        bits = np.mean([entropy(row, mean, base=2) for row in rows])
        assert study.effective_information[k] == pytest.approx(bits, abs=1e-10)
        assert study.information_rate[k] == pytest.approx(bits / study.dt[k], abs=1e-10)
        whole = math.log2(len(rows)) * (study.determinism[k] - study.degeneracy[k])
        assert whole == pytest.approx(bits, abs=1e-10)


def test_phi_is_that_of_pyphi(study: TimeScale) -> None:
    matrix = study.tpms[1]
    by_state = phi.analyze(matrix, structure=False, complexes=False)
    chance = matrix.stationary()
    states = [tuple(int(x) for x in s) for s in matrix.states]
    mean = sum(chance[states.index(r.state)] * r.phi_s for r in by_state)
    assert study.phi_s[1] == pytest.approx(mean, abs=1e-9)
    assert study.most_phi_s[1] == pytest.approx(by_state.phi_s.max(), abs=1e-9)


def test_thresholds_are_those_of_a_network_with_that_step(study: TimeScale) -> None:
    net = zoo.half_centre(dt=12.0)
    for k, label in enumerate(study.labels):
        one = coarse.threshold(kernel.next_spike(net, label))
        assert study.threshold[2, k] == pytest.approx(one.threshold, abs=1e-9)


def test_the_best_grain_is_the_most_informative_one_that_is_closed(study: TimeScale) -> None:
    assert study.best(1.0) == int(np.argmax(study.effective_information))
    assert study.best(1.0, per="ms") == int(np.argmax(study.information_rate))
    assert study.best(0.0) is None
    bound = float(np.sort(study.epsilon)[0])
    assert study.best(bound) == int(np.argmin(study.epsilon))
    with pytest.raises(InputError, match="epsilon = 2"):
        study.best(2)
    with pytest.raises(InputError, match="per = 'second'"):
        study.best(0.5, per="second")  # type: ignore[arg-type]


def test_longer_steps_forget() -> None:
    """Far beyond tau nothing is left of the potential: only what arrives tells."""
    alone = Network(neuron=models.lif(), weights=[[0.0]], drive=14.0, noise=3.0, dt=1.0)
    study = time_scale(alone, dt=[1.0, 400.0])
    assert study.effective_information[1] < 1e-6 < study.effective_information[0]
    assert study.epsilon[1] < 1e-6
    assert study.phi_s.shape == (2,)


def test_to_xarray(study: TimeScale) -> None:
    table = study.to_xarray()
    assert table["threshold"].sel(dt=4.0, neuron="R").item() == study.threshold[1, 1]
    assert table["effective_information"].attrs["units"] == "bit"


def test_bad_input() -> None:
    with pytest.raises(InputError, match=r"dt = \[\]"):
        time_scale(zoo.half_centre(), dt=[])
    with pytest.raises(InputError, match=r"5 units.*81 macro states"):
        time_scale(zoo.excitatory_ring(5), dt=[1.0])
