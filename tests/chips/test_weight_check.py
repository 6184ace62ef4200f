"""Weights outside what a chip can hold: what is refused, and that what the message says fits."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from causal_snn.chips.brainscales import brainscales2
from causal_snn.chips.chip import Chip
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.loihi import loihi
from causal_snn.chips.odin import odin
from causal_snn.chips.parameters import parameters
from causal_snn.chips.run import run
from causal_snn.chips.spinnaker import spinnaker1, spinnaker2
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo
from causal_snn.errors import InputError

# Least and greatest number of a table of weights: mantissas, and with their exponent where the
# convention applies it to each weight (255 at exponent 7 is 32640).
RANGES = [
    (loihi(convention="lava"), -256, 255),
    (loihi(convention="lava", sign_mode="excitatory"), 0, 255),
    (loihi(convention="lava", sign_mode="inhibitory"), -255, 0),
    (loihi(convention="nengo"), -256 * 128, 255 * 128),
    (loihi(convention="brian2"), -256 * 128, 255 * 128),
    (truenorth(), -255, 255),
    (spinnaker1(), -65535, 65535),
    (spinnaker2(), -127, 127),
    (brainscales2(), -63, 63),
    (xylo(), -128 * 128, 127 * 128),
    (odin(), -7, 7),
    (fixed_point(16, 0), -32768, 32767),
    (fixed_point(16, 0, weight_bits=8), -128, 127),
]


@pytest.mark.parametrize(
    ("chip", "low", "high"), RANGES, ids=[f"{k} {row[0].title}" for k, row in enumerate(RANGES)]
)
@pytest.mark.parametrize("name", ["weights", "input_weights"])
def test_the_ends_are_held_and_one_more_is_not(chip: Chip, low: int, high: int, name: str) -> None:
    for value in (low, high):
        table: Any = [[value]]
        assert getattr(parameters(chip, **{name: table}), name)[0, 0] == value
        parameters(chip, **{name: scipy.sparse.csr_array(table)})
    for value in (low - 1, high + 1):
        seen = value if chip.number == "integer" else float(value)
        message = f"{name} = {seen}: whole numbers from {low} to {high} on {chip.title}"
        for given_ in ([[value]], scipy.sparse.csr_array([[value]])):
            with pytest.raises(InputError, match=re.escape(message)):
                parameters(chip, **dict[str, Any]({name: given_}))


def test_the_scale_of_the_message_fits_and_a_little_more_does_not() -> None:
    weights = np.array([[900.0, -20.0], [3.0, 410.0]])
    with pytest.raises(InputError, match="Times") as error:
        parameters(truenorth(), weights=weights.astype(int))
    found = re.search(r"Times ([0-9.]+) they fit", str(error.value))
    assert found
    scale = float(found[1])
    assert 255 / 900 - 1e-3 < scale <= 255 / 900
    parameters(truenorth(), weights=np.rint(scale * weights).astype(int))
    with pytest.raises(InputError, match="weights = 256"):
        parameters(truenorth(), weights=np.rint(1.005 * scale * weights).astype(int))


def test_an_exponent_that_would_hold_them_is_named() -> None:
    chip = fixed_point(16, 0, weight_bits=8)
    with pytest.raises(InputError, match="or divided by 8 and with exponent = 3; `map` finds"):
        parameters(chip, weights=[[1000]])
    fits = parameters(
        chip, weights=[[1000 // 8]], input_weights=[[125]], exponent=3, threshold=2000
    )
    assert run(chip, fits, [1]).v.ravel().tolist() == [1000]
    with pytest.raises(InputError, match=r"Times 0\.002\d+ they fit; `map`"):
        parameters(chip, weights=[[50_000]])
    # An exponent that follows takes its share of what each weight may contain.
    with pytest.raises(InputError, match="from -256 to 255 on loihi2"):
        parameters(loihi(convention="nengo"), weights=[[256]], exponent=7)


def test_a_sign_that_the_format_has_not_is_no_matter_of_scale() -> None:
    with pytest.raises(InputError, match=r"weights = -3: .* holds weights of one sign"):
        parameters(loihi(sign_mode="excitatory"), weights=[[-3]])


def test_fractions_are_refused_where_the_chip_has_whole_weights() -> None:
    for chip in (spinnaker2(), brainscales2(), loihi()):
        with pytest.raises(InputError, match=r"weights = 0\.5: whole numbers"):
            parameters(chip, weights=[[0.5]])


@given(st.lists(st.integers(-255, 255), min_size=1, max_size=8))
def test_a_truenorth_neuron_has_four_values(row: list[int]) -> None:
    allowed = len(set(row) - {0}) <= 4
    if allowed:
        parameters(truenorth(), input_weights=[row])
    else:
        with pytest.raises(InputError, match=r"different values into neuron 0"):
            parameters(truenorth(), input_weights=[row])


def test_values_are_counted_over_both_tables_and_apart_where_stochastic() -> None:
    tables: dict[str, Any] = {"weights": [[1, 2], [1, 1]], "input_weights": [[3, 4], [1, 1]]}
    parameters(truenorth(), **tables)
    tables["input_weights"] = [[3, 4, 5], [1, 1, 1]]
    message = "weights and input_weights = '5 different values into neuron 0': at most 4"
    with pytest.raises(InputError, match=message):
        parameters(truenorth(), **tables)
    tables["input_weights"] = [[3, 4, 4], [1, 1, 1]]
    parameters(truenorth(), **tables)
    flags = [[False, False, True], [False, False, False]]
    with pytest.raises(InputError, match=message):
        parameters(truenorth(), stochastic_inputs=flags, **tables)


@pytest.mark.parametrize("chip", [odin(), brainscales2()], ids=["odin", "brainscales2"])
def test_a_source_has_one_sign_where_the_chip_says_so(chip: Chip) -> None:
    parameters(chip, weights=[[1, -2], [3, -4]])
    with pytest.raises(InputError, match=r"column 1 with both signs.* twin"):
        parameters(chip, weights=[[1, -2], [3, 4]])


def test_more_spikes_than_64_bits_hold_are_named_and_not_wrapped() -> None:
    chip = fixed_point(40, 0, decay_bits=22)
    most = (1 << 39) - 1
    loaded = parameters(chip, input_weights=[[most, most]], bias=-most)
    count = 1 << 22  # 2^39 2^22 2 = 2^62 still fits
    assert run(chip, loaded, [[count - 1, count - 1]]).spikes.tolist() == [[1]]
    assert run(chip, loaded, [[2 * count, 0]]).spikes.tolist() == [[1]]
    with pytest.raises(InputError, match=r"input_spikes = 8388608: .* 64 bits .* always hold"):
        run(chip, loaded, [[2 * count, 2 * count]])
    brian2 = loihi(convention="brian2")
    loaded = parameters(brian2, input_weights=[[-32640]], decay_u=0, decay_v=0)
    with pytest.raises(InputError, match=r"register = -564228096000000: -562949953421312 to"):
        run(brian2, loaded, np.full((200, 1), 100_000))
