"""What phi.analyze refuses, warns of, and promises."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from causal_snn import coarse, kernel, models, phi, tpm
from causal_snn.errors import InputError, StageWarning
from causal_snn.models import Network
from causal_snn.phi import cost
from causal_snn.tpm import TPM


def macro(net: Network, alphabet: coarse.Alphabet = "ternary") -> TPM:
    cells = [coarse.threshold(kernel.next_spike(net, k), alphabet=alphabet) for k in range(net.n)]
    return tpm.build(net, cells)


def correlated() -> TPM:
    return TPM.from_state_by_state(np.tile([0.4, 0.1, 0.1, 0.4], (4, 1)))


def test_a_feed_forward_network_is_not_integrated() -> None:
    alphabets: tuple[coarse.Alphabet, ...] = ("ternary", "binary")
    for alphabet in alphabets:
        net = models.zoo.feed_forward(3)
        matrix = macro(net, alphabet).project()
        found = phi.analyze(matrix, structure=False, complexes=False)
        assert found.phi_s == pytest.approx(np.zeros(len(found)), abs=1e-12)


def test_a_ring_is_integrated_in_some_states_and_not_in_others() -> None:
    found = phi.analyze(macro(models.zoo.excitatory_ring()), structure=False)
    assert len(found) == 27
    assert found.phi_s.max() > 0.1
    assert found.phi_s.min() < 1e-9
    best = found.results[int(np.argmax(found.phi_s))]
    assert best.major_complex is not None
    assert best.mip is not None
    assert best.mip.cut
    assert best.mip.normalized_phi == pytest.approx(best.phi_s / len(best.mip.cut))


def test_equivalent_states_of_a_symmetric_ring_agree() -> None:
    found = phi.analyze(macro(models.zoo.excitatory_ring()), structure=False, complexes=False)
    for state in ((0, 0, 1), (2, 1, 0)):
        turned = [tuple(np.roll(state, k)) for k in range(3)]
        values = [found[t].phi_s for t in turned]
        assert values == pytest.approx([values[0]] * 3, abs=1e-9)


def test_a_spurious_phi_is_warned_of_refused_or_projected() -> None:
    with pytest.warns(StageWarning, match=r"0\.3 \(total variation\).*spurious.*ternary"):
        loose = phi.analyze(correlated(), (0, 0))
    assert loose.independence_gap == pytest.approx(0.3)
    with pytest.raises(InputError, match="not conditionally independent"):
        phi.analyze(correlated(), (0, 0), strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        accepted = phi.analyze(correlated().project(), (0, 0), strict=True)
    assert accepted.phi_s == loose.phi_s
    assert accepted.provenance["projection_distance"] == pytest.approx(0.3)


@pytest.mark.parametrize(("gap", "warned"), [(1e-3, True), (1e-7, False)])
def test_the_tolerance_is_one_in_a_million(gap: float, warned: bool) -> None:
    row = np.array([0.25 + gap / 2, 0.25 - gap / 2, 0.25 - gap / 2, 0.25 + gap / 2])
    matrix = TPM.from_state_by_state(np.tile(row, (4, 1)))
    assert matrix.independence_gap == pytest.approx(gap)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        phi.analyze(matrix, (0, 0))
    assert bool(said) == warned


@pytest.mark.parametrize("law", ["uniform", "stationary"])
def test_hardly_any_noise(law: tpm.within_cell.LawName) -> None:
    from causal_snn import analyze

    weights = 3.0 * (1 - np.eye(2))
    net = Network(neuron=models.lif(), weights=weights, drive=5.0, noise=0.05, dt=1.0)
    report = analyze(net, law=law)
    assert report.phi_by_state is not None
    assert len(report.phi_by_state) + len(report.phi_by_state.unreachable) == 9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "size", "formalism"),
    [(4, 2, "IIT_4_0_2026"), (4, 3, "IIT_4_0_2026"), (5, 3, "IIT_4_0_2023"), (3, 2, "IIT_3_0")],
)
def test_costs_are_estimated_to_an_order_of_magnitude(n: int, size: int, formalism: str) -> None:
    import time

    rng = np.random.default_rng(0)
    shape = (size,) * n
    factors = [rng.random((*shape, size)) for _ in range(n)]
    matrix = TPM(
        tuple(f / f.sum(axis=-1, keepdims=True) for f in factors),
        tuple("ABCDE"[:n]),
        (tuple("abc"[:size]),) * n,
    )
    phi.analyze(matrix, (0,) * n, formalism=formalism, structure=False)  # warm caches of PyPhi
    began = time.perf_counter()
    phi.analyze(matrix, (1,) * n, formalism=formalism, structure=False)
    measured = time.perf_counter() - began
    assert 0.1 < cost.seconds(shape, formalism=formalism) / measured < 10


def test_unreachable_states_are_named_or_left_out() -> None:
    matrix = TPM.from_state_by_node([[0, 0], [1, 0], [0, 0], [1, 0]])
    with pytest.raises(InputError, match=r"\(0, 1\) \(A off, B on\) is unreachable"):
        phi.analyze(matrix, (0, 1))
    found = phi.analyze(matrix)
    assert found.unreachable == ((0, 1), (1, 1))
    with pytest.raises(InputError, match="unreachable or was not analysed"):
        found[(0, 1)]


@pytest.mark.parametrize(
    ("state", "message"),
    [((0,), "2 numbers, one for each unit"), ((0, 2), "0 to 1 for unit 1, not 2")],
)
def test_states_are_checked(state: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        phi.analyze(TPM.from_state_by_node(np.full((4, 2), 0.5)), state)


def test_a_plain_state_by_node_table_will_do() -> None:
    table = np.random.default_rng(0).random((4, 2))
    plain = phi.analyze(table.tolist(), (0, 1))
    assert plain.phi_s == phi.analyze(TPM.from_state_by_node(table), (0, 1)).phi_s


def test_unknown_formalisms_are_named() -> None:
    with pytest.raises(InputError, match="formalism = 'IIT_5': one of 'IIT_4_0_2026'"):
        phi.analyze(correlated(), (0, 0), formalism="IIT_5")


def test_too_many_units_are_refused_before_any_work() -> None:
    big = TPM.from_state_by_node(np.full((2**9, 9), 0.5))
    with pytest.raises(InputError) as refused:
        phi.analyze(big, (0,) * 9)
    assert "4,419,572 partitions" in str(refused.value)
    assert "hours" in str(refused.value)
    assert "at most 7 units (as units=" in str(refused.value)


def test_phi_of_structures_only_where_it_is_cheap_or_asked_for() -> None:
    small = TPM.from_state_by_node(np.random.default_rng(0).random((4, 2)))
    assert phi.analyze(small, (0, 0)).big_phi is not None
    assert phi.analyze(small, (0, 0), structure=False).big_phi is None
    assert phi.analyze(small, (0, 0), complexes=False).complexes is None


def test_one_unit_alone() -> None:
    net = Network(neuron=models.lif(), weights=[[0.0]], drive=16, noise=3, dt=5.0)
    result = phi.analyze(macro(net), (0,))
    assert result.phi_s > 0  # its own memory is all there is


def test_stray_configuration_does_not_change_results() -> None:
    import pyphi

    matrix = TPM.from_state_by_node(np.random.default_rng(1).random((8, 3)) ** 3)
    before = phi.analyze(matrix, (0, 0, 0)).phi_s
    kept = pyphi.config.precision
    with pyphi.config.override(precision=2, system_partition_scheme="DIRECTED_BIPARTITION"):
        assert phi.analyze(matrix, (0, 0, 0)).phi_s == before
    assert pyphi.config.precision == kept


def test_partition_counts_are_those_pyphi_generates() -> None:
    from pyphi.partition import directed_set_partitions

    published = [1, 3, 22, 150, 1061, 7896, 61888, 510313, 4419572]
    assert [cost.partitions(n) for n in range(1, 10)] == published
    for n in range(2, 6):
        cuts = {part.cut_matrix(n).tobytes() for part in directed_set_partitions(tuple(range(n)))}
        assert len(cuts) == cost.partitions(n)


def test_durations_in_words() -> None:
    assert [cost.in_words(s) for s in (5, 600, 8000, 2e5, 1e9)] == [
        "about 5 seconds",
        "about 10 minutes",
        "about 2.2 hours",
        "about 2.3 days",
        "about 32 years",
    ]
