"""Causal thresholds against closed forms, brute force, the derivations and tampering."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm

from causal_snn import coarse, kernel, models
from causal_snn.coarse import Certificate, Verdict
from causal_snn.errors import InputError
from causal_snn.kernel import EffectKernel
from causal_snn.models import Network

DOMAIN = (-85.0, -50.0)


def pair(dt: float, sd: float, drive: float, w: float) -> EffectKernel:
    net = Network(neuron=models.lif(), weights=[[0, w], [w, 0]], drive=drive, noise=sd, dt=dt)
    return kernel.next_spike(net, 0)


def effects(k: EffectKernel, v: float) -> np.ndarray:
    return np.asarray(norm.cdf((v - k.midpoints) / k.scale))


def cost(k: EffectKernel, low: float, cut: float, high: float) -> float:
    p = [effects(k, v) for v in (low, cut, high)]
    return float(max(np.max(p[1] - p[0]), np.max(p[2] - p[1])))


def brute_force(k: EffectKernel, low: float, high: float) -> float:
    """Return a minimax threshold by repeated grid search, without any monotonicity."""
    a, b = low, high
    ends = effects(k, low)[:, None], effects(k, high)[:, None]
    while b - a > 1e-8:
        grid = np.linspace(a, b, 2001)
        p = norm.cdf((grid - k.midpoints[:, None]) / k.scale)
        worst = np.maximum((p - ends[0]).max(axis=0), (ends[1] - p).max(axis=0))
        best = int(np.argmin(worst))
        a, b = grid[max(best - 1, 0)], grid[min(best + 1, 2000)]
    return float((a + b) / 2)


# Columns: dt, sd, drive, w; m of the least excited context; midrange; T* and D on [-85, theta);
# band at .05. Values of the research table for theta = -50, E = -65, tau = 20, to its digits.
TABLE = [
    ((1, 4, 0, 0), -49.231, -49.231, -50.642, 0.138, (-51.36, -47.10)),
    ((1, 4, 20, 0), -50.256, -50.256, -50.977, 0.289, (-52.39, -48.12)),
    ((5, 1, 20, 3), -51.420, -53.346, -53.863, 0.960, (-56.60, -50.10)),
]


@pytest.mark.parametrize(("setting", "m", "midrange", "cut", "diameter", "band"), TABLE)
def test_reference_table(
    setting: tuple[float, ...],
    m: float,
    midrange: float,
    cut: float,
    diameter: float,
    band: tuple[float, float],
) -> None:
    k = pair(*setting)
    r = coarse.threshold(k, domain=DOMAIN)
    assert k.midpoints.max() == pytest.approx(m, abs=6e-4)
    assert r.whole_line == pytest.approx(midrange, abs=6e-4)
    assert r.threshold == pytest.approx(cut, abs=6e-4)
    assert r.epsilon == pytest.approx(diameter, abs=6e-4)
    assert r.band == pytest.approx(band, abs=6e-3)
    line = coarse.threshold(k, domain=(-math.inf, math.inf))
    assert line.threshold == pytest.approx(midrange, abs=6e-4)
    assert line.epsilon == pytest.approx(norm.cdf(np.ptp(k.midpoints) / 2 / k.scale), abs=1e-9)


settings = st.tuples(
    st.sampled_from([0.5, 1.0, 5.0]), st.floats(0.5, 6.0), st.floats(0.0, 25.0), st.floats(-6, 6)
)


@given(setting=settings)
def test_bisection_brute_force_and_closed_form_agree(setting: tuple[float, ...]) -> None:
    k = pair(*setting)
    r = coarse.threshold(k, domain=DOMAIN)
    # Far in a tail the objective is flat in double precision and any threshold is as good.
    assume(1e-6 < r.epsilon < 1 - 1e-6)
    found = brute_force(k, *DOMAIN)
    best = cost(k, DOMAIN[0], found, DOMAIN[1])
    assert r.epsilon == pytest.approx(best, abs=1e-9)
    # One context may cap the cost from above, and then a range of thresholds is as good.
    if min(cost(k, DOMAIN[0], found + d, DOMAIN[1]) for d in (-1e-3, 1e-3)) > best + 1e-6:
        assert r.threshold == pytest.approx(found, abs=1e-6)
    assert r.certificate.gap < 1e-12
    if len(k.midpoints) == 1:
        low, high = effects(k, DOMAIN[0])[0], effects(k, DOMAIN[1])[0]
        closed = k.midpoints[0] + k.scale * norm.ppf((low + high) / 2)
        assert r.threshold == pytest.approx(closed, abs=1e-6)
        assert r.epsilon == pytest.approx(r.floor, abs=1e-12)


@given(setting=settings)
def test_a_wide_domain_reaches_the_closed_form_of_the_whole_line(
    setting: tuple[float, ...],
) -> None:
    k = pair(*setting)
    wide = coarse.threshold(k, domain=(-400.0, 300.0))
    assume(wide.epsilon < 1 - 1e-6)
    assert wide.threshold == pytest.approx((k.midpoints.min() + k.midpoints.max()) / 2, abs=1e-6)


@given(setting=settings, rng=st.integers(0, 2**31))
def test_no_two_cells_of_any_shape_beat_the_bound(setting: tuple[float, ...], rng: int) -> None:
    k = pair(*setting)
    r = coarse.threshold(k, domain=DOMAIN)
    grid = np.linspace(*DOMAIN, 2001)
    p = k.probability(grid)
    random = np.random.default_rng(rng)
    masks = [
        p[0] > random.random() * p[0].max(),
        random.random(2001) < 0.5,
        np.sin(grid * random.uniform(0.1, 3)) > 0,
    ]
    for mask in masks:
        cells = [p[:, part] for part in (mask, ~mask) if part.any()]
        diameter = max(float(np.max(cell.max(1) - cell.min(1))) for cell in cells)
        # The grid misses at most one step of the effect next to each cell's edge.
        slack = float(np.max(np.abs(np.diff(p, axis=1)))) * 2
        assert diameter >= r.certificate.lower - slack
        assert diameter >= r.floor - slack


def test_every_context_counts_not_only_the_extremes() -> None:
    weights = [[0, 4, 4, 4], [0] * 4, [0] * 4, [0] * 4]
    net = Network(neuron=models.lif(), weights=weights, drive=4.0, noise=6.0, dt=1.0)
    states = coarse.threshold(kernel.next_spike(net, 0))
    ends = coarse.threshold(kernel.next_spike(net, 0, contexts="extremes"))
    all_inputs = coarse.threshold(kernel.next_spike(net, 0, contexts="interval"))
    assert ends.epsilon < states.epsilon - 0.01
    assert states.epsilon <= all_inputs.epsilon + 1e-12
    k = kernel.next_spike(net, 0)
    assert states.threshold == pytest.approx(brute_force(k, *k.domain), abs=1e-6)


@given(setting=settings)
def test_an_interval_of_contexts_is_the_worst_of_many(setting: tuple[float, ...]) -> None:
    dt, sd, drive, w = setting
    net = Network(neuron=models.lif(), weights=[[0, w], [w, 0]], drive=drive, noise=sd, dt=dt)
    all_inputs = coarse.threshold(kernel.next_spike(net, 0, contexts="interval"))
    many = coarse.threshold(kernel.next_spike(net, 0, contexts=list(np.linspace(0, w, 400))))
    assert all_inputs.epsilon >= many.epsilon - 1e-12
    assert all_inputs.epsilon == pytest.approx(many.epsilon, abs=1e-3)
    assert all_inputs.certificate.verify()


@given(setting=settings)
def test_true_certificates_are_accepted(setting: tuple[float, ...]) -> None:
    assert coarse.threshold(pair(*setting), domain=DOMAIN).certificate.verify()


TAMPERED: dict[str, Callable[[Certificate], dict[str, Any]]] = {
    "upper too small": lambda c: {"upper": c.upper - 1e-6, "lower": c.lower - 2e-6},
    "lower too large": lambda c: {"lower": c.lower + 1e-6, "upper": c.upper + 2e-6},
    "threshold moved": lambda c: {"threshold": c.threshold - 0.01, "bracket": (-85.0, -50.0)},
    "threshold outside its bracket": lambda c: {"threshold": c.threshold - 0.01},
    "domain widened": lambda c: {"domain": (c.domain[0], c.domain[1] + 1.0)},
    "context forgotten": lambda c: {"midpoints": (c.midpoints[0] - 2.0, *c.midpoints)},
    "less noise": lambda c: {"scale": c.scale * 0.9},
    "no contexts": lambda c: {"midpoints": ()},
    "lower above upper": lambda c: {"lower": c.upper + 1e-9, "upper": c.lower - 1e-9},
    "bracket too wide for the bound": lambda c: {"bracket": (-60.0, -50.0)},
    "bracket off the optimum": lambda c: {
        "threshold": -80.0,
        "bracket": (-80.0, -80.0),
        "upper": 1.0,
        "lower": 0.99,
    },
    "a context that is no number": lambda c: {"midpoints": (*c.midpoints, math.nan)},
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_certificates_are_rejected(name: str) -> None:
    certificate = coarse.threshold(pair(1, 4, 16, 1), domain=DOMAIN).certificate
    assert certificate.verify()
    assert not replace(certificate, **TAMPERED[name](certificate)).verify()


def test_a_certificate_is_about_its_kernel() -> None:
    k = pair(1, 4, 16, 1)
    certificate = coarse.threshold(k, domain=DOMAIN).certificate
    assert certificate.verify(k)
    assert not replace(certificate, midpoints=certificate.midpoints[:1]).verify(k)
    assert not certificate.verify(pair(1, 4, 16, 2))
    assert not certificate.verify(pair(1, 3, 16, 1))


def test_cells_that_cause_the_same_are_not_called_sufficient() -> None:
    net = Network(neuron=models.lif(), weights=[[0.0]], drive=20, noise=60, dt=1.0)
    r = coarse.threshold(kernel.next_spike(net, 0, potentials=(-52.0, -50.0)))
    assert r.epsilon < 0.05
    assert r.verdict is Verdict.INDISTINCT


def test_contexts_count_where_they_overlap_the_domain() -> None:
    # Potentials that spike for sure without the inhibition and never with it lie above theta.
    net = Network(
        neuron=models.lif(), weights=[[0.0, -5.0], [0.0, 0.0]], drive=18.9, noise=1, dt=1.0
    )
    k = kernel.next_spike(net, 0)
    assert k.midpoints.min() < -50 < k.midpoints.min() + 1.6448 * k.scale
    assert coarse.threshold(k).verdict is Verdict.GRADED
    assert coarse.threshold(k, domain=(-85.0, -40.0)).verdict is Verdict.CONTEXT


def test_an_infinite_end_beyond_every_context() -> None:
    silent = coarse.threshold(pair(1, 0.01, 0, 0), domain=(-math.inf, -50.0))
    assert silent.threshold == -50.0
    assert silent.on_cell_empty
    assert silent.certificate.verify()


def test_a_strict_threshold_without_noise_is_cut_on_the_right_side() -> None:
    net = Network(neuron=models.lif(strict_threshold=True), weights=[[0.0]], drive=20, dt=1.0)
    k = kernel.next_spike(net, 0)
    r = coarse.threshold(k)
    grid = r.threshold + np.array([-1e-9, 0.0, 1e-9])
    assert list(k.probability(grid)[0]) == [0.0, 1.0, 1.0]
    assert r.epsilon == 0.0
    loose = kernel.next_spike(Network(neuron=models.lif(), weights=[[0.0]], drive=20, dt=1.0), 0)
    assert r.threshold == np.nextafter(loose.midpoints[0], np.inf)


def test_verdicts_say_what_a_threshold_cannot_do() -> None:
    assert coarse.threshold(pair(1, 4, 0, 0)).verdict is Verdict.ON_EMPTY
    assert coarse.threshold(pair(1, 4, 0, 0)).on_cell_empty
    assert coarse.threshold(pair(1, 4, 20, 0)).verdict is Verdict.GRADED
    assert coarse.threshold(pair(5, 1, 20, 3)).verdict is Verdict.CONTEXT
    assert coarse.threshold(pair(1, 0, 20, 0)).verdict is Verdict.SUFFICIENT
    pacemaker = Network(neuron=models.lif(V_min=-52), weights=[[0.0]], drive=200, noise=0.1, dt=5)
    result = coarse.threshold(kernel.next_spike(pacemaker, 0))
    assert result.verdict is Verdict.OFF_EMPTY


def test_on_cell_empty_is_exactly_where_no_potential_makes_a_spike_likely() -> None:
    for drive in np.linspace(0, 30, 61):
        k = pair(1, 2, float(drive), 1.0)
        best = k.probability(k.theta - 1e-9).max()
        assert coarse.threshold(k).on_cell_empty == (best < 0.5)


@pytest.mark.parametrize("level", [0.01, 0.05, 0.2])
def test_the_band_is_where_nothing_is_almost_certain(level: float) -> None:
    k = pair(1, 1, 25, 1)
    r = coarse.threshold(k, domain=(-85.0, -40.0), band_level=level)
    grid = np.linspace(-60, -40, 20_001)
    p = k.probability(grid)
    uncertain = grid[~((p.min(0) >= 1 - level) | (p.max(0) <= level))]
    assert r.band == pytest.approx((uncertain[0], uncertain[-1]), abs=2e-3)
    off, on = p[:, grid < r.band[0]], p[:, grid > r.band[1]]
    assert r.separation == pytest.approx((on.min(1) - off.max(1)).min(), abs=1e-3)
    assert r.separation >= 1 - 2 * level - 1e-9


def test_contrast_is_the_difference_of_cell_means() -> None:
    k = pair(1, 4, 16, 3)
    r = coarse.threshold(k)
    low, high = k.domain
    below = k.probability(np.linspace(low, r.threshold, 40_001)).mean(1)
    over = k.probability(np.linspace(r.threshold, high, 40_001)).mean(1)
    assert r.contrast == pytest.approx((over - below).min(), abs=1e-4)


def test_without_noise_three_zones() -> None:
    # Never, only with the input, always: no two cells are sufficient, T is in the middle.
    k = pair(1, 0, 20, 3)
    r = coarse.threshold(k, domain=(-85.0, -40.0))
    assert r.epsilon == 1.0
    assert r.band == (k.midpoints.min(), k.midpoints.max())
    assert r.threshold == pytest.approx(k.midpoints.mean())
    alone = coarse.threshold(pair(1, 0, 20, 0), domain=(-85.0, -50.0))
    assert (alone.epsilon, alone.epsilon_at_theta) == (0.0, 1.0)  # theta itself tells nothing
    assert alone.threshold == pair(1, 0, 20, 0).midpoints[0]
    assert r.certificate.verify()
    assert alone.certificate.verify()


def test_small_noise_leads_to_no_noise() -> None:
    limit = coarse.threshold(pair(1, 0, 20, 0.1)).threshold
    assert coarse.threshold(pair(1, 1e-3, 20, 0.1)).threshold == pytest.approx(limit, abs=1e-3)


def test_flat_tails_stay_on_the_side_of_the_effect() -> None:
    quiet = coarse.threshold(pair(1, 0.01, 0, 0))  # p underflows on the whole domain
    assert quiet.on_cell_empty
    assert quiet.threshold > -51.0
    assert quiet.certificate.verify()


def test_just_spiked_is_homogeneous_only_for_resets_to_a_value() -> None:
    for reset, homogeneous in (("value", True), ("subtract", False)):
        net = Network(
            neuron=models.lif(reset=reset, V_reset=-53.0), weights=[[0.0]], drive=20, noise=4, dt=1
        )
        k = kernel.next_spike(net, 0)
        r = coarse.threshold(k)
        assert (r.spiking_diameter == 0.0) == homogeneous
        v = np.linspace(k.theta, k.range.v_high, 201)
        assert r.spiking_diameter == pytest.approx(np.ptp(k.after_spike(v)), abs=1e-9)


def test_a_binary_on_cell_owns_up_to_the_spiking_states_in_it() -> None:
    k = pair(1, 4, 20, 0)
    r = coarse.threshold(k, alphabet="binary")
    v = np.linspace(r.threshold, k.theta, 2001)[:-1]
    joined = np.concatenate([k.probability(v)[0], np.atleast_1d(k.after_spike()[0])])
    assert r.partition.cells == ("off", "on")
    assert r.cell_diameters[1] == pytest.approx(np.ptp(joined), abs=1e-3)
    assert r.cell_diameters[1] > r.epsilon


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domain": (-85.0, -60.0)}, r"domain = \(-85.0, -60.0\).*contains the threshold"),
        ({"domain": (-50.0, -40.0)}, "contains the threshold"),
        ({"domain": (-50.0, -85.0)}, "the lower one first"),
        ({"band_level": 0.0}, "band_level = 0.0"),
        ({"band_level": 0.7}, "band_level = 0.7"),
        ({"alphabet": "quaternary"}, "alphabet = 'quaternary': one of 'binary', 'ternary'"),
    ],
)
def test_bad_questions_name_the_fault(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        coarse.threshold(pair(1, 4, 16, 3), **options)  # type: ignore[call-overload]


def test_partitions_classify_by_score() -> None:
    cut = coarse.UnitPartition("A", threshold=-53.0, theta=-50.0, score_coefficient=0.5)
    v, i = np.array([-54.0, -54.0, -52.0, -49.0]), np.array([0.0, 2.0, 0.0, 0.0])
    assert list(cut.classify(v, i, v >= -50)) == [0, 1, 1, 2]
    binary = replace(cut, alphabet="binary")
    assert list(binary.classify(v, i, v >= -50)) == [0, 1, 1, 1]
    net = models.zoo.half_centre()
    whole = coarse.Partition.from_thresholds(net, [-52.0, -51.0], alphabet="binary")
    assert (whole.sizes, list(whole.thresholds)) == ((2, 2), [-52.0, -51.0])
    with pytest.raises(InputError, match="same alphabet"):
        coarse.Partition((cut, binary))
