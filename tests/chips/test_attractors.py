"""Attractors of registers: closed forms against enumeration with whole numbers of any size."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import floor, log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips import loihi, parameters, run
from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.arithmetic.rounding import Rounding
from causal_snn.chips.attractor.decay_attractors import DecayAttractors, decay_attractors
from causal_snn.chips.attractor.decay_loss import loss_per_period
from causal_snn.chips.attractor.functional_graph import functional_graph
from causal_snn.chips.attractor.network_attractors import network_attractors
from causal_snn.chips.attractor.neuron_attractors import neuron_attractors
from causal_snn.chips.mapping.mapped import Mapped, by_hand
from causal_snn.errors import InputError

ROUNDINGS: tuple[Rounding, ...] = ("zero", "floor", "nearest", "nearest_away")


def rounded(x: Fraction, how: str) -> int:
    """The definition of each rounding, on exact fractions."""
    match how:
        case "floor":
            return floor(x)
        case "zero":
            return int(x)
        case "nearest":
            return floor(x + Fraction(1, 2))
        case _:
            return floor(abs(x) + Fraction(1, 2)) * (1 if x > 0 else -1)


def enumerated(how: str, bits: int, d: int, low: int, high: int) -> tuple[int, int, float]:
    """Fixed points, longest transient and bits lost, by going through the register."""
    keep = Fraction((1 << bits) - d, 1 << bits)
    step = {x: rounded(x * keep, how) for x in range(low, high + 1)}
    counts = Counter(step.values())
    lost = sum(c * log2(c) for c in counts.values()) / len(step)
    longest = 0
    for x in step:
        steps = 0
        while step[x] != x:
            x, steps = step[x], steps + 1
        longest = max(longest, steps)
    return sum(step[x] == x for x in step), longest, lost


@given(
    st.sampled_from(ROUNDINGS),
    st.integers(2, 6),
    st.data(),
    st.integers(-90, 0),
    st.integers(1, 90),
)
@settings(max_examples=120, deadline=None)
def test_decay_is_what_enumeration_finds(
    how: Rounding, bits: int, data: st.DataObject, low: int, high: int
) -> None:
    d = data.draw(st.integers(0, 1 << bits))
    form = Fixed(10, low=low, high=high)
    found = decay_attractors(Decay("multiply", bits=bits, rounding=how), d, form)
    fixed, longest, lost = enumerated(how, bits, d, low, high)
    assert found.fixed_points == fixed
    assert found.transient == longest
    assert found.information_lost == pytest.approx(lost, abs=1e-12)
    assert found.dead_zone == fixed - 1


LOIHI = Fixed(24, low=1 - (1 << 23), high=(1 << 23) - 1)


@pytest.mark.parametrize("d", [1, 41, 128, 409, 1024, 2048])
def test_the_published_counts(d: int) -> None:
    """Truncation has one fixed point; floor and nearest freeze about 4096/d potentials."""
    counts = {}
    for how in ROUNDINGS:
        found = decay_attractors(Decay("multiply", rounding=how), d, LOIHI)
        counts[how] = found.fixed_points
        assert found.information_lost == pytest.approx(2 * d / 4096, abs=1e-5)
    assert counts["zero"] == 1
    assert counts["floor"] == -(-4096 // d)
    assert abs(counts["nearest"] - 4096 / d) <= 1
    assert abs(counts["nearest_away"] - 4096 / d) <= 1
    if d in (1, 128):
        assert counts["floor"] == counts["nearest"] == 4096 // d


def test_floor_freezes_only_one_side() -> None:
    found = decay_attractors(Decay("multiply", rounding="floor"), 128, LOIHI)
    assert found.frozen == (-31, 0)
    found = decay_attractors(Decay("multiply", rounding="nearest"), 128, LOIHI)
    assert found.frozen == (-15, 16)


@pytest.mark.parametrize("bits", [3, 5, 8])
def test_loss_per_period_is_that_of_a_register_of_whole_periods(bits: int) -> None:
    """Beyond half the period, 2d/N is wrong and the general formula is not."""
    period = 1 << bits
    for d in range(period):
        images = Counter(floor(x * Fraction(period - d, period)) for x in range(period))
        lost = sum(c * log2(c) for c in images.values()) / period
        assert loss_per_period(d, bits) == pytest.approx(lost, abs=1e-12)
        if d <= period // 2:
            assert loss_per_period(d, bits) == pytest.approx(2 * d / period)
    # d = 3/4 N: four values to an image, 2 bits, not 1.5.
    assert loss_per_period(3 * period // 4, bits) == pytest.approx(2.0)
    with pytest.raises(InputError, match="d = "):
        loss_per_period(period, bits)


def test_total_decay_forgets_everything() -> None:
    found = decay_attractors(Decay("multiply"), 4096, Fixed(8))
    assert found.information_lost == 8.0
    assert (found.fixed_points, found.transient, found.bits_per_period) == (1, 1, None)


def test_stochastic_rounding_loses_more_than_truncation() -> None:
    """H(x | x') by hand: N = 4, d = 1, x in 0..3 goes to 3x/4."""
    found = decay_attractors(Decay("multiply", bits=2, rounding="stochastic"), 1, Fixed(2, False))
    # 0 -> 0; 1 -> 0 (1/4), 1 (3/4); 2 -> 1 (1/2), 2 (1/2); 3 -> 2 (3/4), 3 -> 3 (1/4).
    joint = {0: [1.0, 0.25], 1: [0.75, 0.5], 2: [0.5, 0.75], 3: [0.25]}
    lost = sum(-w / 4 * log2(w / sum(weights)) for weights in joint.values() for w in weights)
    assert found.information_lost == pytest.approx(lost)
    assert (found.fixed_points, found.transient) == (1, None)


def test_shift_decay_always_comes_to_zero() -> None:
    """Xylo's x - max1(x >> d), the only fixed point 0; counted by hand in Python."""
    form = Fixed(8)
    found = decay_attractors(Decay("shift"), 3, form)
    step = {}
    for x in range(-128, 128):
        loss = x >> 3
        step[x] = x - (loss if loss != 0 else (x > 0) - (x < 0))
    counts = Counter(step.values())
    lost = sum(c * log2(c) for c in counts.values()) / 256
    assert found.information_lost == pytest.approx(lost)
    assert (found.fixed_points, found.frozen) == (1, (0, 0))
    steps, x = 0, 127
    while x:
        x, steps = step[x], steps + 1
    assert found.transient is not None
    assert found.transient >= steps


def test_a_register_of_32_bits_is_counted_without_enumeration() -> None:
    """SpiNNaker's decay factors have 32 bits: 20 frozen states where tau = 20 ticks."""
    d = round((1 << 32) * (1.0 - np.exp(-1.0 / 20.0)))
    found = decay_attractors(Decay("multiply", bits=32, rounding="nearest"), d, Fixed(32))
    assert found.fixed_points == (1 << 32) // (2 * d) + -(-(1 << 32) // (2 * d)) == 21
    assert found.information_lost == pytest.approx(2 * d / (1 << 32), abs=1e-8)
    assert isinstance(found, DecayAttractors)


def test_decay_refuses() -> None:
    with pytest.raises(InputError, match="kind 'float' has no register"):
        decay_attractors(Decay("float"), 1, Fixed(8))
    with pytest.raises(InputError, match="setting = 5000"):
        decay_attractors(Decay("multiply"), 5000, Fixed(8))
    with pytest.raises(InputError, match="a register that holds 0"):
        decay_attractors(Decay("multiply"), 5, Fixed(8, low=3, high=9))


@given(st.integers(1, 60), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_functional_graph_against_walking(size: int, random: object) -> None:
    step = [random.randrange(size) for _ in range(size)]  # type: ignore[attr-defined]
    graph = functional_graph(step)
    cycles = set()
    for x in range(size):
        path = [x]
        while step[path[-1]] not in path:
            path.append(step[path[-1]])
        loop = path[path.index(step[path[-1]]) :]
        cycles.add(frozenset(loop))
        assert graph.transient[x] == len(path) - len(loop)
        assert graph.period[graph.cycle[x]] == len(loop)
        assert graph.start[graph.cycle[x]] == min(loop)
    assert len(graph.period) == len(cycles)
    assert graph.basin.sum() == size
    assert graph.fixed_points == sum(len(loop) == 1 for loop in cycles)


def test_functional_graph_refuses() -> None:
    with pytest.raises(InputError, match="numbers from 0 to 1"):
        functional_graph([0, 2])
    with pytest.raises(InputError, match="one whole number per state"):
        functional_graph([0.5])


@pytest.mark.parametrize("rounding", ["zero", "floor", "nearest"])
@pytest.mark.parametrize("bias", [0, 128, 8192])
def test_wide_and_narrow_registers_agree(rounding: Rounding, bias: int) -> None:
    """The interval found by bisection is what going through every potential finds."""
    base = loihi()
    chip = base.replace(
        voltage=Fixed(15, low=-(1 << 14), high=(1 << 14) - 1),
        voltage_decay=Decay("multiply", rounding=rounding),
    )
    numbers = parameters(chip, decay_v=[300], threshold=6400, bias=bias)
    each = neuron_attractors(chip, numbers)
    wide = neuron_attractors(chip, numbers, most=1)
    assert (wide.fixed_points, wide.frozen, wide.cycles, wide.longest_cycle) == (
        each.fixed_points, each.frozen, each.cycles, each.longest_cycle
    )  # fmt: skip
    if bias < 8192:
        assert each.cycles == 0
        assert each.fixed_points == (1 if rounding == "zero" and bias == 0 else wide.dead_zone + 1)
        assert wide.transient == each.transient
    else:
        assert (each.fixed_points, each.cycles) == (0, 1)


def test_tonic_firing_has_the_period_of_a_run() -> None:
    chip = loihi()
    numbers = parameters(chip, decay_v=[128], threshold=64000, bias=8192)
    found = neuron_attractors(chip, numbers)
    spikes = np.flatnonzero(run(chip, numbers, np.zeros((200, 0), int)).spikes[:, 0])
    assert found.cycles == 1
    assert set(np.diff(spikes)) == {found.longest_cycle}
    assert (found.frozen, found.dead_zone) == (None, 0)


def ring(weight: int) -> Mapped:
    """Two neurons that hand a spike to and fro."""
    chip = loihi()
    numbers = parameters(
        chip, weights=[[0, weight], [weight, 0]], decay_v=4095, threshold=6400, exponent=0
    )
    return by_hand(chip, numbers)


def test_a_ring_keeps_its_spike_or_loses_it() -> None:
    """A's bias makes it fire; B answers every spike only if the weight reaches its threshold."""
    chip = loihi()
    for weight, alive in ((120, True), (99, False)):
        numbers = parameters(
            chip, weights=[[0, weight], [weight, 0]], decay_v=0, threshold=6400, bias=[64, 0]
        )
        mapped = by_hand(chip, numbers)
        found = network_attractors(mapped, starts=[[6399.0, 0.0]])
        runs = run(chip, numbers, np.zeros((4000, 0), int)).spikes[-2000:]
        rate = found.spikes[0] / found.period[0]
        np.testing.assert_allclose(rate, runs.mean(axis=0), atol=1e-3)
        assert (rate[1] > 0.4) == alive
    dead = network_attractors(ring(10), starts=[[6400.0, 0.0]])
    assert dead.period.tolist() == [1]
    assert int(dead.spikes.sum()) == 0


def test_attractors_of_the_network_are_those_of_long_runs() -> None:
    chip = loihi().replace(voltage_decay=Decay("multiply", rounding="nearest"))
    numbers = parameters(
        chip, weights=[[0, -40], [60, 0]], decay_v=500, threshold=3200, bias=[512, 64]
    )
    mapped = by_hand(chip, numbers)
    found = network_attractors(mapped)
    assert found.starts == 16 == found.basin.sum()
    once = run(chip, numbers, np.zeros((2000, 0), int))
    joint = np.concatenate([once.u, once.v, once.spikes], axis=1)
    last = joint[-1]
    again = np.flatnonzero((joint == last).all(axis=1))
    period = int(again[-1] - again[-2]) if len(again) > 1 else 0
    assert period in found.period
    where = list(found.period).index(period)
    np.testing.assert_array_equal(once.spikes[-period:].sum(axis=0), found.spikes[where])


def test_network_attractors_refuse() -> None:
    said = r"most = 5: .*16 starts .* 19 joint states so far, about .* MB.*chips\.run"
    with pytest.raises(InputError, match=said):
        network_attractors(ring(10), most=5)
    with pytest.raises(InputError, match="inputs = 'shape"):
        network_attractors(ring(10), inputs=[1, 2])
    with pytest.raises(InputError, match=r"starts = 'shape \(1, 3\)'"):
        network_attractors(ring(10), starts=[[0.0, 0.0, 0.0]])
    chip = loihi().replace(voltage_decay=Decay("multiply", rounding="stochastic"))
    with pytest.raises(InputError, match="deterministic chips"):
        network_attractors(by_hand(chip, parameters(chip, decay_v=[9], threshold=640)))
