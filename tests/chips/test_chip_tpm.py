"""The TPM of a chip: against plain Fractions over every register, and the float network's."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import coarse, phi, tpm
from causal_snn.chips import Chip, loihi, parameters
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.mapping.map import map_network
from causal_snn.chips.mapping.mapped import Mapped, by_hand
from causal_snn.chips.odin import odin
from causal_snn.chips.spinnaker import spinnaker1, spinnaker2
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo
from causal_snn.errors import InputError
from causal_snn.kernel.finite import finite
from causal_snn.models import Network, integrate_and_fire, lif
from causal_snn.tpm.finite import chip_tpm
from causal_snn.tpm.finite_chain import stationary_from

W = np.array([[0, 5, -3], [4, 0, 2], [-6, 3, 0]])


def rounded(x: int, factor: int, mode: str) -> list[tuple[Fraction, int]]:
    """x factor / 16 in one of the ways, as a law."""
    exact = Fraction(x * factor, 16)
    low = math.floor(exact)
    part = exact - low
    match mode:
        case "floor":
            return [(Fraction(1), low)]
        case "zero":
            return [(Fraction(1), math.trunc(exact))]
        case "nearest":
            return [(Fraction(1), math.floor(exact + Fraction(1, 2)))]
    return [(p, y) for p, y in ((1 - part, low), (part, low + 1)) if p]


def in_register(x: int, bits: int, overflow: str) -> int:
    half = 1 << (bits - 1)
    if overflow == "saturate":
        return max(-half, min(half - 1, x))
    return (x + half) % (2 * half) - half


def plain_row(
    v: int, arrives: int, *, loss: int, theta: int, mode: str, overflow: str, cuts: list[int]
) -> dict[int, Fraction]:
    """Law of the next cell of one neuron of a 4-bit chip without a current."""
    row: dict[int, Fraction] = {}
    for p, y in rounded(v, 16 - loss, mode):
        w = in_register(y + arrives, 4, overflow)
        cell = len(cuts) + 1 if w >= theta else sum(c <= w for c in cuts)
        row[cell] = row.get(cell, Fraction(0)) + p
    return row


def plain_tpm(
    weights: Any, *, loss: int, theta: int, bias: int, mode: str, overflow: str, cuts: list[int]
) -> Iterator[tuple[tuple[int, ...], int, list[Fraction]]]:
    """For each macro state and unit the row, by trying every register value of every cell."""
    top = len(cuts) + 1
    ends = [-8, *cuts, theta]
    for state in product(range(top + 1), repeat=3):
        for k in range(3):
            arrives = bias + sum(int(weights[k][j]) * (state[j] == top) for j in range(3))
            inside = range(ends[state[k]], ends[state[k] + 1]) if state[k] < top else [0]
            row = [Fraction(0)] * (top + 1)
            for v in inside:
                law = plain_row(
                    v, arrives, loss=loss, theta=theta, mode=mode, overflow=overflow, cuts=cuts
                )
                for cell, p in law.items():
                    row[cell] += p / len(inside)
            yield state, k, row


@pytest.mark.parametrize("overflow", ["saturate", "wrap"])
@pytest.mark.parametrize("mode", ["nearest", "floor", "zero", "stochastic"])
@pytest.mark.parametrize("cuts", [[], [1], [-3, 2]])
@given(
    weights=st.lists(st.lists(st.integers(-8, 7), min_size=3, max_size=3), min_size=3, max_size=3),
    loss=st.integers(0, 16),
    theta=st.integers(4, 7),
    bias=st.integers(-3, 4),
)
@settings(max_examples=4, deadline=None)
def test_every_register_of_a_tiny_chip_tried(
    overflow: Any, mode: Any, cuts: list[int], weights: Any, loss: int, theta: int, bias: int
) -> None:
    chip = fixed_point(4, 0, rounding=mode, overflow=overflow, decay_bits=4)
    loaded = parameters(chip, weights=weights, decay_v=loss, threshold=theta, bias=bias)
    found = chip_tpm((chip, loaded), partition=[cuts] * 3 if cuts else None)
    assert found.independence_gap == 0.0
    for state, k, row in plain_tpm(
        weights, loss=loss, theta=theta, bias=bias, mode=mode, overflow=overflow, cuts=cuts
    ):
        assert np.allclose(found.marginals[k][state], [float(p) for p in row], atol=1e-15)


PLAIN: dict[str, Any] = {"weights": W * 400, "decay_v": 333, "threshold": 5000, "bias": 300}
LOIHI: dict[str, Any] = {"weights": W * 2, "decay_v": 333, "threshold": 2560, "bias": 300}
WIDE: list[tuple[Chip, dict[str, Any], tuple[float, float]]] = [
    (fixed_point(14, 0, rounding="stochastic"), PLAIN, (-9000, 5000)),
    (fixed_point(14, 0, overflow="wrap"), PLAIN, (-9000, 5000)),
    (fixed_point(14, 0, rounding="zero", current=True), PLAIN | {"decay_u": 700}, (-9000, 5000)),
    (fixed_point(14, 0, rounding="nearest_away", threshold=">"), PLAIN, (-9000, 5000)),
    (loihi(), LOIHI | {"decay_u": 700}, (-4000, 2560)),
    (loihi(convention="nengo"), LOIHI, (-4000, 2560)),
    (
        truenorth(),
        {"weights": W * 20, "threshold": 900, "threshold_mask": 15, "leak": -9}
        | {"leak_stochastic": 1, "negative_threshold": 2000, "negative_saturation": 1},
        (-2500, 920),
    ),
    (
        xylo(),
        {"weights": W * 20, "decay_u": 15, "decay_v": 3, "threshold": 1500},
        (-3000, 2900),
    ),
    (
        spinnaker1(rounding="stochastic"),
        {"weights": W * 200, "exponent": 4, "bias": 1 << 12, "rest": 0, "threshold": 2000}
        | {"reset": 0, "decay_v": 31000},
        (-3000, 2000),
    ),
]


@pytest.mark.parametrize(("chip", "settings_", "potentials"), WIDE, ids=range(len(WIDE)))
def test_bisection_counts_what_listing_counts(
    chip: Chip, settings_: dict[str, Any], potentials: tuple[float, float], monkeypatch: Any
) -> None:
    loaded = parameters(chip, **settings_)
    cuts = [[-700.0, 400.0]] * 3
    fast = chip_tpm((chip, loaded), partition=cuts, potentials=potentials)
    monkeypatch.setattr("causal_snn.chips.chain.counts.LISTED", 1 << 40)
    slow = chip_tpm((chip, loaded), partition=cuts, potentials=potentials)
    for a, b in zip(fast.marginals, slow.marginals, strict=True):
        assert np.array_equal(a, b)
    assert min(len(np.unique(a)) for a in fast.marginals) > 3


def network(noise: float) -> Network:
    return Network(
        neuron=lif(),
        weights=[[0, 4.0, -2.0], [6.0, 0, 3.0], [1.0, -4.0, 0]],
        dt=1.0,
        drive=14.0,
        noise=noise,
    )


def at_bits(given: Network, bits: int) -> Mapped:
    """The network in `bits` bits, every number rounded to the nearest integer."""
    step, n = given.step(), given.n
    scale, decay_bits = 2.0 ** (bits - 1) / 64, min(24, bits)
    chip = fixed_point(bits, 0, decay_bits=decay_bits)

    def whole(x: Any) -> Any:
        return np.rint(np.asarray(x) * scale).astype(int)

    loaded = parameters(
        chip,
        weights=whole(given.weights),
        decay_v=np.rint((1 - step.decay) * 2**decay_bits).astype(int),
        threshold=whole(step.theta - step.rest),
        reset=whole(step.V_reset - step.rest),
        bias=whole(step.drive),
        labels=given.labels,
    )
    return Mapped(
        chip=chip,
        parameters=loaded,
        network=given,
        scale=np.full(n, scale),
        rest=np.asarray(step.rest),
        place=np.arange(n),
    )


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("alphabet", ["ternary", "binary"])
def test_the_float_limit_is_reached_at_the_rate_of_the_bits(noise: float, alphabet: Any) -> None:
    given_network = network(noise)
    partition = coarse.Partition.from_thresholds(
        given_network, [-55.0, -54.0, -56.0], alphabet=alphabet
    )
    exact = tpm.build(given_network, partition)
    errors = {}
    for bits in (8, 13, 18, 24):
        found = chip_tpm(
            at_bits(given_network, bits), partition=partition, noise="network" if noise else None
        )
        errors[bits] = max(
            float(np.abs(a - b).max())
            for a, b in zip(found.marginals, exact.marginals, strict=True)
        ) - float(found.provenance["quadrature_error"])
        assert found.cells == exact.cells
        assert abs(found.independence_gap - exact.independence_gap) < 40 * 2.0**-bits
    # One bit more halves the error: it stays below a constant times 2^-bits.
    assert all(error < 64 * 2.0**-bits for bits, error in errors.items())
    assert errors[24] < 4e-6
    assert errors[8] > 1e-3


def test_a_mapped_network_has_nearly_the_tpm_of_its_own() -> None:
    given_network = network(1.0)
    partition = coarse.Partition.from_thresholds(given_network, [-55.0, -54.0, -56.0])
    exact = tpm.build(given_network, partition)
    for chip, most in ((fixed_point(24, 12), 1e-3), (loihi(), 0.01), (spinnaker1(), 1e-3)):
        mapped = map_network(given_network, chip)
        found = chip_tpm(mapped, partition=partition, noise="network")
        for a, b in zip(found.marginals, exact.marginals, strict=True):
            assert np.abs(a - b).max() < most
        assert found.labels == given_network.labels


def normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def test_noise_is_a_normal_probability_of_every_register() -> None:
    chip = fixed_point(8, 0, rounding="floor")
    loaded = parameters(chip, weights=W * 6, decay_v=500, threshold=70, bias=3, reset=-4)
    found = chip_tpm((chip, loaded), noise=2.5, partition=[[10.5]] * 3)
    for state in product(range(3), repeat=3):
        for k in range(3):
            arrives = 3 + sum(int(W[k, j]) * 6 * (state[j] == 2) for j in range(3))
            inside = [range(-128, 11), range(11, 70), [-4]][state[k]]
            row = np.zeros(3)
            for v in inside:
                mean = (v * (4096 - 500) >> 12) + arrives
                spike, over = normal((mean - 70) / 2.5), normal((mean - 10.5) / 2.5)
                row += np.array([1 - over, over - spike, spike]) / len(inside)
            assert np.allclose(found.marginals[k][state], row, atol=1e-12)


@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
def test_long_means_of_normal_probabilities_are_within_their_bound(
    rounding: Any, monkeypatch: Any
) -> None:
    chip = fixed_point(17, 0, rounding=rounding)
    loaded = parameters(chip, weights=W * 2000, decay_v=500, threshold=25_000, bias=999)
    exact, error = [], []
    for summed in (1 << 30, 1000):
        monkeypatch.setattr("causal_snn.chips.chain.noise.SUMMED", summed)
        found = chip_tpm((chip, loaded), noise=800.0)
        exact.append(found.state_by_node)
        error.append(found.provenance["quadrature_error"])
    assert error[0] == 0.0
    assert np.abs(exact[0] - exact[1]).max() <= error[1] < 2e-3


def test_a_held_neuron_has_no_noise() -> None:
    chip = fixed_point(8, 0, refractory=2)
    loaded = parameters(chip, weights=W * 20, decay_v=500, threshold=30, bias=25)
    found = chip_tpm((chip, loaded), noise=50.0)
    assert np.all(found.marginals[0][1, :, :, 1] == 0.0)
    assert np.all(found.marginals[0][0, :, :, 1] > 0.0)
    assert found.provenance["carried"] == ["r"]
    held = chip_tpm((chip, loaded), noise=50.0, hidden={"r": 1})
    assert np.all(held.marginals[0][..., 1] == 0.0)


def test_a_subtractive_reset_starts_from_what_was_above() -> None:
    chip = fixed_point(8, 0, reset="subtract")
    loaded = parameters(chip, weights=[[0, 0], [40, 0]], decay_v=0, threshold=50, bias=[30, 0])
    # Unit 0 is set to 50...99 before its reset, so to 0...49 after it, and gains 30.
    found = chip_tpm((chip, loaded), potentials=(0.0, 99.0))
    assert found.marginals[0][1, 0, 1] == pytest.approx(30 / 50)
    assert found.marginals[0][0, 0, 1] == pytest.approx(30 / 50)
    assert found.marginals[1][1, 0, 1] == pytest.approx(40 / 50)


def test_what_a_primed_unit_sends_makes_a_mixture() -> None:
    chip = fixed_point(6, 0)
    loaded = parameters(chip, weights=[[0, 0], [31, 0]], decay_v=0, threshold=16, labels=["A", "B"])
    units = [
        coarse.UnitPartition(label=label, threshold=8.0, theta=16.0, alphabet="binary")
        for label in "AB"
    ]
    found = chip_tpm((chip, loaded), partition=units, potentials=(0.0, 19.0))
    # A is on: 8 registers primed (8...15), 4 spiking (16...19). Only these send: then B, off
    # (0...7), gets 31 and spikes. A primed stays on, A spiking is reset to 0 and off.
    share = 4 / 12
    assert found.cells == (("off", "on"),) * 2
    assert found.marginals[1][1, 0, 1] == pytest.approx(share)
    assert found.marginals[0][1, 0, 1] == pytest.approx(1 - share)
    assert found.state_by_state[1] == pytest.approx([0, 1 - share, share, 0])
    assert found.independence_gap == pytest.approx(2 * share * (1 - share))


def long_run_oracle(chip: Chip, loaded: Any) -> np.ndarray[Any, Any]:
    """Joint macro rows from powers of the averaged chain of a tiny deterministic chip."""
    from causal_snn.chips.chain.kernel import kernel

    chain = kernel((chip, loaded))
    state, seen = chain.start, []
    for step in range(3000):
        if step >= 1000:
            seen.append(state)
        ((_, state),) = chain.successors(state)
    n = chain.n
    numbers = [sum(s << k for k, s in enumerate(x.history[0])) for x in seen]
    flow = np.zeros((2**n, 2**n))
    for a, b in pairwise(numbers):
        flow[a, b] += 1
    return flow


def test_the_long_run_of_a_deterministic_chip_is_its_orbit() -> None:
    chip = fixed_point(8, 0)
    loaded = parameters(
        chip, weights=W * 6, decay_v=[300, 500, 200], threshold=60, bias=[11, 17, 9]
    )
    found = chip_tpm((chip, loaded), law="stationary")
    flow = long_run_oracle(chip, loaded)
    visited = flow.sum(axis=1) > 0
    assert visited.sum() > 2
    rows = flow[visited] / flow[visited].sum(axis=1, keepdims=True)
    assert np.abs(found.state_by_state[visited] - rows).max() < 0.02
    assert found.provenance["recurrent_classes"] == 1
    assert "no long-run probability" in str(found.provenance["notes"])


def test_the_long_run_of_chance_is_that_of_many_runs() -> None:
    from causal_snn.chips import run

    chip = fixed_point(5, 0, rounding="stochastic")
    loaded = parameters(chip, weights=[[0, 4], [-3, 0]], decay_v=900, threshold=11, bias=3)
    found = chip_tpm((chip, loaded), law="stationary")
    spikes = run(chip, loaded, np.zeros((4000, 120, 0), dtype=int), rng=1).spikes[:, 40:]
    number = (spikes @ np.array([1, 2])).astype(np.int64)
    flow = np.zeros((4, 4))
    np.add.at(flow, (number[:, :-1].ravel(), number[:, 1:].ravel()), 1)
    assert np.all(flow.sum(axis=1) > 500)
    rows = flow / flow.sum(axis=1, keepdims=True)
    assert np.abs(found.state_by_state - rows).max() < 0.02
    # The neurons' potentials are correlated given the spikes, which do() would not leave.
    assert found.independence_gap > 1e-6


def test_of_several_recurrent_classes_each_counts_as_often_as_it_is_reached(
    monkeypatch: Any,
) -> None:
    # 0 stays with 1/4, goes to 1 (a sink) with 1/4 and to the pair 2, 3 with 1/2.
    table = np.zeros((5, 5))
    table[0, [0, 1, 2]] = [0.25, 0.25, 0.5]
    table[1, 1] = 1.0
    table[2, [2, 3]] = [0.5, 0.5]
    table[3, 2] = 1.0
    table[4, 0] = 1.0  # cannot be reached
    expected = [0, 1 / 3, 2 / 3 * 2 / 3, 2 / 3 / 3, 0]
    for dense in (1500, 1):
        monkeypatch.setattr("causal_snn.tpm.finite_chain.DENSE", dense)
        law, classes = stationary_from(scipy.sparse.csr_array(table))
        assert law == pytest.approx(expected)
        assert classes == 2
    shift = scipy.sparse.csr_array(np.roll(np.eye(6), 1, axis=1))
    assert stationary_from(shift)[0] == pytest.approx(np.full(6, 1 / 6))


def test_reachable_states_count_alike() -> None:
    chip = fixed_point(6, 0)
    loaded = parameters(chip, weights=[[0, 7], [0, 0]], decay_v=4096, threshold=5, bias=[0, 6])
    found = chip_tpm((chip, loaded), law="reachable")
    # Unit 0 forgets all: quiet it is at 0 only, and spikes if unit 1 does. Unit 1 always spikes.
    assert found.marginals[0][..., 1].tolist() == [[0.0, 1.0], [0.0, 1.0]]
    assert np.all(found.marginals[1][..., 1] == 1.0)
    assert found.provenance["markov"] is True
    uniform = chip_tpm((chip, loaded), law="uniform")
    assert np.array_equal(found.state_by_node, uniform.state_by_node)


def test_hidden_registers_are_set_or_averaged_and_reported() -> None:
    chip = fixed_point(8, 0, current=True)
    settings_: dict[str, Any] = {"weights": [[0]], "decay_v": 0, "decay_u": 2048, "threshold": 50}
    loaded = parameters(chip, **settings_)
    rest = chip_tpm((chip, loaded), potentials=(0.0, 60.0))
    assert rest.marginals[0][0, 1] == 0.0
    assert rest.provenance["hidden"] == "rest"
    assert rest.provenance["carried"] == ["u"]
    assert rest.provenance["markov"] is False
    assert any("register u" in note for note in rest.provenance["notes"])
    # u = 20 becomes 10 and lifts 10 of the 50 registers 0...49 over the threshold.
    set_ = chip_tpm((chip, loaded), potentials=(0.0, 60.0), hidden={"u": 20})
    assert set_.marginals[0][0, 1] == pytest.approx(10 / 50)
    driven = parameters(chip, **settings_, input_weights=[[16]])
    mean = chip_tpm((chip, driven), inputs=1, hidden="reachable", potentials=(0.0, 60.0))
    # u runs through 0, 16, 24, 28, 30, 31 (31.5 up to 32, then 32): average what each adds.
    quiet = {u for u, v in orbit(50) if v < 50}
    expected = np.mean([(math.floor(u / 2 + 0.5) + 16) / 50 for u in sorted(quiet)])
    assert mean.marginals[0][0, 1] == pytest.approx(float(expected))


def orbit(theta: int) -> Iterator[tuple[int, int]]:
    """States (u, v before reset) of one neuron with constant drive, for a while."""
    u = v = 0
    yield u, v
    for _ in range(200):
        u = math.floor(u / 2 + 0.5) + 16
        v += u
        yield u, v
        v = 0 if v >= theta else v


def test_spikes_on_long_delays_are_under_way_or_not() -> None:
    chip = fixed_point(6, 0)
    loaded = parameters(
        chip, weights=[[0, 0], [20, 0]], decay_v=4096, threshold=10, delays=2, bias=[12, 0]
    )
    rest = chip_tpm((chip, loaded))
    assert np.all(rest.marginals[1][..., 1] == 0.0)
    assert rest.provenance["carried"] == ["spikes 2"]
    both = chip_tpm((chip, loaded), hidden="reachable")
    # Unit 0 has spiked or not two steps ago, both occur: B gets 20 in half of the cases.
    assert both.marginals[1][1, 0, 1] == pytest.approx(0.5)


def test_graded_spikes_make_a_mixture() -> None:
    chip = xylo()
    loaded = parameters(
        chip, weights=[[0, 0], [6, 0]], decay_u=15, decay_v=15, threshold=[10, 9], bias=0
    )
    found = chip_tpm((chip, loaded), potentials=(0.0, 29.0))
    # Unit 0 is set to 10...29: one or two spikes alike. Unit 1 gets 6 or 12, of which its current
    # loses 1, as its potential does unless it is 0: of 0...8 with one spike 5...8 reach 9, with
    # two spikes all.
    assert found.joint is not None
    assert found.marginals[1][1, 0, 1] == pytest.approx((4 / 9 + 1) / 2)
    assert found.marginals[0][1, 0, 1] == 0.0


def test_truenorth_threshold_mask_is_a_probability() -> None:
    chip = truenorth()
    loaded = parameters(
        chip, weights=[[0]], threshold=10, negative_threshold=0, leak=2, threshold_mask=7
    )
    found = chip_tpm((chip, loaded), potentials=(0.0, 30.0))
    # Quiet are 0...16 (16 with eta = 7 only); after the leak v + 2 >= 10 + eta, eta = 0...7.
    expected = np.mean([max(0, min(8, v + 2 - 10 + 1)) / 8 for v in range(17)])
    assert found.marginals[0][0, 1] == pytest.approx(float(expected))


def test_phi_takes_it() -> None:
    chip = fixed_point(4, 0, decay_bits=4)
    loaded = parameters(chip, weights=W, decay_v=3, threshold=6, bias=2)
    found = chip_tpm((chip, loaded))
    rows = list(plain_tpm(W, loss=3, theta=6, bias=2, mode="nearest", overflow="saturate", cuts=[]))
    table = np.zeros((8, 3))
    for state, k, row in rows:
        table[state[0] + 2 * state[1] + 4 * state[2], k] = float(row[1])
    plain = tpm.TPM.from_state_by_node(table)
    for state in ((0, 0, 0), (1, 0, 0), (0, 1, 1)):
        if not found.reachable()[state[0] + 2 * state[1] + 4 * state[2]]:
            continue
        a, b = phi.system(found, state), phi.system(plain, state)
        assert a.phi_s == pytest.approx(b.phi_s, abs=1e-12)
    structure = phi.structure(found, (0, 0, 0))
    assert structure.big_phi == pytest.approx(phi.structure(plain, (0, 0, 0)).big_phi, abs=1e-9)


def test_four_neurons_of_eight_bits_take_no_time() -> None:
    rng = np.random.default_rng(3)
    chip = fixed_point(8, 0)
    loaded = parameters(
        chip, weights=rng.integers(-40, 60, (4, 4)), decay_v=300, threshold=64, bias=3
    )
    start = time.perf_counter()
    chip_tpm((chip, loaded))
    assert time.perf_counter() - start < 5.0


def test_twins_spike_with_their_originals() -> None:
    chip = odin()
    mapped = map_network(
        Network(
            neuron=integrate_and_fire(theta=10.0),
            weights=[[0, 3.0, -2.0], [4.0, 0, 0.0], [-5.0, 2.0, 0]],
            dt=1.0,
        ),
        chip,
        scale=1.0,
    )
    assert mapped.parameters.n > 3
    found = chip_tpm(mapped, potentials=(0.0, 10.0))
    serial = mapped.parameters
    for state in product((0, 1), repeat=3):
        for k in range(3):
            count = 0
            inside = range(10) if not state[k] else [0]
            for start in inside:
                v, spikes = start, 0
                # Events by address: originals with their positive weights, then the twins.
                for j in range(serial.n):
                    original = j if j < 3 else serial.labels.index(serial.labels[j].split()[0])
                    if state[original]:
                        v = min(255, max(0, v + int(serial.weights[k, j])))
                        if v >= 10:
                            v, spikes = 0, spikes + 1
                count += spikes > 0
            assert found.marginals[k][(*state, 1)] == pytest.approx(count / len(inside))


def test_floats_are_counted_on_a_grid() -> None:
    chip = spinnaker2()
    loaded = parameters(
        chip, weights=[[0.0, 0.0], [2.0, 0.0]], decay_v=[0.9, 1.0], threshold=10.0, bias=[3.0, 0]
    )
    found = chip_tpm((chip, loaded), potentials=(0.0, 20.0))
    # 0.9 v + 3 > 10 for v of 0...10 above 70/9; and v + 2 > 10.
    assert found.marginals[0][0, 0, 1] == pytest.approx((10 - 70 / 9) / 10, abs=1e-6)
    assert found.marginals[1][1, 0, 1] == pytest.approx(0.2, abs=1e-6)
    assert found.marginals[0][1, 0, 1] == 0.0
    table = finite((chip, loaded), 0, potentials=(0.0, 20.0))
    assert table.edges is not None
    assert table.edges == pytest.approx([0, 70 / 9, 10], abs=1e-5)


def test_neurons_may_lie_elsewhere_on_the_chip() -> None:
    chip = fixed_point(8, 0)
    loaded = parameters(
        chip, weights=W * 6, decay_v=[300, 500, 200], threshold=60, bias=[11, 17, 9]
    )
    plain = chip_tpm((chip, loaded))
    moved = replace(by_hand(chip, loaded), place=np.array([2, 0, 1]))
    found = chip_tpm(moved, partition=[[3.0], [4.0], [5.0]])
    assert found.labels == ("2", "0", "1")
    binary = chip_tpm(moved)
    for k, place in enumerate([2, 0, 1]):
        assert np.array_equal(
            np.transpose(binary.marginals[k], (1, 2, 0, 3)), plain.marginals[place]
        )


def test_errors_say_what_to_do() -> None:
    chip = fixed_point(8, 0)
    loaded = parameters(chip, weights=W, threshold=50, decay_v=100)
    pair = (chip, loaded)
    with pytest.raises(InputError, match="law"):
        chip_tpm(pair, law="typical")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="hidden"):
        chip_tpm(pair, hidden="guess")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"no hidden register 'w'"):
        chip_tpm(pair, hidden={"w": 1})
    with pytest.raises(InputError, match="integer"):
        chip_tpm(pair, hidden={"r": 0.5})
    with pytest.raises(InputError, match="partition"):
        chip_tpm(pair, partition=[[1.0]])
    with pytest.raises(InputError, match="increasing"):
        chip_tpm(pair, partition=[[2.0, 1.0]] * 3)
    with pytest.raises(InputError, match="partition of unit '0'"):
        chip_tpm(pair, partition=[coarse.UnitPartition(label="A", threshold=1.0, theta=2.0)] * 3)
    with pytest.raises(InputError, match=r"begins below the threshold"):
        chip_tpm(pair, potentials=(60.0, 70.0))
    with pytest.raises(InputError, match=r"0 with law='reachable'"):
        chip_tpm(pair, law="reachable", noise=1.0)
    with pytest.raises(InputError, match=r"12 binary"):
        chip_tpm((chip, parameters(chip, weights=np.zeros((13, 13)), threshold=50)))
    single = spinnaker2()
    with pytest.raises(InputError, match=r"law='uniform'.*float32"):
        chip_tpm((single, parameters(single, weights=[[0.0]])), law="reachable")
    wide = fixed_point(30, 0, overflow="wrap", rounding="stochastic")
    with pytest.raises(InputError, match=r"too large.*GB.*potentials=.*chips\.run"):
        chip_tpm(
            (wide, parameters(wide, weights=[[0]], threshold=1 << 28, decay_v=1, bias=-(1 << 28)))
        )
    split = replace(by_hand(*pair), place=np.array([0, 1]), scale=np.ones(2), rest=np.zeros(2))
    with pytest.raises(InputError, match="fan-in that was split"):
        chip_tpm(split)
