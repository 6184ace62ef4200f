"""phi_s over boxes of TPMs, along paths and under posteriors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import order, phi
from causal_snn.errors import InputError
from causal_snn.phi.exact.all_cuts import all_cuts
from causal_snn.phi.exact.factors import factors
from causal_snn.phi.exact.kept import losses
from causal_snn.phi.exact.outer import Box, outer_readings
from causal_snn.phi.exact.search import minimum
from causal_snn.phi.exact.specified import specified_causes, specified_effects
from causal_snn.tpm import TPM
from causal_snn.tpm.interval import IntervalTPM

Floats = Any
FORMALISMS = ("IIT_4_0_2023", "IIT_4_0_2026")


def network(n: int, rng: np.random.Generator, *, ferromagnetic: bool = True) -> Floats:
    spins = 2 * order.states((2,) * n) - 1
    weights = rng.normal(size=(n, n))
    weights = np.abs(weights) if ferromagnetic else weights
    return 1 / (1 + np.exp(-1.2 * spins @ weights.T))


# --- the list of cuts -------------------------------------------------------------------------


def test_every_cut_is_listed_once() -> None:
    """The numbers that PyPhi generates; more of them are proved in theory P2."""
    assert [len(all_cuts(n)) for n in range(1, 7)] == [1, 3, 22, 150, 1061, 7896]


@settings(max_examples=20)
@given(n=st.integers(2, 5), seed=st.integers(0, 2**31), ferromagnetic=st.booleans())
def test_the_search_finds_the_least_of_the_listed_cuts(
    n: int, seed: int, ferromagnetic: bool
) -> None:
    """Dynamic programming against going through every cut."""
    on = network(n, np.random.default_rng(seed), ferromagnetic=ferromagnetic)
    system = factors(TPM.from_state_by_node(on), (1,) * n, range(n))
    table = losses(system, specified_causes(system)[0], specified_effects(system)[0])
    kept = all_cuts(n)
    each = table[:, np.arange(n), kept].sum(axis=2).min(axis=0)
    size = (n - np.bitwise_count(kept)).sum(axis=1)
    found = minimum(table)
    if (each / size).min() > 1e-12:
        assert found.normalized == pytest.approx((each / size).min(), rel=1e-11)
    else:
        assert found.normalized <= 1e-12


# --- enclosure --------------------------------------------------------------------------------


@settings(max_examples=12)
@given(
    n=st.integers(2, 3),
    seed=st.integers(0, 2**31),
    radius=st.sampled_from([1e-3, 1e-2, 0.1, 0.3]),
    formalism=st.sampled_from(FORMALISMS),
)
def test_no_tpm_of_the_box_is_outside(n: int, seed: int, radius: float, formalism: str) -> None:
    """Random TPMs of the box and its corners, by the engine that PyPhi vouches for."""
    rng = np.random.default_rng(seed)
    on = network(n, rng, ferromagnetic=bool(seed % 2))
    low, high = np.clip(on - radius, 0, 1), np.clip(on + radius, 0, 1)
    found = phi.enclosure(low, high, (1,) * n, formalism=formalism, samples=5)
    for k in range(25):
        share = rng.random(on.shape)
        share = np.round(share) if k % 2 else share
        inside = low + share * (high - low)
        try:
            value = phi.system(inside, (1,) * n, formalism=formalism).phi_s
        except InputError:  # at an edge of [0, 1] the state may be unreachable
            continue
        assert found.outer[0] - 1e-9 <= value <= found.outer[1] + 1e-9
    assert found.outer[0] - 1e-9 <= found.inner[0] <= found.inner[1] <= found.outer[1] + 1e-9


def test_small_boxes_are_enclosed_tightly() -> None:
    """Where one cut and one pair of states are selected the bounds are reached."""
    on = network(3, np.random.default_rng(0))
    found = phi.enclosure(on - 1e-3, on + 1e-3, (1, 1, 1))
    assert len(found.readings) == 1
    assert found.outer[1] - found.outer[0] == pytest.approx(
        found.inner[1] - found.inner[0], rel=1e-6
    )
    assert found.certain


def test_a_point_is_its_own_enclosure() -> None:
    on = network(3, np.random.default_rng(1))
    for formalism in FORMALISMS:
        found = phi.enclosure(on, on, (1, 1, 1), formalism=formalism, samples=1)
        value = phi.system(on, (1, 1, 1), formalism=formalism).phi_s
        assert found.outer == pytest.approx((value, value), abs=1e-12)
        assert found.inner == pytest.approx((value, value), abs=1e-12)


def test_extreme_tpms_have_the_inner_values() -> None:
    on = network(2, np.random.default_rng(0))
    low, high = np.clip(on - 0.05, 0, 1), np.clip(on + 0.05, 0, 1)
    found = phi.enclosure(low, high, (1, 1), samples=30)
    assert phi.system(found.lowest, (1, 1)).phi_s == found.inner[0]
    assert phi.system(found.highest, (1, 1)).phi_s == found.inner[1]
    assert len(found.regimes) >= 2
    for regime in found.regimes:
        assert found.inner[0] <= regime.phi_s[0] <= regime.phi_s[1] <= found.inner[1]


def test_units_of_three_states() -> None:
    """An IntervalTPM around a TPM of ternary units; rows are made to sum to 1."""
    rng = np.random.default_rng(0)
    sizes = (3, 2)
    states = order.states(sizes)
    tables = []
    for i, size in enumerate(sizes):
        rows = 0.3 * rng.dirichlet(np.ones(size), len(states))
        rows[np.arange(len(states)), states[:, 1 - i] % size] += 0.7
        tables.append(order.unflat(rows, sizes))
    cells = (("q", "p", "s"), ("off", "on"))
    tpm = TPM(marginals=tuple(tables), labels=("A", "B"), cells=cells)
    interval = IntervalTPM(
        lower=tuple(np.clip(t - 0.02, 0, 1) for t in tables),
        upper=tuple(np.clip(t + 0.02, 0, 1) for t in tables),
        labels=("A", "B"),
        cells=cells,
    )
    found = phi.enclosure(interval, None, (1, 1), samples=40)
    value = phi.system(tpm, (1, 1)).phi_s
    assert found.outer[0] <= value <= found.outer[1]
    assert interval.contains(found.lowest)
    assert interval.contains(found.highest)
    assert found.outer[0] - 1e-9 <= found.inner[0] <= value <= found.inner[1] + 1e-9


def test_impossible_and_certain_entries() -> None:
    """Bounds that touch 0 and 1: logarithms of 0 must not leak."""
    on = np.round(network(3, np.random.default_rng(2)))
    interval = IntervalTPM.from_state_by_node(np.clip(on - 0.1, 0, 1), np.clip(on + 0.1, 0, 1))
    box = Box(interval.lower, interval.upper)
    readings = outer_readings(box, (1, 1, 1), capped=False)
    assert readings
    for reading in readings:
        assert 0.0 <= reading.phi_s[0] <= reading.phi_s[1] < np.inf


def test_bad_bounds_are_refused() -> None:
    on = network(2, np.random.default_rng(0))
    with pytest.raises(InputError, match="0 <= lower <= upper"):
        phi.enclosure(on, np.clip(on - 0.1, 0, 1), (1, 1))
    with pytest.raises(InputError, match="shape"):
        phi.enclosure(on, on[:2], (1, 1))
    with pytest.raises(InputError, match="tpm_upper = None"):
        phi.enclosure(on, None, (1, 1))
    with pytest.raises(InputError, match=r"7 units.*at most 6"):
        phi.enclosure(np.full((128, 7), 0.4), np.full((128, 7), 0.6), (1,) * 7)
    with pytest.raises(InputError, match="samples = 0"):
        phi.enclosure(on, on, (1, 1), samples=0)


# --- paths ------------------------------------------------------------------------------------


def ring(strength: float) -> Floats:
    spins = 2 * order.states((2,) * 3) - 1
    weights = np.array([[0.2, 0.0, 1.0], [1.0, 0.2, 0.0], [0.0, 0.7, 0.4]])
    return 1 / (1 + np.exp(-2 * strength * spins @ weights.T))


def test_changes_of_regime_are_located() -> None:
    found = phi.path(ring, (1, 0, 1), np.linspace(0.05, 1.5, 12), formalism="IIT_4_0_2023")
    assert found.changes
    for change in found.changes:
        assert change.before.partition != change.after.partition or (
            change.before.cause_state != change.after.cause_state
        )
        below, above = (
            phi.system(ring(change.at + d), (1, 0, 1), formalism="IIT_4_0_2023")
            for d in (-1e-6, 1e-6)
        )
        assert below.phi_s == pytest.approx(change.before.phi_s, abs=1e-4)
        assert above.phi_s == pytest.approx(change.after.phi_s, abs=1e-4)


def test_slopes_are_derivatives() -> None:
    """Against a difference ten thousand times wider, with Richardson's extrapolation."""
    found = phi.path(ring, (1, 1, 1), np.linspace(0.3, 0.9, 4), formalism="IIT_4_0_2023")

    def value(x: float) -> float:
        return phi.system(ring(x), (1, 1, 1), formalism="IIT_4_0_2023").phi_s

    checked = 0
    for x, slope in zip(found.values, found.slope, strict=True):
        h = 1e-3
        if any(abs(change.at - x) < 2 * h for change in found.changes) or np.isnan(slope):
            continue
        one = (value(x + h) - value(x - h)) / (2 * h)
        two = (value(x + 2 * h) - value(x - 2 * h)) / (4 * h)
        assert slope == pytest.approx((4 * one - two) / 3, abs=1e-5)
        checked += 1
    assert checked >= 2
    assert found.to_xarray()["phi_s"].shape == (4,)


def test_a_path_needs_increasing_values() -> None:
    with pytest.raises(InputError, match="increasing"):
        phi.path(ring, (1, 1, 1), [0.5, 0.5])


# --- posteriors -------------------------------------------------------------------------------


def test_many_counts_pin_phi_down() -> None:
    on = network(2, np.random.default_rng(4))
    trials = np.full(4, 4e8)
    found = phi.posterior(on * trials[:, None], (1, 1), trials=trials, samples=20, rng=0)
    value = phi.system(on, (1, 1)).phi_s
    assert value > 0
    assert found.samples == pytest.approx(value, abs=2e-3)
    assert found.unseen == 0
    assert found.reducible == 0.0


def test_no_counts_leave_the_prior() -> None:
    found = phi.posterior(np.zeros((4, 2)), (1, 1), trials=np.zeros(4), samples=60, rng=0)
    assert found.unseen == 4
    low, high = found.interval(0.9)
    assert 0.0 <= low < high
    again = phi.posterior(np.zeros((4, 2)), (1, 1), trials=np.zeros(4), samples=60, rng=0)
    assert np.array_equal(found.samples, again.samples)


def test_joint_counts_are_counts_of_each_unit() -> None:
    joint = np.random.default_rng(0).integers(0, 9, (4, 4))
    on = np.array([joint[:, [1, 3]].sum(1), joint[:, [2, 3]].sum(1)]).T
    one = phi.posterior(joint, (1, 0), samples=10, rng=5)
    two = phi.posterior(on, (1, 0), trials=joint.sum(1), samples=10, rng=5)
    assert np.array_equal(one.samples, two.samples)


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        (np.full((4, 2), 5.0), {"trials": np.full(4, 4.0)}, r"counts\[0\].*at most the 4 trials"),
        (np.full((4, 2), 5.0), {}, "joint counts"),
        (np.full((3, 2), 5.0), {"trials": np.full(3, 9.0)}, r"2\^n rows"),
        (np.full((4, 2), -1.0), {"trials": np.full(4, 4.0)}, "0 or more"),
        (np.full((4, 2), 1.0), {"trials": np.full(4, 4.0), "prior": 0.0}, "prior = 0.0"),
    ],
)
def test_bad_counts_are_refused(counts: Floats, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        phi.posterior(counts, (1, 1), **options)
