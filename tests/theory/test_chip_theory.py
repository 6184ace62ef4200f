"""The derivations about chip arithmetic against the package's chips, state by state."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp
from numpy.typing import NDArray
from scipy import integrate, stats

from causal_snn import chips
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.arithmetic.rounding import shift_right
from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Branched
from causal_snn.chips.engine.step import build_update, columns_of, update
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.odin import odin
from causal_snn.chips.spinnaker import spinnaker1
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo

Ints = NDArray[np.int64]
Load = Callable[[str], ModuleType]
Evaluate = Callable[..., float]
Proved = dict[str, dict[str, sp.Expr]]
FILES = ("17_rounding", "18_stochastic_rounding", "19_chip_limits")
LOSSES = (1, 41, 128, 409, 1000, 1024, 2048)
ROUNDINGS = {"zero": "R1", "floor": "R2", "nearest": "R3", "nearest_away": "R3"}


@pytest.fixture(scope="module")
def proved(load_theory: Load) -> Proved:
    """Every formula of the three files, by label."""
    return {
        label: derive() for stem in FILES for label, derive in load_theory(stem).RESULTS.items()
    }


@pytest.fixture(scope="module")
def exactly() -> Callable[..., int]:
    """Evaluate a formula of whole numbers, exactly."""

    def find(expr: sp.Expr, **values: int) -> int:
        return int(expr.subs({symbol: values[symbol.name] for symbol in expr.free_symbols}))

    return find


def test_every_result_is_listed(proved: Proved) -> None:
    labels = {"R": 11, "B": 7, "C": 7}
    assert list(proved) == [f"{letter}{k + 1}" for letter, n in labels.items() for k in range(n)]
    assert all(proved.values())


def after(chip: Chip, states: Ints, steps: int = 1, **settings: Any) -> Ints:
    """Return where each potential goes: one neuron without input, a lane for each state."""
    p = chips.parameters(chip, **settings)
    lanes = len(states)
    registers = {name: np.zeros((1, lanes), np.int64) for name in chip.registers}
    registers["v"] = states[None]
    rest = chips.run(chip, p, np.zeros((lanes, 0, 0))).state
    start = chips.ChipState(registers, rest.history, rest.inputs)
    return np.asarray(
        chips.run(chip, p, np.zeros((lanes, steps, 0)), start=start, record=False).v[:, 0, 0]
    )


def quiet(bits: int = 16, decay_bits: int = 12, rounding: Any = "zero") -> Chip:
    """Return a chip that never spikes, and adds nothing to a potential but its bias."""
    chip = fixed_point(bits, 0, rounding=rounding, decay_bits=decay_bits)
    return chip.replace(reset="none")


def law(chip: Chip, work: dict[str, int], **settings: Any) -> dict[tuple[int, int], Fraction]:
    """Return the exact law of (potential, spikes) after one step of one neuron."""
    p = chips.parameters(chip, **settings)
    chance = Branched()
    lanes: dict[str, Any] = {name: np.array([[value]]) for name, value in work.items()}
    for name in (*chip.registers, "s", "arriving u"):
        lanes.setdefault(name, np.zeros((1, 1), np.int64))
    lanes["weight"] = np.ones((1, 1), np.int64)
    update(build_update(chip, columns_of(chip, p)), lanes, chance)
    found: dict[tuple[int, int], Fraction] = {}
    for v, spikes, weight in zip(lanes["v"][0], lanes["s"][0], lanes["weight"][0], strict=True):
        key = int(v), int(spikes)
        found[key] = found.get(key, Fraction(0)) + Fraction(int(weight), chance.denominator)
    assert sum(found.values()) == 1
    return found


def moments(found: dict[tuple[int, int], Fraction]) -> tuple[Fraction, Fraction]:
    """Return mean and variance of the potential."""
    mean = sum((v * q for (v, _), q in found.items()), Fraction(0))
    return mean, sum(((v - mean) ** 2 * q for (v, _), q in found.items()), Fraction(0))


@pytest.mark.parametrize("loss", LOSSES)
def test_truncation_is_brian2s_form(loss: int, proved: Proved, exactly: Any) -> None:
    """R1, its one fixed point and the identity of the two emulators' forms."""
    states = np.arange(-(1 << 13), 1 << 13)
    found = after(quiet(), states, decay_v=loss)
    np.testing.assert_array_equal(found, shift_right(states * (4096 - loss), 12, "zero"))
    for k in range(0, len(states), 1371):
        assert found[k] == exactly(proved["R1"]["step"], x=int(states[k]), d=loss, N=4096)
    assert list(states[found == states]) == [0]


@pytest.mark.parametrize("rounding", ["floor", "nearest", "nearest_away"])
@pytest.mark.parametrize("loss", LOSSES)
def test_frozen_states(loss: int, rounding: str, proved: Proved, exactly: Any) -> None:
    """R2 and R3 over a register of 16 bits; 32, 32 and 33 at d = 128, as at 4096/d."""
    states = np.arange(-(1 << 15) + 1, 1 << 15)
    fixed = states[after(quiet(rounding=rounding), states, decay_v=loss) == states]
    name = "count_away" if rounding == "nearest_away" else "count"
    assert len(fixed) == exactly(proved[ROUNDINGS[rounding]][name], d=loss, N=4096)
    if rounding == "floor":
        assert fixed[0] == exactly(proved["R2"]["lowest"], d=loss, N=4096)
    if loss == 128:
        assert len(fixed) == {"floor": 32, "nearest": 32, "nearest_away": 33}[rounding]


@pytest.mark.parametrize("drive", [1, 5])
@pytest.mark.parametrize("rounding", ["zero", "floor", "nearest"])
def test_a_drive_freezes_states_under_truncation_too(
    rounding: str, drive: int, proved: Proved, exactly: Any
) -> None:
    """R4 on Loihi itself (toward zero) and on the generic chip."""
    states = np.arange(-3000, 3000)
    name = "count_nearest" if rounding == "nearest" else "count"
    count = exactly(proved["R4"][name], c=drive, d=100, N=4096)
    found = after(quiet(rounding=rounding), states, decay_v=100, bias=drive)
    assert (found == states).sum() == count
    assert count >= 40  # 4096/100
    if rounding == "zero":
        chip = chips.loihi(convention="lava")
        found = after(chip, states, decay_v=100, bias=drive, threshold=1 << 20)
        assert (found == states).sum() == count


def test_xylos_shift_always_ends_at_zero(proved: Proved, exactly: Any) -> None:
    """R5 over all of its 16 bits; what is below 2^d takes as many steps as it is large."""
    states = np.arange(-(1 << 15), 1 << 15)
    found = after(xylo(), states, decay_v=5, threshold=32767)
    inside = states < 32767  # the highest state spikes
    assert list(states[inside & (found == states)]) == [0]
    tail = np.array([exactly(proved["R5"]["tail"], N=32)] * 2) * [1, -1]
    assert after(xylo(), tail, steps=31, decay_v=5, threshold=32767).tolist() == [1, -1]
    assert not after(xylo(), tail, steps=32, decay_v=5, threshold=32767).any()


@pytest.mark.parametrize(("loss", "top"), [(41, 30000), (128, 32767), (700, 9000)])
def test_transients(loss: int, top: int, proved: Proved, evaluate: Evaluate) -> None:
    """R6: within the bound all are 0; the longest last more than half as long."""
    states = np.array([top, -top, top // 2, 4096 // loss])
    most = round(evaluate(proved["R6"]["most"], X=top, d=loss, N=4096))
    assert not after(quiet(), states, steps=most, decay_v=loss).any()
    assert after(quiet(), states, steps=most // 2, decay_v=loss)[0] > 0
    assert after(quiet(), states, steps=4096 // loss - 1, decay_v=loss)[3] == 1
    assert most <= evaluate(proved["R6"]["simple"], X=top, d=loss, N=4096)


def lost_bits(images: Ints) -> float:
    """Return H(X | X') of a uniform X, in bits."""
    counts = np.unique(images, return_counts=True)[1]
    return float((counts * np.log2(counts)).sum() / len(images))


@pytest.mark.parametrize("loss", LOSSES)
def test_information_lost(loss: int, proved: Proved, evaluate: Evaluate) -> None:
    """R7: exact counts of states that merge, the bits lost, and the 2d/4096 of `chips.md`."""
    where = {"d": loss, "N": 4096}
    register, symmetric = np.arange(-(1 << 15), 1 << 15), np.arange(-5000, 5001)
    down = lost_bits(after(quiet(rounding="floor"), register, decay_v=loss))
    assert down == pytest.approx(evaluate(proved["R7"]["register_down"], **where), rel=1e-12)
    assert down == pytest.approx(2 * loss / 4096, rel=1e-12)
    toward = lost_bits(after(quiet(), register, decay_v=loss))
    assert toward == pytest.approx(evaluate(proved["R7"]["register"], b=16, **where), rel=1e-10)
    images = after(quiet(), symmetric, decay_v=loss)
    assert lost_bits(images) == pytest.approx(
        evaluate(proved["R7"]["lost"], M=5000, **where), rel=1e-10
    )
    counts = np.unique(images, return_counts=True)[1]
    assert (counts - 1).sum() == evaluate(proved["R7"]["merges"], M=5000, **where)
    pairs = (counts * (counts - 1) // 2).sum()
    assert pairs == evaluate(proved["R7"]["pairs"], M=5000, **where)


@pytest.mark.parametrize("loss", [2048, 2500, 3072, 4000, 4095])
def test_information_lost_to_a_strong_leak(loss: int, proved: Proved, evaluate: Evaluate) -> None:
    """R8, where 2d/4096 no longer holds."""
    register = np.arange(-(1 << 15), 1 << 15)
    kept = (4096 - loss) / 4096
    expected = evaluate(proved["R8"]["lost"], F=kept, r=4096 // (4096 - loss))
    found = lost_bits(after(quiet(rounding="floor"), register, decay_v=loss))
    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("threshold", "name"), [(">=", "count"), (">", "count_strict")])
def test_many_spikes_in_a_step(threshold: Any, name: str, proved: Proved, exactly: Any) -> None:
    """R9 with the package's division."""
    chip = fixed_point(16, 0, threshold=threshold, reset="subtract").replace(max_spikes=5)
    states = np.arange(-40, 120)
    p = chips.parameters(chip, decay_v=0, threshold=13)
    zeros = np.zeros((len(states), 1, 0))
    rest = chips.run(chip, p, zeros[:, :0]).state
    start = chips.ChipState({**rest.registers, "v": states[None]}, rest.history, rest.inputs)
    result = chips.run(chip, p, zeros, start=start)
    for v, spikes, left in zip(states, result.spikes[:, 0, 0], result.v[:, 0, 0], strict=True):
        expected = exactly(proved["R9"][name], x=int(v), theta=13, n=5)
        assert (spikes, left) == (expected, v - 13 * expected)


def test_wrapping(proved: Proved, exactly: Any) -> None:
    """R10, and the range in which adding one period is the same arithmetic."""
    values = np.arange(-301, 302, 7)
    found = Fixed(6, overflow="wrap").fit(values)
    assert found.tolist() == [exactly(proved["R10"]["wrapped"], x=int(x), h=32) for x in values]
    once = Fixed(6, overflow="wrap_once").fit(values)
    near = (values > -3 * 32) & (values <= 3 * 32)
    assert np.all((once > -32) & (once <= 32) == near)
    assert np.all((once - found)[near] % 64 == 0)


SHIPPED = [
    *(chips.loihi(convention=name) for name in ("lava", "nengo", "brian2")),
    spinnaker1(),
    fixed_point(40, 0, decay_bits=22, current=True),
    fixed_point(38, 0, decay_bits=24),
    fixed_point(8, 4, decay_bits=24),
    xylo(),
    truenorth(),
    odin(),
]


@pytest.mark.parametrize("chip", SHIPPED, ids=[chip.title for chip in SHIPPED])
def test_no_product_leaves_int64(chip: Chip, proved: Proved, exactly: Any) -> None:
    """R11 with the widest register and the largest factor that each chip's settings allow."""
    for decay, form, name in (
        (chip.voltage_decay, chip.voltage, "decay_v"),
        *((chip.current_decay, chip.current, f"decay_{name}") for name in chip.receptors),
    ):
        if decay is None or form is None or decay.kind != "multiply" or not chip.has(name):
            continue
        setting = chip.setting(name)
        factors = [int(setting.low), int(setting.high)]
        if decay.coding == "loss":
            factors = [(1 << decay.bits) - x - decay.offset for x in factors]
        factor, k, width = max(map(abs, factors)), decay.bits, form.bits
        assert exactly(proved["R11"]["highest"], b=width, k=k, f=factor) <= 1 << 63
        assert exactly(proved["R11"]["lowest"], b=width, f=factor) >= -(1 << 63)
        ends = np.array([form.least, form.most])
        found = shift_right(ends * factor, k, "nearest")
        expected = [(x * factor + (1 << (k - 1))) >> k for x in (form.least, form.most)]
        assert found.tolist() == expected


# --- chance -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [-31, -1, 0, 1, 7, 16, 100])
def test_stochastic_rounding(state: int, proved: Proved, evaluate: Evaluate) -> None:
    """B1 and B2: mean and variance after one leak, and after two, as exact fractions."""
    chip = quiet(decay_bits=4, rounding="stochastic")
    kept = Fraction(16 - 5, 16)
    once = law(chip, {"v": state}, decay_v=5)
    mean, variance = moments(once)
    assert mean == state * kept
    f = state * kept - math.floor(state * kept)
    assert variance == f * (1 - f)
    assert float(variance) == pytest.approx(evaluate(proved["B1"]["variance"], f=float(f)))
    assert len(once) == 1 + (f > 0)

    twice: dict[tuple[int, int], Fraction] = {}
    for (v, _), q in once.items():
        for key, q2 in law(chip, {"v": v}, decay_v=5).items():
            twice[key] = twice.get(key, Fraction(0)) + q * q2
    mean, variance = moments(twice)
    assert mean == state * kept**2
    low = math.floor(state * kept) * kept
    high = low + kept
    where = {"a": kept, "f": f, "low": low % 1, "high": high % 1}
    assert float(variance) == pytest.approx(
        evaluate(proved["B2"]["variance"], **{name: float(x) for name, x in where.items()})
    )


def test_the_older_comparison_is_biased(proved: Proved, evaluate: Evaluate) -> None:
    """B3 beside the package's law: P(up) = dropped/2^n, lower by exactly 2^-n."""
    chip = quiet(decay_bits=3, rounding="stochastic")
    for state in range(9):
        product = state * (8 - 3)
        found = law(chip, {"v": state}, decay_v=3).get((product // 8 + 1, 0), Fraction(0))
        assert found == Fraction(product % 8, 8)
        older = evaluate(proved["B3"]["up"], r=product % 8, n=3)
        assert older - float(found) == evaluate(proved["B3"]["bias"], n=3)


def test_how_long_a_stochastic_leak_remembers(proved: Proved, evaluate: Evaluate) -> None:
    """B4 from the package's exact chain: mean and variance of the time to 0."""
    loss, top = 3, 64 // 3
    chip = quiet(decay_bits=6, rounding="stochastic")
    chain = np.zeros((top + 1, top + 1))
    for state in range(top + 1):
        for (v, _), q in law(chip, {"v": state}, decay_v=loss).items():
            chain[state, v] = float(q)
    transient = np.linalg.inv(np.eye(top) - chain[1:, 1:])
    times = transient @ np.ones(top)
    variances = (2 * transient - np.eye(top)) @ times - times**2
    for x in (1, 2, 10, top):
        where = {"X": x, "d": loss, "N": 64}
        mean = float(proved["B4"]["mean"].subs(where_of(proved["B4"]["mean"], where)).doit())
        spread = proved["B4"]["variance"]
        variance = float(spread.subs(where_of(spread, where)).doit())
        assert times[x - 1] == pytest.approx(mean, rel=1e-10)
        assert variances[x - 1] == pytest.approx(variance, rel=1e-8)


def where_of(expr: sp.Expr, values: dict[str, Any]) -> dict[sp.Symbol, Any]:
    """Return what to put in for the free symbols of a formula."""
    return {symbol: values[symbol.name] for symbol in expr.free_symbols}


@pytest.mark.parametrize("weight", [-255, -3, 1, 100, 255])
@pytest.mark.parametrize("inclusive", [0, 1])
def test_stochastic_synapses(
    weight: int, inclusive: int, proved: Proved, evaluate: Evaluate
) -> None:
    """B5: one active synapse, and the binomial law of three."""
    chip = truenorth()
    settings = {"threshold": 1000, "inclusive": inclusive}
    name = "p_inclusive" if inclusive else "p"
    p = evaluate(proved["B5"][name], s=weight)
    sign = int(math.copysign(1, weight))
    for active in (1, 3):
        work = {"v": 40, "arriving u": 0, f"arriving stochastic {weight}": active}
        found = law(chip, work, **settings)
        for k in range(active + 1):
            expected = evaluate(proved["B5"]["binomial"], n=active, j=k, p=p)
            got = float(found.get((40 + sign * k, 0), Fraction(0)))
            assert got == pytest.approx(expected, abs=1e-15)
    if not inclusive:
        mean, _ = moments(law(chip, {**work, f"arriving stochastic {weight}": 1}, **settings))
        assert float(mean - 40) == evaluate(proved["B5"]["mean"], s=weight)


def test_random_thresholds(proved: Proved, evaluate: Evaluate) -> None:
    """B6: a ramp of spike probabilities over 2^4 potentials."""
    for v in (95, 99, 100, 107, 114, 115, 120):
        found = law(truenorth(), {"v": v, "arriving u": 0}, threshold=100, threshold_mask=15)
        spike = sum((q for (_, s), q in found.items() if s), Fraction(0))
        assert float(spike) == evaluate(proved["B6"]["ramp"], v=v, alpha=100, w=4)


@pytest.mark.parametrize("size", [-200, -1, 7])
def test_stochastic_leak(size: int, proved: Proved, evaluate: Evaluate) -> None:
    """B7: its mean drift."""
    settings = {"leak": size, "leak_stochastic": 1, "threshold": 1000}
    mean, variance = moments(law(truenorth(), {"v": 50, "arriving u": 0}, **settings))
    assert float(mean - 50) == evaluate(proved["B7"]["drift"], s=size)
    q = Fraction(abs(size), 256)
    assert variance == q * (1 - q)


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [8, 128, 1024])
def test_distance_from_the_float_neuron(loss: int, proved: Proved, evaluate: Evaluate) -> None:
    """C1: after 300 steps, driven and not, no state is farther off; to nearest some are as far."""
    states = np.arange(-2000, 2001, 7)
    states = np.union1d(states, np.arange(-600, 601))
    for rounding, rho in (("nearest", 0.5), ("zero", 1.0), ("floor", 1.0)):
        for drive in (0, 3):
            chip = quiet(rounding=rounding)
            found = after(chip, states, steps=300, decay_v=loss, bias=drive)
            a = 1 - loss / 4096
            exact = states * a**300 + drive * (1 - a**300) / (1 - a)
            limit = evaluate(proved["C1"]["rounding_alone"], rho=rho, e=1.0, d=loss, N=4096)
            assert abs(found - exact).max() <= limit + 1e-9
            if rounding == "nearest" and loss > 100:
                assert abs(found - exact).max() == pytest.approx(limit, rel=1e-3)


CELL = (2.3, 5.1)  # mV above rest
LEAK, THETA, DRIVE = 205, 3.7, 0.41


def lattice_next(places: int, rounding: Any, a: Fraction) -> NDArray[np.float64]:
    """Return the next potential (mV) of every register state in the cell, on a chip."""
    e = 2.0**-places
    chip = quiet(bits=places + 5, decay_bits=12, rounding=rounding)
    states = np.arange(math.ceil(CELL[0] / e), math.ceil(CELL[1] / e))
    loss = round((1 - a) * 4096)
    return np.asarray(after(chip, states, decay_v=loss, bias=round(DRIVE / e)) * e)


@pytest.mark.parametrize(("rounding", "rho"), [("nearest", 0.5), ("zero", 1.0), ("floor", 1.0)])
def test_a_chips_probability_tends_to_the_floats(
    rounding: str, rho: float, proved: Proved, evaluate: Evaluate
) -> None:
    """C2: within K 2^-F at every F from 2 to 16, which halves with each binary place."""
    a = 1 - Fraction(LEAK, 4096)
    width = CELL[1] - CELL[0]
    exact = (CELL[1] - (THETA - DRIVE) / float(a)) / width
    K = evaluate(proved["C2"]["K"], rho=rho, a=float(a), w=width)
    errors = []
    for places in range(2, 17):
        e = 2.0**-places
        level = round(THETA / e) * e
        found = float(np.mean(lattice_next(places, rounding, a) >= level))
        errors.append(abs(found - exact) / e)
        assert errors[-1] <= K
        bound = evaluate(proved["C2"]["bound"], delta=(rho + 1) * e, a=float(a), w=width, e=e)
        assert errors[-1] * e <= bound <= K * e * (1 + 1e-12)
    assert max(errors) > K / 10  # the rate is not faster


def test_a_leak_of_few_bits_has_another_limit(proved: Proved, evaluate: Evaluate) -> None:
    """C2: with k = 12 bits and a = exp(-1/20), more binary places do not help beyond the leak."""
    a = math.exp(-1 / 20)
    coded = Fraction(round(a * 4096), 4096)
    width = CELL[1] - CELL[0]
    exact = (CELL[1] - (THETA - DRIVE) / a) / width
    found = float(np.mean(lattice_next(16, "nearest", coded) >= THETA))
    # The bound needs the largest |x| in question: the crossing.
    bound = evaluate(proved["C2"]["leak"], x=THETA / a, k=12, a=a, w=width)
    rest = evaluate(proved["C2"]["bound"], delta=1.5 * 2**-16, a=a, w=width, e=2**-16)
    assert rest < abs(found - exact) <= bound + rest


def test_with_noise(proved: Proved, evaluate: Evaluate) -> None:
    """C3: the mean of Phi over the register states against its integral over the cell."""
    a, sigma = 1 - Fraction(LEAK, 4096), 0.6
    width = CELL[1] - CELL[0]

    def spike(x: Any) -> Any:
        return stats.norm.cdf((float(a) * x + DRIVE - THETA) / sigma)

    exact = integrate.quad(spike, *CELL, epsabs=1e-12)[0] / width
    for places in (3, 6, 10, 14):
        e = 2.0**-places
        level = round(THETA / e) * e
        found = stats.norm.cdf((lattice_next(places, "floor", a) - level) / sigma).mean()
        where = {"delta": 2 * e, "a": float(a), "w": width, "sigma": sigma, "e": e}
        assert abs(found - exact) <= evaluate(proved["C3"]["bound"], **where)


@pytest.mark.parametrize("tau", [5.0, 20.0, 100.0])
def test_dead_zone_and_time_constant(tau: float, proved: Proved, evaluate: Evaluate) -> None:
    """C4 and C5: frozen states, in mV of a step of 1/8 mV, up to the rounding of the leak."""
    y, e = 1.0 / tau, 0.125
    loss = round(4096 * (1 - math.exp(-y)))
    states = np.arange(-1000, 1000)
    frozen = (after(quiet(rounding="floor"), states, decay_v=loss) == states).sum() * e
    width = evaluate(proved["C4"]["width"], e=e, dt=1.0, tau=tau)
    low, high = (evaluate(proved["C4"][n], e=e, dt=1.0, tau=tau) for n in ("least", "most"))
    assert low < width < high
    relative = evaluate(proved["C5"]["relative"], N=4096, y=y)
    assert abs(frozen - width) <= e + 1.01 * relative * width
    coded = -1 / math.log(1 - loss / 4096)
    assert abs(coded / tau - 1) <= 1.05 * relative
    longest = evaluate(proved["C4"]["longest_tau"], k=12, dt=1.0)
    assert longest == pytest.approx(-1 / math.log(4095 / 4096))


@pytest.mark.parametrize("loss", [41, 128, 500])
def test_rheobase(loss: int, proved: Proved, exactly: Any) -> None:
    """C6: Loihi neurons with every bias up to 200, all at once; Loihi's threshold is strict."""
    chip = chips.loihi(convention="lava")
    biases = np.arange(1, 201)
    for threshold in (64, 640):
        p = chips.parameters(chip, bias=biases, decay_v=loss, threshold=threshold)
        spikes = chips.run(chip, p, np.zeros((600, 0)), record=False).spikes.any(axis=0)
        least = exactly(proved["C6"]["least"], level=threshold + 1, d=loss, N=4096)
        assert biases[spikes][0] == least
        assert spikes[biases >= least].all()
        assert least - exactly(proved["C6"]["float"], level=threshold + 1, d=loss, N=4096) in (0, 1)


def test_a_constant_leak_for_an_exponential_one(proved: Proved, evaluate: Evaluate) -> None:
    """C7 on TrueNorth, which has only the first: from 40 000 with tau = 200 ticks."""
    tau, v0 = 200, 40_000
    s0 = float(sp.nsolve(proved["C7"]["balance"], 2))
    chip = truenorth()
    for slope, expected in (
        (1.0, evaluate(proved["C7"]["slopes_agree"])),
        (s0, evaluate(proved["C7"]["off"], s0=s0)),
    ):
        leak = round(v0 / tau / slope)
        p = chips.parameters(chip, leak=-leak, threshold=1 << 17, negative_threshold=0,
                             negative_saturation=1, reset_mode=2)  # fmt: skip
        rest = chips.run(chip, p, np.zeros((0, 0))).state
        start = chips.ChipState({"v": np.array([[v0]])}, rest.history, rest.inputs)
        path = chips.run(chip, p, np.zeros((4 * tau, 0)), start=start).v[:, 0]
        exact = v0 * np.exp(-np.arange(1, 4 * tau + 1) / tau)
        assert abs(path - exact).max() / v0 == pytest.approx(expected, abs=0.01)
