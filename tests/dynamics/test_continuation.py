"""Branches of equilibria: published special points, closed forms, awkward models, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.dynamics.continuation.branch import Branch
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.equilibrium.equilibria import equilibria
from causal_snn.dynamics.field import field
from causal_snn.errors import InputError
from causal_snn.models.define import define
from causal_snn.models.neuron import NeuronModel

# Values in closed form, or computed with 30 digits and checked against AUTO-07p. The
# Hodgkin-Huxley currents lie in the enclosures that Hendrick's computer-assisted proof gives:
# [9.775437995393, 9.775437995394] and [154.522433665808, 154.522433665809].
HOPF: list[tuple[NeuronModel, tuple[float, float], list[tuple[float, float, float]]]] = [
    (
        models.hodgkin_huxley(),
        (0, 200),
        [
            (9.7754379953931, 0.58623381313, 0.01479364813),
            (154.52243366581, 1.06292180676, -0.004728502695),
        ],
    ),
    (
        models.morris_lecar("hopf"),
        (0, 300),
        [
            (93.857618373725, 0.07977978, 6.543186722e-3),
            (212.01881610037, 0.14860217, 3.668292046e-3),
        ],
    ),
    (
        models.morris_lecar("snlc"),
        (-50, 300),
        [(97.787888964024, 0.25219545885, 2.109001622e-3)],
    ),
    (models.morris_lecar("snlc", phi=0.067), (-50, 300), [(97.646163921526, np.nan, np.nan)]),
    (
        models.fitzhugh_nagumo(),
        (0, 2),
        [
            (0.3312813374547458, 0.275506805724, 0.971971082),
            (1.418718662545254, 0.275506805724, 0.971971082),
        ],
    ),
    (models.izhikevich(), (-50, 10), [(3.7975, 0.06, 0.1475579165)]),
    (models.adex(), (0, 1000), [(627.1824645086, 0.00711533506, 1.882481489)]),
]


@pytest.mark.parametrize(("model", "span", "points"), HOPF)
def test_hopf_points_are_the_published_ones(
    model: NeuronModel, span: tuple[float, float], points: list[tuple[float, float, float]]
) -> None:
    found = continue_equilibria(model, "I", span).special.of("HB")
    assert len(found) == len(points)
    for point, (value, omega, l1) in zip(found, points, strict=True):
        assert point.value == pytest.approx(value, rel=2e-12)
        assert point.converged
        assert point.tolerance < 1e-12 * abs(value)
        if np.isfinite(omega):
            assert point.omega == pytest.approx(omega, rel=1e-7)
            assert point.period == pytest.approx(2 * np.pi / omega, rel=1e-7)
            assert point.l1 == pytest.approx(l1, rel=1e-8)
            assert point.criticality == ("subcritical" if l1 > 0 else "supercritical")


@pytest.mark.parametrize(
    ("model", "span", "points"),
    [
        (models.morris_lecar("snlc"), (-50, 300), [39.963153092745, -9.9490393226231]),
        (models.izhikevich(), (-50, 10), [4.0]),
        (models.adex(), (0, 1000), [627.31109372087]),
        (models.eif(), (0, 1000), [30.0 * (-50.4 + 70.6 - 2.0)]),  # g_L (V_T - E_L - Delta_T)
        (models.qif(), (-1, 1), [0.0]),
        (models.theta_neuron(), (-1, 1), [0.0]),
    ],
)
def test_folds_are_the_published_ones(
    model: NeuronModel, span: tuple[float, float], points: list[float]
) -> None:
    branch = continue_equilibria(model, "I", span)
    found = branch.special.of("LP")
    assert [p.value for p in found] == pytest.approx(points, rel=2e-12, abs=1e-15)
    assert all(point.converged for point in found)
    assert branch.stopped[1] == f"left the span at I = {span[int(len(points) == 2)]:g}"


def test_mlfast_of_the_matcont_manual() -> None:
    """Its manual prints folds -0.020727, 0.083257 and a Hopf point 0.075659, 8.238955."""
    model = define(
        "MLfast",
        drift={
            "v": "y - 0.5*(v + 0.5) - 2*w*(v + 0.7) - (1 + tanh((v + 0.01)/0.15))/2*(v - 1)",
            "w": "1.15*((1 + tanh((v - z)/0.145))/2 - w)*cosh((v - 0.1)/0.29)",
        },
        parameters={"y": 0.0, "z": 0.1},
        domain={"v": (-1, 1), "w": (0, 1)},
    )
    special = continue_equilibria(model, "y", (-0.1, 0.2)).special
    values = [special[name].value for name in ("LP2", "LP1", "HB1")]
    assert values == pytest.approx([-0.02072716526, 0.08325656894, 0.0756587864], abs=1e-10)


def test_newton_squares_the_error() -> None:
    """Polished from 1e-3 away, each correction is of the order of the square of the one before."""
    from causal_snn.dynamics.continuation.polish import (
        polish_branch_point,
        polish_fold,
        polish_hopf,
    )

    snlc = models.morris_lecar("snlc")
    special = continue_equilibria(snlc, "I", (-50, 300)).special
    forks = define("forks", drift={"x": "(x - r)*(x + r + x**2)"}, parameters={"r": -0.5})
    fork = continue_equilibria(forks, "r", (-0.5, 0.5), start=[-0.5]).special["BP1"]
    for polish, point, scale in (
        (polish_fold, special["LP1"], [100.0, 1.0, 300.0]),
        (polish_hopf, special["HB1"], [100.0, 1.0, 300.0]),
        (polish_branch_point, fork, [1.0, 1.0]),
    ):
        f, s = field(point.model), np.array(scale)
        away = 1e-3 * s
        done = polish(
            f, f.index(point.parameter), s, point.state + away[:-1], point.value + away[-1]
        )
        assert done.converged
        sizes = [size for size in done.history if size > 1e-7]
        assert len(done.history) <= 7
        for before, after in zip(done.history, done.history[1:], strict=False):
            assert after < max(300.0 * before**2, 3e-13)
        assert len(sizes) >= 1


@pytest.mark.parametrize(
    ("parameter", "span"),
    [
        ("g_K", (20, 60)),
        pytest.param("E_Na", (60, 20), marks=pytest.mark.slow),
        ("scale_Na", (0.4, 2)),
        pytest.param("phi", (0.2, 5), marks=pytest.mark.slow),
    ],
)
def test_any_parameter_of_hodgkin_huxley(parameter: str, span: tuple[float, float]) -> None:
    """The Hopf points are those of bisection on eigenvalues at proven equilibria."""
    model = models.hodgkin_huxley(I=12.0)
    branch = continue_equilibria(model, parameter, span)

    def growth(value: float) -> float:
        (point,) = equilibria(model.with_parameters(**{parameter: value}))
        return float(point.eigenvalues.real.max())

    grid = np.linspace(min(span), max(span), 12)
    growths = [growth(value) for value in grid]
    expected = []
    for low, high, at_low, at_high in zip(grid, grid[1:], growths, growths[1:], strict=False):
        if (at_low > 0) == (at_high > 0):
            continue
        a, b = low, high
        while b - a > 1e-7:
            middle = (a + b) / 2
            a, b = (middle, b) if (growth(middle) > 0) == (at_low > 0) else (a, middle)
        expected.append(a)
    assert sorted(p.value for p in branch.special.of("HB")) == pytest.approx(expected, abs=2e-7)
    assert len(expected) >= 1
    assert not branch.provenance["unresolved"]


def test_reversed_span_finds_the_same_points() -> None:
    model = models.adex()
    there = continue_equilibria(model, "I", (0, 700))
    lowest = equilibria(model, I=0)
    back = continue_equilibria(model, "I", (700 - 700, 650), start=len(lowest) - 1)
    assert [p.label for p in back.special] == [p.label for p in there.special][::-1]
    for a, b in zip(there.special, reversed(back.special), strict=True):
        assert a.value == pytest.approx(b.value, rel=1e-13)
    down = continue_equilibria(models.hodgkin_huxley(), "I", (200, 0))
    assert down.values[0] == 200
    assert down.values[-1] == 0
    assert [p.value for p in down.special] == pytest.approx([154.52243366581, 9.7754379953931])


def test_both_ways_from_inside_the_span() -> None:
    model = models.morris_lecar("snlc")
    (middle,) = [p for p in equilibria(model, I=20) if p.kind == "saddle"]
    branch = continue_equilibria(model, "I", (-50, 300), I=20, start=middle)
    whole = continue_equilibria(model, "I", (-50, 300))
    values = sorted(p.value for p in branch.special)
    assert values == pytest.approx(sorted(p.value for p in whole.special), rel=1e-12)
    assert {branch.values[0], branch.values[-1]} == {-50.0, 300.0}
    near = np.linalg.norm(branch.states - middle.state, axis=1).argmin()
    assert branch.values[near] == pytest.approx(20, abs=1e-9)


def test_closed_branch() -> None:
    circle = define("circle", drift={"x": "x**2 + r**2 - 1"}, parameters={"r": 0.0})
    branch = continue_equilibria(circle, "r", (-2, 2), r=0, start=[1.0])
    assert branch.stopped == ("the branch is closed",) * 2
    assert sorted(p.value for p in branch.special.of("LP")) == pytest.approx([-1, 1], abs=1e-15)
    assert np.hypot(branch.values, branch.states[:, 0]) == pytest.approx(1, abs=1e-11)
    assert (branch.states[0] == branch.states[-1]).all()


PITCHFORK = define("pitchfork", drift={"x": "r*x - x**3"}, parameters={"r": 0.0})
TRANSCRITICAL = define("transcritical", drift={"x": "(r - 0.3)*x - x**2"}, parameters={"r": 0.0})


def test_branch_points_and_the_other_branch() -> None:
    straight = continue_equilibria(PITCHFORK, "r", (-1, 2))
    (fork,) = straight.special
    assert fork.label == "BP"
    assert fork.value == pytest.approx(0, abs=1e-15)
    assert straight.stable[straight.values < -1e-3].all()
    assert not straight.stable[straight.values > 1e-3].any()
    bent = continue_equilibria(PITCHFORK, "r", (-1, 2), start=fork)
    assert bent.states[:, 0] ** 2 == pytest.approx(bent.values, abs=1e-10)
    assert {round(float(x), 9) for x in bent.states[[0, -1], 0]} == {1.414213562, -1.414213562}
    assert bent.stable.all()
    assert [p.label for p in bent.special] == ["BP"]
    # passed on the bent branch, which also turns back there, it is no fold
    along = continue_equilibria(PITCHFORK, "r", (2, -1), start=[1.4])
    assert [p.label for p in along.special] == ["BP"]

    (cross,) = continue_equilibria(TRANSCRITICAL, "r", (-1, 2), start=[0.0]).special
    assert cross.label == "BP"
    assert cross.value == pytest.approx(0.3, abs=1e-14)
    other = continue_equilibria(TRANSCRITICAL, "r", (-1, 2), start=cross)
    assert other.states[:, 0] == pytest.approx(other.values - 0.3, abs=1e-10)


@pytest.mark.parametrize("flaw", [1e-2, 1e-4, 1e-6])
def test_no_jump_across_an_imperfect_pitchfork(flaw: float) -> None:
    """r x - x^3 + flaw = 0 has a branch x > 0 for every r, and another that folds, x < 0."""
    model = define(
        "imperfect", drift={"x": "r*x - x**3 + flaw"}, parameters={"r": 0.0, "flaw": flaw}
    )
    upper = continue_equilibria(model, "r", (2, -1), start=[1.4])
    assert (upper.states > 0).all()
    assert upper.values[-1] == -1
    assert not upper.special
    lower = continue_equilibria(model, "r", (2, -1), start=[-1.4])
    assert (lower.states < 0).all()
    assert lower.values[-1] == 2
    assert lower.special["LP1"].value == pytest.approx(3 * (flaw / 2) ** (2 / 3), rel=1e-9)


def test_branches_too_close_to_tell_apart_are_named() -> None:
    """At a distance of 1e-4 the branch does jump, and says where; it makes up no branch point."""
    model = define("near", drift={"x": "r*x - x**3 + 1e-12"}, parameters={"r": 0.0})
    branch = continue_equilibria(model, "r", (2, -1), start=[1.4])
    ((low, high),) = branch.provenance["unresolved"]
    assert -1e-5 < low < 1e-7 < high < 1e-5
    assert not branch.special.of("BP")


def test_turns_are_resolved() -> None:
    """However long the steps may be, each turns by 0.4 at most; one point may be left out."""
    circle = define(
        "circle", drift={"x": "x**2 + r**2 - 1"}, parameters={"r": 0.0}, domain={"x": (-2, 2)}
    )
    branch = continue_equilibria(circle, "r", (-2, 2), r=0, start=[1.0], max_step=1.0)
    angles = np.unwrap(np.arctan2(branch.values, branch.states[:, 0]))
    assert abs(angles[-1] - angles[0]) == pytest.approx(2 * np.pi, abs=1e-9)
    assert np.abs(np.diff(angles)).max() < 0.6
    assert len(branch.special.of("LP")) == 2


def test_cusp_folds_in_closed_form() -> None:
    model = define("cusp", drift={"x": "r + s*x - x**3"}, parameters={"r": 0.0, "s": 1.0})
    for s in (1.0, 1e-2, 1e-4):
        branch = continue_equilibria(model, "r", (-2, 2), s=s)
        fold = 2 * (s / 3) ** 1.5
        values = [p.value for p in branch.special.of("LP")]
        assert values == pytest.approx([fold, -fold], rel=1e-9)
    assert not continue_equilibria(model, "r", (-2, 2), s=-1e-3).special


@settings(max_examples=25)
@given(gap=st.floats(-8, -2), centre=st.floats(0.2, 1.8), two=st.booleans())
def test_no_pair_of_hopf_points_is_missed(gap: float, centre: float, two: bool) -> None:
    """Growth d - (r - c)^2 touches zero at c: two Hopf points for d > 0, none for d < 0."""
    d = 10.0**gap * (1 if two else -1)
    model = define(
        "hump",
        drift={"x": "(d - (r - c)**2)*x - y", "y": "x + (d - (r - c)**2)*y - y*(x**2 + y**2)"},
        parameters={"r": 0.0, "d": d, "c": centre},
    )
    branch = continue_equilibria(model, "r", (0, 2))
    expected = [centre - np.sqrt(d), centre + np.sqrt(d)] if two else []
    inside = [value for value in expected if 0 < value < 2]
    assert [p.value for p in branch.special.of("HB")] == pytest.approx(inside, abs=1e-11)
    assert not branch.provenance["unresolved"]


def test_two_pairs_in_one_model() -> None:
    """A linear chain of two oscillators whose growth rates vanish at 1 and at rr."""
    model = define(
        "chain",
        drift={
            "x": "(r - 1)*x - y - x*(x**2 + y**2)",
            "y": "x + (r - 1)*y - y*(x**2 + y**2)",
            "u": "(r - rr)*u - 2*w",
            "w": "2*u + (r - rr)*w + x",
        },
        parameters={"r": 0.0, "rr": 1.0001},
    )
    near = continue_equilibria(model, "r", (0, 2))
    assert [p.value for p in near.special] == pytest.approx([1, 1.0001], abs=1e-14)
    assert [p.omega for p in near.special] == pytest.approx([1, 2], abs=1e-12)
    assert near.special[1].criticality == "degenerate"  # the second oscillator is linear
    # Exactly together they cannot be told apart; that is said, not hidden.
    same = continue_equilibria(model, "r", (0, 2), rr=1.0)
    ((low, high),) = same.provenance["unresolved"]
    assert low < 1 < high < low + 1e-5


def test_neutral_saddle_is_no_hopf_point() -> None:
    """The middle equilibrium of Morris-Lecar's SNLC set passes trace J = 0 as a saddle."""
    model = models.morris_lecar("snlc")
    branch = continue_equilibria(model, "I", (-50, 300))
    (value,) = branch.provenance["neutral_saddles"]
    (saddle,) = [p for p in equilibria(model, I=value) if p.kind == "saddle"]
    assert saddle.eigenvalues.sum().real == pytest.approx(0, abs=1e-7)
    assert len(branch.special.of("HB")) == 1


def test_branch_that_meets_a_double_zero() -> None:
    model = define("bt", drift={"x": "y", "y": "r + x**2 - x*y"}, parameters={"r": 0.0})
    branch = continue_equilibria(model, "r", (-1, 1))
    assert [p.label for p in branch.special] == ["BT"]
    assert branch.special[0].value == pytest.approx(0, abs=1e-12)


@settings(max_examples=15)
@given(a=st.floats(0.005, 0.15), b=st.floats(-0.1, 0.4), end=st.floats(5, 40))
def test_izhikevich_in_closed_form(a: float, b: float, end: float) -> None:
    fold = (5 - b) ** 2 / 0.16 - 140
    branch = continue_equilibria(models.izhikevich(a=a, b=b), "I", (-100, fold + end))
    (last,) = [p for p in branch.special if p.label in ("LP", "BT")]  # BT at b = a
    assert last.value == pytest.approx(fold, rel=1e-10)
    hopf = [p.value for p in branch.special.of("HB")]
    if b - a > 1e-4:
        assert hopf == pytest.approx([fold - (b - a) ** 2 / 0.16], rel=1e-10)
        assert branch.special["HB"].omega == pytest.approx(np.sqrt(a * (b - a)), rel=1e-9)
        assert branch.special["HB"].criticality == "subcritical"
    elif a - b > 1e-4:
        assert hopf == []


def _satisfies(branch: Branch) -> None:
    f = field(branch.model)
    index = f.index(branch.parameter)
    for value, state, eigenvalues in zip(
        branch.values, branch.states, branch.eigenvalues, strict=True
    ):
        p = f.with_p(index, float(value))
        rate, jacobian = f.f_jac(state, p)
        reach = np.abs(jacobian) @ np.maximum(np.abs(state), 1e-3)
        assert (np.abs(rate) <= 1e-10 * reach.max()).all()
        assert np.poly(eigenvalues).real == pytest.approx(np.poly(jacobian), rel=1e-6, abs=1e-9)
        assert (np.diff(eigenvalues.real) <= 0).all()


@pytest.mark.parametrize(
    ("model", "parameter", "span"),
    [
        (models.hodgkin_huxley(), "I", (0, 200)),
        (models.morris_lecar("homoclinic"), "I", (-50, 150)),
        (models.adex("regular_bursting"), "a", (20, -5)),
    ],
)
def test_every_point_is_an_equilibrium(
    model: NeuronModel, parameter: str, span: tuple[float, float]
) -> None:
    branch = continue_equilibria(model, parameter, span)
    _satisfies(branch)
    steps = np.abs(np.diff(branch.values)) / abs(span[1] - span[0])
    assert steps.max() < 0.03
    for point in branch.special:
        low, high = sorted(branch.states[point.index - 1 : point.index + 1, 0])
        assert low <= point.state[0] <= high
        assert np.abs(field(point.model).f(point.state)).max() < 1e-11


def test_model_in_volts_without_a_domain() -> None:
    """States 1e5 times smaller than the range they are given find the same branch."""
    drift = {"V": "I + 40*V**2 + 5*V + 0.14 - w", "w": "a*(b*V - w)"}  # izhikevich, V in volts
    model = define("volts", drift=drift, parameters={"I": 0.0, "a": 0.02, "b": 0.2})
    special = continue_equilibria(model, "I", (-0.05, 0.01)).special
    assert [p.name for p in special] == ["HB1", "LP1"]
    assert [p.value for p in special] == pytest.approx([3.7975e-3, 4e-3], rel=1e-10)


def test_neurons_with_a_threshold() -> None:
    """Equilibria above it exist for the formulas only; lif has no special point."""
    lif = models.lif()
    branch = continue_equilibria(lif, "drive", (0, 100))
    assert not branch.special
    theta = float(lif.parameters["theta"])
    assert branch.admissible.any()
    assert (branch.admissible == (branch.states[:, 0] < theta)).all()
    assert not branch.admissible.all()
    assert branch.unit == "mV"


def test_stops_and_says_why() -> None:
    hh = models.hodgkin_huxley()
    short = continue_equilibria(hh, "I", (0, 200), max_points=5)
    assert short.stopped[1].startswith("max_points = 5 reached at I = ")
    wall = define("wall", drift={"x": "log(2 - r) - x"}, parameters={"r": 0.0})
    stuck = continue_equilibria(wall, "r", (0, 3))
    assert "no convergence beyond r = 2" in stuck.stopped[1] or "1.9" in stuck.stopped[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("J", (0, 1)), "did you mean|allowed"),
        (("I", (0, 0)), "span = .*two different finite numbers"),
        (("I", (0, float("nan"))), "two different finite numbers"),
        (("I", 3), "where to begin and how far to go"),
        (("g_K", (10, -1)), "g_K = -1.0: a non-negative"),
    ],
)
def test_bad_input_is_named(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        continue_equilibria(models.hodgkin_huxley(), *arguments)


def test_bad_start_is_named() -> None:
    with pytest.raises(InputError, match=r"span\[0\] = 10.0: .*has 2 at I = 0.0: reverse"):
        continue_equilibria(models.izhikevich(), "I", (10, 0))
    with pytest.raises(InputError, match=r"nor at I = 20.0"):
        continue_equilibria(models.izhikevich(), "I", (10, 20))
    with pytest.raises(InputError, match="start = 5: a number from 0 to 1"):
        continue_equilibria(models.izhikevich(), "I", (0, 10), start=5)
    with pytest.raises(InputError, match="finite values of the states v, u"):
        continue_equilibria(models.izhikevich(), "I", (0, 10), start=[1.0])
    with pytest.raises(InputError, match="I = 30: a value in the span"):
        continue_equilibria(models.izhikevich(), "I", (0, 10), I=30)


def test_tables() -> None:
    branch = continue_equilibria(models.hodgkin_huxley(), "I", (0, 200))
    lines = branch.table().splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["EP", "HB1", "HB2", "EP"]
    assert "9.77543799539" in lines[2]
    assert lines[2].endswith("subcritical")
    assert max(map(len, lines)) < 120
    frame = branch.to_dataframe()
    assert list(frame.columns[:5]) == ["I", "V", "m", "h", "n"]
    assert frame.attrs["units"]["I"] == "uA/cm2"
    assert (frame["stable"] == branch.stable).all()
    data = branch.to_xarray()
    assert data["V"].attrs["units"] == "mV"
    assert (data["eigenvalue_real"].values == branch.eigenvalues.real).all()
    assert (branch.state("V") == branch.states[:, 0]).all()
    with pytest.raises(InputError, match="no state 'v'"):
        branch.state("v")
    assert repr(branch).startswith("<Branch of hodgkin_huxley:")
    assert branch.provenance["span"] == [0.0, 200.0]
