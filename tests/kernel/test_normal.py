"""Normal probabilities against quadrature and SciPy's own distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from causal_snn.kernel.normal import above, mass, mean_above

reals = st.floats(-12.0, 12.0)
sigmas = st.floats(0.01, 5.0)


@given(a=reals, b=reals)
def test_mass_keeps_its_digits_in_both_tails(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    found = float(mass(low, high))
    mirrored = float(mass(-high, -low))
    # Rounding is relative to the tail the interval lies in, not to 1.
    tail = norm.sf(min(abs(low), abs(high))) if low * high > 0 else 1.0
    assert found == pytest.approx(mirrored, rel=1e-12, abs=4e-16 * tail)
    if high <= 0 and low < high - 1e-3:
        assert found == pytest.approx(norm.cdf(high) - norm.cdf(low), rel=1e-9)


@given(first=reals, last=reals, sigma=sigmas, x=reals)
def test_mean_above_is_the_average(first: float, last: float, sigma: float, x: float) -> None:
    def p(t: float) -> float:
        return float(norm.sf(x, loc=first + t * (last - first), scale=sigma))

    # The transition is narrow: the quadrature is told where it begins and ends.
    span = last - first
    centre = (x - first) / span if span else 0.0
    reach = sigma / abs(span) if span else 0.0
    points = sorted({min(max(centre + k * reach, 0.0), 1.0) for k in (-8, -4, -2, 0, 2, 4, 8)})
    expected, _ = quad(p, 0, 1, points=points, epsabs=1e-12, limit=400)
    assert float(mean_above(first, last, sigma, x)) == pytest.approx(expected, abs=1e-9)


@given(first=reals, last=reals, x=reals)
def test_no_noise_is_the_limit_of_small_noise(first: float, last: float, x: float) -> None:
    if min(abs(first - x), abs(last - x)) < 1e-3:
        return
    limit = float(mean_above(first, last, 0.0, x))
    assert limit == pytest.approx(float(mean_above(first, last, 1e-7, x)), abs=1e-3)


def test_zero_noise_honours_strictness_at_the_boundary() -> None:
    assert above(1.0, 0.0, 1.0) == 1.0
    assert above(1.0, 0.0, 1.0, strict=True) == 0.0
    assert mean_above(1.0, 1.0, 0.0, 1.0) == 1.0
    assert mean_above(1.0, 1.0, 0.0, 1.0, strict=True) == 0.0
    assert np.array_equal(above([0.0, 2.0], 0.0, 1.0), [0.0, 1.0])
