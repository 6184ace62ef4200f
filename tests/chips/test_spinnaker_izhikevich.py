"""Izhikevich on SpiNNaker: a C-like oracle in Python ints, floats, and exact laws."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips import parameters, run
from causal_snn.chips.spinnaker_izhikevich import izhikevich_settings, spinnaker1_izhikevich
from causal_snn.errors import InputError

UNIT = 2**15


def wrapped(x: int) -> int:
    """Return what a 32-bit register keeps."""
    return (x + 2**31) % 2**32 - 2**31


class Accum:
    """An accum of C: bare sums wrap, products drop their low bits or round and saturate."""

    def __init__(self, bits: int, rounding: str) -> None:
        self.bits, self.rounding = wrapped(bits), rounding

    def made(self, bits: int) -> Accum:
        """Return another of the same kind."""
        return Accum(bits, self.rounding)

    def __add__(self, other: Accum) -> Accum:
        return self.made(self.bits + other.bits)

    def __sub__(self, other: Accum) -> Accum:
        return self.made(self.bits - other.bits)

    def __mul__(self, other: Accum) -> Accum:
        exact = Fraction(self.bits * other.bits, UNIT)
        if self.rounding == "floor":
            return self.made(math.floor(exact))
        found = math.floor(exact + Fraction(1, 2))
        return self.made(max(-(2**31), min(2**31 - 1, found)))


def oracle(numbers: dict[str, Any], rounding: str, drive: list[int]) -> list[tuple[int, int]]:
    """Return V and the spike of each step, with `drive` as the input current's bits."""

    def number(bits: int) -> Accum:
        return Accum(bits, rounding)

    v, u = number(numbers["rest"]), number(0)
    a, b, h0 = (number(numbers[name]) for name in ("a", "b", "step"))
    k, five, half = number(1311), number(5 * UNIT), number(UNIT // 2)
    h, found = h0, []
    for bits in drive:
        pre = number(140 * UNIT) + number(bits) - u
        eta = v + half * (h * (pre + (five + k * v) * v))
        beta = half * (h * (b * v - u) * a)
        v = v + h * (pre - beta + (five + k * eta) * eta)
        u = u + a * h * (number(0) - u - beta + b * eta)
        spike = v.bits >= numbers["threshold"]
        h = h0
        if spike:
            v, u = number(numbers["reset"]), u + number(numbers["d"])
            h = number((numbers["step"] * math.floor(1.85 * UNIT)) // UNIT)
        found.append((v.bits, int(spike)))
    return found


@settings(max_examples=40, deadline=None)
@given(
    a=st.floats(0.0, 0.2),
    b=st.floats(-0.3, 0.3),
    c=st.floats(-80, -40),
    d=st.floats(-2, 10),
    offset=st.one_of(st.floats(0, 20), st.sampled_from([-60000.0, 60000.0])),
    dt=st.sampled_from([0.1, 1.0]),
    rounding=st.sampled_from(["floor", "nearest"]),
)
def test_it_is_the_oracle_bit_for_bit(
    a: float, b: float, c: float, d: float, offset: float, dt: float, rounding: Any
) -> None:
    """Check V and spikes for 40 steps, overflowing drives among them."""
    chip = spinnaker1_izhikevich(rounding=rounding)
    numbers = izhikevich_settings(a=a, b=b, c=c, d=d, dt=dt, i_offset=offset)
    found = run(chip, parameters(chip, **numbers), np.zeros((40, 0), int))
    expected = oracle(numbers, rounding, [numbers["bias"]] * 40)
    seen = list(zip(found.v[:, 0].tolist(), found.spikes[:, 0].tolist(), strict=True))
    assert seen == expected


def test_it_spikes_as_the_equations_do() -> None:
    """Check 2 s of regular spiking at 1 ms against the midpoint rule in double precision."""
    chip = spinnaker1_izhikevich(rounding="nearest")
    numbers = izhikevich_settings(d=8.0, i_offset=10.0)
    found = run(chip, parameters(chip, **numbers), np.zeros((2000, 0), int))
    at = np.flatnonzero(found.spikes[:, 0])
    a, b = numbers["a"] / UNIT, numbers["b"] / UNIT
    v, u, h, expected = -70.0, 0.0, 1.0, []
    for step in range(2000):
        pre = 150.0 - u
        eta = v + h / 2 * (pre + (5 + 1311 / UNIT * v) * v)
        beta = h / 2 * a * (b * v - u)
        v += h * (pre - beta + (5 + 1311 / UNIT * eta) * eta)
        u += a * h * (b * eta - u - beta)
        h = 1.0
        if v >= 30:
            v, u, h = -65.0, u + 8.0, 1.85
            expected.append(step)
    assert len(expected) > 30
    assert abs(len(at) - len(expected)) <= 1
    assert np.diff(at).mean() == pytest.approx(np.diff(expected).mean(), rel=5e-3)


def test_stochastic_rounding_keeps_the_mean() -> None:
    """Check the mean of V over 4000 draws of one step against the exact rational step."""
    numbers = izhikevich_settings(i_offset=3.3)
    zero = np.zeros((4000, 1, 0), int)
    chip = spinnaker1_izhikevich(rounding="stochastic")
    drawn = run(chip, parameters(chip, **numbers), zero, rng=1).v[:, 0, 0]
    v, half, k = Fraction(numbers["rest"]), Fraction(1, 2), Fraction(1311, UNIT)
    pre = 140 * UNIT + numbers["bias"]
    eta = v + half * (pre + (5 * UNIT + k * v) * v / UNIT)
    beta = half * Fraction(numbers["b"], UNIT) * v * Fraction(numbers["a"], UNIT)
    exact = float(v + pre - beta + (5 * UNIT + k * eta) * eta / UNIT)
    error = drawn.std() / math.sqrt(4000)
    # One bit of k V is V = -70 bits of k V^2, so the spread is tens of bits.
    assert 10 < drawn.std() < 80
    # The square of eta adds the variance of its own rounding, far below one standard error.
    assert abs(drawn.mean() - exact) < 5 * error


def test_bad_input_is_named() -> None:
    """Check the messages for a rounding and a number that do not exist."""
    with pytest.raises(InputError, match=r"rounding = 'up'.*'floor'"):
        spinnaker1_izhikevich(rounding="up")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="d = 70000: -65536 to 65536"):
        izhikevich_settings(d=70000)
