"""Registers and rounding: properties that hold for every number."""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil, floor
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.arithmetic.rounding import Rounding, dropped, shift_right
from causal_snn.chips.engine.chance import Branched, Sampled, Work
from causal_snn.chips.engine.stages import scaled
from causal_snn.errors import InputError

WIDTHS = st.integers(2, 40)


def held(form: Fixed, value: int) -> int:
    """Return what a register holds after it was given one value."""
    return int(form.fit(np.array([[value]]))[0, 0])


@st.composite
def registers(draw: st.DrawFn, overflow: Any) -> tuple[Fixed, int]:
    """Draw a register and a value as far out as a sum of two registers can be, and further."""
    form = Fixed(draw(WIDTHS), signed=draw(st.booleans()), overflow=overflow)
    span = 1 << (form.bits + 3)
    edges = st.sampled_from([form.least, form.most]).flatmap(
        lambda edge: st.integers(edge - 2, edge + 2)
    )
    return form, draw(st.one_of(edges, st.integers(-span, span)))


@given(registers("wrap"))
def test_wrap_keeps_the_value_modulo_the_width(case: tuple[Fixed, int]) -> None:
    form, value = case
    found = held(form, value)
    assert form.least <= found <= form.most
    assert (found - value) % 2**form.bits == 0


@given(registers("saturate"))
def test_saturation_is_the_nearest_value_held(case: tuple[Fixed, int]) -> None:
    form, value = case
    assert held(form, value) == sorted((form.least, value, form.most))[1]


@given(
    WIDTHS.flatmap(lambda b: st.tuples(st.just(b), st.integers((-3 << (b - 1)) + 1, 3 << (b - 1))))
)
def test_one_wrap_is_twos_complement_but_for_the_edge(case: tuple[int, int]) -> None:
    bits, value = case
    half = 1 << (bits - 1)
    found = held(Fixed(bits, overflow="wrap_once"), value)
    # +2^23 is kept and -2^23 becomes it, as chips.md measured of lava.
    assert -half < found <= half
    assert (found - value) % (2 * half) == 0


@given(registers("none"))
def test_a_register_that_does_not_check_keeps_everything(case: tuple[Fixed, int]) -> None:
    form, value = case
    assert held(form, value) == value


@given(registers("error"))
def test_a_strict_register_holds_or_names_the_value(case: tuple[Fixed, int]) -> None:
    form, value = case
    if form.least <= value <= form.most:
        assert held(form, value) == value
    else:
        message = re.escape(f"register = {value}: {form.least} to {form.most} in ")
        with pytest.raises(InputError, match=message):
            held(form, value)


@given(registers("saturate"), st.integers(-9, 9), st.integers(0, 9))
def test_ends_may_be_other_than_the_width(case: tuple[Fixed, int], low: int, more: int) -> None:
    form, value = case
    narrow = Fixed(form.bits, low=low, high=low + more)
    assert held(narrow, value) == min(max(value, low), low + more)
    assert narrow.holds(np.array([low - 1, low, low + more, low + more + 1])).tolist() == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bits": 0}, "bits = 0: 1 to 62 bits"),
        ({"bits": 63}, "bits = 63: 1 to 62 bits"),
        ({"frac": -1}, "frac = -1: 0 to 62 binary places"),
        ({"overflow": "wrapp"}, "overflow = 'wrapp': one of 'saturate'"),
        ({"low": 5, "high": 4}, "low = 5: not above high = 4"),
    ],
)
def test_bad_registers_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        Fixed(**{"bits": 8, **changes})


def rounded(exact: Fraction, how: str) -> int:
    """Return a rational rounded, by the definition of each mode."""
    match how:
        case "zero":
            return int(exact)
        case "nearest":
            return floor(exact + Fraction(1, 2))
        case "nearest_away":
            away = floor(abs(exact) + Fraction(1, 2))
            return away if exact >= 0 else -away
        case _:
            return floor(exact)


@given(st.integers(-(1 << 60), 1 << 60), st.integers(0, 40), st.sampled_from(get_args(Rounding)))
def test_rounding_follows_its_definition(x: int, bits: int, how: Rounding) -> None:
    found = int(shift_right(np.array([x]), bits, how)[0])
    assert found == rounded(Fraction(x, 2**bits), how)


def branches(x: int, factor: int, bits: int) -> dict[int, Fraction]:
    """Return the law of a product rounded stochastically."""
    chance = Branched()
    work: Work = {"v": np.array([[x]]), "weight": np.ones((1, 1), dtype=np.int64)}
    scaled("v", factor, bits, "stochastic")(work, chance)
    weights = [Fraction(int(w), chance.denominator) for w in work["weight"][0]]
    return dict(zip(work["v"][0].tolist(), weights, strict=True))


@given(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(0, (1 << 12) - 1), st.integers(1, 24))
def test_stochastic_rounding_is_unbiased_and_has_the_dropped_bits_as_chance(
    x: int, factor: int, bits: int
) -> None:
    law, exact = branches(x, factor, bits), Fraction(x * factor, 2**bits)
    assert sum(law.values()) == 1
    assert sum(value * p for value, p in law.items()) == exact
    assert set(law) == {floor(exact), ceil(exact)}
    rest = int(dropped(np.array([x * factor]), bits)[0])
    assert law.get(floor(exact) + 1, 0) == Fraction(rest, 2**bits)


def test_draws_have_the_frequencies_of_the_exact_law() -> None:
    lanes = 40_000
    x, factor, bits = -12_345, 3_001, 12
    work: Work = {"v": np.full((1, lanes), x)}
    scaled("v", factor, bits, "stochastic")(work, Sampled(np.random.default_rng(5)))
    law = branches(x, factor, bits)
    seen = [int(np.sum(work["v"] == value)) for value in law]
    assert sum(seen) == lanes
    assert stats.chisquare(seen, [float(p) * lanes for p in law.values()]).pvalue > 0.001


@given(st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=1, max_size=20))
def test_merging_adds_up_the_weights_of_lanes_that_agree(rows: list[list[int]]) -> None:
    chance = Branched()
    table = np.array(rows).T
    weights = np.arange(1, len(rows) + 1)
    work: Work = {"v": table[:1], "s": table[1:], "weight": weights[None]}
    chance.merge(work)
    expected: dict[tuple[int, int], int] = {}
    for (v, s), weight in zip(rows, weights.tolist(), strict=True):
        expected[v, s] = expected.get((v, s), 0) + weight
    found = zip(work["v"][0].tolist(), work["s"][0].tolist(), strict=True)
    assert dict(zip(found, work["weight"][0].tolist(), strict=True)) == expected


def test_weights_beyond_int64_stay_exact() -> None:
    chance = Branched()
    work: Work = {"v": np.array([[1]]), "weight": np.ones((1, 1), dtype=np.int64)}
    for _ in range(5):
        chance.choose(work, "v", [work["v"], work["v"]], [2**20 - 1, 1], 2**20)
        chance.merge(work)
    assert chance.denominator == 2**100
    assert work["weight"].tolist() == [[2**100]]


def test_too_many_exact_branches_are_refused() -> None:
    work: Work = {"v": np.zeros((1, 1 << 13), int), "weight": np.ones((1, 1 << 13), int)}
    with pytest.raises(InputError, match=r"8192 lanes times 4096 outcomes .* more than 2\^24"):
        Branched().pick(work, "v", np.arange(1 << 12)[None])
