"""Branches of cycles: closed forms, published values, other programs' values, bad input."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from causal_snn import models
from causal_snn.dynamics.continuation.branch import Branch
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.cycle.cycles import CycleBranch, continue_cycles, limit_cycle
from causal_snn.dynamics.field import field
from causal_snn.errors import InputError
from causal_snn.models import adex, define, fitzhugh_nagumo, izhikevich
from causal_snn.models.neuron import NeuronModel

TAU = 2 * np.pi


@pytest.fixture(scope="module")
def hh() -> tuple[Branch, CycleBranch]:
    """Hodgkin-Huxley from the first Hopf point to the second."""
    branch = continue_equilibria(models.hodgkin_huxley(), "I", (0, 200))
    return branch, continue_cycles(branch, "HB1")


@pytest.fixture(scope="module")
def stuart_landau() -> Branch:
    model = define(
        "stuart_landau",
        drift={"x": "mu*x - y - x*(x**2 + y**2)", "y": "x + mu*y - y*(x**2 + y**2)"},
        parameters={"mu": 0.0},
    )
    return continue_equilibria(model, "mu", (-1, 2))


# AUTO-07p with 200 intervals, PyDSTool and an independent prototype agree on these to 2e-9.
FOLDS = [(7.8423471202, 16.713797), (7.9177854943, 20.707293), (6.2603212745, 19.895241)]


def test_hodgkin_huxley_folds_of_cycles(hh: Any) -> None:
    _, cycles = hh
    folds = cycles.special.of("LPC")
    assert [fold.name for fold in folds] == ["LPC1", "LPC2", "LPC3"]
    for fold, (value, period) in zip(folds, FOLDS, strict=True):
        assert fold.value == pytest.approx(value, rel=1e-8)
        assert fold.period == pytest.approx(period, rel=2e-7)
        assert fold.converged
        assert fold.residual < 1e-8
        # The error is known: within a factor of the true one, or below rounding of the reference.
        assert abs(fold.value - value) < 3 * fold.tolerance + 6e-11
        assert fold.tolerance < 1e-7
        # A simple multiplier 1 besides the trivial one.
        assert np.abs(fold.eigenvalues[1:] - 1).min() < 1e-5


def test_hodgkin_huxley_folds_converge_with_the_mesh(hh: Any) -> None:
    branch, _ = hh
    fine = continue_cycles(branch, intervals=100, stop_after={"LPC": 3})
    for fold, (value, _) in zip(fine.special.of("LPC"), FOLDS, strict=True):
        assert fold.value == pytest.approx(value, abs=1.6e-10)
        assert fold.tolerance < 2e-10


def test_hodgkin_huxley_from_hopf_to_hopf(hh: Any) -> None:
    branch, cycles = hh
    assert cycles.stopped[1].startswith("ends at Hopf point I = 154.522433")
    assert cycles.values[0] == branch.special["HB1"].value
    assert cycles.values[-1] == pytest.approx(branch.special["HB2"].value, abs=1e-9)
    np.testing.assert_allclose(cycles.maxima[[0, -1]], cycles.minima[[0, -1]], atol=1e-12)
    # Unstable up to the last fold, stable from there to the second Hopf point.
    last = cycles.special["LPC3"].index
    assert not cycles.stable[:last].any()
    assert cycles.stable[last:-1].all()


@pytest.mark.parametrize(
    ("current", "period"), [(10, 14.63621), (20, 11.5646975), (50, 8.5443804), (100, 6.7902707)]
)
def test_hodgkin_huxley_period_at_a_current(hh: Any, current: Any, period: Any) -> None:
    (orbit,) = hh[1].at(current)
    assert orbit.period == pytest.approx(period, rel=6e-9)
    assert orbit.value == current
    assert orbit.model.parameters["I"] == current
    assert orbit.stable


def test_hodgkin_huxley_four_cycles_between_the_folds(hh: Any) -> None:
    orbits = hh[1].at(7.88)
    assert [orbit.stable for orbit in orbits] == [False, False, False, True]
    assert all(orbit.value == 7.88 for orbit in orbits)
    assert len(hh[1].at(6.0)) == 0
    assert len(hh[1].at(6.3)) == 2
    assert len(hh[1].at(7.917785)) == 4  # so near the fold that both cycles nearly meet
    (orbit,) = hh[1].at(150)
    assert orbit.period == pytest.approx(5.9575738351, rel=1e-9)


def test_hodgkin_huxley_period_doublings_by_direct_integration(hh: Any) -> None:
    # AUTO steps over this pair; the variational equation over one period confirms mu = -1.
    doublings = hh[1].special.of("PD")
    assert len(doublings) == 2
    orbit = hh[1].orbit("PD1")
    of = field(orbit.model)

    def rhs(_: float, z: Any) -> Any:
        f, jacobian = of.f_jac(z[:4])
        return np.concatenate([f, (jacobian @ z[4:].reshape(4, 4)).ravel()])

    begin = np.concatenate([orbit.x[:, 0], np.eye(4).ravel()])
    run = solve_ivp(rhs, (0, orbit.period), begin, method="DOP853", rtol=1e-12, atol=1e-14)
    values = np.linalg.eigvals(run.y[4:, -1].reshape(4, 4))
    assert np.abs(values + 1).min() < 1e-6
    assert np.abs(values - 1).min() < 1e-6
    assert values.real.min() == pytest.approx(orbit.multipliers.real.min(), rel=1e-5)


def test_either_hopf_point_gives_the_same_branch(hh: Any) -> None:
    branch, there = hh
    back = continue_cycles(branch.special["HB2"], span=(0, 200))
    assert back.stopped[1].startswith("ends at Hopf point I = 9.7754379")
    for label in ("LPC", "PD"):
        forward, reverse = there.special.of(label), back.special.of(label)[::-1]
        for a, b in zip(forward, reverse, strict=True):
            assert a.value == pytest.approx(b.value, rel=2e-8)
            assert a.period == pytest.approx(b.period, rel=1e-6)


def test_morris_lecar_hopf_regime_has_a_fold_beyond_each_hopf_point() -> None:
    branch = continue_equilibria(models.morris_lecar("hopf"), "I", (0, 300))
    cycles = continue_cycles(branch)
    folds = cycles.special.of("LPC")
    assert len(folds) == len(cycles.special) == 2
    assert folds[0].value < branch.special["HB1"].value
    assert folds[1].value > branch.special["HB2"].value
    assert "Hopf point" in cycles.stopped[1]
    # Outside the folds the neuron only rests: just inside it fires, just outside it does not.
    fires = limit_cycle(models.morris_lecar("hopf"), I=folds[0].value + 0.05)
    assert fires.period == pytest.approx(cycles.at(folds[0].value + 0.05)[-1].period, rel=1e-8)
    with pytest.raises(InputError, match="rest"):
        limit_cycle(models.morris_lecar("hopf"), I=folds[0].value - 0.5)


def test_morris_lecar_saddle_node_on_the_circle() -> None:
    branch = continue_equilibria(models.morris_lecar("snlc"), "I", (-50, 300))
    cycles = continue_cycles(branch)
    fold, snic = cycles.special
    assert fold.value == pytest.approx(116.10953717, rel=1e-10)
    assert fold.period == pytest.approx(37.159361, rel=2e-8)
    assert snic.label == "SNIC"
    assert snic.value == pytest.approx(39.963153092745, rel=1e-12)
    assert snic.details["exponent"] == pytest.approx(-0.5, abs=0.02)
    assert snic.details["extrapolated"] == pytest.approx(snic.value, abs=2e-4)
    assert snic.details["distance"] < 1e-3
    assert np.abs(snic.eigenvalues).min() < 1e-7
    assert "towards a saddle-node" in cycles.stopped[1]
    assert np.isfinite(cycles.multipliers).all()


def test_saddle_node_on_the_circle_in_closed_form() -> None:
    # r' = r(1 - r^2), theta' = I - sin(theta): T = 2 pi/sqrt(I^2 - 1).
    model = define(
        "snic",
        drift={
            "x": "x*(1 - x**2 - y**2) - y*(I - y/sqrt(x**2 + y**2))",
            "y": "y*(1 - x**2 - y**2) + x*(I - y/sqrt(x**2 + y**2))",
        },
        parameters={"I": 2.0},
        domain={"x": (-1.5, 1.5), "y": (-1.5, 1.5)},
    )
    cycles = continue_cycles(limit_cycle(model), span=(3, 0), max_period=600.0)
    np.testing.assert_allclose(cycles.period, TAU / np.sqrt(cycles.values**2 - 1), rtol=3e-9)
    exact = np.exp(-2 * cycles.period)
    deep = exact > 1e-14
    assert deep.sum() > 4
    np.testing.assert_allclose(cycles.multipliers[deep, 1].real, exact[deep], rtol=2e-6)
    (snic,) = cycles.special
    assert snic.label == "SNIC"
    assert snic.value == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(snic.state, [0, 1], atol=1e-9)
    assert snic.details["exponent"] == pytest.approx(-0.5, abs=0.005)
    assert snic.details["constant"] == pytest.approx(TAU / np.sqrt(2), rel=1e-3)


def test_morris_lecar_homoclinic_by_shooting() -> None:
    # The unstable manifold of the saddle returns to the saddle at this current: bisection with
    # DOP853 at rtol 1e-13 on the side at which it passes.
    branch = continue_equilibria(models.morris_lecar("homoclinic"), "I", (-50, 300))
    cycles = continue_cycles(branch)
    found = cycles.special["HC1"]
    assert found.value == pytest.approx(35.006734197585, abs=5e-9)
    assert found.details["rate"] == pytest.approx(np.abs(found.eigenvalues.real).min(), rel=1e-9)
    assert found.details["fitted_rate"] == pytest.approx(found.details["rate"], rel=0.05)
    assert found.details["distance"] < 1e-3
    assert abs(found.value - 35.006734197585) < found.tolerance
    assert found.eigenvalues.real.min() < 0 < found.eigenvalues.real.max()
    assert "towards a saddle at 35.00673" in cycles.stopped[1]


def test_homoclinic_in_closed_form() -> None:
    # x' = y, y' = x - x^2 - (H - p) y with H = y^2/2 - x^2/2 + x^3/3: every level set H = p is
    # invariant. A cycle for -1/6 < p < 0, Hopf at -1/6 and the homoclinic orbit at exactly 0.
    energy = "(y**2/2 - x**2/2 + x**3/3)"
    model = define(
        "levels",
        drift={"x": "y", "y": f"x - x**2 - ({energy} - p)*y"},
        parameters={"p": -0.3},
        domain={"x": (-1, 2), "y": (-1, 1)},
    )
    branch = continue_equilibria(model, "p", (-0.5, 0.2), start=[1.0, 0.0])
    hopf = branch.special["HB1"]
    assert hopf.value == pytest.approx(-1 / 6, abs=1e-12)
    cycles = continue_cycles(branch)
    found = cycles.special["HC1"]
    assert found.value == pytest.approx(0, abs=1e-8)
    np.testing.assert_allclose(found.state, 0, atol=1e-9)
    (orbit,) = cycles.at(-0.05)
    x, y = orbit.x
    np.testing.assert_allclose(y**2 / 2 - x**2 / 2 + x**3 / 3, -0.05, atol=1e-8)
    turns = np.sort(np.roots([-1 / 3, 1 / 2, 0, -0.05]).real)[1:]  # y = 0 at both ends

    def part(
        angle: float,
    ) -> tuple[float, float]:  # x from end to end by an angle, so that dx/y is smooth
        middle, half = turns.mean(), np.ptp(turns) / 2
        at = middle + half * np.sin(angle)
        height = np.sqrt(2 * (at**2 / 2 - at**3 / 3 - 0.05))
        return half * np.cos(angle), height

    ends = (-np.pi / 2 + 1e-9, np.pi / 2 - 1e-9)
    period = 2 * quad(lambda a: part(a)[0] / part(a)[1], *ends, epsabs=1e-11)[0]
    action = 2 * quad(lambda a: part(a)[0] * part(a)[1], *ends, epsabs=1e-11)[0]
    assert orbit.period == pytest.approx(period, rel=1e-7)
    assert orbit.multipliers[1] == pytest.approx(np.exp(-action), rel=1e-7)


def test_supercritical_hopf_in_closed_form(stuart_landau: Any) -> None:
    cycles = continue_cycles(stuart_landau)
    mu = cycles.values
    assert mu[-1] == 2
    assert cycles.stopped[1] == "left the span at mu = 2"
    assert len(cycles.special) == 0
    np.testing.assert_allclose(cycles.period, TAU, rtol=1e-11)
    np.testing.assert_allclose(cycles.maxima[:, 0], np.sqrt(mu), atol=1e-9)
    np.testing.assert_allclose(cycles.minima[:, 1], -np.sqrt(mu), atol=1e-9)
    np.testing.assert_allclose(cycles.multipliers[:, 0], 1, atol=1e-8)
    np.testing.assert_allclose(cycles.multipliers[:, 1].real, np.exp(-2 * TAU * mu), rtol=1e-8)
    assert cycles.stable.all()
    (orbit,) = cycles.at(0.7)
    np.testing.assert_allclose(np.hypot(*orbit.x), np.sqrt(0.7), atol=1e-9)


def test_subcritical_hopf_and_fold_in_closed_form() -> None:
    # r' = mu r + 2 r^3 - r^5: a fold at mu = -1, r = 1.
    terms = "mu + 2*(x**2 + y**2) - (x**2 + y**2)**2"
    model = define(
        "bautin",
        drift={"x": f"x*({terms}) - y", "y": f"y*({terms}) + x"},
        parameters={"mu": 0.0},
    )
    cycles = continue_cycles(continue_equilibria(model, "mu", (-2, 1)))
    (fold,) = cycles.special
    assert fold.value == pytest.approx(-1, abs=1e-12)
    assert fold.period == pytest.approx(TAU, abs=1e-10)
    orbit = cycles.orbit("LPC1")
    np.testing.assert_allclose(np.hypot(*orbit.x), 1, atol=1e-6)
    both = cycles.at(-0.75)  # r^2 = 1 -+ sqrt(1 + mu)
    np.testing.assert_allclose(
        [np.hypot(*orbit.x[:, 0]) for orbit in both], np.sqrt([0.5, 1.5]), atol=1e-9
    )
    assert [orbit.stable for orbit in both] == [False, True]


def test_every_cycle_of_the_branch_is_found_once_at_its_own_value(hh: Any) -> None:
    cycles = hh[1]
    for k in (10, 20, cycles.special["LPC3"].index, 30):
        value = cycles.values[k]
        at, near = cycles.at(value), cycles.at(value * (1 + 1e-9))
        assert len(at) == len(near)
        periods = np.array([orbit.period for orbit in at])
        assert np.abs(periods / cycles.period[k] - 1).min() < 1e-6
        np.testing.assert_allclose(periods, [orbit.period for orbit in near], rtol=1e-5)
    # At a Hopf point the cycle of the branch's end is none, but the large one is there.
    (large,) = cycles.at(cycles.values[0])
    assert large.stable
    assert cycles.at(cycles.values[-1]) == []
    edge = continue_cycles(hh[0], span=(8.5, 12))
    assert edge.values[-1] == 8.5
    assert edge.at(8.5)[0].period == pytest.approx(cycles.at(8.5)[0].period, rel=1e-7)


def test_multipliers_at_the_hopf_point_are_those_of_the_equilibrium(hh: Any) -> None:
    branch, cycles = hh
    hopf = branch.special["HB1"]
    slow = hopf.eigenvalues[np.argsort(np.abs(hopf.eigenvalues.real))][2:].real
    expected = [1.0, 1.0, *np.exp(np.sort(slow)[::-1] * hopf.period)]
    np.testing.assert_allclose(cycles.multipliers[0].real, expected, rtol=1e-8)
    np.testing.assert_allclose(cycles.multipliers[1][:3].real, expected[:3], rtol=1e-3)


def test_torus_in_closed_form() -> None:
    # Langford's system, r' = (z - b) r, z' = c + a z - z^3/3 - r^2 (1 + e z): the cycle z = b,
    # r^2 = (c - c_H)/(1 + e b) with period 2 pi/d loses stability where the trace in (r, z),
    # a - b^2 - e r^2, is 0; the pair's angle is sqrt(det) T. Langford, in Nonlinear Dynamics and
    # Turbulence (1983), for the system.
    a, b, d, e = 0.95, 0.7, 3.5, 0.25
    model = define(
        "langford",
        drift={
            "x": "(z - b)*x - d*y",
            "y": "d*x + (z - b)*y",
            "z": "c + a*z - z**3/3 - (x**2 + y**2)*(1 + e*z)",
        },
        parameters={"a": a, "b": b, "c": -1.0, "d": d, "e": e},
        domain={"x": (-2, 2), "y": (-2, 2), "z": (-3, 3)},
    )
    cycles = continue_cycles(continue_equilibria(model, "c", (-3, 6)))
    (torus,) = cycles.special
    squared = (a - b**2) / e
    hopf = b**3 / 3 - a * b
    assert torus.label == "NS"
    assert torus.value == pytest.approx(hopf + (1 + e * b) * squared, abs=1e-9)
    angle = np.sqrt(2 * squared * (1 + e * b)) * TAU / d
    assert torus.details["angle"] == pytest.approx(TAU - angle, abs=1e-8)
    assert torus.residual < 1e-9
    before = cycles.values < torus.value
    assert not cycles.stable[before][1:].any()
    assert cycles.stable[~before].all()


def test_rossler_period_doubling_and_the_chaosbook_cycle() -> None:
    # Cvitanovic et al., ChaosBook.org, Rossler's cycle "1" at a = b = 0.2, c = 5.7:
    # T = 5.88108845586, Lambda = -2.403953527. The first doubling in c is near 2.832.
    model = define(
        "rossler",
        drift={"x": "-y - z", "y": "x + a*y", "z": "b + z*(x - c)"},
        parameters={"c": 2.5, "a": 0.2, "b": 0.2},
        domain={"x": (-10, 10), "y": (-10, 10), "z": (0, 10)},
    )
    cycles = continue_cycles(limit_cycle(model, guess=[3.0, 0.0, 0.0]), span=(1, 6))
    (doubling,) = cycles.special
    assert doubling.label == "PD"
    assert doubling.period is not None
    assert doubling.value == pytest.approx(2.832, abs=5e-4)
    assert np.abs(doubling.eigenvalues + 1).min() < 1e-9
    # On either side of it, a run shows period T, or 2 T.
    assert limit_cycle(model, c=2.80).period == pytest.approx(doubling.period, rel=0.01)
    assert limit_cycle(model, c=2.90).period == pytest.approx(2 * doubling.period, rel=0.01)
    (orbit,) = cycles.at(5.7)
    assert orbit.period == pytest.approx(5.88108845586, rel=1e-9)
    assert orbit.multipliers[1] == pytest.approx(-2.403953527, rel=1e-7)
    assert abs(orbit.multipliers[2]) < 1e-8


def test_branch_point_of_symmetric_cycles() -> None:
    # A cycle in the plane z = 0 loses stability to z != 0 at s = 0: a pitchfork of cycles.
    model = define(
        "pitchfork",
        drift={
            "x": "x*(1 - x**2 - y**2) - y",
            "y": "y*(1 - x**2 - y**2) + x",
            "z": "(s + x/2)*z - z**3",
        },
        parameters={"s": -0.2},
        domain={"x": (-2, 2), "y": (-2, 2), "z": (-2, 2)},
    )
    cycles = continue_cycles(limit_cycle(model, guess=[1.0, 0.0, 0.0]), span=(-1, 0.5))
    (point,) = cycles.special
    assert point.label == "BP"
    assert point.value == pytest.approx(0, abs=1e-9)
    assert (cycles.stable == (cycles.values < 0)).all()


def test_cycles_of_a_neuron_with_reset_end_at_threshold() -> None:
    neuron = models.izhikevich(a=0.02, b=0.2, c=-65.0, v_peak=-60.0)
    branch = continue_equilibria(neuron, "I", (0, 4.5))
    cycles = continue_cycles(branch)
    assert "spike threshold" in cycles.stopped[1]
    assert cycles.maxima[-1, 0] == pytest.approx(-60, abs=1e-8)
    assert (cycles.maxima[:-1, 0] < -60).all()
    far = continue_cycles(continue_equilibria(models.izhikevich(a=0.02, b=0.2), "I", (0, 4.5)))
    assert far.special[-1].label == "HC"


def test_canard_explosion_gives_each_fold_once() -> None:
    # The branch is vertical to 1e-11 there; rounding turns it round many times.
    branch = continue_equilibria(models.fitzhugh_nagumo(), "I", (-1, 3))
    for start in ("HB1", "HB2"):
        cycles = continue_cycles(branch, start)
        values = sorted(point.value for point in cycles.special)
        assert [point.label for point in cycles.special] == ["LPC", "LPC"]
        assert sum(values) == pytest.approx(1.75, abs=1e-8)  # v -> -v, I -> 2a/b - I
        assert "Hopf point" in cycles.stopped[1]


def test_conservative_cycles_form_a_vertical_branch_without_special_points() -> None:
    model = define(
        "pendulum",
        drift={"x": "y", "y": "-sin(x) + p*y"},
        parameters={"p": 0.0},
        domain={"x": (-3, 3), "y": (-3, 3)},
    )
    branch = continue_equilibria(model, "p", (-1, 1), start=[0.0, 0.0])
    cycles = continue_cycles(branch)
    assert np.abs(cycles.values).max() < 1e-10
    assert [point.label for point in cycles.special] == ["HC"]  # the separatrix, p = 0 too
    assert cycles.special[0].value == pytest.approx(0, abs=1e-10)
    from scipy.special import ellipk

    exact = 4 * ellipk(np.sin(cycles.maxima[:, 0] / 2) ** 2)
    np.testing.assert_allclose(cycles.period, exact, rtol=1e-8)


def test_another_parameter_from_the_same_hopf_point() -> None:
    branch = continue_equilibria(models.hodgkin_huxley(), "I", (0, 20))
    cycles = continue_cycles(
        branch, parameter="phi", span=(0.9, 1.2), stop_after={"LPC": 1}, max_points=60
    )
    assert cycles.parameter == "phi"
    assert cycles.values[0] == 1
    orbit = cycles.orbit(5)
    assert orbit.model.parameters["I"] == pytest.approx(branch.special["HB1"].value)
    leak = continue_cycles(branch.special["HB1"], parameter="g_L", max_points=5)  # not negative
    assert leak.values[0] == pytest.approx(0.3)
    again = limit_cycle(orbit.model, guess=orbit)
    assert again.period == pytest.approx(orbit.period, rel=1e-8)


def test_every_way_to_stop_says_so(stuart_landau: Any) -> None:
    assert continue_cycles(stuart_landau, max_points=4).stopped[1].startswith("max_points = 4")
    branch = continue_equilibria(models.morris_lecar("hopf"), "I", (80, 120))
    cycles = continue_cycles(branch, stop_after={"LPC": 1})
    assert cycles.stopped[1] == "passed 1 cycle folds"
    long = continue_cycles(branch, max_period=100.0)
    assert long.stopped[1].startswith("period exceeds max_period = 100 ms")
    assert long.period[-1] > 100 > long.period[:-1].max()
    there = continue_cycles(branch.special["HB1"], span=(120, 91))  # order is of no matter
    assert there.stopped[1] == "left the span at I = 91"
    assert there.values[-1] == 91


def test_tables_and_provenance(stuart_landau: Any) -> None:
    pytest.importorskip("pandas")
    cycles = continue_cycles(stuart_landau)
    table = cycles.to_dataframe()
    assert list(table["mu"]) == list(cycles.values)
    assert {"period", "stable", "x max", "y min", "Re mu2"} <= set(table.columns)
    assert table.attrs["units"]["period"] == "ms"
    lines = cycles.table().splitlines()
    assert len(lines) == 3
    assert "Hopf point" in lines[1]
    assert "left the span" in lines[2]
    assert cycles.provenance["intervals"] == 50
    assert "collocation" in cycles.provenance["method"]
    assert "stuart_landau" in repr(cycles)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": "HB7"}, "HB"),
        ({"intervals": 1}, "intervals"),
        ({"degree": 1}, "degree"),
        ({"span": (1, 2)}, "span"),
        ({"max_period": 1.0}, "max_period"),
        ({"max_points": 1}, "max_points"),
        ({"parameter": "nu"}, "parameter"),
        ({"stop_after": {"PD": 1}}, "stop_after"),
        ({"stop_after": {"LPC": 0}}, "stop_after"),
    ],
)
def test_bad_options_are_named(stuart_landau: Any, options: Any, words: Any) -> None:
    with pytest.raises(InputError, match=words):
        continue_cycles(stuart_landau, **options)


def test_what_is_no_hopf_point_is_refused(stuart_landau: Any) -> None:
    branch = continue_equilibria(models.morris_lecar("snlc"), "I", (-50, 300))
    with pytest.raises(InputError, match="Hopf"):
        continue_cycles(branch, "LP1")
    with pytest.raises(InputError, match="Hopf"):
        continue_cycles(branch.special["LP2"])
    with pytest.raises(InputError, match="source"):
        continue_cycles(models.hodgkin_huxley())  # type: ignore[arg-type]
    quiet = continue_equilibria(models.hodgkin_huxley(), "I", (0, 5))
    with pytest.raises(InputError, match="Hopf"):
        continue_cycles(quiet)
    cycles = continue_cycles(stuart_landau)
    with pytest.raises(InputError, match="position"):
        cycles.orbit(99)
    with pytest.raises(InputError, match="value"):
        cycles.at(np.nan)
    orbit = limit_cycle(stuart_landau.model, mu=1.0, guess=[1.0, 0.0])
    with pytest.raises(InputError, match="span"):
        continue_cycles(orbit)


@pytest.mark.parametrize(
    ("model", "span", "labels"),
    [
        (fitzhugh_nagumo(epsilon=0.02), (0.0, 2.0), ["LPC", "LPC"]),
        (fitzhugh_nagumo(epsilon=0.04), (0.0, 2.0), ["LPC", "LPC"]),
        (izhikevich(), (0.0, 10.0), ["HC"]),
        (izhikevich("chattering"), (0.0, 10.0), ["HC"]),
        (izhikevich(a=0.0045, b=0.219), (0.0, 10.0), ["HC"]),
        (adex(a=22.0, tau_w=199.0, Delta_T=3.8), (0.0, 2500.0), ["HC"]),
    ],
    ids=["canard .02", "canard .04", "regular", "chattering", "slow", "adex"],
)
def test_rounding_invents_no_points_where_cycles_explode(
    model: NeuronModel, span: tuple[float, float], labels: list[str]
) -> None:
    # A planar cycle's multiplier is exp(integral of the divergence) > 0: no PD, no NS. FitzHugh-
    # Nagumo cycles fold once on either side; the others run into a homoclinic orbit.
    cycles = continue_cycles(continue_equilibria(model, "I", span))
    assert [point.label for point in cycles.special] == labels
    assert all(point.converged for point in cycles.special)


def test_stability_on_a_canard_is_that_of_the_divergence() -> None:
    model = fitzhugh_nagumo(epsilon=0.04)
    cycles = continue_cycles(continue_equilibria(model, "I", (0.0, 2.0)))
    for k in range(2, len(cycles) - 1, 3):
        orbit = cycles.orbit(k)
        # div = 1 - v^2 - epsilon b, integrated by the trapezoidal rule on a fine grid.
        t = np.linspace(0.0, orbit.period, 20001)
        v = orbit.at(t)[0]
        log_mu = np.trapezoid(1.0 - v**2 - 0.04 * 0.8, t)
        if abs(log_mu) > 1e-3:
            assert cycles.stable[k] == (log_mu < 0)
