"""The generic fixed-point neuron: its frozen states, its limit, and what it refuses."""

from __future__ import annotations

import re
from math import ceil
from typing import Any

import numpy as np
import pytest

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.step import ChipState
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.parameters import parameters
from causal_snn.chips.run import run
from causal_snn.errors import InputError


def after_one_step(chip: Chip, v: np.ndarray[Any, Any], loss: int) -> np.ndarray[Any, Any]:
    """Return where each potential is one step later, without input."""
    lanes = len(v)
    loaded = parameters(chip, input_weights=[[0]], decay_v=loss)
    start = ChipState(
        registers={"v": v[None], "r": np.zeros((1, lanes), int)},
        history=np.zeros((1, 1, lanes), int),
        inputs=np.zeros((0, 1, lanes), int),
    )
    found = run(chip.replace(threshold=">"), loaded, np.zeros((lanes, 1, 1), int), start=start)
    return np.asarray(found.v[:, 0, 0])


@pytest.mark.parametrize("loss", [1, 41, 128, 409, 1024, 4095, 4096])
def test_potentials_that_a_leak_leaves_alone(loss: int) -> None:
    every = np.arange(-(1 << 15), 1 << 15)
    frozen = {
        how: every[after_one_step(fixed_point(rounding=how), every, loss) == every]
        for how in ("zero", "floor", "nearest", "nearest_away")
    }
    # round(v - v d/4096) = v is a condition on v d/4096 alone: 0, in [0, 1) from below, or
    # within half a unit.
    step = 4096 / loss
    assert frozen["zero"].tolist() == [0]
    assert frozen["floor"].tolist() == list(range(-ceil(step) + 1, 1))
    half = [v for v in range(-5000, 5000) if -4096 <= -2 * v * loss < 4096]
    assert frozen["nearest"].tolist() == half
    away = [v for v in range(-5000, 5000) if abs(2 * v * loss) <= 4096]
    assert frozen["nearest_away"].tolist() == away


def float_limit(bits: int, frac: int) -> float:
    """Return the greatest distance (mV) from the float neuron over 300 steps of random input."""
    rng = np.random.default_rng(1)
    unit, loss = 1 << frac, 0.05
    chip = fixed_point(bits, frac, decay_bits=min(frac, 24))
    spikes = rng.integers(0, 2, size=(300, 1))
    kept = 1 - loss
    loaded = parameters(
        chip,
        input_weights=[[round(0.7 * unit)]],
        decay_v=round(loss * (1 << min(frac, 24))),
        threshold=chip.voltage.most,
    )
    v, worst = 0.0, 0.0
    for seen, active in zip(run(chip, loaded, spikes).v[:, 0], spikes[:, 0], strict=True):
        v = kept * v + 0.7 * active
        worst = max(worst, abs(seen / unit - v))
    return worst


def test_more_places_approach_the_float_neuron_at_the_rate_of_the_last_bit() -> None:
    errors = {frac: float_limit(frac + 8, frac) for frac in (6, 12, 18, 24)}
    for frac, error in errors.items():
        # Rounding v, weight and decay: (1/2 + 1/2) and v/2 units a step, over a leak of 0.05.
        assert error <= (1 + 14 / 2) * 2.0**-frac / 0.05
    assert errors[24] < 1e-5
    assert errors[6] > 1e-3


def test_the_places_change_what_an_integer_stands_for_and_nothing_else() -> None:
    settings: dict[str, Any] = {
        "input_weights": [[700]],
        "decay_v": 300,
        "threshold": 4000,
        "bias": 3,
    }
    spikes = np.ones((40, 1), int)
    runs = [
        run(chip, parameters(chip, **settings), spikes)
        for chip in (fixed_point(16, 0), fixed_point(16, 8), fixed_point(16, 15))
    ]
    assert all(np.array_equal(found.v, runs[0].v) for found in runs)
    assert runs[0].spikes.sum() > 2


def test_defaults_are_a_leaky_neuron_that_resets_to_zero() -> None:
    chip = fixed_point()
    assert (chip.voltage.bits, chip.voltage.frac, chip.voltage.overflow) == (16, 8, "saturate")
    loaded = parameters(chip, input_weights=[[256]], decay_v=0, threshold=512)
    found = run(chip, loaded, np.ones((4, 1), int))
    assert found.v.ravel().tolist() == [256, 0, 256, 0]
    assert found.spikes.ravel().tolist() == [0, 1, 0, 1]


def test_a_current_outlasts_its_spike() -> None:
    chip = fixed_point(current=True, rounding="zero")
    loaded = parameters(chip, input_weights=[[1024]], decay_u=2048, decay_v=4096, threshold=30_000)
    found = run(chip, loaded, [1, 0, 0, 0])
    assert found.u.ravel().tolist() == [1024, 512, 256, 128]
    assert found.v.ravel().tolist() == [1024, 512, 256, 128]


def test_refractory_steps_are_counted_after_the_spike() -> None:
    chip = fixed_point(refractory=2)
    loaded = parameters(chip, input_weights=[[600]], threshold=512)
    spikes = run(chip, loaded, np.ones((9, 1), int)).spikes.ravel()
    assert spikes.tolist() == [1, 0, 0] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": 1}, "bits = 1: 2 to 40 bits"),
        ({"bits": 41}, "bits = 41: 2 to 40 bits"),
        ({"bits": 8, "frac": 8}, "frac = 8: 0 to 7 binary places, less than bits = 8"),
        ({"decay_bits": 0}, "decay_bits = 0: 1 to 24"),
        ({"bits": 40, "decay_bits": 24}, "decay_bits = 24: 1 to 24, and with bits at most 62"),
        ({"weight_bits": 17}, "weight_bits = 17: 2 to bits = 16"),
        ({"rounding": "up"}, "rounding = 'up': one of 'zero'"),
        ({"overflow": "none"}, "overflow = 'none': one of 'saturate', 'wrap', 'wrap_once'"),
        ({"reset": "soft"}, "reset = 'soft': one of"),
        ({"threshold": "=>"}, "threshold = '=>': one of"),
        ({"max_delay": 0}, "max_delay = 0: 1 step or more"),
        ({"refractory": 256}, "refractory = 256: 0 to 255"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        fixed_point(**options)


def test_a_strict_register_stops_the_run() -> None:
    chip = fixed_point(8, 0, overflow="error")
    loaded = parameters(chip, input_weights=[[100]], threshold=127)
    message = "register = 200: -128 to 127 in s7.0 (error)"
    with pytest.raises(InputError, match=re.escape(message)):
        run(chip, loaded, np.ones((3, 1), int))
