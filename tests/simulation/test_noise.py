"""Streams of random numbers: normal numbers that are normal, and streams that know no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from causal_snn.errors import InputError
from causal_snn.simulation.engine.noise import Normals, seed_of, stream


def draws(total: int, *, seed: int, dtype: Any = np.float32, streams: int = 4) -> Iterator[Any]:
    """Yield arrays (streams, 250,000) of normal numbers, `total` in all."""
    count = 250_000
    normals = Normals([stream(seed, 0, k, 0) for k in range(streams)], count, dtype)
    for _ in range(total // (streams * count)):
        normals.draw()
        yield normals.values


def check(total: int, seed: int) -> dict[str, Any]:
    """Return z scores of moments and tails, and p of a histogram of 1,000 bins."""
    edges = stats.norm.ppf(np.arange(1, 1000) / 1000).astype(np.float32)
    powers, tails, counts = np.zeros(6), np.zeros(3), np.zeros(1000)
    lags, across, blocks = np.zeros(2), 0.0, 0.0
    n, before = 0, None
    for values in draws(total, seed=seed):
        z = values.astype(float)
        half = z.shape[1] // 2  # radius and angle make the numbers k and k + half
        n += z.size
        power = z.copy()
        for k in range(6):
            powers[k] += power.sum()
            power *= z
        tails += [np.count_nonzero(np.abs(values) > b) for b in (3, 4, 5)]
        counts += np.bincount(np.searchsorted(edges, values.ravel(), side="right"), minlength=1000)
        lags += [np.einsum("ij,ij->", z[:, :-k], z[:, k:]) for k in (1, half)]
        across += np.einsum("j,j->", z[0], z[1]) + np.einsum("j,j->", z[2], z[3])
        blocks += 0.0 if before is None else np.einsum("ij,ij->", before, z)
        before = z
    mean, variance = np.array([0, 1, 0, 3, 0, 15]), np.array([1, 2, 15, 96, 945, 10170])
    expected = 2 * stats.norm.sf([3, 4, 5]) * n
    ends = np.concatenate([[-np.inf], edges.astype(float), [np.inf]])
    want = n * np.diff(stats.norm.cdf(ends))
    return {
        "moments": (powers / n - mean) / np.sqrt(variance / n),
        "tails": (tails - expected) / np.sqrt(expected),
        "histogram": stats.chi2.sf(((counts - want) ** 2 / want).sum(), 999),
        "serial": lags / np.sqrt([n, n / 2]),
        "across": across / np.sqrt(n / 2),
        "blocks": blocks / np.sqrt(n),
    }


def assert_normal(found: dict[str, Any], bound: float) -> None:
    for name in ("moments", "tails", "serial", "across", "blocks"):
        assert np.max(np.abs(found[name])) < bound, (name, found[name])
    assert 1e-4 < found["histogram"] < 1 - 1e-4


def test_single_precision_numbers_are_normal() -> None:
    assert_normal(check(20_000_000, seed=2024), 4.0)


@pytest.mark.slow
def test_single_precision_numbers_are_normal_at_length() -> None:
    """1e9 numbers: about two minutes."""
    assert_normal(check(1_000_000_000, seed=77), 4.0)


def test_kolmogorov_and_smirnov() -> None:
    """The largest distance of the empirical distribution, over 2e7 numbers."""
    values = np.sort(np.concatenate([z.flatten() for z in draws(20_000_000, seed=5)]))
    n = len(values)
    cdf = ndtr(values.astype(float))
    steps = np.arange(n + 1) / n
    distance = max((steps[1:] - cdf).max(), (cdf - steps[:-1]).max())
    assert stats.kstwobign.sf(distance * np.sqrt(n)) > 1e-3
    assert abs(values[0]) < 6.7
    assert values[-1] < 6.7
    assert np.isfinite(values).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 7, 8, 1001])
def test_a_stream_draws_the_same_beside_any_other(dtype: Any, count: int) -> None:
    """Also for odd counts, of which one number is left over."""
    keys = [(0, k, 3) for k in range(5)]
    together = Normals([stream(9, *key) for key in keys], count, dtype, 2.5)
    alone = [Normals([stream(9, *key)], count, dtype, 2.5) for key in keys]
    for _ in range(3):
        together.draw()
        for k, one in enumerate(alone):
            one.draw()
            assert np.array_equal(together.values[k], one.values[0])
        seen = together.view((5, 1, count))
        assert np.array_equal(seen[:, 0], together.values)


def test_streams_of_different_keys_are_uncorrelated() -> None:
    """Keys that differ in one place, and the same digits in another key."""
    keys = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0), (1, 1), (0, 0), (0,), (1,), (2**40, 1)]
    count = 100_000
    for dtype in (np.float32, np.float64):
        normals = Normals([stream(seed, *key) for key in keys for seed in (1, 2)], count, dtype)
        normals.draw()
        z = normals.values.astype(float)
        found = np.einsum("ik,jk->ij", z, z) / np.sqrt(count)
        off = found[~np.eye(len(z), dtype=bool)]
        assert np.abs(off).max() < 4.5
        assert np.std(off) == pytest.approx(1.0, abs=0.15)


def test_scale_is_the_standard_deviation() -> None:
    for dtype in (np.float32, np.float64):
        normals = Normals([stream(3, 1)], 400_001, dtype, 0.125)
        normals.draw()
        assert normals.values.std() == pytest.approx(0.125, rel=0.006)


def test_seeds() -> None:
    assert seed_of(5) == 5
    assert seed_of(np.int64(5)) == 5  # type: ignore[arg-type]
    one, two = (seed_of(np.random.default_rng(3)) for _ in range(2))
    assert one == two
    assert seed_of(None) != seed_of(None)
    with pytest.raises(InputError, match=r"rng = -1: .*0 or more"):
        seed_of(-1)
