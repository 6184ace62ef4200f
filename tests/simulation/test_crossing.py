"""Missed crossings against finely simulated paths, and limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from causal_snn.errors import InputError
from causal_snn.simulation.crossing import missed_crossing

Floats = NDArray[np.float64]
# The grid of a fine path misses crossings too: it behaves as a threshold that is higher by 0.5826
# of its noise per step (Broadie, Glasserman and Kou, Math Finance 7:325, 1997).
BROADIE = 0.5826


def fine_paths(
    start: float, asymptote: float, theta: float, tau: float, sd: float, dt: float, lanes: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return where paths of tau dv = (m - v) dt + noise end, and whether they reached theta."""
    parts = 200
    a = np.exp(-dt / tau / parts)
    sigma = sd * np.sqrt(1 - a * a)
    rng = np.random.default_rng(11)
    v = np.full(lanes, start)
    crossed = np.zeros(lanes, dtype=bool)
    lowered = theta - BROADIE * sigma
    for k in range(parts):
        v = asymptote + a * (v - asymptote) + sigma * rng.standard_normal(lanes)
        if k < parts - 1:
            crossed |= v >= lowered
    return v, crossed | (v >= theta)


@pytest.mark.parametrize("asymptote", [-50.0, -65.0, -46.0])
@pytest.mark.parametrize("start", [-50.8, -52.5])
def test_against_fine_paths(asymptote: float, start: float) -> None:
    """In bins of the end point, within 4 standard errors and the theory's O(dt^(3/2)).

    `shift` is d of S4: with both gaps moved by it, the formula brackets the truth.
    """
    theta, tau, sd, dt, lanes = -50.0, 20.0, 4.0, 0.5, 40_000
    a = np.exp(-dt / tau)
    sigma = sd * np.sqrt(1 - a * a)
    end, crossed = fine_paths(start, asymptote, theta, tau, sd, dt, lanes)
    shift = abs(theta - asymptote) * (1 - a) ** 2 / (4 * a * (1 + a))
    seen = 0
    for lo, hi in ((-51.0, -50.2), (-52.0, -51.0), (-53.5, -52.0)):
        here = (end >= lo) & (end < hi)
        p = missed_crossing(start, end[here], threshold=theta, decay=a, sigma=sigma)
        mean = float(p.mean())
        error = np.sqrt(np.mean(p * (1 - p)) / here.sum())
        slack = 2 * shift * (2 * theta - start - lo) / sigma**2 * mean
        assert abs(crossed[here].mean() - mean) <= 4 * error + slack + 0.004
        seen += int(here.sum())
    assert seen > lanes / 4


def test_brownian_motion_is_the_limit() -> None:
    exact = np.exp(-2 * 1.5 * 0.7 / 0.9**2)
    found = missed_crossing(-1.5, -0.7, threshold=0.0, decay=1.0, sigma=0.9)
    assert found.shape == ()
    assert found == pytest.approx(exact, rel=1e-14)


@given(
    gaps=st.tuples(st.floats(1e-6, 50), st.floats(1e-6, 50)),
    decay=st.floats(0.01, 1),
    sigma=st.floats(1e-3, 20),
)
def test_a_probability_that_falls_with_distance(
    gaps: tuple[float, float], decay: float, sigma: float
) -> None:
    def p(first: float, last: float) -> float:
        return float(missed_crossing(-first, -last, threshold=0.0, decay=decay, sigma=sigma))

    assert 0.0 <= p(*gaps) <= 1.0
    assert p(gaps[0] + 1, gaps[1]) <= p(*gaps)
    assert p(*gaps) == pytest.approx(p(*gaps[::-1]), rel=1e-12)


def test_ends_above_and_no_noise() -> None:
    """Broadcasts; a crossing that shows is certain; without noise none is missed."""
    found = missed_crossing(
        [[-51.0], [-49.0]], [-52.0, -50.0], threshold=-50.0, decay=0.9, sigma=[0.0, 1e-200]
    )
    assert found.tolist() == [[0.0, 1.0], [1.0, 1.0]]
    tiny = missed_crossing(-50.0 - 1e-9, -51.0, threshold=-50.0, decay=0.9, sigma=1e-200)
    assert tiny == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decay": 0.0}, r"decay = .*0.0.*above 0"),
        ({"decay": 1.2}, r"decay = .*1.2"),
        ({"sigma": -1.0}, r"sigma = .*-1.0"),
        ({"sigma": np.nan}, r"sigma = .*nan"),
        ({"before": np.nan}, r"before = .*nan"),
    ],
)
def test_bad_input(change: dict[str, Any], message: str) -> None:
    arguments = {"before": -55.0, "after": -52.0, "threshold": -50.0, "decay": 0.9, "sigma": 1.0}
    arguments |= change
    before, after = arguments.pop("before"), arguments.pop("after")
    with pytest.raises(InputError, match=message):
        missed_crossing(before, after, **arguments)
