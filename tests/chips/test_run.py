"""`run` against a chip written apart in Python's own integers, and against itself."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import causal_snn.chips.run  # noqa: F401
from causal_snn import chips
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chip import Chip, Setting
from causal_snn.chips.engine.step import Arrivals
from causal_snn.chips.generic import fixed_point
from causal_snn.errors import InputError

RUN = sys.modules["causal_snn.chips.run"]  # `chips.run` is the function
ARRIVING = "arriving {}".format


def plain_loihi(
    convention: str,
    weights: Any,
    input_weights: Any,
    exponent: int,
    delays: Any,
    given: dict[str, Any],
    spikes: Any,
) -> list[list[tuple[int, int, int]]]:
    """Return (u, v, spike) of every step and neuron, one number at a time.

    Loihi's equations as `chips.md` states them, with the loss taken off by a ceiling, where the
    package multiplies and shifts.
    """
    n, m = len(weights), len(input_weights[0])
    u, v, held = [0] * n, [0] * n, [0] * n
    fired: list[list[int]] = []
    rows = []
    for t in range(len(spikes)):
        row = []
        for i in range(n):
            total = 0
            for j in range(n):
                past = t - int(delays[i][j])
                if past >= 0:
                    total += int(weights[i][j]) * fired[past][j]
            late = t if convention == "brian2" else t - 1
            if late >= 0:
                total += sum(int(input_weights[i][k]) * int(spikes[late][k]) for k in range(m))
            total = total * 2**exponent * 64
            if convention == "nengo":  # the accumulator is 22 bits
                total = (total + (1 << 21)) % (1 << 22) - (1 << 21)
            loss = given["decay_u"][i] + (convention != "brian2")
            u[i] = lost(u[i], loss) + total
            if convention == "lava":
                if u[i] > 1 << 23:
                    u[i] -= 1 << 24
                elif u[i] <= -(1 << 23):
                    u[i] += 1 << 24
            if convention == "nengo":
                u[i] = (u[i] + (1 << 23)) % (1 << 24) - (1 << 23)
            drive = u[i] + given["bias"][i]
            if convention == "nengo":
                drive = (drive + (1 << 23)) % (1 << 24) - (1 << 23)
            after = lost(v[i], given["decay_v"][i]) + drive
            after = max(-(1 << 23) + 1, min((1 << 23) - 1, after))
            if held[i]:
                after = v[i]
            spike = int(after > given["threshold"][i])
            v[i] = 0 if spike else after
            held[i] = given["refractory"][i] - 1 if spike else max(held[i] - 1, 0)
            row.append((u[i], v[i], spike))
        fired.append([spike for _, _, spike in row])
        rows.append(row)
    return rows


def lost(value: int, loss: int) -> int:
    """Return what a leak of loss/4096 leaves."""
    taken = -(-abs(value) * loss // 4096)
    return value - taken if value > 0 else value + taken


def network(convention: str, n: int, seed: int, **changes: Any) -> tuple[Chip, dict[str, Any]]:
    """Return a chip and random parameters that make it spike now and then."""
    rng = np.random.default_rng(seed)
    chip = chips.loihi(convention=convention)
    step = chip.weight.step
    numbers: dict[str, Any] = {
        "weights": rng.integers(-100, 127, (n, n)) // step * step,
        "input_weights": rng.integers(-20, 127, (n, 2)) // step * step,
        "exponent": int(rng.integers(0, 3)),
        "delays": rng.integers(1, 6, (n, n)),
        "decay_u": rng.integers(0, 4096, n),
        "decay_v": rng.integers(0, 4096, n),
        "threshold": rng.integers(1, 900, n) * 64,
        "bias": rng.integers(-500, 2000, n),
        "refractory": rng.integers(1, 5, n),
    }
    return chip, numbers | changes


@pytest.mark.parametrize("convention", ["lava", "nengo", "brian2"])
@pytest.mark.parametrize("seed", range(4))
def test_every_register_by_hand(convention: str, seed: int) -> None:
    """Mixed signs, delays 1 to 5, a bias and refractory steps, three lanes of 40 steps."""
    n = 5
    chip, numbers = network(convention, n, seed)
    if convention == "brian2":
        numbers["bias"] = np.zeros(n, dtype=int)  # it has none
        del numbers["bias"]
    spikes = np.random.default_rng(seed + 9).integers(0, 3, (3, 40, 2))
    result = chips.run(chip, chips.parameters(chip, **numbers), spikes)
    numbers.setdefault("bias", [0] * n)
    for lane in range(3):
        given = {
            name: [int(x) for x in numbers[name]]
            for name in ("decay_u", "decay_v", "threshold", "bias", "refractory")
        }
        rows = plain_loihi(
            convention,
            numbers["weights"],
            numbers["input_weights"],
            numbers["exponent"],
            numbers["delays"],
            given,
            spikes[lane],
        )
        expected = np.array(rows)
        for k, found in enumerate((result.u, result.v, result.spikes)):
            np.testing.assert_array_equal(found[lane], expected[:, :, k])
    assert 0 < result.spikes.mean() < 1


def test_registers_that_overflow_by_hand() -> None:
    """Currents wrap and potentials are clipped at both ends, lane by lane."""
    n = 3
    strong = np.array([[0, 250, -250], [250, 0, 250], [-250, 250, 0]])
    for convention in ("lava", "nengo"):
        chip, numbers = network(
            convention,
            n,
            0,
            weights=strong,
            input_weights=[[254, -254], [-254, 254], [254, 254]],
            exponent=7,
            decay_u=np.zeros(n, int),
            decay_v=np.array([0, 1, 40]),
            threshold=np.full(n, ((1 << 17) - 1) << 6),
        )
        spikes = np.random.default_rng(1).integers(0, 2, (2, 60, 2))
        result = chips.run(chip, chips.parameters(chip, **numbers), spikes)
        names = ("decay_u", "decay_v", "threshold", "bias", "refractory")
        given = {name: [int(x) for x in numbers[name]] for name in names}
        for lane in range(2):
            rows = plain_loihi(
                convention,
                strong,
                numbers["input_weights"],
                7,
                numbers["delays"],
                given,
                spikes[lane],
            )
            np.testing.assert_array_equal(result.v[lane], np.array(rows)[:, :, 1])
            np.testing.assert_array_equal(result.u[lane], np.array(rows)[:, :, 0])
        assert abs(np.diff(result.u, axis=1)).max() > 1 << 22  # it did wrap
        assert abs(result.v).max() == (1 << 23) - 1


@pytest.fixture
def small() -> tuple[Chip, Any, Any]:
    """Return chip, parameters and inputs of 7 lanes and 30 steps."""
    chip, numbers = network("lava", 6, 3)
    spikes = np.random.default_rng(2).integers(0, 2, (7, 30, 2))
    return chip, chips.parameters(chip, **numbers), spikes


def test_resumed_runs_are_one_run(small: Any) -> None:
    """Registers, refractory counters, spikes under way and late inputs all go on, bit for bit."""
    chip, p, spikes = small
    whole = chips.run(chip, p, spikes)
    state, first = None, 0
    for last in (1, 2, 9, 30):  # also shorter than the longest delay
        part = chips.run(chip, p, spikes[:, first:last], start=state)
        for name in ("u", "v", "spikes"):
            np.testing.assert_array_equal(
                getattr(part, name), getattr(whole, name)[:, first:last], err_msg=name
            )
        state, first = part.state, last
    assert state is not None
    for name, value in whole.state.registers.items():
        np.testing.assert_array_equal(state.registers[name], value)
    np.testing.assert_array_equal(state.history, whole.state.history)
    np.testing.assert_array_equal(state.inputs, whole.state.inputs)


def test_a_start_is_left_as_it_was(small: Any) -> None:
    chip, p, spikes = small
    state = chips.run(chip, p, spikes).state
    before = {name: value.copy() for name, value in state.registers.items()}
    history = state.history.copy()
    first = chips.run(chip, p, spikes, start=state)
    for name, value in before.items():
        np.testing.assert_array_equal(state.registers[name], value)
    np.testing.assert_array_equal(state.history, history)
    np.testing.assert_array_equal(chips.run(chip, p, spikes, start=state).v, first.v)


def test_lanes_are_runs_of_their_own(small: Any) -> None:
    chip, p, spikes = small
    together = chips.run(chip, p, spikes)
    for lane in range(len(spikes)):
        alone = chips.run(chip, p, spikes[lane])
        np.testing.assert_array_equal(alone.u, together.u[lane])
        np.testing.assert_array_equal(alone.v, together.v[lane])
        np.testing.assert_array_equal(alone.spikes, together.spikes[lane])


@pytest.mark.parametrize("lanes_in_a_block", [1, 3, 6, 7, 8])
def test_blocks_of_lanes_change_nothing(
    lanes_in_a_block: int, small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip, p, spikes = small
    whole = chips.run(chip, p, spikes)
    rest = chips.run(chip, p, spikes, start=whole.state, record=False)
    monkeypatch.setattr(RUN, "_BLOCK", lanes_in_a_block * p.n)
    split = chips.run(chip, p, spikes)
    again = chips.run(chip, p, spikes, start=split.state, record=False)
    for one, other in ((whole, split), (rest, again)):
        for name in ("u", "v", "spikes"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(one.state.history, other.state.history)
        np.testing.assert_array_equal(one.state.inputs, other.state.inputs)


def test_without_a_record_only_the_last_step_is_kept(small: Any) -> None:
    chip, p, spikes = small
    whole, last = chips.run(chip, p, spikes), chips.run(chip, p, spikes, record=False)
    assert last.v.shape == last.u.shape == (7, 1, 6)
    np.testing.assert_array_equal(last.v[:, 0], whole.v[:, -1])
    np.testing.assert_array_equal(last.u[:, 0], whole.u[:, -1])
    np.testing.assert_array_equal(last.spikes, whole.spikes)


def test_whole_numbers_stay_int64(small: Any) -> None:
    chip, p, spikes = small
    result = chips.run(chip, p, spikes)
    state = result.state
    arrays = [result.u, result.v, result.spikes, *state.registers.values(), state.history]
    assert {array.dtype for array in arrays} == {np.dtype(np.int64)}


def test_layouts_of_the_inputs() -> None:
    """One channel as a plain list; lanes in front; counts as booleans or whole floats."""
    chip, numbers = network("nengo", 3, 1)
    numbers["input_weights"] = numbers["input_weights"][:, :1]
    p = chips.parameters(chip, **numbers)
    train = [1, 0, 1, 1, 0, 0, 1, 0]
    plain = chips.run(chip, p, train)
    assert plain.v.shape == (8, 3)
    column = np.array(train)[:, None]
    for same in (column, column.astype(bool), column.astype(float), column.astype(np.uint8)):
        np.testing.assert_array_equal(chips.run(chip, p, same).v, plain.v)
    lanes = chips.run(chip, p, np.stack([column, 0 * column]))
    assert lanes.v.shape == (2, 8, 3)
    np.testing.assert_array_equal(lanes.v[0], plain.v)


def test_no_steps_and_no_channels() -> None:
    chip, numbers = network("lava", 3, 1)
    empty = chips.run(chip, chips.parameters(chip, **numbers), np.zeros((0, 2)))
    assert empty.v.shape == empty.spikes.shape == (0, 3)
    del numbers["input_weights"]
    p = chips.parameters(chip, **numbers)
    alone = chips.run(chip, p, np.zeros((4, 20, 0)))
    assert alone.v.shape == (4, 20, 3)
    np.testing.assert_array_equal(alone.v[0], alone.v[3])  # the bias alone drives them
    assert alone.v[0].any()


@pytest.mark.parametrize(
    ("spikes", "message"),
    [
        (np.zeros((5, 3)), r"shape \(5, 3\).*shape \(T, 2\) or \(L, T, 2\)"),
        (np.zeros(5), r"shape \(5,\).*one column per input channel"),
        (np.zeros((1, 1, 5, 2)), r"shape \(1, 1, 5, 2\)"),
        ([[1, -1]], "counts of spikes, 0 or more"),
        ([[1, 0.5]], "counts of spikes, 0 or more"),
        ([[1, float("nan")]], "counts of spikes, 0 or more"),
        ([[1, float("inf")]], "counts of spikes, 0 or more"),
        ([["a", "b"]], "counts of spikes, 0 or more"),
    ],
)
def test_bad_inputs_are_named(spikes: Any, message: str) -> None:
    chip, numbers = network("lava", 3, 1)
    with pytest.raises(InputError, match=message) as error:
        chips.run(chip, chips.parameters(chip, **numbers), spikes)
    assert "input_spikes" in str(error.value)


def test_a_start_that_does_not_fit_is_named(small: Any) -> None:
    chip, p, spikes = small
    state = chips.run(chip, p, spikes).state
    with pytest.raises(InputError, match=r"start = 'u of shape \(6, 7\)': .*\(6, 2\)"):
        chips.run(chip, p, spikes[:2], start=state)
    other, numbers = network("lava", 6, 3, delays=1)
    with pytest.raises(InputError, match=r"history of shape \(5, 6, 7\).*\(1, 6, 7\)"):
        chips.run(other, chips.parameters(other, **numbers), spikes, start=state)
    wrong = chips.ChipState(state.registers, state.history + 1, state.inputs)
    with pytest.raises(InputError, match="spikes in a step, 0 to 1"):
        chips.run(chip, p, spikes, start=wrong)


def test_a_register_that_may_not_overflow_says_what_it_held() -> None:
    chip = fixed_point(8, 0, overflow="error", decay_bits=4)
    p = chips.parameters(chip, bias=100, threshold=127)
    with pytest.raises(InputError, match="register = 200: -128 to 127"):
        chips.run(chip, p, np.zeros((20, 0)))


# --- what arrives -------------------------------------------------------------------------------


def arrivals_by_hand(weights: Any, delays: Any, into: Any, history: Any, spikes: Any) -> Any:
    """Return the sums in Python's integers."""
    n, lanes = len(weights), spikes.shape[1]
    found = np.zeros((n, lanes), dtype=object)
    for i, lane in np.ndindex(n, lanes):
        found[i, lane] = sum(
            int(weights[i][j]) * int(history[delays[i][j] - 1, j, lane]) for j in range(n)
        ) + sum(int(into[i][k]) * int(spikes[k, lane]) for k in range(len(spikes)))
    return found


@given(
    seed=st.integers(0, 2**32),
    n=st.integers(1, 12),
    lanes=st.sampled_from([1, 4]),
    density=st.sampled_from([0.0, 0.1, 1.0]),
    bits=st.sampled_from([3, 16, 30, 38]),
    most=st.sampled_from([1, 300]),
    rate=st.sampled_from([0.02, 0.5]),
)
def test_sums_are_exact_however_they_are_added(
    seed: int, n: int, lanes: int, density: float, bits: int, most: int, rate: float
) -> None:
    """Dense and sparse, one lane and more, few events and many; sums beyond 2^24 and 2^53."""
    rng = np.random.default_rng(seed)
    chip = fixed_point(40, 0, max_delay=4)
    weights = rng.integers(-(1 << bits), 1 << bits, (n, n)) * (rng.random((n, n)) < density)
    into = rng.integers(-(1 << bits), 1 << bits, (n, 9)) * (rng.random((n, 9)) < density)
    delays = rng.integers(1, 5, (n, n))
    p = chips.parameters(chip, weights=weights, input_weights=into, delays=delays)
    arrivals = Arrivals(chip, p)
    history = (rng.random((4, n, lanes)) < rate).astype(np.int64)
    spikes = rng.integers(0, most + 1, (9, lanes)) * (rng.random((9, lanes)) < rate)
    found = arrivals(history[: arrivals.depth], spikes)[ARRIVING("u")]
    expected = arrivals_by_hand(weights, delays, into, history, spikes)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected.astype(np.int64))
    assert all(abs(int(x)) < 1 << 63 for x in expected.ravel())


def test_two_receptors_take_the_weights_of_their_sign() -> None:
    chip = chips.loihi().replace(
        receptors={"exc": 1, "inh": -1},
        settings=tuple(
            Setting(name=name, meaning="loss", low=0, high=4096)
            for name in ("decay_exc", "decay_inh", "decay_v", "threshold", "bias", "refractory")
        ),
    )
    p = chips.parameters(chip, weights=[[0, 6], [-4, 2]], input_weights=[[-8], [10]])
    arrived = Arrivals(chip, p)(np.array([[[1], [1]]]), np.array([[3]]))
    np.testing.assert_array_equal(arrived[ARRIVING("exc")].ravel(), [6 * 64, 32 * 64])
    np.testing.assert_array_equal(arrived[ARRIVING("inh")].ravel(), [24 * 64, 4 * 64])


# --- registers ----------------------------------------------------------------------------------


@given(
    values=st.lists(st.integers(-(1 << 50), 1 << 50), min_size=1, max_size=6),
    bits=st.integers(2, 40),
    overflow=st.sampled_from(["saturate", "wrap", "wrap_once", "none"]),
    signed=st.booleans(),
)
def test_registers_against_integers_of_any_size(
    values: list[int], bits: int, overflow: Any, signed: bool
) -> None:
    """Also values at the ends, where the quick way through is decided."""
    form = Fixed(bits, signed=signed, overflow=overflow)
    half, period = 1 << (bits - 1), 1 << bits
    ends = [form.least - 1, form.least, form.most, form.most + 1, half, half + 1, -half, 1 - half]
    for row in (values + ends, [values[0] % half, 0], [form.most, form.most]):
        expected = []
        for x in row:
            if overflow == "saturate":
                x = sorted((form.least, x, form.most))[1]
            elif overflow == "wrap":
                while not form.least <= x <= form.most:
                    x += period * ((form.most - x) // period if x > form.most else 1)
                    x = (x - form.least) % period + form.least
            elif overflow == "wrap_once":
                x = x - period if x > half else x + period if x <= -half else x
            expected.append(x)
        given = np.array(row)
        np.testing.assert_array_equal(form.fit(given), expected)
        np.testing.assert_array_equal(given, row)  # what was given is not written over
