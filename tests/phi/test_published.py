"""Integrated information against published values and against PyPhi called directly.

The example systems are PyPhi's own; the values are from the papers, which truncate rather
than round, so that they are matched from above to one unit of the last digit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from causal_snn import phi
from causal_snn.tpm import TPM

FORMALISMS = ("IIT_4_0_2023", "IIT_4_0_2026")


def as_tpm(substrate: Any) -> TPM:
    factors = [np.asarray(substrate.factored_tpm.factor(k)) for k in range(substrate.size)]
    sizes = factors[0].shape[:-1]
    return TPM(
        marginals=tuple(factors),
        labels=tuple(str(label) for label in substrate.node_labels),
        cells=tuple(tuple(str(x) for x in range(size)) for size in sizes),
    )


def example(name: str) -> tuple[TPM, tuple[int, ...]]:
    from pyphi import examples

    system = getattr(examples, f"{name}_system")()
    return as_tpm(system.substrate), tuple(int(x) for x in system.state)


def truncated(found: float, printed: float, digits: int) -> bool:
    return printed - 1e-9 <= found < printed + 10.0**-digits


def test_albantakis_2023_figure_1() -> None:
    # Albantakis et al., PLOS Comput Biol 19:e1011465 (2023), Fig 1, state aBC.
    matrix, state = example("iit4_2023_fig1a")
    whole = phi.analyze(matrix, state, formalism="IIT_4_0_2023", structure=False)
    assert truncated(whole.phi_s, 0.13, 2)
    assert whole.phi_s == pytest.approx(0.13387, abs=1e-5)
    assert whole.complexes is not None
    found = {complex_.units: complex_.phi_s for complex_ in whole.complexes}
    labels = matrix.labels
    assert found[(labels[2],)] == pytest.approx(0.212, abs=1e-3)
    # aB has the highest phi_s that is left once C is a complex of its own (Fig 1: .17).
    assert truncated(found[labels[:2]], 0.17, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "units", "phi_s", "big_phi"),
    [("iit4_2023_fig6a", 2, 0.05, 0.48), ("iit4_2023_fig6b", 2, 0.53, 2.74)],
)
def test_albantakis_2023_figure_6(name: str, units: int, phi_s: float, big_phi: float) -> None:
    from pyphi import System, config, examples, iit4_2023

    matrix, state = example(name)
    result = phi.analyze(matrix, state, formalism="IIT_4_0_2023", structure=False)
    best = result.major_complex
    assert best is not None
    assert len(best.units) == units
    assert truncated(best.phi_s, phi_s, 2)
    substrate = getattr(examples, f"{name}_substrate")()
    subset = tuple(matrix.labels.index(unit) for unit in best.units)
    with config.override(**iit4_2023):
        assert float(System(substrate, state, subset=subset).ces().big_phi) == pytest.approx(
            big_phi, abs=0.01
        )


def test_oizumi_2014_figure_12() -> None:
    # OR, AND, XOR in state 100: Phi = 1.92 = 23/12; Oizumi, Albantakis, Tononi 2014.
    states = np.array(list(np.ndindex(2, 2, 2)))[:, ::-1]  # little-endian rows
    a, b, c = states.T
    table = np.stack([b | c, a & c, a ^ b], axis=1)
    result = phi.analyze(TPM.from_state_by_node(table), (1, 0, 0), formalism="IIT_3_0")
    assert result.big_phi == pytest.approx(23 / 12, abs=1e-5)
    assert result.phi_s == result.big_phi


@pytest.mark.parametrize("formalism", FORMALISMS)
@pytest.mark.parametrize("seed", range(4))
def test_equal_to_pyphi_on_the_same_tpm(formalism: str, seed: int) -> None:
    import pyphi

    rng = np.random.default_rng(seed)
    weights = rng.normal(scale=2.0, size=(3, 3))
    states = np.array(list(np.ndindex(2, 2, 2)))[:, ::-1]
    table = 1 / (1 + np.exp(-(states * 2 - 1) @ weights.T))
    for state in ((0, 0, 0), (1, 0, 1)):
        direct = pyphi.analyze(pyphi.Substrate(table), state, formalism=formalism)
        matrix = TPM.from_state_by_node(table)
        ours = phi.analyze(matrix, state, formalism=formalism)
        assert ours.phi_s == pytest.approx(direct.phi, abs=1e-9)
        assert ours.big_phi == pytest.approx(direct.big_phi, abs=1e-9)
        assert ours.distinctions == len(direct.ces.distinctions)
        assert ours.cause_state == tuple(direct.sia.system_state.cause.state)
        assert ours.effect_state == tuple(direct.sia.system_state.effect.state)
        cut = np.asarray(direct.sia.partition.cut_matrix(3))
        assert ours.mip is not None
        labels = matrix.labels
        assert {(labels.index(a), labels.index(b)) for a, b in ours.mip.cut} == {
            (int(a), int(b)) for a, b in np.argwhere(cut)
        }
        assert ours.big_phi == pytest.approx(
            ours.sum_phi_distinctions + ours.sum_phi_relations  # type: ignore[operator]
        )
        with pyphi.config.override(**getattr(pyphi, f"iit4_{formalism[-4:]}")):
            expected = pyphi.Substrate(table).complexes(state)
        assert [c.phi_s for c in ours.complexes or ()] == pytest.approx(
            [float(c.phi) for c in expected], abs=1e-9
        )


@pytest.mark.parametrize("formalism", [*FORMALISMS, "IIT_3_0"])
def test_multivalued_units_equal_pyphi(formalism: str) -> None:
    import pyphi

    rng = np.random.default_rng(3)
    factors = [rng.random((3, 2, k)) ** 4 for k in (3, 2)]
    factors = [f / f.sum(axis=-1, keepdims=True) for f in factors]
    matrix = TPM(tuple(factors), ("A", "B"), (("q", "p", "s"), ("off", "on")))
    for state in ((0, 0), (2, 1)):
        direct = pyphi.analyze(
            pyphi.Substrate(marginals=factors), state, formalism=formalism, compute="sia"
        )
        assert phi.analyze(matrix, state, formalism=formalism).phi_s == pytest.approx(
            float(direct.phi), abs=1e-9
        )


def test_deterministic_systems_have_no_intrinsic_differentiation() -> None:
    # The 2026 requirement caps phi_s by the intrinsic information, 0 where all is certain.
    matrix, state = example("basic")
    assert phi.analyze(matrix, state, formalism="IIT_4_0_2023").phi_s == pytest.approx(
        0.415, abs=1e-3
    )
    assert phi.analyze(matrix, state, formalism="IIT_4_0_2026").phi_s == 0.0
