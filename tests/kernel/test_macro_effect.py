"""The effect on the macro states of all units, against simulation and brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from causal_snn import kernel, models, order
from causal_snn.coarse import Partition
from causal_snn.errors import InputError
from causal_snn.kernel.distance import distance
from causal_snn.kernel.macro_effect import macro_effect
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models import Network
from causal_snn.simulation import micro_state, run
from causal_snn.tpm import build

LANES = 40_000
WEIGHTS = [[1.0, 6.0, -4.0], [5.0, 0.0, 2.0], [3.0, 3.0, 0.0]]
LIF = Network(neuron=models.lif(), weights=WEIGHTS, drive=[16, 15, 14], noise=4, dt=4.0)
CUBA = Network(
    neuron=models.cuba_lif(R=2.0),
    weights=[[0.0, 20.0], [15.0, 2.0]],
    drive=13,
    noise=3,
    dt=3.0,
)


def partition(net: Network, alphabet: Any = "ternary") -> Partition:
    return Partition.from_thresholds(net, -52.0, alphabet=alphabet)


def simulated(
    net: Network, cut: Partition, v: np.ndarray, i: np.ndarray, seed: int = 1
) -> np.ndarray:
    """Return how often each joint macro state follows micro states of shape (n, lanes)."""
    state = next(run(net, micro_state(net, v, i), 1, rng=seed))
    cells = [
        unit.classify(state.v[j], state.i[j], state.spiked[j]) for j, unit in enumerate(cut.units)
    ]
    rows = order.numbers(cells, cut.sizes)
    return np.asarray(np.bincount(rows, minlength=int(np.prod(cut.sizes))) / v.shape[1])


@pytest.mark.parametrize("alphabet", ["ternary", "binary"])
@pytest.mark.parametrize("unit", [0, 2])
def test_micro_contexts_agree_with_simulation(alphabet: str, unit: int) -> None:
    cut = partition(LIF, alphabet)
    others = np.array([[-55.0, -60.0, -51.0], [-50.0, -40.0, -65.0], [-54.0, -49.0, -50.0]])
    k = macro_effect(LIF, cut, unit, contexts=others, cells=100)
    for v in (-70.0, -54.3, -50.7, -45.0):
        cell = 100 if v >= -50 else int((v + 85.0) / 35.0 * 100)
        for c, context in enumerate(others):
            start = np.repeat(context[:, None], LANES, 1)
            start[unit] = v
            seen = simulated(LIF, cut, start, np.zeros_like(start))
            far = float(distance(seen, k.rows[c, cell]))
            # E TV <= sum sqrt(p (1 - p)/(2 pi n)); four times that is never reached
            p = k.rows[c, cell]
            noise = 4 * np.sqrt(p * (1 - p) / (2 * np.pi * LANES)).sum()
            assert far <= k.spread[c, cell] + noise
    assert k.spread.max() < 0.2
    assert k.edges is not None
    assert len(k.outcomes) == np.prod(cut.sizes)


@pytest.mark.parametrize("alphabet", ["ternary", "binary"])
def test_macro_contexts_agree_with_simulation(alphabet: str) -> None:
    cut = partition(LIF, alphabet)
    k = macro_effect(LIF, cut, 0, cells=50)
    rng = np.random.default_rng(0)
    ranges = [kernel.intervention_range(LIF, j) for j in range(3)]
    inner = [-52.0, -50.0] if alphabet == "ternary" else [-52.0]
    ends = [[r.v_low, *inner, r.v_high] for r in ranges]
    size = cut.sizes[1]
    assert len(k.inputs) == size**2
    for v, cell in ((-51.0, 48), (-50.0, 50)):
        for c, state in enumerate(order.states((1, size, size))):
            start = np.full((3, LANES), v)
            for j in (1, 2):
                x = state[j]
                start[j] = rng.uniform(ends[j][x], ends[j][x + 1], LANES)
            seen = simulated(LIF, cut, start, np.zeros_like(start), seed=c)
            p = k.rows[c, cell]
            noise = 4 * np.sqrt(p * (1 - p) / (2 * np.pi * LANES)).sum()
            assert float(distance(seen, p)) <= k.spread[c, cell] + noise


def test_cuba_lif_agrees_with_simulation() -> None:
    cut = partition(CUBA)
    k = macro_effect(CUBA, cut, 0, cells=(40, 30))
    r = kernel.intervention_range(CUBA, 0), kernel.intervention_range(CUBA, 1)
    assert k.coordinates == ("v (mV)", "i (nA)")
    assert k.edges is None
    rng = np.random.default_rng(4)
    for v, i in ((-55.0, 0.35 * r[0].i_high), (-50.0, 0.1 * r[0].i_high), (-51.0, 0.0)):
        row = int(i / r[0].i_high * 30)
        cell = 1200 + row if v >= -50 else row * 40 + int((v + 85.0) / 35.0 * 40)
        for c in range(3):  # quiet, primed, spiking: rejection from the declared range
            currents = rng.uniform(r[1].i_low, r[1].i_high, 30 * LANES)
            potentials = rng.uniform(r[1].v_low, r[1].v_high, 30 * LANES)
            step = CUBA.step().unit(1)
            spiked = potentials >= -50.0
            primed = potentials + step.score_coefficient * currents >= -52.0
            keep = np.flatnonzero(np.where(spiked, 2, primed) == c)[:LANES]
            assert len(keep) == LANES
            start = np.stack([np.full(LANES, v), potentials[keep]])
            now = np.stack([np.full(LANES, i), currents[keep]])
            seen = simulated(CUBA, cut, start, now, seed=c)
            p = k.rows[c, cell]
            noise = 4 * np.sqrt(p * (1 - p) / (2 * np.pi * LANES)).sum()
            assert float(distance(seen, p)) <= k.spread[c, cell] + noise


def test_averages_over_the_unit_give_the_macro_tpm() -> None:
    """Rows averaged over the quiet cells of the unit are those of `tpm.build`."""
    cut = partition(LIF)
    k = macro_effect(LIF, cut, 0, cells=3500)
    tpm = build(LIF, cut)
    v = k.states[:, 0]
    cells = [(v < -52.0), (v >= -52.0) & (v < -50.0), v >= -50.0]
    for x, inside in enumerate(cells):
        mean = np.average(k.rows[:, inside], axis=1, weights=k.mass[inside])
        for c, state in enumerate(order.states((1, 3, 3))):
            marginals = [np.asarray(m[(x, int(state[1]), int(state[2]))]) for m in tpm.marginals]
            joint = order.product([m[None] for m in marginals])[0]
            assert mean[c] == pytest.approx(joint, abs=1e-5)


def test_own_spike_is_the_closed_form() -> None:
    cut = partition(LIF)
    k = macro_effect(LIF, cut, 0, contexts=[[0, -65.0, -65.0], [0, -40.0, -65.0]], cells=700)
    spiking = np.array([name.startswith("spiking") for name in k.outcomes])
    own = k.rows[:, :700, spiking].sum(axis=2)
    closed = kernel.next_spike(LIF, 0, contexts=[0.0, 6.0])
    assert own == pytest.approx(closed.probability(k.states[:700, 0]), abs=1e-3)


def test_the_spread_is_the_diameter_of_the_cell() -> None:
    """No state of a cell is farther from its row than the spread, and some are nearly so far."""
    for net, alphabet in ((LIF, "ternary"), (LIF, "binary")):
        cut = partition(net, alphabet)
        others = np.array([[-55.0, -60.0, -51.0]])
        wide = macro_effect(net, cut, 0, contexts=others, cells=7)
        fine = macro_effect(net, cut, 0, contexts=others, cells=7 * 300)
        worst = np.zeros(7)
        for cell in range(7):
            inside = fine.rows[0, cell * 300 : (cell + 1) * 300]
            worst[cell] = distance(inside, wide.rows[0, cell]).max()
        assert np.all(worst <= wide.spread[0, :7] + 1e-12)
        assert np.all(worst >= 0.9 * wide.spread[0, :7] - 1e-3)


def test_below_threshold_only_the_own_factor_varies() -> None:
    """And having just spiked acts on the others: their marginals jump."""
    cut = partition(LIF)
    k = macro_effect(LIF, cut, 0, contexts=[[0.0, -52.0, -53.0]], cells=40)
    joint = k.rows[0].reshape(41, 3, 3, 3)  # (cell, unit 2, unit 1, unit 0): the first is fastest
    others = joint.sum(axis=3)
    assert others[:40] == pytest.approx(np.broadcast_to(others[0], (40, 3, 3)), abs=1e-12)
    assert np.abs(others[40] - others[0]).sum() > 0.1


@pytest.mark.parametrize("reset", ["value", "subtract"])
@pytest.mark.parametrize("refractory", [0, 1])
def test_without_noise_everything_is_certain(reset: str, refractory: int) -> None:
    net = Network(
        neuron=models.lif(reset=reset, refractory_steps=refractory, V_reset=-51.5),
        weights=[[0.0, 4.0], [3.0, 0.0]],
        drive=16,
        dt=2.0,
    )
    cut = partition(net)
    k = macro_effect(
        net, cut, 0, contexts=[[0, -51.0], [0, -50.0]], potentials=(-85, -45), cells=70
    )
    for v, cell in ((-80.0, 10), (-52.05, 65), (-50.2, 69), (-50.0, 70), (-46.0, 70)):
        for c, other in enumerate((-51.0, -50.0)):
            seen = simulated(net, cut, np.array([[v], [other]]), np.zeros((2, 1)))
            assert float(distance(seen, k.rows[c, cell])) <= k.spread[c, cell]
    exact = k.spread[:, :70] == 0
    assert exact.mean() > 0.9
    assert set(np.unique(k.rows[:, :70][exact])) <= {0.0, 1.0}


def test_one_unit_alone() -> None:
    net = Network(neuron=models.lif(), weights=[[2.0]], drive=16, noise=4, dt=2.0)
    k = macro_effect(net, partition(net), 0, cells=30)
    assert k.rows.shape == (1, 31, 3)
    assert k.outcomes == ("quiet", "primed", "spiking")
    assert k.provenance["contexts"] == ["no other units"]
    still = Network(neuron=models.lif(), weights=[[0.0]], drive=0.0, dt=2.0)
    assert macro_effect(still, partition(still), 0, cells=1).n == 2  # nothing reaches theta


class _Cut:
    """A partition that is not of the package."""

    labels = ("A", "B", "C")
    sizes = (2, 3, 2)
    thresholds = np.array([-52.0, -51.0, -53.0])


def test_alphabets_may_differ_from_unit_to_unit() -> None:
    k = macro_effect(LIF, _Cut(), "B", cells=20)
    assert len(k.outcomes) == 12
    assert len(k.inputs) == 4
    assert k.outcomes[1] == "on,quiet,off"
    law = macro_effect(LIF, _Cut(), "B", cells=20, context_law=[0.5, 0.0, 0.0, 0.5])
    assert list(law.context_law) == [0.5, 0, 0, 0.5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"contexts": "micro"}, "'macro', or micro states"),
        ({"contexts": [[0.0, 1.0]]}, "shape"),
        ({"contexts": {"i": [[0.0, 1.0, 1.0]]}}, "potentials 'v'"),
        ({"contexts": {"v": [[0.0, np.nan, 1.0]]}}, "finite"),
        ({"contexts": {"v": [[0.0, 1.0, 1.0]], "i": [[0.0], [1.0]]}}, "shape"),
        ({"contexts": [["a", "b", "c"]]}, "numbers of shape"),
        ({"cells": 0}, "whole number"),
        ({"cells": (3, 4, 5)}, "one number"),
        ({"cells": 10**8}, "entries"),
        ({"context_law": [1.0]}, "9 weights"),
        ({"potentials": (-85.0, -60.0)}, "contains the threshold"),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        macro_effect(LIF, partition(LIF), 0, **options)


def test_partitions_that_do_not_fit() -> None:
    other = LIF.subset([0, 1])
    with pytest.raises(InputError, match="one partition for each"):
        macro_effect(other, partition(LIF), 0)
    many = Network(neuron=models.lif(), weights=np.zeros((8, 8)), dt=2.0)
    with pytest.raises(InputError, match="at most 4,096"):
        macro_effect(many, partition(many), 0)
    adex = Network(neuron=models.adex(), weights=np.zeros((3, 3)), dt=0.5)
    with pytest.raises(InputError, match="closed-form"):
        macro_effect(adex, _Cut(), 0)


def test_the_result_is_a_kernel() -> None:
    k = macro_effect(LIF, partition(LIF), 0, cells=10)
    assert isinstance(k, TabulatedKernel)
    assert k.effect == "next macro state of all units"
    assert k.confidence == 1.0
    assert k.mass.sum() == pytest.approx(1.0)
