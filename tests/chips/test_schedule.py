"""Machines that run a network unit by unit: each against a slow reading of what they should do."""

from __future__ import annotations

from itertools import product
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn.chips.schedule import (
    Machine,
    components,
    equivalence,
    propagate,
    round_law,
    target,
    threshold_units,
    unfold,
)
from causal_snn.errors import InputError
from causal_snn.tpm import TPM

Table = list[list[int]]
SWAP = [[0, 0], [0, 1], [1, 0], [1, 1]]


@st.composite
def truth_tables(draw: Any, most: int = 4) -> Table:
    """Truth tables of 2 units or more, rows little-endian."""
    n = draw(st.integers(2, most))
    bits = draw(st.lists(st.integers(0, 1), min_size=n * 2**n, max_size=n * 2**n))
    return [bits[k * n : (k + 1) * n] for k in range(2**n)]


@st.composite
def thresholds(draw: Any) -> tuple[list[list[int]], list[int]]:
    n = draw(st.integers(1, 3))
    weight = st.integers(-3, 3)
    rows = draw(st.lists(st.lists(weight, min_size=n, max_size=n), min_size=n, max_size=n))
    return rows, draw(st.lists(st.integers(-3, 4), min_size=n, max_size=n))


def all_states(n: int) -> list[tuple[int, ...]]:
    """Every state, little-endian, without the library."""
    return [tuple(k >> j & 1 for j in range(n)) for k in range(2**n)]


def row(state: tuple[int, ...]) -> int:
    return sum(x << j for j, x in enumerate(state))


def after(machine: Machine, state: tuple[int, ...], steps: int) -> tuple[int, ...]:
    """The machine's state later, unit by unit from its own tables."""
    for _ in range(steps):
        state = tuple(
            int(machine.micro.tables[i][row(tuple(state[j] for j in machine.micro.inputs[i]))])
            for i in range(machine.n)
        )
    return state


@given(truth_tables(), st.sampled_from(["binary", "ring"]), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_a_round_is_a_tick(table: Table, counter: Any, rnd: Any) -> None:
    n = len(table[0])
    machine = unfold(np.array(table), counter=counter)
    hidden = [rnd.randint(0, 1) for _ in range(n)]
    for state in all_states(n):
        start = machine.state(state, hidden=hidden)
        end = after(machine, start, machine.steps)
        assert list(end[:n]) == table[row(state)]
        assert tuple(end[k] for k in machine.counter) == tuple(start[k] for k in machine.counter)
        twice = after(machine, end, machine.steps)
        assert list(twice[:n]) == table[row(tuple(table[row(state)]))]


@given(truth_tables())
@settings(max_examples=25, deadline=None)
def test_equivalence_goes_through_every_start(table: Table) -> None:
    n = len(table[0])
    found = equivalence(unfold(np.array(table)))
    assert found.equal
    assert found.returns
    assert found.largest_gap == 0.0
    assert found.starts == 4**n  # n cells, n - 1 buffers, the accumulator
    assert found.every_hidden


@given(truth_tables())
@settings(max_examples=25, deadline=None)
def test_in_place_is_one_unit_after_the_other(table: Table) -> None:
    n = len(table[0])
    machine = unfold(np.array(table), memory="in_place")
    wrong = []
    for state in all_states(n):
        now = list(state)
        for i in range(n):
            now[i] = table[row(tuple(now))][i]
        end = after(machine, machine.state(state, hidden=[1]), machine.steps)
        assert list(end[:n]) == now
        if now != table[row(state)]:
            wrong.append(state)
    found = equivalence(machine)
    assert list(found.differing) == wrong
    assert found.equal is not bool(wrong)


def test_of_all_networks_of_two_units_100_can_be_updated_in_place() -> None:
    """theory/20_schedules.py T2 counts them by hand."""
    bits = product((0.0, 1.0), repeat=8)
    tables = [np.array(one).reshape(4, 2) for one in bits]
    assert sum(equivalence(unfold(one, memory="in_place")).equal for one in tables) == 100
    found = equivalence(unfold(SWAP, memory="in_place"))
    assert not found.equal
    assert found.largest_gap == 1.0
    assert found.differing == ((1, 0), (0, 1))


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_a_stochastic_target_has_its_law(seed: int, n: int) -> None:
    chance = np.random.default_rng(seed).random((2**n, n))
    machine = unfold(chance)
    law = round_law(machine)
    for k, state in enumerate(all_states(n)):
        for j, later in enumerate(all_states(n)):
            p = 1.0
            for unit, x in enumerate(later):
                p *= chance[k, unit] if x else 1.0 - chance[k, unit]
            assert law[k, j] == pytest.approx(p, abs=1e-12), (state, later)
    assert equivalence(machine).equal
    assert not machine.micro.deterministic
    with pytest.raises(InputError, match="0 and 1 only"):
        machine.micro.step(machine.state([0] * n))


@given(thresholds(), st.sampled_from(["double_buffer", "in_place"]))
@settings(max_examples=40, deadline=None)
def test_synapses_are_added_one_by_one(net: tuple[Any, Any], memory: Any) -> None:
    weights, level = net
    n = len(level)
    found = threshold_units(weights, level)
    machine = unfold(found, schedule="per_synapse", memory=memory)
    synapses = sum(w != 0 for line in weights for w in line)
    silent = sum(not any(line) for line in weights)  # the empty sum takes a micro-step too
    extra = 1 if memory == "double_buffer" else n
    assert machine.steps == synapses + silent + extra
    hidden = [1] * (len(machine.buffer) + len(machine.accumulator))
    for state in all_states(n):
        now, tick = list(state), []
        for i in range(n):
            seen = now if memory == "in_place" else state
            on = int(sum(w * x for w, x in zip(weights[i], seen, strict=True)) >= level[i])
            now[i] = on
            tick.append(on)
        end = after(machine, machine.state(state, hidden=hidden), machine.steps)
        assert list(end[:n]) == tick
    if memory == "double_buffer":
        assert equivalence(machine).equal


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_size_and_wiring(n: int) -> None:
    table = np.random.default_rng(n).integers(0, 2, (2**n, n))
    machine = unfold(table)
    assert machine.steps == n + 1
    assert machine.n == 2 * n + n.bit_length()  # theory/20_schedules.py T3
    wiring = machine.micro.wiring
    counter, rest = list(machine.counter), [k for k in range(machine.n) if k not in machine.counter]
    assert not wiring[np.ix_(counter, rest)].any()
    cells = list(machine.cells)
    for unit in rest:
        if unit not in machine.accumulator:
            assert set(np.flatnonzero(wiring[unit, cells])) <= {unit}


def test_the_counter_finds_its_way_back() -> None:
    machine = unfold(SWAP)
    lost = np.array(machine.state([1, 0]))
    lost[list(machine.counter)] = 1  # 3 is no micro-step of a round of 3
    found = machine.micro.step(lost)
    assert found[list(machine.counter)].tolist() == [0, 0]
    assert found[list(machine.cells)].tolist() == [1, 0]


def test_every_interaction_is_carried_out_once() -> None:
    weights = [[0, 2, -1], [1, 0, 1], [0, 1, 0]]
    found = threshold_units(weights, 1)  # C never changes A: 2 - 1 is still enough
    for schedule in ("shared_accumulator", "per_synapse"):
        machine = unfold(found, schedule=schedule)
        done = [pair for step in machine.program for pair in step.interactions(found)]
        assert sorted(done) == [(0, 1), (1, 0), (1, 2), (2, 1)]
    assert max(len(step.interactions(found)) for step in machine.program) == 1


def test_the_program_in_words() -> None:
    assert unfold(SWAP).told() == (
        "acc <- next A",
        "acc <- next B, A' <- acc",
        "A <- A', B <- acc",
    )
    machine = unfold(threshold_units([[0, -2], [1, 0]], 0), schedule="per_synapse")
    assert machine.told() == ("acc <- -2 B", "acc <- +1 A, A' <- acc", "A <- A', B <- acc")
    assert unfold(threshold_units([[0]], 1), schedule="per_synapse").told()[0] == "acc <- 0"


@given(truth_tables(3), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_tables_and_wiring_of_some_units_are_those_of_the_whole(table: Table, seed: int) -> None:
    rng = np.random.default_rng(seed)
    micro = unfold(np.array(table)).micro
    whole = micro.state_by_node()
    units = sorted(rng.choice(micro.n, size=3, replace=False).tolist())
    state = rng.integers(0, 2, micro.n).tolist()
    some, wiring = micro.state_by_node(units, state=state), micro.held(units, state)
    for k, values in enumerate(all_states(3)):
        full = list(state)
        for unit, x in zip(units, values, strict=True):
            full[unit] = x
        assert some[k].tolist() == whole[row(tuple(full))][units].tolist()
    for j in range(3):
        flipped = np.array([k ^ (1 << j) for k in range(8)])
        assert (wiring[:, j] == (some != some[flipped]).any(axis=0)).all()
    acts = np.array(
        [(whole != whole[np.arange(len(whole)) ^ (1 << j)]).any(axis=0) for j in range(micro.n)]
    ).T
    assert (micro.wiring == acts).all()


@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_components_are_those_of_networkx(n: int, seed: int) -> None:
    wiring = np.random.default_rng(seed).random((n, n)) < 0.25
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from((int(j), int(i)) for i, j in np.argwhere(wiring))
    expected = {tuple(sorted(one)) for one in nx.strongly_connected_components(graph)}
    assert set(components(wiring)) == expected


def test_chances_add_up() -> None:
    machine = unfold(np.full((4, 2), 0.25))
    _, weight, origin = propagate(machine.micro, [machine.state([0, 0]), machine.state([1, 1])], 3)
    assert np.bincount(origin, weight).tolist() == pytest.approx([1.0, 1.0])
    assert len(weight) == 8  # two units drawn


def test_a_counter_that_is_not_known_blurs_the_law() -> None:
    """theory/20_schedules.py T8: P(on | x) = (1 - x)/2 + 1/4 for a unit that negates itself."""
    machine = unfold([[1], [0]])
    assert round_law(machine, phase=None)[:, 1].tolist() == pytest.approx([0.75, 0.25])
    assert round_law(machine, phase=0)[:, 1].tolist() == [1.0, 0.0]
    assert round_law(machine, phase=0, rounds=2)[:, 1].tolist() == [0.0, 1.0]


def test_a_tpm_is_a_target() -> None:
    matrix = TPM.from_state_by_node([[0.1, 1.0], [0.2, 0.0], [0.9, 0.5], [1.0, 0.3]], labels="XY")
    found = target(matrix)
    assert found.labels == ("X", "Y")
    assert np.abs(found.law - matrix.state_by_state).max() < 1e-12
    joint = np.array([[0.5, 0, 0, 0.5], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]])
    dependent = TPM.from_state_by_state(joint)
    with pytest.raises(InputError, match=r"independence gap 0\.5"):
        unfold(dependent)
    assert equivalence(unfold(dependent.project())).equal


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: unfold(np.zeros((3, 2))), r"shape \(3, 2\)"),
        (lambda: unfold(np.full((2, 1), 2.0)), "probabilities, 0 to 1"),
        (lambda: unfold(SWAP, schedule="per_synapse"), "threshold_units"),
        (lambda: unfold(SWAP, schedule="both"), "schedule = 'both'"),  # type: ignore[arg-type]
        (lambda: unfold(SWAP, counter="gray"), "counter = 'gray'"),  # type: ignore[arg-type]
        (lambda: unfold(target(SWAP, labels=["acc", "B"])), "other names"),
        (lambda: target(SWAP, labels=["A", "A"]), "2 names that differ"),
        (lambda: unfold(SWAP).state([0, 0], phase=3), "0 to 2"),
        (lambda: unfold(SWAP).state([0, 2]), "0 to 1 for unit 1"),
        (lambda: round_law(unfold(SWAP), phase=5), "phase = 5"),
        (lambda: threshold_units([[0.5]], 0), "whole numbers"),
        (lambda: threshold_units([[np.nan]], 0), r"\[\[nan\]\]: whole numbers"),
        (lambda: threshold_units([["a"]], 0), "'a'.*: whole numbers"),
        (lambda: threshold_units([[1e12]], 0), "-2,147,483,648 to 2,147,483,648"),
        (lambda: target("abc"), r"target = 'str'.*chips\.tpm"),
        (lambda: target(object()), r"target = 'object'.*chips\.tpm"),
        (lambda: threshold_units([[1, 2]], 0), r"shape \(n, n\)"),
        (lambda: threshold_units([[1]], [1, 2]), "one number, or 1 of them"),
        (lambda: unfold(SWAP).micro.state_by_node([0]), "the state of all units"),
        (lambda: unfold(SWAP).micro.probability([0, 1]), "6 units on the last axis"),
        (lambda: unfold(np.zeros((2**11, 11)), counter="ring"), "counter='binary'"),
    ],
)
def test_bad_input(call: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()
