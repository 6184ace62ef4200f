"""Fidelity figures: each recomputed apart, in limits where the answer is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import entropy

from causal_snn import coarse, kernel, phi, tpm
from causal_snn.chips import loihi
from causal_snn.chips.brainscales import brainscales2, mismatched
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.mapping.map import map_network
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.errors import InputError
from causal_snn.models import Network, lif, zoo
from causal_snn.simulation import simulate
from causal_snn.spikes import victor_purpura
from causal_snn.studies.chip_fidelity import Fidelity, fidelity, sampled_tpm
from causal_snn.studies.chip_fidelity.driven import chip_spikes, float_spikes, noise_of
from causal_snn.studies.chip_fidelity.figures import edge_figures, row_figures
from causal_snn.studies.chip_fidelity.integration import choose_state, integrated
from causal_snn.tpm.finite import chip_tpm

FINE = fixed_point(bits=30, frac=20)
COARSE = fixed_point(bits=8, frac=1, rounding="floor")


@pytest.fixture(scope="module")
def pyloric() -> Network:
    return zoo.pyloric()


@pytest.fixture(scope="module")
def rough(pyloric: Network) -> Fidelity:
    chip = COARSE.replace(mismatch={"threshold": 0.05})
    return fidelity(pyloric, map_network(pyloric, chip), seeds=(3, 4), steps=1500, progress=False)


def chip_table(rng: np.random.Generator, sizes: tuple[int, ...]) -> tpm.TPM:
    """A random TPM of conditionally independent units."""
    return tpm.TPM(
        marginals=tuple(rng.dirichlet(np.ones(k), size=sizes) for k in sizes),
        labels=tuple("ABC"[: len(sizes)]),
        cells=tuple(tuple(map(str, range(k))) for k in sizes),
    )


def test_rows_against_definitions() -> None:
    rng = np.random.default_rng(0)
    a, b = chip_table(rng, (3, 2)), chip_table(rng, (3, 2))
    found = row_figures(a, b)
    for k, (p, q) in enumerate(zip(a.state_by_state, b.state_by_state, strict=True)):
        assert found.tv[k] == pytest.approx(max((p - q)[list(s)].sum() for s in _subsets(6)))
        assert found.kl[k] == pytest.approx(entropy(p, q, base=2))
        assert (found.unit_tv[:, k] <= found.tv[k] + 1e-12).all()
    assert found.tv[list(map(tuple, found.states)).index(found.worst)] == found.tv.max()


def _subsets(n: int) -> list[tuple[int, ...]]:
    return [tuple(i for i in range(n) if bits[i]) for bits in product((0, 1), repeat=n)]


def test_relative_entropy_is_infinite_where_the_chip_cannot_follow() -> None:
    sure = tpm.TPM.from_state_by_node([[0.0], [1.0]])
    chancy = tpm.TPM.from_state_by_node([[0.5], [1.0]])
    assert row_figures(chancy, sure).kl.tolist() == [np.inf, 0.0]
    assert row_figures(sure, chancy).kl.tolist() == [1.0, 0.0]


def test_edges_against_loops() -> None:
    rng = np.random.default_rng(1)
    sizes = (3, 2, 2)
    matrix = chip_table(rng, sizes)
    found = edge_figures(matrix, matrix)
    for i, j in product(range(3), repeat=2):
        top = sizes[i] - 1
        mean = {}
        for x in (0, sizes[j] - 1):
            rows = [s for s in product(*map(range, sizes)) if s[j] == x]
            mean[x] = np.mean([matrix.marginals[i][(*s, top)] for s in rows])
        assert found.effect[0, i, j] == pytest.approx(mean[sizes[j] - 1] - mean[0])
    assert found.correlation == pytest.approx(1.0)
    assert found.flipped == found.silenced == found.created == ()


def test_flipped_silenced_and_created_edges_are_named() -> None:
    """A copies B in one TPM; in the other it does the opposite, or nothing."""
    copies = [[0.0, 0.5], [0.0, 0.5], [1.0, 0.5], [1.0, 0.5]]  # columns A, B; A first fastest
    a = tpm.TPM.from_state_by_node(copies)
    opposite = tpm.TPM.from_state_by_node([[1.0 - p, q] for p, q in copies])
    nothing = tpm.TPM.from_state_by_node([[0.5, 0.5]] * 4)
    assert edge_figures(a, opposite).flipped == (("B", "A"),)
    assert edge_figures(a, opposite).silenced == ()
    assert edge_figures(a, nothing).silenced == (("B", "A"),)
    assert edge_figures(nothing, a).created == (("B", "A"),)
    assert np.isnan(edge_figures(a, nothing).correlation)


def test_tables_of_other_units_are_refused() -> None:
    rng = np.random.default_rng(2)
    with pytest.raises(InputError, match=r"macro states \(3, 2\)"):
        row_figures(chip_table(rng, (2, 2)), chip_table(rng, (3, 2)))
    with pytest.raises(InputError, match="the reference's units"):
        edge_figures(chip_table(rng, (2, 2)), chip_table(rng, (2, 2, 2)))


def test_integration_is_that_of_pyphi(rough: Fidelity) -> None:
    for matrix, found in zip(rough.tpms, rough.integration, strict=True):
        one = phi.structure(matrix, rough.state)
        assert (found.phi_s, found.big_phi) == (one.phi_s, one.big_phi)
        for row in (0, 4, 13, 26):
            state = tuple(int(x) for x in matrix.states[row])
            by_pyphi = phi.system(matrix, state, engine="pyphi")
            assert found.by_state[row] == pytest.approx(by_pyphi.phi_s, abs=1e-9)
        major = phi.complexes(matrix, rough.state).major
        assert major is not None
        assert (found.main_complexes, found.complex_phi_s) == ((major.labels,), major.phi_s)


def test_the_state_is_the_most_probable_that_both_can_be_in(rough: Fidelity) -> None:
    a, b = rough.tpms
    chance = a.stationary() * (b.reachable() & a.reachable())
    assert rough.state == tuple(a.states[np.argmax(chance)])
    assert "most probable" in rough.provenance["state_chosen_by"]
    assert rough.provenance["grain"] == "tick"


def test_an_unreachable_state_has_no_integrated_information() -> None:
    stuck = tpm.TPM.from_state_by_node([[0.0, 0.0]] * 4)
    found = integrated(stuck, (1, 1), formalism="IIT_4_0_2026", structure=True)
    assert not found.reachable
    assert np.isnan([found.phi_s, found.big_phi]).all()
    assert found.reasons == ("the state is unreachable",)
    free = tpm.TPM.from_state_by_node([[0.9, 0.9]] * 4)
    assert choose_state(free, stuck) == (0, 0)  # the likelier ones are closed to the chip


def test_a_fine_chip_spikes_as_the_float_network(pyloric: Network) -> None:
    mapped = map_network(pyloric, FINE)
    sigma = noise_of(mapped, pyloric, "network")
    rng = np.random.default_rng(5)
    kicks = sigma * rng.standard_normal((3000, 3))
    chip, start = chip_spikes(mapped, kicks, sigma, None, rng)
    reference = float_spikes(pyloric, kicks, start)
    assert reference.sum() > 300
    np.testing.assert_array_equal(chip, reference)


@pytest.mark.parametrize("refractory", [0, 2])
def test_float_spikes_are_those_of_the_simulator(refractory: int) -> None:
    net = Network(
        neuron=lif(refractory_steps=refractory),
        weights=[[0.0, -6.0], [9.0, 0.0]],
        drive=[24.0, 14.0],
        dt=5.0,
    )
    start = np.array([-64.0, -60.0])
    found = float_spikes(net, np.zeros((200, 2)), start)
    recording = simulate(net, 1000.0, start={"v": start}, progress=False)
    for k in range(2):
        steps = np.rint(recording.spike_times(k) / net.dt).astype(int)
        expected = np.flatnonzero(found[:, k]) + 1
        np.testing.assert_array_equal(expected, steps[steps > 0])
    assert found.sum() > 20


def test_in_the_fine_limit_every_figure_is_the_float_one(pyloric: Network) -> None:
    found = fidelity(pyloric, map_network(pyloric, FINE), steps=800, progress=False)
    assert found.rows.tv.max() < 1e-4
    assert found.rows.kl.max() < 1e-6
    assert found.edges.correlation == pytest.approx(1.0, abs=1e-6)
    assert found.same_partition
    assert found.same_complex
    np.testing.assert_allclose(found.threshold[1], found.threshold[0], atol=0.01)
    a, b = found.integration
    np.testing.assert_allclose(b.by_state, a.by_state, atol=1e-4)
    assert found.controls.victor_purpura.tolist() == [0.0, 0.0, 0.0]
    assert found.baseline.victor_purpura.min() > 0.0
    assert found.registers.information_lost == pytest.approx(found.registers.oracle, abs=1e-3)


def test_sampled_tpm_is_the_float_one_where_the_chip_is_fine(pyloric: Network) -> None:
    """An engine that knows nothing of closed forms, against tpm.build, within 5 errors."""
    units = [coarse.threshold(kernel.next_spike(pyloric, k)).partition for k in range(3)]
    mapped = map_network(pyloric, FINE)
    found = sampled_tpm(mapped, pyloric, units, noise=pyloric.noise_per_step, samples=6000, rng=1)
    exact = tpm.build(pyloric, units)
    for a, b in zip(found.marginals, exact.marginals, strict=True):
        error = np.sqrt(b * (1.0 - b) / 6000)
        assert (np.abs(a - b) <= 5.0 * error + 1e-3).all()


def test_rows_tend_to_the_float_ones_with_every_bit(pyloric: Network) -> None:
    """Roundings of a few half steps move a Gaussian by so many steps: at most 2 steps per mV.

    The potential, bias, weights, reset and threshold are each off by half a step of 2^-frac mV
    at most; a mean off by x mV changes a unit's law by x / (sigma sqrt(2 pi)), three units add.
    """
    units = [coarse.threshold(kernel.next_spike(pyloric, k)).partition for k in range(3)]
    reference = tpm.build(pyloric, units)
    half_steps = 7  # of which three are weights and sums of two
    per_mv = 3.0 / (pyloric.noise_per_step.min() * np.sqrt(2.0 * np.pi))
    for frac in (2, 6, 10, 14, 18):
        chip = fixed_point(bits=10 + frac, frac=frac, decay_bits=24)
        exact = chip_tpm(map_network(pyloric, chip), partition=units, noise="network")
        worst = row_figures(reference, exact).tv.max()
        assert 0.0 < worst <= per_mv * half_steps * 0.5 * 2.0**-frac


def test_the_sampled_tpm_is_the_exact_one_of_a_coarse_chip(pyloric: Network) -> None:
    """Draws of the chip's own engine, with nothing of the exact count, within 5 errors."""
    mapped = map_network(pyloric, fixed_point(bits=10, frac=3, rounding="floor"))
    units = [coarse.threshold(kernel.next_spike(pyloric, k)).partition for k in range(3)]
    found = sampled_tpm(mapped, pyloric, units, noise=pyloric.noise_per_step, samples=8000, rng=2)
    exact = chip_tpm(mapped, partition=units, noise="network")
    for a, b in zip(found.marginals, exact.marginals, strict=True):
        error = np.sqrt(b * (1.0 - b) / 8000)
        # Noise is rounded to 1/8 mV in the run, and is not in the exact count.
        assert (np.abs(a - b) <= 5.0 * error + 0.03).all()


def test_an_analog_chip_is_sampled_and_its_seeds_differ() -> None:
    net = zoo.half_centre()
    mapped = map_network(net, brainscales2(), approximate=True)
    found = fidelity(net, mapped, steps=100, seeds=(1, 2), samples=400, progress=False)
    assert found.provenance["chip_tpm"].startswith("one sampled step")
    assert not found.provenance["common_noise"]
    assert found.edges.tolerance == pytest.approx(2.0 / np.sqrt(400))
    assert np.isnan(found.threshold[1]).all()
    assert any("whose registers count" in note for note in found.provenance["notes"])
    k = [one.name for one in found.figures].index("total variation of rows, mean")
    assert np.ptp(found.seed_figures[:, k]) > 0.0
    assert (found.seed_figures[:, k] > found.figures[k].chip).all()  # mismatch is further off


def test_complexes_that_tie_are_all_main_ones() -> None:
    net = zoo.half_centre()
    found = fidelity(net, map_network(net, FINE), steps=2, progress=False)
    assert [one.main_complexes for one in found.integration] == [(("L",), ("R",))] * 2
    assert found.same_complex
    assert "L | R" in found.table()


def test_binary_alphabet_is_projected_and_says_so(pyloric: Network) -> None:
    units = [
        replace(coarse.threshold(kernel.next_spike(pyloric, k)).partition, alphabet="binary")
        for k in range(3)
    ]
    mapped = map_network(pyloric, FINE)
    found = fidelity(pyloric, mapped, partition=units, state=(1, 0, 0), steps=2, progress=False)
    assert found.state == (1, 0, 0)
    assert found.provenance["state_chosen_by"] == "caller"
    for one, matrix in zip(found.integration, found.tpms, strict=True):
        assert one.projected == matrix.independence_gap > 1e-3
        assert one.phi_s == phi.system(matrix.project(), (1, 0, 0)).phi_s
    assert found.rows.tv.max() < 1e-3


def test_an_edge_that_the_chip_rounds_to_nothing_is_silenced(pyloric: Network) -> None:
    mapped = map_network(pyloric, FINE)
    weights = mapped.parameters.weights.copy()
    weights[0, 1] = 0  # LP -> AB/PD
    weights[2, 0] *= -1  # AB/PD -> PY
    changed = replace(mapped, parameters=replace(mapped.parameters, weights=weights))
    found = fidelity(pyloric, changed, steps=50, structure=False, progress=False)
    assert found.edges.silenced == (("LP", "AB/PD"),)
    assert found.edges.flipped == (("AB/PD", "PY"),)
    assert found.edges.created == ()
    assert np.isnan(found.integration[0].big_phi)
    assert "silenced: LP -> AB/PD" in found.table()


def test_controls_are_those_of_the_trains(rough: Fidelity, pyloric: Network) -> None:
    mapped = map_network(pyloric, COARSE)
    sigma = pyloric.noise_per_step
    rng = np.random.default_rng(0)
    kicks = sigma * rng.standard_normal((1500, 3))
    chip, start = chip_spikes(mapped, kicks, sigma, None, rng)
    reference = float_spikes(pyloric, kicks, start)
    for k in range(3):
        times = [(np.flatnonzero(s[:, k]) + 0.5) * 5.0 for s in (reference, chip)]
        distance = victor_purpura(*times, cost=0.1)
        assert rough.controls.victor_purpura[k] == pytest.approx(distance)
        assert rough.controls.rate[1, k] == pytest.approx(chip[:, k].sum() / 7.5)


def test_seeds_are_chips_with_their_own_pattern(rough: Fidelity, pyloric: Network) -> None:
    chip = COARSE.replace(mismatch={"threshold": 0.05})
    mapped = map_network(pyloric, chip)
    one = replace(mapped, parameters=mismatched(chip, mapped.parameters, seed=4))
    alone = fidelity(pyloric, one, steps=1500, state=rough.state, progress=False)
    wanted = np.array([f.chip for f in alone.figures])
    again = np.array([f.name != "attractors of the network" for f in alone.figures])
    np.testing.assert_allclose(rough.seed_figures[1, again], wanted[again], atol=1e-9)
    assert np.isnan(rough.seed_figures[:, ~again]).all()
    whole = np.isfinite(rough.seed_figures).all(axis=0)
    assert whole.sum() > 20
    middle = np.median(rough.seed_figures[:, whole], axis=0)
    np.testing.assert_allclose(rough.quantiles[1, whole], middle)


def test_tables_say_unit_and_grain(rough: Fidelity) -> None:
    table = rough.to_dataframe()
    assert set(table["grain"]) == {"tick"}
    row = table[table["name"] == "effective information"].iloc[0]
    assert row["unit"] == "bit"
    assert row["difference"] == pytest.approx(row["chip"] - row["reference"])
    assert row["seeds 5 %"] <= row["seeds median"] <= row["seeds 95 %"]
    data = rough.to_xarray()
    assert data["effect"].sel(who="chip", target="LP", source="PY") == rough.edges.effect[1, 1, 2]
    assert data["row_tv"].attrs["units"] == "1"
    text = rough.table()
    assert "φₛ" in text
    assert "grain: tick" in text


def test_registers_of_loihi_forget_what_the_formula_says() -> None:
    net = zoo.half_centre(dt=1.0, drive=5.0)
    mapped = map_network(net, loihi())
    found = fidelity(net, mapped, steps=20, structure=False, progress=False)
    d = mapped.parameters.neuron["decay_v"]
    np.testing.assert_allclose(found.registers.information_lost, 2 * d / 4096, atol=1e-4)
    # With a bias, truncation freezes a range too: where the loss rounds to the bias.
    np.testing.assert_allclose(found.registers.fixed_points, 4096 / d, atol=1.0)
    assert (found.registers.dead_zone < 1.0).all()
    width = (found.registers.fixed_points - 1) / mapped.scale
    np.testing.assert_allclose(found.registers.dead_zone, width)


def test_equal_noise_for_both(pyloric: Network) -> None:
    """Without noise the chip's rows are the float ones without noise."""
    quiet = fidelity(
        pyloric, map_network(pyloric, FINE), noise=None, steps=50, structure=False, progress=False
    )
    reference = tpm.build(
        pyloric.replace(noise=0.0),
        [coarse.threshold(kernel.next_spike(pyloric.replace(noise=0.0), k)) for k in range(3)],
    )
    np.testing.assert_allclose(quiet.tpms[0].state_by_state, reference.state_by_state, atol=1e-12)
    assert quiet.rows.tv.max() < 1e-4
    assert quiet.baseline.victor_purpura.tolist() == [0.0] * 3


def test_bad_input(pyloric: Network) -> None:
    mapped = map_network(pyloric, COARSE)
    with pytest.raises(InputError, match="Map that network"):
        fidelity(zoo.half_centre(), mapped)
    with pytest.raises(InputError, match="a Mapped, from"):
        fidelity(pyloric, COARSE)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no mismatch: it is digital"):
        fidelity(pyloric, mapped, seeds=[1], steps=10, progress=False)
    with pytest.raises(InputError, match="noise = 'chip'"):
        fidelity(pyloric, mapped, noise="chip")
    with pytest.raises(InputError, match="0 or more, of each of 0 input channels"):
        fidelity(pyloric, mapped, inputs=[1])
    assert isinstance(mapped, Mapped)
