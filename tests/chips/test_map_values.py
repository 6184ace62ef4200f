"""Small sets of values for many weights: optimal ones, and TrueNorth's axon types."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips.loihi import loihi
from causal_snn.chips.mapping.axon_types import axon_types, best_values
from causal_snn.chips.mapping.map import map_network
from causal_snn.chips.mapping.quantise import optimal_values, rounded
from causal_snn.chips.run import run
from causal_snn.chips.truenorth import truenorth
from causal_snn.errors import InputError
from causal_snn.models import Network, integrate_and_fire, lif

NUMBERS = st.lists(st.floats(-50, 50), min_size=1, max_size=8)


@settings(deadline=None)
@given(NUMBERS, st.integers(1, 4))
def test_optimal_values_beat_every_other_clustering(numbers: list[float], count: int) -> None:
    """Every way to cut the sorted numbers: in one dimension optimal clusters are intervals."""
    ordered = np.sort(numbers)
    m = len(ordered)
    best = np.inf
    for k in range(1, min(count, m) + 1):
        for cuts in combinations(range(1, m), k - 1):
            parts = np.split(ordered, cuts)
            best = min(best, sum(float(((part - part.mean()) ** 2).sum()) for part in parts))
    values, error = optimal_values(np.array(numbers), count)
    assert len(values) <= count
    assert error == pytest.approx(best, abs=1e-7)
    nearest = np.min((ordered[:, None] - values[None]) ** 2, axis=1).sum()
    assert error == pytest.approx(float(nearest))


@settings(deadline=None)
@given(NUMBERS)
def test_best_values_beat_every_whole_number_and_every_mask(numbers: list[float]) -> None:
    wanted = np.array(numbers)

    def missed(value: int) -> float:
        return float(np.minimum(wanted**2, (wanted - value) ** 2).sum())

    found = int(best_values(wanted[None], 40)[0])
    assert abs(found) <= 40
    assert missed(found) == pytest.approx(min(missed(a) for a in range(-40, 41)), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_axon_types_are_the_best_of_all_in_small_tables(seed: int) -> None:
    wanted = np.random.default_rng(seed).normal(0, 20, (3, 6)).round(1)

    def cost(types: tuple[int, ...]) -> float:
        total = 0.0
        for kind in range(2):
            block = wanted[:, np.array(types) == kind]
            for row in block:
                total += min(
                    float(np.minimum(row**2, (row - a) ** 2).sum()) for a in range(-80, 81)
                )
        return total

    found = axon_types(wanted, 2, 80)
    assert found.error == pytest.approx(min(cost(types) for types in product((0, 1), repeat=6)))
    assert found.error == pytest.approx(float(((wanted - found.table) ** 2).sum()))
    for source in range(6):
        value = found.values[:, found.types[source]]
        assert np.all((found.table[:, source] == 0) | (found.table[:, source] == value))


def test_roundings_of_halves() -> None:
    x = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    rng = np.random.default_rng(0)
    assert rounded(x, "nearest", rng).tolist() == [-2, -2, 0, 0, 2, 2]
    assert rounded(x, "nearest_away", rng).tolist() == [-3, -2, -1, 1, 2, 3]
    assert rounded(x, "zero", rng).tolist() == [-2, -1, 0, 0, 1, 2]
    assert rounded(x, "floor", rng).tolist() == [-3, -2, -1, 0, 1, 2]


# TrueNorth -----------------------------------------------------------------------------------


def perfect(weights: Any, **options: Any) -> Network:
    neuron = integrate_and_fire(theta=10.0, reset="subtract")
    return Network(neuron=neuron, weights=weights, dt=1.0, **options)


def test_a_network_in_truenorths_own_numbers_is_mapped_without_error() -> None:
    """Four values for each neuron, one type for each axon, no leak: nothing is lost."""
    rng = np.random.default_rng(3)
    types, values = rng.integers(0, 4, 12), rng.integers(-25, 26, (12, 4))
    weights = values[:, types] * (rng.random((12, 12)) < 0.8) / 10
    mapped = map_network(perfect(weights, bias=0.7), truenorth(), scale=10.0)
    report = mapped.report
    assert report is not None
    assert report.max_weight_error < 1e-12
    assert report.constant_error == pytest.approx(np.zeros(12))
    spikes = run(mapped.chip, mapped.parameters, np.zeros((200, 0), dtype=int)).spikes
    v, s, wanted = np.zeros(12, dtype=int), np.zeros(12, dtype=int), []
    whole = np.rint(weights * 10).astype(int)
    for _ in range(200):
        v = v + whole @ s + 7
        s = (v >= 100).astype(int)
        v = v - 100 * s
        wanted.append(s)
    assert np.sum(wanted) > 50
    np.testing.assert_array_equal(spikes, wanted)


def test_the_leak_is_right_at_half_the_threshold() -> None:
    network = Network(neuron=[lif(), lif(tau=50.0)], weights=np.ones((2, 2)), dt=1.0)
    mapped = map_network(network, truenorth())
    half = 15.0 / 2 * (1 - np.exp(-1 / np.array([20.0, 50.0])))
    leak = mapped.parameters.neuron["leak"] / mapped.scale
    np.testing.assert_allclose(leak, -half, atol=0.5 / mapped.scale[0])
    assert mapped.parameters.neuron["leak_reversal"].tolist() == [1, 1]
    assert mapped.report is not None
    said = mapped.report.differences
    assert any("right at half the threshold" in s for s in said)
    assert any("rings" in s for s in said)
    driven = map_network(network.replace(drive=[10.0, 0.0]), truenorth())
    assert driven.parameters.neuron["leak_reversal"].tolist() == [0, 1]
    at_half = 10.0 * (1 - np.exp(-1 / 20)) - half[0]
    assert driven.parameters.neuron["leak"][0] / driven.scale[0] == pytest.approx(
        at_half, abs=0.5 / driven.scale[0]
    )


# Fan-in --------------------------------------------------------------------------------------


def test_partial_neurons_hand_on_every_charge() -> None:
    """Conservation: what came in is in the target, or still in the partial neurons."""
    rng = np.random.default_rng(5)
    sources = 700
    arriving = rng.choice([-2.0, -1.0, 1.0, 3.0], sources)
    network = perfect([[0.0]]).replace(neuron=integrate_and_fire(theta=2000.0, reset="subtract"))
    with pytest.raises(InputError, match=r"fan-in of A = 700: at most 256 .* give split=True"):
        map_network(network, truenorth(), input_weights=arriving[None], scale=10.0, split=False)
    mapped = map_network(network, truenorth(), input_weights=arriving[None], scale=10.0)
    made, report = mapped.parameters, mapped.report
    assert report is not None
    (split,) = report.splits
    assert (split.unit, split.sources, split.partial) == ("A", 700, made.n - 1)
    fan_in = (made.weights != 0).sum(axis=1) + (made.input_weights != 0).sum(axis=1)
    assert fan_in.max() <= 256
    assert made.weights[0].any()
    spikes = np.zeros((60, sources), dtype=int)
    spikes[:40] = rng.random((40, sources)) < 0.05
    found = run(mapped.chip, made, spikes)
    assert not found.spikes[:, 0].any()
    assert found.spikes[:, 1:].sum() > 100
    # Portions under way: what partial neurons sent in the last step.
    under_way = int(made.weights[0] @ found.spikes[-1])
    sign = np.sign(made.weights[0, 1:])
    residue = int((sign * found.v[-1, 1:]).sum())
    total = int(np.rint(10 * arriving) @ spikes.sum(axis=0))
    assert int(found.v[-1, 0]) + residue + under_way == total
    assert any("a step later and in portions" in s for s in report.differences)


def test_chips_without_such_neurons_say_so() -> None:
    from causal_snn.chips.odin import odin

    network = Network(neuron=lif(), weights=[[0.0]], dt=1.0)
    with pytest.raises(InputError, match=r"fan-in over 256 on odin .* Prune the weights"):
        map_network(network, odin(), input_weights=np.full((1, 300), 5.0))


# Cores ---------------------------------------------------------------------------------------


def test_no_core_has_more_than_it_can() -> None:
    rng = np.random.default_rng(0)
    n = 600
    weights = (rng.random((n, n)) < 0.02) * rng.choice([-1.0, 1.0, 2.0], n)
    mapped = map_network(perfect(weights), truenorth())
    report = mapped.report
    assert report is not None
    cores, types = report.cores, report.extra["axon_types"]
    assert cores.count >= 3
    table = mapped.parameters.weights
    copies = 0
    heard: list[set[int]] = [set() for _ in range(n)]
    for core in range(cores.count):
        units = np.flatnonzero(cores.of == core)
        axons = np.flatnonzero(np.any(table[units] != 0, axis=0))
        assert len(units) == cores.neurons[core] <= 256
        assert len(axons) == cores.in_axons[core] <= 256
        assert cores.synapse_bits[core] == np.count_nonzero(table[units])
        for axon in axons.tolist():
            heard[axon].add(core)
    assert cores.copies == sum(max(len(found) - 1, 0) for found in heard)
    assert len(types) >= 3
    copies += cores.copies
    assert copies > n


def test_on_every_core_an_axon_has_one_type_and_a_neuron_one_value_for_it() -> None:
    rng = np.random.default_rng(1)
    n = 320
    weights = (rng.random((n, n)) < 0.03) * rng.normal(size=(n, n))
    weights[7] = rng.choice([-1.0, 1.0], n) * rng.uniform(
        0.8, 1.2, n
    )  # more sources than a core has axons
    mapped = map_network(perfect(weights), truenorth())
    report = mapped.report
    assert report is not None
    assert report.cores.count >= 3
    assert len(report.silenced) > 100  # else the cores of the weights wanted would do
    assert [split.unit for split in report.splits] == ["n7"]
    assert report.cores.in_axons.max() <= 256
    table, values = mapped.parameters.weights, report.extra["axon_values"]
    types = report.extra["axon_types"]
    assert len(types) == report.cores.count
    checked = 0
    for i, j in np.argwhere(table[:n, :n]):
        kind = types[report.cores.of[i]][int(j)]
        assert table[i, j] == values[i, kind]
        checked += 1
    # A partial neuron hears sources of n7 with the sizes of n7's values, on a core of n7's types.
    for i, j in np.argwhere(table[n:]):
        kind = types[report.cores.of[n + i]][int(j)]
        assert table[n + i, j] == abs(values[7, kind])
        checked += 1
    assert checked + np.count_nonzero(table[7, n:]) == np.count_nonzero(table)


def test_different_settings_fill_a_core_of_loihi() -> None:
    from causal_snn.chips import loihi

    n = 40
    neurons = [lif(tau=tau) for tau in np.linspace(10.0, 40.0, n)]
    network = Network(neuron=neurons, weights=np.eye(n), dt=1.0)
    report = map_network(network, loihi()).report
    assert report is not None
    assert report.cores.count == 2  # 32 different compartments each
    assert report.cores.neurons.tolist() == [32, 8]
    assert report.cores.shared["decay_u+decay_v+refractory"] == (32, 32)
    # A compartment has its own bias (nengo-loihi, hardware/builder.py: cxCfg).
    driven = network.replace(neuron=lif(), drive=np.linspace(1.0, 5.0, n))
    same = map_network(driven, loihi()).report
    assert same is not None
    assert same.cores.count == 1


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 6))
def test_no_sum_of_rounded_weights_wraps(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.choice([0, 1, 2, 4, 8]) * np.ones((n, n)) + rng.integers(0, 3, (n, n))
    net = Network(neuron=lif(), weights=weights, dt=1.0)
    chip = loihi(convention="nengo")
    made = map_network(net, chip).parameters
    sums = made.weights.sum(axis=1) << (made.exponent + chip.align)
    assert chip.accumulator is not None
    assert np.all(chip.accumulator.holds(sums))
