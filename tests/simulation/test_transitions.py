"""transitions: closed form, quadrature and sampling agree, and the choice among them is told."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from causal_snn import kernel, models, order
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.simulation import macro_states, spiking_states, transitions

RING = models.zoo.excitatory_ring(3)


def one_step(net: Network, states: Any) -> Any:
    """Return rows of one step, from the effect kernel of each unit."""
    a = np.exp(-net.dt / 20.0)
    theta, v_reset, E = -50.0, -65.0, -65.0
    spiked = states >= theta
    mean = E + a * (np.where(spiked, v_reset, states) - E) + (1 - a) * net.drive
    mean = mean + spiked @ net.weights.T
    p = 1 - norm.cdf((theta - mean) / net.noise_per_step)
    patterns = order.states((2,) * net.n)
    return np.array([[prod(np.where(pattern, row, 1 - row)) for pattern in patterns] for row in p])


def test_one_step_is_a_product_of_normal_distributions() -> None:
    states = spiking_states(RING)
    found = transitions(RING, states=states, steps=1)
    assert found.method == "closed form"
    assert found.success
    assert found.rows == pytest.approx(one_step(RING, states), abs=1e-12)
    # and each unit alone is the effect kernel of issue 2
    k = kernel.next_spike(RING, 0)
    quiet = found.rows[0]
    spikes = quiet[order.states((2,) * 3)[:, 0] == 1].sum()
    assert spikes == pytest.approx(float(k.probability(-65.0)[0]), abs=1e-12)


def test_the_three_methods_agree() -> None:
    net = models.zoo.half_centre()
    states = np.array([[-65.0, -49.9], [-55.0, -70.0]])
    exact = transitions(net, states=states, steps=6, error=1e-6, method="quadrature")
    sampled = transitions(
        net, states=states, steps=6, error=2e-3, method="monte carlo", rng=1, progress=False
    )
    assert exact.success
    assert sampled.success
    assert float(exact.error.max()) <= 1e-6
    assert float(sampled.error.max()) <= 2e-3
    z = (sampled.rows - exact.rows) / sampled.error
    assert np.abs(z).max() < 4.0
    assert exact.rows.sum(axis=1) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("net", "steps", "error", "method", "reason"),
    [
        (RING, 1, 1e-3, "closed form", "product of normal"),
        (models.zoo.half_centre(), 20, 1e-4, "quadrature", "quicker at this error"),
        (models.zoo.half_centre(), 20, 3e-2, "monte carlo", "quicker at this error"),
        (models.zoo.excitatory_ring(4), 5, 1e-2, "monte carlo", "4 units"),
        (
            Network(neuron=models.cuba_lif(), weights=[[0.0]], dt=1.0, noise=2.0, drive=14.0),
            3,
            1e-2,
            "monte carlo",
            "cuba_lif",
        ),
    ],
)
def test_the_choice_and_its_reason(
    net: Network, steps: int, error: float, method: str, reason: str
) -> None:
    found = transitions(
        net, states=spiking_states(net), steps=steps, error=error, rng=2, progress=False
    )
    assert found.method == method
    assert reason in found.reason
    assert found.success
    assert float(np.nanmax(found.error)) <= error


def test_a_target_out_of_reach_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from causal_snn.simulation import transitions as function

    monkeypatch.setitem(function.__globals__, "MOST_REPLICAS", 3000)
    found = transitions(
        RING, states=[[-55.0] * 3], steps=4, error=1e-4, method="monte carlo", progress=False
    )
    assert not found.success
    assert "which takes about" in found.message


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"method": "guess"}, "one of 'auto'"),
        ({"error": 0.0}, "above 0 and below 1"),
        ({"error": True}, "above 0 and below 1"),
        ({"steps": 0}, "whole number"),
        ({"steps": 2, "method": "closed form"}, "for several steps"),
        ({"states": macro_states([[-80.0, -50.0]] * 3), "method": "quadrature"}, "Cells"),
    ],
)
def test_bad_input(options: dict[str, Any], match: str) -> None:
    given: dict[str, Any] = {"states": [[-65.0] * 3], "steps": 1, **options}
    with pytest.raises(InputError, match=match):
        transitions(RING, **given)


def test_what_was_never_counted_is_not_thereby_certain() -> None:
    """Rare spikes that no replica of the pilot shows: P is 5e-4, and 2048 x P about 1."""
    from causal_snn.models.inputs import PoissonInput

    net = Network(
        neuron=models.hodgkin_huxley(),
        weights=[[0.0]],
        inputs=[PoissonInput(rate=0.4, weight=60.0)],
        dt=0.05,
    )
    for seed in range(4):
        found = transitions(
            net, states=[[-65.0]], steps=20, error=2e-3, method="monte carlo", rng=seed
        )
        assert float(found.error.min()) >= 1 / 4_000_000
        assert found.success
        strict = transitions(
            net, states=[[-65.0]], steps=20, error=1e-4, method="monte carlo", rng=seed
        )
        assert float(strict.error.max()) > 0.0
        assert strict.provenance["replicas"] > 2048  # a pilot without spikes is not believed
