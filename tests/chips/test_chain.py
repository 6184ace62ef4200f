"""The exact chain of a chip: against its engine, plain Fractions, and counts of draws."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips import loihi, parameters, run
from causal_snn.chips.brainscales import brainscales2
from causal_snn.chips.chain.kernel import ChipKernel, MicroState, kernel
from causal_snn.chips.chain.markov import markov
from causal_snn.chips.chain.reachable import reachable
from causal_snn.chips.engine.chance import Sampled
from causal_snn.chips.engine.step import ChipState
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.odin import odin
from causal_snn.chips.run import engine
from causal_snn.chips.spinnaker import spinnaker1, spinnaker2
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo
from causal_snn.errors import InputError

W = np.array([[0, 40, -20], [60, 0, 30], [10, -40, 0]])
PAIR = np.array([[0, 9], [12, 0]])


def sampled_state(chain: ChipKernel, state: MicroState, lanes: int = 1) -> ChipState:
    """The same state for the engine that draws, its inputs being the chain's constant ones."""
    chip = chain.mapped.chip
    kind = chain.mapped.parameters.weights.dtype
    return ChipState(
        registers={
            name: np.repeat(np.array([[r[i]] for r in state.registers], dtype=kind), lanes, axis=1)
            for i, name in enumerate(chain.registers)
        },
        history=np.repeat(np.array(state.history)[:, :, None], lanes, axis=2).astype(kind),
        inputs=np.broadcast_to(
            chain.inputs[None, :, None], (chip.input_latency, len(chain.inputs), lanes)
        ).copy(),
    )


DELAYS = np.array([[1, 1, 3], [2, 1, 1], [1, 1, 1]])
DETERMINISTIC: dict[str, tuple[Any, dict[str, Any]]] = {
    "lava": (
        loihi(),
        {"weights": W, "decay_u": 3000, "decay_v": 300, "threshold": 2560, "bias": 300}
        | {"refractory": 3, "delays": DELAYS},
    ),
    "nengo": (
        loihi(convention="nengo"),
        {"weights": W, "decay_u": 3000, "decay_v": 300, "threshold": 2560, "bias": 300},
    ),
    "brian2": (
        loihi(convention="brian2"),
        {"weights": W, "decay_u": 3000, "decay_v": 300, "threshold": 2560, "bias": 300},
    ),
    "fixed": (
        fixed_point(10, 0, overflow="wrap", reset="subtract"),
        {"weights": W, "decay_v": 300, "threshold": 90, "bias": 7},
    ),
    "xylo": (xylo(), {"weights": W, "decay_u": 2, "decay_v": 3, "threshold": 50}),
    "truenorth": (
        truenorth(stochastic=False),
        {"weights": W, "threshold": 90, "leak": 4, "negative_threshold": 30},
    ),
    "spinnaker": (spinnaker1(), {"weights": W * 40, "exponent": 6, "bias": 1 << 16}),
    "spinnaker2": (spinnaker2(), {"weights": W * 2}),
    "odin": (odin(), {"weights": np.array([[0, 5, -3], [4, 0, -2], [6, 3, 0]]), "threshold": 9}),
}


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_the_chain_of_a_deterministic_chip_is_its_engine(name: str) -> None:
    chip, settings_ = DETERMINISTIC[name]
    channel = np.array([[7], [0], [3]])
    loaded = parameters(chip, input_weights=channel, **settings_)
    chain = kernel((chip, loaded), inputs=1)
    state = chain.start
    found = run(chip, loaded, np.ones((80, 1), dtype=int), start=sampled_state(chain, state))
    spikes = []
    for step in range(80):
        ((p, state),) = chain.successors(state)
        assert p == 1
        spikes.append(state.history[0])
        values = [r[chain.registers.index("v")] for r in state.registers]
        assert np.array_equal(values, found.v[step])
    assert np.array_equal(spikes, found.spikes)
    assert found.spikes.any()


STOCHASTIC: dict[str, tuple[Any, dict[str, Any]]] = {
    "rounding": (
        fixed_point(10, 0, rounding="stochastic", current=True),
        {"weights": W, "decay_v": 300, "decay_u": 900, "threshold": 90, "bias": 7},
    ),
    "synapse": (
        truenorth(),
        {"weights": W, "threshold": 50, "leak": 4, "negative_threshold": 30}
        | {"threshold_mask": 7, "leak_stochastic": 1, "stochastic_weights": W < 0},
    ),
    "products": (
        spinnaker1(rounding="stochastic", synapse_rounding="stochastic"),
        {"weights": W * 4, "exponent": 3, "bias": 11},
    ),
    "noise": (
        loihi(convention="nengo", noise="voltage"),
        {"weights": W, "decay_u": 3000, "decay_v": 300, "threshold": 2560, "noise_exponent": 4},
    ),
}


@pytest.mark.parametrize("name", STOCHASTIC)
def test_successors_have_the_frequencies_of_draws(name: str) -> None:
    chip, settings_ = STOCHASTIC[name]
    loaded = parameters(chip, **settings_)
    chain = kernel((chip, loaded), max_states=10**7)
    rng = np.random.default_rng(5)
    state = MicroState(
        registers=tuple(
            tuple(
                0 if register == "r" else int(x) + rest[i]
                for i, (register, x) in enumerate(
                    zip(chain.registers, rng.integers(-40, 45, len(chain.registers)), strict=True)
                )
            )
            for rest in chain.start.registers
        ),
        history=((1, 1, 0),),
    )
    # Neurons are independent given the state, so each one's marginal says all.
    draws = 20_000
    tick = engine(chip, loaded)
    after = tick(sampled_state(chain, state, draws), np.zeros((0, draws), dtype=int), Sampled(rng))
    where = chain.registers.index("v")
    chances: list[dict[Any, Fraction]] = [defaultdict(Fraction) for _ in range(3)]
    for k in range(3):
        arriving = chain.incoming[k].arrive(
            chain.incoming[k].of_spikes([np.array([h]) for h in state.history])
        )
        law = chain.unit(k, dict(zip(chain.registers, state.registers[k], strict=True)), arriving)
        for values, p in law.outcomes().items():
            chances[k][(values[where], values[-1])] += p
        assert sum(chances[k].values()) == 1
        seen = Counter(
            zip(after.registers["v"][k].tolist(), after.history[0][k].tolist(), strict=True)
        )
        assert set(seen) <= set(chances[k])
        for key, p in chances[k].items():
            expected = draws * float(p)
            assert abs(seen[key] - expected) < 5.5 * np.sqrt(expected) + 1
    assert max(len(c) for c in chances) > 1


@given(v=st.integers(-512, 511), loss=st.integers(0, 4096), a=st.integers(-100, 100))
@settings(max_examples=60, deadline=None)
def test_stochastic_rounding_keeps_the_mean_exactly(v: int, loss: int, a: int) -> None:
    chip = fixed_point(12, 0, rounding="stochastic", reset="none")
    chain = kernel((chip, parameters(chip, weights=[[0]], decay_v=loss, bias=a)))
    found = chain.successors(MicroState(((v, 0),), ((0,),)))
    assert sum(p for p, _ in found) == 1
    mean = sum(p * s.registers[0][0] for p, s in found)
    assert mean == Fraction(v * (4096 - loss), 4096) + a


def test_successors_of_a_network_are_the_product_of_its_neurons() -> None:
    chip, settings_ = STOCHASTIC["rounding"]
    chain = kernel((chip, parameters(chip, **settings_)))
    state = MicroState(((13, 77, 0), (-5, 80, 0), (7, 31, 0)), ((1, 0, 1),))
    found = chain.successors(state)
    assert sum(p for p, _ in found) == 1
    assert len({after for _, after in found}) == len(found) > 4
    spikes: dict[tuple[int, ...], Fraction] = defaultdict(Fraction)
    for p, after in found:
        spikes[after.history[0]] += p
    for k in range(3):
        one = sum(p for s, p in spikes.items() if s[k])
        for other in range(k):
            both = sum(p for s, p in spikes.items() if s[k] and s[other])
            assert both == one * sum(p for s, p in spikes.items() if s[other])


@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
def test_reachable_states_are_those_that_draws_find(rounding: Any) -> None:
    chip = fixed_point(6, 0, rounding=rounding)
    loaded = parameters(chip, weights=PAIR, decay_v=600, threshold=20, bias=4)
    found = reachable((chip, loaded))
    assert found.states is not None
    chain = kernel((chip, loaded))
    lanes, seen = 400, set()
    state = sampled_state(chain, chain.start, lanes)
    for seed in range(60):
        table = np.concatenate([state.registers["v"], state.history[0]])
        seen |= set(map(tuple, table.T.tolist()))
        step = run(chip, loaded, np.zeros((lanes, 1, 0), int), start=state, rng=seed)
        state = step.state
    exact = {(*(r[0] for r in s.registers), *s.history[0]) for s in found.states}
    assert seen <= exact
    if rounding == "nearest":
        assert seen == exact
    neurons = reachable((chip, loaded), scope="neurons")
    for k, one in enumerate(neurons.neurons):
        alone = set(map(tuple, one.table.tolist()))
        assert {(*s.registers[k], s.history[0][k]) for s in found.states} <= alone


def test_the_states_of_one_neuron_are_a_plain_closure() -> None:
    chip = fixed_point(5, 0, rounding="floor")
    loaded = parameters(chip, weights=[[0, 3, -2], [0, 0, 0], [0, 0, 0]], decay_v=1500, threshold=9)
    found = reachable((chip, loaded), scope="neurons").neurons[0]
    states, frontier = {(0, 0)}, {(0, 0)}
    while frontier:
        new = set()
        for v, _ in frontier:
            for a in (0, 3, -2, 1):
                w = max(-16, min(15, (v * (4096 - 1500) >> 12) + a))
                new.add((0, 1) if w >= 9 else (w, 0))
        frontier = new - states
        states |= new
    columns = zip(found.column("v").tolist(), found.column("spikes").tolist(), strict=True)
    assert set(columns) == states


def brute_sufficient(chip: Any, loaded: Any, kept: tuple[int, ...]) -> bool:
    """Whether (kept registers, spikes) of all neurons lump the reachable chain."""
    chain = kernel((chip, loaded))
    todo, laws = [chain.start], {}
    while todo:
        state = todo.pop()
        if state not in laws:
            laws[state] = chain.successors(state)
            todo += [after for _, after in laws[state]]

    def seen(state: MicroState) -> Any:
        return tuple(tuple(r[i] for i in kept) for r in state.registers), state.history[0]

    rows: dict[Any, Any] = {}
    for state, law in laws.items():
        row: dict[Any, Fraction] = defaultdict(Fraction)
        for p, after in law:
            row[seen(after)] += p
        if rows.setdefault(seen(state), row) != row:
            return False
    return True


MARKOV: list[tuple[Any, dict[str, Any], set[str]]] = [
    (fixed_point(6, 0), {"decay_v": 600, "threshold": 20, "bias": 4}, {"v"}),
    # What forgets everything needs nothing.
    (fixed_point(6, 0), {"decay_v": 4096, "threshold": 7, "bias": 4}, set()),
    (fixed_point(6, 0), {"decay_v": 600, "threshold": 20, "bias": 4, "refractory": 3}, {"v", "r"}),
    # Held for one step only: the spike tells.
    (fixed_point(6, 0), {"decay_v": 600, "threshold": 20, "bias": 4, "refractory": 1}, {"v"}),
    (
        fixed_point(6, 0, current=True),
        {"decay_v": 600, "decay_u": 2000, "threshold": 20, "bias": 4},
        {"u", "v"},
    ),
    (
        fixed_point(6, 0, current=True),
        {"decay_v": 600, "decay_u": 4096, "threshold": 20, "bias": 4},
        {"v"},
    ),
    (
        fixed_point(5, 0, rounding="stochastic"),
        {"decay_v": 600, "threshold": 13, "bias": 2},
        {"v"},
    ),
    (
        fixed_point(6, 0),
        {"decay_v": 600, "threshold": 20, "bias": 4, "delays": [[1, 3], [2, 1]]},
        {"v", "spikes 2", "spikes 3"},
    ),
]


@pytest.mark.parametrize(("chip", "settings_", "needed"), MARKOV)
def test_registers_that_must_be_known(
    chip: Any, settings_: dict[str, Any], needed: set[str]
) -> None:
    loaded = parameters(chip, weights=PAIR, **settings_)
    found = markov((chip, loaded))
    assert {name for name, yes in found.needed.items() if yes} == needed
    assert set(found.sufficient) == needed
    assert found.markov == (not needed)
    assert set(found.witnesses) == needed
    text = str(found)
    assert all(name in text for name in needed)


@pytest.mark.parametrize(
    "chip", [fixed_point(6, 0, current=True), fixed_point(5, 0, rounding="stochastic")]
)
def test_the_smallest_set_of_the_network_is_that_of_a_plain_search(chip: Any) -> None:
    more: dict[str, Any] = {"decay_u": 2000} if chip.current is not None else {}
    loaded = parameters(chip, weights=PAIR, decay_v=600, threshold=13, bias=2, refractory=2, **more)
    found = markov((chip, loaded), scope="network")
    names = chip.registers
    kept = [names.index(name) for name in found.sufficient]
    assert brute_sufficient(chip, loaded, tuple(kept))
    for size in range(len(kept)):
        for fewer in product(range(len(names)), repeat=size):
            assert not brute_sufficient(chip, loaded, fewer)
    for name, needed in found.needed.items():
        rest = tuple(i for i, other in enumerate(names) if other != name)
        assert brute_sufficient(chip, loaded, rest) != needed


def test_a_witness_is_one() -> None:
    chip = fixed_point(6, 0)
    loaded = parameters(chip, weights=PAIR, decay_v=600, threshold=20, bias=4)
    witness = markov((chip, loaded)).witnesses["v"]
    chain = kernel((chip, loaded))
    k = loaded.labels.index(witness.neuron)
    assert witness.first["v"] != witness.second["v"]
    laws = []
    for values in (witness.first, witness.second):
        # `seen` is the level, the own spike and which sum of the others' last spikes arrives.
        sums = chain.incoming[k].contexts(without=k).sums[witness.kept["seen"][2]][None]
        law = chain.unit(k, {"v": values["v"], "r": 0}, chain.incoming[k].arrive(sums))
        laws.append({key[-1]: p for key, p in law.outcomes().items()})
    assert laws[0] != laws[1]


def test_levels_of_the_potential_need_less() -> None:
    chip = fixed_point(3, 0)
    loaded = parameters(chip, weights=[[0]], decay_v=0, threshold=3, bias=1)
    assert markov((chip, loaded)).sufficient == ("v",)
    found = markov((chip, loaded), cuts=[[0, 1, 2]])  # every reachable value is a level
    assert found.markov
    assert "by themselves" in str(found)


def test_errors_say_what_to_do() -> None:
    wide = fixed_point(24, 0, rounding="stochastic")
    loaded = parameters(wide, weights=[[0]], decay_v=1, threshold=1 << 22, bias=77)
    scopes: tuple[Any, ...] = ("network", "neurons")
    for scope in scopes:
        with pytest.raises(InputError, match=r"too large.*so far.*2\^24.*MB.*chips\.run"):
            reachable((wide, loaded), scope=scope, max_states=500)
    analog = brainscales2()
    with pytest.raises(InputError, match=r"continuous.*chips\.run"):
        kernel((analog, parameters(analog, weights=[[0]])))
    chip = fixed_point(6, 0)
    loaded = parameters(chip, weights=PAIR, input_weights=[[1], [1]])
    with pytest.raises(InputError, match="inputs"):
        kernel((chip, loaded), inputs=[1, 2])
    with pytest.raises(InputError, match="inputs"):
        kernel((chip, loaded), inputs=-1)
    with pytest.raises(InputError, match=r"mapped.*by_hand"):
        kernel(chip)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="made by hand"):
        kernel((chip, loaded), noise="network")
    with pytest.raises(InputError, match="noise"):
        kernel((chip, loaded), noise=-1.0)
    noisy = kernel((chip, loaded), noise=1.0)
    with pytest.raises(InputError, match="finite chain"):
        noisy.successors(noisy.start)
    with pytest.raises(InputError, match="start"):
        reachable((chip, loaded), start=MicroState(((0, 0),), ((0, 0),)))
    with pytest.raises(InputError, match="cuts"):
        markov((chip, loaded), cuts=[[1]])
    many = kernel((wide, parameters(wide, weights=np.zeros((20, 20)), decay_v=1)), max_states=1000)
    crowded = MicroState(((5, 0),) * 20, ((0,) * 20,))
    with pytest.raises(InputError, match=r"next states.*1,048,576"):
        many.successors(crowded)
