"""A network and its machine at three grains, against PyPhi and whole searches."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from pyphi import config, iit4_2023
from pyphi.macro import MacroSystem, MacroUnit, blackbox

from causal_snn import chips, phi
from causal_snn.chips import loihi, parameters
from causal_snn.chips.schedule import round_law, target, threshold_units, unfold
from causal_snn.errors import InputError
from causal_snn.models import Network, lif
from causal_snn.phi.adapter import to_pyphi
from causal_snn.plotting.schedule import plot_multiplexing
from causal_snn.studies.multiplexing import (
    FINDLAY,
    Concurrency,
    Grouping,
    Multiplexing,
    macro_table,
    multiplexing,
    stand_in,
)
from causal_snn.studies.multiplexing.readings import every_grouping, grouping_count
from causal_snn.studies.multiplexing.sieve import groups
from causal_snn.tpm import TPM
from causal_snn.tpm.finite import chip_tpm

SWAP = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
FORMALISM = "IIT_4_0_2023"


@pytest.fixture(scope="module")
def study() -> Multiplexing:
    return multiplexing(phases=[0, 2])


@pytest.fixture(scope="module")
def small() -> Multiplexing:
    return multiplexing(SWAP, state=[1, 0])


def micro_tpm(machine: Any) -> TPM:
    return TPM.from_state_by_node(machine.micro.state_by_node(), labels=machine.micro.labels)


def random_table(seed: int, n: int = 2) -> Any:
    return np.random.default_rng(seed).integers(0, 2, (2**n, n)).astype(float)


def test_the_stand_in_has_the_published_phi_s_and_not_the_published_phi(
    study: Multiplexing,
) -> None:
    assert study.state == FINDLAY.state
    assert study.tick.phi_s is not None
    assert study.tick.big_phi is not None
    assert round(study.tick.phi_s, 2) == FINDLAY.phi_s
    assert study.tick.big_phi == pytest.approx(240.514, abs=1e-3)
    assert abs(study.tick.big_phi - FINDLAY.big_phi) > 100.0
    (complex_,) = study.tick.complexes
    assert complex_.labels == ("P", "Q", "R", "S")
    assert "not" in study.statements[-1]
    assert str(FINDLAY.big_phi) in study.statements[-1]


def test_the_stand_in_does_what_its_words_say() -> None:
    table = stand_in().state_by_node
    for k in range(16):
        p, q, r, s = (k >> j & 1 for j in range(4))
        words = (
            [q, r, s].count(1) == 1,
            [p, r, s].count(1) <= 1,
            p == r,
            [p, q, r, s].count(1) != 2,
        )
        assert tuple(bool(x) for x in table[k]) == words


@pytest.mark.slow
def test_pyphi_finds_the_same_in_the_stand_in(study: Multiplexing) -> None:
    table = stand_in().state_by_node
    found = phi.structure(table, FINDLAY.state, formalism=FORMALISM, engine="pyphi")
    assert found.big_phi == pytest.approx(study.tick.big_phi, abs=1e-9)
    assert found.system.phi_s == pytest.approx(study.tick.phi_s, abs=1e-9)


def test_a_machine_that_does_the_same_is_no_system(study: Multiplexing) -> None:
    assert study.equivalence.equal
    assert study.machine.n == 11
    assert [one.phi_s for one in study.micro] == [0.0, 0.0]
    for one in study.micro:
        assert one.complexes
        assert all(len(part.labels) == 1 for part in one.complexes)
        assert one.largest <= FINDLAY.most_big_phi
        assert one.reasons == ("its effects are not strongly connected",)


@pytest.mark.parametrize(("seed", "counter"), [(0, "binary"), (3, "binary"), (5, "ring")])
def test_what_the_sieve_leaves_out_is_in_no_complex(seed: int, counter: Any) -> None:
    found = multiplexing(random_table(seed), counter=counter)
    matrix = micro_tpm(found.machine)
    for one in found.micro:
        everything = phi.complexes(matrix, one.state, formalism=FORMALISM)
        expected = {part.labels: part.phi_s for part in everything.complexes}
        assert {part.labels: part.phi_s for part in one.complexes} == pytest.approx(expected)
        whole = phi.system(matrix, one.state, formalism=FORMALISM)
        assert whole.phi_s == one.phi_s == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("phase", [0, 4])
def test_nor_in_eleven_units(phase: int) -> None:
    (one,) = multiplexing(phases=[phase]).micro
    everything = phi.complexes(micro_tpm(unfold(stand_in())), one.state, formalism=FORMALISM)
    expected = {part.labels: part.phi_s for part in everything.complexes}
    assert {part.labels: part.phi_s for part in one.complexes} == pytest.approx(expected)


def test_pyphi_finds_the_same_complexes_in_the_smallest_machine() -> None:
    found = multiplexing([[1.0], [0.0]], state=[1])
    matrix = micro_tpm(found.machine)
    for one in found.micro:
        result = phi.analyze(matrix, one.state, formalism=FORMALISM, structure=False)
        assert result.phi_s == one.phi_s == 0.0
        assert result.complexes is not None
        expected = {part.units: part.phi_s for part in result.complexes}
        assert {part.labels: part.phi_s for part in one.complexes} == pytest.approx(expected)


@pytest.mark.slow
def test_pyphi_finds_no_system_either(small: Multiplexing) -> None:
    for one in small.micro:
        found = phi.system(micro_tpm(small.machine), one.state, formalism=FORMALISM, engine="pyphi")
        assert found.phi_s == 0.0


def test_a_ring_counter_is_a_complex_of_its_own() -> None:
    found = multiplexing(SWAP, state=[0, 0], counter="ring", phases=[1])
    (one,) = found.micro
    largest = max(one.complexes, key=lambda part: len(part.labels))
    assert largest.labels == ("pc0", "pc1", "pc2")
    assert largest.big_phi is not None
    # Three units that copy each other in a circle, by themselves.
    circle = np.array([[k >> 2 & 1, k & 1, k >> 1 & 1] for k in range(8)], dtype=float)
    alone = phi.structure(circle, (0, 1, 0), formalism=FORMALISM, engine="pyphi")
    assert largest.big_phi == pytest.approx(alone.big_phi, abs=1e-9)
    machine = found.machine
    assert set(groups(machine.micro, one.state)) >= {machine.counter}


def test_with_the_clock_kept_the_cells_are_the_target(study: Multiplexing) -> None:
    clocked, unclocked, grouping = study.macro
    assert clocked.reading == "clocked"
    assert clocked.distance == pytest.approx(0.0, abs=1e-12)
    assert clocked.phi_s == pytest.approx(study.tick.phi_s, abs=1e-12)
    assert clocked.big_phi == pytest.approx(study.tick.big_phi, abs=1e-9)
    assert unclocked.distance is not None
    assert unclocked.distance > 0.1
    assert unclocked.independence_gap > 0.01
    assert unclocked.big_phi is not None
    assert unclocked.big_phi < 0.1 * FINDLAY.big_phi
    assert grouping.phi_s == 0.0
    assert not study.recovered


@pytest.mark.parametrize(
    ("constituents", "background"),
    [
        (((0, 2), (1,)), ((), ())),
        (((0, 2, 3, 4, 5), (1,)), ((), ())),
        (((0, 2), (1,)), ((3, 4, 5), ())),
        (((0, 2, 3), (1,)), ((4, 5), ())),
        (((0, 3), (1, 2)), ((4,), (5,))),
    ],
)
def test_macro_tables_are_those_of_pyphi(constituents: Any, background: Any) -> None:
    machine = unfold(random_table(11))
    states = [machine.state([1, 0], hidden=[1, 0])]
    for _ in range(machine.steps - 1):
        states.append(tuple(int(x) for x in machine.micro.step(states[-1])))
    substrate = to_pyphi(micro_tpm(machine))
    units = [
        MacroUnit(mine, machine.steps, blackbox(len(mine), machine.steps, (0,)), extra)
        for mine, extra in zip(constituents, background, strict=True)
    ]
    with config.override(**iit4_2023, validate_system_states=False):
        system = MacroSystem.from_micro(substrate, units, states)
        theirs = [system.proper_effect_marginal.factor(k) for k in range(2)]
    ours = macro_table(machine, Grouping(constituents, background), states[-1])
    for k, factor in enumerate(theirs):
        on = np.broadcast_to(np.asarray(factor), (2, 2, 2))[..., 1].ravel(order="F")
        assert ours[:, k] == pytest.approx(on, abs=1e-12)


def test_no_grouping_recovers_two_units_that_read_each_other(small: Multiplexing) -> None:
    machine, wanted = small.machine, small.target.state_by_node
    table, right = machine.micro.state_by_node(), []
    for each in every_grouping(machine):
        off = np.abs(macro_table(machine, each, small.micro[0].state, table=table) - wanted)
        right.append(int((off.max(axis=0) < 1e-9).sum()))
    assert len(right) == grouping_count(machine) == 625
    assert max(right) == 1
    one = small.macro[-1]
    assert one.reading == "grouping"
    assert one.distance is not None
    assert one.distance > 0.2
    assert "1 of 2 units as in the target" in one.what
    assert any("one macro unit at most" in reason for reason in one.reasons)
    assert not small.recovered


def test_where_one_unit_reads_the_other_its_macro_unit_may_have_the_accumulator() -> None:
    follower = np.array([[0, 0], [0, 0], [1, 1], [1, 1.0]])  # A and B both take B
    found = multiplexing(follower, state=[1, 1])
    assert found.recovered
    assert found.tick.phi_s == 0.0
    assert not any("at most" in reason for reason in found.macro[-1].reasons)


def test_a_fast_counter_bit_is_a_loop_of_its_own() -> None:
    """One unit that negates itself: the counter is one unit that does so too."""
    found = multiplexing([[1.0], [0.0]], state=[1])
    assert found.machine.micro.labels == ("A", "acc", "pc")
    for one in found.micro:
        assert ("pc",) in [part.labels for part in one.complexes]
    assert found.tick.phi_s == pytest.approx(1.0)


def test_concurrency_counts(study: Multiplexing, small: Multiplexing) -> None:
    assert study.concurrency.by_step == (3, 3, 2, 4, 0)
    assert study.concurrency.interactions == 12
    assert study.concurrency.most == pytest.approx(1 / 3)
    assert small.concurrency.by_step == (1, 1, 0)
    assert Concurrency(interactions=0, by_step=(0, 0)).most == 0.0


def test_synapse_by_synapse() -> None:
    found = multiplexing(threshold_units([[0, 1], [1, 0]], 1), state=[1, 0], schedule="per_synapse")
    assert found.equivalence.equal
    assert found.concurrency.most == 0.5
    assert [one.phi_s for one in found.micro] == [0.0] * found.machine.steps
    assert all(len(part.labels) == 1 for one in found.micro for part in one.complexes)


def test_in_place_is_reported_as_not_equivalent() -> None:
    found = multiplexing(SWAP, state=[1, 1], memory="in_place")
    assert not found.equivalence.equal
    assert "NOT do what the target does: 2 of 4" in found.statements[1]
    clocked = found.macro[0]
    assert clocked.distance == 1.0


def test_a_stochastic_target() -> None:
    table = 0.1 + 0.8 * SWAP
    found = multiplexing(table, state=[1, 1], formalism="IIT_4_0_2026")
    assert found.equivalence.equal
    assert found.tick.phi_s is not None
    assert found.tick.phi_s > 0.1
    assert found.macro[0].phi_s == pytest.approx(found.tick.phi_s, abs=1e-9)
    assert all(one.phi_s == 0.0 for one in found.micro)


def test_a_network_on_a_chip_is_a_target() -> None:
    chip = loihi(convention="lava")
    on_chip = parameters(
        chip, weights=[[0, 40], [25, 0]], threshold=1920, decay_u=4095, decay_v=1024
    )
    matrix = chip_tpm((chip, on_chip), potentials=(0.0, 1920.0))
    assert ((matrix.state_by_node > 0.2) & (matrix.state_by_node < 0.9)).any()
    found = multiplexing(matrix, phases=[0])
    assert found.target.labels == matrix.labels
    assert found.equivalence.equal
    alone = phi.system(matrix, found.state, formalism=FORMALISM)
    assert alone.phi_s > 0.1
    assert found.tick.phi_s == pytest.approx(alone.phi_s, abs=1e-12)
    assert found.macro[0].phi_s == pytest.approx(found.tick.phi_s, abs=1e-9)


@pytest.mark.parametrize("n", [2, 3])
def test_a_mapped_network_at_three_grains(n: int) -> None:
    """Micro, tick and macro of a network on Loihi; of two neurons each value by PyPhi too."""
    weights = np.array([[0.0, 7.1, -4.3], [6.2, 0.0, 5.7], [3.9, 6.6, 0.0]])[:n, :n]
    net = Network(neuron=lif(), weights=weights, drive=14.0, noise=3.0, dt=5.0)
    matrix = chips.tpm(chips.map(net, loihi(convention="lava")), noise="network")
    found = multiplexing(matrix, phases=None if n == 2 else [0, 2])
    assert not found.target.deterministic
    assert found.target.labels == net.labels
    assert found.equivalence.equal
    # tick
    tick = phi.system(matrix, found.state, formalism=FORMALISM, engine="pyphi")
    assert tick.phi_s > 0.0
    assert found.tick.phi_s == pytest.approx(tick.phi_s, abs=1e-9)
    # micro: nothing is left out by the wiring argument
    machine = micro_tpm(found.machine)
    for one in found.micro:
        engine = "pyphi" if n == 2 and one is found.micro[0] else "exact"
        assert phi.system(machine, one.state, formalism=FORMALISM, engine=engine).phi_s == 0.0
        assert one.phi_s == 0.0
        every = phi.complexes(machine, one.state, formalism=FORMALISM)
        expected = {part.labels: part.phi_s for part in every.complexes}
        assert {part.labels: part.phi_s for part in one.complexes} == pytest.approx(expected)
        assert all(len(part.labels) == 1 for part in one.complexes)
    # macro: the cells' law over a round is the chip's own joint law, if the clock is kept
    law = round_law(found.machine)
    np.testing.assert_allclose(law, matrix.state_by_state, atol=1e-12)
    clocked, unclocked, grouping = found.macro
    assert clocked.phi_s == pytest.approx(tick.phi_s, abs=1e-9)
    assert unclocked.phi_s is not None
    assert unclocked.phi_s < tick.phi_s
    assert grouping.phi_s == 0.0
    assert not found.recovered


@pytest.mark.parametrize("seed", [1, 2])
def test_no_sampled_grouping_recovers_three_units(seed: int) -> None:
    """Of all 16,807 groupings of 8 units, some drawn at random: one column at most is right."""
    table = np.random.default_rng(seed).random((8, 3)).round(2)
    machine = unfold(table)
    state = machine.state([1, 0, 1])
    whole = machine.micro.state_by_node()
    assert grouping_count(machine) == 16_807
    rng = np.random.default_rng(0)
    for _ in range(25):
        places = rng.integers(0, 7, 5).tolist()
        put = [[k + 3 for k, place in enumerate(places) if place == one] for one in range(6)]
        one = Grouping(tuple((i, *put[i]) for i in range(3)), tuple(map(tuple, put[3:])))
        off = np.abs(macro_table(machine, one, state, table=whole) - table).max(axis=0)
        assert (off < 1e-9).sum() <= 1


def test_in_2026_deterministic_systems_have_none() -> None:
    found = multiplexing(SWAP, state=[1, 1], formalism="IIT_4_0_2026")
    assert found.tick.phi_s == 0.0
    assert all(not one.complexes for one in found.micro)


def test_the_default_state_is_that_of_largest_phi_s() -> None:
    table = random_table(3)
    found = multiplexing(table, phases=[0])
    matrix = TPM.from_state_by_node(table)
    values = [
        phi.system(matrix, state, formalism=FORMALISM).phi_s
        for state, possible in zip(matrix.states.tolist(), matrix.reachable(), strict=True)
        if possible
    ]
    assert found.tick.phi_s == pytest.approx(max(values))


def test_every_statement_has_its_grain(study: Multiplexing) -> None:
    starts = [line.split(":")[0] for line in study.statements]
    assert starts == [
        "tick", "cells over a round", "micro", "macro", "macro", "macro", "schedule", "source",
    ]  # fmt: skip
    assert str(study).count("\n") == 7
    assert {one.grain for one in study.grains} == {"tick", "micro", "macro"}
    assert study.provenance["formalism"] == FORMALISM


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: multiplexing(np.zeros((64, 6))), "at most 5 units"),
        (lambda: multiplexing(np.zeros((4, 2)), state=[1, 1]), "leads to"),
        (lambda: multiplexing(SWAP, phases=[3]), "micro-steps 0 to 2"),
        (lambda: multiplexing(SWAP, phases=[]), "one or more of the micro-steps 0 to 2"),
        (lambda: multiplexing(SWAP, phases="all"), "phases = 'all'"),  # type: ignore[arg-type]
        (lambda: multiplexing(SWAP, phases=[0.5]), r"phases = \[0\.5\]"),  # type: ignore[list-item]
        (lambda: multiplexing(SWAP, formalism="IIT_3_0"), "formalism = 'IIT_3_0'"),
        (lambda: multiplexing(SWAP, schedule="per_synapse"), "threshold_units"),
    ],
)
def test_bad_input(call: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()


def test_the_figure(study: Multiplexing) -> None:
    ax = plot_multiplexing(study, phase=1)
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    target, machine, bars = figure.axes
    assert ax is target
    names = [text.get_text() for text in machine.texts]
    assert set(study.machine.micro.labels) <= set(names)
    assert names.count("2") == sum(
        part.big_phi == pytest.approx(2.0) for part in study.micro[1].complexes
    )
    assert "240.51" in target.get_title()
    rectangles = [bar for bar in bars.patches if isinstance(bar, Rectangle)]
    widths = [bar.get_width() for bar in rectangles]
    assert widths[0] == pytest.approx(study.tick.big_phi)
    assert widths[1] == 0.0
    assert widths[3] == pytest.approx(widths[0])
    heights = [bar.get_y() for bar in rectangles]
    assert all(a < b for a, b in pairwise(heights))
    figure.canvas.draw()


def test_names_too_long_for_a_circle_are_numbers_with_a_key() -> None:
    labels = ("excitatory left", "inhibitory right")
    one = multiplexing(target(SWAP, labels=labels), state=[1, 0], phases=[0])
    drawn = plot_multiplexing(one)
    figure = drawn.get_figure(root=True)
    assert figure is not None
    machine = figure.axes[1]
    assert "0: excitatory left\n1: inhibitory right" in [text.get_text() for text in drawn.texts]
    names = {text.get_text() for text in machine.texts}
    assert {"0", "1", "0'", "acc", "pc0", "pc1"} <= names
    assert not names & set(labels)


def test_a_lone_unit_is_not_drawn_as_large_as_the_figure() -> None:
    ax = plot_multiplexing(multiplexing([[1.0], [0.0]], phases=[0]))
    assert np.ptp(ax.get_xlim()) > 2.0  # the circle has a diameter of 0.4


def test_the_figure_refuses(study: Multiplexing) -> None:
    with pytest.raises(InputError, match="0 to 1, the micro-steps analysed"):
        plot_multiplexing(study, phase=2)
    with pytest.raises(InputError, match="three Axes"):
        plot_multiplexing(study, ax=[])
    with pytest.raises(InputError, match=r"from studies\.multiplexing"):
        plot_multiplexing(study.tick)  # type: ignore[arg-type]
