"""The absorbing threshold against closed forms, an integral equation and bridged steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg, optimize
from scipy.special import ndtr

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.kernel.absorbing import absorbing
from causal_snn.kernel.operator import operator
from causal_snn.models import Network

Floats = NDArray[np.float64]
TAU, THETA, SD = 20.0, -50.0, 4.0


def network(drive: float = 0.0, sd: float = SD, dt: float = 1.0, **neuron: Any) -> Network:
    return Network(
        neuron=models.lif(**neuron), weights=[[0.0, 3.0], [0.0, 0.0]], drive=drive, noise=sd, dt=dt
    )


def reflection(v: Floats, t: float, sd: float = SD) -> Floats:
    """P(theta reached within t) where the membrane settles at theta without noise."""
    left = np.exp(-t / TAU)
    return np.asarray(2 * ndtr(-(THETA - v) * left / (sd * np.sqrt(1 - left**2))))


@pytest.mark.parametrize(
    ("t", "sd"), [(0.01, 4.0), (1.0, 4.0), (20.0, 4.0), (300.0, 4.0), (5.0, 0.5)]
)
def test_the_reflection_principle(t: float, sd: float) -> None:
    found = absorbing(network(drive=15.0, sd=sd), 1, t, cells=200)
    assert found.edges is not None
    ends = reflection(found.edges, t, sd)
    assert found.probability[0] == pytest.approx((ends[1:] + ends[:-1]) / 2, abs=1e-9)
    assert found.spread[0] == pytest.approx(np.diff(ends) / 2, abs=2e-9)
    error = np.abs(found.probability[0] - (ends[1:] + ends[:-1]) / 2).max()
    assert error <= 3 * found.provenance["error"] + 1e-12  # the estimate is about as large
    assert found.provenance["status"] == "within tolerance"
    inside = np.random.default_rng(0).uniform(found.edges[:-1], found.edges[1:])
    off = np.abs(reflection(inside, t, sd) - found.probability[0])
    assert np.all(off <= found.spread[0] + 1e-12)


def first_passage(v: float, mu: float, t: float, count: int) -> float:
    """P(theta reached within t) from P(v_t >= theta) = integral of g(s) P(above | theta, t - s).

    The midpoint rule, whose error falls as count^-1 or faster, and its extrapolation.
    """
    values = []
    for n in (count, 4 * count):
        h = t / n
        ends, lags = h * np.arange(1, n + 1), h * (np.arange(n) + 0.5)

        def above(start: float, times: Any) -> Floats:
            left = np.exp(-times / TAU)
            spread = SD * np.sqrt(1 - left**2)
            return np.asarray(ndtr((mu + (start - mu) * left - THETA) / spread))

        kernel = linalg.toeplitz(above(THETA, lags), np.zeros(n))
        values.append(linalg.solve_triangular(kernel, above(v, ends), lower=True).sum())
    return float(values[1])


@pytest.mark.parametrize("drive", [0.0, 10.0, 22.0])
def test_a_first_passage_integral_equation(drive: float) -> None:
    t = 8.0
    found = absorbing(network(drive=drive), 1, t, cells=7, potentials=(-57.0, -50.0))
    assert found.edges is not None
    expected = [first_passage(float(v), -65 + drive, t, 400) for v in found.edges[:-1]]
    middles = (np.array(expected)[1:] + expected[:-1]) / 2
    assert found.probability[0, :-1] == pytest.approx(middles, abs=2e-5)
    assert found.probability[0, -1] == pytest.approx((expected[-1] + 1) / 2, abs=2e-5)


def half(t: float, drive: float) -> float:
    """The potential from which threshold is reached half of the time, by a fine table."""
    low, high = -60.0, -50.0
    for _ in range(2):
        found = absorbing(network(drive=drive), 1, t, cells=400, potentials=(low, high))
        assert found.edges is not None
        p = found.probability[0]
        middle = (found.edges[1:] + found.edges[:-1]) / 2
        root = float(np.interp(0.5, p, middle))
        low = max(-60.0, root - 0.1)
    return root


@pytest.mark.parametrize(
    ("t", "known", "reflected"),
    [(0.01, -50.0814, -50.0853), (0.1, -50.233, -50.270), (1.0, -50.544, -50.853)],
)
def test_the_threshold_of_short_times(t: float, known: float, reflected: float) -> None:
    """Half-way potentials at rest, and theta - .6745 sqrt(2 sd^2 t/tau), their limit."""
    assert half(t, 0.0) == pytest.approx(known, abs=6e-4)
    limit = THETA - 0.6744898 * np.sqrt(2 * SD**2 * t / TAU)
    assert limit == pytest.approx(reflected, abs=6e-4)
    assert abs(half(t, 0.0) - limit) < 0.4 * t  # the drift's share, of order t


def test_steps_and_continuous_time_disagree_in_sign() -> None:
    net = network(drive=0.0)
    step = net.step().unit(1)
    tested = step.rest + (step.theta - step.rest) / step.decay  # p = 1/2 after one step
    assert tested == pytest.approx(-49.231, abs=5e-4)
    assert half(1.0, 0.0) < THETA < tested


def test_bridged_steps_converge_to_it() -> None:
    """The error falls with dt^2 under drive, and with dt where inputs jump once a step."""
    t, errors = 5.0, []
    limit = absorbing(network(drive=16.0), 0, t, cells=60, contexts=[0.0, 0.05])
    decay = np.exp(-1 / TAU)
    for dt in (1.0, 0.5, 0.25, 0.125):
        jump = 0.05 * (1 - np.exp(-dt / TAU)) / (1 - decay)
        found = operator(
            network(drive=16.0, dt=dt), 0, steps=round(t / dt), cells=60, contexts=[0.0, jump],
            crossing="bridge",
        )  # fmt: skip
        errors.append(np.abs(found.probability - limit.probability).max(axis=1))
    driven, jumping = np.array(errors).T
    assert driven[-1] < 1e-6
    assert driven[:-1] / driven[1:] == pytest.approx(4.0, abs=0.2)
    assert jumping[:-1] / jumping[1:] == pytest.approx(2.0, abs=0.2)
    tested = operator(network(drive=16.0, dt=0.125), 0, steps=40, cells=60, contexts=[0.0])
    assert np.abs(tested.probability - limit.probability[:1]).max() > 0.05


def test_contexts_are_drives_with_the_same_mean() -> None:
    c = [0.0, 0.4]
    found = absorbing(network(drive=12.0), 0, 3.0, cells=20, contexts=c)
    a = np.exp(-1 / TAU)
    for row, value in zip(found.probability, c, strict=True):
        driven = absorbing(network(drive=12.0 + value / (1 - a)), 1, 3.0, cells=20)
        assert row == pytest.approx(driven.probability[0], abs=1e-9)
    euler = Network(
        neuron=models.lif(step="euler"), weights=[[0.0]], drive=12.0, noise=SD, dt=1.0, bias=0.4
    )
    driven = absorbing(network(drive=12.0 + 0.4 * TAU), 1, 3.0, cells=20)
    assert absorbing(euler, 0, 3.0, cells=20).probability == pytest.approx(
        driven.probability, abs=1e-9
    )
    default = absorbing(network(drive=12.0), 0, 3.0, cells=20)
    assert default.inputs.tolist() == [0.0, 3.0]
    assert default.direction == 1


def test_an_interval_of_contexts_is_enclosed() -> None:
    found = absorbing(network(drive=8.0), 0, 2.0, cells=4, contexts="interval", tolerance=1e-6)
    assert found.rows.shape == (64, 4, 2)
    assert found.edges is not None
    half_width = (found.inputs[1] - found.inputs[0]) / 2
    for place in (0, 20, 63):
        for shift in (-1.0, 0.3, 1.0):
            c = float(found.inputs[place] + shift * half_width)
            inside = absorbing(network(drive=8.0), 0, 2.0, cells=4, contexts=[c])
            assert np.all(found.lower[place] <= inside.lower[0] + 1e-9)
            assert np.all(found.upper[place] >= inside.upper[0] - 1e-9)


def test_without_noise_the_flow_decides() -> None:
    t = 3.0
    found = absorbing(network(drive=25.0, sd=0.0), 1, t, cells=1000)
    last = optimize.brentq(lambda v: -40 + (v + 40) * np.exp(-t / TAU) + 50, -80, -50)
    p = found.probability[0]
    below, above = found.states[:, 0] < last - 0.02, found.states[:, 0] > last + 0.02
    assert np.all(p[below] == 0)
    assert np.all(p[above] == 1)
    assert np.count_nonzero(found.spread) == 1
    assert np.all(absorbing(network(drive=10.0, sd=0.0), 1, t).probability == 0)


def test_little_noise_is_resolved_or_said() -> None:
    """A front that moves over many of its widths; one that no mesh follows."""
    found = absorbing(network(drive=16.0, sd=0.3), 1, 10.0, cells=40, tolerance=1e-7)
    assert found.provenance["status"] == "within tolerance"
    steps = operator(
        network(drive=16.0, sd=0.3, dt=0.05), 1, steps=200, cells=40, crossing="bridge"
    )
    assert found.probability == pytest.approx(steps.probability, abs=2e-5)
    sharp = absorbing(network(drive=60.0, sd=1e-3), 1, 10.0, cells=10)
    assert sharp.provenance["status"] == "not within tolerance"
    assert np.all(sharp.spread >= sharp.provenance["error"] - 1e-15)


@pytest.mark.parametrize(
    ("duration", "options", "message"),
    [
        (0.0, {}, "duration = 0.0"),
        (np.inf, {}, "duration = inf"),
        (np.nan, {}, "duration = nan"),
        (1.0, {"cells": 0}, "cells = 0"),
        (1.0, {"tolerance": 2.0}, "tolerance = 2.0"),
        (1.0, {"potentials": (-60.0, -55.0)}, "contains the threshold"),
    ],
)
def test_bad_options(duration: float, options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        absorbing(network(), 0, duration, **options)


def test_neurons_with_a_current_are_refused() -> None:
    with pytest.raises(InputError, match="takes lif neurons"):
        absorbing(Network(neuron=models.cuba_lif(), weights=[[0.0]], dt=1.0), 0, 1.0)
