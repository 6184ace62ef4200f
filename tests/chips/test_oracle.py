"""Whole networks against steps written apart, in plain Python integers and fractions.

Nothing here uses the library's stages: each oracle is a loop over neurons and synapses after the
equations of chips.md, and numbers are drawn to the ends of every setting.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips.arithmetic.rounding import Rounding
from causal_snn.chips.engine.chance import Branched
from causal_snn.chips.engine.step import Arrivals, build_update, columns_of, update
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.loihi import loihi
from causal_snn.chips.loihi_weights import effective_weights
from causal_snn.chips.parameters import Parameters, parameters
from causal_snn.chips.run import run
from causal_snn.chips.xylo import xylo

Rows = list[list[int]]
Draw = Callable[[st.SearchStrategy[int]], int]


def ends(low: int, high: int) -> st.SearchStrategy[int]:
    """Return whole numbers of a range, its ends and the surroundings of 0 more often."""
    return st.one_of(
        st.sampled_from([low, high]),
        st.integers(max(low, -3), min(high, 3)) if low <= 3 and high >= -3 else st.just(low),
        st.integers(low, high),
    )


def table(draw: Draw, rows: int, columns: int, values: st.SearchStrategy[int]) -> Rows:
    return [[draw(values) for _ in range(columns)] for _ in range(rows)]


class Network:
    """A network with random numbers, and the sums that arrive at its neurons."""

    def __init__(self, draw: Draw, weights: st.SearchStrategy[int], **limits: Any) -> None:
        self.n, self.m, self.steps = draw(st.integers(1, 3)), draw(st.integers(1, 2)), 10
        self.weights = table(draw, self.n, self.n, weights)
        self.inputs = table(draw, self.n, self.m, weights)
        self.delays = table(draw, self.n, self.n, st.integers(1, limits.get("delay", 3)))
        self.spikes = table(draw, self.steps, self.m, st.integers(0, limits.get("events", 1)))
        self.settings: dict[str, Any] = {
            name: [draw(values) for _ in range(self.n)]
            for name, values in limits["settings"].items()
        }

    def sum_at(self, k: int, step: int, fired: Rows, latency: int) -> int:
        found = 0
        for j in range(self.n):
            past = step - self.delays[k][j]
            found += self.weights[k][j] * (fired[past][j] if past >= 0 else 0)
        for c in range(self.m):
            past = step - latency
            found += self.inputs[k][c] * (self.spikes[past][c] if past >= 0 else 0)
        return found

    def check(self, chip: Any, expected: dict[str, Rows], **more: Any) -> None:
        loaded = parameters(
            chip,
            weights=self.weights,
            input_weights=self.inputs,
            delays=self.delays,
            **self.settings,
            **more,
        )
        found = run(chip, loaded, self.spikes)
        for name, rows in expected.items():
            assert getattr(found, name).tolist() == rows, name


def wrapped(x: int, bits: int) -> int:
    """Two's complement of so many bits."""
    return (x + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))


def toward_zero(x: int, kept: int) -> int:
    size = abs(x) * kept // 4096
    return size if x >= 0 else -size


def less_ceil(x: int, lost: int) -> int:
    """brian2's form of the same decay: x - sgn(x) ceil(|x| d / 4096)."""
    size = abs(x) - ceil(Fraction(abs(x) * lost, 4096))
    return size if x >= 0 else -size


def lava_wrap(x: int) -> int:
    half = 1 << 23
    if x > half:
        return x - 2 * half
    return x + 2 * half if x <= -half else x


def loihi_oracle(net: Network, convention: str, exponent: int, offset: int) -> dict[str, Rows]:
    """Return u, v and spikes of every step."""
    n, s = net.n, net.settings
    u, v, held = [0] * n, [0] * n, [0] * n
    rows: dict[str, Rows] = {"u": [], "v": [], "spikes": []}
    for step in range(net.steps):
        spikes = [0] * n
        for k in range(n):
            a = net.sum_at(k, step, rows["spikes"], 0 if convention == "brian2" else 1)
            a = a << exponent if exponent >= 0 else a >> -exponent
            a *= 64
            if convention == "brian2":
                u[k] = less_ceil(u[k], s["decay_u"][k]) + a
                new = less_ceil(v[k], s["decay_v"][k]) + u[k] + s["bias"][k]
            elif convention == "nengo":
                a = wrapped(a, 22)
                u[k] = wrapped(toward_zero(u[k], 4095 - s["decay_u"][k]) + a, 24)
                new = toward_zero(v[k], 4096 - s["decay_v"][k]) + wrapped(u[k] + s["bias"][k], 24)
            else:
                u[k] = lava_wrap(toward_zero(u[k], 4095 - s["decay_u"][k]) + a)
                new = toward_zero(v[k], 4096 - s["decay_v"][k]) + u[k] + s["bias"][k]
            if convention != "brian2":
                new = max(-(2**23) + 1, min(2**23 - 1, new))
            v[k] = v[k] if held[k] else new
            spikes[k] = int(v[k] > s["threshold"][k])
            if spikes[k]:
                v[k], held[k] = 0, s["refractory"][k] + offset
            else:
                held[k] = max(held[k] - 1, 0)
        rows["u"].append(list(u))
        rows["v"].append(list(v))
        rows["spikes"].append(spikes)
    return rows


@pytest.mark.parametrize("convention", ["lava", "nengo", "brian2"])
@settings(max_examples=40)
@given(data=st.data())
def test_loihi_is_its_equations(convention: str, data: st.DataObject) -> None:
    most = 4096 if convention == "brian2" else 4095
    net = Network(
        data.draw,
        ends(-256, 255),
        events=3,
        delay=5,
        settings={
            "decay_u": ends(0, most),
            "decay_v": ends(0, most),
            "threshold": ends(0, (1 << 17) - 1).map(lambda mantissa: mantissa << 6),
            "bias": ends(-4096 << 7, 4095 << 7),
            "refractory": st.integers(1, 5),
        },
    )
    # lava wraps once, so sums that need two periods are no sums of its 24 bits.
    exponent = data.draw(st.integers(-8, 5 if convention == "lava" else 7))
    offset = data.draw(st.sampled_from([-1, 0]))
    expected = loihi_oracle(net, convention, exponent, offset)
    chip = loihi(convention=convention, refractory_offset=offset)
    net.check(chip, expected, exponent=exponent)


def test_the_edges_of_lavas_wrap_are_reached() -> None:
    # A constant drive of 2^19 in a current that hardly decays passes +-2^23 again and again.
    for sign in (1, -1):
        chip = loihi(convention="lava")
        loaded = parameters(
            chip,
            input_weights=[[sign * 128]],
            exponent=6,
            decay_u=0,
            threshold=((1 << 17) - 1) << 6,
        )
        u = run(chip, loaded, np.ones((60, 1), int)).u.ravel().tolist()
        x, expected = 0, [0]
        for _ in range(59):
            x = lava_wrap(toward_zero(x, 4095) + sign * (128 << 12))
            expected.append(x)
        assert u == expected
        assert min(u) < -(1 << 22)
        assert max(u) > 1 << 22


def half_even(x: Fraction) -> int:
    return round(x)  # of fractions, ties to even


def weight_oracle(w: int, convention: str, e: int, bits: int, mode: str) -> Fraction:
    """Return what one synapse adds, in units of 2^6, after the sources of the emulators."""
    lost = 8 - bits + (mode == "mixed")
    step = 2**lost
    if convention == "lava":
        if mode == "inhibitory":
            return Fraction(-floor(Fraction(-w, step)) * step)
        return Fraction(floor(Fraction(w, step)) * step)
    if convention == "brian2":
        act = floor(int(Fraction(w, step)) * step * Fraction(2) ** (6 + e) / 64) * 64
        return Fraction(max(-(2**21 - 2**6), min(2**21 - 2**6, act)), 64)
    most = 2 ** max(8 - lost, 0) - 1
    kept = max(-most, min(most, half_even(Fraction(w, step))))
    if lost + e < 0:
        kept = half_even(kept * Fraction(2) ** (lost + e)) * 2 ** -(lost + e)
        kept = max(-most, min(most, kept))
    return Fraction(floor(kept * Fraction(2) ** (lost + e)))


@settings(max_examples=200)
@given(
    st.lists(ends(-255, 255), min_size=1, max_size=4),
    st.sampled_from(["lava", "nengo", "brian2"]),
    st.integers(-8, 7),
    st.integers(0, 8),
)
def test_weights_are_rounded_as_each_emulator_does(
    mantissas: list[int], convention: str, exponent: int, bits: int
) -> None:
    mode = "mixed"
    if min(mantissas) >= 0:
        mode = "excitatory"
    elif max(mantissas) <= 0:
        mode = "inhibitory"
    found = effective_weights(mantissas, convention=convention, exponent=exponent, weight_bits=bits)
    expected = [weight_oracle(w, convention, exponent, bits, mode) for w in mantissas]
    assert found.tolist() == expected


def shifted(x: int, shift: int) -> int:
    """Xylo's decay: x - (x >> d), or one step toward 0 where that is no step."""
    loss = x // (1 << shift)
    if loss == 0 and x != 0:
        loss = 1 if x > 0 else -1
    return x - loss


def sat16(x: int) -> int:
    return max(-32768, min(32767, x))


def xylo_oracle(net: Network) -> dict[str, Rows]:
    n, s = net.n, net.settings
    u, v = [0] * n, [0] * n
    rows: dict[str, Rows] = {"u": [], "v": [], "spikes": []}
    for step in range(net.steps):
        spikes = [0] * n
        for k in range(n):
            u[k] = sat16(u[k] + net.sum_at(k, step, rows["spikes"], 0))
            u[k] = shifted(u[k], s["decay_u"][k])
            loss = v[k] - shifted(v[k], s["decay_v"][k])
            v[k] = sat16(v[k] + sat16(sat16(u[k] - loss) + s["bias"][k]))
            while v[k] >= s["threshold"][k] and spikes[k] < 31:
                v[k] -= s["threshold"][k]
                spikes[k] += 1
        rows["u"].append(list(u))
        rows["v"].append(list(v))
        rows["spikes"].append(spikes)
    return rows


@settings(max_examples=60)
@given(data=st.data())
def test_xylo_is_its_equations(data: st.DataObject) -> None:
    shift = data.draw(st.integers(0, 7))
    net = Network(
        data.draw,
        ends(-128, 127).map(lambda w: w << shift),
        events=15,
        delay=1,
        settings={
            "decay_u": st.integers(0, 15),
            "decay_v": st.integers(0, 15),
            "threshold": ends(1, 32767),
            "bias": ends(-32768, 32767),
        },
    )
    net.check(xylo(), xylo_oracle(net))


def rounded(exact: Fraction, how: str) -> int:
    match how:
        case "zero":
            return int(exact)
        case "floor":
            return floor(exact)
        case "nearest":
            return floor(exact + Fraction(1, 2))
        case _:
            size = floor(abs(exact) + Fraction(1, 2))
            return size if exact >= 0 else -size


def fitted(x: int, bits: int, overflow: str) -> int:
    if overflow == "wrap":
        return wrapped(x, bits)
    return max(-(1 << (bits - 1)), min((1 << (bits - 1)) - 1, x))


class Plain:
    """One neuron of `fixed_point`, by fractions."""

    def __init__(self, s: dict[str, int], **options: Any) -> None:
        self.s, self.o = s, options
        self.u = self.v = self.held = 0

    def kept(self, x: int, loss: int) -> Fraction:
        return x * (1 - Fraction(loss, 2 ** self.o["decay_bits"]))

    def step(self, a: int) -> int:
        drive = a
        if self.o["current"]:
            u = rounded(self.kept(self.u, self.s["decay_u"]), self.o["rounding"]) + a
            drive = self.u = fitted(u, self.o["bits"], self.o["overflow"])
        v = rounded(self.kept(self.v, self.s["decay_v"]), self.o["rounding"])
        return self.finish(v, drive)

    def finish(self, decayed: int, drive: int) -> int:
        v = fitted(decayed + drive + self.s["bias"], self.o["bits"], self.o["overflow"])
        self.v = v = self.v if self.held else v
        theta = self.s["threshold"]
        spike = v > theta if self.o["threshold"] == ">" else v >= theta
        if spike:
            self.v = {"value": self.s["reset"], "subtract": v - theta, "none": v}[self.o["reset"]]
            self.held = self.s["refractory"]
        else:
            self.held = max(self.held - 1, 0)
        return int(spike)


@st.composite
def plain_options(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "bits": draw(st.integers(4, 40)),
        "decay_bits": draw(st.integers(1, 22)),
        "rounding": draw(st.sampled_from(["zero", "floor", "nearest", "nearest_away"])),
        "overflow": draw(st.sampled_from(["saturate", "wrap"])),
        "current": draw(st.booleans()),
        "reset": draw(st.sampled_from(["value", "subtract", "none"])),
        "threshold": draw(st.sampled_from([">", ">="])),
    }


def plain_settings(options: dict[str, Any]) -> dict[str, st.SearchStrategy[int]]:
    low, high = -(1 << (options["bits"] - 1)), (1 << (options["bits"] - 1)) - 1
    decays = ends(0, 1 << options["decay_bits"])
    found = {
        "decay_v": decays,
        "threshold": st.one_of(ends(low, high), st.integers(1, max(1, high // 4))),
        "reset": ends(low, high),
        "bias": ends(low, high),
        "refractory": st.integers(0, 4),
    }
    return found | ({"decay_u": decays} if options["current"] else {})


@settings(max_examples=60)
@given(plain_options(), st.data())
def test_fixed_point_is_its_equations(options: dict[str, Any], data: st.DataObject) -> None:
    # With a subtractive reset of a negative threshold, v would rise above its register.
    limits = plain_settings(options)
    if options["reset"] == "subtract":
        limits["threshold"] = st.integers(0, (1 << (options["bits"] - 1)) - 1)
    half = 1 << (options["bits"] - 1)
    net = Network(data.draw, ends(-half, half - 1), delay=4, events=2, settings=limits)
    units = [
        Plain({name: values[k] for name, values in net.settings.items()}, **options)
        for k in range(net.n)
    ]
    rows: dict[str, Rows] = {"u": [], "v": [], "spikes": []}
    for step in range(net.steps):
        sums = [net.sum_at(k, step, rows["spikes"], 0) for k in range(net.n)]
        rows["spikes"].append([unit.step(a) for unit, a in zip(units, sums, strict=True)])
        rows["v"].append([unit.v for unit in units])
        rows["u"].append([unit.u for unit in units])
    net.check(fixed_point(frac=0, **options), rows)


def branches(chip: Any, loaded: Parameters, registers: dict[str, int]) -> dict[Any, Fraction]:
    """Return the exact law of (registers, spike) of one neuron whose input spikes once."""
    chance = Branched()
    work = Arrivals(chip, loaded)(np.zeros((1, 1, 1), int), np.ones((1, 1), int))
    work |= {name: np.array([[value]]) for name, value in registers.items()}
    work |= {"s": np.zeros((1, 1), int), "weight": np.ones((1, 1), int)}
    update(build_update(chip, columns_of(chip, loaded)), work, chance)
    found: dict[Any, Fraction] = {}
    names = (*chip.registers, "s")
    for lane in range(work["v"].shape[1]):
        key = tuple(int(work[name][0, lane]) for name in names)
        weight = Fraction(int(work["weight"][0, lane]), chance.denominator)
        found[key] = found.get(key, Fraction(0)) + weight
    return found


@settings(max_examples=60)
@given(plain_options(), st.data())
def test_stochastic_rounding_follows_both_outcomes_of_every_product(
    options: dict[str, Any], data: st.DataObject
) -> None:
    options = {**options, "rounding": "stochastic", "threshold": ">=", "reset": "value"}
    own: dict[str, Any] = {
        name: data.draw(values) for name, values in plain_settings(options).items()
    }
    half = 1 << (options["bits"] - 1)
    u, v, w = (data.draw(ends(-half, half - 1)) for _ in range(3))
    chip = fixed_point(frac=0, **options)
    registers = {"v": v, "r": 0} | ({"u": u} if options["current"] else {})
    found = branches(chip, parameters(chip, input_weights=[[w]], **own), registers)
    expected: dict[Any, Fraction] = {}
    for du in (0, 1) if options["current"] else (0,):
        for dv in (0, 1):
            unit = Plain(own, **options)
            unit.u, unit.v = u, v
            p, drive = Fraction(1), w
            if options["current"]:
                exact = unit.kept(u, own["decay_u"])
                p *= exact - floor(exact) if du else 1 - (exact - floor(exact))
                drive = unit.u = fitted(floor(exact) + du + w, options["bits"], options["overflow"])
            exact = unit.kept(v, own["decay_v"])
            p *= exact - floor(exact) if dv else 1 - (exact - floor(exact))
            spike = unit.finish(floor(exact) + dv, drive)
            key = (*([unit.u] if options["current"] else []), unit.v, unit.held, spike)
            if p:
                expected[key] = expected.get(key, Fraction(0)) + p
    assert sum(found.values()) == 1
    assert found == expected


@settings(max_examples=25)
@given(
    st.integers(0, 23),
    st.integers(-2, 2),
    st.sampled_from(["current", "voltage"]),
    st.integers(-(1 << 23), (1 << 23) - 1),
    ends(-4096 << 7, 4095 << 7),
)
def test_nengos_noise_has_255_equally_likely_values(
    exponent: int, offset: int, where: str, u: int, bias: int
) -> None:
    chip = loihi(convention="nengo", noise=where)
    loaded = parameters(
        chip,
        input_weights=[[100]],
        decay_u=200,
        decay_v=1000,
        threshold=64 << 6,
        bias=bias,
        noise_exponent=exponent,
        noise_offset=offset,
    )
    found = branches(chip, loaded, {"u": u, "v": 5000, "r": 0})
    expected: dict[Any, Fraction] = {}
    for draw in range(-127, 128):
        noise = int((draw + 64 * offset) * Fraction(2) ** (exponent - 7))
        extra = noise if where == "current" else 0
        new = wrapped(toward_zero(u, 4096 - 201) + wrapped(6400 + extra, 22), 24)
        drive = wrapped(new + bias + (noise if where == "voltage" else 0), 24)
        v = max(-(2**23) + 1, min(2**23 - 1, toward_zero(5000, 3096) + drive))
        spike = int(v > 64 << 6)
        key = (new, 0 if spike else v, 0, spike)
        expected[key] = expected.get(key, Fraction(0)) + Fraction(1, 255)
    assert found == expected


def test_noise_is_off_where_its_setting_is() -> None:
    chip = loihi(convention="nengo", noise="voltage")
    quiet = loihi(convention="nengo")
    same: dict[str, Any] = {"decay_u": 300, "decay_v": 70, "threshold": 6400}
    spikes = np.ones((50, 1), int)
    silent = run(chip, parameters(chip, input_weights=[[3]], noise=0, **same), spikes, rng=1)
    plain = run(quiet, parameters(quiet, input_weights=[[3]], **same), spikes)
    assert np.array_equal(silent.v, plain.v)
    noisy = run(
        chip, parameters(chip, input_weights=[[3]], noise_exponent=9, **same), spikes, rng=1
    )
    assert not np.array_equal(noisy.v, plain.v)


def test_every_rounding_is_covered() -> None:
    assert set(get_args(Rounding)) == {"zero", "floor", "nearest", "nearest_away", "stochastic"}
