"""Mapping: a network's spikes on a fine chip, scales, errors per weight, and what is refused."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips import loihi
from causal_snn.chips.brainscales import brainscales2
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.mapping.map import map_network
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.chips.odin import odin
from causal_snn.chips.run import run
from causal_snn.chips.spinnaker import spinnaker1, spinnaker2
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo
from causal_snn.errors import InputError
from causal_snn.io import read_input_weights, read_network
from causal_snn.models import Network, cuba_lif, integrate_and_fire, lif
from causal_snn.simulation import simulate

N = 5
RNG = np.random.default_rng(7)
WEIGHTS = RNG.normal(0.0, 3.0, (N, N))
DRIVE = RNG.uniform(14.0, 25.0, N)
DELAYS = RNG.integers(1, 5, (N, N))
NIR = Path(__file__).parents[3] / "shared" / "data" / "nir"


def of_float(network: Network, steps: int, start: Any = None) -> np.ndarray[Any, Any]:
    """Return the spikes (T, n) of the library's own simulation, from where the chip starts."""
    if start is None and "E" in network.neurons[0].parameters:
        start = {"v": float(network.neurons[0].parameters["E"])}
    found = simulate(network, steps * network.dt, rng=0, start=start, progress=False).trains
    raster = np.zeros((steps + 1, network.n), dtype=int)
    raster[np.rint(found.times / network.dt).astype(int), found.units] = 1
    return raster[1:]


def of_chip(mapped: Mapped, steps: int) -> np.ndarray[Any, Any]:
    """Return the spikes (T, n) of the network's neurons on the chip."""
    inputs = np.zeros((steps, mapped.parameters.inputs), dtype=int)
    spikes = run(mapped.chip, mapped.parameters, inputs).spikes[:, mapped.place]
    return np.asarray(spikes)


def report_of(mapped: Mapped) -> Any:
    assert mapped.report is not None
    return mapped.report


# Against the library's own simulation: at 20 binary places the spikes are the same. -------------

CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "lif": (lif(), {}),
    "lif, delays": (lif(), {"delays": DELAYS}),
    "lif, biased": (lif(tau=8.0), {"bias": 0.3}),
    "lif, subtractive": (lif(reset="subtract"), {}),
    "lif, refractory": (lif(refractory_steps=3), {}),
    "lif, restart": (lif(reset_timing="delayed"), {}),
    "lif, Euler, strict": (lif(step="euler", strict_threshold=True), {}),
    "lif, reset below rest": (lif(V_reset=-70.0), {}),
    "cuba_lif": (cuba_lif(), {}),
    "cuba_lif, Euler": (cuba_lif(step="euler", R=2.0), {}),
    "cuba_lif, late": (cuba_lif(arrival="end"), {}),
    "cuba_lif, late, Euler, delays": (cuba_lif(arrival="end", step="euler"), {"delays": DELAYS}),
    "cuba_lif, subtractive": (cuba_lif(reset="subtract"), {}),
    "lif, unit gain": (lif(input_gain="unit"), {"drive": DRIVE / 20}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fine_chip_spikes_as_the_network(name: str) -> None:
    neuron, options = CASES[name]
    network = Network(
        **{"neuron": neuron, "weights": WEIGHTS, "dt": 1.0, "drive": DRIVE, **options}
    )
    chip = fixed_point(40, 20, decay_bits=22, current="cuba" in name, reset=neuron.convention.reset)
    mapped = map_network(network, chip)
    wanted = of_float(network, 600)
    assert 20 < wanted.sum() < 2000
    np.testing.assert_array_equal(of_chip(mapped, 600), wanted)


@pytest.mark.parametrize("chip", [loihi(), loihi(weight_bits=4), spinnaker2()])
def test_a_coarse_chip_spikes_as_floats_with_the_numbers_of_its_report(chip: Any) -> None:
    drive = np.random.default_rng(3).uniform(30.0, 60.0, N)
    neuron = lif(tau=20.0, E=0.0, theta=20.0, V_reset=0.0, V_min=-30.0, step="exact")
    network = Network(neuron=neuron, weights=WEIGHTS, dt=1.0, drive=drive)
    mapped = map_network(network, chip)
    report = report_of(mapped)
    assert report.rms_weight_error > 1e-3
    beta = math.exp(-1.0 / 20.0)
    weights = WEIGHTS.copy()
    for (source, target), error in zip(report.edges, report.weight_error, strict=True):
        weights[target, source] += error
    theta = 20.0 + report.threshold_error
    constant = (1.0 - beta) * drive + report.constant_error
    v, spiked, found = np.zeros(N), np.zeros(N, dtype=bool), []
    for _ in range(400):
        v = report.decay * v + weights @ spiked + constant
        spiked = v > theta  # all three chips spike above, not at, the threshold
        v = np.where(spiked, 0.0, v)
        found.append(spiked)
    assert np.sum(found) > 100
    np.testing.assert_array_equal(of_chip(mapped, 400) > 0, np.array(found))


def test_perfect_integrators_spike_as_simulated_and_lose_no_charge() -> None:
    neuron = integrate_and_fire(theta=1.0, reset="subtract", strict_threshold=True, I=0.037, C=1.7)
    network = Network(neuron=neuron, weights=0.1 * WEIGHTS, dt=1.0, bias=0.05)
    mapped = map_network(network, fixed_point(40, 24, reset="subtract"))
    wanted = of_float(network, 400)
    assert wanted.sum() > 50
    np.testing.assert_array_equal(of_chip(mapped, 400), wanted)


def test_origin_at_reset_moves_the_leak_into_the_bias() -> None:
    """Loihi resets to 0 only; counted from V_reset the network spikes at the same times."""
    network = Network(neuron=lif(V_reset=-70.0), weights=WEIGHTS, dt=1.0, drive=DRIVE)
    with pytest.raises(InputError, match=r"V_reset = -70 mV with E = -65 mV \(A\).*origin='reset'"):
        map_network(network, loihi())
    # V_reset is an origin like any other on a chip that is fine enough.
    fine = fixed_point(40, 20, decay_bits=22)
    spikes = of_chip(map_network(network, fine, origin="reset"), 600)
    np.testing.assert_array_equal(spikes, of_float(network, 600, {"v": -70.0}))
    mapped = map_network(network, loihi(), origin="reset")
    np.testing.assert_array_equal(mapped.rest, -70.0)
    settled = 5.0 * (1 - math.exp(-1 / 20)) + DRIVE * (1 - math.exp(-1 / 20))
    np.testing.assert_allclose(mapped.parameters.neuron["bias"] / mapped.scale, settled, rtol=2e-3)


# Loihi's integers ----------------------------------------------------------------------------


def test_integers_of_loihi_are_those_worked_out_by_hand() -> None:
    weights = np.array([[0.0, 1.5], [-0.75, 0.0]])
    network = Network(neuron=cuba_lif(), weights=weights, dt=1.0, drive=[10.0, 0.0])
    scale = 64 * 100 / 15.0  # theta is 100 mantissas above rest
    made = map_network(network, loihi(), scale=scale)
    a, b = math.exp(-1 / 20), math.exp(-1 / 5)
    neuron = made.parameters.neuron
    assert neuron["decay_v"].tolist() == [round(4096 * (1 - a))] * 2
    assert neuron["decay_u"].tolist() == [round(4096 * (1 - b)) - 1] * 2  # its own 1 is in the chip
    assert neuron["threshold"].tolist() == [6400, 6400]
    assert neuron["bias"].tolist() == [round(10 * (1 - a) * scale), 0]
    assert neuron["refractory"].tolist() == [1, 1]
    # Impulse response of the membrane over one step: (a - b)/(1/tau_s - 1/tau)/tau.
    coupling = (a - b) / (1 / 5 - 1 / 20) / 20
    effect = made.parameters.weights * 2.0 ** (made.parameters.exponent + 6) / scale
    step = 2 * 2.0 ** (made.parameters.exponent + 6) / scale
    assert np.max(np.abs(effect - coupling * weights)) <= step / 2
    assert np.all(made.parameters.weights % 2 == 0)


def test_arrival_at_the_end_is_one_step_more() -> None:
    network = Network(neuron=cuba_lif(arrival="end"), weights=WEIGHTS, dt=1.0, delays=3)
    assert np.all(map_network(network, loihi()).parameters.delays == 4)


@pytest.mark.parametrize("convention", ["lava", "nengo", "brian2"])
def test_no_register_of_loihi_wraps_even_if_every_source_spikes(convention: str) -> None:
    network = Network(neuron=cuba_lif(), weights=np.full((N, N), 40.0), dt=1.0)
    mapped = map_network(network, loihi(convention=convention), input_weights=np.full((N, 2), 9.0))
    found = run(mapped.chip, mapped.parameters, np.ones((300, 2), dtype=int))
    # Positive input alone: a current that had wrapped would be negative.
    assert found.u.min() >= 0
    assert found.spikes[50:].all()


# Scale and weights ---------------------------------------------------------------------------


@pytest.mark.parametrize("chip", [loihi(), spinnaker2(), fixed_point(12, 0, weight_bits=5)])
def test_the_largest_scale_fits_and_a_larger_one_does_not(chip: Any) -> None:
    network = Network(neuron=lif(), weights=WEIGHTS * 30, dt=1.0, drive=20.0)
    scale = float(map_network(network, chip).scale[0])
    map_network(network, chip, scale=scale)
    with pytest.raises(InputError, match=r"would fit everything; clip=True") as caught:
        map_network(network, chip, scale=scale * 1.1)  # more than a step of five bits
    advice = re.search(r"scale = (\S+) would fit", str(caught.value))
    assert advice is not None
    advised = float(advice.group(1))
    assert advised == pytest.approx(scale, rel=1e-4)
    assert len(report_of(map_network(network, chip, scale=advised)).clipped) == 0


MADE = {
    "loihi": loihi(),
    "truenorth": truenorth(),
    "spinnaker2": spinnaker2(),
    "xylo": xylo(),
    "odin": odin(),
    "fixed": fixed_point(16, 8),
    "fixed small": fixed_point(9, 2, weight_bits=4),
}


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    name=st.sampled_from(sorted(MADE)),
    strict=st.booleans(),
    size=st.sampled_from([0.0, 0.01, 1.0, 40.0]),
    signs=st.sampled_from([-1.0, 1.0, 0.0]),
)
def test_what_is_said_to_fit_fits(
    seed: int, name: str, strict: bool, size: float, signs: float
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    neurons = [
        lif(
            tau=rng.uniform(3, 40),
            E=0.0,
            V_min=-30.0,
            V_reset=0.0,
            theta=float(rng.choice([0.3, 1.0, 20.0])),
            strict_threshold=strict,
        )
        for _ in range(n)
    ]
    weights = size * rng.normal(size=(n, n))
    weights = signs * abs(weights) if signs else weights
    network = Network(neuron=neurons, weights=weights, dt=1.0)
    options: dict[str, Any] = {"approximate": True}
    for scale in (None, "largest"):
        report = report_of(map_network(network, MADE[name], scale=scale, **options))
        assert len(report.clipped) == 0
    if size == 0.0 and name == "spinnaker2":  # floats hold any threshold
        return
    with pytest.raises(InputError, match="would fit everything") as caught:
        map_network(network, MADE[name], scale=1e9, **options)
    found = re.search(r"scale = (\S+) would fit", str(caught.value))
    assert found is not None
    report = report_of(map_network(network, MADE[name], scale=float(found[1]), **options))
    assert len(report.clipped) == 0


def test_each_neuron_can_have_a_scale_of_its_own() -> None:
    neurons = [lif(E=0.0, V_reset=0.0, V_min=-30.0, theta=theta) for theta in (1.0, 100.0)]
    network = Network(neuron=neurons, weights=[[0.0, 0.5], [50.0, 0.0]], dt=1.0)
    chip = fixed_point(12, 0)
    made = map_network(network, chip, scale=[2000.0, 20.0])
    assert made.parameters.neuron["threshold"].tolist() == [2000, 2000]
    assert made.parameters.weights.tolist() == [[0, 1000], [1000, 0]]
    with pytest.raises(InputError, match=r"scale = 2000.*the threshold of 100 mV becomes 200000"):
        map_network(network, chip, scale=2000.0)


def test_what_a_chip_cannot_do_is_said_before_what_does_not_fit() -> None:
    held = Network(neuron=lif(refractory_steps=2), weights=[[9e9]], dt=1.0)
    for chip in (truenorth(), odin(), spinnaker2()):
        with pytest.raises(InputError, match="has no refractory period"):
            map_network(held, chip, scale=1e9, origin="reset")


def test_joined_circuits_fill_the_analog_chip() -> None:
    # 300 sources, two of them with both signs: 302 rows, so 2 circuits for each of 300 neurons.
    n = 300
    weights = np.ones((n, n))
    weights[0, :2] = -1.0
    report = report_of(map_network(Network(neuron=lif(), weights=weights, dt=1.0), brainscales2()))
    assert report.extra["circuits"] == 2
    assert report.cores.neurons.tolist() == [512, 88]
    assert any("one chip has one core" in text for text in report.cores.beyond)


def test_clipping_is_only_on_demand_and_counted() -> None:
    weights = np.array([[0.0, 50.0, -80.0], [2.0, 0.0, 1.0], [0.1, -3.0, 0.0]])
    network = Network(neuron=lif(), weights=weights, dt=1.0)
    chip = fixed_point(16, 0, weight_bits=8)
    chip = chip.replace(weight=replace(chip.weight, exponents=(0, 0)))
    with pytest.raises(InputError, match=r"a weight of 80 mV becomes 800, .* holds up to 128"):
        map_network(network, chip, scale=10)
    mapped = map_network(network, chip, scale=10, clip=True)
    assert {tuple(edge) for edge in report_of(mapped).clipped.tolist()} == {(1, 0), (2, 0)}
    assert mapped.parameters.weights[0].tolist() == [0, 127, -128]
    errors = dict(
        zip(
            map(tuple, report_of(mapped).edges.tolist()),
            report_of(mapped).weight_error,
            strict=True,
        )
    )
    assert errors[1, 0] == pytest.approx(12.7 - 50)
    assert errors[2, 0] == pytest.approx(-12.8 + 80)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(3, 9), st.sampled_from(["nearest", "floor", "zero"]))
def test_report_counts_what_a_loop_counts(seed: int, bits: int, rounding: str) -> None:
    rng = np.random.default_rng(seed)
    n = 4
    weights = rng.normal(0, 2, (n, n)) * (rng.random((n, n)) < 0.7)
    network = Network(neuron=lif(), weights=weights, dt=1.0)
    mapped = map_network(network, fixed_point(16, 0, weight_bits=bits), rounding=rounding)
    report, made = report_of(mapped), mapped.parameters
    silenced, worst, squares = set(), 0.0, []
    for target in range(n):
        for source in range(n):
            wanted = float(weights[target, source])
            found = (
                float(made.weights[target, source])
                * 2.0**made.exponent
                / float(mapped.scale[target])
            )
            if wanted != 0 and found == 0:
                silenced.add((source, target))
            if wanted != 0 or found != 0:
                worst = max(worst, abs(found - wanted))
                squares.append((found - wanted) ** 2)
    assert {tuple(edge) for edge in report.silenced.tolist()} == silenced
    assert len(report.created) == 0
    assert report.weights == np.count_nonzero(weights)
    assert report.max_weight_error == pytest.approx(worst, abs=1e-12)
    if squares:
        assert report.rms_weight_error == pytest.approx(math.sqrt(sum(squares) / len(squares)))
    half = 0.5 if rounding == "nearest" else 1.0
    assert worst <= half * float(report.weight_step[0]) * (1 + 1e-9)


def test_stochastic_rounding_keeps_the_mean_and_the_seed_decides() -> None:
    weights = np.full((40, 40), 0.3)
    network = Network(neuron=lif(), weights=weights, dt=1.0)
    chip = fixed_point(8, 0)
    made = [
        map_network(network, chip, scale=1.0, rounding="stochastic", rng=seed).parameters.weights
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(made[0], made[1])
    assert np.any(made[0] != made[2])
    assert set(np.unique(made[0])) == {0, 1}
    # 1600 draws: the mean is 0.3 with standard deviation 0.0115.
    assert abs(made[0].mean() - 0.3) < 0.05


def test_the_format_has_its_own_scale_where_it_fits() -> None:
    network = Network(neuron=lif(), weights=WEIGHTS, dt=1.0)
    assert np.all(map_network(network, fixed_point(16, 8)).scale == 256)
    narrow = map_network(network, fixed_point(8, 4))
    # V_min is 20 mV below rest; within a step of the largest weight, which is then exact.
    largest = np.abs(WEIGHTS).max()
    assert 128 / 20 - 1 / largest < narrow.scale[0] <= 128 / 20
    assert narrow.scale[0] * largest == pytest.approx(np.floor(128 / 20 * largest))
    assert any("own scale, 16 per mV, does not fit" in s for s in report_of(narrow).differences)
    assert map_network(network, fixed_point(16, 8), scale="largest").scale[0] > 1600


def test_sparse_weights_map_as_dense_ones() -> None:
    kept = WEIGHTS * (RNG.random((N, N)) < 0.5)
    pairs = [
        map_network(Network(neuron=lif(), weights=table, dt=1.0, drive=DRIVE), loihi())
        for table in (kept, scipy.sparse.csr_array(kept))
    ]
    sparse: Any = pairs[1].parameters.weights
    np.testing.assert_array_equal(pairs[0].parameters.weights, sparse.toarray())
    np.testing.assert_array_equal(of_chip(pairs[0], 200), of_chip(pairs[1], 200))
    assert report_of(pairs[0]).rms_weight_error == report_of(pairs[1]).rms_weight_error


def test_input_channels_have_the_scale_of_the_weights() -> None:
    network = Network(neuron=cuba_lif(), weights=np.zeros((2, 2)), dt=1.0)
    mapped = map_network(network, loihi(), input_weights=[[4.0, 0.0, -1.0], [0.0, 2.0, 0.5]])
    table = mapped.parameters.input_weights
    assert table.shape == (2, 3)
    np.testing.assert_allclose(
        table / table[0, 0], np.array([[4, 0, -1], [0, 2, 0.5]]) / 4, atol=0.01
    )
    with pytest.raises(InputError, match=r"input_weights = 'shape \(3, 1\)': shape \(2, m\)"):
        map_network(network, loihi(), input_weights=np.ones((3, 1)))


# Other families ------------------------------------------------------------------------------


def test_shifts_of_xylo_are_the_nearest_time_constants() -> None:
    for tau in (1.7, 3.0, 5.0, 12.0, 40.0, 300.0):
        network = Network(
            neuron=cuba_lif(tau=tau, tau_syn=4.0, reset="subtract"), weights=[[1.0]], dt=1.0
        )
        mapped = map_network(network, xylo())
        ratios = {
            d: max(tau, -1 / math.log(1 - 2.0**-d)) / min(tau, -1 / math.log(1 - 2.0**-d))
            for d in range(1, 16)
        }
        best = min(ratios, key=lambda d: ratios[d])
        assert mapped.parameters.neuron["decay_v"].tolist() == [best]
        found = -1 / math.log(1 - 2.0**-best)
        assert report_of(mapped).tau_error[0] == pytest.approx(found / tau - 1)


def test_a_spike_on_xylo_moves_the_potential_as_in_the_network() -> None:
    """Shifts of exact powers of two, a large scale: the first step of the PSP is the weight's."""
    tau = -1 / math.log(1 - 2.0**-4)
    tau_syn = -1 / math.log(1 - 2.0**-2)
    neuron = cuba_lif(tau=tau, tau_syn=tau_syn, reset="subtract")
    network = Network(neuron=neuron, weights=[[0.0]], dt=1.0)
    mapped = map_network(network, xylo(), input_weights=[[2.0]])
    spikes = np.zeros((6, 1), dtype=int)
    spikes[0] = 1
    found = run(mapped.chip, mapped.parameters, spikes).v[:, 0] / mapped.scale[0]
    a, b = 1 - 2.0**-4, 1 - 2.0**-2
    coupling = (a - b) / (1 / tau_syn - 1 / tau) / tau
    v, u, wanted = 0.0, 2.0 * coupling, []
    for _ in range(6):
        v = a * v + u
        u *= b
        wanted.append(v)
    np.testing.assert_allclose(found, wanted, atol=6 / mapped.scale[0])


@pytest.mark.parametrize("neuron", [lif(), cuba_lif(tau_syn=3.0), lif(refractory_steps=2)])
def test_spinnaker_spikes_as_the_network(neuron: Any) -> None:
    """Its s16.15 is fine enough for some hundred steps."""
    network = Network(neuron=neuron, weights=WEIGHTS, dt=1.0, drive=DRIVE)
    mapped = map_network(network, spinnaker1())
    assert np.all(mapped.scale == 2**15)
    assert np.all(mapped.rest == 0)
    wanted = of_float(network, 200)
    assert wanted.sum() > 20
    np.testing.assert_array_equal(of_chip(mapped, 200), wanted)
    with pytest.raises(InputError, match=r"scale = 100: 32768 per mV"):
        map_network(network, spinnaker1(), scale=100)


def test_analog_neurons_follow_the_network_between_spikes() -> None:
    """Without threshold crossings the membrane at the ends of steps is the network's."""
    network = Network(
        neuron=cuba_lif(tau=15.0, tau_syn=4.0), weights=np.zeros((1, 1)), dt=0.5, drive=3.0
    )
    mapped = map_network(network, brainscales2(), input_weights=[[6.3, -6.3]])
    spikes = np.zeros((40, 2), dtype=int)
    spikes[[3, 4, 9], 0] = 1
    spikes[20, 1] = 1
    found = run(mapped.chip, mapped.parameters, spikes, record=True)
    reading = mapped.rest[0] + found.v[:, 0] / mapped.scale[0]
    step = network.step().unit(0)
    v, i, wanted = -65.0, 0.0, []
    for s in spikes:
        v, i = (float(x) for x in step.mean(v, i, False, 6.3 * s[0] - 6.3 * s[1]))
        wanted.append(v)
    # The converter rounds to one of its LSB.
    assert np.max(np.abs(reading - wanted)) <= 0.5001 / mapped.scale[0]
    assert report_of(mapped).extra["two_rows"] == 0


def test_both_signs_of_a_source_take_two_rows_on_the_analog_chip() -> None:
    network = Network(neuron=lif(), weights=[[0, 1.0, 1.0], [1.0, 0, 2.0], [-1.0, 2.0, 0]], dt=1.0)
    mapped = map_network(network, brainscales2())
    assert report_of(mapped).extra["two_rows"] == 1
    assert any(
        "1 sources have both signs and take two synapse rows" in s
        for s in report_of(mapped).differences
    )
    run(mapped.chip, mapped.parameters, np.zeros((3, 0), dtype=int))


def test_odin_gives_sources_of_both_signs_a_twin() -> None:
    weights = np.array([[0, 3.0, -5.0], [6.0, 0, 5.0], [-6.0, 3.0, 0]])
    network = Network(neuron=lif(), weights=weights, dt=1.0)
    mapped = map_network(network, odin(), input_weights=10.0 * np.eye(3))
    made = mapped.parameters
    assert made.labels == ("A", "B", "C", "A twin", "C twin")
    table = made.weights
    assert not np.any(np.any(table > 0, axis=0) & np.any(table < 0, axis=0))
    whole = table[:3, :3].copy()
    whole[:, [0, 2]] += table[:3, 3:]
    np.testing.assert_allclose(whole / mapped.scale[0], weights, atol=0.5 / mapped.scale[0])
    spikes = np.random.default_rng(0).integers(0, 2, (300, 3))
    found = run(mapped.chip, made, spikes).spikes
    assert found[:, :3].sum() > 50
    np.testing.assert_array_equal(found[:, [0, 2]], found[:, 3:])


# What is refused -----------------------------------------------------------------------------

PLAIN = Network(neuron=lif(), weights=WEIGHTS, dt=1.0)


def changed(**options: Any) -> Network:
    return PLAIN.replace(**options)


@pytest.mark.parametrize(
    ("network", "chip", "options", "says"),
    [
        (changed(delays=70), loihi(), {}, r"network.delays = 70: 1 to 64 steps on loihi2"),
        (changed(delays=2), xylo(), {"approximate": True}, r"network.delays = 2: 1 to 1 steps"),
        (changed(neuron=lif(reset="subtract")), loihi(), {}, r"resets by 'value' only"),
        (changed(), xylo(), {}, r"reset = 'value': xylo \(xylosim\) resets by 'subtract' only"),
        (changed(neuron=lif(reset="subtract")), xylo(), {}, r"use cuba_lif neurons"),
        (changed(neuron=cuba_lif()), truenorth(), {}, r"has no synaptic current; use lif"),
        (changed(neuron=lif(refractory_steps=99)), loihi(), {}, r"= 99: at most 63 steps"),
        (changed(neuron=lif(refractory_steps=1)), truenorth(), {}, r"has no refractory period"),
        (changed(drive=3.0), odin(), {}, r"no constant input .* input_weights"),
        (changed(), loihi(sign_mode="excitatory"), {}, r"holds none that is negative"),
        (changed(), loihi(), {"scale": -1.0}, r"scale = -1.0: positive register units"),
        (changed(), loihi(), {"scale": "most"}, r"scale = 'most': a number"),
        (changed(), loihi(), {"approximate": "rest"}, r"did you mean 'reset'"),
        (changed(), loihi(), {"origin": "zero"}, r"origin = 'zero': one of 'rest', 'reset'"),
        (changed(), loihi(), {"rounding": "up"}, r"rounding = 'up'"),
        (changed(neuron=lif(E=-45.0)), loihi(), {}, r"V_reset = -65 mV with E = -45 mV"),
        (
            Network(neuron=integrate_and_fire(), weights=[[0.5]], dt=1.0),
            spinnaker1(),
            {},
            r"cannot do without a leak",
        ),
    ],
)  # fmt: skip
def test_what_a_chip_cannot_hold_is_named(
    network: Network, chip: Any, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        map_network(network, chip, **options)


def test_random_inputs_and_second_states_are_refused() -> None:
    from causal_snn.models.inputs import WhiteNoise

    with pytest.raises(InputError, match=r"network.inputs = \['WhiteNoise'\]: none"):
        map_network(changed(inputs=[WhiteNoise(amplitude=1.0)]), loihi())
    with pytest.raises(InputError, match=r"network.synapses = \['v'\]"):
        map_network(changed(synapses={"v": WEIGHTS}), loihi())


def test_a_stand_in_is_said() -> None:
    network = Network(neuron=cuba_lif(reset="subtract"), weights=WEIGHTS, dt=1.0)
    mapped = map_network(network, spinnaker2(), approximate=True)
    said = report_of(mapped).differences
    assert any("reset by 'value' on the chip, by 'subtract' in the network" in s for s in said)
    assert any("delivers its whole charge at once" in s for s in said)
    # The charge of a spike is the sum over its current: coupling / (1 - b).
    a, b = math.exp(-1 / 20), math.exp(-1 / 5)
    charge = (a - b) / (1 / 5 - 1 / 20) / 20 / (1 - b)
    effect = mapped.parameters.weights / mapped.scale[0]
    assert np.max(np.abs(effect - charge * WEIGHTS)) <= 0.5 / mapped.scale[0] * 1.001


def test_noise_and_ramps_are_said() -> None:
    network = Network(neuron=cuba_lif(), weights=WEIGHTS, dt=1.0, noise=1.0, bias=0.5)
    said = report_of(map_network(network, loihi())).differences
    assert "the network's membrane noise is not on the chip" in said
    assert any("steady state from the first step" in s for s in said)


def test_a_report_reads_well() -> None:
    pytest.importorskip("pandas")
    report = report_of(map_network(changed(drive=DRIVE), loihi(), input_weights=np.eye(N)))
    text = report.table()
    assert "scale (register units per mV)" in text
    assert "different values on a core: threshold" in text
    frame = report.to_dataframe()
    assert list(frame.columns) == ["source", "target", "error_mV", "fate"]
    assert len(frame) == N * N + N
    assert set(frame["source"]) == {*"ABCDE", *(f"input {k}" for k in range(N))}
    assert str(report).startswith("5 neurons on loihi2 (lava): 30 weights, 0 clipped")


# Trained networks ----------------------------------------------------------------------------

BRAILLE = [
    ("braille_noDelay_bias_zero", "value"),
    ("braille_noDelay_noBias_subtract", "subtract"),
]


@pytest.mark.parametrize(("name", "reset"), BRAILLE)
def test_trained_recurrent_networks(name: str, reset: Any) -> None:
    if not NIR.is_dir():
        pytest.skip(f"needs the NIR data, and {NIR} is not there")
    network = read_network(NIR / f"{name}.nir", dt=0.1, step="euler", reset=reset)
    other = {"value": "subtract", "subtract": "value"}[reset]
    refused = {
        loihi(): other == "value",
        xylo(): other == "subtract",
        spinnaker1(): other == "value",
        brainscales2(): other == "value",
        fixed_point(16, 8, current=True, reset=reset): False,
    }
    for chip, must in refused.items():
        if must:
            with pytest.raises(InputError, match=f"reset = '{reset}'"):
                map_network(network, chip)
        mapped = map_network(network, chip, approximate="reset")
        report = report_of(mapped)
        assert len(report.clipped) == 0
        assert report.cores.count >= 1
        assert np.all(
            np.abs(report.weight_error) <= 0.5001 * report.weight_step[report.edges[:, 1]]
        )
        of_chip(mapped, 20)
    with pytest.raises(InputError, match="no synaptic current"):
        map_network(network, truenorth())
    report = report_of(map_network(network, truenorth(), approximate="current"))
    assert report.extra["squared_error_free_types"] <= report.extra["squared_error"]


@pytest.mark.slow
def test_the_spiking_cnn_maps_where_it_fits() -> None:
    if not NIR.is_dir():
        pytest.skip(f"needs the NIR data, and {NIR} is not there")
    path, options = NIR / "cnn_sinabs.nir", {"dt": 1.0, "reset": "subtract", "step": "euler"}
    network = read_network(path, populations="all", **options)  # type: ignore[arg-type]
    _, arriving = read_input_weights(path, populations="all", **options)  # type: ignore[arg-type]
    spikes = (np.random.default_rng(0).random((25, arriving.shape[1])) < 0.05).astype(int)
    # A loop of its own: perfect integrators of the trained numbers.
    v, s, wanted = np.zeros(network.n), np.zeros(network.n), []
    for row in spikes:
        v = v + network.weights @ s + network.bias + arriving @ row
        s = (v > 1.0).astype(float)
        v = v - s
        wanted.append(s)
    fine = map_network(
        network, fixed_point(36, 24, reset="subtract"), input_weights=arriving, scale=2.0**24
    )
    found = run(fine.chip, fine.parameters, spikes).spikes
    assert np.sum(wanted) > 1000
    np.testing.assert_array_equal(found, wanted)
    with pytest.raises(InputError, match="reset = 'subtract': loihi2"):
        map_network(network, loihi(), input_weights=arriving)
    report = report_of(map_network(network, loihi(), input_weights=arriving, approximate="reset"))
    assert len(report.clipped) == 0
    assert report.cores.in_axons.max() <= 4096
    assert report.cores.synapse_bits.max() <= 1 << 20
    assert report.cores.neurons.sum() == network.n
    with pytest.raises(InputError, match=r"at most 256 sources on truenorth .* neurons have more"):
        map_network(
            network, truenorth(), input_weights=arriving, split=False, scale=142.0, rounding="floor"
        )
    with pytest.raises(InputError, match="fan-in over 256 on odin"):
        map_network(network, odin(), input_weights=arriving, approximate=True)
    with pytest.raises(InputError, match="cannot do without a leak"):
        map_network(network, spinnaker1(), input_weights=arriving, approximate=True)
