"""A run that is cut in two goes on bit for bit, with its draws, on every chip."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from causal_snn.chips.brainscales import brainscales2
from causal_snn.chips.chip import Chip
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.loihi import loihi
from causal_snn.chips.odin import odin
from causal_snn.chips.parameters import parameters
from causal_snn.chips.run import run
from causal_snn.chips.spinnaker import spinnaker1, spinnaker2
from causal_snn.chips.spinnaker_izhikevich import spinnaker1_izhikevich
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo

RUN: Any = import_module("causal_snn.chips.run")

LOIHI = {"threshold": 640, "decay_u": 1000, "decay_v": 200, "refractory": 3}
CASES: dict[str, tuple[Chip, int, dict[str, Any], bool]] = {
    "lava": (loihi(), 1, LOIHI, False),
    "nengo, noise of the current": (loihi(convention="nengo", noise="current"), 1, LOIHI, True),
    "nengo, noise of the potential": (loihi(convention="nengo", noise="voltage"), 1, LOIHI, True),
    "brian2": (loihi(convention="brian2"), 1, LOIHI, False),
    "truenorth": (
        truenorth(),
        1,
        {"threshold": 12, "leak": -3, "leak_stochastic": 1, "threshold_mask": 7},
        True,
    ),
    "ranc": (truenorth(convention="ranc"), 1, {"threshold": 12, "leak": -1}, False),
    "spinnaker1": (
        spinnaker1(rounding="stochastic", synapse_rounding="stochastic"),
        9000,
        {},
        True,
    ),
    "izhikevich": (spinnaker1_izhikevich(rounding="stochastic"), 13_000, {"bias": 15 << 15}, True),
    "spinnaker2": (spinnaker2(), 1, {"threshold": 12, "decay_v": 0.9}, False),
    "brainscales2, lif": (brainscales2(), 1, {"noise": 2.0, "gain_exc": 2.0}, True),
    "brainscales2, adex": (brainscales2(model="adex"), 1, {"noise": 2.0, "gain_exc": 2.0}, True),
    "xylo": (xylo(), 1, {"threshold": 40, "decay_u": 2, "decay_v": 3}, False),
    "odin": (odin(), 1, {"threshold": 20, "leak": 2}, False),
    "fixed point": (
        fixed_point(current=True, rounding="stochastic"),
        1,
        {"threshold": 30, "decay_u": 900, "decay_v": 300, "refractory": 2},
        True,
    ),
}
WEIGHTS = np.array([[0, 3, 2], [3, 0, 5], [2, 3, 0]])
INPUTS = np.array([[5, 2], [3, 3], [2, 5]])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("lanes_in_a_block", [4, 6])
def test_a_run_goes_on_bit_for_bit(
    name: str, lanes_in_a_block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RUN, "_BLOCK", 3 * lanes_in_a_block)
    chip, times, settings, random = CASES[name]
    delays: dict[str, Any] = (
        {"delays": [[1, 3, 1], [2, 1, 1], [1, 3, 2]]} if chip.delay[1] > 2 else {}
    )
    loaded = parameters(
        chip, weights=times * WEIGHTS, input_weights=times * INPUTS, **delays, **settings
    )
    spikes = np.random.default_rng(3).integers(0, 2, (6, 24, 2))
    one = run(chip, loaded, spikes, rng=np.random.default_rng(5))
    rng = np.random.default_rng(5)
    first = run(chip, loaded, spikes[:, :11], rng=rng)
    second = run(chip, loaded, spikes[:, 11:], start=first.state, rng=rng)
    for array in ("u", "v", "spikes"):
        joined = np.concatenate([getattr(first, array), getattr(second, array)], axis=1)
        np.testing.assert_array_equal(joined, getattr(one, array))
    for register, values in one.state.registers.items():
        np.testing.assert_array_equal(second.state.registers[register], values)
    assert one.spikes.any()
    # An int is the seed of such a generator, and a chip draws only where it is stochastic.
    np.testing.assert_array_equal(run(chip, loaded, spikes, rng=5).v, one.v)
    assert random != np.array_equal(run(chip, loaded, spikes, rng=6).v, one.v)
