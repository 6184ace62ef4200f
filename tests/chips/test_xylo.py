"""Xylo: decay that always ends, several spikes in a step, saturation."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn.chips.engine.step import ChipState
from causal_snn.chips.parameters import parameters
from causal_snn.chips.run import run
from causal_snn.chips.xylo import xylo
from causal_snn.errors import InputError

CHIP = xylo()


def state(u: Any, v: Any) -> ChipState:
    """Return a state with one neuron and as many lanes as there are values."""
    return ChipState(
        registers={"u": np.array([u]), "v": np.array([v])},
        history=np.zeros((1, 1, len(u)), int),
        inputs=np.zeros((0, 1, len(u)), int),
    )


@pytest.mark.parametrize("shift", range(16))
def test_every_potential_and_current_decays_to_zero(shift: int) -> None:
    loaded = parameters(CHIP, input_weights=[[1]], decay_u=shift, decay_v=shift, threshold=32767)
    values = np.array([-32768, -20_000, -300, -2, -1, 0, 1, 2, 300, 20_000, 32_766])
    # Without input: every step takes at least 1 off, and nothing changes sign.
    steps = run(
        CHIP,
        loaded,
        np.zeros((len(values), 12, 1), int),
        start=state(np.zeros_like(values), values),
    ).v[:, :, 0]
    before = np.concatenate([values[:, None], steps[:, :-1]], axis=1)
    assert np.all(np.abs(steps) <= np.maximum(np.abs(before) - 1, 0))
    assert np.all(np.sign(steps) * np.sign(before) >= 0)


@given(st.integers(1, 32767), st.integers(-32768, 32767))
def test_spikes_and_rest_account_for_the_potential(threshold: int, u: int) -> None:
    loaded = parameters(CHIP, input_weights=[[1]], threshold=threshold, decay_u=15, decay_v=15)
    found = run(CHIP, loaded, np.zeros((1, 1, 1), int), start=state([u], [0]))
    v, s, current = int(found.v[0, 0, 0]), int(found.spikes[0, 0, 0]), int(found.u[0, 0, 0])
    assert v + s * threshold == current
    assert 0 <= s <= 31
    assert v < threshold or s == 31


def test_a_spike_count_is_heard_as_so_many_spikes() -> None:
    loaded = parameters(
        CHIP,
        input_weights=[[125], [0]],
        weights=[[0, 0], [3, 0]],
        threshold=[25, 1000],
        decay_u=15,
        decay_v=15,
    )
    found = run(CHIP, loaded, [[15], [0], [0]])
    # 15 events of 125, less the one that a decay takes: 1874 = 31 x 25 + 1099.
    assert found.spikes[0].tolist() == [31, 0]
    assert found.v[0].tolist() == [1099, 0]
    assert found.u[1].tolist() == [1873, 31 * 3 - 1]


def test_registers_saturate_at_16_bits() -> None:
    loaded = parameters(
        CHIP, input_weights=[[127], [-128]], exponent=7, threshold=32767, decay_u=15, decay_v=15
    )
    found = run(CHIP, loaded, np.full((5, 1), 15))
    # The decay of the current follows its saturation: x >> 15 is -1 for negative numbers.
    assert found.u[-1].tolist() == [32767 - 1, -32768 + 1]
    assert found.v[-1, 1] == -32768
    assert found.v.max() <= 32767


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"threshold": 0}, "threshold = 0: 1 to 32767 on xylo (xylosim)"),
        ({"decay_u": 16}, "decay_u = 16: 0 to 15"),
        ({"bias": 40_000}, "bias = 40000: -32768 to 32767"),
        ({"exponent": 8}, "exponent = 8: 0 to 7"),
        ({"weights": [[1]], "delays": 2}, "delays = 2: 1 to 1 steps"),
        ({"refractory": 2}, "xylo (xylosim) has no setting 'refractory'"),
    ],
)
def test_what_xylo_cannot_hold_is_refused(words: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        parameters(CHIP, **{"input_weights": [[1]], **words})


def test_events_above_15_of_a_channel_are_dropped_in_a_plain_run() -> None:
    loaded = parameters(CHIP, input_weights=[[3, -1]], decay_u=1, decay_v=2, threshold=20)
    counts = np.array([[0, 0], [15, 2], [16, 15], [200, 17], [1 << 20, 0], [3, 3]])
    many, most = run(CHIP, loaded, counts), run(CHIP, loaded, np.minimum(counts, 15))
    for name in ("u", "v", "spikes"):
        np.testing.assert_array_equal(getattr(many, name), getattr(most, name))
    assert many.spikes.sum() > 2
    free = run(CHIP.replace(max_inputs=None), loaded, counts)
    assert not np.array_equal(free.u, many.u)
