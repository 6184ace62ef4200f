"""Phi of the exact engine: against PyPhi, enumeration of cuts, and published structures."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import coarse, models, order, phi, tpm
from causal_snn.errors import InputError
from causal_snn.phi.exact.distinctions import Purview
from causal_snn.phi.exact.mechanism_cut import least_loss, set_partitions
from causal_snn.phi.exact.relations import Bound, count_relations, sum_of_relations

Floats = Any
KINDS = ("ferromagnetic", "cycle", "integer", "signed", "copies")


def network(kind: str, n: int, rng: np.random.Generator) -> Floats:
    spins = 2 * order.states((2,) * n) - 1
    ring = np.roll(np.eye(n), 1, axis=1)
    weights = {
        "ferromagnetic": np.abs(rng.normal(size=(n, n))),
        "cycle": 2 * ring + 0.3 * rng.normal(size=(n, n)),
        "integer": rng.integers(0, 3, size=(n, n)),
        "signed": rng.integers(-1, 2, size=(n, n)),
        "copies": ring,
    }[kind]
    on = 1 / (1 + np.exp(-rng.choice([0.4, 0.8, 1.5]) * spins @ weights.T))
    return np.round(on) if kind == "copies" else on


def compare(on: Floats, state: tuple[int, ...], formalism: str) -> phi.StructureResult:
    ours = phi.structure(on, state, formalism=formalism)
    theirs = phi.structure(on, state, formalism=formalism, engine="pyphi")
    assert ours.phi_s == pytest.approx(theirs.phi_s, abs=1e-9)
    assert ours.big_phi == pytest.approx(theirs.big_phi, rel=1e-9, abs=1e-9)
    assert ours.relations == theirs.relations
    mine = {d.mechanism: d for d in ours.distinctions}
    for other in theirs.distinctions:
        one = mine.pop(other.mechanism)
        assert one.phi_cause == pytest.approx(other.phi_cause, abs=1e-9)
        assert one.phi_effect == pytest.approx(other.phi_effect, abs=1e-9)
        assert one.cause == other.cause
        assert one.effect == other.effect
        assert one.cause_state == other.cause_state
        assert one.effect_state == other.effect_state
    assert not mine
    return ours


def test_equals_pyphi_distinction_by_distinction() -> None:
    rng, positive = np.random.default_rng(3), 0
    for trial in range(25):
        n = 2 + trial % 2
        on = network(KINDS[trial % 5], n, rng)
        state = (1,) * n if trial % 3 else tuple(int(x) for x in rng.integers(0, 2, n))
        formalism = ("IIT_4_0_2023", "IIT_4_0_2026")[trial % 2]
        found = compare(on, state, formalism)
        positive += found.phi_s > 0
    assert positive >= 8


@pytest.mark.parametrize("name", ["basic", "pqr", "xor", "rule110"])
def test_tied_readings_are_chosen_as_pyphi_does(name: str) -> None:
    """Deterministic networks: of tied readings those count that make Phi largest."""
    import pyphi

    example = getattr(pyphi.examples, f"{name}_system")()
    found = compare(phi.from_pyphi(example), tuple(example.state), "IIT_4_0_2023")
    assert found.reading_combinations > 1 or name in ("xor", "rule110")


@pytest.mark.slow
def test_equals_pyphi_on_four_units() -> None:
    """A minute each in PyPhi."""
    rng = np.random.default_rng(4)
    for kind in ("ferromagnetic", "cycle", "integer"):
        compare(network(kind, 4, rng), (1, 1, 1, 1), "IIT_4_0_2023")


@pytest.mark.parametrize(
    ("example", "units", "phi_s", "big_phi", "distinctions", "relations"),
    [
        ("iit4_2023_fig6a", (0, 1), 0.05, 0.48, None, None),
        ("iit4_2023_fig6b", (0, 1), 0.53, 2.74, None, None),
        ("iit4_2023_fig7", (0, 1, 2, 3, 4), 1.1, 22.26, 23, 13740),
    ],
)
def test_published_structures(
    example: str,
    units: Any,
    phi_s: float,
    big_phi: float,
    distinctions: int | None,
    relations: int | None,
) -> None:
    """Albantakis et al. 2023, Figs 6 and 7, printed truncated."""
    import pyphi

    given_system = getattr(pyphi.examples, f"{example}_system")()
    tpm = phi.from_pyphi(given_system)
    found = phi.structure(tpm, given_system.state, units=units, formalism="IIT_4_0_2023")
    digits = 10 ** (1 if phi_s > 1 else 2)
    assert np.floor(found.phi_s * digits) / digits == pytest.approx(phi_s)
    assert np.floor(found.big_phi * 100) / 100 == pytest.approx(big_phi)
    if distinctions is not None:
        assert len(found.distinctions) == distinctions
        assert found.relations == relations


@pytest.mark.slow
def test_tied_readings_of_figure_7b() -> None:
    """ABcde: one distinction has two readings; the paper's 18.55 has the smaller Phi.

    S1 of Albantakis et al. 2023 takes the larger, as PyPhi 2.0.0rc4 does.
    """
    import pyphi

    tpm = phi.from_pyphi(pyphi.examples.iit4_2023_fig7_substrate())
    found = phi.structure(tpm, (1, 1, 0, 0, 0), formalism="IIT_4_0_2023")
    assert found.reading_combinations == 2
    assert len(found.distinctions) == 23
    assert found.big_phi == pytest.approx(19.316907, abs=1e-6)


# --- the least cut of a mechanism, by enumeration of cuts -------------------------------------


def cuts_of_a_mechanism(mechanism: int, purview: int) -> set[tuple[tuple[int, ...], ...]]:
    """Return every cut as the mechanism units that each purview unit keeps.

    Each unit of both sides gets one of the blocks; the mechanism is split unless all is cut.
    """
    found = set()
    for first in product(range(mechanism), repeat=mechanism):
        whole = len(set(first)) == 1
        for second in product(range(-1, mechanism), repeat=purview):  # -1: cut from everything
            if whole and any(block == first[0] for block in second):
                continue
            found.add(
                tuple(tuple(m for m in range(mechanism) if first[m] == block) for block in second)
            )
    return found


def test_known_number_of_cuts() -> None:
    assert [len(cuts_of_a_mechanism(k, k)) for k in (1, 2, 3)] == [1, 9, 121]


@settings(max_examples=60)
@given(
    rows=st.integers(1, 3),
    others=st.integers(1, 3),
    split_rows=st.booleans(),
    integer=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_least_loss_equals_enumeration(
    rows: int, others: int, split_rows: bool, integer: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    losses = (
        rng.integers(-1, 4, (rows, 2**others)).astype(float)
        if integer
        else rng.normal(0.6, 1.0, (rows, 2**others))
    )
    losses[:, -1] = 0.0
    ratios = []
    mechanism, purview = (rows, others) if split_rows else (others, rows)
    for kept in cuts_of_a_mechanism(mechanism, purview):
        # kept[z] are the mechanism units that purview unit z keeps.
        if split_rows:
            masks = [sum(1 << z for z in range(purview) if m in kept[z]) for m in range(mechanism)]
        else:
            masks = [sum(1 << m for m in part) for part in kept]
        loss = sum(losses[k, mask] for k, mask in enumerate(masks))
        count = mechanism * purview - sum(map(len, kept))
        ratios.append((loss / count, loss))
    least = min(ratio for ratio, _ in ratios)
    found = least_loss(losses, split_rows=split_rows)
    if least <= 0:  # reducible: the sign is all that counts
        assert found <= 1e-12
    else:
        want = max(loss for ratio, loss in ratios if ratio <= least + 1e-12)
        assert found == pytest.approx(want, abs=1e-9)


def test_set_partitions_are_counted_by_bell() -> None:
    assert [len(set_partitions(n)) for n in range(1, 8)] == [1, 2, 5, 15, 52, 203, 877]
    for row in set_partitions(5):
        parts = [int(mask) for mask in row if mask]
        assert sum(parts) == 31
        assert all(not a & b for a, b in combinations(parts, 2))


# --- relations, by enumeration of sets of distinctions ----------------------------------------


@settings(max_examples=60)
@given(count=st.integers(1, 6), n=st.integers(1, 4), seed=st.integers(0, 2**31))
def test_relations_equal_enumeration(count: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def purview() -> Purview:
        units = np.flatnonzero(rng.random(n) < 0.6)
        units = units if len(units) else np.array([rng.integers(n)])
        state = tuple(int(x) for x in rng.integers(0, 2, len(units)))
        return Purview(tuple(int(k) for k in units), state, float(rng.integers(1, 5)))

    some = [Bound((k,), purview(), purview()) for k in range(count)]

    def atoms(one: Bound) -> set[tuple[int, int]]:
        return set(zip(one.cause.units, one.cause.state, strict=True)) | set(
            zip(one.effect.units, one.effect.state, strict=True)
        )

    total, number = 0.0, 0
    for size in range(2, count + 1):
        for group in combinations(some, size):
            shared = set.intersection(*(atoms(one) for one in group))
            if shared:
                least = min(one.phi / len(atoms(one)) for one in group)
                total += least * len(shared)
                number += 1
    for one in some:
        own = set(zip(one.cause.units, one.cause.state, strict=True)) & set(
            zip(one.effect.units, one.effect.state, strict=True)
        )
        total += len(own) * one.phi / len(atoms(one))
        number += bool(own)
    assert sum_of_relations(some) == pytest.approx(total, rel=1e-12, abs=1e-12)
    assert count_relations(some) == number


# --- results and input ------------------------------------------------------------------------


def test_table_and_parts() -> None:
    on = network("ferromagnetic", 3, np.random.default_rng(0))
    found = phi.structure(on, (1, 1, 1))
    table = found.to_pandas()
    assert len(table) == len(found.distinctions) == 7
    assert table["phi"].sum() == pytest.approx(found.sum_phi_distinctions)
    assert found.big_phi == found.sum_phi_distinctions + found.sum_phi_relations
    assert found.system == phi.system(on, (1, 1, 1))


def test_structures_that_would_take_hours_are_refused() -> None:
    on = np.full((2**9, 9), 0.5)
    with pytest.raises(InputError, match=r"9 units.*600 s.*force=True"):
        phi.structure(on, (1,) * 9)


def test_both_engines_agree_on_request() -> None:
    on = network("cycle", 3, np.random.default_rng(0))
    assert phi.structure(on, (1, 1, 1), engine="both").big_phi > 0


def test_tied_readings_of_a_reducible_system_are_no_disagreement() -> None:
    net = models.zoo.pyloric()  # nothing hears PY, so its past ties whatever the others' states
    cells = coarse.Partition.from_thresholds(net, net.step().theta, alphabet="binary")
    table = tpm.build(net, cells)
    both = phi.structure(table, (0, 0, 0), engine="both")
    assert both.phi_s == 0
    assert both.system.ties == 2
