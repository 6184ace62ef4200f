"""The stepper against a loop written from the equations, and its reproducibility."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.simulation import micro_state, rest_state, run, sample_stationary


def by_hand(net: Network, v: list[float], steps: int) -> tuple[list[list[float]], list[list[int]]]:
    """Return potentials and spikes of a noiseless LIF network, from the defining equations."""
    n, c = net.n, net.neurons[0].convention
    p = net.neurons[0].parameters
    tau, E, theta, v_reset = (float(p[name]) for name in ("tau", "E", "theta", "V_reset"))
    a = math.exp(-net.dt / tau) if c.step == "exact" else 1 - net.dt / tau
    gain = 1.0 if c.input_gain == "unit" else 1 - a
    height = theta - v_reset
    s = [x > theta if c.strict_threshold else x >= theta for x in v]
    hold = [c.refractory_steps if fired else 0 for fired in s]
    potentials, spikes = [], []
    for _ in range(steps):
        new = []
        for i in range(n):
            c_in = float(net.bias[i]) + sum(net.weights[i][j] for j in range(n) if s[j])
            x = v[i]
            if s[i] and c.reset_timing == "immediate":
                x = v_reset if c.reset == "value" else x - height
            y = E + a * (x - E) + gain * float(net.drive[i]) + c_in
            if s[i] and c.reset_timing == "delayed":
                y = v_reset if c.reset == "value" else y - height
            new.append(v_reset if hold[i] else y)
        fired = [x > theta if c.strict_threshold else x >= theta for x in new]
        fired = [f and not h for f, h in zip(fired, hold, strict=True)]
        hold = [
            c.refractory_steps if f else max(h - 1, 0) for f, h in zip(fired, hold, strict=True)
        ]
        v, s = new, fired
        potentials.append(v)
        spikes.append([int(f) for f in fired])
    return potentials, spikes


@given(
    seed=st.integers(0, 2**31),
    convention=st.fixed_dictionaries(
        {
            "step": st.sampled_from(["exact", "euler"]),
            "reset": st.sampled_from(["value", "subtract"]),
            "reset_timing": st.sampled_from(["immediate", "delayed"]),
            "input_gain": st.sampled_from(["exact", "unit"]),
            "strict_threshold": st.booleans(),
            "refractory_steps": st.integers(0, 3),
        }
    ),
)
def test_every_convention_agrees_with_its_equations(
    seed: int, convention: dict[str, object]
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    gain = 0.1 if convention["input_gain"] == "unit" else 1.0
    net = Network(
        neuron=models.lif(**convention),  # type: ignore[arg-type]
        weights=rng.normal(scale=5.0, size=(n, n)),
        drive=gain * rng.uniform(10, 30, n),
        bias=rng.normal(scale=0.3, size=n),
        dt=2.0,
    )
    start = rng.uniform(-80, -45, n)
    potentials, spikes = by_hand(net, list(start), 60)
    for k, state in enumerate(run(net, micro_state(net, start), 60)):
        assert state.v[:, 0] == pytest.approx(potentials[k], abs=1e-9)
        assert list(state.spiked[:, 0]) == spikes[k]


def test_the_same_seed_gives_the_same_run() -> None:
    net = models.zoo.pyloric()
    one, two = ([s.v for s in run(net, rest_state(net, 5), 20, rng=9)] for _ in range(2))
    assert np.array_equal(one, two)
    other = [s.v for s in run(net, rest_state(net, 5), 20, rng=10)]
    assert not np.array_equal(one, other)


def test_stationary_samples_forget_where_they_started() -> None:
    net = models.zoo.half_centre()
    short = sample_stationary(net, samples=100_000, burn_in=100, rng=0)
    long = sample_stationary(net, samples=100_000, burn_in=1000, rng=1)
    assert short.v.shape == (2, 100_000)
    assert short.spiked.mean() == pytest.approx(long.spiked.mean(), rel=0.05)
    assert short.v.mean() == pytest.approx(long.v.mean(), abs=0.1)


def test_a_pacemaker_whose_rest_is_above_threshold_starts_below_it() -> None:
    net = Network(neuron=models.lif(E=-45.0), weights=[[0.0]], dt=1.0)
    assert not rest_state(net, 3).spiked.any()


def test_bad_states_name_the_fault() -> None:
    with pytest.raises(InputError, match=r"shape \(2, lanes\)"):
        micro_state(models.zoo.half_centre(), [0.0, 0.0, 0.0])
    with pytest.raises(InputError, match="1 or more of each"):
        sample_stationary(models.zoo.half_centre(), samples=0)
