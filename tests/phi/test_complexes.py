"""Complexes against PyPhi's, their exclusion, bounds, interruption and resumption."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import order, phi
from causal_snn.errors import InputError
from causal_snn.phi.adapter import Substrate
from causal_snn.phi.complexes import Status
from causal_snn.phi.exact.ceiling import ceiling
from causal_snn.phi.exact.factors import factors
from causal_snn.tpm import TPM

Floats = Any


def network(trial: int, n: int, rng: np.random.Generator) -> Floats:
    spins = 2 * order.states((2,) * n) - 1
    ring = np.roll(np.eye(n), 1, axis=1)
    weights = [
        np.abs(rng.normal(size=(n, n))),
        2 * ring + 0.3 * rng.normal(size=(n, n)),
        rng.integers(0, 3, size=(n, n)),
        rng.integers(-1, 2, size=(n, n)),
        ring + ring.T,
    ][trial % 5]
    return 1 / (1 + np.exp(-rng.choice([0.4, 0.8, 1.5]) * spins @ weights.T))


def test_equal_pyphi_ties_included() -> None:
    rng = np.random.default_rng(2)
    for trial in range(15):
        on = network(trial, 3, rng)
        state = (1, 1, 1) if trial % 2 else tuple(int(x) for x in rng.integers(0, 2, 3))
        for formalism in ("IIT_4_0_2023", "IIT_4_0_2026"):
            found = phi.complexes(on, state, formalism=formalism)
            theirs = Substrate(TPM.from_state_by_node(on)).evaluate(
                state, formalism=formalism, structure=False, complexes=True
            )
            assert theirs.complexes is not None
            mine = {one.labels: one.phi_s for one in found.complexes}
            assert mine.keys() == {one.units for one in theirs.complexes}
            for one in theirs.complexes:
                assert mine[one.units] == pytest.approx(one.phi_s, abs=1e-9)


@settings(max_examples=10)
@given(trial=st.integers(0, 4), seed=st.integers(0, 2**31), n=st.integers(2, 5))
def test_each_complex_is_the_best_of_what_is_left(trial: int, seed: int, n: int) -> None:
    """Against phi_s of all subsets, each computed by itself."""
    on = network(trial, n, np.random.default_rng(seed))
    state = (1,) * n
    every = {
        units: phi.system(on, state, units=units).phi_s
        for m in range(1, n + 1)
        for units in combinations(range(n), m)
    }
    found = phi.complexes(on, state)
    taken: set[int] = set()
    for one in found.complexes:
        units = {"ABCDE".index(label) for label in one.labels}
        left = [value for u, value in every.items() if not taken & set(u)]
        assert not taken & units
        assert one.phi_s == pytest.approx(every[tuple(sorted(units))], abs=1e-12)
        if not found.unresolved:
            assert one.phi_s >= max(left) - 1e-12
        taken |= units
    assert found.excluded + len(found.evaluated) == 2**n - 1


@settings(max_examples=25)
@given(
    trial=st.integers(0, 4),
    seed=st.integers(0, 2**31),
    n=st.integers(1, 5),
    formalism=st.sampled_from(["IIT_4_0_2023", "IIT_4_0_2026"]),
)
def test_phi_s_never_exceeds_the_ceiling(trial: int, seed: int, n: int, formalism: str) -> None:
    on = network(trial, n, np.random.default_rng(seed))
    inside = factors(TPM.from_state_by_node(on), (1,) * n, range(n))
    bound = ceiling(inside, capped=formalism == "IIT_4_0_2026")
    assert phi.system(on, (1,) * n, formalism=formalism).phi_s <= bound + 1e-12


def test_nothing_irreducible_gives_no_complex() -> None:
    found = phi.complexes(np.full((8, 3), 0.5), (1, 0, 1))
    assert len(found) == 0
    assert found.major is None
    assert found.excluded == 7


def test_an_interruption_keeps_what_was_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    module = importlib.import_module("causal_snn.phi.complexes")
    real = module.system
    calls: list[Any] = []

    def stops(*args: Any, **options: Any) -> Any:
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(options["units"])
        return real(*args, **options)

    on = network(0, 4, np.random.default_rng(1))
    whole = phi.complexes(on, (1, 1, 1, 1))
    monkeypatch.setattr(module, "system", stops)
    part = phi.complexes(on, (1, 1, 1, 1))
    assert part.status is Status.INTERRUPTED
    assert len(part.evaluated) == 3
    monkeypatch.setattr(module, "system", real)
    rest = phi.complexes(on, (1, 1, 1, 1), resume=part)
    assert rest.status is Status.COMPLETE
    assert rest.complexes == whole.complexes
    with pytest.raises(InputError, match=r"resume = .*same question"):
        phi.complexes(on, (1, 1, 1, 0), resume=part)


def test_units_outside_are_background() -> None:
    on = network(0, 4, np.random.default_rng(3))
    found = phi.complexes(on, (1, 1, 1, 1), units=("A", "C"))
    assert {label for one in found.complexes for label in one.labels} <= {"A", "C"}
    assert found.excluded + len(found.evaluated) == 3


def test_too_many_units_are_refused() -> None:
    on = np.full((2**13, 13), 0.5)
    with pytest.raises(InputError, match=r"13 units.*at most 12.*8,191 systems"):
        phi.complexes(on, (1,) * 13)
