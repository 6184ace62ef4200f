"""The joint thresholds of the package against the derivations of theory/11_joint.py."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, stats

from causal_snn import models
from causal_snn.coarse.joint_thresholds import minimax
from causal_snn.coarse.joint_thresholds.factors import factors, ratio
from causal_snn.coarse.joint_thresholds.integrals import mean_square_above
from causal_snn.coarse.joint_thresholds.joint import joint
from causal_snn.coarse.joint_thresholds.unit_step import UnitStep, unit_step
from causal_snn.kernel.normal import mean_above
from causal_snn.models import Network
from causal_snn.models.zoo import excitatory_ring, half_centre, pyloric

Evaluate = Callable[..., float]
Load = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def proved(load_theory: Load) -> dict[str, dict[str, sp.Expr]]:
    """Every formula of the joint derivation, by label."""
    return {label: derive() for label, derive in load_theory("11_joint").RESULTS.items()}


def test_every_result_is_listed(proved: dict[str, dict[str, sp.Expr]]) -> None:
    """J1 to J10, none of them empty."""
    assert set(proved) == {f"J{n}" for n in range(1, 11)}
    assert all(proved.values())


def unit() -> UnitStep:
    """Return a unit with the default range, its spiking part 4 mV long."""
    net = Network(neuron=models.lif(), weights=[[0.0]], drive=12.0, noise=3.0, dt=5.0)
    return unit_step(net, 0, potentials=(-85.0, -46.0))


def test_total_variation_of_independent_units(
    proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate
) -> None:
    """J1: the joint bound of two units is the formula, and below the sum."""
    result = joint(half_centre(), objective="minimax")
    eps = {"eps_1": result.per_unit[0], "eps_2": result.per_unit[1]}
    assert result.total_variation == pytest.approx(evaluate(proved["J1"]["total_variation"], **eps))
    assert result.total_variation <= evaluate(proved["J1"]["sum"], **eps)


@pytest.mark.parametrize("cut", [-84.0, -60.0, -50.5, -50.0])
def test_correlation_ratio(
    cut: float, proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate
) -> None:
    """J2 and J4: rho is the squared correlation of the spike and the macro state."""
    one = unit()
    found = float(ratio(one, np.array([cut]))[0])
    on = (one.high - cut) / one.length
    assert found == pytest.approx(evaluate(proved["J4"]["rho"], pi=one.spiking_share, m=on))
    given = evaluate(proved["J2"]["spike_given_on"], T=cut, theta=one.theta, gap=4.0)
    assert given == pytest.approx(one.spiking_share / on)

    u = np.random.default_rng(0).uniform(one.low, one.high, 400_000)
    correlation = np.corrcoef(u >= one.theta, u >= cut)[0, 1] ** 2
    assert found == pytest.approx(correlation, abs=4e-3)


def test_expansion_is_the_mean_square_of_predictions(load_theory: Load) -> None:
    """J4 with the theory's own basis: coefficients of a unit with two sources."""
    net = pyloric()
    units = tuple(unit_step(net, i) for i in range(3))
    cuts = [np.array([-62.0])] * 3
    table = factors(units, cuts, cuts, alphabet="binary", effect="spike")
    theory, one = load_theory("11_joint"), units[1]
    shares = [units[j].spiking_share for j in one.sources]

    def effects(low: float, high: float, after: bool) -> dict[tuple[int, ...], float]:
        slope, offset = (one.spiked_decay, one.spiked_offset) if after else (one.decay, one.offset)
        found = {}
        for s in itertools.product((0, 1), repeat=2):
            c = offset + float(np.dot(one.inputs, s))

            def p(v: float, c: float = c) -> float:
                return float(stats.norm.cdf((c + slope * v - one.theta) / one.sigma))

            found[s] = integrate.quad(p, low, high, epsabs=1e-13)[0] / one.length
        return found

    off = effects(one.low, -62.0, False)
    primed, spiked = effects(-62.0, one.theta, False), effects(one.theta, one.high, True)
    on = {s: primed[s] + spiked[s] for s in primed}
    masses = ((-62.0 - one.low) / one.length, (one.high + 62.0) / one.length)
    for chosen in itertools.product((0, 1), repeat=2):
        if chosen == (0, 0):
            continue  # this column also holds the mean square of the effect
        square = 0.0
        for mass, cell in zip(masses, (off, on), strict=True):
            coefficient = 0.0
            for s, value in cell.items():
                for share, inside, outcome in zip(shares, chosen, s, strict=True):
                    value *= share if outcome else 1.0 - share
                    value *= float(theory.basis(share, outcome)) if inside else 1.0
                coefficient += value
            square += coefficient**2 / mass
        column = chosen[0] + 2 * chosen[1]  # the first source is bit 0
        assert table.told[1][0, column] == pytest.approx(square, rel=1e-9)


def test_refinement_bounds_every_threshold_inside(load_theory: Load) -> None:
    """J5: what an interval tells is more than what any threshold in it tells."""
    net = pyloric()
    units = tuple(unit_step(net, i) for i in range(3))
    first, last = np.array([-70.0, -55.0]), np.array([-66.0, -50.0])
    wide = factors(units, [first] * 3, [last] * 3, alphabet="binary", effect="spike")
    for part in np.linspace(0.0, 1.0, 9):
        cuts = [first + part * (last - first)] * 3
        narrow = factors(units, cuts, cuts, alphabet="binary", effect="spike")
        for i in range(3):
            assert np.all(narrow.told[i] <= wide.told[i] + 1e-15)
            assert np.all(wide.least[i] <= narrow.most[i] + 1e-15)
            assert np.all(narrow.most[i] <= wide.most[i] + 1e-15)


@pytest.mark.parametrize(("first", "last"), [(-3.0, 4.0), (0.2, 0.3), (1.0, 1.0), (-30.0, -9.0)])
def test_mean_of_the_squared_normal(
    first: float, last: float, proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate
) -> None:
    """J7 against the formula and numerical integration; the mean value where the span is 0."""
    found = float(mean_square_above(np.array(first), np.array(last), 1.0, np.array(0.0)))
    direct = (
        integrate.quad(lambda z: stats.norm.cdf(z) ** 2, first, last, epsabs=0)[0] / (last - first)
        if last > first
        else float(stats.norm.cdf(first)) ** 2
    )
    assert found == pytest.approx(direct, rel=1e-8, abs=1e-16)
    if last - first > 1:
        primitive = proved["J7"]["primitive"]
        ends = [evaluate(primitive, x=end) for end in (first, last)]
        assert found == pytest.approx((ends[1] - ends[0]) / (last - first), abs=1e-13)


@pytest.mark.parametrize("weight", [2.0, 8.0, 20.0])
def test_binary_worst_case_is_above_its_floor(
    weight: float, proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate
) -> None:
    """J8 in the context where nothing arrives: no threshold of a ring gets below the floor."""
    net = excitatory_ring(3, weight=weight)
    units = [unit_step(net, i) for i in range(3)]
    one = units[0]

    def p(mean: float) -> float:
        return float(stats.norm.cdf((mean - one.theta) / one.sigma))

    floors = [
        evaluate(
            proved["J8"]["floor"],
            p_theta=p(one.offset + one.decay * one.theta + c),
            p_low=p(one.offset + one.decay * one.low + c),
            p_spiked=p(one.spiked_offset + c),
        )
        for c in (0.0, weight)
    ]
    cuts = [np.linspace(u.low, u.theta, 9) for u in units]
    for i, opened in ((0, frozenset()), (0, frozenset({2}))):
        assert np.all(minimax.diameters(units[i], cuts[i], opened) >= max(floors) - 1e-12)


def test_best_threshold_of_one_unit_is_midway(
    proved: dict[str, dict[str, sp.Expr]], evaluate: Evaluate
) -> None:
    """J10: at the best threshold the effect lies midway between those of the two cells."""
    net = Network(neuron=models.lif(), weights=[[0.0]], drive=12.0, noise=3.0, dt=5.0)
    cells = 4001
    result = joint(net, alphabet="binary", cells=cells)
    one, cut = result.certificate.units[0], float(result.thresholds[0])
    assert one.low < cut < one.theta
    mean = [one.offset + one.decay * v for v in (one.low, cut, one.theta)]
    after = one.spiked_offset + one.spiked_decay * one.high
    lengths = [cut - one.low, one.theta - cut, one.high - one.theta]
    effects = [
        float(mean_above(mean[0], mean[1], one.sigma, one.theta)),
        float(mean_above(mean[1], mean[2], one.sigma, one.theta)),
        float(stats.norm.cdf((after - one.theta) / one.sigma)),
    ]
    on = (lengths[1] * effects[1] + lengths[2] * effects[2]) / (lengths[1] + lengths[2])
    here = float(stats.norm.cdf((mean[1] - one.theta) / one.sigma))
    values = {
        "I_0": effects[0] * lengths[0] / one.length,
        "m_0": lengths[0] / one.length,
        "I_1": on * (lengths[1] + lengths[2]) / one.length,
        "m_1": (lengths[1] + lengths[2]) / one.length,
    }
    # The grid is 9 microvolt wide, over which p changes by less than 0.004.
    assert here == pytest.approx(evaluate(proved["J10"]["effect_at_best"], **values), abs=4e-3)
    # Moving up or down costs: the slope of what is told changes sign there.
    step = (one.theta - one.low) / (cells - 1)
    slopes = [
        evaluate(
            proved["J10"]["slope"],
            **values,
            p=float(stats.norm.cdf((mean[1] + d * one.decay * step - one.theta) / one.sigma)),
            length=one.length,
        )
        for d in (-1.0, 1.0)
    ]
    assert slopes[0] > 0 > slopes[1]
