"""BrainScaleS-2: closed forms, a fine integration, and the statistics of mismatch and noise."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.integrate
from hypothesis import given
from hypothesis import strategies as st

from causal_snn.chips import parameters, run
from causal_snn.chips.brainscales import CALIBRATED, brainscales2, mismatched, on_capmem
from causal_snn.chips.engine.chance import Branched
from causal_snn.chips.engine.continuous import Continuous, response
from causal_snn.chips.loihi import loihi
from causal_snn.errors import InputError

SILENT = np.zeros((1, 0), int)


def membrane(chip: Any, loaded: Any, spikes: Any, *, start: Any = None) -> list[float]:
    """Return the unrounded potential of neuron 0 after each step."""
    engine = Continuous(chip, loaded)
    state = engine.start(loaded, 1) if start is None else start
    found = []
    for row in spikes:
        state = engine(state, np.asarray(row)[:, None], None)  # type: ignore[arg-type]
        found.append(float(state.registers["membrane"][0, 0]))
    return found


def test_free_decay_is_the_exponential() -> None:
    """Check V - E = (V0 - E) exp(-t/tau) from 40 LSB below, and its 8-bit reading."""
    chip = brainscales2(dt=0.7, substeps=3)
    loaded = parameters(chip, rest=80.0, tau_mem=7.0)
    engine = Continuous(chip, loaded)
    start = engine.start(loaded, 1)
    start.registers["membrane"][:] = 40.0
    found = membrane(chip, loaded, [[]] * 30, start=start)
    times = 0.7 * np.arange(1, 31)
    exact = 80 - 40 * np.exp(-times / 7)
    assert np.allclose(found, exact, rtol=0, atol=1e-10)
    read = run(chip, loaded, np.zeros((30, 0), int), start=start).v[:, 0]
    assert np.array_equal(read, np.round(exact))


@pytest.mark.parametrize(("tau_mem", "tau_syn"), [(10.0, 3.0), (3.0, 10.0), (5.0, 5.0)])
@pytest.mark.parametrize("sign", [1, -1])
def test_one_spike_gives_the_difference_of_exponentials(
    tau_mem: float, tau_syn: float, sign: int
) -> None:
    """Check the textbook potential of one synaptic event, both signs, equal time constants."""
    chip = brainscales2(dt=0.5, substeps=2)
    loaded = parameters(
        chip,
        input_weights=[[20 * sign]],
        tau_mem=tau_mem,
        tau_syn_exc=tau_syn,
        tau_syn_inh=tau_syn,
        gain_exc=0.1,
        gain_inh=0.1,
    )
    found = np.array(membrane(chip, loaded, [[1]] + [[0]] * 40)) - 80
    t = 0.5 * np.arange(1, 42)
    if tau_mem == tau_syn:
        exact = 2 * t * np.exp(-t / tau_mem)
    else:
        scale = 2 * tau_mem * tau_syn / (tau_mem - tau_syn)
        exact = scale * (np.exp(-t / tau_mem) - np.exp(-t / tau_syn))
    assert np.allclose(found, sign * exact, rtol=0, atol=1e-10)


@given(rate=st.floats(0.005, 10), fall=st.floats(0.02, 10), time=st.floats(1e-3, 200))
def test_the_response_is_its_integral(rate: float, fall: float, time: float) -> None:
    """Check the closed form against its Laplace mirror and against quadrature."""
    assert response(rate, fall, time) == pytest.approx(response(fall, rate, time), rel=1e-12)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    cut = min(time, 40 / max(abs(rate - fall), 1e-9))  # the rest is below 1e-17
    s = cut * (nodes + 1) / 2
    slow, gap = min(rate, fall), abs(rate - fall)
    integral = math.exp(-slow * time) * float(np.sum(weights * np.exp(-gap * s))) * cut / 2
    assert response(rate, fall, time) == pytest.approx(integral, rel=1e-9, abs=1e-300)


def test_constant_drive_spikes_at_the_closed_form_times() -> None:
    """Check every spike of 200 us to the piece, refractory times that are no multiple of it."""
    tau, bias, refractory, piece = 9.0, 8.0, 1.234, 0.1
    chip = brainscales2(dt=0.1, substeps=1)
    loaded = parameters(chip, bias=bias, tau_mem=tau, refractory=refractory)
    found = np.flatnonzero(run(chip, loaded, np.zeros((2000, 0), int)).spikes[:, 0]) + 1
    far = 80 + bias * tau
    first = tau * math.log((far - 80) / (far - 125))
    later = refractory + tau * math.log((far - 70) / (far - 125))
    expected, at = [], math.ceil(first / piece)
    while at <= 2000:
        expected.append(at)
        at += math.ceil(later / piece)
    assert found.tolist() == expected
    assert len(expected) > 10


def test_pieces_do_not_change_a_linear_membrane() -> None:
    """Check that a step solved whole and in 7 pieces agrees, for a network below threshold."""
    spikes = np.random.default_rng(0).integers(0, 2, (60, 2))
    found = []
    for pieces in (1, 7):
        chip = brainscales2(substeps=pieces)
        loaded = parameters(chip, input_weights=[[30, -63], [9, -20]], threshold=255, gain_exc=0.2)
        found.append(membrane(chip, loaded, spikes))
    assert np.allclose(found[0], found[1], rtol=0, atol=1e-10)
    assert np.ptp(found[0]) > 20


def test_charge_is_conserved() -> None:
    """Check sum of (V - E) dt = tau_m tau_s q: all charge of a spike leaves by the leak."""
    chip = brainscales2(dt=0.02, substeps=1)
    loaded = parameters(chip, input_weights=[[50]], tau_mem=2.0, tau_syn_exc=1.5, gain_exc=0.1)
    found = np.array(membrane(chip, loaded, [[1]] + [[0]] * 2000)) - 80
    assert np.sum(found) * 0.02 == pytest.approx(2.0 * 1.5 * 5.0, rel=1e-4)


def test_adex_is_a_fine_integration() -> None:
    """Check V and w of one subthreshold AdEx course against scipy at a tolerance of 1e-10."""
    numbers: dict[str, Any] = {
        "tau_mem": 8.0,
        "tau_syn_exc": 4.0,
        "slope": 5.0,
        "exp_threshold": 105.0,
        "tau_w": 30.0,
        "a": 0.05,
        "b": 0.3,
    }
    chip = brainscales2(model="adex", dt=1.0, substeps=20)
    loaded = parameters(chip, input_weights=[[40]], bias=0.8, gain_exc=0.1, **numbers)
    engine = Continuous(chip, loaded)
    state = engine.start(loaded, 1)
    for step in range(25):
        state = engine(state, np.array([[int(step == 0)]]), None)  # type: ignore[arg-type]

    def slopes(t: float, y: Any) -> list[float]:
        v, w = y
        steep = 5 * math.exp((v - 105) / 5)
        dv = (80 - v + steep) / 8 - w + 4 * math.exp(-t / 4) + 0.8
        return [dv, (0.05 * (v - 80) - w) / 30]

    exact = scipy.integrate.solve_ivp(slopes, (0, 25), [80.0, 0.0], rtol=1e-10, atol=1e-10).y[:, -1]
    assert state.history.sum() == 0
    assert state.registers["membrane"][0, 0] == pytest.approx(exact[0], abs=1e-6)
    assert state.registers["w"][0, 0] == pytest.approx(exact[1], abs=1e-8)


def test_adex_without_its_extras_is_the_linear_neuron() -> None:
    """Check that both engines spike alike, through releases inside a piece, and agree in V."""
    spikes = np.random.default_rng(8).integers(0, 2, (80, 1))
    found = []
    for model in ("lif", "adex"):
        chip = brainscales2(model=model, substeps=10)
        extra: dict[str, Any] = {"exp_threshold": 255, "slope": 0.1, "a": 0, "b": 0}
        loaded = parameters(
            chip,
            input_weights=[[60]],
            bias=3.0,
            gain_exc=0.2,
            refractory=1.234,
            **(extra if model == "adex" else {}),
        )
        found.append((run(chip, loaded, spikes).spikes.sum(), membrane(chip, loaded, spikes)))
    assert found[0][0] == found[1][0] > 10
    assert np.allclose(found[0][1], found[1][1], rtol=0, atol=1e-6)


def test_adaptation_falls_through_the_clamp() -> None:
    """Check that w is the sum of b exp(-t/tau_w) over all spikes, clamped or not."""
    chip = brainscales2(model="adex", dt=0.1, substeps=1)
    loaded = parameters(chip, bias=12.0, b=0.5, a=0.0, tau_w=20.0, refractory=3.33)
    found = run(chip, loaded, np.zeros((400, 0), int))
    times = 0.1 * (np.flatnonzero(found.spikes[:, 0]) + 1)
    expected = np.sum(0.5 * np.exp(-(40.0 - times) / 20.0))
    assert len(times) > 3
    assert found.state.registers["w"][0, 0] == pytest.approx(expected, rel=1e-9)


def test_adaptation_slows_a_neuron_down() -> None:
    """Check longer and longer intervals under constant drive, and w's jump at a spike."""
    chip = brainscales2(model="adex")
    loaded = parameters(chip, bias=8.0, b=1.0, a=0.0, tau_w=200.0)
    found = run(chip, loaded, np.zeros((120, 0), int)).spikes[:, 0]
    gaps = np.diff(np.flatnonzero(found))
    assert len(gaps) > 4
    assert gaps[-1] > gaps[0]
    assert np.all(np.diff(gaps[:4]) >= 0)


def test_noise_has_its_stationary_spread() -> None:
    """Check mean, sd and correlation time of the noisy membrane against the OU process."""
    chip = brainscales2(dt=2.0, substeps=1)
    loaded = parameters(chip, noise=1.5, tau_mem=10.0, threshold=255)
    engine = Continuous(chip, loaded)
    state = run(chip, loaded, np.zeros((2000, 60, 0), int), rng=4).state
    first = state.registers["membrane"][0]
    again = run(chip, loaded, np.zeros((2000, 5, 0), int), start=state, rng=5).state
    later = again.registers["membrane"][0]
    assert abs(first.mean() - 80) < 5 * 1.5 / math.sqrt(2000)
    assert first.std() == pytest.approx(1.5, rel=5 / math.sqrt(2 * 2000))
    correlation = np.corrcoef(first, later)[0, 1]
    assert correlation == pytest.approx(math.exp(-10 / 10), abs=5 / math.sqrt(2000))
    one, two = (run(chip, loaded, np.zeros((50, 0), int), rng=seed).v for seed in (1, 1))
    assert np.array_equal(one, two)
    with pytest.raises(InputError, match="noise = 'exact outcomes': sampled runs"):
        engine(engine.start(loaded, 1), np.zeros((0, 1), int), Branched())


@pytest.mark.parametrize("calibrated", [True, False])
def test_mismatch_has_its_coefficients_of_variation(calibrated: bool) -> None:
    """Check mean 1 and the CV of each setting over 4000 neurons, to 5 standard errors."""
    chip = brainscales2()
    asked = parameters(chip, tau_mem=np.full(4000, 10.0), threshold=100.0)
    found = mismatched(chip, asked, seed=7, calibrated=calibrated)
    expected = CALIBRATED if calibrated else {**CALIBRATED, "tau_mem": 0.25, "threshold": 0.25}
    for name in ("tau_mem", "threshold", "gain_exc"):
        factors = found.neuron[name] / asked.neuron[name]
        spread = expected[name]
        assert factors.mean() == pytest.approx(1, abs=5 * spread / math.sqrt(4000))
        # The CV of a lognormal sample has a standard error of about c sqrt((1/2 + c^2)/n).
        error = spread * math.sqrt((0.5 + 2 * spread**2) / 4000)
        assert factors.std() / factors.mean() == pytest.approx(spread, abs=5 * error)
        assert np.log(factors).std() == pytest.approx(
            math.sqrt(math.log(1 + spread**2)), rel=5 / math.sqrt(8000)
        )
    for name in ("rest", "reset", "refractory", "noise"):
        assert np.array_equal(found.neuron[name], asked.neuron[name])


def test_a_seed_is_a_chip() -> None:
    """Check that the pattern is frozen: same seed, same chip, whatever it is loaded with."""
    chip = brainscales2()
    small = parameters(chip, tau_mem=np.full(5, 10.0))
    large = parameters(chip, tau_mem=np.full(9, 20.0), threshold=150.0)
    factors = [
        mismatched(chip, asked, seed=3).neuron["tau_mem"] / asked.neuron["tau_mem"]
        for asked in (small, small, large)
    ]
    assert np.array_equal(factors[0], factors[1])
    assert np.allclose(factors[0], factors[2][:5], rtol=1e-12)
    other = mismatched(chip, small, seed=4).neuron["tau_mem"] / 10
    assert not np.any(np.isclose(other, factors[0]))
    raw = mismatched(chip, small, seed=3, calibrated=False).neuron["tau_mem"] / 10
    assert np.array_equal(np.argsort(raw), np.argsort(factors[0]))
    assert small.neuron["tau_mem"].tolist() == [10.0] * 5  # what was asked for is untouched


def test_mismatch_makes_equal_neurons_differ() -> None:
    """Check that a population driven alike spikes alike before, and at different times after."""
    chip = brainscales2()
    asked = parameters(chip, tau_mem=np.full(20, 10.0), bias=8.0)
    before = run(chip, asked, np.zeros((200, 0), int)).spikes.sum(axis=0)
    after = run(chip, mismatched(chip, asked, seed=1), np.zeros((200, 0), int)).spikes.sum(axis=0)
    assert len(set(before.tolist())) == 1
    assert len(set(after.tolist())) > 3


@given(value=st.floats(0, 255), bits=st.integers(2, 12))
def test_the_parameter_memory_is_a_grid(value: float, bits: int) -> None:
    """Check at most half a step of change, and that the grid is kept by a second pass."""
    chip = brainscales2()
    asked = parameters(chip, threshold=value, tau_mem=17.3)
    once = on_capmem(chip, asked, bits=bits)
    step = 255 / (2**bits - 1)
    assert abs(once.neuron["threshold"][0] - value) <= step / 2 * (1 + 1e-12)
    twice = on_capmem(chip, once, bits=bits)
    for name in ("threshold", "tau_mem", "reset"):
        assert np.allclose(once.neuron[name], twice.neuron[name], rtol=1e-12)
    assert once.neuron["refractory"][0] == asked.neuron["refractory"][0]


def test_a_refractory_neuron_forgets_its_input_but_not_its_current() -> None:
    """Check the release inside a piece: V follows from reset with the current left by then."""
    chip = brainscales2(dt=1.0, substeps=1)
    loaded = parameters(
        chip, input_weights=[[60]], tau_mem=5.0, tau_syn_exc=8.0, gain_exc=0.6, refractory=1.4
    )
    found = membrane(chip, loaded, [[1], [0], [0], [0]])
    # 36 LSB/us lift V past 125 within 2 us: it spikes at 2 and is clamped until 3.4.
    assert found[1] == found[2] == 70.0
    left = 36 * math.exp(-3.4 / 8)
    t = 0.6
    pull = 80 + (70 - 80) * math.exp(-t / 5)
    kick = left * 5 * 8 / (5 - 8) * (math.exp(-t / 5) - math.exp(-t / 8))
    assert found[3] == pytest.approx(pull + kick, abs=1e-10)


def test_what_it_cannot_hold_is_named() -> None:
    """Check the messages for weights, signs, seeds, models and engines."""
    chip = brainscales2()
    with pytest.raises(InputError, match=r"weights = 64\.0: whole numbers from -63 to 63"):
        run(chip, parameters(chip, weights=[[0, 64], [0, 0]]), SILENT)
    with pytest.raises(InputError, match=r"weights = 1\.5: whole numbers"):
        run(chip, parameters(chip, weights=[[0.0, 1.5], [0.0, 0.0]]), SILENT)
    with pytest.raises(InputError, match="column 0 with both signs"):
        run(chip, parameters(chip, weights=[[5, 0], [-5, 0]]), SILENT)
    with pytest.raises(InputError, match=r"tau_mem = 300\.0: 0\.1 to 200"):
        parameters(chip, tau_mem=300.0)
    with pytest.raises(InputError, match="model = 'hh': one of 'lif', 'adex'"):
        brainscales2(model="hh")
    with pytest.raises(InputError, match="dt = 0: a positive time"):
        brainscales2(dt=0)
    with pytest.raises(InputError, match=r"seed = -1: a whole number"):
        mismatched(chip, parameters(chip), seed=-1)
    digital = loihi()
    with pytest.raises(InputError, match="has no mismatch: it is digital"):
        mismatched(digital, parameters(digital), seed=0)
    serial = replace(chip, schedule="serial")
    with pytest.raises(InputError, match="is serial; this engine executes continuous"):
        Continuous(serial, parameters(chip))
