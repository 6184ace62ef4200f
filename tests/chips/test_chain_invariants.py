"""What holds of every network on a chip: random ones, against the closed form of their neurons."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from causal_snn import coarse, tpm
from causal_snn.chips import loihi, parameters
from causal_snn.chips.chain.kernel import kernel
from causal_snn.chips.chain.markov import markov
from causal_snn.chips.chain.reachable import reachable
from causal_snn.chips.chain.transitions import micro_states, transitions
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.mapping.map import map_network
from causal_snn.chips.odin import odin
from causal_snn.chips.spinnaker import spinnaker1, spinnaker2
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo
from causal_snn.errors import InputError
from causal_snn.models import Network, cuba_lif, lif
from causal_snn.tpm.finite import chip_tpm

W = np.array([[0, 5, -3], [4, 0, 2], [-6, 3, 0]])


def any_network(seed: int) -> tuple[Network, dict[str, Any]]:
    """A network of 1 to 4 units of any convention that a chip can do, and that convention."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    currents = bool(rng.integers(2))
    reset = str(rng.choice(["value", "subtract"]))
    way: dict[str, Any] = {
        "strict_threshold": bool(rng.integers(2)),
        "reset": reset,
        "step": str(rng.choice(["exact", "euler"])),
        # Chips hold a neuron at what its reset left, which by value is V_reset too.
        "refractory_steps": int(rng.integers(3)) if reset == "value" else 0,
    }
    tau = float(rng.uniform(3.0, 30.0))
    neuron = (
        cuba_lif(tau=tau, tau_syn=float(rng.uniform(2.0, 10.0)), R=1.0, **way)
        if currents
        else lif(tau=tau, **way)
    )
    weights = rng.integers(-8, 9, (n, n)) * rng.choice([0.0, 1.0, 1.0], (n, n))
    if rng.random() < 0.2:
        weights = -np.abs(weights)
    net = Network(
        neuron=neuron,
        weights=weights * (6.0 if currents else 1.0),
        dt=1.0,
        drive=rng.uniform(0.0, 25.0, n),
        noise=0.0 if rng.random() < 0.4 else 2.0,
    )
    return net, way | {"current": currents}


def cells_of(net: Network, seed: int) -> coarse.Partition:
    rng = np.random.default_rng([seed, 1])
    step = net.step()
    cuts = step.rest + (step.theta - step.rest) * rng.uniform(0.2, 0.95, net.n)
    alphabet: Any = rng.choice(["ternary", "binary"])
    found = coarse.Partition.from_thresholds(net, list(cuts), alphabet=alphabet)
    # On a chip the threshold is on the potential alone.
    return coarse.Partition(tuple(replace(unit, score_coefficient=0.0) for unit in found.units))


def on_fine_chip(net: Network, way: dict[str, Any]) -> Any:
    chip = fixed_point(
        38,
        22,
        decay_bits=24,
        current=way["current"],
        reset=way["reset"],
        threshold=">" if way["strict_threshold"] else ">=",
    )
    return map_network(net, chip)


@pytest.mark.parametrize("seed", range(40))
def test_a_fine_chip_has_the_tpm_of_the_closed_form(seed: int) -> None:
    """Decays in 2^-24 of up to 40 mV, registers in 2^-22 mV: thresholds move by less than 1e-5."""
    net, way = any_network(seed)
    cells = cells_of(net, seed)
    found = chip_tpm(on_fine_chip(net, way), partition=cells, noise="network")
    exact = tpm.build(net, cells, currents="rest")
    for a, b in zip(found.marginals, exact.marginals, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
        np.testing.assert_allclose(a.sum(axis=-1), 1.0, atol=1e-12)
    np.testing.assert_allclose(found.state_by_state.sum(axis=1), 1.0, atol=1e-12)
    assert abs(found.independence_gap - exact.independence_gap) < 1e-4


@pytest.mark.parametrize("seed", [0, 1, 5, 8, 16])
def test_units_in_another_order_have_the_same_laws(seed: int) -> None:
    net, way = any_network(seed)
    turn = np.random.default_rng(seed).permutation(net.n)
    labels = tuple(net.labels[k] for k in turn)
    turned = net.replace(
        neuron=[net.neurons[k] for k in turn],
        weights=net.weights[np.ix_(turn, turn)],
        drive=np.asarray(net.drive)[turn],
        noise=np.broadcast_to(net.noise, (net.n,))[turn],
        labels=labels,
    )
    units = cells_of(net, seed).units
    plain = chip_tpm(on_fine_chip(net, way), partition=units, noise="network")
    other = chip_tpm(on_fine_chip(turned, way), partition=[units[k] for k in turn], noise="network")
    for k, was in enumerate(turn):
        mine = np.transpose(plain.marginals[was], (*turn, net.n))
        np.testing.assert_allclose(other.marginals[k], mine, atol=1e-12)


def test_currents_at_rest_change_nothing_where_there_are_none() -> None:
    for seed in range(30):
        net, way = any_network(seed)
        if not way["current"]:
            cells = cells_of(net, seed)
            a, b = tpm.build(net, cells, currents="rest"), tpm.build(net, cells)
            np.testing.assert_array_equal(a.state_by_state, b.state_by_state)


def test_currents_at_rest_are_those_of_the_uniform_law_only() -> None:
    net, _ = any_network(0)
    with pytest.raises(InputError, match=r"currents = 'rest'.*law='stationary'"):
        tpm.build(net, cells_of(net, 0), law="stationary", currents="rest")
    with pytest.raises(InputError, match="currents"):
        tpm.build(net, cells_of(net, 0), currents="none")  # type: ignore[call-overload]


def test_one_unit_by_hand() -> None:
    """v + 5 of v in -16...8: quiet below 4, the 5 values 4...8 reach the threshold 9."""
    chip = fixed_point(5, 0)
    loaded = parameters(chip, weights=[[6]], decay_v=0, threshold=9, bias=5, reset=-2)
    found = chip_tpm((chip, loaded))
    assert found.marginals[0][0] == pytest.approx([20 / 25, 5 / 25])
    assert found.marginals[0][1] == pytest.approx([0.0, 1.0])  # -2 + 5 + 6 of its own spike


def test_ten_units() -> None:
    rng = np.random.default_rng(2)
    chip = fixed_point(8, 0)
    weights = rng.integers(-12, 13, (10, 10))
    loaded = parameters(chip, weights=weights, decay_v=300, threshold=60, bias=8)
    start = time.perf_counter()
    found = chip_tpm((chip, loaded))
    assert time.perf_counter() - start < 10.0
    assert found.state_by_node.shape == (1024, 10)
    # Against a plain list of the 188 registers below threshold, for states drawn at random.
    for number in rng.integers(1024, size=40).tolist():
        state = [number >> k & 1 for k in range(10)]
        for k in range(10):
            arrives = 8 + sum(int(weights[k, j]) for j in range(10) if state[j])
            inside = [0] if state[k] else range(-128, 60)
            count = sum(math.floor(v * (4096 - 300) / 4096 + 0.5) + arrives >= 60 for v in inside)
            assert found.state_by_node[number, k] == pytest.approx(count / len(inside))


CHIPS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rounded by chance": (
        fixed_point(5, 0, rounding="stochastic"),
        {"weights": W, "decay_v": 700, "threshold": 11, "bias": 3},
    ),
    "truenorth": (
        truenorth(),
        {"weights": W, "threshold": 12, "threshold_mask": 3, "leak": 2, "negative_threshold": 9}
        | {"negative_saturation": 1},
    ),
    "held, late, with currents": (
        fixed_point(6, 0, current=True, max_delay=3),
        {"weights": W, "decay_v": 900, "decay_u": 2600, "threshold": 14, "bias": 4}
        | {"refractory": 2, "delays": [[1, 3, 1], [2, 1, 1], [1, 1, 3]]},
    ),
    "events": (
        odin(),
        {"weights": np.abs(W), "threshold": 9, "leak": 1} | {"input_weights": [[4], [0], [3]]},
    ),
    "graded": (xylo(), {"weights": W * 9, "decay_u": 2, "decay_v": 3, "threshold": 30, "bias": 9}),
    "floats": (
        spinnaker2(),
        {"weights": W[:2, :2] * 1.0, "decay_v": [0.75, 0.5], "threshold": 4.0, "bias": [1.7, 3.0]},
    ),
}


@pytest.mark.parametrize("name", CHIPS)
def test_all_moves_at_once_are_those_of_exact_successors(name: str, monkeypatch: Any) -> None:
    """The fast table against `ChipKernel.successors`, which goes state by state in Fractions."""
    chip, given = CHIPS[name]
    chain = kernel((chip, parameters(chip, **given)), inputs=1)
    found = transitions(chain, chain.start, 20_000)
    monkeypatch.setattr("causal_snn.chips.chain.transitions.MOVES", 50)
    monkeypatch.setattr("causal_snn.chips.chain.transitions.LANES", 7)
    parts = transitions(chain, chain.start, 20_000)
    assert {row.tobytes() for row in parts.rows} == {row.tobytes() for row in found.rows}
    assert parts.chance.sum() == pytest.approx(found.n)  # one for each state
    states = micro_states(chain, found.rows)
    assert states[0] == chain.start
    assert len(set(states)) == found.n > 3
    number = {state: i for i, state in enumerate(states)}
    some = np.random.default_rng(0).permutation(found.n)[:150]
    for i in some.tolist():
        exact = {number[after]: float(p) for p, after in chain.successors(states[i])}
        here = found.now == i
        mine: dict[int, float] = {}
        for j, p in zip(found.after[here].tolist(), found.chance[here], strict=True):
            mine[j] = mine.get(j, 0.0) + float(p)
        assert mine == pytest.approx(exact, abs=1e-15)


def test_the_long_run_of_many_states_is_fast_and_keeps_small_digits(monkeypatch: Any) -> None:
    chip = fixed_point(6, 0, rounding="stochastic")
    loaded = parameters(chip, weights=W, decay_v=400, threshold=14, bias=3)
    start = time.perf_counter()
    sparse = chip_tpm((chip, loaded), law="stationary")
    assert time.perf_counter() - start < 5.0
    assert sparse.provenance["micro_states"] > 600
    monkeypatch.setattr("causal_snn.tpm.finite_chain.DENSE", 1 << 20)
    dense = chip_tpm((chip, loaded), law="stationary")  # elimination without subtraction
    np.testing.assert_allclose(sparse.state_by_state, dense.state_by_state, rtol=1e-8, atol=1e-14)


def test_registers_known_to_be_needed_or_not() -> None:
    pair = [[0, 20], [30, 0]]
    shared: dict[str, Any] = {"weights": pair, "decay_v": 1000, "threshold": 640, "bias": 300}
    plain = markov((loihi(), parameters(loihi(), **shared, decay_u=4095)))
    assert plain.sufficient == ("v",)  # the current forgets all in the step that makes it
    assert not plain.needed["u"]
    # A current that fades within a few steps: both are needed.
    small = fixed_point(7, 0, current=True)
    kept: dict[str, Any] = {
        "weights": [[0, 5], [6, 0]],
        "decay_v": 2000,
        "threshold": 12,
        "bias": 3,
    }
    both = markov((small, parameters(small, **kept, decay_u=3000)))
    assert set(both.sufficient) == {"v", "u"}
    held = fixed_point(6, 0, refractory=3)
    simple: dict[str, Any] = {"weights": [[0, 5], [6, 0]], "threshold": 12, "bias": 3}
    three = markov((held, parameters(held, **simple, decay_v=2000)))
    assert set(three.sufficient) == {"v", "r"}
    # The counter is there, and says nothing that the last spike does not: held one step only.
    once = fixed_point(6, 0, refractory=1)
    one = markov((once, parameters(once, **simple, decay_v=2000)))
    assert one.sufficient == ("v",)
    assert "r" in one.candidates
    late = fixed_point(6, 0, max_delay=2)
    two = markov((late, parameters(late, **simple, decay_v=2000, delays=2)))
    assert set(two.sufficient) == {"v", "spikes 2"}
    # A slot that is there and carries nothing: the one late synapse has no weight.
    idle = parameters(late, **simple | {"weights": [[0, 5], [0, 0]]}, decay_v=2000,
                      delays=[[1, 1], [2, 1]])  # fmt: skip
    assert "spikes 2" not in markov((late, idle)).sufficient
    # Total decay and no current: spikes alone.
    alone = fixed_point(6, 0)
    assert markov((alone, parameters(alone, **simple, decay_v=4096))).markov


@pytest.mark.parametrize("scope", ["network", "neurons"])
def test_too_many_states_say_how_many_and_what_else_to_do(scope: Any) -> None:
    chip = fixed_point(20, 0, rounding="stochastic")
    loaded = parameters(chip, weights=W * 999, decay_v=300, threshold=90_000, bias=999)
    said = r"max_states = 200: .*more than [0-9,]+ states so far.*2\^[0-9]+.*MB.*chips\.run"
    with pytest.raises(InputError, match=said):
        reachable((chip, loaded), scope=scope, max_states=200)
    with pytest.raises(InputError, match=said):
        chip_tpm((chip, loaded), law="stationary", max_states=200)
    with pytest.raises(InputError, match=r"max_states = 200: .*states.*MB.*chips\.run"):
        markov((chip, loaded), scope=scope, max_states=200)


def test_spinnaker_by_chance_has_a_long_run() -> None:
    chip = spinnaker1(rounding="stochastic")
    loaded = parameters(
        chip, weights=W[:2, :2], exponent=2, bias=12, rest=0, threshold=56, reset=0, decay_v=24000
    )
    found = chip_tpm((chip, loaded), law="stationary", potentials=(-2000.0, 56.0))
    assert found.provenance["micro_states"] > 10
    np.testing.assert_allclose(found.state_by_state.sum(axis=1), 1.0)
