"""The reference that chips are compared with: the same law on both sides, for any network."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from causal_snn import coarse, kernel, tpm
from causal_snn.chips import loihi
from causal_snn.chips.brainscales import brainscales2
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.mapping.map import map_network
from causal_snn.chips.odin import odin
from causal_snn.chips.spinnaker import spinnaker1, spinnaker2
from causal_snn.errors import InputError
from causal_snn.models import Network, cuba_lif, lif, zoo
from causal_snn.studies import critical_precision
from causal_snn.studies.chip_fidelity import fidelity
from causal_snn.studies.chip_fidelity.reference import (
    default_partition,
    reference_tpm,
    table_threshold,
)

W = np.array([[0.0, 4.0, -2.0], [6.0, 0.0, 3.0], [1.0, -4.0, 0.0]])


def with_currents(**changes: Any) -> Network:
    neuron = cuba_lif(tau=10.0, tau_syn=5.0, R=1.0, step="euler", arrival="start")
    given: dict[str, Any] = {"weights": 9.0 * W, "drive": [16.0, 14.0, 10.0], "noise": 2.0}
    return Network(neuron=neuron, dt=1.0, **(given | changes))


def without(**changes: Any) -> Network:
    given: dict[str, Any] = {"weights": W, "drive": 14.0, "noise": 1.0} | changes
    return Network(neuron=lif(), dt=1.0, **given)


def test_without_currents_it_is_the_library_s_own() -> None:
    for net in (without(), without(noise=0.0), zoo.pyloric()):
        units = [coarse.threshold(kernel.next_spike(net, k)).partition for k in range(net.n)]
        assert default_partition(net).units == tuple(units)
        found = reference_tpm(net, units)
        np.testing.assert_array_equal(found.state_by_state, tpm.build(net, units).state_by_state)


def test_currents_are_at_rest_as_a_table_of_small_cells_has_it() -> None:
    """A sum over 20000 potentials of a cell, currents 0, one step each by the step map."""
    from scipy.stats import norm

    net = with_currents()
    cells = default_partition(net)
    found = reference_tpm(net, cells.units)
    step = net.step()
    state = (1, 2, 0)
    sent = np.array([0.0, 1.0, 0.0])
    for k, unit in enumerate(cells.units):
        one = step.unit(k)
        ends = [one.V_min, unit.threshold, one.theta]
        if state[k] == 2:
            v = np.array([one.theta])
        else:
            low, high = ends[state[k]], ends[state[k] + 1]
            v = low + (np.arange(20_000) + 0.5) / 20_000 * (high - low)
        mean, _ = one.mean(v, 0.0, state[k] == 2, float(net.weights[k] @ sent))
        over = norm.sf((np.array([unit.threshold, one.theta])[:, None] - mean) / one.sigma)
        spike = over[1].mean()
        assert found.marginals[k][(*state, 2)] == pytest.approx(spike, abs=1e-6)
        assert found.marginals[k][(*state, 0)] == pytest.approx(1.0 - over[0].mean(), abs=1e-6)


def test_neurons_with_currents_are_not_blamed_on_the_chip() -> None:
    net = with_currents()
    found = fidelity(net, map_network(net, loihi()), steps=50, progress=False)
    assert found.rows.tv.max() < 0.02
    assert np.abs(found.threshold[1] - found.threshold[0]).max() < 0.05
    assert "at rest" in found.provenance["synaptic_currents"]
    spread = tpm.build(net, default_partition(net))  # currents over their declared range
    assert 0.5 * np.abs(
        spread.state_by_state - found.tpms[1].state_by_state
    ).sum(axis=1).max() > 0.5  # fmt: skip


def test_with_currents_rows_tend_to_the_reference_with_every_bit() -> None:
    net = with_currents()
    apart = []
    for bits in (12, 16, 20):
        chip = fixed_point(bits, bits - 11, current=True, decay_bits=24)
        found = fidelity(net, map_network(net, chip), steps=2, structure=False, progress=False)
        apart.append(found.rows.tv.max())
    assert apart[0] < 0.5
    assert all(b < a / 4 for a, b in pairwise(apart))
    assert apart[-1] < 3e-3


@pytest.mark.parametrize("seed", range(4))
def test_a_network_is_true_to_itself(seed: int) -> None:
    """Any network on a chip that is fine enough: nothing is lost, cut or moved."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 4))
    weights = 3.0 * rng.integers(-3, 4, (n, n)) * (1 - np.eye(n))
    given: dict[str, Any] = {
        "weights": weights if seed else -np.abs(weights),
        "drive": rng.uniform(10.0, 16.0, n),
        "noise": rng.uniform(2.0, 4.0),
    }
    net = without(**given) if seed % 2 else with_currents(**given)
    chip = fixed_point(38, 22, decay_bits=24, current=not seed % 2)
    found = fidelity(net, map_network(net, chip), steps=200, progress=False)
    assert found.rows.tv.max() < 1e-5
    a, b = found.integration
    np.testing.assert_allclose(b.by_state, a.by_state, atol=1e-4)
    assert abs(a.phi_s - b.phi_s) < 1e-4
    assert abs(a.big_phi - b.big_phi) < 1e-3
    assert found.same_partition is not False
    assert found.same_complex is not False
    assert found.edges.flipped == found.edges.silenced == found.edges.created == ()
    assert np.nanmax(np.abs(found.threshold[1] - found.threshold[0])) < 0.02
    assert found.controls.victor_purpura.max() == 0.0


def test_thresholds_that_do_equally_well_are_no_shift() -> None:
    """Unit B: inputs outweigh noise, so that any threshold over 4 mV has epsilon 1."""
    net = without()
    closed = coarse.threshold(kernel.next_spike(net, 1)).threshold
    found = fidelity(net, map_network(net, spinnaker1()), steps=2, structure=False, progress=False)
    assert found.threshold[0, 1] == table_threshold(net, 1)
    assert abs(found.threshold[0, 1] - closed) > 0.5
    assert np.abs(found.threshold[1] - found.threshold[0]).max() < 1e-3


def test_where_no_potential_matters_there_is_no_threshold() -> None:
    net = without(weights=np.zeros((2, 2)), drive=0.0, noise=0.0)
    found = fidelity(net, map_network(net, loihi()), steps=2, structure=False, progress=False)
    assert np.isnan(found.threshold).all()
    assert found.rows.tv.max() == 0.0
    shift = next(one for one in found.figures if one.name.startswith("largest shift"))
    assert np.isnan(shift.chip)


def test_floats_and_events_are_exact_too() -> None:
    net = without()
    found = fidelity(net, map_network(net, spinnaker2()), steps=2, structure=False, progress=False)
    assert found.provenance["chip_tpm"].startswith("exact")
    assert 0.0 < found.rows.tv.max() < 0.03  # weights of 8 bits
    assert np.isfinite(found.threshold).all()
    quiet = Network(
        neuron=lif(E=0.0, theta=15.0, V_reset=0.0),
        weights=[[0.0, 9.0], [8.0, 0.0]],
        dt=1.0,
        noise=1.0,
    )
    events = fidelity(
        quiet, map_network(quiet, odin()), noise=None, steps=20, structure=False, progress=False
    )
    assert events.provenance["chip_tpm"].startswith("exact")
    with pytest.raises(InputError, match=r"serial.*noise=None"):
        fidelity(quiet, map_network(quiet, odin()), steps=2, progress=False)


def test_inputs_must_reach_both() -> None:
    net, brought = with_currents(), np.array([[3.0], [1.0], [2.0]])
    chip = fixed_point(34, 20, decay_bits=24, current=True)
    mapped = map_network(net, chip, input_weights=brought)
    with pytest.raises(InputError, match=r"inputs = \[1\].*bias \+ input_weights @ inputs"):
        fidelity(net, mapped, inputs=[1], steps=2, progress=False)
    driven = net.replace(bias=brought[:, 0])
    found = fidelity(driven, mapped, inputs=[1], steps=2, structure=False, progress=False)
    assert found.rows.tv.max() < 1e-4


def test_laws_that_both_have() -> None:
    net = without()
    mapped = map_network(net, fixed_point(10, 3))
    with pytest.raises(InputError, match=r"law = 'maximum_entropy': one of 'uniform'"):
        fidelity(net, mapped, law="maximum_entropy", progress=False)
    with pytest.raises(InputError, match=r"law = 'worst': one of 'uniform'"):
        critical_precision(net, bits=[4], law="worst", progress=False)
    with pytest.raises(InputError, match=r"0 with law='stationary'"):
        fidelity(net, mapped, law="stationary", steps=2, progress=False)
    pair = zoo.half_centre()
    with pytest.raises(InputError, match=r"law = 'stationary': 'uniform' on brainscales2"):
        fidelity(
            pair,
            map_network(pair, brainscales2(), approximate=True),
            law="stationary",
            steps=2,
            progress=False,
        )


def test_in_the_long_run_both_are_where_the_network_goes() -> None:
    """Two pacemakers without noise and without chance: the float orbit and the chip's agree."""
    net = without(weights=[[0.0, -3.0], [3.0, 0.0]], drive=[60.0, 45.0], noise=0.0)
    chip = fixed_point(24, 13, decay_bits=24)
    found = fidelity(
        net,
        map_network(net, chip),
        law="stationary",
        noise=None,
        steps=2,
        structure=False,
        progress=False,
    )
    a, b = found.tpms
    assert a.law == "stationary_joint"
    assert b.law == "stationary"
    visited = np.asarray(a.provenance["visits"]) > 500
    assert visited.sum() > 2
    np.testing.assert_allclose(b.state_by_state[visited], a.state_by_state[visited], atol=0.1)


def test_a_sweep_uses_the_same_reference() -> None:
    net = with_currents()
    one = fidelity(net, map_network(net, loihi()), steps=2, structure=False, progress=False)
    found = critical_precision(
        net, chip=loihi(), bits=None, decay_bits=12, measures=["tv", "ei"], progress=False
    )
    assert found.points[0].values["tv"] == pytest.approx(one.rows.tv.max(), abs=1e-12)
    assert found.reference["ei"] == pytest.approx(one.information[0].effective_information)


def test_scores_with_a_current_are_cut_on_the_potential() -> None:
    net = with_currents()
    scored = [coarse.threshold(kernel.next_spike(net, k)).partition for k in range(3)]
    assert scored[0].score_coefficient > 0.0
    cut = [replace(unit, score_coefficient=0.0) for unit in scored]
    np.testing.assert_array_equal(
        reference_tpm(net, scored).state_by_state, reference_tpm(net, cut).state_by_state
    )
