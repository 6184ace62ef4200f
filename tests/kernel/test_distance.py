"""Distances between effects: other libraries, metric axioms, inequalities between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon

from causal_snn.errors import InputError
from causal_snn.kernel.distance import NAMES, Distance, distance

Floats = NDArray[np.float64]
EVERY: tuple[Distance, ...] = ("tv", "hellinger", "js", "kl")


@st.composite
def laws(draw: st.DrawFn, count: int) -> list[Floats]:
    """Laws over the same 2 to 6 outcomes, zeros likely."""
    size = draw(st.integers(2, 6))
    weights = st.floats(0, 1).map(lambda x: 0.0 if x < 0.2 else x)
    found = []
    for _ in range(count):
        w = draw(arrays(float, size, elements=weights)) + 0.0
        if w.sum() == 0:
            w[draw(st.integers(0, size - 1))] = 1.0
        found.append(w / w.sum())
    return found


def test_known_values() -> None:
    p, q = [0.5, 0.5], [0.75, 0.25]
    assert distance(p, q) == pytest.approx(0.25)
    assert distance(p, q, "kl") == pytest.approx(0.5 * np.log2(4 / 3))
    assert distance(p, q, "hellinger") ** 2 == pytest.approx(
        1 - np.sqrt(0.375) - np.sqrt(0.125)
    )  # 1 - the Bhattacharyya coefficient
    for name in EVERY:
        assert distance([1, 0], [0, 1], name) == (np.inf if name == "kl" else 1.0)
    assert distance([1, 0], [0.5, 0.5], "kl") == 1.0
    assert distance([0.5, 0.5], [1, 0], "kl") == np.inf


@given(laws(2))
def test_other_libraries_agree(pair: list[Floats]) -> None:
    p, q = pair
    assert distance(p, q, "js") == pytest.approx(jensenshannon(p, q, base=2), abs=1e-7)
    assert distance(p, q, "kl") == pytest.approx(stats.entropy(p, q, base=2), rel=1e-9, abs=1e-12)
    # Total variation is the largest difference of the probability of an event.
    events = (np.arange(2 ** len(p))[:, None] >> np.arange(len(p))) & 1
    assert distance(p, q) == pytest.approx(np.max(events @ (p - q)), abs=1e-12)


@given(laws(3))
def test_metric_axioms(three: list[Floats]) -> None:
    p, q, r = three
    for name in EVERY:
        assert distance(p, p, name) == pytest.approx(0.0, abs=1e-7)
        assert distance(p, q, name) >= 0
        if name != "kl":
            there, back = distance(p, q, name), distance(q, p, name)
            assert there == pytest.approx(back, abs=1e-12)
            around = distance(p, r, name) + distance(r, q, name)
            assert there <= around + 1e-7
            assert there <= 1 + 1e-12


@given(laws(2))
def test_inequalities_between_them(pair: list[Floats]) -> None:
    p, q = pair
    tv, hellinger, kl = (float(distance(p, q, name)) for name in (EVERY[0], EVERY[1], EVERY[3]))
    assert hellinger**2 <= tv + 1e-12
    assert tv <= hellinger * np.sqrt(2 - hellinger**2) + 1e-12
    assert tv <= np.sqrt(kl * np.log(2) / 2) + 1e-9  # Pinsker
    assert float(distance(p, q, "js")) ** 2 <= tv + 1e-12  # Lin, IEEE Trans Inf Theory 37:145


@given(laws(2), laws(2), st.integers(0, 3))
def test_products_and_channels(first: list[Floats], second: list[Floats], seed: int) -> None:
    (p, q), (r, s) = first, second
    one, other = (np.outer(*pair).ravel() for pair in ((p, r), (q, s)))
    parts = [1 - distance(a, b, "hellinger") ** 2 for a, b in (first, second)]
    assert 1 - distance(one, other, "hellinger") ** 2 == pytest.approx(
        parts[0] * parts[1], abs=1e-12
    )
    sums = float(distance(p, q, "kl")) + float(distance(r, s, "kl"))
    assert float(distance(one, other, "kl")) == pytest.approx(sums, rel=1e-9, abs=1e-9)
    channel = np.random.default_rng(seed).dirichlet(np.ones(3), len(p))
    for name in EVERY:  # data processing
        assert distance(p @ channel, q @ channel, name) <= distance(p, q, name) + 1e-9


def test_shapes_broadcast_and_bad_names() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(4), (5, 1))
    q = np.random.default_rng(1).dirichlet(np.ones(4), 3)
    for name in EVERY:
        found = distance(p, q, name)
        assert found.shape == (5, 3)
        assert found[2, 1] == distance(p[2, 0], q[1], name)
    assert set(NAMES) == set(EVERY)
    with pytest.raises(InputError, match="distance = 'l2'"):
        distance([1.0], [1.0], "l2")  # type: ignore[arg-type]
