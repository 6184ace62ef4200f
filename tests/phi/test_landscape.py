"""phi_s over two parameters: every value at its place, regimes as they are selected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from causal_snn import order, phi
from causal_snn.errors import InputError
from causal_snn.phi.landscape import PhiLandscape, landscape
from causal_snn.tpm import TPM

Floats = Any
WEIGHTS = np.array([[0.2, 0.0, 1.0], [1.0, 0.2, 0.0], [0.0, 0.7, 0.4]])
STATE = (1, 0, 1)


def ring(strength: float, drive: float) -> Floats:
    spins = 2 * order.states((2,) * 3) - 1
    return 1 / (1 + np.exp(-2 * (strength * spins @ WEIGHTS.T + drive)))


@pytest.fixture(scope="module")
def found() -> PhiLandscape:
    return landscape(ring, STATE, [0.2, 0.6, 1.0, 1.4], [-0.5, 0.0, 0.5])


def test_values_are_at_their_place(found: PhiLandscape) -> None:
    """Against PyPhi, one place of each row."""
    assert found.phi_s.shape == found.independence_gap.shape == found.regime.shape == (3, 4)
    for j, i in ((0, 3), (1, 0), (2, 2)):
        theirs = phi.system(ring(found.x[i], found.y[j]), STATE, engine="pyphi").phi_s
        assert found.phi_s[j, i] == pytest.approx(theirs, abs=1e-9)
    assert len(np.unique(found.phi_s)) > 6


def test_a_row_is_a_path(found: PhiLandscape) -> None:
    along = phi.path(lambda x: ring(x, 0.5), STATE, found.x)
    np.testing.assert_array_equal(found.phi_s[2], along.phi_s)
    differ = [a != b for a, b in zip(found.regime[2], found.regime[2, 1:], strict=False)]
    for k, other in enumerate(differ):
        if other:
            assert any(found.x[k] <= change.at <= found.x[k + 1] for change in along.changes)


def test_equal_regimes_have_equal_states_and_partitions(found: PhiLandscape) -> None:
    counts = np.bincount(found.regime.ravel())
    assert list(counts) == sorted(counts, reverse=True)
    assert len(found.regimes) == len(counts) >= 2
    for j, row in enumerate(found.results):
        for i, result in enumerate(row):
            assert result is not None
            named = found.regimes[found.regime[j, i]]
            assert result.cause_state == named.cause_state
            assert result.effect_state == named.effect_state
            assert result.partition is not None
            assert named.partition is not None
            assert result.partition.cut == named.partition.cut


def test_reducible_systems_are_one_regime() -> None:
    """Two units that do not listen to each other: phi_s = 0 whatever they do."""

    def apart(a: float, b: float) -> Floats:
        on = np.array([[a, b]] * 4)
        on[1::2, 0] += 0.3
        on[2:, 1] += 0.2
        return on

    found = landscape(apart, (1, 1), [0.1, 0.4, 0.6], [0.2, 0.7])
    assert not found.phi_s.any()
    assert not found.regime.any()
    assert len(found.regimes) == 1


def test_unreachable_places_have_no_value() -> None:
    """At y = 1 the second unit is always on, so the state with it off follows nothing."""

    def family(x: float, y: float) -> Floats:
        on = np.array([[0.2, y], [0.8, y], [0.3, y], [0.9, y]])
        on[:, 0] *= x
        return on

    found = landscape(family, (1, 0), [0.5, 1.0], [0.4, 1.0])
    assert np.isnan(found.phi_s).tolist() == [[False, False], [True, True]]
    assert found.regime[1].tolist() == [-1, -1]
    assert found.results[1] == (None, None)
    assert found.to_xarray()["phi_s"].isnull().sum() == 2
    with pytest.raises(InputError, match="no TPM of the family"):
        landscape(family, (1, 0), [0.5], [1.0])


def test_gaps_ride_along() -> None:
    """Two units that share a coin: the joint row is 1/2 from the product of its marginals."""

    def family(x: float, y: float) -> TPM:
        shared = np.array([[0.5, 0.0, 0.0, 0.5]] * 4)
        apart = np.array([[0.25] * 4] * 4)
        return TPM.from_state_by_state(x * shared + (1 - x) * apart + 0 * y)

    found = landscape(family, (0, 0), [0.0, 1.0], [0.0], gap_tolerance=1.0)
    np.testing.assert_allclose(found.independence_gap, [[0.0, 0.5]], atol=1e-15)
    with pytest.raises(InputError, match=r"at x = 1, y = 0: .*not conditionally independent"):
        landscape(family, (0, 0), [0.0, 1.0], [0.0])


def test_a_single_place_and_unit() -> None:
    found = landscape(lambda x, y: [[x], [y]], (1,), [0.1], [0.8])
    assert found.phi_s.shape == (1, 1)
    assert found.phi_s[0, 0] == phi.system([[0.1], [0.8]], (1,)).phi_s > 0
    assert found.provenance["state"] == [1]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([], [0.0], "x = "),
        ([1.0, 1.0], [0.0], "x = .*increasing"),
        ([1.0], [0.0, np.nan], "y = .*increasing"),
        ([1.0], [[0.0, 1.0]], "y = .*increasing"),
        ([1.0], [0.0, np.inf], "y = .*increasing"),
    ],
)
def test_bad_axes_are_refused(x: Any, y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        landscape(ring, STATE, x, y)


def test_bad_tables_are_refused_with_their_place() -> None:
    with pytest.raises(InputError, match=r"at x = 2, y = 3: "):
        landscape(lambda x, y: [[x, 0.1]] * 4, (0, 0), [2.0], [3.0])
