"""SpiNNaker: a C-like oracle in Python ints, exact laws of rounding, biology, a recording."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips import Parameters, parameters, run
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.engine.chance import Branched
from causal_snn.chips.engine.spinnaker_stages import product
from causal_snn.chips.engine.step import ChipState, build_update, columns_of, update
from causal_snn.chips.spinnaker import spinnaker1, spinnaker2
from causal_snn.chips.spinnaker_settings import lif_settings
from causal_snn.errors import InputError

TRACE = Path(__file__).parents[3] / "shared" / "data" / "chip_traces" / "spinnaker2_nir_lif.json"
EDGES = [-(2**31), -(2**31) + 1, -65536, -1, 0, 1, 32768, 2**31 - 2, 2**31 - 1]
accums = st.one_of(st.sampled_from(EDGES), st.integers(-(2**31), 2**31 - 1))
factors = st.one_of(st.sampled_from([0, 1, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))


def wrapped(x: int) -> int:
    """Return what a 32-bit register keeps of a sum."""
    return (x + 2**31) % 2**32 - 2**31


def multiplied(x: int, y: int, rounding: str) -> int:
    """Return the product of two accums, as exact rationals have it."""
    exact = Fraction(x * y, 2**15)
    if rounding == "floor":
        return wrapped(math.floor(exact))
    return max(-(2**31), min(2**31 - 1, math.floor(exact + Fraction(1, 2))))


class Oracle:
    """One neuron of IF_curr_exp, written after the sources and apart from the library."""

    def __init__(self, numbers: dict[str, int], shift: int, rounding: str) -> None:
        self.p, self.shift, self.rounding = numbers, shift, rounding
        self.v, self.exc, self.inh, self.timer = numbers["rest"], 0, 0, 0

    def step(self, exc: int, inh: int) -> tuple[int, int, int]:
        """Take the sums of weights of one tick; return u and v after it, and the spike."""
        p = self.p
        for name, total in (("exc", exc), ("inh", inh)):
            entry = min(total, 0xFFFF) << self.shift
            scaled = math.floor(Fraction(entry * p[f"gain_{name}"], 2**32))
            setattr(self, name, wrapped(getattr(self, name) + scaled))
        if self.timer <= 0:
            drive = wrapped(self.exc - self.inh + p["bias"])
            alpha = wrapped(multiplied(drive, p["resistance"], self.rounding) + p["rest"])
            gap = wrapped(alpha - self.v)
            self.v = wrapped(alpha - multiplied(p["decay_v"], gap, self.rounding))
        else:
            self.timer -= 1
        spike = self.v >= p["threshold"]
        if spike:
            self.v, self.timer = p["reset"], p["refractory"]
        for name in ("exc", "inh"):
            left = math.floor(Fraction(getattr(self, name) * p[f"decay_{name}"], 2**32))
            setattr(self, name, left)
        return self.exc - self.inh, self.v, int(spike)


@st.composite
def neurons(draw: st.DrawFn) -> dict[str, Any]:
    """Draw settings over all that the machine holds, biology among them."""
    found = lif_settings(t_ref=draw(st.sampled_from([0.0, 0.1, 2.5])))
    for name in ("decay_exc", "decay_inh", "gain_exc", "gain_inh"):
        found[name] = draw(st.one_of(st.just(found[name]), factors))
    for name in ("rest", "threshold", "reset", "bias"):
        found[name] = draw(st.one_of(st.just(found[name]), accums))
    found["resistance"] = draw(st.one_of(st.just(found["resistance"]), accums.map(abs)))
    found["resistance"] = min(found["resistance"], 2**31 - 1)
    found["decay_v"] = draw(st.one_of(st.just(found["decay_v"]), st.integers(0, 2**15)))
    return found


@settings(max_examples=120, deadline=None)
@given(
    numbers=neurons(),
    shift=st.integers(0, 15),
    rounding=st.sampled_from(["nearest", "floor"]),
    weights=st.lists(st.integers(-0xFFFF, 0xFFFF), min_size=3, max_size=3),
    spikes=st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=4, max_size=12),
)
def test_one_neuron_is_the_oracle_bit_for_bit(
    numbers: dict[str, Any], shift: int, rounding: Any, weights: list[int], spikes: list[Any]
) -> None:
    """Check u, v and spikes at any settings, extremes of every register among them."""
    chip = spinnaker1(rounding=rounding)
    loaded = parameters(chip, input_weights=[weights], exponent=shift, **numbers)
    found = run(chip, loaded, np.array(spikes))
    oracle = Oracle(numbers, shift, rounding)
    for tick, counts in enumerate(spikes):
        exc = sum(c * w for c, w in zip(counts, weights, strict=True) if w > 0)
        inh = sum(-c * w for c, w in zip(counts, weights, strict=True) if w < 0)
        expected = oracle.step(exc, inh)
        seen = (found.u[tick, 0], found.v[tick, 0], found.spikes[tick, 0])
        assert tuple(int(x) for x in seen) == expected


def test_a_ring_buffer_saturates_before_its_shift() -> None:
    """Check 0xFFFF << shift for each receptor, where the sum of weights is larger."""
    chip = spinnaker1()
    whole = (1 << 32) - 1  # the largest factor: it takes 1 off a positive number
    loaded = parameters(
        chip,
        input_weights=[[40000, -40000]],
        exponent=3,
        gain_exc=whole,
        gain_inh=whole,
        decay_exc=whole,
        decay_inh=whole,
    )
    state = run(chip, loaded, [[2, 1]]).state
    assert state.registers["exc"][0, 0] == (0xFFFF << 3) - 2
    assert state.registers["inh"][0, 0] == (40000 << 3) - 2


@given(x=accums, y=accums)
def test_stochastic_products_have_their_exact_law(x: int, y: int) -> None:
    """Check P(up) = dropped/2^15, the mean exactly, and that exact products never move."""
    form = Fixed(32, frac=15, overflow="wrap")
    act = product("x", np.array([[y]]), 15, "stochastic", form)
    work = {"x": np.array([[x]]), "weight": np.ones((1, 1), dtype=np.int64)}
    chance = Branched()
    act(work, chance)
    law: dict[int, Fraction] = {}
    for value, weight in zip(work["x"][0].tolist(), work["weight"][0].tolist(), strict=True):
        law[value] = law.get(value, Fraction(0)) + Fraction(weight, chance.denominator)
    exact = Fraction(x * y, 2**15)
    low = math.floor(exact)
    ends = [max(-(2**31), min(2**31 - 1, end)) for end in (low, low + 1)]
    up = exact - low
    if ends[0] == ends[1]:
        assert law == {ends[0]: 1}
    else:
        assert law == {end: p for end, p in zip(ends, (1 - up, up), strict=True) if p}


def test_a_stochastic_step_is_unbiased() -> None:
    """Check that the exact law of a whole membrane step has the exact real mean."""
    chip = spinnaker1(rounding="stochastic")
    numbers = lif_settings(c_m=0.7, i_offset=0.3217, v_thresh=100.0)
    loaded = parameters(chip, **numbers)
    stages = build_update(chip, columns_of(chip, loaded))
    chance = Branched()
    start = {"exc": 12345, "inh": 4321, "v": numbers["rest"] + 54321, "r": 0, "s": 0}
    work = {name: np.array([[value]]) for name, value in start.items()}
    for name in chip.receptors:
        work[f"arriving {name}"] = np.array([[0]])
    work["weight"] = np.ones((1, 1), dtype=np.int64)
    update(stages, work, chance)
    weights = [Fraction(int(w), chance.denominator) for w in work["weight"][0]]
    assert sum(weights) == 1
    assert len(weights) == 4
    drive = start["exc"] - start["inh"] + numbers["bias"]
    alpha = Fraction(drive * numbers["resistance"], 2**15) + numbers["rest"]
    mean = alpha - Fraction(numbers["decay_v"], 2**15) * (alpha - start["v"])
    assert sum(w * int(v) for w, v in zip(weights, work["v"][0], strict=True)) == mean


def test_drawn_rounding_has_the_law_frequencies() -> None:
    """Check 4000 lanes of one step against the two-point law, to 5 standard errors."""
    chip = spinnaker1(rounding="stochastic")
    numbers = {**lif_settings(v_thresh=100.0), "resistance": 0}
    loaded = parameters(chip, input_weights=[[0]], **numbers)
    start = run(chip, loaded, np.zeros((4000, 0, 1), int)).state
    v = numbers["rest"] + 777
    registers = {**start.registers, "v": np.full((1, 4000), v)}
    state = ChipState(registers=registers, history=start.history, inputs=start.inputs)
    after = run(chip, loaded, np.zeros((4000, 1, 1), int), start=state, rng=5).v[:, 0, 0]
    exact = numbers["rest"] - Fraction(-777 * numbers["decay_v"], 2**15)
    low = math.floor(exact)
    assert set(after.tolist()) == {low, low + 1}
    p = float(exact - low)
    assert abs(np.mean(after == low + 1) - p) < 5 * math.sqrt(p * (1 - p) / 4000)


@given(
    dt=st.sampled_from([0.1, 0.25, 1.0]),
    tau=st.floats(1.0, 200.0),
    tau_m=st.floats(1.0, 500.0),
)
def test_settings_are_biology_within_the_machines_resolution(
    dt: float, tau: float, tau_m: float
) -> None:
    """Check exponentials and init factors against 50 digits, within what times are rounded to."""
    found = lif_settings(dt=dt, tau_m=tau_m, tau_syn_e=tau, tau_syn_i=tau, c_m=0.5)
    unit, fine = mpmath.mpf(2) ** -15, mpmath.mpf(2) ** -32
    with mpmath.workdps(50):
        # dt and tau are each rounded to 2^-16, and their ratio is truncated to 2^-15.
        slack = unit + unit / 2 * (1 / tau + dt / tau**2) * 1.01
        true = mpmath.exp(-mpmath.mpf(dt) / tau)
        assert abs(found["decay_exc"] * fine - true) <= true * slack + fine
        slack_m = unit + unit / 2 * (1 / tau_m + dt / tau_m**2) * 1.01
        true_m = mpmath.exp(-mpmath.mpf(dt) / tau_m)
        assert abs(found["decay_v"] * unit - true_m) <= true_m * slack_m + unit
        init = tau / dt * (1 - true)
        error = abs(found["gain_exc"] * fine - init)
        assert error <= tau / dt * (slack + 2 * fine) + (1 / mpmath.mpf(dt)) * unit * 2 + unit
        # And to the last bit, what the truncated ratio gives.
        ratio = (round(dt * 2**15) << 15) // round(tau * 2**15)
        exponential = mpmath.exp(-mpmath.mpf(ratio) / 2**15)
        assert found["decay_exc"] == int(mpmath.floor(exponential * mpmath.mpf(2) ** 32))
    assert abs(found["resistance"] / 2**15 - tau_m / 0.5) <= 2**-14


def test_it_stays_near_the_float_neuron() -> None:
    """Check v against exact integration in floats, within the sum of all rounding errors."""
    chip = spinnaker1()
    numbers = lif_settings(v_thresh=0.0)
    rng = np.random.default_rng(3)
    loaded = parameters(chip, input_weights=[[9000, -7000]], exponent=1, **numbers)
    spikes = rng.integers(0, 2, (400, 2))
    found = run(chip, loaded, spikes).v[:, 0] / 2**15
    d, init = numbers["decay_exc"] / 2**32, numbers["gain_exc"] / 2**32
    f, resistance = numbers["decay_v"] / 2**15, numbers["resistance"] / 2**15
    rest = v = numbers["rest"] / 2**15
    current, expected = 0.0, []
    for exc, inh in spikes:
        current += init * (exc * 9000 - inh * 7000) * 2 / 2**15
        target = rest + resistance * current
        v = target + (v - target) * f
        current *= d
        expected.append(v)
    # Floors take less than 1 off each current twice a step; the two currents' errors oppose.
    current_error = 2 / (1 - d)
    bound = ((1 - f) * (resistance * current_error + 0.5) + 0.5) / (1 - f) / 2**15
    assert bound < 0.01  # mV
    assert np.max(np.abs(found - expected)) < bound


def test_refractory_steps_are_the_ceiling_of_the_time() -> None:
    """Check 2.5 ms at 1 ms: three steps held at reset, while the current goes on."""
    chip = spinnaker1()
    numbers = lif_settings(i_offset=5.0, t_ref=2.5)
    assert numbers["refractory"] == 3
    found = run(chip, parameters(chip, **numbers), np.zeros((40, 0), int))
    first, second = np.flatnonzero(found.spikes[:, 0])[:2]
    held = found.v[first : first + 4, 0]
    assert np.all(held == numbers["reset"])
    assert found.v[first + 4, 0] > numbers["reset"]
    free = run(chip, parameters(chip, **{**numbers, "refractory": 0}), np.zeros((40, 0), int))
    ordinary = np.diff(np.flatnonzero(free.spikes[:, 0]))[0]
    assert second - first == ordinary + 3


def test_the_threshold_is_tested_while_refractory() -> None:
    """Check a reset at threshold: the neuron spikes in every step although it is held."""
    chip = spinnaker1()
    numbers = lif_settings(v_reset=-50.0, t_ref=5.0, i_offset=50.0)
    found = run(chip, parameters(chip, **numbers), np.zeros((12, 0), int))
    first = int(np.flatnonzero(found.spikes[:, 0])[0])
    assert np.all(found.spikes[first:, 0] == 1)


def test_spikes_arrive_after_their_delay() -> None:
    """Check delays of 1 and 16 steps, and the error beyond."""
    chip = spinnaker1()
    table = [[0, 0, 0], [500, 0, 0], [500, 0, 0]]
    delays = [[1, 1, 1], [1, 1, 1], [16, 1, 1]]
    numbers = lif_settings(t_ref=0.0)
    numbers["threshold"] = numbers["rest"] + 100  # so low that any input makes a spike
    loaded = parameters(
        chip, weights=table, delays=delays, input_weights=[[60000], [0], [0]], **numbers
    )
    found = run(chip, loaded, [1] + [0] * 20)
    first = [int(np.flatnonzero(found.spikes[:, k])[0]) for k in range(3)]
    assert first == [0, 1, 16]
    with pytest.raises(InputError, match="1 to 16 steps on spinnaker1"):
        parameters(chip, weights=table, delays=17)


def test_bad_settings_are_named() -> None:
    """Check the messages of numbers that s16.15 does not hold."""
    with pytest.raises(InputError, match=r"tau_m = 0\.0: a positive number"):
        lif_settings(tau_m=0.0)
    with pytest.raises(InputError, match="v_rest = -70000: -65536 to 65536"):
        lif_settings(v_rest=-70000)
    with pytest.raises(InputError, match=r"t_ref = -1\.0: 0 ms or more"):
        lif_settings(t_ref=-1.0)
    with pytest.raises(InputError, match="i_offset = nan: a finite number"):
        lif_settings(i_offset=math.nan)
    with pytest.raises(InputError, match=r"rounding = 'up'.*'nearest', 'floor', 'stochastic'"):
        spinnaker1(rounding="up")  # type: ignore[arg-type]


def loaded_trace() -> tuple[Any, Parameters, dict[str, Any]]:
    """Return the chip, its parameters and the recording."""
    if not TRACE.is_file():
        pytest.skip(f"the recording {TRACE.name} is not at hand")
    trace = json.loads(TRACE.read_text())
    chip = spinnaker2()
    decay = np.float32(trace["params"]["decay"])
    weight = round(trace["params"]["weight"] * 102.02)  # the importer's whole weights
    threshold = trace["params"]["v_th"] * 102.02
    return (
        chip,
        parameters(chip, input_weights=[[weight]], decay_v=decay, threshold=threshold),
        trace,
    )


def test_spinnaker2_reproduces_the_recording() -> None:
    """Check all spikes, and v to 2e-7 of its unit, of the NIR paper's file."""
    chip, loaded, trace = loaded_trace()
    found = run(chip, loaded, np.array(trace["input_spikes"]))
    assert found.spikes[:, 0].tolist() == trace["spikes"]
    assert sum(trace["spikes"]) == 4
    error = np.abs(found.v[:, 0].astype(np.float64) / 102.02 - np.array(trace["v"]))
    assert error.max() < 2e-7


@settings(max_examples=40)
@given(
    decay=st.floats(0, 1, width=32),
    weights=st.lists(st.integers(-127, 127), min_size=2, max_size=2),
    spikes=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30),
)
def test_spinnaker2_rounds_every_operation_to_float32(
    decay: float, weights: list[int], spikes: list[tuple[int, int]]
) -> None:
    """Check against numpy's float32 scalars, one operation at a time."""
    chip = spinnaker2()
    loaded = parameters(chip, input_weights=[weights], decay_v=decay, threshold=200)
    found = run(chip, loaded, np.array(spikes))
    assert found.v.dtype == np.float32
    assert found.spikes.dtype == found.state.history.dtype == np.int64
    v = np.float32(0)
    for tick, (first, second) in enumerate(spikes):
        v = v * np.float32(decay) + np.float32(first * weights[0] + second * weights[1])
        spike = v > np.float32(200)
        v = np.float32(0) if spike else v
        assert found.v[tick, 0] == v
        assert found.spikes[tick, 0] == spike
