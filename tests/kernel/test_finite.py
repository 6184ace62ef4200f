"""Effects of a chip neuron's register: every integer tried, and thresholds found by search."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from causal_snn import coarse
from causal_snn.chips import loihi, parameters
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.mapping.map import map_network
from causal_snn.chips.odin import odin
from causal_snn.errors import InputError
from causal_snn.kernel import TabulatedKernel, next_spike
from causal_snn.kernel.finite import finite
from causal_snn.models import Network, lif
from causal_snn.tpm.finite import chip_tpm


def plain(
    weights: list[int], *, loss: int, theta: int, bias: int, mode: str
) -> dict[int, tuple[int, list[Fraction]]]:
    """For each sum that can arrive its patterns, and P(spike) at -32...theta - 1 (6 bits)."""
    patterns = Counter(
        sum(w * s for w, s in zip(weights, bits, strict=True))
        for bits in product((0, 1), repeat=len(weights))
    )
    found = {}
    for a, count in patterns.items():
        row = []
        for v in range(-32, theta):
            exact = Fraction(v * (16 - loss), 16)
            low = math.floor(exact)
            part = exact - low
            if mode == "nearest":
                law = [(Fraction(1), math.floor(exact + Fraction(1, 2)))]
            else:
                law = [(1 - part, low), (part, low + 1)]
            row.append(sum((p for p, y in law if min(31, y + a + bias) >= theta), Fraction(0)))
        found[a] = count, row
    return found


def spread_out(kernel: TabulatedKernel) -> np.ndarray[Any, Any]:
    """P(spike) at every integer, from cells whose edges are half integers."""
    assert kernel.edges is not None
    size = np.diff(kernel.edges)
    assert np.array_equal(size, np.rint(size))
    return np.repeat(kernel.probability, size.astype(int), axis=1)


@given(
    weights=st.lists(st.integers(-20, 20), min_size=2, max_size=3),
    loss=st.integers(0, 16),
    theta=st.integers(2, 31),
    bias=st.integers(-5, 9),
    mode=st.sampled_from(["nearest", "stochastic"]),
)
@examples(max_examples=40, deadline=None)
def test_every_integer_has_its_effect(
    weights: list[int], loss: int, theta: int, bias: int, mode: Any
) -> None:
    chip = fixed_point(6, 0, rounding=mode, decay_bits=4)
    n = len(weights) + 1
    table = np.zeros((n, n), dtype=int)
    table[0, 1:] = weights
    table[0, 0] = 13  # on itself: no context of a quiet neuron
    loaded = parameters(chip, weights=table, decay_v=loss, threshold=theta, bias=bias)
    found = finite((chip, loaded), 0)
    expected = plain(weights, loss=loss, theta=theta, bias=bias, mode=mode)
    assert found.inputs.tolist() == sorted(expected)
    every = spread_out(found)
    for c, a in enumerate(found.inputs.tolist()):
        count, row = expected[int(a)]
        assert found.context_law[c] == pytest.approx(count / 2 ** len(weights))
        assert np.allclose(every[c], [float(p) for p in row], atol=1e-15)
    assert np.all(found.spread == 0.0)
    assert found.edges is not None
    assert (found.edges[0], found.edges[-1]) == (-32.5, theta - 0.5)
    # Neighbours that differ nowhere are one cell.
    assert np.all(np.any(np.diff(found.probability, axis=1) != 0, axis=0))


@pytest.mark.parametrize("mode", ["nearest", "stochastic"])
def test_bisection_finds_the_cells_that_listing_finds(mode: Any, monkeypatch: Any) -> None:
    chip = fixed_point(12, 0, rounding=mode)
    loaded = parameters(
        chip, weights=[[0, 500, -301], [0, 0, 0], [0, 0, 0]], decay_v=333, threshold=1000, bias=50
    )
    slow = finite((chip, loaded), 0, cells=1 << 13)
    monkeypatch.setattr("causal_snn.kernel.finite.LISTED", 1)
    fast = finite((chip, loaded), 0, cells=1 << 13)
    assert np.array_equal(spread_out(slow), spread_out(fast))
    assert slow.n > 2


def test_few_cells_hold_several_integers_with_their_spread() -> None:
    chip = fixed_point(8, 0, rounding="stochastic")
    loaded = parameters(chip, weights=[[0, 31], [0, 0]], decay_v=1000, threshold=60)
    exact = spread_out(finite((chip, loaded), 0, noise=9.0))
    few = finite((chip, loaded), 0, noise=9.0, cells=7)
    assert few.n == 7
    every = spread_out(few)
    assert few.edges is not None
    size = np.diff(few.edges).astype(int)
    spread = np.repeat(few.spread, size, axis=1)
    assert np.all(np.abs(every - exact) <= spread + 1e-15)
    # The spread is tight: some integer of each cell is as far.
    for cell in range(7):
        inside = slice(int(size[:cell].sum()), int(size[: cell + 1].sum()))
        worst = np.abs(every - exact)[:, inside].max(axis=1)
        assert worst == pytest.approx(few.spread[:, cell], abs=1e-15)


def worst_within(table: np.ndarray[Any, Any], cuts: tuple[int, ...]) -> float:
    ends = (0, *cuts, table.shape[1])
    return max(float(np.ptp(table[:, a:b], axis=1).max()) for a, b in pairwise(ends))


@pytest.mark.parametrize("levels", [2, 3])
@pytest.mark.parametrize("noise", [None, 3.0])
def test_levels_are_the_best_integer_thresholds(levels: int, noise: float | None) -> None:
    chip = fixed_point(6, 0, rounding="stochastic", decay_bits=4)
    loaded = parameters(
        chip, weights=[[0, 3, -2], [0, 0, 0], [0, 0, 0]], decay_v=9, threshold=9, bias=3
    )
    table = finite((chip, loaded), 0, noise=noise)
    found = coarse.levels(table, levels)
    every = spread_out(table)
    best = min(
        worst_within(every, cuts) for cuts in combinations(range(1, every.shape[1]), levels - 1)
    )
    assert found.epsilon == pytest.approx(best, abs=1e-12)
    assert found.edges is not None
    chosen = tuple(int(edge + 0.5) + 32 for edge in found.edges)
    assert worst_within(every, chosen) == pytest.approx(best, abs=1e-12)
    assert found.certificate.verify(table)


def test_thresholds_tend_to_those_of_the_float_network() -> None:
    network = Network(
        neuron=lif(),
        weights=[[0, 0.4, -0.3], [0.2, 0, 0.1], [0.5, 0.3, 0]],
        dt=1.0,
        drive=14.0,
        noise=2.0,
    )
    exact = coarse.threshold(next_spike(network, "A"))
    off = []
    for bits, frac in ((9, 3), (10, 4), (12, 6)):
        mapped = map_network(network, fixed_point(bits, frac, decay_bits=bits))
        table = finite(mapped, "A", noise="network")
        found = coarse.threshold(table)
        assert found.certificate.verify()
        off.append(abs(found.threshold - exact.threshold))
        assert abs(found.epsilon - exact.epsilon) < 2.0 ** (1 - frac)
        assert off[-1] < 2.0 ** (1 - frac)
    assert off[2] < off[0]


def test_a_threshold_on_the_chip_partitions_its_tpm() -> None:
    chip = fixed_point(8, 0, rounding="stochastic")
    loaded = parameters(
        chip, weights=[[0, 3], [-2, 0]], decay_v=900, threshold=40, bias=[9, 7], labels=["A", "B"]
    )
    results = [coarse.threshold(finite((chip, loaded), unit, noise=4.0)) for unit in "AB"]
    found = chip_tpm((chip, loaded), partition=results, noise=4.0)
    assert found.sizes == (3, 3)
    cuts = found.provenance["cuts"]
    assert [c[0] - 0.5 for c in cuts] == [r.threshold for r in results]
    # What the threshold is for: primed is likelier to spike than quiet, in every context.
    for k in range(2):
        spikes = np.moveaxis(found.marginals[k][..., 2], k, 0)
        assert np.all(spikes[1] > spikes[0])


def test_wide_registers_cost_no_more() -> None:
    chip = loihi()
    loaded = parameters(
        chip, weights=[[0, 40], [0, 0]], decay_v=200, threshold=64 * 400, bias=2000, decay_u=4095
    )
    found = finite((chip, loaded), 0)
    assert found.edges is not None
    assert found.n == 3
    # v (4096 - 200) / 4096, truncated to zero, + 2000 + a > 25600: by hand for a = 0 and 40 << 6.
    for a in (0, 40 << 6):
        least = next(v for v in range(20_000, 30_000) if v * 3896 // 4096 + 2000 + a > 25_600)
        assert least - 0.5 in found.edges
    assert np.all(found.spread == 0.0)


def test_currents_can_be_set_and_events_count_in_order() -> None:
    chip = fixed_point(8, 0, current=True)
    loaded = parameters(chip, weights=[[0]], decay_v=0, decay_u=2048, threshold=50)
    found = finite((chip, loaded), 0, hidden={"u": 20})
    assert found.edges is not None
    assert found.edges.tolist() == [-128.5, 39.5, 49.5]
    assert finite((chip, loaded), 0).n == 1
    serial = odin()
    loaded = parameters(
        serial, weights=[[0, 6, -6], [0, 0, 0], [0, 0, 0]], threshold=10, rank=[0, 1, 2]
    )
    effect = spread_out(finite((serial, loaded), 0))
    # The excitatory event comes first and can pass the threshold before the other takes it back.
    by_pattern = {tuple(row) for row in (effect > 0).astype(int).tolist()}
    assert (0,) * 4 + (1,) * 6 in by_pattern
    assert effect.shape[0] == 4


def test_errors_name_what_is_wrong() -> None:
    chip = fixed_point(8, 0)
    pair = (chip, parameters(chip, weights=[[0, 1], [1, 0]], threshold=50, labels=["A", "B"]))
    with pytest.raises(InputError, match=r"unit.*'A', 'B'"):
        finite(pair, "C")
    with pytest.raises(InputError, match="index below 2"):
        finite(pair, 2)
    with pytest.raises(InputError, match="cells"):
        finite(pair, 0, cells=0)
    with pytest.raises(InputError, match="hidden register 'u'"):
        finite(pair, 0, hidden={"u": 1})
    with pytest.raises(InputError, match=r"context_law.*2 contexts"):
        finite(pair, 0, context_law=[1.0])
    many = parameters(chip, weights=np.diag(np.ones(14, int)) + 1, threshold=50)
    assert finite((chip, many), 0).rows.shape[0] == 14  # sums, not patterns
    weights = np.zeros((14, 14), dtype=int)
    weights[0, 1:] = [1 << k for k in range(13)]
    wide = fixed_point(20, 0)
    with pytest.raises(InputError, match=r"4,096 different inputs"):
        finite((wide, parameters(wide, weights=weights, threshold=50)), 0)
