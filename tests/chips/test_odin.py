"""ODIN: events one after another, against plain Python; where order counts and where not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips import parameters, run
from causal_snn.chips.engine.serial import Serial
from causal_snn.chips.engine.step import Tick
from causal_snn.chips.odin import odin
from causal_snn.errors import InputError

EVENTS = ("inputs", "spikes", "reference")


def oracle(
    order: tuple[str, ...],
    weights: list[list[int]],
    inputs: list[list[int]],
    thresholds: list[int],
    leaks: list[int],
    ranks: list[int],
    spikes: list[list[int]],
) -> tuple[list[list[int]], list[list[int]]]:
    """Return v and spike counts after each step, event by event and neuron by neuron."""
    n = len(thresholds)
    v, before = [0] * n, [0] * n
    potentials, counts = [], []
    for arriving in spikes:
        events: list[list[int] | None] = []
        for kind in order:
            if kind == "inputs":
                for channel, count in enumerate(arriving):
                    events += [[row[channel] for row in inputs]] * count
            elif kind == "spikes":
                for source in sorted(range(n), key=lambda k: (ranks[k], k)):
                    events += [[row[source] for row in weights]] * before[source]
            else:
                events.append(None)
        fired = [0] * n
        for event in events:
            for k in range(n):
                new = v[k] - leaks[k] if event is None else v[k] + event[k]
                v[k] = min(max(new, 0), 255)
                if v[k] >= thresholds[k]:
                    fired[k] += 1
                    v[k] = 0
        before = fired
        potentials.append(list(v))
        counts.append(fired)
    return potentials, counts


def whole(low: int, high: int, rows: int, columns: int) -> st.SearchStrategy[list[list[int]]]:
    """Return tables of whole numbers."""
    row = st.lists(st.integers(low, high), min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows)


@settings(max_examples=120, deadline=None)
@given(
    sizes=whole(0, 7, 3, 3),
    signs=st.lists(st.sampled_from([-1, 1]), min_size=3, max_size=3),
    inputs=whole(0, 7, 3, 2),
    thresholds=st.lists(st.integers(1, 255), min_size=3, max_size=3),
    leaks=st.lists(st.integers(0, 127), min_size=3, max_size=3),
    ranks=st.lists(st.integers(0, 3), min_size=3, max_size=3),
    order=st.permutations(EVENTS),
    spikes=st.lists(whole(0, 9, 2, 2), min_size=1, max_size=8),
)
def test_it_is_the_oracle_event_by_event(
    sizes: Any,
    signs: list[int],
    inputs: Any,
    thresholds: Any,
    leaks: Any,
    ranks: Any,
    order: Any,
    spikes: Any,
) -> None:
    """Check potentials and counts of spikes, two lanes at a time."""
    weights = [[w * s for w, s in zip(row, signs, strict=True)] for row in sizes]
    leaks = [leak // 10 for leak in leaks]
    chip = odin(order=tuple(order))
    loaded = parameters(
        chip, weights=weights, input_weights=inputs, threshold=thresholds, leak=leaks, rank=ranks
    )
    arriving = np.moveaxis(np.array(spikes), 1, 0)  # (2 lanes, T, 2 channels)
    found = run(chip, loaded, arriving)
    for lane in range(2):
        v, counts = oracle(
            tuple(order), weights, inputs, thresholds, leaks, ranks, arriving[lane].tolist()
        )
        assert found.v[lane].tolist() == v
        assert found.spikes[lane].tolist() == counts


def test_the_order_of_sources_decides() -> None:
    """Check one pair of events in both orders, at V = 3: +7 -7 spikes, -7 +7 does not."""
    chip = odin()
    common: dict[str, Any] = {
        "weights": [[0, 0, 0], [0, 0, 0], [7, -7, 0]],
        "input_weights": [[7, 0], [7, 0], [0, 3]],
        "threshold": [7, 7, 9],
    }
    inputs = [[1, 1], [0, 0]]
    up_first = run(chip, parameters(chip, **common), inputs)
    down_first = run(chip, parameters(chip, **common, rank=[1, 0, 2]), inputs)
    assert up_first.spikes[0].tolist() == down_first.spikes[0].tolist() == [1, 1, 0]
    assert (up_first.spikes[1, 2], up_first.v[1, 2]) == (1, 0)
    assert (down_first.spikes[1, 2], down_first.v[1, 2]) == (0, 7)


@given(
    inputs=whole(0, 7, 3, 4),
    counts=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    order=st.permutations(range(4)),
)
def test_excitation_below_threshold_commutes(
    inputs: list[list[int]], counts: list[int], order: list[int]
) -> None:
    """Check that no order of positive events matters while no neuron reaches its threshold."""
    chip = odin()
    plain, moved = np.array(inputs), np.array(inputs)[:, order]
    assert 4 * 3 * 7 < 255  # so the potentials below are the bare sums, and none spikes
    first = run(chip, parameters(chip, input_weights=plain), [counts])
    second = run(chip, parameters(chip, input_weights=moved), [[counts[k] for k in order]])
    assert first.v.tolist() == second.v.tolist() == [(plain @ counts).tolist()]


def test_a_neuron_spikes_several_times_in_a_step() -> None:
    """Check that each spike of a step is an event of the next."""
    chip = odin()
    loaded = parameters(
        chip, weights=[[0, 0], [5, 0]], input_weights=[[7], [0]], threshold=[7, 200]
    )
    found = run(chip, loaded, [[3], [0]])
    assert found.spikes[:, 0].tolist() == [3, 0]
    assert found.v[:, 1].tolist() == [0, 15]


def test_a_run_goes_on_from_its_state() -> None:
    """Check that two halves make the whole."""
    chip = odin()
    rng = np.random.default_rng(2)
    loaded = parameters(
        chip, weights=[[0, -3], [5, 0]], input_weights=[[7], [6]], threshold=17, leak=2
    )
    spikes = rng.integers(0, 3, (40, 1))
    together = run(chip, loaded, spikes)
    first = run(chip, loaded, spikes[:15])
    second = run(chip, loaded, spikes[15:], start=first.state)
    assert np.array_equal(np.concatenate([first.v, second.v]), together.v)
    assert np.array_equal(np.concatenate([first.spikes, second.spikes]), together.spikes)
    assert together.spikes.sum() > 5


def test_what_it_cannot_hold_is_named() -> None:
    """Check the messages for weights, signs, engines and the order of events."""
    chip = odin()
    with pytest.raises(InputError, match="weights = 8: whole numbers from -7 to 7 on odin"):
        run(chip, parameters(chip, weights=[[0, 8], [0, 0]]), np.zeros((1, 0), int))
    with pytest.raises(InputError, match=r"column 1 with both signs.*one sign"):
        run(chip, parameters(chip, weights=[[0, 3], [0, -3]]), np.zeros((1, 0), int))
    with pytest.raises(InputError, match=r"threshold = 0: 1 to 255"):
        parameters(chip, threshold=0)
    with pytest.raises(InputError, match="'inputs', 'spikes' and 'reference', each once"):
        odin(order=("inputs", "spikes"))
    with pytest.raises(InputError, match="is serial; this engine executes synchronous"):
        Tick(chip, parameters(chip))
    other = chip.replace(schedule="synchronous")
    with pytest.raises(InputError, match="is synchronous; this engine executes serial"):
        Serial(other, parameters(other))
