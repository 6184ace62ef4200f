"""The derivations run and their formulas give numbers found by other means."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, linalg, optimize, stats

THEORY = Path(__file__).parents[2] / "theory"
SCRIPTS = sorted(THEORY.glob("[0-9]*.py"))

Evaluate = Callable[..., float]
Load = Callable[[str], ModuleType]
Proved = dict[str, dict[str, sp.Expr]]

CELL = {"E": -65.0, "theta": -50.0, "tau": 20.0, "v_reset": -65.0}
LO = -85.0


class Row(NamedTuple):
    """One network of the reference table; potentials in mV, rounded as printed there."""

    dt: float
    sd: float
    drive: float
    w: float
    m: float
    midrange: float
    bounded: float
    diameter: float
    band: tuple[float, float]


TABLE = [
    Row(1, 4, 0, 0, -49.231, -49.231, -50.642, 0.138, (-51.36, -47.10)),
    Row(1, 4, 20, 0, -50.256, -50.256, -50.977, 0.289, (-52.39, -48.12)),
    Row(5, 1, 20, 3, -51.420, -53.346, -53.863, 0.960, (-56.60, -50.10)),
]


@pytest.fixture(scope="module")
def proved(load_theory: Load) -> Proved:
    """Every formula of the LIF derivation, by label."""
    return {label: derive() for label, derive in load_theory("01_lif").RESULTS.items()}


def middles(row: Row, proved: Proved, evaluate: Evaluate) -> tuple[list[float], float]:
    """Return the midpoints m_c of the contexts c in {0, w}, and the scale s."""
    a = evaluate(proved["L1"]["a"], dt=row.dt, **CELL)
    sigma = evaluate(proved["L2"]["sigma_dt"], sd=row.sd, a=a)
    kernel = proved["L3"]
    s = evaluate(kernel["s"], sigma_dt=sigma, a=a)
    m = [evaluate(kernel["m"], a=a, D=(1 - a) * row.drive, c=c, **CELL) for c in (0.0, row.w)]
    return m, s


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_proves_its_results(script: Path) -> None:
    """Run the file as a reader would."""
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "proved" in run.stdout


def test_every_result_is_listed(proved: Proved) -> None:
    """L1 to L13, none of them empty."""
    assert {f"L{n}" for n in range(1, 14)} <= set(proved)
    assert all(proved.values())


def test_a_false_claim_is_refused(load_theory: Load) -> None:
    """The two ways to settle a claim reject what does not hold or does not follow."""
    proof = load_theory("proof")
    x = sp.Symbol("x", real=True)
    with pytest.raises(AssertionError, match="not shown"):
        proof.equal(proof.cdf(x), proof.cdf(-x))
    with pytest.raises(AssertionError, match="not shown"):
        proof.positive(x)


@pytest.mark.parametrize("row", TABLE)
def test_reference_table(row: Row, proved: Proved, evaluate: Evaluate) -> None:
    """Midpoint, midrange threshold and abstain band of the three reference networks."""
    m, s = middles(row, proved, evaluate)
    ends = {"m_min": min(m), "m_max": max(m), "s": s}
    assert m[0] == pytest.approx(row.m, abs=5e-4)
    assert evaluate(proved["L5"]["T"], **ends) == pytest.approx(row.midrange, abs=5e-4)
    edges = [evaluate(proved["L9"][edge], eps=0.05, **ends) for edge in ("off_edge", "on_edge")]
    assert edges == pytest.approx(row.band, abs=6e-3)


@pytest.mark.parametrize("row", TABLE[:2])
def test_reference_table_bounded_one_context(row: Row, proved: Proved, evaluate: Evaluate) -> None:
    """The closed form on [-85, theta) for the two networks without synapse."""
    m, s = middles(row, proved, evaluate)
    where = {"m": m[0], "s": s, "lo": LO, "hi": CELL["theta"]}
    assert evaluate(proved["L6"]["T"], **where) == pytest.approx(row.bounded, abs=5e-4)
    assert evaluate(proved["L6"]["diameter"], **where) == pytest.approx(row.diameter, abs=5e-4)


@pytest.mark.parametrize("row", TABLE)
def test_reference_table_bounded_by_bisection(row: Row, proved: Proved, evaluate: Evaluate) -> None:
    """Bisection of L7 finds the table's threshold; its enclosure always holds the optimum."""
    m, s = middles(row, proved, evaluate)
    lo, hi = LO, CELL["theta"]
    names = ["T", "m", "s", "lo", "hi"]
    low, high = (
        sp.lambdify(names, proved["L7"][side], modules=["scipy", "numpy"])
        for side in ("low", "high")
    )

    def left(cut: float) -> float:
        return float(max(low(cut, mc, s, lo, hi) for mc in m))

    def right(cut: float) -> float:
        return float(max(high(cut, mc, s, lo, hi) for mc in m))

    a, b = lo, hi
    enclosures = []
    for _ in range(45):
        bracket = {"L_a": left(a), "R_a": right(a), "L_b": left(b), "R_b": right(b)}
        enclosures.append([evaluate(proved["L7"][end], **bracket) for end in ("lower", "upper")])
        middle = (a + b) / 2
        a, b = (middle, b) if left(middle) <= right(middle) else (a, middle)
    assert a == pytest.approx(row.bounded, abs=5e-4)
    assert left(a) == pytest.approx(row.diameter, abs=5e-4)

    bounds = np.array(enclosures)
    grid = np.linspace(lo, hi, 20_001)
    best = min(max(left(cut), right(cut)) for cut in [*grid, a])
    assert np.all(bounds[:, 0] <= best + 1e-12)
    assert np.all(bounds[:, 1] >= best - 1e-12)
    assert bounds[-1, 1] - bounds[-1, 0] < 1e-10


def test_minimax_diameters_match_brute_force(proved: Proved, evaluate: Evaluate) -> None:
    """L5 against a minimiser that knows only the kernel."""
    m_min, m_max, s = -55.3, -51.4, 0.8

    def worst(cut: float) -> float:
        return float(max(stats.norm.cdf((cut - m_min) / s), stats.norm.sf((cut - m_max) / s)))

    found = optimize.minimize_scalar(worst, bounds=(-60, -45), method="bounded")
    ends = {"m_min": m_min, "m_max": m_max, "s": s}
    assert evaluate(proved["L5"]["T"], **ends) == pytest.approx(found.x, abs=1e-4)
    assert evaluate(proved["L5"]["diameter"], **ends) == pytest.approx(found.fun, abs=1e-5)


@pytest.mark.parametrize("ends", [(-52.0, -49.0), (-60.0, -56.0), (-45.0, -40.0)])
def test_worst_context_of_an_interval(
    ends: tuple[float, float], proved: Proved, evaluate: Evaluate
) -> None:
    """The middle when the contexts hold it, else the nearer end."""
    x, y, s = -53.0, -49.5, 1.3
    contexts = np.linspace(*ends, 4001)
    brute = np.max(stats.norm.cdf((y - contexts) / s) - stats.norm.cdf((x - contexts) / s))
    values = {"x": x, "y": y, "s": s, "m_min": ends[0], "m_max": ends[1]}
    assert evaluate(proved["L7i"]["diameter"], **values) == pytest.approx(brute, abs=1e-6)


def test_noise_keeps_the_stationary_variance(proved: Proved, evaluate: Evaluate) -> None:
    """Iterate the variance of the chain, with the exact and with the Euler factor."""
    where = {"sd": 4.0, "dt": 5.0, "tau": 20.0}
    for factor, sigma in (("a", "sigma_dt"), ("a_euler", "sigma_dt_euler")):
        a = evaluate(proved["L1"][factor], **where)
        noise = evaluate(proved["L2"][sigma], a=a, **where)
        variance = 0.0
        for _ in range(300):
            variance = a**2 * variance + noise**2
        assert variance == pytest.approx(where["sd"] ** 2, rel=1e-12)


@pytest.mark.parametrize("slope", [0.7, -0.7])
def test_ramp_average_matches_quadrature(slope: float, proved: Proved, evaluate: Evaluate) -> None:
    """L10 against numerical integration, and its limit within the stated error."""
    b, lo, hi, sigma = 0.3, -2.0, 1.5, 0.4
    integral, _ = integrate.quad(lambda x: stats.norm.cdf((b + slope * x) / sigma), lo, hi)
    where = {"b": b, "k": slope, "lo": lo, "hi": hi, "sigma": sigma}
    formulas = {name: evaluate(expr, **where) for name, expr in proved["L10"].items()}
    assert formulas["mean"] == pytest.approx(integral / (hi - lo), abs=1e-10)
    assert abs(formulas["mean"] - formulas["ramp"]) <= formulas["ramp_error"]


@pytest.mark.parametrize("tau_s", [5.0, 20.0, 50.0])
def test_synaptic_step_is_the_matrix_exponential(
    tau_s: float, proved: Proved, evaluate: Evaluate
) -> None:
    """L11 against scipy's expm, the synapse faster, as fast and slower than the membrane."""
    tau, dt, resistance = 20.0, 2.0, 1.7
    step = linalg.expm(dt * np.array([[-1 / tau, resistance / tau], [0, -1 / tau_s]]))
    name = "a01_equal_taus" if tau_s == tau else "a01"
    a01 = evaluate(proved["L11"][name], tau=tau, tau_s=tau_s, dt=dt, R=resistance)
    assert a01 == pytest.approx(step[0, 1], rel=1e-12)
    assert a01 > 0


def test_resets(proved: Proved, evaluate: Evaluate) -> None:
    """The two subtractive resets of L12 and the just-spiked cell of L13."""
    for rule, expected in (("immediate", [1.5, 1.95]), ("delayed", [1.5, 1.85, 2.165])):
        potentials = [0.0]
        for _ in expected:
            now = {"v": potentials[-1], "spike": float(potentials[-1] >= 1)}
            value = evaluate(proved["L12"][rule], b=0.9, jump=1.0, current=1.5, **now)
            potentials.append(value)
        assert potentials[1:] == pytest.approx(expected)
    where = {"a": 0.95, "sigma_dt": 1.2, "D": 0.0, "c": 0.0, "jump": 15.0, **CELL}
    effects = [evaluate(proved["L13"]["p_subtract"], u=u, **where) for u in (-50.0, -40.0, -35.0)]
    assert effects == sorted(set(effects))
    assert sp.Symbol("u", real=True) not in proved["L13"]["p_value"].free_symbols
