"""The formulas of theory/06 and 07 against matrix exponentials, simulation and the package."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import linalg, stats

from causal_snn import models
from causal_snn.models import Network
from causal_snn.simulation.crossing import missed_crossing
from causal_snn.simulation.stepper import micro_state, run

Evaluate = Callable[..., float]
Load = Callable[[str], ModuleType]
Proved = dict[str, dict[str, sp.Expr]]
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def proved(load_theory: Load) -> Proved:
    """Every formula of the two files, by label."""
    return {label: derive() for label, derive in load_theory("06_simulation").RESULTS.items()}


def test_every_result_is_listed(proved: Proved) -> None:
    assert list(proved) == [f"S{n}" for n in range(1, 9)]
    assert all(proved.values())


def van_loan(drift: Floats, diffusion: Floats, dt: float) -> tuple[Floats, Floats]:
    """Return step matrix and noise covariance from one matrix exponential."""
    n = len(drift)
    block = np.block([[-drift, diffusion], [np.zeros((n, n)), drift.T]])
    flow = linalg.expm(block * dt)
    step = flow[n:, n:].T
    return step, step @ flow[:n, n:]


@pytest.mark.parametrize("tau_c", [2.0, 20.0, 70.0])
def test_coloured_noise_is_van_loan(tau_c: float, proved: Proved, evaluate: Evaluate) -> None:
    """S1 for a current faster than, as fast as and slower than the membrane."""
    tau, dt, s = 20.0, 3.0, 1.7
    drift = np.array([[-1 / tau, 1 / tau], [0, -1 / tau_c]])
    step, covariance = van_loan(drift, np.diag([0, 2 * s**2 / tau_c]), dt)
    same = "_equal_taus" if tau_c == tau else ""
    where = {"tau": tau, "tau_c": tau_c, "dt": dt, "s": s}
    found = {
        name: evaluate(proved["S1"][f"{name}{same}"], **where) for name in ("c_vv", "c_vi", "c_ii")
    }
    assert found["c_vv"] == pytest.approx(covariance[0, 0], rel=1e-9)
    assert found["c_vi"] == pytest.approx(covariance[0, 1], rel=1e-9)
    assert found["c_ii"] == pytest.approx(covariance[1, 1], rel=1e-9)
    if not same:
        assert evaluate(proved["S1"]["a01"], **where) == pytest.approx(step[0, 1], rel=1e-9)
    forever = linalg.solve_discrete_lyapunov(step, covariance)
    assert evaluate(proved["S1"]["stationary"], **where) == pytest.approx(forever[0, 0], rel=1e-9)
    assert forever[1, 1] == pytest.approx(s**2, rel=1e-9)


def test_coloured_noise_by_fine_steps(proved: Proved, evaluate: Evaluate) -> None:
    """S1's covariance within 4 standard errors of paths of 400 small steps, Heun's drift."""
    tau, tau_c, dt, s, parts, lanes = 20.0, 5.0, 4.0, 2.0, 400, 20_000
    rng = np.random.default_rng(5)
    h = dt / parts
    v, i = np.zeros(lanes), np.zeros(lanes)
    for _ in range(parts):
        kick = s * math.sqrt(2 * h / tau_c) * rng.standard_normal(lanes)
        later = i * (1 - h / tau_c + (h / tau_c) ** 2 / 2) + kick * (1 - h / (2 * tau_c))
        v = v + h / tau * ((i + later) / 2 - v) * (1 - h / (2 * tau))
        i = later
    where = {"tau": tau, "tau_c": tau_c, "dt": dt, "s": s}
    vv, vi, ii = (evaluate(proved["S1"][name], **where) for name in ("c_vv", "c_vi", "c_ii"))
    assert abs(np.mean(v * v) / vv - 1) < 4 * math.sqrt(2 / lanes)
    assert abs(np.mean(i * i) / ii - 1) < 4 * math.sqrt(2 / lanes)
    assert abs(np.mean(v * i) - vi) < 4 * math.sqrt((vv * ii + vi**2) / lanes)


def test_van_loan_of_the_lif_is_the_packages_noise(proved: Proved, evaluate: Evaluate) -> None:
    where = {"tau": 20.0, "dt": 3.0, "sd": 4.0}
    step, covariance = van_loan(np.array([[-1 / 20.0]]), np.array([[2 * 16 / 20.0]]), 3.0)
    net = Network(neuron=models.lif(), weights=[[0.0]], dt=3.0, noise=4.0)
    assert evaluate(proved["S2"]["step"], **where) == pytest.approx(step[0, 0], rel=1e-12)
    assert evaluate(proved["S2"]["noise"], **where) == pytest.approx(covariance[0, 0], rel=1e-12)
    assert net.noise_per_step[0] ** 2 == pytest.approx(covariance[0, 0], rel=1e-12)


@given(
    gaps=st.tuples(st.floats(0.01, 5), st.floats(0.01, 5)),
    decay=st.floats(0.3, 1.0),
    sigma=st.floats(0.2, 5),
)
def test_crossing_is_the_packages(
    proved: Proved, gaps: tuple[float, float], decay: float, sigma: float
) -> None:
    """S3 at decay 1, S4 below."""
    numeric = missed_crossing(-gaps[0], -gaps[1], threshold=0.0, decay=decay, sigma=sigma)
    names = {"gap0": gaps[0], "gap1": gaps[1], "a": decay, "sigma": sigma}
    formula = proved["S4"]["p"]
    assert float(formula.subs({x: names[x.name] for x in formula.free_symbols})) == pytest.approx(
        float(numeric), rel=1e-10, abs=1e-300
    )
    brownian = {"theta": 0.0, "v0": -gaps[0], "v1": -gaps[1], "sigma": sigma, "dt": 1.0}
    formula = proved["S3"]["p"]
    whole = missed_crossing(-gaps[0], -gaps[1], threshold=0.0, decay=1.0, sigma=sigma)
    assert float(formula.subs({x: brownian[x.name] for x in formula.free_symbols})) == (
        pytest.approx(float(whole), rel=1e-10, abs=1e-300)
    )


def bridge_survival(v0: float, v1: float, tops: Floats, times: Floats, lanes: int) -> Floats:
    """Return, per path, P(a Brownian bridge stays below a polygon), given its values at corners.

    Straight pieces are exact (S3), so the mean is unbiased for the polygon.
    """
    rng = np.random.default_rng(8)
    end, here, now = times[-1], np.full(lanes, v0), 0.0
    chance = np.ones(lanes)
    for k in range(1, len(times)):
        t = times[k]
        share = (t - now) / (end - now)
        spread = math.sqrt(max((t - now) * (end - t) / (end - now), 0.0))
        after = here + share * (v1 - here) + spread * rng.standard_normal(lanes)
        gap0, gap1 = np.maximum(tops[k - 1] - here, 0), np.maximum(tops[k] - after, 0)
        chance *= -np.expm1(-2 * gap0 * gap1 / (t - now))
        here, now = after, t
    return chance


@pytest.mark.parametrize("asymptote", [-70.0, -50.0, -35.0])
def test_leaky_crossing_lies_within_its_bounds(
    asymptote: float, proved: Proved, evaluate: Evaluate
) -> None:
    """S4 at a long step, 10 ms of 20, against the time-changed bridge below 60 chords (z = 4)."""
    theta, decay, sd, v0, v1, lanes = -50.0, math.exp(-0.5), 4.0, -53.0, -51.5, 40_000
    sigma = sd * math.sqrt(1 - decay**2)
    times = np.linspace(0, decay**-2 - 1, 61)
    tops = (theta - asymptote) / sd * np.sqrt(1 + times)
    ends = (v0 - asymptote) / sd, (v1 - asymptote) / sd / decay
    crossed = 1 - bridge_survival(*ends, tops, times, lanes)
    truth, error = crossed.mean(), crossed.std() / math.sqrt(lanes)

    p = float(missed_crossing(v0, v1, threshold=theta, decay=decay, sigma=sigma))
    where = {"a": decay, "sigma": sigma, "sd": sd}
    shift = evaluate(proved["S4"]["shift"], height=abs(theta - asymptote), **where)
    sign = math.copysign(1.0, theta - asymptote)
    gap0, gap1 = theta - v0, theta - v1
    bound = math.exp(-2 * decay * (gap0 + sign * shift) * (gap1 + sign * decay * shift) / sigma**2)
    if asymptote < theta:
        moved = evaluate(
            proved["S4"]["bound"], gap0=gap0, gap1=gap1, height=theta - asymptote, **where
        )
        assert moved == pytest.approx(bound)
        assert bound - 4 * error <= truth <= p + 4 * error
        assert truth < p - 4 * error  # and the chord is not exact
    elif asymptote > theta:
        assert p + 4 * error <= truth <= bound + 4 * error
    else:
        assert abs(truth - p) <= 4 * error + 1e-12


@pytest.mark.parametrize(("step", "name"), [("exact", "steps"), ("euler", "steps_euler")])
@pytest.mark.parametrize("ratio", [1.05, 1.2, 2.0, 4.0, 1.001, 7.3])
@pytest.mark.parametrize("refractory", [0, 3])
def test_intervals_in_whole_steps(
    step: Any, name: str, ratio: float, refractory: int, proved: Proved, evaluate: Evaluate
) -> None:
    """S5: every interval of a run, exact equality of whole numbers."""
    net = Network(
        neuron=models.lif(step=step, refractory_steps=refractory),
        weights=[[0.0]],
        dt=1.0,
        drive=15.0 * ratio,
    )
    spikes = [
        k for k, state in enumerate(run(net, micro_state(net, [-65.0]), 700)) if state.spiked[0, 0]
    ]
    where = {"tau": 20.0, "dt": 1.0, "E": -65.0, "V_r": -65.0, "theta": -50.0}
    steps = evaluate(proved["S5"][name], drive=15.0 * ratio, **where)
    assert len(spikes) > 3
    assert set(np.diff(spikes)) == {math.ceil(steps) + refractory}


def test_rao_blackwell_gain(proved: Proved, evaluate: Evaluate) -> None:
    """S6 at threshold: variances of the spike and of its probability, within 4 standard errors."""
    g, lanes = 0.8, 200_000
    rng = np.random.default_rng(2)
    p = stats.norm.cdf(g * rng.standard_normal(lanes))
    spikes = rng.random(lanes) < p
    rho = g**2 / (1 + g**2)
    variance = evaluate(proved["S6"]["variance"], rho=rho)
    kurtosis = np.mean((p - 0.5) ** 4) - variance**2
    assert abs(p.var() - variance) < 4 * math.sqrt(kurtosis / lanes)
    assert spikes.var() / p.var() == pytest.approx(
        evaluate(proved["S6"]["fewer_runs"], rho=rho), rel=0.01
    )
    gain = evaluate(proved["S6"]["gain"], mean=p.mean(), second=np.mean(p * p))
    assert gain == pytest.approx(np.mean(p * (1 - p)), rel=1e-12)


def test_common_numbers(proved: Proved, evaluate: Evaluate) -> None:
    """S7: contrasts from shared and from independent uniforms; the mean of correlated rows."""
    p, q, lanes = 0.3, 0.45, 200_000
    rng = np.random.default_rng(3)
    u, other = rng.random((2, lanes))
    for second, name in ((u, "shared"), (other, "independent")):
        contrast = (u < p).astype(float) - (second < q)
        variance = evaluate(proved["S7"][name], p=p, q=q)
        spread = math.sqrt(np.mean((contrast - contrast.mean()) ** 4) / lanes)
        assert abs(contrast.var() - variance) < 4 * spread
        assert abs((second < q).var() - q * (1 - q)) < 0.002  # its own variance is the same
    n, rho = 6, 0.4
    covariance = 2.0 * (rho + (1 - rho) * np.eye(n))
    mean = evaluate(proved["S7"]["mean_of_rows"], n=n, rho=rho, variance=2.0)
    assert mean == pytest.approx(covariance.sum() / n**2)


@pytest.mark.parametrize("p", [0.1, 0.35, 0.5])
def test_antithetic_pairs(p: float, proved: Proved, evaluate: Evaluate) -> None:
    """S8: the variance of a pair's mean, within 4 standard errors."""
    lanes = 200_000
    noise = np.random.default_rng(4).standard_normal(lanes)
    z = stats.norm.isf(p)
    pair = ((noise >= z).astype(float) + (-noise >= z)) / 2
    expected = evaluate(proved["S8"]["pair"], p=p)
    spread = math.sqrt(np.mean((pair - p) ** 4) / lanes)
    assert abs(np.mean((pair - p) ** 2) - expected) <= 4 * spread + 1e-12
    assert expected / (p * (1 - p) / 2) == pytest.approx(evaluate(proved["S8"]["ratio"], p=p))
